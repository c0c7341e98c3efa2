#include "cli/ledger/store.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

enum {
	TRIES = 10, /* of reading what a writer is changing */
	TRY_MS = 20,
	BATCH = 65536,      /* entries of a transaction */
	LOOK = 4096,        /* entries between two looks at the clock */
	PATIENCE_MS = 1000, /* before progress is told */
	PROGRESS_MS = 200,
};

/* --- the view --- */

static int read_head(struct ledger_view *v, struct err *e)
{
	const struct ledger_home *h = v->home;
	int r = ledger_home_head(h, &v->head, v->note, e);
	if (r == 0)
		tiles_init(&v->tiles, &h->files, v->head.size);
	return r;
}

int ledger_view_open(struct ledger_view *v, const struct ledger_home *home, struct err *e)
{
	v->home = home;
	return read_head(v, e);
}

int ledger_view_renew(struct ledger_view *v, struct err *e)
{
	struct checkpoint before = v->head;
	int r = read_head(v, e);
	if (r < 0)
		return r;
	if (v->head.size < before.size)
		return err_set(e, -EBADMSG,
			"the checkpoint has %llu entries, a moment ago it had %llu: an older state",
			(unsigned long long)v->head.size, (unsigned long long)before.size);
	return v->head.size > before.size;
}

bool ledger_view_again(struct ledger_view *v, int code, unsigned *tries)
{
	struct err ignored;
	if ((code != -ENOENT && code != -EBADMSG) || ++*tries > TRIES)
		return false;
	poll(NULL, 0, TRY_MS);
	return ledger_view_renew(v, &ignored) >= 0;
}

struct reading {
	uint64_t next;
	ledger_entry *each;
	ledger_gone *gone; /* or NULL */
	void *self;
	bool ended; /* by whom it is told to */
};

static int read_one(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct reading *r = self;
	int done = r->each(r->self, sequence, bytes, size, signed_yet, e);
	r->ended = done != 0;
	r->next = sequence + 1;
	return done;
}

static int miss_some(void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	struct reading *r = self;
	int done = r->gone ? r->gone(r->self, first, last, to, e) : 0;
	r->ended = done != 0;
	r->next = last + 1;
	return done;
}

int ledger_view_read(
	struct ledger_view *v, uint64_t from, ledger_entry *each, void *self, struct err *e)
{
	return ledger_view_read_all(v, from, each, NULL, self, e);
}

int ledger_view_read_all(struct ledger_view *v, uint64_t from, ledger_entry *each,
	ledger_gone *gone, void *self, struct err *e)
{
	struct reading r = { from, each, gone, self, false };
	unsigned tries = 0;
	for (uint64_t began = from;; began = r.next) {
		int done = ledger_read_all(
			&v->home->files, &v->head, r.next, read_one, miss_some, &r, e);
		if (r.next > began)
			tries = 0;
		if (done >= 0)
			e->code = 0; /* what was tried before, or a log that is not there */
		if (done >= 0 || r.ended)
			return done;
		if (!ledger_view_again(v, done, &tries))
			return ledger_damage(done, e);
	}
}

int ledger_view_check(
	struct ledger_view *v, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	struct hash is = merkle_leaf(bytes, size), right;
	unsigned tries = 0;
	int r = 0;
	assert(sequence < v->head.size);
	do
		r = tiles_hash(&v->tiles, 0, sequence, &right, e);
	while (r < 0 && ledger_view_again(v, r, &tries));
	if (r == 0 && !hash_same(&is, &right))
		r = err_set(e, -EBADMSG, "entry %llu is another one there than in the ledger",
			(unsigned long long)sequence);
	return ledger_damage(r, e);
}

static int foreign(struct err *e, uint64_t size)
{
	return err_set(e, -EXDEV,
		"its %llu entries are not those that this ledger begins with: another history",
		(unsigned long long)size);
}

int ledger_view_had(
	struct ledger_view *v, uint64_t size, const uint8_t root[HASH_SIZE], struct err *e)
{
	struct hash old;
	struct merkle_proof proof;
	unsigned tries = 0;
	int r;
	memcpy(old.b, root, sizeof old.b);
	if (size == 0)
		return 0;
	if (size > v->head.size)
		return err_set(e, -EXDEV,
			"it has %llu entries, the ledger %llu: the ledger is an older copy, or another",
			(unsigned long long)size, (unsigned long long)v->head.size);
	if (size == v->head.size)
		return hash_same(&old, &v->head.root) ? 0 : foreign(e, size);
	do
		r = merkle_prove_consistency(tiles_hash, &v->tiles, size, v->head.size, &proof, e);
	while (r < 0 && ledger_view_again(v, r, &tries));
	if (r == 0 && !merkle_consistent(size, v->head.size, &old, &v->head.root, &proof))
		r = foreign(e, size);
	return r;
}

