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
#include "ledger/read.h"
#include "ledger/tile.h"
#include "ship_made.h"

/* The copy is as it was; the words say why. */
static void assert_refused(struct ends *ends, uint64_t size, const char *words)
{
	struct followed out;
	struct err e = { 0 };
	assert_int_equal(follow_it(ends, &out, &e), -EBADMSG);
	assert_says(&e, words);
	assert_false(out.fork);
	assert_int_equal(ends->alarms, 0);
	assert_int_equal(size_of(ends->copy), size);
}

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
		ends.copy = disk_new(n);
		disk_copy(ends.copy, base);
		disk_die_at(ends.copy, disk_calls(ends.copy) + n);
		(void)follow_it(&ends, &out, &e);
		bool died = disk_died(ends.copy);
		disk_power_lost(ends.copy, n % 2);
		disk_die_at(ends.copy, 0);
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

/* --- through changes of keys --- */

static void assert_same_mark(struct disk *from, struct disk *copy)
{
	size_t size, other;
	const uint8_t *a = disk_bytes(from, "ledger", &size),
		      *b = disk_bytes(copy, "ledger", &other);
	assert_true(a && b);
	assert_int_equal(size, other);
	assert_memory_equal(a, b, size);
}

static void assert_follows(struct ends *ends, uint64_t size)
{
	struct followed out;
	struct err e = { 0 };
	if (follow_it(ends, &out, &e) < 0)
		fail_msg("at %llu: %s", (unsigned long long)size, e.text);
	assert_int_equal(out.head.size, size);
	assert_int_equal(size_of(ends->copy), size);
	assert_same_mark(ends->from, ends->copy);
	if (follow_it(ends, &out, &e) < 0)
		fail_msg("again at %llu: %s", (unsigned long long)size, e.text);
	assert_int_equal(out.files, 0);
	assert_int_equal(ends->alarms, 0);
}

/* The key changes `changes` times behind entry `at`, and so many entries more are written. */
static void go_on_with(struct disk *d, unsigned *now, unsigned changes, uint64_t more)
{
	struct files f = disk_files(d);
	struct checkpoint head = { 0 };
	char note[NOTE_MAX + 1];
	struct err e = { 0 };
	for (; changes; changes--)
		change_key(d, ++*now);
	assert_int_equal(ledger_head(&f, &turn[*now].public, &head, note, &e), 0);
	write_as(&turn[*now], d, head.size + more, 1, true, true);
}

static void follows_through_changes_of_keys(void **unused)
{
	(void)unused;
	/* Looked at: at once, with entries of the new key alone, and with two changes in between.
	 */
	static const struct {
		unsigned changes;
		uint64_t more, size;
	} rows[] = { { 1, 0, 301 }, { 0, 5, 306 }, { 1, 250, 557 }, { 0, 1, 558 },
		{ 1, 700, 1259 } },
	  twice[] = { { 2, 300, 602 }, { 1, 0, 603 } };
	for (unsigned given = 0; given < 2; given++) {
		struct ends ends = followed_at(300);
		unsigned now = 0;
		ends.key = given ? &public : NULL;
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			go_on_with(ends.from, &now, rows[i].changes, rows[i].more);
			assert_follows(&ends, rows[i].size);
		}
		ends_free(&ends);
		ends = followed_at(300);
		now = 0;
		for (size_t i = 0; i < COUNT_OF(twice); i++) {
			go_on_with(ends.from, &now, twice[i].changes, twice[i].more);
			assert_follows(&ends, twice[i].size);
		}
		ends_free(&ends);
	}
}

static void assert_pushes(
	const struct note_key *key, struct disk *d, struct disk *place, uint64_t size)
{
	struct pushed out;
	struct err e = { 0 };
	if (push_by(key, d, place, &out, &e) < 0)
		fail_msg("at %llu: %s", (unsigned long long)size, e.text);
	assert_int_equal(size_of(place), size);
	assert_same_mark(d, place);
}

