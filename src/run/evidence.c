/* The process that keeps what a follower saw of a fork: beside the copy, and as an entry of a
 * ledger of our own.  A follower reads what others wrote, and may do neither. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/ipc.h"
#include "cli/ledger/ledger.h"
#include "cli/ledger/place.h"
#include "run/process.h"

/* As anybody appends: whoever holds that ledger and its key stays between us and it. */
static int append_to(const char *dir, struct cur entry, struct err *e)
{
	char self[] = "/proc/self/exe", weir[] = "weir", ledger[] = "ledger", append[] = "append",
	     dir_opt[] = "--dir", actor_opt[] = "--actor", actor[] = "follow";
	char *const words[] = { weir, ledger, append, dir_opt, (char *)(uintptr_t)dir, actor_opt,
		actor, NULL };
	posix_spawn_file_actions_t files;
	int in[2], status = 0;
	pid_t child = -1;
	if (pipe2(in, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	int r = posix_spawn_file_actions_init(&files);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_addopen(
			&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	if (r == 0)
		r = posix_spawn(&child, self, &files, NULL, words, environ);
	posix_spawn_file_actions_destroy(&files);
	close(in[0]);
	/* Smaller than a pipe holds, so that nobody waits for anybody. */
	bool whole = r == 0 && write(in[1], entry.at, entry.left) == (ssize_t)entry.left;
	close(in[1]);
	if (r) {
		errno = r;
		return err_sys(e, "start weir ledger append");
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return whole && WIFEXITED(status) && WEXITSTATUS(status) == 0
		? 0
		: err_set(e, -EIO, "it took no entry");
}

/* COPY.fork-ENTRIES, beside the copy. */
static int put_beside(const char *copy, struct cur text, struct err *e)
{
	struct beside b;
	char name[sizeof b.name + 32];
	uint64_t size = cur_be64(&text);
	if (!cur_ok(&text))
		return err_set(e, -EBADMSG, "no evidence");
	int r = beside_open(&b, copy, e);
	snprintf(name, sizeof name, "%s.fork-%llu", b.name, (unsigned long long)size);
	if (r == 0)
		r = files_replace(&b.files, name, text.at, text.left, e);
	beside_close(&b);
	return r;
}

static int keep(char **words, const struct ipc_message *m, struct err *e)
{
	if (m->type == EVIDENCE_FILE)
		return put_beside(words[0], m->body, e);
	if (m->type == EVIDENCE_ENTRY && words[1])
		return append_to(words[1], m->body, e);
	return err_set(e, -EBADMSG, "no message of a follower");
}

/* Until the other end goes. */
static int serve(char **words, struct err *e)
{
	static char room[IPC_HEAD + IPC_BODY_MAX];
	for (;;) {
		struct ipc_message m;
		struct err why = { 0 };
		int r = ipc_receive(CHILD_CHANNEL, room, sizeof room, &m, e);
		if (r < 0)
			return r == -EPIPE ? 0 : r;
		r = keep(words, &m, &why);
		r = ipc_send(CHILD_CHANNEL, r < 0 ? EVIDENCE_LOST : EVIDENCE_KEPT, why.text,
			r < 0 ? strlen(why.text) : 0, e);
		if (r < 0)
			return r == -EPIPE ? 0 : r;
	}
}

int evidence_main(char **words)
{
	struct err e = { 0 };
	/* Whoever has some ends first, and closes the channel. */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	int r = words[0] ? serve(words, &e)
			 : err_set(&e, -EINVAL, "--process evidence: COPY [LEDGER]");
	if (r < 0)
		cli_complain(&e);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
