/* The witnesses of a ledger, as DIR.witnesses lists them, asked before anything is signed. */
#ifndef CLI_LEDGER_WITNESSES_H
#define CLI_LEDGER_WITNESSES_H

#include "cli/ledger/ledger.h"
#include "ledger/witness.h"

struct witnesses; /* and what they said */

enum { WITNESS_SECONDS = 10 }; /* so long they are waited for, all together */

/* Reads the list (none: 0) and asks all at once, each by a process of its own.  Gives how many
 * there are, or -errno. */
int witnesses_ask(struct witnesses **out, const struct ledger_home *h, struct err *e) MUST_USE;
void witnesses_free(struct witnesses *w);
const struct witness_seen *witnesses_seen(const struct witnesses *w, size_t *count, uint64_t *own);

/* What one said, in words. */
void witness_says_out(struct out *o, const struct witness_seen *seen, uint64_t own);

/* For who is about to write.  -EBADMSG: one of them saw more, or another history, so that nothing
 * may be signed here.  One that cannot be asked is a warning; with `all` -EHOSTUNREACH. */
int witnesses_agree(const struct ledger_home *h, bool all, struct err *e) MUST_USE;

/* The process that asks one: over its channel it is told a line of the list, and gives what the
 * place shows. */
int witness_answer(int channel, struct err *e) MUST_USE;

#endif
