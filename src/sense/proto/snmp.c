/* SNMP: RFC 1157 (version 1), RFC 3416 and 1901 (2c), RFC 3412 and 3414 (3 with its user model).
 *
 * BER (X.690) is read straight down.  One fact for each message, with its variables as pairs of
 * name and value; what a response says in the system group and in ENTITY-MIB is who it is. */
#include "sense/proto/snmp.h"

#include "sense/proto/ber.h"

/* RFC 2578 and X.690: tags */
enum tag {
	INTEGER = 0x02,
	OCTETS = 0x04,
	NOTHING = 0x05,
	OBJECT = 0x06,
	SEQUENCE = 0x30,
	ADDRESS = 0x40,
	COUNTER = 0x41,
	GAUGE = 0x42,
	TICKS = 0x43,
	OPAQUE = 0x44,
	COUNTER64 = 0x46,
	UNSIGNED = 0x47,
	NO_OBJECT = 0x80,
	NO_INSTANCE = 0x81,
	END_OF_VIEW = 0x82,
};

/* RFC 3416, 3: tags of the PDUs */
enum pdu {
	GET = 0xa0,
	GET_NEXT = 0xa1,
	RESPONSE = 0xa2,
	SET = 0xa3,
	TRAP_1 = 0xa4,
	GET_BULK = 0xa5,
	INFORM = 0xa6,
	TRAP_2 = 0xa7,
	REPORT = 0xa8,
	ENCRYPTED = 0x104, /* ours: version 3 with privacy, nothing of the PDU can be read */
};

enum { VERSION_1 = 0, VERSION_2C = 1, VERSION_3 = 3, USER_MODEL = 3, COMMUNITY_MAX = 255 };
enum { FLAG_AUTHENTICATED = 1, FLAG_PRIVATE = 2 };

static const struct field f_version = { "snmp.version", U8 };
static const struct field f_community = { "snmp.community", TEXT };
static const struct field f_message_id = { "snmp.msg_id", BE32 };
static const struct field f_flags = { "snmp.msg_flags", U8 };
static const struct field f_model = { "snmp.security_model", U8 };
static const struct field f_engine = { "snmp.engine_id", BYTES };
static const struct field f_user = { "snmp.user", TEXT };
static const struct field f_context_engine = { "snmp.context_engine_id", BYTES };
static const struct field f_context = { "snmp.context_name", TEXT };
static const struct field f_request_id = { "snmp.request_id", SBE32 | NUMBERING };
static const struct field f_error = { "snmp.error", U8 };
static const struct field f_error_index = { "snmp.error_index", BE32 };
static const struct field f_non_repeaters = { "snmp.non_repeaters", BE32 };
static const struct field f_repetitions = { "snmp.max_repetitions", BE32 };
static const struct field f_enterprise = { "snmp.trap.enterprise", TEXT };
static const struct field f_agent = { "snmp.trap.agent", IP4 };
static const struct field f_generic = { "snmp.trap.generic", U8 };
static const struct field f_specific = { "snmp.trap.specific", BE32 };
static const struct field f_uptime = { "snmp.trap.uptime", BE32 };
static const struct field f_object = { "snmp.oid", TEXT };
static const struct field f_int = { "snmp.value.int", SBE64 };
static const struct field f_uint = { "snmp.value.uint", BE64 };
static const struct field f_text = { "snmp.value.text", TEXT };
static const struct field f_bytes = { "snmp.value.bytes", BYTES };
static const struct field f_oid = { "snmp.value.oid", TEXT };
static const struct field f_ip = { "snmp.value.ip", IP4 };
static const struct field f_none = { "snmp.value.none", TEXT };

/* Codes are the request's PDU in both directions, so that an answer is named by what was asked. */
static const struct msg msgs[] = {
	BOTH(GET, ACT_READ, EFFECT_NONE, "get"),
	BOTH(GET_NEXT, ACT_READ, EFFECT_NONE, "get_next"),
	BOTH(GET_BULK, ACT_READ, EFFECT_NONE, "get_bulk"),
	BOTH(SET, ACT_WRITE, EFFECT_CONFIG, "set"),
	BOTH(INFORM, ACT_OTHER, EFFECT_NONE, "inform"),
	{ RESPONSE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "response" }, /* to a request unseen */
	{ TRAP_1, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "trap" },
	{ TRAP_2, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "trap" },
	{ REPORT, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "report" },
	{ ENCRYPTED, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "encrypted" },
	{ 0 },
};

struct asked {
	uint16_t pdu;
};

/* --- is it SNMP at all --- */

static bool pdu_is_known(int tag)
{
	return tag >= GET && tag <= REPORT;
}

