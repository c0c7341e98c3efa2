/* Who is behind whom, from all that was said about places: each is an asset of its own, the owner
 * itself, or nobody that is known.
 *
 * Protocols tell of places without knowing which it is: unit 1 is the device that answers or the
 * first one behind a gateway, row 1 of ENTITY-MIB is a chassis or a port.  What was said of the
 * owner itself joins its words; what was said of nobody goes; the rest become assets. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sense/plant_room.h"

static uint32_t *owner_words(const struct inventory *v, uint32_t owner)
{
	return owner & OF_MAC ? &mac_at(v, owner & ~(uint32_t)OF_MAC)->said
			      : &host_at(v, owner)->said;
}

/* --- the three ways --- */

/* What a row of ENTITY-MIB calls itself is its number in the box, and no name of it. */
static uint8_t key_of_owner(const struct module *m, uint8_t key)
{
	if (m->kind != PLACE_ENTITY)
		return key;
	return key == ID_NAME ? 0 : key == ID_MODULE ? ID_DESCRIPTION : key;
}

static void is_owner(const struct inventory *v, struct module *m)
{
	uint32_t *words = owner_words(v, m->owner);
	while (m->said) {
		uint32_t n = m->said;
		struct said *w = said_at(v, n);
		m->said = w->next;
		w->key = key_of_owner(m, w->key);
		if (!w->key)
			continue;
		w->next = *words;
		*words = n;
	}
}

static void is_nobody(struct module *m)
{
	m->said = 0;
}

/* --- places of one kind and owner, in order of their numbers --- */

struct place_row {
	uint32_t owner, number, address, module;
	uint16_t area;
	uint8_t kind, proto;
};

struct places {
	const struct inventory *v;
	const struct place_row *rows;
	size_t count;
};

static struct module *place_at(const struct places *p, size_t i)
{
	return module_at(p->v, p->rows[i].module);
}

/* The only one that something was said of, among those of a class; NULL: none or several. */
static struct module *only(const struct places *p, enum place_class class)
{
	struct module *one = NULL;
	for (size_t i = 0; i < p->count; i++) {
		struct module *m = place_at(p, i);
		if (m->class != class || !m->said)
			continue;
		if (one)
			return NULL;
		one = m;
	}
	return one;
}

/* A box may be several chassis: the first is the one that answers.  Where nobody asked what the
 * rows are, one alone is the box; which of several would be a guess. */
static void decide_entities(const struct places *p)
{
	struct module *box = NULL;
	for (size_t i = 0; i < p->count && !box; i++) {
		struct module *m = place_at(p, i);
		box = m->class == PLACE_SELF ? m : NULL;
	}
	if (!box)
		box = only(p, PLACE_UNKNOWN);
	if (box)
		is_owner(p->v, box);
	for (size_t i = 0; i < p->count; i++)
		if (place_at(p, i)->class == PLACE_UNKNOWN)
			is_nobody(place_at(p, i));
}

static bool any(const struct places *p, enum place_class class)
{
	for (size_t i = 0; i < p->count; i++)
		if (place_at(p, i)->class == class && place_at(p, i)->said)
			return true;
	return false;
}

/* A bridge has a description for each lamp: none of several names the one that serves them. */
static void decide_descriptions(const struct places *p)
{
	bool machines = any(p, PLACE_SELF);
	struct module *one = only(p, machines ? PLACE_SELF : PLACE_UNKNOWN);
	if (one)
		is_owner(p->v, one);
	for (size_t i = 0; i < p->count; i++)
		is_nobody(place_at(p, i));
}

static void decide_objects(const struct places *p)
{
	struct module *one = only(p, PLACE_UNKNOWN);
	if (one)
		is_owner(p->v, one);
}

/* --- units of Modbus --- */

enum alike { NOT_COMPARABLE, ALIKE, DIFFERENT };

static bool comparable(uint8_t key, bool product)
{
	return key == ID_VENDOR || key == ID_ORDER_NUMBER || key == ID_DESCRIPTION ||
		key == ID_NAME || (product && key == ID_FIRMWARE);
}

static bool has_key(const struct inventory *v, uint32_t words, uint8_t key, const char *protocol)
{
	for (uint32_t n = words; n; n = said_at(v, n)->next) {
		const struct said *w = said_at(v, n);
		if (w->key == key && !w->by_number && strcmp(w->protocol, protocol) == 0)
			return true;
	}
	return false;
}

