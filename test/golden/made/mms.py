"""MMS, built from ISO 9506-2 and IEC 61850-8-1: associations, every service, every kind of data, reports, refusals."""
import struct

from messages import ber, cotp_connect, tpkt
from protocols import HMI, PLC, capture

CONTEXT = bytes([0x28, 0xca, 0x22, 0x02, 0x03])     # 1.0.9506.2.3
TITLE = bytes([0x29, 0x01, 0x87, 0x67, 0x01])       # 1.1.1.999.1
BASIC = bytes([0x51, 0x01])                         # 2.1.1: the basic encoding
PASSWORD_MECHANISM = bytes([0x52, 0x03, 0x01])      # 2.2.3.1
READ, WRITE = 4, 5


def tag(number, *parts, made=True):
    """An element of the context class."""
    first = 0xa0 if made else 0x80
    if number < 31:
        return ber(first | number, *parts)
    return bytes([first | 31, number]) + ber(0, *parts)[1:]


def plain(number, *parts):
    return tag(number, *parts, made=False)


def whole(value):
    return ber(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def text(value):
    return ber(0x1a, value)


def vmd(name):
    return plain(0, name)


def item(name, domain=b"BAY7LD0"):
    return tag(1, text(domain), text(name))


def ours(name):
    return plain(2, name)


def file_name(name):
    return ber(0x19, name)


def variables(*names):
    return tag(0, *(ber(0x30, tag(0, n)) for n in names))


def real(value):
    return ber(0x87, b"\x08" + struct.pack(">f", value))


UTC = struct.pack(">I", 1_700_000_001) + b"\x40\x00\x00\x0a"
EVERY = (
    ber(0x83, b"\x01"), ber(0x84, b"\x06\x80"), ber(0x84, b"\x03\x00\x08"), ber(0x85, b"\xff\x38"),
    ber(0x86, b"\x00\xff\xff\xff\xff"), real(110.25), ber(0x87, b"\x0b" + struct.pack(">d", -0.5)),
    ber(0x89, b"\xca\xfe"), ber(0x8a, b"Bay 7"), ber(0x8c, bytes(6)), ber(0x8d, b"\x15"), ber(0x8e, b"\x00\xa0"),
    ber(0x8f, bytes([0x28, 0xca, 0x22])), ber(0x90, b"Trafo 1"), ber(0x91, UTC),
    ber(0xa2, real(1.5), ber(0xa2, ber(0x86, b"\x07"), ber(0x84, b"\x06\x40"))),
    ber(0xa1, ber(0x85, b"\x01"), ber(0x85, b"\x02")),
)


# --- the layers below: ISO 8327-1, 8823-1, 8650-1 ---

def data(payload):
    return tpkt(b"\x02\xf0\x80" + payload)


def session(kind, user, selectors=b""):
    body = selectors + (b"\xc1" + bytes([len(user)]) + user if len(user) < 255
                        else b"\xc1\xff" + struct.pack(">H", len(user)) + user)
    size = bytes([len(body)]) if len(body) < 255 else b"\xff" + struct.pack(">H", len(body))
    return data(bytes([kind]) + size + body)


# Contexts of the presentation: 1 the association, 3 MMS.
CONTEXTS = ber(0xa4, *(ber(0x30, ber(2, bytes([n])), ber(6, syntax), ber(0x30, ber(6, BASIC)))
                       for n, syntax in ((1, bytes([0x52, 0x01, 0x00, 0x01])), (3, bytes([0x28, 0xca, 0x22, 0x02, 0x01])))))
GRANTED = ber(0xa5, *(ber(0x30, ber(0x80, b"\0"), ber(0x81, BASIC)) for _ in range(2)))


def user_data(context, value):
    return ber(0x61, ber(0x30, ber(2, bytes([context])), ber(0xa0, value)))


def wrapped(mms):
    return data(b"\x01\x00\x01\x00" + user_data(3, mms))


def information(mms):
    return ber(0xbe, ber(0x28, ber(6, BASIC), ber(2, b"\x03"), ber(0xa0, mms)))


INITIATE = ber(0xa8, ber(0x80, b"\x00\xfd\xe8"), ber(0x81, b"\x05"), ber(0x82, b"\x05"), ber(0x83, b"\x0a"),
               ber(0xa4, ber(0x80, b"\x01"), ber(0x81, b"\x05\xf1\x00"),
                   ber(0x82, b"\x03" + bytes.fromhex("ee1c00000408000079ef18"))))
AGREED = b"\xa9" + INITIATE[1:]


def connect(mms=INITIATE, password=None):
    secret = b"" if password is None else (
        ber(0x8a, b"\x07\x80") + ber(0x8b, PASSWORD_MECHANISM) + ber(0xac, ber(0x80, password)))
    aarq = ber(0x60, ber(0xa1, ber(6, CONTEXT)), ber(0xa2, ber(6, TITLE)), ber(0xa3, ber(2, b"\x0c")),
               ber(0xa6, ber(6, TITLE)), ber(0xa7, ber(2, b"\x0d")), secret, information(mms))
    presentation = ber(0x31, ber(0xa0, ber(0x80, b"\x01")), ber(0xa2, ber(0x81, b"\0\0\0\1"), ber(0x82, b"\0\0\0\2"),
                       CONTEXTS, user_data(1, aarq)))
    return session(13, presentation, bytes.fromhex("05 06 13 01 00 16 01 02 14 02 00 02 33 02 00 01 34 02 00 02"))


def accept(mms=AGREED, result=0, diagnostic=0):
    aare = ber(0x61, ber(0xa1, ber(6, CONTEXT)), ber(0xa2, ber(2, bytes([result]))),
               ber(0xa3, ber(0xa1, ber(2, bytes([diagnostic])))), ber(0xa4, ber(6, TITLE)),
               ber(0xa5, ber(2, b"\x0c")), information(mms) if mms else b"")
    parts = ber(0x83, b"\0\0\0\2") + GRANTED + user_data(1, aare)
    if result:      # a refusal stands in the session's reason: 2, and what the presentation says
        reason = b"\x02" + ber(0x30, parts)
        return data(bytes([12, len(reason) + 2, 50, len(reason)]) + reason)
    presentation = ber(0x31, ber(0xa0, ber(0x80, b"\x01")), ber(0xa2, parts))
    return session(14, presentation, bytes.fromhex("05 06 13 01 00 16 01 02 14 02 00 02 34 02 00 02"))


# --- calls ---

class Mms:
    """A client that counts its calls."""

    def __init__(self, net, associated=True):
        self.c, self.count = net.connect(HMI, PLC, 102), 0
        self.c.talk((cotp_connect(0xe0, 1, 0), cotp_connect(0xd0, 0x4431, 1)))
        if associated:
            self.c.talk((connect(), accept()))

    def talk(self, request, response=None):
        self.count += 1
        self.c.ask(wrapped(ber(0xa0, whole(self.count), request)))
        if response is not None:
            self.c.answer(wrapped(ber(0xa1, whole(self.count), response)))

    def refuse(self, request, kind, code):
        self.talk(request)
        error = tag(2, tag(0, plain(kind, bytes([code]))), plain(1, b"\x81"), plain(2, b"not now"))
        self.c.answer(wrapped(ber(0xa2, plain(0, bytes([self.count])), error)))

    def read(self, names, results):
        self.talk(tag(READ, tag(1, variables(*names))), tag(READ, tag(1, *results)))

    def write(self, names, values, results=None):
        self.talk(tag(WRITE, variables(*names), tag(0, *values)), tag(WRITE, *(results or [b"\x81\0"] * len(values))))

    def report(self, specification, values):
        self.c.answer(wrapped(ber(0xa3, tag(0, specification, tag(0, *values)))))


@capture
def mms_association(net):
    mms = Mms(net, associated=False)
    mms.c.talk((connect(password=b"secret of bay 7"), accept()))
    mms.talk(plain(2), tag(2, plain(0, b"Vendor"), plain(1, b"Bay controller"), plain(2, b"4.1.7"),
                           tag(3, ber(6, CONTEXT))))
    mms.c.ask(wrapped(ber(0x85, b"\x01")))                                # cancel: done
    mms.c.answer(wrapped(ber(0x86, b"\x01")))
    mms.c.ask(wrapped(ber(0x85, b"\x02")))                                # and refused
    mms.c.answer(wrapped(ber(0xa7, plain(0, b"\x02"), tag(1, tag(0, plain(10, b"\x01"))))))
    mms.c.answer(wrapped(ber(0xa4, plain(0, b"\x07"), plain(1, b"\x01"))))   # rejects: a call that does not exist
    mms.c.answer(wrapped(ber(0xa4, plain(5, b"\x02"))))
    mms.c.talk((wrapped(ber(0x8b)), wrapped(ber(0x8c))))                  # conclude
    mms.c.talk((session(9, user_data(1, ber(0x62, ber(0x80, b"\0")))),
                session(10, user_data(1, ber(0x63, ber(0x80, b"\0"))))))
    # A wrong password (authentication failure), a refusal by MMS, one by the session, and an abort.
    wrong = Mms(net, associated=False)
    wrong.c.talk((connect(password=b"guess"), accept(mms=None, result=1, diagnostic=13)))
    wrong = Mms(net, associated=False)
    wrong.c.talk((connect(), accept(mms=ber(0xaa, tag(0, plain(8, b"\x02"))))))
    wrong = Mms(net, associated=False)
    wrong.c.talk((connect(), data(bytes.fromhex("0c 03 32 01 02"))))
    wrong = Mms(net)
    wrong.c.ask(session(25, ber(0xa0, user_data(1, ber(0x64, ber(0x80, b"\0"))))))


# Service: what is asked, and what is answered where that is more than "done".
DOMAIN, PROGRAM, SECOND = b"Domain1", b"Program1", item(b"Semaphore1")
SERVICES = [
    (plain(0, b"\x01"), tag(0, plain(0, b"\0"), plain(1, b"\x02"), plain(2, b"\x05\xa0"))),
    (tag(1, tag(0, plain(0, b"\x09")), tag(1, plain(0))), tag(1, tag(0, text(b"BAY7LD0"), text(b"BAY8LD0")), plain(1, b"\0"))),
    (tag(1, tag(0, plain(0, b"\0")), tag(1, plain(1, b"BAY7LD0")), plain(2, b"LLN0")),
     tag(1, tag(0, text(b"LLN0$ST$Mod")), plain(1, b"\xff"))),
    (tag(3, tag(0, plain(0, b"\x02")), tag(1, item(b"Old")), plain(2, b"New")), plain(3)),
    (tag(6, tag(0, item(b"LLN0$ST$Mod"))), tag(6, plain(0, b"\0"), tag(2, plain(5, b"\x08")))),
    (tag(7, tag(0, item(b"Alias")), tag(1, plain(0, b"\x10"))), plain(7)),
    (tag(9, item(b"Scattered")), tag(9, plain(0, b"\xff"), tag(1))),
    (tag(10, plain(0, b"\0"), tag(1, item(b"Alias"))), tag(10, plain(0, b"\1"), plain(1, b"\1"))),
    (tag(11, item(b"LLN0$Set1"), tag(0, ber(0x30, tag(0, item(b"LLN0$ST$Mod"))))), plain(11)),
    (tag(12, item(b"LLN0$Set1")), tag(12, plain(0, b"\xff"), tag(1, ber(0x30, tag(0, item(b"LLN0$ST$Mod")))))),
    (tag(13, plain(0, b"\0"), tag(1, item(b"LLN0$Set1"))), tag(13, plain(0, b"\1"), plain(1, b"\1"))),
    (tag(15, item(b"Type1")), tag(15, plain(0, b"\0"), tag(1, plain(5, b"\x08")))),
    (tag(16, plain(0, b"\0"), tag(1, item(b"Type1"))), tag(16, plain(0, b"\1"), plain(1, b"\1"))),
    (tag(17, plain(0, b"Desk 1"), plain(1, b"\xff"), tag(2, text(b"Which valve?"))), plain(17, b"Valve 3")),
    (tag(18, plain(0, b"Desk 1"), tag(1, text(b"Valve 3 opens"))), plain(18)),
    (tag(19, tag(0, SECOND), plain(1, b"Token"), plain(2, b"\x40"), plain(3, b"\x0a"), plain(4, b"\x14"),
         plain(5, b"\0"), plain(6, b"\xff")), tag(19, plain(1, b"Token"))),
    (tag(20, tag(0, SECOND), plain(1, b"Token")), plain(20)),
    (tag(21, tag(0, SECOND), plain(1, b"\x03")), plain(21)),
    (tag(22, SECOND), plain(22)),
    (tag(26, plain(0, DOMAIN), tag(1, text(b"RAM")), plain(2, b"\xff")), plain(26)),
    (plain(27, DOMAIN), tag(27, plain(0, bytes(40)), plain(1, b"\0"))),
    (tag(28, plain(0, DOMAIN)), plain(28)),
    (plain(29, DOMAIN), tag(29, plain(0, b"\x07"), tag(1, text(b"RAM")))),
    (plain(30, b"\x07"), tag(30, plain(0, bytes(40)), plain(1, b"\xff"))),
    (plain(31, b"\x07"), plain(31)),
    (tag(34, plain(0, DOMAIN), plain(2, b"\0"), tag(4, file_name(b"domain1.bin"))), plain(34)),
    (tag(35, plain(0, DOMAIN), tag(1, file_name(b"domain1.bin"))), plain(35)),
    (plain(36, DOMAIN), plain(36)),
    (plain(37, DOMAIN), tag(37, tag(0, text(b"RAM")), plain(1, b"\x02"), plain(2, b"\xff"), plain(3, b"\0"),
                            tag(4, text(PROGRAM)), plain(5, b"\0"))),
    (tag(38, plain(0, PROGRAM), tag(1, text(DOMAIN)), plain(2, b"\xff"), plain(3, b"\0")), plain(38)),
    (plain(39, PROGRAM), plain(39)),
    (tag(40, plain(0, PROGRAM), plain(1, b"cold")), plain(40)),
    (tag(41, plain(0, PROGRAM)), plain(41)),
    (tag(42, plain(0, PROGRAM)), plain(42)),
    (tag(43, plain(0, PROGRAM)), plain(43)),
    (tag(44, plain(0, PROGRAM)), plain(44)),
    (plain(45, PROGRAM), tag(45, plain(0, b"\x03"), tag(1, text(DOMAIN)), plain(2, b"\0"), plain(3, b"\xff"),
                             plain(4, b"\0"), plain(5, b"cold"))),
    (tag(46, tag(1, file_name(b"settings.old")), tag(2, file_name(b"settings.cid"))), plain(46)),
    (tag(48, tag(0, item(b"Condition1"))), plain(48, b"\x01")),
    (tag(62, tag(0, item(b"Enrollment1")), plain(2, b"\x02"), tag(3, plain(2, b"\x01"))), plain(62)),
    (tag(67, tag(0, item(b"LLN0$EventLog"))), plain(67, b"\x0c")),
    (tag(68, item(b"LLN0$EventLog")), tag(68, plain(0, b"\x0c"), plain(1, b"\0"))),
    (tag(71, plain(0, b"A")), tag(71, tag(0, text(b"RAM"), text(b"FLASH")), plain(1, b"\0"))),
    (tag(72, tag(0, file_name(b"COMTRADE/fault1.dat")), plain(1, b"\0")),
     tag(72, plain(0, b"\x05"), tag(1, plain(0, b"\x04\x00"), plain(1, b"20231114221320Z")))),
    (plain(73, b"\x05"), tag(73, plain(0, bytes(64)), plain(1, b"\0"))),
    (plain(74, b"\x05"), plain(74)),
    (tag(75, tag(0, file_name(b"a.cid")), tag(1, file_name(b"b.cid"))), plain(75)),
    (tag(76, file_name(b"fault1.dat")), plain(76)),
    (tag(77, tag(0, file_name(b"COMTRADE")), tag(1, file_name(b"fault0.dat"))),
     tag(77, tag(0, ber(0x30, ber(0x30, tag(0, file_name(b"fault1.dat")),
                                  tag(1, plain(0, b"\x04\x00"), plain(1, b"20231114221320Z"))))), plain(1, b"\xff"))),
]


@capture
def mms_services(net):
    mms = Mms(net)
    for request, response in SERVICES:
        mms.talk(request, response)
    for n, (request, _) in enumerate(SERVICES):
        mms.refuse(request, n % 13, n % 5)
    mms.talk(tag(80, plain(0, b"\x01")))                                   # a service that does not exist


@capture
def mms_data(net):
    """IEC 61850: reads with every kind of data, settings, the control model, control blocks, name plates."""
    mms = Mms(net)
    value = item(b"MMXU1$MX$TotW$mag$f")
    mms.read([value], [real(1234.5)])
    mms.read([item(b"LLN0$ST$Mod$stVal"), vmd(b"Everything"), ours(b"Mine")], [ber(0x85, b"\x01"), ber(0xa2, *EVERY), plain(0, b"\x0a")])
    mms.talk(tag(READ, plain(0, b"\xff"), tag(1, tag(1, item(b"LLN0$Set1")))),
             tag(READ, tag(0, tag(1, item(b"LLN0$Set1"))), tag(1, ber(0x83, b"\x01"), real(2.5))))
    address = tag(0, ber(0x30, tag(1, plain(0, b"\x10"))), ber(0x30, tag(1, plain(1, b"%MW7"))))
    mms.talk(tag(READ, tag(1, address)), tag(READ, tag(1, ber(0x85, b"\x03"), ber(0x85, b"\x04"))))
    for plate in (b"LPHD1$DC$PhyNam$vendor", b"LPHD1$DC$PhyNam$model", b"LPHD1$DC$PhyNam$serNum", b"LPHD1$DC$PhyNam$hwRev",
                  b"LPHD1$DC$PhyNam$swRev", b"LPHD1$DC$PhyNam$location"):
        mms.read([item(plate)], [ber(0x8a, plate.split(b"$")[-1] + b" 7")])
    # Select, operate, refused, cancelled; select with value.
    control = ber(0xa2, ber(0x83, b"\x01"), ber(0xa2, ber(0x85, b"\x02"), ber(0x89, b"desk")), ber(0x86, b"\x01"),
                  ber(0x91, UTC), ber(0x83, b"\0"), ber(0x84, b"\x06\0"))
    mms.read([item(b"CSWI1$CO$Pos$SBO")], [ber(0x8a, b"CSWI1$CO$Pos")])
    mms.read([item(b"CSWI1$CO$Pos$SBO")], [ber(0x8a, b"")])
    mms.write([item(b"CSWI1$CO$Pos$SBOw")], [control])
    mms.write([item(b"CSWI1$CO$Pos$Oper")], [control])
    mms.write([item(b"CSWI1$CO$Pos$Oper")], [control], [b"\x80\x01\x03"])
    mms.write([item(b"CSWI1$CO$Pos$Cancel")], [control])
    # Settings, and the control blocks of reports and of publications.
    mms.write([item(b"PTOC1$SE$StrVal$setMag$f"), item(b"PTOC1$SE$OpDlTmms$setVal")], [real(1.2), ber(0x85, b"\x01\x90")],
              [b"\x81\0", b"\x80\x01\x03"])
    mms.write([item(b"LLN0$SP$SGCB$ActSG")], [ber(0x86, b"\x02")])
    mms.write([item(b"LLN0$BR$brcbA01$RptEna")], [ber(0x83, b"\x01")])
    mms.write([item(b"LLN0$GO$gcb1$GoEna")], [ber(0x83, b"\0")])
    mms.write([item(b"GGIO1$SP$SPCSO1$stVal")], [ber(0x83, b"\x01")])
    # What is a secret by its name, alone and among others.
    secret, pin = item(b"USER1$SP$Password"), item(b"GGIO1$SP$Pin")
    mms.read([secret, value], [ber(0x8a, b"A1B2C3D4"), real(5)])
    mms.read([pin], [ber(0xa2, ber(0x85, b"\x12\x67"), ber(0x83, b"\1"))])
    mms.write([pin, item(b"GGIO1$SP$SPCSO1$stVal")], [ber(0x85, b"\x12\x67"), ber(0x83, b"\0")])
    mms.refuse(tag(READ, tag(1, variables(value))), 7, 2)
    mms.talk(tag(WRITE, tag(1, item(b"LLN0$Set1")), tag(0, ber(0x83, b"\x01"), real(3.5))), tag(WRITE, b"\x81\0", b"\x81\0"))
    # The server of an association without layers below it; both sides ask.
    bare = Mms(net, associated=False)
    bare.c.talk((data(INITIATE), data(AGREED)))
    bare.c.talk((data(ber(0xa0, whole(1), tag(READ, tag(1, variables(value))))),
                 data(ber(0xa1, whole(1), tag(READ, tag(1, real(7)))))))
    bare.c.answer(data(ber(0xa0, whole(1), plain(2))))
    bare.c.ask(data(ber(0xa1, whole(1), tag(2, plain(0, b"Vendor"), plain(1, b"Gateway"), plain(2, b"1.0")))))


@capture
def mms_reports(net):
    mms = Mms(net)
    rpt, reason = tag(1, vmd(b"RPT")), ber(0x84, b"\x02\x40")
    id_and = lambda options: [ber(0x8a, b"BAY7LD0/LLN0$RP$urcb01"), ber(0x84, b"\x06" + options)]
    # Sequence, time, reasons, data set, references, overflow, entry, revision: two of three members.
    mms.report(rpt, id_and(b"\x7f\x80") + [
        ber(0x86, b"\x09"), ber(0x8c, bytes(6)), ber(0x8a, b"BAY7LD0/LLN0$Set1"), ber(0x83, b"\0"), ber(0x89, bytes(8)),
        ber(0x86, b"\x01"), ber(0x84, b"\x05\xa0"), ber(0x8a, b"BAY7LD0/MMXU1$MX$TotW"), ber(0x8a, b"BAY7LD0/XCBR1$ST$Pos"),
        ber(0xa2, ber(0xa2, real(99.5)), ber(0x84, b"\x03\0\0")), ber(0xa2, ber(0x84, b"\x06\x80"), ber(0x91, UTC)), reason, reason])
    mms.report(rpt, id_and(b"\0\0") + [ber(0x84, b"\x05\x40"), ber(0x85, b"\x05")])       # nothing but data
    mms.report(rpt, id_and(b"\x40\x40") + [ber(0x86, b"\x0a"), ber(0x86, b"\0"), ber(0x83, b"\xff"),
                                           ber(0x84, b"\x05\x80"), ber(0x85, b"\x06")])   # a segment
    mms.report(rpt, [ber(0x8a, b"half of it")])
    mms.report(variables(item(b"CSWI1$CO$Pos$Oper")), [ber(0xa2, ber(0x83, b"\0"))])
    mms.report(tag(1, item(b"DSTrans1", b"ICC1")), [real(50.01), plain(0, b"\x02")])
    mms.c.answer(wrapped(ber(0xa3, tag(1, plain(0, b"\x01"), plain(1, b"\x02")))))         # unsolicited status
    mms.c.answer(wrapped(ber(0xa3, tag(2, tag(0, item(b"Enrollment1"))))))                 # event notification
    mms.c.answer(wrapped(ber(0xa3, tag(9))))


@capture
def mms_malformed(net):
    mms = Mms(net)
    mms.talk(tag(READ, tag(1, tag(7, vmd(b"x")))))                         # no such specification
    mms.talk(tag(READ, tag(1, variables(vmd(b"x")))), tag(READ, tag(1, ber(0x92, b"\0"))))
    mms.talk(tag(READ, tag(1, variables(vmd(b"x")))), tag(READ, tag(1, ber(0x87, b"\x08\0"))))
    mms.c.ask(wrapped(ber(0xa0, ber(2, b""), plain(2))))                   # a call without a number
    mms.c.ask(wrapped(ber(0xae, b"")))                                     # no such unit
    mms.c.ask(data(b"\x01\x00\x01\x00" + b"\x61\x7f\x30"))                 # longer than what is there
    mms.c.ask(data(b"\x01\x00\x01\x00"))                                   # tokens alone
    mms.talk(plain(2), tag(2, plain(0, b"Vendor")))
