/* Whatever is changed in a ledger that was closed, its check says so, and says where. */
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
#include "disk.h"
#include "ledger/check.h"
#include "ledger/ledger.h"
#include "ledger/read.h"
#include "ledger/wal.h"

static const char origin[] = "ledger.example/test";
static struct sign_key *secret, *other_secret;
static struct note_key public;

static int sign_with_key(void *self, const struct checkpoint *c,
	const struct merkle_proof *from_last, struct out *o, struct err *e)
{
	(void)c;
	(void)from_last;
	(void)e;
	note_sign(o, o->used, &public, self, 0);
	return 0;
}

static int set_up(void **unused)
{
	(void)unused;
	struct err e;
	uint8_t seed[SIGN_SEED] = { 7 }, other[SIGN_SEED] = { 8 };
	secret = sign_key_new(seed, &e);
	other_secret = sign_key_new(other, &e);
	if (!secret || !other_secret)
		return -1;
	public = note_key_of(origin, NOTE_ED25519, secret);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	sign_key_free(secret);
	sign_key_free(other_secret);
	return 0;
}

static size_t entry_of(uint64_t n, unsigned version, char text[64])
{
	return (size_t)snprintf(text, 64, "{\"n\":%llu,\"v\":%u}", (unsigned long long)n, version);
}

/* Entries `from` to `to`, published every 100, in a ledger that is closed again. */
static void write_entries(struct disk *d, uint64_t from, uint64_t to, unsigned version, bool finish)
{
	struct files f = disk_files(d);
	const struct signer signer = {
		.self = secret, .origin = origin, .key = &public, .sign = sign_with_key
	};
	const struct ledger_config config = { &f, &signer, WAL_LEAST, 150 };
	struct ledger *l;
	struct err e = { 0 };
	char text[64];
	assert_int_equal(ledger_open(&l, &config, 0, &e), 0);
	assert_int_equal(ledger_size(l), from);
	for (uint64_t n = from, sequence; n < to; n++) {
		assert_int_equal(
			ledger_append(l, text, entry_of(n, version, text), &sequence, &e), 0);
		if (n % 100 == 99) {
			assert_int_equal(ledger_commit(l, &e), 0);
			assert_int_equal(ledger_publish(l, 0, &e), 0);
		}
	}
	assert_int_equal(ledger_commit(l, &e), 0);
	if (finish && ledger_finish(l, 0, &e) < 0)
		fail_msg("%s", e.text);
	ledger_close(l);
}

static struct disk *closed_ledger(uint64_t count)
{
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct err e;
	assert_int_equal(ledger_mark(&f, &public, &e), 0);
	write_entries(d, 0, count, 1, true);
	return d;
}

static int check_with(struct disk *d, const struct checkpoint *earlier, size_t count,
	struct ledger_checked *out, struct err *e)
{
	struct files f = disk_files(d);
	const struct ledger_check c = { .files = &f,
		.key = &public,
		.origin = origin,
		.earlier = earlier,
		.earlier_count = count };
	return ledger_check(&c, out, e);
}

static int check(struct disk *d, struct err *e)
{
	struct ledger_checked found;
	return check_with(d, NULL, 0, &found, e);
}

/* With the file that says whose it is, as `weir ledger verify --key` does. */
static int check_marked(struct disk *d, struct err *e)
{
	struct files f = disk_files(d);
	struct note_key whose;
	int r = ledger_whose(&f, &whose, e);
	if (r == 0 && (strcmp(whose.name, public.name) != 0 || whose.id != public.id))
		r = err_set(e, -EBADMSG, "the file 'ledger' names another key");
	return r < 0 ? r : check(d, e);
}

static struct checkpoint head_of(struct disk *d)
{
	struct ledger_checked found;
	struct err e = { 0 };
	if (check_with(d, NULL, 0, &found, &e) < 0)
		fail_msg("%s", e.text);
	return found.head;
}

static void assert_says(const struct err *e, const char *words)
{
	if (!strstr(e->text, words))
		fail_msg("'%s' does not say '%s'", e->text, words);
}

