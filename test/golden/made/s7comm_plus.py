"""S7comm-plus, built from what its PDUs are made of: every operation and type of value, refusals, parts, alarms."""
import struct

from messages import cotp_connect, tpkt
from protocols import HMI, PLC, capture, points

SESSION, CONTAINER = 0x386, 0x387
EXPLORE, CREATE, DELETE, SET, GET, GET_LINK = 0x4bb, 0x4ca, 0x4d4, 0x4f2, 0x4fc, 0x524
SET_MANY, GET_MANY, SET_STREAMED, GET_STREAMED = 0x542, 0x54c, 0x57c, 0x586
ADD_LINK, INVOKE, BEGIN, ERROR = 0x506, 0x56b, 0x556, 0x4b1
QUALIFIER = bytes.fromhex("000004e88969001200000000896a001300896b00040000")
NO, OUT, DB1 = -5 & (1 << 63) - 1, 81, 0x8a0e0001


def vlq(n, bits=32):
    """Seven bits a byte, the most significant first; the ninth byte of 64 bits has eight."""
    if bits == 64 and n >= 1 << 56:
        return bytes((n >> 8 + 7 * k & 0x7f) | 0x80 for k in range(7, -1, -1)) + bytes([n & 0xff])
    groups = [n & 0x7f]
    while n := n >> 7:
        groups.append(n & 0x7f | 0x80)
    return bytes(reversed(groups))


def signed(n):
    """The same in two's complement: the second bit is the sign."""
    count = 1
    while not -(1 << 7 * count - 1) <= n < 1 << 7 * count - 1:
        count += 1
    return bytes((n >> 7 * k & 0x7f) | (0x80 if k else 0) for k in range(count - 1, -1, -1))


def value(kind, body, flags=0):
    return bytes([flags, kind]) + body


def text(s):
    return value(0x15, vlq(len(s.encode())) + s.encode())


def array(kind, elements, flags=0x10):
    return value(kind, vlq(len(elements)) + b"".join(elements), flags)


def sparse(kind, elements):
    return value(kind, b"".join(vlq(k) + e for k, e in elements) + b"\0", 0x40)


def struct_of(number, members):
    return value(0x17, struct.pack(">I", number) + b"".join(vlq(k) + v for k, v in members) + b"\0")


def udint(n):
    return value(4, vlq(n))


def blob(data):
    return value(0x14, b"\0" + vlq(len(data)) + data)


def real(f):
    return value(0x0e, struct.pack(">f", f))


def obj(number, kind, attributes=(), children=b"", which=b"\0"):
    body = b"".join(b"\xa3" + vlq(k) + v for k, v in attributes)
    return b"\xa1" + struct.pack(">I", number) + vlq(kind) + b"\x30" + which + body + children + b"\xa2"


def address(area, *ids, crc=0):
    return vlq(crc) + vlq(area) + vlq(len(ids)) + b"".join(map(vlq, ids))


def pairs(*values):
    return b"".join(vlq(n + 1) + v for n, v in enumerate(values)) + b"\0"


