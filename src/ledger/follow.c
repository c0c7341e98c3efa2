#include "ledger/follow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ledger/carry.h"
#include "ledger/follow_inside.h"

enum { TRIES = 8, NAME_SIZE = 256 };

/* --- evidence of a fork --- */

struct evidence {
	const char *name; /* of the copy */
	char found[NAME_SIZE];
};

static void see_evidence(void *self, const char *name)
{
	struct evidence *v = self;
	size_t size = strlen(v->name);
	if (strncmp(name, v->name, size) == 0 && strncmp(name + size, ".fork-", 6) == 0)
		snprintf(v->found, sizeof v->found, "%s", name);
}

static int refuse_after_fork(struct follow_run *r, struct err *e)
{
	struct evidence v = { .name = r->f->name };
	int done = r->f->beside->list(r->f->beside->self, ".", see_evidence, &v);
	if (done < 0) {
		errno = -done;
		return err_sys(e, "look for evidence beside %s", r->f->name);
	}
	if (!*v.found)
		return 0;
	r->out->fork = true;
	err_set(e, -EBADMSG,
		"a fork of this ledger was seen: two heads, both signed, that do not agree; they are in "
		"%s, and nothing is followed while it is there",
		v.found);
	err_try(e, "ask who runs the ledger; then take %.100s away, and follow what is true",
		v.found);
	return -EBADMSG;
}

static int keep_evidence(struct follow_run *r, struct err *e)
{
	static const char heading[] =
		"weir fork 1\nTwo heads of one ledger, both signed, that do not agree. ";
	char name[NAME_SIZE], text[2 * NOTE_MAX + 1024], when[CLOCK_TEXT];
	struct out o = out_mem(text, sizeof text);
	snprintf(name, sizeof name, "%s.fork-%" PRIu64, r->f->name, r->theirs.size);
	clock_text((int64_t)r->f->now_seconds * CLOCK_SECOND, when);
	out_fmt(&o, "%sSeen %.19sZ at %.500s.\n", heading, when, r->f->from->name);
	out_fmt(&o, "\n-- here before: %" PRIu64 " entries\n%s", r->own.size, r->own_note);
	out_fmt(&o, "\n-- there now: %" PRIu64 " entries\n%s", r->theirs.size, r->their_note);
	return r->f->keep ? r->f->keep(r->f->self, r->theirs.size, text, o.used, e)
			  : files_replace(r->f->beside, name, text, o.used, e);
}

static int fork_found(struct follow_run *r, struct err *e)
{
	struct err late = { 0 };
	r->out->fork = true;
	if (r->f->alarm)
		r->f->alarm(r->f->self, r->own_note, r->their_note);
	int kept = keep_evidence(r, &late);
	err_set(e, -EBADMSG,
		"FORK: %s shows a head of %" PRIu64 " entries that does not agree with the %" PRIu64
		" seen before, and both are signed by '%s'. Both are kept in %s.fork-%" PRIu64
		"%s%s; nothing is followed until it is taken away",
		r->f->from->name, r->theirs.size, r->own.size, r->keys.known.name, r->f->name,
		r->theirs.size, kept < 0 ? ", which could not be written: " : "",
		kept < 0 ? late.text : "");
	return -EBADMSG;
}

/* --- the copy --- */

static bool has_file(const struct files *f, const char *name)
{
	int fd = f->open(f->self, name, FILE_READ);
	if (fd >= 0)
		f->close(f->self, fd);
	return fd >= 0;
}

/* Whose it is, and from which key to begin. */
static int read_named(struct follow_run *r, struct err *e)
{
	const struct follow *f = r->f;
	int done = ledger_keys_named(f->copy, &r->first, &r->present, e);
	if (has_file(f->copy, "settled"))
		return err_set(e, -EBADMSG,
			"%s is a ledger that somebody writes to, not a place for copies", f->name);
	r->claimed = done == 0;
	if (done == -ENOENT && !f->key)
		return err_set(e, -EINVAL, "%s does not say whose ledger it is", f->name);
	if (done < 0 && done != -ENOENT)
		return done;
	if (r->claimed && f->key && strcmp(r->present.name, f->key->name) != 0)
		return err_set(e, -EBADMSG, "%s is a copy of the ledger '%s', not of '%s'", f->name,
			r->present.name, f->key->name);
	keys_begin(&r->keys, r->claimed ? &r->present : f->key);
	return 0;
}

