/* Messages between the processes of weir, and between them and who asks them: one datagram each
 * over a SOCK_SEQPACKET socket, so that none is ever cut short or run into the next.
 *
 *	0  2  type: a word of the table that both ends share
 *	2  2  zero
 *	4  4  size of what follows
 *
 * Numbers are big endian.  Whoever receives looks at a message as if the sender were in foreign
 * hands by now: types and sizes are checked here, the body through a cursor by who reads it. */
#ifndef BASE_IPC_H
#define BASE_IPC_H

#include <stddef.h>
#include <stdint.h>

#include "base/cur.h"
#include "base/err.h"

enum {
	IPC_HEAD = 8,
	IPC_BODY_MAX = 128 * 1024, /* the largest entry, and what is said of it */
};

struct ipc_message {
	uint16_t type;
	struct cur body; /* within the receiver's room, until its next call */
};

int ipc_pair(int fds[2], struct err *e) MUST_USE; /* closed on exec */

/* -EAGAIN: the other end is slow, and the socket waits for nobody; -EPIPE: it has gone. */
int ipc_send(int fd, uint16_t type, const void *body, size_t size, struct err *e) MUST_USE;
/* Room for IPC_HEAD and the largest body that is expected; a larger one is -EMSGSIZE and lost.
 * -EAGAIN: nothing there, on a socket that waits for nobody; -EPIPE: the other end has gone;
 * -EBADMSG: no message of ours. */
int ipc_receive(int fd, void *room, size_t size, struct ipc_message *out, struct err *e) MUST_USE;
/* The same, with a limit in time: -ETIMEDOUT. */
int ipc_await(int fd, int timeout_ms, void *room, size_t size, struct ipc_message *out,
	struct err *e) MUST_USE;

/* With a descriptor, which the receiver gets one of its own of: ipc_receive() would close it.
 * `passed` is -1 where none came, or several, which nobody sends. */
int ipc_send_fd(int fd, uint16_t type, int pass, struct err *e) MUST_USE;
int ipc_receive_fd(int fd, void *room, size_t size, struct ipc_message *out, int *passed,
	struct err *e) MUST_USE;

#endif
