/* The store of a ledger: where it is, whether it is of this one, and filling it. */
#ifndef CLI_LEDGER_STORE_H
#define CLI_LEDGER_STORE_H

#include <limits.h>

#include "cli/ledger/ledger.h"
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

/* Takes in what the head covers and the store has not, with progress on a terminal; proves on the
 * way that it is what the head signs.  `taken`: so many came in now. */
int ledger_store_fill(struct store *s, struct ledger_view *v, bool progress, uint64_t *taken,
	struct err *e) MUST_USE;

#endif
