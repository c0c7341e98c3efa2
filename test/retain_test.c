/* How long entries are kept: promises, holds, time that passed, and who says that more may go. */
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
#include "base/clock.h"
#include "ledger/tile.h"
#include "retain_story.h"

/* --- what may go --- */

static void what_may_go(void **unused)
{
	(void)unused;
	static const struct {
		const char *what;
		const char *kind[4], *data[4]; /* of own entries, at the end */
		uint64_t entries;
	} rows[] = {
		{ "nothing promised", { NULL }, { NULL }, 0 },
		{ "100 days", { "retention" }, { "{\"days\":100}" }, 1536 },
		{ "all of it is younger", { "retention" }, { "{\"days\":600}" }, 0 },
		{ "the longest counts, later", { "retention", "retention" },
			{ "{\"days\":100}", "{\"days\":600}" }, 0 },
		{ "the longest counts, earlier", { "retention", "retention" },
			{ "{\"days\":600}", "{\"days\":100}" }, 0 },
		{ "of another kind", { "retention" }, { "{\"days\":1,\"kinds\":[\"alarm\"]}" }, 0 },
		{ "one kind longer", { "retention", "retention" },
			{ "{\"days\":1}", "{\"days\":600,\"kinds\":[\"finding\"]}" }, 1024 },
		{ "a hold on one entry", { "retention", "hold" },
			{ "{\"days\":100}", "{\"first\":300,\"hold\":\"entries\",\"last\":300}" },
			1280 },
		{ "a hold on a kind", { "retention", "hold" },
			{ "{\"days\":1}", "{\"hold\":\"kind\",\"kind\":\"finding\"}" }, 1024 },
		{ "a hold on a subject", { "retention", "hold" },
			{ "{\"days\":1}", "{\"hold\":\"subject\"}" }, 0 },
		{ "released", { "retention", "hold", "hold" },
			{ "{\"days\":100}", "{\"first\":300,\"hold\":\"entries\",\"last\":300}",
				"{\"release\":2302}" },
			1536 },
		{ "another one released", { "retention", "hold", "hold" },
			{ "{\"days\":100}", "{\"first\":300,\"hold\":\"entries\",\"last\":300}",
				"{\"release\":2301}" },
			1280 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct story s;
		story_begin(&s);
		story_days(&s, "note", 1279);
		story_days(&s, "finding", 1021);
		for (size_t n = 0; n < 4 && rows[i].kind[n]; n++)
			story_tell(&s, rows[i].kind[n], "pump", rows[i].data[n]);
		story_close(&s);
		uint64_t entries = story_may_go(&s, s.at_s);
		if (entries != rows[i].entries)
			fail_msg("%s: %llu entries may go", rows[i].what,
				(unsigned long long)entries);
		story_end(&s);
	}
}

/* A rule of a version to come: who does not know it lets nothing go. */
static void unknown_rules_keep_all(void **unused)
{
	(void)unused;
	static const char *const rows[] = { "{\"days\":0}", "{\"days\":99999999}", "{\"years\":1}",
		"{\"days\":1,\"kinds\":[\"of a later version\"]}", "{\"days\":1,\"kinds\":7}" };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct story s;
		struct retain *rules;
		struct prune_plan plan;
		struct err e = { 0 };
		story_begin(&s);
		story_tell(&s, "retention", "x", "{\"days\":1}");
		story_tell(&s, "retention", "x", rows[i]);
		story_days(&s, "note", 1000);
		story_close(&s);
		assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
		const struct prune_from from = { &s.files, &s.files, s.next, rules, NULL };
		assert_int_equal(prune_plan(&plan, &from, s.at_s, &e), -ENOTSUP);
		assert_says(e.text, "entry 2 is a rule");
		retain_free(rules);
		story_end(&s);
	}
}

/* --- clocks that lie --- */

