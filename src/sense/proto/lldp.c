/* LLDP: IEEE 802.1AB-2016. */
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

const struct proto proto_lldp = {
	.name = "lldp",
	.title = "LLDP",
	.standard = "IEEE 802.1AB-2016",
	.over = OVER_ETHER,
	.probe = probe,
	.parse = parse,
};
