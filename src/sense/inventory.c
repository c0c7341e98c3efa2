#include "sense/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/attr.h"
#include "base/hash.h"

/* Longest text kept of anybody about anything: a system description may take several lines. */
enum { SAID_MAX = 512 };

/* How much somebody may say about himself: a scanner that tries user agents must not fill the
 * table. */
enum { SAID_PER_SUBJECT = 256 };

/* MACs that one address may be seen behind, whoever invents more must not make every look at that
 * host a long walk; and modules of one owner: a BACnet router with eight full MS/TP lines has as
 * many.
 */
enum { BINDS_PER_HOST = 32, MODULES_PER_OWNER = 1024 };

static uint64_t host_hash(const struct ip *a)
{
	return hash_bytes(a->b, sizeof a->b);
}

void inventory_fetch_host(const struct inventory *v, const struct ip *a)
{
	table_fetch(&v->host_table, host_hash(a));
}

uint32_t inventory_host_find(const struct inventory *v, const struct ip *a)
{
	uint64_t hash = host_hash(a);
	for (uint32_t at = table_first(&v->host_table, hash), n;
		(n = table_next(&v->host_table, hash, &at));)
		if (memcmp(host_at(v, n)->ip.b, a->b, sizeof a->b) == 0)
			return n;
	return 0;
}

uint32_t inventory_host(struct inventory *v, const struct ip *a)
{
	uint32_t n = inventory_host_find(v, a);
	if (n)
		return n;
	n = pool_new(&v->hosts);
	if (n) {
		host_at(v, n)->ip = *a;
		table_add(&v->host_table, host_hash(a), n);
	}
	return n;
}

/* Where the number of a MAC stands that was looked for lately: a frame that a switch mirrors twice
 * comes once from its sender and once from a router, so the two change with every packet. */
static struct mac_place *mac_place(struct inventory *v, const uint8_t address[6])
{
	uint32_t low;
	memcpy(&low, address + 2, sizeof low);
	return &v->mac_places[(low ^ low >> 16 ^ low >> 24) % COUNT_OF(v->mac_places)];
}

void inventory_fetch_mac(const struct inventory *v, const uint8_t address[6])
{
	table_fetch(&v->mac_table, hash_bytes(address, 6));
}

uint32_t inventory_mac_find(const struct inventory *v, const uint8_t address[6])
{
	uint64_t hash = hash_bytes(address, 6);
	for (uint32_t at = table_first(&v->mac_table, hash), n;
		(n = table_next(&v->mac_table, hash, &at));)
		if (memcmp(mac_at(v, n)->address, address, 6) == 0)
			return n;
	return 0;
}

uint32_t inventory_mac(struct inventory *v, const uint8_t address[6])
{
	struct mac_place *place = mac_place(v, address);
	if (place->number && memcmp(place->address, address, sizeof place->address) == 0)
		return place->number;
	uint32_t n = inventory_mac_find(v, address);
	if (!n) {
		n = pool_new(&v->macs);
		if (!n)
			return 0;
		memcpy(mac_at(v, n)->address, address, 6);
		table_add(&v->mac_table, hash_bytes(address, 6), n);
	}
	memcpy(place->address, address, sizeof place->address);
	place->number = n;
	return n;
}

void inventory_vlan(struct mac *m, uint16_t vlan)
{
	for (size_t i = 0; vlan && i < MAC_VLANS; i++) {
		if (m->vlans[i] == vlan)
			return;
		if (!m->vlans[i]) {
			m->vlans[i] = vlan;
			return;
		}
	}
}

struct bind *inventory_bind(struct inventory *v, uint32_t mac, uint32_t host, uint64_t frame)
{
	if (!mac || !host)
		return NULL;
	struct host *h = host_at(v, host);
	uint32_t count = 0;
	for (uint32_t n = h->binds; n; count++) {
		struct bind *b = bind_at(v, n);
		if (b->mac == mac)
			return b;
		n = b->next_of_host;
	}
	if (count >= BINDS_PER_HOST) {
		v->binds_refused++;
		return NULL;
	}
	uint32_t n = pool_new(&v->binds);
	if (!n)
		return NULL;
	struct mac *m = mac_at(v, mac);
	struct bind *b = bind_at(v, n);
	*b = (struct bind){ .host = host,
		.mac = mac,
		.next_of_host = h->binds,
		.next_of_mac = m->binds,
		.frame = frame };
	h->binds = n;
	m->binds = n;
	return b;
}

