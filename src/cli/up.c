/* weir up: a site stands watch.  The warden: it starts the processes, brings them together, starts
 * them again when they end by themselves, and reads nothing that comes from a network. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/ipc.h"
#include "base/notify.h"
#include "cli/ledger/guard.h"
#include "cli/live.h"
#include "cli/site_file.h"
#include "cli/up_packets.h"

enum { LOOK_MS = 50, STOP_MS = 15 * 1000, ASKERS = 64 };

static const int64_t ledger_again_ns = CLOCK_SECOND;

struct up_opts {
	struct site_opts site;
	const char *file, *passphrase_file;
	bool witnessed;
};

struct warden {
	struct site_file file;
	const char *state;
	char ledger[PATH_MAX], socket[PATH_MAX], pid[PATH_MAX];
	struct ledger_home home;
	struct ledger_guard guard;
	int listen_fd, pid_fd;
	struct kept site, sensors[SITE_SENSORS];
	struct child recall;
	struct packet_keeper packets;
	bool ledger_open, site_ready, told;
	int64_t connect_at;
};

/* --- the processes --- */

static void give_away(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* What the ledger says of the site: read by a process of its own, told to the other one. */
static int start_recall(struct warden *w, struct err *e)
{
	const char *arguments[] = { w->ledger, NULL };
	struct err gone;
	child_stop(&w->recall, 0, &gone); /* of a site before, where it is still there */
	int r = child_start(&w->recall, "recall", arguments, e);
	if (r == 0)
		r = ipc_send_fd(w->site.child.channel, SITE_RECALL, w->recall.channel, e);
	give_away(&w->recall.channel);
	return r;
}

static int start_site(struct warden *w, struct err *e)
{
	char memory[32];
	snprintf(memory, sizeof memory, "%llu", (unsigned long long)w->file.memory << 20);
	const char *arguments[SITE_SENSORS + 4] = { w->file.name, memory, w->file.zones };
	memcpy(arguments + 3, w->file.interfaces, w->file.count * sizeof *arguments);
	w->site_ready = false;
	int r = kept_start(&w->site, "site", arguments, e);
	if (r == 0)
		r = ipc_send_fd(w->site.child.channel, SITE_LISTEN, w->listen_fd, e);
	if (r == 0)
		r = start_recall(w, e);
	return r == -EPIPE ? 0 : r; /* it has ended: that is seen soon enough */
}

static int connect_ledger(struct warden *w, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(w->guard.socket) >= sizeof a.sun_path)
		return err_set(
			e, -ENAMETOOLONG, "%s: too long for a socket's name", w->guard.socket);
	memcpy(a.sun_path, w->guard.socket, strlen(w->guard.socket) + 1);
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof a) < 0) {
		give_away(&fd);
		return 0; /* it is tried again */
	}
	int r = ipc_send_fd(w->site.child.channel, SITE_LEDGER, fd, e);
	close(fd);
	w->connect_at = 0;
	return r == -EPIPE ? 0 : r;
}

/* One that cannot be opened is tried again, ever later: a cable may come back. */
static int start_sensor(struct warden *w, unsigned i, struct err *e)
{
	char memory[32], what[80];
	const char *arguments[] = { memory, NULL };
	struct kept *k = &w->sensors[i];
	int fd = -1;
	snprintf(memory, sizeof memory, "%llu", (unsigned long long)w->file.memory << 20);
	snprintf(what, sizeof what, "the sensor of %s", w->file.interfaces[i]);
	int code = live_ring(w->file.interfaces[i], &fd, e);
	if (code != EXIT_DONE) {
		k->restarts += k->due_ns != 0;
		k->began_ns = clock_monotonic();
		kept_fell(k, what, code);
		return 0;
	}
	int r = kept_start(k, "sense", arguments, e);
	if (r == 0)
		r = ipc_send_fd(k->child.channel, SENSE_RING, fd, e);
	close(fd);
	if (r == 0)
		r = ipc_send_fd(
			w->site.child.channel, (uint16_t)(SITE_SENSE + i), k->child.channel, e);
	give_away(&k->child.channel);
	packet_keeper_ring(&w->packets, i);
	return r == -EPIPE ? 0 : r; /* one of them has ended: that is seen soon enough */
}

static int start_sensors(struct warden *w, struct err *e)
{
	int r = 0;
	for (unsigned i = 0; r == 0 && i < w->file.count; i++)
		r = start_sensor(w, i, e);
	return r;
}

static void stop_sensors(struct warden *w)
{
	struct err gone;
	for (unsigned i = 0; i < w->file.count; i++) {
		child_stop(&w->sensors[i].child, 0, &gone);
		w->sensors[i].due_ns = 0;
	}
}

