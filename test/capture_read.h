/* The frames of a capture, one by one. */
#ifndef TEST_CAPTURE_READ_H
#define TEST_CAPTURE_READ_H

#include "sense/sense.h"

/* How many there were; what cannot be read ends it. */
uint64_t capture_read(
	const char *name, void (*each)(void *self, const struct sense_frame *frame), void *self);

#endif
