/* Moving entries elsewhere, by whole bundles; nothing is let go by it.
 *
 * In this order, and from anywhere again: retain_load(), move_plan(), move_copy(), then as for
 * letting go (prune.h): the caller writes prune_data() with that place as entries, and once those
 * are in a signed checkpoint, prune_remove() takes away what is here. */
#ifndef LEDGER_MOVE_H
#define LEDGER_MOVE_H

#include "ledger/prune.h"

/* What may move to `to`: bundles of entries from before that time. */
int move_plan(struct prune_plan *out, const struct prune_from *from, int64_t before_s,
	const char *to, struct err *e) MUST_USE;

/* Each bundle is checked against its hashes here, written there, read again and compared; then all
 * of it is synced. */
int move_copy(const struct prune_plan *p, const struct files *f, uint64_t size,
	const struct files *to, struct err *e) MUST_USE;

#endif
