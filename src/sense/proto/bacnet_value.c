/* BACnet, what elements mean: ASHRAE 135, 20.2 and 21.
 *
 * Everything an APDU says is a tagged element.  Application tags tell their type; what a context
 * tag means stands in the rows of its service (bacnet_params.c).  A walker goes through both. */
#include "sense/proto/bacnet.h"

/* Constructed data within each other: the deepest that the standard has is a notification
 * parameter in a list in a value, half as deep. */
enum { DEPTH_MAX = 16 };
static const struct field f_property = { "bacapp.property_identifier", BE32 };
static const struct field f_index = { "bacapp.property_array_index", BE32 };
static const struct field f_name = { "bacapp.object_name", TEXT };
static const struct field f_vendor = { "bacapp.vendor_identifier", BE16 };
static const struct field f_bit = { "bacapp.bit", FLAG };
static const struct field f_context = { "bacapp.context_tag_number", U8 };
static const struct field f_context_data = { "bacapp.context_data", BYTES };
static const struct field f_date = { "bacapp.date", TEXT };
static const struct field f_time = { "bacapp.time", TEXT };
static const struct field f_hidden = { "bacapp.password", TEXT };
static const struct field f_size = { "bacapp.element_size", BE32 };

/* The present value is told under the names that tshark has for it, all others under ours. */
struct names {
	struct field null, flag, uint, integer, real, number, octets, text, enumerated;
};
static const struct names present = {
	{ "bacapp.present_value.null", TEXT },
	{ "bacapp.present_value.boolean", FLAG },
	{ "bacapp.present_value.uint", BE64 },
	{ "bacapp.present_value.int", SBE64 },
	{ "bacapp.present_value.real", FBE32 },
	{ "bacapp.present_value.double", FBE64 },
	{ "bacapp.present_value.octet_string", BYTES },
	{ "bacapp.present_value.char_string", TEXT },
	{ "bacapp.present_value.enum_index", BE32 },
};
static const struct names plain = {
	{ "bacapp.value.null", TEXT },
	{ "bacapp.value.boolean", FLAG },
	{ "bacapp.value.uint", BE64 },
	{ "bacapp.value.int", SBE64 },
	{ "bacapp.value.real", FBE32 },
	{ "bacapp.value.double", FBE64 },
	{ "bacapp.value.octet_string", BYTES },
	{ "bacapp.value.char_string", TEXT },
	{ "bacapp.value.enum_index", BE32 },
};

/* What device properties say of their device: 12.11. */
static const struct {
	uint16_t property;
	uint8_t key;
} identities[] = {
	{ 12, ID_SOFTWARE }, /* application software version */
	{ 28, ID_DESCRIPTION },
	{ 44, ID_FIRMWARE },
	{ 58, ID_LOCATION },
	{ 70, ID_MODEL },
	{ 77, ID_NAME },
	{ 121, ID_VENDOR },
	{ 372, ID_SERIAL },
};
enum { SYSTEM_STATUS = 112, VENDOR_IDENTIFIER = 120 };

/* --- what values mean --- */

/* The whole value of the whole property, and whose it is, is known. */
static bool means_something(const struct bacnet_talk *t)
{
	const struct bacnet_focus *at = &t->at;
	return at->alone && at->has_object && at->has_property && at->index == BACNET_NO_INDEX;
}

static bool of_device(const struct bacnet_talk *t)
{
	return t->tells && means_something(t) && t->at.object >> 22 == BACNET_OBJECT_DEVICE;
}

static void text_means(struct bacnet_talk *t, const struct cur *text)
{
	if (!of_device(t) || !text->left)
		return;
	for (size_t i = 0; i < COUNT_OF(identities); i++)
		if (identities[i].property == t->at.property)
			bacnet_mean_text(t, identities[i].key, text->at, text->left);
}

static void number_means(struct bacnet_talk *t, double v)
{
	if (!means_something(t) || t->at.property != BACNET_PRESENT_VALUE)
		return;
	if (t->tells)
		bacnet_mean_point(t, t->at.object, v);
	else if (t->sets && t->asked.write_count < BACNET_WRITES)
		t->asked.writes[t->asked.write_count++] = (struct bacnet_write){ t->at.object, v };
}

