/* What a sensor knows, taken row by row into what all of them know. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/grow.h"
#include "base/hash.h"
#include "sense/detect_inside.h"
#include "sense/row_read.h"

static void take_host(struct taking *t)
{
	struct ip ip = { { 0 } };
	row_bytes(t, ip.b, sizeof ip.b);
	uint8_t type = row_word(t, TYPE_COUNT);
	const char *reason = row_label(t);
	bool spoke = row_flag(t), service = row_flag(t), is_told = row_flag(t);
	bool answers = row_flag(t), broadcast = row_flag(t);
	bool units_more = row_flag(t), misses_more = row_flag(t);
	uint8_t unit = cur_u8(&t->c), miss = cur_u8(&t->c);
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	uint64_t frames = cur_be64(&t->c), bytes_sent = cur_be64(&t->c);
	uint32_t n = row_is_whole(t) ? inventory_host(t->v, &ip) : 0;
	if (t->why || !row_is_mine(t, n))
		return;
	struct host *h = host_at(t->v, n);
	if (type && !h->type) {
		h->type = type;
		h->type_reason = reason ? reason : "";
	}
	h->spoke |= spoke;
	h->known_service |= service;
	h->told |= is_told;
	h->answers |= answers;
	h->broadcast |= broadcast;
	h->units_more |= units_more || (unit && h->unit_first && unit != h->unit_first);
	h->misses_more |= misses_more || (miss && h->miss_first && miss != h->miss_first);
	h->unit_first = h->unit_first ? h->unit_first : unit;
	h->miss_first = h->miss_first ? h->miss_first : miss;
	clock_widen(&h->first_ns, &h->last_ns, first_ns, last_ns);
	h->frames += row_more(t, 0, frames);
	h->bytes += row_more(t, 1, bytes_sent);
}

static void take_mac(struct taking *t)
{
	uint8_t address[6] = { 0 };
	uint16_t vlans[MAC_VLANS];
	row_bytes(t, address, sizeof address);
	uint8_t type = row_word(t, TYPE_COUNT);
	const char *reason = row_label(t);
	bool spoke = row_flag(t);
	for (unsigned i = 0; i < MAC_VLANS; i++) {
		vlans[i] = cur_be16(&t->c);
		row_need(t, vlans[i] < 4096, "a VLAN that there is not");
	}
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	uint64_t frames = cur_be64(&t->c), bytes_sent = cur_be64(&t->c);
	uint32_t n = row_is_whole(t) ? inventory_mac(t->v, address) : 0;
	if (t->why || !row_is_mine(t, n))
		return;
	struct mac *m = mac_at(t->v, n);
	if (type && !m->type) {
		m->type = type;
		m->type_reason = reason ? reason : "";
	}
	m->spoke |= spoke;
	for (unsigned i = 0; i < MAC_VLANS; i++)
		inventory_vlan(m, vlans[i]);
	clock_widen(&m->first_ns, &m->last_ns, first_ns, last_ns);
	m->frames += row_more(t, 0, frames);
	m->bytes += row_more(t, 1, bytes_sent);
}

static void take_bind(struct taking *t)
{
	uint32_t host = row_ours(t, ROW_HOST, cur_be32(&t->c));
	uint32_t mac = row_ours(t, ROW_MAC, cur_be32(&t->c));
	uint32_t frames = cur_be32(&t->c);
	uint8_t ttl = cur_u8(&t->c);
	bool claimed = row_flag(t);
	uint64_t frame = cur_be64(&t->c);
	int64_t last_ns = row_ns(t);
	if (!row_is_whole(t))
		return;
	bool room = row_is_known(host) && row_is_known(mac);
	struct bind *b = room ? inventory_bind(t->v, mac, host, frame) : NULL;
	if (!row_is_mine(t, b ? pool_number(&t->v->binds, b) : 0) || !b)
		return;
	b->frames += (uint32_t)row_more(t, 0, frames);
	b->ttl = ttl > b->ttl ? ttl : b->ttl;
	b->claimed |= claimed;
	b->last_ns = last_ns > b->last_ns ? last_ns : b->last_ns;
}

static void take_module(struct taking *t)
{
	uint32_t owner = row_owner(t);
	struct asset_place at = { .number = cur_be32(&t->c) };
	at.area = cur_be16(&t->c);
	at.kind = row_word(t, PLACE_NAMED + 1);
	uint8_t class = row_word(t, PLACE_NOBODY + 1);
	uint8_t proto = row_word(t, PROTO_COUNT);
	struct cur address = row_text(t, ROW_TEXT_MAX);
	at.address = address.at;
	at.address_size = address.left;
	row_need(t, owner, "a place of nobody");
	row_need(t, at.kind != PLACE_UNIT || !(owner & OF_MAC) || owner == WHOLE_REFUSED,
		"a unit of somebody without an address");
	if (!row_is_whole(t))
		return;
	uint32_t n = row_is_known(owner) ? inventory_module(t->v, owner, proto, &at) : 0;
	if (row_is_mine(t, n))
		inventory_class(t->v, n, (enum place_class) class);
}

static void take_said(struct taking *t)
{
	static const enum row_kind kinds[] = {
		[SUBJECT_HOST] = ROW_HOST, [SUBJECT_MAC] = ROW_MAC, [SUBJECT_MODULE] = ROW_MODULE
	};
	uint8_t kind = row_word(t, COUNT_OF(kinds));
	row_need(t, kind, "said of nobody");
	struct subject who = { row_ours(t, kinds[kind], cur_be32(&t->c)), kind };
	uint8_t key = row_word(t, ID_KEY_COUNT);
	bool by_number = row_flag(t);
	const char *protocol = row_label(t);
	struct cur text = row_text(t, ROW_TEXT_MAX);
	uint64_t frame = cur_be64(&t->c);
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	uint64_t last_frame = cur_be64(&t->c);
	row_need(t, key, "said about nothing");
	row_need(t, !by_number || key == ID_VENDOR, "a number that stands for no vendor");
	if (!row_is_whole(t) || !row_is_known(who.number))
		return;
	enum identity_key about = by_number ? ID_VENDOR_NUMBER : (enum identity_key)key;
	protocol = protocol ? protocol : "";
	inventory_say(t->v, who, about, protocol, text.at, text.left, frame, first_ns);
	if (last_frame)
		inventory_say(t->v, who, about, protocol, text.at, text.left, last_frame, last_ns);
}

static void take_conversation(struct taking *t)
{
	struct conversation like = { .client = row_owner(t) };
	like.server = row_owner(t);
	row_bytes(t, like.group.b, sizeof like.group.b);
	row_bytes(t, like.group_mac, sizeof like.group_mac);
	like.transport = cur_u8(&t->c);
	like.guess = row_flag(t);
	like.port = cur_be16(&t->c);
	like.protocol = row_label(t);
	bool beyond = row_flag(t), answered = row_flag(t);
	uint64_t packets = cur_be64(&t->c), bytes = cur_be64(&t->c);
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	uint64_t first_frame = cur_be64(&t->c);
	row_need(t, like.client, "a conversation of nobody");
	bool refused = like.client == WHOLE_REFUSED || like.server == WHOLE_REFUSED;
	row_need(t, refused || !like.server || !((like.client ^ like.server) & OF_MAC),
		"a conversation of which one end alone has an address");
	if (!row_is_whole(t))
		return;
	uint32_t n = !refused ? inventory_conversation(t->v, &like) : 0;
	if (!row_is_mine(t, n))
		return;
	struct conversation *c = conversation_at(t->v, n);
	c->beyond |= beyond;
	c->answered |= answered;
	c->packets += row_more(t, 0, packets);
	c->bytes += row_more(t, 1, bytes);
	clock_widen(&c->first_ns, &c->last_ns, first_ns, last_ns);
	if (first_frame && (!c->first_frame || first_frame < c->first_frame))
		c->first_frame = first_frame;
}

/* The same for all that say the same: what an operation is, is told by where it stands. */
static const struct msg *intern(struct whole *w, const struct msg *like)
{
	uint64_t what = (uint64_t)like->code << 32 | (uint64_t)like->dir << 16 |
		(uint64_t)like->act << 8 | like->effect;
	uint64_t hash = hash_mix(what, (uintptr_t)like->name);
	struct msg *m;
	for (uint32_t at = table_first(&w->msg_table, hash), n;
		(n = table_next(&w->msg_table, hash, &at));) {
		m = pool_at(&w->msgs, n);
		if (m->code == like->code && m->dir == like->dir && m->act == like->act &&
			m->effect == like->effect && m->name == like->name)
			return m;
	}
	uint32_t n = pool_new(&w->msgs);
	if (!n)
		return NULL;
	m = pool_at(&w->msgs, n);
	*m = *like;
	table_add(&w->msg_table, hash, n);
	return m;
}

