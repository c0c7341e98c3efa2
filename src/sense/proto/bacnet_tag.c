/* BACnet, tags and primitive values: ASHRAE 135, 20.2. */
#include <stdio.h>

#include "sense/proto/bacnet.h"
#include "sense/proto/text.h"

/* 20.2.9: character sets */
enum charset { UTF8 = 0, DBCS = 1, JIS = 2, UCS4 = 3, UCS2 = 4, LATIN_1 = 5 };

enum { ANY = 255 }; /* year, month, day, hour ... unspecified: 20.2.12, 20.2.13 */
enum { STAMP = 32 };

static const struct field f_object_type = { "bacapp.objectType", BE32 };
static const struct field f_instance = { "bacapp.instance_number", BE32 };
static const struct field f_charset = { "bacapp.string_character_set", U8, 0, LATIN_1 };

bool bacnet_tag(struct cur *c, struct bacnet_tag *tag)
{
	uint8_t first = cur_u8(c);
	*tag = (struct bacnet_tag){ .number = first >> 4, .context = first & 8 };
	if (tag->number == 15) /* 20.2.1.2: the number does not fit, and follows */
		tag->number = cur_u8(c);
	size_t size = first & 7;
	if (tag->context && size >= 6) {
		tag->opens = size == 6;
		tag->closes = size == 7;
		return cur_ok(c);
	}
	if (!tag->context && tag->number == BOOLEAN) {
		tag->flag = (uint8_t)size;
		return cur_ok(c) && size <= 1;
	}
	if (size > 5)
		return false;
	if (size == 5) { /* 20.2.1.3.1 */
		size = cur_u8(c);
		if (size == 254)
			size = cur_be16(c);
		else if (size == 255)
			size = cur_be32(c);
	}
	tag->content = cur_sub(c, size);
	return cur_ok(c);
}

bool bacnet_closes(const struct cur *c)
{
	int first = cur_peek(c, 0);
	return first >= 0 && (first & 15) == 15;
}

bool bacnet_well_formed(struct cur c)
{
	unsigned depth = 0;
	struct bacnet_tag tag;
	while (c.left) {
		if (!bacnet_tag(&c, &tag) || (tag.closes && depth == 0))
			return false;
		depth = depth + tag.opens - tag.closes;
	}
	return depth == 0;
}

/* 20.2.4: as many bytes as the number needs. */
uint64_t bacnet_unsigned(struct cur c)
{
	uint64_t v = 0;
	while (c.left)
		v = v << 8 | cur_u8(&c);
	return v;
}

int64_t bacnet_signed(struct cur c)
{
	size_t size = c.left;
	uint64_t v = bacnet_unsigned(c);
	uint64_t sign = size > 0 && size < sizeof v ? UINT64_C(1) << (size * 8 - 1) : 0;
	return (int64_t)((v ^ sign) - sign);
}

/* --- values of one kind --- */

static void add_text(struct scene *s, const struct field *f, const char *text, size_t size)
{
	char *kept = scene_scratch(s, size ? size : 1);
	if (!kept)
		return;
	memcpy(kept, text, size);
	fact_text(s, f, kept, size);
}

void bacnet_add_object(struct scene *s, uint32_t object)
{
	fact_uint(s, &f_object_type, object >> 22);
	fact_uint(s, &f_instance, object & 0x3fffff);
}

/* 20.2.10: how many bits of the last byte are not used, then the bits, first one highest. */
bool bacnet_add_bits(struct scene *s, const struct field *f, struct cur c)
{
	uint8_t unused = cur_u8(&c);
	if (!cur_ok(&c) || unused > 7 || (unused && !c.left))
		return false;
	while (c.left) {
		uint8_t byte = cur_u8(&c);
		unsigned last = c.left ? 0 : unused;
		for (unsigned bit = 8; bit > last; bit--)
			fact_flag(s, f, byte >> (bit - 1) & 1);
	}
	return true;
}

static void put_number(char *at, size_t size, unsigned width, unsigned v)
{
	if (v == ANY)
		snprintf(at, size, "*");
	else
		snprintf(at, size, "%0*u", (int)width, v);
}

/* 20.2.12: year since 1900, month, day, day of the week; 255 is any.  13 and 14: odd and even
 * months, 32 to 34: the last day, odd and even days; they stay as numbers. */
bool bacnet_add_date(struct scene *s, const struct field *f, struct cur c)
{
	if (c.left != 4)
		return false;
	char year[8] = "*", month[8], day[8], text[STAMP];
	unsigned y = cur_u8(&c);
	put_number(month, sizeof month, 2, cur_u8(&c));
	put_number(day, sizeof day, 2, cur_u8(&c));
	if (y != ANY)
		snprintf(year, sizeof year, "%u", 1900 + y);
	int size = snprintf(text, sizeof text, "%s-%s-%s", year, month, day);
	add_text(s, f, text, (size_t)size);
	return true;
}

bool bacnet_add_time(struct scene *s, const struct field *f, struct cur c)
{
	if (c.left != 4)
		return false;
	char part[4][8], text[STAMP + 8];
	for (unsigned i = 0; i < 4; i++)
		put_number(part[i], sizeof part[i], 2, cur_u8(&c));
	int size = snprintf(text, sizeof text, "%s:%s:%s.%s", part[0], part[1], part[2], part[3]);
	add_text(s, f, text, (size_t)size);
	return true;
}

/* The text of a character string as UTF-8, in place where it is that already. */
bool bacnet_text(struct scene *s, struct cur c, uint8_t *charset, struct cur *text)
{
	*charset = cur_u8(&c);
	if (*charset == DBCS) /* a code page stands in front; the text stays as it is */
		cur_skip(&c, 2);
	if (!cur_ok(&c))
		return false;
	*text = c;
	size_t width = *charset == UCS4 ? 4 : *charset == UCS2 ? 2 : *charset == LATIN_1 ? 1 : 0;
	if (!width || !c.left)
		return true;
	/* One code is at most twice as long in UTF-8 (one byte), or three bytes (two), or four. */
	char *out = scene_scratch(s, c.left / width * 4);
	if (!out)
		return true;
	size_t size = 0;
	while (c.left >= width)
		size += text_put_utf8(out + size,
			width == 4           ? cur_be32(&c)
				: width == 2 ? cur_be16(&c)
					     : cur_u8(&c));
	*text = cur_of(out, size);
	return c.left == 0;
}

/* The usual character set goes without saying. */
bool bacnet_add_text(struct scene *s, const struct field *f, struct cur c, struct cur *text)
{
	uint8_t charset;
	if (!bacnet_text(s, c, &charset, text))
		return false;
	if (charset != UTF8)
		fact_uint(s, &f_charset, charset);
	fact_text(s, f, text->at, text->left);
	return true;
}
