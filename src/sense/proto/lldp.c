/* LLDP: IEEE 802.1AB-2016; what organizations add stands in lldp_org.c. */
#include "sense/proto/lldp.h"

#include "sense/describe.h"

/* TLV types, 802.1AB table 8-1. */
enum {
	TLV_END,
	TLV_CHASSIS,
	TLV_PORT,
	TLV_TTL,
	TLV_PORT_DESCRIPTION,
	TLV_NAME,
	TLV_DESCRIPTION,
	TLV_CAPABILITIES,
	TLV_MANAGEMENT,
	TLV_ORGANIZATION = 127,
};
/* Subtypes of chassis and port identifiers (tables 8-2, 8-3) that are no text. */
enum { CHASSIS_MAC = 4, CHASSIS_NETWORK = 5, PORT_MAC = 3, PORT_NETWORK = 4, IS_LOCAL = 7 };
enum { FAMILY_IP4 = 1, FAMILY_IP6 = 2, FAMILY_MAC = 6 }; /* address family numbers, IANA */
/* System capabilities, table 8-4. */
enum { CAN_BRIDGE = 4, CAN_WLAN = 8, CAN_ROUTE = 16, CAN_PHONE = 32, CAN_STATION = 128 };

static const struct msg advertisement = { 0, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE,
	"advertisement" };
static const struct msg shutdown = { 1, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "shutdown" };

/* The four shapes of an identifier. */
struct id_fields {
	struct field subtype, mac, ip, text;
};
static const struct id_fields chassis_id = { { "lldp.chassis.subtype", U8, 1, 7 },
	{ "lldp.chassis.id.mac", MAC }, { "lldp.chassis.id.ip", IP4 },
	{ "lldp.chassis.id", TEXT } };
static const struct id_fields port_id = { { "lldp.port.subtype", U8, 1, 7 },
	{ "lldp.port.id.mac", MAC }, { "lldp.port.id.ip", IP4 }, { "lldp.port.id", TEXT } };

static const struct field time_to_live = { "lldp.time_to_live", BE16 };
static const struct field port_description = { "lldp.port.desc", TEXT };
static const struct field system_name = { "lldp.tlv.system.name", TEXT };
static const struct field system_description = { "lldp.tlv.system.desc", TEXT };
static const struct field capabilities = { "lldp.tlv.system_cap", BE16 };
static const struct field enabled = { "lldp.tlv.enable_system_cap", BE16 };
static const struct field address_subtype = { "lldp.mgn.address.subtype", U8 };
static const struct field address_ip = { "lldp.mgn.addr", IP4 };
static const struct field address_mac = { "lldp.mgn.addr.mac", MAC };
static const struct field address_other = { "lldp.mgn.addr.hex", BYTES };
static const struct field interface[] = {
	{ "lldp.mgn.interface.subtype", U8, 1, 3 },
	{ "lldp.mgn.interface.number", BE32 },
	{ 0 },
};
static const struct field object_id = { "lldp.mgn.obj.id", BYTES };

/* --- the unit --- */

/* An identifier: a subtype, then a MAC, an address with its family, or text. */
static void identifier(struct scene *s, struct cur *c, const struct id_fields *f, uint8_t mac,
	uint8_t network, uint8_t *subtype, struct cur *text)
{
	*subtype = cur_u8(c);
	*text = *c;
	fact_uint(s, &f->subtype, *subtype);
	if (*subtype == mac && c->left == 6) {
		fact_mac(s, &f->mac, cur_take(c, 6));
	} else if (*subtype == network && c->left) {
		uint8_t family = cur_u8(c);
		size_t size = family == FAMILY_IP6 ? 16 : 4;
		const uint8_t *address = cur_take(c, size);
		if (address && (family == FAMILY_IP4 || family == FAMILY_IP6))
			fact_ip(s, &f->ip, address, size);
	} else {
		fact_text(s, &f->text, c->at, c->left);
		cur_skip(c, c->left);
	}
}

