/* weir ledger prune, move: entries that may go, and entries that go elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"
#include "cli/ledger/store.h"
#include "ledger/check.h"
#include "ledger/prune.h"
#include "ledger/tile.h"
#include "report/glyph.h"

/* --- another folder --- */

int ledger_shelf_open(
	struct ledger_shelf *s, const struct ledger_home *h, const char *also, struct err *e)
{
	*s = (struct ledger_shelf){ .fd = -1, .here = h->files };
	if (also) {
		s->fd = open(also, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->fd < 0)
			return err_sys(e, "open %s", also);
		s->there = files_real(s->fd);
	}
	s->shelf = (struct shelf){ &s->here, also ? &s->there : NULL };
	s->both = shelf_files(&s->shelf);
	return 0;
}

void ledger_shelf_close(struct ledger_shelf *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* --- what both do --- */

struct prune_opts {
	struct ledger_write_opts write;
	const char *also, *to, *before, *cosigned, *witness;
	bool dry;
};

struct pruning {
	struct cli *cli;
	const struct prune_opts *o;
	struct ledger_shelf shelf;
	struct retain *rules;
	struct prune_plan plan;
	struct prune_eyes eyes;
	int64_t until_s;
	char to[PATH_MAX];
};

static const char *entries_text(uint64_t count, char text[48])
{
	snprintf(text, 48, "%llu %s", (unsigned long long)count, count == 1 ? "entry" : "entries");
	return text;
}

static void print_ranges(const struct pruning *p, const char *verb)
{
	char text[48];
	for (size_t i = 0; i < p->plan.count; i++)
		out_fmt(p->cli->out, "%s entries %llu to %llu\n", verb,
			(unsigned long long)p->plan.ranges[i].first,
			(unsigned long long)p->plan.ranges[i].last);
	out_fmt(p->cli->out, "%s %s in all\n", verb, entries_text(p->plan.entries, text));
}

/* Who keeps the rest, with an example of each. */
static void print_stays(const struct pruning *p)
{
	struct out *o = p->cli->out;
	for (unsigned why = OWN_KIND; why < RETAIN_WHYS; why++) {
		const struct retain_verdict *v = &p->plan.example[why];
		unsigned long long by = v->by, at = p->plan.example_at[why];
		if (!p->plan.stay[why])
			continue;
		out_fmt(o, "%llu bundles stay: ", (unsigned long long)p->plan.stay[why]);
		if (why == OWN_KIND)
			out_fmt(o, "they have entries of the ledger's own, such as %llu\n", at);
		else if (why == NOT_UNDERSTOOD)
			out_fmt(o, "they have entries in no form of ours, such as %llu\n", at);
		else if (why == HELD)
			out_fmt(o, "entry %llu, for one, is held by %llu\n", at, by);
		else if (why == NOT_PROMISED)
			out_fmt(o, "no promise ends for kind %s, of entry %llu for one\n",
				entry_kinds[v->kind].name, at);
		else if (p->o->to)
			out_str(o, "they are not from before that time\n");
		else
			out_fmt(o,
				"entry %llu promised them; of entry %llu there are %lld days left "
				"at least\n",
				by, at, (long long)(v->left_s + 86399) / 86400);
	}
	if (p->plan.elsewhere)
		out_fmt(o, "%llu bundles were moved and are not looked at (--also DIR does)\n",
			(unsigned long long)p->plan.elsewhere);
}

static int load(struct pruning *p, const struct ledger_home *h, uint64_t size, struct err *e)
{
	int r = ledger_shelf_open(&p->shelf, h, p->o->also, e);
	p->eyes = (struct prune_eyes){ p->cli->tty_err ? ledger_progress : NULL, NULL };
	return r < 0 ? r : retain_load(&p->rules, &p->shelf.both, size, &p->eyes, e);
}

static int write_ranges(struct pruning *p, struct ledger_own *w, struct err *e)
{
	const char *to = p->o->to ? p->to : NULL;
	size_t at = 0;
	for (;;) {
		json_t *data;
		uint64_t sequence;
		int r = prune_data(&p->plan, &at, p->until_s, to, &data, e);
		if (r < 0 || !data)
			return r;
		r = ledger_own_write(w, "retention", to ? "moved" : "let go", data, &sequence, e);
		if (r < 0)
			return r;
	}
}

static void done_with(struct pruning *p)
{
	prune_plan_done(&p->plan);
	retain_free(p->rules);
	ledger_shelf_close(&p->shelf);
}

/* The projection has them, too; it follows from the ledger, and is made again by rebuild. */
static int forget_store(const struct ledger_home *h, struct err *e)
{
	static const char *const endings[] = { ".store", ".store-wal", ".store-shm" };
	char path[PATH_MAX];
	bool was = false;
	for (size_t i = 0; i < COUNT_OF(endings); i++) {
		int r = ledger_beside(h->dir, endings[i], path, e);
		if (r < 0)
			return r;
		if (unlink(path) == 0)
			was = true;
		else if (errno != ENOENT)
			return err_sys(e, "remove %s, which has these entries, too", path);
	}
	if (was)
		cli_say("the store beside the ledger had these entries, too, and was removed",
			"weir ledger rebuild");
	return 0;
}

static int remove_here(void *self, const struct ledger_home *h, struct err *e)
{
	struct pruning *p = self;
	int r = prune_remove(&p->plan, &h->files, e);
	if (r == 0 && p->shelf.fd >= 0)
		r = prune_remove(&p->plan, &p->shelf.there, e);
	if (r == 0 && p->plan.count)
		r = forget_store(h, e);
	if (r == 0)
		print_ranges(p, "let go of");
	return r;
}

/* --- prune --- */

/* The newest time that a witness put under a checkpoint of this ledger. */
static int witness_time(struct pruning *p, const struct note_key *ledger, struct err *e)
{
	static char bytes[NOTE_MAX];
	struct note_key witness;
	struct note n;
	uint64_t seconds = 0;
	int r = note_key_read(p->o->witness, &witness, e);
	if (r < 0)
		return err_in(e, "--witness"), r;
	int fd = open(p->o->cosigned, O_RDONLY | O_CLOEXEC);
	ssize_t size = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
	r = size < 0 ? err_sys(e, "read %s", p->o->cosigned) : 0;
	if (fd >= 0)
		close(fd);
	if (r == 0)
		r = note_read(cur_of(bytes, (size_t)size), &n, e);
	if (r == 0)
		r = note_check(&n, ledger, NULL, e);
	if (r == 0)
		r = note_check(&n, &witness, &seconds, e);
	if (r == 0 && (witness.kind != NOTE_COSIGNATURE || !seconds))
		r = err_set(e, -EINVAL, "a witness's signature has a time, this one has none");
	if (r == 0 && seconds < (uint64_t)p->until_s)
		p->until_s = (int64_t)seconds;
	return r < 0 ? err_in(e, "%s", p->o->cosigned), r : 0;
}

static int plan_prune(struct pruning *p, const struct ledger_home *h, uint64_t size, struct err *e)
{
	p->until_s = clock_wall() / CLOCK_SECOND;
	int r = p->o->cosigned ? witness_time(p, &h->key, e) : 0;
	if (r == 0)
		r = load(p, h, size, e);
	return r < 0
		? r
		: prune_plan(&p->plan, &p->shelf.both, size, p->rules, p->until_s, &p->eyes, e);
}

/* What is damaged says nothing that could be relied on: neither its promises nor its holds. */
static int check_all(struct pruning *p, const struct ledger_home *h, struct err *e)
{
	static struct ledger_checked found;
	struct ledger_shelf shelf;
	int r = ledger_shelf_open(&shelf, h, p->o->also, e);
	if (r < 0)
		return r;
	const struct ledger_check c = { .files = &shelf.both,
		.key = &h->key,
		.origin = h->key.name,
		.progress = p->cli->tty_err ? ledger_progress : NULL };
	r = ledger_check(&c, &found, e);
	ledger_shelf_close(&shelf);
	if (r == 0)
		return 0;
	err_in(e, "nothing is let go: the ledger does not hold");
	return e->code = -EBADMSG;
}

static int write_prune(void *self, struct ledger_own *w, struct err *e)
{
	struct pruning *p = self;
	int r = check_all(p, ledger_own_home(w), e);
	if (r < 0)
		return r;
	r = plan_prune(p, ledger_own_home(w), ledger_own_size(w), e);
	return r < 0 ? r : write_ranges(p, w, e);
}

/* Nothing is written: what the checkpoint has is looked at. */
static int try_prune(struct pruning *p, struct err *e)
{
	struct ledger_home h;
	struct checkpoint head;
	char note[NOTE_MAX + 1];
	int r = ledger_home_open(&h, p->o->write.ledger.dir, e);
	if (r == 0)
		r = ledger_head(&h.files, &h.key, &head, note, e);
	if (r == 0)
		r = plan_prune(p, &h, head.size, e);
	if (r == 0) {
		print_ranges(p, "would let go of");
		print_stays(p);
	}
	ledger_home_close(&h);
	return r;
}

static int run_prune(struct cli *cli, const void *opts, struct err *e)
{
	struct pruning p = { .cli = cli, .o = opts, .shelf.fd = -1 };
	const struct ledger_own_work work = { write_prune, remove_here, &p };
	if (!p.o->cosigned != !p.o->witness)
		return err_set(e, -EINVAL, "--cosigned wants the key that cosigned: --witness"),
		       EXIT_ASKED_WRONGLY;
	int r = p.o->dry ? try_prune(&p, e) : ledger_own_do(cli, &p.o->write, &work, e);
	done_with(&p);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- move --- */

/* A folder of its own, marked with whose entries these are; another ledger's is refused. */
static int open_place(struct pruning *p, const struct ledger_home *h, struct err *e)
{
	struct note_key ours, there, present;
	if (mkdir(p->o->to, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make the folder %s", p->o->to);
	if (!realpath(p->o->to, p->to))
		return err_sys(e, "find %s", p->o->to);
	p->shelf.fd = open(p->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->shelf.fd < 0)
		return err_sys(e, "open %s", p->to);
	p->shelf.there = files_real(p->shelf.fd);
	struct stat a, b;
	if (fstat(p->shelf.fd, &a) == 0 && fstat(h->fd, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino)
		return err_set(e, -EINVAL, "--to %s is the ledger itself", p->o->to);
	/* The key that it began with says which ledger it is, whatever keys came after. */
	int r = ledger_keys_named(&h->files, &ours, &present, e);
	if (r < 0)
		return r;
	r = ledger_keys_named(&p->shelf.there, &there, &present, e);
	if (r == -ENOENT)
		return ledger_mark(&p->shelf.there, &ours, e);
	if (r == 0 && there.id != ours.id)
		r = err_set(
			e, -EEXIST, "%s has entries of another ledger, '%s'", p->to, there.name);
	return r;
}

static int write_move(void *self, struct ledger_own *w, struct err *e)
{
	struct pruning *p = self;
	const struct ledger_home *h = ledger_own_home(w);
	uint64_t size = ledger_own_size(w);
	int r = open_place(p, h, e);
	if (r == 0)
		r = retain_load(&p->rules, &h->files, size, &p->eyes, e);
	if (r == 0)
		r = move_plan(&p->plan, &h->files, size, p->rules, p->until_s, p->to, &p->eyes, e);
	if (r == 0)
		r = move_copy(&p->plan, &h->files, size, &p->shelf.there, e);
	return r < 0 ? r : write_ranges(p, w, e);
}

static int remove_moved(void *self, const struct ledger_home *h, struct err *e)
{
	struct pruning *p = self;
	int r = prune_remove(&p->plan, &h->files, e);
	if (r == 0) {
		print_ranges(p, "moved");
		print_stays(p);
	}
	return r;
}

static int run_move(struct cli *cli, const void *opts, struct err *e)
{
	struct pruning p = { .cli = cli, .o = opts, .shelf.fd = -1, .until_s = INT64_MAX };
	const struct ledger_own_work work = { write_move, remove_moved, &p };
	if (!p.o->to) {
		err_set(e, -EINVAL, "where to? --to says it");
		return err_try(e, "weir ledger move --to /mnt/archive/ledger"), EXIT_ASKED_WRONGLY;
	}
	if (p.o->before && !entry_seconds(cur_of(p.o->before, strlen(p.o->before)), &p.until_s)) {
		err_set(e, -EINVAL, "--before %.40s: no time", p.o->before);
		return err_try(e, "--before 2026-11-22, or 2026-11-22T20:40:00Z"),
		       EXIT_ASKED_WRONGLY;
	}
	p.eyes.progress = cli->tty_err ? ledger_progress : NULL;
	int r = ledger_own_do(cli, &p.o->write, &work, e);
	done_with(&p);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- the verbs --- */

#define TEXT_OPT(name, value, help)                                                                \
	{                                                                                          \
		OPT_TEXT, 0, #name, value, help, offsetof(struct prune_opts, name), NULL           \
	}

static const struct opt prune_opts[] = {
	LEDGER_WRITE_OPTS,
	{ OPT_FLAG, 'n', "dry-run", NULL, "say what would go and what keeps the rest",
		offsetof(struct prune_opts, dry), NULL },
	TEXT_OPT(cosigned, "FILE", "a checkpoint with a witness's time: it is no later than that"),
	TEXT_OPT(witness, "KEY", "the witness's public key, name+id+base64"),
	LEDGER_ALSO_OPT(prune_opts),
	{ 0 },
};

static const struct opt move_opts[] = {
	LEDGER_WRITE_OPTS,
	TEXT_OPT(to, "DIR", "where to; made where it is not"),
	TEXT_OPT(before, "TIME", "entries from before this time alone: 2026-11-22"),
	{ 0 },
};

static const char *const prune_examples[] = { "weir ledger prune --dry-run",
	"which entries have outlived every promise, and who keeps the rest", "weir ledger prune",
	"takes them away; their hashes stay, and an entry says so", NULL };

static const char *const move_examples[] = {
	"weir ledger move --to /mnt/archive/ledger --before 2026-01-01",
	"whole bundles are copied, compared, and only then removed here",
	"weir ledger verify --also /mnt/archive/ledger", "checks both as one", NULL
};

const struct verb verb_ledger_prune = {
	.name = "ledger prune",
	.brief = "Let go of entries that no promise and no hold keeps",
	.about =
		"Bundles of 256 entries are removed when every entry in them is older than the longest "
		"promise for its kind. What is removed is gone; the hashes stay, so every proof and "
		"checkpoint holds as before. A clock that jumps ahead does not make entries older: what "
		"counts is the time that the entries written since bear witness of.",
	.examples = prune_examples,
	.opts_size = sizeof(struct prune_opts),
	.opts = prune_opts,
	.run = run_prune,
};

const struct verb verb_ledger_move = {
	.name = "ledger move",
	.brief = "Move old entries to cheaper storage",
	.about =
		"The hashes stay here, and every proof with them. An entry says where the others are; show "
		"and verify read them there with --also.",
	.examples = move_examples,
	.opts_size = sizeof(struct prune_opts),
	.opts = move_opts,
	.run = run_move,
};
