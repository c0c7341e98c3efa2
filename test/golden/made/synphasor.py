"""IEEE C37.118.2, built from its tables: every frame, every number format, what has no value, and refusals."""
import math
import struct

from protocols import HMI, PLC, capture, points, who

SOC, STREAM = 1795349730, 77


def crc(data):
    total = 0xffff
    for byte in data:
        total ^= byte << 8
        for _ in range(8):
            total = (total << 1 ^ 0x1021 if total & 0x8000 else total << 1) & 0xffff
    return total


def frame(kind, body=b"", version=1, stream=STREAM, fraction=0, quality=0):
    head = struct.pack(">BBHHII", 0xaa, kind << 4 | version, 16 + len(body), stream, SOC, quality << 24 | fraction)
    return head + body + struct.pack(">H", crc(head + body))


def command(code, more=b"", stream=STREAM):
    return frame(4, struct.pack(">H", code) + more, stream=stream)


def padded(text):
    return text.encode().ljust(16)


def pmu(name, number, form, phasors, analogs, words, fifty=True):
    """A block of configuration 1 and 2: phasors are (name, current, factor), analogs (name, factor)."""
    block = padded(name) + struct.pack(">HHHHH", number, form, len(phasors), len(analogs), len(words))
    block += b"".join(padded(p[0]) for p in phasors) + b"".join(padded(a[0]) for a in analogs)
    block += b"".join(padded(label) for word in words for label in word[0])
    block += b"".join(struct.pack(">I", p[1] << 24 | p[2]) for p in phasors)
    block += b"".join(struct.pack(">I", a[1] & 0xffffff) for a in analogs)
    block += b"".join(struct.pack(">HH", 0, word[1]) for word in words)
    return block + struct.pack(">HH", fifty, 3)


def config(kind, pmus, rate=50):
    return frame(kind, struct.pack(">IH", 1000000, len(pmus)) + b"".join(pmus) + struct.pack(">h", rate))


def ask_config(link, code, answer):
    link.talk((command(code), answer))


@capture
def synphasor_formats(net):
    """Phasors polar and rectangular, in integers and in floats; analogs, frequencies, digital words; no value."""
    link = net.connect(HMI, PLC, 4712)
    link.talk((command(3), frame(1, b"Line 4, bay 2. Transducers of class 0.2")))
    labels = ["BREAKER", "EARTH"] + [""] * 14
    for form in range(16):
        block = pmu("NORTH", 7, form, [("VA", 0, 915527), ("IA", 1, 45776)], [("FLOW", -3)], [(labels, 0x0007)])
        ask_config(link, 5, config(3, [block]))
        polar, floats = form & 1, form & 2
        if floats:
            phasors = struct.pack(">ffff", *((132000, 0.5, 400, -1) if polar else (3, 4, -3, 4)))
        else:
            phasors = struct.pack(">HhHh", 14416, 5000, 800, -10000) if polar else struct.pack(">hhhh", 3, 4, -3, 4)
        numbers = struct.pack(">ff", 49.98, -0.25) if form & 8 else struct.pack(">hh", -20, -25)
        number = struct.pack(">f", 12.5) if form & 4 else struct.pack(">h", 100)
        link.talk((command(2), frame(0, struct.pack(">H", 0x2c75) + phasors + numbers + number + b"\0\5",
                                     fraction=20000, quality=0x55)))
    nothing = struct.pack(">H", 0) + struct.pack(">HHHH", 0x8000, 0x8000, 5, 0x8000)
    block = pmu("NORTH", 7, 0, [("VA", 0, 915527), ("IA", 1, 45776)], [("FLOW", 1)], [(labels, 3)], fifty=False)
    ask_config(link, 5, config(3, [block]))
    link.answer(frame(0, nothing + struct.pack(">HHHH", 0x8000, 0x8000, 0x8000, 0)))
    for error in (0x4000, 0x8000, 0xc000):  # no values behind these
        link.answer(frame(0, struct.pack(">H", error) + bytes(16)))
    nan = struct.pack(">f", math.nan)
    ask_config(link, 5, config(3, [pmu("NORTH", 7, 15, [("VA", 0, 1)], [], [])]))
    link.answer(frame(0, b"\0\0" + nan * 4))
    link.answer(frame(0, b"\0\0" + nan * 5))  # not as long as the configuration says
    link.ask(command(1))


