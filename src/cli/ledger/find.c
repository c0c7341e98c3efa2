#include "cli/ledger/find.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { LAST_MAX = 1000000 }; /* numbers that are kept in mind while the ledger is read */

/* --- what is asked --- */

int ledger_number(const char *text, const char *what, uint64_t *n, struct err *e)
{
	char *end;
	errno = 0;
	*n = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9')
		return err_set(e, -EINVAL, "%s: '%.40s' is no number", what, text);
	return 0;
}

static int read_time(const char *text, const char *what, bool *has, int64_t *ns, struct err *e)
{
	*has = text;
	if (!text || clock_read(text, ns))
		return 0;
	err_set(e, -EINVAL, "%s: '%.40s' is no time", what, text);
	return err_try(e, "%s 2026-11-22T20:40:11Z, or less of it", what);
}

static int read_count(const struct find_opts *o, struct ledger_ask *ask, struct err *e)
{
	const char *what = o->last ? "--last" : "--limit", *text = o->last ? o->last : o->limit;
	if (o->last && o->limit) {
		err_set(e, -EINVAL, "--limit and --last: one of them");
		return err_try(e, "--last %.20s", o->last);
	}
	if (!text)
		return 0;
	ask->last = o->last;
	int r = ledger_number(text, what, &ask->most, e);
	if (r == 0 && ask->most == 0)
		r = err_set(e, -EINVAL, "%s: at least 1", what);
	if (r == 0 && ask->last && ask->most > LAST_MAX)
		r = err_set(e, -EINVAL, "--last: at most %d", LAST_MAX);
	return r;
}

int ledger_ask_of(const struct find_opts *o, struct ledger_ask *ask, struct err *e)
{
	struct entry_filter *f = &ask->filter;
	*ask = (struct ledger_ask){ .filter = { .subject = o->subject,
					    .actor = o->actor,
					    .site = o->site,
					    .asset = o->asset } };
	int r = o->kind ? entry_filter_kind(f, o->kind, e) : 0;
	if (r == 0)
		r = read_time(o->since, "--since", &f->has_since, &f->since_ns, e);
	if (r == 0)
		r = read_time(o->until, "--until", &f->has_until, &f->until_ns, e);
	if (r == 0 && o->from)
		r = ledger_number(o->from, "--from", &ask->from, e);
	return r < 0 ? r : read_count(o, ask, e);
}

/* --- who answers --- */

/* What is there and may only be read does as well, as far as it goes. */
static int open_store(struct ledger_finder *f, struct store_state *state, struct err *e)
{
	enum store_how how = STORE_WRITE;
	int r = store_open(&f->store, f->path, how, f->home.key.name, e);
	if (r == -EACCES || r == -EROFS) {
		how = STORE_READ;
		r = store_open(&f->store, f->path, how, f->home.key.name, e);
	}
	if (r == 0)
		r = store_state(f->store, state, e);
	return r < 0 ? r : (int)how;
}

/* What is wrong with the store says its name; with the ledger, whoever reads that says it. */
static bool is_of_ledger(const struct ledger_finder *f, const struct err *why)
{
	bool damage = why->code == -EBADMSG || why->code == -ENOENT || why->code == -EIO ||
		why->code == -EFBIG;
	return damage && strncmp(why->text, f->path, strlen(f->path)) != 0;
}

static int use_store(struct ledger_finder *f, bool progress, struct err *e)
{
	struct store_state state = { 0 };
	uint64_t taken;
	int how = open_store(f, &state, e);
	int r = how < 0 ? how : ledger_view_renew(&f->view, e);
	if (r >= 0)
		r = ledger_view_had(&f->view, state.taken, state.root, e);
	if (r == 0 && how == STORE_WRITE && state.taken < f->view.head.size)
		r = ledger_store_fill(f->store, &f->view, &f->said, progress, &taken, e);
	/* Somebody else fills it, or what is new is damaged: the rest is in the ledger. */
	if (r < 0 && how == STORE_WRITE && (r == -EBUSY || is_of_ledger(f, e)))
		r = 0;
	if (r == 0)
		r = ledger_said_follow(&f->said, &f->view, f->store, e);
	if (r == 0)
		r = ledger_store_obey(f->store, &f->said, how == STORE_WRITE, e);
	if (r == 0)
		r = store_state(f->store, &state, e);
	if (r == 0)
		f->stored = state.taken < f->view.head.size ? state.taken : f->view.head.size;
	return r;
}

static void do_without(struct ledger_finder *f, const struct err *why)
{
	char text[sizeof why->text + PATH_MAX + 64], try[PATH_MAX + 64];
	store_close(f->store);
	f->store = NULL;
	f->stored = 0;
	if (why->code == -ENOENT || why->code == -EACCES || why->code == -EROFS ||
		is_of_ledger(f, why))
		return;
	bool named = strncmp(why->text, f->path, strlen(f->path)) == 0;
	snprintf(text, sizeof text, "%s%s%s; the ledger itself is read", named ? "" : f->path,
		named ? "" : ": ", why->text);
	snprintf(try, sizeof try, "weir ledger rebuild --dir %s", f->home.dir);
	cli_say(text, why->try[0] ? why->try : try);
}