static void clocks_lie(void **unused)
{
	(void)unused;
	enum { YEARS = 3650 * STORY_DAY };
	struct story s;
	story_begin(&s);
	story_tell(&s, "retention", "every kind", "{\"days\":30}");
	story_days(&s, "note", 800); /* 200 days: entries 2 to 801 */
	story_close(&s);
	/* 256 to 511 are old enough, 512 to 767 are not: not by a clock that jumps ahead, either */
	assert_int_equal(story_may_go(&s, s.at_s), 256);
	assert_int_equal(story_may_go(&s, s.at_s + YEARS), 256);
	/* and entries are written by that clock, busily */
	story_open(&s);
	s.at_s += YEARS;
	for (unsigned i = 0; i < 600; i++, s.at_s++)
		story_tell(&s, "note", "pump", "{}");
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 256);
	/* to and fro, in every second entry */
	story_open(&s);
	for (unsigned i = 0; i < 600; i++) {
		s.at_s += i % 2 ? YEARS : -(int64_t)YEARS;
		story_tell(&s, "note", "pump", "{}");
	}
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 256);
	/* set right again: with forty more days written, they are; those of the future stay */
	story_open(&s);
	s.at_s = STORY_START + 201 * STORY_DAY;
	story_days(&s, "note", 160);
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 512);
	story_end(&s);
}

/* By a clock far ahead: what counts are the days behind it, each once, and not one fewer. */
static void to_the_day(void **unused)
{
	(void)unused;
	for (unsigned days = 27; days < 33; days++) {
		struct story s;
		story_begin(&s);
		story_tell(&s, "retention", "every kind", "{\"days\":30,\"kinds\":[\"note\"]}");
		story_fill(&s, "alarm", TILE_WIDTH);
		story_fill(&s, "note", 2 * TILE_WIDTH);
		for (unsigned i = 0; i < days; i++) {
			s.at_s += STORY_DAY;
			for (unsigned k = 0; k < 4; k++)
				story_tell(&s, "alarm", "pump", "{}");
		}
		story_close(&s);
		s.at_s += 3650 * (int64_t)STORY_DAY;
		assert_int_equal(story_may_go(&s, s.at_s), days < 30 ? 0 : 256);
		story_end(&s);
	}
}

static void alarms(struct story *s, unsigned days)
{
	for (unsigned i = 0; i < days; i++, s->at_s += STORY_DAY)
		story_tell(s, "alarm", "pump", "{}");
}

/* A bundle goes as a whole, as old as the newest of it, for each of the kinds in it. */
static void together_too_young(void **unused)
{
	(void)unused;
	struct story s;
	struct prune_plan plan;
	struct retain *rules;
	story_begin(&s);
	story_tell(&s, "retention", "note", "{\"days\":10,\"kinds\":[\"note\"]}");
	story_tell(&s, "retention", "finding", "{\"days\":100,\"kinds\":[\"finding\"]}");
	story_fill(&s, "alarm", TILE_WIDTH);
	story_fill(&s, "finding", TILE_WIDTH + 128);
	s.at_s += 95 * STORY_DAY;
	story_fill(&s, "note", 2 * TILE_WIDTH);
	s.at_s -= 95 * STORY_DAY;
	alarms(&s, 95 + 15); /* first what a station wrote while nobody heard it */
	story_close(&s);
	story_plan(&s, s.at_s, &plan, &rules);
	assert_int_equal(plan.entries, 0);
	assert_int_equal(plan.stay[TOGETHER_TOO_YOUNG], 1);
	prune_plan_done(&plan);
	retain_free(rules);
	story_open(&s);
	alarms(&s, 84);
	story_close(&s);
	/* the findings are 194 days old, the notes 99 */
	story_plan(&s, s.at_s, &plan, &rules);
	assert_int_equal(plan.entries, 0);
	prune_plan_done(&plan);
	retain_free(rules);
	story_open(&s);
	alarms(&s, 3);
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 256);
	story_end(&s);
}

