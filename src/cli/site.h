/* A site that is up: where it keeps what, and what its processes and those who ask say.
 *
 * Everything is in one folder, STATE:
 *
 *	ledger/          the record, and beside it its key, its socket and its store
 *	packets/         the packets of the last while
 *	site.socket      where people and programs ask
 *	pid              of the warden, while it runs
 */
#ifndef CLI_SITE_H
#define CLI_SITE_H

#include <jansson.h>
#include <limits.h>

#include "cli/cli.h"

#define SITE_STATE "/var/lib/weir"

enum { SITE_SENSORS = 8, SITE_NAME_MAX = 63 };

/* Between the warden and the process `site`. */
enum site_word {
	SITE_LISTEN = 1, /* to it, before anything else: the socket to be asked on */
	SITE_RECALL = 2, /* to it: a channel to the process `recall` */
	SITE_LEDGER = 3, /* to it: a connection to the ledger's writer; again after SITE_LOST */
	SITE_STOP = 4,   /* to it: no more asks; what is said is brought to the ledger */
	SITE_READY = 5,  /* from it: all is recalled; it can be asked */
	SITE_LOST = 6,   /* from it: the ledger's writer has gone, or refuses */
	SITE_SENSE = 32, /* to it, SITE_SENSE + i: a channel to the sensor of interface i */
};

/* From the process `recall`, which reads the ledger, and nobody else can. */
enum recall_word {
	RECALL_ENTRY = 1, /* an entry of the site's own */
	RECALL_DONE = 2,  /* that was all */
	RECALL_FAILED = 3 /* and why */
};

/* Who writes the site's entries.  Nobody else is believed about assets and alerts. */
#define SITE_ACTOR "site"

/* On STATE/site.socket: a question as JSON, an answer in parts, then how it went.  Who may ask is
 * who may write to the socket's file. */
enum ask_word {
	ASK_QUESTION = 1,
	ASK_PART = 2,
	ASK_END = 3, /* 4 errno or 0; then why, a NUL, and what to try */
};

enum { ASK_MAX = 32 * 1024 /* a question */, ASK_PART_SIZE = 96 * 1024 };

/* STATE/NAME; -ENAMETOOLONG. */
int site_path(const char *state, const char *name, char path[PATH_MAX], struct err *e) MUST_USE;

/* Asks the site of this folder; takes the question.  *answer is NUL-terminated, to be freed.
 * -ENOENT: no site is up there. */
int site_ask(
	const char *state, json_t *question, char **answer, size_t *size, struct err *e) MUST_USE;
/* The same, read as JSON. */
int site_ask_json(const char *state, json_t *question, json_t **answer, struct err *e) MUST_USE;
int site_exit(const struct err *e); /* the exit code that fits */

/* First in the options of each verb that asks. */
struct site_opts {
	const char *state;
};

#define SITE_STATE_OPT                                                                             \
	{                                                                                          \
		OPT_TEXT, 'S', "state", "DIR", "the site's folder (" SITE_STATE ")",               \
			offsetof(struct site_opts, state), NULL                                    \
	}

static inline const char *site_state(const struct site_opts *o)
{
	return o->state ? o->state : SITE_STATE;
}

#endif
