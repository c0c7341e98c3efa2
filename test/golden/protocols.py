"""Captures for what the demonstration plant does not speak: PROTOCOLS, by name; each fills a Net."""
import struct

from messages import S7, Cip, Dnp3, Modbus, free_format, modbus, s7, tpkt
from wire import Host, checksum, ip6, mac

PLC = Host("10.9.1.10", "00:0e:8c:09:01:10")
HMI = Host("10.9.2.20", "00:50:56:09:02:20")
SERVER = Host("10.9.2.30", "00:50:56:09:02:30")
SWITCH = Host("10.9.2.2", "00:1e:f6:09:02:02")
HMI6, ROUTER6 = Host("fe80::250:56ff:fe09:220", "00:50:56:09:02:20"), Host("fe80::1", "00:09:0f:09:02:01")
PROTOCOLS = {}
WHO = set()
POINTS = set()


def capture(function):
    PROTOCOLS[function.__name__] = function
    return function


def who(function):
    """A capture whose identities are told beside its facts."""
    WHO.add(function.__name__)
    return capture(function)


def points(function):
    """A capture whose process points are told beside its facts."""
    POINTS.add(function.__name__)
    return capture(function)


@who
def modbus_functions(net):
    """Every function of the Application Protocol Specification V1.1b3, chapter 6, and its refusal."""
    talk = Modbus(net.connect(HMI, PLC, 502))
    pairs = [
        ("01 0013 0013", "01 03 cd6b05"), ("02 00c4 0016", "02 03 acdb35"), ("03 006b 0003", "03 06 022b 0000 0064"),
        ("04 0008 0001", "04 02 000a"), ("05 00ac ff00", "05 00ac ff00"), ("06 0001 0003", "06 0001 0003"),
        ("07", "07 6d"), ("08 0000 a537", "08 0000 a537"), ("08 000a 0000", "08 000a 0000"), ("0b", "0b ffff 0108"),
        ("0c", "0c 08 0000 0108 0121 2000"), ("0f 0013 000a 02 cd01", "0f 0013 000a"),
        ("10 0001 0002 04 000a 0102", "10 0001 0002"), ("11", "11 04 41ff 5831"),
        ("14 0e 06 0004 0001 0002 06 0003 0009 0002", "14 0c 05 06 0dfe 0020 05 06 33cd 0040"),
        ("15 0d 06 0004 0007 0003 06af 04be 100d", "15 0d 06 0004 0007 0003 06af 04be 100d"),
        ("16 0004 00f2 0025", "16 0004 00f2 0025"),
        ("17 0003 0006 000e 0003 06 00ff 00ff 00ff", "17 0c 00fe 0acd 0001 0003 000d 00ff"),
        ("18 04de", "18 0006 0002 01b8 1284"), ("2b 0e 01 00", "2b 0e 01 01 00 00 02 00 03 41424d 01 02 5831"),
    ]
    for ask, answer in pairs:
        talk.talk(bytes.fromhex(ask), bytes.fromhex(answer))
    for n, (ask, _) in enumerate(pairs):
        talk.refuse(bytes.fromhex(ask), 1 + n % 11)
    # Two requests in one segment, answered in the other order.
    talk.connection.ask(modbus(900, bytes.fromhex("0300000001")) + modbus(901, bytes.fromhex("0300010001")))
    talk.connection.answer(modbus(901, bytes.fromhex("03020065")) + modbus(900, bytes.fromhex("03020064")))


@capture
def modbus_more(net):
    """Every diagnostic of 6.8.1, sixteen questions under way at once, and a coil set to neither on nor off."""
    talk = Modbus(net.connect(HMI, PLC, 502))
    for number in range(21):
        answer = None if number == 4 else struct.pack(">BHH", 8, number, 3 * number)
        talk.talk(struct.pack(">BHH", 8, number, 0xff00 if number == 1 else 0), answer)
    talk.talk(bytes.fromhex("2b0d 0102"), bytes.fromhex("2b0d 01020304"))
    talk.talk(bytes.fromhex("05 00ac 0001"), bytes.fromhex("85 03"))
    for n in range(16):
        talk.connection.ask(modbus(1000 + n, struct.pack(">BHH", 3, 10 * n, 1)))
    for n in range(16):
        talk.connection.answer(modbus(1000 + n, struct.pack(">BBH", 3, 2, n)))


