#include "ledger/check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "ledger/read.h"
#include "ledger/retain.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

enum { PROGRESS_EVERY = 64, HEADS_MAX = 64 };

/* Of a tile; so many have no entries any more. */
#define INDEX_MAX (UINT64_MAX >> 20)

struct run {
	const struct ledger_check *c;
	struct ledger_checked *out;
	struct tiles tiles;
	struct merkle tree;
	struct retain *rules;
	struct checkpoint heads[HEADS_MAX]; /* that the tree must pass through, in order of size */
	size_t head_count, head_at;
	struct signed_head {
		const char *name;
		uint8_t bytes[NOTE_MAX];
		struct note note;
		uint64_t size;
	} signed_heads[2]; /* checkpoint, settled: the keys of the tree will say whose they are */
	size_t signed_count;
	uint8_t *bundle, *part;
	struct hash leaves[TILE_WIDTH]; /* of the bundle at hand, hashed again */
	struct err *e;
	int result;
};

/* Enough of a hash to find it again by eye. */
enum { HASH_TEXT = 2 * 8 + 1 };

static const char *hash_text(const struct hash *h, char text[HASH_TEXT])
{
	for (size_t i = 0; i < HASH_TEXT / 2; i++)
		snprintf(text + 2 * i, 3, "%02x", h->b[i]);
	return text;
}

static int differs(struct run *r, const char *name, uint64_t first, uint64_t last,
	const struct hash *is, const struct hash *expected)
{
	char a[HASH_TEXT], b[HASH_TEXT];
	return err_set(r->e, -EBADMSG, "%s: entries %llu to %llu hash to %s..., it says %s...",
		name, (unsigned long long)first, (unsigned long long)last, hash_text(expected, a),
		hash_text(is, b));
}

/* --- heads --- */

static int read_head(struct run *r, struct signed_head *h, const char *name, struct checkpoint *out)
{
	long size = files_load(r->c->files, name, h->bytes, sizeof h->bytes, r->e);
	if (size < 0)
		return (int)size;
	int done = note_read(cur_of(h->bytes, (size_t)size), &h->note, r->e);
	/* Where the key that is known signed it we need not wait for what the tree says. */
	if (done == 0 && note_has(&h->note, r->c->key))
		done = note_check(&h->note, r->c->key, NULL, r->e);
	if (done == 0)
		done = checkpoint_read(h->note.text, out, r->e);
	if (done < 0) {
		err_in(r->e, "%s", name);
		return r->e->code = -EBADMSG; /* it is there, and none of ours */
	}
	h->name = name;
	h->size = out->size;
	r->signed_count++;
	if (strcmp(out->origin, r->c->origin) != 0)
		return err_set(r->e, -EBADMSG, "%s is of the ledger '%s', not of '%s'", name,
			out->origin, r->c->origin);
	return 0;
}

static int by_size(const void *a, const void *b)
{
	const struct checkpoint *x = a, *y = b;
	return (x->size > y->size) - (x->size < y->size);
}

static int add_head(struct run *r, const struct checkpoint *c)
{
	if (r->head_count == HEADS_MAX)
		return err_set(r->e, -E2BIG, "at most %d earlier checkpoints at a time", HEADS_MAX);
	if (c->size > r->out->head.size)
		return err_set(r->e, -EBADMSG,
			"the checkpoint has %llu entries, an earlier one had %llu: this is an older state",
			(unsigned long long)r->out->head.size, (unsigned long long)c->size);
	r->heads[r->head_count++] = *c;
	return 0;
}

