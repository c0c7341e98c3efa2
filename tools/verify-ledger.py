#!/usr/bin/env python3
"""Checks a copy of a ledger with nothing but the Python standard library.

    verify-ledger.py DIR KEY [OLD-CHECKPOINT...]

DIR is any copy of the ledger's folder, KEY its public key (name+id+base64, or a file that holds one), or any of them where
they changed: that is an entry, signed by both.  Each older checkpoint that somebody kept must be a head of its past.
Written from the public specifications alone: RFC 6962 (hashes), RFC 8032 (Ed25519), and C2SP tlog-tiles, tlog-checkpoint
and signed-note; a change of keys is in weir-ledger(1).  Entries may be missing where a signed entry says so, in a form of
weir-ledger-retention(1); whether it may is verify-retention.py's to find.  Exit: 0 all holds, 4 not (why is said), 2 asked wrongly.
"""
import base64
import hashlib
import json
import os
import re
import sys

WIDTH, LAST_DAY = 256, 2932896  # days since 1970: the last one of the year 9999


class Wrong(Exception):
    """Something that does not hold, in words."""


# --- Ed25519, RFC 8032, 5.1 ---
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D, ROOT = -121665 * pow(121666, P - 2, P) % P, pow(2, (P - 1) // 4, P)


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
    number = int.from_bytes(data, "little")
    x, y = recover_x(number & (1 << 255) - 1, number >> 255), number & (1 << 255) - 1
    return None if x is None else (x, y, 1, x * y % P)


def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(n, p):
    q = times(n >> 1, add(p, p)) if n else (0, 1, 1, 0)
    return add(q, p) if n & 1 else q


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
    name, number, data = (text.strip().split("+", 2) + ["", ""])[:3]
    data = base64.b64decode(data, validate=True)
    if data[:1] != b"\1" or len(data) != 33:
        raise Wrong(f"'{text.strip()[:100]}' is no Ed25519 key: name+id+base64")
    if hashlib.sha256(name.encode() + b"\n" + data).hexdigest()[:8] != number:
        raise Wrong(f"key '{name}' does not belong to its id {number}")
    return name, bytes.fromhex(number), data[1:]


class Checkpoint:
    """A head as it is written; who signed it is known only once the tree said which keys there were."""
    def __init__(self, note, where):
        text, gap, lines = note.rpartition(b"\n\n")
        if not gap or not lines.endswith(b"\n"):
            raise Wrong(f"{where} is no signed note")
        self.where, self.text, self.lines = where, text + b"\n", []
        for line in lines.decode().splitlines():
            dash, who, data = line.split(" ")
            if dash == "\u2014" and (data := base64.b64decode(data, validate=True)):
                self.lines.append((who, data[:4], data[4:]))
        self.origin, size, root = self.text.decode().split("\n")[:3]
        if str(int(size)) != size:
            raise Wrong(f"{where}: '{size}' is no size")
        self.size, self.root = int(size), base64.b64decode(root, validate=True)

    def signed_by(self, key):
        """Whether this key signed it; a line of its name and id must hold."""
        own = [signature for name, number, signature in self.lines if (name, number) == key[:2]]
        if not all(signature_holds(key[2], self.text, signature) for signature in own):
            raise Wrong(f"{self.where}: the signature of '{key[0]}' ({key[1].hex()}) does not hold")
        return bool(own)


# --- keys, one after the other ---
STRING = rb'"(?:[^"\\]|\\.)*"'
CHANGE = re.compile(rb'{"actor":S,"at":S,"data":{"by_new":"([^"]*)","by_old":"([^"]*)","new":"([^"]*)","old":"([^"]*)"},'
                    rb'"kind":"key","site":S,"subject":S}'.replace(b"S", STRING), re.DOTALL)
# That entries are gone is said in these words and in no others, in the form of RFC 8785.
KINDS = "access alarm asset backup change consent conversation decision egress erasure finding hold key note retention".split()
NUMBER, KIND = "(?:0|[1-9][0-9]{0,14})", f'"(?:{"|".join(KINDS)})"'
TEXT = r'"(?:[^"\\\x00-\x1f\ud800-\udfff]|\\(?:["\\bfnrt]|u00(?:0[1-7bef]|1[0-9a-f])))*"'
TIME = r'"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d*)?Z"'
RANGE = f'{{"first":{NUMBER},"last":{NUMBER}}}'
CLAIM = f'{{"days":\\[(?:{RANGE}(?:,{RANGE}){{0,3}})?\\],"first":{NUMBER},"kinds":\\[{KIND}(?:,{KIND})*\\],"last":{NUMBER},"newest":{TIME}}}'
RANGES, CLAIMS = (rf"\[(?:{one}(?:,{one}){{0,255}})?\]" for one in (RANGE, CLAIM))


def form(kind, data):
    return re.compile(f'{{"actor":{TEXT},"at":{TIME},"data":{{(?:{data})}},"kind":"{kind}","site":{TEXT},"subject":{TEXT}}}', re.A)


GONE = form("retention", f'"(pruned)":{CLAIMS},"until":{TIME}|"(moved)":{RANGES},"to":{TEXT}|"(kept)":{RANGES}')


def gone_of(entry):
    match = GONE.fullmatch(entry.decode("utf-8", "surrogateescape")) if b'"kind":"retention"' in entry else None
    rows = json.loads(match[0])["data"][match[match.lastindex]] if match else []
    days = [(day["first"], day["last"]) for row in rows for day in row.get("days", [])]
    spans = [(row["first"], row["last"]) for row in rows]
    fine = all(first <= last for first, last in spans + days) and all(last <= LAST_DAY for _, last in days)
    return [(match[match.lastindex], spans)] if rows and fine else []


class Keys:
    """The chain: (key, the number of the entry that made it the present one)."""
    def __init__(self, known):
        self.known, self.chain = known, []

    def see(self, number, entry):
        if not (match := CHANGE.fullmatch(entry)):
            return
        by_new, by_old, *texts = (part.decode() for part in match.groups())
        new, old = (read_key(text) for text in texts)
        text = f"weir key rotation v1\n{old[0]}\n{texts[1]}\n{texts[0]}\n".encode()
        holds = old[0] == new[0] == self.known[0] and (not self.chain or self.chain[-1][0] == old)
        for key, signature in ((old, by_old), (new, by_new)):
            holds = holds and signature_holds(key[2], text, base64.b64decode(signature, validate=True))
        if not holds or new in [old] + [key for key, _ in self.chain]:
            raise Wrong(f"entry {number}: the change of keys from {old[1].hex()} to {new[1].hex()} does not hold")
        self.chain += ([] if self.chain else [(old, -1)]) + [(new, number)]

    def check(self, checkpoint):
        if self.chain and self.known not in [key for key, _ in self.chain]:
            raise Wrong(f"the key {self.known[1].hex()} is none of this ledger's")
        chain = self.chain or [(self.known, -1)]
        present = [key for key, number in chain if checkpoint.size > number][-1]
        signed = [key for key, _ in chain if checkpoint.signed_by(key)]
        if present not in signed:
            raise Wrong(f"{checkpoint.where}: no signature of '{present[0]}' ({present[1].hex()})")


# --- the tree ---
def hash_of(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Tree:
    """The perfect subtrees at the right edge, each (height, hash)."""
    def __init__(self):
        self.peaks, self.size = [], 0

    def add(self, leaf):
        height, self.size = 0, self.size + 1
        while self.peaks and self.peaks[-1][0] == height:
            leaf = hash_of(b"\1", self.peaks.pop()[1], leaf)
            height += 1
        self.peaks.append((height, leaf))

    def root(self):
        root = None
        for _, left in reversed(self.peaks):
            root = hash_of(b"\1", left, root) if root else left
        return root or hash_of()


def tile_path(level, index, width):
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return "/".join(["tile", str(level)] + groups) + (f".p/{width}" if width < WIDTH else "")


def load(folder, name):
    try:
        with open(os.path.join(folder, name), "rb") as file:
            return file.read()
    except OSError as e:
        raise Wrong(f"{name}: {e.strerror}") from None


def entries_of(folder, index, width):
    """The entries of a bundle; none where a whole one is missing."""
    name, entries = tile_path("entries", index, width), []
    missing = width == WIDTH and not os.path.exists(os.path.join(folder, name))
    data = b"" if missing else load(folder, name)
    while data:
        size = int.from_bytes(data[:2], "big")
        if len(data) < 2 + size:
            raise Wrong(f"{name}: entry {index * WIDTH + len(entries)} ends beyond the bundle")
        entries.append(data[2:2 + size])
        data = data[2 + size:]
    if len(entries) != width and not missing:
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
        tree = Tree()
        for one in some:
            tree.add(one)
        roots += [tree.root()] if len(some) == WIDTH else []
    return roots


def check(folder, key, older):
    top, past, missing, gone = Checkpoint(load(folder, "checkpoint"), "checkpoint"), {}, [], []
    for name in older:
        head = Checkpoint(load("", name), name)
        if head.origin != top.origin or head.size > top.size:
            raise Wrong(f"{name}: size {head.size} of '{head.origin}' is no past of size {top.size} of '{top.origin}'")
        past.setdefault(head.size, []).append(head)
    for head in [top] + sum(past.values(), []):
        head.signed_by(key)  # a broken signature need not wait for the tree
    keys, tree, hashes, size, root, level = Keys(key), Tree(), [], top.size, top.root, 0

    def look_back():
        for head in past.get(tree.size, []):
            if head.root != tree.root():
                raise Wrong(f"{head.where}: another history: {head.root.hex()} at {tree.size}, not {tree.root().hex()}")

    look_back()
    for first in range(0, size, WIDTH):
        entries = entries_of(folder, first // WIDTH, min(WIDTH, size - first))
        tile = b"" if entries else load(folder, tile_path(0, first // WIDTH, WIDTH))  # stands for them
        leaves = [hash_of(b"\0", entry) for entry in entries] or re.findall(b"(?s).{32}", tile)
        missing += [] if entries else [first]
        for number, entry in enumerate(entries, first):
            keys.see(number, entry)
            gone += gone_of(entry)
        for leaf in leaves:
            hashes.append(leaf)
            tree.add(leaf)
            look_back()
    while hashes:
        hashes, level = check_row(folder, level, hashes), level + 1
    if tree.root() != root:
        raise Wrong(f"checkpoint: root {root.hex()}, expected {tree.root().hex()} from the {size} entries")
    for head in [top] + sum(past.values(), []):
        keys.check(head)
    for first in missing:
        said = [word for word, rows in gone for start, end in rows if start <= first < end]
        if "moved" not in said and said[-1:] != ["pruned"]:  # "kept" takes back that it was let go
            why = "was said to be kept" if said else "no entry says why"
            raise Wrong(f"{tile_path('entries', first // WIDTH, WIDTH)} is missing, and {why}")
    return top.origin, size, WIDTH * len(missing)


def main(words):
    if len(words) < 2 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        key = read_key(load("", words[1]).decode() if os.path.exists(words[1]) else words[1])
        origin, size, gone = check(words[0], key, words[2:])
    except (Wrong, ValueError, LookupError) as e:
        print("verify-ledger: " + ("" if isinstance(e, Wrong) else "not as the specification says: ") + str(e), file=sys.stderr)
        return 4
    print(f"{origin}: {size} entries, all as signed" + (f"; of {gone} the hashes alone" if gone else ""))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
