#include "cli/ledger/witnesses.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/ledger/place.h"

enum { WORD = 512 };

struct witnesses {
	size_t count;
	uint64_t own;
	struct witness list[WITNESS_MAX];
	struct witness_seen seen[WITNESS_MAX];
	struct place places[WITNESS_MAX];
	char options[WITNESS_MAX][WITNESS_PLACE];
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

/* One that cannot be opened is silent, and says why. */
static void open_one(struct witnesses *w, size_t i)
{
	struct witness_seen *s = &w->seen[i];
	struct place_opts options = { 0 };
	*s = (struct witness_seen){ .witness = &w->list[i] };
	snprintf(w->options[i], sizeof w->options[i], "%s", w->list[i].more);
	int r = read_more(w->options[i], &options, &s->why);
	if (r == 0)
		r = place_open(&w->places[i], w->list[i].place, &options, PLACE_GLANCE, &s->why);
	if (r == 0)
		s->at = &w->places[i].remote;
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
	for (size_t i = 0; i < WITNESS_MAX; i++)
		w->places[i].fd = -1;
	int r = read_list(w, h, e);
	for (size_t i = 0; r == 0 && i < w->count; i++)
		open_one(w, i);
	if (r == 0 && w->count)
		r = witness_ask(&h->files, &h->key, w->seen, w->count, &w->own, e);
	if (r < 0) {
		witnesses_free(w);
		return r;
	}
	*out = w;
	return (int)w->count;
}

void witnesses_free(struct witnesses *w)
{
	for (size_t i = 0; w && i < WITNESS_MAX; i++)
		place_close(&w->places[i]);
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
	}
}

static int refuse(const struct witness_seen *s, uint64_t own, struct err *e)
{
	char text[1000];
	struct out o = out_mem(text, sizeof text);
	witness_says_out(&o, s, own);
	err_set(e, -EBADMSG, "restored from a backup? witness %s: nothing is signed until %s",
		out_text(&o),
		s->says == WITNESS_MORE ? "this folder has them again"
					: "somebody found out which history is true");
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
