#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "store/inside.h"

enum {
	APPLICATION = 0x77656972, /* "weir" */
	WAIT_MS = 5000,           /* for somebody who writes */
};

int store_failed(struct store *s, struct err *e, const char *what)
{
	static const struct {
		int sqlite, code;
	} codes[] = {
		{ SQLITE_CORRUPT, -EBADMSG },
		{ SQLITE_NOTADB, -EBADMSG },
		{ SQLITE_FULL, -ENOSPC },
		{ SQLITE_NOMEM, -ENOMEM },
		{ SQLITE_BUSY, -EBUSY },
		{ SQLITE_LOCKED, -EBUSY },
		{ SQLITE_CANTOPEN, -EACCES },
		{ SQLITE_READONLY, -EACCES },
		{ SQLITE_PERM, -EACCES },
		{ SQLITE_AUTH, -EACCES },
	};
	int code = -EIO, of = s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_NOMEM;
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (codes[i].sqlite == of)
			code = codes[i].code;
	return err_set(e, code, "%s: %s: %s%s", s->path, what, code == -EBADMSG ? "damaged: " : "",
		s->db ? sqlite3_errmsg(s->db) : "no memory");
}

int store_run(struct store *s, const char *sql, struct err *e)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK
		? 0
		: store_failed(s, e, "use it");
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql, struct err *e)
{
	sqlite3_stmt *statement = NULL;
	if (sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL) != SQLITE_OK)
		store_failed(s, e, "ask it");
	return statement;
}

int store_number(struct store *s, const char *sql, int *out, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, sql, e);
	if (!q)
		return e->code;
	int r = sqlite3_step(q) == SQLITE_ROW ? 0 : store_failed(s, e, "read it");
	*out = sqlite3_column_int(q, 0);
	sqlite3_finalize(q);
	return r;
}

/* --- opening --- */

