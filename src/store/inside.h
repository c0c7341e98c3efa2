/* Within the room. */
#ifndef STORE_INSIDE_H
#define STORE_INSIDE_H

#include <sqlite3.h>

#include "store/store.h"

enum { STORE_VERSION = 4 }; /* the last of the migrations */

struct store {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *insert, *insert_asset;
	uint64_t next; /* between store_begin() and store_commit(): the number of the next entry */
	bool begun, is_new;
	char *indexes; /* of a new one: what makes them, once everything is in */
};

/* What SQLite said last, as an error of ours. */
int store_failed(struct store *s, struct err *e, const char *what);
int store_run(struct store *s, const char *sql, struct err *e) MUST_USE;
/* The number that a question with one answer gives. */
int store_number(struct store *s, const char *sql, int *out, struct err *e) MUST_USE;
/* NULL where it failed. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql, struct err *e);

/* Migrations from this version to the last, in a transaction that is open already. */
int schema_update(struct store *s, int from, struct err *e) MUST_USE;
/* Takes the indexes of a new store away, and makes them again: sorted at once they cost a third of
 * what they do entry by entry. */
int schema_put_off(struct store *s, struct err *e) MUST_USE;
int schema_catch_up(struct store *s, struct err *e) MUST_USE;
/* That tables and indexes are those that the migrations make, and nothing else is there. */
int schema_check(struct store *s, struct err *e) MUST_USE;

#endif
