"""PROFINET IO context management, IEC 61158-6-10 over C706: what no capture at hand shows, and a piece of everything."""
import struct

from protocols import HMI, PLC, PROTOCOLS, WHO
from wire import Host

DEVICE = Host("10.9.1.40", "28:63:36:09:01:40")
REQUEST, PING, RESPONSE, FAULT, WORKING, NOCALL, REJECT, ACK, CANCEL, FACK, CANCEL_ACK = range(11)
CONNECT, RELEASE, READ, WRITE, CONTROL, READ_IMPLICIT = range(6)
TO_DEVICE, TO_CONTROLLER = 1, 2
LAST, FRAGMENT, IDEMPOTENT = 2, 4, 0x20
RELATION = bytes.fromhex("7c74224e166c4a58bf6b6c25a75870f0")
NONE = bytes(16)


def capture(function):
    PROTOCOLS["pn_io_" + function.__name__] = function
    return function


def uuid(text, little):
    raw = bytes.fromhex(text.replace("-", ""))
    return raw[3::-1] + raw[5:3:-1] + raw[7:5:-1] + raw[8:] if little else raw


class Talk:
    """Calls of one activity; a device answers from a port of its own."""

    def __init__(self, net, client, server, little=True, interface=TO_DEVICE, vendor=0x002a):
        self.net, self.client, self.server, self.little = net, client, server, little
        self.order = "<" if little else ">"
        self.interface = uuid(f"dea0000{interface}-6c97-11d1-8271-00a02442df7d", little)
        self.object = uuid(f"dea00000-6c97-11d1-8271-00010313{vendor:04x}", little)
        self.activity = uuid(f"00c0ffee-0000-1000-8000-0050560902{client.ip[3]:02x}", little)
        self.sequence, self.version = -1, 1

    def pdu(self, kind, operation, body, flags=IDEMPOTENT, fragment=0):
        head = struct.pack("4B", 4, kind, flags, 0) + bytes([0x10 if self.little else 0, 0, 0, 0])
        return head + self.object + self.interface + self.activity + struct.pack(
            self.order + "IIIHHHHHBB", 1, self.version, self.sequence, operation, 0xffff, 0xffff, len(body), fragment, 0, 0) + body

    def send(self, answer, kind, operation, body, **more):
        a, b = (self.server, self.client) if answer else (self.client, self.server)
        ports = (49152, 49153) if answer else (49153, 34964)
        self.net.datagram(a, b, *ports, self.pdu(kind, operation, body, **more))

    def ask(self, operation, blocks, most=4096):
        self.sequence += 1
        self.send(False, REQUEST, operation, struct.pack(self.order + "5I", most, len(blocks), most, 0, len(blocks)) + blocks)

    def answer(self, operation, blocks, status=0):
        head = struct.pack(self.order + "5I", status, len(blocks), 4096, 0, len(blocks))
        self.send(True, RESPONSE, operation, head + blocks)


def block(kind, body, low=0):
    return struct.pack(">HHBB", kind, len(body) + 2, 1, low) + body


def filled(data, before=0):
    """Up to a multiple of four, `before` bytes standing in front."""
    return data + bytes(-(before + len(data)) % 4)


def record(kind, index, size, slot=0, subslot=1, number=0, relation=RELATION, tail=bytes(24)):
    return block(kind, struct.pack(">H", number) + relation + struct.pack(">IHH2xHI", 0, slot, subslot, index, size) + tail)


def read(talk, index, data=b"", slot=0, subslot=1, status=0, relation=RELATION):
    operation = READ if relation != NONE else READ_IMPLICIT
    talk.ask(operation, record(0x0009, index, 4096, slot, subslot, 1, relation))
    talk.answer(operation, record(0x8009, index, len(data), slot, subslot, 1, relation, struct.pack(">HH20x", 0, 0)) +
                data, status)


def write(talk, index, data, slot=0, subslot=1, status=0):
    talk.ask(WRITE, record(0x0008, index, len(data), slot, subslot, 2) + data)
    talk.answer(WRITE, record(0x8008, index, len(data), slot, subslot, 2, tail=struct.pack(">HHI16x", 0, 0, status)),
                status)


