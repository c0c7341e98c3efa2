/* Ledgers of any sort that let go of what they may, again and again: what is left always holds, and
 * so does a copy that kept everything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/move.h"
#include "ledger/shelf.h"
#include "ledger/tile.h"
#include "retain_story.h"

enum { STORIES = 40, ROUNDS = 5 };

static uint64_t chance_state;

/* xorshift64: below n. */
static unsigned chance(unsigned n)
{
	chance_state ^= chance_state << 13;
	chance_state ^= chance_state >> 7;
	chance_state ^= chance_state << 17;
	return (unsigned)(chance_state >> 11) % n;
}

static const char *const kinds[] = { "note", "finding", "alarm" };

static void promise(struct story *s)
{
	char data[128];
	snprintf(data, sizeof data, "{\"days\":%u,\"kinds\":[\"%s\"]}",
		chance(2) ? 5 + chance(20) : 60 + chance(80), kinds[chance(COUNT_OF(kinds))]);
	story_tell(s, "retention", "promise", data);
}

/* Holds a bundle or a kind, or gives it free again. */
static void hold(struct story *s, uint64_t *held)
{
	char data[128];
	if (*held)
		snprintf(data, sizeof data, "{\"release\":%llu}", (unsigned long long)*held);
	else if (chance(2))
		snprintf(data, sizeof data, "{\"hold\":\"kind\",\"kind\":\"%s\"}",
			kinds[chance(COUNT_OF(kinds))]);
	else
		snprintf(data, sizeof data, "{\"first\":%llu,\"hold\":\"entries\",\"last\":%llu}",
			(unsigned long long)s->next / 2, (unsigned long long)s->next / 2 + 9);
	uint64_t by = story_tell(s, "hold", "x", data);
	*held = *held ? 0 : by;
}

/* Now and then an entry that claims to be of another time. */
static void tell(struct story *s, const char *kind)
{
	int64_t now = s->at_s;
	unsigned odd = chance(400);
	if (odd == 0) {
		story_tell_at(s, "1601-01-01T00:00:00Z", kind, "pump", "{}");
		return;
	}
	if (odd < 4)
		s->at_s -= (int64_t)chance(90) * STORY_DAY;
	else if (odd < 6)
		s->at_s += (int64_t)chance(30) * STORY_DAY;
	story_tell(s, kind, "pump", "{}");
	s->at_s = now;
}

/* Busy days and quiet ones, and weekends. */
static void time_goes_by(struct story *s, unsigned entries)
{
	unsigned pace = 2 + chance(12), busy = chance(3), kind = 0;
	for (unsigned i = 0; i < entries; i++) {
		if (chance(busy ? 300 : 40) == 0)
			kind = chance(COUNT_OF(kinds));
		tell(s, chance(500) ? kinds[kind] : kinds[chance(COUNT_OF(kinds))]);
		s->at_s += STORY_DAY / pace * (chance(60) ? 1 : 1 + chance(8 * pace));
		if (busy == 2 && chance(256) == 0)
			s->at_s += 2 * STORY_DAY;
	}
}

static void assert_holds(struct story *s, const char *what, unsigned seed)
{
	struct ledger_checked found;
	struct err e = { 0 };
	if (story_check(s, &found, &e) < 0)
		fail_msg("story %u, %s: %s", seed, what, e.text);
}

/* What was said to go goes, and is ended in the middle.  Gives what is gone then. */
static uint64_t remove_some(struct story *s)
{
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	story_plan(s, s->at_s, &plan, &rules);
	disk_die_at(s->disk, disk_calls(s->disk) + 1 + chance(60));
	int r = prune_remove(&plan, &s->files, &e);
	bool died = disk_died(s->disk);
	disk_power_lost(s->disk, false);
	uint64_t gone = r == 0 || died ? plan.entries : 0;
	prune_plan_done(&plan);
	retain_free(rules);
	return gone;
}

/* Everything is said to go, and goes; and a copy never lets go of anything. */
static void let_go_of_all(struct story *s, struct story *full, unsigned seed)
{
	story_let_go(s, false);
	disk_copy(full->disk, s->disk);
	assert_holds(full, "a copy that has it all", seed);
	story_let_go(s, true);
	assert_holds(s, "what is left", seed);
}

/* Perhaps ended in the middle. */
static void carry_out(const struct prune_plan *plan, struct disk *d, bool ended)
{
	const struct files f = disk_files(d);
	struct err e = { 0 };
	if (ended)
		disk_die_at(d, disk_calls(d) + 1 + chance(100));
	int r = prune_remove(plan, &f, &e);
	assert_true(r == 0 || disk_died(d));
	disk_power_lost(d, false);
}

