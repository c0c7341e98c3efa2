#!/usr/bin/env python3
"""Checks what `weir ledger export` wrote, with nothing but the Python standard library.

    verify-export.py FILE KEY

KEY is the ledger's public key (name+id+base64, or a file that holds one): the present one, or an earlier one where FILE says how
keys changed since.  Every entry in FILE must be in the checkpoint in it, which the key of that time signed; nothing else may
stand in the archive, its padding included.  Whether all entries are there that should
be is nothing that an export can show.  Written from the public specifications: RFC 9162 (proofs), POSIX ustar, C2SP
tlog-proof; signatures are checked by verify-ledger.py beside it.

Exit: 0 everything holds, 4 something does not (the first thing is named), 2 asked wrongly.
"""
import base64
import importlib.util
import os
import re
import sys
import tarfile

spec = importlib.util.spec_from_file_location("ledger", os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                                                     "verify-ledger.py"))
ledger = importlib.util.module_from_spec(spec)
spec.loader.exec_module(ledger)


def included(index, size, leaf, path, root):
    """RFC 9162, 2.1.3.2."""
    first, last = index, size - 1
    for one in path:
        if last == 0:
            return False
        if first & 1 or first == last:
            leaf = ledger.hash_of(b"\1", one, leaf)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            leaf = ledger.hash_of(b"\1", leaf, one)
        first, last = first >> 1, last >> 1
    return last == 0 and leaf == root


def read_files(name):
    """What the archive has, by name; the bytes between and behind must be zero."""
    with open(name, "rb") as file:
        raw = file.read()
    files, end = {}, 0
    with tarfile.open(name, "r:") as tar:
        for member in tar:
            begin, behind = member.offset_data, member.offset_data + member.size
            end = (behind + 511) // 512 * 512
            if any(raw[behind:end]):
                raise ledger.Wrong(f"{member.name}: something stands in its padding")
            files[member.name.partition("/")[2]] = raw[begin:behind]
    if any(raw[end:]) or len(raw) - end < 1024:
        raise ledger.Wrong("the archive does not end as one does")
    return files


def check_entry(line, files, folder, note, size, root):
    found = re.fullmatch(rb'\{"sequence":(\d+),"(?:entry":(.*)|base64":"(.*)")\}\n', line)
    if not found:
        raise ledger.Wrong("a line that is no entry")
    index, entry = int(found[1]), found[2]
    if entry is None:
        entry = base64.b64decode(found[3], validate=True)
    head, _, rest = files.pop(f"{folder}/{index:016}.tlog-proof", b"").partition(b"\n\n")
    what, at, *path = head.decode().split("\n") + [""] * (not head)
    path = [base64.b64decode(one, validate=True) for one in path]
    if what != "c2sp.org/tlog-proof@v1" or at != f"index {index}" or rest != note:
        raise ledger.Wrong(f"entry {index}: no proof that leads to the checkpoint")
    if index >= size or not included(index, size, ledger.hash_of(b"\0", entry), path, root):
        raise ledger.Wrong(f"entry {index} is not in the ledger as it stands here")
    return index, entry


def check_keys(key, lines, files, head, note):
    """Who signed: the changes of keys, each an entry with its proof, lead from one to the next."""
    keys, last = ledger.Keys(key), -1
    for line in lines:
        index, entry = check_entry(line, files, "keys", note, head.size, head.root)
        before = len(keys.chain)
        keys.see(index, entry)
        if index <= last or len(keys.chain) == before:
            raise ledger.Wrong(f"keys.ndjson: entry {index} changes no key, or not in its turn")
        last = index
    keys.check(head)
    mark, *names = files["ledger"].decode().split("\n")
    named, chain = ledger.read_key(names[0]), [one for one, _ in keys.chain]
    first = ledger.read_key(names[1].removeprefix("first ")) if names[1] else named
    if mark != "weir ledger 1" or (chain and first != chain[0]) or (
            named not in (chain or [key]) and not head.signed_by(named)):
        raise ledger.Wrong("the file ledger names other keys")


def check(name, key):
    files = read_files(name)
    if not {"ledger", "checkpoint", "entries.ndjson"} <= set(files):
        raise ledger.Wrong(f"{name}: no key, no checkpoint, or no entries")
    note, lines = files["checkpoint"], files.pop("entries.ndjson").splitlines(True)
    head = ledger.Checkpoint(note, "checkpoint")
    check_keys(key, files.pop("keys.ndjson", b"").splitlines(True), files, head, note)
    for line in lines:
        check_entry(line, files, "proofs", note, head.size, head.root)
    if len(files) != 3:
        raise ledger.Wrong(f"{name}: {len(files) - 3} files more than its {len(lines)} entries need")
    return head.origin, len(lines)


def main(words):
    if len(words) != 2 or words[0].startswith("-"):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    try:
        if os.path.exists(words[1]):
            with open(words[1], encoding="utf-8") as file:
                words[1] = file.read()
        origin, count = check(words[0], ledger.read_key(words[1]))
    except ledger.Wrong as e:
        print(f"verify-export: {e}", file=sys.stderr)
        return 4
    except (ValueError, IndexError, tarfile.TarError, OSError) as e:
        print(f"verify-export: not as the specification says: {e}", file=sys.stderr)
        return 4
    print(f"{origin}: {count} entries, all in the checkpoint")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