def im0(order, serial, prefix, revision):
    return block(0x0020, struct.pack(">H20s16sHc3BHHHBBH", 0x2a, order.ljust(20), serial.ljust(16), 3, prefix, *revision,
                                     1, 0xf600, 4, 1, 1, 0x1e))


def modules(entries, apis=1):
    body = struct.pack(">H", apis) if apis else b""
    body += struct.pack(">I", 0) if apis else b""
    body += struct.pack(">H", len(entries))
    for slot, module, submodules in entries:
        body += struct.pack(">HIH", slot, module, len(submodules))
        body += b"".join(struct.pack(">HI", *s) for s in submodules)
    return body


@capture
def identification(net):
    """Who are you, and your modules; called so, standing there; an index nobody has; written anew."""
    for little in (True, False):
        talk = Talk(net, HMI, DEVICE, little)
        read(talk, 0xaff0, im0(b"6ES7 155-6AU01-0BN0", b"S C-K4X5312345", b"V", (4, 2, 1)), relation=NONE)
        read(talk, 0xaff0, im0(b"6ES7 131-6BF01-0BA0", b"S C-L7A1", b"V", (0, 0, 1)), slot=2)
        read(talk, 0xaff1, block(0x0021, b"filling line".ljust(32) + b"hall 3".ljust(22)))
        read(talk, 0xaff2, block(0x0022, b"2023-11-14 22:13"))
        read(talk, 0xaff3, block(0x0023, b"cabinet 7, left".ljust(54)))
        read(talk, 0xaff3, block(0x0023, b"inputs of the capper".ljust(54)), slot=2)
        read(talk, 0xaff4, block(0x0024, bytes(range(54))))
        real = [(0, 0x0a06, [(1, 1)]), (1, 0x4711, [(1, 2), (2, 3)]), (2, 0xc0ffee, [(1, 4)])]
        read(talk, 0xf000, block(0x0013, modules(real), 1))
        read(talk, 0x8000, block(0x0012, modules(real[:2], 0)))
        read(talk, 0xf840, block(0x0030, modules(real)) + block(0x0032, modules(real[:1])), relation=NONE)
        read(talk, 0xaff5, status=0xde80b000)
        write(talk, 0xaff1, block(0x0021, b"filling line".ljust(32) + b"hall 4".ljust(22)))
        write(talk, 0xaff3, block(0x0023, b"?".ljust(54)), status=0xdf80b700)


def relation(kind, name, properties=0x11):
    return block(0x0101, struct.pack(">H", kind) + RELATION + struct.pack(">H6s", 1, PLC.mac) +
                 bytes.fromhex("dea000006c9711d182710001010d002a") + struct.pack(">IHHH", properties, 600, 0x8892, len(name)) +
                 name)


def io_relation(kind, frame_id):
    places = struct.pack(">HHHH", 1, 0, 1, 0) + struct.pack(">HHHH", 1, 1, 1, 1)
    return block(0x0102, struct.pack(">HHHIHHHHHHIHHH6s", kind, kind, 0x8892, 2, 40, frame_id, 32, 32, 1, 0, 0xffffffff, 3, 3,
                                     0xc000, bytes(6)) + struct.pack(">HI", 1, 0) + places)


def expected(slot, module, kind):
    described = struct.pack(">HHBB", 1, 4, 1, 1) * (2 if kind == 3 else 1)
    return block(0x0104, struct.pack(">HIHIHH", 1, 0, slot, module, 0, 1) + struct.pack(">HIH", 1, 1, kind) + described)


def command(kind, number, session=1, properties=0):
    return block(kind, bytes(2) + RELATION + struct.pack(">HHHH", session, 0, number, properties))


ALARMS = block(0x0103, struct.pack(">HHIHHHHHH", 1, 0x8892, 0, 1, 3, 1, 200, 0xc000, 0xa000))


