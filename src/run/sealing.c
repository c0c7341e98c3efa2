#include "run/sealing.h"

#include <errno.h>

#include "base/out.h"

int sealing_say(int fd, enum sealing_word word, uint64_t size, struct err *e)
{
	char body[8 + 1];
	struct out o = out_mem(body, sizeof body);
	out_be(&o, size, 8);
	return ipc_send(fd, (uint16_t)word, body, o.used, e);
}

int sealing_report(int fd, uint64_t published, uint64_t settled, struct err *e)
{
	char body[16 + 1];
	struct out o = out_mem(body, sizeof body);
	out_be(&o, published, 8);
	out_be(&o, settled, 8);
	return ipc_send(fd, SEALING_SEALED, body, o.used, e);
}

int sealing_read(const struct ipc_message *m, uint64_t durable, uint64_t *published,
	uint64_t *settled, struct err *e)
{
	struct cur c = m->body;
	uint64_t p = cur_be64(&c);
	uint64_t s = cur_be64(&c);
	if (m->type != SEALING_SEALED || !cur_ok(&c) || c.left || p > durable || s > p)
		return err_set(e, -EBADMSG, "the sealer says what cannot be");
	*published = p;
	*settled = s;
	return 0;
}
