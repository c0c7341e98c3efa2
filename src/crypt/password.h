/* Passwords of people who sign in: argon2id (RFC 9106), by libsodium, in the form that says itself
 * what it cost: $argon2id$v=19$m=65536,t=3,p=1$SALT$HASH.
 *
 * Takes a fifth of a second and 64 MiB, so nobody does it on a loop: see api/checker.h. */
#ifndef CRYPT_PASSWORD_H
#define CRYPT_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { PASSWORD_HASH = 128, PASSWORD_MAX = 256 };

struct password_cost {
	uint64_t passes, memory;
};
extern const struct password_cost password_cost;       /* the usual */
extern const struct password_cost password_cost_least; /* what tests can wait for */

int password_hash(const char *password, const struct password_cost *cost, char hash[PASSWORD_HASH],
	struct err *e) MUST_USE;
bool password_holds(const char *hash, const char *password);
/* A hash that no password has, for names that nobody has: it takes as long. */
const char *password_nobody(void);

#endif
