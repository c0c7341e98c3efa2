/* Who comes: connections, how many of them there are of one address, how often it asks, and how
 * long anything may take. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "net/serve_inside.h"

static const int64_t whole = 1000; /* thousandths of a request */

/* --- addresses --- */

static struct in6_addr address_of(const struct sockaddr_storage *a)
{
	struct in6_addr address = { .s6_addr = { [10] = 0xff, [11] = 0xff } };
	if (a->ss_family == AF_INET6)
		return ((const struct sockaddr_in6 *)a)->sin6_addr;
	if (a->ss_family == AF_INET)
		memcpy(address.s6_addr + 12, &((const struct sockaddr_in *)a)->sin_addr, 4);
	return address;
}

/* An address of IPv4 as it is; of IPv6 the /64, as the rest is chosen by whoever comes. */
static void key_of(const struct sockaddr_storage *a, uint8_t key[VISITOR_KEY])
{
	struct in6_addr address = address_of(a);
	memset(key, 0, VISITOR_KEY);
	memcpy(key, &address, IN6_IS_ADDR_V4MAPPED(&address) ? VISITOR_KEY : VISITOR_KEY / 2);
}

static struct visitor *visitor_at(const struct serve *s, uint32_t number)
{
	return pool_at(&s->visitors, number);
}

static uint32_t find_visitor(const struct serve *s, const uint8_t key[VISITOR_KEY], uint64_t hash)
{
	for (uint32_t at = table_first(&s->visitor_by_key, hash), n;
		(n = table_next(&s->visitor_by_key, hash, &at));)
		if (memcmp(visitor_at(s, n)->key, key, VISITOR_KEY) == 0)
			return n;
	return 0;
}

static void forget_visitor(struct serve *s, uint32_t number)
{
	struct visitor *v = visitor_at(s, number);
	table_remove(&s->visitor_by_key, hash_bytes(v->key, VISITOR_KEY), number);
	memset(v, 0, sizeof *v);
	pool_free(&s->visitors, number);
}

static void refill(const struct serve *s, struct visitor *v, int64_t now_ms)
{
	int64_t most = whole * s->limits.burst, more = (now_ms - v->at_ms) * s->limits.rate;
	v->thousandths = most - v->thousandths < more ? most : v->thousandths + more;
	v->at_ms = now_ms;
}

/* Those who have gone and may ask as often as anybody: nothing is known of them any more. */
static void forget_visitors(struct serve *s, int64_t now_ms, bool all)
{
	for (uint32_t n = 1; n < s->visitors.used; n++) {
		struct visitor *v = visitor_at(s, n);
		if (!v->at_ms || v->connections)
			continue;
		refill(s, v, now_ms);
		if (all || v->thousandths >= whole * s->limits.burst)
			forget_visitor(s, n);
	}
}

static uint32_t take_visitor(struct serve *s, const struct sockaddr_storage *a)
{
	uint8_t key[VISITOR_KEY];
	key_of(a, key);
	uint64_t hash = hash_bytes(key, sizeof key);
	uint32_t n = find_visitor(s, key, hash);
	if (n)
		return n;
	int64_t now = serve_now_ms(s);
	n = pool_new(&s->visitors);
	if (!n) {
		forget_visitors(s, now, true);
		n = pool_new(&s->visitors);
	}
	if (!n)
		return 0;
	struct visitor *v = visitor_at(s, n);
	memcpy(v->key, key, sizeof key);
	v->at_ms = now;
	v->thousandths = whole * s->limits.burst;
	table_add(&s->visitor_by_key, hash, n);
	return n;
}

static bool may(struct serve *s, struct visitor *v)
{
	refill(s, v, serve_now_ms(s));
	if (v->thousandths < whole)
		return false;
	v->thousandths -= whole;
	return true;
}

bool guest_may_ask(struct serve *s, struct guest *g)
{
	return may(s, visitor_at(s, g->visitor));
}

/* --- they come and go --- */

