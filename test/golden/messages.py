"""Messages of industrial and office protocols, built from their standards."""
import struct


# --- Modbus/TCP: Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 ----------------------------

def modbus(transaction, pdu, unit=1):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


class Modbus:
    """A client that counts its transactions."""

    def __init__(self, connection):
        self.connection, self.count = connection, 0

    def talk(self, ask, answer=None):
        self.count += 1
        self.connection.ask(modbus(self.count, ask))
        if answer is not None:
            self.connection.answer(modbus(self.count, answer))

    def read_holding(self, at, values):
        self.talk(struct.pack(">BHH", 3, at, len(values)),
                  struct.pack(f">BB{len(values)}H", 3, 2 * len(values), *values))

    def write_register(self, at, value, done=True):
        self.talk(struct.pack(">BHH", 6, at, value), struct.pack(">BHH", 6, at, value) if done else None)

    def refuse(self, ask, exception):
        self.talk(ask, bytes([ask[0] | 0x80, exception]))


# --- S7comm over COTP over TPKT: RFC 1006, ISO 8073 -------------------------------------------------

def tpkt(payload):
    return struct.pack(">BBH", 3, 0, 4 + len(payload)) + payload


def cotp_connect(code, src, dst, calling=b"\x01\x00", called=b"\x01\x02"):
    """0xe0 connect request, 0xd0 confirm; parameters: size, calling and called selector."""
    rest = struct.pack(">BHHB", code, dst, src, 0) + b"\xc0\x01\x0a"
    rest += b"\xc1" + bytes([len(calling)]) + calling + b"\xc2" + bytes([len(called)]) + called
    return tpkt(bytes([len(rest)]) + rest)


def s7(rosctr, reference, parameter, data=b"", error=None):
    head = struct.pack(">BBHHHH", 0x32, rosctr, 0, reference, len(parameter), len(data))
    return tpkt(b"\x02\xf0\x80" + head + (error or b"\0\0" if rosctr == 3 else b"") + parameter + data)


class S7:
    def __init__(self, connection):
        self.connection, self.count = connection, 0
        connection.talk((cotp_connect(0xe0, 1, 0), cotp_connect(0xd0, 0x4431, 1)))
        setup = b"\xf0\0" + struct.pack(">HHH", 1, 1, 480)
        self.talk(setup, setup)

    def talk(self, ask, answer, ask_data=b"", answer_data=b"", error=None):
        self.count += 256
        self.connection.ask(s7(1, self.count, ask, ask_data))
        self.connection.answer(s7(3, self.count, answer, answer_data, error))

    def userdata(self, group, function, ask_data, answer_data):
        self.count += 256
        for method, kind, data, say in ((0x11, 4, ask_data, self.connection.ask),
                                        (0x12, 8, answer_data, self.connection.answer)):
            parameter = struct.pack(">BHBBBBB", 0, 0x0112, 4 if method == 0x11 else 8, method, kind << 4 | group,
                                    function, 0) + (b"\0\0\0\0" if method == 0x12 else b"")
            # ROSCTR 7: user data; return code, transport size 9, length, the data
            if data is None:
                body = b"\x0a\0\0\0"
            else:
                body = struct.pack(">BBH", 0xff, 9, len(data)) + data
            say(s7(7, self.count, parameter, body))

    def read_db(self, block, at, value):
        """One DWORD of a data block (area 0x84)."""
        item = b"\x12\x0a\x10\x04" + struct.pack(">HHB", 1, block, 0x84) + (at * 8).to_bytes(3, "big")
        # transport size 4 counts bits
        self.talk(b"\x04\x01" + item, b"\x04\x01", answer_data=b"\xff\x04\0\x20" + value)

    def stop(self):
        self.talk(b"\x29" + bytes(5) + b"\x09P_PROGRAM", b"\x29")

    def start(self, service=b"P_PROGRAM", block=b""):
        argument = struct.pack(">H", len(block)) + block
        self.talk(b"\x28" + bytes(6) + b"\xfd" + argument + bytes([len(service)]) + service, b"\x28")


def szl(identity, index, record_size, records):
    body = struct.pack(">HHHH", identity, index, record_size, len(records)) + b"".join(records)
    return struct.pack(">HH", identity, index), body


# --- EtherNet/IP and CIP: EtherNet/IP Adaptation of CIP, 2-3 to 2-6 ---------------------------------

def enip(command, session, data, status=0, context=bytes(8)):
    return struct.pack("<HHII8sI", command, len(data), session, status, context, 0) + data


