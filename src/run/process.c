#include "run/process.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/child.h"
#include "base/ipc.h"

int process_receive(uint16_t word, const char *what, int *fd, struct err *e)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	int r = ipc_receive_fd(CHILD_CHANNEL, room, sizeof room, &m, fd, e);
	if (r == 0 && m.type == word && *fd >= 0)
		return 0;
	if (r == 0 && *fd >= 0)
		close(*fd);
	return r < 0 ? r : err_set(e, -EBADMSG, "the warden brings no %s", what);
}

void process_be_patient(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	for (size_t i = 0; i < COUNT_OF(signals); i++)
		signal(signals[i], SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* which a file with rights of its own lost at exec */
}
