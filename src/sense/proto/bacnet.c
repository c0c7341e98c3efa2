/* BACnet: ANSI/ASHRAE 135-2020.  The link over IP (annex J and U) and over Ethernet (clause 7), the
 * network layer (6.2).
 *
 * A device may stand behind a router, which lends it its address: what is said then is said of the
 * device in that network, as a module of the router, and not of the router itself. */
#include <stdio.h>

#include "sense/proto/bacnet.h"

enum { OVER_IP = 0x81, OVER_IP6 = 0x82, LINK_FUNCTIONS = 0x0c };

/* 6.2.2: the control octet */
enum { NETWORK_MESSAGE = 0x80, HAS_DESTINATION = 0x20, HAS_SOURCE = 0x08, RESERVED = 0x50 };
enum { NETWORK_VERSION = 1, BROADCAST_NET = 0xffff };

/* 802.2, and what the frame reader makes of it: BACnet's service access point */
enum { SERVICE_POINT = 0x82 };

static const struct field f_link = { "bvlc.function", U8 };
static const struct field f_link_6 = { "bvlc.function_ipv6", U8 };
static const struct field f_virtual_source = { "bvlc.virtual_source", BE24 };
static const struct field f_virtual_dest = { "bvlc.virtual_dest", BE24 };
static const struct field f_origin = { "bvlc.fwd_ip", IP4 };
static const struct field f_origin_port = { "bvlc.fwd_port", BE16 };
static const struct field f_origin_6 = { "bvlc.orig_source_addr", IP6 };
static const struct field f_origin_6_port = { "bvlc.orig_source_port", BE16 };
static const struct field f_control = { "bacnet.control", U8 };
static const struct field f_dnet = { "bacnet.dnet", BE16 };
static const struct field f_dadr[] = { { "bacnet.dadr_mstp", U8 }, { "bacnet.dadr_eth", MAC },
	{ "bacnet.dadr_tmp", BYTES } };
static const struct field f_snet = { "bacnet.snet", BE16 };
static const struct field f_sadr[] = { { "bacnet.sadr_mstp", U8 }, { "bacnet.sadr_eth", MAC },
	{ "bacnet.sadr_tmp", BYTES } };
static const struct field f_hops = { "bacnet.hopc", U8 };

/* --- headers --- */

static bool is_npdu(const struct bacnet_message *m)
{
	switch ((enum bacnet_function)m->function) {
	case BACNET_FORWARDED:
	case BACNET_DISTRIBUTE:
	case BACNET_UNICAST:
	case BACNET_BROADCAST:
	case BACNET_SIX_UNICAST:
	case BACNET_SIX_BROADCAST:
	case BACNET_SIX_FORWARDED:
	case BACNET_SIX_DISTRIBUTE:
		return true;
	default:
		return false;
	}
}

/* U.2: who is meant stands where it is one, not all of them. */
static bool is_for_one(const struct bacnet_message *m)
{
	return m->function == BACNET_SIX_UNICAST ||
		(m->function >= BACNET_SIX_RESOLVE && m->function <= BACNET_SIX_RESOLVED) ||
		m->function == BACNET_SIX_RESOLVED_VIRTUAL;
}

/* J.2 and U.2.  The size in it counts from its own first byte. */
static bool read_link(struct bacnet_message *m, struct cur *c, size_t *size)
{
	uint8_t type = cur_u8(c), function = cur_u8(c);
	m->link = true;
	m->six = type == OVER_IP6;
	m->function = (uint16_t)(m->six ? BACNET_SIX | function : function);
	*size = cur_be16(c);
	if (m->six)
		m->virtual_source = cur_be24(c);
	m->has_virtual_dest = is_for_one(m);
	if (m->has_virtual_dest)
		m->virtual_dest = cur_be24(c);
	return cur_ok(c) && (type == OVER_IP || type == OVER_IP6) && function <= LINK_FUNCTIONS;
}

