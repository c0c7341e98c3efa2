"""OMRON FINS, built from its manuals: every command with its answer, every kind of memory area, refusals."""
import struct

from identities import SECRET
from protocols import HMI, PLC, SERVER, capture, who

PORT = 9600
CLIENT, NODE = 20, 10  # the last bytes of their addresses, as units set themselves up


def header(icf, destination, source, sid, gct=2):
    return struct.pack(">BBB3B3BB", icf, 0, gct, *destination, *source, sid)


class Fins:
    """A client that counts its service ids, over either transport."""

    def __init__(self, net, tcp=False, ends=(HMI, PLC)):
        self.net, self.sid, self.there, self.here = net, 0, (0, NODE, 0), (0, CLIENT, 0)
        self.ends, self.counts = ends, True
        self.connection = net.connect(*ends, PORT) if tcp else None

    def send(self, asks, frame):
        if self.connection:
            framed = b"FINS" + struct.pack(">III", 8 + len(frame), 2, 0) + frame
            (self.connection.ask if asks else self.connection.answer)(framed)
        else:
            self.net.datagram(*(self.ends if asks else reversed(self.ends)), PORT, PORT, frame)

    def cut(self, size):
        """The last frame has so many bytes of FINS in the capture."""
        at, link, frame, wire = self.net.frames[-1]
        self.net.frames[-1] = (at, link, frame[:14 + 20 + 8 + size], wire)

    def ask(self, code, body=b"", icf=0x80):
        self.sid = self.sid % 255 + 1 if self.counts else 0
        self.send(True, header(icf, self.there, self.here, self.sid) + struct.pack(">H", code) + body)

    def answer(self, code, body=b"", end=0, source=None):
        frame = header(0xc0, self.here, source or self.there, self.sid)
        self.send(False, frame + struct.pack(">HH", code, end) + body)

    def talk(self, code, body=b"", answer=b"", end=0):
        self.ask(code, body)
        self.answer(code, answer, end)


def place(area, word, bit=0, count=None):
    return struct.pack(">BHB", area, word, bit) + (b"" if count is None else struct.pack(">H", count))


def words(*values):
    return struct.pack(f">{len(values)}H", *values)


def name(text, size=12):
    return text.encode().ljust(size, b"\0")


