/* The keys that a ledger is signed by, one after the other.  A change of keys is an entry of kind
 * `key` with the data
 *
 *	{"by_new":BASE64,"by_old":BASE64,"new":KEY,"old":KEY}
 *
 * where both keys sign the text
 *
 *	weir key rotation v1
 *	NAME
 *	KEY (the old one)
 *	KEY (the new one)
 *
 * and KEY is name+id+base64.  The entry with number n stands in heads of more than n entries: those
 * are signed by the new key, those of n entries and less by the old one.  The first head that has
 * the entry is signed by both, in two lines: who knows the old key only can follow to there, and
 * finds the new one in the tree.  The name stays, so ids tell the keys apart; a key comes once.
 *
 * Pure: fed with the entries of a tree in order, or with the entries that change keys alone. */
#ifndef LEDGER_KEYS_H
#define LEDGER_KEYS_H

#include "ledger/note.h"

enum {
	KEYS_MAX = 256,         /* of one ledger: one a month for twenty years */
	KEY_CHANGE_LEAST = 384, /* bytes of the shortest entry that changes keys */
	KEY_CHANGE_DATA = 2 * NOTE_KEY_TEXT + 256,
};

struct keys {
	struct note_key known; /* that was handed over; one of the chain */
	unsigned count;        /* of changes */
	struct key_change {
		uint64_t at; /* the entry's number */
		struct note_key old, new;
	} changes[KEYS_MAX];
};

/* The entry's data as JSON. */
void key_change_data(const struct note_key *old, const struct sign_key *old_secret,
	const struct note_key *new, const struct sign_key *new_secret, char data[KEY_CHANGE_DATA]);

bool key_is_change(struct cur entry); /* by its form */

void keys_begin(struct keys *k, const struct note_key *known);
/* One entry of the tree, in its canonical form.  -EBADMSG: it changes keys and does not hold: a
 * signature is missing, the old key is not the present one, the new one was there before. */
int keys_see(struct keys *k, uint64_t sequence, struct cur entry, struct err *e) MUST_USE;
/* After the last entry.  -EBADMSG: the known key is none of this ledger's. */
int keys_end(const struct keys *k, struct err *e) MUST_USE;

bool keys_have(const struct keys *k, const struct note_key *key); /* the first one, or a later */
const struct note_key *keys_first(const struct keys *k);
const struct note_key *keys_last(const struct keys *k);
/* Who signs heads of this size. */
const struct note_key *keys_of(const struct keys *k, uint64_t size);
/* A head of this size: signed by its key, and where others of the ledger's keys signed it too,
 * those signatures hold.  `lines`, or NULL: how many are the ledger's. */
int keys_check(const struct keys *k, const struct note *n, uint64_t size, unsigned *lines,
	struct err *e) MUST_USE;

#endif
