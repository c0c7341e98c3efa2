/* Secrets of the record: sealed for one entry alone, and gone for good once the key is. */
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
#include "event/entry.h"
#include "ledger/subject.h"

static struct subjects *open_keys(struct disk *d, struct files *f)
{
	struct subjects *s;
	struct err e = { 0 };
	*f = disk_files(d);
	if (subjects_open(&s, f, true, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static char entry[ENTRY_SIZE_MAX + 2];

/* The entry as it is stored. */
static int seal(struct subjects *s, const char *line, bool all, struct err *e)
{
	const struct entry_defaults d = { "north", "weir", 1000000000 };
	const struct entry_means means = { .all_secret = all, .seal = subject_seal, .self = s };
	struct out o = out_mem(entry, sizeof entry);
	int r = entry_write(line, strlen(line), &d, &means, &o, e);
	out_text(&o);
	return r;
}

/* What it says, or the sentence why not. */
static const char *reveal(struct subjects *s, const char *stored)
{
	static char text[4096];
	struct err e = { 0 };
	json_t *parsed = json_loads(stored, 0, NULL), *clear = NULL;
	assert_non_null(parsed);
	int r = subject_reveal(s, parsed, &clear, &e);
	char *said = r == 0 ? json_dumps(clear, JSON_COMPACT) : NULL;
	snprintf(text, sizeof text, "%s", said ? said : e.text);
	free(said);
	json_decref(clear);
	json_decref(parsed);
	return text;
}

static void sealed_and_opened(void **unused)
{
	(void)unused;
	static const struct {
		const char *line, *clear;
		bool all;
	} rows[] = {
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"secret\":{\"x\":\"plain words\"}}",
			"{\"x\":\"plain words\"}", false },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"data\":{\"y\":1},\"secret\":{\"x\":"
		  "\"plain words\"}}",
			"{\"x\":\"plain words\"}", false },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"data\":{\"x\":\"plain words\"}}",
			"{\"x\":\"plain words\"}", true },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"secret\":{}}", "{}", false },
	};
	struct disk *d = disk_new(1);
	struct files f;
	struct subjects *s = open_keys(d, &f);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };
		if (seal(s, rows[i].line, rows[i].all, &e) < 0)
			fail_msg("%s: %s", rows[i].line, e.text);
		assert_null(strstr(entry, "plain words"));
		assert_string_equal(reveal(s, entry), rows[i].clear);
	}
	subjects_close(s);
	disk_free(d);
}

static void refused(void **unused)
{
	(void)unused;
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"secret\":\"x\"}",
			"'secret' is no object" },
		{ "{\"kind\":\"note\",\"subject\":\"\",\"secret\":{}}", "whose?" },
		{ "{\"kind\":\"note\",\"secret\":{}}", "no 'subject'" },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"data\":{\"sealed\":1},\"secret\":{}}",
			"'sealed' already" },
		{ "{\"kind\":\"hold\",\"subject\":\"a\",\"secret\":{}}", "by the ledger alone" },
		{ "{\"kind\":\"erasure\",\"subject\":\"a\"}", "by the ledger alone" },
	};
	struct disk *d = disk_new(1);
	struct files f;
	struct subjects *s = open_keys(d, &f);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };
		assert_true(seal(s, rows[i].line, false, &e) < 0);
		if (!strstr(e.text, rows[i].says))
			fail_msg("%s: %s", rows[i].line, e.text);
	}
	/* larger than an entry may be, once it is sealed */
	static char large[ENTRY_SIZE_MAX];
	struct err e = { 0 };
	snprintf(large, sizeof large,
		"{\"kind\":\"note\",\"subject\":\"a\",\"secret\":{\"x\":\"%060000d\"}}", 0);
	assert_int_equal(seal(s, large, false, &e), -EMSGSIZE);
	subjects_close(s);
	disk_free(d);
}

/* The cipher text opens in its own entry and in no other. */
static void bound_to_its_entry(void **unused)
{
	(void)unused;
	static const struct {
		const char *from, *to;
	} rows[] = {
		{ "\"kind\":\"note\"", "\"kind\":\"alarm\"" },
		{ "\"subject\":\"a\"", "\"subject\":\"b\"" },
		{ "\"site\":\"north\"", "\"site\":\"south\"" },
		{ "\"at\":\"1970", "\"at\":\"1971" },
		{ "\"y\":1", "\"y\":2" },
		{ "\"y\":1,", "" },
	};
	struct disk *d = disk_new(1);
	struct files f;
	struct subjects *s = open_keys(d, &f);
	struct err e = { 0 };
	/* both have a key, so that it is not for want of one */
	assert_int_equal(
		seal(s, "{\"kind\":\"note\",\"subject\":\"b\",\"secret\":{\"x\":2}}", false, &e),
		0);
	assert_int_equal(seal(s,
				 "{\"kind\":\"note\",\"subject\":\"a\",\"data\":{\"y\":1,\"z\":0},"
				 "\"secret\":{\"x\":1}}",
				 false, &e),
		0);
	assert_string_equal(reveal(s, entry), "{\"x\":1}");
	/* who wrote it is known to the process that writes */
	char *actor = strstr(entry, "\"actor\":\"weir\"");
	assert_non_null(actor);
	memcpy(actor + 8, "\"else\"", 6);
	assert_string_equal(reveal(s, entry), "{\"x\":1}");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		static char moved[sizeof entry];
		const char *at = strstr(entry, rows[i].from);
		/* canonical: "sealed" stands before "y" */
		if (!at)
			at = strstr(entry, "\"y\":1");
		assert_non_null(at);
		snprintf(moved, sizeof moved, "%.*s%s%s", (int)(at - entry), entry, rows[i].to,
			at + strlen(rows[i].from));
		const char *said = reveal(s, moved);
		if (!strstr(said, "does not open") && !strstr(said, "key was destroyed"))
			fail_msg("%s: %s", rows[i].to, said);
	}
	subjects_close(s);
	disk_free(d);
}

