/* DNP3, objects of fixed size: IEEE 1815-2012, annex A: values and points.
 *
 * A row of dnp3_table.c lists the parts of one object in wire order; one walker reads them.
 * Objects that carry their own length are read in dnp3_sized.c. */
#include <stdio.h>

#include "sense/proto/dnp3.h"

/* Kinds of points: what people call them, and under which names their values are told. */
struct kind {
	const char *name;
	struct field flags, state, whole, real, wide;
};

#define KIND(name, letters, value, small, big)                                                     \
	{                                                                                          \
		name, { "dnp3.al." letters, U8 }, { "dnp3.al." letters ".b7", FLAG },              \
			{ "dnp3.al." value, SLE32 }, { "dnp3.al." small, FLE32 },                  \
		{                                                                                  \
			"dnp3.al." big, FLE64                                                      \
		}                                                                                  \
	}

enum point_kind {
	KIND_NONE,
	BINARY_INPUT,
	DOUBLE_INPUT,
	BINARY_OUTPUT,
	COUNTER,
	FROZEN_COUNTER,
	ANALOG_INPUT,
	FROZEN_ANALOG,
	DEADBAND,
	ANALOG_OUTPUT,
	BCD_POINT,
	INTEGER_POINT,
	SECURITY_STATISTIC,
};

static const struct kind kinds[] = {
	[KIND_NONE] = KIND("", "quality", "value", "value", "value"),
	[BINARY_INPUT] = KIND("binary input", "biq", "bit", "value", "value"),
	[DOUBLE_INPUT] = KIND("double-bit input", "biq", "2bit", "value", "value"),
	[BINARY_OUTPUT] = KIND("binary output", "boq", "bit", "value", "value"),
	[COUNTER] = KIND("counter", "ctrq", "cnt", "cnt", "cnt"),
	[FROZEN_COUNTER] = KIND("frozen counter", "ctrq", "cnt", "cnt", "cnt"),
	[ANALOG_INPUT] = KIND("analog input", "aiq", "ana.int", "ana.float", "ana.double"),
	[FROZEN_ANALOG] = KIND("frozen analog input", "aiq", "ana.int", "ana.float", "ana.double"),
	[DEADBAND] = KIND("analog input deadband", "aiq", "ana.int", "ana.float", "ana.double"),
	[ANALOG_OUTPUT] =
		KIND("analog output", "aoq", "anaout.int", "anaout.float", "anaout.double"),
	[BCD_POINT] = KIND("bcd", "quality", "bcd", "bcd", "bcd"),
	[INTEGER_POINT] = KIND("integer", "quality", "integer", "integer", "integer"),
	[SECURITY_STATISTIC] =
		KIND("security statistic", "quality", "statistic", "statistic", "statistic"),
};

static uint8_t kind_of(uint8_t group)
{
	switch (group) {
	case 1:
	case 2:
		return BINARY_INPUT;
	case 3:
	case 4:
		return DOUBLE_INPUT;
	case 10:
	case 11:
	case 12:
	case 13:
		return BINARY_OUTPUT;
	case 20:
	case 22:
		return COUNTER;
	case 21:
	case 23:
		return FROZEN_COUNTER;
	case 30:
	case 32:
		return ANALOG_INPUT;
	case 31:
	case 33:
		return FROZEN_ANALOG;
	case 34:
		return DEADBAND;
	case 40:
	case 41:
	case 42:
	case 43:
		return ANALOG_OUTPUT;
	case 101:
		return BCD_POINT;
	case 102:
		return INTEGER_POINT;
	case 121:
	case 122:
		return SECURITY_STATISTIC;
	default:
		return KIND_NONE;
	}
}

void dnp3_point_name(const struct point_at *at, char name[POINT_NAME])
{
	const char *kind = at->space < sizeof kinds / sizeof kinds[0] ? kinds[at->space].name : "";
	snprintf(name, POINT_NAME, "outstation %u %s %u", at->unit, kind, at->index);
}