/* An entry that says it is old is no older than what was written since. */
static void entries_lie(void **unused)
{
	(void)unused;
	struct story s;
	story_begin(&s);
	story_tell(&s, "retention", "every kind", "{\"days\":30}");
	int64_t now = s.at_s;
	s.at_s -= 3650 * STORY_DAY;
	for (unsigned i = 0; i < 600; i++)
		story_tell(&s, "note", "pump", "{}");
	s.at_s = now;
	story_days(&s, "note", 40);
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 0);
	assert_int_equal(
		story_may_go(&s, s.at_s + 40 * STORY_DAY), 0); /* nothing was written since */
	story_open(&s);
	story_days(&s, "note", 4 * 31);
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 256);
	story_end(&s);
}

/* Nor does the time come early, because entries say that it has: not when the clock says so later.
 */
static void entries_run_ahead(void **unused)
{
	(void)unused;
	struct story s;
	story_begin(&s);
	story_tell(&s, "retention", "every kind", "{\"days\":30}");
	story_days(&s, "note", 300);
	int64_t now = s.at_s;
	for (unsigned i = 0; i < 400; i++, s.at_s += STORY_DAY)
		story_tell(&s, "note", "pump", "{}");
	s.at_s = now;
	story_tell(&s, "hold", "x", "{\"hold\":\"subject\"}");
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 0);
	assert_int_equal(story_may_go(&s, s.at_s + 3650 * STORY_DAY), 0);
	/* as if they had not been there: forty days that were written, by a clock that is right */
	story_open(&s);
	story_days(&s, "note", 160);
	story_close(&s);
	assert_int_equal(story_may_go(&s, s.at_s), 0); /* they are not old by the clock */
	assert_int_equal(story_may_go(&s, s.at_s + 3650 * STORY_DAY), 256);
	story_end(&s);
}

/* --- against the rules, with the key --- */

