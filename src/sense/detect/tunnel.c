/* Something leaves where nobody looks: in names, in echoes, in short calls home by the clock. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "sense/detect.h"
#include "sense/text_find.h"

enum { UDP = 17, DNS = 53, NTP = 123 };

/* --- names --------------------------------------------------------------------------------------
 */

/* What is carried stands in the labels in front, as letters and digits that read like noise; what
 * stays is the name of who takes it.  People's names are shorter, and those that content networks
 * make up come again and again. */
enum { LONG_NAME = 52, LONG_LABEL = 24 };

static const uint8_t *dot_before(const struct value *v, const uint8_t *end)
{
	while (end > v->bytes && end[-1] != '.')
		end--;
	return end;
}

/* Where the last two labels begin. */
static const uint8_t *parent_of(const struct value *v)
{
	const uint8_t *end = v->bytes + v->size;
	const uint8_t *top = dot_before(v, end);
	return top > v->bytes ? dot_before(v, top - 1) : v->bytes;
}

static size_t longest_label(const struct value *v)
{
	size_t longest = 0, run = 0;
	for (size_t i = 0; i < v->size; i++) {
		run = v->bytes[i] == '.' ? 0 : run + 1;
		longest = run > longest ? run : longest;
	}
	return longest;
}

/* Of one parent at a time: who carries something away has one place for it. */
struct names {
	struct distinct seen;
	uint64_t parent;
};

static bool names_that_carry(void *memory, const struct event *ev, struct detected *out)
{
	struct names *m = memory;
	const struct value *v = fact_value(ev->fact, "dns.qry.name");
	if (!v || v->type != VALUE_TEXT || v->size < LONG_NAME || longest_label(v) < LONG_LABEL ||
		text_ends(v, ".arpa"))
		return false;
	const uint8_t *parent = parent_of(v);
	size_t size = (size_t)(v->bytes + v->size - parent);
	uint64_t hash = hash_bytes(parent, size);
	if (m->parent != hash)
		*m = (struct names){ .parent = hash };
	if (!distinct_add(
		    &m->seen, ev->at_ns, out->limit->seconds, hash_bytes(v->bytes, v->size)) ||
		m->seen.count != out->limit->count)
		return false;
	const struct value tail = { .type = VALUE_TEXT, .size = (uint32_t)size, .bytes = parent };
	struct out o = out_mem(out->detail, sizeof out->detail);
	text_show(&o, "", &tail, 70);
	(void)out_text(&o);
	return true;
}

/* --- echoes -------------------------------------------------------------------------------------
 */

/* Ping sends the same bytes each time, behind its clock. */
static bool echoes_that_carry(void *memory, const struct event *ev, struct detected *out)
{
	struct distinct *seen = memory;
	return ev->content && distinct_add(seen, ev->at_ns, out->limit->seconds, ev->content) &&
		seen->count == out->limit->count;
}

/* --- calls home ---------------------------------------------------------------------------------
 */

/* So many in a row, each as far from the last as that one was from its own, but for a tenth: longer
 * than a page loads, shorter than a shift. */
struct beat {
	int64_t last_ns, gap_ns;
	uint32_t count;
};

static bool by_the_clock(void *memory, const struct event *ev, struct detected *out)
{
	const int64_t least = 5 * CLOCK_SECOND, most = 3600 * CLOCK_SECOND;
	struct beat *b = memory;
	bool usual = ev->transport == UDP && (ev->port == DNS || ev->port == NTP);
	if (!ev->port || usual || ip_is_multicast(&ev->to) || !ip_is_public(&ev->to))
		return false;
	int64_t gap = ev->at_ns - b->last_ns,
		off = gap > b->gap_ns ? gap - b->gap_ns : b->gap_ns - gap;
	bool again = b->gap_ns && off <= b->gap_ns / 10;
	b->count = again ? b->count + 1 : 0;
	bool fits = b->last_ns && gap >= least && gap <= most;
	if (!again)
		b->gap_ns = fits ? gap : 0;
	b->last_ns = ev->at_ns;
	if (b->count != out->limit->count)
		return false;
	out->n = (uint64_t)(b->gap_ns / CLOCK_SECOND);
	snprintf(out->detail, sizeof out->detail, "port %u", ev->port);
	return true;
}

const struct detection detect_tunnel[] = {
	{
		.row = { .id = "net.dns-tunnel",
			.class = "tunnel",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "Something is carried in the names that are asked for",
			.technique = "T1071.004",
			.next = "Find the program that asks, and block the name it asks below. Let machines of "
				"the plant resolve only names they need." },
		.text = "{a} asked for {n} or more long names below {detail} within {within}.",
		.events = EVENT_FACT,
		.labels = { "dns" },
		.dirs = 1u << DIR_REQUEST,
		.key = KEY_CLIENT,
		.limit = { 20, 300 },
		.memory = sizeof(struct names),
		.keys_max = 1024,
		.see = names_that_carry,
	},
	{
		.row = { .id = "net.icmp-tunnel",
			.class = "tunnel",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_MAJOR,
			.title = "Something is carried in pings",
			.technique = "T1095",
			.next = "Find the program that sends them: ping sends the same bytes each time. Let the "
				"firewall pass echoes only where somebody watches by them." },
		.text = "{a} sent {b} {n} or more pings within {within}, each with other content.",
		.events = EVENT_ECHO,
		.key = KEY_PAIR,
		.limit = { 10, 60 },
		.memory = sizeof(struct distinct),
		.keys_max = 512,
		.see = echoes_that_carry,
	},
	{
		.row = { .id = "net.beacon",
			.class = "beacon",
			.engine = ENGINE_MALWARE,
			.severity = SEVERITY_WARNING,
			.title = "A machine calls a public address by the clock",
			.technique = "T0869",
			.next = "Updates, licences and cloud agents do this, and so does whoever waits for "
				"orders. Find the program that calls; give it an owner and a reason, or stop it." },
		.text = "{a} called the public address {b} every {n} seconds, again and again within "
			"{within} ({detail}).",
		.events = EVENT_FLOW,
		.opened = true,
		.key = KEY_PAIR,
		.limit = { 10, 86400 },
		.memory = sizeof(struct beat),
		.keys_max = 4096,
		.see = by_the_clock,
	},
	{ .row = { .id = NULL } },
};
