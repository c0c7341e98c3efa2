#include "ledger/walk.h"

#include <errno.h>
#include <stdlib.h>

#include "ledger/tile.h"

enum { PROGRESS_EVERY = 64 };

static int walk_one(
	const struct walk *w, struct tiles *t, uint64_t index, uint8_t *bytes, struct err *e)
{
	unsigned count = tile_width(TILE_ENTRIES, index, t->size);
	uint64_t first = index * TILE_WIDTH;
	long size = bundle_read(t, index, bytes, e);
	if (size == -ENOENT && count == TILE_WIDTH)
		return w->missing(w->self, first, e);
	if (size == -ENOENT)
		return e->code = -EBADMSG;
	return size < 0 ? (int)size
			: w->bundle(w->self, first, cur_of(bytes, (size_t)size), count, e);
}

int walk_bundles(
	const struct walk *w, const struct files *f, uint64_t from, uint64_t size, struct err *e)
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
		if (w->eyes && w->eyes->progress && i % PROGRESS_EVERY == 0)
			w->eyes->progress(w->eyes->self, i * TILE_WIDTH, size);
	}
	free(bytes);
	free(t);
	return r;
}

int walk_entry(struct cur *bundle, uint64_t at, struct cur *out, struct err *e)
{
	*out = bundle_next(bundle);
	return cur_ok(out) ? 0
			   : err_set(e, -EBADMSG, "entry %llu is cut off", (unsigned long long)at);
}
