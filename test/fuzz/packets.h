/* How harnesses hand frames to the sensor: counted, and timed where no fuzzer instruments them. */
#ifndef TEST_FUZZ_PACKETS_H
#define TEST_FUZZ_PACKETS_H

#include "sense/sense.h"

/* The count is told at the end of the program ("stat::packets: N"), for the sum over all. */
void packets_send(struct sense *s, const struct sense_frame *frames, size_t count);

/* CPU time of the longest packet that was handed over alone, since the last call; 0: none was. */
uint64_t packets_longest_ns(void);

#endif
