/* DNS: RFC 1035 over UDP and TCP; with it mDNS (RFC 6762) and LLMNR (RFC 4795), which are the same
 * messages sent to a group and are labelled by it.
 *
 * One fact for each message: questions and records as they stand, one value for each element.  An
 * answer with an address names that address. */
#include "base/attr.h"
#include "sense/proto/dns_inside.h"

enum { HEADER = 12, QUESTIONS_MAX = 64, RECORDS_MAX = 4096 };

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

static const struct field f_id = { "dns.id", BE16 | NUMBERING };
static const struct field f_rcode = { "dns.rcode", U8 };
static const struct field f_truncated = { "dns.truncated", FLAG };
static const struct field f_query_name = { "dns.qry.name", TEXT | NAMING };
static const struct field f_query_type = { "dns.qry.type", BE16 | NAMING };
static const struct field f_query_class = { "dns.qry.class", BE16 };
static const struct field f_name = { "dns.resp.name", TEXT };
static const struct field f_type = { "dns.resp.type", BE16 };
static const struct field f_ttl = { "dns.resp.ttl", BE32 };
static const struct field f_udp_size = { "dns.edns.udp_size", BE16 };

/* Asking for a name does nothing to the process, nor does changing one. */
static const struct msg msgs[] = {
	BOTH(QUERY, ACT_OTHER, EFFECT_NONE, "query"),
	BOTH(INVERSE, ACT_OTHER, EFFECT_NONE, "inverse_query"),
	BOTH(STATUS, ACT_OTHER, EFFECT_NONE, "status"),
	BOTH(NOTIFY, ACT_OTHER, EFFECT_NONE, "notify"),
	BOTH(UPDATE, ACT_OTHER, EFFECT_NONE, "update"),
	{ 0 },
};

struct memory {
	uint8_t label;
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

static enum opcode opcode_of(const struct header *h)
{
	return (enum opcode)(h->flags >> 11 & 15);
}

static unsigned records_of(const struct header *h)
{
	return (unsigned)h->record_counts[0] + h->record_counts[1] + h->record_counts[2];
}

static bool record_read(struct cur *c, struct cur all, struct dns_record *r)
{
	dns_name_read(c, all, &r->name);
	r->type = cur_be16(c);
	r->class = cur_be16(c);
	r->ttl = cur_be32(c);
	uint16_t size = cur_be16(c);
	r->data = cur_sub(c, size);
	return cur_ok(c);
}

/* --- is it DNS at all --- */

static bool name_is_sane(const struct dns_name *n)
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
	struct dns_name n;
	struct dns_record r;
	cur_skip(&c, HEADER);
	for (unsigned i = 0; i < h->question_count; i++) {
		dns_name_read(&c, all, &n);
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
	return message.left < HEADER + DNS_NAME_MAX + 4 ? PROBE_MORE
		: message_is_sane(message, &h, true)    ? PROBE_YES
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

/* --- which of the three it is --- */

static const struct group {
	uint8_t v4[4];
	uint8_t v6[16];
	enum dns_label label;
} groups[] = {
	{ { 224, 0, 0, 251 }, { 0xff, 2, [15] = 0xfb }, LABEL_MDNS },         /* RFC 6762, 3 */
	{ { 224, 0, 0, 252 }, { 0xff, 2, [13] = 1, [15] = 3 }, LABEL_LLMNR }, /* RFC 4795, 2 */
};

static enum dns_label group_label(const struct ip *a)
{
	for (size_t i = 0; i < COUNT_OF(groups); i++) {
		struct ip v4 = ip_of_4(groups[i].v4);
		if (memcmp(a, &v4, sizeof v4) == 0 || memcmp(a, groups[i].v6, sizeof *a) == 0)
			return groups[i].label;
	}
	return LABEL_DNS;
}

/* An answer straight to who asked the group is a conversation of its own, so only its content
 * tells: mDNS answers leave the question out or flush caches; LLMNR answers carry no DNS flag,
 * repeat the question, and are about one bare label or an address. */
static enum dns_label answer_label(struct cur c, const struct header *h)
{
	struct cur all = c;
	struct dns_name n;
	struct dns_record r;
	cur_skip(&c, HEADER);
	if (!(h->flags & FLAG_RESPONSE) || opcode_of(h) != QUERY || h->record_counts[0] == 0)
		return LABEL_DNS;
	if (h->question_count == 0)
		return h->flags & FLAG_AUTHORITATIVE ? LABEL_MDNS : LABEL_DNS;
	for (unsigned i = 0; i < h->question_count; i++) {
		dns_name_read(&c, all, &n);
		cur_skip(&c, 4);
	}
	if (record_read(&c, all, &r) && r.class & CLASS_TOP && r.type != TYPE_OPT)
		return LABEL_MDNS;
	bool bare = cur_ok(&c) && !memchr(n.text, '.', n.size);
	return h->flags == FLAG_RESPONSE && bare ? LABEL_LLMNR : LABEL_DNS;
}

static enum dns_label set_label(struct scene *s, struct cur c, const struct header *h)
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

/* --- reading --- */

static void read_record(
	struct scene *s, const struct dns_answering *of, const struct dns_record *r, struct cur all)
{
	if (r->type == TYPE_OPT) { /* RFC 6891, 6.1.2: no record, its class is a size */
		fact_uint(s, &f_udp_size, r->class);
		return;
	}
	dns_add_name(s, &f_name, &r->name);
	fact_uint(s, &f_type, r->type);
	fact_uint(s, &f_ttl, r->ttl);
	if (!dns_read_data(s, of, r, all))
		fact_violation(s);
}

static bool read_questions(struct scene *s, struct cur *c, struct cur all, const struct header *h,
	struct dns_answering *of)
{
	for (unsigned i = 0; i < h->question_count; i++) {
		struct dns_name n;
		dns_name_read(c, all, &n);
		uint16_t type = cur_be16(c), class = cur_be16(c);
		if (!cur_ok(c))
			return false;
		dns_add_name(s, &f_query_name, &n);
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
	struct dns_answering *of)
{
	for (int section = 0; section < 3; section++) {
		of->is_answer = section == 0;
		for (unsigned i = 0; i < h->record_counts[section]; i++) {
			struct dns_record r;
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
	struct dns_answering of = { .label = set_label(s, all, &h) };
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
	.also = { "mdns", "llmnr" },
	.title = "DNS",
	.standard = "RFC 1035",
	.reads = "questions and answers; mDNS and LLMNR too",
	.seen = "30 captures: resolvers, Windows and Apple hosts, devices",
	.over = OVER_UDP | OVER_TCP,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct memory),
	.asks = 8, /* a stub resolver asks for both kinds of address at once, some for a few names
		    */
};
