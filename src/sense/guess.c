/* What usually lives at a port: the label of a conversation that nobody recognised, said to be a
 * guess wherever it is shown.  Ports as registered with IANA or printed in the vendors' manuals. */
#include "sense/engine.h"

static const struct port_row {
	uint8_t transport;
	uint16_t port;
	const char *protocol;
} ports[] = {
	{ TRANSPORT_TCP, 20, "ftp-data" },
	{ TRANSPORT_TCP, 21, "ftp" },
	{ TRANSPORT_TCP, 22, "ssh" },
	{ TRANSPORT_TCP, 23, "telnet" },
	{ TRANSPORT_TCP, 25, "smtp" },
	{ TRANSPORT_TCP, 49, "tacacs" },
	{ TRANSPORT_TCP, 53, "dns" },
	{ TRANSPORT_UDP, 53, "dns" },
	{ TRANSPORT_UDP, 67, "dhcp" },
	{ TRANSPORT_UDP, 68, "dhcp" },
	{ TRANSPORT_UDP, 69, "tftp" },
	{ TRANSPORT_TCP, 80, "http" },
	{ TRANSPORT_TCP, 88, "kerberos" },
	{ TRANSPORT_UDP, 88, "kerberos" },
	{ TRANSPORT_TCP, 102, "iso-tsap" },
	{ TRANSPORT_TCP, 110, "pop3" },
	{ TRANSPORT_TCP, 111, "rpc" },
	{ TRANSPORT_UDP, 111, "rpc" },
	{ TRANSPORT_UDP, 123, "ntp" },
	{ TRANSPORT_TCP, 135, "dcerpc" },
	{ TRANSPORT_UDP, 137, "nbns" },
	{ TRANSPORT_UDP, 138, "nbdgm" },
	{ TRANSPORT_TCP, 139, "smb" },
	{ TRANSPORT_TCP, 143, "imap" },
	{ TRANSPORT_UDP, 161, "snmp" },
	{ TRANSPORT_UDP, 162, "snmp" },
	{ TRANSPORT_TCP, 179, "bgp" },
	{ TRANSPORT_UDP, 319, "ptp" },
	{ TRANSPORT_UDP, 320, "ptp" },
	{ TRANSPORT_TCP, 389, "ldap" },
	{ TRANSPORT_UDP, 389, "cldap" },
	{ TRANSPORT_TCP, 443, "tls" },
	{ TRANSPORT_UDP, 443, "quic" },
	{ TRANSPORT_TCP, 445, "smb" },
	{ TRANSPORT_TCP, 502, "modbus" },
	{ TRANSPORT_UDP, 502, "modbus" },
	{ TRANSPORT_UDP, 514, "syslog" },
	{ TRANSPORT_TCP, 515, "lpd" },
	{ TRANSPORT_TCP, 593, "dcerpc" },
	{ TRANSPORT_TCP, 636, "ldaps" },
	{ TRANSPORT_TCP, 771, "realport" },
	{ TRANSPORT_TCP, 802, "modbus-tls" },
	{ TRANSPORT_TCP, 1089, "ff-hse" },
	{ TRANSPORT_UDP, 1089, "ff-hse" },
	{ TRANSPORT_TCP, 1131, "c1222" },
	{ TRANSPORT_TCP, 1153, "c1222" },
	{ TRANSPORT_UDP, 1153, "c1222" },
	{ TRANSPORT_UDP, 1234, "bsap" },
	{ TRANSPORT_TCP, 1433, "mssql" },
	{ TRANSPORT_TCP, 1521, "oracle" },
	{ TRANSPORT_TCP, 1541, "foxboro" },
	{ TRANSPORT_UDP, 1628, "cnip" },
	{ TRANSPORT_UDP, 1812, "radius" },
	{ TRANSPORT_UDP, 1813, "radius" },
	{ TRANSPORT_TCP, 1883, "mqtt" },
	{ TRANSPORT_UDP, 1900, "ssdp" },
	{ TRANSPORT_TCP, 1911, "fox" },
	{ TRANSPORT_TCP, 1962, "pcworx" },
	{ TRANSPORT_TCP, 2049, "nfs" },
	{ TRANSPORT_TCP, 2222, "cip-io" },
	{ TRANSPORT_UDP, 2222, "cip-io" },
	{ TRANSPORT_TCP, 2404, "iec104" },
	{ TRANSPORT_TCP, 2455, "codesys" },
	{ TRANSPORT_TCP, 2575, "hl7" },
	{ TRANSPORT_TCP, 3050, "firebird" },
	{ TRANSPORT_TCP, 3306, "mysql" },
	{ TRANSPORT_TCP, 3389, "rdp" },
	{ TRANSPORT_UDP, 3389, "rdp" },
	{ TRANSPORT_UDP, 3478, "stun" },
	{ TRANSPORT_UDP, 3671, "knx" },
	{ TRANSPORT_UDP, 3702, "ws-discovery" },
	{ TRANSPORT_TCP, 4000, "roc" },
	{ TRANSPORT_UDP, 4000, "roc" },
	{ TRANSPORT_TCP, 4059, "dlms" },
	{ TRANSPORT_UDP, 4059, "dlms" },
	{ TRANSPORT_TCP, 4712, "synphasor" },
	{ TRANSPORT_UDP, 4713, "synphasor" },
	{ TRANSPORT_TCP, 4840, "opcua" },
	{ TRANSPORT_TCP, 4911, "fox-tls" },
	{ TRANSPORT_TCP, 5002, "melsec" },
	{ TRANSPORT_TCP, 5006, "melsec" },
	{ TRANSPORT_TCP, 5007, "melsec" },
	{ TRANSPORT_UDP, 5006, "melsec" },
	{ TRANSPORT_TCP, 5050, "s-bus" },
	{ TRANSPORT_UDP, 5050, "s-bus" },
	{ TRANSPORT_TCP, 5060, "sip" },
	{ TRANSPORT_UDP, 5060, "sip" },
	{ TRANSPORT_TCP, 5094, "hart-ip" },
	{ TRANSPORT_UDP, 5094, "hart-ip" },
	{ TRANSPORT_UDP, 5353, "mdns" },
	{ TRANSPORT_UDP, 5355, "llmnr" },
	{ TRANSPORT_TCP, 5432, "postgresql" },
	{ TRANSPORT_TCP, 5450, "pi" },
	{ TRANSPORT_TCP, 5500, "vnc" },
	{ TRANSPORT_UDP, 5683, "coap" },
	{ TRANSPORT_TCP, 5900, "vnc" },
	{ TRANSPORT_TCP, 5985, "winrm" },
	{ TRANSPORT_TCP, 8080, "http" },
	{ TRANSPORT_TCP, 8443, "tls" },
	{ TRANSPORT_TCP, 8883, "mqtt-tls" },
	{ TRANSPORT_TCP, 9100, "printer" },
	{ TRANSPORT_TCP, 9600, "fins" },
	{ TRANSPORT_UDP, 9600, "fins" },
	{ TRANSPORT_TCP, 10001, "lantronix" },
	{ TRANSPORT_TCP, 11740, "codesys" },
	{ TRANSPORT_UDP, 17224, "trdp" },
	{ TRANSPORT_UDP, 17225, "trdp" },
	{ TRANSPORT_TCP, 18245, "ge-srtp" },
	{ TRANSPORT_UDP, 18246, "egd" },
	{ TRANSPORT_TCP, 20000, "dnp3" },
	{ TRANSPORT_UDP, 20000, "dnp3" },
	{ TRANSPORT_TCP, 20547, "proconos" },
	{ TRANSPORT_TCP, 34962, "profinet" },
	{ TRANSPORT_UDP, 34964, "pn_io" },
	{ TRANSPORT_UDP, 34980, "ethercat" },
	{ TRANSPORT_TCP, 44818, "enip" },
	{ TRANSPORT_UDP, 44818, "enip" },
	{ TRANSPORT_UDP, 47808, "bacnet" },
	{ TRANSPORT_TCP, 48898, "ads" },
	{ TRANSPORT_UDP, 48899, "ads" },
	{ TRANSPORT_TCP, 55000, "ff-hse" },
};

static const struct transport_row {
	uint8_t transport;
	const char *protocol;
} transports[] = {
	{ TRANSPORT_ICMP, "icmp" },
	{ 2, "igmp" },
	{ 46, "rsvp" },
	{ 47, "gre" },
	{ 50, "esp" },
	{ 51, "ah" },
	{ TRANSPORT_ICMP6, "icmpv6" },
	{ 88, "eigrp" },
	{ 89, "ospf" },
	{ 103, "pim" },
	{ 112, "vrrp" },
	{ 132, "sctp" },
};

const char *guess_port(uint8_t transport, uint16_t port)
{
	for (size_t i = 0; i < COUNT_OF(ports); i++)
		if (ports[i].port == port && ports[i].transport == transport)
			return ports[i].protocol;
	return NULL;
}

/* Not a guess: the IP header says it. */
const char *guess_transport(uint8_t transport)
{
	for (size_t i = 0; i < COUNT_OF(transports); i++)
		if (transports[i].transport == transport)
			return transports[i].protocol;
	return NULL;
}
