/* What a site remembers, on plants made by hand: who turns out to be one, what is counted, what a
 * hostile sensor may say. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "event/entry.h"
#include "site/site.h"

enum { ASSETS = 4, SAID = 64 };

static const int64_t day_ns = 86400 * CLOCK_SECOND, began_ns = 1800000000 * CLOCK_SECOND;

static struct {
	struct asset assets[ASSETS];
	uint8_t macs[ASSETS][6];
	struct ip ips[ASSETS];
	struct finding finding;
	struct plant plant;
	char said[SAID][256];
	unsigned said_count;
} t;

static const struct detection_row row = { "ot.controller-stop", "controller-stop",
	ENGINE_OPERATIONAL, SEVERITY_MAJOR, "A controller was told to stop", "T0858", "Ask." };

/* As the ledger would take it. */
static int say(void *self, const char *kind, const char *subject, json_t *data, struct err *e)
{
	static char room[ENTRY_SIZE_MAX + 1];
	struct out o = out_mem(room, sizeof room);
	const struct entry_defaults d = { .site = "s", .actor = "site", .now_ns = began_ns };
	(void)self;
	json_t *entry =
		json_pack("{s:s, s:s, s:o}", "kind", kind, "subject", subject, "data", data);
	char *text = json_dumps(entry, JSON_COMPACT);
	int r = entry_canonical(text, strlen(text), &d, &o, e);
	if (r == 0) {
		const char *change = json_string_value(json_object_get(data, "change"));
		snprintf(t.said[t.said_count++ % SAID], sizeof t.said[0], "%s %s", subject, change);
	}
	free(text);
	json_decref(entry);
	return r;
}

static struct site *fresh(void)
{
	const struct site_config config = { .say = say };
	struct site *s;
	struct err e;
	memset(&t, 0, sizeof t);
	for (uint32_t i = 0; i < ASSETS; i++) {
		t.assets[i] = (struct asset){ .id = i + 1,
			.level = LEVEL_UNKNOWN,
			.first_ns = began_ns,
			.last_ns = began_ns,
			.macs = { i, 1 },
			.ips = { i, 1 } };
		memcpy(t.macs[i], (const uint8_t[]){ 0, 14, 140, 1, 2, (uint8_t)i }, 6);
		t.ips[i] = ip_of_4((const uint8_t[]){ 10, 0, 0, (uint8_t)(i + 1) });
	}
	t.finding = (struct finding){ .row = &row,
		.severity = SEVERITY_MAJOR,
		.text = "somebody told it to stop",
		.assets = { 1, 2 },
		.first_ns = began_ns,
		.last_ns = began_ns,
		.count = 1 };
	t.plant = (struct plant){ .assets = t.assets,
		.asset_count = 2,
		.macs = t.macs,
		.ips = t.ips,
		.findings = &t.finding,
		.finding_count = 1 };
	assert_int_equal(site_new(&s, &config, &e), 0);
	return s;
}

static unsigned says(const char *what)
{
	unsigned count = 0;
	for (unsigned i = 0; i < t.said_count && i < SAID; i++)
		count += strcmp(t.said[i], what) == 0;
	return count;
}

static void see(struct site *s, int64_t after_ns)
{
	struct err e = { 0 };
	assert_int_equal(site_see(s, &t.plant, began_ns + after_ns, &e), 0);
}

/* One had a MAC, the other an address alone, and then the MAC has that address. */
static void turns_out_to_be_one(void **unused)
{
	struct site *s = fresh();
	struct err e = { 0 };
	const struct site_by by = { "op", "ours", began_ns };
	(void)unused;
	t.assets[0].ips.count = 0;
	t.assets[1].macs.count = 0;
	t.finding.assets[0] = 2;
	t.finding.assets[1] = 0;
	see(s, 0);
	assert_int_equal(site_approve(s, 2, true, &by, &e), 0);
	assert_int_equal(site_set(s, 2, SITE_NAME, "pump 3", &by, &e), 0);
	t.assets[0].ips = (struct run){ 1, 1 };
	t.plant.asset_count = 1;
	t.finding.assets[0] = 1;
	t.finding.count = 2;
	see(s, CLOCK_SECOND);
	assert_int_equal(says("a2 merged"), 1);
	assert_int_equal(site_find(s, "a2"), 1);
	assert_int_equal(site_find(s, "10.0.0.2"), 1);
	assert_null(site_asset(s, 2));
	assert_true(site_asset(s, 1)->approved);
	assert_string_equal(site_field(site_asset(s, 1), SITE_NAME), "pump 3");
	assert_int_equal(site_alert_end(s), 2); /* its alert is the other one's now */
	assert_int_equal(site_alert(s, 1)->assets[0], 1);
	assert_int_equal(site_alert(s, 1)->count, 2);
	site_free(s);
}

/* An address that another machine has is no reason to be that machine. */
static void address_moves(void **unused)
{
	struct site *s = fresh();
	(void)unused;
	see(s, 0);
	t.assets[0].macs.first = 2;
	see(s, CLOCK_SECOND);
	assert_int_equal(site_find(s, "10.0.0.1"), 3);
	assert_int_equal(site_find(s, "00:0e:8c:01:02:00"), 1);
	assert_int_equal(site_asset(s, 1)->ip_count, 0);
	site_free(s);
}