/* --- filling --- */

struct filling {
	struct store *store;
	struct ledger_view *view;
	struct ledger_said *said;
	struct merkle tree; /* of what was taken in */
	uint64_t taken;     /* by us */
	uint64_t bundle;    /* the one at hand, and whether it stays out */
	bool is_gone;
	bool progress;
	int64_t began, told;
};

static void tell_progress(struct filling *f)
{
	int64_t now = clock_monotonic();
	if (now - f->began < PATIENCE_MS * CLOCK_SECOND / 1000 ||
		now - f->told < PROGRESS_MS * CLOCK_SECOND / 1000)
		return;
	f->told = now;
	fprintf(stderr, "\rstore: %llu of %llu entries, %.0f/s\033[K",
		(unsigned long long)f->tree.size, (unsigned long long)f->view->head.size,
		(double)f->taken * 1e9 / (double)(now - f->began));
}

static int commit(struct filling *f, struct err *e)
{
	struct hash root = merkle_root(&f->tree);
	return store_commit(f->store, root.b, e);
}

/* From where it is; somebody else may have gone on meanwhile.  Nobody else writes to the store now:
 * what the newest head says is gone was taken out before, or will be behind us. */
static int begin(struct filling *f, struct err *e)
{
	struct store_state now;
	unsigned tries = 0;
	int r = store_begin(f->store, &now, e);
	if (r == 0)
		r = ledger_view_renew(f->view, e);
	if (r >= 0)
		r = ledger_said_follow(f->said, f->view, f->store, e);
	f->bundle = UINT64_MAX;
	if (r < 0 || (now.taken == f->tree.size && now.taken > 0))
		return r;
	r = ledger_view_had(f->view, now.taken, now.root, e);
	if (r < 0)
		return r;
	do
		r = tiles_tree(&f->view->tiles, now.taken, &f->tree, e);
	while (r < 0 && ledger_view_again(f->view, r, &tries));
	return r;
}

enum { FOR_NOW = 1 }; /* the reading ends, and nothing is wrong */

static int next_batch(struct filling *f, struct err *e)
{
	int r = commit(f, e);
	return r < 0 ? r : begin(f, e);
}

/* What is said to be gone may be there still: its number stays free all the same. */
static int take_one(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct filling *f = self;
	if (!signed_yet || sequence != f->tree.size)
		return FOR_NOW;
	if (sequence / TILE_WIDTH != f->bundle) {
		f->bundle = sequence / TILE_WIDTH;
		f->is_gone = retain_was_gone(f->said->rules, sequence);
	}
	struct hash leaf = merkle_leaf(bytes, size);
	int r = 0;
	if (f->is_gone)
		store_skip(f->store, 1);
	else
		r = store_take(f->store, bytes, size, e);
	if (r < 0)
		return r;
	merkle_add(&f->tree, &leaf, NULL, NULL);
	f->taken += !f->is_gone;
	if (f->progress && f->taken % LOOK == 0)
		tell_progress(f);
	return f->tree.size % BATCH == 0 ? next_batch(f, e) : 0;
}

/* Entries of which only the hashes are here: their numbers stay free. */
static int skip_some(void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	struct filling *f = self;
	int r = 0;
	(void)to;
	if (first != f->tree.size)
		return FOR_NOW;
	for (uint64_t at = first; r == 0 && at <= last; at++) {
		struct hash leaf;
		r = tiles_hash(&f->view->tiles, 0, at, &leaf, e);
		if (r == 0)
			merkle_add(&f->tree, &leaf, NULL, NULL);
	}
	if (r == 0)
		store_skip(f->store, last - first + 1);
	return r;
}

/* Up to the head, whose root says whether it was all true. */
static int fill(struct filling *f, struct err *e)
{
	int r = begin(f, e);
	while (r >= 0 && f->tree.size < f->view->head.size)
		r = ledger_view_read_all(f->view, f->tree.size, take_one, skip_some, f, e);
	if (r < 0)
		return r;
	struct hash root = merkle_root(&f->tree);
	if (f->tree.size == f->view->head.size && !hash_same(&root, &f->view->head.root)) {
		err_set(e, -EBADMSG, "the entries up to %llu are not those that are signed",
			(unsigned long long)f->tree.size);
		return err_try(e, "weir ledger verify --dir %s", f->view->home->dir);
	}
	return commit(f, e);
}

int ledger_store_fill(struct store *s, struct ledger_view *v, struct ledger_said *said,
	bool progress, uint64_t *taken, struct err *e)
{
	struct filling f = { .store = s,
		.view = v,
		.said = said,
		.progress = progress,
		.began = clock_monotonic() };
	int r = fill(&f, e);
	if (r < 0)
		store_drop(s);
	if (f.told)
		fprintf(stderr, "\r\033[K");
	*taken = f.taken;
	return r;
}
