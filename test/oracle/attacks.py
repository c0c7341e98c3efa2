#!/usr/bin/env python3
"""Captures with an attack in them: is it raised?

    attacks.py WEIR CAPTURES [--table]

Holds attacks.tsv against `weir look`: every expected id stands among the findings, and beside them at most so many
others as its row says.  A capture that SOURCES.md marks has a row.  --table prints what was found, row by row.
"""
import collections
import json
import os
import subprocess
import sys

TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "attacks.tsv")
KINDS = ("attack", "broken", "name", "act")
MARK = "attack/fuzz"
SKIPPED, FAILED = 77, 1

Row = collections.namedtuple("Row", "capture kind ids missed others why")


def rows_of(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for n, line in enumerate(lines, 1):
            if line.startswith("#") or not line.strip():
                continue
            cells = line.rstrip("\n").split("\t") + [""]
            if len(cells) not in (5, 6) or cells[1] not in KINDS or not cells[3].isdigit():
                sys.exit(f"{path}:{n}: expected capture, kind, ids, how many others, why")
            ids = [] if cells[2] == "-" else cells[2].split(",")
            rows.append(Row(cells[0], cells[1], [i for i in ids if not i.startswith("?")],
                            [i[1:] for i in ids if i.startswith("?")], int(cells[3]), cells[4]))
    return rows


def marked(folder):
    """Captures of which SOURCES.md says so."""
    with open(os.path.join(folder, "SOURCES.md"), encoding="utf-8") as lines:
        cells = [[c.strip() for c in line.split("|")] for line in lines if line.startswith("|")]
    return {c[1] for c in cells if c[-2] == MARK}


def found_in(weir, path):
    done = subprocess.run([weir, "look", "--json", path], stdout=subprocess.PIPE, check=True)
    return [f["id"] for f in json.loads(done.stdout)["findings"]]


def wrong_with(row, found):
    lost = [i for i in row.ids if i not in found]
    won = [i for i in row.missed if i in found]
    others = [i for i in found if i not in row.ids]
    if lost:
        return f"{', '.join(lost)} not raised"
    if won:
        return f"{', '.join(won)} is raised now: take its ? away"
    if len(others) > row.others:
        return f"{len(others)} others, at most {row.others} expected: {', '.join(others)}"
    return None


def judge(weir, folder):
    """Gives (row, ids found, what is wrong) for each row of the table, then for captures without one."""
    rows = rows_of(TABLE)
    for row in rows:
        found = found_in(weir, os.path.join(folder, row.capture))
        yield row, found, wrong_with(row, found)
    for capture in sorted(marked(folder) - {row.capture for row in rows}):
        yield Row(capture, MARK, [], [], 0, ""), [], f"marked {MARK} and not in {os.path.basename(TABLE)}"


def print_table(judged):
    """Attacks and acts first: those are what it is about."""
    print(f"\n{'':6} {'capture':<64} raised")
    for row, found, wrong in sorted(judged, key=lambda j: KINDS.index(j[0].kind) if j[0].kind in KINDS else 9):
        others = len([i for i in found if i not in row.ids])
        raised = ", ".join(row.ids + [f"not yet {i}" for i in row.missed]) or "nothing to raise"
        more = f", and {others} other{'s' if others > 1 else ''}" if others else ""
        print(f"{row.kind:<6} {row.capture[-64:]:<64} {raised}{more}{'; WRONG: ' + wrong if wrong else ''}")
    attacks = [row for row, _, _ in judged if row.kind in ("attack", "act")]
    ids = sum(len(row.ids) for row in attacks)
    print(f"{len(attacks)} captures with attacks and acts: {ids} of {ids + sum(len(r.missed) for r in attacks)} "
          f"classes raised; {sum(bool(wrong) for _, _, wrong in judged)} rows of the table do not hold")


def main():
    weir, folder = sys.argv[1:3]
    if not os.path.exists(os.path.join(folder, "SOURCES.md")):
        print("skipped: no captures")
        return SKIPPED
    judged = list(judge(weir, folder))
    if "--table" in sys.argv:
        print_table(judged)
    for row, _, wrong in judged:
        print(f"[{'  FAILED  ' if wrong else '       OK '}] {row.capture}")
        if wrong:
            print(f"    {wrong}")
    return FAILED if any(wrong for _, _, wrong in judged) else 0


if __name__ == "__main__":
    sys.exit(main())
