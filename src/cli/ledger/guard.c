#include "cli/ledger/guard.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/ipc.h"
#include "cli/ledger/witnesses.h"
#include "ledger/ledger.h"

enum { LOOK_MS = 5, STOP_MS = 90 * 1000, ENDS_MS = 10 * 1000 };

static int start_keeper(struct ledger_guard *g, struct err *e)
{
	bool changing = access(g->paths.before, F_OK) == 0;
	return ledger_keeper_start(&g->keeper, g->paths.key, changing ? g->paths.before : NULL,
		g->paths.head, g->home, g->held.room ? &g->held : NULL, NULL, e);
}

/* The lock is of the open folder, whoever has it: it lasts until the last of them has ended. */
static int start_with_folder(struct ledger_guard *g, struct kept *k, const char *name,
	const char *const *arguments, struct err *e)
{
	int r = kept_start(k, name, arguments, e);
	return r < 0 ? r : ipc_send_fd(k->child.channel, WARDEN_FOLDER, g->home->fd, e);
}

static void give_away(int *channel)
{
	if (*channel >= 0)
		close(*channel);
	*channel = -1;
}

/* A sealer's channel leads to the core, and the key's to the sealer; the warden keeps no end of
 * them.  So each sealer has a key process of its own, that ends with it. */
static int start_sealer(struct ledger_guard *g, struct err *e)
{
	int *sealer = &g->sealer.child.channel, *key = &g->keeper.child.channel;
	int r = g->keeper.child.pid > 0 ? 0 : start_keeper(g, e);
	if (r == 0)
		r = start_with_folder(g, &g->sealer, "sealer", NULL, e);
	if (r == 0)
		r = ipc_send_fd(*sealer, SEALER_KEY, *key, e);
	if (r == 0)
		r = ipc_send_fd(g->core.child.channel, CORE_SEALER, *sealer, e);
	give_away(sealer);
	give_away(key);
	return r == -EPIPE ? 0 : r; /* one of them has ended: that is seen soon enough */
}

static void stop_sealer(struct ledger_guard *g)
{
	struct err gone;
	child_stop(&g->sealer.child, ENDS_MS, &gone);
	child_stop(&g->keeper.child, ENDS_MS, &gone);
}

int ledger_guard_start(struct ledger_guard *g, struct err *e)
{
	const char *arguments[] = { g->home->dir, g->socket, NULL };
	int r = start_with_folder(g, &g->core, "core", arguments, e);
	return r < 0 && r != -EPIPE ? r : start_sealer(g, e);
}

static int look_at_core(struct ledger_guard *g, struct err *e)
{
	int code;
	if (!child_ended(&g->core.child, &code))
		return -1;
	stop_sealer(g); /* its channel has ended, and so does it */
	g->sealer.due_ns = 0;
	if (!g->was_ready || code == EXIT_PROBLEMS)
		return e->code = 0, code; /* it has said why */
	kept_fell(&g->core, "the core", code);
	return -1;
}

/* A sealer that has nothing to sign would not notice for long. */
static void look_at_key(struct ledger_guard *g)
{
	struct err gone;
	int code;
	if (!g->was_ready || !child_ended(&g->keeper.child, &code))
		return;
	kept_fell(&g->sealer, "the process with the key", code);
	child_stop(&g->sealer.child, 0, &gone);
}

static int look_at_sealer(struct ledger_guard *g, struct err *e)
{
	int code;
	if (!child_ended(&g->sealer.child, &code)) {
		look_at_key(g);
		return -1;
	}
	if (code == EXIT_PROBLEMS || (!g->was_ready && code && code < 128))
		return e->code = 0, code;
	kept_fell(&g->sealer, code ? "the sealer" : "the process with the key", code);
	stop_sealer(g); /* the process with its key */
	return -1;
}

int ledger_guard_look(struct ledger_guard *g, struct err *e)
{
	int code = g->core.due_ns ? -1 : look_at_core(g, e);
	if (code < 0 && !g->core.due_ns && !g->sealer.due_ns)
		code = look_at_sealer(g, e);
	if (code >= 0)
		return code;
	if (kept_is_due(&g->core))
		return ledger_guard_start(g, e) < 0 ? EXIT_FAILED : -1;
	if (!g->core.due_ns && kept_is_due(&g->sealer))
		return start_sealer(g, e) < 0 ? EXIT_FAILED : -1;
	return -1;
}

