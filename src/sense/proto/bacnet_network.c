/* BACnet, what routers and broadcast tables say to each other: network layer messages (ASHRAE
 * 135-2020, 6.4), and the link over IP (annex J, and U for IPv6). */
#include "sense/proto/bacnet.h"

/* 6.2.4 */
enum message {
	WHO_IS_ROUTER = 0x00,
	I_AM_ROUTER = 0x01,
	I_COULD_BE_ROUTER = 0x02,
	REJECT = 0x03,
	BUSY = 0x04,
	AVAILABLE = 0x05,
	INITIALIZE = 0x06,
	INITIALIZED = 0x07,
	ESTABLISH = 0x08,
	DISCONNECT = 0x09,
	NETWORK_NUMBER_IS = 0x13,
	VENDOR_MESSAGE = 0x80,
	ASKS_FOR = 0x100, /* ours: the routing table is asked for, not set */
};

static const struct field f_type = { "bacnet.mesgtyp", U8 };
static const struct field f_vendor = { "bacnet.vendor", BE16 };
static const struct field f_net = { "bacnet.dnet", BE16 };
static const struct field f_performance = { "bacnet.perf", U8 };
static const struct field f_reason = { "bacnet.rejectreason", U8 };
static const struct field f_ports = { "bacnet.rportnum", U8 };
static const struct field f_port = { "bacnet.portid", U8 };
static const struct field f_info_size = { "bacnet.pinfolen", U8 };
static const struct field f_info = { "bacnet.pinfo", BYTES };
static const struct field f_minutes = { "bacnet.term_time_value", U8 };
static const struct field f_configured = { "bacnet.netno_status", U8, 0, 1 };
static const struct field f_size = { "bacnet.message_size", BE16 };

static const struct msg messages[] = {
	{ WHO_IS_ROUTER, DIR_REQUEST, ACT_IDENTIFY, EFFECT_NONE, "who_is_router_to_network", NULL },
	{ I_AM_ROUTER, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "i_am_router_to_network", NULL },
	{ I_COULD_BE_ROUTER, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "i_could_be_router_to_network",
		NULL },
	{ REJECT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "reject_message_to_network", NULL },
	{ BUSY, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "router_busy_to_network", NULL },
	{ AVAILABLE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "router_available_to_network", NULL },
	{ INITIALIZE, DIR_REQUEST, ACT_PROGRAM, EFFECT_CONFIG, "initialize_routing_table", NULL },
	{ ASKS_FOR | INITIALIZE, DIR_REQUEST, ACT_READ, EFFECT_NONE, "read_routing_table", NULL },
	{ ASKS_FOR | INITIALIZED, DIR_RESPONSE, ACT_READ, EFFECT_NONE, "read_routing_table", NULL },
	{ INITIALIZED, DIR_RESPONSE, ACT_PROGRAM, EFFECT_NONE, "initialize_routing_table", NULL },
	{ ESTABLISH, DIR_REQUEST, ACT_CONTROL, EFFECT_NONE, "establish_connection_to_network",
		NULL },
	{ DISCONNECT, DIR_REQUEST, ACT_CONTROL, EFFECT_NONE, "disconnect_connection_to_network",
		NULL },
	/* clause 24 of editions up to 2016: keys and encrypted messages; their size is told */
	{ 0x0a, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "challenge_request", NULL },
	{ 0x0b, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "security_payload", NULL },
	{ 0x0c, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "security_response", NULL },
	{ 0x0d, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "request_key_update", NULL },
	{ 0x0e, DIR_REQUEST, ACT_PROGRAM, EFFECT_CONFIG, "update_key_set", NULL },
	{ 0x0f, DIR_REQUEST, ACT_PROGRAM, EFFECT_CONFIG, "update_distribution_key", NULL },
	{ 0x10, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "request_master_key", NULL },
	{ 0x11, DIR_REQUEST, ACT_PROGRAM, EFFECT_CONFIG, "set_master_key", NULL },
	{ 0x12, DIR_REQUEST, ACT_IDENTIFY, EFFECT_NONE, "what_is_network_number", NULL },
	{ NETWORK_NUMBER_IS, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "network_number_is", NULL },
	{ 0 },
};
static const struct msg vendor_message = { 0x80, DIR_OTHER, ACT_OTHER, EFFECT_NONE,
	"vendor_network_message", NULL };
