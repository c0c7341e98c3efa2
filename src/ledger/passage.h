/* How much time has passed, as the entries themselves bear witness.
 *
 * A clock that jumps ahead makes everything old at once; entries do not, for they come one by one.
 * Each counts for the time around it that no other has counted yet, a day at most: a site that
 * writes something every day ages as the calendar does, a jump of ten years counts for one day,
 * and going back and ahead again counts for nothing.  See doc/decisions/008. */
#ifndef LEDGER_PASSAGE_H
#define LEDGER_PASSAGE_H

#include <stdint.h>

enum {
	PASSAGE_GAP_S = 86400, /* what one entry bears witness of at most */
	PASSAGE_SPANS = 64, /* jumps and silences remembered; then the oldest are taken for one */
};

struct passage {
	struct {
		int64_t from, to; /* in order, apart from one another */
	} spans[PASSAGE_SPANS];
	unsigned count;
	int64_t counted_s;
};

void passage_see(struct passage *p, int64_t at_s);

#endif
