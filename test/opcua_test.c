/* OPC UA through the whole sensor: which points come out, and how much is kept for them.
 *
 * All nodes are numbers of namespace 2, all values numbers of 32 bits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sense/packet.h"
#include "talk.h"

enum { REGISTER = 560, READ = 631, WRITE = 673, CREATE = 751, DELETE = 781, PUBLISH = 826 };
enum { TO_ANSWER = 3, SUBSCRIPTION = 7, VALUE = 13 };
enum { GOOD = 0, BAD = 0x80ab };

struct session {
	struct tap tap;
	struct talk talk;
	struct made body; /* of the message at hand */
};

static void put_8(struct session *s, unsigned v)
{
	made_bytes(&s->body, &(uint8_t){ (uint8_t)v }, 1);
}

static void put_16(struct session *s, unsigned v)
{
	put_8(s, v & 0xff);
	put_8(s, v >> 8);
}

static void put_32(struct session *s, uint32_t v)
{
	put_16(s, v & 0xffff);
	put_16(s, v >> 16);
}

static void put_node(struct session *s, unsigned number)
{
	put_8(s, 1);
	put_8(s, 2);
	put_16(s, number);
}

static void put_value(struct session *s, uint32_t value, unsigned bad)
{
	put_8(s, bad ? 3 : 1);
	put_8(s, 7);
	put_32(s, value);
	if (bad)
		put_32(s, bad << 16);
}

/* A node and its value, all of it, as requests name them. */
static void put_read(struct session *s, unsigned node)
{
	put_node(s, node);
	put_32(s, VALUE);
	put_32(s, UINT32_MAX);
	put_16(s, 0);
	put_32(s, UINT32_MAX);
}

static void send_bytes(struct session *s, unsigned side, const uint8_t *bytes, size_t size)
{
	enum { MOST = 16000 };
	struct talk *t = &s->talk;
	for (size_t at = 0, part; at < size; at += part) {
		part = size - at < MOST ? size - at : MOST;
		const struct tcp_row row = { .from = 1 + side,
			.to = 2 - side,
			.from_port = side ? t->port : 50000,
			.to_port = side ? 50000 : t->port,
			.flags = TCP_ACK | TCP_PSH,
			.seq = t->next[side],
			.ack = t->next[!side],
			.bytes = bytes + at,
			.size = part };
		tap_tcp(&s->tap, &row);
		t->next[side] += (uint32_t)part;
	}
}

/* The body as one chunk, behind the headers of a request or of its answer. */
static void say(struct session *s, unsigned side, unsigned request, unsigned type)
{
	static struct made body;
	body = s->body;
	s->body.size = 0;
	made_bytes(&s->body, "MSGF\0\0\0", 8);
	put_32(s, 9);
	put_32(s, 1);
	put_32(s, 1);
	put_32(s, request);
	put_8(s, 1);
	put_8(s, 0);
	put_16(s, side == TALK_SERVER ? type + TO_ANSWER : type);
	if (side == TALK_SERVER) {
		made_hex(&s->body, "0000000000000000 00000000 00000000 00 ffffffff 000000");
	} else {
		made_hex(&s->body, "0000 0000000000000000 00000000 00000000 ffffffff 00000000");
		made_hex(&s->body, "000000");
	}
	made_bytes(&s->body, body.bytes, body.size);
	for (unsigned i = 0; i < 4; i++)
		s->body.bytes[4 + i] = (uint8_t)(s->body.size >> 8 * i);
	send_bytes(s, side, s->body.bytes, s->body.size);
	s->body.size = 0;
}

static void keep_quiet(struct tap *w, const struct fact *f)
{
	(void)w;
	(void)f;
}

static void begin(struct session *s)
{
	static const char hello[] = "48454c46 20000000 00000000 00000100 00000100 00000000 "
				    "00000000 00000000";
	static const char acknowledge[] = "41434b46 1c000000 00000000 00000100 00000100 00000000 "
					  "00000000";
	s->body.size = 0;
	tap_open(&s->tap, 0);
	s->tap.tell = keep_quiet;
	talk_open(&s->talk, &s->tap, 4840);
	talk_says(&s->talk, TALK_CLIENT, hello);
	talk_says(&s->talk, TALK_SERVER, acknowledge);
}

static void end(struct session *s)
{
	tap_end(&s->tap);
	assert_int_equal(tap_counter(&s->tap, "malformed_messages"), 0);
}

/* "ns=2;i=5=17", with "!" where it was written, of all points in the order they came up. */
static const char *points(struct session *s)
{
	end(s);
	return tap_points(&s->tap, false);
}

/* --- services --- */

