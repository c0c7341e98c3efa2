#!/usr/bin/env python3
"""weir ledger serve: many askers at once, its processes killed in the middle, a disk that runs full.

    serve_test.py WEIR AGED_LEDGER

Whatever was acknowledged stands in the ledger under its number, and the ledger verifies.
"""
import errno
import fcntl
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

WEIR, AGED = map(os.path.abspath, sys.argv[1:3])
ASK, DONE, REFUSED, OPEN, OWN = 1, 2, 3, 4, 5
failed = 0
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored where the tests run without a terminal, and by all they start


def call(*words, **more):
    return subprocess.run([WEIR, "ledger", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
                          check=False, **more)


def expect(fine, what):
    if not fine:
        raise AssertionError(what)


class Serve:
    """A ledger and who serves it."""

    all = []

    def __init__(self, folder, front=(), make=True, wait=True):
        self.dir = os.path.join(folder, "ledger")
        if make:  # else it is there
            made = call("init", "--dir", self.dir, "--origin", "test.example/ledger")
            expect(made.returncode == 0, made.stderr)
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8")
        Serve.all.append(self)
        self.process = subprocess.Popen([*front, WEIR, "ledger", "serve", "--dir", self.dir], stderr=self.log)
        if wait:
            self.wait_open()

    def wait_open(self):
        self.wait_for(lambda: "is open" in self.said(), "it does not open")

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def wait_for(self, what, why, seconds=60):
        until = time.monotonic() + seconds
        while not what():
            expect(time.monotonic() < until and self.process.poll() is None, f"{why}: {self.said()}")
            time.sleep(0.02)

    def child(self, name):
        """The number of its process of that name, or None."""
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                children = file.read().split()
            for pid in children:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if file.read().split(b"\0")[1:3] == [b"--process", name.encode()]:
                        return int(pid)
        except OSError:
            pass
        return None

    def kill(self, name):
        before = self.child(name)
        os.kill(before, signal.SIGKILL)
        self.wait_for(lambda: self.child(name) not in (None, before), f"the {name} does not come again")

    def core_used(self, seconds):
        """Of one processor, by the core, over that time."""
        def ticks():
            with open(f"/proc/{self.child('core')}/stat", encoding="ascii") as file:
                return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        before = ticks()
        time.sleep(seconds)
        return (ticks() - before) / os.sysconf("SC_CLK_TCK") / seconds

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(120)
        expect(code == 0, f"code {code}: {self.said()}")
        expect(not os.path.exists(self.dir + ".socket"), "the socket stays behind")
        expect(not os.path.exists(self.dir + "/wal"), "a log stays behind")

    def entries(self):
        shown = call("show", "--json", "--dir", self.dir)
        expect(shown.returncode == 0, shown.stderr)
        lines = map(json.loads, shown.stdout.splitlines())
        return {line["sequence"]: line["entry"] for line in lines if "gone" not in line}

    def verify(self):
        done = call("verify", "--dir", self.dir)
        expect(done.returncode == 0, done.stderr)


class Asker:
    def __init__(self, serve):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.settimeout(60)
        self.socket.connect(serve.dir + ".socket")
        self.why_not, self.size = None, None
        kind, said = self.receive()
        if kind == OPEN:
            self.size = said
        else:
            self.why_not = said[0][3]

    def ask(self, word, head, *entries):
        body = head + b"".join(struct.pack(">H", len(e)) + e for e in entries)
        self.socket.send(struct.pack(">HHI", word, 0, len(body)) + body)

    def send(self, tag, *entries):
        self.ask(ASK, struct.pack(">Q", tag), *entries)

    def own(self, tag, seen, *entries):
        self.ask(OWN, struct.pack(">QQ", tag, seen), *entries)
        return self.receive()

    def receive(self):
        """(type, [(tag, index, count, first or errno and words)])"""
        message = self.socket.recv(1 << 18)
        if not message:
            raise ConnectionError("gone")
        kind, body = struct.unpack(">H", message[:2])[0], message[8:]
        if kind == OPEN:
            return kind, struct.unpack(">Q", body)[0]
        if kind == REFUSED:
            tag, index, count, code = struct.unpack(">QIII", body[:20])
            return kind, [(tag, index, count, (code, body[20:].decode()))]
        return kind, [struct.unpack(">QHHQ", body[at:at + 20]) for at in range(0, len(body), 20)]


def entry(text):
    return json.dumps({"kind": "note", "subject": text}).encode()


def keep_asking(serve, name, acknowledged, until):
    """One asker, three entries a message, that comes again when its connection ends."""
    count = 0
    while not until.is_set():
        try:
            asker = Asker(serve)
            while not until.is_set():
                texts = [f"{name} {count + i}" for i in range(3)]
                asker.send(count, *map(entry, texts))
                left = 3
                while left:
                    kind, runs = asker.receive()
                    expect(kind == DONE, runs)
                    for tag, index, number, first in runs:
                        expect(tag == count, "another's answer")
                        for i in range(number):
                            acknowledged.append((first + i, texts[index + i]))
                        left -= number
                count += 3
        except OSError:
            time.sleep(0.05)


class Crowd:
    """So many who ask all the time; with it they begin, behind it they have ended."""

    def __init__(self, serve, count):
        self.serve, self.until, self.told = serve, threading.Event(), [[] for _ in range(count)]
        self.askers = [threading.Thread(target=keep_asking, args=(serve, f"asker {i}", self.told[i], self.until))
                       for i in range(count)]

    def __enter__(self):
        for one in self.askers:
            one.start()
        return self

    def __exit__(self, *_):
        self.until.set()
        for one in self.askers:
            one.join()

    def acknowledged(self):
        return sum(map(len, self.told))

    def wait_for_more(self, count=1000):
        have = self.acknowledged()
        self.serve.wait_for(lambda: self.acknowledged() > have + count, "nothing is acknowledged")

    def check(self):
        """Everything that was acknowledged is in the checkpoint, once, in its place."""
        entries, told = self.serve.entries(), [one for some in self.told for one in some]
        expect(len({number for number, _ in told}) == len(told), "a number was given twice")
        for number, text in told:
            expect(entries[number]["subject"] == text, f"entry {number} is {entries[number]}, not '{text}'")
        self.serve.verify()
        return len(told)


def killed_in_the_middle(folder):
    """Both processes are killed while forty ask; what was acknowledged is there, once, in its place."""
    serve = Serve(folder)
    with Crowd(serve, 40) as crowd:
        for name in ("sealer", "core", "sealer", "core"):
            crowd.wait_for_more()
            serve.kill(name)
        crowd.wait_for_more()
    serve.stop()
    print(f"killed twice each, {crowd.check()} acknowledged, 0 lost")


def ended_in_the_middle(folder):
    """Told to end while forty ask: all that was acknowledged is in the signed checkpoint."""
    serve = Serve(folder)
    for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT) * 4:
        with Crowd(serve, 40) as crowd:
            crowd.wait_for_more(300)
            serve.stop(how)
        told = crowd.check()
        serve = Serve(folder, make=False)
    serve.stop()
    print(f"ended twelve times, at last behind {told} acknowledged, 0 lost")