int ledger_finder_open(
	struct ledger_finder *f, const struct find_opts *o, bool progress, struct err *e)
{
	struct err why = { 0 };
	*f = (struct ledger_finder){ .home.fd = -1, .shelf.fd = -1, .bundle = malloc(BUNDLE_MAX) };
	int r = f->bundle ? ledger_home_open(&f->home, o->ledger.dir, e)
			  : err_sys(e, "read the ledger");
	if (r == 0)
		r = ledger_view_open(&f->view, &f->home, e);
	if (r == 0 &&
		(ledger_store_path(f->home.dir, o->store, f->path, &why) < 0 ||
			use_store(f, progress, &why) < 0)) {
		do_without(f, &why);
		if (o->store && why.code == -ENOENT &&
			!is_of_ledger(f, &why)) { /* asked for by name */
			*e = why;
			r = why.code;
		}
	}
	/* From here on where entries were moved to is read as if they were here. */
	if (r == 0)
		r = ledger_shelf_open(&f->shelf, &f->home, o->also, e);
	if (r == 0)
		f->home.files = f->shelf.both;
	if (r < 0)
		ledger_finder_close(f);
	return r;
}

void ledger_finder_close(struct ledger_finder *f)
{
	store_close(f->store);
	f->store = NULL;
	ledger_said_done(&f->said);
	free(f->bundle);
	f->bundle = NULL;
	ledger_shelf_close(&f->shelf);
	ledger_home_close(&f->home);
}

/* --- finding --- */

enum { ENOUGH = 1 }; /* told what was wanted: ends the reading */

struct finding {
	struct ledger_finder *finder;
	const struct ledger_ask *ask;
	uint64_t most, count; /* most 0: all */
	uint64_t next;        /* numbers below it are done with */
	ledger_entry *each;
	void *self;
	int ended;      /* what `each` or who is told of gaps gave, when it ended this */
	bool wrong;     /* the store is, as the error says */
	uint64_t *ring; /* in the place of `each`: the numbers of the last `most` */
};

bool ledger_ask_fits(const struct ledger_ask *ask, const void *bytes, size_t size)
{
	struct entry_parts p;
	if (entry_filter_is_empty(&ask->filter))
		return true;
	entry_take_apart(bytes, size, &p);
	bool fine = entry_fits(&ask->filter, &p);
	entry_parts_free(&p);
	return fine;
}

static int tell(struct finding *f, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	if (f->ring)
		f->ring[f->count++ % f->most] = sequence;
	else {
		f->count++;
		f->ended = f->each(f->self, sequence, bytes, size, signed_yet, e);
	}
	if (f->ended)
		return f->ended;
	return !f->ring && f->count == f->most ? ENOUGH : 0;
}

/* Also one that does not fit is held against the tree: as it was signed, perhaps it would. */
static int from_ledger(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct finding *f = self;
	int r = signed_yet ? ledger_view_check(&f->finder->view, sequence, bytes, size, e) : 0;
	if (r < 0)
		return r;
	f->next = sequence + 1;
	return ledger_ask_fits(f->ask, bytes, size) ? tell(f, sequence, bytes, size, signed_yet, e)
						    : 0;
}

static int gone_from_ledger(
	void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	struct finding *f = self;
	const struct ledger_finder *finder = f->finder;
	f->next = last + 1;
	if (finder->gone && !f->ring)
		f->ended = finder->gone(finder->gone_self, first, last, to, e);
	return f->ended;
}

/* --- in the store, and around what it must not have --- */

static int store_is_wrong(struct finding *f, struct err *e, uint64_t sequence, const char *how)
{
	f->wrong = true;
	return err_set(e, -ESTALE, "entry %llu is %s", (unsigned long long)sequence, how);
}

/* A whole bundle that was said to be gone: it may be elsewhere, or here still. */
static int pass_bundle(struct finding *f, uint64_t from, struct err *e)
{
	struct ledger_finder *finder = f->finder;
	char why[RETAIN_WORDS];
	uint64_t first = bundle_first(from), last = first + TILE_WIDTH - 1;
	const struct retain_gone *g = retain_gone(finder->said.rules, first);
	long size = bundle_read(&finder->view.tiles, first / TILE_WIDTH, finder->bundle, e);
	if (size == -ENOENT && g)
		return gone_from_ledger(f, from, last, g->to, e);
	const struct err missing = *e;
	if (size == -ENOENT)
		return err_set(e, -EBADMSG, "%.400s, and %s", missing.text,
			retain_miss_words(finder->said.rules, first, why));
	struct cur c = cur_of(finder->bundle, size < 0 ? 0 : (size_t)size);
	int r = size < 0 ? (int)size : 0;
	for (uint64_t at = first; r == 0 && at <= last; at++) {
		struct cur entry;
		r = walk_entry(&c, at, &entry, e);
		if (r == 0 && at >= from)
			r = from_ledger(f, at, entry.at, entry.left, true, e);
	}
	return r;
}