static enum cause may_come(struct serve *s, const struct sockaddr_storage *a)
{
	uint32_t n = take_visitor(s, a);
	if (s->guests.live >= s->limits.connections)
		return CAUSE_FULL;
	if (!n)
		return CAUSE_NO_PLACE;
	struct visitor *v = visitor_at(s, n);
	if (v->connections >= s->limits.per_address)
		return CAUSE_ADDRESS_FULL;
	return may(s, v) ? CAUSE_NONE : CAUSE_TOO_OFTEN;
}

static void on_listening(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer)
{
	struct serve *s = timer->data;
	if (!s->stopping)
		uv_poll_start(&s->listening, UV_READABLE, on_listening);
}

/* Who stays in the queue would wake us for ever: nobody is looked for until later. */
static void rest(struct serve *s)
{
	s->causes[CAUSE_NO_PLACE]++;
	uv_poll_stop(&s->listening);
	uv_timer_start(&s->rest, on_rested, REST_MS, 0);
}

static void on_listening(uv_poll_t *poll, int status, int events)
{
	struct serve *s = poll->data;
	bool any = false;
	(void)events;
	for (unsigned n = 0; status == 0 && n < ACCEPT_TURN; n++) {
		struct sockaddr_storage a = { 0 };
		socklen_t size = sizeof a;
		int fd = accept4(
			s->listen_fd, (struct sockaddr *)&a, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			rest(s);
		if (fd < 0)
			break;
		s->totals[TOTAL_CONNECTIONS]++;
		enum cause why = may_come(s, &a);
		if (why) {
			s->causes[why]++;
			close(fd);
		} else if (MHD_add_connection(s->daemon, fd, (struct sockaddr *)&a, size) !=
			MHD_YES) {
			s->causes[CAUSE_NO_PLACE]++; /* it has closed the descriptor */
		}
		any = true;
	}
	if (any)
		serve_turn(s);
}

/* The library has it now. */
static void comes(struct serve *s, struct MHD_Connection *c, void **context)
{
	const union MHD_ConnectionInfo *fd =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD);
	const union MHD_ConnectionInfo *address =
		MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	uint32_t number = fd && address ? pool_new(&s->guests) : 0;
	if (!number) {
		if (fd)
			shutdown(fd->connect_fd, SHUT_RDWR);
		return;
	}
	struct sockaddr_storage a = { 0 };
	bool six = address->client_addr->sa_family == AF_INET6;
	memcpy(&a, address->client_addr,
		six ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in));
	struct guest *g = pool_at(&s->guests, number);
	*g = (struct guest){ .serve = s, .connection = c, .fd = fd->connect_fd, .live = true };
	g->address = address_of(&a);
	g->visitor = take_visitor(s, &a);
	if (g->visitor)
		visitor_at(s, g->visitor)->connections++;
	guest_state(g, GUEST_COMES);
	*context = g;
}

/* Its descriptor is still open.  What lies there unread, closing would answer with a reset, and the
 * other end lose what it was told. */
static void goes(struct serve *s, struct guest *g)
{
	int unread = 0;
	if (!g->cut && (g->early || (ioctl(g->fd, FIONREAD, &unread) == 0 && unread > 0)))
		linger(s, g->fd);
	if (!g->asked && !g->cut)
		s->causes[CAUSE_NO_REQUEST]++;
	if (g->visitor)
		visitor_at(s, g->visitor)->connections--;
	uint32_t number = pool_number(&s->guests, g);
	memset(g, 0, sizeof *g);
	pool_free(&s->guests, number);
}

void guest_notify(void *self, struct MHD_Connection *c, void **context,
	enum MHD_ConnectionNotificationCode what)
{
	struct serve *s = self;
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		comes(s, c, context);
	else if (*context)
		goes(s, *context);
}

/* --- how long it takes --- */

