/* Wakes the detections, keeps their memories and what they found. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "sense/detect_inside.h"

/* What a detection remembers about one key; its bytes follow. */
struct memory {
	uint32_t free_link; /* the pool's */
	struct party a, b;
	max_align_t bytes[];
};

/* --- set-up --- */

static bool names(const struct detection *r, const char *label)
{
	for (size_t i = 0; i < DETECT_LABELS && r->labels[i]; i++)
		if (strcmp(r->labels[i], label) == 0)
			return true;
	return !r->labels[0];
}

/* One of the labels that its facts may carry; `all`: whichever it is. */
static bool may_name(const struct detection *r, const struct proto *p, bool *all)
{
	bool is = names(r, p->name);
	*all = is;
	for (size_t i = 0; i < COUNT_OF(p->also) && p->also[i]; i++) {
		bool also = names(r, p->also[i]);
		is |= also;
		*all &= also;
	}
	return is;
}

/* Sets the row's bit wherever a fact with this property may wake it. */
static void wake_by(struct detections *d, const struct detection *r, size_t n)
{
	size_t word = n / 64;
	uint64_t bit = UINT64_C(1) << n % 64;
	for (unsigned i = 0; i < ACT_COUNT; i++)
		d->by_act[i][word] |= !r->acts || r->acts >> i & 1 ? bit : 0;
	for (unsigned i = 0; i < EFFECT_COUNT; i++)
		d->by_effect[i][word] |= !r->effects || r->effects >> i & 1 ? bit : 0;
	for (unsigned i = 0; i <= DIR_RESPONSE; i++)
		d->by_dir[i][word] |= !r->dirs || r->dirs >> i & 1 ? bit : 0;
	for (unsigned i = 0; i < PROTO_COUNT; i++) {
		bool all, may = may_name(r, protocols[i], &all);
		d->by_proto[i][word] |= may && (!r->ot || protocols[i]->ot) ? bit : 0;
		d->any_label[i][word] |= all ? bit : 0;
	}
	for (unsigned i = 0; i < 8; i++)
		d->by_outcome[i][word] |=
			(!r->failed || i & 1) && (!r->violation || i & 2) && (!r->odd || i) ? bit
											    : 0;
}

static int add_rows(struct detections *d, const struct detection *rows, struct err *e)
{
	for (; rows->row.id; rows++) {
		assert(d->count < ROWS_MAX);
		size_t n = d->count++;
		struct watch *w = &d->watches[n];
		w->row = rows;
		w->oldest = 1;
		/* Items stand one behind the other: each as aligned as the first. */
		size_t step = _Alignof(struct memory);
		size_t size = (sizeof(struct memory) + rows->memory + step - 1) / step * step;
		if (rows->memory &&
			(pool_init(&w->memories, size, rows->keys_max, e) ||
				table_init(&w->by_key, rows->keys_max, e)))
			return err_in(e, "%s", rows->row.id);
		for (unsigned i = 0; i < EVENT_KINDS; i++)
			if (rows->events >> i & 1)
				d->by_event[i][n / 64] |= UINT64_C(1) << n % 64;
		if (rows->events & EVENT_FACT)
			wake_by(d, rows, n);
	}
	return 0;
}

struct detections *detections_new(size_t memory, struct err *e)
{
	struct detections *d = calloc(1, sizeof *d);
	if (!d) {
		err_set(e, ENOMEM, "no memory for detections");
		return NULL;
	}
	int r = 0;
#define X(name) r = r ? r : add_rows(d, detect_##name, e);
	DETECTION_LIST(X)
#undef X
	/* Their memories are small; what was found may take most of the share. */
	uint32_t found_max = (uint32_t)(memory / 2 / sizeof(struct found));
	if (r || pool_init(&d->found, sizeof(struct found), found_max, e) ||
		table_init(&d->found_table, found_max, e)) {
		detections_free(d);
		return NULL;
	}
	return d;
}

int detections_copy(struct detections **out, const struct detections *from, struct err *e)
{
	struct detections *d = *out = calloc(1, sizeof *d);
	if (!d)
		return err_sys(e, "copy what was found");
	d->count = from->count;
	for (size_t i = 0; i < from->count; i++)
		d->watches[i].row = from->watches[i].row;
	d->forgotten = from->forgotten;
	int r = pool_copy(&d->found, &from->found, e);
	return r < 0 ? r : table_copy(&d->found_table, &from->found_table, e);
}

void detections_free(struct detections *d)
{
	if (!d)
		return;
	for (size_t i = 0; i < d->count; i++) {
		pool_done(&d->watches[i].memories);
		table_done(&d->watches[i].by_key);
	}
	table_done(&d->found_table);
	pool_done(&d->found);
	free(d->findings);
	free(d);
}

