/* Sparkplug 3.0.0, 6.4.16 and 6.4.17: values.  Numbers stand as unsigned ones on the wire, whatever
 * their type; arrays are packed into bytes, data sets and templates are messages of their own.
 *
 * What holds several values is told one by one: "Batch[2]/Weight", "Pump/Speed". */
#include "base/out.h"
#include "sense/proto/sparkplug.h"
#include "sense/secret.h"

enum { ELEMENTS_MAX = 256, CELLS_MAX = 1024, COLUMNS_MAX = 64 };

enum { AS_UINT, AS_INT, AS_REAL, AS_FLAG, AS_TEXT };
static const struct field f_value[] = {
	[AS_UINT] = { "sparkplugb.value", BE64 },
	[AS_INT] = { "sparkplugb.value", SBE64 },
	[AS_REAL] = { "sparkplugb.value", REAL },
	[AS_FLAG] = { "sparkplugb.value", FLAG },
	[AS_TEXT] = { "sparkplugb.value", TEXT },
};
static const struct field f_metric = { "sparkplugb.metric", TEXT | NAMING };
static const struct field f_template = { "sparkplugb.template", TEXT };
static const struct field f_template_version = { "sparkplugb.template_version", TEXT };

bool sparkplug_read_value(const struct protobuf_field *f, unsigned first, struct sparkplug_value *v)
{
	static const uint8_t wires[] = { [FORM_INT] = PROTOBUF_VARINT,
		[FORM_LONG] = PROTOBUF_VARINT,
		[FORM_FLOAT] = PROTOBUF_32,
		[FORM_DOUBLE] = PROTOBUF_64,
		[FORM_BOOLEAN] = PROTOBUF_VARINT,
		[FORM_STRING] = PROTOBUF_BYTES,
		[FORM_BYTES] = PROTOBUF_BYTES,
		[FORM_DATASET] = PROTOBUF_BYTES,
		[FORM_TEMPLATE] = PROTOBUF_BYTES };
	unsigned number = f->key >> 3, form = number - first;
	if (number < first || form > FORM_TEMPLATE || (f->key & 7) != wires[form])
		return false;
	v->form = (uint8_t)form;
	v->number = f->number;
	v->bytes = f->bytes;
	return true;
}

struct cur sparkplug_join(struct scene *s, struct cur a, const char *between, struct cur b)
{
	size_t middle = strlen(between), size = a.left + middle + b.left;
	bool fine = cur_ok(&a) && cur_ok(&b) && size <= SPARKPLUG_NAME_MAX;
	char *text = fine ? scene_scratch(s, size) : NULL;
	if (!text)
		return cur_bad();
	memcpy(text, a.at, a.left);
	memcpy(text + a.left, between, middle);
	memcpy(text + a.left + middle, b.at, b.left);
	return cur_of(text, size);
}

struct cur sparkplug_numbered(struct scene *s, const char *before, uint64_t n, const char *behind)
{
	enum { ROOM = 40 };
	char *text = scene_scratch(s, ROOM);
	if (!text)
		return cur_bad();
	struct out o = out_mem(text, ROOM);
	out_str(&o, before);
	out_uint(&o, n);
	out_str(&o, behind);
	return cur_of(text, o.used);
}

struct cur sparkplug_element(struct scene *s, struct cur name, unsigned index)
{
	return sparkplug_join(s, name, "", sparkplug_numbered(s, "[", index, "]"));
}

/* --- points --- */

static void tell_point(struct sparkplug_teller *t, struct cur name, double v)
{
	struct sparkplug *sp = t->sp;
	if (!t->points || !sp->name || !name.left || name.left > SPARKPLUG_NAME_MAX ||
		!mqtt_is_name(name))
		return;
	memcpy(sp->name + sp->name_key + 1, name.at, name.left);
	const struct point_at at = { .space = MQTT_SPACE_METRIC,
		.symbol = (const uint8_t *)sp->name,
		.symbol_size = (uint16_t)(sp->name_key + 1 + name.left),
		.measure = t->measure };
	if (t->written)
		point_server(t->s, &at, v, true);
	else
		point_sender(t->s, &at, v, false);
}

