/* How the store came to look as it does: each change is a row, and none is ever altered. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"
#include "store/inside.h"

static const struct migration {
	int number;
	const char *what, *sql;
} migrations[] = {
	{ 1, "entries by kind, subject, actor and time",
		"CREATE TABLE ledger (one INTEGER PRIMARY KEY CHECK (one = 1), name TEXT NOT NULL,"
		" taken INTEGER NOT NULL, root BLOB NOT NULL) STRICT;"
		"CREATE TABLE entry (sequence INTEGER PRIMARY KEY, at_ns INTEGER, kind TEXT NOT NULL,"
		" subject TEXT NOT NULL, actor TEXT NOT NULL, bytes BLOB NOT NULL) STRICT;"
		"CREATE INDEX entry_at ON entry (at_ns);"
		"CREATE INDEX entry_kind ON entry (kind);"
		"CREATE INDEX entry_subject ON entry (subject);"
		"CREATE INDEX entry_actor ON entry (actor);" },
	{ 2, "entries by the assets they name",
		"CREATE TABLE asset (name TEXT NOT NULL, sequence INTEGER NOT NULL"
		" REFERENCES entry (sequence), PRIMARY KEY (name, sequence)) STRICT, WITHOUT ROWID;"
		"INSERT OR IGNORE INTO asset SELECT named.value, sequence"
		" FROM entry, json_each(entry_assets(bytes)) AS named;" },
	{ 3, "entries by site",
		"ALTER TABLE entry ADD COLUMN site TEXT NOT NULL DEFAULT '';"
		"UPDATE entry SET site = entry_site(bytes);"
		"CREATE INDEX entry_site ON entry (site);" },
	{ 4, "whether something of entries that were let go may stand in the file",
		"ALTER TABLE ledger ADD COLUMN scrub INTEGER NOT NULL DEFAULT 0;" },
};
_Static_assert(COUNT_OF(migrations) == STORE_VERSION, "one for every version");

/* --- what migrations ask of an entry: the same code as when it is taken in --- */

static void entry_site(sqlite3_context *c, int count, sqlite3_value **values)
{
	struct entry_parts p;
	(void)count;
	entry_take_apart(sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0]), &p);
	sqlite3_result_text(c, p.site, -1, SQLITE_TRANSIENT);
	entry_parts_free(&p);
}

/* As a JSON list. */
static void entry_assets(sqlite3_context *c, int count, sqlite3_value **values)
{
	struct entry_parts p;
	(void)count;
	entry_take_apart(sqlite3_value_blob(values[0]), (size_t)sqlite3_value_bytes(values[0]), &p);
	json_t *list = json_array();
	size_t step = 0;
	int r = list ? 0 : -1;
	for (const char *name; r == 0 && (name = entry_asset(&p, &step));)
		r = json_array_append_new(list, json_string(name));
	char *text = r == 0 ? json_dumps(list, JSON_COMPACT) : NULL;
	if (text)
		sqlite3_result_text(c, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_result_error_nomem(c);
	free(text);
	json_decref(list);
	entry_parts_free(&p);
}

static int add_functions(struct store *s, struct err *e)
{
	const int how = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	if (sqlite3_create_function(s->db, "entry_site", 1, how, NULL, entry_site, NULL, NULL) ||
		sqlite3_create_function(
			s->db, "entry_assets", 1, how, NULL, entry_assets, NULL, NULL))
		return store_failed(s, e, "prepare");
	return 0;
}

int schema_update(struct store *s, int from, struct err *e)
{
	char version[64];
	int r = add_functions(s, e);
	for (size_t i = 0; r == 0 && i < COUNT_OF(migrations); i++) {
		const struct migration *m = &migrations[i];
		if (m->number <= from)
			continue;
		r = store_run(s, m->sql, e);
		sqlite3_snprintf(sizeof version, version, "PRAGMA user_version = %d", m->number);
		if (r == 0)
			r = store_run(s, version, e);
		if (r < 0)
			err_in(e, "bring it to version %d, %s", m->number, m->what);
	}
	return r;
}

int schema_put_off(struct store *s, struct err *e)
{
	sqlite3_stmt *list = store_prepare(s,
		"SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", e);
	if (!list)
		return e->code;
	sqlite3_str *make = sqlite3_str_new(s->db), *drop = sqlite3_str_new(s->db);
	while (sqlite3_step(list) == SQLITE_ROW) {
		sqlite3_str_appendf(make, "%s;", sqlite3_column_text(list, 1));
		sqlite3_str_appendf(drop, "DROP INDEX %s;", sqlite3_column_text(list, 0));
	}
	sqlite3_finalize(list);
	s->indexes = sqlite3_str_finish(make);
	char *sql = sqlite3_str_finish(drop);
	int r = s->indexes && sql ? store_run(s, sql, e)
				  : err_set(e, -ENOMEM, "%s: no memory", s->path);
	sqlite3_free(sql);
	return r;
}

int schema_catch_up(struct store *s, struct err *e)
{
	int r = store_run(s, s->indexes, e);
	sqlite3_free(s->indexes);
	s->indexes = NULL;
	return r;
}

/* --- whether it is what they make --- */

/* Every table, index, view and trigger, one behind the other; statistics that somebody had made
 * decide nothing here. */
static char *shape_of(struct store *s, struct err *e)
{
	sqlite3_stmt *list = store_prepare(s,
		"SELECT type, name, ifnull(sql, '') FROM sqlite_schema"
		" WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name",
		e);
	sqlite3_str *text = sqlite3_str_new(s->db);
	int step = SQLITE_ERROR;
	while (list && (step = sqlite3_step(list)) == SQLITE_ROW)
		sqlite3_str_appendf(text, "%s %s %s\n", sqlite3_column_text(list, 0),
			sqlite3_column_text(list, 1), sqlite3_column_text(list, 2));
	char *shape = sqlite3_str_finish(text);
	if (list && (step != SQLITE_DONE || !shape)) {
		store_failed(s, e, "read its tables");
		sqlite3_free(shape);
		shape = NULL;
	} else if (!list) {
		sqlite3_free(shape);
		shape = NULL;
	}
	sqlite3_finalize(list);
	return shape;
}

int schema_check(struct store *s, struct err *e)
{
	struct store fresh = { .path = s->path };
	char *is = shape_of(s, e), *right = NULL;
	int r = is ? 0 : e->code;
	if (r == 0 && sqlite3_open(":memory:", &fresh.db) != SQLITE_OK)
		r = store_failed(&fresh, e, "compare its tables");
	if (r == 0)
		r = schema_update(&fresh, 0, e);
	if (r == 0 && !(right = shape_of(&fresh, e)))
		r = e->code;
	if (r == 0 && (!is || !right || strcmp(is, right) != 0))
		r = err_set(e, -EBADMSG,
			"%s: its tables are not those of version %d: somebody changed them",
			s->path, STORE_VERSION);
	sqlite3_free(right);
	sqlite3_free(is);
	sqlite3_close(fresh.db);
	return r;
}
