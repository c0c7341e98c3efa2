#!/usr/bin/env python3
"""Ledgers, copies and exports whose keys change, made here byte by byte: forged_keys.py WEIR TOOLS

TOOLS is the folder of verify-ledger.py and verify-export.py.  Honest ones hold for both verifiers of each kind with every key
that the ledger had; forged ones hold for neither: a change that not both keys signed, a key that signs before its turn or
after it, changes out of their order.  The signatures are made from RFC 8032 alone.
"""
import base64
import hashlib
import importlib.util
import io
import os
import subprocess
import sys
import tarfile
import tempfile

WEIR, TOOLS = (os.path.abspath(path) for path in sys.argv[1:3])
ORIGIN = "forge.example/keys"
failed = seen = 0
tarfile.RECORDSIZE = tarfile.BLOCKSIZE  # nothing behind the two blocks that end an archive

spec = importlib.util.spec_from_file_location("ledger", os.path.join(TOOLS, "verify-ledger.py"))
ledger = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ledger)


# --- Ed25519, RFC 8032, 5.1.5 and 5.1.6 ---

def pressed(point):
    inverse = pow(point[2], ledger.P - 2, ledger.P)
    x, y = point[0] * inverse % ledger.P, point[1] * inverse % ledger.P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    def __init__(self, number):
        both = hashlib.sha512(bytes([number] * 32)).digest()
        self.scalar = int.from_bytes(both[:32], "little") & (1 << 254) - 8 | 1 << 254
        self.prefix, self.public = both[32:], pressed(ledger.times(self.scalar, ledger.BASE))
        data = b"\1" + self.public
        self.id = hashlib.sha256(ORIGIN.encode() + b"\n" + data).digest()[:4]
        self.text = f"{ORIGIN}+{self.id.hex()}+{b64(data)}"

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % ledger.ORDER
        front = pressed(ledger.times(r, ledger.BASE))
        h = int.from_bytes(hashlib.sha512(front + self.public + message).digest(), "little")
        return front + ((r + h * self.scalar) % ledger.ORDER).to_bytes(32, "little")


K = [Key(n) for n in range(5)]
STRANGER = K[4]


# --- a ledger of fewer than 256 entries ---

def note(n):
    return f'{{"actor":"a","at":"2026-11-23T00:00:00Z","data":{{}},"kind":"note","site":"s","subject":"{n}"}}'.encode()


def change(old, new, by_old=None, by_new=None):
    text = f"weir key rotation v1\n{ORIGIN}\n{old.text}\n{new.text}\n".encode()
    data = (f'{{"by_new":"{b64((by_new or new).sign(text))}","by_old":"{b64((by_old or old).sign(text))}",'
            f'"new":"{new.text}","old":"{old.text}"}}')
    return (f'{{"actor":"a","at":"2026-11-23T00:00:00Z","data":{data},"kind":"key","site":"s","subject":"x"}}').encode()


def entries(*changes):
    """Notes, with changes of keys among them: (number, entry)."""
    rows = [note(n) for n in range(30)]
    for at, entry in changes:
        rows[at] = entry
    return rows


def root(leaves):
    tree = ledger.Tree()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def path(index, leaves):
    """RFC 6962, 2.1.1."""
    if len(leaves) < 2:
        return []
    cut = 1 << (len(leaves) - 1).bit_length() - 1
    if index < cut:
        return path(index, leaves[:cut]) + [root(leaves[cut:])]
    return path(index - cut, leaves[cut:]) + [root(leaves[:cut])]


