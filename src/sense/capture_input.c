/* Bytes of a capture: read(2), unpacked where the file is gzip (RFC 1952) or zstd (RFC 8878). */
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "sense/capture_inside.h"

/* How often an idle pipe looks up, since a signal may come just before it waits; and how long
 * whoever writes into it, and was told to stop by the same key, has for what he still holds. */
enum { LOOK_MS = 200 };
#define GRACE (CLOCK_SECOND)

static bool is_over(struct capture *c)
{
	if (!interrupted())
		return false;
	if (c->state.file_size)
		return true;
	int64_t now = clock_monotonic();
	if (!c->input.until_ns)
		c->input.until_ns = now + GRACE;
	return now >= c->input.until_ns;
}

/* A file is always ready.  False: there has been enough. */
static bool wait_for_input(struct capture *c)
{
	while (!is_over(c)) {
		struct pollfd ready = { .fd = c->input.fd, .events = POLLIN };
		if (c->state.file_size || poll(&ready, 1, LOOK_MS) > 0)
			return true;
	}
	return false;
}

static long file_read(struct capture *c, uint8_t *to, size_t room, struct err *e)
{
	if (c->input.file_ended)
		return 0;
	for (;;) {
		if (!wait_for_input(c)) {
			c->input.file_ended = c->state.stopped = true;
			return 0;
		}
		ssize_t n = read(c->input.fd, to, room);
		if (n >= 0) {
			c->input.file_ended = n == 0;
			c->state.file_bytes += (uint64_t)n;
			return n;
		}
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(e, "%s: read", c->name);
	}
}

/* More packed bytes; 0 at the end of the file. */
static long packed_fill(struct capture *c, struct err *e)
{
	struct capture_input *in = &c->input;
	assert(in->packed_at == in->packed_end);
	long n = file_read(c, in->packed, PACKED_SIZE, e);
	if (n < 0)
		return n;
	in->packed_at = 0;
	in->packed_end = (size_t)n;
	if (n == 0) {
		in->ended = true;
		in->cut = !in->between;
	}
	return n;
}

static int damaged(struct capture *c, const char *packing, const char *why, struct err *e)
{
	err_set(e, -EINVAL, "%s: %s data is damaged before byte %llu of the file: %s", c->name,
		packing, (unsigned long long)c->state.file_bytes, why ? why : "no reason given");
	return err_try(e, "%s -t '%s'", packing, c->name);
}

static long gzip_read(struct capture *c, uint8_t *to, size_t room, struct err *e)
{
	struct capture_input *in = &c->input;
	for (;;) {
		if (in->packed_at == in->packed_end && in->between) {
			long n = packed_fill(c, e);
			if (n <= 0)
				return n;
		}
		if (in->between) {
			/* Tools pad the last member with zeros; what is no member is no capture. */
			if (in->packed[in->packed_at] != 0x1f) {
				in->ended = true;
				return 0;
			}
			inflateReset(in->gzip);
			in->between = false;
		}
		in->gzip->next_in = in->packed + in->packed_at;
		in->gzip->avail_in = (uInt)(in->packed_end - in->packed_at);
		in->gzip->next_out = to;
		in->gzip->avail_out = (uInt)room;
		int r = inflate(in->gzip, Z_NO_FLUSH);
		in->packed_at = in->packed_end - in->gzip->avail_in;
		size_t made = room - in->gzip->avail_out;
		if (r == Z_STREAM_END)
			in->between = true;
		else if (r != Z_OK && r != Z_BUF_ERROR && made == 0)
			return damaged(c, "gzip", in->gzip->msg, e);
		if (made > 0)
			return (long)made;
		if (!in->between && in->packed_at == in->packed_end) {
			long n = packed_fill(c, e);
			if (n <= 0)
				return n;
		}
	}
}

static long zstd_read(struct capture *c, uint8_t *to, size_t room, struct err *e)
{
	struct capture_input *in = &c->input;
	for (;;) {
		if (in->packed_at == in->packed_end && in->between) {
			long n = packed_fill(c, e);
			if (n <= 0)
				return n;
		}
		ZSTD_inBuffer from = { in->packed, in->packed_end, in->packed_at };
		ZSTD_outBuffer out = { to, room, 0 };
		size_t r = ZSTD_decompressStream(in->zstd, &out, &from);
		in->packed_at = from.pos;
		if (ZSTD_getErrorCode(r) == ZSTD_error_frameParameter_windowTooLarge) {
			err_set(e, -EFBIG,
				"%s: is packed with a zstd window over 8 MiB, more than weir keeps",
				c->name);
			return err_try(e, "zstd -dc --long=31 '%s' | weir look -", c->name);
		}
		if (ZSTD_isError(r))
			return damaged(c, "zstd", ZSTD_getErrorName(r), e);
		in->between = r == 0;
		if (out.pos > 0)
			return (long)out.pos;
		if (!in->between && in->packed_at == in->packed_end) {
			long n = packed_fill(c, e);
			if (n <= 0)
				return n;
		}
	}
}

