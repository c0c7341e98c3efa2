/* Asking the key for signatures, from another process: the other end of keeper.h.  What comes back
 * is read with care too, as the key decides over nothing here but its own signatures. */
#ifndef LEDGER_KEEPER_ASK_H
#define LEDGER_KEEPER_ASK_H

#include "ledger/keeper.h"
#include "ledger/seal.h"

struct keeper_state {
	bool sealed;
	unsigned tries_left;
	uint64_t signed_count, refused_count;
	struct checkpoint last;
	struct note_key keys[KEEPER_KEYS]; /* the one that signs, and the one before */
	unsigned key_count;
};

struct keeper_ask {
	int fd; /* the caller's; after an error of the channel nothing more is asked */
	char origin[NOTE_NAME];
	struct keeper_state state; /* as it was told last */
	uint8_t room[KEEPER_ASKED];
	bool broken;
};

int keeper_ask_open(struct keeper_ask *a, int fd, const char *origin, struct err *e) MUST_USE;
/* -EACCES: not this one. */
int keeper_ask_unseal(struct keeper_ask *a, struct passphrase p, struct err *e) MUST_USE;
int keeper_ask_state(struct keeper_ask *a, struct err *e) MUST_USE;
/* For seal.h; points into `a`, which stays where it is. */
struct signer keeper_ask_signer(struct keeper_ask *a);

#endif
