/* Puts a plant together from the inventory: assets, their lists, conversations, points, counters.
 */
#include "sense/plant.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sense/plant_room.h"
#include "sense/vendors.h"

enum { TEXT_CHUNK = 64 * 1024 };

/* --- memory --- */

struct text_chunk {
	struct text_chunk *before;
	char bytes[TEXT_CHUNK];
};

const char *plant_text(struct plant_room *r, const char *text)
{
	size_t size = strlen(text) + 1;
	if (!r->text || size > TEXT_CHUNK - r->text_used) {
		struct text_chunk *chunk = size <= TEXT_CHUNK ? malloc(sizeof *chunk) : NULL;
		if (!chunk) {
			r->no_memory = true;
			return "";
		}
		chunk->before = r->text;
		r->text = chunk;
		r->text_used = 0;
	}
	char *at = r->text->bytes + r->text_used;
	memcpy(at, text, size);
	r->text_used += size;
	return at;
}

void plant_number(struct plant_room *r, const uint32_t *ids)
{
	for (size_t i = 0; i < r->plant.asset_count; i++) {
		struct asset *a = &r->assets[i];
		a->id = ids[i];
		a->part_of = a->part_of ? ids[a->part_of - 1] : 0;
	}
}

void plant_free(struct plant_room *r)
{
	if (!r)
		return;
	while (r->text) {
		struct text_chunk *chunk = r->text;
		r->text = chunk->before;
		free(chunk);
	}
	free(r->parent);
	free(r->asset_of);
	free(r->tally);
	free(r->assets);
	free(r->points);
	free(r->counters);
	free(r->macs);
	free(r->ips);
	free(r->vlans);
	free(r->names);
	free(r->identity);
	free(r);
}

/* --- assets --- */

static bool is_claimed(const struct inventory *v, const struct host *h)
{
	const struct bind *b;
	for (uint32_t n = h->binds; n; n = b->next_of_host) {
		b = bind_at(v, n);
		if (b->claimed)
			return true;
	}
	return false;
}

/* Worth a row of its own: it sent something, somebody talks to it, or it is known by name.  A
 * public address that was only looked up is no part of the plant. */
static bool host_counts(const struct inventory *v, const struct host *h)
{
	bool named = h->said && !ip_is_public(&h->ip);
	if (!h->spoke && ip_is_4(&h->ip) && h->ip.b[15] == 255)
		return false; /* a subnet's broadcast address, sent to one MAC by mistake or a
				 router */
	if (h->broadcast && !h->answers && !is_claimed(v, h))
		return false; /* the sender of what a relay repeats */
	return !ip_is_zero(&h->ip) && !ip_is_multicast(&h->ip) &&
		(h->spoke || named || h->known_service || h->told);
}

static bool mac_counts(const struct mac *m)
{
	return m->spoke || m->said;
}

uint32_t plant_add(struct plant_room *r)
{
	struct asset *a = &r->assets[r->plant.asset_count];
	*a = (struct asset){ .level = LEVEL_UNKNOWN };
	return (uint32_t)++r->plant.asset_count;
}

/* One asset for each root; modules get their own behind them. */
static void make_assets(struct sense *s, struct plant_room *r)
{
	struct inventory *v = &s->inventory;
	for (uint32_t n = 1; n <= r->host_count; n++) {
		struct host *h = host_at(v, n);
		if (!host_counts(v, h))
			continue;
		uint32_t root = plant_root(r, node_of_host(n));
		if (!r->asset_of[root])
			r->asset_of[root] = plant_add(r);
		h->asset = r->asset_of[root];
		struct asset *a = &r->assets[h->asset - 1];
		clock_widen(&a->first_ns, &a->last_ns, h->first_ns, h->last_ns);
		a->frames += h->frames;
		a->bytes += h->bytes;
		if (h->type && !a->type) {
			a->type = h->type;
			a->type_reason = h->type_reason;
		}
	}
	for (uint32_t n = 1; n <= r->mac_count; n++) {
		struct mac *m = mac_at(v, n);
		uint32_t root = plant_root(r, node_of_mac(r, n));
		if (!mac_counts(m) && !r->asset_of[root])
			continue;
		if (!r->asset_of[root])
			r->asset_of[root] = plant_add(r);
		m->asset = r->asset_of[root];
		struct asset *a = &r->assets[m->asset - 1];
		clock_widen(&a->first_ns, &a->last_ns, m->first_ns, m->last_ns);
		if (a->frames < m->frames) /* frames without IP are the MAC's alone */
			a->frames = m->frames;
		if (a->bytes < m->bytes)
			a->bytes = m->bytes;
		if (m->type && !a->type) {
			a->type = m->type;
			a->type_reason = m->type_reason;
		}
	}
	plant_modules(s, r);
}