uint64_t detections_refused(const struct detections *d)
{
	return d->found.refused;
}

uint64_t detections_forgotten(const struct detections *d)
{
	return d->forgotten;
}

/* --- windows --- */

static bool window_over(int64_t since_ns, int64_t now_ns, unsigned seconds)
{
	return now_ns - since_ns > (int64_t)seconds * CLOCK_SECOND || now_ns < since_ns;
}

bool window_reached(struct window *w, int64_t now_ns, const struct limit *limit)
{
	if (!w->count || window_over(w->since_ns, now_ns, limit->seconds))
		*w = (struct window){ .since_ns = now_ns };
	return ++w->count == limit->count;
}

bool distinct_add(struct distinct *d, int64_t now_ns, unsigned seconds, uint64_t value)
{
	if (!d->count || window_over(d->since_ns, now_ns, seconds))
		*d = (struct distinct){ .since_ns = now_ns };
	uint32_t mark = (uint32_t)hash_mix(value, 1) | 1; /* 0 is an empty slot */
	for (unsigned i = 0; i < DISTINCT_SLOTS && d->count < DISTINCT_SLOTS / 2; i++) {
		uint32_t *slot = &d->seen[(mark + i) % DISTINCT_SLOTS];
		if (*slot == mark)
			return false;
		if (!*slot) {
			*slot = mark;
			d->count++;
			return true;
		}
	}
	return false;
}

/* --- waking --- */

static uint64_t pair_hash(const struct detection *row, struct party a, struct party b)
{
	uint64_t x = (uint64_t)a.number << 1 | a.link, y = (uint64_t)b.number << 1 | b.link;
	uint64_t places = (uint64_t)a.place << 32 | b.place;
	return hash_mix(x << 32 | y, (uintptr_t)row ^ hash_mix(places, 1));
}

static void parties(
	const struct detection *row, const struct event *ev, struct party *a, struct party *b)
{
	*b = (struct party){ 0 };
	switch (row->key) {
	case KEY_PAIR:
	case KEY_BIND:
		*a = ev->client;
		*b = ev->server;
		break;
	case KEY_CLIENT:
		*a = ev->client;
		break;
	case KEY_SENDER:
		*a = ev->sender;
		break;
	}
}

static void *remember(struct detections *d, struct watch *w, struct party a, struct party b)
{
	uint64_t hash = pair_hash(w->row, a, b);
	for (uint32_t at = table_first(&w->by_key, hash), n;
		(n = table_next(&w->by_key, hash, &at));) {
		struct memory *m = pool_at(&w->memories, n);
		if (same_party(m->a, a) && same_party(m->b, b))
			return m->bytes;
	}
	if (w->memories.live == w->row->keys_max) {
		uint32_t n = w->oldest++;
		if (w->oldest > w->row->keys_max)
			w->oldest = 1;
		const struct memory *m = pool_at(&w->memories, n);
		table_remove(&w->by_key, pair_hash(w->row, m->a, m->b), n);
		pool_free(&w->memories, n);
		d->forgotten++;
	}
	uint32_t n = pool_new(&w->memories);
	struct memory *m = pool_at(&w->memories, n);
	m->a = a;
	m->b = b;
	table_add(&w->by_key, hash, n);
	return m->bytes;
}

static struct found *look_for(struct detections *d, const struct detection *row, struct party a,
	struct party b, bool surveyed)
{
	uint64_t hash = pair_hash(row, a, b) + surveyed;
	for (uint32_t at = table_first(&d->found_table, hash), n;
		(n = table_next(&d->found_table, hash, &at));) {
		struct found *f = pool_at(&d->found, n);
		if (f->detection == row && same_party(f->a, a) && same_party(f->b, b) &&
			f->surveyed == surveyed)
			return f;
	}
	return NULL;
}

struct found *detections_found(struct detections *d, const struct detection *row, struct party a,
	struct party b, bool surveyed)
{
	struct found *f = look_for(d, row, a, b, surveyed);
	uint32_t n = f ? 0 : pool_new(&d->found);
	if (!n)
		return f;
	f = pool_at(&d->found, n);
	*f = (struct found){ .detection = row, .a = a, .b = b, .surveyed = surveyed };
	table_add(&d->found_table, pair_hash(row, a, b) + surveyed, n);
	return f;
}

