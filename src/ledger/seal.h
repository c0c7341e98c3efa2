/* The sealer: takes batches of entries in order, makes the tree of them, and publishes it as tiles
 * and a signed checkpoint, which anybody can check and carry away.
 *
 * An older or forked tree is never signed: the checkpoint that is there must be one of this tree's
 * own past. */
#ifndef LEDGER_SEAL_H
#define LEDGER_SEAL_H

#include "base/files.h"
#include "ledger/note.h"
#include "ledger/tile.h"

/* Signs checkpoints; lives elsewhere, with the key, and need not believe who asks: it remembers the
 * last head that it signed, and wants to see that the next one grew out of it. */
struct signer {
	void *self;
	const char *origin; /* the first line of every checkpoint */
	const struct note_key *key;
	const struct note_key
		*before; /* while keys change: whose heads may lie there yet; or NULL */
	/* The last head that was signed, of size 0 where there was none.  NULL: it remembers
	 * nothing, and the checkpoint in the folder counts. */
	int (*last)(void *self, struct checkpoint *out, struct err *e);
	/* Adds the signature lines for `c`, whose text stands in `o`.  The proof leads to it from
	 * the last head that was signed. */
	int (*sign)(void *self, const struct checkpoint *c, const struct merkle_proof *from_last,
		struct out *o, struct err *e);
};

struct seal;

/* Goes on from what is on the disk for certain, which the file `settled` says: a checkpoint like
 * the other, of seal_settled() entries.  The log in front must tell everything from there on once
 * more, by seal_batch(). */
int seal_open(
	struct seal **out, const struct files *f, const struct signer *s, struct err *e) MUST_USE;
void seal_close(struct seal *s);

/* A wal_batch; self is the struct seal.  Whole tiles and bundles are written as they fill. */
int seal_batch(void *seal, uint64_t first, uint32_t count, const void *bytes, size_t size,
	struct err *e) MUST_USE;
/* After the log told everything: the tree has what was signed before, and its files are again as
 * that checkpoint says; what else an earlier writer left behind is gone. */
int seal_follows(struct seal *s, struct err *e) MUST_USE;
uint64_t seal_size(const struct seal *s);      /* entries in the tree */
uint64_t seal_published(const struct seal *s); /* entries in the checkpoint that we signed */
uint64_t seal_settled(const struct seal *s);

/* Tiles begin to go to the disk as they are written, so that no heap of them stands in the way of
 * the log later.  While more come than a disk takes beside the log, the system shall choose when.
 */
void seal_hurries(struct seal *s, bool on);

/* Writes what is not whole and signs a checkpoint of all there is; nothing where nothing is new. */
int seal_publish(struct seal *s, struct err *e) MUST_USE;
/* Brings everything published to the disk: from there on the log may forget. */
int seal_settle(struct seal *s, struct err *e) MUST_USE;
/* Nothing comes after this: what was left for readers of the checkpoint before goes, too, since
 * nobody would know of it later. */
void seal_end(struct seal *s);

#endif
