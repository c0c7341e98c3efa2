/* The calls a dissector makes: facts, values, pairing, identity, points. */
#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "sense/engine.h"
#include "sense/secret.h"

/* --- facts --- */

void fact_begin(struct scene *c, const struct msg *m)
{
	struct sense *s = c->sense;
	if (s->fact_open)
		fact_end(c);
	s->fact = (struct fact){
		.frame = c->frame,
		.at_ns = c->at_ns,
		.src = c->src,
		.dst = c->dst,
		.src_port = c->src_port,
		.dst_port = c->dst_port,
		.transport = c->transport,
		.dir = m->dir,
		.protocol = s->label ? s->label : s->proto->name,
		.msg = m,
		.request = s->ask_frame,
		.request_ns = s->ask_ns,
		.values = s->values,
	};
	memcpy(s->fact.src_mac, c->src_mac, 6);
	memcpy(s->fact.dst_mac, c->dst_mac, 6);
	s->placed[0] = s->placed[1] = false;
	s->ask_frame = 0;
	s->ask_ns = 0;
	s->fact_open = true;
	c->value_next = s->values + s->carried;
	c->value_end = s->values + FACT_VALUES_MAX;
	c->violation = false;
	c->server_full = false; /* who serves may follow from who asks here */
}

void fact_dir(struct scene *c, enum dir dir)
{
	c->sense->fact.dir = (uint8_t)dir;
	c->server_full = false;
}

void fact_failed(struct scene *c)
{
	c->sense->fact.failed = true;
}

void fact_actor(struct scene *c, enum actor actor)
{
	c->sense->fact.actor = (uint8_t)actor;
}

void fact_place(struct scene *c, bool sender, const struct asset_place *at)
{
	c->sense->places[sender] = *at;
	c->sense->placed[sender] = true;
}

void fact_violation(struct scene *c)
{
	c->violation = true;
}

static void close_fact(struct scene *c)
{
	c->sense->fact_open = false;
	c->value_next = c->value_end = NULL;
}

void fact_drop(struct scene *c)
{
	close_fact(c);
}

void fact_end(struct scene *c)
{
	struct sense *s = c->sense;
	if (!s->fact_open)
		return;
	s->fact.value_count = (size_t)(c->value_next - s->values);
	s->fact.violation = c->violation;
	close_fact(c);
	s->counters.violations += s->fact.violation;
	s->carried = 0; /* what a lower layer left belongs to the first fact above it */
	if (s->config.on_fact)
		s->config.on_fact(s->config.self, &s->fact);
	if (!s->config.facts_only)
		account_fact(s);
}

struct value *value_refused(struct scene *c)
{
	static struct value nowhere;
	struct sense *s = c->sense;
	if (s->fact_open) {
		s->fact.more_values = true;
		s->counters.fact_values_dropped++;
	}
	return &nowhere;
}

static void add_bytes(struct scene *c, const struct field *f, enum value_type type,
	const void *bytes, size_t size)
{
	struct value *v = value_add(c, f, type);
	v->bytes = bytes;
	v->size = (uint32_t)size;
}

void fact_text(struct scene *c, const struct field *f, const void *text, size_t size)
{
	add_bytes(c, f, VALUE_TEXT, text, size);
}

void fact_bytes(struct scene *c, const struct field *f, const void *bytes, size_t size)
{
	add_bytes(c, f, VALUE_BYTES, bytes, size);
}

void fact_secret(struct scene *c, const struct field *f, const void *text, size_t size)
{
	if (size == 0 || secret_known(c->sense->proto->name, text, size))
		fact_text(c, f, text, size);
	else
		fact_hidden(c, f);
}

void fact_hidden(struct scene *c, const struct field *f)
{
	fact_text(c, f, SECRET_HIDDEN, sizeof SECRET_HIDDEN - 1);
}

void fact_ip(struct scene *c, const struct field *f, const void *bytes, size_t size)
{
	assert(size == 4 || size == 16);
	add_bytes(c, f, VALUE_IP, bytes, size);
}

void fact_mac(struct scene *c, const struct field *f, const void *six)
{
	add_bytes(c, f, VALUE_MAC, six, 6);
}

void carry_uint(struct scene *c, const struct field *f, uint64_t v)
{
	struct sense *s = c->sense;
	assert(!s->fact_open);
	if (s->carried < CARRY_MAX)
		s->values[s->carried++] = (struct value){ .field = f, .type = VALUE_UINT, .u = v };
}

void carry_clear(struct scene *c)
{
	c->sense->carried = 0;
}

/* The word as it stands in the row: conversations of one label are told apart by its place. */
static const char *label_of(const struct proto *p, const char *word)
{
	for (size_t i = 0; i < COUNT_OF(p->also) && p->also[i]; i++)
		if (strcmp(p->also[i], word) == 0)
			return p->also[i];
	assert(strcmp(p->name, word) == 0);
	return p->name;
}

