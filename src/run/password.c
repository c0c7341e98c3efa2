/* The process that looks at passwords: argon2id, one at a time, so that no loop waits for it.
 *
 *	weir --process password
 *
 * It has a channel and memory, and nothing else.  It ends when its channel closes. */
#include <signal.h>

#include "api/checker.h"
#include "base/child.h"
#include "base/jail.h"
#include "cli/cli.h"
#include "crypt/random.h"
#include "run/process.h"

int password_main(char **arguments)
{
	struct err e = { 0 };
	char chance;
	(void)arguments;
	signal(SIGINT, SIG_IGN); /* to the whole group; the warden says when to end */
	signal(SIGTERM, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	random_fill(&chance, sizeof chance); /* the library starts before the lock */
	int r = jail_enter(JAIL_STDIO | JAIL_CHANNEL | JAIL_SECRETS, &e);
	if (r == 0)
		r = checker_work(CHILD_CHANNEL, &e);
	if (r == 0)
		return EXIT_DONE;
	cli_complain(&e);
	return EXIT_FAILED;
}