static const struct msg unknown_message = { 0x80, DIR_OTHER, ACT_OTHER, EFFECT_NONE,
	"unknown_network_message", NULL };

/* 6.4.7 and 6.4.8: a table without ports asks for the one there is, which comes in the answer. */
static const struct msg *message_row(uint8_t type, struct cur c)
{
	if (type >= VENDOR_MESSAGE)
		return &vendor_message;
	uint32_t code = type;
	if ((type == INITIALIZE && cur_peek(&c, 0) == 0) || (type == INITIALIZED && c.left))
		code |= ASKS_FOR;
	for (const struct msg *row = messages; row->name; row++)
		if (row->code == code)
			return row;
	return &unknown_message;
}

/* Requests have no number: one is open between two. */
static uint32_t table_key(const struct bacnet_message *m, bool asks)
{
	enum { A_TABLE = 0x5a };
	return bacnet_key(m, asks) ^ A_TABLE << 16;
}

/* 6.4.7: networks, and by which port they are reached */
static void routing_table(struct scene *s, struct cur *c)
{
	uint8_t ports = cur_u8(c);
	if (cur_ok(c))
		fact_uint(s, &f_ports, ports);
	for (; ports > 0 && cur_ok(c); ports--) {
		uint16_t net = cur_be16(c);
		uint8_t port = cur_u8(c);
		uint8_t size = cur_u8(c);
		struct cur info = cur_sub(c, size);
		if (!cur_ok(c))
			return;
		fact_uint(s, &f_net, net);
		fact_uint(s, &f_port, port);
		fact_uint(s, &f_info_size, size);
		if (size)
			fact_bytes(s, &f_info, info.at, info.left);
	}
}

static void networks(struct scene *s, struct cur *c)
{
	while (c->left && cur_ok(c)) {
		uint16_t net = cur_be16(c);
		if (cur_ok(c))
			fact_uint(s, &f_net, net);
	}
}

static void one(struct scene *s, struct cur *c, const struct field *f)
{
	uint64_t v = f->wire == BE16 ? cur_be16(c) : cur_u8(c);
	if (cur_ok(c))
		fact_uint(s, f, v);
}

enum parsed bacnet_network_message(struct bacnet_message *m, uint8_t type, struct cur c)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	if (type == INITIALIZE)
		ask_put(s, table_key(m, true));
	else if (type == INITIALIZED)
		ask_take(s, table_key(m, false));
	fact_begin(s, message_row(type, c));
	bacnet_header(m);
	fact_uint(s, &f_type, type);
	switch (type) {
	case WHO_IS_ROUTER:
	case I_AM_ROUTER:
	case BUSY:
	case AVAILABLE:
		networks(s, &c);
		break;
	case I_COULD_BE_ROUTER:
		one(s, &c, &f_net);
		one(s, &c, &f_performance);
		break;
	case REJECT:
		fact_failed(s);
		one(s, &c, &f_reason);
		one(s, &c, &f_net);
		break;
	case INITIALIZE:
		routing_table(s, &c);
		break;
	case INITIALIZED:
		if (c.left) /* an answer to a change has no table */
			routing_table(s, &c);
		break;
	case ESTABLISH:
		one(s, &c, &f_net);
		one(s, &c, &f_minutes);
		break;
	case DISCONNECT:
		one(s, &c, &f_net);
		break;
	case NETWORK_NUMBER_IS:
		one(s, &c, &f_net);
		one(s, &c, &f_configured);
		break;
	case 0x12:
		break;
	default:
		if (type >= VENDOR_MESSAGE)
			one(s, &c, &f_vendor);
		fact_uint(s, &f_size, c.left);
		c.left = cur_ok(&c) ? 0 : c.left;
	}
	if (!cur_ok(&c) || c.left)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (type == I_AM_ROUTER && !t->src.net && ip_is_zero(&t->origin))
		who_sender_is(s, TYPE_GATEWAY, "routes BACnet networks");
	return PARSED_WHOLE;
}

