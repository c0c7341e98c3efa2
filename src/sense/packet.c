#include "sense/packet.h"

#include <string.h>

#include "base/attr.h"
#include "sense/packet_inside.h"

/* Headers one frame may nest before it is a trick. */
enum { NESTING_MAX = 24 };

enum { TRANSPORT_IPIP = 4, TRANSPORT_IP6 = 41, TRANSPORT_GRE = 47, TRANSPORT_AUTHENTIC = 51 };

struct reader {
	struct packet *p;
	struct packet_counters *n;
	unsigned depth;
};

static void read_ethernet(struct reader *r, struct cur c);
static void read_ethertype(struct reader *r, uint16_t type, struct cur c);
static void read_headers(struct reader *r, struct cur c);

/* A sum of 64-bit words with room for what carries. */
__extension__ typedef unsigned __int128 wide_sum;

/* Sums of 16-bit words in ones' complement, in the machine's byte order: larger words give the
 * same, once they are folded (RFC 1071, 2). */
static wide_sum add_words(wide_sum sum, const uint8_t *p, size_t size)
{
	uint64_t w;
	for (; size >= sizeof w; p += sizeof w, size -= sizeof w) {
		memcpy(&w, p, sizeof w);
		sum += w;
	}
	if (size & 4) {
		uint32_t half;
		memcpy(&half, p, sizeof half);
		sum += half;
		p += sizeof half;
	}
	uint8_t last[4] = { size & 3 ? p[0] : 0, size & 2 ? p[1] : 0, (size & 3) == 3 ? p[2] : 0 };
	uint32_t rest;
	memcpy(&rest, last, sizeof rest);
	return sum + rest;
}

static uint64_t add_header(const uint8_t *p, size_t size)
{
	uint64_t sum = 0;
	for (uint32_t w; size; p += sizeof w, size -= sizeof w) {
		memcpy(&w, p, sizeof w);
		sum += w;
	}
	return sum;
}

/* All ones, which is what nothing looks like in ones' complement. */
static bool sum_is_ok(wide_sum wide)
{
	uint64_t low = (uint64_t)wide, high = (uint64_t)(wide >> 64);
	low += high;
	low += low < high;
	return low && low % UINT16_MAX == 0;
}

static bool transport_sum_ok(const struct packet *p, const uint8_t *bytes, size_t size)
{
	/* IPv4 addresses stand behind ffff here, which is nothing in ones' complement. */
	wide_sum sum = add_words(0, p->src.b, sizeof p->src.b);
	sum = add_words(sum, p->dst.b, sizeof p->dst.b);
	const uint8_t rest[4] = { 0, p->transport, (uint8_t)(size >> 8), (uint8_t)size };
	sum = add_words(sum, rest, sizeof rest);
	return sum_is_ok(add_words(sum, bytes, size));
}

static void unknown(struct reader *r)
{
	r->p->kind = PACKET_UNKNOWN;
	r->n->bad_headers++;
}

/* --- transport --- */

static void read_tcp(struct reader *r, struct cur c)
{
	struct packet *p = r->p;
	struct cur whole = c, fixed = cur_sub(&c, 14);
	if (!cur_ok(&fixed)) {
		unknown(r);
		return;
	}
	p->src_port = cur_be16(&fixed);
	p->dst_port = cur_be16(&fixed);
	p->seq = cur_be32(&fixed);
	p->ack = cur_be32(&fixed);
	size_t header = (size_t)(cur_u8(&fixed) >> 4) * 4;
	p->flags = cur_u8(&fixed);
	if (header < 20) {
		unknown(r);
		return;
	}
	p->kind = PACKET_TCP;
	/* A handshake kept whole lacks nothing, whatever a damaged length says: what was sent
	 * behind it would be taken for bytes from before the beginning. */
	if (p->flags & TCP_SYN && !p->cut)
		p->missing = 0;
	if (!p->missing)
		p->segment = whole;
	if (header > whole.left) {
		/* The capture ends within the options: what is missing of them is no payload. */
		uint32_t options = (uint32_t)(header - whole.left);
		p->missing -= options < p->missing ? options : p->missing;
		p->payload = cur_of(whole.at + whole.left, 0);
		return;
	}
	cur_skip(&whole, header);
	p->payload = whole;
}

