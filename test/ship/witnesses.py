"""Witnesses, and keys that change: nothing older is signed, and copies go on."""
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time

from kit import VERIFIER, WEIR, append, check, context_of, copy_of, same_file, says, weir
from server import Server

KEPT = ("R", "R.key", "R.key.head")


def witnesses(key):
    server, ca = Server(context_of("server")), ["--ca", "server.pem"]
    _, witness, _ = weir("witness", "key", "soc.example", "W")
    says("no key is made twice", weir("witness", "key", "soc.example", "W"), 1, "exists")
    weir("follow", "L", "--dir", "CW", "--key", key, "--cosign", "W")
    tool = subprocess.run([sys.executable, VERIFIER, "CW", key], capture_output=True, encoding="utf-8", check=False)
    check("the other verifier takes a cosigned copy", tool.returncode == 0, tool.stderr)
    says("so does this one", weir("verify", "--dir", "CW", "--key", key), 0, "1 witness signed it", 1)
    for folder, _, names in os.walk("CW"):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                server.files["/w" + os.path.join(folder, name)[2:]] = file.read()
    says("no witness yet", weir("witness", "ask", "--dir", "L"), 3, "no witness")
    says("adds a witness", weir("witness", "add", witness.strip(), server.url + "/w", "--dir", "L", *ca), 0, "", 1)
    says("asks it", weir("witness", "ask", "--dir", "L"), 0, r"soc.example saw 1701 entries on 20.*first ones here", 1)
    shutil.copytree("L", "backup")
    says("writes, witnessed", append("L", 5, "--witnessed"), 0, "1701\n", 1)
    weir("follow", "L", "--dir", "CW", "--cosign", "W")
    with open("CW/checkpoint", "rb") as file:
        server.files["/w/checkpoint"] = file.read()
    os.rename("L", "later")
    os.rename("backup", "L")
    before = open("L/checkpoint", "rb").read()
    says("a restored backup writes nothing", append("L", 1), 4,
         "restored from a backup\\? witness soc.example saw 1706 entries on 20.* this folder has 1701: nothing is signed")
    check("and signs nothing", open("L/checkpoint", "rb").read() == before)
    says("and is told so", weir("witness", "ask", "--dir", "L"), 4, "this folder has 1701", 1)
    shutil.rmtree("L")
    os.mkdir("L")
    for name in ("ledger", "checkpoint"):
        shutil.copy(f"CW/{name}", f"L/{name}")
    shutil.copytree("CW/tile", "L/tile")
    shutil.copy("CW/checkpoint", "L/settled")
    says("goes on from the witness's copy", append("L", 1, "--witnessed"), 0, "^1706\n$", 1)
    server.shutdown()
    server.server_close()
    done = append("L", 1)
    says("a witness out of reach is a warning", done, 0, "soc.example could not be asked")
    check("and the record goes on", done[1] == "1707\n", done[1])
    says("unless all are wanted", append("L", 1, "--witnessed"), 6, "could not be asked.*nothing is signed")
    says("who was out of reach", weir("witness", "ask", "--dir", "L"), 6, "1 of 1 witnesses could not be asked")
    says("removes it", weir("witness", "remove", "soc.example", "--dir", "L"), 0, "", 1)
    _, request, _ = weir("witness", "request", "--dir", "L")
    cosign = ["witness", "cosign", "--state", "state", "--key", "W", "--log", key]
    says("cosigns a request", weir(*cosign, stdin=request), 0, "^\u2014 soc.example ", 1)
    says("not the same one twice", weir(*cosign, stdin=request), 4, "409 Conflict: 1708 entries")
    append("L", 1)
    _, request, _ = weir("witness", "request", "--dir", "L", "--old", "1708")
    says("cosigns what continues it", weir(*cosign, stdin=request), 0, "^\u2014 soc.example ", 1)
    says("no such request", weir(*cosign, stdin="hello\n"), 2, "400 Bad Request")


