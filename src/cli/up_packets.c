#include "cli/up_packets.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ipc.h"
#include "cli/live.h"
#include "cli/packets.h"

enum { STOP_MS = 5 * 1000, WORDS = 200 };

int packet_keeper_open(
	struct packet_keeper *k, const char *state, const struct site_file *file, struct err *e)
{
	char path[PATH_MAX];
	if (!file->packets)
		return 0;
	int r = site_path(state, "packets", path, e);
	if (r < 0)
		return r;
	if (mkdir(path, 0750) < 0 && errno != EEXIST)
		return err_sys(e, "make the folder %s", path);
	k->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (k->folder < 0)
		return err_sys(e, "open %s", path);
	k->file = file;
	return 0;
}

static int start(struct packet_keeper *k, struct err *e)
{
	char limit[32];
	const char *arguments[SITE_SENSORS + 2] = { limit };
	snprintf(limit, sizeof limit, "%llu", (unsigned long long)k->file->packets << 20);
	for (unsigned i = 0; i < k->file->count; i++)
		arguments[1 + i] = k->file->interfaces[i];
	k->ready = false;
	int r = kept_start(&k->kept, "packets", arguments, e);
	return r < 0 ? r : ipc_send_fd(k->kept.child.channel, PACKETS_FOLDER, k->folder, e);
}

static void give_ring(struct packet_keeper *k, unsigned i)
{
	struct err e = { 0 };
	int fd = -1;
	if (live_ring(k->file->interfaces[i], &fd, &e) != EXIT_DONE)
		return; /* it went again; its sensor will see that, too */
	if (ipc_send_fd(k->kept.child.channel, (uint16_t)(PACKETS_RING + i), fd, &e) < 0 &&
		e.code != -EPIPE)
		cli_complain(&e);
	close(fd);
}

void packet_keeper_ring(struct packet_keeper *k, unsigned i)
{
	k->wanted[i] = true;
	if (k->file && k->ready)
		give_ring(k, i);
}

/* In its words: printable ones, as they go to a terminal. */
static void say_words(struct cur words)
{
	char text[WORDS + 16];
	struct out o = out_mem(text, sizeof text);
	out_str(&o, "packets: ");
	for (size_t i = 0; i < words.left && i < WORDS; i++)
		out_char(&o, words.at[i] >= ' ' && words.at[i] < 0x7f ? (char)words.at[i] : '?');
	cli_say(out_text(&o), "");
}

static void hear(struct packet_keeper *k)
{
	uint8_t room[IPC_HEAD + 1024];
	struct ipc_message m;
	struct err e;
	if (ipc_receive(k->kept.child.channel, room, sizeof room, &m, &e) < 0)
		return; /* it has ended: that is seen soon enough */
	if (m.type == PACKETS_SAY || m.type == PACKETS_TROUBLE)
		say_words(m.body);
	if (m.type != PACKETS_READY)
		return;
	k->ready = true;
	for (unsigned i = 0; i < k->file->count; i++)
		if (k->wanted[i])
			give_ring(k, i);
}

void packet_keeper_turn(struct packet_keeper *k)
{
	struct err e = { 0 };
	struct pollfd p = { .fd = k->kept.child.channel, .events = POLLIN };
	int code;
	if (!k->file)
		return;
	bool never = k->kept.child.pid <= 0 && !k->kept.due_ns;
	if (never || kept_is_due(&k->kept)) {
		if (start(k, &e) < 0 && e.code != -EPIPE)
			cli_complain(&e);
		return;
	}
	if (poll(&p, 1, 0) > 0 && p.revents & POLLIN)
		hear(k);
	if (child_ended(&k->kept.child, &code)) {
		k->ready = false;
		kept_fell(&k->kept, "the process that keeps packets", code);
	}
}

void packet_keeper_stop(struct packet_keeper *k)
{
	struct err gone;
	int code, ms = 0;
	if (!k->file || k->kept.child.pid <= 0)
		return;
	if (ipc_send(k->kept.child.channel, PACKETS_STOP, NULL, 0, &gone) == 0)
		for (; ms < STOP_MS && !child_ended(&k->kept.child, &code); ms += 5)
			poll(NULL, 0, 5);
	child_stop(&k->kept.child, 0, &gone);
}

void packet_keeper_close(struct packet_keeper *k)
{
	if (k->folder >= 0)
		close(k->folder);
	k->folder = -1;
}
