/* Whether entries may go: judged from the entries themselves, and, when they are gone, from what
 * was claimed of them and from what still stands around the place where they were. */
#include <stdio.h>

#include "event/entry.h"
#include "ledger/retain_inside.h"

enum { DAY_S = 86400 };

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t greatest(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* --- from the entries --- */

static bool overlap(const struct retain_gone *g, uint64_t first, uint64_t last)
{
	return first <= g->last && last >= g->first;
}

static bool is_hole(const struct retain *r, const struct retain_gone *g)
{
	for (size_t i = 0; i < r->hole_list.count; i++)
		if (r->holes[i].first <= g->first && r->holes[i].last >= g->last)
			return true;
	return false;
}

/* The entry that had another word on some of it first; UINT64_MAX: none. */
static uint64_t taken_back_by(const struct retain *r, const struct retain_gone *g)
{
	uint64_t by = UINT64_MAX;
	for (size_t i = (size_t)(g - r->gone) + 1; i < r->gone_list.count && by == UINT64_MAX; i++)
		if (overlap(g, r->gone[i].first, r->gone[i].last))
			by = r->gone[i].by;
	for (size_t i = 0; i < r->kept_list.count; i++)
		if (r->kept[i].by > g->by && r->kept[i].by < by &&
			overlap(g, r->kept[i].first, r->kept[i].last))
			by = r->kept[i].by;
	return by;
}

/* Where the clock was set back behind a claim, what is written then may be of the same days once
 * more: the claim may count only where no later time of the ledger's own is before it. */
static void doubt_after_set_back(struct retain *r, int64_t until_s)
{
	int64_t earliest_s = until_s;
	size_t own = r->own_list.count;
	for (size_t i = r->gone_list.count; i-- > 0;) {
		struct retain_gone *g = &r->gone[i];
		for (; own > 0 && r->owns[own - 1].sequence > g->by; own--)
			earliest_s = least(earliest_s, r->owns[own - 1].at_s);
		g->counts = g->until_s <= earliest_s;
	}
}

/* What a claim says that its entries bore witness of counts once all of them are gone, where it is
 * the last word on each, and where the same is true of all that were to go before it: those whose
 * claims are older, and of the same entry those behind it (prune_remove()).  For it says what is
 * lost when these are gone; where one is here, or stayed after all, it may bear witness of the
 * same. */
static void settle_claims(struct retain *r, int64_t until_s)
{
	doubt_after_set_back(r, until_s);
	uint64_t in_the_way = 0; /* of claims before that entry */
	for (size_t begin = 0, end; begin < r->gone_list.count; begin = end) {
		for (end = begin + 1; end < r->gone_list.count; end++)
			if (r->gone[end].by != r->gone[begin].by)
				break;
		for (size_t i = end; i-- > begin;) {
			struct retain_gone *g = &r->gone[i];
			if (g->to)
				continue;
			uint64_t by = taken_back_by(r, g);
			bool stands = by == UINT64_MAX && is_hole(r, g);
			g->counts = g->counts && stands && in_the_way <= g->by;
			if (!stands && by > in_the_way)
				in_the_way = by;
		}
	}
}

struct retain_look retain_look(struct retain *r, int64_t until_s)
{
	struct passage all = r->passage;
	struct retain_look l = { .r = r, .until_s = until_s, .floor_s = INT64_MIN };
	settle_claims(r, until_s);
	passage_own(&all, until_s);
	l.counted_s = all.counted_s;
	for (size_t i = 0; i < r->gone_list.count; i++)
		l.counted_s += r->gone[i].counts ? r->gone[i].counted_s : 0;
	return l;
}

void retain_look_miss(struct retain_look *l, uint64_t first)
{
	const struct retain_gone *g = retain_gone(l->r, first);
	if (g && g->first == first && g->counts)
		l->gone_s += g->counted_s;
}

struct retain_frame retain_look_frame(const struct retain_look *l)
{
	bool more = l->own_at < l->r->own_list.count;
	return (struct retain_frame){ l->own_at ? l->r->owns[l->own_at - 1].at_s : INT64_MIN,
		more ? l->r->owns[l->own_at].at_s : l->until_s };
}

int64_t retain_look_counted(const struct retain_look *l, const struct passage *p)
{
	return passage_counted(p, retain_look_frame(l).to_s);
}

/* The earlier of two ages: by the clock, and by what was written since. */
static struct retain_verdict judge_age(
	const struct retain_look *l, const struct retain_promise *p, const struct entry_view *v)
{
	int64_t by_clock = l->until_s - greatest(v->at_s, l->floor_s);
	int64_t by_ledger = l->counted_s - retain_look_counted(l, &l->passage) - l->gone_s;
	int64_t left = (int64_t)p->days * DAY_S - least(by_clock, by_ledger);
	return (struct retain_verdict){ left > 0 ? TOO_YOUNG : MAY_GO, p->by, v->kind, left };
}

struct retain_verdict retain_judge(
	struct retain_look *l, uint64_t sequence, struct cur entry, struct entry_view *v)
{
	if (!entry_view(entry, v))
		return (struct retain_verdict){ .why = NOT_UNDERSTOOD };
	if (entry_kinds[v->kind].own) {
		passage_own(&l->passage, v->at_s);
		l->own_at++;
		if (v->at_s <= l->until_s)
			l->floor_s = greatest(l->floor_s, v->at_s);
		return (struct retain_verdict){ .why = OWN_KIND, .kind = v->kind };
	}
	passage_see(&l->passage, v->at_s);
	const struct retain_hold *h = retain_held(l->r, sequence, v);
	if (h)
		return (struct retain_verdict){ HELD, h->by, v->kind, 0 };
	const struct retain_promise *p = retain_longest(l->r, v->kind);
	if (!p)
		return (struct retain_verdict){ .why = NOT_PROMISED, .kind = v->kind };
	return judge_age(l, p, v);
}

struct retain_verdict retain_judge_claim(
	const struct retain_look *l, uint32_t kinds, int64_t newest_s)
{
	struct retain_verdict v = { .why = MAY_GO };
	for (unsigned kind = 0; entry_kinds[kind].name && v.why == MAY_GO; kind++) {
		const struct retain_promise *p =
			kinds >> kind & 1 ? retain_longest(l->r, kind) : NULL;
		const struct entry_view newest = { .kind = kind, .at_s = newest_s };
		if (p)
			v = judge_age(l, p, &newest);
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

/* The most that was written since, where all of it is still here. */
static int64_t counted_since(const struct retain *r, const struct retain_gone *g)
{
	int64_t before = 0;
	if (r->hole_list.count && r->holes[r->hole_list.count - 1].last > g->last)
		return INT64_MAX;
	for (size_t i = 0; i < r->mark_count && r->marks[i].sequence <= g->first; i++)
		before = r->marks[i].counted_s;
	return r->passage.counted_s - before;
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
	for (size_t i = 0; i < r->own_list.count; i++) {
		uint64_t own = r->owns[i].sequence;
		if (own >= g->first && own <= g->last)
			RETAIN_WRONG(r,
				"entry %llu says that entries %llu to %llu are gone, of which %llu "
				"is the ledger's own",
				(unsigned long long)g->by, (unsigned long long)g->first,
				(unsigned long long)g->last, (unsigned long long)own);
	}
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
