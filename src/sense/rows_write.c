/* Rows as bytes; whole_take.c reads them. */
#include <string.h>

#include "sense/detect_inside.h"
#include "sense/rows_inside.h"

static void put_ns(struct out *o, int64_t ns)
{
	out_be(o, (uint64_t)ns, 8);
}

static void put_double(struct out *o, double d)
{
	uint64_t bits;
	memcpy(&bits, &d, sizeof bits);
	out_be(o, bits, 8);
}

static void put_text(struct out *o, const char *text)
{
	size_t size = text ? strnlen(text, ROW_TEXT_MAX) : 0;
	out_be(o, size, 2);
	out_bytes(o, text ? text : "", size);
}

static void put_flag(struct out *o, bool flag)
{
	out_char(o, flag);
}

static void put_byte(struct out *o, uint8_t byte)
{
	out_be(o, byte, 1);
}

static void write_host(const struct sense *s, uint32_t number, struct out *o)
{
	const struct host *h = host_at(&s->inventory, number);
	out_bytes(o, h->ip.b, sizeof h->ip.b);
	put_byte(o, h->type);
	put_text(o, h->type_reason);
	put_flag(o, h->spoke);
	put_flag(o, h->known_service);
	put_flag(o, h->told);
	put_flag(o, h->answers);
	put_flag(o, h->broadcast);
	put_flag(o, h->units_more);
	put_flag(o, h->misses_more);
	put_byte(o, h->unit_first);
	put_byte(o, h->miss_first);
	put_ns(o, h->first_ns);
	put_ns(o, h->last_ns);
	out_be(o, h->frames, 8);
	out_be(o, h->bytes, 8);
}

static void write_mac(const struct sense *s, uint32_t number, struct out *o)
{
	const struct mac *m = mac_at(&s->inventory, number);
	out_bytes(o, m->address, sizeof m->address);
	put_byte(o, m->type);
	put_text(o, m->type_reason);
	put_flag(o, m->spoke);
	for (unsigned i = 0; i < MAC_VLANS; i++)
		out_be(o, m->vlans[i], 2);
	put_ns(o, m->first_ns);
	put_ns(o, m->last_ns);
	out_be(o, m->frames, 8);
	out_be(o, m->bytes, 8);
}

static void write_bind(const struct sense *s, uint32_t number, struct out *o)
{
	const struct bind *b = bind_at(&s->inventory, number);
	out_be(o, b->host, 4);
	out_be(o, b->mac, 4);
	out_be(o, b->frames, 4);
	put_byte(o, b->ttl);
	put_flag(o, b->claimed);
	out_be(o, b->frame, 8);
	put_ns(o, b->last_ns);
}

static void write_module(const struct sense *s, uint32_t number, struct out *o)
{
	const struct module *m = module_at(&s->inventory, number);
	out_be(o, m->owner, 4);
	out_be(o, m->number, 4);
	out_be(o, m->area, 2);
	put_byte(o, m->kind);
	put_byte(o, m->class);
	put_byte(o, m->proto);
	put_text(o, string_at(&s->inventory, m->address));
}

static void write_said(const struct sense *s, uint32_t number, struct out *o)
{
	const struct inventory *v = &s->inventory;
	const struct said *w = said_at(v, number);
	static const struct lasted none;
	const struct lasted *l = w->lasted ? pool_at(&v->lasted, w->lasted) : &none;
	put_byte(o, w->owner_kind);
	out_be(o, w->owner, 4);
	put_byte(o, w->key);
	put_flag(o, w->by_number);
	put_text(o, w->protocol);
	put_text(o, string_at(v, w->value));
	out_be(o, w->frame, 8);
	put_ns(o, l->first_ns);
	put_ns(o, l->last_ns);
	out_be(o, l->last_frame, 8);
}

static void write_conversation(const struct sense *s, uint32_t number, struct out *o)
{
	const struct conversation *c = conversation_at(&s->inventory, number);
	out_be(o, c->client, 4);
	out_be(o, c->server, 4);
	out_bytes(o, c->group.b, sizeof c->group.b);
	out_bytes(o, c->group_mac, sizeof c->group_mac);
	put_byte(o, c->transport);
	put_flag(o, c->guess);
	out_be(o, c->port, 2);
	put_text(o, c->protocol);
	put_flag(o, c->beyond);
	put_flag(o, c->answered);
	out_be(o, c->packets, 8);
	out_be(o, c->bytes, 8);
	put_ns(o, c->first_ns);
	put_ns(o, c->last_ns);
	out_be(o, c->first_frame, 8);
}