/* 802.1AB 8.5.9: address, interface, object. */
static void management(struct scene *s, struct cur *c, struct lldp_told *t)
{
	struct cur address = cur_sub(c, cur_u8(c));
	uint8_t family = cur_u8(&address);
	if (!cur_ok(&address)) {
		cur_fail(c);
		return;
	}
	fact_uint(s, &address_subtype, family);
	size_t size = address.left;
	const uint8_t *bytes = cur_take(&address, size);
	if (family == FAMILY_IP4 && size == 4) {
		fact_ip(s, &address_ip, bytes, size);
		t->management = ip_of_4(bytes);
	} else if (family == FAMILY_IP6 && size == 16) {
		fact_ip(s, &address_ip, bytes, size);
		memcpy(t->management.b, bytes, 16);
	} else if (family == FAMILY_MAC && size == 6) {
		fact_mac(s, &address_mac, bytes);
	} else {
		fact_bytes(s, &address_other, bytes, size);
	}
	walk(s, c, interface);
	struct cur object = cur_sub(c, cur_u8(c));
	if (object.left)
		fact_bytes(s, &object_id, object.at, object.left);
}

static void tlv(struct scene *s, uint8_t type, struct cur *c, struct lldp_told *t)
{
	switch (type) {
	case TLV_CHASSIS:
		identifier(s, c, &chassis_id, CHASSIS_MAC, CHASSIS_NETWORK, &t->chassis_subtype,
			&t->chassis);
		break;
	case TLV_PORT:
		identifier(s, c, &port_id, PORT_MAC, PORT_NETWORK, &t->port_subtype, &t->port);
		break;
	case TLV_TTL:
		fact_uint(s, &time_to_live, cur_be16(c));
		break;
	case TLV_PORT_DESCRIPTION:
		t->port_text = *c;
		fact_text(s, &port_description, c->at, c->left);
		break;
	case TLV_NAME:
		t->name = *c;
		fact_text(s, &system_name, c->at, c->left);
		break;
	case TLV_DESCRIPTION:
		t->description = *c;
		fact_text(s, &system_description, c->at, c->left);
		break;
	case TLV_CAPABILITIES:
		fact_uint(s, &capabilities, cur_be16(c));
		t->enabled = cur_be16(c);
		fact_uint(s, &enabled, t->enabled);
		break;
	case TLV_MANAGEMENT:
		management(s, c, t);
		break;
	case TLV_ORGANIZATION:
		lldp_organization(s, c, t);
		break;
	default:
		fact_violation(s); /* reserved types */
		break;
	}
}

static const struct capability {
	uint16_t bit;
	const char *name;
} capability_names[] = {
	{ 1, "other" },
	{ 2, "repeater" },
	{ CAN_BRIDGE, "bridge" },
	{ CAN_WLAN, "access point" },
	{ CAN_ROUTE, "router" },
	{ CAN_PHONE, "telephone" },
	{ 64, "DOCSIS cable device" },
	{ CAN_STATION, "station" },
	{ 256, "C-VLAN" },
	{ 512, "S-VLAN" },
	{ 1024, "two-port relay" },
	{ 0 },
};

static void tell_capabilities(struct scene *s, uint16_t bits)
{
	char text[128];
	size_t used = 0;
	for (const struct capability *k = capability_names; k->name; k++) {
		if (!(bits & k->bit))
			continue;
		size_t size = strlen(k->name);
		if (used + size + 2 > sizeof text)
			break;
		if (used) {
			memcpy(text + used, ", ", 2);
			used += 2;
		}
		memcpy(text + used, k->name, size);
		used += size;
	}
	who_sender(s, ID_CAPABILITIES, text, used);
}

/* A station that bridges is a controller or drive with a switch inside: not the network's. */
static void tell_type(struct scene *s, uint16_t bits)
{
	if (bits & CAN_PHONE)
		who_sender_is(s, TYPE_PHONE, "LLDP capability telephone");
	else if (bits & CAN_WLAN)
		who_sender_is(s, TYPE_WIRELESS, "LLDP capability access point");
	else if ((bits & CAN_BRIDGE) && !(bits & CAN_STATION))
		who_sender_is(s, TYPE_SWITCH, "LLDP capability bridge");
	else if ((bits & CAN_ROUTE) && !(bits & CAN_STATION))
		who_sender_is(s, TYPE_ROUTER, "LLDP capability router");
}

/* PROFINET's station name is what its engineers call a device.  It is the chassis' identifier, or
 * where a device has several names, what follows the port: "port-001.pump-3". */
static struct cur station_name(const struct lldp_told *t)
{
	struct cur none = cur_bad(), port = t->port, chassis = t->chassis;
	if (!t->profinet)
		return none;
	long dot = cur_find(&port, '.');
	if (t->port_subtype == IS_LOCAL && dot > 0 && cur_starts(&port, "port-")) {
		cur_skip(&port, (size_t)dot + 1);
		return port;
	}
	/* With spaces it is the long form: vendor, order number, serial in columns. */
	return t->chassis_subtype == IS_LOCAL && cur_find(&chassis, ' ') < 0 ? chassis : none;
}

