#!/usr/bin/env python3
"""Replays every harness without a fuzzer: replay.py WEIR PROGRAMS CAPTURE-OR-FOLDER...

Inputs are those of corpus/NAME, and seeds made of the captures given, as `./do fuzz` makes them.
"""
import concurrent.futures
import glob
import os
import subprocess
import sys
import tempfile

import seeds

HERE = os.path.dirname(os.path.abspath(__file__))


def replay(program, work):
    """(name, what went wrong or "")."""
    name = os.path.basename(program)[len("replay_"):]
    folders = [f for f in (os.path.join(HERE, "corpus", name), os.path.join(work, name)) if os.path.isdir(f)]
    if not folders:
        return name, "no capture at hand has it, and corpus/ neither"
    done = subprocess.run([program, *folders], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          encoding="utf-8", errors="replace", check=False)
    return name, done.stdout if done.returncode else ""


def main():
    weir, programs = sys.argv[1:3]
    captures = [path for given in sys.argv[3:] for path in
                ([given] if os.path.isfile(given) else
                 sorted(glob.glob(os.path.join(given, "**", "*.pcap"), recursive=True)))]
    found = sorted(p for p in glob.glob(os.path.join(programs, "replay_*")) if os.path.isfile(p))
    failed = not found
    with tempfile.TemporaryDirectory() as work:
        seeds.make(weir, captures, work)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, wrong in pool.map(lambda p: replay(p, work), found):
                print(f"[  FAILED  ] {name}\n{wrong}" if wrong else f"[       OK ] {name}", flush=True)
                failed |= bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
