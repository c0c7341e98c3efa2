#include "cli/live.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/ipc.h"
#include "sense/rows.h"

enum { TICK_MS = 100, TAP_MS = 5000, STOP_MS = 10 * 1000 };

/* One interface. */
struct watched {
	char name[64];
	struct child sense;
	bool done; /* it told all, or ended */
	char problem[200];
};

struct live {
	const struct live_config *config;
	struct watched list[LIVE_INTERFACES];
	struct plant_file files[LIVE_INTERFACES];
	unsigned count, over;
	int64_t began_ns, said_ns;
	bool failed;
	uint8_t room[IPC_HEAD + ROWS_SIZE];
};

/* --- starting --- */

static int read_names(struct live *l, const char *names, struct err *e)
{
	while (*names) {
		size_t size = strcspn(names, ",");
		struct watched *w = &l->list[l->count];
		if (!size || size >= sizeof w->name)
			return err_set(e, -EINVAL, "--interface: '%.*s' is no name of one",
				(int)size, names);
		if (l->count == LIVE_INTERFACES)
			return err_set(e, -EINVAL, "--interface: %d at most", LIVE_INTERFACES);
		memcpy(w->name, names, size);
		for (unsigned i = 0; i < l->count; i++)
			if (strcmp(l->list[i].name, w->name) == 0)
				return err_set(e, -EINVAL, "--interface: '%s' twice", w->name);
		w->sense.channel = -1;
		l->count++;
		names += size + (names[size] == ',' && names[size + 1]);
	}
	return l->count ? 0 : err_set(e, -EINVAL, "--interface: which?");
}

int live_ring(const char *interface, int *fd, struct err *e)
{
	const char *arguments[] = { interface, NULL };
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m = { .type = 0 };
	struct child tap;
	int code = -1;
	if (child_start(&tap, "tap", arguments, e) < 0)
		return EXIT_FAILED;
	struct pollfd p = { .fd = tap.channel, .events = POLLIN };
	int r = poll(&p, 1, TAP_MS) > 0
		? ipc_receive_fd(tap.channel, room, sizeof room, &m, fd, e)
		: err_set(e, -ETIMEDOUT, "%s: it takes too long to open", interface);
	if (r == 0 && (m.type != TAP_RING || *fd < 0))
		r = err_set(e, -EBADMSG, "%s: no ring of frames came", interface);
	for (int waited = 0; r < 0 && waited < TAP_MS && !child_ended(&tap, &code); waited += 10)
		poll(NULL, 0, 10);
	struct err gone;
	child_stop(&tap, TAP_MS, &gone);
	if (r == 0)
		return EXIT_DONE;
	if (code > 0 && code < 128)
		return e->code = 0, code; /* it has said why */
	return EXIT_FAILED;
}

