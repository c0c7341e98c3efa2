"""PROFINET right on Ethernet, IEC 61158-6-10: what no capture at hand shows, and a piece of everything."""
import struct

from protocols import HMI, PLC, PROTOCOLS
from wire import Host, ethernet, mac

DEVICE = Host("10.9.1.40", "28:63:36:09:01:40")
ALL, HELLO_GROUP = mac("01:0e:cf:00:00:00"), mac("01:0e:cf:00:00:01")
GET, SET, IDENTIFY, HELLO = 3, 4, 5, 6
REQUEST, SUCCESS, UNSUPPORTED = 0, 1, 5


def capture(function):
    PROTOCOLS["profinet_" + function.__name__] = function
    return function


def block(option, suboption, value=b"", before=None):
    body = (b"" if before is None else struct.pack(">H", before)) + value
    return struct.pack(">BBH", option, suboption, len(body)) + body + b"\0" * (len(body) & 1)


def send(net, src, dst, frame_id, body, vlan=False):
    payload = struct.pack(">H", frame_id) + body
    kind = 0x8892
    if vlan:  # priority 6, VLAN 0, as RT frames are sent
        payload, kind = struct.pack(">HH", 0xc000, kind) + payload, 0x8100
    net.frame(ethernet(src.mac, dst if isinstance(dst, bytes) else dst.mac, kind, payload.ljust(46, b"\0")))


def dcp(net, src, dst, frame_id, service, kind, xid, blocks, delay=0):
    head = struct.pack(">BBIHH", service, kind, xid, delay, len(blocks))
    send(net, src, dst, frame_id, head + blocks)


@capture
def dcp_services(net):
    """Who is there, who are you, be called so, live there, blink, forget everything; and refusals."""
    about = (block(2, 1, b"ET200SP", 0) + block(2, 2, b"filler-7", 0) + block(2, 3, b"\x00\x2a\x03\x13", 0) +
             block(2, 4, b"\x01\x00", 0) + block(2, 5, bytes([1, 2, 2, 2, 5, 3, 255, 255]), 0) +
             block(2, 7, b"\x00\x64", 0) + block(2, 8, b"\x00\xb0\x00\x09", 0) +
             block(1, 2, bytes([10, 9, 1, 40, 255, 255, 255, 0, 10, 9, 1, 1]), 1))
    dcp(net, HMI, ALL, 0xfefe, IDENTIFY, REQUEST, 0x0100_0001, block(255, 255), 1)
    dcp(net, DEVICE, HMI, 0xfeff, IDENTIFY, SUCCESS, 0x0100_0001, about)
    dcp(net, PLC, HMI, 0xfeff, IDENTIFY, SUCCESS, 0x0100_0001,
        block(2, 1, b"S7-1500", 0) + block(2, 2, b"press-1", 0) + block(2, 4, b"\x02\x00", 0) +
        block(1, 3, bytes([10, 9, 1, 10, 255, 255, 255, 0, 10, 9, 1, 1] + [10, 9, 9, 53] * 4), 2))
    dcp(net, HMI, ALL, 0xfefe, IDENTIFY, REQUEST, 0x0100_0002, block(2, 6, b"port-001.switch-2"), 1)
    dcp(net, HMI, DEVICE, 0xfefd, GET, REQUEST, 0x0100_0003, bytes([2, 2, 1, 2, 1, 1, 0x90, 1]))
    dcp(net, DEVICE, HMI, 0xfefd, GET, SUCCESS, 0x0100_0003,
        block(2, 2, b"filler-7", 0) + block(1, 2, bytes(12), 0) + block(1, 1, DEVICE.mac, 0) +
        block(5, 4, bytes([0x90, 1, 1])))
    start, end = block(5, 1, b"", 0), block(5, 2, b"", 0)
    done = block(5, 4, bytes([5, 1, 0])) + block(5, 4, bytes([5, 2, 0]))
    sets = [
        (block(2, 2, b"filler-8", 1), block(5, 4, bytes([2, 2, 0]))),
        (block(1, 2, bytes([10, 9, 1, 41, 255, 255, 255, 0, 10, 9, 1, 1]), 0), block(5, 4, bytes([1, 2, 6]))),
        (start + block(2, 2, b"a", 0) + block(1, 2, bytes(12), 0) + end,
         done + block(5, 4, bytes([2, 2, 0])) + block(5, 4, bytes([1, 2, 0]))),
        (block(5, 3, b"\x01\x00", 0), block(5, 4, bytes([5, 3, 0]))),
        (block(3, 61, b"\x00", 1), block(5, 4, bytes([3, 61, 2]))),
        (block(0x80, 7, b"\x01\x02\x03", 1), block(5, 4, bytes([0x80, 7, 0]))),
        (block(5, 3, b"\x01\x00", 0) + block(5, 6, b"", 0x12), block(5, 4, bytes([5, 6, 0]))),
        (block(5, 5, b"", 0), block(5, 4, bytes([5, 5, 5]))),
    ]
    for n, (blocks, answer) in enumerate(sets):
        dcp(net, HMI, DEVICE, 0xfefd, SET, REQUEST, 0x0200_0000 + n, blocks)
        dcp(net, DEVICE, HMI, 0xfefd, SET, SUCCESS, 0x0200_0000 + n, answer)
    dcp(net, HMI, DEVICE, 0xfefd, SET, REQUEST, 0x0300_0000, block(2, 2, b"", 1))
    dcp(net, DEVICE, HMI, 0xfefd, SET, UNSUPPORTED, 0x0300_0000, b"")
    dcp(net, DEVICE, HELLO_GROUP, 0xfefc, HELLO, REQUEST, 1, about + block(6, 1, b"\x00\x01", 0))
    # An answer whose sum of Xid and asker is that of a question somebody else asked.
    keys = [int.from_bytes(h.mac[3:], "big") * 2654435761 & 0xffff_ffff for h in (HMI, PLC)]
    dcp(net, HMI, DEVICE, 0xfefd, SET, REQUEST, 0x0300_0001, block(5, 5, b"", 0))
    dcp(net, DEVICE, PLC, 0xfefd, SET, SUCCESS, 0x0300_0001 ^ keys[0] ^ keys[1], block(5, 4, bytes([5, 5, 0])))
    dcp(net, DEVICE, HMI, 0xfefd, SET, SUCCESS, 0x0300_0001, block(5, 4, bytes([5, 5, 0])))
    # Who answers what nobody asked, a service nobody knows, and a block that reaches too far.
    dcp(net, DEVICE, HMI, 0xfefd, SET, SUCCESS, 0x0400_0000, block(5, 4, bytes([1, 2, 0])))
    dcp(net, HMI, DEVICE, 0xfefd, 9, REQUEST, 0x0400_0001, block(2, 2, b"x"))
    dcp(net, HMI, DEVICE, 0xfefd, SET, REQUEST, 0x0400_0002, struct.pack(">BBHH", 2, 2, 90, 1) + b"name")


