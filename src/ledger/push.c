#include "ledger/push.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/carry.h"
#include "ledger/read.h"

enum { TRIES = 8, SENT_MAX = 1024 };

static const char sent_mark[] = "weir sent 1\n";

struct run {
	const struct push *p;
	struct pushed *out;
	struct source *own;
	struct checkpoint had; /* what the place has */
	uint64_t whole;        /* entries in whole bundles that it has beyond */
	char note[NOTE_MAX + 1];
};

/* --- this ledger --- */

static int open_own(struct run *r, const struct remote *own, struct err *e)
{
	int done = ledger_head(r->p->files, r->p->key, &r->out->head, r->note, e);
	return done < 0 ? done : source_open(&r->own, own, &r->out->head, e);
}

/* --- what was sent, where nothing can be asked --- */

/* A line that names it, one of the entries in whole bundles, then the checkpoint that was complete.
 */
static int read_sent(struct run *r, struct err *e)
{
	char text[SENT_MAX + 1];
	const struct push_sent *s = r->p->once;
	long size = files_load(s->files, s->name, text, SENT_MAX, e);
	r->had = (struct checkpoint){ .root = merkle_empty() };
	if (size == -ENOENT)
		return 0;
	if (size < 0)
		return (int)size;
	text[size] = 0;
	bool known = strncmp(text, sent_mark, sizeof sent_mark - 1) == 0;
	char *number = text + sizeof sent_mark - 1, *end = number;
	if (known)
		r->whole = strtoull(number, &end, 10);
	if (!known || end == number || *end != '\n')
		return err_set(e, -EBADMSG, "%s does not say what was sent", s->name);
	struct cur head = cur_of(end + 1, strlen(end + 1));
	if (!head.left)
		return 0;
	return checkpoint_read(head, &r->had, e) < 0 ? err_in(e, "%s", s->name) : 0;
}

static int write_sent(struct run *r, struct err *e)
{
	char text[SENT_MAX];
	struct out o = out_mem(text, sizeof text);
	out_fmt(&o, "%s%" PRIu64 "\n", sent_mark, r->whole);
	if (r->had.size)
		checkpoint_text(&r->had, &o);
	return files_replace(r->p->once->files, r->p->once->name, text, o.used, e);
}

/* --- what the place has --- */

/* It must name a key that signed the head which goes along. */
static int check_mark(struct run *r, struct err *e)
{
	struct note_key first, present;
	struct note n;
	int done = ledger_keys_named(r->p->files, &first, &present, e);
	if (done == 0)
		done = note_read(cur_of(r->note, strlen(r->note)), &n, e);
	if (done == 0 && note_check(&n, &present, NULL, e) < 0)
		done = err_set(e, -EAGAIN, "the ledger's key was changed meanwhile");
	return done == -EAGAIN ? err_try(e, "the same once more") : done;
}

/* What it says; -ENOENT is said of a file of ours alone. */
static int of_place(struct run *r, int done, struct err *e)
{
	if (done < 0) {
		err_in(e, "%s", r->p->to->name);
		e->code = done == -ENOENT ? -EREMOTEIO : done;
	}
	return done < 0 ? e->code : 0;
}

/* The file that says whose it is: there, and the same, or now put there. */
static int put_mark(struct run *r, bool changed, struct err *e)
{
	const struct remote *to = r->p->to;
	char ours[NOTE_MAX], theirs[NOTE_MAX];
	struct err none = { 0 };
	long size = check_mark(r, e);
	if (size == 0)
		size = files_load(r->p->files, "ledger", ours, sizeof ours, e);
	if (size < 0)
		return (int)size;
	long there =
		r->p->once ? -ENOENT : to->get(to->self, "ledger", theirs, sizeof theirs, &none);
	if (there == size && memcmp(ours, theirs, (size_t)size) == 0)
		return 0;
	if (there == -EFBIG || (there >= 0 && !changed))
		return err_set(
			e, -EBADMSG, "%s holds another ledger, which stays as it is", to->name);
	if (there < 0 && there != -ENOENT) {
		*e = none;
		return err_in(e, "%s", to->name);
	}
	return of_place(r, to->put(to->self, "ledger", ours, (size_t)size, e), e);
}

/* What a later version keeps there may be in another form, whatever its checkpoint says. */
static int not_later(struct run *r, struct err *e)
{
	const struct remote *to = r->p->to;
	struct note_key first, present;
	char text[NOTE_MAX + 1];
	struct err story = { 0 };
	long size = to->get(to->self, "ledger", text, NOTE_MAX, &story);
	bool answers = size >= 0 || size == -ENOENT || size == -EFBIG;
	if (size >= 0)
		size = ledger_mark_read(cur_of(text, (size_t)size), &first, &present, &story);
	if (answers && size != -EPROTONOSUPPORT)
		return 0;
	*e = story;
	return err_in(e, "%s", to->name);
}

