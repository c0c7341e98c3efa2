/* Protocols broken or refused in numbers, and one that should be gone. */
#include <stdio.h>
#include <string.h>

#include "sense/detect.h"

/* The sentence is written only when there is something to say. */
static bool many(void *memory, const struct event *ev, struct detected *out, const char *protocol,
	const char *message)
{
	if (!window_reached(memory, ev->at_ns, out->limit))
		return false;
	snprintf(out->detail, sizeof out->detail, "%.40s%s%.38s", protocol, *message ? " " : "",
		message);
	return true;
}

static bool many_malformed(void *memory, const struct event *ev, struct detected *out)
{
	return many(memory, ev, out, ev->proto->title, "");
}

static bool many_messages(void *memory, const struct event *ev, struct detected *out)
{
	return many(memory, ev, out, ev->fact->protocol, ev->fact->msg->name);
}

/* Reserved and never implemented: [MS-CIFS] 2.2.6.15. */
static bool is_backdoor_ping(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory, (void)out;
	return strcmp(ev->fact->msg->name, "session_setup2") == 0;
}

#define COUNTED .memory = sizeof(struct window), .keys_max = 4096

const struct detection detect_protocol[] = {
	{
		.row = { .id = "proto.malformed",
			.class = "malformed",
			.engine = ENGINE_PROTOCOL,
			.severity = SEVERITY_MAJOR,
			.title = "Messages that break their protocol",
			.technique = "T0866",
			.next = "A broken device, or somebody who looks for faults in one: compare the frames "
				"with what this sender usually says." },
		.text = "{a} sent malformed {detail} messages ({n} or more within {within}).",
		.events = EVENT_MALFORMED,
		.key = KEY_SENDER,
		.limit = { 2, 600 },
		.limit_it = { 10, 600 },
		COUNTED,
		.see = many_malformed,
	},
	{
		.row = { .id = "proto.violation",
			.class = "malformed",
			.engine = ENGINE_PROTOCOL,
			.severity = SEVERITY_WARNING,
			.title = "Values outside what the protocol allows",
			.technique = "T0836",
			.next = "A sloppy driver does this all the time, a known station should not: compare "
				"with what this sender usually says." },
		.text = "{a} sent values that the protocol does not allow ({detail}, {n} or more within "
			"{within}).",
		.events = EVENT_FACT,
		.key = KEY_SENDER,
		.ot = true,
		.violation = true,
		.limit = { 2, 600 },
		COUNTED,
		.see = many_messages,
	},
	{
		.row = { .id = "ot.exceptions",
			.class = "exceptions",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_WARNING,
			.title = "A controller refused many requests",
			.technique = "T0888",
			.next = "Look at the first request refused: a station configured for another device, or "
				"somebody who tries things." },
		.text = "{b} refused {n} or more requests of {a} within {within} ({detail}).",
		.events = EVENT_FACT,
		.key = KEY_PAIR,
		.ot = true,
		.failed = true,
		.limit = { 20, 3600 },
		COUNTED,
		.see = many_messages,
	},
	{
		.row = { .id = "net.smbv1",
			.class = "smbv1",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_WARNING,
			.title = "SMB version 1 is in use",
			.technique = "T0866",
			.next = "Switch SMBv1 off where the machine's owner allows it; until then keep the machine "
				"apart: worms of 2017 still spread this way." },
		.text = "{a} and {b} speak SMB version 1.",
		.events = EVENT_FACT,
		.labels = { "smb" },
		.key = KEY_PAIR,
	},
	{
		.row = { .id = "net.smb-exploit",
			.class = "exploit-known",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_CRITICAL,
			.title = "A command that exploits of SMB version 1 send",
			.technique = "T0866",
			.next = "Take both machines off the network: EternalBlue and DoublePulsar ask this way "
				"whether a machine is open to them, or theirs already." },
		.text = "{a} sent {b} an SMB command that no program needs and exploits use (TRANS2 "
			"SESSION_SETUP).",
		.events = EVENT_FACT,
		.labels = { "smb" },
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_PAIR,
		.see = is_backdoor_ping,
	},
	{ .row = { .id = NULL } },
};
