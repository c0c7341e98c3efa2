/* weir ledger witness: who remembers how far this ledger was, and being one. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/cosigner.h"
#include "cli/ledger/place.h"
#include "cli/ledger/witnesses.h"
#include "ledger/cosign.h"
#include "net/fetch.h"

struct witness_opts {
	struct ledger_opts ledger;
	struct place_opts place;
	const char *key, *state, *log, *old;
};

/* --- the list --- */

struct list {
	struct ledger_home home;
	struct beside beside;
	char name[300], text[WITNESS_LIST + 1];
	size_t size;
	struct witness witness[WITNESS_MAX];
	size_t count;
};

static void list_close(struct list *l)
{
	if (!l)
		return;
	beside_close(&l->beside);
	ledger_home_close(&l->home);
	free(l);
}

static int list_open(struct list **out, const char *dir, struct err *e)
{
	struct list *l = calloc(1, sizeof *l);
	if (!l)
		return err_sys(e, "read the witnesses");
	l->beside.fd = l->home.fd = -1;
	int r = ledger_home_open(&l->home, dir, e);
	if (r == 0)
		r = beside_open(&l->beside, l->home.dir, e);
	if (r == 0) {
		snprintf(l->name, sizeof l->name, "%s.witnesses", l->beside.name);
		long size = files_load(&l->beside.files, l->name, l->text, WITNESS_LIST, e);
		r = size == -ENOENT ? 0 : (int)size;
	}
	if (r > 0) {
		l->size = (size_t)r;
		r = witness_list_read(cur_of(l->text, l->size), l->witness, e);
		if (r < 0)
			err_in(e, "%s", l->name);
		l->count = r < 0 ? 0 : (size_t)r;
	}
	if (r < 0) {
		list_close(l);
		return r;
	}
	*out = l;
	return 0;
}

static const struct witness *list_find(const struct list *l, const char *name)
{
	for (size_t i = 0; l && i < l->count; i++)
		if (strcmp(l->witness[i].key.name, name) == 0)
			return &l->witness[i];
	return NULL;
}

/* A file is found from wherever the ledger is written later. */
static void add_option(struct out *o, const char *name, const char *value, bool file)
{
	if (!value)
		return;
	char *path = file ? realpath(value, NULL) : NULL;
	out_fmt(o, " %s=%s", name, path ? path : value);
	free(path);
}

static int add_line(struct list *l, const char *key, const char *where, const struct place_opts *p,
	struct err *e)
{
	static struct witness one[WITNESS_MAX];
	char line[NOTE_KEY_TEXT + 2 * WITNESS_PLACE];
	struct out o = out_mem(line, sizeof line);
	char *path = fetch_is_url(where) ? NULL : realpath(where, NULL);
	/* A stick may be elsewhere now, if its path says where it will be. */
	if (!path && *where != '/' && !fetch_is_url(where))
		return err_sys(e, "find the folder %s", where);
	out_fmt(&o, "%s %s", key, path ? path : where);
	free(path);
	add_option(&o, "ca", p->ca, true);
	add_option(&o, "cert", p->cert, true);
	add_option(&o, "cert-key", p->cert_key, true);
	add_option(&o, "credentials", p->credentials, true);
	add_option(&o, "region", p->region, false);
	out_char(&o, '\n');
	if (o.failed)
		return err_set(e, -EINVAL, "longer than a witness may be");
	if (strcspn(where, " \t\n#") != strlen(where))
		return err_set(e, -EINVAL, "a place with a blank in its name");
	int r = witness_list_read(cur_of(line, o.used), one, e);
	if (r < 0)
		return r;
	if (list_find(l, one[0].key.name)) {
		err_set(e, -EEXIST, "'%s' is a witness already", one[0].key.name);
		return err_try(e, "weir ledger witness remove %.100s", one[0].key.name), -EEXIST;
	}
	if (l->count == WITNESS_MAX || l->size + o.used + 1 > WITNESS_LIST)
		return err_set(e, -E2BIG, "more than %d witnesses", WITNESS_MAX);
	if (l->size && l->text[l->size - 1] != '\n')
		l->text[l->size++] = '\n';
	memcpy(l->text + l->size, line, o.used);
	l->size += o.used;
	return files_replace(&l->beside.files, l->name, l->text, l->size, e);
}

