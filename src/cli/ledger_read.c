/* weir ledger show, verify, prove, checkpoint: reading a ledger. */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/attr.h"
#include "cli/ledger.h"
#include "ledger/check.h"
#include "report/glyph.h"

/* --- show --- */

struct show_opts {
	struct ledger_opts ledger;
	const char *kind, *actor, *subject, *since, *until, *from;
	bool json;
};

struct show {
	struct cli *cli;
	const struct show_opts *o;
	uint64_t shown;
};

static const char *member(const json_t *entry, const char *name)
{
	const char *text = json_string_value(json_object_get(entry, name));
	return text ? text : "";
}

static bool is_wanted(const struct show_opts *o, const json_t *entry)
{
	const char *at = member(entry, "at");
	return (!o->kind || strcmp(o->kind, member(entry, "kind")) == 0) &&
		(!o->actor || strcmp(o->actor, member(entry, "actor")) == 0) &&
		(!o->subject || strcmp(o->subject, member(entry, "subject")) == 0) &&
		(!o->since || strcmp(at, o->since) >= 0) && (!o->until || strcmp(at, o->until) < 0);
}

static void print_line(struct out *o, uint64_t sequence, const json_t *entry, bool signed_yet)
{
	char *data = json_dumps(json_object_get(entry, "data"), JSON_COMPACT | JSON_SORT_KEYS);
	out_fmt(o, "%8llu%c %.19s  %-12s ", (unsigned long long)sequence, signed_yet ? ' ' : '*',
		member(entry, "at"), member(entry, "kind"));
	text_out(o, member(entry, "subject"));
	out_str(o, "  by ");
	text_out(o, member(entry, "actor"));
	if (data && strcmp(data, "{}") != 0) {
		out_str(o, "  ");
		text_out(o, data);
	}
	out_char(o, '\n');
	free(data);
}

static int show_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct show *s = self;
	json_t *entry = json_loadb(bytes, size, 0, NULL);
	if (!entry)
		return err_set(e, -EBADMSG, "entry %llu is no JSON", (unsigned long long)sequence);
	if (is_wanted(s->o, entry)) {
		s->shown++;
		if (s->o->json) {
			out_fmt(s->cli->out, "{\"sequence\":%llu,\"signed\":%s,\"entry\":",
				(unsigned long long)sequence, signed_yet ? "true" : "false");
			out_bytes(s->cli->out, bytes, size);
			out_str(s->cli->out, "}\n");
		} else {
			print_line(s->cli->out, sequence, entry, signed_yet);
		}
	}
	json_decref(entry);
	return s->cli->out->failed ? 1 : 0;
}

static int read_number(const char *text, uint64_t *n, const char *what, struct err *e)
{
	char *end;
	errno = 0;
	*n = strtoull(text, &end, 10);
	if (errno || *end || end == text || text[0] == '-')
		return err_set(e, -EINVAL, "%s: '%.40s' is no number", what, text);
	return 0;
}

