"""Beckhoff ADS, built from its specification: symbols by name and handle, sums, notifications, control of the
runtime, the system service, files, routes; who asks whom; what is refused and what is malformed."""
import struct

from protocols import HMI, PLC, capture, who
from wire import Host

# A machine's net id is its IP address, or what its MAC ends with; others are of devices behind it, or were changed.
CLIENT, SERVER = bytes([10, 9, 2, 20, 1, 1]), bytes([10, 9, 1, 10, 1, 1])
BEHIND, CHANGED = bytes([10, 9, 1, 10, 2, 1]), bytes([5, 14, 140, 9, 1, 1])
CX = Host("10.9.1.11", "00:01:05:0d:75:60")
CX_NET = bytes([5, 0x0d, 0x75, 0x60, 1, 1])
RUNTIME, SYSTEM = 851, 10000
READ_INFO, READ, WRITE, READ_STATE, CONTROL, ADD, DELETE, NOTIFY, READ_WRITE = range(1, 10)


def ams(target, port, source, source_port, command, flags, invoke, body, error=0):
    head = target + struct.pack("<H", port) + source + struct.pack("<HHHIII", source_port, command, flags, len(body),
                                                                  error, invoke)
    return struct.pack("<HI", 0, len(head) + len(body)) + head + body


class Link:
    def __init__(self, connection, port=RUNTIME, client_port=32905, net=SERVER):
        self.connection, self.port, self.client_port, self.net, self.invoke = connection, port, client_port, net, 0

    def ask(self, command, body=b""):
        self.invoke += 1
        self.connection.ask(ams(self.net, self.port, CLIENT, self.client_port, command, 4, self.invoke, body))

    def answer(self, command, body=b"", result=0, error=0, invoke=None):
        body = b"" if error else struct.pack("<I", result) + body
        self.connection.answer(ams(CLIENT, self.client_port, self.net, self.port, command, 5, invoke or self.invoke,
                                   body, error))

    def read(self, group, offset, data, result=0):
        self.ask(READ, struct.pack("<III", group, offset, len(data)))
        self.answer(READ, struct.pack("<I", 0 if result else len(data)) + (b"" if result else data), result)

    def write(self, group, offset, data, result=0):
        self.ask(WRITE, struct.pack("<III", group, offset, len(data)) + data)
        self.answer(WRITE, b"", result)

    def both(self, group, offset, sent, back, result=0):
        self.ask(READ_WRITE, struct.pack("<IIII", group, offset, len(back), len(sent)) + sent)
        self.answer(READ_WRITE, struct.pack("<I", len(back)) + back, result)

    def handle(self, name, number):
        self.both(0xf003, 0, name.encode() + b"\0", struct.pack("<I", number))

    def control(self, state, result=0, device=0):
        self.ask(CONTROL, struct.pack("<HHI", state, device, 0))
        self.answer(CONTROL, b"", result)

    def notify(self, *samples):
        body = b"".join(struct.pack("<II", handle, len(data)) + data for handle, data in samples)
        stamp = struct.pack("<QI", 133444736000000000, len(samples)) + body
        body = struct.pack("<II", 4 + len(stamp), 1) + stamp
        self.connection.answer(ams(CLIENT, self.client_port, self.net, self.port, NOTIFY, 4, 0, body))


def symbol_info(name, kind, size, type_name):
    body = struct.pack("<IIIIIHHH", 0x4040, 1000, size, kind, 0, len(name), len(type_name), 0)
    body += name.encode() + b"\0" + type_name.encode() + b"\0\0"
    return struct.pack("<I", 4 + len(body)) + body


def item(*numbers):
    return struct.pack(f"<{len(numbers)}I", *numbers)


