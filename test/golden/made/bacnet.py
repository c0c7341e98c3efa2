"""BACnet, built from its standard: what no capture at hand shows, and a small piece of everything.

Names of helpers follow ASHRAE 135: `app` is an application tag, `ctx` a context tag, `between` an
opening tag, what is in it, and its closing tag."""
import struct

from identities import SECRET
from protocols import HMI, PLC, SERVER, capture, who
from wire import Host, ethernet

PORT = 47808
ALL = Host("10.9.255.255", "ff:ff:ff:ff:ff:ff")
HMI6 = Host("2001:db8:9::20", "00:50:56:09:02:20")
PLC6 = Host("2001:db8:9::10", "00:0e:8c:09:01:10")
READ, WRITE, DEVICE = 12, 15, 8


def tag(number, context, body):
    first = min(number, 15) << 4 | (8 if context else 0)
    more = bytes([number]) if number >= 15 else b""
    size = len(body)
    if size < 5:
        return bytes([first | size]) + more + body
    if size < 254:
        return bytes([first | 5]) + more + bytes([size]) + body
    return bytes([first | 5]) + more + b"\xfe" + struct.pack(">H", size) + body


def app(number, body=b""):
    return tag(number, False, body)


def ctx(number, body=b""):
    return tag(number, True, body)


def between(number, *parts):
    more = bytes([number]) if number >= 15 else b""
    first = min(number, 15) << 4
    return bytes([first | 14]) + more + b"".join(parts) + bytes([first | 15]) + more


