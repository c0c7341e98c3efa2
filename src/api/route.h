/* Routes as rows: everything anybody asks about one stands in it.
 *
 *	struct in { uint64_t id; char name[64]; };
 *	static const struct bind in[] = {
 *		{ "id", T_UINT, offsetof(struct in, id), .from = FROM_PATH },
 *		{ "name", T_TEXT, offsetof(struct in, name), .from = FROM_BODY, .size = 64,
 *			.required = true, .what = "how people call it" },
 *		{ 0 },
 *	};
 *	const struct route route_asset_rename = {
 *		.id = "asset_rename", .method = "PUT", .path = "/v1/assets/{id}/name",
 *		.may = "asset.rename", .what = "Give an asset another name",
 *		.in = in, .in_size = sizeof(struct in), .run = run,
 *	};
 *
 * Inputs are strict: unknown and duplicate names are refused, and so is what has another type or is
 * out of its bounds; all of it is told at once, each with its place (body.name). */
#ifndef API_ROUTE_H
#define API_ROUTE_H

#include "api/api.h"

enum { ROUTE_IN = 2048, TEXTS_MAX = API_SCOPES, TEXTS_SIZE = API_SCOPE };

enum bind_type {
	T_TEXT,  /* char[size]: UTF-8 in one line */
	T_UINT,  /* uint64_t, up to 2^53 */
	T_BOOL,  /* bool */
	T_WORD,  /* unsigned: index into `words` */
	T_TIME,  /* int64_t: RFC 3339 */
	T_TEXTS, /* struct texts */
};

struct texts {
	size_t count;
	char list[TEXTS_MAX][TEXTS_SIZE];
};

enum bind_from { FROM_QUERY, FROM_PATH, FROM_BODY };

struct bind {
	const char *name; /* NULL ends a table */
	enum bind_type type;
	size_t at; /* offset in the struct */
	enum bind_from from;
	bool required, secret; /* a secret stands in no entry and in no answer */
	size_t size;           /* T_TEXT: the room, its NUL included */
	/* Of a number; of the bytes of a text; of the count of texts.  max 0: as there is room. */
	uint64_t min, max;
	const char *const *words; /* T_WORD: ended by NULL */
	const char *what;
};

/* A member of an answer. */
struct shape {
	const char *name;
	enum { S_TEXT, S_UINT, S_BOOL, S_TIME, S_OBJECT, S_LIST, S_TEXTS } type;
	const struct shape *of; /* of S_OBJECT and of the items of S_LIST */
	const char *what;
};

/* For `.may` of a route that is open to all: it has to be said. */
#define MAY_ANYBODY "anybody"

enum {
	RUN_LATER = 0,    /* of prepare(): api_checked() goes on */
	RUN_ANSWERED = 1, /* of run(): serve_stream_join() or the like did it */
	RUN_ON = 2,       /* of prepare() */
};

/* One request, on its way. */
struct api_call {
	struct api *api;
	struct serve_request *q; /* NULL in run(): it has gone, since the entry took its time */
	const struct route *route;
	struct api_who who;
	struct json json; /* of the answer */
	struct problem problem;
	const char *set_cookie, *location;
	int64_t now_ns;
	uint64_t ticket;
	char subject[96]; /* of the entry: the path, where nobody says better */
	char allow[64];
	void *in;
};

struct route {
	const char *id, *method, *path, *may, *what;
	const struct bind *in;
	size_t in_size;
	const struct shape *out; /* of the answer; NULL: there is none, or no JSON */
	unsigned status;         /* of that; 0: 200 */
	const char *kind;        /* of the entry that it leaves; NULL: change */
	/* Before the entry, may be NULL: what run() could fail of, and what the entry has to say.
	 * RUN_ON, RUN_LATER, or negative behind call_refuse(). */
	int (*prepare)(struct api_call *c, void *in);
	/* Members of the entry's data beside the inputs; may be NULL. */
	void (*note)(const struct api_call *c, const void *in, struct json *j);
	/* Writes the answer; gives its status, RUN_ANSWERED, or is negative behind call_refuse().
	 */
	int (*run)(struct api_call *c, void *in);
};

/* Gives -1. */
int call_refuse(
	struct api_call *c, unsigned status, const char *code, const char *title, const char *try);

/* --- lists, page by page --- */

enum { PAGE_MOST = 1000, PAGE_USUAL = 100, PAGE_KEY = 96 };

/* First in the struct of inputs of a route that gives a list. */
struct page_in {
	uint64_t limit;
	char after[PAGE_KEY];
};
#define PAGE_BINDS                                                                                 \
	{ "limit", T_UINT, offsetof(struct page_in, limit), .min = 1, .max = PAGE_MOST,            \
		.what = "rows of a page; 100 where nothing is said" },                             \
	{                                                                                          \
		"after", T_TEXT, offsetof(struct page_in, after),                                  \
			.size = PAGE_KEY, .what = "where the page before ended: its `next`"        \
	}

struct page {
	struct api_call *call;
	uint64_t left;
	char next[PAGE_KEY];
	bool more;
};
struct page page_begin(struct api_call *c, const struct page_in *in); /* {"items":[ */
/* Whether the row of this key comes into the page: then write it.  Rows come in the order of their
 * keys, from the first behind `after`.  False: the page is full, and there is more. */
bool page_takes(struct page *p, const char *key);
int page_end(struct page *p); /* ],"next":".."}; gives the status */

/* --- private to the room --- */

extern const struct route route_document, route_events, route_health, route_session_begin,
	route_session_end, route_session_show, route_token_list, route_token_make,
	route_token_revoke;

int bind_inputs(const struct route *r, const struct url *u, struct cur body, void *in,
	struct problem *p); /* 0, or -1 with rows in the problem */
void bind_note(const struct route *r, const void *in, struct json *j); /* all but secrets */
int routes_check(const struct route *const *more, struct err *e);
/* NULL: none; `allow` has the methods of that path, where there are some. */
const struct route *routes_find(
	const struct route *const *more, const char *method, const struct url *u, char allow[64]);
const struct route *routes_next(const struct route *const *more, size_t *step);
const char *path_part(const struct route *r, const struct url *u, const char *name);

#endif
