/* The tree against the definition of RFC 6962: a tree hashed leaf by leaf, as its text says.
 * Published vectors: vectors_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crypt/sign.h"
#include "ledger/merkle.h"

enum { LEAVES = 300 };
static struct hash leaves[LEAVES];

/* MTH(D[n]) of RFC 6962, 2.1, word by word. */
static struct hash defined(size_t begin, size_t n)
{
	if (n == 0)
		return merkle_empty();
	if (n == 1)
		return leaves[begin];
	size_t k = 1;
	while (k * 2 < n)
		k *= 2;
	struct hash left = defined(begin, k), right = defined(begin + k, n - k);
	return merkle_node(&left, &right);
}

static int read_leaves(void *self, unsigned height, uint64_t index, struct hash *out, struct err *e)
{
	(void)self;
	(void)e;
	*out = defined((size_t)index << height, (size_t)1 << height);
	return 0;
}

static int set_up(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < LEAVES; i++)
		leaves[i] = merkle_leaf(&i, sizeof i);
	return 0;
}

static void edge_gives_the_root(void **unused)
{
	(void)unused;
	struct merkle m = { 0 };
	for (size_t n = 0; n < LEAVES; n++) {
		struct hash root = merkle_root(&m), want = defined(0, n);
		assert_memory_equal(&root, &want, sizeof root);
		merkle_add(&m, &leaves[n], NULL, NULL);
	}
}

static void whole_subtrees_are_told(void *self, unsigned height, const struct hash *h)
{
	const struct merkle *m = self;
	struct hash want = defined((size_t)(m->size >> height << height), (size_t)1 << height);
	assert_memory_equal(h, &want, sizeof want);
}

static void subtrees(void **unused)
{
	(void)unused;
	struct merkle m = { 0 };
	for (size_t n = 0; n < LEAVES; n++)
		merkle_add(&m, &leaves[n], whole_subtrees_are_told, &m);
	struct merkle jumped = { 0 };
	struct hash h = defined(0, 256);
	merkle_add_whole(&jumped, 8, &h);
	for (size_t n = 256; n < LEAVES; n++)
		merkle_add(&jumped, &leaves[n], NULL, NULL);
	struct hash a = merkle_root(&m), b = merkle_root(&jumped);
	assert_memory_equal(&a, &b, sizeof a);
}

/* Every index of every size up to 70, and nothing but the right root, index and size. */
static void proofs_of_inclusion(void **unused)
{
	(void)unused;
	struct err e;
	for (uint64_t size = 1; size < 70; size++) {
		struct hash root = defined(0, (size_t)size);
		for (uint64_t i = 0; i < size; i++) {
			struct merkle_proof p;
			assert_int_equal(
				merkle_prove_inclusion(read_leaves, NULL, i, size, &p, &e), 0);
			assert_true(merkle_includes(i, size, &leaves[i], &p, &root));
			assert_false(merkle_includes(i, size, &leaves[i + 1], &p, &root));
			assert_false(merkle_includes(i + 1, size, &leaves[i], &p, &root));
			p.count++;
			p.path[p.count - 1] = root;
			assert_false(merkle_includes(i, size, &leaves[i], &p, &root));
		}
	}
}

static void proofs_of_consistency(void **unused)
{
	(void)unused;
	struct err e;
	for (uint64_t size = 1; size < 70; size++) {
		struct hash root = defined(0, (size_t)size);
		for (uint64_t old = 1; old <= size; old++) {
			struct merkle_proof p;
			struct hash old_root = defined(0, (size_t)old);
			assert_int_equal(
				merkle_prove_consistency(read_leaves, NULL, old, size, &p, &e), 0);
			assert_true(merkle_consistent(old, size, &old_root, &root, &p));
			if (old == size)
				continue;
			assert_false(merkle_consistent(old, size, &root, &root, &p));
			assert_false(merkle_consistent(old, size, &old_root, &old_root, &p));
			p.path[0].b[7] ^= 1;
			assert_false(merkle_consistent(old, size, &old_root, &root, &p));
		}
	}
}

struct watched {
	struct merkle tree;
	struct merkle_growth begun, read;
};

static void watch(void *self, unsigned height, const struct hash *h)
{
	struct watched *w = self;
	merkle_growth_whole(&w->begun, height, w->tree.size >> height, h);
	merkle_growth_whole(&w->read, height, w->tree.size >> height, h);
}

/* What was gathered on the way proves the same as a look at all leaves, from wherever it began. */
static void growth_is_proved(void **unused)
{
	(void)unused;
	struct err e;
	for (size_t from = 1; from < LEAVES; from++) {
		struct watched w = { 0 };
		for (size_t n = 0; n < LEAVES; n++) {
			struct merkle_proof want, begun, read;
			struct hash old = defined(0, from), root = merkle_root(&w.tree);
			if (n == from)
				merkle_growth_begin(&w.begun, &w.tree);
			if (n == from + from % 7)
				assert_int_equal(
					merkle_growth_read(&w.read, from, n, read_leaves, NULL, &e),
					0);
			if (w.begun.from) {
				assert_int_equal(merkle_prove_consistency(
							 read_leaves, NULL, from, n, &want, &e),
					0);
				assert_int_equal(
					merkle_growth_prove(&w.begun, &w.tree, &begun, &e), 0);
				assert_int_equal(begun.count, want.count);
				assert_memory_equal(
					begun.path, want.path, want.count * sizeof *want.path);
				assert_true(merkle_consistent(from, n, &old, &root, &begun));
			}
			if (w.read.from) {
				assert_int_equal(
					merkle_growth_prove(&w.read, &w.tree, &read, &e), 0);
				assert_int_equal(read.count, want.count);
				assert_memory_equal(
					read.path, want.path, want.count * sizeof *want.path);
			}
			merkle_add(&w.tree, &leaves[n], watch, &w);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edge_gives_the_root),
		cmocka_unit_test(subtrees),
		cmocka_unit_test(proofs_of_inclusion),
		cmocka_unit_test(proofs_of_consistency),
		cmocka_unit_test(growth_is_proved),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
