/* The process `packets`: keeps the frames of rings in a folder, as long as there is room for them.
 * It reads what comes from a network and writes files: so it can do nothing else, and the folder is
 * all it sees of the disk.  Words and arguments: cli/packets.h.
 *
 * Rings come first.  Where the other end of its channel is slow, what it says is left out. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/ipc.h"
#include "base/jail.h"
#include "cli/cli.h"
#include "cli/packets.h"
#include "run/process.h"
#include "sense/ring.h"

static const int64_t flush_ns = CLOCK_SECOND / 2, finish_ns = 3 * CLOCK_SECOND;
enum { TICK_MS = 50, TURN = 64 /* times that frames of one ring are taken before the next */ };

struct source {
	const char *name;
	struct ring *ring; /* NULL: none now */
	uint64_t number;
	uint64_t lost; /* by rings it had before */
};

struct keeping {
	struct packets *store;
	struct files files;
	int folder;
	struct packets_config config;
	struct source sources[PACKETS_INTERFACES];
	int64_t flush_at;
	bool stopping;
};

static void say(uint16_t word, const char *text)
{
	struct err gone;
	(void)!ipc_send(CHILD_CHANNEL, word, text, strlen(text), &gone);
}

/* --- before the first frame --- */

static int read_words(struct keeping *k, char **words, struct err *e)
{
	unsigned count = 0;
	while (words[0] && words[1 + count])
		count++;
	if (!count || count > PACKETS_INTERFACES)
		return err_set(e, -EINVAL, "--process packets: LIMIT INTERFACE...");
	k->config.limit = strtoull(words[0], NULL, 10);
	k->config.interfaces = (const char *const *)words + 1;
	k->config.interface_count = count;
	for (unsigned i = 0; i < count; i++)
		k->sources[i].name = words[1 + i];
	return 0;
}

static int take_folder(struct keeping *k, struct err *e)
{
	int r = process_receive(PACKETS_FOLDER, "folder", &k->folder, e);
	if (r < 0)
		return r;
	k->files = files_private(k->folder);
	if (flock(k->folder, LOCK_EX | LOCK_NB) < 0)
		return err_set(e, -EBUSY, "another process keeps packets in this folder");
	return 0;
}

static int lock(const struct keeping *k, struct err *e)
{
	char path[40];
	snprintf(path, sizeof path, "/proc/self/fd/%d", k->folder);
	const struct jail_folder own = { path, JAIL_WORK };
	if (fcntl(CHILD_CHANNEL, F_SETFL, O_NONBLOCK) < 0)
		return err_sys(e, "the channel");
	int r = jail_alone(e);
	if (r == 0)
		r = jail_folders(&own, 1, e);
	return r < 0 ? r : jail_enter(JAIL_STDIO | JAIL_CHANNEL | JAIL_RING | JAIL_FOLDER, e);
}

/* What lies in the folder is read by a process that is locked. */
static int set_up(struct keeping *k, char **words, struct err *e)
{
	int r = read_words(k, words, e);
	if (r == 0)
		r = take_folder(k, e);
	if (r == 0)
		r = lock(k, e);
	if (r == 0)
		r = packets_open(&k->store, &k->files, &k->config, e);
	return r < 0 ? r : ipc_send(CHILD_CHANNEL, PACKETS_READY, NULL, 0, e);
}

/* --- frames --- */

static uint64_t dropped(const struct source *s)
{
	return s->lost + (s->ring ? ring_lost(s->ring) : 0);
}

static void let_go(struct source *s)
{
	s->lost = dropped(s);
	ring_free(s->ring);
	s->ring = NULL;
}

static void take_frames(struct keeping *k, unsigned i)
{
	struct source *s = &k->sources[i];
	struct sense_frame frames[SENSE_FRAMES];
	struct err e;
	int64_t now = clock_wall();
	int n = 1;
	for (unsigned turn = 0; n > 0 && turn < TURN; turn++) {
		n = ring_next(s->ring, frames, &s->number, &e);
		if (n > 0)
			packets_put(k->store, i, frames, (size_t)n, now);
	}
	if (n >= 0 || n == -ENETDOWN)
		return; /* it may come up again */
	err_in(&e, "%s", s->name);
	say(PACKETS_SAY, e.text);
	let_go(s);
}

