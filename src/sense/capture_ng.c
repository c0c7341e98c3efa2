/* pcapng: draft-ietf-opsawg-pcapng.  Blocks that carry frames or describe interfaces are read,
 * all others are passed over.  A new section forgets the interfaces of the one before. */
#include <errno.h>
#include <stdlib.h>

#include "base/attr.h"
#include "sense/capture_inside.h"

/* 10.1: types of blocks */
enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET = 2, /* obsolete, appendix A */
	BLOCK_SIMPLE = 3,
	BLOCK_ENHANCED = 6,
};

enum {
	BLOCK_MIN = 12, /* type, length, length again */
	SECTION_MIN = 28,
	INTERFACE_MIN = 20,
	FRAME_MIN = 32, /* enhanced and obsolete packet blocks */
	SIMPLE_MIN = 16,
	OPTION_END = 0,
	OPTION_RESOLUTION = 9, /* 4.2: if_tsresol */
	OPTION_OFFSET = 14,    /* if_tsoffset, seconds */
};

static COLD int bad_block(struct capture *c, const char *why, struct err *e)
{
	err_set(e, -EINVAL, "%s: pcapng block at byte %llu (after frame %llu) %s", c->name,
		(unsigned long long)capture_offset(c), (unsigned long long)c->state.packets, why);
	return capture_impossible(c, e);
}

static COLD int unknown_interface(struct capture *c, uint32_t interface, struct err *e)
{
	err_set(e, -EINVAL,
		"%s: frame %llu at byte %llu is of interface %u, which nothing before it describes",
		c->name, (unsigned long long)c->state.packets + 1,
		(unsigned long long)capture_offset(c), interface);
	return capture_impossible(c, e);
}

static int need(struct capture *c, size_t n, struct err *e)
{
	int r = window_need(c, n, e);
	if (r == 0)
		return capture_ended(c);
	if (r < 0)
		return capture_failed(c, e);
	return 1;
}

static void set_resolution(struct capture_interface *of, uint8_t resolution)
{
	unsigned exponent = resolution & 0x7f;
	of->tick_ns = of->finer = 0;
	of->binary = 0;
	if (resolution & 0x80) {
		of->binary = (uint8_t)exponent;
		if (exponent == 0)
			of->tick_ns = 1000000000;
		return;
	}
	uint64_t power = 1;
	for (unsigned i = exponent < 9 ? exponent : 9; i < 9; i++)
		power *= 10;
	if (exponent <= 9) {
		of->tick_ns = power;
		return;
	}
	/* Finer than 10^-19 s, 64 bits of ticks are less than two seconds: nobody means that. */
	for (unsigned i = 9; i < exponent && i < 28; i++)
		power *= 10;
	of->finer = power;
}

static int64_t time_of(const struct capture_interface *of, uint64_t ticks)
{
	uint64_t ns;
	if (LIKELY(of->tick_ns)) {
		ns = ticks * of->tick_ns;
	} else if (of->finer) {
		ns = ticks / of->finer;
	} else {
		__extension__ typedef unsigned __int128 wide;
		unsigned shift = of->binary;
		uint64_t seconds = shift < 64 ? ticks >> shift : 0;
		uint64_t rest = shift < 64 ? ticks & ((UINT64_C(1) << shift) - 1) : ticks;
		ns = seconds * 1000000000 + (uint64_t)((wide)rest * 1000000000 >> shift);
	}
	return (int64_t)(ns + (uint64_t)of->offset_ns);
}

static void read_options(struct capture_interface *of, const uint8_t *at, size_t left, bool swapped)
{
	while (left >= 4) {
		uint16_t code = load16(at, swapped);
		size_t size = load16(at + 2, swapped);
		size_t padded = (size + 3) & ~(size_t)3;
		at += 4;
		left -= 4;
		if (code == OPTION_END || padded > left)
			return;
		if (code == OPTION_RESOLUTION && size == 1)
			set_resolution(of, at[0]);
		if (code == OPTION_OFFSET && size == 8) {
			uint64_t seconds;
			memcpy(&seconds, at, sizeof seconds);
			seconds = swapped ? __builtin_bswap64(seconds) : seconds;
			of->offset_ns = (int64_t)(seconds * 1000000000);
		}
		at += padded;
		left -= padded;
	}
}

