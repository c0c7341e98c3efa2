/* What the site has to say, brought to the ledger in order.  It waits here until it is on the disk;
 * where the writer went away, what it did not answer is said again: an entry that stands twice says
 * nothing new. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/child.h"
#include "base/clock.h"
#include "event/entry.h"
#include "run/site.h"

int said_add(void *self, const char *kind, const char *subject, json_t *data, struct err *e)
{
	static char room[ENTRY_SIZE_MAX + 1];
	struct watching *w = self;
	struct out o = out_mem(room, sizeof room);
	const struct entry_defaults defaults = {
		.site = w->name, .actor = SITE_ACTOR, .now_ns = clock_wall()
	};
	if (w->said_count == SAID_MAX) {
		json_decref(data);
		return err_set(e, -EAGAIN, "%d entries wait for the ledger", SAID_MAX);
	}
	json_t *entry =
		json_pack("{s:s, s:s, s:o}", "kind", kind, "subject", subject, "data", data);
	char *text = entry ? json_dumps(entry, JSON_COMPACT) : NULL;
	int r = text ? entry_canonical(text, strlen(text), &defaults, &o, e)
		     : err_set(e, -ENOMEM, "no memory for an entry");
	char *kept = r == 0 ? malloc(o.used) : NULL;
	if (r == 0 && !kept)
		r = err_sys(e, "keep an entry");
	if (kept) {
		memcpy(kept, room, o.used);
		w->said[(w->said_first + w->said_count++) % SAID_MAX] =
			(struct said){ kept, o.used };
	}
	free(text);
	json_decref(entry);
	return r;
}

static void written(void *self, uint64_t first, uint32_t count)
{
	struct watching *w = self;
	(void)first;
	for (uint32_t i = 0; i < count && w->said_sent; i++) {
		free(w->said[w->said_first].text);
		w->said_first = (w->said_first + 1) % SAID_MAX;
		w->said_count--;
		w->said_sent--;
		w->written++;
	}
}

/* The warden brings another connection, in a while. */
static void lost(struct watching *w, const struct err *why)
{
	struct err gone;
	struct out o = out_mem(w->ledger_trouble, sizeof w->ledger_trouble);
	out_fmt(&o, "%.180s", why->text);
	out_text(&o);
	served_close(w->served);
	w->served = NULL;
	w->said_sent = 0;
	(void)!ipc_send(CHILD_CHANNEL, SITE_LOST, NULL, 0, &gone);
}

void said_ends(struct watching *w)
{
	struct err e;
	err_set(&e, -EPIPE, "the ledger's writer has ended");
	lost(w, &e);
}

void said_begin(struct watching *w, int fd)
{
	struct err e = { 0 };
	served_close(w->served);
	w->served = NULL;
	w->said_sent = 0;
	if (served_over(&w->served, fd, "the ledger's writer", written, w, &e) < 0)
		lost(w, &e);
}

/* One that the writer will never take must not stand in the way of all behind it. */
static void drop_first(struct watching *w, const struct err *why)
{
	if (!w->said_count)
		return;
	cli_complain(why);
	free(w->said[w->said_first].text);
	w->said_first = (w->said_first + 1) % SAID_MAX;
	w->said_count--;
	w->written++; /* nobody waits for it */
}

void said_go(struct watching *w)
{
	struct err e = { 0 };
	int r = 0;
	if (!w->served)
		return;
	bool more = w->said_sent < w->said_count;
	while (r == 0 && w->said_sent < w->said_count) {
		const struct said *s = &w->said[(w->said_first + w->said_sent++) % SAID_MAX];
		r = served_add(w->served, s->text, s->size, &e);
	}
	if (r == 0 && (more || w->said_sent))
		r = served_flush(w->served, false, &e);
	if (r == -EINVAL || r == -EMSGSIZE || r == -EPERM)
		drop_first(w, &e);
	if (r < 0)
		lost(w, &e);
	else if (more)
		w->ledger_trouble[0] = 0;
}
