"""OPC UA, encoded after OPC 10000-6: all services, types and refusals, security, chunks, subscriptions."""
import struct
import uuid

from protocols import HMI, PLC, capture, points

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


@capture
def opcua_session(net):
    """Discovery, sessions and logins: accepted, refused, and of every kind of token."""
    talk = Session(net, 4840)
    talk.talk(422, text("opc.tcp://boiler:4840") + many([text("en")]) + many(), many([APPLICATION]))
    talk.talk(422, text("opc.tcp://boiler:4840") + many() + many(), many([APPLICATION, CLIENT]))
    other = text("urn:plant:mill") + text("http://vendor.example/mill") + localized("Mill server") + u32(0) + text() + text() + many()
    talk.talk(422, text("opc.tcp://boiler:4840") + many() + many([text("urn:plant:mill")]), many([other]))  # not of itself
    talk.talk(12208, u32(0) + u32(10) + many([text("LDS")]),
              time() + many([u32(3) + text("Boiler") + text("opc.tcp://boiler:4840") + many([text("DA"), text("HD")])]))
    talk.talk(428, text("opc.tcp://boiler:4840") + many() + many(), many([ENDPOINT]))
    server = text("urn:plant:boiler") + text("http://vendor.example/boiler") + many([localized("Boiler", "en")]) + \
        u32(0) + text() + many([text("opc.tcp://boiler:4840")]) + text() + u8(1)
    talk.talk(437, server)
    talk.talk(12211, server + many([holds(12901, text("Boiler") + many([text("DA")]))]), STATUSES)
    activate = session(talk, ANONYMOUS)
    talk.talk(467, activate, text(b"no") + many() + many())
    talk.talk(467, session(talk, USER), text(b"no") + STATUSES)
    talk.fault(467, session(talk, USER), REJECTED)
    talk.talk(467, session(talk, BY_CERTIFICATE), text(b"no") + STATUSES)
    talk.talk(467, session(talk, ISSUED), text(b"no") + STATUSES)
    talk.talk(479, u32(1007), u32(1))
    talk.talk(473, u8(1))
    talk.ask(9999)  # nobody knows such a service
    talk.fault(410, u32(1) + u32(-2) + variant(1, u8(1)), 0x800b0000)
    talk.request += 1
    talk.say(False, node(452) + talk.asking(), kind=b"CLO")
    # A fault with the number of the hello: it answers no request of a channel.
    lost = Session(net, 4840)
    lost.request = 0
    lost.answer(397, status=0x80220000)


@capture
def opcua_tokens(net):
    """Who a user is, said in other ways than the four of the standard: all of it may be the secret."""
    talk = Session(net, 4840)
    secret = text("user") + text("operator") + text("Sesame-1") + text()
    xml = "<UserNameIdentityToken><UserName>operator</UserName><Password>U2VzYW1lLTE=</Password></UserNameIdentityToken>"
    tokens = [holds(323, xml=xml), holds(324, xml=xml), holds(322, secret), node(5001, 2) + u8(1) + text(secret),
              expanded(324, 0, "urn:vendor") + u8(1) + text(secret),
              holds(298, text("Sesame-1") + node(12) + u32(-1) + many() + localized("Sesame-1")),
              holds(811, many([u32(1) + data(variant(12, text("Sesame-1")))]) + many())]
    for token in tokens:
        talk.talk(467, session(talk, token), text(b"no") + STATUSES)
    talk.fault(467, session(talk, tokens[0]), REJECTED)
    # Nothing was presented: no login.
    for token in (NOTHING, holds(5002, b"")):
        talk.talk(467, session(talk, token), text(b"no") + STATUSES)


