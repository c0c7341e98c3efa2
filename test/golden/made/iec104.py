"""IEC 60870-5-104, built from its standards: every type that captures do not show, and refusals."""
import struct

from protocols import HMI, PLC, capture

STATION = 5
NOON = struct.pack("<HBBBBB", 30250, 15, 12, 22 | 7 << 5, 11, 26)  # 2026-11-22 12:15:30.250
ALL = struct.pack("<HBBBBB", 30250, 15 | 0x80, 12 | 0x80, 22, 11, 26)  # invalid, summer time


def address(n):
    return n.to_bytes(3, "little")


def objects(first, elements, sequence=False):
    """Elements one after the other, each with its address or only the first."""
    parts = [(b"" if sequence and n else address(first + n)) + e for n, e in enumerate(elements)]
    return (0x80 if sequence else 0) | len(elements), b"".join(parts)


def u(bits):
    return bytes([0x68, 4, bits << 2 | 3, 0, 0, 0])


class Link:
    """Two ends of a connection, each with its counters."""

    def __init__(self, connection):
        self.connection, self.sent = connection, [0, 0]

    def apdu(self, side, kind, structure, body, cause, station=STATION, originator=0):
        asdu = struct.pack("<BBBBH", kind, structure, cause, originator, station) + body
        apci = struct.pack("<BBHH", 0x68, 4 + len(asdu), self.sent[side] << 1, self.sent[1 - side] << 1)
        self.sent[side] += 1
        return apci + asdu

    def ask(self, kind, element, at=0, cause=6, **more):
        self.connection.ask(self.apdu(0, kind, *objects(at, [element]), cause, **more))

    def answer(self, kind, element, at=0, cause=7, **more):
        self.connection.answer(self.apdu(1, kind, *objects(at, [element]), cause, **more))

    def tell(self, kind, elements, at=100, cause=3, sequence=False, **more):
        self.connection.answer(self.apdu(1, kind, *objects(at, elements, sequence), cause, **more))

    def talk(self, kind, element, at=0, ends=True):
        """Asked, confirmed, and terminated."""
        self.ask(kind, element, at)
        self.answer(kind, element, at)
        if ends:
            self.answer(kind, element, at, cause=10)


def start(net):
    link = Link(net.connect(HMI, PLC, 2404))
    link.connection.talk((u(1), u(2)))
    return link


@capture
def iec104_monitor(net):
    """Process information in monitor direction, 60870-5-101 7.3.1, each with every quality once."""
    link = start(net)
    short = struct.pack("<HB", 30250, 15)
    value = struct.pack("<f", 49.98)
    kinds = [(1, [b"\1", b"\xf0"]), (3, [b"\2", b"\xf1"]), (5, [b"\x3f\0", b"\xc0\xf1"]),
             (7, [b"\xde\xad\xbe\xef\0"]), (9, [b"\0\x40\0", b"\0\x80\x80"]), (11, [b"\xff\xff\x40", b"\x10\x27\0"]),
             (13, [value + b"\0", value + b"\x80"]), (15, [b"\x40\xe2\1\0\x21", b"\xff\xff\xff\xff\xc2"]),
             (20, [b"\5\x80\4\0\0"]), (21, [b"\0\x20", b"\0\xe0"])]
    for kind, elements in kinds:
        link.tell(kind, elements)
        link.tell(kind, elements, at=200, sequence=True, cause=20)
    link.tell(1, [b"\1"], cause=11, station=9)
    # With time tags: short ones, long ones.
    for kind, element in ((2, b"\1"), (4, b"\2"), (6, b"\x7f\0"), (8, b"\1\2\3\4\0"), (10, b"\0\x40\0"), (12, b"\1\0\0"),
                          (14, value + b"\0"), (16, b"\1\0\0\0\1"), (17, b"\2\x10\x27"), (18, b"\x21\0\x10\x27"),
                          (19, b"\x0f\x08\x10\x27")):
        link.tell(kind, [element + short])
    for kind, element in ((30, b"\1"), (31, b"\2"), (32, b"\x7f\0"), (33, b"\1\2\3\4\0"), (34, b"\0\x40\0"),
                          (35, b"\1\0\0"), (36, value + b"\0"), (37, b"\1\0\0\0\1"), (38, b"\2\x10\x27"),
                          (39, b"\x21\0\x10\x27"), (40, b"\x0f\x08\x10\x27"), (41, b"\7\0\0\0\1")):
        link.tell(kind, [element + NOON])
    link.tell(30, [b"\1" + ALL, b"\1" + bytes(7)])  # a clock that says nothing; a date that is none
    link.tell(70, [b"\x82"], at=0, cause=4)
    link.tell(1, [b"\1"], cause=0x83)  # a test: nothing of it is a value of the process


