/* DNS: RFC 1035 over UDP and TCP; with it mDNS (RFC 6762) and LLMNR (RFC 4795), which are the same
 * messages sent to a group and are labelled by it.
 *
 * One fact for each message: questions and records as they stand, one value for each element.  An
 * answer with an address names that address. */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "sense/proto.h"

enum { HEADER = 12, NAME_MAX_SIZE = 255, JUMPS_MAX = 32, QUESTIONS_MAX = 64, RECORDS_MAX = 4096 };

/* RFC 1035, 4.1.1 */
enum {
	FLAG_RESPONSE = 0x8000,
	FLAG_AUTHORITATIVE = 0x0400, /* LLMNR: conflict */
	FLAG_TRUNCATED = 0x0200,
	FLAG_RECURSION_DESIRED = 0x0100, /* LLMNR: tentative */
	FLAG_RECURSION = 0x0080,
	FLAG_ZERO = 0x0040,
	RCODE = 0x000f,
	CLASS_TOP = 0x8000, /* RFC 6762: unicast answer wanted, or flush the cache */
};

enum opcode { QUERY = 0, INVERSE = 1, STATUS = 2, NOTIFY = 4, UPDATE = 5 };

enum type {
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_HINFO = 13,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_NB = 32, /* NetBIOS: another protocol's */
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_OPT = 41,
	TYPE_NSEC = 47,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
};

static const struct field f_id = { "dns.id", BE16 };
static const struct field f_rcode = { "dns.rcode", U8 };
static const struct field f_truncated = { "dns.truncated", FLAG };
static const struct field f_query_name = { "dns.qry.name", TEXT };
static const struct field f_query_type = { "dns.qry.type", BE16 };
static const struct field f_query_class = { "dns.qry.class", BE16 };
static const struct field f_name = { "dns.resp.name", TEXT };
static const struct field f_type = { "dns.resp.type", BE16 };
static const struct field f_ttl = { "dns.resp.ttl", BE32 };
static const struct field f_a = { "dns.a", IP4 };
static const struct field f_aaaa = { "dns.aaaa", IP6 };
static const struct field f_ns = { "dns.ns", TEXT };
static const struct field f_cname = { "dns.cname", TEXT };
static const struct field f_dname = { "dns.dname", TEXT };
static const struct field f_ptr = { "dns.ptr", TEXT };
static const struct field f_mx = { "dns.mx", TEXT };
static const struct field f_mx_preference = { "dns.mx.preference", BE16 };
static const struct field f_soa_server = { "dns.soa.mname", TEXT };
static const struct field f_soa_person = { "dns.soa.rname", TEXT };
static const struct field f_soa_serial = { "dns.soa.serial", BE32 };
static const struct field f_txt = { "dns.txt", TEXT };
static const struct field f_hinfo_cpu = { "dns.hinfo.cpu", TEXT };
static const struct field f_hinfo_os = { "dns.hinfo.os", TEXT };
static const struct field f_srv_port = { "dns.srv.port", BE16 };
static const struct field f_srv_target = { "dns.srv.target", TEXT };
static const struct field f_nsec_type = { "dns.nsec.type", BE16 };
static const struct field f_svcb_target = { "dns.svcb.target", TEXT };
static const struct field f_udp_size = { "dns.edns.udp_size", BE16 };

/* Asking for a name does nothing to the process, nor does changing one. */
static const struct msg msgs[] = {
	{ QUERY, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "query" },
	{ QUERY, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "query" },
	{ INVERSE, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "inverse_query" },
	{ INVERSE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "inverse_query" },
	{ STATUS, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "status" },
	{ STATUS, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "status" },
	{ NOTIFY, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "notify" },
	{ NOTIFY, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "notify" },
	{ UPDATE, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "update" },
	{ UPDATE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "update" },
	{ 0 },
};

