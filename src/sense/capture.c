/* Opening a capture, and the classic format: draft-ietf-opsawg-pcap.
 *
 * The record loop is what every byte of a capture goes through, so it is compiled once for each
 * byte order and age, and touches nothing but the window on its way. */
#include "sense/capture.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "sense/capture_inside.h"

enum {
	FILE_HEADER = 24, /* 4: magic, version, two unused, snap length, link type */
	MAGIC_MICRO = (int)0xa1b2c3d4,
	MAGIC_NANO = (int)0xa1b23c4d,
	MAGIC_MODIFIED = (int)0xa1b2cd34, /* A. Kuznetzov's: 8 bytes more in each record header */
	MAGIC_NG = 0x0a0d0d0a,            /* reads the same in both orders */
};

static int next_over(struct capture *c, struct capture_frame *out, struct err *e)
{
	(void)out;
	if (c->failure.code)
		*e = c->failure;
	return c->failure.code;
}

static bool none_at_hand(const struct capture *c)
{
	(void)c;
	return false;
}

int capture_ended(struct capture *c)
{
	c->state.truncated = !c->state.stopped && (c->input.cut || window_left(c) > 0);
	c->next = next_over;
	c->at_hand = none_at_hand;
	return 0;
}

int capture_failed(struct capture *c, const struct err *e)
{
	c->failure = *e;
	c->next = next_over;
	c->at_hand = none_at_hand;
	return e->code;
}

int capture_impossible(struct capture *c, struct err *e)
{
	c->state.bad_blocks++;
	err_try(e, "what stands before it was read; pcapfix may find more in '%s'", c->name);
	return capture_failed(c, e);
}

static COLD int too_large(struct capture *c, uint32_t size, struct err *e)
{
	err_set(e, -EINVAL, "%s: frame %llu at byte %llu claims %u bytes, a frame has at most %d",
		c->name, (unsigned long long)c->state.packets + 1,
		(unsigned long long)capture_offset(c), size, FRAME_MAX);
	return capture_impossible(c, e);
}

/* The window was too short for n bytes and has been filled, or the capture is over. */
static COLD int refill(struct capture *c, size_t n, struct err *e)
{
	int r = window_need(c, n, e);
	if (r == 0)
		return capture_ended(c);
	if (r < 0)
		return capture_failed(c, e);
	return 1;
}

static inline __attribute__((always_inline)) int classic_next(
	struct capture *c, struct capture_frame *out, struct err *e, bool swapped, bool old)
{
	size_t header = c->record_header;
	if (RARELY(window_left(c) < header)) {
		int r = refill(c, header, e);
		if (r != 1)
			return r;
	}
	uint32_t size = load32(c->at + 8, swapped);
	if (old && load32(c->at + 12, swapped) < size) /* the other way round before 2.4 */
		size = load32(c->at + 12, swapped);
	if (RARELY(size > FRAME_MAX))
		return too_large(c, size, e);
	if (RARELY(window_left(c) < header + size)) {
		int r = refill(c, header + size, e);
		if (r != 1)
			return r;
	}
	const uint8_t *at = c->at;
	uint32_t wire_size =
		load32(at + (old && load32(at + 12, swapped) == size ? 8 : 12), swapped);
	out->bytes = at + header;
	out->size = size;
	out->wire_size = wire_size > size ? wire_size : size;
	out->linktype = c->linktype;
	out->at_ns = (int64_t)load32(at, swapped) * 1000000000 +
		(int64_t)load32(at + 4, swapped) * c->fraction_ns;
	out->interface = 0;
	c->at = at + header + size;
	c->state.packets++;
	c->state.bytes += size;
	return 1;
}

static int next_native(struct capture *c, struct capture_frame *out, struct err *e)
{
	return classic_next(c, out, e, false, false);
}

static int next_swapped(struct capture *c, struct capture_frame *out, struct err *e)
{
	return classic_next(c, out, e, true, false);
}

static int next_old_native(struct capture *c, struct capture_frame *out, struct err *e)
{
	return classic_next(c, out, e, false, true);
}

static int next_old_swapped(struct capture *c, struct capture_frame *out, struct err *e)
{
	return classic_next(c, out, e, true, true);
}

static bool classic_at_hand(const struct capture *c)
{
	size_t left = window_left(c), header = c->record_header;
	return left >= header && left - header >= load32(c->at + 8, c->swapped);
}

