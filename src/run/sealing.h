/* Between who writes the log and who makes the tree of it: messages of base/ipc.h.
 *
 *	to the sealer    SEALING_DURABLE   8 entries that are in the log for certain
 *	                 SEALING_FINISH    8 the same; bring everything to the disk and end
 *	to the writer    SEALING_SEALED    8 entries in the signed checkpoint
 *	                                   8 of those, on the disk: the log may forget them
 *
 * Neither waits for the other: the writer says how far it is, the sealer reads the log itself. */
#ifndef RUN_SEALING_H
#define RUN_SEALING_H

#include <stdint.h>

#include "base/err.h"
#include "base/ipc.h"

enum sealing_word { SEALING_DURABLE = 1, SEALING_FINISH = 2, SEALING_SEALED = 3 };

int sealing_say(int fd, enum sealing_word word, uint64_t size, struct err *e) MUST_USE;
int sealing_report(int fd, uint64_t published, uint64_t settled, struct err *e) MUST_USE;
/* Of a SEALING_SEALED; -EBADMSG: something else, or more than was ever written. */
int sealing_read(const struct ipc_message *m, uint64_t durable, uint64_t *published,
	uint64_t *settled, struct err *e) MUST_USE;

#endif
