/* The writer is killed at its n-th system call, for every n, on a real file system: after that
 * every acknowledged entry is there, no half one is, the folder checks as it lies there, it can be
 * opened again and goes on.
 *
 *	kill_test                  a sample, in the ordinary tests
 *	POINTS=10000 kill_test     each of the first system calls, then others by chance
 *	kill_test SEED CALL HALF   one point once more, as a failure names it
 *
 * The victim is this program over files_real().  Its parent holds it at each entry of a system call
 * (ptrace) and kills it there, before the call is done; of a write half the bytes are let through
 * first, by making its count smaller. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "killer.h"
#include "sample_ledger.h"

enum { SAMPLE_POINTS = 300, ENTRIES = 700, MANY = 3500, FIRST = 5000, JOBS = 2, SKIPPED = 77 };

/* One entry of it a point: where the victim was killed, in words. */
struct point {
	uint64_t seed, call; /* 0: never killed */
	bool half;
};

struct seen {
	struct killed killed;
	struct sample_told told;
};

/* --- the victim --- */

/* A pipe takes so few bytes whole or not at all. */
static void tell_pipe(void *self, const struct sample_told *told)
{
	const int *fd = self;
	uint64_t numbers[2] = { told->acknowledged, told->published };
	if (write(*fd, numbers, sizeof numbers) != sizeof numbers)
		_exit(3);
}

/* A longer one where all its calls are to come. */
static uint64_t entries = ENTRIES;

static void live(int folder, int out, uint64_t seed)
{
	struct files f = files_real(folder);
	struct sample_told told = { .tell = tell_pipe, .self = &out };
	struct err e = { 0 };
	kill_me();
	/* Twice, so that coming back is part of its life. */
	int r = sample_write(&f, seed | 1, entries / 2, &told, &e);
	if (r == 0)
		r = sample_write(&f, seed & ~1ull, entries, &told, &e);
	if (r < 0)
		fprintf(stderr, "%s\n", e.text);
	_exit(r < 0 ? 2 : 0);
}

/* --- who kills it --- */

/* What came through the pipe was acknowledged, whatever became of who said it. */
static void listen_to(int in, struct sample_told *told)
{
	uint64_t numbers[2];
	while (read(in, numbers, sizeof numbers) == sizeof numbers) {
		told->acknowledged = numbers[0];
		told->published = numbers[1];
	}
}

static int run_victim(int folder, const struct point *p, struct seen *s, struct err *e)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 20); /* nobody reads while it lives */
	pid_t victim = fork();
	if (victim == 0)
		live(folder, ends[1], p->seed);
	close(ends[1]);
	if (victim > 0) {
		kill_at(victim, p->call, p->half, &s->killed);
		listen_to(ends[0], &s->told);
	}
	close(ends[0]);
	return victim < 0 ? err_sys(e, "start the victim") : 0;
}

/* --- after it --- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	(void)kind;
	return where->level ? remove(path) : 0;
}

static void remove_below(const char *path)
{
	if (nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		fprintf(stderr, "cannot empty %s\n", path);
}

static int one_point(const char *path, const struct point *p, struct seen *s, struct err *e)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return err_sys(e, "open %s", path);
	struct files f = files_real(folder);
	int r = run_victim(folder, p, s, e);
	/* Nobody needs to come back first for others to read what was published. */
	if (r == 0 && s->told.published)
		r = sample_holds(&f, &s->told, e);
	if (r < 0)
		err_in(e, "as it was left behind");
	else if (s->killed.traced)
		r = sample_recover(&f, &s->told, e);
	close(folder);
	remove_below(path);
	return r;
}

struct counts {
	uint64_t points, lost, kinds[512], halves, calls;
};

