/* A signing key at rest: a file that only its owner can read.
 *
 *	weir key 1
 *	<base64 of the 32 bytes of the seed, RFC 8032>
 */
#ifndef CRYPT_KEYFILE_H
#define CRYPT_KEYFILE_H

#include "crypt/sign.h"

/* Makes a new key by chance.  -EEXIST: one is there already, and stays. */
int keyfile_make(const char *path, struct sign_key **out, struct err *e) MUST_USE;
/* -EPERM: others may read it; -EBADMSG: no key. */
int keyfile_read(const char *path, struct sign_key **out, struct err *e) MUST_USE;

#endif
