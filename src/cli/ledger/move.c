/* weir ledger move: entries that go elsewhere. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/ledger/prune.h"
#include "ledger/move.h"
#include "ledger/read.h"

static bool is_same(int fd, const struct stat *other)
{
	struct stat s;
	return fstat(fd, &s) == 0 && s.st_dev == other->st_dev && s.st_ino == other->st_ino;
}

/* Up to the root, by what the folders are and not by what they are called. */
static bool is_below(int fd, const struct stat *ledger)
{
	bool found = is_same(fd, ledger);
	for (struct stat s; !found && fstat(fd, &s) == 0;) {
		int up = openat(fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
		bool top = up < 0 || is_same(up, &s);
		close(fd);
		fd = up;
		if (top)
			break;
		found = is_same(fd, ledger);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* The folder, or the one that it would be made in. */
static bool is_within(const char *to, const char *dir)
{
	char above[PATH_MAX + 4];
	struct stat ledger;
	if (stat(dir, &ledger) < 0)
		return false;
	int fd = open(to, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		size_t size = strlen(to);
		while (size > 1 && to[size - 1] == '/')
			size--;
		while (size && to[size - 1] != '/')
			size--;
		snprintf(above, sizeof above, "%.*s.", (int)size, to);
		fd = open(above, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	return fd >= 0 && is_below(fd, &ledger);
}

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
	const struct prune_from from = { &h->files, &h->files, size, p->rules, &p->eyes };
	if (r == 0)
		r = move_plan(&p->plan, &from, p->until_s, p->to, e);
	if (r == 0)
		r = move_copy(&p->plan, &h->files, size, &p->shelf.there, e);
	return r < 0 ? r : pruning_write(p, w, e);
}

static int remove_moved(void *self, const struct ledger_home *h, struct err *e)
{
	struct pruning *p = self;
	int r = pruning_remove(p, h, e);
	if (r == 0) {
		pruning_print_ranges(p, "moved");
		pruning_print_stays(p);
	}
	return r;
}

static int run_move(struct cli *cli, const void *opts, struct err *e)
{
	struct pruning p = { .cli = cli, .o = opts, .shelf.fd = -1, .until_s = INT64_MAX };
	const struct ledger_own_work work = {
		.write = write_move, .after = remove_moved, .self = &p, .alone = true
	};
	if (!p.o->to) {
		err_set(e, -EINVAL, "where to? --to says it");
		return err_try(e, "weir ledger move --to /mnt/archive/ledger"), EXIT_ASKED_WRONGLY;
	}
	if (ledger_text_fits("--to", p.o->to, e) < 0 ||
		ledger_text_fits("--actor", p.o->write.actor, e) < 0)
		return EXIT_ASKED_WRONGLY;
	const char *dir = p.o->write.ledger.dir ? p.o->write.ledger.dir : LEDGER_DIR;
	if (is_within(p.o->to, dir)) {
		err_set(e, -EINVAL, "--to %.300s is within the ledger itself", p.o->to);
		return err_try(e, "a folder elsewhere, better on another disk"), EXIT_ASKED_WRONGLY;
	}
	if (p.o->before && !entry_seconds(cur_of(p.o->before, strlen(p.o->before)), &p.until_s)) {
		err_set(e, -EINVAL, "--before %.40s: no time", p.o->before);
		return err_try(e, "--before 2026-11-22, or 2026-11-22T20:40:00Z"),
		       EXIT_ASKED_WRONGLY;
	}
	p.eyes.progress = cli->tty_err ? ledger_progress : NULL;
	int r = ledger_own_do(cli, &p.o->write, &work, e);
	pruning_done(&p);
	return r < 0 ? ledger_exit(e) : EXIT_DONE;
}

/* --- the verb --- */

static const struct opt move_opts[] = {
	LEDGER_WRITE_OPTS,
	PRUNE_TEXT(to, "DIR", "where to; made where it is not"),
	PRUNE_TEXT(before, "TIME", "entries from before this time alone: 2026-11-22"),
	{ 0 },
};

static const char *const move_examples[] = {
	"weir ledger move --to /mnt/archive/ledger --before 2026-01-01",
	"whole bundles are copied, compared, and only then removed here",
	"weir ledger verify --also /mnt/archive/ledger", "checks both as one", NULL
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