void guest_state(struct guest *g, enum guest_state state)
{
	const struct serve_limits *l = &g->serve->limits;
	const unsigned ms[] = { [GUEST_COMES] = l->head_ms,
		[GUEST_RESTS] = l->idle_ms,
		[GUEST_HEAD] = l->head_ms,
		[GUEST_BODY] = l->request_ms,
		[GUEST_WAITS] = l->work_ms,
		[GUEST_TAKES] = l->answer_ms,
		[GUEST_LISTENS] = 0 };
	/* The first head is part of coming: no second time for it. */
	bool same = g->state == GUEST_COMES && state == GUEST_HEAD && g->deadline_ms;
	g->state = state;
	if (!same)
		g->deadline_ms = ms[state] ? serve_now_ms(g->serve) + ms[state] : 0;
}

void guest_cut(struct guest *g, enum cause why)
{
	if (g->cut)
		return;
	g->cut = true;
	g->serve->causes[why]++;
	shutdown(g->fd, SHUT_RDWR);
	if (g->request)
		answer_wake(g->request);
}

static void too_late(struct guest *g)
{
	static const enum cause why[] = { [GUEST_COMES] = CAUSE_SLOW_REQUEST,
		[GUEST_RESTS] = CAUSE_IDLE,
		[GUEST_HEAD] = CAUSE_SLOW_REQUEST,
		[GUEST_BODY] = CAUSE_SLOW_REQUEST,
		[GUEST_WAITS] = CAUSE_NO_ANSWER,
		[GUEST_TAKES] = CAUSE_SLOW_READER,
		[GUEST_LISTENS] = CAUSE_STREAM_SLOW };
	if (g->state == GUEST_WAITS && g->request && g->request->put_off)
		serve_refuse(g->request, CAUSE_NO_ANSWER, NULL);
	else
		guest_cut(g, why[g->state]);
}

void guests_sweep(struct serve *s, int64_t now_ms)
{
	for (uint32_t n = 1; n < s->guests.used; n++) {
		struct guest *g = pool_at(&s->guests, n);
		if (g->live && g->deadline_ms && now_ms > g->deadline_ms)
			too_late(g);
	}
	forget_visitors(s, now_ms, false);
}

void guests_part(struct serve *s, bool all)
{
	for (uint32_t n = 1; n < s->guests.used; n++) {
		struct guest *g = pool_at(&s->guests, n);
		if (g->live && (all || g->state < GUEST_WAITS))
			guest_cut(g, CAUSE_STOPPING);
	}
}

/* --- all of them --- */

int guests_begin(struct serve *s, struct err *e)
{
	uint32_t most = s->limits.connections;
	int r = pool_init(&s->guests, sizeof(struct guest), most + 1, e);
	if (r == 0)
		r = pool_init(&s->requests, sizeof(struct serve_request), most + 1, e);
	if (r == 0)
		r = pool_init(&s->visitors, sizeof(struct visitor), 4 * most + 1, e);
	if (r == 0)
		r = table_init(&s->visitor_by_key, 4 * most + 1, e);
	if (r < 0)
		return r;
	r = uv_poll_init(s->loop, &s->listening, s->listen_fd);
	if (r == 0) {
		s->listening.data = s;
		s->handles++;
		r = uv_poll_start(&s->listening, UV_READABLE, on_listening);
	}
	return r < 0 ? err_set(e, r, "wait for connections: %s", uv_strerror(r)) : 0;
}

void guests_done(struct serve *s)
{
	table_done(&s->visitor_by_key);
	pool_done(&s->visitors);
	pool_done(&s->requests);
	pool_done(&s->guests);
}

const char *serve_peer(const struct serve_request *q)
{
	static char text[INET6_ADDRSTRLEN];
	const struct in6_addr *a = &q->guest->address;
	bool four = IN6_IS_ADDR_V4MAPPED(a);
	inet_ntop(
		four ? AF_INET : AF_INET6, four ? a->s6_addr + 12 : a->s6_addr, text, sizeof text);
	return text;
}

uint64_t serve_peer_hash(const struct serve_request *q)
{
	const struct visitor *v = visitor_at(q->serve, q->guest->visitor);
	return hash_bytes(v->key, VISITOR_KEY);
}
