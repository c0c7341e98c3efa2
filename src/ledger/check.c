#include "ledger/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ledger/check_inside.h"
#include "ledger/read.h"
#include "ledger/wal.h"

enum { PROGRESS_EVERY = 64 };

const char *check_hash_text(const struct hash *h, char text[HASH_TEXT])
{
	for (size_t i = 0; i < HASH_TEXT / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", h->b[i]);
	return text;
}

static int differs(struct check *r, const char *name, uint64_t first, uint64_t last,
	const struct hash *is, const struct hash *expected)
{
	char a[HASH_TEXT], b[HASH_TEXT];
	return err_set(r->e, -EBADMSG, "%s: entries %llu to %llu hash to %s..., it says %s...",
		name, (unsigned long long)first, (unsigned long long)last,
		check_hash_text(expected, a), check_hash_text(is, b));
}

/* --- tiles --- */

/* A whole subtree of a tile's height: what the tile above says of it. */
static void above(void *self, unsigned height, const struct hash *h)
{
	struct check *r = self;
	unsigned level = height / TILE_HEIGHT;
	uint64_t at = r->tree.size >> height;
	const struct hash *hashes;
	char name[TILE_NAME];
	if (r->result < 0 || !level || height % TILE_HEIGHT || level >= TILE_LEVELS)
		return;
	r->result = tiles_read(&r->tiles, level, at / TILE_WIDTH, &hashes, r->e);
	if (r->result < 0 || hash_same(&hashes[at % TILE_WIDTH], h))
		return;
	tile_name(name, (int)level, at / TILE_WIDTH,
		tile_width((int)level, at / TILE_WIDTH, r->tiles.size));
	r->result = differs(
		r, name, at << height, ((at + 1) << height) - 1, &hashes[at % TILE_WIDTH], h);
}

static int broken_bundle(struct check *r, const char *name, unsigned i)
{
	unsigned long long at = r->tree.size / TILE_WIDTH * TILE_WIDTH + i;
	return err_set(r->e, -EBADMSG, "%s: entry %llu is cut off", name, at);
}

/* The leaves of a bundle's bytes; `count` of them, and nothing behind. */
int check_leaves(struct check *r, struct cur c, const char *name, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct cur entry = bundle_next(&c);
		if (!cur_ok(&entry))
			return broken_bundle(r, name, i);
		r->leaves[i] = merkle_leaf(entry.at, entry.left);
	}
	return c.left ? err_set(r->e, -EBADMSG, "%s: %zu bytes more than its %u entries", name,
				c.left, count)
		      : 0;
}

static int disagree(struct check *r, const char *name, const char *tile, const struct hash *is,
	const struct hash *says)
{
	char a[HASH_TEXT], b[HASH_TEXT];
	return err_set(r->e, -EBADMSG, "%s: entry %llu hashes to %s..., %s says %s...", name,
		(unsigned long long)r->tree.size, check_hash_text(is, a), tile,
		check_hash_text(says, b));
}

/* What the entries say about keeping entries and about keys; the bundle is as it was signed, or all
 * is wrong. */
static int learn(struct check *r, struct cur c, uint64_t index, unsigned count)
{
	int done = 0;
	for (unsigned i = 0; done == 0 && i < count; i++) {
		uint64_t sequence = index * TILE_WIDTH + i;
		struct cur entry = bundle_next(&c);
		done = retain_feed(r->rules, sequence, entry, r->e);
		if (done == 0)
			done = keys_see(&r->out->keys, sequence, entry, r->e);
	}
	return done;
}

/* A bundle that is not here: the tile stands for it, and an entry that follows must say so. */
static int check_missing(struct check *r, uint64_t index)
{
	const struct hash *hashes;
	int done = tiles_read(&r->tiles, 0, index, &hashes, r->e);
	if (done == 0)
		done = retain_miss(r->rules, index * TILE_WIDTH, TILE_WIDTH, r->e);
	for (unsigned i = 0; done == 0 && i < TILE_WIDTH; i++) {
		merkle_add(&r->tree, &hashes[i], above, r);
		done = r->result < 0 ? r->result : check_pass_heads(r);
	}
	return done;
}

static int check_bundle(struct check *r, uint64_t index)
{
	char name[TILE_NAME], tile[TILE_NAME];
	const struct hash *hashes;
	unsigned width = tile_width(TILE_ENTRIES, index, r->tiles.size);
	tile_name(name, TILE_ENTRIES, index, width);
	tile_name(tile, 0, index, width);
	long size = bundle_read(&r->tiles, index, r->bundle, r->e);
	if (size == -ENOENT && width == TILE_WIDTH)
		return check_missing(r, index);
	int done = size < 0 ? (int)size
			    : check_leaves(r, cur_of(r->bundle, (size_t)size), name, width);
	if (done == 0)
		done = tiles_read(&r->tiles, 0, index, &hashes, r->e);
	for (unsigned i = 0; done == 0 && i < width; i++) {
		if (!hash_same(&hashes[i], &r->leaves[i]))
			return disagree(r, name, tile, &r->leaves[i], &hashes[i]);
		/* `above` wants the tree as it is before the leaf is counted. */
		merkle_add(&r->tree, &r->leaves[i], above, r);
		done = r->result < 0 ? r->result : check_pass_heads(r);
	}
	return done ? done : learn(r, cur_of(r->bundle, (size_t)size), index, width);
}