@capture
def connection(net):
    """From connect to release, with a module that is not the one planned; every command; then a supervisor's."""
    talk = Talk(net, PLC, DEVICE, False)
    talk.ask(CONNECT, relation(1, b"press-1") + io_relation(1, 0x8000) + io_relation(2, 0xffff) + ALARMS +
             expected(0, 0x0a06, 0) + expected(1, 0x4711, 3))
    diff = struct.pack(">HIHHIHHHIH", 1, 0, 1, 1, 0x4712, 1, 1, 1, 3, 0x8802)
    talk.answer(CONNECT, block(0x8101, struct.pack(">H", 1) + RELATION + struct.pack(">H6sH", 1, DEVICE.mac, 0x8892)) +
                block(0x8102, struct.pack(">HHH", 1, 1, 0x8000)) + block(0x8102, struct.pack(">HHH", 2, 2, 0x8001)) +
                block(0x8103, struct.pack(">HHH", 1, 2, 200)) + block(0x8104, diff) +
                block(0x8106, struct.pack(">H", 8) + b"filler-7" + bytes(2)))
    inner = (record(0x0008, 0x8028, 4, number=3) + bytes([1, 2, 3, 4]) + record(0x0008, 0x0007, 3, 1, number=4) +
             bytes([9, 8, 7, 0]) + record(0x0008, 0xaff1, 60, number=5) + block(0x0021, b"line".ljust(54)))
    talk.ask(WRITE, record(0x0008, 0xe040, len(inner), number=2) + inner)
    good, bad = struct.pack(">HHI16x", 0, 0, 0), struct.pack(">HHI16x", 0, 0, 0xdf80b000)
    talk.answer(WRITE, record(0x8008, 0xe040, 0, number=2, tail=good) + record(0x8008, 0x8028, 4, number=3, tail=good) +
                record(0x8008, 0x0007, 3, 1, number=4, tail=bad) + record(0x8008, 0xaff1, 60, number=5, tail=good))
    for kind, number in ((0x0110, 1), (0x0111, 1), (0x0118, 0x40)):
        talk.ask(CONTROL, command(kind, number))
        talk.answer(CONTROL, command(0x8000 | kind, 8))
    back = Talk(net, DEVICE, PLC, True, TO_CONTROLLER)
    for kind, number in ((0x0112, 2), (0x0113, 2), (0x0116, 0x10), (0x0117, 0x20)):
        back.ask(CONTROL, command(kind, number))
        back.answer(CONTROL, command(0x8000 | kind, 8))
    talk.ask(RELEASE, command(0x0114, 4))
    talk.answer(RELEASE, command(0x8114, 8))
    other = Talk(net, HMI, DEVICE)
    other.ask(CONNECT, relation(6, b"engineer-2", 0x131))
    other.answer(CONNECT, b"", 0xdb810108)


@capture
def calls(net):
    """Fragments, sent twice and out of order; refusals and the small talk of remote procedures; nonsense."""
    talk = Talk(net, HMI, DEVICE)
    talk.sequence = 0
    data = bytes(range(256)) * 2
    blocks = record(0x0008, 0x0100, len(data), 3) + data
    body = struct.pack("<5I", len(blocks), len(blocks), len(blocks), 0, len(blocks)) + blocks
    parts = [body[at:at + 200] for at in range(0, len(body), 200)]
    for n in (0, 0, 1, 2):
        last = LAST if n == len(parts) - 1 else 0
        talk.send(False, REQUEST, WRITE, parts[n], flags=FRAGMENT | last, fragment=n)
        if n == 1:
            talk.send(True, FACK, WRITE, struct.pack("<BBHIIHH", 0, 0, 8, 1464, 1464, 0, 0), fragment=n)
    talk.answer(WRITE, record(0x8008, 0x0100, len(data), 3, tail=bytes(24)))
    talk.sequence += 1
    talk.send(False, REQUEST, WRITE, parts[0], flags=FRAGMENT, fragment=0)
    talk.send(False, REQUEST, WRITE, parts[2], flags=FRAGMENT | LAST, fragment=2)  # the second is lost
    for kind, answer, body in ((PING, False, b""), (WORKING, True, b""), (NOCALL, True, b""), (CANCEL, False, bytes(8)),
                               (CANCEL_ACK, True, bytes(12)), (ACK, False, b"")):
        talk.send(answer, kind, READ, body)
    for kind in (FAULT, REJECT):
        talk.ask(READ, record(0x0009, 0x0100, 64))
        talk.send(True, kind, READ, struct.pack("<I", 0x1c010003))
    talk.ask(9, b"")
    talk.ask(READ, record(0x0009, 0x0100, 64)[:-8])  # shorter than it says
    talk.ask(CONTROL, command(0x0119, 0))
    read(talk, 0x0100, data[:64], status=0)
    # What a device answers in the middle of a capture, to a question that nobody saw.
    talk.sequence = 4711
    talk.answer(READ, record(0x8009, 0x0100, 4, 1, tail=struct.pack(">HH20x", 0, 0)) + b"\1\2\3\4")


