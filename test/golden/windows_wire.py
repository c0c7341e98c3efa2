"""What Windows machines say to each other, as bytes: calls (C706, [MS-RPCE]), SMB version 2, NTLM."""
import struct
import uuid

NDR, NDR64 = uuid.UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), uuid.UUID("71710533-beba-4937-8319-b5dbef9ccc36")
FEATURES = uuid.UUID("6cb71c2c-9812-4540-0300-000000000000")
EPMAPPER = "e1af8308-5d1f-11c9-91a4-08002b14a0fa", 3
SVCCTL = "367abb81-9844-35f1-ad32-98f038001003", 2
ATSVC = "1ff70682-0a51-30e8-076d-740be8cee98b", 1
TASKS = "86d35949-83c9-4044-b424-db363231fd0c", 1
WINREG = "338cd001-2244-31f1-aaaa-900038001003", 1
LSARPC = "12345778-1234-abcd-ef00-0123456789ab", 0
SAMR = "12345778-1234-abcd-ef00-0123456789ac", 1
NETLOGON = "12345678-1234-abcd-ef00-01234567cffb", 1
DRSUAPI = "e3514235-4b06-11d1-ab04-00c04fc2dcd2", 4
SRVSVC = "4b324fc8-1670-01d3-1278-5a47bf6ee188", 3
SPOOLSS = "12345678-1234-abcd-ef00-0123456789ab", 1
WBEM = "9556dc99-828c-11cf-a37e-00aa003240c7", 0
ACTIVATOR = "000001a0-0000-0000-c000-000000000046", 0
EVENTLOG = "82273fdc-e32a-18c3-3f78-827929dc23ea", 0
UNKNOWN = "01234567-89ab-cdef-0123-456789abcdef", 1
REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK, ALTER, ALTER_ANSWER, AUTH3 = 0, 2, 3, 11, 12, 13, 14, 15, 16
CONNECT, PRIVACY = 2, 6
HANDLE = bytes(4) + bytes(range(16))


# --- values in NDR ------------------------------------------------------------------------------

def padded(data, to=4):
    return data + bytes(-len(data) % to)


def string(text):
    count = len(text) + 1
    return padded(struct.pack("<III", count, 0, count) + (text + "\0").encode("utf-16-le"))


def unique(text):
    return struct.pack("<I", 0x20000) + string(text) if text is not None else bytes(4)


def counted(text):
    """A counted string and what its pointer leads to."""
    size = 2 * len(text) + 2
    return struct.pack("<HHI", size, size, 0x20004) + string(text)


def create_service(name, program):
    return HANDLE + string(name) + unique("Updates") + struct.pack("<IIII", 0xf01ff, 0x10, 3, 0) + string(program) + bytes(28)


def job(command):
    return unique(r"\\server") + struct.pack("<IIBBHI", 3600_000, 0, 0x7f, 1, 0, 0x20008) + string(command)


def authenticate(account, proof, flags=0x212fffff):
    """[MS-NRPC] 3.5.4.4.2: the proof has no alignment of its own."""
    computer = struct.pack("<III", 3, 0, 3) + "DC\0".encode("utf-16-le")
    head = unique("\\\\DC") + string(account) + struct.pack("<HH", 6, 0) + computer
    return padded(head + proof) + struct.pack("<I", flags)


# --- PDUs ---------------------------------------------------------------------------------------

def pdu(kind, call, body, flags=3, level=0, auth=b"", pad=0):
    """`level`, `auth`: a security trailer with NTLM in it."""
    trailer = struct.pack("<BBBBI", 10, level, pad, 0, 7) + auth if auth else b""
    size = 16 + len(body) + pad + len(trailer)
    return struct.pack("<BBBB4sHHI", 5, 0, kind, flags, b"\x10\0\0\0", size, len(auth), call) + body + bytes(pad) + trailer


def syntax(number, version):
    return number.bytes_le + struct.pack("<I", version)


