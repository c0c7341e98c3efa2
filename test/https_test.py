#!/usr/bin/env python3
"""A server and clients that mean it ill: https_test.py HTTPS_SHOW [--hard]

Whatever they do, they are answered clearly or let go and counted, others go on being served, and memory
stays where it was.  Figures are printed.
"""
import contextlib
import json
import os
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

SHOW = ""
OFTEN = ("rate=100000", "burst=1000000")
HEAD = b"GET /counts HTTP/1.1\r\nHost: localhost\r\n"


class Server:
    def __init__(self, *settings):
        self.folder = tempfile.TemporaryDirectory()  # pylint: disable=consider-using-with
        self.said = os.path.join(self.folder.name, "said")
        with open(self.said, "wb") as said:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with
                [SHOW, self.folder.name, *settings], stdout=subprocess.PIPE, stderr=said, text=True)
        self.port = int(self.process.stdout.readline())
        self.ca = os.path.join(self.folder.name, "ca.pem")
        self.context = ssl.create_default_context(cafile=self.ca)
        self.ended = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.ended is None:
            self.stop()
        self.folder.cleanup()

    def stop(self):
        """Exit code, seconds, what it said."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        seconds = time.monotonic() - began
        self.process.stdout.close()
        with open(self.said, encoding="utf-8", errors="replace") as said:
            self.ended = (self.process.returncode, seconds, said.read())
        return self.ended

    def plain(self, timeout=10):
        s = socket.create_connection(("127.0.0.1", self.port), timeout=timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def connect(self, timeout=10):
        return self.context.wrap_socket(self.plain(timeout), server_hostname="localhost")

    def ask(self, request, timeout=10):
        """All that comes back until the other end closes."""
        with self.connect(timeout) as s:
            with contextlib.suppress(OSError):
                s.sendall(request)
            return read_all(s)

    def counts(self):
        said = self.ask(HEAD + b"Connection: close\r\n\r\n")
        return json.loads(said.split(b"\r\n\r\n", 1)[1])

    def cpu(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as f:
            return sum(int(n) for n in f.read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read()).group(1)) // 1024


def read_all(s):
    said = b""
    with contextlib.suppress(OSError):
        while more := s.recv(65536):
            said += more
    return said


def read_one(s, limit=20.0):
    """One answer with a length."""
    s.settimeout(limit)
    said = b""
    while b"\r\n\r\n" not in said:
        more = s.recv(65536)
        if not more:
            return said
        said += more
    head, rest = said.split(b"\r\n\r\n", 1)
    size = int(re.search(rb"Content-Length: (\d+)", head).group(1))
    while len(rest) < size:
        rest += s.recv(65536)
    return head + b"\r\n\r\n" + rest


def status(said):
    found = re.match(rb"HTTP/1\.[01] (\d+)", said)
    return int(found.group(1)) if found else 0


def answers_carry_headers():
    with Server(*OFTEN) as server:
        for request in (HEAD, b"GET /nothing HTTP/1.1\r\nHost: a\r\n", b"GET /%00 HTTP/1.1\r\nHost: a\r\n",
                        b"BREW /pot HTTP/1.1\r\nHost: a\r\n"):
            said = server.ask(request + b"Connection: close\r\n\r\n").lower()
            for want in (b"x-content-type-options: nosniff", b"cache-control: no-store", b"content-security-policy: default-src 'none'",
                         b"x-frame-options: deny"):
                if want not in said:
                    return f"{want} is not in {said}"
            if b"server:" in said:
                return "says what it is"
    return None


# What is sent, the status, and the count that goes up; each on a connection of its own.
REFUSED = [
    ("%00 in a path", b"GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("%00 in a query", b"GET /a?b=%00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("a raw NUL in a path", b"GET /a\0b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "head-unclean"),
    ("a raw NUL behind the path", b"GET /counts\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "head-unclean"),
    ("a raw NUL in a name", b"GET /counts HTTP/1.1\r\nHo\0st: a\r\nHost: a\r\n\r\n", 400, None),
    ("a raw NUL in a value", b"GET /counts HTTP/1.1\r\nX: a\0b\r\nHost: a\r\n\r\n", 400, "head-unclean"),
    ("a raw NUL in the last value", b"GET /counts HTTP/1.1\r\nHost: a\0b\r\n\r\n", 400, "head-unclean"),
    ("a line that is a NUL", b"GET /counts HTTP/1.1\r\nHost: a\r\n\0\r\nX: y\r\n\r\n", 400, "head-unclean"),
    ("overlong UTF-8", b"GET /%c0%ae%c0%ae/etc HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("..", b"GET /../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("%2e%2e", b"GET /%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("two slashes", b"GET //counts HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("a whole URL", b"GET https://a/counts HTTP/1.1\r\nHost: a\r\n\r\n", 400, "target"),
    ("two Host", HEAD + b"Host: b\r\n\r\n", 400, "header-twice"),
    ("two Host that are the same", HEAD + b"Host: localhost\r\n\r\n", 400, "header-twice"),
    ("no Host", b"GET /counts HTTP/1.1\r\n\r\n", 400, "host"),
    ("an odd Host", b"GET /counts HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "host"),
    ("an empty Host", b"GET /counts HTTP/1.1\r\nHost:\r\n\r\n", 400, "host"),
    ("two Content-Length", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc", 400, "header-twice"),
    ("Content-Length twice the same", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab", 400, "header-twice"),
    ("a list of lengths", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2, 2\r\n\r\nab", 400, None),
    ("a negative length", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -2\r\n\r\nab", 400, None),
    ("a length with a sign", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +2\r\n\r\nab", 400, None),
    ("a hexadecimal length", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0x2\r\n\r\nab", 400, None),
    ("a length and chunks", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "length"),
    ("chunks and a length", b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n", 400, "length"),
    ("chunks", b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", 411, "length-missing"),
    ("chunks of nonsense", b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\xff\xff", 411, "length-missing"),
    ("a coding nobody knows", b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 411, "length-missing"),
    ("two codings", b"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n", 400, "header-twice"),
    ("LF alone", b"GET /counts HTTP/1.1\nHost: a\n\n", 400, "head-unclean"),
    ("one LF alone", b"GET /counts HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, "head-unclean"),
    ("LF alone at the end", b"GET /counts HTTP/1.1\r\nHost: a\r\nX: b\r\n\n", 400, "head-unclean"),
    ("LF behind the first line", b"GET /counts HTTP/1.1\nHost: a\r\n\r\n", 400, "head-unclean"),
    ("CR in a value", b"GET /counts HTTP/1.1\r\nHost: a\r\nX: b\rc\r\n\r\n", 400, "header-value"),
    ("a folded value", b"GET /counts HTTP/1.1\r\nHost: a\r\nX: b\r\n  c\r\n\r\n", 400, "head-unclean"),
    ("a first header that is folded", b"GET /counts HTTP/1.1\r\n Host: a\r\nHost: a\r\n\r\n", 400, None),
    ("a blank before the colon", b"GET /counts HTTP/1.1\r\nHost : a\r\n\r\n", 400, None),
    ("a tab before the colon", b"GET /counts HTTP/1.1\r\nHost: a\r\nX\t: a\r\n\r\n", 400, "header-name"),
    ("no name", b"GET /counts HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n", 400, None),
    ("no colon", b"GET /counts HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n", 400, "not-read"),
    ("two blanks in the first line", b"GET  /counts HTTP/1.1\r\nHost: a\r\n\r\n", 400, "head-unclean"),
    ("a blank at the end of the first line", b"GET /counts HTTP/1.1 \r\nHost: a\r\n\r\n", 400, None),
    ("a method nobody knows", b"BREW /counts HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method"),
    ("a method in small letters", b"get /counts HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method"),
    ("CONNECT", b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method"),
    ("TRACE", b"TRACE /counts HTTP/1.1\r\nHost: a\r\n\r\n", 501, "method"),
    ("HTTP of tomorrow", b"GET /counts HTTP/3.0\r\nHost: a\r\n\r\n", 505, None),
    ("an expectation", HEAD + b"Expect: a-miracle\r\n\r\n", 417, "expect"),
    ("many headers", HEAD + b"X: y\r\n" * 65 + b"\r\n", 431, "headers-many"),
    ("a long target", b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, "target-long"),
    ("a megabyte of target", b"GET /" + b"a" * 1000000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414, None),
    ("a megabyte of one header", HEAD + b"X: " + b"a" * 1000000 + b"\r\n\r\n", 431, None),
    ("a megabyte of headers", HEAD + b"X: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 25000 + b"\r\n", 431, None),
    ("a body that is too large", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9000000, 413, "body-large"),
    ("a body beyond all numbers", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 413, None),
]


def refused():
    """None is served, each is told, and the one behind it on the connection never is."""
    wrong = []
    with Server(*OFTEN) as server:
        for name, request, want, count in REFUSED:
            before = server.counts()
            said = server.ask(request + b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n")
            after = server.counts()
            if status(said) != want or b"Example Works" in said or (count not in (None, "not-read") and said.count(b"HTTP/1.1 ") > 1):
                wrong.append(f"{name}: {said[:120]!r} and not {want}")
            if count and after[count] != before[count] + 1:
                moved = {k: after[k] - before[k] for k in after if after[k] != before[k]}
                wrong.append(f"{name}: '{count}' was not counted, {moved}")
        if want_more := server.stop()[2]:
            wrong.append(want_more[-2000:])
    return "; ".join(wrong) or None


def served():
    """What is right stays right: bodies, HEAD, keep-alive, several requests at once, odd but clean heads."""
    body = bytes(range(256)) * 512
    with Server(*OFTEN) as server, server.connect() as s:
        for _ in range(3):
            s.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            said = read_one(s)
            if said.split(b"\r\n\r\n", 1)[1] != body:
                return f"echo: {len(said)} bytes"
        s.sendall(b"\r\n" + HEAD + b"X:no-blank\r\nY:\t  many \r\nEmpty:\r\nAccept: a\r\nAccept: b\r\n\r\n")
        if status(said := read_one(s)) != 200:
            return f"clean: {said}"
        s.sendall(b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n" * 5)
        said = b""
        while said.count(b'{"later":true}') < 5:
            said += s.recv(65536)
        s.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        if (said := s.recv(100)) != b"HTTP/1.1 100 Continue\r\n\r\n":
            return f"go on: {said}"
        s.sendall(b"abc")
        if not (said := read_one(s)).endswith(b"\r\n\r\nabc"):
            return f"went on: {said}"
        with server.connect() as old:
            old.sendall(b"GET /events HTTP/1.0\r\n\r\n")
            time.sleep(0.2)
            send(server, 1, 50)
            said = b""
            while b'"n":0' not in said:
                said += old.recv(4096)
        s.sendall(b"HEAD /page HTTP/1.0\r\n\r\n")
        said = read_all(s)
        if status(said) != 200 or not said.endswith(b"\r\n\r\n"):
            return f"HEAD: {said[-100:]}"
        code, seconds, said = server.stop()
        return None if code == 0 and not said else f"exit {code} after {seconds:.2f} s: {said[-2000:]}"


def curl(server, *words, **more):
    return subprocess.run(["curl", "-sS", "--cacert", server.ca, "--max-time", "60", "-w", "\n%{http_code} %{time_total}", *words],
                          capture_output=True, text=True, check=False, **more)


def a_gigabyte():
    """With a length, in chunks, and with a wish to go on first: the answer arrives, memory does not grow."""
    with Server(*OFTEN) as server:
        before = server.rss()
        big = os.path.join(server.folder.name, "big")
        with open(big, "wb") as f:
            f.truncate(1 << 30)
        url = f"https://localhost:{server.port}/echo"
        for name, words, want in (("length", ["-H", "Expect:", "-T", big], "413"), ("asks first", ["-T", big], "413"),
                                  ("chunks", ["-H", "Expect:", "-H", "Transfer-Encoding: chunked", "-T", big], "411")):
            done = curl(server, *words, url)
            if f"\n{want} " not in done.stdout:
                return f"{name}: {done.stdout} {done.stderr}"
            print(f"    1 GB, {name}: {done.stdout.splitlines()[-1]}")
        after = server.rss()
        print(f"    resident: {before} MiB before, {after} MiB after")
        return None if after < before + (16 if "--hard" in sys.argv else 64) else "memory grew"


def reads_until_closed(s, limit):
    s.settimeout(limit)
    began = time.monotonic()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while s.recv(4096):
            pass
    return time.monotonic() - began


def too_slow():
    """Who trickles is let go when the time for all of it is over; half a request as well, and who says nothing."""
    with Server(*OFTEN, "head_ms=600", "request_ms=1000", "idle_ms=700", "work_ms=500") as server:
        def trickle(s, first, rest):
            s.sendall(first)
            began = time.monotonic()
            s.settimeout(0.02)
            try:
                for byte in rest:
                    s.sendall(bytes([byte]))
                    time.sleep(0.03)
                    with contextlib.suppress(TimeoutError):
                        if s.recv(1) == b"":
                            break
            except OSError:
                pass
            return time.monotonic() - began
        ways = {}
        with server.connect() as s:
            ways["head"] = trickle(s, b"GET /counts HTTP/1.1\r\nX: ", b"y" * 200)
        with server.connect() as s:
            ways["first line"] = trickle(s, b"GET /", b"y" * 200)
        with server.connect() as s:
            ways["body"] = trickle(s, b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n", b"y" * 200)
        with server.connect() as s:
            ways["silence"] = reads_until_closed(s, 5)
        with server.plain() as s:
            ways["no TLS"] = reads_until_closed(s, 5)
        with server.connect() as s:
            s.sendall(HEAD + b"\r\n")
            read_one(s)
            ways["afterwards"] = reads_until_closed(s, 5)
        for name, seconds in ways.items():
            if not 0.3 < seconds < 3:
                return f"{name}: {seconds:.2f} s"
        said = server.ask(b"GET /never HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        if status(said) != 504:
            return f"never: {said}"
        counts = server.counts()
        if counts["slow-request"] != 5 or counts["no-answer"] != 1 or counts["idle"] != 1:
            return f"{counts}"
        if server.ask(HEAD[:20]) != b"" or server.counts()["now"] != 1:
            return "half a request"
    return None


def slow_heads():
    """Several hundred senders of slow heads; others are served meanwhile, and at once."""
    many = 300
    with Server(*OFTEN, "per_address=500", "head_ms=4000") as server:
        sockets = [server.connect() for _ in range(many)]
        for s in sockets:
            s.sendall(b"GET /counts HTTP/1.1\r\nX: ")
        end = time.monotonic() + 3
        times = []
        while time.monotonic() < end:
            for s in sockets[::10]:
                with contextlib.suppress(OSError):
                    s.sendall(b"y")
            began = time.monotonic()
            server.counts()
            times.append(time.monotonic() - began)
        times.sort()
        time.sleep(4)
        counts = server.counts()
        for s in sockets:
            s.close()
        print(f"    {many} slow heads: others wait {times[len(times) // 2] * 1e3:.0f} ms, at most {times[-1] * 1e3:.0f} ms; "
              f"{counts['slow-request']} let go, {server.rss()} MiB")
        return None if counts["slow-request"] >= many and counts["now"] == 1 and times[-1] < 1.5 else str(counts)


def too_many():
    with Server(*OFTEN, "connections=20", "per_address=10") as server:
        sockets = [server.connect() for _ in range(10)]
        with server.plain() as s:
            if s.recv(1) != b"":
                return "an eleventh came in"
        for s in sockets[1:]:
            s.close()
        time.sleep(0.2)
        counts = server.counts()
        if counts["address-full"] != 1 or counts["now"] != 2:
            return str(counts)
    return None


def ten_thousand():
    """As many as may be open here."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    many = min(10000, hard - 200)
    with Server(*OFTEN, "per_address=20000", "head_ms=3000") as server:
        before = server.rss()
        sockets = []
        began = time.monotonic()
        for _ in range(many):
            sockets.append(server.plain(timeout=30))
        poll = select.poll()
        for s in sockets:
            poll.register(s, select.POLLIN)
        time.sleep(1)
        closed = len(poll.poll(0))
        rss = server.rss()
        time.sleep(4)
        counts = server.counts()
        for s in sockets:
            s.close()
        print(f"    {many} connections in {time.monotonic() - began - 5:.1f} s: {closed} closed at once, {counts['full']} counted; "
              f"{before} MiB before, {rss} MiB with them")
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        good = counts["full"] == many - 512 and closed == many - 512 and rss < before + 64
        return None if good else str(counts)