/* --- one value --- */

/* An integer with the sign of its type; `clear` where that is known. */
static int64_t signed_of(const struct sparkplug_value *v, bool *has_sign, bool *clear)
{
	*has_sign = true;
	*clear = true;
	switch (v->type) {
	case TYPE_INT8:
		return (int8_t)v->number;
	case TYPE_INT16:
		return (int16_t)v->number;
	case TYPE_INT32:
		return (int32_t)v->number;
	case TYPE_INT64:
		return (int64_t)v->number;
	default:
		*has_sign = false;
		*clear = (v->type >= TYPE_UINT8 && v->type <= TYPE_UINT64) ||
			v->type == TYPE_BOOLEAN;
		return 0;
	}
}

/* True with the number a point would have. */
static bool tell_integer(
	struct scene *s, const struct field *f, const struct sparkplug_value *v, double *number)
{
	bool has_sign, clear;
	int64_t n = signed_of(v, &has_sign, &clear);
	if (v->type == TYPE_BOOLEAN)
		fact_flag(s, &f[AS_FLAG], v->number != 0);
	else if (has_sign)
		fact_int(s, &f[AS_INT], n);
	else
		fact_uint(s, &f[AS_UINT], v->number);
	*number = has_sign ? (double)n : (double)v->number;
	return clear;
}

static bool tell_number(
	struct scene *s, const struct field *f, const struct sparkplug_value *v, double *number)
{
	switch (v->form) {
	case FORM_INT:
	case FORM_LONG:
		return tell_integer(s, f, v, number);
	case FORM_FLOAT:
		*number = cur_float_of((uint32_t)v->number);
		fact_real(s, &f[AS_REAL], *number);
		return true;
	case FORM_DOUBLE:
		*number = cur_double_of(v->number);
		fact_real(s, &f[AS_REAL], *number);
		return true;
	default:
		*number = v->number != 0;
		fact_flag(s, &f[AS_FLAG], v->number != 0);
		return true;
	}
}

static void tell_text(struct scene *s, const struct field *f, struct cur name, struct cur text)
{
	text = mqtt_first_of(text);
	if (secret_on_the_way(name.at, name.left) || mqtt_mentions_secret(text))
		fact_secret(s, &f[AS_TEXT], text.at, text.left);
	else
		text_tell(s, &f[AS_TEXT], text);
}

bool sparkplug_tell_simple(struct scene *s, const struct field *fields, struct cur name,
	const struct sparkplug_value *v)
{
	double number;
	if (v->form <= FORM_BOOLEAN && secret_on_the_way(name.at, name.left))
		fact_hidden(s, &fields[AS_TEXT]);
	else if (v->form <= FORM_BOOLEAN)
		tell_number(s, fields, v, &number);
	else if (v->form == FORM_STRING)
		tell_text(s, fields, name, v->bytes);
	else
		return false;
	return true;
}

static void tell_one(struct sparkplug_teller *t, struct cur name, const struct sparkplug_value *v)
{
	double number;
	if (!cur_ok(&name)) /* no room for it: a value without a name is nobody's */
		return;
	text_tell(t->s, &f_metric, name);
	if (v->form > FORM_BOOLEAN || secret_on_the_way(name.at, name.left))
		sparkplug_tell_simple(t->s, f_value, name, v);
	else if (tell_number(t->s, f_value, v, &number))
		tell_point(t, name, number);
}

/* --- arrays, 6.4.17: packed, little endian (floats, too, though its example has them the other
 * way) --- */

/* So many are told; that there are more is, too. */
static bool goes_on(struct sparkplug_teller *t, unsigned element)
{
	if (element < ELEMENTS_MAX)
		return true;
	value_refused(t->s);
	return false;
}