class Made:
    def __init__(self, rows, signers, first, present, older=()):
        self.rows, self.leaves = rows, [ledger.hash_of(b"\0", row) for row in rows]
        self.head = self.sign(len(rows), signers)
        self.mark = f"weir ledger 1\n{present.text}\n" + (f"first {first.text}\n" if first != present else "")
        self.older = [self.sign(size, by) for size, by in older]

    def sign(self, size, signers):
        text = f"{ORIGIN}\n{size}\n{b64(root(self.leaves[:size]))}\n"
        lines = [f"\u2014 {ORIGIN} {b64(key.id + key.sign(text.encode()))}\n" for key in signers]
        return (text + "\n" + "".join(lines)).encode()

    def folder(self, name):
        size = len(self.rows)
        for file, data in (("ledger", self.mark.encode()), ("checkpoint", self.head),
                           (f"tile/0/000.p/{size}", b"".join(self.leaves)),
                           (f"tile/entries/000.p/{size}",
                            b"".join(len(row).to_bytes(2, "big") + row for row in self.rows))):
            os.makedirs(os.path.dirname(f"{name}/{file}"), exist_ok=True)
            with open(f"{name}/{file}", "wb") as out:
                out.write(data)
        kept = [f"{name}.kept{n}" for n in range(len(self.older))]
        for file, data in zip(kept, self.older):
            with open(file, "wb") as out:
                out.write(data)
        return kept

    def proof(self, index):
        lines = "".join(f"{b64(one)}\n" for one in path(index, self.leaves))
        return f"c2sp.org/tlog-proof@v1\nindex {index}\n{lines}\n".encode() + self.head

    def lines(self, numbers):
        return b"".join(b'{"sequence":%d,"entry":%s}\n' % (n, self.rows[n]) for n in numbers)

    def export(self, name, changes):
        """With these entries as changes of keys, in this order."""
        files = [("README", b"made by hand\n"), ("ledger", self.mark.encode()), ("checkpoint", self.head)]
        if changes:
            files.append(("keys.ndjson", self.lines(changes)))
            files += [(f"keys/{n:016}.tlog-proof", self.proof(n)) for n in changes]
        files.append(("entries.ndjson", self.lines([2, 17])))
        files += [(f"proofs/{n:016}.tlog-proof", self.proof(n)) for n in (2, 17)]
        with tarfile.open(name, "w:", format=tarfile.USTAR_FORMAT) as tar:
            for file, data in files:
                info = tarfile.TarInfo("ledger-export/" + file)
                info.size, info.mode = len(data), 0o644
                tar.addfile(info, io.BytesIO(data))


# --- both verifiers ---

def run(*words):
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    return done.returncode, done.stderr


def judge(name, want, mine, theirs, says=""):
    global failed, seen
    seen += 1
    fine = mine[0] == theirs[0] == want and says in mine[1]
    failed += not fine
    print(f"[{'       OK ' if fine else '  FAILED  '}] {name}" + ("" if fine else f"\n{want} {says} {mine} {theirs}"), flush=True)


def folder(name, made, want, keys, says=""):
    kept = made.folder("F")
    for key in keys:
        from_words = ["--from", kept[0]] if kept else []
        judge(f"{name}: by {K.index(key)}", want, run(WEIR, "ledger", "verify", "--dir", "F", "--key", key.text, *from_words),
              run(sys.executable, os.path.join(TOOLS, "verify-ledger.py"), "F", key.text, *kept[:1]), says)


def export(name, made, changes, want, keys, says=""):
    made.export("F.tar", changes)
    for key in keys:
        judge(f"{name}: by {K.index(key)}", want, run(WEIR, "ledger", "verify", "--export", "F.tar", "--key", key.text),
              run(sys.executable, os.path.join(TOOLS, "verify-export.py"), "F.tar", key.text), says)


ONCE = entries((10, change(K[0], K[1])))
TWICE = entries((10, change(K[0], K[1])), (20, change(K[1], K[2])))
AT_ONCE = entries((28, change(K[0], K[1])), (29, change(K[1], K[2])))


