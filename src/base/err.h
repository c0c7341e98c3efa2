/* Errors carry their story: a negative errno and one sentence, on the caller's stack.
 *
 * The sentence is written where the error happened and gets context in front on the way up.
 * Functions return the code, so that `return err_set(...)` reads as what it is. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/attr.h"

struct err {
	int code;       /* negative errno; 0: nothing happened */
	char text[600]; /* a long path and its reason */
	char try[160];  /* what the reader could do about it; may be empty */
};

int err_set(struct err *e, int code, const char *fmt, ...) PRINTF(3); /* a reason of our own */
int err_sys(struct err *e, const char *fmt, ...) PRINTF(2);           /* adds strerror(errno) */
int err_in(struct err *e, const char *fmt, ...) PRINTF(2);            /* puts words in front */
int err_try(struct err *e, const char *fmt, ...) PRINTF(2);           /* says what to try */
/* -EPROTONOSUPPORT: what is there is of a version to come, and stays as it is. */
int err_later(struct err *e, unsigned long version, unsigned known);
/* What work returned, and what ending it did: the story of the work goes first. */
int err_end(struct err *e, int r, int late, const struct err *why);

#endif
