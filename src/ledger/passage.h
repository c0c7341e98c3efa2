/* How much time has passed, as the entries themselves bear witness.
 *
 * A clock that jumps ahead makes everything old at once; entries do not, for they come one by one.
 * Each counts for the time around it that no other has counted yet, a day at most: a site that
 * writes something every day ages as the calendar does, a jump of ten years counts for one day,
 * and going back and ahead again counts for nothing.
 *
 * What time an entry is of may be said by anybody.  The ledger's own entries are of the time that
 * its own clock had: what stands between two of them bears witness of the time between theirs, and
 * of none before or after.  See doc/decisions/008. */
#ifndef LEDGER_PASSAGE_H
#define LEDGER_PASSAGE_H

#include <stdbool.h>
#include <stdint.h>

enum {
	PASSAGE_GAP_S = 86400, /* what one entry bears witness of at most */
	PASSAGE_SPANS = 64, /* jumps and silences remembered; then the nearest are taken for one */
};

/* In order, apart from one another. */
struct passage_spans {
	struct passage_span {
		int64_t from, to;
		int64_t counted_s; /* less than its length where two are taken for one */
	} list[PASSAGE_SPANS];
	unsigned count;
	unsigned joined; /* so often were two taken for one */
};

/* All zero: nothing was seen yet. */
struct passage {
	struct passage_spans sure;
	struct passage_spans
		open;      /* since the last of the ledger's own: the next says how much counts */
	int64_t own_s;     /* of that last one */
	bool begun;        /* there was one */
	bool most;         /* set at the start: where it cannot be known, rather too much */
	int64_t counted_s; /* of what is sure */
};

void passage_see(struct passage *p, int64_t at_s);
void passage_own(struct passage *p, int64_t at_s); /* one of the ledger's own */

/* If the next of the ledger's own entries were of that time, without its own day. */
int64_t passage_counted(const struct passage *p, int64_t until_s);
/* Of what was open at an earlier time, when the same was sure. */
int64_t passage_counted_of(
	const struct passage *p, const struct passage_spans *open, int64_t until_s);
/* Entries, or the ledger's own clock when it wrote last, claim a time more than a day later: until
 * the ledger writes an entry of its own again, these count, and what comes does not. */
bool passage_is_ahead(const struct passage *p, int64_t now_s);

#endif
