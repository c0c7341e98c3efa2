/* Entries in their one form: the samples of RFC 8785, and what is refused. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "event/canonical.h"
#include "event/entry.h"
#include "event/entry_view.h"

static char room[200000];

static void numbers(void **unused)
{
	(void)unused;
	/* RFC 8785, appendix B, and the edges of ECMA-262's five cases. */
	static const struct {
		uint64_t bits;
		const char *text;
	} rows[] = {
		{ 0x0000000000000000, "0" },
		{ 0x8000000000000000, "0" },
		{ 0x0000000000000001, "5e-324" },
		{ 0x8000000000000001, "-5e-324" },
		{ 0x7fefffffffffffff, "1.7976931348623157e+308" },
		{ 0xffefffffffffffff, "-1.7976931348623157e+308" },
		{ 0x4340000000000000, "9007199254740992" },
		{ 0xc340000000000000, "-9007199254740992" },
		{ 0x4430000000000000, "295147905179352830000" },
		{ 0x44b52d02c7e14af5, "9.999999999999997e+22" },
		{ 0x44b52d02c7e14af6, "1e+23" },
		{ 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
		{ 0x444b1ae4d6e2ef4e, "999999999999999700000" },
		{ 0x444b1ae4d6e2ef4f, "999999999999999900000" },
		{ 0x444b1ae4d6e2ef50, "1e+21" },
		{ 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
		{ 0x3eb0c6f7a0b5ed8d, "0.000001" },
		{ 0x41b3de4355555553, "333333333.3333332" },
		{ 0x41b3de4355555554, "333333333.33333325" },
		{ 0x41b3de4355555555, "333333333.3333333" },
		{ 0x41b3de4355555556, "333333333.3333334" },
		{ 0x41b3de4355555557, "333333333.33333343" },
		{ 0xbecbf647612f3696, "-0.0000033333333333333333" },
		{ 0x43143ff3c1cb0959, "1424953923781206.2" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		double v;
		char text[CANONICAL_NUMBER];
		memcpy(&v, &rows[i].bits, sizeof v);
		assert_string_equal(canonical_number(v, text), rows[i].text);
	}
}

static const char *canonical(const char *json)
{
	struct err e = { 0 };
	struct out o = out_mem(room, sizeof room);
	json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
	assert_non_null(value);
	int r = canonical_write(value, &o, &e);
	json_decref(value);
	return r < 0 ? NULL : out_text(&o);
}

static void samples(void **unused)
{
	(void)unused;
	/* RFC 8785, 3.2.2 and 3.2.3. */
	assert_string_equal(
		canonical("{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, "
			  "0.000000000000000000000000001],\n \"string\": "
			  "\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n "
			  "\"literals\": [null, true, false]}"),
		"{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
		"\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	assert_string_equal(
		canonical("{\"\\u20ac\":\"Euro Sign\",\"\\r\":\"Carriage Return\","
			  "\"\\ufb33\":\"Hebrew Letter Dalet With Dagesh\",\"1\":\"One\","
			  "\"\\ud83d\\ude00\":\"Emoji: Grinning Face\",\"\\u0080\":\"Control\","
			  "\"\\u00f6\":\"Latin Small Letter O With Diaeresis\"}"),
		"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
		"\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\","
		"\"\xe2\x82\xac\":\"Euro Sign\",\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
		"\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
	assert_null(canonical("9007199254740993"));
	assert_null(canonical("-900721995948198E4")); /* would come back as such an integer */
	assert_null(
		canonical("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"));
}

static void entries(void **unused)
{
	(void)unused;
	static const struct entry_defaults d = { "north", "weir", 1000000000 };
	static const struct {
		const char *json, *says;
		int code;
	} rows[] = {
		{ "{\"kind\":\"note\",\"subject\":\"pump 3\"}",
			"{\"actor\":\"weir\",\"at\":\"1970-01-01T00:00:01.000000000Z\",\"data\":{},"
			"\"kind\":\"note\",\"site\":\"north\",\"subject\":\"pump 3\"}",
			0 },
		{ "{\"kind\":\"decision\",\"subject\":\"a\",\"actor\":\"b\",\"site\":\"s\","
		  "\"at\":\"2026-11-22T20:40:11Z\",\"data\":{\"b\":1,\"a\":2.50}}",
			"{\"actor\":\"b\",\"at\":\"2026-11-22T20:40:11Z\",\"data\":{\"a\":2.5,\"b\":1},"
			"\"kind\":\"decision\",\"site\":\"s\",\"subject\":\"a\"}",
			0 },
		{ "", "no JSON", -EINVAL },
		{ "[]", "no JSON object", -EINVAL },
		{ "{\"kind\":\"note\"}", "no 'subject'", -EINVAL },
		{ "{\"kind\":\"gossip\",\"subject\":\"a\"}", "'gossip': no such kind", -EINVAL },
		{ "{\"kind\":\"note\",\"subject\":7}", "'subject' is no text", -EINVAL },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"data\":[]}", "'data' is no object",
			-EINVAL },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"more\":1}",
			"'more': an entry has no such", -EINVAL },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"at\":\"yesterday\"}", "at: no time",
			-EINVAL },
		{ "{\"kind\":\"note\",\"subject\":\"a\",\"kind\":\"note\"}", "no JSON: duplicate",
			-EINVAL },
		{ "{\"kind\":\"note\",\"subject\":\"a\xff\"}", "no JSON", -EINVAL },
		{ "{\"kind\":\"note\",\"subject\":\"a\"} {}", "no JSON", -EINVAL },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e = { 0 };
		struct out o = out_mem(room, sizeof room);
		int r = entry_canonical(rows[i].json, strlen(rows[i].json), &d, &o, &e);
		const char *is = r < 0 ? e.text : out_text(&o);
		assert_int_equal(r, rows[i].code);
		if (strncmp(is, rows[i].says, strlen(rows[i].says)) != 0)
			fail_msg("%s: '%s' instead of '%s'", rows[i].json, is, rows[i].says);
	}
}

