#include "crypt/password.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static_assert(PASSWORD_HASH >= crypto_pwhash_STRBYTES, "room for the longest form");

/* RFC 9106, 4: the second choice, of 64 MiB and three passes. */
const struct password_cost password_cost = { 3, 64 << 20 };
const struct password_cost password_cost_least = { crypto_pwhash_OPSLIMIT_MIN,
	crypto_pwhash_MEMLIMIT_MIN };
enum { MEMORY_MOST = 1 << 20, PASSES_MOST = 16 }; /* KiB */

int password_hash(const char *password, const struct password_cost *cost, char hash[PASSWORD_HASH],
	struct err *e)
{
	memset(hash, 0, PASSWORD_HASH);
	if (sodium_init() < 0 ||
		crypto_pwhash_str_alg(hash, password, strlen(password), cost->passes, cost->memory,
			crypto_pwhash_ALG_ARGON2ID13) != 0)
		return err_set(e, -ENOMEM, "no memory to hash a password");
	return 0;
}

/* Hashes stand in files: one that asks for all memory there is does not get it. */
static bool is_bearable(const char *hash)
{
	unsigned memory = 0, passes = 0;
	return strlen(hash) < PASSWORD_HASH &&
		sscanf(hash, "$argon2id$v=19$m=%9u,t=%9u,p=1$", &memory, &passes) == 2 &&
		memory <= MEMORY_MOST && passes <= PASSES_MOST;
}

bool password_holds(const char *hash, const char *password)
{
	return is_bearable(hash) && strlen(password) <= PASSWORD_MAX && sodium_init() >= 0 &&
		crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}

const char *password_nobody(void)
{
	return "$argon2id$v=19$m=65536,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
	       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
}
