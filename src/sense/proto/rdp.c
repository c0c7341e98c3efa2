/* Remote Desktop: MS-RDPBCGR. */
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

const struct proto proto_rdp = {
	.name = "rdp",
	.title = "Remote Desktop",
	.standard = "MS-RDPBCGR",
	.over = OVER_COTP,
	.probe = probe,
	.parse = parse,
};
