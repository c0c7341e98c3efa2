#!/usr/bin/env python3
"""A ledger carried to and from a web server, a bucket and a drop folder, by the program itself.

    ship.py WEIR AGED_LEDGER [--locked]

--locked: this build locks its processes; those that talk to others are looked at while they do.
"""
import os
import shutil
import sys
import tempfile

from bounds import bounds
from folders import folders, goes_on, paper, replaced
from kit import append, certificate, failed, skip, weir
from locked import locked
from places import bucket, gone, https
from witnesses import hanging, keys_change_meanwhile, rotated_and_put_back, witnesses


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made = weir("init", "--dir", "L", "--origin", "plant.example/north")
        key = made[1].splitlines()[-1]
        append("L", 1000)
        if shutil.which("openssl"):
            certificate("server")
            certificate("client")
            https(key)
            bucket(key)
            gone()
            witnesses(key)
            bounds(key)
            if "--locked" in sys.argv:
                locked(key)
        else:
            skip("servers", "no openssl")
        rotated_and_put_back()
        keys_change_meanwhile()
        hanging()
        folders(key)
        replaced(key)
        goes_on(key)
        paper()
        os.chdir("/")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
