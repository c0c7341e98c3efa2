#include "ledger/prune.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "event/entry.h"
#include "ledger/tile.h"

enum { PROGRESS_EVERY = 64 };

/* --- along the bundles --- */

/* A walk over all bundles of a tree: each that is here by its bytes, each other by its numbers. */
struct walk {
	int (*bundle)(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e);
	int (*missing)(void *self, uint64_t first, unsigned count, struct err *e);
	void *self;
};

static int walk_one(
	const struct walk *w, struct tiles *t, uint64_t index, uint8_t *bytes, struct err *e)
{
	unsigned count = tile_width(TILE_ENTRIES, index, t->size);
	uint64_t first = index * TILE_WIDTH;
	long size = bundle_read(t, index, bytes, e);
	if (size == -ENOENT && count == TILE_WIDTH)
		return w->missing(w->self, first, count, e);
	if (size == -ENOENT)
		return e->code = -EBADMSG;
	return size < 0 ? (int)size
			: w->bundle(w->self, first, cur_of(bytes, (size_t)size), count, e);
}

static int walk_bundles(const struct walk *w, const struct files *f, uint64_t from, uint64_t size,
	const struct prune_eyes *eyes, struct err *e)
{
	struct tiles *t = malloc(sizeof *t);
	uint8_t *bytes = malloc(BUNDLE_MAX);
	if (!t || !bytes) {
		free(bytes);
		free(t);
		return err_sys(e, "read the ledger");
	}
	int r = 0;
	tiles_init(t, f, size);
	for (uint64_t i = from / TILE_WIDTH; r == 0 && i * TILE_WIDTH < size; i++) {
		r = walk_one(w, t, i, bytes, e);
		if (eyes && eyes->progress && i % PROGRESS_EVERY == 0)
			eyes->progress(eyes->self, i * TILE_WIDTH, size);
	}
	free(bytes);
	free(t);
	return r;
}

static int cut_off(struct err *e, uint64_t at)
{
	return err_set(e, -EBADMSG, "entry %llu is cut off", (unsigned long long)at);
}

struct loading {
	struct retain *rules;
	uint64_t from;
};

static int load_bundle(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	struct loading *l = self;
	int r = 0;
	for (uint64_t at = first; r == 0 && at < first + count; at++) {
		struct cur entry = bundle_next(&bytes);
		if (!cur_ok(&entry))
			r = cut_off(e, at);
		else if (at >= l->from)
			r = retain_feed(l->rules, at, entry, e);
	}
	return r;
}

static int load_missing(void *self, uint64_t first, unsigned count, struct err *e)
{
	struct loading *l = self;
	uint64_t from = first > l->from ? first : l->from;
	return retain_miss(l->rules, from, first + count - from, e);
}

int retain_follow(struct retain *rules, const struct files *f, uint64_t from, uint64_t size,
	const struct prune_eyes *eyes, struct err *e)
{
	struct loading l = { rules, from };
	const struct walk w = { load_bundle, load_missing, &l };
	return walk_bundles(&w, f, from, size, eyes, e);
}

int retain_load(struct retain **out, const struct files *f, uint64_t size,
	const struct prune_eyes *eyes, struct err *e)
{
	struct retain *rules;
	int r = retain_new(&rules, e);
	if (r < 0)
		return r;
	r = retain_follow(rules, f, 0, size, eyes, e);
	if (r < 0)
		retain_free(rules);
	else
		*out = rules;
	return r;
}

/* --- plans --- */

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
		struct cur entry = bundle_next(&bytes);
		if (!cur_ok(&entry))
			return cut_off(e, at);
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

static int plan_missing(void *self, uint64_t first, unsigned count, struct err *e)
{
	struct planning *g = self;
	const struct retain_gone *gone = retain_gone(g->rules, first);
	(void)e;
	g->plan->elsewhere += gone && gone->to;
	if (!g->to)
		retain_look_miss(&g->look, first, count);
	return 0;
}

static int plan(struct planning *g, struct prune_plan *out, const struct files *f, uint64_t size,
	const struct prune_eyes *eyes, struct err *e)
{
	const struct walk w = { plan_bundle, plan_missing, g };
	*out = (struct prune_plan){ 0 };
	g->plan = out;
	int r = walk_bundles(&w, f, 0, size, eyes, e);
	if (r < 0)
		prune_plan_done(out);
	return r;
}

int prune_plan(struct prune_plan *out, const struct files *f, uint64_t size, const struct retain *r,
	int64_t until_s, const struct prune_eyes *eyes, struct err *e)
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
	int64_t before_s, const char *to, const struct prune_eyes *eyes, struct err *e)
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

/* --- away with them --- */

static int remove_file(const struct files *f, const char *name, struct err *e)
{
	int r = f->remove(f->self, name);
	if (r == 0 || r == -ENOENT)
		return 0;
	errno = -r;
	return err_sys(e, "remove %s", name);
}

/* And what never got that name: a writer was ended before it could rename it. */
static int remove_named(const struct files *f, const char *name, struct err *e)
{
	char fresh[TILE_NAME + 8];
	snprintf(fresh, sizeof fresh, "%s.new", name);
	int r = remove_file(f, fresh, e);
	return r < 0 ? r : remove_file(f, name, e);
}

