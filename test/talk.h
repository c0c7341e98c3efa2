/* One TCP conversation by hand, in hex: host 1 is the client, host 2 the server. */
#ifndef TEST_TALK_H
#define TEST_TALK_H

#include <stdbool.h>

#include "tap.h"

struct talk {
	struct tap *tap;
	unsigned port;
	uint32_t next[2]; /* sequence number of each side */
};

enum { TALK_CLIENT, TALK_SERVER };

void talk_open(struct talk *t, struct tap *w, unsigned port); /* with its handshake */
/* Without one, as a capture that began late. */
void talk_join(struct talk *t, struct tap *w, unsigned port);
void talk_says(struct talk *t, unsigned side, const char *hex);

bool tap_told(const struct tap *w, const char *line); /* a fact's line ends or goes on so */
const struct finding *tap_finding(const struct tap *w, const char *class); /* NULL: none */
bool tap_found(const struct tap *w, const char *class);
bool tap_knows(const struct tap *w, const char *ip, const char *key, const char *value);

#endif
