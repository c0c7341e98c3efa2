/* Entries that are taken out again, and every trace of them.
 *
 * SQLite writes zeros over what it deletes (secure_delete), but not over copies that moving rows
 * from page to page left behind: these go where the whole file is written again.  A row of the
 * store remembers that this is due, so that whoever was ended in between is followed by one who
 * does it. */
#include <errno.h>

#include "store/inside.h"

/* Runs a statement for one range; gives how many rows it changed, or found. */
static int run_for(struct store *s, sqlite3_stmt *q, const struct store_range *r, struct err *e)
{
	sqlite3_bind_int64(q, 1, (int64_t)r->first);
	sqlite3_bind_int64(q, 2, (int64_t)r->last);
	int step = sqlite3_step(q);
	int found = step == SQLITE_ROW ? 1
		: step == SQLITE_DONE  ? 0
				       : store_failed(s, e, "look for what was let go");
	sqlite3_reset(q);
	return found;
}

int store_has(struct store *s, const struct store_range *ranges, size_t count, struct err *e)
{
	sqlite3_stmt *q =
		store_prepare(s, "SELECT 1 FROM entry WHERE sequence BETWEEN ? AND ? LIMIT 1", e);
	int found = q ? 0 : e->code;
	for (size_t i = 0; found == 0 && i < count; i++)
		found = run_for(s, q, &ranges[i], e);
	sqlite3_finalize(q);
	return found;
}

/* Assets go by what entries are left: one reading of them, however many ranges there are. */
static int delete_all(
	struct store *s, const struct store_range *ranges, size_t count, struct err *e)
{
	int r = store_run(s, "BEGIN IMMEDIATE", e);
	if (r < 0)
		return r;
	sqlite3_stmt *q = store_prepare(s, "DELETE FROM entry WHERE sequence BETWEEN ? AND ?", e);
	r = q ? 0 : e->code;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = run_for(s, q, &ranges[i], e);
	sqlite3_finalize(q);
	if (r == 0)
		r = store_run(s,
			"DELETE FROM asset WHERE sequence NOT IN (SELECT sequence FROM entry);"
			"UPDATE ledger SET scrub = 1; COMMIT",
			e);
	if (r < 0)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int store_forget(struct store *s, const struct store_range *ranges, size_t count, struct err *e)
{
	int had = store_has(s, ranges, count, e);
	if (had <= 0)
		return had;
	/* For each entry SQLite would look through all assets for one that is left. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
	int r = delete_all(s, ranges, count, e);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	return r < 0 ? r : 1;
}

int store_scrub(struct store *s, struct err *e)
{
	int due, busy;
	int r = store_number(s, "SELECT scrub FROM ledger", &due, e);
	if (r < 0 || !due)
		return r;
	r = store_run(s, "VACUUM", e);
	if (r == 0)
		r = store_number(s, "PRAGMA wal_checkpoint(TRUNCATE)", &busy, e);
	if (r == 0 && busy)
		r = err_set(e, -EBUSY, "%s: somebody else reads it", s->path);
	return r < 0 ? r : store_run(s, "UPDATE ledger SET scrub = 0", e);
}
