/* Letting entries go, and moving them elsewhere: ended anywhere, and on a disk that fails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/move.h"
#include "ledger/shelf.h"
#include "ledger/tile.h"
#include "retain_story.h"

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
	story_days(&s, "note", 1200);
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
	story_days(&s, "note", 300);
	story_change_key(&s);
	story_days(&s, "note", 700);
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
		assert_true(plan.go.list[0].by != PRUNE_NOBODY);
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

/* --- what was said to go, and stays --- */

static void assert_gone(struct story *s, uint64_t entries)
{
	struct ledger_checked found;
	struct err e = { 0 };
	if (story_check(s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.gone, entries);
}

/* A hold came before it was gone.  That it is there is said, so that its loss would be seen; and
 * when the hold ends it goes. */
static void a_hold_comes_in_between(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	char release[32];
	story_two_years(&s);
	story_let_go(&s, false);
	story_open(&s);
	uint64_t hold =
		story_tell(&s, "hold", "x", "{\"first\":600,\"hold\":\"entries\",\"last\":900}");
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 2304 - 512);
	story_let_go(&s, true);
	assert_gone(&s, 2304 - 512);
	for (unsigned i = 2; i < 4; i++) {
		struct story lost = { .disk = disk_new(1) };
		char name[TILE_NAME], text[TILE_NAME + 100];
		tile_name(name, TILE_ENTRIES, i, TILE_WIDTH);
		disk_copy(lost.disk, s.disk);
		lost.files = disk_files(lost.disk);
		assert_int_equal(lost.files.remove(lost.files.self, name), 0);
		assert_int_equal(story_check(&lost, &found, &e), -ENOENT);
		snprintf(text, sizeof text, "%s is missing, and entry %llu says that it was kept",
			name, (unsigned long long)hold + 1);
		assert_says(e.text, text);
		disk_free(lost.disk);
	}
	uint64_t next = s.next;
	story_let_go(&s, true);
	assert_int_equal(s.next, next); /* said once */
	story_open(&s);
	snprintf(release, sizeof release, "{\"release\":%llu}", (unsigned long long)hold);
	story_tell(&s, "hold", "x", release);
	story_close(&s);
	story_let_go(&s, true);
	assert_gone(&s, 2304);
	story_end(&s);
}

/* What only another folder has was gone from here: nothing is said of it. */
static void what_is_elsewhere_is_not_kept(void **unused)
{
	(void)unused;
	struct story s;
	struct disk *far = disk_new(5);
	struct files here, there = disk_files(far);
	struct shelf shelf = { &here, &there };
	struct retain *rules;
	struct prune_plan plan;
	struct prune_tell told = { 0 };
	struct err e = { 0 };
	json_t *data;
	story_two_years(&s);
	disk_copy(far, s.disk);
	story_let_go(&s, true);
	story_open(&s);
	story_tell(&s, "hold", "x", "{\"first\":600,\"hold\":\"entries\",\"last\":900}");
	story_close(&s);
	here = s.files;
	const struct files both = shelf_files(&shelf);
	assert_int_equal(retain_load(&rules, &both, s.next, NULL, &e), 0);
	const struct prune_from from = { &both, &here, s.next, rules, NULL };
	assert_int_equal(prune_plan(&plan, &from, s.at_s, &e), 0);
	assert_int_equal(plan.entries, 2304 - 512);
	assert_int_equal(plan.stay[HELD], 2);
	assert_int_equal(plan.kept.count, 0);
	assert_int_equal(prune_data(&plan, &told, s.at_s, NULL, &data, &e), 0);
	assert_null(data);
	prune_plan_done(&plan);
	retain_free(rules);
	disk_free(far);
	assert_gone(&s, 2304);
	story_end(&s);
}

