"""SNMP: ENTITY-MIB (RFC 6933), and answers that speak of others."""
from messages import ber, modbus
from protocols import HMI, PLC, SERVER, SWITCH, who
from wire import Host

ENTITY, SYSTEM = "1.3.6.1.2.1.47.1.1.1.1", "1.3.6.1.2.1.1"
CHASSIS, SUPPLY, MODULE, PORT, STACK = 3, 6, 9, 10, 11


def oid(text):
    parts = [int(p) for p in text.split(".")]
    body = bytes([parts[0] * 40 + parts[1]])
    for part in parts[2:]:
        digits = [part & 0x7f]
        while part >> 7:
            part >>= 7
            digits.append(0x80 | part & 0x7f)
        body += bytes(reversed(digits))
    return ber(6, body)


def value(of):
    return of if isinstance(of, bytes) else ber(2, of.to_bytes(4, "big")) if isinstance(of, int) else ber(4, of.encode())


def pdu(kind, number, pairs, error=0):
    variables = b"".join(ber(0x30, oid(name), value(of)) for name, of in pairs)
    return ber(kind, ber(2, bytes([number])), ber(2, bytes([error])), ber(2, b"\0"), ber(0x30, variables))


def message(kind, number, pairs, error=0):
    return ber(0x30, ber(2, b"\1"), ber(4, b"public"), pdu(kind, number, pairs, error))


