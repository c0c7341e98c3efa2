/* Any bytes as a capture file, through the reader and the whole sensor. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "packets.h"
#include "sense/capture.h"
#include "sense/sense.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* A compressed file of a few bytes may hold gigabytes: enough is enough here. */
enum { FRAMES_MAX = 20000, MEMORY = 8 << 20 };

/* What of a run must not depend on how many frames came at a time. */
struct result {
	uint64_t facts, sum;
	size_t assets, conversations, points, findings;
};

static void add_fact(void *self, const struct fact *f)
{
	struct result *r = self;
	r->facts++;
	r->sum = r->sum * 31 + f->frame * 7 + f->request + f->value_count +
		(uintptr_t)f->msg->name[0];
}

static int open_bytes(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, bytes, size) != (ssize_t)size || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}

static struct result run(const uint8_t *bytes, size_t size, size_t at_a_time)
{
	struct result result = { 0 };
	struct err e = { 0 };
	struct capture *c = capture_open(open_bytes(bytes, size), "fuzz", &e);
	if (!c) {
		assert(e.code < 0 && e.text[0]);
		return result;
	}
	struct sense_config config = { .memory = MEMORY, .on_fact = add_fact, .self = &result };
	struct sense *s = sense_new(&config, &e);
	assert(s);
	struct sense_frame frames[SENSE_FRAMES];
	size_t n = 0;
	uint64_t number = 0;
	struct capture_frame f;
	while (number < FRAMES_MAX && capture_next(c, &f, &e) > 0) {
		assert(f.wire_size >= f.size);
		number++;
		if (sense_reads(f.linktype))
			frames[n++] = (struct sense_frame){ .bytes = f.bytes,
				.size = f.size,
				.wire_size = f.wire_size,
				.linktype = f.linktype,
				.at_ns = f.at_ns,
				.number = number };
		if (n == at_a_time || !capture_at_hand(c)) {
			packets_send(s, frames, n);
			n = 0;
		}
	}
	packets_send(s, frames, n);
	assert(capture_state(c)->packets >= number);
	sense_end(s);
	struct plant plant;
	if (sense_plant(s, &plant, &e) == 0) {
		assert(plant.packets <= number);
		result.assets = plant.asset_count;
		result.conversations = plant.conversation_count;
		result.points = plant.point_count;
		result.findings = plant.finding_count;
	}
	sense_free(s);
	capture_close(c);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct result one = run(bytes, size, 1), many = run(bytes, size, SENSE_FRAMES);
	assert(memcmp(&one, &many, sizeof one) == 0);
	return 0;
}