@capture
def opcua_methods(net):
    """Methods that every server numbers alike: what they do, and what of it is a secret."""
    talk = Session(net, 4840)

    def call(method, *arguments, status=GOOD, out=()):
        talk.talk(712, many([node(2253) + method + many(arguments)]),
                  many([u32(status) + many([u32(GOOD) for _ in arguments]) + many() + many(out)]) + many())

    call(node(3875), variant(7, u32(7)))  # ConditionRefresh
    call(node(12886), variant(6, u32(4)), variant(13, time()), variant(7, u32(0)), variant(21, localized("maintenance")),
         variant(1, u8(1)))  # RequestServerStateChange: shutdown
    call(node(24304), variant(12, text("fitter")), variant(12, text("Sesame-2")), variant(7, u32(0)), variant(12, text("on call")))
    call(node(24310), variant(12, text("Sesame-2")), variant(12, text("Sesame-3")), status=0x801f0000)
    call(node(13737), variant(17, node()), variant(17, node()), variant(15, text(b"\x30\x00")), variant(15, array=True),
         variant(12, text("PFX")), variant(15, text(b"private key")), out=[variant(1, u8(1))])
    call(node(15215), variant(12, text("group")), variant(7, u32(0)), variant(7, u32(1)),
         out=[variant(12, text("PubSub-Aes128-CTR")), variant(15, text(b"key of a group"), array=True)])
    call(node(11585), variant(7, u32(1)), variant(6, u32(100)), out=[variant(15, text(b"content"))])
    call(node(11588), variant(7, u32(1)), variant(15, text(b"content")))
    # The gravest of several counts; numbers of other namespaces are a vendor's own.
    talk.talk(712, many([node(2253) + node(12873) + many([variant(7, u32(7))]), node(2253) + node(12740) + many()]),
              many([u32(GOOD) + many() + many() + many(), u32(GOOD) + many() + many() + many()]) + many())
    call(node(24304, 3), variant(12, text("start")))
    state = [variant(13, time()), variant(7, u32(0)), variant(21, localized("maintenance"))]
    call(node(12886), variant(6, u32(0)), *state, variant(1, u8(1)))  # restart, then run
    call(node(12886), variant(6, u32(5)), *state, variant(1, u8(0)))  # a test
    call(node(12886), variant(6, u32(4), u32(4), array=True), *state, variant(1, u8(0)))  # not one state but two
    for mode in (1, 2, 6, 10):  # a file opened to read, to write, to be erased, to be added to
        call(node(11580), variant(3, u8(mode)), out=[variant(7, u32(1))])
    call(node(11590), variant(7, u32(1)), out=[variant(9, struct.pack("<Q", 4))])  # GetPosition
    call(node(12647), variant(3, u8(1)), out=[variant(7, u32(2))])  # the trusted certificates
    call(node(12647), variant(3, u8(6)), out=[variant(7, u32(2))])
    for position in (12657, 12660):
        call(node(position), variant(7, u32(2)), out=[variant(9, struct.pack("<Q", 4))])
    call(node(14145), variant(7, u32(2)), variant(7, u32(15)), out=[variant(7, u32(3))])  # OpenWithMasks
    call(node(14151), variant(15, text(b"\x30\x00")), variant(1, u8(1)))  # AddCertificate
    rule = variant(22, holds(15736, u32(1) + text("mallory")))
    for identity in (15624, 15708, 15710, 16043):  # AddIdentity, RemoveIdentity: of roles, of an administrator, of an engineer
        call(node(identity), rule)
    call(node(16261), variant(12, text("urn:mallory")))  # AddApplication
    call(node(25459), variant(3, u8(6)), out=[variant(7, u32(1))])  # the configuration of PubSub
    call(node(17366), variant(22, holds(15617, b"\0")))  # AddConnection
    # Nobody saw what was asked: whose these values are is not known.
    talk.request += 1
    talk.answer(715, many([u32(GOOD) + many() + many() + many([variant(6, u32(5))])]) + many())
    talk.request += 1
    talk.answer(634, many([data(variant(11, real(5)))]) + many())


@points
def opcua_secrets(net):
    """Nodes and methods that are called like a secret: whatever they hold, whoever writes, reads or watches it."""
    talk = Session(net, 4840)
    secret, pin = node("Users.operator.Password", 2), node('"Panel"."Password"', 3)
    value, number = data(variant(12, text("Sesame7"))), data(variant(7, u32(4711)))
    both = [value_id(secret), value_id(pin), value_id(LEVEL)]

    def values(level):
        return [value, number, data(variant(11, real(level)))]

    talk.talk(673, many([which + u32(13) + text() + v for which, v in zip((secret, pin, LEVEL), values(1))]),
              many([u32(GOOD)] * 3) + many())
    talk.talk(631, real(0) + u32(0) + many(both), many(values(2)) + many())
    talk.talk(631, real(0) + u32(0) + many([value_id(secret, 4), value_id(secret, 13, "1:2")]),
              many([data(variant(21, localized("Password of the operator"))), value]) + many())
    talk.talk(787, real(1000) + u32(1) + u32(1) + u32(0) + u8(1) + u8(0), u32(77) + real(1000) + u32(1) + u32(1))
    items = [what + u32(2) + u32(n) + real(1) + NOTHING + u32(1) + u8(1) for n, what in enumerate(both)]
    made = [u32(GOOD) + u32(10 + n) + real(1) + u32(1) + NOTHING for n in range(3)]
    talk.talk(751, u32(77) + u32(2) + many(items), many(made) + many())
    note = holds(811, many([u32(n) + v for n, v in enumerate(values(3))]) + many())
    events = holds(916, many([u32(0) + many([variant(12, text("Sesame7"))])]))
    talk.talk(826, many(), u32(77) + many() + u8(0) + u32(1) + time() + many([note, events]) + many() + many())
    # By a shorter name, in the history, in a new node, in methods.
    talk.talk(560, many([secret]), many([node(5, 2)]))
    talk.talk(673, many([node(5, 2) + u32(13) + text() + value]), STATUSES)
    talk.talk(700, many([holds(682, secret + u32(1) + many([value]))]), many([u32(GOOD) + many() + many()]) + many())
    talk.talk(664, holds(649, u8(0) + time() + time() + u32(1) + u8(0)) + u32(0) + u8(0) +
              many([secret + text() + name(None) + text()]), many([u32(GOOD) + text() + holds(658, many([value]))]) + many())
    attributes = u32(0x3fffff) + localized("") + localized("") + u32(0) + u32(0) + variant(12, text("Sesame7")) + \
        node(12) + u32(-1) + many() + u8(3) + u8(3) + real(0) + u8(0)
    talk.talk(488, many([expanded(85, 0) + node(47) + expanded(0, 0) + name("AdminPassword", 2) + u32(2) +
                         holds(357, attributes) + expanded(63, 0)]), many([u32(GOOD) + node(9, 2)]) + many())
    for place, method in ((node(2253), node("ChangePassword", 3)), (secret, node("Set", 3))):
        talk.talk(712, many([place + method + many([variant(12, text("Sesame7")), variant(7, u32(4711))])]),
                  many([u32(GOOD) + many() + many() + many([variant(12, text("Sesame7"))])]) + many())


