"""OPC UA: values, nodes, history and subscriptions."""
import struct
import uuid

from opcua_wire import (
    GOOD, LEVEL, NONE, NOTHING, NOT_WRITABLE, NO_SUBSCRIPTION, NO_VIEW, STATUSES, Session, TEMPERATURE, UNKNOWN,
    USER, WHEN, chunk, data, expanded, holds, localized, many, name, node, real, text, time, u16, u32, u8, value_id,
    variant)
from protocols import capture, points


@points
def opcua_forged(net):
    """Structures that mean something elsewhere, in values and filters: no value becomes another's by them."""
    talk = Session(net, 4840)
    talk.talk(787, real(1000) + u32(1) + u32(1) + u32(0) + u8(1) + u8(0), u32(77) + real(1000) + u32(1) + u32(1))
    item = value_id(LEVEL) + u32(2) + u32(5) + real(1) + holds(682, node("Other", 2) + u32(1) + many()) + u32(1) + u8(1)
    talk.talk(751, u32(77) + u32(2) + many([item]), many([u32(GOOD) + u32(1) + real(1) + u32(1) + NOTHING]) + many())
    note = holds(811, many([u32(5) + data(variant(11, real(3.5)))]) + many())
    talk.talk(826, many(), u32(77) + many() + u8(0) + u32(1) + time() + many([note]) + many() + many())
    talk.talk(631, real(0) + u32(0) + many([value_id(LEVEL), value_id(TEMPERATURE)]),
              many([data(variant(22, note)), data(variant(11, real(4)))]) + many())
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(22, USER))]), STATUSES)
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(22, holds(688, node("Other", 2) + u8(0) + time() + time())))]),
              STATUSES)
    talk.talk(700, many([USER, holds(682, LEVEL + u32(1) + many([data(variant(22, note))]))]),
              many([u32(GOOD) + many() + many()] * 2) + many())
    # An answer with the number of another service's request answers nobody.
    talk.ask(631, real(0) + u32(0) + many([value_id(LEVEL)]))
    talk.answer(676, STATUSES)


@capture
def opcua_values(net):
    """Values of every type, read, written and refused; the state and the build of a server."""
    talk = Session(net, 4840)
    when, key = time(), uuid.UUID("72962b91-fa75-4ae6-8d28-b404dc7daf63")
    values = [
        variant(1, u8(1)), variant(2, b"\xfe"), variant(3, u8(200)), variant(4, struct.pack("<h", -300)),
        variant(5, u16(60000)), variant(6, u32(-70000)), variant(7, u32(4000000000)), variant(8, struct.pack("<q", -5)),
        variant(9, struct.pack("<Q", 1 << 40)), variant(10, struct.pack("<f", 21.5)), variant(11, real(98.25)),
        variant(12, text("running")), variant(13, when), variant(14, key.bytes_le), variant(15, text(b"\1\2\3")),
        variant(16, text("<a/>")), variant(17, node(key, 3)), variant(18, expanded("Far", 0, "urn:other", 2)),
        variant(19, u32(NOT_WRITABLE)), variant(20, name("Level", 2)), variant(21, localized("Pegel", "de")),
        variant(22, holds(886, real(0) + real(100))), variant(23, data(variant(6, u32(4)), GOOD)),
        variant(24, variant(6, u32(1)), variant(11, real(2)), array=True),
        variant(25, u8(0x7f) + u32(1) + u32(2) + u32(3) + u32(4) + text("more") + u32(UNKNOWN) + u8(0)),
        variant(6, *(u32(v) for v in (1, -2, 3, 4)), array=True, dimensions=(2, 2)), u8(0),
        variant(22, holds(889, text("http://www.opcfoundation.org/UA/units/un/cefact") + u32(4408652) + localized("°C") + localized("degree Celsius"))),
        variant(22, holds(298, text("speed") + node(11) + u32(-1) + many() + localized(None))),
        variant(22, holds(30001, b"\xab\xcd")), variant(22, holds(30002, xml="<point/>")),
        variant(27, text(b"\7")),  # numbers up to 31 are kept free for such types
    ]
    asked = [value_id(node(f"Type{n}", 2)) for n in range(len(values))]
    results = [data(v, source=WHEN, server=WHEN + 10_000_000) for v in values]
    read = real(0) + u32(2)
    talk.talk(631, read + many(asked), many(results) + many())
    # An attribute other than the value, a part of an array, opaque and numeric identifiers, a bad value.
    talk.talk(631, read + many([value_id(LEVEL, 4), value_id(LEVEL, 13, "1:2"), value_id(node(b"\1\2\3\4", 4)),
                                value_id(node(70000, 300)), value_id(node(85))]),
              many([data(variant(21, localized("Level"))), data(variant(10, struct.pack("<f", 1), struct.pack("<f", 2), array=True)),
                    data(variant(11, real(7))), data(variant(11, real(0)), 0x808b0000), data(status=UNKNOWN)]) + many())
    status = when + when + u32(0) + text("http://vendor.example/boiler") + text("Example Works") + text("Boiler OPC UA") + \
        text("2.1.7") + text("1107") + when + u32(0) + localized(None)
    talk.talk(631, read + many([value_id(node(2256))]), many([data(variant(22, holds(864, status)))]) + many())
    server = [(2259, variant(6, u32(1))), (2261, variant(12, text("Boiler OPC UA"))), (2263, variant(12, text("Example Works"))),
              (2264, variant(12, text("2.1.8"))), (2265, variant(12, text("2.1.8")))]
    talk.talk(631, read + many([value_id(node(n)) for n, _ in server]), many([data(v) for _, v in server]) + many())
    writes = many([LEVEL + u32(13) + text() + data(variant(11, real(55.5))),
                   TEMPERATURE + u32(13) + text() + data(variant(10, struct.pack("<f", 80.5)), GOOD, WHEN)])
    talk.talk(673, writes, many([u32(GOOD), u32(NOT_WRITABLE)]) + many())
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(11, real(56)))]), many([u32(NOT_WRITABLE)]) + many())
    talk.fault(673, many([LEVEL + u32(13) + text() + data(variant(11, real(57)))]), 0x801f0000)
    talk.talk(712, many([node("Boiler", 2) + node("Boiler.Start", 2) + many([variant(1, u8(1)), variant(12, text("now"))])]),
              many([u32(GOOD) + many([u32(GOOD)]) + many() + many([variant(6, u32(3))])]) + many())
    talk.talk(712, many([node("Boiler", 2) + node("Boiler.Stop", 2) + many()]),
              many([u32(0x80750000) + many() + many() + many()]) + many())