class Plus:
    """A client and its controller; version 3 has a digest in front."""

    def __init__(self, net, version=3):
        self.talk, self.version, self.count = net.connect(HMI, PLC, 102), version, 0
        self.talk.talk((cotp_connect(0xe0, 1, 0, b"\6\0", b"SIMATIC-ROOT-HMI"),
                        cotp_connect(0xd0, 2, 1, b"\6\0", b"SIMATIC-ROOT-HMI")))

    def pdu(self, body, last=True, version=None):
        version = version or self.version
        body = (b"\x20" + bytes(range(32)) if version == 3 else b"") + body
        tail = bytes([0x72, version, 0, 0]) if last else b""
        return tpkt(b"\x02\xf0\x80" + struct.pack(">BBH", 0x72, version, len(body)) + body + tail)

    def ask(self, function, body, session=SESSION, flags=0x34):
        self.count += 1
        head = struct.pack(">BHHHHIB", 0x31, 0, function, 0, self.count, session, flags)
        self.talk.ask(self.pdu(head + body + bytes(4)))

    def answer(self, function, body=b"", code=0, opcode=0x32):
        head = struct.pack(">BHHHHB", opcode, 0, function, 0, self.count, 0x34)
        self.talk.answer(self.pdu(head + vlq(code, 64) + body + bytes(4)))

    def both(self, function, ask, answer=b"", code=0):
        self.ask(function, ask)
        self.answer(function, answer, code)

    def get_many(self, addresses, values, errors=b"\0"):
        count = sum(len(a) for a in addresses)
        self.both(GET_MANY, bytes(4) + vlq(len(addresses)) + vlq(count) + b"".join(addresses) + QUALIFIER,
                  values + errors)

    def set_many(self, addresses, values, errors=b"\0", code=0):
        self.both(SET_MANY, bytes(4) + vlq(len(addresses)) + vlq(9) + b"".join(addresses) + pairs(*values) + QUALIFIER,
                  errors, code)

    def set(self, where, ids, what, code=0):
        self.both(SET, struct.pack(">I", where) + vlq(len(ids)) + b"".join(map(vlq, ids)) + what + QUALIFIER, code=code)

    def get(self, where, ids, what, code=0):
        ids = value(4, vlq(len(ids)) + b"".join(map(vlq, ids)), 0x20)
        self.both(GET_STREAMED, struct.pack(">I", where) + ids + QUALIFIER, b"\0" + what, code)

    def create(self, what, answer=b"\0", code=0):
        self.both(CREATE, struct.pack(">I", CONTAINER) + udint(0) + bytes(4) + b"\5" + what, answer, code)

    def notify(self, items, subscription=0x70400001, numbered=b"\x10", after=b"\0"):
        body = struct.pack(">BIHHHB", 0x33, subscription, 0x400, 0, 0, 0x11) + numbered + b"\1" + items + after
        self.talk.answer(self.pdu(body + bytes(4)))


def session(plus, code=0):
    plus.version = 1
    client = obj(0xd3, 287, [(233, text("ServerSession_1")), (289, text("192.0.2.7")), (296, text("Read Write")),
                             (297, text("HMI RT OMS+")), (298, text("PANEL7")), (300, value(0x12, bytes(4))),
                             (301, text("Read/Write tags"))], obj(0xd3, 255, [(233, text("SubscriptionContainer"))]))
    plus.ask(CREATE, struct.pack(">I", 285) + udint(0) + bytes(4) + client, session=0x120)
    version = struct_of(314, [(315, udint(512)), (319, text("1;6ES7 215-1AG40-0XB0 ;V4.3")), (320, text("2;793"))])
    server = obj(0x120, 287, [(233, text("01")), (303, array(2, [b"\7"] * 20)), (306, version)])
    plus.answer(CREATE, b"\2" + vlq(SESSION) + vlq(CONTAINER) + server, code)
    plus.version = 3
    plus.both(SET_MANY, struct.pack(">I", SESSION) + b"\2\2" + vlq(1830) + vlq(306) +
              pairs(struct_of(1800, [(1801, udint(1)), (1805, blob(b"key"))]), version) + QUALIFIER)


