/* What clients ask, and what they are answered: event/append.h.
 *
 * Answers are sent at once; whoever has so many unread that the socket takes no more is let go, so
 * nothing of theirs is kept here. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "event/append.h"
#include "event/entry.h"
#include "event/entry_view.h"
#include "ledger/keys.h"
#include "run/core.h"

enum { REFUSAL = 20 + sizeof(struct err) };

/* --- answers --- */

static void answer(struct client *p, uint16_t word, const void *body, size_t size)
{
	struct err e;
	int r = p->leaving ? 0 : ipc_send(p->fd, word, body, size, &e);
	if (r == -EAGAIN)
		client_drop(p, "it does not read its answers");
	else if (r < 0)
		client_leaves(p);
}

void asks_welcome(struct client *p)
{
	char body[8 + 1];
	struct out o = out_mem(body, sizeof body);
	out_be(&o, wal_durable(p->core->log), 8);
	answer(p, APPEND_OPEN, body, o.used);
}

void asks_refusal(
	struct out *o, uint64_t tag, uint32_t index, uint32_t count, const struct err *why)
{
	out_be(o, tag, 8);
	out_be(o, index, 4);
	out_be(o, count, 4);
	out_be(o, (uint64_t)-why->code, 4);
	out_bytes(o, why->text, strlen(why->text) + 1);
	out_str(o, why->try);
}

static void refuse(
	struct client *p, uint64_t tag, uint32_t index, uint32_t count, const struct err *why)
{
	char body[REFUSAL];
	struct out o = out_mem(body, sizeof body);
	p->core->refused += count;
	asks_refusal(&o, tag, index, count, why);
	answer(p, APPEND_REFUSED, body, o.used);
}

static struct client *whose(struct core *c, const struct pending *w)
{
	struct client *p = &c->clients[w->client];
	return p->used && p->generation == w->generation ? p : NULL;
}

/* What follows for the same client goes out in one message. */
static unsigned answer_runs(struct core *c, unsigned at)
{
	char body[APPEND_RUNS * APPEND_RUN + 1];
	struct out o = out_mem(body, sizeof body);
	const struct pending *w = &c->pending[at];
	struct client *p = whose(c, w);
	for (; at < c->pending_count && o.used < APPEND_RUNS * APPEND_RUN; at++) {
		const struct pending *next = &c->pending[at];
		if (next->client != w->client || next->generation != w->generation)
			break;
		out_be(&o, next->tag, 8);
		out_be(&o, next->index, 2);
		out_be(&o, next->count, 2);
		out_be(&o, next->first, 8);
	}
	if (p)
		answer(p, APPEND_DONE, body, o.used);
	return at;
}

void asks_answer(struct core *c, const struct err *why_not)
{
	for (unsigned i = 0; !why_not && i < c->pending_count;)
		i = answer_runs(c, i);
	for (unsigned i = 0; why_not && i < c->pending_count; i++) {
		const struct pending *w = &c->pending[i];
		struct client *p = whose(c, w);
		if (p)
			refuse(p, w->tag, w->index, w->count, why_not);
	}
	c->pending_count = 0;
}

/* --- asks --- */

static void note_pending(struct client *p, uint64_t tag, uint32_t index, uint64_t sequence)
{
	struct core *c = p->core;
	uint32_t place = (uint32_t)(p - c->clients);
	struct pending *last = c->pending_count ? &c->pending[c->pending_count - 1] : NULL;
	if (last && last->client == place && last->generation == p->generation &&
		last->tag == tag && last->index + last->count == index &&
		last->first + last->count == sequence) {
		last->count++;
		return;
	}
	c->pending[c->pending_count++] =
		(struct pending){ place, p->generation, tag, sequence, index, 1 };
}

/* In its one form, into `o`. */
static int read_entry(struct client *p, struct cur json, bool own, struct out *o, struct err *e)
{
	const struct core *c = p->core;
	const struct entry_defaults d = { c->key.name, p->actor, clock_wall(), !p->knows_itself };
	const struct entry_means means = { .own = own };
	struct entry_view v;
	int r = entry_write((const char *)json.at, json.left, &d, &means, o, e);
	if (r < 0)
		return r;
	const struct cur entry = cur_of(o->at, o->used);
	if (key_is_change(entry))
		return err_set(e, -EPERM, "an entry does not change keys by being written");
	bool is_own = entry_view(entry, &v) && entry_kinds[v.kind].own;
	if (own && (!is_own || strcmp(entry_kinds[v.kind].name, "key") == 0))
		return err_set(e, -EPERM, "this is no entry that the ledger writes of itself here");
	return 0;
}

