"""MELSEC communication and SLMP, built from the manuals' tables: frames 1E, 3E, 4E in binary and in ASCII code."""
import struct

from identities import SECRET
from protocols import HMI, PLC, SERVER, capture

CODES = {"D": 0xa8, "W": 0xb4, "R": 0xaf, "M": 0x90, "X": 0x9c, "Y": 0x9d, "B": 0xa0, "SM": 0x91, "TN": 0xc2,
         "ZR": 0xb0, "LTN": 0x52, "LZ": 0x62, "LCS": 0x55, "G": 0xab, "?": 0x99}
HEX = "XYBW"


class Code:
    """One of the two codes: numbers, devices, data."""

    def __init__(self, text, wide=False, old=False):
        self.text, self.wide, self.old = text, wide, old

    def n(self, value, size):
        return f"{value:0{2 * size}X}".encode() if self.text else value.to_bytes(size, "little")

    def device(self, name, number):
        if self.old:
            pair = int.from_bytes(name.ljust(2).encode(), "big")
            parts = [self.n(number, 4), self.n(pair, 2)]
            return b"".join(reversed(parts) if self.text else parts)
        if self.text:
            width, digits = (4, 8) if self.wide else (2, 6)
            return (name.ljust(width, "*") + f"{number:0{digits}{'X' if name in HEX else ''}}").encode()
        return self.n(number, 4 if self.wide else 3) + self.n(CODES[name], 2 if self.wide else 1)

    def words(self, *values):
        return b"".join(self.n(v & 0xffff, 2) for v in values)

    def bits(self, states):
        if self.text:
            return states.encode() + (b"0" if self.old and len(states) % 2 else b"")
        return bytes.fromhex(states + "0" * (len(states) % 2))


BINARY, ASCII = Code(False), Code(True)
WIDE, WIDE_ASCII = Code(False, True), Code(True, True)


def frame(code, sub, route, body, serial=None):
    """Frames 3E (5000, D000) and 4E (5400, D400)."""
    head = f"{sub:04X}".encode() if code.text else struct.pack(">H", sub)
    if serial is not None:
        head += code.n(serial, 2) + code.n(0, 2)
    network, pc, io, station = route
    head += code.n(network, 1) + code.n(pc, 1) + code.n(io, 2) + code.n(station, 1)
    return head + code.n(len(body), 2) + body


OWN = (0, 0xff, 0x3ff, 0)


class Talk:
    def __init__(self, connection, code=BINARY, serial=None, route=OWN):
        self.connection, self.code, self.serial, self.route = connection, code, serial, route

    def ask(self, command, sub, data=b"", timer=16):
        c = self.code
        if self.serial is not None:
            self.serial += 1
        body = c.n(timer, 2) + c.n(command, 2) + c.n(sub, 2) + data
        self.last = command, sub
        self.connection.ask(frame(c, 0x5000 if self.serial is None else 0x5400, self.route, body, self.serial))

    def answer(self, data=b"", end=0, serial=None):
        c = self.code
        serial = self.serial if serial is None else serial
        if end:
            network, pc, io, station = self.route
            data = c.n(network, 1) + c.n(pc, 1) + c.n(io, 2) + c.n(station, 1) + c.n(self.last[0], 2) + \
                c.n(self.last[1], 2)
        self.connection.answer(frame(c, 0xd000 if serial is None else 0xd400, self.route, c.n(end, 2) + data,
                                     serial))

    def talk(self, command, sub, data=b"", reply=b"", end=0):
        self.ask(command, sub, data)
        self.answer(reply, end)