@capture
def ads_symbols(net):
    """Handles and what they stand for, typed and not; given back; areas; another device behind the same router."""
    link = Link(net.connect(HMI, PLC, 48898))
    link.ask(READ_INFO)
    link.answer(READ_INFO, struct.pack("<BBH", 3, 1, 4024) + b"Plc30 App".ljust(16, b"\0"))
    for name, kind, size, word, number, data in (
            ("MAIN.speed", 4, 4, "REAL", 1, struct.pack("<f", 12.5)), ("MAIN.count", 3, 4, "DINT", 2, struct.pack("<i", -7)),
            ("MAIN.on", 33, 1, "BOOL", 3, b"\1"), ("MAIN.text", 30, 81, "STRING(80)", 4, b"Hello\0".ljust(81, b"?")),
            ("MAIN.big", 65, 12, "ST_Big", 5, bytes(range(12))), ("MAIN.level", 5, 8, "LREAL", 6, struct.pack("<d", -0.5)),
            ("MAIN.ticks", 21, 8, "ULINT", 7, struct.pack("<Q", 1 << 40)),
            ("MAIN.sPassword", 30, 81, "STRING(80)", 8, b"secret\0".ljust(81, b"\0")),
            ("MAIN.nPinCode", 3, 4, "DINT", 9, struct.pack("<i", 4711)), ("MAIN.pin", 3, 4, "DINT", 10, struct.pack("<i", 4711)),
            ("MAIN.aApiKey", 65, 4, "ARRAY [0..3] OF BYTE", 11, b"A1B2")):
        link.both(0xf009, 0, name.encode() + b"\0", symbol_info(name, kind, size, word))
        link.handle(name, number)
        link.read(0xf005, number, data)
    # Nobody told the type: it stays what it looks like at first.
    link.handle("GVL.real", 20)
    link.read(0xf005, 20, bytes(4))
    link.read(0xf005, 20, struct.pack("<f", 3.25))
    link.read(0xf005, 20, struct.pack("<I", 1000))
    link.write(0xf005, 20, struct.pack("<f", -1.5))
    link.handle("GVL.count", 21)
    link.read(0xf005, 21, struct.pack("<I", 1000))
    link.read(0xf005, 21, struct.pack("<I", 0x41200000))
    link.read(0xf005, 99, struct.pack("<H", 5))  # a handle from before the capture
    link.write(0xf005, 20, struct.pack("<f", 1), result=0x704)
    link.both(0xf004, 0, b"MAIN.speed\0", struct.pack("<f", 13.5))
    link.both(0xf004, 0, b"MAIN.nPassword\0", struct.pack("<I", 4711))
    link.both(0xf004, 0, b"MAIN.sToken\0", b"A1B2C3D4\0")
    link.both(0xf007, 0, b"MAIN.speed\0", struct.pack("<III", 0x4040, 1000, 4))
    link.both(0xf011, 0, b"ST_Big\0", bytes(8))
    link.both(0xf003, 0, b"MAIN.none\0", b"", result=0x710)
    link.both(0xf005, 20, b"\1\2", b"\3")
    # Given back it means nothing, given again something else; a name longer than any is none.
    link.write(0xf006, 0, struct.pack("<I", 20))
    link.read(0xf005, 20, b"\1\0")
    link.handle("GVL.other", 20)
    link.read(0xf005, 20, b"\2\0")
    link.handle("GVL." + "n" * 200, 20)
    link.read(0xf005, 20, b"\3\0")
    link.handle("GVL." + "n" * 300, 20)
    link.read(0xf005, 20, b"\4\0")
    for group, offset, data in ((0x4020, 16, b"\7\0"), (0x4021, 133, b"\1"), (0xf020, 0, b"\x55"), (0xf031, 8, b"\0"),
                                (0xf02b, 6, b"\1"), (0xf03f, 2, b"\0"), (0x4040, 1000, bytes(8)), (0x4025, 0, b"\0\4\0\0"),
                                (0xf100, 0, b"\5\0"), (0x9999, 1, b"\2\0\0\0")):
        link.read(group, offset, data)
    link.write(0x4020, 18, b"\x2a\0")
    link.write(0xf021, 3, b"\1")
    behind = Link(link.connection, net=BEHIND)
    behind.invoke = 500
    behind.read(0x4020, 16, b"\1\0")
    behind.read(0xf005, 1, b"\1\0")  # a handle of the other device means nothing here
    other = Link(link.connection, port=852)
    other.invoke = 600
    other.read(0x4020, 16, b"\2\0")
    axes = Link(link.connection, port=501)
    axes.invoke = 700
    axes.read(0x4301, 1, struct.pack("<d", 12.5))
    axes.write(0x4201, 1, b"")


