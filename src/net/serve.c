/* The library on a loop of libuv: its epoll descriptor is polled, it runs when something is there,
 * and once more where it says that it has work left (bytes that TLS holds already). */
#include "net/serve.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/serve_inside.h"

enum {
	HEAD_POOL = 32 * 1024, /* what the library has for a head and its own lists */
	SHOWN_MS = 60000,
	BODY_FIRST = 4096,
	SEND_ROOM = 128 * 1024, /* of a connection, in the kernel: it would take megabytes */
};

const struct serve_limits serve_limits = {
	.connections = 512,
	.per_address = 64,
	.head = HEAD_POOL,
	.body = 256 * 1024,
	.bytes = 64 << 20,
	.head_ms = 10000,
	.request_ms = 30000,
	.work_ms = 30000,
	.answer_ms = 60000,
	.idle_ms = 30000,
	.rate = 100,
	.burst = 400,
};

const struct cause_row serve_causes[CAUSE_COUNT] = {
	[CAUSE_NONE] = { "none", 0, "", NULL },
	[CAUSE_FULL] = { "full", 0, "all places for connections were taken", NULL },
	[CAUSE_ADDRESS_FULL] = { "address-full", 0, "one address had all its connections", NULL },
	[CAUSE_NO_PLACE] = { "no-place", 0, "no descriptor or memory for a connection", NULL },
	[CAUSE_NO_REQUEST] = { "no-request", 0, "a connection without one request in it", NULL },
	[CAUSE_TOO_OFTEN] = { "too-often", 429, "too many requests from this address",
		"fewer of them" },
	[CAUSE_NOT_READ] = { "not-read", 400, "what came was no request", NULL },
	[CAUSE_GONE] = { "gone", 0, "who asked went away in the middle", NULL },
	[CAUSE_HEAD] = { "head-unclean", 400, "the head of the request can be read in two ways",
		"each line ended by CR LF, none folded, one blank between the parts of the first" },
	[CAUSE_HEADER_NAME] = { "header-name", 400, "a header's name is no token", NULL },
	[CAUSE_HEADER_VALUE] = { "header-value", 400, "a header has a control character", NULL },
	[CAUSE_HEADER_TWICE] = { "header-twice", 400, "a header that comes once came twice", NULL },
	[CAUSE_HEADERS_MANY] = { "headers-many", 431, "too many headers", NULL },
	[CAUSE_HOST] = { "host", 400, "no Host, or none that is the name of one", NULL },
	[CAUSE_LENGTH] = { "length", 400, "the length of the body is said in two ways, or in none",
		NULL },
	[CAUSE_LENGTH_MISSING] = { "length-missing", 411, "bodies come with their length here",
		"Content-Length in place of Transfer-Encoding" },
	[CAUSE_METHOD] = { "method", 501, "there is no such method", NULL },
	[CAUSE_VERSION] = { "version", 505, "HTTP is 1.1 here", NULL },
	[CAUSE_TARGET] = { "target", 400, "the target of the request cannot be read", NULL },
	[CAUSE_TARGET_LONG] = { "target-long", 414, "the target of the request is too long", NULL },
	[CAUSE_EXPECT] = { "expect", 417, "nothing but 100-continue can be expected", NULL },
	[CAUSE_BODY_LARGE] = { "body-large", 413, "the body is too large", NULL },
	[CAUSE_SLOW_REQUEST] = { "slow-request", 0, "a request that took too long to come", NULL },
	[CAUSE_SLOW_READER] = { "slow-reader", 0, "an answer that took too long to go", NULL },
	[CAUSE_IDLE] = { "idle", 0, "a connection that nothing came on for a while", NULL },
	[CAUSE_NO_ANSWER] = { "no-answer", 504, "there was no answer in time", "again" },
	[CAUSE_MEMORY] = { "memory", 503, "too much at a time", "again in a moment" },
	[CAUSE_STREAM_FULL] = { "stream-full", 503, "all places for readers of events are taken",
		"again in a moment" },
	[CAUSE_STREAM_SLOW] = { "stream-slow", 0, "a reader of events that did not keep up", NULL },
	[CAUSE_STOPPING] = { "stopping", 503, "the server is about to stop", "again in a moment" },
};

