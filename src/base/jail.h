/* The lock on a process: system calls it will never need are taken away, before the first foreign
 * byte is read.  Anything else ends the process with SIGSYS.
 *
 * Fails closed: on error nobody may go on.  Set up (open, allocate, read settings) first, then
 * enter; there is no way out.
 *
 * Builds with a sanitizer are not locked: their runtimes open /proc and map what they like.
 * jail_holds() says so, and tests ask it. */
#ifndef BASE_JAIL_H
#define BASE_JAIL_H

#include <stdbool.h>

#include "base/err.h"

enum jail_word {
	JAIL_STDIO = 1,     /* read and write open descriptors, memory without code, clock, exit */
	JAIL_READ_FILE = 2, /* open files, for reading only */
	JAIL_CHANNEL = 4,   /* messages over a socket that is open already */
	JAIL_KEEP = 8,      /* write into an open file at a place, and sync it */
	JAIL_SECRETS = 16,  /* keep memory out of swap */
	JAIL_FOLDER = 32,   /* keep files: make, write, sync, rename and remove them */
	JAIL_SERVE = 64,    /* take connections on a socket that listens, and messages from them */
};

int jail_enter(unsigned words, struct err *e) MUST_USE;
bool jail_holds(void); /* false: this build has no jail, and jail_enter does nothing */

#endif
