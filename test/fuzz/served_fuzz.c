/* What whoever serves a ledger may answer (event/append.h): told in order and once for each entry,
 * or an error in words; nobody waits for ever.
 *
 * An input: a byte that says what is asked, then messages: two bytes of type, two of size, the
 * body. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ipc.h"
#include "cli/ledger/served.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t told;

static void done(void *self, uint64_t first, uint32_t count)
{
	(void)first;
	assert(self == &told && count > 0);
	told += count;
}

/* All at once: the asker hears what it has not asked yet, too. */
static void answer(int fd, struct cur c)
{
	struct err e;
	while (c.left) {
		uint16_t type = cur_be16(&c);
		struct cur body = cur_upto(&c, cur_be16(&c));
		if (!cur_ok(&body) || ipc_send(fd, type, body.at, body.left, &e) < 0)
			break;
	}
	shutdown(fd, SHUT_WR);
}

static void ask(struct served *s, unsigned how)
{
	static const char entry[] = "{\"kind\":\"note\",\"subject\":\"a\"}";
	struct err e = { 0 };
	unsigned count = how >> 2;
	int r = 0;
	told = 0;
	if (how & 1)
		r = served_own(s, 7, entry, sizeof entry - 1, &e);
	for (unsigned i = 0; r == 0 && !(how & 1) && i < count; i++) {
		r = served_add(s, entry, sizeof entry - 1, &e);
		if (r == 0 && how & 2)
			r = served_flush(s, false, &e);
	}
	if (r == 0)
		r = served_flush(s, true, &e);
	const uint64_t asked = how & 1 ? 1 : count;
	assert(told <= asked);
	assert(r == 0 ? told == asked : e.code < 0 && e.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct served *s;
	struct err e = { 0 };
	int fds[2];
	if (size < 1)
		return 0;
	assert(ipc_pair(fds, &e) == 0);
	assert(fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);
	answer(fds[1], cur_of(data + 1, size - 1));
	if (served_over(&s, fds[0], "a socket", done, &told, &e) == 0) {
		ask(s, data[0]);
		served_close(s);
	} else {
		assert(e.code < 0 && e.text[0]);
	}
	close(fds[1]);
	return 0;
}
