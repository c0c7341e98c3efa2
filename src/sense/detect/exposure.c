/* Where assets stand, against where they should: found at the end, over the whole plant. */
#include <stdio.h>
#include <string.h>

#include "sense/detect.h"

static bool is_low(const struct asset *a)
{
	return a->level != LEVEL_UNKNOWN && a->level <= 20;
}

static unsigned public_addresses(const struct plant *p, const struct asset *a)
{
	unsigned count = 0;
	for (uint32_t k = 0; k < a->ips.count; k++)
		count += ip_is_public(&p->ips[a->ips.first + k]);
	return count;
}

/* Controllers stand outside as well, behind a mobile network's modem: they keep their type. */
static bool is_outside(const struct plant *p, const struct asset *a, const struct asset *other)
{
	bool far = a->ips.count && !a->macs.count && !a->zone &&
		public_addresses(p, a) == a->ips.count;
	bool here = other->macs.count && other->ips.count && !public_addresses(p, other);
	return a->type == TYPE_INTERNET || (far && here);
}

static void name_way(const struct conversation *c, const char *more, char detail[80])
{
	char port[16];
	snprintf(port, sizeof port, "port %u", c->port);
	snprintf(detail, 80, "%.40s%s%s", c->protocol ? c->protocol : port, c->guess ? "?" : "",
		more);
}

static void survey_out(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		if (c->server == NO_ASSET || !is_low(&p->assets[c->client]) ||
			!is_outside(p, &p->assets[c->server], &p->assets[c->client]))
			continue;
		struct detected said = { .n = c->packets, .severity = SEVERITY_MAJOR };
		name_way(c, "", said.detail);
		survey_found(
			s, c->client, c->server, &said, c->first_frame, c->first_ns, c->last_ns);
	}
}

/* Whoever it is that an industrial protocol asks for, and whether it answers: the way is open. */
static void survey_in(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		bool ot = !c->guess && proto_is_ot(c->protocol);
		if (c->server == NO_ASSET || (!ot && !is_low(&p->assets[c->server])) ||
			!is_outside(p, &p->assets[c->client], &p->assets[c->server]))
			continue;
		struct detected said = { .n = c->packets,
			.severity = c->answered ? SEVERITY_CRITICAL : SEVERITY_MAJOR };
		name_way(c, c->answered ? "" : ", no answer seen", said.detail);
		survey_found(
			s, c->server, c->client, &said, c->first_frame, c->first_ns, c->last_ns);
	}
}

/* People said where both addresses are, and it is not one level. */
static void name_zones(const struct asset *a, char detail[80])
{
	snprintf(detail, 80, "%.20s, level %u%s, and %.20s, level %u%s", a->zone, a->level / 10,
		a->level % 10 ? ".5" : "", a->other_zone, a->other_level / 10,
		a->other_level % 10 ? ".5" : "");
}

/* A second leg: another /24 behind another MAC of a device that is no part of the network itself.
 */
static const struct ip *second_leg(
	const struct plant *p, const struct asset *a, const struct ip **first)
{
	*first = NULL;
	for (uint32_t k = 0; k < a->ips.count; k++) {
		const struct ip *ip = &p->ips[a->ips.first + k];
		bool automatic = ip->b[12] == 169 && ip->b[13] == 254;
		if (!ip_is_4(ip) || automatic)
			continue;
		if (!*first)
			*first = ip;
		else if (memcmp((*first)->b, ip->b, 15) != 0)
			return ip;
	}
	return NULL;
}

static void survey_dual(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->asset_count; i++) {
		const struct asset *a = &p->assets[i];
		bool network = a->type == TYPE_ROUTER || a->type == TYPE_FIREWALL ||
			a->type == TYPE_SWITCH || a->type == TYPE_INTERNET;
		const struct ip *first, *second = second_leg(p, a, &first);
		if (network || (!a->other_zone && (a->macs.count < 2 || !second)))
			continue;
		char one[IP_TEXT], two[IP_TEXT];
		struct detected said = { .severity = SEVERITY_MAJOR };
		if (a->other_zone)
			name_zones(a, said.detail);
		else
			snprintf(said.detail, sizeof said.detail, "%.30s and %.30s",
				ip_text(first, one), ip_text(second, two));
		survey_found(s, (uint32_t)i, NO_ASSET, &said, 0, a->first_ns, a->last_ns);
	}
}

