/* Who is one asset with whom: small networks, and the assets they become. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tap.h"

static struct tap w;

static const struct asset *at(unsigned host)
{
	char ip[32];
	snprintf(ip, sizeof ip, "10.0.%u.%u", host >> 8, host & 255);
	const struct asset *a = tap_asset(&w, ip);
	if (!a)
		fail_msg("nobody is %s", ip);
	return a;
}

static void claim(unsigned host, unsigned address, unsigned vlan)
{
	tap_arp(&w, host, (const uint8_t[]){ 10, 0, (uint8_t)(address >> 8), (uint8_t)address },
		vlan);
}

/* What an EtherNet/IP device answers to List Identity: its serial number, its name. */
static void identify(unsigned host, unsigned serial, unsigned vendor)
{
	char hex[300];
	snprintf(hex, sizeof hex,
		"6300 3000 00000000 00000000 0000000000000000 00000000"
		"0100 0c00 2a00 0100 0002 af12 0a%06x 0000000000000000"
		"%02x00 0e00 3600 14 0b 6000 %08x 08 %s 03",
		host, vendor, __builtin_bswap32(serial), "706c632d6f6e652e");
	tap_udp(&w,
		&(struct udp_row){ .from = host,
			.to = 200,
			.from_port = 44818,
			.to_port = 44818,
			.hex = hex });
}

static void a_router_is_not_two_hundred(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	claim(9, 9, 0);
	for (unsigned i = 0; i < 200; i++)
		tap_udp(&w,
			&(struct udp_row){ .from = 1000 + i,
				.to = 2,
				.from_port = 9999,
				.to_port = 9998,
				.ttl = 60 + i % 4,
				.hex = "00",
				.mac = 9 });
	tap_end(&w);
	assert_int_equal(at(9)->ips.count, 1);
	assert_int_equal(at(9)->macs.count, 1);
	assert_int_equal(at(9)->type, TYPE_ROUTER);
	for (unsigned i = 0; i < 200; i++) {
		assert_int_equal(at(1000 + i)->ips.count, 1);
		assert_int_equal(at(1000 + i)->macs.count, 0);
	}
	tap_close(&w);
}

/* One packet from beyond a router: the router's MAC is not its own. */
static void alone_behind_a_router(void **unused)
{
	(void)unused;
	static const struct {
		unsigned ttl, macs;
	} rows[] = { { 64, 1 }, { 63, 0 }, { 127, 0 }, { 255, 1 }, { 30, 1 }, { 100, 1 } };
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		tap_open(&w, 0);
		tap_udp(&w,
			&(struct udp_row){ .from = 7,
				.to = 2,
				.from_port = 9999,
				.to_port = 9998,
				.ttl = rows[i].ttl,
				.hex = "00",
				.mac = 9 });
		tap_end(&w);
		assert_int_equal(at(7)->macs.count, rows[i].macs);
		tap_close(&w);
	}
}

static void claims_make_one_or_many(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	claim(1, 1, 0);
	claim(1, 11, 0); /* an alias */
	for (unsigned i = 0; i < 20; i++)
		claim(2, 100 + i, 0); /* proxy ARP: for everybody */
	claim(0x5e01, 50, 0); /* the address that two routers share, with a MAC of its own */
	claim(3, 51, 0);
	claim(4, 52, 0);
	claim(5, 60, 5); /* one host, two VLANs */
	claim(5, 60, 6);
	claim(6, 70, 0); /* two claim one address: the first has it */
	claim(7, 70, 0);
	tap_end(&w);
	assert_ptr_equal(at(1), at(11));
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(at(100 + i)->ips.count, 1);
	assert_ptr_not_equal(at(50), at(51));
	assert_ptr_not_equal(at(51), at(52));
	assert_int_equal(at(60)->vlans.count, 2);
	assert_int_equal(
		w.plant.vlans[at(60)->vlans.first] + w.plant.vlans[at(60)->vlans.first + 1], 11);
	assert_int_equal(at(70)->macs.count, 1);
	assert_int_equal(w.plant.macs[at(70)->macs.first][5], 6);
	unsigned conflicts = 0;
	for (size_t i = 0; i < w.plant.finding_count; i++)
		conflicts += w.plant.findings[i].count > 0 &&
			strstr(w.plant.findings[i].text, "10.0.0.70") != NULL;
	assert_int_equal(conflicts, 1);
	tap_close(&w);
}