@capture
def s7comm_plus_session(net):
    """A session with everything in it, legitimation accepted and refused, identity, states, and its end."""
    plus = Plus(net)
    session(plus)
    plus.set(SESSION, [1846], array(2, [b"\1"] * 20))
    plus.set(SESSION, [1846], array(2, [b"\2"] * 20), code=NO)
    plus.set(SESSION, [323], value(2, b"\5"))
    im0 = struct.pack(">HH2sH20s16sH4sH", 0x20, 0x38, b"\1\0", 42, b"6ES7 215-1AG40-0XB0 ", b"S V-L8BT78032020", 10,
                      b"V\4\3\1", 0) + bytes(6)
    plus.get(49, [3753], blob(im0))
    plus.get(52, [2237, 3486], value(8, signed(8)))
    plus.get(52, [2237, 3486], value(8, signed(4)))
    plus.get(50, [3451], value(4, vlq(2)))
    plus.get(52, [1], value(0, b""), code=NO)
    plus.both(GET, struct.pack(">I", 1) + b"\1" + vlq(2461) + QUALIFIER, text("05.06.01"))
    for state in (1, 2, 3):
        plus.set(52, [2167], value(8, signed(state)))
    plus.set(52, [2167], value(8, signed(1)), code=NO)
    plus.talk.ask(tpkt(b"\x02\xf0\x80" + struct.pack(">BBH", 0x72, 0xfe, 16) + bytes(16)))
    plus.both(DELETE, struct.pack(">I", SESSION) + QUALIFIER, struct.pack(">I", SESSION))
    plus.talk.answer(tpkt(b"\x02\xf0\x80" + struct.pack(">BBH", 0x72, 0xfe, 22) + bytes(16) + b"LOGOUT"))


@capture
def s7comm_plus_values(net):
    """Variables by symbol and by place, of every type of value, read and written; some that are refused."""
    plus = Plus(net)
    session(plus)
    kinds = [value(0, b""), value(1, b"\1"), value(2, b"\xfe"), value(3, b"\xff\xfe"), udint(0xffffffff),
             value(5, vlq(1 << 63, 64)), value(5, vlq(300, 64)), value(6, b"\xfe"), value(7, b"\xff\xfe"),
             value(8, signed(-1)), value(8, signed(-70000)), value(8, signed(0x7fffffff)), value(9, signed(-(1 << 40))),
             value(0x0a, b"\x5a", 0x80), value(0x0b, b"\x12\x34"), value(0x0c, b"\x12\x34\x56\x78"), value(0x0d, bytes(8)),
             real(21.5), value(0x0f, struct.pack(">d", -1e100)), value(0x10, bytes(8)), value(0x11, signed(-63)),
             value(0x12, b"\x8a\x0e\0\1"), value(0x13, vlq(233)), blob(b"bytes"), text("Förderband"),
             array(7, [b"\0\1", b"\0\2"]), array(4, [vlq(5), vlq(600)], 0x20), sparse(8, [(1, signed(7)), (300, signed(-8))]),
             array(0, []), struct_of(5, [(6, udint(1)), (7, struct_of(8, [(9, real(2.5))]))]),
             value(0x17, struct.pack(">IQ", 0x02000001, 1) + vlq(4) + vlq(2) + b"ab")]
    members = [address(DB1, 2550, 10 + n, crc=0x1234567) for n in range(len(kinds))]
    plus.get_many(members, pairs(*kinds))
    places = [address(DB1, 2550, 3, 8, 1), address(DB1, 2550, 3, 8, 2), address(DB1, 2550, 3, 8, 4),
              address(DB1, 2550, 3, 8, 1, 5), address(80, 3736, 3, 0, 1), address(OUT, 3736, 3, 4, 1, 7),
              address(82, 3736, 3, 10, 2), address(82, 3736, 12), address(83, 3736, 4), address(84, 3736, 5),
              address(82, 3736, 3, 20, 8), address(0x8a0e0006, 2550, 18, 11, 2, 1, 9)]
    plus.get_many(places, pairs(*[value(2, bytes([n])) for n in range(len(places))]))
    plus.get_many([address(DB1, 2550, 10), address(DB1, 2550, 99)], b"\1" + real(1.5) + b"\0",
                  b"\2" + vlq(NO, 64) + b"\0")
    plus.get_many([address(52, 2237, 3486), address(50, 3451)], pairs(value(8, signed(8)), udint(1)))
    plus.both(GET_MANY, struct.pack(">I", 1) + b"\2\2" + vlq(2459) + vlq(2461) + QUALIFIER,
              pairs(udint(15), text("05.06.01")) + b"\0")
    plus.set_many([address(82, 3736, 3, 32, 1, 0), address(DB1, 2550, 10)], [value(1, b"\1"), real(19.25)])
    plus.set_many([address(82, 3736, 3, 32, 1, 0), address(DB1, 2550, 10)], [value(1, b"\0"), real(7.5)],
                  errors=b"\2" + vlq(NO, 64) + b"\0", code=NO)
    plus.set_many([address(82, 3736, 3, 32, 1, 0)], [value(1, b"\0")], code=NO)
    plus.answer(GET_MANY, pairs(real(3)) + b"\0")  # to a question that nobody heard