static bool community_is_sane(const struct cur *c)
{
	return c->left <= COMMUNITY_MAX;
}

static bool version_3_is_sane(struct cur *c)
{
	struct cur global = ber_expect(c, SEQUENCE);
	ber_int(&global);
	ber_int(&global);
	struct cur flags = ber_expect(&global, OCTETS);
	ber_int(&global);
	ber_expect(c, OCTETS);
	int next = cur_peek(c, 0);
	return cur_ok(c) && cur_ok(&global) && flags.left == 1 &&
		(next == SEQUENCE || next == OCTETS);
}

static enum probe probe(struct cur c, const struct scene *s)
{
	if (cur_peek(&c, 0) != SEQUENCE)
		return PROBE_NO;
	struct cur outer = c;
	struct ber message = ber_read(&c);
	if (!cur_ok(&c)) {
		if (!s->cut)
			return PROBE_NO;
		/* Cut by the capture: look at what there is of it. */
		int size = cur_peek(&outer, 1);
		cur_skip(&outer, size < 0x80 ? 2 : 2 + (size_t)(size & 0x7f));
		message.content = outer;
	} else if (c.left != 0) {
		return PROBE_NO;
	}
	struct cur in = message.content;
	int64_t version = ber_int(&in);
	if (!cur_ok(&in))
		return PROBE_NO;
	if (version == VERSION_3)
		return version_3_is_sane(&in) ? PROBE_YES : PROBE_NO;
	if (version != VERSION_1 && version != VERSION_2C)
		return PROBE_NO;
	struct cur community = ber_expect(&in, OCTETS);
	bool sane = cur_ok(&in) && community_is_sane(&community) && pdu_is_known(cur_peek(&in, 0));
	return sane ? PROBE_YES : PROBE_NO;
}

/* --- variables --- */

static void add_object(struct scene *s, const struct field *f, const char *text, size_t size)
{
	char *kept = scene_scratch(s, size ? size : 1);
	if (!kept)
		return;
	memcpy(kept, text, size);
	fact_text(s, f, kept, size);
}

static void add_octets(struct scene *s, const struct cur *value)
{
	if (snmp_is_text(value))
		fact_text(s, &f_text, value->at, value->left);
	else
		fact_bytes(s, &f_bytes, value->at, value->left);
}

static void add_none(struct scene *s, const char *what)
{
	fact_text(s, &f_none, what, strlen(what));
}

/* RFC 3416, 3 and RFC 2578, 7.1; false where the value is not what its tag says. */
static bool add_value(struct scene *s, const struct ber *e)
{
	uint64_t v;
	char text[BER_OBJECT];
	size_t size;
	switch (e->tag) {
	case INTEGER:
		if (!ber_number(e->content, true, &v))
			return false;
		fact_int(s, &f_int, (int64_t)v);
		return true;
	case COUNTER:
	case GAUGE:
	case TICKS:
	case COUNTER64:
	case UNSIGNED:
		if (!ber_number(e->content, false, &v))
			return false;
		fact_uint(s, &f_uint, v);
		return true;
	case OCTETS:
		add_octets(s, &e->content);
		return true;
	case OPAQUE:
		fact_bytes(s, &f_bytes, e->content.at, e->content.left);
		return true;
	case OBJECT:
		size = ber_object(e->content, text);
		if (size == 0)
			return false;
		add_object(s, &f_oid, text, size);
		return true;
	case ADDRESS:
		if (e->content.left != 4)
			return false;
		fact_ip(s, &f_ip, e->content.at, 4);
		return true;
	case NOTHING:
		return e->content.left == 0;
	case NO_OBJECT:
		add_none(s, "no such object");
		return true;
	case NO_INSTANCE:
		add_none(s, "no such instance");
		return true;
	case END_OF_VIEW:
		add_none(s, "end of view");
		return true;
	default:
		return false;
	}
}

/* snmpTrapOID.0: in every notification (RFC 3416, 4.2.6). */
static const char trap_object[] = "1.3.6.1.6.3.1.1.4.1.0";

/* SNMP-COMMUNITY-MIB (RFC 3584, 5): communities as values. */
static bool is_community(const char *object)
{
	static const char name[] = "1.3.6.1.6.3.18.1.1.1.2.", in_trap[] = "1.3.6.1.6.3.18.1.4.0";
	return strncmp(object, name, sizeof name - 1) == 0 || strcmp(object, in_trap) == 0;
}