static unsigned found(const char *id)
{
	unsigned count = 0;
	for (size_t i = 0; i < w.plant.finding_count; i++)
		count += strcmp(w.plant.findings[i].row->id, id) == 0;
	return count;
}

static void send(unsigned host, unsigned mac, unsigned ttl)
{
	tap_udp(&w,
		&(struct udp_row){ .from = host,
			.to = 200,
			.from_port = 9999,
			.to_port = 9998,
			.ttl = ttl,
			.hex = "00",
			.mac = mac });
}

/* Who sends from an address keeps it, whatever another says; and the other is told of. */
static void a_liar_gets_no_address(void **unused)
{
	(void)unused;
	/* MACs of hosts: 0x901 and 0x902 sit on one card, 0x107 is far from them. */
	static const struct {
		unsigned owner, claimer, ttl, findings, kept_by;
	} rows[] = {
		{ 7, 0x107, 64, 1, 7 },
		{ 7, 0x107, 63, 0, 0x107 }, /* forwarded: the sender's MAC is a router's */
		{ 0x901, 0x902, 64, 0, 0x901 },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		for (unsigned late = 0; late < 2; late++) {
			tap_open(&w, 0);
			if (!late)
				claim(rows[i].claimer, 7, 0);
			send(7, rows[i].owner, rows[i].ttl);
			if (late)
				claim(rows[i].claimer, 7, 0);
			claim(rows[i].claimer, 7, 0);
			send(7, rows[i].owner, rows[i].ttl);
			tap_end(&w);
			assert_int_equal(found("net.arp-spoof"), rows[i].findings);
			assert_int_equal(found("net.duplicate-ip"), 0);
			assert_int_equal(at(7)->macs.count, 1);
			const uint8_t *mac = w.plant.macs[at(7)->macs.first];
			assert_int_equal(mac[4] << 8 | mac[5], rows[i].kept_by);
			tap_close(&w);
		}
	}
}

/* Every packet counts for its sender, at its own time, behind the MAC it came from. */
static void each_side_has_its_own_time(void **unused)
{
	(void)unused;
	static const struct udp_row
		ask = { .from = 1, .to = 2, .from_port = 99, .to_port = 98, .hex = "00" },
		answer = { .from = 2, .to = 1, .from_port = 98, .to_port = 99, .hex = "00" },
		forged = { .from = 2,
			.to = 1,
			.from_port = 98,
			.to_port = 99,
			.hex = "00",
			.mac = 3,
			.ttl = 63 };
	const int64_t second = INT64_C(1000000000);
	tap_open(&w, 0);
	w.at_ns = 10 * second;
	tap_udp(&w, &ask);
	w.at_ns = 11 * second;
	tap_udp(&w, &answer);
	w.at_ns = 12 * second;
	tap_udp(&w, &answer);
	w.at_ns = 13 * second;
	tap_udp(&w, &forged);
	w.at_ns = 14 * second;
	tap_udp(&w, &answer);
	w.at_ns = 99 * second;
	tap_udp(&w, &ask);
	tap_end(&w);
	assert_int_equal(at(1)->first_ns, 10 * second);
	assert_int_equal(at(1)->last_ns, 99 * second);
	assert_int_equal(at(1)->frames, 2);
	assert_int_equal(at(2)->first_ns, 11 * second);
	assert_int_equal(at(2)->last_ns, 14 * second);
	assert_int_equal(at(2)->frames, 4);
	assert_int_equal(w.plant.conversations[0].first_ns, 10 * second);
	assert_int_equal(w.plant.conversations[0].last_ns, 99 * second);
	assert_int_equal(w.plant.asset_count, 3); /* the third is a MAC alone */
	for (size_t i = 0; i < w.plant.asset_count; i++) {
		const struct asset *a = &w.plant.assets[i];
		if (a->ips.count)
			continue;
		assert_int_equal(a->frames, 1);
		assert_int_equal(a->first_ns, 13 * second);
		assert_int_equal(a->last_ns, 13 * second);
	}
	tap_close(&w);
}

