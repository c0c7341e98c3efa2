/* Who asks the site: one question at a time each, and an answer in parts, as fast as it is read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "run/site.h"

static const int64_t patience_ns = 20 * CLOCK_SECOND;

void askers_come(struct watching *w)
{
	struct ucred who = { 0 };
	socklen_t size = sizeof who;
	int fd = accept4(w->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	for (unsigned i = 0; i < ASKERS_MAX; i++) {
		if (w->askers[i].fd >= 0)
			continue;
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
			break;
		w->askers[i] = (struct asker){ .fd = fd,
			.uid = who.uid,
			.trusted = who.uid == 0 || who.uid == w->uid,
			.since_ns = clock_monotonic() };
		return;
	}
	w->turned_away++;
	close(fd);
}

static void leave(struct asker *a)
{
	close(a->fd);
	free(a->answer);
	*a = (struct asker){ .fd = -1 };
}

/* -EAGAIN: it is slow, and this waits. */
static int end(struct asker *a, const struct err *why, int code)
{
	char body[4 + sizeof why->text + sizeof why->try + 2];
	struct out o = out_mem(body, sizeof body);
	struct err gone;
	out_be(&o, (uint64_t)(code < 0 ? -code : 0), 4);
	if (code < 0) {
		out_str(&o, why->text);
		out_char(&o, 0);
		out_str(&o, why->try);
	}
	int r = ipc_send(a->fd, ASK_END, body, o.used, &gone);
	if (r != -EAGAIN)
		leave(a);
	return r;
}

bool askers_may_hear(const struct watching *w, const struct asker *a)
{
	return w->written >= a->after;
}

void askers_hear(struct watching *w, struct asker *a)
{
	struct err e = { 0 };
	int r = 0;
	if (!askers_may_hear(w, a))
		return;
	while (r == 0 && a->told < a->size) {
		size_t left = a->size - a->told, part = left < ASK_PART_SIZE ? left : ASK_PART_SIZE;
		r = ipc_send(a->fd, ASK_PART, a->answer + a->told, part, &e);
		a->told += r == 0 ? part : 0;
		a->since_ns = clock_monotonic();
	}
	if (r == -EAGAIN)
		return;
	if (r < 0)
		leave(a);
	else if (end(a, &e, 0) == -EAGAIN)
		return;
}

void askers_ask(struct watching *w, struct asker *a)
{
	static uint8_t room[IPC_HEAD + ASK_MAX];
	struct ipc_message m;
	struct err e = { 0 };
	int r = ipc_receive(a->fd, room, sizeof room, &m, &e);
	if (r == -EAGAIN)
		return;
	if (r < 0 || m.type != ASK_QUESTION || a->answer) {
		leave(a);
		return;
	}
	w->asked++;
	json_t *question =
		json_loadb((const char *)m.body.at, m.body.left, JSON_REJECT_DUPLICATES, NULL);
	struct out o = out_mem(w->room, ASK_ROOM);
	size_t said = w->said_count;
	r = json_is_object(question) ? site_answer(w, question, a, &o, &e)
				     : err_set(&e, -EINVAL, "the question is no JSON object");
	json_decref(question);
	if (r == 0 && o.failed)
		r = err_set(&e, -EFBIG, "the answer is too long");
	a->size = o.used;
	a->answer = r == 0 ? malloc(o.used + 1) : NULL;
	if (r == 0 && !a->answer)
		r = err_sys(&e, "keep the answer");
	if (r < 0) {
		if (end(a, &e, r) == -EAGAIN)
			leave(a);
		return;
	}
	if (w->said_count > said) /* what people do is done when it is on the disk */
		a->after = w->written + w->said_count;
	memcpy(a->answer, w->room, o.used);
	askers_hear(w, a);
}

/* Whoever takes a place and does not ask, or does not read on. */
void askers_tire(struct watching *w, int64_t now)
{
	for (unsigned i = 0; i < ASKERS_MAX; i++)
		if (w->askers[i].fd >= 0 && now - w->askers[i].since_ns > patience_ns)
			leave(&w->askers[i]);
}

void askers_done(struct watching *w)
{
	for (unsigned i = 0; i < ASKERS_MAX; i++)
		if (w->askers[i].fd >= 0)
			leave(&w->askers[i]);
}