def own_entries(folder):
    """Holds, promises and erasures while others write; each is decided on all that came before."""
    serve = Serve(folder)

    def ledger(*words, code=0, fits="", **more):
        done = call(*words, "--dir", serve.dir, **more)
        expect(done.returncode == code and fits in done.stdout + done.stderr, f"{words}: {done}")
        return done.stdout

    with Crowd(serve, 10) as crowd:
        crowd.wait_for_more()
        hold = int(ledger("hold", "add", "--subject", "asker 3 0", "--why", "case 1"))
        ledger("hold", "list", fits=f"{hold}  subject  asker 3 0  case 1")
        together = [subprocess.Popen([WEIR, "ledger", "hold", "add", "--kind", "finding", "--why", "x", "--dir", serve.dir],
                                     stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8") for _ in range(6)]
        numbers = [one.communicate() for one in together]
        expect(len({int(out) for out, _ in numbers if out}) == 6, str(numbers))
        ledger("retention", "promise", "--days", "10", fits="is kept for 10 days")
        ledger("retention", "promise", "--days", "9", code=5, fits="promised 10 days already")
        ledger("append", "--secret", input='{"kind":"access","subject":"p-17","data":{"name":"Ada Bell"}}\n')
        on = int(ledger("hold", "add", "--subject", "p-17", "--why", "case 2"))
        ledger("erase", "p-17", "--why", "asked", code=5, fits=f"is held by entry {on}")
        ledger("hold", "release", str(on), "--why", "closed")
        ledger("hold", "release", str(on), "--why", "closed", code=3, fits="was released")
        ledger("erase", "p-17", "--why", "asked", fits="destroyed the key of p-17")
        ledger("erase", "p-17", "--why", "asked", code=3, fits="was erased")
        serve.kill("core")
        ledger("hold", "release", str(hold), "--why", "closed")
        ledger("key", "rotate", code=1, fits="end it")
        for _ in range(5):
            ledger("verify", fits="holds")
    serve.stop()
    print(f"{crowd.check()} acknowledged meanwhile")
    kinds = [one["kind"] for one in serve.entries().values()]
    expect((kinds.count("hold"), kinds.count("retention"), kinds.count("erasure")) == (10, 1, 1), "not those that were told")


def seen_before(folder):
    """An entry of the ledger's own is taken from who has seen the last one, and from who may."""
    serve = Serve(folder)
    asker = Asker(serve)
    hold = b'{"kind":"hold","subject":"x","data":{"hold":"kind","kind":"note","why":"y"}}'
    expect(asker.size == 1, f"it says {asker.size} entries")
    for tag, seen, what, code in (
            (1, 1, hold, 0), (2, 1, hold, errno.ESTALE), (3, 2, hold, 0), (4, 2, hold, errno.ESTALE), (5, 9, hold, 0),
            (6, 9, entry("x"), errno.EPERM), (7, 9, b'{"kind":"key","subject":"x"}', errno.EPERM), (8, 9, b"{}", errno.EINVAL)):
        kind, runs = asker.own(tag, seen, what)
        said = 0 if kind == DONE else runs[0][3][0]
        expect(runs[0][0] == tag and said == code, f"{tag}: {kind} {runs}")
    asker.send(9, hold)
    kind, runs = asker.receive()
    expect(kind == REFUSED and runs[0][3][0] == errno.EPERM, str(runs))
    asker.ask(OWN, struct.pack(">QQ", 10, 9), hold, hold)  # one at a time
    expect(asker.socket.recv(100) == b"", "it stays")
    serve.stop()
    expect([one["kind"] for one in serve.entries().values()] == ["key", "hold", "hold", "hold"], "others stand there")


def let_go(folder):
    """Entries are let go and moved while others write, and do not come back with the processes."""
    now = time.time()

    def lines(days, kind, count):
        at = (time.gmtime(now - days * 86400 + 21600 * n) for n in range(count))
        return "".join(f'{{"kind":"{kind}","subject":"pump","at":"{time.strftime("%Y-%m-%dT%H:%M:%SZ", t)}"}}\n' for t in at)

    subprocess.run([AGED, os.path.join(folder, "ledger"), "keep.example/test"], check=True, encoding="utf-8", stdout=subprocess.DEVNULL,
                   input=lines(1000, "key", 1) + lines(999, "note", 3990))
    serve = Serve(folder, make=False)

    def ledger(*words, code=0, fits=""):
        done = call(*words, "--dir", serve.dir)
        expect(done.returncode == code and fits in done.stdout + done.stderr, f"{words}: {done}")
        return done.stdout

    def settled():
        with open(serve.dir + "/settled", encoding="utf-8") as file:
            return int(file.read().splitlines()[1])

    def stands(text, where):
        for path, _, names in os.walk(where):
            for name in names:
                try:
                    with open(os.path.join(path, name), "rb") as file:
                        if text in file.read():
                            return True
                except FileNotFoundError:  # taken away meanwhile
                    pass
        return False

    def write_old(text, count):
        done = call("append", "--dir", serve.dir, input=lines(900, "note", count).replace("pump", text))
        expect(done.returncode == 0, done.stderr)

    # A hold that comes when prune has written, and waits until that is settled: seconds after the last time.
    ledger("retention", "promise", "--days", "500", fits="500 days")
    serve.wait_for(lambda: settled() == 3992, "it does not settle")
    pruning = subprocess.Popen([WEIR, "ledger", "prune", "--dir", serve.dir], stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, encoding="utf-8")
    serve.wait_for(lambda: Asker(serve).size == 3993, "prune writes nothing")
    hold = ledger("hold", "add", "--subject", "pump", "--why", "case 1").strip()
    out, why = pruning.communicate()
    expect(pruning.returncode == 1 and f"entry {hold} came in between" in why, out + why)
    ledger("prune", fits="stay, though an entry let them go")
    ledger("prune", fits="let go of 0 entries")
    ledger("show", "--kind", "retention", "--json", fits='"kept":[{"first":256,')
    expect(os.path.exists(serve.dir + "/tile/entries/001"), "what is held was let go")
    ledger("hold", "release", hold, "--why", "closed")
    with Crowd(serve, 10) as crowd:
        for words, fits in ((["prune"], "let go of entries 256 to"),
                            (["move", "--to", os.path.join(folder, "far"), "--before", time.strftime("%Y-%m-%d")], "moved entries")):
            crowd.wait_for_more()
            ledger(*words, fits=fits)
        write_old("pump in the log", 1)
        for name in ("sealer", "core"):
            serve.kill(name)
            crowd.wait_for_more()
    expect(not os.path.exists(serve.dir + "/tile/entries/001"), "it came back")
    serve.wait_for(lambda: not stands(b"pump in the log", serve.dir + "/wal"), "the log keeps what it had when its writer was killed")
    write_old("pump that goes", 600)
    expect(stands(b"pump that goes", serve.dir + "/wal"), "the log does not have the newest")
    ledger("move", "--to", os.path.join(folder, "far"), "--before", time.strftime("%Y-%m-%d"), fits="moved entries")
    serve.wait_for(lambda: not stands(b"pump that goes", serve.dir + "/wal"), "what was let go can be read in the log")
    serve.stop()
    print(f"{crowd.check()} acknowledged meanwhile")


SLOW_S = 10  # for one entry, while others do what they can; a machine that others share is slow by itself
CORE_MIB, SANITIZED_MIB = 32, 128


def crowded_out(folder):
    """Who sends as much as goes, who stays silent, who says half a message, who reads nothing: the others are served."""
    options = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1"  # what was freed would count for long
    serve = Serve(folder, ["env", "ASAN_OPTIONS=" + options])
    until, sent = threading.Event(), [0]

    def push():
        one, large, out = Asker(serve), entry("x" * 65000), 0
        while not until.is_set() and sent[0] < 3000:
            one.send(0, large)
            sent[0], out = sent[0] + 1, out + 1
            if out == 32:
                out -= sum(run[2] for run in one.receive()[1])
        while out:
            out -= sum(run[2] for run in one.receive()[1])

    good, silent, half, deaf = Asker(serve), Asker(serve), Asker(serve), Asker(serve)
    half.socket.send(struct.pack(">HHI", ASK, 0, 1000) + b"and then nothing")
    deaf.socket.setblocking(False)
    pushing = [threading.Thread(target=push) for _ in range(4)]
    for one in pushing:
        one.start()
    longest = 0
    try:
        for n in range(300):
            try:
                deaf.send(n, *[entry("deaf")] * 30)
            except OSError:
                pass
            began = time.monotonic()
            good.send(n, entry("good"))
            expect(good.receive()[0] == DONE, "it is refused")
            longest = max(longest, time.monotonic() - began)
    finally:
        until.set()
        for one in pushing:
            one.join()
    expect(longest < SLOW_S, f"one waited for {longest:.1f} s")
    expect(half.socket.recv(100) == b"", "half a message is taken")
    with open(f"/proc/{serve.child('core')}/status", encoding="ascii") as file:
        most = int(re.search(r"VmHWM:\s+(\d+) kB", file.read())[1]) >> 10
    with open(f"/proc/{serve.child('core')}/maps", encoding="utf-8") as file:
        limit = SANITIZED_MIB if "libasan" in file.read() else CORE_MIB
    expect(most < limit, f"the core took {most} MiB")
    silent.send(1, entry("not silent any more"))
    expect(silent.receive()[0] == DONE, "who was silent is not served")
    serve.stop()
    serve.verify()
    print(f"{sent[0]} entries of 64 KiB, the longest of 300 small ones between waited {longest:.2f} s, the core took {most} MiB")


def locked_throughout(folder):
    """From its start to its end nobody else gets the lock, not even while its core is started again."""
    serve = Serve(folder, wait=False)
    fd, free, until = os.open(serve.dir, os.O_RDONLY), [], threading.Event()

    def try_it():
        while not until.is_set():
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(fd, fcntl.LOCK_UN)
                free.append(time.monotonic())
            except BlockingIOError:
                pass

    serve.wait_for(lambda: serve.child("key"), "it does not start")  # the lock is taken before anything is started
    other = threading.Thread(target=try_it)
    other.start()
    try:
        serve.wait_open()
        for name in ("core", "sealer", "core"):
            serve.kill(name)
            time.sleep(0.2)
    finally:
        until.set()
        other.join()
    expect(not free, f"another one had the lock {len(free)} times")
    serve.stop()
    serve.verify()


def one_by_one(folder):
    """append uses the socket, prints the same, and writes by itself where a socket is only left behind."""
    serve = Serve(folder)
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"a"}\n{"kind":"note","subject":"b"}\n')
    expect((done.returncode, done.stdout) == (0, "1\n2\n"), str(done))
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"c"}\n{"kind":"no"}\n')
    expect((done.returncode, done.stdout) == (1, "3\n") and "line 2" in done.stderr, str(done))
    many = "".join(f'{{"kind":"note","subject":"{n}"}}\n' for n in range(5000))
    done = call("append", "--dir", serve.dir, input=many)
    expect(done.stdout.split() == [str(n) for n in range(4, 5004)], done.stderr)
    serve.stop()
    left = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    left.bind(serve.dir + ".socket")
    left.close()
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"d"}\n')
    expect((done.returncode, done.stdout) == (0, "5004\n"), str(done))
    again = Serve(folder, make=False)
    second = call("serve", "--dir", again.dir)
    expect(second.returncode == 1 and "another process writes" in second.stderr, str(second))
    expect(os.path.exists(again.dir + ".socket"), "the second took the first one's socket")
    again.stop()
    again.verify()