const struct field dnp3_field_timestamp = { "dnp3.al.timestamp", LE48 };
static const struct field f_age = { "dnp3.al.reltimestamp", LE16 };
static const struct field f_delay = { "dnp3.al.time_delay", LE16 };
static const struct field f_interval = { "dnp3.al.interval", LE32 };
static const struct field f_units = { "dnp3.al.interval.units", U8 };
static const struct field f_index = { "dnp3.al.index", U8 };
static const struct field f_point = { "dnp3.al.point_index", LE32 };
static const struct field f_size = { "dnp3.al.size", U8 };
static const struct field f_control = { "dnp3.ctl.op", U8 };
static const struct field f_clear = { "dnp3.ctl.clr", U8 };
static const struct field f_trip = { "dnp3.ctl.trip", U8 };
static const struct field f_count = { "dnp3.al.count", U8 };
static const struct field f_on = { "dnp3.al.on_time", LE32 };
static const struct field f_off = { "dnp3.al.off_time", LE32 };
static const struct field f_status = { "dnp3.al.ctrlstatus", U8 };
static const struct field f_commanded = { "dnp3.al.bocs", FLAG };
static const struct field f_bit = { "dnp3.al.bit", FLAG };
static const struct field f_pair = { "dnp3.al.2bit", U8 };
static const struct field f_double = { "dnp3.al.double", U8 };
static const struct field f_association = { "dnp3.al.association", LE16 };
static const struct field f_data = { "dnp3.al.data", BYTES };

/* One object's value, where it has one. */
struct reading {
	bool has;
	double value;
};

static void tell(struct reading *r, double value)
{
	r->has = true;
	r->value = value;
}

/* Control relay output block, A.8.1: operation in bits 0-3, clear in 5, trip or close in 6-7. */
static void read_crob(struct dnp3_talk *t, struct cur *c, struct reading *r)
{
	uint8_t code = cur_u8(c), operation = code & 15, trip = code >> 6;
	fact_uint(t->s, &f_control, operation);
	fact_uint(t->s, &f_clear, code >> 4 & 3);
	fact_uint(t->s, &f_trip, trip);
	fact_uint(t->s, &f_count, cur_u8(c));
	fact_uint(t->s, &f_on, cur_le32(c));
	fact_uint(t->s, &f_off, cur_le32(c));
	if (trip == 1 || trip == 2)
		tell(r, trip == 1); /* close, trip */
	else if (operation >= 1 && operation <= 4)
		tell(r, operation == 1 || operation == 3); /* pulse on, pulse off, latch on, off */
}

/* Packed digits, four bits each; a nibble over nine is no digit. */
static void read_bcd(
	struct dnp3_talk *t, const struct kind *k, struct cur *c, size_t size, struct reading *r)
{
	uint64_t bits = size == 2 ? cur_le16(c) : size == 4 ? cur_le32(c) : cur_le64(c);
	uint64_t value = 0;
	for (size_t i = size * 2; i-- > 0;) {
		uint64_t digit = bits >> (4 * i) & 15;
		if (digit > 9)
			fact_violation(t->s);
		value = value * 10 + digit;
	}
	fact_uint(t->s, &k->whole, value);
	tell(r, (double)value);
}

static void read_whole(
	struct dnp3_talk *t, const struct kind *k, uint8_t part, struct cur *c, struct reading *r)
{
	uint64_t u = 0;
	int64_t i = 0;
	switch (part) {
	case S16_VALUE:
		i = (int16_t)cur_le16(c);
		break;
	case S32_VALUE:
		i = (int32_t)cur_le32(c);
		break;
	case U8_VALUE:
		u = cur_u8(c);
		break;
	case U16_VALUE:
		u = cur_le16(c);
		break;
	default:
		u = cur_le32(c);
	}
	if (part == S16_VALUE || part == S32_VALUE) {
		fact_int(t->s, &k->whole, i);
		tell(r, (double)i);
	} else {
		fact_uint(t->s, &k->whole, u);
		tell(r, (double)u);
	}
}

