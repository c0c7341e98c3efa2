/* Any bytes as a segment of packets and its index: questions end, and their answers are captures.
 *
 *	1 how: 1 the segment begins as ours do, 2 sums of the index are put right
 *	2 size of the segment, then it, then the index */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include "../disk.h"
#include "sense/capture.h"
#include "sense/packets_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { BEGINS = 1, SUMS = 2, ROOM = 128 * 1024 };

static const struct interface interfaces[] = { { "eth1", LINK_ETHERNET }, { "tun0", LINK_RAW } };

static size_t preamble(uint8_t *at)
{
	size_t size = block_section(at, "segment 1");
	for (unsigned i = 0; i < 2; i++)
		size += block_interface(at + size, &interfaces[i]);
	return size;
}

static void put_sum(uint8_t *at, size_t size, uint32_t mark)
{
	put_le32(at + size - 4, (uint32_t)crc32(mark, at, (unsigned)size - 4));
}

static void put_right(uint8_t *index, size_t size, const uint8_t *segment, size_t segment_size)
{
	uint8_t known[PREAMBLE_MAX];
	size_t begin = preamble(known);
	if (segment_size < begin || size < INDEX_HEAD)
		return;
	uint32_t mark = (uint32_t)crc32(0, segment, (unsigned)begin);
	put_le32(index + 12, mark);
	put_sum(index, INDEX_HEAD, mark);
	for (size_t at = INDEX_HEAD; at + INDEX_ROW <= size; at += INDEX_ROW)
		put_sum(index + at, INDEX_ROW, mark);
}

/* What is handed out is a capture, with as many frames as were told; in order, unless an index lies
 * about times. */
static void check(const struct files *f, const struct packets_question *q, bool ordered)
{
	static char room[ROOM];
	struct packets_found found;
	struct capture_frame frame;
	struct err e = { 0 };
	int fd = memfd_create("found", MFD_CLOEXEC);
	struct out o = out_fd(fd, room, sizeof room);
	int r = packets_find(f, q, &o, &found, &e);
	assert(r == 0);
	assert(found.bytes <= ROOM);
	r = out_flush(&o, &e);
	assert(r == 0);
	lseek(fd, 0, SEEK_SET);
	struct capture *c = capture_open(fd, "found", &e);
	assert(c);
	uint64_t frames = 0;
	int64_t last = INT64_MIN;
	while ((r = capture_next(c, &frame, &e)) == 1) {
		assert(frame.at_ns >= q->from_ns && (!ordered || frame.at_ns >= last));
		last = frame.at_ns;
		frames++;
	}
	assert(r == 0 && !capture_state(c)->truncated);
	assert(frames == found.frames);
	capture_close(c);
}

static void put_files(const struct files *f, const uint8_t *bytes, size_t size)
{
	static uint8_t segment[ROOM], index[ROOM];
	struct cur c = cur_of(bytes, size < ROOM / 2 ? size : ROOM / 2);
	struct err e;
	uint8_t how = cur_u8(&c);
	size_t begin = how & BEGINS ? preamble(segment) : 0;
	struct cur rest = cur_upto(&c, cur_be16(&c));
	if (!cur_ok(&rest))
		return;
	memcpy(segment + begin, rest.at, rest.left);
	memcpy(index, c.at, c.left);
	if (how & SUMS)
		put_right(index, c.left, segment, begin + rest.left);
	if (files_put(f, "00000001.pcapng", segment, begin + rest.left, &e) < 0 ||
		files_put(f, "00000001.index", index, c.left, &e) < 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const char *const names[] = { "eth1" };
	const struct packets_config config = { PACKETS_LIMIT_LEAST, names, 1 };
	struct packets_question all = { .from_ns = INT64_MIN };
	struct packets_question some = { .from_ns = 0, .to_ns = INT64_MAX, .host_count = 1 };
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct packets_held held;
	struct packets *p;
	struct err e = { 0 };
	bool ordered = !size || !(bytes[0] & SUMS);
	put_files(&f, bytes, size);
	bool read = packets_host_read("10.0.0.1", &some.hosts[0]);
	assert(read);
	check(&f, &all, ordered);
	check(&f, &some, ordered);
	int r = packets_look(&f, &held, &e);
	assert(r == 0);
	r = packets_open(&p, &f, &config, &e);
	assert(r == 0);
	struct sense_frame frame = { bytes, size < 2000 ? (uint32_t)size : 2000, 2000,
		LINK_ETHERNET, 1, 1 };
	packets_put(p, 0, &frame, 1, 1);
	packets_close(p, 1);
	check(&f, &all, ordered);
	check(&f, &some, ordered);
	disk_free(d);
	return 0;
}
