#!/usr/bin/env python3
"""Writes the golden captures that are built rather than cut out of the demonstration plant.

    build.py FOLDER         all of them below FOLDER
"""
import importlib.util
import os
import sys

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

import wire  # noqa: E402
import detections  # noqa: E402
import detections_often  # noqa: E402,F401 (the same)
import detections_windows  # noqa: E402,F401 (fills detections.FIRES and CLOSE)
import identities  # noqa: E402,F401 (fills protocols.PROTOCOLS)
import protocols  # noqa: E402

MADE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "made")


def load_made():
    """One file for each protocol of made/: its captures join those of protocols.py."""
    for name in sorted(os.listdir(MADE) if os.path.isdir(MADE) else []):
        if name.endswith(".py"):
            spec = importlib.util.spec_from_file_location(f"made_{name[:-3]}", os.path.join(MADE, name))
            spec.loader.exec_module(importlib.util.module_from_spec(spec))


def built():
    """(path below the folder, bytes) of each capture."""
    load_made()
    for name, fill in sorted(protocols.PROTOCOLS.items()):
        net = wire.Net()
        fill(net)
        yield f"built/{name}.pcap", net.bytes()
    for word, table in (("fires", detections.FIRES), ("close", detections.CLOSE)):
        for name, fill in sorted(table.items()):
            net = wire.Net()
            fill(net)
            yield f"detect/{name}.{word}.pcap", net.bytes()


def main():
    for path, data in built():
        path = os.path.join(sys.argv[1], path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(data)


if __name__ == "__main__":
    main()