static void read_status(struct dnp3_talk *t, uint8_t status)
{
	fact_uint(t->s, &f_status, status);
	if (status != 0)
		t->refused = true;
}

static void read_part(
	struct dnp3_talk *t, const struct kind *k, uint8_t part, struct cur *c, struct reading *r)
{
	struct scene *s = t->s;
	uint8_t flags;
	double real;
	switch (part) {
	case FLAGS:
		fact_uint(s, &k->flags, cur_u8(c));
		break;
	case STATE:
		flags = cur_u8(c);
		fact_uint(s, &k->flags, flags & 0x7f);
		fact_flag(s, &k->state, flags & 0x80);
		tell(r, flags >> 7);
		break;
	case STATE2:
		flags = cur_u8(c);
		fact_uint(s, &k->flags, flags & 0x3f);
		fact_uint(s, &f_double, flags >> 6);
		tell(r, flags >> 6);
		break;
	case COMMAND:
		flags = cur_u8(c);
		read_status(t, flags & 0x7f);
		fact_flag(s, &f_commanded, flags & 0x80);
		tell(r, flags >> 7);
		break;
	case STATUS:
		read_status(t, cur_u8(c) & 0x7f);
		break;
	case F32_VALUE:
		real = cur_float_of(cur_le32(c));
		fact_real(s, &k->real, real);
		tell(r, real);
		break;
	case F64_VALUE:
		real = cur_double_of(cur_le64(c));
		fact_real(s, &k->wide, real);
		tell(r, real);
		break;
	case BCD2:
		read_bcd(t, k, c, 2, r);
		break;
	case BCD4:
		read_bcd(t, k, c, 4, r);
		break;
	case BCD8:
		read_bcd(t, k, c, 8, r);
		break;
	case TIME:
		fact_uint(s, &dnp3_field_timestamp, cur_le48(c));
		break;
	case AGE:
		fact_uint(s, &f_age, cur_le16(c));
		break;
	case SECONDS:
	case MILLIS:
		fact_uint(s, &f_delay, cur_le16(c));
		break;
	case INTERVAL:
		fact_uint(s, &f_interval, cur_le32(c));
		break;
	case UNITS:
		fact_uint(s, &f_units, cur_u8(c));
		break;
	case CROB:
		read_crob(t, c, r);
		break;
	case OPAQUE3:
		fact_bytes(s, &f_data, cur_take(c, 3), 3);
		break;
	default:
		read_whole(t, k, part, c, r);
	}
}

static void point(struct dnp3_talk *t, uint8_t group, uint64_t index, const struct reading *r)
{
	uint8_t kind = kind_of(group);
	if (!r->has || kind == KIND_NONE || index > UINT32_MAX || t->silent)
		return;
	struct point_at at = { .space = kind, .unit = t->outstation, .index = (uint32_t)index };
	bool command = group == 13 || group == 43; /* somebody's command, told as an event */
	if (t->response)
		point_sender(t->s, &at, r->value, command);
	else if (t->written)
		point_server(t->s, &at, r->value, true);
}

/* The index in front of an object, or the place it has in the row. */
static uint64_t read_index(
	struct dnp3_talk *t, const struct dnp3_header *h, uint64_t i, struct cur *c)
{
	if (h->prefix == DNP3_PREFIX_NONE) {
		fact_uint(t->s, &f_point, h->first + i);
		return h->first + i;
	}
	uint32_t index = h->prefix == 1 ? cur_u8(c) : h->prefix == 2 ? cur_le16(c) : cur_le32(c);
	fact_uint(t->s, &f_index, index);
	return index;
}

static bool packed(struct dnp3_talk *t, const struct dnp3_header *h, unsigned width, struct cur *c)
{
	if (h->prefix != DNP3_PREFIX_NONE || h->count > (uint64_t)c->left * 8 / width)
		return false;
	uint8_t byte = 0;
	for (uint64_t i = 0; i < h->count; i++) {
		unsigned shift = (unsigned)(i * width % 8);
		if (shift == 0)
			byte = cur_u8(c);
		unsigned value = (unsigned)byte >> shift & (width == 1 ? 1u : 3u);
		uint64_t index = read_index(t, h, i, c);
		struct reading r = { .has = true, .value = value };
		if (width == 1)
			fact_flag(t->s, &f_bit, value);
		else
			fact_uint(t->s, &f_pair, value);
		point(t, h->group, index, &r);
	}
	return true;
}

