/* weir ledger rebuild: the store made anew from the ledger, and held against the one before. */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/store.h"
#include "crypt/keyfile.h"

enum { TRIES = 3 }; /* more, where entries are let go while it is made */

struct opts {
	struct ledger_opts ledger;
	const char *store;
};

struct rebuild {
	struct cli *cli;
	const struct opts *o;
	struct ledger_home home;
	struct ledger_view view;
	struct ledger_said said;
	char path[PATH_MAX], path_new[PATH_MAX];
	int lock; /* on the new file, while it is made */
	struct store *is, *was;
};

/* --- the new file, for one process at a time --- */

static int lock_new(struct rebuild *r, struct err *e)
{
	r->lock = ledger_open_new(r->path, r->path_new, e);
	if (r->lock < 0)
		return r->lock;
	ledger_store_unlink_logs(r->path_new);
	return 0;
}

/* Whoever lets entries go takes the name away, so that what was read before that is put nowhere. */
static int is_taken_away(const struct rebuild *r, struct err *e)
{
	struct stat s;
	if (fstat(r->lock, &s) == 0 && s.st_nlink > 0)
		return 0;
	err_set(e, -ESTALE, "%s: entries were let go or moved while it was made", r->path);
	return err_try(e, "weir ledger rebuild --dir %s", r->home.dir), -ESTALE;
}

/* The head is taken when the new file has its name: what was let go before is in it. */
static int make_new(struct rebuild *r, struct err *e)
{
	uint64_t taken = 0;
	uint8_t content[SHA256_SIZE];
	struct out *o = r->cli->out;
	int64_t began = clock_monotonic();
	int done = lock_new(r, e);
	if (done == 0)
		done = ledger_view_open(&r->view, &r->home, e);
	if (done == 0)
		done = store_open(&r->is, r->path_new, STORE_NEW, r->home.key.name, e);
	if (done == 0)
		done = ledger_store_fill(r->is, &r->view, &r->said, r->cli->tty_err, &taken, e);
	if (done == 0)
		done = is_taken_away(r, e);
	if (done == 0)
		done = store_finish(r->is, e);
	double seconds = (double)(clock_monotonic() - began) / 1e9;
	if (done == 0)
		done = store_content(r->is, content, e);
	if (done < 0)
		return done;
	out_fmt(o, "%s: %llu %s in %.1f s, %.0f/s\ncontent ", r->path, (unsigned long long)taken,
		ledger_entries(taken), seconds, (double)taken / seconds);
	out_hex(o, content, sizeof content);
	out_char(o, '\n');
	return 0;
}

/* --- the one before --- */

/* 1: they differ. */
static int compare(struct rebuild *r, struct err *e)
{
	struct store_state state;
	char where[200];
	int done = store_state(r->was, &state, e);
	if (done == 0)
		done = ledger_view_had(&r->view, state.taken, state.root, e);
	if (done == 0)
		done = ledger_store_obey(r->was, &r->said, true, e);
	if (done == 0)
		done = store_differs(r->is, r->was, state.taken, where, e);
	if (done < 0)
		return done;
	if (done)
		out_fmt(r->cli->out, "differed from the one before: %s\n", where);
	else if (state.taken < r->view.head.size)
		out_fmt(r->cli->out, "identical with the one before, which had %llu of them\n",
			(unsigned long long)state.taken);
	else
		out_str(r->cli->out, "identical with the one before\n");
	return done;
}

/* A file of that name that is none of ours stays, when somebody named it. */
static int hold_against(struct rebuild *r, struct err *e)
{
	struct err why = { 0 };
	int done = store_open(&r->was, r->path, STORE_WRITE, r->home.key.name, &why);
	if (done == -ENOENT) {
		out_str(r->cli->out, "there was none before\n");
		return 0;
	}
	if ((done == -EBADMSG || done == -EXDEV) && r->o->store) {
		*e = why;
		err_try(e, "another --store, or take that file away");
		return e->code;
	}
	if (done == -EACCES || done == -EBUSY) {
		*e = why;
		return done;
	}
	if (done == 0)
		done = compare(r, &why);
	if (done < 0)
		out_fmt(r->cli->out, "the one before: %.600s\n", why.text);
	int alone = r->was ? store_alone(r->was, e) : 0;
	return alone < 0 ? alone : done > 0;
}

static int put_in_place(struct rebuild *r, struct err *e)
{
	store_close(r->is);
	r->is = NULL;
	if (!r->was)
		ledger_store_unlink_logs(r->path);
	int done = is_taken_away(r, e);
	if (done < 0)
		return done;
	if (rename(r->path_new, r->path) < 0) {
		err_sys(e, "rename %s", r->path_new);
		done = e->code;
		return is_taken_away(r, e) < 0 ? e->code : done;
	}
	return keyfile_sync_folder(r->path, e);
}

static int rebuild(struct rebuild *r, struct err *e)
{
	int done = make_new(r, e);
	int differed = done < 0 ? done : hold_against(r, e);
	if (differed >= 0)
		done = put_in_place(r, e);
	else
		done = differed;
	store_close(r->is);
	store_close(r->was);
	ledger_said_done(&r->said);
	r->is = r->was = NULL;
	struct err gone;
	if (done < 0 && r->lock >= 0 && is_taken_away(r, &gone) == 0) {
		ledger_store_unlink_logs(r->path_new);
		unlink(r->path_new);
	}
	if (r->lock >= 0)
		close(r->lock);
	r->lock = -1;
	return done < 0 ? done : differed;
}

static int rebuild_until_it_stands(struct rebuild *r, struct err *e)
{
	int done = rebuild(r, e);
	for (unsigned tries = 0; done == -ESTALE && tries < TRIES; tries++) {
		cli_say(e->text, "");
		done = rebuild(r, e);
	}
	return done;
}

static int run(struct cli *cli, const void *opts, struct err *e)
{
	struct rebuild r = { .cli = cli, .o = opts, .home.fd = -1, .lock = -1 };
	int done = ledger_home_open(&r.home, r.o->ledger.dir, e);
	if (done == 0)
		done = ledger_store_path(r.home.dir, r.o->store, r.path, e);
	if (done == 0)
		done = ledger_beside(r.path, ".new", r.path_new, e);
	if (done == 0)
		done = rebuild_until_it_stands(&r, e);
	ledger_home_close(&r.home);
	if (done < 0)
		return ledger_exit(e);
	e->code = 0; /* what differed was told; nothing failed */
	return done ? EXIT_PROBLEMS : EXIT_DONE;
}

static const struct opt opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "store", "FILE", "the store to make (DIR.store)",
		offsetof(struct opts, store), NULL },
	{ 0 },
};

static const char *const examples[] = { "weir ledger rebuild --dir /srv/ledger",
	"makes /srv/ledger.store, from which show and export answer at once", NULL };

const struct verb verb_ledger_rebuild = {
	.name = "ledger rebuild",
	.brief = "Make the store anew from the ledger",
	.about =
		"The store is what the ledger holds, laid out for questions: a SQLite file beside the "
		"folder. It may be deleted at any time. Rebuilding reads every entry, proves that together "
		"they are what the checkpoint signs, and says whether the store that was there had the "
		"same content. Until the new one is whole, the one before answers.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = opts,
	.run = run,
};
