#!/usr/bin/env python3
"""Whether a copy of a ledger let go of no entry that its own promises and holds keep.

    verify-retention.py DIR KEY

Checks the copy first, as verify-ledger.py does, which lies beside this file; then reads the rules from the entries of
kind retention and hold, as weir-ledger-retention(1) has them, and counts the time that entries bear witness of: each of
a day, between the ledger's own entries around it.  Nothing but the Python standard library.

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

WIDTH, DAY, FOR_EVER, MOST_DAYS = ledger.WIDTH, 86400, 10**9, 36600
OWN = ("key", "retention", "hold", "erasure")
KINDS = OWN + ("asset", "conversation", "finding", "decision", "change", "consent", "access", "egress", "backup", "alarm", "note")

# Rules are written in exactly these words, in RFC 8785's form; what is written in others is none.
NUMBER = "(?:0|[1-9][0-9]{0,14})"
TEXT = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\bfnrt]|u00(?:0[1-7bef]|1[0-9a-f])))*"'
MOMENT = (r"([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9]|60)"
          r"(?:\.[0-9]*)?Z")
TIME = '"' + re.sub(r"\((?!\?)", "(?:", MOMENT) + '"'
KIND = f'"(?:{"|".join(KINDS)})"'
RANGE = f'{{"first":{NUMBER},"last":{NUMBER}}}'


def some(one, least=0, most=""):
    """A list of so many."""
    return rf"\[(?:{one}(?:,{one}){{0,{most}}}){'' if least else '?'}\]"


CLAIM = f'{{"counted":{NUMBER},"first":{NUMBER},"kinds":{some(KIND, 1)},"last":{NUMBER},"newest":{TIME}}}'
WHY = f'(?:,"why":{TEXT})?'
FORMS = {"retention": f'"days":{NUMBER}(?:,"kinds":{some(KIND)})?{WHY}|"kept":{some(RANGE, 0, 255)}'
                      f'|"pruned":{some(CLAIM, 0, 255)},"until":{TIME}|"moved":{some(RANGE, 0, 255)},"to":{TEXT}',
         "hold": f'"hold":"subject"(?:,"ranges":{some(RANGE)})?{WHY}|"first":{NUMBER},"hold":"entries","last":{NUMBER}{WHY}'
                 f'|"hold":"kind","kind":{KIND}{WHY}|"release":{NUMBER}{WHY}'}
FORMS = {kind: re.compile(f'{{"actor":{TEXT},"at":{TIME},"data":{{(?:{form})}},"kind":"{kind}","site":{TEXT},"subject":{TEXT}}}'
                          .encode()) for kind, form in FORMS.items()}
ENTRY = re.compile(rb'{"actor":S,"at":"M","data":{.*},"kind":K,"site":S,"subject":S}'.replace(b"M", MOMENT.encode())
                   .replace(b"K", KIND.replace("?:", "").encode()).replace(b"S", ledger.STRING), re.DOTALL)


def seconds(year, month, day, hour, minute, second):
    """Since 1970, in the Gregorian calendar; a day too many is the next month's."""
    year -= month <= 2
    days = year * 365 + year // 4 - year // 100 + year // 400 + (153 * ((month + 9) % 12) + 2) // 5 + day - 719469
    return days * DAY + hour * 3600 + minute * 60 + second


def time_of(text):
    return seconds(*map(int, re.match(MOMENT, text).groups()))


def rule_of(kind, text):
    """The data of an entry that is a rule, or nothing."""
    try:
        data = json.loads(text.decode())["data"] if kind in FORMS and FORMS[kind].fullmatch(text) else {}
    except UnicodeDecodeError:
        return {}
    rows = [data] + [row for word in ("ranges", "kept", "pruned", "moved") for row in data.get(word, [])]
    fine = all(row.get("first", 0) <= row.get("last", FOR_EVER**2) for row in rows)
    return data if fine and 1 <= data.get("days", 1) <= MOST_DAYS else {}


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


class Rules:
    """What the ledger's own entries say of keeping the others."""

    def __init__(self):
        self.promises, self.holds, self.own, self.said = [], {}, [], []
        self.numbers, self.times, self.missing, self.unknown = [], [], [], []

    def miss(self, first):
        self.missing.append(first)

    def feed(self, number, text):
        entry = ENTRY.fullmatch(text)
        if not entry:
            return  # bears witness of nothing
        at, kind = seconds(*map(int, entry.groups()[:6])), entry[7].decode()
        self.numbers.append(number)
        self.times.append(at)
        if kind not in OWN:
            return
        data = rule_of(kind, text)
        self.unknown += [number] if kind in FORMS and not data else []
        if "hold" in data:
            self.holds[number] = data.get("ranges", []) + [data] * ("first" in data), data.get("kind")
        self.holds.pop(data.get("release"), None)
        if "days" in data:
            self.promises.append((data["days"], data.get("kinds", [])))
        for word in ("pruned", "moved", "kept"):
            for one in data.get(word, []):
                self.say(number, word, one)
                if word == "pruned":
                    self.let_go(number, at, time_of(data["until"]), one)
        self.own.append((number, at))

    def say(self, by, word, one):
        first, last = one["first"], one["last"]
        if first % WIDTH or (last + 1) % WIDTH or not 0 < first < last < by:
            raise ledger.Wrong(f"entry {by} speaks of entries {first} to {last}, no whole bundles before it")
        if word != "kept" and any(first <= number <= last for number, _ in self.own):
            raise ledger.Wrong(f"entry {by} says that entries {first} to {last} are gone, of which some are the ledger's own")
        self.said.append((word, range(first, last)))

    def check_missing(self):
        for first in self.missing:
            said = [word for word, some in self.said if first in some]
            if "moved" not in said and said[-1:] != ["pruned"]:  # "kept" takes back that it was let go
                raise ledger.Wrong(f"entries {first} to {first + WIDTH - 1} are missing, and no rule says that they may be")

    def passed_since(self, last, by, at, enough):
        """What entries behind that one bear witness of, as far as it matters; unknown where some are gone."""
        if self.missing and self.missing[-1] > last:
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

    def let_go(self, by, at, until, one):
        first, last = one["first"], one["last"]
        what = f"entry {by} let go entries {first} to {last}"
        if until > at:
            raise ledger.Wrong(f"{what} at a time that was still to come")
        if set(one["kinds"]) & set(OWN):
            raise ledger.Wrong(f"{what}, of the ledger's own kinds")
        born = max([time_of(one["newest"])] + [t for number, t in self.own if number < first and t <= until])
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
        rules.check_missing()
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