@capture
def fins_memory(net):
    """Places of each area read and written: words, bits, flags, forced ones; several at once."""
    talk = Fins(net)
    for area, word in ((0x82, 100), (0xb0, 0), (0xb1, 10), (0xb2, 3), (0xb3, 448), (0x89, 5), (0x89, 0x8007),
                       (0xa0, 100), (0xaf, 1), (0x60, 2), (0x68, 3), (0x98, 9), (0x80, 12), (0x80, 0x0a01),
                       (0x80, 0x0b02), (0x81, 6), (0x81, 0x0808), (0x97, 4), (0xbc, 0x0203), (0xbc, 0x0f00),
                       (0x84, 1), (0x85, 1), (0x9c, 1), (0xdd, 2)):
        talk.talk(0x0101, place(area, word, 0, 2), words(0x1234, 0xffff))
    for area, word, bit in ((0x30, 0, 5), (0x31, 9, 14), (0x32, 1, 0), (0x33, 1, 15), (0x02, 100, 3), (0x2f, 7, 1),
                            (0xe8, 7, 1), (0x00, 0, 5), (0x00, 0x0b00, 7), (0x0a, 1, 2), (0x05, 1, 2)):
        talk.talk(0x0101, place(area, word, bit, 3), b"\1\0\1")
    for area, word in ((0x09, 15), (0x09, 0x8002), (0x01, 3), (0x01, 0x0803), (0x06, 4), (0x46, 4), (0x07, 1),
                       (0x07, 0x1000), (0x07, 0x0200), (0x03, 1), (0x04, 2), (0x44, 2), (0x1b, 3)):
        talk.talk(0x0101, place(area, word, 0, 2), b"\1\0")
    talk.talk(0x0101, place(0x70, 1, 14, 3), b"\3\2\1")
    talk.talk(0x0101, place(0x49, 1, 0, 2), b"\3\1")
    talk.talk(0x0101, place(0xf1, 1, 0, 1), words(0x0f0f, 0x8001))
    talk.talk(0x0101, place(0xdc, 0x0102, 0, 1), b"\0\1\2\3")
    talk.talk(0x0102, place(0x82, 100, 0, 3) + words(1, 2, 0xffff))
    talk.talk(0x0102, place(0x30, 0, 15, 2) + b"\1\0")
    talk.talk(0x0102, place(0x82, 101, 0, 1) + words(9), end=0x2102)
    talk.talk(0x0103, place(0xa1, 32000, 0, 4) + words(0x5555))
    three = place(0x82, 1) + place(0x30, 0, 5) + place(0xf0, 2)
    talk.talk(0x0104, three, b"\x82" + words(7) + b"\x30\1" + b"\xf0" + words(8, 9))
    talk.talk(0x0105, place(0x82, 1) + place(0xb1, 0) + words(4))
    # Other networks, units beside the CPU, and what cannot be told.
    talk.there = (3, 7, 0)
    talk.talk(0x0101, place(0x82, 100, 0, 1), words(77))
    talk.talk(0x0101, place(0x82, 100, 0, 1), b"\1\2", end=0x8205)
    talk.there = (0, NODE, 0x12)
    talk.talk(0x0101, place(0x82, 100, 0, 1), words(78))
    talk.there = (1, NODE, 0)  # its own network has a number
    talk.talk(0x0101, place(0x82, 100, 0, 1), words(79), end=0x0040)  # a battery is low: done all the same
    talk.there = (0, 0, 0)  # "you": the answer says which node that is
    talk.ask(0x0101, place(0x82, 102, 0, 1))
    talk.answer(0x0101, words(80), source=(0, NODE, 0))
    talk.answer(0x0101, words(81))  # nobody asked
    talk.talk(0x0101, place(0x55, 1, 0, 1), end=0x1101)  # no such area
    talk.talk(0x0101, place(0x30, 1, 16, 1), end=0x1103)  # no such bit
    talk.talk(0x0101, place(0x82, 5, 0, 2), words(1))  # not what was asked for
    talk.ask(0x0102, place(0x82, 103, 0, 1) + words(5), icf=0x81)
    talk.ask(0x0102, place(0x82, 104, 0, 2) + words(5))  # one word of two
    talk.ask(0x0102, place(0x82, 0xffff, 0, 2) + words(5, 6))  # beyond the last
    talk.ask(0x0101, place(0x82, 105))


@capture
def fins_forced(net):
    talk = Fins(net)
    talk.talk(0x2301, words(5) + b"".join(words(what) + place(0x30, 1, n) for n, what in
                                          enumerate((0, 1, 0x8000, 0x8001, 0xffff))))
    talk.talk(0x2301, words(1) + words(1) + place(0x09, 0x8003))
    talk.talk(0x2302)
    talk.talk(0x230a, place(0xb0, 0, 0, 2), place(0xb0, 0, 0, 2) + words(3, 0))
    talk.ask(0x2301, words(2) + words(1) + place(0x30, 1, 1))


