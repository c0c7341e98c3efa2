#!/usr/bin/env python3
"""A site that stands watch: what comes by is remembered, whatever is killed meanwhile.

    up_test.py WEIR CAPTURE

In a network namespace of its own, between two ends of a virtual cable.  Skipped where the kernel gives none.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from cable import Cable, frames_of, ip, isolate

WEIR, CAPTURE, PATIENCE = "", "", 30
STARTED = []
GONE = "no site is up"


def weir(*words, want=0, feed=None):
    done = subprocess.run([WEIR, *words], capture_output=True, text=True, check=False, timeout=120, input=feed)
    if done.returncode != want:
        raise AssertionError(f"{' '.join(words)}: exit {done.returncode} and not {want}: {done.stderr[-600:]}")
    return done.stdout if want == 0 else done.stderr


def holds(what, why):
    if not what:
        raise AssertionError(why)


def wait_for(what, why):
    """Until it is so; what it gave."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        try:
            found = what()
        except (AssertionError, LookupError) as wrong:
            found, why = None, f"{why}: {wrong}"
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not after {PATIENCE} s: {why}")


class Site:
    """A folder, settings, and weir up."""

    def __init__(self, folder, *interfaces):
        self.state, self.file = os.path.join(folder, "state"), os.path.join(folder, "site.yaml")
        self.log = os.path.join(folder, "log")
        self.process = None
        weir("init", *self.where(), "--name", "test works", "--interface", ",".join(interfaces))

    def where(self):
        return "--state", self.state, "--file", self.file

    def up(self):
        with open(self.log, "a", encoding="utf-8") as log:
            # pylint: disable=consider-using-with
            self.process = subprocess.Popen([WEIR, "up", *self.where()], stderr=log, start_new_session=True)
        STARTED.append(self.process)
        wait_for(lambda: "up: " in self.said() and self.status(), "it comes up: " + self.said())

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def ask(self, *words):
        return json.loads(weir(*words, "--state", self.state, "--json"))

    def status(self):
        return self.ask("status")

    def assets(self):
        """What does not change from day to day."""
        return {a["id"]: (a["macs"], a["ips"], a.get("name", "")) for a in self.ask("asset", "ls")["assets"]}

    def pids(self, name):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
            pids = [int(pid) for pid in file.read().split()]
        found = []
        for pid in pids:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().decode().split("\0")
            if words[1:3] == ["--process", name]:
                found.append(pid)
        return found

    def kill(self, name):
        before = self.pids(name)
        holds(before, f"no process {name}")
        os.kill(before[0], signal.SIGKILL)
        wait_for(lambda: self.pids(name) and self.pids(name) != before, f"{name} is started again")
        wait_for(lambda: self.status()["sensors"][0]["up"] and self.status()["ledger"]["up"], "all is up again")

    def settled(self, seconds=0.7):
        """Everything that was said is in the ledger, and nothing new comes for so long."""
        def quiet():
            before = self.status()
            time.sleep(seconds)
            after = self.status()
            return not after["ledger"]["waiting"] and before["ledger"]["written"] == after["ledger"]["written"]
        wait_for(quiet, "it comes to rest")

    def down(self):
        weir("down", "--state", self.state)
        holds(self.process.wait(timeout=60) == 0, "up ended badly: " + self.said()[-600:])
        weir("ledger", "verify", "--dir", os.path.join(self.state, "ledger"))
        self.process = None

    def entries(self, *words):
        text = weir("ledger", "show", "--dir", os.path.join(self.state, "ledger"), "--json", *words)
        return [json.loads(line)["entry"] for line in text.splitlines()]


def asked_wrongly(folder):
    where = "--state", folder + "/state", "--file", folder + "/site.yaml"
    holds("weir init" in weir("up", *where, want=3), "no settings: nothing is said to try")
    holds("which one sees the traffic" in weir("init", *where, want=2), "init without an interface")
    Site(folder, "b")
    holds("is there already" in weir("init", *where, "--interface", "b", want=1), "init twice")
    with open(folder + "/site.yaml", "w", encoding="utf-8") as file:
        file.write("site: x\ninterfaces: [b, b]\nmemori: 5\n")
    said = weir("up", *where, want=2)
    holds("site.yaml:3:1" in said and "site.yaml:2:" in said, f"both mistakes with their lines: {said}")
    for words in (("status",), ("asset", "ls"), ("alert", "show", "1"), ("down",)):
        holds(GONE in weir(*words, "--state", folder + "/state", want=3), f"{words} without a site")
    weir("alert", "show", "x", "--state", folder + "/state", want=2)
    weir("alert", "close", "1", "--state", folder + "/state", want=2)


