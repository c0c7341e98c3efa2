/* Copies of a ledger that let go of entries, or moved them: everything but these, and not one less.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/shelf.h"
#include "ship_made.h"

static bool has(struct disk *d, const char *name)
{
	size_t size;
	return disk_bytes(d, name, &size) != NULL;
}

/* 3,000 entries, of which two ranges went. */
static struct disk *pruned(void)
{
	struct disk *d = disk_new(1);
	notes_to(d, 2900);
	let_go(d, 256, 767, NULL);
	notes_to(d, 2950);
	let_go(d, 1024, 1535, NULL);
	notes_to(d, 3000);
	return d;
}

/* To a new place, and to one that had the beginning: everything but what is gone. */
static void pushes_without_what_is_gone(void **unused)
{
	(void)unused;
	struct disk *d = disk_new(1), *early = disk_new(2), *place = disk_new(3);
	struct pushed out;
	struct err e = { 0 };
	notes_to(d, 600);
	assert_int_equal(push_to(d, early, &out, &e), 0);
	assert_int_equal(out.gone, 0);
	disk_free(d);
	d = pruned();
	if (push_to(d, place, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(out.gone, 1024);
	assert_int_equal(size_of(place), 3000);
	assert_same_tiles(d, place);
	if (push_to(d, early, &out, &e) < 0)
		fail_msg("%s", e.text);
	/* 512 to 599 it had: a part of a bundle that will never be whole */
	assert_int_equal(out.gone, 256 + 512);
	assert_int_equal(size_of(early), 3000);
	assert_true(has(early, "tile/entries/001") && has(early, "tile/entries/002.p/88"));
	assert_false(has(early, "tile/entries/002") || has(early, "tile/0/002.p/88"));
	assert_int_equal(push_to(d, place, &out, &e), 0);
	assert_int_equal(out.files, 0);
	disk_free(d);
	disk_free(early);
	disk_free(place);
}

/* Killed at any call: the place has the ledger as it was, or all that is left of it. */
static void pushes_the_rest_after_any_kill(void **unused)
{
	(void)unused;
	unsigned points = 0;
	struct disk *d = pruned();
	struct pushed out;
	struct err e = { 0 };
	for (uint64_t n = 1;; n += 3, points++) {
		struct disk *place = disk_new(n);
		disk_die_at(place, n);
		(void)push_to(d, place, &out, &e);
		bool died = disk_died(place);
		disk_power_lost(place, n % 2);
		disk_die_at(place, 0);
		if (push_to(d, place, &out, &e) < 0)
			fail_msg("killed at %llu: %s", (unsigned long long)n, e.text);
		assert_int_equal(size_of(place), 3000);
		assert_same_tiles(d, place);
		disk_free(place);
		if (!died)
			break;
	}
	print_message("killed at %u points\n", points);
	assert_true(points > 20);
	disk_free(d);
}

static void sends_the_rest_once(void **unused)
{
	(void)unused;
	struct disk *d = pruned(), *drop = disk_new(2), *beside = disk_new(4);
	struct ends ends = ends_of(disk_new(5));
	struct files own = disk_files(d), folder = disk_files(drop), at = disk_files(beside);
	struct remote place = remote_folder(&folder, "the drop folder");
	const struct push_sent sent = { &at, "ledger.sent" };
	const struct push p = { .files = &own, .key = &public, .to = &place, .once = &sent };
	struct pushed out;
	struct followed in;
	struct err e = { 0 };
	for (unsigned round = 0; round < 3; round++) {
		if (push(&p, &out, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(out.gone, round == 0 ? 1024 : 0);
		disk_copy(ends.from, drop);
		disk_each(drop, remove_tile, &folder);
		if (follow_it(&ends, &in, &e) < 0)
			fail_msg("%s", e.text);
		assert_int_equal(in.gone, round == 0 ? 1024 : 0);
		if (round == 0)
			let_go(d, 1792, 2047, NULL);
		notes_to(d, 3100 + round);
	}
	assert_int_equal(size_of(ends.copy), 3100 + 1);
	/* what was sent before it was let go is kept over there */
	assert_true(has(ends.copy, "tile/entries/007"));
	assert_false(has(ends.copy, "tile/entries/001"));
	ends_free(&ends);
	disk_free(d);
	disk_free(drop);
	disk_free(beside);
}

/* Who comes new gets the rest; who had it keeps it; who follows that one gets it, too. */
static void follows_without_what_is_gone(void **unused)
{
	(void)unused;
	struct ends first = ends_of(disk_new(1)), second = ends_of(NULL), third = ends_of(NULL);
	struct followed out;
	struct err e = { 0 };
	notes_to(first.from, 2900);
	assert_int_equal(follow_it(&first, &out, &e), 0);
	disk_free(first.from);
	first.from = pruned();
	second.from = copy_of(first.from);
	if (follow_it(&first, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(out.gone, 0);
	assert_true(has(first.copy, "tile/entries/001") && has(first.copy, "tile/entries/005"));
	if (follow_it(&second, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(out.gone, 1024);
	assert_same_tiles(second.from, second.copy);
	third.from = copy_of(first.copy);
	assert_int_equal(follow_it(&third, &out, &e), 0);
	assert_int_equal(out.gone, 0);
	assert_same_tiles(first.copy, third.copy);
	assert_int_equal(size_of(first.copy) + size_of(second.copy) + size_of(third.copy), 9000);
	ends_free(&first);
	ends_free(&second);
	ends_free(&third);
}

/* Missing, and no entry says so; or the one that says so is not the one that was signed. */
static void missing_is_not_gone(void **unused)
{
	(void)unused;
	static const char *const names[] = { "tile/entries/003", "tile/entries/006",
		"tile/entries/010" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct ends ends = ends_of(pruned());
		struct disk *place = disk_new(7);
		struct files f = disk_files(ends.from);
		struct pushed out;
		struct followed in;
		struct err e = { 0 };
		char words[100];
		snprintf(words, sizeof words, "%s is missing, and no entry says", names[i]);
		assert_int_equal(f.remove(f.self, names[i]), 0);
		assert_int_equal(push_to(ends.from, place, &out, &e), -EBADMSG);
		assert_says(&e, words);
		assert_false(has(place, "checkpoint"));
		assert_int_equal(follow_it(&ends, &in, &e), -EBADMSG);
		assert_says(&e, words);
		assert_false(has(ends.copy, "checkpoint"));
		/* what came before it and is there again: nothing is left out for that */
		struct disk *whole = pruned();
		size_t size;
		const uint8_t *bytes = disk_bytes(whole, names[i], &size);
		assert_int_equal(files_put(&f, names[i], bytes, size, &e), 0);
		assert_int_equal(push_to(ends.from, place, &out, &e), 0);
		assert_int_equal(follow_it(&ends, &in, &e), 0);
		assert_same_tiles(whole, place);
		assert_same_tiles(whole, ends.copy);
		disk_free(whole);
		disk_free(place);
		ends_free(&ends);
	}
	struct ends ends = ends_of(pruned());
	struct followed in;
	struct err e = { 0 };
	size_t size;
	uint8_t *bytes = disk_bytes(ends.from, "tile/entries/011.p/184", &size);
	uint8_t *word = memmem(bytes, size, "\"pruned\":[{", 11);
	assert_non_null(word);
	word[1] ^= 1;
	assert_int_equal(follow_it(&ends, &in, &e), -EBADMSG);
	assert_says(&e, "tile/entries/011.p/184: entry 2900 was changed");
	ends_free(&ends);
}

/* A place that answers only what it is asked, as a server does. */
struct server {
	struct files files;
	uint64_t puts;
};

static long server_get(void *self, const char *name, void *to, size_t room, struct err *e)
{
	struct server *s = self;
	return files_load(&s->files, name, to, room, e);
}

static int server_put(void *self, const char *name, const void *from, size_t size, struct err *e)
{
	struct server *s = self;
	s->puts++;
	return files_put(&s->files, name, from, size, e);
}

/* With the shelf everything goes; a place that has the hashes alone is asked for each bundle. */
static void pushes_from_the_shelf(void **unused)
{
	(void)unused;
	struct disk *d = disk_new(1), *far = disk_new(2), *place = disk_new(3);
	struct files own = disk_files(d), there = disk_files(far);
	struct shelf shelf = { &own, &there };
	struct files both = shelf_files(&shelf);
	struct server server = { .files = disk_files(place) };
	const struct remote remote = {
		.self = &server, .name = "the server", .get = server_get, .put = server_put
	};
	struct push p = { .files = &own, .key = &public, .to = &remote };
	struct pushed out;
	struct err e = { 0 };
	notes_to(d, 2000);
	let_go(d, 256, 1023, far);
	notes_to(d, 2100);
	if (push(&p, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(out.gone, 768);
	assert_int_equal(size_of(place), 2100);
	server.files.remove(server.files.self, "checkpoint");
	p.files = &both;
	p.more = true;
	server.puts = 0;
	if (push(&p, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(out.gone, 0);
	assert_int_equal(server.puts, 3 + 1); /* what was missing, and the checkpoint */
	assert_int_equal(size_of(place), 2100);
	assert_true(has(place, "tile/entries/001") && has(place, "tile/entries/003"));
	/* what was changed on the shelf stays there */
	size_t size;
	struct disk *another = disk_new(4);
	disk_bytes(far, "tile/entries/002", &size)[200] ^= 1;
	server.files = disk_files(another);
	assert_int_equal(push(&p, &out, &e), -EBADMSG);
	assert_says(&e, "tile/entries/002: entry 51");
	disk_free(another);
	disk_free(d);
	disk_free(far);
	disk_free(place);
}

static void follows_two_places_as_one(void **unused)
{
	(void)unused;
	struct disk *d = disk_new(1), *far = disk_new(2), *copy = disk_new(3), *near = disk_new(4);
	struct files own = disk_files(d), there = disk_files(far), to = disk_files(copy),
		     beside = disk_files(near);
	struct remote here = remote_folder(&own, "the source"),
		      shelf = remote_folder(&there, "the shelf");
	const struct remote_pair pair = { &here, &shelf };
	struct remote both = remote_both(&pair);
	const struct follow f = {
		.from = &both, .copy = &to, .key = &public, .beside = &beside, .name = "copy"
	};
	struct followed out;
	struct err e = { 0 };
	notes_to(d, 2000);
	let_go(d, 256, 1023, far);
	if (follow(&f, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(out.gone, 0);
	assert_int_equal(size_of(copy), 2001);
	assert_true(has(copy, "tile/entries/001"));
	disk_free(d);
	disk_free(far);
	disk_free(copy);
	disk_free(near);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushes_without_what_is_gone),
		cmocka_unit_test(pushes_the_rest_after_any_kill),
		cmocka_unit_test(sends_the_rest_once),
		cmocka_unit_test(follows_without_what_is_gone),
		cmocka_unit_test(missing_is_not_gone),
		cmocka_unit_test(pushes_from_the_shelf),
		cmocka_unit_test(follows_two_places_as_one),
	};
	return cmocka_run_group_tests(tests, set_up_keys, wipe_keys);
}