static void one_serial_two_interfaces(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	identify(1, 0x00c0ffee, 1);
	identify(2, 0x00c0ffee, 1);
	identify(3, 0x00c0ffef, 1);
	for (unsigned i = 0; i < 40; i++)
		identify(100 + i, 0x12345678, 1); /* the factory's number */
	identify(5, 0, 1);
	identify(6, 0, 1);
	tap_end(&w);
	assert_ptr_equal(at(1), at(2));
	assert_int_equal(at(1)->macs.count, 2);
	assert_int_equal(at(1)->ips.count, 2);
	assert_string_equal(at(1)->serial, "00c0ffee");
	unsigned serials = 0; /* said by both interfaces, told once, by the first */
	for (uint32_t i = 0; i < at(1)->identity.count; i++) {
		const struct identity *id = &w.plant.identity[at(1)->identity.first + i];
		serials += id->key == ID_SERIAL;
		if (id->key == ID_SERIAL)
			assert_int_equal(id->frame, 1);
	}
	assert_int_equal(serials, 1);
	assert_ptr_not_equal(at(1), at(3));
	assert_ptr_not_equal(at(100), at(101));
	assert_ptr_not_equal(at(5), at(6));
	tap_close(&w);
}

static void link_local_is_the_same_host(void **unused)
{
	(void)unused;
	struct made m = { .size = 0 };
	tap_open(&w, 0);
	claim(1, 1, 0);
	made_ether(&m, 1, 2, 0x86dd);
	made_hex(&m,
		"60000000 0009 11 40 fe800000000000000000000000000001"
		"fe800000000000000000000000000002 270f 270e 0009 0000 00");
	tap_frame(&w, &m, 0);
	tap_end(&w);
	assert_ptr_equal(tap_asset(&w, "fe80::1"), at(1));
	assert_null(tap_asset(&w, "fe80::2"));
	tap_close(&w);
}

/* Addresses in hex: what a host makes of its MAC, and others it makes up, are one host's. */
static void say6(unsigned mac, const char *source, const char *hop_limit)
{
	struct made m = { .size = 0 };
	made_ether(&m, mac, 2, 0x86dd);
	made_hex(&m, "60000000 0009 11");
	made_hex(&m, hop_limit);
	made_hex(&m, source);
	made_hex(&m, "20010db8000000000000000000000099 270f 270e 0009 0000 00");
	tap_frame(&w, &m, 0);
}

static void ipv6_hosts_have_many_addresses(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	claim(1, 1, 0);
	say6(1, "20010db8000000000000 00fffe000001", "3a"); /* of 02:00:00:00:00:01; far or not */
	say6(1, "20010db800000000a1a2a3a4a5a6a7a8", "40");
	say6(1, "20010db800000000b1b2b3b4b5b6b7b8", "40");
	say6(1, "20010db800000000c1c2c3c4c5c6c7c8", "ff");
	say6(1, "20010db800000000d1d2d3d4d5d6d7d8", "40");
	say6(1, "26064700000000000000000000001111", "39"); /* came from afar: it routes */
	tap_end(&w);
	assert_int_equal(at(1)->ips.count, 6);
	assert_ptr_equal(tap_asset(&w, "2001:db8::ff:fe00:1"), at(1));
	const struct asset *far = tap_asset(&w, "2606:4700::1111");
	assert_non_null(far);
	assert_int_equal(far->type, TYPE_INTERNET);
	assert_int_equal(at(1)->type, TYPE_ROUTER);
	tap_close(&w);
}

