"""NAME, built from its standard: what no capture at hand shows, and a small piece of everything."""
import struct

from protocols import HMI, PLC, capture


def message(answer, function, transaction, body):
    return struct.pack(">HBBHH", 0xcafe, answer, function, transaction, len(body)) + body


@capture
def NAME(net):
    talk = net.connect(HMI, PLC, 40404)
    talk.ask(message(0, 1, 1, struct.pack(">H", 0x10)))
    talk.answer(message(1, 1, 1, struct.pack(">H", 1234)))
    talk.ask(message(0, 2, 2, struct.pack(">HH", 0x11, 99)))
    talk.answer(message(1, 2, 2, struct.pack(">H", 99)))
    talk.ask(message(0, 2, 3, struct.pack(">HH", 0x12, 7)))
    talk.answer(message(1, 0x82, 3, b"\x05"))
