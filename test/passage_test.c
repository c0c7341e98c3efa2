/* Time that passed, as entries bear witness of it. */
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
#include "ledger/passage.h"

enum { DAY = 86400 };
static const int64_t start = INT64_C(1700000000); /* 2023-11-14 */

static void time_passes(void **unused)
{
	(void)unused;
	enum { STEPS = 8 };
	static const struct {
		const char *what;
		int64_t at[STEPS]; /* days; -1 ends */
		int64_t days;      /* counted, the last entry's own day among them */
	} rows[] = {
		{ "one entry is a day", { 10, -1 }, 1 },
		{ "every day", { 0, 1, 2, 3, -1 }, 4 },
		{ "twice a day, the same", { 0, 0, 1, 1, 2, -1 }, 3 },
		{ "silence counts for a day", { 0, 100, -1 }, 2 },
		{ "a jump ahead and back", { 0, 1, 4000, 2, 3, -1 }, 5 },
		{ "to and fro", { 0, 4000, 0, 4000, 0, 4000, 0, -1 }, 2 },
		{ "backwards", { 5, 4, 3, 2, -1 }, 4 },
		{ "what was jumped over is counted when it comes", { 0, 3, 1, 2, -1 }, 4 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct passage p = { 0 };
		passage_own(&p, start - 9 * DAY); /* a day, too */
		for (size_t n = 0; n < STEPS && rows[i].at[n] >= 0; n++)
			passage_see(&p, start + rows[i].at[n] * DAY);
		int64_t counted = passage_counted(&p, start + 9999 * DAY) - DAY;
		passage_own(&p, start + 9999 * DAY);
		if (counted != rows[i].days * DAY || p.counted_s != counted + 2 * DAY)
			fail_msg("%s: %lld seconds", rows[i].what, (long long)counted);
	}
}

/* The ledger's own entries are of its own clock; the others may say what they like. */
static void own_entries_frame_time(void **unused)
{
	(void)unused;
	enum { STEPS = 12, OWN = 100000, END = -1 };
	static const struct {
		const char *what;
		int64_t at[STEPS]; /* days; OWN more: one of the ledger's own */
		int64_t until, days;
		bool ahead;
	} rows[] = {
		{ "before any", { 1, 2, 3, END }, 100, 0, false },
		{ "older than the one in front", { OWN + 50, 5, 6, 7, 49, END }, 100, 1, false },
		{ "later than the one behind", { OWN, 1, 2, 400, 401, 402, OWN + 10, END }, 100, 4,
			false },
		{ "also once that time has come", { OWN, 1, 2, 400, 401, 402, OWN + 10, END }, 900,
			4, false },
		{ "later than now", { OWN, 1, 2, 300, 301, END }, 250, 3, true },
		{ "no later than now", { OWN, 1, 2, 300, 301, END }, 301, 5, false },
		{ "a clock that was set back", { OWN, 1, OWN + 1000, 2, 3, END }, 5, 3, true },
		{ "and was told so", { OWN, 1, OWN + 1000, OWN + 2, 3, 4, END }, 5, 6, false },
		{ "nothing twice", { OWN, 1, 2, OWN + 3, OWN, 1, 2, OWN + 3, END }, 5, 4, false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct passage p = { 0 };
		for (size_t n = 0; rows[i].at[n] != END; n++) {
			int64_t at = rows[i].at[n];
			if (at >= OWN)
				passage_own(&p, start + (at - OWN) * DAY);
			else
				passage_see(&p, start + at * DAY);
		}
		int64_t counted = passage_counted(&p, start + rows[i].until * DAY);
		if (counted != rows[i].days * DAY)
			fail_msg("%s: %lld seconds", rows[i].what, (long long)counted);
		if (passage_is_ahead(&p, start + rows[i].until * DAY) != rows[i].ahead)
			fail_msg("%s: ahead or not", rows[i].what);
	}
}

/* As a list of seconds has it, for any order of any entries; never more, where spans are joined. */
static void time_passes_as_counted(void **unused)
{
	(void)unused;
	enum { HOUR = 3600, HOURS = 4000 };
	static bool seen[HOURS + 24];
	for (unsigned seed = 1; seed < 200; seed++) {
		struct passage p = { 0 };
		unsigned chance = seed;
		int64_t hours = 0, counted;
		memset(seen, 0, sizeof seen);
		passage_own(&p, start - 9 * DAY);
		for (unsigned n = 0; n < 300; n++) {
			chance = chance * 1103515245 + 12345;
			unsigned at = (chance >> 8) % (seed % 2 ? HOURS : 300);
			passage_see(&p, start + (int64_t)at * HOUR);
			for (unsigned h = at; h < at + 24; h++) {
				hours += !seen[h];
				seen[h] = true;
			}
			counted = passage_counted(&p, start + 9999 * DAY) - DAY;
			assert_true(counted <= hours * HOUR);
			if (seed % 2 == 0)
				assert_int_equal(counted, hours * HOUR);
		}
	}
}

/* More silences than are remembered, of days to come: they count for nothing, whatever they are
 * taken for one with, and take nothing away from those that were. */
static void days_to_come_never_count(void **unused)
{
	(void)unused;
	for (unsigned weeks = 1; weeks < 60; weeks++) {
		struct passage p = { 0 }, most = { .most = true };
		passage_own(&p, start);
		passage_own(&most, start);
		for (unsigned i = 0; i < weeks + 250; i++) {
			int64_t at = start + (i < weeks ? 7 * i + 2 : 4000 + 3 * i) * DAY;
			passage_see(&p, at);
			passage_see(&most, at);
		}
		int64_t now = start + 900 * DAY;
		assert_int_equal(passage_counted(&p, now), (weeks + 1) * DAY);
		assert_true(passage_counted(&most, now) >= (weeks + 1) * DAY);
		passage_own(&p, now);
		assert_int_equal(p.counted_s, (weeks + 2) * DAY);
	}
}

/* Up to any moment, and where it is asked for the most, never less. */
static void any_moment(void **unused)
{
	(void)unused;
	enum { DAYS = 3000 };
	static bool seen[DAYS + 1];
	for (unsigned seed = 1; seed < 200; seed++) {
		struct passage p = { 0 }, most = { .most = true };
		unsigned chance = seed;
		int64_t until = 1 + seed * 7, days = 0;
		memset(seen, 0, sizeof seen);
		passage_own(&p, start - 9 * DAY);
		passage_own(&most, start - 9 * DAY);
		for (unsigned n = 0; n < 400; n++) {
			chance = chance * 1103515245 + 12345;
			unsigned at = (chance >> 8) % DAYS;
			passage_see(&p, start + (int64_t)at * DAY);
			passage_see(&most, start + (int64_t)at * DAY);
			days += !seen[at] && at <= until;
			seen[at] = true;
		}
		assert_true(passage_counted(&p, start + until * DAY) - DAY <= days * DAY);
		assert_true(passage_counted(&most, start + until * DAY) - DAY >= days * DAY);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_passes),
		cmocka_unit_test(own_entries_frame_time),
		cmocka_unit_test(time_passes_as_counted),
		cmocka_unit_test(days_to_come_never_count),
		cmocka_unit_test(any_moment),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
