/* DHCPv6: RFC 8415, with options of RFC 3646 (DNS), 4649 (remote id) and 4704 (client names). */
#include "sense/proto.h"

#include "base/attr.h"

enum { RELAY_FORWARD = 12, RELAY_REPLY = 13, RELAYS_MAX = 8 /* HOP_COUNT_LIMIT, 7.6 */ };
enum { DEPTH_MAX = 4 /* an address within an association, a status within the address */ };
enum { REPLY = 7, TYPE_LAST = 21 };

/* Message types, 7.3 and the IANA's list. */
static const struct msg msgs[] = {
	{ 1, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "solicit" },
	{ 2, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "advertise" },
	{ 3, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "request" },
	{ 4, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "confirm" },
	{ 5, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "renew" },
	{ 6, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "rebind" },
	{ REPLY, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "reply" },
	{ 8, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "release" },
	{ 9, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "decline" },
	{ 10, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "reconfigure" },
	{ 11, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "information_request" },
	{ RELAY_FORWARD, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "relay_forward" },
	{ RELAY_REPLY, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "relay_reply" },
	/* RFC 5007, 5460, 6977, 7341 */
	{ 14, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "lease_query" },
	{ 15, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "lease_query_reply" },
	{ 16, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "lease_query_done" },
	{ 17, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "lease_query_data" },
	{ 18, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "reconfigure_request" },
	{ 19, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "reconfigure_reply" },
	{ 20, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "v4_query" },
	{ TYPE_LAST, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "v4_response" },
	{ 0 },
};

static const struct field message_type = { "dhcpv6.msgtype", U8 };
static const struct field transaction = { "dhcpv6.xid", BE24 | NUMBERING };
static const struct field relay_head[] = {
	{ "dhcpv6.hopcount", U8, 0, RELAYS_MAX },
	{ "dhcpv6.linkaddr", IP6 },
	{ "dhcpv6.peeraddr", IP6 },
	{ 0 },
};
static const struct field option_type = { "dhcpv6.option.type", BE16 };
static const struct field option_value = { "dhcpv6.option.value", BYTES };

/* Options, 21 and the IANA's list. */
enum {
	OPTION_CLIENT = 1,
	OPTION_SERVER = 2,
	OPTION_IA_NA = 3,
	OPTION_IA_TA = 4,
	OPTION_ADDRESS = 5,
	OPTION_RELAYED = 9,
	OPTION_STATUS = 13,
	OPTION_VENDOR_CLASS = 16,
	OPTION_DOMAINS = 24,
	OPTION_IA_PD = 25,
	OPTION_PREFIX = 26,
	OPTION_NAME = 39,
};

enum repeat { ONCE, MANY, NESTED /* more options follow the fields */ };

static const struct option {
	uint16_t code;
	uint8_t repeat;
	struct field fields[5]; /* ended by one without a name */
} options[] = {
	{ OPTION_IA_NA, NESTED,
		{ { "dhcpv6.iaid", BYTES, 0, 4 }, { "dhcpv6.iaid.t1", BE32 },
			{ "dhcpv6.iaid.t2", BE32 } } },
	{ OPTION_IA_TA, NESTED, { { "dhcpv6.iaid", BYTES, 0, 4 } } },
	{ OPTION_ADDRESS, NESTED,
		{ { "dhcpv6.iaaddr.ip", IP6 }, { "dhcpv6.iaaddr.pref_lifetime", BE32 },
			{ "dhcpv6.iaaddr.valid_lifetime", BE32 } } },
	{ 6, MANY, { { "dhcpv6.requested_option_code", BE16 } } },
	{ 7, ONCE, { { "dhcpv6.option_preference", U8 } } },
	{ 8, ONCE, { { "dhcpv6.elapsed_time", BE16 } } },
	{ 12, ONCE, { { "dhcpv6.unicast", IP6 } } },
	{ OPTION_STATUS, ONCE, { { "dhcpv6.status_code", BE16 }, { "dhcpv6.status_msg", TEXT } } },
	{ 14, ONCE, { { 0 } } }, /* rapid commit: being there is all it says */
	{ OPTION_VENDOR_CLASS, ONCE, { { "dhcpv6.vendorclass.enterprise", BE32 } } },
	{ 17, ONCE, { { "dhcpv6.vendoropts.enterprise", BE32 }, { "dhcpv6.vendoropts", BYTES } } },
	{ 18, ONCE, { { "dhcpv6.interface_id", BYTES } } },
	{ 23, MANY, { { "dhcpv6.dns_server", IP6 } } },
	{ OPTION_IA_PD, NESTED,
		{ { "dhcpv6.iaid", BYTES, 0, 4 }, { "dhcpv6.iaid.t1", BE32 },
			{ "dhcpv6.iaid.t2", BE32 } } },
	{ OPTION_PREFIX, NESTED,
		{ { "dhcpv6.iaprefix.pref_lifetime", BE32 },
			{ "dhcpv6.iaprefix.valid_lifetime", BE32 },
			{ "dhcpv6.iaprefix.pref_len", U8, 0, 128 },
			{ "dhcpv6.iaprefix.pref_addr", IP6 } } },
	{ 31, MANY, { { "dhcpv6.sntp_server", IP6 } } },
	{ 32, ONCE, { { "dhcpv6.lifetime", BE32 } } },
	{ 37, ONCE, { { "dhcpv6.remoteid.enterprise", BE32 }, { "dhcpv6.remoteid", BYTES } } },
};

