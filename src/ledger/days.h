/* Days that entries bear witness of: for each the last place in the ledger where it was seen.
 *
 * A day is a number since 1970-01-01, in UTC.  How much time went by behind a place is how many
 * days were seen behind it: so the same day counts once, however many tell of it and in which
 * order, and what is let go of need only leave behind which days it saw (doc/decisions/008). */
#ifndef LEDGER_DAYS_H
#define LEDGER_DAYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { DAY_S = 86400 };

struct day_span {
	int32_t from, to; /* both included */
};

static inline int32_t day_of(int64_t at_s)
{
	return (int32_t)(at_s / DAY_S - (at_s % DAY_S < 0));
}

struct day {
	int32_t day;
	uint64_t last;
};

struct days {
	struct day *list; /* by day, each once */
	size_t count, room;
};

int days_see(struct days *d, int32_t day, uint64_t place, struct err *e) MUST_USE;
/* All of another that are within; each stays where it was last. */
int days_take(
	struct days *d, const struct days *from, struct day_span within, struct err *e) MUST_USE;
size_t days_behind(const struct days *d, uint64_t place); /* how many were seen later than there */
void days_done(struct days *d);

/* A few spans, in order and apart from one another, that can be told. */
enum { DAYS_FEW = 4 };

struct days_few {
	struct day_span list[DAYS_FEW];
	unsigned count;
};

struct days_few days_few(const struct days *d); /* the longest of them, where there are more */
/* Takes in all of another; false, and nothing changed: there would be more than a few. */
bool days_few_take(struct days_few *f, const struct days_few *more);

#endif