void scene_label(struct scene *c, const char *protocol)
{
	struct sense *s = c->sense;
	protocol = label_of(s->proto, protocol);
	s->label = protocol;
	if (s->flow && s->layer == &s->flow->layer[0])
		s->flow->label = protocol;
	if (s->fact_open)
		s->fact.protocol = protocol;
}

const struct msg *msg_find(const struct msg *table, uint32_t code, enum dir dir)
{
	for (; table->name; table++)
		if (table->code == code && table->dir == dir)
			return table;
	return NULL;
}

const struct value *fact_value(const struct fact *f, const char *name)
{
	for (size_t i = 0; i < f->value_count; i++)
		if (strcmp(f->values[i].field->name, name) == 0)
			return &f->values[i];
	return NULL;
}

/* --- pairing --- */

static struct ask *ask_find(struct layer *l, uint32_t key)
{
	for (unsigned i = 0; l->asks && i < l->proto->asks; i++)
		if (l->asks[i].used && l->asks[i].key == key)
			return &l->asks[i];
	return NULL;
}

/* The place of this key, else one nobody uses, else the one put there first: what is kept (a
 * subscription, a slow answer) is not pushed out while there is room. */
static struct ask *ask_room(struct layer *l, uint32_t key)
{
	struct ask *oldest = l->asks, *unused = NULL;
	for (struct ask *a = l->asks; a < l->asks + l->proto->asks; a++) {
		if (!a->used) {
			unused = a;
			continue;
		}
		if (a->key == key)
			return a;
		if ((uint16_t)(l->ask_turn - a->turn) > (uint16_t)(l->ask_turn - oldest->turn))
			oldest = a;
	}
	return unused ? unused : oldest;
}

static struct layer *ask_layer(struct sense *s)
{
	return s->proto->shared ? &s->shared[s->layer->number] : s->layer;
}

void *ask_put(struct scene *c, uint32_t key)
{
	struct sense *s = c->sense;
	struct layer *l = ask_layer(s);
	if (!l->proto->asks)
		return NULL;
	if (!l->asks) {
		l->asks = budget_room(&s->memory, asks_size(l->proto));
		if (!l->asks)
			return NULL;
		memset(l->asks, 0,
			l->proto->ask_keeps ? asks_size(l->proto)
					    : l->proto->asks * sizeof *l->asks);
	}
	struct ask *a = ask_room(l, key);
	kept_forget_ask(s, l, a);
	*a = (struct ask){ .key = key, .turn = l->ask_turn++, .used = true };
	struct ask_rest *rest = ask_rest(l, a);
	memset(rest, 0, ask_rest_size(l->proto));
	const struct flow *f = s->flow;
	bool calls = f && f->group && c->side == 0;
	*rest = (struct ask_rest){
		.frame = c->frame, .at_ns = c->at_ns, .called_by = calls ? f->host[0] : 0
	};
	return rest + 1;
}

void fact_asked(struct scene *c, uint64_t frame, int64_t at_ns)
{
	struct sense *s = c->sense;
	s->called_by = 0;
	if (s->fact_open) {
		s->fact.request = frame;
		s->fact.request_ns = at_ns;
	} else {
		s->ask_frame = frame;
		s->ask_ns = at_ns;
	}
}

static void *ask_get(struct scene *c, uint32_t key, bool keep)
{
	struct sense *s = c->sense;
	struct layer *l = ask_layer(s);
	struct ask *a = ask_find(l, key);
	s->called_by = 0;
	if (!a)
		return NULL;
	a->used = keep;
	struct ask_rest *rest = ask_rest(l, a);
	fact_asked(c, rest->frame, rest->at_ns);
	s->called_by = rest->called_by;
	return rest + 1;
}

void *ask_take(struct scene *c, uint32_t key)
{
	return ask_get(c, key, false);
}

bool ask_waits(struct scene *c, uint32_t key)
{
	return ask_find(ask_layer(c->sense), key);
}

void *ask_peek(struct scene *c, uint32_t key)
{
	return ask_get(c, key, true);
}

/* --- who somebody is --- */

static bool remembering(const struct scene *c)
{
	return !c->sense->config.facts_only;
}

static const char *who_protocol(const struct sense *s)
{
	return s->label ? s->label : s->proto->name;
}

static void say(
	struct scene *c, struct subject who, enum identity_key key, const void *text, size_t size)
{
	struct sense *s = c->sense;
	if (text && size)
		inventory_say(
			&s->inventory, who, key, who_protocol(s), text, size, c->frame, c->at_ns);
}

