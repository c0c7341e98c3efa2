/* What the parts of checking a ledger share; nobody else includes it. */
#ifndef LEDGER_CHECK_INSIDE_H
#define LEDGER_CHECK_INSIDE_H

#include "ledger/check.h"
#include "ledger/retain.h"
#include "ledger/tile.h"

enum { CHECK_HEADS = 64 };

struct check_head {
	const char *name;
	uint8_t bytes[NOTE_MAX];
	struct note note;
	uint64_t size;
};

struct check {
	const struct ledger_check *c;
	struct ledger_checked *out;
	struct tiles tiles;
	struct merkle tree;
	struct retain *rules;
	struct checkpoint
		heads[CHECK_HEADS]; /* that the tree must pass through, in order of size */
	size_t head_count, head_at;
	struct check_head signed_heads[2]; /* checkpoint, settled: the keys of the tree will say
					      whose they are */
	size_t signed_count;
	uint8_t *bundle;                /* the one at hand, later parts of others */
	struct hash leaves[TILE_WIDTH]; /* of it, hashed again */
	struct err *e;
	int result;
};

/* Enough of a hash to find it again by eye. */
enum { HASH_TEXT = 2 * 8 + 1 };

const char *check_hash_text(const struct hash *h, char text[HASH_TEXT]);
/* Hashes a bundle's bytes into r->leaves: `count` entries, and nothing behind. */
int check_leaves(struct check *r, struct cur c, const char *name, unsigned count) MUST_USE;

/* check_heads.c */
int check_read_heads(struct check *r) MUST_USE;
int check_pass_heads(
	struct check *r) MUST_USE; /* each of this size has the root of the tree here */
int check_signatures(struct check *r) MUST_USE; /* once the tree has said which keys there are */
int check_mark(struct check *r) MUST_USE;       /* the file that says whose ledger it is */

/* check_files.c: what is in the folder beside the tree of this size */
int check_files(struct check *r) MUST_USE;

#endif
