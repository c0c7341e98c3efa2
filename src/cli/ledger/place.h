/* A place for copies of a ledger as people name it: a folder, or a URL of a web server or a bucket.
 */
#ifndef CLI_LEDGER_PLACE_H
#define CLI_LEDGER_PLACE_H

#include "cli/cli.h"
#include "ledger/remote.h"

struct place_opts {
	const char *ca, *cert, *cert_key, *credentials, *region;
};

#define PLACE_OPT(of, member, name, value, help)                                                   \
	{                                                                                          \
		OPT_TEXT, 0, name, value, help, offsetof(struct of, place.member), NULL            \
	}
/* Rows of a verb whose options have them as `place`. */
#define PLACE_OPTS(of)                                                                             \
	PLACE_OPT(of, ca, "ca", "FILE", "certificates to trust instead of the system's"),          \
		PLACE_OPT(of, cert, "cert", "FILE", "our certificate, for a server that asks"),    \
		PLACE_OPT(of, cert_key, "cert-key", "FILE", "its key, where it is not in FILE"),   \
		PLACE_OPT(of, credentials, "credentials", "FILE",                                  \
			"user and password, token or AWS keys; only its owner may read it"),       \
		PLACE_OPT(of, region, "region", "NAME", "of the bucket (AWS_REGION, us-east-1)")

enum place_how {
	PLACE_READ,
	PLACE_WRITE,  /* a folder is made where its own folder is there, and held against others */
	PLACE_TURN,   /* the same, and waits until the others are done */
	PLACE_GLANCE, /* to be read while somebody waits: no second try */
};

struct place {
	struct remote remote;
	struct fetch *fetch; /* of a URL */
	int fd;              /* of a folder, else -1 */
	struct files files;
};

int place_open(struct place *p, const char *where, const struct place_opts *o, enum place_how how,
	struct err *e) MUST_USE;
/* Of one to be read: where another folder took its place, that one from now on.  -ENOENT: none did,
 * and it is gone. */
int place_again(struct place *p, struct err *e) MUST_USE;
void place_close(struct place *p); /* also of one that did not open */

#endif
