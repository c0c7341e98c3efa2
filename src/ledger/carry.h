/* Brings what a tree has from one place to another: bundles and tiles, never a checkpoint.  Every
 * byte is checked against the head on the way, by source.h.
 *
 * A bundle may be missing where an entry of the same tree says that it was let go or moved; its
 * tile comes all the same.  That entry is believed for the hash it has under the head, so what it
 * speaks of must wait: at the first bundle that is missing all that follow are read, checked, and
 * asked what is gone (retain.h).  Whether it might be let go is for check.h to say, of either. */
#ifndef LEDGER_CARRY_H
#define LEDGER_CARRY_H

#include "ledger/source.h"

struct carry {
	struct source *from;
	const struct remote *to;
	uint64_t have;  /* `to` has the files of a head of so many entries ... */
	uint64_t whole; /* ... and what is whole of one of so many */
	/* An earlier try may have brought some: look.  A bundle goes before its tile, so that where
	 * the tile is, the bundle is, or may be missing. */
	bool ask;
	/* The source has bundles that one before it may have lacked: look at each of them, too. */
	bool ask_bundles;
	/* Now and then, and for each whole bundle: everything up to this entry is there.  Anything
	 * but 0 ends it. */
	int (*step)(void *self, uint64_t entries, struct err *e);
	/* Each bundle from the one with entry `have` on, in order, checked and there; or NULL.  A
	 * `to` that is not near may have some that are not looked at. */
	int (*see)(void *self, uint64_t index, struct cur bytes, struct err *e);
	void *self;
	uint64_t files, bytes; /* that were put */
	uint64_t gone;         /* entries of which the hashes came alone */
	bool part_stays;       /* among them those that `to` has a part of */
};

/* -ENOENT: the source lacks a file, and nothing says that it may. */
int carry(struct carry *c, struct err *e) MUST_USE;
/* Parts of tiles that the head had which `to` had, and this one has not: nobody needs them, and one
 * that stays behind does no harm.  Entries that nobody else has stay. */
void carry_tidy(const struct carry *c);

#endif
