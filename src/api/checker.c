#include "api/checker.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/ipc.h"
#include "base/out.h"

enum {
	ASKED = 8 + 1 + PASSWORD_HASH + PASSWORD_MAX,
	ANSWERED = 8 + 1,
};

static_assert(PASSWORD_HASH < 256, "its size is one byte");

/* --- over there --- */

static bool text_of(struct cur c, char *text, size_t room)
{
	if (!cur_ok(&c) || c.left >= room || memchr(c.at, 0, c.left))
		return false;
	memcpy(text, c.at, c.left);
	text[c.left] = 0;
	return true;
}

static int answer(int channel, struct cur body, struct err *e)
{
	char hash[PASSWORD_HASH], password[PASSWORD_MAX + 1], said[ANSWERED + 1];
	struct out o = out_mem(said, sizeof said);
	uint64_t ticket = cur_be64(&body);
	struct cur first = cur_sub(&body, cur_u8(&body));
	if (!text_of(first, hash, sizeof hash) || !text_of(body, password, sizeof password))
		return err_set(e, -EBADMSG, "asked of a password that is none");
	bool holds = password_holds(hash, password);
	explicit_bzero(password, sizeof password);
	out_be(&o, ticket, 8);
	out_be(&o, holds, 1);
	return ipc_send(channel, CHECKER_ANSWER, said, o.used, e);
}

int checker_work(int channel, struct err *e)
{
	uint8_t room[IPC_HEAD + ASKED];
	struct ipc_message m;
	int r;
	do {
		r = ipc_receive(channel, room, sizeof room, &m, e);
		if (r == 0)
			r = m.type == CHECKER_ASK ? answer(channel, m.body, e)
						  : err_set(e, -EBADMSG, "asked of nothing");
		explicit_bzero(room, sizeof room);
	} while (r == 0);
	return r == -EPIPE ? 0 : r;
}

/* --- here --- */

struct checker {
	uv_poll_t poll;
	int channel;
	checker_said *said;
	void *self;
	bool gone, ending;
	unsigned count; /* asked and not answered: the first of them is over there */
	struct asked {
		uint64_t ticket;
		char bytes[ASKED + 1];
		size_t size;
	} queue[CHECKER_QUEUE];
};

static int send_first(struct checker *c, struct err *e)
{
	struct asked *a = &c->queue[0];
	int r = ipc_send(c->channel, CHECKER_ASK, a->bytes, a->size, e);
	explicit_bzero(a->bytes, sizeof a->bytes);
	return r;
}

static void drop_first(struct checker *c)
{
	c->count--;
	memmove(&c->queue[0], &c->queue[1], c->count * sizeof c->queue[0]);
	explicit_bzero(&c->queue[c->count], sizeof c->queue[0]);
}

/* Whoever asked gets no for an answer. */
static void lose(struct checker *c)
{
	c->gone = true;
	uv_poll_stop(&c->poll);
	while (c->count && !c->ending) {
		uint64_t ticket = c->queue[0].ticket;
		drop_first(c);
		c->said(c->self, ticket, false);
	}
}

static void on_answer(uv_poll_t *poll, int status, int events)
{
	struct checker *c = poll->data;
	uint8_t room[IPC_HEAD + ANSWERED];
	struct ipc_message m = { 0 };
	struct err e;
	(void)events;
	int r = status < 0 ? status : ipc_receive(c->channel, room, sizeof room, &m, &e);
	if (r == -EAGAIN)
		return;
	uint64_t ticket = cur_be64(&m.body);
	uint8_t holds = cur_u8(&m.body);
	if (r < 0 || m.type != CHECKER_ANSWER || !cur_ok(&m.body) || m.body.left || holds > 1 ||
		!c->count || ticket != c->queue[0].ticket) {
		lose(c); /* it is not what it was */
		return;
	}
	drop_first(c);
	if (c->count && send_first(c, &e) < 0)
		lose(c);
	c->said(c->self, ticket, holds == 1);
}

int checker_begin(struct checker **out, uv_loop_t *loop, int channel, checker_said *said,
	void *self, struct err *e)
{
	struct checker *c = calloc(1, sizeof *c);
	if (!c)
		return err_set(e, -ENOMEM, "no memory to look at passwords");
	c->channel = channel;
	c->said = said;
	c->self = self;
	int r = uv_poll_init(loop, &c->poll, channel);
	if (r < 0) {
		free(c);
		return err_set(e, r, "wait for the process with passwords: %s", uv_strerror(r));
	}
	c->poll.data = c;
	uv_poll_start(&c->poll, UV_READABLE, on_answer);
	*out = c;
	return 0;
}

int checker_ask(
	struct checker *c, uint64_t ticket, const char *hash, const char *password, struct err *e)
{
	if (c->gone)
		return err_set(e, -EPIPE, "nobody looks at passwords");
	if (c->count == CHECKER_QUEUE)
		return err_set(e, -EAGAIN, "%d passwords are being looked at", CHECKER_QUEUE);
	struct asked *a = &c->queue[c->count];
	struct out o = out_mem(a->bytes, sizeof a->bytes);
	a->ticket = ticket;
	out_be(&o, ticket, 8);
	out_be(&o, strlen(hash), 1);
	out_str(&o, hash);
	out_str(&o, password);
	a->size = o.used;
	if (o.failed || strlen(hash) >= PASSWORD_HASH)
		return err_set(e, -EMSGSIZE, "a password that is too long");
	if (c->count++)
		return 0;
	int r = send_first(c, e);
	if (r < 0) {
		drop_first(c);
		c->gone = true;
	}
	return r;
}

static void after_close(uv_handle_t *h)
{
	free(h->data);
}

void checker_end(struct checker *c)
{
	if (!c)
		return;
	c->ending = true;
	explicit_bzero(c->queue, sizeof c->queue);
	uv_close((uv_handle_t *)&c->poll, after_close);
}
