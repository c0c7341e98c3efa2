"""HTTP pages that name who serves them, and those that do not."""
from messages import modbus
from protocols import HMI, PLC, SERVER, SWITCH, who
from wire import Host

CAMERA = Host("10.9.2.60", "00:40:8c:09:02:60")
GATE = Host("10.9.2.61", "00:50:56:09:02:61")

DESCRIPTION = b"""<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0" configId="1">
<specVersion><major>1</major><minor>0</minor></specVersion>
<device>
<deviceType>urn:schemas-upnp-org:device:DigitalSecurityCamera:1</deviceType>
<friendlyName>Gate &amp; yard &#x2013; north</friendlyName>
<manufacturer>AXIS</manufacturer>
<manufacturerURL>http://www.axis.com/</manufacturerURL>
<modelDescription>AXIS Q6035
  PTZ Dome Network Camera</modelDescription>
<modelName>AXIS Q6035</modelName>
<modelNumber>Q6035-E</modelNumber>
<serialNumber>00408C090260</serialNumber>
<UDN>uuid:Upnp-BasicDevice-1_0-00408C090260</UDN>
<deviceList><device><friendlyName>Part</friendlyName><serialNumber>99999</serialNumber></device></deviceList>
</device></root>
"""


def page(title, size=200):
    return b"<html><head>" + title + b"</head><body>" + b"x" * size + b"</body></html>"


def answer(body, *headers, code=b"200 OK", kind=b"text/html", length=True):
    lines = [b"HTTP/1.1 " + code, b"Content-Type: " + kind, *headers]
    if length:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def get(path, *headers):
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", b"Host: plc", *headers)) + b"\r\n\r\n"


