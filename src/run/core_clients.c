/* Who has entries for the ledger: connections on DIR.socket, spoken to as event/append.h says.
 *
 * Each is read a bounded number of messages a turn.  Answers are sent at once; whoever has so many
 * unread that the socket takes no more is let go, so nothing of theirs is kept here. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "event/append.h"
#include "event/entry.h"
#include "ledger/keys.h"
#include "run/core.h"

/* The handle is the loop's until it says so: only then is its place free again. */
static void after_close(uv_handle_t *h)
{
	struct client *p = h->data;
	close(p->fd);
	p->used = false;
	p->core->client_count--;
}

static void let_go(struct client *p)
{
	if (uv_is_closing((uv_handle_t *)&p->poll))
		return;
	p->generation++;
	uv_close((uv_handle_t *)&p->poll, after_close);
}

/* The first of a kind is said, so that a line for each does not fill the disk. */
static void say_drop(struct core *c, const struct client *p, const char *why)
{
	struct err e;
	err_set(&e, -ECONNABORTED, "an asker of uid %u is let go: %s", p->uid, why);
	if (!c->dropped++)
		cli_complain(&e);
}

/* --- answers --- */

static void answer(struct client *p, uint16_t word, const void *body, size_t size)
{
	struct err e;
	int r = uv_is_closing((uv_handle_t *)&p->poll) ? 0 : ipc_send(p->fd, word, body, size, &e);
	if (r == -EAGAIN)
		say_drop(p->core, p, "it does not read its answers");
	if (r < 0)
		let_go(p);
}

static void refuse(
	struct client *p, uint64_t tag, uint32_t index, uint32_t count, const struct err *why)
{
	char body[20 + sizeof why->text + sizeof why->try + 2];
	struct out o = out_mem(body, sizeof body);
	p->core->refused += count;
	out_be(&o, tag, 8);
	out_be(&o, index, 4);
	out_be(&o, count, 4);
	out_be(&o, (uint64_t)-why->code, 4);
	out_bytes(&o, why->text, strlen(why->text) + 1);
	out_str(&o, why->try);
	answer(p, APPEND_REFUSED, body, o.used);
}

static struct client *whose(struct core *c, const struct pending *w)
{
	struct client *p = &c->clients[w->client];
	return p->used && p->generation == w->generation ? p : NULL;
}

/* What follows for the same client goes out in one message. */
static unsigned answer_runs(struct core *c, unsigned at)
{
	char body[APPEND_RUNS * APPEND_RUN + 1];
	struct out o = out_mem(body, sizeof body);
	const struct pending *w = &c->pending[at];
	struct client *p = whose(c, w);
	for (; at < c->pending_count && o.used < APPEND_RUNS * APPEND_RUN; at++) {
		const struct pending *next = &c->pending[at];
		if (next->client != w->client || next->generation != w->generation)
			break;
		out_be(&o, next->tag, 8);
		out_be(&o, next->index, 2);
		out_be(&o, next->count, 2);
		out_be(&o, next->first, 8);
	}
	if (p)
		answer(p, APPEND_DONE, body, o.used);
	return at;
}

void clients_answer(struct core *c, const struct err *why_not)
{
	for (unsigned i = 0; !why_not && i < c->pending_count;)
		i = answer_runs(c, i);
	for (unsigned i = 0; why_not && i < c->pending_count; i++) {
		const struct pending *w = &c->pending[i];
		struct client *p = whose(c, w);
		if (p)
			refuse(p, w->tag, w->index, w->count, why_not);
	}
	c->pending_count = 0;
}

/* --- asks --- */

static void note_pending(struct client *p, uint64_t tag, uint32_t index, uint64_t sequence)
{
	struct core *c = p->core;
	uint32_t place = (uint32_t)(p - c->clients);
	struct pending *last = c->pending_count ? &c->pending[c->pending_count - 1] : NULL;
	if (last && last->client == place && last->generation == p->generation &&
		last->tag == tag && last->index + last->count == index &&
		last->first + last->count == sequence) {
		last->count++;
		return;
	}
	c->pending[c->pending_count++] =
		(struct pending){ place, p->generation, tag, sequence, index, 1 };
}