@capture
def network(net):
    """Diagnosis in its three ways, ports and their neighbours, the ring, the clock, the plan of class 3."""
    talk = Talk(net, HMI, DEVICE)
    place = struct.pack(">HHHH", 0, 0x8001, 0x8000, 0x0800)
    channels = (struct.pack(">HHHH", 0x8000, 5, 0x0800, 6), struct.pack(">HHHHHI", 0x8002, 5, 0x0800, 0x8001, 0x8000, 1),
                struct.pack(">HHHHHII", 0x8003, 5, 0x0800, 0x8001, 0x8000, 1, 8), struct.pack(">H", 7) + b"\1\2")
    for n, channel in enumerate(channels):
        api = struct.pack(">I", 0) if n else b""
        read(talk, 0x800c, block(0x0010, api + place + channel, 1 if n else 0), relation=NONE)
    peer = b"\x08port-001\x06switch"
    port = struct.pack(">HHH", 0, 0, 0x8001) + b"\x08port-002" + b"\1"
    whole = filled(bytes(6) + port) + peer
    whole = filled(whole) + struct.pack(">I6s", 854, PLC.mac)
    whole = filled(whole) + struct.pack(">H", 16)
    whole = filled(whole) + struct.pack(">IIBB", 0, 1, 0, 1)
    whole = filled(whole) + struct.pack(">I", 1)
    interface = filled(bytes(6) + b"\x08filler-7") + DEVICE.mac + bytes(2) + DEVICE.ip + bytes([255, 255, 255, 0]) + PLC.ip
    head = struct.pack(">HIHH", 0, 0, 0, 0x8000)
    read(talk, 0xf841, block(0x0400, head + block(0x0240, interface[6:])) + block(0x0400, head + block(0x020f, whole[6:])),
         relation=NONE)
    ring = bytes.fromhex("c3d687fe789e03a1acdbe5bfcbbc27b6")
    named = b"\0\1" + ring + struct.pack(">H", 2) + bytes(2) + b"\x07mrp-one"
    write(talk, 0x8052, block(0x0211, filled(named, 6)))
    write(talk, 0x8052, block(0x0211, b"\0\1" + block(0x0231, filled(named, 6)), 1))
    write(talk, 0x8051, block(0x0213, b"\0\1" + block(0x0233, b"\0\0" + ring + bytes(3) + b"\1"), 1))
    here = struct.pack(">HHH", 0, 0, 0x8001)
    checks = (block(0x020a, b"\1" + peer + b"\0") + block(0x020b, struct.pack(">HI", 0, 854)) + block(0x020c, b"\0\x10") +
              block(0x021c, b"\1\2"))
    write(talk, 0x802b, block(0x0200, here + checks))
    adjusts = (block(0x020e, struct.pack(">HHH", 0, 16, 0)) + block(0x021b, struct.pack(">HBBH", 0, 4, 2, 0)) +
               block(0x0226, struct.pack(">HHH", 0, 1, 0)) + block(0x0225, struct.pack(">HIH2x", 0, 3, 0)) +
               block(0x0224, struct.pack(">HIH2x", 0, 1, 0)))
    write(talk, 0x802f, block(0x0202, here + adjusts))
    sync = bytes(2) + ring + struct.pack(">IIIIHHHHHBB", 0, 0, 1000, 960, 32, 6, 2, 0, 1, 0, 255) + b"\x05clock"
    write(talk, 0x802d, block(0x0203, filled(sync, 6), 2))
    plan = bytes(2) + ring + struct.pack(">II", 1700, 1) + struct.pack(">IIII", 198, 804, 0, 125000)
    frames = struct.pack(">HI", 0, 3) + struct.pack(">IHHHHHBBBB", 10556, 40, 1, 1, 0x103, 0x8892, 1, 0, 1, 1)
    write(talk, 0x802c, block(0x0205, struct.pack(">HHH", 0, 0, 0x8000) + block(0x0206, plan, 2) + block(0x0207, frames, 1)))
    write(talk, 0x8020, block(0x022a, b"\0\1" + block(0x022b, struct.pack(">HII", 0x100, 0x80020a03, 0x101))))
    write(talk, 0xe050, block(0x0609, bytes(2) + block(0x0601, struct.pack(">HI", 0, 1) + ring)))
    container = struct.pack(">HIHHHH", 0, 0, 0, 0x8000, 0, 0x8052) + block(0x0211, filled(named, 6))
    write(talk, 0x80b0, block(0x0401, container))
    write(talk, 0x8071, block(0x0250, bytes(5) + b"\1"))
    write(talk, 0xb050, bytes.fromhex("b05000080100000000010000"))
    # A holder in a holder in a holder ... and a block that reaches too far.
    deep = block(0x0211, filled(named, 6))
    for _ in range(6):
        deep = block(0x0400, head + deep)
    write(talk, 0x80b0, deep)
    write(talk, 0x8052, struct.pack(">HHBB", 0x0211, 400, 1, 0) + bytes(12))
    write(talk, 0x8052, block(0x0211, bytes(6)))


