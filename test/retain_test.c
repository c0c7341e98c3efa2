/* How long entries are kept: promises, holds, time that passed, and what may be let go. */
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
#include "base/clock.h"
#include "disk.h"
#include "event/entry.h"
#include "ledger/check.h"
#include "ledger/ledger.h"
#include "ledger/passage.h"
#include "ledger/keys.h"
#include "ledger/prune.h"
#include "ledger/shelf.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

static const char origin[] = "ledger.example/keep";
static struct sign_key *secret, *next_secret;
static struct note_key public, next_public;
static bool changed; /* heads are signed by both then */

enum { DAY = 86400 };
static const int64_t start = INT64_C(1700000000); /* 2023-11-14 */

static int sign_with_key(void *self, const struct checkpoint *c, const struct merkle_proof *proof,
	struct out *o, struct err *e)
{
	(void)c;
	(void)proof;
	(void)e;
	size_t text = o->used;
	note_sign(o, text, &public, self, 0);
	if (changed)
		note_sign(o, text, &next_public, next_secret, 0);
	return 0;
}

static int set_up(void **unused)
{
	(void)unused;
	struct err e;
	uint8_t seed[SIGN_SEED] = { 9 }, next_seed[SIGN_SEED] = { 10 };
	secret = sign_key_new(seed, &e);
	next_secret = sign_key_new(next_seed, &e);
	if (!secret || !next_secret)
		return -1;
	public = note_key_of(origin, NOTE_ED25519, secret);
	next_public = note_key_of(origin, NOTE_ED25519, next_secret);
	return 0;
}

static int tear_down(void **unused)
{
	(void)unused;
	sign_key_free(secret);
	sign_key_free(next_secret);
	return 0;
}

static void assert_says(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("'%s' does not say '%s'", text ? text : "(nothing)", words);
}

/* --- time that passed --- */

