"""What a place may cost who asks it."""
import os
import shutil
import time

from kit import check, context_of, restored, says, weir
from server import Server


def bounds(key):
    """Whatever a place shows, what it may cost has an end, and a message says which."""
    server, another, ca = Server(context_of("server")), Server(context_of("server")), ["--ca", "server.pem"]
    weir("push", "--dir", "L", server.url + "/b", *ca)
    for name, path, odd, code, pattern in (
            ("headers without end", "checkpoint", "endless_headers", 1, "more than 65536 bytes of headers"),
            ("a header without end", "checkpoint", "long_header", 1, "GET checkpoint: "),
            ("a checkpoint without end", "checkpoint", "endless_body", 4, "checkpoint: larger than 8192 bytes"),
            ("a tile without end", "tile/0/000$", "endless_body", 4, "tile/0/000: larger than 8192 bytes"),
            ("a bundle without end", "tile/entries/000$", "endless_body", 4, "tile/entries/000: larger than 16777472 bytes"),
            ("sent round and round", "checkpoint", "round_and_round", 1, "sent elsewhere more than 3 times"),
            ("sent to where all can read it", "checkpoint", "to_plain", 1, "GET checkpoint: .*[Pp]rotocol")):
        server.odd = (path, odd)
        server.seen.clear()
        says(name, weir("follow", server.url + "/b", "--dir", "bounds", "--key", key, *ca), code, pattern)
        check(f"{name}: asked a few times at most", server.seen["odd"] <= 5, str(server.seen))
    with open("basic", "w", opener=lambda p, f: os.open(p, f, 0o600), encoding="utf-8") as out:
        out.write("user = me\npassword = hidden\n")
    os.chmod("basic", 0o600)
    server.odd, server.another, another.files = ("/b/", "to_another"), another.url, server.files
    another.basic = b"me:hidden"
    asked = ["follow", server.url + "/b", "--dir", "bounds", "--key", key, *ca, "--credentials", "basic"]
    says("a password does not go to another host", weir(*asked), 5, "answers 401")
    another.basic = None
    says("what is read there is as good", weir(*asked), 0, "entries now", 1)
    # What is too long or too much in a file.
    server.odd, good_note = None, server.files["/b/checkpoint"]
    lines = good_note.split(b"\n\n", 1)[1]
    for name, note, pattern in (("a line of 8 KiB", b"x" * 8192, "no signed note"),
                                ("many signatures", good_note + lines * 70, "larger than 8192|signature|no signed note"),
                                ("no end of a line", good_note.rstrip(b"\n"), "not ended")):
        server.files["/b/checkpoint"] = note
        says(f"a checkpoint with {name}", weir("follow", server.url + "/b", "--dir", "bounds-2", "--key", key, *ca), 4, pattern)
    server.files["/b/checkpoint"] = good_note
    for name in ("tile/0/000", "tile/1/000.p/" + max((p.rsplit("/", 1)[1] for p in server.files if "/tile/1/" in p), key=int),
                 "tile/entries/001"):
        whole = server.files["/b/" + name]
        server.files["/b/" + name] = whole + b"\0" * 8192
        says(f"{name} is too long", weir("follow", server.url + "/b", "--dir", "bounds-3", "--key", key, *ca), 4,
             f"{name}.*(larger than|bytes more)")
        server.files["/b/" + name] = whole
    shutil.copytree("L", "long")
    with open("long/tile/0/001", "ab") as file:
        file.write(b"\0")
    says("too long in a folder", weir("follow", "long", "--dir", "bounds-4", "--key", key), 4, "tile/0/001.*too large")
    # The largest bundle there can be.
    restored("largest")
    size = os.path.getsize("largest/checkpoint")
    room = 65535 - len('{"actor":"a","at":"2026-01-01T00:00:00Z","data":{"t":""},"kind":"note","site":"s","subject":"p"}')
    entry = '{"actor":"a","at":"2026-01-01T00:00:00Z","data":{"t":"%s"},"kind":"note","site":"s","subject":"p"}\n' % ("x" * room)
    check("entries of the largest size", weir("append", "--dir", "largest", stdin=entry * 520, timeout=240)[0] == 0 and size)
    done = weir("push", "--dir", "largest", server.url + "/largest", *ca, timeout=240)
    says("the largest bundle goes", done, 0, "entries now", 1)
    check("and is as large as can be", max(len(b) for b in server.files.values()) == 256 * 65537,
          str(max(len(b) for b in server.files.values())))
    says("the largest bundle comes", weir("follow", server.url + "/largest", "--dir", "largest-2", "--key", key, *ca,
                                          timeout=240), 0, "entries now", 1)
    says("and holds", weir("verify", "--dir", "largest-2", "--key", key), 0, "holds", 1)
    # Bytes that come one by one: fast enough to be alive, and never done.
    _, witness, _ = weir("witness", "key", "slow.example", "slow")
    restored("waits")
    server.odd, began = ("/slow", "trickle"), time.monotonic()
    weir("witness", "add", witness.strip(), server.url + "/slow", "--dir", "waits", *ca)
    says("a witness that trickles", weir("witness", "ask", "--dir", "waits"), 6, "timed out|could not be asked")
    took = time.monotonic() - began
    check("is not waited for", took < 40, f"{took} s")
    for one in (server, another):
        one.shutdown()
        one.server_close()
