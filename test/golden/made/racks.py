"""Assets within assets: modules told by rack and slot, devices behind a gateway."""
import struct

from messages import S7, modbus, szl
from protocols import HMI, PLC, SERVER, who
from wire import Host


@who
def s7_racks(net):
    """Status lists 0x11, 0x1c and 0x91: the CPU in slot 2, what stands beside it, and what does not."""
    talk = S7(net.connect(HMI, PLC, 102))

    def identify(index, text, version=0, release=0):
        return struct.pack(">H20sHHH", index, text.ljust(20), 0xc0, version, release)

    def slot(rack, place, kind, status=0xb402, expected=None):
        return struct.pack(">HHHHHHHH", rack, place, 0x7fff, kind if expected is None else expected, kind, 0, status, 0)

    def read(number, index, size, records):
        talk.userdata(4, 1, *szl(number, index, size, records))

    read(0x0011, 0, 28, [identify(1, b"6ES7 315-2EH14-0AB0"), identify(6, b"6ES7 315-2EH14-0AB0", 5),
                         identify(7, b"", 0x5603, 0x0206)])
    read(0x001c, 0, 34, [struct.pack(">H32s", 5, b"S C-X4U421302009"), struct.pack(">H32s", 7, b"CPU 315-2 PN/DP")])
    read(0x0d91, 0, 16, [slot(0, 0x0200, 0xc0), slot(0, 0x0400, 0x9fc1), slot(1, 0x0500, 0x8fc0), slot(0, 0x0600, 0x9fc3, 0xb400),
                         slot(0x0102, 0x0300, 0x9fc1), slot(0, 0x0401, 0x9fc2), slot(0, 0x0700, 0xffff)])
    # A communication module of another class tells about itself.
    read(0xc011, 0, 28, [identify(1, b"6GK7 343-1EX30-0XE0")])


@who
def modbus_gateway(net):
    """43/14 and 17 of the gateway itself (unit 255) and of the units behind it."""
    c = net.connect(HMI, SERVER, 502)
    for n, (unit, vendor, code) in enumerate(((255, b"Maker A", b"GW-1"), (3, b"Maker B", b"METER-3"), (7, b"Maker C", b"VFD-7"))):
        c.ask(modbus(n, bytes.fromhex("2b0e0100"), unit))
        objects = b"".join(bytes([k, len(text)]) + text for k, text in enumerate((vendor, code, b"1.%d" % n)))
        c.answer(modbus(n, bytes.fromhex("2b0e0101000003") + objects, unit))
    for unit, told in ((7, b"\7\xffDrive, 11 kW"), (8, b"\x08\xff\x01\x02\x03\xfe\x80\x81")):
        c.ask(modbus(100 + unit, b"\x11", unit))
        c.answer(modbus(100 + unit, b"\x11" + bytes([len(told)]) + told, unit))


class Units:
    """A server asked for its basic identification, 43/14, unit by unit."""

    def __init__(self, net, last):
        host = Host(f"10.9.3.{last}", f"00:0e:8c:09:03:{last:02x}")
        self.connection, self.count = net.connect(HMI, host, 502), 0

    def answer(self, unit, ask, reply):
        self.count += 1
        self.connection.ask(modbus(self.count, ask, unit))
        self.connection.answer(modbus(self.count, reply, unit))

    def identify(self, unit, *texts):
        objects = b"".join(bytes([k, len(text)]) + text for k, text in enumerate(texts))
        self.answer(unit, bytes.fromhex("2b0e0100"), bytes.fromhex("2b0e01010000") + bytes([len(texts)]) + objects)

    def refuse(self, unit, code):
        self.answer(unit, bytes.fromhex("2b0e0100"), bytes([0xab, code]))

    def read(self, unit):
        self.answer(unit, bytes.fromhex("0300000001"), bytes.fromhex("03020007"))

    def tell(self, unit, text):
        self.answer(unit, b"\x11", b"\x11" + bytes([2 + len(text)]) + b"\1\xff" + text)


@who
def modbus_units(net):
    """Who is a gateway, and who only has a unit number: by what else answers."""
    alone = Units(net, 1)  # one unit, itself, although it was not there at first
    alone.refuse(10, 0x0b)
    alone.read(10)
    alone.identify(10, b"Maker", b"PLC-10", b"1")
    deaf = Units(net, 2)  # answers whatever the unit
    for unit in (0, 1, 2, 10, 255):
        deaf.identify(unit, b"Maker", b"PLC-ANY", b"2")
    gateway = Units(net, 3)  # slave 1 is a slave like others
    for unit in (1, 2, 3):
        gateway.identify(unit, b"Maker %d" % unit, b"SLAVE-%d" % unit, b"3")
    alike = Units(net, 4)  # two meters of a kind: the third place is empty
    alike.identify(1, b"Maker", b"METER", b"4")
    alike.identify(2, b"Maker", b"METER", b"4")
    alike.refuse(3, 0x0b)
    other = Units(net, 5)  # the gateway itself says something else; unit 1 is the gateway once more
    other.identify(255, b"Maker", b"GATE", b"5")
    other.identify(1, b"Maker", b"GATE", b"5")
    other.identify(7, b"Maker", b"DRIVE", b"5")
    silent = Units(net, 6)  # another unit answers too, and did not say who it is
    silent.identify(1, b"Maker", b"PUMP", b"6")
    silent.read(2)
    reserved = Units(net, 7)  # 248 is no slave's number; the text ends as in C
    reserved.identify(248, b"Maker", b"CPU-248", b"7")
    reserved.tell(9, b"Panel 9\0\0")
    one = Units(net, 8)  # a gateway with one slave that answers
    one.refuse(2, 0x0a)
    one.identify(5, b"Maker", b"VALVE", b"8")
