"""What each protocol costs: ns of CPU a packet, on captures that hold little else.

A capture is a protocol's own when nine tenths of its facts are; those captures become one mix, as the large one is
made, and the time of a start without packets is taken off.
"""
import collections
import json
import os
import re
import statistics
import subprocess

MEGABYTES, COPIES, ROUNDS = 12, 4, 3
MINE, LEAST_PACKETS = 0.9, 20
PROTOCOL = re.compile(rb'"protocol":"([^"]+)"')


def captures_below(folder):
    for path, _, names in sorted(os.walk(folder)):
        yield from (os.path.join(path, name) for name in sorted(names) if ".pcap" in name or name.endswith(".cap"))


def facts_of(weir, path):
    told = subprocess.run([weir, "facts", path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    return collections.Counter(name.decode() for name in PROTOCOL.findall(told))


def sorted_by_protocol(weir, folder, parents):
    own = collections.defaultdict(list)
    for path in captures_below(folder):
        facts = collections.Counter()
        for name, n in facts_of(weir, path).items():
            facts[parents.get(name, name)] += n
        if not facts:
            continue
        name, most = facts.most_common(1)[0]
        # What carries others (COTP below S7comm) is part of their cost.
        carried = facts["cotp"] if name != "cotp" else 0
        if most >= MINE * (facts.total() - carried) and most >= LEAST_PACKETS:
            own[name].append(path)
    return own


def parents_of(weir):
    """Labels that one dissector gives besides its own name."""
    told = subprocess.run([weir, "protocols", "--json"], stdout=subprocess.PIPE, check=True).stdout
    return {label: row["protocol"] for row in map(json.loads, told.splitlines()) for label in row["labels"]}


def show(weir, tools, work, folder, measure):
    """Prints the table; `measure(command, output)` gives (wall s, CPU s, peak MiB, exit code)."""
    own = sorted_by_protocol(weir, folder, parents_of(weir))
    mix, out = os.path.join(work, "protocol.pcap"), os.path.join(work, "protocol.out")
    nothing = os.path.join(work, "nothing.pcap")
    with open(nothing, "wb") as file:
        file.write(bytes.fromhex("d4c3b2a1020004000000000000000000000004000100000000"[:48]))
    start = min(measure([weir, "look", "--json", nothing], out)[1] for _ in range(ROUNDS))
    print(f"\nCPU time of `weir look --json`, its start of {start * 1e3:.0f} ms taken off")
    print(f"{'protocol':<14}{'captures':>9}{'packets':>10}{'bytes each':>12}{'ns a packet':>13}{'peak MiB':>10}")
    for name, paths in sorted(own.items()):
        done = subprocess.run([os.path.join(tools, "mix"), mix, str(COPIES), str(MEGABYTES), *paths],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", check=False)
        if done.returncode:
            continue  # no Ethernet in them
        packets, size = map(int, re.search(r"(\d+) packets, (\d+) bytes", done.stdout).groups())
        runs = [measure([weir, "look", "--json", mix], out) for _ in range(ROUNDS)]
        cpu, peak = (statistics.median(run[i] for run in runs) for i in (1, 2))
        print(f"{name:<14}{len(paths):>9}{packets:>10}{size / packets - 16:>12.0f}"
              f"{(cpu - start) / packets * 1e9:>13.0f}{peak:>10.1f}", flush=True)
    for path in (mix, out, nothing):
        if os.path.exists(path):
            os.unlink(path)
