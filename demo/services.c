/* The services host: DNS for waterworks.example, the time, and addresses for those who have none.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "host.h"
#include "roles.h"
#include "services.h"

static const struct {
	const char *name, *address;
} names[] = {
	{ "scada", "10.20.2.10" },
	{ "engineering", "10.20.2.20" },
	{ "broker", "10.20.2.30" },
	{ "services", "10.20.35.5" },
	{ "historian", "10.20.35.10" },
};

static const struct {
	uint8_t mac_tail; /* last octet: enough to tell two laptops apart */
	const char *address;
} leases[] = { { 0x20, "10.20.35.20" }, { 0x66, "10.20.35.66" } };

static void make_address(struct made *m, const char *address)
{
	struct in_addr in;
	inet_pton(AF_INET, address, &in);
	made_bytes(m, &in, 4);
}

/* RFC 1035: the question comes back, and with it one address or the sentence that there is none. */
static bool answer_name(const uint8_t *query, size_t size, struct made *m)
{
	struct cur c = cur_of(query, size);
	cur_skip(&c, 12);
	struct cur label = cur_sub(&c, cur_u8(&c));
	while (cur_peek(&c, 0) > 0)
		cur_skip(&c, cur_u8(&c));
	cur_skip(&c, 1);
	unsigned type = cur_be16(&c);
	cur_skip(&c, 2);
	if (!cur_ok(&c))
		return false;
	const char *address = NULL;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (label.left == strlen(names[i].name) && cur_starts(&label, names[i].name))
			address = names[i].address;
	made_bytes(m, query, 2);
	made_be16(m, address ? 0x8580 : 0x8583); /* authoritative; 3: no such name */
	made_be16(m, 1);
	made_be16(m, address && type == 1);
	made_be32(m, 0);
	made_bytes(m, query + 12, size - c.left - 12);
	if (address && type == 1) {
		made_be16(m, 0xc00c);
		made_be16(m, 1);
		made_be16(m, 1);
		made_be32(m, 300);
		made_be16(m, 4);
		make_address(m, address);
	}
	return true;
}

static void make_time(struct made *m)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	made_be32(m, (uint32_t)(now.tv_sec + INT64_C(2208988800)));
	made_be32(m, (uint32_t)((double)now.tv_nsec * 4.294967296));
}

/* RFC 5905, server mode: the client's transmit time comes back as the origin. */
static bool answer_time(const uint8_t *query, size_t size, struct made *m)
{
	if (size < 48)
		return false;
	made_u8(m, 0x24); /* version 4, server */
	made_u8(m, 2);    /* stratum */
	made_u8(m, 6);
	made_u8(m, 0xec);
	made_be32(m, 0x00000210);
	made_be32(m, 0x000004a1);
	make_address(m, "10.20.35.1");
	make_time(m);
	made_bytes(m, query + 40, 8);
	make_time(m);
	make_time(m);
	return true;
}

static void answer_all(uint16_t port, bool (*answer)(const uint8_t *, size_t, struct made *))
{
	int fd = open_udp(port);
	uint8_t bytes[600];
	for (;;) {
		struct sockaddr_in from;
		socklen_t size = sizeof from;
		struct made m = { 0 };
		ssize_t n = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &size);
		if (n > 0 && answer(bytes, (size_t)n, &m))
			sendto(fd, m.at, m.used, 0, (struct sockaddr *)&from, size);
	}
}

static void serve_names(void)
{
	answer_all(53, answer_name);
}

static void serve_time(void)
{
	answer_all(123, answer_time);
}

static int message_type(const uint8_t *bytes, size_t size)
{
	struct cur c = cur_of(bytes, size);
	cur_skip(&c, 240);
	while (cur_ok(&c) && c.left > 0) {
		unsigned option = cur_u8(&c);
		if (option == 255)
			break;
		struct cur value = cur_sub(&c, cur_u8(&c));
		if (option == DHCP_TYPE)
			return cur_u8(&value);
	}
	return 0;
}

static void serve_leases(void)
{
	int fd = open_udp(67);
	setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "eth0", 5);
	uint8_t bytes[600];
	for (;;) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);
		int type = n > 240 ? message_type(bytes, (size_t)n) : 0;
		const char *address = NULL;
		for (size_t i = 0; i < COUNT_OF(leases) && type; i++)
			if (leases[i].mac_tail == bytes[33])
				address = leases[i].address;
		if (!address)
			continue;
		struct made m = { 0 };
		made_be32(&m, 0x02010600);
		made_bytes(&m, bytes + 4, 8); /* transaction, seconds, flags */
		made_be32(&m, 0);
		make_address(&m, address);
		make_address(&m, "10.20.35.5");
		made_be32(&m, 0);
		made_bytes(&m, bytes + 28, 16);
		made_padded(&m, "", 192, 0);
		made_be32(&m, DHCP_COOKIE);
		made_be16(&m, DHCP_TYPE << 8 | 1);
		made_u8(&m, type == DHCP_DISCOVER ? DHCP_OFFER : DHCP_ACK);
		made_be16(&m, 0x3604);
		make_address(&m, "10.20.35.5");
		made_be16(&m, 0x3304);
		made_be32(&m, 28800);
		made_be16(&m, 0x0104);
		make_address(&m, "255.255.255.0");
		made_be16(&m, 0x0304);
		make_address(&m, "10.20.35.1");
		made_be16(&m, 0x0604);
		make_address(&m, "10.20.35.5");
		made_u8(&m, 15);
		made_u8(&m, 18);
		made_text(&m, "waterworks.example");
		made_u8(&m, 255);
		send_to(fd, "255.255.255.255", 68, &m);
	}
}

int role_services(int argc, char **argv)
{
	(void)argc, (void)argv;
	beside(serve_names);
	beside(serve_time);
	serve_leases();
	return 0;
}
