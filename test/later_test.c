/* What a version to come left behind: refused with the reason, and left as it is.  What was broken
 * off is no such thing, whatever its bytes look like, and is gone on from. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "disk.h"
#include "ledger/ledger.h"
#include "ledger/read.h"
#include "ledger/wal_inside.h"

enum { BATCHES = 24, BATCH = 30 };

/* --- a log, and its frames --- */

static void add_batch(struct wal *w)
{
	static uint8_t entry[600];
	struct err e = { 0 };
	memset(entry, 'e', sizeof entry);
	for (unsigned n = 0; n < BATCH; n++)
		assert_int_equal(wal_add(w, entry, sizeof entry, &e), 0);
	assert_int_equal(wal_commit(w, &e), 0);
}

/* So many that they fill more than two segments of the least size. */
static struct disk *new_log(void)
{
	struct disk *d = disk_new(1);
	struct files f = disk_files(d);
	struct wal *w;
	struct err e = { 0 };
	assert_int_equal(wal_open(&w, &f, WAL_LEAST, 0, NULL, NULL, &e), 0);
	for (unsigned i = 0; i < BATCHES; i++)
		add_batch(w);
	wal_close(w);
	return d;
}

static void put_be(uint8_t *at, uint64_t n, unsigned size)
{
	while (size--)
		*at++ = (uint8_t)(n >> 8 * size);
}

static uint64_t number_at(const uint8_t *at, unsigned size)
{
	uint64_t n = 0;
	while (size--)
		n = n << 8 | *at++;
	return n;
}

static size_t size_of(const uint8_t *frame)
{
	return (size_t)number_at(frame + 4, 4);
}

static void make_sum(uint8_t *frame)
{
	put_be(frame + WAL_SUMMED, wal_sum(frame, frame + WAL_HEADER, size_of(frame)), 8);
}

static void make_later(uint8_t *frame, uint32_t version)
{
	put_be(frame + 20, version, 4);
	make_sum(frame);
}

struct frames {
	uint8_t *at[BATCHES + 1];
	unsigned segment[BATCHES + 1];
	unsigned count;
	uint8_t *end; /* behind the last one */
};

static struct frames find_frames(struct disk *d)
{
	struct frames f = { .count = 0 };
	uint64_t first = 0;
	size_t size;
	for (unsigned segment = 0;; segment++) {
		uint8_t *bytes = disk_bytes(d, wal_segment_of(first).name, &size);
		if (!bytes)
			return f;
		size_t at = 0;
		while (at + WAL_HEADER <= size && memcmp(bytes + at, "WLOG", 4) == 0) {
			assert_true(f.count < BATCHES);
			f.segment[f.count] = segment;
			f.at[f.count++] = bytes + at;
			first += BATCH;
			at += wal_rounded(WAL_HEADER + size_of(bytes + at));
		}
		f.end = bytes + at;
	}
}

/* --- that nothing is changed --- */

struct likeness {
	struct disk *is, *was;
};

static void assert_file_same(void *self, const char *name)
{
	const struct likeness *l = self;
	size_t size, before;
	const uint8_t *a = disk_bytes(l->is, name, &size), *b = disk_bytes(l->was, name, &before);
	if (!a || !b || size != before || (size && memcmp(a, b, size) != 0))
		fail_msg("%s is not what it was", name);
}

static void assert_same(struct disk *is, struct disk *was)
{
	struct likeness l = { is, was };
	disk_each(is, assert_file_same, &l);
	disk_each(was, assert_file_same, &l);
}

static void assert_says(const struct err *e, const char *words)
{
	if (!strstr(e->text, words))
		fail_msg("'%s' does not say '%s'", e->text, words);
}

static int see_batch(
	void *self, uint64_t first, uint32_t count, const void *bytes, size_t size, struct err *e)
{
	(void)bytes;
	(void)size;
	(void)e;
	*(uint64_t *)self = first + count;
	return 0;
}

/* By whoever reads it: the log's writer, which is told of its batches or not, who checks it, and
 * who follows it. */
static void assert_log_refused(struct disk *d, const char *words)
{
	struct files f = disk_files(d);
	struct disk *was = disk_new(2);
	struct wal *w;
	struct wal_follow *follow;
	struct err e = { 0 };
	uint64_t seen = 0;
	disk_copy(was, d);
	for (unsigned told = 0; told < 2; told++) {
		assert_int_equal(wal_open(&w, &f, WAL_LEAST, 0, told ? see_batch : NULL, &seen, &e),
			-EPROTONOSUPPORT);
		assert_says(&e, words);
	}
	assert_int_equal(wal_check(&f, 0, see_batch, &seen, &e), -EPROTONOSUPPORT);
	assert_says(&e, words);
	assert_int_equal(wal_follow_open(&follow, &f, 0, &e), 0);
	int r = wal_follow(follow, BATCHES * BATCH, see_batch, &seen, &e);
	wal_follow_close(follow);
	assert_true(r == -EPROTONOSUPPORT || r == -EBADMSG);
	assert_same(d, was);
	disk_free(was);
}