/* Time to live as most systems set it, so nobody has taken one off. */
bool bind_is_straight(const struct bind *b)
{
	return b->frames && (b->ttl == 64 || b->ttl == 128 || b->ttl == 255);
}

/* MACs made for an address that several boxes take turns with: VRRP (RFC 9568, 7.3), HSRP (RFC
 * 2281, 5.1, and its second version), GLBP, Microsoft's network load balancing. */
static bool is_shared(const uint8_t a[6])
{
	static const struct {
		uint8_t size, head[5];
	} heads[] = {
		{ 5, { 0x00, 0x00, 0x5e, 0x00, 0x01 } },
		{ 5, { 0x00, 0x00, 0x5e, 0x00, 0x02 } },
		{ 5, { 0x00, 0x00, 0x0c, 0x07, 0xac } },
		{ 4, { 0x00, 0x00, 0x0c, 0x9f } },
		{ 3, { 0x00, 0x07, 0xb4 } },
		{ 2, { 0x02, 0xbf } },
	};
	for (size_t i = 0; i < COUNT_OF(heads); i++)
		if (memcmp(a, heads[i].head, heads[i].size) == 0)
			return true;
	return false;
}

/* Two ports of one card in a team answer with one MAC and send with either. */
static bool is_sibling(const uint8_t a[6], const uint8_t b[6])
{
	return memcmp(a, b, 5) == 0;
}

/* A router between two VLANs may answer in one for who sends in the other. */
static bool share_segment(const struct mac *a, const struct mac *b)
{
	if (!a->vlans[0] || !b->vlans[0])
		return true;
	for (size_t i = 0; i < MAC_VLANS * MAC_VLANS; i++) {
		uint16_t vlan = a->vlans[i / MAC_VLANS];
		if (vlan && vlan == b->vlans[i % MAC_VLANS])
			return true;
	}
	return false;
}

/* The other MAC of this address: the newest that claims it, or the newest that only sends. */
static uint32_t other_mac(const struct inventory *v, const struct bind *b, bool claimed)
{
	const struct bind *other;
	for (uint32_t n = host_at(v, b->host)->binds; n; n = other->next_of_host) {
		other = bind_at(v, n);
		const struct mac *mine = mac_at(v, b->mac), *its = mac_at(v, other->mac);
		if (other == b || is_shared(mine->address) || is_shared(its->address))
			continue;
		bool both = claimed && b->claimed;
		if (!both && (is_sibling(mine->address, its->address) || !share_segment(mine, its)))
			continue;
		if (claimed ? other->claimed : !other->claimed && bind_is_straight(other))
			return other->mac;
	}
	return 0;
}

uint32_t inventory_claimant(const struct inventory *v, const struct bind *b)
{
	return other_mac(v, b, true);
}

uint32_t inventory_stranger(const struct inventory *v, const struct bind *b)
{
	return other_mac(v, b, false);
}

bool inventory_is_string(const struct inventory *v, uint32_t n, const void *text, size_t size)
{
	return size < v->strings_used - n && memcmp(v->strings + n, text, size) == 0 &&
		!v->strings[n + size];
}

uint32_t inventory_string(struct inventory *v, const void *text, size_t size)
{
	if (!size)
		return 0;
	uint64_t hash = hash_bytes(text, size);
	for (uint32_t at = table_first(&v->string_table, hash), n;
		(n = table_next(&v->string_table, hash, &at));)
		if (inventory_is_string(v, n, text, size))
			return n;
	bool room = size < v->strings_max - v->strings_used &&
		v->string_table.mask / 4 * 3 > v->string_table.used;
	if (!room) {
		v->strings_refused++;
		return 0;
	}
	uint32_t n = v->strings_used;
	memcpy(v->strings + n, text, size);
	v->strings_used += (uint32_t)size + 1;
	table_add(&v->string_table, hash, n);
	return n;
}

