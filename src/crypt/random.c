#include "crypt/random.h"

#include <assert.h>
#include <sodium.h>

void random_fill(void *bytes, size_t size)
{
	int started = sodium_init();
	assert(started >= 0);
	randombytes_buf(bytes, size);
}

bool random_same(const void *a, const void *b, size_t size)
{
	return sodium_memcmp(a, b, size) == 0;
}
