/* Days that entries bear witness of: each counts once, where it was seen last. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/days.h"

static void see(struct days *d, int32_t day, uint64_t place)
{
	struct err e = { 0 };
	assert_int_equal(days_see(d, day, place, &e), 0);
}

static void a_day_of_seconds(void **unused)
{
	(void)unused;
	static const struct {
		int64_t at_s;
		int32_t day;
	} rows[] = { { 0, 0 }, { 86399, 0 }, { 86400, 1 }, { -1, -1 }, { -86400, -1 },
		{ -86401, -2 }, { INT64_C(1700000000), 19675 },
		{ INT64_C(253402300799), 2932896 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(day_of(rows[i].at_s), rows[i].day);
}

static void each_once_where_it_was_last(void **unused)
{
	(void)unused;
	struct days d = { 0 };
	for (unsigned i = 0; i < 1000; i++)
		see(&d, (int32_t)(i * 7919 % 100) - 50, i);
	assert_int_equal(d.count, 100);
	for (size_t i = 0; i < d.count; i++) {
		assert_int_equal(d.list[i].day, (int32_t)i - 50);
		assert_true(d.list[i].last >= 900);
	}
	assert_int_equal(days_behind(&d, 899), 100);
	assert_int_equal(days_behind(&d, 949), 50);
	assert_int_equal(days_behind(&d, 999), 0);
	see(&d, 7, 3); /* was seen later than that */
	assert_int_equal(days_behind(&d, 899), 100);
	days_done(&d);
}

static void within_a_frame(void **unused)
{
	(void)unused;
	struct days all = { 0 }, some = { 0 };
	struct err e = { 0 };
	for (unsigned i = 0; i < 20; i++)
		see(&all, (int32_t)i - 10, i);
	see(&some, 3, 99);
	assert_int_equal(days_take(&some, &all, (struct day_span){ 2, 4 }, &e), 0);
	assert_int_equal(some.count, 3);
	assert_int_equal(days_behind(&some, 13), 2);
	assert_int_equal(days_behind(&some, 98), 1);
	assert_int_equal(days_take(&some, &all, (struct day_span){ 4, 2 }, &e), 0);
	assert_int_equal(days_take(&some, &all, (struct day_span){ INT32_MAX, 2 }, &e), 0);
	assert_int_equal(some.count, 3);
	assert_int_equal(days_take(&some, &all, (struct day_span){ INT32_MIN, INT32_MAX }, &e), 0);
	assert_int_equal(some.count, 20);
	days_done(&all);
	days_done(&some);
}

static const char *text_of(const struct days_few *f, char text[200])
{
	*text = 0;
	for (unsigned k = 0; k < f->count; k++)
		snprintf(text + strlen(text), 200 - strlen(text), "%s%d-%d", k ? " " : "",
			f->list[k].from, f->list[k].to);
	return text;
}

/* Where there are more than can be told, the longest are. */
static void a_few_of_many(void **unused)
{
	(void)unused;
	static const struct {
		struct day_span seen[7];
		const char *want;
	} rows[] = {
		{ { { 4, 6 } }, "4-6" },
		{ { { 5, 5 }, { 5, 5 } }, "5-5" },
		{ { { 9, 12 }, { 1, 20 } }, "1-20" },
		{ { { 1, 1 }, { 3, 3 }, { 5, 5 }, { 7, 7 }, { 2, 6 } }, "1-7" },
		{ { { 1, 1 }, { 3, 4 }, { 6, 8 }, { 10, 13 }, { 20, 20 } }, "1-1 3-4 6-8 10-13" },
		{ { { 1, 1 }, { 3, 4 }, { 6, 8 }, { 10, 13 }, { 20, 22 } }, "3-4 6-8 10-13 20-22" },
		{ { { 1, 2 }, { 4, 5 }, { 7, 8 }, { 10, 11 }, { 20, 320 } },
			"4-5 7-8 10-11 20-320" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct days d = { 0 };
		char text[200];
		for (unsigned k = 0; k < 7 && rows[i].seen[k].from; k++)
			for (int32_t day = rows[i].seen[k].from; day <= rows[i].seen[k].to; day++)
				see(&d, day, 0);
		struct days_few f = days_few(&d);
		if (strcmp(text_of(&f, text), rows[i].want) != 0)
			fail_msg("row %zu: %s", i, text);
		days_done(&d);
	}
}

/* Two become one only where nothing is left out. */
static void a_few_and_a_few(void **unused)
{
	(void)unused;
	static const struct {
		struct days_few one, other;
		const char *want; /* NULL: too many */
	} rows[] = {
		{ { { { 1, 2 } }, 1 }, { { { 3, 4 } }, 1 }, "1-4" },
		{ { { { 1, 2 } }, 1 }, { { { 4, 4 } }, 1 }, "1-2 4-4" },
		{ { { { 1, 2 }, { 9, 9 } }, 2 }, { { { 2, 5 }, { 7, 8 } }, 2 }, "1-5 7-9" },
		{ { { { 1, 1 } }, 1 }, { .count = 0 }, "1-1" },
		{ { .count = 0 }, { { { 1, 1 } }, 1 }, "1-1" },
		{ { { { 1, 1 }, { 3, 3 }, { 5, 5 }, { 7, 7 } }, 4 },
			{ { { 2, 2 }, { 4, 4 }, { 6, 6 } }, 3 }, "1-7" },
		{ { { { 1, 1 }, { 3, 3 }, { 5, 5 }, { 7, 7 } }, 4 }, { { { 9, 9 } }, 1 }, NULL },
		{ { { { 1, 1 }, { 3, 3 }, { 5, 5 }, { 7, 7 } }, 4 }, { { { 8, 300 } }, 1 },
			"1-1 3-3 5-5 7-300" },
		{ { { { INT32_MIN, INT32_MIN } }, 1 }, { { { INT32_MAX, INT32_MAX } }, 1 },
			"-2147483648--2147483648 2147483647-2147483647" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct days_few f = rows[i].one;
		char text[200];
		bool took = days_few_take(&f, &rows[i].other);
		assert_int_equal(took, rows[i].want != NULL);
		if (strcmp(text_of(&f, text), took ? rows[i].want : "1-1 3-3 5-5 7-7") != 0)
			fail_msg("row %zu: %s", i, text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_day_of_seconds),
		cmocka_unit_test(each_once_where_it_was_last),
		cmocka_unit_test(within_a_frame),
		cmocka_unit_test(a_few_of_many),
		cmocka_unit_test(a_few_and_a_few),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
