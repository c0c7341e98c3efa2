#!/usr/bin/env python3
"""Checks a copy of a ledger with nothing but the Python standard library.

    verify-ledger.py DIR KEY [OLD-CHECKPOINT...]

DIR is any copy of the ledger's folder, KEY its public key (name+id+base64, or a file that holds one).  Each older
checkpoint that somebody kept must be a head of the same ledger's past.  Written from the public specifications alone:
RFC 6962 (hashes), RFC 8032 (Ed25519), and C2SP tlog-tiles, tlog-checkpoint and signed-note.

Exit: 0 everything holds, 4 something does not (the first thing is named), 2 asked wrongly.
"""
import base64
import hashlib
import os
import sys

WIDTH = 256


class Wrong(Exception):
    """Something that does not hold, in words."""


# --- Ed25519, RFC 8032, 5.1 ---

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x & 1 != sign else x


def point(data):
    y = int.from_bytes(data, "little")
    x = recover_x(y & (1 << 255) - 1, y >> 255)
    y &= (1 << 255) - 1
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    q = (0, 1, 1, 0)
    while n:
        if n & 1:
            q = add(q, p)
        p, n = add(p, p), n >> 1
    return q


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def signature_holds(key, message, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER or len(signature) != 64:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- notes and checkpoints ---

def read_key(text):
    name, number, data = text.strip().split("+", 2)
    data = base64.b64decode(data, validate=True)
    if data[0] != 1 or len(data) != 33:
        raise Wrong(f"key '{name}' is no Ed25519 key")
    if hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8] != number:
        raise Wrong(f"key '{name}' does not belong to its id {number}")
    return name, bytes.fromhex(number), data[1:]


def read_checkpoint(note, key, where):
    """(origin, size, root) of a checkpoint that this key signed."""
    name, number, public = key
    text, gap, lines = note.rpartition(b"\n\n")
    text += b"\n"
    signed = False
    if not gap or not lines.endswith(b"\n"):
        raise Wrong(f"{where} is no signed note")
    for line in lines.decode().splitlines():
        dash, who, data = line.split(" ")
        data = base64.b64decode(data, validate=True)
        if dash == "\u2014" and who == name and data[:4] == number:
            if not signature_holds(public, text, data[4:]):
                raise Wrong(f"{where}: the signature of '{name}' does not hold")
            signed = True
    if not signed:
        raise Wrong(f"{where}: no signature of '{name}'")
    origin, size, root = text.decode().split("\n")[:3]
    if str(int(size)) != size:
        raise Wrong(f"{where}: '{size}' is no size")
    return origin, int(size), base64.b64decode(root, validate=True)


# --- the tree ---

def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def node_hash(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


class Tree:
    """The perfect subtrees at the right edge, each (height, hash)."""

    def __init__(self):
        self.peaks, self.size = [], 0

    def add(self, leaf):
        height, self.size = 0, self.size + 1
        while self.peaks and self.peaks[-1][0] == height:
            leaf = node_hash(self.peaks.pop()[1], leaf)
            height += 1
        self.peaks.append((height, leaf))

    def root(self):
        if not self.peaks:
            return hashlib.sha256(b"").digest()
        root = self.peaks[-1][1]
        for _, left in reversed(self.peaks[:-1]):
            root = node_hash(left, root)
        return root


def tile_path(level, index, width):
    groups = [f"{index % 1000:03}"]
    while index >= 1000:
        index //= 1000
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(["tile", str(level)] + groups) + (f".p/{width}" if width < WIDTH else "")


def load(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except OSError as e:
        raise Wrong(f"{name}: {e.strerror}") from None


def entries_of(folder, index, width):
    name = tile_path("entries", index, width)
    data, entries = load(folder, name), []
    while data:
        size = int.from_bytes(data[:2], "big")
        if len(data) < 2 + size:
            raise Wrong(f"{name}: entry {index * WIDTH + len(entries)} ends beyond the bundle")
        entries.append(data[2:2 + size])
        data = data[2 + size:]
    if len(entries) != width:
        raise Wrong(f"{name} has {len(entries)} entries, expected {width}")
    return entries


def check_row(folder, level, hashes):
    """The tiles of one level hold these hashes; gives the roots of the whole ones."""
    roots = []
    for first in range(0, len(hashes), WIDTH):
        some = hashes[first:first + WIDTH]
        name = tile_path(level, first // WIDTH, len(some))
        data = load(folder, name)
        for i, want in enumerate(some):
            if data[32 * i:32 * i + 32] != want:
                raise Wrong(f"{name}, hash {i}: found {data[32 * i:32 * i + 32].hex()}, expected {want.hex()}")
        if len(data) != 32 * len(some):
            raise Wrong(f"{name} has {len(data)} bytes, expected {32 * len(some)}")
        if len(some) == WIDTH:
            tree = Tree()
            for one in some:
                tree.add(one)
            roots.append(tree.root())
    return roots


def check(folder, key, older):
    origin, size, root = read_checkpoint(load(folder, "checkpoint"), key, "checkpoint")
    past = {}
    for name in older:
        with open(name, "rb") as file:
            of, at, head = read_checkpoint(file.read(), key, name)
        if of != origin or at > size:
            raise Wrong(f"{name}: size {at} of '{of}' is no past of size {size} of '{origin}'")
        past.setdefault(at, []).append((name, head))
    tree, hashes = Tree(), []

    def look_back():
        for name, head in past.get(tree.size, []):
            if head != tree.root():
                raise Wrong(f"{name}: another history: {head.hex()} at size {tree.size}, expected {tree.root().hex()}")

    look_back()
    for first in range(0, size, WIDTH):
        for entry in entries_of(folder, first // WIDTH, min(WIDTH, size - first)):
            hashes.append(leaf_hash(entry))
            tree.add(hashes[-1])
            look_back()
    level = 0
    while hashes:
        hashes, level = check_row(folder, level, hashes), level + 1
    if tree.root() != root:
        raise Wrong(f"checkpoint: root {root.hex()}, expected {tree.root().hex()} from the {size} entries")
    return origin, size


def main(words):
    if len(words) < 2 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        if os.path.exists(words[1]):
            with open(words[1], encoding="utf-8") as file:
                words[1] = file.read()
        origin, size = check(words[0], read_key(words[1]), words[2:])
    except Wrong as e:
        print(f"verify-ledger: {e}", file=sys.stderr)
        return 4
    except (ValueError, UnicodeDecodeError) as e:
        print(f"verify-ledger: not as the specification says: {e}", file=sys.stderr)
        return 4
    print(f"{origin}: {size} entries, all as signed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
