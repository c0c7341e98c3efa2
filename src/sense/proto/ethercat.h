/* Between ethercat.c (frames, datagrams and registers) and ethercat_mailbox.c (what is asked of a
 * slave in words). */
#ifndef SENSE_PROTO_ETHERCAT_H
#define SENSE_PROTO_ETHERCAT_H

#include "sense/proto.h"

enum { MAILBOX_HEAD = 6 };

/* Is it a mailbox message that stands here, by everything its standard promises? */
bool mailbox_probe(struct cur c);
/* Its row: `from_slave` where a slave says it. */
const struct msg *mailbox_row(struct cur c, bool from_slave);
/* Puts question and answer together; `slave` is the address both name. */
void mailbox_pair(struct scene *s, struct cur c, uint32_t slave, bool from_slave);
/* The values, into the fact begun; false where it is shorter than it says. */
bool mailbox_read(struct scene *s, struct cur c);

#endif
