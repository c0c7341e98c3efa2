/* Capture files as a stream of frames: pcap and pcapng of any size, byte order and resolution,
 * plain or gzip or zstd compressed, from a file or standard input.  Nothing is seeked, nothing is
 * mapped: memory is one window, whatever the file's size.
 *
 * Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng; LINKTYPE_ values as registered there.
 */
#ifndef SENSE_CAPTURE_H
#define SENSE_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct capture;

struct capture_frame {
	const uint8_t *bytes; /* good until the next capture_next that was not at hand */
	uint32_t size, wire_size;
	int linktype;
	int64_t at_ns;
	uint32_t interface;
};

/* How the stream stands, for progress and for the report. */
struct capture_state {
	uint64_t packets, bytes; /* frames handed out, captured bytes of them */
	uint64_t file_bytes;     /* read from the file so far, as stored */
	uint64_t file_size;      /* 0 where nobody knows (a pipe) */
	bool truncated;          /* the file ends in the middle of a record */
	bool stopped;            /* interrupted before its end (base/interrupt.h) */
	uint64_t skipped_blocks; /* pcapng blocks nobody needs */
	uint64_t bad_blocks;     /* records or blocks with impossible lengths */
	const char *format;      /* "pcap", "pcapng", "pcapng, gzip" */
};

/* Takes the descriptor over.  `name` is for messages and is kept by pointer.  Reads the first
 * header: what is no capture is refused here with -EINVAL and a sentence that says what it looks
 * like. */
struct capture *capture_open(int fd, const char *name, struct err *e);
/* 1 a frame; 0 the end (state.truncated says whether a whole one); negative: the rest cannot be
 * read. */
int capture_next(struct capture *c, struct capture_frame *out, struct err *e);
/* The next frame lies whole in the window: capture_next moves nothing. */
bool capture_at_hand(const struct capture *c);
const struct capture_state *capture_state(const struct capture *c);
void capture_close(struct capture *c);

/* --- before they are read: which comes first, which comes twice ---------------------------------
 * Of regular files only; the descriptors stay where they stood. */
struct capture_first {
	int64_t at_ns;
	uint64_t mark; /* another mark, another frame */
	int linktype;
};
bool capture_first(int fd, struct capture_first *out); /* false: no frame, or no file */

enum capture_shared {
	CAPTURES_DIFFER,
	CAPTURE_WITHIN_OTHER, /* all frames of the first stand at the beginning of the other */
	CAPTURE_HOLDS_OTHER,  /* or the other way round, and where both are the same */
};
enum capture_shared capture_compare(int fd, int other);

#endif
