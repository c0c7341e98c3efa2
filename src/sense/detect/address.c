/* Two that claim one address. */
#include <stdio.h>

#include "sense/detect.h"

static bool claimed_twice(void *memory, const struct event *ev, struct detected *out)
{
	char text[IP_TEXT];
	(void)memory;
	snprintf(out->detail, sizeof out->detail, "%s", ip_text(&ev->to, text));
	return ev->rival != 0;
}

const struct detection detect_address[] = {
	{
		.row = { .id = "net.duplicate-ip",
			.class = "duplicate-ip",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "Two devices claim one address",
			.technique = "T0830",
			.next = "A device replaced, an address given out twice, or somebody who listens in between: "
				"find out which of the two MACs is the right one." },
		.text = "{a} and {b} both say that {detail} is theirs.",
		.events = EVENT_BIND,
		.key = KEY_BIND,
		.see = claimed_twice,
	},
	{ .row = { .id = NULL } },
};
