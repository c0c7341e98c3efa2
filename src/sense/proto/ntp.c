/* NTP: RFC 5905. */
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

const struct proto proto_ntp = {
	.name = "ntp",
	.title = "NTP",
	.standard = "RFC 5905",
	.over = OVER_UDP,
	.probe = probe,
	.parse = parse,
};
