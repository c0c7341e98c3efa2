#include "ledger/carry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/retain.h"

enum { STEP_EVERY = 64 }; /* bundles that are read, and bring nothing nearer */

struct run {
	struct carry *c;
	const struct checkpoint *head;
	uint8_t *there; /* a file as `to` has it */
	bool ask;
	struct retain *rules; /* what the entries behind the first missing bundle say is gone */
	size_t hole;          /* the one of them that comes next */
};

static int put(struct run *r, const char *name, const void *bytes, size_t size, struct err *e)
{
	int done = r->c->to->put(r->c->to->self, name, bytes, size, e);
	if (done < 0) {
		err_in(e, "%s", r->c->to->name);
		return e->code =
			       done == -ENOENT ? -EREMOTEIO : done; /* that is said of the source */
	}
	r->c->files++;
	r->c->bytes += size;
	return 0;
}

/* Whether the file is there, as it should be.  Behind the first one that is not, nothing is: all
 * come in one order.  A folder that lost its power is another matter, and costs nothing to read. */
static int is_there(struct run *r, const char *name, const void *bytes, size_t size, struct err *e)
{
	struct err none;
	const struct remote *to = r->c->to;
	if (!r->ask)
		return 0;
	long got = to->get(to->self, name, r->there, BUNDLE_MAX, &none);
	if (got == (long)size && memcmp(r->there, bytes, size) == 0)
		return 1;
	if (got < 0 && got != -ENOENT && got != -EFBIG) {
		*e = none;
		return (int)got;
	}
	r->ask = to->near || r->c->ask_bundles;
	return 0;
}

static int bring_tile(struct run *r, unsigned level, uint64_t index, struct err *e)
{
	const struct hash *hashes;
	char name[TILE_NAME];
	unsigned width = tile_width((int)level, index, r->head->size);
	int done = source_tile(r->c->from, level, index, &hashes, e);
	if (done < 0)
		return done;
	tile_name(name, (int)level, index, width);
	done = is_there(r, name, hashes, width * sizeof *hashes, e);
	return done ? done < 0 ? done : 0 : put(r, name, hashes, width * sizeof *hashes, e);
}

/* --- bundles --- */

/* One that `to` has and that holds need not be fetched. */
static bool has_bundle(struct run *r, const char *name, uint64_t index, struct cur *bytes)
{
	struct err none;
	const struct remote *to = r->c->to;
	long size = to->get(to->self, name, r->there, BUNDLE_MAX, &none);
	*bytes = cur_of(r->there, size < 0 ? 0 : (size_t)size);
	return size >= 0 && source_is_bundle(r->c->from, index, *bytes, &none) == 0;
}

/* Seen before, on the way to those that follow it; asked of each in order. */
static bool is_missing(struct run *r, uint64_t first)
{
	size_t count = r->rules ? retain_hole_count(r->rules) : 0;
	while (r->hole < count && retain_hole(r->rules, r->hole).last < first)
		r->hole++;
	return r->hole < count && retain_hole(r->rules, r->hole).first <= first;
}

/* 1: the source has none. */
static int bring_bundle(struct run *r, uint64_t index, struct cur *bytes, struct err *e)
{
	char name[TILE_NAME];
	bool near = r->c->to->near;
	tile_name(name, TILE_ENTRIES, index, tile_width(TILE_ENTRIES, index, r->head->size));
	if (r->ask && near && has_bundle(r, name, index, bytes))
		return 0;
	if (is_missing(r, index * TILE_WIDTH))
		return 1;
	int done = source_bundle(r->c->from, index, bytes, e);
	if (done == 0 && !near && (done = is_there(r, name, bytes->at, bytes->left, e)) > 0)
		return 0;
	return done ? done : put(r, name, bytes->at, bytes->left, e);
}

/* --- what is gone --- */

/* What is read here is checked; where `to` is looked at first in any case it may stay there, so
 * that it need not come twice. */
static int learn(struct run *r, struct retain *rules, uint64_t index, struct err *e)
{
	struct cur bytes;
	uint64_t first = index * TILE_WIDTH;
	unsigned width = tile_width(TILE_ENTRIES, index, r->head->size);
	int done = r->ask && r->c->to->near ? bring_bundle(r, index, &bytes, e)
					    : source_bundle(r->c->from, index, &bytes, e);
	if (done > 0)
		return retain_miss(rules, first, width, e);
	for (unsigned i = 0; done == 0 && i < width; i++)
		done = retain_feed(rules, first + i, bundle_next(&bytes), e);
	return done;
}

