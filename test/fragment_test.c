/* Datagrams put together from fragments: rows of pieces, and what comes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "sense/fragment.h"
#include "tap.h"

struct piece {
	uint32_t at, size;
	bool more;
	char fill;
	uint32_t missing;
	int64_t later_s;
	uint32_t id;
};

struct row {
	const char *name;
	struct piece pieces[6];
	const char *expected; /* one letter for each 8 bytes; "" where nothing became whole */
	uint64_t overlaps, dropped, given_up;
};

static const struct row rows[] = {
	{ "in order", { { 0, 8, true, 'a' }, { 8, 16, true, 'b' }, { 24, 3, false, 'c' } }, "abbc",
		0, 0, 0 },
	{ "the other way round",
		{ { 24, 3, false, 'c' }, { 8, 16, true, 'b' }, { 0, 8, true, 'a' } }, "abbc", 0, 0,
		0 },
	{ "twice", { { 0, 8, true, 'a' }, { 0, 8, true, 'a' }, { 8, 8, false, 'b' } }, "ab", 1, 0,
		0 },
	{ "what came first stays",
		{ { 0, 16, true, 'a' }, { 8, 16, true, 'x' }, { 24, 8, false, 'c' } }, "aaxc", 1, 0,
		0 },
	{ "half of it", { { 0, 8, true, 'a' }, { 16, 8, false, 'c' } }, "", 0, 0, 1 },
	{ "bytes beyond the end are none of it, and fill no hole",
		{ { 8, 8, false, 'b' }, { 800, 8, true, 'x' } }, "", 0, 1, 1 },
	{ "an end before what is there is none", { { 800, 8, true, 'x' }, { 8, 8, false, 'b' } },
		"", 0, 1, 1 },
	{ "beyond the end, in memory that was never written",
		{ { 0, 8, true, 'a' }, { 16000, 8, true, 'x' }, { 16008, 8, true, 'x' },
			{ 24, 8, false, 'd' } },
		"", 0, 1, 1 },
	{ "two ends: the first",
		{ { 8, 8, false, 'b' }, { 16, 8, false, 'x' }, { 0, 8, true, 'a' } }, "ab", 0, 1,
		0 },
	{ "past 65535", { { 65528, 16, true, 'x' } }, "", 0, 1, 0 },
	{ "odd in the middle", { { 0, 7, true, 'x' } }, "", 0, 1, 0 },
	{ "cut by the capture", { { 0, 8, true, 'x', .missing = 8 } }, "", 0, 1, 0 },
	{ "empty", { { 8, 0, false, 'x' } }, "", 0, 1, 0 },
	{ "too late: half a minute", { { 0, 8, true, 'a' }, { 8, 8, false, 'b', .later_s = 31 } },
		"", 0, 0, 2 },
	{ "time that goes back is no reason",
		{ { 0, 8, true, 'a' }, { 8, 8, false, 'b', .later_s = -31 } }, "ab", 0, 0, 0 },
	{ "two datagrams apart", { { 0, 8, true, 'a' }, { 8, 8, false, 'b', .id = 1 } }, "", 0, 0,
		2 },
};

static bool add(struct fragments *f, struct budget *b, const struct piece *piece, struct cur *c)
{
	static uint8_t bytes[65536];
	memset(bytes, piece->fill, piece->size);
	const struct packet p = { .kind = PACKET_FRAGMENT,
		.at_ns = (100 + piece->later_s) * 1000000000,
		.src = { { 1 } },
		.dst = { { 2 } },
		.transport = TRANSPORT_UDP,
		.missing = piece->missing,
		.payload = cur_of(bytes, piece->size),
		.fragment_id = piece->id,
		.fragment_at = piece->at,
		.fragment_more = piece->more };
	return fragments_add(f, b, &p, c);
}

static void pieces(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct row *r = &rows[i];
		struct fragments f = { 0 };
		struct budget b = { .max = 4 << 20 };
		char text[100] = "";
		for (size_t k = 0; k < COUNT_OF(r->pieces) && r->pieces[k].fill; k++) {
			struct cur c;
			if (!add(&f, &b, &r->pieces[k], &c))
				continue;
			for (size_t at = 0; at < c.left; at++)
				text[at / 8] = (char)c.at[at];
		}
		fragments_end(&f);
		if (strcmp(text, r->expected) != 0 || f.given_up != r->given_up)
			print_error("%s\n", r->name);
		assert_string_equal(text, r->expected);
		assert_int_equal(f.overlaps, r->overlaps);
		assert_int_equal(f.dropped, r->dropped);
		assert_int_equal(f.given_up, r->given_up);
		fragments_done(&f, &b);
		assert_int_equal(b.used, 0);
	}
}