static void too_large(void **unused)
{
	(void)unused;
	static char json[70000];
	static const struct entry_defaults d = { "north", "weir", 0 };
	struct err e = { 0 };
	struct out o = out_mem(room, sizeof room);
	memset(json, 'x', sizeof json);
	memcpy(json, "{\"kind\":\"note\",\"subject\":\"", 26);
	memcpy(json + sizeof json - 2, "\"}", 2);
	assert_int_equal(entry_canonical(json, sizeof json, &d, &o, &e), -EMSGSIZE);
}

static void times_are_read(void **unused)
{
	(void)unused;
	static const struct {
		const char *text;
		int64_t seconds; /* -1: none */
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2026-11-22T20:40:11Z", 1795380011 },
		{ "2026-11-22T20:40:11.123456789Z", 1795380011 },
		{ "2024-02-29", 1709164800 },
		{ "2000-03-01T00:00:00Z", 951868800 },
		{ "9999-12-31T23:59:59Z", INT64_C(253402300799) },
		{ "2026-13-01T00:00:00Z", -1 },
		{ "2026-11-22T24:00:00Z", -1 },
		{ "2026-11-22T20:40:11", -1 },
		{ "2026-11-22T20:40:11Z ", -1 },
		{ "", -1 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t got = -1;
		bool is = entry_seconds(cur_of(rows[i].text, strlen(rows[i].text)), &got);
		if (is != (rows[i].seconds >= 0) || (is && got != rows[i].seconds))
			fail_msg("%s: %lld", rows[i].text, (long long)got);
	}
}

/* --- the hurried look at an entry --- */

static void entries_are_seen(void **unused)
{
	(void)unused;
	static const struct {
		const char *text, *kind, *subject; /* kind NULL: not understood */
	} rows[] = {
#define FRONT "{\"actor\":\"a\",\"at\":\"2026-11-22T20:40:11Z\",\"data\":"
		{ FRONT "{},\"kind\":\"note\",\"site\":\"s\",\"subject\":\"p\"}", "note", "p" },
		{ FRONT "{\"kind\":\"hold\",\"x\":1},\"kind\":\"note\",\"site\":\"s\",\"subject\":"
			"\"p\"}",
			"note", "p" },
		{ FRONT "{\"a\":1,\"kind\":\"note\"},\"kind\":\"hold\",\"site\":\"s\","
			"\"subject\":\"p\"}",
			"hold", "p" },
		/* in a text a quote has a backslash: this one stays the subject */
		{ FRONT "{},\"kind\":\"hold\",\"site\":\"s\",\"subject\":\",\\\"kind\\\":\\\"note"
			"\\\"\"}",
			"hold", ",\\\"kind\\\":\\\"note\\\"" },
		{ FRONT "{},\"kind\":\"hold\",\"site\":\"s\",\"subject\":\"a\\\\\"}", "hold",
			"a\\\\" },
		{ FRONT "{},\"kind\":\"hold\",\"site\":\"s\",\"subject\":\"\\\\ and \\\"b\\\" c\"}",
			"hold", "\\\\ and \\\"b\\\" c" },
		{ "{\"actor\":\"a\\\"\\\\\",\"at\":\"2026-11-22T20:40:11Z\",\"data\":{},\"kind\":\"hold\","
		  "\"site\":\"s\\\\\",\"subject\":\"p\"}",
			"hold", "p" },
		{ FRONT "{},\"kind\":\"hold\",\"site\":\"s\\\",\"subject\":\"p\"}", NULL, NULL },
		{ FRONT "{},\"kind\": \"hold\",\"site\":\"s\",\"subject\":\"p\"}", NULL, NULL },
		{ FRONT "{},\"kind\":\"hold\",\"site\":\"s\",\"subject\":\"p\"} ", NULL, NULL },
		{ FRONT "{},\"kind\":\"never\",\"site\":\"s\",\"subject\":\"p\"}", NULL, NULL },
		{ FRONT "[],\"kind\":\"note\",\"site\":\"s\",\"subject\":\"p\"}", NULL, NULL },
		{ FRONT "{},\"kind\":\"note\",\"subject\":\"p\",\"site\":\"s\"}", NULL, NULL },
		{ FRONT "{},\"kind\":\"note\",\"site\":\"s\",\"subject\":\"p", NULL, NULL },
		{ "{\"at\":\"2026-11-22T20:40:11Z\"}", NULL, NULL },
		{ ",\"kind\":\"", NULL, NULL },
		{ "", NULL, NULL },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct entry_view v;
		size_t size = strlen(rows[i].text);
		/* in memory of its own size: nothing beyond it is read */
		char *text = malloc(size + 1);
		memcpy(text, rows[i].text, size);
		bool is = entry_view(cur_of(text, size), &v);
		if (is != (rows[i].kind != NULL))
			fail_msg("row %zu: %s", i, is ? "understood" : "not understood");
		if (is) {
			assert_string_equal(entry_kinds[v.kind].name, rows[i].kind);
			assert_true(cur_is(&v.subject, rows[i].subject));
		}
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers),
		cmocka_unit_test(samples),
		cmocka_unit_test(entries),
		cmocka_unit_test(too_large),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(entries_are_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
