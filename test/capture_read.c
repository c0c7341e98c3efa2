#include "capture_read.h"

#include <fcntl.h>
#include <unistd.h>

#include "sense/capture.h"

uint64_t capture_read(
	const char *name, void (*each)(void *self, const struct sense_frame *frame), void *self)
{
	struct err e;
	struct capture_frame f;
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	struct capture *c = fd < 0 ? NULL : capture_open(fd, name, &e);
	uint64_t number = 0;
	while (c && capture_next(c, &f, &e) > 0) {
		const struct sense_frame frame = { .bytes = f.bytes,
			.size = f.size,
			.wire_size = f.wire_size,
			.linktype = f.linktype,
			.at_ns = f.at_ns,
			.number = ++number };
		each(self, &frame);
	}
	if (c)
		capture_close(c);
	return number;
}
