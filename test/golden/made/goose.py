"""GOOSE, built from IEC 61850-8-1: every type of data, test and commissioning, management, and what is no GOOSE."""
import struct

from messages import ber
from protocols import PLC, who
from wire import ethernet, mac

GROUP = mac("01:0c:cd:01:00:07")


def frame(net, apdu, length=None, reserve1=0, kind=0x88b8):
    head = struct.pack(">HHHH", 0x0007, 8 + len(apdu) if length is None else length, reserve1, 0)
    net.frame(ethernet(PLC.mac, GROUP, kind, head + apdu))


def parts(values, **other):
    """The parts of a publication in their order; None leaves one out."""
    some = {0: b"BAY7LD0/LLN0$GO$trip", 1: b"\x07\xd0", 2: b"BAY7LD0/LLN0$TripSet", 3: b"BAY7_TRIP",
            4: struct.pack(">I", 1_700_000_000) + b"\x80\x00\x00\x0a", 5: b"\x03", 6: b"\x00", 7: b"\x00", 8: b"\x01",
            9: b"\x00", 10: bytes([len(values)])}
    some.update({int(k[1:]): v for k, v in other.items()})
    return b"".join(ber(0x80 | n, v) for n, v in sorted(some.items()) if v is not None) + ber(0xab, b"".join(values))


def publish(net, values, reserve1=0, length=None, **other):
    frame(net, ber(0x61, parts(values, **other)), length, reserve1)


EVERY = (
    ber(0x83, b"\x01"), ber(0x84, b"\x06\x80"), ber(0x84, b"\x03\x00\x08"), ber(0x85, b"\xff\x38"),
    ber(0x86, b"\x00\xff\xff\xff\xff"), ber(0x87, b"\x08" + struct.pack(">f", 110.25)),
    ber(0x87, b"\x0b" + struct.pack(">d", -0.5)), ber(0x89, b"\xca\xfe"), ber(0x8a, b"Bay 7"),
    ber(0x8c, bytes(6)), ber(0x8d, b"\x15"), ber(0x8e, b"\x00\xa0"), ber(0x8f, bytes([0x28, 0xca, 0x22])),
    ber(0x90, "Trafo \u00e4".encode()), ber(0x91, struct.pack(">I", 1_700_000_001) + b"\x40\x00\x00\x00"),
    ber(0xa2, ber(0x87, b"\x08" + struct.pack(">f", 1.5)) + ber(0xa2, ber(0x86, b"\x07") + ber(0x84, b"\x06\x40"))),
    ber(0xa1, ber(0x85, b"\x01") + ber(0x85, b"\x02")),
)


@who
def goose(net):
    publish(net, EVERY)
    publish(net, EVERY[:2], p5=b"\x04", p9=b"\xff")          # the data set changed: commissioning is needed
    publish(net, EVERY[:2], p7=b"\x01")                       # a test set speaks: values are nobody's points
    publish(net, EVERY[:2], reserve1=0x8000)
    publish(net, EVERY[:2], p3=None)                          # goID may be left out
    publish(net, EVERY[:2], p10=b"\x05")                      # says five, holds two
    publish(net, EVERY[:2], length=400)                       # longer than the frame
    publish(net, EVERY[:2], p2=None)
    publish(net, EVERY[:2], p12=b"signature")
    publish(net, ())
    # Management: who has this reference, which element is this; answers, and one "not supported".
    ask = ber(0xa1, ber(0x80, b"BAY7LD0/LLN0$TripSet") + ber(0x30, ber(2, b"\x01") + ber(2, b"\x02")))
    frame(net, ber(0x60, ber(0x80, b"\x11") + ber(0xa1, ask)), kind=0x88b9)
    answer = ber(0xa1, ber(0x80, b"BAY7LD0/LLN0$TripSet") + ber(0x81, b"\x01") +
                 ber(0xa2, ber(0x30, ber(0x1a, b"BAY7LD0/PTRC1$Tr"))))
    frame(net, ber(0x60, ber(0x80, b"\x11") + ber(0xa2, answer)), kind=0x88b9)
    frame(net, ber(0x60, ber(0x80, b"\x12") + ber(0xa2, ber(0x80, b""))))
    # What is no GOOSE: data of a kind that does not exist, a value that is too short, another PDU.
    publish(net, (ber(0x92, b"\x00"),))
    publish(net, (ber(0x83, b""),))
    publish(net, (ber(0x87, b"\x08\x00"),))
    frame(net, ber(0x62, b""))
    frame(net, ber(0x61, parts(EVERY[:2]))[:-3])
    frame(net, b"", length=4)