/* What this side of the conversation says and is told is somebody's whom a proxy stands for: there
 * is no address of his. */
static bool stands_for_another(const struct sense *s, unsigned side)
{
	return RARELY(s->flow && s->flow->beyond) && s->flow->client != (int8_t)side;
}

static struct subject sender(struct scene *c)
{
	struct sense *s = c->sense;
	if (stands_for_another(s, c->side))
		return (struct subject){ 0, SUBJECT_NONE };
	if (s->flow)
		return (struct subject){ account_sender(s), SUBJECT_HOST };
	return (struct subject){ s->src_mac, SUBJECT_MAC };
}

void who_sender(struct scene *c, enum identity_key key, const void *text, size_t size)
{
	if (remembering(c))
		say(c, sender(c), key, text, size);
}

void who_receiver(struct scene *c, enum identity_key key, const void *text, size_t size)
{
	struct sense *s = c->sense;
	if (remembering(c) && s->flow && !stands_for_another(s, !c->side))
		say(c, (struct subject){ account_receiver(s), SUBJECT_HOST }, key, text, size);
}

void who_ip(
	struct scene *c, const struct ip *a, enum identity_key key, const void *text, size_t size)
{
	if (!remembering(c) || ip_is_nobody(a))
		return;
	uint32_t host = inventory_host(&c->sense->inventory, a);
	say(c, (struct subject){ host, SUBJECT_HOST }, key, text, size);
}

void who_mac(
	struct scene *c, const uint8_t mac[6], enum identity_key key, const void *text, size_t size)
{
	if (!remembering(c) || mac[0] & 1)
		return;
	uint32_t number = inventory_mac(&c->sense->inventory, mac);
	say(c, (struct subject){ number, SUBJECT_MAC }, key, text, size);
}

static uint32_t place_of(struct scene *c, const struct asset_place *at)
{
	struct sense *s = c->sense;
	struct subject who = sender(c);
	if (!remembering(c) || !who.number)
		return 0;
	bool common = at->kind == PLACE_DESCRIPTION; /* the name is its own everywhere */
	return inventory_module(&s->inventory,
		who.kind == SUBJECT_MAC ? OF_MAC | who.number : who.number,
		common ? 0 : s->layer->number, at);
}

void who_place(struct scene *c, const struct asset_place *at, enum identity_key key,
	const void *text, size_t size)
{
	if (text && size)
		say(c, (struct subject){ place_of(c, at), SUBJECT_MODULE }, key, text, size);
}

void who_place_is(struct scene *c, const struct asset_place *at, enum place_class class)
{
	inventory_class(&c->sense->inventory, place_of(c, at), class);
}

void who_module(struct scene *c, unsigned rack, unsigned slot, enum identity_key key,
	const void *text, size_t size)
{
	who_place(c,
		&(struct asset_place){ .kind = PLACE_SLOT, .area = (uint16_t)rack, .number = slot },
		key, text, size);
}

void who_unit(struct scene *c, uint8_t unit, bool reached)
{
	struct subject who = sender(c);
	if (!remembering(c) || who.kind != SUBJECT_HOST || !who.number)
		return;
	struct host *h = host_at(&c->sense->inventory, who.number);
	uint8_t *first = reached ? &h->unit_first : &h->miss_first;
	if (!*first)
		*first = unit;
	else if (*first != unit && reached)
		h->units_more = true;
	else if (*first != unit)
		h->misses_more = true;
}

void who_sender_is(struct scene *c, enum asset_type type, const char *reason)
{
	struct sense *s = c->sense;
	if (!remembering(c))
		return;
	struct subject who = sender(c);
	if (!who.number)
		return;
	if (who.kind == SUBJECT_HOST) {
		struct host *h = host_at(&s->inventory, who.number);
		if (!h->type) {
			h->type = (uint8_t)type;
			h->type_reason = reason;
		}
	} else {
		struct mac *m = mac_at(&s->inventory, who.number);
		if (!m->type) {
			m->type = (uint8_t)type;
			m->type_reason = reason;
		}
	}
}

void who_binds(struct scene *c, const uint8_t mac[6], const struct ip *a)
{
	static const uint8_t none[6];
	struct sense *s = c->sense;
	if (!remembering(c) || mac[0] & 1 || ip_is_nobody(a) || memcmp(mac, none, sizeof none) == 0)
		return;
	struct inventory *v = &s->inventory;
	uint32_t m = inventory_mac(v, mac), h = inventory_host(v, a);
	struct bind *b = inventory_bind(v, m, h, c->frame);
	if (!b)
		return;
	bool first = !b->claimed;
	b->claimed = true;
	b->last_ns = c->at_ns;
	struct host *host = host_at(v, h);
	host->spoke = true;
	clock_widen(&host->first_ns, &host->last_ns, c->at_ns, c->at_ns);
	/* A lease that went to somebody else is the server's will, and no conflict. */
	if (!first || s->proto == &proto_dhcp || s->proto == &proto_dhcpv6)
		return;
	/* Somebody else had claimed it: two hosts with one address, or a cable moved.  Somebody
	 * who never claims it but sends from it: who claims may want to stand in between. */
	uint32_t rival = inventory_claimant(v, b), stranger = inventory_stranger(v, b);
	detections_bind(s, m, h, rival);
	if (stranger && !rival)
		detections_stranger(s, m, stranger, h, c->frame, c->at_ns);
}