static const struct cause_row totals[TOTAL_COUNT] = {
	[TOTAL_CONNECTIONS] = { "connections", 0, "connections that came", NULL },
	[TOTAL_REQUESTS] = { "requests", 0, "requests whose first line was read", NULL },
	[TOTAL_ANSWERS] = { "answers", 0, "answers given, refusals included", NULL },
	[TOTAL_EVENTS] = { "events", 0, "events sent to streams", NULL },
};

const struct serve_count *serve_counts(const struct serve *s)
{
	static struct serve_count counts[TOTAL_COUNT + CAUSE_COUNT + 1];
	size_t n = 0;
	for (size_t i = 0; i < TOTAL_COUNT; i++)
		counts[n++] = (struct serve_count){ totals[i].name, totals[i].title, s->totals[i] };
	for (size_t i = CAUSE_NONE + 1; i < CAUSE_COUNT; i++)
		counts[n++] = (struct serve_count){ serve_causes[i].name, serve_causes[i].title,
			s->causes[i] };
	counts[n] = (struct serve_count){ 0 };
	return counts;
}

unsigned serve_connections(const struct serve *s)
{
	return s->guests.live;
}

/* --- a request --- */

static struct serve_request *new_request(struct serve *s, struct guest *g)
{
	uint32_t number = pool_new(&s->requests);
	if (!number)
		return NULL;
	struct serve_request *q = pool_at(&s->requests, number);
	q->serve = s;
	q->guest = g;
	q->serial = ++s->serial ? s->serial : ++s->serial;
	g->request = q;
	return q;
}

static void free_request(struct serve_request *q)
{
	struct serve *s = q->serve;
	uint32_t number = pool_number(&s->requests, q);
	stream_leave(q);
	budget_free(&s->bytes, q->body, q->body_room);
	if (q->response)
		MHD_destroy_response(q->response);
	q->serve = NULL;
	q->serial = 0;
	pool_free(&s->requests, number);
}

/* The first line as it came, before the library takes it apart. */
static void *on_first_line(void *self, const char *target, struct MHD_Connection *c)
{
	struct serve *s = self;
	const union MHD_ConnectionInfo *i =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct guest *g = i ? i->socket_context : NULL;
	struct serve_request *q = g && target ? new_request(s, g) : NULL;
	if (!q)
		return NULL;
	s->totals[TOTAL_REQUESTS]++;
	q->target = target;
	q->target_size = strlen(target);
	int r = url_read(cur_of(target, q->target_size), &q->url, &q->url_error);
	q->wrong = r == -ENAMETOOLONG ? CAUSE_TARGET_LONG : r < 0 ? CAUSE_TARGET : CAUSE_NONE;
	guest_state(g, GUEST_HEAD);
	g->asked = true;
	return q;
}

/* Texts are read by us (url.c), never by the library: as long as they were. */
static size_t on_unescape(void *self, struct MHD_Connection *c, char *text)
{
	(void)self, (void)c;
	return strlen(text);
}

/* At the end of the head.  What is wrong with it is answered at once, and the connection ends:
 * where the next request begins, nobody can say. */
static enum MHD_Result look_at(struct serve_request *q, const char *method, const char *version)
{
	q->looked_at = true;
	q->method = method;
	enum cause wrong = serve_look(q, version);
	if (!wrong && !guest_may_ask(q->serve, q->guest))
		wrong = CAUSE_TOO_OFTEN;
	guest_state(q->guest, GUEST_BODY);
	if (!wrong)
		return MHD_YES;
	q->guest->early = true;
	serve_refuse(q, wrong,
		wrong == CAUSE_TARGET || wrong == CAUSE_TARGET_LONG ? q->url_error.text : NULL);
	return q->response && answer_queue(q) ? MHD_YES : MHD_NO;
}

