#include "crypt/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

/* A digest the library does not offer (MD5 under FIPS) comes out as zeros: it names nothing. */
static void digest(
	const EVP_MD *kind, const void *bytes, size_t size, uint8_t *out, size_t out_size)
{
	/* First use would read openssl.cnf, and no file can be opened in a jail. */
	OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
	if (!kind || !EVP_Digest(bytes, size, out, NULL, kind, NULL))
		memset(out, 0, out_size);
}

void digest_md5(const void *bytes, size_t size, uint8_t out[MD5_SIZE])
{
	digest(EVP_md5(), bytes, size, out, MD5_SIZE);
}

void digest_sha1(const void *bytes, size_t size, uint8_t out[SHA1_SIZE])
{
	digest(EVP_sha1(), bytes, size, out, SHA1_SIZE);
}

void digest_sha256(const void *bytes, size_t size, uint8_t out[SHA256_SIZE])
{
	digest(EVP_sha256(), bytes, size, out, SHA256_SIZE);
}
