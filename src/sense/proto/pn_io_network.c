/* Records of PROFINET IO about the network: interfaces, ports, the ring, the clock and the plan of
 * isochronous frames (IEC 61158-6-10, 5.2.13 and following). */
#include "sense/proto/pn_io.h"

enum {
	BLOCK_PORT_CHECK = 0x0200,
	BLOCK_PORT_ADJUST = 0x0202,
	BLOCK_SYNC,
	BLOCK_PLAN = 0x0205,
	BLOCK_PLAN_GLOBAL,
	BLOCK_PLAN_FRAMES,
	BLOCK_CHECK_PEERS = 0x020a,
	BLOCK_CHECK_DELAY,
	BLOCK_CHECK_MAU,
	BLOCK_ADJUST_MAU = 0x020e,
	BLOCK_PORT_REAL,
	BLOCK_RING_ADJUST = 0x0211,
	BLOCK_RING_CHECK = 0x0213,
	BLOCK_ADJUST_LINK = 0x021b,
	BLOCK_CHECK_LINK,
	BLOCK_ADJUST_PEER = 0x0224,
	BLOCK_ADJUST_BOUNDARY,
	BLOCK_ADJUST_PREAMBLE,
	BLOCK_SUBFRAMES = 0x022a,
	BLOCK_SUBFRAME,
	BLOCK_RING_ADJUST_ONE = 0x0231,
	BLOCK_RING_CHECK_ONE = 0x0233,
	BLOCK_INTERFACE_REAL = 0x0240,
	BLOCK_START_PARAMETER = 0x0601,
	BLOCK_START_INTERFACE = 0x0608,
	BLOCK_START_PORT,
};

static const struct field own_port = { "pn_io.own_port_id", TEXT8 };
static const struct field own_chassis = { "pn_io.own_chassis_id", TEXT8 };
static const struct field peer_name[] = {
	{ "pn_io.peer_port_id", TEXT8 },
	{ "pn_io.peer_chassis_id", TEXT8 },
	{ 0 },
};
static const struct field peer_mac[] = {
	{ "pn_io.line_delay", BE32 },
	{ "pn_io.peer_macadd", MAC },
	{ 0 },
};
static const struct field mau_type[] = { { "pn_io.mau_type", BE16 }, { 0 } };
static const struct field boundaries[] = {
	{ "pn_io.domain_boundary", BE32 },
	{ "pn_io.multicast_boundary", BE32 },
	{ "pn_io.link_state_port", U8 },
	{ "pn_io.link_state_link", U8 },
	{ 0 },
};
static const struct field media_type[] = { { "pn_io.media_type", BE32 }, { 0 } };
static const struct field own_mac[] = { { "pn_io.macadd", MAC }, { 0 } };
static const struct field own_address[] = {
	{ "pn_io.ip_address", IP4 },
	{ "pn_io.subnetmask", IP4 },
	{ "pn_io.standard_gateway", IP4 },
	{ 0 },
};
static const struct field ring_instance = { "pn_io.mrp_MrpInstance", U8 };
static const struct field ring_domain = { "pn_io.mrp_domain_uuid", TEXT };
static const struct field ring_role[] = { { "pn_io.mrp_role", BE16 }, { 0 } };
static const struct field ring_name = { "pn_io.mrp_domain_name", TEXT8 };
static const struct field ring_check[] = { { "pn_io.mrp_check", BE32 }, { 0 } };
static const struct field sync_domain = { "pn_io.ptcp_subdomain_id", TEXT };
static const struct field sync[] = {
	{ "pn_io.reserved_interval_begin", BE32 },
	{ "pn_io.reserved_interval_end", BE32 },
	{ "pn_io.pllwindow", BE32 },
	{ "pn_io.sync_send_factor", BE32 },
	{ "pn_io.send_clock_factor", BE16 },
	{ "pn_io.ptcp_timeout_factor", BE16 },
	{ "pn_io.ptcp_takeover_timeout_factor", BE16 },
	{ "pn_io.ptcp_master_startup_time", BE16 },
	{ "pn_io.sync_properties", BE16 },
	{ "pn_io.ptcp_master_priority_1", U8 },
	{ "pn_io.ptcp_master_priority_2", U8 },
	{ "pn_io.ptcp_subdomain_name", TEXT8 },
	{ 0 },
};
static const struct field plan_id = { "pn_io.ir_data_id", TEXT };
static const struct field plan_bridge[] = { { "pn_io.max_bridge_delay", BE32 }, { 0 } };
static const struct field plan_port[] = {
	{ "pn_io.max_port_tx_delay", BE32 },
	{ "pn_io.max_port_rx_delay", BE32 },
	{ 0 },
};
static const struct field plan_line[] = {
	{ "pn_io.max_line_rx_delay", BE32 },
	{ "pn_io.yellowtime", BE32 },
	{ 0 },
};
static const struct field plan_properties[] = { { "pn_io.frame_data_properties", BE32 }, { 0 } };
static const struct field plan_frame[] = {
	{ "pn_io.frame_send_offset", BE32 },
	{ "pn_io.data_length", BE16 },
	{ "pn_io.reduction_ratio", BE16 },
	{ "pn_io.phase", BE16 },
	{ "pn_io.frame_id", BE16 },
	{ "pn_io.ethertype", BE16 },
	{ "pn_io.rx_port", U8 },
	{ "pn_io.frame_details", U8 },
	{ 0 },
};
static const struct field plan_ports = { "pn_io.tx_port_properties", U8 };
static const struct field subframe[] = {
	{ "pn_io.frame_id", BE16 },
	{ "pn_io.SFIOCRProperties", BE32 },
	{ 0 },
};
static const struct field subframe_data[] = { { "pn_io.subframe_data", BE32 }, { 0 } };
static const struct field start_uuid = { "pn_io.fs_parameter_uuid", TEXT };