def contexts(kind, call, interfaces, level=0, auth=b""):
    """(number, interface, form): what calls may be made, and how values travel."""
    body = struct.pack("<HHIBBH", 4280, 4280, 0, len(interfaces), 0, 0)
    for number, (interface, version), form in interfaces:
        body += struct.pack("<HBB", number, 1, 0) + uuid.UUID(interface).bytes_le + struct.pack("<I", version)
        body += syntax(form, 2 if form == NDR else 1)
    return pdu(kind, call, body, level=level, auth=auth)


def accepted(kind, call, results, address=b"49667", level=0, auth=b""):
    name = address + b"\0" if address else b""
    body = struct.pack("<HHIH", 4280, 4280, 0x1234, len(name)) + name
    body += bytes(-len(body) % 4) + struct.pack("<BBH", len(results), 0, 0)
    for result in results:
        body += struct.pack("<HH", result, 2 if result == 2 else 0) + syntax(NDR if not result else uuid.UUID(int=0), 2)
    return pdu(kind, call, body, level=level, auth=auth)


def request(call, number, stub, context=0, flags=3, level=0, target=None):
    body = struct.pack("<IHH", len(stub), context, number)
    if target:
        body, flags = body + uuid.UUID(target).bytes_le, flags | 0x80
    return pdu(REQUEST, call, body + stub, flags, level, bytes(16) if level else b"")


def response(call, stub, context=0, flags=3, level=0):
    return pdu(RESPONSE, call, struct.pack("<IHBB", len(stub), context, 0, 0) + stub, flags, level,
               bytes(16) if level else b"")


def fault(call, status, context=0):
    return pdu(FAULT, call, struct.pack("<IHBBII", 0, context, 0, 0, status, 0))


class Rpc:
    """Calls of one interface on a TCP connection."""

    def __init__(self, connection, interface, level=0):
        self.connection, self.number, self.level = connection, 1, level
        connection.talk((contexts(BIND, 1, [(0, interface, NDR)]), accepted(BIND_ACK, 1, [0])))

    def call(self, number, stub=b"", answer=bytes(4)):
        self.number += 1
        self.connection.talk((request(self.number, number, stub, level=self.level),
                              response(self.number, answer, level=self.level)))


# --- NTLM, in three steps -----------------------------------------------------------------------

def ntlm_fields(where, *texts):
    """Sizes and places of texts, then the texts."""
    heads, data = b"", b""
    for text in texts:
        heads += struct.pack("<HHI", len(text), len(text), where + len(data))
        data += text
    return heads, data


NTLM_FLAGS = 0xe2888215


def ntlm_negotiate():
    return b"NTLMSSP\0" + struct.pack("<II", 1, NTLM_FLAGS) + bytes(16) + bytes((10, 0, 0x61, 0x4a, 0, 0, 0, 15))


def ntlm_challenge(name):
    info = b""
    for kind, text in ((2, "PLANT"), (1, name)):
        info += struct.pack("<HH", kind, 2 * len(text)) + text.encode("utf-16-le")
    info += bytes(4)
    heads, data = ntlm_fields(56, "PLANT".encode("utf-16-le"), info)
    return b"NTLMSSP\0" + struct.pack("<I", 2) + heads[:8] + struct.pack("<I", NTLM_FLAGS) + bytes(range(8)) + bytes(8) + \
        heads[8:] + bytes((10, 0, 0x61, 0x4a, 0, 0, 0, 15)) + data


def ntlm_authenticate(user, host):
    texts = [bytes(24), bytes(24), "PLANT".encode("utf-16-le"), user.encode("utf-16-le"), host.encode("utf-16-le"), b""]
    heads, data = ntlm_fields(72, *texts)
    return b"NTLMSSP\0" + struct.pack("<I", 3) + heads + struct.pack("<I", NTLM_FLAGS) + \
        bytes((10, 0, 0x61, 0x4a, 0, 0, 0, 15)) + data


# --- SMB version 2 ------------------------------------------------------------------------------