static void time_passes(void **unused)
{
	(void)unused;
	enum { STEPS = 8 };
	static const struct {
		const char *what;
		int64_t at[STEPS]; /* days; -1 ends */
		int64_t days;      /* counted, the last entry's own day among them */
	} rows[] = {
		{ "one entry is a day", { 10, -1 }, 1 },
		{ "every day", { 0, 1, 2, 3, -1 }, 4 },
		{ "twice a day, the same", { 0, 0, 1, 1, 2, -1 }, 3 },
		{ "silence counts for a day", { 0, 100, -1 }, 2 },
		{ "a jump ahead and back", { 0, 1, 4000, 2, 3, -1 }, 5 },
		{ "to and fro", { 0, 4000, 0, 4000, 0, 4000, 0, -1 }, 2 },
		{ "backwards", { 5, 4, 3, 2, -1 }, 4 },
		{ "what was jumped over is counted when it comes", { 0, 3, 1, 2, -1 }, 4 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct passage p = { 0 };
		passage_own(&p, start - 9 * DAY); /* a day, too */
		for (size_t n = 0; n < STEPS && rows[i].at[n] >= 0; n++)
			passage_see(&p, start + rows[i].at[n] * DAY);
		int64_t counted = passage_counted(&p, start + 9999 * DAY) - DAY;
		passage_own(&p, start + 9999 * DAY);
		if (counted != rows[i].days * DAY || p.counted_s != counted + 2 * DAY)
			fail_msg("%s: %lld seconds", rows[i].what, (long long)counted);
	}
}

/* The ledger's own entries are of its own clock; the others may say what they like. */
static void own_entries_frame_time(void **unused)
{
	(void)unused;
	enum { STEPS = 12, OWN = 100000, END = -1 };
	static const struct {
		const char *what;
		int64_t at[STEPS]; /* days; OWN more: one of the ledger's own */
		int64_t until, days;
		bool ahead;
	} rows[] = {
		{ "before any", { 1, 2, 3, END }, 100, 0, false },
		{ "older than the one in front", { OWN + 50, 5, 6, 7, 49, END }, 100, 1, false },
		{ "later than the one behind", { OWN, 1, 2, 400, 401, 402, OWN + 10, END }, 100, 4,
			false },
		{ "also once that time has come", { OWN, 1, 2, 400, 401, 402, OWN + 10, END }, 900,
			4, false },
		{ "later than now", { OWN, 1, 2, 300, 301, END }, 250, 3, true },
		{ "no later than now", { OWN, 1, 2, 300, 301, END }, 301, 5, false },
		{ "a clock that was set back", { OWN, 1, OWN + 1000, 2, 3, END }, 5, 3, true },
		{ "and was told so", { OWN, 1, OWN + 1000, OWN + 2, 3, 4, END }, 5, 6, false },
		{ "nothing twice", { OWN, 1, 2, OWN + 3, OWN, 1, 2, OWN + 3, END }, 5, 4, false },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct passage p = { 0 };
		for (size_t n = 0; rows[i].at[n] != END; n++) {
			int64_t at = rows[i].at[n];
			if (at >= OWN)
				passage_own(&p, start + (at - OWN) * DAY);
			else
				passage_see(&p, start + at * DAY);
		}
		int64_t counted = passage_counted(&p, start + rows[i].until * DAY);
		if (counted != rows[i].days * DAY)
			fail_msg("%s: %lld seconds", rows[i].what, (long long)counted);
		if (passage_is_ahead(&p, start + rows[i].until * DAY) != rows[i].ahead)
			fail_msg("%s: ahead or not", rows[i].what);
	}
}

/* As a list of seconds has it, for any order of any entries; never more, where spans are joined. */
static void time_passes_as_counted(void **unused)
{
	(void)unused;
	enum { HOUR = 3600, HOURS = 4000 };
	static bool seen[HOURS + 24];
	for (unsigned seed = 1; seed < 200; seed++) {
		struct passage p = { 0 };
		unsigned chance = seed;
		int64_t hours = 0, counted;
		memset(seen, 0, sizeof seen);
		passage_own(&p, start - 9 * DAY);
		for (unsigned n = 0; n < 300; n++) {
			chance = chance * 1103515245 + 12345;
			unsigned at = (chance >> 8) % (seed % 2 ? HOURS : 300);
			passage_see(&p, start + (int64_t)at * HOUR);
			for (unsigned h = at; h < at + 24; h++) {
				hours += !seen[h];
				seen[h] = true;
			}
			counted = passage_counted(&p, start + 9999 * DAY) - DAY;
			assert_true(counted <= hours * HOUR);
			if (seed % 2 == 0)
				assert_int_equal(counted, hours * HOUR);
		}
	}
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

/* --- a ledger of a story --- */

struct story {
	struct disk *disk;
	struct files files;
	struct ledger *ledger;
	uint64_t next;
	int64_t at_s;
};

static uint64_t tell_as(struct story *s, const char *kind, const char *subject, const char *data)
{
	char line[2048], entry[4096], at[CLOCK_TEXT];
	struct err e = { 0 };
	const struct entry_defaults d = { "site", "somebody", s->at_s * CLOCK_SECOND };
	const struct entry_means means = { .own = true };
	struct out o = out_mem(entry, sizeof entry);
	uint64_t sequence;
	snprintf(line, sizeof line,
		"{\"kind\":\"%s\",\"subject\":\"%s\",\"at\":\"%.19sZ\",\"data\":%s}", kind, subject,
		clock_text(s->at_s * CLOCK_SECOND, at), data);
	if (entry_write(line, strlen(line), &d, &means, &o, &e) < 0)
		fail_msg("%s: %s", line, e.text);
	assert_int_equal(ledger_append(s->ledger, entry, o.used, &sequence, &e), 0);
	s->next = sequence + 1;
	return sequence;
}

static void open_story(struct story *s)
{
	static struct signer signer;
	signer = (struct signer){
		.self = secret, .origin = origin, .key = &public, .sign = sign_with_key
	};
	s->files = disk_files(s->disk);
	const struct ledger_config config = { &s->files, &signer, WAL_LEAST, 0 };
	struct err e = { 0 };
	if (ledger_open(&s->ledger, &config, 0, &e) < 0)
		fail_msg("%s", e.text);
}

static void close_story(struct story *s)
{
	struct err e = { 0 };
	if (ledger_finish(s->ledger, 0, &e) < 0)
		fail_msg("%s", e.text);
	ledger_close(s->ledger);
	s->ledger = NULL;
}

static void begin(struct story *s)
{
	changed = false;
	*s = (struct story){ .disk = disk_new(3), .at_s = start };
	open_story(s);
	tell_as(s, "key", origin, "{}");
}

static void end(struct story *s)
{
	if (s->ledger)
		close_story(s);
	disk_free(s->disk);
}

/* So many entries, each a quarter of a day after the one before. */
static void days(struct story *s, const char *kind, const char *subject, unsigned count)
{
	for (unsigned i = 0; i < count; i++, s->at_s += DAY / 4)
		tell_as(s, kind, subject, "{}");
}

static void plan_at(
	struct story *s, int64_t until_s, struct prune_plan *plan, struct retain **rules)
{
	struct err e = { 0 };
	if (retain_load(rules, &s->files, s->next, NULL, &e) < 0)
		fail_msg("%s", e.text);
	if (prune_plan(plan, &s->files, s->next, *rules, until_s, NULL, &e) < 0)
		fail_msg("%s", e.text);
}

static uint64_t may_go(struct story *s, int64_t until_s)
{
	struct prune_plan plan;
	struct retain *rules;
	plan_at(s, until_s, &plan, &rules);
	uint64_t entries = plan.entries;
	prune_plan_done(&plan);
	retain_free(rules);
	return entries;
}

static int check(struct story *s, struct ledger_checked *found, struct err *e)
{
	const struct ledger_check c = { .files = &s->files, .key = &public, .origin = origin };
	return ledger_check(&c, found, e);
}

/* --- what may go --- */

static void what_may_go(void **unused)
{
	(void)unused;
	static const struct {
		const char *what;
		const char *kind[4], *data[4]; /* of own entries, at the end */
		uint64_t entries;
	} rows[] = {
		{ "nothing promised", { NULL }, { NULL }, 0 },
		{ "100 days", { "retention" }, { "{\"days\":100}" }, 1536 },
		{ "all of it is younger", { "retention" }, { "{\"days\":600}" }, 0 },
		{ "the longest counts, later", { "retention", "retention" },
			{ "{\"days\":100}", "{\"days\":600}" }, 0 },
		{ "the longest counts, earlier", { "retention", "retention" },
			{ "{\"days\":600}", "{\"days\":100}" }, 0 },
		{ "of another kind", { "retention" }, { "{\"days\":1,\"kinds\":[\"alarm\"]}" }, 0 },
		{ "one kind longer", { "retention", "retention" },
			{ "{\"days\":1}", "{\"days\":600,\"kinds\":[\"finding\"]}" }, 1024 },
		{ "a hold on one entry", { "retention", "hold" },
			{ "{\"days\":100}", "{\"first\":300,\"hold\":\"entries\",\"last\":300}" },
			1280 },
		{ "a hold on a kind", { "retention", "hold" },
			{ "{\"days\":1}", "{\"hold\":\"kind\",\"kind\":\"finding\"}" }, 1024 },
		{ "a hold on a subject", { "retention", "hold" },
			{ "{\"days\":1}", "{\"hold\":\"subject\"}" }, 0 },
		{ "released", { "retention", "hold", "hold" },
			{ "{\"days\":100}", "{\"first\":300,\"hold\":\"entries\",\"last\":300}",
				"{\"release\":2302}" },
			1536 },
		{ "another one released", { "retention", "hold", "hold" },
			{ "{\"days\":100}", "{\"first\":300,\"hold\":\"entries\",\"last\":300}",
				"{\"release\":2301}" },
			1280 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct story s;
		begin(&s);
		days(&s, "note", "pump", 1279);
		days(&s, "finding", "pump", 1021);
		for (size_t n = 0; n < 4 && rows[i].kind[n]; n++)
			tell_as(&s, rows[i].kind[n], "pump", rows[i].data[n]);
		close_story(&s);
		uint64_t entries = may_go(&s, s.at_s);
		if (entries != rows[i].entries)
			fail_msg("%s: %llu entries may go", rows[i].what,
				(unsigned long long)entries);
		end(&s);
	}
}

/* A rule of a version to come: who does not know it lets nothing go. */
static void unknown_rules_keep_all(void **unused)
{
	(void)unused;
	static const char *const rows[] = { "{\"days\":0}", "{\"days\":99999999}", "{\"years\":1}",
		"{\"days\":1,\"kinds\":[\"of a later version\"]}", "{\"days\":1,\"kinds\":7}" };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct story s;
		struct retain *rules;
		struct prune_plan plan;
		struct err e = { 0 };
		begin(&s);
		tell_as(&s, "retention", "x", "{\"days\":1}");
		tell_as(&s, "retention", "x", rows[i]);
		days(&s, "note", "pump", 1000);
		close_story(&s);
		assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
		assert_int_equal(
			prune_plan(&plan, &s.files, s.next, rules, s.at_s, NULL, &e), -ENOTSUP);
		assert_says(e.text, "entry 2 is a rule");
		retain_free(rules);
		end(&s);
	}
}

/* --- clocks that lie --- */

static void clocks_lie(void **unused)
{
	(void)unused;
	enum { YEARS = 3650 * DAY };
	struct story s;
	begin(&s);
	tell_as(&s, "retention", "every kind", "{\"days\":30}");
	days(&s, "note", "pump", 800); /* 200 days: entries 2 to 801 */
	close_story(&s);
	/* 256 to 511 are old enough, 512 to 767 are not: not by a clock that jumps ahead, either */
	assert_int_equal(may_go(&s, s.at_s), 256);
	assert_int_equal(may_go(&s, s.at_s + YEARS), 256);
	/* and entries are written by that clock, busily */
	open_story(&s);
	s.at_s += YEARS;
	for (unsigned i = 0; i < 600; i++, s.at_s++)
		tell_as(&s, "note", "pump", "{}");
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 256);
	/* to and fro, in every second entry */
	open_story(&s);
	for (unsigned i = 0; i < 600; i++) {
		s.at_s += i % 2 ? YEARS : -(int64_t)YEARS;
		tell_as(&s, "note", "pump", "{}");
	}
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 256);
	/* set right again: with forty more days written, they are; those of the future stay */
	open_story(&s);
	s.at_s = start + 201 * DAY;
	days(&s, "note", "pump", 160);
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 512);
	end(&s);
}