@capture
def opcua_nodes(net):
    """Browsing, building and taking apart the address space; queries; registered nodes."""
    talk = Session(net, 4840)
    reference = node(35) + u8(1) + expanded("Boiler.Level", 2) + name("Level", 2) + localized("Level") + u32(2) + expanded(63, 0)
    results = many([u32(GOOD) + text(b"\1\2") + many([reference])]) + many([u8(1) + u32(3)])
    talk.talk(527, NO_VIEW + u32(1) + many([node(85) + u32(0) + node(33) + u8(1) + u32(0xff) + u32(63)]), results)
    talk.talk(533, u8(0) + many([text(b"\1\2")]), results)
    talk.talk(527, NO_VIEW + u32(1) + many([node("Gone", 2) + u32(0) + node() + u8(0) + u32(0) + u32(0)]),
              many([u32(UNKNOWN) + text() + many()]) + many())
    element = node(47) + u8(0) + u8(1) + name("Level", 2)
    talk.talk(554, many([node(85) + many([element])]), many([u32(GOOD) + many([expanded("Boiler.Level", 2) + u32(-1)])]) + many())
    talk.talk(560, many([LEVEL]), many([node(5001, 2)]))
    talk.talk(566, many([node(5001, 2)]))
    common = u32(0x3fffff) + localized("New") + localized("Something new") + u32(0) + u32(0)
    variable = variant(6, u32(9)) + node(6) + u32(-1) + many()
    kinds = {354: u8(1), 357: variable + u8(3) + u8(1) + real(100) + u8(1), 360: u8(1) + u8(0), 363: u8(0),
             366: variable + u8(0), 369: u8(0) + u8(1) + localized("NewOf"), 372: u8(1), 375: u8(1) + u8(0), 351: b""}
    talk.talk(488, many([expanded(85, 0) + node(35) + expanded(f"New{kind}", 2) + name("New", 2) + u32(2) +
                         holds(kind, common + rest) + expanded(63, 0) for kind, rest in kinds.items()]),
              many([u32(GOOD) + node("New", 2), u32(0x805e0000) + node()]) + many())
    talk.talk(494, many([node(85) + node(35) + u8(1) + text() + expanded("New354", 2) + u32(1)]), STATUSES)
    talk.talk(506, many([node(85) + node(35) + u8(1) + expanded("New354", 2) + u8(1)]), STATUSES)
    talk.talk(500, many([node("New354", 2) + u8(1)]), many([u32(0x80690000)]) + many())
    operand = [holds(594, u32(1)), holds(597, variant(6, u32(5))), holds(600, node(2041) + text("x") + many([element]) + u32(13) + text()),
               holds(603, node(2041) + many([name("Severity")]) + u32(13) + text())]
    filters = many([u32(2) + many(operand)])
    talk.talk(615, NO_VIEW + many([expanded(62, 0) + u8(1) + many([many([element]) + u32(13) + text()])]) + filters + u32(5) + u32(6),
              many([expanded("Boiler.Level", 2) + expanded(63, 0) + many([variant(11, real(3))])]) + text(b"\3") +
              many([u32(GOOD) + many([u32(GOOD)]) + many()]) + many() + many([u32(GOOD) + many([u32(GOOD)]) + many()]) + many())
    talk.talk(621, u8(0) + text(b"\3"), many() + text())


