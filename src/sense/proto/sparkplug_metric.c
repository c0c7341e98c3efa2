/* Sparkplug 3.0.0, 6.4.6: a metric; metadata (6.4.7), properties (6.4.8). */
#include "base/attr.h"
#include "sense/proto/sparkplug.h"

enum { UNIT_MAX = 24 };

/* Property "Quality": 6.4.9 */
enum { QUALITY_GOOD = 192 };

static const struct field f_alias = { "sparkplugb.alias", BE64 };
static const struct field f_timestamp = { "sparkplugb.metric_timestamp", BE64 | NUMBERING };
static const struct field f_datatype = { "sparkplugb.datatype", BE32, 0, TYPE_DATETIME_ARRAY };
static const struct field f_historical = { "sparkplugb.historical", TEXT };
static const struct field f_transient = { "sparkplugb.transient", TEXT };
static const struct field f_null = { "sparkplugb.null", TEXT };
static const struct field f_property = { "sparkplugb.property", TEXT };
static const struct field f_property_value[] = {
	{ "sparkplugb.property_value", BE64 },
	{ "sparkplugb.property_value", SBE64 },
	{ "sparkplugb.property_value", REAL },
	{ "sparkplugb.property_value", FLAG },
	{ "sparkplugb.property_value", TEXT },
};
static const struct field f_property_null = { "sparkplugb.property_null", TEXT };

static const struct {
	uint32_t key;
	struct field field;
} metadata_fields[] = {
	{ PROTOBUF_KEY(1, PROTOBUF_VARINT), { "sparkplugb.multi_part", FLAG } },
	{ PROTOBUF_KEY(2, PROTOBUF_BYTES), { "sparkplugb.content_type", TEXT } },
	{ PROTOBUF_KEY(3, PROTOBUF_VARINT), { "sparkplugb.size", BE64 } },
	{ PROTOBUF_KEY(4, PROTOBUF_VARINT), { "sparkplugb.part", BE64 } },
	{ PROTOBUF_KEY(5, PROTOBUF_BYTES), { "sparkplugb.file_name", TEXT } },
	{ PROTOBUF_KEY(6, PROTOBUF_BYTES), { "sparkplugb.file_type", TEXT } },
	{ PROTOBUF_KEY(7, PROTOBUF_BYTES), { "sparkplugb.md5", TEXT } },
	{ PROTOBUF_KEY(8, PROTOBUF_BYTES), { "sparkplugb.description", TEXT } },
};

struct sparkplug_metric sparkplug_metric(struct cur c)
{
	struct sparkplug_metric m = { .name = cur_none(),
		.metadata = cur_none(),
		.properties = cur_none(),
		.value = { .form = FORM_NONE, .bytes = cur_none() } };
	struct protobuf_field f;
	while (protobuf_read(&c, &f)) {
		switch (f.key) {
		case PROTOBUF_KEY(1, PROTOBUF_BYTES):
			m.name = f.bytes;
			break;
		case PROTOBUF_KEY(2, PROTOBUF_VARINT):
			m.alias = f.number;
			m.has_alias = true;
			break;
		case PROTOBUF_KEY(3, PROTOBUF_VARINT):
			m.timestamp = f.number;
			m.has_timestamp = true;
			break;
		case PROTOBUF_KEY(4, PROTOBUF_VARINT):
			m.value.type = (uint32_t)f.number;
			m.has_type = true;
			break;
		case PROTOBUF_KEY(5, PROTOBUF_VARINT):
			m.historical = f.number;
			break;
		case PROTOBUF_KEY(6, PROTOBUF_VARINT):
			m.transient = f.number;
			break;
		case PROTOBUF_KEY(7, PROTOBUF_VARINT):
			m.null = f.number;
			break;
		case PROTOBUF_KEY(8, PROTOBUF_BYTES):
			m.metadata = f.bytes;
			break;
		case PROTOBUF_KEY(9, PROTOBUF_BYTES):
			m.properties = f.bytes;
			break;
		default:
			sparkplug_read_value(&f, 10, &m.value);
		}
	}
	return m;
}

/* --- properties: keys, and as many values --- */

struct property {
	struct cur key, set, sets;
	bool null;
	struct sparkplug_value value;
};

struct properties {
	struct cur keys, values;
};

static bool next_of(struct cur *c, unsigned number, struct protobuf_field *f)
{
	while (protobuf_read(c, f))
		if (f->key == PROTOBUF_KEY(number, PROTOBUF_BYTES))
			return true;
	return false;
}

static bool next_property(struct properties *all, struct property *p)
{
	struct protobuf_field key, value, f;
	if (!next_of(&all->keys, 1, &key) || !next_of(&all->values, 2, &value))
		return false;
	*p = (struct property){
		.key = key.bytes, .set = cur_none(), .sets = cur_none(), .value.form = FORM_NONE
	};
	while (protobuf_read(&value.bytes, &f)) {
		if (f.key == PROTOBUF_KEY(1, PROTOBUF_VARINT))
			p->value.type = (uint32_t)f.number;
		else if (f.key == PROTOBUF_KEY(2, PROTOBUF_VARINT))
			p->null = f.number;
		else if (f.key == PROTOBUF_KEY(9, PROTOBUF_BYTES))
			p->set = f.bytes;
		else if (f.key == PROTOBUF_KEY(10, PROTOBUF_BYTES))
			p->sets = f.bytes;
		else if (f.key >> 3 < 9)
			sparkplug_read_value(&f, 3, &p->value);
	}
	return true;
}

static void tell_properties(struct scene *s, struct cur outer, struct cur set, unsigned depth);

