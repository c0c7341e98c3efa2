/* For SHA256_Update() and its kind, see digest_sha256_under(). */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypt/digest.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdbool.h>
#include <string.h>

/* Fetched once: looking an algorithm up by name costs more than hashing a short input. */
static struct {
	bool started;
	EVP_MD *md5, *sha1, *sha256;
	EVP_MD_CTX *context;
	SHA256_CTX begun; /* to be copied */
} crypt;

void digest_start(void)
{
	if (crypt.started)
		return;
	crypt.started = true;
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	crypt.md5 = EVP_MD_fetch(NULL, "MD5", NULL);
	crypt.sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	crypt.sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	crypt.context = EVP_MD_CTX_new();
	SHA256_Init(&crypt.begun);
}

/* A digest the library does not offer (MD5 under FIPS) comes out as zeros: it names nothing. */
static void digest(
	const EVP_MD *kind, const void *bytes, size_t size, uint8_t *out, size_t out_size)
{
	bool done = kind && crypt.context && EVP_DigestInit_ex(crypt.context, kind, NULL) &&
		EVP_DigestUpdate(crypt.context, bytes, size) &&
		EVP_DigestFinal_ex(crypt.context, out, NULL);
	if (!done)
		memset(out, 0, out_size);
}

void digest_md5(const void *bytes, size_t size, uint8_t out[MD5_SIZE])
{
	digest_start();
	digest(crypt.md5, bytes, size, out, MD5_SIZE);
}

void digest_sha1(const void *bytes, size_t size, uint8_t out[SHA1_SIZE])
{
	digest_start();
	digest(crypt.sha1, bytes, size, out, SHA1_SIZE);
}

void digest_sha256(const void *bytes, size_t size, uint8_t out[SHA256_SIZE])
{
	digest_start();
	digest(crypt.sha256, bytes, size, out, SHA256_SIZE);
}

/* A tree is hashed in pieces of 65 and some hundred bytes, where the way through EVP costs as much
 * as the hash: a quarter of the time of a check. */
void digest_sha256_under(uint8_t mark, const void *bytes, size_t size, uint8_t out[SHA256_SIZE])
{
	digest_start();
	SHA256_CTX context = crypt.begun;
	uint8_t both[512]; /* a node, and most entries: one call less for each */
	bool is_short = size < sizeof both;
	both[0] = mark;
	if (is_short)
		memcpy(both + 1, bytes, size);
	bool done = SHA256_Update(&context, both, is_short ? 1 + size : 1) &&
		(is_short || SHA256_Update(&context, bytes, size)) && SHA256_Final(out, &context);
	assert(done); /* a record without its digest is none */
}

/* A context of the library under a name of ours: nobody looks inside. */
struct digest *digest_sha256_new(void)
{
	digest_start();
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (context && EVP_DigestInit_ex2(context, crypt.sha256, NULL))
		return (struct digest *)context;
	EVP_MD_CTX_free(context);
	return NULL;
}

void digest_add(struct digest *d, const void *bytes, size_t size)
{
	int done = EVP_DigestUpdate((EVP_MD_CTX *)d, bytes, size);
	assert(done);
}

void digest_free(struct digest *d, uint8_t out[SHA256_SIZE])
{
	int done = !d || !out || EVP_DigestFinal_ex((EVP_MD_CTX *)d, out, NULL);
	assert(done);
	EVP_MD_CTX_free((EVP_MD_CTX *)d);
}
