/* measure OUTPUT COMMAND...: runs a command with its output in a file and prints wall seconds, CPU
 * seconds, peak resident KiB and exit code.
 *
 * A small program of its own, because a child's peak counts from the memory of whoever forked it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr, "usage: measure OUTPUT COMMAND...\n");
		return 2;
	}
	int out = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out < 0) {
		perror(argv[1]);
		return 1;
	}
	struct timespec began, ended;
	clock_gettime(CLOCK_MONOTONIC, &began);
	pid_t child = fork();
	if (child == 0) {
		dup2(out, 1);
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	int status = 0;
	struct rusage used;
	if (child < 0 || wait4(child, &status, 0, &used) != child) {
		perror("measure");
		return 1;
	}
	clock_gettime(CLOCK_MONOTONIC, &ended);
	double wall = (double)(ended.tv_sec - began.tv_sec) +
		(double)(ended.tv_nsec - began.tv_nsec) / 1e9;
	printf("%.4f %.4f %ld %d\n", wall, seconds(used.ru_utime) + seconds(used.ru_stime),
		used.ru_maxrss, WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	return 0;
}
