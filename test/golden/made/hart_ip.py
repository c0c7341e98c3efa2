"""HART-IP, built from its standards: commands with their answers, devices behind a gateway, bursts, version 2."""
import struct
from functools import reduce

from identities import SECRET
from protocols import HMI, PLC, SERVER, capture, who

PORT = 5094
OWN, OTHER = (0x264e, 0x0000d2), (0x1112, 0x123456)  # device type and id: the gateway's, and of one behind it
DYNAMIC = struct.pack(">BfBfBfBf", 12, 101.5, 32, 21.25, 251, float("nan"), 57, 40.0)


def address(device, bits=0x80):
    return bytes([device[0] >> 8 & 0x3f | bits, device[0] & 0xff]) + device[1].to_bytes(3, "big")


def frame(kind, where, command, data, check=True):
    head = bytes([kind | (0x80 if len(where) == 5 else 0)]) + where + bytes([command, len(data)]) + data
    return head + (bytes([reduce(int.__xor__, head)]) if check else b"")


def packed(text, size):
    sixes = [ord(c) & 0x3f for c in text.ljust(size // 3 * 4)]
    bits = reduce(lambda a, b: a << 6 | b, sixes)
    return bits.to_bytes(size, "big")


def listed(*commands):
    return b"".join(struct.pack(">HB", number, len(data)) + data for number, data in commands)


def identity(device, revision=7, flags=0, manufacturer=38, profile=1):
    return (struct.pack(">BHBBBBBB", 254, device[0], 5, revision, 3, 12, 2 << 3, flags) + device[1].to_bytes(3, "big") +
            (struct.pack(">BBHBHHB", 5, 4, 17, 0, manufacturer, manufacturer, profile) if revision >= 7 else b""))


class Hart:
    """A host that counts its sequence numbers, over either transport."""

    def __init__(self, net, tcp=True, version=1, server=PLC):
        self.net, self.sequence, self.version, self.device, self.server = net, 0, version, OWN, server
        self.connection = net.connect(HMI, server, PORT) if tcp else None

    def send(self, asks, kind, message, body=b"", status=0, sequence=None):
        data = struct.pack(">BBBBHH", self.version, kind, message, status,
                           self.sequence if sequence is None else sequence, 8 + len(body)) + body
        if self.connection:
            (self.connection.ask if asks else self.connection.answer)(data)
        elif asks:
            self.net.datagram(HMI, self.server, 50000, PORT, data)
        else:
            self.net.datagram(self.server, HMI, PORT, 50000, data)

    def exchange(self, message, ask=b"", answer=b"", kind=1, status=0):
        self.sequence += 1
        self.send(True, 0, message, ask)
        self.send(False, kind, message, answer, status)

    def where(self):
        return address(self.device) if self.device else b"\x80"

    def talk(self, command, data=b"", answer=b"", response=0, status=0x40):
        self.exchange(3, frame(2, self.where(), command, data),
                      frame(6, self.where(), command, bytes([response, status]) + answer))

    def same(self, command, data=b"", response=0):
        self.talk(command, data, data, response)

    def extended(self, command, data=b"", answer=None, response=0):
        number = struct.pack(">H", command)
        self.talk(31, number + data, number + (data if answer is None else answer), response)

    def start(self):
        self.exchange(0, struct.pack(">BI", 1, 30000), struct.pack(">BI", 1, 60000))
        self.device = None
        self.talk(0, b"", identity(OWN, flags=4, profile=132))
        self.device = OWN
        return self


@capture
def hart_ip_universal(net):
    """TS20127: commands 0 to 38 and 48, over TCP."""
    talk = Hart(net).start()
    talk.talk(0, b"", identity(OWN, flags=4, profile=132))
    talk.talk(1, b"", DYNAMIC[:5])
    talk.talk(2, b"", struct.pack(">ff", 12.5, 53.125))
    talk.talk(3, b"", struct.pack(">f", 12.5) + DYNAMIC)
    talk.talk(3, b"", struct.pack(">f", float("nan")) + DYNAMIC[:10])
    talk.same(6, b"\0\1")
    talk.talk(7, b"", b"\0\1")
    talk.talk(8, b"", b"\x41\x40\0\0")
    slots = b"".join(struct.pack(">BBBfB", *s) for s in ((0, 65, 12, 101.5, 0xc0), (246, 65, 12, 101.5, 0xc0),
                                                         (243, 96, 53, 900.0, 0xc0), (3, 0, 251, 1.0, 0x30)))
    talk.talk(9, bytes([0, 246, 243, 3]), b"\2" + slots + struct.pack(">I", 32 * 3600000))
    talk.talk(11, packed("TT-101", 6), identity(OTHER))
    talk.talk(12, b"", packed("CALIBRATED BY JOE", 24))
    talk.talk(13, b"", packed("PT-100", 6) + packed("STEAM DRUM", 12) + bytes([22, 11, 126]))
    talk.talk(13, b"", bytes(18) + bytes([1, 1, 0]))
    talk.talk(14, b"", b"\0\0\7\x0c" + struct.pack(">fff", 1000, -100, 10))
    talk.talk(15, b"", b"\0\0\x0c" + struct.pack(">fff", 400, 0, 0.4) + b"\1\xfa\0")
    talk.talk(16, b"", b"\0\1\2")
    talk.same(17, packed("NEW MESSAGE", 24))
    talk.same(18, packed("PT-200", 6) + packed("FEED WATER", 12) + bytes([1, 2, 126]))
    talk.same(19, b"\0\0\7")
    talk.talk(20, b"", b"Boiler 1 gateway".ljust(32, b"\0"))
    talk.talk(21, b"Boiler 1 gateway".ljust(32, b"\0"), identity(OWN, flags=4, profile=132))
    talk.same(22, b"Boiler 2 gateway".ljust(32, b"\0"))
    talk.same(38, b"\0\x11")
    talk.talk(48, b"", bytes(range(1, 15)) + b"\xaa")
    talk.talk(48, bytes(14), bytes(range(1, 15)))
    for response in (2, 5, 6, 7, 16, 32, 33, 64, 8, 30, 0x88):
        talk.talk(1, b"", b"", response)
    talk.exchange(2)
    talk.exchange(1)


@capture
def hart_ip_common(net):
    """TS20151 and wireless commands, over UDP: each as often as it has a meaning of its own."""
    talk = Hart(net, tcp=False).start()
    number, value = b"\2", struct.pack(">f", 12.5)
    talk.talk(33, b"\0\1\xf7", b"".join(struct.pack(">BBf", *s) for s in ((0, 12, 1.5), (1, 32, 2.5), (247, 32, 3.5))))
    for command, data in ((34, value), (35, b"\x0c" + value * 2), (36, b""), (37, b""), (39, b"\1"), (40, value), (41, b""),
                          (42, b""), (43, b""), (44, b"\x0c"), (45, value), (46, value), (47, b"\1"), (49, b"\0\0\7"),
                          (51, b"\0\1\2\3"), (52, number), (53, number + b"\x20"), (55, number + value),
                          (56, number + b"\0\0\7"), (58, packed("U-1", 6) + packed("UNIT", 12) + b"\1\1\x7e"), (59, b"\5"),
                          (64, number + value), (65, number + b"\x0c" + value * 2), (66, number + b"\x27" + value),
                          (67, number + b"\x27" + value), (68, number + b"\x27" + value), (69, number + b"\1"), (71, b"\1"),
                          (72, b"\1"), (82, number + b"\1\x0c" + value), (83, number), (87, b"\1"), (88, b"\3"),
                          (89, b"\1\1\1\x7e\0\0\0\1"), (106, b""), (100, b"\1"), (109, b"\1"), (111, b"\0"), (112, b"\0")):
        talk.same(command, data)
    talk.talk(50, b"", b"\0\1\2\xfa")
    talk.talk(54, number, number + b"\0\0\7\x0c" + struct.pack(">ffff", 10, 0, 0.4, 1) + b"\x41\4" +
              struct.pack(">I", 32000) + b"\1")
    talk.talk(57, b"", packed("U-1", 6) + packed("UNIT", 12) + b"\1\1\x7e")
    talk.talk(60, b"\1", b"\1\x27" + value * 2)
    talk.talk(60, b"\0", b"\0\x27" + value * 2)
    talk.talk(61, b"", b"\x27" + value + DYNAMIC)
    talk.talk(62, b"\0\1", b"\0\x27" + value + b"\1\x27" + value)
    talk.talk(63, number, number + b"\0\0\x27" + value * 3 + b"\1")
    talk.talk(70, number, number + b"\x27" + value * 4)
    talk.talk(73, b"", identity(OTHER))
    talk.talk(76, b"", b"\1")
    talk.talk(79, number + b"\1\x20" + value + b"\xc0", number + b"\1\x20" + value + b"\xc0")
    talk.talk(79, number + b"\0\x20" + value + b"\xc0", number + b"\0\x20" + value + b"\xc0")
    talk.talk(79, number + b"\1\x20" + value + b"\xc0", b"", 7)
    talk.talk(80, number, number + b"\x0c" + value * 2)
    talk.talk(81, number, number + b"\3\x0c" + value * 5)
    talk.talk(110, b"", DYNAMIC)
    talk.talk(130, b"\1\2", b"\1\2")  # a vendor's own
    talk.talk(122, b"\1", b"", 64)
    for command, data in ((512, b""), (518, b"Roof".ljust(32, b"\0")), (519, b"Roof".ljust(32, b"\0")),
                          (520, b"Area 5".ljust(32, b"\0")), (532, address(OTHER) + b"\0\1"), (533, address(OTHER) + b"\0\1"),
                          (538, struct.pack(">HH", 5094, 5095)), (539, b"\x13\xe6"), (540, b"\x13\xe6"),
                          (543, b"\2\2" + b"logs.plant".ljust(64, b"\0")), (544, b"\2\2"), (545, b"logs.plant".ljust(64, b"\0"))):
        talk.extended(command, data)
    talk.extended(520, response=20)


@capture
def hart_ip_numbers(net):
    """Every number from 512 on that has a meaning, those about them that have none, and the ranges."""
    talk = Hart(net, tcp=False).start()
    for number in (*range(512, 554), *range(767, 847), *range(959, 980), 1023, 1024, 1151, 1152, 1279, 1280, 1408, 33663,
                   33664, 33791, 33792, 64384, 64511, 64512, 65535):
        talk.extended(number, b"\1")


@who
def hart_ip_gateway(net):
    """What stands behind a gateway: summaries, frames passed on, lists of commands, bursts."""
    talk = Hart(net).start()
    talk.talk(74, b"", struct.pack(">BBBHBBB", 1, 8, 15, 2, 4, 1, 3))
    talk.talk(75, b"\0\1\0", identity(OTHER))
    for index, tag in ((0, b"Boiler 1 gateway"), (1, b"Feed water flow"), (2, b"")):
        device = OWN if index == 0 else (OTHER[0], OTHER[1] + index)
        talk.talk(84, struct.pack(">H", index),
                  struct.pack(">HBBHH", index, 0, 1, 17, device[0]) + device[1].to_bytes(3, "big") + b"\7" +
                  tag.ljust(32, b"\0") + b"\3\1\0\x11")
    talk.talk(85, b"\0\1", b"\0\1" + struct.pack(">5H", 1, 2, 3, 4, 5))
    talk.talk(86, b"\0\1", b"\0\1" + struct.pack(">3H", 1, 2, 3))

    def pass_on(command, data=b"", answer=b"", response=0, where=address(OTHER), gateway=0):
        talk.talk(77, b"\0\1\5" + frame(2, where, command, data, False),
                  b"\0\1" + frame(6, where, command, bytes([response, 0]) + answer, False) if not gateway else b"", gateway)

    pass_on(0, b"", identity(OTHER, revision=5), where=b"\x80")
    pass_on(3, b"", struct.pack(">f", 8.0) + DYNAMIC)
    pass_on(20, b"", b"Feed water flow".ljust(32, b"\0"))
    pass_on(35, b"\x0c" + struct.pack(">ff", 400, 0), b"", 7)
    pass_on(40, struct.pack(">f", 20.0), struct.pack(">f", 20.0))
    pass_on(31, b"\2\0", b"\2\0US")
    pass_on(1, gateway=33)
    asked, told = listed((1, b""), (35, b"\x0c" + struct.pack(">ff", 4, 0))), listed((1, b"\0" + DYNAMIC[:5]), (35, b"\7"))
    talk.talk(78, b"\2" + asked, b"\0\2" + told)
    pass_on(78, b"\2" + asked, b"\0\2" + told)  # lists are of whom they were sent to
    pass_on(40, struct.pack(">f", 20.0), struct.pack(">f", 20.0), where=b"\x83")
    for again in range(12):  # many asked at once
        talk.send(True, 0, 3, frame(2, address((OTHER[0], again)), 1, b""), sequence=100 + again)
    for again in range(12):
        talk.send(False, 1, 3, frame(6, address((OTHER[0], again)), 1, b"\0\0" + DYNAMIC[:5]), sequence=100 + again)
    for sequence, bits in enumerate((0x40, 0xc0)):
        burst = frame(1, address(OTHER, bits), 9, b"\0\0\0" + struct.pack(">BBBfB", 0, 65, 19, 55.5, 0xc0) + bytes(4))
        talk.send(False, 2, 3, burst, sequence=sequence)
    # Nothing that may be read: check byte, lengths, an answer where a question should be.
    good = frame(2, address(OWN), 1, b"")
    for bad in (good[:-1] + b"\0", good[:-2], b"", frame(6, address(OWN), 1, b"\0"), frame(5, address(OWN), 1, b"")):
        talk.exchange(3, bad, kind=15, status=5)
    talk.exchange(3, good, b"")  # answered by nothing


@capture
def hart_ip_sessions(net):
    """Sessions refused and ended, errors, and version 2: direct PDUs, the audit log."""
    talk = Hart(net, version=2)
    talk.exchange(0, struct.pack(">BI", 0, 30000), struct.pack(">BI", 0, 30000), status=15)
    talk.exchange(0, struct.pack(">BI", 1, 30000), b"\1", kind=3)
    talk.exchange(0, struct.pack(">BI", 1, 30000), struct.pack(">BI", 1, 30000), status=8)
    commands = listed((0, b""), (1, b""), (513, b"DE\0"))
    told = listed((0, b"\0" + identity(OWN, manufacturer=17, profile=65)), (1, b"\0" + DYNAMIC[:5]), (513, b"\7"))
    talk.exchange(4, b"\0\0" + commands, b"\x40\0" + told)
    talk.exchange(4, b"\0\0" + struct.pack(">HB", 961, 16) + bytes(range(16)), b"\0\0" + struct.pack(">HBB", 961, 1, 0))
    talk.send(False, 2, 4, b"\0\0" + struct.pack(">HB", 1, 6) + b"\0" + DYNAMIC[:5], sequence=1)
    talk.exchange(4, b"\0\0\0\0\5", b"\0\0\0\0\0")  # lists that end too early
    talk.exchange(5, b"\0\1", b"\0\1" + struct.pack(">QQHH", 1700000000, 1700000001, 1, 58) + bytes(58))
    talk.exchange(3, frame(2, address(OWN), 1, b""), b"", kind=15, status=9)
    talk.exchange(9, b"\1\2", b"\3")
    talk.exchange(128, b"", b"\1")
    talk.exchange(1)
    found = Hart(net, tcp=False, server=SERVER)  # nobody opens a session for these
    found.exchange(128)
    found.send(False, 2, 128)


@capture
def hart_ip_refused(net):
    """Who says no to what is within another command, or to a whole message, says it of that; 33 and 34 are no refusals."""
    talk = Hart(net, version=2).start()
    write = frame(2, address(OTHER), 40, struct.pack(">f", 20), False)
    for response in (7, 33, 34, 35):
        talk.talk(77, b"\0\1\5" + write, b"", response)
        talk.talk(31, struct.pack(">H", 521) + b"Area 5".ljust(32, b"\0"), b"", response)
    talk.talk(79, b"\2\1\x20" + struct.pack(">fB", 1, 0xc0), b"\2\1\x20" + struct.pack(">fB", 1, 0xc0), 33)
    talk.talk(77, b"\0\1\5" + write, b"")  # no refusal, and nothing of what was done
    talk.talk(77, b"\0\1\5" + write, b"\0\1" + frame(6, address(OTHER), 40, b"\0\0" + struct.pack(">f", 20), False), 33)
    talk.talk(31, struct.pack(">H", 77) + b"\0\1\5" + write, b"", 7)
    whole = frame(2, address(OWN), 77, b"\0\1\5" + write)
    for kind, status in ((1, 15), (3, 0), (15, 5)):
        talk.exchange(3, whole, kind=kind, status=status)
        talk.exchange(4, b"\0\0" + listed((513, b"DE\0"), (1, b"")), kind=kind, status=status)
    within = b"\0\1\5" + write
    talk.exchange(4, b"\0\0" + listed((77, within)), b"\0\0" + listed((77, b"\7")))
    talk.exchange(4, b"\0\0" + listed((77, within)),
                  b"\0\0" + listed((77, b"\0\0\1" + frame(6, address(OTHER), 40, b"\7\0", False))))
    talk.exchange(4, b"\0\0" + listed((1, b""), (77, within)), b"\0\0" + listed((1, b"\0" + DYNAMIC[:5]), (77, b"\7")))
    talk.exchange(4, b"\0\0" + listed((78, b"\1" + listed((35, b"\x0c" + struct.pack(">ff", 4, 0))))),
                  b"\0\0" + listed((78, b"\0\0\1" + listed((35, b"\7")))))
    talk.exchange(4, b"\0\0" + listed((78, b"\1" + listed((78, b"\1" + listed((6, b"\1\1")))))), b"\0\0" + listed((78, b"\7")))
    talk.talk(77, b"\0\1\5" + write, b"", 7)
    talk.sequence -= 1
    talk.send(False, 1, 3, frame(6, address(OWN), 77, b"\7\0"), sequence=talk.sequence + 1)  # answered twice
    # Reserved bits and types: devices look at four bits, and so does this.
    one = frame(2, address(OWN), 40, struct.pack(">f", 20))
    talk.sequence += 2
    talk.send(True, 0x10, 3, one)
    talk.send(False, 0x81, 3, frame(6, address(OWN), 40, b"\0\0" + struct.pack(">f", 20)))
    talk.send(True, 5, 3, one)
    talk.send(True, 0x2e, 0, struct.pack(">BI", 1, 30000))


@capture
def hart_ip_secrets(net):
    """Keys and passwords, wherever a command or what comes back of it may stand."""
    talk = Hart(net, version=2).start()
    for number in (541, 542, 546, 547, 600, 767, 768, 823, 850, 961, 963, 979):
        talk.extended(number, b"\0\0" + SECRET)
        talk.extended(number, SECRET, response=7)
        ask, told = listed((number, SECRET)), listed((number, b"\0" + SECRET))
        talk.exchange(4, b"\0\0" + ask, b"\0\0" + told)
        talk.exchange(4, b"\0\0" + listed((78, b"\1" + ask)), b"\0\0" + listed((78, b"\0\0\1" + told)))
        inner = struct.pack(">H", number) + SECRET
        talk.talk(77, b"\0\1\5" + frame(2, address(OTHER), 31, inner, False),
                  b"\0\1" + frame(6, address(OTHER), 31, b"\0\0" + inner, False))
    write = frame(2, address(OWN), 31, struct.pack(">H", 768) + SECRET)
    for kind in (3, 15, 0x1f, 7, 0xf7):
        talk.exchange(3, write, write, kind=kind)
    for number, data in ((31, SECRET[:1]), (77, b"\xff" + SECRET), (78, b"\xff" + SECRET)):  # nothing that can be read
        talk.same(number, data)
        talk.exchange(4, b"\0\0" + listed((number, data)), b"\0\0" + listed((number, b"\0" + data)))


@who
def hart_ip_devices(net):
    """Whose an identity is: a gateway's own, of others that answer there, of one without a manufacturer, of a field device."""
    talk = Hart(net)
    for device in (None, (0, 0), OWN):  # before anybody knows who it is
        talk.device = device
        talk.talk(73, b"", identity(OTHER))
        talk.talk(11, packed("TT-101", 6), identity(OTHER))
        talk.talk(21, b"Boiler".ljust(32, b"\0"), identity(OTHER))
    talk.device = OTHER
    talk.talk(0, b"", identity(OTHER))
    talk.start()
    for device in (None, (0, 0), OWN):
        talk.device = device
        talk.talk(73, b"", identity(OTHER, manufacturer=17))
        talk.talk(11, packed("TT-101", 6), identity(OTHER, manufacturer=17))
        talk.talk(21, b"Boiler".ljust(32, b"\0"), identity(OTHER, manufacturer=17))
    talk.device = OTHER
    talk.talk(20, b"", b"Feed water flow".ljust(32, b"\0"))
    talk.device = OWN
    talk.talk(20, b"", b"Boiler 1 gateway".ljust(32, b"\0"))
    talk.talk(21, b"Boiler 1 gateway".ljust(32, b"\0"), identity(OWN, flags=4, profile=132))
    field = Hart(net, tcp=False, server=SERVER)
    field.device = None
    field.talk(0, b"", identity(OTHER)[:12])
    field.talk(13, b"", packed("PT-100", 6) + packed("STEAM DRUM", 12) + bytes([22, 11, 126]))