static enum MHD_Result take_body(struct serve_request *q, const char *bytes, size_t *size)
{
	struct budget *b = &q->serve->bytes;
	size_t want = q->body_got + *size;
	if (want > q->body_size)
		return MHD_NO; /* the library would have to be wrong */
	if (want > q->body_room && !q->wrong) {
		size_t room = q->body_room ? 2 * q->body_room : BODY_FIRST;
		room = room < want ? want : room > q->body_size ? q->body_size : room;
		uint8_t *more = budget_grow(b, q->body, q->body_room, room);
		q->wrong = more ? CAUSE_NONE : CAUSE_MEMORY;
		q->body = more ? more : q->body;
		q->body_room = more ? room : q->body_room;
	}
	if (!q->wrong)
		memcpy(q->body + q->body_got, bytes, *size);
	q->body_got = want; /* what finds no memory is read all the same, and answered then */
	*size = 0;
	return MHD_YES;
}

static enum MHD_Result whole(struct serve_request *q)
{
	if (!q->handled) {
		q->handled = true;
		guest_state(q->guest, GUEST_WAITS);
		if (q->serve->stopping)
			q->wrong = CAUSE_STOPPING;
		if (q->wrong)
			serve_refuse(q, q->wrong, NULL);
		else
			q->serve->handle(q->serve->self, q);
		assert(q->response || q->put_off || q->guest->cut);
	}
	if (q->response)
		return answer_queue(q) ? MHD_YES : MHD_NO;
	if (q->guest->cut)
		return MHD_NO;
	q->suspended = true;
	MHD_suspend_connection(q->guest->connection);
	return MHD_YES;
}

static enum MHD_Result on_request(void *self, struct MHD_Connection *c, const char *url,
	const char *method, const char *version, const char *bytes, size_t *size, void **context)
{
	struct serve_request *q = *context;
	(void)self, (void)c, (void)url;
	if (!q || q->guest->cut)
		return MHD_NO;
	if (!q->looked_at)
		return look_at(q, method, version);
	if (*size)
		return take_body(q, bytes, size);
	return whole(q);
}

static void on_completed(
	void *self, struct MHD_Connection *c, void **context, enum MHD_RequestTerminationCode how)
{
	struct serve_request *q = *context;
	(void)self, (void)how;
	if (!q)
		return;
	struct guest *g = q->guest;
	if (!q->done && !g->cut) { /* it was the library that answered, or nobody was left */
		const union MHD_ConnectionInfo *status =
			MHD_get_connection_info(c, MHD_CONNECTION_INFO_HTTP_STATUS);
		q->serve->causes[status ? CAUSE_NOT_READ : CAUSE_GONE]++;
	}
	g->request = NULL;
	*context = NULL;
	free_request(q);
	guest_state(g, GUEST_RESTS);
}

/* --- certificates --- */

/* GnuTLS hands nothing along that would say whose certificate is asked for. */
static struct serve *the_server;

static void hide(struct shown *c)
{
	for (unsigned i = 0; i < c->count; i++)
		gnutls_pcert_deinit(&c->list[i]);
	if (c->key)
		gnutls_privkey_deinit(c->key);
	*c = (struct shown){ 0 };
}

static int show(struct shown *c, const char *certificate, const char *key, struct err *e)
{
	/* The library only reads them. */
	gnutls_datum_t one = { (void *)(uintptr_t)certificate, (unsigned)strlen(certificate) };
	gnutls_datum_t two = { (void *)(uintptr_t)key, (unsigned)strlen(key) };
	unsigned count = COUNT_OF(c->list);
	int r = gnutls_pcert_list_import_x509_raw(c->list, &count, &one, GNUTLS_X509_FMT_PEM, 0);
	c->count = r < 0 ? 0 : count;
	if (r >= 0)
		r = gnutls_privkey_init(&c->key);
	if (r >= 0)
		r = gnutls_privkey_import_x509_raw(c->key, &two, GNUTLS_X509_FMT_PEM, NULL, 0);
	if (r >= 0)
		return 0;
	hide(c);
	return err_set(e, -EBADMSG, "the server's certificate: %s", gnutls_strerror(r));
}