@capture
def opcua_aliases(net):
    """Registered nodes: a session's own names, told as what they stand for."""
    for name_, value in (("Boiler.Level", 1.5), ("Boiler.Temperature", 81)):
        talk = Session(net, 4840)
        talk.talk(560, many([node(name_, 2), node("Boiler.Pressure", 2), LEVEL]),
                  many([node(5001, 2), node("Boiler.Pressure", 2), node(b"\1\2", 3)]))
        aliases = [node(5001, 2), node("Boiler.Pressure", 2), node(b"\1\2", 3), node(5002, 2)]
        talk.talk(631, real(0) + u32(0) + many([value_id(alias) for alias in aliases] + [value_id(aliases[0], 4)]),
                  many([data(variant(11, real(value + n))) for n in range(5)]) + many())
        talk.talk(673, many([aliases[0] + u32(13) + text() + data(variant(11, real(value)))]), STATUSES)
        item = value_id(aliases[0]) + u32(2) + u32(1) + real(250) + NOTHING + u32(1) + u8(1)
        talk.talk(751, u32(7) + u32(0) + many([item]), many([u32(GOOD) + u32(1) + real(250) + u32(1) + NOTHING]) + many())
        talk.ask(826, many())
        talk.answer(829, u32(7) + many([u32(1)]) + u8(0) + u32(1) + time() +
                    many([holds(811, many([u32(1) + data(variant(11, real(value + 5)))]) + many())]) + many() + many())
        talk.talk(560, many([TEMPERATURE]), many([node(5001, 2)]))  # the same name for another
        talk.talk(631, real(0) + u32(0) + many([value_id(aliases[0])]), many([data(variant(11, real(6)))]) + many())


@capture
def opcua_history(net):
    """History read in every way, and changed."""
    talk = Session(net, 4840)
    settings = u8(0) + u8(1) + u8(10) + u8(90) + u8(0)
    selects = many([node(2041) + many([name("Severity")]) + u32(13) + text()])
    details = {646: u32(10) + time() + time() + selects + many(), 649: u8(0) + time() + time() + u32(100) + u8(1),
               652: time() + time() + real(1000) + many([node(2342)]) + settings, 655: many([time()]) + u8(0)}
    found = [holds(658, many([data(variant(11, real(1.5)), source=WHEN), data(variant(11, real(2.5)), source=WHEN + 10_000_000)])),
             holds(661, many([many([variant(5, u16(500))])])),
             holds(11227, many([data(variant(11, real(1)))]) + many([time() + u32(2) + text("operator")])), NOTHING]
    for (kind, body), result in zip(details.items(), found):
        talk.talk(664, holds(kind, body) + u32(0) + u8(0) + many([LEVEL + text() + name(None) + text()]),
                  many([u32(GOOD if result != NOTHING else 0x80720000) + text() + result]) + many())
    updates = {682: LEVEL + u32(2) + many([data(variant(11, real(3)), source=WHEN)]), 11300: LEVEL + u32(1) + many([data(variant(11, real(4)))]),
               685: LEVEL + u32(3) + selects + many() + many([many([variant(5, u16(1))])]), 688: LEVEL + u8(0) + time() + time(),
               691: LEVEL + many([time()]), 694: LEVEL + many([text(b"\1\2")])}
    talk.talk(700, many([holds(kind, body) for kind, body in updates.items()]),
              many([u32(GOOD) + many([u32(GOOD)]) + many() for _ in updates]) + many())


