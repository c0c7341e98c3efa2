#!/usr/bin/env python3
"""Golden captures: what weir says about each is what it said when somebody looked at it.

    golden.py check WEIR            every capture's text as it stands beside it; built captures as built
    golden.py accept WEIR           writes what is built, and the text beside every capture
    golden.py cut WEIR CAPTURE      cuts a small capture for each protocol out of the given one

NAME.pcap has NAME.facts beside it, the lines of `weir facts`; below detect/, ID.fires.pcap and
ID.close.pcap have .findings, a line for each finding: id, severity, frames, sentence.  Captures that
are built to show who somebody is have NAME.who too: a line for each thing an asset says of itself; those that show
whose a value is have NAME.points.  Look at the difference before accepting it: git add -N test/golden && git diff
test/golden.
"""
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE)]

import build  # noqa: E402
import identities  # noqa: E402
import protocols  # noqa: E402
import wire  # noqa: E402

DEMO = os.path.join(HERE, "..", "..", "demo", "plant.pcapng")
SKIPPED = "nobody has accepted it yet"
CUT_FROM = "cut"  # captures in this folder came out of the demonstration plant
FRAMES_MAX = 120  # of one conversation


def run(weir, verb, path, *more):
    done = subprocess.run([weir, verb, *more, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0 or done.stderr:
        raise RuntimeError(f"weir {verb} {path}: exit {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def expected_path(path):
    return path[:-5] + (".findings" if os.sep + "detect" + os.sep in path else ".facts")


def said(weir, path):
    if not expected_path(path).endswith(".findings"):
        return run(weir, "facts", path)
    found = json.loads(run(weir, "look", path, "--json"))["findings"]
    return "".join(f"{f['id']} {f['severity']} {f['frames']} {f['text']}\n" for f in found)


def beside(path):
    """What stands beside the facts of this capture, and who says it."""
    name = os.path.basename(path)[:-5]
    if name in protocols.WHO:
        yield path[:-5] + ".who", who
    if name in protocols.POINTS:
        yield path[:-5] + ".points", points


def points(weir, path):
    """Every value of every point, as it came."""
    return run(weir, "points", path, "--csv")


def who(weir, path):
    """Asset by asset what it is, then what it says of itself, with the frame; modules behind their racks; then who
    converses with whom, and who did what to whom."""
    plant = json.loads(run(weir, "look", path, "--json"))
    assets = plant["assets"]
    lines = []
    for a in assets:
        place = ", ".join(a["ips"] or a["macs"])
        if "part_of" in a:
            place = "{part_of}, {place}".format(**a)
        lines.append(f"{a['id']} {place}: {a.get('type', 'unknown')}, {a.get('type_reason', '')}")
        lines += [f"    {i['key']} {i['value']} ({i['protocol']}, {i['frame']})" for i in a["identity"]]
    for c in plant["conversations"]:
        to = c.get("server") or c.get("group", "everybody")
        port = f" {c['port']}" if "port" in c else ""
        lines.append(f"{c['client']} to {to}: {c.get('protocol', 'unknown')}, {c['transport']}{port}")
    lines += [f"{f['id']}: {f['text']}" for f in plant["findings"]]
    return "".join(line + "\n" for line in lines)


def captures():
    for where, folders, names in os.walk(HERE):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".pcap"):
                yield os.path.join(where, name)


def right_about_itself(path, text):
    """A firing capture fires its detection and a close one does not: no acceptance changes that."""
    name = os.path.basename(path)[:-5]
    if not expected_path(path).endswith(".findings"):
        return None if text else "not one fact"
    detection, _, word = name.rpartition(".")
    fired = any(line.startswith(detection + " ") for line in text.splitlines())
    if fired != (word == "fires"):
        return f"{detection} {'fired' if fired else 'did not fire'}; found:\n{text}"
    return None


def shown_secret(weir, path):
    """Where a capture has the word in it, no output has: neither as it is nor as hexadecimal digits."""
    with open(path, "rb") as file:
        if identities.SECRET not in file.read():
            return None
    words = (identities.SECRET.decode(), identities.SECRET.hex())
    for verb, *more in (("facts",), ("look",), ("look", "--json")):
        if any(word in run(weir, verb, path, *more) for word in words):
            return f"weir {' '.join((verb, *more))} shows a secret"
    return None


def unlisted(weir):
    """Labels in the accepted facts that `weir protocols` does not know, or None."""
    known = set()
    for line in subprocess.run([weir, "protocols", "--json"], stdout=subprocess.PIPE, check=True).stdout.splitlines():
        known.update(json.loads(line)["labels"])
    carried = set()
    for path in captures():
        if expected_path(path).endswith(".facts") and os.path.exists(expected_path(path)):
            with open(expected_path(path), encoding="utf-8") as file:
                carried.update(json.loads(line)["protocol"] for line in file)
    lost = sorted(carried - known)
    return f"facts carry labels that no row of weir protocols has: {' '.join(lost)}" if lost or not carried else None


def wrong_times(weir, path):
    """Every finding's first time is that of the first frame it names."""
    frames = wire.read_capture(path)
    for f in json.loads(run(weir, "look", path, "--json"))["findings"]:
        if not f["frames"]:
            continue
        at = frames[f["frames"][0] - 1][0]
        if f["first"] != clock(at):
            return f"{f['id']}: first {f['first']}, but frame {f['frames'][0]} came at {clock(at)}"
        if f["last"] < f["first"]:
            return f"{f['id']}: first {f['first']}, last {f['last']}"
    return None


def clock(at_ns):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at_ns // 10**9)) + f".{at_ns % 10**9:09d}Z"


def first_difference(old, new):
    old, new = old.splitlines(), new.splitlines()
    for n in range(max(len(old), len(new))):
        a, b = (lines[n] if n < len(lines) else "(nothing)" for lines in (old, new))
        if a != b:
            return f"line {n + 1} of {len(old)} and {len(new)}:\n    expected {a[:700]}\n    is       {b[:700]}"
    return None


def check_one(weir, path):
    if not os.path.exists(expected_path(path)):
        return SKIPPED
    try:
        text = said(weir, path)
    except RuntimeError as e:
        return str(e)
    wrong = right_about_itself(path, text) or shown_secret(weir, path) or wrong_times(weir, path)
    if wrong:
        return wrong
    with open(expected_path(path), encoding="utf-8") as file:
        wrong = first_difference(file.read(), text)
    for more, says in beside(path):
        with open(more, encoding="utf-8") as file:
            wrong = wrong or first_difference(file.read(), says(weir, path))
    return wrong


def report(name, wrong):
    if wrong == SKIPPED:
        print(f"[  SKIPPED ] {name}")
        return False
    if wrong:
        print(f"[  FAILED  ] {name}\n    {wrong}")
    else:
        print(f"[       OK ] {name}")
    return bool(wrong)


def check(weir):
    bad, standing = 0, set()
    for path in captures():
        name = os.path.relpath(path, HERE)
        standing.add(name)
        bad += report(name, check_one(weir, path))
    for name, data in build.built():
        wrong = "is not there; ninja golden-accept writes it"
        if name in standing:
            with open(os.path.join(HERE, name), "rb") as file:
                wrong = None if file.read() == data else "is not what build.py writes; ninja golden-accept"
        bad += report(f"built:{name}", wrong)
    bad += report("labels", unlisted(weir))
    bad += report("times of findings:" + os.path.basename(DEMO), wrong_times(weir, DEMO))
    return 1 if bad or not standing else 0


def accept(weir):
    for name, data in build.built():
        path = os.path.join(HERE, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)
    bad = 0
    for path in captures():
        text = said(weir, path)
        wrong = right_about_itself(path, text) or shown_secret(weir, path)
        if wrong:
            report(os.path.relpath(path, HERE), wrong)
            bad += os.path.exists(expected_path(path))
            continue
        with open(expected_path(path), "w", encoding="utf-8") as file:
            file.write(text)
        for more, says in beside(path):
            with open(more, "w", encoding="utf-8") as file:
                file.write(says(weir, path))
    return 1 if bad else 0


def cut(weir, capture):
    """For each protocol the packets of the conversations that first showed each of its messages."""
    frames = wire.read_capture(capture)
    facts = [json.loads(line) for line in run(weir, "facts", capture).splitlines()]
    by_protocol = {}
    for f in facts:
        by_protocol.setdefault(f["protocol"], []).append(f)
    flows = flows_of(frames)
    for protocol, own in sorted(by_protocol.items()):
        wanted, seen = set(), set()
        for f in own:
            what = (f["message"], f["dir"], f.get("failed", False))
            if what in seen:
                continue
            seen.add(what)
            flow = flows[f["frame"] - 1]
            members = [n for n in range(len(frames)) if flow is not None and flows[n] == flow] or [f["frame"] - 1]
            last = max(members.index(f["frame"] - 1), 0)
            if last >= FRAMES_MAX:
                continue  # far into a long conversation: a built capture shows it better
            wanted.update(members[:last + 1])
        kept = [frames[n] for n in sorted(wanted)]
        path = os.path.join(HERE, CUT_FROM, f"{protocol}.pcap")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(wire.pcap_bytes(kept))
        print(f"{protocol}: {len(kept)} packets, {len(seen)} kinds of messages")


def flows_of(frames):
    """For each frame what names its conversation: addresses, transport and ports, or None."""
    flows = []
    for _, link, frame, _ in frames:
        place = wire.place_of(link, frame)
        if not place or place.protocol not in (6, 17):
            flows.append(None)
            continue
        n, at = place.network, place.transport
        size, first = (4, 12) if place.version == 4 else (16, 8)
        src, dst = frame[n + first:n + first + size], frame[n + first + size:n + first + 2 * size]
        flows.append((place.protocol, frozenset((src + frame[at:at + 2], dst + frame[at + 2:at + 4]))))
    return flows


def main():
    build.load_made()  # which captures are about who somebody is
    verb = {"check": check, "accept": accept, "cut": cut}[sys.argv[1]]
    return verb(*sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