static void whole_ones_hold(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 1, 2, 255, 256, 257, 512, 1000, 1025 };
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct disk *d = closed_ledger(sizes[i]);
		struct ledger_checked found;
		struct err e = { 0 };
		if (check_with(d, NULL, 0, &found, &e) < 0)
			fail_msg("%llu entries: %s", (unsigned long long)sizes[i], e.text);
		assert_int_equal(found.head.size, sizes[i]);
		assert_int_equal(found.in_log, 0);
		assert_int_equal(found.strange, 0);
		disk_free(d);
	}
}

static void what_only_the_log_has(void **unused)
{
	(void)unused;
	struct disk *d = disk_new(1);
	struct ledger_checked found;
	struct err e = { 0 };
	write_entries(d, 0, 330, 1, false);
	assert_int_equal(check_with(d, NULL, 0, &found, &e), 0);
	assert_int_equal(found.head.size, 300);
	assert_int_equal(found.in_log, 30);
	disk_free(d);
}

/* Every byte of every file, changed in one bit. */
struct flips {
	struct disk *d;
	unsigned long done, missed;
	unsigned step;
};

static void flip_all(void *self, const char *name)
{
	struct flips *f = self;
	size_t size;
	struct err e;
	uint8_t *bytes = disk_bytes(f->d, name, &size);
	for (size_t i = 0; i < size; i += f->step) {
		bytes[i] ^= (uint8_t)(1u << (i + f->done) % 8);
		if (check_marked(f->d, &e) == 0) {
			print_message("%s: byte %zu may be changed\n", name, i);
			f->missed++;
		}
		bytes[i] ^= (uint8_t)(1u << (i + f->done) % 8);
		f->done++;
	}
}

static void any_byte_counts(void **unused)
{
	(void)unused;
	static const struct {
		uint64_t entries;
		unsigned step;
	} rows[] = { { 70, 1 }, { 530, 19 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct flips f = { .d = closed_ledger(rows[i].entries), .step = rows[i].step };
		disk_each(f.d, flip_all, &f);
		print_message("%llu entries: %lu bytes changed, %lu not found\n",
			(unsigned long long)rows[i].entries, f.done, f.missed);
		assert_true(f.done > 1000);
		assert_int_equal(f.missed, 0);
		disk_free(f.d);
	}
}

/* A thousand bytes of a large one, wherever chance puts them; fewer in the ordinary tests. */
struct places {
	char names[400][64];
	size_t count;
};

static void note_name(void *self, const char *name)
{
	struct places *p = self;
	assert_true(p->count < COUNT_OF(p->names));
	snprintf(p->names[p->count++], sizeof *p->names, "%s", name);
}

static void any_byte_of_a_large_one(void **unused)
{
	(void)unused;
	unsigned flips = getenv("POINTS") ? 1000 : 60, missed = 0;
	struct disk *d = closed_ledger(10000);
	static struct places places;
	struct err e;
	uint64_t mix = 1;
	disk_each(d, note_name, &places);
	for (unsigned i = 0; i < flips; i++) {
		size_t size;
		mix = mix * 6364136223846793005u + 1442695040888963407u;
		uint8_t *bytes = disk_bytes(d, places.names[(mix >> 33) % places.count], &size);
		size_t at = (size_t)(mix >> 20) % size;
		uint8_t bit = (uint8_t)(1u << (mix >> 61));
		bytes[at] ^= bit;
		missed += check_marked(d, &e) == 0;
		bytes[at] ^= bit;
	}
	print_message("10000 entries in %zu files: %u bytes changed, %u not found\n", places.count,
		flips, missed);
	assert_int_equal(missed, 0);
	disk_free(d);
}

/* --- a ledger that is written to: which bytes say nothing, and only those --- */

/* Where its log's only segment has which bytes. */
static bool is_free(const uint8_t *bytes, size_t size, size_t at, uint64_t published)
{
	for (size_t begin = 0; begin + 32 <= size && memcmp(bytes + begin, "WLOG", 4) == 0;) {
		struct cur c = cur_of(bytes + begin + 4, 28);
		size_t payload = cur_be32(&c);
		uint64_t first = cur_be64(&c), count = cur_be32(&c);
		size_t end = begin + 32 + payload, next = (end + 7) / 8 * 8;
		bool last = next + 4 > size || memcmp(bytes + next, "WLOG", 4) != 0;
		if (at >= begin && at < end)
			return last &&
				first + count > published; /* as if it had never been whole */
		if (at >= end && at < next)
			return true;
		begin = next;
	}
	return true;
}

static void the_log_of_a_running_one(void **unused)
{
	(void)unused;
	static const uint64_t sizes[] = { 200, 250 }; /* published whole; 50 wait */
	unsigned step = getenv("POINTS") ? 1 : 7;
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct disk *d = disk_new(1);
		write_entries(d, 0, sizes[i], 1, false);
		size_t size;
		struct err e;
		uint8_t *bytes = disk_bytes(d, "wal/0000000000000000", &size),
			*before = malloc(size);
		unsigned long held = 0, said = 0;
		assert_true(bytes && before);
		memcpy(before, bytes, size);
		for (size_t at = 0; at < size; at += at < 6000 ? step : 997) {
			bytes[at] ^= (uint8_t)(1u << at % 8);
			bool found = check(d, &e) < 0;
			bytes[at] ^= (uint8_t)(1u << at % 8);
			if (found == is_free(before, size, at, 200))
				fail_msg("byte %zu: %s", at, found ? e.text : "not found");
			*(found ? &said : &held) += 1;
		}
		print_message("%llu entries: %lu bytes of the log count, %lu say nothing\n",
			(unsigned long long)sizes[i], said, held);
		assert_true(said > 100 && held > 100);
		free(before);
		disk_free(d);
	}
}