static int run_show(struct cli *cli, const void *opts, struct err *e)
{
	struct show s = { cli, opts, 0 };
	struct ledger_home h;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	uint64_t from = 0;
	if (s.o->from && read_number(s.o->from, &from, "--from", e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = ledger_home_open(&h, s.o->ledger.dir, e);
	if (r == 0)
		r = ledger_head(&h.files, &h.key, &head, note, e);
	if (r == 0)
		r = ledger_read(&h.files, &head, from, show_entry, &s, e);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- verify --- */

struct verify_opts {
	struct ledger_opts ledger;
	const char *key, *from;
};

enum { KEPT_MAX = 32 };

/* A checkpoint that somebody kept, signed by the same key. */
static int read_kept(
	const char *path, const struct note_key *key, struct checkpoint *out, struct err *e)
{
	static char bytes[NOTE_MAX];
	struct note n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	int r = size < 0 ? err_sys(e, "read %s", path) : 0;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = note_read(cur_of(bytes, (size_t)size), &n, e);
	if (r == 0)
		r = note_check(&n, key, NULL, e);
	if (r == 0)
		r = checkpoint_read(n.text, out, e);
	if (r < 0)
		err_in(e, "%s", path);
	return r;
}

static void show_progress(void *self, uint64_t done, uint64_t all)
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
	out_fmt(o, "%s holds: %llu entries, root %s\n", h->dir,
		(unsigned long long)found->head.size, root);
	if (!own_key)
		out_fmt(o,
			"signed by the key that the folder itself names (--key to be sure): %s\n",
			key);
	if (found->cosigned)
		out_fmt(o, "%u witness%s signed it, too: weir ledger witness ask looks at that\n",
			found->cosigned, found->cosigned == 1 ? "" : "es");
	if (found->in_log)
		out_fmt(o, "%llu more entries wait for a checkpoint\n",
			(unsigned long long)found->in_log);
	if (found->strange)
		out_fmt(o, "%llu files are no part of it, %s for one\n",
			(unsigned long long)found->strange, found->one_strange);
}

static int run_verify(struct cli *cli, const void *opts, struct err *e)
{
	const struct verify_opts *o = opts;
	struct ledger_home h;
	struct ledger_checked found;
	struct checkpoint kept;
	int r = ledger_home_open(&h, o->ledger.dir, e);
	if (r == 0 && o->key)
		r = note_key_read(o->key, &h.key, e);
	if (r == 0 && o->from)
		r = read_kept(o->from, &h.key, &kept, e);
	if (r == 0) {
		const struct ledger_check c = { .files = &h.files,
			.key = &h.key,
			.origin = h.key.name,
			.earlier = &kept,
			.earlier_count = o->from != NULL,
			.progress = cli->tty_err ? show_progress : NULL };
		r = ledger_check(&c, &found, e);
	}
	if (r == 0)
		print_checked(cli->out, &h, &found, o->key);
	else
		err_in(e, "%s does not hold", h.dir);
	ledger_home_close(&h);
	return r < 0 ? r == -ENOENT ? EXIT_PROBLEMS : ledger_exit(e) : EXIT_DONE;
}

/* --- prove --- */

static int run_prove(struct cli *cli, const void *opts, struct err *e)
{
	const struct ledger_opts *o = opts;
	struct ledger_home h;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	uint64_t sequence;
	if (cli->operand_count != 1)
		return err_set(e, -EINVAL, "one number of an entry is wanted"), EXIT_ASKED_WRONGLY;
	if (read_number(cli->operands[0], &sequence, "SEQUENCE", e) < 0)
		return EXIT_ASKED_WRONGLY;
	int r = ledger_home_open(&h, o->dir, e);
	if (r == 0)
		r = ledger_head(&h.files, &h.key, &head, note, e);
	if (r == 0)
		r = ledger_prove(&h.files, &head, note, sequence, cli->out, e);
	ledger_home_close(&h);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- the verbs --- */

#define TEXT_OPT(of, letter, member, value, help)                                                  \
	{                                                                                          \
		OPT_TEXT, letter, #member, value, help, offsetof(struct of, member), NULL          \
	}

static const struct opt show_opts[] = {
	LEDGER_DIR_OPT,
	TEXT_OPT(show_opts, 'k', kind, "KIND", "entries of this kind"),
	TEXT_OPT(show_opts, 'a', actor, "NAME", "what this one did"),
	TEXT_OPT(show_opts, 's', subject, "NAME", "what is about this one"),
	TEXT_OPT(show_opts, 0, since, "TIME", "from this time on: 2026-11-22 or 2026-11-22T20:40Z"),
	TEXT_OPT(show_opts, 0, until, "TIME", "before this time"),
	TEXT_OPT(show_opts, 0, from, "SEQUENCE", "from this number on"),
	{ OPT_FLAG, 'j', "json", NULL, "one JSON object a line", offsetof(struct show_opts, json),
		NULL },
	{ 0 },
};

static const struct opt verify_opts[] = {
	LEDGER_DIR_OPT,
	TEXT_OPT(verify_opts, 0, key, "KEY",
		"the public key to believe, name+id+base64 (the one the folder names)"),
	TEXT_OPT(verify_opts, 0, from, "FILE",
		"a checkpoint that you kept: it must be of this ledger's past"),
	{ 0 },
};

static const struct opt dir_opts[] = { LEDGER_DIR_OPT, { 0 } };

static const char *const show_examples[] = { "weir ledger show --kind finding --since 2026-11-22",
	"today's findings, one line each; * behind the number: not in a checkpoint yet",
	"weir ledger show --json | jq .entry.data", "everything, for scripts", NULL };

static const char *const verify_examples[] = {
	"weir ledger verify --dir /mnt/usb/ledger --key plant.example/north+5c1a...",
	"every byte of a copy, against a key that was handed over another way", NULL
};

static const char *const prove_examples[] = { "weir ledger prove 1234 > 1234.tlog-proof",
	"what anybody checks who has the entry and the public key", NULL };

const struct verb verb_ledger_show = {
	.name = "ledger show",
	.brief = "The entries, one line each",
	.examples = show_examples,
	.opts_size = sizeof(struct show_opts),
	.opts = show_opts,
	.run = run_show,
};

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
