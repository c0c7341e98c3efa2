/* What is in a store, row by row: its hash, and where two differ. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "base/out.h"
#include "store/inside.h"

/* Every column of every table, in the order of its key, which are the first so many. */
static const struct table {
	const char *name, *sql;
	int keys;
	bool of_entries; /* has rows for each, so that a part of them can be compared */
} tables[] = {
	{ "ledger", "SELECT one, name, taken, root FROM ledger WHERE taken <= ? ORDER BY one", 1,
		false },
	{ "entry",
		"SELECT sequence, at_ns, kind, subject, actor, site, bytes FROM entry"
		" WHERE sequence < ? ORDER BY sequence",
		1, true },
	{ "asset", "SELECT name, sequence FROM asset WHERE sequence < ? ORDER BY name, sequence", 2,
		true },
};

static sqlite3_stmt *rows_of(struct store *s, const struct table *t, uint64_t below, struct err *e)
{
	sqlite3_stmt *q = store_prepare(s, t->sql, e);
	if (q)
		sqlite3_bind_int64(q, 1, below > INT64_MAX ? INT64_MAX : (int64_t)below);
	return q;
}

/* A type and eight bytes in front of each value: no two rows are the same bytes. */
static void add_value(struct digest *d, sqlite3_stmt *row, int column)
{
	char front[16];
	struct out o = out_mem(front, sizeof front);
	int type = sqlite3_column_type(row, column);
	out_char(&o, (char)type);
	if (type == SQLITE_INTEGER) {
		out_be(&o, (uint64_t)sqlite3_column_int64(row, column), 8);
		digest_add(d, front, o.used);
		return;
	}
	const void *bytes = sqlite3_column_blob(row, column);
	size_t size = (size_t)sqlite3_column_bytes(row, column);
	out_be(&o, size, 8);
	digest_add(d, front, o.used);
	if (size)
		digest_add(d, bytes, size);
}

static int add_table(struct store *s, const struct table *t, struct digest *d, struct err *e)
{
	sqlite3_stmt *row = rows_of(s, t, INT64_MAX, e);
	if (!row)
		return e->code;
	int step;
	digest_add(d, t->name, strlen(t->name) + 1);
	while ((step = sqlite3_step(row)) == SQLITE_ROW)
		for (int i = 0; i < sqlite3_column_count(row); i++)
			add_value(d, row, i);
	int r = step == SQLITE_DONE ? 0 : store_failed(s, e, "read it");
	sqlite3_finalize(row);
	return r;
}

int store_content(struct store *s, uint8_t hash[SHA256_SIZE], struct err *e)
{
	struct digest *d = digest_sha256_new();
	int r = d ? store_run(s, "BEGIN", e) : err_set(e, -ENOMEM, "%s: no memory", s->path);
	bool begun = r == 0;
	for (size_t i = 0; r == 0 && i < COUNT_OF(tables); i++)
		r = add_table(s, &tables[i], d, e);
	if (begun)
		sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
	digest_free(d, r == 0 ? hash : NULL);
	return r;
}

static bool same_value(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
	if (sqlite3_column_type(a, column) != sqlite3_column_type(b, column))
		return false;
	if (sqlite3_column_type(a, column) == SQLITE_INTEGER)
		return sqlite3_column_int64(a, column) == sqlite3_column_int64(b, column);
	int size = sqlite3_column_bytes(a, column);
	const void *x = sqlite3_column_blob(a, column), *y = sqlite3_column_blob(b, column);
	return size == sqlite3_column_bytes(b, column) &&
		(size == 0 || memcmp(x, y, (size_t)size) == 0);
}

/* "entry 17: subject is 'pump 3', was 'pump 4'"; a row that only one has, where `other` is NULL, is
 * told by its key. */
static void tell_row(
	const struct table *t, sqlite3_stmt *row, sqlite3_stmt *other, int column, char where[200])
{
	struct out o = out_mem(where, 200);
	out_str(&o, t->name);
	for (int i = 0; i < t->keys; i++)
		out_fmt(&o, " %.60s", (const char *)sqlite3_column_text(row, i));
	if (other && column < t->keys) {
		out_str(&o, ": only one of them has it");
	} else if (other) {
		bool is_bytes = sqlite3_column_type(row, column) == SQLITE_BLOB;
		const char *is = (const char *)sqlite3_column_text(row, column);
		const char *was = (const char *)sqlite3_column_text(other, column);
		out_fmt(&o, ": %s", sqlite3_column_name(row, column));
		if (is_bytes)
			out_str(&o, " are other ones");
		else
			out_fmt(&o, " is '%.40s', was '%.40s'", is ? is : "", was ? was : "");
	}
	out_text(&o);
}

/* The rows at hand.  1: they differ. */
static int same_row(const struct table *t, sqlite3_stmt *is, sqlite3_stmt *was, char where[200])
{
	for (int i = 0; i < sqlite3_column_count(is); i++) {
		if (same_value(is, was, i))
			continue;
		tell_row(t, is, was, i, where);
		return 1;
	}
	return 0;
}

static int compare(struct store *is, struct store *was, const struct table *t, uint64_t below,
	char where[200], struct err *e)
{
	sqlite3_stmt *a = rows_of(is, t, below, e), *b = a ? rows_of(was, t, below, e) : NULL;
	int r = b ? 0 : e->code;
	while (r == 0) {
		int x = sqlite3_step(a), y = sqlite3_step(b);
		if (x == SQLITE_DONE && y == SQLITE_DONE)
			break;
		if (x != SQLITE_ROW && x != SQLITE_DONE) {
			r = store_failed(is, e, "compare it");
		} else if (y != SQLITE_ROW && y != SQLITE_DONE) {
			r = store_failed(was, e, "compare it");
		} else if (x == SQLITE_ROW && y == SQLITE_ROW) {
			r = same_row(t, a, b, where);
		} else {
			tell_row(t, x == SQLITE_ROW ? a : b, NULL, 0, where);
			size_t used = strlen(where);
			snprintf(where + used, 200 - used, ": %s",
				x == SQLITE_ROW ? "was not there" : "is no longer there");
			r = 1;
		}
	}
	sqlite3_finalize(a);
	sqlite3_finalize(b);
	return r;
}

int store_differs(
	struct store *is, struct store *was, uint64_t below, char where[200], struct err *e)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < COUNT_OF(tables); i++)
		if (tables[i].of_entries)
			r = compare(is, was, &tables[i], below, where, e);
	return r;
}
