/* A reading cursor over bytes somebody else owns.
 *
 * The first read that does not fit makes it bad; after that every read yields zero and moves
 * nothing: read straight down, look once with cur_ok().  Sizes are compared before a pointer is
 * formed.  A bad cursor is all zero: nowhere, with nothing left.  So a cursor is two words, which
 * functions hand on in registers. */
#ifndef BASE_CUR_H
#define BASE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct cur {
	const uint8_t *at;
	size_t left;
};

static inline struct cur cur_of(const void *bytes, size_t size)
{
	return (struct cur){ .at = bytes, .left = size };
}

static inline struct cur cur_bad(void)
{
	return (struct cur){ NULL, 0 };
}

/* Empty, and nothing wrong with it. */
static inline struct cur cur_none(void)
{
	return cur_of("", 0);
}

static inline bool cur_ok(const struct cur *c)
{
	return c->at;
}

static inline void cur_fail(struct cur *c)
{
	*c = cur_bad();
}

/* Bad from here where something about it is not so. */
static inline void cur_need(struct cur *c, bool fine)
{
	if (!fine)
		cur_fail(c);
}

static inline const uint8_t *cur_take(struct cur *c, size_t n)
{
	if (n > c->left || (n == 0 && !c->at)) {
		cur_fail(c);
		return NULL;
	}
	const uint8_t *p = c->at;
	c->at += n;
	c->left -= n;
	return p;
}

static inline void cur_skip(struct cur *c, size_t n)
{
	(void)cur_take(c, n);
}

static inline uint8_t cur_u8(struct cur *c)
{
	const uint8_t *p = cur_take(c, 1);
	return p ? p[0] : 0;
}

static inline uint16_t cur_be16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);
	return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t cur_be24(struct cur *c)
{
	const uint8_t *p = cur_take(c, 3);
	return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t cur_be32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t cur_be48(struct cur *c)
{
	uint64_t high = cur_be16(c);
	return high << 32 | cur_be32(c);
}

static inline uint64_t cur_be64(struct cur *c)
{
	uint64_t high = cur_be32(c);
	return high << 32 | cur_be32(c);
}

static inline uint16_t cur_le16(struct cur *c)
{
	const uint8_t *p = cur_take(c, 2);
	return (uint16_t)(p ? p[1] << 8 | p[0] : 0);
}

static inline uint32_t cur_le24(struct cur *c)
{
	const uint8_t *p = cur_take(c, 3);
	return p ? (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint32_t cur_le32(struct cur *c)
{
	const uint8_t *p = cur_take(c, 4);
	return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

static inline uint64_t cur_le48(struct cur *c)
{
	uint64_t low = cur_le32(c);
	return low | (uint64_t)cur_le16(c) << 32;
}

static inline uint64_t cur_le64(struct cur *c)
{
	uint64_t low = cur_le32(c);
	return low | (uint64_t)cur_le32(c) << 32;
}

/* IEEE 754 single and double from their wire bits. */
static inline double cur_float_of(uint32_t bits)
{
	float f;
	memcpy(&f, &bits, sizeof f);
	return (double)f;
}

static inline double cur_double_of(uint64_t bits)
{
	double d;
	memcpy(&d, &bits, sizeof d);
	return d;
}

/* The next n bytes as a cursor of their own: an inner length cannot reach past the outer one. */
static inline struct cur cur_sub(struct cur *c, size_t n)
{
	const uint8_t *p = cur_take(c, n);
	return p ? cur_of(p, n) : cur_bad();
}

/* The next n bytes, or as many as there are: for bodies of which a part is useful too. */
static inline struct cur cur_upto(struct cur *c, size_t n)
{
	return cur_sub(c, n < c->left ? n : c->left);
}

/* Looks without moving: byte at an offset, or -1 where there is none. */
static inline int cur_peek(const struct cur *c, size_t offset)
{
	return offset >= c->left ? -1 : c->at[offset];
}

/* Offset of the first byte of that value, or -1. */
static inline long cur_find(const struct cur *c, uint8_t byte)
{
	if (!c->at || c->left == 0)
		return -1;
	const uint8_t *p = memchr(c->at, byte, c->left);
	return p ? (long)(p - c->at) : -1;
}

static inline bool cur_starts(const struct cur *c, const char *word)
{
	size_t n = strlen(word);
	return c->at && c->left >= n && memcmp(c->at, word, n) == 0;
}

static inline bool cur_is(const struct cur *c, const char *word)
{
	return c->left == strlen(word) && cur_starts(c, word);
}

#endif
