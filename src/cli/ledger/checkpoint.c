/* weir ledger checkpoint: the signed head, as text or as a code for paper. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/ledger.h"
#include "cli/qr.h"

struct checkpoint_opts {
	struct ledger_opts ledger;
	bool qr;
	const char *svg;
};

static int print_code(struct cli *cli, const char *note, struct err *e)
{
	struct qr *q;
	int r = qr_new(&q, note, false, e);
	if (r < 0)
		return r;
	unsigned columns = qr_columns(q) * (cli->out->ascii ? 2 : 1);
	if (cli->tty_out && columns > cli->columns) {
		r = err_set(e, -EMSGSIZE, "the code is %u columns wide, the terminal %u", columns,
			cli->columns);
		err_try(e, "a smaller font, or --svg FILE");
	} else {
		qr_print(q, cli->out, cli->colour);
	}
	qr_free(q);
	return r;
}

static int draw_code(
	const char *path, const struct checkpoint *head, const char *note, struct err *e)
{
	char title[NOTE_NAME + 64], below[96], when[CLOCK_TEXT], buffer[8192];
	struct qr *q;
	int r = qr_new(&q, note, true, e);
	if (r < 0)
		return r;
	clock_text(clock_wall(), when);
	snprintf(title, sizeof title, "checkpoint of %s", head->origin);
	snprintf(below, sizeof below, "%.60s: %llu %s, printed %.10s", head->origin,
		(unsigned long long)head->size, ledger_entries(head->size), when);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		r = err_sys(e, "make %s", path);
	} else {
		struct out o = out_fd(fd, buffer, sizeof buffer);
		qr_svg(q, &o, title, below);
		r = out_flush(&o, e) < 0 ? err_in(e, "write %s", path) : 0;
		if (close(fd) < 0 && r == 0)
			r = err_sys(e, "write %s", path);
	}
	qr_free(q);
	return r;
}

static int run_checkpoint(struct cli *cli, const void *opts, struct err *e)
{
	const struct checkpoint_opts *o = opts;
	struct ledger_home h;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0)
		r = ledger_home_head(&h, &head, note, e);
	if (r == 0 && o->svg)
		r = draw_code(o->svg, &head, note, e);
	if (r == 0 && o->qr)
		r = print_code(cli, note, e);
	if (r == 0 && !o->qr && !o->svg)
		out_str(cli->out, note);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt checkpoint_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_FLAG, 0, "qr", NULL, "as a code that a telephone reads off the screen",
		offsetof(struct checkpoint_opts, qr), NULL },
	{ OPT_TEXT, 0, "svg", "FILE", "as a code for paper", offsetof(struct checkpoint_opts, svg),
		NULL },
	{ 0 },
};

static const char *const checkpoint_examples[] = { "weir ledger checkpoint > kept",
	"the head of today, to compare with later: weir ledger verify --from kept",
	"weir ledger checkpoint --svg head.svg",
	"the same for paper: what hangs in a safe, nobody changes from afar", NULL };

const struct verb verb_ledger_checkpoint = {
	.name = "ledger checkpoint",
	.brief = "The signed head, as text or as a code for paper",
	.examples = checkpoint_examples,
	.opts_size = sizeof(struct checkpoint_opts),
	.opts = checkpoint_opts,
	.run = run_checkpoint,
};
