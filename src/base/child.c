#include "base/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ipc.h"

enum { WORDS = 16, NOT_STARTED = 127 };

/* Between fork and exec: nothing but system calls. */
static void become(const char *const *words, int channel, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(NOT_STARTED);
	/* On its own number the descriptor would stay one that exec closes. */
	if (channel == CHILD_CHANNEL ? fcntl(channel, F_SETFD, 0) < 0
				     : dup2(channel, CHILD_CHANNEL) < 0)
		_exit(NOT_STARTED);
	syscall(SYS_close_range, CHILD_CHANNEL + 1, ~0U, 0);
	/* execv() changes none of them. */
	execv("/proc/self/exe", (char *const *)(uintptr_t)words);
	_exit(NOT_STARTED);
}

int child_start(struct child *c, const char *name, const char *const *arguments, struct err *e)
{
	const char *words[WORDS] = { "weir", "--process", name };
	size_t count = 3;
	int fds[2] = { -1, -1 };
	pid_t parent = getpid(), pid = -1;
	for (; arguments && *arguments && count < WORDS - 1; arguments++)
		words[count++] = *arguments;
	int r = ipc_pair(fds, e);
	if (r == 0) {
		pid = fork();
		if (pid == 0)
			become(words, fds[1], parent);
		if (pid < 0)
			r = err_sys(e, "start the process '%s'", name);
		close(fds[1]);
	}
	if (r < 0) {
		if (fds[0] >= 0)
			close(fds[0]);
		return r;
	}
	*c = (struct child){ .name = name, .pid = pid, .channel = fds[0] };
	return 0;
}

bool child_ended(struct child *c, int *code)
{
	int status;
	if (c->pid <= 0 || waitpid(c->pid, &status, WNOHANG) != c->pid)
		return false;
	*code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (c->channel >= 0)
		close(c->channel);
	c->pid = 0;
	c->channel = -1;
	return true;
}

/* Its last end of the channel closes when it ends, not before. */
static void wait_for_end(const struct child *c, int timeout_ms)
{
	int fd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (fd < 0 || poll(&p, 1, timeout_ms) <= 0)
		kill(c->pid, SIGKILL);
	if (fd >= 0)
		close(fd);
}

int child_stop(struct child *c, int timeout_ms, struct err *e)
{
	int status = 0;
	if (c->pid <= 0)
		return 0;
	if (c->channel >= 0)
		close(c->channel);
	wait_for_end(c, timeout_ms);
	pid_t done;
	do
		done = waitpid(c->pid, &status, 0);
	while (done < 0 && errno == EINTR);
	c->pid = 0;
	c->channel = -1;
	if (done < 0)
		return err_sys(e, "wait for the process '%s'", c->name);
	if (WIFSIGNALED(status))
		return err_set(e, -EIO, "the process '%s' was ended by signal %d", c->name,
			WTERMSIG(status));
	if (WEXITSTATUS(status))
		return err_set(e, -EIO, "the process '%s' ended with code %d", c->name,
			WEXITSTATUS(status));
	return 0;
}