/* A datagram of one byte between any two IPv4 addresses. */
static void say4(unsigned mac, uint32_t from, uint32_t to)
{
	struct made m = { .size = 0 };
	made_ether(&m, mac, 2, 0x0800);
	made_ip4(&m, &(struct made_ip4){ .from = 1, .to = 2, .transport = 17, .size = 9 });
	m.size -= 8;
	made_32(&m, from);
	made_32(&m, to);
	made_udp(&m, 9999, 9999, 1);
	made_bytes(&m, "", 1);
	tap_frame(&w, &m, 0);
}

/* Its time to live says that nobody forwarded it, but private addresses have no such neighbour. */
static void a_public_address_among_private_ones(void **unused)
{
	(void)unused;
	enum { HERE = 0x0a000001, NEAR = 0x8d51000a, OUT = 0x08080808, AWAY = 0x01010101 };
	tap_open(&w, 0);
	say4(1, HERE, OUT);
	say4(9, OUT, HERE);
	say4(7, NEAR, AWAY); /* a plant with public addresses throughout */
	say4(8, AWAY, NEAR);
	tap_end(&w);
	const struct asset *out = tap_asset(&w, "8.8.8.8");
	assert_int_equal(out->type, TYPE_INTERNET);
	assert_int_equal(out->macs.count, 0);
	assert_int_equal(at(1)->macs.count, 1);
	assert_int_equal(tap_asset(&w, "141.81.0.10")->macs.count, 1);
	assert_int_equal(tap_asset(&w, "1.1.1.1")->macs.count, 1);
	unsigned routers = 0;
	for (size_t i = 0; i < w.plant.asset_count; i++)
		routers += w.plant.assets[i].type == TYPE_ROUTER;
	assert_int_equal(routers, 1);
	tap_close(&w);
}

/* Values sent in a cycle to one who never answers make a conversation, a few probes do not. */
static void a_silent_consumer_is_there(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	for (unsigned i = 0; i < 4; i++) {
		say4(1, 0x0a000001, 0x0a000002);
		say4(1, 0x0a000001, 0x0a0000ff);
		if (i)
			say4(1, 0x0a000001, 0x0a000003);
	}
	tap_end(&w);
	assert_non_null(tap_asset(&w, "10.0.0.2"));
	assert_null(tap_asset(&w, "10.0.0.3"));
	assert_null(tap_asset(&w, "10.0.0.255"));
	assert_int_equal(w.plant.conversation_count, 1);
	assert_int_equal(w.plant.conversations[0].packets, 4);
	tap_close(&w);
}

static bool has_role(const struct asset *a, const char *role)
{
	bool has = false;
	for (uint32_t i = 0; i < a->roles.count; i++)
		has |= strcmp(w.plant.names[a->roles.first + i], role) == 0;
	return has;
}

/* Nobody is said to answer who was only asked; who talks with itself is both. */
static void roles_and_reasons_are_seen(void **unused)
{
	(void)unused;
	struct tcp_row row = { .from = 1,
		.to = 2,
		.from_port = 5000,
		.to_port = 502,
		.flags = 24,
		.seq = 1,
		.hex = "0001 0000 0006 01 03 0000 0001" };
	tap_open(&w, 0);
	tap_tcp(&w, &row);
	row.from = row.to = 3;
	tap_tcp(&w, &row);
	row = (struct tcp_row){ .from = 3,
		.to = 3,
		.from_port = 502,
		.to_port = 5000,
		.flags = 24,
		.seq = 1,
		.hex = "0001 0000 0005 01 03 02 0007" };
	tap_tcp(&w, &row);
	tap_end(&w);
	assert_string_equal(at(2)->type_reason, "is sent modbus requests");
	assert_string_equal(at(3)->type_reason, "answers modbus requests");
	assert_true(has_role(at(3), "modbus server"));
	assert_true(has_role(at(3), "modbus client"));
	assert_false(has_role(at(2), "modbus client"));
	tap_close(&w);
}

