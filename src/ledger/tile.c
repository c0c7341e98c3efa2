#include "ledger/tile.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

void tile_name(char name[TILE_NAME], int level, uint64_t index, unsigned width)
{
	unsigned groups[7], count = 0;
	for (uint64_t left = index; count == 0 || left; left /= 1000)
		groups[count++] = (unsigned)(left % 1000);
	int used = level == TILE_ENTRIES ? snprintf(name, TILE_NAME, "tile/entries/")
					 : snprintf(name, TILE_NAME, "tile/%d/", level);
	while (count--)
		used += snprintf(name + used, TILE_NAME - (size_t)used, "%s%03u%s",
			count ? "x" : "", groups[count], count ? "/" : "");
	if (width < TILE_WIDTH)
		snprintf(name + used, TILE_NAME - (size_t)used, ".p/%u", width);
}

bool tile_is_bundle(const char *name)
{
	static const char bundles[] = "tile/entries/";
	return strncmp(name, bundles, sizeof bundles - 1) == 0;
}

unsigned tile_width(int level, uint64_t index, uint64_t size)
{
	unsigned shift = level == TILE_ENTRIES ? 0 : (unsigned)level * TILE_HEIGHT;
	uint64_t all = size >> shift, before = index * TILE_WIDTH;
	return all <= before                ? 0
		: all - before < TILE_WIDTH ? (unsigned)(all - before)
					    : TILE_WIDTH;
}

void tiles_init(struct tiles *t, const struct files *f, uint64_t size)
{
	*t = (struct tiles){ .files = f, .size = size };
}

/* --- reading --- */

enum { TRIES = 4 };

/* The least width above `asked`. */
struct grown {
	unsigned asked, width;
};

static void see_part(void *self, const char *name)
{
	struct grown *g = self;
	unsigned width;
	char end;
	if (sscanf(name, "%3u%c", &width, &end) == 1 && width > g->asked && width < g->width)
		g->width = width;
}

/* A part that is not there has grown meanwhile: somebody is writing.  What is there now, a larger
 * part or the whole, begins with it; `width` becomes what was read. */
static long load_tile(const struct tiles *t, int level, uint64_t index, unsigned *width, void *to,
	size_t room, struct err *e)
{
	char name[TILE_NAME];
	const unsigned asked = *width;
	struct err first;
	tile_name(name, level, index, asked);
	long size = files_load(t->files, name, to, room, e);
	first = *e;
	for (unsigned i = 0; size == -ENOENT && asked < TILE_WIDTH && i < TRIES; i++) {
		struct grown g = { asked, TILE_WIDTH };
		tile_name(name, level, index, asked);
		*strrchr(name, '/') = 0;
		t->files->list(t->files->self, name, see_part, &g);
		*width = g.width;
		tile_name(name, level, index, g.width);
		size = files_load(t->files, name, to, room, e);
	}
	if (size == -ENOENT)
		*e = first;
	return size;
}

int tiles_read(
	struct tiles *t, unsigned level, uint64_t index, const struct hash **hashes, struct err *e)
{
	unsigned width = tile_width((int)level, index, t->size);
	assert(level < TILE_LEVELS && width > 0);
	typeof(t->last[0]) *last = &t->last[level];
	*hashes = last->hashes;
	if (last->width == width && last->index == index)
		return 0;
	unsigned there = width;
	last->width = 0;
	long size = load_tile(t, (int)level, index, &there, last->hashes, sizeof last->hashes, e);
	if (size < 0)
		return (int)size;
	if ((size_t)size != there * sizeof(struct hash)) {
		char name[TILE_NAME];
		tile_name(name, (int)level, index, there);
		return err_set(e, -EBADMSG, "%s has %ld bytes instead of %zu", name, size,
			there * sizeof(struct hash));
	}
	last->index = index;
	last->width = width;
	return 0;
}

int tiles_hash(void *tiles, unsigned height, uint64_t index, struct hash *out, struct err *e)
{
	unsigned level = height / TILE_HEIGHT, above = height % TILE_HEIGHT;
	uint64_t first = index << above; /* among the hashes of this level */
	const struct hash *hashes;
	int r = tiles_read(tiles, level, first / TILE_WIDTH, &hashes, e);
	if (r < 0)
		return r;
	struct merkle m = { 0 };
	for (unsigned i = 0; i < 1u << above; i++)
		merkle_add(&m, &hashes[first % TILE_WIDTH + i], NULL, NULL);
	*out = merkle_root(&m);
	return 0;
}

int tiles_tree(struct tiles *t, uint64_t size, struct merkle *out, struct err *e)
{
	assert(size <= t->size);
	struct merkle m = { 0 };
	for (unsigned height = MERKLE_HEIGHT; height-- > 0;) {
		struct hash h;
		if (!(size >> height & 1))
			continue;
		int r = tiles_hash(t, height, m.size >> height, &h, e);
		if (r < 0)
			return r;
		merkle_add_whole(&m, height, &h);
	}
	*out = m;
	return 0;
}

int tiles_root(struct tiles *t, uint64_t size, struct hash *out, struct err *e)
{
	struct merkle m;
	int r = tiles_tree(t, size, &m, e);
	if (r == 0)
		*out = merkle_root(&m);
	return r;
}

long bundle_read(struct tiles *t, uint64_t index, uint8_t *bytes, struct err *e)
{
	const unsigned width = tile_width(TILE_ENTRIES, index, t->size);
	unsigned there = width;
	assert(width > 0);
	long size = load_tile(t, TILE_ENTRIES, index, &there, bytes, BUNDLE_MAX, e);
	if (size < 0 || there == width)
		return size;
	struct cur c = cur_of(bytes, (size_t)size);
	for (unsigned i = 0; i < width; i++)
		bundle_next(&c);
	return cur_ok(&c) ? size - (long)c.left
			  : err_set(e, -EBADMSG, "the bundle of entry %llu is cut off",
				    (unsigned long long)index * TILE_WIDTH);
}

struct cur bundle_next(struct cur *bundle)
{
	return cur_sub(bundle, cur_be16(bundle));
}
