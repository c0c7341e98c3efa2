"""MQTT 3.1, 3.1.1 and 5 with plain payloads, built from the OASIS standards."""
import struct

import identities
from protocols import HMI, PLC, SERVER, capture, who

CONNECT, CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, \
    PINGRESP, DISCONNECT, AUTH = range(1, 16)
FIXED = {PUBREL: 2, SUBSCRIBE: 2, UNSUBSCRIBE: 2}


def varint(n):
    out = b""
    while n > 127:
        out, n = out + bytes([n & 127 | 128]), n >> 7
    return out + bytes([n])


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return struct.pack(">H", len(s)) + s


def packet(kind, body=b"", flags=None):
    return bytes([kind << 4 | (FIXED.get(kind, 0) if flags is None else flags)]) + varint(len(body)) + body


def properties(*parts):
    return varint(sum(map(len, parts))) + b"".join(parts)


def connect(client, level=4, flags=2, tail=b"", props=b"", keep_alive=60, name="MQTT"):
    return packet(CONNECT, text(name) + struct.pack(">BBH", level, flags, keep_alive) + props + text(client) + tail)


def connack(code=0, present=0, props=b""):
    return packet(CONNACK, bytes([present, code]) + props)


def publish(topic, payload, qos=0, number=0, props=b"", retain=0, dup=0):
    payload = payload if isinstance(payload, bytes) else payload.encode()
    head = text(topic) + (struct.pack(">H", number) if qos else b"") + props
    return packet(PUBLISH, head + payload, dup << 3 | qos << 1 | retain)


def numbered(kind, number, rest=b""):
    return packet(kind, struct.pack(">H", number) + rest)


def session(net, version=4, client="scada-7"):
    """A broker's client, connected without a name."""
    talk = net.connect(HMI, SERVER, 1883)
    none = properties() if version == 5 else b""
    talk.talk((connect(client, version, props=none), connack(props=none)))
    return talk


@who
def mqtt_packets(net):
    """Every packet of 3.1.1, the qualities of service with their acknowledgements, refusals; 3.1 and its name."""
    talk = net.connect(HMI, SERVER, 1883)
    will = text("status/scada-7") + text("gone")
    talk.talk((connect("scada-7", 4, 0xf6, will + text("operator") + text(identities.SECRET)), connack(0, 1)),
              (numbered(SUBSCRIBE, 1, text("plant/+/level") + b"\0" + text("alarm/#") + b"\2" + text("secret") + b"\1"),
               numbered(SUBACK, 1, b"\0\2\x80")))
    talk.ask(publish("plant/tank1/level", "12.5"))
    talk.talk((publish("plant/tank2/level", " -7e-1\n", 1, 2, retain=1), numbered(PUBACK, 2)),
              (publish("plant/pump1/set", "1", 2, 3), numbered(PUBREC, 3)), (numbered(PUBREL, 3), numbered(PUBCOMP, 3)))
    # The broker hands on: a value of now, one it kept, one again.
    talk.answer(publish("plant/tank3/level", "3"))
    talk.answer(publish("plant/tank4/level", "4", retain=1))
    talk.answer(publish("alarm/high", "tank 3 too high", 2, 3))
    talk.answer(publish("alarm/high", "tank 3 too high", 2, 3, dup=1))
    talk.ask(numbered(PUBREC, 3))
    talk.answer(numbered(PUBREL, 3))
    talk.ask(numbered(PUBCOMP, 3))
    talk.answer(publish("$SYS/broker/version", "mosquitto version 2.0.11"))
    talk.talk((numbered(UNSUBSCRIBE, 4, text("alarm/#") + text("secret")), numbered(UNSUBACK, 4)),
              (packet(PINGREQ), packet(PINGRESP)))
    talk.ask(packet(DISCONNECT))
    for n, code in enumerate((1, 2, 3, 4, 5)):
        net.connect(HMI, SERVER, 1883).talk((connect(f"guest {n}", 4, 0xc2, text("x") + text(identities.SECRET)),
                                             connack(code)))
    net.connect(HMI, SERVER, 1883).talk((connect("", 4), connack(5)))
    # 3.1: a promised password that is not there, and a subscription sent again.
    old = net.connect(PLC, SERVER, 1883)
    old.talk((connect("node31", 3, 0xc2, text("user"), name="MQIsdp"), connack()),
             (packet(SUBSCRIBE, struct.pack(">H", 1) + text("a/b") + b"\0", 10), numbered(SUBACK, 1, b"\0")))
    bridge = net.connect(SERVER, PLC, 1883)
    bridge.talk((connect("bridge-a", 0x84), connack()))


