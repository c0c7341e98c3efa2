/* Small things: LLDP frames, the gateway's sensor values, and interfaces without offloading. */
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

static struct made make_lldp(const uint8_t mac[6], char **argv)
{
	struct made m = { 0 }, value = { 0 };
	struct in_addr address;
	made_bytes(&m, "\x01\x80\xc2\x00\x00\x0e", 6);
	made_bytes(&m, mac, 6);
	made_be16(&m, ETHERTYPE_LLDP);
	made_u8(&value, 4); /* chassis: a MAC address */
	made_bytes(&value, mac, 6);
	make_tlv(&m, 1, &value);
	value = (struct made){ 0 };
	made_u8(&value, 7); /* port: assigned locally */
	made_text(&value, "port-001");
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

int role_neighbour(int argc, char **argv)
{
	if (argc != 5)
		die("neighbour: INTERFACE ADDRESS NAME DESCRIPTION");
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	struct ifreq card = { 0 };
	snprintf(card.ifr_name, sizeof card.ifr_name, "%s", argv[1]);
	if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &card) < 0)
		die("neighbour: '%s': %s", argv[1], strerror(errno));
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(argv[1]) };
	uint8_t mac[6];
	memcpy(mac, card.ifr_hwaddr.sa_data, sizeof mac);
	struct made m = make_lldp(mac, argv);
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
