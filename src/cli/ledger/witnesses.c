#include "cli/ledger/witnesses.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/ipc.h"
#include "cli/ledger/place.h"

/* Over the channel of a process that asks one. */
enum {
	ASK_PLACE = 1, /* to it: the place and what is needed to reach it, each ended by a NUL */
	ASK_NOTE,      /* from it: the checkpoint there, */
	ASK_SILENT,    /* or why there is none: 4 code, text and what to try, each ended by a NUL */
};

struct witnesses {
	size_t count;
	uint64_t own;
	struct witness list[WITNESS_MAX];
	struct witness_seen seen[WITNESS_MAX];
	struct child asked[WITNESS_MAX]; /* pid 0: it has answered */
};

/* NAME=VALUE words behind a place, cut apart where they stand. */
static int read_more(char *more, struct place_opts *o, struct err *e)
{
	const struct {
		const char *name;
		const char **to;
	} rows[] = { { "ca=", &o->ca }, { "cert=", &o->cert }, { "cert-key=", &o->cert_key },
		{ "credentials=", &o->credentials }, { "region=", &o->region } };
	char *rest = more;
	for (char *word; (word = strsep(&rest, " \t"));) {
		bool known = !*word;
		for (size_t i = 0; !known && i < COUNT_OF(rows); i++) {
			size_t size = strlen(rows[i].name);
			known = strncmp(word, rows[i].name, size) == 0;
			if (known)
				*rows[i].to = word + size;
		}
		if (!known)
			return err_set(e, -EINVAL, "'%.100s' is no option of a place", word);
	}
	return 0;
}

/* --- the process that asks one --- */

static int send_silence(int channel, const struct err *why, struct err *e)
{
	char room[sizeof why->text + sizeof why->try + 8];
	struct out o = out_mem(room, sizeof room);
	out_be(&o, (uint32_t)-why->code, 4);
	out_bytes(&o, why->text, strlen(why->text) + 1);
	out_bytes(&o, why->try, strlen(why->try) + 1);
	return ipc_send(channel, ASK_SILENT, room, o.used, e);
}

static bool take_words(struct cur *c, char *to, size_t room)
{
	long end = cur_find(c, 0);
	struct cur words = cur_upto(c, end < 0 ? c->left : (size_t)end + 1);
	if (end < 0 || words.left > room)
		return false;
	memcpy(to, words.at, words.left);
	return true;
}

int witness_answer(int channel, struct err *e)
{
	static uint8_t room[IPC_HEAD + 2 * WITNESS_PLACE];
	static struct witness_seen seen;
	char where[WITNESS_PLACE], more[WITNESS_PLACE];
	struct place place = { .fd = -1 };
	struct place_opts options = { 0 };
	struct ipc_message m;
	int r = ipc_receive(channel, room, sizeof room, &m, e);
	if (r < 0)
		return r;
	if (m.type != ASK_PLACE || !take_words(&m.body, where, sizeof where) ||
		!take_words(&m.body, more, sizeof more))
		return err_set(e, -EBADMSG, "no place to ask at");
	r = read_more(more, &options, &seen.why);
	if (r == 0)
		r = place_open(&place, where, &options, PLACE_GLANCE, &seen.why);
	if (r == 0)
		witness_hear(&place.remote, &seen);
	place_close(&place);
	return r == 0 && seen.size >= 0
		? ipc_send(channel, ASK_NOTE, seen.note, (size_t)seen.size, e)
		: send_silence(channel, &seen.why, e);
}

/* --- asking --- */

static void silent(struct witness_seen *s, const struct err *why)
{
	s->why = *why;
	s->size = why->code;
}

/* A process that hangs with its place is ended; so is one that answered. */
static void end_one(struct witnesses *w, size_t i)
{
	struct err gone;
	child_stop(&w->asked[i], 0, &gone);
}

static void start_one(struct witnesses *w, size_t i)
{
	const struct witness *one = &w->list[i];
	char room[2 * WITNESS_PLACE];
	struct out o = out_mem(room, sizeof room);
	struct err why = { 0 };
	w->seen[i] = (struct witness_seen){ .witness = one };
	out_bytes(&o, one->place, strlen(one->place) + 1);
	out_bytes(&o, one->more, strlen(one->more) + 1);
	int r = child_start(&w->asked[i], "witness", NULL, &why);
	if (r == 0)
		r = ipc_send(w->asked[i].channel, ASK_PLACE, room, o.used, &why);
	if (r < 0) {
		silent(&w->seen[i], &why);
		end_one(w, i);
	}
}

