/* Whom to ask "is this yours?": not every protocol, only those whose messages may begin so. */
#ifndef SENSE_CHOOSE_H
#define SENSE_CHOOSE_H

#include "sense/proto.h"

void choose_start(void); /* once before the others; again does nothing */

/* Numbers of the protocols over this carrier (one of enum over) that may begin with this byte, in
 * the order of the list, ended by PROTO_COUNT. */
const uint8_t *choose(enum over carrier, uint8_t first);

/* Whether proto.begins allows this byte. */
bool choose_allows(const struct proto *p, uint8_t first);

#endif