static void read_origin(struct bacnet_message *m, struct cur *c)
{
	if (m->function != BACNET_FORWARDED && m->function != BACNET_SIX_FORWARDED)
		return;
	m->origin = cur_take(c, m->six ? 16 : 4);
	m->origin_port = cur_be16(c);
	if (!cur_ok(c))
		return;
	m->has_origin = true;
	if (m->six)
		memcpy(m->talk.origin.b, m->origin, 16);
	else
		m->talk.origin = ip_of_4(m->origin);
}

static struct bacnet_address read_address(struct cur *c)
{
	struct bacnet_address a = { .net = cur_be16(c) };
	a.size = cur_u8(c);
	a.mac = cur_take(c, a.size);
	return a;
}

/* 6.2.2.1: source network 0 and 65535 do not exist, nor a sender without an address. */
static bool read_network(struct bacnet_message *m, struct cur *c)
{
	uint8_t version = cur_u8(c);
	m->routed = true;
	m->control = cur_u8(c);
	if (m->control & HAS_DESTINATION)
		m->talk.dst = read_address(c);
	if (m->control & HAS_SOURCE)
		m->talk.src = read_address(c);
	if (m->control & HAS_DESTINATION)
		m->hops = cur_u8(c);
	bool source_ok = !(m->control & HAS_SOURCE) ||
		(m->talk.src.net && m->talk.src.net != BROADCAST_NET && m->talk.src.size);
	bool destination_ok = !(m->control & HAS_DESTINATION) || m->talk.dst.net;
	return cur_ok(c) && version == NETWORK_VERSION && !(m->control & RESERVED) && source_ok &&
		destination_ok;
}

static void address_values(struct scene *s, const struct bacnet_address *a, const struct field *net,
	const struct field adr[3])
{
	fact_uint(s, net, a->net);
	if (!a->size || !a->mac)
		return;
	struct cur c = cur_of(a->mac, a->size);
	if (a->size == 1)
		fact_uint(s, &adr[0], cur_u8(&c));
	else if (a->size == 6)
		fact_mac(s, &adr[1], a->mac);
	else
		fact_bytes(s, &adr[2], a->mac, a->size);
}

static void link_values(struct scene *s, const struct bacnet_message *m)
{
	fact_uint(s, m->six ? &f_link_6 : &f_link, m->function & 0xff);
	if (m->six)
		fact_uint(s, &f_virtual_source, m->virtual_source);
	if (m->has_virtual_dest)
		fact_uint(s, &f_virtual_dest, m->virtual_dest);
	if (m->has_origin) {
		fact_ip(s, m->six ? &f_origin_6 : &f_origin, m->origin, m->six ? 16 : 4);
		fact_uint(s, m->six ? &f_origin_6_port : &f_origin_port, m->origin_port);
	}
}

void bacnet_header(struct bacnet_message *m)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	bacnet_places(t);
	if (m->link)
		link_values(s, m);
	if (m->routed) {
		fact_uint(s, &f_control, m->control);
		if (m->control & HAS_DESTINATION)
			address_values(s, &t->dst, &f_dnet, f_dadr);
		if (m->control & HAS_SOURCE)
			address_values(s, &t->src, &f_snet, f_sadr);
		if (m->control & HAS_DESTINATION)
			fact_uint(s, &f_hops, m->hops);
	}
	if (m->has_type)
		bacnet_application_values(s, m);
	if (m->odd_size)
		fact_violation(s);
}

/* --- is it BACnet at all --- */

static bool link_fits(const struct bacnet_message *m, size_t left)
{
	if (m->six)
		return true; /* what comes after was bounded by the length */
	switch ((enum bacnet_function)m->function) {
	case BACNET_RESULT:
	case BACNET_REGISTER:
		return left == 2;
	case BACNET_WRITE_TABLE:
	case BACNET_TABLE:
	case BACNET_FOREIGN:
		return left % 10 == 0;
	case BACNET_READ_TABLE:
	case BACNET_READ_FOREIGN:
		return left == 0;
	case BACNET_DELETE_FOREIGN:
		return left == 6;
	default:
		return left > 0;
	}
}