def devices(talk):
    """Reading and writing, in stretches, lists and blocks; one refusal each way of writing."""
    c = talk.code
    n, device, words, bits = c.n, c.device, c.words, c.bits
    wide = 2 if c.wide else 0
    talk.talk(0x0401, wide, device("D", 100) + n(3, 2), words(1, 0xffff, 300))
    talk.talk(0x0401, wide | 1, device("M", 7) + n(5, 2), bits("10110"))
    talk.talk(0x0401, wide, device("X", 0x1a0) + n(1, 2), words(0x8001))
    talk.talk(0x1401, wide, device("W", 0x1f) + n(2, 2) + words(5, 6))
    talk.talk(0x1401, wide | 1, device("Y", 0xc) + n(4, 2) + bits("1101"))
    talk.talk(0x1401, wide, device("D", 99999) + n(1, 2) + words(1), end=0x4031)
    talk.talk(0x0403, wide, n(3, 1) + n(2, 1) + device("D", 0) + device("TN", 3) + device("M", 32) +
              device("D", 1500) + device("Y", 0x160), words(6549, 20, 0b11, 0x4e4f, 0x4f54, 1, 0x8000))
    talk.talk(0x1402, wide, n(1, 1) + n(1, 1) + device("D", 10) + words(11) + device("R", 20) + n(123456, 4))
    talk.talk(0x1402, wide | 1, n(2, 1) + device("M", 50) + n(0, 2 if c.wide else 1) + device("Y", 0x2f) +
              n(1, 2 if c.wide else 1))
    talk.talk(0x0406, wide, n(1, 1) + n(1, 1) + device("ZR", 70000) + n(2, 2) + device("B", 0x100) + n(1, 2),
              words(8, 9, 5))
    talk.talk(0x1406, wide, n(1, 1) + n(1, 1) + device("D", 400) + n(1, 2) + words(77) + device("M", 160) + n(1, 2) +
              words(0x0101))
    talk.talk(0x0801, wide, n(1, 1) + n(1, 1) + device("D", 1) + device("D", 2))
    talk.talk(0x0802, 0, reply=words(4, 5, 6))
    talk.talk(0x0403, wide, n(1, 1) + n(0, 1) + device("D", 9), words(99))
    talk.talk(0x0802, 0, reply=words(7, 8, 9))


@capture
def melsec_devices(net):
    """Device memory in 3E binary, then in ASCII code, and with the long device numbers of iQ-R (4E)."""
    devices(Talk(net.connect(HMI, PLC, 5007)))
    devices(Talk(net.connect(HMI, PLC, 5007), ASCII))
    devices(Talk(net.connect(HMI, PLC, 5007), WIDE, 0x1234))
    devices(Talk(net.connect(HMI, PLC, 5007), WIDE_ASCII, 0xff))
    talk = Talk(net.connect(HMI, PLC, 5007), WIDE, 1)
    n, device, words = talk.code.n, talk.code.device, talk.code.words
    talk.talk(0x0401, 2, device("LTN", 5) + n(8, 2), words(1, 2, 3, 0, 4, 0, 1, 0))
    talk.talk(0x0403, 2, n(0, 1) + n(2, 1) + device("LZ", 1) + device("LTN", 2), n(100000, 4) + n(7, 4))
    talk.talk(0x0401, 0, BINARY.device("?", 1) + n(1, 2), words(1))
    # A buffer of the module in slot 4, a link device, one that an index register moves.
    inside = b"\0\0" + BINARY.device("G", 1) + b"\0\0" + n(4, 2) + b"\xf8"
    talk.talk(0x0401, 0x80, inside + n(1, 2), words(17))
    talk.talk(0x0401, 0x80, b"\0\0" + BINARY.device("W", 16) + b"\0\0" + n(2, 2) + b"\xf9" + n(1, 2), words(18))
    talk.talk(0x0401, 0x80, b"\x04\x40" + BINARY.device("D", 1) + b"\0\0\0\0\0" + n(1, 2), words(19))
    text = Talk(net.connect(HMI, PLC, 5007), ASCII)
    text.talk(0x0401, 0x80, b"00U004000G*000001000" + b"0001", b"0011")
    text.talk(0x0401, 0x80, b"00J002000W*000010000" + b"0001", b"0012")
    text.talk(0x0401, 0x80, b"000000000D*000100Z040001", b"0013")


