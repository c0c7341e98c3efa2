/* Small things: LLDP frames, the gateway's sensor values and web page, the names a PC calls out,
 * and interfaces without offloading. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host.h"
#include "roles.h"
#include "works.h"

enum { ETHERTYPE_LLDP = 0x88cc, LLDP_EVERY_MS = 12000 };

/* IEEE 802.1AB, 8.4: seven bits of type, nine of length. */
static void make_tlv(struct made *m, unsigned type, const struct made *value)
{
	made_be16(m, type << 9 | (unsigned)value->used);
	made_bytes(m, value->at, value->used);
}

static void make_text_tlv(struct made *m, unsigned type, const char *text)
{
	struct made value = { 0 };
	made_text(&value, text);
	make_tlv(m, type, &value);
}

static struct made make_lldp(const uint8_t chassis[6], const uint8_t mac[6], char **argv)
{
	struct made m = { 0 }, value = { 0 };
	struct in_addr address;
	made_bytes(&m, "\x01\x80\xc2\x00\x00\x0e", 6);
	made_bytes(&m, mac, 6);
	made_be16(&m, ETHERTYPE_LLDP);
	made_u8(&value, 4); /* chassis: a MAC address */
	made_bytes(&value, chassis, 6);
	make_tlv(&m, 1, &value);
	value = (struct made){ 0 };
	made_u8(&value, 7); /* port: assigned locally */
	made_text(&value, argv[1]);
	make_tlv(&m, 2, &value);
	value = (struct made){ 0 };
	made_be16(&value, 120); /* seconds to live */
	make_tlv(&m, 3, &value);
	make_text_tlv(&m, 4, argv[1]);
	make_text_tlv(&m, 5, argv[3]);
	make_text_tlv(&m, 6, argv[4]);
	value = (struct made){ 0 };
	unsigned role = strstr(argv[4], "irewall") ? 0x10 : strstr(argv[4], "witch") ? 0x04 : 0x80;
	made_be16(&value, role); /* router, bridge, station only */
	made_be16(&value, role);
	make_tlv(&m, 7, &value);
	value = (struct made){ 0 };
	if (inet_pton(AF_INET, argv[2], &address) != 1)
		die("'%s' is not an IPv4 address", argv[2]);
	made_be16(&value, 0x0501);
	made_bytes(&value, &address, 4);
	made_u8(&value, 2); /* numbered by the interface index */
	made_be32(&value, 1);
	made_u8(&value, 0);
	make_tlv(&m, 8, &value);
	made_be16(&m, 0);
	return m;
}

static void read_mac(int fd, const char *name, uint8_t mac[6])
{
	struct ifreq card = { 0 };
	snprintf(card.ifr_name, sizeof card.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &card) < 0)
		die("neighbour: '%s': %s", name, strerror(errno));
	memcpy(mac, card.ifr_hwaddr.sa_data, 6);
}

int role_neighbour(int argc, char **argv)
{
	if (argc != 5)
		die("neighbour: INTERFACE ADDRESS NAME DESCRIPTION");
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	uint8_t chassis[6], mac[6];
	read_mac(fd, "eth0", chassis); /* a host with several cards is one chassis */
	read_mac(fd, argv[1], mac);
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(argv[1]) };
	struct made m = make_lldp(chassis, mac, argv);
	for (;;) {
		sendto(fd, m.at, m.used, 0, (struct sockaddr *)&to, sizeof to);
		nap_ms(LLDP_EVERY_MS);
	}
}

int role_gateway(int argc, char **argv)
{
	const struct works *w = works_map();
	if (argc != 2)
		die("gateway: pressure | quality");
	bool pressure = strcmp(argv[1], "pressure") == 0;
	for (;;) {
		if (pressure)
			printf("{\"node\":\"N14\",\"bar\":%.2f,\"m3h\":%.1f}\n",
				w->pressure * 0.93 + noise(0.02), w->outflow * 0.31 + noise(0.1));
		else
			printf("{\"node\":\"outlet\",\"chlorine\":%.3f,\"ntu\":%.3f,\"ph\":%.2f}\n",
				w->chlorine + noise(0.004), w->turbidity + noise(0.004),
				7.62 + noise(0.01));
		nap_ms(pressure ? 1500 : 4000);
	}
}