@points
def opcua_forged(net):
    """Structures that mean something elsewhere, in values and filters: no value becomes another's by them."""
    talk = Session(net, 4840)
    talk.talk(787, real(1000) + u32(1) + u32(1) + u32(0) + u8(1) + u8(0), u32(77) + real(1000) + u32(1) + u32(1))
    item = value_id(LEVEL) + u32(2) + u32(5) + real(1) + holds(682, node("Other", 2) + u32(1) + many()) + u32(1) + u8(1)
    talk.talk(751, u32(77) + u32(2) + many([item]), many([u32(GOOD) + u32(1) + real(1) + u32(1) + NOTHING]) + many())
    note = holds(811, many([u32(5) + data(variant(11, real(3.5)))]) + many())
    talk.talk(826, many(), u32(77) + many() + u8(0) + u32(1) + time() + many([note]) + many() + many())
    talk.talk(631, real(0) + u32(0) + many([value_id(LEVEL), value_id(TEMPERATURE)]),
              many([data(variant(22, note)), data(variant(11, real(4)))]) + many())
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(22, USER))]), STATUSES)
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(22, holds(688, node("Other", 2) + u8(0) + time() + time())))]),
              STATUSES)
    talk.talk(700, many([USER, holds(682, LEVEL + u32(1) + many([data(variant(22, note))]))]),
              many([u32(GOOD) + many() + many()] * 2) + many())
    # An answer with the number of another service's request answers nobody.
    talk.ask(631, real(0) + u32(0) + many([value_id(LEVEL)]))
    talk.answer(676, STATUSES)


@capture
def opcua_values(net):
    """Values of every type, read, written and refused; the state and the build of a server."""
    talk = Session(net, 4840)
    when, key = time(), uuid.UUID("72962b91-fa75-4ae6-8d28-b404dc7daf63")
    values = [
        variant(1, u8(1)), variant(2, b"\xfe"), variant(3, u8(200)), variant(4, struct.pack("<h", -300)),
        variant(5, u16(60000)), variant(6, u32(-70000)), variant(7, u32(4000000000)), variant(8, struct.pack("<q", -5)),
        variant(9, struct.pack("<Q", 1 << 40)), variant(10, struct.pack("<f", 21.5)), variant(11, real(98.25)),
        variant(12, text("running")), variant(13, when), variant(14, key.bytes_le), variant(15, text(b"\1\2\3")),
        variant(16, text("<a/>")), variant(17, node(key, 3)), variant(18, expanded("Far", 0, "urn:other", 2)),
        variant(19, u32(NOT_WRITABLE)), variant(20, name("Level", 2)), variant(21, localized("Pegel", "de")),
        variant(22, holds(886, real(0) + real(100))), variant(23, data(variant(6, u32(4)), GOOD)),
        variant(24, variant(6, u32(1)), variant(11, real(2)), array=True),
        variant(25, u8(0x7f) + u32(1) + u32(2) + u32(3) + u32(4) + text("more") + u32(UNKNOWN) + u8(0)),
        variant(6, *(u32(v) for v in (1, -2, 3, 4)), array=True, dimensions=(2, 2)), u8(0),
        variant(22, holds(889, text("http://www.opcfoundation.org/UA/units/un/cefact") + u32(4408652) + localized("°C") + localized("degree Celsius"))),
        variant(22, holds(298, text("speed") + node(11) + u32(-1) + many() + localized(None))),
        variant(22, holds(30001, b"\xab\xcd")), variant(22, holds(30002, xml="<point/>")),
        variant(27, text(b"\7")),  # numbers up to 31 are kept free for such types
    ]
    asked = [value_id(node(f"Type{n}", 2)) for n in range(len(values))]
    results = [data(v, source=WHEN, server=WHEN + 10_000_000) for v in values]
    read = real(0) + u32(2)
    talk.talk(631, read + many(asked), many(results) + many())
    # An attribute other than the value, a part of an array, opaque and numeric identifiers, a bad value.
    talk.talk(631, read + many([value_id(LEVEL, 4), value_id(LEVEL, 13, "1:2"), value_id(node(b"\1\2\3\4", 4)),
                                value_id(node(70000, 300)), value_id(node(85))]),
              many([data(variant(21, localized("Level"))), data(variant(10, struct.pack("<f", 1), struct.pack("<f", 2), array=True)),
                    data(variant(11, real(7))), data(variant(11, real(0)), 0x808b0000), data(status=UNKNOWN)]) + many())
    status = when + when + u32(0) + text("http://vendor.example/boiler") + text("Example Works") + text("Boiler OPC UA") + \
        text("2.1.7") + text("1107") + when + u32(0) + localized(None)
    talk.talk(631, read + many([value_id(node(2256))]), many([data(variant(22, holds(864, status)))]) + many())
    server = [(2259, variant(6, u32(1))), (2261, variant(12, text("Boiler OPC UA"))), (2263, variant(12, text("Example Works"))),
              (2264, variant(12, text("2.1.8"))), (2265, variant(12, text("2.1.8")))]
    talk.talk(631, read + many([value_id(node(n)) for n, _ in server]), many([data(v) for _, v in server]) + many())
    writes = many([LEVEL + u32(13) + text() + data(variant(11, real(55.5))),
                   TEMPERATURE + u32(13) + text() + data(variant(10, struct.pack("<f", 80.5)), GOOD, WHEN)])
    talk.talk(673, writes, many([u32(GOOD), u32(NOT_WRITABLE)]) + many())
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(11, real(56)))]), many([u32(NOT_WRITABLE)]) + many())
    talk.fault(673, many([LEVEL + u32(13) + text() + data(variant(11, real(57)))]), 0x801f0000)
    talk.talk(712, many([node("Boiler", 2) + node("Boiler.Start", 2) + many([variant(1, u8(1)), variant(12, text("now"))])]),
              many([u32(GOOD) + many([u32(GOOD)]) + many() + many([variant(6, u32(3))])]) + many())
    talk.talk(712, many([node("Boiler", 2) + node("Boiler.Stop", 2) + many()]),
              many([u32(0x80750000) + many() + many() + many()]) + many())


