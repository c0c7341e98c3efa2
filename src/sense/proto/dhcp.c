/* DHCP: RFC 2131; options of RFC 2132, 3046, 3397, 3442, 3925, 4702 and the IANA's list. */
#include "sense/proto.h"
#include "sense/proto/text.h"

#include "base/attr.h"

enum { BOOT_REQUEST = 1, BOOT_REPLY = 2, COOKIE = 0x63825363, HARDWARE_ETHERNET = 1 };
enum { HARDWARE_SIZE_MAX = 16, SERVER_SIZE = 64, FILE_SIZE = 128, HEAD_SIZE = 236 };

/* Message types of option 53 (RFC 2132 9.6 and IANA). */
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

static const struct msg msgs[] = {
	{ DISCOVER, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "discover" },
	{ OFFER, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "offer" },
	{ REQUEST, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "request" },
	{ DECLINE, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "decline" },
	{ ACK, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "ack" },
	{ NAK, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "nak" },
	{ RELEASE, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "release" },
	{ INFORM, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "inform" },
	{ 9, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "force_renew" },
	{ 10, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "lease_query" },
	{ 11, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "lease_unassigned" },
	{ 12, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "lease_unknown" },
	{ 13, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "lease_active" },
	{ 0 },
};
static const struct msg other_request = { 0, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "bootp" };
static const struct msg other_reply = { 0, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "bootp" };

static const struct field head_fields[] = {
	{ "dhcp.type", U8, 1, 2 },
	{ "dhcp.hw.type", U8 },
	{ "dhcp.hw.len", U8, 0, HARDWARE_SIZE_MAX },
	{ "dhcp.hops", U8 },
	{ "dhcp.id", BE32 | NUMBERING },
	{ "dhcp.secs", BE16 },
	{ "dhcp.flags", BE16 },
	{ "dhcp.ip.client", IP4 },
	{ "dhcp.ip.your", IP4 },
	{ "dhcp.ip.server", IP4 },
	{ "dhcp.ip.relay", IP4 },
	{ 0 },
};
static const struct field hardware_mac = { "dhcp.hw.mac_addr", MAC };
static const struct field hardware_address = { "dhcp.hw.addr", BYTES };
static const struct field server_name = { "dhcp.server", TEXT };
static const struct field boot_file = { "dhcp.file", TEXT };
static const struct field option_type = { "dhcp.option.type", U8 };
static const struct field option_value = { "dhcp.option.value", BYTES };

/* --- options ------------------------------------------------------------------------------------
 * One row each: the field, and whether it repeats until the option ends. */
enum repeat { ONCE, MANY };

