#include "ledger/prune.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/tile.h"

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

/* What was said first goes first, and of that the last: a claim is of what is lost when all before
 * it in this order is gone, too (prune_plan.c, retain_look.c). */
static int in_order_of_removal(const void *a, const void *b)
{
	const struct prune_range *x = *(const struct prune_range *const *)a,
				 *y = *(const struct prune_range *const *)b;
	if (x->by != y->by)
		return x->by < y->by ? -1 : 1;
	return x->first > y->first ? -1 : x->first < y->first;
}

static int remove_bundles(const struct prune_list *l, const struct files *f, struct err *e)
{
	int r = 0;
	const struct prune_range **order = calloc(l->count, sizeof *order);
	if (!order)
		return err_sys(e, "remove %zu ranges", l->count);
	for (size_t i = 0; i < l->count; i++)
		order[i] = &l->list[i];
	qsort(order, l->count, sizeof *order, in_order_of_removal);
	for (size_t i = 0; r == 0 && i < l->count; i++)
		for (uint64_t at = order[i]->last + 1; r == 0 && at > order[i]->first;
			at -= TILE_WIDTH)
			r = remove_bundle(f, at / TILE_WIDTH - 1, e);
	free(order);
	return r;
}

int prune_remove(const struct prune_plan *p, const struct files *f, struct err *e)
{
	const struct prune_list *l = &p->go;
	if (!l->count)
		return 0;
	int r = remove_file(f, "tile.new", e); /* of a writer that was ended */
	if (r == 0)
		r = remove_bundles(l, f, e);
	if (r == 0 && (r = f->sync_all(f->self)) < 0) {
		errno = -r;
		r = err_sys(e, "sync what was removed");
	}
	return r;
}