/* --- the list of attacks: each is found, and placed to its bundle --- */

static uint8_t *bundle(struct disk *d, size_t *size)
{
	uint8_t *bytes = disk_bytes(d, "tile/entries/001", size);
	assert_non_null(bytes);
	return bytes;
}

static void entry_is_changed(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(700);
	struct err e = { 0 };
	size_t size;
	uint8_t *bytes = bundle(d, &size);
	char *at = memmem(bytes, size, "\"n\":300,", 8);
	assert_non_null(at);
	at[6] = '1';
	assert_int_equal(check(d, &e), -EBADMSG);
	assert_says(&e, "tile/entries/001: entry 300 hashes to");
	disk_free(d);
}

static void entries_are_swapped(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(700);
	struct err e = { 0 };
	size_t size;
	uint8_t *bytes = bundle(d, &size);
	char *a = memmem(bytes, size, "\"n\":300,", 8), *b = memmem(bytes, size, "\"n\":301,", 8);
	a[6] = '1';
	b[6] = '0';
	assert_int_equal(check(d, &e), -EBADMSG);
	assert_says(&e, "tile/entries/001: entry 300 hashes to");
	disk_free(d);
}

static void bundle_is_cut(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(700);
	struct files f = disk_files(d);
	struct err e = { 0 };
	size_t size;
	uint8_t *bytes = bundle(d, &size);
	uint8_t part[8192];
	assert_true(size - 9 <= sizeof part);
	memcpy(part, bytes, size - 9);
	assert_int_equal(files_put(&f, "tile/entries/001", part, size - 9, &e), 0);
	assert_int_equal(check(d, &e), -EBADMSG);
	assert_says(&e, "tile/entries/001: entry 511 is cut off");
	disk_free(d);
}

static void file_is_gone(void **unused)
{
	(void)unused;
	static const char *const names[] = { "tile/entries/001", "tile/0/001", "tile/1/000.p/2",
		"checkpoint" };
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct disk *d = closed_ledger(700);
		struct files f = disk_files(d);
		struct err e = { 0 };
		assert_int_equal(f.remove(f.self, names[i]), 0);
		assert_int_equal(check(d, &e), -ENOENT);
		assert_says(&e, names[i]);
		disk_free(d);
	}
}

