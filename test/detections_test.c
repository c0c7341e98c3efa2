/* Every detection's row is whole: whoever reads a finding gets a sentence, a class that exists, and
 * something to do.  And every one has a capture that fires it and one that comes close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "sense/detect.h"

#define X(name) detect_##name,
static const struct detection *const files[] = { DETECTION_LIST(X) };
#undef X

static bool is_class(const char *word)
{
	for (size_t i = 0; finding_classes[i]; i++)
		if (strcmp(finding_classes[i], word) == 0)
			return true;
	return false;
}

static bool ends_a_sentence(const char *text)
{
	size_t size = strlen(text);
	return size > 10 && text[size - 1] == '.';
}

/* Braces name something that the engine fills in. */
static bool places_are_known(const char *text)
{
	static const char *const places[] = { "{a}", "{b}", "{n}", "{m}", "{within}", "{detail}" };
	for (const char *at = strchr(text, '{'); at; at = strchr(at + 1, '{')) {
		bool known = false;
		for (size_t i = 0; i < COUNT_OF(places); i++)
			known |= strncmp(at, places[i], strlen(places[i])) == 0;
		if (!known)
			return false;
	}
	return true;
}

static bool are_digits(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* ATT&CK for ICS: T and four digits, which begin with 0; else Enterprise, perhaps with a part. */
static bool is_technique(const char *text)
{
	size_t size = strlen(text);
	bool part = size == 9 && text[5] == '.' && are_digits(text + 6, 3);
	return text[0] == 'T' && (size == 5 || part) && are_digits(text + 1, 4);
}

static void check_row(const struct detection *d)
{
	const struct detection_row *r = &d->row;
	print_message("%s\n", r->id);
	assert_non_null(strchr(r->id, '.'));
	assert_non_null(r->class);
	assert_true(is_class(r->class));
	assert_non_null(r->title);
	assert_true(strlen(r->title) > 10);
	assert_true(r->title[strlen(r->title) - 1] != '.');
	assert_non_null(r->next);
	assert_true(ends_a_sentence(r->next));
	assert_non_null(d->text);
	assert_true(ends_a_sentence(d->text));
	assert_non_null(strstr(d->text, "{a}"));
	assert_true(places_are_known(d->text));
	if (r->technique)
		assert_true(is_technique(r->technique));
	assert_true(r->engine <= ENGINE_OPERATIONAL);
	assert_true(r->severity <= SEVERITY_CRITICAL);
	/* Something wakes it, and what it remembers has a limit. */
	assert_true(d->events || d->survey);
	assert_true(!d->memory || d->keys_max);
	/* What it counts has a limit in its row, and the sentence says it. */
	assert_true(d->memory || !d->limit.count);
	assert_int_equal(d->limit.count != 0, d->limit.seconds != 0);
	assert_int_equal(d->limit.count != 0, strstr(d->text, "{within}") != NULL);
	assert_true(!d->limit_it.count || d->limit_it.seconds == d->limit.seconds);
}

static void rows_are_whole(void **unused)
{
	(void)unused;
	size_t count = 0;
	for (size_t i = 0; i < COUNT_OF(files); i++)
		for (const struct detection *d = files[i]; d->row.id; d++, count++)
			check_row(d);
	assert_true(count > 20);
}

static void ids_are_different(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(files); i++)
		for (const struct detection *d = files[i]; d->row.id; d++)
			for (size_t k = 0; k < COUNT_OF(files); k++)
				for (const struct detection *o = files[k]; o->row.id; o++)
					assert_true(o == d || strcmp(o->row.id, d->row.id) != 0);
}

static void each_has_its_captures(void **unused)
{
	(void)unused;
	static const char *const words[] = { "fires", "close" };
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		for (const struct detection *d = files[i]; d->row.id; d++) {
			for (size_t w = 0; w < COUNT_OF(words); w++) {
				char path[512];
				snprintf(path, sizeof path, GOLDEN "/detect/%s.%s.pcap", d->row.id,
					words[w]);
				if (access(path, R_OK))
					fail_msg("%s is missing", path);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_whole),
		cmocka_unit_test(ids_are_different),
		cmocka_unit_test(each_has_its_captures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