static void keep(struct found *f, const struct detected *said, uint64_t frame, int64_t first_ns,
	int64_t last_ns)
{
	bool earlier = frame && f->count && first_ns < f->first_ns;
	if (!f->count++) {
		f->first_ns = first_ns;
		f->said = *said;
	}
	if (earlier) {
		f->first_ns = first_ns;
		/* The first frame is that of the first time. */
		if (f->frame_count == EVIDENCE_MAX)
			f->frame_count--;
		memmove(f->frames + 1, f->frames, f->frame_count * sizeof *f->frames);
		f->frames[0] = frame;
		f->frame_count++;
	}
	if (last_ns > f->last_ns)
		f->last_ns = last_ns;
	if (said->severity > f->said.severity || said->n > f->said.n)
		f->said = *said;
	bool again = f->frame_count && f->frames[f->frame_count - 1] == frame;
	if (frame && !earlier && !again && f->frame_count < EVIDENCE_MAX)
		f->frames[f->frame_count++] = frame;
}

/* One of those who were called answered: that finding says more than the call's own. */
static void answer_call(
	struct detections *d, const struct detection *row, struct party a, uint64_t frame)
{
	struct found *call = look_for(d, row, a, (struct party){ 0 }, false);
	if (!call || call->answered_frame == frame)
		return;
	call->answered_frame = frame;
	call->answered++;
}

static bool is_labelled(const struct detection *r, const struct event *ev)
{
	const char *label = ev->fact ? ev->fact->protocol : ev->proto ? ev->proto->name : NULL;
	return !r->labels[0] || (label && names(r, label));
}

/* Its label is one that wakes it already. */
static void wake_one(struct detections *d, struct watch *w, const struct event *ev)
{
	const struct detection *r = w->row;
	struct party a, b;
	parties(r, ev, &a, &b);
	if (!a.number)
		return;
	if (r->memory)
		a.place = b.place = 0;
	void *memory = r->memory ? remember(d, w, a, b) : NULL;
	bool it = r->limit_it.count && ev->proto && !ev->proto->ot;
	const struct limit *limit = it ? &r->limit_it : &r->limit;
	struct detected said = { .limit = limit, .n = limit->count, .severity = r->row.severity };
	if (r->see && !r->see(memory, ev, &said))
		return;
	struct found *f = detections_found(d, r, a, b, false);
	if (!f)
		return;
	f->to = ev->to;
	f->group = ev->group;
	if (ev->called)
		answer_call(d, r, a, ev->frame);
	keep(f, &said, ev->frame, ev->at_ns, ev->at_ns);
}

static void wake(struct detections *d, const struct event *ev)
{
	for (unsigned word = 0; word < WORDS; word++) {
		uint64_t bits = d->by_event[__builtin_ctz(ev->kind)][word];
		for (; bits; bits &= bits - 1) {
			struct watch *w = &d->watches[word * 64 + (unsigned)__builtin_ctzll(bits)];
			if (!(w->row->opened && ev->under_way) && is_labelled(w->row, ev))
				wake_one(d, w, ev);
		}
	}
}

static struct event event_now(struct sense *s, enum event_kind kind)
{
	const struct scene *c = &s->scene;
	struct event ev = { .kind = kind,
		.at_ns = c->at_ns,
		.frame = c->frame,
		.to = c->dst,
		.transport = c->transport,
		.proto = s->proto };
	const struct flow *f = s->flow;
	if (!f) {
		ev.sender = ev.client = (struct party){ s->src_mac, .link = true };
		if (!(c->dst_mac[0] & 1))
			ev.receiver = ev.server =
				(struct party){ inventory_mac(&s->inventory, c->dst_mac),
					.link = true };
		return ev;
	}
	unsigned client = f->client >= 0 ? (unsigned)f->client : 0;
	ev.group = f->group && c->side == 0;
	ev.sender.number = f->host[c->side];
	ev.receiver.number = f->host[!c->side];
	ev.client.number = f->host[client];
	ev.server.number = f->host[!client];
	ev.port = f->port[!client];
	ev.under_way = f->transport == TRANSPORT_TCP && !f->opened;
	return ev;
}

/* Those who act and are acted upon, rather than who sent what. */
static struct event event_of_fact(struct sense *s)
{
	const struct fact *f = &s->fact;
	struct event ev = event_now(s, EVENT_FACT);
	ev.fact = f;
	if (s->called_by && f->dir == DIR_RESPONSE && ev.sender.number) {
		ev.client = ev.receiver = (struct party){ .number = s->called_by };
		ev.server = ev.sender;
		ev.called = true;
		ev.frame = f->request; /* what was done was done with the call */
		ev.at_ns = f->request_ns;
	} else if (f->actor) {
		bool sender = f->actor == ACTOR_SENDER;
		ev.client = sender ? ev.sender : ev.receiver;
		ev.server = sender ? ev.receiver : ev.sender;
	}
	for (unsigned sender = 0; sender < 2; sender++) {
		struct party at = sender ? ev.sender : ev.receiver;
		struct party *who = same_party(at, ev.server) ? &ev.server : &ev.client;
		if (!s->placed[sender] || !at.number || at.link)
			continue;
		struct asset_place place = s->places[sender];
		place.faint = true; /* asked for, which anybody can do */
		who->place = inventory_module(&s->inventory, at.number, s->layer->number, &place);
	}
	return ev;
}