@who
def modbus_umas(net):
    """Function 90: who are you, the reservation, values, a program in and out, stop and start, a refusal."""
    talk = Modbus(net.connect(HMI, PLC, 502))
    station = b"ENGINEER-7"
    identity = bytes.fromhex("10ff5a010100000070020000270009000800000000000e") + b"140 CPU 311 10" + bytes(5)
    done = b"\xfe"
    for function, ask, answer in (
            (0x02, b"", done + identity), (0x01, b"\0", done + bytes(4)), (0x03, b"\0", done + b"\0\0"),
            (0x10, b"CL\0\0" + bytes([len(station)]) + station, done + b"\1"), (0x12, b"", done),
            (0x22, bytes(6), done + bytes(2)), (0x23, bytes(8), done), (0x30, bytes(4), done),
            (0x31, bytes(20), done), (0x32, bytes(2), done), (0x33, bytes(4), done), (0x34, bytes(4), done + bytes(20)),
            (0x35, bytes(2), done), (0x41, b"\xff\0", done), (0x40, b"\xff\0", b"\xfd\x81\x80"), (0x7e, b"", done)):
        talk.talk(bytes([90, 1, function]) + ask, bytes([90, 1]) + answer)


@capture
def s7_download(net):
    """A block goes into the controller: it fetches the parts itself; then the block is inserted."""
    talk = S7(net.connect(HMI, PLC, 102))
    name = bytes([9]) + b"_0800001A"
    talk.talk(b"\x1a\0\1\0\0\0\0\0" + name + b"\x0d1000152000116", b"\x1a")
    c, block = talk.connection, bytes(range(64))
    ask = b"\x1b\0\1\0\0\0\0\0" + name
    for reference, parameter, answer, data in ((0x100, ask, b"\x1b\0", struct.pack(">HH", 64, 0xfb) + block),
                                               (0x200, b"\x1c" + ask[1:], b"\x1c", b"")):
        head = struct.pack(">BBHHHH", 0x32, 1, 0, reference, len(parameter), 0)
        c.answer(tpkt(b"\x02\xf0\x80" + head + parameter))
        head = struct.pack(">BBHHHHH", 0x32, 3, 0, reference, len(answer), len(data), 0)
        c.ask(tpkt(b"\x02\xf0\x80" + head + answer + data))
    talk.start(b"_INSE", b"\1\0" + b"0800001P")
    talk.stop()
    talk.start()


@capture
def s7_alarms(net):
    """What blocks report with its time, its states and its values; what a panel asks, locks and acknowledges."""
    talk = S7(net.connect(HMI, PLC, 102))
    when, event = bytes.fromhex("2311152213500017"), 0x60000021

    def push(function, syntax, states=b"", values=(), before=when, objects=1):
        # head of an object: 12, size of what follows, syntax, number of values, event
        size = 6 + len(states)
        one = struct.pack(">BBBBI", 0x12, size, syntax, len(values), event) + states + b"".join(values)
        body = before + bytes([function, objects]) + one * objects
        parameter = struct.pack(">BHBBBBBB", 0, 0x0112, 8, 0x12, 4, function, 0, 0) + bytes(3)
        talk.connection.answer(s7(7, 0, parameter, struct.pack(">BBH", 0xff, 9, len(body)) + body))

    word, byte = b"\xff\x04\0\x10\x12\x34", b"\xff\x09\0\x01\x2a"
    for function in (0x05, 0x11, 0x12):
        push(function, 0x16, bytes.fromhex("00010301"), (word, byte) if function == 0x12 else (word,))
    for function in (0x06, 0x16):
        push(function, 0x1c, bytes.fromhex("0001ff0001020300"), (word,))
    push(0x09, 0x16, bytes.fromhex("00010001"), (word,), b"\0\1" + when + b"\0\2")
    push(0x0c, 0x19, bytes.fromhex("0301"), objects=2)
    for function, syntax, states in ((0x07, 0x15, b""), (0x08, 0x15, b""), (0x0b, 0x19, bytes.fromhex("0301"))):
        one = struct.pack(">BBBBI", 0x12, 6 + len(states), syntax, 0, event) + states
        talk.userdata(4, function, bytes([function, 2]) + 2 * one, bytes([function, 2]) + b"\xff\x0a")
    talk.userdata(4, 0x13, struct.pack(">BBBBBBBBI", 0, 1, 0x12, 8, 0x1a, 0, 1, 0x34, 0x60000000),
                  bytes([0, 1]) + struct.pack(">BBH", 0xff, 9, 0))