static const struct option {
	uint8_t code;
	uint8_t repeat;
	struct field fields[3]; /* ended by one without a name */
} options[] = {
	{ 1, ONCE, { { "dhcp.option.subnet_mask", IP4 } } },
	{ 2, ONCE, { { "dhcp.option.time_offset", SBE32 } } },
	{ 3, MANY, { { "dhcp.option.router", IP4 } } },
	{ 4, MANY, { { "dhcp.option.time_server", IP4 } } },
	{ 5, MANY, { { "dhcp.option.name_server", IP4 } } },
	{ 6, MANY, { { "dhcp.option.domain_name_server", IP4 } } },
	{ 7, MANY, { { "dhcp.option.log_server", IP4 } } },
	{ 8, MANY, { { "dhcp.option.quotes_server", IP4 } } },
	{ 9, MANY, { { "dhcp.option.lpr_server", IP4 } } },
	{ 12, ONCE, { { "dhcp.option.hostname", TEXT } } },
	{ 13, ONCE, { { "dhcp.option.boot_file_size", BE16 } } },
	{ 15, ONCE, { { "dhcp.option.domain_name", TEXT } } },
	{ 17, ONCE, { { "dhcp.option.root_path", TEXT } } },
	{ 18, ONCE, { { "dhcp.option.extension_path", TEXT } } },
	{ 19, ONCE, { { "dhcp.option.ip_forwarding", U8, 0, 1 } } },
	{ 22, ONCE, { { "dhcp.option.max_datagram_reassembly_size", BE16 } } },
	{ 23, ONCE, { { "dhcp.option.default_ip_ttl", U8, 1, 255 } } },
	{ 26, ONCE, { { "dhcp.option.interface_mtu", BE16, 68, 65535 } } },
	{ 27, ONCE, { { "dhcp.option.all_subnets_are_local", U8, 0, 1 } } },
	{ 28, ONCE, { { "dhcp.option.broadcast_address", IP4 } } },
	{ 31, ONCE, { { "dhcp.option.perform_router_discover", U8, 0, 1 } } },
	{ 33, MANY,
		{ { "dhcp.option.static_route.ip", IP4 },
			{ "dhcp.option.static_route.router", IP4 } } },
	{ 35, ONCE, { { "dhcp.option.arp_cache_timeout", BE32 } } },
	{ 37, ONCE, { { "dhcp.option.tcp_default_ttl", U8, 1, 255 } } },
	{ 38, ONCE, { { "dhcp.option.tcp_keepalive_interval", BE32 } } },
	{ 40, ONCE, { { "dhcp.option.nis_domain", TEXT } } },
	{ 41, MANY, { { "dhcp.option.nis_server", IP4 } } },
	{ 42, MANY, { { "dhcp.option.ntp_server", IP4 } } },
	{ 43, ONCE, { { "dhcp.option.vendor", BYTES } } }, /* opaque: its maker's own language */
	{ 44, MANY, { { "dhcp.option.netbios_over_tcpip_name_server", IP4 } } },
	{ 45, MANY, { { "dhcp.option.netbios_over_tcpip_dd_name_server", IP4 } } },
	{ 46, ONCE, { { "dhcp.option.netbios_over_tcpip_node_type", U8 } } },
	{ 47, ONCE, { { "dhcp.option.netbios_over_tcpip_scope", TEXT } } },
	{ 50, ONCE, { { "dhcp.option.requested_ip_address", IP4 } } },
	{ 51, ONCE, { { "dhcp.option.ip_address_lease_time", BE32 } } },
	{ 52, ONCE, { { "dhcp.option.option_overload", U8, 1, 3 } } },
	{ 53, ONCE, { { "dhcp.option.dhcp", U8, 1, 18 } } },
	{ 54, ONCE, { { "dhcp.option.dhcp_server_id", IP4 } } },
	{ 55, MANY, { { "dhcp.option.request_list_item", U8 } } },
	{ 56, ONCE, { { "dhcp.option.message", TEXT } } },
	{ 57, ONCE, { { "dhcp.option.dhcp_max_message_size", BE16 } } },
	{ 58, ONCE, { { "dhcp.option.renewal_time_value", BE32 } } },
	{ 59, ONCE, { { "dhcp.option.rebinding_time_value", BE32 } } },
	{ 60, ONCE, { { "dhcp.option.vendor_class_id", TEXT } } },
	{ 66, ONCE, { { "dhcp.option.tftp_server_name", TEXT } } },
	{ 67, ONCE, { { "dhcp.option.bootfile_name", TEXT } } },
	{ 77, ONCE, { { "dhcp.option.user_class", BYTES } } },
	{ 82, ONCE, { { "dhcp.option.agent_information_option", BYTES } } },
	{ 100, ONCE, { { "dhcp.option.tz_pcode", TEXT } } },
	{ 101, ONCE, { { "dhcp.option.tz_tcode", TEXT } } },
	{ 108, ONCE, { { "dhcp.option.ipv6_only_preferred", BE32 } } },
	{ 114, ONCE, { { "dhcp.option.captive_portal", TEXT } } },
	{ 116, ONCE, { { "dhcp.option.dhcp_auto_configuration", U8, 0, 1 } } },
	{ 118, ONCE, { { "dhcp.option.subnet_selection_option", IP4 } } },
	{ 121, ONCE, { { "dhcp.option.classless_static_route", BYTES } } },
	{ 150, MANY, { { "dhcp.option.tftp_server_address", IP4 } } },
	{ 249, ONCE, { { "dhcp.option.classless_static_route", BYTES } } },
	{ 252, ONCE, { { "dhcp.option.private_proxy_autodiscovery", TEXT } } },
};

enum {
	OPTION_PAD = 0,
	OPTION_HOSTNAME = 12,
	OPTION_DOMAIN = 15,
	OPTION_OVERLOAD = 52,
	OPTION_TYPE = 53,
	OPTION_VENDOR_CLASS = 60,
	OPTION_CLIENT_ID = 61,
	OPTION_NAME = 81,
	OPTION_AGENT = 82,
	OPTION_END = 255
};
enum { OVERLOAD_FILE = 1, OVERLOAD_SERVER = 2 };

static const struct field client_id_type = { "dhcp.client_id.type", U8 };
static const struct field client_id_mac = { "dhcp.client_id.mac", MAC };
static const struct field client_id = { "dhcp.client_id", BYTES };
static const struct field name_flags[] = {
	{ "dhcp.fqdn.flags", U8 },
	{ "dhcp.fqdn.rcode1", U8 },
	{ "dhcp.fqdn.rcode2", U8 },
	{ 0 },
};
static const struct field full_name = { "dhcp.fqdn.name", TEXT };
static const struct field circuit_id = { "dhcp.option.agent_information_option.agent_circuit_id",
	BYTES };
