/* BACnet through the whole sensor: what a message means beyond its fact.  NPDUs in hex go in;
 * roles, points and identities come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sense/packet.h"
#include "sense/proto/bacnet.h"
#include "tap.h"

enum { PORT = 47808, SUPERVISOR = 1, DEVICE = 2, UNICAST = 0x0a };

static void say_to(struct tap *w, unsigned from, unsigned to, uint32_t group, const char *hex)
{
	struct made npdu = { .size = 0 }, m = { .size = 0 };
	made_hex(&npdu, hex);
	made_16(&m, 0x8100 | UNICAST);
	made_16(&m, (unsigned)npdu.size + 4);
	made_bytes(&m, npdu.bytes, npdu.size);
	tap_udp(w,
		&(struct udp_row){
			from, to, PORT, PORT, .bytes = m.bytes, .size = m.size, .group = group });
}

static void say(struct tap *w, unsigned from, const char *hex)
{
	say_to(w, from, from == DEVICE ? SUPERVISOR : DEVICE, 0, hex);
}

/* "2>1" for each conversation: who asks whom; "2>*" where it is a group.  Then every point. */
static const char *meaning(struct tap *w)
{
	tap_end(w);
	w->out = out_mem(w->text, sizeof w->text);
	const struct plant *p = &w->plant;
	for (size_t i = 0; i < p->conversation_count; i++) {
		const struct conversation *c = &p->conversations[i];
		out_fmt(&w->out, "%u>", p->ips[p->assets[c->client].ips.first].b[15]);
		if (c->server == NO_ASSET)
			out_char(&w->out, '*');
		else
			out_fmt(&w->out, "%u", p->ips[p->assets[c->server].ips.first].b[15]);
		out_char(&w->out, '\n');
	}
	for (size_t i = 0; i < p->point_count; i++)
		out_fmt(&w->out, "%s=%g%s\n", p->points[i].address, p->points[i].last,
			p->points[i].written ? " set" : "");
	return out_text(&w->out);
}

#define I_AM "10 00 c4 02000007 22 01e0 91 03 21 11"
#define COV  "09 01 1c 02000007 2c 00000001 39 00 4e 09 55 2e 44 40400000 2f 4f"