class Cip:
    SESSION = 0x11223344

    def __init__(self, connection):
        self.connection, self.count = connection, 0
        connection.talk((enip(0x65, 0, b"\1\0\0\0"), enip(0x65, self.SESSION, b"\1\0\0\0")))

    def packet(self, cip):
        """SendRRData: a null address item and an unconnected data item."""
        self.count += 1
        items = struct.pack("<IHHHHHH", 0, 10, 2, 0, 0, 0xb2, len(cip)) + cip
        return enip(0x6f, self.SESSION, items, context=self.count.to_bytes(8, "little"))

    def talk(self, service, path, data=b"", answer=b"", status=0):
        ask = self.packet(bytes([service, len(path) // 2]) + path + data)
        self.connection.ask(ask)
        self.count -= 1
        self.connection.answer(self.packet(bytes([service | 0x80, 0, status, 0]) + answer))

    @staticmethod
    def path(class_id, instance, attribute=None):
        path = bytes([0x20, class_id, 0x24, instance])
        return path + (bytes([0x30, attribute]) if attribute is not None else b"")

    def pccc(self, command, function, data=b"", answer=b"", status=0):
        """Execute PCCC: service 0x4b of class 0x67; the requestor's id in front."""
        requestor = struct.pack("<BHI", 7, 1, 0x12345678)
        number = struct.pack("<H", self.count + 1)
        fnc = b"" if function is None else bytes([function])
        self.talk(0x4b, self.path(0x67, 1), requestor + bytes([command, 0]) + number + fnc + data,
                  requestor + bytes([command | 0x40, status]) + number + answer)


# --- DNP3: IEEE 1815, 9.2 (link), 8.2 (transport), 4.2 (application) ---------------------------------

def crc_dnp(data):
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xa6bc if crc & 1 else 0)
    return struct.pack("<H", ~crc & 0xffff)


def dnp3(control, destination, source, payload=b""):
    head = struct.pack("<HBBHH", 0x6405, 5 + len(payload), control, destination, source)
    blocks = [payload[at:at + 16] for at in range(0, len(payload), 16)]
    return head + crc_dnp(head) + b"".join(block + crc_dnp(block) for block in blocks)


class Dnp3:
    """Master 1 asks outstation 10."""

    def __init__(self, connection):
        self.connection, self.sequence = connection, 0

    def talk(self, function, objects=b"", answer=b"", indications=0):
        number = self.sequence = (self.sequence + 1) % 16
        self.connection.ask(dnp3(0xc4, 10, 1, bytes([0xc0 | number, 0xc0 | number, function]) + objects))
        body = bytes([0xc0 | number, 0x81]) + struct.pack(">H", indications) + answer
        for frame in self.segments(0x44, 1, 10, body, number):
            self.connection.answer(frame)

    @staticmethod
    def segments(control, destination, source, fragment, number=0):
        """Link frames of 249 bytes of a fragment each; the first and the last say so (8.2)."""
        parts = [fragment[at:at + 249] for at in range(0, len(fragment), 249)]
        return [dnp3(control, destination, source, bytes([(n == 0) << 6 | (n == len(parts) - 1) << 7 |
                                                          (number + n) % 64]) + part)
                for n, part in enumerate(parts)]


def free_format(group, variation, data):
    """Qualifier 0x5b: a count of one object with its size in front (IEEE 1815, 4.2.2.7.3.5)."""
    return bytes([group, variation, 0x5b, 1]) + struct.pack("<H", len(data)) + data


# --- ASN.1 basic encoding, for SNMP and LDAP (X.690) -------------------------------------------------

def ber(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack(">H", len(body))
    return bytes([tag]) + size + body


def snmp(community, kind, number, oid, value=b"\x05\x00"):
    pdu = ber(kind, ber(2, bytes([number])), ber(2, b"\0"), ber(2, b"\0"),
              ber(0x30, ber(0x30, ber(6, oid), value)))
    return ber(0x30, ber(2, b"\1"), ber(4, community), pdu)


SYS_DESCR = bytes([0x2b, 6, 1, 2, 1, 1, 1, 0])
SYS_NAME = bytes([0x2b, 6, 1, 2, 1, 1, 5, 0])


# --- ARP: RFC 826 -------------------------------------------------------------------------------------

def arp(operation, sender_mac, sender, target_mac, target):
    return struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + sender_mac + sender + target_mac + target
