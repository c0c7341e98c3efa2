/* Memory with limits: pools that never move, tables that find, a budget that says no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/budget.h"
#include "base/hash.h"
#include "base/pool.h"

struct item {
	uint32_t link;
	uint32_t key;
};

static void full_is_refused_and_counted(void **unused)
{
	(void)unused;
	struct pool p;
	struct err e;
	assert_int_equal(pool_init(&p, sizeof(struct item), 3, &e), 0);
	for (uint32_t n = 1; n <= 3; n++)
		assert_int_equal(pool_new(&p), n);
	assert_int_equal(pool_new(&p), 0);
	assert_int_equal(p.refused, 1);
	struct item *second = pool_at(&p, 2);
	*second = (struct item){ 7, 7 };
	pool_free(&p, 2);
	pool_free(&p, 3);
	assert_int_equal(p.live, 1);
	assert_int_equal(pool_new(&p), 3);
	assert_int_equal(pool_new(&p), 2); /* at the same place, and zero again */
	assert_ptr_equal(pool_at(&p, 2), second);
	assert_int_equal(second->link + second->key, 0);
	assert_int_equal(pool_new(&p), 0);
	pool_done(&p);
	pool_done(&p); /* half-built and empty ones may go too */
}

static uint32_t find(const struct table *t, const uint32_t *keys, uint64_t hash, uint32_t key)
{
	for (uint32_t at = table_first(t, hash), n; (n = table_next(t, hash, &at));)
		if (keys[n] == key)
			return n;
	return 0;
}

/* Items come and go in an order of chance, with hashes that collide on purpose: what is in is
 * found, what is out is not. */
static void table_finds_what_is_in(void **unused)
{
	(void)unused;
	enum { ITEMS = 100, ROUNDS = 20000 };
	static const uint64_t spread[] = { 1, 64, 0, UINT64_C(1) << 32 | 1 };
	for (size_t s = 0; s < COUNT_OF(spread); s++) {
		struct table t;
		struct err e;
		uint32_t keys[ITEMS + 1] = { 0 };
		uint64_t random = 88172645463325252u;
		assert_int_equal(table_init(&t, ITEMS, &e), 0);
		for (unsigned round = 0; round < ROUNDS; round++) {
			random = random * 6364136223846793005u + 1442695040888963407u;
			uint32_t n = 1 + (uint32_t)(random >> 33) % ITEMS;
			uint64_t hash = n * spread[s] + 61; /* near the end: runs wrap around */
			if (keys[n]) {
				assert_int_equal(find(&t, keys, hash, n), n);
				table_remove(&t, hash, n);
				keys[n] = 0;
			} else {
				assert_int_equal(find(&t, keys, hash, n), 0);
				keys[n] = n;
				table_add(&t, hash, n);
			}
		}
		uint32_t in = 0;
		for (uint32_t n = 1; n <= ITEMS; n++) {
			in += keys[n] != 0;
			assert_int_equal(find(&t, keys, n * spread[s] + 61, n), keys[n]);
		}
		assert_int_equal(t.used, in);
		table_remove(&t, 12345, 77777); /* not in: nothing happens */
		assert_int_equal(t.used, in);
		table_done(&t);
	}
}

/* Nobody who does not know the key finds input that all lands in one slot: not by making one of
 * the factors inside zero, and not by any constant that stands in the source. */
static void no_constant_makes_hashes_equal(void **unused)
{
	(void)unused;
	static const uint64_t constants[] = { 0, 1, UINT64_MAX, 0x9e3779b97f4a7c15u,
		0xa0761d6478bd642fu };
	hash_seed(0x123456789abcdef1u);
	for (size_t c = 0; c < COUNT_OF(constants); c++) {
		uint64_t first = hash_mix(1, constants[c]), again = 0;
		uint8_t bytes[32] = { 0 };
		uint64_t low = constants[c] - 16;
		memcpy(bytes + 8, &low, 8);
		memcpy(bytes + 24, &constants[c], 8);
		uint64_t short_first = hash_bytes(bytes, 16), long_first = hash_bytes(bytes, 32);
		for (uint64_t i = 2; i < 100; i++) {
			memcpy(bytes, &i, 8);
			again += hash_mix(i, constants[c]) == first;
			again += hash_bytes(bytes, 16) == short_first;
			again += hash_bytes(bytes, 32) == long_first;
		}
		assert_int_equal(again, 0);
	}
}

static void budget_keeps_its_limit(void **unused)
{
	(void)unused;
	struct budget b = { .max = 1000 };
	uint8_t *p = budget_alloc(&b, 100);
	assert_non_null(p);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	size_t with_overhead = b.used;
	assert_true(with_overhead > 100);
	assert_null(budget_alloc(&b, 1000));
	assert_null(budget_alloc(&b, SIZE_MAX));
	assert_null(budget_grow(&b, p, 100, 2000));
	assert_int_equal(b.refused, 3);
	assert_int_equal(b.used, with_overhead);
	p = budget_grow(&b, p, 100, 800);
	assert_non_null(p);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(p[i], 0);
	budget_free(&b, p, 800);
	p = budget_room(&b, 900);
	assert_non_null(p);
	assert_null(budget_room(&b, 100));
	assert_int_equal(b.refused, 4);
	budget_free(&b, p, 900);
	budget_free(&b, NULL, 800);
	assert_int_equal(b.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_is_refused_and_counted),
		cmocka_unit_test(table_finds_what_is_in),
		cmocka_unit_test(no_constant_makes_hashes_equal),
		cmocka_unit_test(budget_keeps_its_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