/* --- what they say, and how they end --- */

static void tell_ready(struct warden *w)
{
	char text[PATH_MAX + 128];
	if (w->told || !w->site_ready || !w->ledger_open)
		return;
	w->told = true;
	snprintf(text, sizeof text, "%s is up: %u interface%s; weir status --state %s",
		w->file.name, w->file.count, w->file.count == 1 ? "" : "s", w->state);
	cli_say(text, "");
	notify("READY=1");
}

static int hear_site(struct warden *w, struct err *e)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	int r = ipc_receive(w->site.child.channel, room, sizeof room, &m, e);
	if (r < 0)
		return 0; /* it has ended: that is seen soon enough */
	if (m.type == SITE_LOST)
		w->connect_at = clock_monotonic() + ledger_again_ns;
	if (m.type != SITE_READY)
		return 0;
	w->site_ready = true;
	w->connect_at = 1;
	return start_sensors(w, e);
}

/* 0: goes on. */
static int look_after_site(struct warden *w, struct err *e)
{
	int code;
	if (child_ended(&w->recall, &code) && code)
		cli_say("what the ledger says of the site could not be read", "");
	if (!w->site.due_ns && child_ended(&w->site.child, &code)) {
		bool was_ready = w->site_ready;
		w->site_ready = false;
		stop_sensors(w); /* they would tell nobody */
		if (!was_ready && !w->told)
			return err_set(e, -EIO, "the site did not come up");
		kept_fell(&w->site, "the site's process", code);
	}
	if (kept_is_due(&w->site))
		return start_site(w, e);
	for (unsigned i = 0; w->site_ready && i < w->file.count; i++) {
		char what[80];
		snprintf(what, sizeof what, "the sensor of %s", w->file.interfaces[i]);
		if (!w->sensors[i].due_ns && child_ended(&w->sensors[i].child, &code))
			kept_fell(&w->sensors[i], what, code);
		if (kept_is_due(&w->sensors[i]) && start_sensor(w, i, e) < 0)
			return e->code;
	}
	return 0;
}

static int turn(struct warden *w, struct err *e)
{
	struct pollfd p[] = { { .fd = ledger_guard_fd(&w->guard), .events = POLLIN },
		{ .fd = w->site.child.channel, .events = POLLIN } };
	poll(p, 2, LOOK_MS);
	if (p[0].revents & POLLIN && ledger_guard_hear(&w->guard)) {
		w->ledger_open = true;
		w->connect_at = w->connect_at ? w->connect_at : 1;
	}
	int r = p[1].revents & POLLIN ? hear_site(w, e) : 0;
	tell_ready(w);
	packet_keeper_turn(&w->packets);
	if (r == 0)
		r = look_after_site(w, e);
	if (r == 0 && w->site_ready && w->ledger_open && w->connect_at &&
		clock_monotonic() >= w->connect_at)
		r = connect_ledger(w, e);
	return r;
}

/* Sensors, the site, the ledger: each brings what it has to the next. */
static int stop(struct warden *w, struct err *e)
{
	struct err gone;
	int code, ended = ipc_send(w->site.child.channel, SITE_STOP, NULL, 0, &gone);
	int64_t until = clock_monotonic() + STOP_MS * (CLOCK_SECOND / 1000);
	notify("STOPPING=1");
	while (ended == 0 && clock_monotonic() < until && !child_ended(&w->site.child, &code))
		poll(NULL, 0, LOOK_MS / 5);
	child_stop(&w->site.child, 0, &gone);
	child_stop(&w->recall, 0, &gone);
	stop_sensors(w);
	packet_keeper_stop(&w->packets);
	return ledger_guard_stop(&w->guard, e);
}

static int watch(struct warden *w, struct err *e)
{
	interrupt_catch();
	int r = ledger_guard_start(&w->guard, e);
	if (r == 0)
		r = start_site(w, e);
	while (r == 0 && !interrupted()) {
		r = turn(w, e);
		int code = r == 0 ? ledger_guard_look(&w->guard, e) : -1;
		if (code >= 0) {
			ledger_guard_break(&w->guard);
			return code > 128 ? EXIT_FAILED : code;
		}
		notify("WATCHDOG=1");
	}
	struct err why = *e;
	int code = stop(w, e);
	if (r < 0)
		*e = why;
	return r < 0 ? EXIT_FAILED : code;
}

/* --- before that --- */

