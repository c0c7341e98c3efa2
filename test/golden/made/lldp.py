"""LLDP-MED: ANSI/TIA-1057, chapter 10."""
import struct

from protocols import HMI, who
from wire import ethernet, mac


def tlv(kind, value):
    return struct.pack(">H", kind << 9 | len(value)) + value


def med(subtype, value):
    return tlv(127, b"\x00\x12\xbb" + bytes([subtype]) + value)


@who
def lldp_med(net):
    """A telephone with its inventory, and the port of a switch that tells it where it stands."""
    def send(*tlvs):
        first = (tlv(1, b"\x04" + HMI.mac), tlv(2, b"\x05P1"), tlv(3, b"\0\x78"))
        net.frame(ethernet(HMI.mac, mac("01:80:c2:00:00:0e"), 0x88cc, b"".join((*first, *tlvs, tlv(0, b"")))))

    send(tlv(7, b"\0\x24\0\x24"), med(1, b"\0\x33\3"), med(2, b"\1" + (1 << 22 | 300 << 9 | 5 << 6 | 46).to_bytes(3, "big")),
         med(4, b"\x53\0\x41"), med(5, b"HW 3"), med(6, b"2.7.4.1"), med(7, b"4.10 (a)"), med(8, b"PHN-0042317"),
         med(9, b"Maker"), med(10, b"Panel phone 12\0"), med(11, b"ASSET-7"))
    civic = b"\0DE" + b"".join(bytes([kind, len(text)]) + text for kind, text in ((1, b"Hessen"), (6, b"Werkstr."), (19, b"7")))
    send(med(3, b"\2" + bytes([len(civic)]) + civic))
    send(med(3, b"\3" + b"+4961234567"))
    send(med(3, b"\1" + bytes(16)))
    # A policy whose last byte is missing: malformed, and nothing is told.
    send(med(8, b"LOST-1"), med(2, b"\1\0\0"))
