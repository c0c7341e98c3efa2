/* weir ledger append: entries on standard input, their numbers on standard output. */
#include "cli/ledger/writer.h"

#include <errno.h>

struct append_opts {
	struct ledger_write_opts write;
	bool witnessed, secret;
};

static void print_numbers(void *self, uint64_t first, uint32_t count)
{
	struct writer *w = self;
	for (uint64_t n = first; n < first + count; n++)
		out_fmt(w->cli->out, "%llu\n", (unsigned long long)n);
}

static int append_entries(struct writer *w, struct err *e)
{
	const struct append_opts *o = w->self;
	struct ledger_secrets secrets = { .dir = o->write.ledger.dir, .fd = -1 };
	w->means = (struct entry_means){
		.all_secret = o->secret, .seal = ledger_secrets_seal, .self = &secrets
	};
	int r = writer_all(w, e);
	ledger_secrets_close(&secrets);
	return r;
}

/* Through whoever serves it; -ENOENT: nobody. */
static int append_served(
	struct cli *cli, const struct append_opts *o, const struct ledger_home *h, struct err *e)
{
	struct writer *w = writer_new(cli, &o->write, h->key.name, e);
	if (!w)
		return e->code;
	w->self = (void *)o;
	int r = served_open(&w->served, h->dir, print_numbers, w, e);
	if (r == 0) {
		r = append_entries(w, e);
		served_close(w->served);
		if (r == -ENOENT)
			r = e->code = -EIO; /* of the writer's, not of the socket */
	}
	writer_free(w);
	return r;
}

static int run_append(struct cli *cli, const void *opts, struct err *e)
{
	const struct append_opts *o = opts;
	struct ledger_home h;
	int r = ledger_home_open(&h, o->write.ledger.dir, e);
	if (r == 0)
		r = append_served(cli, o, &h, e);
	if (r == -ENOENT && h.fd >= 0)
		r = writer_do(cli, &o->write, o->witnessed, &h, append_entries, (void *)o, NULL, e);
	if (r == -ENOSPC || r == -EDQUOT)
		err_try(e, "make room, then append what got no number");
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt append_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "the signing key (DIR.key)",
		offsetof(struct ledger_write_opts, key), NULL },
	{ OPT_TEXT, 0, "actor", "NAME", "who did it, where an entry does not say (local)",
		offsetof(struct ledger_write_opts, actor), NULL },
	{ OPT_FLAG, 0, "secret", NULL, "store data under the key of the subject",
		offsetof(struct append_opts, secret), NULL },
	{ OPT_FLAG, 0, "witnessed", NULL, "write only if every witness can be asked, and agrees",
		offsetof(struct append_opts, witnessed), NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE",
		"where the passphrase of a sealed key stands (asked for)",
		offsetof(struct ledger_write_opts, passphrase_file), NULL },
	{ 0 },
};

static const char *const append_examples[] = {
	"echo '{\"kind\":\"note\",\"subject\":\"pump 3\"}' | weir ledger append --dir /srv/ledger",
	"prints the entry's number once it is on the disk",
	"echo '{\"kind\":\"note\",\"subject\":\"p-17\",\"secret\":{\"pin\":7}}' | weir ledger append",
	"what is secret can be erased later: weir ledger erase p-17", NULL
};

const struct verb verb_ledger_append = {
	.name = "ledger append",
	.brief = "Write entries, one JSON object a line on standard input",
	.about =
		"An entry is an object with kind, subject, actor, at, site and data; the last four have "
		"defaults. A member secret, an object, is stored under a key of the subject, which weir "
		"ledger erase destroys. Its number is printed once it is on the disk. A line that is no entry ends the "
		"reading; what came before it stays.",
	.examples = append_examples,
	.opts_size = sizeof(struct append_opts),
	.opts = append_opts,
	.run = run_append,
};