static void assert_log_goes_on(struct disk *d, uint64_t from)
{
	struct files f = disk_files(d);
	struct wal *w;
	struct err e = { 0 };
	uint64_t seen = 0;
	if (wal_open(&w, &f, WAL_LEAST, 0, see_batch, &seen, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(seen, from);
	assert_int_equal(wal_durable(w), from);
	add_batch(w);
	wal_close(w);
	assert_int_equal(wal_open(&w, &f, WAL_LEAST, 0, see_batch, &seen, &e), 0);
	assert_int_equal(seen, from + BATCH);
	wal_close(w);
}

/* --- frames --- */

/* Any one of them, and from any one of them on. */
static void later_frames_are_refused(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < BATCHES; i++)
		for (unsigned all = 0; all < 2; all++) {
			struct disk *d = new_log();
			struct frames f = find_frames(d);
			assert_int_equal(f.count, BATCHES);
			assert_true(f.segment[BATCHES - 1] >= 2);
			for (unsigned n = i; n < (all ? BATCHES : i + 1); n++)
				make_later(f.at[n], 2);
			assert_log_refused(
				d, "written by a later weir, version 2; this one reads up to 0");
			disk_free(d);
		}
}

/* The reason is given to who follows as well, where it comes to such a frame. */
static void who_follows_is_told(void **unused)
{
	(void)unused;
	for (unsigned i = 0; i < BATCHES; i++) {
		struct disk *d = new_log();
		struct files f = disk_files(d);
		struct wal_follow *w;
		struct err e = { 0 };
		uint64_t seen = 0;
		make_later(find_frames(d).at[i], 5);
		assert_int_equal(wal_follow_open(&w, &f, 0, &e), 0);
		assert_int_equal(
			wal_follow(w, BATCHES * BATCH, see_batch, &seen, &e), -EPROTONOSUPPORT);
		assert_says(&e, "version 5; this one reads up to 0");
		assert_int_equal(seen, i * BATCH);
		wal_follow_close(w);
		disk_free(d);
	}
}

/* The last segment is empty, as one is that was made and not used yet: it is no new beginning. */
static void an_empty_last_segment(void **unused)
{
	(void)unused;
	struct disk *d = new_log();
	struct files f = disk_files(d);
	struct frames frames = find_frames(d);
	static const uint8_t zeros[WAL_LEAST];
	struct err e = { 0 };
	make_later(frames.at[BATCHES - 1], 1);
	struct wal_segment next = wal_segment_of(BATCHES * BATCH);
	assert_int_equal(files_put(&f, next.name, zeros, sizeof zeros, &e), 0);
	assert_log_refused(d, "version 1; this one reads up to 0");
	disk_free(d);
}

/* Behind one that was broken off or damaged there are whole ones of a later version. */
static void later_frames_behind_a_broken_one(void **unused)
{
	(void)unused;
	struct disk *d = new_log();
	struct frames f = find_frames(d);
	f.at[2][WAL_HEADER + 100] ^= 1;
	for (unsigned n = 3; n < BATCHES; n++)
		make_later(f.at[n], 2);
	assert_log_refused(d, "version 2; this one reads up to 0");
	disk_free(d);
}

/* The tail was broken off: of a frame of ours whose other half is an old frame, so that a version
 * seems to stand in it, or of one of a later version, which nobody was told of. */
static void a_torn_tail_is_no_version(void **unused)
{
	(void)unused;
	static const uint32_t versions[] = { 0, 1, 1234, 0x65656565, UINT32_MAX };
	for (size_t i = 0; i < COUNT_OF(versions); i++) {
		struct disk *d = new_log();
		struct frames f = find_frames(d);
		make_later(f.at[BATCHES - 1], versions[i]);
		f.at[BATCHES - 1][WAL_HEADER + size_of(f.at[BATCHES - 1]) - 1] ^= 1;
		assert_log_goes_on(d, (BATCHES - 1) * BATCH);
		disk_free(d);
	}
}

/* A segment that is used again has old frames in it; those of a later version, too, where that one
 * had finished its log before this one came back. */
static void old_frames_are_no_version(void **unused)
{
	(void)unused;
	for (uint64_t first = 0; first < BATCHES * BATCH; first += 97) {
		struct disk *d = new_log();
		struct frames f = find_frames(d);
		size_t size = WAL_HEADER + size_of(f.at[0]);
		memcpy(f.end, f.at[0], size);
		put_be(f.end + 8, first, 8);
		make_later(f.end, 2);
		assert_log_goes_on(d, BATCHES * BATCH);
		disk_free(d);
	}
}

/* --- a whole ledger --- */

static struct sign_key *secret;
static struct note_key public;

static int sign_with_key(void *self, const struct checkpoint *c, const struct merkle_proof *proof,
	struct out *o, struct err *e)
{
	(void)self;
	(void)c;
	(void)proof;
	(void)e;
	note_sign(o, o->used, &public, secret, 0);
	return 0;
}

static void a_ledger_is_left_as_it_is(void **unused)
{
	(void)unused;
	const struct signer signer = {
		.origin = public.name, .key = &public, .sign = sign_with_key
	};
	struct disk *d = disk_new(1), *was = disk_new(2);
	struct files f = disk_files(d);
	const struct ledger_config config = { &f, &signer, WAL_LEAST, 150 };
	struct ledger *l;
	struct err e = { 0 };
	uint64_t n;
	size_t size;
	assert_int_equal(ledger_mark(&f, &public, &e), 0);
	assert_int_equal(ledger_open(&l, &config, 0, &e), 0);
	for (unsigned i = 0; i < 300; i++) {
		assert_int_equal(ledger_append(l, "entry", 5, &n, &e), 0);
		assert_int_equal(ledger_commit(l, &e), 0);
	}
	assert_int_equal(ledger_publish(l, 0, &e), 0);
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(ledger_append(l, "more", 4, &n, &e), 0);
	assert_int_equal(ledger_commit(l, &e), 0);
	ledger_close(l);
	uint8_t *bytes = disk_bytes(d, wal_segment_of(0).name, &size), *last = NULL;
	for (size_t at = 0; memcmp(bytes + at, "WLOG", 4) == 0;
		at += wal_rounded(WAL_HEADER + size_of(bytes + at)))
		last = bytes + at;
	assert_non_null(last);
	make_later(last, 1);
	disk_copy(was, d);
	assert_int_equal(ledger_open(&l, &config, 0, &e), -EPROTONOSUPPORT);
	assert_says(&e, "written by a later weir, version 1; this one reads up to 0");
	assert_same(d, was);
	disk_free(d);
	disk_free(was);
}

static void marks(void **unused)
{
	(void)unused;
	static const struct {
		const char *text;
		int code;
		const char *words;
	} rows[] = {
		{ "weir ledger 2\n", -EPROTONOSUPPORT, "version 2; this one reads up to 1" },
		{ "weir ledger 2\nKEY\n", -EPROTONOSUPPORT, "version 2" },
		{ "weir ledger 30\nsome\nthing\nelse\n", -EPROTONOSUPPORT, "version 30" },
		{ "weir ledger 2", -EBADMSG, "does not say whose" }, /* cut off */
		{ "weir ledger 0\nKEY\n", -EBADMSG, "does not say whose" },
		{ "weir ledger 02\nKEY\n", -EBADMSG, "does not say whose" },
		{ "weir ledger two\nKEY\n", -EBADMSG, "does not say whose" },
		{ "weir ledger 1\nKEY\nmore\n", -EBADMSG, "does not say whose" },
		{ "weir ledger 1\n", -EBADMSG, "does not say whose" },
		{ "", -EBADMSG, "does not say whose" },
	};
	char key[NOTE_KEY_TEXT], text[NOTE_KEY_TEXT + 64];
	note_key_text(&public, key);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct disk *d = disk_new(1);
		struct files f = disk_files(d);
		struct note_key whose;
		struct err e = { 0 };
		const char *at = strstr(rows[i].text, "KEY");
		snprintf(text, sizeof text, "%.*s%s%s",
			(int)(at ? at - rows[i].text : (long)strlen(rows[i].text)), rows[i].text,
			at ? key : "", at ? at + 3 : "");
		assert_int_equal(files_put(&f, "ledger", text, strlen(text), &e), 0);
		assert_int_equal(ledger_whose(&f, &whose, &e), rows[i].code);
		assert_says(&e, rows[i].words);
		disk_free(d);
	}
}

static int set_up(void **unused)
{
	(void)unused;
	struct err e;
	uint8_t seed[SIGN_SEED] = { 7 };
	secret = sign_key_new(seed, &e);
	if (!secret)
		return -1;
	public = note_key_of("ledger.example/later", NOTE_ED25519, secret);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	sign_key_free(secret);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_frames_are_refused),
		cmocka_unit_test(who_follows_is_told),
		cmocka_unit_test(an_empty_last_segment),
		cmocka_unit_test(later_frames_behind_a_broken_one),
		cmocka_unit_test(a_torn_tail_is_no_version),
		cmocka_unit_test(old_frames_are_no_version),
		cmocka_unit_test(a_ledger_is_left_as_it_is),
		cmocka_unit_test(marks),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