static struct msg take_msg(struct taking *t)
{
	struct msg m = { .code = cur_be32(&t->c) };
	m.dir = row_word(t, DIR_RESPONSE + 1);
	m.act = row_word(t, ACT_COUNT);
	m.effect = row_word(t, EFFECT_COUNT);
	m.name = row_label(t);
	return m;
}

static void take_operation(struct taking *t)
{
	uint32_t conversation = row_ours(t, ROW_CONVERSATION, cur_be32(&t->c));
	struct msg msg = take_msg(t), other = take_msg(t);
	uint64_t counts[5];
	for (unsigned i = 0; i < COUNT_OF(counts); i++)
		counts[i] = cur_be64(&t->c);
	uint64_t first_frame = cur_be64(&t->c);
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	row_need(t, conversation, "an operation of no conversation");
	if (!row_is_whole(t))
		return;
	const struct msg *known = msg.name ? intern(t->w, &msg) : NULL;
	uint32_t n = known && row_is_known(conversation)
		? inventory_operation(t->v, conversation, known)
		: 0;
	if (!row_is_mine(t, n))
		return;
	struct operation *o = pool_at(&t->v->operations, n);
	if (!o->other && other.name)
		o->other = intern(t->w, &other);
	o->requests += row_more(t, 0, counts[0]);
	o->responses += row_more(t, 1, counts[1]);
	o->errors += row_more(t, 2, counts[2]);
	o->turned[0] += row_more(t, 3, counts[3]);
	o->turned[1] += row_more(t, 4, counts[4]);
	if (first_frame && (!o->first_frame || first_ns < o->first_ns)) {
		o->first_frame = first_frame;
		o->first_ns = first_ns;
	}
	o->last_ns = last_ns > o->last_ns ? last_ns : o->last_ns;
}