@capture
def fins_program(net):
    """What changes the program, its settings and whether it runs; over TCP, where nodes are handed out."""
    talk = Fins(net, tcp=True)
    talk.connection.talk((b"FINS" + struct.pack(">IIII", 12, 0, 0, 0), b"FINS" + struct.pack(">IIIII", 16, 1, 0, 239, 10)))
    talk.here = (0, 239, 0)
    for area in (0x8000, 0x8010, 0x8012, 0x8013, 0x8002):
        talk.talk(0x0201, words(area, 0, 2), words(area, 0, 0x8002, 0xaaaa, 0xbbbb))
    talk.talk(0x0202, words(0x8010, 0, 0x8002, 1, 2))
    talk.talk(0x0203, words(0x8010, 0, 0x8000, 0))
    talk.talk(0x0220, words(0, 0x534e, 0, 9), b"\1" + struct.pack(">BHBHH", 0x81, 1000, 0, 100, 4))
    talk.talk(0x0221, words(0, 0x534e, 0, 9) + b"\1" + struct.pack(">BHBHH", 1, 1000, 0, 100, 4))
    secret = words(0xffff) + b"\0" + struct.pack(">II", 0, 0xffffffff) + b"PASS"
    talk.talk(0x0304, secret)
    talk.talk(0x0305, secret, end=0x2602)
    where = words(0xffff) + struct.pack(">I", 0x400)
    talk.talk(0x0306, where + words(4), where + words(0x8004) + b"\1\2\3\4")
    talk.talk(0x0307, where + words(0x8004) + b"\1\2\3\4", where + words(0x8004))
    talk.talk(0x0308, words(0xffff) + b"\0")
    talk.talk(0x0402, words(0xffff))
    for body in (b"", words(0xffff), words(0xffff) + b"\2", words(0xffff) + b"\4"):
        talk.talk(0x0401, body)
    talk.talk(0x0403)
    talk.talk(0x0401, words(0xffff) + b"\4", end=0x3001)
    talk.talk(0x0c01, words(0), struct.pack("BBB", 0, 9, 1), end=0x3001)
    for code in (0x0c01, 0x0c02, 0x0c03):
        talk.talk(code, words(0))
    talk.talk(0x7f01, b"\1\2", end=0x0401)
    talk.ask(0x0202, words(0x8010, 0, 0x8002, 1))
    for command, error, body in ((3, 2, b""), (6, 0, b""), (1, 0x20, b""), (9, 0, b"\1\2")):
        talk.connection.answer(b"FINS" + struct.pack(">III", 8 + len(body), command, error) + body)


@capture
def fins_who(net):
    """Who and how a controller is, its clock, messages, errors, tests."""
    talk = Fins(net)
    areas = struct.pack(">HBHBBHBH", 60, 23, 32768, 8, 3, 0, 4, 128)
    who = name("CJ2M-CPU31", 20) + name("02.00", 10) + name("02.10", 10)
    units = words(0x8102, *[0] * 31)
    talk.talk(0x0501, b"\0", who + bytes(40) + areas)
    talk.talk(0x0501, b"\1", units + b"\0\1")
    talk.talk(0x0501, b"", who + bytes(40) + areas + units + b"\0\1")
    talk.there = (0, NODE, 0x10)
    talk.talk(0x0501, b"", name("CJ1W-ETN21", 20) + name("V1.50", 20) + bytes([10, 9, 1, 10]) + bytes(10))
    talk.talk(0x0601, b"", bytes(20))
    talk.there = (2, 5, 0)
    talk.talk(0x0501, b"\0", name("CS1G-CPU44H", 20) + name("04.00", 20) + bytes(40) + areas)
    talk.there = (0, NODE, 0)
    talk.talk(0x0502, b"\0\2", b"\x82" + b"\x10" + name("CJ1W-ETN21", 20) + b"\x11" + name("CJ1W-SCU41-V1", 20))
    talk.talk(0x0601, b"", struct.pack(">BBHHHH", 5, 4, 0, 0x1000, 0, 0x00f7) + name("BATTERY LOW", 16))
    talk.talk(0x0601, b"", struct.pack(">BBHHHH", 0, 0, 0x8000, 0, 1, 0xc101) + name("", 16))
    talk.talk(0x0602, b"", bytes(range(48)))
    talk.talk(0x0603, b"", b"\x81\1" + bytes(12))
    talk.talk(0x0620, b"\0")
    talk.talk(0x0620, b"\1", struct.pack(">III", 12, 20, 8))
    talk.talk(0x0701, b"", bytes.fromhex("26112212153000"))
    talk.talk(0x0702, bytes.fromhex("99123123595905"))
    talk.talk(0x0702, bytes.fromhex("2611221215"))
    talk.talk(0x0701, b"", bytes.fromhex("2a112212153000"))  # no digits
    talk.talk(0x0801, b"echo", b"echo")
    talk.talk(0x0802, b"", words(3))
    talk.ask(0x0803, b"to all", icf=0x81)
    talk.talk(0x0920, words(0x0003), words(0x0003) + name("TANK 3 IS FULL", 32) + name("CALL JOE", 32))
    talk.talk(0x0920, words(0x4003))
    talk.talk(0x0920, words(0x8000), words(0x8101) + name("PUMP STUCK", 16))
    talk.talk(0x2101, words(0xfffe))
    record = words(0x00f7, 0) + bytes.fromhex("153022122611")
    talk.talk(0x2102, words(0, 2), words(20, 2, 2) + record * 2)
    talk.talk(0x2103)
    talk.talk(0x2140, words(0, 1), words(500, 1, 1) + bytes(range(14)))
    talk.talk(0x2141)
    talk.talk(0x2601, b"LINE 3")
    talk.talk(0x2603, b"", b"LINE 3")
    talk.talk(0x2602)
    for code in (0x2701, 0x2702, 0x2703, 0x2704, 0x2710, 0x2711, 0x2712, 0x2713, 0x2714, 0x2720, 0x2730, 0x2731,
                 0x2750, 0x2751, 0x2757, 0x2760, 0x2761, 0x2762, 0x2763, 0x2764, 0x2765, 0x2767, 0x2220):
        talk.talk(code, b"\0\1", b"\0\1")
    talk.talk(0x2720, bytes(6), end=0x220f)
    talk.answer(0x0601, bytes(3))  # too short for a CPU


