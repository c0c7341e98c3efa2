"""SSDP and what it leads to: UPnP Device Architecture 2.0, chapters 1 and 2."""
from protocols import HMI, PLC, SERVER, who
from wire import Host, mac, udp, ethernet

GROUP = (mac("01:00:5e:7f:ff:fa"), bytes((239, 255, 255, 250)))
ROUTER = Host("10.9.2.1", "00:1d:73:09:02:01")
UUID = "f5c1d177-62e5-45d1-a6e7-c412f504c74a"
IGD = "urn:schemas-upnp-org:device:InternetGatewayDevice:1"


def head(first, *headers):
    return "\r\n".join((first, *headers, "", "")).encode()


def search(target, *more):
    return head("M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", 'MAN: "ssdp:discover"', "MX: 2", f"ST: {target}", *more)


def found(target, usn, location="http://10.9.2.1:5431/igd.xml?token=Sesame7"):
    return head("HTTP/1.1 200 OK", "CACHE-CONTROL: public, max-age = 1800", "EXT:", f"LOCATION: {location}",
                "SERVER: Linux/2.6 UPnP/1.0 BLR-TX4S/1.0", f"ST: {target}", f"USN: {usn}", "BOOTID.UPNP.ORG: 7",
                "CONFIGID.UPNP.ORG: 1", "SEARCHPORT.UPNP.ORG: 49152")


def notify(kind, target, usn, *more):
    return head("NOTIFY * HTTP/1.1", "HOST: 239.255.255.250:1900", f"NT: {target}", f"NTS: {kind}", f"USN: {usn}", *more)


@who
def ssdp(net):
    """A search and its answers from another port, announcements, and what is no good."""
    def announce(host, payload):
        net.datagram(host, host, 1900, 1900, payload, to=GROUP)

    net.datagram(HMI, HMI, 50001, 1900, search("upnp:rootdevice", "USER-AGENT: Windows/10 UPnP/1.1 Portal/2",
                                               "CPFN.UPNP.ORG: Panel hall 2"), to=GROUP)
    net.datagram(HMI, HMI, 50001, 1900, search("ssdp:all"), to=GROUP)
    net.datagram(ROUTER, HMI, 1900, 50001, found("upnp:rootdevice", f"uuid:{UUID}::upnp:rootdevice"))
    net.datagram(ROUTER, HMI, 49152, 50001, found(IGD, f"uuid:{UUID}::{IGD}"))
    # Nobody asked from this port; the type is that of a part.
    net.datagram(ROUTER, SERVER, 1900, 50009, found("urn:schemas-upnp-org:device:WANDevice:1", "uuid:part"))
    # Somebody announces what stands elsewhere: no identity of the sender.
    net.datagram(PLC, HMI, 1900, 50001, found("urn:schemas-upnp-org:device:Printer:1", "uuid:other::upnp:rootdevice",
                                              "http://10.9.2.77/printer.xml"))
    more = ("SERVER: Linux/2.6 UPnP/1.0 BLR-TX4S/1.0", "BOOTID.UPNP.ORG: 7")
    at = ("CACHE-CONTROL: max-age=3000", "LOCATION: http://10.9.2.1:5431/igd.xml")
    root = f"uuid:{UUID}::upnp:rootdevice"
    announce(ROUTER, notify("ssdp:alive", "upnp:rootdevice", root, *at, *more))
    announce(ROUTER, notify("ssdp:update", "upnp:rootdevice", root, *at, *more, "NEXTBOOTID.UPNP.ORG: 8"))
    announce(ROUTER, notify("ssdp:byebye", "upnp:rootdevice", root))
    announce(ROUTER, notify("upnp:propchange", "upnp:event", f"uuid:{UUID}::urn:upnp-org:serviceId:x"))
    announce(ROUTER, notify("ssdp:farewell", "upnp:rootdevice", root))
    # A line without a colon, numbers that are none.
    announce(HMI, head("M-SEARCH * HTTP/1.1", "HOST 239.255.255.250", "MX: soon", "ST: ssdp:all"))
    announce(ROUTER, notify("ssdp:alive", "upnp:rootdevice", root, "BOOTID.UPNP.ORG: 99999999999"))
    # An answer that is a refusal, and one without a code: malformed.
    net.datagram(ROUTER, HMI, 1900, 50001, found(IGD, "uuid:x").replace(b"200 OK", b"412 Precondition Failed"))
    net.datagram(ROUTER, HMI, 1900, 50001, found(IGD, "uuid:x").replace(b"200 OK", b"OK"))
    # Half of an announcement, by the capture's fault: whole lines are told.
    _, packet = udp(ROUTER.ip, GROUP[1], 1900, 1900, notify("ssdp:alive", "upnp:rootdevice", root, *at, *more))
    frame = ethernet(ROUTER.mac, GROUP[0], 0x0800, packet)
    net.frames.append((net.at, 1, frame[:180], len(frame)))


@who
def ssdp_whose(net):
    """Announcements of what may stand elsewhere, and a second device on a router that is none."""
    def announce(last, target, location, uuid="aaaa"):
        host = Host(f"10.9.4.{last}", f"00:1d:73:09:04:{last:02x}")
        net.datagram(host, host, 1900, 1900, notify("ssdp:alive", target, f"uuid:{uuid}::{target}", f"LOCATION: {location}",
                                                    "SERVER: Printing/1.0"), to=GROUP)

    printer, router = "urn:schemas-upnp-org:device:Printer:1", "urn:schemas-wifialliance-org:device:WFADevice:1"
    announce(1, printer, "https://10.9.4.77:443/d.xml")
    announce(2, printer, "http://printer77.local/d.xml")
    announce(3, printer, "//10.9.4.77/d.xml")
    announce(4, printer, "http://10.9.4.4@10.9.4.77/d.xml")
    announce(5, printer, "http://user@10.9.4.5:80/d.xml")
    announce(6, printer, "http://[fe80::77]/d.xml")
    announce(7, "upnp:rootdevice", "http://10.9.4.7/igd.xml", "igd")
    announce(7, IGD, "http://10.9.4.7/igd.xml", "igd")
    announce(7, "upnp:rootdevice", "http://10.9.4.7/wps.xml", "63041253-1019-2006-1228-001d73090407")
    announce(7, router, "http://10.9.4.7/wps.xml", "63041253-1019-2006-1228-001d73090407")