@capture
def mqtt_payloads(net):
    """Numbers, JSON, text, settings with a password, pictures, nothing; topics that command."""
    talk = session(net)
    for payload in ("0", "-0.25", "1e3", "007", "12 bar", "", "\u00b0C 21", b"\x89PNG\r\n\x1a\n\0\0", b"\0",
                    '{"t":21.5,"on":true,"tags":["a",{"x/y":1,"m~n":null}],"list":[1,2,[3]],"s":"7 \\"x\\""}',
                    '{"t":21.5,"on":tru}', "[]", '{"deep":[[[[[[[[[1]]]]]]]]]}', '{"ssid":"plant","wifi_password":"' +
                    identities.SECRET.decode() + '","channel":6,"pin_pw":1234,"bypass":1}', "x" * 300, "\u00e9" * 200, "{" + '"k":1,' * 1200 + '"k":2}'):
        talk.ask(publish("gateway/line1", payload))
    for topic in ("cmnd/socket/POWER", "zigbee2mqtt/valve/set", "site/pump/cmd", "site/pump/command", "set", "site/set/level"):
        talk.ask(publish(topic, "1"))
    talk.answer(publish("site/valve/set", "55.5"))
    for payload in ("1e999", '{"a":1e999,"b":[-1e999,2]}'):  # beyond a double
        talk.ask(publish("gateway/line1", payload))
    talk.ask(publish("picture", bytes(70000)))
    talk.ask(publish("gateway/line1", "1"))


USER = b"\x26" + text("site") + text("north")


@capture
def mqtt_properties(net):
    """Every property of 5.0 in its packets, reasons, aliases of topics in both directions, AUTH."""
    talk = net.connect(HMI, SERVER, 1883)
    will = properties(b"\x18\0\0\0\x1e", b"\x01\x01", b"\x02\0\0\0\x3c", b"\x03" + text("text/plain"), b"\x08" + text("re"),
                      b"\x09" + text(b"\1\2"), USER) + text("status") + text("gone")
    login = properties(b"\x11\0\0\1\x2c", b"\x21\0\x14", b"\x27\0\1\0\0", b"\x22\0\x0a", b"\x19\1", b"\x17\0", USER,
                       b"\x26" + text("api-token") + text(identities.SECRET), b"\x15" + text("SCRAM-SHA-256"),
                       b"\x16" + text(identities.SECRET))
    granted = properties(b"\x11\0\0\0\x3c", b"\x21\0\x0a", b"\x24\1", b"\x25\1", b"\x27\0\1\0\0", b"\x12" + text("auto-1"),
                         b"\x22\0\x0a", b"\x1f" + text("welcome"), USER, b"\x28\1", b"\x29\1", b"\x2a\0", b"\x13\0\x1e",
                         b"\x1a" + text("re/"), b"\x1c" + text("other:1883"), b"\x15" + text("SCRAM-SHA-256"),
                         b"\x16" + text(identities.SECRET))
    step = properties(b"\x15" + text("SCRAM-SHA-256"), b"\x16" + text(identities.SECRET), b"\x1f" + text("go on"), USER)
    why = properties(b"\x1f" + text("because"), USER)
    talk.ask(connect("edge-5", 5, 0x0e, will, login))
    talk.answer(packet(AUTH, b"\x18" + step))
    talk.ask(packet(AUTH, b"\x18" + step))
    talk.answer(connack(0, 0, granted))
    talk.talk((numbered(SUBSCRIBE, 1, properties(b"\x0b\x80\1", USER) + text("a/#") + b"\x2e" + text("$share/g/b") + b"\x11"),
               numbered(SUBACK, 1, why + b"\2\x97")))
    full = properties(b"\x01\1", b"\x02\0\0\0\x05", b"\x23\0\1", b"\x08" + text("re/1"), b"\x09" + text(b"\xca\xfe"), USER,
                      b"\x03" + text("application/json"))
    talk.talk((publish("line/1/speed", "40", 1, 2, full), numbered(PUBACK, 2, b"\x10" + why)),
              (publish("", "41", 1, 3, properties(b"\x23\0\1")), numbered(PUBACK, 3, b"\x87")),
              (publish("", "42", 2, 4, properties(b"\x23\0\2")), numbered(PUBREC, 4, b"\x80" + why)))
    talk.ask(publish("line/2/speed", "50", 0, 0, properties(b"\x23\0\1")))
    talk.ask(publish("", "51", 0, 0, properties(b"\x23\0\1")))
    talk.answer(publish("line/9/speed", "90", 0, 0, properties(b"\x23\0\1", b"\x0b\1", b"\x0b\2")))
    talk.answer(publish("", "91", 0, 0, properties(b"\x23\0\1")))
    talk.talk((publish("x", "1", 2, 5, properties()), numbered(PUBREC, 5)),
              (numbered(PUBREL, 5, b"\x92"), numbered(PUBCOMP, 5, b"\x92" + properties())),
              (numbered(UNSUBSCRIBE, 6, properties(USER) + text("a/#") + text("b")), numbered(UNSUBACK, 6, why + b"\0\x11")))
    talk.answer(packet(DISCONNECT, b"\x8b" + properties(b"\x1f" + text("shutting down"), b"\x1c" + text("other"), USER)))
    net.connect(HMI, SERVER, 1883).talk((connect("edge-6", 5, 0x42, text(identities.SECRET), properties()),
                                         connack(0x86, 0, properties())))
    net.connect(HMI, SERVER, 1883).talk((connect("edge-7", 5, props=properties()), connack(1)))  # a broker of 3.1.1


