/* What somebody did to a controller: one row for each effect an operation can have. */
#include <stdio.h>

#include "sense/detect.h"

/* Who is meant where a broker stands between; no bytes that a terminal would not like. */
static const struct value *node_of(const struct fact *f)
{
	const struct value *v = fact_value(f, "sparkplugb.edgenodeid");
	if (!v || v->type != VALUE_TEXT)
		return NULL;
	for (size_t i = 0; i < v->size; i++)
		if (v->bytes[i] < ' ' || v->bytes[i] > '~')
			return NULL;
	return v;
}

/* Asked for; whether it was granted is in the answer, and the attempt alone is worth knowing. */
static bool asked(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	if (ev->fact->dir == DIR_RESPONSE && !ev->called)
		return false;
	int used = snprintf(out->detail, sizeof out->detail, "%s %.60s", ev->fact->protocol,
		ev->fact->msg->name);
	const struct value *node = node_of(ev->fact);
	if (node && used > 0 && (size_t)used < sizeof out->detail)
		snprintf(&out->detail[used], sizeof out->detail - (size_t)used, " of node %.*s",
			(int)node->size, (const char *)node->bytes);
	return true;
}

/* A download shows in the bytes that move as well: those may be answers to the controller's asking.
 */
static bool moved(void *memory, const struct event *ev, struct detected *out)
{
	(void)memory;
	snprintf(out->detail, sizeof out->detail, "%s %.60s", ev->fact->protocol,
		ev->fact->msg->name);
	return !ev->fact->failed;
}

#define ON_EFFECT(effect) .events = EVENT_FACT, .effects = 1u << (effect), .key = KEY_PAIR

const struct detection detect_controller[] = {
	{
		.row = { .id = "ot.controller-stop",
			.class = "controller-stop",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_CRITICAL,
			.title = "A controller was told to stop",
			.technique = "T0858",
			.next = "Ask the operator whether this stop was meant. If not: keep the process safe by "
				"hand, disconnect the sender, and look at what it did before." },
		.text = "{a} told the controller {b} to stop ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_STOP),
	},
	{
		.row = { .id = "ot.controller-start",
			.class = "controller-start",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "A controller was told to start",
			.technique = "T0858",
			.next = "Ask the operator whether this start was meant, and which program now runs." },
		.text = "{a} told the controller {b} to start ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_START),
	},
	{
		.row = { .id = "ot.controller-restart",
			.class = "controller-restart",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_CRITICAL,
			.title = "A controller was told to restart",
			.technique = "T0816",
			.next = "Ask the operator whether this restart was meant; check that outputs came back "
				"as the process needs them." },
		.text = "{a} told {b} to restart ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_RESTART),
	},
	{
		.row = { .id = "ot.program-download",
			.class = "program-download",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_CRITICAL,
			.title = "A controller's program was changed",
			.technique = "T0843",
			.next = "Compare the controller's program with the approved version. If nobody planned "
				"this change, restore the approved one." },
		.text = "{a} changed the program of {b} ({detail}).",
		.see = moved,
		ON_EFFECT(EFFECT_DOWNLOAD),
	},
	{
		.row = { .id = "ot.program-upload",
			.class = "program-upload",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "A program was read out of a controller",
			.technique = "T0845",
			.next = "Ask the owner of the sender whether this was a planned backup or comparison." },
		.text = "{a} read a program or block out of {b} ({detail}).",
		.see = moved,
		ON_EFFECT(EFFECT_UPLOAD),
	},
	{
		.row = { .id = "ot.firmware-change",
			.class = "firmware-change",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_CRITICAL,
			.title = "Firmware was sent to a device",
			.technique = "T0857",
			.next = "Check the device's firmware version against the approved one, and who planned "
				"the update." },
		.text = "{a} sent firmware to {b} ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_FIRMWARE),
	},
	{
		.row = { .id = "ot.config-change",
			.class = "config-change",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "A device's configuration was changed",
			.technique = "T0836",
			.next = "Compare the device's configuration with the approved one, and ask who changed it." },
		.text = "{a} changed the configuration of {b} ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_CONFIG),
	},
	{
		.row = { .id = "ot.mode-change",
			.class = "mode-change",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "A device's operating mode was changed",
			.technique = "T0858",
			.next = "Check the mode at the device. At a controller a key switch in RUN keeps it "
				"from being changed over the network." },
		.text = "{a} changed the operating mode of {b} ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_MODE),
	},
	{
		.row = { .id = "ot.time-change",
			.class = "time-change",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_INFO,
			.title = "A device's clock was set",
			.technique = "T0836",
			.next = "Normal from a master station. From anybody else, ask why." },
		.text = "{a} set the clock of {b} ({detail}).",
		.see = asked,
		ON_EFFECT(EFFECT_TIME),
	},
	{ .row = { .id = NULL } },
};
