/* Every call to the disk fails once, then for good, and every allocation: what was acknowledged
 * stays, nothing is acknowledged that is not there, and where the disk works again so does the
 * ledger. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "disk.h"
#include "ledger/wal.h"
#include "sample_ledger.h"

enum { ENTRIES = 330, STEP = 7 };

/* The ordinary tests take every so many calls; POINTS=... means all of them. */
static uint64_t step(void)
{
	return getenv("POINTS") ? 1 : STEP;
}

/* The linker brings allocations of the ledger here (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *at, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *at, size_t size);

static unsigned long allocation, fail_allocation;

static bool refused(void)
{
	if (!fail_allocation || ++allocation != fail_allocation)
		return false;
	errno = ENOMEM;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *at, size_t size)
{
	return refused() ? NULL : __real_realloc(at, size);
}

/* --- the n-th call --- */

static void assert_recovers(
	struct disk *d, const struct sample_told *told, const char *what, uint64_t n)
{
	struct files f = disk_files(d);
	struct err e = { 0 };
	assert_int_equal(disk_open_files(d), 0);
	if (sample_recover(&f, told, &e) < 0)
		fail_msg("%s, call %llu: %s", what, (unsigned long long)n, e.text);
}

/* A writer who goes on after an error, as long as the ledger takes anything. */
static void write_stubbornly(const struct files *f, struct sample_told *told)
{
	for (unsigned tries = 0; tries < 3; tries++) {
		struct err e = { 0 };
		int r = sample_write(f, tries, ENTRIES, told, &e);
		if (r == 0)
			return;
		assert_int_equal(r, e.code);
		assert_true(e.text[0]);
	}
}

/* Gives how many calls there were to fail. */
static uint64_t fail_each(uint64_t first, int code, uint64_t more, bool power, const char *what)
{
	for (uint64_t n = first, points = 0;; n += step(), points++) {
		struct disk *d = disk_new(n);
		struct files f = disk_files(d);
		struct sample_told told = { 0 };
		enum disk_call which;
		disk_fail_at(d, n, more, code);
		write_stubbornly(&f, &told);
		bool fired = disk_fired(d, &which);
		disk_fail_at(d, 0, 0, 0);
		if (power)
			disk_power_lost(d, true);
		assert_recovers(d, &told, what, n);
		disk_free(d);
		if (!fired)
			return points;
	}
}

static void every_call_fails(void **unused)
{
	(void)unused;
	static const struct {
		const char *what;
		int code;
		uint64_t more; /* calls behind it that fail, too */
		bool power;
	} rows[] = {
		{ "an I/O error", -EIO, 0, false },
		{ "an I/O error, then the power lost", -EIO, 0, true },
		{ "five I/O errors", -EIO, 4, true },
		{ "a full disk for a while", -ENOSPC, 20, false },
		{ "interrupted", -EINTR, 0, true },
		{ "no descriptor left", -EMFILE, 2, false },
		{ "the disk is gone", -EIO, 1000000, true },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t calls =
			fail_each(1 + i, rows[i].code, rows[i].more, rows[i].power, rows[i].what);
		print_message("%s: at %llu calls\n", rows[i].what, (unsigned long long)calls);
		assert_true(calls > 30);
	}
}

