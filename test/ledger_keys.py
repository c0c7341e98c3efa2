#!/usr/bin/env python3
"""The keys of a ledger as an operator changes them: sealed, unsealed, another one in their place.

    ledger_keys.py WEIR VERIFIER

After a change that was killed at any call that changes a file the ledger goes on, and both verifiers agree about it
with the old key and with the new one.  A change that only one key signed does not hold.
"""
import ctypes
import fcntl
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile

class Skipped(Exception):
    """Why a test cannot run here."""


WEIR, VERIFIER = (os.path.abspath(path) for path in sys.argv[1:3])
NOTE = b'{"kind":"note","subject":"pump 3"}\n'


def weir(*words, stdin=b""):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([WEIR, "ledger", *words], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True, check=False)  # no terminal to ask on
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def good(*words, stdin=b""):
    code, out, err = weir(*words, stdin=stdin)
    if code != 0 or err:
        raise AssertionError(f"{words}: exit {code}: {err}")
    return out


def says(code, text, *words, stdin=b""):
    got, out, err = weir(*words, stdin=stdin)
    if got != code or text not in err or out:
        raise AssertionError(f"{words}: exit {got}, wanted {code} and '{text}': {err}{out}")


def shown(folder="L"):
    return json.loads(good("key", "show", "--dir", folder, "--json"))


def verify(folder, key, *older):
    """Exit codes of both."""
    from_words = [word for name in older for word in ("--from", name)]
    ours = weir("verify", "--dir", folder, "--key", key, *from_words)
    other = subprocess.run([sys.executable, VERIFIER, folder, key, *older], stdout=subprocess.PIPE,
                           stderr=subprocess.PIPE, check=False)
    if ours[0] != other.returncode:
        raise AssertionError(f"{folder}: weir says {ours}, the other one {other}")
    return ours[0]


