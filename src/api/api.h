/* What programs and the console ask of a site, over HTTPS: routes, who may use them, and the entry
 * that each change leaves.
 *
 * A route is a row (route.h); the document of them all (OpenAPI 3.1) is printed from the rows.  A
 * request goes one way: its route is found, who asks is made out, the decision function is asked,
 * inputs are bound into a struct, the entry is recorded, and only then the route runs.
 *
 * This room knows nothing of a site but what stands in struct api_site, which the caller fills. */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"
#include "base/json.h"
#include "crypt/digest.h"
#include "crypt/password.h"
#include "net/serve.h"

struct api;
struct route;

enum {
	API_NAME = 64,    /* room for the name of a user or of a token */
	API_ID = 17,      /* of a token: sixteen digits */
	API_SCOPES = 8,   /* of a token */
	API_SCOPE = 48,   /* room for one */
	API_TOKENS = 256, /* at a time */
	API_SESSIONS = 256,
	API_CALLS = 128, /* under way: they wait for an entry, or for a password */
};

enum api_role { API_VIEWER, API_OWNER };
extern const char *const api_roles[]; /* their words; ended by NULL */

struct api_user {
	char name[API_NAME];
	enum api_role role;
	char password[PASSWORD_HASH];
};

/* What of a token is kept; the token itself is shown once, to whoever makes it. */
struct api_token {
	char id[API_ID], name[API_NAME], user[API_NAME];
	uint8_t hash[SHA256_SIZE];
	char scopes[API_SCOPES][API_SCOPE];
	size_t scope_count;
	int64_t made_ns, until_ns;
};

/* Who asks. */
struct api_who {
	enum { API_NOBODY, API_BY_SESSION, API_BY_TOKEN } by;
	char name[API_NAME];
	enum api_role role;
	const struct api_token *token; /* whose scopes bound it; NULL: none do */
};

struct api_site {
	void *self;
	/* Members of GET /v1/health; true: all is well.  Anybody may read them. */
	bool (*health)(void *self, struct json *j);
	bool (*user)(void *self, const char *name, struct api_user *out);
	/* The decision: negative, with why not and what to do.  `action` is the route's word. */
	int (*decide)(void *self, const struct api_who *who, const char *action,
		const char *subject, struct err *why);
	/* One entry as people write it (event/entry.h).  0: it is on the disk; 1: it will be, or
	 * not, and then api_recorded() is called with the ticket, once.  Ticket 0: nobody waits. */
	int (*record)(void *self, uint64_t ticket, const char *entry, size_t size, struct err *e);
	/* Whether the password is the one of the hash: api_checked() says it later, not from
	 * within. -EAGAIN: too many are being looked at. */
	int (*check)(
		void *self, uint64_t ticket, const char *hash, const char *password, struct err *e);
	int64_t (*now_ns)(void *self); /* wall clock */
};

struct api_options {
	struct api_site site;
	const struct route *const *more; /* routes of others, ended by NULL; NULL: none */
	size_t event_bytes;              /* of the ring of events; 0: 1 MiB */
	unsigned event_readers;          /* 0: 128 */
};

/* -EINVAL names a row that does not hold together: every one has its action, say. */
int api_open(struct api **out, const struct api_options *o, struct err *e) MUST_USE;
/* For struct serve_options; and the server, once it is there. */
void api_handle(void *api, struct serve_request *q);
int api_serve(struct api *a, struct serve *s, struct err *e) MUST_USE;
/* When the server has stopped; nothing is said to it any more from then on. */
void api_close(struct api *a);

void api_recorded(struct api *a, uint64_t ticket, int r, const struct err *e);
void api_checked(struct api *a, uint64_t ticket, bool holds);
/* To all who listen; `data` is JSON in one line. */
int api_event(struct api *a, const char *event, struct cur data, struct err *e);

/* Those that were there before a restart, as their entries tell them.  -ENOSPC: that many. */
int api_token_add(struct api *a, const struct api_token *t, struct err *e) MUST_USE;

/* The decision as long as there is no policy: an owner may everything, a viewer may read. */
int api_decide_fixed(void *self, const struct api_who *who, const char *action, const char *subject,
	struct err *why);

/* The document of all routes, for people who have no server: `more` as above. */
void api_document(struct out *o, const struct route *const *more);

struct api_counts {
	uint64_t calls, no_route, not_known, not_allowed, not_from_here, not_bound, refused,
		recorded, not_recorded, sign_ins, sign_ins_failed, sign_ins_held, full;
};
const struct api_counts *api_counts(const struct api *a);

#endif