@capture
def s7comm_plus_subscription(net):
    """A subscription: its list, its notifications as old and as new controllers send them, alarms, its end."""
    plus = Plus(net)
    session(plus)
    items = [0x80010000, 0, 3, 0x80040002, 1, 0, DB1, 0x1234567, 2550, 10, 0x80140004, 2, 0, 82, 0, 3736, 3, 10, 4,
             0x80140005, 3, 0, 81, 0, 3736, 3, 4, 1, 7]
    watch = obj(0x7fffc001, 1001, [(233, text("Subscription_1")), (1048, array(4, [vlq(n) for n in items], 0x20)),
                                   (1049, udint(1000)), (1053, value(7, b"\0\3"))])
    plus.create(watch, b"\1" + vlq(0x70400001))
    plus.notify(b"\x92" + struct.pack(">I", 1) + real(20.25) + b"\x92" + struct.pack(">I", 2) + value(0x0c, b"\0\0\1\0"))
    plus.notify(b"\x9b\3" + value(1, b"\1") + b"\x13" + struct.pack(">I", 2))
    plus.notify(b"\x92" + struct.pack(">I", 9) + real(1))  # nobody subscribed to that
    plus.notify(b"\x92" + struct.pack(">I", 1) + real(5), subscription=0x70400002)
    plus.notify(b"\x92" + struct.pack(">I", 1) + real(20.5), numbered=b"")
    plus.notify(b"")
    alarm = obj(0x70100454, 2681, [(233, text("DAI_84")), (2670, value(0x0d, struct.pack(">Q", 0x8a7e00000000f04))),
                                   (2673, struct_of(3473, [(3474, value(2, b"\1"))]))])
    plus.notify(b"", after=b"\0\x70\x40\0\1\0\x41\0\0\x81" + alarm)
    plus.ask(SET, struct.pack(">I", 0x70400001) + b"\1" + vlq(1053) + value(7, b"\0\6") + QUALIFIER, flags=0x74)
    plus.answer(SET, opcode=2)
    plus.create(watch, b"\0", code=NO)
    plus.both(DELETE, struct.pack(">I", 0x70400001) + QUALIFIER, struct.pack(">I", 0x70400001))