/* More datagrams than places, none ever whole: the oldest go, and streams keep their memory. */
static void the_oldest_goes(void **unused)
{
	(void)unused;
	struct fragments f = { 0 };
	struct budget b = { .max = 1 << 20 };
	struct cur c;
	size_t room = 0; /* of one datagram that long */
	for (uint32_t id = 0; id < 1000; id++) {
		assert_false(add(&f, &b,
			&(struct piece){ 60000, 8, true, 'x', .id = id, .later_s = id / 100 }, &c));
		room = room ? room : b.used;
	}
	assert_true(b.used <= b.max / 4 + room);
	assert_int_equal(b.refused, 0);
	assert_in_range(f.given_up, 1000 - FRAGMENT_DATAGRAMS, 999);
	/* The youngest still becomes whole. */
	assert_false(
		add(&f, &b, &(struct piece){ 0, 8, true, 'a', .id = 2000, .later_s = 10 }, &c));
	assert_true(
		add(&f, &b, &(struct piece){ 8, 8, false, 'b', .id = 2000, .later_s = 10 }, &c));
	assert_int_equal(c.left, 16);
	fragments_done(&f, &b);
	assert_int_equal(b.used, 0);
}

/* What was whole and is read makes room before anything that waits does. */
static void the_read_go_first(void **unused)
{
	(void)unused;
	struct fragments f = { 0 };
	struct budget b = { .max = 1 << 20 };
	struct cur c;
	assert_false(add(&f, &b, &(struct piece){ 0, 8, true, 'a', .id = 5000 }, &c));
	for (uint32_t id = 1; id <= 100; id++) {
		struct piece end = { 40008, 8, false, 'z', .id = id, .later_s = 1 };
		assert_false(add(&f, &b, &end, &c));
		struct piece rest = { 0, 40008, true, 'y', .id = id, .later_s = 1 };
		assert_true(add(&f, &b, &rest, &c));
		assert_int_equal(c.left, 40016);
	}
	assert_true(add(&f, &b, &(struct piece){ 8, 8, false, 'b', .id = 5000 }, &c));
	assert_int_equal(f.given_up, 0);
	/* A small datagram that grows keeps what it has. */
	assert_false(add(&f, &b, &(struct piece){ 0, 16, true, 'a', .id = 6000 }, &c));
	assert_false(add(&f, &b, &(struct piece){ 24, 8000, false, 'c', .id = 6000 }, &c));
	assert_true(add(&f, &b, &(struct piece){ 8, 16, true, 'b', .id = 6000 }, &c));
	assert_int_equal(c.left, 8024);
	assert_int_equal(c.at[8], 'a');
	assert_int_equal(c.at[16], 'b');
	assert_int_equal(c.at[24], 'c');
	assert_int_equal(f.overlaps, 1);
	fragments_done(&f, &b);
	assert_int_equal(b.used, 0);
}

/* The whole datagram is read as if it had come in one piece, once. */
static void whole_is_read(void **unused)
{
	(void)unused;
	static struct tap w;
	static const char dns[] = "1234 0100 0001 0000 0000 0000 03777777 05706c616e74"
				  "076578616d706c65 00 0001 0001";
	struct made data = { .size = 0 };
	made_udp(&data, 40000, 53, 35);
	made_hex(&data, dns);
	tap_open(&w, 0);
	for (size_t at = data.size / 8 * 8;; at -= 8) { /* last first */
		size_t size = data.size - at < 8 ? data.size - at : 8;
		struct made m = { .size = 0 };
		made_ether(&m, 1, 2, 0x0800);
		made_ip4(&m,
			&(struct made_ip4){ .from = 1,
				.to = 2,
				.transport = TRANSPORT_UDP,
				.id = 9,
				.fragment = (unsigned)at / 8 | (at + size < data.size ? 0x2000 : 0),
				.size = size });
		made_bytes(&m, data.bytes + at, size);
		tap_frame(&w, &m, 0);
		if (!at)
			break;
	}
	tap_end(&w);
	assert_string_equal(w.text,
		"6 dns query request dns.id=4660 "
		"dns.qry.name=www.plant.example dns.qry.type=1 dns.qry.class=1\n");
	assert_int_equal(tap_counter(&w, "fragments"), 6);
	tap_close(&w);
}

/* The payload of an IP packet, in pieces of `size` bytes; each goes to `send`, which may be cut
 * again.
 */
struct whole {
	unsigned id, size, transport;
	void (*send)(struct tap *w, const struct made *packet);
};