@capture
def iec104_commands(net):
    """Process information in control direction, 7.3.2: selected, executed, cancelled, refused."""
    link = start(net)
    value = struct.pack("<f", 21.5)
    commands = [(45, b"\1"), (46, b"\2"), (47, b"\1"), (48, b"\0\x40\0"), (49, b"\x64\0\0"), (50, value + b"\0"),
                (51, b"\0\0\0\7")]
    for kind, element in commands:
        chosen = element[:-1] + bytes([element[-1] | 0x80])
        if kind != 51:
            link.talk(kind, chosen, 6001, ends=False)
        link.talk(kind, element, 6001)
        link.talk(kind + 13, element + NOON, 6002)
    link.ask(45, b"\x81", 6001)
    link.answer(45, b"\x81", 6001)
    link.ask(45, b"\1", 6001, cause=8)
    link.answer(45, b"\1", 6001, cause=9)
    for cause in (0x47, 44, 45, 46, 47):  # refused, and unknown: type, cause, station, object
        link.ask(46, b"\1", 6003)
        link.answer(46, b"\1", 6003, cause=cause)
    link.ask(46, b"\1", 6003, cause=0x86)  # a test
    link.answer(46, b"\1", 6003, cause=0x87)
    link.ask(200, b"\1\2\3", 6004)  # a type nobody knows
    link.answer(200, b"\1\2\3", 6004, cause=0x40 | 44)


@capture
def iec104_system(net):
    """System information in control direction, 7.3.4, and parameters, 7.3.5."""
    link = start(net)
    link.ask(100, b"\x14")
    link.answer(100, b"\x14")
    link.tell(1, [b"\1", b"\0"], cause=20)
    link.tell(110, [b"\0\x40\1"], cause=20)
    link.answer(100, b"\x14", cause=10)
    link.tell(1, [b"\0"], cause=3)  # behind the end: nobody asked for this one
    link.ask(100, b"\x15", station=0xffff)
    link.answer(100, b"\x15", station=8)
    link.tell(13, [struct.pack("<fB", 1.25, 0)], cause=21, station=8)
    for counters in (5, 0x45, 0x85, 0xc5):
        link.ask(101, bytes([counters]))
        link.answer(101, bytes([counters]))
        link.tell(15, [b"\5\0\0\0\1"], cause=37)
        link.answer(101, bytes([counters]), cause=10)
    link.ask(102, b"", 100, cause=5)
    link.tell(9, [b"\0\x10\0"], cause=5)
    link.talk(103, NOON, ends=False)
    link.talk(104, b"\xaa\x55", ends=False)
    link.talk(105, b"\1", ends=False)
    link.talk(105, b"\2", ends=False)
    link.ask(106, b"\x10\0")
    link.answer(106, b"\x10\0")
    link.talk(107, b"\1\0" + NOON, ends=False)
    for kind, element in ((110, b"\0\x40\1"), (111, b"\x64\0\x43"), (112, struct.pack("<fB", 2.5, 0x84)), (113, b"\3")):
        link.talk(kind, element, 300, ends=False)
    link.ask(112, struct.pack("<fB", 2.5, 4), 300)
    link.answer(112, struct.pack("<fB", 2.5, 4), 300, cause=0x47)
    link.connection.talk((u(0x10), u(0x20)))
    link.connection.answer(u(0x10))
    link.connection.ask(u(0x20))
    link.connection.ask(bytes([0x68, 4, 1, 0, 0x10, 0]))
    link.connection.talk((u(4), u(8)))


@capture
def iec104_files(net):
    """Files, 7.4.11: a directory, one out of the station, one into it, one deleted, a refusal."""
    link = start(net)
    name = struct.pack("<H", 3)
    link.ask(122, name + b"\0\0", cause=5)
    link.tell(126, [name + b"\x10\0\0\x20" + NOON, b"\4\0\x20\0\0\0" + NOON], at=1, cause=5, sequence=True)

    def out(kind, body, side=1):
        structure, body = objects(1, [name + body])
        frame = link.apdu(side, kind, structure, body, 13)
        link.connection.say(side, frame)

    out(122, b"\0\1", 0)
    out(120, b"\5\0\0\0")
    out(122, b"\0\2", 0)
    out(121, b"\1\5\0\0\0")
    out(122, b"\1\6", 0)
    out(125, b"\1\5hello")
    out(123, b"\1\3\x14")
    out(124, b"\1\3", 0)
    out(123, b"\1\1\x14")
    out(124, b"\1\1", 0)
    # The other way: the controlling station announces, the station calls.
    out(120, b"\5\0\0\0", 0)
    out(122, b"\0\2")
    out(121, b"\1\5\0\0\0", 0)
    out(122, b"\1\6")
    out(125, b"\1\5world", 0)
    out(123, b"\1\3\x15", 0)
    out(124, b"\1\4")
    out(122, b"\0\4", 0)
    out(122, b"\0\x31", 0)
    out(120, b"\0\0\0\x80")
    link.ask(127, name + NOON + NOON, cause=13)


@capture
def iec104_malformed(net):
    """Lengths that do not fit, several units in one segment, one unit in two, security, no start byte."""
    link = start(net)
    good = link.apdu(1, 1, *objects(1, [b"\1"]), 3)
    link.connection.answer(good + link.apdu(1, 3, *objects(1, [b"\1"]), 3) + good[:9])
    link.connection.answer(good[9:])
    link.connection.answer(link.apdu(1, 1, 3, address(1) + b"\1", 3))
    link.connection.answer(link.apdu(1, 13, *objects(1, [b"\0\0\0"]), 3))
    link.connection.answer(b"\0\1\2\x68\2" + good)
    link.connection.answer(bytes([0x68, 4, 0xff, 0, 0, 0]) + good)
    link.ask(45, b"\1", 7, cause=3, station=0)  # a cause that no command may have; no station
    link.ask(83, b"\1\0\0\0" + bytes(16), cause=14)
    link.answer(87, b"\1\0\0\0\1", cause=14)
