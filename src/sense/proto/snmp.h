/* What an agent's variables say about it: between snmp.c, which reads them, and snmp_mib.c. */
#ifndef SENSE_PROTO_SNMP_H
#define SENSE_PROTO_SNMP_H

#include "sense/proto.h"

/* The octets, object identifier or number that the sender has under this name. */
void snmp_say_text(struct scene *s, const char *object, struct cur value);
void snmp_say_object(struct scene *s, const char *object, const char *value);
void snmp_say_number(struct scene *s, const char *object, int64_t value);

bool snmp_is_text(const struct cur *c); /* printable ASCII, with or without the end of a C string */

#endif
