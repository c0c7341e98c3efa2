/* SSDP: UPnP Device Architecture 2.0, chapter 1: who offers what in this network.
 *
 * Heads of HTTP in datagrams: a search goes to a group, answers come straight back from ports that
 * were not asked, and devices announce themselves without being asked.  A device is described in a
 * document that is fetched over HTTP: http_page.c. */
#include "base/attr.h"
#include "base/hash.h"
#include "sense/proto/http_page.h"
#include "sense/proto/http_uri.h"
#include "sense/proto/text.h"

enum { SEARCH, ALIVE, BYEBYE, UPDATE, EVENT, NOTIFY };

static const struct msg msgs[] = {
	BOTH(SEARCH, ACT_IDENTIFY, EFFECT_NONE, "search"),
	{ ALIVE, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "alive" },
	{ BYEBYE, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "byebye" },
	{ UPDATE, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "update" },
	{ EVENT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "event" },   /* 4.3: variables, to a group */
	{ NOTIFY, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "notify" }, /* of a kind nobody described */
	{ 0 },
};

/* NTS says which notification it is. */
static const struct kind {
	const char *nts;
	uint8_t code;
} kinds[] = {
	{ "ssdp:alive", ALIVE },
	{ "ssdp:byebye", BYEBYE },
	{ "ssdp:update", UPDATE },
	{ "upnp:propchange", EVENT },
};

static const struct field f_code = { "ssdp.code", BE16, 200, 200 };

/* Headers that are told, 1.2 and 1.3.  Numbers: decimal digits, after `before` where that is set.
 */
static const struct header {
	const char *name;
	struct field field;
	const char *before;
	bool is_uri;
} headers[] = {
	{ "host", { "ssdp.host", TEXT }, NULL, false },
	{ "man", { "ssdp.man", TEXT }, NULL, false },
	{ "mx", { "ssdp.mx", BE32 }, NULL, false },
	{ "st", { "ssdp.st", TEXT }, NULL, false },
	{ "nt", { "ssdp.nt", TEXT }, NULL, false },
	{ "nts", { "ssdp.nts", TEXT }, NULL, false },
	{ "usn", { "ssdp.usn", TEXT }, NULL, false },
	{ "cache-control", { "ssdp.max_age", BE32 }, "max-age", false },
	{ "location", { "ssdp.location", TEXT }, NULL, true },
	{ "securelocation.upnp.org", { "ssdp.secure_location", TEXT }, NULL, true },
	{ "server", { "ssdp.server", TEXT }, NULL, false },
	{ "user-agent", { "ssdp.user_agent", TEXT }, NULL, false },
	{ "bootid.upnp.org", { "ssdp.boot_id", BE32 }, NULL, false },
	{ "nextbootid.upnp.org", { "ssdp.next_boot_id", BE32 }, NULL, false },
	{ "configid.upnp.org", { "ssdp.config_id", BE32 }, NULL, false },
	{ "searchport.upnp.org", { "ssdp.search_port", BE32 }, NULL, false },
	{ "cpfn.upnp.org", { "ssdp.control_point", TEXT }, NULL, false },
	{ "cpuuid.upnp.org", { "ssdp.control_point_uuid", TEXT }, NULL, false },
};

/* --- whose is it --- */

static bool is_answer(const struct cur *c)
{
	return cur_starts(c, "HTTP/1.") && cur_peek(c, 8) == ' ';
}

static bool is_search(const struct cur *c)
{
	return cur_starts(c, "M-SEARCH * HTTP/1.");
}

static bool is_notify(const struct cur *c)
{
	return cur_starts(c, "NOTIFY * HTTP/1.");
}

/* The value of a header, or a bad cursor.  Lines that begin with a space go on from the one before;
 * nobody writes them here. */
static struct cur header_of(struct cur c, const char *name)
{
	text_line(&c);
	while (c.left > 0) {
		struct cur line = text_line(&c), word = text_until(&line, ':');
		if (word.left == 0)
			break;
		if (text_is(&word, name))
			return text_trimmed(line);
	}
	return cur_bad();
}

/* An answer says what was searched for and who has it (1.3.3); nobody else sends such heads in
 * datagrams. */