def honest():
    for name, rows, changes, last in (("no change", entries(), [], 0), ("one change", ONCE, [10], 1),
                                      ("two changes", TWICE, [10, 20], 2), ("one behind the other", AT_ONCE, [28, 29], 2)):
        made = Made(rows, [K[last]], K[0], K[last])
        folder(name, made, 0, K[:last + 1])
        export(name, made, changes, 0, K[:last + 1])
        folder(f"{name}, a stranger's key", made, 4, [STRANGER])
        export(f"{name}, a stranger's key", made, changes, 4, [STRANGER])
    made = Made(AT_ONCE, [K[1], K[2]], K[0], K[2])
    folder("both sign the first head", made, 0, K[:3])
    export("both sign the first head", made, [28, 29], 0, K[:3])
    for size, by in ((5, [K[0]]), (10, [K[0]]), (11, [K[0], K[1]]), (15, [K[1]]), (20, [K[1]]), (25, [K[2]])):
        folder(f"a kept head of {size}", Made(TWICE, [K[2]], K[0], K[2], [(size, by)]), 0, K[:3])
    export("the present key needs no changes", Made(TWICE, [K[2]], K[2], K[2]), [], 0, [K[2]])


def forged_changes():
    for name, by_old, by_new, says in (("the old key did not sign", STRANGER, None, "the old key"),
                                       ("the new key did not sign", None, STRANGER, "the new key"),
                                       ("the new key signed for both", K[1], None, "the old key"),
                                       ("the old key signed for both", None, K[0], "the new key")):
        made = Made(entries((10, change(K[0], K[1], by_old, by_new))), [K[1]], K[0], K[1])
        folder(name, made, 4, K[:2], says)
        export(name, made, [10], 4, K[:2], says)
        later = {K[0]: K[1], K[1]: K[2]}
        by_old, by_new = later.get(by_old, by_old), later.get(by_new, by_new)
        made = Made(entries((10, change(K[0], K[1])), (20, change(K[1], K[2], by_old, by_new))), [K[2]], K[0], K[2])
        folder(f"{name} the second time", made, 4, K[:3], says)
        export(f"{name} the second time", made, [10, 20], 4, K[:3], says)
    for name, rows, changes in (
            ("a change of a key that is not the present one", entries((10, change(K[0], K[1])), (20, change(K[0], K[2]))),
             [10, 20]),
            ("and back", entries((10, change(K[0], K[1])), (20, change(K[1], K[0]))), [10, 20]),
            ("the second before the first", entries((10, change(K[1], K[2])), (20, change(K[0], K[1]))), [10, 20])):
        made = Made(rows, [K[0], K[1], K[2]], K[0], K[2])
        folder(name, made, 4, K[:3], "")
        export(name, made, changes, 4, K[:3], "")
    made = Made(TWICE, [K[2]], K[0], K[2])
    export("changes are not in their order", made, [20, 10], 4, K[:3])
    export("the first change was left out", made, [20], 4, K[:1])
    export("the last change was left out", made, [10], 4, K[:2])
    export("both were left out", made, [], 4, K[:2])
    export("a change twice", made, [10, 10, 20], 4, K[:3])
    export("an entry that changes no key", made, [5, 10, 20], 4, K[:3])


def out_of_turn():
    for name, rows, changes, by in (
            ("a key after its turn", ONCE, [10], K[0]), ("a key after its turn, two on", TWICE, [10, 20], K[0]),
            ("the middle key after its turn", TWICE, [10, 20], K[1]), ("a stranger's", TWICE, [10, 20], STRANGER)):
        made = Made(rows, [by], K[0], K[len(changes)])
        folder(name, made, 4, K[:len(changes) + 1], "checkpoint")
        export(name, made, changes, 4, K[:len(changes) + 1], "checkpoint")
    for size, by in ((5, K[1]), (10, K[1]), (11, K[0]), (15, K[0]), (15, K[2]), (20, K[2]), (25, K[1]), (25, K[0])):
        folder(f"a kept head of {size} by {K.index(by)}", Made(TWICE, [K[2]], K[0], K[2], [(size, [by])]), 4, K[:3])


def main():
    with tempfile.TemporaryDirectory() as top:
        os.chdir(top)
        honest()
        forged_changes()
        out_of_turn()
        os.chdir("/")
    print(f"{seen} looked at by two verifiers each, {failed} times not as it should be")
    return 1 if failed or seen < 150 else 0


if __name__ == "__main__":
    sys.exit(main())
