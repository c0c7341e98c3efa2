"""OPC UA: sessions and logins, methods, security, chunks, and what is refused."""
import struct

from opcua_wire import (
    ANONYMOUS, APPLICATION, BY_CERTIFICATE, CLIENT, ENDPOINT, GOOD, ISSUED, LEVEL, NOTHING, REJECTED, SECURE,
    STATUSES, Session, UNKNOWN, USER, chunk, data, expanded, holds, localized, many, name, node, real, session,
    text, time, u16, u32, u8, value_id, variant)
from protocols import HMI, PLC, capture, points


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
