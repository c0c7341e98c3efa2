#include "ledger/prune.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/grow.h"
#include "event/entry.h"
#include "ledger/tile.h"

/* No claim is older: as far back as nanoseconds of 64 bits go, 1677. */
#define OLDEST_S (INT64_MIN / CLOCK_SECOND)

struct planning {
	struct prune_plan *plan;
	const struct prune_from *from;
	struct retain_look look;
	int64_t until_s;
	/* Of what is here and was not said to go before; and of what will be left of that. */
	struct passage before, left;
	/* Something that was said to go stays after all.  Then no claim of that time holds any more
	 * where it is of what is here: all that is taken back, and what goes is claimed anew. */
	bool anew;
	/* Where nothing is claimed, since it cannot be known: where bundles stand that were moved
	 * and are not looked at, and where there were more silences than a passage remembers. */
	struct retain_frame *unsure;
	size_t unsure_count, unsure_room;
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

static const struct retain_gone *said_by(const struct planning *g, uint64_t first)
{
	const struct retain_gone *gone = retain_gone(g->from->rules, first);
	return gone && !gone->to ? gone : NULL;
}

/* --- a bundle --- */

/* The times of a bundle's entries. */
struct times {
	enum { TIME_NONE, TIME_OWN, TIME_SEEN } what[TILE_WIDTH];
	int64_t at_s[TILE_WIDTH];
};

static void feed(struct passage *p, const struct times *t, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (t->what[i] == TIME_OWN)
			passage_own(p, t->at_s[i]);
		else if (t->what[i] == TIME_SEEN)
			passage_see(p, t->at_s[i]);
}

/* How much less will be borne witness of, up to here. */
static int64_t lost_until_here(const struct planning *g)
{
	return retain_look_counted(&g->look, &g->before) - retain_look_counted(&g->look, &g->left);
}

static int add_unsure(struct planning *g, struct retain_frame f, struct err *e)
{
	const struct retain_frame *last = g->unsure_count ? &g->unsure[g->unsure_count - 1] : NULL;
	if (last && last->from_s == f.from_s && last->to_s == f.to_s)
		return 0;
	struct retain_frame *more =
		grow(g->unsure, &g->unsure_room, g->unsure_count + 1, sizeof *more);
	if (!more)
		return err_sys(e, "plan what to let go");
	g->unsure = more;
	more[g->unsure_count++] = f;
	return 0;
}

/* What goes in the end is known bundle by bundle: so is what is lost with it, of which some comes
 * back where later entries, which stay, are of the same days. */
static int count_lost(struct planning *g, const struct times *t, unsigned count,
	const struct prune_range *range, bool may_go, struct err *e)
{
	struct prune_list *l = &g->plan->go;
	unsigned joined = g->before.open.joined + g->left.open.joined;
	if (!may_go || range->by == PRUNE_NOBODY)
		feed(&g->before, t, count);
	if (!may_go)
		feed(&g->left, t, count);
	struct prune_range *last = l->count ? &l->list[l->count - 1] : NULL;
	int64_t lost_s = lost_until_here(g);
	if (last && lost_s > last->lost_s)
		last->lost_s = lost_s;
	return g->before.open.joined + g->left.open.joined == joined
		? 0
		: add_unsure(g, range->frame, e);
}

/* While nothing of it is judged yet. */
static struct prune_range range_of(const struct planning *g, uint64_t first, unsigned count)
{
	const struct retain_gone *gone = said_by(g, first);
	bool said = gone && !(g->anew && is_here(g, first));
	return (struct prune_range){ .first = first,
		.last = first + count - 1,
		.by = said ? gone->by : PRUNE_NOBODY,
		.newest_s = INT64_MIN,
		.frame = retain_look_frame(&g->look) };
}

/* By the first entry that stays; where none does, by what will be claimed of the bundle. */
struct judged {
	struct retain_verdict verdict;
	uint64_t at;
	struct times times;
};

static int judge(struct planning *g, struct prune_range *range, struct cur bytes, struct judged *b,
	struct err *e)
{
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
		if (verdict.why == NOT_UNDERSTOOD)
			continue;
		b->times.what[at - range->first] = entry_kinds[v.kind].own ? TIME_OWN : TIME_SEEN;
		b->times.at_s[at - range->first] = v.at_s;
		if (verdict.why == MAY_GO) {
			range->kinds |= UINT32_C(1) << v.kind;
			range->newest_s = v.at_s > range->newest_s ? v.at_s : range->newest_s;
		}
	}
	range->frame.to_s = retain_look_frame(&g->look).to_s;
	/* As a whole it is claimed to be as new as the newest of it. */
	if (b->verdict.why == MAY_GO) {
		b->verdict = retain_judge_claim(&g->look, range->kinds, range->newest_s);
		b->at = range->last;
	}
	return 0;
}

