#!/usr/bin/env python3
"""The same packets told in another way give the same facts.

    invariance.py WEIR [--sample [--time SECONDS]] [--all] CAPTURE-OR-FOLDER...
                  exit 77 and "skipped" where there is no capture

Each capture is changed in memory and read again: other ports, other segments, packets swapped and
sent twice, another file format, another wrapping around the frames.  One line for each capture, or
for each change that it does not bear, with the first facts that differ.  Differences that are right are listed
in invariance.known, one "CAPTURE CHANGE REASON" a line; a row that nothing needs fails too.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import struct
import subprocess
import sys
import time

import wire

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = 77


# --- taking frames apart --------------------------------------------------------------------------

class Segment:
    """A TCP segment of a frame that was captured whole."""

    def __init__(self, link, frame, size):
        self.data = None
        place = wire.place_of(link, frame)
        if not place or place.protocol != 6 or place.fragment or size != len(frame) or \
                place.transport + 20 > place.end:
            return
        at = place.transport
        body = at + (frame[at + 12] >> 4) * 4
        if body > place.end:
            return
        a, b = (12, 16) if place.version == 4 else (8, 24)
        size = b - a
        n = place.network
        self.src = frame[n + a:n + a + size] + frame[at:at + 2]
        self.dst = frame[n + b:n + b + size] + frame[at + 2:at + 4]
        self.stream = (min(self.src, self.dst), max(self.src, self.dst))
        self.seq = struct.unpack_from(">I", frame, at + 4)[0]
        self.flags = frame[at + 13]
        self.place, self.frame, self.body = place, frame, body
        self.data = frame[body:place.end]

    def piece(self, start, end):
        """A frame with these bytes of the segment only."""
        n, at = self.place.network, self.place.transport
        head = bytearray(self.frame[:self.body])
        last = end == len(self.data)
        struct.pack_into(">I", head, at + 4, (self.seq + start) & 0xffffffff)
        if not last:
            head[at + 13] &= ~(wire.FIN | wire.PSH | wire.RST) & 0xff
        if self.place.version == 4:
            struct.pack_into(">H", head, n + 2, self.body - n + end - start)
        else:
            struct.pack_into(">H", head, n + 4, self.body - n - 40 + end - start)
        return bytes(head) + self.data[start:end]


def whole_streams(frames):
    """Streams whose beginning was captured and of which no byte is missing: elsewhere the starts of
    segments are the only hint where a message begins, and must stay."""
    expected, good, bad = {}, set(), set()
    for _, link, frame, size in frames:
        s = Segment(link, frame, size)
        if s.data is None:
            place = wire.place_of(link, frame)
            if place and place.protocol == 6:
                place_bad = Segment(link, frame, len(frame))
                if place_bad.data is not None:
                    bad.add(place_bad.stream)
            continue
        key = (s.stream, s.src)
        if s.flags & wire.SYN:
            # A second connection on the same ports may begin anywhere: left alone.
            if key in expected and expected[key] != s.seq + 1 + len(s.data) & 0xffffffff:
                bad.add(s.stream)
            expected[key] = (s.seq + 1) & 0xffffffff
            good.add(key)
            if s.data:
                bad.add(s.stream)
            continue
        if not s.data:
            continue
        if key not in expected:
            bad.add(s.stream)
            continue
        ahead = (s.seq + len(s.data) - expected[key] + 2**31) % 2**32 - 2**31
        gap = (s.seq - expected[key] + 2**31) % 2**32 - 2**31
        if gap != 0:
            bad.add(s.stream)  # a hole, or a retransmission whose bytes may differ
        if ahead > 0:
            expected[key] = (s.seq + len(s.data)) & 0xffffffff
    return {stream for stream, _ in good} - bad


# --- changes: frames in, frames out ---------------------------------------------------------------

def other_ports(frames):
    """Every port p becomes p xor 0x2b67: a bijection that leaves none where it was."""
    for at, link, frame, size in frames:
        place = wire.place_of(link, frame)
        if place and place.protocol in (6, 17) and place.transport + 4 <= len(frame):
            first = place.version == 6 or not struct.unpack_from(">H", frame, place.network + 6)[0] & 0x1fff
            if first:
                changed = bytearray(frame)
                a, b = struct.unpack_from(">HH", frame, place.transport)
                struct.pack_into(">HH", changed, place.transport, a ^ 0x2b67, b ^ 0x2b67)
                frame = bytes(changed)
        yield at, link, frame, size


def cut_by(next_size):
    def change(frames):
        streams = whole_streams(frames)
        for at, link, frame, size in frames:
            s = Segment(link, frame, size)
            if s.data is None or s.stream not in streams or len(s.data) < 2 or s.flags & wire.SYN:
                yield at, link, frame, size
                continue
            start = 0
            while start < len(s.data):
                end = min(start + next_size(), len(s.data))
                part = s.piece(start, end)
                yield at, link, part, len(part)
                start = end
    return change


def cut_randomly(frames):
    dice = random.Random(7)
    return cut_by(lambda: dice.choice((1, 2, 3, 5, 11, 40, 200, 1000)))(frames)


def swapped(frames):
    """Neighbours of one direction change places where nobody spoke in between, and some come twice.

    Cut first, so that there are neighbours."""
    frames = list(cut_by(lambda: 61)(frames))
    streams = whole_streams(frames)
    dice = random.Random(11)
    segments = [Segment(link, frame, size) for _, link, frame, size in frames]
    last = {}  # stream: index of its latest packet
    moved = set()
    order = list(range(len(frames)))
    for i, s in enumerate(segments):
        if s.data is None or s.stream not in streams:
            continue
        before = last.get(s.stream)
        last[s.stream] = i
        if before is None or before in moved:
            continue
        b = segments[before]
        plain = not (b.flags | s.flags) & (wire.SYN | wire.FIN | wire.RST)
        if plain and b.src == s.src and b.data and s.data and dice.random() < 0.4:
            order[before], order[i] = order[i], order[before]
            moved.update((before, i))
    for place, i in enumerate(order):
        at = frames[place][0]
        yield (at, *frames[i][1:])
        s = segments[i]
        if s.data and s.stream in streams and not s.flags & wire.SYN and dice.random() < 0.2:
            yield (at, *frames[i][1:])


# --- wrappings ------------------------------------------------------------------------------------

OUTER_SRC, OUTER_DST = wire.ip4("192.0.2.1"), wire.ip4("192.0.2.2")
OUTER_MACS = (wire.mac("02:00:00:00:00:01"), wire.mac("02:00:00:00:00:02"))


def tagged(*tags):
    def wrap(frame, size):
        middle = b"".join(struct.pack(">HH", kind, vlan) for kind, vlan in tags)
        return frame[:12] + middle + frame[12:], size + len(middle)
    return wrap


def in_internet(protocol, head):
    """Around the frame: Ethernet, IPv4, and what `head` makes of the frame's size on the wire."""
    def wrap(frame, size):
        inner = head(size)
        kind, packet = wire.internet(OUTER_SRC, OUTER_DST, protocol, inner)
        packet = packet[:2] + struct.pack(">H", len(packet) + size) + packet[4:]
        outer = wire.ethernet(*OUTER_MACS, kind, packet)
        return outer + frame, len(outer) + size
    return wrap


