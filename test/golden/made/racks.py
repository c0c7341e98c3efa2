"""Assets within assets: modules told by rack and slot, devices behind a gateway."""
import struct

from messages import S7, modbus, szl
from protocols import HMI, PLC, SERVER, who


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
