/* Writes to controllers by somebody who should not, or far too many of them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/detect.h"

/* A supervisor reads at least this often in a capture worth judging, and the others far less. */
enum { SUPERVISED = 50, FAR_LESS = 20, FEW_WRITES = 3 };

static bool flood(void *memory, const struct event *ev, struct detected *out)
{
	if (!window_reached(memory, ev->at_ns, out->limit))
		return false;
	snprintf(out->detail, sizeof out->detail, "%s %.60s", ev->fact->protocol,
		ev->fact->msg->name);
	return true;
}

/* --- unauthorised --- */

/* What one conversation does. */
struct habit {
	uint64_t reads, writes, first_write_frame;
	int64_t first_write_ns, last_write_ns;
};

static struct habit habit_of(const struct plant *p, const struct conversation *c)
{
	struct habit h = { 0 };
	for (uint32_t n = c->operations; n; n = p->operations[n].next) {
		const struct operation *o = &p->operations[n];
		if (o->msg->act == ACT_READ)
			h.reads += o->requests > o->responses ? o->requests : o->responses;
		/* Stops, starts and the like have findings of their own. */
		bool writes = o->msg->act == ACT_WRITE || o->msg->act == ACT_CONTROL;
		if (!writes || o->msg->effect)
			continue;
		h.writes += o->requests;
		if (o->requests && (!h.first_write_frame || o->first_frame < h.first_write_frame)) {
			h.first_write_frame = o->first_frame;
			h.first_write_ns = o->first_ns;
		}
		if (o->requests && o->last_ns > h.last_write_ns)
			h.last_write_ns = o->last_ns;
	}
	return h;
}

static bool is_controller(const struct asset *a)
{
	return a->type == TYPE_PLC || a->type == TYPE_RTU || a->type == TYPE_IED ||
		a->type == TYPE_GATEWAY;
}

static bool is_station(const struct asset *a)
{
	return is_controller(a) || a->type == TYPE_HMI || a->type == TYPE_SCADA ||
		a->type == TYPE_ENGINEERING;
}

/* NULL: a known station at its work.  Stations are known by what they say of themselves, by where
 * people put them, and by reading what they write; never by the mere fact that they write. */
static const char *why_not(const struct plant *p, const struct conversation *c,
	const struct habit *h, uint64_t most_reads, uint8_t *severity)
{
	*severity = SEVERITY_CRITICAL;
	const struct asset *a = &p->assets[c->client];
	bool stated = a->zone && a->level != LEVEL_UNKNOWN;
	if (a->type == TYPE_INTERNET)
		return "comes from a public address";
	if (stated && a->level >= 30)
		return "stands above the supervision level";
	if (stated && is_station(a))
		return NULL;
	if (is_controller(a)) /* controllers tell each other their values */
		return NULL;
	if (is_station(a) && most_reads >= SUPERVISED && h->reads * FAR_LESS < most_reads)
		return "does not supervise it: another station reads it all the time";
	*severity = SEVERITY_MAJOR; /* little is known of either of them */
	if (!is_station(a) && h->reads < SUPERVISED)
		return "is not known as an operator or engineering station";
	if (!h->reads && h->writes <= FEW_WRITES)
		return "writes without ever reading it";
	return NULL;
}

/* Some stations read on one connection and write on another: both are its habit. */
static uint64_t reads_of_pair(const struct plant *p, const struct conversation *c)
{
	uint64_t reads = 0;
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *other = &p->conversations[i];
		if (other->client == c->client && other->server == c->server)
			reads += habit_of(p, other).reads;
	}
	return reads;
}

static void survey_writes(const struct plant *p, struct survey *s)
{
	uint64_t *reads_by = calloc(p->asset_count + 1, sizeof *reads_by);
	if (!reads_by)
		return;
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		uint64_t reads = habit_of(p, c).reads;
		if (c->server != NO_ASSET && reads > reads_by[c->server])
			reads_by[c->server] = reads;
	}
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		struct habit h = habit_of(p, c);
		if (!h.writes || c->server == NO_ASSET || !proto_is_ot(c->protocol))
			continue;
		struct detected said = { .n = h.writes };
		uint64_t most = reads_by[c->server];
		const char *why = why_not(p, c, &h, most, &said.severity);
		if (why) { /* only then is the long look worth its time */
			h.reads = reads_of_pair(p, c);
			why = why_not(p, c, &h, most, &said.severity);
		}
		if (!why)
			continue;
		snprintf(said.detail, sizeof said.detail, "%s", why);
		survey_found(s, c->client, c->server, &said, h.first_write_frame, h.first_write_ns,
			h.last_write_ns);
	}
	free(reads_by);
}

const struct detection detect_writes[] = {
	{
		.row = { .id = "ot.unauthorised-write",
			.class = "unauthorised-write",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_CRITICAL,
			.title = "A controller was written to by somebody unexpected",
			.technique = "T0855",
			.next = "Compare the written points with what the process needs, put them right, and find "
				"out who sits at the sender. If it is a station of yours, state it in zones.yaml." },
		.text = "{a} wrote to {b} (writes: {n}), and it {detail}.",
		.survey = survey_writes,
	},
	{
		.row = { .id = "ot.write-flood",
			.class = "write-flood",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_CRITICAL,
			.title = "Far too many writes to one controller",
			.technique = "T0806",
			.next = "Look whether outputs toggle or a setpoint is held against the operator; disconnect "
				"the sender if the process allows it." },
		.text = "{a} wrote to {b} {n} times or more within {within} ({detail}).",
		.events = EVENT_FACT,
		.acts = 1u << ACT_WRITE | 1u << ACT_CONTROL,
		.dirs = 1u << DIR_REQUEST | 1u << DIR_OTHER,
		.ot = true,
		.key = KEY_PAIR,
		/* Who follows a 20 ms loop writes 50 times a second; more is no process. */
		.limit = { 200, 2 },
		.memory = sizeof(struct window),
		.keys_max = 4096,
		.see = flood,
	},
	{ .row = { .id = NULL } },
};