static void read_udp(struct reader *r, struct cur c)
{
	struct packet *p = r->p;
	struct cur whole = c, fixed = cur_sub(&c, 8);
	if (!cur_ok(&fixed)) {
		unknown(r);
		return;
	}
	p->src_port = cur_be16(&fixed);
	p->dst_port = cur_be16(&fixed);
	uint16_t size = cur_be16(&fixed);
	uint16_t sum = cur_be16(&fixed);
	if (size >= 8 && size < whole.left + p->missing) {
		/* bytes behind the datagram are padding */
		size_t whole_size = whole.left < size ? whole.left : size;
		p->missing = (uint32_t)(size - whole_size);
		whole.left = whole_size;
		c.left = whole_size - 8;
	}
	uint16_t inside;
	if (mirror_in_udp(&c, &inside)) {
		p->encapsulations++;
		r->n->encapsulated += p->encapsulations == 1;
		if (sum && !p->missing && !transport_sum_ok(p, whole.at, whole.left))
			r->n->bad_udp_checksum++;
		read_ethertype(r, inside, c);
		return;
	}
	p->kind = PACKET_UDP;
	p->payload = c;
	if (sum && !p->missing) /* 0: the sender made none */
		p->segment = whole;
}

/* GRE: RFC 2784 with key and sequence of RFC 2890; ERSPAN as in draft-foschiano-erspan-03. */
static void read_gre(struct reader *r, struct cur c)
{
	uint16_t flags = cur_be16(&c);
	uint16_t type = cur_be16(&c);
	if (flags & 0x8000 || flags & 0x4000)
		cur_skip(&c, 4);
	if (flags & 0x2000)
		cur_skip(&c, 4);
	if (flags & 0x1000)
		cur_skip(&c, 4);
	if (!cur_ok(&c) || flags & 7) {
		r->p->kind = PACKET_IP; /* version 1 carries PPP: nothing of ours */
		return;
	}
	r->p->encapsulations++;
	r->n->encapsulated += r->p->encapsulations == 1;
	if (type == ETHER_ERSPAN) {
		if (flags & 0x1000) /* type II numbers its packets, type I has no header at all */
			cur_skip(&c, 8);
		read_ethernet(r, c);
	} else if (type == ETHER_ERSPAN3) {
		cur_skip(&c, 10);
		uint16_t last = cur_be16(&c);
		if (last & 1)
			cur_skip(&c, 8);
		read_ethernet(r, c);
	} else if (type == ETHER_BRIDGED) {
		read_ethernet(r, c);
	} else {
		read_ethertype(r, type, c);
	}
}

/* RFC 4302, 2: its length counts 4-byte words less 2. */
static bool skip_authentication(struct reader *r, struct cur *c)
{
	r->p->transport = cur_u8(c);
	cur_skip(c, ((size_t)cur_u8(c) + 2) * 4 - 2);
	return cur_ok(c);
}

static void read_transport(struct reader *r, struct cur c)
{
	struct packet *p = r->p;
	switch (p->transport) {
	case TRANSPORT_TCP:
		read_tcp(r, c);
		break;
	case TRANSPORT_UDP:
		read_udp(r, c);
		break;
	case TRANSPORT_GRE:
		read_gre(r, c);
		break;
	case TRANSPORT_IPIP:
	case TRANSPORT_IP6:
		p->encapsulations++;
		read_ethertype(r, p->transport == TRANSPORT_IPIP ? ETHER_IPV4 : ETHER_IPV6, c);
		break;
	case TRANSPORT_AUTHENTIC: /* in IPv4; IPv6 counts it among its headers */
		if (++r->depth > NESTING_MAX || !skip_authentication(r, &c))
			unknown(r);
		else
			read_transport(r, c);
		break;
	default:
		p->kind = PACKET_IP;
		p->payload = c;
	}
}

void packet_check(const struct packet *p, struct packet_counters *n)
{
	if (!p->segment.at || transport_sum_ok(p, p->segment.at, p->segment.left))
		return;
	if (p->kind == PACKET_TCP)
		n->bad_tcp_checksum++;
	else
		n->bad_udp_checksum++;
}

void packet_transport(struct packet *p, struct cur c, struct packet_counters *n)
{
	struct reader r = { .p = p, .n = n };
	p->missing = 0;
	if (p->ip6)
		read_headers(&r, c);
	else
		read_transport(&r, c);
}

/* --- network --- */