@who
def pccc(net):
    """Typed reads and writes, a mode change and a status request through the PCCC object."""
    talk = Cip(net.connect(HMI, PLC, 44818))
    talk.pccc(0x06, 0x03, answer=bytes([0, 0xee, 0x34, 0x5b, 0x20]) + b"1763-LEC   " + bytes(8))
    at = bytes([2, 7, 0x89, 0, 0])  # two bytes of file N7, element 0
    talk.pccc(0x0f, 0xa2, at, b"\x2a\0")
    talk.pccc(0x0f, 0xaa, at + b"\x2b\0")
    talk.pccc(0x0f, 0x80, b"\x01")
    talk.pccc(0x0f, 0xa2, at, status=0x10)


@capture
def logix_secrets(net):
    """Tags that are secrets by their name: a number, a list, a structure, a member; and one that is none."""
    def tag(*names):
        return b"".join(b"\x91" + bytes([len(n)]) + n + b"\0" * (len(n) & 1) for n in names)

    talk = Cip(net.connect(HMI, PLC, 44818))
    for path, kind, values in ((tag(b"PinCount"), 0xc3, b"\7\0"), (tag(b"DoorPinCode"), 0xc4, bytes.fromhex("67120000")),
                               (tag(b"Passwords"), 0xc2, b"A1B2"), (tag(b"Program:Main", b"User", b"Token"), 0x2a0, b"\xce\x0fA1B2")):
        count = struct.pack("<H", len(values) if kind == 0xc2 else 1)
        talk.talk(0x4c, path, count, struct.pack("<H", kind) + values)
        talk.talk(0x4d, path, struct.pack("<H", kind) + (values[:2] + count + values[2:] if kind == 0x2a0 else count + values))


@who
def cip_objects(net):
    """All attributes at once, also of the identity class; lists; a network address behind a safety number."""
    talk = Cip(net.connect(HMI, PLC, 44818))
    pack, path = struct.pack, Cip.path
    talk.talk(1, path(1, 1), answer=pack("<HHHBBHIB", 1, 14, 54, 20, 11, 0x3060, 0x12345678, 8) + b"1756-L61\3")
    talk.talk(1, path(1, 0), answer=pack("<HHHH", 1, 1, 7, 10))
    talk.talk(1, path(2, 1), answer=pack("<7H", 2, 1, 2, 10, 3, 0x11, 0x22))
    talk.talk(1, path(6, 1), answer=pack("<8H", *range(8)))
    talk.talk(1, path(0xf5, 1), answer=pack("<IIIH4sIIIII", 1, 0x14, 2, 2, b"\x20\xf6\x24\1", 0x0a090110, 0xffffff00,
                                            0x0a090101, 0, 0) + pack("<H", 5) + b"plant\0" + pack("<H", 4) + b"plc1" +
              bytes.fromhex("010203040506 01 0000 0100 010000e0 01") + bytes(35) + b"\0" + pack("<H", 120))
    talk.talk(3, path(1, 1), pack("<HHH", 2, 1, 7), pack("<HHHHHH", 2, 1, 0, 1, 7, 0) + b"\3L61")
    talk.talk(4, path(0xf5, 1), pack("<HHIHB", 2, 3, 2, 8, 1), pack("<5H", 2, 3, 0, 8, 0))
    talk.talk(0x5a, path(6, 1), b"\0\2" + path(4, 100))
    talk.pccc(0x0f, 0xa2, bytes([4, 6, 0x88, 3, 1]), pack("<hh", 10, 7))  # length and position of R6:3