struct parts {
	bool there[TILE_WIDTH];
};

static void see_part(void *self, const char *name)
{
	struct parts *p = self;
	unsigned n;
	if (sscanf(name, "%3u", &n) == 1 && n < TILE_WIDTH)
		p->there[n] = true;
}

/* What was published of a bundle before it was whole has entries in it, too. */
static int remove_parts(const struct files *f, uint64_t index, struct err *e)
{
	struct parts p = { 0 };
	char folder[TILE_NAME], name[TILE_NAME];
	tile_name(folder, TILE_ENTRIES, index, 1);
	*strrchr(folder, '/') = 0;
	int r = f->list(f->self, folder, see_part, &p);
	if (r == -ENOENT)
		return 0;
	if (r < 0) {
		errno = -r;
		return err_sys(e, "look into %s", folder);
	}
	for (unsigned n = 1; r == 0 && n < TILE_WIDTH; n++) {
		tile_name(name, TILE_ENTRIES, index, n);
		if (p.there[n])
			r = remove_named(f, name, e);
	}
	return r < 0 ? r : remove_file(f, folder, e);
}

static int remove_bundle(const struct files *f, uint64_t index, struct err *e)
{
	char name[TILE_NAME];
	int r = remove_parts(f, index, e);
	tile_name(name, TILE_ENTRIES, index, TILE_WIDTH);
	return r < 0 ? r : remove_named(f, name, e);
}

int prune_remove(const struct prune_plan *p, const struct files *f, struct err *e)
{
	int r = p->count ? remove_file(f, "tile.new", e) : 0; /* of a writer that was ended */
	for (size_t i = 0; r == 0 && i < p->count; i++)
		for (uint64_t at = p->ranges[i].first; r == 0 && at < p->ranges[i].last;
			at += TILE_WIDTH)
			r = remove_bundle(f, at / TILE_WIDTH, e);
	if (r == 0 && p->count && (r = f->sync_all(f->self)) < 0) {
		errno = -r;
		r = err_sys(e, "sync what was removed");
	}
	return r;
}

/* --- to another place --- */

struct moving {
	const struct files *to;
	struct tiles *tiles;
	uint8_t *here, *there;
};

static int is_sound(
	struct moving *m, uint64_t index, struct cur bytes, const char *name, struct err *e)
{
	const struct hash *hashes;
	int r = tiles_read(m->tiles, 0, index, &hashes, e);
	for (unsigned i = 0; r == 0 && i < TILE_WIDTH; i++) {
		struct cur entry = bundle_next(&bytes);
		struct hash leaf = { { 0 } };
		if (cur_ok(&entry))
			leaf = merkle_leaf(entry.at, entry.left);
		if (!hash_same(&leaf, &hashes[i]))
			r = err_set(e, -EBADMSG, "%s is damaged: entry %llu is not the one signed",
				name, (unsigned long long)index * TILE_WIDTH + i);
	}
	return r;
}

static int move_one(struct moving *m, uint64_t index, struct err *e)
{
	char name[TILE_NAME];
	struct err none;
	tile_name(name, TILE_ENTRIES, index, TILE_WIDTH);
	long size = bundle_read(m->tiles, index, m->here, e);
	if (size < 0)
		return (int)size;
	int r = is_sound(m, index, cur_of(m->here, (size_t)size), name, e);
	if (r < 0)
		return r;
	long there = files_load(m->to, name, m->there, BUNDLE_MAX, &none);
	if (there == size && memcmp(m->here, m->there, (size_t)size) == 0)
		return 0;
	r = files_make_way(m->to, name, e);
	if (r == 0)
		r = files_replace(m->to, name, m->here, (size_t)size, e);
	there = r < 0 ? r : files_load(m->to, name, m->there, BUNDLE_MAX, e);
	if (there < 0)
		return (int)there;
	return there == size && memcmp(m->here, m->there, (size_t)size) == 0
		? 0
		: err_set(e, -EIO, "%s reads otherwise there than it was written", name);
}

int move_copy(const struct prune_plan *p, const struct files *f, uint64_t size,
	const struct files *to, struct err *e)
{
	struct moving m = { to, malloc(sizeof *m.tiles), malloc(BUNDLE_MAX), malloc(BUNDLE_MAX) };
	if (!m.tiles || !m.here || !m.there) {
		free(m.there);
		free(m.here);
		free(m.tiles);
		return err_sys(e, "move entries");
	}
	int r = 0;
	tiles_init(m.tiles, f, size);
	for (size_t i = 0; r == 0 && i < p->count; i++)
		for (uint64_t at = p->ranges[i].first; r == 0 && at < p->ranges[i].last;
			at += TILE_WIDTH)
			r = move_one(&m, at / TILE_WIDTH, e);
	if (r == 0 && p->count && (r = to->sync_all(to->self)) < 0) {
		errno = -r;
		r = err_sys(e, "sync what was moved");
	}
	free(m.there);
	free(m.here);
	free(m.tiles);
	return r;
}
