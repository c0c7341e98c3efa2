/* Asking a site that is up. */
#include "cli/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/ipc.h"

enum { ANSWER_MS = 30 * 1000, ANSWER_MAX = 256 << 20 };

int site_path(const char *state, const char *name, char path[PATH_MAX], struct err *e)
{
	int size = snprintf(path, PATH_MAX, "%s/%s", state, name);
	return size > 0 && size < PATH_MAX ? 0
					   : err_set(e, -ENAMETOOLONG, "%.60s: too long", state);
}

static int connect_to(const char *state, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int size = snprintf(a.sun_path, sizeof a.sun_path, "%s/site.socket", state);
	if (size < 0 || (size_t)size >= sizeof a.sun_path)
		return err_set(e, -ENAMETOOLONG, "%.80s: too long for a socket's name", state);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "ask the site");
	if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	int code = errno;
	close(fd);
	errno = code;
	if (code == ENOENT || code == ECONNREFUSED) {
		err_set(e, -ENOENT, "no site is up in %s", state);
		return err_try(e, "weir up, or --state with its folder");
	}
	err_sys(e, "ask the site in %s", state);
	return code == EACCES ? err_try(e, "as root, or as who runs it") : e->code;
}

static int read_end(struct cur c, struct err *e)
{
	uint32_t code = cur_be32(&c);
	if (!cur_ok(&c) || code > 4095)
		return err_set(e, -EPROTO, "the site's answer is no answer");
	if (!code)
		return 0;
	long end = cur_find(&c, 0);
	struct cur why = cur_sub(&c, end < 0 ? c.left : (size_t)end);
	cur_skip(&c, c.left ? 1 : 0);
	err_set(e, -(int)code, "%.*s", (int)why.left, (const char *)why.at);
	return c.left ? err_try(e, "%.*s", (int)c.left, (const char *)c.at) : e->code;
}

/* 1: that was all. */
static int read_part(int fd, char **answer, size_t *size, struct err *e)
{
	static uint8_t room[IPC_HEAD + ASK_PART_SIZE];
	struct ipc_message m;
	int r = ipc_await(fd, ANSWER_MS, room, sizeof room, &m, e);
	if (r < 0)
		return err_in(e, "the site's answer");
	if (m.type == ASK_END)
		return (r = read_end(m.body, e)) < 0 ? r : 1;
	if (m.type != ASK_PART || !m.body.left || m.body.left > ANSWER_MAX - *size)
		return err_set(e, -EPROTO, "the site's answer is no answer");
	char *more = realloc(*answer, *size + m.body.left + 1);
	if (!more)
		return err_sys(e, "take the site's answer");
	memcpy(more + *size, m.body.at, m.body.left);
	*answer = more;
	*size += m.body.left;
	more[*size] = 0;
	return 0;
}

int site_ask(const char *state, json_t *question, char **answer, size_t *size, struct err *e)
{
	char *text = question ? json_dumps(question, JSON_COMPACT) : NULL;
	json_decref(question);
	if (!text)
		return err_set(e, -EINVAL, "this cannot be asked: no UTF-8");
	int fd = connect_to(state, e);
	int r = fd < 0 ? fd : ipc_send(fd, ASK_QUESTION, text, strlen(text), e);
	*answer = NULL;
	*size = 0;
	while (r == 0)
		r = read_part(fd, answer, size, e);
	if (r < 0) {
		free(*answer);
		*answer = NULL;
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return r < 0 ? r : 0;
}

int site_ask_json(const char *state, json_t *question, json_t **answer, struct err *e)
{
	char *text = NULL;
	size_t size = 0;
	int r = site_ask(state, question, &text, &size, e);
	if (r < 0)
		return r;
	*answer = text ? json_loadb(text, size, 0, NULL) : NULL;
	free(text);
	return *answer ? 0 : err_set(e, -EPROTO, "the site's answer is no JSON");
}

int site_exit(const struct err *e)
{
	switch (e->code) {
	case -ENOENT:
		return EXIT_NOT_FOUND;
	case -EINVAL:
		return EXIT_ASKED_WRONGLY;
	case -EACCES:
	case -EPERM:
		return EXIT_NOT_ALLOWED;
	default:
		return EXIT_FAILED;
	}
}
