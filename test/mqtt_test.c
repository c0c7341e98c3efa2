/* MQTT through the whole sensor: what a broker hands on, what an alias means and when nobody knows
 * it any more, and what is not MQTT at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "talk.h"

enum { PORT = 41883 };

#define CONNECT   "100d 0004 4d515454 04 02 003c 0001 6e"
#define CONNECTED "2002 0000"
/* spBv1.0/G/NBIRTH/n: "Node Control/Reboot" has the alias 2, "U" the alias 10 and the unit "V". */
#define BIRTH                                                                                      \
	"3053 0012 73704276312e302f472f4e42495254482f6e 0801 121b 0a134e6f646520436f6e74726f6c2f"  \
	"5265626f6f74 1002 200b 7000 121c 0a0155 100a 2009 4a0e 0a07656e67556e6974 1203 420156 "   \
	"650000bc41 1800"
/* The metric of alias 10 is 24.5; the one of alias 2 is commanded to be true. */
#define DATA   "3020 0011 73704276312e302f472f4e444154412f6e 0801 1207 100a 650000c441 1801"
#define REBOOT "301a 0010 73704276312e302f472f4e434d442f6e 0801 1204 1002 7001"

static void start(struct tap *w, struct talk *t)
{
	tap_open(w, 0);
	talk_open(t, w, PORT);
	talk_says(t, TALK_CLIENT, CONNECT);
	talk_says(t, TALK_SERVER, CONNECTED);
}

/* The edge node opened the connection, and is the one who is told. */
static void a_broker_hands_on_a_command(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	start(&w, &t);
	talk_says(&t, TALK_CLIENT, BIRTH);
	talk_says(&t, TALK_SERVER, REBOOT);
	tap_end(&w);
	assert_true(tap_told(&w, "sparkplug_node_reboot request"));
	assert_true(tap_told(&w, "sparkplugb.metric=Node Control/Reboot sparkplugb.value=1"));
	const struct finding *said = tap_finding(&w, "controller-restart");
	assert_non_null(said);
	const char *text = said->text;
	assert_ptr_equal(strstr(text, "10.0.0.2 told "), text);
	assert_non_null(
		strstr(text, "(10.0.0.1) to restart (mqtt sparkplug_node_reboot of node n)"));
	const struct conversation *c = &w.plant.conversations[0];
	unsigned turned = 0;
	for (uint32_t n = c->operations; n; n = w.plant.operations[n].next)
		turned += w.plant.operations[n].turned[0] == w.plant.operations[n].requests;
	assert_int_equal(turned, 1); /* what the client did is not among it */
	tap_close(&w);
}

static void a_metric_has_name_and_unit_of_its_birth(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	start(&w, &t);
	talk_says(&t, TALK_CLIENT, BIRTH);
	talk_says(&t, TALK_CLIENT, DATA);
	tap_end(&w);
	assert_int_equal(w.plant.point_count, 1);
	assert_string_equal(w.plant.points[0].address, "G/n/U");
	assert_string_equal(w.plant.points[0].unit, "V");
	assert_int_equal(w.plant.points[0].samples, 2);
	assert_true(w.plant.points[0].last == 24.5);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	tap_close(&w);
}

/* Another birth may be in what the capture lost. */
static void a_hole_forgets_aliases(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	start(&w, &t);
	talk_says(&t, TALK_CLIENT, BIRTH);
	t.next[TALK_CLIENT] += 100;
	talk_says(&t, TALK_CLIENT, DATA);
	tap_end(&w);
	assert_true(tap_told(&w, "sparkplugb.metric=alias 10 "));
	assert_int_equal(w.plant.points[0].samples, 1);
	tap_close(&w);
}

/* The client says them one after the other, in a conversation that began before us or with us. */
static void read_points(struct tap *w, const char *const *packets, size_t count, bool late)
{
	struct talk t;
	if (late) {
		tap_open(w, 0);
		talk_join(&t, w, PORT);
	} else {
		start(w, &t);
	}
	for (size_t i = 0; i < count; i++)
		talk_says(&t, TALK_CLIENT, packets[i]);
	tap_end(w);
	assert_int_equal(tap_counter(w, "malformed_messages"), 0);
}

