#!/usr/bin/env python3
"""Holds what sensors tell in rows against what they know, capture by capture: whole_check.c says how.

    whole_check.py PROGRAM CAPTURE|FOLDER...

Told at the end, and all the time.  Folders that are not there are left out; with none of them: skipped.
"""
import os
import subprocess
import sys
import tempfile

ENDS = (".pcap", ".pcapng", ".cap", ".gz", ".zst")


def captures(paths):
    for path in paths:
        if os.path.isfile(path):
            yield os.path.abspath(path)
        for folder, _, names in sorted(os.walk(path)):
            yield from (os.path.abspath(os.path.join(folder, name)) for name in sorted(names) if name.endswith(ENDS))


def main(program, *paths):
    found = list(captures(paths))
    if not found:
        print("no captures here: skipped")
        return 77
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for every in ("0", "37"):
            done = subprocess.run([os.path.abspath(program), every, *found], cwd=folder, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, check=False)
            wrong = [line for line in done.stdout.splitlines() if not line.startswith("same")]
            print(f"told each {every} frames:", *wrong, sep="\n")
            failed += done.returncode != 0
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
