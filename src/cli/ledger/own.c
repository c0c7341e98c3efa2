/* What the ledger writes about itself: directly, or through whoever serves it.
 *
 * Directly nobody else writes meanwhile.  Through who serves, others go on: what is decided on is
 * what a checkpoint signs, and the entry is taken only if nothing else of the ledger's own came in
 * behind that (event/append.h). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/writer.h"
#include "event/entry_view.h"
#include "ledger/retain.h"

int ledger_text_fits(const char *what, const char *text, struct err *e)
{
	json_t *word = text ? json_string(text) : NULL;
	bool fits = !text || word;
	json_decref(word);
	if (fits)
		return 0;
	err_set(e, -EINVAL, "%s: not in UTF-8, as every entry is", what);
	return err_try(e, "in a terminal that writes UTF-8"), -EINVAL;
}

enum {
	TRIES = 16, /* each time another one was quicker */
	STEP_MS = 20,
	PATIENCE_MS = 60 * 1000, /* the sealer settles every ten seconds */
};

struct ledger_own {
	struct cli *cli;
	const struct ledger_write_opts *o;
	const struct ledger_own_work *work;
	struct writer *writer;
	struct ledger_home *home;
	struct ledger_home seen_home; /* the same, without the log, where somebody else writes */
	struct shelf seen;
	uint64_t size;        /* entries on which is decided */
	uint64_t written;     /* behind the last entry that we wrote; 0: none yet */
	struct retain *rules; /* or NULL */
	int64_t since_s;
};

const struct ledger_home *ledger_own_home(const struct ledger_own *own)
{
	return own->writer->served ? &own->seen_home : own->home;
}

uint64_t ledger_own_size(const struct ledger_own *own)
{
	return own->size;
}

static void written(void *self, uint64_t first, uint32_t count)
{
	struct ledger_own *own = self;
	own->written = first + count;
}

static int write_directly(struct ledger_own *own, size_t size, struct err *e)
{
	struct writer *w = own->writer;
	uint64_t sequence;
	int r = ledger_append(w->ledger, w->entry, size, &sequence, e);
	if (r == 0)
		r = ledger_commit(w->ledger, e);
	if (r == 0)
		written(own, sequence, 1);
	return r;
}

void ledger_own_obey(struct ledger_own *own, struct retain *rules, int64_t since_s)
{
	own->rules = rules;
	own->since_s = since_s;
}

/* What whoever checks the ledger would find is not written in the first place. */
static int obeys(struct ledger_own *own, uint64_t sequence, struct cur entry, struct err *e)
{
	if (own->writer->defaults.now_ns / CLOCK_SECOND < own->since_s) {
		err_set(e, -EPROTO, "the clock was set back meanwhile: nothing is taken away");
		return err_try(e, "the same once more");
	}
	uint64_t by;
	bool was_wrong = retain_wrong(own->rules), was_unknown = retain_unknown(own->rules, &by);
	int r = retain_feed(own->rules, sequence, entry, e);
	if (r < 0)
		return r;
	if (!was_wrong && retain_wrong(own->rules))
		err_set(e, -EPROTO, "this would be wrong, and nothing is taken away: %.400s",
			retain_wrong(own->rules));
	else if (!was_unknown && retain_unknown(own->rules, &by))
		err_set(e, -EPROTO, "an entry that nobody could read: nothing is taken away");
	else
		return 0;
	return err_try(e,
		"this is a defect of weir: please report it, with the ledger's own entries "
		"(weir ledger show --kind retention)");
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
	uint64_t seen = own->written ? own->written : own->size;
	w->defaults.now_ns = clock_wall();
	int r = text ? entry_write(text, strlen(text), &w->defaults, &means, &o, e)
		     : err_set(e, -EINVAL, "an entry of this is no JSON");
	if (r == 0 && own->rules)
		r = obeys(own, seen, cur_of(w->entry, o.used), e);
	if (r == 0)
		r = w->served ? served_own(w->served, seen, w->entry, o.used, e)
			      : write_directly(own, o.used, e);
	if (r == 0)
		*sequence = own->written - 1;
	free(text);
	json_decref(entry);
	return r;
}

/* --- directly --- */

static int write_own(struct writer *w, struct err *e)
{
	struct ledger_own *own = w->self;
	own->writer = w;
	int r = ledger_publish(w->ledger, clock_monotonic(), e);
	own->size = ledger_published(w->ledger);
	return r < 0 ? r : own->work->write(own->work->self, own, e);
}

static int after_own(void *self, struct err *e)
{
	const struct ledger_own *own = self;
	return own->work->after ? own->work->after(own->work->self, own->home, e) : 0;
}

static int do_directly(void *self, struct err *e)
{
	struct ledger_own *own = self;
	return writer_do(own->cli, own->o, false, own->home, write_own, own, after_own, e);
}

/* --- through who serves it --- */

static int signed_size(const struct ledger_own *own, uint64_t *size, struct err *e)
{
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	int r = ledger_head(&own->home->files, &own->home->key, &head, note, e);
	*size = head.size;
	return r;
}