/* Older bundles go to another disk; or what only that one has is let go of, too. */
static void with_another_disk(struct story *s, struct disk *far, struct story *full, unsigned seed)
{
	struct files here = s->files, there = disk_files(far);
	struct shelf shelf = { &here, &there };
	const struct files both = shelf_files(&shelf);
	bool move = chance(2), ended = chance(2);
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	if (retain_load(&rules, &both, s->next, NULL, &e) < 0)
		fail_msg("story %u: %s", seed, e.text);
	const struct prune_from from = { move ? &here : &both, &here, s->next, rules, NULL };
	int64_t before_s = s->at_s - (int64_t)chance(60) * STORY_DAY;
	int r = move ? move_plan(&plan, &from, before_s, "far", &e)
		     : prune_plan(&plan, &from, s->at_s, &e);
	if (r == 0 && move)
		r = move_copy(&plan, &here, s->next, &there, &e);
	if (r < 0)
		fail_msg("story %u: %s", seed, e.text);
	story_open(s);
	story_tell_plan(s, &plan, move ? "far" : NULL);
	story_close(s);
	carry_out(&plan, s->disk, ended);
	if (!move)
		carry_out(&plan, far, chance(2));
	prune_plan_done(&plan);
	retain_free(rules);
	disk_copy(full->disk, s->disk);
	assert_holds(full, "a copy that has it all, of two disks", seed);
	here = s->files;
	struct story all = *s;
	all.files = both;
	assert_holds(&all, "both disks", seed);
}

static uint64_t story(unsigned seed)
{
	struct story s, full = { .disk = disk_new(seed) };
	struct disk *far = disk_new(seed);
	uint64_t held = 0, gone = 0;
	chance_state = 88172645463325252 + seed;
	full.files = disk_files(full.disk);
	story_begin(&s);
	for (unsigned i = 0; i <= chance(4); i++)
		promise(&s);
	for (unsigned round = 0; round < ROUNDS; round++) {
		time_goes_by(&s, 100 + chance(800));
		if (chance(3) == 0)
			hold(&s, &held);
		if (chance(4) == 0)
			promise(&s);
		story_close(&s);
		story_let_go(&s, false);
		disk_copy(full.disk, s.disk);
		assert_holds(&full, "a copy that has it all", seed);
		switch (chance(3)) {
		case 0:
			break;
		case 1:
			gone += remove_some(&s);
			break;
		case 2:
			gone += story_may_go(&s, s.at_s);
			story_let_go(&s, true);
		}
		assert_holds(&s, "what is left", seed);
		for (unsigned i = chance(3); i > 0; i--) {
			with_another_disk(&s, far, &full, seed);
			assert_holds(&s, "what is left here", seed);
		}
		if (chance(6) ==
			0) /* a clock that was wrong is set right, or the other way round */
			s.at_s += ((int64_t)chance(120) - 60) * STORY_DAY;
		story_open(&s);
	}
	story_end(&s);
	disk_free(full.disk);
	disk_free(far);
	return gone;
}

static void whatever_is_written_holds(void **unused)
{
	(void)unused;
	unsigned with = 0;
	for (unsigned seed = 1; seed <= STORIES; seed++)
		with += story(seed) > 0;
	print_message("%u of %u stories let something go\n", with, STORIES);
	assert_true(with > STORIES / 3);
}

/* Promises for what is told often, and for findings; the first bundle stays, by its alarms. */
static void begin_with(struct story *s, unsigned often_days, unsigned finding_days)
{
	char data[64];
	story_begin(s);
	snprintf(data, sizeof data, "{\"days\":%u,\"kinds\":[\"note\",\"asset\"]}", often_days);
	story_tell(s, "retention", "x", data);
	snprintf(data, sizeof data, "{\"days\":%u,\"kinds\":[\"finding\"]}", finding_days);
	story_tell(s, "retention", "x", data);
	story_fill(s, "alarm", TILE_WIDTH);
}

/* A bundle on each weekday; of every second one an alarm makes that it stays.  Days of what goes
 * are days of what stays, too: so the finding of the first day is not older than its time, though
 * the clock says so. */
static void days_count_once(void **unused)
{
	(void)unused;
	struct story s, full = { .disk = disk_new(7) };
	full.files = disk_files(full.disk);
	begin_with(&s, 15, 78);
	for (unsigned day = 0; day < 84; day++)
		for (unsigned i = 0; i < TILE_WIDTH; i++, s.at_s += STORY_DAY / TILE_WIDTH)
			if (day % 7 < 5)
				story_tell(&s,
					day == 0                    ? "finding"
						: day % 2 && i == 7 ? "alarm"
								    : "note",
					"pump", "{}");
	story_close(&s);
	for (unsigned round = 0; round < 3; round++)
		let_go_of_all(&s, &full, round);
	size_t size;
	assert_non_null(disk_bytes(s.disk, "tile/entries/001", &size));
	assert_null(disk_bytes(s.disk, "tile/entries/003", &size));
	story_end(&s);
	disk_free(full.disk);
}

