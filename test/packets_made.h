/* Frames made by number, and what a packet store hands out, for tests: frame n of a store is at
 * second n / 1000 and says so in its payload. */
#ifndef TEST_PACKETS_MADE_H
#define TEST_PACKETS_MADE_H

#include "disk.h"
#include "sense/packets.h"

enum { MADE_MOST = 2048 };
#define MADE_BEGIN INT64_C(1700000000000000000)

struct made_frame {
	uint8_t bytes[MADE_MOST];
	struct sense_frame frame;
};

/* From host to host: 10.0.x.y of the number, with the MAC 02:00:00:00:x:y; `size` at least 60. */
void made_frame(struct made_frame *m, uint64_t number, unsigned from, unsigned to, size_t size);
struct packets_host made_host(unsigned host);
struct packets_host made_host_mac(unsigned host);

/* What a question got, as the capture reader reads it. */
struct got {
	struct packets_found found;
	uint64_t frames, sum; /* sum of all that is said of each, in their order */
	uint64_t first, last; /* numbers of frames */
	int64_t first_ns, last_ns;
	unsigned interfaces;
	bool ordered; /* in time */
	bool steps;   /* each number is the one before and one */
};
void got_of(const struct files *f, const struct packets_question *q, struct got *out);
void got_capture(int fd, struct got *out); /* takes the descriptor over */
uint64_t got_sum(uint64_t sum, const struct sense_frame *f);
struct got got_all(const struct files *f);

#endif