static const struct field remote_id = { "dhcp.option.agent_information_option.agent_remote_id",
	BYTES };
static const struct field agent_other = { "dhcp.option.agent_information_option.value", BYTES };

/* What the message says of its client, told when all of it has been read. */
struct told {
	struct cur hostname, name, vendor_class, domain;
	uint8_t overload;
};

/* RFC 2132 9.14: a type, then the address of that hardware; anything else is opaque. */
static void read_client_id(struct scene *s, struct cur *c)
{
	uint8_t type = cur_u8(c);
	fact_uint(s, &client_id_type, type);
	if (type == HARDWARE_ETHERNET && c->left == 6)
		fact_mac(s, &client_id_mac, cur_take(c, 6));
	else
		fact_bytes(s, &client_id, c->at, c->left);
}

/* RFC 4702: flags, two result codes, then a name: labels when flag E is set, else text. */
static void read_name(struct scene *s, struct cur *c, struct told *t)
{
	uint8_t flags = (uint8_t)(c->left ? cur_peek(c, 0) : 0);
	walk(s, c, name_flags);
	if (!(flags & 4)) {
		t->name = *c;
		fact_text(s, &full_name, c->at, c->left);
		return;
	}
	uint8_t *text = scene_scratch(s, c->left + 1);
	size_t used = 0;
	while (text && cur_ok(c) && c->left) {
		struct cur label = cur_sub(c, cur_u8(c));
		if (!cur_ok(&label) || label.left == 0)
			break;
		if (used)
			text[used++] = '.';
		memcpy(text + used, label.at, label.left); /* never longer than the labels */
		used += label.left;
	}
	t->name = cur_of(text, text ? used : 0);
	if (used)
		fact_text(s, &full_name, text, used);
}

/* RFC 3046: what the relay knows of where the client sits. */
static void read_agent(struct scene *s, struct cur *c)
{
	while (cur_ok(c) && c->left) {
		uint8_t code = cur_u8(c);
		struct cur value = cur_sub(c, cur_u8(c));
		if (!cur_ok(&value)) {
			cur_fail(c);
			return;
		}
		const struct field *f = code == 1 ? &circuit_id
			: code == 2               ? &remote_id
						  : &agent_other;
		fact_bytes(s, f, value.at, value.left);
	}
}

static void remember(uint8_t code, const struct cur *value, struct told *t)
{
	switch (code) {
	case OPTION_HOSTNAME:
		t->hostname = *value;
		break;
	case OPTION_DOMAIN:
		t->domain = *value;
		break;
	case OPTION_VENDOR_CLASS:
		t->vendor_class = *value;
		break;
	case OPTION_OVERLOAD:
		t->overload = (uint8_t)(value->left ? cur_peek(value, 0) : 0);
		break;
	}
}

static const struct option *option_of(uint8_t code)
{
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (options[i].code == code)
			return &options[i];
	return NULL;
}

static void read_option(struct scene *s, uint8_t code, struct cur *c, struct told *t)
{
	const struct option *o = option_of(code);
	remember(code, c, t);
	if (code == OPTION_CLIENT_ID) {
		read_client_id(s, c);
	} else if (code == OPTION_NAME) {
		read_name(s, c, t);
	} else if (code == OPTION_AGENT) {
		read_agent(s, c);
	} else if (!o) {
		fact_bytes(s, &option_value, c->at, c->left);
	} else {
		do
			walk(s, c, o->fields);
		while (o->repeat == MANY && cur_ok(c) && c->left);
	}
	/* A short option is the sender's mistake and ends with itself. */
	if (!cur_ok(c))
		fact_violation(s);
}

static void read_options(struct scene *s, struct cur *c, struct told *t)
{
	while (cur_ok(c) && c->left) {
		uint8_t code = cur_u8(c);
		if (code == OPTION_PAD)
			continue;
		if (code == OPTION_END)
			return;
		fact_uint(s, &option_type, code);
		struct cur value = cur_sub(c, cur_u8(c));
		if (!cur_ok(&value)) {
			cur_fail(c);
			return;
		}
		read_option(s, code, &value, t);
	}
}

/* The message type has to be known before its fact begins. */
static uint8_t find_type(struct cur c)
{
	while (cur_ok(&c) && c.left) {
		uint8_t code = cur_u8(&c);
		if (code == OPTION_PAD)
			continue;
		if (code == OPTION_END)
			break;
		struct cur value = cur_sub(&c, cur_u8(&c));
		if (code == OPTION_TYPE)
			return cur_u8(&value);
	}
	return 0;
}

/* --- the message --- */

struct head {
	uint8_t op, hardware, hardware_size;
	uint32_t id;
	const uint8_t *client, *your;
	struct cur address, server, file, options;
};

