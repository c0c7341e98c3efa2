#include "killer.h"

#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

void kill_me(void)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
}

#ifdef __x86_64__

static void let_half_through(pid_t victim, struct user_regs_struct *regs, struct killed *s)
{
	int status;
	s->halved = true;
	regs->rdx /= 2;
	ptrace(PTRACE_SETREGS, victim, NULL, regs);
	ptrace(PTRACE_SYSCALL, victim, NULL, NULL);
	waitpid(victim, &status, 0); /* it comes out of the call */
}

static void kill_it(pid_t victim)
{
	int status;
	kill(victim, SIGKILL);
	waitpid(victim, &status, 0);
}

static bool is_write(long number)
{
	return number == SYS_pwrite64 || number == SYS_write;
}

/* False: it came to its end before. */
static bool run_to(pid_t victim, uint64_t call, struct user_regs_struct *regs, struct killed *s)
{
	int status;
	bool inside = false;
	if (waitpid(victim, &status, 0) != victim || !WIFSTOPPED(status))
		return false;
	s->traced = ptrace(PTRACE_SETOPTIONS, victim, NULL,
			    (void *)(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL)) == 0;
	while (s->traced) {
		ptrace(PTRACE_SYSCALL, victim, NULL, NULL);
		waitpid(victim, &status, 0);
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			s->ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
			return false;
		}
		if (!WIFSTOPPED(status) || WSTOPSIG(status) != (SIGTRAP | 0x80))
			continue;
		inside = !inside;
		if (!inside || ++s->calls != call)
			continue;
		ptrace(PTRACE_GETREGS, victim, NULL, regs);
		s->last = (long)regs->orig_rax;
		return true;
	}
	kill_it(victim);
	return false;
}

void kill_at(pid_t victim, uint64_t call, bool half, struct killed *s)
{
	struct user_regs_struct regs;
	if (!run_to(victim, call, &regs, s))
		return;
	if (half && is_write(s->last) && regs.rdx > 1)
		let_half_through(victim, &regs, s);
	kill_it(victim);
}

void pause_at(
	pid_t victim, uint64_t call, void (*meanwhile)(void *self), void *self, struct killed *s)
{
	struct user_regs_struct regs;
	int status;
	if (!run_to(victim, call, &regs, s))
		return;
	meanwhile(self);
	ptrace(PTRACE_DETACH, victim, NULL, NULL);
	waitpid(victim, &status, 0);
	s->ended = WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

#else

/* Registers have other names elsewhere: nobody is traced, and the tests are skipped. */
void kill_at(pid_t victim, uint64_t call, bool half, struct killed *s)
{
	int status;
	(void)call;
	(void)half;
	(void)s;
	kill(victim, SIGKILL);
	waitpid(victim, &status, 0);
}

void pause_at(
	pid_t victim, uint64_t call, void (*meanwhile)(void *self), void *self, struct killed *s)
{
	(void)meanwhile;
	(void)self;
	kill_at(victim, call, false, s);
}

#endif
