#include "ledger/move.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event/entry.h"
#include "ledger/tile.h"

/* --- which --- */

struct choosing {
	struct prune_plan *plan;
	const struct prune_from *from;
	const char *to;
	int64_t before_s;
};

/* Moving is keeping: only what the rules rest on must be here, and what is too new is wanted. */
static struct retain_verdict judge(const struct choosing *c, struct cur entry)
{
	struct entry_view v = { 0 };
	bool known = entry_view(entry, &v);
	enum retain_why why = !known      ? NOT_UNDERSTOOD
		: entry_kinds[v.kind].own ? OWN_KIND
		: v.at_s >= c->before_s   ? TOO_YOUNG
					  : MAY_GO;
	return (struct retain_verdict){ .why = why };
}

/* By the first entry that stays. */
static int choose_bundle(
	void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	struct choosing *c = self;
	/* Entry 0 says whose ledger this is. */
	struct retain_verdict verdict = { .why = first ? MAY_GO : OWN_KIND };
	uint64_t at = first;
	for (uint64_t next = first; verdict.why == MAY_GO && next < first + count; next++) {
		struct cur entry;
		if (walk_entry(&bytes, next, &entry, e) < 0)
			return e->code;
		verdict = judge(c, entry);
		at = next;
	}
	if (count < TILE_WIDTH)
		return 0;
	if (verdict.why != MAY_GO) {
		prune_stays(c->plan, &verdict, at);
		return 0;
	}
	const struct retain_gone *gone = retain_gone(c->from->rules, first);
	bool said = gone && gone->to && strcmp(gone->to, c->to) == 0;
	struct prune_range range = {
		.first = first, .last = first + count - 1, .by = said ? gone->by : PRUNE_NOBODY
	};
	return prune_goes(c->plan, &range, e);
}

static int choose_missing(void *self, uint64_t first, struct err *e)
{
	struct choosing *c = self;
	(void)e;
	const struct retain_gone *gone = retain_gone(c->from->rules, first);
	c->plan->elsewhere += gone && gone->to;
	return 0;
}

int move_plan(struct prune_plan *out, const struct prune_from *from, int64_t before_s,
	const char *to, struct err *e)
{
	struct choosing c = { out, from, to, before_s };
	const struct walk w = { choose_bundle, choose_missing, &c, from->eyes };
	*out = (struct prune_plan){ 0 };
	int r = walk_bundles(&w, from->files, 0, from->size, e);
	if (r < 0)
		prune_plan_done(out);
	return r;
}

/* --- over there --- */

struct copying {
	const struct files *to;
	struct tiles *tiles;
	uint8_t *here, *there;
};

static int is_sound(
	struct copying *m, uint64_t index, struct cur bytes, const char *name, struct err *e)
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

static int move_one(struct copying *m, uint64_t index, struct err *e)
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
	struct copying m = { to, malloc(sizeof *m.tiles), malloc(BUNDLE_MAX), malloc(BUNDLE_MAX) };
	if (!m.tiles || !m.here || !m.there) {
		free(m.there);
		free(m.here);
		free(m.tiles);
		return err_sys(e, "move entries");
	}
	const struct prune_list *l = &p->go;
	int r = 0;
	tiles_init(m.tiles, f, size);
	for (size_t i = 0; r == 0 && i < l->count; i++)
		for (uint64_t at = l->list[i].first; r == 0 && at < l->list[i].last;
			at += TILE_WIDTH)
			r = move_one(&m, at / TILE_WIDTH, e);
	if (r == 0 && l->count && (r = to->sync_all(to->self)) < 0) {
		errno = -r;
		r = err_sys(e, "sync what was moved");
	}
	free(m.there);
	free(m.here);
	free(m.tiles);
	return r;
}
