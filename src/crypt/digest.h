/* Message digests, by OpenSSL.  This room is the only one that includes a crypto library. */
#ifndef CRYPT_DIGEST_H
#define CRYPT_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { MD5_SIZE = 16, SHA1_SIZE = 20, SHA256_SIZE = 32 };

/* Loads the algorithms; the first digest does it too, but not in a locked process. */
void digest_start(void);

/* MD5 names things here (JA3 is defined with it); it protects nothing. */
void digest_md5(const void *bytes, size_t size, uint8_t out[MD5_SIZE]);
void digest_sha1(const void *bytes, size_t size, uint8_t out[SHA1_SIZE]);
void digest_sha256(const void *bytes, size_t size, uint8_t out[SHA256_SIZE]);
/* Of one byte and what follows it: trees mark with it what they hash (RFC 6962, 2.1). */
void digest_sha256_under(uint8_t mark, const void *bytes, size_t size, uint8_t out[SHA256_SIZE]);

/* Of bytes that come piece by piece. */
struct digest;
struct digest *digest_sha256_new(void); /* NULL: no memory */
void digest_add(struct digest *d, const void *bytes, size_t size);
void digest_free(struct digest *d, uint8_t out[SHA256_SIZE]); /* out NULL: nobody wants it */

#endif
