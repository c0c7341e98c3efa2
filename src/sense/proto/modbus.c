/* Modbus/TCP: MODBUS Messaging on TCP/IP Implementation Guide V1.0b. */
#include "sense/proto.h"

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)c, (void)s;
	return PROBE_NO;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	(void)c, (void)s;
	return PARSED_WHOLE;
}

const struct proto proto_modbus = {
	.name = "modbus",
	.title = "Modbus/TCP",
	.standard = "MODBUS Messaging on TCP/IP Implementation Guide V1.0b",
	.over = OVER_TCP,
	.probe = probe,
	.parse = parse,
};
