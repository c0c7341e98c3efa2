#include "sense/fragment.h"

#include <string.h>

#include "base/clock.h"

enum { DATAGRAM_MAX = 65535, TIMEOUT_S = 30 };

static void forget(struct datagram *d, struct budget *b)
{
	budget_free(b, d->bytes, d->room);
	memset(d, 0, sizeof *d);
}

static struct datagram *find(struct fragments *f, struct budget *b, const struct packet *p)
{
	struct datagram *oldest = NULL, *unused = NULL;
	for (size_t i = 0; i < FRAGMENT_DATAGRAMS; i++) {
		struct datagram *d = &f->datagrams[i];
		if (!d->used) {
			unused = d;
			continue;
		}
		if (d->id == p->fragment_id && d->transport == p->transport &&
			memcmp(&d->src, &p->src, sizeof d->src) == 0 &&
			memcmp(&d->dst, &p->dst, sizeof d->dst) == 0) {
			if (p->at_ns - d->at_ns <= TIMEOUT_S * CLOCK_SECOND)
				return d;
			f->given_up++;
			forget(d, b);
			unused = d;
			continue;
		}
		if (!oldest || d->at_ns < oldest->at_ns)
			oldest = d;
	}
	if (!unused) {
		f->given_up++;
		unused = oldest;
	}
	forget(unused, b);
	*unused = (struct datagram){ .src = p->src,
		.dst = p->dst,
		.id = p->fragment_id,
		.transport = p->transport,
		.used = true,
		.at_ns = p->at_ns };
	return unused;
}

/* The last piece says where the datagram ends: nothing may lie beyond it. */
static bool ends_at(struct datagram *d, uint32_t end)
{
	if (d->last_seen)
		return d->end == end;
	if (d->reach > end)
		return false;
	d->last_seen = true;
	d->end = end;
	return true;
}

static bool unit_filled(const struct datagram *d, uint32_t unit)
{
	return d->filled[unit / 8] >> unit % 8 & 1;
}

bool fragments_add(struct fragments *f, struct budget *b, const struct packet *p, struct cur *c)
{
	uint32_t size = (uint32_t)p->payload.left;
	uint32_t end = p->fragment_at + size;
	/* Only the last piece may have an odd size; a cut one can never be completed. */
	if (!size || end > DATAGRAM_MAX || p->missing || (p->fragment_more && size % 8)) {
		f->dropped++;
		return false;
	}
	if (!f->datagrams) {
		f->datagrams = budget_alloc(b, FRAGMENT_DATAGRAMS * sizeof *f->datagrams);
		if (!f->datagrams)
			return false;
	}
	struct datagram *d = find(f, b, p);
	if (end > d->room) {
		uint32_t room = end < 4096 ? 4096 : DATAGRAM_MAX + 1;
		uint8_t *bytes = budget_grow(b, d->bytes, d->room, room);
		if (!bytes)
			return false;
		d->bytes = bytes;
		d->room = room;
	}
	if (p->fragment_more ? d->last_seen && end > d->end : !ends_at(d, end)) {
		f->dropped++;
		return false;
	}
	if (end > d->reach)
		d->reach = end;
	for (uint32_t at = p->fragment_at; at < end; at += 8) {
		uint32_t unit = at / 8, n = end - at < 8 ? end - at : 8;
		if (unit_filled(d, unit)) {
			f->overlaps++;
			continue;
		}
		memcpy(d->bytes + at, p->payload.at + (at - p->fragment_at), n);
		d->filled[unit / 8] |= (uint8_t)(1 << unit % 8);
		d->have += n;
	}
	if (!d->last_seen || d->have < d->end)
		return false;
	*c = cur_of(d->bytes, d->end);
	d->used = false; /* the bytes stay until somebody takes the place */
	return true;
}

void fragments_end(struct fragments *f)
{
	for (size_t i = 0; f->datagrams && i < FRAGMENT_DATAGRAMS; i++) {
		f->given_up += f->datagrams[i].used;
		f->datagrams[i].used = false;
	}
}

void fragments_done(struct fragments *f, struct budget *b)
{
	for (size_t i = 0; f->datagrams && i < FRAGMENT_DATAGRAMS; i++)
		forget(&f->datagrams[i], b);
	budget_free(b, f->datagrams, FRAGMENT_DATAGRAMS * sizeof *f->datagrams);
	f->datagrams = NULL;
}
