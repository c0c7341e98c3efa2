/* How many packets a harness sent: told at its end, for the sum over all of them. */
#ifndef TEST_FUZZ_PACKETS_H
#define TEST_FUZZ_PACKETS_H

#include <stdint.h>
#include <stdio.h>

static uint64_t packets_sent;

__attribute__((destructor)) static void tell_packets(void)
{
	fprintf(stderr, "stat::packets: %llu\n", (unsigned long long)packets_sent);
}

#endif
