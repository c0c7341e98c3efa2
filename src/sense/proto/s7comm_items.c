/* S7comm addresses and values: read and write variables, and what else speaks of them. */
#include <math.h>

#include "base/out.h"
#include "sense/proto/s7comm.h"

/* Syntax of an address, its third byte. */
enum syntax {
	SYNTAX_S7ANY = 0x10,
	SYNTAX_NCK = 0x82,
	SYNTAX_NCK_METRIC = 0x83,
	SYNTAX_NCK_INCH = 0x84,
	SYNTAX_DRIVE = 0xa2,
	SYNTAX_DBREAD = 0xb0,
	SYNTAX_1200SYM = 0xb2,
};

enum {
	SPECIFICATION = 0x12, /* "an address follows"; everything we know begins with it */
	S7ANY_SIZE = 10,
	/* A block of bytes longer than this is bulk (recipes, strings), not process values. */
	POINTS_MAX = 64,
};

/* Transport sizes of a data item; the first three give their length in bits. */
enum data_size {
	DATA_NULL = 0x00,
	DATA_BIT = 0x03,
	DATA_BYTE = 0x04,
	DATA_INT = 0x05,
	DATA_DINT = 0x06,
	DATA_REAL = 0x07,
	DATA_OCTETS = 0x09,
	DATA_NCK = 0x11,
};

static const struct field field_transport_size = { "s7comm.item.transport_size", U8, 0, 0 };
static const struct field field_length = { "s7comm.item.length", BE16, 0, 0 };
static const struct field field_db = { "s7comm.item.db", BE16, 0, 0 };
static const struct field field_area = { "s7comm.item.area", U8, 0, 0 };
static const struct field field_address = { "s7comm.item.address", BE24, 0, 0 };
static const struct field field_point = { "s7comm.item.point", TEXT, 0, 0 };

static const struct field field_areas = { "s7comm.item.dbread.areas", U8, 0, 0 };
static const struct field dbread[] = {
	{ "s7comm.item.dbread.length", U8, 0, 0 },
	{ "s7comm.item.dbread.db", BE16, 0, 0 },
	{ "s7comm.item.dbread.start", BE16, 0, 0 },
	{ 0 },
};
static const struct field nck[] = {
	{ "s7comm.item.nck.area_unit", U8, 0, 0 },
	{ "s7comm.item.nck.column", BE16, 0, 0 },
	{ "s7comm.item.nck.line", BE16, 0, 0 },
	{ "s7comm.item.nck.module", U8, 0, 0 },
	{ "s7comm.item.nck.line_count", U8, 0, 0 },
	{ 0 },
};
static const struct field drive[] = {
	{ "s7comm.item.drive.unknown1", U8, 0, 0 },
	{ "s7comm.item.drive.unknown2", BE16, 0, 0 },
	{ "s7comm.item.drive.unknown3", BE16, 0, 0 },
	{ "s7comm.item.drive.parameter", BE16, 0, 0 },
	{ "s7comm.item.drive.index", BE16, 0, 0 },
	{ 0 },
};
static const struct field symbol_1200[] = {
	{ "s7comm.item.symbol.reserved", U8, 0, 0 },
	{ "s7comm.item.symbol.area1", BE16, 0, 0 },
	{ "s7comm.item.symbol.area2", BE16, 0, 0 },
	{ "s7comm.item.symbol.crc", BE32, 0, 0 },
	{ 0 },
};
static const struct field field_symbol_lid = { "s7comm.item.symbol.lid", U8, 0, 0 };
static const struct field field_symbol_value = { "s7comm.item.symbol.value", BE32, 0, 0 };

static bool is_numbered(uint8_t area)
{
	return area >= S7_AREA_COUNTER && area <= S7_AREA_TIMER_200;
}

/* --- names of points --- */

static const char *area_letter(uint8_t area)
{
	switch (area) {
	case S7_AREA_PERIPHERAL:
		return "P";
	case S7_AREA_INPUT:
		return "I";
	case S7_AREA_OUTPUT:
		return "Q";
	case S7_AREA_FLAG:
		return "M";
	case S7_AREA_LOCAL:
		return "L";
	case S7_AREA_CALLER_LOCAL:
		return "V";
	case S7_AREA_SYSTEM_INFO_200:
		return "SI";
	case S7_AREA_SYSTEM_FLAGS_200:
		return "SM";
	case S7_AREA_ANALOG_IN_200:
		return "AI";
	case S7_AREA_ANALOG_OUT_200:
		return "AQ";
	case S7_AREA_COUNTER:
	case S7_AREA_COUNTER_200:
		return "C";
	case S7_AREA_TIMER:
	case S7_AREA_TIMER_200:
		return "T";
	default:
		return NULL;
	}
}