@capture
def melsec_order(net):
    """Answers without serial numbers: several under way, one that never comes, other stations behind the same port,
    errors, a question nobody saw."""
    talk = Talk(net.connect(HMI, PLC, 5007))
    n, device, words = BINARY.n, BINARY.device, BINARY.words
    talk.ask(0x0401, 0, device("D", 1) + n(1, 2))
    talk.ask(0x0401, 0, device("D", 2) + n(2, 2))
    talk.answer(words(11))
    talk.answer(words(21, 22))
    talk.ask(0x1006, 0, n(1, 2))  # nobody answers a reset
    talk.ask(0x0401, 0, device("D", 3) + n(1, 2))
    talk.answer(words(31))
    talk.talk(0x0401, 0, device("D", 4) + n(1, 2), end=0xc056)
    talk.talk(0x7777, 0, b"\1\2", end=0xc059)
    far = Talk(talk.connection, route=(2, 5, 0x3e1, 3))
    far.talk(0x0401, 0, device("D", 1) + n(1, 2), words(41))
    numbered = Talk(net.connect(HMI, PLC, 5007), serial=7)
    numbered.ask(0x0401, 0, device("D", 1) + n(1, 2))
    numbered.ask(0x0401, 0, device("D", 2) + n(1, 2))
    numbered.answer(words(2), serial=9)
    numbered.answer(words(1), serial=8)
    late = Talk(net.connect(HMI, PLC, 5007, opened=False))
    late.answer(words(1, 2))
    late.talk(0x0401, 0, device("D", 1) + n(1, 2), words(5))
    # Datagrams: what is lost is asked again.
    for at in (1, 2):
        body = n(16, 2) + n(0x0401, 2) + n(0, 2) + device("D", at) + n(1, 2)
        net.datagram(HMI, PLC, 40000, 5006, frame(BINARY, 0x5000, OWN, body))
        net.wait(3)
    net.datagram(PLC, HMI, 5006, 40000, frame(BINARY, 0xd000, OWN, n(0, 2) + words(2)))


@capture
def melsec_system(net):
    """Remote operation, memory, files, password, loopback, labels, nodes; and what is malformed."""
    for code in (BINARY, ASCII):
        talk = Talk(net.connect(HMI, PLC, 5007), code)
        n = code.n
        talk.talk(0x0101, 0, reply=b"Q02UCPU         " + n(0x263, 2))
        talk.talk(0x1001, 0, n(3, 2) + n(2, 1) + n(0, 1))
        talk.talk(0x1002, 0, n(1, 2))
        talk.talk(0x1003, 0, n(1, 2), end=0x4013)
        talk.talk(0x1005, 0, n(1, 2))
        talk.talk(0x0613, 0, n(0x78, 4) + n(2, 2), code.words(10, 20))
        talk.talk(0x1613, 0, n(0x78, 4) + n(1, 2) + code.words(30))
        talk.talk(0x0601, 0, n(0x120, 4) + n(4, 2) + n(0x13, 2), code.words(1, 2))
        talk.talk(0x1601, 0, n(0x120, 4) + n(2, 2) + n(0x13, 2) + code.words(3))
        talk.talk(0x0619, 0, n(5, 2) + b"ABCDE", n(5, 2) + b"ABCDE")
        talk.talk(0x1617, 0)
        talk.talk(0x1630, 0, n(4, 2) + b"ab1c", end=0xc200)
        talk.talk(0x1630, 0, n(4, 2) + b"ab1c", end=0xcee0)  # no password was tried
        talk.talk(0x1631, 0, n(4, 2) + b"ab1c")
        for name in (b"MAIN.QPG", b"LOG.CSV"):
            talk.talk(0x1827, 0, b"pass" + n(0x100, 2) + n(0, 2) + n(len(name), 2) + name, n(5, 2))
            talk.talk(0x1829, 0, n(5, 2) + n(0, 4) + n(2, 2) + code.words(0x1234), n(2, 2))
            talk.talk(0x1828, 0, n(5, 2) + n(0, 4) + n(2, 2), n(2, 2) + code.words(0x1234))
            talk.talk(0x182a, 0, n(5, 2) + n(0, 2))
        talk.talk(0x1822, 0, b"pass" + n(0, 2) + n(7, 2) + b"LOG.CSV")
        talk.talk(0x1203, 0, n(0, 3) + n(0, 1) + n(0, 2) + n(1, 2) + b"MAIN    QPG" + n(0x20, 1) + n(0, 4) + n(2, 2) +
                  code.words(1))
        talk.ask(0x1006, 0, n(1, 2))
    nodes(net)
    labels(Talk(net.connect(HMI, PLC, 5007), serial=1))
    broken(net)