def audit(export, key):
    """Exit codes of both for an export."""
    ours = weir("verify", "--export", export, "--key", key)
    other = subprocess.run([sys.executable, os.path.join(os.path.dirname(VERIFIER), "verify-export.py"), export, key],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if ours[0] != other.returncode:
        raise AssertionError(f"{export}: weir says {ours}, the other one {other}")
    return ours[0]


def write(name, text, mode=0o600):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(name, mode)


def begin(*words):
    good("init", "--dir", "L", "--origin", "plant.example/north", *words)


def append(folder="L", *words):
    return good("append", "--dir", folder, *words, stdin=NOTE)


# --- kept ---

def sealed_and_unsealed():
    begin()
    write("pass", "correct horse\n")
    write("wrong", "correct horsf\n")
    write("short", "abc\n")
    assert not shown()["sealed"]
    says(1, "at least 8 bytes", "key", "seal", "--dir", "L", "--new-passphrase-file", "short")
    good("key", "seal", "--dir", "L", "--new-passphrase-file", "pass")
    assert shown()["sealed"] and os.stat("L.key").st_mode & 0o777 == 0o600
    says(5, "no terminal to ask on; try: --passphrase-file", "append", "--dir", "L", stdin=NOTE)
    says(5, "the passphrase does not open L.key", "append", "--dir", "L", "--passphrase-file", "wrong", stdin=NOTE)
    append("L", "--passphrase-file", "pass")
    os.chmod("pass", 0o644)
    says(5, "may read the passphrase", "append", "--dir", "L", "--passphrase-file", "pass", stdin=NOTE)
    os.chmod("pass", 0o600)
    good("key", "unseal", "--dir", "L", "--passphrase-file", "pass")
    says(1, "is not sealed", "key", "unseal", "--dir", "L")
    append()
    assert sorted(os.listdir(".")) == ["L", "L.key", "L.key.head", "pass", "short", "wrong"]


def sealed_from_the_beginning():
    write("pass", "correct horse")
    begin("--passphrase-file", "pass")
    append("L", "--passphrase-file", "pass")
    old = shown()
    good("key", "rotate", "--dir", "L", "--passphrase-file", "pass")
    new = shown()
    assert new["sealed"] and new["id"] != old["id"]
    append("L", "--passphrase-file", "pass")
    assert verify("L", old["public"]) == 0


def asked_wrongly():
    begin()
    says(2, "is wanted; try: weir ledger key show", "key", "--dir", "L")
    says(2, "is wanted", "key", "frob", "--dir", "L")
    says(3, "open the ledger nowhere", "key", "show", "--dir", "nowhere")
    says(2, "no white space", "init", "--dir", "M", "--origin", 'a"b')
    assert not os.path.exists("M")
    done = subprocess.run([WEIR, "--process", "frob"], stderr=subprocess.PIPE, check=False)
    assert done.returncode == 2 and b"no such process" in done.stderr


def somebody_writes():
    """Where another process writes, each action says what to do about it; show needs nobody's leave."""
    begin()
    held = os.open("L", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    for action in ("rotate", "seal", "unseal", "remember"):
        says(1, "L: another process writes to it; try: where that is weir ledger serve: end it, this once more, start it again", "key", action,
             "--dir", "L")
    assert shown()["signed"] == 1
    os.close(held)


def a_wrong_key():
    """It is refused before anything is read: the damage further on is not what is named."""
    begin()
    old = shown()["public"]
    good("key", "rotate", "--dir", "L")
    middle = shown()["public"]
    good("key", "rotate", "--dir", "L")
    good("export", "--dir", "L", "--out", "all.tar")
    good("init", "--dir", "M", "--origin", "plant.example/north")
    good("init", "--dir", "N", "--origin", "plant.example/south")
    bundle = "L/tile/entries/000.p/3"
    with open(bundle, "r+b") as file:
        file.seek(40)
        file.write(b"?")
    name, number, data = old.split("+", 2)
    for garbage in ("", "garbage", f"{name}+{number}", f"{name}+00000000+{data}", f"{name}+{number}+{data[:-4]}"):
        says(2, "weir: --key: ", "verify", "--dir", "L", "--key", garbage)
        says(2, "weir: --key: ", "verify", "--export", "all.tar", "--key", garbage)
        says(2, "weir: --key: ", "follow", "L", "--dir", "F", "--key", garbage)
    for other in ("M", "N"):
        says(4, "is no key of this ledger", "verify", "--dir", "L", "--key", shown(other)["public"])
    for own in (old, middle, shown()["public"]):
        says(4, "000.p/3: entry 0 ", "verify", "--dir", "L", "--key", own)


# --- the last head ---

def an_older_folder():
    begin()
    append()
    shutil.copytree("L", "backup")
    append()
    shutil.rmtree("L")
    os.rename("backup", "L")
    says(4, "the key signed a head of 3 entries, the log ends at 2: this is an older state", "append", "--dir", "L",
         stdin=NOTE)


def a_lost_head():
    begin()
    append()
    os.rename("L.key.head", "elsewhere")
    says(3, "nobody knows what head the key signed last", "append", "--dir", "L", stdin=NOTE)
    assert "2 entries" in good("key", "remember", "--dir", "L")
    says(1, "File exists", "key", "remember", "--dir", "L")
    append()
    os.rename("elsewhere", "L.key.head")
    append()  # an older memory: the tree grew out of it


def another_key():
    begin()
    good("init", "--dir", "M", "--origin", "plant.example/north")
    shutil.copy("M.key", "L.key")
    says(5, "L.key is not the key of L", "append", "--dir", "L", stdin=NOTE)
    good("init", "--dir", "N", "--origin", "plant.example/south")
    shutil.copy("N.key", "L.key")
    says(5, "is the key of 'plant.example/south'", "append", "--dir", "L", stdin=NOTE)


# --- another key in its place ---

def changed_twice():
    begin()
    keys, kept = [shown()["public"]], []
    for n in range(3):
        append()
        write(f"kept{n}", good("checkpoint", "--dir", "L"))
        kept.append(f"kept{n}")
        shutil.copytree("L", f"copy-before{n}")
        if n < 2:
            good("key", "rotate", "--dir", "L", "--actor", "an operator")
            keys.append(shown()["public"])
            write(f"both{n}", good("checkpoint", "--dir", "L"))
            kept.append(f"both{n}")
            shutil.copytree("L", f"copy{n}")
    with open("both0", encoding="utf-8") as file:
        assert file.read().count("\u2014 ") == 2
    for key in keys:
        for name in kept:
            assert verify("L", key, name) == 0, (key, name)
        for name in [name for name in os.listdir(".") if name.startswith("copy")]:
            good("verify", "--dir", "L", "--key", key, "--against", name)
    good("init", "--dir", "M", "--origin", "plant.example/north")
    assert verify("L", shown("M")["public"]) == 4
    with open("L/ledger", encoding="utf-8") as file:
        assert file.read() == f"weir ledger 1\n{keys[2]}\nfirst {keys[0]}\n"


def exported():
    """Taken along at any time, checked with any key up to then; a later one it cannot know."""
    begin()
    keys, made = [shown()["public"]], []
    for n in range(3):
        for words in (["--kind", "note"], ["--kind", "key"]):
            append()
            made.append((len(keys), f"{len(made)}.tar"))
            good("export", "--dir", "L", *words, "--out", made[-1][1])
        good("key", "rotate", "--dir", "L")
        keys.append(shown()["public"])
        made.append((len(keys), f"{len(made)}.tar"))
        good("export", "--dir", "L", "--kind", "note", "--out", made[-1][1])  # both keys signed this head
    for known, name in made:
        good("verify", "--export", name)
        for n, key in enumerate(keys):
            assert audit(name, key) == (0 if n < known else 4), (name, n)
    listed = subprocess.run(["tar", "tf", made[-1][1]], stdout=subprocess.PIPE, check=True).stdout.decode()
    assert listed.count("/keys/") == 3 and listed.count("/proofs/") == 6, listed
    good("rebuild", "--dir", "L")
    good("export", "--dir", "L", "--kind", "note", "--out", "stored.tar")
    with open("stored.tar", "rb") as stored, open(made[-1][1], "rb") as read:
        assert stored.read() == read.read()


def a_stolen_old_key():
    """It signs no more what the tree says another key signs."""
    begin()
    append()
    old = shown()["public"]
    shutil.copy("L.key", "stolen")
    good("key", "rotate", "--dir", "L")
    new = shown()["public"]
    shutil.copy("stolen", "L.key")
    says(5, "is not the key of L", "append", "--dir", "L", stdin=NOTE)
    assert verify("L", old) == verify("L", new) == 0
    write("L/ledger", f"weir ledger 1\n{old}\n")  # whoever has the folder may write what he likes
    append()  # the last head has a line of the old key too, so it goes on: by the old key alone
    with open("L/checkpoint", encoding="utf-8") as file:
        assert file.read().split("\n")[1] == "4"
    write("L/ledger", f"weir ledger 1\n{new}\nfirst {old}\n")
    assert verify("L", old) == verify("L", new) == 4


def by_hand():
    """Nobody writes a change of keys as any other entry."""
    begin()
    old = shown()["public"]
    good("key", "rotate", "--dir", "L")
    entries = good("show", "--dir", "L", "--json").splitlines()
    change = json.dumps(json.loads(entries[1])["entry"]).encode()
    says(5, "weir ledger key rotate", "append", "--dir", "L", stdin=change)
    assert verify("L", old) == 0


# --- killed ---

PTRACE_TRACEME, PTRACE_SYSCALL, PTRACE_PEEKUSER, ORIG_RAX = 0, 24, 3, 15 * 8
# open, write, pwrite64, sendto and sendmsg, fsync and its like, mkdir, rename and unlink, openat and their like
CHANGING = {1, 18, 44, 46, 74, 75, 82, 83, 87, 257, 258, 263, 264, 306, 316}


def killed_at(n, words):
    """Runs it and kills it before its n-th such call; True where it came that far."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.restype = ctypes.c_long
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
    pid = os.fork()
    if pid == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for fd in range(3):
            os.dup2(null, fd)
        if libc.ptrace(PTRACE_TRACEME, 0, None, None) < 0:
            os._exit(99)
        os.execve(WEIR, [WEIR, "ledger", *words], {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"})
    _, status = os.waitpid(pid, 0)
    if os.WIFEXITED(status):
        raise Skipped("a process may not be watched here")
    entering, seen = True, 0
    while True:
        libc.ptrace(PTRACE_SYSCALL, pid, None, None)
        _, status = os.waitpid(pid, 0)
        if not os.WIFSTOPPED(status):
            return False
        if os.WSTOPSIG(status) != signal.SIGTRAP:
            continue
        if entering and libc.ptrace(PTRACE_PEEKUSER, pid, ORIG_RAX, None) in CHANGING:
            seen += 1
            if seen == n:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return True
        entering = not entering


def without_strays():
    """Takes away parts of tiles that no head speaks of: what a writer that was killed leaves there is looked at in
    other tests."""
    sizes = []
    for head in ("L/checkpoint", "L/settled"):
        with open(head, encoding="utf-8") as file:
            sizes.append(file.read().split("\n")[1])
    for row in ("0", "entries"):
        for name in os.listdir(f"L/tile/{row}/000.p"):
            if name not in sizes:
                os.unlink(f"L/tile/{row}/000.p/{name}")


def killed_anywhere():
    if platform.machine() != "x86_64":
        raise Skipped("calls are counted by their numbers on x86-64")
    begin()
    append()
    old = shown()["public"]
    write("kept", good("checkpoint", "--dir", "L"))
    os.mkdir("as-it-was")
    for name in ("L", "L.key", "L.key.head"):
        shutil.move(name, f"as-it-was/{name}")
    changed, n = set(), 0
    while True:
        n += 1
        for name in os.listdir("as-it-was"):
            copy = shutil.copytree if name == "L" else shutil.copy
            copy(f"as-it-was/{name}", name)
        died = killed_at(n, ["key", "rotate", "--dir", "L"])
        without_strays()
        code, _, err = weir("verify", "--dir", "L", "--key", old)  # at any moment, before anybody mends it
        assert code == 0, f"killed at call {n}: {err}"
        append()
        without_strays()
        now = shown()["public"]
        changed.add(now == old)
        for key in {old, now}:
            assert verify("L", key, "kept") == 0, f"killed at call {n}: with {key}"
        left = sorted(name for name in os.listdir(".") if name.startswith("L"))
        assert left == ["L", "L.key", "L.key.head"], f"killed at call {n}: {left} stay"
        for name in left:
            shutil.rmtree(name) if name == "L" else os.unlink(name)
        if not died:
            break
    assert changed == {True, False} and n > 50, (changed, n)
    print(f"killed at {n - 1} calls")


TESTS = [sealed_and_unsealed, sealed_from_the_beginning, asked_wrongly, somebody_writes, a_wrong_key, an_older_folder,
         a_lost_head, another_key, changed_twice, exported, a_stolen_old_key, by_hand, killed_anywhere]


def main():
    bad = False
    os.umask(0o022)
    for test in TESTS:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                test()
                print(f"[       OK ] {test.__name__}", flush=True)
            except Skipped as why:
                print(f"[  SKIPPED ] {test.__name__}\n{why}", flush=True)
            except (AssertionError, OSError) as why:
                print(f"[  FAILED  ] {test.__name__}\n{why!r}", flush=True)
                bad = True
            os.chdir("/")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
