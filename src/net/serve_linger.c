#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/serve_inside.h"

static void after_close(uv_handle_t *h)
{
	struct lingering *l = h->data;
	close(l->fd);
	l->used = l->closing = false;
	l->serve->handles--;
	serve_gone_when_closed(l->serve);
}

static void let_go(struct lingering *l)
{
	if (l->closing)
		return;
	l->closing = true;
	uv_close((uv_handle_t *)&l->poll, after_close);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	static uint8_t waste[64 * 1024];
	struct lingering *l = poll->data;
	(void)events;
	ssize_t got = status < 0 ? 0 : recv(l->fd, waste, sizeof waste, MSG_DONTWAIT);
	if (got > 0)
		l->bytes += (size_t)got;
	if (got == 0 || l->bytes > LINGER_BYTES || (got < 0 && errno != EAGAIN && errno != EINTR))
		let_go(l);
}

/* The library closes its own descriptor; a second one keeps the connection. */
void linger(struct serve *s, int fd)
{
	struct lingering *l = NULL;
	for (unsigned i = 0; i < LINGER_MAX && !l; i++)
		if (!s->lingering[i].used)
			l = &s->lingering[i];
	int mine = l && !s->stopping ? fcntl(fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (mine < 0)
		return;
	if (uv_poll_init(s->loop, &l->poll, mine) < 0) {
		close(mine);
		return;
	}
	l->serve = s;
	l->fd = mine;
	l->used = true;
	l->bytes = 0;
	l->until_ms = serve_now_ms(s) + LINGER_MS;
	l->poll.data = l;
	s->handles++;
	shutdown(mine, SHUT_WR);
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

void linger_sweep(struct serve *s, int64_t now_ms)
{
	for (unsigned i = 0; i < LINGER_MAX; i++)
		if (s->lingering[i].used && now_ms > s->lingering[i].until_ms)
			let_go(&s->lingering[i]);
}

void linger_done(struct serve *s)
{
	for (unsigned i = 0; i < LINGER_MAX; i++)
		if (s->lingering[i].used)
			let_go(&s->lingering[i]);
}