static int run_add(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	struct list *l = NULL;
	int r = list_open(&l, o->ledger.dir, e);
	if (l)
		r = add_line(l, cli->operands[1], cli->operands[2], &o->place, e);
	list_close(l);
	return r == -EINVAL ? EXIT_ASKED_WRONGLY : r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* Other lines stay as they are, comments too. */
static int run_remove(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	struct list *l = NULL;
	const char *name = cli->operands[1];
	size_t kept = 0, size = strlen(name);
	int r = list_open(&l, o->ledger.dir, e);
	if (l && !list_find(l, name))
		r = err_set(e, -ENOENT, "'%s' is no witness of %s", name, l->home.dir);
	for (size_t at = 0; r == 0 && l && at < l->size;) {
		const char *line = l->text + at;
		const char *end = memchr(line, '\n', l->size - at);
		size_t whole = end ? (size_t)(end - line) + 1 : l->size - at;
		size_t blank = strspn(line, " \t\r");
		bool its = blank + size < whole && strncmp(line + blank, name, size) == 0 &&
			line[blank + size] == '+';
		if (!its) {
			memmove(l->text + kept, line, whole);
			kept += whole;
		}
		at += whole;
	}
	if (r == 0 && l)
		r = files_replace(&l->beside.files, l->name, l->text, kept, e);
	list_close(l);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static int run_list(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	struct list *l = NULL;
	int r = list_open(&l, o->ledger.dir, e);
	for (size_t i = 0; l && i < l->count; i++) {
		char key[NOTE_KEY_TEXT];
		note_key_text(&l->witness[i].key, key);
		out_fmt(cli->out, "%s %s%s%s\n", key, l->witness[i].place,
			*l->witness[i].more ? " " : "", l->witness[i].more);
	}
	list_close(l);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- asking --- */

static int run_ask(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	struct ledger_home h;
	struct witnesses *w = NULL;
	size_t count = 0, wrong = 0, silent = 0;
	uint64_t own = 0;
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0)
		r = witnesses_ask(&w, &h, e);
	if (r == 0) {
		err_set(e, -ENOENT, "%s has no witness", h.dir);
		r = err_try(e, "weir ledger witness add KEY PLACE");
	}
	const struct witness_seen *seen = w ? witnesses_seen(w, &count, &own) : NULL;
	for (size_t i = 0; i < count; i++) {
		witness_says_out(cli->out, &seen[i], own);
		out_char(cli->out, '\n');
		wrong += seen[i].says >= WITNESS_MORE || seen[i].says == WITNESS_UNSURE;
		silent += seen[i].says == WITNESS_SILENT;
	}
	witnesses_free(w);
	ledger_home_close(&h);
	if (r < 0)
		return ledger_exit(e);
	if (wrong) {
		err_set(e, -EBADMSG, "%zu of %zu witnesses do not agree with %s", wrong, count,
			h.dir);
		err_try(e, "man weir-ledger-witness, AFTER A RESTORE");
		return EXIT_PROBLEMS;
	}
	if (silent) {
		err_set(e, -EHOSTUNREACH, "%zu of %zu witnesses could not be asked", silent, count);
		err_try(e, "again, once they can be reached");
	}
	return silent ? EXIT_UNREACHABLE : EXIT_DONE;
}

/* --- being one --- */

static int run_key(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	struct note_key key;
	char text[NOTE_KEY_TEXT];
	(void)o;
	int r = cosigner_make(cli->operands[1], cli->operands[2], &key, e);
	if (r < 0)
		return r == -EINVAL ? EXIT_ASKED_WRONGLY : ledger_exit(e);
	note_key_text(&key, text);
	out_fmt(cli->out, "%s\n", text);
	return EXIT_DONE;
}

static int run_request(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	struct ledger_home h;
	char *end = NULL;
	errno = 0;
	uint64_t old = o->old ? strtoull(o->old, &end, 10) : 0;
	if (o->old && (errno || *end || end == o->old || *o->old == '-'))
		return err_set(e, -EINVAL, "--old: '%.40s' is no number", o->old),
		       EXIT_ASKED_WRONGLY;
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0)
		r = cosign_request(&h.files, &h.key, old, cli->out, e);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

enum { LOGS_MAX = 64 };

/* The ledgers that are cosigned: a key a line in the file "logs" of the state, and --log. */
static int read_logs(const struct files *state, const char *one, struct note_key *logs,
	size_t *count, struct err *e)
{
	static char text[LOGS_MAX * NOTE_KEY_TEXT];
	int r = 0;
	if (one)
		r = note_key_read(one, &logs[(*count)++], e);
	long size = r < 0 ? r : files_load(state, "logs", text, sizeof text - 1, e);
	if (size == -ENOENT)
		size = one ? 0
			   : err_set(e, -EINVAL,
				     "no ledger is known: --log KEY, or a file 'logs' "
				     "of keys in the state");
	if (size < 0)
		return (int)size;
	text[size] = 0;
	char *rest = text;
	for (char *line; (line = strsep(&rest, "\n"));) {
		line[strcspn(line, " \t\r#")] = 0;
		if (!*line)
			continue;
		if (*count == LOGS_MAX)
			return err_set(e, -E2BIG, "logs: more than %d keys", LOGS_MAX);
		r = note_key_read(line, &logs[(*count)++], e);
		if (r < 0)
			return err_in(e, "logs");
	}
	return 0;
}

static int answer(struct cli *cli, int status, const char *body, struct err *e)
{
	out_str(cli->out, body);
	switch (status) {
	case COSIGN_OK:
		return EXIT_DONE;
	case COSIGN_MALFORMED:
		return EXIT_ASKED_WRONGLY;
	case COSIGN_UNKNOWN:
		return EXIT_NOT_FOUND;
	case COSIGN_UNSIGNED:
		return EXIT_NOT_ALLOWED;
	case COSIGN_CONFLICT:
	case COSIGN_UNPROVEN:
		return EXIT_PROBLEMS;
	default:
		return ledger_exit(e);
	}
}

static long read_request(char *text, size_t room, struct err *e)
{
	size_t have = 0;
	ssize_t got = 1;
	while (have < room && (got = read(STDIN_FILENO, text + have, room - have)) > 0)
		have += (size_t)got;
	return got < 0 ? err_sys(e, "read the request") : (long)have;
}

static int run_cosign(struct cli *cli, const struct witness_opts *o, struct err *e)
{
	static struct note_key logs[LOGS_MAX];
	static char request[COSIGN_REQUEST + 1], body[NOTE_MAX];
	const struct place_opts none = { 0 };
	struct place state = { .fd = -1 };
	struct cosigner_key key = { 0 };
	struct cosigner c = { .state = &state.files,
		.key = &key.public,
		.logs = logs,
		.now_seconds = (uint64_t)(clock_wall() / CLOCK_SECOND) };
	struct out out = out_mem(body, sizeof body);
	if (!o->state || !o->key || fetch_is_url(o->state)) {
		err_set(e, -EINVAL, "a folder for what was signed and a key are wanted");
		err_try(e, "weir ledger witness cosign --state DIR --key FILE --log KEY < REQUEST");
		return EXIT_ASKED_WRONGLY;
	}
	int r = cosigner_read(o->key, &key, e);
	if (r == 0)
		r = place_open(&state, o->state, &none, PLACE_TURN, e);
	if (r == 0)
		r = read_logs(&state.files, o->log, logs, &c.log_count, e);
	long size = r < 0 ? r : read_request(request, sizeof request, e);
	c.secret = key.secret;
	if (size >= 0)
		r = cosign(&c, cur_of(request, (size_t)size), &out, e);
	sign_key_free(key.secret);
	place_close(&state);
	return size < 0 ? ledger_exit(e) : answer(cli, r, out_text(&out), e);
}

/* --- the verb --- */

static const struct work {
	const char *name, *operands;
	size_t count;
	int (*run)(struct cli *cli, const struct witness_opts *o, struct err *e);
} works[] = {
	{ "add", " KEY PLACE", 2, run_add },
	{ "remove", " NAME", 1, run_remove },
	{ "list", "", 0, run_list },
	{ "ask", "", 0, run_ask },
	{ "key", " NAME FILE", 2, run_key },
	{ "request", "", 0, run_request },
	{ "cosign", "", 0, run_cosign },
};

static int run_witness(struct cli *cli, const void *opts, struct err *e)
{
	const char *word = cli->operand_count ? cli->operands[0] : "";
	for (size_t i = 0; i < COUNT_OF(works); i++) {
		const struct work *w = &works[i];
		if (strcmp(word, w->name) != 0)
			continue;
		if (cli->operand_count == w->count + 1)
			return w->run(cli, opts, e);
		err_set(e, -EINVAL, "'%s' wants %s%s", word, w->count ? "just" : "nothing more",
			w->operands);
		err_try(e, "weir ledger witness %s%s", w->name, w->operands);
		return EXIT_ASKED_WRONGLY;
	}
	err_set(e, -EINVAL,
		*word ? "'%.60s': what shall be done with witnesses?"
		      : "what shall be done with witnesses?%.0s",
		word);
	err_try(e, "weir ledger witness add, remove, list, ask, key, request or cosign");
	return EXIT_ASKED_WRONGLY;
}

#define TEXT_OPT(member, name, value, help)                                                        \
	{                                                                                          \
		OPT_TEXT, 0, name, value, help, offsetof(struct witness_opts, member), NULL        \
	}

static const struct opt witness_opts[] = {
	LEDGER_DIR_OPT,
	TEXT_OPT(state, "state", "DIR", "cosign: where what was signed last is kept"),
	TEXT_OPT(key, "key", "FILE", "cosign: the witness's key"),
	TEXT_OPT(log, "log", "KEY", "cosign: sign for this ledger (and those in STATE/logs)"),
	TEXT_OPT(old, "old", "SIZE", "request: what the witness signed last (0)"),
	PLACE_OPTS(witness_opts),
	{ 0 },
};

static const char *const witness_examples[] = {
	"weir ledger witness key soc.example /etc/weir/witness",
	"at the witness: a key; what is printed is for the ledger",
	"weir ledger witness add soc.example+1f3c... https://soc.example/copies/north",
	"at the ledger: ask there before anything is signed", "weir ledger witness ask",
	"what each saw, and whether it is of this ledger's past",
	"weir ledger witness request --old 1234 > request",
	"what a witness without a copy signs: there, weir ledger witness cosign < request", NULL
};

const struct verb verb_ledger_witness = {
	.name = "ledger witness",
	.operands = "add KEY PLACE | remove NAME | list | ask | key NAME FILE | request | cosign",
	.brief = "Who remembers how far this ledger was, so that no older one is signed",
	.about =
		"A witness follows the ledger (weir ledger follow --cosign) and signs what it saw, with "
		"its time. Before weir ledger append signs anything, every witness is asked; where one "
		"saw more than this folder has, or another history, nothing is written, with exit code 4.",
	.examples = witness_examples,
	.opts_size = sizeof(struct witness_opts),
	.opts = witness_opts,
	.run = run_witness,
};
