/* All that a sensor knows, as rows of its tables, for another process that never sees a frame.
 *
 * Each row is told as it stands now, when it is not as it was told last; whoever takes them
 * (sense/whole.h) needs no order but this: what a row refers to was told before.  So it does not
 * matter how often somebody tells, nor when; and what fell behind is made up by one call.
 *
 *	0  1  kind, of enum row_kind
 *	1  2  size of what follows
 *	3  4  number of the row in its table, from 1
 *	7     its fields, in the order in which rows_write.c writes them
 *
 * Numbers are big endian, times nanoseconds, text two bytes of size and as many bytes of UTF-8 or
 * what the wire had instead; none where its size is 0.  A message is some rows, one behind another,
 * and never a part of one. */
#ifndef SENSE_ROWS_H
#define SENSE_ROWS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum row_kind {
	ROW_HOST = 1,
	ROW_MAC,
	ROW_BIND,
	ROW_MODULE,
	ROW_SAID,
	ROW_CONVERSATION,
	ROW_OPERATION,
	ROW_POINT,
	ROW_FOUND,
	ROW_COUNTERS, /* the only one of its kind */
	ROW_KINDS
};

enum { ROW_HEAD = 7, ROWS_SIZE = 32 * 1024 }; /* a message at most */

struct sense;
struct rows;

/* Sends a message, or says why not: then all of it is told again, later. */
typedef int rows_send(void *self, const void *bytes, size_t size, struct err *e);

/* The sensor is borrowed.  Reserves eight bytes for each row that there may be; pages of them are
 * paid for as rows come. */
int rows_new(
	struct rows **out, struct sense *s, rows_send *send, void *self, struct err *e) MUST_USE;
void rows_free(struct rows *r);
/* All that changed, or only what is new and what was found: that costs next to nothing. */
int rows_tell(struct rows *r, bool all, struct err *e) MUST_USE;

#endif
