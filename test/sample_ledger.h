/* A ledger for tests whose n-th entry everybody knows: whatever happened to it, one look says
 * whether it is the one that was written. */
#ifndef TEST_SAMPLE_LEDGER_H
#define TEST_SAMPLE_LEDGER_H

#include "ledger/check.h"
#include "ledger/ledger.h"

enum { SAMPLE_ENTRY = 40000 }; /* bytes of one at most */

extern const struct signer sample_signer;
extern struct note_key sample_key;
extern struct sign_key *sample_secret;
int sample_set_up(void **unused); /* for cmocka; 0 where there is a key */
int sample_tear_down(void **unused);

/* Text, and no two alike; one in sixty is large. */
size_t sample_entry(uint64_t n, char bytes[SAMPLE_ENTRY]);

int sample_open(const struct files *f, struct ledger **l, struct err *e) MUST_USE;

/* What a writer was told, or told others, before it ended. */
struct sample_told {
	uint64_t acknowledged, published;
	void (*tell)(void *self, const struct sample_told *told); /* or NULL: at each change */
	void *self;
};

/* A writer's life: opens, appends batches of all sizes until it has `until` entries, with time
 * running unevenly; where the seed says so, it brings the ledger to its end.  Gives the first
 * error that ended it; a publishing that failed is tried again. */
int sample_write(const struct files *f, uint64_t seed, uint64_t until, struct sample_told *told,
	struct err *e) MUST_USE;

/* Opens it again, whatever was done to it: everything told is there and right, it goes on, and its
 * check holds. */
int sample_recover(const struct files *f, const struct sample_told *told, struct err *e) MUST_USE;
/* Every entry is the known one, and ledger_check() holds; at least that much is there. */
int sample_holds(const struct files *f, const struct sample_told *told, struct err *e) MUST_USE;

#endif
