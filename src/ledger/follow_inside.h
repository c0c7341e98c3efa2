/* One call of follow(), and what it knows of keys. */
#ifndef LEDGER_FOLLOW_INSIDE_H
#define LEDGER_FOLLOW_INSIDE_H

#include "ledger/follow.h"
#include "ledger/read.h"
#include "ledger/source.h"

struct follow_run {
	const struct follow *f;
	struct followed *out;
	struct remote copy;
	bool claimed;                   /* the copy says whose it is: */
	struct note_key first, present; /* as its file has it */
	struct keys keys;               /* from its head on; all of them once `whole` */
	unsigned had;                   /* changes of them in the copy */
	bool whole;
	struct checkpoint own, theirs;
	struct note note; /* theirs, in their_note */
	bool known;       /* signed by the key that the copy has last */
	char own_note[NOTE_MAX + 1], their_note[NOTE_MAX + 1], new_note[NOTE_MAX + 1];
};

/* All keys of the copy, by its own entries. */
int follow_read_chain(struct follow_run *r, struct err *e) MUST_USE;
/* The copy's own checkpoint.  An earlier call may have been ended before it wrote by which key. */
int follow_own_holds(struct follow_run *r, struct err *e) MUST_USE;
/* Their head is signed by some key that the copy knows. */
int follow_is_ours(struct follow_run *r, struct err *e) MUST_USE;
/* A carry's see(): the new entries that change keys. */
int follow_see_bundle(void *run, uint64_t index, struct cur bytes, struct err *e);
/* Once all new entries were seen: their head is signed by the key of its size. */
int follow_theirs_hold(struct follow_run *r, struct err *e) MUST_USE;
/* The same where they have to be read first, before anything is written. */
int follow_learn_keys(struct follow_run *r, struct source *s, struct err *e) MUST_USE;
/* What the copy's file says, as the ledger's own does. */
int follow_put_mark(struct follow_run *r, struct err *e) MUST_USE;

#endif