static const struct field delay_check[] = {
	{ "", SKIP, 2 },
	{ "pn_io.line_delay", BE32 },
	{ 0 },
};
static const struct field link_check[] = {
	{ "pn_io.link_state_port", U8 },
	{ "pn_io.link_state_link", U8 },
	{ 0 },
};
static const struct field mau_adjust[] = {
	{ "", SKIP, 2 },
	{ "pn_io.mau_type", BE16 },
	{ "pn_io.adjust_properties", BE16 },
	{ 0 },
};
static const struct field link_adjust[] = {
	{ "", SKIP, 2 },
	{ "pn_io.link_state_port", U8 },
	{ "pn_io.link_state_link", U8 },
	{ "pn_io.adjust_properties", BE16 },
	{ 0 },
};
static const struct field preamble_adjust[] = {
	{ "", SKIP, 2 },
	{ "pn_io.preamble_length", BE16 },
	{ "pn_io.adjust_properties", BE16 },
	{ 0 },
};
static const struct field boundary_adjust[] = {
	{ "", SKIP, 2 },
	{ "pn_io.dcp_boundary_value", BE32 },
	{ "pn_io.adjust_properties", BE16 },
	{ 0 },
};
static const struct field peer_adjust[] = {
	{ "", SKIP, 2 },
	{ "pn_io.peer_to_peer_boundary_value", BE32 },
	{ "pn_io.adjust_properties", BE16 },
	{ 0 },
};
static const struct field start_mode[] = {
	{ "", SKIP, 2 },
	{ "pn_io.fs_parameter_mode", BE32 },
	{ 0 },
};

/* Blocks that say the same whatever stands around them. */
static const struct plain_row {
	uint16_t type;
	const struct field *fields;
} plain[] = {
	{ BLOCK_CHECK_DELAY, delay_check },
	{ BLOCK_CHECK_MAU, mau_type },
	{ BLOCK_CHECK_LINK, link_check },
	{ BLOCK_ADJUST_MAU, mau_adjust },
	{ BLOCK_ADJUST_LINK, link_adjust },
	{ BLOCK_ADJUST_PEER, peer_adjust },
	{ BLOCK_ADJUST_BOUNDARY, boundary_adjust },
	{ BLOCK_ADJUST_PREAMBLE, preamble_adjust },
};

void pn_io_fill(struct cur *c, size_t whole)
{
	size_t at = whole - c->left, more = (4 - at % 4) % 4;
	cur_skip(c, more < c->left ? more : c->left);
}

static void text8(struct scene *s, const struct field *f, struct cur *c)
{
	uint8_t size = cur_u8(c);
	const uint8_t *text = cur_take(c, size);
	if (text)
		fact_text(s, f, text, size);
}

static void read_peers(struct scene *s, struct cur *c, size_t whole, bool real)
{
	uint8_t count = cur_u8(c);
	if (real)
		pn_io_fill(c, whole);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		walk(s, c, peer_name);
		if (!real)
			continue;
		pn_io_fill(c, whole);
		walk(s, c, peer_mac);
		pn_io_fill(c, whole);
	}
}

static void read_place(struct scene *s, struct cur *c)
{
	cur_skip(c, 2);
	fact_uint(s, &pn_io_slot, cur_be16(c));
	fact_uint(s, &pn_io_subslot, cur_be16(c));
}

static void read_port(struct scene *s, struct cur *c, size_t whole)
{
	read_place(s, c);
	text8(s, &own_port, c);
	read_peers(s, c, whole, true);
	walk(s, c, mau_type);
	pn_io_fill(c, whole);
	walk(s, c, boundaries);
	pn_io_fill(c, whole);
	walk(s, c, media_type);
}

static void say_interface(const struct pn_reading *r, struct cur c, size_t whole)
{
	uint8_t size = cur_u8(&c);
	const uint8_t *name = cur_take(&c, size);
	pn_io_fill(&c, whole);
	const uint8_t *mac = cur_take(&c, 6);
	pn_io_fill(&c, whole);
	const uint8_t *four = cur_take(&c, 4);
	if (!r->told || !name || !mac || !four)
		return;
	struct ip ip = ip_of_4(four);
	who_sender(r->s, ID_NAME, name, size);
	who_binds(r->s, mac, &ip);
}

