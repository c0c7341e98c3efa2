/* A writing buffer over a file descriptor or over the caller's memory.  Sticky like the cursor:
 * write the whole document, look once with out_flush() or out_text(). */
#ifndef BASE_OUT_H
#define BASE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"
#include "base/err.h"

struct out {
	char *at;
	size_t used, size;
	int fd;    /* -1: memory only, too much sets `failed` */
	int error; /* errno of the write that failed */
	bool failed;
	bool ascii; /* the other end shows nothing else: whoever writes text keeps to it */
	uint64_t written;
};

struct out out_fd(int fd, char *buffer, size_t size);
struct out out_mem(char *buffer, size_t size); /* keeps room for the final NUL */

void out_beyond(struct out *o, const void *bytes, size_t size); /* of out_bytes(), when full */

static inline void out_bytes(struct out *o, const void *bytes, size_t size)
{
	if (RARELY(size > o->size - o->used || o->failed)) {
		out_beyond(o, bytes, size);
		return;
	}
	memcpy(o->at + o->used, bytes, size);
	o->used += size;
}

static inline void out_str(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

static inline void out_char(struct out *o, char c)
{
	out_bytes(o, &c, 1);
}

void out_be(struct out *o, uint64_t n, unsigned size); /* the low `size` bytes, the highest first */
void out_uint(struct out *o, uint64_t n);
void out_int(struct out *o, int64_t n);
void out_hex(struct out *o, const uint8_t *bytes, size_t size); /* lower case, no separator */
void out_fmt(struct out *o, const char *fmt, ...) PRINTF(2);
int out_flush(struct out *o, struct err *e) MUST_USE; /* also reports an earlier failure */
const char *out_text(struct out *o);                  /* memory: NUL-terminated content */

#endif