static int start(struct live *l, struct watched *w, struct err *e)
{
	char memory[24];
	const char *arguments[] = { memory, NULL };
	int fd = -1;
	int code = live_ring(w->name, &fd, e);
	if (code != EXIT_DONE)
		return code;
	snprintf(memory, sizeof memory, "%zu", l->config->memory);
	int r = child_start(&w->sense, "sense", arguments, e);
	if (r == 0)
		r = ipc_send_fd(w->sense.channel, SENSE_RING, fd, e);
	close(fd);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int live_open(struct live **out, const struct live_config *config, struct err *e)
{
	struct live *l = *out = calloc(1, sizeof *l);
	if (!l)
		return err_sys(e, "watch"), EXIT_FAILED;
	l->config = config;
	if (read_names(l, config->interfaces, e) < 0)
		return err_try(e, "ip link"), EXIT_ASKED_WRONGLY;
	for (unsigned i = 0; i < l->count; i++) {
		int code = start(l, &l->list[i], e);
		if (code != EXIT_DONE)
			return code;
	}
	interrupt_catch();
	return EXIT_DONE;
}

/* --- listening --- */

/* What it told until then is shown all the same. */
static void give_up(struct live *l, struct watched *w, const struct err *why)
{
	struct out o = out_mem(w->problem, sizeof w->problem);
	out_fmt(&o, "%s: %.120s", w->name, why->text);
	out_text(&o);
	cli_say(w->problem, "");
	l->failed = true;
	w->done = true;
	l->over++;
	close(w->sense.channel);
	w->sense.channel = -1;
}

/* Why it ends, in its words: printable ones, as they go to a terminal. */
static int read_trouble(struct cur words, struct err *e)
{
	char text[120];
	size_t size = words.left < sizeof text ? words.left : sizeof text - 1;
	for (size_t i = 0; i < size; i++)
		text[i] = words.at[i] >= ' ' && words.at[i] < 0x7f ? (char)words.at[i] : '?';
	text[size] = 0;
	return err_set(e, -EIO, "%s", text);
}

static int take(
	struct live *l, struct whole *whole, unsigned i, const struct ipc_message *m, struct err *e)
{
	switch (m->type) {
	case SENSE_ROWS:
		return whole_take(whole, i, m->body, e);
	case SENSE_DONE:
		l->list[i].done = true;
		l->over++;
		return 0;
	case SENSE_TROUBLE:
		return read_trouble(m->body, e);
	default:
		return err_set(e, -EBADMSG, "a message of type %u", m->type);
	}
}

static void hear(struct live *l, struct whole *whole, unsigned i)
{
	struct watched *w = &l->list[i];
	struct ipc_message m;
	struct err e = { 0 };
	int r = ipc_receive(w->sense.channel, l->room, sizeof l->room, &m, &e);
	if (r == 0)
		r = take(l, whole, i, &m, &e);
	if (r == -EPIPE)
		err_set(&e, -EPIPE, "the process that reads it ended");
	if (r < 0)
		give_up(l, w, &e);
}

static void listen_to_all(struct live *l, struct whole *whole)
{
	struct pollfd p[LIVE_INTERFACES];
	for (unsigned i = 0; i < l->count; i++)
		p[i] = (struct pollfd){ .fd = l->list[i].done ? -1 : l->list[i].sense.channel,
			.events = POLLIN };
	if (poll(p, l->count, TICK_MS) <= 0)
		return;
	for (unsigned i = 0; i < l->count; i++)
		if (p[i].revents)
			hear(l, whole, i);
}

static void say_progress(struct live *l, const struct whole *whole, int64_t now, bool last)
{
	uint64_t packets = 0, bytes = 0, lost = 0;
	char text[160];
	if (!l->config->progress || (!last && now - l->said_ns < CLOCK_SECOND / 2))
		return;
	l->said_ns = now;
	for (unsigned i = 0; i < l->count; i++)
		whole_heard(whole, i, &packets, &bytes, &lost);
	int size = snprintf(text, sizeof text,
		"\r%llu s, %llu packets, %llu lost; ^C ends it\033[K%s",
		(unsigned long long)((now - l->began_ns) / CLOCK_SECOND),
		(unsigned long long)packets, (unsigned long long)lost, last ? "\r\033[K" : "");
	if (size > 0 && write(STDERR_FILENO, text, (size_t)size) < 0)
		return; /* nobody reads it */
}

static void stop(struct live *l)
{
	struct err gone;
	for (unsigned i = 0; i < l->count; i++)
		if (!l->list[i].done &&
			ipc_send(l->list[i].sense.channel, SENSE_STOP, NULL, 0, &gone) < 0)
			give_up(l, &l->list[i], &gone);
}

int live_watch(struct live *l, struct whole *whole, struct err *e)
{
	l->began_ns = clock_monotonic();
	int64_t now = l->began_ns, until = now + l->config->for_ns;
	while (l->over < l->count && !interrupted() && (!l->config->for_ns || now < until)) {
		listen_to_all(l, whole);
		now = clock_monotonic();
		say_progress(l, whole, now, false);
	}
	say_progress(l, whole, now, true);
	stop(l);
	until = now + STOP_MS * (CLOCK_SECOND / 1000);
	while (l->over < l->count && clock_monotonic() < until)
		listen_to_all(l, whole);
	for (unsigned i = 0; i < l->count; i++) {
		struct watched *w = &l->list[i];
		struct plant_file *f = &l->files[i];
		uint64_t lost = 0;
		if (!w->done)
			give_up(l, w, &(struct err){ .text = "it did not end in time" });
		*f = (struct plant_file){ .name = w->name,
			.problem = w->problem[0] ? w->problem : NULL };
		whole_heard(whole, i, &f->packets, &f->bytes, &lost);
	}
	interrupt_drop();
	if (!l->failed)
		return EXIT_DONE;
	e->code = 0; /* it was said */
	return EXIT_FAILED;
}

const struct plant_file *live_files(const struct live *l, size_t *count)
{
	*count = l->count;
	return l->files;
}

void live_close(struct live *l)
{
	for (unsigned i = 0; l && i < l->count; i++)
		if (l->list[i].sense.channel >= 0)
			close(l->list[i].sense.channel); /* by which it knows */
	free(l);
}