/* How many modules somebody has. */
static uint16_t *module_count(struct inventory *v, uint32_t owner)
{
	return owner & OF_MAC ? &mac_at(v, owner & ~(uint32_t)OF_MAC)->modules
			      : &host_at(v, owner)->modules;
}

uint32_t inventory_module(
	struct inventory *v, uint32_t owner, uint8_t proto, const struct asset_place *at)
{
	enum { ADDRESS_MAX = 128 };
	size_t size = at->address_size < ADDRESS_MAX ? at->address_size : ADDRESS_MAX;
	uint32_t address = inventory_string(v, at->address, size);
	if (!address && size)
		return 0;
	uint64_t what = (uint64_t)address << 32 | (uint64_t)at->area << 16 |
		(uint64_t)at->kind << 8 | proto;
	uint64_t hash = hash_mix((uint64_t)owner << 32 | at->number, what);
	for (uint32_t slot = table_first(&v->module_table, hash), n;
		(n = table_next(&v->module_table, hash, &slot));) {
		const struct module *m = module_at(v, n);
		if (m->owner == owner && m->kind == at->kind && m->proto == proto &&
			m->area == at->area && m->number == at->number && m->address == address)
			return n;
	}
	uint16_t *count = module_count(v, owner);
	if (*count >= (at->faint ? MODULES_PER_OWNER / 2 : MODULES_PER_OWNER)) {
		v->modules_refused++;
		return 0;
	}
	uint32_t n = pool_new(&v->modules);
	if (!n)
		return 0;
	++*count;
	*module_at(v, n) = (struct module){ .owner = owner,
		.number = at->number,
		.address = address,
		.area = at->area,
		.kind = at->kind,
		.proto = proto };
	table_add(&v->module_table, hash, n);
	return n;
}

void inventory_class(struct inventory *v, uint32_t module, enum place_class class)
{
	struct module *m = module_at(v, module);
	if (!module || m->class != PLACE_UNKNOWN)
		return;
	m->class = (uint8_t) class;
	while (class == PLACE_NOBODY && m->said) {
		const struct said *s = said_at(v, m->said);
		uint32_t next = s->next;
		if (s->lasted)
			pool_free(&v->lasted, s->lasted);
		pool_free(&v->said, m->said);
		m->said = next;
	}
}

static uint32_t *said_of(struct inventory *v, struct subject who)
{
	struct module *m;
	switch (who.kind) {
	case SUBJECT_HOST:
		return &host_at(v, who.number)->said;
	case SUBJECT_MAC:
		return &mac_at(v, who.number)->said;
	default:
		m = pool_at(&v->modules, who.number);
		return m->class == PLACE_NOBODY ? NULL : &m->said;
	}
}

/* Printable and trimmed, into out; returns the size.  Whether the rest is UTF-8 is json's matter.
 */
static size_t clean(const uint8_t *text, size_t size, char out[SAID_MAX])
{
	while (size && (text[size - 1] == 0 || text[size - 1] == ' '))
		size--;
	while (size && *text == ' ')
		text++, size--;
	if (size > SAID_MAX)
		size = SAID_MAX;
	for (size_t i = 0; i < size; i++) {
		bool space = text[i] == '\r' || text[i] == '\n' || text[i] == '\t';
		bool control = text[i] < 0x20 || text[i] == 0x7f;
		out[i] = space ? ' ' : control ? '.' : (char)text[i];
	}
	return size;
}

/* Most words about somebody hold for good; a mode comes and goes. */
static void say_again(
	const struct inventory *v, const struct said *s, uint64_t frame, int64_t at_ns)
{
	if (!s->lasted)
		return;
	struct lasted *l = pool_at(&v->lasted, s->lasted);
	l->last_ns = at_ns;
	l->last_frame = frame;
}

