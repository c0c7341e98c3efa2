/* What whole.c and whole_take.c share. */
#ifndef SENSE_WHOLE_INSIDE_H
#define SENSE_WHOLE_INSIDE_H

#include "sense/engine.h"
#include "sense/rows_inside.h"
#include "sense/whole.h"

/* Rows of one kind of one teller: by its numbers ours, and what it counted so far. */
struct told {
	uint32_t *ours;   /* 0: not told yet; WHOLE_REFUSED: there was no room for it */
	uint64_t *counts; /* `width` each */
	size_t ours_room, counts_room;
	unsigned width;
	uint32_t end; /* numbers below were told */
};

enum { WHOLE_REFUSED = UINT32_MAX };

/* An operation as it was told; the same stands once. */
enum { WHOLE_MSGS = 16384 };

struct whole {
	struct sense *known; /* which never sees a frame */
	struct sense *shown; /* a copy, of which the plant was made */
	struct told told[WHOLE_TELLERS][ROW_KINDS];
	uint64_t counters[SENSE_COUNTERS];
	struct pool msgs;
	struct table msg_table;
};

#endif
