/* Vendor lists that somebody brings along: any file gives a table or one sentence. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sense/vendors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[64];
	struct err e = { 0 };
	int fd = memfd_create("vendors", 0);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		return 0;
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	struct vendors *v = vendors_open(path, &e);
	assert(v || e.code < 0);
	for (unsigned i = 0; v && i + 6 <= size && i < 64; i++) {
		const char *name = vendors_find(v, data + i);
		if (name)
			for (assert(*name); *name; name++)
				assert((unsigned char)*name >= 0x20);
	}
	vendors_free(v);
	close(fd);
	return 0;
}
