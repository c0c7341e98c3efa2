/* BER as the protocols on top of it need it: X.690, 8.  Tags of one byte, definite lengths; every
 * element is a cursor of its own, so that no inner length reaches past the outer one. */
#ifndef SENSE_PROTO_BER_H
#define SENSE_PROTO_BER_H

#include "base/cur.h"
#include "base/out.h"

enum { BER_INTEGER = 0x02 };

/* 128 parts are what SNMP allows an object identifier (RFC 3416, 3); X.690 sets no limit. */
enum { BER_PARTS_MAX = 128, BER_OBJECT = 768 };

struct ber {
	uint8_t tag;
	struct cur content;
};

/* X.690, 8.1.3: a definite length of up to four bytes, and so many bytes. */
static inline struct cur ber_content(struct cur *c)
{
	uint32_t size = cur_u8(c);
	if (size & 0x80) {
		unsigned count = size & 0x7f;
		cur_need(c, count > 0 && count <= 4);
		size = 0;
		for (unsigned i = 0; i < count && cur_ok(c); i++)
			size = size << 8 | cur_u8(c);
	}
	return cur_sub(c, size);
}

/* 8.1: one tag byte, then the content. */
static inline struct ber ber_read(struct cur *c)
{
	struct ber e = { .tag = cur_u8(c) };
	e.content = ber_content(c);
	return e;
}

/* An element of this tag, or a bad cursor. */
static inline struct cur ber_expect(struct cur *c, uint8_t tag)
{
	struct ber e = ber_read(c);
	if (e.tag != tag) {
		cur_fail(c);
		cur_fail(&e.content);
	}
	return e.content;
}

/* 8.3: two's complement; RFC 3416 allows four bytes, counters of 64 bits nine with their sign. */
static inline bool ber_number(struct cur c, bool is_signed, uint64_t *out)
{
	size_t most = is_signed ? 8 : 9;
	if (!cur_ok(&c) || c.left == 0 || c.left > most || (c.left == 9 && cur_peek(&c, 0) != 0))
		return false;
	uint64_t v = is_signed && cur_peek(&c, 0) & 0x80 ? UINT64_MAX : 0;
	while (c.left)
		v = v << 8 | cur_u8(&c);
	*out = v;
	return true;
}

static inline int64_t ber_int(struct cur *c)
{
	uint64_t v = 0;
	if (!ber_number(ber_expect(c, BER_INTEGER), true, &v))
		cur_fail(c);
	return (int64_t)v;
}

/* 8.19: parts in base 128; the first holds two.  A part over 64 bits is no object. */
static inline size_t ber_object(struct cur c, char text[BER_OBJECT])
{
	struct out o = out_mem(text, BER_OBJECT);
	uint64_t part = 0;
	unsigned parts = 0;
	bool open = false;
	while (c.left) {
		uint8_t b = cur_u8(&c);
		if (part >> 57)
			return 0;
		part = part << 7 | (b & 0x7f);
		open = b & 0x80;
		if (open)
			continue;
		if (parts++ == 0) {
			unsigned root = part < 80 ? (unsigned)part / 40 : 2;
			out_uint(&o, root);
			part -= root * 40u;
		}
		out_char(&o, '.');
		out_uint(&o, part);
		part = 0;
		if (parts > BER_PARTS_MAX || o.failed)
			return 0;
	}
	out_text(&o);
	return open ? 0 : o.used;
}

#endif