@capture
def mqtt_joined_late(net):
    """Conversations whose beginning nobody saw: version, client and broker from what they say."""
    def late(*packets, answers=()):
        talk = net.connect(HMI, SERVER, 1883, opened=False)
        for p in packets:
            talk.ask(p)
        for p in answers:
            talk.answer(p)
    late(publish("plant/tank1/level", "12.5"), publish("plant/tank1/level", b"\0\1"))
    late(publish("plant/tank1/level", "12.5", props=properties()), publish("plant/tank1/level", "13", props=properties()))
    late(publish("plant/raw", b"\0"), publish("plant/raw", "7", props=properties(b"\x02\0\0\0\x05")))
    late(numbered(SUBSCRIBE, 7, text("a/b") + b"\1"), answers=[numbered(SUBACK, 7, b"\1")])
    late(numbered(SUBSCRIBE, 8, properties() + text("a/b") + b"\1"), answers=[numbered(SUBACK, 8, properties() + b"\1")])
    late(*[packet(PINGREQ)] * 4, answers=[packet(PINGRESP)])
    late(publish("ab", "1"), publish("ab", "2"), publish("ab", "3"), publish("ab", "4"))


@capture
def mqtt_secrets(net):
    """What opens doors, wherever it stands: in the name of a place, in a will, alone as a name, in an address."""
    hidden = identities.SECRET.decode()
    talk = session(net, 5)
    for name in ("plant/wifi/password", "plant/wifi/password/set", "cmnd/socket/MqttPassword1"):
        talk.ask(publish(name, hidden, props=properties()))
        talk.ask(publish(name, "918273", props=properties()))
    for said in ('{"password":{"value":4711},"pw":[1,2],"level":3}', '{"apiKey":"%s"}' % hidden, '{"psk2":"%s"}' % hidden,
                 "Authorization: Bearer " + hidden, f"rtsp://admin:{hidden}@10.0.0.1/", "http://10.0.0.1/a@b", "bypass open"):
        talk.ask(publish("plant/settings", said, props=properties()))
    for name in ("api-key", "secret_key", "accessKey", "credentials", "password_new"):
        talk.ask(publish("plant/settings", '{"%s":"%s"}' % (name, hidden), props=properties()))
    for said in ('{"name":"wifi_password","value":12345678,"ok":true}', '[{"k":"pin","v":[4711]},7]', '{"name":"spin","value":3}'):
        talk.ask(publish("plant/settings", said, props=properties()))
    talk.ask(publish("plant/level", "1", props=properties(b"\x26" + text("config") + text("password=" + hidden))))
    net.connect(PLC, SERVER, 1883).ask(connect("e", 4, 0x06, text("plant/password") + text(hidden)))
    net.connect(PLC, SERVER, 1883).ask(connect("e", 4, 0x82, text(hidden)))
    net.connect(PLC, SERVER, 1883).ask(connect("e", 4, 0xc2, text("me?token=" + hidden) + text(hidden)))
    node = net.connect(PLC, SERVER, 1883)
    node.talk((connect("edge1", 4), connack()))
    nested = property_set(("password", sized(9, property_set(("value", sized(8, hidden))))))
    node.ask(publish(topic("NBIRTH"), payload(
        metric("Users/Password/value", number(10, 4711), kind=INT32), metric("User", number(10, 1), kind=INT32, more=sized(9, nested)),
        metric("Wifi/Password", sized(18, sized(2, metric("Value", sized(15, hidden), kind=STRING))), kind=TEMPLATE),
        metric("Keys/Password", sized(16, identities.SECRET + b"\0two\0"), kind=33), seq=0)))


