/* A message being made: sticky like base/out.h, but for bytes of the wire.  What does not fit
 * sets `full`, and a full message is not sent. */
#ifndef DEMO_MADE_H
#define DEMO_MADE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MADE_MAX = 2048 };

struct made {
	size_t used;
	bool full;
	uint8_t at[MADE_MAX];
};

static inline void made_bytes(struct made *m, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	if (m->full || size > MADE_MAX - m->used) {
		m->full = true;
		return;
	}
	memcpy(m->at + m->used, bytes, size);
	m->used += size;
}

static inline void made_u8(struct made *m, unsigned n)
{
	uint8_t byte = (uint8_t)n;
	made_bytes(m, &byte, 1);
}

static inline void made_be16(struct made *m, unsigned n)
{
	made_u8(m, n >> 8 & 0xff);
	made_u8(m, n & 0xff);
}

static inline void made_be32(struct made *m, uint32_t n)
{
	made_be16(m, n >> 16);
	made_be16(m, n & 0xffff);
}

static inline void made_le16(struct made *m, unsigned n)
{
	made_u8(m, n & 0xff);
	made_u8(m, n >> 8 & 0xff);
}

static inline void made_le32(struct made *m, uint32_t n)
{
	made_le16(m, n & 0xffff);
	made_le16(m, n >> 16);
}

static inline void made_le48(struct made *m, uint64_t n)
{
	made_le32(m, (uint32_t)n);
	made_le16(m, (unsigned)(n >> 32 & 0xffff));
}

static inline uint32_t made_float_bits(double value)
{
	float f = (float)value;
	uint32_t bits;
	memcpy(&bits, &f, sizeof bits);
	return bits;
}

static inline void made_text(struct made *m, const char *text)
{
	made_bytes(m, text, strlen(text));
}

/* Text in a field of fixed width, filled up with one byte. */
static inline void made_padded(struct made *m, const char *text, size_t width, char filler)
{
	size_t length = strlen(text);
	for (size_t i = 0; i < width; i++)
		made_u8(m, (uint8_t)(i < length ? text[i] : filler));
}

/* Lengths and checksums that are known only afterwards. */
static inline void made_set_be16(struct made *m, size_t offset, size_t n)
{
	if (m->full || offset + 2 > m->used)
		return;
	m->at[offset] = (uint8_t)(n >> 8 & 0xff);
	m->at[offset + 1] = (uint8_t)(n & 0xff);
}

static inline void made_set_le16(struct made *m, size_t offset, size_t n)
{
	if (m->full || offset + 2 > m->used)
		return;
	m->at[offset] = (uint8_t)(n & 0xff);
	m->at[offset + 1] = (uint8_t)(n >> 8 & 0xff);
}

#endif
