/* The recorder: one AF_PACKET socket per bridge, frames kept in memory, sorted by their time stamp
 * and written as pcapng with nanoseconds.
 *
 * A packet between two zones crosses two bridges.  It is kept once, where its sender put it on the
 * wire: what the router forwards is left out, what the router says itself stays. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "roles.h"

enum { BRIDGES_MAX = 4, FRAMES_MAX = 40000, STORE_SIZE = 8 << 20, SNAP = 2048 };
enum { BLOCK_SECTION = 0x0a0d0d0a, BLOCK_INTERFACE = 1, BLOCK_PACKET = 6 };
enum {
	OPTION_END = 0,
	OPTION_NAME = 2,
	OPTION_DESCRIPTION = 3,
	OPTION_PROGRAM = 4,
	OPTION_CLOCK = 9
};

static const uint8_t router_vendor[3] = { 0x00, 0x09, 0x0f };

struct kept {
	uint64_t at_ns;
	uint32_t order; /* of arrival, where two time stamps are equal */
	uint32_t bridge, size;
	size_t offset;
};

static struct kept kept[FRAMES_MAX];
static uint8_t store[STORE_SIZE];
static uint32_t kept_count;
static size_t stored;
static volatile sig_atomic_t asked_to_stop;

static void stop(int signal_number)
{
	(void)signal_number;
	asked_to_stop = 1;
}

static int open_bridge(const char *name)
{
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	if (fd < 0)
		die("packet socket: %s", strerror(errno));
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(name) };
	struct packet_mreq all = { .mr_ifindex = at.sll_ifindex, .mr_type = PACKET_MR_PROMISC };
	int on = 1;
	if (at.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&at, sizeof at) < 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) < 0)
		die("record from '%s': %s", name, strerror(errno));
	return fd;
}

static bool is_forwarded(const uint8_t *frame, size_t size)
{
	struct cur c = cur_of(frame, size);
	cur_skip(&c, 6);
	const uint8_t *from = cur_take(&c, 6);
	if (!from || memcmp(from, router_vendor, sizeof router_vendor) != 0 ||
		cur_be16(&c) != ETHERTYPE_IP)
		return false;
	cur_skip(&c, 12);
	uint32_t source = cur_be32(&c);
	return cur_ok(&c) && (source & 0xff) != 1; /* the router is .1 in each zone */
}

static uint64_t stamp_of(struct msghdr *message)
{
	struct timespec at = { 0 };
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_TIMESTAMPNS)
			memcpy(&at, CMSG_DATA(c), sizeof at);
	return (uint64_t)at.tv_sec * UINT64_C(1000000000) + (uint64_t)at.tv_nsec;
}

static void take_frame(int fd, uint32_t bridge)
{
	uint8_t frame[SNAP];
	union {
		struct cmsghdr head;
		uint8_t room[CMSG_SPACE(sizeof(struct timespec))];
	} control;
	struct sockaddr_ll from;
	struct iovec part = { frame, sizeof frame };
	struct msghdr message = { .msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control };
	ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
	if (n <= 0 || from.sll_pkttype == PACKET_OUTGOING)
		return;
	size_t size = (size_t)n;
	if (is_forwarded(frame, size))
		return;
	if (kept_count == FRAMES_MAX || size > STORE_SIZE - stored)
		die("the plant says more than a recording holds");
	memcpy(store + stored, frame, size);
	kept[kept_count] = (struct kept){ .at_ns = stamp_of(&message),
		.order = kept_count,
		.bridge = bridge,
		.size = (uint32_t)size,
		.offset = stored };
	kept_count++;
	stored += size;
}

static int by_time(const void *left, const void *right)
{
	const struct kept *a = left, *b = right;
	if (a->at_ns != b->at_ns)
		return a->at_ns < b->at_ns ? -1 : 1;
	return a->order < b->order ? -1 : 1;
}

static void make_option(struct made *m, unsigned code, const void *bytes, size_t size)
{
	made_le16(m, code);
	made_le16(m, (unsigned)size);
	made_bytes(m, bytes, size);
	while (m->used % 4 != 0)
		made_u8(m, 0);
}

static void write_block(FILE *f, uint32_t type, const struct made *body)
{
	struct made m = { 0 };
	uint32_t size = (uint32_t)(body->used + 3) / 4 * 4 + 12;
	made_le32(&m, type);
	made_le32(&m, size);
	fwrite(m.at, 1, m.used, f);
	fwrite(body->at, 1, body->used, f);
	fwrite("\0\0\0", 1, size - 12 - body->used, f);
	m.used = 0;
	made_le32(&m, size);
	fwrite(m.at, 1, m.used, f);
}

static void write_file(FILE *f, char **names, int count)
{
	static const char program[] = "weir demonstration plant";
	struct made m = { 0 };
	made_le32(&m, 0x1a2b3c4d);
	made_le16(&m, 1);
	made_le16(&m, 0);
	made_le32(&m, UINT32_MAX); /* length of the section: not stated */
	made_le32(&m, UINT32_MAX);
	make_option(&m, OPTION_PROGRAM, program, sizeof program - 1);
	make_option(&m, OPTION_END, NULL, 0);
	write_block(f, BLOCK_SECTION, &m);
	for (int i = 0; i < count; i++) {
		char text[64];
		int length = snprintf(text, sizeof text, "bridge of the %s zone", names[i]);
		m.used = 0;
		made_le16(&m, 1); /* Ethernet */
		made_le16(&m, 0);
		made_le32(&m, 262144);
		make_option(&m, OPTION_NAME, names[i], strlen(names[i]));
		make_option(&m, OPTION_DESCRIPTION, text, (size_t)length);
		make_option(&m, OPTION_CLOCK, "\x09", 1);
		make_option(&m, OPTION_END, NULL, 0);
		write_block(f, BLOCK_INTERFACE, &m);
	}
	for (uint32_t i = 0; i < kept_count; i++) {
		const struct kept *k = &kept[i];
		m.used = 0;
		made_le32(&m, k->bridge);
		made_le32(&m, (uint32_t)(k->at_ns >> 32));
		made_le32(&m, (uint32_t)k->at_ns);
		made_le32(&m, k->size);
		made_le32(&m, k->size);
		made_bytes(&m, store + k->offset, k->size);
		write_block(f, BLOCK_PACKET, &m);
	}
}

int role_record(int argc, char **argv)
{
	if (argc < 3 || argc - 2 > BRIDGES_MAX)
		die("record: FILE BRIDGE...");
	struct pollfd bridges[BRIDGES_MAX];
	int count = argc - 2;
	for (int i = 0; i < count; i++)
		bridges[i] = (struct pollfd){ .fd = open_bridge(argv[i + 2]), .events = POLLIN };
	signal(SIGTERM, stop);
	signal(SIGINT, stop);
	while (!asked_to_stop) {
		if (poll(bridges, (nfds_t)count, 500) <= 0)
			continue;
		for (int i = 0; i < count; i++)
			if (bridges[i].revents & POLLIN)
				take_frame(bridges[i].fd, (uint32_t)i);
	}
	qsort(kept, kept_count, sizeof *kept, by_time);
	FILE *f = fopen(argv[1], "wb");
	if (!f)
		die("write '%s': %s", argv[1], strerror(errno));
	write_file(f, argv + 2, count);
	if (fclose(f) != 0)
		die("write '%s': %s", argv[1], strerror(errno));
	return 0;
}
