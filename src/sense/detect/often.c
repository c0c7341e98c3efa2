/* Too often in too short a time: what is ordinary once.  Limits as operators of other sensors live
 * with them; where we count another way, the row says why. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "sense/detect.h"

enum { TCP = 6, UDP = 17 };

static bool messages(void *memory, const struct event *ev, struct detected *out)
{
	if (!window_reached(memory, ev->at_ns, out->limit))
		return false;
	snprintf(out->detail, sizeof out->detail, "%s %.60s", ev->fact->protocol,
		ev->fact->msg->name);
	return true;
}

/* HTTP sends the credentials with each request, which is no login more; FTP's user comes before the
 * password. */
static bool logins(void *memory, const struct event *ev, struct detected *out)
{
	return strcmp(ev->fact->protocol, "http") != 0 &&
		strcmp(ev->fact->msg->name, "USER") != 0 && messages(memory, ev, out);
}

static bool sessions(void *memory, const struct event *ev, struct detected *out)
{
	if (!window_reached(memory, ev->at_ns, out->limit))
		return false;
	snprintf(out->detail, sizeof out->detail, "port %u", ev->port);
	return true;
}

static bool attempts(void *memory, const struct event *ev, struct detected *out)
{
	return ev->port && !ip_is_multicast(&ev->to) &&
		window_reached(memory, ev->at_ns, out->limit);
}

/* A ping that somebody left running asks once a second, which is no flood whatever it adds up to.
 */
struct echoes {
	struct window window;
	int64_t last_ns;
};

static bool echoes(void *memory, const struct event *ev, struct detected *out)
{
	const int64_t patient = CLOCK_SECOND * 9 / 10;
	struct echoes *m = memory;
	bool soon = m->last_ns && ev->at_ns - m->last_ns < patient;
	m->last_ns = ev->at_ns;
	return soon && window_reached(&m->window, ev->at_ns, out->limit);
}

/* Names that are there are asked for all day; who guesses asks for others. */
static bool names(void *memory, const struct event *ev, struct detected *out)
{
	struct distinct *seen = memory;
	const struct value *v = fact_value(ev->fact, "dns.qry.name");
	if (!v)
		v = fact_value(ev->fact, "nbns.name");
	return v && v->type == VALUE_TEXT &&
		distinct_add(seen, ev->at_ns, out->limit->seconds, hash_bytes(v->bytes, v->size)) &&
		seen->count == out->limit->count;
}

/* Attempts in a row at one port: who tries several looks around.  One that is accepted, and they
 * begin anew. */
struct vain {
	struct window window;
	uint16_t port;
};

static bool unanswered(void *memory, const struct event *ev, struct detected *out)
{
	struct vain *m = memory;
	if (ev->transport != TCP || ev->group)
		return false;
	if (ev->kind == EVENT_ACCEPT || ev->port != m->port)
		*m = (struct vain){ .port = ev->port };
	const struct limit more = { out->limit->count + 1, out->limit->seconds }; /* the one now */
	if (ev->kind == EVENT_ACCEPT || !window_reached(&m->window, ev->at_ns, &more))
		return false;
	snprintf(out->detail, sizeof out->detail, "port %u", ev->port);
	return true;
}

/* OPC UA agrees on more for each chunk (OPC 10000-6, 7.1.2.3), MQTT carries whatever somebody has.
 */
static bool too_long(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	const struct proto *p = ev->proto;
	out->n = ev->size;
	snprintf(out->detail, sizeof out->detail, "%.70s", p->title);
	return p->ot && strcmp(p->name, "opcua") != 0 && strcmp(p->name, "mqtt") != 0;
}

#define COUNTED .memory = sizeof(struct window), .keys_max = 4096

