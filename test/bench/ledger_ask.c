/* Askers of a writer that serves, and a bare loop that at the same rate does what it must do. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/ipc.h"
#include "base/out.h"
#include "event/append.h"
#include "ledger/tile.h"
#include "ledger_tool.h"

static int ask_socket(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	uint8_t room[IPC_HEAD + sizeof e];
	struct ipc_message m;
	need(fd >= 0 && connect(fd, (struct sockaddr *)&a, sizeof a) == 0, path);
	need(ipc_await(fd, 10000, room, sizeof room, &m, &e) == 0 && m.type == APPEND_OPEN, path);
	return fd;
}

static void ask(int fd, uint64_t tag, uint64_t count)
{
	static char body[IPC_BODY_MAX], text[SIZE + 1];
	struct out o = out_mem(body, sizeof body);
	out_be(&o, tag, 8);
	for (uint64_t i = 0; i < count; i++) {
		size_t size = entry_of(tag + i, text);
		out_be(&o, size, 2);
		out_bytes(&o, text, size);
	}
	need(ipc_send(fd, APPEND_ASK, body, o.used, &e) == 0, "ask");
}

/* --- each waits for its own answer --- */

int clients(char **words)
{
	unsigned count = (unsigned)atoi(words[1]);
	int64_t until = (int64_t)atoi(words[2]) * CLOCK_SECOND, *asked = calloc(count, 8);
	int poller = epoll_create1(EPOLL_CLOEXEC), *fds = calloc(count, sizeof *fds);
	struct samples waits = samples_new();
	struct epoll_event events[256];
	uint8_t room[IPC_HEAD + 256];
	for (unsigned i = 0; i < count; i++) {
		struct epoll_event ev = { .events = EPOLLIN, .data.u32 = i };
		fds[i] = ask_socket(words[0]);
		epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &ev);
	}
	uint64_t done = 0;
	int64_t began = clock_monotonic(), now = began;
	double cpu_began = cpu();
	for (unsigned i = 0; i < count; i++) {
		asked[i] = now;
		ask(fds[i], i, 1);
	}
	while (now - began < until) {
		int got = epoll_wait(poller, events, 256, 1000);
		now = clock_monotonic();
		for (int k = 0; k < got; k++) {
			unsigned i = events[k].data.u32;
			struct ipc_message m;
			need(ipc_receive(fds[i], room, sizeof room, &m, &e) == 0 &&
					m.type == APPEND_DONE,
				"answer");
			now = clock_monotonic();
			sample(&waits, now - asked[i]);
			asked[i] = now;
			ask(fds[i], ++done, 1);
		}
	}
	printf("rate %.0f\nasker-cpu %.2f\n", (double)done / seconds(now - began),
		(cpu() - cpu_began) / seconds(now - began));
	print_samples("wait", &waits);
	return 0;
}

/* --- so many a second --- */

/* Open loop: an entry counts from when it was due, so that a slow writer cannot ask for fewer. */
struct due {
	int64_t at;
	uint64_t number;
};

enum { ASKERS = 16, UNANSWERED = ASKERS * 256 }; /* more would not fit into the sockets */

struct load {
	struct pollfd p[ASKERS];
	unsigned turn;
	uint64_t each_s, all, most; /* entries a second, in all, in one message */
	uint64_t asked, done, sealed;
	int64_t began;
	struct due *due;
	uint64_t *order; /* by answer */
	struct samples acks, heads;
};

static void load_start(struct load *l, const char *dir)
{
	char path[4096];
	l->due = calloc(l->all, sizeof *l->due);
	l->order = calloc(l->all, sizeof *l->order);
	l->acks = samples_new();
	l->heads = samples_new();
	need(l->due && l->order, "memory");
	snprintf(path, sizeof path, "%s.socket", dir);
	for (unsigned i = 0; i < ASKERS; i++)
		l->p[i] = (struct pollfd){ .fd = ask_socket(path), .events = POLLIN };
	l->began = clock_monotonic() + 10000000;
}

static int64_t when_due(const struct load *l, uint64_t n)
{
	return l->began + (int64_t)((double)n * 1e9 / (double)l->each_s);
}

/* What is due by now, each message from another asker. */
static void ask_due(struct load *l)
{
	int64_t now = clock_monotonic();
	uint64_t due =
		now < l->began ? 0 : (uint64_t)((double)(now - l->began) / 1e9 * (double)l->each_s);
	due = due < l->all ? due : l->all;
	while (l->asked < due && l->asked - l->done < UNANSWERED) {
		uint64_t first = l->asked;
		for (; l->asked < due && l->asked - first < l->most; l->asked++)
			l->due[l->asked].at = when_due(l, l->asked);
		ask(l->p[l->turn++ % ASKERS].fd, first, l->asked - first);
	}
}

static void hear_answer(struct load *l, int fd)
{
	uint8_t room[IPC_HEAD + APPEND_RUNS * APPEND_RUN];
	struct ipc_message m;
	need(ipc_receive(fd, room, sizeof room, &m, &e) == 0 && m.type == APPEND_DONE, "answer");
	int64_t now = clock_monotonic();
	while (m.body.left) {
		uint64_t tag = cur_be64(&m.body);
		tag += cur_be16(&m.body);
		uint64_t count = cur_be16(&m.body), number = cur_be64(&m.body);
		for (uint64_t i = 0; i < count; i++) {
			l->due[tag + i].number = number + i;
			sample(&l->acks, now - l->due[tag + i].at);
			l->order[l->done++] = tag + i;
		}
	}
}

