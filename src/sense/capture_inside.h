/* The inside of the capture reader: one window of bytes, filled by the input, emptied by the
 * format.
 *
 * A frame is handed out where it lies in the window.  When the rest of the window is too short for
 * the next record, that rest moves to the front and the input fills up behind it. */
#ifndef SENSE_CAPTURE_INSIDE_H
#define SENSE_CAPTURE_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sense/capture.h"

enum {
	FRAME_MAX = 256 * 1024, /* MAXIMUM_SNAPLEN of libpcap: no Ethernet frame comes near it */
	WINDOW = 1024 * 1024,   /* the largest record, its options, and the filling behind it */
	READ_SIZE = 256 * 1024, /* small enough to stay in the second-level cache */
	PACKED_SIZE = 64 * 1024,
	INTERFACES_MAX = 4096,  /* of one section; real files have one to a dozen */
	PACKED_WINDOW_LOG = 23, /* zstd: 8 MiB of history, what every level but --ultra needs */
};

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD };

struct z_stream_s;
struct ZSTD_DCtx_s;

struct capture_input {
	int fd;
	enum packing packing;
	bool file_ended; /* read(2) said so */
	bool ended;
	bool between;     /* packed: no member is open */
	bool cut;         /* packed: the file ended inside a member */
	int64_t until_ns; /* interrupted: how long we wait for what a writer still holds */
	uint8_t *packed;
	size_t packed_at, packed_end;
	struct z_stream_s *gzip;
	struct ZSTD_DCtx_s *zstd;
};

struct capture_interface {
	uint64_t tick_ns; /* ns of one tick; 0: finer than that, see `finer` and `binary` */
	uint64_t finer;   /* ticks of one ns */
	uint8_t binary;   /* ticks are 2^-binary s */
	int64_t offset_ns;
	uint32_t snap_size; /* 0: no limit */
	int linktype;
};

struct capture {
	const uint8_t *at, *end; /* what of the window is not read yet */
	int (*next)(struct capture *c, struct capture_frame *out, struct err *e);
	bool (*at_hand)(const struct capture *c);
	size_t record_header; /* classic: 16, modified 24 */
	uint32_t fraction_ns; /* classic: ns of one unit of the fraction */
	int linktype;         /* classic */
	struct capture_state state;

	uint8_t *window;
	uint64_t window_offset; /* of the window's first byte in the (unpacked) stream */
	struct capture_input input;
	char name[96];      /* for messages: the end of it, when it is long */
	struct err failure; /* told again to who asks again */

	bool swapped; /* the byte order of this file, or section, is not ours */
	int64_t last_ns;
	uint32_t interface_base;  /* interfaces of the sections before */
	uint32_t interface_count; /* of this section */
	struct capture_interface *interfaces;
};

/* Makes n bytes stand at c->at.  1 they do; 0 the input ends before; negative: it cannot be read.
 */
int window_need(struct capture *c, size_t n, struct err *e);
/* Passes over n bytes, which may be more than the window holds; returns as window_need. */
int window_skip(struct capture *c, uint64_t n, struct err *e);

/* Bytes of the stream, unpacked; 0 at its end. */
long input_read(struct capture *c, uint8_t *to, size_t room, struct err *e);
int input_unpack(struct capture *c, struct err *e); /* looks at the window's first bytes */
void input_done(struct capture_input *in);          /* the descriptor stays open */

/* capture_open and capture_close that leave the descriptor to its owner. */
struct capture *capture_borrow(int fd, const char *name, struct err *e);
void capture_return(struct capture *c);

int capture_ended(struct capture *c); /* says 0 from now on, and whether the end was a cut */
int capture_failed(struct capture *c, const struct err *e); /* says e from now on */
/* Error for a record with a length that cannot be. */
int capture_impossible(struct capture *c, struct err *e);

int capture_ng_open(struct capture *c, struct err *e);
/* Sets the error that says what this is instead of a capture. */
int capture_refuse(struct capture *c, struct err *e);

static inline uint64_t capture_offset(const struct capture *c)
{
	return c->window_offset + (uint64_t)(c->at - c->window);
}

static inline size_t window_left(const struct capture *c)
{
	return (size_t)(c->end - c->at);
}

static inline uint16_t load16(const uint8_t *p, bool swapped)
{
	uint16_t v;
	memcpy(&v, p, sizeof v);
	return swapped ? __builtin_bswap16(v) : v;
}

static inline uint32_t load32(const uint8_t *p, bool swapped)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return swapped ? __builtin_bswap32(v) : v;
}

#endif
