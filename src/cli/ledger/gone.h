/* Entries that are not here, in runs, to be told when all were seen. */
#ifndef CLI_LEDGER_GONE_H
#define CLI_LEDGER_GONE_H

#include <stddef.h>
#include <stdint.h>

enum { GONE_TOLD = 8, GONE_PLACE = 160 };

struct gone_runs {
	size_t count; /* of all; GONE_TOLD of them are kept */
	struct gone_run {
		uint64_t first, last;
		char to[GONE_PLACE]; /* empty: let go */
	} runs[GONE_TOLD];
};

/* Neighbours become one run.  `to` NULL: let go. */
void gone_runs_add(struct gone_runs *g, uint64_t first, uint64_t last, const char *to);

#endif