static void in_pieces(struct tap *w, const struct whole *of, const struct made *payload)
{
	for (size_t at = 0; at < payload->size; at += of->size) {
		bool last = payload->size - at <= of->size;
		size_t size = last ? payload->size - at : of->size;
		static struct made pieces[2]; /* one for each depth */
		struct made *m = &pieces[of->transport == TRANSPORT_UDP];
		m->size = 0;
		made_ether(m, 1, 2, 0x0800);
		made_ip4(m,
			&(struct made_ip4){ .from = 1,
				.to = 2,
				.transport = of->transport,
				.id = of->id,
				.fragment = (unsigned)at / 8 | (last ? 0 : 0x2000),
				.size = size });
		made_bytes(m, payload->bytes + at, size);
		of->send(w, m);
	}
}

static void send_frame(struct tap *w, const struct made *packet)
{
	tap_frame(w, packet, 0);
}

/* RFC 1701: Ethernet in GRE. */
static void send_mirrored(struct tap *w, const struct made *packet)
{
	static struct made gre;
	static unsigned id = 100;
	gre.size = 0;
	made_hex(&gre, "0000 6558");
	made_bytes(&gre, packet->bytes, packet->size);
	in_pieces(w, &(struct whole){ ++id, 32, 47, send_frame }, &gre);
}

/* A mirror puts 42 bytes around a frame that was as long as the way is wide: its packets come in
 * pieces, and what they carry may be pieces of a larger datagram. */
static void pieces_in_pieces(void **unused)
{
	(void)unused;
	static struct tap w;
	static struct made data;
	data.size = 0;
	made_udp(&data, 40000, 53, 35);
	made_hex(&data,
		"1234 0100 0001 0000 0000 0000 03777777 05706c616e74 076578616d706c65 00"
		"0001 0001");
	tap_open(&w, 0);
	in_pieces(&w, &(struct whole){ 9, 24, TRANSPORT_UDP, send_mirrored }, &data);
	tap_end(&w);
	assert_int_equal(w.facts, 1);
	assert_non_null(strstr(w.text, "dns.qry.name=www.plant.example"));
	assert_int_equal(tap_counter(&w, "fragments_dropped"), 0);
	assert_int_equal(tap_counter(&w, "fragments_given_up"), 0);
	tap_close(&w);
}

/* RFC 8200, 4.5: headers for the last receiver stand behind the fragment header, in the pieces. */
static void headers_in_pieces(void **unused)
{
	(void)unused;
	static struct tap w;
	static const char *const pieces[] = { "3c 00 0001 00000007 11 00 010400000000"
					      "9c40 0035 002b 0000 1234 0100 0001 0000",
		"3c 00 0018 00000007 0000 0000 03777777 05706c616e74 076578616d706c65 00"
		"0001 0001" };
	tap_open(&w, 0);
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		static struct made m;
		m.size = 0;
		made_ether(&m, 1, 2, 0x86dd);
		made_hex(&m, i ? "60000000 0023 2c 40" : "60000000 0020 2c 40");
		made_hex(&m, "fd000000000000000000000000000001 fd000000000000000000000000000002");
		made_hex(&m, pieces[i]);
		tap_frame(&w, &m, 0);
	}
	tap_end(&w);
	assert_int_equal(w.facts, 1);
	assert_non_null(strstr(w.text, "dns.qry.name=www.plant.example"));
	tap_close(&w);
}

/* Packets of IP protocol 0 are conversations like others: the table forgets them too.  (They once
 * looked like free places, and a table full of them was searched for ever.) */
static void protocol_0_is_forgotten_too(void **unused)
{
	(void)unused;
	static struct tap w;
	tap_open(&w, 4 << 20);
	for (unsigned i = 0; i < 20000; i++) {
		struct made m = { .size = 0 };
		made_ether(&m, 1, 2, 0x0800);
		made_ip4(&m, &(struct made_ip4){ .from = 1000 + i, .to = 2, .size = 2 });
		made_bytes(&m, "ab", 2);
		tap_frame(&w, &m, 0);
	}
	tap_end(&w);
	assert_int_equal(tap_counter(&w, "flows"), 20000);
	assert_true(tap_counter(&w, "flows_evicted") > 10000);
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces),
		cmocka_unit_test(the_oldest_goes),
		cmocka_unit_test(the_read_go_first),
		cmocka_unit_test(whole_is_read),
		cmocka_unit_test(pieces_in_pieces),
		cmocka_unit_test(headers_in_pieces),
		cmocka_unit_test(protocol_0_is_forgotten_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
