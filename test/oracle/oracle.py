#!/usr/bin/env python3
"""The differential oracle: what weir reads in captures against what tshark reads.  See README.md."""
import argparse
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import attacks  # noqa: E402
import flows  # noqa: E402
import maps  # noqa: E402
import seen  # noqa: E402
import tree  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
CACHE = os.path.join(TOP, "build", "oracle-cache")
CAPTURE = re.compile(r"\.(pcap|pcapng|cap|ntar)(\.gz|\.zst)?$")

Difference = collections.namedtuple("Difference", "map frame field ours theirs")
Result = collections.namedtuple("Result", "compared differences unmapped problems labels")


class Labels:
    """Which protocols are OT, at which ports they stand, and which folders hold none of them."""

    def __init__(self, path):
        self.ot, self.folders, self.ports = set(), set(), {}
        for words, where in maps.lines_of(path):
            if words[0] == "ot":
                self.ot.update(words[1:])
            elif words[0] == "it-folder":
                self.folders.update(words[1:])
            elif words[0] in ("tcp", "udp") and len(words) > 2:
                self.ports.update({(words[0], int(port)): words[1] for port in words[2:]})
            else:
                raise maps.Wrong(f"{where}: expected ot, it-folder, or a transport, a protocol and its ports")


class Options:
    """What tshark is told: the preferences of all maps, and ports of captures in decode-as."""

    def __init__(self, every, path):
        self.always = [("-o", p) for p in sorted({p for table in every for p in table.preferences})]
        self.rules = [(words[0], [("-d", rule) for rule in words[1:]]) for words, _ in maps.lines_of(path)]

    def of(self, path):
        return self.always + [r for capture, rules in self.rules if path.endswith(capture) for r in rules]


def captures_below(folders, part):
    found = {}
    for folder in folders:
        for where, _, names in os.walk(folder):
            for name in names:
                path = os.path.join(where, name)
                if CAPTURE.search(name) and (not part or part in path):
                    found[os.path.relpath(path, TOP)] = path
    return [found[name] for name in sorted(found)]


