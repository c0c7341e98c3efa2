/* Work that is done once, or again and again until somebody says that it is enough. */
#ifndef CLI_EVERY_H
#define CLI_EVERY_H

#include "cli/cli.h"

#define EVERY_OPT(of, help)                                                                        \
	{                                                                                          \
		OPT_TEXT, 0, "every", "TIME", help " (10, 5m, 2h)", offsetof(struct of, every),    \
			NULL                                                                       \
	}

/* How long something takes, told on a terminal where it is more than a second. */
struct progress {
	bool shown, wanted;
	int64_t began, last; /* nanoseconds */
};

struct every {
	struct cli *cli;
	unsigned seconds; /* 0: once */
	struct progress progress;
	/* Once; what ends it for good though it should go on sets `final`. */
	int (*once)(void *self, bool *final, struct err *e);
	void *self;
};

int every_read(const char *text, unsigned *seconds, struct err *e) MUST_USE;
/* 0 or the last error.  What fails by chance is said once, and tried again ever later. */
int every_run(struct every *v, struct err *e) MUST_USE;
/* Called as the work goes on: -EINTR where it shall stop. */
int every_step(struct every *v, uint64_t entries, struct err *e) MUST_USE;

#endif