/* The next number from here on that was ever said to be gone; `to`: none below it. */
static uint64_t next_gone(const struct finding *f, uint64_t to)
{
	size_t count;
	const struct retain_gone *g = retain_all_gone(f->finder->said.rules, &count);
	uint64_t at = to;
	for (size_t i = 0; i < count; i++) {
		uint64_t from = g[i].first > f->next ? g[i].first : f->next;
		if (from <= g[i].last && from < at)
			at = from;
	}
	return at;
}

/* All before `to` that the store has not.  Where everything is asked for, no number is without. */
static int pass_gone(struct finding *f, uint64_t to, struct err *e)
{
	bool all = entry_filter_is_empty(&f->ask->filter);
	int r = 0;
	while (r == 0 && f->next < to) {
		uint64_t at = next_gone(f, to);
		if (all && at > f->next)
			return store_is_wrong(f, e, f->next, "missing there");
		f->next = at;
		if (at < to)
			r = pass_bundle(f, at, e);
	}
	return r;
}

/* The store is believed to have found what there is; what it shows is held against the tree. */
static int from_store(void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	struct finding *f = self;
	int r = pass_gone(f, sequence, e);
	if (r)
		return r;
	if (sequence < f->next)
		return store_is_wrong(f, e, sequence, "there, and gone from the ledger");
	if (ledger_view_check(&f->finder->view, sequence, bytes, size, e) < 0)
		return store_is_wrong(f, e, sequence, "another one there than in the ledger");
	if (!ledger_ask_fits(f->ask, bytes, size))
		return store_is_wrong(f, e, sequence, "said to be something else there");
	f->next = sequence + 1;
	return tell(f, sequence, bytes, size, true, e);
}

struct asking {
	struct finding *f;
	int r; /* of what was told */
};

static int tell_asked(void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	struct asking *a = self;
	return a->r = from_store(a->f, sequence, bytes, size, e);
}

/* Where the store turns out to be wrong the ledger goes on with what is missing. */
static int ask_store(struct finding *f, struct err *e)
{
	struct ledger_finder *finder = f->finder;
	struct asking a = { f, 0 };
	const struct store_question q = { f->ask->filter, f->next, finder->stored, 0, false };
	if (!finder->store || f->next >= finder->stored)
		return 0;
	int r = store_find(finder->store, &q, tell_asked, &a, e);
	if (r < 0 && !a.r)
		f->wrong = true; /* SQLite says so */
	else if (r == 0)
		r = pass_gone(f, finder->stored, e);
	if (!f->wrong)
		return r;
	do_without(finder, e);
	f->wrong = false;
	e->code = 0;
	return 0;
}

static int find_from(struct finding *f, uint64_t from, struct err *e)
{
	f->next = from;
	int r = ask_store(f, e);
	return r ? r
		 : ledger_view_read_all(
			   &f->finder->view, f->next, from_ledger, gone_from_ledger, f, e);
}

/* --- the last of them --- */

static int note_first(void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	(void)bytes;
	(void)size;
	(void)e;
	*(uint64_t *)self = sequence;
	return ENOUGH;
}

/* A number that has at least `most` entries behind it, itself among them, or the first asked for.
 */
static uint64_t guess_first(const struct finding *f)
{
	struct ledger_finder *finder = f->finder;
	const struct ledger_ask *ask = f->ask;
	uint64_t first = ask->from, head = finder->view.head.size;
	struct err ignored;
	struct store_question q = { ask->filter, ask->from, finder->stored, f->most, true };
	if (finder->store && store_find(finder->store, &q, note_first, &first, &ignored) < 0)
		return ask->from;
	if (!finder->store && entry_filter_is_empty(&ask->filter) && head > f->most &&
		head - f->most > first)
		first = head - f->most;
	return first;
}

/* First it is found out which these are, then they are told. */
static int find_last(struct finding *f, struct err *e)
{
	uint64_t from = guess_first(f), first = from;
	bool stored = f->finder->store;
	f->ring = malloc(f->most * sizeof *f->ring);
	if (!f->ring)
		return err_sys(e, "keep %llu numbers", (unsigned long long)f->most);
	int r = find_from(f, from, e);
	bool dropped = stored && !f->finder->store; /* it gave the guess, too */
	if (r == 0 && (dropped || (f->count < f->most && from > f->ask->from))) {
		f->count = 0;
		r = find_from(f, f->ask->from, e);
	}
	if (f->count)
		first = f->ring[f->count > f->most ? f->count % f->most : 0];
	free(f->ring);
	f->ring = NULL;
	if (r < 0 || !f->count)
		return r;
	f->count = 0;
	return find_from(f, first, e);
}

int ledger_find(struct ledger_finder *finder, const struct ledger_ask *ask, ledger_entry *each,
	void *self, uint64_t *count, struct err *e)
{
	struct finding f = {
		.finder = finder, .ask = ask, .most = ask->most, .each = each, .self = self
	};
	int r = ask->last ? find_last(&f, e) : find_from(&f, ask->from, e);
	*count = f.count;
	return r < 0 ? r : f.ended;
}