/* An erasure does not: what is sealed is sealed in the log, too. */
static bool lets_go(struct cur entry)
{
	struct entry_view v;
	return entry_view(entry, &v) && strcmp(entry_kinds[v.kind].name, "retention") == 0;
}

static int take_entry(
	struct client *p, struct cur json, uint64_t tag, uint32_t index, bool own, struct err *e)
{
	static char entry[ENTRY_SIZE_MAX + 2];
	struct core *c = p->core;
	struct out o = out_mem(entry, sizeof entry);
	int r = read_entry(p, json, own, &o, e);
	if (r < 0)
		return r;
	if (c->pending_count == PENDING_MAX)
		core_commit(c);
	uint64_t sequence = wal_next(c->log);
	r = wal_add(c->log, entry, o.used, e);
	if (r == -ENOBUFS) {
		core_commit(c);
		sequence = wal_next(c->log);
		r = wal_add(c->log, entry, o.used, e);
	}
	if (r < 0)
		return r;
	note_pending(p, tag, index, sequence);
	if (own) {
		c->own_end = sequence + 1;
		c->turn_due |= lets_go(cur_of(entry, o.used));
	}
	return 0;
}

/* Entries of one message that follow one another and are refused for the same reason: a thousand
 * answers to one message would be more than a socket takes. */
struct refused {
	uint32_t index, count;
	struct err why;
};

static void refuse_one(
	struct client *p, uint64_t tag, struct refused *r, uint32_t index, const struct err *why)
{
	bool same = r->count && r->index + r->count == index && r->why.code == why->code &&
		strcmp(r->why.text, why->text) == 0 && strcmp(r->why.try, why->try) == 0;
	if (r->count && !same)
		refuse(p, tag, r->index, r->count, &r->why);
	if (!same)
		*r = (struct refused){ index, 0, *why };
	r->count++;
}

/* False: no message of the form. */
static bool take_entries(struct client *p, struct cur c)
{
	uint64_t tag = cur_be64(&c);
	struct refused refused = { 0 };
	struct err e = { 0 };
	uint32_t index = 0;
	for (; c.left && index < APPEND_ENTRIES; index++) {
		struct cur json = cur_sub(&c, cur_be16(&c));
		if (!cur_ok(&json))
			break;
		if (take_entry(p, json, tag, index, false, &e) < 0)
			refuse_one(p, tag, &refused, index, &e);
	}
	if (refused.count)
		refuse(p, tag, refused.index, refused.count, &refused.why);
	return index && cur_ok(&c) && !c.left;
}

static int may_own(const struct client *p, uint64_t seen, struct err *e)
{
	const struct core *c = p->core;
	if (!p->knows_itself)
		return err_set(e, -EPERM,
			"only root and user %u, who serves it, write what the ledger says of itself",
			c->uid);
	if (seen < c->own_end)
		return err_set(e, -ESTALE, "what came in between, up to entry %llu, was not seen",
			(unsigned long long)c->own_end - 1);
	return 0;
}

static bool take_own(struct client *p, struct cur c)
{
	uint64_t tag = cur_be64(&c);
	uint64_t seen = cur_be64(&c);
	struct cur json = cur_sub(&c, cur_be16(&c));
	struct err e = { 0 };
	if (!cur_ok(&json) || c.left)
		return false;
	int r = may_own(p, seen, &e);
	if (r == 0)
		r = take_entry(p, json, tag, 0, true, &e);
	if (r < 0)
		refuse(p, tag, 0, 1, &e);
	return true;
}

void asks_take(struct client *p, const struct ipc_message *m)
{
	bool fine = m->type == APPEND_ASK ? take_entries(p, m->body)
		: m->type == APPEND_OWN   ? take_own(p, m->body)
					  : false;
	if (!fine)
		client_drop(p, "its message is none of ours");
}
