/* The jail: each child tries one thing and lives or dies of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
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

static int run_child(bool (*before)(void), unsigned words, bool (*act)(void))
{
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct err e;
		struct rlimit none = { 0, 0 };
		setrlimit(RLIMIT_CORE, &none);
		signal(SIGABRT, SIG_DFL);
		if (before && !before())
			_exit(NO_JAIL);
		if (words && jail_enter(words, &e) < 0)
			_exit(NO_JAIL);
		_exit(act() ? LIVED : ODD);
	}
	int status = 0;
	assert_int_equal(waitpid(child, &status, 0), child);
	return status;
}

static int run_jailed(unsigned words, bool (*act)(void))
{
	return run_child(NULL, words, act);
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

/* --- folders --- */

static char where[] = "/tmp/jail_test-XXXXXX";

static bool opens(const char *name, int how)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", where, name);
	int fd = open(path, how | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static bool lists(const char *name)
{
	char path[256];
	snprintf(path, sizeof path, "%s/%s", where, name);
	DIR *d = opendir(path);
	bool any = d && readdir(d);
	if (d)
		closedir(d);
	return any;
}

static bool only_in_folders(void)
{
	char there[128], gone[128];
	snprintf(there, sizeof there, "%s/work/new", where);
	snprintf(gone, sizeof gone, "%s/work/renamed", where);
	bool may = opens("look/file", O_RDONLY) && lists("look") && opens("file", O_RDONLY) &&
		opens("work/file", O_RDWR) && opens("work/new", O_RDWR | O_CREAT) &&
		renameat(AT_FDCWD, there, AT_FDCWD, gone) == 0 &&
		unlinkat(AT_FDCWD, gone, 0) == 0 && lists("names");
	bool must_not = opens("look/file", O_RDWR) || opens("look/new", O_RDWR | O_CREAT) ||
		opens("names/file", O_RDONLY) || opens("names/new", O_RDWR | O_CREAT) ||
		opens("other/file", O_RDONLY) || lists("other") || opens("look/link", O_RDONLY) ||
		opens("../../etc/passwd", O_RDONLY);
	return may && !must_not;
}

static bool enter_folders(void)
{
	char path[4][128];
	static const char *const names[] = { "look", "work", "names", "file" };
	struct err e;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		snprintf(path[i], sizeof path[i], "%s/%s", where, names[i]);
	const struct jail_folder list[] = { { path[0], JAIL_LOOK }, { path[1], JAIL_WORK },
		{ path[2], JAIL_NAMES }, { path[3], JAIL_LOOK }, { NULL, JAIL_WORK },
		{ "/nowhere", JAIL_WORK } };
	return jail_folders(list, COUNT_OF(list), &e) == 0;
}

static bool stays_in_folders_alone(void) /* Landlock by itself, before the other lock */
{
	return enter_folders() && only_in_folders();
}

static void make_folders(void)
{
	static const char *const folders[] = { "look", "work", "names", "other" };
	char path[160], target[160];
	assert_non_null(mkdtemp(where));
	for (size_t i = 0; i < COUNT_OF(folders); i++) {
		snprintf(path, sizeof path, "%s/%s", where, folders[i]);
		assert_int_equal(mkdir(path, 0700), 0);
		snprintf(path, sizeof path, "%s/file", folders[i]);
		assert_true(opens(path, O_RDWR | O_CREAT));
	}
	assert_true(opens("file", O_RDWR | O_CREAT));
	snprintf(path, sizeof path, "%s/look/link", where);
	snprintf(target, sizeof target, "%s/other/file", where);
	assert_int_equal(symlink(target, path), 0);
}

static void folders_hold(void **state)
{
	(void)state;
	make_folders();
	int status = run_child(enter_folders, JAIL_STDIO | JAIL_FOLDER, only_in_folders);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LIVED);
	status = run_child(NULL, 0, stays_in_folders_alone);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), LIVED);
	char command[160];
	snprintf(command, sizeof command, "rm -r %s", where);
	assert_int_equal(system(command), 0);
}

/* --- the network --- */

static int listener;
static struct sockaddr_in listens_at;

static void *do_nothing(void *self)
{
	return self;
}

static bool use_net(void)
{
	struct addrinfo *found = NULL;
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good = fd >= 0 &&
		connect(fd, (struct sockaddr *)&listens_at, sizeof listens_at) == 0 &&
		getaddrinfo("localhost", "80", NULL, &found) == 0 &&
		pthread_create(&thread, NULL, do_nothing, NULL) == 0 &&
		pthread_join(thread, NULL) == 0;
	if (found)
		freeaddrinfo(found);
	return good;
}

/* Refused, and not the end: libraries look whether they may. */
static bool is_refused(void)
{
	return !map_code() && !open_to_write() && !make_file() && mkdir("/tmp/jail", 0700) < 0 &&
		errno == EPERM && socket(AF_PACKET, SOCK_RAW, 0) < 0 && fork() < 0;
}

static bool look_into_another(void)
{
	return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0;
}

static bool offer_a_service(void)
{
	return listen(listener, 1) == 0;
}

static void the_network_alone(void **state)
{
	(void)state;
	socklen_t size = sizeof listens_at;
	listens_at = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(listener >= 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&listens_at, size), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&listens_at, &size), 0);
	assert_int_equal(listen(listener, 5), 0);
	assert_lives(JAIL_STDIO | JAIL_NET, use_net);
	assert_lives(JAIL_STDIO | JAIL_NET, is_refused);
	bool (*const forbidden[])(
		void) = { run_program, look_into_another, signal_parent, offer_a_service };
	for (size_t i = 0; i < COUNT_OF(forbidden); i++)
		assert_dies_of(SIGSYS, JAIL_STDIO | JAIL_FOLDER | JAIL_NET, forbidden[i]);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reading_and_writing_live),
		cmocka_unit_test(everything_else_dies),
		cmocka_unit_test(folders_hold),
		cmocka_unit_test(the_network_alone),
	};
	kept = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (pipe(ends) < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, talk) < 0 || kept < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
