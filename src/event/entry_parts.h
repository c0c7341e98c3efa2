/* An entry of the ledger taken apart again, and what people ask for when they look for some.
 *
 * The assets of an entry are its subject, where the kind is about one (of_asset in entry_kinds),
 * and the texts in data.asset and data.assets.
 *
 * A ledger holds whatever its key signed: bytes that are no entry of ours (`json` is NULL) belong
 * to it all the same.  They have no kind, no subject, no time, and fit only who asks for nothing.
 */
#ifndef EVENT_ENTRY_PARTS_H
#define EVENT_ENTRY_PARTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct entry_parts {
	json_t *json;
	const char *kind, *subject, *actor, *site, *at; /* "" where there is none */
	const json_t *data;                             /* NULL where there is none */
	bool timed;                                     /* `at` is a time */
	int64_t at_ns;
};

void entry_take_apart(const void *bytes, size_t size, struct entry_parts *out);
void entry_parts_free(struct entry_parts *p);
/* The next asset that it names, NULL behind the last; `*step` is 0 before the first.  One may come
 * twice. */
const char *entry_asset(const struct entry_parts *p, size_t *step);

struct entry_filter {
	const char *kind, *subject, *actor, *site, *asset; /* NULL: any */
	bool has_since, has_until;
	int64_t since_ns, until_ns; /* since <= at < until, each where it is there */
};

bool entry_filter_is_empty(const struct entry_filter *f);
bool entry_fits(const struct entry_filter *f, const struct entry_parts *p);
/* -EINVAL where no entry can be of this kind: the error lists those there are. */
int entry_filter_kind(struct entry_filter *f, const char *kind, struct err *e) MUST_USE;

#endif
