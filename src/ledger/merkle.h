/* The Merkle tree of RFC 6962, 2.1 (RFC 9162, 2.1 is the same): how entries are hashed, the edge of
 * a growing tree, proofs and how they are checked.  Pure: no files, no memory of its own.
 *
 * A tree of n leaves has a perfect subtree for every set bit of n, the largest at the left; those
 * are its peaks, and everything the next leaf needs to know. */
#ifndef LEDGER_MERKLE_H
#define LEDGER_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { HASH_SIZE = 32, MERKLE_HEIGHT = 64 };

struct hash {
	uint8_t b[HASH_SIZE];
};

bool hash_same(const struct hash *a, const struct hash *b);
struct hash merkle_empty(void); /* the root of no leaves: the digest of nothing */
struct hash merkle_leaf(const void *entry, size_t size);
struct hash merkle_node(const struct hash *left, const struct hash *right);

struct merkle {
	uint64_t size;
	struct hash peaks[MERKLE_HEIGHT]; /* the largest first */
};

/* Adds a leaf.  `whole` is told each perfect subtree that this makes, from height 0 (the leaf) up;
 * its place among those of its height is (size - 1) >> height. */
typedef void merkle_whole(void *self, unsigned height, const struct hash *h);
void merkle_add(struct merkle *m, const struct hash *leaf, merkle_whole *whole, void *self);
/* Adds a perfect subtree that stands where the next leaf would: size is a multiple of its own. */
void merkle_add_whole(struct merkle *m, unsigned height, const struct hash *h);
struct hash merkle_root(const struct merkle *m);

/* The lists of RFC 6962, 2.1.1 and 2.1.2.  A tree of 2^64 leaves has no longer ones. */
struct merkle_proof {
	unsigned count;
	struct hash path[MERKLE_HEIGHT];
};

/* Gives the hash of the perfect subtree of this height over leaves [index << height, ...). */
typedef int merkle_read(
	void *self, unsigned height, uint64_t index, struct hash *out, struct err *e);

/* index < size */
int merkle_prove_inclusion(merkle_read *read, void *self, uint64_t index, uint64_t size,
	struct merkle_proof *out, struct err *e) MUST_USE;
/* 0 < old <= size; of a tree with itself, and of no leaves, there is nothing to prove. */
int merkle_prove_consistency(merkle_read *read, void *self, uint64_t old, uint64_t size,
	struct merkle_proof *out, struct err *e) MUST_USE;

/* What a proof of consistency with an older size will need, gathered while the tree grows: nothing
 * is read again for it. */
struct merkle_growth {
	uint64_t from;                    /* that size; 0: there is nothing to prove */
	struct hash peaks[MERKLE_HEIGHT]; /* of the older tree */
	struct hash right[MERKLE_HEIGHT]; /* of each height, the subtree that stands right of it */
};

void merkle_growth_begin(struct merkle_growth *g, const struct merkle *m);
/* Each perfect subtree that the growing tree makes, with its place. */
void merkle_growth_whole(
	struct merkle_growth *g, unsigned height, uint64_t index, const struct hash *h);
/* From a tree of `size` that is there already, 0 < from <= size; it may grow on. */
int merkle_growth_read(struct merkle_growth *g, uint64_t from, uint64_t size, merkle_read *read,
	void *self, struct err *e) MUST_USE;
/* The proof for the tree as it is now. */
int merkle_growth_prove(const struct merkle_growth *g, const struct merkle *m,
	struct merkle_proof *out, struct err *e) MUST_USE;

/* RFC 9162, 2.1.3.2 and 2.1.4.2. */
bool merkle_includes(uint64_t index, uint64_t size, const struct hash *leaf,
	const struct merkle_proof *proof, const struct hash *root);
bool merkle_consistent(uint64_t old, uint64_t size, const struct hash *old_root,
	const struct hash *root, const struct merkle_proof *proof);

#endif
