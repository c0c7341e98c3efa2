/* Certificates of a site, by OpenSSL: an authority of its own, made at the first start, and what it
 * signs for the server (RFC 5280).  Both have keys on P-256, for ECDSA with SHA-256.
 *
 * PEM goes in and out of memory: files are the caller's.  The key of either is a secret and not
 * sealed, so wipe what held it, and keep it where only its owner can read.  People compare the
 * authority's fingerprint once and trust what it signs from then on. */
#ifndef CRYPT_AUTHORITY_H
#define CRYPT_AUTHORITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/out.h"

enum {
	AUTHORITY_SITE = 54,   /* bytes of a site's name: a common name has 64 (RFC 5280, A.1) */
	AUTHORITY_NAMES = 32,  /* of one server */
	AUTHORITY_PEM = 4096,  /* room for a certificate with that many names, or for a key */
	AUTHORITY_PRINT = 96,  /* of a fingerprint, with its NUL */
	AUTHORITY_DAYS = 3650, /* how long an authority holds */
	SERVER_DAYS = 397,     /* and what it signs: browsers take no more than 398 */
	SERVER_DAYS_LEAST = 30 /* fewer are left: time for a new one */
};

struct authority;

/* A new one.  -EINVAL: a site's name is short, and text without control characters. */
int authority_make(
	struct authority **out, const char *site, int64_t now_ns, struct err *e) MUST_USE;
/* -EBADMSG: it is none, or the key is another's. */
int authority_open(
	struct authority **out, struct cur certificate, struct cur key, struct err *e) MUST_USE;
void authority_free(struct authority *a);

int authority_write(const struct authority *a, struct out *certificate, struct out *key,
	struct err *e) MUST_USE;
/* SHA-256 of the certificate, as browsers and `openssl x509 -fingerprint` show it: AB:CD:... */
void authority_print(const struct authority *a, char text[AUTHORITY_PRINT]);
int64_t authority_until(const struct authority *a); /* when it ends */

/* What a server is reached by: names of hosts, and IP addresses as text. */
struct server_names {
	const char *const *list;
	size_t count;
};

/* A certificate for a server, with a new key.  It ends no later than the authority.  -EINVAL names
 * what is no name; -EKEYEXPIRED: the authority has ended. */
int authority_issue(const struct authority *a, const struct server_names *names, int64_t now_ns,
	struct out *certificate, struct out *key, struct err *e) MUST_USE;
/* Whether another one is due, and in a few words why (NULL: none is). */
const char *authority_due(const struct authority *a, struct cur certificate, struct cur key,
	const struct server_names *names, int64_t now_ns);

#endif
