/* The processes of a ledger that is served: they are started, brought together, and started again
 * when they end by themselves.  Whoever guards them reads nothing from anybody else. */
#ifndef CLI_LEDGER_GUARD_H
#define CLI_LEDGER_GUARD_H

#include "cli/kept.h"
#include "cli/ledger/keeper.h"

struct ledger_guard {
	const struct ledger_home *home;
	char socket[PATH_MAX]; /* where entries are taken */
	struct key_paths paths;
	struct passphrase_kept held; /* for another process with the key, where one has to come */
	struct ledger_keeper keeper;
	struct kept core, sealer;
	bool was_ready;
};

struct ledger_guard_opts {
	const char *key, *passphrase_file;
	bool witnessed;
};

/* Takes the lock, the key, the passphrase; asks the witnesses.  The home is borrowed. */
int ledger_guard_prepare(struct ledger_guard *g, const struct ledger_home *home,
	const struct ledger_guard_opts *o, struct err *e) MUST_USE;
int ledger_guard_start(struct ledger_guard *g, struct err *e) MUST_USE;
/* Readable when the core has something to say; ledger_guard_hear() hears it: true once, when the
 * socket is open. */
int ledger_guard_fd(const struct ledger_guard *g);
bool ledger_guard_hear(struct ledger_guard *g);
/* -1: goes on; else an exit code: what is damaged stays so, and what never stood is not tried
 * again.  To be called a few times a second. */
int ledger_guard_look(struct ledger_guard *g, struct err *e);
/* Takes no more, brings everything to the disk; an exit code.  `broken`: at once, as far as it got.
 */
int ledger_guard_stop(struct ledger_guard *g, struct err *e);
void ledger_guard_break(struct ledger_guard *g);
void ledger_guard_done(struct ledger_guard *g);

#endif
