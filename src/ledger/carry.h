/* Brings what a tree has from one place to another: bundles and tiles, never a checkpoint.  Every
 * byte is checked against the head on the way, by source.h. */
#ifndef LEDGER_CARRY_H
#define LEDGER_CARRY_H

#include "ledger/source.h"

struct carry {
	struct source *from;
	const struct remote *to;
	uint64_t have;  /* `to` has the files of a head of so many entries ... */
	uint64_t whole; /* ... and what is whole of one of so many */
	/* An earlier try may have brought some: look.  A bundle goes before its tile, so that where
	 * the tile is, the bundle is. */
	bool ask;
	/* Now and then, and for each whole bundle: everything up to this entry is there.  Anything
	 * but 0 ends it. */
	int (*step)(void *self, uint64_t entries, struct err *e);
	/* Each bundle from the one with entry `have` on, in order, checked and there; or NULL.  A
	 * `to` that is not near may have some that are not looked at. */
	int (*see)(void *self, uint64_t index, struct cur bytes, struct err *e);
	void *self;
	uint64_t files, bytes; /* that were put */
};

int carry(struct carry *c, struct err *e) MUST_USE;
/* Parts of tiles that a head of `size` had and the one of `now` has not: nobody needs them, and one
 * that stays behind does no harm. */
void carry_tidy(const struct remote *to, uint64_t size, uint64_t now);

#endif
