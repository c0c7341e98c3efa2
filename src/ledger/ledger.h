/* The ledger: one append-only record, kept as a log in front (wal.h) and a published tree behind
 * it (seal.h).  This header is enough to write to it and to read from it.
 *
 * An entry is durable when ledger_commit() returned, and in a signed checkpoint a moment later,
 * when ledger_tick() found that it was time.  Nothing here looks at a clock or opens a file by
 * itself. */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include "base/files.h"
#include "ledger/seal.h"

enum {
	PUBLISH_ENTRIES = 4096,         /* so many wait for a checkpoint at most */
	PUBLISH_NS = 100 * 1000 * 1000, /* or for so long */
};

struct ledger;

struct ledger_config {
	const struct files *files;
	const struct signer *signer;
	size_t segment_size;     /* of the log; 0: WAL_SEGMENT */
	uint64_t settle_entries; /* so many more entries, and the tiles are synced; 0: 65,536 */
};

/* Opens the ledger in the folder, or begins one.  What the log has and the tree has not is put into
 * the tree again.  -EBADMSG: it is damaged, older than its own checkpoint, or another's; the error
 * says where, and nothing was changed. */
int ledger_open(struct ledger **out, const struct ledger_config *config, int64_t now_ns,
	struct err *e) MUST_USE;
void ledger_close(struct ledger *l); /* what was not committed is gone */
/* Commits, publishes and brings everything to the disk, so that no log is left: every byte of the
 * folder is then part of what a checkpoint signs.  The ledger takes nothing more; close it. */
int ledger_finish(struct ledger *l, int64_t now_ns, struct err *e) MUST_USE;

/* Takes an entry of at most ENTRY_MAX bytes into the batch; `sequence` is its number once
 * ledger_commit() returns.  A full batch is committed on the way. */
int ledger_append(struct ledger *l, const void *entry, size_t size, uint64_t *sequence,
	struct err *e) MUST_USE;
int ledger_commit(struct ledger *l, struct err *e) MUST_USE;

/* Publishes when it is time.  ledger_publish() does at once.  Where that fails (a full disk), what
 * was committed stays in the log and is published once it can be. */
int ledger_tick(struct ledger *l, int64_t now_ns, struct err *e) MUST_USE;
int ledger_publish(struct ledger *l, int64_t now_ns, struct err *e) MUST_USE;

uint64_t ledger_size(const struct ledger *l);      /* durable entries */
uint64_t ledger_published(const struct ledger *l); /* of those, in the signed checkpoint */
bool ledger_dead(const struct ledger *l);          /* the disk failed: open it anew */

#endif
