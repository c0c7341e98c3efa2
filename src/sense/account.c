/* From packets and facts to the inventory: who spoke, with whom, how much, doing what. */
#include <string.h>

#include "base/clock.h"
#include "base/clock.h"
#include "sense/engine.h"

/* Datagrams to one who never answers, before he is believed to be there: a scanner tries twice. */
enum { TOLD_OFTEN = 4 };

static uint32_t see_mac(struct sense *s, const struct packet *p)
{
	struct inventory *v = &s->inventory;
	static const uint8_t none[6];
	if (!p->has_mac || p->src_mac[0] & 1 || memcmp(p->src_mac, none, 6) == 0)
		return 0;
	uint32_t n = inventory_mac(v, p->src_mac);
	if (n) {
		mac_at(v, n)->spoke = true;
		inventory_vlan(mac_at(v, n), p->vlan);
	}
	return n;
}

void account_link(struct sense *s, const struct packet *p)
{
	uint32_t n = see_mac(s, p);
	s->src_mac = n;
	if (!n)
		return;
	struct mac *m = mac_at(&s->inventory, n);
	m->frames++;
	m->bytes += p->wire_size;
	clock_widen(&m->first_ns, &m->last_ns, p->at_ns, p->at_ns);
}

static void see_bind(struct sense *s, struct flow *f, unsigned side, const struct packet *p)
{
	struct inventory *v = &s->inventory;
	if (f->host[side])
		host_at(v, f->host[side])->spoke = true;
	struct bind *b = inventory_bind(v, f->mac_number[side], f->host[side], p->frame);
	if (!b)
		return;
	bool was_straight = bind_is_straight(b);
	b->frames++;
	b->last_ns = p->at_ns;
	if (p->ttl > b->ttl)
		b->ttl = p->ttl;
	bool now_straight = !was_straight && bind_is_straight(b);
	uint32_t claimant = now_straight && !b->claimed ? inventory_claimant(v, b) : 0;
	if (claimant)
		detections_stranger(s, claimant, b->mac, b->host, p->frame, p->at_ns);
}

static void add_to_mac(struct sense *s, uint32_t number, uint64_t packets, uint64_t bytes,
	int64_t first_ns, int64_t last_ns)
{
	if (!number)
		return;
	struct mac *m = mac_at(&s->inventory, number);
	m->frames += packets;
	m->bytes += bytes;
	clock_widen(&m->first_ns, &m->last_ns, first_ns, last_ns);
}

/* What was counted of a flow under way already; all zero where nobody asks before its end. */
static struct counted counted_of(const struct sense *s, const struct flow *f)
{
	return s->counted ? s->counted[flows_number(&s->flows, f)] : (struct counted){ 0 };
}

/* The sender's MAC is looked up again only when it changes: a router changed, or two hosts claim
 * it. What one MAC sent is no other's: from then on each packet counts for the MAC it came from. */
static void see_side(struct sense *s, struct flow *f, unsigned side, const struct packet *p)
{
	bool mixed = f->mixed >> side & 1;
	if (f->packets[side] > 1 && !mixed) {
		const struct counted c = counted_of(s, f);
		add_to_mac(s, f->mac_number[side], f->packets[side] - 1 - c.packets[side],
			f->bytes[side] - p->wire_size - c.bytes[side], f->first_ns[side],
			f->last_ns[side]);
		f->mixed |= (uint8_t)(1u << side);
		mixed = true;
	}
	if (f->packets[side] == 1 || memcmp(f->mac[side], p->src_mac, 6) != 0) {
		memcpy(f->mac[side], p->src_mac, 6);
		f->mac_number[side] = see_mac(s, p);
		see_bind(s, f, side, p);
	}
	if (mixed)
		add_to_mac(s, f->mac_number[side], 1, p->wire_size, p->at_ns, p->at_ns);
}

void account_packet(struct sense *s, struct flow *f, unsigned side, const struct packet *p)
{
	flows_mark(&s->flows, f, FLOW_RECENT);
	f->bytes[side] += p->wire_size;
	bool look = f->packets[side]++ == 0 || f->mixed >> side & 1;
	if (look || memcmp(f->mac[side], p->src_mac, 6) != 0)
		see_side(s, f, side, p);
	if (RARELY(f->packets[side] == 1))
		f->first_ns[side] = f->last_ns[side] = p->at_ns;
	else if (LIKELY(p->at_ns >= f->last_ns[side]))
		f->last_ns[side] = p->at_ns;
	else if (p->at_ns < f->first_ns[side]) /* captures overlap, clocks are set back */
		f->first_ns[side] = p->at_ns;
}

uint32_t account_sender(struct sense *s)
{
	return s->flow ? s->flow->host[s->scene.side] : 0;
}

uint32_t account_receiver(struct sense *s)
{
	return s->flow ? s->flow->host[!s->scene.side] : 0;
}

uint32_t account_server(struct sense *s)
{
	const struct flow *f = s->flow;
	if (!f)
		return 0;
	if (f->client >= 0)
		return f->host[!f->client];
	bool asks = s->fact_open ? s->fact.dir == DIR_REQUEST : false;
	return f->host[asks ? !s->scene.side : s->scene.side];
}

