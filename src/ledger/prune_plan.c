#include "ledger/prune.h"

#include <errno.h>

#include "base/clock.h"
#include "event/entry.h"
#include "ledger/tile.h"

/* No claim is older: as far back as nanoseconds of 64 bits go, 1677. */
#define OLDEST_S (INT64_MIN / CLOCK_SECOND)

struct planning {
	struct prune_plan *plan;
	const struct prune_from *from;
	struct retain_look look;
	int64_t until_s;
};

/* What only another folder has may be missing here. */
static bool is_here(const struct planning *g, uint64_t first)
{
	const struct files *f = g->from->here;
	char name[TILE_NAME];
	tile_name(name, TILE_ENTRIES, first / TILE_WIDTH, TILE_WIDTH);
	int fd = f->open(f->self, name, FILE_READ);
	if (fd >= 0)
		f->close(f->self, fd);
	return fd >= 0;
}

/* By the first entry that stays; where none does, by what will be claimed of the bundle. */
struct judged {
	struct retain_verdict verdict;
	uint64_t at;
	struct days days; /* that it saw, as far as they count; those before 1970 are not told */
};

static int judge(struct planning *g, struct prune_range *range, struct cur bytes, struct judged *b,
	struct err *e)
{
	struct day_span frame = retain_frame(g->from->rules, range->first, range->last, g->until_s);
	/* Entry 0 says whose ledger this is. */
	*b = (struct judged){ .verdict.why = range->first ? MAY_GO : OWN_KIND };
	for (uint64_t at = range->first; at <= range->last; at++) {
		struct entry_view v = { 0 };
		struct cur entry;
		if (walk_entry(&bytes, at, &entry, e) < 0)
			return e->code;
		struct retain_verdict verdict = retain_judge(&g->look, at, entry, &v);
		if (verdict.why != MAY_GO && b->verdict.why == MAY_GO) {
			b->verdict = verdict;
			b->at = at;
		}
		if (verdict.why != MAY_GO)
			continue;
		range->kinds |= UINT32_C(1) << v.kind;
		range->newest_s = v.at_s > range->newest_s ? v.at_s : range->newest_s;
		int32_t day = day_of(v.at_s);
		if (day >= 0 && day >= frame.from && day <= frame.to &&
			days_see(&b->days, day, range->first, e) < 0)
			return e->code;
	}
	/* As a whole it is claimed to be as new as the newest of it. */
	if (b->verdict.why == MAY_GO) {
		b->verdict =
			retain_judge_claim(&g->look, range->last, range->kinds, range->newest_s);
		b->at = range->last;
	}
	return 0;
}

static int goes(struct planning *g, struct prune_range *range, struct err *e)
{
	if (range->newest_s < OLDEST_S)
		range->newest_s = OLDEST_S;
	if (range->by != PRUNE_NOBODY) { /* nothing is claimed of it anew */
		range->kinds = 0;
		range->days.count = 0;
	}
	return prune_goes(g->plan, range, e);
}

static int stays(
	struct planning *g, struct prune_range *range, const struct judged *b, struct err *e)
{
	prune_stays(g->plan, &b->verdict, b->at);
	if (range->by == PRUNE_NOBODY || !is_here(g, range->first))
		return 0;
	*range = (struct prune_range){
		.first = range->first, .last = range->last, .by = PRUNE_NOBODY
	};
	return prune_list_add(&g->plan->kept, range, e);
}

static int plan_bundle(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	struct planning *g = self;
	const struct retain_gone *gone = retain_gone(g->from->rules, first);
	struct prune_range range = { .first = first,
		.last = first + count - 1,
		.by = gone && !gone->to ? gone->by : PRUNE_NOBODY,
		.newest_s = INT64_MIN };
	struct judged b;
	int r = judge(g, &range, bytes, &b, e);
	range.days = days_few(&b.days);
	days_done(&b.days);
	if (r < 0 || count < TILE_WIDTH)
		return r;
	return b.verdict.why == MAY_GO ? goes(g, &range, e) : stays(g, &range, &b, e);
}

static int plan_missing(void *self, uint64_t first, struct err *e)
{
	struct planning *g = self;
	(void)e;
	const struct retain_gone *gone = retain_gone(g->from->rules, first);
	g->plan->elsewhere += gone && gone->to;
	return 0;
}

int prune_plan(
	struct prune_plan *out, const struct prune_from *from, int64_t until_s, struct err *e)
{
	struct planning g = { .plan = out, .from = from, .until_s = until_s };
	const struct walk w = { plan_bundle, plan_missing, &g, from->eyes };
	uint64_t by;
	*out = (struct prune_plan){ 0 };
	if (retain_unknown(from->rules, &by))
		return err_set(e, -ENOTSUP,
			"entry %llu is a rule that this version does not know: nothing is let go",
			(unsigned long long)by);
	int r = retain_look(&g.look, from->rules, until_s, e);
	if (r == 0)
		r = walk_bundles(&w, from->files, 0, from->size, e);
	retain_look_done(&g.look);
	if (r < 0)
		prune_plan_done(out);
	return r;
}