def bad_askers(folder):
    """Who says what is none of ours, or does not read, is let go; nobody else notices."""
    serve = Serve(folder)
    good, odd, deaf = Asker(serve), Asker(serve), Asker(serve)
    odd.socket.send(b"what is this")
    expect(odd.socket.recv(100) == b"", "it stays")
    deaf.socket.setblocking(False)
    until = time.monotonic() + 60
    try:
        for n in range(100000):
            select.select([], [deaf.socket], [], 60)
            deaf.send(n, entry("deaf"))
            expect(time.monotonic() < until, "it stays, and reads nothing")
    except (BrokenPipeError, ConnectionError):
        pass
    good.send(1, entry("good"), b'{"kind":"none"}', entry("again"))
    kinds = [good.receive(), good.receive()]
    expect(kinds[0][0] == REFUSED and kinds[0][1][0][:3] == (1, 1, 1), str(kinds))
    expect(kinds[1][0] == DONE and [run[:3] for run in kinds[1][1]] == [(1, 0, 1), (1, 2, 1)], str(kinds))
    for n, wrong in ((2, [b"{}"] * 1000), (3, [b"{}", b"[]"] * 20)):  # refused in one answer, and in many
        good.send(n, *wrong)
        left = len(wrong)
        while left:
            kind, runs = good.receive()
            expect(kind == REFUSED and runs[0][0] == n, str(runs))
            left -= runs[0][2]
    serve.stop()
    expect("2 askers let go" in serve.said() and " 1041 refused" in serve.said(), serve.said())
    serve.verify()