def number(v):
    return v.to_bytes(max(1, (v.bit_length() + 7) // 8), "big")


def obj(kind, instance):
    return struct.pack(">I", kind << 22 | instance)


def real(v):
    return struct.pack(">f", v)


def text(v, charset=0):
    code = {0: "utf-8", 3: "utf-32-be", 4: "utf-16-be", 5: "latin-1"}[charset]
    return bytes([charset]) + v.encode(code)


DATE = bytes([126, 11, 22, 7])
TIME = bytes([8, 30, 15, 50])
NOW = app(10, DATE) + app(11, TIME)


def target(kind, instance, prop, index=None, first=0):
    parts = ctx(first, obj(kind, instance)) + ctx(first + 1, number(prop))
    return parts + (ctx(first + 2, number(index)) if index is not None else b"")


def npdu(apdu, dst=None, src=None, control=0):
    def place(net, address):
        return struct.pack(">HB", net, len(address)) + address
    out = b""
    if dst:
        control |= 0x20
        out += place(*dst)
    if src:
        control |= 0x08
        out += place(*src)
    return bytes([1, control]) + out + (b"\xff" if dst else b"") + apdu


def bvlc(function, body):
    return struct.pack(">BBH", 0x81, function, 4 + len(body)) + body


def bvlc6(function, source, body, dest=None):
    out = source.to_bytes(3, "big") + (dest.to_bytes(3, "big") if dest is not None else b"") + body
    return struct.pack(">BBH", 0x82, function, 4 + len(out)) + out


class Talk:
    """One supervisor and one device, over IP, with the routing that the caller wants."""

    def __init__(self, net, routed=None):
        self.net, self.routed, self.invoke = net, routed, 0

    def ask(self, service, body=b""):
        self.invoke += 1
        apdu = bytes([0x02, 0x55, self.invoke, service]) + body
        self.to(npdu(apdu, dst=self.routed, control=4))

    def to(self, packet, function=10):
        self.net.datagram(HMI, PLC, PORT, PORT, bvlc(function, packet))

    def back(self, apdu):
        self.net.datagram(PLC, HMI, PORT, PORT, bvlc(10, npdu(apdu, src=self.routed)))

    def done(self, service):
        self.back(bytes([0x20, self.invoke, service]))

    def answer(self, service, body):
        self.back(bytes([0x30, self.invoke, service]) + body)

    def refuse(self, service, error_class, code, wrap=None, rest=b""):
        body = app(9, number(error_class)) + app(9, number(code))
        body = between(wrap, body) if wrap is not None else body
        self.back(bytes([0x50, self.invoke, service]) + body + rest)

    def tell(self, service, body):
        self.back(bytes([0x10, service]) + body)


def every_value():
    return (app(0) + b"\x11" + app(2, number(70000)) + app(3, b"\xff\x38") + app(4, real(-12.5)) +
            app(5, struct.pack(">d", 1e-3)) + app(6, b"\x01\x02") + app(7, text("Zuluft", 0)) +
            app(7, text("Übergabe", 4)) + app(7, text("Außen", 5)) + app(7, text("℃", 3)) +
            app(7, b"\x01\x03\x52abc") + app(8, b"\x05\xa0") + app(9, b"\x03") + NOW +
            app(10, b"\xff\xff\xff\xff") + app(12, obj(DEVICE, 86001)))


@capture
def bacnet_values(net):
    talk = Talk(net)
    talk.ask(READ, target(2, 7, 85))
    talk.answer(READ, target(2, 7, 85) + between(3, app(4, real(21.5))))
    talk.ask(READ, target(2, 7, 87, 8))
    talk.answer(READ, target(2, 7, 87, 8) + between(3, app(0)))
    talk.ask(READ, target(200, 1, 512))
    talk.answer(READ, target(200, 1, 512) + between(3, every_value()))
    talk.ask(READ, target(5, 3, 85))
    talk.answer(READ, target(5, 3, 85) + between(3, app(9, b"\x01")))
    for kind, value in ((45, app(3, b"\xfe")), (46, app(5, struct.pack(">d", 2.25))),
                        (48, app(2, number(1 << 40))), (39, app(8, b"\x04\x50")),
                        (40, app(7, text("Betrieb"))), (47, app(6, b"\xaa")), (5, b"\x11")):
        talk.ask(READ, target(kind, 1, 85))
        talk.answer(READ, target(kind, 1, 85) + between(3, value))
    talk.ask(14, ctx(0, obj(DEVICE, 5)) + between(1, ctx(0, b"\x08")))
    told = [(77, app(7, text("AHU-5"))), (121, app(7, text("Example Controls"))),
            (70, app(7, text("EX-100"))), (44, app(7, text("2.1"))), (12, app(7, text("7.0"))),
            (28, app(7, text("Lüftung Halle 5"))), (58, app(7, text("roof"))),
            (372, app(7, text("SN-42"))), (112, app(9, b"\x00")), (120, app(2, b"\x11"))]
    talk.answer(14, ctx(0, obj(DEVICE, 5)) + between(1, *(
        ctx(2, number(p)) + between(4, v) for p, v in told), ctx(2, b"\x4c") + ctx(3, b"\x00") +
        between(4, app(2, b"\x02")), ctx(2, number(113)) + between(5, app(9, b"\x02") + app(9, b"\x20"))) +
        ctx(0, obj(0, 1)) + between(1, ctx(2, b"\x55") + between(4, app(4, real(7.25)))))
    talk.ask(WRITE, target(1, 4, 85) + between(3, app(4, real(60))) + ctx(4, b"\x08"))
    talk.done(WRITE)
    talk.ask(WRITE, target(1, 5, 85) + between(3, app(4, real(99))) + ctx(4, b"\x10"))
    talk.refuse(WRITE, 2, 40)
    talk.ask(16, ctx(0, obj(4, 1)) + between(1, ctx(0, b"\x55") + between(2, app(9, b"\x01")) + ctx(3, b"\x08")) +
             ctx(0, obj(4, 2)) + between(1, ctx(0, b"\x55") + between(2, app(9, b"\x00"))))
    talk.done(16)
    talk.ask(16, ctx(0, obj(4, 1)) + between(1, ctx(0, b"\x55") + between(2, app(0))))
    talk.refuse(16, 1, 31, 0, between(1, target(4, 1, 85)))
    talk.ask(WRITE, target(DEVICE, 5, 77) + between(3, app(7, text("other name"))))
    talk.done(WRITE)
    for state in range(6):
        talk.ask(WRITE, target(16, 1, 90) + between(3, app(9, bytes([state]))))
        talk.done(WRITE)
    talk.ask(READ, target(20, 1, 132))
    talk.answer(READ, target(20, 1, 132) + between(3, target(0, 3, 85) + ctx(3, obj(DEVICE, 5))))
    talk.ask(26, target(20, 1, 131) + between(3, app(2, b"\x01") + app(3, b"\x0a")))
    record = between(0, NOW) + between(1, ctx(2, real(20.5))) + ctx(2, b"\x04\x00")
    failed = between(0, NOW) + between(1, between(8, app(9, b"\x02") + app(9, b"\x1f")))
    talk.answer(26, target(20, 1, 131) + ctx(3, b"\x05\xa0") + ctx(4, b"\x02") + between(5, record, failed) +
                ctx(6, number(1000)))
    talk.ask(26, target(20, 1, 131) + between(6, app(2, number(900)) + app(3, b"\xf6")))
    talk.ask(26, target(20, 1, 131) + between(7, NOW + app(3, b"\x05")))
    routed = Talk(net, (5, b"\x0c"))
    routed.invoke = 100
    routed.ask(READ, target(0, 9, 85))
    routed.answer(READ, target(0, 9, 85) + between(3, app(4, real(18))))
    routed.ask(READ, target(DEVICE, 512, 77))
    routed.answer(READ, target(DEVICE, 512, 77) + between(3, app(7, text("VAV-12"))))
    routed.tell(0, app(12, obj(DEVICE, 512)) + app(2, number(480)) + app(9, b"\x03") + app(2, b"\x08"))


@capture
def bacnet_services(net):
    talk = Talk(net)
    stamp = between(3, ctx(1, b"\x07"))
    when = between(5, between(2, NOW))
    head = ctx(0, b"\x12") + ctx(1, obj(DEVICE, 5))
    limits = between(5, ctx(0, real(81)) + ctx(1, b"\x04\x80") + ctx(2, real(1)) + ctx(3, real(80)))
    event = head + ctx(2, obj(0, 1)) + stamp + ctx(4, b"\x01") + ctx(5, b"\x64") + ctx(6, b"\x05")
    event += ctx(7, text("hot")) + ctx(8, b"\x00") + ctx(9, b"\x01") + ctx(10, b"\x00") + ctx(11, b"\x03")
    talk.ask(0, ctx(0, b"\x12") + ctx(1, obj(0, 1)) + ctx(2, b"\x03") + stamp + ctx(4, text("operator")) + when)
    talk.done(0)
    values = between(4, ctx(0, b"\x55") + between(2, app(4, real(22))) +
                     ctx(0, b"\x6f") + between(2, app(8, b"\x04\x00")))
    cov = head + ctx(2, obj(0, 1)) + ctx(3, b"\x3c") + values
    many = head + ctx(2, b"\x3c") + between(3, NOW) + between(4, ctx(0, obj(0, 2)) + between(
        1, ctx(0, b"\x55") + between(2, app(4, real(23))) + ctx(3, TIME)))
    for service in (2, 3, 11):
        talk.tell(service, {2: cov, 3: event + between(12, limits), 11: many}[service])
    for service, body in ((1, cov), (2, event + between(12, limits)), (31, many)):
        talk.back(bytes([0x00, 0x05, 9, service]) + body)
        talk.to(npdu(bytes([0x20, 9, service])))
    state = between(1, between(0, ctx(0, b"\x01")) + ctx(1, b"\x04\x80"))
    talk.tell(3, event[:-2] + ctx(11, b"\x01") + between(12, state))
    talk.ask(3)
    talk.answer(3, app(12, obj(0, 1)) + app(9, b"\x03") + app(8, b"\x05\x60") + app(12, obj(0, 2)) +
                app(9, b"\x04") + app(8, b"\x05\xe0"))
    talk.ask(4, ctx(0, b"\x00") + ctx(2, b"\x01"))
    talk.answer(4, app(12, obj(9, 1)) + app(9, b"\x05") + app(9, b"\x00") + app(2, b"\x64") + app(2, b"\x01"))
    talk.ask(5, ctx(0, b"\x12") + ctx(1, obj(0, 1)) + ctx(2, b"\x01") + ctx(3, number(600)))
    talk.done(5)
    talk.ask(28, ctx(0, b"\x12") + ctx(1, obj(0, 1)) + ctx(2, b"\x00") + ctx(3, b"\x00") +
             between(4, ctx(0, b"\x55")) + ctx(5, real(.5)))
    talk.refuse(28, 5, 44)
    talk.ask(30, ctx(0, b"\x12") + between(4, ctx(0, obj(0, 1)) + between(
        1, between(0, ctx(0, b"\x55")) + ctx(1, real(1)) + ctx(2, b"\x01"))))
    talk.refuse(30, 5, 44, 0, between(1, ctx(0, obj(0, 1)) + between(1, ctx(0, b"\x55")) + between(
        2, app(9, b"\x02") + app(9, b"\x20"))))
    talk.ask(29, ctx(0, obj(0, 1)))
    three = between(3, ctx(0, TIME) + ctx(1, b"\x05") + between(2, NOW))
    talk.answer(29, between(0, ctx(0, obj(0, 1)) + ctx(1, b"\x03") + ctx(2, b"\x05\x60") + three + ctx(4, b"\x00") +
                            ctx(5, b"\x05\xe0") + between(6, app(2, b"\x0a") + app(2, b"\x0b") + app(2, b"\x0c"))) +
                ctx(1, b"\x00"))
    talk.ask(27, ctx(0, b"\x12") + ctx(1, text("guard")) + ctx(2, b"\x01") + ctx(3, obj(21, 1)))
    talk.done(27)
    talk.ask(6, app(12, obj(10, 1)) + between(0, app(3, b"\x00") + app(2, number(1400))))
    talk.answer(6, b"\x11" + between(0, app(3, b"\x00") + app(6, b"all of it")))
    talk.ask(6, app(12, obj(10, 1)) + between(1, app(3, b"\x02") + app(2, b"\x02")))
    talk.answer(6, b"\x10" + between(1, app(3, b"\x02") + app(2, b"\x02") + app(6, b"one") + app(6, b"two")))
    talk.ask(7, app(12, obj(10, 1)) + between(0, app(3, b"\x05") + app(6, b"new")))
    talk.answer(7, ctx(0, b"\x05"))
    talk.ask(8, target(15, 1, 102) + between(3, app(2, b"\x01")))
    talk.refuse(8, 1, 31, 0, ctx(1, b"\x01"))
    talk.ask(9, target(15, 1, 102) + between(3, app(2, b"\x01")))
    talk.done(9)
    talk.ask(10, between(0, ctx(0, b"\x02")) + between(1, ctx(0, b"\x4d") + between(2, app(7, text("new")))))
    talk.answer(10, app(12, obj(2, 99)))
    talk.ask(10, between(0, ctx(1, obj(2, 99))))
    talk.refuse(10, 1, 31, 0, ctx(1, b"\x00"))
    talk.ask(11, app(12, obj(2, 99)))
    talk.done(11)
    for state in range(3):
        talk.ask(17, ctx(0, b"\x05") + ctx(1, bytes([state])) + ctx(2, text("hunter2")))
        talk.done(17)
    for state in range(8):
        talk.ask(20, ctx(0, bytes([state])) + ctx(1, text("hunter2")))
        talk.done(20)
    talk.ask(20, ctx(0, b"\x00") + ctx(1, text("wrong")))
    talk.refuse(20, 5, 26)
    talk.ask(18, ctx(0, b"\x07") + ctx(1, number(511)) + between(2, b"\x00\x3f not tags \x3e"))
    talk.answer(18, ctx(0, b"\x07") + ctx(1, number(511)))
    talk.ask(18, ctx(0, b"\x07") + ctx(1, number(512)))
    talk.refuse(18, 5, 0, 0, ctx(1, b"\x07") + ctx(2, number(512)))
    talk.ask(19, ctx(0, obj(DEVICE, 5)) + between(1, ctx(1, text("plant"))) + ctx(2, b"\x01") + ctx(3, text("hello")))
    talk.done(19)
    talk.ask(21, app(9, b"\x00") + app(2, b"\x05"))
    talk.answer(21, app(2, b"\x1d"))
    talk.ask(23, app(2, b"\x1d") + app(6, b"secret\r") + app(2, b"\x00"))
    talk.answer(23, ctx(0, b"\x01"))
    talk.ask(22, app(2, b"\x1d"))
    talk.refuse(22, 5, 0, 0, between(1, app(2, b"\x1d")))
    talk.ask(40, app(2, b"\x01"))
    talk.back(bytes([0x60, talk.invoke, 9]))
    talk.ask(READ, target(0, 1, 85))
    talk.back(bytes([0x71, talk.invoke, 4]))
    talk.to(npdu(bytes([0x70, 77, 5])))
    talk.back(bytes([0x60, 99, 1]))
    for service, body in (
            (4, ctx(0, b"\x07") + ctx(1, b"\x01") + between(2, app(2, b"\x01"))), (6, NOW), (9, NOW),
            (5, ctx(0, obj(DEVICE, 5)) + between(1, ctx(0, b"\x03")) + ctx(2, b"\x00") + ctx(3, text("hi"))),
            (7, ctx(0, b"\x01") + ctx(1, b"\x09") + ctx(3, text("AHU-5"))), (7, ctx(2, obj(0, 1))),
            (8, b""), (8, ctx(0, b"\x01") + ctx(1, b"\x09")),
            (10, ctx(0, b"\x01") + ctx(1, b"\x08") + between(2, ctx(0, b"\x05") + app(4, real(50)))),
            (14, app(2, b"\x11") + app(7, text("EX-100")) + app(7, text("SN-42")) + app(12, obj(DEVICE, 6))),
            (99, app(2, b"\x01"))):
        net.datagram(HMI, ALL, PORT, PORT, bvlc(11, npdu(bytes([0x10, service]) + body, dst=(0xffff, b""))))
    i_am = app(12, obj(DEVICE, 5)) + app(2, number(1476)) + app(9, b"\x00") + app(2, b"\x11")
    for service, body in ((0, i_am), (1, app(12, obj(DEVICE, 5)) + app(12, obj(0, 1)) + app(7, text("temp"))),
                          (13, app(2, b"\x11") + app(7, text("EX-100")) + app(7, text("SN-42"))),
                          (12, between(0, ctx(2, obj(DEVICE, 5))))):
        net.datagram(PLC, ALL, PORT, PORT, bvlc(11, npdu(bytes([0x10, service]) + body)))


@capture
def bacnet_network(net):
    talk = Talk(net)

    def ask(function, body=b""):
        talk.to(body, function)

    def back(function, body):
        net.datagram(PLC, HMI, PORT, PORT, bvlc(function, body))

    entry = bytes([10, 9, 1, 10]) + struct.pack(">H", PORT) + b"\xff\xff\xff\xff"
    foreign = bytes([10, 9, 3, 3]) + struct.pack(">HHH", PORT, 60, 75)
    ask(1, entry)
    back(0, b"\x00\x00")
    ask(1, entry)
    back(0, b"\x00\x10")
    ask(2)
    back(3, entry + entry)
    ask(5, struct.pack(">H", 60))
    back(0, b"\x00\x30")
    ask(6)
    back(7, foreign)
    ask(8, foreign[:6])
    back(0, b"\x00\x00")
    ask(9, npdu(bytes([0x10, 8])))
    back(0, b"\x00\x60")
    back(0, b"\x00\x00")
    ask(12, b"\x01\x02\x03")
    i_am = bytes([0x10, 0]) + app(12, obj(DEVICE, 7)) + app(2, number(1476)) + app(9, b"\x00") + app(2, b"\x11")
    back(4, bytes([10, 9, 3, 3]) + struct.pack(">H", PORT) + npdu(i_am))
    for message, body in ((0, b""), (0, b"\x00\x05"), (1, b"\x00\x05\x00\x06"), (2, b"\x00\x05\x02"),
                          (3, b"\x01\x00\x05"), (4, b""), (5, b"\x00\x05"), (6, b"\x01\x00\x05\x01\x02ab"),
                          (7, b""), (8, b"\x00\x05\x0a"), (9, b"\x00\x05"), (0x0e, b"keys"), (0x12, b""),
                          (0x13, b"\x00\x05\x01"), (0x30, b"?"), (0x85, b"\x00\x07\x01")):
        talk.to(npdu(bytes([message]) + body, control=0x80))
    # Segments of an answer, one of them sent again; then a request in segments that stays open.
    talk.ask(READ, target(2, 7, 4))
    whole = target(2, 7, 4) + between(3, app(7, text("x" * 90)), app(7, text("y" * 40)))
    parts = [whole[:60], whole[60:120], whole[120:]]
    for n, part in ((0, parts[0]), (1, parts[1]), (1, parts[1]), (2, parts[2])):
        more = 4 if n < 2 else 0
        talk.back(bytes([0x38 | more, talk.invoke, n, 2, READ]) + part)
        talk.to(npdu(bytes([0x40, talk.invoke, n, 2])))
    talk.to(npdu(bytes([0x0e, 0x55, 50, 0, 2, 16]) + whole[:40], control=4))
    talk.back(bytes([0x43, 50, 0, 1]))
    # A length that is wrong, a body that ends too early, tags that do not close, a type to come.
    short = npdu(bytes([0x00, 0x05, 60, 20]) + ctx(0, b"\x01") + ctx(1, text("longer than told")), control=4)
    net.datagram(HMI, PLC, PORT, PORT, struct.pack(">BBH", 0x81, 10, 17) + short)
    talk.to(npdu(bytes([0x00, 0x05, 61, READ]) + target(2, 7, 85)[:-1]))
    talk.to(npdu(bytes([0x00, 0x05, 62, WRITE]) + target(2, 7, 85) + b"\x3e" * 40))
    talk.to(npdu(bytes([0x00, 0x05, 63, READ]) + ctx(0, obj(2, 7))))
    talk.to(npdu(b"\x90\x01"))
    talk.to(b"\x02\x00\x10\x08")
    ask(0x0b, b"")
    # Right on Ethernet, and over IPv6.
    llc = b"\x82\x82\x03" + npdu(bytes([0x10, 8]))
    net.frame(ethernet(HMI.mac, b"\xff" * 6, len(llc), llc))
    llc = b"\x82\x82\x03" + npdu(i_am)
    net.frame(ethernet(PLC.mac, b"\xff" * 6, len(llc), llc))
    net.datagram(HMI6, PLC6, PORT, PORT, bvlc6(1, 20, npdu(bytes([0, 5, 1, READ]) + target(0, 1, 85)), 10))
    net.datagram(PLC6, HMI6, PORT, PORT, bvlc6(1, 10, npdu(
        bytes([0x30, 1, READ]) + target(0, 1, 85) + between(3, app(4, real(5)))), 20))
    for function, body, dest in ((3, b"", 10), (6, b"", None), (9, b"\x00\x3c", None),
                                 (10, bytes(16) + b"\xba\xc0", None), (2, npdu(bytes([0x10, 8])), None),
                                 (8, bytes(15) + b"\x01\xba\xc0" + npdu(bytes([0x10, 8])), None)):
        net.datagram(HMI6, PLC6, PORT, PORT, bvlc6(function, 20, body, dest))
    for function, body, dest in ((5, b"", 20), (7, b"", 20), (0, b"\x00\x90", None), (0, b"\x00\x00", None)):
        net.datagram(PLC6, HMI6, PORT, PORT, bvlc6(function, 10, body, dest))


@capture
def bacnet_secrets(net):
    """Passwords and keys where they belong, and where people put them by mistake: none is told."""
    talk = Talk(net)
    password = text(SECRET.decode())
    talk.ask(24, ctx(0, b"\x11\x22") + ctx(1, b"\x05") + ctx(2, text("joe")) + ctx(3, password) + ctx(4, b"\x01"))
    talk.answer(24, app(2, b"\x33\x44"))
    talk.ask(24, ctx(0, b"\x11\x22") + ctx(7, password) + between(8, app(7, password)))
    talk.refuse(24, 5, 26)
    talk.ask(25, app(12, obj(DEVICE, 5)) + app(2, b"\x00") + app(6, bytes([10, 9, 0, 20, 0xba, 0xc0])) +
             app(12, obj(DEVICE, 6)) + app(2, b"\x05") + app(6, b"\x0c"))
    talk.done(25)
    talk.ask(25, ctx(0, password) + app(7, password))
    talk.refuse(25, 5, 26, rest=app(7, password))
    for wrong in (app(7, password), ctx(3, password), between(1, app(7, password)), ctx(0, password), ctx(15, password),
                  between(2, between(2, ctx(2, password)), b"\x11")):
        talk.ask(17, ctx(1, b"\x01") + wrong)
        talk.done(17)
    for wrong in (app(7, password), ctx(2, password), between(1, app(7, password)), app(6, password)):
        talk.ask(20, ctx(0, b"\x00") + wrong)
        talk.done(20)
    net.datagram(HMI, PLC, PORT, PORT, bvlc(10, npdu(bytes([0x10, 17]) + ctx(1, b"\x01") + app(7, password))))


def values_of(kind, first, count):
    return b"".join(ctx(0, obj(kind, n)) + between(1, ctx(2, b"\x55") + between(4, app(4, real(n))))
                    for n in range(first, first + count))


@capture
def bacnet_segments(net):
    """What belongs together is joined, and nothing else is."""
    def part(talk, number, more, body, service=14):
        talk.back(bytes([0x38 | (4 if more else 0), talk.invoke, number & 255, 2, service]) + body)

    def asking(talk, number, more, body, service=16):
        talk.to(npdu(bytes([0x0a | (4 if more else 0), 0x55, talk.invoke, number & 255, 2, service]) + body))

    every = ctx(0, obj(0, 1)) + between(1, ctx(0, b"\x55"))
    # Two devices behind one router answer the same number at the same time.
    three, four = Talk(net, (108, b"\x03")), Talk(net, (108, b"\x04"))
    for talk in (three, four):
        talk.ask(14, every)
    part(three, 0, True, values_of(0, 1, 2))
    part(four, 0, True, values_of(0, 1001, 2))
    part(three, 1, False, values_of(0, 3, 1))
    part(four, 1, False, values_of(0, 1003, 1))
    # An answer that stays unfinished, and one to a later question with the same number.
    talk = Talk(net)
    talk.ask(14, every)
    part(talk, 0, True, values_of(0, 1, 2))
    part(talk, 1, True, values_of(0, 3, 2))
    talk.invoke = 0
    talk.ask(14, every)
    part(talk, 2, False, values_of(0, 99, 1))
    for n in range(3):
        part(talk, n, n < 2, values_of(0, 50 + n, 1))
    # Given up by the one who asked; by the one who answers, who answers then in one piece.
    talk.ask(14, every)
    part(talk, 0, True, values_of(0, 1, 1))
    talk.to(npdu(bytes([0x70, talk.invoke, 0])))
    part(talk, 1, False, values_of(0, 2, 1))
    talk.ask(14, every)
    part(talk, 0, True, values_of(0, 1, 1))
    talk.answer(14, values_of(0, 60, 1))
    part(talk, 1, False, values_of(0, 2, 1))
    # Two services under one number; a window sent again from its beginning.
    talk.ask(14, every)
    part(talk, 0, True, values_of(0, 1, 1))
    part(talk, 1, False, values_of(0, 2, 1), 26)
    for n, more in ((1, True), (0, True), (1, True), (2, True), (1, True), (2, True), (3, False)):
        part(talk, n, more, values_of(0, 70 + n, 1))
    # A request in segments that stops a program; its answer in one piece.
    talk.invoke += 1
    write = ctx(0, obj(16, 2)) + between(1, ctx(0, b"\x5a") + between(2, app(9, b"\x03")))
    asking(talk, 0, True, write[:9])
    asking(talk, 1, False, write[9:])
    talk.done(16)


@capture
def bacnet_properties(net):
    """Values of properties that are more than a number, or less than the rows say: none is malformed."""
    talk = Talk(net)

    def read(kind, instance, prop, value, index=None):
        talk.ask(READ, target(kind, instance, prop, index))
        talk.answer(READ, target(kind, instance, prop, index) + between(3, value))

    reference = target(0, 3, 85) + ctx(3, obj(DEVICE, 5))
    address = between(1, app(2, b"\x00") + app(6, bytes([10, 9, 0, 20, 0xba, 0xc0])))
    watched = between(1, target(0, 1, 85)) + ctx(2, b"\x01") + ctx(3, b"\x3c")
    read(17, 1, 54, b"")
    read(17, 1, 54, reference + target(1, 4, 85))
    read(53, 1, 54, app(2, b"\x05"), 0)
    read(DEVICE, 7, 152, b"")
    read(DEVICE, 7, 152, between(0, between(0, address) + ctx(1, b"\x01")) + watched + ctx(4, real(.5)) +
         between(0, between(0, ctx(0, obj(DEVICE, 9))) + ctx(1, b"\x02")) + watched)
    read(12, 1, 109, b"")
    read(12, 1, 130, app(2, b"\x03"), 0)
    read(12, 1, 130, ctx(0, TIME) + ctx(1, b"\x07") + between(2, NOW))
    read(300, 1, 54, ctx(0, b"\x01\x02") + ctx(1, b"") + between(3, app(4, real(1))))
    read(300, 1, 152, between(0, ctx(0, b"own")) + app(7, text("own")))
    read(25, 1, 131, between(0, NOW) + between(1, ctx(2, real(1.5))))
    # Members of a group have their own values; those of a global group may be another device's.
    failed = between(5, app(9, b"\x02") + app(9, b"\x20"))
    member = ctx(0, obj(0, 9)) + between(1, ctx(2, b"\x55") + between(4, app(4, real(72.5))))
    read(11, 1, 85, member + ctx(0, obj(0, 10)) + between(1, ctx(2, b"\x55") + failed))
    read(26, 1, 85, target(0, 9, 85) + ctx(3, obj(DEVICE, 9)) + between(4, app(4, real(73.5))))
    read(26, 1, 85, target(0, 9, 85) + failed, 1)
    read(63, 1, 85, app(4, real(.25)) + app(4, real(.75)))
    read(2, 7, 85, app(4, real(4.5)))
    # Lists of parameters may be empty, too.
    talk.ask(14, ctx(0, obj(0, 1)) + between(1))
    talk.answer(14, ctx(0, obj(0, 1)) + between(1))
    talk.ask(29)
    talk.answer(29, between(0) + ctx(1, b"\x00"))
    talk.tell(2, ctx(0, b"\x01") + ctx(1, obj(DEVICE, 7)) + ctx(2, obj(0, 1)) + ctx(3, b"\x00") + between(4))
    # But what is not whole is malformed: a parameter that must be, a value of another size, a byte too many.
    talk.ask(READ, target(2, 7, 85))
    talk.answer(READ, ctx(0, obj(2, 7)) + between(3, app(4, real(1))))
    talk.answer(READ, target(2, 7, 85) + between(3, app(4, b"\x01\x02\x03")))
    talk.answer(READ, target(2, 7, 85) + between(3, app(4, real(1))) + b"\xff")
    talk.refuse(READ, 2, 32, rest=between(3))
    talk.back(bytes([0x50, talk.invoke, 8]) + between(0) + ctx(1, b"\x01"))


@capture
def bacnet_acts(net):
    """What several writes in one request do, whatever stands before it; and what only looks like a change."""
    talk = Talk(net)

    def change(program, state):
        return ctx(0, obj(16, program)) + between(1, ctx(0, b"\x5a") + between(2, app(9, bytes([state]))))

    value = ctx(0, obj(4, 1)) + between(1, ctx(0, b"\x55") + between(2, app(9, b"\x01")) + ctx(3, b"\x08"))
    name = ctx(0, obj(DEVICE, 5)) + between(1, ctx(0, b"\x4d") + between(2, app(7, text("other"))))
    nested = ctx(0, obj(200, 1)) + between(1, ctx(0, b"\x5a") + between(2, between(2, app(9, b"\x03"))))
    for body in (*(change(1, state) for state in range(7)), value + change(2, 3), value + name, change(2, 2) + name,
                 change(2, 3) + change(3, 2), nested, value + value,
                 ctx(0, obj(16, 1)) + between(1, ctx(0, b"\x1c") + between(2, app(7, text("x"))) +
                                              ctx(0, b"\x5a") + between(2, app(9, b"\x05")))):
        talk.ask(16, body)
        talk.done(16)
    talk.ask(16, value + change(2, 3))
    talk.refuse(16, 2, 40, 0, between(1, target(16, 2, 90)))
    # A routing table that is asked for, and one that is set.
    for ports in (b"\x00", b"\x01\x00\x05\x01\x00"):
        talk.to(npdu(b"\x06" + ports, control=0x80))
        net.datagram(PLC, HMI, PORT, PORT, bvlc(10, npdu(b"\x07" + (b"" if ports[0] else b"\x01\x00\x05\x01\x00"),
                                                         control=0x80)))
    talk.to(npdu(b"\x06", control=0x80))
    # Random virtual addresses have bit 22 set; bit 23 is nobody's.
    for source in (0x4a0102, 0x8a0102):
        net.datagram(HMI6, PLC6, PORT + source % 9, PORT, bvlc6(2, source, npdu(bytes([0x10, 8]))))


@capture
def bacnet_not_asked_for(net):
    """Answers of another service than was asked for under their number: nobody asked for that."""
    talk = Talk(net)
    talk.ask(READ, target(0, 1, 85))
    talk.done(WRITE)
    talk.ask(READ, target(0, 1, 85))
    talk.answer(26, target(0, 1, 85) + ctx(3, b"\5\xe0") + ctx(4, b"\0") + between(5))


@capture
def bacnet_ethernet(net):
    """Questions and answers right on Ethernet, where the MACs tell who asks."""
    other = Host("10.9.0.11", "00:0e:8c:09:01:11")

    def say(one, to, apdu, **routed):
        llc = b"\x82\x82\x03" + npdu(apdu, **routed)
        net.frame(ethernet(one.mac, to.mac, len(llc), llc))

    def ask(to, invoke, service, body, **routed):
        say(HMI, to, bytes([0x02, 0x55, invoke, service]) + body, **routed)

    halt = target(16, 1, 90) + between(3, app(9, b"\x03"))
    for device in (PLC, other):
        ask(device, 1, WRITE, halt)
    for device in (other, PLC):
        say(device, HMI, bytes([0x20, 1, WRITE]))
    ask(PLC, 2, WRITE, target(1, 1, 85) + between(3, app(4, real(5))))
    say(PLC, HMI, bytes([0x20, 2, WRITE]))
    ask(PLC, 3, READ, target(0, 1, 85), dst=(5, b"\x0c"))
    say(PLC, HMI, bytes([0x30, 3, READ]) + target(0, 1, 85) + between(3, app(4, real(6))), src=(5, b"\x0c"))
    for device in (PLC, other):
        ask(device, 4, 14, ctx(0, obj(0, 1)) + between(1, ctx(0, b"\x55")))
    for device, number, more in ((PLC, 0, 4), (PLC, 1, 4), (other, 0, 4), (PLC, 2, 0), (other, 1, 0)):
        first = 100 if device is other else 0
        say(device, HMI, bytes([0x38 | more, 4, number, 2, 14]) + values_of(0, first + number, 1))
    ask(PLC, 5, 14, ctx(0, obj(0, 1)) + between(1, ctx(0, b"\x55")))
    for number in range(2):
        say(PLC, HMI, bytes([0x3c if number == 0 else 0x38, 5, number, 2, 14]) + values_of(0, number, 1))


@who
def bacnet_devices(net):
    """Devices behind a router with addresses of any size, two at one address, and a relay's echo."""
    def i_am(instance, vendor=10):
        return b"\x10\0" + app(12, obj(DEVICE, instance)) + app(2, number(1476)) + app(9, b"\3") + app(2, number(vendor))

    def say(host, instance, src=None, to=(ALL.mac, ALL.ip), port=PORT):
        message = npdu(i_am(instance), src=src)
        net.datagram(host, host, port, PORT, b"\x81\x0b" + struct.pack(">H", 4 + len(message)) + message, to=to)

    for instance, net_number, place in ((101, 5, "00a001020304"), (102, 5, "00a001000306"), (1, 6, "000001"), (65536, 6, "010000"),
                                        (108, 3, "6c")):
        say(PLC, instance, src=(net_number, bytes.fromhex(place)))
    say(HMI, 7)
    say(SERVER, 201)
    say(SERVER, 202, port=PORT + 1)
    # A box that repeats broadcasts does so with their address as its own.
    relay = Host("10.9.255.255", "00:30:bd:09:02:99")
    say(relay, 7, to=(ALL.mac, bytes((255, 255, 255, 255))))
    say(relay, 108, src=(3, b"\x6c"), to=(ALL.mac, bytes((255, 255, 255, 255))))
    # Right on Ethernet a router has no address: SNAP and LLC of clause 7.
    for instance in (301, 302):
        message = npdu(i_am(instance), src=(4, bytes([instance - 300])))
        net.frame(ALL.mac + PLC.mac + struct.pack(">H", 3 + len(message)) + b"\x82\x82\3" + message)
    # Whoever restarts one of them does not restart the router; a whole network is nobody in it.
    for invoke, place in enumerate(((3, b"\x6c"), (3, b"\x0a"), (5, b""))):
        restart = npdu(bytes([0, 5, invoke, 20]) + ctx(0, b"\0"), dst=place, control=4)
        net.datagram(HMI, PLC, PORT, PORT, bvlc(10, restart))
        if place[1]:
            net.datagram(PLC, HMI, PORT, PORT, bvlc(10, npdu(bytes([0x20, invoke, 20]), src=place)))
    net.datagram(HMI, ALL, PORT, PORT, bvlc(11, npdu(b"\x10\6" + NOW)))


@who
def bacnet_vendors(net):
    """What a device says of its maker comes before our table's word for its number."""
    message = npdu(b"\x10\0" + app(12, obj(DEVICE, 9)) + app(2, number(1476)) + app(9, b"\3") + app(2, number(10)))
    net.datagram(PLC, PLC, PORT, PORT, b"\x81\x0b" + struct.pack(">H", 4 + len(message)) + message, to=(ALL.mac, ALL.ip))
    ask = npdu(b"\0\5\1" + bytes([READ]) + target(DEVICE, 9, 121), control=4)
    reply = npdu(b"\x30\1" + bytes([READ]) + target(DEVICE, 9, 121) + between(3, app(7, text("Lithonia & Co"))))
    net.datagram(HMI, PLC, PORT, PORT, b"\x81\x0a" + struct.pack(">H", 4 + len(ask)) + ask)
    net.datagram(PLC, HMI, PORT, PORT, b"\x81\x0a" + struct.pack(">H", 4 + len(reply)) + reply)