def run_weir(weir, verb, path, problems):
    """Output of `weir VERB PATH`; a crash is a problem, a refusal is told by its differences."""
    done = subprocess.run([weir, *verb, path], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode < 0 or done.returncode > 6:
        story = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
        problems.append(f"weir {verb[0]} died ({done.returncode}): {story}")
    return done.stdout.decode("utf-8", "replace")


def facts_of(weir, path, problems):
    facts = collections.defaultdict(list)
    for n, line in enumerate(run_weir(weir, ["facts"], path, problems).split("\n"), 1):
        if line:
            try:
                fact = json.loads(line)
                facts[fact["frame"]].append(fact)
            except (ValueError, KeyError) as e:
                problems.append(f"weir facts, line {n}: {e}")
                break
    return facts


def values_of(fact, name):
    value = fact.get("fields", {}).get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def by_field(facts):
    """{our field: {frame: facts}}, so that a row looks only where its field is."""
    index = collections.defaultdict(lambda: collections.defaultdict(list))
    for frame, some in facts.items():
        for fact in some:
            for name in fact.get("fields", ()):
                index[name][frame].append(fact)
    return index


def by_node(frames, layers):
    """{tshark's field: {frame: layers}}, for the layers of one map."""
    index = collections.defaultdict(dict)
    for frame, every in frames.items():
        own = [layer for layer in every if layer.name in layers]
        for layer in own:
            for name in layer.at:
                index[name][frame] = own
    return index


def compare_group(rows, nodes, facts):
    """Yields (frame, ours, theirs) for one left side, where anybody has a value."""
    once = any(row.once for row in rows)
    ours, theirs = collections.defaultdict(collections.Counter), collections.defaultdict(collections.Counter)
    for row in rows:
        frames = {}
        for name in row.theirs:
            frames.update(nodes.get(name, ()))
        for frame, layers in frames.items():
            if row.told and frame not in facts.get(row.told, ()):
                continue
            theirs[frame].update(row.select(layers))
    for name in rows[0].ours:
        for frame, some in facts.get(name, {}).items():
            for fact in some:
                row = next((r for r in rows if r.wants(fact)), None)
                if row:
                    values = (row.our_value(v) for v in values_of(fact, name))
                    ours[frame].update(v for v in values if v is not None)
    for frame in sorted(ours.keys() | theirs.keys()):
        a, b = ours[frame], theirs[frame]
        if once:
            a, b = collections.Counter(set(a)), collections.Counter(set(b))
        if a or b:
            yield frame, a, b


def compare(table, frames, facts, out):
    nodes = by_node(frames, table.layers)
    for (left, _), rows in table.groups.items():
        for frame, ours, theirs in compare_group(rows, nodes, facts):
            out.compared[table.name] += sum((ours | theirs).values())
            if ours != theirs:
                out.differences.append(Difference(table.name, frame, left, list((ours - theirs).elements()),
                                                  list((theirs - ours).elements())))


def printable(value):
    """Identity as people read it: white space and what nobody can print is one space."""
    text = "".join(c if c.isprintable() and c != "\ufffd" else " " for c in str(value))
    return " ".join(text.split())


def compare_identity(table, frames, look, out):
    """Each value of tshark is known with one of its frames; each of ours is in tshark's frame."""
    our = collections.defaultdict(set)  # key: {(value, frame, protocol)}
    for asset in look.get("assets", []):
        for identity in asset.get("identity", []):
            our[identity["key"]].add((printable(identity["value"]), identity["frame"], identity["protocol"]))
    for (key, _), rows in table.groups.items():
        theirs = collections.defaultdict(set)  # value: frames
        told_by = collections.defaultdict(set)  # value: our names of the protocols that tell it
        last = {}  # value: its last frame, for rows where ours may be earlier
        for frame, every in frames.items():
            layers = [layer for layer in every if layer.name in table.layers]
            for row in rows:
                for value in map(printable, row.select(layers)):
                    if value:
                        theirs[value].add(frame)
                        told_by[value] |= row.protocols or set()
                        last[value] = frame if row.early else -1
        said = collections.defaultdict(set)
        for value, frame, protocol in our[key]:
            said[value].add((frame, protocol))
        for value, where in theirs.items():
            out.compared[table.name] += 1
            # A value stands once: another protocol may have told it first.
            if not any(frame in where or frame <= last[value] or
                       (frame < min(where) and protocol not in told_by[value])
                       for frame, protocol in said[value]):
                out.differences.append(Difference(table.name, min(where), key, [], [value]))
        protocols = set().union(*(row.protocols or set() for row in rows))
        for value, frame, protocol in sorted(our[key]):
            if protocol in protocols and frame not in theirs.get(value, ()) and \
                    frame > last.get(value, -1):
                out.compared[table.name] += 1
                out.differences.append(Difference(table.name, frame, key, [value], []))


def check_labels(path, labels, facts, look, out):
    """Captures of IT traffic carry no OT label, not even as a guess."""
    if os.path.basename(os.path.dirname(path)) not in labels.folders:
        return
    out.compared["labels"] += 1
    for frame, some in facts.items():
        for name in {f["protocol"] for f in some} & labels.ot:
            out.differences.append(Difference("labels", frame, "fact", [name], []))
    for talk in look.get("conversations", []):
        if talk.get("protocol") in labels.ot:
            where = f"{talk.get('transport')} {talk.get('port')} {talk['protocol']}"
            out.differences.append(Difference("labels", 0, "conversation", [where], []))


def check_flows(path, labels, facts, tshark, out):
    """A flow with a payload at the port of an OT protocol is known for what it is: it has a fact."""
    known = {tuple(sorted((fact["src"], fact["dst"]))) for some in facts.values() for fact in some}
    for ends, (frame, name) in flows.flows_of(path, labels.ports, CACHE, tshark).items():
        out.compared["flows"] += 1
        if ends not in known:
            out.differences.append(Difference("flows", frame, name, [], [" ".join(ends)]))


def one_capture(job):
    """All of one capture; runs in a process of its own."""
    path, tables, identity, labels, options = job
    out = Result(collections.Counter(), [], collections.Counter(), [], set())
    every = tables + ([identity] if identity else [])
    layers = {layer for table in every for layer in table.layers}
    frames = tree.frames_of(path, layers, options["ask"].of(path), options["tshark"], CACHE)
    facts = facts_of(options["weir"], path, out.problems)
    out.labels.update(fact["protocol"] for some in facts.values() for fact in some)
    index = by_field(facts)
    for table in tables:
        compare(table, frames, index, out)
    if identity:
        try:
            text = run_weir(options["weir"], ["look", "--json"], path, out.problems)
            look = json.loads(text) if text.strip() else {}
        except ValueError as e:
            look = {}
            out.problems.append(f"weir look --json: {e}")
        compare_identity(identity, frames, look, out)
        check_labels(path, labels, facts, look, out)
        check_flows(path, labels, facts, options["tshark"], out)
    named = {name for table in every for row in table.rows for name in row.ours}
    heads = {name.split(".")[0] for name in named}
    for some in facts.values():
        for fact in some:
            out.unmapped.update(name for name in fact.get("fields", {})
                                if name not in named and name.split(".")[0] in heads)
    return out


def show(values):
    text = ", ".join(repr(v) if isinstance(v, str) else str(v) for v in values[:6])
    return (text + (f" and {len(values) - 6} more" if len(values) > 6 else "")) or "nothing"


def judge(path, result, known, tally):
    """Sorts the differences of one capture; gives the lines of those nobody listed, and the listed."""
    wrong, listed = [], []
    entries = [(name, k) for name, some in known.items() for k in some if k.of(path)]
    for _, k in entries:
        k.used.clear()
    for d in result.differences:
        line = f"  frame {d.frame} {d.field}: ours {show(d.ours)}; tshark {show(d.theirs)}"
        size = max(len(d.ours), len(d.theirs), 1)
        entry = next((k for name, k in entries if name == d.map and k.covers(d.frame, d.field)), None)
        (listed if entry else wrong).append(line + (f" ({entry.reason.strip()})" if entry else ""))
        tally[d.map]["listed" if entry else "wrong"] += size
    for _, k in entries:
        k.seen = True
        k.live = k.live or bool(k.used)
        stale = k.stale()
        if stale and (k.used or "*" not in k.capture):
            wrong.append(f"  {k.where}: {stale}: take it out")
            tally["known"]["wrong"] += 1
    return wrong + [f"  {p}" for p in result.problems], listed


def check_seen(rows, carried, tally, tests):
    """Each row of `weir protocols` says on how many captures it was tried, and it was on so many."""
    wrong = [f"seen of {name}: ours {said}; counted {counted}" for name, said, counted in
             seen.differences(rows, carried)]
    tally["seen"].update(captures=len(carried), compared=len(rows), wrong=len(wrong))
    for line in wrong:
        print(f"failed {line}" if tests else line)
    if tests and not wrong:
        print("passed seen")
    return len(wrong)


def dump(frame, frames, facts):
    for layer in frames.get(frame, []):
        ends = []
        for i, node in enumerate(layer.nodes):
            while ends and i >= ends[-1]:
                ends.pop()
            print("  " * len(ends) + f"{node[tree.NAME] or '-'}  {node[tree.SHOW]!r}  [{node[tree.RAW][:64]}]")
            ends.append(node[tree.END])
    for fact in facts.get(frame, []):
        print(json.dumps(fact))


def options_of(words):
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("words", nargs="*", metavar="CAPTURES=DIR")
    p.add_argument("--protocols", help="maps to use, comma separated")
    p.add_argument("--capture", help="only captures with this in their path")
    p.add_argument("--weir", default=os.path.join(TOP, "build/release/src/run/weir"))
    p.add_argument("--facts-only", action="store_true", help="no identities and labels")
    p.add_argument("--dump", type=int, metavar="FRAME", help="print both sides of this frame")
    p.add_argument("--tests", action="store_true", help="one line per capture, for ./do test")
    p.add_argument("-n", type=int, default=5, help="differences shown per capture (5)")
    p.add_argument("-v", action="store_true", help="listed differences and unmapped fields too")
    a = p.parse_args(words)
    named = dict(w.split("=", 1) for w in a.words if "=" in w)
    named = {**os.environ, **named}
    if any("=" not in w for w in a.words):
        p.error("captures are named as CAPTURES=DIR")
    shared = os.path.join(os.path.dirname(TOP), "shared", "captures")
    given = named.get("CAPTURES") or (shared if os.path.isdir(shared) else None)
    a.folders = [os.path.join(TOP, "demo")] + ([os.path.abspath(given)] if given else [])
    for folder in a.folders[1:]:
        if not os.path.isdir(folder):
            p.error(f"no folder '{folder}'")
    a.collection = next((f for f in a.folders[1:] if seen.is_collection(f)), "/dev/null")
    return a


def main():
    a = options_of(sys.argv[1:])
    names = sorted(n for n in os.listdir(HERE) if n.endswith(".map"))
    every = [maps.Map(os.path.join(HERE, n)) for n in names]
    chosen = set(a.protocols.split(",")) if a.protocols else {t.name for t in every}
    missing = chosen - {t.name for t in every}
    if missing:
        raise maps.Wrong(f"no map for {', '.join(sorted(missing))}")
    tables = [t for t in every if t.name in chosen and t.name != "identity"]
    identity = next((t for t in every if t.name == "identity" and t.name in chosen), None)
    if a.facts_only:
        identity = None
    for row in identity.rows if identity else []:
        row.form = "text" if row.form == "auto" else row.form
    labels = Labels(os.path.join(HERE, "labels"))
    known = {t.name: t.known for t in tables + ([identity] if identity else [])}
    if identity:
        known["flows"] = maps.known_of(os.path.join(HERE, "flows.known"))
    paths = captures_below(a.folders, a.capture)
    options = {"ask": Options(every, os.path.join(HERE, "decode-as")), "tshark": tree.version(), "weir": os.path.abspath(a.weir)}
    jobs = [(path, tables, identity, labels, options) for path in paths]

    if a.dump:
        for path in paths:
            print(path)
            layers = {layer for t in every for layer in t.layers}
            frames = tree.frames_of(path, layers, options["ask"].of(path), options["tshark"], CACHE)
            dump(a.dump, frames, facts_of(options["weir"], path, []))
        return 0

    tally = collections.defaultdict(collections.Counter)
    unmapped, failed, carried = collections.Counter(), 0, []
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for path, result in zip(paths, pool.map(one_capture, jobs)):
            for name, n in result.compared.items():
                tally[name]["captures"] += 1
                tally[name]["compared"] += n
            unmapped.update(result.unmapped)
            if path.startswith(a.collection + os.sep):
                carried.append(result.labels)
            wrong, listed = judge(path, result, known, tally)
            failed += bool(wrong)
            where = os.path.relpath(path, TOP)
            if a.tests:
                print(f"failed {where}: {wrong[0].strip()}" if wrong else f"passed {where}")
            elif wrong or (a.v and listed):
                print(f"{where}: {len(wrong)} wrong, {len(listed)} listed")
                print("\n".join(wrong[:a.n]))
                if len(wrong) > a.n:
                    print(f"  ... and {len(wrong) - a.n} more (-n {len(wrong)})")
                if a.v:
                    print("\n".join(listed))
            sys.stdout.flush()
    for k in (k for some in known.values() for k in some):
        if k.seen and not k.live and "*" in k.capture and not a.capture:
            print(f"failed {k.where}" if a.tests else f"{k.where}: nothing differs any more: take it out")
            failed += 1
    if carried and not a.capture:
        failed += check_seen(seen.rows_of(options["weir"]), carried, tally, a.tests)
    if a.tests:
        return 1 if failed else 0
    if a.v and unmapped:
        print("our fields without a row: " + ", ".join(f"{n} ({c})" for n, c in sorted(unmapped.items())))
    print(f"\n{'protocol':<12}{'captures':>10}{'values':>10}{'equal':>10}{'listed':>10}{'wrong':>10}")
    for name, n in sorted(tally.items()):
        equal = max(n["compared"] - n["listed"] - n["wrong"], 0)
        print(f"{name:<12}{n['captures']:>10}{n['compared']:>10}{equal:>10}{n['listed']:>10}{n['wrong']:>10}")
    print(f"{len(paths)} captures, {failed} with differences that nobody listed")
    if a.collection != "/dev/null" and not a.capture and not a.protocols:
        judged = list(attacks.judge(options["weir"], a.collection))
        attacks.print_table(judged)
        failed += sum(bool(wrong) for _, _, wrong in judged)
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except maps.Wrong as error:
        sys.exit(f"oracle: {error}")
