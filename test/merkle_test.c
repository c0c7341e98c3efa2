/* The tree against the published vectors, and against the definition of RFC 6962 where they are not
 * at hand: a tree hashed leaf by leaf, as its text says. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/attr.h"
#include "crypt/sign.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

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

/* --- the published vectors --- */

static json_t *vectors(const char *name)
{
	const char *folder = getenv("VECTORS");
	char path[512];
	snprintf(path, sizeof path, "%s/merkle/made/%s.json", folder ? folder : "", name);
	json_t *all = folder ? json_load_file(path, 0, NULL) : NULL;
	if (!all)
		skip();
	return all;
}

static struct hash hash_in(const json_t *row, const char *key)
{
	struct hash h = { 0 };
	const char *text = json_string_value(json_object_get(row, key));
	size_t size = 0;
	assert_non_null(text);
	assert_true(base64_bytes(text, strlen(text), h.b, sizeof h, &size));
	return h;
}

static bool proof_in(const json_t *row, struct merkle_proof *p)
{
	const json_t *list = json_object_get(row, "proof");
	*p = (struct merkle_proof){ 0 };
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *text = json_string_value(json_array_get(list, i));
		size_t size = 0;
		if (p->count == MERKLE_HEIGHT ||
			!base64_bytes(
				text, strlen(text), p->path[p->count++].b, HASH_SIZE, &size) ||
			size != HASH_SIZE)
			return false;
	}
	return true;
}

static uint64_t number_in(const json_t *row, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(row, key));
}

static void published_inclusion(void **unused)
{
	(void)unused;
	json_t *all = vectors("inclusion"), *row;
	size_t i;
	json_array_foreach(all, i, row)
	{
		struct merkle_proof p;
		struct hash leaf = hash_in(row, "leaf"), root = hash_in(row, "root");
		bool holds = proof_in(row, &p) &&
			merkle_includes(
				number_in(row, "index"), number_in(row, "size"), &leaf, &p, &root);
		assert_int_equal(holds, json_is_true(json_object_get(row, "ok")));
	}
	assert_true(i > 800);
	json_decref(all);
}

static void published_consistency(void **unused)
{
	(void)unused;
	json_t *all = vectors("consistency"), *row;
	size_t i;
	json_array_foreach(all, i, row)
	{
		struct merkle_proof p;
		struct hash old = hash_in(row, "root1"), root = hash_in(row, "root2");
		bool holds = proof_in(row, &p) &&
			merkle_consistent(
				number_in(row, "size1"), number_in(row, "size2"), &old, &root, &p);
		assert_int_equal(holds, json_is_true(json_object_get(row, "ok")));
	}
	assert_true(i > 300);
	json_decref(all);
}

static void published_notes(void **unused)
{
	(void)unused;
	json_t *all = vectors("notes"), *row;
	size_t i, k;
	json_array_foreach(all, i, row)
	{
		const char *text = json_string_value(json_object_get(row, "note"));
		const json_t *keys = json_object_get(row, "vkeys"), *key;
		const json_t *ok = json_object_get(row, "ok");
		struct note n;
		struct err e;
		bool read = note_read(cur_of(text, strlen(text)), &n, &e) == 0;
		json_array_foreach(keys, k, key)
		{
			struct note_key public;
			assert_int_equal(note_key_read(json_string_value(key), &public, &e), 0);
			char again[NOTE_KEY_TEXT];
			note_key_text(&public, again);
			assert_string_equal(again, json_string_value(key));
			bool holds = read && note_check(&n, &public, NULL, &e) == 0;
			assert_int_equal(holds, json_is_true(json_array_get(ok, k)));
		}
	}
	assert_true(i > 100);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(edge_gives_the_root),
		cmocka_unit_test(subtrees),
		cmocka_unit_test(proofs_of_inclusion),
		cmocka_unit_test(proofs_of_consistency),
		cmocka_unit_test(published_inclusion),
		cmocka_unit_test(published_consistency),
		cmocka_unit_test(published_notes),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
