/* Kills a process at the entry of its n-th system call (ptrace). */
#ifndef TEST_KILLER_H
#define TEST_KILLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct killed {
	uint64_t calls;     /* system calls that the victim began */
	long last;          /* number of the one where it was killed */
	bool ended, traced; /* it came to its end by itself, with 0; it could be traced at all */
	bool halved;        /* it was in a write, of which half was done */
};

void kill_me(
	void); /* the victim says so, before it does anything; perhaps it becomes another program */
/* call 0: never.  `half`: of a write half the bytes are let through first, by making its count
 * smaller. */
void kill_at(pid_t victim, uint64_t call, bool half, struct killed *out);
/* Stops it there, does something else, and lets it go on to its end. */
void pause_at(
	pid_t victim, uint64_t call, void (*meanwhile)(void *self), void *self, struct killed *out);

#endif
