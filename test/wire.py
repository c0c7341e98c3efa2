"""Frames byte by byte: captures in and out, the layers below a message, and TCP connections.

Used by the builder of golden captures and by the invariance test.  Nothing but the standard library,
and nothing random: the same call writes the same bytes.
"""
import gzip
import struct
import zlib

ETHERNET, RAW, SLL, SLL2 = 1, 101, 113, 276
SYN, FIN, RST, PSH, ACK = 0x02, 0x01, 0x04, 0x08, 0x10
START_NS = 1_700_000_000_000_000_000  # 2023-11-14: any fixed day will do


# --- capture files ------------------------------------------------------------------------------

def read_pcap(data):
    """(time in ns, link type, bytes, size on the wire) of each frame of a classic pcap file."""
    order = "<" if data[0] in (0xd4, 0x4d) else ">"
    nano = data[:4] in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d")
    link, at = struct.unpack_from(order + "I", data, 20)[0] & 0xffff, 24
    while at + 16 <= len(data):
        seconds, part, size, wire = struct.unpack_from(order + "IIII", data, at)
        if at + 16 + size > len(data):
            return
        yield seconds * 10**9 + part * (1 if nano else 1000), link, data[at + 16:at + 16 + size], wire
        at += 16 + size


def resolution_ns(options, order):
    """How many nanoseconds a unit of a pcapng interface's time is, as (numerator, denominator)."""
    at = 0
    while at + 4 <= len(options):
        code, size = struct.unpack_from(order + "HH", options, at)
        if code == 0:
            break
        if code == 9:  # if_tsresol
            power = options[at + 4]
            return (10**9, 2**(power & 0x7f)) if power & 0x80 else (10**9, 10**power)
        at += 4 + (size + 3) // 4 * 4
    return 1000, 1


def read_pcapng(data):
    order, interfaces, at = "<", [], 0
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order, interfaces = "<" if data[at + 8] == 0x4d else ">", []
        kind, size = struct.unpack_from(order + "II", data, at)
        if size < 12 or at + size > len(data):
            return
        if kind == 1:
            link, _, snap = struct.unpack_from(order + "HHI", data, at + 8)
            interfaces.append((link, *resolution_ns(data[at + 16:at + size - 4], order), snap))
        elif kind == 6:
            number, high, low, captured, wire = struct.unpack_from(order + "IIIII", data, at + 8)
            link, up, down, _ = interfaces[number]
            yield (high << 32 | low) * up // down, link, data[at + 28:at + 28 + captured], wire
        elif kind == 3:
            link, _, _, snap = interfaces[0]
            wire = struct.unpack_from(order + "I", data, at + 8)[0]
            captured = min(wire, size - 16, snap or wire)
            yield 0, link, data[at + 12:at + 12 + captured], wire
        at += size