/* The one address that all ports of a device name: the chassis', or the PROFINET interface's. */
static const uint8_t *chassis_mac_of(const struct lldp_told *t)
{
	if (t->chassis_subtype == CHASSIS_MAC && t->chassis.left == 6)
		return t->chassis.at;
	return t->interface.left == 6 ? t->interface.at : NULL;
}

static void tell_names(struct scene *s, const struct lldp_told *t)
{
	struct cur station = station_name(t);
	who_sender(s, ID_NAME, station.at, station.left);
	if (t->name.left && !cur_starts(&t->name, "sysName Not Set")) /* SCALANCE, as delivered */
		who_sender(s, ID_NAME, t->name.at, t->name.left);
}

static void tell(struct scene *s, const struct lldp_told *t)
{
	for (unsigned key = 1; key < ID_KEY_COUNT; key++)
		if (t->inventory[key].left)
			who_sender(s, (enum identity_key)key, t->inventory[key].at,
				t->inventory[key].left);
	tell_names(s, t);
	const uint8_t *mac = chassis_mac_of(t);
	if (mac) {
		char text[MAC_TEXT];
		who_sender(s, ID_CHASSIS, mac_text(mac, text), MAC_TEXT - 1);
	}
	if (t->port_subtype != PORT_MAC && t->port_subtype != PORT_NETWORK)
		who_sender(s, ID_PORT, t->port.at, t->port.left);
	if (t->enabled)
		tell_capabilities(s, t->enabled);
	if (!ip_is_zero(&t->management) &&
		memcmp(t->management.b + 12, "\0\0\0", 4) != 0) { /* 0.0.0.0: not set yet */
		char text[IP_TEXT];
		ip_text(&t->management, text);
		who_sender(s, ID_MANAGEMENT, text, strlen(text));
	}
	if (!t->description.left || !describe_sender(s, t->description))
		tell_type(s, t->enabled);
}

/* The head of a TLV: 7 bits of type, 9 of length. */
static struct cur next_tlv(struct cur *c, uint8_t *type)
{
	uint16_t head = cur_be16(c);
	*type = (uint8_t)(head >> 9);
	return cur_sub(c, head & 0x1ff);
}

/* 802.1AB 8.2: chassis, port and time to live stand first, in this order. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	uint8_t type;
	struct cur chassis = next_tlv(&c, &type);
	if (type != TLV_CHASSIS || chassis.left < 2)
		return PROBE_NO;
	struct cur port = next_tlv(&c, &type);
	if (type != TLV_PORT || port.left < 2)
		return PROBE_NO;
	struct cur ttl = next_tlv(&c, &type);
	return type == TLV_TTL && ttl.left >= 2 ? PROBE_YES : PROBE_NO;
}

static bool is_shutdown(struct cur c)
{
	uint8_t type;
	next_tlv(&c, &type);
	next_tlv(&c, &type);
	struct cur ttl = next_tlv(&c, &type);
	return cur_be16(&ttl) == 0;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct lldp_told t = { 0 };
	if (probe(c, s) != PROBE_YES)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_begin(s, is_shutdown(c) ? &shutdown : &advertisement);
	unsigned mandatory = 0;
	while (cur_ok(&c) && c.left) {
		uint8_t type;
		struct cur value = next_tlv(&c, &type);
		if (!cur_ok(&value))
			break;
		if (type == TLV_END)
			break;
		tlv(s, type, &value, &t);
		if (!cur_ok(&value))
			cur_fail(&c);
		/* 802.1AB 9.2.7.7.1: the first three come once; what follows cannot be trusted. */
		if (type <= TLV_TTL && ++mandatory > TLV_TTL) {
			fact_violation(s);
			break;
		}
	}
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	tell(s, &t);
	return PARSED_WHOLE;
}

const struct proto proto_lldp = {
	.name = "lldp",
	.title = "LLDP",
	.standard = "IEEE 802.1AB-2016",
	.reads = "all TLVs, those of PROFINET, 802.1, 802.3 and LLDP-MED too",
	.seen = "29 captures: switches, Siemens and Beckhoff devices",
	.over = OVER_ETHER,
	.ethertypes = { 0x88cc },
	.probe = probe,
	.parse = parse,
};