/* One card may have two addresses of one network; of two levels it is a way between them. */
static void zones_show_who_stands_in_two(void **unused)
{
	(void)unused;
	const struct ip cell = { { [10] = 0xff, 0xff, 10, 0, 0, 0 } };
	struct sense_zone zones[] = {
		{ .name = "Cell", .level = 10, .source = "from a:1" },
		{ .name = "Cell", .level = 10, .source = "from a:1" },
		{ .name = "Office", .level = 35, .source = "from a:2" },
	};
	for (size_t i = 0; i < COUNT_OF(zones); i++) {
		zones[i].from = zones[i].to = cell;
		zones[i].from.b[14] = zones[i].to.b[14] = (uint8_t)i;
		zones[i].to.b[15] = 255;
	}
	tap_open(&w, 0);
	sense_zones(w.sense, zones, COUNT_OF(zones));
	claim(1, 1, 0);
	claim(1, 0x101, 0); /* Cell again */
	claim(2, 0x202, 0); /* Office first */
	claim(2, 2, 0);
	for (unsigned i = 0; i < 3; i++) { /* two networks of one level, and Office */
		claim(3, 0x203 - i * 0x100, 0);
		claim(4, 4 + (i + 1) % 3 * 0x100, 0);
	}
	tap_end(&w);
	assert_null(at(1)->other_zone);
	assert_string_equal(at(3)->other_zone, "Office");
	assert_string_equal(at(4)->other_zone, "Office");
	assert_string_equal(at(2)->zone, "Cell");
	assert_string_equal(at(2)->level_reason, "from a:1");
	assert_string_equal(at(2)->other_zone, "Office");
	assert_int_equal(found("net.dual-homed"), 3);
	assert_non_null(strstr(w.plant.findings[0].text, "Cell, level 1, and Office, level 3.5"));
	tap_close(&w);
}

/* A port speaks LLDP with a MAC of its own and names the one its box speaks with (IEEE 802.1AB,
 * 8.5.2). */
static void ports_belong_to_their_chassis(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	claim(4, 4, 0);
	for (unsigned port = 5; port < 7; port++) {
		struct made m = { .size = 0 };
		made_hex(&m, "0180c200000e");
		made_mac(&m, port);
		made_hex(&m, "88cc 0207 04 020000000004 0402 0731 0602 0078 0000");
		tap_frame(&w, &m, 0);
	}
	tap_end(&w);
	assert_int_equal(w.plant.asset_count, 1);
	assert_int_equal(at(4)->macs.count, 3);
	tap_close(&w);
}

/* A name that two go by tells neither of them from the other. */
static void namesakes_are_marked(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	for (unsigned host = 4; host < 8; host++) {
		struct made m = { .size = 0 };
		claim(host, host, 0);
		made_hex(&m, "0180c200000e");
		made_mac(&m, host);
		made_hex(&m, "88cc 0207 04");
		made_mac(&m, host);
		made_hex(&m, "0402 0731 0602 0078");
		if (host < 7) /* the last one has no name at all */
			made_hex(&m, host == 6 ? "0a03 737732" : "0a03 737731");
		made_hex(&m, "0000");
		tap_frame(&w, &m, 0);
	}
	tap_end(&w);
	assert_int_equal(w.plant.asset_count, 4);
	assert_string_equal(at(4)->name, "sw1");
	assert_string_equal(at(5)->name, "sw1");
	assert_string_equal(at(6)->name, "sw2");
	assert_true(at(4)->namesake && at(5)->namesake);
	assert_false(at(6)->namesake || at(7)->namesake);
	tap_close(&w);
}

