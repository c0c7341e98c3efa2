/* Another process of weir: this program once more, under another name, with a channel on fd 3 and
 * nothing else that is open but the standard three.  Which names there are is said in run/. */
#ifndef BASE_CHILD_H
#define BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

enum { CHILD_CHANNEL = 3 };

struct child {
	const char *name;
	pid_t pid;
	int channel; /* ours; an ipc.h socket */
};

/* Starts `weir --process NAME ARGUMENT...`; `arguments` ends with NULL, or is NULL.  It dies with
 * the thread that started it. */
int child_start(
	struct child *c, const char *name, const char *const *arguments, struct err *e) MUST_USE;
/* True once it has ended by itself: `code` is its exit code, or 128 and the signal that ended it.
 */
bool child_ended(struct child *c, int *code);
/* Closes the channel, by which it knows, and waits; after `timeout_ms` it is killed.  0, or -EIO
 * with how it ended. */
int child_stop(struct child *c, int timeout_ms, struct err *e);

#endif