def nodes(net):
    """CC-Link IE Field Basic: who is there, and a new address; addresses with their last byte first."""
    n = BINARY.n
    client = HMI.mac[::-1] + b"\4" + HMI.ip[::-1]
    place = b"\4" + PLC.ip[::-1] + bytes([0, 255, 255, 255]) + b"\xff" * 4
    search = n(0, 2) + n(0x0e30, 2) + n(0, 2) + client
    everybody = (b"\xff" * 6, b"\xff" * 4)
    net.datagram(HMI, PLC, 40001, 61451, frame(BINARY, 0x5400, OWN, search, 1), to=everybody)
    found = client + PLC.mac[::-1] + place + b"\3PLC" + n(0x1234, 2) + n(0x10, 4) + n(2, 2) + b"\4" + b"\xff" * 6 + \
        n(0, 2) + n(61451, 2) + b"\1"
    net.datagram(PLC, HMI, 61451, 40001, frame(BINARY, 0xd400, OWN, n(0, 2) + found, 1))
    change = n(0, 2) + n(0x0e31, 2) + n(0, 2) + client + PLC.mac[::-1] + place + b"\0" + b"\4" + b"\xff" * 6 + b"\1"
    net.datagram(HMI, PLC, 40001, 61451, frame(BINARY, 0x5400, OWN, change, 2), to=everybody)
    net.datagram(PLC, HMI, 61451, 40001, frame(BINARY, 0xd400, OWN, n(0, 2) + HMI.mac[::-1], 2))


def labels(talk):
    n = BINARY.n

    def name(text):
        return n(len(text), 2) + text.encode("utf-16-le")

    talk.talk(0x041c, 0, n(3, 2) + n(0, 2) + name("Speed") + name("Level") + name("Text"),
              n(3, 2) + b"\4\0" + n(2, 2) + struct.pack("<h", -5) + b"\6\0" + n(4, 2) + struct.pack("<f", 1.5) +
              b"\x09\0" + n(6, 2) + b"Hello\0")
    talk.talk(0x041a, 0, n(1, 2) + n(0, 2) + name("Table[0]") + b"\1\0" + n(4, 2),
              n(1, 2) + b"\2\1" + n(4, 2) + bytes(range(4)))
    talk.talk(0x141b, 0, n(1, 2) + n(1, 2) + name("Line.") + name("%1.Speed") + n(2, 2) + b"\7\0")
    talk.talk(0x141a, 0, n(1, 2) + n(0, 2) + name("Flags[0]") + b"\0\0" + n(3, 2) + b"\5\0", end=0x40c0)
    # Passwords and PINs, as text, number and array, read and written; and under an abbreviation.
    talk.talk(0x041c, 0, n(3, 2) + n(0, 2) + name("gPassword") + name("User.Pin") + name("PinCount"),
              n(3, 2) + b"\x09\0" + n(10, 2) + b"A1B2C3D4\0\0" + b"\5\0" + n(4, 2) + struct.pack("<i", 4711) +
              b"\4\0" + n(2, 2) + b"\2\0")
    talk.talk(0x041a, 0, n(1, 2) + n(0, 2) + name("Passwords[0]") + b"\1\0" + n(4, 2), n(1, 2) + b"\2\1" + n(4, 2) + b"A1B2")
    talk.talk(0x141b, 0, n(1, 2) + n(0, 2) + name("gPassword") + n(4, 2) + b"A1B2")
    talk.talk(0x041c, 0, n(1, 2) + n(1, 2) + name("Password") + name("%1.Value"),
              n(1, 2) + b"\4\0" + n(2, 2) + b"\x67\x12")


def broken(net):
    talk = Talk(net.connect(HMI, PLC, 5007))
    n, device, words = BINARY.n, BINARY.device, BINARY.words
    talk.talk(0x0401, 0, device("D", 1) + n(1, 2), words(1))
    talk.ask(0x1401, 0, device("D", 1) + n(9, 2) + words(1))
    talk.ask(0x1401, 1, device("M", 1) + n(2, 2) + b"\x17")
    talk.ask(0x0401, 0, device("D", 1) + n(1, 2) + b"\0")
    talk.ask(0x1001, 0, n(1, 2))


def old(code, command, data, pc=0xff):
    return code.n(command, 1) + code.n(pc, 1) + code.n(10, 2) + data


