#include "ledger/source.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct hash hashes[TILE_WIDTH];
	uint64_t index;
	bool there;
};

struct source {
	const struct remote *from;
	struct checkpoint head;
	struct row edge[TILE_LEVELS];  /* the tile of each level that is not whole, if any */
	struct row whole[TILE_LEVELS]; /* the last one read */
	uint8_t *edge_bundle, *bundle;
	size_t edge_bundle_size;
};

static struct hash subtree(const struct hash *hashes, unsigned count)
{
	struct merkle m = { 0 };
	for (unsigned i = 0; i < count; i++)
		merkle_add(&m, &hashes[i], NULL, NULL);
	return merkle_root(&m);
}

const struct checkpoint *source_head(const struct source *s)
{
	return &s->head;
}

const char *source_name(const struct source *s)
{
	return s->from->name;
}

/* The story of a file that was not got. */
static int missing(const struct source *s, long code, struct err *e)
{
	if (code == -ENOENT)
		err_in(e, "%s lacks a file that its checkpoint speaks of", s->from->name);
	else
		err_in(e, "%s", s->from->name);
	return e->code = code == -EFBIG ? -EBADMSG : (int)code; /* too long: not what was signed */
}

/* --- the right edge --- */

/* The part of a tile, or the whole one that has grown of it since, of which it is the front. */
static long get_part(struct source *s, int level, uint64_t index, unsigned width, void *to,
	size_t room, struct err *e)
{
	char name[TILE_NAME], whole[TILE_NAME];
	tile_name(name, level, index, width);
	tile_name(whole, level, index, TILE_WIDTH);
	long size = s->from->get(s->from->self, name, to, room, e);
	if (size == -ENOENT) {
		struct err later = { 0 };
		size = s->from->get(s->from->self, whole, to, room, &later);
		if (size < 0 && size != -ENOENT)
			*e = later;
	}
	return size < 0 ? missing(s, size, e) : size;
}

static int read_edge(struct source *s, unsigned level, struct merkle *m, struct err *e)
{
	struct row *row = &s->edge[level];
	unsigned shift = level * TILE_HEIGHT,
		 count = (unsigned)(s->head.size >> shift) % TILE_WIDTH;
	if (!count)
		return 0;
	row->index = s->head.size >> shift >> TILE_HEIGHT;
	long size = get_part(s, (int)level, row->index, count, row->hashes, sizeof row->hashes, e);
	if (size < 0)
		return (int)size;
	char name[TILE_NAME];
	tile_name(name, (int)level, row->index, count);
	if ((size_t)size < count * sizeof *row->hashes)
		return err_set(e, -EBADMSG, "%s: %s has %ld bytes instead of %zu", s->from->name,
			name, size, count * sizeof *row->hashes);
	for (unsigned i = 0; i < count; i++)
		merkle_add_whole(m, shift, &row->hashes[i]);
	row->there = true;
	return 0;
}

/* Of the whole one, as many entries as the head has. */
static int read_edge_bundle(struct source *s, struct err *e)
{
	uint64_t index = s->head.size / TILE_WIDTH;
	unsigned count = (unsigned)(s->head.size % TILE_WIDTH);
	long size = count ? get_part(s, TILE_ENTRIES, index, count, s->bundle, BUNDLE_MAX, e) : 0;
	if (size <= 0)
		return (int)size;
	struct cur c = cur_of(s->bundle, (size_t)size);
	for (unsigned i = 0; i < count; i++)
		(void)bundle_next(&c);
	size_t used = cur_ok(&c) ? (size_t)size - c.left : (size_t)size;
	s->edge_bundle = malloc(used);
	if (!s->edge_bundle)
		return err_sys(e, "keep a bundle of entries");
	memcpy(s->edge_bundle, s->bundle, used);
	s->edge_bundle_size = used;
	return 0;
}

static int read_edges(struct source *s, struct err *e)
{
	struct merkle m = { 0 };
	for (unsigned level = TILE_LEVELS; level-- > 0;) {
		int r = read_edge(s, level, &m, e);
		if (r < 0)
			return r;
	}
	struct hash root = merkle_root(&m);
	if (!hash_same(&root, &s->head.root))
		return err_set(e, -EBADMSG,
			"%s: the tiles at the right edge of its %llu entries do not hash to the root "
			"of its checkpoint",
			s->from->name, (unsigned long long)s->head.size);
	return read_edge_bundle(s, e);
}

