/* Packets of the last while, on disk: frames as they came by, so that an alert can hand out those
 * around it.
 *
 * A store is a folder.  Its segments, 00000001.pcapng and so on, are capture files as any tool
 * reads them (draft-ietf-opsawg-pcapng); beside each lies an index, 00000001.index, which says for
 * every 64 KiB of the segment from when to when it is and which hosts may be in it.  An index is
 * a help: where it is missing or damaged, the segment itself is read.
 *
 * All files together stay below a limit: before it would be passed, the oldest segment goes.
 * Nothing is synced.  What was flushed survives the end of the process, and of a segment that was
 * cut short everything up to the cut is read; a writer begins a segment of its own.
 *
 * One process writes, any number read meanwhile; that a segment goes while they read is no error.
 * Whoever opens a store to write makes sure that he is alone (flock(2) of the folder). */
#ifndef SENSE_PACKETS_H
#define SENSE_PACKETS_H

#include "base/files.h"
#include "base/out.h"
#include "sense/sense.h"

enum {
	PACKETS_INTERFACES = 32,
	PACKETS_NAME = 64,          /* of an interface, with its NUL */
	PACKETS_FRAME = 256 * 1024, /* what the capture reader takes; more is not kept */
};

#define PACKETS_LIMIT_LEAST ((uint64_t)4 << 20)
/* Segments are a sixteenth of the limit, but never smaller or larger than these. */
#define PACKETS_SEGMENT_LEAST ((uint64_t)256 << 10)
#define PACKETS_SEGMENT_MOST  ((uint64_t)64 << 20)

/* --- keeping ---------------------------------------------------------------------------------- */

struct packets;

struct packets_config {
	uint64_t limit; /* bytes of all files together */
	const char *const *interfaces;
	unsigned interface_count;
};

/* Reads what is there already: those indexes that lack are made anew, four at most each time. */
int packets_open(struct packets **out, const struct files *f, const struct packets_config *config,
	struct err *e) MUST_USE;
/* Frames of an interface (a place in the list of the config).  `now` is the wall clock's. */
void packets_put(struct packets *p, unsigned interface, const struct sense_frame *frames,
	size_t count, int64_t now);
/* So many of it, in all, were lost before they came here: told in the segments. */
void packets_dropped(struct packets *p, unsigned interface, uint64_t count);
/* Brings to the system what was put: called at least once a second.  Negative: it cannot be
 * written, storing pauses, and each flush tries again; this is said once.  1: storing goes on after
 * a pause.  What no longer finds room meanwhile is lost, and counted. */
int packets_flush(struct packets *p, struct err *e) MUST_USE;
void packets_close(struct packets *p, int64_t now); /* ends the segment; may be NULL */

/* What there is, as far as indexes tell. */
struct packets_held {
	int64_t first_ns, last_ns; /* 0: no frame */
	uint64_t frames, bytes, segments;
	uint64_t lost; /* frames that were put and are not kept: no room, or of no known kind */
	bool paused;
};
void packets_held(const struct packets *p, struct packets_held *out);

/* --- reading ---------------------------------------------------------------------------------- */

/* An address of the innermost packet: of the link, or of the network. */
struct packets_host {
	bool is_mac;
	uint8_t mac[6];
	struct ip ip;
};
/* 10.1.2.3, fe80::1 or 00:0c:29:11:22:33; false: none of them. */
bool packets_host_read(const char *text, struct packets_host *out);

enum { PACKETS_HOSTS = 2 };

struct packets_question {
	int64_t from_ns, to_ns; /* both inclusive; to 0: without end */
	struct packets_host hosts[PACKETS_HOSTS];
	unsigned host_count;            /* a frame has each of them, as source or destination */
	uint64_t frames_max, bytes_max; /* the first ones; 0: all of them */
};

struct packets_found {
	int64_t first_ns, last_ns; /* 0: no frame */
	uint64_t frames, bytes;    /* handed out; bytes of captured frames */
	bool more;                 /* there are others beyond the maximum */
	uint64_t segments, gone;   /* that were there; how often one went meanwhile */
	uint64_t chunks, passed;   /* that were read; that an index said have nothing */
	uint64_t unread;           /* bytes of segments that are damaged, and were passed over */
};

/* Writes one pcapng file of the frames in the order of their time, whatever segment and interface
 * they are of; valid too where there is none.  (Where more than a thousand chunks overlap in time,
 * as no clock makes them, the order is that of chunks.)  -EIO: out failed, and says why itself. */
int packets_find(const struct files *f, const struct packets_question *q, struct out *out,
	struct packets_found *found, struct err *e) MUST_USE;

/* What is in a store, without opening it to write; bytes are those of its files. */
int packets_look(const struct files *f, struct packets_held *out, struct err *e) MUST_USE;

#endif
