/* Witnesses: others who follow this ledger and sign what they saw.  Whoever restores an older copy
 * of the folder has its key and its past, and would sign a second history; they remember.
 *
 * Before anything is signed, each is asked for the largest head it saw, and witness_judge() finds
 * whether this folder, its log included, passes through it.  A head of our past is one whoever
 * signed it; one that is not speaks against us where a key of the ledger signed it: the present
 * one, an earlier one, or a later one, which an older folder cannot know. */
#ifndef LEDGER_WITNESS_H
#define LEDGER_WITNESS_H

#include "ledger/remote.h"

enum { WITNESS_MAX = 32, WITNESS_PLACE = 512, WITNESS_LIST = 64 * 1024 };

/* A line of the list: KEY PLACE, and what is needed to reach it, as NAME=VALUE. */
struct witness {
	struct note_key key;
	char place[WITNESS_PLACE], more[WITNESS_PLACE];
};

/* Empty lines and such that begin with # say nothing.  Gives how many there are, or -errno. */
int witness_list_read(struct cur text, struct witness list[WITNESS_MAX], struct err *e) MUST_USE;

enum witness_says {
	WITNESS_SILENT,   /* not reached, or it has no checkpoint yet: `why` */
	WITNESS_UNSURE,   /* what it shows is not signed as it should be: `why` */
	WITNESS_AGREES,   /* saw what is ours */
	WITNESS_MORE,     /* saw more than there is here */
	WITNESS_ANOTHER,  /* saw another history */
	WITNESS_STRANGER, /* saw what is not here, signed by a key that is not known here: `key` */
};

struct witness_seen {
	const struct witness *witness;
	long size;               /* of what its place shows, or a negative errno: `why` */
	char note[NOTE_MAX + 1]; /* that, ended by a NUL */
	enum witness_says says;
	struct checkpoint head; /* from WITNESS_AGREES on */
	uint64_t seconds;       /* when it signed it, by its own clock */
	uint32_t key;           /* the id of the ledger's key that signed it */
	struct err why;
};

/* Reads what its place shows; may take as long as that place takes. */
void witness_hear(const struct remote *at, struct witness_seen *seen);
/* What they said of this ledger, all of them heard before: somebody may write meanwhile, and what
 * they saw is here by now.  `own` gets the entries here, those in the log included.  -errno only
 * where this ledger itself cannot be read; what each said is in `seen`. */
int witness_judge(const struct files *files, struct witness_seen *seen, size_t count, uint64_t *own,
	struct err *e) MUST_USE;

#endif
