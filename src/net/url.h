/* The target of a request, path and query, as segments and pairs (RFC 3986; RFC 9112, 3.2.1).
 *
 * Strict: what two programs could read in two ways is refused, in words.  So a path has no empty
 * segment, no `.` and no `..`, also none that is written with %, no slash that hides in a segment,
 * no NUL or other control character, and is UTF-8; names in a query come once.  In a query `+` is a
 * space, as forms write it; a plus is %2B. */
#ifndef NET_URL_H
#define NET_URL_H

#include <stddef.h>

#include "base/cur.h"
#include "base/err.h"

enum {
	URL_SIZE = 2048, /* bytes of a target */
	URL_SEGMENTS = 12,
	URL_PAIRS = 24,
};

struct url {
	size_t segment_count, pair_count;
	const char *segments[URL_SEGMENTS]; /* into `text`, each with its NUL */
	struct url_pair {
		const char *name, *value;
	} pairs[URL_PAIRS];
	size_t used;
	char text[URL_SIZE + 1];
};

/* -EINVAL; -ENAMETOOLONG: more than there is room for.  Segments point into `out`, which stays
 * where it is. */
int url_read(struct cur target, struct url *out, struct err *e) MUST_USE;
const char *url_query(const struct url *u, const char *name); /* NULL: not there */

#endif