static int not_a_writers(struct run *r, struct err *e)
{
	const struct remote *to = r->p->to;
	struct err none;
	char text[NOTE_MAX];
	if (!to->near || to->get(to->self, "settled", text, sizeof text, &none) == -ENOENT)
		return 0;
	return err_set(e, -EBADMSG,
		"%s is a ledger that somebody writes to, not a place for copies", to->name);
}

static int ask_place(struct run *r, struct err *e)
{
	char note[NOTE_MAX + 1];
	const struct remote *to = r->p->to;
	int done = not_a_writers(r, e);
	if (done == 0)
		done = remote_head(to, &r->had, note, e);
	int later = done == 0 || done == -ENOENT ? not_later(r, e) : 0;
	if (later < 0)
		return later;
	if (done == -ENOENT) {
		r->had = (struct checkpoint){ .root = merkle_empty() };
		return put_mark(r, false, e);
	}
	if (done < 0)
		return err_in(e, "%s", to->name);
	if (strcmp(r->had.origin, r->out->head.origin) != 0)
		return err_set(e, -EBADMSG,
			"%s holds the ledger '%s', which stays as it is; this one is '%s'",
			to->name, r->had.origin, r->out->head.origin);
	/* By whichever key it is signed: its history is what counts. */
	return 0;
}

/* It must be of this history, and not ahead of it. */
static int compare(struct run *r, struct err *e)
{
	const char *name = r->p->once ? r->p->once->name : r->p->to->name;
	if (r->had.size > r->out->head.size || r->whole > r->out->head.size)
		return err_set(e, -EBADMSG,
			"%s has %" PRIu64 " entries, this ledger %" PRIu64
			": it is an older state of it, or another ledger, and nothing was "
			"pushed",
			name, r->had.size > r->whole ? r->had.size : r->whole, r->out->head.size);
	int passes = source_passes(r->own, &r->had, e);
	if (passes == 0)
		return err_set(e, -EBADMSG,
			"the %" PRIu64 " entries at %s are of another history than this ledger's: "
			"nothing was pushed",
			r->had.size, name);
	return passes < 0 ? passes : 0;
}

/* --- pushing --- */

static int step(void *self, uint64_t entries, struct err *e)
{
	struct run *r = self;
	int done = 0;
	if (r->p->once) {
		r->whole = entries;
		done = write_sent(r, e);
	}
	return done < 0 || !r->p->step ? done : r->p->step(r->p->self, entries, e);
}

static int put_checkpoint(struct run *r, const struct carry *c, struct err *e)
{
	const struct remote *to = r->p->to;
	int done = to->sync ? to->sync(to->self, e) : 0;
	if (done == 0)
		done = to->put(to->self, "checkpoint", r->note, strlen(r->note), e);
	if (done < 0)
		return of_place(r, done, e);
	r->had = r->out->head;
	r->whole = r->had.size / TILE_WIDTH * TILE_WIDTH;
	if (r->p->once)
		return write_sent(r, e);
	carry_tidy(c);
	return 0;
}

static int bring(struct run *r, struct err *e)
{
	struct carry c = { .from = r->own,
		.to = r->p->to,
		.have = r->had.size,
		.whole = r->whole,
		.ask = !r->p->once,
		.ask_bundles = r->p->more,
		.step = step,
		.self = r };
	int done = carry(&c, e);
	r->out->files = c.files;
	r->out->bytes = c.bytes;
	r->out->gone = c.gone;
	return done < 0 ? done : put_checkpoint(r, &c, e);
}

static int push_all(struct run *r, struct err *e)
{
	int done = r->p->once ? read_sent(r, e) : ask_place(r, e);
	if (done == 0)
		done = compare(r, e);
	r->out->refused = done == -EBADMSG || done == -EPROTONOSUPPORT;
	r->out->had = r->had.size;
	bool new = r->had.size != r->out->head.size;
	if (done == 0 && new && r->p->once)
		done = put_mark(r, true, e);
	if (done == 0 && new)
		done = bring(r, e);
	/* As keys change the place's checkpoint goes first: an earlier key may be named. */
	return done < 0 || r->p->once ? done : put_mark(r, true, e);
}

/* Somebody may write to this ledger: parts of tiles go when two later heads are out, and bundles
 * when a later one says so. */
int push(const struct push *p, struct pushed *out, struct err *e)
{
	struct run *r = calloc(1, sizeof *r);
	struct remote own = remote_folder(p->files, "this ledger");
	*out = (struct pushed){ 0 };
	if (!r)
		return err_sys(e, "push");
	r->p = p;
	r->out = out;
	int done = -ENOENT;
	for (unsigned i = 0; i < TRIES && done == -ENOENT; i++) {
		uint64_t last = out->head.size;
		source_close(r->own);
		r->own = NULL;
		int opened = open_own(r, &own, e);
		if (opened == 0 && i && last == out->head.size)
			break; /* what is missing stays missing */
		done = opened < 0 ? opened : push_all(r, e);
	}
	source_close(r->own);
	free(r);
	return done == -ENOENT ? e->code = -EBADMSG : done;
}
