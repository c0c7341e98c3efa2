/* The inside of the packet store: its blocks, its chunks and their index.  Numbers in all files are
 * little endian. */
#ifndef SENSE_PACKETS_INSIDE_H
#define SENSE_PACKETS_INSIDE_H

#include <assert.h>
#include <endian.h>

#include "base/cur.h"
#include "sense/packets.h"

enum {
	CHUNK_SIZE = 64 * 1024, /* a chunk ends with the block that reaches it */
	CHUNK_WORDS = 32,       /* 2048 bits for the some hundred hosts a chunk may have */
	BLOCK_MAX = PACKETS_FRAME + 64,
	CHUNK_MAX = CHUNK_SIZE + BLOCK_MAX,
	PREAMBLE_MAX = 8 * 1024, /* what a segment begins with: section and interfaces */
	STATISTICS_SIZE = 64,    /* of one interface, at the end of a segment */
	ENHANCED_SIZE = 32,      /* of a packet's block, without its bytes */
	INDEX_HEAD = 64,
	INDEX_ROW = 36 + CHUNK_WORDS * 8,
	PACKETS_FILE = 32, /* a file's name, with its NUL */
	SEGMENTS_MAX = 65536,
};
static_assert(PACKETS_INTERFACES * (PACKETS_NAME + 40) + 160 <= PREAMBLE_MAX, "they fit");

/* --- blocks: packets_block.c --- */

struct interface {
	char name[PACKETS_NAME];
	int linktype;
};

/* Where bytes are written one behind the other; who calls has room for them. */
static inline uint8_t *put_le16(uint8_t *at, uint16_t v)
{
	v = htole16(v);
	return (uint8_t *)memcpy(at, &v, sizeof v) + sizeof v;
}

static inline uint8_t *put_le32(uint8_t *at, uint32_t v)
{
	v = htole32(v);
	return (uint8_t *)memcpy(at, &v, sizeof v) + sizeof v;
}

static inline uint8_t *put_le64(uint8_t *at, uint64_t v)
{
	v = htole64(v);
	return (uint8_t *)memcpy(at, &v, sizeof v) + sizeof v;
}

/* What a file of so many bytes takes of a disk. */
static inline uint64_t on_disk(uint64_t bytes)
{
	return (bytes + 4095) / 4096 * 4096;
}

static inline uint32_t padded(uint32_t size)
{
	return (size + 3) & ~UINT32_C(3);
}

/* Each gives how many bytes it wrote. */
size_t block_section(uint8_t *at, const char *comment);
size_t block_interface(uint8_t *at, const struct interface *of);
size_t block_frame(uint8_t *at, uint32_t interface, const struct sense_frame *f);
/* What stands before its bytes, ENHANCED_SIZE - 4; gives how many the block has altogether. */
size_t block_frame_head(uint8_t *at, uint32_t interface, const struct sense_frame *f);
size_t block_statistics(
	uint8_t *at, uint32_t interface, int64_t now, uint64_t kept, uint64_t dropped);

/* A block as it was read. */
struct block {
	uint32_t type;
	struct cur body;
	uint64_t at; /* in its file */
	uint32_t size;
};

bool block_is_packet(const struct block *b);
bool block_is_section(const struct block *b);
/* 1; 0: it is none; -EINVAL: none of ours. */
int block_is_interface(const struct block *b, struct interface *out);
/* Of a packet; false: it is none, or a bad one.  Its link type is its interface's. */
bool block_is_frame(const struct block *b, uint32_t *interface, struct sense_frame *out);

/* --- segments, read: packets_segment.c --- */

struct segment {
	const struct files *files;
	uint64_t number, size; /* bytes in it when it was opened */
	uint64_t begin;        /* of the first block behind the preamble */
	uint32_t mark;         /* of its first bytes: an index with another one is not of it */
	int fd;
	unsigned interface_count;
	struct interface interfaces[PACKETS_INTERFACES];
};

void segment_name(char text[PACKETS_FILE], uint64_t number, bool index);
bool segment_number(const char *name, uint64_t *number, bool *index);

