/* Pushing, following, witnesses, from folder to folder: whatever the other end shows, and whenever
 * the power goes, a copy is a whole one of one history, or as it was before. */
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
#include "ledger/tile.h"
#include "ship_made.h"

/* --- pushing --- */

static void pushes_what_is_new(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 1, 2, 255, 256, 257, 700, 1024, 1500 };
	struct disk *d = disk_new(1), *place = disk_new(2);
	struct pushed out;
	struct err e = { 0 };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		write_to(d, sizes[i], 1);
		if (push_to(d, place, &out, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(out.had, i ? sizes[i - 1] : 0);
		assert_int_equal(size_of(place), sizes[i]);
		assert_same_tiles(d, place);
		assert_int_equal(push_to(d, place, &out, &e), 0);
		assert_int_equal(out.files, 0);
	}
	/* 1,024 to 1,500: two whole pairs or one, a pair in part, the tile above. */
	size_t size;
	assert_null(disk_bytes(place, "settled", &size));
	assert_null(disk_bytes(place, "tile/1/000.p/4", &size));
	disk_free(d);
	disk_free(place);
}

static void pushes_no_older_and_no_other(void **unused)
{
	(void)unused;
	struct disk *d = ledger_of(600, 1), *older = copy_of(d), *place = disk_new(2);
	struct disk *other = ledger_of(700, 2), *foreign = disk_new(5);
	const struct keeper stranger = { other_secret,
		note_key_of("other.example", NOTE_ED25519, other_secret) };
	struct pushed out;
	struct err e = { 0 };
	write_as(&stranger, foreign, 10, 1, true, true);
	write_to(d, 650, 1);
	assert_int_equal(push_to(d, place, &out, &e), 0);
	assert_int_equal(push_to(older, place, &out, &e), -EBADMSG);
	assert_says(&e, "the place has 650 entries, this ledger 600");
	assert_int_equal(push_to(other, place, &out, &e), -EBADMSG);
	assert_says(&e, "another history");
	assert_int_equal(push_to(d, foreign, &out, &e), -EBADMSG);
	assert_says(&e, "somebody writes to");
	struct files f = disk_files(foreign);
	f.remove(f.self, "settled");
	assert_int_equal(push_to(d, foreign, &out, &e), -EBADMSG);
	assert_says(&e, "holds the ledger 'other.example'");
	f.remove(f.self, "checkpoint");
	assert_int_equal(push_to(d, foreign, &out, &e), -EBADMSG);
	assert_says(&e, "holds another ledger");
	assert_int_equal(size_of(place), 650);
	disk_free(d);
	disk_free(older);
	disk_free(place);
	disk_free(other);
	disk_free(foreign);
}

/* What a later version keeps there stays, with a checkpoint and without. */
static void pushes_to_no_later_version(void **unused)
{
	(void)unused;
	struct disk *d = ledger_of(300, 1), *place = disk_new(2);
	struct files f = disk_files(place);
	struct pushed out;
	struct err e = { 0 };
	assert_int_equal(push_to(d, place, &out, &e), 0);
	write_to(d, 600, 1);
	assert_int_equal(files_put(&f, "ledger", "weir ledger 2\n", 14, &e), 0);
	for (unsigned i = 0; i < 2; i++) {
		uint64_t before = disk_calls(place);
		assert_int_equal(push_to(d, place, &out, &e), -EPROTONOSUPPORT);
		assert_says(&e, "written by a later weir, version 2; this one reads up to 1");
		assert_true(out.refused && out.files == 0 && disk_calls(place) > before);
		f.remove(f.self, "checkpoint");
	}
	size_t size;
	assert_memory_equal(disk_bytes(place, "ledger", &size), "weir ledger 2\n", 14);
	disk_free(d);
	disk_free(place);
}

/* A push that is killed at any call goes on, and the place is never ahead of its tiles. */
static void pushes_on_after_any_kill(void **unused)
{
	(void)unused;
	unsigned points = 0;
	struct disk *d = ledger_of(300, 1), *base = disk_new(9);
	struct pushed out;
	struct err e = { 0 };
	assert_int_equal(push_to(d, base, &out, &e), 0);
	write_to(d, 1300, 1);
	for (uint64_t n = 1;; n++) {
		struct disk *place = disk_new(n);
		disk_copy(place, base);
		disk_die_at(place, disk_calls(place) + n);
		int r = push_to(d, place, &out, &e);
		bool died = disk_died(place);
		assert_true(died ? r < 0 || out.had == 300 : r == 0);
		disk_power_lost(place, n % 2);
		disk_die_at(place, 0);
		uint64_t have = size_of(place);
		assert_true(have == 300 || have == 1300);
		if (push_to(d, place, &out, &e) < 0)
			fail_msg("killed at %llu: %s", (unsigned long long)n, e.text);
		assert_int_equal(size_of(place), 1300);
		assert_same_tiles(d, place);
		disk_free(place);
		if (!died)
			break;
		points++;
	}
	print_message("killed at %u points\n", points);
	assert_true(points > 30);
	disk_free(d);
	disk_free(base);
}