def too_often():
    with Server("rate=5", "burst=20") as server, server.connect() as s:
        seen = []
        for _ in range(40):
            try:
                s.sendall(HEAD + b"\r\n")
                said = read_one(s)
            except OSError:
                break
            seen.append(status(said))
            if status(said) == 429:
                break
        if seen.count(200) < 15 or seen[-1] != 429 or b"Retry-After: 1" not in said:
            return str(seen)
        time.sleep(1.5)
        return None if status(server.ask(HEAD + b"Connection: close\r\n\r\n")) == 200 else "never again"


def no_old_tls():
    with Server(*OFTEN) as server:
        port = str(server.port)
        for words, want in ((["-tls1_3"], True), (["-tls1_2"], True), (["-tls1_1"], False), (["-tls1"], False),
                            (["-tls1_2", "-cipher", "AES128-SHA"], False)):
            done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", server.ca, "-cipher",
                                   "ALL:@SECLEVEL=0", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if ("Verify return code: 0 (ok)" in done.stdout and "Cipher is (NONE)" not in done.stdout) != want:
                return f"{words}: {done.stdout[-1500:]}"
        with server.plain() as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            if b"HTTP" in read_all(s):
                return "answers without TLS"
        return None if server.counts()["no-request"] >= 4 else str(server.counts())