/* --- the link over IP: annex J.2, and U.2 for IPv6 --- */

static const struct field f_result = { "bvlc.result", BE16 };
static const struct field f_secured = { "bvlc.secured_size", BE16 };
static const struct field broadcast_entry[] = { { "bvlc.bdt_ip", IP4, 0, 0 },
	{ "bvlc.bdt_port", BE16, 0, 0 }, { "bvlc.bdt_mask", BYTES, 0, 4 }, { 0 } };
static const struct field foreign_entry[] = { { "bvlc.fdt_ip", IP4, 0, 0 },
	{ "bvlc.fdt_port", BE16, 0, 0 }, { "bvlc.fdt_ttl", BE16, 0, 0 },
	{ "bvlc.fdt_timeout", BE16, 0, 0 }, { 0 } };
static const struct field foreign_key[] = { { "bvlc.fdt_ip", IP4, 0, 0 },
	{ "bvlc.fdt_port", BE16, 0, 0 }, { 0 } };
static const struct field foreign_key_6[] = { { "bvlc.fdt_ipv6", IP6, 0, 0 },
	{ "bvlc.fdt_port", BE16, 0, 0 }, { 0 } };
static const struct field origin_6[] = { { "bvlc.orig_source_addr", IP6, 0, 0 },
	{ "bvlc.orig_source_port", BE16, 0, 0 }, { 0 } };
static const struct field lifetime[] = { { "bvlc.reg_ttl", BE16, 0, 0 }, { 0 } };

/* Answers have the code of what they answer. */
static const struct msg link_rows[] = {
	{ BACNET_RESULT, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "bvlc_result", NULL },
	BOTH_OF(BACNET_WRITE_TABLE, ACT_PROGRAM, EFFECT_CONFIG, "write_broadcast_table",
		broadcast_entry, NULL),
	BOTH_OF(BACNET_READ_TABLE, ACT_READ, EFFECT_NONE, "read_broadcast_table", NULL,
		broadcast_entry),
	BOTH_OF(BACNET_REGISTER, ACT_OTHER, EFFECT_NONE, "register_foreign_device", lifetime, NULL),
	BOTH_OF(BACNET_READ_FOREIGN, ACT_READ, EFFECT_NONE, "read_foreign_device_table", NULL,
		foreign_entry),
	BOTH_OF(BACNET_DELETE_FOREIGN, ACT_PROGRAM, EFFECT_CONFIG, "delete_foreign_device",
		foreign_key, NULL),
	{ BACNET_DISTRIBUTE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "distribute_broadcast", NULL },
	{ BACNET_SECURE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "secured_bvll", NULL },
	BOTH(BACNET_SIX_RESOLVE, ACT_IDENTIFY, EFFECT_NONE, "address_resolution"),
	{ BACNET_SIX_RESOLVE_FORWARDED, DIR_REQUEST, ACT_IDENTIFY, EFFECT_NONE,
		"forwarded_address_resolution", origin_6 },
	BOTH(BACNET_SIX_RESOLVE_VIRTUAL, ACT_IDENTIFY, EFFECT_NONE, "virtual_address_resolution"),
	BOTH_OF(BACNET_SIX_REGISTER, ACT_OTHER, EFFECT_NONE, "register_foreign_device", lifetime,
		NULL),
	BOTH_OF(BACNET_SIX_DELETE, ACT_PROGRAM, EFFECT_CONFIG, "delete_foreign_device",
		foreign_key_6, NULL),
	{ BACNET_SIX_DISTRIBUTE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "distribute_broadcast",
		NULL },
	{ BACNET_SIX_SECURE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "secured_bvll", NULL },
	{ 0 },
};
static const struct msg unknown_link = { 0xff, DIR_OTHER, ACT_OTHER, EFFECT_NONE,
	"unknown_function", NULL };

