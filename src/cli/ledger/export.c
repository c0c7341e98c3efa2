/* weir ledger export: entries to take along, with what proves them. */
#include "cli/ledger/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/ledger/find.h"
#include "cli/ledger/frozen.h"
#include "cli/ledger/gone.h"
#include "cli/ledger/line.h"
#include "cli/ledger/tar.h"
#include "crypt/keyfile.h"
#include "event/canonical.h"
#include "event/entry.h"
#include "report/glyph.h"

struct opts {
	struct find_opts find;
	const char *out, *format;
};

enum { PROOF = 16 * 1024, BUFFER = 256 * 1024, PROGRESS_NS = 200 * 1000 * 1000 };

struct export
{
	struct cli *cli;
	const struct opts *o;
	struct ledger_ask ask;
	struct ledger_finder finder;
	struct gone_runs gone;
	struct frozen *frozen;
	struct export_keys keys; /* up to the frozen head */
	struct out *out;
	uint64_t count, first, bytes, unsigned_count;
	uint64_t seconds; /* of the newest entry: the time of the files */
	uint64_t done;
	int64_t began, told;
};

static void tell_progress(struct export *x)
{
	int64_t now = clock_monotonic();
	if (!x->cli->tty_err || ++x->done % 256 || now - x->began < CLOCK_SECOND ||
		now - x->told < PROGRESS_NS)
		return;
	x->told = now;
	fprintf(stderr, "\rexport: %llu entries\033[K", (unsigned long long)x->done);
}

/* --- what is not here any more --- */

static int see_gone(void *self, uint64_t first, uint64_t last, const char *to, struct err *e)
{
	struct export *x = self;
	(void)e;
	gone_runs_add(&x->gone, first, last, to);
	return 0;
}

/* It is not told whether they would have been wanted: nobody here knows. */
static void say_gone(const struct export *x)
{
	char text[GONE_PLACE + 128], try[GONE_PLACE + 16];
	for (size_t i = 0; i < x->gone.count && i < GONE_TOLD; i++) {
		const struct gone_run *g = &x->gone.runs[i];
		snprintf(text, sizeof text,
			"entries %llu to %llu were %s%s, and none of them is in it",
			(unsigned long long)g->first, (unsigned long long)g->last,
			g->to[0] ? "moved to " : "let go after their retention", g->to);
		snprintf(try, sizeof try, "--also %s", g->to);
		cli_say(text, g->to[0] ? try : "");
	}
	if (x->gone.count <= GONE_TOLD)
		return;
	snprintf(text, sizeof text, "and so were %zu more ranges", x->gone.count - GONE_TOLD);
	cli_say(text, "");
}

/* --- the archive --- */

static size_t line_size(uint64_t sequence, const void *bytes, size_t size)
{
	char front[64];
	bool fits = ledger_line_fits(bytes, size);
	int before = snprintf(front, sizeof front, fits ? EXPORT_LINE : EXPORT_BASE64,
		(unsigned long long)sequence);
	return (size_t)before + (fits ? size + 2 : base64_room(size) - 1 + 3);
}

static int count_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct export *x = self;
	struct entry_parts p;
	(void)e;
	(void)signed_yet;
	if (sequence >= x->frozen->head.size) {
		x->unsigned_count++;
		return 0;
	}
	if (x->count++ == 0)
		x->first = sequence;
	x->bytes += line_size(sequence, bytes, size);
	entry_take_apart(bytes, size, &p);
	if (p.timed && p.at_ns > 0 && (uint64_t)(p.at_ns / CLOCK_SECOND) > x->seconds)
		x->seconds = (uint64_t)(p.at_ns / CLOCK_SECOND);
	entry_parts_free(&p);
	tell_progress(x);
	return 0;
}

static int write_entry(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	struct export *x = self;
	bool fits = ledger_line_fits(bytes, size);
	(void)signed_yet;
	out_fmt(x->out, fits ? EXPORT_LINE : EXPORT_BASE64, (unsigned long long)sequence);
	if (fits) {
		out_bytes(x->out, bytes, size);
		out_str(x->out, "}\n");
	} else {
		char *text = malloc(base64_room(size));
		if (!text)
			return err_sys(e, "write entry %llu", (unsigned long long)sequence);
		base64_text(bytes, size, text);
		out_str(x->out, text);
		out_str(x->out, "\"}\n");
		free(text);
	}
	tell_progress(x);
	return x->out->failed;
}

