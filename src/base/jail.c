#include "base/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                               \
	__has_feature(address_sanitizer) || __has_feature(memory_sanitizer) ||                     \
	__has_feature(thread_sanitizer)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* One system call that a word allows; with `mask`, only where (argument & mask) == value. */
struct row {
	unsigned words;
	int call;
	uint8_t argument;
	uint64_t mask, value;
};

enum { ALL_BITS = -1 };
#define EXACTLY(number) (uint64_t)(int64_t) ALL_BITS, (uint64_t)(number)
#define NONE_OF(flags)  (uint64_t)(flags), 0

/* O_TMPFILE has O_DIRECTORY in it, which only reads. */
enum { CHANGES = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | (O_TMPFILE & ~O_DIRECTORY) };

static const struct row rows[] = {
	{ JAIL_STDIO, SCMP_SYS(read) },
	{ JAIL_STDIO, SCMP_SYS(readv) },
	{ JAIL_STDIO, SCMP_SYS(pread64) },
	{ JAIL_STDIO, SCMP_SYS(write) },
	{ JAIL_STDIO, SCMP_SYS(writev) }, /* glibc's assert speaks through it */
	{ JAIL_STDIO, SCMP_SYS(poll) },   /* a pipe with nothing in it */
	{ JAIL_STDIO, SCMP_SYS(ppoll) },
	{ JAIL_STDIO, SCMP_SYS(lseek) },
	{ JAIL_STDIO, SCMP_SYS(ftruncate) }, /* a report over an older one */
	{ JAIL_STDIO, SCMP_SYS(close) },
	{ JAIL_STDIO, SCMP_SYS(fstat) },
	/* glibc's fstat.  The path cannot be seen from here: sizes and dates of files may leak,
	 * their content does not. */
	{ JAIL_STDIO, SCMP_SYS(newfstatat), 3, EXACTLY(AT_EMPTY_PATH) },
	{ JAIL_STDIO, SCMP_SYS(ioctl), 1, EXACTLY(TCGETS) },     /* isatty */
	{ JAIL_STDIO, SCMP_SYS(ioctl), 1, EXACTLY(TIOCGWINSZ) }, /* how wide is the terminal */
	{ JAIL_STDIO, SCMP_SYS(brk) },
	{ JAIL_STDIO, SCMP_SYS(mmap), 2, NONE_OF(PROT_EXEC) },
	{ JAIL_STDIO, SCMP_SYS(mprotect), 2, NONE_OF(PROT_EXEC) },
	{ JAIL_STDIO, SCMP_SYS(mremap) },
	{ JAIL_STDIO, SCMP_SYS(munmap) },
	{ JAIL_STDIO, SCMP_SYS(madvise) },
	{ JAIL_STDIO, SCMP_SYS(clock_gettime) },
	{ JAIL_STDIO, SCMP_SYS(clock_getres) },
	{ JAIL_STDIO, SCMP_SYS(gettimeofday) },
	{ JAIL_STDIO, SCMP_SYS(time) },
	{ JAIL_STDIO, SCMP_SYS(getrandom) },
	{ JAIL_STDIO, SCMP_SYS(sysinfo) }, /* glibc's qsort asks how much memory there is */
	{ JAIL_STDIO, SCMP_SYS(futex) },
	{ JAIL_STDIO, SCMP_SYS(rt_sigreturn) },
	{ JAIL_STDIO, SCMP_SYS(rt_sigprocmask) },
	{ JAIL_STDIO, SCMP_SYS(rt_sigaction) },
	{ JAIL_STDIO, SCMP_SYS(restart_syscall) },
	{ JAIL_STDIO, SCMP_SYS(getpid) },
	{ JAIL_STDIO, SCMP_SYS(gettid) },
	{ JAIL_STDIO, SCMP_SYS(exit) },
	{ JAIL_STDIO, SCMP_SYS(exit_group) },

	{ JAIL_READ_FILE, SCMP_SYS(openat), 2, NONE_OF(CHANGES) },
	{ JAIL_READ_FILE, SCMP_SYS(newfstatat) },
	{ JAIL_READ_FILE, SCMP_SYS(getdents64) },
	{ JAIL_READ_FILE, SCMP_SYS(fcntl), 1, EXACTLY(F_GETFL) }, /* fdopendir */
	{ JAIL_READ_FILE, SCMP_SYS(fcntl), 1, EXACTLY(F_SETFD) },

	{ JAIL_CHANNEL, SCMP_SYS(sendmsg) },
	{ JAIL_CHANNEL, SCMP_SYS(recvmsg) },
	{ JAIL_CHANNEL, SCMP_SYS(setsockopt), 2, EXACTLY(SO_SNDTIMEO) }, /* how long to wait */
	{ JAIL_KEEP, SCMP_SYS(pwrite64) },
	{ JAIL_KEEP, SCMP_SYS(fdatasync) },
	{ JAIL_SECRETS, SCMP_SYS(mlock) },
	{ JAIL_SECRETS, SCMP_SYS(munlock) },

	{ JAIL_FOLDER, SCMP_SYS(openat) },
	{ JAIL_FOLDER, SCMP_SYS(newfstatat) },
	{ JAIL_FOLDER, SCMP_SYS(pwrite64) },
	{ JAIL_FOLDER, SCMP_SYS(fdatasync) },
	{ JAIL_FOLDER, SCMP_SYS(fsync) },
	{ JAIL_FOLDER, SCMP_SYS(syncfs) },
	{ JAIL_FOLDER, SCMP_SYS(sync_file_range) },
	{ JAIL_FOLDER, SCMP_SYS(getdents64) },
	{ JAIL_FOLDER, SCMP_SYS(mkdirat) },
	{ JAIL_FOLDER, SCMP_SYS(renameat) },
	{ JAIL_FOLDER, SCMP_SYS(unlinkat) },
	{ JAIL_FOLDER, SCMP_SYS(fcntl), 1, EXACTLY(F_GETFL) }, /* fdopendir */
	{ JAIL_FOLDER, SCMP_SYS(fcntl), 1, EXACTLY(F_SETFD) },

	{ JAIL_SERVE, SCMP_SYS(ioctl), 1, EXACTLY(FIONBIO) }, /* libuv, of each connection */
	{ JAIL_SERVE, SCMP_SYS(accept4) },
	{ JAIL_SERVE, SCMP_SYS(getsockopt) },
	{ JAIL_SERVE, SCMP_SYS(sendmsg) },
	{ JAIL_SERVE, SCMP_SYS(recvmsg) },
	{ JAIL_SERVE, SCMP_SYS(epoll_ctl) },
	{ JAIL_SERVE, SCMP_SYS(epoll_wait) },
	{ JAIL_SERVE, SCMP_SYS(epoll_pwait) },

	{ JAIL_DATABASE, SCMP_SYS(fcntl) }, /* locks */
	{ JAIL_DATABASE, SCMP_SYS(pwrite64) },
	{ JAIL_DATABASE, SCMP_SYS(unlink) },
	{ JAIL_DATABASE, SCMP_SYS(readlink) },
	{ JAIL_DATABASE, SCMP_SYS(access) },
	{ JAIL_DATABASE, SCMP_SYS(faccessat) },
	{ JAIL_DATABASE, SCMP_SYS(faccessat2) },
	{ JAIL_DATABASE, SCMP_SYS(fchmod) }, /* what it puts beside a file, as that one */
	{ JAIL_DATABASE, SCMP_SYS(fchown) },
	{ JAIL_DATABASE, SCMP_SYS(fallocate) },
	{ JAIL_DATABASE, SCMP_SYS(geteuid) },
	{ JAIL_DATABASE, SCMP_SYS(getcwd) },
	{ JAIL_DATABASE, SCMP_SYS(clock_nanosleep) }, /* until somebody else has written */

	{ JAIL_RING, SCMP_SYS(getsockopt) },
	{ JAIL_RING, SCMP_SYS(getsockname) },

	{ JAIL_HTTPS, SCMP_SYS(recvfrom) },
	{ JAIL_HTTPS, SCMP_SYS(sendto) },
	{ JAIL_HTTPS, SCMP_SYS(shutdown) },
	{ JAIL_HTTPS, SCMP_SYS(setsockopt), 1, EXACTLY(IPPROTO_TCP) }, /* when a packet goes */
	{ JAIL_HTTPS, SCMP_SYS(ioctl), 1, EXACTLY(FIONREAD) },
	{ JAIL_HTTPS, SCMP_SYS(fcntl), 1, EXACTLY(F_GETFL) },
	{ JAIL_HTTPS, SCMP_SYS(fcntl), 1, EXACTLY(F_SETFL) },
	{ JAIL_HTTPS, SCMP_SYS(fcntl), 1, EXACTLY(F_DUPFD_CLOEXEC) },

	{ JAIL_NET, SCMP_SYS(socket), 0, EXACTLY(AF_INET) },
	{ JAIL_NET, SCMP_SYS(socket), 0, EXACTLY(AF_INET6) },
	{ JAIL_NET, SCMP_SYS(socket), 0, EXACTLY(AF_NETLINK) }, /* which addresses this host has */
	{ JAIL_NET, SCMP_SYS(socket), 0, EXACTLY(AF_UNIX) },    /* nscd */
	{ JAIL_NET, SCMP_SYS(socketpair), 0, EXACTLY(AF_UNIX) },
	{ JAIL_NET, SCMP_SYS(connect) },
	{ JAIL_NET, SCMP_SYS(bind) },
	{ JAIL_NET, SCMP_SYS(getsockname) },
	{ JAIL_NET, SCMP_SYS(getpeername) },
	{ JAIL_NET, SCMP_SYS(getsockopt) },
	{ JAIL_NET, SCMP_SYS(setsockopt) },
	{ JAIL_NET, SCMP_SYS(sendto) },
	{ JAIL_NET, SCMP_SYS(sendmsg) },
	{ JAIL_NET, SCMP_SYS(sendmmsg) },
	{ JAIL_NET, SCMP_SYS(recvfrom) },
	{ JAIL_NET, SCMP_SYS(recvmsg) },
	{ JAIL_NET, SCMP_SYS(recvmmsg) },
	{ JAIL_NET, SCMP_SYS(shutdown) },
	{ JAIL_NET, SCMP_SYS(fcntl), 1, EXACTLY(F_GETFL) },
	{ JAIL_NET, SCMP_SYS(fcntl), 1, EXACTLY(F_SETFL) },
	{ JAIL_NET, SCMP_SYS(fcntl), 1, EXACTLY(F_GETFD) },
	{ JAIL_NET, SCMP_SYS(fcntl), 1, EXACTLY(F_SETFD) },
	{ JAIL_NET, SCMP_SYS(ioctl), 1, EXACTLY(FIONREAD) },
	{ JAIL_NET, SCMP_SYS(ioctl), 1, EXACTLY(FIONBIO) },
	{ JAIL_NET, SCMP_SYS(pipe2) },
	{ JAIL_NET, SCMP_SYS(eventfd2) },
	{ JAIL_NET, SCMP_SYS(openat), 2, NONE_OF(CHANGES) },
	{ JAIL_NET, SCMP_SYS(newfstatat) },
	{ JAIL_NET, SCMP_SYS(access) },
	{ JAIL_NET, SCMP_SYS(readlink) },
	{ JAIL_NET, SCMP_SYS(getdents64) },
	{ JAIL_NET, SCMP_SYS(uname) },
	{ JAIL_NET, SCMP_SYS(getuid) },
	{ JAIL_NET, SCMP_SYS(geteuid) },
	{ JAIL_NET, SCMP_SYS(clone), 0, CLONE_THREAD, CLONE_THREAD }, /* libcurl's resolver */
	{ JAIL_NET, SCMP_SYS(set_robust_list) },
	{ JAIL_NET, SCMP_SYS(rseq) },
	{ JAIL_NET, SCMP_SYS(sched_getaffinity) },
	{ JAIL_NET, SCMP_SYS(sched_yield) },
	{ JAIL_NET, SCMP_SYS(clock_nanosleep) },
};

