/* The store: the same content whichever way it came in, whatever version began it; the same answers
 * as going through all entries; and nothing but its own ledger's. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/attr.h"
#include "base/clock.h"
#include "store/store.h"

static const char name[] = "ledger.example/test";
static char folder[64];

static int set_up(void **unused)
{
	(void)unused;
	snprintf(folder, sizeof folder, "/tmp/weir-store-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **unused)
{
	char command[96];
	(void)unused;
	snprintf(command, sizeof command, "rm -rf %s", folder);
	return system(command); // NOLINT(cert-env33-c): a folder of ours
}

static const char *path_of(const char *file, char path[96])
{
	snprintf(path, 96, "%s/%s", folder, file);
	return path;
}

static void assert_says(int r, int code, const struct err *e, const char *words)
{
	if (r != code || !strstr(e->text, words))
		fail_msg("%d '%s' instead of %d '%s'", r, e->text, code, words);
}

/* --- entries: some of every sort, and some that are none --- */

enum { ENTRIES = 700 };

static size_t entry_of(unsigned n, char text[256])
{
	static const char *const kinds[] = { "asset", "finding", "decision", "note", "egress" };
	static const char *const ends[] = { "Z", ".5Z", ".123456789Z", ".999999999999Z" };
	if (n % 97 == 13)
		return (size_t)snprintf(text, 256, "no entry %u", n);
	if (n % 97 == 14)
		return (size_t)snprintf(text, 256, "{\"kind\":\"note\",\"at\":\"once\"}");
	if (n % 97 == 15)
		return 0;
	return (size_t)snprintf(text, 256,
		"{\"actor\":\"a%u\",\"at\":\"%s-11-%02uT10:00:%02u%s\",\"data\":{\"asset\":\"plc-%u\","
		"\"assets\":[\"plc-%u\",7,\"rtu \xc3\xbc\",\"\"]},\"kind\":\"%s\",\"site\":\"s%u\","
		"\"subject\":\"plc-%u\"}",
		n % 3,
		n == 50           ? "0001"
			: n == 51 ? "9999"
				  : "2026",
		1 + n / 50, n % 50, ends[n % 4], n % 7, n % 11, kinds[n % COUNT_OF(kinds)], n % 2,
		n % 13);
}

/* Stands for the root of a tree, which the store only keeps. */
static void root_of(uint64_t taken, uint8_t root[SHA256_SIZE])
{
	digest_sha256(&taken, taken ? sizeof taken : 0, root);
}

static void take(struct store *s, uint64_t to)
{
	struct store_state now;
	uint8_t root[SHA256_SIZE];
	struct err e = { 0 };
	char text[256];
	assert_int_equal(store_begin(s, &now, &e), 0);
	for (uint64_t n = now.taken; n < to; n++)
		if (store_take(s, text, entry_of((unsigned)n, text), &e) < 0)
			fail_msg("%s", e.text);
	root_of(to, root);
	assert_int_equal(store_commit(s, root, &e), 0);
}

static struct store *open_store(const char *path, enum store_how how)
{
	struct store *s = NULL;
	struct err e = { 0 };
	if (store_open(&s, path, how, name, &e) < 0)
		fail_msg("%s", e.text);
	return s;
}

static void make_store(const char *path, uint64_t count)
{
	struct err e = { 0 };
	unlink(path);
	struct store *s = open_store(path, STORE_NEW);
	take(s, count);
	if (store_finish(s, &e) < 0)
		fail_msg("%s", e.text);
	store_close(s);
}

static void assert_same(const char *path, const char *other)
{
	uint8_t a[SHA256_SIZE], b[SHA256_SIZE];
	char where[200] = "";
	struct err e = { 0 };
	struct store *x = open_store(path, STORE_READ), *y = open_store(other, STORE_READ);
	assert_int_equal(store_content(x, a, &e), 0);
	assert_int_equal(store_content(y, b, &e), 0);
	int r = store_differs(x, y, INT64_MAX, where, &e);
	if (r || memcmp(a, b, sizeof a) != 0)
		fail_msg("%d: %s%s", r, where, e.text);
	store_close(x);
	store_close(y);
}

