/* weir ledger serve: the warden of a ledger's processes.  It starts them, brings them together,
 * starts them again when they end by themselves, and reads nothing from anybody else. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/child.h"
#include "base/clock.h"
#include "base/interrupt.h"
#include "base/ipc.h"
#include "cli/ledger/keeper.h"
#include "cli/ledger/witnesses.h"
#include "ledger/ledger.h"

enum { LOOK_MS = 50, STOP_MS = 90 * 1000, ENDS_MS = 10 * 1000 };

/* How long to wait before a process is started again: longer each time that it ends soon. */
static const int64_t again_least_ns = CLOCK_SECOND / 10, again_most_ns = 10 * CLOCK_SECOND,
		     steady_ns = 60 * CLOCK_SECOND;

struct kept {
	struct child child;
	int64_t began_ns, wait_ns;
};

struct warden {
	const struct ledger_home *home;
	char socket[PATH_MAX];
	struct key_paths paths;
	struct passphrase_kept held; /* for another process with the key, where one has to come */
	struct ledger_keeper keeper;
	struct kept core, sealer;
	bool was_ready;
};

static int start(struct kept *k, const char *name, const char *const *arguments, struct err *e)
{
	k->began_ns = clock_monotonic();
	return child_start(&k->child, name, arguments, e);
}

static int start_keeper(struct warden *w, struct err *e)
{
	bool changing = access(w->paths.before, F_OK) == 0;
	return ledger_keeper_start(&w->keeper, w->paths.key, changing ? w->paths.before : NULL,
		w->paths.head, w->home, w->held.room ? &w->held : NULL, NULL, e);
}

/* The lock is of the open folder, whoever has it: it lasts until the last of them has ended. */
static int start_with_folder(struct warden *w, struct kept *k, const char *name,
	const char *const *arguments, struct err *e)
{
	int r = start(k, name, arguments, e);
	return r < 0 ? r : ipc_send_fd(k->child.channel, WARDEN_FOLDER, w->home->fd, e);
}

static void give_away(int *channel)
{
	if (*channel >= 0)
		close(*channel);
	*channel = -1;
}

/* A sealer's channel leads to the core, and the key's to the sealer; the warden keeps no end of
 * them.  So each sealer has a key process of its own, that ends with it. */
static int start_sealer(struct warden *w, struct err *e)
{
	int *sealer = &w->sealer.child.channel, *key = &w->keeper.child.channel;
	int r = w->keeper.child.pid > 0 ? 0 : start_keeper(w, e);
	if (r == 0)
		r = start_with_folder(w, &w->sealer, "sealer", NULL, e);
	if (r == 0)
		r = ipc_send_fd(*sealer, SEALER_KEY, *key, e);
	if (r == 0)
		r = ipc_send_fd(w->core.child.channel, CORE_SEALER, *sealer, e);
	give_away(sealer);
	give_away(key);
	return r == -EPIPE ? 0 : r; /* one of them has ended: that is seen soon enough */
}

static void stop_sealer(struct warden *w)
{
	struct err gone;
	child_stop(&w->sealer.child, ENDS_MS, &gone);
	child_stop(&w->keeper.child, ENDS_MS, &gone);
}

static int start_core(struct warden *w, struct err *e)
{
	const char *arguments[] = { w->home->dir, w->socket, NULL };
	int r = start_with_folder(w, &w->core, "core", arguments, e);
	return r < 0 && r != -EPIPE ? r : start_sealer(w, e);
}

static void back_off(struct kept *k)
{
	bool steady = clock_monotonic() - k->began_ns >= steady_ns;
	k->wait_ns = steady || !k->wait_ns ? again_least_ns : k->wait_ns * 2;
	k->wait_ns = k->wait_ns < again_most_ns ? k->wait_ns : again_most_ns;
	usleep((useconds_t)(k->wait_ns / 1000));
}

static void say_ended(const char *name, int code)
{
	char text[128];
	if (code > 128)
		snprintf(text, sizeof text, "the %s was ended by signal %d: it is started again",
			name, code - 128);
	else
		snprintf(text, sizeof text, "the %s ended with code %d: it is started again", name,
			code);
	cli_say(text, "");
}

/* -1: goes on; else the exit code.  What is damaged stays so; what never stood is not tried again.
 */
static int look_after(struct warden *w, struct err *e)
{
	int code;
	if (child_ended(&w->core.child, &code)) {
		stop_sealer(w); /* its channel has ended, and so does it */
		if (!w->was_ready || code == EXIT_PROBLEMS)
			return e->code = 0, code; /* it has said why */
		say_ended("core", code);
		back_off(&w->core);
		return start_core(w, e) < 0 ? EXIT_FAILED : -1;
	}
	if (child_ended(&w->sealer.child, &code)) {
		if (code == EXIT_PROBLEMS || (!w->was_ready && code && code < 128))
			return e->code = 0, code;
		if (code)
			say_ended("sealer", code);
		else
			cli_say("the process with the key ended: it is started again", "");
		stop_sealer(w); /* the process with its key */
		back_off(&w->sealer);
		return start_sealer(w, e) < 0 ? EXIT_FAILED : -1;
	}
	return -1;
}

static void hear(struct warden *w)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	struct err e;
	char text[PATH_MAX + 64];
	if (ipc_receive(w->core.child.channel, room, sizeof room, &m, &e) < 0 ||
		m.type != CORE_READY)
		return;
	w->was_ready = true;
	uint64_t size = cur_be64(&m.body);
	snprintf(text, sizeof text, "%s is open; the ledger has %llu %s", w->socket,
		(unsigned long long)size, ledger_entries(size));
	cli_say(text, "");
}

