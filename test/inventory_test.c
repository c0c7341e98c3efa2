/* The tables of the inventory by themselves: what they keep of a value, and what they refuse. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sense/engine.h"

static void no_subject_takes_all(void **unused)
{
	(void)unused;
	struct inventory v;
	struct err e;
	assert_int_equal(inventory_init(&v, 4 << 20, &e), 0);
	uint32_t host = inventory_host(&v, &(struct ip){ { [15] = 7 } });
	for (unsigned i = 0; i < 1000; i++) {
		for (uint32_t k = 0; k < 2; k++)
			inventory_module(&v, host, 0, &(struct asset_place){ .number = 2 * i + k });
		char text[32];
		snprintf(text, sizeof text, "name %u", i);
		inventory_say(&v, (struct subject){ host, SUBJECT_HOST }, ID_NAME, "test", text,
			strlen(text), 1, 1);
	}
	assert_int_equal(v.modules_refused, 2000 - 1024);
	assert_int_equal(v.identities_refused, 1000 - 256);
	inventory_done(&v);
}

/* A controller that stops and runs again; and one whose slot turns out to be nobody. */
static void a_mode_is_kept_with_its_times(void **unused)
{
	(void)unused;
	struct inventory v;
	struct err e;
	assert_int_equal(inventory_init(&v, 4 << 20, &e), 0);
	uint32_t host = inventory_host(&v, &(struct ip){ { [15] = 7 } });
	uint32_t slot = inventory_module(&v, host, 0, &(struct asset_place){ .number = 3 });
	static const char *const modes[] = { "run", "stop", "stop", "run" };
	for (unsigned i = 0; i < COUNT_OF(modes); i++)
		inventory_say(&v, (struct subject){ host, SUBJECT_HOST }, ID_MODE, "test", modes[i],
			strlen(modes[i]), 10 + i, 100 + i);
	const struct said *stop = pool_at(&v.said, host_at(&v, host)->said);
	const struct said *runs = pool_at(&v.said, stop->next);
	assert_string_equal(string_at(&v, stop->value), "stop");
	assert_int_equal(stop->frame, 11);
	const struct lasted *l = pool_at(&v.lasted, stop->lasted);
	assert_true(l->first_ns == 101 && l->last_ns == 102 && l->last_frame == 12);
	l = pool_at(&v.lasted, runs->lasted);
	assert_true(l->first_ns == 100 && l->last_ns == 103 && l->last_frame == 13);
	inventory_say(
		&v, (struct subject){ slot, SUBJECT_MODULE }, ID_MODE, "test", "run", 3, 1, 1);
	assert_int_equal(v.lasted.live, 3);
	inventory_class(&v, slot, PLACE_NOBODY);
	assert_int_equal(v.lasted.live, 2);
	/* Without room for its times a mode is not kept, and that is counted. */
	while (pool_new(&v.lasted))
		;
	uint32_t other = inventory_host(&v, &(struct ip){ { [15] = 8 } });
	inventory_say(&v, (struct subject){ other, SUBJECT_HOST }, ID_MODE, "test", "run", 3, 1, 1);
	assert_int_equal(host_at(&v, other)->said, 0);
	assert_int_equal(v.lasted.refused, 2);
	inventory_done(&v);
}

static void points_keep_their_range(void **unused)
{
	(void)unused;
	struct inventory v;
	struct err e;
	assert_int_equal(inventory_init(&v, 4 << 20, &e), 0);
	uint32_t host = inventory_host(&v, &(struct ip){ { [15] = 7 } });
	const struct point_at here = { .index = 1 };
	struct point_way way = { 0 };
	static const double values[] = { NAN, 5, NAN, -3, 4 };
	for (size_t i = 0; i < COUNT_OF(values); i++)
		inventory_point(
			&v, &way, host, PROTO_modbus, &here, values[i], i == 2, (int64_t)i + 1);
	const struct point_record *p = pool_at(&v.points, 1);
	assert_int_equal(p->samples, 5);
	assert_true(isnan(p->first));
	assert_int_equal(p->type, POINT_INTEGER);
	assert_true(p->first_ns == 1 && p->last_ns == 5);
	assert_false(inventory_point(&v, &way, host, PROTO_modbus, &here, 4, false, 6));
	assert_true(inventory_point(&v, &way, host, PROTO_modbus, &here, 4.5, false, 7));
	assert_true(inventory_point(&v, &way, host, PROTO_modbus, &here, 4, false, 8));
	assert_int_equal(p->type, POINT_REAL);
	assert_true(p->last == 4 && p->min == -3 && p->max == 5 && p->written);
	/* Tags beyond what the memory for names holds are refused, not mixed into one. */
	for (unsigned i = 0; !v.points.refused && i < 200000; i++) {
		uint8_t tag[64];
		memset(tag, 'x', sizeof tag);
		memcpy(tag, &i, sizeof i);
		tag[0] |= 1;
		inventory_point(&v, &way, host, PROTO_modbus,
			&(struct point_at){ .symbol = tag, .symbol_size = sizeof tag }, i, false,
			1);
	}
	assert_true(v.points.refused > 0);
	for (uint32_t n = 2; n < v.points.used; n++) {
		p = pool_at(&v.points, n);
		assert_true(p->symbol > 0);
	}
	inventory_done(&v);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_subject_takes_all),
		cmocka_unit_test(a_mode_is_kept_with_its_times),
		cmocka_unit_test(points_keep_their_range),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
