/* SMB: MS-SMB, MS-SMB2. */
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

const struct proto proto_smb = {
	.name = "smb",
	.title = "SMB",
	.standard = "MS-SMB, MS-SMB2",
	.over = OVER_TCP,
	.probe = probe,
	.parse = parse,
};
