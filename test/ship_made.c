#include "ship_made.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "ledger/check.h"
#include "ledger/ledger.h"
#include "ledger/read.h"
#include "ledger/tile.h"
#include "ledger/wal.h"

const char origin[] = "ledger.example/test";
struct sign_key *secret, *other_secret, *witness_secret;
struct note_key public, witness_public;
struct keeper turn[TURNS];

int set_up_keys(void **unused)
{
	(void)unused;
	struct err e;
	uint8_t seed[SIGN_SEED] = { 7 }, other[SIGN_SEED] = { 8 }, witness[SIGN_SEED] = { 9 };
	secret = sign_key_new(seed, &e);
	other_secret = sign_key_new(other, &e);
	witness_secret = sign_key_new(witness, &e);
	if (!secret || !other_secret || !witness_secret)
		return -1;
	public = note_key_of(origin, NOTE_ED25519, secret);
	witness_public = note_key_of("witness.example", NOTE_COSIGNATURE, witness_secret);
	for (uint8_t i = 0; i < TURNS; i++) {
		uint8_t later[SIGN_SEED] = { 7, i };
		turn[i].secret = sign_key_new(later, &e);
		if (!turn[i].secret)
			return -1;
		turn[i].public = note_key_of(origin, NOTE_ED25519, turn[i].secret);
	}
	return 0;
}

int wipe_keys(void **unused)
{
	(void)unused;
	sign_key_free(secret);
	sign_key_free(other_secret);
	sign_key_free(witness_secret);
	for (unsigned i = 0; i < TURNS; i++)
		sign_key_free(turn[i].secret);
	return 0;
}

/* --- ledgers --- */

static int sign_with_key(void *self, const struct checkpoint *c,
	const struct merkle_proof *from_last, struct out *o, struct err *e)
{
	const struct keeper *k = self;
	(void)c;
	(void)from_last;
	(void)e;
	size_t text = o->used;
	note_sign(o, text, &k->public, k->secret, 0);
	if (k->before)
		note_sign(o, text, &k->before->public, k->before->secret, 0);
	return 0;
}

static size_t entry_of(uint64_t n, unsigned version, char text[64])
{
	return (size_t)snprintf(text, 64, "{\"n\":%llu,\"v\":%u}", (unsigned long long)n, version);
}

static void mark(const struct files *f, const struct note_key *present)
{
	struct note_key first, last;
	struct err e = { 0 };
	if (ledger_keys_named(f, &first, &last, &e) < 0)
		first = *present;
	assert_int_equal(ledger_mark_change(f, &first, present, &e), 0);
}

static struct ledger *open_as(const struct keeper *k, const struct files *f)
{
	static struct signer signer; /* the ledger keeps a pointer to it */
	signer = (struct signer){ .self = (void *)(uintptr_t)k,
		.origin = k->public.name,
		.key = &k->public,
		.before = k->before ? &k->before->public : NULL,
		.sign = sign_with_key };
	const struct ledger_config config = { f, &signer, WAL_LEAST, 150 };
	struct ledger *l = NULL;
	struct err e = { 0 };
	mark(f, &k->public);
	if (ledger_open(&l, &config, 0, &e) < 0)
		fail_msg("%s", e.text);
	return l;
}

/* Entries up to `to`, of a history of this version, in a ledger that is closed; its own log stays
 * where it is not finished. */
void write_as(const struct keeper *k, struct disk *d, uint64_t to, unsigned version, bool publish,
	bool finish)
{
	struct files f = disk_files(d);
	struct err e = { 0 };
	char text[64];
	struct ledger *l = open_as(k, &f);
	for (uint64_t n = ledger_size(l), sequence; n < to; n++) {
		size_t size = entry_of(n, version, text);
		assert_int_equal(ledger_append(l, text, size, &sequence, &e), 0);
	}
	assert_int_equal(ledger_commit(l, &e), 0);
	if (publish)
		assert_int_equal(ledger_publish(l, 0, &e), 0);
	if (finish && ledger_finish(l, 0, &e) < 0)
		fail_msg("%s", e.text);
	ledger_close(l);
}

