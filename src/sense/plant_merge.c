/* Who is one asset with whom.
 *
 * An address and a MAC belong together when the MAC said so (ARP, DHCP, neighbour discovery), or
 * when the packets came straight from it.  A router's MAC carries the packets of many others: their
 * time to live has gone down on the way, or there are simply too many.  Two interfaces are one
 * asset when both give the same serial number or name the same chassis. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/plant_room.h"

/* Addresses one interface may have without being a router or a proxy: a server with a few aliases.
 */
enum { CLAIMED_MAX = 8, UNCLAIMED_MAX = 3, CHANGED_MAX = 16 };

/* A serial number shorter than this ("1", "0000") is nobody's, and one that more subjects than a
 * device has interfaces give is the factory's or the image's. */
enum { SERIAL_LEAST = 5, SERIAL_SHARED = 16 };

/* Routers a packet may have passed when its time to live still shows where it started. */
enum { HOPS = 8 };

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

/* A little below what senders set: routers took it off. */
static bool came_far(uint8_t ttl)
{
	return (ttl < 64 && ttl + HOPS >= 64 && ttl != 60) || (ttl < 128 && ttl + HOPS >= 128) ||
		(ttl < 255 && ttl + HOPS >= 255);
}

static bool is_link_local6(const struct ip *a)
{
	return a->b[0] == 0xfe && (a->b[1] & 0xc0) == 0x80;
}

/* An address that its host made out of the MAC (RFC 4291, appendix A). */
static bool is_made_from(const struct ip *a, const uint8_t mac[6])
{
	return !ip_is_4(a) && a->b[8] == (mac[0] ^ 2) && memcmp(a->b + 9, mac + 1, 2) == 0 &&
		a->b[11] == 0xff && a->b[12] == 0xfe && memcmp(a->b + 13, mac + 3, 3) == 0;
}

/* By its own word, or because no other could have it. */
static bool is_own(const struct inventory *v, const struct bind *b)
{
	const struct ip *a = &host_at(v, b->host)->ip;
	return b->claimed || is_link_local6(a) || is_made_from(a, mac_at(v, b->mac)->address);
}

static bool is_public4(const struct ip *a)
{
	return ip_is_4(a) && ip_is_public(a);
}

static struct mac_tally tally_of(const struct inventory *v, uint32_t mac)
{
	struct mac_tally t = { 0 };
	const struct bind *b;
	for (uint32_t n = mac_at(v, mac)->binds; n; n = b->next_of_mac) {
		b = bind_at(v, n);
		const struct host *h = host_at(v, b->host);
		bool far = !fresh_ttl(b->ttl) || h->outside;
		t.claimed += is_own(v, b);
		/* IPv6 hosts change their address every day (RFC 8981): many are still one host's.
		 */
		bool changed = !is_own(v, b) && !far && !ip_is_4(&h->ip);
		t.changed += changed;
		if (is_own(v, b) || (changed && t.changed <= CHANGED_MAX))
			continue;
		t.unclaimed++;
		t.far += far;
		t.public += is_public4(&h->ip);
		t.outside += h->outside || (ip_is_public(&h->ip) && came_far(b->ttl));
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
	const struct host *h = host_at(v, b->host);
	if (b->claimed)
		return t->claimed <= CLAIMED_MAX;
	if (is_own(v, b))
		return true;
	if (!ip_is_4(&h->ip))
		return fresh_ttl(b->ttl);
	if (h->outside || plant_forwards(r, b->mac))
		return false;
	if (t->claimed && (ip_is_public(&h->ip) || !fresh_ttl(b->ttl)))
		return false;  /* somebody behind it */
	if (t->unclaimed == 1) /* alone behind it: its own, unless somebody forwarded it */
		return !came_far(b->ttl) && (fresh_ttl(b->ttl) || !ip_is_public(&h->ip));
	return fresh_ttl(b->ttl) && !ip_is_public(&h->ip);
}

/* --- who is outside --- */

static bool is_here(const struct inventory *v, const struct host *h)
{
	bool here = false;
	for (uint32_t n = h->binds; n && !here; n = bind_at(v, n)->next_of_host)
		here = bind_is_straight(bind_at(v, n));
	return here;
}

/* A network has private addresses or public ones.  Who has a public one, and talks with private
 * ones on the spot, stands behind a router, even where its time to live does not show it: a proxy
 * or a firewall made the packets anew.  Some plants have public addresses throughout: there one
 * neighbour with a public address is enough to be a neighbour. */
static void mark_outside(const struct inventory *v)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		for (uint32_t n = 1; n < v->conversations.used; n++) {
			const struct conversation *c = conversation_at(v, n);
			if (!c->server || !c->packets || (c->client | c->server) & OF_MAC)
				continue;
			struct host *end[2] = { host_at(v, c->client), host_at(v, c->server) };
			bool public[2] = { is_public4(&end[0]->ip), is_public4(&end[1]->ip) };
			bool both = ip_is_4(&end[0]->ip) && ip_is_4(&end[1]->ip);
			for (unsigned i = 0; i < 2 && both; i++) {
				if (!public[i] || !is_here(v, end[!i]))
					continue;
				if (pass == 0 && !public[!i])
					end[i]->outside = true;
				else if (pass == 1 && public[!i] && !end[!i]->outside)
					end[i]->outside = false;
			}
		}
	}
}

