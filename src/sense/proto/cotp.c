/* ISO transport on TCP: RFC 1006, ISO 8073. */
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

const struct proto proto_cotp = {
	.name = "cotp",
	.title = "ISO transport on TCP",
	.standard = "RFC 1006, ISO 8073",
	.over = OVER_TCP,
	.probe = probe,
	.parse = parse,
};
