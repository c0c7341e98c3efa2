#!/usr/bin/env python3
"""The process `packets`: frames of an interface are kept, handed out, and there after it was killed.

    packets_live_test.py WEIR CAPTURE

In a network namespace of its own, between two ends of a virtual cable.  Skipped where the kernel gives none.
"""
import array
import glob
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

import wire
from cable import Cable, ip, isolate

WEIR = ""
LIMIT = 4 << 20
SKIPPED = "skipped"
TAP_RING = 1
FOLDER, READY, ASK, HELD, SAY, STOP, DONE, TROUBLE, RING = 1, 2, 3, 4, 5, 6, 7, 8, 16


class Process:
    """A process of weir, and our end of its channel."""

    def __init__(self, *words):
        self.channel, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.channel.settimeout(20)
        # The descriptor 3 is the child's end of the channel.
        starter = ("import os, sys; os.dup2(int(sys.argv[1]), 3, inheritable=True); "
                   "os.execv(sys.argv[2], [sys.argv[2], '--process', *sys.argv[3:]])")
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([sys.executable, "-c", starter, str(other.fileno()), WEIR, *words],
                                        pass_fds=[other.fileno()], stderr=subprocess.PIPE, text=True)
        other.close()

    def send(self, word, fd=None):
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [fd]))] if fd is not None else []
        self.channel.sendmsg([struct.pack(">HHI", word, 0, 0)], rights)

    def receive(self):
        """(word, body, descriptor)"""
        try:
            message, rights, _, _ = self.channel.recvmsg(65536, socket.CMSG_SPACE(4))
        except ConnectionResetError:  # it ended without reading all; what it said comes behind that
            message, rights, _, _ = self.channel.recvmsg(65536, socket.CMSG_SPACE(4))
        if not message:
            return None, b"", None
        fd = struct.unpack("i", rights[0][2][:4])[0] if rights else None
        return struct.unpack(">H", message[:2])[0], message[8:], fd

    def until(self, word):
        """The message of this word; what was said before it."""
        said = []
        while True:
            got, body, _ = self.receive()
            if got in (word, None):
                return body if got else None, said
            said.append((got, body))

    def end(self):
        self.channel.close()
        err = self.process.communicate(timeout=20)[1]
        return self.process.returncode, err


def ring_of(interface):
    tap = Process("tap", interface)
    word, _, fd = tap.receive()
    tap.end()
    assert word == TAP_RING and fd is not None
    return fd


class Keeper(Process):
    def __init__(self, folder, *interfaces, limit=LIMIT):
        super().__init__("packets", str(limit), *interfaces)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self.send(FOLDER, fd)
        os.close(fd)

    def watch(self, *interfaces):
        word, body, _ = self.receive()
        assert word == READY, body
        for place, interface in enumerate(interfaces):
            self.ring(place, interface)

    def ring(self, place, interface):
        fd = ring_of(interface)
        self.send(RING + place, fd)
        os.close(fd)

    def held(self):
        self.send(ASK)
        return self.heard()

    def heard(self):
        body, _ = self.until(HELD)
        names = ("first", "last", "frames", "bytes", "segments", "lost", "dropped", "paused")
        return dict(zip(names, struct.unpack(">qqQQQQQB", body)))

    def held_when(self, frames):
        until = time.monotonic() + 20
        while True:
            held = self.held()
            if held["frames"] >= frames or time.monotonic() > until:
                return held
            time.sleep(0.05)

    def stop(self):
        self.send(STOP)
        body, said = self.until(DONE)
        return body, [text.decode() for word, text in said if word in (SAY, TROUBLE)], self.end()


def packets(folder, *words):
    return subprocess.run([WEIR, "packets", "--dir", folder, *words], capture_output=True, check=False)


def frames_in(path):
    return [frame[2] for frame in wire.read_capture(path)]


def handed_out(folder, *words):
    """Frames that the command hands out, as our reader and (where there is one) tshark see them."""
    path = os.path.join(os.path.dirname(folder), "out.pcapng")
    done = packets(folder, *(words or ("--from", "2000-01-01")), "--write", path)
    if done.returncode:
        return done.stderr.decode()
    return frames_in(path)