static int read_silence(struct cur c, struct err *why)
{
	struct err told = { .code = -(int)(cur_be32(&c) & 0xfff) };
	bool whole = take_words(&c, told.text, sizeof told.text) &&
		take_words(&c, told.try, sizeof told.try);
	if (!whole || !told.code)
		return err_set(why, -EBADMSG, "who asked it says nothing that counts");
	*why = told;
	return told.code;
}

static void hear_one(struct witnesses *w, size_t i)
{
	static uint8_t room[IPC_HEAD + NOTE_MAX];
	struct witness_seen *s = &w->seen[i];
	struct ipc_message m;
	struct err why = { 0 };
	int r = ipc_receive(w->asked[i].channel, room, sizeof room, &m, &why);
	if (r == 0 && m.type != ASK_NOTE)
		r = read_silence(m.body, &why);
	if (r < 0) {
		silent(s, &why);
	} else {
		memcpy(s->note, m.body.at, m.body.left);
		s->note[m.body.left] = 0;
		s->size = (long)m.body.left;
	}
	end_one(w, i);
}

/* On a terminal, once it takes longer than a moment. */
static void say_waiting(const struct witnesses *w)
{
	char text[200];
	struct out o = out_mem(text, sizeof text);
	if (!isatty(STDERR_FILENO))
		return;
	for (size_t i = 0; i < w->count; i++)
		if (w->asked[i].pid)
			out_fmt(&o, "%s%.60s", o.used ? ", " : "", w->list[i].key.name);
	out_text(&o);
	fprintf(stderr, "\r\033[K%s%s%s", *text ? "waiting for " : "", text, o.failed ? "..." : "");
}

