/* ARP: RFC 826. */
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

const struct proto proto_arp = {
	.name = "arp",
	.title = "ARP",
	.standard = "RFC 826",
	.over = OVER_ETHER,
	.probe = probe,
	.parse = parse,
};