@capture
def mapper(net):
    """Who is there: asked of the endpoint mapper, answered with what the device is, until there is no more."""
    for little in (True, False):
        talk = Talk(net, HMI, DEVICE, little)
        order = talk.order
        device = uuid("dea00001-6c97-11d1-8271-00a02442df7d", little)
        talk.interface, talk.object = uuid("e1af8308-5d1f-11c9-91a4-08002b14a0fa", little), NONE
        talk.version = 3
        annotation = b"%-25s %-20s %5u %c%3u%3u%3u\0" % (b"ET200SP", b"6ES7 155-6AU01-0BN0", 3, b"V", 4, 2, 1)
        small = uuid("dea00001-6c97-11d1-8271-00a02442df7d", True)
        floor = b"\x13\0\x0d" + small + b"\1\0\2\0\0\0"
        transfer = b"\x13\0\x0d" + uuid("8a885d04-1ceb-11c9-9fe8-08002b104860", True) + b"\2\0\2\0\0\0"
        tower = struct.pack("<H", 5) + floor + transfer + b"\1\0\x0a\2\0\0\0" + b"\1\0\x08\2\0\x88\x94" + (
            b"\1\0\x09\4\0" + DEVICE.ip)
        handle = struct.pack(order + "I", 0) + uuid("00000000-0000-1000-8000-0050560902ff", little)
        for last in (False, True):
            talk.sequence += 1
            question = struct.pack(order + "II", 1, 0) + struct.pack(order + "I", 2) + device + struct.pack(order + "HH", 1, 0)
            talk.send(False, REQUEST, 2, question + struct.pack(order + "I", 1) + bytes(20) + struct.pack(order + "I", 1))
            if last:
                talk.send(True, RESPONSE, 2, bytes(20) + struct.pack(order + "5I", 0, 1, 0, 0, 0x16c9a0d6))
                continue
            entry = uuid("dea00000-6c97-11d1-8271-00010313002a", little) + struct.pack(order + "III", 3, 0, 64) + annotation
            talk.send(True, RESPONSE, 2, handle + struct.pack(order + "4I", 1, 1, 0, 1) + entry +
                      struct.pack(order + "II", len(tower), len(tower)) + filled(tower) + struct.pack(order + "I", 0))
        talk.sequence += 1
        talk.send(False, REQUEST, 4, handle)
        talk.send(True, RESPONSE, 4, bytes(24))
        talk.send(False, REQUEST, 7, handle)
        talk.send(False, REQUEST, 2, question[:20])  # shorter than it says
    # A mapper that knows nothing of PROFINET is not told of.
    other = Talk(net, HMI, PLC)
    other.sequence = 0
    other.interface, other.object = uuid("e1af8308-5d1f-11c9-91a4-08002b14a0fa", True), NONE
    other.send(False, REQUEST, 2, bytes(40))


WHO.update(("pn_io_identification", "pn_io_mapper"))
