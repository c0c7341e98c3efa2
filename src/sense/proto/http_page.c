/* Pages that name who serves them: the title of HTML (WHATWG HTML, 4.2.2), a realm (RFC 9110,
 * 11.5), and the description of a UPnP device (UPnP Device Architecture 2.0, 2.3).
 *
 * Nothing here is a reader of HTML or XML: a few tags are looked for in the first bytes.  Words
 * that every server says ("Index of /", "404 Not Found") name nobody. */
#include "sense/proto/http_page.h"

#include "base/attr.h"
#include "sense/proto/text.h"

enum { NAME_MAX_SIZE = 256, CODE_POINT_MAX = 0x10ffff };

static const struct field f_title = { "http.title", TEXT };
static const struct msg row_page = { 12, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "page" };
static const struct msg row_device = { 14, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "description" };

/* The head of a UPnP description, 2.3: tag, our field, whose word it is. */
static const struct device_tag {
	const char *tag;
	struct field field;
	enum identity_key key;
} device_tags[] = {
	{ "<deviceType>", { "upnp.device_type", TEXT }, 0 },
	{ "<friendlyName>", { "upnp.friendly_name", TEXT }, ID_NAME },
	{ "<manufacturer>", { "upnp.manufacturer", TEXT }, ID_VENDOR },
	{ "<modelDescription>", { "upnp.model_description", TEXT }, ID_DESCRIPTION },
	{ "<modelName>", { "upnp.model_name", TEXT }, ID_MODEL },
	{ "<modelNumber>", { "upnp.model_number", TEXT }, ID_ORDER_NUMBER },
	{ "<serialNumber>", { "upnp.serial_number", TEXT }, ID_SERIAL },
	{ "<UDN>", { "upnp.udn", TEXT }, ID_UUID },
};

/* --- words that name nobody --- */

/* The whole of a title or realm. */
static const char *const nobodys[] = { "untitled", "untitled document", "untitled page", "document",
	"no title", "title", "page", "new page 1", "html", "frameset", "home", "homepage",
	"home page", "index", "index.html", "main", "main page", "start", "login", "log in",
	"log-in", "login page", "sign in", "logon", "log on", "welcome", "welcome!", "loading",
	"loading...", "please wait", "please wait...", "please log in", "web", "website",
	"web site", "web page", "webpage", "web server", "webserver", "web interface", "default",
	"default page", "test", "test page", "ok", "it works", "it works!", "protected",
	"restricted", "restricted area", "private", "private area", "secure", "secure area",
	"members only", "authorization", "authorization required", "authentication",
	"authentication required", "password", "password required", "realm", "access", "admin",
	"administrator", "administration", "user", "users", "level_15_access", "dummy", "server",
	"host", "unknown", "none", "null", "undefined", "n/a", "not specified", "default string" };

/* How they begin. */
static const char *const nobodys_begin[] = { "index of", "directory listing", "error", "http error",
	"http status", "not found", "page not found", "file not found", "unauthorized", "forbidden",
	"bad request", "bad gateway", "gateway time", "service unavailable", "internal server",
	"access denied", "access error", "moved", "object moved", "document moved", "redirect",
	"protected by", "apache2 ", "apache http server test", "test page for", "welcome to nginx",
	"iis windows", "iis7", "document error", "restricted to", "site under construction" };

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* "404", "401 Unauthorized" */
static bool is_status(const struct cur *c)
{
	int first = cur_peek(c, 0), after = cur_peek(c, 3);
	return first >= '3' && first <= '5' && is_digit(cur_peek(c, 1)) &&
		is_digit(cur_peek(c, 2)) && (after < 0 || after == ' ' || after == ':');
}

/* One letter or digit over and over, or counted up from the first: "00000000", "12345678". */
static bool is_filler(struct cur c)
{
	int first = cur_peek(&c, 0);
	bool same = true, counted = first == '0' || first == '1';
	for (size_t i = 1; i < c.left; i++) {
		int before = cur_peek(&c, i - 1), here = cur_peek(&c, i);
		same = same && here == first;
		counted = counted && (here == before + 1 || (before == '9' && here == '0'));
	}
	return same || (counted && c.left > 3);
}

