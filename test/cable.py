"""Network namespaces of a test's own, and virtual cables in them."""
import os
import socket
import subprocess
import sys
import time

import wire

SKIPPED = 77


def isolate(program, words, more=()):
    """The program once more, in namespaces of its own; does not return where they can be had."""
    if os.environ.get("WEIR_ISOLATED"):
        return
    env = {**os.environ, "WEIR_ISOLATED": "1", "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/sbin"}
    for user in (["--user", "--map-root-user"], []):
        room = ["unshare", *user, "--net", *more, "--"]
        cable = "ip link add name a type veth peer name b"
        if subprocess.run([*room, "sh", "-c", cable], env=env, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            os.execvpe("unshare", [*room, sys.executable, os.path.abspath(program), *words], env)
    print("no network namespaces here: skipped")
    sys.exit(SKIPPED)


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Cable:
    """Two ends; what is sent into one comes out of the other."""

    def __init__(self, one, other):
        self.ends = (one, other)
        ip("link", "add", "name", one, "type", "veth", "peer", "name", other)
        for end in self.ends:
            path = f"/proc/sys/net/ipv6/conf/{end}/disable_ipv6"
            if os.path.exists(path):
                with open(path, "w", encoding="ascii") as file:
                    file.write("1")
            ip("link", "set", "dev", end, "mtu", "9000", "up")
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        self.socket.bind((one, 0))

    def send(self, frames, pause=0.0):
        for frame in frames:
            self.socket.send(frame)
            if pause:
                time.sleep(pause)

    def remove(self):
        self.socket.close()
        subprocess.run(["ip", "link", "del", "dev", self.ends[0]], stderr=subprocess.DEVNULL, check=False)


def frames_of(capture):
    return [frame[2] for frame in wire.read_capture(capture)]
