/* Messages between processes, from one that is in foreign hands: told whole, or refused in words,
 * and no descriptor stays open that nobody asked for.
 *
 * An input is a row of datagrams: a byte that says how many descriptors go along, two of size, the
 * bytes.  What is whole is read as the sealer's report as well. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ipc.h"
#include "run/sealing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 256, PASSED = 4 };

/* The lowest number that is free: the same before and after, or something stayed open. */
static int lowest_free(void)
{
	int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
	assert(fd >= 0);
	close(fd);
	return fd;
}

static void send_raw(int fd, struct cur bytes, unsigned passed)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(PASSED * sizeof(int))];
	} with = { .head = { .cmsg_len = CMSG_LEN(passed * sizeof(int)),
			   .cmsg_level = SOL_SOCKET,
			   .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { (void *)(uintptr_t)bytes.at, bytes.left };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	for (unsigned i = 0; i < passed; i++)
		memcpy(CMSG_DATA(&with.head) + i * sizeof fd, &fd, sizeof fd);
	if (passed) {
		m.msg_control = with.room;
		m.msg_controllen = CMSG_SPACE(passed * sizeof(int));
	}
	assert(sendmsg(fd, &m, MSG_NOSIGNAL) == (ssize_t)bytes.left);
}

static void check(int r, const struct ipc_message *m, struct cur sent, const struct err *e)
{
	if (r < 0) {
		assert((r == -EBADMSG || r == -EMSGSIZE || r == -EPIPE) && e->code == r &&
			e->text[0]);
		assert((r == -EPIPE) == (sent.left == 0));
		return;
	}
	assert(sent.left >= IPC_HEAD && m->body.left == sent.left - IPC_HEAD &&
		m->type == (sent.at[0] << 8 | sent.at[1]));
	assert(!m->body.left || memcmp(m->body.at, sent.at + IPC_HEAD, m->body.left) == 0);
	uint64_t published = 0, settled = 0;
	struct err why;
	if (sealing_read(m, 1000, &published, &settled, &why) == 0)
		assert(settled <= published && published <= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[ROOM];
	struct cur c = cur_of(data, size);
	struct ipc_message m;
	struct err e;
	int fds[2];
	assert(ipc_pair(fds, &e) == 0);
	const int before = lowest_free();
	while (c.left > 0) {
		unsigned how = cur_u8(&c), passed = how % (PASSED + 1);
		struct cur one = cur_upto(&c, cur_be16(&c));
		int got = -1;
		if (!cur_ok(&c) || !cur_ok(&one))
			break;
		send_raw(fds[0], one, passed);
		if (how & 0x80) {
			int r = ipc_receive_fd(fds[1], room, sizeof room, &m, &got, &e);
			assert(got < 0 || (r == 0 && passed == 1));
			check(r, &m, one, &e);
		} else {
			check(ipc_receive(fds[1], room, sizeof room, &m, &e), &m, one, &e);
		}
		if (got >= 0)
			close(got);
		assert(lowest_free() == before);
	}
	close(fds[0]);
	close(fds[1]);
	return 0;
}
