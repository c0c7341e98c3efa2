/* The process `tap`: opens an interface, hands on the ring of its frames, and ends.  It alone needs
 * the right to, and it reads nothing that comes from there.
 *
 *	weir --process tap INTERFACE */
#include <errno.h>
#include <unistd.h>

#include "base/child.h"
#include "base/ipc.h"
#include "cli/live.h"
#include "run/process.h"
#include "sense/ring.h"

int tap_main(char **words)
{
	struct err e = { 0 };
	if (!words[0] || words[1]) {
		err_set(&e, -EINVAL, "--process tap: INTERFACE");
		return cli_complain(&e), EXIT_ASKED_WRONGLY;
	}
	int fd = ring_open(words[0], &e);
	if (fd >= 0 && ipc_send_fd(CHILD_CHANNEL, TAP_RING, fd, &e) == 0)
		return EXIT_DONE;
	cli_complain(&e);
	return e.code == -EPERM     ? EXIT_NOT_ALLOWED
		: e.code == -ENODEV ? EXIT_NOT_FOUND
				    : EXIT_FAILED;
}