@capture
def opcua_subscription(net):
    """Values come by the client's handle; handles change, items go, numbers are used again."""
    talk = Session(net, 4840)
    talk.talk(787, real(500) + u32(100) + u32(10) + u32(0) + u8(1) + u8(0), u32(7) + real(500) + u32(100) + u32(10))

    def item(which, handle, wanted=NOTHING, attribute=13):
        return value_id(which, attribute) + u32(2) + u32(handle) + real(250) + wanted + u32(1) + u8(1)

    def publish(notifications, acknowledged=(), more=0):
        talk.ask(826, many([u32(7) + u32(n) for n in acknowledged]))
        talk.answer(829, u32(7) + many([u32(1)]) + u8(more) + u32(1) + time() + many(notifications) + many([u32(GOOD)]) + many())

    def change(*pairs):
        return holds(811, many([u32(handle) + data(value) for handle, value in pairs]) + many())

    made = u32(GOOD) + u32(1) + real(250) + u32(1) + NOTHING
    settings = u8(1) + u8(0) + u8(0) + u8(0) + u8(0)
    selects = many([node(2041) + many([name("Message")]) + u32(13) + text()])
    talk.talk(751, u32(7) + u32(0) + many([
        item(LEVEL, 100, holds(724, u32(1) + u32(1) + real(0.5))), item(TEMPERATURE, 101, holds(730, time() + node(2342) + real(1000) + settings)),
        item(node(2253), 102, holds(727, selects + many()), 12), item(node("Gone", 2), 103)]),
        many([made, u32(GOOD) + u32(2) + real(250) + u32(1) + holds(739, time() + real(1000) + settings),
              u32(GOOD) + u32(3) + real(0) + u32(0) + holds(736, many([u32(GOOD)]) + many() + many() + many()),
              u32(UNKNOWN) + u32(0) + real(0) + u32(0) + NOTHING]) + many())
    publish([change((100, variant(11, real(54))), (101, variant(10, struct.pack("<f", 81))), (999, variant(6, u32(1))))])
    publish([holds(916, many([u32(102) + many([variant(21, localized("Level high"))])])), holds(820, u32(0x80280000) + u8(0))], [1, 2], 1)
    talk.talk(763, u32(7) + u32(0) + many([u32(1) + u32(200) + real(100) + NOTHING + u32(1) + u8(1)]),
              many([u32(GOOD) + real(100) + u32(1) + NOTHING]) + many())
    publish([change((200, variant(11, real(55))), (100, variant(11, real(-1))))])
    talk.talk(832, u32(7) + u32(3), u32(3) + time() + many([change((200, variant(11, real(55))))]))
    talk.talk(769, u32(7) + u32(1) + many([u32(1)]), STATUSES)
    talk.talk(775, u32(7) + u32(1) + many([u32(2)]) + many([u32(3)]), STATUSES + STATUSES)
    talk.talk(781, u32(7) + many([u32(2)]), STATUSES)
    publish([change((101, variant(10, struct.pack("<f", 82))))])
    talk.talk(793, u32(7) + real(1000) + u32(100) + u32(10) + u32(0) + u8(3), real(1000) + u32(100) + u32(10))
    talk.talk(799, u8(0) + many([u32(7)]), STATUSES)
    talk.talk(841, many([u32(8)]) + u8(1), many([u32(0x80280000) + many()]) + many())
    talk.ask(826, many())
    waiting = talk.request
    talk.talk(847, many([u32(7)]), STATUSES)
    talk.request = waiting
    talk.answer(829, u32(0) + many() + u8(0) + u32(0) + time(0) + many() + many() + many(), NO_SUBSCRIPTION)
    talk.request += 2
    publish([change((200, variant(11, real(60))))])


@capture
def opcua_items(net):
    """More items than a screen shows: all are found, those that go leave the others in place."""
    talk = Session(net, 4840)
    count, gone = 90, range(1, 61)

    def create(first, last):
        talk.talk(751, u32(7) + u32(0) + many([value_id(node(n, 2)) + u32(2) + u32(1000 + n) + real(250) + NOTHING + u32(1) + u8(1)
                                               for n in range(first, last)]),
                  many([u32(GOOD) + u32(n) + real(250) + u32(1) + NOTHING for n in range(first, last)]) + many())

    def publish(numbers, subscription=7):
        talk.ask(826, many())
        talk.answer(829, u32(subscription) + many([u32(1)]) + u8(0) + u32(1) + time() + many([
            holds(811, many([u32(1000 + n) + data(variant(5, u16(n))) for n in numbers]) + many())]) + many() + many())

    create(1, 31)
    create(31, count + 1)
    publish(range(1, count + 1))
    publish([5], 8)  # another subscription's item of that name
    talk.talk(781, u32(7) + many([u32(n) for n in gone]), many([u32(GOOD) for _ in gone]) + many())
    publish([1, 30, 60, 61, 90])
    create(1, 3)  # numbers are used again
    publish([2, 61])
    # A new subscription has no items, whatever one of its number had before.
    talk.talk(787, real(500) + u32(100) + u32(10) + u32(0) + u8(1) + u8(0), u32(7) + real(500) + u32(100) + u32(10))
    publish([61])


