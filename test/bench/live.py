#!/usr/bin/env python3
"""How many frames a second come through a virtual cable without a loss: `weir look --interface` beside `tcpdump -w /dev/null`,
and the process that keeps packets beside `tcpdump -w FILE`.

The mix of bench.py is sent by tcpreplay, SECONDS=5 at each rate; a rate counts where nothing is lost and it was reached.  All
have a ring of 16 MiB.  In a network namespace of its own; the receiver has one core, the sender the other.  At the end, what
keeping a frame costs without a network.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import bench

HERE = os.path.abspath(__file__)
sys.path.insert(0, os.path.dirname(os.path.dirname(HERE)))
import packets_live_test  # noqa: E402

KEPT = os.path.join(bench.WORK, "kept")
WEIR = os.path.join(bench.BUILD, "src", "run", "weir")
STEPS = [20_000 * 1.25**n for n in range(16)]


def isolate():
    if os.environ.get("WEIR_LIVE_BENCH"):
        return
    env = {**os.environ, "WEIR_LIVE_BENCH": "1", "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}
    # tcpdump gives up root, which it cannot where no other user is: so nobody is root there.
    for user in ([], ["--user", "--map-current-user", "--keep-caps"]):
        room = ["unshare", *user, "--net", "--"]
        cable = "ip link add name a type veth peer name b && ip link set dev a mtu 65535 && ip link set dev b mtu 65535"
        if subprocess.run([*room, "sh", "-c", cable], env=env, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.execvpe("unshare", [*room, "sh", "-c", f"{cable} && ip link set dev a up && ip link set dev b up && exec python3 {HERE}"], env)
    bench.fail("no network namespaces with virtual cables here")


def receive(*words):
    def start(core):
        # pylint: disable=consider-using-with
        return subprocess.Popen(["taskset", "-c", str(core), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return start


def keep(core):
    """The process that keeps packets, with a GiB to keep them in."""
    shutil.rmtree(KEPT, ignore_errors=True)
    os.makedirs(KEPT)
    packets_live_test.WEIR = WEIR
    keeper = packets_live_test.Keeper(KEPT, "b", limit=1 << 30)
    os.sched_setaffinity(keeper.process.pid, {core})
    keeper.watch("b")
    return keeper


def keep_result(keeper):
    keeper.send(packets_live_test.STOP)
    held = keeper.heard()
    keeper.end()
    return held["frames"], held["lost"] + held["dropped"]


def weir_result(process):
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    if process.returncode:
        bench.fail(f"weir: {err}")
    capture = json.loads(out)["capture"]
    return capture["packets"], capture["counters"].get("frames_lost", 0)


def tcpdump_result(process):
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=60)[1]
    return tuple(int(re.search(rf"(\d+) packets? {word}", err)[1]) for word in ("captured", "dropped by kernel"))


TCPDUMP = ["tcpdump", "-n", "-i", "b", "-B", "16384", "-w"]
FILE = os.path.join(bench.WORK, "tcpdump.pcap")
TOOLS = {
    "tcpdump -w /dev/null": (receive(*TCPDUMP, "/dev/null"), tcpdump_result),
    "weir look --interface": (receive(WEIR, "look", "--interface", "b", "--json"), weir_result),
    "tcpdump -w FILE": (receive(*TCPDUMP, FILE), tcpdump_result),
    "weir keeps packets": (keep, keep_result),
}


def send(mix, rate, seconds, core):
    """The rate that was reached."""
    done = subprocess.run(["taskset", "-c", str(core), "tcpreplay", "-q", "-i", "a", f"--pps={int(rate)}",
                           f"--limit={int(rate * seconds)}", mix], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    found = re.search(r"([\d.]+) pps", done.stdout)
    if not found:
        bench.fail(done.stdout[-500:])
    return float(found[1])


def one(name, mix, rate, seconds, cores):
    start, result = TOOLS[name]
    process = start(cores[-1])
    time.sleep(1.5)
    reached = send(mix, rate, seconds, cores[0])
    time.sleep(1)
    got, lost = result(process)
    print(f"{name:<24}{rate:>10,.0f}/s asked{reached:>12,.0f}/s sent{got:>12,} read{lost:>10,} lost", flush=True)
    return reached, lost


def keeping_costs(mix):
    """Processor time, with and without keeping, of the same frames."""
    program, times = os.path.join(bench.TOOLS, "keep"), []
    for folder in ("-", KEPT):
        shutil.rmtree(KEPT, ignore_errors=True)
        os.makedirs(KEPT)
        done = subprocess.run([program, mix, folder, "256"], stdout=subprocess.PIPE, text=True, check=True)
        frames, _, spent = map(int, done.stdout.split())
        times.append(spent)
    shutil.rmtree(KEPT)
    print(f"keeping a frame: {(times[1] - times[0]) / frames:.0f} ns of processor time")


def main():
    os.makedirs(bench.WORK, exist_ok=True)
    bench.build()
    mix = os.environ.get("CAPTURE") or bench.make_mix(bench.captures())
    isolate()
    cores, seconds = sorted(os.sched_getaffinity(0)), float(os.environ.get("SECONDS", "5"))
    best = {name: 0.0 for name in TOOLS}
    for name in TOOLS:
        for rate in STEPS:
            reached, lost = one(name, mix, rate, seconds, cores)
            if lost:
                break
            best[name] = max(best[name], reached)
            if reached < rate * 0.9:
                break  # the sender gives no more
    print()
    for name, rate in best.items():
        print(f"{name:<24}{rate:>12,.0f} frames/s without a loss")
    rates = list(best.values())
    for (peer, ours), least in ((rates[:2], " (at least 0.5)"), (rates[2:], ", keeping packets")):
        print(f"measure: {ours / peer:.2f} of tcpdump{least}" if peer else "measure: tcpdump lost frames at every rate")
    keeping_costs(mix)
    if os.path.exists(FILE):
        os.remove(FILE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