/* An entry that says it is old is no older than what was written since. */
static void entries_lie(void **unused)
{
	(void)unused;
	struct story s;
	begin(&s);
	tell_as(&s, "retention", "every kind", "{\"days\":30}");
	int64_t now = s.at_s;
	s.at_s -= 3650 * DAY;
	for (unsigned i = 0; i < 600; i++)
		tell_as(&s, "note", "pump", "{}");
	s.at_s = now;
	days(&s, "note", "pump", 40);
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 0);
	assert_int_equal(may_go(&s, s.at_s + 40 * DAY), 0); /* nothing was written since */
	open_story(&s);
	days(&s, "note", "pump", 4 * 31);
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 256);
	end(&s);
}

/* Nor does the time come early, because entries say that it has: not when the clock says so later.
 */
static void entries_run_ahead(void **unused)
{
	(void)unused;
	struct story s;
	begin(&s);
	tell_as(&s, "retention", "every kind", "{\"days\":30}");
	days(&s, "note", "pump", 300);
	int64_t now = s.at_s;
	for (unsigned i = 0; i < 400; i++, s.at_s += DAY)
		tell_as(&s, "note", "pump", "{}");
	s.at_s = now;
	tell_as(&s, "hold", "x", "{\"hold\":\"subject\"}");
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 0);
	assert_int_equal(may_go(&s, s.at_s + 3650 * DAY), 0);
	/* as if they had not been there: forty days that were written, by a clock that is right */
	open_story(&s);
	days(&s, "note", "pump", 160);
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 0); /* they are not old by the clock */
	assert_int_equal(may_go(&s, s.at_s + 3650 * DAY), 256);
	end(&s);
}

