/* Captures named on the command line, read one after the other into one sensor. */
#ifndef CLI_CAPTURES_H
#define CLI_CAPTURES_H

#include "cli/cli.h"
#include "event/plant.h"
#include "sense/sense.h"

struct captures {
	struct plant_file *files; /* one for each operand */
	int *fds;                 /* -1: could not be opened; the reason is in problem */
	char (*problems)[sizeof((struct err *)0)->text];
	size_t count, failed; /* what was given twice is left out */
	int64_t ends_ns;      /* latest packet so far */
	const char *ends;     /* whose that is */
	bool overlap_told;
	uint64_t useful; /* packets of a link type that is read */
};

/* What of --memory (0: 64 MiB) is the sensor's. */
static inline size_t captures_memory(size_t asked)
{
	return (asked ? asked : (size_t)64 << 20) - MEMORY_REST;
}

/* Is the verb asked for captures that can be read, each once?  An exit code. */
int captures_asked(const struct cli *cli, struct err *e);
/* Opens them all, before anything is read: after this no file is opened any more.  What cannot be
 * opened is said on stderr at once and left out.  An exit code; e stays empty when none is left. */
int captures_open(struct captures *c, const struct cli *cli, struct err *e);
/* Reads them all; progress on stderr when it takes long.  A file that fails is said and left. */
void captures_read(struct captures *c, struct sense *s, bool progress);
/* Before the first is read: files in the order of their time, and each once.  Both is said. */
void captures_order(struct captures *c);
/* Every file failed and no packet of any was read: there is nothing to show. */
bool captures_useless(const struct captures *c);
void captures_close(struct captures *c);

#endif