static void forgeries(void **unused)
{
	(void)unused;
#define RANGE(first, last, kinds, newest)                                                          \
	"{\"pruned\":[{\"days\":[],\"first\":" first ",\"kinds\":[" kinds "],\"last\":" last       \
	",\"newest\":\"" newest "\"}],\"until\":\""
#define OLD "2001-01-01T00:00:00Z"
	static const struct {
		const char *what, *before, *data, *says;
		int64_t later; /* the clock was put ahead */
	} rows[] = {
		{ "no promise names it", NULL, RANGE("256", "511", "\"alarm\"", OLD), NULL, 0 },
		{ "too young", NULL, RANGE("2560", "2815", "\"note\"", OLD),
			"entry 1 promised 100 for kind 'note'", 0 },
		{ "as it says itself", NULL,
			RANGE("256", "511", "\"note\"", "2025-11-01T00:00:00Z"),
			"entry 1 promised 100", 0 },
		{ "by a clock ten years ahead", NULL, RANGE("2560", "2815", "\"note\"", OLD),
			"days at most, entry 1 promised 100", 3650 * STORY_DAY },
		{ "held", "{\"first\":511,\"hold\":\"entries\",\"last\":511}",
			RANGE("256", "511", "\"note\"", OLD), "which entry 3000 holds", 0 },
		{ "held by kind", "{\"hold\":\"kind\",\"kind\":\"note\"}",
			RANGE("256", "511", "\"note\"", OLD), "which entry 3000 holds", 0 },
		{ "held where the subject was",
			"{\"hold\":\"subject\",\"ranges\":[{\"first\":256,\"last\":1023}]}",
			RANGE("256", "511", "\"note\"", OLD), "which entry 3000 holds", 0 },
		{ "the ledger's own kind", NULL, RANGE("256", "511", "\"key\"", OLD),
			"which always stay", 0 },
		{ "the first bundle", NULL, RANGE("0", "255", "\"note\"", OLD),
			"speaks of entries 0 to 255", 0 },
		{ "no kind at all", NULL, RANGE("256", "511", "", OLD),
			"is missing, and no entry says", 0 },
		{ "no whole bundle", NULL, RANGE("256", "510", "\"note\"", OLD),
			"no whole bundles between", 0 },
		{ "its own bundle", NULL, RANGE("2816", "3071", "\"note\"", OLD),
			"no whole bundles between", 0 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct story s;
		struct ledger_checked found;
		struct err e = { 0 };
		char data[512], until[CLOCK_TEXT], name[TILE_NAME];
		story_two_years(&s);
		story_open(&s);
		if (rows[i].before)
			story_tell(&s, "hold", "x", rows[i].before);
		s.at_s += rows[i].later;
		snprintf(data, sizeof data, "%s%.19sZ\"}", rows[i].data,
			clock_text(s.at_s * CLOCK_SECOND, until));
		story_tell(&s, "retention", "let go", data);
		story_close(&s);
		const char *first = strstr(data, "\"first\":");
		tile_name(name, TILE_ENTRIES, strtoul(first + 8, NULL, 10) / 256, TILE_WIDTH);
		s.files.remove(s.files.self, name);
		int r = story_check(&s, &found, &e);
		if (rows[i].says) {
			if (r == 0)
				fail_msg("%s: it holds", rows[i].what);
			assert_says(e.text, rows[i].says);
		} else {
			assert_int_equal(r, 0);
		}
		story_end(&s);
	}
}

/* Who has the key claims that it was time, and has entries of days to come for witnesses. */
static void forged_witnesses(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	char data[512], until[CLOCK_TEXT];
	story_two_years(&s);
	story_open(&s);
	int64_t now = s.at_s;
	for (unsigned i = 0; i < 300; i++, s.at_s += STORY_DAY)
		story_tell(&s, "note", "pump", "{}");
	s.at_s = now;
	story_tell(&s, "hold", "x", "{\"hold\":\"subject\"}");
	s.at_s += 3650 * STORY_DAY;
	snprintf(data, sizeof data, RANGE("2560", "2815", "\"note\"", OLD) "%.19sZ\"}",
		clock_text(s.at_s * CLOCK_SECOND, until));
	story_tell(&s, "retention", "let go", data);
	story_close(&s);
	assert_int_equal(s.files.remove(s.files.self, "tile/entries/010"), 0);
	assert_int_equal(story_check(&s, &found, &e), -EBADMSG);
	assert_says(e.text, "days at most, entry 1 promised 100");
	story_end(&s);
}

static void missing_without_a_word(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	story_two_years(&s);
	assert_int_equal(s.files.remove(s.files.self, "tile/entries/003"), 0);
	assert_int_equal(story_check(&s, &found, &e), -ENOENT);
	assert_says(e.text, "tile/entries/003 is missing, and no entry says");
	story_end(&s);
}

/* The hashes of what was let go are as good as ever: one that is changed is found. */
static void hashes_carry_on(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	size_t size;
	story_two_years(&s);
	story_let_go(&s, true);
	disk_bytes(s.disk, "tile/0/003", &size)[77] ^= 1;
	assert_int_equal(story_check(&s, &found, &e), -EBADMSG);
	assert_says(e.text, "tile/1/000");
	story_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_may_go),
		cmocka_unit_test(unknown_rules_keep_all),
		cmocka_unit_test(clocks_lie),
		cmocka_unit_test(to_the_day),
		cmocka_unit_test(together_too_young),
		cmocka_unit_test(entries_lie),
		cmocka_unit_test(entries_run_ahead),
		cmocka_unit_test(forgeries),
		cmocka_unit_test(forged_witnesses),
		cmocka_unit_test(missing_without_a_word),
		cmocka_unit_test(hashes_carry_on),
	};
	return cmocka_run_group_tests(tests, story_set_up, story_tear_down);
}