def in_udp(port, head):
    return in_internet(17, lambda size: struct.pack(">HHHH", 50000, port, 8 + len(head) + size, 0) + head)


def gre(kind, flags, rest):
    return in_internet(47, lambda size: struct.pack(">HH", flags, kind) + rest)


ERSPAN2 = struct.pack(">I", 1) + struct.pack(">HHI", 0x1000, 1, 0)
ERSPAN3 = struct.pack(">I", 1) + struct.pack(">HHIHH", 0x2000, 1, 0, 0, 0)
WRAPS = {
    "vlan": tagged((0x8100, 7)),
    "qinq": tagged((0x88a8, 100), (0x8100, 7)),
    "gre": gre(0x6558, 0, b""),
    "erspan1": gre(0x88be, 0, b""),
    "erspan2": gre(0x88be, 0x1000, ERSPAN2),
    "erspan3": gre(0x22eb, 0x1000, ERSPAN3),
    "vxlan": in_udp(4789, struct.pack(">II", 0x08000000, 77 << 8)),
    "geneve": in_udp(6081, struct.pack(">BBHI", 0, 0, 0x6558, 77 << 8)),
    "tzsp": in_udp(37008, bytes([1, 0, 0, 1, 1])),
}


def wrapped(wrap):
    def change(frames):
        for at, link, frame, size in frames:
            yield (at, link, *wrap(frame, size))
    return change


