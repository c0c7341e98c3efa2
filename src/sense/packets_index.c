/* Chunks of a segment and the index that tells of them.
 *
 *	head: 8 "weirpkts", 2 version, 2 size of a row, 4 mark of the segment,
 *	      8 bytes of the segment where it is whole (else 0), 8 frames, 8 first, 8 last, 8 zero,
 *	      4 zero, 4 sum of all these
 *	row:  8 place of the chunk, 4 its size, 4 frames, 8 first, 8 last, 256 bits, 4 sum
 *
 * Rows follow one another as their chunks do; what is behind the last one is read in the segment.
 * Sums (CRC-32) begin with the segment's mark, so that no row is taken for one of another segment.
 * They find damage: whoever can write here could as well remove the segment. */
#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/attr.h"
#include "sense/packet.h"
#include "sense/packets_inside.h"

static const char magic[8] = { 'w', 'e', 'i', 'r', 'p', 'k', 't', 's' };
enum { VERSION = 1, ROWS_AT_ONCE = 64, BITS = CHUNK_WORDS * 64 };
static_assert((BITS & (BITS - 1)) == 0, "a part of a hash chooses one");

/* --- hosts --- */

enum { ETHER_ARP = 0x0806, ARP_IPV4 = 0x0800 };

/* RFC 826: who asks for whom. */
static void read_arp(struct cur c, struct frame_hosts *out)
{
	cur_skip(&c, 2);
	uint16_t protocol = cur_be16(&c);
	uint16_t sizes = cur_be16(&c);
	cur_skip(&c, 2 + 6);
	const uint8_t *from = cur_take(&c, 4);
	cur_skip(&c, 6);
	const uint8_t *to = cur_take(&c, 4);
	if (protocol != ARP_IPV4 || sizes != 0x0604 || !from || !to)
		return;
	out->has_ip = true;
	out->ips[0] = ip_of_4(from);
	out->ips[1] = ip_of_4(to);
}

void frame_hosts(const struct sense_frame *f, struct frame_hosts *out)
{
	struct packet_counters counters = { 0 };
	struct packet p;
	packet_read(&p, f, &counters);
	out->has_mac = p.has_mac;
	out->has_ip = p.has_ip;
	memcpy(out->macs[0], p.src_mac, sizeof p.src_mac);
	memcpy(out->macs[1], p.dst_mac, sizeof p.dst_mac);
	out->ips[0] = p.src;
	out->ips[1] = p.dst;
	if (p.kind == PACKET_LINK && p.ethertype == ETHER_ARP)
		read_arp(p.payload, out);
}

bool frame_has(const struct frame_hosts *in, const struct packets_host *h)
{
	if (h->is_mac)
		return in->has_mac &&
			(memcmp(in->macs[0], h->mac, sizeof h->mac) == 0 ||
				memcmp(in->macs[1], h->mac, sizeof h->mac) == 0);
	return in->has_ip &&
		(memcmp(&in->ips[0], &h->ip, sizeof h->ip) == 0 ||
			memcmp(&in->ips[1], &h->ip, sizeof h->ip) == 0);
}

bool packets_host_read(const char *text, struct packets_host *out)
{
	*out = (struct packets_host){ .is_mac = false };
	out->is_mac = mac_read(text, out->mac);
	return out->is_mac || ip_read(text, strlen(text), &out->ip);
}

/* The same in every process, as it lies on a disk: who chooses addresses that fall together makes
 * questions slower, and nothing else. */
static uint32_t mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xbf58476d1ce4e5b9);
	h = (h ^ h >> 32 ^ b) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(h >> 32);
}

static uint32_t hash_ip(const struct ip *ip)
{
	uint64_t half[2];
	memcpy(half, ip->b, sizeof half);
	return mix(le64toh(half[0]), le64toh(half[1]));
}

static uint32_t hash_mac(const uint8_t mac[6])
{
	uint64_t bytes = 0;
	memcpy(&bytes, mac, 6);
	return mix(le64toh(bytes), UINT64_C(0x6d61632d)); /* no address ends with it */
}

/* Two bits stand for each host. */
static void set_bits(struct chunk *c, uint32_t hash)
{
	uint32_t one = hash % BITS, other = (hash >> 16) % BITS;
	c->bits[one / 64] |= UINT64_C(1) << one % 64;
	c->bits[other / 64] |= UINT64_C(1) << other % 64;
}

bool chunk_may_have(const struct chunk *c, const struct packets_host *h)
{
	uint32_t hash = h->is_mac ? hash_mac(h->mac) : hash_ip(&h->ip);
	uint32_t one = hash % BITS, other = (hash >> 16) % BITS;
	return c->bits[one / 64] >> one % 64 & 1 && c->bits[other / 64] >> other % 64 & 1;
}

