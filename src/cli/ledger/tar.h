/* A tar archive of plain files (POSIX.1-2017, pax, "ustar Interchange Format"), as far as an export
 * needs it: written in one go, read again in order. */
#ifndef CLI_LEDGER_TAR_H
#define CLI_LEDGER_TAR_H

#include <stdio.h>

#include "base/out.h"

enum { TAR_BLOCK = 512, TAR_NAME = 100 };
#define TAR_SIZE_MAX ((UINT64_C(1) << 33) - 1) /* eleven octal digits: 8 GiB */

/* Of a file of that size; its bytes and tar_pad() follow. */
void tar_header(struct out *o, const char *name, uint64_t size, uint64_t seconds);
void tar_pad(struct out *o, uint64_t size);
void tar_file(struct out *o, const char *name, const void *bytes, size_t size, uint64_t seconds);
void tar_end(struct out *o);

/* The next header.  1: the archive ends here; -EBADMSG: no header of a plain file. */
int tar_next(FILE *f, char name[TAR_NAME + 1], uint64_t *size, struct err *e) MUST_USE;
/* Whole content of at most `room` bytes, and what fills its last block. */
int tar_read(FILE *f, uint64_t size, char *to, size_t room, struct err *e) MUST_USE;
int tar_skip(FILE *f, uint64_t size, struct err *e) MUST_USE;

#endif