@capture
def s7comm_plus_program(net):
    """Downloads of program and hardware, in parts too; uploads, deletes, links, what is left."""
    plus = Plus(net)
    session(plus)
    block = obj(0x8a0e0005, 2574, [(233, text("Recipes")), (2521, value(3, b"\0\5")), (2548, blob(bytes(100)))])
    plus.create(obj(3, 2520, [(233, text("PLCProgram"))], block + b"\xa4" + vlq(2514) + struct.pack(">I", 5)))
    plus.create(obj(2, 2496, [(233, text("HWConfiguration"))], obj(34, 2137, [(233, text("PROFINET IO-System"))],
                                                                 which=vlq(3410) + b"\0")))
    plus.create(obj(0x8a110001, 2578, [(233, text("Mixer"))]), code=NO)
    plus.create(obj(0x7fffc009, 2709))
    plus.create(obj(0x7fffc00a, 4711))
    plus.set(0x8a0e0005, [2523], udint(1))
    plus.set(2, [2458], value(1, b"\0"))
    plus.set(12, [4292], value(1, b"\1"))
    plus.set_many([address(0x7040000e, 2687)], [value(1, b"\1")])
    for what in (0x8a0e0005, 0x42):
        plus.both(DELETE, struct.pack(">I", what) + QUALIFIER, struct.pack(">I", what))
    explore = struct.pack(">I", 3) + b"\0\1\0\1\0\2"
    plus.both(EXPLORE, explore + vlq(233) + vlq(2521) + b"\5", struct.pack(">I", 3) + b"\5" + obj(3, 2520, [], block))
    plus.both(EXPLORE, explore + vlq(233) + vlq(2580) + b"\5",
              struct.pack(">I", 3) + b"\5" + obj(0x8a110001, 2578, [(2580, blob(bytes(50)))]))
    types = b"\xab" + struct.pack(">H", 6) + b"\2\0\0\x80ab" + bytes(2) + b"\xac" + struct.pack(">H", 3) + b"abc" + bytes(2)
    plus.both(EXPLORE, explore + bytes(2), struct.pack(">I", 537) + b"\5" + obj(5, 511, [], types))
    for function in (GET_LINK, ADD_LINK, INVOKE, BEGIN, SET_STREAMED, 0x599):
        plus.both(function, struct.pack(">I", 11) + b"\0")
    plus.answer(ERROR, code=NO)
    # One message in three parts, one longer than what is kept, and the end of one whose beginning nobody saw.
    plus.count += 1
    head = struct.pack(">BHHHHIB", 0x31, 0, CREATE, 0, plus.count, SESSION, 0x34) + struct.pack(">I", 1) + udint(0)
    whole = head + bytes(4) + b"\5" + obj(3, 2520, [(233, text("PLCProgram"))], block) + bytes(4)
    plus.talk.ask(plus.pdu(whole[:40], last=False) + plus.pdu(whole[40:90], last=False) + plus.pdu(whole[90:]))
    plus.answer(CREATE, b"\0")
    plus.count += 1
    head = struct.pack(">BHHHHIB", 0x31, 0, CREATE, 0, plus.count, SESSION, 0x34) + struct.pack(">I", 1) + udint(0)
    whole = head + bytes(4) + b"\5" + obj(3, 2520, [(233, text("PLCProgram"))], block + obj(6, 2574, [(2548, blob(bytes(40000)))]))
    for at in range(0, len(whole), 1350):
        plus.talk.ask(plus.pdu(whole[at:at + 1350], last=at + 1350 >= len(whole)))
    plus.talk.ask(plus.pdu(b"\x99" * 20, last=False) + plus.pdu(whole[:30]) + plus.pdu(b"\x99" * 20))


@points
def s7comm_plus_states(net):
    """Stop, start and what is neither, in all the ways there are to set something; of many things the gravest counts."""
    plus = Plus(net)
    session(plus)
    state = value(8, signed(1))
    plus.both(SET_MANY, struct.pack(">I", 52) + b"\1\1" + vlq(2167) + pairs(state) + QUALIFIER, b"\0")
    plus.set_many([address(DB1, 2550, 10), address(12, 4292), address(52, 2167)], [real(1), value(1, b"\1"), state])
    plus.set_many([address(52, 2167), address(DB1, 2550, 10)], [value(8, signed(3)), real(2)])
    plus.set_many([address(52, 2167), address(52, 2167)], [value(8, signed(3)), value(8, signed(2))], code=NO)
    plus.set_many([address(DB1, 2550, 10)] * 41 + [address(52, 2167)], [real(n) for n in range(41)] + [state])
    for odd in (value(8, signed(7)), text("x"), array(8, [signed(3)]), value(0, b"")):
        plus.set(52, [2167], odd)
    plus.both(SET_STREAMED, struct.pack(">I", 52) + value(4, vlq(1) + vlq(2167), 0x20) + QUALIFIER + b"\1" + state)
    plus.both(SET_STREAMED, struct.pack(">I", SESSION) + value(4, vlq(1) + vlq(1846), 0x20) + QUALIFIER + b"\1" +
              blob(b"key"), code=NO)
    plus.set_many([address(2, 2458), address(0x8a0e0005, 2523)], [value(1, b"\0"), udint(1)])
    plus.get_many([address(52, 2237, 3486), address(DB1, 2550, 10)], pairs(value(8, signed(8)), real(3)))
    plus.set(DB1, [2550, 10], real(4))
    plus.set_many([], [])


