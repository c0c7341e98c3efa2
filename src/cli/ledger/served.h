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

/* -ENOENT: nobody serves it; a socket that somebody left behind counts as none. */
int served_open(struct served **out, const char *dir, served_done *done, void *self,
	struct err *e) MUST_USE;
void served_close(struct served *r);
/* Takes an entry into the message at hand.  Where that is full it is sent, and where too many are
 * out without an answer, one is waited for. */
int served_add(struct served *r, const void *entry, size_t size, struct err *e) MUST_USE;
/* Sends what is at hand, and reads the answers that are there, or all. */
int served_flush(struct served *r, bool all, struct err *e) MUST_USE;
int served_fd(const struct served *r); /* readable when there is an answer */

#endif
