/* Runs a fuzz harness over files, without a fuzzer: arguments are files or folders of them.
 * So everything that was ever found stays found with any compiler.  Prints how long the longest
 * packet of all took: of several tries the shortest, since a machine has other work as well. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "packets.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SKIPPED = 77 }; /* what meson counts as skipped */

#ifdef __SANITIZE_ADDRESS__
enum { TRIES = 1 }; /* slow by itself: its times say nothing */
#else
enum { TRIES = 5 };
#endif
enum { SHORT_NS = 100000 }; /* no second try where that is enough */
/* A machine that other ones share stands still for as long at times, and calls it our time. */
static const struct timespec breath = { 0, 30000000 };

static unsigned replayed;
static uint64_t longest;
static char longest_in[256];

static void replay_bytes(const char *name, const uint8_t *bytes, size_t size)
{
	uint64_t least = UINT64_MAX;
	for (int i = 0; i < TRIES && least > SHORT_NS && least > longest; i++) {
		if (i)
			nanosleep(&breath, NULL);
		LLVMFuzzerTestOneInput(bytes, size);
		uint64_t ns = packets_longest_ns();
		least = ns < least ? ns : least;
	}
	replayed++;
	if (least <= longest)
		return;
	longest = least;
	snprintf(longest_in, sizeof longest_in, "%s", name);
}

static int replay_file(int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		perror(name);
		return 1;
	}
	/* A buffer of exactly this size: the sanitizer sees the first byte read too many. */
	size_t size = (size_t)st.st_size;
	uint8_t *bytes = malloc(size ? size : 1);
	size_t have = 0;
	while (bytes && have < size) {
		ssize_t n = read(fd, bytes + have, size - have);
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	close(fd);
	if (!bytes || have != size) {
		fprintf(stderr, "cannot read %s\n", name);
		free(bytes);
		return 1;
	}
	replay_bytes(name, bytes, size);
	free(bytes);
	return 0;
}

static int replay(const char *path)
{
	DIR *dir = opendir(path);
	if (!dir)
		return replay_file(AT_FDCWD, path);
	int failed = 0;
	for (const struct dirent *entry; (entry = readdir(dir));) {
		if (entry->d_name[0] != '.')
			failed |= replay_file(dirfd(dir), entry->d_name);
	}
	closedir(dir);
	return failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	for (int i = 1; i < argc; i++)
		failed |= replay(argv[i]);
	if (failed)
		return 1;
	printf("%u replayed\n", replayed);
	if (longest)
		printf("longest packet: %.1f us, in %s\n", (double)longest / 1000, longest_in);
	return replayed ? 0 : SKIPPED;
}
