#!/usr/bin/env python3
"""Ledgers that somebody forged: forge.py WEIR VERIFIER [FLIPS]

Each attack of the list is made on a ledger of 1,500 entries.  `weir ledger verify` must find it and name the bundle of
256 entries it is in; the verifier that knows only the public specification must find it, too.  Then single bytes are
changed, FLIPS of them (40) for both.  Every attack has its opposite: an honest ledger, on which both must agree, too.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

WEIR, VERIFIER = sys.argv[1:3]
FLIPS = int(sys.argv[3]) if len(sys.argv) > 3 else 40
ENTRIES, WIDTH, HIT = 1500, 256, 700
ORIGIN = "forge.example/ledger"


def run(*words, given=None):
    done = subprocess.run(words, input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                          errors="replace", check=False)
    return done.returncode, done.stdout + done.stderr


def must(*words, given=None):
    code, text = run(*words, given=given)
    if code:
        raise SystemExit(f"{' '.join(words)}: {code}: {text}")
    return text


def lines(first, last, version=1):
    return "".join(json.dumps({"kind": "note", "subject": f"entry {n}", "at": "2026-11-22T20:40:11Z",
                               "data": {"version": version if n == HIT else 1}}) + "\n" for n in range(first, last))


def make(folder, last):
    must(WEIR, "ledger", "init", "--dir", folder, "--origin", ORIGIN)
    append(folder, 1, last)


def copy_all(folder, copy):
    """With its key, and what that remembers: as whoever broke in would take it."""
    shutil.copytree(folder, copy)
    for name in (".key", ".key.head"):
        shutil.copy(folder + name, copy + name)
    return copy


def append(folder, first, last, version=1):
    for at in range(first, last, 400):  # in pieces, so that there are several checkpoints
        must(WEIR, "ledger", "append", "--dir", folder, given=lines(at, min(at + 400, last), version))


def bundle_of(folder, index):
    width = min(WIDTH, ENTRIES - index * WIDTH)
    return os.path.join(folder, "tile", "entries", f"{index:03}" + ("" if width == WIDTH else f".p/{width}"))


def entries_in(path):
    with open(path, "rb") as file:
        data, found = file.read(), []
    while data:
        size = int.from_bytes(data[:2], "big")
        found.append(data[2:2 + size])
        data = data[2 + size:]
    return found


def write_entries(path, found):
    with open(path, "wb") as file:
        file.write(b"".join(len(one).to_bytes(2, "big") + one for one in found))


def on_bundle(change):
    def attack(folder):
        path = bundle_of(folder, HIT // WIDTH)
        found = entries_in(path)
        change(found, HIT % WIDTH)
        write_entries(path, found)
    return attack


def cut(folder, name, by):
    path = os.path.join(folder, name)
    os.truncate(path, os.path.getsize(path) - by)


def shorten_all(folder):
    """The last bundle and all above it taken back to a whole number of bundles, head and all but its signature."""
    shutil.rmtree(bundle_of(folder, ENTRIES // WIDTH).rsplit("/", 1)[0])
    path = os.path.join(folder, "checkpoint")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(f"\n{ENTRIES}\n", f"\n{ENTRIES // WIDTH * WIDTH}\n"))


def tile_of(path):
    return os.path.join("tile", "0", path.split("entries/")[1])


ATTACKS = [
    # name, what is done, the file that must be named
    ("a bit is flipped", on_bundle(lambda e, i: e.__setitem__(i, e[i][:9] + bytes([e[i][9] ^ 1]) + e[i][10:])), "002"),
    ("an entry is another one", on_bundle(lambda e, i: e.__setitem__(i, e[i].replace(b"entry 700", b"entry 007"))), "002"),
    ("an entry is deleted", on_bundle(lambda e, i: e.pop(i)), "002"),
    ("an entry is inserted", on_bundle(lambda e, i: e.insert(i, e[i])), "002"),
    ("two entries are swapped", on_bundle(lambda e, i: e.__setitem__(slice(i, i + 2), [e[i + 1], e[i]])), "002"),
    ("two bundles are swapped", lambda f: (os.rename(bundle_of(f, 2), f + ".x"), os.rename(bundle_of(f, 3), bundle_of(f, 2)),
                                           os.rename(f + ".x", bundle_of(f, 3))), "002"),
    ("a bundle is cut", lambda f: cut(f, "tile/entries/002", 7), "002"),
    ("a bundle is gone", lambda f: os.remove(bundle_of(f, 2)), "002"),
    ("a bundle has more", lambda f: open(bundle_of(f, 2), "ab").write(b"\0\1x"), "002"),
    ("the last bundle is cut", lambda f: cut(f, f"tile/entries/005.p/{ENTRIES % WIDTH}", 3), f"005.p/{ENTRIES % WIDTH}"),
    ("a tile is cut", lambda f: cut(f, "tile/0/002", 32), "tile/0/002"),
    ("a tile is gone", lambda f: os.remove(os.path.join(f, "tile/0/002")), "tile/0/002"),
    ("an upper tile is gone", lambda f: os.remove(os.path.join(f, "tile/1/000.p/5")), "tile/1/000.p/5"),
    ("the end is cut off", shorten_all, "checkpoint"),
    ("the head is gone", lambda f: os.remove(os.path.join(f, "checkpoint")), "checkpoint"),
]


class Bench:
    def __init__(self, folder):
        self.folder, self.failed, self.both = folder, 0, 0
        self.honest = os.path.join(folder, "honest")
        make(self.honest, 401)
        copy_all(self.honest, os.path.join(folder, "forged"))
        append(self.honest, 401, ENTRIES)
        with open(os.path.join(self.honest, "ledger"), encoding="utf-8") as file:
            self.key = file.read().split("\n")[1]
        self.kept = self.keep(self.honest, "kept")

    def keep(self, folder, name):
        path = os.path.join(self.folder, name)
        shutil.copy(os.path.join(folder, "checkpoint"), path)
        return path

    def copy(self):
        path = os.path.join(self.folder, "copy")
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(self.honest, path)
        return path

    def verdicts(self, folder, kept=None, against=None):
        mine = run(WEIR, "ledger", "verify", "--dir", folder, "--key", self.key, *(["--from", kept] if kept else []),
                   *(["--against", against] if against else []))
        theirs = run(sys.executable, VERIFIER, folder, self.key, *([kept] if kept else []))
        self.both += 1
        return mine, theirs

    def judge(self, name, good, story=""):
        self.failed += not good
        print(f"[{'       OK ' if good else '  FAILED  '}] {name}{'' if good else chr(10) + str(story)}", flush=True)

    def found(self, name, folder, where, both=True, **more):
        """Both find it; weir names the place."""
        mine, theirs = self.verdicts(folder, **more)
        self.judge(name, mine[0] == 4 and (theirs[0] == 4 or not both) and where in mine[1], (mine, theirs, where))

    def holds(self, name, folder, **more):
        mine, theirs = self.verdicts(folder, **more)
        self.judge(name, mine[0] == 0 and theirs[0] == 0, (mine, theirs))


def with_the_key(b):
    """Attacks of whoever stole the key, and what it remembers: what they make holds in itself."""
    forged = os.path.join(b.folder, "forged")
    append(forged, 401, ENTRIES + 300, version=2)
    b.holds("written anew with the stolen key, it holds in itself", forged)
    b.found("written anew, a kept checkpoint tells", forged, "another history", kept=b.kept)
    b.found("written anew, a kept copy tells where", forged, f"tile/entries/{HIT // WIDTH:03}: entry {HIT} ",
            both=False, against=b.honest)
    older = os.path.join(b.folder, "older")
    shutil.copytree(b.honest, older)
    longer = copy_all(b.honest, os.path.join(b.folder, "longer"))
    append(longer, ENTRIES, ENTRIES + 200)
    head = b.keep(longer, "head")
    b.holds("it grew", longer, kept=b.kept, against=b.honest)
    b.holds("an older copy holds in itself", older)
    b.found("an older copy put back, a kept checkpoint tells", older, "an older state", kept=head)
    b.found("an older copy put back, a kept copy tells", older, "an older state", both=False, against=longer)
    other = copy_all(b.honest, os.path.join(b.folder, "other"))
    append(other, ENTRIES + 1000, ENTRIES + 1300)
    b.found("two readers are shown different heads, one's tells the other", other, "another history", kept=head)
    b.found("two readers are shown different heads, their copies tell where", other,
            f"tile/entries/{ENTRIES // WIDTH:03}", both=False, against=longer)


def flips(b):
    """Any byte of any file of the tree: both find it."""
    random.seed(1)
    folder, wrong = b.copy(), []
    paths = sorted(os.path.join(where, name) for where, _, names in os.walk(folder) for name in names)
    sizes = [os.path.getsize(path) for path in paths]
    for n in range(FLIPS):
        # Half of them by size, half of them by file: small files count, too.
        path = random.choices(paths, sizes)[0] if n % 2 else paths[n // 2 % len(paths)]
        at = random.randrange(os.path.getsize(path))
        with open(path, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << random.randrange(8)]))
        mine, theirs = b.verdicts(folder)
        name = os.path.relpath(path, folder)
        public = name.startswith("tile/") or name == "checkpoint"
        if mine[0] in (0, 2) or theirs[0] != (4 if public else theirs[0]):
            wrong.append((name, at, mine, theirs))
        with open(path, "r+b") as file:
            file.seek(at)
            file.write(bytes([byte]))
    b.judge(f"{FLIPS} bytes changed, each found by both", not wrong, wrong[:3])


def main():
    with tempfile.TemporaryDirectory() as folder:
        b = Bench(folder)
        b.holds("an honest one holds", b.honest, kept=b.kept)
        for name, attack, where in ATTACKS:
            copy = b.copy()
            attack(copy)
            b.found(name, copy, where)
        with_the_key(b)
        flips(b)
        print(f"{b.both} ledgers looked at by both verifiers, {b.failed} times not as it should be")
        return 1 if b.failed else 0


if __name__ == "__main__":
    sys.exit(main())