/* --- process values --- */

const char *point_measure(struct scene *c, const void *text, size_t size)
{
	if (!remembering(c) || !size)
		return NULL;
	struct inventory *v = &c->sense->inventory;
	uint32_t n = inventory_string(v, text, size);
	return n ? string_at(v, n) : NULL;
}

static void tell_sample(struct scene *c, uint32_t host, const struct point_at *at, double v,
	bool changed, bool written)
{
	struct sense *s = c->sense;
	if (!host || !s->proto->point_name)
		return;
	static const struct ip no_ip;
	char name[POINT_NAME] = "";
	s->proto->point_name(at, name);
	bool mac = host & OF_MAC;
	const struct point_sample sample = { .frame = c->frame,
		.at_ns = c->at_ns,
		.asset = mac ? no_ip : host_at(&s->inventory, host)->ip,
		.mac = mac ? c->src_mac : NULL,
		.protocol = s->proto->name,
		.address = name,
		.unit = at->measure,
		.value = v,
		.changed = changed,
		.written = written };
	s->config.on_sample(s->config.self, &sample);
}

/* False where this host has no room for points, and nobody wants to hear of them either: the rest
 * of the message need not ask again. */
static bool point(struct scene *c, uint32_t host, const struct point_at *at, double v, bool written)
{
	struct sense *s = c->sense;
	bool takes = inventory_takes_points(&s->inventory, host);
	if (!takes && LIKELY(!s->config.on_sample))
		return !host;
	struct point_way *way = s->flow ? &s->flow->way : &s->link_way;
	bool changed = !takes ||
		inventory_point(
			&s->inventory, way, host, s->layer->number, at, v, written, c->at_ns);
	if (RARELY(s->config.on_sample))
		tell_sample(c, host, at, v, changed, written);
	return true;
}

void point_of_server(struct scene *c, const struct point_at *at, double v, bool written)
{
	if (!remembering(c) || !c->sense->flow)
		return;
	/* The server of a flow that goes on beyond it is a proxy: nobody has the point. */
	uint32_t server = c->sense->flow->beyond ? 0 : account_server(c->sense);
	c->server_full = !point(c, server, at, v, written);
}

void point_of_sender(struct scene *c, const struct point_at *at, double v, bool written)
{
	struct sense *s = c->sense;
	if (!remembering(c))
		return;
	if (s->flow)
		c->sender_full = !point(c, sender(c).number, at, v, written);
	else if (s->src_mac)
		c->sender_full = !point(c, OF_MAC | s->src_mac, at, v, written);
}

/* --- layers and memory --- */

void *scene_scratch(struct scene *c, size_t size)
{
	struct sense *s = c->sense;
	size_t aligned = (size + 7) & ~(size_t)7;
	if (aligned > SCRATCH_SIZE - s->scratch_used) {
		s->counters.scratch_refused++;
		return NULL;
	}
	void *p = s->scratch + s->scratch_used;
	s->scratch_used += aligned;
	return p;
}

static void set_client(struct scene *c, int8_t side)
{
	struct flow *f = c->sense->flow;
	bool group = f && f->group && side == 1; /* asks nothing, although it is told much */
	if (f && f->client < 0 && !group)
		f->client = side;
	if (f)
		c->client = f->client;
	c->server_full = false; /* it may be another now */
}

void scene_client(struct scene *c)
{
	set_client(c, (int8_t)c->side);
}

void scene_server(struct scene *c)
{
	set_client(c, (int8_t)!c->side);
}

void scene_enough(struct scene *c)
{
	if (c->sense->flow)
		c->sense->flow->mute = true;
}

void scene_anew(struct scene *c)
{
	if (c->sense->flow && c->sense->flow->tcp)
		c->sense->flow->anew = true;
}

void scene_beyond(struct scene *c)
{
	if (c->sense->flow && c->sense->flow->client >= 0)
		c->sense->flow->beyond = true;
}

void scene_skip(struct scene *c, uint64_t n)
{
	struct sense *s = c->sense;
	if (s->flow && s->flow->tcp)
		stream_skip(s->flow, c->side, n);
}
