#!/usr/bin/env python3
"""weir packets: what is kept of a capture comes out of the store again, as weir, we and tshark read it.

    packets_cli_test.py WEIR KEEP CAPTURE
"""
import glob
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile

import wire

WEIR = KEEP = ""


def run(*words, **more):
    return subprocess.run([WEIR, "packets", *words], capture_output=True, check=False, **more)


def frames_of(path):
    """(time, bytes) of each."""
    return [(frame[0], frame[2]) for frame in wire.read_capture(path)]


def by_tshark(path, work):
    """The same, as tshark writes what it has read."""
    out = os.path.join(work, "by-tshark.pcap")
    done = subprocess.run(["tshark", "-r", path, "-F", "nsecpcap", "-w", out], capture_output=True, text=True, check=False)
    return frames_of(out) if done.returncode == 0 else done.stderr


def hosts(frame):
    """MAC addresses and IPv4 addresses of a frame, as text."""
    kind = frame[12:14]
    found = {":".join(f"{byte:02x}" for byte in frame[at:at + 6]) for at in (0, 6)}
    if kind == b"\x08\x00":
        found |= {".".join(map(str, frame[at:at + 4])) for at in (26, 30)}
    if kind == b"\x08\x06":
        found |= {".".join(map(str, frame[at:at + 4])) for at in (28, 38)}
    return found


