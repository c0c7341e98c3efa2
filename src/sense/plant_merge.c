/* Who is one asset with whom.
 *
 * An address and a MAC belong together when the MAC said so (ARP, DHCP, neighbour discovery), or
 * when the packets came straight from it.  A router's MAC carries the packets of many others: their
 * time to live has gone down on the way, or there are simply too many.  Two interfaces are one
 * asset when both give the same serial number. */
#include <string.h>

#include "sense/plant_room.h"

/* Addresses one interface may have without being a router or a proxy: a server with a few aliases.
 */
enum { CLAIMED_MAX = 8, UNCLAIMED_MAX = 3 };

/* A serial number shorter than this ("1", "0000") is nobody's. */
enum { SERIAL_LEAST = 5 };

uint32_t plant_root(struct plant_room *r, uint32_t node)
{
	while (r->parent[node] != node) {
		r->parent[node] = r->parent[r->parent[node]];
		node = r->parent[node];
	}
	return node;
}

/* The lower number leads, so the result does not depend on the order of joining. */
static void join(struct plant_room *r, uint32_t a, uint32_t b)
{
	a = plant_root(r, a);
	b = plant_root(r, b);
	if (a < b)
		r->parent[b] = a;
	else
		r->parent[a] = b;
}

/* Time to live as senders set it: nobody has taken one off yet (RFC 1700 and what systems do). */
static bool fresh_ttl(uint8_t ttl)
{
	return ttl == 64 || ttl == 128 || ttl == 255 || ttl == 32 || ttl == 30 || ttl == 60 ||
		ttl == 1;
}

static bool is_link_local6(const struct ip *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

static struct mac_tally tally_of(const struct inventory *v, uint32_t mac)
{
	struct mac_tally t = { 0 };
	const struct bind *b;
	for (uint32_t n = mac_at(v, mac)->binds; n; n = b->next_of_mac) {
		b = pool_at(&v->binds, n);
		const struct ip *a = &host_at(v, b->host)->ip;
		if (b->claimed || is_link_local6(a)) {
			t.claimed++;
		} else {
			t.unclaimed++;
			t.far += !fresh_ttl(b->ttl);
			t.public += ip_is_public(a);
		}
	}
	return t;
}

bool plant_forwards(const struct plant_room *r, uint32_t mac)
{
	const struct mac_tally *t = &r->tally[mac];
	/* Its own address is among the unclaimed when nobody asked for it by ARP. */
	return t->unclaimed > UNCLAIMED_MAX || (t->unclaimed >= 2 && t->far >= 2) ||
		(t->claimed && t->unclaimed >= 2 && t->far + t->public >= 1);
}

static bool belongs(const struct inventory *v, const struct plant_room *r, const struct bind *b)
{
	const struct mac_tally *t = &r->tally[b->mac];
	const struct ip *a = &host_at(v, b->host)->ip;
	if (b->claimed)
		return t->claimed <= CLAIMED_MAX;
	if (is_link_local6(a))
		return true;
	if (plant_forwards(r, b->mac))
		return false;
	if (t->claimed && (ip_is_public(a) || !fresh_ttl(b->ttl)))
		return false; /* somebody behind it */
	return t->unclaimed == 1 || (fresh_ttl(b->ttl) && !ip_is_public(a));
}

/* Of several MACs a host was seen behind: the one that claims it, else the one that sent most. */
static void join_host(struct sense *s, struct plant_room *r, uint32_t host)
{
	const struct inventory *v = &s->inventory;
	const struct bind *best = NULL, *b;
	for (uint32_t n = host_at(v, host)->binds; n; n = b->next_of_host) {
		b = pool_at(&v->binds, n);
		if (!belongs(v, r, b))
			continue;
		bool better = !best || b->claimed > best->claimed ||
			(b->claimed == best->claimed &&
				(b->claimed ? b->frame < best->frame : b->frames > best->frames));
		if (better)
			best = b;
	}
	if (best)
		join(r, node_of_host(host), node_of_mac(r, best->mac));
}

/* One serial number or chassis, two interfaces: the same device.  `owner` remembers who said it
 * first. */
static void join_serials(
	struct sense *s, struct plant_room *r, uint32_t node, uint32_t said, struct table *owner)
{
	const struct inventory *v = &s->inventory;
	const struct said *w;
	for (uint32_t n = said; n; n = w->next) {
		w = pool_at(&v->said, n);
		const char *serial = string_at(v, w->value);
		bool names_box = w->key == ID_SERIAL || w->key == ID_CHASSIS;
		if (!names_box || strlen(serial) < SERIAL_LEAST ||
			strspn(serial, "0 -.xX") == strlen(serial))
			continue;
		uint64_t hash = w->value * UINT64_C(0x9e3779b97f4a7c15);
		bool known = false;
		for (uint32_t at = table_first(owner, hash), other;
			!known && (other = table_next(owner, hash, &at));) {
			join(r, node, other);
			known = true;
		}
		if (!known)
			table_add(owner, hash, node);
	}
}

void plant_merge(struct sense *s, struct plant_room *r)
{
	const struct inventory *v = &s->inventory;
	for (uint32_t n = 1; n <= r->mac_count; n++)
		r->tally[n] = tally_of(v, n);
	for (uint32_t n = 1; n <= r->host_count; n++)
		join_host(s, r, n);
	struct table owner;
	struct err e;
	if (table_init(&owner, v->said.used, &e))
		return; /* no memory: they stay apart */
	for (uint32_t n = 1; n <= r->host_count; n++)
		join_serials(s, r, node_of_host(n), host_at(v, n)->said, &owner);
	for (uint32_t n = 1; n <= r->mac_count; n++)
		join_serials(s, r, node_of_mac(r, n), mac_at(v, n)->said, &owner);
	table_done(&owner);
}
