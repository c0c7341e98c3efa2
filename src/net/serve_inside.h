/* Private to serve*.c. */
#ifndef NET_SERVE_INSIDE_H
#define NET_SERVE_INSIDE_H

#include <netinet/in.h>

#include "base/budget.h"
#include "base/pool.h"
#include "net/serve.h"
#include "net/serve_late.h"

enum {
	VISITOR_KEY = 16,
	LINGER_MAX = 32,         /* connections that are read out before they go */
	LINGER_BYTES = 16 << 20, /* of each */
	LINGER_MS = 3000,        /* of each, too */
	SWEEP_MS = 250,
	BEAT_MS = 15000,    /* a sign of life on a stream that has nothing to say */
	LOOK_MS = 1000,     /* for readers of a stream who have gone */
	STALLED_MS = 60000, /* a reader of a stream that takes nothing */
	STOP_MS = 700,
	REST_MS = 200, /* where no connection can be accepted */
	ACCEPT_TURN = 32,
};

/* Why somebody was turned away, or let go.  In the order of serve_causes. */
enum cause {
	CAUSE_NONE,
	CAUSE_FULL,
	CAUSE_ADDRESS_FULL,
	CAUSE_NO_PLACE,
	CAUSE_NO_REQUEST,
	CAUSE_TOO_OFTEN,
	CAUSE_NOT_READ,
	CAUSE_GONE,
	CAUSE_HEAD,
	CAUSE_HEADER_NAME,
	CAUSE_HEADER_VALUE,
	CAUSE_HEADER_TWICE,
	CAUSE_HEADERS_MANY,
	CAUSE_HOST,
	CAUSE_LENGTH,
	CAUSE_LENGTH_MISSING,
	CAUSE_METHOD,
	CAUSE_VERSION,
	CAUSE_TARGET,
	CAUSE_TARGET_LONG,
	CAUSE_EXPECT,
	CAUSE_BODY_LARGE,
	CAUSE_SLOW_REQUEST,
	CAUSE_SLOW_READER,
	CAUSE_IDLE,
	CAUSE_NO_ANSWER,
	CAUSE_MEMORY,
	CAUSE_STREAM_FULL,
	CAUSE_STREAM_SLOW,
	CAUSE_STOPPING,
	CAUSE_COUNT
};

struct cause_row {
	const char *name;
	unsigned status; /* 0: nobody is answered */
	const char *title, *try;
};
extern const struct cause_row serve_causes[CAUSE_COUNT];

enum total { TOTAL_CONNECTIONS, TOTAL_REQUESTS, TOTAL_ANSWERS, TOTAL_EVENTS, TOTAL_COUNT };

/* One address, or the /64 of one. */
struct visitor {
	uint8_t key[VISITOR_KEY];
	uint32_t connections;
	int64_t thousandths; /* of requests that it may make now */
	int64_t at_ms;
};

enum guest_state {
	GUEST_COMES, /* TLS, the first head */
	GUEST_RESTS, /* between two requests */
	GUEST_HEAD,  /* the first line is there */
	GUEST_BODY,
	GUEST_WAITS,   /* for an answer of ours */
	GUEST_TAKES,   /* the answer */
	GUEST_LISTENS, /* to a stream */
};

/* One connection. */
struct guest {
	struct serve *serve;
	struct MHD_Connection *connection;
	struct serve_request *request;
	int fd;
	uint32_t visitor;
	struct in6_addr address; /* IPv4: mapped */
	enum guest_state state;
	int64_t deadline_ms; /* 0: none */
	bool live, cut, early, asked;
};

struct serve_request {
	struct serve *serve;
	struct guest *guest;
	uint32_t serial; /* never 0 */
	const char *method, *target;
	size_t target_size;
	const char *headers[HEADER_COUNT];
	struct url url;
	struct err url_error;
	enum cause wrong;
	size_t body_size, body_got, body_room;
	uint8_t *body;
	struct MHD_Response *response;
	unsigned status;
	bool looked_at, handled, suspended, put_off, done;
	/* of a stream */
	struct serve_stream *stream;
	uint64_t stream_at, stream_label;
	int64_t moved_ms; /* when it last took something */
	bool missed, ended;
	struct serve_request *stream_next, *stream_before;
};

struct lingering {
	uv_poll_t poll;
	struct serve *serve;
	int fd;
	int64_t until_ms;
	size_t bytes;
	bool used, closing;
};

/* Certificate and key in the form that GnuTLS asks for; shown until the next one. */
struct shown {
	gnutls_pcert_st list[4];
	unsigned count;
	gnutls_privkey_t key;
};

struct serve {
	uv_loop_t *loop;
	struct serve_limits limits;
	void (*handle)(void *self, struct serve_request *q);
	void *self;
	struct MHD_Daemon *daemon;
	int listen_fd;
	struct shown shown[2];
	unsigned shown_now;
	int64_t shown_ms;

	struct pool guests, requests, visitors;
	struct table visitor_by_key;
	uint32_t serial;
	struct budget bytes;

	uv_poll_t listening, library;
	uv_timer_t sweep, soon, rest, finish;
	unsigned handles; /* open ones: the last to close ends it all */
	struct lingering lingering[LINGER_MAX];
	struct serve_stream *streams;
	bool stopping, finished;
	int64_t stop_ms;
	void (*stopped)(void *self);

	uint64_t causes[CAUSE_COUNT], totals[TOTAL_COUNT];
};

int64_t serve_now_ms(const struct serve *s);
void serve_turn(struct serve *s); /* lets the library work */
void serve_soon(struct serve *s); /* the same, when the caller is through */
void serve_gone_when_closed(struct serve *s);
void serve_refuse(struct serve_request *q, enum cause why, const char *detail);

/* serve_head.c: what can be said of a request before its body.  CAUSE_NONE: it is fine. */
enum cause serve_look(struct serve_request *q, const char *version);

/* serve_guests.c */
int guests_begin(struct serve *s, struct err *e) MUST_USE;
void guests_done(struct serve *s);
void guests_sweep(struct serve *s, int64_t now_ms);
void guests_part(struct serve *s, bool all); /* those without a whole request; or all */
bool guest_may_ask(struct serve *s, struct guest *g);
void guest_state(struct guest *g, enum guest_state state);
/* Shuts the connection down; the library finds out, and lets go of it. */
void guest_cut(struct guest *g, enum cause why);
void guest_notify(void *self, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode what);

/* serve_linger.c: a connection that ends while its other end still sends is read out for a while,
 * so that the answer arrives and is not lost to a reset. */
void linger(struct serve *s, int fd);
void linger_sweep(struct serve *s, int64_t now_ms);
void linger_done(struct serve *s);

/* serve_answer.c */
int answer_queue(struct serve_request *q); /* to the library; false: it did not take it */
void answer_wake(struct serve_request *q);
void answer_keep(
	struct serve_request *q, unsigned status, struct MHD_Response *r, const char *type);

/* serve_stream.c */
void stream_leave(struct serve_request *q);
void streams_sweep(struct serve *s, int64_t now_ms);
void streams_end(struct serve *s);
void streams_free(struct serve *s);

#endif