def rotated_and_put_back():
    """A backup from before the key was changed, with the key of that time: its witness knows better."""
    key = weir("init", "--dir", "R", "--origin", "plant.example/rotated")[1].splitlines()[-1]
    _, witness, _ = weir("witness", "key", "keeper.example", "K")
    weir("follow", "R", "--dir", "RW", "--key", key, "--cosign", "K")
    weir("witness", "add", witness.strip(), "RW", "--dir", "R")
    append("R", 3)
    os.mkdir("was")
    for name in KEPT:
        copy_of(name, f"was/{name}")
    says("changes the key, witnessed", weir("key", "rotate", "--dir", "R", "--witnessed"), 0, "another one now", 1)
    says("a witness that is behind agrees", weir("witness", "ask", "--dir", "R"), 0, "which are the first ones here", 1)
    weir("follow", "R", "--dir", "RW", "--cosign", "K")
    shutil.copytree("RW", "RW-both")
    append("R", 2)
    says("the witness goes on", weir("follow", "R", "--dir", "RW", "--cosign", "K"), 0, "7 entries now", 1)
    for name in KEPT:
        shutil.rmtree(name) if os.path.isdir(name) else os.unlink(name)
        copy_of(f"was/{name}", name)
    signed = ("R/checkpoint", "R/ledger", "R.key", "R.key.head")
    before = [open(name, "rb").read() for name in signed]
    for words in (["append"], ["append", "--witnessed"], ["key", "rotate"], ["key", "rotate", "--witnessed"], ["serve"],
                  ["hold", "add", "--subject", "pump", "--why", "case 12"]):
        done = weir(*words, "--dir", "R", stdin='{"kind":"note","subject":"pump"}\n')
        says(f"set back to before the change: {' '.join(words)}", done, 4,
             r"restored from a backup\? witness keeper.example saw 7 entries .*signed by key [0-9a-f]{8}, which the 4 here "
             r"do not know: .*change of keys.*AFTER A RESTORE")
    os.rename("R.key.head", "head-away")
    says("nor does the key begin with it", weir("key", "remember", "--dir", "R"), 4, "keeper.example saw 7 entries")
    check("it remembers nothing", not os.path.exists("R.key.head"))
    os.rename("head-away", "R.key.head")
    says("and is told so", weir("witness", "ask", "--dir", "R"), 4, "which the 4 here do not know", 1)
    shutil.rmtree("RW")
    os.rename("RW-both", "RW")
    says("so a head that both keys signed", weir("key", "rotate", "--dir", "R"), 4, "saw 5 entries .*this folder has 4")
    os.rename("RW", "out-of-reach")
    says("out of reach, all wanted", weir("key", "rotate", "--dir", "R", "--witnessed"), 6, "could not be asked.*nothing is")
    check("nothing was signed", [open(name, "rb").read() for name in signed] == before and not os.path.exists("R.key.new"))
    says("out of reach, a warning", weir("key", "rotate", "--dir", "R"), 0, "keeper.example could not be asked")


def keys_change_meanwhile():
    """Pusher and follower go on by themselves while the key changes, once and twice between two of their looks."""
    keys = [weir("init", "--dir", "T", "--origin", "plant.example/turning")[1].splitlines()[-1]]
    append("T", 300)
    loops = [subprocess.Popen([WEIR, "ledger", *words, "--every", "1"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
             for words in (["follow", "T", "--dir", "TF", "--key", keys[0]], ["push", "--dir", "T", "TP"])]
    copies = ("TF", "TP")

    def arrived():
        until = time.monotonic() + 60
        while time.monotonic() < until and any(loop.poll() is None for loop in loops):
            if same_file("checkpoint", "T", *copies) and same_file("ledger", "T", *copies):
                return True
            time.sleep(0.1)
        return False

    check("both begin", arrived())
    for changes, more in ((1, 1), (2, 300), (1, 0), (3, 5)):
        for loop in loops:
            loop.send_signal(signal.SIGSTOP)
        for _ in range(changes):
            keys.append(weir("key", "rotate", "--dir", "T")[1].splitlines()[-1])
        append("T", more)
        for loop in loops:
            loop.send_signal(signal.SIGCONT)
        check(f"{changes} changes and {more} entries arrive", arrived(), str([loop.poll() for loop in loops]))
        for copy in copies:
            for key in (keys[0], keys[len(keys) // 2], keys[-1]):
                done = weir("verify", "--dir", copy, "--key", key)
                tool = subprocess.run([sys.executable, VERIFIER, copy, key], capture_output=True, encoding="utf-8", check=False)
                check(f"{copy} holds by a key of {len(keys)}", (done[0], tool.returncode) == (0, 0), done[2] + tool.stderr)
    for loop in loops:
        loop.send_signal(signal.SIGINT)
        out, err = loop.communicate(timeout=60)
        check("until ^C", loop.returncode == 0, f"{loop.returncode} {out} {err}")
    says("an old key will do for a copy that is newer", weir("follow", "T", "--dir", "TF", "--key", keys[1]), 0, "has all", 1)
    stranger = weir("init", "--dir", "U", "--origin", "plant.example/turning")[1].splitlines()[-1]
    says("a stranger's will not", weir("follow", "T", "--dir", "TF", "--key", stranger), 4, "is none of this ledger's")


def hanging():
    """Places that take the connection and say nothing are waited for together."""
    weir("init", "--dir", "H", "--origin", "plant.example/hanging")
    deaf = [socket.create_server(("127.0.0.1", 0), backlog=64) for _ in range(4)]
    for n, one in enumerate(deaf):
        _, witness, _ = weir("witness", "key", f"deaf{n}.example", f"D{n}")
        weir("witness", "add", witness.strip(), f"http://127.0.0.1:{one.getsockname()[1]}/w", "--dir", "H")
    began = time.monotonic()
    shown, error = pty.openpty()
    with subprocess.Popen([WEIR, "ledger", "append", "--dir", "H"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=error, env={**os.environ, "no_proxy": "*"}) as done:
        out, _ = done.communicate(b'{"kind":"note","subject":"pump"}\n', timeout=120)
    took = time.monotonic() - began
    os.close(error)
    said = b""
    try:
        while part := os.read(shown, 65536):
            said += part
    except OSError:
        pass  # the other end of the terminal is closed
    said = said.decode()
    check("writes all the same", done.returncode == 0 and out == b"1\n", f"{done.returncode} {out} {said}")
    check("waits for all at once", took < 25, f"{took} seconds")
    check("says for whom", "waiting for deaf0.example, deaf1.example, deaf2.example, deaf3.example" in said, said)
    check("and who was silent", said.count("could not be asked") == 4, said)
    for one in deaf:
        one.close()
