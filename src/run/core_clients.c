/* Who has entries for the ledger: connections on DIR.socket.  Each has a place of the table and is
 * read a bounded number of messages a turn; who finds no place is told so, and turned away. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "event/append.h"
#include "run/core.h"

/* --- they go --- */

/* The handle is the loop's until it says so: only then is its place free again. */
static void after_close(uv_handle_t *h)
{
	struct client *p = h->data;
	close(p->fd);
	p->used = false;
	p->core->client_count--;
}

void client_leaves(struct client *p)
{
	if (p->leaving)
		return;
	p->leaving = true;
	p->generation++;
	uv_close((uv_handle_t *)&p->poll, after_close);
}

/* The first of a kind is said, so that a line for each does not fill the disk. */
void client_drop(struct client *p, const char *why)
{
	struct err e;
	err_set(&e, -ECONNABORTED, "an asker of uid %u is let go: %s", p->uid, why);
	if (!p->core->dropped++)
		cli_complain(&e);
	client_leaves(p);
}

/* --- they ask --- */

static void on_client(uv_poll_t *poll, int status, int events)
{
	static uint8_t room[IPC_HEAD + IPC_BODY_MAX];
	struct client *p = poll->data;
	struct err e;
	size_t bytes = 0;
	(void)events;
	if (status < 0) {
		client_leaves(p);
		return;
	}
	/* Most wait for their answer before they ask again: to find that out costs as much as a
	 * message.  What is left in the socket comes with the next turn. */
	unsigned most = p->streams || ++p->turns % LOOK_EVERY == 0 ? TURN : 1;
	for (unsigned n = 0; n < most && bytes < TURN_BYTES && !p->leaving; n++) {
		struct ipc_message m;
		int r = ipc_receive(p->fd, room, sizeof room, &m, &e);
		p->streams = n > 0 && (r == 0 || n > 1);
		if (r == -EAGAIN)
			return;
		if (r == 0) {
			bytes += m.body.left;
			asks_take(p, &m);
		} else if (r == -EPIPE) {
			client_leaves(p);
		} else {
			client_drop(p, e.text);
		}
	}
}

/* --- they come --- */

static struct client *free_place(struct core *c)
{
	for (unsigned i = 0; i < c->places; i++)
		if (!c->clients[i].used)
			return &c->clients[i];
	return NULL;
}

/* Said once a minute at most; all of them are counted. */
static void say_full(struct core *c)
{
	static const int64_t minute_ns = 60 * CLOCK_SECOND;
	char text[128];
	int64_t now = clock_monotonic();
	if (c->turned_away > 1 && now - c->full_said_ns < minute_ns)
		return;
	c->full_said_ns = now;
	snprintf(text, sizeof text,
		"all %u places for askers are taken; %llu were turned away so far", c->places,
		(unsigned long long)c->turned_away);
	cli_say(text, "");
}

static void turn_away(struct core *c, int fd)
{
	char body[20 + sizeof(struct err)];
	struct out o = out_mem(body, sizeof body);
	struct err why = { 0 }, gone;
	c->turned_away++;
	say_full(c);
	err_set(&why, -EUSERS, "all %u places are taken", c->places);
	err_try(&why, "again in a while");
	asks_refusal(&o, 0, 0, 0, &why);
	if (ipc_send(fd, APPEND_REFUSED, body, o.used, &gone) < 0)
		gone.code = 0; /* it did not wait for that */
	close(fd);
}

static void come_in(struct core *c, int fd)
{
	struct client *p = free_place(c);
	struct ucred who;
	socklen_t size = sizeof who;
	if (!p) {
		turn_away(c, fd);
		return;
	}
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0 ||
		uv_poll_init(&c->loop, &p->poll, fd) < 0) {
		close(fd);
		return;
	}
	p->core = c;
	p->fd = fd;
	p->uid = who.uid;
	p->used = true;
	p->leaving = false;
	p->streams = true; /* until we know better */
	p->knows_itself = who.uid == 0 || who.uid == c->uid;
	snprintf(p->actor, sizeof p->actor, p->knows_itself ? "local" : "uid:%u", who.uid);
	p->poll.data = p;
	c->client_count++;
	if (!c->waiting)
		uv_poll_start(&p->poll, UV_READABLE, on_client);
	asks_welcome(p);
}