/* Who opened it: by the handshake or the protocol's own words; else the first to speak, unless the
 * ports say otherwise (a capture that began in the middle). */
static unsigned client_side(const struct flow *f)
{
	if (f->client >= 0)
		return (unsigned)f->client;
	if (f->transport == TRANSPORT_TCP && f->port[0] != f->port[1])
		return f->port[0] < f->port[1];
	if (f->port[0] < 1024 && f->port[1] >= 1024 && f->packets[1])
		return 1;
	return 0;
}

uint32_t account_conversation(struct sense *s, struct flow *f)
{
	struct inventory *v = &s->inventory;
	unsigned asks = client_side(f);
	unsigned client = f->group ? 0 : asks; /* nobody is behind a group's address */
	const char *label = f->label;
	if (!label)
		label = guess_transport(f->transport);
	bool guess = !label;
	if (guess)
		label = guess_port(f->transport, f->port[!asks]);
	const struct ip *group = f->group ? &f->ip[1] : NULL;
	uint32_t server = f->host[!client];
	if (!f->host[client] || (!server && !group))
		return 0;
	struct conversation like = { .client = f->host[client],
		.server = server,
		.transport = f->transport,
		.guess = guess && label,
		.port = f->port[!asks],
		.protocol = label };
	if (group)
		like.group = *group;
	uint32_t n = inventory_conversation(v, &like);
	if (n && f->beyond)
		conversation_at(v, n)->beyond = true;
	return n;
}

/* What was said before the conversation had its final name belongs to it all the same. */
static void adopt_operations(struct inventory *v, uint32_t from, uint32_t to)
{
	if (!from || !to || from == to || conversation_at(v, from)->packets)
		return;
	struct operation *o;
	for (uint32_t n = conversation_at(v, from)->operations; n; n = o->next) {
		o = pool_at(&v->operations, n);
		if (!o->requests && !o->responses)
			continue;
		uint32_t number = inventory_operation(v, to, o->msg);
		if (!number)
			continue;
		if (o->other)
			inventory_operation(v, to, o->other);
		struct operation *mine = pool_at(&v->operations, number);
		mine->requests += o->requests;
		mine->responses += o->responses;
		mine->errors += o->errors;
		mine->turned[0] += o->turned[0];
		mine->turned[1] += o->turned[1];
		if (!mine->first_frame || o->first_frame < mine->first_frame) {
			mine->first_frame = o->first_frame;
			mine->first_ns = o->first_ns;
		}
		if (o->last_ns > mine->last_ns)
			mine->last_ns = o->last_ns;
		/* The row stays: other flows may count on it, and leave with it as this one did. */
		*o = (struct operation){
			.msg = o->msg, .other = o->other, .conversation = from, .next = o->next
		};
	}
}

/* Takes out of a conversation what was counted there of a flow that has another name by now. */
static void withdraw(struct inventory *v, struct counted *c)
{
	if (!c->conversation)
		return;
	struct conversation *was = conversation_at(v, c->conversation);
	was->packets -= c->packets_there;
	was->bytes -= c->bytes_there;
	c->conversation = 0;
	c->packets_there = c->bytes_there = 0;
}

/* What each side sent since it was counted last: packets of 32 bits, which may have begun anew. */
static void count_sides(struct sense *s, const struct flow *f, struct counted *c)
{
	struct inventory *v = &s->inventory;
	for (unsigned side = 0; side < 2; side++) {
		uint32_t packets = f->packets[side] - c->packets[side];
		uint64_t bytes = f->bytes[side] - c->bytes[side];
		if (!packets)
			continue;
		c->packets[side] = f->packets[side];
		c->bytes[side] = f->bytes[side];
		c->all_packets += packets;
		c->all_bytes += bytes;
		if (!(f->mixed >> side & 1))
			add_to_mac(s, f->mac_number[side], packets, bytes, f->first_ns[side],
				f->last_ns[side]);
		if (!f->host[side]) /* without an address yet, or without room for one */
			continue;
		struct host *h = host_at(v, f->host[side]);
		h->frames += packets;
		h->bytes += bytes;
		h->answers |= side == 1;
		clock_widen(&h->first_ns, &h->last_ns, f->first_ns[side], f->last_ns[side]);
	}
}

static void count_conversation(struct sense *s, struct flow *f, struct counted *counted)
{
	struct inventory *v = &s->inventory;
	/* Some listen and never answer: consumers of values that are sent in a cycle. */
	if (f->host[1] && !f->packets[1] && f->packets[0] >= TOLD_OFTEN)
		host_at(v, f->host[1])->told = true;
	uint32_t n = account_conversation(s, f);
	if (n != counted->conversation)
		withdraw(v, counted);
	if (!n)
		return;
	adopt_operations(v, f->conversation, n);
	struct conversation *c = conversation_at(v, n);
	c->packets += counted->all_packets - counted->packets_there;
	c->bytes += counted->all_bytes - counted->bytes_there;
	c->answered |= f->transport == TRANSPORT_TCP || f->packets[!client_side(f)];
	for (unsigned side = 0; side < 2; side++)
		if (f->packets[side])
			clock_widen(&c->first_ns, &c->last_ns, f->first_ns[side], f->last_ns[side]);
	if (!c->first_frame || f->first_frame < c->first_frame)
		c->first_frame = f->first_frame;
	counted->conversation = n;
	counted->packets_there = counted->all_packets;
	counted->bytes_there = counted->all_bytes;
}

