#include "ledger/retain_load.h"

#include "ledger/tile.h"

struct loading {
	struct retain *rules;
	uint64_t from;
};

static int load_bundle(void *self, uint64_t first, struct cur bytes, unsigned count, struct err *e)
{
	struct loading *l = self;
	int r = 0;
	for (uint64_t at = first; r == 0 && at < first + count; at++) {
		struct cur entry;
		r = walk_entry(&bytes, at, &entry, e);
		if (r == 0 && at >= l->from)
			r = retain_feed(l->rules, at, entry, e);
	}
	return r;
}

static int load_missing(void *self, uint64_t first, struct err *e)
{
	struct loading *l = self;
	uint64_t from = first > l->from ? first : l->from;
	return retain_miss(l->rules, from, first + TILE_WIDTH - from, e);
}

int retain_follow(struct retain *rules, const struct files *f, uint64_t from, uint64_t size,
	const struct walk_eyes *eyes, struct err *e)
{
	struct loading l = { rules, from };
	const struct walk w = { load_bundle, load_missing, &l, eyes };
	return walk_bundles(&w, f, from, size, e);
}

int retain_load(struct retain **out, const struct files *f, uint64_t size,
	const struct walk_eyes *eyes, struct err *e)
{
	struct retain *rules;
	int r = retain_new(&rules, e);
	if (r < 0)
		return r;
	r = retain_follow(rules, f, 0, size, eyes, e);
	if (r < 0)
		retain_free(rules);
	else
		*out = rules;
	return r;
}
