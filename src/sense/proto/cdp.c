/* CDP, Cisco's discovery protocol, versions 1 and 2, over LLC/SNAP.  There is no public standard;
 * the numbers are those Cisco's documents and many independent readers agree on. */
#include "sense/describe.h"

#include "base/attr.h"
#include "base/out.h"

enum {
	TLV_DEVICE = 1,
	TLV_ADDRESSES,
	TLV_PORT,
	TLV_CAPABILITIES,
	TLV_VERSION,
	TLV_PLATFORM,
	TLV_PREFIXES,
	TLV_HELLO,
	TLV_VTP_DOMAIN,
	TLV_NATIVE_VLAN,
	TLV_DUPLEX,
	TLV_VOICE_VLAN = 0x0e,
	TLV_VOICE_VLAN_QUERY,
	TLV_POWER,
	TLV_MTU,
	TLV_TRUST,
	TLV_UNTRUSTED_COS,
	TLV_SYSTEM_NAME,
	TLV_SYSTEM_OBJECT,
	TLV_MANAGEMENT,
	TLV_LOCATION,
	TLV_POWER_REQUESTED = 0x19,
	TLV_POWER_AVAILABLE,
	TLV_SPARE_PAIR_POE = 0x1f,
	TLV_HARDWARE_VERSION = 0x23,
	TLV_SERIAL,
};
enum { CAN_ROUTE = 1, CAN_BRIDGE = 2, CAN_SWITCH = 8, IS_HOST = 16, CAN_PHONE = 128 };
enum { TLV_HEAD = 4, NLPID_IP = 0xcc };

static const struct msg advertisement = { 0, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE,
	"advertisement" };

static const struct field head[] = {
	{ "cdp.version", U8, 1, 2 },
	{ "cdp.ttl", U8 },
	{ "cdp.checksum", BE16 },
	{ 0 },
};
static const struct field address_count = { "cdp.number_of_addresses", BE32 };
static const struct field address_ip = { "cdp.address.ip", IP4 };
static const struct field address_other = { "cdp.address", BYTES };
static const struct field software_version = { "cdp.software_version", TEXT };
static const struct field gateway = { "cdp.odr_default_gateway", IP4 };
static const struct field prefix = { "cdp.ip_prefix", IP4 };
static const struct field prefix_bits = { "cdp.ip_prefix.length", U8, 0, 32 };
static const struct field unknown = { "cdp.data", BYTES };

static const struct field device[] = { { "cdp.deviceid", TEXT }, { 0 } };
static const struct field port[] = { { "cdp.portid", TEXT }, { 0 } };
static const struct field capabilities[] = { { "cdp.capabilities", BE32 }, { 0 } };
static const struct field platform[] = { { "cdp.platform", TEXT }, { 0 } };
static const struct field hello[] = {
	{ "cdp.oui", BE24 },
	{ "cdp.protocol_id", BE16 },
	{ "cdp.hello.data", BYTES },
	{ 0 },
};
static const struct field vtp_domain[] = { { "cdp.vtp_management_domain", TEXT }, { 0 } };
static const struct field native_vlan[] = { { "cdp.native_vlan", BE16 }, { 0 } };
static const struct field duplex[] = { { "cdp.duplex", U8, 0, 1 }, { 0 } };
static const struct field voice_vlan[] = {
	{ "cdp.appliance", U8 },
	{ "cdp.voice_vlan", BE16 },
	{ 0 },
};
static const struct field power[] = { { "cdp.power_consumption", BE16 }, { 0 } };
static const struct field mtu[] = { { "cdp.mtu", BE32 }, { 0 } };
static const struct field trust[] = { { "cdp.trust_bitmap", U8 }, { 0 } };
static const struct field untrusted_cos[] = { { "cdp.untrusted_port_cos", U8 }, { 0 } };
static const struct field system_name[] = { { "cdp.system_name", TEXT }, { 0 } };
static const struct field system_object[] = { { "cdp.system_object_identifier", BYTES }, { 0 } };
static const struct field location[] = {
	{ "cdp.location.type", U8 },
	{ "cdp.location", TEXT },
	{ 0 },
};
static const struct field power_head[] = {
	{ "cdp.request_id", BE16 },
	{ "cdp.management_id", BE16 },
	{ 0 },
};
static const struct field power_requested[] = { { "cdp.power_requested", BE32 }, { 0 } };
static const struct field power_available[] = { { "cdp.power_available", BE32 }, { 0 } };
static const struct field spare_pair_poe[] = { { "cdp.spare_poe_tlv", U8 }, { 0 } };
static const struct field hardware_version[] = { { "cdp.hardware_version_id", TEXT }, { 0 } };
static const struct field serial[] = { { "cdp.system_serial_number", TEXT }, { 0 } };

