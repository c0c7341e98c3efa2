/* How much a process says that it holds: what is written is read, and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/packets.h"

static void what_is_written_is_read(void **state)
{
	const struct packets_held held = { -1, INT64_MAX, 3, UINT64_MAX, 5, 6, true };
	struct packets_held got = { 0 };
	uint8_t body[PACKETS_HELD_SIZE + 1] = { 0 };
	uint64_t dropped = 0;
	(void)state;
	packets_held_write(body, &held, 7);
	for (size_t size = 0; size <= sizeof body; size++)
		assert_int_equal(packets_held_read(cur_of(body, size), &got, &dropped),
			size == PACKETS_HELD_SIZE);
	assert_int_equal(got.first_ns, held.first_ns);
	assert_int_equal(got.last_ns, held.last_ns);
	assert_int_equal(got.frames, held.frames);
	assert_int_equal(got.bytes, held.bytes);
	assert_int_equal(got.segments, held.segments);
	assert_int_equal(got.lost, held.lost);
	assert_true(got.paused);
	assert_int_equal(dropped, 7);
	body[PACKETS_HELD_SIZE - 1] = 2;
	assert_false(packets_held_read(cur_of(body, PACKETS_HELD_SIZE), &got, &dropped));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(what_is_written_is_read) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
