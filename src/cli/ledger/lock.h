/* The lock on a verb that reads what others wrote: the calls and the folders that it needs from
 * then on (base/jail.h).  Everything is opened, or named here, before. */
#ifndef CLI_LEDGER_LOCK_H
#define CLI_LEDGER_LOCK_H

#include "base/jail.h"
#include "cli/ledger/place.h"

enum { LOCK_FOLDERS = 48 };

struct lock {
	unsigned words;
	struct jail_folder list[LOCK_FOLDERS];
	size_t count;
};

void lock_path(struct lock *l, const char *path, enum jail_how how); /* NULL: nothing */
/* A ledger's folder, and where parts of it are that lie elsewhere and are linked. */
void lock_ledger(struct lock *l, const char *dir, enum jail_how how);
/* The folder or, for a URL, the network and what a library looks up on its way there. */
void lock_place(struct lock *l, const char *where, const struct place_opts *o, enum jail_how how);
/* What lies beside the folder: the folder that it is in. */
void lock_beside(struct lock *l, const char *dir, enum jail_how how);
/* To read, also what takes its place later: the folder of the name, and the one of what it leads
 * to.  NULL: nothing. */
void lock_renewed(struct lock *l, const char *path);
int lock_close(struct lock *l, struct err *e) MUST_USE; /* from here on */

#endif
