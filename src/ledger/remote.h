/* A place that copies of a ledger go to, or come from: a folder, a web server, a bucket.  Names are
 * those of the ledger's own files.
 *
 * Calls give a count, 0, or a negative errno with its story: -ENOENT: it is not there; -EFBIG: more
 * than was wanted; -EHOSTUNREACH: nobody answers; -EACCES: not allowed. */
#ifndef LEDGER_REMOTE_H
#define LEDGER_REMOTE_H

#include "base/files.h"
#include "ledger/note.h"

struct remote {
	void *self;
	const char *name; /* as people call it, with no secret in it */
	bool near;        /* looking at what is there costs next to nothing */
	/* The whole file, of at most `room` bytes. */
	long (*get)(void *self, const char *name, void *to, size_t room, struct err *e);
	/* The whole file or nothing of it, whatever happens. */
	int (*put)(void *self, const char *name, const void *from, size_t size, struct err *e);
	int (*remove)(void *self, const char *name, struct err *e);
	int (*sync)(void *self, struct err *e); /* what was put is there for good; may be NULL */
};

/* The folder behind `f`, which stays the caller's.  What is put there appears under its name when
 * it is whole; before, it ends in ".new". */
struct remote remote_folder(const struct files *f, const char *name);

/* Two places that are read as one: bundles of entries that are not here may be there. */
struct remote_pair {
	const struct remote *here, *there;
};

struct remote remote_both(const struct remote_pair *p); /* to get from */

/* The checkpoint there, as it is in `note` (ended by a NUL); whose signatures it has is not looked
 * at.  -ENOENT: none; -EBADMSG: it is none. */
int remote_head(const struct remote *r, struct checkpoint *out, char note[NOTE_MAX + 1],
	struct err *e) MUST_USE;

#endif