/* Who says that something is gone stands behind it. */
static int look_ahead(struct run *r, uint64_t index, struct err *e)
{
	struct retain *rules;
	int done = retain_new(&rules, e);
	if (done < 0)
		return done;
	for (uint64_t i = index; done == 0 && i * TILE_WIDTH < r->head->size; i++) {
		done = learn(r, rules, i, e);
		if (done == 0 && r->c->step && i % STEP_EVERY == 0)
			done = r->c->step(r->c->self, index * TILE_WIDTH, e);
	}
	if (done < 0)
		retain_free(rules);
	else
		r->rules = rules;
	return done;
}

/* A bundle that the source has not: 0 where an entry says so. */
static int is_gone(struct run *r, uint64_t index, struct err *e)
{
	char name[TILE_NAME], why[RETAIN_WORDS];
	int done = r->rules ? 0 : look_ahead(r, index, e);
	if (done < 0)
		return done;
	tile_name(name, TILE_ENTRIES, index, TILE_WIDTH);
	if (!retain_gone(r->rules, index * TILE_WIDTH))
		return err_set(e, -ENOENT, "%s: %s is missing, and %s", source_name(r->c->from),
			name, retain_miss_words(r->rules, index * TILE_WIDTH, why));
	r->c->gone += TILE_WIDTH;
	r->c->part_stays |= index == r->c->have / TILE_WIDTH;
	return 0;
}

/* --- a bundle and its tile, where the other end has not both --- */

static int bring_pair(struct run *r, uint64_t index, struct err *e)
{
	const struct hash *hashes;
	struct cur bytes;
	char name[TILE_NAME];
	unsigned width = tile_width(0, index, r->head->size);
	int done = source_tile(r->c->from, 0, index, &hashes, e);
	if (done < 0)
		return done;
	tile_name(name, 0, index, width);
	if (!r->c->to->near && !r->c->ask_bundles) {
		done = is_there(r, name, hashes, width * sizeof *hashes, e);
		if (done)
			return done < 0 ? done : 0;
	}
	done = bring_bundle(r, index, &bytes, e);
	if (done > 0)
		done = is_gone(r, index, e);
	else if (done == 0 && r->c->see)
		done = r->c->see(r->c->self, index, bytes, e);
	return done < 0 ? done : bring_tile(r, 0, index, e);
}

/* The tiles above that are whole with this one. */
static int bring_above(struct run *r, uint64_t index, struct err *e)
{
	int done = 0;
	for (unsigned level = 1; done == 0 && level < TILE_LEVELS; level++) {
		if ((index + 1) % TILE_WIDTH)
			break;
		index /= TILE_WIDTH;
		done = bring_tile(r, level, index, e);
	}
	return done;
}

/* What is not whole; the checkpoint is nothing without it. */
static int bring_edges(struct run *r, struct err *e)
{
	int done = 0;
	if (r->head->size % TILE_WIDTH)
		done = bring_pair(r, r->head->size / TILE_WIDTH, e);
	for (unsigned level = 1; done == 0 && level < TILE_LEVELS; level++) {
		uint64_t index = r->head->size >> level * TILE_HEIGHT >> TILE_HEIGHT;
		unsigned width = tile_width((int)level, index, r->head->size);
		if (width && tile_width((int)level, index, r->c->have) != width)
			done = bring_tile(r, level, index, e);
	}
	return done;
}

int carry(struct carry *c, struct err *e)
{
	struct run r = {
		.c = c, .head = source_head(c->from), .there = malloc(BUNDLE_MAX), .ask = c->ask
	};
	int done = 0;
	if (!r.there)
		return err_sys(e, "carry files");
	uint64_t have = c->have > c->whole ? c->have : c->whole;
	for (uint64_t i = have / TILE_WIDTH; done == 0 && i < r.head->size / TILE_WIDTH; i++) {
		done = bring_pair(&r, i, e);
		if (done == 0)
			done = bring_above(&r, i, e);
		if (done == 0 && c->step)
			done = c->step(c->self, (i + 1) * TILE_WIDTH, e);
	}
	if (done == 0 && c->have < r.head->size)
		done = bring_edges(&r, e);
	retain_free(r.rules);
	free(r.there);
	return done;
}

void carry_tidy(const struct carry *c)
{
	struct err none;
	const struct remote *to = c->to;
	uint64_t now = source_head(c->from)->size;
	for (int level = TILE_ENTRIES; to->remove && level < TILE_LEVELS; level++) {
		unsigned row = level == TILE_ENTRIES ? 0 : (unsigned)level;
		uint64_t index = c->have >> row * TILE_HEIGHT >> TILE_HEIGHT;
		unsigned width = tile_width(level, index, c->have);
		char name[TILE_NAME];
		bool stays = level == TILE_ENTRIES && c->part_stays;
		if (!width || stays || tile_width(level, index, now) == width)
			continue;
		tile_name(name, level, index, width);
		if (to->remove(to->self, name, &none) < 0)
			return;
	}
}
