/* The ledger on a disk that loses what was not synced: whenever the writer ends, and the power with
 * it, every acknowledged entry is there, no half one is, and no head that was published is ever
 * taken back.
 *
 *	loss_test              a sample, in the ordinary tests
 *	POINTS=10000 loss_test so many
 *	loss_test SEED         one point once more, as a failure names it */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "disk.h"
#include "sample_ledger.h"

enum { SAMPLE_POINTS = 400, ENTRIES = 500, LIES = 200 };

static uint64_t mixed(uint64_t seed)
{
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111ebu;
	return seed ^ seed >> 31;
}

/* How many calls a writer makes whom nobody disturbs. */
static uint64_t calls_of(uint64_t seed)
{
	struct disk *d = disk_new(seed);
	struct files f = disk_files(d);
	struct sample_told told = { 0 };
	struct err e;
	assert_int_equal(sample_write(&f, seed, ENTRIES, &told, &e), 0);
	uint64_t calls = disk_calls(d);
	disk_free(d);
	return calls;
}

/* A writer that ends at a call of its life, one that comes back and ends, too, and a third one.
 * Between them the power is lost, or only the process: what the second one read may then be in
 * memory only. */
static int one_point(uint64_t seed, uint64_t calls, bool lies, struct err *e)
{
	struct disk *d = disk_new(seed);
	struct files f = disk_files(d);
	struct sample_told told = { 0 };
	uint64_t mix = mixed(seed);
	disk_lies(d, lies);
	disk_die_at(d, 1 + seed % calls);
	int r = sample_write(&f, seed, ENTRIES, &told, e);
	bool died = disk_died(d);
	disk_power_lost(d, mix & 1);
	if (died && mix & 2) {
		disk_die_at(d, disk_calls(d) + 1 + (mix >> 8) % 80);
		r = sample_write(&f, mix >> 16, ENTRIES + 100, &told, e);
		died = disk_died(d);
		disk_power_lost(d, mix & 4);
	}
	if (died || r == 0)
		r = sample_recover(&f, &told, e);
	disk_free(d);
	return r;
}

static void power_lost_anywhere(void **unused)
{
	(void)unused;
	const char *wanted = getenv("POINTS");
	unsigned long points = wanted ? strtoul(wanted, NULL, 10) : SAMPLE_POINTS, lost = 0;
	/* Seeds with one and the same number of calls, so that each of those calls comes. */
	uint64_t calls = calls_of(1), step = points < calls ? calls / points + 1 : 1;
	for (uint64_t seed = 0, done = 0; done < points; seed += step, done++) {
		struct err e = { 0 };
		if (one_point(seed, calls, false, &e) == 0)
			continue;
		print_message("seed %llu: %s\n", (unsigned long long)seed, e.text);
		lost++;
	}
	print_message(
		"the power lost at %lu points, the writer's %llu calls among them: %lu with a loss\n",
		points, (unsigned long long)calls, lost);
	assert_true(points > 0);
	assert_int_equal(lost, 0);
}

/* Where a sync does nothing there must be losses: else this would find none in ours either. */
static void a_lying_disk_is_found_out(void **unused)
{
	(void)unused;
	unsigned long lost = 0;
	uint64_t calls = calls_of(1);
	for (uint64_t seed = 0; seed < LIES; seed++) {
		struct err e = { 0 };
		lost += one_point(seed * 7, calls, true, &e) < 0;
	}
	print_message(
		"%lu of %d points on a disk that syncs nothing: a loss is seen\n", lost, LIES);
	assert_true(lost > LIES / 10);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_lost_anywhere),
		cmocka_unit_test(a_lying_disk_is_found_out),
	};
	if (argc < 2)
		return cmocka_run_group_tests(tests, sample_set_up, sample_tear_down);
	struct err e = { 0 };
	if (sample_set_up(NULL) < 0)
		return 2;
	int r = one_point(strtoull(argv[1], NULL, 10), calls_of(1), false, &e);
	printf("%s\n", r < 0 ? e.text : "nothing lost");
	sample_tear_down(NULL);
	return r < 0;
}
