/* keep FILE FOLDER LIMIT-MIB: what it costs to keep the frames of a capture, or (FOLDER is "-") to
 * read them alone.  Prints frames, bytes and nanoseconds of processor time.
 *
 * Frames come in batches as from a ring, and are flushed so often as those of a second would be. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "sense/capture.h"
#include "sense/packets.h"

enum { BATCHES = 1 << 14 /* between two flushes */ };

static int64_t processor_time(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * CLOCK_SECOND + t.tv_nsec;
}

static int failed(const struct err *e)
{
	fprintf(stderr, "keep: %s\n", e->text);
	return 1;
}

/* As many as lie in the window side by side. */
static size_t take(struct capture *c, struct sense_frame frames[SENSE_FRAMES], struct err *e)
{
	size_t count = 0;
	struct capture_frame f;
	while (count < SENSE_FRAMES && (!count || capture_at_hand(c)) &&
		capture_next(c, &f, e) == 1)
		frames[count++] = (struct sense_frame){ f.bytes, f.size, f.wire_size, f.linktype,
			f.at_ns, 0 };
	return count;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "eth0" };
	struct sense_frame frames[SENSE_FRAMES];
	struct packets *store = NULL;
	struct err e = { 0 };
	uint64_t count = 0, bytes = 0, batches = 0;
	if (argc != 4)
		return fprintf(stderr, "usage: keep FILE FOLDER LIMIT-MIB\n"), 1;
	const struct packets_config config = { strtoull(argv[3], NULL, 10) << 20, names, 1 };
	struct capture *c = capture_open(open(argv[1], O_RDONLY | O_CLOEXEC), argv[1], &e);
	if (!c)
		return failed(&e);
	struct files f = files_real(open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (strcmp(argv[2], "-") != 0 && packets_open(&store, &f, &config, &e) < 0)
		return failed(&e);
	int64_t began = processor_time();
	for (size_t n; (n = take(c, frames, &e)) > 0; count += n) {
		for (size_t i = 0; i < n; i++)
			bytes += frames[i].size;
		if (store)
			packets_put(store, 0, frames, n, 0);
		if (store && ++batches % BATCHES == 0 && packets_flush(store, &e) < 0)
			return failed(&e);
	}
	packets_close(store, 0);
	printf("%" PRIu64 " %" PRIu64 " %" PRId64 "\n", count, bytes, processor_time() - began);
	capture_close(c);
	return 0;
}
