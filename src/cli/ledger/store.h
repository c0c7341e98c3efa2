/* The store of a ledger: where it is, whether it is of this one, filling it, and what must not be
 * in it: entries that the ledger itself says were let go or moved.  Those that are still there all
 * the same, because of a hold or of somebody who was ended, are read from the ledger. */
#ifndef CLI_LEDGER_STORE_H
#define CLI_LEDGER_STORE_H

#include <limits.h>

#include "cli/ledger/ledger.h"
#include "ledger/prune.h"
#include "ledger/tile.h"
#include "store/store.h"

/* A ledger that somebody may be writing to.  What a writer takes away behind newer checkpoints
 * (parts of tiles, pieces of the log) is read as the newer ones have it. */
struct ledger_view {
	const struct ledger_home *home;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	struct tiles tiles; /* of the head */
};

int ledger_view_open(struct ledger_view *v, const struct ledger_home *home, struct err *e) MUST_USE;
/* Takes the newest head, when there is one.  1: it is newer; 0: as before. */
int ledger_view_renew(struct ledger_view *v, struct err *e) MUST_USE;
/* As ledger_read(). */
int ledger_view_read(struct ledger_view *v, uint64_t from, ledger_entry *each, void *self,
	struct err *e) MUST_USE;
int ledger_view_read_all(struct ledger_view *v, uint64_t from, ledger_entry *each,
	ledger_gone *gone, void *self, struct err *e) MUST_USE;
/* Whether these are the bytes of that entry, which the head covers.  -EBADMSG: they are not. */
int ledger_view_check(struct ledger_view *v, uint64_t sequence, const void *bytes, size_t size,
	struct err *e) MUST_USE;

/* That the first so many entries, with this root, are the past of the ledger.  -EXDEV: not. */
int ledger_view_had(struct ledger_view *v, uint64_t size, const uint8_t root[HASH_SIZE],
	struct err *e) MUST_USE;

/* After an error that a writer may have caused by going on: false where it did not, or not any
 * more; else the newest head was taken, and what failed may be tried again.  `tries` begins with 0.
 */
bool ledger_view_again(struct ledger_view *v, int code, unsigned *tries);

/* --- what the ledger says is gone --- */

struct ledger_said {
	struct retain *rules;
	uint64_t size; /* as the first so many entries have it */
};

/* Up to the head.  `s`, or NULL, has those that it took in by their kind.  -ESTALE: it has others.
 */
int ledger_said_follow(
	struct ledger_said *said, struct ledger_view *v, struct store *s, struct err *e) MUST_USE;
void ledger_said_done(struct ledger_said *said);

/* Where it lies: `named`, or DIR.store; what it leads to, where that is a link. */
int ledger_store_path(
	const char *dir, const char *named, char path[PATH_MAX], struct err *e) MUST_USE;
/* Takes in what the head covers and the store has not, with progress on a terminal; proves on the
 * way that it is what the head signs.  `taken`: so many came in now. */
int ledger_store_fill(struct store *s, struct ledger_view *v, struct ledger_said *said,
	bool progress, uint64_t *taken, struct err *e) MUST_USE;
/* That it has nothing which is gone; where it may only be read, -ESTALE where it has. */
int ledger_store_obey(
	struct store *s, const struct ledger_said *said, bool write, struct err *e) MUST_USE;

/* Nothing beside the ledger has a trace of what is gone and of what a plan says: neither the store,
 * which is removed where it cannot be made to forget, nor one that is being made. */
int ledger_forget(const struct ledger_home *h, const struct retain *rules,
	const struct prune_plan *plan, struct err *e) MUST_USE;
void ledger_store_unlink_logs(const char *path); /* what SQLite leaves behind of it */

#endif
