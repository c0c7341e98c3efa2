/* Sparkplug 3.0.0, 5.4: what a birth declares of its metrics, name, type and unit, for the messages
 * that call them by alias alone.
 *
 * One record for each, as short as it can be: whoever looks one up reads nothing else of the
 * birth, however long that was.  An index leads to them, a table of places by alias and by name. */
#include "base/hash.h"
#include "sense/proto/sparkplug.h"

/* A place is two bytes, and there are two of them for each metric. */
enum { METRICS_MAX = 2048, RECORDS_MAX = UINT16_MAX, PLACE = 2 };

/* Of a record: what is in front of the name. */
enum { AT_HAS_ALIAS, AT_TYPE, AT_ALIAS, AT_NAME_SIZE = 10, AT_UNIT_SIZE = 12, AT_NAME };

static bool next_metric(struct cur *birth, struct sparkplug_declared *d)
{
	struct protobuf_field f;
	while (protobuf_read(birth, &f)) {
		if (f.key != PROTOBUF_KEY(2, PROTOBUF_BYTES))
			continue;
		struct sparkplug_metric m = sparkplug_metric(f.bytes);
		if (!m.name.left)
			continue;
		*d = (struct sparkplug_declared){ .name = m.name,
			.unit = sparkplug_unit(m.properties),
			.alias = m.alias,
			.type = m.value.type <= UINT8_MAX ? m.value.type : 0,
			.has_alias = m.has_alias };
		return true;
	}
	return false;
}

static size_t size_of(const struct sparkplug_declared *d)
{
	return AT_NAME + d->name.left + d->unit.left;
}

static void write_record(uint8_t *at, const struct sparkplug_declared *d)
{
	at[AT_HAS_ALIAS] = d->has_alias;
	at[AT_TYPE] = (uint8_t)d->type;
	mqtt_put_le(&at[AT_ALIAS], 8, d->alias);
	mqtt_put_le(&at[AT_NAME_SIZE], 2, d->name.left);
	at[AT_UNIT_SIZE] = (uint8_t)d->unit.left;
	memcpy(&at[AT_NAME], d->name.at, d->name.left);
	memcpy(&at[AT_NAME + d->name.left], d->unit.at, d->unit.left);
}

/* The record at a place, which is where it stands plus one. */
static bool read_record(struct cur records, uint16_t place, struct sparkplug_declared *d)
{
	cur_skip(&records, place - 1u);
	d->has_alias = cur_u8(&records);
	d->type = cur_u8(&records);
	d->alias = cur_le64(&records);
	size_t name_size = cur_le16(&records), unit_size = cur_u8(&records);
	d->name = cur_sub(&records, name_size);
	d->unit = cur_sub(&records, unit_size);
	return cur_ok(&records);
}

/* --- the index --- */

/* Is it the metric asked for: by alias where `name` is empty? */
static bool is_it(const struct sparkplug_declared *d, struct cur name, uint64_t alias)
{
	if (!name.left)
		return d->has_alias && d->alias == alias;
	return d->name.left == name.left && memcmp(d->name.at, name.at, name.left) == 0;
}

/* The slot of this metric, with its record in `d`, or the free one it would have, which is false;
 * half of them are free at least. */
static bool find_slot(const struct mqtt_known *birth, struct cur name, uint64_t alias,
	struct sparkplug_declared *d, size_t *slot)
{
	size_t mask = birth->index.left / PLACE - 1;
	*slot = (name.left ? hash_bytes(name.at, name.left) : hash_mix(alias, 1)) & mask;
	for (;; *slot = (*slot + 1) & mask) {
		struct cur at = birth->index;
		cur_skip(&at, PLACE * *slot);
		uint16_t place = cur_le16(&at);
		if (!place)
			return false;
		if (read_record(birth->body, place, d) && is_it(d, name, alias))
			return true;
	}
}

static void put_slot(uint8_t *index, const struct mqtt_known *birth, struct cur name,
	uint64_t alias, size_t place)
{
	struct sparkplug_declared other;
	size_t slot;
	find_slot(birth, name, alias, &other, &slot);
	mqtt_put_le(&index[PLACE * slot], PLACE, place);
}

bool sparkplug_declared(const struct mqtt_known *birth, const struct sparkplug_metric *m,
	struct sparkplug_declared *as)
{
	size_t slot;
	if (!birth->index.left || (!m->name.left && !m->has_alias))
		return false;
	return find_slot(birth, m->name, m->alias, as, &slot);
}

void sparkplug_declare(struct scene *s, struct cur key, struct cur birth)
{
	struct sparkplug_declared d;
	struct mqtt_room room;
	struct cur c = birth;
	size_t count = 0, slots = 4, size = 0;
	for (; count < METRICS_MAX && next_metric(&c, &d); count++) {
		if (size_of(&d) > RECORDS_MAX - size)
			break;
		size += size_of(&d);
	}
	while (slots < 4 * count)
		slots *= 2;
	if (!count || !mqtt_know(s, MQTT_KNOWN_BIRTH, key, PLACE * slots, size, &room))
		return;
	const struct mqtt_known known = { cur_of(room.index, PLACE * slots),
		cur_of(room.body, size) };
	for (size_t at = 0; count && next_metric(&birth, &d); count--) {
		write_record(&room.body[at], &d);
		put_slot(room.index, &known, d.name, 0, at + 1);
		if (d.has_alias)
			put_slot(room.index, &known, cur_none(), d.alias, at + 1);
		at += size_of(&d);
	}
}