static void serve_page(int fd)
{
	static const char page[] =
		"<html><title>MGate 5105</title><h1>MGate 5105-MB-EIP</h1></html>";
	char request[1024], text[512];
	answer_within(fd, 2000);
	ssize_t n = recv(fd, request, sizeof request - 1, 0);
	if (n > 0) {
		request[n] = 0;
		bool known = strstr(request, "\r\nAuthorization: Basic ") != NULL;
		struct made m = { 0 };
		snprintf(text, sizeof text,
			"HTTP/1.1 %s\r\nServer: MoxaHttp/2.3\r\nContent-Type: text/html\r\n%s"
			"Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
			known ? "200 OK" : "401 Unauthorized",
			known ? "" : "WWW-Authenticate: Basic realm=\"MGate 5105\"\r\n",
			known ? strlen(page) : 0, known ? page : "");
		made_text(&m, text);
		send_made(fd, &m);
	}
	close(fd);
}

int role_page(int argc, char **argv)
{
	(void)argc, (void)argv;
	serve_tcp(80, serve_page);
}

/* RFC 1001, 14.1: fifteen letters and a kind, each byte as two letters. */
static void make_netbios_name(struct made *m, const char *name, unsigned kind)
{
	made_u8(m, 32);
	for (size_t i = 0; i < 16; i++) {
		unsigned c = i == 15 ? kind : i < strlen(name) ? (unsigned)name[i] : ' ';
		made_u8(m, 'A' + (c >> 4 & 0x0f));
		made_u8(m, 'A' + (c & 0x0f));
	}
	made_u8(m, 0);
}

/* RFC 1002, 4.2.2: a name is claimed by broadcast, the address behind it. */
static void claim_netbios_name(int fd, const char *name, const char *address)
{
	struct made m = { 0 };
	struct in_addr own;
	inet_pton(AF_INET, address, &own);
	made_be16(&m, 0x8e01);
	made_be16(&m, 0x2910); /* registration, recursion, broadcast */
	made_be32(&m, 0x00010000);
	made_be32(&m, 0x00000001);
	make_netbios_name(&m, name, 0);
	made_be32(&m, 0x00200001);
	made_be16(&m, 0xc00c);
	made_be32(&m, 0x00200001);
	made_be32(&m, 300000);
	made_be16(&m, 6);
	made_be16(&m, 0);
	made_bytes(&m, &own, 4);
	send_to(fd, "10.20.35.255", 137, &m);
}

static struct made make_query(unsigned transaction, const char *label, const char *domain)
{
	struct made m = { 0 };
	made_be16(&m, transaction);
	made_be16(&m, 0);
	made_be16(&m, 1);
	made_be32(&m, 0);
	made_be16(&m, 0);
	made_u8(&m, (unsigned)strlen(label));
	made_text(&m, label);
	if (domain) {
		made_u8(&m, (unsigned)strlen(domain));
		made_text(&m, domain);
	}
	made_u8(&m, 0);
	made_be16(&m, 1);
	made_be16(&m, 1);
	return m;
}

/* A PC on its network: claims its NetBIOS name, looks for a proxy the old way and by multicast. */
int role_call(int argc, char **argv)
{
	if (argc != 3)
		die("call: ADDRESS NAME");
	int netbios = open_udp(137), mdns = open_udp(5353), any = open_udp(0);
	for (;;) {
		struct made llmnr = make_query(0x4c1d, "wpad", NULL);
		struct made local = make_query(0, "wpad", "local");
		claim_netbios_name(netbios, argv[2], argv[1]);
		send_to(any, "224.0.0.252", 5355, &llmnr);
		send_to(mdns, "224.0.0.251", 5353, &local);
		nap_ms(20000);
	}
}

/* A virtual card leaves the checksum to hardware that is not there; a recording would show it
 * wrong. */
int role_plain(int argc, char **argv)
{
	static const uint32_t commands[] = { ETHTOOL_STXCSUM, ETHTOOL_STSO, ETHTOOL_SGSO,
		ETHTOOL_SGRO };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	for (int i = 1; i < argc; i++) {
		struct ifreq card = { 0 };
		snprintf(card.ifr_name, sizeof card.ifr_name, "%s", argv[i]);
		for (size_t c = 0; c < COUNT_OF(commands); c++) {
			struct ethtool_value off = { .cmd = commands[c], .data = 0 };
			card.ifr_data = (void *)&off;
			if (ioctl(fd, SIOCETHTOOL, &card) < 0 && c == 0)
				die("plain: '%s': %s", argv[i], strerror(errno));
		}
	}
	return 0;
}
