/* Devices that say themselves that something is wrong, or that are not what they were. */
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "sense/detect.h"
#include "sense/text_find.h"

/* --- DNP3: internal indications, IEEE 1815, 4.5, the first byte in the upper half ---------------
 */

enum {
	IIN_TROUBLE = 0x4000,  /* IIN1.6 */
	IIN_RESTART = 0x8000,  /* IIN1.7 */
	IIN_OVERFLOW = 0x0008, /* IIN2.3 */
	IIN_CORRUPT = 0x0020,  /* IIN2.5 */
};

static bool indicates(const struct event *ev, uint64_t bit)
{
	const struct value *v = fact_value(ev->fact, "dnp3.al.iin");
	return v && v->u & bit;
}

static bool in_trouble(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory, (void)out;
	return indicates(ev, IIN_TROUBLE);
}

static bool corrupt(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory, (void)out;
	return indicates(ev, IIN_CORRUPT);
}

static bool overflown(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory, (void)out;
	return indicates(ev, IIN_OVERFLOW);
}

/* Until a master says that it knows, every answer says so: news is where the one before did not,
 * and where nobody was seen to ask for it. */
struct restart {
	bool seen, said, told;
};

static bool restarted(void *memory, const struct event *ev, struct detected *out)
{
	struct restart *m = memory;
	(void)out;
	const struct value *v = fact_value(ev->fact, "dnp3.al.iin");
	if (!v)
		return false;
	bool says = v->u & IIN_RESTART, news = m->seen && says && !m->said, told = m->told;
	if (ev->fact->msg->effect == EFFECT_RESTART && !ev->fact->failed)
		m->told = true;
	else if (news)
		m->told = false;
	m->seen = true;
	m->said = says;
	return news && !told;
}

/* --- what is published --------------------------------------------------------------------------
 */

static bool uncommissioned(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	const struct value *needs = fact_value(ev->fact, "goose.ndsCom");
	const struct value *block = fact_value(ev->fact, "goose.gocbRef");
	if (!needs || !needs->u)
		return false;
	struct out o = out_mem(out->detail, sizeof out->detail);
	text_show(&o, "", block ? block : needs, 70);
	(void)out_text(&o);
	return true;
}

/* Of each thing a device publishes, by its name: how it is put together.  A device publishes a
 * handful; who has more takes turns. */
enum { THINGS = 8 };

struct published {
	uint32_t names[THINGS], sets[THINGS];
	uint8_t next;
};

static bool put_together_anew(struct published *p, const struct value *name,
	const struct value *revision, const struct value *set)
{
	if (!name || !revision || name->type != VALUE_TEXT)
		return false;
	uint32_t key = (uint32_t)hash_bytes(name->bytes, name->size) | 1;
	/* Sampled values leave their set out, most of them (IEC 61869-9, 6.904.1). */
	uint64_t members = set && set->type == VALUE_TEXT ? hash_bytes(set->bytes, set->size) : 0;
	uint32_t now = (uint32_t)hash_mix(members ^ revision->u, 11);
	for (unsigned i = 0; i < THINGS; i++) {
		if (p->names[i] != key)
			continue;
		bool changed = p->sets[i] != now;
		p->sets[i] = now;
		return changed;
	}
	p->names[p->next % THINGS] = key;
	p->sets[p->next % THINGS] = now;
	p->next++;
	return false;
}

static bool data_set_changed(void *memory, const struct event *ev, struct detected *out)
{
	/* Who it is and how it is put together stands in front of what it measured, and thousands
	 * of these come in a second. */
	enum { IN_FRONT = 14 };
	struct fact front = *ev->fact;
	if (front.value_count > IN_FRONT)
		front.value_count = IN_FRONT;
	bool goose = front.protocol[0] == 'g';
	const struct value *name = fact_value(&front, goose ? "goose.gocbRef" : "sv.svID");
	const struct value *revision = fact_value(&front, goose ? "goose.confRev" : "sv.confRev");
	const struct value *set = fact_value(&front, goose ? "goose.datSet" : "sv.datSet");
	if ((goose && !set) || !put_together_anew(memory, name, revision, set))
		return false; /* a GOOSE without its set is broken, which is told elsewhere */
	struct out o = out_mem(out->detail, sizeof out->detail);
	text_show(&o, goose ? "GOOSE " : "sampled values ", name, 48);
	out_fmt(&o, ", revision %u", (unsigned)revision->u);
	(void)out_text(&o);
	return true;
}

/* --- strange content -----------------------------------------------------------------------------
 */

