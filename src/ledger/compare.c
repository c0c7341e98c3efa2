#include "ledger/compare.h"

#include <errno.h>
#include <stdlib.h>

#include "ledger/tile.h"

static int differs(const char *copy, uint64_t sequence, uint64_t size, struct err *e)
{
	char bundle[TILE_NAME];
	uint64_t index = sequence / TILE_WIDTH;
	tile_name(bundle, TILE_ENTRIES, index, tile_width(TILE_ENTRIES, index, size));
	return err_set(e, -EBADMSG,
		"%s: entry %llu is another one than in %s: another history from there on", bundle,
		(unsigned long long)sequence, copy);
}

static int compare_tiles(struct tiles *a, struct tiles *b, const char *copy, struct err *e)
{
	uint64_t size = a->size < b->size ? a->size : b->size;
	for (uint64_t i = 0; i * TILE_WIDTH < size; i++) {
		const struct hash *x, *y;
		unsigned width = tile_width(0, i, size);
		int r = tiles_read(a, 0, i, &x, e);
		if (r < 0)
			return r;
		r = tiles_read(b, 0, i, &y, e);
		if (r < 0)
			return err_in(e, "%s", copy), r;
		for (unsigned k = 0; k < width; k++)
			if (!hash_same(&x[k], &y[k]))
				return differs(copy, i * TILE_WIDTH + k, a->size, e);
	}
	return 0;
}

int ledger_compare(const struct ledger_copy *a, const struct ledger_copy *b, struct err *e)
{
	struct tiles *both = malloc(2 * sizeof *both);
	if (!both)
		return err_sys(e, "compare with %s", b->name);
	tiles_init(&both[0], a->files, a->head.size);
	tiles_init(&both[1], b->files, b->head.size);
	int r = compare_tiles(&both[0], &both[1], b->name, e);
	free(both);
	return r;
}
