/* EtherNet/IP and CIP: ODVA Volume 1 and 2. */
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

const struct proto proto_enip = {
	.name = "enip",
	.title = "EtherNet/IP and CIP",
	.standard = "ODVA Volume 1 and 2",
	.over = OVER_TCP | OVER_UDP,
	.probe = probe,
	.parse = parse,
};