static int feed(struct retain *rules, uint64_t sequence, const char *data, struct err *e)
{
	char text[512];
	int size = snprintf(text, sizeof text,
		"{\"actor\":\"a\",\"at\":\"2026-11-22T20:40:11Z\",\"data\":%s,\"kind\":"
		"\"retention\",\"site\":\"s\",\"subject\":\"x\"}",
		data);
	return retain_feed(rules, sequence, cur_of(text, (size_t)size), e);
}

#define LET_GO(first, last)                                                                        \
	"{\"pruned\":[{\"days\":[],\"first\":" first ",\"kinds\":[\"note\"],\"last\":" last        \
	",\"newest\":\"2026-01-01T00:00:00Z\"}],\"until\":\"2026-01-02T00:00:00Z\"}"
#define MOVED(first, last, to)                                                                     \
	"{\"moved\":[{\"first\":" first ",\"last\":" last "}],\"to\":\"" to "\"}"
#define KEPT(first, last) "{\"kept\":[{\"first\":" first ",\"last\":" last "}]}"

/* Of bundles 1 to 3: g let go, t moved to t, a bundle that nobody says is gone is a dot. */
static void the_last_word_counts(void **unused)
{
	(void)unused;
	static const struct {
		const char *says[4], *want;
	} rows[] = {
		{ { LET_GO("256", "1023") }, "ggg" },
		{ { LET_GO("256", "1023"), KEPT("256", "511") }, ".gg" },
		{ { LET_GO("256", "1023"), KEPT("512", "767") }, "g.g" },
		{ { LET_GO("256", "1023"), KEPT("768", "1023") }, "gg." },
		{ { LET_GO("256", "1023"), KEPT("256", "1023") }, "..." },
		{ { LET_GO("256", "1023"), KEPT("256", "2047") }, "..." },
		{ { LET_GO("256", "1023"), KEPT("1024", "1279") }, "ggg" },
		{ { KEPT("256", "1023"), LET_GO("256", "1023") }, "ggg" },
		{ { LET_GO("256", "1023"), KEPT("256", "767"), LET_GO("512", "767") }, ".gg" },
		{ { LET_GO("256", "511"), LET_GO("512", "1023"), KEPT("256", "767") }, "..g" },
		{ { MOVED("256", "767", "t"), LET_GO("256", "1023"), KEPT("512", "1023") }, "gt." },
		{ { LET_GO("256", "1023"), MOVED("512", "767", "t"), KEPT("256", "1023") }, ".t." },
		{ { MOVED("256", "1023", "s"), MOVED("512", "767", "t"), KEPT("256", "1023") },
			"sts" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct retain *rules;
		struct err e = { 0 };
		char found[4] = "";
		assert_int_equal(retain_new(&rules, &e), 0);
		for (uint64_t k = 0; k < 4 && rows[i].says[k]; k++)
			assert_int_equal(feed(rules, 5000 + k, rows[i].says[k], &e), 0);
		for (unsigned b = 1; b < 4; b++) {
			const struct retain_gone *g = retain_gone(rules, 256 * b);
			assert_ptr_equal(retain_gone(rules, 256 * b + 255), g);
			found[b - 1] = !g ? '.' : g->to ? *g->to : 'g';
		}
		if (strcmp(found, rows[i].want) != 0)
			fail_msg("row %zu: %s", i, found);
		retain_free(rules);
	}
}

/* Who says it names whole bundles of the past; and who says it in another way has said nothing that
 * this version knows. */
static void what_is_kept_is_named(void **unused)
{
	(void)unused;
	static const struct {
		const char *data;
		bool unknown;
	} rows[] = {
		{ "{\"kept\":null}", true },
		{ "{\"kept\":7}", true },
		{ "{\"kept\":[7]}", true },
		{ "{\"kept\":[{\"first\":256}]}", true },
		{ KEPT("512", "511"), true },
		{ KEPT("-256", "511"), true },
		{ KEPT("-0", "511"), true },
		{ KEPT("256.0", "511"), true },
		{ KEPT("2.56e2", "511"), true },
		{ KEPT("256", "18014398509481983"), true },
		{ KEPT("256", "99999999999999999999999"), true },
		{ KEPT("\"256\"", "511"), true },
		{ KEPT("256,\"first\":256", "511"), true },
		{ "{\"kept\": [{\"first\":256,\"last\":511}]}", true },
		{ "{\"kept\":[{\"first\":256,\"last\":511,\"x\":1}]}", true },
		{ "{\"days\":10,\"kept\":[{\"first\":256,\"last\":511}]}", true },
		{ "{\"k\\u0065pt\":[{\"first\":256,\"last\":511}]}", true },
		{ KEPT("256", "510"), false },
		{ KEPT("257", "511"), false },
		{ KEPT("0", "511"), false },
		{ KEPT("4864", "5119"), false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct retain *rules;
		struct err e = { 0 };
		size_t promises;
		uint64_t by;
		assert_int_equal(retain_new(&rules, &e), 0);
		assert_int_equal(feed(rules, 5000, rows[i].data, &e), 0);
		if (retain_unknown(rules, &by) != rows[i].unknown)
			fail_msg("%s is %sknown", rows[i].data, rows[i].unknown ? "" : "un");
		if (rows[i].unknown)
			assert_null(retain_wrong(rules));
		else
			assert_says(retain_wrong(rules), "entry 5000 speaks of entries");
		assert_null(retain_kept(rules, 256));
		(void)retain_promises(rules, &promises);
		assert_int_equal(promises, 0);
		retain_free(rules);
	}
}

/* What is half gone bears witness of its time once, not with all it was and what is left. */
static void half_gone_counts_once(void **unused)
{
	(void)unused;
	struct story s;
	char name[TILE_NAME], release[32];
	story_two_years(&s);
	story_open(&s);
	uint64_t hold =
		story_tell(&s, "hold", "x", "{\"first\":300,\"hold\":\"entries\",\"last\":300}");
	story_close(&s);
	story_let_go(&s, false);
	for (unsigned i = 2; i < 9; i++) {
		tile_name(name, TILE_ENTRIES, i, TILE_WIDTH);
		assert_int_equal(s.files.remove(s.files.self, name), 0);
	}
	/* 622 days were written since entry 511, and 64 of them are entries 2304 to 2559 */
	story_open(&s);
	snprintf(release, sizeof release, "{\"release\":%llu}", (unsigned long long)hold);
	story_tell(&s, "hold", "x", release);
	story_tell(&s, "retention", "every kind", "{\"days\":650}");
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s + 3650 * STORY_DAY), 0);
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
	size_t size;
	story_two_years(&s);
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	const struct prune_from from = { &s.files, &s.files, s.next, rules, NULL };
	assert_int_equal(move_plan(&plan, &from, STORY_START + 400 * STORY_DAY, "far", &e), 0);
	assert_int_equal(plan.entries, 1280);
	assert_int_equal(move_copy(&plan, &s.files, s.next, &there, &e), 0);
	story_open(&s);
	story_tell_plan(&s, &plan, "far");
	story_close(&s);
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
	const struct prune_from from = { &s.files, &s.files, s.next, rules, NULL };
	assert_int_equal(move_plan(&plan, &from, INT64_MAX, "far", &e), 0);
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
	const struct prune_from from = { &s.files, &s.files, s.next, rules, NULL };
	assert_int_equal(move_plan(&plan, &from, INT64_MAX, "far", &e), 0);
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
		cmocka_unit_test(what_is_elsewhere_is_not_kept),
		cmocka_unit_test(the_last_word_counts),
		cmocka_unit_test(what_is_kept_is_named),
		cmocka_unit_test(half_gone_counts_once),
		cmocka_unit_test(moved_and_read),
		cmocka_unit_test(moves_what_is_left),
		cmocka_unit_test(damage_stays),
	};
	return cmocka_run_group_tests(tests, story_set_up, story_tear_down);
}
