/* A message to its dissector: which protocol a conversation speaks, its state, its layers. */
#include "sense/choose.h"
#include "sense/engine.h"

#include <assert.h>
#include <string.h>

/* Datagrams of one conversation that nobody recognises, before it is left alone. */
enum { TRIES_MAX = 8 };

#define X(name) [PROTO_##name] = &proto_##name,
const struct proto *const protocols[PROTO_COUNT] = { PROTOCOL_LIST(X) };
#undef X

enum proto_number proto_number(const struct proto *p)
{
	unsigned n = 0;
	while (n < PROTO_COUNT && protocols[n] != p)
		n++;
	assert(n < PROTO_COUNT);
	return (enum proto_number)n;
}

bool proto_is_ot(const char *name)
{
	for (size_t i = 0; name && i < PROTO_COUNT; i++) {
		const struct proto *p = protocols[i];
		bool is = strcmp(p->name, name) == 0;
		for (size_t n = 0; n < COUNT_OF(p->also) && p->also[n]; n++)
			is |= strcmp(p->also[n], name) == 0;
		if (is)
			return p->ot;
	}
	return false;
}

void dispatch_scene(struct sense *s, struct flow *f, unsigned side, const struct packet *p)
{
	struct scene *c = &s->scene;
	s->packet = p;
	s->flow = f;
	c->frame = p->frame;
	c->at_ns = p->at_ns;
	c->src = p->src;
	c->dst = p->dst;
	memcpy(c->src_mac, p->src_mac, 6);
	memcpy(c->dst_mac, p->dst_mac, 6);
	c->src_port = p->src_port;
	c->dst_port = p->dst_port;
	c->transport = p->transport;
	c->side = (uint8_t)side;
	c->client = f ? f->client : -1;
	c->stream = p->kind == PACKET_TCP;
	c->cut = !c->stream && p->missing;
}

bool dispatch_attach(struct sense *s, struct flow *f, struct layer *l, const struct proto *p)
{
	if (p->state_size && !p->shared) {
		l->state = budget_alloc(&s->memory, p->state_size);
		if (!l->state) {
			f->mute = true;
			return false;
		}
	}
	l->proto = p;
	l->number = (uint8_t)proto_number(p);
	flows_mark(&s->flows, f, FLOW_HEAVY);
	f->label = p->name;
	if (f->host[0])
		host_at(&s->inventory, f->host[0])->known_service = true;
	if (f->host[1])
		host_at(&s->inventory, f->host[1])->known_service = true;
	return true;
}

static void release_layer(struct sense *s, struct layer *l)
{
	if (!l->proto)
		return;
	parts_forget(s, l, 0);
	parts_forget(s, l, 1);
	kept_forget(s, l);
	budget_free(&s->memory, l->state, l->proto->state_size);
	budget_free(&s->memory, l->asks, asks_size(l->proto));
	*l = (struct layer){ 0 };
}

void dispatch_release(struct sense *s, struct flow *f)
{
	for (unsigned i = 0; i < LAYERS; i++)
		release_layer(s, &f->layer[i]);
}

void dispatch_done(struct sense *s)
{
	for (unsigned i = 0; i < PROTO_COUNT; i++)
		release_layer(s, &s->shared[i]);
}

static void *shared_state(struct sense *s, const struct layer *l)
{
	struct layer *all = &s->shared[l->number];
	all->proto = l->proto;
	all->number = l->number;
	if (!all->state && l->proto->state_size)
		all->state = budget_alloc(&s->memory, l->proto->state_size);
	return all->state;
}