def packets_of(site, number, folder):
    """What is handed out around the stop of a controller has that stop in it, between the two alone."""
    capture = os.path.join(folder, "stop.pcapng")
    weir("alert", "pcap", number, "--state", site.state, "--write", capture)
    facts = [json.loads(line) for line in weir("facts", capture).splitlines()]
    holds(any(f["message"] == "plc_stop" for f in facts), f"{len(facts)} facts, and no stop")
    ends = {frozenset((f["src"].split(":")[0], f["dst"].split(":")[0])) for f in facts}
    holds(ends == {frozenset(("10.20.35.66", "10.20.1.20"))}, f"between {ends}")
    weir("alert", "pcap", "99999", "--state", site.state, want=3)


def stands_watch(folder):
    """From the first frame to the ledger, and all of it once more after a night."""
    cable, site = Cable("a", "b"), Site(folder, "b")
    site.up()
    holds("a site is up" in weir("up", *site.where(), want=1), "a second one in the same folder")
    frames = frames_of(CAPTURE)
    sent = time.monotonic()
    cable.send(frames[:20])
    wait_for(site.assets, "the first asset")
    first = time.monotonic() - sent
    holds(first < 5, f"first asset after {first:.1f} s")
    cable.send(frames[20:], 0.0002)
    site.settled(6)
    known = site.assets()
    holds(len(known) >= 14, f"assets {known}")
    plc = site.ask("whois", "10.20.1.20")
    holds(plc["vendor"] == "Siemens" and plc["model"] == "CPU 315-2 PN/DP" and plc["type"] == "plc", str(plc))
    alerts = {a["id"] for a in site.ask("alert", "ls")["alerts"]}
    wanted = {"ot.controller-stop", "ot.controller-restart", "net.port-scan", "net.arp-scan"}
    holds(wanted <= alerts, f"alerts {alerts}")
    holds(not any(a.startswith("ot.unauthorised") for a in alerts), "who may write is not known within a minute")
    stop = site.ask("alert", "ls", "--id", "ot.controller-stop")["alerts"][0]
    number = str(stop["alert"])
    packets_of(site, number, folder)
    site.ask("asset", "approve", "10.20.1.20", "--comment", "ours")
    site.ask("asset", "set", plc["id"], "name", "filter PLC")
    weir("asset", "approve", plc["id"], "--state", site.state, want=1)
    weir("asset", "set", plc["id"], "level", "9", "--state", site.state, want=2)
    holds(site.ask("alert", "close", number, "--as", "expected")["state"] == "closed", "it is closed")
    weir("alert", "close", number, "--as", "sure", "--state", site.state, want=2)
    site.settled()
    known = site.assets()
    site.down()
    acts = [e["data"] for e in site.entries("--kind", "asset", "--asset", plc["id"])]
    holds([a for a in acts if a["change"] == "approved" and a["comment"] == "ours" and a["by"]], f"acts {acts}")
    site.up()
    holds(site.assets() == known, f"after a night: {site.assets()} and not {known}")
    again = site.ask("asset", "show", "filter PLC")
    holds(again["approved"] and again["id"] == plc["id"], str(again))
    written = len(site.entries("--kind", "asset"))
    cable.send(frames, 0.0002)
    site.settled()
    new = [e for e in site.entries("--kind", "asset", "--from", "1")[written:] if e["data"]["change"] == "new"]
    holds(not new, f"the same traffic makes nobody new: {new}")
    holds(site.ask("alert", "show", number)["state"] == "closed", "what was closed stays closed")
    holds(len(site.ask("alert", "ls", "--id", "ot.controller-stop")["alerts"]) == 1, "and what comes then is new")
    site.down()
    cable.remove()