static void read_ipv4(struct reader *r, struct cur c)
{
	struct packet *p = r->p;
	struct cur whole = c, fixed = cur_sub(&c, 20);
	if (!cur_ok(&fixed)) {
		unknown(r);
		return;
	}
	uint8_t first = cur_u8(&fixed);
	cur_skip(&fixed, 1);
	size_t total = cur_be16(&fixed);
	p->fragment_id = cur_be16(&fixed);
	uint16_t fragment = cur_be16(&fixed);
	p->ttl = cur_u8(&fixed);
	p->transport = cur_u8(&fixed);
	cur_skip(&fixed, 2);
	size_t header = (size_t)(first & 15) * 4;
	if (first >> 4 != 4 || header < 20 || (total && total < header)) {
		unknown(r);
		return;
	}
	p->src = ip_of_4(cur_take(&fixed, 4));
	p->dst = ip_of_4(cur_take(&fixed, 4));
	p->has_ip = true;
	p->ip6 = false;
	if (header <= whole.left && !sum_is_ok(add_header(whole.at, header)))
		r->n->bad_ip_checksum++;
	/* Total length 0: the sender's network card cut the segments; the frame tells the size. */
	if (total == 0)
		total = whole.left + p->missing;
	if (total > whole.left)
		p->missing = (uint32_t)(total - whole.left);
	else {
		whole.left = total;
		p->missing = 0;
	}
	cur_skip(&whole, header);
	if (!cur_ok(&whole)) {
		unknown(r);
		return;
	}
	if (fragment & 0x3fff) {
		p->kind = PACKET_FRAGMENT;
		p->fragment_at = (uint32_t)(fragment & 0x1fff) * 8;
		p->fragment_more = fragment & 0x2000;
		p->payload = whole;
		r->n->fragments++;
		return;
	}
	read_transport(r, whole);
}

/* RFC 8200, 3. */
static void read_ipv6(struct reader *r, struct cur c)
{
	struct packet *p = r->p;
	uint32_t first = cur_be32(&c);
	size_t size = cur_be16(&c);
	p->transport = cur_u8(&c);
	p->ttl = cur_u8(&c);
	const uint8_t *src = cur_take(&c, 16);
	const uint8_t *dst = cur_take(&c, 16);
	if (!src || !dst || first >> 28 != 6) {
		unknown(r);
		return;
	}
	memcpy(p->src.b, src, 16);
	memcpy(p->dst.b, dst, 16);
	p->has_ip = true;
	p->ip6 = true;
	if (size == 0) /* jumbogram, or a network card that cuts segments */
		size = c.left + p->missing;
	if (size > c.left)
		p->missing = (uint32_t)(size - c.left);
	else {
		c.left = size;
		p->missing = 0;
	}
	read_headers(r, c);
}

/* What stands between the IPv6 header and the transport, or behind a fragment header.  RFC 8200, 4.
 */
static void read_headers(struct reader *r, struct cur c)
{
	struct packet *p = r->p;
	for (unsigned headers = 0; headers < 16; headers++) {
		uint8_t next;
		switch (p->transport) {
		case 0:   /* hop-by-hop options */
		case 43:  /* routing */
		case 60:  /* destination options */
		case 135: /* mobility */
		case 139: /* host identity, RFC 7401 */
		case 140: /* shim6, RFC 5533 */
			next = cur_u8(&c);
			cur_skip(&c, (size_t)cur_u8(&c) * 8 + 6);
			break;
		case TRANSPORT_AUTHENTIC:
			if (!skip_authentication(r, &c)) {
				unknown(r);
				return;
			}
			continue;
		case 44: /* fragment */
			next = cur_u8(&c);
			cur_skip(&c, 1);
			uint16_t at = cur_be16(&c);
			p->fragment_id = cur_be32(&c);
			if (!cur_ok(&c))
				break;
			p->transport = next;
			if (at & 0xfff9) {
				p->kind = PACKET_FRAGMENT;
				p->fragment_at = at & 0xfff8;
				p->fragment_more = at & 1;
				p->payload = c;
				r->n->fragments++;
				return;
			}
			continue; /* an atomic fragment is a whole packet, RFC 6946 */
		default:
			read_transport(r, c);
			return;
		}
		if (!cur_ok(&c)) {
			unknown(r);
			return;
		}
		p->transport = next;
	}
	unknown(r);
}

/* --- link --- */

