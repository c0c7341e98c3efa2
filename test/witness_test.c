/* Witnesses remember what a ledger once was, and sign no second history. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "ledger/check.h"
#include "ledger/cosign.h"
#include "ledger/witness.h"
#include "ship_made.h"

static int ask_one(
	struct disk *own, struct disk *at, struct witness_seen *seen, uint64_t *size, struct err *e)
{
	static struct witness w;
	struct files f = disk_files(own), theirs = disk_files(at);
	struct remote place = remote_folder(&theirs, "the witness");
	w.key = witness_public;
	*seen = (struct witness_seen){ .witness = &w };
	witness_hear(&place, seen);
	return witness_judge(&f, seen, 1, size, e);
}

static void witnesses_remember(void **unused)
{
	(void)unused;
	struct ends ends = ends_of(ledger_of(300, 1));
	struct disk *backup = copy_of(ends.from), *forked = copy_of(ends.from), *none = disk_new(1);
	const struct keeper keeper = { secret, public };
	struct followed out;
	struct witness_seen seen;
	struct err e = { 0 };
	uint64_t size;
	ends.cosign = true;
	write_to(ends.from, 420, 1);
	write_to(forked, 450, 2);
	assert_int_equal(follow_it(&ends, &out, &e), 0);
	assert_int_equal(ask_one(ends.from, ends.copy, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_AGREES);
	assert_int_equal(seen.head.size, 420);
	assert_int_equal(seen.seconds, ends.now);
	assert_int_equal(size, 420);
	assert_int_equal(ask_one(backup, ends.copy, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_MORE);
	assert_int_equal(size, 300);
	assert_int_equal(ask_one(forked, ends.copy, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_ANOTHER);
	assert_int_equal(ask_one(ends.from, none, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_SILENT);
	/* A copy that is not cosigned is no witness. */
	assert_int_equal(ask_one(ends.from, ends.from, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_UNSURE);
	/* What only the log has counts, too: it will be published in the same way. */
	write_as(&keeper, backup, 420, 1, false, false);
	assert_int_equal(ask_one(backup, ends.copy, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_AGREES);
	assert_int_equal(size, 420);
	disk_free(backup);
	disk_free(forked);
	disk_free(none);
	ends_free(&ends);
}

/* A copy whose checkpoint has one more line, by this key. */
static struct disk *signed_copy(
	const struct disk *from, const struct note_key *key, const struct sign_key *with)
{
	struct disk *d = copy_of(from);
	struct files f = disk_files(d);
	struct note n;
	struct err e = { 0 };
	char note[NOTE_MAX];
	long size = files_load(&f, "checkpoint", note, sizeof note, &e);
	assert_true(size > 0);
	assert_int_equal(note_read(cur_of(note, (size_t)size), &n, &e), 0);
	struct out o = out_mem(note, sizeof note);
	o.used = (size_t)size;
	note_sign(&o, n.text.left, key, with, 1700000000);
	assert_int_equal(files_replace(&f, "checkpoint", note, o.used, &e), 0);
	return d;
}

static struct disk *rotated(uint64_t first, uint64_t to)
{
	struct disk *d = ledger_of(first, 1);
	change_key(d, 1);
	write_as(&turn[1], d, to, 1, true, true);
	return d;
}

/* What a witness saw under one key of the ledger, asked by who has another. */
static void witnesses_remember_other_keys(void **unused)
{
	(void)unused;
	struct disk *before = ledger_of(300, 1), *between = rotated(300, 301),
		    *after = rotated(300, 420), *fork = ledger_of(350, 2),
		    *longer = ledger_of(900, 2), *grown = ledger_of(500, 1),
		    *twice = rotated(300, 420);
	change_key(twice, 2);
	const struct {
		struct disk *own, *seen;
		enum witness_says says;
		uint32_t key;
	} rows[] = {
		/* Its past, signed by the key of that time. */
		{ after, before, WITNESS_AGREES, public.id },
		{ after, between, WITNESS_AGREES, turn[1].public.id },
		{ twice, before, WITNESS_AGREES, public.id },
		{ twice, after, WITNESS_AGREES, turn[1].public.id },
		/* An earlier key signed another history: that counts as much. */
		{ after, fork, WITNESS_ANOTHER, public.id },
		{ after, longer, WITNESS_MORE, public.id },
		{ twice, fork, WITNESS_ANOTHER, public.id },
		/* Set back to before the change, the old key with it; then written on. */
		{ before, between, WITNESS_MORE, public.id },
		{ before, after, WITNESS_STRANGER, turn[1].public.id },
		{ before, twice, WITNESS_STRANGER, turn[2].public.id },
		{ after, twice, WITNESS_MORE, turn[1].public.id },
		{ grown, after, WITNESS_STRANGER, turn[1].public.id },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct disk *at = signed_copy(rows[i].seen, &witness_public, witness_secret);
		struct witness_seen seen;
		struct err e = { 0 };
		uint64_t size;
		if (ask_one(rows[i].own, at, &seen, &size, &e) < 0)
			fail_msg("row %zu: %s", i, e.text);
		if (seen.says != rows[i].says || seen.key != rows[i].key)
			fail_msg("row %zu: says %d by key %08x: %s", i, seen.says, seen.key,
				seen.why.text);
		disk_free(at);
	}
	struct disk *const all[] = { before, between, after, fork, longer, grown, twice };
	for (size_t i = 0; i < COUNT_OF(all); i++)
		disk_free(all[i]);
}

/* Without a signature of the ledger that may be one, no witness stops a writer. */
static void witnesses_that_do_not_count(void **unused)
{
	(void)unused;
	struct disk *own = rotated(300, 420), *fork = ledger_of(350, 2), *bare = ledger_of(800, 2);
	struct files f = disk_files(bare);
	struct witness_seen seen;
	struct err e = { 0 };
	uint64_t size;
	size_t note_size;
	char note[NOTE_MAX];
	static const char front[] = "\x94 ledger.example/test ";
	/* Of an earlier key, and broken. */
	struct disk *at = signed_copy(fork, &witness_public, witness_secret);
	uint8_t *bytes = disk_bytes(at, "checkpoint", &note_size);
	char *line = memmem(bytes, note_size, front, sizeof front - 1);
	assert_non_null(line);
	line[sizeof front + 20] ^= 1;
	assert_int_equal(ask_one(own, at, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_UNSURE);
	assert_says(&seen.why, "does not hold");
	disk_free(at);
	/* The witness's own alone. */
	struct checkpoint c = { .size = 800 };
	struct out o = out_mem(note, sizeof note);
	memcpy(c.origin, origin, strlen(origin) + 1);
	checkpoint_text(&c, &o);
	note_sign(&o, o.used, &witness_public, witness_secret, 1700000000);
	assert_int_equal(files_replace(&f, "checkpoint", note, o.used, &e), 0);
	assert_int_equal(ask_one(own, bare, &seen, &size, &e), 0);
	assert_int_equal(seen.says, WITNESS_UNSURE);
	assert_says(&seen.why, "no signature of 'ledger.example/test'");
	disk_free(own);
	disk_free(fork);
	disk_free(bare);
}

static void lists_of_witnesses(void **unused)
{
	(void)unused;
	static struct witness list[WITNESS_MAX];
	char key[NOTE_KEY_TEXT], own[NOTE_KEY_TEXT], text[4096];
	struct err e = { 0 };
	note_key_text(&witness_public, key);
	note_key_text(&public, own);
	int size = snprintf(
		text, sizeof text, "# ours\n\n%s /srv/copy\n  %s https://a/b ca=/x\n", key, key);
	assert_int_equal(witness_list_read(cur_of(text, (size_t)size), list, &e), 2);
	assert_string_equal(list[1].place, "https://a/b");
	assert_string_equal(list[1].more, "ca=/x");
	size = snprintf(text, sizeof text, "%s /srv/copy\n", own);
	assert_int_equal(witness_list_read(cur_of(text, (size_t)size), list, &e), -EINVAL);
	assert_says(&e, "not of a witness");
	size = snprintf(text, sizeof text, "\n%s\n", key);
	assert_int_equal(witness_list_read(cur_of(text, (size_t)size), list, &e), -EINVAL);
	assert_says(&e, "line 2: expected KEY PLACE");
}

/* Other lines than the ledger's and those of witnesses are none of a checkpoint. */
static void looks_at_every_line(void **unused)
{
	(void)unused;
	const struct note_key same_form = note_key_of("other.example", NOTE_ED25519, other_secret);
	const struct {
		const struct note_key *key;
		const struct sign_key *secret;
		const char *words; /* NULL: it holds */
	} rows[] = { { &witness_public, witness_secret, NULL }, { &public, secret, "2 signatures" },
		{ &same_form, other_secret, "signature 2 is neither" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct disk *bare = ledger_of(10, 1),
			    *d = signed_copy(bare, rows[i].key, rows[i].secret);
		struct files f = disk_files(d);
		struct ledger_checked found;
		struct err e = { 0 };
		const struct ledger_check c = { .files = &f, .key = &public, .origin = origin };
		assert_int_equal(ledger_check(&c, &found, &e), rows[i].words ? -EBADMSG : 0);
		if (rows[i].words)
			assert_says(&e, rows[i].words);
		else
			assert_int_equal(found.cosigned, 1);
		disk_free(bare);
		disk_free(d);
	}
}

/* The conversation of C2SP tlog-witness. */
static int cosign_it(struct disk *state, const char *request, size_t size, char body[1024])
{
	struct files f = disk_files(state);
	const struct cosigner c = { .state = &f,
		.key = &witness_public,
		.secret = witness_secret,
		.logs = &public,
		.log_count = 1,
		.now_seconds = 1700000000 };
	struct out o = out_mem(body, 1024);
	struct err e = { 0 };
	int r = cosign(&c, cur_of(request, size), &o, &e);
	out_text(&o);
	return r;
}

static size_t request_of(struct disk *d, uint64_t old, char text[COSIGN_REQUEST])
{
	struct files f = disk_files(d);
	struct out o = out_mem(text, COSIGN_REQUEST);
	struct err e = { 0 };
	if (cosign_request(&f, &public, old, &o, &e) < 0)
		fail_msg("%s", e.text);
	out_text(&o);
	return o.used;
}

static void converses_as_a_witness(void **unused)
{
	(void)unused;
	static char text[COSIGN_REQUEST];
	char body[1024];
	struct disk *state = disk_new(1), *d = ledger_of(300, 1), *other = ledger_of(700, 2);
	struct disk *foreign = disk_new(2);
	const struct keeper stranger = { other_secret,
		note_key_of("other.example", NOTE_ED25519, other_secret) },
			    thief = { other_secret,
				    note_key_of(origin, NOTE_ED25519, other_secret) };
	size_t size = request_of(d, 0, text);
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_OK);
	assert_true(strncmp(body, "\xe2\x80\x94 witness.example ", 20) == 0);
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_CONFLICT);
	assert_string_equal(body, "300\n");
	size = request_of(d, 300, text); /* the same once more */
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_OK);
	write_to(d, 700, 1);
	size = request_of(d, 256, text);
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_CONFLICT);
	size = request_of(other, 300, text); /* a proof of another history */
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_UNPROVEN);
	size = request_of(d, 300, text);
	text[12] ^= 1; /* in the first hash of the proof */
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_UNPROVEN);
	text[12] ^= 1;
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_OK);
	size = request_of(other, 700, text); /* the same size, another root */
	assert_int_equal(cosign_it(state, text, size, body), COSIGN_UNPROVEN);
	assert_int_equal(cosign_it(state, "old 9\n\nnothing\n", 15, body), COSIGN_MALFORMED);
	assert_int_equal(cosign_it(state, "old 09\n\n", 8, body), COSIGN_MALFORMED);
	assert_int_equal(cosign_it(state, "", 0, body), COSIGN_MALFORMED);
	write_as(&stranger, foreign, 5, 1, true, true);
	char *note = (char *)disk_bytes(foreign, "checkpoint", &size);
	int used = snprintf(text, sizeof text, "old 0\n\n%.*s", (int)size, note);
	assert_int_equal(cosign_it(state, text, (size_t)used, body), COSIGN_UNKNOWN);
	disk_free(foreign);
	foreign = disk_new(2);
	write_as(&thief, foreign, 5, 1, true, true);
	note = (char *)disk_bytes(foreign, "checkpoint", &size);
	used = snprintf(text, sizeof text, "old 0\n\n%.*s", (int)size, note);
	assert_int_equal(cosign_it(state, text, (size_t)used, body), COSIGN_UNSIGNED);
	/* What it cannot keep it does not sign. */
	size = request_of(d, 700, text);
	disk_fail(state, DISK_SYNC, -EIO);
	assert_true(cosign_it(state, text, size, body) < 0);
	assert_string_equal(body, "");
	disk_free(state);
	disk_free(d);
	disk_free(other);
	disk_free(foreign);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(witnesses_remember),
		cmocka_unit_test(witnesses_remember_other_keys),
		cmocka_unit_test(witnesses_that_do_not_count),
		cmocka_unit_test(lists_of_witnesses),
		cmocka_unit_test(looks_at_every_line),
		cmocka_unit_test(converses_as_a_witness),
	};
	return cmocka_run_group_tests(tests, set_up_keys, wipe_keys);
}
