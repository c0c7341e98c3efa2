/* One unit of LLDP, between the files that read it. */
#ifndef SENSE_PROTO_LLDP_H
#define SENSE_PROTO_LLDP_H

#include "sense/proto.h"

/* What the unit says of its sender, kept until all of it is known to be well made. */
struct lldp_told {
	struct cur chassis, port, port_text, name, description, interface;
	struct cur inventory[ID_KEY_COUNT];
	uint8_t chassis_subtype, port_subtype;
	bool profinet;
	uint16_t enabled;
	struct ip management;
};

/* A TLV of type 127: an organization, its subtype, and what that says. */
void lldp_organization(struct scene *s, struct cur *c, struct lldp_told *t);

#endif