NEGOTIATE, SETUP, TREE, CREATE, CLOSE, READ, WRITE, IOCTL = 0, 1, 3, 5, 6, 8, 9, 11
BUFFER_OVERFLOW, ACCESS_DENIED, LOGON_FAILURE, MORE = 0x80000005, 0xc0000022, 0xc000006d, 0xc0000016
TRANSCEIVE = 0x0011c017
DISK, PIPE = 1, 2


class Smb2:
    """A client with its server; every request has the number behind that of the one before."""

    def __init__(self, connection):
        self.connection, self.id, self.tree_id, self.file = connection, 0, 0, 0

    def message(self, command, flags, body, status=0):
        head = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 1, status, command, 1, flags, 0, self.id, 0xfeff, self.tree_id, 9)
        data = head + bytes(16) + body
        return struct.pack(">I", len(data)) + data

    def talk(self, command, ask, answer, status=0):
        self.id += 1
        self.connection.talk((self.message(command, 0, ask), self.message(command, 1, answer, status)))

    def log_in(self, user="clerk", host="OFFICE-7", status=0):
        def setup(blob):
            return struct.pack("<HBBIIHHQ", 25, 0, 1, 1, 0, 88, len(blob), 0) + blob

        def told(blob):
            return struct.pack("<HHHH", 9, 0, 72, len(blob)) + blob
        self.talk(SETUP, setup(ntlm_negotiate()), told(ntlm_challenge("FILES")), MORE)
        self.talk(SETUP, setup(ntlm_authenticate(user, host)), told(b""), status)

    def connect_tree(self, path, kind=DISK, status=0):
        name = path.encode("utf-16-le")
        self.tree_id = 0
        ask = struct.pack("<HHHH", 9, 0, 72, len(name)) + name
        self.id += 1
        self.connection.ask(self.message(TREE, 0, ask))
        self.tree_id = 5 + self.id
        answer = struct.pack("<HBBIII", 16, kind, 0, 0x30, 0, 0x1f01ff) if not status else struct.pack("<HHIB", 9, 0, 0, 0)
        self.connection.answer(self.message(TREE, 1, answer, status))

    def create(self, path, access=0x12019f, disposition=1, status=0):
        name = path.encode("utf-16-le")
        self.file += 1
        ask = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, access, 0x80, 7, disposition, 0x40, 120, len(name), 0, 0) + name
        answer = struct.pack("<HBBIQQQQQQIIQQII", 89, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80, 0, *self.file_id(), 0, 0)
        self.talk(CREATE, ask, answer if not status else struct.pack("<HHIB", 9, 0, 0, 0), status)

    def file_id(self):
        return self.file, 0xabcd0000 + self.file

    def write(self, data):
        ask = struct.pack("<HHIQQQIIHHI", 49, 112, len(data), 0, *self.file_id(), 0, 0, 0, 0, 0) + data
        self.talk(WRITE, ask, struct.pack("<HHIIHH", 17, 0, len(data), 0, 0, 0) + b"\0")

    def read(self, data, status=0):
        ask = struct.pack("<HBBIQQQIIIHH", 49, 80, 0, 65536, 0, *self.file_id(), 0, 0, 0, 0, 0) + b"\0"
        self.talk(READ, ask, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data, status)

    def transceive(self, question, answer, status=0):
        ask = struct.pack("<HHIQQIIIIIIII", 57, 0, TRANSCEIVE, *self.file_id(), 120, len(question), 0, 0, 0, 65536, 1, 0) + question
        told = struct.pack("<HHIQQIIIIII", 49, 0, TRANSCEIVE, *self.file_id(), 112, 0, 112, len(answer), 0, 0) + answer
        self.talk(IOCTL, ask, told, status)

    def pipe(self, name, interface, first=True):
        """A pipe with an interface behind it, ready for calls."""
        if first:
            self.connect_tree(r"\\FILES\IPC$", PIPE)
        self.create(name)
        self.write(contexts(BIND, 1, [(0, interface, NDR)]))
        self.read(accepted(BIND_ACK, 1, [0], b"\\PIPE\\" + name.encode()))

    def call(self, number, stub=b"", answer=bytes(4), call=2):
        self.transceive(request(call, number, stub), response(call, answer))