/* A count of four bytes, then a bit each, the highest first. */
static void tell_booleans(struct sparkplug_teller *t, struct cur name, struct cur c)
{
	uint32_t count = cur_le32(&c);
	uint8_t byte = 0;
	for (unsigned i = 0; i < count && goes_on(t, i); i++) {
		byte = (uint8_t)(i % 8 ? byte << 1 : cur_u8(&c));
		if (!cur_ok(&c))
			return;
		const struct sparkplug_value v = { .form = FORM_BOOLEAN, .number = byte >> 7 };
		tell_one(t, sparkplug_element(t->s, name, i), &v);
	}
}

/* Each with a NUL behind it. */
static void tell_strings(struct sparkplug_teller *t, struct cur name, struct cur c)
{
	for (unsigned i = 0; c.left && goes_on(t, i); i++) {
		const struct sparkplug_value v = { .form = FORM_STRING,
			.bytes = text_until(&c, 0) };
		tell_one(t, sparkplug_element(t->s, name, i), &v);
	}
}

static uint64_t read_le(struct cur *c, unsigned size)
{
	return size == 1    ? cur_u8(c)
		: size == 2 ? cur_le16(c)
		: size == 4 ? cur_le32(c)
			    : cur_le64(c);
}

static void tell_array(struct sparkplug_teller *t, struct cur name, const struct sparkplug_value *v)
{
	/* From Int8Array on: eight of integers, then Float and Double. */
	static const uint8_t sizes[] = { 1, 2, 4, 8, 1, 2, 4, 8, 4, 8 };
	struct cur c = v->bytes;
	bool date = v->type == TYPE_DATETIME_ARRAY;
	unsigned which = v->type - TYPE_INT8_ARRAY, size = date ? 8 : sizes[which];
	struct sparkplug_value one = { .form = FORM_LONG, .type = TYPE_INT8 + which };
	if (date)
		one.type = TYPE_DATETIME;
	else if (which >= 8)
		one.form = size == 4 ? FORM_FLOAT : FORM_DOUBLE;
	for (unsigned i = 0; c.left >= size && goes_on(t, i); i++) {
		one.number = read_le(&c, size);
		tell_one(t, sparkplug_element(t->s, name, i), &one);
	}
}

static void tell_bytes(struct sparkplug_teller *t, struct cur name, const struct sparkplug_value *v)
{
	if (v->type == TYPE_BOOLEAN_ARRAY) {
		tell_booleans(t, name, v->bytes);
	} else if (v->type == TYPE_STRING_ARRAY) {
		tell_strings(t, name, v->bytes);
	} else if (v->type >= TYPE_INT8_ARRAY && v->type <= TYPE_DATETIME_ARRAY) {
		tell_array(t, name, v);
	} else {
		struct cur size = sparkplug_numbered(t->s, "", v->bytes.left, " bytes");
		if (!cur_ok(&size))
			return;
		text_tell(t->s, &f_metric, name);
		text_tell(t->s, &f_value[AS_TEXT], size);
	}
}

/* --- data sets, 6.4.11: rows of a table --- */

/* The columns of a table, of which the first ones have names and types. */
struct columns {
	struct cur names[COLUMNS_MAX];
	uint32_t types[COLUMNS_MAX];
	unsigned named, typed;
};

static void add_type(struct columns *of, uint64_t type)
{
	if (of->typed < COLUMNS_MAX)
		of->types[of->typed++] = (uint32_t)type;
}

/* Types stand one a field, or packed into one. */
static void read_columns(struct columns *of, struct cur set)
{
	struct protobuf_field f;
	of->named = of->typed = 0;
	while (protobuf_read(&set, &f)) {
		if (f.key == PROTOBUF_KEY(2, PROTOBUF_BYTES) && of->named < COLUMNS_MAX)
			of->names[of->named++] = f.bytes;
		else if (f.key == PROTOBUF_KEY(3, PROTOBUF_VARINT))
			add_type(of, f.number);
		else if (f.key == PROTOBUF_KEY(3, PROTOBUF_BYTES))
			while (f.bytes.left && of->typed < COLUMNS_MAX)
				add_type(of, protobuf_varint(&f.bytes));
	}
}

