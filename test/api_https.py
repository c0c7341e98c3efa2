#!/usr/bin/env python3
"""The API as programs and browsers meet it: api_https.py API_SHOW [--hard]"""
import http.client
import json
import os
import re
import signal
import sys
import threading
import time

import https_test

OWNER, VIEWER = {"user": "owner", "password": "renwo"}, {"user": "viewer", "password": "reweiv"}


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.text = status, headers, body
        self.json = json.loads(body) if body and "json" in headers.get("Content-Type", "") else None

    def __str__(self):
        return f"{self.status} {self.text[:600]}"

    def is_problem(self, status, code):
        """A problem document in full: RFC 9457."""
        return (self.status == status and self.headers["Content-Type"] == "application/problem+json" and self.json["status"] == status and
                self.json["code"] == code and self.json["title"])


class Client:
    """One who asks: by nothing, by a session, or by a token."""

    def __init__(self, server):
        self.server, self.headers = server, {}

    def ask(self, method, path, body=None, headers=None, raw=None):
        c = http.client.HTTPSConnection("localhost", self.server.port, context=self.server.context, timeout=20)
        try:
            data = raw if raw is not None else json.dumps(body) if body is not None else None
            more = {"Content-Type": "application/json"} if data is not None else {}
            c.request(method, path, data, {**more, **self.headers, **(headers or {})})
            answer = c.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            c.close()

    def sign_in(self, who):
        answer = self.ask("POST", "/v1/session", who)
        if answer.status == 201:
            self.headers = {"Cookie": answer.headers["Set-Cookie"].split(";")[0], "X-Weir-CSRF": answer.json["csrf"]}
        return answer

    def by(self, token):
        self.headers = {"Authorization": f"Bearer {token}"}
        return self


def start(*how):
    return https_test.Server(*how)


def entries(server):
    """What was recorded; ends the server."""
    code, _, said = server.stop()
    found = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    rest = [line for line in said.splitlines() if not line.startswith("{")]
    return found, None if code == 0 and not rest else f"exit {code}: " + "\n".join(rest)[-3000:]


def open_to_all():
    with start() as server:
        nobody = Client(server)
        answer = nobody.ask("GET", "/v1/health")
        if answer.status != 200 or answer.json["things"] != 10000 or not answer.json["well"]:
            return answer
        if nobody.ask("HEAD", "/v1/health").text:
            return "HEAD has a body"
        document = nobody.ask("GET", "/v1/openapi.json")
        paths = set(document.json["paths"])
        want = {"/v1/health", "/v1/openapi.json", "/v1/session", "/v1/tokens", "/v1/tokens/{id}", "/v1/events", "/v1/things",
                "/v1/things/{id}/event"}
        if paths != want:
            return paths ^ want
        closed = [(m.upper(), p) for p, ways in document.json["paths"].items() for m, way in ways.items() if way["security"]]
        for method, path in closed:
            answer = nobody.ask(method, path.replace("{id}", "1"))
            if not answer.is_problem(401, "not-signed-in") or answer.headers["WWW-Authenticate"] != 'Bearer realm="weir"':
                return f"{method} {path}: {answer}"
        for method, path, status, code in (("GET", "/v1/nothing", 404, "no-route"), ("GET", "/", 404, "no-route"),
                                           ("PUT", "/v1/tokens", 405, "no-such-method"), ("GET", "/v1/health?x=1", 400, "inputs")):
            answer = nobody.ask(method, path)
            if not answer.is_problem(status, code):
                return f"{method} {path}: {answer}"
            if status == 405 and answer.headers["Allow"] != "GET, POST":
                return answer.headers["Allow"]
    with start("unwell") as server:
        answer = Client(server).ask("GET", "/v1/health")
        return None if answer.status == 503 and answer.json["well"] is False else answer


