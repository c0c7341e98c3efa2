#include "ledger/seal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/seal_inside.h"

uint64_t seal_size(const struct seal *s)
{
	return s->tree.size;
}

uint64_t seal_published(const struct seal *s)
{
	return s->kept[NOW];
}

uint64_t seal_settled(const struct seal *s)
{
	return s->kept[SETTLED];
}

void seal_hurries(struct seal *s, bool on)
{
	s->hurries = on;
}

/* --- growing --- */

/* Whether a size that is kept has exactly this part of a tile. */
static bool has_part(const struct seal *s, unsigned level, uint64_t index, unsigned width)
{
	for (unsigned i = 0; i < KEPT; i++)
		if (tile_width((int)level, index, s->kept[i]) == width)
			return true;
	return false;
}

struct part_folder {
	struct seal *seal;
	int level;
	uint64_t index;
	char name[TILE_NAME]; /* .../234.p */
};

static void see_part(void *self, const char *name)
{
	const struct part_folder *p = self;
	char path[TILE_NAME + 16];
	unsigned width;
	char end;
	unsigned row = p->level == TILE_ENTRIES ? 0 : (unsigned)p->level;
	if (sscanf(name, "%3u%c", &width, &end) == 1 && has_part(p->seal, row, p->index, width))
		return;
	snprintf(path, sizeof path, "%s/%.12s", p->name, name);
	p->seal->files->remove(p->seal->files->self, path);
}

/* Parts of a tile that a writer before us left behind: some may be half of one. */
static void remove_strays(struct seal *s, int level, uint64_t index)
{
	struct part_folder p = { .seal = s, .level = level, .index = index };
	tile_name(p.name, level, index, 1);
	*strrchr(p.name, '/') = 0;
	if (s->files->list(s->files->self, p.name, see_part, &p) == 0)
		s->files->remove(s->files->self, p.name); /* where nothing is in it any more */
}

static int put(struct seal *s, const char *name, const void *bytes, size_t size, struct err *e)
{
	return (s->hurries ? files_put : files_put_now)(s->files, name, bytes, size, e);
}

/* What is published already is never there by halves: somebody may be reading it, and we may be
 * ended in the middle. */
static int put_again(
	struct seal *s, const char *name, const void *bytes, size_t size, struct err *e)
{
	static const char beside[] = "tile.new";
	int r = put(s, beside, bytes, size, e);
	if (r < 0)
		return r;
	r = s->files->rename(s->files->self, beside, name);
	if (r == -ENOENT) {
		r = files_make_way(s->files, name, e);
		if (r < 0)
			return r;
		r = s->files->rename(s->files->self, beside, name);
	}
	if (r == 0)
		return 0;
	errno = -r;
	return err_sys(e, "rename to %s", name);
}

static int write_tile(struct seal *s, int level, uint64_t index, unsigned width, struct err *e)
{
	char name[TILE_NAME];
	tile_name(name, level, index, width);
	const void *bytes = level == TILE_ENTRIES ? (const void *)s->bundle : s->edge[level];
	size_t size = level == TILE_ENTRIES ? s->bundle_size : width * sizeof(struct hash);
	bool again = tile_width(level, index, s->past.size) >= width;
	int r = again ? put_again(s, name, bytes, size, e) : put(s, name, bytes, size, e);
	if (r == 0 && s->returning && width == TILE_WIDTH)
		remove_strays(s, level, index);
	return r;
}

static void whole_subtree(void *self, unsigned height, const struct hash *h)
{
	struct seal *s = self;
	unsigned level = height / TILE_HEIGHT;
	merkle_growth_whole(&s->growth, height, s->tree.size >> height, h);
	if (height % TILE_HEIGHT || level == TILE_LEVELS || s->result < 0)
		return;
	/* The tree has not counted this leaf yet, so the place is still the one before it. */
	unsigned at = edge_count(s, level);
	uint64_t index = edge_index(s, level);
	s->edge[level][at] = *h;
	if (at + 1 < TILE_WIDTH)
		return;
	s->result = write_tile(s, (int)level, index, TILE_WIDTH, s->problem);
}

static int add_entry(struct seal *s, struct cur entry, struct err *e)
{
	size_t need = s->bundle_size + 2 + entry.left;
	if (need > s->bundle_room) {
		size_t room = need < BUNDLE_MAX / 2 ? need * 2 : BUNDLE_MAX;
		uint8_t *more = realloc(s->bundle, room);
		if (!more)
			return err_sys(e, "keep a bundle of entries");
		s->bundle = more;
		s->bundle_room = room;
	}
	s->bundle[s->bundle_size++] = (uint8_t)(entry.left >> 8);
	s->bundle[s->bundle_size++] = (uint8_t)entry.left;
	memcpy(s->bundle + s->bundle_size, entry.at, entry.left);
	s->bundle_size = need;
	if (edge_count(s, 0) == TILE_WIDTH - 1) {
		int r = write_tile(s, TILE_ENTRIES, edge_index(s, 0), TILE_WIDTH, e);
		if (r < 0)
			return r;
		s->bundle_size = 0;
	}
	struct hash leaf = merkle_leaf(entry.at, entry.left);
	merkle_add(&s->tree, &leaf, whole_subtree, s);
	return s->result;
}