static int on_certificate(gnutls_session_t session, const gnutls_datum_t *names, int count,
	const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **list,
	unsigned *list_count, gnutls_privkey_t *key)
{
	struct shown *c = &the_server->shown[the_server->shown_now];
	(void)session, (void)names, (void)count, (void)algorithms, (void)algorithm_count;
	*list = c->list;
	*list_count = c->count;
	*key = c->key;
	return 0;
}

/* The one before stays until the next: who is about to be shown it has ten seconds for that. */
int serve_certificate(struct serve *s, const char *certificate, const char *key, struct err *e)
{
	int64_t now = serve_now_ms(s);
	unsigned next = !s->shown_now;
	if (s->shown_ms && now - s->shown_ms < SHOWN_MS)
		return err_set(e, -EAGAIN, "the certificate was changed in this minute");
	struct shown made = { 0 };
	if (show(&made, certificate, key, e) < 0)
		return e->code;
	hide(&s->shown[next]);
	s->shown[next] = made;
	s->shown_now = next;
	s->shown_ms = now;
	return 0;
}

/* --- on the loop --- */

static void on_soon(uv_timer_t *timer)
{
	serve_turn(timer->data);
}

void serve_soon(struct serve *s)
{
	if (!s->finished && !uv_is_active((uv_handle_t *)&s->soon))
		uv_timer_start(&s->soon, on_soon, 0, 0);
}

void serve_turn(struct serve *s)
{
	MHD_UNSIGNED_LONG_LONG ms = 1;
	if (s->finished)
		return;
	MHD_run(s->daemon);
	if (MHD_get_timeout(s->daemon, &ms) == MHD_YES && ms == 0)
		serve_soon(s);
}

static void on_library(uv_poll_t *poll, int status, int events)
{
	(void)status, (void)events;
	serve_turn(poll->data);
}

static void on_sweep(uv_timer_t *timer)
{
	struct serve *s = timer->data;
	int64_t now = serve_now_ms(s);
	guests_sweep(s, now);
	linger_sweep(s, now);
	streams_sweep(s, now);
}

static int begin_timer(struct serve *s, uv_timer_t *timer)
{
	int r = uv_timer_init(s->loop, timer);
	timer->data = s;
	s->handles += r == 0;
	return r;
}