@capture
def opcua_nodes(net):
    """Browsing, building and taking apart the address space; queries; registered nodes."""
    talk = Session(net, 4840)
    reference = node(35) + u8(1) + expanded("Boiler.Level", 2) + name("Level", 2) + localized("Level") + u32(2) + expanded(63, 0)
    results = many([u32(GOOD) + text(b"\1\2") + many([reference])]) + many([u8(1) + u32(3)])
    talk.talk(527, NO_VIEW + u32(1) + many([node(85) + u32(0) + node(33) + u8(1) + u32(0xff) + u32(63)]), results)
    talk.talk(533, u8(0) + many([text(b"\1\2")]), results)
    talk.talk(527, NO_VIEW + u32(1) + many([node("Gone", 2) + u32(0) + node() + u8(0) + u32(0) + u32(0)]),
              many([u32(UNKNOWN) + text() + many()]) + many())
    element = node(47) + u8(0) + u8(1) + name("Level", 2)
    talk.talk(554, many([node(85) + many([element])]), many([u32(GOOD) + many([expanded("Boiler.Level", 2) + u32(-1)])]) + many())
    talk.talk(560, many([LEVEL]), many([node(5001, 2)]))
    talk.talk(566, many([node(5001, 2)]))
    common = u32(0x3fffff) + localized("New") + localized("Something new") + u32(0) + u32(0)
    variable = variant(6, u32(9)) + node(6) + u32(-1) + many()
    kinds = {354: u8(1), 357: variable + u8(3) + u8(1) + real(100) + u8(1), 360: u8(1) + u8(0), 363: u8(0),
             366: variable + u8(0), 369: u8(0) + u8(1) + localized("NewOf"), 372: u8(1), 375: u8(1) + u8(0), 351: b""}
    talk.talk(488, many([expanded(85, 0) + node(35) + expanded(f"New{kind}", 2) + name("New", 2) + u32(2) +
                         holds(kind, common + rest) + expanded(63, 0) for kind, rest in kinds.items()]),
              many([u32(GOOD) + node("New", 2), u32(0x805e0000) + node()]) + many())
    talk.talk(494, many([node(85) + node(35) + u8(1) + text() + expanded("New354", 2) + u32(1)]), STATUSES)
    talk.talk(506, many([node(85) + node(35) + u8(1) + expanded("New354", 2) + u8(1)]), STATUSES)
    talk.talk(500, many([node("New354", 2) + u8(1)]), many([u32(0x80690000)]) + many())
    operand = [holds(594, u32(1)), holds(597, variant(6, u32(5))), holds(600, node(2041) + text("x") + many([element]) + u32(13) + text()),
               holds(603, node(2041) + many([name("Severity")]) + u32(13) + text())]
    filters = many([u32(2) + many(operand)])
    talk.talk(615, NO_VIEW + many([expanded(62, 0) + u8(1) + many([many([element]) + u32(13) + text()])]) + filters + u32(5) + u32(6),
              many([expanded("Boiler.Level", 2) + expanded(63, 0) + many([variant(11, real(3))])]) + text(b"\3") +
              many([u32(GOOD) + many([u32(GOOD)]) + many()]) + many() + many([u32(GOOD) + many([u32(GOOD)]) + many()]) + many())
    talk.talk(621, u8(0) + text(b"\3"), many() + text())


