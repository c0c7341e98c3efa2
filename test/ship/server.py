"""A web server or bucket that is made here: HTTPS, PUT, GET, HEAD and DELETE.

At will it fails every third request, ends connections, sends elsewhere, does what no server should, or checks AWS
Signature Version 4 from its public description.
"""
import base64
import collections
import hashlib
import hmac
import http.server
import re
import threading
import time

PAGE = b"<html>what people read</html>" * 1000


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
