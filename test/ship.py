#!/usr/bin/env python3
"""A ledger carried to and from a web server, a bucket and a drop folder, by the program itself.

    ship.py WEIR AGED_LEDGER [--locked]

--locked: this build locks its processes; those that talk to others are looked at while they do.

The server is made here: HTTPS with a certificate of our own, PUT, GET, HEAD and DELETE; at will it fails every third
request, ends connections, sends elsewhere, or checks AWS Signature Version 4 from its public description.
"""
import base64
import collections
import datetime
import hashlib
import hmac
import http.server
import json
import os
import pty
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

WEIR = os.path.abspath(sys.argv[1])
AGED = os.path.abspath(sys.argv[2])
TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tools")
VERIFIER = os.path.join(TOOLS, "verify-ledger.py")
PAGE = b"<html>what people read</html>" * 1000
bad = 0


def good(name):
    print(f"[       OK ] {name}", flush=True)


def fail(name, why):
    global bad
    bad = 1
    print(f"[  FAILED  ] {name}\n    {why}", flush=True)


def skip(name, why):
    print(f"[  SKIPPED ] {name}\n    {why}", flush=True)


def check(name, fine, why=""):
    good(name) if fine else fail(name, why)


class Server(http.server.ThreadingHTTPServer):
    """One place; what it does wrong, and what it saw, are its members."""
    daemon_threads = True

    def __init__(self, context=None):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.seen, self.lock = {}, collections.Counter(), threading.Lock()
        self.flaky = self.asked = 0
        self.puts_left = None
        self.elsewhere = self.keys = self.basic = self.odd = None
        self.refused = []
        if context:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # handshakes that somebody breaks off are part of the test


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, code, body=b"", **headers):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def in_the_way(self, body):
        """Whether something was answered, or not answered, instead."""
        server = self.server
        with server.lock:
            server.asked += 1
            turn = server.asked
            server.seen[self.command, self.path] += 1
        if server.flaky and turn % server.flaky == 0:
            kind = turn // server.flaky % 3
            if kind == 0:
                self.close_connection = True
                self.connection.close()
            else:
                self.answer(503 if kind == 1 else 429, PAGE, Retry_After="0")
            return True
        if server.elsewhere and self.command == "PUT":
            self.answer(307, Location=server.elsewhere + self.path)
            return True
        if server.basic and self.headers.get("Authorization") != "Basic " + base64.b64encode(server.basic).decode():
            self.answer(401)
            return True
        if server.keys:
            wrong = signature_wrong(server.keys, self.command, self.path, self.headers, body)
            if wrong:
                server.refused.append(wrong)
                self.answer(403, b"<Error>SignatureDoesNotMatch</Error>")
                return True
        return False

    def do_GET(self):
        odd = getattr(self, self.server.odd[1]) if self.server.odd and re.search(self.server.odd[0], self.path) else None
        if odd:
            self.close_connection = True
            self.server.seen["odd"] += 1
            try:
                odd()
            except OSError:
                pass  # whoever asked has enough
        elif not self.in_the_way(b""):
            body = self.server.files.get(self.path)
            self.answer(404, PAGE) if body is None else self.answer(200, body)

    do_HEAD = do_GET

    # What a server may do to who asks; each for as long as the other end listens.

    def endless_headers(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")

    def long_header(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while True:
            self.wfile.write(b"x" * 1000)

    def endless_body(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            self.wfile.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")

    def trickle(self):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8000\r\n\r\n")
        while True:
            self.wfile.write(b"xxxx")
            time.sleep(0.1)

    def round_and_round(self):
        self.answer(302, Location=self.path)

    def to_plain(self):
        self.answer(302, Location="http://127.0.0.1:9" + self.path)

    def to_another(self):
        self.answer(302, Location=self.server.another + self.path)

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.in_the_way(body):
            return
        with self.server.lock:
            if self.server.puts_left == 0:
                self.answer(403)
                return
            if self.server.puts_left:
                self.server.puts_left -= 1
            self.server.files[self.path] = body
        self.answer(200, PAGE)

    def do_DELETE(self):
        if not self.in_the_way(b""):
            self.server.files.pop(self.path, None)
            self.answer(204)


def signature_wrong(keys, method, path, headers, body):
    """Why the request is not signed by AWS Signature Version 4 with these keys; None: it is."""
    form = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?"
                        r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})", headers.get("Authorization", ""))
    if not form:
        return "no such header: " + headers.get("Authorization", "none")
    who, day, region, names, signature = form.groups()
    when, digest = headers.get("X-Amz-Date", ""), headers.get("X-Amz-Content-Sha256", "")
    if who != keys["id"] or region != keys["region"] or not when.startswith(day):
        return f"{who} {region} {when}"
    if keys.get("session") and headers.get("X-Amz-Security-Token") != keys["session"]:
        return "no session token"
    if digest != "UNSIGNED-PAYLOAD" and digest != hashlib.sha256(body).hexdigest():
        return f"another payload: {method} {digest}\n{headers}"
    if "host" not in names.split(";") or "x-amz-date" not in names.split(";"):
        return "headers not signed: " + names
    canonical = "\n".join([method, path, "", *(f"{n}:{' '.join(headers[n].split())}" for n in names.split(";")), "",
                           names, digest])
    text = "\n".join(["AWS4-HMAC-SHA256", when, f"{day}/{region}/s3/aws4_request",
                      hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + keys["secret"]).encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    right = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return None if right == signature else "signature of\n" + canonical


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


def gone():
    """What was let go is missing in every copy that is made anew, and nothing else is."""
    key, server = aged("aged"), Server(context_of("server"))
    s3 = Server(context_of("server"))
    s3.keys = {"id": "AKIDEXAMPLE", "secret": "hidden/EXAMPLEKEY", "region": "us-east-1"}
    tls = ["--ca", "server.pem"]
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden/EXAMPLEKEY", "AWS_REGION": "us-east-1"}
    weir("follow", "aged", "--dir", "had", "--key", key)
    says("lets go", weir("prune", "--dir", "aged"), 0, "let go of entries 256 to", 1)
    left = len(bundles("aged"))
    places = {"a folder": ["gone"], "a drop folder": ["--once-each", "gone-drop"],
              "a web server": [server.url + "/gone", *tls], "a bucket": ["s3+" + s3.url + "/bucket/gone", *tls]}
    for name, place in places.items():
        says(f"let go, to {name}", weir("push", "--dir", "aged", *place, env=env), 0, "it has the hashes alone", 1)
        place = [word for word in place if word != "--once-each"]
        says(f"let go, from {name}", weir("follow", *place, "--dir", "fresh-gone", "--key", key, env=env), 0,
             "it has the hashes alone", 1)
        is_copy(f"the copy by way of {name} is as good as the original", "fresh-gone", key)
        shutil.rmtree("fresh-gone")
    says("who had it goes on", weir("follow", "aged", "--dir", "had"), 0, "entries now, [12] of them new", 1)
    check("and keeps it", len(bundles("had")) > left and verdict("had", key)[0][0] == 0, str(verdict("had", key)))
    # Missing, and nobody says so: named, wherever it is seen, and the exit code of damage.
    lost = bundles("aged")[5]
    os.rename(f"aged/tile/entries/{lost}", "lost")
    missing = f"tile/entries/{lost} is missing, and no entry says"
    says("missing is damage, to a new place", weir("push", "--dir", "aged", "gone-2"), 4, missing)
    says("and to a server", weir("push", "--dir", "aged", server.url + "/gone-2", *tls), 4, missing)
    says("and for who follows", weir("follow", "aged", "--dir", "gone-3", "--key", key), 4, missing)
    check("no checkpoint without it", not os.path.exists("gone-2/checkpoint") and not os.path.exists("gone-3/checkpoint")
          and "/gone-2/checkpoint" not in server.files)
    with open("lost", "rb") as file:
        server.files["/gone/tile/entries/" + lost], kept = b"", file.read()
    says("cut off at a server", weir("follow", server.url + "/gone", "--dir", "gone-4", "--key", key, *tls), 4,
         f"tile/entries/{lost}: entry [0-9]+ is cut off")
    del server.files["/gone/tile/entries/" + lost]
    says("missing at a server", weir("follow", server.url + "/gone", "--dir", "gone-4", "--key", key, *tls), 4, missing)
    server.files["/gone/tile/entries/" + lost] = kept
    says("there again", weir("follow", server.url + "/gone", "--dir", "gone-4", "--key", key, *tls), 0, "hashes alone", 1)
    os.rename("lost", f"aged/tile/entries/{lost}")
    says("there again, to push", weir("push", "--dir", "aged", server.url + "/gone-2", *tls), 0, "entries now", 1)
    says("and whole", weir("follow", server.url + "/gone-2", "--dir", "gone-5", "--key", key, *tls), 0, "hashes alone", 1)
    is_copy("as good as the original", "gone-5", key)
    moved(key, server, tls)
    # The key changes behind what is missing: who has an old one, or an old copy, reads on past the holes.
    says("changes the key", weir("key", "rotate", "--dir", "aged"), 0, "another one now", 1)
    append("aged", 3)
    says("past holes to another key", weir("follow", "aged", "--dir", "gone-6", "--key", key), 0, "hashes alone", 1)
    says("so an old copy", weir("follow", "aged", "--dir", "had"), 0, "entries now", 1)
    check("by its first key", [one[0] for one in verdict("gone-6", key)] == [0, 0, 0], str(verdict("gone-6", key)))


def moved(key, server, tls):
    """What was moved comes from where it is, for who asks for it."""
    place = [server.url + "/moved", *tls]
    says("moves", weir("move", "--to", "shelf", "--before", "2999-01-01", "--dir", "aged"), 0, "moved [0-9]+ entries in all", 1)
    says("without the shelf", weir("push", "--dir", "aged", *place), 0, "hashes alone .--also DIR pushes", 1)
    says("follows that", weir("follow", *place, "--dir", "moved-1", "--key", key), 0, "hashes alone .--also PLACE", 1)
    is_copy("a copy of what is not moved", "moved-1", key)
    says("with the shelf", weir("push", "--dir", "aged", "--also", "shelf", server.url + "/moved-2", *tls), 0, "hashes alone$", 1)
    says("follows both", weir("follow", "aged", "--also", "shelf", "--dir", "moved-2", "--key", key), 0, "hashes alone$", 1)
    says("follows a place that has them", weir("follow", server.url + "/moved-2", "--dir", "moved-3", "--key", key, *tls),
         0, "hashes alone", 1)
    weir("verify", "--dir", "aged", "--also", "shelf")
    for folder in ("moved-2", "moved-3"):
        check(f"{folder} has what was moved", set(bundles("shelf")) < set(bundles(folder)), str(bundles(folder)))
        check(f"{folder} holds", [one[0] for one in verdict(folder, key)] == [0, 0, 0], str(verdict(folder, key)))
    del server.files["/moved/checkpoint"]
    says("a place gets them later", weir("push", "--dir", "aged", "--also", "shelf", *place), 0, "hashes alone$", 1)
    says("and all of it", weir("follow", *place, "--dir", "moved-4", "--key", key), 0, "hashes alone", 1)
    check("moved-4 has what was moved", bundles("moved-4") == bundles("moved-2"), str(bundles("moved-4")))
    server.shutdown()
    server.server_close()


def https(key):
    ca = ["--ca", "server.pem"]
    server = Server(context_of("server"))
    place = server.url + "/a/north"
    says("pushes over HTTPS", weir("push", "--dir", "L", place, *ca), 0, "1001 entries now", 1)
    ends(server, "/a/north", key, "the copy at the server is whole")
    secret = [p for p in server.files if re.search(r"settled|wal|key|head", p)]
    check("nothing local left the folder", not secret, str(secret))
    server.seen.clear()
    says("nothing new", weir("push", "--dir", "L", place, *ca), 0, "has all 1001", 1)
    check("nothing is sent again", not any(m == "PUT" for m, _ in server.seen), str(server.seen))
    append("L", 700)
    server.puts_left = 3
    says("refused half way", weir("push", "--dir", "L", place, *ca), 5, "answers 403")
    ends(server, "/a/north", key, "the copy is as it was")
    server.puts_left = None
    before = {p for p in server.files if p.endswith(("entries/003", "0/003"))}
    server.seen.clear()
    says("goes on from there", weir("push", "--dir", "L", place, *ca), 0, "1701 entries now", 1)
    check("what was there is not sent again", before and not any(server.seen["PUT", p] for p in before), str(before))
    ends(server, "/a/north", key, "the copy is whole again")
    parts = [p for p in server.files if ".p/" in p]
    check("parts of tiles that nobody needs are gone", len(parts) == 3, str(parts))
    says("an unknown certificate", weir("push", "--dir", "L", place), 5, "certificate is not trusted.*--ca")
    says("a password in the URL", weir("push", "--dir", "L", place.replace("//", "//me:hidden@"), *ca), 1,
         "^(?!.*hidden).*credentials is")
    server.elsewhere = server.url
    says("a PUT is not sent elsewhere", weir("push", "--dir", "L", server.url + "/other", *ca), 1, "answers 307")
    server.elsewhere = None
    server.flaky = 3
    says("every third request fails", weir("push", "--dir", "L", server.url + "/flaky", *ca), 0, "1701 entries now", 1)
    shutil.rmtree("C", ignore_errors=True)
    says("and so for who follows", weir("follow", server.url + "/flaky", "--dir", "C", "--key", key, *ca), 0,
         "1701 entries now", 1)
    server.flaky = 1
    server.seen.clear()
    says("every request fails", weir("push", "--dir", "L", server.url + "/never", *ca), 6, "GET checkpoint")
    check("tries are bounded", 3 <= server.asked and sum(server.seen.values()) <= 12, str(server.seen))
    server.flaky = 0
    server.files["/big/checkpoint"] = b"x" * 100000
    says("more than a checkpoint may be", weir("follow", server.url + "/big", "--dir", "X", "--key", key, *ca), 4,
         "larger than 8192 bytes")
    server.files["/page/checkpoint"] = b"<html>hello</html>"
    says("a page is no checkpoint", weir("push", "--dir", "L", server.url + "/page", *ca), 4, "no signed note")
    check("and stays", server.files["/page/checkpoint"] == b"<html>hello</html>")
    server.basic = b"me:hidden"
    with open("basic", "w", opener=lambda p, f: os.open(p, f, 0o600), encoding="utf-8") as out:
        out.write("user = me\npassword = hidden\n")
    says("a password is wanted", weir("push", "--dir", "L", place, *ca), 5, "answers 401")
    says("a password from a file", weir("push", "--dir", "L", place, *ca, "--credentials", "basic"), 0, "has all", 1)
    says("no password over http", weir("push", "--dir", "L", "http://127.0.0.1:9/x", "--credentials", "basic"), 1,
         "would be read by everybody")
    os.chmod("basic", 0o644)
    says("a password that others may read", weir("push", "--dir", "L", place, *ca, "--credentials", "basic"), 5,
         "others than its owner.*chmod 600")
    server.shutdown()
    server.server_close()
    says("nobody answers", weir("push", "--dir", "L", place, *ca), 6, "GET checkpoint")
    with_client = Server(context_of("server", "client"))
    says("our certificate is wanted", weir("push", "--dir", "L", with_client.url, *ca), 6, "GET checkpoint")
    says("our certificate is shown", weir("push", "--dir", "L", with_client.url, *ca, "--cert", "client.pem",
                                          "--cert-key", "client.key"), 0, "1701 entries now", 1)


def bucket(key):
    server = Server(context_of("server"))
    server.keys = {"id": "AKIDEXAMPLE", "secret": "hidden/EXAMPLEKEY", "region": "eu-north-1", "session": "token+/="}
    place, ca = "s3+" + server.url + "/bucket/north", ["--ca", "server.pem"]
    env = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hidden/EXAMPLEKEY",
           "AWS_SESSION_TOKEN": "token+/="}
    done = weir("push", "--dir", "L", place, *ca, "--region", "eu-north-1", env=env)
    says("pushes to a bucket", (*done[:2], done[2] + "".join(server.refused[:1])), 0, "1701 entries now", 1)
    done = weir("follow", place, "--dir", "S", "--key", key, *ca, env={**env, "AWS_REGION": "eu-north-1"})
    says("follows a bucket", done, 0, "1701 entries now", 1)
    done = weir("push", "--dir", "L", place, *ca, "--region", "eu-north-1",
                env={**env, "AWS_SECRET_ACCESS_KEY": "hidden/another"})
    says("a wrong secret", done, 5, "^(?!.*hidden).*answers 403")
    says("no secret", weir("push", "--dir", "L", place, *ca), 5, "AWS_ACCESS_KEY_ID")
    server.keys.pop("session")
    with open("s3", "w", opener=lambda p, f: os.open(p, f, 0o600), encoding="utf-8") as out:
        out.write("[other]\naws_access_key_id = nobody\n[default]\naws_access_key_id = AKIDEXAMPLE\n"
                  "aws_secret_access_key=hidden/EXAMPLEKEY\n")
    done = weir("push", "--dir", "L", place, *ca, "--region", "eu-north-1", "--credentials", "s3")
    says("a secret from a file", done, 0, "has all 1701", 1)
    large = '{"kind":"note","subject":"pump","data":{"text":"%s"}}\n' % ("x" * 60000)
    restored("large")
    weir("append", "--dir", "large", stdin=large * 100)
    server.refused.clear()
    done = weir("push", "--dir", "large", place, *ca, "--region", "eu-north-1", "--credentials", "s3")
    says("large entries", (*done[:2], done[2] + "".join(server.refused[:1])), 0, "1801 entries now", 1)
    check("what nobody needs is removed from the bucket", sum(".p/" in p for p in server.files) == 3,
          f"{sorted(server.files)} {server.refused}")


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


KEPT = ("R", "R.key", "R.key.head")


def copy_of(name, to):
    (shutil.copytree if os.path.isdir(name) else shutil.copy)(name, to)


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


def same_file(name, *folders):
    first, *others = [open(f"{folder}/{name}", "rb").read() if os.path.exists(f"{folder}/{name}") else None
                      for folder in folders]
    return all(one == first for one in others)


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


def folders(key):
    says("the ledger itself", weir("push", "--dir", "L", "L"), 1, "the ledger itself")
    sent = weir("push", "--dir", "L", "--once-each", "drop")
    says("to a drop folder", sent, 0, "entries now", 1)
    shutil.copytree("drop", "arrived")
    shutil.rmtree("drop/tile")
    os.remove("drop/checkpoint")
    append("L", 300)
    says("again, emptied", weir("push", "--dir", "L", "--once-each", "drop"), 0, "300 of them new", 1)
    check("only what is new", not os.path.exists("drop/tile/entries/000"))
    shutil.copytree("drop", "arrived", dirs_exist_ok=True)
    says("behind the diode", weir("follow", "arrived", "--dir", "far", "--key", key), 0, "entries now", 1)
    says("the far end is whole", weir("verify", "--dir", "far", "--key", key), 0, "holds", 1)
    says("no source", weir("follow", "nowhere", "--dir", "far"), 3, "nowhere")
    os.mkdir("pipe")
    os.mkfifo("pipe/checkpoint")
    says("a pipe is no checkpoint", weir("follow", "pipe", "--dir", "far"), 1, "checkpoint")
    says("two sources", weir("follow", "a", "b", "--dir", "far"), 2, "one source")
    says("no such kind of place", weir("push", "--dir", "L", "ftp://example/x"), 1, "not a URL of a kind")
    says("no such time", weir("push", "--dir", "L", "--every", "never", "drop"), 2, "expected seconds")
    shutil.rmtree("arrived")
    weir("init", "--dir", "other", "--origin", "plant.example/north")
    says("an empty folder of nobody", weir("push", "--dir", "other", "far"), 4, "another ledger")


def goes_on(key):
    """Pusher and follower run while somebody writes; ^C ends them."""
    push = subprocess.Popen([WEIR, "ledger", "push", "--dir", "L", "--every", "1", "P"], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    writer = subprocess.Popen([WEIR, "ledger", "append", "--dir", "L"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    until, done = time.monotonic() + 6, (1, "", "never followed")
    while time.monotonic() < until:
        writer.stdin.write(b'{"kind":"note","subject":"pump"}\n' * 50)
        writer.stdin.flush()
        done = weir("follow", "L", "--dir", "live", "--key", key)
        if done[0]:
            break
    check("follows while somebody writes", done[0] == 0, done[2])
    writer.stdin.close()
    check("the writer ends well", writer.wait(60) == 0)
    end = open("L/checkpoint", "rb").read()
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if os.path.exists("P/checkpoint") and open("P/checkpoint", "rb").read() == end:
            break
        time.sleep(0.2)
    push.send_signal(signal.SIGINT)
    out, err = push.communicate(timeout=60)
    check("pushes until ^C", push.returncode == 0, f"{push.returncode} {out} {err}")
    says("what it pushed is whole", weir("verify", "--dir", "P", "--key", key), 0, "holds", 1)
    says("live copy is whole", weir("verify", "--dir", "live", "--key", key), 0, "holds", 1)
    # A fork, told to a ledger of our own.
    weir("init", "--dir", "own", "--origin", "soc/alarms")
    restored("fork")
    append("L", 1)
    weir("follow", "L", "--dir", "live")
    weir("append", "--dir", "fork", stdin='{"kind":"note","subject":"another"}\n')
    follow = ["follow", "fork", "--dir", "live", "--alarm-to", "own", "--every", "1"]
    says("a fork ends following", weir(*follow), 4, "FORK: fork shows a head")
    says("once for all", weir(*follow), 4, "nothing is followed while it is there")
    says("an alarm is kept", weir("show", "--dir", "own", "--kind", "alarm", "--json"), 0, '"what":"fork"', 1)
    alarms = weir("show", "--dir", "own", "--kind", "alarm")[1].count("\n")
    check("one alarm", alarms == 1, str(alarms))


def replaced(key):
    """A source that is taken away, and another folder in its place, which has more."""
    shutil.copytree("L", "turning")
    with open("replaced.err", "w+", encoding="utf-8") as said, \
            subprocess.Popen([WEIR, "ledger", "follow", "turning", "--dir", "turned", "--key", key, "--every", "1"],
                             stdout=subprocess.DEVNULL, stderr=said) as process:
        def has(what):
            until = time.monotonic() + 30
            while not what() and time.monotonic() < until:
                time.sleep(0.1)
            return what()

        def same():
            return os.path.exists("turned/checkpoint") and \
                open("turned/checkpoint", "rb").read() == open("L/checkpoint", "rb").read()

        check("follows a folder", has(same))
        os.rename("turning", "turning.old")
        check("says that it is gone", has(lambda: "open the folder turning: No such file" in open("replaced.err", encoding="utf-8").read()))
        append("L", 10)
        shutil.copytree("L", "turning.new")
        os.rename("turning.new", "turning")
        check("follows the one in its place", has(same))
        process.send_signal(signal.SIGINT)
        process.wait(60)
        check("and ends well", process.returncode == 0, open("replaced.err", encoding="utf-8").read())


def paper():
    says("draws a code", weir("checkpoint", "--dir", "L", "--svg", "head.svg"), 0, "", 1)
    says("prints a code", weir("checkpoint", "--dir", "L", "--qr"), 0, "\u2588\u2588", 1)
    if not shutil.which("zbarimg") or not shutil.which("rsvg-convert"):
        skip("reads a code", "no zbarimg or no rsvg-convert")
        return
    subprocess.run(["rsvg-convert", "-w", "800", "head.svg", "-o", "head.png"], check=True)
    read = subprocess.run(["zbarimg", "-q", "--raw", "head.png"], capture_output=True, check=False).stdout
    check("reads a code", read.rstrip() == open("L/checkpoint", "rb").read().rstrip(), str(read))


def main():
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        made = weir("init", "--dir", "L", "--origin", "plant.example/north")
        key = made[1].splitlines()[-1]
        append("L", 1000)
        if shutil.which("openssl"):
            certificate("server")
            certificate("client")
            https(key)
            bucket(key)
            gone()
            witnesses(key)
            bounds(key)
            if "--locked" in sys.argv:
                locked(key)
        else:
            skip("servers", "no openssl")
        rotated_and_put_back()
        keys_change_meanwhile()
        hanging()
        folders(key)
        replaced(key)
        goes_on(key)
        paper()
        os.chdir("/")
    return bad


if __name__ == "__main__":
    sys.exit(main())