def status(data_status, cycle, transfer=0):
    return struct.pack(">HBB", cycle, data_status, transfer)


@capture
def cyclic(net):
    """First frame, stop, no data, backup, a minute later; class 3 and clock frames."""
    for n, state in enumerate([0x35] * 5 + [0x25] * 3 + [0x31, 0x15, 0x34] + [0x35] * 4):
        send(net, PLC, DEVICE, 0x8000, bytes(40) + status(state, 64 * n), vlan=n > 7)
        send(net, DEVICE, PLC, 0x8001, bytes(40) + status(0x35, 64 * n, n == 9))
    net.wait(61)
    for n in range(3):
        send(net, PLC, DEVICE, 0x8000, bytes(40) + status(0x35, 64 * n))
        send(net, PLC, DEVICE, 0x0100, bytes(60) + status(0x35, 64 * n))
        send(net, PLC, mac("01:0e:cf:00:05:00"), 0xf800, bytes(60) + status(0x35, 64 * n))
    for frame_id in (0x0020, 0x0080, 0xff00, 0xff20, 0xff40, 0xff41, 0xff43, 0xff80, 0xfe02):
        for _ in range(2):
            send(net, PLC, mac("01:80:c2:00:00:0e"), frame_id, bytes(40))


def rta(kind, sequence, acknowledged, part=b"", window=1, at_once=1):
    return struct.pack(">HHBBHHH", 2, 1, 0x10 | kind, at_once << 4 | window, sequence, acknowledged, len(part)) + part


@capture
def alarms(net):
    """A wire breaks in slot 3 and is mended, a process alarm, refusals, and the end of a relation."""
    def notice(block_type, alarm_type, specifier, data=b""):
        body = struct.pack(">HIHHIIH", alarm_type, 0, 3, 1, 0x4711, 0x0815, specifier) + data
        return struct.pack(">HHBB", block_type, len(body) + 2, 1, 0) + body

    def acknowledge(block_type, alarm_type, specifier, answer=bytes(4)):
        body = struct.pack(">HIHHH", alarm_type, 0, 3, 1, specifier) + answer
        return struct.pack(">HHBB", block_type, len(body) + 2, 1, 0) + body

    diagnosis = struct.pack(">HHHH", 0x8000, 5, 0x0800, 6)
    send(net, DEVICE, PLC, 0xfe01, rta(1, 0, 0xffff, notice(2, 1, 0xa800, diagnosis)))
    send(net, PLC, DEVICE, 0xfe01, rta(3, 0xffff, 0, at_once=0))
    send(net, PLC, DEVICE, 0xfe01, rta(1, 0, 0, acknowledge(0x8002, 1, 0xa800)))
    send(net, DEVICE, PLC, 0xfe01, rta(1, 1, 0, notice(2, 0xc, 0x0001, diagnosis)))
    send(net, PLC, DEVICE, 0xfe01, rta(1, 1, 1, acknowledge(0x8002, 0xc, 0x0001, bytes([0xda, 0x81, 0x3c, 3]))))
    send(net, DEVICE, PLC, 0xfc01, rta(1, 0, 0xffff, notice(1, 2, 0x0002, bytes([0, 5, 1, 2, 3]))))
    send(net, PLC, DEVICE, 0xfc01, rta(2, 0xffff, 0))
    send(net, DEVICE, PLC, 0xfe01, rta(1, 2, 1, notice(2, 3, 3)[:-4]))  # shorter than it says
    send(net, DEVICE, PLC, 0xfe01, rta(4, 0xfffe, 0xfffe, bytes([0xcf, 0x81, 0xfd, 5])))
    send(net, DEVICE, PLC, 0xfe01, rta(7, 0, 0))
