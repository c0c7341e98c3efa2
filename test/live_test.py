#!/usr/bin/env python3
"""Looking at interfaces: what comes by is seen as if it had been captured.

    live_test.py WEIR CAPTURE

In a network namespace of its own, between two ends of a virtual cable.  Skipped where the kernel gives none.
"""
import json
import os
import signal
import subprocess
import sys
import time

from cable import Cable, frames_of, ip, isolate

WEIR = ""


class Look:
    """weir look at interfaces, while it runs."""

    def __init__(self, *words):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen([WEIR, "look", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, start_new_session=True)
        self.wait_for("sense")

    def wait_for(self, name, count=1):
        """Until so many processes of this name are there, and have come to wait for frames."""
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            found = [child for child in self.children() if name in child[1]]
            if len(found) >= count:
                time.sleep(0.5)
                return [pid for pid, _ in found]
            time.sleep(0.02)
        return []

    def children(self):
        try:
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children", encoding="ascii") as file:
                pids = [int(pid) for pid in file.read().split()]
        except OSError:
            return []
        found = []
        for pid in pids:
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    found.append((pid, file.read().decode().split("\0")))
            except OSError:
                pass
        return found

    def end(self, sign=signal.SIGINT):
        """As ^C does in a terminal, or whoever stops a service: all processes of the job hear it."""
        time.sleep(0.7)
        os.killpg(self.process.pid, sign)
        return self.result()

    def result(self):
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out, err


def report(text):
    """What does not depend on when it was."""
    plant = json.loads(text)

    def who(asset):
        found = plant["assets"][int(asset[1:]) - 1]
        return " ".join(found.get("ips", []) + found.get("macs", [])) or found.get("place", "")

    assets = sorted((who(a["id"]), a.get("vendor"), a.get("model"), a.get("name"), a.get("type"), a.get("level"),
                     tuple(a.get("vlans", [])), a["frames"],
                     tuple((i["key"], i["value"]) for i in a.get("identity", []))) for a in plant["assets"])
    talks = sorted((who(c["client"]), who(c["server"]) if "server" in c else c.get("group", ""), c["transport"],
                    c.get("port", 0), c.get("protocol", ""), c["packets"], c["bytes"],
                    tuple(sorted((o["name"], o["requests"], o["responses"]) for o in c.get("operations", []))))
                   for c in plant["conversations"])
    points = sorted((who(p["asset"]), p["address"], p["samples"], p["last"]) for p in plant["points"])
    return {"assets": assets, "talks": talks, "points": points, "packets": plant["capture"]["packets"],
            "classes": sorted({f["class"] for f in plant["findings"]})}


def difference(want, got, parts):
    for part in parts:
        if want[part] != got[part]:
            left = [x for x in want[part] if x not in got[part]] if isinstance(want[part], list) else want[part]
            right = [x for x in got[part] if x not in want[part]] if isinstance(got[part], list) else got[part]
            return f"{part}: captured {str(left)[:600]}; live {str(right)[:600]}"
    return None


def same_as_captured(capture):
    """The capture sent over a cable, and the capture itself: one plant."""
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    cable.send(frames_of(capture), 0.0001)
    code, out, err = look.end()
    cable.remove()
    captured = subprocess.run([WEIR, "look", "--json", capture], stdout=subprocess.PIPE, check=True).stdout
    if code or err:
        return f"exit {code}: {err}"
    return difference(report(captured), report(out), ("packets", "assets", "talks", "points"))


def tags_stay():
    """The kernel takes VLAN tags out of frames; here they are in them, one and two of them."""
    head = bytes.fromhex("020000000009020000000007")
    arp = bytes.fromhex("0806" "0001080006040001" "020000000007" "0a000007" "000000000000" "0a000009") + bytes(18)
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    cable.send([head + bytes.fromhex("81000064") + arp, head + bytes.fromhex("88a800c88100012c") + arp])
    code, out, err = look.end(signal.SIGTERM)
    cable.remove()
    vlans = sorted(v for a in json.loads(out)["assets"] for v in a.get("vlans", [])) if not code else []
    return None if vlans == [100, 300] else f"exit {code}, VLANs {vlans} {err}"


def two_cables(capture):
    """Each frame on one of two interfaces: together they are the plant."""
    cables = Cable("a", "b"), Cable("c", "d")
    look = Look("--interface", "b,d", "--json")
    look.wait_for("sense", 2)
    frames = frames_of(capture)
    for frame in frames:
        pair = sorted((frame[:6], frame[6:12]))
        cables[hash(tuple(pair)) & 1].send([frame])
        time.sleep(0.0001)
    code, out, err = look.end()
    for cable in cables:
        cable.remove()
    if code or err:
        return f"exit {code}: {err}"
    captured = subprocess.run([WEIR, "look", "--json", capture], stdout=subprocess.PIPE, check=True).stdout
    files = [f["packets"] for f in json.loads(out)["capture"]["files"]]
    if sum(files) != len(frames) or not all(files):
        return f"{files} of {len(frames)} packets"
    return difference(report(captured), report(out), ("packets",))


def so_long():
    cable = Cable("a", "b")
    began = time.monotonic()
    done = subprocess.run([WEIR, "look", "--interface", "b", "--for", "2"], capture_output=True, text=True, check=False)
    took = time.monotonic() - began
    cable.remove()
    return None if done.returncode == 0 and 2 <= took < 12 else f"exit {done.returncode} after {took:.1f} s {done.stderr}"


def down_and_up():
    """An interface that goes down is not the end of it."""
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    ip("link", "set", "dev", "b", "down")
    time.sleep(0.3)
    ip("link", "set", "dev", "b", "up")
    time.sleep(0.3)
    cable.send([ARP])
    code, out, err = look.end()
    cable.remove()
    if code or err:
        return f"exit {code}: {err}"
    return None if len(json.loads(out)["assets"]) == 1 else out


ARP = bytes.fromhex("ffffffffffff020000000007" "0806" "0001080006040001" "020000000007" "0a000007"
                    "000000000000" "0a000009") + bytes(18)


def gone():
    """One that is taken away is said to be, and what was seen there is shown."""
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    cable.send([ARP])
    time.sleep(0.5)
    cable.remove()
    code, out, err = look.result()
    if code != 1 or "b: the interface is gone" not in err:
        return f"exit {code}: {err}"
    return None if len(json.loads(out)["assets"]) == 1 else out


def slow_reader():
    """What came while nobody read is read at the end, or counted as lost: nothing is missing."""
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    pid = look.wait_for("sense")[0]
    os.kill(pid, signal.SIGSTOP)
    many = 300000
    cable.send([ARP] * many)
    os.killpg(look.process.pid, signal.SIGINT)
    time.sleep(0.2)
    os.kill(pid, signal.SIGCONT)
    code, out, err = look.result()
    cable.remove()
    if code or err:
        return f"exit {code}: {err}"
    capture = json.loads(out)["capture"]
    lost = capture["counters"].get("frames_lost", 0)
    # Frames of the kernel's own may come in between.
    return None if many <= capture["packets"] + lost <= many + 20 and lost else f"{capture['packets']} and {lost} lost of {many}"


def sensor_is_alone():
    """The process that reads frames has no rights, and none of the user's descriptors."""
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    pid = look.wait_for("sense")[0]
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        status = dict(line.split(":", 1) for line in file)
    held = {fd: os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    code, _, err = look.end(signal.SIGHUP)
    cable.remove()
    rights = {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff")}
    files = [name for name in held.values() if not name.startswith(("socket:", "/dev/null"))]
    return None if code == 0 and rights == {"0" * 16} and not files else f"exit {code}, {rights}, {held} {err}"


def sensor_killed():
    """What it told until then is shown, and that it ended is said."""
    cable = Cable("a", "b")
    look = Look("--interface", "b", "--json")
    cable.send([ARP])
    time.sleep(1.2)
    pids = look.wait_for("sense")
    if len(pids) != 1:
        return f"processes {pids}"
    os.kill(pids[0], signal.SIGKILL)
    code, out, err = look.result()
    cable.remove()
    if code != 1 or "b: the process that reads it ended" not in err:
        return f"exit {code}: {err}"
    plant = json.loads(out)
    problem = plant["capture"]["files"][0].get("problem", "")
    return None if len(plant["assets"]) == 1 and "ended" in problem else out


def asked_wrongly():
    wrong = [(("--interface", ","), 2, "no name"), (("--interface", "nobody"), 3, "no interface"),
             (("--interface", "lo,lo"), 2, "twice"), (("--interface", "lo", "x.pcap"), 2, "one of them"),
             (("--interface", "lo", "--for", "0"), 2, "no time"), (("--interface", "lo", "--for", "5x"), 2, "no time"),
             (("--for", "5", "x.pcap"), 2, "read to its end"), (("--interface", "a" * 100), 2, "no name"),
             (("--interface", ",lo"), 2, "no name"), (("--interface", "l0,l1,l2,l3,l4,l5,l6,l7,l8"), 2, "at most")]
    for words, want, text in wrong:
        done = subprocess.run([WEIR, "look", *words], capture_output=True, text=True, check=False)
        if done.returncode != want or text not in done.stderr or done.stdout:
            return f"{words}: exit {done.returncode}, {done.stderr}"
    return None


def main():
    global WEIR  # pylint: disable=global-statement
    isolate(__file__, sys.argv[1:])
    WEIR, capture = (os.path.abspath(path) for path in sys.argv[1:3])
    ip("link", "set", "dev", "lo", "up")
    tests = [("asked wrongly", asked_wrongly), ("same as captured", lambda: same_as_captured(capture)),
             ("tags stay", tags_stay), ("two cables", lambda: two_cables(capture)), ("so long", so_long),
             ("down and up", down_and_up), ("gone", gone), ("slow reader", slow_reader), ("sensor is alone", sensor_is_alone),
             ("sensor killed", sensor_killed)]
    failed = 0
    for name, test in tests:
        why = test()
        failed += why is not None
        print(f"[  FAILED  ] {name}: {why}" if why else f"[       OK ] {name}", flush=True)
        for link in ("a", "c"):
            subprocess.run(["ip", "link", "del", "dev", link], stderr=subprocess.DEVNULL, check=False)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
