#include "base/budget.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What malloc keeps beside each block, roughly: many small blocks must not pass under the limit. */
enum { OVERHEAD = 16 };

void *budget_alloc(struct budget *b, size_t size)
{
	size_t left = b->max - b->used;
	if (left < OVERHEAD || size > left - OVERHEAD) {
		b->refused++;
		return NULL;
	}
	void *p = calloc(1, size);
	if (!p) {
		b->refused++;
		return NULL;
	}
	b->used += size + OVERHEAD;
	return p;
}

void *budget_grow(struct budget *b, void *old, size_t old_size, size_t size)
{
	assert(size >= old_size);
	if (!old)
		return budget_alloc(b, size);
	if (size - old_size > b->max - b->used) {
		b->refused++;
		return NULL;
	}
	void *p = realloc(old, size);
	if (!p) {
		b->refused++;
		return NULL;
	}
	memset((uint8_t *)p + old_size, 0, size - old_size);
	b->used += size - old_size;
	return p;
}

void budget_free(struct budget *b, void *p, size_t size)
{
	if (!p)
		return;
	free(p);
	b->used -= size + OVERHEAD;
}