/* --- tests --- */

static void any_way_in(void **unused)
{
	(void)unused;
	char a[96], b[96];
	make_store(path_of("whole", a), ENTRIES);
	make_store(path_of("parts", b), 1);
	for (uint64_t to = 1, more = 1; to < ENTRIES; more += 7) {
		struct store *s = open_store(b, STORE_WRITE);
		to = to + more < ENTRIES ? to + more : ENTRIES;
		take(s, to);
		take(s, to); /* nothing new */
		store_close(s);
	}
	assert_same(a, b);
}

static void not_committed_is_gone(void **unused)
{
	(void)unused;
	char a[96], b[96], text[256];
	struct store_state now;
	struct err e = { 0 };
	make_store(path_of("kept", a), 20);
	make_store(path_of("same", b), 20);
	for (unsigned how = 0; how < 2; how++) {
		struct store *s = open_store(a, STORE_WRITE);
		assert_int_equal(store_begin(s, &now, &e), 0);
		assert_int_equal(store_take(s, text, entry_of(20, text), &e), 0);
		if (how)
			store_drop(s);
		store_close(s);
	}
	assert_same(a, b);
}

/* --- earlier versions, as they were --- */

static const char version_1[] =
	"PRAGMA application_id = 0x77656972; PRAGMA journal_mode = WAL; PRAGMA user_version = 1;"
	"CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL,"
	" taken INTEGER NOT NULL, root BLOB NOT NULL) STRICT;"
	"CREATE TABLE entry (sequence INTEGER PRIMARY KEY, at_ns INTEGER, kind TEXT NOT NULL,"
	" subject TEXT NOT NULL, actor TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;"
	"CREATE INDEX entry_at ON entry (at_ns);"
	"CREATE INDEX entry_kind ON entry (kind);"
	"CREATE INDEX entry_subject ON entry (subject);"
	"CREATE INDEX entry_actor ON entry (actor);";
static const char version_2[] =
	"PRAGMA user_version = 2;"
	"CREATE TABLE asset (name TEXT NOT NULL, sequence INTEGER NOT NULL"
	" REFERENCES entry (sequence), PRIMARY KEY (name, sequence)) STRICT, WITHOUT ROWID;";