/* The body of an APDU begins with a tag that may stand there, or is empty. */
static bool body_fits(const struct bacnet_message *m, struct cur c)
{
	struct bacnet_tag tag;
	switch (m->type) {
	case BACNET_UNCONFIRMED:
		return m->service <= 14 && !m->flags &&
			(!c.left || (bacnet_tag(&c, &tag) && !tag.closes));
	case BACNET_CONFIRMED:
		return !(m->flags & 1) && m->service <= 34 && !(m->limits & 0x80);
	case BACNET_COMPLEX_ACK:
		return !(m->flags & 3) && m->service <= 34;
	case BACNET_SIMPLE_ACK:
		return !m->flags && m->service <= 34 && !c.left;
	case BACNET_ERROR:
		return !m->flags && c.left;
	case BACNET_SEGMENT_ACK:
		return !(m->flags & 0x0c) && !c.left;
	case BACNET_REJECT:
		return !m->flags && c.left == 1;
	default:
		return !(m->flags & 0x0e) && c.left == 1;
	}
}

static bool network_fits(struct bacnet_message *m, struct cur c, bool cut)
{
	if (!read_network(m, &c))
		return false;
	if (m->control & NETWORK_MESSAGE)
		return c.left > 0 && !m->odd_size;
	if (!bacnet_read_application(m, &c))
		return false;
	return cut || (body_fits(m, c) && (!m->odd_size || bacnet_well_formed(c)));
}

/* Type, function and a length that is the datagram's; then a network header whose reserved bits are
 * zero and an application header that the standard knows.  Attackers' tools put a password into a
 * template and leave its length as it was: then the body has to be tags to the last byte. */
static enum probe probe(struct cur c, const struct scene *s)
{
	struct bacnet_message m = { 0 };
	size_t size, had = c.left;
	if (!read_link(&m, &c, &size))
		return PROBE_NO;
	m.odd_size = s->cut ? size < had : size != had;
	if (m.odd_size && (m.six || s->cut || m.function < BACNET_UNICAST))
		return PROBE_NO;
	/* H.7.2 and U.5: a device's number, of 22 bits, or a random one with the bit above it set.
	 */
	if (m.six && m.virtual_source >> 23)
		return PROBE_NO;
	if (!is_npdu(&m))
		return s->cut || link_fits(&m, c.left) ? PROBE_YES : PROBE_NO;
	read_origin(&m, &c);
	return cur_ok(&c) && network_fits(&m, c, s->cut) ? PROBE_YES : PROBE_NO;
}

static enum parsed parse_network(struct bacnet_message *m, struct cur c)
{
	struct scene *s = m->talk.s;
	if (!read_network(m, &c))
		return bacnet_ended(s, false);
	if (!(m->control & NETWORK_MESSAGE))
		return bacnet_application(m, c);
	uint8_t type = cur_u8(&c);
	if (!cur_ok(&c))
		return bacnet_ended(s, false);
	return bacnet_network_message(m, type, c);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct bacnet_message m = { .talk.s = s };
	if (s->transport == 0) /* right on Ethernet: clause 7 */
		return parse_network(&m, c);
	size_t size, had = c.left;
	if (!read_link(&m, &c, &size))
		return bacnet_ended(s, false);
	m.odd_size = s->cut ? size < had : size != had; /* what is there is read all the same */
	if (!is_npdu(&m))
		return bacnet_link_message(&m, c);
	read_origin(&m, &c);
	return cur_ok(&c) ? parse_network(&m, c) : bacnet_ended(s, false);
}

const struct proto proto_bacnet = {
	.name = "bacnet",
	.title = "BACnet",
	.standard = "ANSI/ASHRAE 135-2020",
	.reads =
		"BACnet/IP (IPv4, IPv6) and over Ethernet; all services, network and broadcast table "
		"messages, segments, values with their object, refusals, identity",
	.seen = "5 captures: building controllers and their routers, supervision, a scan, stacks in a "
		"laboratory, a generator",
	.over = OVER_UDP | OVER_ETHER,
	.begins = "01 81-82",
	.ot = true,
	.ethertypes = { SERVICE_POINT },
	.probe = probe,
	.parse = parse,
	.in_parts = true,
	.state_size = sizeof(struct bacnet_state),
	.asks = 32, /* a router stands for many devices, and each may be asked at once */
	.ask_size = sizeof(struct bacnet_asked),
	.point_name = bacnet_point_name,
};
