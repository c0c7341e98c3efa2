/* Between pn_rt.c (frames of Ethertype 0x8892), pn_dcp.c and those of pn_io.c. */
#ifndef SENSE_PROTO_PN_RT_H
#define SENSE_PROTO_PN_RT_H

#include "sense/proto.h"

enum { FRAME_DCP_HELLO = 0xfefc, FRAME_DCP_GET_SET, FRAME_DCP_IDENTIFY, FRAME_DCP_IDENTIFIED };

/* What a question is remembered with.  A Xid is the asker's own, and its key a sum of all three:
 * whoever answers has to fit to each. */
struct dcp_ask {
	uint32_t xid;
	uint8_t asker[6];
	uint8_t service;
	const struct msg *row;
};

enum parsed dcp_parse(struct cur c, struct scene *s, uint16_t frame_id);

/* The sender or the receiver, for putting question and answer together; nobody for both in captures
 * without receivers (Linux cooked). */
const uint8_t *profinet_peer(const struct scene *s, bool sender);

/* Who has this vendor number (PI's list), or NULL where it is not among those kept here. */
const char *profinet_vendor(uint16_t number);

/* PNIOStatus, four bytes: a fact's values, and its failure when it is not zero. */
void profinet_status(struct scene *s, struct cur *c);

/* What is wrong with channels, from alarms and records; false where the maker says it in his way.
 */
bool profinet_channels(struct scene *s, struct cur *c, uint16_t structure);

#endif
