/* What the process with passwords is asked, by whoever took over the one that asks: it answers what
 * has the form of a question, ends at what has not, and takes no more memory than it may.
 *
 * An input is a row of datagrams: two bytes of size, the bytes. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/checker.h"
#include "base/ipc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 8 }; /* a hash of the right form costs time */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cur c = cur_of(data, size);
	uint8_t room[IPC_HEAD + 64];
	struct ipc_message m;
	struct err e = { 0 };
	int fds[2];
	unsigned asked = 0, answered = 0;
	int r = ipc_pair(fds, &e);
	assert(r == 0);
	for (; c.left > 0 && asked < MOST; asked++) {
		struct cur one = cur_upto(&c, cur_be16(&c));
		if (!cur_ok(&c) || !cur_ok(&one))
			break;
		ssize_t sent = send(fds[0], one.at, one.left, MSG_NOSIGNAL);
		assert(sent == (ssize_t)one.left);
	}
	shutdown(fds[0], SHUT_WR);
	r = checker_work(fds[1], &e);
	assert(r == 0 || (r == e.code && e.text[0]));
	while (ipc_await(fds[0], 0, room, sizeof room, &m, &e) == 0) {
		assert(m.type == CHECKER_ANSWER && m.body.left == 9 && m.body.at[8] <= 1);
		answered++;
	}
	assert(answered <= asked);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