@capture
def opcua_sessionless(net):
    """Services in the structure that stands for a session: their fact is the service's."""
    talk = Session(net, 4840)

    def invoke(service, ask, answer, answered=None, uris=("urn:plant:boiler",)):
        names = many([text(uri) for uri in uris])
        talk.ask_plainly(15903, u32(0) + names + many() + many([text("en")]) + u32(service - 2) + talk.asking() + ask)
        talk.answer_plainly(21001, names + many() + u32((answered or service + 3) - 2) + talk.answering(UNKNOWN if answered == 397 else GOOD) + answer)

    level = node("Boiler.Level", 1)
    invoke(631, real(0) + u32(0) + many([value_id(level), value_id(node(2264))]),
           many([data(variant(11, real(12))), data(variant(12, text("2.1.9")))]) + many())
    invoke(673, many([level + u32(13) + text() + data(variant(11, real(13)))]), STATUSES, uris=())
    invoke(712, many([node(2253) + node(12886) + many([variant(6, u32(4))])]),
           many([u32(GOOD) + many([u32(GOOD)]) + many() + many()]) + many())
    invoke(631, real(0) + u32(0) + many([value_id(level)]), b"", 397)
    # The number of the encoding in place of the type's; an answer as in a session.
    talk.ask_plainly(15903, u32(7) + many() + many() + many() + u32(673) + talk.asking() +
                     many([level + u32(13) + text() + data(variant(11, real(14)))]))
    talk.answer(676, STATUSES)
    # A service nobody knows; an answer where a question belongs; nine names promised.
    talk.ask_plainly(15903, u32(7) + many() + many() + many() + u32(9999) + talk.asking())
    talk.ask_plainly(15903, u32(7) + many() + many() + many() + u32(632) + talk.answering())
    talk.ask_plainly(15903, u32(7) + u32(9))


@capture
def opcua_aliases(net):
    """Registered nodes: a session's own names, told as what they stand for."""
    for name_, value in (("Boiler.Level", 1.5), ("Boiler.Temperature", 81)):
        talk = Session(net, 4840)
        talk.talk(560, many([node(name_, 2), node("Boiler.Pressure", 2), LEVEL]),
                  many([node(5001, 2), node("Boiler.Pressure", 2), node(b"\1\2", 3)]))
        aliases = [node(5001, 2), node("Boiler.Pressure", 2), node(b"\1\2", 3), node(5002, 2)]
        talk.talk(631, real(0) + u32(0) + many([value_id(alias) for alias in aliases] + [value_id(aliases[0], 4)]),
                  many([data(variant(11, real(value + n))) for n in range(5)]) + many())
        talk.talk(673, many([aliases[0] + u32(13) + text() + data(variant(11, real(value)))]), STATUSES)
        item = value_id(aliases[0]) + u32(2) + u32(1) + real(250) + NOTHING + u32(1) + u8(1)
        talk.talk(751, u32(7) + u32(0) + many([item]), many([u32(GOOD) + u32(1) + real(250) + u32(1) + NOTHING]) + many())
        talk.ask(826, many())
        talk.answer(829, u32(7) + many([u32(1)]) + u8(0) + u32(1) + time() +
                    many([holds(811, many([u32(1) + data(variant(11, real(value + 5)))]) + many())]) + many() + many())
        talk.talk(560, many([TEMPERATURE]), many([node(5001, 2)]))  # the same name for another
        talk.talk(631, real(0) + u32(0) + many([value_id(aliases[0])]), many([data(variant(11, real(6)))]) + many())


@capture
def opcua_history(net):
    """History read in every way, and changed."""
    talk = Session(net, 4840)
    settings = u8(0) + u8(1) + u8(10) + u8(90) + u8(0)
    selects = many([node(2041) + many([name("Severity")]) + u32(13) + text()])
    details = {646: u32(10) + time() + time() + selects + many(), 649: u8(0) + time() + time() + u32(100) + u8(1),
               652: time() + time() + real(1000) + many([node(2342)]) + settings, 655: many([time()]) + u8(0)}
    found = [holds(658, many([data(variant(11, real(1.5)), source=WHEN), data(variant(11, real(2.5)), source=WHEN + 10_000_000)])),
             holds(661, many([many([variant(5, u16(500))])])),
             holds(11227, many([data(variant(11, real(1)))]) + many([time() + u32(2) + text("operator")])), NOTHING]
    for (kind, body), result in zip(details.items(), found):
        talk.talk(664, holds(kind, body) + u32(0) + u8(0) + many([LEVEL + text() + name(None) + text()]),
                  many([u32(GOOD if result != NOTHING else 0x80720000) + text() + result]) + many())
    updates = {682: LEVEL + u32(2) + many([data(variant(11, real(3)), source=WHEN)]), 11300: LEVEL + u32(1) + many([data(variant(11, real(4)))]),
               685: LEVEL + u32(3) + selects + many() + many([many([variant(5, u16(1))])]), 688: LEVEL + u8(0) + time() + time(),
               691: LEVEL + many([time()]), 694: LEVEL + many([text(b"\1\2")])}
    talk.talk(700, many([holds(kind, body) for kind, body in updates.items()]),
              many([u32(GOOD) + many([u32(GOOD)]) + many() for _ in updates]) + many())


