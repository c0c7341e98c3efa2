"""Detections of what comes too often, of tunnels, and of devices in trouble, each with a capture that fires it and one
that comes close: see detections.py."""
import struct

from detections import HMI, OTHER, PLC, PUBLIC, ROUTER, claim, close, dnp3, fires, knock, modbus, s7
from detections_windows import FILES, GOOSE, publish
from windows_wire import Smb2
from wire import SYN, checksum, internet, tcp


def again(net, times, seconds, function):
    for _ in range(times):
        function()
        net.wait(seconds)


@fires("ot.stops-often")
def _(net):
    again(net, 20, 60, s7(net).stop)


@close("ot.stops-often")
def _(net):
    again(net, 19, 60, s7(net).stop)


def restart(net, times, seconds):
    talk = dnp3(net)
    again(net, times, seconds, lambda: talk.talk(13, answer=bytes([52, 2, 7, 1, 0x10, 0x27])))


@fires("ot.restarts-often")
def _(net):
    restart(net, 2, 300)


@close("ot.restarts-often")
def _(net):
    restart(net, 2, 601)


@fires("ot.restarts-many")
def _(net):
    restart(net, 10, 300)


@close("ot.restarts-many")
def _(net):
    restart(net, 9, 300)


def log_in(net, times):
    for _ in range(times):
        c = net.connect(HMI, FILES, 21)
        c.answer(b"220 ready\r\n")
        c.talk((b"USER clerk\r\n", b"331 password\r\n"), (b"PASS 8GhyQ2\r\n", b"230 in\r\n"))


@fires("net.logins-often")
def _(net):
    log_in(net, 20)


@close("net.logins-often")
def _(net):
    log_in(net, 19)


def log_in_by_smb(net, times):
    again(net, times, 30, lambda: Smb2(net.connect(OTHER, FILES, 445)).log_in())


@fires("net.smb-logins-often")
def _(net):
    log_in_by_smb(net, 10)


@close("net.smb-logins-often")
def _(net):
    log_in_by_smb(net, 9)


def open_connections(net, times):
    again(net, times, 0.1, lambda: net.connect(OTHER, FILES, 80))


@fires("net.sessions-often")
def _(net):
    open_connections(net, 50)


@close("net.sessions-often")
def _(net):
    open_connections(net, 49)


def flood(net, times):
    net.step = 1_000_000
    for n in range(times):
        net.send(OTHER, FILES, tcp(OTHER.ip, FILES.ip, 10000 + n, 80, 1, 0, SYN))


@fires("net.dos")
def _(net):
    flood(net, 3000)


@close("net.dos")
def _(net):
    flood(net, 2999)


def ping(net, number, content):
    """An echo and its answer: RFC 792."""
    for a, b, kind in ((OTHER, FILES, 8), (FILES, OTHER, 0)):
        body = struct.pack(">BBHHH", kind, 0, 0, 7, number) + content
        body = body[:2] + struct.pack(">H", checksum(body)) + body[4:]
        net.send(a, b, internet(a.ip, b.ip, 1, body))


USUAL = bytes(16) + bytes(range(16, 56))


@fires("net.icmp-flood")
def _(net):
    for n in range(61):
        ping(net, n, USUAL)


@close("net.icmp-flood")
def _(net):
    # Somebody left a ping running.
    for n in range(200):
        ping(net, n, USUAL)
        net.wait(0.98)


def carry(n, size=48):
    return bytes(16) + bytes((n * 7 + k * 11) % 251 for k in range(size))


@fires("net.icmp-tunnel")
def _(net):
    for n in range(10):
        ping(net, n, carry(n))
        net.wait(2)


@close("net.icmp-tunnel")
def _(net):
    # The time in front is another each time, what follows is not.
    for n in range(30):
        ping(net, n, struct.pack(">QQ", n, n * n) + bytes(range(40)))
        net.wait(2)


def ask_name(net, number, name, found):
    question = b"".join(bytes([len(part)]) + part for part in name.split(b".")) + b"\0" + struct.pack(">HH", 1, 1)
    head = (struct.pack(">HHHHHH", number, 0x100, 1, 0, 0, 0), struct.pack(">HHHHHH", number, 0x8180 if found else 0x8183, 1,
                                                                           1 if found else 0, 0, 0))
    answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + bytes([10, 9, 2, 30]) if found else b""
    net.datagram(HMI, FILES, 50001, 53, head[0] + question)
    net.datagram(FILES, HMI, 53, 50001, head[1] + question + answer)


@fires("net.names-often")
def _(net):
    for n in range(25):
        ask_name(net, n, b"host%d.plant" % n, False)


