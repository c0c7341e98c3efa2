/* JSON, output buffers and times: rows of what goes in and the text that comes out. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <math.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/json.h"

#define TEXT(name, in, out)                                                                        \
	{                                                                                          \
		name, in, sizeof(in) - 1, out                                                      \
	}
#define BAD "\xef\xbf\xbd"

static const struct {
	const char *name, *in;
	size_t size;
	const char *out;
} texts[] = {
	TEXT("plain", "pump 1", "\"pump 1\""),
	TEXT("empty", "", "\"\""),
	TEXT("quotes and backslashes", "a\"b\\c", "\"a\\\"b\\\\c\""),
	TEXT("control bytes", "\x01\n\x1b[2J\x7f", "\"\\u0001\\u000a\\u001b[2J\\u007f\""),
	TEXT("NUL in the middle", "a\0b", "\"a\\u0000b\""),
	TEXT("two, three, four bytes", "\xc3\xbc \xe2\x82\xac \xf0\x9f\x9a\xb0",
		"\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x9a\xb0\""),
	TEXT("a byte of nothing",
		"a\xff"
		"b",
		"\"a" BAD "b\""),
	TEXT("cut in the middle", "a\xe2\x82", "\"a" BAD BAD "\""),
	TEXT("too long for what it says", "\xc0\xaf \xe0\x80\xaf",
		"\"" BAD BAD " " BAD BAD BAD "\""),
	TEXT("half a pair", "\xed\xa0\x80", "\"" BAD BAD BAD "\""),
	TEXT("C1 controls, which a terminal obeys",
		"\xc2\x9b"
		"2J\xc2\x85",
		"\"\\u009b2J\\u0085\""),
	TEXT("marks that turn a line around",
		"\xe2\x80\xae"
		"a\xe2\x81\xa9\xef\xbb\xbf\xd8\x9c",
		"\"\\u202ea\\u2069\\ufeff\\u061c\""),
	TEXT("a tag nobody sees", "\xf3\xa0\x81\x81", "\"\\udb40\\udc41\""),
	TEXT("beyond the last", "\xf4\x90\x80\x80", "\"" BAD BAD BAD BAD "\""),
};

static void text_is_escaped(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		char buffer[200];
		struct out o = out_mem(buffer, sizeof buffer);
		struct json j = json_on(&o);
		json_text(&j, texts[i].in, texts[i].size);
		if (strcmp(out_text(&o), texts[i].out) != 0)
			print_error("%s\n", texts[i].name);
		assert_string_equal(buffer, texts[i].out);
	}
}

/* For a terminal that shows nothing else; the text is the same to whoever parses it. */
static void text_keeps_to_ascii(void **unused)
{
	(void)unused;
	char buffer[64];
	struct out o = out_mem(buffer, sizeof buffer);
	o.ascii = true;
	struct json j = json_on(&o);
	json_str(&j, "\xc3\xbc \xe2\x82\xac \xf0\x9f\x9a\xb0 \xff");
	assert_string_equal(out_text(&o), "\"\\u00fc \\u20ac \\ud83d\\udeb0 \\ufffd\"");
}

/* A path may be as long as it likes: the reason is the last to go. */
static void errors_keep_their_reason(void **unused)
{
	(void)unused;
	char path[2000];
	memset(path, 'x', sizeof path);
	path[sizeof path - 1] = '\0';
	struct err e;
	for (size_t size = 500; size < sizeof path; size++) {
		errno = ENOENT;
		err_sys(&e, "%.*s", (int)size, path);
		size_t all = strlen(e.text), reason = strlen(": No such file or directory");
		assert_true(all < sizeof e.text);
		assert_string_equal(e.text + all - reason, ": No such file or directory");
	}
}