static int read_heads(struct run *r)
{
	struct checkpoint settled = { 0 };
	/* In this order: who writes meanwhile does not settle what is not in a checkpoint. */
	int has_settled = read_head(r, &r->signed_heads[1], "settled", &settled);
	if (has_settled < 0 && has_settled != -ENOENT)
		return has_settled;
	int done = read_head(r, &r->signed_heads[0], "checkpoint", &r->out->head);
	if (done == 0 && has_settled == 0) /* a copy has none */
		done = add_head(r, &settled);
	for (size_t i = 0; done == 0 && i < r->c->earlier_count; i++)
		done = add_head(r, &r->c->earlier[i]);
	if (done == 0)
		done = add_head(r, &r->out->head);
	qsort(r->heads, r->head_count, sizeof *r->heads, by_size);
	return done;
}

/* Every head of this size has the root that the tree has here. */
static int pass_heads(struct run *r)
{
	if (r->head_at == r->head_count || r->heads[r->head_at].size != r->tree.size)
		return 0;
	struct hash root = merkle_root(&r->tree);
	char a[HASH_TEXT], b[HASH_TEXT];
	for (; r->head_at < r->head_count && r->heads[r->head_at].size == r->tree.size;
		r->head_at++) {
		const struct checkpoint *head = &r->heads[r->head_at];
		if (!hash_same(&head->root, &root))
			return err_set(r->e, -EBADMSG,
				"the first %llu entries have the root %s..., a checkpoint of that size says "
				"%s...: another history",
				(unsigned long long)head->size, hash_text(&root, a),
				hash_text(&head->root, b));
	}
	return 0;
}

/* --- tiles --- */