static int classic_open(struct capture *c, uint32_t magic, struct err *e)
{
	int r = window_need(c, FILE_HEADER, e);
	if (r < 0)
		return r;
	if (r == 0) {
		err_set(e, -EINVAL, "%s: ends inside the header of a pcap file: %zu of %d bytes",
			c->name, window_left(c), FILE_HEADER);
		return err_try(e, "copy or record it again: nothing of it is here");
	}
	bool swapped = load32(c->at, false) != magic;
	uint16_t major = load16(c->at + 4, swapped);
	if (major != 2) {
		err_set(e, -EINVAL, "%s: is a pcap file of version %u.%u; weir reads version 2",
			c->name, major, load16(c->at + 6, swapped));
		return err_try(e, "editcap -F pcap '%s' new.pcap", c->name);
	}
	/* 4: the upper half says how long the frame check sequence is, if there is one */
	c->linktype = (int)(load32(c->at + 20, swapped) & 0xffff);
	c->record_header = magic == (uint32_t)MAGIC_MODIFIED ? 24 : 16;
	c->fraction_ns = magic == (uint32_t)MAGIC_NANO ? 1 : 1000;
	c->next = swapped ? next_swapped : next_native;
	c->at_hand = classic_at_hand;
	c->swapped = swapped;
	if (load16(c->at + 6, swapped) < 4)
		c->next = swapped ? next_old_swapped : next_old_native;
	c->at += FILE_HEADER;
	return 0;
}

/* The end of a long name says more than its beginning. */
static void keep_name(struct capture *c, const char *name)
{
	size_t size = strlen(name);
	bool long_name = size >= sizeof c->name;
	snprintf(c->name, sizeof c->name, "%s%s", long_name ? "..." : "",
		long_name ? name + size - (sizeof c->name - 4) : name);
}

static int look_at_file(struct capture *c, struct err *e)
{
	struct stat st;
	if (fstat(c->input.fd, &st) < 0)
		return err_sys(e, "%s: look at it", c->name);
	if (S_ISDIR(st.st_mode)) {
		err_set(e, -EISDIR, "%s: is a directory, not a capture", c->name);
		return err_try(e, "weir look '%s'/*.pcap*", c->name);
	}
	if (isatty(c->input.fd)) {
		err_set(e, -EINVAL, "%s: is a terminal, not a capture", c->name);
		return err_try(e, "weir look --interface eth0");
	}
	if (S_ISREG(st.st_mode))
		c->state.file_size = (uint64_t)st.st_size;
	return 0;
}

static const char *format_name(bool ng, enum packing packing)
{
	static const char *const names[2][3] = {
		{ "pcap", "pcap, gzip", "pcap, zstd" },
		{ "pcapng", "pcapng, gzip", "pcapng, zstd" },
	};
	return names[ng][packing];
}

static int open_format(struct capture *c, struct err *e)
{
	int r = window_need(c, 4, e);
	if (r < 0)
		return r;
	if (r == 0)
		return capture_refuse(c, e);
	uint32_t magic = load32(c->at, false);
	c->state.format = format_name(magic == MAGIC_NG, c->input.packing);
	if (magic == MAGIC_NG)
		return capture_ng_open(c, e);
	for (int turn = 0; turn < 2; turn++, magic = __builtin_bswap32(magic)) {
		if (magic == (uint32_t)MAGIC_MICRO || magic == (uint32_t)MAGIC_NANO ||
			magic == (uint32_t)MAGIC_MODIFIED)
			return classic_open(c, magic, e);
	}
	return capture_refuse(c, e);
}

struct capture *capture_borrow(int fd, const char *name, struct err *e)
{
	struct capture *c = calloc(1, sizeof *c);
	if (!c) {
		err_set(e, -ENOMEM, "%s: no memory to read it", name);
		return NULL;
	}
	c->input.fd = fd;
	keep_name(c, name);
	c->window = malloc(WINDOW);
	c->at = c->end = c->window;
	if (!c->window) {
		err_set(e, -ENOMEM, "%s: no memory to read it", c->name);
		goto undo;
	}
	if (look_at_file(c, e) < 0 || input_unpack(c, e) < 0 || open_format(c, e) < 0)
		goto undo;
	return c;
undo:
	capture_return(c);
	return NULL;
}

struct capture *capture_open(int fd, const char *name, struct err *e)
{
	struct capture *c = capture_borrow(fd, name, e);
	if (!c)
		close(fd);
	return c;
}

int capture_next(struct capture *c, struct capture_frame *out, struct err *e)
{
	return c->next(c, out, e);
}

bool capture_at_hand(const struct capture *c)
{
	return c->at_hand(c);
}

const struct capture_state *capture_state(const struct capture *c)
{
	return &c->state;
}

void capture_return(struct capture *c)
{
	if (!c)
		return;
	input_done(&c->input);
	free(c->interfaces);
	free(c->window);
	free(c);
}

void capture_close(struct capture *c)
{
	if (c)
		close(c->input.fd);
	capture_return(c);
}