@capture
def mqtt_sessions(net):
    """Aliases of a packet whose payload is bad, and of another session; a version guessed wrong; brokers of one version."""
    alias = properties(b"\x23\0\1")
    talk = session(net, 5)
    talk.ask(publish("line/1/speed", "40", props=alias))
    talk.ask(publish(topic("NDATA"), '{"json":1}', props=alias))
    talk.ask(publish("", payload(metric("A", number(10, 1), kind=INT32)), props=alias))
    talk.ask(publish("line/1/speed", "42", props=alias))
    talk.talk((connect("other", 5, props=properties()), connack(props=properties())))
    talk.ask(publish("", "41", props=alias))
    for props in (b"", properties(b"\x1f" + text("5 only"))):
        net.connect(HMI, SERVER, 1883).talk((connect("old", 4), connack(0x84, 0, props)))
    late = net.connect(HMI, SERVER, 1883, opened=False)
    for said in (b"\2\1\1rest", "12.5", '{"a":1}'):
        late.ask(publish("plant/raw", said))
    # A refusal of 5.0 where its question looked like one of 3.1.1; the same of an UNSUBSCRIBE.
    late = net.connect(HMI, SERVER, 1883, opened=False)
    late.ask(numbered(SUBSCRIBE, 1, text("plant/abc") + b"\0"))
    late.talk((publish("plant/x/set", "1", 1, 7, props=properties()), numbered(PUBACK, 7, b"\x87")))
    late = net.connect(HMI, SERVER, 1883, opened=False)
    late.ask(numbered(SUBSCRIBE, 1, text("plant/abc") + b"\0"))
    late.talk((numbered(UNSUBSCRIBE, 2, text("plant/abc")), numbered(UNSUBACK, 2, properties() + b"\0")))
    # More under way than memory for it was made at first; JSON of a thousand numbers; a repetition.
    talk = session(net)
    for n in range(1, 21):
        talk.ask(publish("site/valve/set", "1", 1, n))
    for n in range(1, 21):
        talk.answer(numbered(PUBACK, n))
    talk.ask(publish("gateway/all", "{" + ",".join(f'"k{n}":{n}' for n in range(900)) + "}"))


@capture
def mqtt_malformed(net):
    """What no packet may be, each between two good ones; and what is told with a violation."""
    bad = (b"\x00\x00", packet(PUBLISH, text("a/b"), 6), packet(PUBLISH, b"\0\x09a/b"), packet(PUBACK, b"\0"), packet(AUTH),
           packet(PINGREQ, b"\0"), packet(DISCONNECT, b"\0"), packet(CONNECT, text("MQTX") + bytes(4)),
           packet(CONNECT, text("MQTT") + b"\4\2\0\x3c" + text("x") + b"more"), numbered(SUBSCRIBE, 1, text("a")),
           numbered(UNSUBACK, 1, b"\0"), connack(0, 0, b"\0"), numbered(PUBACK, 1, b"\0"))
    for one in bad:
        talk = session(net)
        talk.ask(one)
        talk.ask(packet(PINGREQ))
    for one in (publish("a/b", "1", props=properties(b"\x7f\0")), publish("a/b", "1", props=b"\x05\x01\x01"),
                connack(0, 0, properties(b"\x1f\0\x09no")), numbered(PUBACK, 1, b"\0" + properties() + b"x")):
        talk = session(net, 5)
        talk.ask(one)
        talk.ask(packet(PINGREQ))
    talk = session(net)
    for one in (publish("a/+", "1"), publish("a/b", "1", 1, 0), publish("", "1"), publish("a\x01b", "1"),
                publish("a/b", "1", dup=1), numbered(SUBSCRIBE, 1), numbered(SUBSCRIBE, 2, text("a") + b"\3"),
                packet(PINGREQ, flags=1)):
        talk.ask(one)
    talk = session(net, 5)
    for one in (publish("a/b", "1", props=properties(b"\x11\0\0\0\1")), publish("a/b", "1", props=properties(b"\x01\2")),
                publish("a/b", "1", props=properties(b"\x01\1", b"\x01\1")), publish("", "1", props=properties())):
        talk.ask(one)
    net.connect(HMI, SERVER, 1883).ask(connect("strange", 9))
    net.connect(HMI, SERVER, 1883).ask(connect("odd", 4, 0x2b))


# --- Sparkplug B: the messages of its specification, written field by field ---

def key(number, wire):
    return varint(number << 3 | wire)


def number(field, n):
    return key(field, 0) + varint(n & (1 << 64) - 1)


def sized(field, data):
    data = data if isinstance(data, bytes) else data.encode()
    return key(field, 2) + varint(len(data)) + data


def single(field, v):
    return key(field, 5) + struct.pack("<f", v)


def double(field, v):
    return key(field, 1) + struct.pack("<d", v)


def payload(*metrics, at=1_700_000_000_000, seq=None, more=b""):
    return number(1, at) + b"".join(sized(2, m) for m in metrics) + (number(3, seq) if seq is not None else b"") + more