static bool names_somebody(struct cur c)
{
	if (c.left < 2 || !text_is_utf8(c) || is_status(&c) || is_filler(c))
		return false;
	for (size_t i = 0; i < COUNT_OF(nobodys); i++)
		if (text_is(&c, nobodys[i]))
			return false;
	for (size_t i = 0; i < COUNT_OF(nobodys_begin); i++)
		if (text_begins(&c, nobodys_begin[i]))
			return false;
	return !text_has(c, "not found");
}

/* --- character references (WHATWG HTML, 13.5) --- */

static const struct reference {
	const char *name;
	uint32_t rune;
} references[] = {
	{ "amp", '&' },
	{ "lt", '<' },
	{ "gt", '>' },
	{ "quot", '"' },
	{ "apos", '\'' },
	{ "nbsp", ' ' },
	{ "copy", 0xa9 },
	{ "reg", 0xae },
	{ "trade", 0x2122 },
	{ "deg", 0xb0 },
	{ "middot", 0xb7 },
	{ "raquo", 0xbb },
	{ "laquo", 0xab },
	{ "ndash", 0x2013 },
	{ "mdash", 0x2014 },
	{ "bull", 0x2022 },
	{ "hellip", 0x2026 },
	{ "Auml", 0xc4 },
	{ "Ouml", 0xd6 },
	{ "Uuml", 0xdc },
	{ "auml", 0xe4 },
	{ "ouml", 0xf6 },
	{ "uuml", 0xfc },
	{ "szlig", 0xdf },
	{ "agrave", 0xe0 },
	{ "aacute", 0xe1 },
	{ "ccedil", 0xe7 },
	{ "egrave", 0xe8 },
	{ "eacute", 0xe9 },
	{ "iacute", 0xed },
	{ "ntilde", 0xf1 },
	{ "oacute", 0xf3 },
	{ "uacute", 0xfa },
};

/* "#228", "#xe4"; 0 where it is no character that can be shown. */
static uint32_t numbered(struct cur c)
{
	cur_skip(&c, 1);
	bool hex = text_begins(&c, "x");
	cur_skip(&c, hex);
	uint32_t rune = 0;
	if (c.left == 0 || c.left > 7)
		return 0;
	while (c.left > 0) {
		int digit = text_lower(cur_u8(&c));
		if (!is_digit(digit) && !(hex && digit >= 'a' && digit <= 'f'))
			return 0;
		rune = rune * (hex ? 16 : 10) +
			(uint32_t)(is_digit(digit) ? digit - '0' : digit - 'a' + 10);
	}
	bool shown = rune >= ' ' && rune != 0x7f && rune <= CODE_POINT_MAX && rune >> 11 != 0x1b;
	return shown ? rune : 0;
}