static void short_writes(void **unused)
{
	(void)unused;
	struct disk *d = disk_new(3);
	struct files f = disk_files(d);
	struct sample_told told = { 0 };
	struct err e = { 0 };
	disk_short_writes(d, true);
	if (sample_write(&f, 1, ENTRIES, &told, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(told.acknowledged >= ENTRIES, 1);
	assert_recovers(d, &told, "short writes", 0);
	disk_free(d);
}

static void every_allocation_fails(void **unused)
{
	(void)unused;
	unsigned long n = 1;
	for (bool fired = true; fired; n++) {
		struct disk *d = disk_new(n);
		struct files f = disk_files(d);
		struct sample_told told = { 0 };
		struct err e = { 0 };
		allocation = 0;
		fail_allocation = n;
		int r = sample_write(&f, 0, ENTRIES, &told, &e);
		if (r == 0)
			r = sample_write(&f, 1, ENTRIES + 20, &told, &e);
		fired = allocation >= n;
		fail_allocation = 0;
		if (r < 0)
			assert_true(fired && r == -ENOMEM);
		assert_recovers(d, &told, "no memory", n);
		disk_free(d);
	}
	print_message("each of %lu allocations failed\n", n - 2);
	assert_true(n > 5);
}

/* --- a sync that failed --- */

static void append(struct ledger *l, struct err *e, int expected)
{
	static char bytes[SAMPLE_ENTRY];
	uint64_t sequence;
	int r = ledger_append(l, bytes, sample_entry(ledger_size(l), bytes), &sequence, e);
	if (r == 0)
		r = ledger_commit(l, e);
	if (r != expected)
		fail_msg("%d instead of %d: %s", r, expected, e->text);
}

/* It is never tried again as if nothing had happened: what the system did with the pages is not
 * known. */
static void a_failed_sync_ends_the_writer(void **unused)
{
	(void)unused;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct disk *d = disk_new(seed);
		struct files f = disk_files(d);
		struct ledger *l;
		struct err e = { 0 };
		assert_int_equal(sample_open(&f, &l, &e), 0);
		for (unsigned i = 0; i < 20; i++)
			append(l, &e, 0);
		assert_int_equal(ledger_publish(l, 0, &e), 0);
		disk_fail(d, DISK_SYNC, -EIO);
		append(l, &e, -EIO);
		disk_fail(d, DISK_SYNC, 0);
		assert_true(ledger_dead(l));
		for (unsigned i = 0; i < 5; i++)
			append(l, &e, -EIO);
		assert_non_null(strstr(e.text, "the disk failed"));
		assert_int_equal(ledger_size(l), 20);
		ledger_close(l);
		const struct sample_told told = { .acknowledged = 20, .published = 20 };
		/* Who comes back may find the entry in memory: he says so only when it is on the
		 * disk. */
		assert_int_equal(sample_open(&f, &l, &e), 0);
		const struct sample_told after = { .acknowledged = ledger_size(l) };
		assert_true(after.acknowledged >= 20);
		ledger_close(l);
		disk_power_lost(d, true);
		assert_recovers(d, &after, "a failed sync", seed);
		assert_recovers(d, &told, "a failed sync", seed);
		disk_free(d);
	}
}

/* --- a full disk --- */

static void a_full_disk_recovers_by_itself(void **unused)
{
	(void)unused;
	for (size_t room = WAL_LEAST; room < 8 * WAL_LEAST; room += 9973) {
		struct disk *d = disk_new(room);
		struct files f = disk_files(d);
		struct ledger *l;
		struct err e = { 0 };
		static char bytes[SAMPLE_ENTRY];
		uint64_t sequence;
		int r = 0;
		disk_room(d, room);
		assert_int_equal(sample_open(&f, &l, &e), 0);
		for (unsigned turn = 0; r == 0 && turn < 2000; turn++) {
			r = ledger_append(
				l, bytes, sample_entry(ledger_size(l), bytes), &sequence, &e);
			if (r == 0)
				r = ledger_commit(l, &e);
			struct err later;
			if (r == 0 && turn % 7 == 0)
				(void)!ledger_publish(l, 0, &later);
		}
		if (r != -ENOSPC)
			fail_msg("%zu bytes: %d %s", room, r, e.text);
		assert_non_null(strstr(e.text, "No space left"));
		assert_false(ledger_dead(l));
		struct sample_told told = { ledger_size(l), ledger_published(l), NULL, NULL };
		disk_room(d, 0);
		for (unsigned i = 0; i < 40; i++)
			append(l, &e, 0);
		assert_int_equal(ledger_size(l), told.acknowledged + 40);
		if (ledger_publish(l, 0, &e) < 0)
			fail_msg("%zu bytes, with room again: %s", room, e.text);
		told.acknowledged = told.published = ledger_size(l);
		if (sample_holds(&f, &told, &e) < 0)
			fail_msg("%zu bytes, with room again: %s", room, e.text);
		ledger_close(l);
		assert_recovers(d, &told, "a full disk", room);
		disk_free(d);
	}
}

/* --- clocks --- */

/* A clock that is set never keeps a head back for longer than the usual while. */
static void clocks_jump(void **unused)
{
	(void)unused;
	static const int64_t jumps[] = { 0, 1, -1, PUBLISH_NS, -PUBLISH_NS, INT64_MAX / 2,
		-(INT64_MAX / 2), 3600000000000, -3600000000000 };
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct ledger *l;
	struct err e = { 0 };
	int64_t now = 1700000000000000000;
	assert_int_equal(sample_open(&f, &l, &e), 0);
	for (size_t i = 0; i < 4 * COUNT_OF(jumps); i++) {
		append(l, &e, 0);
		now = 1700000000000000000 + jumps[i * 5 % COUNT_OF(jumps)];
		assert_int_equal(ledger_tick(l, now, &e), 0);
		now += PUBLISH_NS;
		assert_int_equal(ledger_tick(l, now, &e), 0);
		assert_int_equal(ledger_published(l), ledger_size(l));
	}
	ledger_close(l);
	disk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_fails),
		cmocka_unit_test(short_writes),
		cmocka_unit_test(every_allocation_fails),
		cmocka_unit_test(a_failed_sync_ends_the_writer),
		cmocka_unit_test(a_full_disk_recovers_by_itself),
		cmocka_unit_test(clocks_jump),
	};
	return cmocka_run_group_tests(tests, sample_set_up, sample_tear_down);
}
