/* The production Data of ISO 9506-2, 14.4.2, and the time stamp that IEC 61850-8-1 adds to it. */
#include "sense/proto/mms_data.h"

#include <stdio.h>

#include "sense/proto/ber.h"

enum kind {
	ARRAY = 1,
	STRUCTURE = 2,
	BOOLEAN = 3,
	BITS = 4,
	SIGNED = 5,
	NATURAL = 6,
	FLOATING = 7,
	OCTETS = 9,
	VISIBLE = 10,
	GENERALIZED = 11,
	BINARY_TIME = 12,
	BCD = 13,
	BOOLEANS = 14,
	OBJECT = 15,
	UNICODE = 16,
	UTC_TIME = 17,
};

enum { SINGLE_EXPONENT = 8, DOUBLE_EXPONENT = 11, POSITION_BITS = 2, PATH_PARTS = 4 };

static uint32_t read_number(struct cur *c)
{
	uint32_t number = 0;
	uint8_t b;
	do {
		b = cur_u8(c);
		cur_need(c, number >> 25 == 0);
		number = number << 7 | (b & 0x7f);
	} while (b & 0x80 && cur_ok(c));
	return number;
}

bool element_read(struct cur *c, struct element *e)
{
	uint8_t first = cur_u8(c);
	e->class = first >> 6;
	e->made = first & 0x20;
	e->number = first & 0x1f;
	if (e->number == 0x1f)
		e->number = read_number(c);
	e->content = ber_content(c);
	return cur_ok(c);
}

bool element_expect(struct cur *c, uint32_t number, struct cur *content)
{
	struct element e;
	if (element_read(c, &e) && e.class == BER_CONTEXT && e.number == number) {
		*content = e.content;
		return true;
	}
	cur_fail(c);
	*content = cur_bad();
	return false;
}

bool data_time(struct cur c, int64_t *ms)
{
	int64_t seconds = cur_be32(&c);
	uint64_t fraction = cur_be24(&c);
	cur_skip(&c, 1); /* how good the clock is */
	*ms = seconds * 1000 + (int64_t)(fraction * 1000 >> 24);
	return cur_ok(&c) && c.left == 0;
}

/* The first byte says how wide the exponent is: IEEE 754 single or double. */
static bool read_real(struct cur c, double *v)
{
	uint8_t exponent = cur_u8(&c);
	if (exponent == SINGLE_EXPONENT && c.left == 4)
		*v = cur_float_of(cur_be32(&c));
	else if (exponent == DOUBLE_EXPONENT && c.left == 8)
		*v = cur_double_of(cur_be64(&c));
	else
		return false;
	return true;
}

static bool read_bits(struct data_reader *r, struct cur c, struct leaf *leaf)
{
	leaf->unused = cur_u8(&c);
	if (!cur_ok(&c) || leaf->unused > 7 || (leaf->unused && c.left == 0))
		return false;
	leaf->text = c;
	/* Two bits are a position (off, on, or neither) or a step command; longer ones are flags.
	 */
	if (c.left == 1 && leaf->unused == 8 - POSITION_BITS) {
		leaf->is_number = true;
		leaf->number = cur_peek(&c, 0) >> leaf->unused;
	}
	fact_bytes(r->s, &r->names->bits, c.at, c.left);
	return true;
}

static bool read_time(struct data_reader *r, struct cur c, struct leaf *leaf)
{
	int64_t ms;
	if (!data_time(c, &ms))
		return false;
	leaf->is_time = true;
	leaf->number = (double)ms;
	fact_int(r->s, &r->names->time, ms);
	return true;
}

static bool read_object(struct data_reader *r, struct cur c)
{
	char text[BER_OBJECT];
	size_t size = ber_object(c, text);
	char *kept = size ? scene_scratch(r->s, size) : NULL;
	if (!kept)
		return size != 0;
	memcpy(kept, text, size);
	fact_text(r->s, &r->names->object, kept, size);
	return true;
}