@capture
def melsec_old(net):
    """Frame 1E in both codes: nothing says how long an answer is but its question."""
    for code in (Code(False, old=True), Code(True, old=True)):
        n, device, words, bits = code.n, code.device, code.words, code.bits
        link = net.connect(HMI, PLC, 5002)

        def talk(command, data, reply=b"", end=0, abnormal=b""):
            link.ask(old(code, command, data))
            link.answer(n(0x80 | command, 1) + n(end, 1) + (abnormal if end else reply))

        talk(1, device("D", 100) + n(2, 1) + n(0, 1), words(7, 8))
        talk(0, device("M", 100) + n(5, 1) + n(0, 1), bits("10101"))
        talk(2, device("Y", 0x10) + n(3, 1) + n(0, 1) + bits("110"))
        talk(3, device("W", 0x1a) + n(1, 1) + n(0, 1) + words(99))
        talk(4, n(2, 1) + n(0, 1) + device("M", 1) + n(1, 1) + device("B", 0x20) + n(0, 1))
        talk(5, n(1, 1) + n(0, 1) + device("D", 5) + words(55))
        talk(6, n(3, 1) + n(0, 1) + device("X", 0x40) + device("M", 2) + device("TS", 3))
        talk(8, b"", bits("101"))
        talk(7, n(2, 1) + n(0, 1) + device("D", 1) + device("CN", 2))
        talk(9, b"", words(3, 4))
        talk(0x0e, n(0x20, 3) + n(2, 1) + n(5, 1) + n(0, 1), words(6))
        talk(0x0a, n(0, 2) + n(2, 1) + n(0, 1), words(1, 2))
        talk(0x0c, n(0, 2) + n(1, 1) + n(0, 1) + words(1))
        talk(0x13, b"")
        talk(0x14, b"", end=0x5b, abnormal=n(0x18, 1) + n(0, 1))
        talk(0x15, b"", n(0xa1, 1) + n(0, 1))
        talk(0x16, n(4, 1) + b"TEST", n(4, 1) + b"TEST")
        talk(1, device("D", 9999) + n(1, 1) + n(0, 1), end=0x57)
        link.answer(n(0x81, 1) + n(0, 1) + words(1))  # nobody asked: where does it end?
    # Four bytes alone are nobody's; behind a read they stop the controller.
    net.datagram(SERVER, PLC, 40003, 5002, old(Code(False, old=True), 0x14, b""))
    code = Code(False, old=True)
    net.datagram(HMI, PLC, 40002, 5002, old(code, 1, code.device("D", 1) + b"\1\0"))
    net.datagram(PLC, HMI, 5002, 40002, b"\x81\0\1\0")
    net.datagram(HMI, PLC, 40002, 5002, old(Code(False, old=True), 0x14, b""))
    net.datagram(PLC, HMI, 5002, 40002, b"\x94\0")
    net.datagram(HMI, PLC, 40002, 5002, old(Code(False, old=True), 0x11, bytes(8)))


# --- what a correct or a hostile conversation may look like -----------------------------------------

FAR = (2, 5, 0x3ff, 0)
N, DEVICE, WORDS = BINARY.n, BINARY.device, BINARY.words
OLD = Code(False, old=True)


def asks(command, sub, data, route=OWN, serial=None):
    return frame(BINARY, 0x5000 if serial is None else 0x5400, route, N(16, 2) + N(command, 2) + N(sub, 2) + data,
                 serial)


def says(data, route=OWN, serial=None):
    return frame(BINARY, 0xd000 if serial is None else 0xd400, route, N(0, 2) + data, serial)


def reads(number, **more):
    return asks(0x0401, 0, DEVICE("D", number) + N(1, 2), **more)


def old_reads(number, pc=0xff):
    return old(OLD, 1, OLD.device("D", number) + N(1, 1) + N(0, 1), pc)


def old_writes(value, pc=0xff):
    return old(OLD, 3, OLD.device("D", 101) + N(1, 1) + N(0, 1) + WORDS(value), pc)


