/* Any bytes as a capture file: the reader must end, stay inside its window, and say why. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sense/capture.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static uint64_t sum_of(const uint8_t *bytes, size_t size)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < size; i++)
		sum = sum * 31 + bytes[i];
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	assert(fd >= 0);
	ssize_t put = write(fd, bytes, size);
	assert(put == (ssize_t)size);
	lseek(fd, 0, SEEK_SET);

	struct err e = { 0 };
	struct capture *c = capture_open(fd, "fuzz", &e);
	if (!c) {
		assert(e.code < 0);
		assert(e.text[0]);
		return 0;
	}
	struct capture_frame f;
	uint64_t packets = 0, sum = 0;
	const uint8_t *earlier = NULL; /* a frame whose next one was at hand: it stays as it is */
	uint64_t earlier_sum = 0, earlier_size = 0;
	int r;
	while ((r = capture_next(c, &f, &e)) == 1) {
		assert(f.size <= f.wire_size);
		uint64_t own = sum_of(f.bytes, f.size);
		assert(!earlier || sum_of(earlier, earlier_size) == earlier_sum);
		earlier = capture_at_hand(c) ? f.bytes : NULL;
		earlier_sum = own;
		earlier_size = f.size;
		sum += own;
		packets++;
	}
	assert(r <= 0);
	assert(r == 0 || (e.code == r && e.text[0]));
	const struct capture_state *state = capture_state(c);
	assert(state->packets == packets);
	assert(state->file_bytes <= size);
	assert(r < 0 || state->bad_blocks == 0);
	capture_close(c);
	return sum == UINT64_MAX; /* keeps the reads */
}
