/* Hashing for tables: keyed at start, so that nobody on the wire can choose the buckets. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Set once by hash_seed().  Both factors are keyed: whoever knows one makes it zero, and with it
 * every hash. */
extern uint64_t hash_key[2];

void hash_seed(uint64_t random);

static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 wide;
	wide m = (wide)(a ^ hash_key[0]) * (b ^ hash_key[1]);
	return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t hash_bytes(const void *bytes, size_t size)
{
	const uint8_t *p = bytes;
	uint64_t h = size, a = 0, b = 0;
	for (; size > 16; p += 16, size -= 16) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, 8);
		h = hash_mix(a ^ h, b);
	}
	a = b = 0;
	if (size > 8) {
		memcpy(&a, p, 8);
		memcpy(&b, p + 8, size - 8);
	} else if (size) {
		memcpy(&a, p, size);
	}
	return hash_mix(a ^ h, b + h);
}

#endif
