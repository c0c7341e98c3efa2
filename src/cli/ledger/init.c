/* weir ledger init: a folder, a key beside it, and the first entry. */
#include "cli/ledger/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/keeper.h"

struct init_opts {
	struct ledger_write_opts write;
	const char *origin;
	bool sealed;
};

static bool has_files(int fd)
{
	struct stat s;
	return fstatat(fd, "ledger", &s, 0) == 0 || fstatat(fd, "checkpoint", &s, 0) == 0;
}

static int make_home(struct ledger_home *h, const char *dir, struct err *e)
{
	*h = (struct ledger_home){ .dir = dir ? dir : LEDGER_DIR, .fd = -1 };
	if (mkdir(h->dir, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make the folder %s", h->dir);
	h->fd = open(h->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0)
		return err_sys(e, "open %s", h->dir);
	h->files = files_real(h->fd);
	return has_files(h->fd) ? err_set(e, -EEXIST, "%s is a ledger already", h->dir)
				: keyfile_sync_folder(h->dir, e);
}

/* It is of a ledger that is gone, or of one that was not begun to the end. */
static int put_aside(const char *path, struct err *e)
{
	err_try(e, "mv %s %s.aside", path, path);
	return -EEXIST;
}

/* The key, and beside it the head that it signed last: none yet. */
static int make_key(struct ledger_home *h, const struct key_paths *p,
	const struct passphrase_kept *held, struct err *e)
{
	struct sign_key *secret = NULL;
	struct checkpoint none = { .root = merkle_empty() };
	snprintf(none.origin, sizeof none.origin, "%s", h->key.name);
	if (access(p->head, F_OK) == 0) {
		err_set(e, -EEXIST, "%s is there already", p->head);
		return put_aside(p->head, e);
	}
	int r = keyfile_make(
		p->key, h->key.name, clock_wall(), passphrase_of(held), &keyfile_cost, &secret, e);
	if (r < 0)
		return r == -EEXIST ? put_aside(p->key, e) : r;
	h->key = note_key_of(none.origin, NOTE_ED25519, secret);
	sign_key_free(secret);
	r = head_file_make(p->head, &none, e);
	return r < 0 ? r : ledger_mark(&h->files, &h->key, e);
}

static int name_home(struct ledger_home *h, const char *origin, struct err *e)
{
	char host[NOTE_NAME - 16] = "site";
	if (!origin && gethostname(host, sizeof host - 1) < 0)
		return err_sys(e, "find a name for the ledger");
	int size = snprintf(h->key.name, sizeof h->key.name, "%s%s", origin ? origin : host,
		origin ? "" : "/ledger");
	if (note_name_fits(h->key.name) && (size_t)size < sizeof h->key.name &&
		!strpbrk(h->key.name, "\"\\"))
		return 0;
	return err_set(e, -EINVAL, "--origin %s: no white space, plus sign, quote or backslash",
		h->key.name);
}

static int no_more(struct writer *w, struct err *e)
{
	(void)w;
	(void)e;
	return 0;
}

static int run_init(struct cli *cli, const void *opts, struct err *e)
{
	const struct init_opts *o = opts;
	struct ledger_home h = { .fd = -1 }, named = { 0 };
	struct ledger_keeper k = { 0 };
	struct key_paths p;
	struct passphrase_kept held = { 0 };
	struct err late;
	char text[NOTE_KEY_TEXT];
	if (name_home(&named, o->origin, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = 0;
	if (o->sealed || o->write.passphrase_file)
		r = passphrase_choose(&held, o->write.passphrase_file, e);
	if (r == 0)
		r = make_home(&h, o->write.ledger.dir, e);
	h.key = named.key;
	if (r == 0)
		r = key_paths_of(&p, h.dir, o->write.key, e);
	if (r == 0)
		r = ledger_home_lock(&h, e);
	if (r == 0)
		r = make_key(&h, &p, &held, e);
	if (r == 0)
		r = ledger_keeper_start(&k, p.key, NULL, p.head, &h, &held, NULL, e);
	if (r == 0)
		r = writer_with(cli, &o->write, &h, &k.signer, no_more, NULL, e);
	r = err_end(e, r, ledger_keeper_stop(&k, &late), &late);
	if (r == 0) {
		note_key_text(&h.key, text);
		out_fmt(cli->out, "made %s; its key is %s, %s\n", h.dir, p.key,
			held.room ? "sealed with the passphrase" : "for nobody's eyes");
		out_fmt(cli->out, "give this to whoever checks it:\n%s\n", text);
	}
	passphrase_drop(&held);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

int ledger_begin(struct cli *cli, const char *dir, const char *origin, struct err *e)
{
	const struct init_opts o = { .write.ledger.dir = dir, .origin = origin };
	return run_init(cli, &o, e);
}

static const struct opt init_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "where the signing key goes (DIR.key)",
		offsetof(struct ledger_write_opts, key), NULL },
	{ OPT_TEXT, 0, "origin", "NAME", "what checkpoints call it (HOST/ledger)",
		offsetof(struct init_opts, origin), NULL },
	{ OPT_FLAG, 's', "sealed", NULL, "seal the key with a passphrase, asked for twice",
		offsetof(struct init_opts, sealed), NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE", "seal it with the passphrase in this file",
		offsetof(struct ledger_write_opts, passphrase_file), NULL },
	{ 0 },
};

static const char *const init_examples[] = {
	"weir ledger init --dir /srv/ledger --origin plant.example/north",
	"an empty ledger, and beside it /srv/ledger.key", NULL
};

const struct verb verb_ledger_init = {
	.name = "ledger init",
	.brief = "Begin a ledger: a folder, and a key beside it",
	.about =
		"The folder is a C2SP tlog-tiles log: any copy of it can be checked by itself. The key "
		"signs its checkpoints and stays where only the writer reads it.",
	.examples = init_examples,
	.opts_size = sizeof(struct init_opts),
	.opts = init_opts,
	.run = run_init,
};