/* --- letting go --- */

/* A plan told of, and carried out; `until` is the time of the entry, too. */
static void let_go(struct story *s, bool remove)
{
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	size_t at = 0;
	json_t *data;
	plan_at(s, s->at_s, &plan, &rules);
	open_story(s);
	for (;;) {
		assert_int_equal(prune_data(&plan, &at, s->at_s, NULL, &data, &e), 0);
		if (!data)
			break;
		char *text = json_dumps(data, JSON_COMPACT);
		tell_as(s, "retention", "let go", text);
		free(text);
		json_decref(data);
	}
	close_story(s);
	if (remove)
		assert_int_equal(prune_remove(&plan, &s->files, &e), 0);
	prune_plan_done(&plan);
	retain_free(rules);
}

static void two_years(struct story *s)
{
	begin(s);
	tell_as(s, "retention", "every kind", "{\"days\":100}");
	days(s, "note", "pump", 2998);
	close_story(s);
}

static void what_is_left_holds(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	two_years(&s);
	let_go(&s, true);
	if (check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.gone, 2304);
	assert_int_equal(found.strange, 0);
	/* years on: what was let go still bears witness of its time */
	open_story(&s);
	days(&s, "note", "pump", 1200);
	close_story(&s);
	let_go(&s, true);
	if (check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.gone, 3072);
	end(&s);
}

