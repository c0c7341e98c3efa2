/* weir ledger serve: the warden of a ledger's processes, and of nothing else. */
#include <poll.h>

#include "base/interrupt.h"
#include "cli/ledger/guard.h"

enum { LOOK_MS = 50 };

struct serve_opts {
	struct ledger_opts ledger;
	struct ledger_guard_opts guard;
};

static int guard(struct ledger_guard *g, struct err *e)
{
	interrupt_catch();
	if (ledger_guard_start(g, e) < 0)
		return EXIT_FAILED;
	while (!interrupted()) {
		struct pollfd p = { .fd = ledger_guard_fd(g), .events = POLLIN };
		if (poll(&p, 1, LOOK_MS) > 0 && p.revents & POLLIN)
			ledger_guard_hear(g);
		int code = ledger_guard_look(g, e);
		if (code >= 0) {
			ledger_guard_break(g);
			return code > 128 ? EXIT_FAILED : code;
		}
	}
	return ledger_guard_stop(g, e);
}

static int run_serve(struct cli *cli, const void *opts, struct err *e)
{
	const struct serve_opts *o = opts;
	struct ledger_home h;
	static struct ledger_guard g;
	(void)cli;
	if (ledger_home_open(&h, o->ledger.dir, e) < 0)
		return ledger_exit(e);
	int code = ledger_guard_prepare(&g, &h, &o->guard, e) < 0 ? ledger_exit(e) : guard(&g, e);
	ledger_guard_done(&g);
	ledger_home_close(&h);
	return code;
}

static const struct opt serve_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "the signing key (DIR.key)",
		offsetof(struct serve_opts, guard.key), NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE", "its passphrase, where it is sealed",
		offsetof(struct serve_opts, guard.passphrase_file), NULL },
	{ OPT_FLAG, 0, "witnessed", NULL, "only where every witness answered",
		offsetof(struct serve_opts, guard.witnessed), NULL },
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
