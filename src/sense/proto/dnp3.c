/* DNP3: IEEE 1815-2012. */
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

const struct proto proto_dnp3 = {
	.name = "dnp3",
	.title = "DNP3",
	.standard = "IEEE 1815-2012",
	.over = OVER_TCP | OVER_UDP,
	.probe = probe,
	.parse = parse,
};
