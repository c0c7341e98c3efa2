/* What the parts of the sealer share. */
#ifndef LEDGER_SEAL_INSIDE_H
#define LEDGER_SEAL_INSIDE_H

#include "ledger/seal.h"

/* Sizes whose parts of tiles stay: those of the checkpoint, of the one before, which somebody may
 * be reading, and of the settled one, from which we would come back. */
enum { NOW, BEFORE, SETTLED, KEPT };

struct seal {
	const struct files *files;
	const struct signer *signer;
	struct merkle tree;
	struct hash edge[TILE_LEVELS]
			[TILE_WIDTH]; /* the tile of each level that is not whole yet */
	uint8_t *bundle;              /* entries below edge[0] */
	size_t bundle_size, bundle_room;
	uint64_t kept[KEPT];
	char note[NOTE_MAX]; /* the checkpoint of size kept[NOW] */
	size_t note_size;
	struct checkpoint past;      /* what the folder had when we came */
	struct checkpoint last;      /* what was signed last, as the signer remembers it */
	struct merkle_growth growth; /* since then */
	bool hurries;                /* it has fallen behind */
	bool returning;              /* the log is telling what came since it settled */
	struct err *problem;         /* of the batch at hand */
	int result;
};

#define SEAL_SETTLED    "settled"
#define SEAL_CHECKPOINT "checkpoint"

/* How many hashes the tile of a level has that is not whole yet, and which tile that is. */
static inline unsigned edge_count(const struct seal *s, unsigned level)
{
	return (unsigned)(s->tree.size >> level * TILE_HEIGHT) % TILE_WIDTH;
}

static inline uint64_t edge_index(const struct seal *s, unsigned level)
{
	return s->tree.size >> level * TILE_HEIGHT >> TILE_HEIGHT;
}

/* A head that the signer remembers and the tree does not pass through: -EBADMSG. */
int seal_other_history(const struct seal *s, struct err *e);

#endif
