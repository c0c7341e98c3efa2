/* Two copies of one ledger, each of which holds by itself: where they part.
 *
 * Whoever has the key can write a history anew that passes every check; a copy that somebody kept
 * shows it, and shows where.  Check both (check.h) first: what is compared here are the hashes of
 * their entries. */
#ifndef LEDGER_COMPARE_H
#define LEDGER_COMPARE_H

#include "base/files.h"
#include "ledger/note.h"

struct ledger_copy {
	const struct files *files;
	struct checkpoint head;
	const char *name; /* in words */
};

/* 0: one is the other's past, or they are the same.  -EBADMSG: the first entry that is another one,
 * and the bundle it is in. */
int ledger_compare(
	const struct ledger_copy *a, const struct ledger_copy *b, struct err *e) MUST_USE;

#endif
