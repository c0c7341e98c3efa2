/* NetBIOS over UDP: RFC 1001, RFC 1002: the name service, and the datagram service (labelled nbdgm)
 * with the computer browser's announcements in it ([MS-BRWS] 2.2).
 *
 * Windows tells everybody in earshot its name, its domain and its version: no question needed. */
#include <stdio.h>

#include "sense/proto.h"

enum { HEADER = 12, NAME_WIRE = 32, NAME_SIZE = 15, RECORDS_MAX = 256, ENTRY_SIZE = 18 };

/* RFC 1002, 4.2.1.1 */
enum { FLAG_RESPONSE = 0x8000, FLAG_BROADCAST = 0x0010, FLAGS_ZERO = 0x0060, RCODE = 0x000f };
enum { TYPE_A = 1, TYPE_NS = 2, TYPE_NULL = 10, TYPE_NB = 0x20, TYPE_NBSTAT = 0x21 };
enum { CLASS_IN = 1, GROUP = 0x8000 };

/* 4.2.1.1: operations; NODE_STATUS is ours, a query for NBSTAT. */
enum operation {
	QUERY = 0,
	REGISTER = 5,
	RELEASE = 6,
	WAIT = 7,
	REFRESH = 8,
	REFRESH_OTHER = 9, /* as printed in 4.2.4, used by some */
	REGISTER_MANY = 15,
	NODE_STATUS = 0x10,
};

/* The sixteenth byte of a name says what it is a name of (Microsoft's list of suffixes). */
enum suffix { SUFFIX_HOST = 0x00, SUFFIX_SERVER = 0x20 };

static const struct field f_id = { "nbns.id", BE16 | NUMBERING };
static const struct field f_rcode = { "nbns.rcode", U8 };
static const struct field f_name = { "nbns.name", TEXT | NAMING };
static const struct field f_suffix = { "nbns.suffix", U8 | NAMING };
static const struct field f_ttl = { "nbns.ttl", BE32 };
static const struct field f_group = { "nbns.group", FLAG };
static const struct field f_ip = { "nbns.addr", IP4 };
static const struct field f_node_name = { "nbns.node.name", TEXT };
static const struct field f_node_suffix = { "nbns.node.suffix", U8 };
static const struct field f_node_mac = { "nbns.node.mac", MAC };

static const struct field f_dgm_id = { "nbdgm.id", BE16 | NUMBERING };
static const struct field f_dgm_ip = { "nbdgm.src_ip", IP4 };
static const struct field f_dgm_from = { "nbdgm.source_name", TEXT };
static const struct field f_dgm_to = { "nbdgm.destination_name", TEXT };
static const struct field f_mailslot = { "nbdgm.mailslot", TEXT };

static const struct field f_command = { "browser.command", U8 };
static const struct field f_server = { "browser.server", TEXT };
static const struct field f_major = { "browser.os_major", U8 };
static const struct field f_minor = { "browser.os_minor", U8 };
static const struct field f_server_type = { "browser.server_type", LE32 };
static const struct field f_comment = { "browser.comment", TEXT };

static const struct msg msgs[] = {
	BOTH(QUERY, ACT_OTHER, EFFECT_NONE, "name_query"),
	BOTH(NODE_STATUS, ACT_IDENTIFY, EFFECT_NONE, "node_status"),
	BOTH(REGISTER, ACT_OTHER, EFFECT_NONE, "name_registration"),
	BOTH(RELEASE, ACT_OTHER, EFFECT_NONE, "name_release"),
	{ WAIT, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "wait" },
	BOTH(REFRESH, ACT_OTHER, EFFECT_NONE, "name_refresh"),
	BOTH(REFRESH_OTHER, ACT_OTHER, EFFECT_NONE, "name_refresh"),
	BOTH(REGISTER_MANY, ACT_OTHER, EFFECT_NONE, "multihomed_registration"),
	{ 0 },
};