@capture
def melsec_files(net):
    """File passwords of four and 32 characters, of as many as it says, and none; two files open; what does not
    fit; and after a hole no file is a program any more."""
    talk = Talk(net.connect(HMI, PLC, 5007))

    def wide(text):
        return N(len(text), 2) + text.encode("utf-16-le")

    def narrow(text):
        return N(len(text), 2) + text

    own, none, short, long = narrow(SECRET), N(0, 2), SECRET[:4], SECRET.ljust(32)
    data = N(0, 4) + N(2, 2) + WORDS(0x1234)
    for sub, password, name in ((0x40, own, wide("MAIN.PRG")), (0x40, none, wide("MAIN.PRG")),
                                (4, long, narrow(b"MAIN.QPG")), (0, short, narrow(b"MAIN.QPG"))):
        talk.talk(0x1827, sub, password + N(0x100, 2) + N(4, 2) + name, N(5, 2))
        talk.talk(0x1829, sub & 0x40, N(5, 2) + data, N(2, 2))
        talk.talk(0x182a, sub & 0x40, N(5, 2) + N(0, 2))
        talk.talk(0x1822, sub, password + N(4, 2) + name)
        talk.talk(0x1825, sub, password + N(4, 2) + N(1, 2) + name)
    talk.talk(0x1829, 0, N(5, 2) + data, N(2, 2))  # closed above
    talk.talk(0x1826, 0x40, N(0, 2) + N(4, 2) + N(0x3c81, 2) + N(0xa65d, 2) + wide("LINE.CSV"))
    talk.talk(0x1827, 0, long + N(0x100, 2) + N(4, 2) + narrow(b"MAIN.QPG"), N(9, 2))
    for pointer, name in ((5, b"MAIN.QPG"), (6, b"LOG.CSV")):
        talk.talk(0x1827, 0, short + N(0x100, 2) + N(0, 2) + narrow(name), N(pointer, 2))
    talk.talk(0x1829, 0, N(6, 2) + data, N(2, 2))
    talk.talk(0x182a, 0, N(6, 2) + N(0, 2))
    talk.talk(0x1829, 0, N(5, 2) + data, N(2, 2))
    far = Talk(talk.connection, route=FAR)
    far.talk(0x1829, 0, N(5, 2) + data, N(2, 2))
    talk.connection.next[0] += 40
    talk.talk(0x1829, 0, N(5, 2) + data, N(2, 2))


@capture
def melsec_doubt(net):
    """Where an answer may belong to two questions it belongs to none; a hole ends what was under way."""
    link = net.connect(HMI, PLC, 5007)
    for at in (0, 100, 200):  # the first is not answered
        link.ask(reads(at))
        if at:
            link.answer(says(WORDS(at)))
    link.ask(asks(0x0401, 0, DEVICE("D", 300) + N(2, 2)))  # of another size: sure again
    link.answer(says(WORDS(300, 301)))
    link.ask(reads(400) + reads(500))
    link.answer(says(WORDS(400)))
    link.answer(says(WORDS(500)))
    link.ask(reads(600) + reads(700))  # this client asks on
    link.answer(says(WORDS(600)) + says(WORDS(700)))
    for at in (0, 100, 200):
        net.datagram(HMI, PLC, 40000, 5006, reads(at))
        if at:
            net.datagram(PLC, HMI, 5006, 40000, says(WORDS(at)))
        net.wait(.2)
    net.datagram(HMI, PLC, 40000, 5006, asks(0x1006, 0, N(1, 2)))
    net.datagram(HMI, PLC, 40000, 5006, asks(0x1401, 0, DEVICE("D", 1) + N(1, 2) + WORDS(1)))
    net.datagram(PLC, HMI, 5006, 40000, says(b""))
    link = net.connect(HMI, PLC, 5002)  # an answer of frame 1E names its command
    link.talk((old_reads(1), b"\x81\0" + WORDS(1)), (old(OLD, 0x14, b""), None), (old_reads(2), b"\x81\0" + WORDS(2)))
    link = net.connect(HMI, PLC, 5007)  # all with the same number
    link.talk((reads(9, serial=0), says(WORDS(9), serial=0)), (reads(1, serial=0), None))
    link.next[1] += len(says(WORDS(1), serial=0))
    link.next[0] += len(reads(2, serial=0))
    link.answer(says(WORDS(2), serial=0))
    link.talk((reads(3, serial=0), says(WORDS(3), serial=0)))
    link.ask(reads(1, serial=1) + reads(2, serial=1))
    link.answer(says(WORDS(1), serial=1))
    link.ask(reads(1, serial=2))
    link.answer(says(WORDS(5), FAR, serial=2))  # another station
    link.answer(says(WORDS(1, 2), serial=2))  # more than was asked
    link = net.connect(HMI, PLC, 5007)  # behind a hole, in the middle of a long write: "14 00 14 00" stops nobody
    link.talk((reads(9), says(WORDS(9))))
    long = asks(0x1401, 0, DEVICE("D", 0) + N(900, 2) + WORDS(*[20] * 900))
    link.next[0] += 61
    link.ask(long[61:181])
    link.next[0] += len(long) - 181
    link.answer(says(b""))
    link.talk((reads(9), says(WORDS(9))))