static const struct field duid_bytes = { "dhcpv6.duid.bytes", BYTES };
static const struct field duid_type = { "dhcpv6.duid.type", BE16, 1, 4 };
static const struct field name_flags = { "dhcpv6.client_fqdn_flags", U8 };
static const struct field client_name = { "dhcpv6.client_domain", TEXT };
static const struct field class_data = { "dhcpv6.vendorclass.data", TEXT };
static const struct field domain = { "dhcpv6.search_list_entry", TEXT };

/* What is said of the client, told when the whole message is known to be well made. */
struct told {
	struct cur name, vendor_class;
	struct ip address;
	uint8_t type;
	bool relayed;
};

static void read_options(struct scene *s, struct cur *c, struct told *t, unsigned depth);

/* Labels into text with dots: RFC 1035 3.1, without compression (RFC 8415 10).  A last label of
 * size 0 makes the name whole; part of a name may stand without it. */
static struct cur read_name(struct scene *s, struct cur *c)
{
	uint8_t *text = scene_scratch(s, c->left + 1);
	size_t used = 0;
	while (text && cur_ok(c) && c->left) {
		struct cur label = cur_sub(c, cur_u8(c));
		if (!cur_ok(&label)) {
			cur_fail(c);
			break;
		}
		if (label.left == 0)
			break;
		if (used)
			text[used++] = '.';
		memcpy(text + used, label.at,
			label.left); /* never more than the labels' own bytes */
		used += label.left;
	}
	return cur_of(text, text ? used : 0);
}

static void read_identifier(struct scene *s, struct cur *c)
{
	fact_bytes(s, &duid_bytes, c->at, c->left);
	fact_uint(s, &duid_type, cur_be16(c));
}

static void read_client_name(struct scene *s, struct cur *c, struct told *t)
{
	fact_uint(s, &name_flags, cur_u8(c));
	t->name = read_name(s, c);
	if (t->name.left)
		fact_text(s, &client_name, t->name.at, t->name.left);
}

static void read_domains(struct scene *s, struct cur *c)
{
	while (cur_ok(c) && c->left) {
		struct cur name = read_name(s, c);
		if (name.left)
			fact_text(s, &domain, name.at, name.left);
	}
}

static void read_classes(struct scene *s, struct cur *c, struct told *t)
{
	while (cur_ok(c) && c->left) {
		struct cur data = cur_sub(c, cur_be16(c));
		if (!cur_ok(&data)) {
			cur_fail(c);
			return;
		}
		t->vendor_class = data;
		fact_text(s, &class_data, data.at, data.left);
	}
}

/* A message within the relay's: its own type, then as any other. */
static void read_message(struct scene *s, struct cur *c, struct told *t, unsigned depth)
{
	t->type = cur_u8(c);
	fact_uint(s, &message_type, t->type);
	if (t->type == RELAY_FORWARD || t->type == RELAY_REPLY) {
		t->relayed = true;
		walk(s, c, relay_head);
	} else {
		fact_uint(s, &transaction, cur_be24(c));
	}
	read_options(s, c, t, depth);
}

