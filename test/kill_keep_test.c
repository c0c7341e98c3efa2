/* `weir ledger prune` and `weir ledger move` are killed at their system calls.  What was let go is
 * nowhere, neither in the ledger nor beside it, once prune was called again; what was moved is here
 * or there at any time, and moving again ends it.  `weir ledger rebuild` is stopped while prune
 * runs: it puts nothing back.
 *
 *	kill_keep_test WEIR AGED_LEDGER            a sample, in the ordinary tests
 *	POINTS=500 kill_keep_test WEIR AGED_LEDGER so many; more than there are: each of them */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "kill_weir.h"

enum { SAMPLE_POINTS = 24, PATH = 128, SKIPPED = 77, ENTRIES = 1024, DAY = 86400 };

static char top[] = "/tmp/weir-keep-XXXXXX", dir[PATH], far_dir[PATH], work[PATH];
static const char marker[] = "let me go"; /* in what is in bundles 1 and 2 */

/* --- the folder --- */

static bool found;

static int look_into(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	static char bytes[8 << 20];
	(void)st;
	(void)where;
	FILE *f = kind == FTW_F ? fopen(path, "r") : NULL;
	size_t size = f ? fread(bytes, 1, sizeof bytes, f) : 0;
	found |= memmem(bytes, size, marker, strlen(marker)) != NULL;
	if (f)
		fclose(f);
	return 0;
}

/* In any file below `where`, whatever it is called. */
static bool is_somewhere(const char *where)
{
	found = false;
	nftw(where, look_into, 8, FTW_PHYS);
	return found;
}

static int run(const char *verb, const char *option, const char *value)
{
	const char *const words[] = { "ledger", verb, "--dir", dir, option, value, NULL };
	return weir_run(words, "/dev/null");
}

/* Two entries a day; 256 to 767 are older than the promise, and were followed by as much time. */
static int make_template(const char *aged)
{
	char input[PATH + 8], at[CLOCK_TEXT], command[4 * PATH];
	snprintf(input, sizeof input, "%s/input", top);
	FILE *f = fopen(input, "w");
	int64_t now = (int64_t)time(NULL);
	for (int n = 0; f && n < ENTRIES; n++) {
		clock_text((now - 600 * DAY + n * (DAY / 2)) * CLOCK_SECOND, at);
		fprintf(f, "{\"kind\":\"%s\",\"subject\":\"%s\",\"at\":\"%.19sZ\",\"data\":%s}\n",
			n == 0           ? "key"
				: n == 1 ? "retention"
					 : "note",
			n >= 256 && n < 768 ? marker : "stay", at,
			n == 1 ? "{\"days\":100}" : "{}");
	}
	if (!f || fclose(f) != 0)
		return -1;
	snprintf(command, sizeof command, "mkdir %s/template && %s %s/template/l kill.example <%s",
		top, aged, top, input);
	if (system(command) != 0) // NOLINT(cert-env33-c): folders of ours
		return -1;
	snprintf(dir, sizeof dir, "%s/template/l", top);
	int r = run("rebuild", NULL, NULL);
	snprintf(dir, sizeof dir, "%s/work/l", top);
	return r;
}

/* --- after it --- */

static unsigned lines_with(const char *word)
{
	unsigned count = 0;
	for (const char *at = weir_said; (at = strstr(at, word)); at++)
		count++;
	return count;
}

/* All of them, whether the store is asked or not. */
static int shows(unsigned count, const char *also, struct err *e)
{
	char store[PATH + 16], aside[PATH + 16];
	snprintf(store, sizeof store, "%s.store", dir);
	snprintf(aside, sizeof aside, "%s/aside", top);
	for (unsigned how = 0; how < 2; how++) {
		if (how)
			rename(store, aside);
		int r = run("show", also ? "--also" : NULL, also);
		if (how)
			rename(aside, store);
		unsigned notes = lines_with(" note ");
		if (r != 0 || notes != count)
			return err_set(e, -EBADMSG, "show gives %u notes%s, exit %d: %.400s", notes,
				how ? " without the store" : "", r, weir_said);
	}
	return 0;
}

static int holds(const char *also, struct err *e)
{
	return run("verify", also ? "--also" : NULL, also) == 0
		? 0
		: err_set(e, -EBADMSG, "verify: %s", weir_said);
}

static int look_after_prune(struct err *e)
{
	int r = holds(NULL, e);
	if (r == 0 && run("prune", NULL, NULL) != 0)
		r = err_set(e, -EIO, "prune again: %s", weir_said);
	if (r == 0 && is_somewhere(work))
		r = err_set(e, -EBADMSG, "what was let go is still there");
	if (r == 0)
		r = holds(NULL, e);
	return r < 0 ? r : shows(ENTRIES - 2 - 512, NULL, e);
}

