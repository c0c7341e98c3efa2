#include "report/words.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/attr.h"
#include "base/clock.h"

const struct band bands[BAND_COUNT] = {
	{ 50, "5", "internet" },
	{ 40, "4", "enterprise" },
	{ 35, "3.5", "industrial DMZ" },
	{ 30, "3", "site operations" },
	{ 20, "2", "supervision" },
	{ 10, "1", "control" },
	{ 0, "0", "process" },
	{ LEVEL_UNKNOWN, "?", "Level not known" },
};

unsigned band_of(const struct asset *a)
{
	if (a->level == LEVEL_UNKNOWN)
		return BAND_UNKNOWN;
	unsigned band = 0;
	while (a->level < bands[band].level) /* level 0 is the lowest row: ends there */
		band++;
	return band;
}

const char *transport_text(uint8_t transport, char text[WORD_TEXT])
{
	/* Assigned Internet Protocol Numbers */
	static const char *const names[256] = { [TRANSPORT_ETHERNET] = "ethernet",
		[1] = "icmp",
		[2] = "igmp",
		[6] = "tcp",
		[17] = "udp",
		[47] = "gre",
		[50] = "esp",
		[51] = "ah",
		[58] = "icmpv6",
		[89] = "ospf",
		[103] = "pim",
		[112] = "vrrp",
		[132] = "sctp" };
	if (names[transport])
		return names[transport];
	snprintf(text, WORD_TEXT, "ip-%u", transport);
	return text;
}

const char *level_text(uint8_t level, char text[WORD_TEXT])
{
	if (level == LEVEL_UNKNOWN)
		return "?";
	if (level % 10)
		snprintf(text, WORD_TEXT, "%u.%u", level / 10u, level % 10u);
	else
		snprintf(text, WORD_TEXT, "%u", level / 10u);
	return text;
}

