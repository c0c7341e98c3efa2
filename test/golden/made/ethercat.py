"""EtherCAT, IEC 61158-4-12 and 61158-6-12: a start-up, the cycle, mailboxes of every kind, and what goes wrong."""
import struct

from protocols import PROTOCOLS
from wire import Host, ethernet, mac

MASTER, VIRTUAL = Host("0.0.0.0", "00:01:05:09:01:10"), Host("0.0.0.0", "02:01:05:09:01:77")
TO = mac("01:01:05:01:00:00")
NOP, APRD, APWR, APRW, FPRD, FPWR, FPRW, BRD, BWR, BRW, LRD, LWR, LRW, ARMW, FRMW = range(15)
ERROR, ADS, ETHERNET, CANOPEN, FILE, DRIVE, VENDOR = 0, 1, 2, 3, 4, 5, 15
OUTBOX, INBOX = 0x1000, 0x1080


def capture(function):
    PROTOCOLS["ethercat_" + function.__name__] = function
    return function


class Bus:
    def __init__(self, net, master=MASTER):
        self.net, self.master, self.index, self.count = net, master, 0, 0

    def frame(self, datagrams, back, kind=1):
        body = b""
        for n, (command, slave, offset, data, counter) in enumerate(datagrams):
            more = 0x8000 if n < len(datagrams) - 1 else 0
            body += struct.pack("<BBHHHH", command, self.index, slave, offset, len(data) | more, 0) + data
            body += struct.pack("<H", counter if back else 0)
        src = bytes([self.master.mac[0] | 2]) + self.master.mac[1:] if back else self.master.mac
        whole = struct.pack("<H", kind << 12 | len(body)) + body
        self.net.frame(ethernet(src, TO, 0x88a4, whole.ljust(46, b"\0")))

    def go(self, *datagrams):
        """Each (command, slave, offset, data out, data back, counter)."""
        self.index = (self.index + 1) & 0xff
        self.frame([(c, s, o, out, 0) for c, s, o, out, _, _ in datagrams], False)
        self.frame([(c, (s + 3) & 0xffff if c in (APRD, APWR, BRD, BWR) else s, o, back, n)
                    for c, s, o, _, back, n in datagrams], True)

    def read(self, command, slave, offset, back, counter=1):
        self.go((command, slave, offset, bytes(len(back)), back, counter))

    def write(self, command, slave, offset, data, counter=1):
        self.go((command, slave, offset, data, data, counter))

    def box(self, kind, body, slave=1001, counter=1, size=128):
        """A mailbox message to a slave."""
        self.count = self.count % 7 + 1
        head = struct.pack("<HHBB", len(body), 0, 0, self.count << 4 | kind)
        self.write(FPWR, slave, OUTBOX, (head + body).ljust(size, b"\0"), counter)

    def answer(self, kind, body, slave=1001, size=128):
        """An empty look into the mailbox of a slave, then one that finds something."""
        head = struct.pack("<HHBB", len(body), 0, 0, self.count << 4 | kind)
        self.read(FPRD, slave, INBOX, bytes(size), 0)
        self.read(FPRD, slave, INBOX, (head + body).ljust(size, b"\0"))


def state(bus, value):
    bus.write(BWR, 0, 0x120, struct.pack("<H", value), 3)
    bus.read(BRD, 0, 0x130, struct.pack("<H", value), 3)


