#include "sense/fragment.h"

#include <string.h>

#include "base/clock.h"

enum { DATAGRAM_MAX = 65535, TIMEOUT_S = 30 };

/* A datagram's bytes, and the bits that say which of them came. */
static size_t memory_of(uint32_t room)
{
	return room + room / 64;
}

static void forget(struct fragments *f, struct datagram *d, struct budget *b)
{
	if (d->bytes) {
		budget_free(b, d->bytes, memory_of(d->room));
		f->used -= memory_of(d->room);
	}
	memset(d, 0, sizeof *d);
}

static struct datagram *find(struct fragments *f, struct budget *b, const struct packet *p)
{
	/* Any but the one that is being read. */
	struct datagram *oldest = &f->datagrams[f->given == f->datagrams], *unused = NULL;
	for (size_t i = 0; i < FRAGMENT_DATAGRAMS; i++) {
		struct datagram *d = &f->datagrams[i];
		if (!d->used) {
			if (d != f->given)
				unused = d;
			continue;
		}
		if (d->id == p->fragment_id && d->transport == p->transport &&
			memcmp(&d->src, &p->src, sizeof d->src) == 0 &&
			memcmp(&d->dst, &p->dst, sizeof d->dst) == 0) {
			if (p->at_ns - d->at_ns <= TIMEOUT_S * CLOCK_SECOND)
				return d;
			f->given_up++;
			forget(f, d, b);
			unused = d;
			continue;
		}
		if (d != f->given && d->at_ns < oldest->at_ns)
			oldest = d;
	}
	if (!unused) {
		f->given_up++;
		unused = oldest;
	}
	forget(f, unused, b);
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

/* Memory for a datagram up to `end`.  Others make room, those that are whole and read first, then
 * the oldest: a piece that never finds its rest must not keep a place for ever. */
static bool reserve(struct fragments *f, struct budget *b, struct datagram *d, uint32_t end)
{
	if (end <= d->room)
		return true;
	uint32_t room = end < 4096 ? 4096 : DATAGRAM_MAX + 1;
	size_t more = memory_of(room) - (d->bytes ? memory_of(d->room) : 0);
	while (f->used + more > b->max / 4) {
		struct datagram *first = NULL;
		for (size_t i = 0; i < FRAGMENT_DATAGRAMS; i++) {
			struct datagram *o = &f->datagrams[i];
			if (o == d || o == f->given || !o->bytes)
				continue;
			if (!first || o->used < first->used ||
				(o->used == first->used && o->at_ns < first->at_ns))
				first = o;
		}
		if (!first)
			break;
		f->given_up += first->used;
		forget(f, first, b);
	}
	uint8_t *bytes = budget_alloc(b, memory_of(room));
	if (!bytes)
		return false;
	if (d->bytes) {
		memcpy(bytes, d->bytes, d->room);
		memcpy(bytes + room, d->bytes + d->room, d->room / 64);
		budget_free(b, d->bytes, memory_of(d->room));
	}
	d->bytes = bytes;
	d->room = room;
	f->used += more;
	return true;
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
	if (!reserve(f, b, d, end))
		return false;
	if (p->fragment_more ? d->last_seen && end > d->end : !ends_at(d, end)) {
		f->dropped++;
		return false;
	}
	if (end > d->reach)
		d->reach = end;
	uint8_t *filled = d->bytes + d->room;
	/* Who sends a lot comes back to the 16 bits of IPv4's numbers soon (RFC 6864, 3.2). */
	bool near = p->at_ns - d->at_ns < (p->ip6 ? 60 : 1) * CLOCK_SECOND;
	f->differs = false;
	for (uint32_t at = p->fragment_at; at < end; at += 8) {
		uint32_t unit = at / 8, n = end - at < 8 ? end - at : 8, from = at - p->fragment_at;
		if (filled[unit / 8] >> unit % 8 & 1) {
			f->overlaps++;
			f->differs |= near && memcmp(d->bytes + at, p->payload.at + from, n) != 0;
			continue;
		}
		memcpy(d->bytes + at, p->payload.at + from, n);
		filled[unit / 8] |= (uint8_t)(1 << unit % 8);
		d->have += n;
	}
	if (!d->last_seen || d->have < d->end)
		return false;
	*c = cur_of(d->bytes, d->end);
	d->used = false; /* the bytes stay until somebody takes the place */
	f->given = d;
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
		forget(f, &f->datagrams[i], b);
	budget_free(b, f->datagrams, FRAGMENT_DATAGRAMS * sizeof *f->datagrams);
	f->datagrams = NULL;
}