int ledger_guard_fd(const struct ledger_guard *g)
{
	return g->core.child.channel;
}

bool ledger_guard_hear(struct ledger_guard *g)
{
	uint8_t room[IPC_HEAD + 8];
	struct ipc_message m;
	struct err e;
	char text[PATH_MAX + 64];
	if (ipc_receive(g->core.child.channel, room, sizeof room, &m, &e) < 0 ||
		m.type != CORE_READY)
		return false;
	g->was_ready = true;
	uint64_t size = cur_be64(&m.body);
	snprintf(text, sizeof text, "%s is open; the ledger has %llu %s", g->socket,
		(unsigned long long)size, ledger_entries(size));
	cli_say(text, "");
	return true;
}

int ledger_guard_stop(struct ledger_guard *g, struct err *e)
{
	struct err gone;
	int64_t until = clock_monotonic() + STOP_MS * (CLOCK_SECOND / 1000);
	int code = -1, other = 0;
	if (g->core.due_ns) /* it fell, and nobody is there to bring anything to an end */
		return err_set(e, -ESRCH, "the core %s, and was not running", g->core.why),
		       EXIT_FAILED;
	if (ipc_send(g->core.child.channel, CORE_STOP, NULL, 0, &gone) < 0)
		until = 0;
	while (!child_ended(&g->core.child, &code) && clock_monotonic() < until) {
		poll(NULL, 0, LOOK_MS);
		if (!child_ended(&g->sealer.child, &other) || !other)
			continue;
		stop_sealer(g);
		if (start_sealer(g, e) < 0)
			break;
	}
	child_stop(&g->core.child, 0, &gone);
	stop_sealer(g);
	if (code < 0)
		return err_set(e, -ETIMEDOUT, "the core did not end in time"), EXIT_FAILED;
	e->code = 0; /* it has said why */
	return code;
}

void ledger_guard_break(struct ledger_guard *g)
{
	struct err gone;
	child_stop(&g->core.child, ENDS_MS, &gone);
	stop_sealer(g);
}

/* --- before anybody is served --- */

static int take_passphrase(struct ledger_guard *g, const struct ledger_guard_opts *o, struct err *e)
{
	struct keyfile file;
	int r = keyfile_read(g->paths.key, &file, e);
	bool sealed = r == 0 && file.sealed;
	keyfile_done(&file);
	return sealed ? passphrase_take(
				&g->held, o->passphrase_file, "Passphrase of the signing key: ", e)
		      : r;
}

/* A change of keys that was broken off ends with a head that both have signed. */
static int end_change(struct ledger_guard *g, struct err *e)
{
	struct ledger *l = NULL;
	struct err late;
	const struct ledger_config config = { &g->home->files, &g->keeper.signer, 0, 0 };
	int r = ledger_open(&l, &config, clock_monotonic(), e);
	if (r == 0)
		r = ledger_finish(l, clock_monotonic(), e);
	ledger_close(l);
	if (r == 0)
		r = ledger_keeper_changed(&g->keeper, &g->paths, g->home, e);
	return err_end(e, r, ledger_keeper_stop(&g->keeper, &late), &late);
}

/* The lock stays with the warden, whatever becomes of the others. */
int ledger_guard_prepare(struct ledger_guard *g, const struct ledger_home *home,
	const struct ledger_guard_opts *o, struct err *e)
{
	*g = (struct ledger_guard){ .home = home };
	g->core.child.channel = g->sealer.child.channel = g->keeper.child.channel = -1;
	int r = ledger_beside(home->dir, ".socket", g->socket, e);
	if (r == 0)
		r = key_paths_of(&g->paths, home->dir, o->key, e);
	if (r == 0)
		r = ledger_home_lock(home, e);
	if (r == 0)
		r = key_paths_settle(&g->paths, home, e);
	if (r == 0)
		r = take_passphrase(g, o, e);
	if (r == 0)
		r = start_keeper(g, e);
	if (r == 0)
		r = witnesses_agree(home, o->witnessed, e);
	if (r == 0 && g->keeper.changing)
		r = end_change(g, e);
	return r;
}

void ledger_guard_done(struct ledger_guard *g)
{
	stop_sealer(g);
	passphrase_drop(&g->held);
}
