#!/usr/bin/env python3
"""The floors: a room includes only itself and what stands below it, never a neighbour."""
import collections
import pathlib
import re
import sys

FLOORS = ["base", "crypt net event", "ledger store", "sense site", "api report", "cli", "run"]  # lowest first
height = {room: n for n, rooms in enumerate(FLOORS) for room in rooms.split()}
source = pathlib.Path(__file__).resolve().parent.parent / "src"
wrong = collections.defaultdict(list)
rooms = sorted(p.name for p in source.iterdir() if p.is_dir())
for room in rooms:
    if room not in height:
        wrong[room].append(f"src/{room} stands on no floor: give it one in test/floors.py")
        continue
    for path in sorted((source / room).rglob("*.[ch]")):
        for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found = re.match(r'\s*#\s*include\s+"([^"/]+)/', line)
            below = found and found.group(1)
            if below and below != room and height.get(below, 99) >= height[room]:
                wrong[room].append(f"{path.relative_to(source)}:{n} includes {below}")
for room in rooms:
    print(f"not {room}: {'; '.join(wrong[room])}" if wrong[room] else f"ok {room}")
sys.exit(1 if wrong else 0)