const struct detection detect_often[] = {
	{
		.row = { .id = "ot.stops-often",
			.class = "controller-stop",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_CRITICAL,
			.title = "A controller was told to stop again and again",
			.technique = "T0814",
			.next = "Disconnect the sender if the process allows it: somebody keeps the controller "
				"down, or a program runs wild." },
		.text = "{a} told the controller {b} to stop {n} times or more within {within} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_STOP,
		.dirs = 1u << DIR_REQUEST | 1u << DIR_OTHER,
		.key = KEY_PAIR,
		.limit = { 20, 10800 },
		COUNTED,
		.see = messages,
	},
	{
		.row = { .id = "ot.restarts-often",
			.class = "controller-restart",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "A device was restarted twice in a short time",
			.technique = "T0816",
			.next = "Ask whether somebody works on it. If not, look at who restarts it, and at its "
				"log: a device that does not come up as it should is restarted again." },
		.text = "{a} restarted {b} {n} times or more within {within} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_RESTART,
		.dirs = 1u << DIR_REQUEST | 1u << DIR_OTHER,
		.key = KEY_PAIR,
		.limit = { 2, 600 },
		COUNTED,
		.see = messages,
	},
	{
		.row = { .id = "ot.restarts-many",
			.class = "controller-restart",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_CRITICAL,
			.title = "A device was restarted again and again",
			.technique = "T0814",
			.next = "Disconnect the sender if the process allows it: the device has no time to work." },
		.text = "{a} restarted {b} {n} times or more within {within} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_RESTART,
		.dirs = 1u << DIR_REQUEST | 1u << DIR_OTHER,
		.key = KEY_PAIR,
		.limit = { 10, 3600 },
		COUNTED,
		.see = messages,
	},
	{
		.row = { .id = "net.logins-often",
			.class = "brute-force",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_MAJOR,
			.title = "Many logins in a short time",
			.technique = "T0859",
			.next = "A program that logs in anew for each question, or somebody who tries passwords: "
				"see how many were refused." },
		.text = "{a} logged in to {b} {n} times or more within {within} ({detail}).",
		.events = EVENT_FACT,
		.effects = 1u << EFFECT_LOGIN,
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_PAIR,
		.limit = { 20, 60 },
		COUNTED,
		.see = logins,
	},
	{
		.row = { .id = "net.smb-logins-often",
			.class = "brute-force",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_WARNING,
			.title = "Many logins to a file server in a short time",
			.technique = "T0859",
			.next = "See how many were refused. Tools that go from machine to machine log in anew for "
				"each command." },
		.text = "{a} logged in to {b} by SMB {n} times or more within {within} ({detail}).",
		.events = EVENT_FACT,
		.labels = { "smb", "smb2" },
		.effects = 1u << EFFECT_LOGIN,
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_PAIR,
		.limit = { 10, 600 },
		COUNTED,
		.see = messages,
	},
	{
		.row = { .id = "net.sessions-often",
			.class = "flood",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_WARNING,
			.title = "Many connections of two hosts in a short time",
			.technique = "T0814",
			.next = "Small devices run out of connections and stop answering. Find out which program "
				"opens them." },
		.text = "{a} opened {n} connections or more to {b} within {within} ({detail}).",
		.events = EVENT_ACCEPT,
		.key = KEY_PAIR,
		.limit = { 50, 60 },
		COUNTED,
		.see = sessions,
	},
	{
		.row = { .id = "net.dos",
			.class = "flood",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_CRITICAL,
			.title = "A host was flooded with attempts",
			.technique = "T0814",
			.next = "Block the sender at the switch or the firewall; see whether the one it sends to "
				"still answers." },
		.text = "{a} tried to reach {b} {n} times or more within {within}.",
		.events = EVENT_FLOW,
		.opened = true,
		.key = KEY_PAIR,
		.limit = { 3000, 60 },
		COUNTED,
		.see = attempts,
	},
	{
		.row = { .id = "net.icmp-flood",
			.class = "flood",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_WARNING,
			.title = "Many pings in a short time",
			.technique = "T0814",
			.next = "A test somebody forgot, or somebody who measures how much a device stands: find "
				"the sender." },
		.text = "{a} pinged {b} {n} times or more within {within}.",
		.events = EVENT_ECHO,
		.key = KEY_PAIR,
		.limit = { 60, 60 },
		.memory = sizeof(struct echoes),
		.keys_max = 4096,
		.see = echoes,
	},
	{
		.row = { .id = "net.names-often",
			.class = "scan-address",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_WARNING,
			.title = "Many names were asked for that do not exist",
			.technique = "T0846",
			.next = "Malware makes up names until one is there, and so does who guesses what stands "
				"in a network. Find the program that asks." },
		.text = "{a} asked for {n} or more names that do not exist within {within}.",
		.events = EVENT_FACT,
		.labels = { "dns", "nbns" },
		.dirs = 1u << DIR_RESPONSE,
		.failed = true,
		.key = KEY_CLIENT,
		.limit = { 25, 60 },
		.memory = sizeof(struct distinct),
		.keys_max = 1024,
		.see = names,
	},
	{
		.row = { .id = "net.unresponsive",
			.class = "silence",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_WARNING,
			.title = "A host does not answer any more",
			.technique = "T0814",
			.next = "Look whether it runs, and whether the way to it is open. If it is gone for good, "
				"tell the one that asks for it." },
		.text = "{b} answered none of {n} or more attempts of {a} within {within} ({detail}).",
		.events = EVENT_FLOW | EVENT_ACCEPT,
		.opened = true,
		.key = KEY_PAIR,
		.limit = { 8, 300 },
		.memory = sizeof(struct vain),
		.keys_max = 4096,
		.see = unanswered,
	},
	{
		.row = { .id = "ot.message-length",
			.class = "malformed",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_WARNING,
			.title = "A message far longer than its protocol needs",
			.technique = "T0866",
			.next = "See what it carries: a file, or more than its reader has room for." },
		.text = "{a} sent {detail} messages of {n} bytes and the like.",
		.events = EVENT_LONG,
		.key = KEY_SENDER,
		.see = too_long,
	},
	{ .row = { .id = NULL } },
};