/* What would not check is not handed out. */
static int prove(struct export *x, const char *name, uint64_t sequence, const void *bytes,
	size_t size, struct err *e)
{
	static char text[PROOF];
	const struct checkpoint *head = &x->frozen->head;
	struct out o = out_mem(text, sizeof text);
	struct hash leaf = merkle_leaf(bytes, size);
	struct merkle_proof proof;
	int r = merkle_prove_inclusion(frozen_hash, x->frozen, sequence, head->size, &proof, e);
	if (r < 0)
		return r;
	if (!merkle_includes(sequence, head->size, &leaf, &proof, &head->root)) {
		err_set(e, -EBADMSG, "entry %llu is not the one that is signed",
			(unsigned long long)sequence);
		return err_try(e, "weir ledger verify --dir %s", x->finder.home.dir);
	}
	ledger_prove_text(&proof, sequence, x->frozen->note, &o);
	tar_file(x->out, name, text, o.used, x->seconds);
	tell_progress(x);
	return x->out->failed;
}

static int write_proof(void *self, uint64_t sequence, const void *bytes, size_t size,
	bool signed_yet, struct err *e)
{
	char name[TAR_NAME];
	(void)signed_yet;
	snprintf(name, sizeof name, EXPORT_PROOF, (unsigned long long)sequence);
	return prove(self, name, sequence, bytes, size, e);
}

static int write_keys(struct export *x, struct err *e)
{
	const struct export_keys *k = &x->keys;
	uint64_t all = 0;
	char name[TAR_NAME];
	int r = 0;
	for (unsigned i = 0; i < k->count; i++)
		all += line_size(
			k->changes[i].sequence, k->bytes + k->changes[i].at, k->changes[i].size);
	if (!all)
		return 0;
	tar_header(x->out, EXPORT_KEYS, all, x->seconds);
	for (unsigned i = 0; r == 0 && i < k->count; i++)
		r = write_entry(x, k->changes[i].sequence, k->bytes + k->changes[i].at,
			k->changes[i].size, true, e);
	tar_pad(x->out, all);
	for (unsigned i = 0; r == 0 && i < k->count; i++) {
		const struct export_change *c = &k->changes[i];
		snprintf(name, sizeof name, EXPORT_KEY_PROOF, (unsigned long long)c->sequence);
		r = prove(x, name, c->sequence, k->bytes + c->at, c->size, e);
	}
	return r;
}

static const char readme[] =
	"Entries of a ledger, and what proves them.\n"
	"\n"
	"entries.ndjson   a line each: its number, and its bytes as they were written\n"
	"checkpoint       the signed head of the ledger when this was exported\n"
	"ledger           whose it is: the public key, and the first one where it was changed\n"
	"keys.ndjson      where it was changed: the entries that say so, with their proofs in keys/\n"
	"proofs/          for each entry the proof that it stands in that head (C2SP tlog-proof)\n"
	"\n"
	"To check, with the key that you were given another way, or an earlier one, any of these:\n"
	"\n"
	"    weir ledger verify --export FILE --key KEY\n"
	"    python3 verify-export.py FILE KEY\n"
	"\n"
	"It shows that every entry here is in the ledger as it stands here, at its place.  It does not\n"
	"show that nothing was left out: what was asked for was chosen by whoever exported it.\n";

/* The ones that were counted, and no other, though more may have come. */
static int each_again(struct export *x, ledger_entry *each, struct err *e)
{
	struct ledger_ask again = x->ask;
	uint64_t told = 0;
	again.from = x->first;
	again.most = x->count;
	again.last = false;
	int r = ledger_find(&x->finder, &again, each, x, &told, e);
	if (r == 0 && told != x->count)
		r = err_set(e, -EAGAIN, "the ledger was changed while it was read");
	return r;
}