@capture
def opcua_subscription(net):
    """Values come by the client's handle; handles change, items go, numbers are used again."""
    talk = Session(net, 4840)
    talk.talk(787, real(500) + u32(100) + u32(10) + u32(0) + u8(1) + u8(0), u32(7) + real(500) + u32(100) + u32(10))

    def item(which, handle, wanted=NOTHING, attribute=13):
        return value_id(which, attribute) + u32(2) + u32(handle) + real(250) + wanted + u32(1) + u8(1)

    def publish(notifications, acknowledged=(), more=0):
        talk.ask(826, many([u32(7) + u32(n) for n in acknowledged]))
        talk.answer(829, u32(7) + many([u32(1)]) + u8(more) + u32(1) + time() + many(notifications) + many([u32(GOOD)]) + many())

    def change(*pairs):
        return holds(811, many([u32(handle) + data(value) for handle, value in pairs]) + many())

    made = u32(GOOD) + u32(1) + real(250) + u32(1) + NOTHING
    settings = u8(1) + u8(0) + u8(0) + u8(0) + u8(0)
    selects = many([node(2041) + many([name("Message")]) + u32(13) + text()])
    talk.talk(751, u32(7) + u32(0) + many([
        item(LEVEL, 100, holds(724, u32(1) + u32(1) + real(0.5))), item(TEMPERATURE, 101, holds(730, time() + node(2342) + real(1000) + settings)),
        item(node(2253), 102, holds(727, selects + many()), 12), item(node("Gone", 2), 103)]),
        many([made, u32(GOOD) + u32(2) + real(250) + u32(1) + holds(739, time() + real(1000) + settings),
              u32(GOOD) + u32(3) + real(0) + u32(0) + holds(736, many([u32(GOOD)]) + many() + many() + many()),
              u32(UNKNOWN) + u32(0) + real(0) + u32(0) + NOTHING]) + many())
    publish([change((100, variant(11, real(54))), (101, variant(10, struct.pack("<f", 81))), (999, variant(6, u32(1))))])
    publish([holds(916, many([u32(102) + many([variant(21, localized("Level high"))])])), holds(820, u32(0x80280000) + u8(0))], [1, 2], 1)
    talk.talk(763, u32(7) + u32(0) + many([u32(1) + u32(200) + real(100) + NOTHING + u32(1) + u8(1)]),
              many([u32(GOOD) + real(100) + u32(1) + NOTHING]) + many())
    publish([change((200, variant(11, real(55))), (100, variant(11, real(-1))))])
    talk.talk(832, u32(7) + u32(3), u32(3) + time() + many([change((200, variant(11, real(55))))]))
    talk.talk(769, u32(7) + u32(1) + many([u32(1)]), STATUSES)
    talk.talk(775, u32(7) + u32(1) + many([u32(2)]) + many([u32(3)]), STATUSES + STATUSES)
    talk.talk(781, u32(7) + many([u32(2)]), STATUSES)
    publish([change((101, variant(10, struct.pack("<f", 82))))])
    talk.talk(793, u32(7) + real(1000) + u32(100) + u32(10) + u32(0) + u8(3), real(1000) + u32(100) + u32(10))
    talk.talk(799, u8(0) + many([u32(7)]), STATUSES)
    talk.talk(841, many([u32(8)]) + u8(1), many([u32(0x80280000) + many()]) + many())
    talk.ask(826, many())
    waiting = talk.request
    talk.talk(847, many([u32(7)]), STATUSES)
    talk.request = waiting
    talk.answer(829, u32(0) + many() + u8(0) + u32(0) + time(0) + many() + many() + many(), NO_SUBSCRIPTION)
    talk.request += 2
    publish([change((200, variant(11, real(60))))])


@capture
def opcua_items(net):
    """More items than a screen shows: all are found, those that go leave the others in place."""
    talk = Session(net, 4840)
    count, gone = 90, range(1, 61)

    def create(first, last):
        talk.talk(751, u32(7) + u32(0) + many([value_id(node(n, 2)) + u32(2) + u32(1000 + n) + real(250) + NOTHING + u32(1) + u8(1)
                                               for n in range(first, last)]),
                  many([u32(GOOD) + u32(n) + real(250) + u32(1) + NOTHING for n in range(first, last)]) + many())

    def publish(numbers, subscription=7):
        talk.ask(826, many())
        talk.answer(829, u32(subscription) + many([u32(1)]) + u8(0) + u32(1) + time() + many([
            holds(811, many([u32(1000 + n) + data(variant(5, u16(n))) for n in numbers]) + many())]) + many() + many())

    create(1, 31)
    create(31, count + 1)
    publish(range(1, count + 1))
    publish([5], 8)  # another subscription's item of that name
    talk.talk(781, u32(7) + many([u32(n) for n in gone]), many([u32(GOOD) for _ in gone]) + many())
    publish([1, 30, 60, 61, 90])
    create(1, 3)  # numbers are used again
    publish([2, 61])
    # A new subscription has no items, whatever one of its number had before.
    talk.talk(787, real(500) + u32(100) + u32(10) + u32(0) + u8(1) + u8(0), u32(7) + real(500) + u32(100) + u32(10))
    publish([61])


