#include "ledger/prune.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "event/entry.h"
#include "ledger/tile.h"

struct planning {
	struct prune_plan *plan;
	const struct retain *rules;
	struct retain_look look;
	const char *to; /* NULL: to be let go */
	int64_t before_s;
};

void prune_plan_done(struct prune_plan *p)
{
	free(p->ranges);
	p->ranges = NULL;
}

/* Neighbours become one range. */
static int add_range(struct prune_plan *p, const struct prune_range *g, struct err *e)
{
	struct prune_range *last = p->ranges && p->count ? &p->ranges[p->count - 1] : NULL;
	p->entries += g->last - g->first + 1;
	if (last && last->last + 1 == g->first && last->said == g->said) {
		last->last = g->last;
		last->kinds |= g->kinds;
		last->counted_s += g->counted_s;
		last->newest_s = g->newest_s > last->newest_s ? g->newest_s : last->newest_s;
		return 0;
	}
	if (p->count == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct prune_range *more = realloc(p->ranges, room * sizeof *more);
		if (!more)
			return err_sys(e, "plan what to let go");
		p->ranges = more;
		p->room = room;
	}
	assert(p->ranges);
	p->ranges[p->count++] = *g;
	return 0;
}

static void stays(struct prune_plan *p, const struct retain_verdict *v, uint64_t at)
{
	if (!p->stay[v->why]++) {
		p->example[v->why] = *v;
		p->example_at[v->why] = at;
	}
}

static bool is_said(const struct planning *g, uint64_t first)
{
	const struct retain_gone *gone = retain_gone(g->rules, first);
	return gone && (g->to ? gone->to && strcmp(gone->to, g->to) == 0 : !gone->to);
}

/* Moving is keeping: only what the rules rest on must be here, and what is too new is wanted. */
static struct retain_verdict judge_move(
	const struct planning *g, struct cur entry, struct entry_view *v)
{
	bool known = entry_view(entry, v);
	enum retain_why why = !known       ? NOT_UNDERSTOOD
		: entry_kinds[v->kind].own ? OWN_KIND
		: v->at_s >= g->before_s   ? TOO_YOUNG
					   : MAY_GO;
	return (struct retain_verdict){ .why = why };
}

static int plan_bundle(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	struct planning *g = self;
	struct prune_range range = { .first = first,
		.last = first + count - 1,
		.said = is_said(g, first),
		.newest_s = INT64_MIN,
		.counted_s = g->to ? 0 : -retain_look_counted(&g->look) };
	/* Entry 0 says whose ledger this is. */
	struct retain_verdict first_no = { .why = first ? MAY_GO : OWN_KIND };
	uint64_t no_at = 0;
	for (uint64_t at = first; at < first + count; at++) {
		struct entry_view v;
		struct cur entry;
		if (walk_entry(&bytes, at, &entry, e) < 0)
			return e->code;
		struct retain_verdict verdict =
			g->to ? judge_move(g, entry, &v) : retain_judge(&g->look, at, entry, &v);
		if (verdict.why != MAY_GO && first_no.why == MAY_GO) {
			first_no = verdict;
			no_at = at;
		}
		if (verdict.why == MAY_GO) {
			range.kinds |= UINT32_C(1) << v.kind;
			range.newest_s = v.at_s > range.newest_s ? v.at_s : range.newest_s;
		}
	}
	range.counted_s += g->to ? 0 : retain_look_counted(&g->look);
	if (count < TILE_WIDTH)
		return 0;
	if (first_no.why != MAY_GO)
		return stays(g->plan, &first_no, no_at), 0;
	return add_range(g->plan, &range, e);
}

static int plan_missing(void *self, uint64_t first, struct err *e)
{
	struct planning *g = self;
	const struct retain_gone *gone = retain_gone(g->rules, first);
	(void)e;
	g->plan->elsewhere += gone && gone->to;
	if (!g->to)
		retain_look_miss(&g->look, first, TILE_WIDTH);
	return 0;
}

static int plan(struct planning *g, struct prune_plan *out, const struct files *f, uint64_t size,
	const struct walk_eyes *eyes, struct err *e)
{
	const struct walk w = { plan_bundle, plan_missing, g, eyes };
	*out = (struct prune_plan){ 0 };
	g->plan = out;
	int r = walk_bundles(&w, f, 0, size, e);
	if (r < 0)
		prune_plan_done(out);
	return r;
}

int prune_plan(struct prune_plan *out, const struct files *f, uint64_t size, const struct retain *r,
	int64_t until_s, const struct walk_eyes *eyes, struct err *e)
{
	struct planning g = { .rules = r, .look = retain_look(r, until_s) };
	uint64_t by;
	if (retain_unknown(r, &by))
		return err_set(e, -ENOTSUP,
			"entry %llu is a rule that this version does not know: nothing is let go",
			(unsigned long long)by);
	return plan(&g, out, f, size, eyes, e);
}

int move_plan(struct prune_plan *out, const struct files *f, uint64_t size, const struct retain *r,
	int64_t before_s, const char *to, const struct walk_eyes *eyes, struct err *e)
{
	struct planning g = { .rules = r, .to = to, .before_s = before_s };
	return plan(&g, out, f, size, eyes, e);
}

/* --- what an entry says of it --- */

static const char *seconds_text(int64_t s, char text[CLOCK_TEXT])
{
	clock_text(s * CLOCK_SECOND, text);
	memcpy(text + 19, "Z", 2); /* no fraction */
	return text;
}

static json_t *range_data(const struct prune_range *g, bool moved)
{
	char newest[CLOCK_TEXT];
	json_t *range =
		json_pack("{s:I, s:I}", "first", (json_int_t)g->first, "last", (json_int_t)g->last);
	json_t *kinds = json_array();
	for (unsigned i = 0; entry_kinds[i].name; i++)
		if (g->kinds >> i & 1)
			json_array_append_new(kinds, json_string(entry_kinds[i].name));
	if (!moved)
		json_object_update_new(range,
			json_pack("{s:O, s:s, s:I}", "kinds", kinds, "newest",
				seconds_text(g->newest_s, newest), "counted",
				(json_int_t)g->counted_s));
	json_decref(kinds);
	return range;
}

int prune_data(const struct prune_plan *p, size_t *at, int64_t until_s, const char *to,
	json_t **out, struct err *e)
{
	char until[CLOCK_TEXT];
	json_t *ranges = json_array();
	size_t n = *at;
	for (; n < p->count && json_array_size(ranges) < RETAIN_RANGES; n++)
		if (!p->ranges[n].said &&
			json_array_append_new(ranges, range_data(&p->ranges[n], to)) < 0)
			break;
	*out = NULL;
	if (ranges && json_array_size(ranges) == 0 && n == p->count) {
		json_decref(ranges);
		return 0;
	}
	*out = to
		? json_pack("{s:o, s:s}", "moved", ranges, "to", to)
		: json_pack("{s:o, s:s}", "pruned", ranges, "until", seconds_text(until_s, until));
	if (!*out)
		return err_set(e, -ENOMEM, "no memory for an entry");
	*at = n;
	return 0;
}