def text_of(ns):
    seconds, rest = divmod(ns, 10**9)
    stamp = subprocess.run(["date", "-u", "-d", f"@{seconds}", "+%FT%T"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{stamp}.{rest:09d}Z"


def summary(store, frames, _):
    said = run("--dir", store)
    what = json.loads(run("--dir", store, "--json").stdout)
    segments = len(glob.glob(store + "/*.pcapng"))
    first, last = text_of(min(frames)[0]), text_of(max(frames)[0])
    begins = f"{first} to {last}: {len(frames)} packets in {segments} segments, "
    if not said.stdout.decode().startswith(begins) or said.stderr or segments < 3:
        return f"{said.stdout} {said.stderr}, not {begins}"
    want = {"weir": "packets/1", "first": first, "last": last, "packets": len(frames), "segments": segments}
    return None if {**what, **want} == what and what["bytes"] <= 4 << 20 else str(what)


def segments_are_captures(store, frames, work):
    ours, theirs = [], []
    for path in sorted(glob.glob(store + "/*.pcapng")):
        ours += frames_of(path)
        if shutil.which("tshark"):
            seen = by_tshark(path, work)
            if isinstance(seen, str):
                return seen
            theirs += seen
    if ours != frames:
        return f"{len(ours)} of {len(frames)}"
    return None if theirs == frames or not shutil.which("tshark") else f"tshark: {len(theirs)} of {len(frames)}"


def questions(store, frames, work):
    (first, _), (middle, _), (last, _) = frames[0], frames[len(frames) // 2], frames[-1]
    some = sorted(hosts(frames[100][1]))
    pair = [host for host in sorted(hosts(frames[len(frames) // 2][1])) if "." in host]
    rows = [((), first, last, ()),
            (("--from", text_of(middle)), middle, last, ()),
            (("--to", text_of(middle)), first, middle, ()),
            (("--from", text_of(middle), "--to", text_of(middle)), middle, middle, ()),
            (("--around", text_of(middle), "--margin", "5"), middle - 5 * 10**9, middle + 5 * 10**9, ()),
            (("--around", text_of(first)), first, first + 30 * 10**9, ()),
            *[(("--host", host), first, last, (host,)) for host in some],
            (("--host", pair[0], "--host", pair[1]), first, last, pair),
            (("--host", pair[1], "--host", pair[0], "--to", text_of(middle)), first, middle, pair)]
    for words, begin, end, wanted in rows:
        out = os.path.join(work, "out.pcapng")
        if os.path.exists(out):
            os.remove(out)
        done = run("--dir", store, *words, "--write", out, "--json")
        want = [f for f in frames if begin <= f[0] <= end and all(host in hosts(f[1]) for host in wanted)]
        if done.returncode or done.stderr or not want:
            return f"{words}: exit {done.returncode} {done.stderr}, {len(want)} wanted"
        got = frames_of(out)
        if got != want or json.loads(done.stdout)["packets"] != len(want):
            return f"{words}: {len(got)} of {len(want)}"
        if shutil.which("tshark") and by_tshark(out, work) != want:
            return f"{words}: tshark sees others"
        piped = run("--dir", store, *(words or ("--write", "-")))
        with open(out, "rb") as file:
            if piped.stdout != file.read():
                return f"{words}: another capture on standard output"
        look = subprocess.run([WEIR, "look", "--json", out], capture_output=True, check=False)
        if json.loads(look.stdout)["capture"]["packets"] != len(want):
            return f"{words}: look sees others"
    return None


def none_of_them(store, _, work):
    out = os.path.join(work, "none.pcapng")
    done = run("--dir", store, "--host", "192.0.2.77", "--write", out)
    if done.returncode != 3 or b"no packets are as asked for" not in done.stderr or b"; try: " not in done.stderr:
        return f"{done.returncode} {done.stderr}"
    if frames_of(out) or (shutil.which("tshark") and by_tshark(out, work) != []):
        return "packets of nobody"
    empty = os.path.join(work, "empty")
    os.mkdir(empty)
    done = run("--dir", empty)
    return None if done.returncode == 0 and done.stdout.startswith(b"no packets: 0 packets in 0") else f"{done}"


def asked_wrongly(store, _, work):
    inside = glob.glob(store + "/*.pcapng")[0]
    before = os.path.getsize(inside)
    rows = [(("--from", "yesterday"), 2, "--from yesterday: no time"), (("--margin", "5"), 2, "of which moment"),
            (("--around", "2026-11-22", "--margin", "5x"), 2, "--margin 5x: no time"),
            (("--around", "2026-11-22", "--from", "2026-11-22"), 2, "not both"),
            (("--from", "2026-11-22", "--to", "2026-11-21"), 2, "--to is before --from"),
            (("--host", "plc-7"), 2, "--host plc-7: no address"), (("--host", "1.2.3.4") * 3, 2, "one or two"),
            (("--host", "1.2.3.4") * 5, 2, "4 of them at most"), (("--from", "2026-11-22", "--json"), 2, "cannot both"),
            (("--write", inside), 2, "one of the packets' own files"), (("--write", work + "/no/x"), 1, "No such file"),
            (("one",), 2, "'one' is not wanted"), (("--dir", work + "/none"), 3, "No such file"),
            (("--dir", inside), 3, "Not a directory"), (("--write", "/dev/full"), 1, "No space left")]
    for words, code, text in rows:
        done = run("--dir", store, *words)
        if done.returncode != code or text not in done.stderr.decode() or b"; try: " not in done.stderr or done.stdout:
            return f"{words}: exit {done.returncode}, {done.stderr}"
    return None if os.path.getsize(inside) == before else "a segment was written over"


def not_on_a_terminal(store, _frames, _work):
    ours, its = pty.openpty()
    done = subprocess.run([WEIR, "packets", "--dir", store, "--from", "2000-01-01"], stdout=its, stderr=subprocess.PIPE, check=False)
    os.close(its)
    os.close(ours)
    return None if done.returncode == 2 and b"nothing for a terminal" in done.stderr else f"{done}"


def damage_is_told(store, frames, work):
    copy = os.path.join(work, "copy")
    shutil.copytree(store, copy)
    with open(copy + "/00000002.pcapng", "r+b") as file:
        file.seek(100000)
        file.write(b"\xff" * 5000)
    out = os.path.join(work, "out.pcapng")
    done = run("--dir", copy, "--write", out)
    if done.returncode or b"are damaged and were passed over" not in done.stderr:
        return f"{done}"
    got = frames_of(out)
    if not len(frames) - 700 < len(got) < len(frames) or got[-1] != frames[-1]:
        return f"{len(got)} of {len(frames)}"
    return None


def main():
    global WEIR, KEEP  # pylint: disable=global-statement
    WEIR, KEEP, capture = (os.path.abspath(path) for path in sys.argv[1:4])
    failed = 0
    with tempfile.TemporaryDirectory() as work:
        store = os.path.join(work, "store")
        os.mkdir(store)
        subprocess.run([KEEP, capture, store, "4"], stdout=subprocess.DEVNULL, check=True)
        frames = frames_of(capture)
        for test in (summary, segments_are_captures, questions, none_of_them, asked_wrongly, not_on_a_terminal, damage_is_told):
            name, why = test.__name__.replace("_", " "), test(store, frames, work)
            failed += why is not None
            print(f"[  FAILED  ] {name}: {why}" if why else f"[       OK ] {name}", flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
