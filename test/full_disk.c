/* A writer on a disk that is full for a while: full_disk FOLDER.  It refuses what does not fit, in
 * words, keeps what it acknowledged, and goes on by itself. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample_ledger.h"

static int wrong(const char *what, const struct err *e)
{
	printf("%s: %s\n", what, e->text);
	return 1;
}

/* All of the disk but the last bytes. */
static void fill(const char *path, size_t but)
{
	static char zeros[65536];
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	off_t size = 0;
	for (ssize_t n; (n = write(fd, zeros, sizeof zeros)) > 0;)
		size += n;
	if (fd < 0 || ftruncate(fd, size - (off_t)but) < 0)
		exit(2);
	close(fd);
}

static int append(struct ledger *l, struct err *e)
{
	static char bytes[SAMPLE_ENTRY];
	uint64_t sequence;
	int r = ledger_append(l, bytes, sample_entry(ledger_size(l), bytes), &sequence, e);
	return r < 0 ? r : ledger_commit(l, e);
}

int main(int argc, char **argv)
{
	char path[256], ballast[256];
	struct err e = { 0 }, later;
	struct ledger *l;
	if (argc < 2 || sample_set_up(NULL) < 0)
		return 2;
	snprintf(path, sizeof path, "%s/sample", argv[1]);
	snprintf(ballast, sizeof ballast, "%s/ballast", argv[1]);
	int folder = mkdir(path, 0755) < 0 ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct files f = files_real(folder);
	if (folder < 0 || sample_open(&f, &l, &e) < 0)
		return wrong("open", &e);
	for (unsigned round = 0; round < 6; round++) {
		int r = 0;
		fill(ballast, (size_t)round * 150000);
		for (unsigned i = 0; r == 0 && i < 20000; i++) {
			r = append(l, &e);
			if (i % 10 == 0)
				(void)!ledger_publish(l, 0, &later); /* may not fit, either */
		}
		if (r != -ENOSPC || !strstr(e.text, "No space left on device"))
			return wrong("full, and it takes more", &e);
		if (append(l, &e) != -ENOSPC || ledger_dead(l))
			return wrong("full, and it ended", &e);
		unlink(ballast);
		uint64_t before = ledger_size(l);
		for (unsigned i = 0; i < 30; i++)
			if (append(l, &e) < 0)
				return wrong("with room again", &e);
		if (ledger_publish(l, 0, &e) < 0)
			return wrong("publish with room again", &e);
		struct sample_told told = { before + 30, before + 30, NULL, NULL };
		if (sample_holds(&f, &told, &e) < 0)
			return wrong("what was acknowledged", &e);
		printf("round %u: %llu entries, all there\n", round,
			(unsigned long long)before + 30);
	}
	ledger_close(l);
	close(folder);
	sample_tear_down(NULL);
	return 0;
}