/* Link requests have no number: one is open for each side. */
static uint32_t link_key(unsigned side)
{
	return UINT32_C(0xffff0000) | side;
}

/* What was refused, or a result where the number is nobody's.  J.2.1.1 counts what can be refused;
 * U.2.1.1 goes by the function. */
static uint32_t refused_function(bool six, uint16_t result)
{
	static const uint8_t refused[] = { BACNET_RESULT, BACNET_WRITE_TABLE, BACNET_READ_TABLE,
		BACNET_REGISTER, BACNET_READ_FOREIGN, BACNET_DELETE_FOREIGN, BACNET_DISTRIBUTE };
	size_t n = result >> 4;
	if (six)
		return BACNET_SIX | (uint32_t)n;
	return n < sizeof refused ? refused[n] : BACNET_RESULT;
}

/* The answer to this function, if that was asked for. */
static const struct msg *answer_row(struct scene *s, uint32_t of)
{
	const struct bacnet_asked *asked = ask_take(s, link_key(!s->side));
	if (asked && asked->code != of)
		fact_asked(s, 0, 0);
	const struct msg *row = msg_find(link_rows, of, DIR_RESPONSE);
	return row ? row : &link_rows[0];
}

/* Success does not say of what. */
static const struct msg *result_row(struct scene *s, bool six, uint16_t result)
{
	const struct bacnet_asked *asked = result ? NULL : ask_peek(s, link_key(!s->side));
	return answer_row(s,
		result          ? refused_function(six, result)
			: asked ? asked->code
				: BACNET_RESULT);
}

static const struct msg *link_row(struct scene *s, uint32_t code, struct cur c)
{
	switch (code) {
	case BACNET_RESULT:
	case BACNET_SIX_RESULT:
		return result_row(s, code & BACNET_SIX, cur_be16(&c));
	case BACNET_TABLE:
	case BACNET_FOREIGN:
	case BACNET_SIX_RESOLVED_VIRTUAL:
		return answer_row(s, code - 1);
	case BACNET_SIX_RESOLVED:
		return answer_row(s, BACNET_SIX_RESOLVE);
	case BACNET_SECURE:
	case BACNET_SIX_SECURE:
		return msg_find(link_rows, code, DIR_OTHER);
	}
	const struct msg *row = msg_find(link_rows, code, DIR_REQUEST);
	struct bacnet_asked *asked = row ? ask_put(s, link_key(s->side)) : NULL;
	if (asked)
		asked->code = code;
	return row ? row : &unknown_link;
}

enum parsed bacnet_link_message(struct bacnet_message *m, struct cur c)
{
	struct scene *s = m->talk.s;
	const uint16_t code = m->function;
	const struct msg *row = link_row(s, code, c);
	if (row->dir == DIR_REQUEST)
		scene_client(s);
	else if (row->dir == DIR_RESPONSE)
		scene_server(s);
	fact_begin(s, row);
	bacnet_header(m);
	if (row == &unknown_link)
		fact_violation(s);
	if (code == BACNET_RESULT || code == BACNET_SIX_RESULT) {
		uint16_t result = cur_be16(&c);
		if (cur_ok(&c))
			fact_uint(s, &f_result, result);
		if (result)
			fact_failed(s);
	} else if (code == BACNET_SECURE || code == BACNET_SIX_SECURE || row == &unknown_link) {
		fact_uint(s, &f_secured, c.left);
		cur_skip(&c, c.left);
	} else if (row->fields) {
		/* Tables repeat their entry; what is told once is over after it. */
		bool many = code == BACNET_WRITE_TABLE || code == BACNET_TABLE ||
			code == BACNET_FOREIGN;
		while (cur_ok(&c) && (c.left || !many) && walk(s, &c, row->fields) && many)
			;
	}
	if (!cur_ok(&c) || c.left)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	return PARSED_WHOLE;
}