static const char version_3[] = "PRAGMA user_version = 3;"
				"ALTER TABLE entry ADD COLUMN site TEXT NOT NULL DEFAULT '';"
				"CREATE INDEX entry_site ON entry (site);";

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static void old_entry(sqlite3 *db, int version, unsigned n)
{
	char text[256];
	struct entry_parts p;
	sqlite3_stmt *q;
	size_t size = entry_of(n, text), step = 0;
	entry_take_apart(text, size, &p);
	assert_int_equal(sqlite3_prepare_v2(db,
				 version > 2 ? "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)"
					     : "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)",
				 -1, &q, NULL),
		0);
	sqlite3_bind_int64(q, 1, n);
	if (p.timed)
		sqlite3_bind_int64(q, 2, p.at_ns);
	sqlite3_bind_text(q, 3, p.kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 4, p.subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(q, 5, p.actor, -1, SQLITE_STATIC);
	sqlite3_bind_blob(q, 6, text, (int)size, SQLITE_STATIC);
	if (version > 2)
		sqlite3_bind_text(q, 7, p.site, -1, SQLITE_STATIC);
	assert_int_equal(sqlite3_step(q), SQLITE_DONE);
	sqlite3_finalize(q);
	for (const char *one; version > 1 && (one = entry_asset(&p, &step));) {
		assert_int_equal(sqlite3_prepare_v2(db, "INSERT OR IGNORE INTO asset VALUES (?, ?)",
					 -1, &q, NULL),
			0);
		sqlite3_bind_text(q, 1, one, -1, SQLITE_STATIC);
		sqlite3_bind_int64(q, 2, n);
		assert_int_equal(sqlite3_step(q), SQLITE_DONE);
		sqlite3_finalize(q);
	}
	entry_parts_free(&p);
}

static void make_old(const char *path, int version, unsigned count)
{
	sqlite3 *db;
	char row[200];
	uint8_t root[SHA256_SIZE];
	assert_int_equal(sqlite3_open(path, &db), 0);
	run_sql(db, version_1);
	if (version > 1)
		run_sql(db, version_2);
	if (version > 2)
		run_sql(db, version_3);
	run_sql(db, "BEGIN");
	for (unsigned n = 0; n < count; n++)
		old_entry(db, version, n);
	root_of(count, root);
	int used = snprintf(
		row, sizeof row, "INSERT INTO ledger VALUES (1, '%s', %u, x'", name, count);
	for (size_t i = 0; i < sizeof root; i++)
		used += snprintf(row + used, sizeof row - (size_t)used, "%02x", root[i]);
	snprintf(row + used, sizeof row - (size_t)used, "')");
	run_sql(db, row);
	run_sql(db, "COMMIT");
	sqlite3_close(db);
}

static void every_version_before(void **unused)
{
	(void)unused;
	char old[96], fresh[96], file[16];
	struct store *s;
	struct err e = { 0 };
	make_store(path_of("fresh", fresh), ENTRIES);
	for (int version = 1; version <= 3; version++) {
		snprintf(file, sizeof file, "version-%d", version);
		make_old(path_of(file, old), version, 300);
		assert_says(store_open(&s, old, STORE_READ, name, &e), -EROFS, &e,
			"whoever may write brings it to version 4");
		s = open_store(old, STORE_WRITE);
		take(s, ENTRIES); /* and goes on */
		store_close(s);
		assert_same(old, fresh);
	}
}

/* --- what is not right --- */

static void change(const char *path, const char *sql)
{
	sqlite3 *db;
	assert_int_equal(sqlite3_open(path, &db), 0);
	run_sql(db, sql);
	sqlite3_close(db);
}

/* All of a file; small ones. */
static size_t content(const char *path, char bytes[1 << 18])
{
	FILE *f = fopen(path, "r");
	assert_non_null(f);
	size_t size = fread(bytes, 1, 1 << 18, f);
	assert_true(size > 0 && size < 1 << 18);
	assert_int_equal(fclose(f), 0);
	return size;
}

static void refused(void **unused)
{
	(void)unused;
	static const struct {
		const char *sql, *name;
		int code;
		const char *words;
	} rows[] = {
		{ "PRAGMA user_version = 5", name, -EPROTONOSUPPORT,
			"written by a later weir, version 5; this one reads up to 4" },
		{ "PRAGMA user_version = 0", name, -EBADMSG, "no store of a ledger" },
		{ "PRAGMA application_id = 1", name, -EBADMSG, "no store of a ledger" },
		{ "SELECT 1", "another/ledger", -EXDEV,
			"of the ledger 'ledger.example/test', not of 'another/ledger'" },
		{ "DELETE FROM ledger", name, -EBADMSG, "does not say of what ledger it is" },
		{ "DROP INDEX entry_kind", name, -EBADMSG, "somebody changed them" },
		{ "CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM asset; END", name,
			-EBADMSG, "somebody changed them" },
		{ "DROP TABLE asset; CREATE VIEW asset AS SELECT 'x' AS name, 1 AS sequence", name,
			-EBADMSG, "somebody changed them" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char path[96], file[16];
		struct store *s = NULL;
		struct err e = { 0 };
		snprintf(file, sizeof file, "wrong-%zu", i);
		make_store(path_of(file, path), 50);
		change(path, rows[i].sql);
		static char was[1 << 18], is[1 << 18];
		size_t size = content(path, was);
		for (enum store_how how = STORE_READ; how <= STORE_WRITE; how++)
			assert_says(store_open(&s, path, how, rows[i].name, &e), rows[i].code, &e,
				rows[i].words);
		assert_null(s);
		assert_int_equal(content(path, is), size);
		assert_memory_equal(is, was, size);
	}
}

static void overwrite(const char *path, long at, const char *bytes, size_t size)
{
	FILE *f = fopen(path, at < 0 ? "w" : "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, at < 0 ? 0 : at, SEEK_SET), 0);
	assert_int_equal(fwrite(bytes, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

static void damaged(void **unused)
{
	(void)unused;
	char path[96];
	static const char garbage[4096] = { 1, 2, 3 };
	struct store *s = NULL;
	struct err e = { 0 };
	uint8_t hash[SHA256_SIZE];
	assert_says(store_open(&s, path_of("none", path), STORE_WRITE, name, &e), -ENOENT, &e,
		"No such file");
	overwrite(path_of("text", path), -1, "hello, this is a text\n", 22);
	assert_says(store_open(&s, path, STORE_WRITE, name, &e), -EBADMSG, &e, "not a database");
	overwrite(path_of("empty", path), -1, "", 0);
	assert_says(
		store_open(&s, path, STORE_WRITE, name, &e), -EBADMSG, &e, "no store of a ledger");
	make_store(path_of("broken", path), ENTRIES);
	overwrite(path, 20 * 4096, garbage, sizeof garbage);
	s = open_store(path, STORE_READ);
	assert_says(store_content(s, hash, &e), -EBADMSG, &e, "damaged");
	store_close(s);
	s = NULL;
	make_store(path_of("cut", path), ENTRIES);
	assert_int_equal(truncate(path, 30000), 0);
	int r = store_open(&s, path, STORE_READ, name, &e);
	if (r == 0)
		r = store_content(s, hash, &e);
	assert_says(r, -EBADMSG, &e, "damaged");
	store_close(s);
}

static void says_where(void **unused)
{
	(void)unused;
	static const struct {
		const char *sql, *words;
	} rows[] = {
		{ "UPDATE entry SET subject = 'x' WHERE sequence = 17",
			"entry 17: subject is 'plc-4', was 'x'" },
		{ "UPDATE entry SET at_ns = NULL WHERE sequence = 3", "entry 3: at_ns is '" },
		{ "UPDATE entry SET bytes = x'00' WHERE sequence = 30", "entry 30: bytes are" },
		{ "DELETE FROM entry WHERE sequence = 49; DELETE FROM asset WHERE sequence = 49",
			"entry 49: was not there" },
		{ "DELETE FROM asset WHERE name = 'plc-3' AND sequence = 3", "asset plc-3 " },
		{ "INSERT INTO entry VALUES (50, 1, '', '', '', x'', '')",
			"entry 50: is no longer there" },
	};
	char right[96], path[96];
	make_store(path_of("right", right), 50);
	struct store *is = open_store(right, STORE_READ);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char where[200] = "";
		struct err e = { 0 };
		make_store(path_of("changed", path), 50);
		change(path, rows[i].sql);
		struct store *was = open_store(path, STORE_READ);
		assert_int_equal(store_differs(is, was, 60, where, &e), 1);
		if (!strstr(where, rows[i].words))
			fail_msg("'%s' instead of '%s'", where, rows[i].words);
		assert_int_equal(store_differs(is, was, 3, where, &e), 0);
		store_close(was);
	}
	store_close(is);
}

static void alone(void **unused)
{
	(void)unused;
	char path[96];
	struct store_state now;
	struct err e = { 0 };
	make_store(path_of("shared", path), 5);
	struct store *s = open_store(path, STORE_WRITE), *other = open_store(path, STORE_READ);
	assert_int_equal(store_state(other, &now, &e), 0);
	assert_int_equal(now.taken, 5);
	assert_int_equal(store_alone(s, &e), -EBUSY);
	store_close(other);
	assert_int_equal(store_alone(s, &e), 0);
	store_close(s);
}

/* --- what is let go --- */

/* Any of these words in the file, or in its log. */
static bool is_on_disk(const char *path, const char *words)
{
	static char bytes[4 << 20];
	char name_of[112];
	bool found = false;
	for (unsigned i = 0; i < 2; i++) {
		snprintf(name_of, sizeof name_of, "%s%s", path, i ? "-wal" : "");
		FILE *f = fopen(name_of, "r");
		size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
		assert_true(size < sizeof bytes);
		found |= memmem(bytes, size, words, strlen(words)) != NULL;
		if (f)
			fclose(f);
	}
	return found;
}

static void make_with_gap(const char *path, uint64_t first, uint64_t last)
{
	struct store_state now;
	struct err e = { 0 };
	uint8_t root[SHA256_SIZE];
	char text[256];
	unlink(path);
	struct store *s = open_store(path, STORE_NEW);
	assert_int_equal(store_begin(s, &now, &e), 0);
	for (unsigned n = 0; n < ENTRIES; n++) {
		if (n >= first && n <= last)
			store_skip(s, 1);
		else
			assert_int_equal(store_take(s, text, entry_of(n, text), &e), 0);
	}
	root_of(ENTRIES, root);
	assert_int_equal(store_commit(s, root, &e), 0);
	assert_int_equal(store_finish(s, &e), 0);
	store_close(s);
}

/* Taken in bit by bit, so that rows were moved about in the file. */
static void forgets(void **unused)
{
	(void)unused;
	static const struct store_range gone[] = { { 100, 249 }, { 300, 300 }, { 5000, 6000 } };
	char path[96], same[96], text[256];
	struct store_state now;
	struct err e = { 0 };
	make_store(path_of("forgets", path), 1);
	for (uint64_t to = 1; to < ENTRIES; to += 13) {
		struct store *s = open_store(path, STORE_WRITE);
		take(s, to);
		store_close(s);
	}
	struct store *s = open_store(path, STORE_WRITE);
	take(s, ENTRIES);
	assert_true(is_on_disk(path, "no entry 110"));
	assert_int_equal(store_has(s, gone, COUNT_OF(gone), &e), 1);
	assert_int_equal(store_has(s, &gone[2], 1, &e), 0);
	assert_int_equal(store_forget(s, &gone[2], 1, &e), 0);
	assert_int_equal(store_forget(s, gone, COUNT_OF(gone), &e), 1);
	assert_int_equal(store_forget(s, gone, COUNT_OF(gone), &e), 0);
	assert_int_equal(store_has(s, gone, COUNT_OF(gone), &e), 0);
	store_close(s); /* ended here: whoever comes next does the rest */
	s = open_store(path, STORE_WRITE);
	assert_int_equal(store_scrub(s, &e), 0);
	for (unsigned n = 100; n < 250; n++) {
		size_t size = entry_of(n, text);
		text[size] = 0;
		if (size && n % 97 != 14 && is_on_disk(path, text)) /* that one comes again */
			fail_msg("still there: %s", text);
	}
	assert_true(is_on_disk(path, "no entry 13"));
	/* and goes on */
	assert_int_equal(store_state(s, &now, &e), 0);
	assert_int_equal(now.taken, ENTRIES);
	store_close(s);
	make_with_gap(path_of("with-gap", same), 100, 249);
	s = open_store(same, STORE_WRITE);
	assert_int_equal(store_forget(s, &gone[1], 1, &e), 1);
	store_close(s);
	assert_same(path, same);
}

struct paused {
	struct store *writer;
	int scrubbed;
};

static int scrub_meanwhile(
	void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	static const struct store_range some = { 0, 30 };
	struct paused *p = self;
	(void)sequence;
	(void)bytes;
	(void)size;
	assert_int_equal(store_forget(p->writer, &some, 1, e), 1);
	p->scrubbed = store_scrub(p->writer, e);
	return 1;
}

/* Who reads has the file as it was; then it is said, and done later. */
static void forgets_what_is_read(void **unused)
{
	(void)unused;
	char path[96];
	struct err e = { 0 };
	const struct store_question all = { .below = ENTRIES };
	make_store(path_of("read", path), ENTRIES);
	struct store *reader = open_store(path, STORE_READ);
	struct paused p = { open_store(path, STORE_WRITE), 0 };
	assert_int_equal(store_find(reader, &all, scrub_meanwhile, &p, &e), 1);
	assert_says(p.scrubbed, -EBUSY, &e, "somebody else reads it");
	store_close(reader);
	assert_int_equal(store_scrub(p.writer, &e), 0);
	assert_false(is_on_disk(path, "no entry 13"));
	store_close(p.writer);
}

/* --- questions --- */

struct found {
	uint64_t numbers[ENTRIES];
	size_t count, stop_at;
};

static int note_one(void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e)
{
	struct found *f = self;
	char text[256];
	(void)e;
	assert_true(f->count < ENTRIES);
	assert_int_equal(size, entry_of((unsigned)sequence, text));
	if (size)
		assert_memory_equal(bytes, text, size);
	f->numbers[f->count++] = sequence;
	return f->stop_at && f->count == f->stop_at ? 7 : 0;
}

/* The same by going through all of them. */
static void go_through(
	const struct store_question *q, const struct entry_parts all[ENTRIES], struct found *f)
{
	f->count = 0;
	for (uint64_t n = q->from; n < q->below && n < ENTRIES; n++)
		if (entry_fits(&q->filter, &all[n]))
			f->numbers[f->count++] = n;
	if (q->most && q->most < f->count && q->last)
		memmove(f->numbers, f->numbers + f->count - q->most, q->most * sizeof *f->numbers);
	if (q->most && q->most < f->count)
		f->count = q->most;
}

static int64_t time_of(const char *text)
{
	int64_t ns;
	assert_true(clock_read(text, &ns));
	return ns;
}

/* Each name that comes, none, and one that does not come. */
static const char *pick(unsigned *chance, const char *const *names, size_t count)
{
	*chance = *chance * 1103515245 + 12345;
	return names[*chance / 65536 % count];
}

static void answers(void **unused)
{
	(void)unused;
	static const char *const kinds[] = { NULL, NULL, "asset", "finding", "note", "hold" };
	static const char *const subjects[] = { NULL, NULL, "plc-3", "plc-12", "x" };
	static const char *const actors[] = { NULL, NULL, "a0", "a2", "" };
	static const char *const sites[] = { NULL, NULL, "s0", "s1", "S1" };
	static const char *const assets[] = { NULL, NULL, "plc-3", "plc-10", "rtu \xc3\xbc", "7",
		"" };
	static const char *const times[] = { NULL, NULL, "2026-11-02", "2026-11-03T10:00:11.5",
		"2026-11-03T10:00:12.123456789Z", "2026-11-14", "0001-01-02", "9999-12-31" };
	static struct entry_parts all[ENTRIES];
	char path[96], text[256];
	struct err e = { 0 };
	unsigned chance = 1, some = 0;
	for (unsigned n = 0; n < ENTRIES; n++)
		entry_take_apart(text, entry_of(n, text), &all[n]);
	make_store(path_of("asked", path), ENTRIES);
	struct store *s = open_store(path, STORE_READ);
	for (unsigned i = 0; i < 1000; i++) {
		static struct found is, right;
		const char *since = pick(&chance, times, COUNT_OF(times));
		const char *until = pick(&chance, times, COUNT_OF(times));
		struct store_question q = {
			.filter = { .kind = pick(&chance, kinds, COUNT_OF(kinds)),
				.subject = pick(&chance, subjects, COUNT_OF(subjects)),
				.actor = pick(&chance, actors, COUNT_OF(actors)),
				.site = pick(&chance, sites, COUNT_OF(sites)),
				.asset = pick(&chance, assets, COUNT_OF(assets)),
				.has_since = since,
				.has_until = until,
				.since_ns = since ? time_of(since) : 0,
				.until_ns = until ? time_of(until) : 0 },
			.from = i % 5 == 4 ? 100 : 0,
			.below = i % 7 == 6 ? 333 : UINT64_MAX,
			.most = i % 3 == 2 ? i % 20 + 1 : 0,
			.last = i % 2
		};
		is = (struct found){ 0 };
		if (store_find(s, &q, note_one, &is, &e) < 0)
			fail_msg("%s", e.text);
		go_through(&q, all, &right);
		assert_int_equal(is.count, right.count);
		assert_memory_equal(is.numbers, right.numbers, is.count * sizeof *is.numbers);
		some += is.count > 0;
	}
	for (unsigned n = 0; n < ENTRIES; n++)
		entry_parts_free(&all[n]);
	assert_true(some > 100);
	struct found stopped = { .stop_at = 3 };
	const struct store_question whole = { .below = ENTRIES };
	assert_int_equal(store_find(s, &whole, note_one, &stopped, &e), 7);
	assert_int_equal(stopped.count, 3);
	store_close(s);
}

/* --- times --- */

static void times(void **unused)
{
	(void)unused;
	static const struct {
		const char *text;
		int64_t ns;
	} good[] = {
		{ "1970-01-01", 0 },
		{ "1970-01-01T00:00", 0 },
		{ "1970-01-01T00:00:01Z", 1000000000 },
		{ "1969-12-31T23:59:59.999999999Z", -1 },
		{ "2000-02-29", 951782400000000000 },
		{ "2026-11-22T20:40:11.5Z", 1795380011500000000 },
		{ "2026-11-22T20:40:11.123456789999", 1795380011123456789 },
		{ "2016-12-31T23:59:60Z", 1483228800000000000 },
		{ "0000-01-01", INT64_MIN },
		{ "9999-12-31T23:59:59Z", INT64_MAX },
	};
	static const char *const bad[] = { "", "now", "2026", "2026-11", "2026-13-01", "2026-00-01",
		"2026-02-29", "1900-02-29", "2026-11-31", "2026-11-00", "2026-11-22T",
		"2026-11-22T20", "2026-11-22T24:00", "2026-11-22T20:60", "2026-11-22T20:40:61",
		"2026-11-22T20:40.5", "2026-11-22T20:40:11.", "2026-11-22T20:40:11ZZ",
		"2026-11-22 20:40", "2026-11-22T20:40:11+01:00", " 2026-11-22", "2026-11-22z",
		"-026-11-22" };
	int64_t ns;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		assert_true(clock_read(good[i].text, &ns));
		assert_int_equal(ns, good[i].ns);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (clock_read(bad[i], &ns))
			fail_msg("'%s' is a time", bad[i]);
	/* What clock_text() writes is read again. */
	char text[CLOCK_TEXT];
	for (int64_t at = -9000000000123456789; at < 9000000000000000000; at += 9876543210987654) {
		assert_true(clock_read(clock_text(at, text), &ns));
		assert_int_equal(ns, at);
	}
}

static void spans(void **unused)
{
	(void)unused;
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = { { "1", 1 }, { "90", 90 }, { "90s", 90 }, { "007", 7 }, { "5m", 300 },
		{ "2h", 7200 }, { "1000000h", INT64_C(3600000000) } };
	static const char *const bad[] = { "", "0", "0h", "5x", "5mm", "5 m", "m", "-5", "+5", " 5",
		"5 ", "1.5h", "0x10", "1000001", "99999999999999999999999" };
	int64_t ns;
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		assert_true(clock_read_span(good[i].text, &ns));
		assert_int_equal(ns, good[i].seconds * CLOCK_SECOND);
	}
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (clock_read_span(bad[i], &ns))
			fail_msg("'%s' is a time", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_way_in),
		cmocka_unit_test(not_committed_is_gone),
		cmocka_unit_test(every_version_before),
		cmocka_unit_test(refused),
		cmocka_unit_test(damaged),
		cmocka_unit_test(says_where),
		cmocka_unit_test(alone),
		cmocka_unit_test(forgets),
		cmocka_unit_test(forgets_what_is_read),
		cmocka_unit_test(answers),
		cmocka_unit_test(times),
		cmocka_unit_test(spans),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
