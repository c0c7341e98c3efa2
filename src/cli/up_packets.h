/* The process that keeps packets (cli/packets.h), as weir up looks after it: a site whose packets
 * cannot be kept stands watch all the same. */
#ifndef CLI_UP_PACKETS_H
#define CLI_UP_PACKETS_H

#include "cli/kept.h"
#include "cli/site_file.h"

struct packet_keeper {
	struct kept kept;
	const struct site_file *file; /* NULL: no packets are kept */
	int folder;
	bool ready, wanted[SITE_SENSORS]; /* interfaces that are up: it should have their rings */
};

/* Makes STATE/packets where it is not there; nothing where the settings want none. */
int packet_keeper_open(struct packet_keeper *k, const char *state, const struct site_file *file,
	struct err *e) MUST_USE;
/* The interface is up, perhaps again. */
void packet_keeper_ring(struct packet_keeper *k, unsigned interface);
/* Hears it, starts it again where it fell.  A few times a second. */
void packet_keeper_turn(struct packet_keeper *k);
void packet_keeper_stop(struct packet_keeper *k); /* what came is kept */
void packet_keeper_close(struct packet_keeper *k);

#endif