/* 4.2 */
static int interface_block(struct capture *c, uint32_t size, struct err *e)
{
	if (c->interface_count == INTERFACES_MAX)
		return bad_block(c, "describes interface 4097 of a section; 4096 is the limit", e);
	struct capture_interface *of = &c->interfaces[c->interface_count++];
	*of = (struct capture_interface){
		.linktype = load16(c->at + 8, c->swapped),
		.snap_size = load32(c->at + 12, c->swapped),
	};
	set_resolution(of, 6); /* microseconds where nothing else is said */
	read_options(of, c->at + 16, size - INTERFACE_MIN, c->swapped);
	c->at += size;
	return 1;
}

/* 4.1: also what says in which byte order everything after it stands, its own length included. */
static int section_block(struct capture *c, struct err *e)
{
	int r = need(c, SECTION_MIN, e);
	if (r <= 0)
		return r;
	bool swapped = load32(c->at + 8, false) == 0x4d3c2b1a;
	if (load32(c->at + 8, swapped) != 0x1a2b3c4d)
		return bad_block(c, "begins a section without a byte-order mark", e);
	uint32_t size = load32(c->at + 4, swapped);
	if (size < SECTION_MIN || size > WINDOW || size % 4 != 0)
		return bad_block(c, "begins a section with an impossible length", e);
	uint16_t major = load16(c->at + 12, swapped);
	if (major != 1) {
		err_set(e, -EINVAL, "%s: is a pcapng file of version %u.%u; weir reads version 1",
			c->name, major, load16(c->at + 14, swapped));
		err_try(e, "editcap -F pcap '%s' new.pcap", c->name);
		return capture_failed(c, e);
	}
	c->swapped = swapped;
	c->interface_base += c->interface_count;
	c->interface_count = 0;
	return (int)size;
}

/* Passes over a block whose content nobody needs, however long it is, but not over its end. */
static int pass_over(struct capture *c, uint32_t size, struct err *e)
{
	uint64_t start = capture_offset(c);
	int r = window_skip(c, size - 4, e);
	if (r > 0)
		r = window_need(c, 4, e);
	if (r < 0)
		return capture_failed(c, e);
	if (r == 0) {
		capture_ended(c);
		c->state.truncated = true;
		return 0;
	}
	if (load32(c->at, c->swapped) != size) {
		err_set(e, -EINVAL,
			"%s: pcapng block at byte %llu (after frame %llu) ends with another length "
			"than it begins with",
			c->name, (unsigned long long)start, (unsigned long long)c->state.packets);
		return capture_impossible(c, e);
	}
	c->at += 4;
	return 1;
}

static inline void hand_out(struct capture *c, struct capture_frame *out, uint32_t interface,
	uint32_t header, uint32_t size, uint32_t wire_size)
{
	out->bytes = c->at + header;
	out->size = size;
	out->wire_size = wire_size > size ? wire_size : size;
	out->linktype = c->interfaces[interface].linktype;
	out->at_ns = c->last_ns;
	out->interface = c->interface_base + interface;
	c->state.packets++;
	c->state.bytes += size;
}

/* 4.3 and appendix A: both have the same layout but for the interface's width. */
static inline int frame_block(struct capture *c, struct capture_frame *out, uint32_t size,
	uint32_t interface, struct err *e)
{
	bool swapped = c->swapped;
	uint32_t frame_size = load32(c->at + 20, swapped);
	if (RARELY(interface >= c->interface_count))
		return unknown_interface(c, interface, e);
	if (RARELY(frame_size > size - FRAME_MIN))
		return bad_block(c, "holds a frame longer than itself", e);
	if (RARELY(frame_size > FRAME_MAX))
		return bad_block(c, "holds a frame of over 262144 bytes", e);
	uint64_t ticks = (uint64_t)load32(c->at + 12, swapped) << 32 | load32(c->at + 16, swapped);
	c->last_ns = time_of(&c->interfaces[interface], ticks);
	hand_out(c, out, interface, 28, frame_size, load32(c->at + 24, swapped));
	c->at += size;
	return 1;
}

