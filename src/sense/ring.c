#include "sense/ring.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { TAG = 4 }; /* of a VLAN: the kernel takes it out of the frame, and leaves room for it */

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23 /* Linux 4.20 */
#endif

/* --- opening --- */

static int set(
	int fd, int option, const void *value, socklen_t size, const char *what, struct err *e)
{
	if (setsockopt(fd, SOL_PACKET, option, value, size) == 0)
		return 0;
	return err_sys(e, "%s", what);
}

static int set_up(int fd, int index, struct err *e)
{
	const int version = TPACKET_V3, reserve = TAG, yes = 1;
	const struct tpacket_req3 ring = { .tp_block_size = RING_BLOCK,
		.tp_block_nr = RING_BLOCKS,
		.tp_frame_size = TPACKET_ALIGNMENT << 7,
		.tp_frame_nr = RING_BLOCKS * (RING_BLOCK / (TPACKET_ALIGNMENT << 7)),
		.tp_retire_blk_tov = RING_LATE_MS };
	const struct packet_mreq promiscuous = { .mr_ifindex = index,
		.mr_type = PACKET_MR_PROMISC };
	const struct sockaddr_ll all = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index
	};
	int r = set(fd, PACKET_VERSION, &version, sizeof version, "ask for TPACKET_V3", e);
	if (r == 0)
		r = set(fd, PACKET_RESERVE, &reserve, sizeof reserve, "room for VLAN tags", e);
	if (r == 0)
		r = set(fd, PACKET_IGNORE_OUTGOING, &yes, sizeof yes, "leave out what goes out", e);
	if (r == 0)
		r = set(fd, PACKET_RX_RING, &ring, sizeof ring, "a ring of frames", e);
	if (r == 0)
		r = set(fd, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous,
			"hear what is for others", e);
	if (r == 0 && bind(fd, (const struct sockaddr *)&all, sizeof all) < 0)
		r = err_sys(e, "listen");
	return r;
}

int ring_open(const char *interface, struct err *e)
{
	unsigned index = if_nametoindex(interface);
	if (!index) {
		err_set(e, -ENODEV, "there is no interface '%s'", interface);
		return err_try(e, "ip link");
	}
	/* Bound later: until then nothing comes. */
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		int r = err_sys(e, "listen on %s", interface);
		if (r == -EPERM)
			err_try(e, "as root, or with the right cap_net_raw");
		return r;
	}
	int r = set_up(fd, (int)index, e);
	if (r == 0)
		return fd;
	close(fd);
	return err_in(e, "%s", interface);
}

/* --- reading --- */

#define RING_SIZE ((size_t)RING_BLOCKS * RING_BLOCK)

struct ring {
	int fd;
	uint8_t *blocks;
	unsigned at; /* the block that comes next, or is read */
	const uint8_t *frame;
	unsigned left; /* frames in it that were not read; the block is ours while `held` */
	bool held;
	bool down; /* the interface, when it was asked last */
	uint64_t lost;
};

int ring_map(struct ring **out, int fd, struct err *e)
{
	struct ring *r = calloc(1, sizeof *r);
	if (!r) {
		close(fd);
		return err_sys(e, "read frames");
	}
	r->fd = fd;
	r->blocks = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (r->blocks == MAP_FAILED) {
		err_sys(e, "map the ring of frames");
		r->blocks = NULL;
		ring_free(r);
		return e->code;
	}
	*out = r;
	return 0;
}

void ring_free(struct ring *r)
{
	if (!r)
		return;
	if (r->blocks)
		munmap(r->blocks, RING_SIZE);
	close(r->fd);
	free(r);
}

int ring_fd(const struct ring *r)
{
	return r->fd;
}

static struct tpacket_block_desc *block_at(const struct ring *r)
{
	return (struct tpacket_block_desc *)(void *)(r->blocks + (size_t)r->at * RING_BLOCK);
}

