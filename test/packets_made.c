#include "packets_made.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sense/capture.h"

enum { NUMBER_AT = 42 }; /* behind Ethernet, IPv4 and UDP */

static uint8_t *put_mac(uint8_t *at, unsigned host)
{
	const uint8_t mac[6] = { 2, 0, 0, 0, (uint8_t)(host >> 8), (uint8_t)host };
	return (uint8_t *)memcpy(at, mac, sizeof mac) + sizeof mac;
}

static uint8_t *put_ip(uint8_t *at, unsigned host)
{
	const uint8_t ip[4] = { 10, 0, (uint8_t)(host >> 8), (uint8_t)host };
	return (uint8_t *)memcpy(at, ip, sizeof ip) + sizeof ip;
}

void made_frame(struct made_frame *m, uint64_t number, unsigned from, unsigned to, size_t size)
{
	static const uint8_t ip[12] = { 0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17 };
	uint8_t *at = put_mac(put_mac(m->bytes, to), from);
	uint16_t total = (uint16_t)(size - 14);
	assert_in_range(size, 60, MADE_MOST);
	memset(at, (int)(number % 251), size - 12);
	*at++ = 8;
	*at++ = 0;
	memcpy(at, ip, sizeof ip);
	at[2] = (uint8_t)(total >> 8);
	at[3] = (uint8_t)total;
	put_ip(put_ip(at + sizeof ip, from), to);
	memcpy(m->bytes + NUMBER_AT, &number, sizeof number);
	m->frame = (struct sense_frame){ .bytes = m->bytes,
		.size = (uint32_t)size,
		.wire_size = (uint32_t)size,
		.linktype = LINK_ETHERNET,
		.at_ns = MADE_BEGIN + (int64_t)number * 1000000,
		.number = number };
}

struct packets_host made_host(unsigned host)
{
	struct packets_host h = { .is_mac = false };
	uint8_t ip[4];
	put_ip(ip, host);
	h.ip = ip_of_4(ip);
	return h;
}

struct packets_host made_host_mac(unsigned host)
{
	struct packets_host h = { .is_mac = true };
	put_mac(h.mac, host);
	return h;
}

uint64_t got_sum(uint64_t sum, const struct sense_frame *f)
{
	const uint64_t said[] = { f->size, f->wire_size, (uint64_t)f->linktype,
		(uint64_t)f->at_ns };
	for (size_t i = 0; i < 4; i++)
		sum = (sum ^ said[i]) * 1099511628211u;
	for (size_t i = 0; i < f->size; i++)
		sum = (sum ^ f->bytes[i]) * 1099511628211u;
	return sum;
}

static void take(struct got *g, const struct capture_frame *c)
{
	struct sense_frame f = { .bytes = c->bytes,
		.size = c->size,
		.wire_size = c->wire_size,
		.linktype = c->linktype,
		.at_ns = c->at_ns };
	uint64_t number = 0;
	if (f.size >= NUMBER_AT + sizeof number)
		memcpy(&number, f.bytes + NUMBER_AT, sizeof number);
	g->sum = got_sum(g->sum, &f);
	g->ordered &= !g->frames || f.at_ns >= g->last_ns;
	g->steps &= !g->frames || number == g->last + 1;
	if (!g->frames++) {
		g->first = number;
		g->first_ns = f.at_ns;
	}
	g->last = number;
	g->last_ns = f.at_ns;
	if (c->interface >= g->interfaces)
		g->interfaces = c->interface + 1;
}

void got_capture(int fd, struct got *out)
{
	struct capture_frame frame;
	struct err e = { 0 };
	int r;
	lseek(fd, 0, SEEK_SET);
	struct capture *c = capture_open(fd, "handed out", &e);
	assert_non_null(c);
	out->ordered = out->steps = true;
	while ((r = capture_next(c, &frame, &e)) == 1)
		take(out, &frame);
	assert_int_equal(r, 0);
	assert_false(capture_state(c)->truncated);
	capture_close(c);
}

void got_of(const struct files *f, const struct packets_question *q, struct got *out)
{
	static char buffer[65536];
	int fd = memfd_create("handed out", MFD_CLOEXEC);
	struct out o = out_fd(fd, buffer, sizeof buffer);
	struct err e = { 0 };
	*out = (struct got){ 0 };
	assert_int_equal(packets_find(f, q, &o, &out->found, &e), 0);
	assert_int_equal(out_flush(&o, &e), 0);
	got_capture(fd, out);
	assert_int_equal(out->found.frames, out->frames);
	assert_int_equal(out->found.first_ns, out->first_ns);
	assert_int_equal(out->found.last_ns, out->last_ns);
}

struct got got_all(const struct files *f)
{
	struct got g;
	got_of(f, &(struct packets_question){ .from_ns = INT64_MIN }, &g);
	return g;
}