static int harden(struct store *s, enum store_how how, struct err *e)
{
	static const struct {
		int what, value;
	} settings[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
	};
	for (size_t i = 0; i < COUNT_OF(settings); i++)
		if (sqlite3_db_config(s->db, settings[i].what, settings[i].value, NULL))
			return store_failed(s, e, "open it");
	sqlite3_busy_timeout(s->db, WAIT_MS);
	/* 64 MiB of pages; sorting goes there as well, and beyond it to a file. */
	int r = store_run(s, "PRAGMA cache_size = -65536; PRAGMA cell_size_check = ON", e);
	if (r == 0 && how == STORE_NEW)
		r = store_run(s, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", e);
	else if (r == 0)
		r = store_run(s, "PRAGMA synchronous = NORMAL", e);
	/* What is deleted is written over; store_scrub() sees to the rest. */
	if (r == 0 && how != STORE_READ)
		r = store_run(s, "PRAGMA secure_delete = ON", e);
	return r;
}

static int begin_new(struct store *s, const char *ledger, struct err *e)
{
	uint8_t root[SHA256_SIZE];
	char application[64];
	sqlite3_snprintf(
		sizeof application, application, "PRAGMA application_id = %d", APPLICATION);
	int r = store_run(s, application, e);
	if (r == 0)
		r = schema_update(s, 0, e);
	if (r == 0)
		r = schema_put_off(s, e);
	sqlite3_stmt *row = r == 0
		? store_prepare(
			  s, "INSERT INTO ledger (one, name, taken, root) VALUES (1, ?, 0, ?)", e)
		: NULL;
	if (!row)
		return e->code;
	digest_sha256("", 0, root); /* of the tree without entries */
	sqlite3_bind_text(row, 1, ledger, -1, SQLITE_STATIC);
	sqlite3_bind_blob(row, 2, root, sizeof root, SQLITE_STATIC);
	r = sqlite3_step(row) == SQLITE_DONE ? 0 : store_failed(s, e, "begin it");
	sqlite3_finalize(row);
	return r;
}

static int read_version(struct store *s, int *version, struct err *e)
{
	int application = *version = 0;
	int r = store_number(s, "PRAGMA application_id", &application, e);
	if (r == 0)
		r = store_number(s, "PRAGMA user_version", version, e);
	if (r == 0 && (application != APPLICATION || *version < 1))
		r = err_set(e, -EBADMSG, "%s: a database, and no store of a ledger", s->path);
	if (r == 0 && *version > STORE_VERSION) {
		err_later(e, (unsigned long)*version, STORE_VERSION);
		r = err_in(e, "%s", s->path);
	}
	return r;
}

/* Another process may do the same at the same time: who comes second finds it done. */
static int bring_up_to_date(struct store *s, struct err *e)
{
	int version;
	int r = store_run(s, "BEGIN IMMEDIATE", e);
	if (r == 0)
		r = read_version(s, &version, e);
	if (r == 0)
		r = schema_update(s, version, e);
	if (r == 0)
		r = store_run(s, "COMMIT", e);
	if (r < 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

static int check_name(struct store *s, const char *ledger, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, "SELECT name FROM ledger", e);
	if (!q)
		return e->code;
	int step = sqlite3_step(q), r = 0;
	const char *name = step == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
	if (step != SQLITE_ROW && step != SQLITE_DONE)
		r = store_failed(s, e, "read it");
	else if (!name)
		r = err_set(e, -EBADMSG, "%s: does not say of what ledger it is", s->path);
	else if (strcmp(name, ledger) != 0)
		r = err_set(
			e, -EXDEV, "%s: of the ledger '%s', not of '%s'", s->path, name, ledger);
	sqlite3_finalize(q);
	return r;
}

static int check_old(struct store *s, enum store_how how, const char *ledger, struct err *e)
{
	int version;
	int r = read_version(s, &version, e);
	if (r == 0 && version < STORE_VERSION && how == STORE_READ)
		r = err_set(e, -EROFS,
			"%s: a store of version %d; whoever may write brings it to version %d",
			s->path, version, STORE_VERSION);
	else if (r == 0 && version < STORE_VERSION)
		r = bring_up_to_date(s, e);
	if (r == 0)
		r = schema_check(s, e);
	return r < 0 ? r : check_name(s, ledger, e);
}

int store_open(
	struct store **out, const char *path, enum store_how how, const char *ledger, struct err *e)
{
	static const int flags[] = { [STORE_READ] = SQLITE_OPEN_READONLY,
		[STORE_WRITE] = SQLITE_OPEN_READWRITE,
		[STORE_NEW] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE };
	if (how != STORE_NEW &&
		faccessat(AT_FDCWD, path, how == STORE_READ ? R_OK : R_OK | W_OK, AT_EACCESS) < 0)
		return err_sys(e, "%s", path);
	struct store *s = calloc(1, sizeof *s);
	if (!s || !(s->path = strdup(path))) {
		free(s);
		return err_sys(e, "%s", path);
	}
	s->is_new = how == STORE_NEW;
	int r = sqlite3_open_v2(path, &s->db, flags[how] | SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK
		? 0
		: store_failed(s, e, "open it");
	if (r == 0)
		r = harden(s, how, e);
	if (r == 0)
		r = s->is_new ? begin_new(s, ledger, e) : check_old(s, how, ledger, e);
	if (r < 0) {
		store_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	store_drop(s);
	sqlite3_finalize(s->insert);
	sqlite3_finalize(s->insert_asset);
	sqlite3_close(s->db);
	sqlite3_free(s->indexes);
	free(s->path);
	free(s);
}

/* --- taking in --- */

int store_state(struct store *s, struct store_state *out, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, "SELECT taken, root FROM ledger", e);
	if (!q)
		return e->code;
	int step = sqlite3_step(q);
	int r = step == SQLITE_ROW ? 0 : store_failed(s, e, "read it");
	int64_t taken = sqlite3_column_int64(q, 0);
	const void *root = sqlite3_column_blob(q, 1);
	bool whole = taken >= 0 && root && sqlite3_column_bytes(q, 1) == SHA256_SIZE;
	if (r == 0 && whole) {
		out->taken = (uint64_t)taken;
		memcpy(out->root, root, sizeof out->root);
	} else if (r == 0) {
		r = err_set(e, -EBADMSG, "%s: damaged: its row says nothing that can be", s->path);
	}
	sqlite3_finalize(q);
	return r;
}

static int prepare_inserts(struct store *s, struct err *e)
{
	if (!s->insert)
		s->insert = store_prepare(s,
			"INSERT INTO entry (sequence, at_ns, kind, subject, actor, bytes, site)"
			" VALUES (?, ?, ?, ?, ?, ?, ?)",
			e);
	if (s->insert && !s->insert_asset)
		s->insert_asset = store_prepare(
			s, "INSERT OR IGNORE INTO asset (name, sequence) VALUES (?, ?)", e);
	return s->insert && s->insert_asset ? 0 : e->code;
}

int store_begin(struct store *s, struct store_state *now, struct err *e)
{
	assert(!s->begun);
	int r = prepare_inserts(s, e);
	if (r == 0)
		r = store_run(s, "BEGIN IMMEDIATE", e);
	s->begun = r == 0;
	if (r == 0)
		r = store_state(s, now, e);
	if (r < 0)
		store_drop(s);
	else
		s->next = now->taken;
	return r;
}

/* Runs an insert once; what was bound to it is let go. */
static int insert(struct store *s, sqlite3_stmt *statement, struct err *e)
{
	int r = sqlite3_step(statement) == SQLITE_DONE ? 0 : store_failed(s, e, "write it");
	sqlite3_reset(statement);
	return r;
}

static int insert_assets(struct store *s, const struct entry_parts *p, struct err *e)
{
	size_t step = 0;
	int r = 0;
	for (const char *name; r == 0 && (name = entry_asset(p, &step));) {
		sqlite3_bind_text(s->insert_asset, 1, name, -1, SQLITE_STATIC);
		sqlite3_bind_int64(s->insert_asset, 2, (int64_t)s->next);
		r = insert(s, s->insert_asset, e);
	}
	return r;
}

int store_take(struct store *s, const void *bytes, size_t size, struct err *e)
{
	struct entry_parts p;
	assert(s->begun && s->next < INT64_MAX && size <= INT32_MAX);
	entry_take_apart(bytes, size, &p);
	sqlite3_bind_int64(s->insert, 1, (int64_t)s->next);
	if (p.timed)
		sqlite3_bind_int64(s->insert, 2, p.at_ns);
	else
		sqlite3_bind_null(s->insert, 2);
	sqlite3_bind_text(s->insert, 3, p.kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(s->insert, 4, p.subject, -1, SQLITE_STATIC);
	sqlite3_bind_text(s->insert, 5, p.actor, -1, SQLITE_STATIC);
	/* Of no bytes a pointer would make NULL. */
	sqlite3_bind_blob(s->insert, 6, size ? bytes : "", (int)size, SQLITE_STATIC);
	sqlite3_bind_text(s->insert, 7, p.site, -1, SQLITE_STATIC);
	int r = insert(s, s->insert, e);
	if (r == 0)
		r = insert_assets(s, &p, e);
	entry_parts_free(&p);
	s->next += r == 0;
	return r;
}

void store_skip(struct store *s, uint64_t count)
{
	assert(s->begun && s->next + count < INT64_MAX);
	s->next += count;
}

int store_commit(struct store *s, const uint8_t root[SHA256_SIZE], struct err *e)
{
	assert(s->begun);
	sqlite3_stmt *row = store_prepare(s, "UPDATE ledger SET taken = ?, root = ?", e);
	if (!row)
		return e->code;
	sqlite3_bind_int64(row, 1, (int64_t)s->next);
	sqlite3_bind_blob(row, 2, root, SHA256_SIZE, SQLITE_STATIC);
	int r = insert(s, row, e);
	sqlite3_finalize(row);
	if (r == 0)
		r = store_run(s, "COMMIT", e);
	s->begun = r < 0;
	return r;
}

void store_drop(struct store *s)
{
	if (s->begun)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	s->begun = false;
}

/* --- beginning and end of a file --- */

/* Changing the way of the journal fails silently, and says what it is instead. */
static int set_journal(struct store *s, const char *sql, const char *wanted, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, sql, e);
	if (!q)
		return e->code;
	int step = sqlite3_step(q), r = 0;
	const char *is = step == SQLITE_ROW ? (const char *)sqlite3_column_text(q, 0) : NULL;
	if (step != SQLITE_ROW)
		r = store_failed(s, e, "change its journal");
	else if (!is || strcmp(is, wanted) != 0)
		r = err_set(e, -EBUSY, "%s: somebody else has it open", s->path);
	sqlite3_finalize(q);
	return r;
}

int store_finish(struct store *s, struct err *e)
{
	assert(s->is_new && !s->begun);
	int r = schema_catch_up(s, e);
	if (r == 0)
		r = set_journal(s, "PRAGMA journal_mode = WAL", "wal", e);
	/* The file of the log goes away again: the next one who opens it makes it. */
	if (r == 0)
		r = store_run(s, "PRAGMA synchronous = FULL; PRAGMA wal_checkpoint(TRUNCATE)", e);
	int fd = r == 0 ? open(s->path, O_RDONLY | O_CLOEXEC) : -1;
	if (r == 0 && (fd < 0 || fsync(fd) < 0))
		r = err_sys(e, "sync %s", s->path);
	if (fd >= 0)
		close(fd);
	return r;
}

int store_alone(struct store *s, struct err *e)
{
	assert(!s->begun);
	sqlite3_busy_timeout(s->db, 0);
	int r = store_run(s, "PRAGMA locking_mode = EXCLUSIVE", e);
	if (r == 0)
		r = set_journal(s, "PRAGMA journal_mode = DELETE", "delete", e);
	if (r == 0)
		r = store_run(s, "BEGIN EXCLUSIVE; COMMIT", e);
	return r;
}
