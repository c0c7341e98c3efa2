/* Along the bundles of a tree, in order. */
#ifndef LEDGER_WALK_H
#define LEDGER_WALK_H

#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/files.h"

struct walk_eyes {
	void (*progress)(void *self, uint64_t done, uint64_t all); /* or NULL; now and then */
	void *self;
};

/* What either gives that is not 0 ends the walk. */
struct walk {
	int (*bundle)(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e);
	/* A whole one that is not there; `e` says which file.  The last one, not whole, always is:
	 * without it the walk ends with -EBADMSG. */
	int (*missing)(void *self, uint64_t first, struct err *e);
	void *self;
	const struct walk_eyes *eyes; /* or NULL */
};

/* From the bundle that has entry `from`; those of a tree of this size. */
int walk_bundles(const struct walk *w, const struct files *f, uint64_t from, uint64_t size,
	struct err *e) MUST_USE;

/* The next entry of a bundle, which is number `at`.  -EBADMSG: it is cut off. */
int walk_entry(struct cur *bundle, uint64_t at, struct cur *out, struct err *e) MUST_USE;

#endif
