/* A secret under a key: XChaCha20-Poly1305 (IETF AEAD, draft-irtf-cfrg-xchacha-03), by libsodium.
 * A nonce by chance for each text; it is long enough never to come twice. */
#ifndef CRYPT_BOX_H
#define CRYPT_BOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"

enum { BOX_KEY = 32, BOX_NONCE = 24, BOX_MORE = 16, BOX_NAME = 16 };

/* A key in memory that is wiped, kept out of swap and out of dumps. */
struct box_key {
	uint8_t bytes[BOX_KEY];
};

struct box_key *box_key_new(struct err *e); /* a new one, by chance */
void box_key_free(struct box_key *k);
void box_wipe(void *bytes, size_t size);

/* A name for bytes that tells nothing about them to whoever lacks the key. */
void box_name(const struct box_key *k, const void *bytes, size_t size, uint8_t name[BOX_NAME]);

/* `text` has room for BOX_MORE bytes more than the clear one. */
void box_seal(const struct box_key *k, struct cur clear, struct cur bound, uint8_t nonce[BOX_NONCE],
	uint8_t *text);
/* False where it was changed, is bound to something else, or belongs to another key. */
bool box_open(const struct box_key *k, struct cur text, struct cur bound,
	const uint8_t nonce[BOX_NONCE], uint8_t *clear);

#endif