int source_open(struct source **out, const struct remote *from, const struct checkpoint *head,
	struct err *e)
{
	struct source *s = calloc(1, sizeof *s);
	if (!s || !(s->bundle = malloc(BUNDLE_MAX))) {
		free(s);
		return err_sys(e, "read a tree");
	}
	s->from = from;
	s->head = *head;
	int r = read_edges(s, e);
	if (r < 0) {
		source_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void source_close(struct source *s)
{
	if (!s)
		return;
	free(s->edge_bundle);
	free(s->bundle);
	free(s);
}

/* --- whole tiles --- */

static int get_whole(struct source *s, unsigned level, uint64_t index, struct err *e)
{
	struct row *row = &s->whole[level];
	char name[TILE_NAME];
	tile_name(name, (int)level, index, TILE_WIDTH);
	row->there = false;
	long size = s->from->get(s->from->self, name, row->hashes, sizeof row->hashes, e);
	if (size < 0)
		return missing(s, size, e);
	if (size != sizeof row->hashes)
		return err_set(e, -EBADMSG, "%s: %s has %ld bytes instead of %zu", s->from->name,
			name, size, sizeof row->hashes);
	row->index = index;
	return 0;
}

int source_tile(
	struct source *s, unsigned level, uint64_t index, const struct hash **hashes, struct err *e)
{
	assert(level < TILE_LEVELS && tile_width((int)level, index, s->head.size) > 0);
	struct row *row = &s->whole[level];
	const struct hash *above;
	if (tile_width((int)level, index, s->head.size) < TILE_WIDTH) {
		*hashes = s->edge[level].hashes;
		return 0;
	}
	*hashes = row->hashes;
	if (row->there && row->index == index)
		return 0;
	int r = get_whole(s, level, index, e);
	if (r == 0)
		r = source_tile(s, level + 1, index / TILE_WIDTH, &above, e);
	if (r)
		return r;
	struct hash is = subtree(row->hashes, TILE_WIDTH);
	char name[TILE_NAME], over[TILE_NAME];
	tile_name(name, (int)level, index, TILE_WIDTH);
	tile_name(over, (int)level + 1, index / TILE_WIDTH,
		tile_width((int)level + 1, index / TILE_WIDTH, s->head.size));
	if (!hash_same(&is, &above[index % TILE_WIDTH]))
		return err_set(e, -EBADMSG,
			"%s: %s was changed: it does not hash to what %s says of it", s->from->name,
			name, over);
	row->there = true;
	return 0;
}

/* A merkle_read; self is the struct source. */
static int hash_of(void *source, unsigned height, uint64_t index, struct hash *out, struct err *e)
{
	unsigned level = height / TILE_HEIGHT, above = height % TILE_HEIGHT;
	uint64_t first = index << above; /* among the hashes of this level */
	const struct hash *hashes;
	int r = source_tile(source, level, first / TILE_WIDTH, &hashes, e);
	if (r == 0)
		*out = subtree(hashes + first % TILE_WIDTH, 1u << above);
	return r;
}

/* --- entries --- */

int source_is_bundle(struct source *s, uint64_t index, struct cur bytes, struct err *e)
{
	const struct hash *hashes;
	char name[TILE_NAME];
	unsigned width = tile_width(TILE_ENTRIES, index, s->head.size);
	tile_name(name, TILE_ENTRIES, index, width);
	int r = source_tile(s, 0, index, &hashes, e);
	for (unsigned i = 0; r == 0 && i < width; i++) {
		unsigned long long n = index * TILE_WIDTH + i;
		struct cur entry = bundle_next(&bytes);
		if (!cur_ok(&entry))
			return err_set(e, -EBADMSG, "%s: %s: entry %llu is cut off", s->from->name,
				name, n);
		struct hash leaf = merkle_leaf(entry.at, entry.left);
		if (!hash_same(&leaf, &hashes[i]))
			return err_set(e, -EBADMSG,
				"%s: %s: entry %llu was changed: it does not hash to its leaf",
				s->from->name, name, n);
	}
	if (r == 0 && bytes.left)
		r = err_set(e, -EBADMSG, "%s: %s: %zu bytes more than its %u entries",
			s->from->name, name, bytes.left, width);
	return r;
}

int source_bundle(struct source *s, uint64_t index, struct cur *bytes, struct err *e)
{
	unsigned width = tile_width(TILE_ENTRIES, index, s->head.size);
	assert(width > 0);
	*bytes = cur_of(s->edge_bundle, s->edge_bundle_size);
	if (width == TILE_WIDTH) {
		char name[TILE_NAME];
		tile_name(name, TILE_ENTRIES, index, width);
		long size = s->from->get(s->from->self, name, s->bundle, BUNDLE_MAX, e);
		if (size < 0)
			return size == -ENOENT ? 1 : missing(s, size, e);
		*bytes = cur_of(s->bundle, (size_t)size);
	}
	return source_is_bundle(s, index, *bytes, e);
}

/* --- earlier heads --- */

int source_passes(struct source *s, const struct checkpoint *earlier, struct err *e)
{
	struct hash none = merkle_empty();
	struct merkle_proof proof;
	assert(earlier->size <= s->head.size);
	if (earlier->size == 0)
		return hash_same(&none, &earlier->root);
	if (earlier->size == s->head.size)
		return hash_same(&s->head.root, &earlier->root);
	int r = merkle_prove_consistency(hash_of, s, earlier->size, s->head.size, &proof, e);
	/* Every hash of the proof was checked against the head, so that a proof that does not hold
	 * speaks about the earlier one. */
	return r < 0 ? r
		     : merkle_consistent(
			       earlier->size, s->head.size, &earlier->root, &s->head.root, &proof);
}