@capture
def ads_sums(net):
    """Sum commands, and notifications by handle."""
    link = Link(net.connect(HMI, PLC, 48898))
    link.handle("MAIN.a", 1)
    three = item(0xf005, 1, 2) + item(0x4020, 4, 4) + item(0x4020, 9, 1)
    link.both(0xf080, 3, three, struct.pack("<IIIHIB", 0, 0, 0x703, 11, 1000, 0))
    link.both(0xf080, 0, three, struct.pack("<HIB", 12, 1001, 5))  # how many follows from the size; no results
    link.both(0xf083, 2, three[:24], item(0, 2, 0, 4) + struct.pack("<HI", 12, 2000))
    link.both(0xf083, 1, three[12:24], item(0, 2, 0xffff0005))  # less than was asked for
    link.both(0xf084, 2, three[:24], item(0x710, 0, 0, 4) + item(3000))
    link.both(0xf081, 2, three[:24] + struct.pack("<HI", 13, 4000), item(0, 0x704))
    link.both(0xf082, 2, item(0xf003, 0, 4, 7) * 2 + b"MAIN.b\0MAIN.c\0", item(0, 4, 0, 4, 2, 3))
    link.read(0xf005, 3, struct.pack("<H", 33))
    # Types, handles and a value by name in one; then a method called and memory exchanged: no values of the symbol.
    info = symbol_info("MAIN.r", 4, 4, "REAL")
    link.both(0xf082, 2, item(0xf009, 0, 255, 7, 0xf004, 0, 2, 7) + b"MAIN.r\0MAIN.q\0",
              item(0, len(info), 0, 2) + info + b"\5\0")
    link.both(0xf082, 1, item(0xf003, 0, 4, 7) + b"MAIN.r\0", item(0, 4, 4))
    link.read(0xf005, 4, bytes(4))
    link.both(0xf082, 2, item(0xf005, 1, 2, 2, 0x4020, 0, 2, 2) + b"\1\0\2\0", item(0, 2, 0, 2) + b"\5\0\6\0")
    link.both(0xf081, 2, item(0xf006, 0, 4) * 2 + item(2, 4), item(0, 0))
    link.read(0xf005, 4, bytes(4))
    attributes = item(4, 0, 1000000) + bytes(16)
    link.both(0xf085, 2, item(0xf005, 3, 2) + attributes + item(0x4020, 8, 2) + attributes, item(0, 70, 0, 71))
    link.ask(ADD, item(0xf005, 1, 2) + attributes)
    link.answer(ADD, item(72))
    link.ask(ADD, item(0xf005, 77, 2) + attributes)
    link.answer(ADD, result=0x714)
    link.notify((70, struct.pack("<H", 1)), (71, struct.pack("<H", 2)), (72, struct.pack("<H", 3)))
    link.notify((80, struct.pack("<H", 1)))  # nobody saw who asked for it
    link.ask(DELETE, item(70))
    link.answer(DELETE)
    link.both(0xf086, 1, item(71), item(0))
    link.notify((70, b"\1\0"), (71, b"\2\0"), (72, b"\4\0"))
    # Two programs with the same invoke id, and more asked before the first is answered.  Then data that ends early.
    other = Link(link.connection, client_port=32906)
    other.invoke = link.invoke
    for one, items in ((link, three[:12]), (other, three[24:])):
        one.ask(READ_WRITE, item(0xf080, 1, 8, 12) + items)
    for one in (link, other):
        one.answer(READ_WRITE, struct.pack("<II", 5, 0) + b"\x4d" if one is other else struct.pack("<IIH", 6, 0, 77))
    link.both(0xf080, 3, three, struct.pack("<IIIHI", 0, 0, 0, 11, 1000))
    # 600 handles, more than any list, and all of them read.
    many = Link(net.connect(HMI, PLC, 48898))
    names = b"".join(b"GVL.axis[%d].position\0" % n for n in range(600))
    many.both(0xf082, 600, b"".join(item(0xf003, 0, 4, len(name) + 1) for name in names.split(b"\0")[:-1]) + names,
              item(0, 4) * 600 + item(*range(1, 601)))
    many.both(0xf080, 600, b"".join(item(0xf005, n, 2) for n in range(1, 601)), bytes(4 * 600) +
              struct.pack("<600H", *range(600)))