void chunk_add(struct chunk *c, uint64_t at, size_t size, const struct sense_frame *f)
{
	struct frame_hosts hosts;
	frame_hosts(f, &hosts);
	for (unsigned i = 0; hosts.has_mac && i < 2; i++)
		set_bits(c, hash_mac(hosts.macs[i]));
	for (unsigned i = 0; hosts.has_ip && i < 2; i++)
		set_bits(c, hash_ip(&hosts.ips[i]));
	if (!c->frames++) {
		c->at = at;
		c->first_ns = c->last_ns = f->at_ns;
	}
	c->size = (uint32_t)(at + size - c->at);
	c->first_ns = f->at_ns < c->first_ns ? f->at_ns : c->first_ns;
	c->last_ns = f->at_ns > c->last_ns ? f->at_ns : c->last_ns;
}

void sum_join(struct sum *s, const struct sum *other)
{
	if (!other->frames)
		return;
	if (!s->frames || other->first_ns < s->first_ns)
		s->first_ns = other->first_ns;
	if (!s->frames || other->last_ns > s->last_ns)
		s->last_ns = other->last_ns;
	s->frames += other->frames;
}

void sum_add(struct sum *s, const struct chunk *c)
{
	sum_join(s, &(struct sum){ c->frames, c->first_ns, c->last_ns });
}

/* --- writing --- */

static void put_sum(uint8_t *from, uint8_t *at, uint32_t mark)
{
	put_le32(at, (uint32_t)crc32(mark, from, (unsigned)(at - from)));
}

static void put_head(struct index *x, uint64_t segment_size)
{
	uint8_t *at = x->bytes;
	memset(at, 0, INDEX_HEAD);
	memcpy(at, magic, sizeof magic);
	at = put_le16(at + sizeof magic, VERSION);
	at = put_le16(at, INDEX_ROW);
	at = put_le32(at, x->mark);
	at = put_le64(at, segment_size);
	at = put_le64(at, x->sum.frames);
	at = put_le64(at, (uint64_t)x->sum.first_ns);
	put_le64(at, (uint64_t)x->sum.last_ns);
	put_sum(x->bytes, x->bytes + INDEX_HEAD - 4, x->mark);
}

int index_init(struct index *x, uint64_t segment_size, struct err *e)
{
	/* The last chunk may be short, and a frame may reach over the segment's end. */
	*x = (struct index){ .rows_max = (size_t)(segment_size + BLOCK_MAX) / CHUNK_SIZE + 2 };
	x->bytes = malloc(INDEX_HEAD + x->rows_max * INDEX_ROW);
	return x->bytes ? 0 : err_set(e, -ENOMEM, "an index of packets");
}

void index_done(struct index *x)
{
	free(x->bytes);
	x->bytes = NULL;
}

void index_begin(struct index *x, uint32_t mark)
{
	x->rows = 0;
	x->mark = mark;
	x->sum = (struct sum){ 0 };
	put_head(x, 0);
}

void index_add(struct index *x, const struct chunk *c)
{
	assert(x->rows < x->rows_max);
	uint8_t *row = x->bytes + index_size(x), *at = row;
	at = put_le64(at, c->at);
	at = put_le32(at, c->size);
	at = put_le32(at, c->frames);
	at = put_le64(at, (uint64_t)c->first_ns);
	at = put_le64(at, (uint64_t)c->last_ns);
	for (size_t i = 0; i < CHUNK_WORDS; i++)
		at = put_le64(at, c->bits[i]);
	put_sum(row, at, x->mark);
	x->rows++;
	sum_add(&x->sum, c);
}

void index_end(struct index *x, uint64_t segment_size)
{
	put_head(x, segment_size);
}

/* --- reading --- */

static bool sum_is_right(struct cur whole, uint32_t mark)
{
	struct cur body = cur_sub(&whole, whole.left - 4);
	return crc32(mark, body.at, (unsigned)body.left) == cur_le32(&whole);
}

struct head {
	uint64_t segment_size; /* 0: the segment was not whole when it was written */
	struct sum sum;
};

static bool read_head(const struct segment *s, int fd, struct head *out)
{
	uint8_t bytes[INDEX_HEAD];
	struct segment index = { .files = s->files, .fd = fd };
	if (segment_read(&index, bytes, sizeof bytes, 0) != sizeof bytes)
		return false;
	struct cur c = cur_of(bytes, sizeof bytes), name = cur_sub(&c, sizeof magic);
	uint16_t version = cur_le16(&c);
	uint16_t row = cur_le16(&c);
	uint32_t mark = cur_le32(&c);
	out->segment_size = cur_le64(&c);
	out->sum.frames = cur_le64(&c);
	out->sum.first_ns = (int64_t)cur_le64(&c);
	out->sum.last_ns = (int64_t)cur_le64(&c);
	return memcmp(name.at, magic, sizeof magic) == 0 && version == VERSION &&
		row == INDEX_ROW && mark == s->mark &&
		sum_is_right(cur_of(bytes, sizeof bytes), s->mark);
}

