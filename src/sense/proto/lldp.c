/* LLDP: IEEE 802.1AB-2016; organizationally specific TLVs of IEEE 802.1Q annex D, IEEE 802.3
 * clause 79, ANSI/TIA-1057 (LLDP-MED) and PROFINET (IEC 61158-6-10). */
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
enum { OUI_PROFINET = 0x000ecf, OUI_8021 = 0x0080c2, OUI_8023 = 0x00120f, OUI_MED = 0x0012bb };

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
static const struct field oui_field = { "lldp.orgtlv.oui", BE24 };
static const struct field unknown_subtype = { "lldp.unknown_subtype", U8 };
static const struct field unknown_content = { "lldp.unknown_subtype.content", BYTES };

/* --- organizations --- */

static const struct field vlan_id[] = { { "lldp.ieee.802_1.port_vlan.id", BE16 }, { 0 } };
static const struct field protocol_vlan[] = {
	{ "lldp.ieee.802_1.port_and_vlan_id_flag", U8 },
	{ "lldp.ieee.802_1.port_proto_vlan.id", BE16 },
	{ 0 },
};
static const struct field vlan_name[] = {
	{ "lldp.ieee.802_1.vlan.id", BE16 },
	{ "lldp.ieee.802_1.vlan.name", TEXT8 },
	{ 0 },
};
static const struct field management_vlan[] = { { "lldp.ieee.802_1.management_vlan", BE16 },
	{ 0 } };
static const struct field vid_digest[] = { { "lldp.ieee.802_1.vid_usage_digest", BE32 }, { 0 } };
static const struct field aggregation_1[] = {
	{ "lldp.ieee.802_1.aggregation_status", U8 },
	{ "lldp.ieee.802_1.aggregated_port_id", BE32 },
	{ 0 },
};
static const struct field mac_phy[] = {
	{ "lldp.ieee.802_3.mac_phy_auto_neg_status", U8 },
	{ "lldp.ieee.802_3.pmd_auto_neg_advertised_caps", BE16 },
	{ "lldp.ieee.802_3.pmd_mau_type", BE16 },
	{ 0 },
};
static const struct field mdi_power[] = {
	{ "lldp.ieee.802_3.mdi_power_support", U8 },
	{ "lldp.ieee.802_3.mdi_pse_pair", U8 },
	{ "lldp.ieee.802_3.mdi_power_class", U8 },
	{ 0 },
};
static const struct field aggregation_3[] = {
	{ "lldp.ieee.802_3.aggregation_status", U8 },
	{ "lldp.ieee.802_3.aggregated_port_id", BE32 },
	{ 0 },
};
static const struct field frame_size[] = { { "lldp.ieee.802_3.max_frame_size", BE16 }, { 0 } };
static const struct field energy_efficient[] = {
	{ "lldp.ieee.802_3.eee.transmit", BE16 },
	{ "lldp.ieee.802_3.eee.receive", BE16 },
	{ "lldp.ieee.802_3.eee.fallback_receive", BE16 },
	{ "lldp.ieee.802_3.eee.echo_transmit", BE16 },
	{ "lldp.ieee.802_3.eee.echo_receive", BE16 },
	{ 0 },
};
static const struct field med_capabilities[] = {
	{ "lldp.media.subtype.caps", BE16 },
	{ "lldp.media.subtype.class", U8 },
	{ 0 },
};
static const struct field med_hardware[] = { { "lldp.media.hardware", TEXT }, { 0 } };
static const struct field med_firmware[] = { { "lldp.media.firmware", TEXT }, { 0 } };
static const struct field med_software[] = { { "lldp.media.software", TEXT }, { 0 } };
static const struct field med_serial[] = { { "lldp.media.sn", TEXT }, { 0 } };
static const struct field med_manufacturer[] = { { "lldp.media.manufacturer", TEXT }, { 0 } };
static const struct field med_model[] = { { "lldp.media.model", TEXT }, { 0 } };
static const struct field med_asset[] = { { "lldp.media.asset", TEXT }, { 0 } };
static const struct field delay[] = {
	{ "lldp.profinet.port_rx_delay_local", BE32 },
	{ "lldp.profinet.port_rx_delay_remote", BE32 },
	{ "lldp.profinet.port_tx_delay_local", BE32 },
	{ "lldp.profinet.port_tx_delay_remote", BE32 },
	{ "lldp.profinet.cable_delay_local", BE32 },
	{ 0 },
};
static const struct field port_status[] = {
	{ "lldp.profinet.rtc2_port_status", BE16 },
	{ "lldp.profinet.rtc3_port_status", BE16 },
	{ 0 },
};
static const struct field alias[] = { { "lldp.profinet.alias", TEXT }, { 0 } };
static const struct field mrp_status[] = {
	{ "lldp.profinet.mrp_domain_uuid", BYTES, 0, 16 },
	{ "lldp.profinet.mrrt_port_status", BE16 },
	{ 0 },
};
static const struct field chassis_mac[] = { { "lldp.profinet.cm_mac_add", MAC }, { 0 } };
static const struct field ptcp_status[] = {
	{ "lldp.profinet.master_source_address", MAC },
	{ "lldp.profinet.subdomain_uuid", BYTES, 0, 16 },
	{ "lldp.profinet.ir_data_uuid", BYTES, 0, 16 },
	{ "lldp.profinet.length_of_period", BE32 },
	{ "lldp.profinet.red_period_begin", BE32 },
	{ "lldp.profinet.orange_period_begin", BE32 },
	{ "lldp.profinet.green_period_begin", BE32 },
	{ 0 },
};

