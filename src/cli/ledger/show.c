/* weir ledger show: entries, one line each. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/ledger/find.h"
#include "cli/ledger/line.h"
#include "cli/ledger/lock.h"
#include "ledger/around.h"
#include "ledger/subject.h"
#include "report/glyph.h"

struct opts {
	struct find_opts find;
	bool json, reveal;
};

struct show {
	const struct cli *cli;
	bool json, reveal;
	const struct ledger_ask *ask;
	const char *dir;
	uint64_t count, next; /* shown; the one behind the last of them */
	uint64_t *last, last_count;
	unsigned holes;
	struct ledger_secrets secrets;
	struct {
		bool any;
		uint64_t first, last;
		char to[160]; /* empty: let go */
	} gone;               /* not told yet: more may follow */
};

/* --- what is not here any more --- */

static void tell_gone(struct show *s)
{
	struct out *o = s->cli->out;
	if (!s->gone.any)
		return;
	s->gone.any = false;
	if (s->json) {
		struct json j = json_on(o);
		json_open(&j, '{');
		json_kv_str(&j, "gone", s->gone.to[0] ? "moved" : "let go");
		json_kv_uint(&j, "first", s->gone.first);
		json_kv_uint(&j, "last", s->gone.last);
		json_kv_str(&j, "to", s->gone.to);
		json_close(&j, '}');
		json_line(&j);
		return;
	}
	out_fmt(o, "%8llu to %llu: ", (unsigned long long)s->gone.first,
		(unsigned long long)s->gone.last);
	if (s->gone.to[0]) {
		out_str(o, "moved to ");
		text_out(o, s->gone.to);
		out_str(o, " (--also reads them there)\n");
	} else {
		out_str(o, "let go after their retention; their hashes are here\n");
	}
}

static int see_gone(void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	struct show *s = self;
	(void)e;
	if (!to)
		to = "";
	if (s->gone.any && s->gone.last + 1 == first && strcmp(s->gone.to, to) == 0) {
		s->gone.last = last;
		s->next = last + 1;
		return 0;
	}
	tell_gone(s);
	s->gone.any = true;
	s->next = last + 1;
	s->gone.first = first;
	s->gone.last = last;
	snprintf(s->gone.to, sizeof s->gone.to, "%s", to);
	return 0;
}

/* --- secrets --- */

/* The clear text; or a sentence why not, as a text. */
static json_t *secret_of(struct show *s, json_t *entry, bool *is_open)
{
	json_t *clear = NULL;
	char text[300];
	struct err why = { 0 };
	if (!s->secrets.subjects)
		err_set(&why, -ENOKEY, "no keys of subjects are here");
	else if (subject_reveal(s->secrets.subjects, entry, &clear, &why) == 0) {
		*is_open = true;
		return clear;
	}
	*is_open = false;
	snprintf(text, sizeof text, "(sealed: %.250s)", why.text);
	return json_string(text);
}

/* True where there was one, and it was shown. */
static bool show_secret(
	struct show *s, uint64_t sequence, const void *bytes, size_t size, bool signed_yet)
{
	json_t *entry = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);
	bool sealed = entry && subject_is_sealed(entry), is_open = false;
	json_t *secret = sealed ? secret_of(s, entry, &is_open) : NULL;
	char *text = NULL;
	if (s->json && is_open) {
		text = json_dumps(secret, JSON_COMPACT | JSON_SORT_KEYS);
	} else if (secret && !s->json) {
		json_object_set(json_object_get(entry, "data"), "sealed", secret);
		text = json_dumps(entry, JSON_COMPACT | JSON_SORT_KEYS);
	}
	if (text && s->json)
		ledger_line_json_secret(s->cli, sequence, bytes, size, signed_yet, text);
	else if (text)
		ledger_line(s->cli, sequence, text, strlen(text), signed_yet);
	bool shown = text;
	free(text);
	json_decref(secret);
	json_decref(entry);
	return shown;
}

static int show_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct show *s = self;
	(void)e;
	s->count++;
	s->next = sequence + 1;
	tell_gone(s);
	if (s->reveal && show_secret(s, sequence, bytes, size, signed_yet))
		return s->cli->out->failed;
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
	tell_gone(s);
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