/* TLVs that are one list of fields, and what the text of the first says of the sender. */
static const struct tlv_row {
	uint16_t type;
	enum identity_key key;
	const struct field *fields;
} rows[] = {
	{ TLV_DEVICE, ID_NAME, device },
	{ TLV_PORT, ID_PORT, port },
	{ TLV_CAPABILITIES, 0, capabilities },
	{ TLV_PLATFORM, ID_MODEL, platform },
	{ TLV_HELLO, 0, hello },
	{ TLV_VTP_DOMAIN, 0, vtp_domain },
	{ TLV_NATIVE_VLAN, 0, native_vlan },
	{ TLV_DUPLEX, 0, duplex },
	{ TLV_VOICE_VLAN, 0, voice_vlan },
	{ TLV_VOICE_VLAN_QUERY, 0, voice_vlan },
	{ TLV_POWER, 0, power },
	{ TLV_MTU, 0, mtu },
	{ TLV_TRUST, 0, trust },
	{ TLV_UNTRUSTED_COS, 0, untrusted_cos },
	{ TLV_SYSTEM_NAME, ID_NAME, system_name },
	{ TLV_SYSTEM_OBJECT, 0, system_object },
	{ TLV_LOCATION, 0, location },
	{ TLV_SPARE_PAIR_POE, 0, spare_pair_poe },
	{ TLV_HARDWARE_VERSION, ID_HARDWARE, hardware_version },
	{ TLV_SERIAL, ID_SERIAL, serial },
};

/* What is said of the sender, kept until the whole message is known to be well made. */
struct told {
	struct cur texts[ID_KEY_COUNT], version;
	uint32_t capabilities;
	struct ip management;
};

static void addresses(struct scene *s, struct cur *c, struct told *t)
{
	uint32_t count = cur_be32(c);
	fact_uint(s, &address_count, count);
	for (; count && cur_ok(c) && c->left; count--) {
		cur_skip(c, 1); /* protocol type: NLPID or 802.2 */
		struct cur protocol = cur_sub(c, cur_u8(c));
		struct cur address = cur_sub(c, cur_be16(c));
		if (!cur_ok(&address)) {
			cur_fail(c);
			return;
		}
		if (protocol.left == 1 && cur_peek(&protocol, 0) == NLPID_IP && address.left == 4) {
			fact_ip(s, &address_ip, address.at, 4);
			t->management = ip_of_4(address.at);
		} else {
			fact_bytes(s, &address_other, address.at, address.left);
		}
	}
	if (count)
		fact_violation(s);
}

/* The version is several lines: one value each. */
static void version(struct scene *s, struct cur *c)
{
	while (c->left) {
		long end = cur_find(c, '\n');
		struct cur line = cur_sub(c, end < 0 ? c->left : (size_t)end);
		fact_text(s, &software_version, line.at, line.left);
		if (end >= 0)
			cur_skip(c, 1);
	}
}

/* One address alone is the gateway of a stub router; else networks with their length. */
static void prefixes(struct scene *s, struct cur *c)
{
	if (c->left == 4) {
		fact_ip(s, &gateway, cur_take(c, 4), 4);
		return;
	}
	while (cur_ok(c) && c->left) {
		const uint8_t *network = cur_take(c, 4);
		uint8_t bits = cur_u8(c);
		if (!cur_ok(c))
			return;
		fact_ip(s, &prefix, network, 4);
		fact_uint(s, &prefix_bits, bits);
	}
}

static void power_list(struct scene *s, struct cur *c, const struct field *each)
{
	walk(s, c, power_head);
	while (cur_ok(c) && c->left)
		walk(s, c, each);
}

static const struct tlv_row *row_of(uint16_t type)
{
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (rows[i].type == type)
			return &rows[i];
	return NULL;
}