static void take_point(struct taking *t)
{
	uint32_t owner = row_owner(t);
	struct point_at at = { .area = cur_be32(&t->c) };
	at.index = cur_be32(&t->c);
	at.unit = cur_be16(&t->c);
	at.space = cur_u8(&t->c);
	at.bit = cur_u8(&t->c);
	uint8_t proto = row_word(t, PROTO_COUNT);
	struct cur symbol = row_text(t, ROW_TEXT_MAX);
	at.symbol = symbol.left ? symbol.at : NULL;
	at.symbol_size = (uint16_t)symbol.left;
	uint8_t type = row_word(t, POINT_REAL + 1);
	const char *measure = row_label(t);
	bool written = row_flag(t);
	uint64_t samples = cur_be64(&t->c);
	double first = row_double(t), last = row_double(t);
	double min = row_double(t), max = row_double(t);
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	row_need(t, owner, "a point of nobody");
	if (!row_is_whole(t))
		return;
	struct point_record *p =
		row_is_known(owner) ? inventory_point_at(t->v, owner, proto, &at, first) : NULL;
	if (!row_is_mine(t, p ? pool_number(&t->v->points, p) : 0) || !p)
		return;
	if (!p->samples || first_ns < p->first_ns) {
		p->first_ns = first_ns;
		p->first = first;
	}
	uint64_t since = row_more(t, 0, samples);
	if (since) {
		p->last_ns = last_ns;
		p->last = last;
	}
	/* A value that is no number (NaN) is a sample; the first number takes its place. */
	p->min = !p->samples || min < p->min || isnan(p->min) ? min : p->min;
	p->max = !p->samples || max > p->max || isnan(p->max) ? max : p->max;
	p->type = type > p->type ? type : p->type;
	p->measure = measure ? measure : p->measure;
	p->written |= written;
	p->samples += since;
}

static void take_found(struct taking *t)
{
	struct detections *d = t->w->known->detections;
	const struct detection *row = d->watches[row_word(t, (unsigned)d->count)].row;
	struct party a = row_party(t), b = row_party(t);
	struct found said = { .detection = row, .a = a, .b = b };
	row_bytes(t, said.to.b, sizeof said.to.b);
	said.group = row_flag(t);
	said.said.severity = row_word(t, SEVERITY_CRITICAL + 1);
	said.said.limit = row_flag(t) ? &row->limit_it : &row->limit;
	said.said.n = cur_be64(&t->c);
	said.said.m = cur_be64(&t->c);
	struct cur detail = row_text(t, sizeof said.said.detail - 1);
	if (detail.left)
		memcpy(said.said.detail, detail.at, detail.left);
	uint64_t answered = cur_be64(&t->c), count = cur_be64(&t->c);
	said.first_ns = row_ns(t);
	said.last_ns = row_ns(t);
	said.frame_count = row_word(t, EVIDENCE_MAX + 1);
	for (unsigned i = 0; i < said.frame_count; i++)
		said.frames[i] = cur_be64(&t->c);
	row_need(t, a.number, "nobody did it");
	if (!row_is_whole(t) || !row_is_known(a.number) || b.number == WHOLE_REFUSED)
		return;
	struct found *f = detections_found(d, row, a, b, false);
	if (!row_is_mine(t, f ? pool_number(&d->found, f) : 0) || !f)
		return;
	clock_widen(&f->first_ns, &f->last_ns, said.first_ns, said.last_ns);
	f->to = said.to;
	f->group = said.group;
	if (!f->count || said.said.severity > f->said.severity || said.said.n > f->said.n)
		f->said = said.said;
	f->answered += row_more(t, 0, answered);
	f->count += row_more(t, 1, count);
	memcpy(f->frames, said.frames, sizeof f->frames);
	f->frame_count = said.frame_count;
}