static int take_back(struct planning *g, struct prune_range range, struct err *e)
{
	range.kinds = 0;
	return prune_list_add(&g->plan->back, &range, e);
}

static int stays(
	struct planning *g, struct prune_range *range, const struct judged *b, struct err *e)
{
	prune_stays(g->plan, &b->verdict, b->at);
	if (!said_by(g, range->first) || !is_here(g, range->first))
		return 0;
	range->kinds = 0;
	return prune_list_add(&g->plan->kept, range, e);
}

static int goes(struct planning *g, struct prune_range *range, struct err *e)
{
	if (range->newest_s < OLDEST_S)
		range->newest_s = OLDEST_S;
	if (range->by != PRUNE_NOBODY)
		range->kinds = 0; /* nothing is claimed of it anew */
	return prune_goes(g->plan, range, e);
}

static int plan_bundle(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	struct planning *g = self;
	struct prune_range range = range_of(g, first, count);
	struct judged b;
	int r = judge(g, &range, bytes, &b, e);
	if (r < 0)
		return r;
	bool whole = count == TILE_WIDTH, may_go = whole && b.verdict.why == MAY_GO;
	if (may_go)
		r = goes(g, &range, e);
	else if (whole)
		r = stays(g, &range, &b, e);
	if (r == 0 && g->anew && range.by == PRUNE_NOBODY && said_by(g, first))
		r = take_back(g, range, e);
	return r < 0 ? r : count_lost(g, &b.times, count, &range, may_go, e);
}

static int plan_missing(void *self, uint64_t first, struct err *e)
{
	struct planning *g = self;
	const struct retain_gone *gone = retain_gone(g->from->rules, first);
	retain_look_miss(&g->look, first);
	if (!gone || !gone->to)
		return 0;
	g->plan->elsewhere++;
	return add_unsure(g, retain_look_frame(&g->look), e);
}

/* --- all of them --- */

static bool is_unsure(const struct planning *g, const struct retain_frame *f)
{
	for (size_t i = 0; i < g->unsure_count; i++)
		if (f->from_s <= g->unsure[i].to_s + PASSAGE_GAP_S &&
			g->unsure[i].from_s <= f->to_s + PASSAGE_GAP_S)
			return true;
	return false;
}

/* Behind any place no more is claimed than would be lost if all behind it went, and nothing in
 * front of it: so nothing gets older than it was while all of it was here, however much of it goes
 * in the order of prune_remove(). */
static void claim(struct planning *g)
{
	struct prune_list *l = &g->plan->go;
	passage_own(&g->before, g->until_s);
	passage_own(&g->left, g->until_s);
	int64_t all_s = g->before.counted_s - g->left.counted_s;
	int64_t behind_s = all_s > 0 ? all_s : 0;
	for (size_t i = 0; i < l->count; i++) {
		if (l->list[i].by != PRUNE_NOBODY)
			continue;
		int64_t after_s = all_s - l->list[i].lost_s;
		after_s = after_s < 0 ? 0 : after_s < behind_s ? after_s : behind_s;
		bool unsure = is_unsure(g, &l->list[i].frame);
		l->list[i].counted_s = unsure ? 0 : behind_s - after_s;
		behind_s = after_s;
	}
}

static int plan_once(struct planning *g, struct err *e)
{
	const struct prune_from *from = g->from;
	const struct walk w = { plan_bundle, plan_missing, g, from->eyes };
	prune_plan_done(g->plan);
	*g->plan = (struct prune_plan){ 0 };
	g->look = retain_look(from->rules, g->until_s);
	g->before = (struct passage){ 0 };
	g->left = (struct passage){ .most = true };
	g->unsure_count = 0;
	return walk_bundles(&w, from->files, 0, from->size, e);
}

int prune_plan(
	struct prune_plan *out, const struct prune_from *from, int64_t until_s, struct err *e)
{
	struct planning g = { .plan = out, .from = from, .until_s = until_s };
	uint64_t by;
	*out = (struct prune_plan){ 0 };
	if (retain_unknown(from->rules, &by))
		return err_set(e, -ENOTSUP,
			"entry %llu is a rule that this version does not know: nothing is let go",
			(unsigned long long)by);
	int r = plan_once(&g, e);
	if (r == 0 && out->kept.count) {
		g.anew = true;
		r = plan_once(&g, e);
	}
	if (r == 0)
		claim(&g);
	else
		prune_plan_done(out);
	free(g.unsure);
	return r;
}
