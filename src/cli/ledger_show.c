/* weir ledger show: entries, one line each. */
#include <errno.h>

#include "cli/ledger_find.h"
#include "cli/ledger_line.h"

struct opts {
	struct find_opts find;
	bool json;
};

struct show {
	const struct cli *cli;
	bool json;
};

static int show_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	const struct show *s = self;
	(void)e;
	if (s->json)
		ledger_line_json(s->cli, sequence, bytes, size, signed_yet);
	else
		ledger_line(s->cli, sequence, bytes, size, signed_yet);
	return s->cli->out->failed; /* whoever read has gone */
}

static int run(struct cli *cli, const void *opts, struct err *e)
{
	const struct opts *o = opts;
	struct show s = { cli, o->json };
	struct ledger_ask ask;
	struct ledger_finder f;
	uint64_t count = 0;
	if (ledger_ask_of(&o->find, &ask, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = ledger_finder_open(&f, &o->find, cli->tty_err, e);
	if (r < 0)
		return ledger_exit(e);
	r = ledger_find(&f, &ask, show_entry, &s, &count, e);
	uint64_t head = f.view.head.size;
	ledger_finder_close(&f);
	if (r < 0)
		return ledger_exit(e);
	if (count)
		return EXIT_DONE;
	err_set(e, -ENOENT, "none of the %llu entries is one of these", (unsigned long long)head);
	err_try(e, "less of --kind, --asset, --since ...");
	return EXIT_NOT_FOUND;
}

static const struct opt show_opts[] = {
	FILTER_OPTS,
	RANGE_OPTS,
	{ OPT_FLAG, 'j', "json", NULL, "one JSON object a line", offsetof(struct opts, json),
		NULL },
	{ 0 },
};

static const char *const examples[] = { "weir ledger show --kind finding --since 2026-11-22",
	"findings from that day on, one line each; * behind the number: not in a checkpoint yet",
	"weir ledger show --asset plc-7 --last 20", "the last things about a controller",
	"weir ledger show --json | jq .entry.data", "everything, for scripts", NULL };

const struct verb verb_ledger_show = {
	.name = "ledger show",
	.brief = "The entries, one line each",
	.about =
		"Asks the store beside the ledger, DIR.store, where there is one, after it took in what "
		"is new; else reads the ledger itself. Both give the same. What the store shows is held "
		"against the ledger's hashes.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = show_opts,
	.run = run,
};
