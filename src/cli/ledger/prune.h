/* What weir ledger prune and move share: bundles that go, and those that stay. */
#ifndef CLI_LEDGER_PRUNE_H
#define CLI_LEDGER_PRUNE_H

#include <limits.h>

#include "cli/ledger/store.h"
#include "ledger/prune.h"

struct prune_opts {
	struct ledger_write_opts write;
	const char *also, *to, *before, *cosigned, *witness;
	bool dry;
};

struct pruning {
	struct cli *cli;
	const struct prune_opts *o;
	struct ledger_shelf shelf;
	struct retain *rules;
	struct prune_plan plan;
	struct walk_eyes eyes;
	int64_t until_s;
	bool wrote; /* an entry of what goes */
	char to[PATH_MAX];
};

void pruning_print_ranges(const struct pruning *p, const char *verb);
void pruning_print_stays(const struct pruning *p);
/* Entries that tell of what goes, and is not told of yet. */
int pruning_write(struct pruning *p, struct ledger_own *w, struct err *e) MUST_USE;
/* Once they are signed: the store beside the ledger first, then the bundles. */
int pruning_remove(struct pruning *p, const struct ledger_home *h, struct err *e) MUST_USE;
void pruning_done(struct pruning *p);

#define PRUNE_TEXT(name, value, help)                                                              \
	{                                                                                          \
		OPT_TEXT, 0, #name, value, help, offsetof(struct prune_opts, name), NULL           \
	}

#endif
