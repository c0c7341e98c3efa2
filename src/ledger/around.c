#include "ledger/around.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ledger/retain.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

struct around {
	struct tiles tiles;
	uint8_t bundle[BUNDLE_MAX];
	uint64_t from;
	const struct around_eyes *eyes;
	struct retain *rules; /* of what is whole; read where something is missing */
	int result;           /* of `each`, where it ended the reading */
};

static void tell_hole(struct around *a, uint64_t first, uint64_t end, const char *why)
{
	if (end > a->from)
		a->eyes->hole(a->eyes->self, first > a->from ? first : a->from,
			end - (first > a->from ? first : a->from), why);
}

static int tell_entry(
	struct around *a, uint64_t at, struct cur entry, bool signed_yet, struct err *e)
{
	return at < a->from ? 0
			    : a->eyes->each(a->eyes->self, at, entry.at, entry.left, signed_yet, e);
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
		a->eyes->hole(a->eyes->self, first, 0, why);
	}
	return 0;
}

/* What the entries that are as they were signed say of others that are gone. */
static int load_rules(struct around *a, struct err *e)
{
	int r = a->rules ? 0 : retain_new(&a->rules, e);
	for (uint64_t i = 0; r == 0 && i * TILE_WIDTH < a->tiles.size; i++) {
		const struct hash *hashes;
		struct err ignored;
		unsigned count = tile_width(TILE_ENTRIES, i, a->tiles.size);
		long size = bundle_read(&a->tiles, i, a->bundle, &ignored);
		struct cur c = cur_of(a->bundle, size < 0 ? 0 : (size_t)size);
		if (tiles_read(&a->tiles, 0, i, &hashes, &ignored) < 0)
			continue;
		for (unsigned n = 0; r == 0 && n < count; n++) {
			struct cur entry = bundle_next(&c);
			if (!cur_ok(&entry))
				break;
			struct hash leaf = merkle_leaf(entry.at, entry.left);
			if (hash_same(&leaf, &hashes[n]))
				r = retain_feed(a->rules, i * TILE_WIDTH + n, entry, e);
		}
	}
	return r;
}

/* 0 also where nobody says why: then it is a hole. */
static int tell_missing(struct around *a, uint64_t first, bool *gone, struct err *e)
{
	int r = a->rules ? 0 : load_rules(a, e);
	const struct retain_gone *g = r == 0 ? retain_gone(a->rules, first) : NULL;
	*gone = g;
	if (!g || !a->eyes->gone)
		return r;
	return a->eyes->gone(
		a->eyes->self, first > a->from ? first : a->from, first + TILE_WIDTH - 1, g->to, e);
}

static int tell_index(struct around *a, uint64_t index, struct err *e)
{
	const struct hash *hashes;
	char name[TILE_NAME];
	uint64_t first = index * TILE_WIDTH;
	unsigned count = tile_width(TILE_ENTRIES, index, a->tiles.size);
	tile_name(name, TILE_ENTRIES, index, count);
	long size = bundle_read(&a->tiles, index, a->bundle, e);
	if (size == -ENOENT && count == TILE_WIDTH) {
		const struct err missing = *e;
		bool gone;
		int r = tell_missing(a, first, &gone, e);
		if (r || gone)
			return r;
		*e = missing;
	}
	if (size < 0) {
		tell_hole(a, first, first + count, e->text);
		return 0;
	}
	if (tiles_read(&a->tiles, 0, index, &hashes, e) < 0) {
		a->eyes->hole(a->eyes->self, first, 0, e->text);
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
	const struct around_eyes *eyes, struct err *e)
{
	struct around *a = malloc(sizeof *a);
	int r = 0;
	if (!a)
		return err_sys(e, "read the ledger");
	a->from = from;
	a->eyes = eyes;
	a->rules = NULL;
	a->result = 0;
	tiles_init(&a->tiles, f, head->size);
	for (uint64_t i = from / TILE_WIDTH; r == 0 && i * TILE_WIDTH < head->size; i++)
		r = tell_index(a, i, e);
	a->from = from > head->size ? from : head->size;
	if (r == 0 && wal_check(f, head->size, tell_log, a, e) < 0) {
		r = a->result;
		if (!r)
			eyes->hole(eyes->self, head->size, 0, e->text);
	}
	retain_free(a->rules);
	free(a);
	return r;
}
