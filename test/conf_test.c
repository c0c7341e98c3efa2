/* Settings files: what is bound, and the sentence for everything that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/conf.h"

struct part {
	struct conf_text name;
	uint64_t size;
	struct conf_place place;
};

struct all {
	struct conf_text title, prose;
	uint64_t count;
	bool on;
	double rate;
	unsigned colour;
	struct conf_list tags, parts;
	struct part main;
};

static const char *const colours[] = { "red", "green", NULL };
static const struct conf_key part_keys[] = {
	{ "name", CONF_TEXT, true, offsetof(struct part, name), 1, 8 },
	{ "size", CONF_UINT, false, offsetof(struct part, size), 1, 99 },
	{ 0 },
};
static const struct conf_table part_table = { part_keys, sizeof(struct part),
	offsetof(struct part, place) };
static const struct conf_key all_keys[] = {
	{ "title", CONF_TEXT, false, offsetof(struct all, title) },
	{ "prose", CONF_PROSE, false, offsetof(struct all, prose) },
	{ "count", CONF_UINT, false, offsetof(struct all, count) },
	{ "on", CONF_BOOL, false, offsetof(struct all, on) },
	{ "rate", CONF_REAL, false, offsetof(struct all, rate), 0, 10 },
	{ "colour", CONF_WORD, false, offsetof(struct all, colour), .words = colours },
	{ "tags", CONF_TEXTS, false, offsetof(struct all, tags), 0, 3 },
	{ "parts", CONF_STRUCTS, false, offsetof(struct all, parts), .of = &part_table },
	{ "main", CONF_STRUCT, false, offsetof(struct all, main), .of = &part_table },
	{ 0 },
};
static const struct conf_table all_table = { all_keys, sizeof(struct all), CONF_NO_PLACE };

static struct conf_wrong wrong;
static struct err error;

static struct conf *bind(const char *text, struct all *out)
{
	return conf_of("t.yaml", text, strlen(text), &all_table, out, &wrong, &error);
}

static void everything_is_bound(void **state)
{
	(void)state;
	struct all all = { 0 };
	struct conf *c = bind("title: yes\n"
			      "prose: |\n  two\n  lines\n"
			      "count: 18446744073709551615\n"
			      "on: true\n"
			      "rate: 2.5e0\n"
			      "colour: green\n"
			      "tags: [~, \"\\u00e4\", 010]\n"
			      "parts:\n"
			      "  - name: a\n"
			      "    size: 7\n"
			      "  - {name: b}\n"
			      "main: {name: c}\n",
		&all);
	assert_non_null(c);
	assert_int_equal(wrong.count, 0);
	assert_string_equal(all.title.text, "yes");
	assert_string_equal(all.prose.text, "two\nlines\n");
	assert_true(all.count == UINT64_MAX);
	assert_true(all.on);
	assert_true(fabs(all.rate - 2.5) < 1e-9);
	assert_int_equal(all.colour, 1);
	const struct conf_text *tags = all.tags.items;
	assert_int_equal(all.tags.count, 3);
	assert_string_equal(tags[0].text, "~");
	assert_string_equal(tags[1].text, "\xc3\xa4");
	assert_string_equal(tags[2].text, "010");
	assert_int_equal(tags[2].place.line, 9);
	assert_int_equal(tags[2].place.column, 21);
	const struct part *parts = all.parts.items;
	assert_int_equal(all.parts.count, 2);
	assert_string_equal(parts[0].name.text, "a");
	assert_int_equal(parts[0].size, 7);
	assert_string_equal(parts[1].name.text, "b");
	assert_int_equal(parts[1].size, 0);
	assert_int_equal(parts[1].place.line, 13);
	assert_string_equal(all.main.name.text, "c");
	conf_free(c);
}

static void each_mistake_has_its_sentence(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ "", "t.yaml:1:1: found nothing, expected keys and values" },
		{ "# only words\n", "t.yaml:1:1: found nothing, expected keys and values" },
		{ "- a\n", "t.yaml:1:1: found a list, expected a mapping with the key 'title'" },
		{ "tittle: a\n",
			"t.yaml:1:1: found unknown key 'tittle', expected one of: title, prose, count, "
			"on, rate, colour, tags, parts, main; did you mean 'title'?" },
		{ "wholly_else: a\n",
			"t.yaml:1:1: found unknown key 'wholly_else', expected one of: title, prose, "
			"count, on, rate, colour, tags, parts, main" },
		{ "on: true\non: false\n",
			"t.yaml:2:1: found the key 'on' again, expected it once" },
		{ "on: yes\n", "t.yaml:1:5: on: found 'yes', expected true or false" },
		{ "on: \"true\"\n", "t.yaml:1:5: on: found \"true\", expected true or false" },
		{ "on:\n", "t.yaml:1:4: on: found nothing, expected true or false" },
		{ "count: 010\n",
			"t.yaml:1:8: count: found '010', expected a whole number without a zero in "
			"front" },
		{ "count: 0x1f\n", "t.yaml:1:8: count: found '0x1f', expected a whole number" },
		{ "count: -1\n", "t.yaml:1:8: count: found '-1', expected a whole number" },
		{ "count: 18446744073709551616\n",
			"t.yaml:1:8: count: found '18446744073709551616', expected a whole number from "
			"0 to 18446744073709551615" },
		{ "rate: .inf\n", "t.yaml:1:7: rate: found '.inf', expected a number" },
		{ "rate: 11\n", "t.yaml:1:7: rate: found '11', expected a number from 0 to 10" },
		{ "colour: blue\n",
			"t.yaml:1:9: colour: found 'blue', expected one of: red, green" },
		{ "title: [a]\n", "t.yaml:1:8: title: found a list, expected text" },
		{ "title:\n", "t.yaml:1:7: title: found nothing, expected text" },
		{ "title: \"a\\e[31m\"\n",
			"t.yaml:1:8: title: found a control character (0x1b), expected text in one "
			"line" },
		{ "title: |\n  a\n  b\n",
			"t.yaml:1:8: title: found a control character (0x0a), expected text in one "
			"line" },
		{ "tags: a\n", "t.yaml:1:7: tags: found 'a', expected a list" },
		{ "tags: [a, b, c, d]\n", "t.yaml:1:7: tags: found 4 items, expected 0 to 3" },
		{ "tags: [a, {b: c}]\n", "t.yaml:1:11: tags[1]: found a mapping, expected text" },
		{ "parts:\n  - size: 100\n    name: x\n",
			"t.yaml:2:11: parts[0].size: found '100', expected a whole number from 1 to "
			"99" },
		{ "parts:\n  - size: 1\n",
			"t.yaml:2:5: parts[0]: found no key 'name', expected it here" },
		{ "main: {name: \"\"}\n",
			"t.yaml:1:14: main.name: found text of 0 bytes, expected 1 to 8" },
		{ "title: &x a\n", "t.yaml:1:8: found an anchor (&), expected the value itself" },
		{ "title: *x\n", "t.yaml:1:8: found an alias (*), expected the value itself" },
		{ "title: !!str a\n", "t.yaml:1:8: found a tag (!), expected the value itself" },
		{ "%YAML 1.1\n---\ntitle: a\n",
			"t.yaml:1:1: found a directive (%), expected the value itself" },
		{ "title: a\n---\ntitle: b\n",
			"t.yaml:2:1: found a second document (---), expected one" },
		{ "? [a]\n: b\n", "t.yaml:1:3: found a list or mapping as a key, expected a word" },
		{ "title: \"a\\0b\"\n", "t.yaml:1:8: found a NUL in the text, expected none" },
		{ "title: a\n\tb: c\n",
			"t.yaml:2:1: found what is not YAML (found a tab character that violates "
			"indentation), expected keys and values" },
		{ "title: \xff\n",
			"t.yaml:1:1: found what is not YAML (invalid leading UTF-8 octet), expected "
			"keys and values" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct all all = { .count = 77 };
		assert_null(bind(rows[i].text, &all));
		assert_int_equal(wrong.count, 1);
		assert_string_equal(wrong.rows[0].text, rows[i].expected);
		assert_int_equal(all.count, 77); /* nothing written */
		assert_int_equal(error.code, -EINVAL);
	}
}

