/* How much memory a writer takes, and how long a large ledger takes to open:
 *
 *	big_ledger append FOLDER COUNT   appends as fast as it can, and prints what it took
 *	big_ledger leave FOLDER COUNT    the same, but ends without bringing it to its end
 *	big_ledger open FOLDER           opens it, and prints how long that took */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "sample_ledger.h"

enum { ENTRY = 64, BATCH = 1000 };

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kib(void)
{
	struct rusage use;
	return getrusage(RUSAGE_SELF, &use) == 0 ? use.ru_maxrss : -1;
}

static int append_all(struct ledger *l, uint64_t count, struct err *e)
{
	char entry[ENTRY + 1];
	uint64_t sequence;
	int r = 0;
	for (uint64_t n = 0; r == 0 && n < count; n++) {
		snprintf(entry, sizeof entry, "{\"n\":%-58llu}", (unsigned long long)n);
		r = ledger_append(l, entry, ENTRY, &sequence, e);
		if (r == 0 && (n + 1) % BATCH == 0)
			r = ledger_commit(l, e);
		if (r == 0 && (n + 1) % BATCH == 0)
			r = ledger_tick(l, (int64_t)(seconds() * 1e9), e);
	}
	return r < 0 ? r : ledger_commit(l, e);
}

int main(int argc, char **argv)
{
	struct err e = { 0 };
	struct ledger *l;
	if (argc < 3 || sample_set_up(NULL) < 0)
		return 2;
	mkdir(argv[2], 0755);
	int folder = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct files f = files_real(folder);
	const struct ledger_config config = { .files = &f, .signer = &sample_signer };
	bool leave = strcmp(argv[1], "leave") == 0,
	     append = leave || strcmp(argv[1], "append") == 0;
	uint64_t count = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	double begin = seconds();
	int r = folder < 0 ? err_sys(&e, "open %s", argv[2]) : ledger_open(&l, &config, 0, &e);
	double opened = seconds();
	if (r == 0 && append)
		r = append_all(l, count, &e);
	if (r == 0 && append && !leave)
		r = ledger_finish(l, 0, &e);
	if (r < 0) {
		fprintf(stderr, "big_ledger: %s\n", e.text);
		return 1;
	}
	printf("%llu entries, opened in %.1f ms, wrote %.0f/s, peak %ld KiB\n",
		(unsigned long long)ledger_size(l), (opened - begin) * 1e3,
		append ? (double)count / (seconds() - opened) : 0, peak_kib());
	ledger_close(l);
	close(folder);
	sample_tear_down(NULL);
	return 0;
}