def seen_by_tshark(path):
    done = subprocess.run(["tshark", "-r", path, "-T", "fields", "-e", "frame.len"], capture_output=True, text=True, check=False)
    return -1 if done.returncode else len(done.stdout.splitlines())


def kept_as_sent(folder, capture):
    cable = Cable("a", "b")
    keeper = Keeper(folder, "b")
    keeper.watch("b")
    frames = frames_in(capture)
    cable.send(frames, 0.0001)
    held = keeper.held_when(len(frames))
    got = handed_out(folder)
    body, said, end = keeper.stop()
    cable.remove()
    if body is None or said or end != (0, ""):
        return f"{said} {end}"
    if held["frames"] != len(frames) or held["lost"] or held["dropped"] or held["paused"]:
        return f"{held} of {len(frames)}"
    after = handed_out(folder)
    if after != frames or got != frames[:len(got)]:
        return f"{len(got)} and {len(after)} of {len(frames)} handed out"
    what = json.loads(packets(folder, "--json").stdout)
    if what["packets"] != len(frames) or what["segments"] != held["segments"]:
        return str(what)
    if shutil.which("tshark"):
        for path in (*glob.glob(folder + "/*.pcapng"), os.path.dirname(folder) + "/out.pcapng"):
            if seen_by_tshark(path) != len(frames_in(path)) or not frames_in(path):
                return f"tshark sees {seen_by_tshark(path)} in {path}"
    return None


def killed_and_started(folder, capture):
    """What was flushed is there; whoever comes next goes on."""
    cable = Cable("a", "b")
    frames = frames_in(capture)
    sent = []
    for turn in range(3):
        keeper = Keeper(folder, "b")
        keeper.watch("b")
        part = frames[turn * 1500:][:1500]
        cable.send(part, 0.0001)
        sent += part
        if keeper.held_when(len(sent))["frames"] != len(sent):
            return f"turn {turn}: {keeper.held()}"
        time.sleep(1)
        os.kill(keeper.process.pid, signal.SIGKILL)
        keeper.end()
        if handed_out(folder) != sent:
            return f"turn {turn}: {len(handed_out(folder))} of {len(sent)} are there"
    cable.remove()
    segments = glob.glob(folder + "/*.pcapng")
    return None if len(segments) == 3 else str(segments)


def rolls_over(folder, capture):
    """Much more than the limit: it holds at any moment, and the last frames are there."""
    cable = Cable("a", "b")
    keeper = Keeper(folder, "b")
    keeper.watch("b")
    frames = frames_in(capture)
    most = 0
    for _ in range(10):
        cable.send(frames, 0.00002)
        most = max(most, sum(os.path.getsize(path) for path in glob.glob(folder + "/*") if os.path.exists(path)))
    time.sleep(1)
    held = keeper.held()
    got = handed_out(folder)
    keeper.stop()
    cable.remove()
    if most > LIMIT or held["bytes"] > LIMIT or held["dropped"]:
        return f"{most} of {LIMIT} bytes, {held}"
    if got[-1000:] != (frames * 10)[-1000:] or len(got) >= 10 * len(frames):
        return f"{len(got)} handed out"
    return None


def two_interfaces(folder, capture):
    """One goes away and comes again; whose frame it was is told."""
    cables = [Cable("a", "b"), Cable("c", "d")]
    keeper = Keeper(folder, "b", "d")
    keeper.watch("b", "d")
    frames = frames_in(capture)[:100]
    cables[0].send(frames)
    cables[1].send(frames)
    keeper.held_when(200)
    cables[1].remove()
    body, said = keeper.until(SAY)
    if body is None or b"d: the interface is gone" not in body:
        return f"{body} {said}"
    cables[1] = Cable("c", "d")
    keeper.ring(1, "d")
    cables[1].send(frames)
    held = keeper.held_when(300)
    keeper.stop()
    for cable in cables:
        cable.remove()
    out = os.path.join(os.path.dirname(folder), "out.pcapng")
    if packets(folder, "--write", out).returncode or held["frames"] != 300:
        return str(held)
    if not shutil.which("tshark"):
        return None
    names = subprocess.run(["tshark", "-r", out, "-T", "fields", "-e", "frame.interface_name"], capture_output=True,
                           text=True, check=False).stdout.split()
    return None if (names.count("b"), names.count("d")) == (100, 200) else str(len(names))


