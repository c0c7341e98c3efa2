#include "base/ipc.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/out.h"

int ipc_pair(int fds[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_sys(e, "make a channel");
	return 0;
}

/* Room for one descriptor in a control message, aligned as its header is. */
union passing {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

static int send_parts(
	int fd, uint16_t type, const void *body, size_t size, union passing *with, struct err *e)
{
	char head[IPC_HEAD + 1];
	struct out o = out_mem(head, sizeof head);
	if (size > IPC_BODY_MAX)
		return err_set(
			e, -EMSGSIZE, "a message of %zu bytes: at most %d", size, IPC_BODY_MAX);
	out_be(&o, type, 2);
	out_be(&o, 0, 2);
	out_be(&o, size, 4);
	/* sendmsg() does not write into what it sends. */
	struct iovec parts[] = { { head, IPC_HEAD }, { (void *)(uintptr_t)body, size } };
	struct msghdr m = { .msg_iov = parts, .msg_iovlen = size ? 2 : 1 };
	if (with) {
		m.msg_control = with->room;
		m.msg_controllen = sizeof with->room;
	}
	ssize_t sent;
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 0;
	if (errno == ECONNRESET || errno == ENOTCONN)
		errno = EPIPE;
	return err_sys(e, "send a message");
}

int ipc_send(int fd, uint16_t type, const void *body, size_t size, struct err *e)
{
	return send_parts(fd, type, body, size, NULL, e);
}

int ipc_send_fd(int fd, uint16_t type, int pass, struct err *e)
{
	union passing with = { .head = { .cmsg_len = CMSG_LEN(sizeof pass),
				       .cmsg_level = SOL_SOCKET,
				       .cmsg_type = SCM_RIGHTS } };
	memcpy(CMSG_DATA(&with.head), &pass, sizeof pass);
	return send_parts(fd, type, NULL, 0, &with, e);
}

static int read_message(struct cur c, struct ipc_message *out, struct err *e)
{
	uint16_t type = cur_be16(&c);
	uint16_t zero = cur_be16(&c);
	uint32_t size = cur_be32(&c);
	if (!cur_ok(&c) || zero || size != c.left)
		return err_set(e, -EBADMSG, "a message that is none");
	*out = (struct ipc_message){ type, c };
	return 0;
}

static int receive(
	int fd, void *room, size_t size, struct msghdr *m, struct ipc_message *out, struct err *e)
{
	struct iovec part = { room, size };
	ssize_t got;
	bool reset = false;
	m->msg_iov = &part;
	m->msg_iovlen = 1;
	/* Where the other end went without reading all that we sent, that is said first, and once;
	 * what it had sent before is still there. */
	do {
		got = recvmsg(fd, m, MSG_CMSG_CLOEXEC);
		if (got >= 0 || (errno != EINTR && (errno != ECONNRESET || reset)))
			break;
		reset |= errno == ECONNRESET;
	} while (true);
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return err_set(e, -EPIPE, "the other end has gone");
	if (got < 0 && errno == EAGAIN)
		return err_set(e, -EAGAIN, "no message yet"); /* often, and nobody reads it */
	if (got < 0)
		return err_sys(e, "receive a message");
	if (m->msg_flags & MSG_TRUNC)
		return err_set(e, -EMSGSIZE, "a message of more than %zu bytes", size);
	return read_message(cur_of(room, (size_t)got), out, e);
}

int ipc_receive(int fd, void *room, size_t size, struct ipc_message *out, struct err *e)
{
	struct msghdr m = { 0 };
	return receive(fd, room, size, &m, out, e);
}

/* Alignment leaves room for more than one. */
static size_t count_passed(const struct cmsghdr *c)
{
	return c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS
		? (c->cmsg_len - CMSG_LEN(0)) / sizeof(int)
		: 0;
}

int ipc_receive_fd(
	int fd, void *room, size_t size, struct ipc_message *out, int *passed, struct err *e)
{
	union passing with = { 0 };
	struct msghdr m = { .msg_control = with.room, .msg_controllen = sizeof with.room };
	*passed = -1;
	int r = receive(fd, room, size, &m, out, e);
	size_t count = count_passed(CMSG_FIRSTHDR(&m));
	for (size_t i = 0; i < count; i++) {
		memcpy(passed, CMSG_DATA(CMSG_FIRSTHDR(&m)) + i * sizeof *passed, sizeof *passed);
		if (r == 0 && count == 1)
			return 0;
		close(*passed);
		*passed = -1;
	}
	return r;
}

int ipc_await(
	int fd, int timeout_ms, void *room, size_t size, struct ipc_message *out, struct err *e)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int ready;
	do
		ready = poll(&p, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return err_sys(e, "wait for a message");
	if (ready == 0)
		return err_set(e, -ETIMEDOUT, "no answer within %d ms", timeout_ms);
	return ipc_receive(fd, room, size, out, e);
}
