"""For every detection a capture that fires it and one that comes close and does not.

FIRES and CLOSE hold functions by the detection's id; each fills a Net.  The difference between the
two is what the detection is about, and nothing else.
"""
import struct

from messages import S7, SYS_DESCR, Cip, Dnp3, Modbus, arp, free_format, snmp, szl
from wire import ACK, RST, SYN, Host, ethernet, tcp

PLC = Host("10.9.1.10", "00:0e:8c:09:01:10")
HMI = Host("10.9.2.20", "00:50:56:09:02:20")
OTHER = Host("10.9.2.66", "00:50:56:09:02:66")
ROUTER = Host("10.9.2.1", "00:09:0f:09:02:01")
PUBLIC = Host("93.184.216.34", "00:09:0f:09:02:01")  # behind the router
FIRES, CLOSE = {}, {}


def fires(name):
    return lambda function: FIRES.setdefault(name, function)


def close(name):
    return lambda function: CLOSE.setdefault(name, function)


def modbus(net, client=HMI, server=PLC):
    return Modbus(net.connect(client, server, 502))


def cip(net):
    return Cip(net.connect(HMI, PLC, 44818))


def dnp3(net):
    return Dnp3(net.connect(HMI, PLC, 20000))


def s7(net):
    return S7(net.connect(HMI, PLC, 102))


# --- what is done to a controller ------------------------------------------------------------------

@fires("ot.controller-stop")
def _(net):
    s7(net).stop()


@close("ot.controller-stop")
def _(net):
    # Another program service of the same function family: a memory compression.
    s7(net).start(b"_GARB")


@fires("ot.controller-start")
def _(net):
    s7(net).start()


@close("ot.controller-start")
def _(net):
    s7(net).start(b"_GARB")


@fires("ot.controller-restart")
def _(net):
    dnp3(net).talk(13, answer=bytes([52, 2, 7, 1, 0x10, 0x27]))


@close("ot.controller-restart")
def _(net):
    # Delay measurement answers with the same object as a restart does.
    dnp3(net).talk(23, answer=bytes([52, 2, 7, 1, 0x10, 0x27]))


def block_name(block=b"0800001A"):
    return b"_" + block


@fires("ot.program-download")
def _(net):
    talk = s7(net)
    name = bytes([9]) + block_name() + b"\x0d1000152000116"
    talk.talk(b"\x1a\0\1\0\0\0\0\0" + name, b"\x1a")


@close("ot.program-download")
def _(net):
    # The next service in the family: the program is copied within the controller, none comes in.
    s7(net).start(b"_MODU")


@fires("ot.program-upload")
def _(net):
    talk = s7(net)
    talk.talk(b"\x1d\0\0\0\0\0\0\0" + bytes([9]) + block_name(), b"\x1d\0\1\0\0\0\0\7\x070000152")


@close("ot.program-upload")
def _(net):
    # Which blocks there are is asked, none is fetched.
    s7(net).userdata(3, 2, b"0A", struct.pack(">HBB", 1, 0x22, 5))


@fires("ot.firmware-change")
def _(net):
    cip(net).talk(0x4b, Cip.path(0xa1, 1), b"\1\0\0\0", b"\0\0")


@close("ot.firmware-change")
def _(net):
    cip(net).talk(0x0e, Cip.path(0xa1, 1, 1), answer=b"\1\0")


@fires("ot.config-change")
def _(net):
    cip(net).talk(0x10, Cip.path(0xf5, 1, 5), struct.pack("<III", 0x0a09010b, 0xffffff00, 0) + bytes(10))


@close("ot.config-change")
def _(net):
    cip(net).talk(0x0e, Cip.path(0xf5, 1, 5), answer=struct.pack("<III", 0x0a09010b, 0xffffff00, 0) + bytes(10))


@fires("ot.mode-change")
def _(net):
    modbus(net).talk(b"\x08\0\x04\0\0")


@close("ot.mode-change")
def _(net):
    modbus(net).talk(b"\x08\0\x02\0\0", b"\x08\0\x02\0\0")


@fires("ot.time-change")
def _(net):
    dnp3(net).talk(2, bytes([50, 1, 7, 1]) + (1_700_000_000_000).to_bytes(6, "little"))