static bool has_value(const struct inventory *v, uint32_t words, const struct said *wanted)
{
	for (uint32_t n = words; n; n = said_at(v, n)->next) {
		const struct said *w = said_at(v, n);
		if (w->key == wanted->key && w->value == wanted->value)
			return true;
	}
	return false;
}

/* Whether two say the same of what both tell.  A revision counts beside the product it is of: other
 * functions spell it in their own way. */
static enum alike compare(const struct inventory *v, uint32_t unit, uint32_t other)
{
	enum alike result = NOT_COMPARABLE;
	const struct said *w;
	for (uint32_t n = unit; n; n = w->next) {
		w = said_at(v, n);
		bool product = has_key(v, other, ID_ORDER_NUMBER, w->protocol);
		if (!comparable(w->key, product) || !has_key(v, other, w->key, w->protocol))
			continue;
		if (!has_value(v, other, w))
			return DIFFERENT;
		result = ALIKE;
	}
	return result;
}

/* A server of its own answers whatever the unit says (Messaging Implementation Guide V1.0b, 4.4.2),
 * so all its units are alike; a gateway cannot reach some of them, or they differ, or one that
 * nobody asked answers beside the one that told who it is. */
static bool is_one_server(const struct places *p)
{
	if (p->rows[0].owner & OF_MAC)
		return false; /* Modbus has addresses */
	const struct host *h = host_at(p->v, p->rows[0].owner);
	const struct module *first = NULL;
	bool misses_other = h->miss_first && (h->misses_more || h->miss_first != h->unit_first);
	size_t told = 0;
	for (size_t i = 0; i < p->count; i++) {
		const struct module *m = place_at(p, i);
		if (!m->said)
			continue;
		told++;
		if (first && compare(p->v, m->said, first->said) != ALIKE)
			return false;
		if (!first)
			first = m;
	}
	return !misses_other && (told > 1 || !h->units_more);
}

static void decide_units(const struct places *p)
{
	uint32_t owner = p->rows[0].owner, own = *owner_words(p->v, owner);
	bool one_server = is_one_server(p);
	for (size_t i = 0; i < p->count; i++) {
		struct module *m = place_at(p, i);
		enum alike with_owner = compare(p->v, m->said, own);
		if (with_owner == ALIKE || (with_owner == NOT_COMPARABLE && one_server))
			is_owner(p->v, m);
	}
}

/* --- all of them --- */

/* By owner and kind, then by what else names a place. */
static int compare_places(const struct place_row *x, const struct place_row *y)
{
	if (x->owner != y->owner)
		return x->owner < y->owner ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->area != y->area)
		return x->area < y->area ? -1 : 1;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->proto - y->proto;
}

static int by_place(const void *a, const void *b)
{
	const struct place_row *x = a, *y = b;
	int place = compare_places(x, y);
	return place ? place : (x->module > y->module) - (x->module < y->module);
}

static struct place_row row_of(const struct inventory *v, uint32_t n, uint32_t owner)
{
	const struct module *m = module_at(v, n);
	return (struct place_row){ .owner = owner,
		.number = m->number,
		.address = m->address,
		.module = n,
		.area = m->area,
		.kind = m->kind,
		.proto = m->proto };
}

static void decide(const struct places *p)
{
	switch ((enum place_kind)p->rows[0].kind) {
	case PLACE_SLOT:
	case PLACE_NODE:
	case PLACE_NAMED:
		break; /* assets, whatever else is known */
	case PLACE_UNIT:
		decide_units(p);
		break;
	case PLACE_ENTITY:
		decide_entities(p);
		break;
	case PLACE_OBJECT:
		decide_objects(p);
		break;
	case PLACE_DESCRIPTION:
		decide_descriptions(p);
		break;
	}
}

/* A BACnet router tells one network of a device in another: with an address of BACnet/IP (annex J)
 * it may be one that is heard itself, under the same number. */
static bool is_heard(const struct inventory *v, const struct module *m)
{
	const char *address = string_at(v, m->address);
	struct ip ip = { { [10] = 0xff, [11] = 0xff } };
	if (m->kind != PLACE_NODE || strlen(address) != 12)
		return false;
	for (size_t i = 0; i < 4; i++)
		ip.b[12 + i] = (uint8_t)strtoul(
			(char[]){ address[2 * i], address[2 * i + 1], 0 }, NULL, 16);
	uint32_t host = inventory_host_find(v, &ip);
	const struct said *w;
	for (uint32_t n = host ? m->said : 0; n; n = w->next) {
		w = said_at(v, n);
		const struct said number = { .key = ID_DEVICE_TYPE, .value = w->value };
		if (w->key == ID_MODULE && has_value(v, host_at(v, host)->said, &number))
			return true;
	}
	return false;
}

