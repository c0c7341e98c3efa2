/* What the commands on a ledger share. */
#ifndef CLI_LEDGER_H
#define CLI_LEDGER_H

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

struct ledger_home {
	const char *dir;
	int fd;
	struct files files;
	struct note_key key; /* as the folder says it */
};

int ledger_home_open(struct ledger_home *h, const char *dir, struct err *e) MUST_USE;
void ledger_home_close(struct ledger_home *h);
int ledger_exit(const struct err *e); /* the exit code that fits */

#endif
