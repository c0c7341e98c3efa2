/* The key process of a ledger, for the commands that write: started, unsealed, asked for
 * signatures.  A change of keys that was broken off is ended first, or taken back. */
#ifndef CLI_LEDGER_KEEPER_H
#define CLI_LEDGER_KEEPER_H

#include <limits.h>

#include "base/child.h"
#include "cli/ledger/ledger.h"
#include "cli/passphrase.h"
#include "ledger/keeper_ask.h"

/* All beside the folder, by the name of the key (DIR.key). */
struct key_paths {
	char key[PATH_MAX];
	char next[PATH_MAX + 8];   /* .new: made for a change that is no entry yet */
	char before[PATH_MAX + 8]; /* .old: until a head signed by both is on the disk */
	char head[PATH_MAX + 8];   /* .head: the last head that was signed */
};

int key_paths_of(struct key_paths *p, const char *dir, const char *key, struct err *e) MUST_USE;

/* Nobody else writes to the ledger while its folder is open here.  -EBUSY: somebody does. */
int ledger_home_lock(const struct ledger_home *h, struct err *e) MUST_USE;
/* After a crash: a change of keys whose entry is in the log is gone on with, any other forgotten.
 * Under the lock. */
int key_paths_settle(
	const struct key_paths *p, const struct ledger_home *h, struct err *e) MUST_USE;

/* The entry is durable: the new key takes the place of the present one, which is kept as .old. */
int key_paths_advance(const struct key_paths *p, struct err *e) MUST_USE;

struct ledger_keeper {
	struct child child;
	struct keeper_ask ask;
	struct signer signer;
	bool changing; /* signs with two keys */
};

/* With the key and, where there is one, the key before.  `held`: the passphrase where it is known
 * already; else it is read from `file` or asked for, when the key is sealed. */
int ledger_keeper_start(struct ledger_keeper *k, const char *key, const char *before,
	const char *head, const struct ledger_home *h, const struct passphrase_kept *held,
	const char *file, struct err *e) MUST_USE;
/* What most commands want: lock, settle, start with what is there. */
int ledger_keeper_open(struct ledger_keeper *k, struct key_paths *p, const struct ledger_home *h,
	const char *key, const char *file, struct err *e) MUST_USE;
int ledger_keeper_stop(struct ledger_keeper *k, struct err *e);
/* A head that both keys signed is on the disk: the folder names the new one, the old one goes. */
int ledger_keeper_changed(const struct ledger_keeper *k, const struct key_paths *p,
	const struct ledger_home *h, struct err *e) MUST_USE;

/* The file of the last head, where there is none: -EEXIST where there is. */
int head_file_make(const char *path, const struct checkpoint *head, struct err *e) MUST_USE;

#endif