/* One that is of this segment; -1: there is none. */
static int open_index(const struct segment *s, struct head *out)
{
	char name[PACKETS_FILE];
	segment_name(name, s->number, true);
	int fd = s->files->open(s->files->self, name, FILE_READ);
	if (fd < 0 || read_head(s, fd, out))
		return fd < 0 ? -1 : fd;
	s->files->close(s->files->self, fd);
	return -1;
}

bool segment_sum(const struct segment *s, struct sum *out)
{
	struct head head;
	int fd = open_index(s, &head);
	if (fd < 0)
		return false;
	s->files->close(s->files->self, fd);
	*out = head.sum;
	return head.segment_size && head.segment_size == s->size;
}

static bool read_row(struct cur c, uint32_t mark, struct chunk *out)
{
	if (!sum_is_right(c, mark))
		return false;
	*out = (struct chunk){ .at = cur_le64(&c) };
	out->size = cur_le32(&c);
	out->frames = cur_le32(&c);
	out->first_ns = (int64_t)cur_le64(&c);
	out->last_ns = (int64_t)cur_le64(&c);
	for (size_t i = 0; i < CHUNK_WORDS; i++)
		out->bits[i] = cur_le64(&c);
	return cur_ok(&c) && out->size && out->size <= CHUNK_MAX;
}

/* What the reader of chunks goes through. */
struct telling {
	const struct segment *segment;
	int (*each)(void *self, const struct chunk *c);
	void *self;
	uint64_t at; /* up to here chunks were told */
};

/* As many rows as are whole, one behind the other and within the segment. */
static int tell_rows(struct telling *t, int fd)
{
	uint8_t bytes[ROWS_AT_ONCE * INDEX_ROW];
	const struct segment *s = t->segment, index = { .files = s->files, .fd = fd };
	for (uint64_t place = INDEX_HEAD;; place += sizeof bytes) {
		long n = segment_read(&index, bytes, sizeof bytes, place);
		struct cur c = cur_of(bytes, n > 0 ? (size_t)n : 0);
		struct chunk chunk;
		int r = 0;
		while (c.left >= INDEX_ROW) {
			if (!read_row(cur_sub(&c, INDEX_ROW), s->mark, &chunk) ||
				chunk.at != t->at || chunk.size > s->size - t->at)
				return 0;
			t->at += chunk.size;
			r = t->each(t->self, &chunk);
			if (r)
				return r;
		}
		if (n != sizeof bytes)
			return 0;
	}
}

static int tell(struct telling *t, struct chunk *c)
{
	int r = c->frames ? t->each(t->self, c) : 0;
	*c = (struct chunk){ 0 };
	return r;
}

/* The rest, block by block. */
static int tell_blocks(struct telling *t, uint64_t *unread)
{
	const struct segment *s = t->segment;
	struct blocks b = { .segment = s, .at = t->at, .end = s->size };
	struct chunk chunk = { 0 };
	struct sense_frame f;
	struct block block;
	uint32_t interface;
	int r = 0;
	b.window = t->at < s->size ? malloc(BLOCKS_WINDOW) : NULL;
	if (!b.window)
		return t->at < s->size ? -ENOMEM : 0;
	while (r == 0 && blocks_next(&b, &block)) {
		if (!segment_frame(s, &block, &f, &interface))
			continue;
		/* What is no frame may stand between, as much as somebody likes. */
		if (chunk.frames && block.at + block.size - chunk.at > CHUNK_MAX)
			r = tell(t, &chunk);
		chunk_add(&chunk, block.at, block.size, &f);
		if (r == 0 && chunk.size >= CHUNK_SIZE)
			r = tell(t, &chunk);
	}
	if (r == 0)
		r = tell(t, &chunk);
	free(b.window);
	*unread += b.bad ? b.end - b.at : 0;
	return r;
}

int segment_chunks(const struct segment *s, int (*each)(void *self, const struct chunk *c),
	void *self, uint64_t *unread)
{
	struct telling t = { .segment = s, .each = each, .self = self, .at = s->begin };
	struct head head;
	int fd = open_index(s, &head), r = 0;
	if (fd >= 0) {
		r = tell_rows(&t, fd);
		s->files->close(s->files->self, fd);
	}
	return r ? r : tell_blocks(&t, unread);
}