static void put_msg(struct out *o, const struct msg *m)
{
	static const struct msg none;
	m = m ? m : &none;
	out_be(o, m->code, 4);
	put_byte(o, m->dir);
	put_byte(o, m->act);
	put_byte(o, m->effect);
	put_text(o, m->name);
}

static void write_operation(const struct sense *s, uint32_t number, struct out *o)
{
	const struct operation *p = pool_at(&s->inventory.operations, number);
	out_be(o, p->conversation, 4);
	put_msg(o, p->msg);
	put_msg(o, p->other);
	out_be(o, p->requests, 8);
	out_be(o, p->responses, 8);
	out_be(o, p->errors, 8);
	out_be(o, p->turned[0], 8);
	out_be(o, p->turned[1], 8);
	out_be(o, p->first_frame, 8);
	put_ns(o, p->first_ns);
	put_ns(o, p->last_ns);
}

static void write_point(const struct sense *s, uint32_t number, struct out *o)
{
	const struct point_record *p = pool_at(&s->inventory.points, number);
	out_be(o, p->key.host, 4);
	out_be(o, p->key.area, 4);
	out_be(o, p->key.index, 4);
	out_be(o, p->key.unit, 2);
	put_byte(o, p->key.space);
	put_byte(o, p->key.bit);
	put_byte(o, p->proto);
	put_text(o, p->symbol ? string_at(&s->inventory, p->symbol) : NULL);
	put_byte(o, p->type);
	put_text(o, p->measure);
	put_flag(o, p->written);
	out_be(o, p->samples, 8);
	put_double(o, p->first);
	put_double(o, p->last);
	put_double(o, p->min);
	put_double(o, p->max);
	put_ns(o, p->first_ns);
	put_ns(o, p->last_ns);
}

static void put_party(struct out *o, struct party p)
{
	out_be(o, p.number, 4);
	out_be(o, p.place, 4);
	put_flag(o, p.link);
}

static void write_found(const struct sense *s, uint32_t number, struct out *o)
{
	const struct detections *d = s->detections;
	const struct found *f = pool_at(&d->found, number);
	size_t row = 0;
	while (d->watches[row].row != f->detection)
		row++;
	put_byte(o, (uint8_t)row);
	put_party(o, f->a);
	put_party(o, f->b);
	out_bytes(o, f->to.b, sizeof f->to.b);
	put_flag(o, f->group);
	put_byte(o, f->said.severity);
	put_flag(o, f->said.limit == &f->detection->limit_it);
	out_be(o, f->said.n, 8);
	out_be(o, f->said.m, 8);
	put_text(o, f->said.detail);
	out_be(o, f->answered, 8);
	out_be(o, f->count, 8);
	put_ns(o, f->first_ns);
	put_ns(o, f->last_ns);
	put_byte(o, f->frame_count);
	for (unsigned i = 0; i < f->frame_count; i++)
		out_be(o, f->frames[i], 8);
}

static void write_counters(const struct sense *s, uint32_t number, struct out *o)
{
	struct counter all[SENSE_COUNTERS];
	(void)number;
	sense_counters(s, all);
	out_be(o, s->packet_count, 8);
	out_be(o, s->byte_count, 8);
	put_ns(o, s->first_ns);
	put_ns(o, s->last_ns);
	put_byte(o, SENSE_COUNTERS);
	for (unsigned i = 0; i < SENSE_COUNTERS; i++)
		out_be(o, all[i].n, 8);
}

void rows_write(const struct sense *s, enum row_kind kind, uint32_t number, struct out *o)
{
	static void (*const writers[ROW_KINDS])(const struct sense *, uint32_t, struct out *) = {
		[ROW_HOST] = write_host,
		[ROW_MAC] = write_mac,
		[ROW_BIND] = write_bind,
		[ROW_MODULE] = write_module,
		[ROW_SAID] = write_said,
		[ROW_CONVERSATION] = write_conversation,
		[ROW_OPERATION] = write_operation,
		[ROW_POINT] = write_point,
		[ROW_FOUND] = write_found,
		[ROW_COUNTERS] = write_counters,
	};
	writers[kind](s, number, o);
}

/* NULL: it has one row. */
const struct pool *rows_pool(const struct sense *s, enum row_kind kind)
{
	const struct inventory *v = &s->inventory;
	const struct pool *const pools[ROW_KINDS] = {
		[ROW_HOST] = &v->hosts,
		[ROW_MAC] = &v->macs,
		[ROW_BIND] = &v->binds,
		[ROW_MODULE] = &v->modules,
		[ROW_SAID] = &v->said,
		[ROW_CONVERSATION] = &v->conversations,
		[ROW_OPERATION] = &v->operations,
		[ROW_POINT] = &v->points,
		[ROW_FOUND] = &s->detections->found,
	};
	return pools[kind];
}
