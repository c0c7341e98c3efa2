#include "crypt/box.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>

static_assert(BOX_KEY == crypto_aead_xchacha20poly1305_ietf_KEYBYTES, "its key");
static_assert(BOX_NONCE == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "its nonce");
static_assert(BOX_MORE == crypto_aead_xchacha20poly1305_ietf_ABYTES, "its tag");
static_assert(BOX_NAME >= crypto_generichash_BYTES_MIN, "BLAKE2b gives no less");

struct box_key *box_key_new(struct err *e)
{
	struct box_key *k = sodium_init() < 0 ? NULL : sodium_malloc(sizeof *k);
	if (!k) {
		err_set(e, -ENOMEM, "no guarded memory for a key");
		return NULL;
	}
	randombytes_buf(k->bytes, sizeof k->bytes);
	return k;
}

void box_key_free(struct box_key *k)
{
	sodium_free(k);
}

void box_wipe(void *bytes, size_t size)
{
	sodium_memzero(bytes, size);
}

void box_name(const struct box_key *k, const void *bytes, size_t size, uint8_t name[BOX_NAME])
{
	crypto_generichash(name, BOX_NAME, bytes, size, k->bytes, sizeof k->bytes);
}

void box_seal(const struct box_key *k, struct cur clear, struct cur bound, uint8_t nonce[BOX_NONCE],
	uint8_t *text)
{
	randombytes_buf(nonce, BOX_NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(
		text, NULL, clear.at, clear.left, bound.at, bound.left, NULL, nonce, k->bytes);
}

bool box_open(const struct box_key *k, struct cur text, struct cur bound,
	const uint8_t nonce[BOX_NONCE], uint8_t *clear)
{
	return text.left >= BOX_MORE &&
		crypto_aead_xchacha20poly1305_ietf_decrypt(clear, NULL, NULL, text.at, text.left,
			bound.at, bound.left, nonce, k->bytes) == 0;
}
