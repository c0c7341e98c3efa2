/* Targets of requests: what is read, and what is refused as it could be read in two ways. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/out.h"
#include "net/url.h"

/* As one line: segments with | in between, pairs behind a ?. */
static const char *spelled(struct cur target)
{
	static struct url u;
	static char text[4096];
	struct err e;
	struct out o = out_mem(text, sizeof text);
	if (url_read(target, &u, &e) < 0)
		return e.code == -EINVAL ? "invalid" : "too long";
	for (size_t i = 0; i < u.segment_count; i++)
		out_fmt(&o, "%s%s", i ? "|" : "", u.segments[i]);
	for (size_t i = 0; i < u.pair_count; i++)
		out_fmt(&o, "%s%s=%s", i ? "&" : "?", u.pairs[i].name, u.pairs[i].value);
	return out_text(&o);
}

static const struct {
	const char *target, *is;
} rows[] = {
	{ "/", "" },
	{ "/v1/health", "v1|health" },
	{ "/v1/assets/a%20b", "v1|assets|a b" },
	{ "/v1/%E2%82%AC", "v1|\xe2\x82\xac" },
	{ "/v1/a+b", "v1|a+b" },
	{ "/v1/a:b@c;d=e", "v1|a:b@c;d=e" },
	{ "/v1?a=1&b=2", "v1?a=1&b=2" },
	{ "/v1?a=1+2&b=%2B&c=x/y?z", "v1?a=1 2&b=+&c=x/y?z" },
	{ "/v1?a=b=c&d=", "v1?a=b=c&d=" },
	{ "/v1?a=%2e%2E%2F..", "v1?a=../.." },
	{ "", "invalid" },
	{ "v1", "invalid" },
	{ "*", "invalid" },
	{ "http://host/v1", "invalid" },
	{ "//v1", "invalid" },
	{ "/v1/", "invalid" },
	{ "/v1//a", "invalid" },
	{ "/v1/../etc", "invalid" },
	{ "/v1/.", "invalid" },
	{ "/v1/%2e%2e/a", "invalid" },
	{ "/v1/.%2e", "invalid" },
	{ "/v1/a%2Fb", "invalid" },
	{ "/v1/a%00b", "invalid" },
	{ "/v1/a%0d%0aX:y", "invalid" },
	{ "/v1/a%7f", "invalid" },
	{ "/v1/a\tb", "invalid" },
	{ "/v1/a b", "invalid" },
	{ "/v1/a\\b", "invalid" },
	{ "/v1/a#b", "invalid" },
	{ "/v1/a\"b", "invalid" },
	{ "/v1/\xc3\xa4", "invalid" },
	{ "/v1/%c0%af", "invalid" },
	{ "/v1/%e0%80%af", "invalid" },
	{ "/v1/%ed%a0%80", "invalid" },
	{ "/v1/%f4%90%80%80", "invalid" },
	{ "/v1/%c3", "invalid" },
	{ "/v1/%", "invalid" },
	{ "/v1/%4", "invalid" },
	{ "/v1/%4g", "invalid" },
	{ "/v1/%%34", "invalid" },
	{ "/v1?", "invalid" },
	{ "/v1?a", "invalid" },
	{ "/v1?a=1&", "invalid" },
	{ "/v1?=1", "invalid" },
	{ "/v1?a=1&a=2", "invalid" },
	{ "/v1?a=1&%61=2", "invalid" },
	{ "/v1?a=%00", "invalid" },
	{ "/a/a/a/a/a/a/a/a/a/a/a/a", "a|a|a|a|a|a|a|a|a|a|a|a" },
	{ "/a/a/a/a/a/a/a/a/a/a/a/a/a", "too long" },
};

static void targets_are_read_in_one_way(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const char *is = spelled(cur_of(rows[i].target, strlen(rows[i].target)));
		if (strcmp(is, rows[i].is) != 0)
			fail_msg("%s: '%s' and not '%s'", rows[i].target, is, rows[i].is);
	}
}

static void a_raw_nul_is_no_end(void **unused)
{
	(void)unused;
	assert_string_equal(spelled(cur_of("/v1/a\0b", 7)), "invalid");
	assert_string_equal(spelled(cur_of("/v1?a=\0", 7)), "invalid");
}

static void there_are_limits(void **unused)
{
	(void)unused;
	char long_one[URL_SIZE + 2], names[512];
	memset(long_one, 'a', sizeof long_one);
	long_one[0] = '/';
	assert_int_equal(strlen(spelled(cur_of(long_one, URL_SIZE))) < URL_SIZE, true);
	assert_string_not_equal(spelled(cur_of(long_one, URL_SIZE)), "too long");
	assert_string_equal(spelled(cur_of(long_one, URL_SIZE + 1)), "too long");
	size_t used = (size_t)snprintf(names, sizeof names, "/?");
	for (int i = 0; i <= URL_PAIRS; i++) {
		assert_string_not_equal(spelled(cur_of(names, used - 1)), "too long");
		used += (size_t)snprintf(names + used, sizeof names - used, "n%d=&", i);
	}
	assert_string_equal(spelled(cur_of(names, used - 1)), "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_read_in_one_way),
		cmocka_unit_test(a_raw_nul_is_no_end),
		cmocka_unit_test(there_are_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