@capture
def opcua_security(net):
    """Channels that sign are read, those that encrypt are said to; both directions of connecting."""
    signed = Session(net, 4840, SECURE, b"\xa5" * 32)

    def sealed(talk, policy=SECURE):
        head = u32(0) + text(policy) + text(b"\x30\x03\x02\x01\x05") + text(b"\x11" * 20)
        talk.connection.ask(chunk(b"OPN", head + b"\x9c" * 256))
        talk.connection.answer(chunk(b"OPN", head + b"\x9d" * 256))

    sealed(signed)
    signed.talk(631, real(0) + u32(0) + many([value_id(LEVEL)]), many([data(variant(11, real(12)))]) + many())
    hidden = Session(net, 4840, SECURE)
    sealed(hidden, "http://opcfoundation.org/UA/SecurityPolicy#Basic256")
    for side in (hidden.connection.ask, hidden.connection.answer):
        side(chunk(b"MSG", u32(9) + u32(1) + b"\xe7" * 64))
    hidden.connection.ask(chunk(b"CLO", u32(9) + u32(1) + b"\xe8" * 32))
    hidden.connection.answer(chunk(b"ERR", u32(0x807f0000) + text("unknown channel")))
    # Curves only sign when a channel opens, so that its first message is read.
    curve = Session(net, 4840, "ECC", b"\xa5" * 48)
    policy = "http://opcfoundation.org/UA/SecurityPolicy#ECC_nistP384"
    head = u32(0) + text(policy) + text(b"\x30\x03\x02\x01\x05") + text(b"\x11" * 20)
    curve.connection.ask(chunk(b"OPN", head + u32(50) + u32(0) + node(446) + curve.asking() + u32(0) + u32(0) + u32(2) +
                               text(b"point") + u32(60000) + b"\x77" * 96))
    head = u32(9) + text(policy) + text(b"\x30\x03\x02\x01\x05") + text(b"\x12" * 20)
    curve.connection.answer(chunk(b"OPN", head + u32(60) + u32(0) + node(449) + curve.answering() + u32(0) + u32(9) + u32(1) +
                                  time() + u32(60000) + text(b"point") + b"\x78" * 96))
    curve.talk(631, real(0) + u32(0) + many([value_id(LEVEL)]), many([data(variant(11, real(13)))]) + many())
    back = net.connect(PLC, HMI, 4840)
    back.ask(chunk(b"RHE", text("urn:plant:boiler") + text("opc.tcp://boiler:4840")))
    sizes = u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0)
    back.answer(chunk(b"HEL", sizes + text("opc.tcp://boiler:4840")))
    back.ask(chunk(b"ACK", sizes))