static int write_edges(struct seal *s, struct err *e)
{
	int r = 0;
	if (edge_count(s, 0))
		r = write_tile(s, TILE_ENTRIES, edge_index(s, 0), edge_count(s, 0), e);
	for (unsigned level = 0; r == 0 && level < TILE_LEVELS; level++) {
		unsigned count = edge_count(s, level);
		if (count && tile_width((int)level, edge_index(s, level), s->kept[NOW]) != count)
			r = write_tile(s, (int)level, edge_index(s, level), count, e);
	}
	return r;
}

/* What was signed before must be a past of this tree, and is there again as it was: who
 * reads it need not wait for the next one. */
static int check_past(struct seal *s, struct err *e)
{
	bool is_past = s->tree.size == s->past.size, is_last = s->tree.size == s->last.size;
	if (!is_past && !is_last)
		return 0;
	struct hash root = merkle_root(&s->tree);
	if (is_last && !hash_same(&root, &s->last.root))
		return seal_other_history(s, e);
	if (is_last)
		merkle_growth_begin(&s->growth, &s->tree);
	if (!is_past)
		return 0;
	if (hash_same(&root, &s->past.root))
		return write_edges(s, e);
	return err_set(e, -EBADMSG,
		"the first %llu entries are not those of the signed checkpoint: another history",
		(unsigned long long)s->past.size);
}

int seal_batch(
	void *seal, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	struct seal *s = seal;
	struct cur c = cur_of(bytes, size);
	assert(first <= s->tree.size);
	s->problem = e;
	s->result = 0;
	for (uint64_t at = first; at < first + count; at++) {
		struct cur entry = bundle_next(&c);
		if (!cur_ok(&entry))
			return err_set(e, -EBADMSG, "the batch at entry %llu is broken",
				(unsigned long long)first);
		if (at < s->tree.size)
			continue;
		int r = add_entry(s, entry, e);
		if (r == 0)
			r = check_past(s, e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* --- publishing --- */

/* One that stays behind does no harm. */
static void remove_parts(struct seal *s, uint64_t size)
{
	for (int level = TILE_ENTRIES; level < TILE_LEVELS; level++) {
		unsigned row = level == TILE_ENTRIES ? 0 : (unsigned)level;
		uint64_t index = size >> row * TILE_HEIGHT >> TILE_HEIGHT;
		unsigned width = tile_width(level, index, size);
		char name[TILE_NAME];
		if (!width || has_part(s, row, index, width))
			continue;
		tile_name(name, level, index, width);
		s->files->remove(s->files->self, name);
		*strrchr(name, '/') = 0;
		s->files->remove(s->files->self, name); /* where it was the last one */
	}
}

int seal_follows(struct seal *s, struct err *e)
{
	if (s->tree.size < s->last.size && s->last.size > s->past.size) {
		err_set(e, -EBADMSG,
			"the key signed a head of %llu entries, the log ends at %llu: this is an older "
			"state, and no head of it is signed",
			(unsigned long long)s->last.size, (unsigned long long)s->tree.size);
		return err_try(e, "a newer copy of the ledger, from where it was shipped to");
	}
	if (s->tree.size < s->past.size)
		return err_set(e, -EBADMSG,
			"the signed checkpoint has %llu entries, the log ends at %llu: this is an older "
			"state, and no head of it is signed",
			(unsigned long long)s->past.size, (unsigned long long)s->tree.size);
	for (int level = TILE_ENTRIES; s->returning && level < TILE_LEVELS; level++) {
		unsigned row = level == TILE_ENTRIES ? 0 : (unsigned)level;
		if (edge_count(s, row))
			remove_strays(s, level, edge_index(s, row));
	}
	s->returning = false;
	return 0;
}

int seal_publish(struct seal *s, struct err *e)
{
	struct checkpoint c = { .size = s->tree.size, .root = merkle_root(&s->tree) };
	struct merkle_proof proof;
	if (seal_follows(s, e) < 0)
		return e->code;
	if (c.size == s->kept[NOW])
		return 0;
	int r = write_edges(s, e);
	if (r < 0)
		return r;
	struct out o = out_mem(s->note, sizeof s->note);
	snprintf(c.origin, sizeof c.origin, "%s", s->signer->origin);
	checkpoint_text(&c, &o);
	r = merkle_growth_prove(&s->growth, &s->tree, &proof, e);
	if (r == 0)
		r = s->signer->sign(s->signer->self, &c, &proof, &o, e);
	if (r == 0) {
		s->last = c;
		merkle_growth_begin(&s->growth, &s->tree);
	}
	s->note_size = o.used;
	if (r == 0)
		r = files_replace(s->files, SEAL_CHECKPOINT, s->note, s->note_size, e);
	if (r < 0)
		return r;
	uint64_t gone = s->kept[BEFORE];
	s->kept[BEFORE] = s->kept[NOW];
	s->kept[NOW] = c.size;
	remove_parts(s, gone);
	return 0;
}

int seal_settle(struct seal *s, struct err *e)
{
	if (s->kept[NOW] == s->kept[SETTLED])
		return 0;
	int r = s->files->sync_all(s->files->self);
	if (r < 0) {
		errno = -r;
		return err_sys(e, "sync the tiles");
	}
	r = files_replace(s->files, SEAL_SETTLED, s->note, s->note_size, e);
	if (r < 0)
		return r;
	uint64_t gone = s->kept[SETTLED];
	s->kept[SETTLED] = s->kept[NOW];
	remove_parts(s, gone);
	return 0;
}

void seal_end(struct seal *s)
{
	uint64_t gone = s->kept[BEFORE];
	s->kept[BEFORE] = s->kept[NOW];
	remove_parts(s, gone);
}
