#include "cli/ledger/frozen.h"

#include <errno.h>
#include <string.h>

static uint64_t edge_of(const struct frozen *z, unsigned level)
{
	return z->head.size >> level * TILE_HEIGHT >> TILE_HEIGHT;
}

static int read_edge(struct frozen *z, struct err *e)
{
	const struct hash *hashes;
	int r = 0;
	for (unsigned level = 0; r == 0 && level < TILE_LEVELS; level++)
		if (tile_width((int)level, edge_of(z, level), z->head.size))
			r = tiles_read(&z->edge, level, edge_of(z, level), &hashes, e);
	return r;
}

int frozen_take(struct frozen *z, struct ledger_view *v, struct err *e)
{
	int r = -ENOENT;
	for (unsigned tries = 0; r == -ENOENT && tries < 10; tries++) {
		r = ledger_view_renew(v, e);
		if (r < 0)
			return r;
		z->head = v->head;
		memcpy(z->note, v->note, sizeof z->note);
		tiles_init(&z->edge, &v->home->files, z->head.size);
		tiles_init(&z->walk, &v->home->files, z->head.size);
		r = read_edge(z, e);
	}
	return ledger_damage(r, e);
}

int frozen_hash(void *self, unsigned height, uint64_t index, struct hash *out, struct err *e)
{
	struct frozen *z = self;
	unsigned level = height / TILE_HEIGHT;
	uint64_t tile = (index << height % TILE_HEIGHT) / TILE_WIDTH;
	return ledger_damage(
		tiles_hash(tile == edge_of(z, level) ? &z->edge : &z->walk, height, index, out, e),
		e);
}
