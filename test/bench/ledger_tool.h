/* What the measurements of the ledger share: time, samples, the entry they write. */
#ifndef BENCH_LEDGER_TOOL_H
#define BENCH_LEDGER_TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SIZE = 256 }; /* bytes of an entry */

extern struct err e; /* what went wrong last */

/* Ends the process, and says why, where it is not. */
void need(bool fine, const char *what);
double seconds(int64_t ns);
double cpu(void); /* of this process, in seconds */

/* How long things took. */
struct samples {
	uint32_t *us10; /* tenths of microseconds */
	size_t count;
};

struct samples samples_new(void);
void sample(struct samples *s, int64_t ns);
/* "NAME p50 p99 max", in microseconds */
void print_samples(const char *name, struct samples *s);

/* An entry as the ledger writes it, so that nobody has to write it anew. */
size_t entry_of(uint64_t n, char text[SIZE + 1]);

/* ledger_ask.c: what is asked of a writer that serves */
int clients(char **words);
int rate(char **words);
int pace(char **words);

#endif