/* Locked as long as the warden lives: two of them in one folder cannot be. */
static int take_pid_file(struct warden *w, struct err *e)
{
	char text[24];
	w->pid_fd = open(w->pid, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (w->pid_fd < 0)
		return err_sys(e, "write %s", w->pid);
	if (flock(w->pid_fd, LOCK_EX | LOCK_NB) < 0) {
		err_set(e, -EBUSY, "a site is up in %s already", w->state);
		return err_try(e, "weir status --state %s", w->state);
	}
	int size = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (ftruncate(w->pid_fd, 0) < 0 || pwrite(w->pid_fd, text, (size_t)size, 0) != size)
		return err_sys(e, "write %s", w->pid);
	return 0;
}

/* Its group may ask as well: who may is who may write to the file. */
static int open_socket(struct warden *w, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (strlen(w->socket) >= sizeof a.sun_path)
		return err_set(e, -ENAMETOOLONG, "%s: too long for a socket's name", w->socket);
	memcpy(a.sun_path, w->socket, strlen(w->socket) + 1);
	unlink(w->socket);
	w->listen_fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (w->listen_fd < 0)
		return err_sys(e, "be asked");
	mode_t before = umask(0117);
	int r = bind(w->listen_fd, (const struct sockaddr *)&a, sizeof a);
	umask(before);
	return r < 0 || listen(w->listen_fd, ASKERS) < 0 ? err_sys(e, "be asked on %s", w->socket)
							 : 0;
}

static int prepare(struct warden *w, const struct up_opts *o, struct err *e)
{
	const struct ledger_guard_opts guard = { .passphrase_file = o->passphrase_file,
		.witnessed = o->witnessed };
	int r = site_path(w->state, "ledger", w->ledger, e);
	if (r == 0)
		r = site_path(w->state, "site.socket", w->socket, e);
	if (r == 0)
		r = site_path(w->state, "pid", w->pid, e);
	if (r == 0)
		r = ledger_home_open(&w->home, w->ledger, e);
	if (r == -ENOENT)
		err_try(e, "weir init --state %s", w->state);
	if (r == 0)
		r = take_pid_file(w, e);
	if (r == 0)
		r = packet_keeper_open(&w->packets, w->state, &w->file, e);
	if (r == 0)
		r = ledger_guard_prepare(&w->guard, &w->home, &guard, e);
	return r < 0 ? r : open_socket(w, e);
}

static int run_up(struct cli *cli, const void *opts, struct err *e)
{
	const struct up_opts *o = opts;
	static struct warden w;
	(void)cli;
	w.state = site_state(&o->site);
	w.packets.folder = w.packets.kept.child.channel = -1;
	w.listen_fd = w.pid_fd = w.home.fd = w.site.child.channel = -1;
	for (unsigned i = 0; i < SITE_SENSORS; i++)
		w.sensors[i].child.channel = -1;
	if (site_file_read(&w.file, o->file ? o->file : SITE_FILE, e) < 0)
		return e->code == -ENOENT ? EXIT_NOT_FOUND : EXIT_ASKED_WRONGLY;
	int code = prepare(&w, o, e) < 0 ? ledger_exit(e) : watch(&w, e);
	if (w.listen_fd >= 0)
		unlink(w.socket);
	give_away(&w.listen_fd);
	packet_keeper_close(&w.packets);
	if (w.home.fd >= 0) {
		ledger_guard_done(&w.guard);
		ledger_home_close(&w.home);
	}
	give_away(&w.pid_fd);
	site_file_done(&w.file);
	return code;
}

static const struct opt up_opts[] = {
	SITE_STATE_OPT,
	{ OPT_TEXT, 'f', "file", "FILE", "what to watch (" SITE_FILE ")",
		offsetof(struct up_opts, file), NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE", "of the ledger's key, where it is sealed",
		offsetof(struct up_opts, passphrase_file), NULL },
	{ OPT_FLAG, 0, "witnessed", NULL, "only where every witness of the ledger answered",
		offsetof(struct up_opts, witnessed), NULL },
	{ 0 },
};

static const char *const up_examples[] = { "weir init --name 'north works' --interface eth1",
	"once: writes the settings, and begins the ledger", "weir up",
	"stands watch until ^C, SIGTERM or weir down", NULL };

const struct verb verb_up = {
	.name = "up",
	.brief = "Stand watch: see the site, remember who is there, say what matters",
	.about =
		"Starts the site's processes, each locked to what it needs: a sensor for each interface, "
		"one that remembers assets and raises alerts, and those that keep the ledger. One that "
		"ends by itself is started again, later each time; what was said stays said. Ends when "
		"it is told to, after all that was seen is in the ledger.",
	.examples = up_examples,
	.opts_size = sizeof(struct up_opts),
	.opts = up_opts,
	.run = run_up,
};
