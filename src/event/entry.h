/* Entries of the ledger: one JSON object each, in the one form that RFC 8785 leaves it (JCS), so
 * that whoever writes it again gets the same bytes.
 *
 *	{"actor":..,"at":..,"data":{..},"kind":..,"site":..,"subject":..}
 *
 * kind: a word of entry_kinds; at: RFC 3339 in UTC; actor: who did it; subject: what it is about;
 * site: where; data: whatever the kind has to say. */
#ifndef EVENT_ENTRY_H
#define EVENT_ENTRY_H

#include <stdbool.h>

#include "base/err.h"
#include "base/out.h"

enum { ENTRY_SIZE_MAX = 65535 }; /* of the canonical form, as bundles write sizes in two bytes */

struct entry_kind {
	const char *name, *what;
	bool of_asset; /* its subject is an asset, or may be: who asks for the asset wants it */
};
extern const struct entry_kind entry_kinds[]; /* ended by a row without a name */

/* What an entry has that does not say it itself. */
struct entry_defaults {
	const char *site, *actor;
	int64_t now_ns;
	bool actor_is_known; /* by other means: what the entry says of it does not count */
};

/* Reads one object as people and scripts write it and writes it in its one form.  -EINVAL, in
 * words: no JSON, an unknown kind or member, a member of the wrong type, a number that would not
 * come back the same; -EMSGSIZE: too large. */
int entry_canonical(const char *json, size_t size, const struct entry_defaults *d, struct out *o,
	struct err *e) MUST_USE;

#endif