static int by_first_sight(const void *a, const void *b)
{
	const struct asset *x = a, *y = b;
	if (x->first_ns != y->first_ns)
		return x->first_ns < y->first_ns ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

/* Ids in order of first sight, and everything that pointed to an asset follows. */
static int order_assets(struct sense *s, struct plant_room *r, struct err *e)
{
	struct inventory *v = &s->inventory;
	uint32_t count = (uint32_t)r->plant.asset_count;
	uint32_t *to = calloc((size_t)count + 1, sizeof *to);
	if (!to)
		return err_set(e, ENOMEM, "no memory for %u assets", count);
	for (uint32_t i = 0; i < count; i++)
		r->assets[i].id = i + 1;
	qsort(r->assets, count, sizeof *r->assets, by_first_sight);
	for (uint32_t i = 0; i < count; i++) {
		to[r->assets[i].id] = i + 1;
		r->assets[i].id = i + 1;
	}
	for (uint32_t i = 0; i < count; i++)
		r->assets[i].part_of = to[r->assets[i].part_of];
	for (uint32_t n = 1; n <= r->host_count; n++)
		host_at(v, n)->asset = to[host_at(v, n)->asset];
	for (uint32_t n = 1; n <= r->mac_count; n++)
		mac_at(v, n)->asset = to[mac_at(v, n)->asset];
	for (uint32_t n = 1; n < v->modules.used; n++) {
		struct module *m = module_at(v, n);
		m->asset = to[m->asset];
	}
	free(to);
	return 0;
}

/* --- lists of an asset: counted, placed, filled --- */

static void place(struct run *run, uint32_t *at)
{
	run->first = *at;
	*at += run->count;
	run->count = 0; /* filling counts again */
}

static void count_said(const struct inventory *v, struct asset *a, uint32_t said)
{
	for (uint32_t n = said; n; n = said_at(v, n)->next)
		a->identity.count++;
}

/* What a program on the machine describes itself as on the web, lamp or media server, says least
 * of the machine; what our tables know by a number is no word of its own. */
static uint8_t rank_of(const struct said *w)
{
	if (strcmp(w->protocol, "http") == 0 || strcmp(w->protocol, "ssdp") == 0)
		return 2;
	return w->by_number;
}

static void fill_said(
	const struct inventory *v, struct plant_room *r, struct asset *a, uint32_t said)
{
	const struct said *w;
	for (uint32_t n = said; n; n = w->next) {
		w = said_at(v, n);
		struct identity *to = &r->identity[a->identity.first + a->identity.count++];
		*to = (struct identity){ .key = w->key,
			.rank = rank_of(w),
			.protocol = w->protocol,
			.value = string_at(v, w->value),
			.frame = w->frame };
		if (!w->lasted)
			continue;
		const struct lasted *l = pool_at(&v->lasted, w->lasted);
		to->first_ns = l->first_ns;
		to->last_ns = l->last_ns;
		to->last_frame = l->last_frame;
	}
}

static int by_key(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->last_frame != y->last_frame) /* of a mode: what holds now */
		return x->last_frame > y->last_frame ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	if (x->frame != y->frame)
		return x->frame < y->frame ? -1 : 1;
	return strcmp(x->value, y->value);
}

static int by_value(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	int value = x->value == y->value ? 0 : strcmp(x->value, y->value);
	if (value)
		return value;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return (x->frame > y->frame) - (x->frame < y->frame);
}

