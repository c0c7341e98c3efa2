/* SSH: RFC 4253. */
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

const struct proto proto_ssh = {
	.name = "ssh",
	.title = "SSH",
	.standard = "RFC 4253",
	.over = OVER_TCP,
	.probe = probe,
	.parse = parse,
};
