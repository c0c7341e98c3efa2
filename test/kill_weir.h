/* Running weir, to its end or to a system call at which it is killed. */
#ifndef TEST_KILL_WEIR_H
#define TEST_KILL_WEIR_H

#include "killer.h"

extern char weir_said[65536]; /* by the one that ran last, on both its outputs */

/* The program, and a folder for what it says; before any other. */
void weir_is(const char *path, const char *folder);
/* Words behind its name, ended by NULL; its input.  Gives the exit code, -1 where it was killed. */
int weir_run(const char *const *words, const char *input);
void weir_run_killed(
	const char *const *words, const char *input, uint64_t call, bool half, struct killed *k);
/* Stopped there while something else is done, then run to its end. */
void weir_run_paused(const char *const *words, uint64_t call, void (*meanwhile)(void *self),
	void *self, struct killed *k);

#endif