static const struct option *option_of(uint16_t code)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].code == code)
			return &options[i];
	return NULL;
}

static void read_option(
	struct scene *s, uint16_t code, struct cur *c, struct told *t, unsigned depth)
{
	const struct option *o = option_of(code);
	if (code == OPTION_ADDRESS && c->left >= 16) {
		struct cur look = *c;
		memcpy(t->address.b, cur_take(&look, 16), 16);
	}
	if (o && o->repeat == MANY)
		while (cur_ok(c) && c->left)
			walk(s, c, o->fields);
	else if (o)
		walk(s, c, o->fields);
	if (o && o->repeat == NESTED)
		read_options(s, c, t, depth + 1);
	else if (code == OPTION_VENDOR_CLASS)
		read_classes(s, c, t);
	else if (code == OPTION_CLIENT || code == OPTION_SERVER)
		read_identifier(s, c);
	else if (code == OPTION_NAME)
		read_client_name(s, c, t);
	else if (code == OPTION_DOMAINS)
		read_domains(s, c);
	else if (code == OPTION_RELAYED)
		read_message(s, c, t, depth + 1);
	else if (!o)
		fact_bytes(s, &option_value, c->at, c->left);
}

static void read_options(struct scene *s, struct cur *c, struct told *t, unsigned depth)
{
	if (depth > DEPTH_MAX + RELAYS_MAX) {
		fact_violation(s);
		return;
	}
	while (cur_ok(c) && c->left) {
		uint16_t code = cur_be16(c);
		struct cur value = cur_sub(c, cur_be16(c));
		if (!cur_ok(&value)) {
			cur_fail(c);
			return;
		}
		fact_uint(s, &option_type, code);
		read_option(s, code, &value, t, depth);
		if (!cur_ok(&value))
			fact_violation(s); /* too short for what it is: the next one stands where it
					      should */
	}
}

/* A known type, and options whose lengths add up to the message. */
static enum probe probe(struct cur c, const struct scene *s)
{
	uint8_t type = cur_u8(&c);
	bool relay = type == RELAY_FORWARD || type == RELAY_REPLY;
	if (type == 0 || type > TYPE_LAST || ip_is_4(&s->src))
		return PROBE_NO;
	cur_skip(&c, relay ? 33 : 3);
	unsigned count = 0;
	while (cur_ok(&c) && c.left) {
		uint16_t code = cur_be16(&c);
		uint16_t size = cur_be16(&c);
		if (code == 0 || code > 255) /* the list ends at 149 */
			return PROBE_NO;
		cur_skip(&c, size);
		count++;
	}
	return count && (cur_ok(&c) || s->cut) ? PROBE_YES : PROBE_NO;
}

static void tell(struct scene *s, const struct told *t, const struct msg *m)
{
	if (t->relayed)
		return; /* the client is not who sent this frame */
	if (m->dir == DIR_REQUEST) {
		who_mac(s, s->src_mac, ID_NAME, t->name.at, t->name.left);
		who_mac(s, s->src_mac, ID_SOFTWARE, t->vendor_class.at, t->vendor_class.left);
	}
	/* On the client's own link the answer goes to its MAC. */
	if (t->type == REPLY && !ip_is_zero(&t->address) && !(s->dst_mac[0] & 1))
		who_binds(s, s->dst_mac, &t->address);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct cur look = c;
	uint8_t type = cur_u8(&look);
	uint32_t id = cur_be24(&look);
	const struct msg *m = msgs;
	while (m->name && m->code != type)
		m++;
	if (!m->name || !cur_ok(&look))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (m->dir == DIR_REQUEST) {
		scene_client(s);
		ask_put(s, id);
	} else if (m->dir == DIR_RESPONSE) {
		scene_server(s);
		ask_take(s, id);
	}
	struct told t = { 0 };
	fact_begin(s, m);
	read_message(s, &c, &t, 0);
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	t.type = type;
	tell(s, &t, m);
	return PARSED_WHOLE;
}

const struct proto proto_dhcpv6 = {
	.name = "dhcpv6",
	.title = "DHCPv6",
	.standard = "RFC 8415",
	.reads = "all messages, options that name a device",
	.seen = "10 captures: Windows hosts",
	.over = OVER_UDP,
	.begins = "01-15",
	.probe = probe,
	.parse = parse,
	.asks = 4,
};
