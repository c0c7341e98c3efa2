/* Counting in windows of time, as detections do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/clock.h"
#include "sense/detect.h"

/* Events at these seconds; three within ten seconds are asked for. */
static const struct {
	const char *name;
	int64_t at_s[8];
	unsigned count;
	unsigned reached; /* a bit for each event that was the third */
} windows[] = {
	{ "three at once", { 5, 5, 5 }, 3, 1u << 2 },
	{ "a fourth and a fifth say nothing new", { 5, 5, 5, 6, 7 }, 5, 1u << 2 },
	{ "too slow", { 0, 6, 12, 18, 24 }, 5, 0 },
	{ "just in time", { 0, 5, 10 }, 3, 1u << 2 },
	{ "again in the next window", { 0, 1, 2, 20, 21, 22 }, 6, 1u << 2 | 1u << 5 },
	{ "time goes back: a window of its own", { 100, 100, 50, 50, 50 }, 5, 1u << 4 },
	{ "from the beginning to the end of time", { 0, INT64_MAX / CLOCK_SECOND, 0, 0, 0 }, 5,
		1u << 4 },
};

static void windows_count(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(windows); i++) {
		struct window w = { 0 };
		unsigned reached = 0;
		for (unsigned k = 0; k < windows[i].count; k++)
			if (window_reached(&w, windows[i].at_s[k] * CLOCK_SECOND,
				    &(struct limit){ 3, 10 }))
				reached |= 1u << k;
		if (reached != windows[i].reached)
			print_error("%s\n", windows[i].name);
		assert_int_equal(reached, windows[i].reached);
	}
}

static void different_things_count_once(void **unused)
{
	(void)unused;
	struct distinct d = { 0 };
	unsigned fresh = 0;
	for (uint64_t round = 0; round < 3; round++)
		for (uint64_t value = 0; value < 40; value++)
			fresh += distinct_add(&d, 1, 10, value);
	assert_int_equal(fresh, 40);
	assert_int_equal(d.count, 40);
	assert_true(distinct_add(&d, 20 * CLOCK_SECOND, 10, 7)); /* another window */
	assert_int_equal(d.count, 1);
	for (uint64_t value = 0; value < 100000; value++) /* more than it holds: it ends */
		distinct_add(&d, 20 * CLOCK_SECOND, 10, value);
	assert_int_equal(d.count, DISTINCT_SLOTS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_count),
		cmocka_unit_test(different_things_count_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