@close("ot.time-change")
def _(net):
    # Reading the clock is no change of it.
    dnp3(net).talk(1, bytes([50, 1, 7, 1]), bytes([50, 1, 7, 1]) + (1_700_000_000_000).to_bytes(6, "little"))


def open_file(mode):
    name = b"config.xml"
    return free_format(70, 3, struct.pack("<HH6sHIIHHH", 26, len(name), bytes(6), 0, 0, 0xffffffff if mode == 2 else 0,
                                          mode, 1024, 1) + name)


@fires("ot.file-transfer")
def _(net):
    dnp3(net).talk(25, open_file(1), free_format(70, 4, struct.pack("<IIHHB", 7, 99, 1024, 1, 0)))


@close("ot.file-transfer")
def _(net):
    # A file moves, to a machine that controls nothing.
    c = net.connect(HMI, OTHER, 21)
    c.answer(b"220 ready\r\n")
    c.talk((b"USER clerk\r\n", b"331 password\r\n"), (b"PASS 8GhyQ2\r\n", b"230 in\r\n"),
           (b"RETR menu.txt\r\n", b"150 coming\r\n"))


# --- how somebody gets in -----------------------------------------------------------------------------

def telnet_login(net, client, server):
    c = net.connect(client, server, 23)
    c.answer(b"\xff\xfd\x18\xff\xfb\x01\xff\xfb\x03")
    c.talk((b"\xff\xfb\x18\xff\xfd\x01\xff\xfd\x03", b"login: "), (b"operator\r\n", b"Password: "),
           (b"xyzzy9\r\n", b"\r\nWelcome\r\n$ "))


@fires("net.cleartext-access")
def _(net):
    telnet_login(net, HMI, PLC)


@close("net.cleartext-access")
def _(net):
    # A web page without a password is no remote access.
    net.connect(HMI, PLC, 80).talk((b"GET / HTTP/1.1\r\nHost: plc\r\n\r\n",
                                    b"HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"))


def ask_snmp(net, community):
    net.datagram(HMI, PLC, 50161, 161, snmp(community, 0xa0, 1, SYS_DESCR))
    net.datagram(PLC, HMI, 161, 50161, snmp(community, 0xa2, 1, SYS_DESCR, b"\x04\x06Switch"))


@fires("net.default-credentials")
def _(net):
    ask_snmp(net, b"public")


@close("net.default-credentials")
def _(net):
    ask_snmp(net, b"publicity")


def guess(net, times, seconds, servers=(PLC,)):
    for n in range(times):
        c = net.connect(OTHER, servers[n % len(servers)], 21)
        c.answer(b"220 ready\r\n")
        c.talk((b"USER root\r\n", b"331 password\r\n"), (b"PASS guess%d\r\n" % n, b"530 no\r\n"))
        net.wait(seconds)


@fires("net.brute-force")
def _(net):
    guess(net, 10, 1)


@close("net.brute-force")
def _(net):
    guess(net, 9, 1)


@fires("net.password-spraying")
def _(net):
    guess(net, 5, 60, hosts(5))


@close("net.password-spraying")
def _(net):
    guess(net, 8, 60, hosts(4))


# --- scans ---------------------------------------------------------------------------------------------

def knock(net, client, server, sport, port, answered=False):
    net.send(client, server, tcp(client.ip, server.ip, sport, port, 1, 0, SYN))
    if answered:
        net.send(server, client, tcp(server.ip, client.ip, port, sport, 7, 2, SYN | ACK))
    else:
        net.send(server, client, tcp(server.ip, client.ip, port, sport, 0, 2, RST | ACK))


def hosts(count):
    return [Host(f"10.9.1.{100 + n}", f"00:0e:8c:09:01:{100 + n:02x}") for n in range(count)]


@fires("net.address-scan")
def _(net):
    for n, host in enumerate(hosts(31)):
        net.send(OTHER, host, tcp(OTHER.ip, host.ip, 41000 + n, 445, 1, 0, SYN))