static void who_only_tells_is_no_client(void **state)
{
	(void)state;
	static const struct {
		unsigned from;
		const char *hex, *meaning;
	} rows[] = {
		{ DEVICE, "01 00 " I_AM, "1>2\n" },
		{ DEVICE, "01 00 10 01 c4 02000007 c4 00000001 75 03 00 6869", "1>2\n" },
		{ DEVICE, "01 00 10 02 " COV, "1>2\nanalog-input 1=3\n" },
		{ DEVICE, "01 04 00 05 09 01 " COV, "1>2\nanalog-input 1=3\n" },
		{ SUPERVISOR, "01 00 20 09 01", "1>2\n" },             /* it was told */
		{ SUPERVISOR, "01 00 50 09 01 91 02 91 1f", "1>2\n" }, /* it knows no such object */
		{ DEVICE, "01 00 20 09 0f", "1>2\n" },                 /* it was asked to write */
		{ SUPERVISOR, "01 00 10 08", "1>2\n" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tap w;
		tap_open(&w, 0);
		say(&w, rows[i].from, rows[i].hex);
		assert_string_equal(meaning(&w), rows[i].meaning);
		tap_close(&w);
	}
}

static void a_group_is_told_and_asks_nothing(void **state)
{
	(void)state;
	struct tap w;
	tap_open(&w, 0);
	say_to(&w, DEVICE, 0, 0xffffffff, "01 00 " I_AM);
	assert_string_equal(meaning(&w), "2>*\n");
	tap_close(&w);
}

/* Question and answer to property 85 of an object, with that value. */
static void read_value(struct tap *w, const char *object, const char *value)
{
	char hex[200];
	snprintf(hex, sizeof hex, "01 04 00 05 01 0c 0c %s 19 55", object);
	say(w, SUPERVISOR, hex);
	snprintf(hex, sizeof hex, "01 00 30 01 0c 0c %s 19 55 3e %s 3f", object, value);
	say(w, DEVICE, hex);
}

static void points_are_of_their_own_object(void **state)
{
	(void)state;
	static const struct {
		const char *object, *value, *point;
	} rows[] = {
		{ "00800007", "44 40900000", "analog-value 7=4.5\n" },
		/* group: members of its device */
		{ "02c00001", "0c 00000009 1e 29 55 4e 44 42910000 4f 1f",
			"analog-input 9=72.5\n" },
		/* global group: members of any device */
		{ "06800001", "0c 00000009 19 55 3c 02000009 4e 44 42910000 4f", "" },
		{ "06800001", "0c 00000009 19 55 4e 44 42910000 4f", "" },
		{ "0fc00001", "44 3e800000 44 3f400000", "" }, /* color: x and y */
		{ "00800007", "1e 44 40900000 1f", "" },       /* something else of a vendor */
		{ "00800007", "", "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tap w;
		char expected[80];
		tap_open(&w, 0);
		read_value(&w, rows[i].object, rows[i].value);
		snprintf(expected, sizeof expected, "1>2\n%s", rows[i].point);
		assert_string_equal(meaning(&w), expected);
		assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
		tap_close(&w);
	}
}

static const char *identity(const struct tap *w, enum identity_key key)
{
	for (size_t i = 0; i < w->plant.asset_count; i++) {
		const struct asset *a = &w->plant.assets[i];
		for (uint32_t k = 0; k < a->identity.count; k++) {
			const struct identity *id = &w->plant.identity[a->identity.first + k];
			if (id->key == key && strcmp(id->protocol, "bacnet") == 0)
				return id->value;
		}
	}
	return NULL;
}

static void what_is_malformed_means_nothing(void **state)
{
	(void)state;
	struct tap w;
	tap_open(&w, 0);
	say(&w, SUPERVISOR, "01 04 00 05 01 0e 0c 02000007 1e 09 08 1f");
	say(&w, DEVICE,
		"01 00 30 01 0e 0c 02000007 1e 29 4d 4e 75 03 00 6869 4f 1f 0c 00000001 1e 29 55 4e "
		"44 40900000 4f 1f ff");
	assert_string_equal(meaning(&w), "1>2\n");
	assert_int_equal(tap_counter(&w, "malformed_messages"), 1);
	assert_null(identity(&w, ID_NAME));
	tap_close(&w);
}

static void a_private_service_is_not_the_speakers(void **state)
{
	(void)state;
	struct tap w;
	tap_open(&w, 0);
	say(&w, DEVICE, "01 00 10 04 09 05 19 01");
	say(&w, SUPERVISOR, "01 04 00 05 01 12 09 05 19 01");
	say(&w, DEVICE, "01 00 30 01 12 09 05 19 01");
	tap_end(&w);
	assert_null(identity(&w, ID_VENDOR));
	assert_int_equal(w.facts, 3);
	tap_close(&w);
}

static void devices_behind_a_router_are_modules(void **state)
{
	(void)state;
	static const char *const places[] = { "0003 06 0a010105bac0", "0003 06 0a010106bac0",
		"0004 01 05", "0005 03 4a0102", "0003 06 000e8c010203", "0003 06 000e8c010204" };
	struct tap w;
	tap_open(&w, 0);
	for (size_t i = 0; i < COUNT_OF(places); i++) {
		char hex[120];
		snprintf(hex, sizeof hex, "01 08 %s 10 00 c4 0200000%u 22 01e0 91 03 21 11",
			places[i], (unsigned)i);
		say(&w, DEVICE, hex);
	}
	tap_end(&w);
	size_t modules = 0;
	for (size_t i = 0; i < w.plant.asset_count; i++)
		modules += w.plant.assets[i].part_of != 0;
	assert_int_equal(modules, COUNT_OF(places));
	tap_close(&w);
}

/* --- segments --- */

/* Part `n` of an answer to the question with number 1: so many bytes of its value. */
static void say_segment(struct tap *w, unsigned n, bool more, const char *hex)
{
	char text[2200];
	snprintf(text, sizeof text, "01 00 %02x 01 %02x 10 0e %s", more ? 0x3cu : 0x38u, n & 255,
		hex);
	say(w, DEVICE, text);
}

static void ask_for_all(struct tap *w)
{
	say(w, SUPERVISOR, "01 04 02 75 01 0e 0c 00000001 1e 09 55 1f");
}

/* Objects one after the other, each in a segment: numbers begin again after 255. */
static void numbers_of_segments_begin_again(void **state)
{
	(void)state;
	struct tap w;
	tap_open(&w, 0);
	ask_for_all(&w);
	for (unsigned n = 0; n < 600; n++) {
		char hex[80];
		snprintf(hex, sizeof hex, "0c %08x 1e 29 55 4e 21 %02x 4f 1f", n, n & 255);
		say_segment(&w, n, n < 599, hex);
	}
	tap_end(&w);
	assert_int_equal(w.plant.point_count, 600);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	tap_close(&w);
}

/* A message beyond the limit, or of which a part is missing, is not read from its middle. */
static void a_message_is_read_from_its_beginning(void **state)
{
	(void)state;
	static char hex[2100];
	size_t size = 0;
	for (unsigned i = 0; i < 1000; i++)
		size += (size_t)snprintf(
			hex + size, sizeof hex - size, "%02x", i & 1 ? 0x1f : 0x1e);
	struct tap w;
	tap_open(&w, 0);
	ask_for_all(&w);
	for (unsigned n = 0; n < 258; n++) /* 0 again after 64 KiB */
		say_segment(&w, n, n < 257, n < 256 ? hex : "ff");
	ask_for_all(&w);
	for (unsigned n = 0; n < 258; n++)
		if (n != 130)
			say_segment(&w, n, n < 257, "ff");
	tap_end(&w);
	assert_int_equal(w.plant.point_count, 0);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	assert_int_equal(w.facts, 2 + 258 + 257);
	tap_close(&w);
}

/* Segments are held only while they come. */
static void a_conversation_is_small(void **state)
{
	(void)state;
	assert_true(proto_bacnet.state_size <= 256);
	struct tap w;
	tap_open(&w, 0);
	for (unsigned n = 0; n < 20000; n++) { /* 10 MiB, if any of it stayed */
		ask_for_all(&w);
		say_segment(&w, 0, true, "0c 00000001 1e 29 55 4e 21 07 4f 1f");
		say_segment(&w, 1, n & 1, "0c 00000002 1e 29 55 4e 21 08 4f 1f");
	}
	tap_end(&w);
	assert_int_equal(w.plant.point_count, 2);
	assert_int_equal(tap_counter(&w, "buffers_refused"), 0);
	tap_close(&w);
}

/* --- right on Ethernet --- */

/* Linux cooked: who sent it, and 802.2 without a type. */
static void say_cooked(struct tap *w, unsigned from, const char *hex)
{
	struct made m = { .size = 0 };
	made_hex(&m, "0000 0001 0006");
	made_mac(&m, from);
	made_hex(&m, "0000 0004 82 82 03");
	made_hex(&m, hex);
	const struct sense_frame f = { .bytes = m.bytes,
		.size = (uint32_t)m.size,
		.wire_size = (uint32_t)m.size,
		.linktype = LINK_SLL,
		.at_ns = w->at_ns++,
		.number = ++w->frames };
	sense_frames(w->sense, &f, 1);
}

static void pairs_hold_where_receivers_are_unknown(void **state)
{
	(void)state;
	struct tap w;
	tap_open(&w, 0);
	say_cooked(&w, SUPERVISOR, "01 04 00 05 01 0f 0c 00400001 19 55 3e 44 40a00000 3f");
	say_cooked(&w, DEVICE, "01 00 20 01 0f");
	say_cooked(&w, SUPERVISOR, "01 04 02 75 02 0e 0c 00000001 1e 09 55 1f");
	say_cooked(&w, DEVICE, "01 00 3c 02 00 02 0e 0c 00000001 1e 29 55 4e");
	say_cooked(&w, 3, "01 00 38 02 01 02 0e 44 42c80000 4f 1f"); /* another's */
	say_cooked(&w, DEVICE, "01 00 38 02 01 02 0e 44 40a00000 4f 1f");
	assert_string_equal(meaning(&w), "analog-input 1=5\nanalog-output 1=5 set\n");
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_only_tells_is_no_client),
		cmocka_unit_test(a_group_is_told_and_asks_nothing),
		cmocka_unit_test(points_are_of_their_own_object),
		cmocka_unit_test(what_is_malformed_means_nothing),
		cmocka_unit_test(a_private_service_is_not_the_speakers),
		cmocka_unit_test(devices_behind_a_router_are_modules),
		cmocka_unit_test(numbers_of_segments_begin_again),
		cmocka_unit_test(a_message_is_read_from_its_beginning),
		cmocka_unit_test(a_conversation_is_small),
		cmocka_unit_test(pairs_hold_where_receivers_are_unknown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
