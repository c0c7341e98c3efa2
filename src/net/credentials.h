/* Secrets that go out with a request. */
#ifndef NET_CREDENTIALS_H
#define NET_CREDENTIALS_H

#include <stdbool.h>

#include "base/err.h"

enum { CREDENTIAL = 2048 }; /* session tokens are that long */

struct credentials {
	char id[256], secret[256], session[CREDENTIAL]; /* of a bucket */
	char user[256], password[256], token[CREDENTIAL];
};

/* From the file, or from the environment where `path` is NULL. */
int credentials_read(const char *path, struct credentials *out, struct err *e) MUST_USE;
void credentials_wipe(struct credentials *c);

#endif