@capture
def ads_pairs(net):
    """Who asks whom: two clients and two devices with the same numbers; both sides; what says no has no values."""
    connection = net.connect(HMI, PLC, 48898)
    first, second, third = Link(connection), Link(connection, net=BEHIND), Link(connection, port=852)
    for one in (first, second, third):
        one.invoke = 6
    for one, offset in ((first, 0), (second, 100), (third, 200)):
        one.ask(READ, item(0x4020, offset, 2))
    for one, value in ((first, 11), (second, 22), (third, 33)):
        one.answer(READ, struct.pack("<IH", 2, value))
    # The PLC's program asks the other machine, by the same connection.
    connection.answer(ams(CLIENT, RUNTIME, SERVER, 32905, READ, 4, 7, item(0x4020, 0, 2)))
    connection.ask(ams(SERVER, 32905, CLIENT, RUNTIME, READ, 5, 7, struct.pack("<IIH", 0, 2, 44)))
    # The router's error in the header, and a body behind it all the same.
    first.ask(READ, item(0x4020, 30, 2))
    connection.answer(ams(CLIENT, 32905, SERVER, RUNTIME, READ, 5, first.invoke, struct.pack("<IIH", 0, 2, 99), 7))
    # A command of the routers, one nobody knows with its answers, and flags of more than a command.
    connection.ask(ams(SERVER, 1, CLIENT, 1, 2, 8, 1, bytes(12)))
    for command in (77, 0):
        connection.ask(ams(SERVER, RUNTIME, CLIENT, 32905, command, 4, 90, b"\1\2"))
        connection.answer(ams(CLIENT, 32905, SERVER, RUNTIME, command, 5, 90, b"", 8))
    connection.ask(ams(SERVER, RUNTIME, CLIENT, 32905, READ, 0x8044, 91, item(0x4020, 30, 2)))
    # A program without a router opens a port at the other machine's before it asks.
    guest = net.connect(HMI, PLC, 48898)
    guest.ask(struct.pack("<HIH", 0x1000, 2, 0))
    guest.answer(struct.pack("<HI", 0x1000, 8) + CLIENT + struct.pack("<H", 32905))
    Link(guest).read(0x4020, 0, b"\1\0")


@who
def ads_identity(net):
    """Who a machine is, by its own net id; what a device behind it says is not its own."""
    for host, net_id in ((PLC, SERVER), (CX, CX_NET)):
        connection = net.connect(HMI, host, 48898)
        behind, changed = Link(connection, net=BEHIND), Link(connection, net=CHANGED)
        behind.ask(READ_INFO)
        behind.answer(READ_INFO, struct.pack("<BBH", 1, 2, 3) + b"BK9000".ljust(16, b"\0"))
        changed.invoke = 100
        changed.ask(READ_INFO)
        changed.answer(READ_INFO, struct.pack("<BBH", 2, 11, 2300) + b"TCatPlcCtrl".ljust(16, b"\0"))
        own = Link(connection, net=net_id)
        own.ask(READ_INFO)
        own.answer(READ_INFO, struct.pack("<BBH", 3, 1, 4024) + b"Plc30 App".ljust(16, b"\0"))
        for link, state, name in ((changed, 15, b"OTHER"), (own, 5, b"CX-0D7560")):
            system = Link(connection, port=SYSTEM, net=link.net)
            system.invoke = 200
            system.ask(READ_STATE)
            system.answer(READ_STATE, struct.pack("<HH", state, 1))
            system.read(702, 0, name + b"\0")
            system.read(700, 1, b"<TcTargetDesc><TargetType>" + name + b"</TargetType></TcTargetDesc>")


@who
def ads_system(net):
    """States told and changed, files, registry, a process, time, routes by ADS; identity; datagrams."""
    system = Link(net.connect(HMI, PLC, 48898), port=SYSTEM)
    for state in (5, 15):
        system.ask(READ_STATE)
        system.answer(READ_STATE, struct.pack("<HH", state, 1))
    for state in (2, 16, 5, 12, 99):
        system.control(state)
    system.control(12, device=1)
    runtime = Link(system.connection)
    runtime.invoke = 100
    for state in (6, 5, 2, 7):
        runtime.control(state, result=0x71e if state == 7 else 0)
    system.both(200, 0, b"Software\\Beckhoff\0Version\0", b"3.1\0")
    system.both(201, 0, b"Software\0Name\0", b"x\0")
    system.write(200, 0, b"Software\\Beckhoff\0Version\0" + b"4")
    system.write(202, 0, b"no end")
    system.write(500, 0, struct.pack("<III", 7, 2, 17) + b"cmd.exe\0C:\0/c net user x Pw1\0")
    system.write(400, 0, bytes(16))
    system.write(801, 0, SERVER + bytes(30))
    system.read(803, 0, b"", result=0x716)
    system.write(1510, 0, b"secret\0")
    for offset in (1, 13):
        system.both(701, offset, b"host\0", bytes(4))
    for group in (134, 137, 141, 1400, 1100):
        system.both(group, 1, b"C:\\x\0", bytes(4))
    system.read(702, 0, b"CX-0E8C09\0")
    system.read(700, 1, b"<TcTargetDesc><TargetType>CX5140</TargetType><Hardware><SerialNo>4711</SerialNo><CPUVersion>2.0"
                b"</CPUVersion></Hardware><OsImage><ImageVersion>6.02</ImageVersion><OsName>Windows</OsName><OsVersion>"
                b"10.0</OsVersion></OsImage></TcTargetDesc>")
    absent = Link(system.connection, port=500)
    absent.invoke = 200
    absent.ask(READ_INFO)
    absent.answer(READ_INFO, error=6)
    system.connection.ask(struct.pack("<HI", 0x1001, 4) + bytes(4))
    datagrams(net)
    late = Link(net.connect(HMI, PLC, 48898, opened=False))
    late.answer(READ, struct.pack("<I", 2) + b"\1\2", invoke=5)
    late.ask(WRITE, struct.pack("<III", 0x4020, 0, 9) + b"\1")
    late.connection.answer(ams(CLIENT, 32905, SERVER, RUNTIME, NOTIFY, 4, 0, struct.pack("<III", 4, 9, 9)))
    late.both(0xf081, 5, bytes(12), b"")


