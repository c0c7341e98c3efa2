/* Private to the room: what an api has in memory. */
#ifndef API_INSIDE_H
#define API_INSIDE_H

#include "api/route.h"
#include "base/pool.h"

enum {
	SECRET = 32, /* bytes of a token or a session */
	SECRET_TEXT = 2 * SECRET + 1,
	ANSWER_ROOM = 4 << 20, /* of one answer, before it is copied to the server */
	ENTRY_ROOM = 8192,
	TRIES = 512,           /* of signing in: addresses, and names at addresses */
	TRIES_FREE = 5,        /* before one has to wait */
	TRIES_WAIT_MOST = 300, /* seconds */
};

struct session {
	bool live;
	uint32_t serial;
	uint8_t hash[SHA256_SIZE]; /* of what is in the cookie */
	char csrf[SECRET_TEXT];
	char user[API_NAME];
	int64_t made_ns, used_ns;
};

struct
try {
	uint64_t who;
	unsigned failed;
	int64_t until_ns;
};

enum stage { STAGE_PREPARE, STAGE_RECORD, STAGE_RUN };

/* A call that waits for an entry or for a password.  Its request is found by its ticket. */
struct waiting {
	uint32_t live; /* first: the pool's chain lies over it, and never has this value */
	enum stage stage;
	struct api_call call;
	struct api_token token; /* whose scopes bound the call, as it was then */
	uint8_t in[ROUTE_IN];
};
enum { WAITING_LIVE = 0xffffffff };

struct api {
	struct api_site site;
	const struct route *const *more;
	struct serve *serve;
	struct serve_stream *stream;
	size_t event_bytes;
	unsigned event_readers;
	struct pool waiting;
	struct session sessions[API_SESSIONS];
	/* Without an id: free.  As many more as may be waiting for their entry. */
	struct api_token tokens[API_TOKENS + API_CALLS];
	uint32_t token_serials[API_TOKENS + API_CALLS], serial;
	struct try tries[TRIES];
	char *answer;
	struct api_counts counts;
	int64_t failed_said_ns;
	uint64_t failed_unsaid;
};

/* who.c: 0; or negative behind call_refuse(). */
int who_asks(struct api_call *c);
int who_comes_from_here(struct api_call *c);
struct session *session_of(struct api *a, const struct api_call *c);
/* Whoever listens, as long as may be: so told to serve_stream_join(). */
uint64_t who_label(const struct api *a, const struct api_call *c);
void who_listens(struct api *a); /* lets go of those who may no longer */
bool scope_covers(const char *scope, const char *action);
void secret_hash(const char *text, uint8_t hash[SHA256_SIZE]);
void secret_text(char text[SECRET_TEXT]);

/* session.c: what comes of a password that was looked at. */
int session_checked(struct api_call *c, void *in, bool holds);

/* What goes to the ledger of itself: nobody waits for it. */
void api_tell(struct api *a, const char *kind, const char *actor, const char *subject,
	void (*data)(const void *of, struct json *j), const void *of);

#endif