static void on_connection(uv_poll_t *poll, int status, int events);

static void on_rested(uv_timer_t *timer)
{
	struct core *c = timer->data;
	uv_poll_start(&c->listening, UV_READABLE, on_connection);
}

/* Who stays in the queue would wake us for ever: nobody is looked for until later. */
static void rest(struct core *c, int code)
{
	struct err e;
	err_set(&e, -code, "nobody can be taken in: %s", strerror(code));
	if (!c->rests++)
		cli_complain(&e);
	uv_poll_stop(&c->listening);
	uv_timer_start(&c->rest, on_rested, REST_MS, 0);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct core *c = poll->data;
	(void)events;
	for (unsigned n = 0; status == 0 && n < TURN; n++) {
		int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			rest(c, errno);
		if (fd < 0)
			return;
		come_in(c, fd);
	}
}

/* --- all of them --- */

/* As many as there may be open files; what the administrator allows at most is not touched. */
static int make_places(struct core *c, struct err *e)
{
	struct rlimit files;
	char text[128];
	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_sys(e, "ask how many files may be open");
	rlim_t want = CLIENTS_MAX + OWN_FILES;
	files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_sys(e, "raise how many files may be open");
	if (files.rlim_cur <= OWN_FILES) {
		err_set(e, -EMFILE, "%llu open files are allowed, which leaves none for askers",
			(unsigned long long)files.rlim_cur);
		return err_try(e, "ulimit -n %llu, or LimitNOFILE=", (unsigned long long)want);
	}
	c->places = (unsigned)files.rlim_cur - OWN_FILES;
	if (c->places == CLIENTS_MAX)
		return 0;
	snprintf(text, sizeof text, "%llu open files are allowed: %u askers at a time, not %d",
		(unsigned long long)files.rlim_cur, c->places, CLIENTS_MAX);
	cli_say(text, "ulimit -n, or LimitNOFILE=");
	return 0;
}

/* A socket of a writer that has gone lies there as a file: whoever holds the lock takes it away. */
int clients_listen(struct core *c, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (make_places(c, e) < 0)
		return e->code;
	memcpy(a.sun_path, c->socket, sizeof a.sun_path);
	c->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listen_fd < 0)
		return err_sys(e, "make a socket");
	if (unlink(c->socket) < 0 && errno != ENOENT)
		return err_sys(e, "take the old %s away", c->socket);
	mode_t before = umask(0117);
	int r = bind(c->listen_fd, (const struct sockaddr *)&a, sizeof a);
	umask(before);
	if (r < 0 || listen(c->listen_fd, SOMAXCONN) < 0)
		return err_sys(e, "listen on %s", c->socket);
	return 0;
}

int clients_begin(struct core *c, struct err *e)
{
	int r = uv_poll_init(&c->loop, &c->listening, c->listen_fd);
	c->listening.data = c;
	if (r == 0)
		r = uv_poll_start(&c->listening, UV_READABLE, on_connection);
	return r < 0 ? err_set(e, r, "wait for askers: %s", uv_strerror(r)) : 0;
}

void clients_wait(struct core *c, bool wait)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		struct client *p = &c->clients[i];
		if (!p->used || p->leaving)
			continue;
		if (wait)
			uv_poll_stop(&p->poll);
		else
			uv_poll_start(&p->poll, UV_READABLE, on_client);
	}
}

void clients_done(struct core *c)
{
	unlinkat(AT_FDCWD, c->socket, 0);
	uv_timer_stop(&c->rest);
	if (c->ready)
		uv_close((uv_handle_t *)&c->listening, NULL);
	close(c->listen_fd);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (c->clients[i].used)
			client_leaves(&c->clients[i]);
}
