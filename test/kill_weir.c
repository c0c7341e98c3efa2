#include "kill_weir.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH = 256, WORDS = 16 };

char weir_said[65536];
static const char *weir;
static char said_path[PATH];

void weir_is(const char *path, const char *folder)
{
	weir = path;
	snprintf(said_path, sizeof said_path, "%s/said", folder);
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* it cannot, in a process that is traced */
}

static void become_weir(const char *const *words, const char *input)
{
	char *all[WORDS + 2] = { (char *)weir };
	int in = open(input, O_RDONLY | O_CLOEXEC);
	int out = open(said_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0)
		_exit(99);
	for (size_t i = 0; i < WORDS && words[i]; i++)
		all[i + 1] = (char *)words[i];
	execv(weir, all);
	_exit(99);
}

static void read_said(void)
{
	int fd = open(said_path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? 0 : read(fd, weir_said, sizeof weir_said - 1);
	weir_said[size > 0 ? size : 0] = 0;
	close(fd);
}

int weir_run(const char *const *words, const char *input)
{
	int status = 0;
	fflush(stdout);
	pid_t child = fork();
	if (child == 0)
		become_weir(words, input);
	waitpid(child, &status, 0);
	read_said();
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static pid_t start_traced(const char *const *words, const char *input, struct killed *k)
{
	fflush(stdout);
	unlink(said_path); /* killed before it says anything, it said nothing */
	pid_t child = fork();
	if (child == 0) {
		kill_me();
		become_weir(words, input);
	}
	*k = (struct killed){ 0 };
	return child;
}

void weir_run_killed(
	const char *const *words, const char *input, uint64_t call, bool half, struct killed *k)
{
	kill_at(start_traced(words, input, k), call, half, k);
	read_said();
}

void weir_run_paused(const char *const *words, uint64_t call, void (*meanwhile)(void *self),
	void *self, struct killed *k)
{
	pause_at(start_traced(words, "/dev/null", k), call, meanwhile, self, k);
	read_said();
}
