/* Writing through whoever serves the ledger: the asker's side of event/append.h. */
#ifndef CLI_LEDGER_SERVED_H
#define CLI_LEDGER_SERVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct served;

/* Entries that are durable, in the order in which they were added. */
typedef void served_done(void *self, uint64_t first, uint32_t count);

/* Comes back when it may ask.  -ENOENT: nobody serves it; a socket that somebody left behind counts
 * as none.  -EHOSTUNREACH: somebody does, and does not answer for ten seconds, or has no place. */
int served_open(struct served **out, const char *dir, served_done *done, void *self,
	struct err *e) MUST_USE;
/* Over a connection that is there, which is ours from now on, also where this fails; `name` is for
 * messages. */
int served_over(struct served **out, int fd, const char *name, served_done *done, void *self,
	struct err *e) MUST_USE;
void served_close(struct served *r);
uint64_t served_size(const struct served *r); /* entries on the disk when it was opened */
/* Takes an entry into the message at hand.  Where that is full it is sent, and where too many are
 * out without an answer, one is waited for. */
int served_add(struct served *r, const void *entry, size_t size, struct err *e) MUST_USE;
/* One of the ledger's own kinds, decided on the first `seen` entries; durable when it returns.
 * -ESTALE: another one came in between.  Nothing else may be at hand. */
int served_own(
	struct served *r, uint64_t seen, const void *entry, size_t size, struct err *e) MUST_USE;
/* Sends what is at hand, and reads the answers that are there, or all. */
int served_flush(struct served *r, bool all, struct err *e) MUST_USE;
int served_fd(const struct served *r); /* readable when there is an answer */

struct served_ways {
	int (*served)(void *self, struct served *r, struct err *e);
	served_done *done;
	int (*direct)(void *self, struct err *e);
	void *self; /* of all three */
};

/* Through whoever serves it, or where nobody does directly.  Who serves may just be started again:
 * then nobody listens, the lock is taken (-EBUSY), and both are tried again for some seconds. */
int served_or_direct(const char *dir, const struct served_ways *ways, struct err *e) MUST_USE;

#endif