@points
def s7comm_plus_subscribed_anew(net):
    """Numbers of subscriptions and items are given again: no value gets the address that another one had."""
    def watch(n, member, reference=1):
        items = [0, 0, n, *(k for _ in range(n) for k in (2, reference, 0, DB1, 0, 2550, member))]
        return obj(0x7fffc001, 1001, [(233, text("Subscription")), (1048, array(4, [vlq(k) for k in items], 0x20))])

    def notify():
        plus.notify(b"\x92" + struct.pack(">I", 1) + real(1.5))

    granted = b"\1" + vlq(0x70400001)
    plus = Plus(net)
    session(plus)
    plus.create(watch(1, 10), granted)
    notify()
    plus.create(watch(1, 20), granted)  # the end of the first was not seen
    notify()
    plus.both(DELETE, struct.pack(">I", 0x70400001) + QUALIFIER, struct.pack(">I", 0x70400001), code=NO)
    notify()
    plus.both(DELETE, struct.pack(">I", 0x70400001) + QUALIFIER, struct.pack(">I", 0x70400001))
    notify()
    plus.create(watch(1, 30), granted, code=NO)
    notify()
    plus.create(watch(1, 40, reference=2), granted)
    notify()


@capture
def s7comm_plus_secrets(net):
    """Keys and passwords below what is known to be one; a session's texts that nobody has named; a path too long."""
    plus = Plus(net, version=1)
    client = obj(0xd3, 287, [(233, text("S")), (299, text("attribute 299")), (40402, text("operator")), (301, text("HMI"))])
    plus.ask(CREATE, struct.pack(">I", 285) + udint(0) + bytes(4) + client, session=0x120)
    plus.answer(CREATE, b"\2" + vlq(SESSION) + vlq(CONTAINER))
    plus.version = 3
    plus.set(SESSION, [1846, 5], blob(b"k"))
    plus.set(SESSION, [1846, 5], text("Sesame7"))
    plus.set(SESSION, [1846], struct_of(40400, [(40401, udint(1)), (40402, text("user")), (40403, blob(b"Sesame7"))]))
    plus.set(50, [1, 2, 3, 4, 5, 3452], text("Sesame7"))
    plus.set_many([address(50, 3452, 1), address(DB1, 2550, 303)], [text("Sesame7"), udint(303)])
    plus.get(50, [3452, 1], text("Sesame7"))
    plus.get_many([address(50, 3452, 1), address(DB1, 2550, 1846)], pairs(text("Sesame7"), udint(1846)))


@capture
def s7comm_plus_malformed(net):
    """Lengths that do not fit, a trailer that does not, values cut short, types nobody knows, structures too deep."""
    plus = Plus(net)
    session(plus)
    good = plus.pdu(struct.pack(">BHHHHIB", 0x31, 0, GET_LINK, 0, 900, SESSION, 0x34) + struct.pack(">I", 11) + bytes(4))
    plus.talk.ask(good[:-4] + b"\x72\1\0\0")
    plus.talk.ask(tpkt(b"\x02\xf0\x80\x72\3\0\xff" + bytes(40)))
    plus.talk.ask(tpkt(b"\x02\xf0\x80\x72\4\0\4" + bytes(4)))
    plus.set(12, [4292], value(0x15, b"\x7f"))
    plus.set(12, [4292], value(0x16, b"\1"))
    plus.set(12, [4292], value(0x14, b"\1\2\3"))
    plus.set(12, [4292], value(4, b"\x8f\xff\xff\xff\xff\xff"))
    deep = udint(1)
    for n in range(20):
        deep = struct_of(n + 1, [(n + 1, deep)])
    plus.set(12, [4292], deep)
    plus.set(12, [4292], value(0, vlq(0xffffffff), 0x10))
    plus.notify(b"\x77" + bytes(8))