void account_flow(struct sense *s, struct flow *f)
{
	struct counted *c = &s->counted[flows_number(&s->flows, f)];
	if (c->packets[0] == f->packets[0] && c->packets[1] == f->packets[1])
		return;
	count_sides(s, f, c);
	if (f->transport != TRANSPORT_TCP || f->established)
		count_conversation(s, f, c);
}

void account_flow_end(struct sense *s, struct flow *f)
{
	struct counted c = counted_of(s, f);
	count_sides(s, f, &c);
	if (f->transport == TRANSPORT_TCP && !f->established)
		s->counters.unanswered++;
	else
		count_conversation(s, f, &c);
	if (s->counted)
		s->counted[flows_number(&s->flows, f)] = (struct counted){ 0 };
}

/* The conversation a fact belongs to: its label may have changed since the last one. */
static uint32_t conversation_of_fact(struct sense *s, struct flow *f)
{
	const char *label = s->fact.protocol;
	/* A lower layer's own fact stays with the conversation its upper one named. */
	bool below = f->layer[1].proto && s->layer == &f->layer[0];
	if (f->conversation && (below || f->conversation_label == label))
		return f->conversation;
	uint32_t before = f->conversation;
	const char *flow_label = f->label;
	f->label = label;
	f->conversation = account_conversation(s, f);
	f->conversation_label = label;
	f->operation = 0;
	f->label = flow_label;
	if (before != f->conversation && s->counted)
		withdraw(&s->inventory, &s->counted[flows_number(&s->flows, f)]);
	adopt_operations(&s->inventory, before, f->conversation);
	return f->conversation;
}

static struct operation *operation_of_fact(struct sense *s, struct flow *f)
{
	struct inventory *v = &s->inventory;
	const struct msg *m = s->fact.msg;
	uint32_t conversation = conversation_of_fact(s, f);
	const struct operation *last = pool_at(&v->operations, f->operation);
	if (!f->operation || (last->msg != m && last->other != m))
		f->operation = inventory_operation(v, conversation, m);
	return f->operation ? pool_at(&v->operations, f->operation) : NULL;
}

/* Who converses right on Ethernet, without an address: what industrial protocols say there, values
 * sent to a group above all. */
static struct operation *operation_of_link(struct sense *s)
{
	struct inventory *v = &s->inventory;
	const uint8_t *to = s->scene.dst_mac;
	if (!s->src_mac || !s->proto->ot)
		return NULL;
	struct conversation like = { .client = OF_MAC | s->src_mac,
		.transport = TRANSPORT_ETHERNET,
		.protocol = s->fact.protocol };
	if (to[0] & 1)
		memcpy(like.group_mac, to, sizeof like.group_mac);
	else
		like.server = OF_MAC | inventory_mac(v, to);
	s->link_conversation = inventory_conversation(v, &like);
	uint32_t n = inventory_operation(v, s->link_conversation, s->fact.msg);
	return n ? pool_at(&v->operations, n) : NULL;
}

void account_link_end(struct sense *s)
{
	struct conversation *c = conversation_at(&s->inventory, s->link_conversation);
	if (!s->link_conversation)
		return;
	c->packets++;
	c->bytes += s->packet->wire_size;
	clock_widen(&c->first_ns, &c->last_ns, s->scene.at_ns, s->scene.at_ns);
	if (!c->first_frame)
		c->first_frame = s->scene.frame;
	s->link_conversation = 0;
}

/* Does the conversation's server act on its client? */
static bool is_turned(const struct sense *s, const struct fact *fact)
{
	unsigned side = fact->actor == ACTOR_SENDER ? s->scene.side : !s->scene.side;
	return fact->actor && s->flow->client >= 0 && side != (unsigned)s->flow->client;
}

void account_fact(struct sense *s)
{
	struct flow *f = s->flow;
	const struct fact *fact = &s->fact;
	if (f && f->client < 0 && fact->dir != DIR_OTHER)
		f->client = (int8_t)(fact->dir == DIR_REQUEST ? s->scene.side : !s->scene.side);
	struct operation *o = f ? operation_of_fact(s, f) : operation_of_link(s);
	if (o) {
		o->requests += fact->dir != DIR_RESPONSE;
		o->responses += fact->dir == DIR_RESPONSE;
		o->errors += fact->failed;
		o->turned[fact->dir == DIR_RESPONSE] += f && is_turned(s, fact);
		if (!o->first_frame) {
			o->first_frame = fact->frame;
			o->first_ns = fact->at_ns;
		}
		if (fact->at_ns > o->last_ns)
			o->last_ns = fact->at_ns;
	}
	detections_fact(s);
}
