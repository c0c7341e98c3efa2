/* The tree as files (C2SP tlog-tiles): tiles of 256 hashes, bundles of the entries below them.
 *
 * tile/0/x001/234 holds leaf hashes 1234*256 and on, tile/1/... the roots of 256 of those tiles,
 * and so on; tile/entries/x001/234 the entries.  The last one of each row may be there in part, as
 * .../234.p/17.  Files never change once they are there. */
#ifndef LEDGER_TILE_H
#define LEDGER_TILE_H

#include "base/cur.h"
#include "base/files.h"
#include "ledger/merkle.h"

enum {
	TILE_WIDTH = 256,
	TILE_HEIGHT = 8,
	TILE_LEVELS = 8,   /* 2^64 leaves */
	TILE_ENTRIES = -1, /* the level of bundles */
	TILE_NAME = 64,
	BUNDLE_MAX = TILE_WIDTH * (2 + 65535),
};

/* width 256: the whole tile. */
void tile_name(char name[TILE_NAME], int level, uint64_t index, unsigned width);
bool tile_is_bundle(const char *name); /* or a part of one */
/* The first entry of the bundle that this one is in. */
static inline uint64_t bundle_first(uint64_t sequence)
{
	return sequence - sequence % TILE_WIDTH;
}

/* How many hashes (entries) tile `index` of this level has in a tree of that size: 0 to 256. */
unsigned tile_width(int level, uint64_t index, uint64_t size);

/* Reads what a tree of `size` has; the last tile of each level is kept, so that walking along is
 * cheap.  The tree may be growing meanwhile: a part of a tile that has gone is read out of the
 * larger one that took its place. */
struct tiles {
	const struct files *files;
	uint64_t size;
	struct {
		uint64_t index;
		unsigned width; /* 0: none */
		struct hash hashes[TILE_WIDTH];
	} last[TILE_LEVELS];
};

void tiles_init(struct tiles *t, const struct files *f, uint64_t size);
int tiles_read(struct tiles *t, unsigned level, uint64_t index, const struct hash **hashes,
	struct err *e) MUST_USE;
/* A merkle_read; self is the struct tiles. */
int tiles_hash(void *tiles, unsigned height, uint64_t index, struct hash *out, struct err *e);
/* The tree as it was at that size: to be grown, or for its root. */
int tiles_tree(struct tiles *t, uint64_t size, struct merkle *out, struct err *e) MUST_USE;
int tiles_root(struct tiles *t, uint64_t size, struct hash *out, struct err *e) MUST_USE;

/* The bundle that has entry `index << 8`, whole, into `bytes` (room for BUNDLE_MAX).  Gives its
 * size or -errno. */
long bundle_read(struct tiles *t, uint64_t index, uint8_t *bytes, struct err *e) MUST_USE;
/* The next entry of a bundle; bad where the bundle is broken. */
struct cur bundle_next(struct cur *bundle);

#endif
