/* A ledger as it was at one moment: a writer takes the edge of the tree away as it goes on, so that
 * is kept here. */
#ifndef CLI_LEDGER_FROZEN_H
#define CLI_LEDGER_FROZEN_H

#include "cli/ledger/store.h"

struct frozen {
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	struct tiles edge, walk;
};

/* The newest head; the view takes it, too. */
int frozen_take(struct frozen *z, struct ledger_view *v, struct err *e) MUST_USE;
/* A merkle_read; self is the struct frozen. */
int frozen_hash(void *self, unsigned height, uint64_t index, struct hash *out, struct err *e);

#endif
