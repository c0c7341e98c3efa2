#include "ledger/around.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ledger/tile.h"
#include "ledger/wal.h"

struct around {
	struct tiles tiles;
	uint8_t bundle[BUNDLE_MAX];
	uint64_t from;
	ledger_entry *each;
	ledger_hole *hole;
	void *self;
	int result; /* of `each`, where it ended the reading */
};

static void tell_hole(struct around *a, uint64_t first, uint64_t end, const char *why)
{
	if (end > a->from)
		a->hole(a->self, first > a->from ? first : a->from,
			end - (first > a->from ? first : a->from), why);
}

static int tell_entry(
	struct around *a, uint64_t at, struct cur entry, bool signed_yet, struct err *e)
{
	return at < a->from ? 0 : a->each(a->self, at, entry.at, entry.left, signed_yet, e);
}

/* `hashes`: NULL where the tile cannot be read; it was told. */
static int tell_bundle(struct around *a, struct cur c, const char *name, uint64_t first,
	unsigned count, const struct hash *hashes, struct err *e)
{
	char why[TILE_NAME + 64];
	for (unsigned i = 0; i < count; i++) {
		struct cur entry = bundle_next(&c);
		if (!cur_ok(&entry)) {
			snprintf(why, sizeof why, "%s is cut off", name);
			tell_hole(a, first + i, first + count, why);
			return 0;
		}
		struct hash leaf = merkle_leaf(entry.at, entry.left);
		if (hashes && !hash_same(&leaf, &hashes[i])) {
			snprintf(why, sizeof why, "%s does not have what was signed there", name);
			tell_hole(a, first + i, first + i + 1, why);
			continue;
		}
		int r = tell_entry(a, first + i, entry, true, e);
		if (r)
			return r;
	}
	if (c.left) {
		snprintf(why, sizeof why, "%s has %zu bytes more than its entries", name, c.left);
		a->hole(a->self, first, 0, why);
	}
	return 0;
}

static int tell_index(struct around *a, uint64_t index, struct err *e)
{
	const struct hash *hashes;
	char name[TILE_NAME];
	uint64_t first = index * TILE_WIDTH;
	unsigned count = tile_width(TILE_ENTRIES, index, a->tiles.size);
	tile_name(name, TILE_ENTRIES, index, count);
	long size = bundle_read(&a->tiles, index, a->bundle, e);
	if (size < 0) {
		tell_hole(a, first, first + count, e->text);
		return 0;
	}
	if (tiles_read(&a->tiles, 0, index, &hashes, e) < 0) {
		a->hole(a->self, first, 0, e->text);
		hashes = NULL;
	}
	return tell_bundle(a, cur_of(a->bundle, (size_t)size), name, first, count, hashes, e);
}

static int tell_log(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	struct around *a = self;
	struct cur c = cur_of(bytes, size);
	for (uint64_t at = first; a->result == 0 && at < first + count; at++) {
		struct cur entry = bundle_next(&c);
		if (!cur_ok(&entry))
			return err_set(e, -EBADMSG, "the log's entry %llu is cut off",
				(unsigned long long)at);
		a->result = tell_entry(a, at, entry, false, e);
	}
	return a->result ? -ECANCELED : 0;
}

int ledger_read_around(const struct files *f, const struct checkpoint *head, uint64_t from,
	ledger_entry *each, ledger_hole *hole, void *self, struct err *e)
{
	struct around *a = malloc(sizeof *a);
	int r = 0;
	if (!a)
		return err_sys(e, "read the ledger");
	a->from = from;
	a->each = each;
	a->hole = hole;
	a->self = self;
	a->result = 0;
	tiles_init(&a->tiles, f, head->size);
	for (uint64_t i = from / TILE_WIDTH; r == 0 && i * TILE_WIDTH < head->size; i++)
		r = tell_index(a, i, e);
	a->from = from > head->size ? from : head->size;
	if (r == 0 && wal_check(f, head->size, tell_log, a, e) < 0) {
		r = a->result;
		if (!r)
			hole(self, head->size, 0, e->text);
	}
	free(a);
	return r;
}
