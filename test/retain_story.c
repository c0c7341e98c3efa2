#include "retain_story.h"

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
#include "ledger/keys.h"
#include "ledger/wal.h"

static const char origin[] = "ledger.example/keep";
static struct sign_key *secret, *next_secret;
static struct note_key public, next_public;
static bool changed; /* heads are signed by both then */

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

int story_set_up(void **unused)
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

int story_tear_down(void **unused)
{
	(void)unused;
	sign_key_free(secret);
	sign_key_free(next_secret);
	return 0;
}

uint64_t story_tell_at(
	struct story *s, const char *at, const char *kind, const char *subject, const char *data)
{
	static char line[ENTRY_SIZE_MAX], entry[ENTRY_SIZE_MAX + 1];
	struct err e = { 0 };
	const struct entry_defaults d = { "site", "somebody", s->at_s * CLOCK_SECOND };
	const struct entry_means means = { .own = true };
	struct out o = out_mem(entry, sizeof entry);
	uint64_t sequence;
	snprintf(line, sizeof line,
		"{\"kind\":\"%s\",\"subject\":\"%s\",\"at\":\"%s\",\"data\":%s}", kind, subject, at,
		data);
	if (entry_write(line, strlen(line), &d, &means, &o, &e) < 0)
		fail_msg("%s: %s", line, e.text);
	assert_int_equal(ledger_append(s->ledger, entry, o.used, &sequence, &e), 0);
	s->next = sequence + 1;
	return sequence;
}

uint64_t story_tell(struct story *s, const char *kind, const char *subject, const char *data)
{
	char at[CLOCK_TEXT];
	clock_text(s->at_s * CLOCK_SECOND, at);
	memcpy(at + 19, "Z", 2);
	return story_tell_at(s, at, kind, subject, data);
}

void story_open(struct story *s)
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

void story_close(struct story *s)
{
	struct err e = { 0 };
	if (ledger_finish(s->ledger, 0, &e) < 0)
		fail_msg("%s", e.text);
	ledger_close(s->ledger);
	s->ledger = NULL;
}

void story_begin(struct story *s)
{
	changed = false;
	*s = (struct story){ .disk = disk_new(3), .at_s = STORY_START };
	story_open(s);
	story_tell(s, "key", origin, "{}");
}

void story_end(struct story *s)
{
	if (s->ledger)
		story_close(s);
	disk_free(s->disk);
}

void story_days(struct story *s, const char *kind, unsigned count)
{
	for (unsigned i = 0; i < count; i++, s->at_s += STORY_DAY / 4)
		story_tell(s, kind, "pump", "{}");
}

void story_fill(struct story *s, const char *kind, uint64_t to)
{
	while (s->next < to)
		story_tell(s, kind, "pump", "{}");
}

void story_plan(struct story *s, int64_t until_s, struct prune_plan *plan, struct retain **rules)
{
	struct err e = { 0 };
	if (retain_load(rules, &s->files, s->next, NULL, &e) < 0)
		fail_msg("%s", e.text);
	const struct prune_from from = { &s->files, &s->files, s->next, *rules, NULL };
	if (prune_plan(plan, &from, until_s, &e) < 0)
		fail_msg("%s", e.text);
}

uint64_t story_may_go(struct story *s, int64_t until_s)
{
	struct prune_plan plan;
	struct retain *rules;
	story_plan(s, until_s, &plan, &rules);
	uint64_t entries = plan.entries;
	prune_plan_done(&plan);
	retain_free(rules);
	return entries;
}

int story_check(struct story *s, struct ledger_checked *found, struct err *e)
{
	const struct ledger_check c = { .files = &s->files, .key = &public, .origin = origin };
	return ledger_check(&c, found, e);
}

void story_tell_plan(struct story *s, const struct prune_plan *plan, const char *to)
{
	struct prune_tell at = { 0 };
	struct err e = { 0 };
	json_t *data;
	for (;;) {
		assert_int_equal(prune_data(plan, &at, s->at_s, to, &data, &e), 0);
		if (!data)
			break;
		char *text = json_dumps(data, JSON_COMPACT);
		story_tell(s, "retention", to ? "moved" : "let go", text);
		free(text);
		json_decref(data);
	}
}

void story_let_go(struct story *s, bool remove)
{
	struct prune_plan plan;
	struct retain *rules;
	struct err e = { 0 };
	story_plan(s, s->at_s, &plan, &rules);
	story_open(s);
	story_tell_plan(s, &plan, NULL);
	story_close(s);
	if (remove)
		assert_int_equal(prune_remove(&plan, &s->files, &e), 0);
	prune_plan_done(&plan);
	retain_free(rules);
}

void assert_says(const char *text, const char *words)
{
	if (!text || !strstr(text, words))
		fail_msg("'%s' does not say '%s'", text ? text : "(nothing)", words);
}

void story_two_years(struct story *s)
{
	story_begin(s);
	story_tell(s, "retention", "every kind", "{\"days\":100}");
	story_days(s, "note", 2998);
	story_close(s);
}

void story_change_key(struct story *s)
{
	char data[KEY_CHANGE_DATA];
	changed = true;
	key_change_data(&public, secret, &next_public, next_secret, data);
	story_tell(s, "key", origin, data);
}