static void read_interface(const struct pn_reading *r, struct cur *c, size_t whole)
{
	struct scene *s = r->s;
	say_interface(r, *c, whole);
	text8(s, &own_chassis, c);
	pn_io_fill(c, whole);
	walk(s, c, own_mac);
	pn_io_fill(c, whole);
	walk(s, c, own_address);
}

/* Redundancy of the ring (IEC 62439-2): whose ring, and what the device is in it. */
static void read_ring(struct scene *s, struct cur *c, size_t whole, uint16_t type)
{
	cur_skip(c, 1);
	uint8_t instance = cur_u8(c);
	if (type == BLOCK_RING_ADJUST_ONE || type == BLOCK_RING_CHECK_ONE)
		fact_uint(s, &ring_instance, instance);
	pn_io_uuid(s, &ring_domain, cur_take(c, 16), false);
	if (type == BLOCK_RING_CHECK || type == BLOCK_RING_CHECK_ONE) {
		walk(s, c, ring_check);
		return;
	}
	walk(s, c, ring_role);
	pn_io_fill(c, whole);
	text8(s, &ring_name, c);
}

static void read_sync(struct scene *s, struct cur *c)
{
	cur_skip(c, 2);
	pn_io_uuid(s, &sync_domain, cur_take(c, 16), false);
	walk(s, c, sync);
}

static void read_plan(struct scene *s, struct cur *c, uint8_t version)
{
	cur_skip(c, 2);
	pn_io_uuid(s, &plan_id, cur_take(c, 16), false);
	if (version < 1)
		return;
	walk(s, c, plan_bridge);
	uint32_t ports = cur_be32(c);
	for (uint32_t i = 0; i < ports && cur_ok(c); i++) {
		walk(s, c, plan_port);
		if (version >= 2)
			walk(s, c, plan_line);
	}
}

static void read_plan_frames(struct scene *s, struct cur *c, size_t whole, uint8_t version)
{
	cur_skip(c, 2);
	if (version >= 1)
		walk(s, c, plan_properties);
	while (c->left && cur_ok(c)) {
		walk(s, c, plan_frame);
		uint8_t groups = cur_u8(c);
		for (unsigned i = 0; i < groups && cur_ok(c); i++)
			fact_uint(s, &plan_ports, cur_u8(c));
		pn_io_fill(c, whole);
	}
}

static void read_subframe(struct scene *s, struct cur *c)
{
	walk(s, c, subframe);
	while (c->left && cur_ok(c))
		walk(s, c, subframe_data);
}

static bool read_plain(struct scene *s, uint16_t type, struct cur *c)
{
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (plain[i].type == type) {
			walk(s, c, plain[i].fields);
			return true;
		}
	return false;
}

/* Blocks that hold others. */
static bool read_holder(
	const struct pn_reading *r, uint16_t type, uint8_t version, struct cur *c, unsigned depth)
{
	bool rings = (type == BLOCK_RING_ADJUST || type == BLOCK_RING_CHECK) && version >= 1;
	if (type == BLOCK_PORT_CHECK || type == BLOCK_PORT_ADJUST || type == BLOCK_PLAN)
		read_place(r->s, c);
	else if (rings || type == BLOCK_SUBFRAMES || type == BLOCK_START_INTERFACE ||
		type == BLOCK_START_PORT)
		cur_skip(c, 2); /* reserved, or how many */
	else
		return false;
	pn_io_inside(r, c, depth);
	return true;
}

bool pn_io_network(
	const struct pn_reading *r, uint16_t type, uint8_t version, struct cur *c, unsigned depth)
{
	struct scene *s = r->s;
	size_t whole = c->left + PN_BLOCK_HEAD;
	if (read_holder(r, type, version, c, depth))
		return true;
	switch (type) {
	case BLOCK_CHECK_PEERS:
		read_peers(s, c, whole, false);
		return true;
	case BLOCK_PORT_REAL:
		read_port(s, c, whole);
		return true;
	case BLOCK_INTERFACE_REAL:
		read_interface(r, c, whole);
		return true;
	case BLOCK_RING_ADJUST:
	case BLOCK_RING_CHECK:
	case BLOCK_RING_ADJUST_ONE:
	case BLOCK_RING_CHECK_ONE:
		read_ring(s, c, whole, type);
		return true;
	case BLOCK_SYNC:
		read_sync(s, c);
		return true;
	case BLOCK_PLAN_GLOBAL:
		read_plan(s, c, version);
		return true;
	case BLOCK_PLAN_FRAMES:
		read_plan_frames(s, c, whole, version);
		return true;
	case BLOCK_SUBFRAME:
		read_subframe(s, c);
		return true;
	case BLOCK_START_PARAMETER:
		walk(s, c, start_mode);
		pn_io_uuid(s, &start_uuid, cur_take(c, 16), false);
		return true;
	default:
		return read_plain(s, type, c);
	}
}