/* What speaks for it: packets that came straight from there weigh more than words. */
static unsigned weight_of(const struct bind *b)
{
	return bind_is_straight(b) * 2u + b->claimed;
}

/* Of several MACs a host was seen behind: the one that sends from the address, and claims it; else
 * the first that claims it, or the one that sent most. */
static void join_host(struct sense *s, struct plant_room *r, uint32_t host)
{
	const struct inventory *v = &s->inventory;
	const struct bind *best = NULL, *b;
	for (uint32_t n = host_at(v, host)->binds; n; n = b->next_of_host) {
		b = bind_at(v, n);
		if (!belongs(v, r, b))
			continue;
		bool better = !best || weight_of(b) > weight_of(best) ||
			(weight_of(b) == weight_of(best) &&
				(b->claimed ? b->frame < best->frame : b->frames > best->frames));
		if (better)
			best = b;
	}
	if (best)
		join(r, node_of_host(host), node_of_mac(r, best->mac));
}

/* --- one serial number or chassis, two interfaces: the same device --- */

/* Somebody's word about its box. */
struct claim {
	const char *protocol; /* of a plain number: makers number from 1, each for himself */
	uint32_t value;       /* string number */
	uint32_t node;
	uint8_t key;
};

struct claims {
	struct claim *list;
	size_t count;
};

static bool names_box(const struct inventory *v, const struct said *w)
{
	const char *serial = string_at(v, w->value);
	/* UPnP descriptions carry the number of the kit they were made from; a forwarded port shows
	 * them at two addresses. */
	if (strcmp(w->protocol, "http") == 0)
		return false;
	return (w->key == ID_SERIAL || w->key == ID_CHASSIS) && strlen(serial) >= SERIAL_LEAST &&
		strspn(serial, "0 -.xX") != strlen(serial);
}

static bool plain_number(const char *serial)
{
	return strspn(serial, "0123456789abcdefABCDEFxX") == strlen(serial);
}

/* Counts only while there is no list. */
static void collect(const struct inventory *v, struct claims *c, uint32_t node, uint32_t said)
{
	const struct said *w;
	for (uint32_t n = said; n; n = w->next) {
		w = said_at(v, n);
		if (!names_box(v, w))
			continue;
		if (c->list)
			c->list[c->count] = (struct claim){
				.protocol = plain_number(string_at(v, w->value)) ? w->protocol : "",
				.value = w->value,
				.node = node,
				.key = w->key
			};
		c->count++;
	}
}

static void collect_all(const struct inventory *v, const struct plant_room *r, struct claims *c)
{
	c->count = 0;
	for (uint32_t n = 1; n <= r->host_count; n++)
		collect(v, c, node_of_host(n), host_at(v, n)->said);
	for (uint32_t n = 1; n <= r->mac_count; n++)
		collect(v, c, node_of_mac(r, n), mac_at(v, n)->said);
}

static int by_box(const struct claim *x, const struct claim *y)
{
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return strcmp(x->protocol, y->protocol);
}

static int by_box_and_node(const void *a, const void *b)
{
	const struct claim *x = a, *y = b;
	int box = by_box(x, y);
	return box ? box : (x->node > y->node) - (x->node < y->node);
}

/* Ports that send with MACs of their own name the one that the box speaks with; 0: no such MAC. */
static uint32_t chassis_of(const struct inventory *v, const struct claim *c)
{
	unsigned x[6];
	uint8_t mac[6];
	int end = 0;
	const char *text = string_at(v, c->value);
	if (c->key != ID_CHASSIS ||
		sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%n", &x[0], &x[1], &x[2], &x[3], &x[4], &x[5],
			&end) != 6 ||
		text[end])
		return 0;
	for (size_t i = 0; i < sizeof mac; i++)
		mac[i] = (uint8_t)x[i];
	return inventory_mac_find(v, mac);
}

static void join_boxes(const struct inventory *v, struct plant_room *r)
{
	struct claims c = { 0 };
	collect_all(v, r, &c);
	c.list = calloc(c.count + 1, sizeof *c.list);
	if (!c.list) {
		r->no_memory = true;
		return;
	}
	collect_all(v, r, &c);
	qsort(c.list, c.count, sizeof *c.list, by_box_and_node);
	for (size_t i = 0, end; i < c.count; i = end) {
		for (end = i + 1; end < c.count && by_box(&c.list[i], &c.list[end]) == 0;)
			end++;
		if (end - i > SERIAL_SHARED)
			continue;
		for (size_t k = i + 1; k < end; k++)
			join(r, c.list[i].node, c.list[k].node);
		uint32_t mac = chassis_of(v, &c.list[i]);
		if (mac)
			join(r, c.list[i].node, node_of_mac(r, mac));
	}
	free(c.list);
}

void plant_merge(struct sense *s, struct plant_room *r)
{
	const struct inventory *v = &s->inventory;
	mark_outside(v);
	for (uint32_t n = 1; n <= r->mac_count; n++)
		r->tally[n] = tally_of(v, n);
	for (uint32_t n = 1; n <= r->host_count; n++)
		join_host(s, r, n);
	join_boxes(v, r);
}
