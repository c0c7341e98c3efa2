#!/usr/bin/env python3
"""What takes too long for every day, of the ledger: `./do soak [POINTS=10000]`.

Writers killed at POINTS system calls, the power lost at as many calls, each call and each allocation failing, forgeries
and changed bytes, a full disk, and how much memory and time large ledgers take.  Ends with 1 where one of them is not as it
should be.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TESTS = os.path.join(TOP, "build", "timed", "test")
WEIR = os.path.join(TOP, "build", "timed", "src", "run", "weir")
POINTS = os.environ.get("POINTS") or "10000"
MEMORY_MAX_KIB, OPEN_MAX_MS = 64 << 10, 100
SKIPPED = 77


def run(name, *command, points=POINTS):
    began = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                          check=False, env={**os.environ, "POINTS": points})
    text = re.sub(r"^\[.*\] (Running|\d+ test|[a-z_]*$).*\n?", "", done.stdout, flags=re.M).rstrip()
    word = "skipped" if done.returncode == SKIPPED else "FAILED" if done.returncode else "good"
    print(f"--- {name}: {word}, {time.monotonic() - began:.0f} s\n{text}", flush=True)
    return done.returncode not in (0, SKIPPED)


def big(*words):
    text = subprocess.run([os.path.join(TESTS, "big_ledger"), *words], stdout=subprocess.PIPE, encoding="utf-8",
                          check=True).stdout
    print(f"{words[0]}: {text.strip()}", flush=True)
    return float(re.search(r"in ([\d.]+) ms", text)[1]), int(re.search(r"peak (\d+)", text)[1])


def sizes():
    """The memory of a million appends; opening ten million, ended in order and not."""
    print("--- size", flush=True)
    folder = tempfile.mkdtemp(dir=os.path.join(TOP, "build"))
    try:
        _, peak = big("append", f"{folder}/million", "1000000")
        big("append", f"{folder}/large", "10000000")
        opened = sorted(big("open", f"{folder}/large")[0] for _ in range(5))[2]
        big("leave", f"{folder}/large", "100000")
        left = sorted(big("open", f"{folder}/large")[0] for _ in range(5))[2]
    finally:
        shutil.rmtree(folder)
    failed = 0
    for what, figure, most, unit in [("a million appends", peak, MEMORY_MAX_KIB, "KiB"),
                                     ("ten million opened, ended in order", opened, OPEN_MAX_MS, "ms"),
                                     ("ten million opened, its writer killed", left, OPEN_MAX_MS, "ms")]:
        failed |= figure >= most
        print(f"{what}: {figure:.1f} {unit} (below {most}){'  FAILED' if figure >= most else ''}", flush=True)
    return failed


def main():
    os.chdir(TOP)
    failed = [run("killed at system calls", f"{TESTS}/kill_test"),
              run("killed commands", f"{TESTS}/kill_cli_test", WEIR, points="500"),
              run("power lost", f"{TESTS}/loss_test"),
              run("calls and allocations fail", f"{TESTS}/fault_test"),
              run("changed bytes", f"{TESTS}/check_test"),
              run("forgeries", sys.executable, "test/forge.py", WEIR, "tools/verify-ledger.py", "400"),
              run("damage", sys.executable, "test/ledger_damage.py", WEIR),
              run("a full disk", "test/full_disk_test.sh", WEIR, f"{TESTS}/full_disk"),
              sizes()]
    print(f"{len(failed)} kinds, {sum(map(bool, failed))} failed")
    return 1 if any(failed) else 0


if __name__ == "__main__":
    sys.exit(main())