static enum probe probe(struct cur c, const struct scene *s)
{
	if (is_search(&c) || is_notify(&c))
		return PROBE_YES;
	if (!is_answer(&c))
		return PROBE_NO;
	struct cur st = header_of(c, "st"), usn = header_of(c, "usn");
	return cur_ok(&st) && (cur_ok(&usn) || s->cut) ? PROBE_YES : PROBE_NO;
}

/* --- what it says --- */

static bool number_of(struct cur c, const char *before, uint32_t *n)
{
	while (before && c.left > 0 && !text_begins(&c, before))
		cur_skip(&c, 1);
	cur_skip(&c, before ? strlen(before) : 0);
	c = text_trimmed(c);
	if (before && cur_peek(&c, 0) == '=') {
		cur_skip(&c, 1);
		c = text_trimmed(c);
	}
	uint64_t v = 0;
	size_t digits = 0;
	for (; cur_peek(&c, 0) >= '0' && cur_peek(&c, 0) <= '9' && v <= UINT32_MAX; digits++)
		v = v * 10 + (uint64_t)(cur_u8(&c) - '0');
	*n = (uint32_t)v;
	return digits > 0 && v <= UINT32_MAX;
}

static void tell_header(struct scene *s, struct cur line)
{
	if (cur_find(&line, ':') < 0) {
		fact_violation(s);
		return;
	}
	struct cur name = text_until(&line, ':'), value = text_trimmed(line);
	const struct header *h = headers;
	while (h < headers + COUNT_OF(headers) && !text_is(&name, h->name))
		h++;
	uint32_t n;
	if (h == headers + COUNT_OF(headers))
		return;
	if (h->is_uri)
		http_tell_uri(s, &h->field, value);
	else if (h->field.wire == TEXT)
		text_tell(s, &h->field, value);
	else if (number_of(value, h->before, &n))
		fact_uint(s, &h->field, n);
	else if (!h->before) /* other directives of a cache are fine */
		fact_violation(s);
}

static void tell_headers(struct scene *s, struct cur c)
{
	text_line(&c);
	while (c.left > 0) {
		struct cur line = text_line(&c);
		if (line.left == 0)
			break;
		if (cur_peek(&line, 0) != ' ' && cur_peek(&line, 0) != '\t')
			tell_header(s, line);
	}
}

/* --- who it is --- */

static const struct device_type {
	const char *name;
	enum asset_type type;
} device_types[] = {
	{ "InternetGatewayDevice", TYPE_ROUTER },
	{ "WLANAccessPointDevice", TYPE_WIRELESS },
	{ "DigitalSecurityCamera", TYPE_CAMERA },
	{ "Printer", TYPE_PRINTER },
};

static void say_device_type(struct scene *s, struct cur urn, const struct asset_place *at)
{
	struct cur type;
	enum upnp_type kind = upnp_type(urn, &type);
	if (kind == UPNP_PROGRAM)
		who_place_is(s, at, PLACE_NOBODY);
	if (kind == UPNP_MACHINE)
		who_place_is(s, at, PLACE_SELF);
	if (kind == UPNP_NONE || kind == UPNP_PART || text_is(&type, "Basic") ||
		text_is(&type, "WFADevice"))
		return;
	who_sender(s, ID_DEVICE_TYPE, type.at, type.left);
	for (size_t i = 0; i < COUNT_OF(device_types); i++)
		if (text_is(&type, device_types[i].name))
			who_sender_is(s, device_types[i].type, "announces itself so over UPnP");
}

/* Somebody may announce what stands elsewhere: the address of the description tells. */
enum whose { ITS_OWN, ANOTHERS, NOBODY_KNOWS };

static enum whose whose(const struct scene *s, struct cur location)
{
	if (!cur_ok(&location))
		return ITS_OWN;
	struct cur host = http_host(location);
	if (!cur_ok(&host) || host.left == 0)
		return NOBODY_KNOWS;
	char text[IP_TEXT];
	ip_text(&s->src, text);
	if (text_is(&host, text))
		return ITS_OWN;
	bool six = cur_find(&host, ':') >= 0, four = true;
	while (host.left > 0) {
		uint8_t c = cur_u8(&host);
		four = four && ((c >= '0' && c <= '9') || c == '.');
	}
	/* The description of one that is heard by IPv4 may lie at its IPv6 address. */
	return four || (six && !ip_is_4(&s->src)) ? ANOTHERS : NOBODY_KNOWS;
}