/* A repetition is no sample where what it repeats was seen; it is one where that was lost. */
static void what_is_said_again_counts_once(void **state)
{
	(void)state;
	struct tap w;
	static const char *const packets[] = {
		"3209 0004 612f6263 0007 35", /* "a/bc" 5, number 7 */
		"3a09 0004 612f6263 0007 35", /* the same again */
		"3a09 0004 612f6263 0008 36", /* number 8 again, which nobody saw */
	};
	read_points(&w, packets, COUNT_OF(packets), false);
	assert_int_equal(w.plant.point_count, 1);
	assert_int_equal(w.plant.points[0].samples, 2);
	assert_true(w.plant.points[0].last == 6);
	tap_close(&w);
}

/* A late capture does not know who is the broker: whether a kept value is old, and whose a command
 * is, nobody knows. */
static void unknown_sides_have_few_points(void **state)
{
	(void)state;
	struct tap w;
	static const char *const packets[] = {
		"3107 0004 612f6263 34",   /* "a/bc" 4, kept */
		"3008 0005 762f736574 33", /* "v/set" 3 */
		"3007 0004 612f6264 35",   /* "a/bd" 5 */
	};
	read_points(&w, packets, COUNT_OF(packets), true);
	assert_int_equal(w.plant.point_count, 1);
	assert_string_equal(w.plant.points[0].address, "a/bd");
	tap_close(&w);
}

/* In version 5 a broker may refuse what it has to acknowledge. */
static void what_may_be_refused_is_not_written(void **state)
{
	(void)state;
	struct tap w;
	static const char *const packets[] = {
		"100e 0004 4d515454 05 02 003c 00 0001 6e",
		"320b 0005 762f736574 0007 00 33", /* "v/set" 3, number 7 */
		"3009 0005 762f736574 00 34",      /* "v/set" 4 */
	};
	read_points(&w, packets, COUNT_OF(packets), false);
	assert_int_equal(w.plant.point_count, 1);
	assert_int_equal(w.plant.points[0].samples, 1);
	assert_true(w.plant.points[0].written && w.plant.points[0].last == 4);
	tap_close(&w);
}

/* Neither a time nor a number that may have a sign or none is one to plot. */
static void some_numbers_are_no_points(void **state)
{
	(void)state;
	struct tap w;
	static const char *const packets[] = {
		"3014 0004 612f6263 7b227473223a392c2276223a327d", /* {"ts":9,"v":2} */
		/* B is 5 of no type, T is 6 of Int32 */
		"3025 0011 73704276312e302f472f4e444154412f6e 0801 1205 0a01425005 1207 0a015420035006",
	};
	read_points(&w, packets, COUNT_OF(packets), false);
	assert_int_equal(w.plant.point_count, 2);
	for (size_t i = 0; i < 2; i++)
		assert_true(strcmp(w.plant.points[i].address, "a/bc#/v") == 0 ||
			strcmp(w.plant.points[i].address, "G/n/T") == 0);
	tap_close(&w);
}

/* Names beyond what a point may have keep both ends, whole characters, and differ. */
static void long_names_differ(void **state)
{
	(void)state;
	struct tap w;
	char packets[3][512];
	const char *said[COUNT_OF(packets)];
	for (unsigned n = 0; n < COUNT_OF(packets); n++) {
		struct out o = out_mem(packets[n], sizeof packets[n]);
		out_str(&o, "30a701 00a4");
		for (unsigned i = 0; i < 81;
			i++) /* e acute; the second has an e grave among them */
			out_str(&o, n == 1 && i == 35 ? "c3a8" : "c3a9");
		out_str(&o, n == 2 ? "2f62 31" : "2f61 31");
		said[n] = out_text(&o);
	}
	read_points(&w, said, COUNT_OF(said), false);
	assert_int_equal(w.plant.point_count, 3);
	for (size_t i = 0; i < 3; i++) {
		const char *name = w.plant.points[i].address;
		assert_memory_equal(name, "\xc3\xa9", 2);
		assert_int_equal(strlen(name), 40 + 10 + 70);
		for (size_t other = 0; other < i; other++)
			assert_string_not_equal(name, w.plant.points[other].address);
	}
	tap_close(&w);
}

