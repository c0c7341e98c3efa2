#!/usr/bin/env python3
"""Hostile captures against --memory: the peak stays below the limit, and the counters say what was
forgotten.

memory.py MEASURE WEIR [WORD...]: the program that measures, and weir without a sanitizer, which has
memory of its own; words pick rows.  Each capture is made here and goes in through standard input.
"""
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import threading

LIMIT = 64 << 20

random.seed(1)
MAC_A, MAC_B = b"\2\0\0\0\0\1", b"\2\0\0\0\0\2"
HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)


def record(number, frame):
    return struct.pack("<IIII", 1700000000 + number // 10000, number % 10000 * 100, len(frame), len(frame)) + frame


def ip4(source, target, protocol, payload, macs=MAC_B + MAC_A):
    return macs + b"\x08\0" + struct.pack(">BBHHHBBHII", 0x45, 0, 20 + len(payload), 0, 0, 64, protocol, 0,
                                          source, target) + payload


def tcp(source_port, target_port, sequence, flags, data=b""):
    return struct.pack(">HHIIBBHHH", source_port, target_port, sequence, 1, 0x50, flags, 8192, 0, 0) + data


def udp(source_port, target_port, data):
    return struct.pack(">HHHH", source_port, target_port, 8 + len(data), 0) + data


def host(number):
    """An address in 10.0.0.0/8, its MAC in the local range."""
    return 0x0A000000 | number, struct.pack(">HI", 0x0200, number)


def syns(count):
    """Connections from anywhere to anywhere, each from a MAC of its own."""
    for _ in range(count):
        noise = random.getrandbits(128).to_bytes(16, "big")
        yield (b"\2\0" + noise[:4] + b"\2\0" + noise[4:8] + b"\x08\0\x45\0\0\x28\0\0\0\0\x40\x06\0\0" +
               b"\x0a" + noise[5:8] + b"\x0a" + noise[8:11] +
               noise[11:15] + noise[:8] + b"\x50\x02\x20\0\0\0\0\0")


def claims(count):
    """ARP: everybody has every address."""
    for _ in range(count):
        noise = random.getrandbits(80).to_bytes(10, "big")
        mac, address = b"\2" + noise[:5], b"\x0a" + noise[5:8]
        yield b"\xff" * 6 + mac + b"\x08\x06\0\1\x08\0\6\4\0\2" + mac + address + b"\xff" * 6 + address


def one_host_many_macs(count):
    """One address behind ever new MACs: no look at it may become a walk through all of them."""
    packet = ip4(host(1)[0], host(2)[0], 17, udp(5, 6, b"x"))[12:]
    for i in range(count):
        yield MAC_A + struct.pack(">HI", 0x0200, i) + packet


def conversations(count):
    """Each with one write: every station to every controller."""
    for i in range(count):
        ask = b"\0\1\0\0\0\6\1\6" + struct.pack(">HH", i & 0xFFFF, i & 0xFFF)
        yield ip4(host(i % 2000)[0], host(i // 2000 + (1 << 20))[0], 6, tcp(40000, 502, 1, 0x18, ask))


def points(count):
    """Registers of one controller, 125 at a time."""
    values = struct.pack(">125H", *range(125))
    for i in range(count // 125):
        unit, address = i // 500, i % 500 * 125
        ask = struct.pack(">HHHBBHH", i & 0xFFFF, 0, 6, unit, 3, address, 125)
        answer = struct.pack(">HHHBBB", i & 0xFFFF, 0, 253, unit, 3, 250) + values
        yield ip4(host(1)[0], host(2)[0], 6, tcp(40000, 502, 1 + i * 12, 0x18, ask))
        yield ip4(host(2)[0], host(1)[0], 6, tcp(502, 40000, 1 + i * 259, 0x18, answer), MAC_A + MAC_B)


def names(count):
    """DNS answers, each with a name and an address nobody has seen."""
    for i in range(count):
        name = b"\x08" + b"%08x" % i + b"\x20" + b"n" * 32 + b"\x05plant\0"
        answer = (struct.pack(">HHHHHH", i & 0xFFFF, 0x8180, 1, 1, 0, 0) + name + b"\0\1\0\1" +
                  b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + struct.pack(">I", 0x0A000000 | i))
        yield ip4(host(1)[0], host(2)[0], 17, udp(53, 40000, answer))


def halves(count):
    """Streams that begin a message of 64 KiB and never end it, half of them behind a hole."""
    setup = b"\3\0\0\x16\x11\xe0\0\0\0\1\0\xc1\2\1\0\xc2\2\1\2\xc0\1\x0a"
    begin = b"\3\0\xff\xff\2\xf0\x80\x32" + b"\1" * 1400
    for i in range(count):
        source, target = host(i)[0], host(1 << 20)[0]
        yield ip4(source, target, 6, tcp(40000, 102, 1, 0x18, setup))
        yield ip4(source, target, 6, tcp(40000, 102, 1 + len(setup), 0x18, begin))
        yield ip4(source, target, 6, tcp(40000, 102, 9000 + i % 2 * 9000, 0x18, b"\1" * 1400))


def fragments(count):
    """Pieces of datagrams of which the rest never comes."""
    for i in range(count):
        head = struct.pack(">BBHHHBBHII", 0x45, 0, 20 + 512, i & 0xFFFF, 0x2000 | 7000, 64, 17, 0, host(i)[0], 1)
        yield MAC_A + MAC_B + b"\x08\0" + head + b"x" * 512


def serials(count):
    """Everybody says the same serial number, and a name of its own (EtherNet/IP identities)."""
    for i in range(count):
        name = b"controller %06d" % i
        item = (struct.pack("<H", 1) + struct.pack(">HHI8x", 2, 44818, host(i)[0]) +
                struct.pack("<HHHBBHIB", 1, 14, 54, 20, 11, 0x60, 0x12345678, len(name)) + name + b"\3")
        body = struct.pack("<HHH", 1, 12, len(item)) + item
        answer = struct.pack("<HHII8sI", 0x63, len(body), 0, 0, b"", 0) + body
        yield ip4(host(i)[0], host(1 << 20)[0], 17, udp(44818, 44818, answer), MAC_A + host(i)[1])


def all_of_it(count):
    """A plant larger than any, with everything above in it."""
    parts = [syns(count * 8), claims(count * 2), conversations(count * 4), points(count * 10), names(count * 2),
             halves(count // 2), serials(count), fragments(count // 10)]
    while parts:
        for part in list(parts):
            frames = [frame for frame, _ in zip(part, range(50))]
            if not frames:
                parts.remove(part)
            yield from frames


# capture, what is printed, and the counters that must say something
ROWS = [
    ("2 million connection attempts", lambda: syns(2000000), ["--json"], ["flows_evicted", "hosts_refused", "macs_refused"]),
    ("500 thousand ARP claims", lambda: claims(500000), ["--json"], ["hosts_refused", "macs_refused"]),
    ("300 thousand MACs of one address", lambda: one_host_many_macs(300000), ["--json"], ["bindings_refused"]),
    ("300 thousand conversations", lambda: conversations(300000), ["--json"], ["conversations_refused"]),
    ("a million points", lambda: points(1000000), ["--json"], ["points_refused"]),
    ("200 thousand names", lambda: names(200000), ["--json"], ["hosts_refused"]),
    ("half messages in 100 thousand streams", lambda: halves(100000), ["--json"], ["flows_evicted"]),
    ("fragments without an end", lambda: fragments(100000), ["--json"], ["fragments_given_up"]),
    ("one serial number for 30 thousand", lambda: serials(30000), ["--json"], []),
    ("everything, as JSON", lambda: all_of_it(20000), ["--json"], ["hosts_refused"]),
    ("everything, as text", lambda: all_of_it(20000), ["--all"], []),
    ("everything, as lines, page and map", lambda: all_of_it(20000), ["--json=lines", "--html", "PAGE", "--svg", "MAP"], []),
]


def feed(pipe, frames):
    try:
        pipe.write(HEADER)
        chunk = []
        for number, frame in enumerate(frames):
            chunk.append(record(number, frame))
            if len(chunk) == 4096:
                pipe.write(b"".join(chunk))
                chunk.clear()
        pipe.write(b"".join(chunk))
        pipe.close()
    except BrokenPipeError:
        pass


def look(measure, weir, frames, options, folder):
    """Runs weir on the frames; gives (exit code, peak bytes, its seconds, all seconds, what it printed)."""
    options = [os.path.join(folder, o) if o in ("PAGE", "MAP") else o for o in options]
    printed = os.path.join(folder, "printed")
    run = subprocess.Popen([measure, printed, weir, "look", *options, "-"], stdin=subprocess.PIPE,
                           stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    feeder = threading.Thread(target=feed, args=(run.stdin, frames))
    feeder.start()
    seconds, busy, peak, code = run.stdout.read().split()
    run.wait()
    feeder.join()
    with open(printed, "rb") as file:
        return int(code), int(peak) << 10, float(busy), float(seconds), file.read()


def main():
    measure, weir, *only = sys.argv[1:]
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name, capture, options, counters in ROWS:
            if only and not any(word in name for word in only):
                continue
            code, peak, busy, seconds, printed = look(measure, weir, capture(), options, folder)
            wrong = []
            if code != 0:
                wrong.append(f"exit code {code}")
            if peak > LIMIT:
                wrong.append("beyond the limit")
            if "--json" in options:
                try:
                    said = json.loads(printed)["capture"]["counters"]
                    wrong += [f"{c} is silent" for c in counters if not said.get(c)]
                except ValueError as why:
                    wrong.append(f"not JSON: {why}")
            elif not printed:
                wrong.append("nothing printed")
            print(f"[  FAILED  ] {name}" if wrong else f"[       OK ] {name}")
            print(f"    {peak / (1 << 20):.1f} MiB, {busy:.1f} s of {seconds:.1f} {', '.join(wrong)}", flush=True)
            failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