static int stop(struct warden *w, struct err *e)
{
	struct err gone;
	int64_t until = clock_monotonic() + STOP_MS * (CLOCK_SECOND / 1000);
	int code = -1, other = 0;
	if (ipc_send(w->core.child.channel, CORE_STOP, NULL, 0, &gone) < 0)
		until = 0;
	while (!child_ended(&w->core.child, &code) && clock_monotonic() < until) {
		poll(NULL, 0, LOOK_MS / 10);
		if (!child_ended(&w->sealer.child, &other) || !other)
			continue;
		stop_sealer(w);
		if (start_sealer(w, e) < 0)
			break;
	}
	child_stop(&w->core.child, 0, &gone);
	stop_sealer(w);
	if (code < 0)
		return err_set(e, -ETIMEDOUT, "the core did not end in time"), EXIT_FAILED;
	e->code = 0; /* it has said why */
	return code;
}

static int guard(struct warden *w, struct err *e)
{
	interrupt_catch();
	if (start_core(w, e) < 0)
		return EXIT_FAILED;
	while (!interrupted()) {
		struct pollfd p = { .fd = w->core.child.channel, .events = POLLIN };
		if (poll(&p, 1, LOOK_MS) > 0 && p.revents & POLLIN)
			hear(w);
		int code = look_after(w, e);
		if (code >= 0) {
			struct err gone;
			child_stop(&w->core.child, ENDS_MS, &gone);
			stop_sealer(w);
			return code > 128 ? EXIT_FAILED : code;
		}
	}
	return stop(w, e);
}

/* --- before anybody is served --- */

struct serve_opts {
	struct ledger_opts ledger;
	const char *key, *passphrase_file;
	bool witnessed;
};

static int take_passphrase(struct warden *w, const struct serve_opts *o, struct err *e)
{
	struct keyfile file;
	int r = keyfile_read(w->paths.key, &file, e);
	bool sealed = r == 0 && file.sealed;
	keyfile_done(&file);
	return sealed ? passphrase_take(
				&w->held, o->passphrase_file, "Passphrase of the signing key: ", e)
		      : r;
}

/* A change of keys that was broken off ends with a head that both have signed. */
static int end_change(struct warden *w, struct err *e)
{
	struct ledger *l = NULL;
	struct err late;
	const struct ledger_config config = { &w->home->files, &w->keeper.signer, 0, 0 };
	int r = ledger_open(&l, &config, clock_monotonic(), e);
	if (r == 0)
		r = ledger_finish(l, clock_monotonic(), e);
	ledger_close(l);
	if (r == 0)
		r = ledger_keeper_changed(&w->keeper, &w->paths, w->home, e);
	return err_end(e, r, ledger_keeper_stop(&w->keeper, &late), &late);
}

/* The lock stays with the warden, whatever becomes of the others. */
static int prepare(struct warden *w, const struct serve_opts *o, struct err *e)
{
	const struct ledger_home *h = w->home;
	int r = ledger_beside(h->dir, ".socket", w->socket, e);
	if (r == 0)
		r = key_paths_of(&w->paths, h->dir, o->key, e);
	if (r == 0)
		r = ledger_home_lock(h, e);
	if (r == 0)
		r = key_paths_settle(&w->paths, h, e);
	if (r == 0)
		r = take_passphrase(w, o, e);
	if (r == 0)
		r = start_keeper(w, e);
	if (r == 0)
		r = witnesses_agree(h, o->witnessed, e);
	if (r == 0 && w->keeper.changing)
		r = end_change(w, e);
	return r;
}

static int run_serve(struct cli *cli, const void *opts, struct err *e)
{
	const struct serve_opts *o = opts;
	struct ledger_home h;
	static struct warden w;
	(void)cli;
	if (ledger_home_open(&h, o->ledger.dir, e) < 0)
		return ledger_exit(e);
	w.home = &h;
	w.core.child.channel = w.sealer.child.channel = w.keeper.child.channel = -1;
	int code = prepare(&w, o, e) < 0 ? ledger_exit(e) : guard(&w, e);
	stop_sealer(&w);
	passphrase_drop(&w.held);
	ledger_home_close(&h);
	return code;
}

static const struct opt serve_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "the signing key (DIR.key)", offsetof(struct serve_opts, key),
		NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE", "its passphrase, where it is sealed",
		offsetof(struct serve_opts, passphrase_file), NULL },
	{ OPT_FLAG, 0, "witnessed", NULL, "only where every witness answered",
		offsetof(struct serve_opts, witnessed), NULL },
	{ 0 },
};

static const char *const serve_examples[] = { "weir ledger serve --dir /srv/ledger",
	"takes entries on /srv/ledger.socket until SIGTERM or ^C", NULL };

const struct verb verb_ledger_serve = {
	.name = "ledger serve",
	.brief = "Write for everybody: take entries on a socket until told to stop",
	.about =
		"Entries of all askers that come while one sync runs are the next batch, so many cost "
		"hardly more than one. An answer means that the entry is on the disk; a moment later it "
		"is in a signed checkpoint. weir ledger append uses the socket by itself.",
	.examples = serve_examples,
	.opts_size = sizeof(struct serve_opts),
	.opts = serve_opts,
	.run = run_serve,
};
