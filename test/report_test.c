/* Every form of the report over made-up plants: valid, the same each time, and unharmed by names
 * chosen by an attacker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "report/report.h"
#include "sample_plant.h"

enum { ROOM = 32 * 1024 * 1024 };

typedef void form(const struct plant *p, struct out *o);

/* What one form says about one plant; free() it. */
static char *shown(form *say, const struct plant *p)
{
	char *room = malloc(ROOM);
	assert_non_null(room);
	struct out o = out_mem(room, ROOM);
	say(p, &o);
	assert_false(o.failed);
	assert_int_equal(strlen(out_text(&o)), o.used);
	return room;
}

static json_t *document_of(const struct plant *p)
{
	char *text = shown(report_json, p);
	json_error_t e;
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &e);
	if (!root)
		fail_msg("line %d column %d: %s", e.line, e.column, e.text);
	free(text);
	return root;
}

static const char *text_at(json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void json_has_the_plant(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	json_t *root = document_of(sample_plant(s));
	assert_string_equal(text_at(root, "weir"), "look/1");
	json_t *capture = json_object_get(root, "capture");
	assert_int_equal(json_integer_value(json_object_get(capture, "packets")), 8243);
	assert_string_equal(text_at(capture, "first"), "2026-11-14T02:00:00.000000000Z");
	assert_int_equal(json_integer_value(json_object_get(
				 json_object_get(capture, "counters"), "bad_checksum")),
		1034);

	json_t *assets = json_object_get(root, "assets");
	assert_int_equal(json_array_size(assets), 8);
	json_t *plc = json_array_get(assets, 2);
	assert_string_equal(text_at(plc, "id"), "a3");
	assert_string_equal(text_at(plc, "type"), "plc");
	assert_string_equal(text_at(plc, "model"), "CPU 315-2 PN/DP");
	assert_int_equal(json_integer_value(json_object_get(plc, "level")), 1);
	assert_string_equal(
		json_string_value(json_array_get(json_object_get(plc, "ips"), 0)), "10.0.10.21");

	json_t *conversations = json_object_get(root, "conversations");
	assert_int_equal(json_array_size(conversations), 8);
	json_t *s7 = json_array_get(conversations, 1);
	assert_string_equal(text_at(s7, "client"), "a1");
	assert_string_equal(text_at(s7, "server"), "a3");
	assert_string_equal(text_at(s7, "transport"), "tcp");
	json_t *operations = json_object_get(s7, "operations");
	assert_int_equal(json_array_size(operations), 3);
	assert_string_equal(text_at(json_array_get(operations, 0), "name"), "read_var");
	assert_string_equal(text_at(json_array_get(operations, 0), "code"), "4");
	assert_string_equal(text_at(json_array_get(operations, 2), "act"), "control");

	json_t *point = json_array_get(json_object_get(root, "points"), 2);
	assert_true(json_number_value(json_object_get(point, "first")) == 0.001234);
	json_t *finding = json_array_get(json_object_get(root, "findings"), 1);
	assert_string_equal(text_at(finding, "severity"), "critical");
	assert_string_equal(text_at(finding, "technique"), "T0858");
	assert_int_equal(json_array_size(json_object_get(finding, "frames")), 3);
	json_decref(root);
	sample_free(s);
}

static void json_leaves_out_what_is_unknown(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	json_t *root = document_of(sample_plant(s));
	json_t *unknown = json_array_get(json_object_get(root, "assets"), 7);
	static const char *const absent[] = { "name", "model", "firmware", "serial", "type",
		"level", "zone", "part_of" };
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_null(json_object_get(unknown, absent[i]));
	json_t *guessed = json_array_get(json_object_get(root, "conversations"), 4);
	assert_true(json_is_true(json_object_get(guessed, "guess")));
	json_t *silent = json_array_get(json_object_get(root, "conversations"), 6);
	assert_null(json_object_get(silent, "protocol"));
	assert_string_equal(text_at(silent, "transport"), "ethernet");
	json_t *group = json_array_get(json_object_get(root, "conversations"), 7);
	assert_null(json_object_get(group, "server"));
	assert_string_equal(text_at(group, "group"), "224.0.0.251");
	json_t *plain = json_array_get(json_object_get(root, "findings"), 0);
	assert_null(json_object_get(plain, "technique"));
	json_decref(root);
	sample_free(s);

	s = sample_empty();
	root = document_of(sample_plant(s));
	assert_null(json_object_get(json_object_get(root, "capture"), "first"));
	assert_int_equal(json_array_size(json_object_get(root, "assets")), 0);
	json_decref(root);
	sample_free(s);
}

static void json_keeps_hostile_text_as_text(void **state)
{
	(void)state;
	struct sample *s = sample_hostile();
	json_t *root = document_of(sample_plant(s));
	json_t *assets = json_object_get(root, "assets");
	assert_string_equal(text_at(json_array_get(assets, 0), "name"),
		"</script><img src=x onerror=alert(1)>\"'&]]>-->");
	assert_string_equal(
		text_at(json_array_get(assets, 1), "name"), sample_plant(s)->assets[1].name);
	assert_int_equal(strlen(text_at(json_array_get(assets, 5), "name")), 600);
	json_decref(root);
	sample_free(s);
}

static void json_lines_are_objects_with_a_kind(void **state)
{
	(void)state;
	struct sample *s = sample_small();
	char *text = shown(report_json_lines, sample_plant(s)), *rest = text;
	static const char *const kinds[] = { "capture", "asset", "conversation", "point",
		"finding" };
	size_t seen[COUNT_OF(kinds)] = { 0 };
	for (char *line; (line = strsep(&rest, "\n")) && *line;) {
		json_t *o = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		assert_non_null(o);
		size_t k = 0;
		while (k < COUNT_OF(kinds) && strcmp(text_at(o, "kind"), kinds[k]) != 0)
			k++;
		assert_in_range(k, 0, COUNT_OF(kinds) - 1);
		seen[k]++;
		json_decref(o);
	}
	static const size_t expected[] = { 1, 8, 8, 3, 4 };
	assert_memory_equal(seen, expected, sizeof seen);
	free(text);
	sample_free(s);
}

static void same_plant_same_bytes(void **state)
{
	(void)state;
	static form *const forms[] = { report_json, report_json_lines };
	for (size_t i = 0; i < COUNT_OF(forms); i++) {
		struct sample *a = sample_large(300), *b = sample_large(300);
		char *one = shown(forms[i], sample_plant(a)),
		     *two = shown(forms[i], sample_plant(b));
		assert_string_equal(one, two);
		free(one);
		free(two);
		sample_free(a);
		sample_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_has_the_plant),
		cmocka_unit_test(json_leaves_out_what_is_unknown),
		cmocka_unit_test(json_keeps_hostile_text_as_text),
		cmocka_unit_test(json_lines_are_objects_with_a_kind),
		cmocka_unit_test(same_plant_same_bytes),
	};
	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