/* Width letter after the area: "MW10", "DB1.DBD4"; a bit has none but in a data block. */
static char width_letter(uint8_t size)
{
	switch (size) {
	case S7_SIZE_BIT:
		return 'X';
	case S7_SIZE_WORD:
	case S7_SIZE_INT:
	case S7_SIZE_DATE:
	case S7_SIZE_S5TIME:
		return 'W';
	case S7_SIZE_DWORD:
	case S7_SIZE_DINT:
	case S7_SIZE_REAL:
	case S7_SIZE_TIME:
	case S7_SIZE_TIME_OF_DAY:
		return 'D';
	default:
		return 'B';
	}
}

/* space: area; unit: data block; area: width letter; index: byte, or timer number; bit. */
/* For every value, so without printf. */
static size_t spell(const struct point_at *at, char name[POINT_NAME])
{
	struct out o = out_mem(name, POINT_NAME);
	const char *letter = area_letter(at->space);
	char width = (char)at->area;
	bool numbered = is_numbered(at->space);
	if (at->space == S7_AREA_DB || at->space == S7_AREA_INSTANCE_DB) {
		out_str(&o, at->space == S7_AREA_DB ? "DB" : "DI");
		out_uint(&o, at->unit);
		out_str(&o, ".DB");
		out_char(&o, width);
	} else {
		out_str(&o, letter ? letter : "?");
		if (!numbered && width != 'X')
			out_char(&o, width);
	}
	out_uint(&o, at->index);
	if (!numbered && width == 'X') {
		out_char(&o, '.');
		out_char(&o, (char)('0' + (at->bit & 7)));
	}
	out_text(&o);
	return o.used;
}

void s7_point_name(const struct point_at *at, char name[POINT_NAME])
{
	spell(at, name);
}

static struct point_at point_of(const struct s7_item *item)
{
	struct point_at at = { .space = item->area, .unit = item->db };
	at.area = (uint8_t)width_letter(item->size);
	if (is_numbered(item->area)) {
		at.index = item->address;
	} else {
		at.index = item->address >> 3;
		at.bit = item->address & 7;
	}
	return at;
}

static void add_point(struct scene *s, const struct s7_item *item)
{
	char name[POINT_NAME];
	struct point_at at = point_of(item);
	size_t size = spell(&at, name);
	char *text = scene_scratch(s, size);
	if (!text)
		return;
	memcpy(text, name, size);
	fact_text(s, &field_point, text, size);
}

/* --- addresses --- */

static void read_s7any(struct scene *s, struct cur *c, struct s7_item *item)
{
	item->size = cur_u8(c);
	item->count = cur_be16(c);
	item->db = cur_be16(c);
	item->area = cur_u8(c);
	item->address = cur_be24(c);
	if (!cur_ok(c)) {
		*item = (struct s7_item){ 0 };
		return;
	}
	fact_uint(s, &field_transport_size, item->size);
	fact_uint(s, &field_length, item->count);
	fact_uint(s, &field_db, item->db);
	fact_uint(s, &field_area, item->area);
	fact_uint(s, &field_address, item->address);
	if (item->area != S7_AREA_DB && item->area != S7_AREA_INSTANCE_DB &&
		!area_letter(item->area))
		item->area = 0; /* no place we could name */
}

static void read_dbread(struct scene *s, struct cur *c)
{
	uint8_t areas = cur_u8(c);
	fact_uint(s, &field_areas, areas);
	for (unsigned i = 0; i < areas && cur_ok(c); i++)
		walk(s, c, dbread);
}

static void read_1200(struct scene *s, struct cur *c)
{
	walk(s, c, symbol_1200);
	while (c->left >= 4) {
		uint32_t word = cur_be32(c);
		fact_uint(s, &field_symbol_lid, word >> 28);
		fact_uint(s, &field_symbol_value, word & 0x0fffffff);
	}
}

static bool read_address(struct scene *s, struct cur *c, struct s7_item *item)
{
	uint8_t specification = cur_u8(c);
	uint8_t size = cur_u8(c);
	struct cur in = cur_sub(c, size);
	uint8_t syntax = cur_u8(&in);
	if (!cur_ok(&in))
		return false;
	fact_uint(s, &s7_item_specification, specification);
	fact_uint(s, &s7_item_specification_length, size);
	fact_uint(s, &s7_item_syntax, syntax);
	if (specification != SPECIFICATION)
		fact_violation(s);
	else if (syntax == SYNTAX_S7ANY && size == S7ANY_SIZE)
		read_s7any(s, &in, item);
	else if (syntax == SYNTAX_DBREAD && size >= 7)
		read_dbread(s, &in);
	else if (syntax == SYNTAX_1200SYM && size >= 14)
		read_1200(s, &in);
	else if (syntax == SYNTAX_DRIVE && size >= 9)
		walk(s, &in, drive);
	else if (syntax >= SYNTAX_NCK && syntax <= SYNTAX_NCK_INCH && size == 8)
		walk(s, &in, nck);
	return true;
}

void s7_read_addresses(struct scene *s, struct cur *c, unsigned count, struct s7_ask *ask)
{
	for (unsigned i = 0; i < count; i++) {
		struct s7_item item = { 0 };
		size_t before = c->left;
		if (!read_address(s, c, &item)) {
			fact_violation(s);
			return;
		}
		/* Items begin on even offsets: a filler follows an odd one, but not the last. */
		if ((before - c->left) % 2 == 1 && i + 1 < count)
			cur_skip(c, 1);
		if (i < S7_ITEMS_MAX) {
			ask->items[i] = item;
			ask->count = (uint8_t)(i + 1);
		}
	}
}