@capture
def startup(net):
    """Three slaves are counted, named, asked who they are, brought up, and left alone again."""
    bus = Bus(net)
    bus.read(BRD, 0, 0x0000, bytes([0x11]), 3)
    state(bus, 0x11)
    for n in range(3):
        bus.write(APWR, -n & 0xffff, 0x0010, struct.pack("<H", 1001 + n))
        bus.read(FPRD, 1001 + n, 0x0000, bytes.fromhex("11000200 0804080fcc00".replace(" ", "")))
    bus.write(FPWR, 1001, 0x0502, struct.pack("<HI", 0x0100, 8))
    bus.read(FPRD, 1001, 0x0502, struct.pack("<HIQ", 0x0040, 8, 0x044c2c52_00000002))
    state(bus, 2)
    state(bus, 4)
    state(bus, 8)
    for n in range(6):
        lost = n in (3, 4)
        bus.go((FRMW, 1001, 0x0910, bytes(8), struct.pack("<Q", 10**9 + n), 3),
               (LRW, 0x0000, 0x0100, bytes(32), bytes([n] * 32), 4 if lost else 6),
               (BRD, 0, 0x0130, bytes(2), struct.pack("<H", 8), 2 if lost else 3))
    bus.go((LRD, 0x0800, 0x0100, bytes(4), bytes(4), 1), (LWR, 0x0900, 0x0100, b"\1\2\3\4", b"\1\2\3\4", 0))
    net.wait(61)
    bus.go((LRW, 0x0000, 0x0100, bytes(32), bytes(32), 6))
    bus.read(FPRD, 1002, 0x0134, struct.pack("<H", 0x001b))
    bus.read(FPRD, 1002, 0x0300, struct.pack("<4H", 1, 2, 3, 4))
    bus.write(FPWR, 1002, 0x0120, struct.pack("<H", 2))
    bus.write(FPWR, 1002, 0x0120, struct.pack("<H", 3))
    bus.write(FPWR, 1002, 0x0502, struct.pack("<HIH", 0x0201, 4, 0x1234))
    for letter in b"RES":
        bus.write(FPWR, 1002, 0x0040, bytes([letter]))
    bus.write(FPWR, 1009, 0x0800, bytes(16), 0)  # nobody has this address
    bus.go((APRW, 0, 0x0980, b"\1", b"\0", 3), (FPRW, 1001, 0x0980, b"\1", b"\0", 3), (BRW, 0, 0x0980, b"\1", b"\0", 9),
           (ARMW, 0, 0x0980, b"\1", b"\0", 3), (NOP, 0, 0, b"", b"", 0), (0x63, 0, 0, b"\1", b"\1", 1))


def sdo(command, index, sub, rest=b""):
    return struct.pack("<HBHB", 2 << 12, command, index, sub) + rest


def sdo_answer(command, index, sub, rest=b""):
    return struct.pack("<HBHB", 3 << 12, command, index, sub) + rest