void change_key_by(
	struct disk *d, unsigned n, const struct sign_key *by_old, const struct sign_key *by_new)
{
	struct keeper both = { turn[n].secret, turn[n].public, &turn[n - 1] };
	struct files f = disk_files(d);
	char data[KEY_CHANGE_DATA], text[KEY_CHANGE_DATA + 256];
	uint64_t sequence;
	struct err e = { 0 };
	key_change_data(&turn[n - 1].public, by_old, &turn[n].public, by_new, data);
	int size = snprintf(text, sizeof text,
		"{\"actor\":\"a\",\"at\":\"2026-11-23T00:00:00Z\",\"data\":%s,\"kind\":\"key\","
		"\"site\":\"s\",\"subject\":\"x\"}",
		data);
	struct ledger *l = open_as(&both, &f);
	assert_int_equal(ledger_append(l, text, (size_t)size, &sequence, &e), 0);
	if (ledger_finish(l, 0, &e) < 0)
		fail_msg("%s", e.text);
	ledger_close(l);
	mark(&f, &turn[n].public);
}

void change_key(struct disk *d, unsigned n)
{
	change_key_by(d, n, turn[n - 1].secret, turn[n].secret);
}

void write_to(struct disk *d, uint64_t to, unsigned version)
{
	const struct keeper k = { secret, public };
	write_as(&k, d, to, version, true, true);
}

struct disk *ledger_of(uint64_t count, unsigned version)
{
	struct disk *d = disk_new(1);
	write_to(d, count, version);
	return d;
}

struct disk *copy_of(const struct disk *from)
{
	struct disk *d = disk_new(2);
	disk_copy(d, from);
	return d;
}

/* --- ledgers that let go --- */

enum { QUARTER = 86400 / 4 }; /* seconds from one entry to the next */
static const int64_t start = INT64_C(1700000000);

static char *time_of(uint64_t n, char text[CLOCK_TEXT])
{
	clock_text((start + (int64_t)n * QUARTER) * CLOCK_SECOND, text);
	memcpy(text + 19, "Z", 2);
	return text;
}

static void tell(struct ledger *l, const char *kind, const char *data)
{
	char text[1024], at[CLOCK_TEXT];
	uint64_t sequence;
	struct err e = { 0 };
	int size = snprintf(text, sizeof text,
		"{\"actor\":\"a\",\"at\":\"%s\",\"data\":%s,\"kind\":\"%s\",\"site\":\"s\",\"subject\":\"p\"}",
		time_of(ledger_size(l), at), data, kind);
	assert_int_equal(ledger_append(l, text, (size_t)size, &sequence, &e), 0);
	assert_int_equal(ledger_commit(l, &e), 0);
}

static void finish(struct ledger *l)
{
	struct err e = { 0 };
	if (ledger_finish(l, 0, &e) < 0)
		fail_msg("%s", e.text);
	ledger_close(l);
}

void notes_to(struct disk *d, uint64_t to)
{
	const struct keeper k = { secret, public };
	struct files f = disk_files(d);
	struct ledger *l = open_as(&k, &f);
	if (ledger_size(l) == 0)
		tell(l, "key", "{}");
	if (ledger_size(l) == 1)
		tell(l, "retention", "{\"days\":1}");
	while (ledger_size(l) < to)
		tell(l, "note", "{}");
	finish(l);
}

static void take_away(struct disk *d, uint64_t first, uint64_t last, struct disk *shelf)
{
	struct files f = disk_files(d), there = disk_files(shelf ? shelf : d);
	struct err e;
	for (uint64_t i = first / TILE_WIDTH; i <= last / TILE_WIDTH; i++) {
		char name[TILE_NAME];
		size_t size;
		tile_name(name, TILE_ENTRIES, i, TILE_WIDTH);
		const uint8_t *bytes = disk_bytes(d, name, &size);
		assert_non_null(bytes);
		if (shelf)
			assert_int_equal(files_put(&there, name, bytes, size, &e), 0);
		assert_int_equal(f.remove(f.self, name), 0);
	}
}

void let_go(struct disk *d, uint64_t first, uint64_t last, struct disk *shelf)
{
	const struct keeper k = { secret, public };
	struct files f = disk_files(d);
	struct ledger *l = open_as(&k, &f);
	char data[512], newest[CLOCK_TEXT], until[CLOCK_TEXT];
	unsigned long long a = first, b = last;
	if (shelf)
		snprintf(data, sizeof data,
			"{\"moved\":[{\"first\":%llu,\"last\":%llu}],\"to\":\"the shelf\"}", a, b);
	else
		snprintf(data, sizeof data,
			"{\"pruned\":[{\"days\":[],\"first\":%llu,\"kinds\":[\"note\"],"
			"\"last\":%llu,\"newest\":\"%s\"}],\"until\":\"%s\"}",
			a, b, time_of(last, newest), time_of(ledger_size(l), until));
	tell(l, "retention", data);
	finish(l);
	take_away(d, first, last, shelf);
}