@who
def synphasor_concentrator(net):
    """Two PMUs in one stream, configuration 1 beside 2, version 2; and a stream that nobody told about."""
    link = net.connect(HMI, PLC, 4712)
    blocks = [pmu("EAST", 8, 3, [("VA", 0, 1)], [], []), pmu("WEST", 9, 8, [("IB", 1, 100000)], [], [], fifty=False)]
    ask_config(link, 4, config(2, blocks, rate=-2))
    part = struct.pack(">HffhhHhhff", 0, 230, 0.25, 10, 0, 0x0810, 3, 4, 60.01, 0)
    link.answer(frame(0, part, version=2))
    ask_config(link, 5, config(3, blocks, rate=-2))
    link.answer(frame(0, part, version=2))
    link.answer(frame(0, part, version=2, stream=5))


@points
def synphasor_units(net):
    """What each kind of channel is measured in; and what is no number."""
    link = net.connect(HMI, PLC, 4712)
    labels = ["BREAKER"] + [""] * 15
    block = pmu("NORTH", 7, 15, [("VA", 0, 1), ("IA", 1, 1)], [("FLOW", 1)], [(labels, 0x0001)])
    ask_config(link, 5, config(3, [block]))
    for v in (1, math.inf, -math.inf, math.nan):
        link.answer(frame(0, b"\0\0" + struct.pack(">fffffffH", v, v, 400, v, v, v, v, 1)))


@capture
def synphasor_third(net):
    """Configuration 3: names of any length, scales in floats, a place; then in parts."""
    def name(text):
        return bytes([len(text)]) + text.encode()

    link = net.connect(HMI, PLC, 4712)
    block = name("SOUTH SUBSTATION") + struct.pack(">H", 10) + bytes(range(16)) + struct.pack(">HHHH", 1, 1, 1, 1)
    block += name("Voltage L1") + name("Flow") + b"".join(name(f"D{n}") for n in range(16))
    block += struct.pack(">HBBff", 0, 0x00, 0, 2.5, 0.5) + struct.pack(">ff", 0.5, 10)
    block += struct.pack(">HH", 0, 1) + struct.pack(">fff", 48.13743, 11.57549, 519) + b"M"
    block += struct.pack(">IIHH", 40000, 20000, 1, 12)
    body = struct.pack(">IH", 1000000, 1) + block + struct.pack(">h", 25)
    link.talk((command(6), frame(5, b"\0\0" + body, version=2)))
    link.answer(frame(0, struct.pack(">HHhhhhH", 0, 1000, 15000, 0, 0, 7, 1), version=2))
    link.talk((command(6), frame(5, b"\0\1" + body[:40], version=2)))
    link.answer(frame(5, b"\xff\xff" + body[40:], version=2))


@capture
def synphasor_commands(net):
    """Commands for the user, reserved ones, an extended frame; over UDP, several frames in a datagram; malformed."""
    link = net.connect(HMI, PLC, 4712)
    for code in (2, 1, 8, 0x100, 0xfff, 7, 0x1000, 0):
        link.ask(command(code, b"set" if code == 8 else b""))
    broken = bytearray(command(2))
    broken[-1] ^= 1
    link.ask(bytes(broken))
    link.ask(command(5)[:9])
    link.ask(command(5)[9:])
    link.answer(frame(3, struct.pack(">IH", 1000000, 9) + padded("LIES")))
    block = pmu("SOUTH", 11, 8, [], [], [], fifty=True)
    net.datagram(HMI, PLC, 4713, 4713, command(5))
    net.datagram(PLC, HMI, 4713, 4713, config(3, [block]) + frame(0, struct.pack(">Hff", 0, 50.25, 0)))