/* The second capture is older than the first. */
static void time_goes_backwards(void **unused)
{
	(void)unused;
	static const struct udp_row row = {
		.from = 1, .to = 2, .from_port = 9999, .to_port = 9998, .hex = "00"
	};
	tap_open(&w, 0);
	w.at_ns = INT64_C(2000) * 1000000000;
	claim(2, 2, 0);
	tap_udp(&w, &row);
	w.at_ns = INT64_C(1000) * 1000000000;
	tap_udp(&w, &row);
	w.at_ns = INT64_MIN; /* nonsense */
	tap_udp(&w, &row);
	w.at_ns = INT64_MAX - 1000000;
	tap_udp(&w, &row);
	tap_end(&w);
	assert_int_equal(w.plant.conversation_count, 1);
	const struct conversation *c = w.plant.conversations;
	assert_int_equal(c->packets, 4);
	assert_true(c->first_ns <= INT64_C(1000) * 1000000000);
	assert_int_equal(c->last_ns, INT64_MAX - 1000000);
	assert_true(at(1)->first_ns <= at(1)->last_ns);
	assert_true(w.plant.first_ns <= w.plant.last_ns);
	tap_close(&w);
}

/* Fifty connections, each first COTP and then S7: one conversation, each operation one row. */
static void operations_follow_the_name(void **unused)
{
	(void)unused;
	static const char connect[] = "03000016 11e00000000100 c0010a c1020100 c2020102",
			  setup[] = "03000019 02f080 32010000000000080000 f0000001000101e0";
	tap_open(&w, 0);
	for (unsigned i = 0; i < 50; i++) {
		struct tcp_row row = { .from = 1,
			.to = 2,
			.from_port = 30000 + i,
			.to_port = 102,
			.flags = 16,
			.seq = 1,
			.hex = connect };
		tap_tcp(&w, &row);
		row.seq = 23;
		row.hex = setup;
		tap_tcp(&w, &row);
	}
	tap_end(&w);
	assert_int_equal(w.facts, 100);
	assert_int_equal(w.plant.conversation_count, 1);
	const struct conversation *c = w.plant.conversations;
	assert_string_equal(c->protocol, "s7comm");
	uint64_t requests = 0, rows = 0;
	for (uint32_t n = c->operations; n; n = w.plant.operations[n].next) {
		rows++;
		requests += w.plant.operations[n].requests;
		assert_int_equal(w.plant.operations[n].requests, 50);
	}
	assert_int_equal(rows, 2);
	assert_int_equal(requests, 100);
	tap_close(&w);
}

static void no_subject_takes_all(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	for (unsigned i = 0; i < 100; i++)
		claim(1000 + i, 1, 0);
	tap_end(&w);
	assert_int_equal(tap_counter(&w, "bindings_refused"), 68);
	assert_int_equal(at(1)->macs.count, 1);
	tap_close(&w);
}

static void say(unsigned from, unsigned to, unsigned port, uint32_t *seq, const char *hex)
{
	bool asks = from == 1;
	tap_tcp(&w,
		&(struct tcp_row){ .from = from,
			.to = to,
			.from_port = asks ? 40000 : port,
			.to_port = asks ? port : 40000,
			.flags = 16,
			.seq = *seq,
			.hex = hex });
	for (const char *c = hex; *c; c += 2)
		++*seq;
}

/* CONNECT to port 502 of somebody; then a Modbus server says who it is, and the value of a
 * register. The client stays what it is; without the words to the proxy all is the server's. */