static void mistakes_are_collected_in_order(void **state)
{
	(void)state;
	struct all all;
	assert_null(bind("parts: [{size: 1}]\non: 1\ncount: x\n", &all));
	assert_int_equal(wrong.count, 3);
	assert_int_equal(wrong.rows[0].place.line, 1);
	assert_int_equal(wrong.rows[1].place.line, 2);
	assert_int_equal(wrong.rows[2].place.line, 3);
	assert_string_equal(error.text, wrong.rows[0].text);

	char many[64 * 30] = "parts:\n";
	for (int i = 0; i < 30; i++)
		strcat(many, "  - name: 123456789\n");
	assert_null(bind(many, &all));
	assert_int_equal(wrong.count, CONF_WRONG_MAX);
	assert_int_equal(wrong.more, 30 - CONF_WRONG_MAX);
	assert_int_equal(wrong.rows[CONF_WRONG_MAX - 1].place.line, 1 + CONF_WRONG_MAX);
}

/* What no key can say alone is found late, and told where it stands. */
static int check_first_line(struct conf *c, void *of, struct conf_wrong *some)
{
	const struct all *all = of;
	assert_int_equal(all->count, 0); /* it was wrong */
	conf_wrong_at(c, some, (struct conf_place){ 1, 1 }, "", "found this, expected that");
	return 0;
}