static void numbers_read_back(void **unused)
{
	(void)unused;
	static const struct {
		double in;
		const char *out;
	} rows[] = { { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -17, "-17" }, { 0.1, "0.1" },
		{ 1.0 / 3, "0.3333333333333333" }, { 1e15, "1e+15" },
		{ 999999999999999, "999999999999999" }, { 1e300, "1e+300" },
		{ 5e-324, "4.94066e-324" }, { NAN, "null" }, { INFINITY, "null" },
		{ -INFINITY, "null" }, { 3.4028234663852886e38, "3.4028234663852886e+38" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char buffer[64];
		struct out o = out_mem(buffer, sizeof buffer);
		struct json j = json_on(&o);
		json_num(&j, rows[i].in);
		assert_string_equal(out_text(&o), rows[i].out);
		if (isfinite(rows[i].in))
			assert_true(strtod(buffer, NULL) == rows[i].in);
	}
}

static void commas_and_levels(void **unused)
{
	(void)unused;
	char buffer[300];
	struct out o = out_mem(buffer, sizeof buffer);
	struct json j = json_on(&o);
	json_open(&j, '{');
	json_kv_uint(&j, "most", UINT64_MAX);
	json_kv_str(&j, "none", NULL);
	json_kv_str(&j, "empty", "");
	json_kv_time(&j, "never", 0);
	json_key(&j, "least");
	json_int(&j, INT64_MIN);
	json_key(&j, "list");
	json_open(&j, '[');
	json_open(&j, '[');
	json_close(&j, ']');
	json_bool(&j, true);
	json_hex(&j, (const uint8_t[]){ 0, 255 }, 2);
	json_close(&j, ']');
	json_kv_time(&j, "at", 1);
	json_close(&j, '}');
	json_line(&j);
	json_open(&j, '{');
	json_close(&j, '}');
	assert_string_equal(out_text(&o),
		"{\"most\":18446744073709551615,\"least\":-9223372036854775808,"
		"\"list\":[[],true,\"00ff\"],"
		"\"at\":\"1970-01-01T00:00:00.000000001Z\"}\n{}");
}

static void times(void **unused)
{
	(void)unused;
	static const struct {
		int64_t ns;
		const char *text;
	} rows[] = { { 0, "1970-01-01T00:00:00.000000000Z" },
		{ -1, "1969-12-31T23:59:59.999999999Z" },
		{ INT64_C(951782400) * CLOCK_SECOND, "2000-02-29T00:00:00.000000000Z" },
		{ INT64_C(951868800) * CLOCK_SECOND - 1, "2000-02-29T23:59:59.999999999Z" },
		{ INT64_C(4107542400) * CLOCK_SECOND, "2100-03-01T00:00:00.000000000Z" },
		{ INT64_MAX, "2262-04-11T23:47:16.854775807Z" },
		{ INT64_MIN, "1677-09-21T00:12:43.145224192Z" } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char text[CLOCK_TEXT];
		assert_string_equal(clock_text(rows[i].ns, text), rows[i].text);
	}
}

/* Memory that is full stays full; a file that says no is told once, at the end. */
static void failing_sticks(void **unused)
{
	(void)unused;
	char buffer[8];
	struct err e = { 0 };
	struct out o = out_mem(buffer, sizeof buffer);
	out_str(&o, "1234567");
	assert_false(o.failed);
	out_char(&o, '8');
	out_str(&o, "9");
	assert_true(o.failed);
	assert_string_equal(out_text(&o), "1234567");
	assert_true(out_flush(&o, &e) < 0);

	int ends[2];
	assert_int_equal(pipe(ends), 0);
	o = out_fd(ends[1], buffer, sizeof buffer);
	for (unsigned i = 0; i < 10; i++)
		out_str(&o, "0123456789");
	assert_int_equal(out_flush(&o, &e), 0);
	assert_int_equal(o.written, 100);
	char back[101] = "";
	assert_int_equal(read(ends[0], back, 100), 100);
	for (unsigned i = 0; i < 10; i++)
		assert_memory_equal(back + i * 10, "0123456789", 10);
	close(ends[0]);
	close(ends[1]);
	out_str(&o, "nobody reads this any more");
	assert_true(out_flush(&o, &e) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_escaped),
		cmocka_unit_test(text_keeps_to_ascii),
		cmocka_unit_test(errors_keep_their_reason),
		cmocka_unit_test(numbers_read_back),
		cmocka_unit_test(commas_and_levels),
		cmocka_unit_test(times),
		cmocka_unit_test(failing_sticks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