void inventory_say(struct inventory *v, struct subject who, enum identity_key key,
	const char *protocol, const void *text, size_t size, uint64_t frame, int64_t at_ns)
{
	char value[SAID_MAX];
	uint32_t *chain = who.number ? said_of(v, who) : NULL;
	if (!chain || !(size = clean(text, size, value)))
		return;
	bool by_number = key == ID_VENDOR_NUMBER;
	if (by_number)
		key = ID_VENDOR;
	uint32_t count = 0;
	for (uint32_t n = *chain; n; count++) {
		struct said *s = said_at(v, n);
		const char *known = string_at(v, s->value);
		if (s->key == key && strncmp(known, value, size) == 0 && !known[size]) {
			s->by_number &= by_number;
			say_again(v, s, frame, at_ns);
			return;
		}
		n = s->next;
	}
	if (count >= SAID_PER_SUBJECT) {
		v->identities_refused++;
		return;
	}
	uint32_t string = inventory_string(v, value, size);
	uint32_t lasted = string && key == ID_MODE ? pool_new(&v->lasted) : 0;
	bool room = string && (lasted || key != ID_MODE);
	uint32_t n = room ? pool_new(&v->said) : 0;
	if (!n) {
		if (lasted)
			pool_free(&v->lasted, lasted);
		return;
	}
	if (lasted)
		*(struct lasted *)pool_at(&v->lasted, lasted) =
			(struct lasted){ at_ns, at_ns, frame };
	struct said *s = said_at(v, n);
	*s = (struct said){ .next = *chain,
		.value = string,
		.key = (uint8_t)key,
		.by_number = by_number,
		.owner_kind = who.kind,
		.owner = who.number,
		.lasted = lasted,
		.protocol = protocol,
		.frame = frame };
	*chain = n;
}

static bool same_conversation(const struct conversation *a, const struct conversation *b)
{
	return a->client == b->client && a->server == b->server && a->transport == b->transport &&
		a->port == b->port && a->protocol == b->protocol && a->guess == b->guess &&
		memcmp(&a->group, &b->group, sizeof a->group) == 0 &&
		memcmp(a->group_mac, b->group_mac, sizeof a->group_mac) == 0;
}

uint32_t inventory_conversation(struct inventory *v, const struct conversation *like)
{
	uint64_t ports = (uint64_t)like->transport << 16 | like->port;
	uint64_t to = like->server;
	if (!like->server)
		to = host_hash(&like->group) ^ hash_bytes(like->group_mac, 6);
	uint64_t hash = hash_mix(
		(uint64_t)like->client << 32 ^ to, ports ^ (uintptr_t)like->protocol << 24);
	for (uint32_t at = table_first(&v->conversation_table, hash), n;
		(n = table_next(&v->conversation_table, hash, &at));)
		if (same_conversation(conversation_at(v, n), like))
			return n;
	uint32_t n = pool_new(&v->conversations);
	if (!n)
		return 0;
	*conversation_at(v, n) = *like;
	table_add(&v->conversation_table, hash, n);
	return n;
}

static uint32_t find_operation(struct inventory *v, uint32_t conversation, const struct msg *m)
{
	struct conversation *c = conversation_at(v, conversation);
	struct operation *o;
	for (uint32_t n = c->operations; n; n = o->next) {
		o = pool_at(&v->operations, n);
		if (o->msg == m || o->other == m)
			return n;
	}
	for (uint32_t n = c->operations; n; n = o->next) { /* request and answer are one */
		o = pool_at(&v->operations, n);
		if (strcmp(o->msg->name, m->name) == 0) {
			o->other = m;
			return n;
		}
	}
	uint32_t n = pool_new(&v->operations);
	if (!n)
		return 0;
	o = pool_at(&v->operations, n);
	*o = (struct operation){ .msg = m, .conversation = conversation, .next = c->operations };
	c->operations = n;
	return n;
}

uint32_t inventory_operation(struct inventory *v, uint32_t conversation, const struct msg *m)
{
	if (!conversation)
		return 0;
	uint64_t hash = hash_mix(conversation, (uintptr_t)m);
	struct operation_place *place = &v->operation_places[hash % COUNT_OF(v->operation_places)];
	if (place->conversation == conversation && place->msg == m)
		return place->number;
	uint32_t n = find_operation(v, conversation, m);
	if (n)
		*place = (struct operation_place){ conversation, n, m };
	return n;
}