@capture
def mailboxes(net):
    """Objects read, written, stored and refused; files; drive parameters; everything else that has a mailbox."""
    bus = Bus(net)
    bus.box(CANOPEN, sdo(0x40, 0x1018, 1, bytes(4)))
    bus.answer(CANOPEN, sdo_answer(0x43, 0x1018, 1, struct.pack("<I", 2)))
    bus.box(CANOPEN, sdo(0x40, 0x1008, 0, bytes(4)))
    bus.answer(CANOPEN, sdo_answer(0x41, 0x1008, 0, struct.pack("<I", 6) + b"EK1100"))
    bus.box(CANOPEN, sdo(0x60, 0, 0, bytes(4)))
    bus.answer(CANOPEN, struct.pack("<HB", 3 << 12, 0x01) + b"segment")
    bus.box(CANOPEN, sdo(0x23, 0x8000, 1, struct.pack("<I", 500)))
    bus.answer(CANOPEN, sdo_answer(0x60, 0x8000, 1, bytes(4)))
    bus.box(CANOPEN, sdo(0x21, 0x8000, 2, struct.pack("<I", 12) + b"twelve bytes"))
    bus.answer(CANOPEN, sdo(0x80, 0x8000, 2, struct.pack("<I", 0x06010002)))
    bus.box(CANOPEN, struct.pack("<HB", 2 << 12, 0x01) + b"segment")
    bus.answer(CANOPEN, struct.pack("<HB", 3 << 12, 0x20) + bytes(7))
    bus.box(CANOPEN, sdo(0x23, 0x1010, 1, b"save"))
    bus.answer(CANOPEN, sdo_answer(0x60, 0x1010, 1, bytes(4)))
    bus.box(CANOPEN, sdo(0x21, 0x1f50, 1, struct.pack("<I", 4) + b"code"))
    bus.answer(CANOPEN, sdo_answer(0x60, 0x1f50, 1, bytes(4)))
    bus.box(CANOPEN, struct.pack("<HBBHH", 8 << 12, 1, 0, 0, 1))
    bus.answer(CANOPEN, struct.pack("<HBBHHHH", 8 << 12, 2, 0, 0, 1, 0x1000, 0x1018))
    bus.answer(CANOPEN, struct.pack("<HHB5s", 1 << 12, 0x8130, 0x10, bytes(5)), slave=1002)
    bus.box(FILE, struct.pack("<BBI", 2, 0, 0xdeadbeef) + b"firmware.efw")
    bus.answer(FILE, struct.pack("<BBI", 4, 0, 0))
    bus.box(FILE, struct.pack("<BBI", 3, 0, 1) + b"\x7fELF" * 8)
    bus.answer(FILE, struct.pack("<BBHH4s", 6, 0, 10, 100, b"wait"))
    bus.answer(FILE, struct.pack("<BBI", 5, 0, 0x8002) + b"no access")
    bus.box(FILE, struct.pack("<BBI", 1, 0, 0) + b"log.txt")
    bus.answer(FILE, struct.pack("<BBI", 3, 0, 1) + b"a line\n")
    bus.box(DRIVE, struct.pack("<BBH", 1, 0x40, 30), slave=1003)
    bus.answer(DRIVE, struct.pack("<BBH", 2, 0x40, 30) + struct.pack("<HH", 4, 4) + b"AX52", slave=1003)
    bus.box(DRIVE, struct.pack("<BBH", 0x23, 0x40, 100) + struct.pack("<H", 250), slave=1003)
    bus.answer(DRIVE, struct.pack("<BBH", 0x34, 0x40, 100) + struct.pack("<H", 0x7004), slave=1003)
    bus.box(DRIVE, struct.pack("<BBH", 0x23, 0x40, 101) + struct.pack("<H", 1), slave=1003)
    bus.answer(DRIVE, struct.pack("<BBH", 0x34, 0x40, 101), slave=1003)
    bus.answer(DRIVE, struct.pack("<BBHH", 5, 0x40, 11, 1), slave=1003)
    bus.box(ETHERNET, struct.pack("<HH", 0x0100, 0) + bytes(60))
    bus.box(ADS, bytes(32))
    bus.box(VENDOR, struct.pack("<IH", 2, 7) + b"own")
    bus.answer(ERROR, struct.pack("<HH", 1, 2))
    bus.box(CANOPEN, sdo(0x40, 0x1018, 2, bytes(4)), slave=1009, counter=0)  # nobody is there
    bus.write(FPWR, 1001, 0x1100, bytes(range(8)))  # memory that is no mailbox
    bus.read(FPRD, 1001, 0x1180, bytes(range(8, 16)))


@capture
def oddities(net):
    """A virtual master, variables between controllers, a mailbox from outside, and frames that are none."""
    virtual = Bus(net, VIRTUAL)
    virtual.read(BRD, 0, 0x0130, struct.pack("<H", 8), 3)
    for n in range(3):
        variables = MASTER.mac + struct.pack("<HHHHHHH", 1, n, 0, 7, 0, 4, 0) + bytes(4)
        net.frame(ethernet(MASTER.mac, mac("01:01:05:04:00:00"), 0x88a4,
                           (struct.pack("<H", 4 << 12 | len(variables)) + variables).ljust(46, b"\0")))
    message = struct.pack("<HHBB", 10, 1001, 0, 0x13) + sdo(0x40, 0x1018, 4, bytes(4))
    net.frame(ethernet(VIRTUAL.mac, TO, 0x88a4, (struct.pack("<H", 5 << 12 | len(message)) + message).ljust(46, b"\0")))
    for head in (7 << 12 | 20, 1 << 12 | 0x7ff, 1 << 12 | 11):
        net.frame(ethernet(MASTER.mac, TO, 0x88a4, struct.pack("<H", head) + bytes(44)))
    body = struct.pack("<BBHHHH", BRD, 1, 0, 0x130, 0x300, 0) + bytes(30)  # longer than the frame
    net.frame(ethernet(MASTER.mac, TO, 0x88a4, struct.pack("<H", 1 << 12 | len(body)) + body))
