"""OPC UA, encoded after OPC 10000-6: types, messages, and a client with its server on one channel."""
import struct
import uuid

from protocols import HMI, PLC

WHEN = 133_500_000_000_000_000  # 100 ns since 1601: January 2024
GOOD, NOT_WRITABLE, UNKNOWN, REJECTED, NO_SUBSCRIPTION = 0, 0x803b0000, 0x80340000, 0x80210000, 0x80790000


def u8(v):
    return struct.pack("<B", v)


def u16(v):
    return struct.pack("<H", v)


def u32(v):
    return struct.pack("<I", v & 0xffffffff)


def real(v):
    return struct.pack("<d", v)


def text(v=None):
    data = v.encode() if isinstance(v, str) else v
    return u32(-1) if data is None else u32(len(data)) + data


def many(items=None):
    return u32(-1) if items is None else u32(len(items)) + b"".join(items)


def time(v=WHEN):
    return struct.pack("<q", v)


def node(v=0, space=0):
    """5.2.2.9: the shortest form that holds it."""
    if isinstance(v, str):
        return u8(3) + u16(space) + text(v)
    if isinstance(v, uuid.UUID):
        return u8(4) + u16(space) + v.bytes_le
    if isinstance(v, bytes):
        return u8(5) + u16(space) + text(v)
    if not space and v < 256:
        return u8(0) + u8(v)
    return u8(1) + u8(space) + u16(v) if space < 256 and v < 65536 else u8(2) + u16(space) + u32(v)


def expanded(v, space, uri=None, server=0):
    plain = node(v, space)
    mask = (0x80 if uri else 0) | (0x40 if server else 0)
    return u8(plain[0] | mask) + plain[1:] + (text(uri) if uri else b"") + (u32(server) if server else b"")


def name(v, space=0):
    return u16(space) + text(v)


def localized(v, locale=None):
    return u8((1 if locale else 0) | (2 if v else 0)) + (text(locale) if locale else b"") + (text(v) if v else b"")


def holds(type_id=0, body=None, xml=None):
    if xml:
        return node(type_id) + u8(2) + text(xml)
    return node(type_id) + (u8(0) if body is None else u8(1) + text(body))


def variant(kind, *values, array=False, dimensions=()):
    mask = kind | (0x80 if array else 0) | (0x40 if dimensions else 0)
    out = u8(mask) + (u32(len(values)) if array else b"") + b"".join(values)
    return out + (many([u32(d) for d in dimensions]) if dimensions else b"")


def data(value=None, status=None, source=None, server=None):
    mask = (1 if value else 0) | (2 if status is not None else 0) | (0x14 if source else 0) | (0x28 if server else 0)
    return u8(mask) + (value or b"") + (u32(status) if status is not None else b"") + \
        (time(source) + u16(5) if source else b"") + (time(server) + u16(7) if server else b"")


def chunk(kind, body, final=b"F"):
    return kind + final + u32(8 + len(body)) + body


NONE = "http://opcfoundation.org/UA/SecurityPolicy#None"
SECURE = "http://opcfoundation.org/UA/SecurityPolicy#Basic256Sha256"
APPLICATION = text("urn:plant:boiler") + text("http://vendor.example/boiler") + localized("Boiler server", "en") + \
    u32(0) + text() + text() + many([text("opc.tcp://boiler:4840")])
CLIENT = text("urn:plant:hmi") + text("http://vendor.example/hmi") + localized("HMI 3") + u32(1) + text() + text() + many()
ENDPOINT = text("opc.tcp://boiler:4840") + APPLICATION + text() + u32(1) + text(NONE) + many([
    text("anonymous") + u32(0) + text() + text() + text(),
    text("user") + u32(1) + text() + text() + text(SECURE)]) + \
    text("http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary") + u8(1)
SIGNATURE = text("http://www.w3.org/2000/09/xmldsig#rsa-sha1") + text(b"\x5a" * 8)
NOTHING = holds()
NO_VIEW = node() + time(0) + u32(0)
LEVEL, TEMPERATURE = node("Boiler.Level", 2), node("Boiler.Temperature", 2)


class Session:
    """A client and its server on one channel, with numbers that count as they should."""

    def __init__(self, net, port, policy=NONE, tail=b""):
        self.connection, self.sequence, self.request, self.tail = net.connect(HMI, PLC, port), 50, 0, tail
        sizes = u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0)
        self.connection.ask(chunk(b"HEL", sizes + text("opc.tcp://boiler:4840")))
        self.connection.answer(chunk(b"ACK", sizes))
        if policy == NONE:
            self.open(policy)

    def open(self, policy):
        self.request += 1
        head = u32(0) + text(policy) + text() + text() + u32(1) + u32(self.request)
        self.connection.ask(chunk(b"OPN", head + node(446) + self.asking() + u32(0) + u32(0) + u32(1) + text(b"no") + u32(60000)))
        head = u32(9) + text(policy) + text() + text() + u32(51) + u32(self.request)
        self.connection.answer(chunk(b"OPN", head + node(449) + self.answering() + u32(0) + u32(9) + u32(1) + time() +
                                     u32(60000) + text(b"no")))

    def asking(self):
        return node(b"session secret", 0) + time() + u32(1000 + self.request) + u32(0x3ff) + text("audit 7") + u32(5000) + NOTHING

    def answering(self, status=GOOD):
        return time() + u32(1000 + self.request) + u32(status) + u8(0) + many() + NOTHING

    def say(self, answer, body, kind=b"MSG"):
        self.sequence += 1
        whole = u32(9) + u32(1) + u32(self.sequence) + u32(self.request) + body + self.tail
        (self.connection.answer if answer else self.connection.ask)(chunk(kind, whole))

    def ask(self, service, body=b""):
        self.request += 1
        self.say(False, node(service) + self.asking() + body)

    def answer(self, service, body=b"", status=GOOD):
        self.say(True, node(service) + self.answering(status) + body)

    def ask_plainly(self, service, body):
        self.request += 1
        self.say(False, node(service) + body)

    def answer_plainly(self, service, body):
        self.say(True, node(service) + body)

    def talk(self, service, ask=b"", answer=b""):
        self.ask(service, ask)
        self.answer(service + 3 if service < 12000 else service + 1, answer)

    def fault(self, service, ask, status):
        self.ask(service, ask)
        self.answer(397, status=status)


def value_id(which, attribute=13, part=None):
    return which + u32(attribute) + text(part) + name(None)


def session(talk, token):
    talk.talk(461, CLIENT + text() + text("opc.tcp://boiler:4840") + text("HMI session") + text(b"no") + text() +
              real(60000) + u32(0),
              node(17, 1) + node(b"session secret", 1) + real(60000) + text(b"no") + text() + many([ENDPOINT]) + many() +
              SIGNATURE + u32(0))
    return SIGNATURE + many() + many([text("en")]) + token + SIGNATURE


ANONYMOUS = holds(321, text("anonymous"))
USER = holds(324, text("user") + text("operator") + text("Sesame-1") + text())
BY_CERTIFICATE = holds(327, text("certificate") + text(b"\x30\x03\x02\x01\x05"))
ISSUED = holds(940, text("issued") + text("ey.secret.token") + text("http://www.w3.org/2001/04/xmlenc#rsa-oaep"))
STATUSES = many([u32(GOOD)]) + many()