/* Entry and its tile are changed together: the tile above does not agree. */
static void tile_is_made_to_fit(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(700);
	struct err e = { 0 };
	size_t size, hashes;
	uint8_t *bytes = bundle(d, &size);
	char *at = memmem(bytes, size, "\"n\":300,", 8);
	at[6] = '1';
	struct cur c = cur_of(bytes, size), entry = cur_none();
	for (unsigned i = 256; i <= 300; i++)
		entry = bundle_next(&c);
	struct hash leaf = merkle_leaf(entry.at, entry.left);
	memcpy(disk_bytes(d, "tile/0/001", &hashes) + 44 * sizeof leaf, &leaf, sizeof leaf);
	assert_int_equal(check(d, &e), -EBADMSG);
	assert_says(&e, "tile/1/000.p/2: entries 256 to 511 hash to");
	disk_free(d);
}

/* All of it written anew and signed with the stolen key: only who kept a head can tell. */
static void history_is_written_anew(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(700), *forged = disk_new(2);
	struct checkpoint kept = head_of(d);
	struct ledger_checked found;
	struct err e = { 0 };
	write_entries(forged, 0, 300, 1, true);
	write_entries(forged, 300, 301, 2, true);
	write_entries(forged, 301, 900, 1, true);
	assert_int_equal(check(forged, &e), 0);
	assert_int_equal(check_with(forged, &kept, 1, &found, &e), -EBADMSG);
	assert_says(&e, "another history");
	write_entries(d, 700, 900, 1, true);
	assert_int_equal(check_with(d, &kept, 1, &found, &e), 0);
	disk_free(forged);
	disk_free(d);
}

static void older_copy_is_put_back(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(400), *old = disk_new(2);
	struct ledger_checked found;
	struct err e = { 0 };
	disk_copy(old, d);
	write_entries(d, 400, 700, 1, true);
	struct checkpoint kept = head_of(d);
	assert_int_equal(check(old, &e), 0);
	assert_int_equal(check_with(old, &kept, 1, &found, &e), -EBADMSG);
	assert_says(&e, "an older state");
	disk_free(old);
	disk_free(d);
}

static void other_keys_and_names(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(10);
	struct files f = disk_files(d);
	struct note_key foreign = note_key_of(origin, NOTE_ED25519, other_secret);
	struct ledger_checked found;
	struct err e = { 0 };
	struct ledger_check c = { .files = &f, .key = &foreign, .origin = origin };
	assert_int_equal(ledger_check(&c, &found, &e), -EBADMSG);
	assert_says(&e, "checkpoint");
	c = (struct ledger_check){ .files = &f, .key = &public, .origin = "another.example" };
	assert_int_equal(ledger_check(&c, &found, &e), -EBADMSG);
	assert_says(&e, "is of the ledger 'ledger.example/test'");
	disk_free(d);
}

static void strange_files_are_told(void **unused)
{
	(void)unused;
	struct disk *d = closed_ledger(700);
	struct files f = disk_files(d);
	struct ledger_checked found;
	struct err e = { 0 };
	assert_int_equal(files_put(&f, "tile/0/x001/000", "x", 1, &e), 0);
	assert_int_equal(files_put(&f, "notes.txt", "x", 1, &e), 0);
	assert_int_equal(check_with(d, NULL, 0, &found, &e), 0);
	assert_string_equal(found.one_strange, "notes.txt");
	assert_int_equal(found.strange, 2);
	disk_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_ones_hold),
		cmocka_unit_test(what_only_the_log_has),
		cmocka_unit_test(any_byte_counts),
		cmocka_unit_test(any_byte_of_a_large_one),
		cmocka_unit_test(the_log_of_a_running_one),
		cmocka_unit_test(entry_is_changed),
		cmocka_unit_test(entries_are_swapped),
		cmocka_unit_test(bundle_is_cut),
		cmocka_unit_test(file_is_gone),
		cmocka_unit_test(tile_is_made_to_fit),
		cmocka_unit_test(history_is_written_anew),
		cmocka_unit_test(older_copy_is_put_back),
		cmocka_unit_test(other_keys_and_names),
		cmocka_unit_test(strange_files_are_told),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