def whatever_is_killed(folder):
    cable, site = Cable("a", "b"), Site(folder, "b")
    site.up()
    frames = frames_of(CAPTURE)
    third = len(frames) // 3
    for n, name in enumerate(("sense", "site", "core")):
        cable.send(frames[n * third:(n + 1) * third], 0.0002)
        site.kill(name)
    cable.send(frames, 0.0002)
    site.settled()
    known = site.assets()
    ids = [x for macs, ips, _ in known.values() for x in macs + ips]
    holds(len(ids) == len(set(ids)), f"two have the same address: {known}")
    stops = site.ask("alert", "ls", "--id", "ot.controller-stop")["alerts"]
    holds(len(stops) == 1, f"alerts of one cause: {stops}")
    site.settled(6)
    known = site.assets()
    site.kill("packets")
    site.kill("sealer")
    site.kill("key")
    site.settled()
    site.down()
    site.up()
    holds(site.assets() == known, f"after all of that {site.assets()} and not {known}")
    site.down()
    holds(site.said().count("started again") >= 6, site.said())
    cable.remove()


def cables_come_and_go(folder):
    cable, site = Cable("a", "b"), Site(folder, "b")
    site.up()
    cable.remove()
    gone = wait_for(lambda: [s for s in site.status()["sensors"] if not s["up"]], "it is seen to be gone")
    holds(gone[0]["interface"] == "b" and gone[0]["trouble"], str(gone))
    cable = Cable("a", "b")
    wait_for(lambda: site.status()["sensors"][0]["up"], "it is back")
    cable.send(frames_of(CAPTURE)[:200])
    wait_for(site.assets, "and seen")
    site.down()
    cable.remove()


def strangers(folder):
    """Who asks nonsense is answered or let go, and nobody else hears of it."""
    cable, site = Cable("a", "b"), Site(folder, "b")
    site.up()
    path = site.state + "/site.socket"

    def send(message):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(5)
        s.connect(path)
        s.send(message)
        try:
            return s.recv(200000)
        except OSError:
            return b""
        finally:
            s.close()

    def question(text):
        return send(b"\0\1\0\0" + len(text).to_bytes(4, "big") + text)

    for message in (b"", b"x", bytes(8), b"\0\1\0\0\xff\xff\xff\xff", b"\0\7\0\0\0\0\0\0", os.urandom(3000)):
        if message:
            send(message)
    for text in (b"", b"{", b"[]", b"{}", b'{"ask":7}', b'{"ask":"all"}', b'{"ask":"asset"}', b"\xff\xfe",
                 b'{"ask":"alert","alert":-1}', b'{"ask":"alert","alert":1e99}', b'{"ask":"assets","after":99999999999}',
                 b'{"ask":"act on asset","act":"set","asset":"a1","field":"name","value":"' + b"x" * 500 + b'"}',
                 b"[" * 30000):
        answer = question(text)
        holds(answer[:2] in (b"\0\2", b"\0\3"), f"{text[:60]}: {answer[:80]}")
    waiting = []
    for _ in range(200):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(1)
        try:
            s.connect(path)
        except OSError: # as many wait as may
            time.sleep(0.01)
            continue
        waiting.append(s)
    for s in waiting:
        s.close()
    holds(wait_for(site.status, "it still answers")["turned_away"] > 0, "nobody was turned away")
    holds(not re.search("started again", site.said()), site.said())
    site.down()
    cable.remove()


def main():
    global WEIR, CAPTURE  # pylint: disable=global-statement
    isolate(__file__, sys.argv[1:])
    WEIR, CAPTURE = (os.path.abspath(path) for path in sys.argv[1:3])
    ip("link", "set", "dev", "lo", "up")
    failed = 0
    for test in (asked_wrongly, stands_watch, whatever_is_killed, cables_come_and_go, strangers):
        folder = tempfile.mkdtemp(prefix="up.")
        name, why = test.__name__.replace("_", " "), None
        try:
            test(folder)
        except (AssertionError, subprocess.SubprocessError, OSError, LookupError, ValueError) as wrong:
            why = wrong
        while STARTED:
            process = STARTED.pop()
            if process.poll() is None:
                process.kill()  # and with it all that it started
                process.wait()
        failed += why is not None
        print(f"[  FAILED  ] {name}: {why}" if why else f"[       OK ] {name}", flush=True)
        subprocess.run(["ip", "link", "del", "dev", "a"], stderr=subprocess.DEVNULL, check=False)
        shutil.rmtree(folder, ignore_errors=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