def metric(name=None, value=b"", alias=None, kind=None, at=None, more=b""):
    return (sized(1, name) if name else b"") + (number(2, alias) if alias is not None else b"") + \
        (number(3, at) if at else b"") + (number(4, kind) if kind is not None else b"") + more + value


def property_set(*pairs):
    return b"".join(sized(1, k) for k, _ in pairs) + b"".join(sized(2, v) for _, v in pairs)


def unit(word, quality=192):
    return sized(9, property_set(("engUnit", number(1, 12) + sized(8, word)), ("Quality", number(1, 3) + number(3, quality))))


INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32, UINT64, FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID, DATASET, \
    BYTES, FILE, TEMPLATE = range(1, 20)
NULL, HISTORICAL, TRANSIENT = number(7, 1), number(5, 1), number(6, 1)


def node_birth():
    return payload(
        metric("bdSeq", number(11, 3), kind=INT64), metric("Node Control/Rebirth", number(14, 0), 1, BOOLEAN),
        metric("Node Control/Reboot", number(14, 0), 2, BOOLEAN), metric("Node Control/Scan Rate", number(11, 1000), 3, INT64),
        metric("Properties/Hardware Make", sized(15, "Acme"), kind=STRING),
        metric("Properties/Hardware Model", sized(15, "Edge 900"), kind=STRING),
        metric("Supply/Voltage", single(12, 23.5), 10, FLOAT, 1_700_000_000_001, unit("V")),
        metric("Balance", number(10, 0), kind=INT16), seq=0)


def device_birth():
    return payload(metric("Level", double(13, 1.25), 20, DOUBLE, more=unit("m")),
                   metric("Offset", number(10, 2**32 - 5), 21, INT32), metric("Valve", number(14, 1), 22, BOOLEAN),
                   metric("Setpoint", single(12, 2.0), 23, FLOAT, more=unit("m")), seq=1)


def topic(kind, device=None, group="Works", node="edge1"):
    return f"spBv1.0/{group}/{kind}/{node}" + (f"/{device}" if device else "")


@who
def sparkplug_edge(net):
    """An edge node's own connection: will, births, data by alias and by name, commands, deaths."""
    talk = net.connect(PLC, SERVER, 1883)
    will = text(topic("NDEATH")) + text(payload(metric("bdSeq", number(11, 3), kind=INT64)))
    talk.talk((connect("edge1", 4, 0x0e, will), connack()),
              (numbered(SUBSCRIBE, 1, text(topic("NCMD")) + b"\0" + text(topic("DCMD", "#")) + b"\0"),
               numbered(SUBACK, 1, b"\0\0")))
    talk.answer(publish("spBv1.0/STATE/scada", '{"online":true,"timestamp":1700000000000}', retain=1))
    talk.ask(publish(topic("NBIRTH"), node_birth()))
    talk.ask(publish(topic("DBIRTH", "tank"), device_birth()))
    talk.ask(publish(topic("NDATA"), payload(metric(value=single(12, 24.5), alias=10, at=1_700_000_001_000),
                                             metric("Balance", number(10, 0xffff)), seq=2)))
    talk.ask(publish(topic("DDATA", "tank"), payload(
        metric(value=double(13, 1.5), alias=20), metric(value=number(10, 2**32 - 7), alias=21), metric(value=NULL, alias=22),
        metric(value=double(13, 9.5), alias=20, more=HISTORICAL), metric("Valve", number(14, 0), more=TRANSIENT),
        metric(value=double(13, 0.0), alias=20, more=unit("cm", 0)), metric(value=number(10, 4_000_000_000), alias=99),
        metric("Stranger", number(10, 4_000_000_000)), seq=3)))
    # Another node with the same aliases is not known here.
    talk.ask(publish(topic("NDATA", node="edge2"), payload(metric(value=single(12, 1.0), alias=10), seq=4)))
    talk.answer(publish(topic("NCMD"), payload(metric("Node Control/Rebirth", number(14, 1), kind=BOOLEAN))))
    talk.answer(publish(topic("NCMD"), payload(metric(value=number(14, 1), alias=2))))
    talk.answer(publish(topic("NCMD"), payload(metric(value=number(14, 0), alias=2))))
    talk.answer(publish(topic("NCMD"), payload(metric(value=number(11, 500), alias=3))))
    talk.answer(publish(topic("NCMD"), payload(metric("Node Control/Next Server", number(14, 1), kind=BOOLEAN))))
    talk.answer(publish(topic("DCMD", "tank"), payload(metric(value=single(12, 2.5), alias=23))))
    talk.answer(publish(topic("DCMD", "tank"), payload(metric("Valve", number(14, 1), kind=BOOLEAN),
                                                       metric("Device Control/Rebirth", number(14, 1), kind=BOOLEAN))))
    talk.ask(publish(topic("DDEATH", "tank"), payload(seq=5)))
    # A new birth of the node: what the device declared is over.
    talk.ask(publish(topic("NBIRTH"), payload(metric("Supply/Current", single(12, 0.5), 10, FLOAT, more=unit("A")), seq=0)))
    talk.ask(publish(topic("NDATA"), payload(metric(value=single(12, 0.75), alias=10), seq=1)))
    talk.ask(publish(topic("DDATA", "tank"), payload(metric(value=double(13, 1.5), alias=20), seq=2)))