static int read_own(struct follow_run *r, struct err *e)
{
	const struct note_key *given = r->f->key;
	int done = read_named(r, e);
	if (done < 0)
		return done;
	done = remote_head(&r->copy, &r->own, r->own_note, e);
	if (done == -ENOENT) {
		r->own = (struct checkpoint){ .root = merkle_empty() };
		if (given)
			keys_begin(&r->keys, given);
		return 0;
	}
	if (done == 0 && !r->claimed)
		return err_set(
			e, -EBADMSG, "%s has a checkpoint and does not say whose", r->f->name);
	if (done == 0)
		done = follow_own_holds(r, e);
	bool named = !given || note_key_same(given, &r->first) || note_key_same(given, &r->present);
	return done < 0 || named ? done : follow_read_chain(r, e);
}

/* --- the other end --- */

static int read_theirs(struct follow_run *r, struct err *e)
{
	const struct remote *from = r->f->from;
	int done = remote_head(from, &r->theirs, r->their_note, e);
	if (done < 0)
		return err_in(e, "%s", from->name);
	if (strcmp(r->theirs.origin, r->keys.known.name) != 0)
		return err_set(e, -EBADMSG, "%s is the ledger '%s', not '%s'", from->name,
			r->theirs.origin, r->keys.known.name);
	r->keys.count = r->had;
	done = note_read(cur_of(r->their_note, strlen(r->their_note)), &r->note, e);
	if (done == 0)
		done = note_check(&r->note, keys_last(&r->keys), NULL, e);
	r->known = done == 0;
	return done == -ENOENT ? 0 : done < 0 ? err_in(e, "%s: checkpoint", from->name) : 0;
}

/* Fewer entries than before: an old head, or one of another history. */
static int is_older(struct follow_run *r, struct err *e)
{
	struct source *own;
	int passes = follow_is_ours(r, e);
	if (passes < 0)
		return passes;
	passes = source_open(&own, &r->copy, &r->own, e);
	if (passes == 0) {
		passes = source_passes(own, &r->theirs, e);
		source_close(own);
	} else {
		err_in(e, "the copy itself");
	}
	if (passes == 0)
		return fork_found(r, e);
	if (passes < 0)
		return passes;
	return err_set(e, -EBADMSG,
		"%s shows an older head: %" PRIu64 " entries, and it had %" PRIu64
		" before; nothing was taken over",
		r->f->from->name, r->theirs.size, r->own.size);
}

/* --- taking over --- */

/* Their note, without a line that we signed before, and with one that we sign now. */
static int cosigned_note(struct follow_run *r, struct err *e)
{
	const struct note *n = &r->note;
	struct out o = out_mem(r->new_note, sizeof r->new_note);
	out_bytes(&o, n->text.at, n->text.left);
	out_char(&o, '\n');
	struct cur lines = cur_of(r->their_note, strlen(r->their_note));
	cur_skip(&lines, n->text.left + 1);
	for (unsigned i = 0; i < n->count; i++) {
		long end = cur_find(&lines, '\n');
		struct cur line = cur_sub(&lines, (size_t)end + 1);
		bool ours = r->f->as && n->lines[i].id == r->f->as->id &&
			cur_is(&n->lines[i].name, r->f->as->name);
		if (!ours)
			out_bytes(&o, line.at, line.left);
	}
	if (r->f->as)
		note_sign(&o, n->text.left, r->f->as, r->f->secret, r->f->now_seconds);
	out_text(&o);
	return o.failed || (r->f->as && n->count == NOTE_SIGNERS)
		? err_set(e, -EMSGSIZE, "%s: its checkpoint has no room for one more signature",
			  r->f->from->name)
		: 0;
}

static int put_checkpoint(struct follow_run *r, struct err *e)
{
	int done = cosigned_note(r, e);
	if (done == 0)
		done = r->copy.sync(r->copy.self, e);
	if (done == 0)
		done = r->copy.put(r->copy.self, "checkpoint", r->new_note, strlen(r->new_note), e);
	return done < 0 ? err_in(e, "%s", r->f->name) : 0;
}