static void code_means(struct bacnet_talk *t, uint64_t v)
{
	number_means(t, (double)v);
	if (!of_device(t))
		return;
	if (t->at.property == VENDOR_IDENTIFIER)
		bacnet_mean_vendor(t, v);
	const char *status = t->at.property == SYSTEM_STATUS ? bacnet_status(v) : NULL;
	if (status)
		bacnet_mean_text(t, ID_MODE, status, strlen(status));
}

static bool sized(const struct cur *c, size_t least, size_t most)
{
	return c->left >= least && c->left <= most;
}

static bool is_value_of(const struct bacnet_talk *t, uint32_t property)
{
	return t->at.plain && t->at.has_property && t->at.property == property;
}

/* One application element; it tells its own type. */
static bool add_application(struct bacnet_talk *t, const struct bacnet_tag *tag)
{
	struct scene *s = t->s;
	struct cur c = tag->content, text;
	bool is_present = is_value_of(t, BACNET_PRESENT_VALUE);
	bool is_name = is_value_of(t, BACNET_OBJECT_NAME);
	const struct names *n = is_present ? &present : &plain;
	switch (tag->number) {
	case NOTHING:
		fact_text(s, &n->null, "null", 4);
		return c.left == 0;
	case BOOLEAN:
		fact_flag(s, &n->flag, tag->flag);
		number_means(t, tag->flag);
		return true;
	case UNSIGNED:
	case ENUMERATED:
		if (!sized(&c, 1, 8))
			return false;
		fact_uint(
			s, tag->number == UNSIGNED ? &n->uint : &n->enumerated, bacnet_unsigned(c));
		code_means(t, bacnet_unsigned(c));
		return true;
	case SIGNED:
		if (!sized(&c, 1, 8))
			return false;
		fact_int(s, &n->integer, bacnet_signed(c));
		number_means(t, (double)bacnet_signed(c));
		return true;
	case REAL_4:
	case REAL_8: {
		if (c.left != (tag->number == REAL_4 ? 4 : 8))
			return false;
		double v = tag->number == REAL_4 ? cur_float_of(cur_be32(&c))
						 : cur_double_of(cur_be64(&c));
		fact_real(s, tag->number == REAL_4 ? &n->real : &n->number, v);
		number_means(t, v);
		return true;
	}
	case OCTETS:
		fact_bytes(s, &n->octets, c.at, c.left);
		return true;
	case CHARACTERS:
		if (!bacnet_add_text(s, is_name ? &f_name : &n->text, c, &text))
			return false;
		text_means(t, &text);
		return true;
	case BITS:
		return bacnet_add_bits(s, &f_bit, c);
	case DATE:
		return bacnet_add_date(s, &f_date, c);
	case TIME:
		return bacnet_add_time(s, &f_time, c);
	case OBJECT:
		if (c.left != 4)
			return false;
		bacnet_add_object(s, cur_be32(&c));
		return true;
	default: /* 13 to 254 are reserved */
		fact_violation(s);
		fact_bytes(s, &f_context_data, c.at, c.left);
		return true;
	}
}

/* --- the walker --- */

/* What stands between an opening and its closing tag. */
static bool between(struct bacnet_talk *t, struct cur *c, const struct bacnet_param *rows,
	const struct bacnet_tag *tag, unsigned depth);

/* An element that no row knows: vendors and later editions have such.  Where a password may stand,
 * one with a wrong tag looks like this. */
static bool add_unknown(
	struct bacnet_talk *t, struct cur *c, const struct bacnet_tag *tag, unsigned depth)
{
	if (tag->opens)
		return between(t, c, NULL, tag, depth);
	if (tag->context)
		fact_uint(t->s, &f_context, tag->number);
	if (t->hides)
		fact_uint(t->s, &f_size, tag->content.left);
	else if (tag->context)
		fact_bytes(t->s, &f_context_data, tag->content.at, tag->content.left);
	else
		return add_application(t, tag);
	return true;
}

static bool walk_any(struct bacnet_talk *t, struct cur *c, unsigned depth)
{
	while (c->left && !bacnet_closes(c)) {
		struct bacnet_tag tag;
		if (!bacnet_tag(c, &tag) || !add_unknown(t, c, &tag, depth))
			return false;
	}
	return cur_ok(c);
}

static void see_object(struct bacnet_talk *t, uint32_t object)
{
	if (!t->asked.has_object) {
		t->asked.object = object;
		t->asked.has_object = true;
	}
	t->at.object = object;
	t->at.has_object = true;
	t->at.has_property = false;
	t->at.index = BACNET_NO_INDEX;
	bacnet_add_object(t->s, object);
}