static const struct field profinet_subtype = { "lldp.profinet.subtype", U8 };
static const struct field subtype_8021 = { "lldp.ieee.802_1.subtype", U8 };
static const struct field subtype_8023 = { "lldp.ieee.802_3.subtype", U8 };
static const struct field subtype_med = { "lldp.media.subtype", U8 };

static const struct organization {
	uint32_t oui;
	uint8_t subtype;
	const struct field *subtype_field, *fields;
	enum identity_key key; /* what its text says of the sender; 0: nothing */
} organizations[] = {
	{ OUI_PROFINET, 2, &profinet_subtype, port_status, 0 },
	{ OUI_PROFINET, 5, &profinet_subtype, chassis_mac, 0 },
	{ OUI_PROFINET, 1, &profinet_subtype, delay, 0 },
	{ OUI_PROFINET, 3, &profinet_subtype, alias, 0 },
	{ OUI_PROFINET, 4, &profinet_subtype, mrp_status, 0 },
	{ OUI_PROFINET, 6, &profinet_subtype, ptcp_status, 0 },
	{ OUI_8023, 1, &subtype_8023, mac_phy, 0 },
	{ OUI_8023, 2, &subtype_8023, mdi_power, 0 },
	{ OUI_8023, 3, &subtype_8023, aggregation_3, 0 },
	{ OUI_8023, 4, &subtype_8023, frame_size, 0 },
	{ OUI_8023, 5, &subtype_8023, energy_efficient, 0 },
	{ OUI_8021, 1, &subtype_8021, vlan_id, 0 },
	{ OUI_8021, 2, &subtype_8021, protocol_vlan, 0 },
	{ OUI_8021, 3, &subtype_8021, vlan_name, 0 },
	{ OUI_8021, 5, &subtype_8021, vid_digest, 0 },
	{ OUI_8021, 6, &subtype_8021, management_vlan, 0 },
	{ OUI_8021, 7, &subtype_8021, aggregation_1, 0 },
	{ OUI_MED, 1, &subtype_med, med_capabilities, 0 },
	{ OUI_MED, 5, &subtype_med, med_hardware, ID_HARDWARE },
	{ OUI_MED, 6, &subtype_med, med_firmware, ID_FIRMWARE },
	{ OUI_MED, 7, &subtype_med, med_software, ID_SOFTWARE },
	{ OUI_MED, 8, &subtype_med, med_serial, ID_SERIAL },
	{ OUI_MED, 9, &subtype_med, med_manufacturer, ID_VENDOR },
	{ OUI_MED, 10, &subtype_med, med_model, ID_MODEL },
	{ OUI_MED, 11, &subtype_med, med_asset, 0 },
	{ 0 },
};

