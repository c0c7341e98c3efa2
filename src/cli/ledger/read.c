/* weir ledger verify, prove, checkpoint: what a ledger says of itself, and whether it holds. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/ledger/export.h"
#include "cli/ledger/find.h"
#include "cli/ledger/gone.h"
#include "cli/ledger/lock.h"
#include "ledger/check.h"
#include "ledger/compare.h"
#include "report/glyph.h"

/* --- verify --- */

struct verify_opts {
	struct ledger_opts ledger;
	const char *key, *from, *also, *against, *export;
};

static void see_gone(void *self, uint64_t first, uint64_t last, const char *to)
{
	gone_runs_add(self, first, last, to);
}

static void print_gone(struct out *o, const struct gone_runs *g, uint64_t all)
{
	for (size_t i = 0; i < g->count && i < GONE_TOLD; i++) {
		out_fmt(o, "entries %llu to %llu were ", (unsigned long long)g->runs[i].first,
			(unsigned long long)g->runs[i].last);
		if (g->runs[i].to[0]) {
			out_str(o, "moved to ");
			text_out(o, g->runs[i].to);
			out_str(o, " (--also checks them there); their hashes hold\n");
		} else {
			out_str(o, "let go after their retention; their hashes hold\n");
		}
	}
	if (g->count > GONE_TOLD)
		out_fmt(o, "and so were %zu more ranges, %llu entries in all\n",
			g->count - GONE_TOLD, (unsigned long long)all);
}

/* A checkpoint that somebody kept.  Where another key than the known one signed it, the tree must
 * tell first whose that is. */
struct kept {
	const char *path;
	char bytes[NOTE_MAX];
	struct note note;
	struct checkpoint head;
};

static int read_kept(struct kept *k, const struct note_key *key, struct err *e)
{
	int fd = open(k->path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, k->bytes, sizeof k->bytes);
	int r = size < 0 ? err_sys(e, "read %s", k->path) : 0;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = note_read(cur_of(k->bytes, (size_t)size), &k->note, e);
	if (r == 0 && note_has(&k->note, key))
		r = note_check(&k->note, key, NULL, e);
	if (r == 0)
		r = checkpoint_read(k->note.text, &k->head, e);
	if (r < 0)
		err_in(e, "%s", k->path);
	return r;
}

void ledger_progress(void *self, uint64_t done, uint64_t all)
{
	(void)self;
	if (all > 1000000)
		fprintf(stderr, "\r%llu of %llu entries", (unsigned long long)done,
			(unsigned long long)all);
}

static void print_checked(struct out *o, const struct ledger_home *h,
	const struct ledger_checked *found, bool own_key)
{
	char root[64], key[NOTE_KEY_TEXT];
	base64_text(found->head.root.b, sizeof found->head.root.b, root);
	note_key_text(&h->key, key);
	out_fmt(o, "%s holds: %llu %s, root %s\n", h->dir, (unsigned long long)found->head.size,
		ledger_entries(found->head.size), root);
	if (!own_key)
		out_fmt(o,
			"signed by the key that the folder itself names (--key to be sure): %s\n",
			key);
	if (found->cosigned)
		out_fmt(o, "%u witness%s signed it, too: weir ledger witness ask looks at that\n",
			found->cosigned, found->cosigned == 1 ? "" : "es");
	for (unsigned i = 0; i < found->keys.count; i++) {
		const struct key_change *c = &found->keys.changes[i];
		out_fmt(o, "entry %llu changes the key from %08x to %08x, signed by both\n",
			(unsigned long long)c->at, c->old.id, c->new.id);
	}
	if (found->in_log)
		out_fmt(o, "%llu more %s for a checkpoint\n", (unsigned long long)found->in_log,
			found->in_log == 1 ? "entry waits" : "entries wait");
	if (found->has_unknown)
		out_fmt(o,
			"entry %llu is no rule of retention that this version knows: it is taken for none\n",
			(unsigned long long)found->unknown);
	if (found->strange)
		out_fmt(o, "%llu file%s no part of it, %s for one\n",
			(unsigned long long)found->strange, found->strange == 1 ? " is" : "s are",
			found->one_strange);
}

