"""MELSOFT over TCP, as far as captures show it: remote operation, files, other commands by number."""
import struct

from protocols import HMI, PLC, SERVER, who
from wire import Host


def ask(command, sequence, data=b"", front=20):
    body = bytes([0x1c, 0x0a, front + 2, front]) + bytes(front) + struct.pack(">HHH", command, sequence << 8, 0) + data
    return bytes.fromhex("57000000001111070000ffff030000fe030000") + struct.pack("<H", len(body)) + body


def answer(command, sequence, data=b"", front=22):
    body = bytes([0x9c, 0x0a, front + 2, front - 2]) + bytes(front) + struct.pack(">HHH", command, sequence << 8, 0)
    return bytes.fromhex("d70000000011117f000000a80300ffff030000") + struct.pack("<H", len(body) + len(data)) + \
        body + data


@who
def melsoft(net):
    link = net.connect(HMI, PLC, 5562)
    name = "$MELPRJ$\\MAIN.PRG\0".encode("utf-16-le")
    link.talk((bytes.fromhex("5a0000ff"), bytes.fromhex("da0000ff294a0c") + bytes(21)))
    for n, (command, data, reply) in enumerate((
            (0x0121, b"\0\1", b"FX5U-32MT/ES\0\0\0\0\x29\x4a" + bytes(6)),
            (0x1001, b"\3\0\0\0", b""), (0x1002, b"\1\0", b""), (0x1003, b"\1\0", b""), (0x1006, b"\1\0", b""),
            (0x185f, bytes(4) + b"\4\0" + struct.pack("<H", len(name)) + name, bytes(20)),
            (0x1867, bytes(4) + b"\0\1\4\0" + struct.pack("<IH", 99, len(name)) + name, b"\7\0"),
            (0x1869, struct.pack("<HIH", 7, 0, 4) + bytes(4), b"\4\0"),
            (0x1868, struct.pack("<HIH", 7, 0, 4), b"\4\0" + bytes(4)),
            (0x186a, b"\7\0\0\0", b""), (0x18a0, bytes(6), bytes(18)))):
        link.talk((ask(command, n + 1, data), answer(command, n + 1, reply)))
    link.ask(ask(0x1867, 99, b"\0"))
    routed = [bytearray(part) for part in (ask(0x0121, 100, b"\0\1"),
                                           answer(0x0121, 100, b"R16CPU\0\0\0\0\0\0\0\0\0\0\x29\x4a" + bytes(6)))]
    for part in routed:
        part[25:27] = b"\2\5"  # another station, behind this one
    link.talk([bytes(part) for part in routed])
    for n, command in enumerate((0x1401, 0x1402, 0x1406, 0x1613, 0x1630, 0x1820, 0x1822, 0x1824, 0x1860, 0x1862, 0x1864)):
        link.talk((ask(command, 101 + n, bytes(12)), answer(command, 101 + n)))
    # Two hosts, the same port and the same number.
    net.port = 40100
    one = net.connect(HMI, PLC, 5562)
    net.port = 40100
    two = net.connect(SERVER, PLC, 5562)
    one.ask(ask(0x1002, 1, b"\1\0"))
    two.ask(ask(0x1001, 1, b"\1\0"))
    two.ask(ask(0x1002, 1, b"\1\0"))
    one.answer(answer(0x1002, 1))
    two.answer(answer(0x1002, 1))
    # Asked of everybody; one of the two is answered, to everybody as well.
    everybody = Host("255.255.255.255", "ff:ff:ff:ff:ff:ff")
    net.datagram(HMI, everybody, 49277, 5560, ask(0x1002, 11, b"\1\0"))
    net.datagram(PLC, everybody, 5560, 49277, answer(0x1002, 11))
    net.datagram(HMI, everybody, 49277, 5560, ask(0x1006, 12, b"\1\0"))
