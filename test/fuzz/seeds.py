"""Seeds for the harnesses, out of captures: conversations as proto_fuzz.c wants them, frames, whole files."""
import collections
import json
import os
import struct
import subprocess

SEED_MAX, FILE_MAX, FLOWS_MAX, PIECES_MAX = 4096, 65536, 40, 60


def frames_of(path):
    """(link type, bytes) of each frame of a plain pcap or pcapng file, as far as it is whole."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d"):
        order = "<" if data[0] in (0xd4, 0x4d) else ">"
        link, at = struct.unpack_from(order + "I", data, 20)[0] & 0xffff, 24
        while at + 16 <= len(data):
            size = struct.unpack_from(order + "I", data, at + 8)[0]
            yield link, data[at + 16:at + 16 + size]
            at += 16 + size
    elif data[:4] == b"\x0a\x0d\x0d\x0a":
        order, links, at = "<", [], 0
        while at + 28 <= len(data):
            if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
                order, links = "<" if data[at + 8] == 0x4d else ">", []
            kind, size = struct.unpack_from(order + "II", data, at)
            if kind == 1:
                links.append(struct.unpack_from(order + "H", data, at + 8)[0])
            elif kind == 6:
                interface, _, _, captured = struct.unpack_from(order + "IIII", data, at + 8)
                if interface < len(links):
                    yield links[interface], data[at + 28:at + 28 + captured]
            if size < 12:
                return
            at += size


def piece(side, payload):
    payload = payload[:0x7fff]
    return struct.pack(">H", len(payload) | (0x8000 if side else 0)) + payload


def talks_of(path):
    """Conversations of a capture as inputs of proto_fuzz.c, by their carrier: tcp, udp, ether."""
    talks, seen = collections.OrderedDict(), set()
    for link, frame in frames_of(path):
        if link != 1 or len(frame) < 18:
            continue
        kind, at = struct.unpack_from(">H", frame, 12)[0], 14
        while kind in (0x8100, 0x88a8) and at + 4 <= len(frame):
            kind, at = struct.unpack_from(">H", frame, at + 2)[0], at + 4
        if kind == 0x0800 and len(frame) >= at + 24 and frame[at + 9] in (6, 17):
            head = (frame[at] & 15) * 4
            end = at + struct.unpack_from(">H", frame, at + 2)[0]
            port = at + head
            tcp = frame[at + 9] == 6
            if port + (20 if tcp else 8) > len(frame):
                continue
            body = port + ((frame[port + 12] >> 4) * 4 if tcp else 8)
            payload = frame[body:end]
            one, two = frame[at + 12:at + 16] + frame[port:port + 2], frame[at + 16:at + 20] + frame[port + 2:port + 4]
            mark = (one, two, frame[port + 4:port + 8], len(payload))
            if not payload or (tcp and mark in seen):
                continue  # a retransmission
            seen.add(mark)
            key = ("tcp" if tcp else "udp", min(one, two), max(one, two))
        elif kind >= 0x0600 and kind != 0x0800:
            payload = frame[at:]
            one, key = frame[6:12], ("ether", kind, frame[6:12])
        elif kind < 0x0600:  # a length, LLC, and SNAP where that says so
            payload = frame[at + (8 if frame[at:at + 2] == b"\xaa\xaa" else 3):at + kind]
            one, key = frame[6:12], ("llc", frame[at:at + 2], min(frame[:6], frame[6:12]), max(frame[:6], frame[6:12]))
        else:
            continue
        talk = talks.setdefault(key, [one, []])
        if len(talk[1]) < PIECES_MAX:
            talk[1].append(piece(talk[0] != one, payload))
    for key, (_, pieces) in talks.items():
        whole = b"".join(pieces)
        if len(whole) <= SEED_MAX:
            yield key[0], whole
        else:
            size, some = 0, []
            for p in pieces:
                size += len(p)
                if size > SEED_MAX:
                    break
                some.append(p)
            if some:
                yield key[0], b"".join(some)


def harnesses_of(weir):
    """The harness of each label: a protocol may give several."""
    done = subprocess.run([weir, "protocols", "--json"], stdout=subprocess.PIPE, check=True)
    rows = map(json.loads, done.stdout.splitlines())
    return {label: row["protocol"].replace("-", "_") for row in rows for label in row["labels"]}


def protocols_in(weir, path, harnesses):
    done = subprocess.run([weir, "facts", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    found = set()
    for line in done.stdout.splitlines():
        try:
            found.add(harnesses[json.loads(line)["protocol"]])
        except (ValueError, KeyError):
            continue
    return found


def keep(folder, name, data):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def make(weir, captures, work):
    """Seeds from each capture for the harness of each protocol in it, at most FLOWS_MAX a file; how many."""
    count, harnesses = 0, harnesses_of(weir)
    for n, path in enumerate(captures):
        if os.path.getsize(path) <= FILE_MAX:
            with open(path, "rb") as file:
                data = file.read()
            for harness in ("capture", "look"):
                keep(os.path.join(work, harness), f"seed-{n}", data)
        some = [f for link, f in frames_of(path) if link == 1][:30]
        keep(os.path.join(work, "frames"), f"seed-{n}",
             b"".join(b"\0" + struct.pack(">H", len(f)) + f for f in some)[:SEED_MAX])
        talks = list(talks_of(path))[:FLOWS_MAX]
        for protocol in protocols_in(weir, path, harnesses):
            for m, (_, talk) in enumerate(talks):
                # Every carrier: the harness takes the first byte modulo those its protocol has.
                keep(os.path.join(work, protocol), f"seed-{n}-{m}", bytes([m % 6]) + talk)
                count += 1
    return count
