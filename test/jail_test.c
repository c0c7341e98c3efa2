/* The jail: each child tries one thing and lives or dies of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/jail.h"

enum { LIVED = 7, NO_JAIL = 8, ODD = 9 };

static int ends[2]; /* a pipe */

static bool use_stdio(void)
{
	char c = 'x';
	struct stat st;
	void *memory = malloc(4 << 20);
	bool good = memory && write(ends[1], &c, 1) == 1 && read(ends[0], &c, 1) == 1 &&
		fstat(ends[0], &st) == 0 && clock_monotonic() > 0;
	free(memory);
	return good;
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* A large sort asks for memory, and for how much there is. */
static bool sort_much(void)
{
	enum { COUNT = 4096 };
	int *numbers = calloc(COUNT, sizeof *numbers);
	if (!numbers)
		return false;
	for (int i = 0; i < COUNT; i++)
		numbers[i] = COUNT - i;
	qsort(numbers, COUNT, sizeof *numbers, by_value);
	bool good = numbers[0] == 1;
	free(numbers);
	return good;
}

static bool open_to_read(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static bool open_to_write(void)
{
	return open("/dev/null", O_WRONLY | O_CLOEXEC) >= 0;
}

static bool make_file(void)
{
	return open("/tmp", O_TMPFILE | O_RDWR, 0600) >= 0;
}

static bool open_socket(void)
{
	return socket(AF_INET, SOCK_STREAM, 0) >= 0;
}

static bool start_process(void)
{
	return fork() >= 0;
}

static bool run_program(void)
{
	execl("/bin/true", "true", NULL);
	return true;
}

static bool map_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
		MAP_FAILED;
}

static bool signal_parent(void)
{
	return kill(getppid(), 0) == 0;
}

static bool give_up(void)
{
	abort();
}

static int talk[2]; /* a channel, both ends */
static int kept;

static bool use_channel(void)
{
	char c = 'x';
	struct iovec part = { &c, 1 };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	return sendmsg(talk[0], &m, 0) == 1 && recvmsg(talk[1], &m, 0) == 1;
}

static bool keep_bytes(void)
{
	return pwrite(kept, "x", 1, 0) == 1 && fdatasync(kept) == 0;
}

static bool lock_memory(void)
{
	char page[64] = { 0 };
	mlock(page, sizeof page); /* allowed to ask, if not to have */
	munlock(page, sizeof page);
	return true;
}

static int run_jailed(unsigned words, bool (*act)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err e;
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		if (jail_enter(words, &e) < 0)
			_exit(NO_JAIL);
		_exit(act() ? LIVED : ODD);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static void assert_lives(unsigned words, bool (*act)(void))
{
	int status = run_jailed(words, act);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LIVED);
}

static void assert_dies_of(int sig, unsigned words, bool (*act)(void))
{
	int status = run_jailed(words, act);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), sig);
}

static void reading_and_writing_live(void **state)
{
	(void)state;
	assert_lives(JAIL_STDIO, use_stdio);
	assert_lives(JAIL_STDIO, sort_much);
	assert_lives(JAIL_STDIO | JAIL_READ_FILE, use_stdio);
	assert_lives(JAIL_STDIO | JAIL_READ_FILE, open_to_read);
	assert_lives(JAIL_STDIO | JAIL_CHANNEL, use_channel);
	assert_lives(JAIL_STDIO | JAIL_KEEP, keep_bytes);
	assert_lives(JAIL_STDIO | JAIL_SECRETS, lock_memory);
	assert_dies_of(SIGABRT, JAIL_STDIO, give_up); /* a failed assert keeps its own signal */
}

static void everything_else_dies(void **state)
{
	(void)state;
	assert_true(jail_holds()); /* not with a sanitizer: this test belongs to release builds */
	bool (*const forbidden[])(void) = { open_to_read, open_to_write, make_file, open_socket,
		start_process, run_program, map_code, signal_parent };
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		assert_dies_of(SIGSYS, JAIL_STDIO, forbidden[i]);
	bool (*const words[])(void) = { use_channel, keep_bytes, lock_memory };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		assert_dies_of(SIGSYS,
			(JAIL_STDIO | JAIL_CHANNEL | JAIL_KEEP | JAIL_SECRETS) &
				~((unsigned)JAIL_CHANNEL << i),
			words[i]);
	for (size_t i = 1; i < COUNT_OF(forbidden); i++)
		assert_dies_of(SIGSYS, JAIL_STDIO | JAIL_READ_FILE, forbidden[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_and_writing_live),
		cmocka_unit_test(everything_else_dies),
	};
	kept = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (pipe(ends) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, talk) < 0 || kept < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
