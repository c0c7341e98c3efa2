#include "capture_build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

void image_done(struct image *m)
{
	free(m->bytes);
	*m = (struct image){ 0 };
}

static uint8_t *grow(struct image *m, size_t size)
{
	if (m->size + size > m->room) {
		m->room = (m->size + size) * 2;
		m->bytes = realloc(m->bytes, m->room);
		assert(m->bytes);
	}
	m->size += size;
	return m->bytes + m->size - size;
}

void put_bytes(struct image *m, const void *bytes, size_t size)
{
	if (size)
		memcpy(grow(m, size), bytes, size);
}

void put_fill(struct image *m, size_t size, uint8_t seed)
{
	if (size)
		memset(grow(m, size), seed, size);
}

void put16(struct image *m, uint16_t v)
{
	v = m->big ? __builtin_bswap16(v) : v; /* the tests run on little-endian machines */
	put_bytes(m, &v, sizeof v);
}

void put32(struct image *m, uint32_t v)
{
	v = m->big ? __builtin_bswap32(v) : v;
	put_bytes(m, &v, sizeof v);
}

void put_file_header(struct image *m, uint32_t magic, uint32_t linktype)
{
	put32(m, magic);
	put16(m, 2);
	put16(m, 4);
	put32(m, 0);
	put32(m, 0);
	put32(m, 262144);
	put32(m, linktype);
}

void put_record(struct image *m, uint32_t seconds, uint32_t fraction, uint32_t size, uint32_t wire)
{
	put32(m, seconds);
	put32(m, fraction);
	put32(m, size);
	put32(m, wire);
}

size_t block_begin(struct image *m, uint32_t type)
{
	size_t start = m->size;
	put32(m, type);
	put32(m, 0);
	return start;
}

void block_end(struct image *m, size_t start)
{
	while (m->size % 4)
		put_fill(m, 1, 0);
	uint32_t size = (uint32_t)(m->size - start + 4);
	put32(m, size);
	memcpy(m->bytes + start + 4, m->bytes + m->size - 4, 4);
}

void put_section(struct image *m)
{
	size_t start = block_begin(m, 0x0a0d0d0a);
	put32(m, 0x1a2b3c4d);
	put16(m, 1);
	put16(m, 0);
	put32(m, UINT32_MAX); /* section length: not stated */
	put32(m, UINT32_MAX);
	block_end(m, start);
}

void put_interface(
	struct image *m, uint16_t linktype, uint32_t snap, int resolution, int64_t offset)
{
	size_t start = block_begin(m, 1);
	put16(m, linktype);
	put16(m, 0);
	put32(m, snap);
	put16(m, 2); /* if_name */
	put16(m, 4);
	put_bytes(m, "eth0", 4);
	if (resolution >= 0) {
		put16(m, 9);
		put16(m, 1);
		put_fill(m, 1, (uint8_t)resolution);
		put_fill(m, 3, 0);
	}
	if (offset) {
		put16(m, 14);
		put16(m, 8);
		uint64_t wire = m->big ? __builtin_bswap64((uint64_t)offset) : (uint64_t)offset;
		put_bytes(m, &wire, sizeof wire);
	}
	put16(m, 0);
	put16(m, 0);
	block_end(m, start);
}

void put_enhanced(struct image *m, uint32_t interface, uint64_t ticks, uint32_t size, uint32_t wire)
{
	size_t start = block_begin(m, 6);
	put32(m, interface);
	put32(m, (uint32_t)(ticks >> 32));
	put32(m, (uint32_t)ticks);
	put32(m, size);
	put32(m, wire);
	put_fill(m, size, (uint8_t)size);
	block_end(m, start);
}

struct image packed_gzip(const struct image *m, size_t from, size_t size)
{
	struct image packed = { 0 };
	z_stream z = { 0 };
	int r = deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	assert(r == Z_OK);
	size_t room = deflateBound(&z, size) + 32;
	z.next_in = m->bytes + from;
	z.avail_in = (uInt)size;
	z.next_out = grow(&packed, room);
	z.avail_out = (uInt)room;
	r = deflate(&z, Z_FINISH);
	assert(r == Z_STREAM_END);
	packed.size = z.total_out;
	deflateEnd(&z);
	return packed;
}

struct image packed_zstd(const struct image *m, size_t from, size_t size, int window_log)
{
	struct image packed = { 0 };
	ZSTD_CCtx *z = ZSTD_createCCtx();
	if (window_log)
		ZSTD_CCtx_setParameter(z, ZSTD_c_windowLog, window_log);
	size_t room = ZSTD_compressBound(size) + 32;
	ZSTD_inBuffer in = { m->bytes + from, size, 0 };
	ZSTD_outBuffer out = { grow(&packed, room), room, 0 };
	/* Begun before the size is known, so that the frame states its window. */
	size_t r = ZSTD_compressStream2(
		z, &out, &(ZSTD_inBuffer){ m->bytes + from, 0, 0 }, ZSTD_e_flush);
	assert(!ZSTD_isError(r));
	r = ZSTD_compressStream2(z, &out, &in, ZSTD_e_end);
	assert(r == 0);
	packed.size = out.pos;
	ZSTD_freeCCtx(z);
	return packed;
}

int image_file(const struct image *m, size_t size)
{
	int fd = memfd_create("capture", MFD_CLOEXEC);
	assert(fd >= 0);
	ssize_t n = write(fd, m->bytes, size);
	assert(n == (ssize_t)size);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

int image_pipe(const struct image *m, size_t size, size_t step)
{
	int ends[2];
	int r = pipe(ends);
	assert(r == 0);
	if (fork() == 0) {
		close(ends[0]);
		for (size_t at = 0; at < size;) {
			ssize_t n =
				write(ends[1], m->bytes + at, size - at < step ? size - at : step);
			if (n < 0)
				break;
			at += (size_t)n;
		}
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}
