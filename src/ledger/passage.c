#include "ledger/passage.h"

#include <string.h>

/* The first two become one.  What lies between them was not counted and never will be. */
static void join_oldest(struct passage *p)
{
	p->spans[0].to = p->spans[1].to;
	memmove(&p->spans[1], &p->spans[2], (p->count - 2) * sizeof p->spans[0]);
	p->count--;
}

static void insert(struct passage *p, unsigned place, int64_t from, int64_t to)
{
	memmove(&p->spans[place + 1], &p->spans[place], (p->count - place) * sizeof p->spans[0]);
	p->spans[place].from = from;
	p->spans[place].to = to;
	p->count++;
	p->counted_s += to - from;
}

/* Where a span now touches the next one, they are one. */
static void close_up(struct passage *p, unsigned place)
{
	if (place + 1 >= p->count || p->spans[place].to < p->spans[place + 1].from)
		return;
	p->spans[place].to = p->spans[place + 1].to;
	memmove(&p->spans[place + 1], &p->spans[place + 2],
		(p->count - place - 2) * sizeof p->spans[0]);
	p->count--;
}

void passage_see(struct passage *p, int64_t at_s)
{
	int64_t until = at_s + PASSAGE_GAP_S;
	unsigned place = p->count; /* of the first span that begins later */
	while (place > 0 && p->spans[place - 1].from > at_s)
		place--;
	if (place < p->count && until > p->spans[place].from)
		until = p->spans[place].from;
	if (place > 0 && p->spans[place - 1].to >= at_s) {
		place--;
		if (until <= p->spans[place].to)
			return;
		p->counted_s += until - p->spans[place].to;
		p->spans[place].to = until;
	} else {
		insert(p, place, at_s, until);
	}
	close_up(p, place);
	if (p->count == PASSAGE_SPANS)
		join_oldest(p);
}