/* Takes "&uuml;" and gives its character; 0, and takes nothing, where it is none. */
static uint32_t take_reference(struct cur *c)
{
	enum { LONGEST = 10 };
	struct cur look = *c;
	cur_skip(&look, 1);
	long end = cur_find(&look, ';');
	if (end <= 0 || end > LONGEST)
		return 0;
	struct cur name = cur_sub(&look, (size_t)end);
	uint32_t rune = cur_peek(&name, 0) == '#' ? numbered(name) : 0;
	for (size_t i = 0; i < COUNT_OF(references); i++)
		if (name.left == strlen(references[i].name) &&
			cur_starts(&name, references[i].name))
			rune = references[i].rune;
	if (rune)
		cur_skip(c, (size_t)end + 2);
	return rune;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The text between two tags as it is shown: references resolved, spaces drawn together.  Cut at
 * NAME_MAX_SIZE, between characters; none where memory is short. */
static struct cur shown(struct scene *s, struct cur c)
{
	enum { RUNE_MAX = 4 };
	char *text = scene_scratch(s, NAME_MAX_SIZE);
	size_t size = 0;
	if (!text)
		return cur_none();
	bool space = false;
	while (c.left > 0 && size + 1 + RUNE_MAX <= NAME_MAX_SIZE) {
		int first = cur_peek(&c, 0);
		if (is_space(first)) {
			cur_skip(&c, 1);
			space = size > 0;
			continue;
		}
		if (space)
			text[size++] = ' ';
		space = false;
		uint32_t rune = first == '&' ? take_reference(&c) : 0;
		if (rune) {
			size += text_put_utf8(text + size, rune);
			continue;
		}
		/* All bytes of a character at once, so that none is cut. */
		do
			text[size++] = (char)cur_u8(&c);
		while (size < NAME_MAX_SIZE && (cur_peek(&c, 0) & 0xc0) == 0x80);
	}
	return cur_of(text, size);
}

/* --- pages --- */

/* Moves to the first of these tags, however it is written; NULL where there is none. */
static const char *next_tag(struct cur *c, const char *const *tags, size_t count)
{
	for (long at; (at = cur_find(c, '<')) >= 0; cur_skip(c, 1)) {
		cur_skip(c, (size_t)at);
		for (size_t i = 0; i < count; i++)
			if (text_begins(c, tags[i]))
				return tags[i];
	}
	return NULL;
}

long http_page_end(struct cur c, enum http_page kind, uint32_t *scanned)
{
	enum { TAG_MAX = 11 };
	static const char *const html[] = { "</title", "</head", "<body" };
	static const char *const xml[] = { "</device>", "<deviceList", "</root" };
	struct cur look = cur_upto(&c, HTTP_PAGE_WITHIN);
	size_t size = look.left;
	cur_skip(&look, *scanned);
	const char *tag = kind == PAGE_HTML ? next_tag(&look, html, COUNT_OF(html))
					    : next_tag(&look, xml, COUNT_OF(xml));
	if (tag)
		return (long)(size - look.left + strlen(tag));
	*scanned = size > TAG_MAX ? (uint32_t)(size - TAG_MAX) : 0; /* one may have begun there */
	return size == HTTP_PAGE_WITHIN ? HTTP_PAGE_WITHIN : FRAME_MORE;
}

static bool read_title(struct scene *s, struct cur c, bool names_server)
{
	static const char *const tags[] = { "<title>", "<title ", "<body" };
	const char *tag = next_tag(&c, tags, COUNT_OF(tags));
	if (!tag || tag == tags[2])
		return tag; /* a title behind the head is a picture's */
	text_until(&c, '>');
	long end = cur_find(&c, '<');
	if (end <= 0)
		return false;
	struct cur title = shown(s, cur_sub(&c, (size_t)end));
	if (title.left == 0)
		return false;
	fact_begin(s, &row_page);
	fact_text(s, &f_title, title.at, title.left);
	fact_end(s);
	if (names_server && names_somebody(title))
		who_sender(s, ID_WEB_NAME, title.at, title.left);
	return true;
}

/* "1.0", "v2": a model number that is only a version is no article's. */
static bool is_version(struct cur c)
{
	if (text_lower(cur_peek(&c, 0)) == 'v')
		cur_skip(&c, 1);
	while (is_digit(cur_peek(&c, 0)) || cur_peek(&c, 0) == '.')
		cur_skip(&c, 1);
	return c.left == 0;
}

/* --- UPnP --- */

enum upnp_type upnp_type(struct cur urn, struct cur *word)
{
	static const char *const parts[] = { "LANDevice", "WANDevice", "WANConnectionDevice" };
	static const char *const machines[] = { "Basic", "InternetGatewayDevice",
		"WLANAccessPointDevice", "Printer", "Scanner", "DigitalSecurityCamera",
		"ManageableDevice", "HVAC_System" };
	static const char *const others[] = { "schemas-wifialliance-org", "dial-multiscreen-org" };
	struct cur first = text_until(&urn, ':'), whose = text_until(&urn, ':');
	struct cur what = text_until(&urn, ':');
	*word = text_until(&urn, ':');
	if (!text_is(&first, "urn") || !text_is(&what, "device") || word->left == 0)
		return UPNP_NONE;
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		if (text_is(word, parts[i]))
			return UPNP_PART;
	for (size_t i = 0; i < COUNT_OF(others); i++)
		if (text_is(&whose, others[i]))
			return UPNP_PROGRAM;
	if (!text_is(&whose, "schemas-upnp-org"))
		return UPNP_MACHINE; /* a maker's own word for what it makes */
	for (size_t i = 0; i < COUNT_OF(machines); i++)
		if (text_is(word, machines[i]))
			return UPNP_MACHINE;
	return UPNP_PROGRAM;
}

struct asset_place upnp_place(struct cur name)
{
	if (text_begins(&name, "uuid:"))
		cur_skip(&name, strlen("uuid:"));
	return (struct asset_place){
		.kind = PLACE_DESCRIPTION, .address = name.at, .address_size = name.left
	};
}

enum { DEVICE_TYPE = 0, FRIENDLY_NAME = 1, UDN = 7 }; /* of device_tags */

static void say_value(
	struct scene *s, const struct asset_place *at, enum identity_key key, struct cur value)
{
	if (key == ID_UUID && text_begins(&value, "uuid:"))
		cur_skip(&value, strlen("uuid:"));
	if (key && names_somebody(value) && !(key == ID_ORDER_NUMBER && is_version(value)))
		who_place(s, at, key, value.at, value.left);
}

/* A media server's maker wrote a program: of the machine it says no more than a page does. */
static void say_device(struct scene *s, const struct cur values[COUNT_OF(device_tags)])
{
	struct cur word, name = values[FRIENDLY_NAME];
	const struct asset_place at = upnp_place(values[UDN]);
	enum upnp_type type = upnp_type(values[DEVICE_TYPE], &word);
	if (type == UPNP_PROGRAM) {
		who_place_is(s, &at, PLACE_NOBODY);
		if (names_somebody(name))
			who_sender(s, ID_WEB_NAME, name.at, name.left);
		return;
	}
	if (type == UPNP_MACHINE)
		who_place_is(s, &at, PLACE_SELF);
	for (size_t i = 0; i < COUNT_OF(device_tags); i++)
		say_value(s, &at, device_tags[i].key, values[i]);
}

/* The device itself stands first; those embedded in it come in a list behind. */
static bool read_device(struct scene *s, struct cur c, bool own)
{
	static const char *const heads[] = { "<root" }, *const devices[] = { "<device>" };
	struct cur values[COUNT_OF(device_tags)] = { 0 };
	if (!next_tag(&c, heads, COUNT_OF(heads)))
		return false;
	struct cur head = text_until(&c, '>');
	if (!text_has(head, "urn:schemas-upnp-org:device-1-") ||
		!next_tag(&c, devices, COUNT_OF(devices)))
		return false;
	cur_skip(&c, strlen(devices[0]));
	for (long at; (at = cur_find(&c, '<')) >= 0; cur_skip(&c, 1)) {
		cur_skip(&c, (size_t)at);
		if (cur_starts(&c, "<deviceList") || cur_starts(&c, "</device>"))
			break;
		size_t i = 0;
		while (i < COUNT_OF(device_tags) && !cur_starts(&c, device_tags[i].tag))
			i++;
		if (i == COUNT_OF(device_tags))
			continue;
		struct cur value = c;
		cur_skip(&value, strlen(device_tags[i].tag));
		long end = cur_find(&value, '<');
		if (end > 0 && !values[i].left)
			values[i] = shown(s, cur_sub(&value, (size_t)end));
	}
	fact_begin(s, &row_device);
	for (size_t i = 0; i < COUNT_OF(device_tags); i++)
		if (values[i].left)
			fact_text(s, &device_tags[i].field, values[i].at, values[i].left);
	fact_end(s);
	if (own)
		say_device(s, values);
	return true;
}

bool http_page_read(struct scene *s, struct cur c, enum http_page kind, bool root, bool own)
{
	return kind == PAGE_XML ? read_device(s, c, own) : read_title(s, c, root && own);
}

/* --- heads --- */

bool http_page_is_root(struct cur path)
{
	static const char *const pages[] = { "index.", "default.", "home.", "main.", "login.",
		"start." };
	if (cur_u8(&path) != '/')
		return false;
	struct cur name = text_until(&path, '?');
	if (cur_find(&name, '/') >= 0)
		return false;
	for (size_t i = 0; i < COUNT_OF(pages); i++)
		if (text_begins(&name, pages[i]))
			return true;
	return name.left == 0;
}

void http_page_say_realm(struct scene *s, struct cur challenge)
{
	static const char word[] = "realm=\"";
	while (challenge.left > 0 && !text_begins(&challenge, word))
		cur_skip(&challenge, 1);
	cur_skip(&challenge, sizeof word - 1);
	long end = cur_find(&challenge, '"');
	if (end <= 0)
		return;
	struct cur realm = text_trimmed(cur_sub(&challenge, (size_t)end));
	if (names_somebody(realm))
		who_sender(s, ID_WEB_NAME, realm.at, realm.left);
}