/* `own`: what is told are the sender's own variables. */
static void add_variable(struct scene *s, struct cur *c, bool *own)
{
	char object[BER_OBJECT], text[BER_OBJECT];
	struct cur name = ber_expect(c, OBJECT);
	struct ber value = ber_read(c);
	if (!cur_ok(c))
		return;
	size_t size = ber_object(name, object);
	add_object(s, &f_object, object, size);
	if (size && value.tag == OCTETS && is_community(object))
		fact_secret(s, &f_text, value.content.at, value.content.left);
	else if (size == 0 || !add_value(s, &value))
		fact_violation(s);
	if (!*own || size == 0)
		return;
	/* The answer to an inform repeats it (RFC 3416, 4.2.7): another's variables. */
	*own = strcmp(object, trap_object) != 0;
	uint64_t number;
	if (value.tag == OCTETS)
		snmp_say_text(s, object, value.content);
	else if (value.tag == INTEGER && ber_number(value.content, true, &number))
		snmp_say_number(s, object, (int64_t)number);
	else if (value.tag == OBJECT && ber_object(value.content, text))
		snmp_say_object(s, object, text);
}

static void add_variables(struct scene *s, struct cur *c, bool own)
{
	struct cur list = ber_expect(c, SEQUENCE);
	while (list.left && cur_ok(&list)) {
		struct cur variable = ber_expect(&list, SEQUENCE);
		if (cur_ok(&list))
			add_variable(s, &variable, &own);
		cur_need(&list, cur_ok(&variable));
	}
	cur_need(c, cur_ok(&list));
}

/* --- messages --- */

/* What stands before the PDU; kept aside because the fact begins with the PDU's name. */
struct envelope {
	int64_t version;
	struct cur community;
	int64_t message_id;
	uint8_t flags;
	int64_t model;
	struct cur engine, user, context_engine, context;
	bool has_user, has_context;
};

static void add_bytes_of(struct scene *s, const struct field *f, const struct cur *c)
{
	if (cur_ok(c) && c->left)
		fact_bytes(s, f, c->at, c->left);
}

static void add_text_of(struct scene *s, const struct field *f, const struct cur *c)
{
	if (cur_ok(c))
		fact_text(s, f, c->at, c->left);
}

static void begin(struct scene *s, const struct msg *m, const struct envelope *v)
{
	fact_begin(s, m);
	fact_uint(s, &f_version, (uint64_t)v->version);
	if (v->version != VERSION_3) {
		fact_secret(s, &f_community, v->community.at, v->community.left);
		return;
	}
	fact_uint(s, &f_message_id, (uint64_t)v->message_id & UINT32_MAX);
	fact_uint(s, &f_flags, v->flags);
	fact_uint(s, &f_model, (uint64_t)v->model & UINT32_MAX);
	if (v->has_user) {
		add_bytes_of(s, &f_engine, &v->engine);
		if (v->user.left)
			add_text_of(s, &f_user, &v->user);
	}
	if (v->has_context) {
		add_bytes_of(s, &f_context_engine, &v->context_engine);
		if (v->context.left)
			add_text_of(s, &f_context, &v->context);
	}
}

/* RFC 1157, 4.1.6 */
static enum parsed parse_trap_1(struct scene *s, struct cur *c, const struct envelope *v)
{
	char enterprise[BER_OBJECT];
	size_t size = ber_object(ber_expect(c, OBJECT), enterprise);
	struct cur agent = ber_expect(c, ADDRESS);
	int64_t generic = ber_int(c), specific = ber_int(c);
	uint64_t uptime = 0;
	if (!ber_number(ber_expect(c, TICKS), false, &uptime) || !cur_ok(c) || agent.left != 4)
		return PARSED_BAD;
	begin(s, msg_find(msgs, TRAP_1, DIR_OTHER), v);
	add_object(s, &f_enterprise, enterprise, size);
	fact_ip(s, &f_agent, agent.at, 4);
	fact_uint(s, &f_generic, (uint64_t)generic);
	fact_uint(s, &f_specific, (uint64_t)specific);
	fact_uint(s, &f_uptime, uptime);
	add_variables(s, c, false);
	return cur_ok(c) ? PARSED_WHOLE : PARSED_BAD;
}

/* Which row a PDU is, and who is who by it. */
static const struct msg *row_of(struct scene *s, int pdu, int64_t request_id)
{
	uint32_t key = (uint32_t)request_id;
	if (pdu == TRAP_2) {
		scene_client(s);
		return msg_find(msgs, TRAP_2, DIR_OTHER);
	}
	if (pdu == REPORT || pdu == RESPONSE) {
		scene_server(s);
		const struct asked *asked = ask_take(s, key);
		if (pdu == RESPONSE && asked)
			pdu = asked->pdu;
		return msg_find(msgs, (uint32_t)pdu, DIR_RESPONSE);
	}
	scene_client(s);
	struct asked *asked = ask_put(s, key);
	if (asked)
		asked->pdu = (uint16_t)pdu;
	return msg_find(msgs, (uint32_t)pdu, DIR_REQUEST);
}