def dnp3_layouts():
    """{(group, variation): bytes of one object}: IEEE 1815, annex A, written apart from the dissector's table."""
    pack, flags, moment = struct.pack, b"\x41", (1_700_000_000_123).to_bytes(6, "little")
    state, pair, crob = b"\x81", b"\x41", struct.pack("<BBIIB", 0x41, 2, 300, 400, 0)
    age = pack("<H", 777)
    wide, narrow, single, double = pack("<i", -70000), pack("<h", -300), pack("<f", -1.25), pack("<d", 1e100)
    count4, count2 = pack("<I", 0xfedcba98), pack("<H", 0xfedc)
    out = {(1, 2): state, (3, 2): pair, (10, 2): state, (12, 1): crob, (12, 2): crob, (13, 1): b"\x85",
           (13, 2): b"\x80" + moment, (11, 1): state, (11, 2): state + moment}
    for group, value in ((2, state), (4, pair)):
        out.update({(group, 1): value, (group, 2): value + moment, (group, 3): value + age})
    for at, values in enumerate(((count4, count2),) * 2):  # counters, then delta counters
        for n, value in enumerate(values, 1 + 2 * at):
            for group in (20, 21, 22, 23):
                out[group, n] = flags + value
                if group > 20:
                    out[group, n + 4] = flags + value + moment
            out[20, n + 4] = out[21, n + 8] = value
    four = [flags + v for v in (wide, narrow, single, double)]
    out.update({(30, 1): four[0], (30, 2): four[1], (30, 3): wide, (30, 4): narrow, (30, 5): four[2], (30, 6): four[3]})
    for group in (32, 33, 42):
        for n, value in enumerate(four):
            out[group, n + 1 + 2 * (n > 1)], out[group, n + 3 + 2 * (n > 1)] = value, value + moment
    out.update({(31, n + 1): v for n, v in enumerate((four[0], four[1], four[0] + moment, four[1] + moment, wide,
                                                      narrow, four[2], four[3]))})
    out.update({(34, 1): pack("<H", 40000), (34, 2): pack("<I", 3000000000), (34, 3): pack("<f", 0.5)})
    for n, value in enumerate((wide, narrow, single, double)):
        out[40, n + 1], out[41, n + 1] = flags + value, value + b"\0"
        first = n + 1 + 2 * (n > 1)
        out[43, first], out[43, first + 2] = b"\0" + value, b"\0" + value + moment
    out.update({(50, 1): moment, (50, 2): moment + pack("<I", 60), (50, 3): moment, (50, 4): moment + pack("<IB", 5, 1),
                (51, 1): moment, (51, 2): moment, (52, 1): pack("<H", 5), (52, 2): pack("<H", 6),
                (81, 1): b"\x32\x1e\2", (101, 1): pack("<H", 0x1234), (101, 2): pack("<I", 0x12345678),
                (101, 3): pack("<Q", 0x1234567890123456), (102, 1): b"\xfe", (121, 1): flags + pack("<HI", 3, 99),
                (122, 1): flags + pack("<HI", 3, 100), (122, 2): flags + pack("<HI", 3, 101) + moment})
    return out


