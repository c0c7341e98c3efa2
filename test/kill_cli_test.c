/* `weir ledger init` and `weir ledger append` are killed at their system calls: whatever is left
 * behind can be gone on with, by the words that the program itself says.
 *
 *	kill_cli_test WEIR            a sample, in the ordinary tests
 *	POINTS=500 kill_cli_test WEIR so many */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kill_weir.h"
#include "ledger/read.h"

enum { SAMPLE_POINTS = 40, LINES = 900, LINE_DATA = 3000, PATH = 128, SKIPPED = 77 };

static char top[] = "/tmp/weir-kill-XXXXXX", dir[PATH], input[PATH];

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	return where->level ? remove(path) : 0;
}

static int run(const char *verb, const char *from)
{
	return weir_run((const char *const[]){ "ledger", verb, "--dir", dir, NULL }, from);
}

static void begin(void)
{
	nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	int fd = open(input, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
	for (unsigned n = 0; f && n < LINES; n++)
		fprintf(f,
			"{\"kind\":\"note\",\"subject\":\"entry %u\",\"data\":{\"x\":\"%0*u\"}}\n",
			n, LINE_DATA, n);
	if (f)
		fclose(f);
}

/* --- after it --- */

/* Numbers that were printed, each with the end of its line. */
static unsigned numbers_told(void)
{
	unsigned count = 0;
	for (const char *at = weir_said; (at = strchr(at, '\n')); at++)
		count++;
	return count;
}

struct entries {
	unsigned count; /* of those that we wrote, in order */
};

static int see_entry(void *self, uint64_t sequence, const void *entry, size_t size, bool signed_yet,
	struct err *e)
{
	struct entries *s = self;
	char want[64];
	int used = snprintf(want, sizeof want, "\"subject\":\"entry %u\"", s->count);
	(void)sequence;
	(void)signed_yet;
	if (!memmem(entry, size, "\"kind\":\"note\"", 13))
		return 0;
	if (!memmem(entry, size, want, (size_t)used))
		return err_set(e, -EBADMSG, "not %s", want);
	s->count++;
	return 0;
}

static int count_entries(unsigned *count, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct files f = files_real(fd);
	struct note_key whose;
	struct checkpoint head;
	struct entries entries = { 0 };
	char note[NOTE_MAX + 1];
	int r = ledger_whose(&f, &whose, e);
	if (r == 0)
		r = ledger_head(&f, &whose, &head, note, e);
	if (r == 0)
		r = ledger_read(&f, &head, 0, see_entry, &entries, e);
	close(fd);
	*count = entries.count;
	return r;
}

/* Everything whose number was printed is there, and it goes on. */
static int look_after_append(struct err *e)
{
	unsigned told = numbers_told(), there = 0;
	if (run("append", "/dev/null") != 0)
		return err_set(e, -EIO, "append again: %s", weir_said);
	int r = count_entries(&there, e);
	if (r < 0)
		return r;
	if (there < told)
		return err_set(
			e, -EBADMSG, "%u numbers were printed, %u entries are there", told, there);
	if (run("verify", "/dev/null") != 0)
		return err_set(e, -EBADMSG, "verify: %s", weir_said);
	return 0;
}

/* Does as it says: "; try: mv ONE OTHER". */
static bool follow_words(void)
{
	char one[2 * PATH], other[2 * PATH];
	const char *at = strstr(weir_said, "; try: mv ");
	return at && sscanf(at, "; try: mv %255s %255s", one, other) == 2 &&
		rename(one, other) == 0;
}

/* It is made again, or it is a ledger already, or what stands in the way is named. */
static int look_after_init(struct err *e)
{
	int r = run("init", "/dev/null");
	/* First the key, then what it remembers. */
	for (unsigned i = 0; i < 2 && r != 0 && follow_words(); i++)
		r = run("init", "/dev/null");
	if (r != 0 && !strstr(weir_said, "is a ledger already"))
		return err_set(e, -EIO, "init again: %d: %s", r, weir_said);
	if (run("append", "/dev/null") != 0)
		return err_set(e, -EIO, "append to it: %s", weir_said);
	if (run("verify", "/dev/null") != 0)
		return err_set(e, -EIO, "verify it: %s", weir_said);
	return 0;
}

/* --- the points --- */

static int one_point(bool init, uint64_t call, bool half, struct killed *k, struct err *e)
{
	begin();
	if (!init && run("init", "/dev/null") != 0)
		return err_set(e, -EIO, "init: %s", weir_said);
	const char *const words[] = { "ledger", init ? "init" : "append", "--dir", dir, NULL };
	weir_run_killed(words, init ? "/dev/null" : input, call, half, k);
	return !k->traced ? 0 : init ? look_after_init(e) : look_after_append(e);
}

/* Gives how many points went wrong; -1: no process may be traced here. */
static int kill_everywhere(bool init, unsigned points)
{
	struct err e = { 0 };
	struct killed k;
	const char *verb = init ? "init" : "append";
	int lost = one_point(init, 0, false, &k, &e) < 0;
	if (!k.traced)
		return -1;
	uint64_t calls = k.calls;
	if (!k.ended || lost)
		return printf("undisturbed %s: %s%s\n", verb, e.text, weir_said), 1;
	for (unsigned i = 0; i < points; i++) {
		uint64_t call = points < calls ? calls - i * calls / points : 1 + i % calls;
		if (one_point(init, call, i & 1, &k, &e) == 0)
			continue;
		printf("%s killed at system call %llu (%ld)%s: %s\n", verb,
			(unsigned long long)call, k.last, k.halved ? ", halfway" : "", e.text);
		lost++;
	}
	printf("weir ledger %s of %llu system calls killed at %u points, %d with a loss\n", verb,
		(unsigned long long)calls, points, lost);
	return lost;
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("POINTS");
	unsigned points = wanted ? (unsigned)strtoul(wanted, NULL, 10) : SAMPLE_POINTS;
	if (argc < 2 || !mkdtemp(top))
		return 2;
	weir_is(argv[1], top);
	snprintf(dir, sizeof dir, "%s/ledger", top);
	snprintf(input, sizeof input, "%s/input", top);
	int inits = kill_everywhere(true, points),
	    appends = inits < 0 ? -1 : kill_everywhere(false, points);
	nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	rmdir(top);
	if (inits < 0 || appends < 0) {
		puts("[  SKIPPED ] killed_commands: no process may be traced here");
		return SKIPPED;
	}
	printf("[%s] killed_commands\n", inits + appends ? "  FAILED  " : "       OK ");
	return inits + appends > 0;
}