long input_read(struct capture *c, uint8_t *to, size_t room, struct err *e)
{
	if (c->input.ended)
		return 0;
	switch (c->input.packing) {
	case PACKING_GZIP:
		return gzip_read(c, to, room, e);
	case PACKING_ZSTD:
		return zstd_read(c, to, room, e);
	case PACKING_NONE:
		break;
	}
	long n = file_read(c, to, room, e);
	c->input.ended = n == 0;
	return n;
}

int window_need(struct capture *c, size_t n, struct err *e)
{
	assert(n <= WINDOW);
	size_t have = window_left(c);
	if (have >= n)
		return 1;
	c->window_offset += (uint64_t)(c->at - c->window);
	memmove(c->window, c->at, have);
	c->at = c->window;
	c->end = c->window + have;
	while (have < n) {
		size_t room = WINDOW - have < READ_SIZE ? WINDOW - have : READ_SIZE;
		long got = input_read(c, c->window + have, room, e);
		if (got <= 0)
			return (int)got;
		have += (size_t)got;
		c->end = c->window + have;
	}
	return 1;
}

int window_skip(struct capture *c, uint64_t n, struct err *e)
{
	for (;;) {
		size_t have = window_left(c);
		if (n <= have) {
			c->at += n;
			return 1;
		}
		n -= have;
		c->at = c->end;
		int r = window_need(c, 1, e);
		if (r <= 0)
			return r;
	}
}

/* The bytes read so far turn out to be packed: they become the unpacker's first bytes. */
static int unpack_with(struct capture *c, enum packing packing, struct err *e)
{
	struct capture_input *in = &c->input;
	in->packed = malloc(PACKED_SIZE);
	if (!in->packed)
		return err_set(e, -ENOMEM, "%s: no memory to unpack it", c->name);
	in->packed_end = window_left(c);
	assert(in->packed_end <= PACKED_SIZE);
	memcpy(in->packed, c->at, in->packed_end);
	c->at = c->end = c->window;
	in->packing = packing;
	in->between = true;
	if (packing == PACKING_GZIP) {
		in->gzip = calloc(1, sizeof *in->gzip);
		/* 15 + 16: the largest window, gzip wrapping only */
		if (!in->gzip || inflateInit2(in->gzip, 15 + 16) != Z_OK)
			return err_set(e, -ENOMEM, "%s: no memory to unpack it", c->name);
	} else {
		in->zstd = ZSTD_createDCtx();
		if (!in->zstd)
			return err_set(e, -ENOMEM, "%s: no memory to unpack it", c->name);
		ZSTD_DCtx_setParameter(in->zstd, ZSTD_d_windowLogMax, PACKED_WINDOW_LOG);
	}
	return 0;
}

int input_unpack(struct capture *c, struct err *e)
{
	/* The first read is small: it may have to move into the unpacker's buffer. */
	while (window_left(c) < 4) {
		size_t have = window_left(c);
		long got = input_read(c, c->window + have, PACKED_SIZE - have, e);
		if (got < 0)
			return (int)got;
		if (got == 0)
			return 0;
		c->end += got;
	}
	if (c->at[0] == 0x1f && c->at[1] == 0x8b) /* RFC 1952, 2.3.1 */
		return unpack_with(c, PACKING_GZIP, e);
	uint32_t magic = (uint32_t)c->at[0] | (uint32_t)c->at[1] << 8 | (uint32_t)c->at[2] << 16 |
		(uint32_t)c->at[3] << 24;
	/* RFC 8878, 3.1.1 and 3.1.2: a frame, or one to skip before it */
	if (magic == 0xfd2fb528 || (magic & 0xfffffff0) == 0x184d2a50)
		return unpack_with(c, PACKING_ZSTD, e);
	return 0;
}

void input_done(struct capture_input *in)
{
	if (in->gzip)
		inflateEnd(in->gzip);
	free(in->gzip);
	ZSTD_freeDCtx(in->zstd);
	free(in->packed);
}