/* --- organizations that no list of fields can spell --- */

static const struct field protocol_identity = { "lldp.ieee.802_1.proto.id", BYTES };
static const struct field app_priority = { "lldp.dcbx.ieee.app.prio", U8 };
static const struct field app_selector = { "lldp.dcbx.ieee.app.sf", U8 };
static const struct field app_protocol = { "lldp.dcbx.feature.app.proto", BE16 };
static const struct field policy_type = { "lldp.media.app_type", U8 };
static const struct field policy_unknown = { "lldp.media.policy_flag", FLAG };
static const struct field policy_tagged = { "lldp.media.tag_flag", FLAG };
static const struct field policy_vlan = { "lldp.media.vlan_id", U8 };
static const struct field policy_priority = { "lldp.media.l2_prio", U8 };
static const struct field policy_dscp = { "lldp.media.dscp", U8 };
static const struct field location_format = { "lldp.media.loc.data_format", U8, 1, 3 };
static const struct field location_data = { "lldp.media.loc.data", BYTES };
static const struct field civic_what = { "lldp.media.civic.what", U8 };
static const struct field civic_country = { "lldp.media.civic.country", TEXT };
static const struct field civic_type = { "lldp.media.civic.type", U8 };
static const struct field civic_value = { "lldp.media.civic.value", TEXT };
static const struct field power_type = { "lldp.media.power.type", U8 };
static const struct field power_source = { "lldp.media.power.source", U8 };
static const struct field power_priority = { "lldp.media.power.prio", U8 };
static const struct field power_value = { "lldp.media.power.value", BE16 };

/* 802.1Q D.2.11: a reserved byte, then rows of priority (3 bits), selector (3 bits), protocol. */
static void app_priorities(struct scene *s, struct cur *c)
{
	cur_skip(c, 1);
	while (cur_ok(c) && c->left) {
		uint8_t bits = cur_u8(c);
		uint16_t protocol = cur_be16(c);
		if (!cur_ok(c))
			return;
		fact_uint(s, &app_priority, bits >> 5);
		fact_uint(s, &app_selector, bits & 7);
		fact_uint(s, &app_protocol, protocol);
	}
}

/* TIA-1057 10.2.3: type, then U, T, X, VLAN (12), priority (3), DSCP (6). */
static void network_policy(struct scene *s, struct cur *c)
{
	fact_uint(s, &policy_type, cur_u8(c));
	uint32_t bits = cur_be24(c);
	fact_flag(s, &policy_unknown, bits >> 23 & 1);
	fact_flag(s, &policy_tagged, bits >> 22 & 1);
	fact_uint(s, &policy_vlan, bits >> 9 & 0xfff);
	fact_uint(s, &policy_priority, bits >> 6 & 7);
	fact_uint(s, &policy_dscp, bits & 63);
}

/* TIA-1057 10.2.4: format 2 is a civic address (RFC 4776); the others stay bytes. */
static void location(struct scene *s, struct cur *c)
{
	uint8_t format = cur_u8(c);
	fact_uint(s, &location_format, format);
	if (format != 2) {
		struct cur rest = cur_sub(c, c->left);
		fact_bytes(s, &location_data, rest.at, rest.left);
		return;
	}
	struct cur civic = cur_sub(c, cur_u8(c));
	fact_uint(s, &civic_what, cur_u8(&civic));
	const uint8_t *country = cur_take(&civic, 2);
	if (country)
		fact_text(s, &civic_country, country, 2);
	while (cur_ok(&civic) && civic.left) {
		uint8_t type = cur_u8(&civic);
		struct cur value = cur_sub(&civic, cur_u8(&civic));
		if (!cur_ok(&value))
			break;
		fact_uint(s, &civic_type, type);
		fact_text(s, &civic_value, value.at, value.left);
	}
	if (!cur_ok(&civic))
		cur_fail(c);
}