@capture
def opcua_chunks(net):
    """Messages in several chunks, in one segment or many; one given up; what breaks the rules."""
    talk = Session(net, 4840)

    def split(body, parts, last=b"F"):
        talk.request += 1
        size = -(-len(body) // parts)
        out = b""
        for n in range(parts):
            talk.sequence += 1
            piece = body[n * size:(n + 1) * size]
            out += chunk(b"MSG", u32(9) + u32(1) + u32(talk.sequence) + u32(talk.request) + piece, b"C" if n < parts - 1 else last)
        return out

    nodes = [value_id(node(f"Line.Motor{n:03}.Speed", 2)) for n in range(40)]
    talk.connection.ask(split(node(631) + talk.asking() + real(0) + u32(0) + many(nodes), 3))
    answer = node(634) + talk.answering() + many([data(variant(5, u16(n))) for n in range(40)]) + many()
    talk.request -= 1
    whole = split(answer, 4)
    talk.connection.answer(whole[:100])
    talk.connection.answer(whole[100:])
    talk.request += 1
    body = node(631) + talk.asking() + real(0) + u32(0) + many(nodes)
    talk.request -= 1
    first = split(body, 2)[:8 + 16 + -(-len(body) // 2)]
    talk.sequence += 1
    talk.connection.ask(first + chunk(b"MSG", u32(9) + u32(1) + u32(talk.sequence) + u32(talk.request) +
                                      u32(0x80080000) + text("too large"), b"A"))
    talk.ask(631, real(0) + u32(0) + u32(5) + LEVEL)  # five nodes promised, not one whole
    talk.ask(631, real(0) + u32(0) + many([value_id(LEVEL)]) + b"\0\0")  # two bytes too many
    talk.answer(634, many([data(variant(12, text("x")))]) + many())
    deep = variant(6, u32(1))
    for _ in range(400):
        deep = variant(24, deep, array=True)
    talk.talk(631, real(0) + u32(0) + many([value_id(LEVEL)]), many([data(deep)]) + many())


@capture
def opcua_mixed(net):
    """A message in one chunk behind the first chunk of another: nobody may hide behind what never ends."""
    talk = Session(net, 4840)

    def piece(body, request, final, channel=9):
        talk.sequence += 1
        return chunk(b"MSG", u32(channel) + u32(1) + u32(talk.sequence) + u32(request) + body, final)

    def write(value):
        return node(673) + talk.asking() + many([LEVEL + u32(13) + text() + data(variant(11, real(value)))])

    def answer(request):
        talk.request = request
        talk.answer(676, STATUSES)

    read = node(631) + talk.asking() + real(0) + u32(0) + many([value_id(LEVEL)])
    # In segments of their own, and all in one; the beginning of a service, and of nothing.
    for side in (piece(read[:60], 2, b"C"), piece(write(1), 3, b"F"), piece(read[60:], 2, b"F")):
        talk.connection.ask(side)
    answer(3)
    talk.connection.ask(piece(read[:60], 4, b"C") + piece(write(2), 5, b"F"))
    answer(5)
    talk.connection.ask(piece(b"\1", 6, b"C") + piece(write(3)[:1], 7, b"C") + piece(write(3)[1:], 7, b"F"))
    answer(7)
    # Chunks of another channel; an end of another request; so many chunks that nobody waits for the last.
    talk.connection.ask(piece(read[:60], 8, b"C", 8) + piece(write(4), 8, b"F"))
    answer(8)
    talk.connection.ask(piece(read[:60], 9, b"C") + piece(u32(0x80080000) + text("no"), 10, b"A"))
    talk.connection.ask(b"".join(piece(b"", 11, b"C") for _ in range(64)) + piece(write(5), 11, b"F"))
    answer(11)
    body = write(6)
    talk.connection.ask(b"".join(piece(body[n:n + 1], 12, b"C") for n in range(len(body))) + piece(b"", 12, b"F"))
    answer(12)
    whole = write(7)
    talk.connection.ask(b"".join(piece(whole[n:n + 2], 13, b"C") for n in range(0, 126, 2)) + piece(whole[126:], 13, b"F"))
    answer(13)
    # Nobody saw the channel open.
    late = Session.__new__(Session)
    late.connection, late.sequence, late.request, late.tail = net.connect(HMI, PLC, 4840, opened=False), 50, 1, b""
    talk = late
    for n in range(2):  # before and after it is known that nothing is encrypted
        talk.connection.ask(piece(b"\1", 20 + n, b"C") + piece(write(8 + n), 30 + n, b"F"))
        answer(30 + n)
    talk.connection.ask(piece(b"\1", 40, b"C") + piece(write(10)[:1], 41, b"C") + piece(write(10)[1:], 41, b"F"))
    answer(41)


@capture
def opcua_holes(net):
    """What was known of a connection before bytes of it were lost, or before it began anew, holds no longer."""
    talk = Session(net, 4840)

    def item(which, handle):
        return value_id(which) + u32(2) + u32(handle) + real(250) + NOTHING + u32(1) + u8(1)

    def create(*items):
        talk.talk(751, u32(7) + u32(0) + many([item(which, handle) for which, handle, _ in items]),
                  many([u32(GOOD) + u32(n) + real(250) + u32(1) + NOTHING for _, _, n in items]) + many())

    def publish(*pairs):
        talk.ask(826, many())
        talk.answer(829, u32(7) + many([u32(1)]) + u8(0) + u32(1) + time() +
                    many([holds(811, many([u32(handle) + data(variant(11, real(value))) for handle, value in pairs]) + many())]) + many() + many())

    def lost(*told):
        frames = len(net.frames)
        for tell, *what in told:
            tell(*what)
        del net.frames[frames:]

    def hello():
        sizes = u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0)
        talk.connection.ask(chunk(b"HEL", sizes + text("opc.tcp://boiler:4840")))
        talk.connection.answer(chunk(b"ACK", sizes))
        talk.open(NONE)

    # Two items of one name: it is nobody's, also when one of them goes, or is called something else.
    create((LEVEL, 0, 1), (TEMPERATURE, 0, 2), (LEVEL, 5, 3), (TEMPERATURE, 6, 4))
    publish((0, 1.5), (0, 81), (5, 1.5), (6, 81))
    talk.talk(781, u32(7) + many([u32(1)]), STATUSES)
    create((LEVEL, 0, 8))
    talk.talk(763, u32(7) + u32(0) + many([u32(3) + u32(6) + real(100) + NOTHING + u32(1) + u8(1)]),
              many([u32(GOOD) + real(100) + u32(1) + NOTHING]) + many())
    publish((0, 82), (5, 2), (6, 3))
    # The item is gone and another has its name, unseen; then the same with a new connection.
    create((LEVEL, 1, 5))
    publish((1, 1.5))
    lost((talk.talk, 781, u32(7) + many([u32(5)]), STATUSES), (create, (TEMPERATURE, 1, 6)))
    for value in (81, 82, 83):
        publish((1, value))
    create((LEVEL, 1, 5))
    hello()
    publish((1, 84))
    # A request whose answer is lost, and another one of its number.
    talk.ask(631, real(0) + u32(0) + many([value_id(LEVEL)]))
    lost((talk.answer, 634, many([data(variant(11, real(1)))]) + many()), (setattr, talk, "request", talk.request - 1),
         (talk.ask, 631, real(0) + u32(0) + many([value_id(TEMPERATURE)])))
    talk.answer(634, many([data(variant(11, real(81)))]) + many())
    talk.talk(631, real(0) + u32(0) + many([value_id(LEVEL)]), many([data(variant(11, real(2)))]) + many())
    # An alias may stand for another node; until it is known what for it is no point.
    talk.talk(560, many([LEVEL]), many([node(5001, 2)]))
    lost((talk.talk, 560, many([TEMPERATURE]), many([node(5001, 2)])))
    for value in (81, 82, 83, 84):
        talk.talk(631, real(0) + u32(0) + many([value_id(node(5001, 2))]), many([data(variant(11, real(value)))]) + many())
    # Nobody saw which items were to go.
    create((LEVEL, 1, 5))
    publish((1, 1.5))
    talk.request += 1
    talk.answer(784, STATUSES)
    publish((1, 1.5))
    # What a server said of a write is good; what the value says of itself is not.
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(11, real(55.5)), 0x808b0000)]), STATUSES)