/* A whole subtree of a tile's height: what the tile above says of it. */
static void above(void *self, unsigned height, const struct hash *h)
{
	struct run *r = self;
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

static int broken_bundle(struct run *r, const char *name, unsigned i)
{
	unsigned long long at = r->tree.size / TILE_WIDTH * TILE_WIDTH + i;
	return err_set(r->e, -EBADMSG, "%s: entry %llu is cut off", name, at);
}

/* The leaves of a bundle's bytes; `count` of them, and nothing behind. */
static int hash_bundle(struct run *r, struct cur c, const char *name, unsigned count)
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

static int disagree(struct run *r, const char *name, const char *tile, const struct hash *is,
	const struct hash *says)
{
	char a[HASH_TEXT], b[HASH_TEXT];
	return err_set(r->e, -EBADMSG, "%s: entry %llu hashes to %s..., %s says %s...", name,
		(unsigned long long)r->tree.size, hash_text(is, a), tile, hash_text(says, b));
}

/* What the entries say about keeping entries; the bundle is as it was signed, or all is wrong. */
static int feed_rules(struct run *r, struct cur c, uint64_t index, unsigned count)
{
	int done = 0;
	for (unsigned i = 0; done == 0 && i < count; i++)
		done = retain_feed(r->rules, index * TILE_WIDTH + i, bundle_next(&c), r->e);
	return done;
}

/* A bundle that is not here: the tile stands for it, and an entry that follows must say so. */
static int check_missing(struct run *r, uint64_t index)
{
	const struct hash *hashes;
	int done = tiles_read(&r->tiles, 0, index, &hashes, r->e);
	if (done == 0)
		done = retain_miss(r->rules, index * TILE_WIDTH, TILE_WIDTH, r->e);
	for (unsigned i = 0; done == 0 && i < TILE_WIDTH; i++) {
		merkle_add(&r->tree, &hashes[i], above, r);
		done = r->result < 0 ? r->result : pass_heads(r);
	}
	return done;
}

static int check_bundle(struct run *r, uint64_t index)
{
	char name[TILE_NAME], tile[TILE_NAME];
	const struct hash *hashes;
	unsigned width = tile_width(TILE_ENTRIES, index, r->tiles.size);
	tile_name(name, TILE_ENTRIES, index, width);
	tile_name(tile, 0, index, width);
	long size = bundle_read(&r->tiles, index, r->bundle, r->e);
	if (size == -ENOENT && width == TILE_WIDTH)
		return check_missing(r, index);
	int done =
		size < 0 ? (int)size : hash_bundle(r, cur_of(r->bundle, (size_t)size), name, width);
	if (done == 0)
		done = tiles_read(&r->tiles, 0, index, &hashes, r->e);
	for (unsigned i = 0; done == 0 && i < width; i++) {
		if (!hash_same(&hashes[i], &r->leaves[i]))
			return disagree(r, name, tile, &r->leaves[i], &hashes[i]);
		/* `above` wants the tree as it is before the leaf is counted. */
		merkle_add(&r->tree, &r->leaves[i], above, r);
		done = r->result < 0 ? r->result : pass_heads(r);
	}
	return done ? done : feed_rules(r, cur_of(r->bundle, (size_t)size), index, width);
}

/* Every entry that is missing was let go, and might be. */
static int check_hole(struct run *r, struct retain_hole hole)
{
	while (hole.first <= hole.last) {
		const struct retain_gone *g = retain_gone(r->rules, hole.first);
		char name[TILE_NAME];
		tile_name(name, TILE_ENTRIES, hole.first / TILE_WIDTH, TILE_WIDTH);
		if (!g)
			return err_set(r->e, -ENOENT,
				"%s is missing, and no entry says that it was let go or moved",
				name);
		uint64_t last = g->last < hole.last ? g->last : hole.last;
		r->out->gone += last - hole.first + 1;
		if (r->c->gone)
			r->c->gone(r->c->self, hole.first, last, g->to);
		hole.first = last + 1;
	}
	return 0;
}

static int check_rules(struct run *r)
{
	int done = 0;
	if (retain_wrong(r->rules))
		return err_set(r->e, -EBADMSG, "%s", retain_wrong(r->rules));
	for (size_t i = 0; done == 0 && i < retain_hole_count(r->rules); i++)
		done = check_hole(r, retain_hole(r->rules, i));
	return done;
}

/* Which of the entries change keys; their bytes are proved by now. */
static int see_keys(struct run *r, uint64_t index, unsigned width)
{
	struct cur c = cur_of(r->bundle, BUNDLE_MAX);
	int done = 0;
	for (unsigned i = 0; done == 0 && i < width; i++)
		done = keys_see(&r->out->keys, index * TILE_WIDTH + i, bundle_next(&c), r->e);
	return done;
}

static int check_tree(struct run *r)
{
	uint64_t all = r->out->head.size;
	int done = pass_heads(r); /* of no entries */
	for (uint64_t i = 0; done == 0 && i * TILE_WIDTH < all; i++) {
		done = check_bundle(r, i);
		if (done == 0)
			done = see_keys(r, i, tile_width(TILE_ENTRIES, i, all));
		if (r->c->progress && i % PROGRESS_EVERY == 0)
			r->c->progress(r->c->self, r->tree.size, all);
	}
	return done;
}

/* --- every other file --- */

static void strange(struct run *r, const char *name)
{
	if (!r->out->strange++)
		snprintf(r->out->one_strange, sizeof r->out->one_strange, "%.63s", name);
}

/* A part of a tile that was published once: the whole one begins with it. */
static int check_part(struct run *r, const char *name, int level, uint64_t index, unsigned width)
{
	const struct hash *hashes;
	long size = files_load(r->c->files, name, r->part, BUNDLE_MAX, r->e);
	if (size < 0)
		return size == -ENOENT ? 0 : (int)size; /* it was there: somebody is writing */
	if (level == TILE_ENTRIES) {
		int done = hash_bundle(r, cur_of(r->part, (size_t)size), name, width);
		if (done == 0)
			done = tiles_read(&r->tiles, 0, index, &hashes, r->e);
		if (done == 0 && memcmp(hashes, r->leaves, width * sizeof *hashes) != 0)
			done = err_set(
				r->e, -EBADMSG, "%s: not what the later ones begin with", name);
		return done;
	}
	int done = tiles_read(&r->tiles, (unsigned)level, index, &hashes, r->e);
	if (done == 0 &&
		((size_t)size != width * sizeof *hashes ||
			memcmp(hashes, r->part, (size_t)size) != 0))
		done = err_set(r->e, -EBADMSG, "%s: not what the later ones begin with", name);
	return done;
}

/* One below a folder of tiles: "x001/234", "x001/234.p/17". */
struct tile_path {
	struct run *run;
	const char *folder;
	int level;
	uint64_t index;
	bool part; /* of this tile, by their widths */
};

static void see_tile(void *self, const char *name);

static void go_down(struct tile_path *p, const char *name, uint64_t index, bool part)
{
	struct run *r = p->run;
	char folder[TILE_NAME + 32];
	int used = snprintf(folder, sizeof folder, "%s/%s", p->folder, name);
	struct tile_path below = { r, folder, p->level, index, part };
	if (used >= TILE_NAME) { /* longer than any name of a tile */
		strange(r, folder);
		return;
	}
	int done = r->c->files->list(r->c->files->self, folder, see_tile, &below);
	if (done < 0 && done != -ENOENT && r->result == 0) {
		errno = -done;
		r->result = err_sys(r->e, "look into %s", folder);
	}
}

static void strange_at(struct tile_path *p, const char *name)
{
	char path[TILE_NAME];
	snprintf(path, sizeof path, "%.40s/%.20s", p->folder, name);
	strange(p->run, path);
}

static void see_file(struct tile_path *p, const char *name, uint64_t index, unsigned width)
{
	struct run *r = p->run;
	char path[TILE_NAME + 32], right[TILE_NAME];
	snprintf(path, sizeof path, "%s/%s", p->folder, name);
	tile_name(right, p->level, index, width);
	unsigned now = tile_width(p->level, index, r->tiles.size);
	if (strcmp(path, right) != 0 || !now || width > now)
		strange_at(p, name);
	else if (width < now)
		r->result = check_part(r, path, p->level, index, width);
}

/* Digits between two words, and nothing else. */
static bool is_number(const char *name, const char *front, const char *behind, unsigned *number)
{
	size_t before = strlen(front), size = strlen(name), after = strlen(behind);
	if (size <= before + after || size > before + after + 3 ||
		memcmp(name, front, before) != 0 || strcmp(name + size - after, behind) != 0)
		return false;
	*number = 0;
	for (const char *at = name + before; at < name + size - after; at++) {
		if (*at < '0' || *at > '9')
			return false;
		*number = *number * 10 + (unsigned)(*at - '0');
	}
	return true;
}

static void see_tile(void *self, const char *name)
{
	struct tile_path *p = self;
	unsigned number;
	if (p->run->result < 0)
		return;
	if (p->part && is_number(name, "", "", &number))
		see_file(p, name, p->index, number);
	else if (!p->part && p->index < INDEX_MAX && is_number(name, "x", "", &number))
		go_down(p, name, p->index * 1000 + number, false);
	else if (!p->part && is_number(name, "", ".p", &number))
		go_down(p, name, p->index * 1000 + number, true);
	else if (!p->part && is_number(name, "", "", &number))
		see_file(p, name, p->index * 1000 + number, TILE_WIDTH);
	else
		strange_at(p, name);
}

static void see_level(void *self, const char *name)
{
	struct tile_path *p = self;
	unsigned level;
	if (p->run->result < 0)
		return;
	bool known = is_number(name, "", "", &level) && level < TILE_LEVELS && !name[1];
	p->level = known ? (int)level : TILE_ENTRIES;
	if (known || strcmp(name, "entries") == 0)
		go_down(p, name, 0, false);
	else
		strange_at(p, name);
}

static void see_top(void *self, const char *name)
{
	static const char *const known[] = { "checkpoint", "settled", "tile", "wal", "ledger" };
	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(name, known[i]) == 0)
			return;
	strange(self, name);
}