static void every_bit_counts(void **unused)
{
	(void)unused;
	struct disk *d = disk_new(1);
	struct files f;
	struct subjects *s = open_keys(d, &f);
	struct err e = { 0 };
	unsigned changed = 0;
	assert_int_equal(
		seal(s, "{\"kind\":\"note\",\"subject\":\"a\",\"secret\":{\"x\":1}}", false, &e),
		0);
	char *from = strstr(entry, "\"nonce\":\""), *to = strstr(entry, ",\"v\":1");
	assert_non_null(from);
	assert_non_null(to);
	for (char *at = from + 9; at < to - 1; at++) {
		char was = *at;
		if (was == '"' || was == ',' || was == ':' || was == '=')
			continue;
		*at = was == 'A' ? 'B' : 'A';
		const char *said = reveal(s, entry);
		if (said[0] == '{')
			fail_msg("'%c' in the place of '%c': %s", *at, was, said);
		*at = was;
		changed++;
	}
	assert_true(changed > 60);
	assert_string_equal(reveal(s, entry), "{\"x\":1}");
	subjects_close(s);
	disk_free(d);
}

static void see_names(void *to, const char *name)
{
	(void)to;
	if (strstr(name, "pump"))
		fail_msg("a file is named %s", name);
}

static void erased(void **unused)
{
	(void)unused;
	static char kept[sizeof entry], other[sizeof entry];
	static const char line[] =
		"{\"kind\":\"note\",\"subject\":\"pump 1\",\"secret\":{\"x\":1}}";
	struct disk *d = disk_new(1);
	struct files f;
	struct subjects *s = open_keys(d, &f);
	struct err e = { 0 };
	char id[SUBJECT_KEY_ID], next[SUBJECT_KEY_ID];
	assert_int_equal(seal(s, line, false, &e), 0);
	memcpy(kept, entry, sizeof kept);
	assert_int_equal(seal(s, "{\"kind\":\"note\",\"subject\":\"pump 2\",\"secret\":{\"x\":2}}",
				 false, &e),
		0);
	memcpy(other, entry, sizeof other);
	disk_each(d, see_names, NULL);
	assert_int_equal(subject_key_id(s, "pump 1", id, &e), 0);
	assert_non_null(strstr(kept, id));
	assert_int_equal(subject_destroy(s, "pump 1", &e), 0);
	assert_string_equal(reveal(s, kept), "its key is not here");
	assert_string_equal(reveal(s, other), "{\"x\":2}");
	assert_int_equal(subject_key_id(s, "pump 1", id, &e), -ENOENT);
	assert_int_equal(subject_destroy(s, "pump 1", &e), 0); /* once more does no harm */
	/* the power fails right behind it: gone it stays */
	disk_power_lost(d, true);
	subjects_close(s);
	s = open_keys(d, &f);
	assert_string_equal(reveal(s, kept), "its key is not here");
	assert_string_equal(reveal(s, other), "{\"x\":2}");
	/* a new key for the same subject opens nothing old */
	assert_int_equal(seal(s, line, false, &e), 0);
	assert_int_equal(subject_key_id(s, "pump 1", next, &e), 0);
	assert_string_not_equal(id, next);
	assert_string_equal(reveal(s, kept), "its key was destroyed");
	assert_string_equal(reveal(s, entry), "{\"x\":1}");
	subjects_close(s);
	disk_free(d);
}

/* What was acknowledged can be opened after the power failed, wherever that was; what was being
 * destroyed is there or is not, and nothing in between. */
static void killed_anywhere(void **unused)
{
	(void)unused;
	static const char line[] = "{\"kind\":\"note\",\"subject\":\"a\",\"secret\":{\"x\":1}}";
	static char kept[sizeof entry];
	unsigned sealed = 0, ends = 0;
	for (uint64_t n = 1; !ends; n++) {
		struct disk *d = disk_new(n);
		struct files f = disk_files(d);
		struct subjects *s = NULL;
		struct err e = { 0 };
		bool stored = false;
		disk_die_at(d, n);
		if (subjects_open(&s, &f, true, &e) == 0 && seal(s, line, false, &e) == 0) {
			memcpy(kept, entry, sizeof kept);
			stored = true;
			ends = subject_destroy(s, "a", &e) == 0 && !disk_died(d);
		}
		bool died = disk_died(d);
		subjects_close(s);
		disk_power_lost(d, true);
		s = open_keys(d, &f);
		if (stored && died) {
			const char *said = reveal(s, kept);
			if (said[0] != '{' && strcmp(said, "its key is not here") != 0)
				fail_msg("killed at call %llu: %s", (unsigned long long)n, said);
			sealed += said[0] == '{';
		}
		assert_int_equal(seal(s, line, false, &e), 0); /* and it goes on */
		subjects_close(s);
		disk_free(d);
	}
	print_message("%u times there was a key to destroy, and it was whole\n", sealed);
	assert_true(sealed > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_and_opened),
		cmocka_unit_test(refused),
		cmocka_unit_test(bound_to_its_entry),
		cmocka_unit_test(every_bit_counts),
		cmocka_unit_test(erased),
		cmocka_unit_test(killed_anywhere),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