def another_certificate():
    with Server(*OFTEN) as server:
        def serial():
            with server.connect() as s:
                return s.getpeercert()["serialNumber"]
        with server.connect() as old:
            one = serial()
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            two = serial()
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.3)
            old.sendall(HEAD + b"\r\n")
            if status(read_one(old)) != 200:
                return "who was there is gone"
            if one == two or serial() != two:
                return f"{one}, {two}, {serial()}"
        said = server.stop()[2]
        return None if said.count("changed in this minute") == 1 else said


# --- events ---


def listen(server, last=None):
    s = server.connect(30)
    more = f"Last-Event-ID: {last}\r\n" if last else ""
    s.sendall(f"GET /events HTTP/1.1\r\nHost: a\r\n{more}\r\n".encode())
    return s


def events_of(said):
    """What came in chunks, put together."""
    body = said.split(b"\r\n\r\n", 1)[-1]
    text = b""
    while b"\r\n" in body:
        size, body = body.split(b"\r\n", 1)
        size = int(size, 16)
        text += body[:size]
        body = body[size + 2:]
    return text


def read_events(s, count, limit=20):
    said = b""
    s.settimeout(limit)
    while events_of(said).count(b"event: ") < count or not events_of(said).endswith(b"\n\n"):
        more = s.recv(1 << 20)
        if not more:
            break
        said += more
    return events_of(said)


