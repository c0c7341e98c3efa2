/* The key's side of a channel: what may be asked of it, how often, and what it answers.  Whoever
 * asks is taken to be in foreign hands: the key signs checkpoints of its own ledger and nothing
 * else, and those only where it is proved that they grew out of the last one it signed.
 *
 *	asked                                     answered
 *	STATE                                     IS
 *	PASSPHRASE  its bytes                     IS
 *	SIGN        8 entries, 32 root,           SIGNED  the signature lines
 *	            1 count, 32 each: the proof
 *	                                          REFUSED 4 code, 2 size, text, 2 size, what to try
 *
 *	IS: 1 sealed, 1 tries left, 8 signed, 8 refused, 8 entries and 32 root of the last head,
 *	1 count of keys, 32 each: the public keys, the one that signs first
 *
 * Numbers are big endian.  Pure: files, clock and channel are its caller's. */
#ifndef LEDGER_KEEPER_H
#define LEDGER_KEEPER_H

#include "crypt/keyfile.h"
#include "ledger/headfile.h"

enum keeper_word {
	KEEPER_STATE = 1,
	KEEPER_PASSPHRASE,
	KEEPER_SIGN,
	KEEPER_WORDS,
	KEEPER_REFUSED = 0x8000,
	KEEPER_IS,
	KEEPER_SIGNED,
};

enum {
	KEEPER_KEYS = 2,           /* the one that signs, and while keys change the one before */
	KEEPER_TRIES = 5,          /* of a passphrase; then the process ends */
	KEEPER_ASKED = 4096,       /* the largest question, with the proof of any tree */
	KEEPER_ANSWER = 2048,      /* the largest answer */
	KEEPER_EACH_SECOND = 1000, /* heads signed; the sealer asks for 366 at the very most */
};

struct keeper_key {
	const struct keyfile *file;
	struct sign_key *secret; /* NULL: sealed yet */
	struct note_key public;
};

struct keeper {
	char origin[NOTE_NAME];
	struct headfile head;
	struct keeper_key keys[KEEPER_KEYS];
	unsigned key_count;
	/* Brings a slot to the disk, before a signature is given out. */
	int (*keep)(void *self, const void *slot, size_t size, uint64_t at, struct err *e);
	void *self;
	int64_t next_ns[KEEPER_WORDS]; /* when each word is due again, were it asked evenly */
	uint64_t signed_count, refused_count;
	unsigned tries;
	unsigned wait_ms; /* before the answer is sent: what a wrong passphrase costs */
	bool dead;        /* nobody knows what head is on the disk: nothing is signed any more */
};

/* The name must be the file's where that says one. */
int keeper_add_key(struct keeper *k, const struct keyfile *file, struct err *e) MUST_USE;
/* Opens what is not sealed, or all with the passphrase. */
int keeper_unseal(struct keeper *k, struct passphrase p, struct err *e) MUST_USE;
void keeper_done(struct keeper *k); /* forgets the keys */
bool keeper_is_sealed(const struct keeper *k);
/* The passphrase was wrong too often. */
bool keeper_gives_up(const struct keeper *k);

/* Answers one message; gives the answer's type. */
uint16_t keeper_answer(
	struct keeper *k, uint16_t word, struct cur body, int64_t now_ns, struct out *answer);
/* The answer to what is no message at all. */
uint16_t keeper_refuse(struct keeper *k, const struct err *why, struct out *answer);

#endif