/* RFC 1002, 4.4.1: kinds of datagrams */
static const struct msg datagrams[] = {
	{ 0x10, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "direct_unique" },
	{ 0x11, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "direct_group" },
	{ 0x12, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "broadcast" },
	{ 0x13, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "error" },
	{ 0x14, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "query" },
	{ 0x15, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "query" },
	{ 0x16, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "query" },
	{ 0 },
};

/* [MS-BRWS] 2.2: what is announced; the others elect and list. */
enum { HOST_ANNOUNCEMENT = 1, DOMAIN_ANNOUNCEMENT = 12, LOCAL_MASTER_ANNOUNCEMENT = 15 };
/* [MS-BRWS] 2.2.1: SV_TYPE_DOMAIN_CTRL and SV_TYPE_DOMAIN_BAKCTRL */
enum { DOMAIN_CONTROLLER = 0x18 };

struct name {
	uint8_t size, suffix;
	char text[4 * NAME_SIZE + 1];
};

struct header {
	uint16_t id, flags, question_count, record_counts[3];
};

static struct header header_of(struct cur *c)
{
	struct header h = { .id = cur_be16(c) };
	h.flags = cur_be16(c);
	h.question_count = cur_be16(c);
	for (int i = 0; i < 3; i++)
		h.record_counts[i] = cur_be16(c);
	return h;
}

static unsigned records_of(const struct header *h)
{
	return (unsigned)h->record_counts[0] + h->record_counts[1] + h->record_counts[2];
}

static unsigned operation_of(const struct header *h)
{
	return h->flags >> 11 & 15;
}

/* Fifteen characters, filled with spaces, and the suffix.  The browser's own names have control
 * characters in them, which are written as everybody writes them: <01><02>__MSBROWSE__<02>. */
static void name_of(const uint8_t bytes[NAME_SIZE + 1], struct name *n)
{
	static const char digits[] = "0123456789abcdef";
	unsigned count = NAME_SIZE;
	while (count && (bytes[count - 1] == ' ' || bytes[count - 1] == 0))
		count--;
	n->suffix = bytes[NAME_SIZE];
	n->size = 0;
	for (unsigned i = 0; i < count; i++) {
		if (bytes[i] >= ' ') {
			n->text[n->size++] = (char)bytes[i];
			continue;
		}
		n->text[n->size++] = '<';
		n->text[n->size++] = digits[bytes[i] >> 4];
		n->text[n->size++] = digits[bytes[i] & 15];
		n->text[n->size++] = '>';
	}
}

/* RFC 1001, 14.1: each half byte as a letter from 'A'; a scope may follow as labels of its own.
 * A pointer is only ever one to the question's name, which stands right behind the header. */
