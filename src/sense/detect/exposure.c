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

static void survey_internet(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		if (c->server == NO_ASSET)
			continue;
		const struct asset *client = &p->assets[c->client], *server = &p->assets[c->server];
		bool out = is_low(client) && is_outside(p, server, client);
		bool in = is_low(server) && is_outside(p, client, server);
		if (!out && !in)
			continue;
		char port[16];
		snprintf(port, sizeof port, "port %u", c->port);
		struct detected said = { .n = c->packets,
			.severity = in ? SEVERITY_CRITICAL : SEVERITY_MAJOR };
		snprintf(said.detail, sizeof said.detail, "%.40s%s%s",
			c->protocol ? c->protocol : port, c->guess ? "?" : "",
			in ? ", opened from outside" : "");
		survey_found(s, out ? c->client : c->server, out ? c->server : c->client, &said,
			c->first_frame, c->first_ns, c->last_ns);
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

static void survey_mode(const struct plant *p, struct survey *s)
{
	for (size_t i = 0; i < p->asset_count; i++) {
		const struct asset *a = &p->assets[i];
		for (uint32_t k = 0; k < a->identity.count; k++) {
			const struct identity *id = &p->identity[a->identity.first + k];
			if (id->key != ID_MODE)
				continue;
			bool stopped = contains(id->value, "stop") || contains(id->value, "halt") ||
				contains(id->value, "defect");
			if (!stopped && !contains(id->value, "program"))
				continue;
			struct detected said = { .severity = stopped ? SEVERITY_MAJOR
								     : SEVERITY_WARNING };
			snprintf(said.detail, sizeof said.detail, "%.70s", id->value);
			survey_found(s, (uint32_t)i, NO_ASSET, &said, id->frame, a->first_ns,
				a->last_ns);
		}
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
		.text = "{a} talks to the public address {b} ({detail}, {n} packets).",
		.survey = survey_internet,
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
	{ .row = { .id = NULL } },
};