/* Gives the number of cells. */
static unsigned tell_row(
	struct sparkplug_teller *t, struct cur name, const struct columns *of, struct cur row)
{
	struct protobuf_field cell, part;
	unsigned n = 0;
	while (n < of->named && protobuf_read(&row, &cell)) {
		if (cell.key != PROTOBUF_KEY(1, PROTOBUF_BYTES))
			continue;
		struct sparkplug_value v = { .form = FORM_NONE };
		v.type = n < of->typed ? of->types[n] : 0;
		while (protobuf_read(&cell.bytes, &part))
			sparkplug_read_value(&part, 1, &v);
		if (v.form <= FORM_STRING)
			tell_one(t, sparkplug_join(t->s, name, "/", of->names[n]), &v);
		n++;
	}
	return n;
}

/* A table is a record, written at once: nothing to plot. */
static void tell_set(struct sparkplug_teller *t, struct cur name, struct cur set)
{
	bool points = t->points;
	struct columns columns;
	struct protobuf_field f;
	read_columns(&columns, set);
	t->points = false;
	for (unsigned i = 0, cells = 0; protobuf_read(&set, &f);) {
		if (f.key != PROTOBUF_KEY(4, PROTOBUF_BYTES))
			continue;
		if (cells >= CELLS_MAX) {
			value_refused(t->s);
			break;
		}
		cells += 1 + tell_row(t, sparkplug_element(t->s, name, i), &columns, f.bytes);
		i++;
	}
	t->points = points;
}

/* --- templates, 6.4.14: metrics and parameters under one name --- */

static void tell_parameter(struct sparkplug_teller *t, struct cur outer, struct cur c)
{
	struct sparkplug_value v = { .form = FORM_NONE };
	struct protobuf_field f;
	struct cur name = cur_none();
	while (protobuf_read(&c, &f)) {
		if (f.key == PROTOBUF_KEY(1, PROTOBUF_BYTES))
			name = f.bytes;
		else if (f.key == PROTOBUF_KEY(2, PROTOBUF_VARINT))
			v.type = (uint32_t)f.number;
		else
			sparkplug_read_value(&f, 3, &v);
	}
	if (v.form <= FORM_STRING)
		tell_one(t, sparkplug_join(t->s, outer, ".", name), &v);
}

static bool is_definition(struct cur c)
{
	struct protobuf_field f;
	while (protobuf_read(&c, &f))
		if (f.key == PROTOBUF_KEY(5, PROTOBUF_VARINT))
			return f.number;
	return false;
}

static void tell_template(struct sparkplug_teller *t, struct cur name, struct cur c, unsigned depth)
{
	struct protobuf_field f;
	bool points = t->points;
	t->points &= !is_definition(c);
	while (protobuf_read(&c, &f)) {
		switch (f.key) {
		case PROTOBUF_KEY(1, PROTOBUF_BYTES):
			text_tell(t->s, &f_template_version, f.bytes);
			break;
		case PROTOBUF_KEY(2, PROTOBUF_BYTES):
			if (depth < SPARKPLUG_DEPTH)
				sparkplug_tell_metric(t, name, f.bytes, depth + 1);
			break;
		case PROTOBUF_KEY(3, PROTOBUF_BYTES):
			tell_parameter(t, name, f.bytes);
			break;
		case PROTOBUF_KEY(4, PROTOBUF_BYTES):
			text_tell(t->s, &f_template, f.bytes);
			break;
		default:
			break;
		}
	}
	t->points = points;
}

void sparkplug_tell_value(struct sparkplug_teller *t, struct cur name,
	const struct sparkplug_value *v, unsigned depth)
{
	if (v->form == FORM_BYTES)
		tell_bytes(t, name, v);
	else if (v->form == FORM_DATASET)
		tell_set(t, name, v->bytes);
	else if (v->form == FORM_TEMPLATE)
		tell_template(t, name, v->bytes, depth);
	else
		tell_one(t, name, v);
}
