#include "ledger/merkle.h"

#include <assert.h>
#include <string.h>

#include "crypt/digest.h"

static_assert(sizeof(struct hash) == SHA256_SIZE, "the tree is one of SHA-256");

bool hash_same(const struct hash *a, const struct hash *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

struct hash merkle_empty(void)
{
	struct hash h;
	digest_sha256("", 0, h.b);
	return h;
}

struct hash merkle_leaf(const void *entry, size_t size)
{
	struct hash h;
	digest_sha256_under(0x00, entry, size, h.b);
	return h;
}

struct hash merkle_node(const struct hash *left, const struct hash *right)
{
	struct hash both[2] = { *left, *right }, h;
	digest_sha256_under(0x01, both, sizeof both, h.b);
	return h;
}

/* --- growing --- */

static unsigned peaks_of(uint64_t size)
{
	return (unsigned)__builtin_popcountll(size);
}

/* Peaks of the same height join, like the ones that a carry turns into zeros. */
static void add(struct merkle *m, unsigned height, struct hash h, merkle_whole *whole, void *self)
{
	unsigned count = peaks_of(m->size);
	uint64_t after = m->size + (1ull << height);
	assert(after > m->size);
	for (uint64_t left = m->size >> height; left & 1; left >>= 1) {
		h = merkle_node(&m->peaks[--count], &h);
		height++;
		if (whole)
			whole(self, height, &h);
	}
	m->peaks[count] = h;
	m->size = after;
}

void merkle_add(struct merkle *m, const struct hash *leaf, merkle_whole *whole, void *self)
{
	if (whole)
		whole(self, 0, leaf);
	add(m, 0, *leaf, whole, self);
}

void merkle_add_whole(struct merkle *m, unsigned height, const struct hash *h)
{
	assert((m->size & ((1ull << height) - 1)) == 0);
	add(m, height, *h, NULL, NULL);
}

struct hash merkle_root(const struct merkle *m)
{
	unsigned count = peaks_of(m->size);
	if (!count)
		return merkle_empty();
	struct hash h = m->peaks[--count];
	while (count)
		h = merkle_node(&m->peaks[--count], &h);
	return h;
}

/* --- proving --- */

/* The largest power of two below n, for n > 1: where a tree of n leaves divides. */
static uint64_t split(uint64_t n)
{
	return 1ull << (63 - __builtin_clzll(n - 1));
}

static unsigned height_of(uint64_t power)
{
	return (unsigned)__builtin_ctzll(power);
}

/* The hash over leaves [begin, begin + n), where begin is a multiple of the largest power of two
 * that n holds: it is put together from the peaks of n. */
static int range_hash(
	merkle_read *read, void *self, uint64_t begin, uint64_t n, struct hash *out, struct err *e)
{
	struct hash peaks[MERKLE_HEIGHT];
	unsigned count = 0;
	for (uint64_t left = n; left; count++) {
		uint64_t power = 1ull << (63 - __builtin_clzll(left));
		int r = read(self, height_of(power), begin >> height_of(power), &peaks[count], e);
		if (r < 0)
			return r;
		begin += power;
		left -= power;
	}
	struct hash h = peaks[--count];
	while (count)
		h = merkle_node(&peaks[--count], &h);
	*out = h;
	return 0;
}

/* Both proofs go down from the root and note the other side at each division; the list begins at
 * the bottom. */
static void turn_around(struct merkle_proof *p)
{
	for (unsigned i = 0; i < p->count / 2; i++) {
		struct hash h = p->path[i];
		p->path[i] = p->path[p->count - 1 - i];
		p->path[p->count - 1 - i] = h;
	}
}

int merkle_prove_inclusion(merkle_read *read, void *self, uint64_t index, uint64_t size,
	struct merkle_proof *out, struct err *e)
{
	assert(index < size);
	struct merkle_proof p = { 0 };
	for (uint64_t begin = 0, n = size; n > 1;) {
		uint64_t left = split(n);
		bool at_left = index - begin < left;
		int r = at_left
			? range_hash(read, self, begin + left, n - left, &p.path[p.count++], e)
			: range_hash(read, self, begin, left, &p.path[p.count++], e);
		if (r < 0)
			return r;
		begin += at_left ? 0 : left;
		n = at_left ? left : n - left;
	}
	turn_around(&p);
	*out = p;
	return 0;
}

int merkle_prove_consistency(merkle_read *read, void *self, uint64_t old, uint64_t size,
	struct merkle_proof *out, struct err *e)
{
	assert(old > 0 && old <= size);
	struct merkle_proof p = { 0 };
	uint64_t begin = 0, n = size;
	while (old - begin < n) {
		uint64_t left = split(n);
		bool at_left = old - begin <= left;
		int r = at_left
			? range_hash(read, self, begin + left, n - left, &p.path[p.count++], e)
			: range_hash(read, self, begin, left, &p.path[p.count++], e);
		if (r < 0)
			return r;
		begin += at_left ? 0 : left;
		n = at_left ? left : n - left;
	}
	/* The old tree ends here.  Where that is all of it, whoever checks has its root. */
	if (begin > 0) {
		int r = range_hash(read, self, begin, n, &p.path[p.count++], e);
		if (r < 0)
			return r;
	}
	turn_around(&p);
	*out = p;
	return 0;
}

/* --- proving what was seen growing --- */

/* The place of the subtree of a height that begins where the older tree ends, or later. */
static uint64_t right_of(uint64_t from, unsigned height)
{
	return ((from - 1) >> height) + 1;
}

void merkle_growth_begin(struct merkle_growth *g, const struct merkle *m)
{
	g->from = m->size;
	memcpy(g->peaks, m->peaks, sizeof g->peaks);
}

void merkle_growth_whole(
	struct merkle_growth *g, unsigned height, uint64_t index, const struct hash *h)
{
	if (g->from && index == right_of(g->from, height))
		g->right[height] = *h;
}

int merkle_growth_read(struct merkle_growth *g, uint64_t from, uint64_t size, merkle_read *read,
	void *self, struct err *e)
{
	unsigned peak = 0;
	int r = 0;
	assert(from > 0 && from <= size);
	for (unsigned h = MERKLE_HEIGHT; r == 0 && h-- > 0;) {
		uint64_t right = right_of(from, h);
		if (from >> h & 1)
			r = read(self, h, (from >> h) - 1, &g->peaks[peak++], e);
		if (r == 0 && right < size >> h)
			r = read(self, h, right, &g->right[h], e);
	}
	g->from = r < 0 ? 0 : from;
	return r;
}

/* Whether a tree has the subtree among its peaks. */
static bool is_peak(uint64_t size, unsigned height, uint64_t index)
{
	return size >> height & 1 && index == (size >> height) - 1;
}

static const struct hash *peak_of(const struct hash *peaks, uint64_t size, unsigned height)
{
	return &peaks[height + 1 < MERKLE_HEIGHT ? peaks_of(size >> (height + 1)) : 0];
}

struct grown {
	const struct merkle_growth *growth;
	const struct merkle *tree;
};

/* Left of where the older tree ends stand its peaks; right of it one subtree of each height, and
 * the peaks of the tree as it is now. */
static int read_grown(void *self, unsigned height, uint64_t index, struct hash *out, struct err *e)
{
	const struct grown *g = self;
	uint64_t from = g->growth->from, size = g->tree->size;
	(void)e;
	if (is_peak(from, height, index))
		*out = *peak_of(g->growth->peaks, from, height);
	else if (is_peak(size, height, index))
		*out = *peak_of(g->tree->peaks, size, height);
	else {
		assert(index == right_of(from, height));
		*out = g->growth->right[height];
	}
	return 0;
}

int merkle_growth_prove(const struct merkle_growth *g, const struct merkle *m,
	struct merkle_proof *out, struct err *e)
{
	struct grown grown = { g, m };
	out->count = 0;
	return g->from ? merkle_prove_consistency(read_grown, &grown, g->from, m->size, out, e) : 0;
}

/* --- checking --- */

bool merkle_includes(uint64_t index, uint64_t size, const struct hash *leaf,
	const struct merkle_proof *proof, const struct hash *root)
{
	if (index >= size || proof->count > MERKLE_HEIGHT)
		return false;
	uint64_t at = index, last = size - 1;
	struct hash h = *leaf;
	for (unsigned i = 0; i < proof->count; i++) {
		if (last == 0)
			return false;
		if (at & 1 || at == last) {
			h = merkle_node(&proof->path[i], &h);
			while (!(at & 1) && at) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			h = merkle_node(&h, &proof->path[i]);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && hash_same(&h, root);
}

bool merkle_consistent(uint64_t old, uint64_t size, const struct hash *old_root,
	const struct hash *root, const struct merkle_proof *proof)
{
	if (old > size || proof->count > MERKLE_HEIGHT)
		return false;
	if (old == size || old == 0) /* nothing stands in such a proof */
		return proof->count == 0 && (old == size ? hash_same(old_root, root) : true);
	bool power = (old & (old - 1)) == 0;
	unsigned i = 0;
	if (!power && proof->count == 0)
		return false;
	struct hash first = power ? *old_root : proof->path[i++], second = first;
	uint64_t at = old - 1, last = size - 1;
	while (at & 1) {
		at >>= 1;
		last >>= 1;
	}
	for (; i < proof->count; i++) {
		if (last == 0)
			return false;
		if (at & 1 || at == last) {
			first = merkle_node(&proof->path[i], &first);
			second = merkle_node(&proof->path[i], &second);
			while (!(at & 1) && at) {
				at >>= 1;
				last >>= 1;
			}
		} else {
			second = merkle_node(&second, &proof->path[i]);
		}
		at >>= 1;
		last >>= 1;
	}
	return last == 0 && hash_same(&first, old_root) && hash_same(&second, root);
}