static void told(struct story *s, const char *kind, unsigned from, unsigned to, unsigned each)
{
	s->at_s = STORY_START + from * (int64_t)STORY_DAY;
	for (unsigned i = 0; i < (to - from) * each; i++, s->at_s += STORY_DAY / each)
		story_tell(s, kind, "pump", "{}");
}

/* Two stations wrote of the same forty days, and a prune that was to let go of both was ended
 * anywhere; then one of them is held.  Whichever it is, and whatever is gone by then: the days
 * count once, so the finding in front of them is not old enough, though the clock says so. */
static bool ended_and_held(const char *held, const struct story *whole, uint64_t n)
{
	char data[64];
	struct story s = { .disk = disk_new(n), .at_s = whole->at_s, .next = whole->next },
		     full = { .disk = disk_new(n) };
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	size_t size;
	disk_copy(s.disk, whole->disk);
	s.files = disk_files(s.disk);
	full.files = disk_files(full.disk);
	disk_copy(full.disk, whole->disk);
	story_plan(&s, s.at_s, &plan, &rules);
	disk_die_at(s.disk, disk_calls(s.disk) + n);
	int r = prune_remove(&plan, &s.files, &e);
	bool died = disk_died(s.disk);
	assert_true(died || r == 0);
	disk_power_lost(s.disk, false);
	prune_plan_done(&plan);
	retain_free(rules);
	story_open(&s);
	snprintf(data, sizeof data, "{\"hold\":\"kind\",\"kind\":\"%s\"}", held);
	story_tell(&s, "hold", "x", data);
	story_close(&s);
	for (unsigned round = 0; round < 3; round++)
		let_go_of_all(&s, &full, (unsigned)n);
	if (!disk_bytes(s.disk, "tile/entries/001", &size))
		fail_msg("%s held, ended at call %llu: the finding is gone", held,
			(unsigned long long)n);
	disk_free(s.disk);
	disk_free(full.disk);
	return died;
}

static void two_stations(struct story *out)
{
	struct story s;
	begin_with(&s, 20, 75);
	told(&s, "finding", 0, 1, 256);
	told(&s, "note", 1, 41, 64);
	told(&s, "alarm", 40, 41, 300); /* between them something that stays */
	told(&s, "asset", 1, 41, 64);
	told(&s, "alarm", 41, 63, 4);
	s.at_s = STORY_START + 90 * (int64_t)STORY_DAY;
	story_close(&s);
	story_let_go(&s, false);
	*out = s;
}

/* Bundle after bundle of one of them goes, and each time all is planned anew. */
static void half_of_two_stations(void **unused)
{
	(void)unused;
	struct story s;
	size_t size;
	two_stations(&s);
	for (unsigned i = 2; i < 12; i++) {
		char name[TILE_NAME];
		tile_name(name, TILE_ENTRIES, i, TILE_WIDTH);
		(void)s.files.remove(s.files.self, name);
		assert_holds(&s, "without the notes", i);
		story_let_go(&s, false);
		assert_holds(&s, "and told of again", i);
		struct prune_plan plan;
		struct retain *rules;
		story_plan(&s, s.at_s, &plan, &rules);
		for (size_t k = 0; k < plan.go.count; k++)
			assert_true(plan.go.list[k].first > 256);
		prune_plan_done(&plan);
		retain_free(rules);
	}
	assert_non_null(disk_bytes(s.disk, "tile/entries/001", &size));
	story_end(&s);
}

/* The clock was two months ahead when it was let go of notes, and is set right: the same days come
 * once more, and make nothing older. */
static void days_that_come_again_count_once(void **unused)
{
	(void)unused;
	struct story s, full = { .disk = disk_new(5) };
	size_t size;
	full.files = disk_files(full.disk);
	begin_with(&s, 30, 80);
	told(&s, "finding", 0, 1, 256);
	for (unsigned round = 0; round < 2; round++) {
		told(&s, "note", 60, 120, 32);
		story_close(&s);
		let_go_of_all(&s, &full, round);
		story_open(&s);
		s.at_s = STORY_START + 60 * (int64_t)STORY_DAY;
		story_tell(&s, "hold", "x", "{\"hold\":\"subject\"}");
	}
	assert_non_null(disk_bytes(s.disk, "tile/entries/001", &size));
	assert_null(disk_bytes(s.disk, "tile/entries/002", &size));
	story_end(&s);
	disk_free(full.disk);
}

