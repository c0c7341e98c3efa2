/* A passphrase, from a file or from the terminal, which does not show it. */
#ifndef CLI_PASSPHRASE_H
#define CLI_PASSPHRASE_H

#include "crypt/keyfile.h"

/* In guarded memory, wiped by passphrase_drop(); all zero: none. */
struct passphrase_kept {
	char *room;
	size_t size;
};

/* `file`: without its last end of line; NULL: the terminal, where `prompt` is shown.  -EACCES where
 * there is neither; -ECANCELED: ^C. */
int passphrase_take(
	struct passphrase_kept *p, const char *file, const char *prompt, struct err *e) MUST_USE;
/* One to be: long enough, and the same twice where it is typed. */
int passphrase_choose(struct passphrase_kept *p, const char *file, struct err *e) MUST_USE;
void passphrase_drop(struct passphrase_kept *p);
struct passphrase passphrase_of(const struct passphrase_kept *p);

#endif