static void pushes_through_changes_of_keys(void **unused)
{
	(void)unused;
	struct disk *d = ledger_of(300, 1), *place = disk_new(2), *drop = disk_new(3),
		    *beyond = disk_new(4), *beside = disk_new(5);
	struct files f = disk_files(d), folder = disk_files(drop), at = disk_files(beside);
	struct remote to_drop = remote_folder(&folder, "the drop folder");
	const struct push_sent sent = { &at, "ledger.sent" };
	struct pushed out;
	struct err e = { 0 };
	unsigned now = 0;
	assert_pushes(&public, d, place, 300);
	change_key(d, ++now);
	/* The moment before the ledger's own file says so. */
	assert_int_equal(ledger_mark(&f, &public, &e), 0);
	assert_pushes(&public, d, place, 301);
	assert_int_equal(ledger_mark_change(&f, &public, &turn[1].public, &e), 0);
	assert_pushes(&turn[1].public, d, place, 301);
	go_on_with(d, &now, 2, 300);
	/* Whoever pushes knows a head from before, and the file is newer. */
	assert_int_equal(ledger_mark_change(&f, &public, &turn[1].public, &e), 0);
	struct disk *elsewhere = disk_new(6);
	assert_int_equal(push_by(&turn[3].public, d, elsewhere, &out, &e), -EAGAIN);
	disk_free(elsewhere);
	assert_int_equal(ledger_mark_change(&f, &public, &turn[3].public, &e), 0);
	assert_pushes(&turn[3].public, d, place, 603);
	disk_free(d);
	d = ledger_of(300, 1);
	f = disk_files(d);
	now = 0;
	for (unsigned i = 0; i < 3; i++) {
		const struct push p = {
			.files = &f, .key = &turn[now].public, .to = &to_drop, .once = &sent
		};
		assert_int_equal(push(&p, &out, &e), 0);
		disk_copy(beyond, drop);
		disk_each(drop, remove_tile, &folder);
		assert_int_equal(size_of(beyond), 300 + 100 * i);
		assert_same_mark(d, beyond);
		go_on_with(d, &now, 1, 99);
	}
	disk_free(d);
	disk_free(place);
	disk_free(drop);
	disk_free(beyond);
	disk_free(beside);
}

static void any_of_its_keys_will_do(void **unused)
{
	(void)unused;
	const struct note_key foreign = note_key_of(origin, NOTE_ED25519, other_secret);
	struct disk *d = ledger_of(300, 1);
	unsigned now = 0;
	struct followed out;
	struct err e = { 0 };
	go_on_with(d, &now, 1, 300);
	go_on_with(d, &now, 1, 3);
	for (unsigned i = 0; i <= now; i++) {
		struct ends ends = ends_of(copy_of(d));
		ends.key = &turn[i].public;
		assert_follows(&ends, 605);
		for (unsigned other = 0; other <= now; other++) {
			ends.key = &turn[other].public;
			assert_follows(&ends, 605);
		}
		ends.key = &foreign;
		assert_refused(&ends, 605, "is none of this ledger's");
		/* One that comes later is none yet. */
		ends.key = &turn[3].public;
		assert_refused(&ends, 605, "is none of this ledger's");
		unsigned then = now;
		go_on_with(ends.from, &then, 1, 4);
		assert_follows(&ends, 610);
		ends_free(&ends);
	}
	struct ends ends = ends_of(d);
	ends.key = &foreign;
	assert_int_equal(follow_it(&ends, &out, &e), -EBADMSG);
	assert_says(&e, "is none of this ledger's");
	ends.key = NULL;
	assert_int_equal(follow_it(&ends, &out, &e), -EINVAL);
	ends_free(&ends);
}