void detections_fact(struct sense *s)
{
	struct detections *d = s->detections;
	const struct fact *f = &s->fact;
	const struct msg *m = f->msg;
	bool unknown = m->name == unknown_function;
	unsigned proto = s->layer->number;
	unsigned outcome = f->failed | (unsigned)f->violation << 1 | (unsigned)unknown << 2;
	struct event ev = { .kind = 0 };
	for (unsigned word = 0; word < WORDS; word++) {
		uint64_t bits = d->by_act[m->act][word] & d->by_effect[m->effect][word] &
			d->by_dir[f->dir][word] & d->by_proto[proto][word] &
			d->by_outcome[outcome][word];
		for (; bits; bits &= bits - 1) {
			unsigned n = word * 64 + (unsigned)__builtin_ctzll(bits);
			if (!ev.kind)
				ev = event_of_fact(s);
			bool any = d->any_label[proto][word] & (bits & -bits);
			if (any || is_labelled(d->watches[n].row, &ev))
				wake_one(d, &d->watches[n], &ev);
		}
	}
}

void detections_flow(struct sense *s, enum event_kind kind)
{
	struct event ev = event_now(s, kind);
	wake(s->detections, &ev);
}

void detections_fragment(struct sense *s, const struct packet *p)
{
	if (s->config.facts_only)
		return;
	uint32_t sender = ip_is_nobody(&p->src) ? 0 : inventory_host(&s->inventory, &p->src);
	const struct event ev = { .kind = EVENT_FRAGMENT,
		.at_ns = p->at_ns,
		.frame = p->frame,
		.sender = { .number = sender },
		.client = { .number = sender },
		.to = p->dst,
		.transport = p->transport };
	wake(s->detections, &ev);
}

/* RFC 792 and RFC 4443, 4.1: type, code, checksum, number of the program, of the message; and what
 * usual programs begin with, the time at which they sent it. */
void detections_echo(struct sense *s, const struct packet *p)
{
	enum { ECHO4 = 8, ECHO6 = 128, HEAD = 8, TIME = 16 };
	struct cur c = p->payload;
	if (cur_peek(&c, 0) != (p->transport == TRANSPORT_ICMP ? ECHO4 : ECHO6))
		return;
	struct event ev = event_now(s, EVENT_ECHO);
	ev.size = c.left > HEAD ? c.left - HEAD : 0;
	cur_skip(&c, HEAD + TIME);
	ev.content = cur_ok(&c) ? hash_bytes(c.at, c.left) : 0;
	wake(s->detections, &ev);
}

void detections_long(struct sense *s, size_t size)
{
	if (s->config.facts_only)
		return;
	struct event ev = event_now(s, EVENT_LONG);
	ev.size = size;
	wake(s->detections, &ev);
}

void detections_malformed(struct sense *s, const struct proto *proto)
{
	if (s->config.facts_only)
		return;
	struct event ev = event_now(s, EVENT_MALFORMED);
	ev.proto = proto;
	wake(s->detections, &ev);
}

void detections_bind(struct sense *s, uint32_t mac, uint32_t host, uint32_t rival)
{
	const struct event ev = { .kind = EVENT_BIND,
		.at_ns = s->scene.at_ns,
		.frame = s->scene.frame,
		.client = { mac, .link = true },
		.sender = { mac, .link = true },
		.server = { rival, .link = true },
		.to = host_at(&s->inventory, host)->ip,
		.transport = s->scene.transport,
		.proto = s->proto,
		.rival = rival };
	wake(s->detections, &ev);
}

void detections_stranger(struct sense *s, uint32_t mac, uint32_t sender, uint32_t host,
	uint64_t frame, int64_t at_ns)
{
	const struct event ev = { .kind = EVENT_STRANGER,
		.at_ns = at_ns,
		.frame = frame,
		.client = { mac, .link = true },
		.sender = { mac, .link = true },
		.server = { sender, .link = true },
		.to = host_at(&s->inventory, host)->ip,
		.rival = sender };
	wake(s->detections, &ev);
}

void survey_found(struct survey *s, uint32_t a, uint32_t b, const struct detected *said,
	uint64_t frame, int64_t first_ns, int64_t last_ns)
{
	struct party pa = { .number = a == NO_ASSET ? 0 : a + 1 },
		     pb = { .number = b == NO_ASSET ? 0 : b + 1 };
	struct found *f = detections_found(s->d, s->row, pa, pb, true);
	if (f)
		keep(f, said, frame, first_ns, last_ns);
}