static void med_power(struct scene *s, struct cur *c)
{
	uint8_t bits = cur_u8(c);
	fact_uint(s, &power_type, bits >> 6);
	fact_uint(s, &power_source, bits >> 4 & 3);
	fact_uint(s, &power_priority, bits & 15);
	fact_uint(s, &power_value, cur_be16(c));
}

static bool by_hand(struct scene *s, uint32_t oui, uint8_t subtype, struct cur *c)
{
	switch (oui << 8 | subtype) {
	case (uint32_t)OUI_8021 << 8 | 4: {
		fact_uint(s, &subtype_8021, subtype);
		struct cur identity = cur_sub(c, cur_u8(c));
		if (identity.left)
			fact_bytes(s, &protocol_identity, identity.at, identity.left);
		return true;
	}
	case (uint32_t)OUI_8021 << 8 | 12:
		fact_uint(s, &subtype_8021, subtype);
		app_priorities(s, c);
		return true;
	case (uint32_t)OUI_MED << 8 | 2:
		fact_uint(s, &subtype_med, subtype);
		network_policy(s, c);
		return true;
	case (uint32_t)OUI_MED << 8 | 3:
		fact_uint(s, &subtype_med, subtype);
		location(s, c);
		return true;
	case (uint32_t)OUI_MED << 8 | 4:
		fact_uint(s, &subtype_med, subtype);
		med_power(s, c);
		return true;
	default:
		return false;
	}
}

/* --- the unit --- */

/* What the unit says of its sender, kept until all of it is known to be well made. */
struct told {
	struct cur chassis, port, port_text, name, description, interface;
	struct cur inventory[ID_KEY_COUNT];
	uint8_t chassis_subtype, port_subtype;
	bool profinet;
	uint16_t enabled;
	struct ip management;
};

static void organization(struct scene *s, struct cur *c, struct told *t)
{
	uint32_t oui = cur_be24(c);
	uint8_t subtype = cur_u8(c);
	if (!cur_ok(c))
		return;
	fact_uint(s, &oui_field, oui);
	t->profinet |= oui == OUI_PROFINET;
	const struct organization *o = organizations;
	while (o->fields && (o->oui != oui || o->subtype != subtype))
		o++;
	if (o->fields) {
		fact_uint(s, o->subtype_field, subtype);
		if (o->key)
			t->inventory[o->key] = *c;
		if (o->fields == chassis_mac)
			t->interface = *c;
		walk(s, c, o->fields);
	} else if (!by_hand(s, oui, subtype, c)) {
		fact_uint(s, &unknown_subtype, subtype);
		struct cur rest = cur_sub(c, c->left);
		fact_bytes(s, &unknown_content, rest.at, rest.left);
	}
}

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
static void management(struct scene *s, struct cur *c, struct told *t)
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

static void tlv(struct scene *s, uint8_t type, struct cur *c, struct told *t)
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
		organization(s, c, t);
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
static struct cur station_name(const struct told *t)
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
static const uint8_t *chassis_mac_of(const struct told *t)
{
	if (t->chassis_subtype == CHASSIS_MAC && t->chassis.left == 6)
		return t->chassis.at;
	return t->interface.left == 6 ? t->interface.at : NULL;
}

static void tell_names(struct scene *s, const struct told *t)
{
	struct cur station = station_name(t);
	who_sender(s, ID_NAME, station.at, station.left);
	if (t->name.left && !cur_starts(&t->name, "sysName Not Set")) /* SCALANCE, as delivered */
		who_sender(s, ID_NAME, t->name.at, t->name.left);
}

static void tell(struct scene *s, const struct told *t)
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
	struct told t = { 0 };
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
	.reads = "all TLVs, PROFINET, 802.1 and 802.3 ones too",
	.seen = "30 captures: switches, Siemens and Beckhoff devices",
	.over = OVER_ETHER,
	.ethertypes = { 0x88cc },
	.probe = probe,
	.parse = parse,
};
