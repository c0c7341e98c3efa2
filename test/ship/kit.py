"""What every part of these tests uses: the program, what it should say, and ledgers to carry."""
import datetime
import json
import os
import re
import shutil
import ssl
import subprocess
import sys

WEIR = os.path.abspath(sys.argv[1])
AGED = os.path.abspath(sys.argv[2])
TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "tools")
VERIFIER = os.path.join(TOOLS, "verify-ledger.py")
failed = []


def good(name):
    print(f"[       OK ] {name}", flush=True)


def fail(name, why):
    failed.append(name)
    print(f"[  FAILED  ] {name}\n    {why}", flush=True)


def skip(name, why):
    print(f"[  SKIPPED ] {name}\n    {why}", flush=True)


def check(name, fine, why=""):
    good(name) if fine else fail(name, why)


def weir(*words, stdin="", env=None, timeout=60):
    done = subprocess.run([WEIR, "ledger", *words], input=stdin, capture_output=True, encoding="utf-8", timeout=timeout,
                          env={**os.environ, "LC_ALL": "C.UTF-8", "no_proxy": "*", **(env or {})}, check=False)
    return done.returncode, done.stdout, done.stderr


def append(folder, count, *more):
    return weir("append", "--dir", folder, *more, stdin='{"kind":"note","subject":"pump"}\n' * count)


def restored(folder):
    """The ledger in another place, with its key, as if both came out of a backup."""
    shutil.copytree("L", folder)
    shutil.copy("L.key", folder + ".key")
    weir("key", "remember", "--dir", folder)


def says(name, done, code, pattern, stream=2):
    fine = done[0] == code and re.search(pattern, done[stream])
    check(name, fine, f"wanted exit {code} and '{pattern}'; exit {done[0]}\n{done[1]}{done[2]}")


def certificate(name, *more):
    """NAME.pem and NAME.key, for 127.0.0.1, signed by itself."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", f"{name}.key", "-out", f"{name}.pem", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", *more], check=True, capture_output=True)


def context_of(name, client=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{name}.pem", f"{name}.key")
    if client:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(f"{client}.pem")
    return context


def ends(server, path, key, name):
    """What the server has is a whole ledger: fetched anew, and verified."""
    shutil.rmtree("fresh", ignore_errors=True)
    done = weir("follow", server.url + path, "--dir", "fresh", "--key", key, "--ca", "server.pem")
    if done[0] == 0:
        done = weir("verify", "--dir", "fresh", "--key", key)
    check(name, done[0] == 0, done[2])


def copy_of(name, to):
    (shutil.copytree if os.path.isdir(name) else shutil.copy)(name, to)


def same_file(name, *folders):
    first, *others = [open(f"{folder}/{name}", "rb").read() if os.path.exists(f"{folder}/{name}") else None
                      for folder in folders]
    return all(one == first for one in others)


def aged(folder):
    """Three years of entries, a promise of 500 days, and the oldest of them let go; gives the key."""
    now, lines = datetime.datetime.now(datetime.timezone.utc), []
    for days, kind, count in ((1000, "key", 1), (999.5, "note", 2511), (371, "note", 1480)):
        for i in range(count):
            at = now - datetime.timedelta(days=days) + datetime.timedelta(hours=6 * i)
            lines.append(json.dumps({"kind": kind, "subject": "pump", "at": at.strftime("%Y-%m-%dT%H:%M:%SZ")}))
    subprocess.run([AGED, folder, "plant.example/east"], input="\n".join(lines) + "\n", encoding="utf-8", check=True)
    weir("retention", "promise", "--days", "500", "--why", "contract", "--dir", folder)
    with open(f"{folder}/ledger", encoding="utf-8") as mark:
        return mark.read().splitlines()[1]


def verdict(folder, key):
    """What three verifiers say of it, and how they end; the folder's own name left out."""
    said = []
    for words in ([WEIR, "ledger", "verify", "--dir", folder, "--key", key], [sys.executable, VERIFIER, folder, key],
                  [sys.executable, os.path.join(TOOLS, "verify-retention.py"), folder, key]):
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
        said.append((done.returncode, re.sub(rf"(?<![\w+/]){re.escape(folder)}(?![\w+/=])", "DIR", done.stdout + done.stderr)))
    return said


def bundles(folder):
    return sorted(os.listdir(f"{folder}/tile/entries"))


def is_copy(name, folder, key, original="aged"):
    fine = verdict(folder, key) == verdict(original, key) and bundles(folder) == bundles(original)
    check(name, fine and verdict(folder, key)[0][0] == 0,
          f"{verdict(folder, key)}\n{verdict(original, key)}\n{bundles(folder)}")
