/* A witness as C2SP tlog-witness has it, without the web server in front: a request to cosign a
 * checkpoint comes in as bytes, an HTTP status and a body go out.
 *
 *	old SIZE
 *	base64 hashes, a line each: the proof that the head of SIZE is of its past
 *	(an empty line)
 *	the checkpoint
 *
 * What was signed last is kept in `state` before a signature leaves, in a file named by the digest
 * of the ledger's origin; so two heads that do not agree never get one. */
#ifndef LEDGER_COSIGN_H
#define LEDGER_COSIGN_H

#include "base/files.h"
#include "ledger/note.h"

enum {
	COSIGN_REQUEST = 16 * 1024, /* larger than any proof and note */
	COSIGN_PROOF = 63,          /* lines, by the specification */

	COSIGN_OK = 200,        /* the body is the signature line */
	COSIGN_MALFORMED = 400, /* or the old size is beyond the checkpoint */
	COSIGN_UNSIGNED = 403,  /* by the ledger's key */
	COSIGN_UNKNOWN = 404,   /* ledger */
	COSIGN_CONFLICT = 409,  /* the body is the size that was signed last */
	COSIGN_UNPROVEN = 422,  /* not a continuation of it */
};

struct cosigner {
	const struct files *state;
	const struct note_key *key; /* of the witness, with its secret */
	const struct sign_key *secret;
	const struct note_key *logs; /* that it signs for */
	size_t log_count;
	uint64_t now_seconds;
};

/* A status, with its reason in `e` where it is not 200; or a negative errno: it could not be kept,
 * and nothing is signed. */
int cosign(const struct cosigner *c, struct cur request, struct out *body, struct err *e) MUST_USE;

/* The other side: asks to cosign the head of this ledger, where `old` entries were signed last. */
int cosign_request(const struct files *f, const struct note_key *log, uint64_t old, struct out *o,
	struct err *e) MUST_USE;

#endif
