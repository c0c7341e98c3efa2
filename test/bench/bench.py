#!/usr/bin/env python3
"""Speed and memory of `weir look --json` beside a bare libpcap loop and ndpiReader, in one run.

CAPTURE=FILE names a ready file; otherwise a mix of about 450 MB is made of the captures at hand (CAPTURES=DIR,
default ../shared/captures beside the checkout, else demo/) and kept in build/bench, and what each protocol costs is
shown too.  ROUNDS=N (5).
"""
import json
import os
import shutil
import statistics
import subprocess
import sys

import protocols

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(TOP, "build", "release")
WORK = os.path.join(TOP, "build", "bench")
TOOLS = os.path.join(BUILD, "test", "bench")
COPIES, MEGABYTES = 16, 450
GOAL_RATIO, GOAL_MIB = 2.0, 64


def fail(text):
    sys.exit(f"bench: {text}")


def build():
    # libpcap may have come after the folder was set up: ask again when its tool is missing.
    command = ["ninja", "-C", BUILD, "test/bench/mix", "test/bench/floor", "test/bench/keep", "test/bench/measure"]
    if subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(["meson", "setup", "--reconfigure", BUILD], stdout=subprocess.DEVNULL, check=False)
        done = subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", check=False)
        if done.returncode:
            fail("the tools do not build:\n" + done.stdout[-3000:])


def captures():
    shared = os.path.join(os.path.dirname(TOP), "shared", "captures")
    return os.environ.get("CAPTURES") or (shared if os.path.isdir(shared) else os.path.join(TOP, "demo"))


def make_mix(folder):
    path = os.path.join(WORK, "mix.pcap")
    stamp = f"{os.path.abspath(folder)} {COPIES} {MEGABYTES} {os.stat(os.path.join(TOOLS, 'mix')).st_mtime}"
    if os.path.exists(path) and os.path.exists(path + ".of"):
        with open(path + ".of", encoding="utf-8") as kept:
            if kept.read() == stamp:
                return path
    print(f"mixing the captures below {folder}")
    done = subprocess.run([os.path.join(TOOLS, "mix"), path, str(COPIES), str(MEGABYTES), folder],
                          stderr=subprocess.DEVNULL, stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        fail("no mix: " + done.stdout)
    print(done.stdout.strip())
    with open(path + ".of", "w", encoding="utf-8") as kept:
        kept.write(stamp)
    return path


def measure(command, output, core):
    words = [os.path.join(TOOLS, "measure"), output]
    words += ["taskset", "-c", str(core)] if shutil.which("taskset") else []
    done = subprocess.run(words + command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          encoding="utf-8", check=False)
    wall, cpu, peak, code = done.stdout.split()
    return float(wall), float(cpu), int(peak) / 1024, int(code)


def check_look(path, packets):
    """The result that was timed is a whole one."""
    with open(path, encoding="utf-8") as file:
        look = json.load(file)
    seen = look["capture"]["packets"]
    if seen != packets:
        fail(f"weir saw {seen} packets of {packets}")
    return len(look["assets"]), len(look["conversations"])


def main():
    os.makedirs(WORK, exist_ok=True)
    build()
    path = os.environ.get("CAPTURE") or make_mix(captures())
    if not os.path.exists(path):
        fail(f"no file '{path}'")
    path = os.path.abspath(path)
    rounds = int(os.environ.get("ROUNDS", "5"))
    core = max(os.sched_getaffinity(0))
    commands = {
        "libpcap loop": [os.path.join(TOOLS, "floor"), path],
        "ndpiReader": ["ndpiReader", "-q", "-i", path],
        "weir look --json": [os.path.join(BUILD, "src", "run", "weir"), "look", "--json", path],
    }
    seen = {name: [] for name in commands}
    for n in range(rounds + 1):  # the first round warms the page cache and is not counted
        for name, command in commands.items():
            output = os.path.join(WORK, name.split()[0] + ".out")
            result = measure(command, output, core)
            # 4: weir checked and found problems, which such a mix has.
            if result[3] not in (0, 4):
                fail(f"{name} ended with {result[3]}")
            if n:
                seen[name].append(result)
        print(f"round {n} of {rounds}" if n else "warm", file=sys.stderr)
    with open(os.path.join(WORK, "libpcap.out"), encoding="utf-8") as file:
        packets, size = (int(word) for word in file.read().split()[:2])
    assets, talks = check_look(os.path.join(WORK, "weir.out"), packets)

    middle = {name: [statistics.median(r[i] for r in some) for i in range(3)] for name, some in seen.items()}
    anchor, busy = middle["ndpiReader"][0], False
    print(f"\n{path}: {packets} packets, {size} captured bytes; core {core}, medians of {rounds} rounds")
    print(f"{'':<18}{'Mpackets/s':>11}{'Gbit/s':>9}{'wall s':>9}{'CPU s':>9}{'peak MiB':>10}{'x ndpiReader':>14}"
          f"{'by CPU':>8}")
    for name, (wall, cpu, peak) in middle.items():
        print(f"{name:<18}{packets / wall / 1e6:>11.2f}{size * 8 / wall / 1e9:>9.2f}{wall:>9.3f}{cpu:>9.3f}"
              f"{peak:>10.1f}{anchor / wall:>14.2f}{middle['ndpiReader'][1] / cpu:>8.2f}")
        busy = busy or wall > 1.2 * cpu + 0.1
    if busy:
        print("this core had other work too: go by the ratio of CPU times")
    wall, cpu, peak = middle["weir look --json"]
    print(f"weir found {assets} assets and {talks} conversations")
    ratio = middle["ndpiReader"][1] / cpu if busy else anchor / wall
    print(f"measures: {ratio:.2f}x ndpiReader (at least {GOAL_RATIO:g}), "
          f"{peak:.1f} MiB (at most {GOAL_MIB}), {wall:.2f} s for the whole file (under 2)")
    if not os.environ.get("CAPTURE"):
        protocols.show(commands["weir look --json"][0], TOOLS, WORK, captures(),
                       lambda command, output: measure(command, output, core))
    return 0


if __name__ == "__main__":
    sys.exit(main())
