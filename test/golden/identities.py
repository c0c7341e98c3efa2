"""Captures in which somebody says who he is, or should keep to himself what opens a door."""
import base64
import hashlib
import struct

from messages import S7, Cip, ber, snmp
from protocols import HMI, HMI6, PLC, ROUTER6, SERVER, SWITCH, capture, who

# What no output may ever show: golden.py looks for it.
SECRET = b"Sesame7"


# --- secrets --------------------------------------------------------------------------------------

@capture
def secrets(net):
    """Passwords wherever a protocol has a place for them."""
    c = net.connect(HMI, PLC, 21)
    c.answer(b"220 ready\r\n")
    c.talk((b"USER engineer\r\n", b"331 Password required\r\n"), (b"pass " + SECRET + b"\r\n", b"332 Account\r\n"),
           (b"ACCT " + SECRET + b"\r\n", b"530 no\r\n"), (b"USER loader\r\n", b"331 Password required\r\n"),
           (b"PASS fwupgrade\r\n", b"230 in\r\n"))

    c = net.connect(HMI, PLC, 80)
    pair = base64.b64encode(b"engineer:" + SECRET)
    heads = (b"GET /login?user=engineer&Passwd=" + SECRET + b"&page=2 HTTP/1.1\r\nHost: plc\r\n\r\n",
             b"GET http://engineer:" + SECRET + b"@plc/;pw=" + SECRET + b"#top HTTP/1.1\r\n"
             b"Proxy-Authorization: Basic " + pair + b"\r\n\r\n",
             b"GET /a?b@c=d HTTP/1.1\r\nAuthorization: " + SECRET + b"\r\n\r\n",
             b"GET / HTTP/1.1\r\nAuthorization: Basic " + base64.b64encode(b"Admin:admin") + b"\r\n\r\n")
    answers = (b"HTTP/1.1 302 Found\r\nLocation: /?session_token=" + SECRET + b"\r\nContent-Length: 0\r\n\r\n",
               b"HTTP/1.1 407 Who?\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 401 Who?\r\nContent-Length: 0\r\n\r\n",
               b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    c.talk(*zip(heads, answers))

    name = bytes([0x2b, 6, 1, 6, 3, 18, 1, 4, 0])  # snmpTrapCommunity.0
    net.datagram(HMI, PLC, 50161, 161, snmp(SECRET, 0xa0, 1, name))
    net.datagram(PLC, HMI, 161, 50161, snmp(SECRET, 0xa2, 1, name, ber(4, SECRET)))

    c = net.connect(HMI, PLC, 23)
    c.answer(b"\xff\xfd\x18\xff\xfb\x01\xff\xfb\x03")
    c.talk((b"\xff\xfb\x18\xff\xfd\x01\xff\xfd\x03", b"User name:"), (b"engineer\r\n", b"Password for engineer: "),
           (SECRET + b"\r\n", b"\r\n# "), (b"enable password " + SECRET + b"\r\n", b"\r\n# "))

    c = net.connect(HMI, SERVER, 5900)
    c.answer(b"RFB 003.008\n")
    c.talk((b"RFB 003.008\n", b"\1\2"), (b"\2", bytes(16)), (SECRET.ljust(16, b"7"), bytes(4)))

    S7(net.connect(HMI, PLC, 102)).userdata(5, 1, SECRET.ljust(8), b"")
    Cip(net.connect(HMI, PLC, 44818)).talk(0x4d, Cip.path(0x39, 1), bytes(16) + SECRET.ljust(16, b"\0"))


@who
def snmp_names(net):
    """RFC 3418: a system name in the language of the plant, and octets that are no text."""
    for last, value in ((5, "Pumpe Süd €".encode()), (6, b"Halle \xfc"), (4, b"\xc3")):
        name = bytes([0x2b, 6, 1, 2, 1, 1, last, 0])
        net.datagram(HMI, PLC, 50161, 161, snmp(b"public", 0xa0, last, name))
        net.datagram(PLC, HMI, 161, 50161, snmp(b"public", 0xa2, last, name, ber(4, value)))


# --- TLS: RFC 8446, RFC 5246 ----------------------------------------------------------------------

def record(kind, body, version=0x0303):
    return struct.pack(">BHH", kind, version, len(body)) + body


def handshake(kind, body):
    return struct.pack(">I", kind << 24 | len(body)) + body


def counted(body, size=2):
    return len(body).to_bytes(size, "big") + body


def words(*values):
    return struct.pack(f">{len(values)}H", *values)


def extension(kind, body=b""):
    return words(kind) + counted(body)


def client_hello(ciphers, *extensions):
    return handshake(1, b"\3\3" + bytes(32) + counted(bytes(32), 1) + counted(words(*ciphers)) + b"\1\0" +
                     counted(b"".join(extensions)))


def server_hello(random, cipher, *extensions):
    return handshake(2, b"\3\3" + random + counted(bytes(32), 1) + words(cipher) + b"\0" +
                     counted(b"".join(extensions)))


@capture
def tls_retry(net):
    """Hellos with values of RFC 8701, the second one wanted by the server; change of ciphers between for middleboxes."""
    c = net.connect(HMI, SERVER, 443)
    ciphers = (0x3a3a, 0x1302, 0x1301, 0xc02b)
    rest = (extension(0, counted(b"\0" + counted(b"historian.plant.example"))), extension(0x17),
            extension(10, counted(words(0x8a8a, 29, 23))), extension(11, b"\1\0"),
            extension(16, counted(counted(b"h2", 1) + counted(b"http/1.1", 1))),
            extension(13, counted(words(0x0403, 0x0804, 0x0401))), extension(43, counted(words(0xbaba, 0x0304, 0x0303), 1)))
    change = record(20, b"\1")
    first = client_hello(ciphers, extension(0x0a0a), *rest, extension(51, counted(words(0x8a8a) + counted(b"\0"))),
                         extension(0x2a2a, b"\0"))
    # The first hello stands in two records, cut in the middle of its ciphers.
    c.ask(record(22, first[:75], 0x0301) + record(22, first[75:], 0x0301))
    again = hashlib.sha256(b"HelloRetryRequest").digest()
    c.answer(record(22, server_hello(again, 0x1302, extension(43, words(0x0304)), extension(51, words(23)))) + change)
    c.ask(change + record(22, client_hello(ciphers, *rest, extension(51, counted(words(23) + counted(bytes(65)))),
                                           extension(44, counted(bytes(8))))))
    c.answer(record(22, server_hello(bytes(range(32)), 0x1302, extension(43, words(0x0304)),
                                     extension(51, words(23) + counted(bytes(65))))) + record(23, bytes(40)))
    c.ask(record(23, bytes(50)))


@capture
def tls_many(net):
    """More ciphers than a fingerprint is made of: none is told rather than a wrong one."""
    net.connect(HMI, SERVER, 443).ask(record(22, client_hello(range(0x0001, 0x0101 + 1))))


def attribute(arc, tag, value):
    return ber(0x31, ber(0x30, ber(6, bytes([0x55, 4, arc])), ber(tag, value)))


def certificate(version, subject, issuer, since, until, names=b""):
    algorithm = ber(0x30, ber(6, bytes.fromhex("2a864886f70d01010b")), b"\5\0")
    extensions = ber(0xa3, ber(0x30, ber(0x30, ber(6, b"\x55\x1d\x11"), ber(4, ber(0x30, names))))) if names else b""
    body = ber(0x30, version, ber(2, b"\0\xa1\xb2"), algorithm, ber(0x30, *issuer), ber(0x30, since, until),
               ber(0x30, *subject), ber(0x30, algorithm, ber(3, b"\0")), extensions)
    return ber(0x30, body, algorithm, ber(3, b"\0"))


@who
def tls_certificates(net):
    """RFC 5280, 4.1: strings of all kinds, version 1 and 3, times up to 9999."""
    c = net.connect(HMI, SERVER, 443)
    c.ask(record(22, client_hello((0xc02f,))))
    third = ber(0xa0, ber(2, b"\2"))
    root = [attribute(3, 0x1e, "Wurzel Žilina €".encode("utf-16-be")), attribute(10, 0x14, "Wasserwerk Süd".encode("latin-1"))]
    leaf = certificate(third, [attribute(3, 0x0c, "plc-süd.example".encode()), attribute(5, 0x13, b"SN-0042"),
                               attribute(11, 0x1c, "Pumpe 𝄞".encode("utf-32-be"))], root,
                       ber(0x17, b"490101000000Z"), ber(0x18, b"20500101000000Z"),
                       ber(0x82, b"plc.example") + ber(0x87, SERVER.ip) + ber(0x81, b"a@b"))
    old = certificate(b"", root, root, ber(0x17, b"5001010000Z"), ber(0x18, b"99991231235959Z"))
    elsewhere = certificate(b"", root, root, ber(0x17, b"240229233000-0100"), ber(0x17, b"2501010100+0530"))
    chain = b"".join(counted(one, 3) for one in (leaf, old, elsewhere))
    c.answer(record(22, handshake(2, b"\3\3" + bytes(32) + b"\0\xc0\x2f\0") + handshake(11, counted(chain, 3)) +
                    handshake(14, b"")))


@who
def tls_tunnels(net):
    """A certificate by way of SOCKS 5 (RFC 1928) and 4a, and of CONNECT, is not the proxy's; behind words of mail it is."""
    words_of = [attribute(3, 0x0c, b"far.example")]
    leaf = certificate(b"", words_of, words_of, ber(0x17, b"490101000000Z"), ber(0x18, b"20500101000000Z"))
    hello = client_hello((0xc02f,), extension(0, counted(b"\0" + counted(b"far.example"))))
    answer = (handshake(2, b"\3\3" + bytes(32) + b"\0\xc0\x2f\0") + handshake(11, counted(counted(leaf, 3), 3)) +
              handshake(14, b""))
    way = b"CONNECT far.example:443 HTTP/1.1\r\nHost: far.example:443\r\n\r\n", b"HTTP/1.1 200 Connection established\r\n\r\n"
    mail = (b"EHLO panel\r\n", b"250 STARTTLS\r\n"), (b"STARTTLS\r\n", b"220 go\r\n")
    socks5 = (b"\5\1\0", b"\5\0"), (b"\5\1\0\3\x0bfar.example\1\xbb", b"\5\0\0\1" + bytes(6))
    socks4 = ((b"\4\1\1\xbb\0\0\0\1\0far.example\0", b"\0Z" + bytes(6)),)
    for server, port, before in ((SERVER, 1080, socks5), (SWITCH, 1080, socks4), (ROUTER6, 3128, (way,)), (PLC, 25, mail)):
        c = net.connect(HMI if server != ROUTER6 else HMI6, server, port)
        c.talk(*before, (record(22, hello), record(22, answer)))