def a_session():
    with start() as server:
        owner = Client(server)
        answer = owner.sign_in(OWNER)
        cookie = answer.headers["Set-Cookie"] or ""
        if answer.status != 201 or not re.fullmatch(r"__Host-weir=[0-9a-f]{64}; Path=/; Secure; HttpOnly; SameSite=Strict", cookie):
            return f"{answer} {cookie}"
        shown = owner.ask("GET", "/v1/session")
        if shown.json["user"] != "owner" or shown.json["role"] != "owner" or shown.json["csrf"] != answer.json["csrf"]:
            return shown
        make = {"name": "a", "scopes": ["read"], "days": 1}
        here, bare = f"https://localhost:{server.port}", {"X-Weir-CSRF": ""}
        for headers, status, code in ((bare, 403, "no-csrf"), ({"X-Weir-CSRF": "0" * 64}, 403, "no-csrf"), ({"Origin": here}, 201, None),
                                      ({"Origin": "https://evil.example"}, 403, "other-origin"), ({"Origin": "null"}, 403, "other-origin"),
                                      ({"Origin": here.replace("https", "http")}, 403, "other-origin"),
                                      ({"Content-Type": "text/plain"}, 415, "not-json"),
                                      ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "not-json"),
                                      ({"Content-Type": "application/jsonx"}, 415, "not-json"),
                                      ({"Content-Type": "application/json; charset=utf-8"}, 201, None)):
            answer = owner.ask("POST", "/v1/tokens", make, headers)
            if answer.status != status or (code and not answer.is_problem(status, code)):
                return f"{headers}: {answer}"
        other = Client(server)
        if (answer := other.ask("POST", "/v1/session", OWNER, {"Origin": "https://evil.example"})).status != 403:
            return f"signed in from elsewhere: {answer}"
        for cookie in ("__Host-weir=" + "0" * 64, "__Host-weir=x", "other=" + "0" * 64, "__Host-weir=" + "g" * 64):
            if other.ask("GET", "/v1/session", headers={"Cookie": cookie}).status != 401:
                return f"comes in with {cookie}"
        if owner.ask("GET", "/v1/session", headers={"Cookie": "a=b; " + owner.headers["Cookie"] + "; c=d"}).status != 200:
            return "a cookie among others"
        out = owner.ask("DELETE", "/v1/session")
        if out.status != 204 or "Max-Age=0" not in out.headers["Set-Cookie"]:
            return out
        if owner.ask("GET", "/v1/session").status != 401:
            return "still there"
        if (answer := owner.sign_in(OWNER)).status != 201:
            return answer
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        if owner.ask("GET", "/v1/session").status != 401:
            return "a session of yesterday"
        found, wrong = entries(server)
        acts = [(e["kind"], e["actor"], e["data"]["act"]) for e in found]
        want = [("access", "user:owner", "session_begin"), ("access", "user:owner", "token_make"), ("access", "user:owner", "token_make"),
                ("access", "user:owner", "session_end"), ("access", "user:owner", "session_begin")]
        if acts != want or "renwo" in json.dumps(found):
            return found
        return wrong


def wrong_passwords():
    with start() as server:
        guest = Client(server)
        for who in ({"user": "owner", "password": "x"}, {"user": "nobody", "password": "renwo"}, {"user": "owner", "password": "renwo "}):
            if not (answer := guest.ask("POST", "/v1/session", who)).is_problem(401, "wrong-password"):
                return f"{who}: {answer}"
        for body in ({"user": "owner"}, {"user": "owner", "password": "x" * 300}, {"user": "", "password": "x"}, {**OWNER, "more": 1}):
            if not (answer := guest.ask("POST", "/v1/session", body)).is_problem(400, "inputs"):
                return f"{body}: {answer}"
        seen = [guest.ask("POST", "/v1/session", {"user": "owner", "password": str(n)}).status for n in range(8)]
        if 429 not in seen or seen[:3] != [401] * 3:
            return seen
        answer = guest.ask("POST", "/v1/session", OWNER)
        if not answer.is_problem(429, "held") or int(answer.headers["Retry-After"]) < 1:
            return f"the right one, too soon: {answer}"
        if guest.ask("POST", "/v1/session", VIEWER).status != 201:
            return "somebody else is held as well"
        time.sleep(int(answer.headers["Retry-After"]) + 0.5)
        if (answer := guest.ask("POST", "/v1/session", OWNER)).status != 201:
            return f"the right one, in time: {answer}"
        found, wrong = entries(server)
        failed = [e for e in found if e["data"].get("failed")]
        return wrong or (None if len(failed) == 1 and failed[0]["subject"] == "127.0.0.1" else found)


