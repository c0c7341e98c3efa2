/* Entries of the ledger: one JSON object each, in the one form that RFC 8785 leaves it (JCS), so
 * that whoever writes it again gets the same bytes.
 *
 *	{"actor":..,"at":..,"data":{..},"kind":..,"site":..,"subject":..}
 *
 * kind: a word of entry_kinds; at: RFC 3339 in UTC; actor: who did it; subject: what it is about;
 * site: where; data: whatever the kind has to say. */
#ifndef EVENT_ENTRY_H
#define EVENT_ENTRY_H

#include <jansson.h>
#include <stdbool.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/out.h"

enum { ENTRY_SIZE_MAX = 65535 }; /* of the canonical form, as bundles write sizes in two bytes */

struct entry_kind {
	const char *name, *what;
	bool of_asset; /* its subject is an asset, or may be: who asks for the asset wants it */
	const char
		*own; /* the command that writes it: the ledger's rules rest on it, so it stays */
};
extern const struct entry_kind entry_kinds[]; /* ended by a row without a name */

/* What an entry has that does not say it itself. */
struct entry_defaults {
	const char *site, *actor;
	int64_t now_ns;
	bool actor_is_known; /* by other means: what the entry says of it does not count */
};

/* What not everybody may do, or needs something for. */
struct entry_means {
	bool own;        /* may write the kinds that are the ledger's own */
	bool all_secret; /* data is meant, where the entry has no member `secret` */
	/* Keeps secrets: takes the clear text of the member `secret` and gives what is stored for
	 * it, as data.sealed.  `bound` is what it is tied to (entry_bound()).  NULL: nobody does.
	 */
	int (*seal)(void *self, const char *subject, struct cur clear, struct cur bound,
		json_t **sealed, struct err *e);
	void *self;
};

/* What a sealed text is tied to: the whole entry in its one form, but without data.sealed and the
 * actor, whom the process that writes may know better. */
int entry_bound(json_t *entry, struct out *o, struct err *e) MUST_USE;

/* Reads one object as people and scripts write it and writes it in its one form.  -EINVAL, in
 * words: no JSON, an unknown kind or member, a member of the wrong type, a number that would not
 * come back the same; -EMSGSIZE: too large; -EPERM: a kind that is the ledger's own.  With means,
 * entry_write() does more. */
int entry_canonical(const char *json, size_t size, const struct entry_defaults *d, struct out *o,
	struct err *e) MUST_USE;
int entry_write(const char *json, size_t size, const struct entry_defaults *d,
	const struct entry_means *m, struct out *o, struct err *e) MUST_USE;

#endif
