/* ARP: RFC 826, with probes and announcements of RFC 5227, reverse ARP (RFC 903) and inverse ARP
 * (RFC 2390), for IPv4 over Ethernet. */
#include "sense/proto.h"

/* Numbers of the IANA's ARP parameters. */
enum { HARDWARE_ETHERNET = 1, HARDWARE_IEEE802 = 6, PROTOCOL_IP4 = 0x0800, OPCODE_LAST = 25 };
enum { REQUEST = 1, REPLY = 2, PROBE = 0x101, ANNOUNCEMENT = 0x102 };

static const struct field head[] = {
	{ "arp.hw.type", BE16 },
	{ "arp.proto.type", BE16 },
	{ "arp.hw.size", U8 },
	{ "arp.proto.size", U8 },
	{ "arp.opcode", BE16, 1, OPCODE_LAST },
	{ 0 },
};
static const struct field src_mac = { "arp.src.hw_mac", MAC };
static const struct field src_ip = { "arp.src.proto_ipv4", IP4 };
static const struct field dst_mac = { "arp.dst.hw_mac", MAC };
static const struct field dst_ip = { "arp.dst.proto_ipv4", IP4 | NAMING };

static const struct msg msgs[] = {
	{ REQUEST, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "resolve" },
	{ REPLY, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "resolve" },
	{ PROBE, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "probe" },
	{ ANNOUNCEMENT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "announcement" },
	{ 3, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "reverse" },
	{ 4, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "reverse" },
	{ 8, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "inverse" },
	{ 9, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "inverse" },
	{ 0 },
};
static const struct msg other = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "other" };

static bool is_ours(struct cur *c)
{
	uint16_t hardware = cur_be16(c);
	uint16_t protocol = cur_be16(c);
	uint8_t hardware_size = cur_u8(c);
	uint8_t protocol_size = cur_u8(c);
	return (hardware == HARDWARE_ETHERNET || hardware == HARDWARE_IEEE802) &&
		protocol == PROTOCOL_IP4 && hardware_size == 6 && protocol_size == 4;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	if (!is_ours(&c))
		return PROBE_NO;
	uint16_t opcode = cur_be16(&c);
	return cur_ok(&c) && opcode >= 1 && opcode <= OPCODE_LAST ? PROBE_YES : PROBE_NO;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	static const uint8_t zero[6];
	return memcmp(bytes, zero, size) == 0;
}

/* Requests that ask about oneself are another act: "is this free?" and "this is mine". */
static unsigned kind_of(unsigned opcode, const uint8_t *from, const uint8_t *to)
{
	if (opcode == REQUEST && is_zero(from, 4) && !is_zero(to, 4))
		return PROBE;
	if ((opcode == REQUEST || opcode == REPLY) && memcmp(from, to, 4) == 0)
		return ANNOUNCEMENT;
	return opcode;
}

static const struct msg *row_of(unsigned kind)
{
	for (const struct msg *m = msgs; m->name; m++)
		if (m->code == kind)
			return m;
	return &other;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct cur look = c;
	bool ours = is_ours(&look);
	unsigned opcode = cur_be16(&look);
	const uint8_t *from_mac = cur_take(&look, 6);
	const uint8_t *from = cur_take(&look, 4);
	const uint8_t *to_mac = cur_take(&look, 6);
	const uint8_t *to = cur_take(&look, 4);
	if (!cur_ok(&look))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (!ours)
		return PARSED_BAD;

	fact_begin(s, row_of(kind_of(opcode, from, to)));
	walk(s, &c, head);
	fact_mac(s, &src_mac, from_mac);
	fact_ip(s, &src_ip, from, 4);
	fact_mac(s, &dst_mac, to_mac);
	fact_ip(s, &dst_ip, to, 4);
	fact_end(s);

	/* The sender's word about itself; what it says of the target is hearsay.  A group address
	 * as sender is a lie or a broken stack: nobody answers from it. */
	if (!is_zero(from, 4) && !is_zero(from_mac, 6) && !(from_mac[0] & 1)) {
		struct ip address = ip_of_4(from);
		who_binds(s, from_mac, &address);
	}
	return PARSED_WHOLE;
}

const struct proto proto_arp = {
	.name = "arp",
	.title = "ARP",
	.standard = "RFC 826, RFC 5227",
	.reads = "requests, replies, probes, announcements",
	.seen = "35 captures: every kind of network",
	.over = OVER_ETHER,
	.ethertypes = { 0x0806, 0x8035 },
	.probe = probe,
	.parse = parse,
};
