#!/usr/bin/env python3
"""Whether a copy of a ledger let go of no entry that its own promises and holds keep.

    verify-retention.py DIR KEY

Checks the copy first, as verify-ledger.py does, which lies beside this file; then reads the rules from the entries of
kind retention and hold, as weir-ledger-retention(1) has them, and counts the days that entries bear witness of: each of
its own, between those of the ledger's own entries around it.  Nothing but the Python standard library.

Exit: 0 everything holds, 4 something does not (the first thing is named), 2 asked wrongly.
"""
import bisect
import importlib.util
import json
import os
import re
import sys

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verify-ledger.py")
SPEC = importlib.util.spec_from_file_location("verify_ledger", PATH)
ledger = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ledger)

WIDTH, LAST_DAY, DAY, FOR_EVER, MOST_DAYS = ledger.WIDTH, ledger.LAST_DAY, 86400, 10**9, 36600
OWN = ("key", "retention", "hold", "erasure")

# Rules are written in these words and in no others; what is written in others is none.
NUMBER, TEXT, TIME, KIND, RANGE = ledger.NUMBER, ledger.TEXT, ledger.TIME, ledger.KIND, ledger.RANGE
WHY = f'(?:,"why":{TEXT})?'
FORMS = {"retention": ledger.form("retention", f'"days":{NUMBER}(?:,"kinds":\\[(?:{KIND}(?:,{KIND})*)?\\])?{WHY}|"kept":{ledger.RANGES}'
                                  f'|"pruned":{ledger.CLAIMS},"until":{TIME}|"moved":{ledger.RANGES},"to":{TEXT}'),
         "hold": ledger.form("hold", f'"hold":"subject"(?:,"ranges":\\[(?:{RANGE}(?:,{RANGE})*)?\\])?{WHY}'
                             f'|"first":{NUMBER},"hold":"entries","last":{NUMBER}{WHY}|"hold":"kind","kind":{KIND}{WHY}'
                             f'|"release":{NUMBER}{WHY}')}
ENTRY = re.compile(rb'{"actor":S,"at":(T),"data":{.*},"kind":"(K)","site":S,"subject":S}'.replace(b"T", ledger.TIME.encode())
                   .replace(b"K", "|".join(ledger.KINDS).encode()).replace(b"S", ledger.STRING), re.DOTALL)


def seconds(text):
    """Since 1970, in the Gregorian calendar; a day too many is the next month's."""
    year, month, day, hour, minute, second = map(int, re.findall(r"\d+", text)[:6])
    year -= month <= 2
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    return days * DAY + hour * 3600 + minute * 60 + second


def rule_of(kind, text):
    """The data of an entry that is a rule, or nothing."""
    text = text.decode("utf-8", "surrogateescape")
    data = json.loads(text)["data"] if FORMS[kind].fullmatch(text) else {}
    rows = [data] + [row for word in ("ranges", "kept", "pruned", "moved") for row in data.get(word, [])]
    days = [span for row in data.get("pruned", []) for span in row["days"]]
    fine = all(row.get("first", 0) <= row.get("last", FOR_EVER**2) for row in rows + days)
    return data if fine and all(d["last"] <= LAST_DAY for d in days) and 1 <= data.get("days", 1) <= MOST_DAYS else {}


class Rules:
    """What the ledger's own entries say of keeping the others."""

    def __init__(self):
        self.promises, self.holds, self.own = [], {}, []
        self.missing, self.unknown = [], []
        self.days, self.open = {}, {}  # the last bundle that saw a day; open: if the ledger's own entries allow it

    def miss(self, first):
        self.missing.append(first)

    def feed(self, number, text):
        entry = ENTRY.fullmatch(text)
        if not entry:
            return  # bears witness of nothing
        at, kind = seconds(entry[1].decode()), entry[2].decode()
        if kind not in OWN:
            self.open[at // DAY] = number // WIDTH
            return
        before = self.own[-1][1] // DAY if self.own else float("inf")
        self.days.update((day, last) for day, last in self.open.items() if before <= day <= at // DAY)
        self.days[at // DAY] = number // WIDTH
        self.own.append((number, at))
        self.open = {}
        if kind not in FORMS:
            return
        data = rule_of(kind, text)
        self.unknown += [] if data else [number]
        if "hold" in data:
            self.holds[number] = data.get("ranges", []) + [data] * ("first" in data), data.get("kind")
        self.holds.pop(data.get("release"), None)
        if "days" in data:
            self.promises.append((data["days"], data.get("kinds", [])))
        for word in ("pruned", "moved", "kept"):
            for one in data.get(word, []):
                self.say(number, word, one)
                if word == "pruned":
                    self.let_go(number, at, seconds(data["until"]), one)

    def is_own(self, first, last):
        at = bisect.bisect_left(self.own, (first,))
        return at < len(self.own) and self.own[at][0] <= last

    def say(self, by, word, one):
        first, last = one["first"], one["last"]
        if first % WIDTH or (last + 1) % WIDTH or not 0 < first < last < by:
            raise ledger.Wrong(f"entry {by} speaks of entries {first} to {last}, no whole bundles between the first and it")
        if word != "kept" and self.is_own(first, last):
            raise ledger.Wrong(f"entry {by} says that entries {first} to {last} are gone, of which some are the ledger's own")

    def days_behind(self, last):
        """That entries behind that one bear witness of; unknown where some are gone."""
        if self.missing and self.missing[-1] > last:
            return FOR_EVER
        return sum(bundle > last // WIDTH for bundle in self.days.values())

    def let_go(self, by, at, until, one):
        first, last = one["first"], one["last"]
        what = f"entry {by} let go entries {first} to {last}"
        if until > at:
            raise ledger.Wrong(f"{what} at a time that was still to come")
        if set(one["kinds"]) & set(OWN):
            raise ledger.Wrong(f"{what}, of the ledger's own kinds")
        own = self.own[:bisect.bisect_left(self.own, (first,))]
        born = max([seconds(one["newest"])] + [time for _, time in own if time <= until])
        for number, (ranges, kind) in self.holds.items():
            if kind in one["kinds"] or any(r["first"] <= last and r["last"] >= first for r in ranges):
                raise ledger.Wrong(f"{what}, which entry {number} holds")
        wanted = {kind: max([days for days, kinds in self.promises if not kinds or kind in kinds], default=FOR_EVER) * DAY
                  for kind in one["kinds"]}
        kind = max(wanted, key=wanted.get)
        if until - born < wanted[kind] or self.days_behind(last) * DAY < wanted[kind]:
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
    except (ValueError, LookupError) as e:
        print(f"verify-retention: not as the specification says: {e}", file=sys.stderr)
        return 4
    print(f"{origin}: {size} entries, {gone} let go or moved, each as it might be")
    for number in rules.unknown[-1:]:
        print(f"entry {number} is no rule of retention that is known here: it is taken for none")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