static void take_counters(struct taking *t)
{
	struct sense *s = t->w->known;
	uint64_t counts[2 + SENSE_COUNTERS];
	counts[0] = cur_be64(&t->c);
	counts[1] = cur_be64(&t->c);
	int64_t first_ns = row_ns(t), last_ns = row_ns(t);
	row_need(t, cur_u8(&t->c) == SENSE_COUNTERS, "other counters than these");
	for (unsigned i = 0; i < SENSE_COUNTERS; i++)
		counts[2 + i] = cur_be64(&t->c);
	if (!row_is_whole(t) || !row_is_mine(t, 1))
		return;
	s->packet_count += row_more(t, 0, counts[0]);
	s->byte_count += row_more(t, 1, counts[1]);
	clock_widen(&s->first_ns, &s->last_ns, first_ns, last_ns);
	for (unsigned i = 0; i < SENSE_COUNTERS; i++)
		t->w->counters[i] += row_more(t, 2 + i, counts[2 + i]);
}

static const struct {
	void (*take)(struct taking *t);
	const char *name;
	unsigned counts;
} kinds[ROW_KINDS] = {
	[ROW_HOST] = { take_host, "host", 2 },
	[ROW_MAC] = { take_mac, "mac", 2 },
	[ROW_BIND] = { take_bind, "binding", 1 },
	[ROW_MODULE] = { take_module, "module", 0 },
	[ROW_SAID] = { take_said, "identity", 0 },
	[ROW_CONVERSATION] = { take_conversation, "conversation", 2 },
	[ROW_OPERATION] = { take_operation, "operation", 5 },
	[ROW_POINT] = { take_point, "point", 1 },
	[ROW_FOUND] = { take_found, "finding", 2 },
	[ROW_COUNTERS] = { take_counters, "counters", 2 + SENSE_COUNTERS },
};

/* Room for what we know of a row; numbers come in turn, so it grows as they come. */
static int make_room(struct taking *t, struct err *e)
{
	struct told *r = row_told(t, t->kind);
	r->width = kinds[t->kind].counts;
	uint32_t *mine = grow(r->ours, &r->ours_room, (size_t)t->number + 1, sizeof *mine);
	if (!mine)
		return err_sys(e, "take what a sensor tells");
	r->ours = mine;
	size_t counts = ((size_t)t->number + 1) * r->width;
	uint64_t *before = counts ? grow(r->counts, &r->counts_room, counts, sizeof *before) : NULL;
	if (counts && !before)
		return err_sys(e, "take what a sensor tells");
	r->counts = before;
	uint32_t end = r->end ? r->end : 1;
	for (; end <= t->number; end++) {
		mine[end] = 0;
		if (before)
			memset(&before[(size_t)end * r->width], 0, r->width * sizeof *before);
	}
	r->end = end;
	return 0;
}

static int take_row(struct taking *t, struct err *e)
{
	const struct told *r = row_told(t, t->kind);
	const struct pool *ours = rows_pool(t->w->known, t->kind);
	uint32_t end = r->end ? r->end : 1;
	if (!t->number || t->number > end)
		row_wrong(t, "a number out of turn");
	else if (t->number >= (ours ? ours->max : 2)) /* a sensor has as much memory as we */
		row_wrong(t, "there cannot be so many");
	else if (make_room(t, e) < 0)
		return e->code;
	else if (r->ours[t->number] != WHOLE_REFUSED) /* there was no room, nor will there be */
		kinds[t->kind].take(t);
	return t->why ? err_set(e, -EBADMSG, "%s %u: %s", kinds[t->kind].name, t->number, t->why)
		      : 0;
}

int whole_take(struct whole *w, unsigned teller, struct cur message, struct err *e)
{
	while (message.left) {
		uint8_t kind = cur_u8(&message);
		struct cur row = cur_sub(&message, cur_be16(&message));
		uint32_t number = cur_be32(&row);
		if (!cur_ok(&row))
			return err_set(e, -EBADMSG, "a row that ends too early");
		if (!kind || kind >= ROW_KINDS)
			return err_set(e, -EBADMSG, "a row of kind %u, which there is not", kind);
		struct taking t = { .w = w,
			.v = &w->known->inventory,
			.teller = teller,
			.kind = kind,
			.number = number,
			.c = row };
		int r = take_row(&t, e);
		if (r < 0)
			return r;
	}
	return 0;
}