static bool name_read(struct cur *c, struct cur all, struct name *n)
{
	struct cur pointed;
	struct cur *at = c;
	uint8_t size = cur_u8(at);
	if (size >= 0xc0) {
		size_t offset = (size_t)(size & 0x3f) << 8 | cur_u8(at);
		if (!cur_ok(c))
			return false;
		pointed = all;
		at = &pointed;
		cur_skip(at, offset);
		size = cur_u8(at);
	}
	uint8_t bytes[NAME_SIZE + 1];
	bool letters = size == NAME_WIRE;
	for (size_t i = 0; letters && i < sizeof bytes; i++) {
		unsigned high = cur_u8(at) - 'A', low = cur_u8(at) - 'A';
		letters = high < 16 && low < 16;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	while (letters && cur_ok(at) && (size = cur_u8(at)) != 0) {
		letters = size < 0x40;
		cur_skip(at, size);
	}
	if (!letters || !cur_ok(at)) {
		cur_fail(c);
		return false;
	}
	name_of(bytes, n);
	return true;
}

/* --- is it NetBIOS at all --- */

static bool header_is_sane(const struct header *h)
{
	bool response = h->flags & FLAG_RESPONSE;
	unsigned records = records_of(h);
	if (h->flags & FLAGS_ZERO || (h->flags & RCODE) > 7 || records > RECORDS_MAX)
		return false;
	if (!msg_find(msgs, operation_of(h), response ? DIR_RESPONSE : DIR_REQUEST))
		return false;
	return response ? h->question_count <= 1 && h->question_count + records > 0
			: h->question_count == 1 && (h->flags & RCODE) == 0;
}

static bool type_is_known(uint16_t type)
{
	return type == TYPE_NB || type == TYPE_NBSTAT || type == TYPE_NS || type == TYPE_A ||
		type == TYPE_NULL;
}

static enum probe probe_names(struct cur c)
{
	struct cur all = c;
	struct header h = header_of(&c);
	struct name n;
	if (!cur_ok(&c) || !header_is_sane(&h) || !name_read(&c, all, &n))
		return PROBE_NO;
	uint16_t type = cur_be16(&c), class = cur_be16(&c);
	return cur_ok(&c) && type_is_known(type) && class == CLASS_IN ? PROBE_YES : PROBE_NO;
}

/* RFC 1002, 4.4.1: the sender writes its own address into the datagram. */
static bool datagram_is_sane(struct cur c, const struct scene *s)
{
	uint8_t kind = cur_u8(&c), flags = cur_u8(&c);
	cur_skip(&c, 2);
	const uint8_t *from = cur_take(&c, 4);
	cur_skip(&c, 2);
	if (!from || kind < 0x10 || kind > 0x16 || flags > 0x0f)
		return false;
	struct ip ip = ip_of_4(from);
	if (memcmp(&ip, &s->src, sizeof ip) != 0)
		return false;
	struct cur all = c;
	struct name n;
	if (kind == 0x13)
		return c.left == 1;
	if (kind <= 0x12) {
		uint16_t size = cur_be16(&c);
		cur_skip(&c, 2);
		if (!s->cut && size != c.left)
			return false;
	}
	return name_read(&c, all, &n) && (kind > 0x12 || name_read(&c, all, &n));
}

static enum probe probe(struct cur c, const struct scene *s)
{
	if (datagram_is_sane(c, s))
		return PROBE_YES;
	return probe_names(c);
}

/* --- names --- */

static void add_text(struct scene *s, const struct field *f, const void *text, size_t size)
{
	char *kept = scene_scratch(s, size ? size : 1);
	if (!kept)
		return;
	memcpy(kept, text, size);
	fact_text(s, f, kept, size);
}

static void add_name(struct scene *s, const struct name *n)
{
	add_text(s, &f_name, n->text, n->size);
	fact_uint(s, &f_suffix, n->suffix);
}

static bool name_is_a_host(const struct name *n, bool group)
{
	return !group && (n->suffix == SUFFIX_HOST || n->suffix == SUFFIX_SERVER);
}

/* RFC 1002, 4.2.13: addresses that have the name, each with its flags. */
static bool read_addresses(struct scene *s, const struct name *n, struct cur c, bool refused)
{
	while (c.left && cur_ok(&c)) {
		bool group = cur_be16(&c) & GROUP;
		const uint8_t *bytes = cur_take(&c, 4);
		if (!bytes)
			return false;
		fact_flag(s, &f_group, group);
		fact_ip(s, &f_ip, bytes, 4);
		struct ip a = ip_of_4(bytes);
		if (!refused && name_is_a_host(n, group))
			who_ip(s, &a, ID_NAME, n->text, n->size);
		else if (!refused && group && n->suffix == SUFFIX_HOST)
			who_ip(s, &a, ID_DOMAIN, n->text, n->size);
	}
	return true;
}

/* 4.2.18: all names of a node, then its statistics, which begin with its MAC. */
static bool read_node(struct scene *s, struct cur c)
{
	unsigned count = cur_u8(&c);
	for (unsigned i = 0; i < count; i++) {
		const uint8_t *bytes = cur_take(&c, NAME_SIZE + 1);
		bool group = cur_be16(&c) & GROUP;
		if (!bytes || !cur_ok(&c))
			return false;
		struct name n;
		name_of(bytes, &n);
		add_text(s, &f_node_name, n.text, n.size);
		fact_uint(s, &f_node_suffix, n.suffix);
		if (name_is_a_host(&n, group))
			who_sender(s, ID_NAME, n.text, n.size);
		else if (group && n.suffix == SUFFIX_HOST)
			who_sender(s, ID_DOMAIN, n.text, n.size);
	}
	const uint8_t *mac = cur_take(&c, 6);
	if (mac)
		fact_mac(s, &f_node_mac, mac);
	return true;
}

static bool read_record(struct scene *s, struct cur *c, struct cur all, const struct header *h)
{
	struct name n;
	name_read(c, all, &n);
	uint16_t type = cur_be16(c);
	cur_skip(c, 2);
	uint32_t ttl = cur_be32(c);
	struct cur data = cur_sub(c, cur_be16(c));
	if (!cur_ok(c))
		return false;
	add_name(s, &n);
	if (type == TYPE_NBSTAT)
		return read_node(s, data);
	fact_uint(s, &f_ttl, ttl);
	return type != TYPE_NB || operation_of(h) == WAIT ||
		read_addresses(s, &n, data, h->flags & RCODE);
}

/* The operation in a response is the request's, but for node status, where the type tells. */
static const struct msg *row_of(struct cur c, struct cur all, const struct header *h)
{
	unsigned operation = operation_of(h);
	struct name n;
	if (operation == QUERY && name_read(&c, all, &n) && cur_be16(&c) == TYPE_NBSTAT)
		operation = NODE_STATUS;
	return msg_find(msgs, operation, h->flags & FLAG_RESPONSE ? DIR_RESPONSE : DIR_REQUEST);
}

static void pair(struct scene *s, const struct header *h)
{
	if (h->flags & FLAG_RESPONSE) {
		scene_server(s);
		(void)ask_take(s, h->id);
	} else if (!(h->flags & FLAG_BROADCAST)) {
		scene_client(s);
		(void)ask_put(s, h->id);
	}
}

static enum parsed parse_names(struct cur c, struct scene *s)
{
	enum parsed short_of = s->cut ? PARSED_CUT : PARSED_BAD;
	struct cur all = c;
	struct header h = header_of(&c);
	if (!cur_ok(&c))
		return short_of;
	const struct msg *m = row_of(c, all, &h);
	if (!m || records_of(&h) > RECORDS_MAX)
		return PARSED_BAD;
	pair(s, &h);
	fact_begin(s, m);
	fact_uint(s, &f_id, h.id);
	if (h.flags & FLAG_RESPONSE)
		fact_uint(s, &f_rcode, h.flags & RCODE);
	if (h.flags & RCODE)
		fact_failed(s);
	for (unsigned i = 0; i < h.question_count; i++) {
		struct name n;
		if (!name_read(&c, all, &n))
			return short_of;
		cur_skip(&c, 4);
		add_name(s, &n);
	}
	for (unsigned i = records_of(&h); i > 0; i--)
		if (!read_record(s, &c, all, &h))
			return short_of;
	return cur_ok(&c) ? PARSED_WHOLE : short_of;
}

/* --- datagrams --- */

static void say_version(struct scene *s, uint8_t major, uint8_t minor)
{
	char text[24];
	int size = snprintf(text, sizeof text, "Windows %u.%u", major, minor);
	who_sender(s, ID_OS, text, (size_t)size);
}

/* [MS-BRWS] 2.2.1, 2.2.3, 2.2.10: all three announcements have one layout. */
static bool read_announcement(struct scene *s, struct cur c)
{
	uint8_t command = cur_u8(&c);
	fact_uint(s, &f_command, command);
	if (command != HOST_ANNOUNCEMENT && command != DOMAIN_ANNOUNCEMENT &&
		command != LOCAL_MASTER_ANNOUNCEMENT)
		return cur_ok(&c);
	cur_skip(&c, 5); /* update count, period */
	struct cur name = cur_sub(&c, NAME_SIZE + 1);
	uint8_t major = cur_u8(&c), minor = cur_u8(&c);
	uint32_t type = cur_le32(&c);
	cur_skip(&c, 4); /* the browser's own version and signature */
	if (!cur_ok(&c))
		return false;
	long end = cur_find(&name, 0);
	size_t size = end < 0 ? name.left : (size_t)end;
	end = cur_find(&c, 0);
	size_t comment = end < 0 ? c.left : (size_t)end;
	fact_text(s, &f_server, name.at, size);
	fact_uint(s, &f_major, major);
	fact_uint(s, &f_minor, minor);
	fact_uint(s, &f_server_type, type);
	if (command == DOMAIN_ANNOUNCEMENT) { /* its comment is the name of the master browser */
		fact_text(s, &f_comment, c.at, comment);
		who_sender(s, ID_DOMAIN, name.at, size);
		return true;
	}
	fact_text(s, &f_comment, c.at, comment);
	who_sender(s, ID_NAME, name.at, size);
	who_sender(s, ID_DESCRIPTION, c.at, comment);
	say_version(s, major, minor);
	if (type & DOMAIN_CONTROLLER)
		who_sender_is(s, TYPE_SERVER, "announces itself as a domain controller");
	return true;
}

/* [MS-MAIL] 2.2.1: an SMB transaction whose name is the mailslot and whose data is the message. */
static bool read_mailslot(struct scene *s, struct cur c)
{
	struct cur smb = c;
	if (!cur_starts(&c, "\xffSMB\x25"))
		return true;
	cur_skip(&c, 32);
	uint8_t words = cur_u8(&c);
	struct cur block = cur_sub(&c, words * 2u);
	cur_skip(&block, 22); /* up to the data's count and offset */
	uint16_t size = cur_le16(&block), offset = cur_le16(&block);
	cur_skip(&c, 2); /* byte count */
	long end = cur_find(&c, 0);
	const uint8_t *name = end < 0 ? NULL : cur_take(&c, (size_t)end);
	cur_skip(&smb, offset);
	struct cur data = cur_sub(&smb, size);
	if (!cur_ok(&block) || !name || !cur_ok(&data))
		return false;
	fact_text(s, &f_mailslot, name, (size_t)end);
	static const char browse[] = "\\MAILSLOT\\BROWSE";
	if ((size_t)end == sizeof browse - 1 && memcmp(name, browse, sizeof browse - 1) == 0)
		return read_announcement(s, data);
	return true;
}

static void add_datagram_name(struct scene *s, const struct field *f, const struct name *n)
{
	add_text(s, f, n->text, n->size);
}

static enum parsed parse_datagram(struct cur c, struct scene *s)
{
	enum parsed short_of = s->cut ? PARSED_CUT : PARSED_BAD;
	uint8_t kind = cur_u8(&c);
	cur_skip(&c, 1);
	uint16_t id = cur_be16(&c);
	const uint8_t *from = cur_take(&c, 4);
	cur_skip(&c, 2);
	if (!from)
		return short_of;
	scene_label(s, "nbdgm");
	fact_begin(s, &datagrams[kind - 0x10]);
	fact_uint(s, &f_dgm_id, id);
	fact_ip(s, &f_dgm_ip, from, 4);
	if (kind == 0x13)
		return PARSED_WHOLE;
	struct cur all = c;
	struct name n;
	if (kind > 0x12) {
		if (!name_read(&c, all, &n))
			return short_of;
		add_datagram_name(s, &f_dgm_to, &n);
		return PARSED_WHOLE;
	}
	cur_skip(&c, 4); /* length, offset of a fragment */
	if (!name_read(&c, all, &n))
		return short_of;
	add_datagram_name(s, &f_dgm_from, &n);
	if (name_is_a_host(&n, false))
		who_sender(s, ID_NAME, n.text, n.size);
	if (!name_read(&c, all, &n))
		return short_of;
	add_datagram_name(s, &f_dgm_to, &n);
	return read_mailslot(s, c) ? PARSED_WHOLE : short_of;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	return datagram_is_sane(c, s) ? parse_datagram(c, s) : parse_names(c, s);
}

const struct proto proto_nbns = {
	.name = "nbns",
	.also = { "nbdgm" },
	.title = "NetBIOS",
	.standard = "RFC 1002",
	.reads = "names asked and told, datagrams",
	.seen = "17 captures: Windows hosts, Beckhoff controllers",
	.over = OVER_UDP,
	.probe = probe,
	.parse = parse,
	.asks = 4,
};