def full_disk(folder, capture):
    """It says so once, and goes on by itself."""
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "none", folder], stderr=subprocess.DEVNULL, check=False).returncode:
        return SKIPPED
    try:
        cable = Cable("a", "b")
        keeper = Keeper(folder, "b")
        keeper.watch("b")
        with open(folder + "/ballast", "wb") as file:
            file.write(bytes((2 << 20) - (100 << 10)))
        frames = frames_in(capture)
        cable.send(frames, 0.0001)
        body, _ = keeper.until(SAY)
        if body is None or b"No space left on device" not in body:
            return f"{body}"
        cable.send(frames, 0.0001)
        lost = keeper.held()
        os.remove(folder + "/ballast")
        body, said = keeper.until(SAY)
        if body != b"packets are kept again":
            return f"{body} {said}"
        time.sleep(0.6)
        cable.send(frames[:100])
        time.sleep(1)
        got = handed_out(folder)
        keeper.stop()
        cable.remove()
        return None if lost["paused"] and lost["lost"] and got[-100:] == frames[:100] else str(lost)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=False)


def alone(folder, _):
    """No rights, no descriptors but its own, and nobody beside it."""
    cable = Cable("a", "b")
    keeper = Keeper(folder, "b")
    keeper.watch("b")
    keeper.held()
    with open(f"/proc/{keeper.process.pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    held = {fd: os.readlink(f"/proc/{keeper.process.pid}/fd/{fd}") for fd in os.listdir(f"/proc/{keeper.process.pid}/fd")}
    other = Keeper(folder, "b")
    body, _ = other.until(TROUBLE)
    code = other.end()[0]
    keeper.channel.close()  # nobody listens any more: it ends
    ended = keeper.process.wait(timeout=20)
    cable.remove()
    rights = {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff")}
    foreign = [name for name in held.values() if not name.startswith(("socket:", "/dev/null", folder))]
    if rights != {"0" * 16} or foreign or ended != 0:
        return f"{rights} {held} {ended}"
    return None if b"another process" in body and code == 1 else f"{body} {code}"


def asked_wrongly(folder, _):
    for words, text in ((("1000", "b"), b"at least 4 MiB"), ((str(LIMIT),), b"LIMIT INTERFACE"), ((), b"LIMIT INTERFACE")):
        process = Process("packets", *words)
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            process.send(FOLDER, fd)
        except BrokenPipeError:
            pass
        os.close(fd)
        body, _ = process.until(TROUBLE)
        code = process.end()[0]
        if body is None or text not in body or code != 1:
            return f"{words}: {code} {body}"
    return None


def main():
    global WEIR  # pylint: disable=global-statement
    isolate(__file__, sys.argv[1:], ["--mount"])
    WEIR, capture = (os.path.abspath(path) for path in sys.argv[1:3])
    ip("link", "set", "dev", "lo", "up")
    failed = 0
    for test in (asked_wrongly, kept_as_sent, killed_and_started, rolls_over, two_interfaces, alone, full_disk):
        name = test.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as room:
            folder = os.path.join(room, "packets")
            os.mkdir(folder)
            why = test(folder, capture)
        if why == SKIPPED:
            print(f"[  SKIPPED ] {name}: nothing may be mounted here", flush=True)
            continue
        failed += why is not None
        print(f"[  FAILED  ] {name}: {why}" if why else f"[       OK ] {name}", flush=True)
        for link in ("a", "c"):
            subprocess.run(["ip", "link", "del", "dev", link], stderr=subprocess.DEVNULL, check=False)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
