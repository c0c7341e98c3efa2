/* The rules of retention (retain.h), read from the bundles of a tree. */
#ifndef LEDGER_RETAIN_LOAD_H
#define LEDGER_RETAIN_LOAD_H

#include "ledger/retain.h"
#include "ledger/walk.h"

/* All rules of a tree of this size. */
int retain_load(struct retain **out, const struct files *f, uint64_t size,
	const struct walk_eyes *eyes, struct err *e) MUST_USE;

/* Those of the entries from `from` on, for rules that were fed all before. */
int retain_follow(struct retain *rules, const struct files *f, uint64_t from, uint64_t size,
	const struct walk_eyes *eyes, struct err *e) MUST_USE;

#endif
