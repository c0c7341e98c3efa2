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
static int open_store(
	struct ledger_finder *f, const char *path, struct store_state *state, struct err *e)
{
	enum store_how how = STORE_WRITE;
	int r = store_open(&f->store, path, how, f->home.key.name, e);
	if (r == -EACCES || r == -EROFS) {
		how = STORE_READ;
		r = store_open(&f->store, path, how, f->home.key.name, e);
	}
	if (r == 0)
		r = store_state(f->store, state, e);
	return r < 0 ? r : (int)how;
}

static int use_store(struct ledger_finder *f, const char *path, bool progress, struct err *e)
{
	struct store_state state = { 0 };
	uint64_t taken;
	int how = open_store(f, path, &state, e);
	int r = how < 0 ? how : ledger_view_renew(&f->view, e);
	if (r >= 0)
		r = ledger_view_had(&f->view, state.taken, state.root, e);
	if (r == 0 && how == STORE_WRITE && state.taken < f->view.head.size)
		r = ledger_store_fill(f->store, &f->view, progress, &taken, e);
	if (r == -EBUSY &&
		how == STORE_WRITE) /* somebody else fills it: the rest is in the ledger */
		r = 0;
	if (r == 0)
		r = store_state(f->store, &state, e);
	if (r == 0)
		f->stored = state.taken < f->view.head.size ? state.taken : f->view.head.size;
	return r;
}

static void do_without(struct ledger_finder *f, const char *path, const struct err *why)
{
	char text[sizeof why->text + PATH_MAX], try[PATH_MAX + 64];
	store_close(f->store);
	f->store = NULL;
	f->stored = 0;
	if (why->code == -ENOENT || why->code == -EACCES || why->code == -EROFS)
		return;
	bool named = strncmp(why->text, path, strlen(path)) == 0;
	snprintf(text, sizeof text, "%s%s%s; the ledger itself is read", named ? "" : path,
		named ? "" : ": ", why->text);
	snprintf(try, sizeof try, "weir ledger rebuild --dir %s", f->home.dir);
	cli_say(text, why->try[0] ? why->try : try);
}

int ledger_finder_open(
	struct ledger_finder *f, const struct find_opts *o, bool progress, struct err *e)
{
	char path[PATH_MAX];
	struct err why = { 0 };
	*f = (struct ledger_finder){ .home.fd = -1 };
	int r = ledger_home_open(&f->home, o->ledger.dir, e);
	if (r == 0)
		r = ledger_view_open(&f->view, &f->home, e);
	if (r == 0 && !o->store)
		r = ledger_beside(f->home.dir, ".store", path, e);
	const char *store = o->store ? o->store : path;
	if (r == 0 && use_store(f, store, progress, &why) < 0) {
		do_without(f, store, &why);
		if (o->store && why.code == -ENOENT) { /* asked for by name */
			*e = why;
			r = why.code;
		}
	}
	if (r < 0)
		ledger_finder_close(f);
	return r;
}

void ledger_finder_close(struct ledger_finder *f)
{
	store_close(f->store);
	f->store = NULL;
	ledger_home_close(&f->home);
}

/* --- finding --- */

enum { ENOUGH = 1 }; /* told what was wanted: ends the reading */

struct finding {
	struct ledger_finder *finder;
	const struct ledger_ask *ask;
	uint64_t most, count; /* most 0: all */
	ledger_entry *each;
	void *self;
	int ended;      /* what `each` gave, when it ended this */
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

static int from_ledger(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct finding *f = self;
	if (!ledger_ask_fits(f->ask, bytes, size))
		return 0;
	int r = signed_yet ? ledger_view_check(&f->finder->view, sequence, bytes, size, e) : 0;
	return r < 0 ? r : tell(f, sequence, bytes, size, signed_yet, e);
}

/* The store is believed to have found what there is; what it shows is held against the tree. */
static int from_store(void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	struct finding *f = self;
	int r = ledger_view_check(&f->finder->view, sequence, bytes, size, e);
	if (r < 0) {
		err_in(e, "the store");
		return err_try(e, "weir ledger rebuild --dir %s", f->finder->home.dir);
	}
	return tell(f, sequence, bytes, size, true, e);
}

static int ask_store(struct finding *f, struct err *e)
{
	const struct ledger_ask *ask = f->ask;
	const struct store_question q = { ask->filter, ask->from, f->finder->stored, f->most,
		ask->last };
	return f->finder->store ? store_find(f->finder->store, &q, from_store, f, e) : 0;
}

static int gone_from_ledger(
	void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	const struct finding *f = self;
	const struct ledger_finder *finder = f->finder;
	return finder->gone && !f->ring ? finder->gone(finder->gone_self, first, last, to, e) : 0;
}

static int ask_ledger(struct finding *f, uint64_t from, struct err *e)
{
	return ledger_view_read_all(&f->finder->view, from, from_ledger, gone_from_ledger, f, e);
}

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* First it is counted how many are behind the store, then it gives what is missing to that. */
static int find_last(struct finding *f, struct err *e)
{
	struct ledger_finder *finder = f->finder;
	uint64_t from = later(f->ask->from, finder->stored), head = finder->view.head.size;
	uint64_t most = f->most, behind = 0, first = from;
	if (entry_filter_is_empty(&f->ask->filter) && head > most)
		from = later(from, head - most);
	f->ring = malloc(most * sizeof *f->ring);
	if (!f->ring)
		return err_sys(e, "keep %llu numbers", (unsigned long long)most);
	int r = ask_ledger(f, from, e);
	if (r == 0 && f->count) {
		behind = f->count < most ? f->count : most;
		first = f->ring[f->count > most ? f->count % most : 0];
	}
	free(f->ring);
	f->ring = NULL;
	f->count = 0;
	f->most = most - behind;
	if (r == 0 && f->most)
		r = ask_store(f, e);
	f->most = f->count + behind;
	if (behind && (r == 0 || r == ENOUGH) && !f->ended)
		r = ask_ledger(f, first, e);
	return r;
}

static int find_first(struct finding *f, struct err *e)
{
	int r = ask_store(f, e);
	return r ? r : ask_ledger(f, later(f->ask->from, f->finder->stored), e);
}

int ledger_find(struct ledger_finder *finder, const struct ledger_ask *ask, ledger_entry *each,
	void *self, uint64_t *count, struct err *e)
{
	struct finding f = {
		.finder = finder, .ask = ask, .most = ask->most, .each = each, .self = self
	};
	int r = ask->last ? find_last(&f, e) : find_first(&f, e);
	*count = f.count;
	return r < 0 ? r : f.ended;
}
