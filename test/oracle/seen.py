#!/usr/bin/env python3
"""On how many captures each protocol was tried: what `weir protocols` says under `seen`, counted again.

    python3 test/oracle/seen.py CAPTURES=DIR [WEIR]

A capture counts for a row when its facts carry one of the row's labels.  The figures are those of a
collection, a folder whose SOURCES.md says where each capture came from; our own do not count.
"""
import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys


def is_collection(folder):
    return os.path.exists(os.path.join(folder, "SOURCES.md"))


def rows_of(weir):
    done = subprocess.run([weir, "protocols", "--json"], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def differences(rows, carried):
    """Yields (protocol, what its row says, what was counted); carried: the labels of each capture."""
    count = collections.Counter()
    for labels in carried:
        count.update(row["protocol"] for row in rows if labels & set(row["labels"]))
    for row in rows:
        words = re.match(r"(\d+) captures?: ", row.get("seen", "0 captures: "))
        said = int(words[1]) if words else None
        if said != count[row["protocol"]]:
            yield row["protocol"], said, count[row["protocol"]]


def main():
    import oracle  # it imports us
    folder = os.path.abspath(sys.argv[1].partition("=")[2])
    weir = sys.argv[2] if len(sys.argv) > 2 else os.path.join(oracle.TOP, "build/release/src/run/weir")
    if not is_collection(folder):
        sys.exit(f"seen: {folder}: no SOURCES.md, so not the collection that the rows speak of")

    def labels(path):
        facts = oracle.facts_of(weir, path, [])
        return {fact["protocol"] for some in facts.values() for fact in some}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        carried = list(pool.map(labels, oracle.captures_below([folder], None)))
    wrong = list(differences(rows_of(weir), carried))
    for name, said, counted in wrong:
        print(f"{name}: its row says {said}, counted {counted}")
    print(f"{len(carried)} captures, {len(wrong)} rows with another figure")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    sys.exit(main())