static bool fixed(struct dnp3_talk *t, const struct dnp3_header *h,
	const struct dnp3_object_row *row, struct cur *c)
{
	static const uint8_t prefix_size[] = { 0, 1, 2, 4 };
	const struct kind *k = &kinds[kind_of(h->group)];
	size_t size = prefix_size[h->prefix];
	for (size_t p = 0; p < DNP3_PARTS_MAX; p++)
		size += dnp3_part_bits[row->parts[p]] / 8u;
	if (h->count > c->left / size)
		return false;
	for (uint64_t i = 0; i < h->count; i++) {
		uint64_t index = read_index(t, h, i, c);
		struct reading r = { 0 };
		for (size_t p = 0; p < DNP3_PARTS_MAX && row->parts[p] != PART_END; p++) {
			/* A statistic names its association before its count. */
			if (k == &kinds[SECURITY_STATISTIC] && row->parts[p] == U16_VALUE)
				fact_uint(t->s, &f_association, cur_le16(c));
			else
				read_part(t, k, row->parts[p], c, &r);
		}
		point(t, h->group, index, &r);
	}
	return cur_ok(c);
}

/* Objects with their size in front of each. */
static bool sized(struct dnp3_talk *t, const struct dnp3_header *h, struct cur *c)
{
	for (uint64_t i = 0; i < h->count; i++) {
		uint32_t size = h->prefix == DNP3_PREFIX_SIZE1 ? cur_u8(c)
			: h->prefix == DNP3_PREFIX_SIZE4       ? cur_le32(c)
							       : cur_le16(c);
		struct cur one = cur_sub(c, size);
		if (!cur_ok(c))
			return false;
		fact_uint(t->s, &f_size, size);
		if (!dnp3_sized(t, h, one))
			return false;
	}
	return true;
}

/* Only indexes follow: the points a bare function is about. */
static bool named(struct dnp3_talk *t, const struct dnp3_header *h, struct cur *c)
{
	for (uint64_t i = 0; i < h->count && cur_ok(c); i++)
		read_index(t, h, i, c);
	return cur_ok(c);
}

/* Strings whose length is their variation: octet strings and virtual terminals. */
static bool is_string_group(uint8_t group)
{
	return group >= 110 && group <= 113;
}

bool dnp3_objects(struct dnp3_talk *t, const struct dnp3_header *h, struct cur *c)
{
	if (h->prefix >= DNP3_PREFIX_SIZE1)
		return sized(t, h, c);
	if (t->bare)
		return h->prefix == DNP3_PREFIX_NONE || named(t, h, c);
	if (!h->has_count)
		return true; /* all points, classes: nothing behind it */
	const struct dnp3_object_row *row = dnp3_object_row(h->group, h->variation);
	if (row && dnp3_part_bits[row->parts[0]] < 8)
		return packed(t, h, dnp3_part_bits[row->parts[0]], c);
	if (row)
		return fixed(t, h, row, c);
	if (h->group == 60)
		return h->prefix == DNP3_PREFIX_NONE || named(t, h, c);
	if (h->group != 0 && !is_string_group(h->group))
		return false; /* no such object, so nobody knows where the next one starts */
	if (h->variation == 0)
		return false;
	for (uint64_t i = 0; i < h->count; i++) {
		read_index(t, h, i, c);
		if (h->group == 0) {
			if (!dnp3_attribute(t, h->variation, c))
				return false;
			continue;
		}
		struct cur one = cur_sub(c, h->variation);
		if (!cur_ok(c) || !dnp3_sized(t, h, one))
			return false;
	}
	return true;
}