/* A damaged file stays where it is. */
static void pushes_nothing_damaged(void **unused)
{
	(void)unused;
	static const char *const names[] = { "tile/entries/001", "tile/0/001", "tile/1/000.p/2",
		"tile/entries/002.p/88" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct disk *d = ledger_of(600, 1), *place = disk_new(2);
		struct pushed out;
		struct err e = { 0 };
		size_t size;
		disk_bytes(d, names[i], &size)[size / 2] ^= 1;
		assert_int_equal(push_to(d, place, &out, &e), -EBADMSG);
		assert_null(disk_bytes(place, "checkpoint", &size));
		disk_free(d);
		disk_free(place);
	}
}

/* Through a diode: what arrives is taken away, and nothing is sent twice. */
static void sends_each_once(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 10, 300, 300, 512, 1100 };
	struct disk *d = disk_new(1), *drop = disk_new(2), *beyond = disk_new(3),
		    *beside = disk_new(4);
	struct files own = disk_files(d), folder = disk_files(drop), at = disk_files(beside);
	struct remote place = remote_folder(&folder, "the drop folder");
	const struct push_sent sent = { &at, "ledger.sent" };
	const struct push p = { .files = &own, .key = &public, .to = &place, .once = &sent };
	struct pushed out;
	struct err e = { 0 };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		write_to(d, sizes[i], 1);
		if (push(&p, &out, &e) < 0)
			fail_msg("%s", e.text);
		if (i && sizes[i] == sizes[i - 1])
			assert_int_equal(out.files, 0);
		disk_copy(beyond, drop);
		disk_each(drop, remove_tile, &folder);
	}
	assert_int_equal(size_of(beyond), 1100);
	/* A state of another history is no state of this ledger. */
	struct disk *other = ledger_of(1200, 2);
	struct files others = disk_files(other);
	const struct push wrong = { .files = &others, .key = &public, .to = &place, .once = &sent };
	assert_int_equal(push(&wrong, &out, &e), -EBADMSG);
	assert_says(&e, "another history");
	disk_free(d);
	disk_free(drop);
	disk_free(beyond);
	disk_free(beside);
	disk_free(other);
}

/* --- following --- */

static void follows_what_is_new(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 1, 255, 256, 300, 512, 513, 1400 };
	struct ends ends = ends_of(disk_new(1));
	struct followed out;
	struct err e = { 0 };
	assert_int_equal(follow_it(&ends, &out, &e), -ENOENT);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		write_to(ends.from, sizes[i], 1);
		if (follow_it(&ends, &out, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(out.head.size, sizes[i]);
		assert_int_equal(size_of(ends.copy), sizes[i]);
		assert_same_tiles(ends.from, ends.copy);
		assert_int_equal(follow_it(&ends, &out, &e), 0);
		assert_int_equal(out.files, 0);
	}
	ends_free(&ends);
}

static void refuses_an_older_head(void **unused)
{
	(void)unused;
	struct ends ends = followed_at(300);
	struct disk *old = copy_of(ends.from);
	struct followed out;
	struct err e = { 0 };
	write_to(ends.from, 700, 1);
	assert_int_equal(follow_it(&ends, &out, &e), 0);
	show_instead(&ends, old);
	assert_refused(&ends, 700, "shows an older head: 300 entries, and it had 700 before");
	ends_free(&ends);
}

/* Truncated, then grown again in another way: a fork, at a smaller, the same and a larger size. */
static void raises_an_alarm_at_a_fork(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 200, 500, 900 };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct ends ends = followed_at(500);
		struct followed out;
		struct err e = { 0 };
		char name[64];
		size_t size;
		show_instead(&ends, ledger_of(sizes[i], 2));
		assert_int_equal(follow_it(&ends, &out, &e), -EBADMSG);
		assert_true(out.fork);
		assert_says(&e, "FORK");
		assert_int_equal(ends.alarms, 1);
		snprintf(name, sizeof name, "copy.fork-%llu", (unsigned long long)sizes[i]);
		const char *kept = (const char *)disk_bytes(ends.beside, name, &size);
		assert_non_null(kept);
		assert_non_null(memmem(kept, size, "here before: 500 entries\n", 25));
		assert_non_null(memmem(kept, size, "there now: ", 11));
		/* Even where all is well again, somebody has to look first. */
		show_instead(&ends, ledger_of(500, 1));
		assert_int_equal(follow_it(&ends, &out, &e), -EBADMSG);
		assert_true(out.fork);
		assert_says(&e, "nothing is followed while it is there");
		assert_int_equal(ends.alarms, 1);
		struct files f = disk_files(ends.beside);
		f.remove(f.self, name);
		assert_int_equal(follow_it(&ends, &out, &e), 0);
		assert_int_equal(size_of(ends.copy), 500);
		ends_free(&ends);
	}
}