static void link_payload(struct reader *r, uint16_t type, uint32_t oui, struct cur c)
{
	r->p->kind = PACKET_LINK;
	r->p->ethertype = type;
	r->p->snap_oui = oui;
	r->p->payload = c;
}

/* IEEE 802.2: SNAP carries an OUI and a type; other service points have no type but are their own,
 * as IP's is (6, in both directions). */
static void read_llc(struct reader *r, struct cur c)
{
	struct cur in = c;
	if (cur_be16(&in) == 0xaaaa && cur_u8(&in) == 3) {
		uint32_t oui = cur_be24(&in);
		uint16_t type = cur_be16(&in);
		if (cur_ok(&in)) {
			if (oui == 0 || oui == 0xf8) /* 802.1H: what a bridge has turned */
				read_ethertype(r, type, in);
			else
				link_payload(r, type, oui, in);
			return;
		}
	}
	if (cur_peek(&c, 0) == 6 && cur_peek(&c, 1) == 6 && cur_peek(&c, 2) == 3) {
		cur_skip(&c, 3);
		read_ethertype(r, ETHER_IPV4, c);
		return;
	}
	if (cur_peek(&c, 0) == SAP_BACNET && cur_peek(&c, 1) == SAP_BACNET &&
		cur_peek(&c, 2) == 3) {
		cur_skip(&c, 3);
		link_payload(r, SAP_BACNET, 0, c); /* below 1500 it is no ethertype of anybody */
		return;
	}
	link_payload(r, 0, 0, c);
}

static void read_mpls(struct reader *r, struct cur c)
{
	for (unsigned labels = 0; labels < 16; labels++) {
		uint32_t label = cur_be32(&c);
		if (!cur_ok(&c))
			break;
		if (label & 0x100) { /* bottom of stack: the first nibble tells the version */
			int nibble = cur_peek(&c, 0) >> 4;
			if (nibble == 4 || nibble == 6)
				read_ethertype(r, nibble == 4 ? ETHER_IPV4 : ETHER_IPV6, c);
			else
				link_payload(r, ETHER_MPLS, 0, c);
			return;
		}
	}
	unknown(r);
}

static void read_ethertype(struct reader *r, uint16_t type, struct cur c)
{
	if (++r->depth > NESTING_MAX) {
		unknown(r);
		return;
	}
	if (LIKELY(type == ETHER_IPV4)) {
		read_ipv4(r, c);
		return;
	}
	switch (type) {
	case ETHER_IPV6:
		read_ipv6(r, c);
		return;
	case ETHER_VLAN:
	case ETHER_QINQ:
	case ETHER_QINQ_OLD: {
		uint16_t tag = cur_be16(&c);
		uint16_t inner = cur_be16(&c);
		if (!cur_ok(&c)) {
			unknown(r);
			return;
		}
		if (tag & 0xfff)
			r->p->vlan = tag & 0xfff;
		read_ethertype(r, inner, c);
		return;
	}
	case ETHER_HSR:
	case ETHER_REDUNDANCY: { /* a path, a number, and the frame goes on */
		cur_skip(&c, 4);
		uint16_t inner = cur_be16(&c);
		if (cur_ok(&c))
			read_ethertype(r, inner, c);
		else
			unknown(r);
		return;
	}
	case ETHER_MPLS:
	case ETHER_MPLS_MANY:
		read_mpls(r, c);
		return;
	case ETHER_PPPOE: { /* RFC 2516 session, then a PPP protocol number */
		struct cur in = c;
		cur_skip(&in, 6);
		uint16_t ppp = cur_be16(&in);
		if (ppp == 0x21 || ppp == 0x57)
			read_ethertype(r, ppp == 0x21 ? ETHER_IPV4 : ETHER_IPV6, in);
		else
			link_payload(r, type, 0, c);
		return;
	}
	case ETHER_BRIDGED:
		read_ethernet(r, c);
		return;
	}
	if (type <= 1500) { /* 802.3: a length, then LLC; what is beyond the length is padding */
		if (type < c.left)
			c.left = type;
		read_llc(r, c);
		return;
	}
	link_payload(r, type, 0, c);
}

