/* Frames taken apart: what the innermost packet is, whatever stands around it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/out.h"
#include "sense/packet.h"
#include "tap.h"

#define MACS   "020000000002 020000000001"
#define IP_UDP "4500 001e 0000 0000 40 11 0000 0a000001 0a000002"
#define UDP    "1388 1389 000a 0000 4142"
#define INNER  MACS "0800" IP_UDP UDP
/* Outer packets, from 10.0.0.9 to 10.0.0.8: what follows has 0x2c (44) bytes more. */
#define OUTER_MACS "020000000008 020000000009"
#define IP6        "fd000000000000000000000000000001 fd000000000000000000000000000002"

static const struct frame_row {
	const char *name, *hex, *expected;
	int link; /* 0: Ethernet */
} frames[] = {
	{ "a datagram", INNER, "udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "its padding is not of it", INNER "000000000000", "udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "a length of 0 in the UDP header: the packet tells",
		MACS "0800" IP_UDP "1388 1389 0000 0000 4142",
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "VLAN in VLAN: the inner one counts", MACS "88a8 0064 8100 2007 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 vlan 7" },
	{ "a priority tag is no VLAN", MACS "8100 e000 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "MPLS, two labels",
		MACS "8847 00001040 00002140"
		     "4500 001e 0000 0000 40 11 0000 0a000001 0a000002" UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "PPPoE", MACS "8864 1100 0001 0020 0021" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "SNAP with a type", MACS "0026 aaaa03 000000 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "SNAP of a vendor", MACS "000a aaaa03 00000c 2000 0102 ffff", "link 2000 00000c 2" },
	{ "SNAP of a bridge", MACS "0026 aaaa03 0000f8 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "IP's own service point", MACS "0021 060603" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "a ring that sends twice (HSR)", MACS "892f 1024 0001 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "redundancy with a number, tagged", MACS "8100 0007 f1c1 0000 0001 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 vlan 7" },
	{ "spanning tree has no type", MACS "0005 424203 0102 ffff", "link 0000 000000 5" },
	{ "a mirror in GRE, its VLAN and addresses forgotten",
		OUTER_MACS "8100 0063 0800 4500 0050 0000 0000 40 2f 0000 0a000009 0a000008"
			   "1000 88be 00000001 0000000000000000" INNER,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 mirrors 1" },
	{ "a mirror of ARP is no packet of the mirror's",
		OUTER_MACS "0800 4500 002e 0000 0000 40 2f 0000 0a000009 0a000008"
			   "0000 6558" MACS "0806 0001 0800 06 04 0001",
		"link 0806 000000 8 mirrors 1" },
	{ "VXLAN",
		OUTER_MACS "0800 4500 0050 0000 0000 40 11 0000 0a000009 0a000008"
			   "d903 12b5 003c 0000 08000000 00000700" INNER,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 mirrors 1" },
	{ "VXLAN with a group",
		OUTER_MACS "0800 4500 0050 0000 0000 40 11 0000 0a000009 0a000008"
			   "d903 12b5 003c 0000 88000064 00000700" INNER,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 mirrors 1" },
	{ "VXLAN with IP in it",
		OUTER_MACS "0800 4500 0042 0000 0000 40 11 0000 0a000009 0a000008"
			   "d903 12b6 002e 0000 0c000001 00000700" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 mirrors 1" },
	{ "VXLAN, tagged three times",
		OUTER_MACS "0800 4500 005c 0000 0000 40 11 0000 0a000009 0a000008"
			   "d903 12b5 0048 0000 08000000 00000700" MACS
			   "9100 0005 88a8 0006 8100 0007 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 vlan 7 mirrors 1" },
	{ "what only begins like VXLAN is a datagram",
		MACS "0800 4500 0024 0000 0000 40 11 0000 0a000001 0a000002"
		     "1388 1389 0010 0000 08000000 00000700",
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 8" },
	{ "IP in IP", OUTER_MACS "0800 4500 0032 0000 0000 40 04 0000 0a000009 0a000008" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2 mirrors 1" },
	{ "IPv6 with options before the datagram",
		MACS "86dd 60000000 0012 00 40" IP6 "11 00 000000000000" UDP,
		"udp fd00::1:5000 > fd00::2:5001 2" },
	{ "IPv6 for a host of many addresses, authenticated",
		MACS "86dd 60000000 0022 8c 40" IP6 "33 00 000000000000"
		     "11 02 0000 00000001 00000001 00000000" UDP,
		"udp fd00::1:5000 > fd00::2:5001 2" },
	{ "IPv4, authenticated",
		MACS "0800 4500 002e 0000 0000 40 33 0000 0a000001 0a000002"
		     "11 02 0000 00000001 00000001 00000000" UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "an atomic fragment is whole",
		MACS "86dd 60000000 0012 2c 40" IP6 "11 00 0000 00000007" UDP,
		"udp fd00::1:5000 > fd00::2:5001 2" },
	{ "a fragment", MACS "0800 4500 001e 0007 2001 40 11 0000 0a000001 0a000002" UDP,
		"fragment 10.0.0.1 > 10.0.0.2 7 at 8 more 10" },
	{ "segments that a network card cuts later: length 0",
		MACS "0800 4500 0000 0000 0000 40 11 0000 0a000001 0a000002" UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2" },
	{ "raw IP", IP_UDP UDP, "udp 10.0.0.1:5000 > 10.0.0.2:5001 2", LINK_RAW },
	{ "loopback, of a big machine", "00000002" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2", LINK_LOOP },
	{ "loopback, of a little one", "02000000" IP_UDP UDP, "udp 10.0.0.1:5000 > 10.0.0.2:5001 2",
		LINK_LOOP },
	{ "cooked", "0000 0001 0006 0200000000010000 0800" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2", LINK_SLL },
	{ "cooked, version 2", "0800 0000 00000001 0001 00 06 0200000000010000" IP_UDP UDP,
		"udp 10.0.0.1:5000 > 10.0.0.2:5001 2", LINK_SLL2 },
	{ "no frame", "0200", "unknown" },
	{ "a header longer than the packet",
		MACS "0800 4f00 001e 0000 0000 40 11 0000 0a000001"
		     "0a000002" UDP,
		"unknown" },
	{ "version 5", MACS "0800 5500 001e 0000 0000 40 11 0000 0a000001 0a000002" UDP,
		"unknown" },
	{ "a TCP header of 16 bytes",
		MACS "0800 4500 0028 0000 0000 40 06 0000 0a000001 0a000002"
		     "1388 1389 00000001 00000000 4010 2000 0000 0000",
		"unknown" },
	{ "protocol 0", MACS "0800 4500 0016 0000 0000 40 00 0000 0a000001 0a000002 4142",
		"ip 10.0.0.1 > 10.0.0.2 0 2" },
};

static const char *tell(const struct packet *p, struct out *o)
{
	static const char *const kinds[] = { "link", "ip", "tcp", "udp", "fragment", "unknown" };
	char a[IP_TEXT], b[IP_TEXT];
	ip_text(&p->src, a);
	ip_text(&p->dst, b);
	out_str(o, kinds[p->kind]);
	switch (p->kind) {
	case PACKET_LINK:
		out_fmt(o, " %04x %06x %zu", p->ethertype, (unsigned)p->snap_oui, p->payload.left);
		assert_true(!p->has_ip && ip_is_zero(&p->src) && ip_is_zero(&p->dst));
		break;
	case PACKET_IP:
		out_fmt(o, " %s > %s %u %zu", a, b, p->transport, p->payload.left);
		break;
	case PACKET_TCP:
	case PACKET_UDP:
		out_fmt(o, " %s:%u > %s:%u %zu", a, p->src_port, b, p->dst_port, p->payload.left);
		break;
	case PACKET_FRAGMENT:
		out_fmt(o, " %s > %s %u at %u%s %zu", a, b, (unsigned)p->fragment_id,
			(unsigned)p->fragment_at, p->fragment_more ? " more" : "", p->payload.left);
		break;
	case PACKET_UNKNOWN:
		break;
	}
	if (p->vlan)
		out_fmt(o, " vlan %u", p->vlan);
	if (p->encapsulations)
		out_fmt(o, " mirrors %u", p->encapsulations);
	return out_text(o);
}

static void innermost_packet(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(frames); i++) {
		static struct made m;
		m.size = 0;
		made_hex(&m, frames[i].hex);
		struct packet p;
		struct packet_counters n = { 0 };
		char text[200];
		struct out o = out_mem(text, sizeof text);
		packet_read(&p,
			&(struct sense_frame){ .bytes = m.bytes,
				.size = (uint32_t)m.size,
				.wire_size = (uint32_t)m.size,
				.linktype = frames[i].link ? frames[i].link : LINK_ETHERNET },
			&n);
		if (strcmp(tell(&p, &o), frames[i].expected) != 0)
			print_error("%s\n", frames[i].name);
		assert_string_equal(text, frames[i].expected);
		assert_int_equal(n.bad_headers, p.kind == PACKET_UNKNOWN);
		/* Cut anywhere, in memory of just that size: never beyond, never more than is. */
		for (size_t cut = 0; cut < m.size; cut++) {
			uint8_t *part = test_malloc(cut + 1);
			memcpy(part, m.bytes, cut);
			packet_read(&p,
				&(struct sense_frame){ .bytes = part,
					.size = (uint32_t)cut,
					.wire_size = (uint32_t)m.size,
					.linktype =
						frames[i].link ? frames[i].link : LINK_ETHERNET },
				&n);
			assert_true(p.payload.left <= cut);
			assert_true(p.missing <= m.size);
			test_free(part);
		}
	}
}

/* Nested without end: the reader gives up, and says so. */
static void nesting_ends(void **unused)
{
	(void)unused;
	static struct made m;
	m.size = 0;
	made_hex(&m, MACS);
	for (unsigned i = 0; i < 2000; i++)
		made_hex(&m, "8100 0001");
	struct packet p;
	struct packet_counters n = { 0 };
	packet_read(&p,
		&(struct sense_frame){ .bytes = m.bytes,
			.size = (uint32_t)m.size,
			.wire_size = (uint32_t)m.size,
			.linktype = LINK_ETHERNET },
		&n);
	assert_int_equal(p.kind, PACKET_UNKNOWN);
	assert_int_equal(n.bad_headers, 1);
}

/* A frame of which the capture kept 54 bytes. */
static void read_kept(const char *hex, uint32_t wire, struct packet *p, struct packet_counters *n)
{
	static struct made m;
	m.size = 0;
	made_hex(&m, hex);
	assert_int_equal(m.size, 54);
	packet_read(p,
		&(struct sense_frame){ .bytes = m.bytes,
			.size = (uint32_t)m.size,
			.wire_size = wire,
			.linktype = LINK_ETHERNET },
		n);
}

/* 54 bytes were kept of a segment with 12 bytes of options and 2 of payload. */
static void cut_options_are_no_payload(void **unused)
{
	(void)unused;
	static const char hex[] = MACS "0800 4500 0036 0000 0000 40 06 0000 0a000001 0a000002"
				       "1388 1389 00000001 00000000 8018 2000 0000 0000";
	static const struct {
		uint32_t wire, missing;
	} rows[] = { { 68, 2 }, { 66, 2 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct packet p;
		struct packet_counters n = { 0 };
		read_kept(hex, rows[i].wire, &p, &n);
		assert_int_equal(p.kind, PACKET_TCP);
		assert_int_equal(p.payload.left, 0);
		assert_int_equal(p.missing, rows[i].missing);
		assert_int_equal(n.cut_frames, 1);
	}
}

/* A SYN of 54 bytes whose IP header says 4096 more: where the capture kept all of the frame,
 * nothing is missing of the stream. */
static void a_damaged_length_of_a_syn_is_no_hole(void **unused)
{
	(void)unused;
	static const char hex[] = MACS "0800 4500 1028 0000 0000 40 06 0000 0a000001 0a000002"
				       "1388 1389 00000001 00000000 5002 2000 0000 0000";
	static const struct {
		uint32_t wire, missing;
	} rows[] = { { 54, 0 }, { 54 + 4096, 4096 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct packet p;
		struct packet_counters n = { 0 };
		read_kept(hex, rows[i].wire, &p, &n);
		assert_int_equal(p.kind, PACKET_TCP);
		assert_int_equal(p.missing, rows[i].missing);
		assert_int_equal(n.bad_ip_checksum, 1);
	}
}

/* Checksums: counted where they are wrong, trusted where the capture kept too little to say. */
static void checksums_are_counted(void **unused)
{
	(void)unused;
	static struct tap w;
	tap_open(&w, 0);
	tap_tcp(&w,
		&(struct tcp_row){ .from = 1,
			.to = 2,
			.from_port = 5,
			.to_port = 6,
			.flags = TCP_ACK,
			.hex = "414243" });
	tap_tcp(&w,
		&(struct tcp_row){ .from = 1,
			.to = 2,
			.from_port = 5,
			.to_port = 6,
			.flags = TCP_ACK,
			.hex = "414243",
			.snap = 55 });
	struct made m = { .size = 0 };
	made_hex(&m,
		MACS "0800 4500 001e 0000 0000 40 11 1111 0a000001 0a000002"
		     "1388 1389 000a 1111 4142");
	tap_frame(&w, &m, 0);
	tap_end(&w);
	assert_int_equal(tap_counter(&w, "bad_tcp_checksum"), 0);
	assert_int_equal(tap_counter(&w, "bad_udp_checksum"), 1);
	assert_int_equal(tap_counter(&w, "bad_ip_checksum"), 1);
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(innermost_packet),
		cmocka_unit_test(nesting_ends),
		cmocka_unit_test(cut_options_are_no_payload),
		cmocka_unit_test(a_damaged_length_of_a_syn_is_no_hole),
		cmocka_unit_test(checksums_are_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
