/* Words and lines, for protocols that are written in them: without regard to case, and within what
 * the cursor has. */
#ifndef SENSE_PROTO_TEXT_H
#define SENSE_PROTO_TEXT_H

#include "sense/proto.h"

static inline int text_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

/* Whether the bytes begin with this word. */
static inline bool text_begins(const struct cur *c, const char *word)
{
	for (size_t i = 0; word[i]; i++)
		if (text_lower(cur_peek(c, i)) != text_lower(word[i]))
			return false;
	return true;
}

static inline bool text_is(const struct cur *c, const char *word)
{
	return c->left == strlen(word) && text_begins(c, word);
}

static inline bool text_has(struct cur c, const char *word)
{
	for (; c.left > 0; cur_skip(&c, 1))
		if (text_begins(&c, word))
			return true;
	return false;
}

/* Up to a byte, which is taken too; all of it where there is none. */
static inline struct cur text_until(struct cur *c, uint8_t byte)
{
	long at = cur_find(c, byte);
	struct cur part = cur_sub(c, at < 0 ? c->left : (size_t)at);
	if (at >= 0)
		cur_skip(c, 1);
	return part;
}

/* Text in a field of fixed size ends at the first NUL. */
static inline struct cur text_to_nul(struct cur c)
{
	return text_until(&c, 0);
}

/* Without spaces and line ends around it. */
static inline struct cur text_trimmed(struct cur c)
{
	while (cur_peek(&c, 0) == ' ' || cur_peek(&c, 0) == '\t')
		cur_skip(&c, 1);
	while (c.left > 0) {
		int last = cur_peek(&c, c.left - 1);
		if (last != ' ' && last != '\t' && last != '\r')
			break;
		c.left--;
	}
	return c;
}

/* The next line, without its end. */
static inline struct cur text_line(struct cur *c)
{
	struct cur line = text_until(c, '\n');
	if (cur_peek(&line, line.left - 1) == '\r')
		line.left--;
	return line;
}

static inline void text_tell(struct scene *s, const struct field *f, struct cur c)
{
	size_t size = c.left;
	fact_text(s, f, cur_take(&c, size), size);
}

/* Names are told in the language of the plant: UTF-8 (RFC 3629, 3), without control characters
 * other than those that part lines. */
static inline bool text_is_utf8(struct cur c)
{
	while (c.left) {
		uint8_t byte = cur_u8(&c);
		unsigned more = byte < 0x80 ? 0 : byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
		bool space = byte == '\t' || byte == '\r' || byte == '\n';
		if ((byte < 0x20 && !space) || byte == 0x7f || (byte >= 0x80 && byte < 0xc2) ||
			byte > 0xf4)
			return false;
		for (; more > 0; more--)
			if ((cur_u8(&c) & 0xc0) != 0x80)
				return false;
	}
	return cur_ok(&c);
}

/* A character as UTF-8: up to four bytes. */
static inline size_t text_put_utf8(char *to, uint32_t rune)
{
	if (rune < 0x80) {
		to[0] = (char)rune;
		return 1;
	}
	if (rune < 0x800) {
		to[0] = (char)(0xc0 | rune >> 6);
		to[1] = (char)(0x80 | (rune & 0x3f));
		return 2;
	}
	if (rune < 0x10000) {
		to[0] = (char)(0xe0 | rune >> 12);
		to[1] = (char)(0x80 | (rune >> 6 & 0x3f));
		to[2] = (char)(0x80 | (rune & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | (rune >> 18 & 7));
	to[1] = (char)(0x80 | (rune >> 12 & 0x3f));
	to[2] = (char)(0x80 | (rune >> 6 & 0x3f));
	to[3] = (char)(0x80 | (rune & 0x3f));
	return 4;
}

#endif
