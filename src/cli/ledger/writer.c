/* Lines in, entries of the ledger out. */
#include "cli/ledger/writer.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/keeper.h"
#include "cli/ledger/witnesses.h"
#include "ledger/keys.h"

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

/* A line as people write it: checked, put into the one form of an entry, taken into the batch. */
static int take_line(struct writer *w, const char *line, size_t size, struct err *e)
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
		r = take_line(w, line, size, e);
		from += size + (end != NULL);
	}
	memmove(w->input, w->input + from, w->used - from);
	w->used -= from;
	if (r == 0 && w->used == WRITER_INPUT)
		r = err_set(e, -EMSGSIZE, "line %llu is longer than %d bytes",
			(unsigned long long)w->line + 1, WRITER_INPUT);
	return r;
}

static int read_input(struct writer *w, bool *ended, struct err *e)
{
	ssize_t got = read(STDIN_FILENO, w->input + w->used, WRITER_INPUT - w->used);
	if (got < 0 && errno != EINTR)
		return err_sys(e, "read entries");
	*ended = got == 0;
	w->used += got > 0 ? (size_t)got : 0;
	return append_lines(w, got == 0, e);
}

/* Whatever has come is one batch: the more there is, the larger it gets. */
int writer_all(struct writer *w, struct err *e)
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
		r = err_end(e, r, acknowledge(w, ended || r < 0, &late), &late);
	}
	return r;
}

struct writer *writer_new(
	struct cli *cli, const struct ledger_write_opts *o, const char *site, struct err *e)
{
	struct writer *w = calloc(1, sizeof *w);
	if (!w || !(w->input = malloc(WRITER_INPUT))) {
		free(w);
		err_sys(e, "write to the ledger");
		return NULL;
	}
	w->cli = cli;
	w->defaults.site = site;
	w->defaults.actor = o->actor ? o->actor : "local";
	return w;
}

void writer_free(struct writer *w)
{
	explicit_bzero(w->input, WRITER_INPUT); /* there may be secrets in it */
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
	int r = take_line(w, line, (size_t)size, e);
	w->means.own = false;
	return r < 0 ? r : ledger_commit(w->ledger, e);
}

int writer_with(struct cli *cli, const struct ledger_write_opts *o, struct ledger_home *h,
	const struct signer *signer, writer_work *work, void *self, struct err *e)
{
	const struct ledger_config config = { .files = &h->files, .signer = signer };
	struct writer *w = writer_new(cli, o, signer->origin, e);
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
		r = err_end(e, r, done, &late);
		ledger_close(w->ledger);
	}
	writer_free(w);
	return r;
}

/* With the ledger open to write, all that goes with it; then `after`, under the same lock. */
int writer_do(struct cli *cli, const struct ledger_write_opts *o, bool witnessed,
	struct ledger_home *h, writer_work *work, void *self,
	int (*after)(void *self, struct err *e), struct err *e)
{
	struct ledger_keeper k = { 0 };
	struct key_paths paths;
	struct err late;
	int r = ledger_keeper_open(&k, &paths, h, o->key, o->passphrase_file, e);
	if (r == 0)
		r = witnesses_agree(h, witnessed, e);
	if (r == 0)
		r = writer_with(cli, o, h, &k.signer, work, self, e);
	if (r == 0)
		r = ledger_keeper_changed(&k, &paths, h, e);
	if (r == 0 && after)
		r = after(self, e);
	return err_end(e, r, ledger_keeper_stop(&k, &late), &late);
}
