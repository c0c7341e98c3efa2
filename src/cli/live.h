/* Frames of interfaces, read by processes of their own: for each interface one that opens it and
 * ends, and one that reads it and tells rows (sense/rows.h). */
#ifndef CLI_LIVE_H
#define CLI_LIVE_H

#include <assert.h>

#include "cli/cli.h"
#include "sense/whole.h"

/* What they say to one another. */
enum live_word {
	TAP_RING = 1,      /* from `tap`, with the descriptor of a ring; it ends then */
	SENSE_RING = 2,    /* to `sense`, with that, before anything else */
	SENSE_ROWS = 3,    /* from it: a message of rows */
	SENSE_STOP = 4,    /* to it: no more frames; all that is known is told, and */
	SENSE_DONE = 5,    /* from it: that was all */
	SENSE_TROUBLE = 6, /* the same, and why, in words */
};

enum { LIVE_INTERFACES = 8 };
static_assert((int)LIVE_INTERFACES <= (int)WHOLE_TELLERS, "each of them tells");

/* The ring of an interface, from a process that has the right to open it.  An exit code; where that
 * process has said why not, e->code is 0. */
int live_ring(const char *interface, int *fd, struct err *e);

struct live;

struct live_config {
	const char *interfaces; /* "eth1,eth2" */
	int64_t for_ns;         /* so long; 0: until it is interrupted */
	size_t memory;          /* of each sensor's tables */
	bool progress;          /* on stderr */
};

/* Starts them; an exit code.  After it no process is started any more and no file opened. */
int live_open(struct live **out, const struct live_config *config, struct err *e);
/* Takes what they tell, until it is enough; an exit code. */
int live_watch(struct live *l, struct whole *w, struct err *e);
/* Names of the interfaces, as files of a plant. */
const struct plant_file *live_files(const struct live *l, size_t *count);
void live_close(struct live *l);

#endif
