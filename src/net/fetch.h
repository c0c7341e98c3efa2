/* Files at a web server or in an S3-compatible bucket: got, put and removed, each whole.  This room
 * is the only one that includes libcurl.
 *
 * Certificates are always verified.  A proxy is taken from the environment (https_proxy, no_proxy).
 * What fails by chance (no connection, 429, 5xx) is tried again a few times, longer and longer
 * apart.  Secrets come from the environment or from a file that only its owner reads; no error
 * repeats them, nor what the other end answered beyond its status. */
#ifndef NET_FETCH_H
#define NET_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum { FETCH_URL = 1024 };

struct fetch_options {
	const char *ca;          /* a file of certificates to trust instead of the system's */
	const char *cert, *key;  /* our own, for a server that asks; key NULL: in the same file */
	const char *credentials; /* a file, see fetch_open() */
	const char *region; /* of the bucket; NULL: AWS_REGION, AWS_DEFAULT_REGION, us-east-1 */
	/* SHA-256 of what is sent, which the signature for a bucket covers. */
	void (*sha256)(const void *bytes, size_t size, uint8_t out[32]);
	unsigned connect_seconds, tries; /* 0: 10, 5 */
	unsigned seconds; /* of one request; 0: a minute, and one more for each 1.2 MB of it */
};

struct fetch;

/* Below `url`: http://, https:// or, signed with AWS Signature Version 4, s3+https:// (s3+http://)
 * HOST/BUCKET[/PREFIX].  Nothing is asked yet.
 *
 * Credentials are lines NAME = VALUE, as in ~/.aws/credentials (of its section [default] those
 * that stand there): aws_access_key_id, aws_secret_access_key, aws_session_token for a bucket,
 * where AWS_ACCESS_KEY_ID and the like in the environment do as well; user and password, or token
 * (a bearer's) for a web server.  -EPERM: others may read the file. */
int fetch_open(
	struct fetch **out, const char *url, const struct fetch_options *o, struct err *e) MUST_USE;
void fetch_close(struct fetch *f);
bool fetch_is_url(const char *where); /* has a scheme in front */

/* The count, 0, or: -ENOENT; -EFBIG: larger than `room`; -EACCES: not allowed, or not trusted;
 * -EHOSTUNREACH: no answer, or none but "not now"; -ENOSPC; -EINTR: base/interrupt.h; -EREMOTEIO:
 * an answer that means nothing here. */
long fetch_get(struct fetch *f, const char *name, void *to, size_t room, struct err *e) MUST_USE;
int fetch_put(
	struct fetch *f, const char *name, const void *from, size_t size, struct err *e) MUST_USE;
int fetch_remove(struct fetch *f, const char *name, struct err *e) MUST_USE;

#endif