/* Whether the head, which is ours already, should be signed once more. */
static bool is_due(struct follow_run *r)
{
	struct note n;
	struct err none;
	uint64_t at = 0, now = r->f->now_seconds;
	if (!r->f->as)
		return false;
	if (note_read(cur_of(r->own_note, strlen(r->own_note)), &n, &none) < 0 ||
		note_check(&n, r->f->as, &at, &none) < 0)
		return true;
	return now > at ? now - at >= COSIGN_AGAIN : at - now >= COSIGN_AGAIN;
}

static int step(void *self, uint64_t entries, struct err *e)
{
	const struct follow_run *r = self;
	return r->f->step(r->f->self, entries, e);
}

static int take_over(struct follow_run *r, struct source *s, struct err *e)
{
	const struct follow *f = r->f;
	struct carry c = { .from = s,
		.to = &r->copy,
		.have = r->own.size,
		.ask = true,
		.step = f->step ? step : NULL,
		.see = r->known ? follow_see_bundle : NULL,
		.self = r };
	int done = r->claimed ? 0 : ledger_mark(f->copy, &r->keys.known, e);
	if (done == 0)
		done = carry(&c, e);
	r->out->files = c.files;
	r->out->bytes = c.bytes;
	r->out->gone = c.gone;
	if (done == 0 && r->known)
		done = follow_theirs_hold(r, e);
	/* The first time all keys are known by now; later the earlier one stays until its own head
	 * is gone. */
	if (done == 0 && !r->own.size)
		done = follow_put_mark(r, e);
	if (done == 0)
		done = put_checkpoint(r, e);
	if (done < 0)
		return done;
	carry_tidy(&c);
	r->out->head = r->theirs;
	return r->own.size ? follow_put_mark(r, e) : 0;
}

static int go_on(struct follow_run *r, struct err *e)
{
	struct source *s;
	int done = source_open(&s, r->f->from, &r->theirs, e);
	if (done < 0)
		return done;
	int passes = source_passes(s, &r->own, e);
	if (passes > 0) {
		done = r->known ? 0 : follow_learn_keys(r, s, e);
		if (done == 0)
			done = take_over(r, s, e);
	} else {
		done = passes < 0 ? passes : follow_is_ours(r, e);
		if (done == 0)
			done = fork_found(r, e);
	}
	source_close(s);
	return done;
}

static int compare(struct follow_run *r, struct err *e)
{
	if (r->theirs.size < r->own.size)
		return is_older(r, e);
	if (r->theirs.size > r->own.size || !r->claimed)
		return go_on(r, e);
	if (!hash_same(&r->theirs.root, &r->own.root)) {
		int done = follow_is_ours(r, e);
		return done < 0 ? done : fork_found(r, e);
	}
	int done = follow_theirs_hold(r, e);
	if (done == 0 && is_due(r))
		done = put_checkpoint(r, e);
	return done < 0 ? done : follow_put_mark(r, e);
}

/* Somebody writes there: parts of tiles go when two later heads are out. */
static int follow_now(struct follow_run *r, struct err *e)
{
	int done = 0;
	for (unsigned i = 0; i < TRIES; i++) {
		struct err story = { 0 };
		uint64_t last = r->theirs.size;
		int got = read_theirs(r, &story);
		if (got < 0) {
			*e = story;
			return got;
		}
		if (i && last == r->theirs.size)
			break; /* and what is missing stays missing */
		done = compare(r, e);
		if (done != -ENOENT)
			return done;
	}
	return e->code = -EBADMSG;
}

int follow(const struct follow *f, struct followed *out, struct err *e)
{
	struct follow_run *r = calloc(1, sizeof *r);
	*out = (struct followed){ 0 };
	if (!r)
		return err_sys(e, "follow a ledger");
	r->f = f;
	r->out = out;
	r->copy = remote_folder(f->copy, f->name);
	int done = refuse_after_fork(r, e);
	if (done == 0)
		done = read_own(r, e);
	if (done == 0) {
		out->head = r->own;
		out->had = r->own.size;
		done = follow_now(r, e);
	}
	free(r);
	return done;
}
