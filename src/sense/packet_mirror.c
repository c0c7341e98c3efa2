/* Encapsulation in UDP: recognised by content, so the collector's port may be any. */
#include "base/attr.h"
#include "sense/packet_inside.h"

static bool plausible_ip(uint16_t type, struct cur c)
{
	uint8_t first = cur_u8(&c);
	if (type == ETHER_IPV6)
		return first >> 4 == 6 && c.left >= 39;
	cur_skip(&c, 1);
	uint16_t total = cur_be16(&c);
	/* Total length 0: the sender's network card cut the segments. */
	return cur_ok(&c) && first >> 4 == 4 && (first & 15) >= 5 && (total >= 20 || total == 0);
}

/* What else is mirrored in plants: ARP, LLDP, PROFINET, GOOSE, GSE, sampled values, MRP, PTP,
 * EtherCAT, POWERLINK, SERCOS, MPLS, PPPoE, HSR. */
static const uint16_t plant_types[] = { 0x0806, 0x88cc, 0x8892, 0x88b8, 0x88b9, 0x88ba, 0x88e3,
	0x88f7, 0x88a4, 0x88ab, 0x88cd, ETHER_MPLS, ETHER_PPPOE, ETHER_HSR };

static bool is_tag(uint16_t type)
{
	return type == ETHER_VLAN || type == ETHER_QINQ || type == ETHER_QINQ_OLD;
}

static bool plausible_ethernet(struct cur c)
{
	cur_skip(&c, 12);
	uint16_t type = cur_be16(&c);
	for (int tags = 0; tags < 3 && is_tag(type); tags++) {
		cur_skip(&c, 2);
		type = cur_be16(&c);
	}
	if (type == ETHER_IPV4 || type == ETHER_IPV6)
		return plausible_ip(type, c);
	if (type <= 1500) { /* a length, then LLC: SNAP (CDP and its kind), spanning tree, BACnet */
		uint32_t llc = cur_be24(&c);
		return cur_ok(&c) && type <= c.left + 3 &&
			(llc == 0xaaaa03 || llc == 0x424203 || llc == 0x828203);
	}
	for (size_t i = 0; i < COUNT_OF(plant_types); i++)
		if (type == plant_types[i])
			return cur_ok(&c);
	return false;
}

/* VXLAN: RFC 7348, 5, flags 08 and all reserved bits zero; with a group of the sender's
 * (draft-smith-vxlan-group-policy, 2.1), flags 88; or its generic extension
 * (draft-ietf-nvo3-vxlan-gpe, 3), flags 0c and the next protocol: IPv4, IPv6, Ethernet. */
static bool take_vxlan(struct cur *c, uint16_t *type)
{
	struct cur in = *c;
	uint32_t head = cur_be32(&in);
	bool generic = head >= 0x0c000001 && head <= 0x0c000003;
	bool grouped = (head & 0xffb70000) == 0x88000000;
	if (head != 0x08000000 && !generic && !grouped)
		return false;
	if (cur_be32(&in) & 0xff || !cur_ok(&in))
		return false;
	bool ip = generic && head != 0x0c000003;
	uint16_t version = head == 0x0c000001 ? ETHER_IPV4 : ETHER_IPV6;
	if (!(ip ? plausible_ip(version, in) : plausible_ethernet(in)))
		return false;
	if (ip)
		*type = version;
	*c = in;
	return true;
}

/* Geneve: RFC 8926, 3.4.  What is inside may be Ethernet or IP itself. */
static bool take_geneve(struct cur *c, uint16_t *type)
{
	struct cur in = *c;
	uint8_t first = cur_u8(&in);
	uint8_t flags = cur_u8(&in);
	uint16_t inside = cur_be16(&in);
	uint32_t network = cur_be32(&in);
	if (first >> 6 || flags & 0x3f || network & 0xff)
		return false;
	cur_skip(&in, (size_t)(first & 0x3f) * 4);
	bool ip = inside == ETHER_IPV4 || inside == ETHER_IPV6;
	if (!cur_ok(&in) ||
		!(ip ? plausible_ip(inside, in)
		     : inside == ETHER_BRIDGED && plausible_ethernet(in)))
		return false;
	*c = in;
	*type = inside;
	return true;
}

/* TZSP: version 1, a received packet, Ethernet inside; tags until the end tag. */
static bool take_tzsp(struct cur *c)
{
	struct cur in = *c;
	if (cur_u8(&in) != 1 || cur_u8(&in) > 1 || cur_be16(&in) != 1)
		return false;
	for (int tags = 0; tags < 32; tags++) {
		uint8_t tag = cur_u8(&in);
		if (!cur_ok(&in))
			return false;
		if (tag == 1) {
			if (!plausible_ethernet(in))
				return false;
			*c = in;
			return true;
		}
		if (tag)
			cur_skip(&in, cur_u8(&in));
	}
	return false;
}

bool mirror_in_udp(struct cur *c, uint16_t *inside)
{
	*inside = ETHER_BRIDGED;
	return take_vxlan(c, inside) || take_tzsp(c) || take_geneve(c, inside);
}
