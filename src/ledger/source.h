/* A tree that lies elsewhere, read without believing more of it than its head: every tile is
 * compared with the one above it, up to the root, and every entry with its tile, before anybody
 * sees it.  What is given out is what the head signs, or an error says which file is not. */
#ifndef LEDGER_SOURCE_H
#define LEDGER_SOURCE_H

#include "ledger/remote.h"
#include "ledger/tile.h"

struct source;

/* Reads the right edge of the tree of this head and checks that it has its root.  -ENOENT: a file
 * of it is missing; where somebody writes to it, read the head again. */
int source_open(struct source **out, const struct remote *from, const struct checkpoint *head,
	struct err *e) MUST_USE;
void source_close(struct source *s);
const struct checkpoint *source_head(const struct source *s);
const char *source_name(const struct source *s); /* of the place, in words */

/* A tile of this tree: tile_width() hashes. */
int source_tile(struct source *s, unsigned level, uint64_t index, const struct hash **hashes,
	struct err *e) MUST_USE;
/* Entries index << 8 and on, as they stand in their bundle.  1: there is no such file; only another
 * entry can say that this may be (carry.c). */
int source_bundle(struct source *s, uint64_t index, struct cur *bytes, struct err *e) MUST_USE;
/* That these bytes are that bundle. */
int source_is_bundle(struct source *s, uint64_t index, struct cur bytes, struct err *e) MUST_USE;

/* 1: the tree passes through this earlier head, of at most as many entries; 0: it does not, they
 * are of two histories; negative: it could not be told. */
int source_passes(struct source *s, const struct checkpoint *earlier, struct err *e) MUST_USE;

#endif
