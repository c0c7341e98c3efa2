/* Checks a ledger as it lies in a folder: nothing in it is believed but what follows from the
 * public key.  Every entry is hashed again, every tile compared with what it should hold, every
 * other file with the tree it speaks of; the first thing that does not hold is named. */
#ifndef LEDGER_CHECK_H
#define LEDGER_CHECK_H

#include "base/files.h"
#include "ledger/keys.h"

struct ledger_check {
	const struct files *files;
	const struct note_key *key; /* one of its keys: the tree says who the others are */
	const char *origin;
	const struct checkpoint *earlier; /* heads that somebody kept: each must be of its past */
	size_t earlier_count;
	void (*progress)(void *self, uint64_t done, uint64_t all); /* or NULL; now and then */
	void *self;
	/* Entries that are not here, as a signed entry of the tree says: let go, or moved `to`. */
	void (*gone)(void *self, uint64_t first, uint64_t last, const char *to); /* or NULL */
};

struct ledger_checked {
	struct checkpoint head;
	struct keys keys;
	unsigned cosigned; /* by so many witnesses, if who has their keys finds that it holds */
	uint64_t gone;     /* entries of which only the hashes are here */
	uint64_t in_log;   /* entries behind it that only the log has yet */
	uint64_t strange;  /* files that are no part of it, and were not looked at */
	char one_strange[64];
	bool has_unknown; /* an entry of the kind of rules that is none of this version */
	uint64_t unknown;
};

/* A bundle may be missing only where an entry says that it was let go, and where it might be: by
 * the promises and holds of its time (retain.h).
 *
 * 0, or -EBADMSG with the file and the entry: what was expected, and what is there. */
int ledger_check(const struct ledger_check *c, struct ledger_checked *out, struct err *e) MUST_USE;

#endif
