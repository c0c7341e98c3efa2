/* weir down: the site that is up ends well. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "cli/site.h"

enum { WAIT_MS = 120 * 1000, STEP_MS = 20 };

/* Whoever is up holds the lock of STATE/pid; 0: nobody does. */
static int find_warden(const char *state, int *fd, pid_t *pid, struct err *e)
{
	char path[PATH_MAX], text[24] = "";
	int r = site_path(state, "pid", path, e);
	if (r < 0)
		return r;
	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0 && errno != ENOENT)
		return err_sys(e, "read %s", path);
	if (*fd < 0 || flock(*fd, LOCK_EX | LOCK_NB) == 0) {
		err_set(e, -ENOENT, "no site is up in %s", state);
		return err_try(e, "--state with its folder");
	}
	if (pread(*fd, text, sizeof text - 1, 0) <= 0 || (*pid = (pid_t)atol(text)) <= 1)
		return err_set(e, -EBADMSG, "%s: no number of a process", path);
	return 0;
}

static int run_down(struct cli *cli, const void *opts, struct err *e)
{
	const struct site_opts *o = opts;
	int fd = -1;
	pid_t pid = 0;
	(void)cli;
	int r = find_warden(site_state(o), &fd, &pid, e);
	if (r == 0 && kill(pid, SIGTERM) < 0)
		r = err_sys(e, "end process %d", (int)pid);
	int ms = 0;
	for (; r == 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && ms < WAIT_MS; ms += STEP_MS)
		poll(NULL, 0, STEP_MS);
	if (r == 0 && ms >= WAIT_MS)
		r = err_set(e, -ETIMEDOUT, "it has not ended after %d s", WAIT_MS / 1000);
	if (fd >= 0)
		close(fd);
	return r < 0 ? site_exit(e) : EXIT_DONE;
}

static const struct opt down_opts[] = { SITE_STATE_OPT, { 0 } };
static const char *const down_examples[] = { "weir down", "returns when all is in the ledger",
	NULL };

const struct verb verb_down = {
	.name = "down",
	.brief = "End the site that is up, after all it saw is in the ledger",
	.about = "As SIGTERM to weir up, and waits until it ended.",
	.examples = down_examples,
	.opts_size = sizeof(struct site_opts),
	.opts = down_opts,
	.run = run_down,
};
