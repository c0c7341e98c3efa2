/* Pushing: a place gets what this ledger has and it has not, the checkpoint last, so that it is
 * never ahead of its tiles.  What is there of another ledger, of another history or of a later
 * state stays as it is, and the push is refused. */
#ifndef LEDGER_PUSH_H
#define LEDGER_PUSH_H

#include "ledger/remote.h"

/* What a place was sent from which files are taken away: where nothing can be asked. */
struct push_sent {
	const struct files *files; /* beside the ledger */
	const char *name;          /* of the file that says it */
};

struct push {
	const struct files *files; /* the ledger */
	const struct note_key *key;
	const struct remote *to;
	const struct push_sent *once; /* NULL: the place itself is asked */
	bool more; /* `files` has entries that were moved, which the place may lack by itself */
	int (*step)(void *self, uint64_t entries, struct err *e); /* see carry.h; or NULL */
	void *self;
};

struct pushed {
	struct checkpoint head;
	uint64_t had; /* entries that the place had before */
	uint64_t files, bytes;
	uint64_t gone; /* entries of which the place got the hashes alone */
	bool refused;  /* for what the place holds: trying again is of no use */
};

/* -EBADMSG: refused, or a file of this ledger is missing or does not hold; -EINTR: step() ended it.
 */
int push(const struct push *p, struct pushed *out, struct err *e) MUST_USE;

#endif