/* One message; facts, identities and points come out on the way. */
enum parsed dispatch_parse(struct sense *s, struct layer *l, struct cur c)
{
	struct layer *below = s->layer;
	const struct proto *proto_below = s->proto;
	void *state_below = s->scene.state;
	const char *label_below = s->label;
	struct proto_stats *stats = &s->stats[l->number];
	s->layer = l;
	s->proto = l->proto;
	s->scene.state = l->proto->shared || !s->flow ? shared_state(s, l) : l->state;
	s->label = NULL;
	s->ask_frame = 0;
	s->called_by = 0;
	if (!below) {
		s->scratch_used = 0;
		s->carried = 0;
		s->scene.sender_full = s->scene.server_full = false;
		s->scene.points_refused = 0;
	}
	stats->messages++;
	if (RARELY(c.left > MESSAGE_LONG))
		detections_long(s, c.left);
	enum parsed how = l->proto->parse(c, &s->scene);
	if (how == PARSED_BAD) {
		fact_drop(&s->scene);
		stats->malformed++;
		s->counters.malformed++;
		detections_malformed(s, l->proto);
	} else {
		fact_end(&s->scene);
	}
	if (!below)
		s->inventory.points.refused += s->scene.points_refused;
	s->layer = below;
	s->proto = proto_below;
	s->scene.state = state_below;
	s->label = label_below;
	return how;
}

static const struct proto *first_to_say_yes(
	const struct scene *scene, enum over over, struct cur c, uint8_t first)
{
	for (const uint8_t *n = choose(over, first); *n < PROTO_COUNT; n++)
		if (protocols[*n]->probe(c, scene) == PROBE_YES)
			return protocols[*n];
	return NULL;
}

enum parsed scene_upper(struct scene *scene, enum over over, struct cur c)
{
	struct sense *s = scene->sense;
	assert(s->flow && s->layer == &s->flow->layer[0]);
	struct layer *upper = &s->flow->layer[1];
	int first = cur_peek(&c, 0);
	bool ask = !upper->proto && first >= 0 && upper->tries < TRIES_MAX;
	const struct proto *p = ask ? first_to_say_yes(scene, over, c, (uint8_t)first) : NULL;
	if (p && !dispatch_attach(s, s->flow, upper, p))
		return PARSED_WHOLE;
	if (upper->proto)
		return dispatch_parse(s, upper, c);
	if (upper->tries < TRIES_MAX)
		upper->tries++;
	return PARSED_WHOLE;
}

bool scene_has_upper(const struct scene *scene)
{
	const struct sense *s = scene->sense;
	return s->flow && s->flow->layer[1].proto;
}

void dispatch_datagram(struct sense *s, struct flow *f, unsigned side, const struct packet *p)
{
	(void)side;
	if (f->mute || (!p->payload.left && !p->missing))
		return;
	struct layer *l = &f->layer[0];
	if (!l->proto) {
		int first = cur_peek(&p->payload, 0);
		const struct proto *proto = first < 0
			? NULL
			: first_to_say_yes(&s->scene, OVER_UDP, p->payload, (uint8_t)first);
		if (!proto) {
			s->counters.undecoded_packets++;
			f->mute = ++l->tries >= TRIES_MAX;
			return;
		}
		if (!dispatch_attach(s, f, l, proto))
			return;
	}
	dispatch_parse(s, l, p->payload);
}

void dispatch_link(struct sense *s, const struct packet *p)
{
	int first = cur_peek(&p->payload, 0);
	for (const uint8_t *n = choose(OVER_ETHER, first < 0 ? 0 : (uint8_t)first);
		*n < PROTO_COUNT; n++) {
		const struct proto *proto = protocols[*n];
		if (proto->snap_oui != p->snap_oui)
			continue;
		for (size_t t = 0; t < COUNT_OF(proto->ethertypes) && proto->ethertypes[t]; t++) {
			if (proto->ethertypes[t] != p->ethertype)
				continue;
			struct layer *l = &s->shared[*n]; /* nobody converses here */
			l->proto = proto;
			l->number = *n;
			dispatch_parse(s, l, p->payload);
			account_link_end(s);
			return;
		}
	}
	s->counters.undecoded_packets++;
}