/* The same word by two interfaces of one asset stands once, with its first frame. */
static void sort_identity(struct plant_room *r, struct asset *a)
{
	struct identity *first = r->identity + a->identity.first;
	qsort(first, a->identity.count, sizeof *first, by_value);
	uint32_t kept = 0;
	for (uint32_t i = 0; i < a->identity.count; i++) {
		struct identity *last = kept ? &first[kept - 1] : NULL;
		if (!last || last->key != first[i].key ||
			strcmp(last->value, first[i].value) != 0) {
			first[kept++] = first[i];
		} else if (first[i].last_frame > last->last_frame) {
			last->last_frame = first[i].last_frame;
			last->last_ns = first[i].last_ns;
		}
	}
	a->identity.count = kept;
	qsort(first, kept, sizeof *first, by_key);
}

static void add_vlan(struct plant_room *r, struct asset *a, uint16_t vlan)
{
	uint16_t *first = r->vlans + a->vlans.first;
	for (uint32_t i = 0; i < a->vlans.count; i++)
		if (first[i] == vlan)
			return;
	first[a->vlans.count++] = vlan;
}

static int make_lists(struct sense *s, struct plant_room *r, struct err *e)
{
	struct inventory *v = &s->inventory;
	struct asset *assets = r->assets;
	for (uint32_t n = 1; n <= r->host_count; n++) {
		const struct host *h = host_at(v, n);
		if (!h->asset)
			continue;
		assets[h->asset - 1].ips.count++;
		count_said(v, &assets[h->asset - 1], h->said);
	}
	for (uint32_t n = 1; n <= r->mac_count; n++) {
		const struct mac *m = mac_at(v, n);
		if (!m->asset)
			continue;
		assets[m->asset - 1].macs.count++;
		assets[m->asset - 1].vlans.count += MAC_VLANS;
		count_said(v, &assets[m->asset - 1], m->said);
	}
	for (uint32_t n = 1; n < v->modules.used; n++) {
		const struct module *m = module_at(v, n);
		if (m->asset)
			count_said(v, &assets[m->asset - 1], m->said);
	}
	uint32_t ips = 0, macs = 0, vlans = 0, identity = 0;
	for (size_t i = 0; i < r->plant.asset_count; i++) {
		place(&assets[i].ips, &ips);
		place(&assets[i].macs, &macs);
		place(&assets[i].vlans, &vlans);
		place(&assets[i].identity, &identity);
	}
	r->ips = calloc(ips + 1, sizeof *r->ips);
	r->macs = calloc(macs + 1, sizeof *r->macs);
	r->vlans = calloc(vlans + 1, sizeof *r->vlans);
	r->identity = calloc(identity + 1, sizeof *r->identity);
	if (!r->ips || !r->macs || !r->vlans || !r->identity)
		return err_set(e, ENOMEM, "no memory for the lists of the assets");
	for (uint32_t n = 1; n <= r->host_count; n++) {
		const struct host *h = host_at(v, n);
		if (!h->asset)
			continue;
		struct asset *a = &assets[h->asset - 1];
		r->ips[a->ips.first + a->ips.count++] = h->ip;
		fill_said(v, r, a, h->said);
	}
	for (uint32_t n = 1; n <= r->mac_count; n++) {
		const struct mac *m = mac_at(v, n);
		if (!m->asset)
			continue;
		struct asset *a = &assets[m->asset - 1];
		memcpy(r->macs[a->macs.first + a->macs.count++], m->address, 6);
		for (size_t i = 0; i < MAC_VLANS && m->vlans[i]; i++)
			add_vlan(r, a, m->vlans[i]);
		fill_said(v, r, a, m->said);
	}
	for (uint32_t n = 1; n < v->modules.used; n++) {
		const struct module *m = module_at(v, n);
		if (m->asset)
			fill_said(v, r, &assets[m->asset - 1], m->said);
	}
	for (size_t i = 0; i < r->plant.asset_count; i++)
		sort_identity(r, &assets[i]);
	return 0;
}

/* --- names that more than one goes by --- */

