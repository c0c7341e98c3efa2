/* weir ledger append: entries on standard input, their numbers on standard output. */
#include "cli/ledger/writer.h"

#include <errno.h>

struct append_opts {
	struct ledger_write_opts write;
	bool witnessed, secret;
};

struct appending {
	struct cli *cli;
	const struct append_opts *o;
	struct ledger_home home;
};

static void print_numbers(void *self, uint64_t first, uint32_t count)
{
	const struct appending *a = self;
	for (uint64_t n = first; n < first + count; n++)
		out_fmt(a->cli->out, "%llu\n", (unsigned long long)n);
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

static int append_served(void *self, struct served *served, struct err *e)
{
	struct appending *a = self;
	if (a->o->witnessed) {
		err_set(e, -EBUSY,
			"--witnessed: %s is served, and who serves it has asked the witnesses",
			a->home.dir);
		return err_try(e, "weir ledger serve --witnessed, and append without it");
	}
	struct writer *w = writer_new(a->cli, &a->o->write, a->home.key.name, e);
	if (!w)
		return e->code;
	w->self = (void *)a->o;
	w->served = served;
	int r = append_entries(w, e);
	writer_free(w);
	return r;
}

static int append_directly(void *self, struct err *e)
{
	struct appending *a = self;
	return writer_do(a->cli, &a->o->write, a->o->witnessed, &a->home, append_entries,
		(void *)a->o, NULL, e);
}

static int run_append(struct cli *cli, const void *opts, struct err *e)
{
	struct appending a = { .cli = cli, .o = opts };
	const struct served_ways ways = { append_served, print_numbers, append_directly, &a };
	int r = ledger_home_open(&a.home, a.o->write.ledger.dir, e);
	if (r == 0)
		r = served_or_direct(a.home.dir, &ways, e);
	if (r < 0 && cli->out->failed) {
		err_in(e, "the entries are written, but their numbers cannot be told");
		err_try(e, "weir ledger tail --dir %s", a.home.dir);
	} else if (r == -ENOSPC || r == -EDQUOT)
		err_try(e, "make room, then append what got no number");
	ledger_home_close(&a.home);
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