static int settled_size(const struct ledger_own *own, uint64_t *size, struct err *e)
{
	return ledger_settled(&own->home->files, &own->home->key, size, e);
}

/* Until that many entries are in a checkpoint, or on the disk with all their tree: then they are
 * not made again from the log. */
static int wait_for(const struct ledger_own *own, uint64_t least,
	int (*size_of)(const struct ledger_own *own, uint64_t *size, struct err *e), struct err *e)
{
	for (int ms = 0;; ms += STEP_MS) {
		uint64_t size = 0;
		int r = size_of(own, &size, e);
		if (r < 0 || size >= least)
			return r;
		if (ms >= PATIENCE_MS) {
			err_set(e, -ETIMEDOUT,
				"%s: %llu entries are acknowledged, after %d s %llu of them are sealed",
				own->home->dir, (unsigned long long)least, PATIENCE_MS / 1000,
				(unsigned long long)size);
			return err_try(e, "what weir ledger serve says; then this once more");
		}
		poll(NULL, 0, STEP_MS);
	}
}

/* What is decided on has all of the ledger's own that there was when the connection began. */
static int write_served(struct ledger_own *own, struct err *e)
{
	int r = wait_for(own, served_size(own->writer->served), signed_size, e);
	if (r == 0)
		r = signed_size(own, &own->size, e);
	return r < 0 ? r : own->work->write(own->work->self, own, e);
}

static int see_own(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct entry_view v;
	(void)self;
	(void)signed_yet;
	if (!entry_view(cur_of(bytes, size), &v) || !entry_kinds[v.kind].own)
		return 0;
	return err_set(e, -ESTALE, "entry %llu came in between, and nothing was removed yet",
		(unsigned long long)sequence);
}

/* What cannot be undone is not done where a hold, say, came while we waited. */
static int nothing_since(struct ledger_own *own, uint64_t from, struct err *e)
{
	struct checkpoint head;
	int r = signed_size(own, &head.size, e);
	return r < 0 ? r : ledger_read(&own->seen_home.files, &head, from, see_own, NULL, e);
}

/* An entry is acknowledged: it stands, whatever becomes of the checkpoint. */
static int after_served(struct ledger_own *own, struct err *e)
{
	struct err late;
	uint64_t least = own->written > own->size ? own->written : own->size;
	if (!own->work->after) {
		if (wait_for(own, least, signed_size, &late) < 0)
			cli_complain(&late);
		return 0;
	}
	int r = wait_for(own, least, settled_size, e);
	if (r == 0)
		r = nothing_since(own, least, e);
	return r < 0 ? r : own->work->after(own->work->self, own->home, e);
}

static int do_served(void *self, struct served *served, struct err *e)
{
	struct ledger_own *own = self;
	struct writer *w = writer_new(own->cli, own->o, own->home->key.name, e);
	if (!w)
		return e->code;
	own->writer = w;
	w->served = served;
	int r = write_served(own, e);
	writer_free(w);
	return r < 0 ? r : after_served(own, e);
}

/* Where something came in between, all may be looked at once more. */
static int do_it(struct ledger_own *own, struct err *e)
{
	const struct served_ways ways = { do_served, written, do_directly, own };
	int r;
	unsigned tries = 0;
	do
		r = served_or_direct(own->home->dir, &ways, e);
	while (r == -ESTALE && own->work->again && !own->written && ++tries < TRIES);
	return r == -ESTALE ? err_try(e, "the same once more") : r;
}

/* Who takes entries away is alone with that, whoever writes: what one sees is not what another one
 * is about to remove.  Gives a descriptor, which holds the lock; -1 with no error: there is nothing
 * to take. */
static int lock_removal(const struct ledger_home *h, int *fd, struct err *e)
{
	*fd = openat(h->fd, "tile", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open %s/tile", h->dir);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno != EWOULDBLOCK)
		return err_sys(e, "lock %s/tile", h->dir);
	err_set(e, -EBUSY, "%s: another process takes entries away", h->dir);
	return err_try(e, "when it is done, this once more");
}

static int do_alone(struct ledger_own *own, struct err *e)
{
	int fd = -1, r = own->work->alone ? lock_removal(own->home, &fd, e) : 0;
	if (r == 0)
		r = do_it(own, e);
	if (fd >= 0)
		close(fd);
	return r;
}

int ledger_own_do(struct cli *cli, const struct ledger_write_opts *o,
	const struct ledger_own_work *work, struct err *e)
{
	struct ledger_home h;
	struct ledger_own own = { .cli = cli, .o = o, .work = work, .home = &h };
	int r = ledger_home_open(&h, o->ledger.dir, e);
	own.seen = (struct shelf){ .here = &h.files, .signed_alone = true };
	own.seen_home = h;
	own.seen_home.files = shelf_files(&own.seen);
	if (r == 0)
		r = do_alone(&own, e);
	ledger_home_close(&h);
	return r;
}