@capture
def melsec_other(net):
    """Another station behind the same address: its model, its values, its monitor; and refused monitors."""
    link = net.connect(HMI, PLC, 5007)
    link.talk((asks(0x0101, 0, b"", FAR), says(b"Q26UDVCPU       " + N(0x26b, 2), FAR)))
    lists = N(2, 1) + N(0, 1) + DEVICE("D", 1) + DEVICE("D", 2)
    link.talk((asks(0x0801, 0, lists), says(b"")), (asks(0x0802, 0, b""), says(WORDS(1, 2))),
              (asks(0x0802, 0, b"", FAR), says(WORDS(1, 2), FAR)), (asks(0x0802, 0, b""), says(WORDS(1, 2, 3))),
              (asks(0x0801, 0, N(1, 1) + N(0, 1) + DEVICE("W", 0x50), FAR), says(b"", FAR)),
              (asks(0x0802, 0, b""), says(WORDS(11, 12))), (asks(0x0802, 0, b"", FAR), says(WORDS(13), FAR)))
    talk = Talk(link)
    talk.talk(0x0801, 0, N(1, 1) + N(0, 1) + DEVICE("R", 9), end=0x4031)
    talk.talk(0x0802, 0, reply=WORDS(11))
    condition = b"\1\0CON B1      QPG" + bytes(20)
    talk.talk(0x0403, 0x40, N(1, 1) + N(0, 1) + DEVICE("D", 0) + condition, WORDS(5))
    talk.talk(0x1631, 0)
    talk.talk(0x1612, 0, b"\1\2\3")
    client = HMI.mac[::-1] + b"\4" + HMI.ip[::-1]
    place = PLC.mac[::-1] + b"\4" + bytes([99, 1, 9, 10]) + bytes(8)
    link.talk((asks(0x0e30, 0, client, serial=1), says(client + place + b"\5WRONG\1", serial=1)))  # half of it
    link = net.connect(HMI, PLC, 5002)
    link.talk((old_reads(100, 3), b"\x81\0" + WORDS(7)), (old_writes(8, 3), b"\x83\0"))
    text = Talk(net.connect(HMI, PLC, 5007), ASCII)
    n = ASCII.n
    names = b"".join(n(5, 2) + b"".join(n(ord(c), 2) for c in name) for name in ("Speed", "Level"))
    text.talk(0x041c, 0, n(2, 2) + n(0, 2) + names, n(2, 2) + b"0500" + n(4, 2) + b"FFFFFFFB0500" + n(4, 2) + n(5, 4))


@capture
def melsec_begin(net):
    """Beginnings of conversations, however they are cut; and what is nobody's."""
    def begins(*pairs, port=5007, opened=True):
        net.connect(HMI, PLC, port, opened).talk(*pairs)

    begins((old_writes(3) + old_writes(4), b"\x83\0\x83\0"))
    begins((old(OLD, 0x16, N(4, 1) + b"TEST"), b"\x96\0\4TEST"), (old_writes(5), b"\x83\0"))
    begins((old(OLD, 0x0c, N(0, 2) + N(1, 1) + N(0, 1) + WORDS(1)), b"\x8c\0"), (old_reads(6), b"\x81\0\6\0"))
    begins((old(OLD, 0x14, b"") + old_reads(7), b"\x94\0\x81\0\7\0"))
    begins((asks(0x1c02, 0, b"\0\0"), says(b"\1")), (reads(8), says(WORDS(8))))
    net.connect(HMI, PLC, 5007, opened=False).answer(says(WORDS(1)) + says(WORDS(2)))
    # From here on nobody's.
    net.datagram(HMI, PLC, 40010, 5006, b"\x14\xff\x0a\0")
    begins((b"\x14\xff\x0a\0", None), port=5009)
    net.connect(HMI, PLC, 9000, opened=False).answer(b"\xd0\0\0\0\0\0\0\x10\0\0\0" + bytes(14))
    begins((asks(0x9999, 1, b"\x10random bytes", FAR), None), port=9001)
    net.datagram(HMI, PLC, 40011, 5006, reads(1))
    net.datagram(HMI, PLC, 40011, 5006, b"\x11hello this is not melsec")
    net.datagram(HMI, PLC, 40011, 5006, b"\x14\xff\x0a\0")