@who
def sparkplug_host(net):
    """A host application: STATE of 3.0 and of 2.2, births it hears, commands it gives, with acknowledgement and without."""
    talk = net.connect(HMI, SERVER, 1883)
    talk.talk((connect("scada", 4, 0x2e, text("spBv1.0/STATE/scada") + text('{"online":false,"timestamp":1700000000000}')),
               connack()),
              (numbered(SUBSCRIBE, 1, text("spBv1.0/#") + b"\0"), numbered(SUBACK, 1, b"\0")),
              (publish("spBv1.0/STATE/scada", '{"online":true,"timestamp":1700000000000}', 1, 2, retain=1), numbered(PUBACK, 2)),
              (publish("STATE/old", "ONLINE", 1, 3), numbered(PUBACK, 3)), (publish("STATE/old", "busy", 1, 4), numbered(PUBACK, 4)))
    talk.answer(publish("STATE/other", "OFFLINE"))
    talk.answer(publish(topic("NBIRTH"), node_birth()))
    talk.answer(publish(topic("DBIRTH", "tank"), device_birth()))
    talk.answer(publish(topic("NBIRTH", node="edge2"), payload(metric("Rate", number(10, 5), 10, INT32), seq=0)))
    talk.answer(publish(topic("NDATA", node="edge2"), payload(metric(value=number(10, 2**32 - 1), alias=10), seq=1)))
    talk.answer(publish(topic("NDATA"), payload(metric(value=single(12, 24.0), alias=10), seq=2)))
    talk.ask(publish(topic("NCMD"), payload(metric("Node Control/Rebirth", number(14, 1), kind=BOOLEAN))))
    talk.talk((publish(topic("NCMD"), payload(metric(value=number(14, 1), alias=2)), 1, 5), numbered(PUBACK, 5)))
    talk.ask(publish(topic("DCMD", "tank"), payload(metric(value=single(12, 3.5), alias=23))))
    talk.ask(publish(topic("DCMD", "tank"), payload(metric("Device Control/Reboot", number(14, 1), kind=BOOLEAN))))
    talk.answer(publish(topic("DDEATH", "tank"), payload(seq=3)))
    talk.answer(publish(topic("NDEATH"), payload(metric("bdSeq", number(11, 3), kind=INT64))))


@who
def sparkplug_births(net):
    """Births as large as they get, their successors, what a monitor hears, and a bridge that is none of its nodes."""
    talk = net.connect(PLC, SERVER, 1883)
    talk.talk((connect("edge1", 4), connack()))
    more = sized(9, property_set(("engUnit", number(1, 12) + sized(8, "bar")), ("Quality", number(1, 3) + number(3, 192)),
                                 ("readOnly", number(1, 11) + number(7, 1)), ("engHigh", number(1, 9) + single(5, 100.0)),
                                 ("engLow", number(1, 9) + single(5, 0.0))))
    talk.ask(publish(topic("DBIRTH", "press"), payload(metric("Old/Pressure", single(12, 1.0), 5, FLOAT), seq=1)))
    talk.ask(publish(topic("DBIRTH", "press"), payload(
        *[metric(f"Line {n:03}/Motor/Speed", single(12, n), n, FLOAT, more=more) for n in range(400)], seq=2)))
    talk.ask(publish(topic("DDATA", "press"), payload(metric(value=single(12, 77.0), alias=5),
                                                      metric(value=single(12, 78.0), alias=399), seq=3)))
    talk.ask(publish(topic("DBIRTH", "press"), payload(seq=4)))
    talk.ask(publish(topic("DDATA", "press"), payload(metric(value=single(12, 79.0), alias=5), seq=5)))
    # Nothing is told of nothing: neither a name nor an alias.
    talk.ask(publish(topic("NDATA"), payload(
        metric(None, single(12, 1.0)), metric(None, sized(18, sized(2, metric("Properties/Hardware Make", sized(15, "Nobody"))))),
        seq=6)))
    monitor = net.connect(HMI, SERVER, 1883)
    monitor.talk((connect("monitor", 4), connack()))
    for n in range(40):
        monitor.answer(publish(topic("DBIRTH", f"d{n}"), payload(
            *[metric(f"Line {m:03}/Motor/Speed", single(12, m), m, FLOAT, more=more) for m in range(50)], seq=n)))
    for n in range(0, 40, 13):
        monitor.answer(publish(topic("DDATA", f"d{n}"), payload(metric(value=single(12, 1.0), alias=49), seq=n)))
    monitor.answer(publish(topic("NBIRTH"), node_birth()))
    monitor.answer(publish(topic("NCMD"), payload(metric(value=number(14, 1), alias=2))))
    bridge = net.connect(SERVER, HMI, 1883)
    bridge.talk((connect("bridge-a", 0x84), connack()))
    bridge.ask(publish(topic("NBIRTH", node="far"), node_birth()))
    bridge.ask(publish("spBv1.0/STATE/scada", '{"online":true,"timestamp":1700000000000}', retain=1))
    net.connect(HMI, PLC, 1883).talk((connect("lamp", 4), connack()), (publish("STATE/lamp", "ONLINE", 1, 1), numbered(PUBACK, 1)))


