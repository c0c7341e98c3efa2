"""Who talks to others is locked while it does."""
import os
import shutil
import signal
import subprocess
import time

from kit import WEIR, append, check, context_of, says, weir
from server import Handler, Server


def pushed_to(server, path, size):
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if server.files.get(path + "/checkpoint", b"").split(b"\n")[1:2] == [str(size).encode()]:
            return True
        time.sleep(0.1)
    return False


def renewed(key):
    """Who goes on reads a certificate that took the place of the one before."""
    server = Server(context_of("server", "client"))
    server.RequestHandlerClass = type("Once", (Handler,), {"protocol_version": "HTTP/1.0"})  # a connection each time
    os.mkdir("tls")
    for name in ("client.pem", "client.key"):
        shutil.copy(name, "tls")
    size = int(open("L/checkpoint", encoding="utf-8").read().splitlines()[1])
    with subprocess.Popen([WEIR, "ledger", "push", "--dir", "L", "--every", "1", server.url + "/renewed", "--ca", "server.pem",
                           "--cert", "tls/client.pem", "--cert-key", "tls/client.key"], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "no_proxy": "*"}) as process:
        check("shows its certificate", pushed_to(server, "/renewed", size))
        for name in ("client.pem", "client.key"):
            shutil.copy(name, "tls/next")
            os.rename("tls/next", "tls/" + name)
        append("L", 1)
        check("shows the renewed one", pushed_to(server, "/renewed", size + 1))
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)
        check("and ends well", process.returncode == 0, f"{process.returncode} {said}")
    server.shutdown()
    server.server_close()
    says("what it pushed is here", weir("verify", "--dir", "L", "--key", key), 0, "holds", 1)


def locked(key):
    """Who reads what others wrote is locked before it does, over the network and from a folder."""
    server = Server(context_of("server"))
    place = server.url.replace("127.0.0.1", "localhost") + "/locked"
    for words in (["push", "--dir", "L", "--every", "60", place, "--ca", "server.pem"],
                  ["follow", place, "--dir", "locked-1", "--key", key, "--every", "60", "--ca", "server.pem"],
                  ["follow", "L", "--dir", "locked-2", "--key", key, "--every", "60"]):
        process = subprocess.Popen([WEIR, "ledger", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   env={**os.environ, "no_proxy": "*"})
        said = process.stdout.readline().decode()
        with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
            status = file.read()
        check(f"{words[0]} is locked", "entries now" in said and "Seccomp:\t2" in status and "NoNewPrivs:\t1" in status,
              f"{said}\n{status}")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        check(f"{words[0]} ends well", process.returncode == 0, str(process.returncode))
    server.shutdown()
    server.server_close()
    renewed(key)
    # A file of the source that leads elsewhere, where this process may not read.
    shutil.copytree("L", "leads")
    shutil.copytree("L/tile/1", "elsewhere")
    shutil.rmtree("leads/tile/1")
    os.symlink(os.path.abspath("elsewhere"), "leads/tile/1")
    says("no file outside the folders", weir("follow", "leads", "--dir", "locked-3", "--key", key), 5, "Permission denied")
    says("nor to verify", weir("verify", "--dir", "leads", "--key", key), 5, "tile/1/000.*Permission denied")