static int by_asset_name(const void *a, const void *b)
{
	const struct asset *const *x = a, *const *y = b;
	return strcmp((*x)->name, (*y)->name);
}

static int mark_namesakes(struct plant_room *r, struct err *e)
{
	size_t count = 0;
	struct asset **named = calloc(r->plant.asset_count + 1, sizeof *named);
	if (!named)
		return err_set(e, ENOMEM, "no memory for the names of the assets");
	for (size_t i = 0; i < r->plant.asset_count; i++)
		if (r->assets[i].name)
			named[count++] = &r->assets[i];
	qsort(named, count, sizeof *named, by_asset_name);
	for (size_t i = 1; i < count; i++)
		if (strcmp(named[i - 1]->name, named[i]->name) == 0)
			named[i - 1]->namesake = named[i]->namesake = true;
	free(named);
	return 0;
}

/* --- conversations --- */

/* Operations that moved to a conversation with a better name leave empty rows. */
static void drop_empty_operations(struct inventory *v, struct conversation *c)
{
	for (uint32_t *at = &c->operations; *at;) {
		struct operation *o = pool_at(&v->operations, *at);
		if (o->requests || o->responses)
			at = &o->next;
		else
			*at = o->next;
	}
}

/* As they began; of those that a frame began the one whose name comes first. */
static int by_first_frame(const void *a, const void *b)
{
	const struct conversation *x = a, *y = b;
	if (x->first_frame != y->first_frame)
		return x->first_frame < y->first_frame ? -1 : 1;
	if (x->client != y->client)
		return x->client < y->client ? -1 : 1;
	if (x->server != y->server)
		return x->server < y->server ? -1 : 1;
	if (x->port != y->port)
		return x->port < y->port ? -1 : 1;
	int group = memcmp(&x->group, &y->group, sizeof x->group);
	if (group)
		return group;
	return strcmp(x->protocol ? x->protocol : "", y->protocol ? y->protocol : "");
}

static void make_conversations(struct sense *s, struct plant_room *r)
{
	struct inventory *v = &s->inventory;
	/* In place: host numbers become asset indexes, what has no asset goes. */
	size_t kept = 0;
	struct conversation *list = conversation_at(v, 1);
	for (uint32_t n = 1; n < v->conversations.used; n++) {
		struct conversation c = *conversation_at(v, n);
		uint32_t client = plant_owner_asset(v, c.client);
		uint32_t server = c.server ? plant_owner_asset(v, c.server) : 0;
		if (!c.packets || !client || (c.server && !server))
			continue;
		drop_empty_operations(v, &c);
		c.client = client - 1;
		c.server = c.server ? server - 1 : (uint32_t)NO_ASSET;
		list[kept++] = c;
	}
	qsort(list, kept, sizeof *list, by_first_frame);
	r->plant.conversations = list;
	r->plant.conversation_count = kept;
	r->plant.operations = (const struct operation *)(const void *)v->operations.items;
}

/* --- points --- */

static int by_place(const void *a, const void *b)
{
	const struct point_record *p = a, *q = b;
	const struct point_key *x = &p->key, *y = &q->key;
	if (x->host != y->host)
		return x->host < y->host ? -1 : 1;
	if (p->proto != q->proto)
		return strcmp(protocols[p->proto]->name, protocols[q->proto]->name);
	if (x->unit != y->unit)
		return x->unit < y->unit ? -1 : 1;
	if (x->space != y->space)
		return x->space < y->space ? -1 : 1;
	if (p->symbol != q->symbol)
		return p->symbol < q->symbol ? -1 : 1;
	if (x->area != y->area)
		return x->area < y->area ? -1 : 1;
	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return (int)x->bit - (int)y->bit;
}