static int take_entry(
	struct client *p, struct cur json, uint64_t tag, uint32_t index, struct err *e)
{
	static char entry[ENTRY_SIZE_MAX + 2];
	struct core *c = p->core;
	const struct entry_defaults d = { c->key.name, p->actor, clock_wall(), !p->knows_itself };
	struct out o = out_mem(entry, sizeof entry);
	int r = entry_canonical((const char *)json.at, json.left, &d, &o, e);
	if (r == 0 && key_is_change(cur_of(entry, o.used)))
		r = err_set(e, -EPERM, "an entry does not change keys by being written");
	if (r < 0)
		return r;
	if (c->pending_count == PENDING_MAX)
		core_commit(c);
	uint64_t sequence = wal_next(c->log);
	r = wal_add(c->log, entry, o.used, e);
	if (r == -ENOBUFS) {
		core_commit(c);
		sequence = wal_next(c->log);
		r = wal_add(c->log, entry, o.used, e);
	}
	if (r == 0)
		note_pending(p, tag, index, sequence);
	return r;
}

static void take_ask(struct client *p, const struct ipc_message *m)
{
	struct cur c = m->body;
	uint64_t tag = cur_be64(&c);
	struct err e = { 0 };
	uint32_t index = 0;
	for (; c.left && index < APPEND_ENTRIES; index++) {
		struct cur json = cur_sub(&c, cur_be16(&c));
		if (!cur_ok(&json))
			break;
		if (take_entry(p, json, tag, index, &e) < 0)
			refuse(p, tag, index, 1, &e);
	}
	if (m->type == APPEND_ASK && index && cur_ok(&c) && !c.left)
		return;
	say_drop(p->core, p, "its message is none of ours");
	let_go(p);
}

static void on_client(uv_poll_t *poll, int status, int events)
{
	static uint8_t room[IPC_HEAD + IPC_BODY_MAX];
	struct client *p = poll->data;
	struct err e;
	(void)events;
	if (status < 0) {
		let_go(p);
		return;
	}
	/* Most wait for their answer before they ask again: to find that out costs as much as a
	 * message.  What is left in the socket comes with the next turn. */
	unsigned most = p->streams || ++p->turns % LOOK_EVERY == 0 ? TURN : 1;
	for (unsigned n = 0; n < most && !uv_is_closing((uv_handle_t *)poll); n++) {
		struct ipc_message m;
		int r = ipc_receive(p->fd, room, sizeof room, &m, &e);
		p->streams = n > 0 && (r == 0 || n > 1);
		if (r == -EAGAIN)
			return;
		if (r == 0) {
			take_ask(p, &m);
			continue;
		}
		if (r != -EPIPE)
			say_drop(p->core, p, e.text);
		let_go(p);
	}
}

/* --- connections --- */

static struct client *free_place(struct core *c)
{
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (!c->clients[i].used)
			return &c->clients[i];
	return NULL;
}

static void come_in(struct core *c, int fd)
{
	struct client *p = free_place(c);
	struct ucred who;
	socklen_t size = sizeof who;
	if (!p) {
		if (!c->turned_away++)
			cli_say("too many askers at once: the newest are turned away", "");
		close(fd);
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
	p->streams = true; /* until we know better */
	p->knows_itself = who.uid == 0 || who.uid == c->uid;
	snprintf(p->actor, sizeof p->actor, p->knows_itself ? "local" : "uid:%u", who.uid);
	p->poll.data = p;
	c->client_count++;
	if (!c->waiting)
		uv_poll_start(&p->poll, UV_READABLE, on_client);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct core *c = poll->data;
	(void)events;
	for (unsigned n = 0; status == 0 && n < TURN; n++) {
		int fd = accept4(c->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0)
			return;
		come_in(c, fd);
	}
}

/* A socket of a writer that has gone lies there as a file: whoever holds the lock takes it away. */
int clients_listen(struct core *c, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
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
		if (!p->used || uv_is_closing((uv_handle_t *)&p->poll))
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
	if (c->ready)
		uv_close((uv_handle_t *)&c->listening, NULL);
	close(c->listen_fd);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		if (c->clients[i].used)
			let_go(&c->clients[i]);
}
