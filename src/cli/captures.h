/* Captures named on the command line, read one after the other into one sensor. */
#ifndef CLI_CAPTURES_H
#define CLI_CAPTURES_H

#include "cli/cli.h"
#include "event/plant.h"
#include "sense/sense.h"

struct captures {
	struct plant_file *files; /* one for each operand */
	int *fds;                 /* -1: could not be opened; the reason is in problem */
	char (*problems)[512];
	size_t count, failed;
};

/* Opens them all, before anything is read: after this no file is opened any more.  What cannot be
 * opened is said on stderr at once and left out; -ENOENT when none is left. */
int captures_open(struct captures *c, char **names, size_t count, struct err *e);
/* Reads them all; progress on stderr when it takes long.  A file that fails is said and left. */
void captures_read(struct captures *c, struct sense *s, bool progress);
void captures_close(struct captures *c);

#endif