/* 4.4: no time and no captured size in it; the time of the frame before stands in. */
static int simple_block(struct capture *c, struct capture_frame *out, uint32_t size, struct err *e)
{
	if (c->interface_count == 0)
		return unknown_interface(c, 0, e);
	uint32_t wire_size = load32(c->at + 8, c->swapped);
	uint32_t frame_size = size - SIMPLE_MIN;
	uint32_t snap_size = c->interfaces[0].snap_size;
	if (frame_size > wire_size)
		frame_size = wire_size;
	if (snap_size && frame_size > snap_size)
		frame_size = snap_size;
	if (frame_size > FRAME_MAX)
		return bad_block(c, "holds a frame of over 262144 bytes", e);
	hand_out(c, out, 0, 12, frame_size, wire_size);
	c->at += size;
	return 1;
}

static uint32_t smallest(uint32_t type)
{
	switch (type) {
	case BLOCK_ENHANCED:
	case BLOCK_PACKET:
		return FRAME_MIN;
	case BLOCK_SIMPLE:
		return SIMPLE_MIN;
	case BLOCK_INTERFACE:
		return INTERFACE_MIN;
	default:
		return BLOCK_MIN;
	}
}

static bool is_needed(uint32_t type)
{
	return type == BLOCK_ENHANCED || type == BLOCK_PACKET || type == BLOCK_SIMPLE ||
		type == BLOCK_INTERFACE;
}

static int ng_next(struct capture *c, struct capture_frame *out, struct err *e)
{
	for (;;) {
		int r;
		if (RARELY(window_left(c) < BLOCK_MIN) && (r = need(c, BLOCK_MIN, e)) <= 0)
			return r;
		uint32_t type = load32(c->at, c->swapped);
		if (RARELY(type == BLOCK_SECTION)) {
			if ((r = section_block(c, e)) <= 0 ||
				(r = pass_over(c, (uint32_t)r, e)) <= 0)
				return r;
			continue;
		}
		uint32_t size = load32(c->at + 4, c->swapped);
		if (RARELY(size < smallest(type) || size % 4 != 0))
			return bad_block(c, "has an impossible length", e);
		if (RARELY(!is_needed(type))) {
			c->state.skipped_blocks++;
			if ((r = pass_over(c, size, e)) <= 0)
				return r;
			continue;
		}
		if (RARELY(size > WINDOW))
			return bad_block(c, "claims over 1 MiB for one frame", e);
		if (RARELY(window_left(c) < size) && (r = need(c, size, e)) <= 0)
			return r;
		if (RARELY(load32(c->at + size - 4, c->swapped) != size))
			return bad_block(c, "ends with another length than it begins with", e);
		if (LIKELY(type == BLOCK_ENHANCED))
			return frame_block(c, out, size, load32(c->at + 8, c->swapped), e);
		if (type == BLOCK_PACKET)
			return frame_block(c, out, size, load16(c->at + 8, c->swapped), e);
		if (type == BLOCK_SIMPLE)
			return simple_block(c, out, size, e);
		if ((r = interface_block(c, size, e)) <= 0)
			return r;
	}
}

static bool ng_at_hand(const struct capture *c)
{
	size_t left = window_left(c);
	return left >= BLOCK_MIN && load32(c->at, c->swapped) == BLOCK_ENHANCED &&
		left >= load32(c->at + 4, c->swapped);
}

int capture_ng_open(struct capture *c, struct err *e)
{
	c->interfaces = calloc(INTERFACES_MAX, sizeof *c->interfaces);
	if (!c->interfaces)
		return err_set(e, -ENOMEM, "%s: no memory to read it", c->name);
	c->next = ng_next;
	c->at_hand = ng_at_hand;
	int r = window_need(c, SECTION_MIN, e);
	if (r == 0) {
		err_set(e, -EINVAL, "%s: ends inside the header of a pcapng file: %zu bytes",
			c->name, window_left(c));
		return err_try(e, "copy or record it again: nothing of it is here");
	}
	if (r > 0)
		r = section_block(c, e);
	if (r < 0)
		return r;
	c->interface_base = 0;
	return 0;
}