static void tlv(struct scene *s, uint16_t type, struct cur *c, struct told *t)
{
	const struct tlv_row *row = row_of(type);
	if (row) {
		if (row->key)
			t->texts[row->key] = *c;
		if (type == TLV_CAPABILITIES) {
			struct cur look = *c;
			t->capabilities = cur_be32(&look);
		}
		walk(s, c, row->fields);
		return;
	}
	switch (type) {
	case TLV_ADDRESSES:
	case TLV_MANAGEMENT:
		addresses(s, c, t);
		break;
	case TLV_VERSION:
		t->version = *c;
		version(s, c);
		break;
	case TLV_PREFIXES:
		prefixes(s, c);
		break;
	case TLV_POWER_REQUESTED:
		power_list(s, c, power_requested);
		break;
	case TLV_POWER_AVAILABLE:
		power_list(s, c, power_available);
		break;
	default:
		fact_bytes(s, &unknown, c->at, c->left);
		break;
	}
}

static void tell_type(struct scene *s, uint32_t bits)
{
	if (bits & CAN_PHONE)
		who_sender_is(s, TYPE_PHONE, "CDP capability telephone");
	else if (bits & CAN_SWITCH)
		who_sender_is(s, TYPE_SWITCH, "CDP capability switch");
	else if (bits & CAN_ROUTE)
		who_sender_is(s, TYPE_ROUTER, "CDP capability router");
}

static void tell(struct scene *s, const struct told *t)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} names[] = { { CAN_ROUTE, "router" }, { CAN_BRIDGE, "bridge" },
		{ 4, "source route bridge" }, { CAN_SWITCH, "switch" }, { IS_HOST, "host" },
		{ 32, "IGMP" }, { 64, "repeater" }, { CAN_PHONE, "telephone" } };
	for (unsigned key = 1; key < ID_KEY_COUNT; key++)
		if (t->texts[key].left)
			who_sender(s, (enum identity_key)key, t->texts[key].at, t->texts[key].left);
	char text[96];
	struct out o = out_mem(text, sizeof text);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		if (!(t->capabilities & names[i].bit))
			continue;
		out_str(&o, o.used ? ", " : "");
		out_str(&o, names[i].name);
	}
	who_sender(s, ID_CAPABILITIES, text, o.used);
	if (!ip_is_zero(&t->management)) {
		char address[IP_TEXT];
		ip_text(&t->management, address);
		who_sender(s, ID_MANAGEMENT, address, strlen(address));
	}
	if (!t->version.left || !describe_sender(s, t->version))
		tell_type(s, t->capabilities);
}

/* A known version, and from the first TLV to the last lengths that add up to the message. */
static enum probe probe(struct cur c, const struct scene *s)
{
	uint8_t number = cur_u8(&c);
	cur_skip(&c, 3);
	bool any = false;
	while (cur_ok(&c) && c.left >= TLV_HEAD) {
		uint16_t type = cur_be16(&c);
		uint16_t size = cur_be16(&c);
		if (size < TLV_HEAD || type == 0)
			return PROBE_NO;
		cur_skip(&c, size - TLV_HEAD);
		any = true;
	}
	return (number == 1 || number == 2) && any && (cur_ok(&c) || s->cut) ? PROBE_YES : PROBE_NO;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct told t = { 0 };
	fact_begin(s, &advertisement);
	walk(s, &c, head);
	while (cur_ok(&c) && c.left) {
		uint16_t type = cur_be16(&c);
		uint16_t size = cur_be16(&c);
		struct cur value =
			cur_sub(&c, size < TLV_HEAD ? SIZE_MAX : size - (size_t)TLV_HEAD);
		if (!cur_ok(&value))
			break;
		tlv(s, type, &value, &t);
		if (!cur_ok(&value))
			cur_fail(&c);
	}
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	tell(s, &t);
	return PARSED_WHOLE;
}

const struct proto proto_cdp = {
	.name = "cdp",
	.title = "CDP",
	.standard = "Cisco Discovery Protocol",
	.reads = "all TLVs that name a device",
	.seen = "7 captures: Cisco routers and switches",
	.over = OVER_ETHER,
	.ethertypes = { 0x2000 },
	.snap_oui = 0x00000c,
	.probe = probe,
	.parse = parse,
};
