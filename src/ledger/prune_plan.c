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
	const struct prune_from *from;
	struct retain_look look;
	const char *to; /* NULL: to be let go */
	int64_t before_s;
};

void prune_plan_done(struct prune_plan *p)
{
	free(p->go.list);
	free(p->kept.list);
	p->go = p->kept = (struct prune_list){ 0 };
}

/* Neighbours become one range. */
static int add_range(struct prune_list *l, const struct prune_range *g, struct err *e)
{
	struct prune_range *last = l->list && l->count ? &l->list[l->count - 1] : NULL;
	if (last && last->last + 1 == g->first && last->said == g->said) {
		last->last = g->last;
		last->kinds |= g->kinds;
		last->counted_s += g->counted_s;
		last->newest_s = g->newest_s > last->newest_s ? g->newest_s : last->newest_s;
		return 0;
	}
	if (l->count == l->room) {
		size_t room = l->room ? 2 * l->room : 64;
		struct prune_range *more = realloc(l->list, room * sizeof *more);
		if (!more)
			return err_sys(e, "plan what to let go");
		l->list = more;
		l->room = room;
	}
	assert(l->list);
	l->list[l->count++] = *g;
	return 0;
}

static int goes(struct prune_plan *p, const struct prune_range *g, struct err *e)
{
	p->entries += g->last - g->first + 1;
	return add_range(&p->go, g, e);
}

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

static int stays(struct planning *g, const struct prune_range *range,
	const struct retain_verdict *v, uint64_t at, struct err *e)
{
	struct prune_plan *p = g->plan;
	if (!p->stay[v->why]++) {
		p->example[v->why] = *v;
		p->example_at[v->why] = at;
	}
	bool kept = !g->to && range->said && is_here(g, range->first);
	return kept ? add_range(&p->kept, range, e) : 0;
}

static bool is_said(const struct planning *g, uint64_t first)
{
	const struct retain_gone *gone = retain_gone(g->from->rules, first);
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
		return stays(g, &range, &first_no, no_at, e);
	return goes(g->plan, &range, e);
}

static int plan_missing(void *self, uint64_t first, struct err *e)
{
	struct planning *g = self;
	const struct retain_gone *gone = retain_gone(g->from->rules, first);
	(void)e;
	g->plan->elsewhere += gone && gone->to;
	if (!g->to)
		retain_look_miss(&g->look, first, TILE_WIDTH);
	return 0;
}

static int plan(struct planning *g, struct prune_plan *out, struct err *e)
{
	const struct prune_from *from = g->from;
	const struct walk w = { plan_bundle, plan_missing, g, from->eyes };
	*out = (struct prune_plan){ 0 };
	g->plan = out;
	int r = walk_bundles(&w, from->files, 0, from->size, e);
	if (r < 0)
		prune_plan_done(out);
	return r;
}

int prune_plan(
	struct prune_plan *out, const struct prune_from *from, int64_t until_s, struct err *e)
{
	struct planning g = { .from = from, .look = retain_look(from->rules, until_s) };
	uint64_t by;
	if (retain_unknown(from->rules, &by))
		return err_set(e, -ENOTSUP,
			"entry %llu is a rule that this version does not know: nothing is let go",
			(unsigned long long)by);
	return plan(&g, out, e);
}

int move_plan(struct prune_plan *out, const struct prune_from *from, int64_t before_s,
	const char *to, struct err *e)
{
	struct planning g = { .from = from, .to = to, .before_s = before_s };
	return plan(&g, out, e);
}

/* --- what an entry says of it --- */

static const char *seconds_text(int64_t s, char text[CLOCK_TEXT])
{
	clock_text(s * CLOCK_SECOND, text);
	memcpy(text + 19, "Z", 2); /* no fraction */
	return text;
}

static json_t *bundles_data(const struct prune_range *g)
{
	return json_pack("{s:I, s:I}", "first", (json_int_t)g->first, "last", (json_int_t)g->last);
}

/* With what is claimed of entries that will not be there to be asked. */
static json_t *claim_data(const struct prune_range *g)
{
	char newest[CLOCK_TEXT];
	json_t *range = bundles_data(g), *kinds = json_array();
	for (unsigned i = 0; entry_kinds[i].name; i++)
		if (g->kinds >> i & 1)
			json_array_append_new(kinds, json_string(entry_kinds[i].name));
	json_object_update_new(range,
		json_pack("{s:o, s:s, s:I}", "kinds", kinds, "newest",
			seconds_text(g->newest_s, newest), "counted", (json_int_t)g->counted_s));
	return range;
}

static int no_memory(struct err *e)
{
	return err_set(e, -ENOMEM, "no memory for an entry");
}

/* Up to as many as fit into one entry; NULL: none is left. */
static int next_ranges(const struct prune_list *l, size_t *at, bool said,
	json_t *data_of(const struct prune_range *g), json_t **out, struct err *e)
{
	json_t *ranges = NULL;
	for (; *at < l->count && json_array_size(ranges) < RETAIN_RANGES; ++*at) {
		if (l->list[*at].said != said)
			continue;
		if (!ranges)
			ranges = json_array();
		if (json_array_append_new(ranges, data_of(&l->list[*at])) < 0) {
			json_decref(ranges);
			return no_memory(e);
		}
	}
	*out = ranges;
	return 0;
}

int prune_data(const struct prune_plan *p, struct prune_tell *at, int64_t until_s, const char *to,
	json_t **out, struct err *e)
{
	char until[CLOCK_TEXT];
	json_t *kept, *go = NULL;
	*out = NULL;
	int r = next_ranges(&p->kept, &at->kept, true, bundles_data, &kept, e);
	if (r == 0 && !kept)
		r = next_ranges(&p->go, &at->go, false, to ? bundles_data : claim_data, &go, e);
	if (r < 0 || (!kept && !go))
		return r;
	*out = kept  ? json_pack("{s:o}", "kept", kept)
		: to ? json_pack("{s:o, s:s}", "moved", go, "to", to)
		     : json_pack("{s:o, s:s}", "pruned", go, "until", seconds_text(until_s, until));
	return *out ? 0 : no_memory(e);
}