@capture
def opcua_holes(net):
    """What was known of a connection before bytes of it were lost, or before it began anew, holds no longer."""
    talk = Session(net, 4840)

    def item(which, handle):
        return value_id(which) + u32(2) + u32(handle) + real(250) + NOTHING + u32(1) + u8(1)

    def create(*items):
        talk.talk(751, u32(7) + u32(0) + many([item(which, handle) for which, handle, _ in items]),
                  many([u32(GOOD) + u32(n) + real(250) + u32(1) + NOTHING for _, _, n in items]) + many())

    def publish(*pairs):
        talk.ask(826, many())
        talk.answer(829, u32(7) + many([u32(1)]) + u8(0) + u32(1) + time() +
                    many([holds(811, many([u32(handle) + data(variant(11, real(value))) for handle, value in pairs]) + many())]) + many() + many())

    def lost(*told):
        frames = len(net.frames)
        for tell, *what in told:
            tell(*what)
        del net.frames[frames:]

    def hello():
        sizes = u32(0) + u32(65536) + u32(65536) + u32(0) + u32(0)
        talk.connection.ask(chunk(b"HEL", sizes + text("opc.tcp://boiler:4840")))
        talk.connection.answer(chunk(b"ACK", sizes))
        talk.open(NONE)

    # Two items of one name: it is nobody's, also when one of them goes, or is called something else.
    create((LEVEL, 0, 1), (TEMPERATURE, 0, 2), (LEVEL, 5, 3), (TEMPERATURE, 6, 4))
    publish((0, 1.5), (0, 81), (5, 1.5), (6, 81))
    talk.talk(781, u32(7) + many([u32(1)]), STATUSES)
    create((LEVEL, 0, 8))
    talk.talk(763, u32(7) + u32(0) + many([u32(3) + u32(6) + real(100) + NOTHING + u32(1) + u8(1)]),
              many([u32(GOOD) + real(100) + u32(1) + NOTHING]) + many())
    publish((0, 82), (5, 2), (6, 3))
    # The item is gone and another has its name, unseen; then the same with a new connection.
    create((LEVEL, 1, 5))
    publish((1, 1.5))
    lost((talk.talk, 781, u32(7) + many([u32(5)]), STATUSES), (create, (TEMPERATURE, 1, 6)))
    for value in (81, 82, 83):
        publish((1, value))
    create((LEVEL, 1, 5))
    hello()
    publish((1, 84))
    # A request whose answer is lost, and another one of its number.
    talk.ask(631, real(0) + u32(0) + many([value_id(LEVEL)]))
    lost((talk.answer, 634, many([data(variant(11, real(1)))]) + many()), (setattr, talk, "request", talk.request - 1),
         (talk.ask, 631, real(0) + u32(0) + many([value_id(TEMPERATURE)])))
    talk.answer(634, many([data(variant(11, real(81)))]) + many())
    talk.talk(631, real(0) + u32(0) + many([value_id(LEVEL)]), many([data(variant(11, real(2)))]) + many())
    # An alias may stand for another node; until it is known what for it is no point.
    talk.talk(560, many([LEVEL]), many([node(5001, 2)]))
    lost((talk.talk, 560, many([TEMPERATURE]), many([node(5001, 2)])))
    for value in (81, 82, 83, 84):
        talk.talk(631, real(0) + u32(0) + many([value_id(node(5001, 2))]), many([data(variant(11, real(value)))]) + many())
    # Nobody saw which items were to go.
    create((LEVEL, 1, 5))
    publish((1, 1.5))
    talk.request += 1
    talk.answer(784, STATUSES)
    publish((1, 1.5))
    # What a server said of a write is good; what the value says of itself is not.
    talk.talk(673, many([LEVEL + u32(13) + text() + data(variant(11, real(55.5)), 0x808b0000)]), STATUSES)
