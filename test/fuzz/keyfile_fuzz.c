/* A key file that holds anything: a key, or refused in words that name it. */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypt/keyfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char path[64];

static void forget(void)
{
	unlink(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	struct sign_key *k = NULL;
	struct err e = { 0 };
	if (fd < 0) {
		snprintf(path, sizeof path, "%s/weir-key-XXXXXX",
			access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
		fd = mkstemp(path);
		assert(fd >= 0);
		atexit(forget);
	}
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	if (keyfile_read(path, &k, &e) == 0)
		assert(k && sign_public(k));
	else
		assert(!k && e.code < 0 && strstr(e.text, path));
	sign_key_free(k);
	return 0;
}