static void say_who(struct scene *s, struct cur c, struct cur target)
{
	enum whose is = whose(s, header_of(c, "location"));
	if (is == ANOTHERS)
		return;
	struct cur server = header_of(c, "server");
	who_sender(s, ID_SOFTWARE, server.at, server.left);
	if (is != ITS_OWN)
		return;
	/* "uuid:...::upnp:rootdevice" is a device; other numbers are those of its parts. */
	struct cur usn = header_of(c, "usn"), word = text_until(&usn, ':');
	struct cur uuid = text_until(&usn, ':');
	if (!text_is(&word, "uuid") || uuid.left == 0)
		return;
	const struct asset_place at = upnp_place(uuid);
	if (text_is(&usn, ":upnp:rootdevice"))
		who_place(s, &at, ID_UUID, uuid.at, uuid.left);
	say_device_type(s, target, &at);
}

/* --- messages --- */

/* Who searched for what: answers come to the port that the search came from. */
static uint32_t search_key(const struct ip *a, uint16_t port, struct cur target)
{
	uint64_t words = hash_bytes(target.at, target.left);
	return (uint32_t)hash_mix(hash_bytes(a->b, sizeof a->b) + port, words);
}

static enum parsed search(struct scene *s, struct cur c)
{
	struct cur target = header_of(c, "st"), agent = header_of(c, "user-agent");
	scene_client(s);
	ask_put(s, search_key(&s->src, s->src_port, target));
	fact_begin(s, msg_find(msgs, SEARCH, DIR_REQUEST));
	tell_headers(s, c);
	fact_end(s);
	who_sender(s, ID_SOFTWARE, agent.at, agent.left);
	return PARSED_WHOLE;
}

static enum parsed answer(struct scene *s, struct cur c)
{
	static const char everything[] = "ssdp:all";
	struct cur line = c, target = header_of(c, "st");
	line = text_line(&line);
	text_until(&line, ' ');
	uint32_t code;
	if (!number_of(line, NULL, &code) || code < 100 || code > 999)
		return PARSED_BAD;
	scene_server(s);
	/* One search has many answers. */
	if (!ask_peek(s, search_key(&s->dst, s->dst_port, target)))
		ask_peek(s,
			search_key(
				&s->dst, s->dst_port, cur_of(everything, sizeof everything - 1)));
	fact_begin(s, msg_find(msgs, SEARCH, DIR_RESPONSE));
	if (code >= 300)
		fact_failed(s);
	fact_uint(s, &f_code, code);
	tell_headers(s, c);
	fact_end(s);
	if (code == 200)
		say_who(s, c, target);
	return PARSED_WHOLE;
}

static enum parsed notify(struct scene *s, struct cur c)
{
	struct cur nts = header_of(c, "nts");
	uint8_t code = NOTIFY;
	for (size_t i = 0; i < COUNT_OF(kinds); i++)
		if (text_is(&nts, kinds[i].nts))
			code = kinds[i].code;
	if (!ip_is_multicast(&s->dst))
		scene_server(s);
	fact_begin(s, msg_find(msgs, code, DIR_OTHER));
	tell_headers(s, c);
	fact_end(s);
	if (code == ALIVE || code == UPDATE)
		say_who(s, c, header_of(c, "nt"));
	return PARSED_WHOLE;
}

static struct cur whole_lines(struct cur c)
{
	size_t size = c.left;
	while (size > 0 && cur_peek(&c, size - 1) != '\n')
		size--;
	return cur_sub(&c, size);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	enum parsed how = PARSED_BAD;
	if (s->cut) /* whole lines only: half a name is another name */
		c = whole_lines(c);
	if (is_search(&c))
		how = search(s, c);
	else if (is_notify(&c))
		how = notify(s, c);
	else if (is_answer(&c))
		how = answer(s, c);
	return s->cut ? PARSED_CUT : how;
}

const struct proto proto_ssdp = {
	.name = "ssdp",
	.title = "SSDP (UPnP)",
	.standard = "UPnP Device Architecture 2.0",
	.reads = "searches and answers, announcements; descriptions by way of HTTP",
	.seen = "9 captures: routers, browsers, Windows hosts",
	.over = OVER_UDP,
	.shared = true,
	.begins = "48 4d 4e",
	.probe = probe,
	.parse = parse,
	.asks = 32, /* a few searches for different things, of a few hosts */
};
