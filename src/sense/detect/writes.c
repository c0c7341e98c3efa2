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

/* Where some operations began, and until when they came. */
struct span {
	uint64_t frame;
	int64_t first_ns, last_ns;
};

static void widen(struct span *s, const struct operation *o)
{
	if (!s->frame || o->first_frame < s->frame) {
		s->frame = o->first_frame;
		s->first_ns = o->first_ns;
	}
	if (o->last_ns > s->last_ns)
		s->last_ns = o->last_ns;
}

/* What one asks of another.  Who selects has written nothing yet. */
struct habit {
	uint64_t reads, writes, refused, selects;
	struct span written, tried; /* the writes; writes and selections */
};

static void add_habit(struct habit *h, const struct plant *p, const struct conversation *c)
{
	for (uint32_t n = c->operations; n; n = p->operations[n].next) {
		const struct operation *o = &p->operations[n];
		uint64_t refused = o->errors < o->requests ? o->errors : o->requests;
		bool writes = o->msg->act == ACT_WRITE || o->msg->act == ACT_CONTROL;
		if (o->msg->act == ACT_READ)
			h->reads += o->requests > o->responses ? o->requests : o->responses;
		if (!o->requests || !proto_is_ot(c->protocol))
			continue;
		/* Stops, starts and the like have findings of their own. */
		if (o->msg->effect == EFFECT_SELECT) {
			h->selects += o->requests;
			widen(&h->tried, o);
		} else if (writes && !o->msg->effect) {
			h->writes += o->requests;
			h->refused += refused;
			widen(&h->written, o);
			widen(&h->tried, o);
		}
	}
}

static struct habit habit_of(const struct plant *p, const struct conversation *c)
{
	struct habit h = { 0 };
	add_habit(&h, p, c);
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

/* People put it where controllers and their stations stand: level 2 or below.  No printer and no
 * switch becomes a station by that. */
static bool is_own_station(const struct asset *a)
{
	bool computer = a->type == TYPE_UNKNOWN || a->type == TYPE_WORKSTATION ||
		a->type == TYPE_SERVER || a->type == TYPE_HISTORIAN;
	return a->zone && a->level <= 20 && (is_station(a) || computer);
}

/* NULL: a known station at its work.  Stations are known by what they say of themselves, by where
 * people put them, and by reading what they write; never by the mere fact that they write. */
static const char *why_not(
	const struct asset *a, const struct habit *h, uint64_t most_reads, uint8_t *severity)
{
	*severity = SEVERITY_CRITICAL;
	bool stated = a->zone && a->level != LEVEL_UNKNOWN;
	if (a->type == TYPE_INTERNET)
		return "comes from a public address";
	if (stated && a->level > 30)
		return "stands above the supervision level";
	if (is_own_station(a))
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
	/* Level 3 is close enough to be meant, and too far to be usual. */
	return stated && a->level == 30 ? "stands above the supervision level" : NULL;
}

/* Some stations read on one connection and write on another: all are its habit.  False where
 * another conversation of the two stands before this one: their habit is told once. */
static bool habit_of_pair(
	const struct plant *p, const struct conversation *c, struct habit *together)
{
	bool first = true;
	*together = (struct habit){ 0 };
	for (const struct conversation *o = p->conversations;
		o < p->conversations + p->conversation_count; o++) {
		if (o->client != c->client || o->server != c->server)
			continue;
		add_habit(together, p, o);
		if (o < c) {
			struct habit before = habit_of(p, o);
			first &= !before.tried.frame;
		}
	}
	return first;
}

static void judge(const struct plant *p, const struct conversation *c, uint64_t most_reads,
	bool in_vain, struct survey *s)
{
	const struct asset *client = &p->assets[c->client];
	struct habit h = habit_of(p, c);
	struct detected said = { 0 };
	/* Only where the short look finds something is the long one worth its time. */
	if (!h.tried.frame || !why_not(client, &h, most_reads, &said.severity) ||
		!habit_of_pair(p, c, &h))
		return;
	const char *why = why_not(client, &h, most_reads, &said.severity);
	if (!why || (h.refused == h.writes) != in_vain)
		return;
	if (in_vain && said.severity > SEVERITY_MAJOR)
		said.severity = SEVERITY_MAJOR;
	const struct span *when = in_vain ? &h.tried : &h.written;
	said.n = in_vain ? h.writes + h.selects : h.writes;
	said.m = h.refused;
	snprintf(said.detail, sizeof said.detail, "%s", why);
	survey_found(s, c->client, c->server, &said, when->frame, when->first_ns, when->last_ns);
}

static void judge_all(const struct plant *p, bool in_vain, struct survey *s)
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
		if (c->server != NO_ASSET)
			judge(p, c, reads_by[c->server], in_vain, s);
	}
	free(reads_by);
}

static void survey_writes(const struct plant *p, struct survey *s)
{
	judge_all(p, false, s);
}

static void survey_attempts(const struct plant *p, struct survey *s)
{
	judge_all(p, true, s);
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
				"out who sits at the sender. If it is a station of yours, state its address at "
				"level 2 in zones.yaml (weir-zones(5))." },
		.text = "{a} wrote to {b} (writes: {n} tried, {m} refused), and it {detail}.",
		.survey = survey_writes,
	},
	{
		.row = { .id = "ot.write-attempt",
			.class = "unauthorised-write",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_MAJOR,
			.title = "Somebody unexpected tried to write to a controller",
			.technique = "T0855",
			.next = "Find out who sits at the sender: the next attempt may succeed. If it is a station "
				"of yours, state its address at level 2 in zones.yaml (weir-zones(5))." },
		.text = "{a} tried to write to {b} in vain (writes and selections: {n}, writes refused: "
			"{m}), and it {detail}.",
		.survey = survey_attempts,
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
