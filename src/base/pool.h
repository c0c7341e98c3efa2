/* A bounded array of equal items, and an index that finds them by key.
 *
 * The room is reserved at birth for `max` items and paid for page by page as items come, so an
 * item never moves and a table never doubles.  Full means NULL and a counter, never a crash.
 * Items are addressed by number; number 0 is never given out, so 0 can mean "none". */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct pool {
	uint8_t *items;
	size_t item_size;
	uint32_t used;    /* numbers 1..used-1 have been given out at some time */
	uint32_t max;     /* first number that cannot be given out */
	uint32_t free;    /* chain of items that came back, through their first four bytes */
	uint32_t live;    /* items in use now */
	uint64_t refused; /* how often the pool was full */
};

int pool_init(struct pool *p, size_t item_size, uint32_t max, struct err *e) MUST_USE;
/* All items of another, under their numbers. */
int pool_copy(struct pool *to, const struct pool *from, struct err *e) MUST_USE;
void pool_done(struct pool *p);
uint32_t pool_new(struct pool *p); /* zeroed item; 0 when full (counted) */
void pool_free(struct pool *p, uint32_t number);

static inline void *pool_at(const struct pool *p, uint32_t number)
{
	return p->items + (size_t)number * p->item_size;
}

static inline uint32_t pool_number(const struct pool *p, const void *item)
{
	return (uint32_t)((size_t)((const uint8_t *)item - p->items) / p->item_size);
}

/* Open addressing over item numbers.  The caller compares keys; a slot keeps 32 bits of the hash
 * beside the number, so that nearly every mismatch costs no visit to the item. */
struct table {
	uint64_t *slots; /* number << 32 | hash; 0: empty */
	uint32_t mask, used;
};

int table_init(struct table *t, uint32_t items_max, struct err *e) MUST_USE;
int table_copy(struct table *to, const struct table *from, struct err *e) MUST_USE;
void table_done(struct table *t);
/* Pays for these pages now: for items that come by the thousand in one message, each of which would
 * wait for two page faults, one to look and one to write.  Where the kernel is older than 5.14 it
 * does nothing. */
void pages_touch(void *at, size_t size);
void table_touch(struct table *t);

/* for (uint32_t at = table_first(t, hash), n; (n = table_next(t, hash, &at));) compare item n */
static inline uint32_t table_first(const struct table *t, uint64_t hash)
{
	return (uint32_t)hash & t->mask;
}

/* Asks for the memory where it begins. */
static inline void table_fetch(const struct table *t, uint64_t hash)
{
	__builtin_prefetch(&t->slots[table_first(t, hash)]);
}

static inline uint32_t table_next(const struct table *t, uint64_t hash, uint32_t *at)
{
	for (;;) {
		uint64_t slot = t->slots[*at];
		if (slot == 0)
			return 0;
		*at = (*at + 1) & t->mask;
		if ((uint32_t)slot == (uint32_t)hash)
			return (uint32_t)(slot >> 32);
	}
}

void table_add(struct table *t, uint64_t hash, uint32_t number);
void table_remove(struct table *t, uint64_t hash, uint32_t number);

#endif
