/* A ledger in memory that years went by in, for tests of how long entries are kept. */
#ifndef TEST_RETAIN_STORY_H
#define TEST_RETAIN_STORY_H

#include <stdbool.h>

#include "disk.h"
#include "ledger/check.h"
#include "ledger/ledger.h"
#include "ledger/prune.h"

enum { STORY_DAY = 86400 };
#define STORY_START INT64_C(1700000000) /* 2023-11-14 */

struct story {
	struct disk *disk;
	struct files files;
	struct ledger *ledger; /* NULL: closed */
	uint64_t next;
	int64_t at_s; /* of the next entry */
};

/* The keys, for cmocka. */
int story_set_up(void **unused);
int story_tear_down(void **unused);

void story_begin(struct story *s);
void story_end(struct story *s);
void story_open(struct story *s); /* again */
void story_close(struct story *s);

/* Gives the entry's number; data as JSON. */
uint64_t story_tell(struct story *s, const char *kind, const char *subject, const char *data);
/* Of any time, as the entry says it. */
uint64_t story_tell_at(
	struct story *s, const char *at, const char *kind, const char *subject, const char *data);
/* So many entries, each a quarter of a day after the one before. */
void story_days(struct story *s, const char *kind, unsigned count);
/* Entries of one moment, until there are so many in the ledger. */
void story_fill(struct story *s, const char *kind, uint64_t to);
/* A promise of a hundred days, and notes of two years. */
void story_two_years(struct story *s);
void story_change_key(struct story *s);

void story_plan(struct story *s, int64_t until_s, struct prune_plan *plan, struct retain **rules);
uint64_t story_may_go(struct story *s, int64_t until_s); /* so many entries */
/* What a plan says, as entries of a ledger that is open; `to`: it is moved there, or NULL. */
void story_tell_plan(struct story *s, const struct prune_plan *plan, const char *to);
/* A plan told of, and carried out; `until` is the time of the entry, too. */
void story_let_go(struct story *s, bool remove);
int story_check(struct story *s, struct ledger_checked *found, struct err *e);
void assert_says(const char *text, const char *words);

#endif
