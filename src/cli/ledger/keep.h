/* What weir ledger retention and hold share: their options, and the rules so far. */
#ifndef CLI_LEDGER_KEEP_H
#define CLI_LEDGER_KEEP_H

#include <errno.h>

#include "cli/ledger/ledger.h"
#include "ledger/retain_load.h"

struct keep_opts {
	struct ledger_write_opts write;
	const char *days, *kind, *subject, *from, *to, *why;
	bool json;
};

struct keep {
	struct cli *cli;
	const struct keep_opts *o;
	struct retain *rules;
	uint64_t number; /* days; the first entry; the hold */
	uint64_t last;
	uint32_t kinds;
	bool asked_wrongly; /* found out once the ledger was open */
};

int keep_asked_wrongly(struct err *e, const char *what, const char *try);
/* That all texts can be written into an entry. */
int keep_texts_fit(const struct keep_opts *o, struct err *e) MUST_USE;
int keep_finish(struct keep *k, int r, const struct err *e); /* the exit code */
int keep_load(struct keep *k, struct ledger_own *w, struct err *e) MUST_USE;
/* The rules as the checkpoint has them, for who only looks. */
int keep_look(struct keep *k, struct err *e) MUST_USE;

#define KEEP_TEXT(name, value, help)                                                               \
	{                                                                                          \
		OPT_TEXT, 0, #name, value, help, offsetof(struct keep_opts, name), NULL            \
	}
#define KEEP_JSON                                                                                  \
	{                                                                                          \
		OPT_FLAG, 'j', "json", NULL, "one JSON object a line",                             \
			offsetof(struct keep_opts, json), NULL                                     \
	}

#endif
