/* How the things of a plant are spelled, for every form of the report.  Private to this room. */
#ifndef REPORT_WORDS_H
#define REPORT_WORDS_H

#include "event/plant.h"

enum { WORD_TEXT = 24 };

/* "tcp", "udp", "ethernet", "icmp" ... or "ip-89" for what has no short name. */
const char *transport_text(uint8_t transport, char text[WORD_TEXT]);

/* "3.5"; "?" where unknown. */
const char *level_text(uint8_t level, char text[WORD_TEXT]);

/* The asset a conversation, point or finding speaks of; NULL where the index leads nowhere. */
const struct asset *plant_asset(const struct plant *p, uint32_t index);

#endif
