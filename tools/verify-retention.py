#!/usr/bin/env python3
"""Whether a copy of a ledger let go of no entry that its own promises and holds keep.

    verify-retention.py DIR KEY

Checks the copy first, as verify-ledger.py does, which lies beside this file; then reads the rules from the entries of
kind retention and hold, as weir-ledger-retention(1) has them, and counts the time that entries bear witness of: each of
a day, between the ledger's own entries around it.  Nothing but the Python standard library.

Exit: 0 everything holds, 4 something does not (the first thing is named), 2 asked wrongly.
"""
import bisect
import datetime
import importlib.util
import json
import os
import re
import sys

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify-ledger.py")
SPEC = importlib.util.spec_from_file_location("verify_ledger", PATH)
ledger = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ledger)

WIDTH, DAY, FOR_EVER = ledger.WIDTH, 86400, 10**9
OWN = re.compile(rb'},"kind":"(key|retention|hold|erasure)","site":S,"subject":S}\Z'.replace(b"S", ledger.STRING), re.DOTALL)


AT = re.compile(rb'^\{"actor":"(?:[^"\\]|\\.)*","at":"([^"]*)","data":\{')


def seconds(text):
    return datetime.datetime.fromisoformat(text[:19] + "+00:00").timestamp()


def time_of(text):
    """Of an entry in its one form; None for what is none, which bears witness of nothing."""
    at = AT.match(text)
    try:
        return seconds(at[1].decode()) if at else None
    except ValueError:
        return None


class Days:
    """Spans of time, in order and apart from one another, and how long they are together."""

    def __init__(self):
        self.starts, self.ends, self.length = [], [], 0

    def add(self, start, end):
        first = bisect.bisect_left(self.ends, start)
        last = bisect.bisect_right(self.starts, end)
        if first < last:
            start, end = min(start, self.starts[first]), max(end, self.ends[last - 1])
        self.length += end - start - sum(e - s for s, e in zip(self.starts[first:last], self.ends[first:last]))
        self.starts[first:last], self.ends[first:last] = [start], [end]


def keep(by, data):
    """What was let go, and is there still, may not go any more: verify-ledger.py misses it where it is gone all the same."""
    rows = data["kept"]
    fine = len(data) == 1 and isinstance(rows, list) and len(rows) <= 256 and all(isinstance(one, dict) for one in rows)
    for first, last in ((one.get("first"), one.get("last")) for one in (rows if fine else [])):
        fine = fine and type(first) is int and type(last) is int and 0 <= first < last < by
        fine = fine and first % WIDTH == 0 and (last + 1) % WIDTH == 0
    if not fine:
        raise ledger.Wrong(f"entry {by} says that entries were kept, and not which, or more than that")


class Rules:
    """What the ledger's own entries say of keeping the others."""

    def __init__(self):
        self.promises, self.holds, self.own = [], {}, []
        self.numbers, self.times, self.missing = [], [], 0

    def miss(self, number):
        self.missing = number

    def feed(self, number, text):
        entry = json.loads(text) if OWN.search(text) else {}
        kind, data = entry.get("kind"), entry.get("data", {})
        time = time_of(text)
        if time is not None:
            self.numbers.append(number)
            self.times.append(time)
        if kind not in ("key", "retention", "hold", "erasure"):
            return
        if kind == "hold":
            self.holds.pop(data.get("release"), None)
            self.holds[number] = data.get("ranges", []) + [data] * ("first" in data), data.get("kind")
        elif kind == "retention" and ("pruned" in data or "moved" in data):
            for one in data.get("pruned", data.get("moved")):
                self.let_go(number, seconds(entry["at"]), data, one)
        elif kind == "retention" and "kept" in data:
            keep(number, data)
        elif kind == "retention" and "days" in data:
            self.promises.append((data["days"], data.get("kinds", [])))
        self.own.append((number, seconds(entry["at"])))

    def passed_since(self, last, by, at, enough):
        """What entries behind that one bear witness of, as far as it matters; unknown where some are gone."""
        if self.missing > last:
            return enough
        own, days = self.own + [(by, at)], Days()
        frame = bisect.bisect_right(own, (last, float("inf")))
        for i in range(bisect.bisect_right(self.numbers, last), len(self.numbers)):
            number, time = self.numbers[i], self.times[i]
            is_own = frame < len(own) and own[frame][0] == number
            if is_own or own[frame - 1][1] <= time <= own[frame][1]:
                days.add(time, time + DAY)
            frame += is_own
            if days.length >= enough:
                break
        return days.length

    def let_go(self, by, at, data, one):
        first, last, until = one["first"], one["last"], seconds(data["until"]) if "until" in data else at
        what = f"entry {by} let go entries {first} to {last}"
        if first % WIDTH or (last + 1) % WIDTH or not 0 < first < last < by or until > at:
            raise ledger.Wrong(f"{what}: no whole bundles of the past")
        if any(first <= number <= last for number, _ in self.own):
            raise ledger.Wrong(f"{what}, of the ledger's own")
        if "pruned" not in data:
            return
        if not one["kinds"]:
            raise ledger.Wrong(f"{what}, and says of no kind")
        born = max([seconds(one["newest"])] + [t for number, t in self.own if number < first and t <= until])
        for number, (ranges, kind) in self.holds.items():
            if kind in one["kinds"] or any(r["first"] <= last and r["last"] >= first for r in ranges):
                raise ledger.Wrong(f"{what}, which entry {number} holds")
        for kind in one["kinds"]:
            days = max([d for d, kinds in self.promises if not kinds or kind in kinds], default=FOR_EVER)
            if until - born < days * DAY or self.passed_since(last, by, at, days * DAY) < days * DAY:
                raise ledger.Wrong(f"{what}, kind '{kind}' before its time")


def main(words):
    if len(words) != 2 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    rules = Rules()
    try:
        origin, size, gone = ledger.check(words[0], ledger.read_key(words[1]), [])
        for first in range(0, size, WIDTH):
            entries = ledger.entries_of(words[0], first // WIDTH, min(WIDTH, size - first))
            if not entries:
                rules.miss(first)
            for number, entry in enumerate(entries, first):
                rules.feed(number, entry)
    except ledger.Wrong as e:
        print(f"verify-retention: {e}", file=sys.stderr)
        return 4
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        print(f"verify-retention: not as the specification says: {e}", file=sys.stderr)
        return 4
    print(f"{origin}: {size} entries, {gone} let go or moved, each as it might be")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
