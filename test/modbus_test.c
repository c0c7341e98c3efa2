/* Modbus/TCP through the whole sensor: who asks, what fits, and what is not Modbus at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

enum { PORT = 40502 };

static void both_directions_say_all(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	talk_says(&t, TALK_CLIENT, "0001 0000 0006 01 03 0063 0002");
	talk_says(&t, TALK_SERVER, "0001 0000 0007 01 03 04 000a ffff");
	talk_says(&t, TALK_CLIENT, "0002 0000 0006 01 08 000b 0000");
	talk_says(&t, TALK_SERVER, "0002 0000 0006 01 08 000b 0007");
	talk_says(&t, TALK_CLIENT, "0003 0000 0011 01 14 0e 06 0004 0001 0002 06 0003 0009 0002");
	talk_says(&t, TALK_SERVER, "0003 0000 000f 01 14 0c 05 06 0dfe0020 05 06 33cd0040");
	talk_says(&t, TALK_CLIENT, "0004 0000 0011 01 17 0003 0001 000e 0003 06 00ff 0100 0101");
	talk_says(&t, TALK_SERVER, "0004 0000 0005 01 17 02 00fe");
	talk_says(&t, TALK_CLIENT, "0005 0000 0004 01 18 04de");
	talk_says(&t, TALK_SERVER, "0005 0000 000a 01 18 0006 0002 01b8 1284");
	talk_says(&t, TALK_CLIENT, "0006 0000 0005 01 2b 0e 01 00");
	talk_says(&t, TALK_SERVER,
		"0006 0000 0012 01 2b 0e 01 01 00 00 02 00 04 41434d45 02 02 5631");
	tap_end(&w);
	assert_true(tap_told(&w,
		"modbus.byte_count=4 modbus.register=99 modbus.value=10 modbus.register=100 "
		"modbus.value=65535\n"));
	assert_true(tap_told(&w, "modbus.diagnostic=11 modbus.diagnostic.bus_messages=7\n"));
	assert_true(
		tap_told(&w, "modbus.file.number=3 modbus.file.record=9 modbus.file.length=2\n"));
	assert_true(tap_told(&w, "modbus.byte_count=5 modbus.file.type=6 modbus.data=33cd0040\n"));
	assert_true(tap_told(&w,
		"modbus.register=14 modbus.value=255 modbus.register=15 modbus.value=256 "
		"modbus.register=16 modbus.value=257\n"));
	assert_true(tap_told(&w, "modbus.register=3 modbus.value=254\n"));
	assert_true(tap_told(&w, "modbus.fifo.count=2 modbus.value=440 modbus.value=4740\n"));
	assert_true(tap_knows(&w, "10.0.0.2", "vendor", "ACME"));
	assert_true(tap_knows(&w, "10.0.0.2", "firmware", "V1"));
	assert_int_equal(tap_counter(&w, "malformed_messages"), 0);
	tap_close(&w);
}

/* No handshake: the bodies say who asks, and go on saying so where they could be both. */
static void a_late_capture_knows_who_asks(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_join(&t, &w, PORT);
	talk_says(&t, TALK_SERVER, "0001 0000 0003 01 83 02");
	talk_says(&t, TALK_CLIENT, "0002 0000 0006 01 06 0001 0003");
	talk_says(&t, TALK_SERVER, "0002 0000 0006 01 06 0001 0003");
	tap_end(&w);
	assert_true(tap_told(&w, "1 modbus read_holding_registers response"));
	assert_true(tap_told(&w, "modbus.function=3 modbus.exception=2\n"));
	assert_true(tap_told(&w, "2 modbus write_register request"));
	assert_true(tap_told(&w, "3 modbus write_register response"));
	tap_close(&w);

	tap_open(&w, 0);
	talk_join(&t, &w, PORT);
	talk_says(&t, TALK_SERVER, "0001 0000 0005 01 03 02 1234");
	talk_says(&t, TALK_CLIENT, "0001 0000 0006 01 03 0000 0001"); /* the same number again */
	tap_end(&w);
	assert_true(tap_told(&w, "1 modbus read_holding_registers response"));
	assert_true(tap_told(&w, "modbus.byte_count=2 modbus.value=4660\n"));
	assert_true(tap_told(&w, "2 modbus read_holding_registers request"));
	tap_close(&w);
}

static void half_a_body_is_told_as_bytes(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	talk_says(&t, TALK_CLIENT, "0001 0000 0006 01 03 0000 0001");
	talk_says(&t, TALK_CLIENT, "0002 0000 0006 01 16 0004 00f2");
	talk_says(&t, TALK_SERVER, "0002 0000 0003 01 96 03");
	talk_says(&t, TALK_CLIENT, "0003 0000 0002 01 5a");
	talk_says(&t, TALK_CLIENT, "0004 0000 0003 01 83 01"); /* an exception from the client */
	talk_says(&t, TALK_SERVER, "0004 0000 0005 01 03 02 0001");
	tap_end(&w);
	assert_true(tap_told(&w, "modbus.function=22 modbus.data=000400f2\n"));
	assert_true(tap_told(&w, "mask_write_register response"));
	assert_true(tap_told(&w, "umas request"));
	assert_true(tap_told(&w, "exception_from_client request"));
	assert_int_equal(tap_counter(&w, "malformed_messages"), 1);
	assert_int_equal(tap_counter(&w, "violations"), 2);
	tap_close(&w);
}

static void other_protocols_are_not_modbus(void **state)
{
	(void)state;
	static const char *const others[] = {
		("3084 0000 002b 02 04 55d69f61 6184 0000001f 0a0100 0400 0400 8716"
		 "a1143012a0030a0100a10b06092a864882f712010202"), /* LDAP */
		"01 00 00 00 0002 000d 01 00007530",              /* HART-IP */
		"3600 0000 0012 0000 0100 00000000 00000000 8e049101 01000000 06000000",
	};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		struct tap w;
		struct talk t;
		tap_open(&w, 0);
		talk_open(&t, &w, 502);
		talk_says(&t, TALK_CLIENT, others[i]);
		tap_end(&w);
		assert_false(tap_told(&w, "modbus"));
		tap_close(&w);
	}
}

/* One question waits while twenty others are answered. */
static void a_slow_answer_finds_its_question(void **state)
{
	(void)state;
	struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, PORT);
	talk_says(&t, TALK_CLIENT, "ffff 0000 0006 01 03 0063 0001");
	for (unsigned i = 0; i < 20; i++) {
		char ask[64], answer[64];
		snprintf(ask, sizeof ask, "%04x 0000 0006 01 03 0001 0001", i);
		snprintf(answer, sizeof answer, "%04x 0000 0005 01 03 02 0000", i);
		talk_says(&t, TALK_CLIENT, ask);
		talk_says(&t, TALK_SERVER, answer);
	}
	talk_says(&t, TALK_SERVER, "ffff 0000 0005 01 03 02 0005");
	tap_end(&w);
	assert_true(tap_told(&w, "modbus.byte_count=2 modbus.register=99 modbus.value=5\n"));
	tap_close(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_say_all),
		cmocka_unit_test(a_late_capture_knows_who_asks),
		cmocka_unit_test(half_a_body_is_told_as_bytes),
		cmocka_unit_test(other_protocols_are_not_modbus),
		cmocka_unit_test(a_slow_answer_finds_its_question),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
