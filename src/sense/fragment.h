/* IP datagrams put together from fragments: a few at a time, in a quarter of the memory streams
 * live from, the oldest given up.  Bytes that came first stay: what overlaps them later is counted,
 * never used (RFC 5722 spirit). */
#ifndef SENSE_FRAGMENT_H
#define SENSE_FRAGMENT_H

#include "base/budget.h"
#include "sense/packet.h"

enum { FRAGMENT_DATAGRAMS = 64 };

struct datagram {
	struct ip src, dst;
	uint32_t id;
	uint8_t transport;
	bool used, last_seen;
	int64_t at_ns;
	uint8_t *bytes; /* `room` of them, then a bit for each 8-byte unit that is filled */
	uint32_t room;
	uint32_t end;   /* total size, once the last fragment came */
	uint32_t have;  /* bytes filled */
	uint32_t reach; /* the end of what is filled */
};

struct fragments {
	struct datagram
		*datagrams;     /* FRAGMENT_DATAGRAMS of them, allocated at the first fragment */
	struct datagram *given; /* the last that was whole */
	size_t used;            /* memory of their bytes */
	uint64_t given_up, overlaps; /* datagrams; pieces of them */
	uint64_t dropped;            /* pieces that can belong to no whole datagram */
	bool differs; /* the last one had other bytes for what had come shortly before */
};

/* Takes the fragment; true when its datagram is whole: *c is the payload, good until the next one
 * is whole, so that what it carries may be a fragment too (a mirror's packets are cut like others).
 */
bool fragments_add(struct fragments *f, struct budget *b, const struct packet *p, struct cur *c);
void fragments_end(struct fragments *f); /* what still waits is given up */
void fragments_done(struct fragments *f, struct budget *b);

#endif
