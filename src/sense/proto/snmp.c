/* SNMP: RFC 1157, RFC 3416. */
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

const struct proto proto_snmp = {
	.name = "snmp",
	.title = "SNMP",
	.standard = "RFC 1157, RFC 3416",
	.over = OVER_UDP,
	.probe = probe,
	.parse = parse,
};
