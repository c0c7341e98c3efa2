/* DNS: RFC 1035. */
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

const struct proto proto_dns = {
	.name = "dns",
	.title = "DNS",
	.standard = "RFC 1035",
	.over = OVER_UDP | OVER_TCP,
	.probe = probe,
	.parse = parse,
};