static uint64_t head_size(int fd)
{
	char text[512];
	int head = openat(fd, "checkpoint", O_RDONLY | O_CLOEXEC);
	ssize_t size = head < 0 ? 0 : read(head, text, sizeof text - 1);
	if (head >= 0)
		close(head);
	text[size < 0 ? 0 : size] = 0;
	char *line = strchr(text, '\n');
	return line ? strtoull(line + 1, NULL, 10) : 0;
}

static void look_at_head(struct load *l, int dir)
{
	uint64_t size = head_size(dir);
	int64_t now = clock_monotonic();
	while (l->sealed < l->done && l->due[l->order[l->sealed]].number < size)
		sample(&l->heads, now - l->due[l->order[l->sealed++]].at);
}

int rate(char **words)
{
	struct load l = { .each_s = strtoull(words[1], NULL, 10),
		.most = strtoull(words[3], NULL, 10) };
	int dir = open(words[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int64_t looked = 0;
	l.all = l.each_s * strtoull(words[2], NULL, 10);
	need(dir >= 0 && prctl(PR_SET_TIMERSLACK, 1) == 0, words[0]);
	load_start(&l, words[0]);
	while (l.sealed < l.all) {
		ask_due(&l);
		/* Asleep for a while: spinning would take a core away from the writer. */
		ppoll(l.p, ASKERS, &(struct timespec){ .tv_nsec = 100 * 1000 }, NULL);
		for (unsigned i = 0; i < ASKERS; i++)
			if (l.p[i].revents & POLLIN)
				hear_answer(&l, l.p[i].fd);
		if (clock_monotonic() - looked > 2000000) {
			look_at_head(&l, dir);
			looked = clock_monotonic();
		}
		need(looked - l.began < 120 * CLOCK_SECOND, "too slow");
	}
	print_samples("ack", &l.acks);
	print_samples("head", &l.heads);
	return 0;
}

/* --- the same, bare --- */

static void sleep_until(int64_t ns)
{
	struct timespec t = { ns / CLOCK_SECOND, ns % CLOCK_SECOND };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* Bundles and tiles of so many entries a second, and nothing else of what a sealer does. */
static void write_tiles(const char *folder, uint64_t each_s)
{
	static uint8_t bytes[TILE_WIDTH * (SIZE + 2)];
	int64_t began = clock_monotonic();
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	need(fd >= 0, folder);
	const struct files f = files_real(fd);
	for (uint64_t n = 0;; n++) {
		char name[TILE_NAME];
		tile_name(name, TILE_ENTRIES, n, TILE_WIDTH);
		need(files_put_now(&f, name, bytes, sizeof bytes, &e) == 0, name);
		tile_name(name, 0, n, TILE_WIDTH);
		need(files_put_now(&f, name, bytes, TILE_WIDTH * sizeof(struct hash), &e) == 0,
			name);
		sleep_until(
			began + (int64_t)((double)((n + 1) * TILE_WIDTH) * 1e9 / (double)each_s));
	}
}

static pid_t start_tiles(const char *beside, uint64_t each_s)
{
	char folder[4096];
	snprintf(folder, sizeof folder, "%s.tiles", beside);
	need(mkdir(folder, 0755) == 0, folder);
	pid_t child = fork();
	need(child >= 0, "fork");
	if (child)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	write_tiles(folder, each_s);
	_exit(0);
}

/* What is due is written as one, over bytes that are there already, and synced. */
static void pace_write(int fd, uint64_t each_s, uint64_t all, struct samples *waits)
{
	enum { MOST = 4096 };
	static uint8_t bytes[MOST * (SIZE + 2)];
	int64_t began = clock_monotonic();
	off_t at = 0;
	for (uint64_t done = 0; done < all;) {
		double late = (double)(clock_monotonic() - began) / 1e9;
		uint64_t due = (uint64_t)(late * (double)each_s), n = due < all ? due : all;
		n = n - done < MOST ? n - done : MOST;
		if (!n) {
			sleep_until(began + (int64_t)((double)(done + 1) * 1e9 / (double)each_s));
			continue;
		}
		size_t size = n * (SIZE + 2);
		need(pwrite(fd, bytes, size, at) == (ssize_t)size && fdatasync(fd) == 0, "write");
		at += (off_t)size;
		int64_t now = clock_monotonic();
		for (; n > 0; n--, done++)
			sample(waits, now - began - (int64_t)((double)done * 1e9 / (double)each_s));
	}
}

int pace(char **words)
{
	static const uint8_t zeros[1 << 20];
	uint64_t each_s = strtoull(words[1], NULL, 10);
	uint64_t all = each_s * strtoull(words[2], NULL, 10);
	struct samples waits = samples_new();
	int fd = open(words[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	need(fd >= 0 && prctl(PR_SET_TIMERSLACK, 1) == 0, words[0]);
	for (uint64_t at = 0; at < all * (SIZE + 2); at += sizeof zeros)
		need(write(fd, zeros, sizeof zeros) == (ssize_t)sizeof zeros, "write");
	need(fsync(fd) == 0, "sync");
	pid_t tiles = atoi(words[3]) ? start_tiles(words[0], each_s) : 0;
	pace_write(fd, each_s, all, &waits);
	if (tiles) {
		int how = 0;
		kill(tiles, SIGKILL);
		need(waitpid(tiles, &how, 0) == tiles && WIFSIGNALED(how), "tiles");
	}
	print_samples("ack", &waits);
	close(fd);
	return 0;
}
