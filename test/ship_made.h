/* Ledgers on disks in memory, and copies of them, for the tests of shipping. */
#ifndef TEST_SHIP_MADE_H
#define TEST_SHIP_MADE_H

#include "disk.h"
#include "ledger/follow.h"
#include "ledger/push.h"

extern const char origin[];
extern struct sign_key *secret, *other_secret, *witness_secret;
extern struct note_key public, witness_public;

int set_up_keys(void **unused);
int wipe_keys(void **unused);

struct keeper {
	struct sign_key *secret;
	struct note_key public;
	const struct keeper *before; /* signs, too: while keys change */
};

enum { TURNS = 4 };
extern struct keeper
	turn[TURNS]; /* the ledger's keys, one after the other; the first is `secret` */

/* Entries up to `to`, of a history of this version, in a ledger that is closed; its log stays where
 * it is not finished. */
void write_as(const struct keeper *k, struct disk *d, uint64_t to, unsigned version, bool publish,
	bool finish);
void write_to(struct disk *d, uint64_t to, unsigned version);
/* The change from turn[n - 1] to turn[n], as one more entry: signed by these two, or by others. */
void change_key(struct disk *d, unsigned n);
void change_key_by(
	struct disk *d, unsigned n, const struct sign_key *by_old, const struct sign_key *by_new);
struct disk *ledger_of(uint64_t count, unsigned version);
struct disk *copy_of(const struct disk *from);

/* Entries up to `to` that say when they are from, four a day, and a promise to keep them a day. */
void notes_to(struct disk *d, uint64_t to);
/* An entry says that these went, or moved to the shelf, and so they do: whole bundles. */
void let_go(struct disk *d, uint64_t first, uint64_t last, struct disk *shelf);

/* That it is a ledger, whole, and how large it is; 0 where it is none yet. */
uint64_t size_of(struct disk *d);
void assert_says(const struct err *e, const char *words);
void assert_same_tiles(struct disk *a, struct disk *b);

int push_by(const struct note_key *key, struct disk *from, struct disk *to, struct pushed *out,
	struct err *e);
int push_to(struct disk *from, struct disk *to, struct pushed *out, struct err *e);

struct ends {
	struct disk *from, *copy, *beside;
	bool cosign;
	uint64_t now;
	unsigned alarms;
	const struct note_key *key; /* given to who follows; NULL: none */
};

struct ends ends_of(struct disk *from);
void ends_free(struct ends *ends);
int follow_it(struct ends *ends, struct followed *out, struct err *e);
/* Into a new copy, that has what `had` has, and is killed at its n-th call: true where it was. */
bool follow_killed(struct ends *ends, const struct disk *had, uint64_t n);
/* Following is refused with these words, and the copy is as it was. */
void assert_refused(struct ends *ends, uint64_t size, const char *words);
struct ends followed_at(uint64_t count); /* a copy of so many that was followed rightly */
void show_instead(struct ends *ends, struct disk *d);
void remove_tile(void *files, const char *name); /* for disk_each(): whatever was shipped */

#endif