def arrays():
    pack = struct.pack
    plain = ("<2b", "<2h", "<2i", "<2q", "<2B", "<2H", "<2I", "<2Q", "<2f", "<2d")
    out = [metric(f"Array {22 + n}", sized(16, pack(f, *((1, 2) if "B" in f or "H" in f or "I" in f or "Q" in f else (-1, 2)))),
                  kind=22 + n) for n, f in enumerate(plain)]
    return out + [metric("Array 32", sized(16, pack("<I", 10) + b"\x34\x40"), kind=32),
                  metric("Array 33", sized(16, b"one\0two\0"), kind=33),
                  metric("Array 34", sized(16, pack("<2Q", 1_700_000_000_000, 1_700_000_000_001)), kind=34)]


@capture
def sparkplug_values(net):
    """Every data type of 6.4.16, arrays, data sets, templates, metadata, properties; what later versions may add."""
    talk = net.connect(PLC, SERVER, 1883)
    talk.talk((connect("edge1", 4), connack()))
    simple = [metric("Int8", number(10, 2**32 - 1), kind=INT8), metric("Int16", number(10, 2**32 - 2), kind=INT16),
              metric("Int32", number(10, 2**32 - 3), kind=INT32), metric("Int64", number(11, -4), kind=INT64),
              metric("UInt8", number(10, 255), kind=UINT8), metric("UInt16", number(10, 65535), kind=UINT16),
              metric("UInt32", number(10, 2**32 - 1), kind=UINT32), metric("UInt32 long", number(11, 2**32 - 1), kind=UINT32),
              metric("UInt64", number(11, 2**64 - 1), kind=UINT64), metric("Float", single(12, -0.5), kind=FLOAT),
              metric("Double", double(13, 1e300), kind=DOUBLE), metric("Boolean", number(14, 1), kind=BOOLEAN),
              metric("Boolean int", number(10, 1), kind=BOOLEAN), metric("String", sized(15, "auto"), kind=STRING),
              metric("DateTime", number(11, 1_700_000_000_000), kind=DATETIME), metric("Text", sized(15, "long"), kind=TEXT),
              metric("UUID", sized(15, "0b1d-77"), kind=UUID), metric("Bytes", sized(16, b"\1\2\3"), kind=BYTES),
              metric("Wifi/Password", sized(15, identities.SECRET), kind=STRING), metric("None", kind=INT32),
              metric("Long text", sized(15, "y" * 300), kind=TEXT)]
    talk.ask(publish(topic("NBIRTH"), payload(*simple, *arrays(), seq=0)))
    file = sized(8, number(1, 1) + sized(2, "application/octet-stream") + number(3, 3) + number(4, 0) + sized(5, "fw.bin") +
                 sized(6, "bin") + sized(7, "d41d8cd9") + sized(8, "firmware"))
    cells = [b"".join(sized(1, c) for c in row) for row in
             ((number(1, 2**32 - 1), single(3, 0.5), sized(6, "ok")), (number(1, 7), single(3, 1.5), sized(6, "late")))]
    table = number(1, 3) + sized(2, "Count") + sized(2, "Weight") + sized(2, "Note") + number(3, INT32) + number(3, FLOAT) + \
        number(3, STRING) + b"".join(sized(4, c) for c in cells)
    packed = number(1, 1) + sized(2, "Count") + sized(3, bytes([INT8])) + sized(4, sized(1, number(1, 255)))
    inner = metric("Motor", sized(18, sized(2, metric("Speed", number(10, 1450), kind=INT32))), kind=TEMPLATE)
    template = sized(1, "v1") + sized(2, inner) + sized(2, metric("Running", number(14, 1), kind=BOOLEAN)) + \
        sized(3, sized(1, "Limit") + number(2, FLOAT) + single(5, 3.5)) + sized(4, "Pump")
    definition = sized(2, metric("Running", kind=BOOLEAN)) + sized(3, sized(1, "Limit") + number(2, INT8) + number(3, 2**32 - 1)) + \
        number(5, 1)
    nested = property_set(("low", number(1, FLOAT) + single(5, 0.5)), ("high", number(1, INT64) + number(4, -9)))
    many = sized(9, property_set(
        ("engUnit", number(1, STRING) + sized(8, "rpm")), ("readOnly", number(1, BOOLEAN) + number(7, 1)),
        ("range", number(1, 20) + sized(9, nested)), ("list", number(1, 21) + sized(10, sized(1, nested))),
        ("empty", number(1, STRING) + number(2, 1)), ("pin_password", sized(8, identities.SECRET)),
        ("ratio", number(1, DOUBLE) + double(6, 0.125))))
    talk.ask(publish(topic("DBIRTH", "press"), payload(
        metric("File", sized(16, b"\x7fEL"), kind=FILE, more=file), metric("Batch", sized(17, table), kind=DATASET),
        metric("Packed", sized(17, packed), kind=DATASET), metric("Pump 1", sized(18, template), kind=TEMPLATE),
        metric("_types_/Pump", sized(18, definition), kind=TEMPLATE), metric("Speed", number(10, 900), kind=INT32, more=many),
        metric("Newer", key(19, 2) + b"\1x" + number(200, 1) + single(201, 1.0) + double(202, 1.0), kind=40), seq=1)))
    talk.ask(publish(topic("NDATA"), payload(seq=2, more=sized(4, "SPBV1.0_COMPRESSED") + sized(5, b"\x1f\x8b\x08"))))
    deep = metric("9", number(10, 1), kind=INT32)
    for n in range(8, 0, -1):
        deep = metric(str(n), sized(18, sized(2, deep)), kind=TEMPLATE)
    talk.ask(publish(topic("NDATA"), payload(deep, seq=3)))
    talk.ask(publish(topic("NDATA"), b""))
    # What stands behind a metric with a unit has none of it; lists longer than anybody tells.
    speed = metric("Speed", number(10, 1500), kind=INT32, more=unit("rpm"))
    poles = sized(1, "Poles") + number(2, INT32) + number(3, 4)
    talk.ask(publish(topic("NDATA"), payload(
        metric("Motor", sized(18, sized(2, speed) + sized(3, poles) + sized(4, "Motor")), kind=TEMPLATE), seq=4)))
    for kind, long in ((26, bytes(257)), (32, struct.pack("<I", 257) + bytes(33)), (33, b"\0" * 257)):
        talk.ask(publish(topic("NDATA"), payload(metric("Long", sized(16, long), kind=kind), seq=5)))
    rows = sized(4, sized(1, number(1, 1))) * 513
    talk.ask(publish(topic("NDATA"), payload(metric("Table", sized(17, number(1, 1) + sized(2, "C") + rows), kind=DATASET), seq=6)))
    large = payload(*[metric(f"P{n}", single(12, n), n, FLOAT) for n in range(2100)], seq=4)
    talk.ask(publish(topic("DBIRTH", "large"), large))
    talk.ask(publish(topic("DDATA", "large"), payload(metric(value=single(12, 5), alias=5), metric(value=single(12, 6), alias=2099),
                                                      seq=5)))


@capture
def sparkplug_malformed(net):
    """Payloads that are no messages, each with a good one behind it; topics that are not quite Sparkplug's."""
    good = payload(metric("A", number(10, 1), kind=INT32))
    bad = (b'{"value":1}', good[:-1], good + b"\0\0", good + key(9, 3), good + key(2, 2) + b"\x7f", good + sized(2, key(9, 2) + b"\5"),
           good + sized(2, sized(17, sized(4, sized(1, b"\xff")))), number(1, 1)[:-1] + b"\xff" * 11)
    for one in bad:
        talk = session(net)
        talk.ask(publish(topic("NDATA"), one))
        talk.ask(publish(topic("NDATA"), good))
    talk = session(net)
    for name in ("spBv1.0/Works/NDATA", "spBv1.0/Works/NDATA/edge1/tank", "spBv1.0/Works/DDATA/edge1", "spBv1.0/Works/NOISE/edge1",
                 "spBv1.0//NDATA/edge1", "spAv1.0/Works/NDATA/edge1", "spBv1.0/STATE", "spBv1.0/STATE/a/b"):
        talk.ask(publish(name, good))