static bool read_head(struct cur *c, struct head *h)
{
	h->op = cur_u8(c);
	h->hardware = cur_u8(c);
	h->hardware_size = cur_u8(c);
	cur_skip(c, 1);
	h->id = cur_be32(c);
	cur_skip(c, 4);
	h->client = cur_take(c, 4);
	h->your = cur_take(c, 4);
	cur_skip(c, 8);
	h->address = cur_sub(c, HARDWARE_SIZE_MAX);
	h->server = cur_sub(c, SERVER_SIZE);
	h->file = cur_sub(c, FILE_SIZE);
	uint32_t cookie = cur_be32(c);
	h->options = *c;
	return cur_ok(c) && cookie == COOKIE && h->hardware_size <= HARDWARE_SIZE_MAX &&
		(h->op == BOOT_REQUEST || h->op == BOOT_REPLY);
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct head h;
	return read_head(&c, &h) ? PROBE_YES : PROBE_NO;
}

static bool is_zero4(const uint8_t *address)
{
	return memcmp(address, "\0\0\0", 4) == 0;
}

static void tell(struct scene *s, const struct head *h, uint8_t type, const struct told *t)
{
	if (h->hardware != HARDWARE_ETHERNET || h->hardware_size != 6 || (h->address.at[0] & 1))
		return;
	const uint8_t *mac = h->address.at;
	/* A server's answer may name its client too. */
	who_mac(s, mac, ID_NAME, t->hostname.at, t->hostname.left);
	struct cur name = t->name; /* a full name may end in the root's dot */
	if (name.left && cur_peek(&name, name.left - 1) == '.')
		name = cur_sub(&name, name.left - 1);
	who_mac(s, mac, ID_NAME, name.at, name.left);
	if (h->op == BOOT_REQUEST)
		who_mac(s, mac, ID_SOFTWARE, t->vendor_class.at, t->vendor_class.left);
	if (type == ACK)
		who_mac(s, mac, ID_DOMAIN, t->domain.at, t->domain.left);
	/* A client uses what it calls its own; a server's ACK makes the new one so. */
	if (!is_zero4(h->client) && type != NAK) {
		struct ip address = ip_of_4(h->client);
		who_binds(s, mac, &address);
	}
	if (type == ACK && !is_zero4(h->your)) {
		struct ip address = ip_of_4(h->your);
		who_binds(s, mac, &address);
	}
}

static void begin(struct scene *s, const struct head *h, uint8_t type)
{
	const struct msg *m = msgs;
	while (m->name && m->code != type)
		m++;
	if (!m->name)
		m = h->op == BOOT_REQUEST ? &other_request : &other_reply;
	if (m->dir == DIR_REQUEST) {
		scene_client(s);
		ask_put(s, h->id);
	} else if (m->dir == DIR_RESPONSE) {
		scene_server(s);
		ask_take(s, h->id);
	}
	fact_begin(s, m);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct cur body = c;
	struct head h;
	if (!read_head(&body, &h))
		return s->cut && !cur_ok(&body) ? PARSED_CUT : PARSED_BAD;
	uint8_t type = find_type(h.options);
	begin(s, &h, type);
	walk(s, &c, head_fields);
	if (h.hardware == HARDWARE_ETHERNET && h.hardware_size == 6)
		fact_mac(s, &hardware_mac, h.address.at);
	else
		fact_bytes(s, &hardware_address, h.address.at, h.hardware_size);

	struct told t = { 0 };
	read_options(s, &h.options, &t);
	/* RFC 2131 4.1: more options may stand where the names would be, file first. */
	if (t.overload & OVERLOAD_FILE)
		read_options(s, &h.file, &t);
	else if (cur_peek(&h.file, 0) > 0)
		text_tell(s, &boot_file, text_to_nul(h.file));
	if (t.overload & OVERLOAD_SERVER)
		read_options(s, &h.server, &t);
	else if (cur_peek(&h.server, 0) > 0)
		text_tell(s, &server_name, text_to_nul(h.server));

	if (!cur_ok(&h.options) && !s->cut)
		fact_violation(
			s); /* the last option reaches past the end: what stood before holds */
	fact_end(s);
	tell(s, &h, type, &t);
	return cur_ok(&h.options) ? PARSED_WHOLE : s->cut ? PARSED_CUT : PARSED_BAD;
}

const struct proto proto_dhcp = {
	.name = "dhcp",
	.title = "DHCP",
	.standard = "RFC 2131, RFC 2132",
	.reads = "all messages, options that name a device",
	.seen = "11 captures: clients of all kinds, malformed messages",
	.over = OVER_UDP,
	.begins = "01-02",
	.probe = probe,
	.parse = parse,
	.asks = 4,
};
