/* Whether entries may go: judged from the entries themselves, and, when they are gone, from what
 * was claimed of them and from what still stands around the place where they were. */
#include <stdlib.h>

#include "event/entry.h"
#include "ledger/retain_inside.h"
#include "ledger/tile.h"

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* --- from the entries --- */

/* The first of the ledger's own that is not before this entry. */
static size_t own_from(const struct retain *r, uint64_t sequence)
{
	size_t from = 0, to = r->own_list.count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (r->owns[middle].sequence < sequence)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

struct day_span retain_frame(const struct retain *r, uint64_t first, uint64_t last, int64_t until_s)
{
	size_t before = own_from(r, first), behind = own_from(r, last + 1);
	int64_t end_s = behind < r->own_list.count ? r->owns[behind].at_s : until_s;
	return (struct day_span){ before ? day_of(r->owns[before - 1].at_s) : INT32_MAX,
		day_of(end_s) };
}

static int by_place(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

int retain_look(struct retain_look *l, const struct retain *r, int64_t until_s, struct err *e)
{
	static const struct day_span all = { INT32_MIN, INT32_MAX };
	struct days days = { 0 };
	*l = (struct retain_look){ .r = r, .until_s = until_s, .floor_s = INT64_MIN };
	int done = days_take(&days, &r->days, all, e);
	if (done == 0)
		done = days_take(&days, &r->claimed, all, e);
	if (done == 0)
		done = days_take(&days, &r->open, retain_frame(r, r->next, r->next, until_s), e);
	uint64_t *seen = done < 0 ? NULL : calloc(days.count + 1, sizeof *seen);
	if (done == 0 && !seen)
		done = err_sys(e, "count the days");
	if (seen) {
		for (size_t i = 0; i < days.count; i++)
			seen[i] = days.list[i].last;
		qsort(seen, days.count, sizeof *seen, by_place);
		l->seen = seen;
		l->seen_count = days.count;
	}
	days_done(&days);
	return done;
}

void retain_look_done(struct retain_look *l)
{
	free(l->seen);
	*l = (struct retain_look){ 0 };
}

/* How many days were seen behind the bundle that it is in. */
static int64_t days_since(const struct retain_look *l, uint64_t sequence)
{
	uint64_t place = bundle_first(sequence);
	size_t from = 0, to = l->seen_count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (l->seen[middle] <= place)
			from = middle + 1;
		else
			to = middle;
	}
	return (int64_t)(l->seen_count - from);
}

/* The earlier of two ages: by the clock, and by what was written since. */
static struct retain_verdict judge_age(const struct retain_look *l, uint64_t sequence,
	const struct retain_promise *p, const struct entry_view *v)
{
	int64_t by_clock = l->until_s - greatest(v->at_s, l->floor_s);
	int64_t by_ledger = days_since(l, sequence) * DAY_S;
	int64_t left = (int64_t)p->days * DAY_S - least(by_clock, by_ledger);
	return (struct retain_verdict){ left > 0 ? TOO_YOUNG : MAY_GO, p->by, v->kind, left };
}

struct retain_verdict retain_judge(
	struct retain_look *l, uint64_t sequence, struct cur entry, struct entry_view *v)
{
	if (!entry_view(entry, v))
		return (struct retain_verdict){ .why = NOT_UNDERSTOOD };
	if (entry_kinds[v->kind].own) {
		if (v->at_s <= l->until_s)
			l->floor_s = greatest(l->floor_s, v->at_s);
		return (struct retain_verdict){ .why = OWN_KIND, .kind = v->kind };
	}
	const struct retain_hold *h = retain_held(l->r, sequence, v);
	if (h)
		return (struct retain_verdict){ HELD, h->by, v->kind, 0 };
	const struct retain_promise *p = retain_longest(l->r, v->kind);
	if (!p)
		return (struct retain_verdict){ .why = NOT_PROMISED, .kind = v->kind };
	return judge_age(l, sequence, p, v);
}

struct retain_verdict retain_judge_claim(
	const struct retain_look *l, uint64_t sequence, uint32_t kinds, int64_t newest_s)
{
	struct retain_verdict v = { .why = MAY_GO };
	for (unsigned kind = 0; entry_kinds[kind].name && v.why == MAY_GO; kind++) {
		const struct retain_promise *p =
			kinds >> kind & 1 ? retain_longest(l->r, kind) : NULL;
		const struct entry_view newest = { .kind = kind, .at_s = newest_s };
		if (p)
			v = judge_age(l, sequence, p, &newest);
	}
	v.why = v.why == TOO_YOUNG ? TOGETHER_TOO_YOUNG : v.why;
	return v;
}

/* --- from a claim --- */

/* They came after the ledger's own entries in front of them. */
static int64_t floor_of(const struct retain *r, uint64_t first, int64_t until_s)
{
	int64_t floor = INT64_MIN;
	for (size_t i = 0; i < r->own_list.count && r->owns[i].sequence < first; i++)
		if (r->owns[i].at_s <= until_s)
			floor = greatest(floor, r->owns[i].at_s);
	return floor;
}

/* What was written since, where all of it is still here. */
static int64_t counted_since(const struct retain *r, const struct retain_gone *g)
{
	if (r->hole_list.count && r->holes[r->hole_list.count - 1].last > g->last)
		return INT64_MAX;
	return (int64_t)days_behind(&r->days, bundle_first(g->last)) * DAY_S;
}

static void claim_hold(struct retain *r, const struct retain_gone *g)
{
	for (size_t i = 0; i < r->hold_list.count; i++) {
		const struct retain_hold *h = &r->holds[i];
		bool on = h->what == HOLD_ENTRIES ? h->first <= g->last && h->last >= g->first
						  : h->what == HOLD_KIND && g->kinds >> h->kind & 1;
		if (on && !h->released)
			RETAIN_WRONG(r,
				"entry %llu let go entries %llu to %llu, which entry %llu holds",
				(unsigned long long)g->by, (unsigned long long)g->first,
				(unsigned long long)g->last, (unsigned long long)h->by);
	}
}

void retain_claim_own(struct retain *r, const struct retain_gone *g)
{
	size_t own = own_from(r, g->first);
	if (own < r->own_list.count && r->owns[own].sequence <= g->last)
		RETAIN_WRONG(r,
			"entry %llu says that entries %llu to %llu are gone, of which %llu is the "
			"ledger's own",
			(unsigned long long)g->by, (unsigned long long)g->first,
			(unsigned long long)g->last, (unsigned long long)r->owns[own].sequence);
}

static void claim_age(struct retain *r, const struct retain_gone *g, unsigned kind, int64_t until_s)
{
	const struct retain_promise *p = retain_longest(r, kind);
	if (!p) {
		RETAIN_WRONG(r,
			"entry %llu let go entries %llu to %llu, and nothing was promised for kind "
			"'%s': it is kept for ever",
			(unsigned long long)g->by, (unsigned long long)g->first,
			(unsigned long long)g->last, entry_kinds[kind].name);
		return;
	}
	int64_t born = greatest(g->newest_s, floor_of(r, g->first, until_s));
	int64_t age = least(until_s - born, counted_since(r, g));
	if (age < (int64_t)p->days * DAY_S)
		RETAIN_WRONG(r,
			"entry %llu let go entries %llu to %llu after %lld days at most, entry %llu "
			"promised %u for kind '%s'",
			(unsigned long long)g->by, (unsigned long long)g->first,
			(unsigned long long)g->last, (long long)age / DAY_S,
			(unsigned long long)p->by, p->days, entry_kinds[kind].name);
}

void retain_claim(struct retain *r, const struct retain_gone *g, int64_t until_s, int64_t at_s)
{
	if (until_s > at_s)
		RETAIN_WRONG(r, "entry %llu let entries go at a time that was still to come",
			(unsigned long long)g->by);
	retain_claim_own(r, g);
	claim_hold(r, g);
	for (unsigned kind = 0; entry_kinds[kind].name; kind++) {
		if (!(g->kinds >> kind & 1))
			continue;
		if (entry_kinds[kind].own)
			RETAIN_WRONG(r, "entry %llu let go entries of kind '%s', which always stay",
				(unsigned long long)g->by, entry_kinds[kind].name);
		else
			claim_age(r, g, kind, until_s);
	}
}
