/* The process `sense`: reads the frames of a ring, and tells what it knows in rows.  Nothing else
 * can it do: it opens no file and no socket, and what it sends is looked at as from a stranger.
 *
 *	weir --process sense MEMORY
 *
 * The ring comes first.  Where the other end is slow, rows wait, and frames do not. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/ipc.h"
#include "base/jail.h"
#include "cli/live.h"
#include "run/process.h"
#include "sense/ring.h"
#include "sense/rows.h"

/* Who is new and what was found is told so often, all that changed so often. */
static const int64_t new_ns = CLOCK_SECOND / 10, all_ns = CLOCK_SECOND / 2;
static const int64_t finish_ns = 3 * CLOCK_SECOND;
enum { TICK_MS = 20, TURN = 256 /* times that frames are taken, before who else waits is heard */ };

struct sensing {
	struct sense *sense;
	struct rows *rows;
	struct ring *ring;
	uint64_t number;
	int64_t new_at, all_at;
	uint64_t left; /* frames in the ring at the end */
	bool stopping;
};

static int send_rows(void *self, const void *bytes, size_t size, struct err *e)
{
	struct sensing *s = self;
	int r = ipc_send(CHILD_CHANNEL, SENSE_ROWS, bytes, size, e);
	for (unsigned tries = 0; r == -EAGAIN && s->stopping && tries < 1000; tries++) {
		struct pollfd p = { .fd = CHILD_CHANNEL, .events = POLLOUT };
		poll(&p, 1, TICK_MS);
		r = ipc_send(CHILD_CHANNEL, SENSE_ROWS, bytes, size, e);
	}
	return r;
}

static int set_up(struct sensing *s, char **words, struct err *e)
{
	struct sense_config config = { 0 };
	int fd;
	if (!words[0] || words[1])
		return err_set(e, -EINVAL, "--process sense: MEMORY");
	config.memory = strtoull(words[0], NULL, 10);
	if (getrandom(&config.random, sizeof config.random, 0) != sizeof config.random)
		return err_sys(e, "random bytes");
	int r = process_receive(SENSE_RING, "ring of frames", &fd, e);
	if (r == 0)
		r = ring_map(&s->ring, fd, e);
	if (r < 0)
		return r;
	s->sense = sense_new(&config, e);
	if (!s->sense)
		return e->code;
	r = rows_new(&s->rows, s->sense, send_rows, s, e);
	if (r == 0)
		r = sense_count(s->sense, e); /* takes its memory */
	if (r == 0 && fcntl(CHILD_CHANNEL, F_SETFL, O_NONBLOCK) < 0)
		r = err_sys(e, "the channel");
	if (r == 0)
		r = jail_alone(e);
	return r < 0 ? r : jail_enter(JAIL_STDIO | JAIL_CHANNEL | JAIL_RING, e);
}

static int tell(struct sensing *s, int64_t now, struct err *e)
{
	if (now < s->new_at && !s->stopping)
		return 0;
	bool all = now >= s->all_at || s->stopping;
	s->new_at = now + new_ns;
	if (all)
		s->all_at = now + all_ns;
	sense_lost(s->sense, ring_lost(s->ring) + s->left);
	int r = all ? sense_count(s->sense, e) : 0;
	if (r == 0)
		r = rows_tell(s->rows, all, e);
	return r == -EAGAIN && !s->stopping ? 0 : r;
}

static int take_frames(struct sensing *s, struct err *e)
{
	struct sense_frame frames[SENSE_FRAMES];
	int n = 1;
	for (unsigned i = 0; n > 0 && i < TURN; i++) {
		n = ring_next(s->ring, frames, &s->number, e);
		if (n > 0)
			sense_frames(s->sense, frames, (size_t)n);
	}
	return n == -ENETDOWN ? 0 : n; /* it may come up again */
}

/* Negative: it is over; -EPIPE: nobody listens any more. */
static int hear(struct sensing *s, struct err *e)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	int r = ipc_receive(CHILD_CHANNEL, room, sizeof room, &m, e);
	if (r == -EAGAIN)
		return 0;
	if (r == 0)
		s->stopping |= m.type == SENSE_STOP;
	return r;
}

/* What came until it was told to stop; what is still left after a while counts as lost. */
static int finish(struct sensing *s, struct err *e)
{
	int64_t until = clock_monotonic() + finish_ns;
	poll(NULL, 0, RING_LATE_MS + 5); /* for what is in no full block yet */
	for (uint64_t left = ring_left(s->ring), before = s->number;
		s->number - before < left && clock_monotonic() < until;)
		if (take_frames(s, e) < 0)
			break;
	s->left = ring_left(s->ring);
	sense_end(s->sense);
	return tell(s, clock_monotonic(), e);
}

static int work(struct sensing *s, struct err *e)
{
	int r = 0;
	while (r >= 0 && !s->stopping) {
		struct pollfd p[] = { { .fd = ring_fd(s->ring), .events = POLLIN },
			{ .fd = CHILD_CHANNEL, .events = POLLIN } };
		if (poll(p, 2, TICK_MS) < 0 && errno != EINTR)
			return err_sys(e, "wait for frames");
		if (p[1].revents)
			r = hear(s, e);
		if (r >= 0)
			r = take_frames(s, e);
		if (r >= 0)
			r = tell(s, clock_monotonic(), e);
	}
	if (r == -EPIPE)
		return 0;
	/* An interface that was taken away is no reason to forget what came there. */
	s->stopping = true;
	struct err why = *e;
	int done = finish(s, e);
	if (done < 0)
		return done;
	*e = why;
	return r < 0 ? r : ipc_send(CHILD_CHANNEL, SENSE_DONE, NULL, 0, e);
}

int sense_main(char **words)
{
	struct sensing s = { 0 };
	struct err e = { 0 }, gone;
	process_be_patient();
	int r = set_up(&s, words, &e);
	if (r == 0)
		r = work(&s, &e);
	if (r < 0)
		(void)!ipc_send(CHILD_CHANNEL, SENSE_TROUBLE, e.text, strlen(e.text), &gone);
	rows_free(s.rows);
	sense_free(s.sense);
	ring_free(s.ring);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
