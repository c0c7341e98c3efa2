/* Organizationally specific TLVs of LLDP: IEEE 802.1Q annex D, IEEE 802.3 clause 79, ANSI/TIA-1057
 * (LLDP-MED) and PROFINET (IEC 61158-6-10). */
#include "sense/proto/lldp.h"

enum { OUI_PROFINET = 0x000ecf, OUI_8021 = 0x0080c2, OUI_8023 = 0x00120f, OUI_MED = 0x0012bb };

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
static const struct field policy_vlan = { "lldp.media.vlan_id", BE16, 0, 4094 };
static const struct field policy_priority = { "lldp.media.l2_prio", U8 };
static const struct field policy_dscp = { "lldp.media.dscp", U8 };
static const struct field location_format = { "lldp.media.loc.data_format", U8, 1, 3 };
static const struct field location_elin = { "lldp.media.ecs", TEXT };
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

/* TIA-1057 10.2.4: where the port's other end stands, so nothing of who sends it.  Format 2 is a
 * civic address (RFC 4776), 3 a number for emergency calls; coordinates stay bytes. */
static void location(struct scene *s, struct cur *c)
{
	uint8_t format = cur_u8(c);
	fact_uint(s, &location_format, format);
	if (format != 2) {
		struct cur rest = cur_sub(c, c->left);
		if (format == 3)
			fact_text(s, &location_elin, rest.at, rest.left);
		else
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

void lldp_organization(struct scene *s, struct cur *c, struct lldp_told *t)
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