static bool contains(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

static bool is_stopped(const struct identity *mode)
{
	return contains(mode->value, "stop") || contains(mode->value, "halt") ||
		contains(mode->value, "defect");
}

static bool is_out_of_run(const struct identity *mode)
{
	return is_stopped(mode) || contains(mode->value, "program");
}

/* The modes it told; the one it told last comes first. */
static struct run modes_of(const struct plant *p, const struct asset *a)
{
	struct run modes = { .first = a->identity.first };
	while (modes.first < a->identity.first + a->identity.count &&
		p->identity[modes.first].key != ID_MODE)
		modes.first++;
	while (modes.first + modes.count < a->identity.first + a->identity.count &&
		p->identity[modes.first + modes.count].key == ID_MODE)
		modes.count++;
	return modes;
}

static void survey_mode(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->asset_count; i++) {
		struct run modes = modes_of(p, &p->assets[i]);
		const struct identity *now = &p->identity[modes.first];
		if (!modes.count || !is_out_of_run(now))
			continue;
		struct detected said = { .severity = is_stopped(now) ? SEVERITY_MAJOR
								     : SEVERITY_WARNING };
		snprintf(said.detail, sizeof said.detail, "%.70s", now->value);
		survey_found(
			s, (uint32_t)i, NO_ASSET, &said, now->frame, now->first_ns, now->last_ns);
	}
}

/* Somebody was seen to change how it runs: that is told already, and why it stood is known. */
static bool is_for(const struct plant *p, const struct conversation *c, uint32_t asset)
{
	if (c->server == NO_ASSET) /* everybody, maybe */
		return true;
	for (; asset != c->server; asset = p->assets[asset].part_of - 1)
		if (!p->assets[asset].part_of)
			return false;
	return true;
}

static bool was_told_to(const struct plant *p, uint32_t asset, int64_t until_ns)
{
	const unsigned effects = 1u << EFFECT_STOP | 1u << EFFECT_RESTART | 1u << EFFECT_MODE |
		1u << EFFECT_DOWNLOAD;
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		for (uint32_t n = is_for(p, c, asset) ? c->operations : 0; n;
			n = p->operations[n].next) {
			const struct operation *o = &p->operations[n];
			if (effects >> o->msg->effect & 1 && o->first_ns <= until_ns)
				return true;
		}
	}
	return false;
}

static void survey_mode_before(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->asset_count; i++) {
		struct run modes = modes_of(p, &p->assets[i]);
		const struct identity *now = &p->identity[modes.first], *then = NULL;
		for (uint32_t k = 1; k < modes.count; k++) {
			const struct identity *mode = &p->identity[modes.first + k];
			if (is_out_of_run(mode) && (!then || is_stopped(mode) > is_stopped(then)))
				then = mode;
		}
		if (!then || is_out_of_run(now) || was_told_to(p, (uint32_t)i, then->first_ns))
			continue;
		struct detected said = { .severity = is_stopped(then) ? SEVERITY_WARNING
								      : SEVERITY_INFO };
		snprintf(said.detail, sizeof said.detail, "\"%.28s\", and later \"%.28s\"",
			then->value, now->value);
		survey_found(s, (uint32_t)i, NO_ASSET, &said, then->frame, then->first_ns,
			then->last_ns);
	}
}

const struct detection detect_exposure[] = {
	{
		.row = { .id = "net.internet-from-low-level",
			.class = "internet-from-low-level",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_MAJOR,
			.title = "A device of level 0 to 2 talks to a public address",
			.technique = "T0883",
			.next = "Close this way at the firewall, or give it an owner, a reason and an end date." },
		.text = "{a} talks to the public address {b} ({detail}, packets: {n}).",
		.survey = survey_out,
	},
	{
		.row = { .id = "net.internet-to-low-level",
			.class = "internet-to-low-level",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_CRITICAL,
			.title = "A device of the process is asked from a public address",
			.technique = "T0883",
			.next = "Close this way at the firewall: whoever finds the device may use it. Who has to "
				"reach it comes through a VPN that ends before the plant." },
		.text = "{a} was asked from the public address {b} ({detail}, packets: {n}).",
		.survey = survey_in,
	},
	{
		.row = { .id = "net.dual-homed",
			.class = "dual-homed",
			.engine = ENGINE_POLICY,
			.severity = SEVERITY_MAJOR,
			.title = "One device stands in two networks",
			.technique = "T0886",
			.next = "Make sure it forwards nothing between them, or replace the second leg by a way "
				"through the firewall." },
		.text = "{a} has a leg in two networks ({detail}) and is no router.",
		.survey = survey_dual,
	},
	{
		.row = { .id = "ot.not-in-run",
			.class = "device-trouble",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_MAJOR,
			.title = "A controller is not in run mode",
			.technique = "T0858",
			.next = "Check the controller: its key switch, its diagnostic buffer, and who stopped it. A "
				"switch in PROGRAM or REMOTE lets anybody load it." },
		.text = "{a} says its mode is \"{detail}\".",
		.survey = survey_mode,
	},
	{
		.row = { .id = "ot.was-not-in-run",
			.class = "device-trouble",
			.engine = ENGINE_OPERATIONAL,
			.severity = SEVERITY_WARNING,
			.title = "A controller was out of run mode for a time",
			.technique = "T0858",
			.next = "Read the controller's diagnostic buffer: nobody was seen to stop it over the "
				"network. A fault, its key switch, or somebody whom this capture does not show." },
		.text = "{a} said its mode was {detail}.",
		.survey = survey_mode_before,
	},
	{ .row = { .id = NULL } },
};
