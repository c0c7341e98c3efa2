/* Pushing and following through changes of the ledger's keys: a copy goes on with each that both
 * signed, and with no other. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/read.h"
#include "ship_made.h"

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
			ends.key = first ? &public : NULL;
			bool died = follow_killed(&ends, first ? none : older, n);
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
