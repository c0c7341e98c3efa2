/* Runs a fuzz harness over files, without a fuzzer: arguments are files or folders of them.
 * So everything that was ever found stays found with any compiler. */
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { SKIPPED = 77 }; /* what meson counts as skipped */

static unsigned replayed;

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
	LLVMFuzzerTestOneInput(bytes, size);
	replayed++;
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
	return replayed ? 0 : SKIPPED;
}