/* Ports that belong to one industrial protocol, which we read for sure. */
static const struct {
	uint16_t port;
	const char *labels[4];
} owners[] = {
	{ 502, { "modbus" } },
	{ 2404, { "iec104" } },
	{ 4840, { "opcua" } },
	{ 20000, { "dnp3" } },
	{ 44818, { "enip", "cip", "cip-pccc", "pccc" } },
	{ 47808, { "bacnet" } },
};

static const char *owner_of(uint16_t port, const char *label)
{
	for (size_t i = 0; i < COUNT_OF(owners); i++) {
		if (owners[i].port != port)
			continue;
		for (size_t n = 0; n < COUNT_OF(owners[i].labels) && owners[i].labels[n]; n++)
			if (strcmp(owners[i].labels[n], label) == 0)
				return NULL;
		return owners[i].labels[0];
	}
	return NULL;
}

static void survey_content(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		if (c->server == NO_ASSET || !c->protocol || c->guess)
			continue;
		const char *owner = owner_of(c->port, c->protocol);
		if (!owner)
			continue;
		struct detected said = { .n = c->packets, .severity = SEVERITY_MAJOR };
		snprintf(said.detail, sizeof said.detail, "%.30s at port %u of %.20s", c->protocol,
			c->port, owner);
		survey_found(
			s, c->client, c->server, &said, c->first_frame, c->first_ns, c->last_ns);
	}
}

#define SAYS                                                                                       \
	.events = EVENT_FACT, .labels = { "dnp3" }, .dirs = 1u << DIR_RESPONSE, .key = KEY_SENDER

const struct detection detect_trouble[] = {
	{
		.row = { .id = "ot.device-trouble",
			.class = "device-trouble",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "An outstation says that it is in trouble",
			.technique = NULL,
			.next = "Look at the outstation's own diagnosis: some part of it failed, and its values "
				"may be wrong." },
		.text = "{a} says that it has trouble (DNP3 device trouble).",
		SAYS,
		.see = in_trouble,
	},
	{
		.row = { .id = "ot.config-corrupt",
			.class = "device-trouble",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "An outstation says that its configuration is corrupt",
			.technique = "T0836",
			.next = "Load the approved configuration again, and find out what spoiled it." },
		.text = "{a} says that its configuration is corrupt (DNP3).",
		SAYS,
		.see = corrupt,
	},
	{
		.row = { .id = "ot.buffer-overflow",
			.class = "device-trouble",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_WARNING,
			.title = "An outstation lost events",
			.technique = "T0815",
			.next = "It had more to tell than room to keep it: its master asks too rarely, or an input "
				"flutters." },
		.text = "{a} says that its event buffer ran over (DNP3).",
		SAYS,
		.see = overflown,
	},
	{
		.row = { .id = "ot.device-restarted",
			.class = "controller-restart",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_WARNING,
			.title = "An outstation says that it restarted",
			.technique = "T0816",
			.next = "Find out why: power, its watchdog, or somebody. It has lost what it held only in "
				"memory." },
		.text = "{a} says that it restarted (DNP3).",
		SAYS,
		.memory = sizeof(struct restart),
		.keys_max = 1024,
		.see = restarted,
	},
	{
		.row = { .id = "ot.goose-commissioning",
			.class = "goose-anomaly",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_WARNING,
			.title = "A GOOSE publisher needs commissioning",
			.technique = "T0836",
			.next = "Its configuration is not whole: who subscribes to it should not act on what it "
				"says. Load the approved one." },
		.text = "{a} says that a GOOSE control block needs commissioning ({detail}).",
		.events = EVENT_FACT,
		.labels = { "goose" },
		.key = KEY_SENDER,
		.see = uncommissioned,
	},
	{
		.row = { .id = "ot.data-set-changed",
			.class = "goose-anomaly",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "What a device publishes is put together anew",
			.technique = "T0836",
			.next = "Its configuration was changed while it ran. Who subscribes reads the old places: "
				"check that all of them were changed with it." },
		.text = "{a} publishes another data set than before ({detail}).",
		.events = EVENT_FACT,
		.labels = { "goose", "sv" },
		.key = KEY_SENDER,
		.memory = sizeof(struct published),
		.keys_max = 512,
		.see = data_set_changed,
	},
	{
		.row = { .id = "net.strange-content",
			.class = "tunnel",
			.engine = ENGINE_ANOMALY,
			.severity = SEVERITY_MAJOR,
			.title = "Something else speaks at a port of an industrial protocol",
			.technique = "T0885",
			.next = "Firewalls let such ports pass: find out which program speaks there, and why not "
				"at its own." },
		.text = "{a} speaks with {b} what does not belong there ({detail}).",
		.survey = survey_content,
	},
	{ .row = { .id = NULL } },
};