def cooked(second):
    """Linux cooked: who sent it stays, who should get it goes."""
    def change(frames):
        for at, _, frame, size in frames:
            kind, src = frame[12:14], frame[6:12] + bytes(2)
            group = 1 if frame[0] == 255 else 2 if frame[0] & 1 else 0
            if struct.unpack(">H", kind)[0] <= 1500:
                kind = b"\0\4"
            if second:
                head = kind + struct.pack(">HIHBB", 0, 1, 1, group, 6) + src
            else:
                head = struct.pack(">HHH", group, 1, 6) + src + kind
            link = wire.SLL2 if second else wire.SLL
            yield at, link, head + frame[14:], size - 14 + len(head)
    return change


def only_internet(frames):
    for f in frames:
        place = wire.place_of(f[1], f[2])
        if place:
            yield f


def raw(frames):
    for at, link, frame, size in frames:
        n = wire.place_of(link, frame).network
        yield at, wire.RAW, frame[n:], size - n


# --- facts and their comparison -------------------------------------------------------------------

def call(weir, verb, data, *more):
    done = subprocess.run([weir, verb, *more, "-"], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    if done.returncode < 0 or b"Sanitizer" in done.stderr:
        raise RuntimeError(f"weir died: {done.stderr.decode(errors='replace')[-2000:]}")
    return done.stdout


def facts(weir, frames):
    return [json.loads(line) for line in call(weir, "facts", wire.pcap_bytes(frames)).splitlines()]


def no_port(end):
    """Hardware addresses have six colons' worth of pairs and no port behind them."""
    if end.count(":") == 5 and "[" not in end:
        return end
    return end.rpartition(":")[0] if end.startswith("[") or end.count(":") == 1 else end


def by_stream(all_facts):
    """For changes of packets: frames and times may differ, the order within a stream may not."""
    streams = collections.defaultdict(list)
    for f in all_facts:
        f = {**f, "frame": 0, "time": "", "request": "request" in f}
        streams[f["src"] + " " + f["dst"]].append(json.dumps(f))
    return streams


def less_ports(all_facts):
    return [json.dumps({**f, "src": no_port(f["src"]), "dst": no_port(f["dst"])}) for f in all_facts]


def exactly(all_facts):
    return [json.dumps(f) for f in all_facts]


def less_hardware(all_facts):
    def known(end):
        return "" if end.count(":") == 5 and "[" not in end and "." not in end else end
    return [json.dumps({**f, "dst": known(f["dst"])}) for f in all_facts]


def less_frames(all_facts):
    return [json.dumps({**f, "frame": 0, "request": "request" in f}) for f in all_facts]


def difference(one, two):
    """The first thing that differs, or None."""
    if isinstance(one, dict):
        for key in sorted({*one, *two}):
            found = difference(one.get(key, []), two.get(key, []))
            if found:
                return f"{key}: {found}"
        return None
    if one == two:
        return None
    for n, (a, b) in enumerate(zip(one, two)):
        if a != b:
            return f"fact {n + 1} of {len(one)} and {len(two)}:\n    was {a[:600]}\n    is  {b[:600]}"
    more, word = (one, "was") if len(one) > len(two) else (two, "is ")
    return f"{len(one)} facts became {len(two)}:\n    {word} {more[min(len(one), len(two))][:600]}"


# change: (what the frames must be made of before, the change, how facts are compared)
CHANGES = {
    "ports": (None, other_ports, less_ports),
    "cut-1": (None, cut_by(lambda: 1), by_stream),
    "cut-7": (None, cut_by(lambda: 7), by_stream),
    "cut-random": (None, cut_randomly, by_stream),
    "swapped": (None, swapped, by_stream),
    **{name: (None, wrapped(wrap), exactly) for name, wrap in WRAPS.items()},
    "sll": (None, cooked(False), less_hardware),
    "sll2": (None, cooked(True), less_hardware),
    "raw": (only_internet, raw, exactly),
}
PACKED_ONLY_ETHERNET = {*WRAPS, "sll", "sll2"}


def formats(weir, frames):
    """(name, difference): every format gives the same bytes."""
    plain = wire.pcap_bytes(frames)
    first = call(weir, "facts", plain)
    swapped_order = wire.pcap_bytes(frames, order=">")
    others = {"pcapng": wire.pcapng_bytes(frames), "swapped-bytes": swapped_order,
              "pcapng-swapped": wire.pcapng_bytes(frames, order=">"), "gzip": wire.gzip_bytes(plain)}
    packed = subprocess.run(["zstd", "-q", "-c"], input=plain, stdout=subprocess.PIPE, check=False) \
        if any(os.path.exists(f"{d}/zstd") for d in os.environ["PATH"].split(":")) else None
    if packed:
        others["zstd"] = packed.stdout
    for name, data in others.items():
        yield name, difference(first.splitlines(), call(weir, "facts", data).splitlines()) and "other bytes"
    micro = [(at // 1000 * 1000, link, frame, size) for at, link, frame, size in frames]
    same = call(weir, "facts", wire.pcap_bytes(micro)) == call(weir, "facts", wire.pcap_bytes(micro, nano=False))
    yield "microseconds", None if same else "other bytes"


def check(weir, path):
    """(change, difference or None) for one capture; nothing for a capture that is not read here."""
    try:
        frames = wire.read_capture(path)
    except (OSError, ValueError, struct.error, IndexError, EOFError) as e:
        yield "read", f"cannot be read by the test: {e!r}"
        return
    if not frames:
        return
    links = {link for _, link, _, _ in frames}
    if len(links) > 1:
        return  # pcap holds one link type
    runs = [call(weir, "look", wire.pcap_bytes(frames), "--json") for _ in range(2)]
    yield "twice", None if runs[0] == runs[1] else "two runs differ"
    yield from formats(weir, frames)
    before = {None: facts(weir, frames)}
    for name, (need, change, view) in CHANGES.items():
        if name in PACKED_ONLY_ETHERNET and (links != {wire.ETHERNET} or min(len(f[2]) for f in frames) < 14 or
                                             max(f[3] for f in frames) > 65000):
            continue
        base = list(need(frames)) if need else frames
        if not base:
            continue
        if need not in before:
            before[need] = facts(weir, base)
        changed = list(change(base))
        if changed == base:
            continue
        yield name, difference(view(before[need]), view(facts(weir, changed)))


# --- what is run ----------------------------------------------------------------------------------

def captures_below(paths):
    for path in paths:
        if os.path.isfile(path):
            yield path
        for where, folders, names in os.walk(path):
            folders.sort()
            for name in sorted(names):
                if name.endswith((".pcap", ".pcapng", ".cap", ".gz", ".ntar")):
                    yield os.path.join(where, name)


def read_known():
    """{(capture, change): reason}"""
    known = {}
    with open(os.path.join(HERE, "invariance.known"), encoding="utf-8") as lines:
        for line in lines:
            words = line.split("#")[0].split(None, 2)
            if words:
                known[words[0], words[1]] = words[2].strip()
    return known


def main():
    ask = argparse.ArgumentParser(description="The same packets told in another way give the same facts.")
    ask.add_argument("weir")
    ask.add_argument("paths", nargs="+")
    ask.add_argument("--all", action="store_true", help="every capture, however long it takes")
    ask.add_argument("--time", type=float, default=60, help="seconds after which no capture is begun (60)")
    ask.add_argument("--sample", action="store_true", help="in an order that shows a bit of everything first")
    given = ask.parse_args()
    paths = [p for p in given.paths if os.path.exists(p)]
    captures = list(captures_below(paths))
    if not captures:
        print("skipped: no captures")
        return SKIPPED
    known, used, counts = read_known(), set(), collections.Counter()
    if given.sample:
        # Small ones first, but of every folder: rank within the folder, then size.
        rank = collections.Counter()
        captures.sort(key=os.path.getsize)
        places = {}
        for path in captures:
            folder = os.path.dirname(path)
            places[path] = rank[folder]
            rank[folder] += 1
        captures.sort(key=places.get)
    began = time.monotonic()

    def one(path):
        if not given.all and given.sample and time.monotonic() - began > given.time:
            return path, None
        try:
            return path, list(check(given.weir, path))
        except RuntimeError as e:
            return path, [("runs", str(e))]

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, results in pool.map(one, captures):
            if results is None:
                counts["left for --all"] += 1
                continue
            name = "/".join(path.split("/")[-2:])
            good = True
            for change, found in results:
                if found and (name, change) in known:
                    used.add((name, change))
                    counts["listed"] += 1
                elif found:
                    counts["not"] += 1
                    good = False
                    print(f"[  FAILED  ] {name}:{change}\n    {found}", flush=True)
                else:
                    counts["ok"] += 1
            if good and results:
                print(f"[       OK ] {name}", flush=True)
    seen = {"/".join(p.split("/")[-2:]) for p in captures}
    stale = [row for row in known if row[0] in seen and row not in used] if given.all else []
    for name, change in stale:
        print(f"[  FAILED  ] {name}:{change}\n    stands in invariance.known, and is equal")
    print(", ".join(f"{n} {word}" for word, n in sorted(counts.items())), f"({time.monotonic() - began:.0f} s)")
    return 1 if counts["not"] or stale else 0


if __name__ == "__main__":
    sys.exit(main())