static void a_proxy_is_not_whom_it_stands_for(void **unused)
{
	(void)unused;
	for (unsigned proxy = 0; proxy < 2; proxy++) {
		uint32_t ask = 1, answer = 1;
		tap_open(&w, 0);
		if (proxy) {
			say(1, 2, 3128, &ask,
				"434f4e4e45435420613a35303220485454502f312e310d0a0d0a");
			say(2, 1, 3128, &answer, "485454502f312e3120323030204f4b0d0a0d0a");
		}
		say(1, 2, 3128, &ask, "000100000005ff2b0e0100");
		say(2, 1, 3128, &answer, "00010000000dff2b0e010100000101034f4e45");
		say(1, 2, 3128, &ask, "000200000006ff0300000001");
		say(2, 1, 3128, &answer, "000200000005ff03020007");
		tap_end(&w);
		assert_int_equal(w.facts, proxy ? 6 : 4);
		assert_int_equal(w.plant.point_count, !proxy);
		assert_int_equal(at(2)->type, proxy ? TYPE_SERVER : TYPE_PLC);
		assert_true(!at(2)->model == (proxy != 0));
		assert_int_equal(at(1)->type, TYPE_WORKSTATION);
		tap_close(&w);
	}
}

/* A relay that repeats what it heard with the subnet's address is nobody; a host whose address only
 * looks like one, and that claims it, cannot be talked away. */
static void a_broadcast_address_sends_nothing(void **unused)
{
	(void)unused;
	tap_open(&w, 0);
	claim(0x107, 0x107, 0);
	for (unsigned i = 0; i < 2; i++) {
		unsigned address = i ? 0x107 : 0x1ff;
		struct made m = { .size = 0 };
		made_ether(&m, 9, 9, 0x0800);
		memset(m.bytes, 0xff, 6);
		made_ip4(&m,
			&(struct made_ip4){
				.from = 9, .to = address, .transport = 17, .size = 8 + 4 });
		made_udp(&m, 9999, 9998, 4);
		made_32(&m, 0);
		tap_frame(&w, &m, 0);
		send(address, i ? address : 9, 64);
	}
	tap_end(&w);
	assert_null(tap_asset(&w, "10.0.1.255"));
	assert_int_equal(at(0x107)->ips.count, 1);
	tap_close(&w);
}

/* EtherCAT frames come back with one bit of the master's MAC changed (ETG.1000.4): nobody's. */
static void a_master_is_not_its_own_echo(void **unused)
{
	(void)unused;
	static const char *const senders[] = { "000105090110", "020105090110", "000105090111" };
	tap_open(&w, 0);
	for (unsigned n = 0; n < COUNT_OF(senders); n++) {
		struct made m = { 0 };
		made_hex(&m, "ffffffffffff");
		made_hex(&m, senders[n]);
		made_hex(&m, "88a4 0e10 0100 0000 3001 0200 0000 0000");
		made_16(&m, n == 1 ? 0x0100 : 0);
		tap_frame(&w, &m, 0);
	}
	tap_end(&w);
	assert_int_equal(w.plant.asset_count, 2);
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_router_is_not_two_hundred),
		cmocka_unit_test(alone_behind_a_router),
		cmocka_unit_test(claims_make_one_or_many),
		cmocka_unit_test(a_liar_gets_no_address),
		cmocka_unit_test(each_side_has_its_own_time),
		cmocka_unit_test(one_serial_two_interfaces),
		cmocka_unit_test(link_local_is_the_same_host),
		cmocka_unit_test(ipv6_hosts_have_many_addresses),
		cmocka_unit_test(a_public_address_among_private_ones),
		cmocka_unit_test(a_silent_consumer_is_there),
		cmocka_unit_test(ports_belong_to_their_chassis),
		cmocka_unit_test(zones_show_who_stands_in_two),
		cmocka_unit_test(roles_and_reasons_are_seen),
		cmocka_unit_test(namesakes_are_marked),
		cmocka_unit_test(time_goes_backwards),
		cmocka_unit_test(operations_follow_the_name),
		cmocka_unit_test(no_subject_takes_all),
		cmocka_unit_test(a_proxy_is_not_whom_it_stands_for),
		cmocka_unit_test(a_broadcast_address_sends_nothing),
		cmocka_unit_test(a_master_is_not_its_own_echo),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