static int check_files(struct run *r)
{
	const struct files *f = r->c->files;
	struct tile_path top = { .run = r, .folder = "tile" };
	int done = f->list(f->self, ".", see_top, r);
	if (done == 0 && r->out->head.size)
		done = f->list(f->self, "tile", see_level, &top);
	if (done < 0) {
		errno = -done;
		return err_sys(r->e, "look at its files");
	}
	return r->result;
}

/* --- keys --- */

static bool is_own(const struct keys *k, const struct note_line *l)
{
	bool own = false;
	for (unsigned i = 0; i <= k->count; i++) {
		const struct note_key *key = i ? &k->changes[i - 1].new : keys_first(k);
		own |= l->id == key->id && cur_is(&l->name, key->name);
	}
	return own;
}

/* Once by each of the ledger's keys that signed it; every other line is a witness's, which holds or
 * not for who has its key. */
static int check_lines(struct run *r, const struct signed_head *h, unsigned *others)
{
	unsigned own = 0, lines = 0;
	int done = keys_check(&r->out->keys, &h->note, h->size, &lines, r->e);
	if (done < 0) {
		err_in(r->e, "%s", h->name);
		return r->e->code = -EBADMSG;
	}
	for (unsigned i = 0; i < h->note.count; i++) {
		const struct note_line *l = &h->note.lines[i];
		bool ours = is_own(&r->out->keys, l);
		own += ours;
		if (!ours && l->size != 8 + SIGN_SIZE)
			return err_set(r->e, -EBADMSG,
				"%s: signature %u is neither the ledger's nor one of a witness",
				h->name, i + 1);
	}
	*others = h->note.count - own;
	return own == lines
		? 0
		: err_set(r->e, -EBADMSG,
			  "%s: %u signatures of the ledger by %u keys, one each is enough", h->name,
			  own, lines);
}

