/* S7 communication: none published. */
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

const struct proto proto_s7comm = {
	.name = "s7comm",
	.title = "S7 communication",
	.standard = "none published",
	.over = OVER_COTP,
	.probe = probe,
	.parse = parse,
};
