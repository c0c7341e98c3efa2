/* Any bytes as a capture file, through the reader and the whole sensor. */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sense/capture.h"
#include "sense/sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A compressed file of a few bytes may hold gigabytes: enough is enough here. */
enum { FRAMES_MAX = 20000, MEMORY = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct err e = { 0 };
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	struct capture *c = capture_open(fd, "fuzz", &e);
	if (!c) {
		assert(e.code < 0 && e.text[0]);
		return 0;
	}
	struct sense_config config = { .memory = MEMORY };
	struct sense *s = sense_new(&config, &e);
	assert(s);
	struct capture_frame f;
	uint64_t number = 0;
	while (number < FRAMES_MAX && capture_next(c, &f, &e) > 0) {
		assert(f.wire_size >= f.size);
		struct sense_frame frame = { .bytes = f.bytes,
			.size = f.size,
			.wire_size = f.wire_size,
			.linktype = f.linktype,
			.at_ns = f.at_ns,
			.number = ++number };
		if (sense_reads(f.linktype))
			sense_frame(s, &frame);
	}
	assert(capture_state(c)->packets >= number);
	sense_end(s);
	struct plant plant;
	if (sense_plant(s, &plant, &e) == 0)
		assert(plant.packets <= number);
	sense_free(s);
	capture_close(c);
	return 0;
}
