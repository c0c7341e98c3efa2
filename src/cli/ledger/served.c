#include "cli/ledger/served.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
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
	OPEN_MS = 10 * 1000,   /* to be let in */
	ANSWER_MS = 60 * 1000, /* a disk may be slow; nobody waits longer */
	AGAIN_MS = 100,
};

/* Entries are counted from 0 on; a message's tag is the count of its first. */
struct served {
	int fd;
	served_done *done;
	void *self;
	uint64_t size;
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

uint64_t served_size(const struct served *r)
{
	return r->size;
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
	if (end <= 0 || !code || code > 4095)
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

/* --- the way there --- */

/* Also of connect(), where too many stand in the queue. */
static void send_within(int fd, int ms)
{
	const struct timeval t = { ms / 1000, ms % 1000 * 1000 };
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof t);
}

static int nobody_answers(const char *name, struct err *e)
{
	err_set(e, -EHOSTUNREACH, "nobody answers at %s for %d s", name, OPEN_MS / 1000);
	return err_try(e, "what weir ledger serve says: it may be stopped, or coming back");
}

static int connect_to(const char *path, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof a.sun_path)
		return err_set(e, -ENOENT, "%s: too long a name for a socket", path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_sys(e, "write to %s", path);
	send_within(fd, OPEN_MS);
	if (connect(fd, (const struct sockaddr *)&a, sizeof a) == 0)
		return fd;
	errno = errno == ECONNREFUSED ? ENOENT : errno;
	int r = errno == EAGAIN ? nobody_answers(path, e) : err_sys(e, "write to %s", path);
	close(fd);
	return r;
}

/* The first message is the writer's. */
static int be_let_in(struct served *r, const char *name, struct err *e)
{
	struct ipc_message m;
	int done = ipc_await(r->fd, OPEN_MS, r->room, sizeof r->room, &m, e);
	if (done == -EPIPE)
		return err_set(e, -ENOENT, "%s: whoever served it has ended", name);
	if (done == -ETIMEDOUT)
		return nobody_answers(name, e);
	if (done < 0)
		return err_in(e, "%s", name);
	if (m.type == APPEND_REFUSED) {
		if (refused(m.body, e) == -EUSERS)
			e->code = -EHOSTUNREACH;
		return err_in(e, "%s", name);
	}
	r->size = cur_be64(&m.body);
	if (m.type != APPEND_OPEN || !cur_ok(&m.body) || m.body.left)
		return odd_answer(e);
	send_within(r->fd, ANSWER_MS);
	return 0;
}

int served_over(
	struct served **out, int fd, const char *name, served_done *done, void *self, struct err *e)
{
	struct served *r = calloc(1, sizeof *r);
	if (!r) {
		close(fd);
		return err_sys(e, "write to %s", name);
	}
	*r = (struct served){ .fd = fd, .done = done, .self = self };
	if (be_let_in(r, name, e) < 0) {
		served_close(r);
		return e->code;
	}
	begin_message(r);
	*out = r;
	return 0;
}

int served_open(struct served **out, const char *dir, served_done *done, void *self, struct err *e)
{
	char path[PATH_MAX];
	int fd = ledger_beside(dir, ".socket", path, e);
	if (fd == 0)
		fd = connect_to(path, e);
	return fd < 0 ? fd : served_over(out, fd, path, done, self, e);
}

static bool is_left_behind(const char *dir)
{
	char path[PATH_MAX];
	struct err none;
	return ledger_beside(dir, ".socket", path, &none) == 0 && access(path, F_OK) == 0;
}

int served_or_direct(const char *dir, const struct served_ways *ways, struct err *e)
{
	for (int ms = 0;; ms += AGAIN_MS) {
		struct served *served = NULL;
		int r = served_open(&served, dir, ways->done, ways->self, e);
		if (r == 0) {
			r = ways->served(ways->self, served, e);
			served_close(served);
			return r;
		}
		if (r == -ENOENT)
			r = ways->direct(ways->self, e);
		if (r != -EBUSY || ms >= OPEN_MS || !is_left_behind(dir))
			return r;
		poll(NULL, 0, AGAIN_MS);
	}
}

/* --- asks --- */

static int send_message(struct served *r, enum append_word word, struct err *e)
{
	int done = 0;
	if (!r->at_hand)
		return 0;
	while (done == 0 && (r->out == OUT || is_readable(r)))
		done = read_answer(r, e);
	if (done == 0)
		done = ipc_send(r->fd, (uint16_t)word, r->message, r->o.used, e);
	if (done == -EAGAIN)
		done = err_set(e, -ETIMEDOUT, "the ledger's writer takes nothing for %d s",
			ANSWER_MS / 1000);
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
	return r->o.used < MESSAGE && r->at_hand < ENTRIES ? 0 : send_message(r, APPEND_ASK, e);
}

int served_own(struct served *r, uint64_t seen, const void *entry, size_t size, struct err *e)
{
	out_be(&r->o, seen, 8);
	out_be(&r->o, size, 2);
	out_bytes(&r->o, entry, size);
	r->at_hand = 1;
	int done = send_message(r, APPEND_OWN, e);
	return done < 0 ? done : served_flush(r, true, e);
}

int served_flush(struct served *r, bool all, struct err *e)
{
	int done = send_message(r, APPEND_ASK, e);
	while (done == 0 && r->answered < r->sent && (all || is_readable(r)))
		done = read_answer(r, e);
	return done;
}
