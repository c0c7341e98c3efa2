/* weir ledger tail: the last entries, and those that come. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "cli/ledger/find.h"
#include "cli/ledger/line.h"

enum {
	TICK_MS = 100,
	STRIKES = 50, /* ticks that a folder may be away, or not make sense, while somebody changes
			 it */
};

struct opts {
	struct find_opts find;
	bool follow, json;
};

/* What tells that something was written, without reading it. */
struct mark {
	uint64_t checkpoint_file, checkpoint_ns;
	uint64_t log_files, log_ns, log_count;
};

struct tail {
	struct cli *cli;
	const struct opts *o;
	struct ledger_ask ask;
	struct ledger_finder finder;
	uint64_t next; /* the first that was not seen */
	struct mark mark;
	bool only_new; /* -n 0 */
	bool again;    /* looks once more: a clock of files may stand still for some milliseconds */
};

static int show_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct tail *t = self;
	(void)e;
	if (sequence >= t->next)
		t->next = sequence + 1;
	if (t->o->json)
		ledger_line_json(t->cli, sequence, bytes, size, signed_yet);
	else
		ledger_line(t->cli, sequence, bytes, size, signed_yet);
	return t->cli->out->failed;
}

static int show_new(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct tail *t = self;
	t->next = sequence + 1;
	return ledger_ask_fits(&t->ask, bytes, size)
		? show_entry(self, sequence, bytes, size, signed_yet, e)
		: 0;
}

static int see(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct tail *t = self;
	(void)bytes;
	(void)size;
	(void)signed_yet;
	(void)e;
	t->next = sequence + 1;
	return 0;
}

/* --- whether something is new --- */

struct looking {
	int folder;
	struct mark *mark;
};

static uint64_t changed_ns(const struct stat *s)
{
	return (uint64_t)s->st_mtim.tv_sec * 1000000000 + (uint64_t)s->st_mtim.tv_nsec;
}

static void look_at_log(void *self, const char *name)
{
	const struct looking *l = self;
	struct stat s;
	char path[300];
	struct out o = out_mem(path, sizeof path);
	out_str(&o, "wal/");
	out_str(&o, name);
	if (o.failed || fstatat(l->folder, out_text(&o), &s, 0) < 0)
		return;
	l->mark->log_files += s.st_ino;
	l->mark->log_count++;
	if (changed_ns(&s) > l->mark->log_ns)
		l->mark->log_ns = changed_ns(&s);
}

/* Polling, and no inotify: it sees what another machine writes to a shared folder, too. */
static bool something_new(struct tail *t)
{
	struct mark now = { 0 };
	const struct ledger_home *h = &t->finder.home;
	struct looking l = { h->fd, &now };
	struct stat s;
	if (fstatat(h->fd, "checkpoint", &s, 0) == 0) {
		now.checkpoint_file = s.st_ino;
		now.checkpoint_ns = changed_ns(&s);
	}
	h->files.list(h->files.self, "wal", look_at_log, &l);
	bool changed = memcmp(&now, &t->mark, sizeof now) != 0, due = changed || t->again;
	t->mark = now;
	t->again = changed;
	return due;
}

/* --- following --- */

