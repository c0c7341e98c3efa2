/* The process `site`, inside: it takes what sensors tell, remembers who is who, says in the ledger
 * what changed, and answers who asks.  site.c owns the loop; site_said.c brings entries to the
 * ledger; site_clients.c owns the connections; site_asks.c answers. */
#ifndef RUN_SITE_H
#define RUN_SITE_H

#include "base/ipc.h"
#include "cli/ledger/served.h"
#include "cli/live.h"
#include "cli/site.h"
#include "sense/rows.h"
#include "sense/whole.h"
#include "sense/zones.h"
#include "site/site.h"

enum {
	SAID_MAX = 8192, /* entries on their way to the ledger */
	ASKERS_MAX = 64,
	ASK_ROOM = 64 << 20, /* of one answer; pages are paid for as they are written */
};

struct said {
	char *text;
	size_t size;
};

struct asker {
	int fd; /* -1: a free place */
	uint32_t uid;
	bool trusted; /* root, or we: what it says of who did it counts */
	char *answer;
	size_t size, told;
	uint64_t after; /* the answer waits until so many entries are written */
	int64_t since_ns;
};

struct sensor {
	const char *interface;
	int fd; /* -1: none */
	bool met;
	unsigned lives; /* processes that were there so far */
	uint64_t messages;
	char trouble[120];
};

struct watching {
	struct whole *whole;
	struct site *site;
	const char *name;
	struct plant plant; /* as of the last look */
	bool seen, changed, stopping;
	int64_t began_ns, look_at, look_again_at, look_took_ns;
	struct sensor sensors[SITE_SENSORS];
	/* To the ledger. */
	struct served *served; /* NULL: nobody to write to */
	struct said said[SAID_MAX];
	size_t said_first, said_count, said_sent; /* a ring; sent: of them so many */
	uint64_t written;
	char ledger_trouble[200];
	/* Who asks. */
	int listen_fd;
	uint32_t uid; /* ours */
	struct asker askers[ASKERS_MAX];
	uint64_t asked, turned_away;
	char *room; /* ASK_ROOM */
};

/* site_said.c */
int said_add(void *watching, const char *kind, const char *subject, json_t *data, struct err *e);
void said_begin(struct watching *w, int fd); /* a connection to the ledger's writer */
void said_go(struct watching *w);            /* sends what waits, hears what was answered */
void said_ends(struct watching *w);          /* the writer has gone */

/* site_clients.c */
void askers_come(struct watching *w);
void askers_ask(struct watching *w, struct asker *a);
bool askers_may_hear(const struct watching *w, const struct asker *a);
void askers_hear(struct watching *w, struct asker *a); /* it can take more of its answer */
void askers_tire(struct watching *w, int64_t now);
void askers_done(struct watching *w);

/* site_asks.c: the answer, or why not. */
int site_answer(struct watching *w, const json_t *question, const struct asker *by, struct out *o,
	struct err *e);

#endif
