/* What writing and reading the log share; nobody else includes it. */
#ifndef LEDGER_WAL_INSIDE_H
#define LEDGER_WAL_INSIDE_H

#include "base/cur.h"
#include "ledger/wal.h"

enum {
	WAL_HEADER = 32,
	WAL_SUMMED = 24,
	WAL_MAGIC = 0x574c4f47, /* "WLOG" */
	WAL_VERSION = 0,
	WAL_NAME = 32,
	WAL_SEGMENTS = 4096, /* 64 GiB that nobody took away */
	WAL_SPARES = 4,      /* kept to be used again */
};

struct wal_segment {
	uint64_t first;
	char name[WAL_NAME];
};

/* The files of the folder wal/, in order. */
struct wal_segments {
	struct wal_segment list[WAL_SEGMENTS];
	unsigned count;
	unsigned spares; /* wal/spare-N, N below it */
};

struct wal {
	const struct files *files;
	struct wal_segments segments;
	size_t segment_size;
	uint64_t size; /* of all segments */
	uint64_t sizes[WAL_SEGMENTS];
	int fd;          /* of the last segment */
	uint64_t room;   /* of it */
	uint64_t at;     /* where its next frame begins */
	uint64_t last;   /* where the one before began, when it was opened */
	uint64_t next;   /* number of the next frame's first entry */
	uint64_t turned; /* segments of entries before it are not used again */
	bool dead;
	bool spoiled;     /* a frame of a write that failed may stand at `at` */
	uint32_t waiting; /* entries in the batch */
	uint32_t told;    /* entries of the batch that was written last, while its bytes stand */
	uint8_t *batch;
	size_t batch_room, used; /* bytes of it, header included */
};

/* wal_room.c */
int wal_sync_folder(const struct files *f, struct err *e) MUST_USE;
/* Whatever is behind this descriptor is a segment of the log from now on. */
int wal_take_segment(struct wal *w, const struct wal_segment *g, int fd, struct err *e) MUST_USE;
/* Where the batch at hand does not fit into the last one. */
int wal_new_segment(struct wal *w, struct err *e) MUST_USE;
/* wal.c: what a write that failed left behind */
int wal_wipe_spoiled(struct wal *w, struct err *e) MUST_USE;

static inline size_t wal_rounded(size_t size)
{
	return (size + 7) & ~(size_t)7;
}

uint64_t wal_sum(const uint8_t *header, const uint8_t *payload, size_t size);
struct wal_segment wal_segment_of(uint64_t first);
void wal_spare_name(char name[WAL_NAME], unsigned n);
/* -ENOENT: no folder wal/ */
int wal_find(const struct files *f, struct wal_segments *s, struct err *e) MUST_USE;

/* Segments [begin, s->count), each to its end; *next is behind the last entry then, *at in the
 * last segment behind its last frame, which began at *last. */
int wal_tell_segments(const struct files *f, const struct wal_segments *s, unsigned begin,
	uint64_t from, wal_batch *batch, void *self, uint64_t *next, uint64_t *last, uint64_t *at,
	struct err *e) MUST_USE;

#endif