@capture
def fins_files(net):
    talk = Fins(net)
    path = words(5) + b"\\DATA"
    when = struct.pack(">HH", 46 << 9 | 11 << 5 | 22, 12 << 11 | 15 << 5 | 15)
    file = name("RECIPE.IOM")
    talk.talk(0x2201, words(0x8000, 0, 2) + path, name("CARD") + when + struct.pack(">IIH", 1 << 20, 4096, 7) +
              words(0x8002) + (file + when + struct.pack(">I", 300)) * 2)
    talk.talk(0x2202, words(0x8000) + file + struct.pack(">IH", 0, 4) + path, struct.pack(">IIH", 300, 0, 4) + b"abcd")
    talk.talk(0x2203, words(0x8000, 1) + file + struct.pack(">IH", 0, 4) + b"abcd" + path)
    talk.talk(0x2204, words(0x8000))
    talk.talk(0x2205, words(0x8000, 2) + file * 2 + path, words(2))
    talk.talk(0x2206, words(0x8000, 0) + name("CARD"))
    talk.talk(0x2207, words(0x8000) + file + words(0x8001) + file + path * 2)
    talk.talk(0x2208, words(0x8000) + file + name("OLD.IOM") + path)
    talk.talk(0x2209, words(0x8000) + file, end=0x2006)
    for n in range(3):
        talk.talk(0x220a, words(n) + place(0x82, 100, 0, 10) + words(0x8000) + file + path, words(10))
        talk.talk(0x220b, words(n, 0x8010, 0, 10, 0x8000) + file, words(10))
        talk.talk(0x220c, words(n, 0xffff) + struct.pack(">II", 0, 4096) + words(0x8000) + file,
                  struct.pack(">I", 4096))
    talk.talk(0x220f, words(0) + b"\2", words(0, 2) + b"\0" + b"\1\0\x82\1")
    talk.talk(0x2210, words(1), b"\1\0" + bytes(128))
    talk.talk(0x2211, b"\1\0" + words(1) + bytes(128))
    talk.talk(0x2215, words(0x8000, 0) + name("DATA") + words(1) + b"\\")
    talk.ask(0x2203, words(0x8000, 1) + file + struct.pack(">IH", 0, 9) + b"abcd")


@capture
def fins_peers(net):
    """Two controllers ask one another in one conversation, with the same service ids, also unanswered ones."""
    one, other = Fins(net), Fins(net, ends=(PLC, HMI))
    other.there, other.here = one.here, one.there
    for talk, value in ((one, 111), (other, 222)):
        talk.talk(0x0101, place(0x82, 100, 0, 1), words(value))
        talk.talk(0x0102, place(0x82, 200, 0, 1) + words(value))
        talk.talk(0x0102, place(0x82, 201, 0, 1) + words(value), end=0x2102)
    for talk in (one, other):
        talk.there = talk.here = (0, 0, 0)  # nobody has an address
        talk.ask(0x0101, place(0x82, 100 if talk is one else 500, 0, 1))
    one.answer(0x0101, words(1))
    other.answer(0x0101, words(2))