static int verify_export(struct cli *cli, const struct verify_opts *o, struct err *e)
{
	struct ledger_audit a = { .own_key = o->key };
	char key[NOTE_KEY_TEXT];
	if (o->key && ledger_key_read(o->key, &a.key, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (ledger_audit(o->export, &a, e) < 0)
		return ledger_exit(e);
	note_key_text(&a.key, key);
	out_fmt(cli->out, "%s holds: %llu %s, %llu to %llu, of the %llu that '%s' signed\n",
		o->export, (unsigned long long)a.entries, ledger_entries(a.entries),
		(unsigned long long)a.first, (unsigned long long)a.last,
		(unsigned long long)a.head.size, a.key.name);
	if (!o->key)
		out_fmt(cli->out, "signed by the key that it names itself (--key to be sure): %s\n",
			key);
	return EXIT_DONE;
}

static int check_kept(const struct kept *k, const struct keys *keys, struct err *e)
{
	int r = keys_check(keys, &k->note, k->head.size, NULL, e);
	return r < 0 ? err_in(e, "%s", k->path), r : 0;
}

/* The folder may name any key; where one was handed over another way, the tree says whose the
 * others are. */
static int check_named(const struct note_key *named, const struct keys *keys, struct err *e)
{
	return keys_have(keys, named)
		? 0
		: err_set(e, -EBADMSG, "its file 'ledger' names another key: %s+%08x", named->name,
			  named->id);
}

/* Before everything is hashed: whether it can be a key of this ledger.  It is named, it signed the
 * checkpoint, or an entry says that it was one in between.  Nothing is believed yet but a no. */
static int may_be_its_key(const struct files *files, const struct note_key *key, struct err *e)
{
	static struct keys keys;
	struct note_key first, present;
	struct checkpoint head;
	struct err none;
	char note[NOTE_MAX + 1];
	int r = ledger_keys_named(files, &first, &present, e);
	if (r < 0 || note_key_same(key, &first) || note_key_same(key, &present) ||
		ledger_head(files, key, &head, note, &none) == 0)
		return r;
	if (strcmp(key->name, present.name) == 0) {
		if (ledger_head(files, &present, &head, note, &none) < 0)
			return 0; /* that is another story, and checking tells it */
		keys_begin(&keys, &present);
		if (!note_key_same(&first, &present) &&
			(ledger_keys_read(files, &head, &keys, &none) < 0 || keys_have(&keys, key)))
			return 0;
	}
	return err_set(e, -EBADMSG, "--key: %s+%08x is no key of this ledger, which names %s+%08x",
		key->name, key->id, present.name, present.id);
}

/* An earlier copy may be from before the key was changed. */
static const struct note_key *key_of_copy(
	const struct ledger_home *h, const struct ledger_home *copy, const struct keys *keys)
{
	return keys_have(keys, &copy->key) ? &copy->key : &h->key;
}

/* An older copy, or another reader's: it must hold by itself, and be of the same history. */
static int check_against(const struct ledger_home *h, const struct ledger_checked *found,
	const char *dir, struct err *e)
{
	struct ledger_home copy;
	static struct ledger_checked theirs;
	int r = ledger_home_open(&copy, dir, e);
	if (r < 0)
		return r;
	/* Only entries that a key of the same ledger signed can speak against ours. */
	const struct ledger_check c = { .files = &copy.files,
		.key = key_of_copy(h, &copy, &found->keys),
		.origin = h->key.name };
	r = ledger_check(&c, &theirs, e);
	if (r < 0) {
		err_in(e, "the copy %s does not hold itself", dir);
	} else {
		const struct ledger_copy a = { &h->files, found->head, h->dir };
		const struct ledger_copy b = { &copy.files, theirs.head, dir };
		r = ledger_compare(&a, &b, e);
	}
	if (r == 0 && theirs.head.size > found->head.size)
		r = err_set(e, -EBADMSG, "it has %llu entries, %s has %llu: this is an older state",
			(unsigned long long)found->head.size, dir,
			(unsigned long long)theirs.head.size);
	ledger_home_close(&copy);
	return r;
}

/* Everything is read from here on, and may be anybody's. */
static int lock_it(const struct verify_opts *o, struct err *e)
{
	struct lock l = { .words = JAIL_STDIO | JAIL_READ_FILE };
	lock_ledger(&l, o->ledger.dir ? o->ledger.dir : LEDGER_DIR, JAIL_LOOK);
	lock_ledger(&l, o->also, JAIL_LOOK);
	lock_ledger(&l, o->against, JAIL_LOOK);
	lock_path(&l, o->from, JAIL_LOOK);
	lock_path(&l, o->export, JAIL_LOOK);
	return lock_close(&l, e);
}

/* All that was asked for; `h` has the key that is believed. */
static int verify(struct cli *cli, const struct verify_opts *o, const struct ledger_home *h,
	const struct files *files, const struct note_key *named, struct err *e)
{
	static struct ledger_checked found;
	static struct kept kept;
	struct gone_runs gone = { 0 };
	kept.path = o->from;
	int r = o->from ? read_kept(&kept, &h->key, e) : 0;
	if (r == 0) {
		const struct ledger_check c = { .files = files,
			.key = &h->key,
			.origin = h->key.name,
			.earlier = &kept.head,
			.earlier_count = o->from != NULL,
			.progress = cli->tty_err ? ledger_progress : NULL,
			.gone = see_gone,
			.self = &gone };
		r = ledger_check(&c, &found, e);
	}
	if (r == 0)
		r = check_named(named, &found.keys, e);
	if (r == 0 && o->from)
		r = check_kept(&kept, &found.keys, e);
	if (r == 0 && o->against)
		r = check_against(h, &found, o->against, e);
	r = ledger_damage(r, e);
	if (r < 0) /* it may be that it could not be looked at */
		return err_in(e, r == -EBADMSG ? "%s does not hold" : "%s", h->dir), r;
	print_checked(cli->out, h, &found, o->key);
	print_gone(cli->out, &gone, found.gone);
	return 0;
}

static int run_verify(struct cli *cli, const void *opts, struct err *e)
{
	const struct verify_opts *o = opts;
	struct ledger_home h;
	struct note_key key;
	struct ledger_shelf shelf = { .fd = -1 };
	if (o->key && ledger_key_read(o->key, &key, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (lock_it(o, e) < 0)
		return ledger_exit(e);
	if (o->export)
		return verify_export(cli, o, e);
	int r = ledger_home_open(&h, o->ledger.dir, e);
	const struct note_key named = h.key;
	if (r == 0)
		r = ledger_shelf_open(&shelf, &h, o->also, e);
	if (r == 0 && o->key) {
		r = may_be_its_key(&shelf.both, &key, e);
		h.key = key;
	}
	if (r == 0)
		r = verify(cli, o, &h, &shelf.both, &named, e);
	ledger_shelf_close(&shelf);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- prove --- */

static int run_prove(struct cli *cli, const void *opts, struct err *e)
{
	const struct ledger_opts *o = opts;
	struct ledger_home h;
	struct checkpoint head = { 0 };
	char note[NOTE_MAX + 1];
	uint64_t sequence;
	if (cli->operand_count != 1)
		return err_set(e, -EINVAL, "one number of an entry is wanted"), EXIT_ASKED_WRONGLY;
	if (ledger_number(cli->operands[0], "SEQUENCE", &sequence, e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = ledger_home_open(&h, o->dir, e);
	if (r == 0)
		r = ledger_home_head(&h, &head, note, e);
	if (r == 0)
		r = ledger_prove(&h.files, &head, note, sequence, cli->out, e);
	if (r < 0 && sequence < head.size)
		r = ledger_damage(r, e);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- the verbs --- */

#define TEXT_OPT(of, letter, member, value, help)                                                  \
	{                                                                                          \
		OPT_TEXT, letter, #member, value, help, offsetof(struct of, member), NULL          \
	}

static const struct opt verify_opts[] = {
	LEDGER_DIR_OPT,
	TEXT_OPT(verify_opts, 0, key, "KEY",
		"the public key to believe, name+id+base64 (the one the folder names)"),
	TEXT_OPT(verify_opts, 0, from, "FILE",
		"a checkpoint that you kept: it must be of this ledger's past"),
	TEXT_OPT(verify_opts, 0, against, "COPY",
		"a copy that you kept, or another reader's: where they part is named"),
	LEDGER_ALSO_OPT(verify_opts),
	TEXT_OPT(verify_opts, 0, export, "FILE", "an export, in the place of a ledger"),
	{ 0 },
};

static const struct opt dir_opts[] = { LEDGER_DIR_OPT, { 0 } };

static const char *const verify_examples[] = {
	"weir ledger verify --dir /mnt/usb/ledger --key plant.example/north+5c1a...",
	"every byte of a copy, against a key that was handed over another way",
	"weir ledger verify --against /mnt/usb/ledger", "and that this is what the copy grew into",
	NULL
};

static const char *const prove_examples[] = { "weir ledger prove 1234 > 1234.tlog-proof",
	"what anybody checks who has the entry and the public key", NULL };

const struct verb verb_ledger_verify = {
	.name = "ledger verify",
	.brief = "Check every entry, tile and signature; name the first thing that does not hold",
	.about =
		"Nothing in the folder is believed but what follows from the key. Exit 4 where something "
		"does not hold. tools/verify-ledger.py does the same without this program.",
	.examples = verify_examples,
	.opts_size = sizeof(struct verify_opts),
	.opts = verify_opts,
	.run = run_verify,
};

const struct verb verb_ledger_prove = {
	.name = "ledger prove",
	.operands = "SEQUENCE",
	.brief = "A proof that an entry is in the checkpoint (C2SP tlog-proof)",
	.examples = prove_examples,
	.opts_size = sizeof(struct ledger_opts),
	.opts = dir_opts,
	.run = run_prove,
};