def at_the_limit(folder):
    """More come than there may be: those inside are served, the others are told; a place that is left is taken."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 2048:
        return f"no more than {hard} open files are allowed here"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    serve = Serve(folder, ["sh", "-c", 'ulimit -n 1024; exec "$@"', "sh"])
    all_of_them = [Asker(serve) for _ in range(1100)]
    inside = [one for one in all_of_them if not one.why_not]
    expect(len(inside) == 1024 - 32 and "992 askers at a time" in serve.said(), f"{len(inside)}: {serve.said()}")
    expect({one.why_not[0] for one in all_of_them if one.why_not} == {errno.EUSERS}, "turned away for another reason")
    expect("places for askers are taken" in serve.said(), serve.said())
    used = serve.core_used(2)
    expect(used < 0.2, f"the core uses {used:.0%} of a processor, and has nothing to do")
    for n in (0, 500, 991):
        inside[n].send(n, entry(f"inside {n}"))
        expect(inside[n].receive()[0] == DONE, "who is inside is not served")
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"a"}\n')
    expect(done.returncode == 6 and "992 places are taken" in done.stderr, str(done))
    inside[7].socket.close()
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"a"}\n')
    expect((done.returncode, done.stdout) == (0, "4\n"), str(done))
    for one in all_of_them:
        one.socket.close()
    serve.stop()
    expect(" 109 turned away" in serve.said(), serve.said())
    serve.verify()
    return None


def no_file_left(folder):
    """The system has no file for one more: nobody is taken in for a while, and nobody spins."""
    serve = Serve(folder)
    good, core = Asker(serve), serve.child("core")
    good.send(0, entry("so that the log is open"))
    expect(good.receive()[0] == DONE, "it is not served")
    before = resource.prlimit(core, resource.RLIMIT_NOFILE)
    resource.prlimit(core, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{core}/fd")), before[1]))
    late = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    late.connect(serve.dir + ".socket")
    used = serve.core_used(2)
    expect(used < 0.2, f"the core uses {used:.0%} of a processor, and has nothing to do")
    expect("nobody can be taken in" in serve.said(), serve.said())
    good.send(1, entry("good"))
    expect(good.receive()[0] == DONE, "who is inside is not served")
    expect(not select.select([late], [], [], 0)[0], "it is taken in")
    resource.prlimit(core, resource.RLIMIT_NOFILE, before)
    expect(select.select([late], [], [], 30)[0], "it is never taken in")
    serve.stop()


def nobody_answers(folder):
    """A writer that stands still: append says so, and waits no longer than it has to."""
    serve = Serve(folder)
    core, began = serve.child("core"), time.monotonic()
    os.kill(core, signal.SIGSTOP)
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"a"}\n', timeout=60)
    expect(done.returncode == 6 and "nobody answers at" in done.stderr, str(done))
    expect(time.monotonic() - began > 9, "it does not wait at all")
    os.kill(core, signal.SIGCONT)
    done = call("append", "--dir", serve.dir, input='{"kind":"note","subject":"a"}\n')
    expect((done.returncode, done.stdout) == (0, "1\n"), str(done))
    serve.stop()


def says_why(folder):
    """What cannot be started again, and what is not done while it is served, comes with its reason."""
    serve = Serve(folder)
    done = call("append", "--witnessed", "--dir", serve.dir, input='{"kind":"note","subject":"a"}\n')
    expect(done.returncode == 1 and "is served" in done.stderr and not done.stdout, str(done))
    os.rename(serve.dir + ".key", serve.dir + ".away")
    os.kill(serve.child("sealer"), signal.SIGKILL)
    code = serve.process.wait(60)
    expect(code == 1 and "ledger.key: No such file" in serve.said().splitlines()[-1], f"{code}: {serve.said()}")
    expect(not os.path.exists(serve.dir + ".socket"), "the socket stays behind")
    os.rename(serve.dir + ".away", serve.dir + ".key")
    serve = Serve(folder, make=False)
    serve.stop()


def other_users(folder):
    """The actor of an entry is who asks, where that is another user than the writer."""
    if os.getuid() != 0:
        return "not root"
    serve = Serve(folder)
    os.chmod(folder, 0o755)
    os.chmod(serve.dir + ".socket", 0o666)
    asks = ("import socket,struct,os,sys;os.setgid(65534);os.setuid(65534);s=socket.socket(socket.AF_UNIX,socket.SOCK_SEQPACKET);"
            "s.connect(sys.argv[1]);j=b'{\"kind\":\"note\",\"subject\":\"x\",\"actor\":\"root\"}';"
            "b=bytes(8)+struct.pack('>H',len(j))+j;s.recv(100);s.send(struct.pack('>HHI',1,0,len(b))+b);s.recv(100)")
    subprocess.run([sys.executable, "-c", asks, serve.dir + ".socket"], check=True)
    serve.stop()
    expect(serve.entries()[1]["actor"] == "uid:65534", str(serve.entries()[1]))
    return None


def full_disk(folder):
    """A full disk: refused in words, nothing that was acknowledged is lost, and it goes on when there is room."""
    mounted = subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    if os.getuid() != 0 or not mounted:
        return "no file system of its own can be mounted"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    try:
        serve = Serve(folder)
        asker, told, number, refused = Asker(serve), [], 0, None
        with open(os.path.join(folder, "in the way"), "wb") as file:
            file.write(bytes(10 << 20))
        while not refused:
            text = f"{number} " + "x" * 2000
            asker.send(number, entry(text))
            kind, runs = asker.receive()
            if kind == DONE:
                told.append((runs[0][3], text))
            else:
                refused = runs[0][3]
            number += 1
        expect(refused[0] == 28 and "full" in refused[1], str(refused))
        hold = json.dumps({"kind": "hold", "subject": "p" * 2000, "data": {"hold": "subject"}}).encode()
        kind, runs = asker.own(number, 1 << 40, hold)
        expect(kind == REFUSED and runs[0][3][0] == 28, str(runs))
        os.unlink(os.path.join(folder, "in the way"))
        until = time.monotonic() + 60
        while kind != DONE:
            asker.send(number, entry("there is room"))
            kind, runs = asker.receive()
            expect(time.monotonic() < until, "it does not go on")
        told.append((runs[0][3], "there is room"))
        kind, runs = asker.own(number, told[-1][0] + 1, hold)
        expect(kind == DONE, f"a hold that was refused stands in the way: {runs}")
        serve.stop()
        entries = serve.entries()
        for place, text in told:
            expect(entries[place]["subject"] == text, f"entry {place} is another one")
        serve.verify()
        print(f"refused after {number} entries, {len(told)} acknowledged, 0 lost")
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
    return None


def main():
    global failed
    for test in (locked_throughout, one_by_one, bad_askers, at_the_limit, no_file_left, nobody_answers, says_why, other_users,
                 seen_before, own_entries, let_go, killed_in_the_middle, ended_in_the_middle, crowded_out, full_disk):
        folder = tempfile.mkdtemp(prefix="weir-serve-")
        try:
            skipped = test(folder)
            print(f"[  SKIPPED ] {test.__name__}" if skipped else f"[       OK ] {test.__name__}", flush=True)
        except (AssertionError, OSError, KeyError, subprocess.SubprocessError) as e:
            failed += 1
            print(f"{type(e).__name__}: {e}\n[  FAILED  ] {test.__name__}", flush=True)
        for serve in Serve.all:
            serve.process.kill()  # where the test failed before it stopped it
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