static int write_tar(struct export *x, struct err *e)
{
	char ledger[NOTE_MAX];
	struct out mark = out_mem(ledger, sizeof ledger);
	struct frozen *z = x->frozen;
	if (x->bytes > TAR_SIZE_MAX) {
		err_set(e, -EFBIG, "more than 8 GiB of entries: too many for one archive");
		return err_try(e, "--from and --limit, or --since and --until");
	}
	int r = export_keys_find(&x->keys, &x->finder, &z->head, e);
	if (r < 0)
		return r;
	ledger_mark_text(keys_first(&x->keys.keys), keys_last(&x->keys.keys), &mark);
	tar_file(x->out, EXPORT_README, readme, sizeof readme - 1, x->seconds);
	tar_file(x->out, EXPORT_LEDGER, ledger, mark.used, x->seconds);
	tar_file(x->out, EXPORT_CHECKPOINT, z->note, strlen(z->note), x->seconds);
	r = write_keys(x, e);
	tar_header(x->out, EXPORT_ENTRIES, x->bytes, x->seconds);
	if (r == 0)
		r = each_again(x, write_entry, e);
	tar_pad(x->out, x->bytes);
	if (r == 0)
		r = each_again(x, write_proof, e);
	tar_end(x->out);
	return r;
}

/* --- a table --- */

/* RFC 4180; what a spreadsheet would take for a formula gets an apostrophe in front, and controls
 * are replaced. */
static void write_cell(struct out *o, const char *text, char after)
{
	uint32_t code;
	out_char(o, '"');
	if (*text && strchr("=+-@\t\r", *text))
		out_char(o, '\'');
	for (size_t n; (n = glyph_at(text, &code)); text += n) {
		if (code == '"')
			out_char(o, '"');
		glyph_out(o, code);
	}
	out_char(o, '"');
	out_char(o, after);
}

static int write_row(void *self, uint64_t sequence, const void *bytes, size_t size, bool signed_yet,
	struct err *e)
{
	struct export *x = self;
	static char data[2 * ENTRY_SIZE_MAX];
	struct out o = out_mem(data, sizeof data);
	struct entry_parts p;
	entry_take_apart(bytes, size, &p);
	if (p.data && canonical_write(p.data, &o, e) < 0)
		o.used = 0; /* no data of ours */
	x->count++;
	out_fmt(x->out, "%llu,%s,", (unsigned long long)sequence, signed_yet ? "yes" : "no");
	write_cell(x->out, p.at, ',');
	write_cell(x->out, p.kind, ',');
	write_cell(x->out, p.subject, ',');
	write_cell(x->out, p.actor, ',');
	write_cell(x->out, p.site, ',');
	write_cell(x->out, out_text(&o), '\r');
	out_char(x->out, '\n');
	entry_parts_free(&p);
	tell_progress(x);
	return x->out->failed;
}

/* --- the verb --- */

static int nothing(struct export *x, struct err *e)
{
	if (x->unsigned_count)
		return err_set(e, -ENOENT, "what was asked for is in no checkpoint yet");
	err_set(e, -ENOENT, "none of the %llu entries is one of these",
		(unsigned long long)x->finder.view.head.size);
	return err_try(e, "less of --kind, --asset, --since ...");
}

static int write_all(struct export *x, struct err *e)
{
	uint64_t told;
	int r;
	if (x->o->format && strcmp(x->o->format, "csv") == 0) {
		out_str(x->out, "sequence,signed,at,kind,subject,actor,site,data\r\n");
		r = ledger_find(&x->finder, &x->ask, write_row, x, &told, e);
	} else {
		r = frozen_take(x->frozen, &x->finder.view, e);
		if (r == 0)
			r = ledger_find(&x->finder, &x->ask, count_entry, x, &told, e);
		x->finder.gone = NULL; /* told once */
		if (r == 0 && x->count)
			r = write_tar(x, e);
	}
	if (r < 0)
		return r;
	return x->count ? 0 : nothing(x, e);
}

static int write_to(struct export *x, int fd, const char *path, struct err *e)
{
	static char buffer[BUFFER];
	struct out out = out_fd(fd, buffer, sizeof buffer);
	x->out = &out;
	int r = write_all(x, e);
	if (r == 0 && (r = out_flush(&out, e)) < 0) {
		err_in(e, "%s", path);
		cli_try_write(e);
	}
	if (r == 0 && fsync(fd) < 0 && errno != EINVAL) /* a pipe, a terminal */
		r = err_sys(e, "sync %s", path);
	return r;
}