static void see_property(struct bacnet_talk *t, uint32_t property)
{
	if (!t->asked.has_property) {
		t->asked.property = property;
		t->asked.has_property = true;
	}
	t->at.property = property;
	t->at.has_property = true;
	t->at.index = BACNET_NO_INDEX;
	fact_uint(t->s, &f_property, property);
}

static bool add_number(struct bacnet_talk *t, const struct bacnet_param *row, struct cur c)
{
	if (!sized(&c, 1, row->kind == IS_UINT ? 8 : 4))
		return false;
	if (t->hides && c.left > 2) { /* numbers have 16 bits where a password may stand */
		fact_uint(t->s, &f_size, c.left);
		fact_violation(t->s);
		return true;
	}
	uint64_t v = bacnet_unsigned(c);
	switch (row->kind) {
	case IS_PROPERTY:
		see_property(t, (uint32_t)v);
		break;
	case IS_INDEX:
		t->at.index = (int64_t)v;
		fact_uint(t->s, &f_index, v);
		break;
	case IS_VENDOR:
		fact_uint(t->s, &f_vendor, v);
		if (t->tells)
			bacnet_mean_vendor(t, v);
		break;
	default:
		fact_uint(t->s, row->field, v);
	}
	return true;
}

/* One element of which a row says what it is. */
static bool add_known(
	struct bacnet_talk *t, const struct bacnet_param *row, const struct bacnet_tag *tag)
{
	struct scene *s = t->s;
	struct cur c = tag->content, text;
	switch ((enum bacnet_kind)row->kind) {
	case IS_UINT:
	case IS_PROPERTY:
	case IS_INDEX:
	case IS_VENDOR:
		return add_number(t, row, c);
	case IS_INT:
		if (!sized(&c, 1, 8))
			return false;
		fact_int(s, row->field, bacnet_signed(c));
		return true;
	case IS_FLAG:
		if (tag->context && c.left != 1)
			return false;
		fact_flag(s, row->field, tag->context ? cur_u8(&c) : tag->flag);
		return true;
	case IS_REAL:
	case IS_DOUBLE:
		if (c.left != (row->kind == IS_REAL ? 4 : 8))
			return false;
		fact_real(s, row->field,
			row->kind == IS_REAL ? cur_float_of(cur_be32(&c))
					     : cur_double_of(cur_be64(&c)));
		return true;
	case IS_TEXT:
	case IS_NAME:
		return bacnet_add_text(s, row->field ? row->field : &f_name, c, &text);
	case IS_BITS:
		return bacnet_add_bits(s, row->field ? row->field : &f_bit, c);
	case IS_BYTES:
		fact_bytes(s, row->field, c.at, c.left);
		return true;
	case IS_DATE:
		return bacnet_add_date(s, row->field ? row->field : &f_date, c);
	case IS_TIME:
		return bacnet_add_time(s, row->field ? row->field : &f_time, c);
	case IS_NULL:
		if (c.left)
			return false;
		fact_text(s, row->field, "null", 4);
		return true;
	case IS_OBJECT:
		if (c.left != 4)
			return false;
		see_object(t, cur_be32(&c));
		return true;
	case IS_OTHER:
		if (c.left != 4)
			return false;
		bacnet_add_object(s, cur_be32(&c));
		return true;
	case IS_SECRET: {
		uint8_t charset;
		if (row->field) { /* no text, but bytes */
			fact_secret(s, row->field, c.at, c.left);
			return true;
		}
		if (!bacnet_text(s, c, &charset, &text))
			return false;
		fact_secret(s, &f_hidden, text.at, text.left);
		return true;
	}
	case IS_GROUP:
	case IS_LIST:
	case IS_VALUE:
	case IS_FAR:
	case IS_OPAQUE:
		break;
	}
	return false; /* these stand between opening and closing tags */
}

static bool is_end(const struct bacnet_param *row)
{
	return !row->field && row->kind == IS_UINT;
}