/* Every entry that is missing was let go, and might be. */
static int check_hole(struct check *r, struct retain_hole hole)
{
	while (hole.first <= hole.last) {
		const struct retain_gone *g = retain_gone(r->rules, hole.first);
		char name[TILE_NAME], why[RETAIN_WORDS];
		tile_name(name, TILE_ENTRIES, hole.first / TILE_WIDTH, TILE_WIDTH);
		if (!g) {
			err_set(r->e, -ENOENT, "%s is missing, and %s", name,
				retain_miss_words(r->rules, hole.first, why));
			return retain_kept(r->rules, hole.first)
				? err_try(r->e,
					  "where this is a copy: take its checkpoint away, and follow or push again")
				: r->e->code;
		}
		uint64_t last = hole.first + TILE_WIDTH - 1;
		while (last < hole.last && retain_gone(r->rules, last + 1) == g)
			last += TILE_WIDTH;
		r->out->gone += last - hole.first + 1;
		if (r->c->gone)
			r->c->gone(r->c->self, hole.first, last, g->to);
		hole.first = last + 1;
	}
	return 0;
}

static int check_rules(struct check *r)
{
	int done = 0;
	r->out->has_unknown = retain_unknown(r->rules, &r->out->unknown);
	if (retain_wrong(r->rules))
		return err_set(r->e, -EBADMSG, "%s", retain_wrong(r->rules));
	for (size_t i = 0; done == 0 && i < retain_hole_count(r->rules); i++)
		done = check_hole(r, retain_hole(r->rules, i));
	return done;
}

static int check_tree(struct check *r)
{
	uint64_t all = r->out->head.size;
	int done = check_pass_heads(r); /* of no entries */
	for (uint64_t i = 0; done == 0 && i * TILE_WIDTH < all; i++) {
		done = check_bundle(r, i);
		if (r->c->progress && i % PROGRESS_EVERY == 0)
			r->c->progress(r->c->self, r->tree.size, all);
	}
	return done;
}

/* --- the log in front --- */

static int see_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	struct check *r = self;
	struct cur c = cur_of(bytes, size);
	for (uint64_t at = first; at < first + count; at++) {
		struct cur entry = bundle_next(&c);
		struct hash leaf, there;
		if (!cur_ok(&entry))
			return err_set(e, -EBADMSG, "the log's batch at entry %llu is broken",
				(unsigned long long)first);
		r->out->in_log += at >= r->tiles.size;
		if (at >= r->tiles.size)
			continue;
		leaf = merkle_leaf(entry.at, entry.left);
		int done = tiles_hash(&r->tiles, 0, at, &there, e);
		if (done == 0 && !hash_same(&leaf, &there))
			done = err_set(e, -EBADMSG,
				"entry %llu is another one in the log than in the tree",
				(unsigned long long)at);
		if (done < 0)
			return done;
	}
	return 0;
}

/* Somebody may be writing to it.  What the log says then has moved on into the tree while we
 * looked, and it is not ours to say what is wrong with it. */
static int check_log(struct check *r)
{
	struct checkpoint now;
	struct note n;
	char note[NOTE_MAX];
	struct err moved;
	int done = wal_check(r->c->files, r->out->head.size, see_batch, r, r->e);
	if (done == 0)
		return 0;
	long size = files_load(r->c->files, "checkpoint", note, sizeof note, &moved);
	if (size < 0 || note_read(cur_of(note, (size_t)size), &n, &moved) < 0 ||
		checkpoint_read(n.text, &now, &moved) < 0 || now.size <= r->out->head.size ||
		keys_check(&r->out->keys, &n, now.size, NULL, &moved) < 0)
		return done;
	r->out->in_log = 0;
	return r->e->code = 0;
}

int ledger_check(const struct ledger_check *c, struct ledger_checked *out, struct err *e)
{
	struct check *r = calloc(1, sizeof *r);
	*out = (struct ledger_checked){ 0 };
	if (!r)
		return err_sys(e, "check the ledger");
	r->c = c;
	r->out = out;
	keys_begin(&out->keys, c->key);
	r->e = e;
	r->bundle = malloc(BUNDLE_MAX);
	int done = r->bundle ? retain_new(&r->rules, e) : err_sys(e, "check the ledger");
	if (done == 0)
		done = check_read_heads(r);
	tiles_init(&r->tiles, c->files, out->head.size);
	if (done == 0)
		done = check_tree(r);
	if (done == 0)
		done = check_signatures(r);
	if (done == 0)
		done = check_mark(r);
	if (done == 0)
		done = check_rules(r);
	if (done == 0)
		done = check_files(r);
	if (done == 0)
		done = check_log(r);
	retain_free(r->rules);
	free(r->bundle);
	free(r);
	return done;
}