/* A device or a pipe: it takes what comes, and stays. */
static int write_through(struct export *x, struct err *e)
{
	const char *path = x->o->out;
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", path);
	int r = write_to(x, fd, path, e);
	close(fd);
	return r;
}

/* A file of its own: whole, or as it was before. */
static int write_beside(struct export *x, struct err *e)
{
	char path[PATH_MAX], beside[PATH_MAX];
	int r = ledger_beside(x->o->out, "", path, e);
	if (r == 0)
		r = ledger_beside(path, ".new", beside, e);
	int fd = r < 0 ? r : ledger_open_new(path, beside, e);
	if (fd < 0)
		return fd;
	r = write_to(x, fd, path, e);
	if (r == 0 && rename(beside, path) < 0)
		r = err_sys(e, "rename %s", beside);
	if (r < 0)
		unlink(beside);
	close(fd);
	return r < 0 ? r : keyfile_sync_folder(path, e);
}

static int write_file(struct export *x, struct err *e)
{
	struct stat s;
	bool is_file = stat(x->o->out, &s) < 0 || S_ISREG(s.st_mode);
	return is_file ? write_beside(x, e) : write_through(x, e);
}

static int export(struct export *x, struct err *e)
{
	x->began = clock_monotonic();
	int r = ledger_finder_open(&x->finder, &x->o->find, x->cli->tty_err, e);
	if (r < 0)
		return r;
	x->finder.gone = see_gone;
	x->finder.gone_self = x;
	r = x->o->out ? write_file(x, e) : write_all(x, e);
	if (x->told)
		fprintf(stderr, "\r\033[K");
	if (r == 0 && x->unsigned_count)
		fprintf(stderr, "weir: %llu more are in no checkpoint yet, and not in it\n",
			(unsigned long long)x->unsigned_count);
	if (r == 0 || r == -ENOENT)
		say_gone(x);
	ledger_finder_close(&x->finder);
	return r;
}

static int run(struct cli *cli, const void *opts, struct err *e)
{
	static struct export x;
	x = (struct export){ .cli = cli, .o = opts, .out = cli->out };
	bool csv = x.o->format && strcmp(x.o->format, "csv") == 0;
	if (ledger_ask_of(&x.o->find, &x.ask, e) < 0)
		return EXIT_ASKED_WRONGLY;
	if (x.o->format && !csv && strcmp(x.o->format, "tar") != 0) {
		err_set(e, -EINVAL, "--format %.40s: not one of tar, csv", x.o->format);
		err_try(e, "--format csv");
		return EXIT_ASKED_WRONGLY;
	}
	if (!csv && !x.o->out && cli->tty_out) {
		err_set(e, -EINVAL, "an archive is nothing for a terminal");
		err_try(e, "--out export.tar");
		return EXIT_ASKED_WRONGLY;
	}
	x.frozen = malloc(sizeof *x.frozen);
	int r = x.frozen ? export(&x, e) : err_sys(e, "export");
	free(x.frozen);
	export_keys_done(&x.keys);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

static const struct opt export_opts[] = {
	FILTER_OPTS,
	RANGE_OPTS,
	{ OPT_TEXT, 'o', "out", "FILE", "where it goes (standard output)",
		offsetof(struct opts, out), NULL },
	{ OPT_TEXT, 0, "format", "FORMAT",
		"tar, with everything that proves it, or csv, for a spreadsheet (tar)",
		offsetof(struct opts, format), NULL },
	{ 0 },
};

static const char *const examples[] = {
	"weir ledger export --asset plc-7 --since 2026-11-01 --out plc-7.tar",
	"what an auditor takes along; weir ledger verify --export plc-7.tar checks it anywhere",
	"weir ledger export --kind access --format csv > access.csv",
	"a table of who came in and left", NULL
};

const struct verb verb_ledger_export = {
	.name = "ledger export",
	.brief = "Entries to take along, each with its proof",
	.about =
		"A tar archive with the entries, the checkpoint, the public key, and for every entry a "
		"proof that it stands in the checkpoint (C2SP tlog-proof). It is checked without the "
		"ledger and without a network: by weir ledger verify --export FILE, or by "
		"tools/verify-export.py FILE KEY, which needs Python alone.",
	.examples = examples,
	.opts_size = sizeof(struct opts),
	.opts = export_opts,
	.run = run,
};
