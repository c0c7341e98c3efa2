/* weir ledger show: entries, one line each. */
#include <errno.h>
#include <stdio.h>

#include "cli/ledger_find.h"
#include "cli/ledger_line.h"
#include "ledger/around.h"

struct opts {
	struct find_opts find;
	bool json;
};

struct show {
	const struct cli *cli;
	bool json;
	const struct ledger_ask *ask;
	const char *dir;
	uint64_t count, next; /* shown; the one behind the last of them */
	unsigned holes;
};

static int show_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct show *s = self;
	(void)e;
	s->count++;
	s->next = sequence + 1;
	if (s->json)
		ledger_line_json(s->cli, sequence, bytes, size, signed_yet);
	else
		ledger_line(s->cli, sequence, bytes, size, signed_yet);
	return s->cli->out->failed; /* whoever read has gone */
}

/* --- what is left of a damaged one --- */

static int show_whole(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct show *s = self;
	if (!ledger_ask_fits(s->ask, bytes, size))
		return 0;
	int r = show_entry(self, sequence, bytes, size, signed_yet, e);
	return r ? r : s->count == s->ask->most;
}

/* Named on standard error, in the place where it would stand. */
static void show_hole(void *self, uint64_t first, uint64_t count, const char *why)
{
	struct show *s = self;
	char text[1024];
	struct err e;
	s->holes++;
	if (out_flush(s->cli->out, &e) < 0)
		return; /* said at the end */
	if (count)
		snprintf(text, sizeof text, "%s: entries %llu to %llu cannot be read: %s", s->dir,
			(unsigned long long)first, (unsigned long long)(first + count - 1), why);
	else
		snprintf(text, sizeof text, "%s: damaged: %s", s->dir, why);
	cli_say(text, "");
}

static bool is_damage(int code)
{
	return code == -EBADMSG || code == -ENOENT || code == -EFBIG || code == -EIO;
}

/* Goes on where the reading ended, and says what it leaves out.  -EBADMSG: it did. */
static int show_around(struct show *s, const struct ledger_finder *f, struct err *e)
{
	struct err why = *e;
	uint64_t from = s->next > s->ask->from ? s->next : s->ask->from;
	int r = ledger_read_around(
		&f->home.files, &f->view.head, from, show_whole, show_hole, s, e);
	if (r < 0)
		return r;
	*e = why;
	return e->code = -EBADMSG; /* a file that is gone is damage, too */
}

static int run(struct cli *cli, const void *opts, struct err *e)
{
	const struct opts *o = opts;
	struct show s = { .cli = cli, .json = o->json };
	struct ledger_ask ask;
	struct ledger_finder f;
	uint64_t count = 0;
	if (ledger_ask_of(&o->find, &ask, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = ledger_finder_open(&f, &o->find, cli->tty_err, e);
	if (r < 0)
		return ledger_exit(e);
	s.ask = &ask;
	s.dir = f.home.dir;
	r = ledger_find(&f, &ask, show_entry, &s, &count, e);
	if (is_damage(r) && !ask.last)
		r = show_around(&s, &f, e);
	uint64_t head = f.view.head.size;
	ledger_finder_close(&f);
	if (r < 0)
		return ledger_exit(e);
	if (count)
		return EXIT_DONE;
	err_set(e, -ENOENT, "none of the %llu entries is one of these", (unsigned long long)head);
	err_try(e, "less of --kind, --asset, --since ...");
	return EXIT_NOT_FOUND;
}

static const struct opt show_opts[] = {
	FILTER_OPTS,
	RANGE_OPTS,
	{ OPT_FLAG, 'j', "json", NULL, "one JSON object a line", offsetof(struct opts, json),
		NULL },
	{ 0 },
};

static const char *const examples[] = { "weir ledger show --kind finding --since 2026-11-22",
	"findings from that day on, one line each; * behind the number: not in a checkpoint yet",
	"weir ledger show --asset plc-7 --last 20", "the last things about a controller",
	"weir ledger show --json | jq .entry.data", "everything, for scripts", NULL };

const struct verb verb_ledger_show = {
	.name = "ledger show",
	.brief = "The entries, one line each",
	.about =
		"Asks the store beside the ledger, DIR.store, where there is one, after it took in what "
		"is new; else reads the ledger itself. Both give the same. What the store shows is held "
		"against the ledger's hashes.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = show_opts,
	.run = run,
};
