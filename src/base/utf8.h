/* UTF-8 as RFC 3629 has it: nothing longer than it need be, no halves of pairs, nothing beyond. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length of the sequence at p, 0 where there is none (RFC 3629, 4). */
static inline size_t utf8_size(const uint8_t *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] >= 0xc2 && p[0] <= 0xdf ? 2
		: (p[0] & 0xf0) == 0xe0         ? 3
		: p[0] >= 0xf0 && p[0] <= 0xf4  ? 4
						: 0;
	if (!n || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	bool overlong = (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xf0 && p[1] < 0x90);
	bool surrogate = p[0] == 0xed && p[1] >= 0xa0;
	bool beyond = p[0] == 0xf4 && p[1] >= 0x90;
	return overlong || surrogate || beyond ? 0 : n;
}

/* All of it. */
static inline bool utf8_whole(const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	for (size_t i = 0, n; i < size; i += n) {
		n = utf8_size(p + i, size - i);
		if (!n)
			return false;
	}
	return true;
}

#endif