/* Between the plan and the entry that tells of it others write: a backlog of the same days. */
static void written_meanwhile(void **unused)
{
	(void)unused;
	struct story s, full = { .disk = disk_new(5) };
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	size_t size;
	full.files = disk_files(full.disk);
	begin_with(&s, 20, 75);
	told(&s, "finding", 0, 1, 256);
	told(&s, "note", 1, 41, 32);
	told(&s, "alarm", 41, 63, 4);
	s.at_s = STORY_START + 90 * (int64_t)STORY_DAY;
	int64_t now = s.at_s;
	story_close(&s);
	story_plan(&s, now, &plan, &rules);
	story_open(&s);
	told(&s, "alarm", 1, 41, 4);
	s.at_s = now;
	story_tell_plan(&s, &plan, NULL);
	story_close(&s);
	disk_copy(full.disk, s.disk);
	assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
	prune_plan_done(&plan);
	retain_free(rules);
	for (unsigned round = 0; round < 2; round++)
		let_go_of_all(&s, &full, round);
	assert_non_null(disk_bytes(s.disk, "tile/entries/001", &size));
	assert_null(disk_bytes(s.disk, "tile/entries/002", &size));
	story_end(&s);
	disk_free(full.disk);
}

/* A note each week for a hundred of them, then all those days once more. */
static void a_day_a_week(void **unused)
{
	(void)unused;
	struct story s, full = { .disk = disk_new(5) };
	size_t size;
	full.files = disk_files(full.disk);
	begin_with(&s, 30, 600);
	told(&s, "finding", 0, 1, 256);
	for (unsigned week = 0; week < 100; week++)
		told(&s, "note", 1 + 7 * week, 2 + 7 * week, 6);
	while (s.next % TILE_WIDTH)
		story_tell(&s, "note", "pump", "{}");
	told(&s, "alarm", 1, 701, 1);
	told(&s, "alarm", 701, 740, 4);
	story_close(&s);
	for (unsigned round = 0; round < 3; round++)
		let_go_of_all(&s, &full, round);
	assert_null(disk_bytes(s.disk, "tile/entries/001", &size));
	story_end(&s);
	disk_free(full.disk);
}

/* Four quiet weekends at the start, then something every day: what is let go of tells of all of it,
 * so a finding goes when its time is over, and not much later. */
static void quiet_weekends(void **unused)
{
	(void)unused;
	struct story s;
	size_t size;
	unsigned day = 1;
	begin_with(&s, 20, 100);
	told(&s, "finding", 0, 1, 256);
	for (; day < 29; day++)
		if (day % 7 < 5)
			told(&s, "note", day, day + 1, 256);
	for (unsigned end = 90; end <= 140; end += 10, day = end - 10) {
		told(&s, "note", day, end, 256);
		s.at_s = STORY_START + end * (int64_t)STORY_DAY;
		story_close(&s);
		story_let_go(&s, true);
		assert_holds(&s, "what is left", end);
		if (end <= 100) /* eight days were quiet */
			assert_non_null(disk_bytes(s.disk, "tile/entries/001", &size));
		if (end >= 120)
			assert_null(disk_bytes(s.disk, "tile/entries/001", &size));
		story_open(&s);
	}
	story_end(&s);
}

static void days_of_two_count_once(void **unused)
{
	(void)unused;
	struct story s;
	two_stations(&s);
	for (uint64_t n = 1; ended_and_held("asset", &s, n); n += 3)
		ended_and_held("note", &s, n);
	story_end(&s);
}

/* Who wrote them had no clock at all: what is claimed of them can be read all the same. */
static void of_long_ago(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	story_begin(&s);
	story_tell(&s, "retention", "note", "{\"days\":10,\"kinds\":[\"note\"]}");
	while (s.next < 3 * TILE_WIDTH)
		story_tell_at(&s, s.next % 2 ? "1601-01-01T00:00:00Z" : "0001-01-01T00:00:00Z",
			"note", "pump", "{}");
	story_tell(&s, "alarm", "pump", "{}");
	story_days(&s, "note", 200);
	story_close(&s);
	story_let_go(&s, true);
	if (story_check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_true(found.gone >= 2 * TILE_WIDTH);
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(days_count_once),
		cmocka_unit_test(half_of_two_stations),
		cmocka_unit_test(days_of_two_count_once),
		cmocka_unit_test(days_that_come_again_count_once),
		cmocka_unit_test(written_meanwhile),
		cmocka_unit_test(a_day_a_week),
		cmocka_unit_test(quiet_weekends),
		cmocka_unit_test(of_long_ago),
		cmocka_unit_test(whatever_is_written_holds),
	};
	return cmocka_run_group_tests(tests, story_set_up, story_tear_down);
}