def read_capture(path):
    """The frames of a capture, or None for a format that is not read here."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = zlib.decompressobj(31).decompress(data)
    if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        return list(read_pcap(data))
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        return list(read_pcapng(data))
    return None


def pcap_bytes(frames, order="<", nano=True):
    """Frames of one link type, as read_capture gives them, in the classic format."""
    link = frames[0][1] if frames else ETHERNET
    whole = [struct.pack(order + "IHHiIII", 0xa1b23c4d if nano else 0xa1b2c3d4, 2, 4, 0, 0, 262144, link)]
    for at, _, frame, wire in frames:
        part = at % 10**9 // (1 if nano else 1000)
        whole += [struct.pack(order + "IIII", at // 10**9, part, len(frame), wire), frame]
    return b"".join(whole)


def pcapng_bytes(frames, order="<"):
    """The same as pcapng, with one interface for each link type and times in nanoseconds."""
    def block(kind, body):
        body += bytes(-len(body) % 4)
        size = struct.pack(order + "I", len(body) + 12)
        return struct.pack(order + "I", kind) + size + body + size

    links = sorted({link for _, link, _, _ in frames} or {ETHERNET})
    whole = [block(0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))]
    for link in links:
        whole.append(block(1, struct.pack(order + "HHIHHB3xHH", link, 0, 262144, 9, 1, 9, 0, 0)))
    for at, link, frame, wire in frames:
        whole.append(block(6, struct.pack(order + "IIIII", links.index(link), at >> 32, at & 0xffffffff,
                                          len(frame), wire) + frame))
    return b"".join(whole)


def gzip_bytes(data):
    return gzip.compress(data, 6, mtime=0)


# --- layers -------------------------------------------------------------------------------------

def checksum(data):
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def ip4(text):
    return bytes(int(part) for part in text.split("."))


def ip6(text):
    head, _, tail = text.partition("::")
    left = [int(w, 16) for w in head.split(":") if w]
    right = [int(w, 16) for w in tail.split(":") if w]
    return struct.pack(">8H", *left, *[0] * (8 - len(left) - len(right)), *right)


def address(text):
    return ip6(text) if ":" in text else ip4(text)


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def ethernet(src, dst, kind, payload):
    return dst + src + struct.pack(">H", kind) + payload


def internet(src, dst, protocol, payload, ttl=64):
    """IPv4 or IPv6, by the length of the addresses, with its ethertype in front of it: (type, packet)."""
    if len(src) == 16:
        return 0x86dd, struct.pack(">IHBB", 6 << 28, len(payload), protocol, ttl) + src + dst + payload
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, 0x4000, ttl, protocol, 0) + src + dst
    return 0x0800, head[:10] + struct.pack(">H", checksum(head)) + head[12:] + payload


def with_checksum(src, dst, protocol, segment, at):
    pseudo = src + dst + struct.pack(">IHBB", len(segment), 0, 0, protocol)
    value = checksum(pseudo + segment)
    return segment[:at] + struct.pack(">H", value or (0xffff if protocol == 17 else 0)) + segment[at + 2:]


def tcp(src, dst, sport, dport, seq, ack, flags, payload=b""):
    head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xffffffff, ack & 0xffffffff, 5 << 4, flags, 65535, 0, 0)
    return internet(src, dst, 6, with_checksum(src, dst, 6, head + payload, 16))


def udp(src, dst, sport, dport, payload):
    head = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0)
    return internet(src, dst, 17, with_checksum(src, dst, 17, head + payload, 6))


# --- taking frames apart --------------------------------------------------------------------------

class Place:
    """Where the outermost internet packet of a frame lies."""

    def __init__(self, network, version, protocol, transport, end, fragment):
        self.network, self.version, self.protocol = network, version, protocol
        self.transport, self.end, self.fragment = transport, end, fragment


def place_of(link, frame):
    """The Place of a frame's packet, or None where there is none."""
    if link == ETHERNET:
        if len(frame) < 14:
            return None
        kind, at = struct.unpack_from(">H", frame, 12)[0], 14
        while kind in (0x8100, 0x88a8, 0x9100) and at + 4 <= len(frame):
            kind, at = struct.unpack_from(">H", frame, at + 2)[0], at + 4
    elif link in (RAW, 228, 229) and frame:
        kind, at = {4: 0x0800, 6: 0x86dd}.get(frame[0] >> 4, 0), 0
    elif link == SLL and len(frame) >= 16:
        kind, at = struct.unpack_from(">H", frame, 14)[0], 16
    elif link == SLL2 and len(frame) >= 20:
        kind, at = struct.unpack_from(">H", frame, 0)[0], 20
    else:
        return None
    if kind == 0x0800 and len(frame) >= at + 20:
        total = struct.unpack_from(">H", frame, at + 2)[0]
        fragment = bool(struct.unpack_from(">H", frame, at + 6)[0] & 0x3fff)
        end = min(at + total, len(frame)) if total else len(frame)
        return Place(at, 4, frame[at + 9], at + (frame[at] & 15) * 4, end, fragment)
    if kind == 0x86dd and len(frame) >= at + 40:
        size = struct.unpack_from(">H", frame, at + 4)[0]
        end = min(at + 40 + size, len(frame)) if size else len(frame)
        return Place(at, 6, frame[at + 6], at + 40, end, False)
    return None


# --- a network with hosts on it -----------------------------------------------------------------

class Net:
    """Frames in the order in which they are sent, 10 ms apart unless told otherwise."""

    def __init__(self, step_ms=10):
        self.frames, self.at, self.step, self.port = [], START_NS, step_ms * 1_000_000, 40000

    def frame(self, frame):
        self.frames.append((self.at, ETHERNET, frame, len(frame)))
        self.at += self.step

    def wait(self, seconds):
        self.at += int(seconds * 10**9)

    def send(self, a, b, packet):
        kind, body = packet
        self.frame(ethernet(a.mac, b.mac, kind, body))

    def datagram(self, a, b, sport, dport, payload, to=None):
        """`to`: (MAC, address) of a group, instead of b's own."""
        hardware, internet_address = to or (b.mac, b.ip)
        kind, body = udp(a.ip, internet_address, sport, dport, payload)
        self.frame(ethernet(a.mac, hardware, kind, body))

    def connect(self, client, server, port, opened=True):
        self.port += 1
        return Connection(self, client, server, self.port, port, opened)

    def bytes(self):
        return pcap_bytes(self.frames, nano=False)


class Host:
    def __init__(self, ip, hardware):
        self.ip, self.mac = address(ip), mac(hardware)


class Connection:
    """A TCP connection in which both sides speak; `opened` False: the capture began later."""

    def __init__(self, net, client, server, sport, dport, opened):
        self.net, self.ends, self.ports = net, (client, server), (sport, dport)
        self.next = [1000 * sport, 2000 * sport]
        if opened:
            self.segment(0, SYN)
            self.next[0] += 1
            self.segment(1, SYN | ACK)
            self.next[1] += 1
            self.segment(0, ACK)

    def segment(self, side, flags, payload=b""):
        a, b = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if flags & ACK else 0
        self.net.send(a, b, tcp(a.ip, b.ip, self.ports[side], self.ports[1 - side], self.next[side], ack,
                                flags, payload))

    def say(self, side, payload, most=1400):
        for at in range(0, len(payload), most):
            part = payload[at:at + most]
            self.segment(side, ACK | (PSH if at + most >= len(payload) else 0), part)
            self.next[side] += len(part)

    def ask(self, payload):
        self.say(0, payload)

    def answer(self, payload):
        self.say(1, payload)

    def talk(self, *pairs):
        for question, reply in pairs:
            self.ask(question)
            if reply:
                self.answer(reply)

    def close(self):
        self.segment(0, FIN | ACK)
        self.next[0] += 1
        self.segment(1, FIN | ACK)
        self.next[1] += 1
        self.segment(0, ACK)