/* Numbers of what is whole and fits: the last ones of them, in the place of showing them. */
static int count_whole(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct show *s = self;
	(void)signed_yet;
	(void)e;
	if (ledger_ask_fits(s->ask, bytes, size))
		s->last[s->last_count++ % s->ask->most] = sequence;
	return 0;
}

static void no_hole(void *self, uint64_t first, uint64_t count, const char *why)
{
	(void)self;
	(void)first;
	(void)count;
	(void)why;
}

/* Where the last ones begin. */
static int first_of_last(
	struct show *s, const struct ledger_finder *f, uint64_t *from, struct err *e)
{
	s->last = calloc(s->ask->most, sizeof *s->last);
	if (!s->last)
		return err_sys(e, "keep %llu numbers", (unsigned long long)s->ask->most);
	const struct around_eyes eyes = { count_whole, no_hole, NULL, s };
	int r = ledger_read_around(&f->home.files, &f->view.head, s->ask->from, &eyes, e);
	if (r == 0 && s->last_count > s->ask->most)
		*from = s->last[s->last_count % s->ask->most];
	free(s->last);
	return r;
}

/* Goes on where the reading ended, and says what it leaves out.  -EBADMSG: it did. */
static int show_around(struct show *s, const struct ledger_finder *f, struct err *e)
{
	struct err why = *e;
	const struct around_eyes eyes = { show_whole, show_hole, see_gone, s };
	uint64_t from = s->next > s->ask->from ? s->next : s->ask->from;
	int r = s->ask->last && !s->count ? first_of_last(s, f, &from, e) : 0;
	if (r == 0)
		r = ledger_read_around(&f->home.files, &f->view.head, from, &eyes, e);
	if (r < 0)
		return r;
	*e = why;
	return e->code = -EBADMSG; /* a file that is gone is damage, too */
}

/* Entries say what others wanted them to; the store beside the ledger takes in what is new. */
static int lock_it(const struct opts *o, struct err *e)
{
	const char *dir = o->find.ledger.dir ? o->find.ledger.dir : LEDGER_DIR;
	char store[PATH_MAX];
	struct lock l = { .words = JAIL_STDIO | JAIL_FOLDER | JAIL_DATABASE };
	lock_ledger(&l, dir, JAIL_LOOK);
	lock_ledger(&l, o->find.also, JAIL_LOOK);
	lock_path(&l, "/dev/urandom", JAIL_LOOK);
	if (ledger_store_path(dir, o->find.store, store, e) ==
		0) /* where it lies, if it is a link */
		lock_beside(&l, store, JAIL_WORK);
	if (o->reveal) {
		l.words |= JAIL_SECRETS;
		lock_beside(&l, dir, JAIL_LOOK);
	}
	return lock_close(&l, e);
}

static int run(struct cli *cli, const void *opts, struct err *e)
{
	const struct opts *o = opts;
	struct show s = { .cli = cli, .json = o->json, .reveal = o->reveal, .secrets.fd = -1 };
	struct ledger_ask ask;
	struct ledger_finder f = { 0 };
	uint64_t count = 0;
	if (ledger_ask_of(&o->find, &ask, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = lock_it(o, e);
	if (r == 0)
		r = ledger_finder_open(&f, &o->find, cli->tty_err, e);
	if (r < 0)
		return ledger_exit(e);
	s.ask = &ask;
	s.dir = f.home.dir;
	f.gone = see_gone;
	f.gone_self = &s;
	r = o->reveal ? ledger_secrets_open(&s.secrets, s.dir, false, e) : 0;
	if (r == 0 || r == -ENOENT) /* keys are there or are not */
		r = ledger_find(&f, &ask, show_entry, &s, &count, e);
	count += s.gone.any;
	if (is_damage(r))
		r = show_around(&s, &f, e);
	tell_gone(&s);
	uint64_t head = f.view.head.size;
	ledger_secrets_close(&s.secrets);
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
	{ OPT_FLAG, 0, "reveal", NULL, "open secrets whose keys are here",
		offsetof(struct opts, reveal), NULL },
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