static struct place_row *rows_of(const struct inventory *v, struct plant_room *r)
{
	struct place_row *rows = calloc(v->modules.used, sizeof *rows);
	if (!rows)
		r->no_memory = true;
	return rows;
}

void plant_places(struct sense *s, struct plant_room *r)
{
	const struct inventory *v = &s->inventory;
	uint32_t count = v->modules.used - 1;
	struct place_row *rows = rows_of(v, r);
	if (!rows)
		return;
	for (uint32_t i = 0; i < count; i++)
		rows[i] = row_of(v, i + 1, module_at(v, i + 1)->owner);
	qsort(rows, count, sizeof *rows, by_place);
	for (size_t i = 0, end; i < count; i = end) {
		for (end = i + 1; end < count && rows[end].owner == rows[i].owner &&
			rows[end].kind == rows[i].kind;)
			end++;
		decide(&(struct places){ v, rows + i, end - i });
	}
	for (uint32_t n = 1; n <= count; n++)
		if (is_heard(v, module_at(v, n)))
			is_nobody(module_at(v, n));
	free(rows);
}

/* --- assets --- */

const char *plant_place_text(
	const struct inventory *v, const struct module *m, char text[PLACE_TEXT])
{
	const char *address = string_at(v, m->address);
	switch ((enum place_kind)m->kind) {
	case PLACE_UNIT:
		snprintf(text, PLACE_TEXT, "unit %u", m->number);
		break;
	case PLACE_NODE:
		if (m->address)
			snprintf(text, PLACE_TEXT, "network %u address %.40s", m->area, address);
		else
			snprintf(text, PLACE_TEXT, "network %u node %u", m->area, m->number);
		break;
	case PLACE_ENTITY:
		snprintf(text, PLACE_TEXT, "entity %u", m->number);
		break;
	case PLACE_OBJECT:
		snprintf(text, PLACE_TEXT, "device %u", m->number);
		break;
	case PLACE_NAMED:
		snprintf(text, PLACE_TEXT, "%.80s", address);
		break;
	case PLACE_SLOT:
	case PLACE_DESCRIPTION:
		snprintf(text, PLACE_TEXT, "rack %u slot %u", m->area, m->number);
	}
	return text;
}

uint32_t plant_owner_asset(const struct inventory *v, uint32_t owner)
{
	return owner & OF_MAC ? mac_at(v, owner & ~(uint32_t)OF_MAC)->asset
			      : host_at(v, owner)->asset;
}

static void add_module(const struct inventory *v, struct plant_room *r, struct module *m)
{
	uint32_t owner = plant_owner_asset(v, m->owner);
	m->asset = plant_add(r);
	struct asset *a = &r->assets[m->asset - 1];
	a->part_of = owner; /* an index + 1 until everybody has an id */
	a->place = plant_text(r, plant_place_text(v, m, (char[PLACE_TEXT]){ 0 }));
	a->in_rack = m->kind == PLACE_SLOT;
	a->rack = m->area;
	a->slot = (uint16_t)m->number;
	clock_widen(&a->first_ns, &a->last_ns, r->assets[owner - 1].first_ns,
		r->assets[owner - 1].last_ns);
}

/* An owner may have told of the same place from several addresses: that is one asset. */
void plant_modules(struct sense *s, struct plant_room *r)
{
	const struct inventory *v = &s->inventory;
	struct place_row *rows = rows_of(v, r);
	uint32_t count = 0;
	if (!rows)
		return;
	for (uint32_t n = 1; n < v->modules.used; n++) {
		uint32_t owner = plant_owner_asset(v, module_at(v, n)->owner);
		if (owner && module_at(v, n)->said)
			rows[count++] = row_of(v, n, owner);
	}
	qsort(rows, count, sizeof *rows, by_place);
	for (uint32_t i = 0; i < count; i++) {
		struct module *m = module_at(v, rows[i].module);
		if (i > 0 && compare_places(&rows[i], &rows[i - 1]) == 0)
			m->asset = module_at(v, rows[i - 1].module)->asset;
		else
			add_module(v, r, m);
	}
	free(rows);
}
