/* The memory of an inventory: had, copied, given back. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/attr.h"
#include "sense/inventory.h"

enum { BURST = 2048 /* points that come in one message */ };

/* Shares of the memory, by what a plant of ten thousand assets needs (bytes an item, per thousand).
 */
static uint32_t share(size_t memory, unsigned per_mille, size_t item_size)
{
	size_t items = memory / 1000 * per_mille / item_size;
	return items < 64 ? 64 : items > 1u << 22 ? 1u << 22 : (uint32_t)items;
}

static const struct {
	size_t pool, item_size;
	unsigned per_mille;
	size_t table; /* by which they are found; 0: by none */
} rooms[] = {
#define ROOM(member, type, share) offsetof(struct inventory, member), sizeof(struct type), share
#define TABLE(member)             offsetof(struct inventory, member)
	{ ROOM(hosts, host, 120), TABLE(host_table) },
	{ ROOM(macs, mac, 70), TABLE(mac_table) },
	{ ROOM(binds, bind, 60), 0 },
	{ ROOM(said, said, 80), 0 },
	{ ROOM(lasted, lasted, 5), 0 },
	{ ROOM(modules, module, 20), TABLE(module_table) },
	{ ROOM(conversations, conversation, 220), TABLE(conversation_table) },
	{ ROOM(operations, operation, 120), 0 },
	{ ROOM(points, point_record, 200), TABLE(point_table) },
#undef ROOM
#undef TABLE
};

static void *at(const struct inventory *v, size_t offset)
{
	return (uint8_t *)(uintptr_t)v + offset;
}

static int reserve_strings(struct inventory *v, uint32_t size, struct err *e)
{
	v->strings = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (v->strings == MAP_FAILED) {
		v->strings = NULL;
		return err_sys(e, "inventory: reserve strings");
	}
	v->strings_max = size;
	return 0;
}

int inventory_init(struct inventory *v, size_t memory, struct err *e)
{
	*v = (struct inventory){ .strings_used = 1 };
	for (size_t i = 0; i < COUNT_OF(rooms); i++) {
		uint32_t max = share(memory, rooms[i].per_mille, rooms[i].item_size);
		if (pool_init(at(v, rooms[i].pool), rooms[i].item_size, max, e))
			return err_in(e, "inventory");
		if (rooms[i].table && table_init(at(v, rooms[i].table), max, e))
			return err_in(e, "inventory");
	}
	v->point_bits = calloc(inventory_point_bits(v) / 8, 1);
	if (!v->point_bits)
		return err_sys(e, "inventory: points");
	if (reserve_strings(v, share(memory, 100, 1), e))
		return e->code;
	if (table_init(&v->string_table, v->strings_max / 16, e))
		return err_in(e, "inventory");
	table_touch(&v->point_table);
	table_touch(&v->string_table);
	pages_touch(v->points.items,
		(v->points.max < BURST ? v->points.max : BURST) * sizeof(struct point_record));
	pages_touch(v->strings, v->strings_max < BURST * 32 ? v->strings_max : BURST * 32);
	return 0;
}

int inventory_copy(struct inventory *to, const struct inventory *from, struct err *e)
{
	*to = (struct inventory){ .strings_refused = from->strings_refused,
		.identities_refused = from->identities_refused,
		.binds_refused = from->binds_refused,
		.modules_refused = from->modules_refused };
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT_OF(rooms); i++)
		r = pool_copy(at(to, rooms[i].pool), at(from, rooms[i].pool), e);
	if (r == 0)
		r = table_copy(&to->host_table, &from->host_table, e);
	if (r == 0)
		r = table_copy(&to->mac_table, &from->mac_table, e);
	if (r == 0)
		r = reserve_strings(to, from->strings_max, e);
	if (r < 0)
		return r;
	to->strings_used = from->strings_used;
	memcpy(to->strings, from->strings, from->strings_used);
	return 0;
}

void inventory_done(struct inventory *v)
{
	for (size_t i = 0; i < COUNT_OF(rooms); i++) {
		pool_done(at(v, rooms[i].pool));
		if (rooms[i].table)
			table_done(at(v, rooms[i].table));
	}
	table_done(&v->string_table);
	free(v->point_bits);
	if (v->strings)
		munmap(v->strings, v->strings_max);
}
