/* An HTTPS server on the caller's loop: requests in, answers out.  This room is the only one that
 * includes libmicrohttpd, whose leniencies are closed here; see serve_head.c.
 *
 * No thread, nothing waits: handle() is called with a whole request, body included, and answers it
 * at once, or takes a ticket and answers later.  One request after the other on a connection.
 *
 * Everything has a limit, and what is turned away is counted by its cause.  Whoever is turned away
 * gets a problem document (problem.h) where there is still somebody who could read it.  A process
 * has one server. */
#ifndef NET_SERVE_H
#define NET_SERVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/cur.h"
#include "base/err.h"
#include "net/problem.h"
#include "net/url.h"

struct serve;
struct serve_request;
struct serve_stream;

/* Zero is the usual one. */
struct serve_limits {
	unsigned connections, per_address;
	size_t head, body;    /* bytes of one request */
	size_t bytes;         /* of all bodies and answers at a time */
	unsigned head_ms;     /* from the connection, or the first line, to the end of the head */
	unsigned request_ms;  /* from there to the end of the body, however it trickles */
	unsigned work_ms;     /* until an answer that was put off */
	unsigned answer_ms;   /* until an answer has been taken */
	unsigned idle_ms;     /* between two requests */
	unsigned rate, burst; /* requests a second of one address; connections count as such */
};
extern const struct serve_limits serve_limits; /* the usual ones */

struct serve_options {
	uv_loop_t *loop;
	int listen_fd;                 /* listens already; the server's from then on */
	const char *certificate, *key; /* PEM: of the server, and what signs it may follow */
	struct serve_limits limits;
	void (*handle)(void *self, struct serve_request *q);
	void *self;
};

/* Loads the library.  To be called before the process is locked. */
int serve_open(struct serve **out, const struct serve_options *o, struct err *e) MUST_USE;
/* Another certificate, for connections to come.  -EAGAIN: the last change was in this minute. */
int serve_certificate(
	struct serve *s, const char *certificate, const char *key, struct err *e) MUST_USE;
/* Nobody comes in any more; answers on their way have a moment, streams end.  Then `stopped` is
 * called, with all handles closed and the server gone: within a second. */
void serve_stop(struct serve *s, void (*stopped)(void *self));

/* --- a request --- */

enum serve_header {
	HEADER_HOST,
	HEADER_CONTENT_LENGTH,
	HEADER_TRANSFER_ENCODING,
	HEADER_CONTENT_TYPE,
	HEADER_AUTHORIZATION,
	HEADER_COOKIE,
	HEADER_ORIGIN,
	HEADER_EXPECT,
	HEADER_LAST_EVENT_ID,
	HEADER_CSRF, /* X-Weir-CSRF */
	HEADER_COUNT
};

const char *serve_method(const struct serve_request *q);
const struct url *serve_url(const struct serve_request *q);
/* Came once, or NULL; lives as long as the request. */
const char *serve_header(const struct serve_request *q, enum serve_header h);
struct cur serve_body(const struct serve_request *q);
const char *serve_peer(const struct serve_request *q);   /* its address, as text */
uint64_t serve_peer_hash(const struct serve_request *q); /* the same for one /64 of IPv6 */

/* --- an answer --- */

struct serve_answer {
	unsigned status;
	const char *type; /* of the body; NULL: there is none */
	const void *body; /* copied */
	size_t size;
	const char *set_cookie; /* NULL: none, as below */
	const char *location;
	const char *allow;    /* methods, where the one asked for is none of them */
	const char *policy;   /* of content: for pages; NULL: nothing may be loaded */
	unsigned retry_after; /* seconds; 0: nothing is said */
	bool authenticate;    /* says that a token is wanted (RFC 6750, 3) */
};

/* Once for each request; where there is no memory for it, a problem goes out in its place. */
void serve_answer(struct serve_request *q, const struct serve_answer *a);
void serve_problem(struct serve_request *q, const struct problem *p);

/* The answer comes later: then find the request by its ticket.  NULL: it is no longer waited for.
 */
uint64_t serve_later(struct serve_request *q);
struct serve_request *serve_find(struct serve *s, uint64_t ticket);

/* --- events, as they come (HTML, 9.2: server-sent events) --- */

/* All events of a stream are in one ring of `bytes`; each reader has a place in it.  Who is so slow
 * that the ring comes round is dropped.  Gone with the server. */
struct serve_stream *serve_stream_new(
	struct serve *s, size_t bytes, unsigned readers_max, struct err *e);
/* Answers the request with what is sent from now on; or from behind Last-Event-ID, where that is
 * still in the ring, and else with an event `missed` first. */
void serve_stream_join(struct serve_stream *t, struct serve_request *q, uint64_t label);
/* Ends it for those whose label may no longer. */
void serve_stream_keep(struct serve_stream *t, bool (*may)(void *self, uint64_t label), void *self);
/* `data` is one line, or -EINVAL.  -EMSGSIZE: an event has at most an eighth of the ring. */
int serve_stream_send(struct serve_stream *t, const char *event, struct cur data, struct err *e);
unsigned serve_stream_readers(const struct serve_stream *t);

/* --- what was counted --- */

struct serve_count {
	const char *name; /* NULL ends the table */
	const char *what;
	uint64_t count;
};
/* Valid until the next call. */
const struct serve_count *serve_counts(const struct serve *s);
unsigned serve_connections(const struct serve *s); /* now */

#endif