def many_at_the_door():
    """Thirty sign in at once: some are told to come again, the rest come in; others are served meanwhile."""
    with start() as server:
        results, waits = [], []

        def one():
            results.append(Client(server).ask("POST", "/v1/session", OWNER).status)
        threads = [threading.Thread(target=one) for _ in range(30)]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            began = time.monotonic()
            Client(server).ask("GET", "/v1/health")
            waits.append(time.monotonic() - began)
        for thread in threads:
            thread.join()
        print(f"    30 at once: {results.count(201)} came in, {results.count(503)} to come again; health within {max(waits) * 1e3:.0f} ms")
        return None if results.count(201) + results.count(503) == 30 and results.count(201) >= 8 else results


def tokens():
    with start() as server:
        owner, viewer = Client(server), Client(server)
        owner.sign_in(OWNER)
        viewer.sign_in(VIEWER)
        made = owner.ask("POST", "/v1/tokens", {"name": "siem", "scopes": ["read"], "days": 1})
        token, number = made.json["token"], made.json["id"]
        if made.status != 201 or not re.fullmatch(r"weir_[0-9a-f]{64}", token) or not re.fullmatch(r"[0-9a-f]{16}", number):
            return made
        siem = Client(server).by(token)
        listed = siem.ask("GET", "/v1/tokens")
        if [t["name"] for t in listed.json["items"]] != ["siem"] or token in str(listed.text) or "next" in listed.json:
            return listed
        answer = siem.ask("POST", "/v1/tokens", {"name": "x", "scopes": ["read"], "days": 1})
        if not answer.is_problem(403, "scope"):
            return f"read writes: {answer}"
        maker = Client(server).by(owner.ask("POST", "/v1/tokens", {"name": "maker", "scopes": ["token.make"], "days": 1}).json["token"])
        if not (answer := maker.ask("POST", "/v1/tokens", {"name": "x", "scopes": ["all"], "days": 1})).is_problem(400, "inputs"):
            return f"more than it has: {answer}"
        if (answer := maker.ask("POST", "/v1/tokens", {"name": "x", "scopes": ["token.make"], "days": 1})).status != 201:
            return f"no more than it has: {answer}"
        if not (answer := viewer.ask("POST", "/v1/tokens", {"name": "x", "scopes": ["read"], "days": 1})).is_problem(403, "not-allowed"):
            return f"viewer makes: {answer}"
        if viewer.ask("GET", "/v1/tokens").json["items"]:
            return "a viewer sees all of them"
        for body, at in (({"name": "x", "scopes": [], "days": 1}, "body.scopes"), ({"name": "x", "scopes": ["nothing"], "days": 1}, "body.scopes"),
                         ({"name": "x", "scopes": ["read"], "days": 0}, "body.days"), ({"name": "x", "scopes": ["read"], "days": 398}, "body.days"),
                         ({"scopes": ["read"], "days": 1}, "body.name"), ({"name": "x", "scopes": ["read"] * 9, "days": 1}, "body.scopes")):
            answer = owner.ask("POST", "/v1/tokens", body)
            if not answer.is_problem(400, "inputs") or answer.json["errors"][0]["at"] != at:
                return f"{body}: {answer}"
        for value, code in (("Bearer x", "no-such-token"), ("Bearer ", "no-such-token"), ("Basic abc", "no-bearer"), (token, "no-bearer"),
                            (f"Bearer {token}0", "no-such-token"), (f"Bearer {token[:-1]}", "no-such-token")):
            if not (answer := Client(server).ask("GET", "/v1/tokens", headers={"Authorization": value})).is_problem(401, code):
                return f"{value}: {answer}"
        for path, status in ((f"/v1/tokens/{number}", 204), (f"/v1/tokens/{number}", 404), ("/v1/tokens/0000000000000000", 404),
                             ("/v1/tokens/x", 400)):
            if (answer := owner.ask("DELETE", path)).status != status:
                return f"{path}: {answer}"
        if not (answer := siem.ask("GET", "/v1/tokens")).is_problem(401, "no-such-token"):
            return f"revoked: {answer}"
        server.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        if not (answer := maker.ask("GET", "/v1/tokens")).is_problem(401, "token-expired"):
            return f"expired: {answer}"
        found, wrong = entries(server)
        made = [e for e in found if e["data"]["act"] == "token_make"]
        if token in json.dumps(found) or not re.fullmatch("[0-9a-f]{64}", made[0]["data"]["sha256"]) or made[0]["subject"] != f"token:{number}":
            return made[0]
        if made[2]["actor"] != f"user:owner token:{made[1]['subject'][6:]}":
            return made[2]
        return wrong


