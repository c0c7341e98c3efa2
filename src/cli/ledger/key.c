/* weir ledger key: how the signing key is kept, and another one in its place. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

#include "base/attr.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/ledger/keeper.h"
#include "cli/ledger/witnesses.h"
#include "event/entry.h"
#include "ledger/keys.h"
#include "ledger/ledger.h"

struct key_opts {
	struct ledger_opts ledger;
	const char *key, *passphrase_file, *new_passphrase_file, *actor;
	bool json, witnessed;
};

struct act {
	struct cli *cli;
	const struct key_opts *o;
	struct ledger_home home;
	struct key_paths paths;
	struct keyfile file;
};

/* --- show --- */

static int read_head(const struct act *a, struct headfile *out, struct err *e)
{
	uint8_t bytes[HEAD_FILE];
	int fd = open(a->paths.head, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	int r = got < 0 ? err_sys(e, "read %s", a->paths.head)
			: headfile_read(bytes, (size_t)got, a->home.key.name, out, e);
	if (fd >= 0)
		close(fd);
	return r;
}

static void show_json(const struct act *a, const struct note_key *k, const struct headfile *head)
{
	char text[NOTE_KEY_TEXT], id[12];
	struct json j = json_on(a->cli->out);
	note_key_text(k, text);
	snprintf(id, sizeof id, "%08x", k->id);
	json_open(&j, '{');
	json_kv_str(&j, "weir", "ledger-key/1");
	json_kv_str(&j, "name", k->name);
	json_kv_str(&j, "id", id);
	json_kv_str(&j, "public", text);
	json_kv_str(&j, "made", a->file.made);
	json_kv_str(&j, "file", a->file.path);
	json_key(&j, "sealed");
	json_bool(&j, a->file.sealed);
	if (head)
		json_kv_uint(&j, "signed", head->head.size);
	json_close(&j, '}');
	json_line(&j);
}

static void show_text(const struct act *a, const struct note_key *k, const struct headfile *head,
	const struct err *why)
{
	char text[NOTE_KEY_TEXT];
	struct out *o = a->cli->out;
	note_key_text(k, text);
	out_fmt(o, "name    %s\nid      %08x\npublic  %s\n", k->name, k->id, text);
	out_fmt(o, "made    %s\n",
		a->file.made[0] ? a->file.made : "(a file of version 1 does not say)");
	out_fmt(o, "file    %s, ", a->file.path);
	if (a->file.sealed)
		out_fmt(o, "sealed with a passphrase (argon2id, %llu passes over %llu MiB)\n",
			(unsigned long long)a->file.cost.passes,
			(unsigned long long)a->file.cost.memory >> 20);
	else
		out_str(o, "open: whoever reads it can sign\n");
	if (head)
		out_fmt(o, "signed  a head of %llu %s last%s\n",
			(unsigned long long)head->head.size, ledger_entries(head->head.size),
			head->one_broken
				? "; one of the two places where that is kept does not hold"
				: "");
	else
		out_fmt(o, "signed  nobody knows: %s\n", why->text);
}

static int show(struct act *a, struct err *e)
{
	struct note_key k = note_key_from(a->home.key.name, NOTE_ED25519, a->file.public);
	struct headfile head = { 0 };
	struct err why = { 0 };
	(void)e;
	const struct headfile *found = read_head(a, &head, &why) == 0 ? &head : NULL;
	if (a->o->json)
		show_json(a, &k, found);
	else
		show_text(a, &k, found, &why);
	return 0;
}

/* --- seal, unseal --- */

/* The passphrase that opens it now; none where it is open. */
static int present_passphrase(struct act *a, struct passphrase_kept *p, struct err *e)
{
	return a->file.sealed
		? passphrase_take(p, a->o->passphrase_file, "Passphrase of the signing key: ", e)
		: 0;
}

/* Only the present key would be kept in another way: the one before must be gone first. */
static int change(struct act *a, const struct passphrase_kept *now,
	const struct passphrase_kept *next, struct err *e)
{
	const char *name = a->home.key.name;
	if (access(a->paths.before, F_OK) == 0) {
		err_set(e, -EBUSY,
			"a change of keys was broken off, and has to come to its end first");
		return err_try(e, "weir ledger append < /dev/null");
	}
	return keyfile_change(
		&a->file, name, passphrase_of(now), passphrase_of(next), &keyfile_cost, e);
}

static int seal(struct act *a, struct err *e)
{
	struct passphrase_kept now = { 0 }, next = { 0 };
	const char *file = a->o->new_passphrase_file;
	if (!file && !a->file.sealed)
		file = a->o->passphrase_file;
	int r = present_passphrase(a, &now, e);
	if (r == 0)
		r = passphrase_choose(&next, file, e);
	if (r == 0)
		r = change(a, &now, &next, e);
	if (r == 0)
		out_fmt(a->cli->out,
			"%s is sealed; without the passphrase nobody signs with it again\n",
			a->paths.key);
	passphrase_drop(&now);
	passphrase_drop(&next);
	return r;
}

static int unseal(struct act *a, struct err *e)
{
	struct passphrase_kept now = { 0 }, none = { 0 };
	if (!a->file.sealed)
		return err_set(e, -EALREADY, "%s is not sealed", a->paths.key);
	int r = present_passphrase(a, &now, e);
	if (r == 0)
		r = change(a, &now, &none, e);
	if (r == 0)
		out_fmt(a->cli->out, "%s is open: whoever reads it can sign\n", a->paths.key);
	passphrase_drop(&now);
	return r;
}

/* --- remember --- */

static int remember(struct act *a, struct err *e)
{
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	int r = witnesses_agree(&a->home, a->o->witnessed, e);
	if (r < 0)
		return r;
	r = ledger_head(&a->home.files, &a->home.key, &head, note, e);
	if (r == -ENOENT) {
		head = (struct checkpoint){ .root = merkle_empty() };
		r = 0;
	}
	snprintf(head.origin, sizeof head.origin, "%s", a->home.key.name);
	if (r == 0)
		r = head_file_make(a->paths.head, &head, e);
	if (r == 0)
		out_fmt(a->cli->out,
			"%s begins with the head of %llu entries. Whether that is the newest one "
			"only those can tell who have a copy of the ledger; of them its "
			"witnesses, if it has any, were asked\n",
			a->paths.head, (unsigned long long)head.size);
	return r;
}

/* --- rotate --- */

struct look {
	struct keys keys;
	bool tty;
};

static int see_entry(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	struct look *l = self;
	(void)signed_yet;
	if (l->tty && sequence && sequence % 1000000 == 0)
		fprintf(stderr, "\r%llu entries", (unsigned long long)sequence);
	return keys_see(&l->keys, sequence, cur_of(entry, size), e);
}

/* The change must be one that everybody will accept: the present key is the last of the chain. */
static int check_chain(struct act *a, struct err *e)
{
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	struct look *l = calloc(1, sizeof *l);
	if (!l)
		return err_sys(e, "look for its keys");
	l->tty = a->cli->tty_err;
	keys_begin(&l->keys, &a->home.key);
	int r = ledger_head(&a->home.files, &a->home.key, &head, note, e);
	if (r == 0)
		r = ledger_read(&a->home.files, &head, 0, see_entry, l, e);
	if (r == 0)
		r = keys_end(&l->keys, e);
	if (r == 0 && !note_key_same(keys_last(&l->keys), &a->home.key))
		r = err_set(e, -EBADMSG, "the entries say that key %08x signs, not %08x",
			keys_last(&l->keys)->id, a->home.key.id);
	if (r == 0 && l->keys.count == KEYS_MAX)
		r = err_set(e, -E2BIG, "a ledger has at most %d keys", KEYS_MAX + 1);
	free(l);
	return r;
}

/* Opens the ledger with these keys, does what is to be done, and leaves nothing unsigned. */
static int with_ledger(struct act *a, const char *key, const char *before,
	const struct passphrase_kept *held,
	int (*work)(struct act *a, struct ledger *l, struct err *e), struct err *e)
{
	struct ledger_keeper k = { 0 };
	struct ledger *l = NULL;
	struct err late = { 0 };
	int r = ledger_keeper_start(
		&k, key, before, a->paths.head, &a->home, held->room ? held : NULL, NULL, e);
	const struct ledger_config config = { .files = &a->home.files, .signer = &k.signer };
	if (r == 0)
		r = ledger_open(&l, &config, clock_monotonic(), e);
	if (r == 0 && work)
		r = work(a, l, e);
	if (r == 0)
		r = ledger_finish(l, clock_monotonic(), e);
	ledger_close(l);
	if (r == 0)
		r = ledger_keeper_changed(&k, &a->paths, &a->home, e);
	return err_end(e, r, ledger_keeper_stop(&k, &late), &late);
}

/* Both keys are at hand for this one statement; the process that signs heads never makes one. */
static int make_next(struct act *a, const struct passphrase_kept *held, char data[KEY_CHANGE_DATA],
	struct note_key *next, struct err *e)
{
	struct sign_key *old = NULL, *new = NULL;
	int r = keyfile_open(&a->file, passphrase_of(held), &old, e);
	if (r == 0)
		r = keyfile_make(a->paths.next, a->home.key.name, clock_wall(), passphrase_of(held),
			&keyfile_cost, &new, e);
	if (r == 0) {
		*next = note_key_of(a->home.key.name, NOTE_ED25519, new);
		key_change_data(&a->home.key, old, next, new, data);
	}
	sign_key_free(old);
	sign_key_free(new);
	return r;
}

static char change_data[KEY_CHANGE_DATA];

static int write_change(struct act *a, struct ledger *l, struct err *e)
{
	static char line[KEY_CHANGE_DATA + 256], entry[KEY_CHANGE_DATA + 4096];
	const char *name = a->home.key.name;
	const struct entry_defaults d = { name, a->o->actor ? a->o->actor : "local", clock_wall() };
	struct out o = out_mem(entry, sizeof entry);
	uint64_t sequence;
	int size = snprintf(line, sizeof line, "{\"kind\":\"key\",\"subject\":\"%s\",\"data\":%s}",
		name, change_data);
	int r = entry_write(line, (size_t)size, &d, &(struct entry_means){ .own = true }, &o, e);
	if (r == 0 && !key_is_change(cur_of(entry, o.used)))
		r = err_set(e, -EINVAL, "the change of keys is not in its one form");
	if (r == 0)
		r = ledger_append(l, entry, o.used, &sequence, e);
	if (r == 0)
		r = ledger_commit(l, e);
	/* From here on the entry stands, and whoever comes next goes on with it. */
	return r < 0 ? r : key_paths_advance(&a->paths, e);
}

static int rotate(struct act *a, struct err *e)
{
	struct passphrase_kept held = { 0 };
	struct note_key next;
	char text[NOTE_KEY_TEXT];
	bool changing = access(a->paths.before, F_OK) == 0;
	int r = present_passphrase(a, &held, e);
	if (r == 0)
		r = witnesses_agree(&a->home, a->o->witnessed, e);
	/* What waits is signed by the key it was written under, so that the change is all that
	 * stands behind the checkpoint; an earlier change comes to its end. */
	if (r == 0)
		r = with_ledger(a, a->paths.key, changing ? a->paths.before : NULL, &held, NULL, e);
	if (r == 0)
		r = ledger_whose(&a->home.files, &a->home.key, e);
	if (r == 0)
		r = check_chain(a, e);
	if (r == 0)
		r = make_next(a, &held, change_data, &next, e);
	if (r == 0)
		r = with_ledger(a, a->paths.next, a->paths.key, &held, write_change, e);
	passphrase_drop(&held);
	if (r < 0)
		return r;
	note_key_text(&next, text);
	out_fmt(a->cli->out,
		"the key is another one now; whoever knows the old one finds it in the ledger:\n%s\n",
		text);
	return 0;
}

/* --- the verb --- */

static const struct action {
	const char *name;
	int (*run)(struct act *a, struct err *e);
	bool locked; /* nobody writes meanwhile */
} actions[] = {
	{ "show", show, false },
	{ "seal", seal, true },
	{ "unseal", unseal, true },
	{ "rotate", rotate, true },
	{ "remember", remember, true },
};

static int open_act(struct act *a, bool locked, struct err *e)
{
	int r = ledger_home_open(&a->home, a->o->ledger.dir, e);
	if (r == 0)
		r = key_paths_of(&a->paths, a->home.dir, a->o->key, e);
	if (r == 0 && locked)
		r = ledger_home_lock(&a->home, e);
	if (r == 0 && locked)
		r = key_paths_settle(&a->paths, &a->home, e);
	return r < 0 ? r : keyfile_read(a->paths.key, &a->file, e);
}

static int run_key(struct cli *cli, const void *opts, struct err *e)
{
	static struct act a = { .home = { .fd = -1 } };
	const struct action *action = NULL;
	const char *word = cli->operand_count == 1 ? cli->operands[0] : "";
	for (size_t i = 0; i < COUNT_OF(actions); i++)
		if (strcmp(actions[i].name, word) == 0)
			action = &actions[i];
	if (!action) {
		err_set(e, -EINVAL, "one of show, seal, unseal, rotate and remember is wanted");
		err_try(e, "weir ledger key show");
		return EXIT_ASKED_WRONGLY;
	}
	a.cli = cli;
	a.o = opts;
	int r = open_act(&a, action->locked, e);
	if (r == 0)
		r = action->run(&a, e);
	keyfile_done(&a.file);
	ledger_home_close(&a.home);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt key_opts[] = {
	LEDGER_DIR_OPT,
	{ OPT_TEXT, 0, "key", "FILE", "the signing key (DIR.key)", offsetof(struct key_opts, key),
		NULL },
	{ OPT_TEXT, 0, "passphrase-file", "FILE", "where its passphrase stands (asked for)",
		offsetof(struct key_opts, passphrase_file), NULL },
	{ OPT_TEXT, 0, "new-passphrase-file", "FILE",
		"where the one to be stands (asked for twice)",
		offsetof(struct key_opts, new_passphrase_file), NULL },
	{ OPT_TEXT, 0, "actor", "NAME", "who changes the key (local)",
		offsetof(struct key_opts, actor), NULL },
	{ OPT_FLAG, 0, "witnessed", NULL,
		"of rotate and remember: only if every witness can be asked, and agrees",
		offsetof(struct key_opts, witnessed), NULL },
	{ OPT_FLAG, 'j', "json", NULL, "of show: one JSON object", offsetof(struct key_opts, json),
		NULL },
	{ 0 },
};

static const char *const key_examples[] = { "weir ledger key show --dir /srv/ledger",
	"whose key it is, how it is kept, what it signed last",
	"weir ledger key seal --dir /srv/ledger",
	"from now on a passphrase is asked for before anything is signed",
	"weir ledger key rotate --dir /srv/ledger",
	"another key; the change is an entry that both sign", NULL };

const struct verb verb_ledger_key = {
	.name = "ledger key",
	.operands = "show|seal|unseal|rotate|remember",
	.brief = "How the signing key is kept, and another one in its place",
	.about =
		"The key is used by a process of its own, which signs heads of this ledger and nothing "
		"else, each only where it is proved that it grew out of the last one. seal and unseal "
		"change how the file is kept, rotate puts a new key in its place, remember begins anew to "
		"keep the last head, where that file was lost. Nobody else may write meanwhile.",
	.examples = key_examples,
	.opts_size = sizeof(struct key_opts),
	.opts = key_opts,
	.run = run_key,
};
