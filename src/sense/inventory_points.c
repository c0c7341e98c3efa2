/* Points of the inventory: process values at an address, told by whom or asked of whom. */
#include <math.h>
#include <string.h>

#include "base/hash.h"
#include "sense/inventory.h"

size_t inventory_point_bits(const struct inventory *v)
{
	return ((size_t)v->point_table.mask + 1) * 4;
}

static bool *has_points(const struct inventory *v, uint32_t host)
{
	if (host & OF_MAC)
		return &mac_at(v, host & ~(uint32_t)OF_MAC)->has_points;
	return &host_at(v, host)->has_points;
}

bool inventory_takes_points(struct inventory *v, uint32_t host)
{
	if (!host)
		return false;
	bool takes = *has_points(v, host) || v->points.used < v->points.max;
	v->points.refused += !takes;
	return takes;
}

static bool is_point(const struct inventory *v, const struct point_record *p,
	const struct point_key *key, uint8_t proto, const struct point_at *at)
{
	if (memcmp(&p->key, key, sizeof *key) != 0 || p->proto != proto)
		return false;
	size_t size = at->symbol ? at->symbol_size : 0;
	return size == 0 ? p->symbol == 0
			 : p->symbol && inventory_is_string(v, p->symbol, at->symbol, size);
}

/* The symbol is kept only once there is room for its point; without its name a value would be
 * somebody else's. */
static uint32_t new_point(struct inventory *v, const struct point_at *at)
{
	uint32_t symbol = 0;
	if (at->symbol && at->symbol_size && v->points.used < v->points.max) {
		symbol = inventory_string(v, at->symbol, at->symbol_size);
		if (!symbol) {
			v->points.refused++;
			return 0;
		}
	}
	uint32_t n = pool_new(&v->points);
	if (n)
		((struct point_record *)pool_at(&v->points, n))->symbol = symbol;
	return n;
}

static uint32_t look_for_point(struct inventory *v, const struct point_key *key, uint8_t proto,
	const struct point_at *at, double value)
{
	uint64_t words[2];
	static_assert(sizeof words == sizeof *key, "a key without a hole");
	memcpy(words, key, sizeof words);
	if (at->symbol && at->symbol_size)
		words[1] ^= hash_bytes(at->symbol, at->symbol_size);
	uint64_t hash = hash_mix(words[0], words[1] ^ (uint64_t)proto << 56);
	size_t bit = (hash >> 32) & (inventory_point_bits(v) - 1);
	if (v->points.used == v->points.max && !(v->point_bits[bit / 8] >> bit % 8 & 1)) {
		v->points.refused++;
		return 0;
	}
	struct point_record *p;
	for (uint32_t slot = table_first(&v->point_table, hash), n;
		(n = table_next(&v->point_table, hash, &slot));) {
		p = pool_at(&v->points, n);
		if (is_point(v, p, key, proto, at))
			return n;
	}
	uint32_t n = new_point(v, at);
	if (!n)
		return 0;
	p = pool_at(&v->points, n);
	p->key = *key;
	p->proto = proto;
	p->first = p->min = p->max = value;
	*has_points(v, key->host) = true;
	v->point_bits[bit / 8] |= (uint8_t)(1u << bit % 8);
	table_add(&v->point_table, hash, n);
	return n;
}

/* Plants poll the same points in the same order, so the next one is nearly always known. */
static struct point_record *find_point(struct inventory *v, struct point_way *way,
	const struct point_key *key, uint8_t proto, const struct point_at *at, double value)
{
	uint32_t n = way->next;
	struct point_record *p = pool_at(&v->points, n);
	if (!n || !is_point(v, p, key, proto, at)) {
		n = look_for_point(v, key, proto, at, value);
		if (!n)
			return NULL;
		p = pool_at(&v->points, n);
		if (way->last)
			((struct point_record *)pool_at(&v->points, way->last))->next = n;
	}
	*way = (struct point_way){ n, p->next };
	return p;
}

static uint8_t type_of(double value)
{
	if (value == 0 || value == 1 || isnan(value))
		return POINT_BOOLEAN;
	return value == floor(value) ? POINT_INTEGER : POINT_REAL;
}

static bool same_value(double a, double b)
{
	return a == b || (isnan(a) && isnan(b));
}

static bool sample(struct point_record *p, const struct point_at *at, double value, bool written,
	int64_t at_ns)
{
	bool changed = p->samples == 0 || !same_value(p->last, value);
	if (changed) {
		uint8_t type = type_of(value);
		p->type = type > p->type ? type : p->type;
		/* A value that is no number (NaN) is a sample; the first number takes its place. */
		if (value < p->min || isnan(p->min))
			p->min = value;
		if (value > p->max || isnan(p->max))
			p->max = value;
	}
	if (p->samples == 0)
		p->first_ns = at_ns;
	p->last = value;
	p->last_ns = at_ns;
	p->samples++;
	p->written |= written;
	if (at->measure)
		p->measure = at->measure;
	return changed;
}

static struct point_key key_of(uint32_t host, const struct point_at *at)
{
	return (struct point_key){ host, at->area, at->index, at->unit, at->space, at->bit };
}

struct point_record *inventory_point_at(
	struct inventory *v, uint32_t host, uint8_t proto, const struct point_at *at, double value)
{
	const struct point_key key = key_of(host, at);
	uint32_t n = look_for_point(v, &key, proto, at, value);
	return n ? pool_at(&v->points, n) : NULL;
}

bool inventory_point(struct inventory *v, struct point_way *way, uint32_t host, uint8_t proto,
	const struct point_at *at, double value, bool written, int64_t at_ns)
{
	const struct point_key key = key_of(host, at);
	struct point_record *p = find_point(v, way, &key, proto, at, value);
	return p ? sample(p, at, value, written, at_ns) : true;
}