static void flush(struct keeping *k, int64_t now)
{
	struct err e = { 0 };
	if (now < k->flush_at)
		return;
	k->flush_at = now + flush_ns;
	for (unsigned i = 0; i < k->config.interface_count; i++)
		packets_dropped(k->store, i, dropped(&k->sources[i]));
	int r = packets_flush(k->store, &e);
	if (r)
		say(PACKETS_SAY, r < 0 ? e.text : "packets are kept again");
}

/* --- what it is told --- */

static void answer(struct keeping *k)
{
	uint8_t body[PACKETS_HELD_SIZE];
	struct packets_held held;
	struct err gone;
	uint64_t before = 0;
	for (unsigned i = 0; i < k->config.interface_count; i++)
		before += dropped(&k->sources[i]);
	packets_held(k->store, &held);
	packets_held_write(body, &held, before);
	(void)!ipc_send(CHILD_CHANNEL, PACKETS_HELD, body, sizeof body, &gone);
}

static int take_ring(struct keeping *k, unsigned i, int fd, struct err *e)
{
	if (i >= k->config.interface_count || fd < 0) {
		if (fd >= 0)
			close(fd);
		return err_set(e, -EBADMSG, "a ring of no interface");
	}
	let_go(&k->sources[i]);
	return ring_map(&k->sources[i].ring, fd, e);
}

/* Negative: it is over; -EPIPE: nobody listens any more. */
static int hear(struct keeping *k, struct err *e)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	int fd = -1;
	int r = ipc_receive_fd(CHILD_CHANNEL, room, sizeof room, &m, &fd, e);
	if (r < 0)
		return r == -EAGAIN ? 0 : r;
	if (m.type >= PACKETS_RING)
		return take_ring(k, m.type - PACKETS_RING, fd, e);
	if (fd >= 0)
		close(fd);
	if (m.type == PACKETS_ASK)
		answer(k);
	k->stopping |= m.type == PACKETS_STOP;
	return 0;
}

/* --- going on --- */

/* What came until it was told to stop; what is still left after a while counts as lost. */
static void finish(struct keeping *k)
{
	int64_t until = clock_monotonic() + finish_ns;
	poll(NULL, 0, RING_LATE_MS + 5); /* for what is in no full block yet */
	for (unsigned i = 0; i < k->config.interface_count; i++) {
		struct source *s = &k->sources[i];
		uint64_t left = s->ring ? ring_left(s->ring) : 0, before = s->number;
		while (s->ring && s->number - before < left && clock_monotonic() < until)
			take_frames(k, i);
		if (s->ring)
			s->lost += ring_left(s->ring);
		let_go(s);
	}
	k->flush_at = 0;
	flush(k, 0);
	answer(k);
	packets_close(k->store, clock_wall());
	k->store = NULL;
}

static int work(struct keeping *k, struct err *e)
{
	int r = 0;
	while (r >= 0 && !k->stopping) {
		struct pollfd p[PACKETS_INTERFACES + 1];
		unsigned count = k->config.interface_count;
		for (unsigned i = 0; i < count; i++)
			p[i] = (struct pollfd){
				.fd = k->sources[i].ring ? ring_fd(k->sources[i].ring) : -1,
				.events = POLLIN
			};
		p[count] = (struct pollfd){ .fd = CHILD_CHANNEL, .events = POLLIN };
		if (poll(p, count + 1, TICK_MS) < 0 && errno != EINTR)
			return err_sys(e, "wait for frames");
		for (unsigned i = 0; i < count; i++)
			if (k->sources[i].ring)
				take_frames(k, i);
		flush(k, clock_monotonic());
		if (p[count].revents)
			r = hear(k, e);
	}
	finish(k);
	if (r == -EPIPE)
		return 0;
	return r < 0 ? r : ipc_send(CHILD_CHANNEL, PACKETS_DONE, NULL, 0, e);
}

int packets_main(char **words)
{
	static struct keeping k;
	struct err e = { 0 };
	k.folder = -1;
	process_be_patient();
	int r = set_up(&k, words, &e);
	if (r == 0)
		r = work(&k, &e);
	if (r < 0)
		say(PACKETS_TROUBLE, e.text);
	packets_close(k.store, clock_wall());
	if (k.folder >= 0)
		close(k.folder);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