/* Behind a hole a stream is taken up where a packet fits, and not before. */
static void a_hole_ends_where_a_packet_fits(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	start(&w, &t);
	t.next[TALK_CLIENT] += 100;
	talk_says(&t, TALK_CLIENT, "3412 5678 9abc def0");
	talk_says(&t, TALK_CLIENT, "3007 0003 612f62 3132");
	tap_end(&w);
	assert_true(
		tap_told(&w, "mqtt.topic=a/b mqtt.payload_size=2 mqtt.msg_text=12 mqtt.value=12"));
	assert_int_equal(tap_counter(&w, "streams_out_of_step"), 1);
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	tap_close(&w);
}

/* First bytes of other protocols, which have types and lengths of MQTT by chance. */
static void others_are_not_mqtt(void **state)
{
	(void)state;
	static const char *const others[] = {
		"300c 0201 01 6007 0201 03 0400 8000",                     /* LDAP bind */
		"3084 0000 0010 0201 01 6084 0000 0007 0201 03 0400 8000", /* the same, long lengths
									    */
		"3026 0201 01 0406 7075626c6963 a019 0201 01 0201 00 0201 00 300e 300c 0608 2b06",
		"3232 3020 7265616479 0d0a",               /* 220 ready */
		"1600 0000 1234 5678",                     /* a type without such flags */
		"c000 0000 c000 0000",                     /* a ping, and then nothing of MQTT */
		"2000 0000 0000 0000",                     /* too short for its type */
		"3007 0003 61 2f 00 31 32",                /* a topic with a NUL in it */
		"8208 0001 0003 612f62 04",                /* a service that does not exist */
		"e080 8080 8001",                          /* a length without end */
		"e000 e000 e000 e000",                     /* an end, again and again */
		"2002 0000 2002 0000 2002 0000 2002 0000", /* and a beginning */
		"3009 0004 0d0a090a 31 32 33",             /* a topic of line ends */
	};
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct tap w;
		struct talk t;
		tap_open(&w, 0);
		talk_join(&t, &w, PORT);
		talk_says(&t, TALK_CLIENT, others[i]);
		talk_says(&t, TALK_CLIENT, others[i]);
		tap_end(&w);
		assert_false(tap_told(&w, " mqtt "));
		tap_close(&w);
	}
}

/* Who opens a connection begins with CONNECT, however much the bytes look like pings. */
static void a_new_conversation_begins_with_connect(void **state)
{
	(void)state;
	static const char *const others[] = { "c000 c000 c000 c000 c000", "3007 0003 612f62 3132",
		"3209 0004 612f6263 0007 35", "2002 0000 2002 0000 2002 0000 2002 0000" };
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct tap w;
		struct talk t;
		tap_open(&w, 0);
		talk_open(&t, &w, PORT);
		talk_says(&t, TALK_CLIENT, others[i]);
		tap_end(&w);
		assert_false(tap_told(&w, " mqtt "));
		tap_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broker_hands_on_a_command),
		cmocka_unit_test(a_metric_has_name_and_unit_of_its_birth),
		cmocka_unit_test(a_hole_forgets_aliases),
		cmocka_unit_test(a_hole_ends_where_a_packet_fits),
		cmocka_unit_test(what_is_said_again_counts_once),
		cmocka_unit_test(unknown_sides_have_few_points),
		cmocka_unit_test(what_may_be_refused_is_not_written),
		cmocka_unit_test(some_numbers_are_no_points),
		cmocka_unit_test(long_names_differ),
		cmocka_unit_test(others_are_not_mqtt),
		cmocka_unit_test(a_new_conversation_begins_with_connect),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
