/* Messages between processes: what goes in comes out, and what is none is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/ipc.h"

static uint8_t room[IPC_HEAD + IPC_BODY_MAX];

static void test_there_and_back(void **state)
{
	(void)state;
	int fds[2];
	struct err e;
	struct ipc_message m;
	static uint8_t body[IPC_BODY_MAX];
	memset(body, 'x', sizeof body);
	assert_int_equal(ipc_pair(fds, &e), 0);
	const size_t sizes[] = { 0, 1, 70000, IPC_BODY_MAX };
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		uint16_t type = (uint16_t)(i * 1000);
		assert_int_equal(ipc_send(fds[0], type, body, sizes[i], &e), 0);
		assert_int_equal(ipc_await(fds[1], 1000, room, sizeof room, &m, &e), 0);
		assert_int_equal(m.type, type);
		assert_int_equal(m.body.left, sizes[i]);
		assert_memory_equal(m.body.at, body, sizes[i]);
	}
	assert_int_equal(ipc_send(fds[0], 1, body, IPC_BODY_MAX + 1, &e), -EMSGSIZE);
	assert_int_equal(ipc_await(fds[1], 1, room, sizeof room, &m, &e), -ETIMEDOUT);
	close(fds[0]);
	assert_int_equal(ipc_receive(fds[1], room, sizeof room, &m, &e), -EPIPE);
	assert_int_equal(ipc_send(fds[1], 1, body, 1, &e), -EPIPE);
	close(fds[1]);
}

static void test_what_is_none(void **state)
{
	(void)state;
	static const struct {
		const char *bytes;
		size_t size;
		int expected;
	} rows[] = {
		{ "\0\1\0\0\0\0\0\2ab", 10, 0 },
		{ "\0\1\0\0\0\0\0\2abc", 11, -EBADMSG },
		{ "\0\1\0\0\0\0\0\2a", 9, -EBADMSG },
		{ "\0\1\0\1\0\0\0\2ab", 10, -EBADMSG },
		{ "\0\1\0\0\377\377\377\377ab", 10, -EBADMSG },
		{ "\0\1\0\0\0\0\0", 7, -EBADMSG },
		{ "\0\1\0\0\0\0\0\11abcdefghi", 17, -EMSGSIZE },
	};
	int fds[2];
	struct err e;
	struct ipc_message m;
	assert_int_equal(ipc_pair(fds, &e), 0);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(send(fds[0], rows[i].bytes, rows[i].size, 0), rows[i].size);
		assert_int_equal(ipc_receive(fds[1], room, IPC_HEAD + 8, &m, &e), rows[i].expected);
	}
	assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(ipc_receive(fds[1], room, sizeof room, &m, &e), -EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

static void send_descriptors(int to, const int *fds, size_t count)
{
	static const char message[] = "\0\1\0\0\0\0\0";
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(2 * sizeof(int))];
	} with = { .head = { .cmsg_len = CMSG_LEN(count * sizeof *fds),
			   .cmsg_level = SOL_SOCKET,
			   .cmsg_type = SCM_RIGHTS } };
	struct iovec part = { (void *)(uintptr_t)message, sizeof message };
	struct msghdr m = { .msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = with.room,
		.msg_controllen = CMSG_SPACE(count * sizeof *fds) };
	memcpy(CMSG_DATA(&with.head), fds, count * sizeof *fds);
	assert_int_equal(sendmsg(to, &m, 0), sizeof message);
}

/* One descriptor is ours; of several none is, and none stays open. */
static void test_descriptors(void **state)
{
	(void)state;
	int fds[2], got;
	struct err e;
	struct ipc_message m;
	assert_int_equal(ipc_pair(fds, &e), 0);
	int next = dup(fds[0]);
	close(next);
	for (size_t count = 1; count <= 2; count++) {
		send_descriptors(fds[0], fds, count);
		assert_int_equal(ipc_receive_fd(fds[1], room, sizeof room, &m, &got, &e), 0);
		assert_int_equal(got, count == 1 ? next : -1);
		if (got >= 0)
			close(got);
		int free = dup(fds[0]);
		assert_int_equal(free, next);
		close(free);
	}
	close(fds[0]);
	close(fds[1]);
}

/* What was said before somebody went is heard, whatever they did not read themselves. */
static void test_last_words(void **state)
{
	(void)state;
	int fds[2];
	struct err e;
	struct ipc_message m;
	assert_int_equal(ipc_pair(fds, &e), 0);
	assert_int_equal(ipc_send(fds[0], 1, "unread", 6, &e), 0);
	assert_int_equal(ipc_send(fds[1], 2, "the", 3, &e), 0);
	assert_int_equal(ipc_send(fds[1], 3, "last", 4, &e), 0);
	close(fds[1]);
	assert_int_equal(ipc_receive(fds[0], room, sizeof room, &m, &e), 0);
	assert_int_equal(m.type, 2);
	assert_int_equal(ipc_await(fds[0], 1000, room, sizeof room, &m, &e), 0);
	assert_int_equal(m.type, 3);
	assert_int_equal(ipc_receive(fds[0], room, sizeof room, &m, &e), -EPIPE);
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_last_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