/* Both sides of a change are signed as they must be, or it is none. */
static void follows_no_forged_change(void **unused)
{
	(void)unused;
	const struct {
		const struct sign_key *by_old, *by_new;
		const char *words;
	} rows[] = { { turn[1].secret, turn[1].secret, "the old key" },
		{ turn[0].secret, turn[0].secret, "the new key" },
		{ other_secret, turn[1].secret, "the old key" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (uint64_t more = 0; more < 300; more += 299) {
			struct ends ends = followed_at(300);
			change_key_by(ends.from, 1, rows[i].by_old, rows[i].by_new);
			write_as(&turn[1], ends.from, 301 + more, 1, true, true);
			assert_refused(&ends, 300, rows[i].words);
			ends_free(&ends);
		}
	}
}

/* The checkpoint as it is, signed by these alone. */
static void sign_again(struct disk *d, const struct keeper *k)
{
	struct files f = disk_files(d);
	struct note n;
	struct err e = { 0 };
	char text[NOTE_MAX];
	size_t size;
	const uint8_t *note = disk_bytes(d, "checkpoint", &size);
	assert_int_equal(note_read(cur_of(note, size), &n, &e), 0);
	struct out o = out_mem(text, sizeof text);
	out_bytes(&o, n.text.at, n.text.left);
	note_sign(&o, o.used, &k->public, k->secret, 0);
	assert_int_equal(files_replace(&f, "checkpoint", text, o.used, &e), 0);
}

/* A key signs heads from its change to the next, whoever has it. */
static void follows_no_key_out_of_its_turn(void **unused)
{
	(void)unused;
	static const struct {
		uint64_t had;           /* by the copy */
		unsigned changes, last; /* behind it; who signs */
		const char *words;
	} rows[] = {
		{ 300, 0, 1, "no signature of" }, /* before its change */
		{ 300, 1, 0, "no signature of" }, /* behind the next one, which is new here, */
		{ 300, 2, 0, "no signature of" }, { 300, 2, 1, "no signature of" },
		{ 400, 0, 0, "no signature of" }, /* or was seen before */
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct ends ends = followed_at(300);
		unsigned now = 0;
		if (rows[i].had > 300) {
			go_on_with(ends.from, &now, 1, 99);
			assert_follows(&ends, 400);
		}
		go_on_with(ends.from, &now, rows[i].changes, 30);
		sign_again(ends.from, &turn[rows[i].last]);
		assert_refused(&ends, rows[i].had, rows[i].words);
		sign_again(ends.from, &turn[now]);
		assert_follows(&ends, rows[i].had + rows[i].changes + 30);
		ends_free(&ends);
	}
}

/* A backup from before the change, with the key of that time, is written to: smaller, as large and
 * larger than the copy.  Somebody without any of the keys makes no fork. */
static void an_earlier_key_makes_a_fork(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 299, 400, 700 };
	const struct keeper thief = { other_secret,
		note_key_of(origin, NOTE_ED25519, other_secret) };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct ends ends = followed_at(300);
		struct followed out;
		struct err e = { 0 };
		unsigned now = 0;
		go_on_with(ends.from, &now, 1, 99);
		assert_follows(&ends, 400);
		show_instead(&ends, disk_new(1));
		write_as(&thief, ends.from, sizes[i], 2, true, true);
		assert_refused(&ends, 400, "no signature of");
		show_instead(&ends, ledger_of(sizes[i], 2));
		assert_int_equal(follow_it(&ends, &out, &e), -EBADMSG);
		assert_says(&e, "FORK");
		assert_int_equal(ends.alarms, 1);
		ends_free(&ends);
	}
	/* The backup itself is an older head. */
	struct ends ends = followed_at(300);
	struct disk *backup = copy_of(ends.from);
	unsigned now = 0;
	go_on_with(ends.from, &now, 2, 99);
	assert_follows(&ends, 401);
	show_instead(&ends, backup);
	assert_refused(&ends, 401, "shows an older head: 300 entries");
	ends_free(&ends);
}

/* At any moment the copy is whole, and the next call brings its file in order, too. */
static void follows_through_keys_after_any_kill(void **unused)
{
	(void)unused;
	unsigned points = 0, now = 0;
	struct ends ends = followed_at(300);
	struct disk *older = ends.copy, *none = disk_new(7);
	go_on_with(ends.from, &now, 2, 300);
	for (uint64_t n = 1, running = 2; running; n++) {
		running = 0;
		for (unsigned first = 0; first < 2; first++) {
			struct followed out;
			struct err e = { 0 };
			ends.copy = disk_new(n);
			ends.key = first ? &public : NULL;
			disk_copy(ends.copy, first ? none : older);
			disk_die_at(ends.copy, disk_calls(ends.copy) + n);
			(void)follow_it(&ends, &out, &e);
			bool died = disk_died(ends.copy);
			disk_power_lost(ends.copy, n % 2);
			disk_die_at(ends.copy, 0);
			uint64_t have = size_of(ends.copy);
			assert_true(have == (first ? 0 : 300) || have == 602);
			assert_follows(&ends, 602);
			disk_free(ends.copy);
			running += died;
			points += died;
		}
	}
	print_message("killed at %u points\n", points);
	assert_true(points > 60);
	disk_free(none);
	ends.copy = older;
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
		cmocka_unit_test(follows_through_changes_of_keys),
		cmocka_unit_test(pushes_through_changes_of_keys),
		cmocka_unit_test(any_of_its_keys_will_do),
		cmocka_unit_test(follows_no_forged_change),
		cmocka_unit_test(follows_no_key_out_of_its_turn),
		cmocka_unit_test(an_earlier_key_makes_a_fork),
		cmocka_unit_test(follows_through_keys_after_any_kill),
	};
	return cmocka_run_group_tests(tests, set_up_keys, wipe_keys);
}