static void give_back(struct ring *r)
{
	struct tpacket_block_desc *b = block_at(r);
	__atomic_store_n(&b->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	r->at = (r->at + 1) % RING_BLOCKS;
	r->held = false;
}

static bool take_block(struct ring *r)
{
	struct tpacket_block_desc *b = block_at(r);
	if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
		return false;
	r->held = true;
	r->left = b->hdr.bh1.num_pkts;
	r->frame = (const uint8_t *)b + b->hdr.bh1.offset_to_first_pkt;
	return true;
}

/* Where the kernel writes whom a frame came from: behind its header, aligned. */
enum {
	FROM = (sizeof(struct tpacket3_hdr) + TPACKET_ALIGNMENT - 1) / TPACKET_ALIGNMENT *
		TPACKET_ALIGNMENT
};

/* LINKTYPE_ values, which sense_reads() knows or does not. */
static int linktype_of(unsigned short hardware)
{
	switch (hardware) {
	case ARPHRD_ETHER:
	case ARPHRD_LOOPBACK:
		return LINK_ETHERNET;
	case ARPHRD_NONE: /* a tunnel: IP without a link */
	case ARPHRD_PPP:
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_IPGRE:
		return LINK_RAW;
	default:
		return -1;
	}
}

/* Back into the frame, where it was on the wire: behind the two addresses. */
static uint8_t *put_tag(uint8_t *bytes, const struct tpacket3_hdr *h)
{
	unsigned type =
		h->tp_status & TP_STATUS_VLAN_TPID_VALID ? h->hv1.tp_vlan_tpid : ETH_P_8021Q;
	const uint8_t tag[TAG] = { (uint8_t)(type >> 8), (uint8_t)type,
		(uint8_t)(h->hv1.tp_vlan_tci >> 8), (uint8_t)h->hv1.tp_vlan_tci };
	memmove(bytes - TAG, bytes, 2 * ETH_ALEN);
	memcpy(bytes - TAG + 2 * ETH_ALEN, tag, sizeof tag);
	return bytes - TAG;
}

static struct sense_frame take_frame(struct ring *r)
{
	const struct tpacket3_hdr *h = (const void *)r->frame;
	const struct sockaddr_ll *from = (const void *)(r->frame + FROM);
	uint8_t *bytes = r->blocks + (r->frame - r->blocks) + h->tp_mac;
	struct sense_frame f = { .size = h->tp_snaplen,
		.wire_size = h->tp_len,
		.linktype = linktype_of(from->sll_hatype),
		.at_ns = h->tp_sec * CLOCK_SECOND + h->tp_nsec };
	if (h->tp_status & TP_STATUS_VLAN_VALID && f.linktype == LINK_ETHERNET &&
		f.size >= 2 * ETH_ALEN) {
		bytes = put_tag(bytes, h);
		f.size += TAG;
		f.wire_size += TAG;
	}
	f.bytes = bytes;
	r->left--;
	r->frame += h->tp_next_offset;
	return f;
}

/* The kernel takes a socket off an interface that it forgets. */
static bool is_gone(const struct ring *r)
{
	struct sockaddr_ll at = { .sll_ifindex = 1 };
	socklen_t size = sizeof at;
	return getsockname(r->fd, (struct sockaddr *)&at, &size) == 0 && at.sll_ifindex <= 0;
}

/* That it went down is said once; that it is gone, after that, by nobody. */
static int look_at_interface(struct ring *r, struct err *e)
{
	int why = 0;
	socklen_t size = sizeof why;
	if (getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &why, &size) < 0)
		why = 0;
	r->down |= why == ENETDOWN;
	if (r->down && is_gone(r))
		return err_set(e, -ENODEV, "the interface is gone");
	errno = why;
	return why ? err_sys(e, "the interface") : 0;
}

int ring_next(
	struct ring *r, struct sense_frame frames[SENSE_FRAMES], uint64_t *number, struct err *e)
{
	if (r->held && !r->left)
		give_back(r);
	if (!r->held && !take_block(r))
		return look_at_interface(r, e);
	r->down = false;
	int count = 0;
	for (; r->left && count < SENSE_FRAMES; count++) {
		frames[count] = take_frame(r);
		frames[count].number = ++*number;
	}
	return count;
}

uint64_t ring_lost(struct ring *r)
{
	struct tpacket_stats_v3 s;
	socklen_t size = sizeof s;
	if (getsockopt(r->fd, SOL_PACKET, PACKET_STATISTICS, &s, &size) == 0)
		r->lost += s.tp_drops; /* since it was asked last */
	return r->lost;
}

uint64_t ring_left(const struct ring *r)
{
	uint64_t left = r->held ? r->left : 0;
	for (unsigned i = r->held; i < RING_BLOCKS; i++) {
		const struct tpacket_block_desc *b = (const void *)(r->blocks +
			(size_t)((r->at + i) % RING_BLOCKS) * RING_BLOCK);
		if (!(__atomic_load_n(&b->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER))
			break;
		left += b->hdr.bh1.num_pkts;
	}
	return left;
}