def as_many_tokens_as_there_can_be():
    with start() as server:
        owner = Client(server)
        owner.sign_in(OWNER)
        seen = [owner.ask("POST", "/v1/tokens", {"name": f"t{n}", "scopes": ["read"], "days": 1}).status for n in range(258)]
        if seen != [201] * 256 + [503] * 2:
            return seen
        names, after, pages = [], "", 0
        while True:
            page = owner.ask("GET", f"/v1/tokens?limit=100{after}").json
            names += [t["id"] for t in page["items"]]
            pages += 1
            if "next" not in page:
                break
            after = "&after=" + page["next"]
        return None if len(set(names)) == 256 and names == sorted(names) and pages == 3 else f"{len(names)} in {pages} pages"


def recorded_first():
    """An entry that never gets to the disk: nothing is done.  One that takes its time: done then."""
    with start("refuse") as server:
        owner = Client(server)
        answer = owner.sign_in(OWNER)
        if not answer.is_problem(503, "not-recorded") or "disk" not in answer.json["detail"] or owner.headers:
            return answer
    with start("later", "refuse") as server:
        answer = Client(server).sign_in(OWNER)
        if not answer.is_problem(503, "not-recorded"):
            return answer
    with start("later") as server:
        owner = Client(server)
        if (answer := owner.sign_in(OWNER)).status != 201:
            return answer
        results = []

        def one(n):
            results.append(owner.ask("POST", "/v1/tokens", {"name": f"t{n}", "scopes": ["read"], "days": 1}))
        threads = [threading.Thread(target=one, args=(n,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        listed = owner.ask("GET", "/v1/tokens").json["items"]
        if {r.status for r in results} != {201} or {t["id"] for t in listed} != {r.json["id"] for r in results}:
            return [str(r) for r in results if r.status != 201]
        return entries(server)[1]


def pages():
    with start() as server:
        viewer = Client(server)
        viewer.sign_in(VIEWER)
        seen, after = [], ""
        while True:
            page = viewer.ask("GET", f"/v1/things?kind=hmi&limit=1000{after}").json
            seen += [t["id"] for t in page["items"]]
            if "next" not in page:
                break
            after = "&after=" + page["next"]
        if seen != [f"{n:05}" for n in range(1, 10000, 2)]:
            return f"{len(seen)} {seen[:5]}"
        if len(viewer.ask("GET", "/v1/things").json["items"]) != 100:
            return "how many where nothing is said"
        for query in ("limit=0", "limit=1001", "limit=x", "kind=cat", "all=maybe", "limit=1&limit=2"):
            if (answer := viewer.ask("GET", "/v1/things?" + query)).status != 400:
                return f"{query}: {answer}"
        times = []
        with server.connect() as s:
            for _ in range(200):
                began = time.monotonic()
                s.sendall(f"GET /v1/things?all=true&limit=1000 HTTP/1.1\r\nHost: a\r\nCookie: {viewer.headers['Cookie']}\r\n\r\n".encode())
                said = https_test.read_one(s)
                times.append((time.monotonic() - began) * 1e3)
        times.sort()
        print(f"    a page of 1,000 rows, {len(said) >> 10} KiB: p50 {times[100]:.1f} ms, p99 {times[198]:.1f} ms")
        return None


def events():
    with start() as server:
        owner, viewer = Client(server), Client(server)
        owner.sign_in(OWNER)
        viewer.sign_in(VIEWER)
        made = owner.ask("POST", "/v1/tokens", {"name": "ear", "scopes": ["event.read"], "days": 1}).json

        def listen(header):
            s = server.connect(20)
            s.sendall(f"GET /v1/events HTTP/1.1\r\nHost: a\r\n{header}\r\n\r\n".encode())
            return s
        by_session, by_token = listen("Cookie: " + viewer.headers["Cookie"]), listen("Authorization: Bearer " + made["token"])
        time.sleep(0.3)
        if (answer := viewer.ask("POST", "/v1/things/7/event", {"text": "x"})).status != 403:
            return f"a viewer tells: {answer}"
        if (answer := owner.ask("POST", "/v1/things/7/event", {"text": "b\u00e4r \"x\""})).status != 204:
            return answer
        for s in (by_session, by_token):
            said = https_test.read_events(s, 1)
            data = json.loads(re.search(rb"data: (.*)\n", said).group(1))
            if data != {"id": 7, "text": "b\u00e4r \"x\""} or b"event: thing\n" not in said:
                return said
        owner.ask("DELETE", f"/v1/tokens/{made['id']}")
        viewer.ask("DELETE", "/v1/session")
        for s in (by_session, by_token):
            s.settimeout(3)
            rest = b""
            while not rest.endswith(b"0\r\n\r\n"):
                try:
                    more = s.recv(65536)
                except TimeoutError:
                    return "listens on with what was revoked"
                if not more:
                    break
                rest += more
            s.close()
        return entries(server)[1]


def hostile_bodies():
    with start() as server:
        owner = Client(server)
        owner.sign_in(OWNER)
        bodies = [b"", b"{", b"[" * 100000, b'{"a":' * 30000, b"nul", b"\xff\xfe", b'{"name":"\\ud800"}', b'{"name":"a","name":"b"}', b"1e999999",
                  b'{"' + b"k" * 100000 + b'":1}', b"{" + b",".join(b'"k%d":1' % n for n in range(15000)) + b"}", b"\0" * 1000, b'"' * 1000]
        before = server.rss()
        for _ in range(20):
            for body in bodies:
                answer = owner.ask("POST", "/v1/tokens", raw=body)
                if not answer.is_problem(400, "inputs"):
                    return f"{body[:40]}: {answer}"
        print(f"    hostile bodies: {before} MiB before, {server.rss()} MiB after")
        answer = owner.ask("POST", "/v1/tokens", raw=b"x" * 300000)
        if not answer.is_problem(413, "body-large"):
            return answer
        return entries(server)[1]


def without_the_checker():
    """The process with passwords dies: nobody comes in, those who are in stay."""
    with start() as server:
        owner = Client(server)
        owner.sign_in(OWNER)
        with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children", encoding="ascii") as f:
            child = int(f.read().split()[0])
        os.kill(child, signal.SIGKILL)
        time.sleep(0.2)
        if (answer := Client(server).ask("POST", "/v1/session", OWNER)).status not in (401, 503):
            return answer
        return None if owner.ask("GET", "/v1/session").status == 200 else "those who were in are out"


def main():
    https_test.SHOW = os.path.abspath(sys.argv[1])
    wanted = [word for word in sys.argv[2:] if not word.startswith("-")]
    failed = 0
    for test in (open_to_all, a_session, wrong_passwords, many_at_the_door, tokens, as_many_tokens_as_there_can_be, recorded_first, pages,
                 events, hostile_bodies, without_the_checker):
        if wanted and test.__name__ not in wanted:
            continue
        why = test()
        failed += why is not None
        name = test.__name__.replace("_", " ")
        print(f"[  FAILED  ] {name}: {why}" if why else f"[       OK ] {name}", flush=True)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