/* The next row from `from` on, around the end to the beginning: sequences may repeat. */
static const struct bacnet_param *find_row(
	const struct bacnet_param *rows, size_t from, const struct bacnet_tag *tag)
{
	uint8_t wanted = tag->context ? tag->number : (uint8_t)(APPLICATION | tag->number);
	const struct bacnet_param *early = NULL;
	if (tag->number >= APPLICATION)
		return NULL;
	for (size_t i = 0; !is_end(&rows[i]); i++) {
		bool constructed = rows[i].kind >= IS_GROUP;
		if (rows[i].tag != wanted || constructed != tag->opens)
			continue;
		if (i >= from)
			return &rows[i];
		if (!early)
			early = &rows[i];
	}
	return early;
}

static bool all_there(const struct bacnet_param *rows, uint32_t seen)
{
	for (size_t i = 0; !is_end(&rows[i]); i++)
		if (rows[i].must && !(seen >> i & 1))
			return false;
	return true;
}

/* Nothing says that a vendor's own parameters are tagged: everything up to the last byte. */
static bool add_opaque(struct bacnet_talk *t, const struct bacnet_param *row, struct cur *c)
{
	if (c->left == 0)
		return false;
	struct cur own = cur_sub(c, c->left - 1);
	fact_bytes(t->s, row->field, own.at, own.left);
	struct bacnet_tag end;
	return bacnet_tag(c, &end) && end.closes && end.number == row->tag;
}

/* One primitive element that tells its own type, and no other. */
static bool is_alone(struct cur c)
{
	struct bacnet_tag tag;
	return bacnet_tag(&c, &tag) && !tag.context && bacnet_closes(&c);
}

/* A value that refers to other objects does not change whose value it is. */
static bool add_value(struct bacnet_talk *t, struct cur *c, const struct bacnet_tag *tag, bool far,
	unsigned depth)
{
	const struct bacnet_focus before = t->at;
	const struct bacnet_param *rows = NULL;
	if (t->at.has_object && t->at.has_property)
		rows = bacnet_value_rows(t->at.object >> 22, t->at.property);
	t->at.in_value = true;
	t->at.plain = !rows;
	t->at.far |= far;
	t->at.alone = !rows && !t->at.far && is_alone(*c);
	bool ok = between(t, c, rows, tag, depth);
	t->at = before;
	return ok;
}

static bool add_by_row(struct bacnet_talk *t, struct cur *c, const struct bacnet_param *row,
	const struct bacnet_tag *tag, unsigned depth)
{
	switch ((enum bacnet_kind)row->kind) {
	case IS_VALUE:
	case IS_FAR:
		return add_value(t, c, tag, row->kind == IS_FAR, depth);
	case IS_LIST:
		if (bacnet_closes(c))
			return between(t, c, NULL, tag, depth);
		return between(t, c, row->inside, tag, depth);
	case IS_GROUP:
		return between(t, c, row->inside, tag, depth);
	case IS_OPAQUE:
		return add_opaque(t, row, c);
	default:
		/* Objects of vendors give properties of the standard types of their own. */
		return add_known(t, row, tag) ||
			(t->at.in_value && tag->context && add_unknown(t, c, tag, depth));
	}
}

static bool walk_rows(
	struct bacnet_talk *t, struct cur *c, const struct bacnet_param *rows, unsigned depth)
{
	uint32_t seen = 0;
	size_t next = 0;
	while (c->left && !bacnet_closes(c)) {
		struct bacnet_tag tag;
		if (!bacnet_tag(c, &tag))
			return false;
		const struct bacnet_param *row = find_row(rows, next, &tag);
		if (!(row ? add_by_row(t, c, row, &tag, depth) : add_unknown(t, c, &tag, depth)))
			return false;
		if (row) {
			next = (size_t)(row - rows) + 1;
			seen |= 1u << (row - rows);
		}
	}
	return cur_ok(c) && (t->at.in_value || all_there(rows, seen));
}

static bool between(struct bacnet_talk *t, struct cur *c, const struct bacnet_param *rows,
	const struct bacnet_tag *tag, unsigned depth)
{
	if (depth == 0)
		return false;
	struct bacnet_tag end;
	return (rows ? walk_rows(t, c, rows, depth - 1) : walk_any(t, c, depth - 1)) &&
		bacnet_tag(c, &end) && end.closes && end.number == tag->number;
}

bool bacnet_params(struct bacnet_talk *t, struct cur *c, const struct bacnet_param *rows)
{
	t->at.index = BACNET_NO_INDEX;
	return walk_rows(t, c, rows, DEPTH_MAX) && c->left == 0;
}
