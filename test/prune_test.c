/* Letting entries go, and moving them elsewhere: ended anywhere, and on a disk that fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/shelf.h"
#include "ledger/tile.h"
#include "retain_story.h"

static void assert_says(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("'%s' does not say '%s'", text ? text : "(nothing)", words);
}

/* --- letting go --- */

static void what_is_left_holds(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	story_two_years(&s);
	story_let_go(&s, true);
	if (story_check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.gone, 2304);
	assert_int_equal(found.strange, 0);
	/* years on: what was let go still bears witness of its time */
	story_open(&s);
	story_days(&s, "note", "pump", 1200);
	story_close(&s);
	story_let_go(&s, true);
	if (story_check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.gone, 3072);
	story_end(&s);
}

/* The key changed just before what was let go: it is read once. */
static void a_change_of_keys_stays(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	story_begin(&s);
	story_tell(&s, "retention", "every kind", "{\"days\":30}");
	story_days(&s, "note", "pump", 300);
	story_change_key(&s);
	story_days(&s, "note", "pump", 700);
	story_close(&s);
	story_let_go(&s, true);
	size_t size;
	assert_null(disk_bytes(s.disk, "tile/entries/002", &size));
	if (story_check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.keys.count, 1);
	assert_true(found.gone >= 256);
	story_end(&s);
}

/* The ledger is killed anywhere while it lets go: it is called again, and nothing is lost that
 * should stay. */
static void killed_while_letting_go(void **unused)
{
	(void)unused;
	struct story whole;
	unsigned long tried = 0;
	story_two_years(&whole);
	story_let_go(&whole, false);
	for (uint64_t n = 1;; n++, tried++) {
		struct story s = { .disk = disk_new(n), .at_s = whole.at_s, .next = whole.next };
		struct prune_plan plan;
		struct retain *rules;
		struct ledger_checked found;
		struct err e = { 0 };
		disk_copy(s.disk, whole.disk);
		s.files = disk_files(s.disk);
		story_plan(&s, s.at_s, &plan, &rules);
		assert_int_equal(plan.entries, 2304);
		assert_true(plan.ranges[0].said);
		disk_die_at(s.disk, disk_calls(s.disk) + n);
		int done = prune_remove(&plan, &s.files, &e);
		prune_plan_done(&plan);
		retain_free(rules);
		bool died = disk_died(s.disk);
		disk_power_lost(s.disk, n % 2);
		if (story_check(&s, &found, &e) < 0)
			fail_msg("killed at call %llu: %s", (unsigned long long)n, e.text);
		story_plan(&s, s.at_s, &plan, &rules);
		assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
		prune_plan_done(&plan);
		retain_free(rules);
		assert_int_equal(story_check(&s, &found, &e), 0);
		assert_int_equal(found.gone, 2304);
		disk_free(s.disk);
		if (!died) {
			assert_int_equal(done, 0);
			break;
		}
	}
	print_message("killed at %lu calls\n", tried);
	assert_true(tried > 10);
	story_end(&whole);
}

/* Parts from before a bundle was whole, and files that never got their name, have entries in them.
 */
static void no_part_is_left(void **unused)
{
	(void)unused;
	static const char *const parts[] = { "tile/entries/003.p/17", "tile/entries/003.p/200.new",
		"tile/entries/004.new", "tile.new" };
	struct story s;
	struct err e = { 0 };
	size_t size;
	story_two_years(&s);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_int_equal(files_put(&s.files, parts[i], "clear", 5, &e), 0);
	story_let_go(&s, true);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (disk_bytes(s.disk, parts[i], &size))
			fail_msg("%s is there", parts[i]);
	story_end(&s);
}

/* A disk that refuses: it is told, whichever call it was, and the next time all of it goes. */
static void what_stays_is_told(void **unused)
{
	(void)unused;
	struct story whole;
	struct err e = { 0 };
	story_two_years(&whole);
	assert_int_equal(files_put(&whole.files, "tile/entries/003.p/17", "clear", 5, &e), 0);
	story_let_go(&whole, false);
	for (uint64_t n = 1;; n++) {
		struct story s = { .disk = disk_new(n), .at_s = whole.at_s, .next = whole.next };
		struct prune_plan plan;
		struct retain *rules;
		enum disk_call which;
		size_t size;
		disk_copy(s.disk, whole.disk);
		s.files = disk_files(s.disk);
		story_plan(&s, s.at_s, &plan, &rules);
		disk_fail_at(s.disk, n, 0, -EROFS);
		int done = prune_remove(&plan, &s.files, &e);
		bool fired = disk_fired(s.disk, &which);
		disk_fail_at(s.disk, UINT64_MAX / 2, 0, 0);
		if (fired && (done != -EROFS || !strstr(e.text, "Read-only")))
			fail_msg("call %llu: %d %s", (unsigned long long)n, done, e.text);
		assert_int_equal(fired ? 0 : done, 0);
		prune_plan_done(&plan);
		retain_free(rules);
		story_plan(&s, s.at_s, &plan, &rules);
		assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
		assert_null(disk_bytes(s.disk, "tile/entries/003.p/17", &size));
		prune_plan_done(&plan);
		retain_free(rules);
		disk_free(s.disk);
		if (!fired)
			break;
		assert_true(n < 1000);
	}
	story_end(&whole);
}