/* Of a process that talks to a network: libraries never try these to see whether they may. */
static const int forbidden[] = { SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork),
	SCMP_SYS(vfork), SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
	SCMP_SYS(kill), SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4) };

static int allow(scmp_filter_ctx filter, const struct row *r)
{
	struct scmp_arg_cmp compare = SCMP_CMP(r->argument, SCMP_CMP_MASKED_EQ, r->mask, r->value);
	int code =
		seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, r->call, r->mask ? 1 : 0, &compare);
	return code == -EEXIST ? 0 : code;
}

static int fill(scmp_filter_ctx filter, unsigned words)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		if (!(rows[i].words & words))
			continue;
		int code = allow(filter, &rows[i]);
		if (code < 0)
			return code;
	}
	for (size_t i = 0; words & JAIL_NET && i < COUNT_OF(forbidden); i++) {
		int code = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, forbidden[i], 0);
		if (code < 0)
			return code;
	}
	/* Its flags cannot be seen from here; clone() is what glibc tries then. */
	if (words & JAIL_NET) {
		int code = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
		if (code < 0)
			return code;
	}
	/* abort() signals itself, and nobody else. */
	struct row self = { JAIL_STDIO, SCMP_SYS(tgkill), 0, EXACTLY(getpid()) };
	int code = allow(filter, &self);
	if (code < 0)
		return code;
	code = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (code < 0)
		return code;
	code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1);
	return code < 0 ? code : seccomp_load(filter);
}

int jail_alone(struct err *e)
{
	const struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	if (syscall(SYS_capset, &head, none) < 0)
		return err_sys(e, "give up rights");
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open /dev/null");
	for (int standard = 0; standard <= 2; standard++)
		if (dup2(fd, standard) < 0)
			return err_sys(e, "let go of the standard descriptors");
	if (fd > 2)
		close(fd);
	return 0;
}

int jail_enter(unsigned words, struct err *e)
{
	if (SANITIZED)
		return 0;
	scmp_filter_ctx filter =
		seccomp_init(words & JAIL_NET ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
	if (!filter)
		return err_set(e, -ENOMEM, "lock the process: not enough memory");
	int code = fill(filter, words);
	seccomp_release(filter);
	if (code < 0)
		return err_set(e, code, "lock the process (seccomp): %s", strerror(-code));
	return 0;
}

bool jail_holds(void)
{
	return !SANITIZED;
}
