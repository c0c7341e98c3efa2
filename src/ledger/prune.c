#include "ledger/prune.h"

#include <errno.h>
#include <stdio.h>
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

int prune_remove(const struct prune_plan *p, const struct files *f, struct err *e)
{
	const struct prune_list *l = &p->go;
	if (!l->count)
		return 0;
	int r = remove_file(f, "tile.new", e); /* of a writer that was ended */
	for (size_t i = 0; r == 0 && i < l->count; i++)
		for (uint64_t at = l->list[i].first; r == 0 && at < l->list[i].last;
			at += TILE_WIDTH)
			r = remove_bundle(f, at / TILE_WIDTH, e);
	if (r == 0 && (r = f->sync_all(f->self)) < 0) {
		errno = -r;
		r = err_sys(e, "sync what was removed");
	}
	return r;
}
