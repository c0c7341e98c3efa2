#!/usr/bin/env python3
"""Runs every libFuzzer harness of build/fuzz for SECONDS (120) over its corpus; ends with 1 on a finding.

Working corpora are build/fuzz-work/NAME: the inputs in test/fuzz/corpus/NAME, seeds out of the captures at hand
(test/golden, demo, CAPTURES=DIR), and what earlier runs found interesting.  ONLY=NAME,NAME chooses harnesses.
In the end all inputs of the working corpora are played to programs built for speed (build/timed), which tell how long
the longest packet took.
"""
import concurrent.futures
import glob
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import seeds  # noqa: E402

BUILD = os.path.join(TOP, "build", "fuzz")
TIMED = os.path.join(TOP, "build", "timed", "test", "fuzz")
WORK = os.path.join(TOP, "build", "fuzz-work")


def captures():
    shared = os.path.join(os.path.dirname(TOP), "shared", "captures")
    folders = [os.path.join(TOP, "test", "golden"), os.path.join(TOP, "demo"),
               os.environ.get("CAPTURES") or shared]
    found = [path for folder in folders for path in
             glob.glob(os.path.join(folder, "**", "*.pcap*"), recursive=True)]
    return sorted(p for p in found if os.path.getsize(p) < 4 << 20)


def prepare(name):
    folder = os.path.join(WORK, name)
    os.makedirs(folder, exist_ok=True)
    for path in glob.glob(os.path.join(HERE, "corpus", name, "*")):
        shutil.copy(path, folder)
    return folder


def sow(names):
    """Seeds from the captures at hand: again when other captures or harnesses are."""
    stamp, mark = os.path.join(WORK, "seeds-of"), "\n".join([*names, *captures()])
    if os.path.exists(stamp):
        with open(stamp, encoding="utf-8") as file:
            if file.read() == mark:
                return
    print("seeds from the captures at hand", flush=True)
    if seeds.make(os.path.join(BUILD, "src", "run", "weir"), captures(), WORK):
        with open(stamp, "w", encoding="utf-8") as file:
            file.write(mark)


def run(name, seconds):
    """(name, tests a second, packets, coverage, inputs kept, what went wrong)."""
    folder = prepare(name)
    log = os.path.join(TOP, "build", "log", f"fuzz-{name}.txt")
    found = os.path.join(WORK, f"found-{name}-")
    large = name in ("capture", "look")
    command = [os.path.join(BUILD, "test", "fuzz", f"fuzz_{name}"), f"-max_total_time={seconds}",
               f"-max_len={65536 if large else 8192}", "-timeout=10", "-rss_limit_mb=2048",
               "-print_final_stats=1",
               "-entropic=0",  # weighing the inputs took four fifths of the time
               f"-artifact_prefix={found}", folder]
    environment = {**os.environ, "ASAN_OPTIONS": "allocator_may_return_null=1",
                   "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    symbolizer = shutil.which("llvm-symbolizer-14") or shutil.which("llvm-symbolizer")
    if symbolizer:
        environment["ASAN_SYMBOLIZER_PATH"] = symbolizer
    with open(log, "wb") as out:
        code = subprocess.run(command, stdout=out, stderr=out, env=environment, check=False).returncode
    with open(log, encoding="utf-8", errors="replace") as file:
        text = file.read()
    speed = re.findall(r"stat::average_exec_per_sec:\s+(\d+)", text)
    packets = re.findall(r"stat::packets: (\d+)", text)
    cover = re.findall(r"cov: (\d+)", text)
    wrong = ""
    if code:
        story = re.findall(r"^(?:.*ERROR: .*|.*runtime error: .*|.*Assertion .*)$", text, re.M)
        wrong = (story[0].strip()[:160] if story else f"ended with {code}") + f"; see {os.path.relpath(log, TOP)}"
    return (name, int(speed[-1]) if speed else 0, int(packets[-1]) if packets else 0, int(cover[-1]) if cover else 0,
            len(os.listdir(folder)), wrong)


def longest(name):
    """(microseconds, name, input) of the packet that took longest; None: the harness sends none."""
    text = subprocess.run([os.path.join(TIMED, f"replay_{name}"), os.path.join(WORK, name)], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace", check=False).stdout
    found = re.search(r"^longest packet: ([\d.]+) us, in (.*)$", text, re.M)
    return (float(found[1]), name, found[2]) if found else None


def main():
    seconds = int(os.environ.get("SECONDS") or 120)
    programs = sorted(glob.glob(os.path.join(BUILD, "test", "fuzz", "fuzz_*")))
    names = [os.path.basename(p)[5:] for p in programs if os.access(p, os.X_OK) and os.path.isfile(p)]
    if os.environ.get("ONLY"):
        names = [n for n in names if n in os.environ["ONLY"].split(",")]
    if not names:
        sys.exit("fuzz: no harness was built")
    os.makedirs(os.path.join(TOP, "build", "log"), exist_ok=True)
    sow(names)
    jobs = min(2, os.cpu_count() or 1)
    print(f"{len(names)} harnesses, {seconds} s each, {jobs} at a time")
    print(f"{'harness':<14}{'tests/s':>9}{'packets':>12}{'coverage':>10}{'corpus':>8}  finding", flush=True)
    findings = sent = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for name, speed, packets, cover, kept, wrong in pool.map(lambda n: run(n, seconds), names):
            print(f"{name:<14}{speed:>9}{packets:>12}{cover:>10}{kept:>8}  {wrong or '-'}", flush=True)
            sent += packets
            findings += bool(wrong)
    for path in sorted(glob.glob(os.path.join(WORK, "found-*"))):
        print(f"input: {os.path.relpath(path, TOP)}")
    took = max(filter(None, map(longest, names)), default=None)
    if took:
        print("longest packet: {:.0f} us ({}, {})".format(*took))
    print(f"{sent} packets, {findings} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