static bool is_same_folder(const struct ledger_home *h)
{
	struct stat ours, there;
	return fstat(h->fd, &ours) == 0 && stat(h->dir, &there) == 0 &&
		ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* The folder of this name is another one than before, or its key is. */
static int open_again(struct tail *t, struct err *e)
{
	struct ledger_home *old = &t->finder.home, h;
	int r = ledger_home_open(&h, old->dir, e);
	if (r < 0)
		return r;
	if (strcmp(h.key.name, old->key.name) != 0) {
		err_set(e, -EXDEV, "%s was replaced by another ledger, '%s'", h.dir, h.key.name);
		ledger_home_close(&h);
		return e->code;
	}
	ledger_home_close(old);
	*old = h;
	return 0;
}

/* -EXDEV: what was shown is not its past. */
static int renew(struct tail *t, struct err *e)
{
	struct ledger_view *v = &t->finder.view;
	struct checkpoint before = v->head;
	int r = is_same_folder(&t->finder.home) ? 0 : open_again(t, e);
	if (r == 0)
		r = ledger_view_open(v, &t->finder.home, e);
	if (r == -EBADMSG) { /* signed by a key that came after ours, maybe */
		r = open_again(t, e);
		if (r == 0)
			r = ledger_view_open(v, &t->finder.home, e);
	}
	if (r == 0 && (r = ledger_view_had(v, before.size, before.root.b, e)) == -EXDEV)
		err_in(e, "%s was replaced", t->finder.home.dir);
	if (r < 0)
		v->head = before;
	return r;
}

/* Waits, and comes back early for ^C.  False: whoever reads has gone. */
static bool wait_a_tick(void)
{
	struct pollfd out = { .fd = STDOUT_FILENO };
	return poll(&out, 1, TICK_MS) <= 0 || !(out.revents & (POLLERR | POLLHUP | POLLNVAL));
}

static int follow(struct tail *t, struct err *e)
{
	unsigned strikes = 0;
	interrupt_catch();
	for (int r = 0; !interrupted();) {
		if (!wait_a_tick()) {
			t->cli->out->failed = true;
			t->cli->out->error = EPIPE;
			return 1;
		}
		bool there = is_same_folder(&t->finder.home);
		if (there && !something_new(t) && !strikes)
			continue;
		r = renew(t, e);
		if (r == 0)
			r = ledger_view_read(&t->finder.view, t->next, show_new, t, e);
		if (r > 0)
			return r;
		if (r == -EXDEV || (r < 0 && ++strikes > STRIKES))
			return r;
		if (r == 0)
			strikes = 0;
		if (out_flush(t->cli->out, e) < 0)
			return 1;
	}
	return 0;
}

static int tail(struct tail *t, struct err *e)
{
	uint64_t count;
	struct ledger_finder *f = &t->finder;
	something_new(t);
	t->again = true;
	t->next = f->view.head.size;
	int r = t->o->follow ? ledger_view_read(&f->view, t->next, see, t, e) : 0;
	if (r == 0 && !t->only_new)
		r = ledger_find(f, &t->ask, show_entry, t, &count, e);
	if (r == 0 && out_flush(t->cli->out, e) < 0)
		r = 1;
	return r == 0 && t->o->follow ? follow(t, e) : r;
}

static int run(struct cli *cli, const void *opts, struct err *e)
{
	struct tail t = { .cli = cli, .o = opts };
	struct find_opts find = t.o->find;
	t.only_new = find.last && strcmp(find.last, "0") == 0;
	if (!find.last || t.only_new)
		find.last = "10";
	if (ledger_ask_of(&find, &t.ask, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = ledger_finder_open(&t.finder, &find, cli->tty_err, e);
	if (r == 0) {
		r = tail(&t, e);
		ledger_finder_close(&t.finder);
	}
	if (r == -EXDEV)
		return EXIT_PROBLEMS;
	if (r < 0)
		return ledger_exit(e);
	return EXIT_DONE; /* where writing failed, who called finds it */
}

static const struct opt tail_opts[] = {
	FILTER_OPTS,
	FIND_TEXT('n', last, "N", "the last N of them (10); 0 with -f: only those that come"),
	STORE_OPT,
	{ OPT_FLAG, 'f', "follow", NULL, "and those that come, until ^C",
		offsetof(struct opts, follow), NULL },
	{ OPT_FLAG, 'j', "json", NULL, "one JSON object a line", offsetof(struct opts, json),
		NULL },
	{ 0 },
};

static const char *const examples[] = { "weir ledger tail -f --dir /srv/ledger",
	"what happens, as it happens; * behind the number: not in a checkpoint yet",
	"weir ledger tail -f -n 1 --kind finding --json | while read -r line; do ...; done",
	"a script that is told of every finding", NULL };

const struct verb verb_ledger_tail = {
	.name = "ledger tail",
	.brief = "The last entries, and with -f those that come",
	.about =
		"Follows while the writer stops and starts again. Where the folder is replaced by another "
		"ledger, or by one whose past is not what was shown, it says so and ends with 4.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = tail_opts,
	.run = run,
};