static bool read_leaf(struct data_reader *r, const struct element *e, struct leaf *leaf)
{
	const struct data_names *n = r->names;
	struct cur c = e->content;
	uint64_t v = 0;
	leaf->text = c;
	switch (e->number) {
	case BOOLEAN:
		leaf->is_number = c.left == 1;
		leaf->number = cur_u8(&c) != 0;
		if (leaf->is_number)
			fact_flag(r->s, &n->boolean, leaf->number != 0);
		return leaf->is_number;
	case BITS:
		return read_bits(r, c, leaf);
	case SIGNED:
	case BCD:
		leaf->is_number = ber_number(c, true, &v);
		leaf->number = (double)(int64_t)v;
		if (leaf->is_number)
			fact_int(r->s, e->number == BCD ? &n->bcd : &n->integer, (int64_t)v);
		return leaf->is_number;
	case NATURAL:
		leaf->is_number = ber_number(c, false, &v);
		leaf->number = (double)v;
		if (leaf->is_number)
			fact_uint(r->s, &n->natural, v);
		return leaf->is_number;
	case FLOATING:
		leaf->is_number = read_real(c, &leaf->number);
		if (leaf->is_number)
			fact_real(r->s, &n->real, leaf->number);
		return leaf->is_number;
	case OCTETS:
		fact_bytes(r->s, &n->octets, c.at, c.left);
		return true;
	case VISIBLE:
	case GENERALIZED:
		fact_text(r->s, &n->text, c.at, c.left);
		return true;
	case BINARY_TIME:
		fact_bytes(r->s, &n->binary_time, c.at, c.left);
		return c.left == 4 || c.left == 6;
	case BOOLEANS: /* as bits: how many of the last say nothing, then they */
		v = cur_u8(&c);
		fact_bytes(r->s, &n->booleans, c.at, c.left);
		return cur_ok(&c) && v <= 7;
	case OBJECT:
		return read_object(r, c);
	case UNICODE:
		fact_text(r->s, &n->unicode, c.at, c.left);
		return true;
	case UTC_TIME:
		return read_time(r, c, leaf);
	default:
		return false;
	}
}

static unsigned count_elements(struct cur c)
{
	struct element e;
	unsigned count = 0;
	while (c.left && element_read(&c, &e))
		count++;
	return count;
}

static bool read_at(struct data_reader *r, const struct element *e, unsigned depth, uint32_t path)
{
	if (e->class != BER_CONTEXT || depth > DATA_DEPTH)
		return false;
	bool list = e->number == ARRAY || e->number == STRUCTURE;
	if (list != e->made)
		return false;
	if (!list && r->hides) {
		fact_hidden(r->s, &r->names->text);
		return true;
	}
	if (!list) {
		struct leaf leaf = { .path = path };
		bool good = read_leaf(r, e, &leaf);
		if (good && r->leaf)
			r->leaf(r, &leaf);
		return good;
	}
	struct cur c = e->content;
	fact_uint(r->s, e->number == ARRAY ? &r->names->array : &r->names->structure,
		count_elements(c));
	struct element inner;
	for (uint32_t n = 1; c.left; n++) {
		/* Beyond what a path can say, values are told and are nobody's point. */
		uint32_t at = n > UINT8_MAX || path == UINT32_MAX || depth >= PATH_PARTS
			? UINT32_MAX
			: path << 8 | n;
		if (!element_read(&c, &inner) || !read_at(r, &inner, depth + 1, at))
			return false;
	}
	return true;
}

bool data_read(struct data_reader *r, const struct element *e)
{
	return read_at(r, e, 0, 0);
}

void data_point_name(const struct point_at *at, char name[POINT_NAME])
{
	int used =
		snprintf(name, POINT_NAME, "%.*s", (int)at->symbol_size, (const char *)at->symbol);
	for (unsigned shift = 8 * PATH_PARTS; shift > 0 && used >= 0 && used < POINT_NAME;) {
		shift -= 8;
		unsigned part = at->area >> shift & 0xff;
		if (part)
			used += snprintf(name + used, (size_t)(POINT_NAME - used), ".%u", part);
	}
}