static int make_points(struct sense *s, struct plant_room *r, struct err *e)
{
	struct inventory *v = &s->inventory;
	struct point_record *records = pool_at(&v->points, 1);
	size_t count = v->points.used - 1;
	qsort(records, count, sizeof *records, by_place);
	r->points = calloc(count + 1, sizeof *r->points);
	if (!r->points)
		return err_set(e, ENOMEM, "no memory for %zu points", count);
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		const struct point_record *p = &records[i];
		const struct point_key *key = &p->key;
		const struct proto *proto = protocols[p->proto];
		uint32_t asset = key->host & OF_MAC
			? mac_at(v, key->host & ~(uint32_t)OF_MAC)->asset
			: host_at(v, key->host)->asset;
		if (!asset || !proto->point_name)
			continue;
		char name[POINT_NAME] = "";
		const char *symbol = p->symbol ? string_at(v, p->symbol) : NULL;
		const struct point_at at = { .space = key->space,
			.bit = key->bit,
			.unit = key->unit,
			.area = key->area,
			.index = key->index,
			.symbol = (const uint8_t *)symbol,
			.symbol_size = symbol ? (uint16_t)strlen(symbol) : 0 };
		proto->point_name(&at, name);
		r->points[kept++] = (struct point){ .asset = asset - 1,
			.protocol = proto->name,
			.address = plant_text(r, name),
			.unit = p->measure,
			.type = p->type,
			.first_ns = p->first_ns,
			.last_ns = p->last_ns,
			.samples = p->samples,
			.first = p->first,
			.last = p->last,
			.min = p->min,
			.max = p->max,
			.written = p->written };
	}
	r->plant.points = r->points;
	r->plant.point_count = kept;
	return 0;
}

static int make_counters(struct sense *s, struct plant_room *r, struct err *e)
{
	r->counters = malloc(SENSE_COUNTERS * sizeof *r->counters);
	if (!r->counters)
		return err_set(e, ENOMEM, "no memory for counters");
	sense_counters(s, r->counters);
	r->plant.counters = r->counters;
	r->plant.counter_count = SENSE_COUNTERS;
	return 0;
}

/* --- all of it --- */

static struct plant_room *start(struct sense *s, struct err *e)
{
	struct inventory *v = &s->inventory;
	struct plant_room *r = calloc(1, sizeof *r);
	if (!r) {
		err_set(e, ENOMEM, "no memory for the plant");
		return NULL;
	}
	r->host_count = v->hosts.used - 1;
	r->mac_count = v->macs.used - 1;
	size_t nodes = (size_t)r->host_count + r->mac_count + 1;
	r->parent = calloc(nodes, sizeof *r->parent);
	r->asset_of = calloc(nodes, sizeof *r->asset_of);
	r->tally = calloc((size_t)r->mac_count + 1, sizeof *r->tally);
	r->assets = calloc(nodes + v->modules.used, sizeof *r->assets);
	if (!r->parent || !r->asset_of || !r->tally || !r->assets) {
		plant_free(r);
		err_set(e, ENOMEM, "no memory for %zu assets", nodes);
		return NULL;
	}
	for (uint32_t n = 0; n < nodes; n++)
		r->parent[n] = n;
	return r;
}

int plant_build(struct sense *s, struct plant *out, struct err *e)
{
	struct plant_room *r = s->plant;
	if (!r) {
		r = s->plant = start(s, e);
		if (!r)
			return e->code;
		plant_places(s, r);
		plant_merge(s, r);
		make_assets(s, r);
		if (order_assets(s, r, e) || make_lists(s, r, e))
			return e->code;
		struct plant *p = &r->plant;
		p->assets = r->assets;
		p->ips = r->ips;
		p->macs = r->macs;
		p->vlans = r->vlans;
		p->identity = r->identity;
		p->packets = s->packet_count;
		p->bytes = s->byte_count;
		p->first_ns = s->first_ns;
		p->last_ns = s->last_ns;
		p->vendor_date = s->vendors ? vendors_date(s->vendors) : NULL;
		make_conversations(s, r);
		plant_classify(s, r);
		if (mark_namesakes(r, e) || make_points(s, r, e) || make_counters(s, r, e) ||
			detections_plant(s, p, e))
			return e->code;
		p->names = r->names;
		if (r->no_memory)
			return err_set(e, ENOMEM, "no memory for the plant's names");
	}
	*out = r->plant;
	return 0;
}