@close("net.names-often")
def _(net):
    # One that is not there, asked again and again; others that are.
    for n in range(25):
        ask_name(net, n, b"wpad.plant", False)
        ask_name(net, n, b"host%d.plant" % n, True)


def carry_in_names(net, times, label):
    for n in range(times):
        ask_name(net, n, label(n) + b".c.tunnel.example", True)


@fires("net.dns-tunnel")
def _(net):
    carry_in_names(net, 20, lambda n: b"%060x" % (n * 0x9e3779b97f4a7c15 << 100))


@close("net.dns-tunnel")
def _(net):
    # As long, and the same few again and again.
    carry_in_names(net, 60, lambda n: b"%060x" % (n % 5 * 0x9e3779b97f4a7c15 << 100))


def call_home(net, gaps):
    claim(net, ROUTER, ROUTER.ip)
    for gap in gaps:
        net.connect(OTHER, PUBLIC, 443)
        net.wait(gap)


@fires("net.beacon")
def _(net):
    call_home(net, [60 + n % 3 for n in range(12)])


@close("net.beacon")
def _(net):
    # As often, whenever somebody reads a page.
    call_home(net, [20 + 37 * n % 90 for n in range(24)])


@fires("net.unresponsive")
def _(net):
    again(net, 9, 30, lambda: (setattr(net, "port", net.port + 1), knock(net, HMI, PLC, net.port, 502)))


@close("net.unresponsive")
def _(net):
    # Refused for a while, then it is back.
    for n in range(14):
        net.port += 1
        knock(net, HMI, PLC, net.port, 502, answered=n == 7)
        net.wait(10)


def long_answer(net, size):
    """An item of data in CIP's encapsulation: ODVA volume 2, 2-3.1."""
    body = struct.pack("<IHHHHHH", 0, 0, 2, 0, 0, 0xb2, size) + bytes([0xcc, 0, 0, 0]) + bytes(size - 4)
    c = net.connect(HMI, PLC, 44818)
    ask = struct.pack("<IHHHHHH", 0, 0, 2, 0, 0, 0xb2, 6) + b"\x4c\2\x91\1T\0"
    c.talk((struct.pack("<HHIIQI", 0x6f, len(ask), 1, 0, 7, 0) + ask, struct.pack("<HHIIQI", 0x6f, len(body), 1, 0, 7, 0) + body))


@fires("ot.message-length")
def _(net):
    long_answer(net, 32800)


@close("ot.message-length")
def _(net):
    long_answer(net, 32000)


# --- devices in trouble -----------------------------------------------------------------------------

def indicate(net, *words):
    talk = dnp3(net)
    for word in words:
        talk.talk(1, bytes([60, 2, 6]), bytes([1, 1, 0, 0, 0, 1]), indications=word)


@fires("ot.device-trouble")
def _(net):
    indicate(net, 0x4000)


@close("ot.device-trouble")
def _(net):
    # Time wanted, some outputs by hand.
    indicate(net, 0x3000)


@fires("ot.config-corrupt")
def _(net):
    indicate(net, 0x0020)


@close("ot.config-corrupt")
def _(net):
    indicate(net, 0x0010)


@fires("ot.buffer-overflow")
def _(net):
    indicate(net, 0x0008)


@close("ot.buffer-overflow")
def _(net):
    indicate(net, 0x0004)


@fires("ot.device-restarted")
def _(net):
    indicate(net, 0, 0x8000, 0x8000, 0)


@close("ot.device-restarted")
def _(net):
    # It says so since before the capture began.
    indicate(net, 0x8000, 0x8000, 0)


def with_part(tag, content):
    return [(t, content if t == tag else c) for t, c in GOOSE]


@fires("ot.goose-commissioning")
def _(net):
    publish(net, with_part(0x89, b"\1"))


@close("ot.goose-commissioning")
def _(net):
    # A test is no lack.
    publish(net, with_part(0x87, b"\1"))


@fires("ot.data-set-changed")
def _(net):
    publish(net, GOOSE)
    publish(net, with_part(0x88, b"\2"))


@close("ot.data-set-changed")
def _(net):
    # Another state of the same; another control block.
    publish(net, GOOSE)
    publish(net, with_part(0x85, b"\2"))
    publish(net, [(t, b"IED1/LLN0$GO$gcb2" if t == 0x80 else b"\7" if t == 0x88 else c) for t, c in GOOSE])


@fires("net.strange-content")
def _(net):
    net.connect(OTHER, PLC, 502).talk((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))


@close("net.strange-content")
def _(net):
    modbus(net).read_holding(0, [1])
    net.connect(OTHER, PLC, 8502).talk((b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
