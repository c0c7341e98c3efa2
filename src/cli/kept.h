/* A process that is started again when it ends by itself: later each time that it ends soon. */
#ifndef CLI_KEPT_H
#define CLI_KEPT_H

#include <stdint.h>

#include "base/child.h"

struct kept {
	struct child child;
	int64_t began_ns, wait_ns;
	int64_t due_ns; /* it ended, and is to be started again then; 0: it runs, or was never
			   started */
	unsigned restarts;
	char why[96]; /* how it ended last; "" it did not yet */
};

int kept_start(struct kept *k, const char *name, const char *const *arguments, struct err *e);
/* It ended, with this code (child_ended()): says so, and when it is due. */
void kept_fell(struct kept *k, const char *what, int code);
bool kept_is_due(const struct kept *k); /* to be started again, now */

#endif
