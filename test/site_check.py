#!/usr/bin/env python3
"""What a site remembers, capture by capture: site_check.c says what is held against what.

    site_check.py PROGRAM CAPTURE|FOLDER...

Folders that are not there are left out; with none of them: skipped.
"""
import os
import subprocess
import sys

from whole_check import captures


def main(program, *paths):
    found = list(captures(paths))
    if not found:
        print("no captures here: skipped")
        return 77
    done = subprocess.run([os.path.abspath(program), "200", *found], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    print(*(line for line in done.stdout.splitlines() if not line.startswith("right")), sep="\n")
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