static int begin_loop(struct serve *s, struct err *e)
{
	const union MHD_DaemonInfo *i = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int r = i ? uv_poll_init(s->loop, &s->library, i->epoll_fd) : -ENOTSUP;
	s->library.data = s;
	s->handles += r == 0;
	if (r == 0)
		r = uv_poll_start(&s->library, UV_READABLE, on_library);
	uv_timer_t *timers[] = { &s->sweep, &s->soon, &s->rest, &s->finish };
	for (size_t n = 0; r == 0 && n < COUNT_OF(timers); n++)
		r = begin_timer(s, timers[n]);
	if (r == 0)
		r = uv_timer_start(&s->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
	return r < 0 ? err_set(e, r, "serve on the loop: %s", uv_strerror(r)) : 0;
}

/* MHD_OPTION_STRICT_FOR_CLIENT stays away: what it refuses we refuse too, and the library sends the
 * head of its own answer twice where it finds no Host. */
static int begin_library(struct serve *s, struct err *e)
{
	/* TLS 1.2 for what stands in plants; no compression, no old ciphers. */
	static const char tls[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-CIPHER-ALL:"
				  "+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:%SERVER_PRECEDENCE";
	s->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_TLS | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET,
		0, NULL, NULL, on_request, s,                       //
		MHD_OPTION_URI_LOG_CALLBACK, on_first_line, s,      //
		MHD_OPTION_UNESCAPE_CALLBACK, on_unescape, s,       //
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, s,       //
		MHD_OPTION_NOTIFY_CONNECTION, guest_notify, s,      //
		MHD_OPTION_CONNECTION_LIMIT, s->limits.connections, //
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, s->limits.head, //
		MHD_OPTION_HTTPS_PRIORITIES, tls,                   //
		MHD_OPTION_HTTPS_CERT_CALLBACK, on_certificate, MHD_OPTION_END);
	if (s->daemon)
		return 0;
	return err_set(e, -EIO, "libmicrohttpd does not start");
}

static void fill_limits(struct serve_limits *l)
{
	const struct serve_limits *u = &serve_limits;
#define USUAL(name) l->name = l->name ? l->name : u->name
	USUAL(connections);
	USUAL(per_address);
	USUAL(head);
	USUAL(body);
	USUAL(bytes);
	USUAL(head_ms);
	USUAL(request_ms);
	USUAL(work_ms);
	USUAL(answer_ms);
	USUAL(idle_ms);
	USUAL(rate);
	USUAL(burst);
#undef USUAL
}

/* --- the end --- */

static void gone(struct serve *s)
{
	void (*stopped)(void *self) = s->stopped;
	void *self = s->self;
	streams_free(s);
	guests_done(s);
	hide(&s->shown[0]);
	hide(&s->shown[1]);
	the_server = NULL;
	free(s);
	if (stopped)
		stopped(self);
}

static void after_close(uv_handle_t *h)
{
	struct serve *s = h->data;
	s->handles--;
	serve_gone_when_closed(s);
}

void serve_gone_when_closed(struct serve *s)
{
	if (s->finished && s->handles == 0)
		gone(s);
}

static void close_handle(struct serve *s, void *handle)
{
	uv_handle_t *h = handle;
	if (h->loop == s->loop && !uv_is_closing(h))
		uv_close(h, after_close);
}

static void close_handles(struct serve *s)
{
	close_handle(s, &s->listening);
	close_handle(s, &s->library);
	close_handle(s, &s->sweep);
	close_handle(s, &s->soon);
	close_handle(s, &s->rest);
	close_handle(s, &s->finish);
	linger_done(s);
}

static void finish(struct serve *s)
{
	guests_part(s, true);
	MHD_run(s->daemon);
	s->finished = true;
	uv_poll_stop(&s->library);
	MHD_stop_daemon(s->daemon);
	close_handles(s);
}

static void on_finish(uv_timer_t *timer)
{
	struct serve *s = timer->data;
	if (s->finished)
		return;
	guests_part(s, false); /* those as well who have their answer by now */
	if (s->guests.live == 0 || serve_now_ms(s) - s->stop_ms > STOP_MS)
		finish(s);
}

static void answer_waiting(struct serve *s)
{
	for (uint32_t n = 1; n < s->requests.used; n++) {
		struct serve_request *q = pool_at(&s->requests, n);
		if (q->serial && q->put_off)
			serve_refuse(q, CAUSE_STOPPING, NULL);
	}
}

void serve_stop(struct serve *s, void (*stopped)(void *self))
{
	assert(!s->stopping);
	s->stopping = true;
	s->stopped = stopped;
	s->stop_ms = serve_now_ms(s);
	uv_poll_stop(&s->listening);
	close(s->listen_fd);
	streams_end(s);
	answer_waiting(s);
	guests_part(s, false);
	serve_soon(s);
	uv_timer_start(&s->finish, on_finish, 10, 10);
}

int serve_open(struct serve **out, const struct serve_options *o, struct err *e)
{
	if (the_server)
		return err_set(e, -EBUSY, "this process serves already");
	int r = serve_late_load(e);
	struct serve *s = r == 0 ? calloc(1, sizeof *s) : NULL;
	if (!s)
		return r < 0 ? r : err_set(e, -ENOMEM, "no memory for a server");
	*s = (struct serve){ .loop = o->loop,
		.limits = o->limits,
		.handle = o->handle,
		.self = o->self,
		.listen_fd = o->listen_fd };
	fill_limits(&s->limits);
	s->bytes.max = s->limits.bytes;
	the_server = s;
	int room = SEND_ROOM;
	(void)setsockopt(s->listen_fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
	r = show(&s->shown[0], o->certificate, o->key, e);
	if (r == 0)
		r = begin_library(s, e);
	if (r == 0)
		r = begin_loop(s, e);
	if (r == 0)
		r = guests_begin(s, e);
	if (r == 0) {
		*out = s;
		return 0;
	}
	s->finished = true; /* what was begun ends with the loop's next turn */
	if (s->daemon)
		MHD_stop_daemon(s->daemon);
	if (s->handles)
		close_handles(s);
	else
		gone(s);
	return r;
}