static void read_ethernet(struct reader *r, struct cur c)
{
	if (++r->depth > NESTING_MAX) {
		unknown(r);
		return;
	}
	struct cur fixed = cur_sub(&c, 14);
	if (!cur_ok(&fixed)) {
		unknown(r);
		return;
	}
	if (r->p->encapsulations) {
		/* The way the mirror took is not the way of the frame in it, which may have no IP.
		 */
		r->p->src = r->p->dst = (struct ip){ 0 };
		r->p->src_port = r->p->dst_port = r->p->vlan = 0;
		r->p->has_ip = false;
		r->p->transport = r->p->ttl = 0;
	}
	memcpy(r->p->dst_mac, cur_take(&fixed, 6), 6);
	memcpy(r->p->src_mac, cur_take(&fixed, 6), 6);
	r->p->has_mac = true;
	read_ethertype(r, cur_be16(&fixed), c);
}

/* Linux cooked capture: the sender's address only, of up to eight bytes. */
static void read_cooked(struct reader *r, struct cur c, bool second)
{
	uint16_t type = 0, kind, size;
	if (second) {
		type = cur_be16(&c);
		cur_skip(&c, 6);
		kind = cur_be16(&c);
		cur_skip(&c, 1);
		size = cur_u8(&c);
	} else {
		cur_skip(&c, 2);
		kind = cur_be16(&c);
		size = cur_be16(&c);
	}
	const uint8_t *address = cur_take(&c, 8);
	if (!second)
		type = cur_be16(&c);
	if (!cur_ok(&c)) {
		unknown(r);
		return;
	}
	if (kind == 1 && size == 6) { /* ARPHRD_ETHER */
		memcpy(r->p->src_mac, address, 6);
		r->p->has_mac = true;
	}
	if (type == 4) /* 802.2 frames carry no type */
		read_llc(r, c);
	else
		read_ethertype(r, type, c);
}

static void read_raw(struct reader *r, struct cur c)
{
	int nibble = cur_peek(&c, 0) >> 4;
	if (nibble == 4 || nibble == 6)
		read_ethertype(r, nibble == 4 ? ETHER_IPV4 : ETHER_IPV6, c);
	else
		unknown(r);
}

/* BSD loopback: the address family in the byte order of the machine that captured. */
static void read_loopback(struct reader *r, struct cur c)
{
	uint32_t family = cur_be32(&c);
	if (family > 0xffff)
		family = __builtin_bswap32(family);
	if (family == 2)
		read_ethertype(r, ETHER_IPV4, c);
	else if (family == 24 || family == 28 || family == 30 || family == 10)
		read_ethertype(r, ETHER_IPV6, c);
	else
		unknown(r);
}

bool sense_reads(int linktype)
{
	switch (linktype) {
	case LINK_NULL:
	case LINK_ETHERNET:
	case LINK_RAW:
	case LINK_LOOP:
	case LINK_SLL:
	case LINK_IPV4:
	case LINK_IPV6:
	case LINK_SLL2:
		return true;
	}
	return false;
}

/* Member by member: in one piece it takes as long as most headers do. */
static void clear(struct packet *p)
{
	p->payload = p->segment = cur_bad();
	p->kind = PACKET_LINK;
	p->seq = p->ack = p->snap_oui = p->fragment_id = p->fragment_at = 0;
	p->src = p->dst = (struct ip){ 0 };
	p->src_port = p->dst_port = p->vlan = p->ethertype = 0;
	memset(p->src_mac, 0, sizeof p->src_mac);
	memset(p->dst_mac, 0, sizeof p->dst_mac);
	p->ttl = p->transport = p->flags = p->encapsulations = 0;
	p->has_mac = p->has_ip = p->ip6 = p->fragment_more = false;
}

void packet_read(struct packet *p, const struct sense_frame *f, struct packet_counters *n)
{
	clear(p);
	p->frame = f->number;
	p->at_ns = f->at_ns;
	p->wire_size = f->wire_size;
	p->cut = f->size < f->wire_size;
	p->missing = f->wire_size - f->size;
	n->cut_frames += p->cut;
	struct reader r = { .p = p, .n = n };
	struct cur c = cur_of(f->bytes, f->size);
	switch (f->linktype) {
	case LINK_ETHERNET:
		read_ethernet(&r, c);
		break;
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		read_raw(&r, c);
		break;
	case LINK_NULL:
	case LINK_LOOP:
		read_loopback(&r, c);
		break;
	case LINK_SLL:
	case LINK_SLL2:
		read_cooked(&r, c, f->linktype == LINK_SLL2);
		break;
	default:
		p->kind = PACKET_UNKNOWN;
		n->unread_link++;
	}
}
