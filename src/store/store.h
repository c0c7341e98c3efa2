/* The store: what the ledger holds, laid out for questions, in one SQLite file.
 *
 * It is a projection and never the truth: everything in it follows from the entries of the ledger
 * up to the number in its row, so it may be deleted, and made again with the same content.  Only
 * entries that a signed checkpoint covers go in; the row keeps the root of the tree of so many
 * entries, by which whoever has the ledger tells a store of another one, or of another history.
 *
 *	ledger  name, how many entries were taken in, the root of the tree of these; scrub: whether
 *	        traces of entries that were taken out may be left
 *	entry   sequence, time, kind, subject, actor, site, and its bytes as the ledger has them
 *	asset   which assets an entry names (event/entry_parts.h): one row each
 *
 * A time is nanoseconds since 1970, NULL where the entry has none.  People may ask it themselves:
 * sqlite3 -readonly DIR.store "select kind, count(*) from entry group by kind"
 *
 * When the layout or the meaning of a column changes, that is a migration (schema.c): a store of
 * every earlier version is brought up to date when it is opened, and is then the same as one made
 * anew.  One process writes at a time, others read meanwhile. */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "crypt/digest.h"
#include "event/entry_parts.h"

struct store;

enum store_how {
	STORE_READ,  /* asks only */
	STORE_WRITE, /* takes in what is new, and brings an older one up to date */
	STORE_NEW,   /* begins one in an empty file; complete from store_finish() on */
};

/* Opens the store of the ledger of this name.  -ENOENT: there is none; -EBADMSG: it is damaged, or
 * no store; -EPROTONOSUPPORT: of a later version; -EXDEV: of another ledger; -EROFS: of an earlier
 * version, which STORE_READ cannot change; -EACCES. */
int store_open(struct store **out, const char *path, enum store_how how, const char *ledger,
	struct err *e) MUST_USE;
void store_close(struct store *s); /* what was not committed is gone */

struct store_state {
	uint64_t taken; /* entries 0 to taken - 1 are in it */
	uint8_t root[SHA256_SIZE];
};

int store_state(struct store *s, struct store_state *out, struct err *e) MUST_USE;

/* Takes entries in, in order, from the number that store_begin() tells; nobody else writes from
 * there to store_commit() or store_drop().  The root is that of the tree behind the last one. */
int store_begin(struct store *s, struct store_state *now, struct err *e) MUST_USE;
int store_take(struct store *s, const void *bytes, size_t size, struct err *e) MUST_USE;
void store_skip(struct store *s, uint64_t count); /* entries that nobody has any more */
int store_commit(struct store *s, const uint8_t root[SHA256_SIZE], struct err *e) MUST_USE;
void store_drop(struct store *s);

/* Entries that the ledger let go, or that are elsewhere. */
struct store_range {
	uint64_t first, last;
};

/* 1: it has entries of these ranges. */
int store_has(
	struct store *s, const struct store_range *ranges, size_t count, struct err *e) MUST_USE;
/* Takes them out, all at once.  1: it had some.  Pages keep traces of what stood in them once:
 * store_scrub() makes the file anew without, and its log, where that is due.  -EBUSY: somebody
 * reads it, so it could not be. */
int store_forget(
	struct store *s, const struct store_range *ranges, size_t count, struct err *e) MUST_USE;
int store_scrub(struct store *s, struct err *e) MUST_USE;

/* Ends what STORE_NEW began: from here on it is a store as any, and on the disk. */
int store_finish(struct store *s, struct err *e) MUST_USE;
/* That nobody else has it open, and nobody will until it is closed: before another file takes its
 * place.  -EBUSY: somebody has. */
int store_alone(struct store *s, struct err *e) MUST_USE;

struct store_question {
	struct entry_filter filter;
	uint64_t from, below; /* numbers from <= sequence < below */
	uint64_t most;        /* so many answers; 0: all */
	bool last;            /* the last ones of them, told in order all the same */
};

/* Anything but 0 ends it. */
typedef int store_answer(
	void *self, uint64_t sequence, const void *bytes, size_t size, struct err *e);
/* Tells what fits, in order of sequence.  Gives what `each` gave. */
int store_find(struct store *s, const struct store_question *q, store_answer *each, void *self,
	struct err *e) MUST_USE;

/* SHA-256 over every row of every table, in order: as long as two stores hold the same, it is the
 * same, however they came to it. */
int store_content(struct store *s, uint8_t hash[SHA256_SIZE], struct err *e) MUST_USE;
/* Whether both hold the same of entries 0 to below - 1.  1: not; `where` names the first row. */
int store_differs(struct store *is, struct store *was, uint64_t below, char where[200],
	struct err *e) MUST_USE;

#endif