@capture
def fins_secret(net):
    """Passwords of four characters, of more and of less, cut off, given back; and 15 bytes as the manual says."""
    talk = Fins(net)
    head = words(0xffff) + b"\0" + struct.pack(">II", 0, 0xffffffff)
    for code in (0x0304, 0x0305):
        talk.talk(code, head + b"PASS")
        talk.talk(code, head + SECRET, SECRET, end=0x2602)
        talk.talk(code, head + SECRET, SECRET)
        talk.ask(code, head + SECRET[:3])
        talk.ask(code, head[:-1])
        talk.answer(code, b"\2\5" + SECRET, end=0x8205)
        talk.ask(code, head + SECRET)
        talk.cut(12 + 11 + 3)
        talk.answer(code, SECRET)
        talk.cut(14 + 3)


@capture
def fins_cut(net):
    """A capture that keeps 66 bytes of each frame: headers say who wants what, and nothing is malformed."""
    talk, who = Fins(net), name("CJ2M-CPU31", 20) + name("02.00", 20)
    for code, ask, answer in ((0x0102, place(0x82, 100, 0, 20) + words(*range(20)), b""),
                              (0x0101, place(0x82, 100, 0, 20), words(*range(20))), (0x0501, b"", who + bytes(52)),
                              (0x0601, b"", bytes(26)), (0x220c, words(1, 0xffff) + bytes(22), bytes(4))):
        talk.ask(code, ask)
        talk.cut(24)
        talk.answer(code, answer)
        talk.cut(24)
    talk.ask(0x220c, words(1, 0xffff) + bytes(22))
    talk.cut(13)  # from a file or to it: not known


@who
def fins_networks(net):
    """Nodes behind the controller, one with its own number; their units; the same service id for all."""
    talk, who = Fins(net), name("02.00", 20) + bytes(52)
    talk.counts = False
    talk.here = (1, CLIENT, 0)
    for there, model in (((0, NODE, 0), "CJ2M-CPU31"), ((2, NODE, 0), "CS1G-CPU44H"), ((1, NODE, 0), "CJ2M-CPU31"),
                         ((3, 5, 0), "CS1D-CPU65H"), ((3, 5, 0x10), "CS1W-ETN21"), ((0, NODE, 0xfe), "CJ1W-ETN21")):
        talk.there = there
        talk.talk(0x0501, b"\0" if not there[2] else b"", name(model, 20) + who)
        talk.talk(0x0101, place(0x82, 100, 0, 1), words(there[0]))
    for network, word in ((2, 100), (3, 200)):
        talk.there = (network, 5, 0)
        talk.ask(0x0101, place(0x82, word, 0, 1))
    for network in (2, 3):
        talk.answer(0x0101, words(network), source=(network, 5, 0))


@capture
def fins_doubt(net):
    """A client that does not count its questions, and does not always wait: whose an answer is, is not guessed."""
    talk = Fins(net)
    talk.counts = False
    for word in (100, 200):
        talk.ask(0x0101, place(0x82, word, 0, 1))
    talk.answer(0x0101, words(1))  # of either
    talk.answer(0x0101, words(2))  # of the one that is left
    for _ in range(2):
        talk.ask(0x0101, place(0x82, 300, 0, 1))  # asked again: the same for both
    talk.answer(0x0101, words(3))
    talk.ask(0x0102, place(0x82, 400, 0, 1) + words(4))
    talk.ask(0x0102, place(0x82, 400, 0, 1) + words(5))
    talk.answer(0x0102)
    net.wait(6)
    talk.ask(0x0102, place(0x82, 400, 0, 1) + words(6))  # one was lost
    talk.answer(0x0102)
    talk.talk(0x0102, place(0x82, 400, 0, 1) + words(7))
    for code, answer in ((0x0101, words(1)), (0x0620, struct.pack(">III", 12, 20, 8)), (0x0920, b""),
                         (0x220a, words(1)), (0x220b, words(1)), (0x220c, bytes(4)), (0x0401, b""), (0x2804, b"\1\3\0")):
        talk.answer(code, answer)  # nobody asked
    # What does not fit its command, and still says whose answer it is.
    talk.talk(0x0502, b"\0", b"\x81\x11" + name("CJ1W-ETN21", 20) + b"\1\2")
    talk.talk(0x0701, b"", b"\x26", end=0x0040)