/* What was said to go, and was not gone yet when a hold came, stays. */
static void a_hold_comes_in_between(void **unused)
{
	(void)unused;
	struct story s;
	story_two_years(&s);
	story_let_go(&s, false);
	story_open(&s);
	story_tell(&s, "hold", "x", "{\"first\":300,\"hold\":\"entries\",\"last\":600}");
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 2304 - 512);
	story_end(&s);
}

/* --- moving --- */

static void moved_and_read(void **unused)
{
	(void)unused;
	struct story s;
	struct disk *far = disk_new(5);
	struct files there = disk_files(far), both;
	struct shelf shelf = { &s.files, &there };
	struct prune_plan plan;
	struct retain *rules;
	struct ledger_checked found;
	struct err e = { 0 };
	json_t *data;
	size_t at = 0, size;
	story_two_years(&s);
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	assert_int_equal(move_plan(&plan, &s.files, s.next, rules, STORY_START + 400 * STORY_DAY,
				 "far", NULL, &e),
		0);
	assert_int_equal(plan.entries, 1280);
	assert_int_equal(move_copy(&plan, &s.files, s.next, &there, &e), 0);
	assert_int_equal(prune_data(&plan, &at, 0, "far", &data, &e), 0);
	char *text = json_dumps(data, JSON_COMPACT);
	story_open(&s);
	story_tell(&s, "retention", "moved", text);
	story_close(&s);
	free(text);
	json_decref(data);
	assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
	assert_int_equal(story_check(&s, &found, &e), 0);
	assert_int_equal(found.gone, 1280);
	both = s.files;
	s.files = shelf_files(&(struct shelf){ &both, &there });
	shelf.here = &both;
	s.files = shelf_files(&shelf);
	assert_int_equal(story_check(&s, &found, &e), 0);
	assert_int_equal(found.gone, 0);
	/* what is changed there is found as it would be here */
	disk_bytes(far, "tile/entries/002", &size)[100] ^= 1;
	assert_int_equal(story_check(&s, &found, &e), -EBADMSG);
	assert_says(e.text, "tile/entries/002");
	s.files = both;
	prune_plan_done(&plan);
	retain_free(rules);
	disk_free(far);
	story_end(&s);
}

/* What was let go is passed over. */
static void moves_what_is_left(void **unused)
{
	(void)unused;
	struct story s;
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	story_two_years(&s);
	story_let_go(&s, true);
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	assert_int_equal(move_plan(&plan, &s.files, s.next, rules, INT64_MAX, "far", NULL, &e), 0);
	assert_int_equal(plan.entries, 256);
	prune_plan_done(&plan);
	retain_free(rules);
	story_end(&s);
}

/* What is damaged here does not move. */
static void damage_stays(void **unused)
{
	(void)unused;
	struct story s;
	struct disk *far = disk_new(5);
	struct files there = disk_files(far);
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	size_t size;
	story_two_years(&s);
	disk_bytes(s.disk, "tile/entries/002", &size)[12] ^= 1; /* in the actor's name */
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	assert_int_equal(move_plan(&plan, &s.files, s.next, rules, INT64_MAX, "far", NULL, &e), 0);
	assert_int_equal(move_copy(&plan, &s.files, s.next, &there, &e), -EBADMSG);
	assert_says(e.text, "tile/entries/002 is damaged: entry 512");
	prune_plan_done(&plan);
	retain_free(rules);
	disk_free(far);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_holds),
		cmocka_unit_test(a_change_of_keys_stays),
		cmocka_unit_test(killed_while_letting_go),
		cmocka_unit_test(no_part_is_left),
		cmocka_unit_test(what_stays_is_told),
		cmocka_unit_test(a_hold_comes_in_between),
		cmocka_unit_test(moved_and_read),
		cmocka_unit_test(moves_what_is_left),
		cmocka_unit_test(damage_stays),
	};
	return cmocka_run_group_tests(tests, story_set_up, story_tear_down);
}
