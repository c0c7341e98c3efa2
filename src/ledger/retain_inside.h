/* What the parts of retain.h share. */
#ifndef LEDGER_RETAIN_INSIDE_H
#define LEDGER_RETAIN_INSIDE_H

#include <errno.h>

#include "ledger/retain.h"

struct retain_own {
	uint64_t sequence;
	int64_t at_s;
};

struct retain_list {
	size_t count, room;
};

struct retain {
	struct retain_promise *promises;
	struct retain_hold *holds;
	struct retain_gone *gone;
	struct retain_kept *kept;
	struct retain_hole *holes;
	struct retain_own *owns; /* all entries of the ledger's own */
	struct retain_list promise_list, hold_list, gone_list, kept_list, hole_list, own_list;
	/* Days: that entries bear witness of, that may turn out to once the next of the ledger's
	 * own is there, and that entries bore witness of which were let go. */
	struct days days, open, claimed;
	uint64_t next; /* the number that comes next */
	uint64_t unknown;
	bool has_unknown;
	struct err wrong; /* the first one */
};

/* Room for one more at the end of an array; NULL: the limit, or no memory. */
void *retain_more(void *array, struct retain_list *l, size_t size, struct err *e);

/* An entry of kind retention or hold becomes a rule. */
int retain_rule(struct retain *r, uint64_t sequence, const struct entry_view *v, struct cur entry,
	struct err *e) MUST_USE;
/* Nobody takes away what the rules rest on. */
void retain_claim_own(struct retain *r, const struct retain_gone *g);
/* A claim of an entry of that time; anything wrong with it is kept. */
void retain_claim(struct retain *r, const struct retain_gone *g, int64_t until_s, int64_t at_s);
#define RETAIN_WRONG(r, ...)                                                                       \
	do {                                                                                       \
		if (!(r)->wrong.code)                                                              \
			err_set(&(r)->wrong, -EBADMSG, __VA_ARGS__);                               \
	} while (0)

#endif
