#include "ledger/passage.h"

#include <string.h>

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* Between two that were taken for one. */
static int64_t not_counted(const struct passage_span *s)
{
	return s->to - s->from - s->counted_s;
}

/* How much of a span is new; spans that it only touches cover nothing of it. */
static int64_t new_of(const struct passage_spans *s, const struct passage_span *one, bool most)
{
	int64_t covered = 0;
	for (unsigned i = s->count; i-- > 0 && s->list[i].to > one->from;) {
		const struct passage_span *other = &s->list[i];
		if (other->from >= one->to)
			continue;
		int64_t both = least(other->to, one->to) - greatest(other->from, one->from);
		covered += most ? both - least(both, not_counted(other)) : both;
	}
	/* What of it was counted may be just what is covered, or none of that. */
	return most ? least(one->counted_s, one->to - one->from - covered)
		    : greatest(one->counted_s - covered, 0);
}

/* The two with the least between them become one.  That was not counted and never will be. */
static void join_nearest(struct passage_spans *s)
{
	unsigned best = 0;
	for (unsigned i = 1; i + 1 < s->count; i++)
		if (s->list[i + 1].from - s->list[i].to < s->list[best + 1].from - s->list[best].to)
			best = i;
	s->list[best].to = s->list[best + 1].to;
	s->list[best].counted_s += s->list[best + 1].counted_s;
	memmove(&s->list[best + 1], &s->list[best + 2], (s->count - best - 2) * sizeof s->list[0]);
	s->count--;
	s->joined++;
}

/* Those that it touches become one with it.  Gives how much was new. */
static int64_t add(struct passage_spans *s, struct passage_span one, bool most)
{
	int64_t more = new_of(s, &one, most);
	unsigned first = s->count, end;
	while (first > 0 && s->list[first - 1].to >= one.from)
		first--;
	one.counted_s = more;
	for (end = first; end < s->count && s->list[end].from <= one.to; end++) {
		one.from = least(one.from, s->list[end].from);
		one.to = greatest(one.to, s->list[end].to);
		one.counted_s += s->list[end].counted_s;
	}
	memmove(&s->list[first + 1], &s->list[end], (s->count - end) * sizeof one);
	s->list[first] = one;
	s->count = s->count - (end - first) + 1;
	if (s->count == PASSAGE_SPANS)
		join_nearest(s);
	return more;
}

static struct passage_span day_of(int64_t at_s)
{
	return (struct passage_span){ at_s, at_s + PASSAGE_GAP_S, PASSAGE_GAP_S };
}

/* As far as that time knows of it.  False: it was still to come.  Where in it the time was that
 * counts cannot be known. */
static bool cut(struct passage_span *one, int64_t until_s, bool most)
{
	if (one->from > until_s)
		return false;
	int64_t beyond = greatest(one->to - PASSAGE_GAP_S - until_s, 0);
	one->to -= beyond;
	one->counted_s = most ? least(one->counted_s, one->to - one->from)
			      : greatest(one->counted_s - beyond, 0);
	return true;
}

void passage_see(struct passage *p, int64_t at_s)
{
	if (p->begun && at_s >= p->own_s)
		add(&p->open, day_of(at_s), p->most);
}

void passage_own(struct passage *p, int64_t at_s)
{
	for (unsigned i = 0; i < p->open.count; i++) {
		struct passage_span one = p->open.list[i];
		if (cut(&one, at_s, p->most))
			p->counted_s += add(&p->sure, one, p->most);
	}
	p->counted_s += add(&p->sure, day_of(at_s), p->most);
	p->open.count = 0;
	p->own_s = at_s;
	p->begun = true;
}

int64_t passage_counted_of(
	const struct passage *p, const struct passage_spans *open, int64_t until_s)
{
	int64_t sum = p->counted_s;
	for (unsigned i = 0; i < open->count; i++) {
		struct passage_span one = open->list[i];
		if (cut(&one, until_s, p->most))
			sum += new_of(&p->sure, &one, p->most);
	}
	return sum;
}

int64_t passage_counted(const struct passage *p, int64_t until_s)
{
	return passage_counted_of(p, &p->open, until_s);
}

bool passage_is_ahead(const struct passage *p, int64_t now_s)
{
	const struct passage_spans *s = &p->open;
	if (p->begun && p->own_s - PASSAGE_GAP_S > now_s)
		return true;
	return s->count && s->list[s->count - 1].to - 2 * PASSAGE_GAP_S > now_s;
}