/* The key changed just before what was let go: it is read once. */
static void a_change_of_keys_stays(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	char data[KEY_CHANGE_DATA];
	begin(&s);
	tell_as(&s, "retention", "every kind", "{\"days\":30}");
	days(&s, "note", "pump", 300);
	changed = true;
	key_change_data(&public, secret, &next_public, next_secret, data);
	tell_as(&s, "key", origin, data);
	days(&s, "note", "pump", 700);
	close_story(&s);
	let_go(&s, true);
	size_t size;
	assert_null(disk_bytes(s.disk, "tile/entries/002", &size));
	if (check(&s, &found, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(found.keys.count, 1);
	assert_true(found.gone >= 256);
	end(&s);
}

/* The ledger is killed anywhere while it lets go: it is called again, and nothing is lost that
 * should stay. */
static void killed_while_letting_go(void **unused)
{
	(void)unused;
	struct story whole;
	unsigned long tried = 0;
	two_years(&whole);
	let_go(&whole, false);
	for (uint64_t n = 1;; n++, tried++) {
		struct story s = { .disk = disk_new(n), .at_s = whole.at_s, .next = whole.next };
		struct prune_plan plan;
		struct retain *rules;
		struct ledger_checked found;
		struct err e = { 0 };
		disk_copy(s.disk, whole.disk);
		s.files = disk_files(s.disk);
		plan_at(&s, s.at_s, &plan, &rules);
		assert_int_equal(plan.entries, 2304);
		assert_true(plan.ranges[0].said);
		disk_die_at(s.disk, disk_calls(s.disk) + n);
		int done = prune_remove(&plan, &s.files, &e);
		prune_plan_done(&plan);
		retain_free(rules);
		bool died = disk_died(s.disk);
		disk_power_lost(s.disk, n % 2);
		if (check(&s, &found, &e) < 0)
			fail_msg("killed at call %llu: %s", (unsigned long long)n, e.text);
		plan_at(&s, s.at_s, &plan, &rules);
		assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
		prune_plan_done(&plan);
		retain_free(rules);
		assert_int_equal(check(&s, &found, &e), 0);
		assert_int_equal(found.gone, 2304);
		disk_free(s.disk);
		if (!died) {
			assert_int_equal(done, 0);
			break;
		}
	}
	print_message("killed at %lu calls\n", tried);
	assert_true(tried > 10);
	end(&whole);
}

/* Parts from before a bundle was whole, and files that never got their name, have entries in them.
 */
static void no_part_is_left(void **unused)
{
	(void)unused;
	static const char *const parts[] = { "tile/entries/003.p/17", "tile/entries/003.p/200.new",
		"tile/entries/004.new", "tile.new" };
	struct story s;
	struct err e = { 0 };
	size_t size;
	two_years(&s);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_int_equal(files_put(&s.files, parts[i], "clear", 5, &e), 0);
	let_go(&s, true);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (disk_bytes(s.disk, parts[i], &size))
			fail_msg("%s is there", parts[i]);
	end(&s);
}

/* A disk that refuses: it is told, whichever call it was, and the next time all of it goes. */
static void what_stays_is_told(void **unused)
{
	(void)unused;
	struct story whole;
	struct err e = { 0 };
	two_years(&whole);
	assert_int_equal(files_put(&whole.files, "tile/entries/003.p/17", "clear", 5, &e), 0);
	let_go(&whole, false);
	for (uint64_t n = 1;; n++) {
		struct story s = { .disk = disk_new(n), .at_s = whole.at_s, .next = whole.next };
		struct prune_plan plan;
		struct retain *rules;
		enum disk_call which;
		size_t size;
		disk_copy(s.disk, whole.disk);
		s.files = disk_files(s.disk);
		plan_at(&s, s.at_s, &plan, &rules);
		disk_fail_at(s.disk, n, 0, -EROFS);
		int done = prune_remove(&plan, &s.files, &e);
		bool fired = disk_fired(s.disk, &which);
		disk_fail_at(s.disk, UINT64_MAX / 2, 0, 0);
		if (fired && (done != -EROFS || !strstr(e.text, "Read-only")))
			fail_msg("call %llu: %d %s", (unsigned long long)n, done, e.text);
		assert_int_equal(fired ? 0 : done, 0);
		prune_plan_done(&plan);
		retain_free(rules);
		plan_at(&s, s.at_s, &plan, &rules);
		assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
		assert_null(disk_bytes(s.disk, "tile/entries/003.p/17", &size));
		prune_plan_done(&plan);
		retain_free(rules);
		disk_free(s.disk);
		if (!fired)
			break;
		assert_true(n < 1000);
	}
	end(&whole);
}

/* What was said to go, and was not gone yet when a hold came, stays. */
static void a_hold_comes_in_between(void **unused)
{
	(void)unused;
	struct story s;
	two_years(&s);
	let_go(&s, false);
	open_story(&s);
	tell_as(&s, "hold", "x", "{\"first\":300,\"hold\":\"entries\",\"last\":600}");
	close_story(&s);
	assert_int_equal(may_go(&s, s.at_s), 2304 - 512);
	end(&s);
}

/* --- against the rules, with the key --- */

static void forgeries(void **unused)
{
	(void)unused;
#define RANGE(first, last, kinds, newest)                                                          \
	"{\"pruned\":[{\"counted\":99999999,\"first\":" first ",\"kinds\":[" kinds                 \
	"],\"last\":" last ",\"newest\":\"" newest "\"}],\"until\":\""
#define OLD "2001-01-01T00:00:00Z"
	static const struct {
		const char *what, *before, *data, *says;
		int64_t later; /* the clock was put ahead */
	} rows[] = {
		{ "no promise names it", NULL, RANGE("256", "511", "\"alarm\"", OLD), NULL, 0 },
		{ "too young", NULL, RANGE("2560", "2815", "\"note\"", OLD),
			"entry 1 promised 100 for kind 'note'", 0 },
		{ "as it says itself", NULL,
			RANGE("256", "511", "\"note\"", "2025-11-01T00:00:00Z"),
			"entry 1 promised 100", 0 },
		{ "by a clock ten years ahead", NULL, RANGE("2560", "2815", "\"note\"", OLD),
			"days at most, entry 1 promised 100", 3650 * DAY },
		{ "held", "{\"first\":511,\"hold\":\"entries\",\"last\":511}",
			RANGE("256", "511", "\"note\"", OLD), "which entry 3000 holds", 0 },
		{ "held by kind", "{\"hold\":\"kind\",\"kind\":\"note\"}",
			RANGE("256", "511", "\"note\"", OLD), "which entry 3000 holds", 0 },
		{ "held where the subject was",
			"{\"hold\":\"subject\",\"ranges\":[{\"first\":256,\"last\":1023}]}",
			RANGE("256", "511", "\"note\"", OLD), "which entry 3000 holds", 0 },
		{ "the ledger's own kind", NULL, RANGE("256", "511", "\"key\"", OLD),
			"which always stay", 0 },
		{ "the first bundle", NULL, RANGE("0", "255", "\"note\"", OLD), "entry 0 is gone",
			0 },
		{ "no kind at all", NULL, RANGE("256", "511", "", OLD), "names no whole bundles",
			0 },
		{ "no whole bundle", NULL, RANGE("256", "510", "\"note\"", OLD),
			"names no whole bundles", 0 },
		{ "its own bundle", NULL, RANGE("2816", "3071", "\"note\"", OLD),
			"names no whole bundles", 0 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct story s;
		struct ledger_checked found;
		struct err e = { 0 };
		char data[512], until[CLOCK_TEXT], name[TILE_NAME];
		two_years(&s);
		open_story(&s);
		if (rows[i].before)
			tell_as(&s, "hold", "x", rows[i].before);
		s.at_s += rows[i].later;
		snprintf(data, sizeof data, "%s%.19sZ\"}", rows[i].data,
			clock_text(s.at_s * CLOCK_SECOND, until));
		tell_as(&s, "retention", "let go", data);
		close_story(&s);
		const char *first = strstr(data, "\"first\":");
		tile_name(name, TILE_ENTRIES, strtoul(first + 8, NULL, 10) / 256, TILE_WIDTH);
		s.files.remove(s.files.self, name);
		int r = check(&s, &found, &e);
		if (rows[i].says) {
			if (r != -EBADMSG)
				fail_msg("%s: %d %s", rows[i].what, r, e.text);
			assert_says(e.text, rows[i].says);
		} else {
			assert_int_equal(r, 0);
		}
		end(&s);
	}
}

/* Who has the key claims that it was time, and has entries of days to come for witnesses. */
static void forged_witnesses(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	char data[512], until[CLOCK_TEXT];
	two_years(&s);
	open_story(&s);
	int64_t now = s.at_s;
	for (unsigned i = 0; i < 300; i++, s.at_s += DAY)
		tell_as(&s, "note", "pump", "{}");
	s.at_s = now;
	tell_as(&s, "hold", "x", "{\"hold\":\"subject\"}");
	s.at_s += 3650 * DAY;
	snprintf(data, sizeof data, RANGE("2560", "2815", "\"note\"", OLD) "%.19sZ\"}",
		clock_text(s.at_s * CLOCK_SECOND, until));
	tell_as(&s, "retention", "let go", data);
	close_story(&s);
	assert_int_equal(s.files.remove(s.files.self, "tile/entries/010"), 0);
	assert_int_equal(check(&s, &found, &e), -EBADMSG);
	assert_says(e.text, "days at most, entry 1 promised 100");
	end(&s);
}

static void missing_without_a_word(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	two_years(&s);
	assert_int_equal(s.files.remove(s.files.self, "tile/entries/003"), 0);
	assert_int_equal(check(&s, &found, &e), -ENOENT);
	assert_says(e.text, "tile/entries/003 is missing, and no entry says");
	end(&s);
}

/* The hashes of what was let go are as good as ever: one that is changed is found. */
static void hashes_carry_on(void **unused)
{
	(void)unused;
	struct story s;
	struct ledger_checked found;
	struct err e = { 0 };
	size_t size;
	two_years(&s);
	let_go(&s, true);
	disk_bytes(s.disk, "tile/0/003", &size)[77] ^= 1;
	assert_int_equal(check(&s, &found, &e), -EBADMSG);
	assert_says(e.text, "tile/1/000");
	end(&s);
}

/* --- moving --- */

static void moved_and_read(void **unused)
{
	(void)unused;
	struct story s;
	struct disk *far = disk_new(5);
	struct files there = disk_files(far), both;
	struct shelf shelf = { &s.files, &there };
	struct prune_plan plan;
	struct retain *rules;
	struct ledger_checked found;
	struct err e = { 0 };
	json_t *data;
	size_t at = 0, size;
	two_years(&s);
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	assert_int_equal(
		move_plan(&plan, &s.files, s.next, rules, start + 400 * DAY, "far", NULL, &e), 0);
	assert_int_equal(plan.entries, 1280);
	assert_int_equal(move_copy(&plan, &s.files, s.next, &there, &e), 0);
	assert_int_equal(prune_data(&plan, &at, 0, "far", &data, &e), 0);
	char *text = json_dumps(data, JSON_COMPACT);
	open_story(&s);
	tell_as(&s, "retention", "moved", text);
	close_story(&s);
	free(text);
	json_decref(data);
	assert_int_equal(prune_remove(&plan, &s.files, &e), 0);
	assert_int_equal(check(&s, &found, &e), 0);
	assert_int_equal(found.gone, 1280);
	both = s.files;
	s.files = shelf_files(&(struct shelf){ &both, &there });
	shelf.here = &both;
	s.files = shelf_files(&shelf);
	assert_int_equal(check(&s, &found, &e), 0);
	assert_int_equal(found.gone, 0);
	/* what is changed there is found as it would be here */
	disk_bytes(far, "tile/entries/002", &size)[100] ^= 1;
	assert_int_equal(check(&s, &found, &e), -EBADMSG);
	assert_says(e.text, "tile/entries/002");
	s.files = both;
	prune_plan_done(&plan);
	retain_free(rules);
	disk_free(far);
	end(&s);
}

/* What was let go is passed over. */
static void moves_what_is_left(void **unused)
{
	(void)unused;
	struct story s;
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	two_years(&s);
	let_go(&s, true);
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	assert_int_equal(move_plan(&plan, &s.files, s.next, rules, INT64_MAX, "far", NULL, &e), 0);
	assert_int_equal(plan.entries, 256);
	prune_plan_done(&plan);
	retain_free(rules);
	end(&s);
}

/* What is damaged here does not move. */
static void damage_stays(void **unused)
{
	(void)unused;
	struct story s;
	struct disk *far = disk_new(5);
	struct files there = disk_files(far);
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	size_t size;
	two_years(&s);
	disk_bytes(s.disk, "tile/entries/002", &size)[12] ^= 1; /* in the actor's name */
	assert_int_equal(retain_load(&rules, &s.files, s.next, NULL, &e), 0);
	assert_int_equal(move_plan(&plan, &s.files, s.next, rules, INT64_MAX, "far", NULL, &e), 0);
	assert_int_equal(move_copy(&plan, &s.files, s.next, &there, &e), -EBADMSG);
	assert_says(e.text, "tile/entries/002 is damaged: entry 512");
	prune_plan_done(&plan);
	retain_free(rules);
	disk_free(far);
	end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_passes),
		cmocka_unit_test(time_passes_as_counted),
		cmocka_unit_test(own_entries_frame_time),
		cmocka_unit_test(times_are_read),
		cmocka_unit_test(entries_are_seen),
		cmocka_unit_test(what_may_go),
		cmocka_unit_test(unknown_rules_keep_all),
		cmocka_unit_test(clocks_lie),
		cmocka_unit_test(entries_lie),
		cmocka_unit_test(entries_run_ahead),
		cmocka_unit_test(what_is_left_holds),
		cmocka_unit_test(a_change_of_keys_stays),
		cmocka_unit_test(killed_while_letting_go),
		cmocka_unit_test(no_part_is_left),
		cmocka_unit_test(what_stays_is_told),
		cmocka_unit_test(a_hold_comes_in_between),
		cmocka_unit_test(forgeries),
		cmocka_unit_test(forged_witnesses),
		cmocka_unit_test(missing_without_a_word),
		cmocka_unit_test(hashes_carry_on),
		cmocka_unit_test(moved_and_read),
		cmocka_unit_test(moves_what_is_left),
		cmocka_unit_test(damage_stays),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
