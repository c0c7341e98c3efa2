/* The process that asks one witness: a place that hangs hangs nobody else, and what is wrong in the
 * way to it stays here.  It is told where on its channel, answers once and ends.
 *
 *	weir --process witness
 */
#include "base/child.h"
#include "cli/cli.h"
#include "cli/ledger/witnesses.h"
#include "run/process.h"

int witness_main(char **arguments)
{
	struct err e = { 0 };
	(void)arguments;
	if (witness_answer(CHILD_CHANNEL, &e) == 0)
		return EXIT_DONE;
	cli_complain(&e);
	return EXIT_FAILED;
}