def send(server, count, size):
    said = server.ask(f"POST /send?count={count}&size={size} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    return None if status(said) == 200 else said


def events():
    """In order; from where one was; and `missed` where that is gone, or never was."""
    with Server(*OFTEN, "ring=65536") as server:
        with listen(server) as s:
            time.sleep(0.2)
            send(server, 3, 100)
            said = read_events(s, 3)
            if [int(n) for n in re.findall(rb'"n":(\d+)', said)] != [0, 1, 2]:
                return str(said)
            ids = re.findall(rb"id: (\S+)", said)
        time.sleep(0.2)
        for last, want in ((ids[0], [1, 2, 0]), (ids[2], [0])):
            with listen(server, last.decode()) as s:
                time.sleep(0.2)
                send(server, 1, 100)
                said = read_events(s, len(want))
                if [int(n) for n in re.findall(rb'"n":(\d+)', said)] != want or b"missed" in said:
                    return f"{last}: {said}"
                send(server, 0, 0)
            ids[2] = re.findall(rb"id: (\S+)", said)[-1]
        middle = ids[0].split(b"-")
        odd = ["nonsense", "0-0", f"{middle[0].decode()}-{int(middle[1]) + 1}", f"{middle[0].decode()}-99999999999999999999", "-", "1-",
               f"{middle[0].decode()}--1", "x" * 500]
        for last in odd:
            with listen(server, last) as s:
                if b"event: missed" not in read_events(s, 1):
                    return f"{last}: not missed"
        send(server, 300, 1000)
        with listen(server, ids[2].decode()) as s:
            if b"event: missed" not in read_events(s, 1):
                return "what is no longer there was not missed"
        time.sleep(1.8)
        counts = server.counts()
        return None if counts["readers"] == 0 else f"{counts['readers']} still listen"


def five_hundred():
    """Five hundred who listen, and one who does not read: it is dropped, they get all of it, in order."""
    many, rounds, each, size = 500, 7, 50, 2000
    with Server(*OFTEN, "per_address=600", "connections=600", "ring=131072") as server:
        before = server.rss()
        readers = [listen(server) for _ in range(many)]
        slow = server.plain()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow = server.context.wrap_socket(slow, server_hostname="localhost")
        slow.sendall(b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n")
        poll = select.poll()
        got = {s.fileno(): [s, b""] for s in readers}
        for s in readers:
            s.setblocking(False)
            poll.register(s, select.POLLIN)
        time.sleep(0.5)
        began, cpu = time.monotonic(), server.cpu()
        for n in range(rounds):
            send(server, each, size)
            end = time.monotonic() + 20
            while time.monotonic() < end and any(said.count(b'"n":') < each * (n + 1) for _, said in got.values()):
                for fd, _ in poll.poll(100):
                    with contextlib.suppress(ssl.SSLWantReadError):
                        while more := got[fd][0].recv(1 << 16):
                            got[fd][1] += more
        seconds, cpu = time.monotonic() - began, server.cpu() - cpu
        time.sleep(0.5)
        counts, rss = server.counts(), server.rss()
        lost = [fd for fd, (_, said) in got.items()
                if [int(n) for n in re.findall(rb'"n":(\d+)', events_of(said))] != list(range(each)) * rounds]
        for s in readers:
            s.close()
        slow.close()
        print(f"    {many} readers, {rounds * each * size >> 10} KiB each in {seconds:.1f} s, {cpu:.1f} s of processor: {len(lost)} lost "
              f"something, {counts['stream-slow']} dropped; {before} MiB before, {rss} MiB with them")
        return None if not lost and counts["stream-slow"] == 1 and counts["readers"] == many else str(counts)


def stop_under_load():
    with Server(*OFTEN, "per_address=600", "connections=600") as server:
        readers = [listen(server) for _ in range(500)]
        half = server.connect()
        half.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc")
        waits = server.connect()
        waits.sendall(b"GET /never HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.5)
        code, seconds, said = server.stop()
        ends = [events_of(read_all(s)) for s in readers[:5]]
        answer = read_all(waits)
        for s in (*readers, half, waits):
            s.close()
        print(f"    stopped with 500 readers, half a body and one who waits: {seconds:.2f} s")
        if status(answer) != 503 or any(ends):
            return f"{answer}, {ends}"
        return None if code == 0 and not said and seconds < (1 if "--hard" in sys.argv else 3) else f"exit {code}, {seconds:.2f} s: {said[-3000:]}"


def gone_in_the_middle():
    """Clients that leave at any moment."""
    with Server(*OFTEN) as server:
        requests = [HEAD + b"\r\n", b"GET /later HTTP/1.1\r\nHost: a\r\n\r\n", b"GET /events HTTP/1.1\r\nHost: a\r\n\r\n",
                    b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n", b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999\r\n\r\nab", HEAD]
        for n in range(120):
            s = server.connect()
            s.sendall(requests[n % len(requests)])
            if n % 3:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            if n % 2:
                time.sleep(0.01)
            s.close()
        time.sleep(0.3)
        send(server, 2, 100)
        time.sleep(0.3)
        send(server, 1, 100)
        counts = server.counts()
        if counts["now"] > 1 or counts["gone"] < 20:
            return str(counts)
        code, _, said = server.stop()
        return None if code == 0 and not said else said[-3000:]


def memory_for_answers():
    """Answers that nobody takes: so many bytes and no more, then 503."""
    with Server(*OFTEN, "bytes=1000000", "answer_ms=1500") as server:
        sockets = []
        for _ in range(12):
            s = server.plain()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s = server.context.wrap_socket(s, server_hostname="localhost")
            s.sendall(b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n" * 30)
            sockets.append(s)
        time.sleep(1)
        during = server.counts()
        time.sleep(2)
        after = server.counts()
        said = server.ask(b"GET /page HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        for s in sockets:
            s.close()
        good = during["memory"] > 0 and after["slow-reader"] > 0 and len(said) > 200000
        return None if good else f"{during} {after}"


def how_fast():
    """A page of 200 kB: fifty a second on one connection, then as many as go on ten; only said."""
    with Server(*OFTEN) as server:
        request = b"GET /page HTTP/1.1\r\nHost: a\r\n\r\n"
        times = []
        with server.connect() as s:
            begin = time.monotonic()
            for n in range(250):
                time.sleep(max(0.0, begin + n / 50 - time.monotonic()))
                began = time.monotonic()
                s.sendall(request)
                read_one(s)
                times.append((time.monotonic() - began) * 1e3)
        times.sort()
        print(f"    200 kB, 50/s: p50 {times[len(times) // 2]:.2f} ms, p99 {times[len(times) * 99 // 100]:.2f} ms")
        if shutil.which("wrk"):
            done = subprocess.run(["wrk", "-t2", "-c10", "-d5s", f"https://127.0.0.1:{server.port}/page"], capture_output=True,
                                  text=True, check=False)
            print("    " + "; ".join(line.strip() for line in done.stdout.splitlines() if "/sec" in line))
        return None


def main():
    global SHOW  # pylint: disable=global-statement
    SHOW = os.path.abspath(sys.argv[1])
    tests = [answers_carry_headers, served, refused, a_gigabyte, too_slow, slow_heads, too_many, ten_thousand, too_often, no_old_tls,
             another_certificate, events, five_hundred, stop_under_load, gone_in_the_middle, memory_for_answers, how_fast]
    wanted = [word for word in sys.argv[2:] if not word.startswith("-")]
    failed = 0
    for test in tests:
        if wanted and test.__name__ not in wanted:
            continue
        why = test()
        failed += why is not None
        name = test.__name__.replace("_", " ")
        print(f"[  FAILED  ] {name}: {why}" if why else f"[       OK ] {name}", flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
