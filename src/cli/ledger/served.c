#include "cli/ledger/served.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cur.h"
#include "base/ipc.h"
#include "cli/ledger/ledger.h"
#include "event/append.h"
#include "event/entry.h"

enum {
	MESSAGE = 48 * 1024,   /* a message of more is sent; four of them fill a socket */
	ENTRIES = 256,         /* and one of so many */
	OUT = APPEND_ASKS / 2, /* messages without an answer */
	ANSWER_MS = 60 * 1000, /* a disk may be slow; nobody waits longer */
};

/* Entries are counted from 0 on; a message's tag is the count of its first. */
struct served {
	int fd;
	served_done *done;
	void *self;
	uint64_t sent, at_hand, answered;
	uint64_t ends[OUT]; /* of the messages that are out, each by the count behind its last */
	unsigned out;
	char message[8 + MESSAGE + 2 + ENTRY_SIZE_MAX + 1];
	struct out o;
	uint8_t room[IPC_HEAD + IPC_BODY_MAX];
};

static void begin_message(struct served *r)
{
	r->o = out_mem(r->message, sizeof r->message);
	out_be(&r->o, r->sent, 8);
	r->at_hand = 0;
}

int served_open(struct served **out, const char *dir, served_done *done, void *self, struct err *e)
{
	char path[PATH_MAX];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (ledger_beside(dir, ".socket", path, e) < 0)
		return e->code;
	if (strlen(path) >= sizeof a.sun_path)
		return err_set(e, -ENOENT, "%s: too long a name for a socket", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	struct served *r = calloc(1, sizeof *r);
	if (!r)
		return err_sys(e, "write to %s", path);
	r->done = done;
	r->self = self;
	r->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (r->fd < 0 || connect(r->fd, (const struct sockaddr *)&a, sizeof a) < 0) {
		errno = errno == ECONNREFUSED ? ENOENT : errno;
		err_sys(e, "write to %s", path);
		served_close(r);
		return e->code;
	}
	begin_message(r);
	*out = r;
	return 0;
}

void served_close(struct served *r)
{
	if (r && r->fd >= 0)
		close(r->fd);
	free(r);
}

int served_fd(const struct served *r)
{
	return r->fd;
}

/* --- answers --- */

static int odd_answer(struct err *e)
{
	return err_set(e, -EPROTO, "the ledger's writer answers what was not asked");
}

/* The writer answers entries in their order, refused ones aside, behind which nobody reads on. */
static int take_run(struct served *r, struct cur *c, struct err *e)
{
	uint64_t tag = cur_be64(c);
	uint64_t index = cur_be16(c);
	uint32_t count = cur_be16(c);
	uint64_t first = cur_be64(c);
	if (!cur_ok(c) || !count || tag + index != r->answered || count > r->sent - r->answered)
		return odd_answer(e);
	r->answered += count;
	r->done(r->self, first, count);
	return 0;
}

static int refused(struct cur c, struct err *e)
{
	cur_skip(&c, 16);
	uint32_t code = cur_be32(&c);
	long end = cur_find(&c, 0);
	if (end < 0 || !code || code > 4095)
		return odd_answer(e);
	struct cur why = cur_sub(&c, (size_t)end);
	cur_skip(&c, 1);
	err_set(e, -(int)code, "%.*s", (int)why.left, (const char *)why.at);
	return err_try(e, "%.*s", (int)c.left, (const char *)c.at);
}

static int read_answer(struct served *r, struct err *e)
{
	struct ipc_message m;
	int done = ipc_await(r->fd, ANSWER_MS, r->room, sizeof r->room, &m, e);
	if (done < 0) {
		err_in(e, "the ledger's writer");
		return err_try(e, "weir ledger show: entries without a number may be there or not");
	}
	if (m.type == APPEND_REFUSED)
		return refused(m.body, e);
	if (m.type != APPEND_DONE)
		return odd_answer(e);
	while (done == 0 && m.body.left)
		done = take_run(r, &m.body, e);
	unsigned gone = 0;
	while (gone < r->out && r->ends[gone] <= r->answered)
		gone++;
	memmove(r->ends, r->ends + gone, (r->out - gone) * sizeof *r->ends);
	r->out -= gone;
	return done;
}

static bool is_readable(const struct served *r)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	return poll(&p, 1, 0) > 0;
}

/* --- asks --- */

static int send_message(struct served *r, struct err *e)
{
	int done = 0;
	if (!r->at_hand)
		return 0;
	while (done == 0 && (r->out == OUT || is_readable(r)))
		done = read_answer(r, e);
	if (done == 0)
		done = ipc_send(r->fd, APPEND_ASK, r->message, r->o.used, e);
	if (done < 0)
		return done;
	r->sent += r->at_hand;
	r->ends[r->out++] = r->sent;
	begin_message(r);
	return 0;
}

int served_add(struct served *r, const void *entry, size_t size, struct err *e)
{
	out_be(&r->o, size, 2);
	out_bytes(&r->o, entry, size);
	r->at_hand++;
	return r->o.used < MESSAGE && r->at_hand < ENTRIES ? 0 : send_message(r, e);
}

int served_flush(struct served *r, bool all, struct err *e)
{
	int done = send_message(r, e);
	while (done == 0 && r->answered < r->sent && (all || is_readable(r)))
		done = read_answer(r, e);
	return done;
}