@capture
def fins_units(net):
    """Commands to units beside the CPU, and through them to devices behind."""
    talk = Fins(net)
    for unit in (1, 0x10, 0x45, 0x80, 0xe1, 0xe4, 0xfe):
        talk.there = (0, NODE, unit)
        talk.talk(0x0601, b"", bytes(4))
    talk.there = (0, NODE, 0x12)
    for code in (0x0401, 0x0402, 0x0403):
        talk.talk(code)
    talk.talk(0x0202, words(0x0100, 0, 8) + bytes(8))
    talk.talk(0x0501, b"", name("CJ1W-CLK21", 20) + name("V1.50", 20) + bytes(26))
    talk.there = (0, NODE, 0x80)
    for function in (1, 3, 5, 16, 22, 23, 8):
        for code in (0x2804, 0x2805):
            talk.talk(code, bytes([9, function, 0, 1, 0, 2]), bytes([9, function, 0, 1]))
    for service in (0x0e, 0x10, 0x05):
        talk.talk(0x2801, bytes([7, service]) + words(1, 1) + b"\7", words(4) + bytes([7, service | 0x80, 1, 2]))
    for command in (b"0101", b"0102", b"0503", b"3005"):
        talk.talk(0x2803, b"01000" + command + b"C0000000", b"010000" + command + b"0000")
    talk.ask(0x2804, b"\1")
    talk.there = (0, NODE, 0)
    talk.talk(0x0110, b"", b"\x82\0\1")
    talk.talk(0x0111, place(0x82, 1) + place(0xb0, 2))


@capture
def fins_odd(net):
    """What is refused with an answer all the same, tables in parts, long lists; and what is not FINS."""
    talk = Fins(net)
    talk.talk(0x0103, place(0x30, 0, 0, 4) + words(1), end=0x1101)
    talk.talk(0x2301, words(1, 1) + place(0x82, 400), end=0x1101)
    part = struct.pack(">HBHH", 1000, 0, 100, 4) + bytes(9)
    talk.talk(0x0220, words(0, 0x534e, 0, 9), b"\2" + struct.pack(">BHBHH", 0x81, 1000, 0, 100, 4) + part[:5])
    talk.talk(0x0220, words(0, 0x534e, 9, 8), part)
    talk.talk(0x0221, words(0, 0x534e, 9, 0x8008) + part)
    record = words(0x00f7, 0) + bytes.fromhex("153022122611")
    talk.talk(0x2102, words(0, 3), words(20, 2, 2) + record * 2, end=0x1104)
    talk.talk(0x0201, words(0x8010, 0, 9), words(0x8010, 0, 1, 7), end=0x1108)
    talk.talk(0x0104, b"".join(place(0x82, n) for n in range(34)), b"".join(b"\x82" + words(n) for n in range(34)))
    talk.there = (0, 255, 0)
    talk.ask(0x0102, place(0x82, 1, 0, 1) + words(7), icf=0x81)
    # A handshake of SRT, whose time stamp looks like a command.
    for stamp in (0x00010101, 0x00010202, 0x00012720):
        shake = struct.pack(">12I", 0x80000000, 0, stamp, 0, 4, 2, 12345678, 1500, 8192, 1, 0x1234, 0) + bytes(16)
        net.datagram(HMI, PLC, 5000 + stamp % 100, 9000, shake)


@who
def fins_nodes(net):
    """A node number set by hand: within its own network nobody hands on; from another network somebody does."""
    answer = name("CJ2M-CPU33", 20) + name("02.01", 20) + bytes(40) + bytes(12)
    talk = Fins(net, ends=(HMI, PLC))
    talk.there, talk.here = (1, 66, 0), (1, CLIENT, 0)
    talk.talk(0x0501, b"\0", answer)
    talk = Fins(net, ends=(HMI, SERVER))
    talk.there, talk.here = (2, 66, 0), (1, CLIENT, 0)
    talk.talk(0x0501, b"\0", answer)