@who
def dnp3_objects(net):
    """Every object of fixed size, twice each with an index in front, a group an answer; packed bits; attributes."""
    talk = Dnp3(net.connect(HMI, PLC, 20000))
    layouts = dnp3_layouts()
    for group in sorted({group for group, _ in layouts}):
        answers = [bytes([group, n, 0x17, 2, 7]) + one + b"\x09" + one
                   for (of, n), one in sorted(layouts.items()) if of == group]
        for at in range(0, len(answers), 4):
            talk.talk(1, bytes([group, 0, 6]), b"".join(answers[at:at + 4]))
    for group, variation, bits in ((1, 1, 1), (3, 1, 2), (10, 1, 1), (80, 1, 1)):
        talk.talk(1, bytes([group, variation, 6]),
                  bytes([group, variation, 0, 2, 11]) + bytes([0xa5, 0x5a, 0xff][:(10 * bits + 7) // 8]))
    for number, value in ((252, b"\1\4ACME"), (240, b"\2\2\0\x08"), (203, b"\4\x08" + struct.pack("<d", 12.5)),
                          (204, b"\4\4" + struct.pack("<f", 12.5)), (219, b"\3\1\xff"), (200, b"\5\3abc"),
                          (242, b"\1\0051.2.3")):
        talk.talk(1, bytes([0, number, 0, 0, 0]), bytes([0, number, 0, 0, 0]) + value)


@capture
def dnp3_writes(net):
    """Everything that changes something: commands, freezes, deadbands, clock, restart bit, reports, classes, files."""
    talk = Dnp3(net.connect(HMI, PLC, 20000))
    moment = (1_700_000_000_123).to_bytes(6, "little")
    output = bytes([41, 1, 0x17, 1, 2]) + struct.pack("<iB", -77, 0)
    for function in (3, 4, 5, 6):
        talk.talk(function, output, output if function < 6 else b"")
    talk.talk(5, output, output[:-1] + b"\4")  # not supported
    pattern = bytes([12, 2, 0x17, 1, 3]) + struct.pack("<BBIIB", 3, 1, 100, 0, 0) + bytes([12, 3, 0, 0, 9]) + b"\xff\3"
    talk.talk(5, pattern, pattern)
    for function in (7, 8, 9, 10):
        talk.talk(function, bytes([20, 0, 6]))
    talk.talk(11, bytes([50, 2, 7, 1]) + moment + struct.pack("<I", 60000) + bytes([20, 0, 0, 1, 4]))
    for objects in (bytes([34, 1, 0x17, 1, 3, 55, 0]), bytes([80, 1, 0, 7, 7, 0]), bytes([50, 1, 7, 1]) + moment,
                    bytes([50, 3, 7, 1]) + moment, bytes([110, 4, 0x17, 1, 3]) + b"ABCD"):
        talk.talk(2, objects)
    talk.talk(20, bytes([60, 2, 6, 60, 3, 6, 60, 4, 6]))
    talk.talk(21, bytes([60, 2, 6]))
    talk.talk(22, bytes([60, 2, 6, 1, 0, 0, 0, 3]))
    talk.talk(15, bytes([60, 1, 6]))
    block = struct.pack("<II", 7, 0x80000001)
    talk.talk(2, free_format(70, 5, block + b"end"), free_format(70, 6, block + b"\x10"))
    talk.talk(31, free_format(70, 8, b"cfg.xml"), free_format(91, 1, struct.pack("<IBB", 100, 1, 0)))


@capture
def dnp3_files(net):
    """A file is opened, read, closed and deleted: IEEE 1815, 5.3 and A.29."""
    talk = Dnp3(net.connect(HMI, PLC, 20000))
    name = b"config.xml"
    ask = struct.pack("<HH6sHIIHHH", 26, len(name), bytes(6), 0, 0, 0, 1, 1024, 1) + name
    talk.talk(25, free_format(70, 3, ask), free_format(70, 4, struct.pack("<IIHHB", 7, 99, 1024, 1, 0)))
    talk.talk(1, free_format(70, 5, struct.pack("<II", 7, 0)),
              free_format(70, 5, struct.pack("<II", 7, 0x80000000) + b"<config/>"))
    talk.talk(26, free_format(70, 4, struct.pack("<IIHHB", 7, 0, 0, 2, 0)),
              free_format(70, 4, struct.pack("<IIHHB", 7, 0, 0, 2, 0)))


@capture
def dnp3_large(net):
    """Fragments of more than one segment, of more than 2048 bytes, and one with a segment too few."""
    c = net.connect(HMI, PLC, 20000)
    talk = Dnp3(c)
    everything = bytes([60, 1, 6])
    for count in (60, 500):
        values = b"".join(struct.pack("<Bi", 1, 7 * n - 1000) for n in range(count))
        talk.talk(1, everything, bytes([30, 1, 1]) + struct.pack("<HH", 100, 99 + count) + values)
    talk.talk(1, everything, bytes([1, 1, 1]) + struct.pack("<HH", 0, 199) + bytes(range(100, 125)) +
              b"".join(bytes([22, 1, 0x28, 1, 0]) + struct.pack("<HBI", n, 1, n * n) for n in range(200)))
    short = Dnp3.segments(0x44, 1, 10, b"\xe1\x82\0\0" + bytes([110, 250, 0, 0, 9]) + bytes(2500))
    for frame in short[:4] + short[5:]:
        c.answer(frame)
    talk.talk(1, everything, bytes([10, 2, 0, 0, 0, 0x81]))


@capture
def dnp3_controls(net):
    """Every function without objects, and a refusal."""
    talk = Dnp3(net.connect(HMI, PLC, 20000))
    crob = bytes([12, 1, 0x17, 1, 3, 3, 1]) + struct.pack("<IIB", 100, 100, 0)
    for function in (3, 4, 5):
        talk.talk(function, crob, crob)
    talk.talk(13, answer=bytes([52, 2, 7, 1, 0x10, 0x27]))
    talk.talk(14, answer=bytes([52, 1, 7, 1, 5, 0]))
    for function in (16, 17, 18, 19):
        talk.talk(function, indications=0x0001)
    talk.talk(1, bytes([60, 2, 6, 60, 3, 6, 60, 4, 6, 60, 1, 6]), bytes([1, 2, 0, 0, 2, 0x81, 1, 0x81]) +
              bytes([30, 1, 0, 0, 0, 1]) + struct.pack("<i", -42) + bytes([30, 5, 0, 1, 1, 1]) + struct.pack("<f", 1.5))


@capture
def ftp(net):
    c = net.connect(HMI, PLC, 21)
    c.answer(b"220 FTP server (VxWorks 6.4) ready.\r\n")
    c.talk((b"USER engineer\r\n", b"331 Password required\r\n"), (b"PASS wrong\r\n", b"530 Login failed.\r\n"),
           (b"USER engineer\r\n", b"331 Password required\r\n"), (b"PASS pumps\r\n", b"230 User logged in\r\n"),
           (b"SYST\r\n", b"215 UNIX Type: L8\r\n"), (b"PASV\r\n", b"227 Entering Passive Mode (10,9,1,10,4,1)\r\n"),
           (b"RETR /flash/prog.bin\r\n", b"150 Opening data connection\r\n226 Done\r\n"),
           (b"STOR /flash/prog.bin\r\n", b"553 Not allowed\r\n"), (b"QUIT\r\n", b"221 Bye\r\n"))
    c.close()


@capture
def vnc(net):
    """RFC 6143, 7.1: a password, refused once and accepted once."""
    for result in (1, 0):
        c = net.connect(HMI, SERVER, 5900)
        c.answer(b"RFB 003.008\n")
        c.talk((b"RFB 003.008\n", b"\1\2"), (b"\2", bytes(range(16))))
        c.ask(bytes(range(16, 32)))
        c.answer(struct.pack(">I", result) + (struct.pack(">I", 6) + b"denied" if result else b""))
        if not result:
            c.ask(b"\1")
            name = b"Panel 3"
            c.answer(struct.pack(">HHBBBBHHHBBB3xI", 800, 480, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0, len(name)) + name)


@capture
def rdp(net):
    """MS-RDPBCGR 2.2.1.1: connection request with a cookie, confirm that chooses TLS."""
    c = net.connect(HMI, SERVER, 3389)
    rest = b"\xe0\0\0\0\0\0Cookie: mstshash=operator\r\n" + struct.pack("<BBHI", 1, 0, 8, 3)
    c.ask(tpkt(bytes([len(rest)]) + rest))
    rest = b"\xd0\0\0\x12\x34\0" + struct.pack("<BBHI", 2, 0, 8, 1)
    c.answer(tpkt(bytes([len(rest)]) + rest))


@capture
def cdp(net):
    """CDP version 2 in SNAP: device, address, port, capabilities, software, platform, native VLAN."""
    def tlv(kind, value):
        return struct.pack(">HH", kind, 4 + len(value)) + value

    addresses = struct.pack(">IBBBH", 1, 1, 1, 0xcc, 4) + SWITCH.ip
    body = b"".join([tlv(1, b"SW-CTRL-07"), tlv(2, addresses), tlv(3, b"FastEthernet1/4"),
                     tlv(4, struct.pack(">I", 0x28)),
                     tlv(5, b"IOS Software, IE2000, Version 15.2(4)EA"), tlv(6, b"cisco IE-2000-8TC"),
                     tlv(0x0a, struct.pack(">H", 20)), tlv(0x0b, b"\1"), tlv(0x16, addresses)])
    message = b"\2\xb4\0\0" + body
    message = message[:2] + struct.pack(">H", checksum(message)) + message[4:]
    payload = b"\xaa\xaa\x03\0\0\x0c\x20\0" + message
    net.frame(mac("01:00:0c:cc:cc:cc") + SWITCH.mac + struct.pack(">H", len(payload)) + payload)


@capture
def dhcpv6(net):
    """RFC 8415: solicit, advertise, request, reply."""
    def option(code, value):
        return struct.pack(">HH", code, len(value)) + value

    group = (mac("33:33:00:01:00:02"), ip6("ff02::1:2"))
    client = option(1, struct.pack(">HHI", 1, 1, 0x2b3c4d5e) + HMI.mac)
    server = option(2, struct.pack(">HH", 3, 1) + ROUTER6.mac)
    name = option(39, b"\1\x04hmi2\x05plant\0")
    leased = option(5, ip6("fd00::2:20") + struct.pack(">II", 3600, 7200))
    asks = option(3, struct.pack(">III", 7, 0, 0))
    gives = option(3, struct.pack(">III", 7, 1800, 2880) + leased)
    vendor = option(16, struct.pack(">IH", 311, 8) + b"MSFT 5.0")
    for kind, body in ((1, client + asks + name + vendor), (3, client + server + gives + name)):
        net.datagram(HMI6, ROUTER6, 546, 547, struct.pack(">I", kind << 24 | 0x123456) + body, to=group)
        net.datagram(ROUTER6, HMI6, 547, 546, struct.pack(">I", (2 if kind == 1 else 7) << 24 | 0x123456) + client +
                     server + gives + option(24, b"\x05plant\0"))


@capture
def ssh(net):
    c = net.connect(HMI, PLC, 22)
    c.answer(b"SSH-2.0-dropbear_2018.76\r\n")
    c.ask(b"SSH-2.0-PuTTY_Release_0.78\r\n")
    lists = [b"curve25519-sha256,ecdh-sha2-nistp256", b"ssh-ed25519", b"aes256-ctr", b"aes256-ctr", b"hmac-sha2-256",
             b"hmac-sha2-256", b"none,zlib", b"none", b"", b""]
    payload = b"\x14" + bytes(range(16)) + b"".join(struct.pack(">I", len(x)) + x for x in lists) + bytes(5)
    padding = 8 - (len(payload) + 5) % 8 + 8
    packet = struct.pack(">IB", len(payload) + padding + 1, padding) + payload + bytes(padding)
    c.talk((packet, packet))