@who
def http_pages(net):
    """The title of the page where a server begins, a realm, and what is no name."""
    c = net.connect(HMI, PLC, 80)
    c.talk((get(b"/"), answer(page(b"<title>\n S7-1200 &ndash; P&uuml;mpe &#38; Ventil  1&bogus;&#0;</title>"), b"Server: GoAhead-Webs")),
           (get(b"/status/pump.html"), answer(page(b"<title>Pump 7</title>"))),
           (get(b"/index.html"), answer(page(b"<title>404 Not Found</title>"))),
           (get(b"/"), answer(page(b"<title>Gone</title>"), code=b"404 Gone")))
    # The first page sends elsewhere; it comes in chunks, the title in the second.
    c = net.connect(HMI, SWITCH, 80)
    body = page(b"<title>SCALANCE X208</title>")
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:10], body[10:])) + b"0\r\n\r\n"
    c.talk((get(b"/"), answer(b"", b"Location: /Portal/Portal.mwsl?PriNav=Start", code=b"302 Found")),
           (get(b"/Portal/Portal.mwsl?PriNav=Start"), b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n" + chunks),
           (get(b"/admin"), answer(b"", b'WWW-Authenticate: Basic realm="SCALANCE XB"', code=b"401 Who?")),
           (get(b"/x"), answer(b"", b'WWW-Authenticate: Digest realm="Restricted", nonce="7"', code=b"401 Who?")))
    # Nobody tells how long the page is; it comes in two pieces.
    c = net.connect(HMI, CAMERA, 80)
    c.ask(b"GET / HTTP/1.0\r\n\r\n")
    c.answer(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<html><head><TITLE>AXIS Q60")
    c.answer(b"35</TITLE></head><body>")
    c.answer(b"more")
    # By way of a proxy: the page and its server are another's.
    c = net.connect(HMI, GATE, 3128)
    c.talk((b"GET http://plant.example/ HTTP/1.1\r\nHost: plant.example\r\n\r\n",
            answer(page(b"<title>Elsewhere</title>"), b"Server: Elsewhere/1.0")))
    c = net.connect(HMI, GATE, 80)
    c.talk((get(b"/"), answer(page(b"<title>Behind it</title>"), b"Server: Behind/1.0", b"Via: 1.1 gate")),
           (get(b"/"), answer(page(b"<title>Index of /</title>"), b"Server: Gate/2.0")))


@who
def upnp_description(net):
    """What a device says of itself; one behind a proxy, one without a name, one that is another XML."""
    c = net.connect(HMI, CAMERA, 49152)
    c.talk((get(b"/rootdesc1.xml"), answer(DESCRIPTION, kind=b"text/xml; charset=utf-8")))
    c = net.connect(HMI, GATE, 3128)
    c.talk((b"GET http://10.9.2.60:49152/rootdesc1.xml HTTP/1.1\r\n\r\n", answer(DESCRIPTION, kind=b"text/xml")))
    c = net.connect(HMI, SERVER, 5000)
    nobody = DESCRIPTION.replace(b"AXIS Q6035</modelName>", b"unknown</modelName>").replace(b"00408C090260</serial", b"12345678</serial")
    c.talk((get(b"/a.xml"), answer(nobody.replace(b"Q6035-E", b"v1.0"), kind=b"application/xml", length=False)))
    c = net.connect(HMI, PLC, 80)
    c.talk((get(b"/soap"), answer(b"<?xml version='1.0'?><root><device><modelName>No</modelName></device></root>", kind=b"text/xml")))


def device(kind, name, maker, model, serial=b"", udn=b"uuid:9f-1"):
    return (b"<?xml version='1.0'?><root xmlns='urn:schemas-upnp-org:device-1-0'><device><deviceType>" + kind +
            b"</deviceType><friendlyName>" + name + b"</friendlyName><manufacturer>" + maker + b"</manufacturer><modelName>" +
            model + b"</modelName><serialNumber>" + serial + b"</serialNumber><UDN>" + udn + b"</UDN></device></root>")


@who
def upnp_whose(net):
    """Programs on a machine, bridges, kits with one serial number for all."""
    basic, lamp = b"urn:schemas-upnp-org:device:Basic:1", b"urn:schemas-upnp-org:device:BinaryLight:1"

    def describe(host, path, *words, **more):
        net.connect(HMI, host, 80).talk((get(path), answer(device(*words, **more), kind=b"text/xml")))

    # A media server on a gateway, before and after the gateway says who it is.
    describe(PLC, b"/root.xml", b"urn:schemas-upnp-org:device:MediaServer:1", b"files: root", b"A Programmer",
             b"Windows Media Connect compatible", udn=b"uuid:m-1")
    describe(PLC, b"/dev.xml", basic, b"Web view", b"Web Maker", b"WebModel", udn=b"uuid:m-2")
    c = net.connect(HMI, PLC, 502)
    c.ask(modbus(1, bytes.fromhex("2b0e0100"), 255))
    c.answer(modbus(1, bytes.fromhex("2b0e0101000003") + b"\0\5Maker\1\6MB3170\2\0034.1", 255))
    # A bridge: lamps, then two things of which each would be the machine.
    for n in (0, 1):
        describe(SERVER, b"/lamp%d.xml" % n, lamp, b"Lamp %d" % n, b"Maker %d" % n, b"Lamp", udn=b"uuid:lamp-%d" % n)
        describe(SWITCH, b"/dev%d.xml" % n, basic, b"Thing %d" % n, b"Maker %d" % n, b"Thing", udn=b"uuid:thing-%d" % n)
    # One kit, one serial number.
    for host, n in ((CAMERA, 0), (GATE, 1)):
        describe(host, b"/dev.xml", basic, b"Dev %d" % n, b"Maker", b"VIRTUAL BOX", serial=b"SN123456789001", udn=b"uuid:kit-%d" % n)


@who
def http_whose(net):
    """What a redirect, a proxy that was already at work and a tunnel say is another's."""
    c = net.connect(HMI, PLC, 80)
    c.talk((get(b"/"), answer(b"", b"Location: http://portal.example/start", code=b"302 Found")),
           (get(b"/start"), answer(page(b"<title>Somebody's portal</title>"))),
           (get(b"/"), answer(b"", b"Location: http://user@plc:8080/own", code=b"302 Found")),
           (get(b"/own"), answer(page(b"<title>Pump control</title>"))))
    c = net.connect(HMI, GATE, 3128, opened=False)
    c.answer(answer(page(b""), b"Server: Origin/1.0"))
    c.talk((b"GET http://origin.example/ HTTP/1.1\r\nHost: origin.example\r\n\r\n", answer(page(b"<title>Origin</title>"))))
    # A tunnel: HTTP in the clear, then Modbus.
    way = b"CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n", b"HTTP/1.1 200 Connection established\r\n\r\n"
    c = net.connect(HMI, SERVER, 3128)
    c.talk((way[0] % b"origin.example:80", way[1]), (get(b"/", b"User-Agent: Panel/1"),
                                                    answer(page(b"<title>Far page</title>"), b"Server: Far/1")))
    c = net.connect(HMI, SERVER, 3128)
    c.talk((way[0] % b"10.9.9.9:502", way[1]))
    for n in (1, 2):
        c.ask(modbus(n, bytes.fromhex("2b0e0100"), 255))
        c.answer(modbus(n, bytes.fromhex("2b0e0101000001") + b"\1\3FAR", 255))
    c.talk((modbus(3, bytes.fromhex("0300000001")), modbus(3, bytes.fromhex("03020007"))))


@who
def http_dribble(net):
    """A page of unknown length that comes byte by byte, the tag across two segments."""
    c = net.connect(HMI, PLC, 80)
    c.ask(get(b"/"))
    c.answer(b"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n")
    for byte in b"<html><head><<title>Drop by drop</title></head>":
        c.answer(bytes([byte]))