/* --- values --- */

static unsigned width_of(uint8_t size)
{
	switch (width_letter(size)) {
	case 'W':
		return 2;
	case 'D':
		return 4;
	default:
		return size == S7_SIZE_COUNTER || size == S7_SIZE_TIMER ? 2 : 1;
	}
}

/* Three decimal digits; what a program wrote there without thinking is no value. */
static double bcd3(uint16_t word)
{
	if ((word >> 8 & 0xf) > 9 || (word >> 4 & 0xf) > 9 || (word & 0xf) > 9)
		return (double)NAN;
	return (word >> 8 & 0xf) * 100 + (word >> 4 & 0xf) * 10 + (word & 0xf);
}

/* S5 time: three BCD digits, two bits of base (10 ms, 100 ms, 1 s, 10 s) above them. */
static double s5time_seconds(uint16_t word)
{
	static const double base[] = { 0.01, 0.1, 1, 10 };
	return bcd3(word) * base[word >> 12 & 3];
}

static double element(struct cur *c, uint8_t size)
{
	switch (size) {
	case S7_SIZE_BIT:
		return cur_u8(c) & 1;
	case S7_SIZE_INT:
		return (int16_t)cur_be16(c);
	case S7_SIZE_DINT:
	case S7_SIZE_TIME:
		return (int32_t)cur_be32(c);
	case S7_SIZE_REAL:
		return cur_float_of(cur_be32(c));
	case S7_SIZE_COUNTER:
		return bcd3(cur_be16(c));
	case S7_SIZE_TIMER:
	case S7_SIZE_S5TIME:
		return s5time_seconds(cur_be16(c));
	default:
		break;
	}
	switch (width_of(size)) {
	case 2:
		return cur_be16(c);
	case 4:
		return cur_be32(c);
	default:
		return cur_u8(c);
	}
}

/* The elements of one item, each at its own address.  Many programs read a word or a double word
 * as two or four bytes: those are one value. */
void s7_item_value(struct scene *s, const struct s7_item *item, struct cur c, bool written)
{
	struct s7_item one = *item;
	if (one.area == 0 || one.count == 0)
		return;
	if (one.size == S7_SIZE_BYTE && (one.count == 2 || one.count == 4)) {
		one.size = one.count == 2 ? S7_SIZE_WORD : S7_SIZE_DWORD;
		one.count = 1;
	}
	if (one.count > POINTS_MAX)
		return;
	unsigned step = is_numbered(one.area) ? 1
		: one.size == S7_SIZE_BIT     ? 1
					      : 8 * width_of(one.size);
	for (unsigned i = 0; i < one.count; i++) {
		double v = element(&c, one.size);
		if (!cur_ok(&c))
			return;
		struct point_at at = point_of(&one);
		if (written && !isnan(v))
			point_server(s, &at, v, true);
		else if (!isnan(v))
			point_sender(s, &at, v, false);
		one.address += step;
	}
}

static size_t data_bytes(uint8_t size, uint16_t length)
{
	bool bits = size == DATA_BIT || size == DATA_BYTE || size == DATA_INT;
	return bits ? ((size_t)length + 7) / 8 : length;
}

void s7_read_values(
	struct scene *s, struct cur *c, unsigned count, const struct s7_ask *ask, bool written)
{
	for (unsigned i = 0; i < count && c->left > 0; i++) {
		const struct s7_item *item = ask && i < ask->count ? &ask->items[i] : NULL;
		uint8_t code = cur_u8(c);
		uint8_t size = cur_u8(c);
		uint16_t length = cur_be16(c);
		if (!cur_ok(c)) {
			fact_violation(s);
			return;
		}
		fact_uint(s, &s7_return_code, code);
		fact_uint(s, &s7_transport_size, size);
		size_t bytes = data_bytes(size, length);
		fact_uint(s, &s7_length, bytes);
		/* A write has no result yet: its first byte is reserved. */
		bool good = written || code == S7_SUCCESS;
		if (!good)
			fact_failed(s);
		struct cur value = cur_upto(c, bytes);
		if (value.left < bytes)
			fact_violation(s);
		if (item && item->area)
			add_point(s, item);
		if (value.left > 0)
			fact_bytes(s, &s7_value, value.at, value.left);
		if (item && good)
			s7_item_value(s, item, value, written);
		if (bytes % 2 == 1 && i + 1 < count && c->left > 0)
			cur_skip(c, 1);
	}
}

void s7_read_codes(struct scene *s, struct cur *c, unsigned count)
{
	for (unsigned i = 0; i < count && c->left > 0; i++) {
		uint8_t code = cur_u8(c);
		fact_uint(s, &s7_return_code, code);
		if (code != S7_SUCCESS)
			fact_failed(s);
	}
}