def walk(net, agent, port, pairs, bulk=6):
    """A manager that walks: so many rows an answer."""
    for n in range(0, len(pairs), bulk):
        some = pairs[n:n + bulk]
        net.datagram(HMI, agent, port, 161, message(0xa1, n // bulk + 1, [(name, b"\5\0") for name, _ in some]))
        net.datagram(agent, HMI, 161, port, message(0xa2, n // bulk + 1, some))


@who
def snmp_entities(net):
    """A stack of two chassis with modules: what is the device, what stands in it; then one without classes."""
    rows = {  # index: class, then columns 7 to 13
        1: (STACK, "Stack", "", "", "", "", "", ""),
        1000: (CHASSIS, "1", "V02", "12.2(44)SE", "12.2(55)SE5", "FOC1042Y0AB", "Cisco", "WS-C3750G-24TS"),
        1001: (MODULE, "Uplink", "A0", "", "", "FNS0042XYZ1", "Cisco", "GLC-SX-MM"),
        1060: (SUPPLY, "Power", "", "", "", "PWR00001", "Cisco", "PWR-1"),
        2000: (CHASSIS, "2", "V01", "12.2(44)SE", "12.2(55)SE5", "FOC1042Y0CD", "Cisco", "WS-C3750G-12S"),
        2005: (PORT, "Gi2/0/5", "", "", "", "", "", ""),
        8384513: (MODULE, "far", "", "", "", "SFP-12345", "", ""),
    }
    pairs = [(f"{ENTITY}.5.{row}", cells[0]) for row, cells in rows.items()]
    for column in range(7, 14):
        pairs += [(f"{ENTITY}.{column}.{row}", cells[column - 6]) for row, cells in rows.items()]
    pairs += [(f"{ENTITY}.2.1001", "1000BaseSX SFP"), (f"{ENTITY}.2.1000", "WS-C3750G-24TS chassis")]
    walk(net, SWITCH, 50161, pairs)
    # Nobody asked for classes: which of two rows is the device would be a guess.
    walk(net, PLC, 50162, [(f"{ENTITY}.11.1", "SN-PLC-1"), (f"{ENTITY}.11.7", "SN-CARD-7"), (f"{ENTITY}.13.1.1", "no row")])


@who
def snmp_others(net):
    """A description taken apart; an inform's answer, a refusal and a proxy's answer name nobody."""
    text = "Siemens, SIMATIC NET, SCALANCE X204-2, 6GK5 204-2BB10-2AA3, HW: 4, FW: V4.03, SVPA1234567"
    walk(net, SWITCH, 50161, [(f"{SYSTEM}.1.0", text), (f"{SYSTEM}.2.0", oid("1.3.6.1.4.1.4196.1.1.5.2.22"))])
    inform = [(f"{SYSTEM}.3.0", ber(0x43, b"\x10")), ("1.3.6.1.6.3.1.1.4.1.0", oid("1.3.6.1.6.3.1.1.5.3")),
              (f"{SYSTEM}.5.0", "the switch")]
    net.datagram(SWITCH, HMI, 50162, 162, message(0xa6, 9, inform))
    net.datagram(HMI, SWITCH, 162, 50162, message(0xa2, 9, inform))
    net.datagram(HMI, PLC, 50163, 161, message(0xa3, 5, [(f"{SYSTEM}.5.0", "refused")]))
    net.datagram(PLC, HMI, 161, 50163, message(0xa2, 5, [(f"{SYSTEM}.5.0", "refused")], error=17))
    for engine, name in ((b"\x80\0\0\1AAAA", "behind the proxy"), (b"\x80\0\0\1PPPP", "itself")):
        own = ber(0x30, ber(4, b"\x80\0\0\1PPPP"), ber(2, b"\1"), ber(2, b"\1"), ber(4, b"reader"), ber(4, b""), ber(4, b""))
        scoped = ber(0x30, ber(4, engine), ber(4, b""), pdu(0xa2, 7, [(f"{SYSTEM}.5.0", name)]))
        net.datagram(PLC, HMI, 161, 50164, ber(0x30, ber(2, b"\3"), ber(0x30, ber(2, b"\7"), ber(2, b"\5\xdc"), ber(4, b"\0"),
                                                                    ber(2, b"\3")), ber(4, own), scoped))


@who
def snmp_rows(net):
    """Whose rows are: asked column by column, each from a port of its own, in parts, and beside a gateway's units."""
    def ask(agent, column, row, of):
        ask.port += 1
        walk(net, agent, ask.port, [(f"{ENTITY}.{column}.{row}", of)])
    ask.port = 50200

    # A stack is no box; its first member is, whoever asks from wherever; descriptions come first in a walk.
    stack = ((1, STACK, "the stack"), (1001, CHASSIS, "member one"), (2001, CHASSIS, "member two"), (1010, MODULE, "uplinks"),
             (1020, PORT, "port 1"))
    for column, cell in ((2, lambda row: row[2]), (5, lambda row: row[1]), (11, lambda row: f"SERIAL-{row[0]}")):
        for row in stack:
            ask(SWITCH, column, row[0], cell(row))
    # One row that nobody asked the class of, beside one that is known to be a module.
    ask(PLC, 5, 7, MODULE)
    ask(PLC, 11, 7, "SERIAL-CARD")
    ask(PLC, 11, 1, "SERIAL-PLC")
    # Row 2 of the box is not unit 2 behind it; it has more transceivers than anybody would list.
    ask(SERVER, 5, 2, MODULE)
    ask(SERVER, 11, 2, "SERIAL-CARD-2")
    c = net.connect(HMI, SERVER, 502)
    for n in (1, 2):
        c.ask(modbus(n, bytes.fromhex("2b0e0100"), n))
        c.answer(modbus(n, bytes.fromhex("2b0e0101000001") + b"\1\4MTR%d" % n, n))
    for agent, vendor in ((Host("10.9.3.40", "00:0e:8c:09:03:40"), "A Maker, itself"),):
        walk(net, agent, 50190, [(f"{SYSTEM}.2.0", oid("1.3.6.1.4.1.4196.1.1.5")), (f"{ENTITY}.5.1", CHASSIS)])
        walk(net, agent, 50191, [(f"{ENTITY}.12.1", vendor), (f"{SYSTEM}.5.0", "Pump house 3")])


@who
def snmp_sockets(net):
    """Sixty transceivers before the second member of a stack."""
    rows = [(1001, CHASSIS)] + [(1100 + n, MODULE) for n in range(60)] + [(2001, CHASSIS)]
    walk(net, SWITCH, 50161, [(f"{ENTITY}.5.{row}", of) for row, of in rows], bulk=20)
    walk(net, SWITCH, 50161, [(f"{ENTITY}.11.{row}", f"SER-{row}") for row in (1001, 1159, 2001)])
