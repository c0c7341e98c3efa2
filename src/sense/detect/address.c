/* Two that claim one address, or one that claims what is another's. */
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
	{
		.row = { .id = "net.arp-spoof",
			.class = "arp-spoof",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_MAJOR,
			.title = "One device claims the address that another one uses",
			.technique = "T0830",
			.next = "Find the device that claims: it may stand in between and read or change what "
				"passes. Two cards teamed as one and a router that answers for others look "
				"the same." },
		.text = "{a} says by ARP that {detail} is its own, but packets from there come straight "
			"from {b}.",
		.events = EVENT_STRANGER,
		.key = KEY_BIND,
		.see = claimed_twice,
	},
	{ .row = { .id = NULL } },
};
