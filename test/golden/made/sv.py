"""Sampled values, built from IEC 61850-9-2: 9-2LE and other data sets, several samples in one message, what is none."""
import struct

from messages import ber
from protocols import PLC, capture
from wire import ethernet, mac

ASDU = {0: b"MU7", 2: b"\x0f\x9f", 3: b"\0\0\0\1", 5: b"\2"}


def asdu(samples, **other):
    some = dict(ASDU)
    some.update({int(k[1:]): v for k, v in other.items()})
    some[7] = samples
    return ber(0x30, b"".join(ber(0x80 | n, v) for n, v in sorted(some.items()) if v is not None))


def sampled(net, asdus, said=None, reserve1=0, security=b""):
    body = ber(0x80, bytes([len(asdus) if said is None else said])) + security + ber(0xa2, b"".join(asdus))
    apdu = ber(0x60, body)
    head = struct.pack(">HHHH", 0x4000, 8 + len(apdu), reserve1, 0)
    net.frame(ethernet(PLC.mac, mac("01:0c:cd:04:00:07"), 0x88ba, head + apdu))


@capture
def sv(net):
    good = b"".join(struct.pack(">iI", v, 0) for v in (100, -50, -50, 0, 1000000, -500000, -500000, 7))
    odd = b"".join(struct.pack(">iI", v, q) for v, q in zip((1, 2, 3, 4, 5, 6, 7, 8), (1, 0x800, 0x2000, 3, 0, 0, 0, 0)))
    sampled(net, (asdu(good),))
    sampled(net, (asdu(odd, p2=b"\x00\x00"),))
    sampled(net, (asdu(good), asdu(good, p2=b"\x00\x01")), security=ber(0x81, b"sig"))
    sampled(net, (asdu(bytes(range(24)), p1=b"MU7LD0/LLN0$Set", p4=struct.pack(">I", 1_700_000_000) + bytes(4),
                       p6=b"\x12\xc0", p8=b"\x01", p9=bytes(range(8))),))
    sampled(net, (asdu(good),), reserve1=0x8000)
    sampled(net, (asdu(good),), said=2)
    sampled(net, (asdu(good, p3=None),))
    sampled(net, (asdu(good, p11=b"\x01"),))
    sampled(net, (asdu(good, p2=b""),))                 # no number
    sampled(net, (asdu(good, p9=b"\x00"),))             # no clock's identity
    net.frame(ethernet(PLC.mac, mac("01:0c:cd:04:00:07"), 0x88ba, struct.pack(">HHHH", 0x4000, 20, 0, 0) + b"\x61\0"))