static void a_check_comes_late_and_is_told_in_order(void **state)
{
	(void)state;
	struct conf_table table = all_table;
	table.check = check_first_line;
	struct all all;
	char many[64 * 30] = "count: x\nparts:\n";
	for (int i = 0; i < 30; i++)
		strcat(many, "  - name: 123456789\n");
	assert_null(conf_of("t.yaml", many, strlen(many), &table, &all, &wrong, &error));
	assert_int_equal(wrong.count, CONF_WRONG_MAX);
	assert_int_equal(wrong.more, 32 - CONF_WRONG_MAX);
	assert_string_equal(wrong.rows[0].text, "t.yaml:1:1: found this, expected that");
	assert_string_equal(
		wrong.rows[1].text, "t.yaml:1:8: count: found 'x', expected a whole number");
	assert_string_equal(error.text, wrong.rows[0].text);
}

/* A file as large as allowed of one repeated piece: refused, and at once. */
static void refuse_quickly(const char *piece, const char *expected)
{
	size_t size = strlen(piece);
	char *text = malloc(CONF_FILE_MAX + 1);
	assert_non_null(text);
	size_t used = 0;
	for (; used + size <= CONF_FILE_MAX; used += size)
		memcpy(text + used, piece, size);
	struct all all;
	int64_t start = clock_monotonic();
	assert_null(conf_of("t.yaml", text, used, &all_table, &all, &wrong, &error));
	int64_t spent = clock_monotonic() - start;
	assert_non_null(strstr(error.text, expected));
	assert_true(spent < 5 * CLOCK_SECOND); /* a sanitizer on a busy machine; usually 10 ms */
	free(text);
}

static void hostile_files_cost_little(void **state)
{
	(void)state;
	refuse_quickly("[", "more than 16 levels");
	refuse_quickly("{a: ", "more than 16 levels");
	refuse_quickly("- ", "more than 16 levels");
	refuse_quickly("? ", "more than 16 levels");
	refuse_quickly("[\n", "more than 16 levels");
	refuse_quickly("- a\n", "more than 100000 keys and values");
	refuse_quickly("a: b\n", "more than 100000 keys and values");
	refuse_quickly("*a ", "alias");
	refuse_quickly("---\n", "second document");

	struct all all;
	char *large = calloc(1, CONF_FILE_MAX + 1);
	assert_non_null(large);
	assert_null(conf_of("t.yaml", large, CONF_FILE_MAX + 1, &all_table, &all, &wrong, &error));
	assert_int_equal(error.code, -EFBIG);
	memcpy(large, "on: 1\nx", 7);
	assert_null(conf_of("t.yaml", large, 20, &all_table, &all, &wrong, &error));
	assert_string_equal(wrong.rows[0].text, "t.yaml:2:2: found a NUL byte, expected text");
	free(large);
}

static void sixteen_levels_are_read(void **state)
{
	(void)state;
	struct all all;
	assert_null(bind("title: [[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]\n", &all));
	assert_string_equal(error.text, "t.yaml:1:8: title: found a list, expected text");
	assert_null(bind("title: [[[[[[[[[[[[[[[[a]]]]]]]]]]]]]]]]\n", &all));
	assert_non_null(strstr(error.text, "more than 16 levels"));
}

static void files_are_read_or_refused(void **state)
{
	(void)state;
	struct all all;
	char path[] = "/tmp/conf_testXXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "\xef\xbb\xbfon: true\r\n", 13), 13); /* as Windows writes it */
	close(fd);
	struct conf *c = conf_open(path, &all_table, &all, &wrong, &error);
	assert_non_null(c);
	assert_true(all.on);
	assert_string_equal(conf_name(c), path + 5);
	conf_free(c);
	unlink(path);

	assert_null(conf_open(path, &all_table, &all, &wrong, &error));
	assert_int_equal(error.code, -ENOENT);
	assert_null(conf_open("/tmp", &all_table, &all, &wrong, &error));
	assert_string_equal(error.text, "read '/tmp': found a directory, expected a file");
	assert_null(conf_open("/dev/zero", &all_table, &all, &wrong, &error));
	assert_int_equal(error.code, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_is_bound),
		cmocka_unit_test(each_mistake_has_its_sentence),
		cmocka_unit_test(mistakes_are_collected_in_order),
		cmocka_unit_test(a_check_comes_late_and_is_told_in_order),
		cmocka_unit_test(hostile_files_cost_little),
		cmocka_unit_test(sixteen_levels_are_read),
		cmocka_unit_test(files_are_read_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