@close("net.address-scan")
def _(net):
    # As many, but slower than thirty in two minutes.
    for n, host in enumerate(hosts(31)):
        net.send(OTHER, host, tcp(OTHER.ip, host.ip, 41000 + n, 445, 1, 0, SYN))
        net.wait(10)


def ask_who_has(net, count):
    for n in range(count):
        body = arp(1, OTHER.mac, OTHER.ip, bytes(6), bytes([10, 9, 2, 100 + n]))
        net.frame(ethernet(OTHER.mac, b"\xff" * 6, 0x0806, body))


@fires("net.arp-scan")
def _(net):
    ask_who_has(net, 41)


@close("net.arp-scan")
def _(net):
    ask_who_has(net, 39)


@fires("net.port-scan")
def _(net):
    for n in range(26):
        net.send(OTHER, PLC, tcp(OTHER.ip, PLC.ip, 41000 + n, 20 + n, 1, 0, SYN))


@close("net.port-scan")
def _(net):
    for n in range(24):
        net.send(OTHER, PLC, tcp(OTHER.ip, PLC.ip, 41000 + n, 20 + n, 1, 0, SYN))


@fires("ot.controller-scan")
def _(net):
    for n, host in enumerate(hosts(11)):
        net.send(OTHER, host, tcp(OTHER.ip, host.ip, 41000 + n, 502, 1, 0, SYN))


@close("ot.controller-scan")
def _(net):
    # Eleven controllers that answer are a supervisor's day.
    for host in hosts(11):
        modbus(net, HMI, host).read_holding(0, [1])


@fires("ot.function-scan")
def _(net):
    talk = modbus(net, OTHER)
    for function in range(100, 118):
        talk.refuse(bytes([function]), 1)


@close("ot.function-scan")
def _(net):
    talk = modbus(net, OTHER)
    for _ in range(18):
        talk.refuse(bytes([100]), 1)


# --- protocols broken and refused ----------------------------------------------------------------------

def break_dnp3(net, times):
    """A good frame, whose application part then ends inside an object header."""
    talk = dnp3(net)
    talk.talk(1, bytes([60, 2, 6]), bytes([1, 1, 0, 0, 0, 1]))
    for _ in range(times):
        talk.talk(1, bytes([60, 2, 0, 5]), b"")


@fires("proto.malformed")
def _(net):
    break_dnp3(net, 3)


@close("proto.malformed")
def _(net):
    break_dnp3(net, 1)


def read_too_many(net, times):
    talk = modbus(net)
    for _ in range(times):
        talk.refuse(struct.pack(">BHH", 3, 0, 126), 3)


@fires("proto.violation")
def _(net):
    read_too_many(net, 2)


@close("proto.violation")
def _(net):
    # 125 registers are the most the standard allows.
    talk = modbus(net)
    for _ in range(2):
        talk.read_holding(0, list(range(125)))


def refuse_reads(net, times):
    talk = modbus(net)
    for n in range(times):
        talk.refuse(struct.pack(">BHH", 3, 9000 + n, 1), 2)


@fires("ot.exceptions")
def _(net):
    refuse_reads(net, 20)


@close("ot.exceptions")
def _(net):
    refuse_reads(net, 19)


def smb_negotiate(net, version):
    c = net.connect(HMI, OTHER, 445)
    if version == 1:
        def smb1(flags, words):
            return b"\xffSMB\x72" + struct.pack("<IBH", 0, flags, 0xc853) + bytes(12) + \
                struct.pack("<HHHH", 0xffff, 0xfeff, 0, 0) + words
        ask = smb1(0x18, b"\0" + struct.pack("<H", 12) + b"\x02NT LM 0.12\0")
        answer = smb1(0x98, b"\x11" + struct.pack("<HBHHIIIIQHB", 0, 3, 50, 1, 16644, 65536, 0, 0x8000e3fd, 0, 0, 0) +
                      struct.pack("<H", 16) + bytes(range(16)))
    else:
        def smb2(flags, body):
            return b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ", 64, 0, 0, 0, 1, flags, 0, 0, 0, 0, 0) + bytes(16) + body
        ask = smb2(0, struct.pack("<HHHHI16sQHH", 36, 2, 1, 0, 0x7f, bytes(16), 0, 0x0202, 0x0210))
        answer = smb2(1, struct.pack("<HHHH16sIIIIQQHHI", 65, 1, 0x0210, 0, bytes(range(16)), 7, 65536, 65536, 65536,
                                     0, 0, 128, 0, 0))
    c.talk(*((struct.pack(">I", len(m)) + m, None) for m in (ask,)))
    c.answer(struct.pack(">I", len(answer)) + answer)


