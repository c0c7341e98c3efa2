/* weir ledger init, append: making a ledger, writing to it. */
#include "cli/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger_keeper.h"
#include "cli/ledger_served.h"
#include "cli/witnesses.h"
#include "event/entry.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"

int ledger_home_open(struct ledger_home *h, const char *dir, struct err *e)
{
	*h = (struct ledger_home){ .dir = dir ? dir : LEDGER_DIR, .fd = -1 };
	h->fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0)
		return err_sys(e, "open the ledger %s", h->dir);
	h->files = files_real(h->fd);
	int r = ledger_whose(&h->files, &h->key, e);
	if (r == 0)
		return 0;
	err_in(e, "%s", h->dir);
	if (r == -ENOENT)
		err_try(e, "weir ledger init --dir %s", h->dir);
	ledger_home_close(h);
	return r;
}

void ledger_home_close(struct ledger_home *h)
{
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

int ledger_exit(const struct err *e)
{
	switch (e->code) {
	case -ENOENT:
		return EXIT_NOT_FOUND;
	case -EBADMSG:
		return EXIT_PROBLEMS;
	case -EPERM:
	case -EACCES:
		return EXIT_NOT_ALLOWED;
	case -EHOSTUNREACH:
		return EXIT_UNREACHABLE;
	default:
		return EXIT_FAILED;
	}
}

int ledger_beside(const char *dir, const char *ending, char path[PATH_MAX], struct err *e)
{
	char real[PATH_MAX];
	size_t size = strlen(dir);
	while (size > 1 && dir[size - 1] == '/')
		size--;
	/* "." and ".." say no name to put something beside. */
	bool dots = dir[size - 1] == '.' &&
		(size == 1 || dir[size - 2] == '/' ||
			(dir[size - 2] == '.' && (size == 2 || dir[size - 3] == '/')));
	if (dots) {
		if (!realpath(dir, real))
			return err_sys(e, "%s", dir);
		dir = real;
		size = strlen(real);
	}
	struct out o = out_mem(path, PATH_MAX);
	out_bytes(&o, dir, size);
	out_str(&o, ending);
	out_text(&o);
	return o.failed ? err_set(e, -ENAMETOOLONG, "%s: too long a name", dir) : 0;
}

struct write_opts {
	struct ledger_write_opts write;
	const char *origin;
	bool sealed, witnessed, secret;
};

/* --- writing --- */

enum { LINE_MAX_SIZE = 1 << 20, INPUT = 1 << 20 };

struct writer {
	struct cli *cli;
	struct ledger *ledger; /* NULL: another process writes, */
	struct served *served; /* and this leads to it */
	const struct signer *signer;
	struct entry_defaults defaults;
	struct entry_means means;
	void *self; /* of who does the work */
	uint64_t line, acknowledged;
	char *input;
	size_t used;
	char entry[ENTRY_SIZE_MAX + 2];
};

static void print_numbers(void *self, uint64_t first, uint32_t count)
{
	struct writer *w = self;
	for (uint64_t n = first; n < first + count; n++)
		out_fmt(w->cli->out, "%llu\n", (unsigned long long)n);
}

/* What was printed is told even where the rest went wrong. */
static int acknowledge_served(struct writer *w, bool all, struct err *e)
{
	struct err late;
	int r = served_flush(w->served, all, e);
	int done = out_flush(w->cli->out, r < 0 ? &late : e);
	return r < 0 ? r : done;
}

/* Numbers are told once their entries are on the disk. */
static int acknowledge(struct writer *w, bool all, struct err *e)
{
	if (w->served)
		return acknowledge_served(w, all, e);
	int r = ledger_commit(w->ledger, e);
	for (; r == 0 && w->acknowledged < ledger_size(w->ledger); w->acknowledged++)
		out_fmt(w->cli->out, "%llu\n", (unsigned long long)w->acknowledged);
	if (r == 0)
		r = out_flush(w->cli->out, e);
	if (r == 0)
		r = ledger_tick(w->ledger, clock_monotonic(), e);
	return r;
}

static int append_line(struct writer *w, const char *line, size_t size, struct err *e)
{
	uint64_t sequence;
	struct out o = out_mem(w->entry, sizeof w->entry);
	w->line++;
	if (size && line[size - 1] == '\r')
		size--;
	if (!size)
		return 0;
	w->defaults.now_ns = clock_wall();
	int r = entry_write(line, size, &w->defaults, &w->means, &o, e);
	if (r < 0)
		return err_in(e, "line %llu", (unsigned long long)w->line), r;
	if (key_is_change(cur_of(w->entry, o.used))) {
		err_set(e, -EPERM, "line %llu: an entry does not change keys by being written",
			(unsigned long long)w->line);
		return err_try(e, "weir ledger key rotate");
	}
	return w->served ? served_add(w->served, w->entry, o.used, e)
			 : ledger_append(w->ledger, w->entry, o.used, &sequence, e);
}

static int append_lines(struct writer *w, bool ended, struct err *e)
{
	size_t from = 0;
	int r = 0;
	while (r == 0) {
		char *line = w->input + from;
		char *end = memchr(line, '\n', w->used - from);
		if (!end && !(ended && w->used > from))
			break;
		size_t size = end ? (size_t)(end - line) : w->used - from;
		r = append_line(w, line, size, e);
		from += size + (end != NULL);
	}
	memmove(w->input, w->input + from, w->used - from);
	w->used -= from;
	if (r == 0 && w->used == INPUT)
		r = err_set(e, -EMSGSIZE, "line %llu is longer than %d bytes",
			(unsigned long long)w->line + 1, INPUT);
	return r;
}

static int read_input(struct writer *w, bool *ended, struct err *e)
{
	ssize_t got = read(STDIN_FILENO, w->input + w->used, INPUT - w->used);
	if (got < 0 && errno != EINTR)
		return err_sys(e, "read entries");
	*ended = got == 0;
	w->used += got > 0 ? (size_t)got : 0;
	return append_lines(w, got == 0, e);
}

/* Whatever has come is one batch: the more there is, the larger it gets. */
static int append_all(struct writer *w, struct err *e)
{
	bool ended = false;
	int r = 0;
	while (r == 0 && !ended) {
		struct pollfd in[] = { { .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = w->served ? served_fd(w->served) : -1, .events = POLLIN } };
		struct err late = { 0 };
		poll(in, 2, PUBLISH_NS / 1000000);
		if (in[0].revents)
			r = read_input(w, &ended, e);
		int done = acknowledge(w, ended || r < 0, &late);
		if (r == 0 && done < 0) {
			*e = late;
			r = done;
		}
	}
	return r;
}

static struct writer *new_writer(
	struct cli *cli, const struct ledger_write_opts *o, const char *site, struct err *e)
{
	struct writer *w = calloc(1, sizeof *w);
	if (!w || !(w->input = malloc(INPUT))) {
		free(w);
		err_sys(e, "write to the ledger");
		return NULL;
	}
	w->cli = cli;
	w->defaults.site = site;
	w->defaults.actor = o->actor ? o->actor : "local";
	return w;
}

static void free_writer(struct writer *w)
{
	explicit_bzero(w->input, INPUT); /* there may be secrets in it */
	free(w->input);
	free(w);
}

/* The first entry says what key the rest is signed by.  Where init was ended before it came to
 * that, who appends first writes it. */
static int write_first(struct writer *w, struct err *e)
{
	char key[NOTE_KEY_TEXT], line[2 * NOTE_KEY_TEXT + 64];
	const struct note_key *public = w->signer->key;
	note_key_text(public, key);
	int size = snprintf(line, sizeof line,
		"{\"kind\":\"key\",\"subject\":\"%s\",\"data\":{\"key\":\"%s\"}}", public->name,
		key);
	w->means.own = true;
	int r = append_line(w, line, (size_t)size, e);
	w->means.own = false;
	return r < 0 ? r : ledger_commit(w->ledger, e);
}

static int no_more(struct writer *w, struct err *e)
{
	(void)w;
	(void)e;
	return 0;
}

static int with_ledger(struct cli *cli, const struct ledger_write_opts *o, struct ledger_home *h,
	const struct signer *signer, int (*work)(struct writer *w, struct err *e), void *self,
	struct err *e)
{
	const struct ledger_config config = { .files = &h->files, .signer = signer };
	struct writer *w = new_writer(cli, o, signer->origin, e);
	if (!w)
		return e->code;
	w->signer = signer;
	w->self = self;
	int r = ledger_open(&w->ledger, &config, clock_monotonic(), e);
	if (r == 0) {
		struct err late = { 0 };
		if (ledger_size(w->ledger) == 0)
			r = write_first(w, e);
		w->acknowledged = ledger_size(w->ledger);
		w->line = 0;
		if (r == 0)
			r = work(w, e);
		int done = ledger_dead(w->ledger)
			? 0
			: ledger_finish(w->ledger, clock_monotonic(), &late);
		if (r == 0 && done < 0) {
			*e = late;
			r = done;
		}
		ledger_close(w->ledger);
	}
	free_writer(w);
	return r;
}

static int append_entries(struct writer *w, struct err *e)
{
	const struct write_opts *o = w->self;
	struct ledger_secrets secrets = { .dir = o->write.ledger.dir, .fd = -1 };
	w->means = (struct entry_means){
		.all_secret = o->secret, .seal = ledger_secrets_seal, .self = &secrets
	};
	int r = append_all(w, e);
	ledger_secrets_close(&secrets);
	return r;
}

/* Through whoever serves it; -ENOENT: nobody. */
static int append_served(
	struct cli *cli, const struct write_opts *o, const struct ledger_home *h, struct err *e)
{
	struct writer *w = new_writer(cli, &o->write, h->key.name, e);
	if (!w)
		return e->code;
	w->self = (void *)o;
	int r = served_open(&w->served, h->dir, print_numbers, w, e);
	if (r == 0) {
		r = append_entries(w, e);
		served_close(w->served);
		if (r == -ENOENT)
			r = e->code = -EIO; /* of the writer's, not of the socket */
	}
	free_writer(w);
	return r;
}

/* The story of the work goes before that of its end. */
static int ended(int r, int late, struct err *e, const struct err *why)
{
	if (r == 0 && late < 0)
		*e = *why;
	return r ? r : late;
}

/* With the ledger open to write, all that goes with it; then `after`, under the same lock. */
static int write_to(struct cli *cli, const struct ledger_write_opts *o, bool witnessed,
	struct ledger_home *h, int (*work)(struct writer *w, struct err *e), void *self,
	int (*after)(void *self, struct err *e), struct err *e)
{
	struct ledger_keeper k = { 0 };
	struct key_paths paths;
	struct err late;
	int r = ledger_keeper_open(&k, &paths, h, o->key, o->passphrase_file, e);
	if (r == 0)
		r = witnesses_agree(h, witnessed, e);
	if (r == 0)
		r = with_ledger(cli, o, h, &k.signer, work, self, e);
	if (r == 0)
		r = ledger_keeper_changed(&k, &paths, h, e);
	if (r == 0 && after)
		r = after(self, e);
	return ended(r, ledger_keeper_stop(&k, &late), e, &late);
}

static int run_append(struct cli *cli, const void *opts, struct err *e)
{
	const struct write_opts *o = opts;
	struct ledger_home h;
	int r = ledger_home_open(&h, o->write.ledger.dir, e);
	if (r == 0)
		r = append_served(cli, o, &h, e);
	if (r == -ENOENT && h.fd >= 0)
		r = write_to(cli, &o->write, o->witnessed, &h, append_entries, (void *)o, NULL, e);
	if (r == -ENOSPC || r == -EDQUOT)
		err_try(e, "make room, then append what got no number");
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- what the ledger writes about itself --- */

struct ledger_own {
	struct writer *writer;
	const struct ledger_home *home;
	const struct ledger_own_work *work;
};

const struct ledger_home *ledger_own_home(const struct ledger_own *w)
{
	return w->home;
}

uint64_t ledger_own_size(const struct ledger_own *w)
{
	return ledger_published(w->writer->ledger);
}

int ledger_own_write(struct ledger_own *own, const char *kind, const char *subject, json_t *data,
	uint64_t *sequence, struct err *e)
{
	struct writer *w = own->writer;
	const struct entry_means means = { .own = true };
	json_t *entry =
		json_pack("{s:s, s:s, s:o}", "kind", kind, "subject", subject, "data", data);
	char *text = entry ? json_dumps(entry, JSON_COMPACT) : NULL;
	struct out o = out_mem(w->entry, sizeof w->entry);
	w->defaults.now_ns = clock_wall();
	int r = text ? entry_write(text, strlen(text), &w->defaults, &means, &o, e)
		     : err_set(e, -EINVAL, "an entry of this is no JSON");
	if (r == 0)
		r = ledger_append(w->ledger, w->entry, o.used, sequence, e);
	if (r == 0)
		r = ledger_commit(w->ledger, e);
	free(text);
	json_decref(entry);
	return r;
}

static int write_own(struct writer *w, struct err *e)
{
	struct ledger_own *own = w->self;
	own->writer = w;
	int r = ledger_publish(w->ledger, clock_monotonic(), e);
	return r < 0 ? r : own->work->write(own->work->self, own, e);
}

static int after_own(void *self, struct err *e)
{
	const struct ledger_own *own = self;
	return own->work->after ? own->work->after(own->work->self, own->home, e) : 0;
}

int ledger_own_do(struct cli *cli, const struct ledger_write_opts *o,
	const struct ledger_own_work *work, struct err *e)
{
	struct ledger_home h;
	struct ledger_own own = { .home = &h, .work = work };
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0)
		r = write_to(cli, o, false, &h, write_own, &own, after_own, e);
	if (r == -EBUSY)
		err_try(e, "end who writes to it, weir ledger serve for one, and call this again");
	ledger_home_close(&h);
	return r;
}

/* --- init --- */

static bool has_files(int fd)
{
	struct stat s;
	return fstatat(fd, "ledger", &s, 0) == 0 || fstatat(fd, "checkpoint", &s, 0) == 0;
}

static int make_home(struct ledger_home *h, const char *dir, struct err *e)
{
	*h = (struct ledger_home){ .dir = dir ? dir : LEDGER_DIR, .fd = -1 };
	if (mkdir(h->dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make the folder %s", h->dir);
	h->fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0)
		return err_sys(e, "open %s", h->dir);
	h->files = files_real(h->fd);
	return has_files(h->fd) ? err_set(e, -EEXIST, "%s is a ledger already", h->dir)
				: keyfile_sync_folder(h->dir, e);
}

/* It is of a ledger that is gone, or of one that was not begun to the end. */
static int put_aside(const char *path, struct err *e)
{
	err_try(e, "mv %s %s.aside", path, path);
	return -EEXIST;
}

/* The key, and beside it the head that it signed last: none yet. */
static int make_key(struct ledger_home *h, const struct key_paths *p,
	const struct passphrase_kept *held, struct err *e)
{
	struct sign_key *secret = NULL;
	struct checkpoint none = { .root = merkle_empty() };
	snprintf(none.origin, sizeof none.origin, "%s", h->key.name);
	if (access(p->head, F_OK) == 0) {
		err_set(e, -EEXIST, "%s is there already", p->head);
		return put_aside(p->head, e);
	}
	int r = keyfile_make(
		p->key, h->key.name, clock_wall(), passphrase_of(held), &keyfile_cost, &secret, e);
	if (r < 0)
		return r == -EEXIST ? put_aside(p->key, e) : r;
	h->key = note_key_of(none.origin, NOTE_ED25519, secret);
	sign_key_free(secret);
	r = head_file_make(p->head, &none, e);
	return r < 0 ? r : ledger_mark(&h->files, &h->key, e);
}

static int name_home(struct ledger_home *h, const char *origin, struct err *e)
{
	char host[NOTE_NAME - 16] = "site";
	if (!origin && gethostname(host, sizeof host - 1) < 0)
		return err_sys(e, "find a name for the ledger");
	int size = snprintf(h->key.name, sizeof h->key.name, "%s%s", origin ? origin : host,
		origin ? "" : "/ledger");
	if (note_name_fits(h->key.name) && (size_t)size < sizeof h->key.name &&
		!strpbrk(h->key.name, "\"\\"))
		return 0;
	return err_set(e, -EINVAL, "--origin %s: no white space, plus sign, quote or backslash",
		h->key.name);
}

static int run_init(struct cli *cli, const void *opts, struct err *e)
{
	const struct write_opts *o = opts;
	struct ledger_home h = { .fd = -1 }, named = { 0 };
	struct ledger_keeper k = { 0 };
	struct key_paths p;
	struct passphrase_kept held = { 0 };
	struct err late;
	char text[NOTE_KEY_TEXT];
	if (name_home(&named, o->origin, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = 0;
	if (o->sealed || o->write.passphrase_file)
		r = passphrase_choose(&held, o->write.passphrase_file, e);
	if (r == 0)
		r = make_home(&h, o->write.ledger.dir, e);
	h.key = named.key;
	if (r == 0)
		r = key_paths_of(&p, h.dir, o->write.key, e);
	if (r == 0)
		r = ledger_home_lock(&h, e);
	if (r == 0)
		r = make_key(&h, &p, &held, e);
	if (r == 0)
		r = ledger_keeper_start(&k, p.key, NULL, p.head, &h, &held, NULL, e);
	if (r == 0)
		r = with_ledger(cli, &o->write, &h, &k.signer, no_more, NULL, e);
	r = ended(r, ledger_keeper_stop(&k, &late), e, &late);
	if (r == 0) {
		note_key_text(&h.key, text);
		out_fmt(cli->out, "made %s; its key is %s, %s\n", h.dir, p.key,
			held.room ? "sealed with the passphrase" : "for nobody's eyes");
		out_fmt(cli->out, "give this to whoever checks it:\n%s\n", text);
	}
	passphrase_drop(&held);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- the verbs --- */

static const struct opt init_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "where the signing key goes (DIR.key)",
		offsetof(struct ledger_write_opts, key), NULL },
	{ OPT_TEXT, 0, "origin", "NAME", "what checkpoints call it (HOST/ledger)",
		offsetof(struct write_opts, origin), NULL },
	{ OPT_FLAG, 's', "sealed", NULL, "seal the key with a passphrase, asked for twice",
		offsetof(struct write_opts, sealed), NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE", "seal it with the passphrase in this file",
		offsetof(struct ledger_write_opts, passphrase_file), NULL },
	{ 0 },
};

static const struct opt append_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "the signing key (DIR.key)",
		offsetof(struct ledger_write_opts, key), NULL },
	{ OPT_TEXT, 0, "actor", "NAME", "who did it, where an entry does not say (local)",
		offsetof(struct ledger_write_opts, actor), NULL },
	{ OPT_FLAG, 0, "secret", NULL, "store data under the key of the subject",
		offsetof(struct write_opts, secret), NULL },
	{ OPT_FLAG, 0, "witnessed", NULL, "write only if every witness can be asked, and agrees",
		offsetof(struct write_opts, witnessed), NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE",
		"where the passphrase of a sealed key stands (asked for)",
		offsetof(struct ledger_write_opts, passphrase_file), NULL },
	{ 0 },
};

static const char *const init_examples[] = {
	"weir ledger init --dir /srv/ledger --origin plant.example/north",
	"an empty ledger, and beside it /srv/ledger.key", NULL
};

static const char *const append_examples[] = {
	"echo '{\"kind\":\"note\",\"subject\":\"pump 3\"}' | weir ledger append --dir /srv/ledger",
	"prints the entry's number once it is on the disk",
	"echo '{\"kind\":\"note\",\"subject\":\"p-17\",\"secret\":{\"pin\":7}}' | weir ledger append",
	"what is secret can be erased later: weir ledger erase p-17", NULL
};

const struct verb verb_ledger_init = {
	.name = "ledger init",
	.brief = "Begin a ledger: a folder, and a key beside it",
	.about =
		"The folder is a C2SP tlog-tiles log: any copy of it can be checked by itself. The key "
		"signs its checkpoints and stays where only the writer reads it.",
	.examples = init_examples,
	.opts_size = sizeof(struct write_opts),
	.opts = init_opts,
	.run = run_init,
};

const struct verb verb_ledger_append = {
	.name = "ledger append",
	.brief = "Write entries, one JSON object a line on standard input",
	.about =
		"An entry is an object with kind, subject, actor, at, site and data; the last four have "
		"defaults. A member secret, an object, is stored under a key of the subject, which weir "
		"ledger erase destroys. Its number is printed once it is on the disk. A line that is no entry ends the "
		"reading; what came before it stays.",
	.examples = append_examples,
	.opts_size = sizeof(struct write_opts),
	.opts = append_opts,
	.run = run_append,
};
