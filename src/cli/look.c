#include "cli/cli.h"

static int run(struct cli *cli, const void *given, struct err *e)
{
	(void)cli, (void)given, (void)e;
	return EXIT_DONE;
}

const struct verb verb_look = { .name = "look", .brief = "", .run = run };