static void counts_what_comes(void **unused)
{
	struct site *s = fresh();
	struct err e = { 0 };
	struct site_by by = { "op", NULL, began_ns + CLOCK_SECOND };
	(void)unused;
	see(s, 0);
	t.finding.count = 7;
	see(s, CLOCK_SECOND);
	assert_int_equal(site_alert(s, 1)->count, 7);
	assert_int_equal(site_close(s, 1, VERDICT_EXPECTED, &by, &e), 0);
	see(s, 2 * CLOCK_SECOND);
	assert_int_equal(site_alert_end(s), 2); /* nothing new came */
	t.finding.count = 9;
	t.finding.last_ns = began_ns + 3 * CLOCK_SECOND;
	see(s, 3 * CLOCK_SECOND);
	assert_int_equal(site_alert(s, 2)->count, 2);
	t.finding.count = 12;
	t.finding.last_ns = began_ns + 4 * CLOCK_SECOND;
	see(s, 4 * CLOCK_SECOND);
	assert_int_equal(site_alert(s, 2)->count, 5);
	assert_int_equal(says("a1 more"), 0);
	t.finding.count = 30;
	see(s, 5 * CLOCK_SECOND);
	assert_int_equal(says("a1 more"), 1);
	assert_int_equal(site_mute(s, 1, true, &by, &e), -EINVAL); /* the last one is meant */
	assert_int_equal(site_mute(s, 2, true, &by, &e), 0);
	site_free(s);
}

/* What one sensor says must not keep the others from being heard. */
static void hostile_counts(void **unused)
{
	struct site *s = fresh();
	struct finding both[2];
	(void)unused;
	t.finding.count = UINT64_MAX;
	t.finding.frames[0] = UINT64_MAX;
	t.finding.frame_count = 1;
	both[0] = both[1] = t.finding;
	both[0].text = "\xff\xfe not a word";
	both[1].assets[0] = 2;
	both[1].assets[1] = 1;
	t.plant.findings = both;
	t.plant.finding_count = 2;
	t.assets[0].name = "\xc3\x28\x80";
	see(s, 0);
	assert_non_null(site_alert(s, 1));
	assert_non_null(site_alert(s, 2));
	see(s, CLOCK_SECOND);
	assert_int_equal(site_alert_end(s), 3);
	assert_int_equal(site_counts(s).unsaid, 0);
	site_free(s);
}

/* After a start nobody was heard yet; that is no silence. */
static void silence(void **unused)
{
	struct site *s = fresh();
	(void)unused;
	see(s, 0);
	t.plant.asset_count = 1;
	t.assets[0].last_ns = began_ns + 2 * day_ns;
	t.plant.finding_count = 0;
	see(s, 2 * day_ns);
	assert_int_equal(says("a2 silent"), 1);
	assert_int_equal(says("a1 silent"), 0);
	t.plant.asset_count = 2;
	t.assets[1].last_ns = began_ns + 2 * day_ns;
	see(s, 2 * day_ns + CLOCK_SECOND);
	assert_int_equal(says("a2 back"), 1);
	site_free(s);
	s = fresh();
	see(s, 30 * day_ns); /* all of them were heard long ago */
	assert_int_equal(says("a1 silent"), 0);
	site_free(s);
}

/* Two sites that were killed may have given one number to two: the first has it. */
static void one_number_twice(void **unused)
{
	struct site *s = fresh();
	static const char *const entries[] = {
		"{\"actor\":\"site\",\"at\":\"2026-11-22T00:00:00Z\",\"data\":{\"change\":\"new\",\"macs\":"
		"[\"00:0e:8c:01:02:00\"]},\"kind\":\"asset\",\"site\":\"s\",\"subject\":\"a1\"}",
		"{\"actor\":\"site\",\"at\":\"2026-11-22T00:00:01Z\",\"data\":{\"change\":\"new\",\"macs\":"
		"[\"00:0e:8c:01:02:01\"]},\"kind\":\"asset\",\"site\":\"s\",\"subject\":\"a1\"}",
		"{\"actor\":\"site\",\"at\":\"2026-11-22T00:00:01Z\",\"data\":{\"change\":7,\"macs\":9},"
		"\"kind\":\"asset\",\"site\":\"s\",\"subject\":\"a99999999\"}",
	};
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(entries); i++) {
		struct entry_parts parts;
		entry_take_apart(entries[i], strlen(entries[i]), &parts);
		site_recall(s, &parts);
		entry_parts_free(&parts);
	}
	see(s, 0);
	assert_int_equal(site_ids(s)[0], 1);
	assert_int_equal(site_ids(s)[1], 2);
	site_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_out_to_be_one),
		cmocka_unit_test(address_moves),
		cmocka_unit_test(counts_what_comes),
		cmocka_unit_test(hostile_counts),
		cmocka_unit_test(silence),
		cmocka_unit_test(one_number_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
