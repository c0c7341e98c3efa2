/* Files to and from devices that control something. */
#include <stdio.h>

#include "sense/detect.h"

static bool moved(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	snprintf(out->detail, sizeof out->detail, "%s %.60s", ev->fact->protocol,
		ev->fact->msg->name);
	return true;
}

const struct detection detect_files[] = {
	{
		.row = { .id = "ot.file-transfer",
			.class = "file-transfer-to-controller",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "Files moved to or from a controller",
			.technique = "T0867",
			.next = "Ask the owner of the sender what was moved and why." },
		.text = "{a} worked on files of {b} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_FILE,
		.dirs = 1u << DIR_REQUEST | 1u << DIR_OTHER,
		.ot = true,
		.key = KEY_PAIR,
		.see = moved,
	},
	{ .row = { .id = NULL } },
};