/* What a mDNS device says of itself in TXT records (RFC 6763, 6; the keys are customs). */
static const struct {
	const char *key;
	enum identity_key identity;
} txt_keys[] = {
	{ "model=", ID_MODEL },
	{ "md=", ID_MODEL },
	{ "ty=", ID_MODEL },
	{ "usb_MFG=", ID_VENDOR },
	{ "mfg=", ID_VENDOR },
	{ "manufacturer=", ID_VENDOR },
	{ "note=", ID_LOCATION },
	{ "sn=", ID_SERIAL },
	{ "serial=", ID_SERIAL },
	{ "fw=", ID_FIRMWARE },
	{ "firmware=", ID_FIRMWARE },
};

enum label { LABEL_DNS, LABEL_MDNS, LABEL_LLMNR };

struct memory {
	uint8_t label;
};

struct header {
	uint16_t id, flags, question_count, record_counts[3];
};

struct name {
	size_t size;
	char text[NAME_MAX_SIZE + 1];
};

struct record {
	struct name name;
	uint16_t type, class;
	uint32_t ttl;
	struct cur data;
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

static enum opcode opcode_of(const struct header *h)
{
	return (enum opcode)(h->flags >> 11 & 15);
}

static unsigned records_of(const struct header *h)
{
	return (unsigned)h->record_counts[0] + h->record_counts[1] + h->record_counts[2];
}

/* RFC 1035, 4.1.4.  Pointers may lead anywhere, so their number is what ends a circle. */
static bool name_read(struct cur *c, struct cur all, struct name *n)
{
	struct cur jumped;
	struct cur *at = c;
	n->size = 0;
	for (int jumps = 0;;) {
		uint8_t size = cur_u8(at);
		if (!cur_ok(at) || size == 0)
			break;
		if (size >= 0xc0) {
			size_t offset = (size_t)(size & 0x3f) << 8 | cur_u8(at);
			if (++jumps > JUMPS_MAX || !cur_ok(at)) {
				c->bad = true;
				break;
			}
			jumped = all;
			at = &jumped;
			cur_skip(at, offset);
			continue;
		}
		const uint8_t *label = cur_take(at, size);
		if (!label || size >= 0x40 || n->size + size + 1 > NAME_MAX_SIZE) {
			c->bad = true;
			break;
		}
		if (n->size)
			n->text[n->size++] = '.';
		memcpy(n->text + n->size, label, size);
		n->size += size;
	}
	c->bad |= at->bad;
	if (n->size == 0)
		n->text[n->size++] = '.';
	n->text[n->size] = '\0';
	return cur_ok(c);
}

static bool record_read(struct cur *c, struct cur all, struct record *r)
{
	name_read(c, all, &r->name);
	r->type = cur_be16(c);
	r->class = cur_be16(c);
	r->ttl = cur_be32(c);
	uint16_t size = cur_be16(c);
	r->data = cur_sub(c, size);
	return cur_ok(c);
}

/* --- is it DNS at all ------------------------------------------------------------------------- */

static bool name_is_sane(const struct name *n)
{
	for (size_t i = 0; i < n->size; i++)
		if ((uint8_t)n->text[i] < 0x20 || n->text[i] == 0x7f)
			return false;
	return true;
}

/* The registered ones that are in use; a stray datagram rarely hits both type and class. */
static bool type_is_known(uint16_t type)
{
	return (type >= 1 && type <= 65 && type != TYPE_NB) || (type >= 99 && type <= 109) ||
		(type >= 249 && type <= 262) || type == 32768 || type == 32769;
}

static bool class_is_known(uint16_t class)
{
	class &= (uint16_t)~CLASS_TOP;
	return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

static bool header_is_sane(const struct header *h)
{
	enum opcode opcode = opcode_of(h);
	bool response = h->flags & FLAG_RESPONSE;
	unsigned records = records_of(h);
	if (opcode > UPDATE || opcode == 3 || h->flags & FLAG_ZERO || (h->flags & RCODE) > 11 ||
		h->question_count > QUESTIONS_MAX || records > RECORDS_MAX)
		return false;
	if (h->question_count == 0)
		return response ? records > 0 : h->id == 0 && records > 0;
	/* Many questions at once, and answers within a question, are mDNS's own (RFC 6762, 18). */
	if (h->question_count > 1 && h->id != 0)
		return false;
	if (response)
		return true;
	if (h->flags & (FLAG_RECURSION | RCODE))
		return false;
	return opcode == NOTIFY || opcode == UPDATE || h->id == 0 ||
		(h->record_counts[0] == 0 && h->record_counts[1] == 0);
}

/* Reads everything; a message that was cut by the capture must be sound as far as it goes. */
static bool message_is_sane(struct cur c, const struct header *h, bool cut)
{
	struct cur all = c;
	struct name n;
	struct record r;
	cur_skip(&c, HEADER);
	for (unsigned i = 0; i < h->question_count; i++) {
		name_read(&c, all, &n);
		uint16_t type = cur_be16(&c), class = cur_be16(&c);
		if (!cur_ok(&c))
			return cut && i > 0;
		if (!name_is_sane(&n) || !type_is_known(type) || !class_is_known(class))
			return false;
	}
	for (unsigned i = records_of(h); i > 0; i--) {
		if (!record_read(&c, all, &r))
			return cut && h->question_count;
		bool sane =
			r.type == TYPE_OPT || (type_is_known(r.type) && class_is_known(r.class));
		if (!sane || !name_is_sane(&r.name))
			return false;
	}
	return c.left == 0;
}

static enum probe probe_stream(struct cur c)
{
	if (c.left < 2)
		return PROBE_MORE;
	uint16_t size = cur_be16(&c);
	/* A question of the root with type and class is the least a message says. */
	if (size < HEADER + 5)
		return PROBE_NO;
	struct cur message = cur_upto(&c, size);
	struct cur at = message;
	struct header h = header_of(&at);
	if (!cur_ok(&at))
		return PROBE_MORE;
	if (!header_is_sane(&h) || h.question_count != 1)
		return PROBE_NO;
	bool whole = message.left == size;
	if (whole)
		return message_is_sane(message, &h, false) ? PROBE_YES : PROBE_NO;
	return message.left < HEADER + NAME_MAX_SIZE + 4 ? PROBE_MORE
		: message_is_sane(message, &h, true)     ? PROBE_YES
							 : PROBE_NO;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	if (s->stream)
		return probe_stream(c);
	struct cur at = c;
	struct header h = header_of(&at);
	return cur_ok(&at) && header_is_sane(&h) && message_is_sane(c, &h, s->cut) ? PROBE_YES
										   : PROBE_NO;
}

/* --- which of the three it is ----------------------------------------------------------------- */

static const struct group {
	uint8_t v4[4];
	uint8_t v6[16];
	enum label label;
} groups[] = {
	{ { 224, 0, 0, 251 }, { 0xff, 2, [15] = 0xfb }, LABEL_MDNS },         /* RFC 6762, 3 */
	{ { 224, 0, 0, 252 }, { 0xff, 2, [13] = 1, [15] = 3 }, LABEL_LLMNR }, /* RFC 4795, 2 */
};

static enum label group_label(const struct ip *a)
{
	for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
		struct ip v4 = ip_of_4(groups[i].v4);
		if (memcmp(a, &v4, sizeof v4) == 0 || memcmp(a, groups[i].v6, sizeof *a) == 0)
			return groups[i].label;
	}
	return LABEL_DNS;
}

/* An answer straight to who asked the group is a conversation of its own, so only its content
 * tells: mDNS answers leave the question out or flush caches; LLMNR answers carry no DNS flag,
 * repeat the question, and are about one bare label or an address. */
static enum label answer_label(struct cur c, const struct header *h)
{
	struct cur all = c;
	struct name n;
	struct record r;
	cur_skip(&c, HEADER);
	if (!(h->flags & FLAG_RESPONSE) || opcode_of(h) != QUERY || h->record_counts[0] == 0)
		return LABEL_DNS;
	if (h->question_count == 0)
		return h->flags & FLAG_AUTHORITATIVE ? LABEL_MDNS : LABEL_DNS;
	for (unsigned i = 0; i < h->question_count; i++) {
		name_read(&c, all, &n);
		cur_skip(&c, 4);
	}
	if (record_read(&c, all, &r) && r.class & CLASS_TOP && r.type != TYPE_OPT)
		return LABEL_MDNS;
	bool bare = cur_ok(&c) && !memchr(n.text, '.', n.size);
	return h->flags == FLAG_RESPONSE && bare ? LABEL_LLMNR : LABEL_DNS;
}

static enum label set_label(struct scene *s, struct cur c, const struct header *h)
{
	struct memory *memory = s->state;
	if (!memory->label)
		memory->label = (uint8_t)group_label(&s->dst);
	if (!memory->label)
		memory->label = (uint8_t)group_label(&s->src);
	if (!memory->label && !s->stream)
		memory->label = (uint8_t)answer_label(c, h);
	if (memory->label)
		scene_label(s, memory->label == LABEL_MDNS ? "mdns" : "llmnr");
	return memory->label;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void add_name(struct scene *s, const struct field *f, const struct name *n)
{
	char *kept = scene_scratch(s, n->size);
	if (!kept)
		return;
	memcpy(kept, n->text, n->size);
	fact_text(s, f, kept, n->size);
}

/* Text of a name in the record's data; the cursor stands in the data, pointers count from `all`. */
static bool add_name_at(struct scene *s, const struct field *f, struct cur *c, struct cur all)
{
	struct name n;
	if (!name_read(c, all, &n))
		return false;
	add_name(s, f, &n);
	return true;
}

/* Some resolvers mix the case of what they ask, against forged answers: one spelling for us. */
static void name_lower(struct name *n)
{
	for (size_t i = 0; i < n->size; i++)
		n->text[i] = (char)tolower((unsigned char)n->text[i]);
}

static int nibble(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* 7.0.168.192.in-addr.arpa (RFC 1035, 3.5), and ip6.arpa with 32 nibbles, the last one of the
 * address first (RFC 3596, 2.5). */
static bool reverse_ip(const struct name *n, struct ip *out)
{
	unsigned b[4];
	int end = 0;
	if (sscanf(n->text, "%3u.%3u.%3u.%3u.in-addr.arpa%n", &b[3], &b[2], &b[1], &b[0], &end) ==
			4 &&
		(size_t)end == n->size) {
		uint8_t v4[4];
		for (int i = 0; i < 4; i++) {
			if (b[i] > 255)
				return false;
			v4[i] = (uint8_t)b[i];
		}
		*out = ip_of_4(v4);
		return true;
	}
	if (n->size != 72 || strcmp(n->text + 63, ".ip6.arpa") != 0)
		return false;
	for (int i = 0; i < 32; i++) {
		int v = nibble(n->text[2 * i]);
		if (v < 0)
			return false;
		uint8_t *byte = &out->b[15 - i / 2];
		*byte = (uint8_t)(i % 2 ? *byte | v << 4 : v);
	}
	return true;
}

/* What is being answered, for naming addresses: people know the name that was asked, not the one
 * a chain of aliases ends at. */
struct answering {
	struct name name;
	bool asked_address, is_answer;
	enum label label;
};

static void name_address(struct scene *s, const struct answering *of, const struct name *owner,
	const uint8_t *bytes, size_t size)
{
	struct ip a;
	if (size == 4)
		a = ip_of_4(bytes);
	else
		memcpy(&a, bytes, sizeof a);
	struct name n = of->is_answer && of->asked_address ? of->name : *owner;
	if (of->label == LABEL_DNS)
		name_lower(&n);
	if (n.size > 1)
		who_ip(s, &a, ID_NAME, n.text, n.size);
}

static void txt_identity(struct scene *s, const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < sizeof txt_keys / sizeof txt_keys[0]; i++) {
		size_t n = strlen(txt_keys[i].key);
		if (size > n && strncasecmp((const char *)text, txt_keys[i].key, n) == 0)
			who_sender(s, txt_keys[i].identity, text + n, size - n);
	}
}

static bool read_texts(struct scene *s, const struct answering *of, struct cur c)
{
	while (c.left && cur_ok(&c)) {
		uint8_t size = cur_u8(&c);
		const uint8_t *text = cur_take(&c, size);
		if (!text)
			return false;
		fact_text(s, &f_txt, text, size);
		if (of->label == LABEL_MDNS)
			txt_identity(s, text, size);
	}
	return true;
}

static bool read_hinfo(struct scene *s, const struct answering *of, struct cur c)
{
	size_t size = cur_u8(&c);
	const uint8_t *cpu = cur_take(&c, size);
	size_t os_size = cur_u8(&c);
	const uint8_t *os = cur_take(&c, os_size);
	if (!os)
		return false;
	fact_text(s, &f_hinfo_cpu, cpu, size);
	fact_text(s, &f_hinfo_os, os, os_size);
	if (of->label == LABEL_MDNS)
		who_sender(s, ID_OS, os, os_size);
	return true;
}

static bool read_address(struct scene *s, const struct answering *of, const struct record *r)
{
	size_t size = r->type == TYPE_A ? 4 : 16;
	struct cur c = r->data;
	const uint8_t *bytes = cur_take(&c, size);
	if (!bytes)
		return false;
	fact_ip(s, r->type == TYPE_A ? &f_a : &f_aaaa, bytes, size);
	name_address(s, of, &r->name, bytes, size);
	return c.left == 0;
}

static bool read_pointer(
	struct scene *s, const struct answering *of, const struct record *r, struct cur all)
{
	struct cur c = r->data;
	struct name n;
	struct ip a;
	if (!name_read(&c, all, &n))
		return false;
	add_name(s, &f_ptr, &n);
	if (reverse_ip(&r->name, &a)) {
		if (of->label == LABEL_DNS)
			name_lower(&n);
		who_ip(s, &a, ID_NAME, n.text, n.size);
	}
	return true;
}

/* RFC 4034, 4.1: the types a name has, as windows of 256 bits; mDNS says with it what it has not.
 */
static bool read_types(struct scene *s, struct cur c, struct cur all)
{
	struct name n;
	if (!name_read(&c, all, &n))
		return false;
	while (c.left && cur_ok(&c)) {
		unsigned type = cur_u8(&c) * 256u;
		for (unsigned left = cur_u8(&c); left && cur_ok(&c); left--, type += 8) {
			unsigned bits = cur_u8(&c);
			for (unsigned i = 0; i < 8; i++)
				if (bits & 0x80u >> i)
					fact_uint(s, &f_nsec_type, type + i);
		}
	}
	return cur_ok(&c);
}

/* RFC 9460, 2.2: parameters are pairs of key and counted value up to the end of the data. */
static bool read_service(struct scene *s, struct cur c, struct cur all)
{
	struct name n;
	cur_skip(&c, 2); /* priority */
	if (!name_read(&c, all, &n))
		return false;
	if (n.text[0] != '.') /* the root stands for the record's own name (2.5) */
		add_name(s, &f_svcb_target, &n);
	while (c.left && cur_ok(&c)) {
		uint16_t key = cur_be16(&c);
		struct cur value = cur_sub(&c, cur_be16(&c));
		if (key == 3 && value.left != 2) /* port */
			return false;
		while (key == 1 && value.left && cur_ok(&value)) /* alpn: counted words */
			cur_skip(&value, cur_u8(&value));
		c.bad |= value.bad;
	}
	return cur_ok(&c);
}

/* False where the data is not what its type says; the record's frame is sound either way. */
static bool read_data(
	struct scene *s, const struct answering *of, const struct record *r, struct cur all)
{
	struct cur c = r->data;
	if (c.left == 0) /* updates name records without content (RFC 2136, 2.4) */
		return true;
	switch (r->type) {
	case TYPE_A:
	case TYPE_AAAA:
		return read_address(s, of, r);
	case TYPE_NS:
		return add_name_at(s, &f_ns, &c, all);
	case TYPE_CNAME:
		return add_name_at(s, &f_cname, &c, all);
	case TYPE_DNAME:
		return add_name_at(s, &f_dname, &c, all);
	case TYPE_PTR:
		return read_pointer(s, of, r, all);
	case TYPE_MX:
		fact_uint(s, &f_mx_preference, cur_be16(&c));
		return add_name_at(s, &f_mx, &c, all);
	case TYPE_TXT:
		return read_texts(s, of, c);
	case TYPE_HINFO:
		return read_hinfo(s, of, c);
	case TYPE_SRV:
		cur_skip(&c, 4); /* priority, weight */
		fact_uint(s, &f_srv_port, cur_be16(&c));
		return add_name_at(s, &f_srv_target, &c, all);
	case TYPE_NSEC:
		return read_types(s, c, all);
	case TYPE_SVCB:
	case TYPE_HTTPS:
		return read_service(s, c, all);
	case TYPE_SOA:
		if (!add_name_at(s, &f_soa_server, &c, all) ||
			!add_name_at(s, &f_soa_person, &c, all))
			return false;
		fact_uint(s, &f_soa_serial, cur_be32(&c));
		return cur_ok(&c);
	default:
		return true;
	}
}

static void read_record(
	struct scene *s, const struct answering *of, const struct record *r, struct cur all)
{
	if (r->type == TYPE_OPT) { /* RFC 6891, 6.1.2: no record, its class is a size */
		fact_uint(s, &f_udp_size, r->class);
		return;
	}
	add_name(s, &f_name, &r->name);
	fact_uint(s, &f_type, r->type);
	fact_uint(s, &f_ttl, r->ttl);
	if (!read_data(s, of, r, all))
		fact_violation(s);
}

static bool read_questions(struct scene *s, struct cur *c, struct cur all, const struct header *h,
	struct answering *of)
{
	for (unsigned i = 0; i < h->question_count; i++) {
		struct name n;
		name_read(c, all, &n);
		uint16_t type = cur_be16(c), class = cur_be16(c);
		if (!cur_ok(c))
			return false;
		add_name(s, &f_query_name, &n);
		fact_uint(s, &f_query_type, type);
		fact_uint(s, &f_query_class, class & (unsigned)~CLASS_TOP);
		if (i == 0) {
			of->name = n;
			of->asked_address = type == TYPE_A || type == TYPE_AAAA;
		}
	}
	return true;
}

static bool read_records(struct scene *s, struct cur *c, struct cur all, const struct header *h,
	struct answering *of)
{
	for (int section = 0; section < 3; section++) {
		of->is_answer = section == 0;
		for (unsigned i = 0; i < h->record_counts[section]; i++) {
			struct record r;
			if (!record_read(c, all, &r))
				return false;
			read_record(s, of, &r, all);
		}
	}
	return true;
}

/* Who asks and who answers; in a group everybody does both. */
static void pair(struct scene *s, const struct header *h)
{
	if (ip_is_multicast(&s->dst))
		return;
	if (h->flags & FLAG_RESPONSE) {
		scene_server(s);
		(void)ask_take(s, h->id);
	} else {
		scene_client(s);
		(void)ask_put(s, h->id);
	}
}

static enum parsed parse(struct cur c, struct scene *s)
{
	enum parsed short_of = s->cut ? PARSED_CUT : PARSED_BAD;
	if (s->stream)
		cur_skip(&c, 2);
	struct cur all = c;
	struct header h = header_of(&c);
	if (!cur_ok(&c))
		return short_of;
	bool response = h.flags & FLAG_RESPONSE;
	const struct msg *m = msg_find(msgs, opcode_of(&h), response ? DIR_RESPONSE : DIR_REQUEST);
	if (!m || records_of(&h) > RECORDS_MAX)
		return PARSED_BAD;
	struct answering of = { .label = set_label(s, all, &h) };
	pair(s, &h);
	fact_begin(s, m);
	fact_uint(s, &f_id, h.id);
	if (response)
		fact_uint(s, &f_rcode, h.flags & RCODE);
	if (response && h.flags & RCODE)
		fact_failed(s);
	if (h.flags & FLAG_TRUNCATED)
		fact_flag(s, &f_truncated, true);
	if (!read_questions(s, &c, all, &h, &of) || !read_records(s, &c, all, &h, &of))
		return short_of;
	return PARSED_WHOLE;
}

/* RFC 1035, 4.2.2 */
static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < 2)
		return FRAME_MORE;
	uint16_t size = cur_be16(&c);
	return size < HEADER ? FRAME_LOST : 2 + size;
}

const struct proto proto_dns = {
	.name = "dns",
	.title = "DNS",
	.standard = "RFC 1035",
	.over = OVER_UDP | OVER_TCP,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct memory),
	.asks = 8, /* a stub resolver asks for both kinds of address at once, some for a few names
		    */
};
