#!/usr/bin/env python3
"""Several captures are one plant, whatever the order they are named in; each counts once.

    several.py WEIR CAPTURE
"""
import gzip
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile

import wire

WEIR, CAPTURE = (os.path.abspath(path) for path in sys.argv[1:3])


def weir(*words, stdin=None):
    """(exit status, standard output, lines of standard error)"""
    done = subprocess.run([WEIR, *words], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    return done.returncode, done.stdout, done.stderr.decode().splitlines()


def same_as(want, *words, says):
    """The same report as `want` gave, and one line on standard error that begins with `says`."""
    code, out, lines = weir(*words)
    if code != 0 or out != want:
        return f"{words}: exit {code}, {'the same' if out == want else 'another'} report; {lines}"
    if [line.startswith("weir: " + says) for line in lines] != [True] * bool(says):
        return f"{words}: {lines}"
    return None


def write(name, frames):
    with open(name, "wb") as file:
        file.write(wire.pcap_bytes(frames))


def parts():
    """a, b, c: the capture in three pieces; ab2: from the middle of a on; odd: a with every other frame."""
    frames = wire.read_capture(CAPTURE)
    third = len(frames) // 3
    write("a", frames[:third])
    write("b", frames[third:2 * third])
    write("c", frames[2 * third:])
    write("late_a", frames[third // 2:third + third // 2])
    write("begin", frames[:third // 2])
    write("odd", frames[:third:2])
    with open("a", "rb") as plain, gzip.open("a.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    shutil.copy("a", "copy")
    os.symlink("a", "link")


def any_order():
    _, want, lines = weir("look", "--json", "a", "b", "c")
    if lines:
        return str(lines)
    for order in itertools.permutations("abc"):
        says = "" if order == ("a", "b", "c") else "read in the order of their first packets: a, b, c"
        wrong = same_as(want, "look", "--json", *order, says=says)
        if wrong:
            return wrong
    points = [{k: v for k, v in p.items() if k != "asset"} for p in json.loads(want)["points"]]
    whole = [{k: v for k, v in p.items() if k != "asset"} for p in json.loads(weir("look", "--json", CAPTURE)[1])["points"]]
    return None if points and points == whole else "points of the parts are not those of the whole"


def facts_in_order():
    _, want, _ = weir("facts", "a", "b")
    return same_as(want, "facts", "b", "a", says="read in the order of their first packets: a, b")


def adds_nothing(says, *pairs):
    """The report of each pair is that of a alone, with a line about the other of the two."""
    _, want, _ = weir("look", "--json", "a")
    for pair in pairs:
        other = pair[1] if pair[0] == "a" else pair[0]
        wrong = same_as(want, "look", "--json", *pair, says=f"{other}: {says}")
        if wrong:
            return wrong
    return None


def twice():
    return adds_nothing("is read once: it is the same file as a", ("a", "a"), ("a", "./a"), ("a", "link"))


def copies():
    return adds_nothing("is not read: all its packets are in a",
                        ("a", "copy"), ("a", "begin"), ("a", "a.gz"), ("begin", "a"))


def told(says, *words):
    """All that is said about these captures, line by line."""
    code, _, lines = weir("look", *words)
    said = [line.startswith("weir: " + begin) for line, begin in zip(lines, says)]
    return None if code == 0 and len(lines) == len(says) and all(said) else f"exit {code}: {lines}"


def piped():
    """Nobody knows when a pipe begins: the order is as given, and what came too late is told."""
    with subprocess.Popen(["cat", "a"], stdout=subprocess.PIPE) as cat:
        code, _, lines = weir("look", "b", "-", stdin=cat.stdout)
    good = code == 0 and len(lines) == 1 and lines[0].startswith("weir: -: begins before b ends; ")
    return None if good else f"exit {code}: {lines}"


def one_is_bad():
    """What cannot be read keeps its word, and its place in the list."""
    with open("text", "w", encoding="ascii") as file:
        file.write("hello\n")
    code, out, lines = weir("look", "--json", "b", "text", "missing", "a")
    files = [(f["name"], "problem" in f) for f in json.loads(out)["capture"]["files"]]
    if code != 1 or files != [("a", False), ("b", False), ("text", True), ("missing", True)]:
        return f"exit {code}: {files}, {lines}"
    problems = [f.get("problem", "") for f in json.loads(out)["capture"]["files"]]
    return None if "text" in problems[2] and "No such file" in problems[3] else str(problems)


TESTS = {
    "any order": any_order,
    "facts in order": facts_in_order,
    "the same file twice": twice,
    "copies": copies,
    "overlap": lambda: told(["late_a: begins before a ends; "], "a", "late_a"),
    "a common beginning": lambda: told(["odd: begins with the same packet as a; ", "odd: begins before a ends; "], "a", "odd"),
    "a pipe": piped,
    "one is bad": one_is_bad,
}


def main():
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        parts()
        for name, test in TESTS.items():
            wrong = test()
            print(f"[  FAILED  ] {name}\n    {wrong}" if wrong else f"[       OK ] {name}", flush=True)
            bad += bool(wrong)
        os.chdir("/")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
