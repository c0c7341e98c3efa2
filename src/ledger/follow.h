/* Following: a copy of somebody's ledger that takes over only what continues what it has.  A head
 * is taken when its signature, its consistency with the own head and every new entry hold; the
 * tiles come first, the checkpoint last, in one rename.
 *
 * Keys may change on the way: a head counts when it is signed by the key of its size, as the
 * entries say it, beginning from the key that the copy had (keys.h).  The copy's file `ledger`
 * follows.
 *
 * What the source let go or moved, as a signed entry of it says, comes as hashes alone; a copy that
 * had it keeps it.
 *
 * Two signed heads that do not agree are a fork: both are kept as evidence beside the copy, and
 * nothing is followed until somebody takes that file away. */
#ifndef LEDGER_FOLLOW_H
#define LEDGER_FOLLOW_H

#include "ledger/remote.h"

enum { COSIGN_AGAIN = 3600 }; /* seconds after which the same head is signed once more */

struct follow {
	const struct remote *from;
	const struct files *copy;
	/* Of the ledger: any that it ever had.  NULL: the one that the copy names. */
	const struct note_key *key;
	const struct files *beside; /* the copy's folder lies in it ... */
	const char *name;           /* ... under this name: evidence is NAME.fork-SIZE */
	const struct note_key *as;  /* cosign as this witness, with its key; or NULL */
	const struct sign_key *secret;
	uint64_t now_seconds;
	/* A fork, before it is kept: both notes.  What it gives is not asked for.  Or NULL. */
	void (*alarm)(void *self, const char *ours, const char *theirs);
	/* Evidence, where this process must not put it beside the copy itself; or NULL. */
	int (*keep)(void *self, uint64_t fork_size, const char *text, size_t size, struct err *e);
	int (*step)(void *self, uint64_t entries, struct err *e); /* see carry.h; or NULL */
	void *self;
};

struct followed {
	struct checkpoint head; /* of the copy now */
	uint64_t had;           /* entries before */
	uint64_t files, bytes;  /* that came */
	uint64_t gone;          /* entries of which the hashes came alone */
	bool fork;
};

/* -EINVAL: no key, and the copy names none; -EBADMSG: refused, and the copy is as it was; -ENOENT:
 * the source has no ledger, or not all of it; -EINTR: step() ended it, and the next call goes on
 * from there. */
int follow(const struct follow *f, struct followed *out, struct err *e) MUST_USE;

#endif