@capture
def ads_files(net):
    """Files of the machine: the program among them, by its folder or its path; as TwinCAT 2 did; of EtherCAT slaves."""
    system = Link(net.connect(HMI, PLC, 48898), port=SYSTEM)
    for mode, name, handle in (((1 << 16) | 0x12, b"C:\\TwinCAT\\Boot\\Port_851.app", 9), ((4 << 16) | 0x12, b"Plc\\Port_851.app", 10),
                               ((2 << 16) | 0x11, b"x", 11), ((1 << 16) | 0x11, b"C:\\log.txt", 12)):
        system.both(120, mode, name + b"\0", item(handle))
    for handle in (9, 10, 12):
        system.both(123, handle, bytes(16), b"")
    for handle in (11, 12):
        system.both(122, handle, b"", bytes(16))
    behind = Link(system.connection, port=SYSTEM, net=BEHIND)
    behind.invoke = 300
    behind.both(123, 9, bytes(16), b"")  # its own file
    system.both(121, 9, b"", b"")
    system.both(123, 9, bytes(16), b"")  # closed
    system.both(131, 1 << 16, b"C:\\TwinCAT\\Boot\\Port_851.app\0", b"", result=0x70c)
    system.both(131, 1 << 16, b"C:\\log.txt\0", b"")
    system.both(132, 4 << 16, b"a\0b\0", b"")
    system.both(136, 1 << 16, b"C:\\a\0C:\\b\0", b"")
    # TwinCAT 2: the handle is the group.
    system.both(102, 4, b"x.wbp\0", item(0xf600))
    system.both(101, 1, b"C:\\y\0", item(0xf601))
    system.write(0xf600, 0, b"data")
    system.read(0xf601, 0, b"data")
    system.write(0xf600, 0xffffffff, b"")
    system.write(0xf600, 0, b"data")
    slave = Link(system.connection, port=1001, net=BEHIND)
    slave.invoke = 400
    slave.both(0xf402, 0x4e3a21c7, b"EL3102.efw\0", item(1))
    slave.both(0xf405, 1, b"data", b"")
    slave.both(0xf401, 0, b"log\0", item(2))
    slave.both(0xf404, 2, b"", b"data")
    slave.both(0xf082, 1, item(0xf402, 0x4e3a21c7, 4, 3) + b"fw\0", item(0, 4, 3))


def tag(number, data):
    return struct.pack("<HH", number, len(data)) + data


def datagram(service, source, *tags, sequence=3):
    head = bytes.fromhex("03661471") + struct.pack("<II", sequence, service)
    return head + source + struct.pack("<HI", SYSTEM, len(tags)) + b"".join(tags)


def datagrams(net):
    def ask(payload):
        net.datagram(HMI, PLC, 48899, 48899, payload)

    def answer(payload):
        net.datagram(PLC, HMI, 48899, 48899, payload)

    ask(datagram(1, CLIENT))
    answer(datagram(0x80000001, SERVER, tag(5, b"CX-0E8C09\0"), tag(4, struct.pack("<IIIII", 276, 10, 0, 19044, 2) + bytes(256)),
                    tag(3, struct.pack("<BBH", 3, 1, 4024)), tag(18, b"1a2b3c\0")))
    for password, status in ((b"secret\0", 0x704), (b"1\0", 0)):
        ask(datagram(6, CLIENT, tag(12, b"HMI-7\0"), tag(7, CLIENT), tag(13, b"Administrator\0"), tag(2, password),
                     tag(5, b"10.9.2.20\0"), sequence=4))
        answer(datagram(0x80000006, SERVER, tag(1, struct.pack("<I", status)), sequence=4))
    ask(datagram(9, CLIENT, tag(77, b"what")))
    ask(datagram(6, CLIENT, tag(12, b"HMI-7\0"))[:-3])