const char *count_text(uint64_t n, char text[WORD_TEXT])
{
	char digits[24];
	int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	size_t at = 0;
	for (int i = 0; i < size; i++) {
		if (i && (size - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return text;
}

const char *bytes_text(uint64_t n, char text[WORD_TEXT])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double size = (double)n;
	size_t unit = 0;
	while (size >= 999.5 && unit + 1 < COUNT_OF(units)) {
		size /= 1000;
		unit++;
	}
	snprintf(text, WORD_TEXT, unit && size < 9.95 ? "%.1f %s" : "%.0f %s", size, units[unit]);
	return text;
}

const char *value_text(double d, char text[WORD_TEXT])
{
	if (!isfinite(d))
		return isnan(d) ? "no number" : d > 0 ? "infinite" : "-infinite";
	snprintf(text, WORD_TEXT, d == floor(d) && fabs(d) < 1e10 ? "%.0f" : "%.5g", d);
	return text;
}

const char *time_text(int64_t ns, char text[WORD_TEXT])
{
	clock_text(ns, text);
	char *t = strchr(text, 'T'), *dot = strchr(text, '.');
	if (t)
		*t = ' ';
	if (dot)
		*dot = '\0';
	return text;
}

/* The two largest units; the second only where it says something. */
const char *span_text(int64_t ns, char text[WORD_TEXT])
{
	static const struct {
		long long seconds, parts;
		const char *unit, *part;
	} spans[] = { { 86400, 3600, "d", "h" }, { 3600, 60, "h", "min" }, { 60, 1, "min", "s" } };
	long long seconds = ns / CLOCK_SECOND;
	if (seconds < 60) {
		snprintf(text, WORD_TEXT, "%.*f s", seconds < 10 ? 1 : 0, (double)ns / 1e9);
		return text;
	}
	size_t i = 0;
	while (seconds < spans[i].seconds)
		i++;
	long long whole = seconds / spans[i].seconds;
	long long parts = seconds % spans[i].seconds / spans[i].parts;
	int used = snprintf(text, WORD_TEXT, "%lld %s", whole, spans[i].unit);
	if (parts)
		snprintf(text + used, WORD_TEXT - (size_t)used, " %lld %s", parts, spans[i].part);
	return text;
}

const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

const struct asset *plant_asset(const struct plant *p, uint32_t index)
{
	return index < p->asset_count ? &p->assets[index] : NULL;
}

bool asset_is_controller(const struct asset *a)
{
	return a->type == TYPE_PLC || a->type == TYPE_RTU || a->type == TYPE_IED;
}

/* Best first: IPv4, IPv6, link-local ones after both. */
static unsigned address_rank(const struct ip *ip)
{
	if (ip_is_4(ip))
		return ip->b[12] == 169 && ip->b[13] == 254 ? 2 : 0;  /* RFC 3927 */
	return ip->b[0] == 0xfe && (ip->b[1] & 0xc0) == 0x80 ? 3 : 1; /* RFC 4291, 2.5.6 */
}

const char *asset_address(const struct plant *p, const struct asset *a, char text[LABEL_TEXT])
{
	const struct ip *best = NULL;
	for (uint32_t i = 0; i < a->ips.count; i++) {
		const struct ip *ip = &p->ips[a->ips.first + i];
		if (!best || address_rank(ip) < address_rank(best))
			best = ip;
	}
	if (best)
		return ip_text(best, text);
	if (a->macs.count)
		return mac_text(p->macs[a->macs.first], text);
	*text = '\0';
	if (a->part_of)
		snprintf(text, LABEL_TEXT, "%s", a->place);
	return text;
}

const char *asset_label(const struct plant *p, const struct asset *a, char text[LABEL_TEXT])
{
	bool placed = a->ips.count || a->macs.count;
	if (a->name && *a->name && !(a->namesake && placed))
		return a->name;
	if (placed)
		return asset_address(p, a, text);
	snprintf(text, LABEL_TEXT, "a%u", a->id);
	return text;
}

/* Adds a word after what stands in text already; a word that does not fit is left out whole. */
static void add_word(char *text, size_t size, const char *between, const char *word)
{
	size_t used = strlen(text);
	if (!word || !*word || used + strlen(between) + strlen(word) >= size)
		return;
	snprintf(text + used, size - used, "%s%s", used ? between : "", word);
}

const char *asset_product(const struct asset *a, char text[LABEL_TEXT])
{
	*text = '\0';
	/* "Siemens Siemens S7-1500": many models carry their vendor. */
	bool said = a->vendor && a->model && strstr(a->model, a->vendor);
	if (!said)
		add_word(text, LABEL_TEXT, " ", a->vendor);
	add_word(text, LABEL_TEXT, " ", a->model);
	add_word(text, LABEL_TEXT, " ", a->firmware);
	return text;
}

const char *names_text(const struct plant *p, struct run r, char text[LABEL_TEXT])
{
	*text = '\0';
	for (uint32_t i = 0; i < r.count; i++)
		add_word(text, LABEL_TEXT, ", ", p->names[r.first + i]);
	return text;
}

bool group_text(const struct conversation *c, char text[LABEL_TEXT])
{
	if (c->server == NO_ASSET && c->group_mac[0])
		mac_text(c->group_mac, text);
	else if (c->server == NO_ASSET && !ip_is_zero(&c->group))
		ip_text(&c->group, text);
	else
		return false;
	return true;
}

const char *server_label(const struct plant *p, const struct conversation *c, char text[LABEL_TEXT])
{
	const struct asset *server = plant_asset(p, c->server);
	if (server)
		return asset_label(p, server, text);
	return group_text(c, text) ? text : "everybody";
}

const char *carrier_text(const struct conversation *c, char text[WORD_TEXT])
{
	char transport[WORD_TEXT];
	const char *below = transport_text(c->transport, transport);
	if (c->port)
		snprintf(text, WORD_TEXT, "%.24s %u", below, c->port);
	else
		snprintf(text, WORD_TEXT, "%s", below);
	return text;
}

const char *protocol_text(const struct conversation *c, char text[WORD_TEXT])
{
	if (!c->protocol)
		return carrier_text(c, text);
	snprintf(text, WORD_TEXT, "%s%s", c->protocol, c->guess ? "?" : "");
	return text;
}

/* Plain counts, and parts of a sum that is told already, have no sentence. */
static const struct {
	const char *name, *sentence;
} counter_rows[] = {
	{ "frames_lost", "frames lost before they could be read: they came too fast" },
	{ "bad_checksum",
		"wrong checksums, used all the same (usual where the sender was captured)" },
	{ "bad_ip_checksum", NULL },
	{ "bad_tcp_checksum", NULL },
	{ "bad_udp_checksum", NULL },
	{ "flows", NULL },
	{ "stream_gap_bytes", NULL },
	{ "cut_frames", "packets shorter in the capture than on the wire" },
	{ "bad_headers", "packets whose headers contradict themselves" },
	{ "unread_link_type", "packets of a link type that is not read" },
	{ "encapsulated", "packets taken out of a mirror or tunnel" },
	{ "fragments", "IP fragments" },
	{ "fragments_given_up", "IP packets of which a fragment never came" },
	{ "fragment_overlaps", "IP fragments that overlap others" },
	{ "flows_evicted", "connections forgotten before their end: more --memory keeps them" },
	{ "unanswered_connections", "connection attempts without an answer" },
	{ "undecoded", "packets whose content is of no protocol that is read" },
	{ "retransmissions", "TCP segments sent again" },
	{ "out_of_order", "TCP segments out of order" },
	{ "stream_gaps", "gaps in TCP streams: packets that the capture lacks" },
	{ "streams_out_of_step", "streams in which the start of the next message was lost" },
	{ "cut_messages", "messages that the capture ends in the middle of" },
	{ "malformed_messages", "messages that break the rules of their protocol" },
	{ "violations", "messages with a value outside what their standard allows" },
	{ "values_dropped", "values left out of messages with very many of them" },
	{ "hosts_refused", "addresses beyond what fits in memory: try more --memory" },
	{ "conversations_refused", "conversations beyond what fits in memory: try more --memory" },
	{ "points_refused", "process points beyond what fits in memory: try more --memory" },
	{ "macs_refused", "MAC addresses beyond what fits in memory: try more --memory" },
	{ "bindings_refused",
		"pairs of MAC and IP address beyond what fits in memory: try more --memory" },
	{ "identities_refused",
		"things said about assets beyond what fits in memory: try more --memory" },
	{ "modules_refused",
		"words about modules and devices behind others, beyond what fits in "
		"memory: try more --memory" },
	{ "modules_of_one_refused",
		"words about modules and devices behind one asset that has more than "
		"1,024 of them" },
	{ "operations_refused",
		"kinds of operations beyond what fits in memory: try more --memory" },
	{ "findings_refused", "findings beyond what fits in memory: try more --memory" },
	{ "detection_memories_forgotten",
		"times that a detection had to forget a pair of hosts: try more --memory" },
	{ "buffers_refused", "messages not put together for want of memory: try more --memory" },
	{ "scratch_refused", "messages read in part: they hold more than there is room for" },
	{ "fragments_dropped", "IP fragments not kept for want of memory: try more --memory" },
};

static const char *counter_text(const char *name, char text[LABEL_TEXT])
{
	for (size_t i = 0; i < COUNT_OF(counter_rows); i++)
		if (strcmp(counter_rows[i].name, name) == 0)
			return counter_rows[i].sentence;
	snprintf(text, LABEL_TEXT, "%s", name); /* a newer one: its name says it */
	for (char *at = text; *at; at++)
		*at = *at == '_' ? ' ' : *at;
	return text;
}

static const char *empty_zones_text(const struct plant *p, char text[LABEL_TEXT])
{
	char more[WORD_TEXT];
	size_t told = 0, used;
	used = (size_t)snprintf(text, LABEL_TEXT,
		"zone%s in which no asset was seen:", plural(p->empty_zone_count));
	for (; told < p->empty_zone_count; told++) {
		const char *name = p->empty_zones[told];
		if (used + strlen(name) + sizeof ",  and 12,345 more" > LABEL_TEXT)
			break;
		used += (size_t)snprintf(
			text + used, LABEL_TEXT - used, "%s%s", told ? ", " : " ", name);
	}
	if (told < p->empty_zone_count)
		snprintf(text + used, LABEL_TEXT - used, " and %s more",
			count_text(p->empty_zone_count - told, more));
	return text;
}

size_t worth_count(const struct plant *p)
{
	return p->counter_count + 1;
}

const char *worth_text(const struct plant *p, size_t i, uint64_t *n, char text[LABEL_TEXT])
{
	bool zones = i == p->counter_count;
	*n = zones ? p->empty_zone_count : p->counters[i].n;
	if (!*n)
		return NULL;
	return zones ? empty_zones_text(p, text) : counter_text(p->counters[i].name, text);
}

unsigned act_strength(uint8_t act)
{
	static const uint8_t strength[ACT_COUNT] = { [ACT_OTHER] = 0,
		[ACT_IDENTIFY] = 1,
		[ACT_READ] = 2,
		[ACT_WRITE] = 3,
		[ACT_CONTROL] = 4,
		[ACT_PROGRAM] = 5 };
	return strength[act];
}

struct tally tally_of(const struct plant *p, const struct conversation *c)
{
	struct tally t = { .strongest = ACT_OTHER };
	for (uint32_t n = c->operations; n; n = p->operations[n].next) {
		const struct operation *op = &p->operations[n];
		uint8_t act = op->msg->act;
		/* Half of a conversation may be all that was captured. */
		uint64_t times = op->requests > op->responses ? op->requests : op->responses;
		uint64_t asked = op->requests - op->turned[0];
		uint64_t answered = op->responses - op->turned[1];
		uint64_t own = asked > answered ? asked : answered;
		uint64_t *kind = act == ACT_READ ? &t.reads
			: act == ACT_WRITE       ? &t.writes
			: act == ACT_CONTROL     ? &t.controls
			: act == ACT_PROGRAM     ? &t.programs
						 : &t.others;
		*kind += own;
		if (act == ACT_PROGRAM && op->msg->effect == EFFECT_UPLOAD) {
			t.uploads += own;
			act = ACT_READ; /* to the process a backup is no more */
		}
		t.others += times - own; /* what the server does to its client */
		t.errors += op->errors;
		if (own && act_strength(act) > act_strength(t.strongest))
			t.strongest = act;
	}
	return t;
}
