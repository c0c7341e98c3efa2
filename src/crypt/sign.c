#include "crypt/sign.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

static_assert(SIGN_SEED == crypto_sign_SEEDBYTES, "the seed of Ed25519");
static_assert(SIGN_PUBLIC == crypto_sign_PUBLICKEYBYTES, "its public key");
static_assert(SIGN_SIZE == crypto_sign_BYTES, "its signature");

struct sign_key {
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t public[SIGN_PUBLIC];
};

struct sign_key *sign_key_new(const uint8_t seed[SIGN_SEED], struct err *e)
{
	struct sign_key *k = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *k);
	if (!k) {
		err_set(e, -ENOMEM, "no guarded memory for a key");
		return NULL;
	}
	crypto_sign_seed_keypair(k->public, k->secret, seed);
	return k;
}

void sign_key_free(struct sign_key *k)
{
	sodium_free(k);
}

const uint8_t *sign_public(const struct sign_key *k)
{
	return k->public;
}

void sign_bytes(const struct sign_key *k, const void *bytes, size_t size, uint8_t out[SIGN_SIZE])
{
	crypto_sign_detached(out, NULL, bytes, size, k->secret);
}

bool sign_holds(const uint8_t public[SIGN_PUBLIC], const void *bytes, size_t size,
	const uint8_t signature[SIGN_SIZE])
{
	return crypto_sign_verify_detached(signature, bytes, size, public) == 0;
}

size_t base64_room(size_t size)
{
	return sodium_base64_ENCODED_LEN(size, sodium_base64_VARIANT_ORIGINAL);
}

void base64_text(const void *bytes, size_t size, char *text)
{
	sodium_bin2base64(text, base64_room(size), bytes, size, sodium_base64_VARIANT_ORIGINAL);
}

bool base64_bytes(const char *text, size_t text_size, void *bytes, size_t room, size_t *size)
{
	size_t got = 0;
	const char *end = NULL;
	for (size_t i = 0; i < text_size; i++)
		if ((unsigned char)text[i] >= 0x80) /* libsodium 1.0.18 takes some for letters */
			return false;
	if (sodium_base642bin(bytes, room, text, text_size, NULL, &got, &end,
		    sodium_base64_VARIANT_ORIGINAL) != 0 ||
		end != text + text_size)
		return false;
	*size = got;
	return true;
}
