/* What the commands on a ledger share. */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

#include <limits.h>

#include "cli/cli.h"
#include "ledger/read.h"

#define LEDGER_DIR "/var/lib/weir/ledger"

/* First in the options of each of them. */
struct ledger_opts {
	const char *dir;
};

#define LEDGER_DIR_OPT                                                                             \
	{                                                                                          \
		OPT_TEXT, 'd', "dir", "DIR", "the ledger's folder (" LEDGER_DIR ")",               \
			offsetof(struct ledger_opts, dir), NULL                                    \
	}

/* Between the warden (ledger serve) and the processes that it started. */
enum warden_word {
	CORE_SEALER = 1, /* to the core: a channel to a sealer; the one before has gone */
	CORE_STOP = 2,   /* to the core: take no more, bring everything to the disk, end */
	CORE_READY = 3,  /* from it: 8 entries; the socket is open */
	SEALER_KEY = 4,  /* to the sealer, before anything else: a channel to the key */
};

struct ledger_home {
	const char *dir;
	int fd;
	struct files files;
	struct note_key key; /* as the folder says it */
};

int ledger_home_open(struct ledger_home *h, const char *dir, struct err *e) MUST_USE;
void ledger_home_close(struct ledger_home *h);
/* Beside the folder, which may be copied to anybody, and not in it: DIR.key, DIR.socket. */
int ledger_beside(const char *dir, const char *ending, char path[PATH_MAX], struct err *e) MUST_USE;
int ledger_exit(const struct err *e); /* the exit code that fits */

#endif
