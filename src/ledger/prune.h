/* Letting entries go.  (Moving them elsewhere: move.h.)
 *
 * The unit is a whole bundle of 256 entries; its hashes (tile/0/...) stay, so every proof and every
 * checkpoint hold as before.  In this order, and from anywhere again:
 *
 *	1. retain_load()    the rules, from the ledger itself
 *	2. prune_plan()     which bundles may go
 *	3. the caller       writes prune_data() as entries, until they are in a signed checkpoint
 *	4. prune_remove()   takes the bundles away
 *
 * Ended in between, the next plan has what is left: `by` says which entry tells of it already, and
 * `kept` is where a rule came meanwhile that keeps it. */
#ifndef LEDGER_PRUNE_H
#define LEDGER_PRUNE_H

#include <jansson.h>

#include "base/files.h"
#include "ledger/retain_load.h"

#define PRUNE_NOBODY UINT64_MAX

struct prune_range {
	uint64_t first, last;
	uint64_t by; /* the entry that tells of it already, or PRUNE_NOBODY: then it is claimed of
			it */
	uint32_t kinds;
	int64_t newest_s;
	struct days_few days; /* it bore witness of */
};

struct prune_list {
	struct prune_range *list;
	size_t count, room;
};

struct prune_plan {
	struct prune_list go;
	struct prune_list kept;     /* said to go before; here, and may not */
	uint64_t entries;           /* of all that go */
	uint64_t stay[RETAIN_WHYS]; /* bundles, by the first reason found in each */
	struct retain_verdict example[RETAIN_WHYS];
	uint64_t example_at[RETAIN_WHYS]; /* the entry it is about */
	uint64_t elsewhere;               /* bundles that were moved, and cannot be looked at */
};

void prune_plan_done(struct prune_plan *p);
int prune_list_add(struct prune_list *l, const struct prune_range *g, struct err *e) MUST_USE;
int prune_goes(struct prune_plan *p, const struct prune_range *range, struct err *e) MUST_USE;
void prune_stays(
	struct prune_plan *p, const struct retain_verdict *why, uint64_t at); /* a bundle */

struct prune_from {
	const struct files *files; /* all that can be read */
	const struct files *here;  /* the ledger's own folder alone: files, or a part of it */
	uint64_t size;
	struct retain *rules;
	const struct walk_eyes *eyes; /* or NULL */
};

/* What may be let go at this time. */
int prune_plan(struct prune_plan *out, const struct prune_from *from, int64_t until_s,
	struct err *e) MUST_USE;

/* The data of the next entry that the plan wants, for some ranges that none tells of yet; NULL with
 * no error: there is none.  First what is kept, then what goes. */
struct prune_tell {
	size_t kept, go; /* ranges told of; begins with 0 */
};
int prune_data(const struct prune_plan *p, struct prune_tell *told, int64_t until_s, const char *to,
	json_t **out, struct err *e) MUST_USE;

/* With all parts of them from before they were whole.  What cannot be removed is an error. */
int prune_remove(const struct prune_plan *p, const struct files *f, struct err *e) MUST_USE;

#endif