static int look_after_move(struct err *e)
{
	char here[PATH + 32];
	const char *also = access(far_dir, F_OK) == 0 ? far_dir : NULL;
	int r = shows(ENTRIES - 2, also, e);
	if (r == 0)
		r = holds(NULL, e);
	if (r == 0 && run("move", "--to", far_dir) != 0)
		r = err_set(e, -EIO, "move again: %s", weir_said);
	if (r == 0)
		r = holds(far_dir, e);
	if (r == 0 && strstr(weir_said, "moved to"))
		r = err_set(e, -EBADMSG, "not all of it is there: %s", weir_said);
	snprintf(here, sizeof here, "%s.store", dir);
	if (r == 0 && (is_somewhere(dir) || is_somewhere(here)))
		r = err_set(e, -EBADMSG, "what was moved is still here");
	return r < 0 ? r : shows(ENTRIES - 2, far_dir, e);
}

/* Neither is called again. */
static int look_after_both(int pruned, struct err *e)
{
	if (pruned != 0)
		return err_set(e, -EIO, "prune beside a rebuild: exit %d", pruned);
	if (is_somewhere(work))
		return err_set(e, -EBADMSG, "what was let go is still there");
	int r = holds(NULL, e);
	return r < 0 ? r : shows(ENTRIES - 2 - 512, NULL, e);
}

/* --- the points --- */

enum what { PRUNE, MOVE, REBUILD };
static const char *const verbs[] = { [PRUNE] = "prune", [MOVE] = "move", [REBUILD] = "rebuild" };

static void prune_meanwhile(void *self)
{
	*(int *)self = run("prune", NULL, NULL);
}

static int one_point(enum what what, uint64_t call, bool half, struct killed *k, struct err *e)
{
	char command[4 * PATH];
	const char *const words[] = { "ledger", verbs[what], "--dir", dir,
		what == MOVE ? "--to" : NULL, far_dir, NULL };
	int pruned = -1;
	snprintf(command, sizeof command, "rm -rf %s && cp -a %s/template %s", work, top, work);
	fflush(stdout);
	if (system(command) != 0) // NOLINT(cert-env33-c): folders of ours
		return err_set(e, -EIO, "cannot copy the ledger");
	if (what == REBUILD)
		weir_run_paused(words, call, prune_meanwhile, &pruned, k);
	else
		weir_run_killed(words, "/dev/null", call, half, k);
	/* Now and then it needs fewer calls than the first time, and has ended before. */
	if (what == REBUILD && call && k->traced && pruned < 0)
		prune_meanwhile(&pruned);
	if (!k->traced)
		return 0;
	if (what == REBUILD)
		return call ? look_after_both(pruned, e) : 0;
	return what == PRUNE ? look_after_prune(e) : look_after_move(e);
}

/* What matters comes late: more of the points are there. */
static uint64_t point_of(unsigned i, unsigned points, uint64_t calls)
{
	if (points >= calls)
		return 1 + i % calls;
	return calls - (uint64_t)((double)calls * i * i / points / points);
}

/* Gives how many points went wrong; -1: no process may be traced here. */
static int kill_everywhere(enum what what, unsigned points)
{
	struct err e = { 0 };
	struct killed k;
	const char *verb = verbs[what];
	int lost = one_point(what, 0, false, &k, &e) < 0;
	if (!k.traced)
		return -1;
	uint64_t calls = k.calls;
	if (!k.ended || lost)
		return printf("undisturbed %s: %s%s\n", verb, e.text, weir_said), 1;
	if (points > calls)
		points = (unsigned)calls;
	for (unsigned i = 0; i < points; i++) {
		uint64_t call = point_of(i, points, calls);
		if (one_point(what, call, i & 1, &k, &e) == 0)
			continue;
		printf("%s ended at system call %llu (%ld)%s: %s\n", verb, (unsigned long long)call,
			k.last, k.halved ? ", halfway" : "", e.text);
		lost++;
	}
	printf("weir ledger %s of %llu system calls ended or stopped at %u points, %d with a loss\n",
		verb, (unsigned long long)calls, points, lost);
	return lost;
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("POINTS");
	unsigned points = wanted ? (unsigned)strtoul(wanted, NULL, 10) : SAMPLE_POINTS;
	char command[2 * PATH];
	if (argc < 3 || !mkdtemp(top))
		return 2;
	weir_is(argv[1], top);
	snprintf(work, sizeof work, "%s/work", top);
	snprintf(far_dir, sizeof far_dir, "%s/work/far", top);
	int r = make_template(argv[2]);
	if (r != 0)
		printf("cannot make a ledger: %d %s\n", r, weir_said);
	int lost = r != 0;
	for (enum what what = PRUNE; r == 0 && lost >= 0 && what <= REBUILD; what++) {
		int more = kill_everywhere(what, points);
		lost = more < 0 ? more : lost + more;
	}
	snprintf(command, sizeof command, "rm -rf %s", top);
	if (system(command) != 0) // NOLINT(cert-env33-c): a folder of ours
		return 2;
	if (lost < 0) {
		puts("[  SKIPPED ] killed_keeping: no process may be traced here");
		return SKIPPED;
	}
	printf("[%s] killed_keeping\n", lost ? "  FAILED  " : "       OK ");
	return lost > 0;
}