/* RFC 3413, 3.5: a proxy hands on what the engine of the context says. */
static bool for_another(const struct envelope *v)
{
	const struct cur *e = &v->engine, *c = &v->context_engine;
	return v->has_user && v->has_context &&
		(e->left != c->left || (e->left && memcmp(e->at, c->at, e->left) != 0));
}

static enum parsed parse_pdu(struct scene *s, struct cur *c, const struct envelope *v)
{
	struct ber pdu = ber_read(c);
	struct cur in = pdu.content;
	if (!cur_ok(c) || !pdu_is_known(pdu.tag))
		return PARSED_BAD;
	if (pdu.tag == TRAP_1) {
		scene_client(s);
		return parse_trap_1(s, &in, v);
	}
	int64_t request_id = ber_int(&in), second = ber_int(&in), third = ber_int(&in);
	if (!cur_ok(&in))
		return PARSED_BAD;
	begin(s, row_of(s, pdu.tag, request_id), v);
	fact_int(s, &f_request_id, request_id);
	bool bulk = pdu.tag == GET_BULK;
	fact_uint(s, bulk ? &f_non_repeaters : &f_error, (uint64_t)second);
	fact_uint(s, bulk ? &f_repetitions : &f_error_index, (uint64_t)third);
	if (pdu.tag == RESPONSE && second != 0)
		fact_failed(s);
	add_variables(s, &in, pdu.tag == RESPONSE && second == 0 && !for_another(v));
	return cur_ok(&in) ? PARSED_WHOLE : PARSED_BAD;
}

/* RFC 3414, 2.4 */
static void read_user(struct cur security, struct envelope *v)
{
	struct cur in = ber_expect(&security, SEQUENCE);
	v->engine = ber_expect(&in, OCTETS);
	ber_int(&in);
	ber_int(&in);
	v->user = ber_expect(&in, OCTETS);
	v->has_user = cur_ok(&in);
}

/* RFC 3412, 6 */
static enum parsed parse_version_3(struct scene *s, struct cur *c, struct envelope *v)
{
	struct cur global = ber_expect(c, SEQUENCE);
	v->message_id = ber_int(&global);
	ber_int(&global); /* the largest answer the sender takes */
	struct cur flags = ber_expect(&global, OCTETS);
	v->flags = cur_u8(&flags);
	v->model = ber_int(&global);
	struct cur security = ber_expect(c, OCTETS);
	if (!cur_ok(c) || !cur_ok(&global) || !cur_ok(&flags))
		return PARSED_BAD;
	if (v->model == USER_MODEL)
		read_user(security, v);
	if (v->flags & FLAG_PRIVATE) {
		begin(s, msg_find(msgs, ENCRYPTED, DIR_OTHER), v);
		return PARSED_WHOLE;
	}
	struct cur scoped = ber_expect(c, SEQUENCE);
	v->context_engine = ber_expect(&scoped, OCTETS);
	v->context = ber_expect(&scoped, OCTETS);
	if (!cur_ok(c) || !cur_ok(&scoped))
		return PARSED_BAD;
	v->has_context = true;
	return parse_pdu(s, &scoped, v);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct envelope v = { 0 };
	struct cur in = ber_expect(&c, SEQUENCE);
	v.version = ber_int(&in);
	enum parsed how = PARSED_BAD;
	if (cur_ok(&c) && cur_ok(&in)) {
		if (v.version == VERSION_3) {
			how = parse_version_3(s, &in, &v);
		} else if (v.version == VERSION_1 || v.version == VERSION_2C) {
			v.community = ber_expect(&in, OCTETS);
			how = cur_ok(&in) ? parse_pdu(s, &in, &v) : PARSED_BAD;
		}
	}
	return how == PARSED_BAD && s->cut ? PARSED_CUT : how;
}

const struct proto proto_snmp = {
	.name = "snmp",
	.title = "SNMP",
	.standard = "RFC 3416",
	.reads = "versions 1, 2c and 3: all PDUs, values, identity, modules of ENTITY-MIB",
	.seen = "6 captures: switches and printers, all three versions",
	.over = OVER_UDP,
	.begins = "30",
	.probe = probe,
	.parse = parse,
	.asks = 16, /* managers ask for many things of one device at once, from one port */
	.ask_size = sizeof(struct asked),
};
