/* Frames as they come by on an interface: a ring of blocks that the kernel fills and we empty
 * (packet(7), PACKET_RX_RING, TPACKET_V3).
 *
 * In two halves, for opening wants a right (CAP_NET_RAW) that reading must not have: ring_open()
 * gives a descriptor, which goes to another process, and there ring_map() makes frames of it.
 *
 * The kernel hands over a block when it is full, or RING_LATE_MS after its first frame.  A frame
 * that finds no free block is lost, and counted: ring_lost(). */
#ifndef SENSE_RING_H
#define SENSE_RING_H

#include "base/err.h"
#include "sense/sense.h"

enum {
	RING_BLOCK = 256 * 1024, /* holds the largest frame that offloading makes of many */
	RING_BLOCKS = 64,        /* at few frames a second 1.28 s of them */
	RING_LATE_MS = 20,
};

/* A descriptor, closed on exec; negative: why not.  Frames that this machine sends out on the
 * interface are none of it. */
int ring_open(const char *interface, struct err *e) MUST_USE;

struct ring;

/* Takes the descriptor over. */
int ring_map(struct ring **out, int fd, struct err *e) MUST_USE;
void ring_free(struct ring *r);
int ring_fd(const struct ring *r); /* readable when there is a block */
/* Up to SENSE_FRAMES at a time, good until the next call; 0: there is none now.  Numbers go on from
 * `*number`.  -ENETDOWN: the interface is down; frames come again when it is up.  -ENODEV: it was
 * taken away; none ever comes again. */
int ring_next(
	struct ring *r, struct sense_frame frames[SENSE_FRAMES], uint64_t *number, struct err *e);
/* Frames lost so far because nobody emptied the ring in time. */
uint64_t ring_lost(struct ring *r);
uint64_t ring_left(const struct ring *r); /* frames in it that were not read */

#endif