@fires("net.smbv1")
def _(net):
    smb_negotiate(net, 1)


@close("net.smbv1")
def _(net):
    smb_negotiate(net, 2)


def smb_transaction2(net, subcommand, parameters):
    c = net.connect(HMI, OTHER, 445)
    words = struct.pack("<HHHHBBHIHHHHHBBH", len(parameters), 0, 1, 0, 0, 0, 0, 0, 0, len(parameters), 66, 0, 0, 1, 0,
                        subcommand)
    ask = b"\xffSMB\x32" + struct.pack("<IBH", 0, 0x18, 0xc807) + bytes(12) + struct.pack("<HHHH", 8, 0xfeff, 8, 65) + \
        struct.pack("<B", len(words) // 2) + words + struct.pack("<H", len(parameters) + 1) + b"\0" + parameters
    c.talk((struct.pack(">I", len(ask)) + ask, None))


@fires("net.smb-exploit")
def _(net):
    smb_transaction2(net, 0x0e, bytes(12))


@close("net.smb-exploit")
def _(net):
    smb_transaction2(net, 0x05, struct.pack("<HI", 0x107, 0) + "\\a\0".encode("utf-16-le"))


# --- where assets stand ---------------------------------------------------------------------------------

def claim(net, host, ip):
    net.frame(ethernet(host.mac, b"\xff" * 6, 0x0806, arp(2, host.mac, ip, host.mac, ip)))


@fires("net.duplicate-ip")
def _(net):
    claim(net, PLC, PLC.ip)
    net.wait(1)
    claim(net, OTHER, PLC.ip)


@close("net.duplicate-ip")
def _(net):
    # The same device says so twice.
    claim(net, PLC, PLC.ip)
    net.wait(1)
    claim(net, PLC, PLC.ip)
    claim(net, OTHER, OTHER.ip)


def listen_in(net, liar, owner):
    """Both talk to each other; then the liar says by ARP that it is the owner."""
    modbus(net).read_holding(0, [1])
    net.wait(1)
    claim(net, liar, owner.ip)


@fires("net.arp-spoof")
def _(net):
    # Neither of the two ever says where it is: they knew each other before.
    listen_in(net, OTHER, PLC)


@close("net.arp-spoof")
def _(net):
    # The MAC that two redundant routers share (VRRP) claims what one of them sends from.
    listen_in(net, Host("10.9.1.10", "00:00:5e:00:01:07"), PLC)


def plc_calls(net, whom):
    claim(net, ROUTER, ROUTER.ip)
    modbus(net).read_holding(0, [1, 2, 3])
    net.connect(PLC, whom, 80).talk((b"GET /update HTTP/1.1\r\nHost: example.com\r\n\r\n",
                                     b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))


@fires("net.internet-from-low-level")
def _(net):
    plc_calls(net, PUBLIC)
    # A controller behind a mobile network's modem stays one, and stays outside.
    modbus(net, HMI, Host("166.161.16.230", "00:09:0f:09:02:01")).read_holding(0, [1])


@fires("net.internet-to-low-level")
def _(net):
    claim(net, ROUTER, ROUTER.ip)
    modbus(net).read_holding(0, [1, 2, 3])
    # Somebody out there reads the controller: that makes nobody a station.
    modbus(net, PUBLIC).read_holding(0, [1])
    # And somebody asks for devices in vain: nobody is a controller because he is asked.
    scanner, site = (Host(ip, "00:09:0f:09:02:01") for ip in ("65.49.20.98", "90.147.69.219"))
    who_is = b"\x81\x0a\0\x08\x01\0\x10\x08"
    for target in (PLC, site):
        net.datagram(scanner, target, 47808, 47808, who_is)


@close("net.internet-to-low-level")
def _(net):
    claim(net, ROUTER, ROUTER.ip)
    # Out of the plant, not into it; and somebody in another private network asks.
    modbus(net, HMI, Host("166.161.16.230", "00:09:0f:09:02:01")).read_holding(0, [1])
    modbus(net, Host("172.31.1.1", "00:09:0f:09:02:01")).read_holding(0, [1])


@close("net.internet-from-low-level")
def _(net):
    # 172.16/12 is private too.
    plc_calls(net, Host("172.31.1.1", "00:09:0f:09:02:01"))


@fires("net.dual-homed")
def _(net):
    # One serial number on two cards in two networks.
    two_networks(net, [("10.9.2.30", "00:50:56:09:02:30"), ("10.9.3.30", "00:50:56:09:03:30")])


@close("net.dual-homed")
def _(net):
    # Two cards in one network.
    two_networks(net, [("10.9.2.30", "00:50:56:09:02:30"), ("10.9.2.31", "00:50:56:09:03:30")])


def two_networks(net, legs):
    """A device that gives the same identity on each of its cards."""
    cards = [Host(*leg) for leg in legs]
    serial = b"\x0cHIST-0042-AX"
    for card in cards:
        client = Cip(net.connect(HMI, card, 44818))
        identity = struct.pack("<HHHBBHI", 1, 14, 55, 20, 11, 0x60, 0xcafe0042) + serial
        client.talk(0x01, Cip.path(1, 1), answer=identity)


def say_mode(net, word):
    # SZL 0x0424: the operating mode; the fourth byte of the record tells (8 run, 3 stop).
    ask, answer = szl(0x0424, 0, 20, [bytes([0x51, 0x44, 0xff, word]) + bytes(16)])
    s7(net).userdata(4, 1, ask, answer)


@fires("ot.not-in-run")
def _(net):
    say_mode(net, 3)


@close("ot.not-in-run")
def _(net):
    # It stood, and runs again.
    s7(net).stop()
    say_mode(net, 3)
    s7(net).start()
    say_mode(net, 8)


@fires("ot.was-not-in-run")
def _(net):
    for word in (8, 3, 3, 8):
        say_mode(net, word)


@close("ot.was-not-in-run")
def _(net):
    # Somebody was seen to stop it: that is told already.
    say_mode(net, 8)
    s7(net).stop()
    say_mode(net, 3)
    s7(net).start()
    say_mode(net, 8)


# --- writes -------------------------------------------------------------------------------------------------

def supervised(net, writer, reads):
    """The HMI reads the controller all the time; then the writer writes."""
    talk = modbus(net)
    for n in range(60):
        talk.read_holding(0, [n, 2, 3])
    other = talk if writer is HMI else modbus(net, writer)
    for n in range(reads):
        other.read_holding(0, [n])
    other.write_register(7, 99)


@fires("ot.unauthorised-write")
def _(net):
    supervised(net, OTHER, 0)


@close("ot.unauthorised-write")
def _(net):
    supervised(net, HMI, 0)


def close_breaker(talk, function, status=0):
    # One object of group 12, variation 1, with an index of one byte: latch on, once.
    block = bytes([12, 1, 0x17, 1, 0, 3, 1]) + struct.pack("<II", 100, 100)
    talk.talk(function, block + b"\0", block + bytes([status]))


@fires("ot.write-attempt")
def _(net):
    # A point is selected and never operated; a register is refused.
    modbus(net, OTHER).refuse(struct.pack(">BHH", 6, 7, 99), 2)
    close_breaker(Dnp3(net.connect(OTHER, PLC, 20000)), 3)


@close("ot.write-attempt")
def _(net):
    # Refused once, selected and operated then: it wrote.
    talk = Dnp3(net.connect(OTHER, PLC, 20000))
    close_breaker(talk, 4, status=2)  # no select
    close_breaker(talk, 3)
    close_breaker(talk, 4)


def write_often(net, times):
    net.step = 2_000_000  # two frames a write, each acknowledged by the answer
    talk = modbus(net)
    for n in range(times):
        talk.write_register(7, n)


@fires("ot.write-flood")
def _(net):
    write_often(net, 200)


@close("ot.write-flood")
def _(net):
    write_often(net, 199)
