/* Passwords looked at by a process of their own: argon2id takes a fifth of a second and 64 MiB, and
 * the loop waits for nothing.  One at a time, CHECKER_QUEUE wait; more are told to come again.
 *
 *	asks:     CHECKER_ASK     8 ticket, 1 size, the hash, the password
 *	answers:  CHECKER_ANSWER  8 ticket, 1 whether it holds
 */
#ifndef API_CHECKER_H
#define API_CHECKER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/err.h"
#include "crypt/password.h"

enum { CHECKER_ASK = 1, CHECKER_ANSWER = 2, CHECKER_QUEUE = 8 };

/* In that process, which is locked already: answers until the other end goes, 0 then. */
int checker_work(int channel, struct err *e);

struct checker;
typedef void checker_said(void *self, uint64_t ticket, bool holds);
/* `channel` is the caller's, and open as long as this is. */
int checker_begin(struct checker **out, uv_loop_t *loop, int channel, checker_said *said,
	void *self, struct err *e) MUST_USE;
/* -EAGAIN: the queue is full; -EPIPE: that process has gone. */
int checker_ask(struct checker *c, uint64_t ticket, const char *hash, const char *password,
	struct err *e) MUST_USE;
void checker_end(struct checker *c); /* nobody waits any more; freed at the loop's next turn */

#endif
