/* What a system description says, for all protocols that carry one (LLDP, CDP, SNMP sysDescr):
 * the same device gives the same text everywhere, and vendors keep to their own patterns. */
#ifndef SENSE_DESCRIBE_H
#define SENSE_DESCRIBE_H

#include "sense/proto.h"

/* Notes the text as the sender's description, and vendor, model, order number, hardware, firmware,
 * serial and type where its pattern is known.  True when it told the type. */
bool describe_sender(struct scene *s, struct cur text);

#endif