/* A list of sets, numbered: "list[0].low". */
static void tell_sets(struct scene *s, struct cur name, struct cur sets, unsigned depth)
{
	struct protobuf_field set;
	for (unsigned i = 0; next_of(&sets, 1, &set); i++)
		tell_properties(s, sparkplug_element(s, name, i), set.bytes, depth);
}

static void tell_properties(struct scene *s, struct cur outer, struct cur set, unsigned depth)
{
	struct properties all = { set, set };
	struct property p;
	while (next_property(&all, &p)) {
		struct cur name = sparkplug_join(s, outer, ".", p.key);
		if (!cur_ok(&name))
			return;
		if (p.set.left || p.sets.left) {
			if (depth < SPARKPLUG_DEPTH) {
				tell_properties(s, name, p.set, depth + 1);
				tell_sets(s, name, p.sets, depth + 1);
			}
		} else if (p.null || p.value.form > FORM_STRING) {
			text_tell(s, &f_property_null, name);
		} else {
			text_tell(s, &f_property, name);
			sparkplug_tell_simple(s, f_property_value, name, &p.value);
		}
	}
}

static bool is_unit(struct cur key)
{
	static const char *const words[] = { "engUnit", "EngUnit", "engUnits", "unit", "units" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (mqtt_is(key, words[i]))
			return true;
	return false;
}

struct cur sparkplug_unit(struct cur set)
{
	struct properties all = { set, set };
	struct property p;
	struct cur unit = cur_none();
	while (next_property(&all, &p)) {
		struct cur text = p.value.bytes;
		if (p.value.form == FORM_STRING && is_unit(p.key) && text.left <= UNIT_MAX &&
			mqtt_is_name(text))
			unit = text;
	}
	return unit;
}

static bool is_good(struct cur set)
{
	struct properties all = { set, set };
	struct property p;
	bool good = true;
	while (next_property(&all, &p))
		if (mqtt_is(p.key, "Quality") && p.value.form <= FORM_LONG)
			good = p.value.number == QUALITY_GOOD;
	return good;
}

/* --- telling --- */

static void tell_metadata(struct scene *s, struct cur c)
{
	struct protobuf_field f;
	while (protobuf_read(&c, &f))
		for (size_t i = 0; i < COUNT_OF(metadata_fields); i++) {
			const struct field *field = &metadata_fields[i].field;
			if (f.key != metadata_fields[i].key)
				continue;
			if (field->wire == TEXT)
				text_tell(s, field, f.bytes);
			else if (field->wire == FLAG)
				fact_flag(s, field, f.number);
			else
				fact_uint(s, field, f.number);
		}
}

static void say_who(struct scene *s, const struct sparkplug_metric *m)
{
	static const struct {
		const char *name;
		enum identity_key key;
	} rows[] = {
		{ "Properties/Hardware Make", ID_VENDOR },
		{ "Properties/Hardware Model", ID_MODEL },
		{ "Properties/OS", ID_OS },
		{ "Properties/FW", ID_FIRMWARE },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (m->value.form == FORM_STRING && mqtt_is(m->name, rows[i].name))
			who_sender(s, rows[i].key, m->value.bytes.at, m->value.bytes.left);
}

static void tell_about(struct scene *s, const struct sparkplug_metric *m, struct cur name)
{
	if (m->has_alias)
		fact_uint(s, &f_alias, m->alias);
	if (m->has_timestamp)
		fact_uint(s, &f_timestamp, m->timestamp);
	if (m->has_type)
		fact_uint(s, &f_datatype, m->value.type);
	if (m->historical)
		text_tell(s, &f_historical, name);
	if (m->transient)
		text_tell(s, &f_transient, name);
	tell_metadata(s, m->metadata);
	tell_properties(s, name, m->properties, 0);
}

/* What the protocol has for itself is nothing to plot. */
static bool is_of_process(struct cur name)
{
	static const char *const groups[] = { "Node Control/", "Device Control/", "Properties/" };
	for (size_t i = 0; i < COUNT_OF(groups); i++)
		if (cur_starts(&name, groups[i]))
			return false;
	return !mqtt_is(name, "bdSeq");
}

static struct cur unknown_name(struct scene *s, const struct sparkplug_metric *m)
{
	return m->has_alias ? sparkplug_numbered(s, "alias ", m->alias, "") : cur_none();
}

void sparkplug_tell_metric(
	struct sparkplug_teller *t, struct cur outer, struct cur metric, unsigned depth)
{
	struct scene *s = t->s;
	struct sparkplug_metric m = sparkplug_metric(metric);
	struct sparkplug_declared as;
	bool known = !outer.left && sparkplug_declared(&t->sp->birth, &m, &as);
	bool points = t->points, named = m.name.left || known;
	const char *measure = t->measure;
	struct cur name = m.name.left ? m.name : known ? as.name : unknown_name(s, &m);
	if (!name.left) { /* a value of nothing, or no room for its name */
		if (cur_ok(&name))
			fact_violation(s);
		return;
	}
	if (!m.has_type && known)
		m.value.type = as.type;
	if (outer.left)
		name = sparkplug_join(s, outer, "/", name);
	if (!cur_ok(&name))
		return;
	struct cur unit = sparkplug_unit(m.properties);
	if (!unit.left && known)
		unit = as.unit;
	/* Values of the past and bad ones are no samples; without a name nobody knows of what. */
	t->points &= named && !m.historical && is_of_process(name) && is_good(m.properties);
	t->measure = t->points && unit.left ? point_measure(s, unit.at, unit.left) : NULL;
	tell_about(s, &m, name);
	if (m.null || m.value.form == FORM_NONE)
		text_tell(s, &f_null, name);
	else
		sparkplug_tell_value(t, name, &m.value, depth);
	t->points = points;
	t->measure = measure;
	if (!outer.left && sparkplug_is_own_birth(s, t->sp))
		say_who(s, &m);
}
