/* A witness's key: FILE has the secret, FILE.pub its name and public half. */
#ifndef CLI_LEDGER_COSIGNER_H
#define CLI_LEDGER_COSIGNER_H

#include "ledger/note.h"

struct cosigner_key {
	struct sign_key *secret;
	struct note_key public;
};

int cosigner_make(const char *name, const char *path, struct note_key *out, struct err *e) MUST_USE;
int cosigner_read(const char *path, struct cosigner_key *out, struct err *e) MUST_USE;

#endif
