#!/usr/bin/env python3
"""The ledger beside a bare write loop and SQLite, in one run, on one disk, with entries of 256 bytes.

DIR=DIR names the folder whose disk is measured (build/bench); ROUNDS=N (3).  Everything is done in turn and several
times, and medians are shown, with what the disk took for a sync beside them.
"""
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "release")
TOOL = os.path.join(BUILD, "test", "bench", "ledger_bench")
WEIR = os.path.join(BUILD, "src", "run", "weir")
BATCHES = {1: 2000, 1000: 500_000, 10_000: 1_000_000}  # entries to a sync: how many are written in all
CLIENTS, SECONDS, RATE, REST, VERIFIED = 256, 3, 50_000, 3, 1_000_000


def fail(text):
    sys.exit(f"bench: {text}")


def build():
    command = ["ninja", "-C", BUILD, "test/bench/ledger_bench"]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(["meson", "setup", "--reconfigure", BUILD], stdout=subprocess.DEVNULL, check=False)
        done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
        if done.returncode:
            fail("the tool does not build:\n" + done.stdout[-3000:])


def tool(*words):
    """What it prints: a name and numbers a line."""
    done = subprocess.run([TOOL, *map(str, words)], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        fail(f"{' '.join(map(str, words))} ended with {done.returncode}")
    return {line.split()[0]: [float(n) for n in line.split()[1:]] for line in done.stdout.splitlines()}


class Place:
    """Names of their own for each thing that is measured: a file system is slow where much was just removed."""

    def __init__(self):
        self.folder = os.path.join(os.environ.get("DIR") or os.path.join(TOP, "build", "bench"), f"ledger.{os.getpid()}")
        os.makedirs(self.folder)
        self.count = 0

    def name(self):
        self.count += 1
        return os.path.join(self.folder, str(self.count))

    def ledger(self):
        name = self.name()
        subprocess.run([WEIR, "ledger", "init", "--dir", name, "--origin", "bench"], stdout=subprocess.DEVNULL, check=True)
        return name


def batches(place, rounds):
    kinds = {
        "weir": lambda batch, count: tool("append", place.ledger(), batch, count),
        "bare, grows": lambda batch, count: tool("bare", place.name(), batch, count, 0),
        "bare, was written": lambda batch, count: tool("bare", place.name(), batch, count, 1),
        "SQLite WAL full": lambda batch, count: tool("sqlite", place.name(), batch, count),
    }
    seen = {name: {batch: [] for batch in BATCHES} for name in kinds}
    for n in range(rounds):
        for batch, count in BATCHES.items():
            for name, run in kinds.items():
                seen[name][batch].append(run(batch, count))
        print(f"round {n + 1} of {rounds}", file=sys.stderr)

    def at_batch(name, batch, what="rate", at=0):
        return middle(seen[name][batch], what, at)
    print("durable entries/s, by entries to a sync; sync p50/p99 in ms")
    print(f"{'':<20}" + "".join(f"{batch:>12}{'p50':>8}{'p99':>8}" for batch in BATCHES))
    for name in kinds:
        line = f"{name:<20}"
        for batch in BATCHES:
            line += f"{at_batch(name, batch):>12.0f}"
            syncs = [at_batch(name, batch, "sync", at) / 1000 for at in (0, 1)] if name[:6] != "SQLite" else []
            line += "".join(f"{ms:>8.2f}" for ms in syncs) or " " * 16
        print(line)
    print(f"{'weir, in a head':<20}" + "".join(f"{at_batch('weir', batch, 'sealed'):>12.0f}{'':16}" for batch in BATCHES))
    best_sqlite = max(at_batch("SQLite WAL full", batch) for batch in BATCHES)
    best = max(at_batch("weir", batch) for batch in BATCHES)
    ratios = [at_batch("weir", b) / at_batch("bare, grows", b) for b in BATCHES if b > 1]
    print(f"measures: {min(ratios):.2f} of the bare loop (at least 0.6), {best / best_sqlite:.1f} x SQLite's best (at least 2)\n")


class Serving:
    def __init__(self, place):
        self.name = place.ledger()

    def __enter__(self):
        self.process = subprocess.Popen([WEIR, "ledger", "serve", "--dir", self.name], stderr=subprocess.DEVNULL)
        for _ in range(200):
            if os.path.exists(self.name + ".socket"):
                break
            time.sleep(0.05)
        time.sleep(1)
        return self.name

    def __exit__(self, kind, *_):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait() and not kind:
            fail("serve did not end well")


def middle(some, what, at):
    return statistics.median(r[what][at] for r in some)


def paced(place, rounds):
    """Each with a fresh ledger, and after a rest: a disk that was just written much to stands still now and then."""
    kinds = {
        "bare loop": lambda: tool("pace", place.name(), RATE, SECONDS, 0),
        "bare loop, tiles written beside it": lambda: tool("pace", place.name(), RATE, SECONDS, 1),
        "weir, what is due in a message": lambda: served(64),
        "weir, one entry a message": lambda: served(1),
    }

    def served(most):
        with Serving(place) as name:
            return tool("rate", name, RATE, SECONDS, most)
    seen = {name: [] for name in kinds}
    for n in range(rounds):
        for name, run in kinds.items():
            time.sleep(REST)
            seen[name].append(run())
        print(f"paced round {n + 1} of {rounds}", file=sys.stderr)
    print(f"{RATE} entries/s, from when one is due to when it is durable and answered, in ms: medians of {rounds}, and p99 of each round")
    for name, some in seen.items():
        each = " ".join(f"{r['ack'][1] / 1000:.2f}" for r in some)
        print(f"{name:<36} p50 {middle(some, 'ack', 0) / 1000:.2f}  p99 {middle(some, 'ack', 1) / 1000:.2f}  "
              f"max {middle(some, 'ack', 2) / 1000:.1f}  ({each})")
    some = seen["weir, what is due in a message"]
    print(f"measures: acknowledged p99 {middle(some, 'ack', 1) / 1000:.2f} ms (at most 1); in a signed checkpoint p50 "
          f"{middle(some, 'head', 0) / 1000:.0f} ms, p99 {middle(some, 'head', 1) / 1000:.0f} ms (at most 150)\n")


def askers(place, rounds):
    with Serving(place) as name:
        waits = [tool("clients", name + ".socket", CLIENTS, SECONDS) for _ in range(rounds)]
    print(f"{CLIENTS} askers, each waiting for its own answer: {middle(waits, 'rate', 0):.0f}/s (at least 100000), "
          f"p50 {middle(waits, 'wait', 0) / 1000:.2f} ms, p99 {middle(waits, 'wait', 1) / 1000:.2f} ms\n")


def reading(place, rounds):
    name = place.ledger()
    tool("append", name, 10_000, VERIFIED)
    cpu = max(tool("verify", name)["cpu"][0] for _ in range(max(rounds, 3)))
    proof = tool("proof", name)
    print(f"verify: {cpu:.0f} entries/s a core (at least 2000000); a proof: {proof['size'][0]:.0f} bytes (at most 2048), "
          f"{proof['check-us'][0]:.1f} us to check (at most 20), its checkpoint's signature "
          f"{proof['signature-us'][0]:.0f} us; signing {proof['sign-us'][0]:.0f} us")


def main():
    build()
    rounds = int(os.environ.get("ROUNDS", "3"))
    place = Place()
    try:
        print(f"{place.folder}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the start, medians; verify: the best of several")
        paced(place, 3 * rounds)
        batches(place, rounds)
        askers(place, rounds)
        reading(place, rounds)
    finally:
        shutil.rmtree(place.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
