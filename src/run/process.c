#include "run/process.h"

#include <errno.h>
#include <unistd.h>

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
