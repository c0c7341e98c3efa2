#!/usr/bin/env python3
"""A damaged ledger, a wrong key, a foreign ledger, a later version: ledger_damage.py WEIR

What is damaged is named, what is whole is still shown, and nothing is mended in silence; what is not ours is refused
with the reason.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile

WEIR = sys.argv[1]
ENTRIES = 600  # and the first one, that says whose key it is
failed = 0


def weir(*words, given=""):
    done = subprocess.run([WEIR, "ledger", *words], input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", errors="replace", check=False)
    return done.returncode, done.stdout, done.stderr


def judge(name, good, story=""):
    global failed
    failed += not good
    print(f"[{'       OK ' if good else '  FAILED  '}] {name}{'' if good else chr(10) + str(story)[:1500]}", flush=True)


def make(folder, origin="damage.example"):
    weir("init", "--dir", folder, "--origin", origin)
    return weir("append", "--dir", folder, given="".join(
        json.dumps({"kind": "note", "subject": f"entry {n}"}) + "\n" for n in range(1, ENTRIES + 1)))


def digest(folder):
    all_of_it = hashlib.sha256()
    for where, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            with open(os.path.join(where, name), "rb") as file:
                all_of_it.update(os.path.join(where, name).encode() + file.read())
    return all_of_it.digest()


def change(folder, name, at, byte=None):
    with open(os.path.join(folder, name), "r+b") as file:
        file.seek(at)
        old = file.read(1)[0]
        file.seek(at)
        file.write(bytes([old ^ 4 if byte is None else byte]))


def copy_of(folder, top):
    copy = os.path.join(top, "copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder, copy)
    shutil.copy(folder + ".key", copy + ".key")
    shutil.copy(folder + ".key.head", copy + ".key.head")
    return copy


def shown(text):
    return [json.loads(line)["sequence"] for line in text.splitlines()]


def reading_around(folder, top):
    last = f"tile/entries/002.p/{ENTRIES + 1 - 512}"
    rows = [
        ("a bundle is gone", lambda f: os.remove(f + "/tile/entries/001"), range(256, 512), "tile/entries/001"),
        ("an entry is changed", lambda f: change(f, "tile/entries/001", 40), [256], "tile/entries/001"),
        ("a bundle is cut", lambda f: os.truncate(f + "/tile/entries/001", 60), range(256, 512), "tile/entries/001 is cut"),
        ("the last bundle is cut", lambda f: os.truncate(f + "/" + last, os.path.getsize(f + "/" + last) - 1), [ENTRIES],
         last + " is cut"),
        ("a tile is gone", lambda f: os.remove(f + "/tile/0/001"), [], "tile/0/001"),
    ]
    for name, damage, gone, words in rows:
        copy = copy_of(folder, top)
        damage(copy)
        before = digest(copy)
        code, out, err = weir("show", "--json", "--dir", copy)
        want = [n for n in range(ENTRIES + 1) if n not in gone]
        judge(f"{name}: the rest is shown, and what is not is named",
              code == 4 and words in err and shown(out) == want, (code, err, len(shown(out))))
        code, _, err = weir("verify", "--dir", copy)
        judge(f"{name}: verify names it", code == 4 and "does not hold" in err and words.split(" ")[0] in err, (code, err))
        judge(f"{name}: nothing was mended", digest(copy) == before)


def writing(folder, top):
    last = f"tile/entries/002.p/{ENTRIES + 1 - 512}"
    rows = [
        ("the last bundle is damaged", lambda f: change(f, last, 30), 4, last + " is damaged at entry 512"),
        ("the last tile is damaged", lambda f: change(f, f"tile/0/002.p/{ENTRIES + 1 - 512}", 30), 4, "tiles at size"),
        ("the checkpoint is damaged", lambda f: change(f, "checkpoint", 30), 4, "checkpoint"),
        ("every head is gone", lambda f: (os.remove(f + "/checkpoint"), os.remove(f + "/settled")), 4, "this is an older state"),
        ("settled is gone", lambda f: os.remove(f + "/settled"), 4, "older state"),
        ("a later version", lambda f: change(f, "ledger", len("weir ledger "), ord("2")), 1, "written by a later weir, version 2"),
        ("another key", lambda f: shutil.copy(top + "/foreign.key", f + ".key"), 5, "is the key of 'foreign.example'"),
        ("the key is none", lambda f: change(os.path.dirname(f), "copy.key", 3, ord("x")), 4, "copy.key: no key"),
        ("a foreign checkpoint", lambda f: shutil.copy(top + "/foreign/checkpoint", f), 4, "checkpoint"),
        ("no ledger", lambda f: os.remove(f + "/ledger"), 3, "weir ledger init"),
    ]
    for name, damage, exit_code, words in rows:
        copy = copy_of(folder, top)
        damage(copy)
        before = digest(copy)
        code, out, err = weir("append", "--dir", copy, given='{"kind":"note","subject":"more"}\n')
        judge(f"{name}: append refuses, and says why", code == exit_code and words in err and not out, (code, out, err))
        judge(f"{name}: nothing was changed", digest(copy) == before)


def main():
    with tempfile.TemporaryDirectory() as top:
        folder = os.path.join(top, "ledger")
        make(folder)
        make(os.path.join(top, "foreign"), "foreign.example")
        reading_around(folder, top)
        writing(folder, top)
        key = open(top + "/foreign/ledger", encoding="utf-8").read().split("\n")[1]
        code, _, err = weir("verify", "--dir", folder, "--key", key)
        judge("verify with another's key refuses", code == 4 and "is no key of this ledger" in err, (code, err))
        name, number, data = key.split("+", 2)
        later = f"{name}+{number}+Bg{data[2:]}"
        code, _, err = weir("verify", "--dir", folder, "--key", later)
        judge("a key of a later kind is refused by its kind", code in (1, 2) and "of kind 0x06" in err, (code, err))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
