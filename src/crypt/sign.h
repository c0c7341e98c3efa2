/* Ed25519 (RFC 8032), by libsodium: keys, signatures, and the base64 they travel in. */
#ifndef CRYPT_SIGN_H
#define CRYPT_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { SIGN_SEED = 32, SIGN_PUBLIC = 32, SIGN_SIZE = 64 };

/* A key pair in memory that is wiped, kept out of swap and out of dumps. */
struct sign_key;

struct sign_key *sign_key_new(const uint8_t seed[SIGN_SEED], struct err *e);
void sign_key_free(struct sign_key *k);
const uint8_t *sign_public(const struct sign_key *k);
void sign_bytes(const struct sign_key *k, const void *bytes, size_t size, uint8_t out[SIGN_SIZE]);
bool sign_holds(const uint8_t public[SIGN_PUBLIC], const void *bytes, size_t size,
	const uint8_t signature[SIGN_SIZE]);

/* RFC 4648, 4: padded, and nothing else in between. */
size_t base64_room(size_t size); /* of the text, with its NUL */
void base64_text(const void *bytes, size_t size, char *text);
/* False where it is no base64, or does not fit; `size` is set on success only. */
bool base64_bytes(const char *text, size_t text_size, void *bytes, size_t room, size_t *size);

#endif
