/* The inside of the packet reader: what packet.c and packet_mirror.c share. */
#ifndef SENSE_PACKET_INSIDE_H
#define SENSE_PACKET_INSIDE_H

#include "base/cur.h"

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_QINQ_OLD = 0x9100,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MANY = 0x8848, /* multicast */
	ETHER_PPPOE = 0x8864,
	ETHER_HSR = 0x892f,        /* IEC 62439-3 */
	ETHER_REDUNDANCY = 0xf1c1, /* IEEE 802.1CB, 7.8 */
	SAP_BACNET = 0x82, /* 802.2 service point, which stands for a type where there is none */
	ETHER_BRIDGED = 0x6558, /* transparent Ethernet bridging, RFC 1701 */
	ETHER_ERSPAN = 0x88be,
	ETHER_ERSPAN3 = 0x22eb,
};

/* Is this datagram a mirror's?  Then c moves to the frame in it, and *inside is its type. */
bool mirror_in_udp(struct cur *c, uint16_t *inside);

#endif