/* That it is a ledger, whole, and how large it is; 0 where it is none yet. */
uint64_t size_of(struct disk *d)
{
	struct files f = disk_files(d);
	struct ledger_checked found;
	struct err e = { 0 };
	size_t size;
	const struct ledger_check c = { .files = &f, .key = &public, .origin = origin };
	if (!disk_bytes(d, "checkpoint", &size))
		return 0;
	if (ledger_check(&c, &found, &e) < 0)
		fail_msg("%s", e.text);
	return found.head.size;
}

void assert_says(const struct err *e, const char *words)
{
	if (!strstr(e->text, words))
		fail_msg("'%s' does not say '%s'", e->text, words);
}

/* Every file of it there, and the same here. */
struct sameness {
	struct disk *here, *there;
};

static void assert_file_same(void *self, const char *name)
{
	const struct sameness *s = self;
	size_t size, other;
	if (strncmp(name, "tile/", 5) != 0 || strstr(name, ".p/"))
		return;
	const uint8_t *a = disk_bytes(s->here, name, &size),
		      *b = disk_bytes(s->there, name, &other);
	if (!b || size != other || memcmp(a, b, size) != 0)
		fail_msg("%s is not the same", name);
}

void assert_same_tiles(struct disk *a, struct disk *b)
{
	struct sameness s = { a, b };
	disk_each(a, assert_file_same, &s);
	s = (struct sameness){ b, a };
	disk_each(b, assert_file_same, &s);
}

/* --- both ends --- */

int push_by(const struct note_key *key, struct disk *from, struct disk *to, struct pushed *out,
	struct err *e)
{
	struct files own = disk_files(from), theirs = disk_files(to);
	struct remote place = remote_folder(&theirs, "the place");
	const struct push p = { .files = &own, .key = key, .to = &place };
	return push(&p, out, e);
}

int push_to(struct disk *from, struct disk *to, struct pushed *out, struct err *e)
{
	return push_by(&public, from, to, out, e);
}

static void on_alarm(void *self, const char *ours, const char *theirs)
{
	struct ends *ends = self;
	assert_true(strstr(ours, origin) && strstr(theirs, origin));
	ends->alarms++;
}

int follow_it(struct ends *ends, struct followed *out, struct err *e)
{
	struct files from = disk_files(ends->from), copy = disk_files(ends->copy),
		     beside = disk_files(ends->beside);
	struct remote place = remote_folder(&from, "the source");
	const struct follow f = { .from = &place,
		.copy = &copy,
		.key = ends->key,
		.beside = &beside,
		.name = "copy",
		.as = ends->cosign ? &witness_public : NULL,
		.secret = witness_secret,
		.now_seconds = ends->now,
		.alarm = on_alarm,
		.self = ends };
	return follow(&f, out, e);
}

bool follow_killed(struct ends *ends, const struct disk *had, uint64_t n)
{
	struct followed out;
	struct err e = { 0 };
	ends->copy = disk_new(n);
	disk_copy(ends->copy, had);
	disk_die_at(ends->copy, disk_calls(ends->copy) + n);
	(void)follow_it(ends, &out, &e);
	bool died = disk_died(ends->copy);
	disk_power_lost(ends->copy, n % 2);
	disk_die_at(ends->copy, 0);
	return died;
}

struct ends ends_of(struct disk *from)
{
	return (struct ends){ from, disk_new(3), disk_new(4), false, 1700000000, 0, &public };
}

void ends_free(struct ends *ends)
{
	disk_free(ends->from);
	disk_free(ends->copy);
	disk_free(ends->beside);
}

/* A copy of the first `count` entries that was followed rightly. */
struct ends followed_at(uint64_t count)
{
	struct ends ends = ends_of(ledger_of(count, 1));
	struct followed out;
	struct err e = { 0 };
	if (follow_it(&ends, &out, &e) < 0)
		fail_msg("%s", e.text);
	assert_int_equal(size_of(ends.copy), count);
	return ends;
}

void show_instead(struct ends *ends, struct disk *d)
{
	disk_free(ends->from);
	ends->from = d;
}

/* What a diode takes along. */
void remove_tile(void *self, const char *name)
{
	struct files *f = self;
	if (strncmp(name, "tile/", 5) == 0 || strcmp(name, "checkpoint") == 0 ||
		strcmp(name, "ledger") == 0)
		f->remove(f->self, name);
}

void assert_refused(struct ends *ends, uint64_t size, const char *words)
{
	struct followed out;
	struct err e = { 0 };
	assert_int_equal(follow_it(ends, &out, &e), -EBADMSG);
	assert_says(&e, words);
	assert_false(out.fork);
	assert_int_equal(ends->alarms, 0);
	assert_int_equal(size_of(ends->copy), size);
}