/* Until all have answered, or the time is up. */
static void hear_all(struct witnesses *w)
{
	enum { MOMENT_MS = 1000 };
	struct pollfd fds[WITNESS_MAX];
	int64_t began = clock_monotonic(), until = began + WITNESS_SECONDS * CLOCK_SECOND;
	bool said = false;
	for (;;) {
		int64_t now = clock_monotonic();
		size_t waiting = 0;
		for (size_t i = 0; i < w->count; i++) {
			fds[i] = (struct pollfd){ .fd = w->asked[i].pid ? w->asked[i].channel : -1,
				.events = POLLIN };
			waiting += w->asked[i].pid > 0;
		}
		if (!waiting || now >= until)
			break;
		said = now - began >= MOMENT_MS * (CLOCK_SECOND / 1000);
		if (said)
			say_waiting(w);
		int64_t left = (until - now) / (CLOCK_SECOND / 1000) + 1;
		poll(fds, w->count, left < MOMENT_MS ? (int)left : MOMENT_MS);
		for (size_t i = 0; i < w->count; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				hear_one(w, i);
	}
	if (said)
		say_waiting(w); /* for none: the line is empty again */
}

static void ask_all(struct witnesses *w)
{
	struct err late = { 0 };
	err_set(&late, -ETIMEDOUT, "no answer within %d seconds", WITNESS_SECONDS);
	for (size_t i = 0; i < w->count; i++)
		start_one(w, i);
	hear_all(w);
	for (size_t i = 0; i < w->count; i++)
		if (w->asked[i].pid) {
			silent(&w->seen[i], &late);
			end_one(w, i);
		}
}

static int read_list(struct witnesses *w, const struct ledger_home *h, struct err *e)
{
	struct beside b;
	char name[300], *text = malloc(WITNESS_LIST);
	int r = text ? beside_open(&b, h->dir, e) : err_sys(e, "read the witnesses");
	if (r == 0) {
		snprintf(name, sizeof name, "%s.witnesses", b.name);
		long size = files_load(&b.files, name, text, WITNESS_LIST, e);
		r = size == -ENOENT ? 0
			: size < 0  ? (int)size
				    : witness_list_read(cur_of(text, (size_t)size), w->list, e);
		if (r < 0 && size >= 0)
			err_in(e, "%s", name);
		beside_close(&b);
	}
	free(text);
	w->count = r < 0 ? 0 : (size_t)r;
	return r < 0 ? r : 0;
}

int witnesses_ask(struct witnesses **out, const struct ledger_home *h, struct err *e)
{
	struct witnesses *w = calloc(1, sizeof *w);
	if (!w)
		return err_sys(e, "ask the witnesses");
	int r = read_list(w, h, e);
	if (r == 0 && w->count) {
		ask_all(w);
		r = witness_judge(&h->files, w->seen, w->count, &w->own, e);
	}
	if (r < 0) {
		witnesses_free(w);
		return r;
	}
	*out = w;
	return (int)w->count;
}

void witnesses_free(struct witnesses *w)
{
	free(w);
}

const struct witness_seen *witnesses_seen(const struct witnesses *w, size_t *count, uint64_t *own)
{
	*count = w->count;
	*own = w->own;
	return w->seen;
}

void witness_says_out(struct out *o, const struct witness_seen *seen, uint64_t own)
{
	char when[CLOCK_TEXT];
	int64_t seconds = seen->seconds < INT64_MAX / CLOCK_SECOND ? (int64_t)seen->seconds : 0;
	clock_text(seconds * CLOCK_SECOND, when);
	out_fmt(o, "%s ", seen->witness->key.name);
	if (seen->says >= WITNESS_AGREES)
		out_fmt(o, "saw %" PRIu64 " entries on %.10s at %.8sZ, ", seen->head.size, when,
			when + 11);
	switch (seen->says) {
	case WITNESS_SILENT:
		out_fmt(o, "could not be asked: %s", seen->why.text);
		break;
	case WITNESS_UNSURE:
		out_fmt(o, "shows nothing that counts: %s", seen->why.text);
		break;
	case WITNESS_AGREES:
		out_str(o, "which are the first ones here");
		break;
	case WITNESS_MORE:
		out_fmt(o, "this folder has %" PRIu64, own);
		break;
	case WITNESS_ANOTHER:
		out_fmt(o, "which are not the first of the %" PRIu64 " here", own);
		break;
	case WITNESS_STRANGER:
		out_fmt(o, "signed by key %08x, which the %" PRIu64 " here do not know", seen->key,
			own);
		break;
	}
}

static int refuse(const struct witness_seen *s, uint64_t own, struct err *e)
{
	char text[1000];
	struct out o = out_mem(text, sizeof text);
	const char *until = "somebody found out which history is true";
	if (s->says == WITNESS_MORE)
		until = "this folder has them again";
	else if (s->says == WITNESS_STRANGER && s->head.size > own)
		until = "this folder has them again, with the change of keys among them";
	witness_says_out(&o, s, own);
	err_set(e, -EBADMSG, "restored from a backup? witness %s: nothing is signed until %s",
		out_text(&o), until);
	err_try(e, "man weir-ledger-witness, AFTER A RESTORE");
	return -EBADMSG;
}

static int doubt(const struct witness_seen *s, uint64_t own, bool all, struct err *e)
{
	char text[1000];
	struct out o = out_mem(text, sizeof text);
	out_str(&o, "witness ");
	witness_says_out(&o, s, own);
	out_text(&o);
	if (all) {
		err_set(e, s->says == WITNESS_UNSURE ? -EBADMSG : -EHOSTUNREACH,
			"%s: nothing is signed", text);
		return err_try(e, "weir ledger witness ask; or without --witnessed"), e->code;
	}
	cli_say(text, "weir ledger witness ask");
	return 0;
}

int witnesses_agree(const struct ledger_home *h, bool all, struct err *e)
{
	struct witnesses *w = NULL;
	int r = witnesses_ask(&w, h, e);
	if (!w)
		return r;
	if (r == 0 && all)
		r = err_set(e, -EINVAL, "--witnessed, and %s has no witness", h->dir);
	for (size_t i = 0; r >= 0 && i < w->count; i++)
		if (w->seen[i].says >= WITNESS_MORE)
			r = refuse(&w->seen[i], w->own, e);
	for (size_t i = 0; r >= 0 && i < w->count; i++)
		if (w->seen[i].says < WITNESS_AGREES)
			r = doubt(&w->seen[i], w->own, all, e);
	witnesses_free(w);
	return r < 0 ? r : 0;
}
