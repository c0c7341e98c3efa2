#include "base/pool.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_FROM = 1 << 22, PAGE = 4096 };

static void *reserve(size_t size, struct err *e)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED) {
		err_sys(e, "reserve %zu bytes", size);
		return NULL;
	}
	/* Large tables are walked at random: with small pages half the time goes into finding
	 * pages. */
	if (size >= HUGE_FROM)
		madvise(p, size, MADV_HUGEPAGE);
	return p;
}

int pool_init(struct pool *p, size_t item_size, uint32_t max, struct err *e)
{
	assert(item_size >= sizeof(uint32_t));
	*p = (struct pool){ .item_size = item_size, .used = 1, .max = max + 1 };
	p->items = reserve(item_size * ((size_t)max + 1), e);
	return p->items ? 0 : e->code;
}

int pool_copy(struct pool *to, const struct pool *from, struct err *e)
{
	*to = *from;
	to->items = reserve(from->item_size * from->max, e);
	if (!to->items)
		return e->code;
	memcpy(to->items, from->items, from->item_size * from->used);
	return 0;
}

void pool_done(struct pool *p)
{
	if (p->items)
		munmap(p->items, p->item_size * p->max);
	*p = (struct pool){ 0 };
}

uint32_t pool_new(struct pool *p)
{
	uint32_t number = p->free;
	if (number) {
		uint8_t *item = pool_at(p, number);
		memcpy(&p->free, item, sizeof p->free);
		memset(item, 0, p->item_size);
	} else if (p->used < p->max) {
		number = p->used++; /* fresh pages are zero */
	} else {
		p->refused++;
		return 0;
	}
	p->live++;
	return number;
}

void pool_free(struct pool *p, uint32_t number)
{
	assert(number > 0 && number < p->used);
	memcpy(pool_at(p, number), &p->free, sizeof p->free);
	p->free = number;
	p->live--;
}

int table_init(struct table *t, uint32_t items_max, struct err *e)
{
	uint32_t slots = 64;
	while (slots < items_max + items_max / 2)
		slots *= 2;
	*t = (struct table){ .mask = slots - 1 };
	t->slots = reserve((size_t)slots * sizeof *t->slots, e);
	return t->slots ? 0 : e->code;
}

int table_copy(struct table *to, const struct table *from, struct err *e)
{
	size_t size = ((size_t)from->mask + 1) * sizeof *from->slots;
	*to = *from;
	to->slots = reserve(size, e);
	if (!to->slots)
		return e->code;
	memcpy(to->slots, from->slots, size);
	return 0;
}

void pages_touch(void *at, size_t size)
{
	size_t before = (uintptr_t)at % PAGE;
	madvise((uint8_t *)at - before, size + before, MADV_POPULATE_WRITE);
}

void table_touch(struct table *t)
{
	pages_touch(t->slots, ((size_t)t->mask + 1) * sizeof *t->slots);
}

void table_done(struct table *t)
{
	if (t->slots)
		munmap(t->slots, ((size_t)t->mask + 1) * sizeof *t->slots);
	*t = (struct table){ 0 };
}

void table_add(struct table *t, uint64_t hash, uint32_t number)
{
	uint32_t at = (uint32_t)hash & t->mask;
	while (t->slots[at])
		at = (at + 1) & t->mask;
	t->slots[at] = (uint64_t)number << 32 | (uint32_t)hash;
	t->used++;
}

/* Later items of the run move back into the hole, so there are no tombstones to clean up. */
void table_remove(struct table *t, uint64_t hash, uint32_t number)
{
	uint32_t hole = (uint32_t)hash & t->mask;
	while (t->slots[hole] && t->slots[hole] >> 32 != number)
		hole = (hole + 1) & t->mask;
	if (!t->slots[hole])
		return;
	for (uint32_t at = (hole + 1) & t->mask; t->slots[at]; at = (at + 1) & t->mask) {
		uint32_t home = (uint32_t)t->slots[at] & t->mask;
		if (((at - home) & t->mask) >= ((at - hole) & t->mask)) {
			t->slots[hole] = t->slots[at];
			hole = at;
		}
	}
	t->slots[hole] = 0;
	t->used--;
}
