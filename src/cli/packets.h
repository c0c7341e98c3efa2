/* What is said to the process `packets`, which keeps the packets of the last while in a folder
 * (sense/packets.h), and by it.  Numbers are big endian.
 *
 *	weir --process packets LIMIT INTERFACE...
 *
 * The folder comes first: then the process locks itself and says that it is ready, or why it ends.
 * Rings of frames may come at any time, and again: of an interface that was away. */
#ifndef CLI_PACKETS_H
#define CLI_PACKETS_H

#include "base/cur.h"
#include "sense/packets.h"

enum packets_word {
	PACKETS_FOLDER = 1,  /* to it, with the descriptor of the folder */
	PACKETS_READY = 2,   /* from it */
	PACKETS_ASK = 3,     /* to it: how much is there? */
	PACKETS_HELD = 4,    /* from it: PACKETS_HELD_SIZE bytes */
	PACKETS_SAY = 5,     /* from it, in words: what is worth knowing; it goes on */
	PACKETS_STOP = 6,    /* to it: what has come is kept, then */
	PACKETS_DONE = 7,    /* from it: that is so, and it ends */
	PACKETS_TROUBLE = 8, /* from it, in words: why it ends */
	PACKETS_RING = 16,   /* to it, and the place of the interface in its list: with a ring */
};

/* 8 each: first, last, frames, bytes, segments, lost here, dropped in front of it; 1: 1 paused */
enum { PACKETS_HELD_SIZE = 7 * 8 + 1 };

void packets_held_write(
	uint8_t body[PACKETS_HELD_SIZE], const struct packets_held *held, uint64_t dropped);
/* False: a message that is none. */
bool packets_held_read(struct cur body, struct packets_held *held, uint64_t *dropped);

#endif