static void ask_read(struct session *s, unsigned request, unsigned first, unsigned count)
{
	made_hex(&s->body, "0000000000000000 00000000");
	put_32(s, count);
	for (unsigned i = 0; i < count; i++)
		put_read(s, first + i);
	say(s, TALK_CLIENT, request, READ);
}

static void answer_read(struct session *s, unsigned request, uint32_t first, unsigned count)
{
	put_32(s, count);
	for (unsigned i = 0; i < count; i++)
		put_value(s, first + i, GOOD);
	put_32(s, UINT32_MAX);
	say(s, TALK_SERVER, request, READ);
}

static void answer_good(struct session *s, unsigned request, unsigned type, unsigned count)
{
	put_32(s, count);
	for (unsigned i = 0; i < count; i++)
		put_32(s, GOOD);
	put_32(s, UINT32_MAX);
	say(s, TALK_SERVER, request, type);
}

static void write_value(struct session *s, unsigned node, uint32_t value, unsigned bad)
{
	put_32(s, 1);
	put_node(s, node);
	put_32(s, VALUE);
	put_32(s, UINT32_MAX);
	put_value(s, value, bad);
	say(s, TALK_CLIENT, 5, WRITE);
	answer_good(s, 5, WRITE, 1);
}

static void monitor(struct session *s, unsigned node, uint32_t item, uint32_t handle)
{
	put_32(s, SUBSCRIPTION);
	put_32(s, 0);
	put_32(s, 1);
	put_read(s, node);
	put_32(s, 2);
	put_32(s, handle);
	made_hex(&s->body, "0000000000000000 000000 01000000 01");
	say(s, TALK_CLIENT, 6, CREATE);
	put_32(s, 1);
	put_32(s, GOOD);
	put_32(s, item);
	made_hex(&s->body, "0000000000000000 01000000 000000 ffffffff");
	say(s, TALK_SERVER, 6, CREATE);
}

static void publish(struct session *s, uint32_t handle, uint32_t value)
{
	put_32(s, 0);
	say(s, TALK_CLIENT, 7, PUBLISH);
	put_32(s, SUBSCRIPTION);
	made_hex(&s->body, "00000000 00 01000000 0000000000000000 01000000");
	made_hex(&s->body, "01 00 2b03 01"); /* DataChangeNotification */
	put_32(s, 4 + 4 + 6 + 4);
	put_32(s, 1);
	put_32(s, handle);
	put_value(s, value, GOOD);
	put_32(s, 0);
	made_hex(&s->body, "00000000 00000000");
	say(s, TALK_SERVER, 7, PUBLISH);
}

static void register_node(struct session *s, unsigned node, unsigned alias)
{
	put_32(s, 1);
	put_node(s, node);
	say(s, TALK_CLIENT, 8, REGISTER);
	put_32(s, 1);
	put_node(s, alias);
	say(s, TALK_SERVER, 8, REGISTER);
}

/* Bytes of both sides are lost; it shows with the next messages, which are read with their like. */
static void lose(struct session *s)
{
	s->talk.next[TALK_CLIENT] += 100;
	s->talk.next[TALK_SERVER] += 100;
	for (unsigned i = 0; i < 3; i++)
		publish(s, 999, 0);
}

/* --- tests --- */

static struct session here;

static void what_was_written_is_a_point_if_it_is_good(void **state)
{
	(void)state;
	struct session *s = &here;
	begin(s);
	write_value(s, 1, 5, BAD);
	write_value(s, 2, 6, GOOD);
	assert_string_equal(points(s), "ns=2;i=2=6!\n");
	tap_close(&s->tap);
}

static void thousands_of_nodes_have_addresses(void **state)
{
	(void)state;
	struct session *s = &here;
	begin(s);
	ask_read(s, 2, 10000, 3000);
	answer_read(s, 2, 0, 3000);
	end(s);
	assert_int_equal(s->tap.plant.point_count, 3000);
	assert_int_equal(tap_counter(&s->tap, "scratch_refused"), 0);
	tap_close(&s->tap);
}