static int make_folder(char path[64])
{
	snprintf(path, 64, "%s/weir-kill-XXXXXX",
		access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	return mkdtemp(path) ? 0 : -1;
}

static uint64_t mixed(uint64_t seed)
{
	seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
	seed = (seed ^ seed >> 27) * 0x94d049bb133111ebu;
	return seed ^ seed >> 31;
}

/* Each of the first calls, then any call of another life; in a sample every so many. */
static struct point point_of(uint64_t i, uint64_t points, uint64_t calls)
{
	uint64_t first = points < FIRST ? points : FIRST, mix = mixed(i);
	if (first > calls)
		first = calls;
	if (i < first)
		return (struct point){ 2, 1 + i * (points < calls ? calls / points : 1), i & 1 };
	return (struct point){ mix >> 32, 1 + mix % calls, mix >> 31 & 1 };
}

static void work(unsigned job, uint64_t points, uint64_t calls, struct counts *c)
{
	char path[64];
	int made = make_folder(path);
	for (uint64_t i = job; made == 0 && i < points; i += JOBS) {
		struct point p = point_of(i, points, calls);
		struct seen s = { 0 };
		struct err e = { 0 };
		int r = one_point(path, &p, &s, &e);
		c->points++;
		if (s.killed.last >= 0 && s.killed.last < 512)
			c->kinds[s.killed.last]++;
		c->halves += s.killed.halved;
		if (r == 0)
			continue;
		c->lost++;
		printf("kill_test %llu %llu %d: %s\n", (unsigned long long)p.seed,
			(unsigned long long)p.call, p.half, e.text);
	}
	rmdir(path);
	fflush(stdout);
}

static bool run_all(uint64_t points, uint64_t calls, struct counts counts[JOBS])
{
	bool ended = true;
	fflush(stdout);
	for (unsigned job = 0; job < JOBS; job++)
		if (fork() == 0) {
			work(job, points, calls, &counts[job]);
			_exit(0);
		}
	for (int status; wait(&status) > 0;)
		ended = ended && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	for (unsigned job = 1; job < JOBS; job++) {
		counts[0].points += counts[job].points;
		counts[0].lost += counts[job].lost;
		counts[0].halves += counts[job].halves;
		for (size_t k = 0; k < 512; k++)
			counts[0].kinds[k] += counts[job].kinds[k];
	}
	return ended;
}

static void print_kinds(const struct counts *c)
{
	static const struct {
		long number;
		const char *name;
	} rows[] = { { SYS_openat, "openat" }, { SYS_pread64, "pread" }, { SYS_pwrite64, "pwrite" },
		{ SYS_fdatasync, "fdatasync" }, { SYS_fsync, "fsync" }, { SYS_syncfs, "syncfs" },
		{ SYS_renameat, "renameat" }, { SYS_unlinkat, "unlinkat" },
		{ SYS_mkdirat, "mkdirat" }, { SYS_close, "close" },
		{ SYS_write, "write (an acknowledgement)" } };
	printf("killed in:");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		printf(" %s %llu%s", rows[i].name, (unsigned long long)c->kinds[rows[i].number],
			i + 1 < sizeof rows / sizeof *rows ? "," : "\n");
}

/* A victim that nobody kills: it can be traced here, and how many calls it makes. */
static int rehearse(struct seen *s, struct err *e)
{
	char path[64];
	const struct point never = { .seed = 2 };
	int r = make_folder(path) < 0 ? err_sys(e, "make %s", path) : one_point(path, &never, s, e);
	rmdir(path);
	return r;
}

static int again(char **words)
{
	char path[64];
	struct err e = { 0 };
	struct seen s = { 0 };
	const struct point p = { strtoull(words[0], NULL, 10), strtoull(words[1], NULL, 10),
		words[2][0] == '1' };
	int r = make_folder(path) < 0 ? err_sys(&e, "make %s", path) : 0;
	if (r == 0)
		r = one_point(path, &p, &s, &e);
	printf("system call %ld, %llu acknowledged, %llu published: %s\n", s.killed.last,
		(unsigned long long)s.told.acknowledged, (unsigned long long)s.told.published,
		r < 0 ? e.text : "nothing lost");
	rmdir(path);
	return r < 0;
}

int main(int argc, char **argv)
{
	const char *wanted = getenv("POINTS");
	uint64_t points = wanted ? strtoull(wanted, NULL, 10) : SAMPLE_POINTS;
	struct err e = { 0 };
	struct seen s = { 0 };
	entries = points > FIRST ? MANY : ENTRIES;
	if (sample_set_up(NULL) < 0)
		return 1;
	if (argc == 4)
		return again(argv + 1);
	if (rehearse(&s, &e) < 0 || (s.killed.traced && !s.killed.ended)) {
		printf("undisturbed: %s\n[  FAILED  ] killed_anywhere\n", e.text);
		return 1;
	}
	if (!s.killed.traced) {
		puts("[  SKIPPED ] killed_anywhere: no process may be traced here");
		return SKIPPED;
	}
	struct counts *counts = mmap(NULL, JOBS * sizeof *counts, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (counts == MAP_FAILED)
		return 1;
	bool ended = run_all(points, s.killed.calls, counts);
	printf("a writer of %llu system calls, killed at %llu points (%llu in the middle of a write)\n",
		(unsigned long long)s.killed.calls, (unsigned long long)counts->points,
		(unsigned long long)counts->halves);
	print_kinds(counts);
	printf("points with a loss: %llu\n", (unsigned long long)counts->lost);
	bool good = ended && counts->points == points && counts->lost == 0;
	printf("[%s] killed_anywhere\n", good ? "       OK " : "  FAILED  ");
	sample_tear_down(NULL);
	return !good;
}
