/* One frame, taken apart down to the transport payload of its innermost packet.
 *
 * Ethernet II, 802.3 with LLC/SNAP, VLAN and QinQ, HSR, MPLS, PPPoE; IPv4, IPv6 with its headers;
 * TCP, UDP; and what mirrors put around: GRE, ERSPAN I/II/III, VXLAN, Geneve, TZSP, IP in IP. */
#ifndef SENSE_PACKET_H
#define SENSE_PACKET_H

#include "base/cur.h"
#include "event/fact.h"
#include "sense/sense.h"

enum {
	TRANSPORT_ICMP = 1,
	TRANSPORT_TCP = 6,
	TRANSPORT_UDP = 17,
	TRANSPORT_ICMP6 = 58,
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };

/* What became of the frame. */
enum packet_kind {
	PACKET_LINK, /* no IP: ethertype (or SNAP id) and payload are set */
	PACKET_IP,   /* IP with a transport nobody opens: transport is set */
	PACKET_TCP,
	PACKET_UDP,
	PACKET_FRAGMENT, /* part of a larger IP datagram */
	PACKET_UNKNOWN,  /* link type or header we do not read */
};

struct packet {
	uint64_t frame;
	int64_t at_ns;
	struct cur payload;
	struct cur segment; /* TCP or UDP with its header, whole: for packet_check; else empty */
	enum packet_kind kind;
	uint32_t wire_size; /* of the whole frame */
	uint32_t missing;   /* payload bytes that were on the wire and are not in the capture */
	uint32_t seq, ack;  /* TCP */
	uint32_t snap_oui;  /* of a link packet under LLC/SNAP with an OUI other than 0 */
	uint32_t fragment_id, fragment_at; /* of a fragment */
	struct ip src, dst;
	uint16_t src_port, dst_port;
	uint16_t vlan;      /* innermost VLAN id; 0 none */
	uint16_t ethertype; /* of a link packet */
	uint8_t src_mac[6], dst_mac[6];
	uint8_t ttl, transport;
	uint8_t flags;          /* TCP */
	uint8_t encapsulations; /* how many mirrors were taken off */
	bool has_mac, cut, has_ip, ip6;
	bool fragment_more;
};

/* What was odd, over all frames. */
struct packet_counters {
	uint64_t bad_ip_checksum, bad_tcp_checksum, bad_udp_checksum;
	uint64_t cut_frames, bad_headers, unread_link, encapsulated, fragments;
};

void packet_read(struct packet *p, const struct sense_frame *f, struct packet_counters *n);
/* Counts wrong TCP and UDP checksums.  Apart from reading, since it takes as long as all of that.
 */
void packet_check(const struct packet *p, struct packet_counters *n);
/* The same from the IP payload on: for a datagram put together from fragments.  p keeps addresses.
 */
void packet_transport(struct packet *p, struct cur c, struct packet_counters *n);

#endif