/* Answers in order, out of order and not at all, with room for all and with room for few. */
static void answers_find_their_elements(void **state)
{
	(void)state;
	static const struct {
		unsigned answered[4];
		const char *points;
	} rows[] = {
		{ { 1, 2, 3, 4 }, "ns=2;i=1=1\nns=2;i=2=2\nns=2;i=3=3\nns=2;i=4=4\n" },
		{ { 4, 3, 2, 1 }, "ns=2;i=4=4\nns=2;i=3=3\nns=2;i=2=2\nns=2;i=1=1\n" },
		{ { 2, 1, 4, 3 }, "ns=2;i=2=2\nns=2;i=1=1\nns=2;i=4=4\nns=2;i=3=3\n" },
		{ { 2, 4 }, "ns=2;i=2=2\nns=2;i=4=4\n" },
	};
	struct session *s = &here;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		begin(s);
		for (unsigned n = 1; n <= 4; n++)
			ask_read(s, n, n, 1);
		for (unsigned k = 0; k < 4 && rows[i].answered[k]; k++)
			answer_read(s, rows[i].answered[k], rows[i].answered[k], 1);
		assert_string_equal(points(s), rows[i].points);
		tap_close(&s->tap);
	}
}

/* Of a client that asks and asks without an answer the newest questions are kept. */
static void many_questions_keep_little(void **state)
{
	(void)state;
	enum { ASKS = 24, NODES = 3000 };
	struct session *s = &here;
	begin(s);
	for (unsigned n = 0; n < ASKS; n++)
		ask_read(s, 100 + n, 1, NODES);
	answer_read(s, 100, 0, NODES);
	answer_read(s, 101, 0, NODES);
	ask_read(s, 200, 7, 1);
	answer_read(s, 200, 5000, 1);
	answer_read(s, 100 + ASKS - 1, 1, NODES);
	end(s);
	assert_int_equal(tap_counter(&s->tap, "buffers_refused"), 0);
	assert_int_equal(tap_counter(&s->tap, "flows_evicted"), 0);
	assert_int_equal(s->tap.plant.point_count, NODES);
	for (unsigned i = 0; i < NODES; i++) {
		const struct point *p = &s->tap.plant.points[i];
		assert_int_equal(p->samples, strcmp(p->address, "ns=2;i=7") == 0 ? 2 : 1);
	}
	tap_close(&s->tap);
}

static void a_long_list_of_items_goes(void **state)
{
	(void)state;
	enum { OTHERS = 6000 };
	struct session *s = &here;
	begin(s);
	monitor(s, 1, 1, 10);
	monitor(s, 2, 2, 20);
	put_32(s, SUBSCRIPTION);
	put_32(s, OTHERS + 1);
	for (uint32_t i = 0; i < OTHERS; i++)
		put_32(s, 100000 + i);
	put_32(s, 1);
	say(s, TALK_CLIENT, 9, DELETE);
	answer_good(s, 9, DELETE, OTHERS + 1);
	publish(s, 10, 5);
	publish(s, 20, 6);
	assert_string_equal(points(s), "ns=2;i=2=6\n");
	tap_close(&s->tap);
}

static void two_items_of_one_name_are_nobodys(void **state)
{
	(void)state;
	struct session *s = &here;
	begin(s);
	monitor(s, 1, 1, 10);
	monitor(s, 2, 2, 10);
	monitor(s, 3, 3, 30);
	publish(s, 10, 5);
	publish(s, 30, 6);
	put_32(s, SUBSCRIPTION);
	put_32(s, 1);
	put_32(s, 1);
	say(s, TALK_CLIENT, 9, DELETE);
	answer_good(s, 9, DELETE, 1);
	monitor(s, 4, 4, 10); /* item 2 is called so still */
	publish(s, 10, 7);
	assert_string_equal(points(s), "ns=2;i=3=6\n");
	tap_close(&s->tap);
}

static void nothing_is_known_behind_a_hole(void **state)
{
	(void)state;
	struct session *s = &here;
	begin(s);
	monitor(s, 1, 1, 10);
	ask_read(s, 20, 2, 1);
	register_node(s, 3, 30);
	ask_read(s, 21, 30, 1);
	answer_read(s, 21, 5, 1);
	lose(s);
	publish(s, 10, 6);
	answer_read(s, 20, 7, 1);
	ask_read(s, 21, 30, 1); /* whose name is it now? */
	answer_read(s, 21, 8, 1);
	ask_read(s, 22, 4, 1);
	answer_read(s, 22, 9, 1);
	assert_string_equal(points(s), "ns=2;i=3=5\nns=2;i=4=9\n");
	tap_close(&s->tap);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_is_a_point_if_it_is_good),
		cmocka_unit_test(thousands_of_nodes_have_addresses),
		cmocka_unit_test(answers_find_their_elements),
		cmocka_unit_test(many_questions_keep_little),
		cmocka_unit_test(a_long_list_of_items_goes),
		cmocka_unit_test(two_items_of_one_name_are_nobodys),
		cmocka_unit_test(nothing_is_known_behind_a_hole),
	};
	return cmocka_run_group_tests_name("opcua", tests, NULL, NULL);
}