/* What somebody without the key can do at the source. */
static void refuses_what_was_changed(void **unused)
{
	(void)unused;
	static const struct {
		const char *name, *words;
	} rows[] = {
		{ "tile/entries/002", "tile/entries/002: entry" },
		{ "tile/0/003", "tile/0/003 was changed" },
		{ "tile/0/005.p/20", "right edge" },
		{ "tile/1/000.p/5", "right edge" },
		{ "tile/entries/005.p/20", "tile/entries/005.p/20: entry" },
		{ "checkpoint", "checkpoint" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ends ends = followed_at(600);
		size_t size;
		write_to(ends.from, 1300, 1);
		uint8_t *bytes = disk_bytes(ends.from, rows[i].name, &size);
		assert_non_null(bytes);
		bytes[size / 2 + 2] ^= 4;
		assert_refused(&ends, 600, rows[i].words);
		bytes = disk_bytes(ends.from, rows[i].name, &size);
		bytes[size / 2 + 2] ^= 4;
		struct followed out;
		struct err e = { 0 };
		if (follow_it(&ends, &out, &e) < 0)
			fail_msg("%s: %s", rows[i].name, e.text);
		assert_int_equal(size_of(ends.copy), 1300);
		ends_free(&ends);
	}
}

/* Cut off anywhere, half written, swapped, or gone. */
static void refuses_what_is_not_whole(void **unused)
{
	(void)unused;
	static const char *const names[] = { "tile/entries/003", "tile/0/003", "tile/1/000.p/5",
		"tile/entries/005.p/20", "tile/0/005.p/20" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct ends ends = followed_at(600);
		struct files f = disk_files(ends.from);
		struct err e = { 0 };
		uint8_t *keep = malloc(BUNDLE_MAX);
		size_t size;
		write_to(ends.from, 1300, 1);
		long all = files_load(&f, names[i], keep, BUNDLE_MAX, &e);
		assert_true(all > 64);
		assert_int_equal(files_put(&f, names[i], keep, (size_t)all / 2, &e), 0);
		assert_refused(&ends, 600, "");
		assert_int_equal(files_put(&f, names[i], keep, 0, &e), 0);
		assert_refused(&ends, 600, "");
		f.remove(f.self, names[i]);
		assert_refused(&ends, 600, i ? "lacks a file" : "tile/entries/003 is missing");
		assert_non_null(disk_bytes(ends.from, "checkpoint", &size));
		free(keep);
		ends_free(&ends);
	}
	struct ends ends = followed_at(600);
	struct files f = disk_files(ends.from);
	write_to(ends.from, 1300, 1);
	f.rename(f.self, "tile/entries/003", "swapped");
	f.rename(f.self, "tile/entries/004", "tile/entries/003");
	f.rename(f.self, "swapped", "tile/entries/004");
	assert_refused(&ends, 600, "tile/entries/003: entry 768 was changed");
	ends_free(&ends);
}

static void refuses_another_key_and_origin(void **unused)
{
	(void)unused;
	struct ends ends = followed_at(300);
	const struct keeper stolen_name = { other_secret,
		note_key_of(origin, NOTE_ED25519, other_secret) },
			    other_name = { other_secret,
				    note_key_of("other.example", NOTE_ED25519, other_secret) };
	show_instead(&ends, disk_new(1));
	write_as(&stolen_name, ends.from, 400, 1, true, true);
	assert_refused(&ends, 300, "no signature of 'ledger.example/test'");
	show_instead(&ends, disk_new(1));
	write_as(&other_name, ends.from, 400, 1, true, true);
	assert_refused(&ends, 300, "is the ledger 'other.example', not 'ledger.example/test'");
	/* Signed by the key, and of another origin. */
	struct files f = disk_files(ends.from);
	char note[NOTE_MAX];
	struct out o = out_mem(note, sizeof note);
	struct checkpoint c = { "other.example", 400, merkle_empty() };
	struct err e = { 0 };
	checkpoint_text(&c, &o);
	note_sign(&o, o.used, &public, secret, 0);
	assert_int_equal(files_replace(&f, "checkpoint", note, o.used, &e), 0);
	assert_refused(&ends, 300, "is the ledger 'other.example'");
	ends_free(&ends);
	/* The copy is of another ledger, or is no copy. */
	struct ends wrong = ends_of(ledger_of(10, 1));
	struct followed out;
	write_as(&other_name, wrong.copy, 5, 1, true, true);
	assert_int_equal(follow_it(&wrong, &out, &e), -EBADMSG);
	assert_says(&e, "somebody writes to");
	f = disk_files(wrong.copy);
	f.remove(f.self, "settled");
	assert_int_equal(follow_it(&wrong, &out, &e), -EBADMSG);
	assert_says(&e, "copy of the ledger 'other.example'");
	ends_free(&wrong);
}

static void follows_on_after_any_kill(void **unused)
{
	(void)unused;
	unsigned points = 0;
	struct ends ends = followed_at(300);
	struct disk *base = ends.copy;
	write_to(ends.from, 1100, 1);
	for (uint64_t n = 1;; n++) {
		struct followed out;
		struct err e = { 0 };
		bool died = follow_killed(&ends, base, n);
		uint64_t have = size_of(ends.copy);
		assert_true(have == 300 || have == 1100);
		if (follow_it(&ends, &out, &e) < 0)
			fail_msg("killed at %llu: %s", (unsigned long long)n, e.text);
		assert_int_equal(size_of(ends.copy), 1100);
		disk_free(ends.copy);
		if (!died)
			break;
		points++;
	}
	print_message("killed at %u points\n", points);
	assert_true(points > 30);
	ends.copy = base;
	ends_free(&ends);
}

/* A disk that is full, and one whose sync fails: the copy stays what it was, and goes on later. */
static void waits_for_a_better_disk(void **unused)
{
	(void)unused;
	struct ends ends = followed_at(300);
	struct followed out;
	struct err e = { 0 };
	write_to(ends.from, 1100, 1);
	disk_room(ends.copy, disk_used(ends.copy) + 9000);
	assert_int_equal(follow_it(&ends, &out, &e), -ENOSPC);
	assert_int_equal(size_of(ends.copy), 300);
	disk_room(ends.copy, 0);
	disk_fail(ends.copy, DISK_SYNC, -EIO);
	assert_int_equal(follow_it(&ends, &out, &e), -EIO);
	assert_int_equal(size_of(ends.copy), 300);
	disk_fail(ends.copy, DISK_SYNC, 0);
	assert_int_equal(follow_it(&ends, &out, &e), 0);
	assert_int_equal(size_of(ends.copy), 1100);
	ends_free(&ends);
}

static void cosigns(void **unused)
{
	(void)unused;
	struct ends ends = ends_of(ledger_of(300, 1));
	struct followed out;
	struct note n;
	struct err e = { 0 };
	ends.cosign = true;
	for (unsigned round = 0; round < 4; round++) {
		uint64_t seconds = 0;
		size_t size;
		assert_int_equal(follow_it(&ends, &out, &e), 0);
		const uint8_t *note = disk_bytes(ends.copy, "checkpoint", &size);
		assert_int_equal(note_read(cur_of(note, size), &n, &e), 0);
		assert_int_equal(n.count, 2);
		assert_int_equal(note_check(&n, &public, NULL, &e), 0);
		assert_int_equal(note_check(&n, &witness_public, &seconds, &e), 0);
		/* The same head once more an hour later, and not before. */
		assert_int_equal(seconds, 1700000000 + (round > 1 ? 2 * 1800 : 0));
		assert_int_equal(size_of(ends.copy), 300);
		ends.now += round < 2 ? 1800 : 60;
	}
	ends_free(&ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushes_what_is_new),
		cmocka_unit_test(pushes_no_older_and_no_other),
		cmocka_unit_test(pushes_to_no_later_version),
		cmocka_unit_test(pushes_on_after_any_kill),
		cmocka_unit_test(pushes_nothing_damaged),
		cmocka_unit_test(sends_each_once),
		cmocka_unit_test(follows_what_is_new),
		cmocka_unit_test(refuses_an_older_head),
		cmocka_unit_test(raises_an_alarm_at_a_fork),
		cmocka_unit_test(refuses_what_was_changed),
		cmocka_unit_test(refuses_what_is_not_whole),
		cmocka_unit_test(refuses_another_key_and_origin),
		cmocka_unit_test(follows_on_after_any_kill),
		cmocka_unit_test(waits_for_a_better_disk),
		cmocka_unit_test(cosigns),
	};
	return cmocka_run_group_tests(tests, set_up_keys, wipe_keys);
}