static int check_signatures(struct run *r)
{
	unsigned of_settled;
	int done = keys_end(&r->out->keys, r->e);
	for (size_t i = 0; done == 0 && i < r->signed_count; i++)
		done = check_lines(r, &r->signed_heads[i], i ? &of_settled : &r->out->cosigned);
	return done;
}

/* What the folder says of its keys.  While they change it may name the one before, which signs the
 * checkpoint too then; a copy (nothing is settled in it) any one before, where who follows was
 * ended between the checkpoint and this.  A ledger is checked without that file as well. */
static int check_mark(struct run *r)
{
	struct note_key first, present;
	const struct keys *k = &r->out->keys;
	int done = ledger_keys_named(r->c->files, &first, &present, r->e);
	if (done == -ENOENT)
		return 0;
	if (done < 0)
		return r->e->code = -EBADMSG;
	bool copy = r->signed_count == 1;
	bool known = note_key_same(&present, keys_last(k)) || (copy && keys_have(k, &present)) ||
		note_check(&r->signed_heads[0].note, &present, NULL, r->e) == 0;
	if (known && note_key_same(&first, keys_first(k)))
		return 0;
	return err_set(r->e, -EBADMSG,
		"the file ledger names the keys %08x and %08x, by the tree they are %08x and %08x",
		first.id, present.id, keys_first(k)->id, keys_last(k)->id);
}

/* --- the log in front --- */

static int see_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	struct run *r = self;
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
static int check_log(struct run *r)
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
	struct run *r = calloc(1, sizeof *r);
	*out = (struct ledger_checked){ 0 };
	if (!r)
		return err_sys(e, "check the ledger");
	r->c = c;
	r->out = out;
	keys_begin(&out->keys, c->key);
	r->e = e;
	r->bundle = malloc(BUNDLE_MAX);
	r->part = malloc(BUNDLE_MAX);
	int done = r->bundle && r->part ? retain_new(&r->rules, e) : err_sys(e, "check the ledger");
	if (done == 0)
		done = read_heads(r);
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
	free(r->part);
	free(r->bundle);
	free(r);
	return done;
}
