#include "tap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sense/packet.h"

/* --- bytes --- */

void made_bytes(struct made *m, const void *bytes, size_t size)
{
	assert_true(size <= sizeof m->bytes - m->size);
	if (size)
		memcpy(m->bytes + m->size, bytes, size);
	m->size += size;
}

void made_hex(struct made *m, const char *hex)
{
	for (unsigned byte; *hex;) {
		if (*hex == ' ') {
			hex++;
			continue;
		}
		assert_int_equal(sscanf(hex, "%2x", &byte), 1);
		made_bytes(m, &(uint8_t){ (uint8_t)byte }, 1);
		hex += 2;
	}
}

void made_16(struct made *m, unsigned v)
{
	made_bytes(m, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

void made_32(struct made *m, uint32_t v)
{
	made_16(m, v >> 16);
	made_16(m, v & 0xffff);
}

void made_mac(struct made *m, unsigned host)
{
	made_16(m, 0x0200);
	made_32(m, host);
}

void made_ether(struct made *m, unsigned from, unsigned to, unsigned type)
{
	made_mac(m, to);
	made_mac(m, from);
	made_16(m, type);
}

static void put_16(uint8_t *at, uint32_t v)
{
	at[0] = (uint8_t)(v >> 8);
	at[1] = (uint8_t)v;
}

static uint32_t sum(const uint8_t *at, size_t size, uint32_t before)
{
	for (size_t i = 0; i < size; i++)
		before += i % 2 ? at[i] : (uint32_t)at[i] << 8;
	while (before >> 16)
		before = (before & 0xffff) + (before >> 16);
	return before;
}

void made_ip4(struct made *m, const struct made_ip4 *ip)
{
	uint8_t *head = m->bytes + m->size;
	made_16(m, 0x4500);
	made_16(m, (unsigned)(20 + ip->size));
	made_16(m, ip->id);
	made_16(m, ip->fragment);
	made_16(m, (ip->ttl ? ip->ttl : 64) << 8 | ip->transport);
	made_16(m, 0);
	made_32(m, 0x0a000000 | ip->from);
	made_32(m, ip->group ? ip->group : 0x0a000000 | ip->to);
	put_16(head + 10, ~sum(head, 20, 0));
}

void made_udp(struct made *m, unsigned from_port, unsigned to_port, size_t size)
{
	made_16(m, from_port);
	made_16(m, to_port);
	made_16(m, (unsigned)(8 + size));
	made_16(m, 0); /* no checksum */
}

/* --- the sensor --- */

void tap_value(struct tap *w, const struct value *v)
{
	struct out *o = &w->out;
	struct ip a;
	char ip[IP_TEXT];
	out_fmt(o, " %s=", v->field->name);
	switch ((enum value_type)v->type) {
	case VALUE_UINT:
	case VALUE_FLAG:
		out_uint(o, v->u);
		break;
	case VALUE_INT:
		out_int(o, v->i);
		break;
	case VALUE_REAL:
		out_fmt(o, "%g", v->d);
		break;
	case VALUE_TEXT:
		out_bytes(o, v->bytes, v->size);
		break;
	case VALUE_IP:
		if (v->size == 4)
			a = ip_of_4(v->bytes);
		else
			memcpy(a.b, v->bytes, sizeof a.b);
		out_str(o, ip_text(&a, ip));
		break;
	case VALUE_BYTES:
	case VALUE_MAC:
		out_hex(o, v->bytes, v->size);
		break;
	}
}

static void tell(struct tap *w, const struct fact *f)
{
	out_fmt(&w->out, "%u %s %s %s", (unsigned)f->frame, f->protocol, f->msg->name,
		dir_name(f->dir));
	for (size_t i = 0; i < f->value_count; i++)
		tap_value(w, &f->values[i]);
	out_char(&w->out, '\n');
}

static void on_fact(void *self, const struct fact *f)
{
	struct tap *w = self;
	w->facts++;
	w->tell(w, f);
}

void tap_open(struct tap *w, size_t memory)
{
	*w = (struct tap){ .at_ns = 1000000000, .tell = tell };
	w->out = out_mem(w->text, sizeof w->text);
	struct err e = { 0 };
	const struct sense_config config = {
		.memory = memory ? memory : 8 << 20, .on_fact = on_fact, .self = w
	};
	w->sense = sense_new(&config, &e);
	assert_non_null(w->sense);
}

void tap_close(struct tap *w)
{
	sense_free(w->sense);
	w->sense = NULL;
}

void tap_end(struct tap *w)
{
	struct err e = { 0 };
	sense_end(w->sense);
	assert_int_equal(sense_plant(w->sense, &w->plant, &e), 0);
	out_text(&w->out);
}

enum { POINT_LINES = 128, POINT_LINE = 256 };

static void put_point(struct out *o, const struct point *point)
{
	out_fmt(o, "%s=%g%s\n", point->address, point->last, point->written ? "!" : "");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void put_points_by_host(struct out *o, const struct plant *p)
{
	static char lines[POINT_LINES][POINT_LINE];
	assert_true(p->point_count <= POINT_LINES);
	for (size_t i = 0; i < p->point_count; i++) {
		const struct run *ips = &p->assets[p->points[i].asset].ips;
		struct out line = out_mem(lines[i], POINT_LINE);
		out_fmt(&line, "%u ", ips->count ? p->ips[ips->first].b[15] : 0u);
		put_point(&line, &p->points[i]);
		out_text(&line);
	}
	qsort(lines, p->point_count, POINT_LINE, by_text);
	for (size_t i = 0; i < p->point_count; i++)
		out_str(o, lines[i]);
}

const char *tap_points(struct tap *w, bool by_host)
{
	w->out = out_mem(w->text, sizeof w->text);
	if (by_host)
		put_points_by_host(&w->out, &w->plant);
	for (size_t i = 0; !by_host && i < w->plant.point_count; i++)
		put_point(&w->out, &w->plant.points[i]);
	return out_text(&w->out);
}

uint64_t tap_counter(const struct tap *w, const char *name)
{
	for (size_t i = 0; i < w->plant.counter_count; i++)
		if (strcmp(w->plant.counters[i].name, name) == 0)
			return w->plant.counters[i].n;
	fail_msg("no counter '%s'", name);
	return 0;
}

const struct asset *tap_asset(const struct tap *w, const char *ip)
{
	char text[IP_TEXT];
	for (size_t i = 0; i < w->plant.asset_count; i++) {
		const struct asset *a = &w->plant.assets[i];
		for (uint32_t k = 0; k < a->ips.count; k++)
			if (strcmp(ip_text(&w->plant.ips[a->ips.first + k], text), ip) == 0)
				return a;
	}
	return NULL;
}

void tap_frame(struct tap *w, const struct made *m, size_t wire_size)
{
	const struct sense_frame f = { .bytes = m->bytes,
		.size = (uint32_t)m->size,
		.wire_size = (uint32_t)(wire_size ? wire_size : m->size),
		.linktype = LINK_ETHERNET,
		.at_ns = w->at_ns,
		.number = ++w->frames };
	sense_frames(w->sense, &f, 1);
	w->at_ns += 1000000;
}

void tap_tcp(struct tap *w, const struct tcp_row *row)
{
	struct made data = { .size = 0 }, m = { .size = 0 };
	if (row->hex)
		made_hex(&data, row->hex);
	made_bytes(&data, row->bytes, row->size);
	size_t size = 20 + row->options + data.size;
	made_ether(&m, row->from, row->to, 0x0800);
	made_ip4(&m,
		&(struct made_ip4){ .from = row->from,
			.to = row->to,
			.transport = TRANSPORT_TCP,
			.ttl = row->ttl,
			.size = size });
	uint8_t *head = m.bytes + m.size;
	made_16(&m, row->from_port);
	made_16(&m, row->to_port);
	made_32(&m, row->seq);
	made_32(&m, row->ack);
	made_16(&m, (unsigned)(20 + row->options) / 4 << 12 | row->flags);
	made_16(&m, 8192);
	made_32(&m, 0);
	for (unsigned i = 0; i < row->options; i++)
		made_bytes(&m, "\x01", 1);
	made_bytes(&m, data.bytes, data.size);
	uint32_t pseudo = sum(head - 8, 8, 0) + TRANSPORT_TCP + (uint32_t)size;
	put_16(head + 16, ~sum(head, size, pseudo));
	size_t whole = m.size;
	if (row->snap && row->snap < m.size)
		m.size = row->snap;
	tap_frame(w, &m, whole);
}

void tap_udp(struct tap *w, const struct udp_row *row)
{
	struct made data = { .size = 0 }, m = { .size = 0 };
	if (row->hex)
		made_hex(&data, row->hex);
	made_bytes(&data, row->bytes, row->size);
	made_ether(&m, row->mac ? row->mac : row->from, row->to, 0x0800);
	made_ip4(&m,
		&(struct made_ip4){ .from = row->from,
			.to = row->to,
			.transport = TRANSPORT_UDP,
			.ttl = row->ttl,
			.group = row->group,
			.size = 8 + data.size });
	made_udp(&m, row->from_port, row->to_port, data.size);
	made_bytes(&m, data.bytes, data.size);
	tap_frame(w, &m, 0);
}

void tap_arp(struct tap *w, unsigned host, const uint8_t ip[4], unsigned vlan)
{
	struct made m = { .size = 0 };
	made_hex(&m, "ffffffffffff");
	made_mac(&m, host);
	if (vlan) {
		made_16(&m, 0x8100);
		made_16(&m, vlan);
	}
	made_16(&m, 0x0806);
	made_hex(&m, "0001 0800 06 04 0002");
	made_mac(&m, host);
	made_bytes(&m, ip, 4);
	made_hex(&m, "ffffffffffff");
	made_bytes(&m, ip, 4);
	tap_frame(w, &m, 0);
}
