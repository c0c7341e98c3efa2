#include "base/budget.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

/* What malloc keeps beside each block, roughly: many small blocks must not pass under the limit. */
enum { OVERHEAD = 16 };

static void *given(struct budget *b, void *p, size_t more)
{
	if (p)
		b->used += more;
	else
		b->refused++;
	return p;
}

static bool fits(const struct budget *b, size_t size)
{
	size_t left = b->max - b->used;
	return left >= OVERHEAD && size <= left - OVERHEAD;
}

void *budget_alloc(struct budget *b, size_t size)
{
	return given(b, fits(b, size) ? calloc(1, size) : NULL, size + OVERHEAD);
}

void *budget_room(struct budget *b, size_t size)
{
	return given(b, fits(b, size) ? malloc(size) : NULL, size + OVERHEAD);
}

void *budget_grow(struct budget *b, void *old, size_t old_size, size_t size)
{
	assert(size >= old_size);
	if (!old)
		return budget_room(b, size);
	bool room = size - old_size <= b->max - b->used;
	return given(b, room ? realloc(old, size) : NULL, size - old_size);
}

void budget_free(struct budget *b, void *p, size_t size)
{
	if (!p)
		return;
	free(p);
	b->used -= size + OVERHEAD;
}