struct numbers {
	uint64_t *at;
	size_t count, room;
	bool failed;
};
/* Of all segments that are there, ascending.  The array is the caller's to free. */
int segments_list(const struct files *f, struct numbers *out, struct err *e) MUST_USE;
bool segments_have(const struct numbers *n, uint64_t number);
uint64_t segment_bytes(const struct files *f, uint64_t number); /* both files, on the disk */

/* 1; 0: it is gone; negative: it cannot be read, or (-EINVAL) begins as none of ours does. */
int segment_open(struct segment *s, const struct files *f, uint64_t number);
void segment_close(struct segment *s);
/* Bytes from `at` on, as many as there are; negative: not even one can be read. */
long segment_read(const struct segment *s, void *to, size_t size, uint64_t at);

/* Blocks of a segment from one place to another.  The window is the caller's to free. */
struct blocks {
	const struct segment *segment;
	uint64_t at, end; /* of what comes next; of what is wanted */
	uint8_t *window;
	size_t have, used;
	bool bad; /* what comes next is no block; where it is one that was cut, nothing is wrong */
};
enum { BLOCKS_WINDOW = 2 * BLOCK_MAX };
bool blocks_next(struct blocks *b, struct block *out);
/* The frame in it, if there is one, and which interface's it is. */
bool segment_frame(const struct segment *s, const struct block *b, struct sense_frame *out,
	uint32_t *interface);

/* --- chunks: packets_index.c --- */

struct chunk {
	uint64_t at;
	uint32_t size, frames;
	int64_t first_ns, last_ns;
	uint64_t bits[CHUNK_WORDS];
};

/* The hosts of a frame's innermost packet. */
struct frame_hosts {
	struct ip ips[2];
	uint8_t macs[2][6];
	bool has_ip, has_mac;
};
void frame_hosts(const struct sense_frame *f, struct frame_hosts *out);
bool frame_has(const struct frame_hosts *in, const struct packets_host *h);

/* A frame's block comes to it. */
void chunk_add(struct chunk *c, uint64_t at, size_t size, const struct sense_frame *f);
bool chunk_may_have(const struct chunk *c, const struct packets_host *h);

/* What a segment has in it altogether. */
struct sum {
	uint64_t frames;
	int64_t first_ns, last_ns;
};
void sum_add(struct sum *s, const struct chunk *c);
void sum_join(struct sum *s, const struct sum *other);

/* The index of one segment, in memory, as it stands in its file: a head, then rows. */
struct index {
	uint8_t *bytes;
	size_t rows, rows_max;
	uint32_t mark;
	struct sum sum;
};
int index_init(struct index *x, uint64_t segment_size, struct err *e) MUST_USE;
void index_done(struct index *x);
void index_begin(struct index *x, uint32_t mark);
void index_add(struct index *x, const struct chunk *c);
/* Which says that it is whole, and of a segment of so many bytes. */
void index_end(struct index *x, uint64_t segment_size);

static inline size_t index_size(const struct index *x)
{
	return INDEX_HEAD + x->rows * INDEX_ROW;
}

/* All chunks of a segment: as its index says, and from where that ends, or is not to be believed,
 * as the segment does.  0, or what `each` returned that is not 0, or -ENOMEM. */
int segment_chunks(const struct segment *s, int (*each)(void *self, const struct chunk *c),
	void *self, uint64_t *unread);
/* What the index of a whole segment says of all of it; false: it does not. */
bool segment_sum(const struct segment *s, struct sum *out);

/* --- segments that are not written to any more: packets_kept.c --- */

struct kept {
	uint64_t number, bytes; /* of both its files */
	struct sum sum;
};
/* Makes its index anew where that lacks, as long as not too many were. */
struct kept kept_look(const struct files *f, uint64_t number, unsigned *mended);
int kept_remove(const struct files *f, uint64_t number, struct err *e) MUST_USE;
/* Indexes of segments that are not there. */
void kept_drop_orphans(const struct files *f, const struct numbers *known);

#endif
