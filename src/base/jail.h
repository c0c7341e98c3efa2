/* The lock on a process: system calls it will never need are taken away, before the first foreign
 * byte is read.  Anything else ends the process with SIGSYS.
 *
 * With JAIL_NET, which lets libraries of others look around, anything else is refused (EPERM), so
 * that they may do without; what starts programs or looks into processes ends it all the same.
 *
 * Fails closed: on error nobody may go on.  Set up (open, allocate, read settings) first, then
 * enter; there is no way out.
 *
 * Builds with a sanitizer are not locked: their runtimes open /proc and map what they like.
 * jail_holds() says so, and tests ask it. */
#ifndef BASE_JAIL_H
#define BASE_JAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum jail_word {
	JAIL_STDIO = 1,      /* read and write open descriptors, memory without code, clock, exit */
	JAIL_READ_FILE = 2,  /* open files and folders, for reading only */
	JAIL_CHANNEL = 4,    /* messages over a socket that is open already */
	JAIL_KEEP = 8,       /* write into an open file at a place, and sync it */
	JAIL_SECRETS = 16,   /* keep memory out of swap */
	JAIL_FOLDER = 32,    /* keep files: make, write, sync, rename and remove them */
	JAIL_SERVE = 64,     /* take connections on a socket that listens, and messages from them */
	JAIL_NET = 128,      /* find a host and connect to it, with threads that do so */
	JAIL_DATABASE = 256, /* SQLite: locks, and a file cut to its length */
	JAIL_RING = 512,     /* ask a ring of frames how many it lost, and whether it is there */
	JAIL_HTTPS = 1024,   /* with JAIL_SERVE: TLS on what was taken (net/serve.h) */
};

/* Where files may be, from then on; everywhere else none is opened, whatever the words say. */
enum jail_how {
	JAIL_LOOK = 1, /* read what is there */
	JAIL_WORK,     /* and make, change and remove */
	JAIL_NAMES,    /* list what is there, and read none of it */
};

struct jail_folder {
	const char *path; /* or a file; NULL, or not there: left out */
	enum jail_how how;
};

/* Before jail_enter().  By Landlock, where the kernel has it; where not, all of them stay. */
int jail_folders(const struct jail_folder *list, size_t count, struct err *e) MUST_USE;

/* For a process that needs none: rights that root or its file gave it (capabilities(7)) are taken
 * away, and the standard three descriptors, which are the user's, lead nowhere. */
int jail_alone(struct err *e) MUST_USE;

int jail_enter(unsigned words, struct err *e) MUST_USE;
bool jail_holds(void); /* false: this build has no jail, and jail_enter does nothing */

#endif
