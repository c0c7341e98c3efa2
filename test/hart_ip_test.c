/* HART-IP through the whole sensor: under which name a value is a point, and whose a datagram is of
 * which the capture kept the beginning.
 *
 * A case is a conversation over UDP, one message a line: '>' from the host, '<' from the device,
 * type, number and sequence of the message, then its body in hex, a frame without its check byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tap.h"

enum { HOST = 1, DEVICE = 2, PORT = 5094, LINES = 10, HEADER = 8, BEFORE = 14 + 20 + 8 };

struct talk {
	const char *about;
	const char *lines[LINES];
	const char *points; /* each "address=value", with "!" where it was written */
};

/* The device's own identity, asked for at polling address 0: type A64E, id 210. */
#define KNOWN                                                                                      \
	"> 0 3 1 02 80 00 00",                                                                     \
		"< 1 3 1 06 80 00 18 0000 fe a64e 05 07 01 01 08 00 0000d2 05 04 "                 \
		"0000 00 0026 0026 01"
#define LIST(command, size, data) "0000 " command " " size " " data

static const struct talk talks[] = {
	{ "one name, however it is asked for",
		{ KNOWN, "< 1 3 2 06 80 01 07 0000 0c 3f800000",
			"< 1 3 3 86 a64e0000d2 01 07 0000 0c 40000000",
			"< 1 4 4 " LIST("0001", "06", "00 0c 40400000") },
		"264E-0000D2 PV=3\n" },
	{ "before anybody knows who it is", { "< 1 3 2 06 80 01 07 0000 0c 3f800000" }, "PV=1\n" },
	{ "others at the same end",
		{ KNOWN, "< 1 3 2 06 83 01 07 0000 0c 3f800000",
			"< 1 3 3 86 9112123456 01 07 0000 0c 40000000" },
		"poll 3 PV=1\n1112-123456 PV=2\n" },
	{ "behind a channel, whatever its short address",
		{ KNOWN, "< 1 3 2 86 a64e0000d2 4d 0f 0000 01 02 06 80 01 07 0000 0c 3f800000",
			"< 1 3 3 86 a64e0000d2 4d 0f 0000 01 03 06 80 01 07 0000 0c 40000000" },
		"card 1 channel 2 poll 0 PV=1\ncard 1 channel 3 poll 0 PV=2\n" },
	{ "behind a channel, within a direct PDU and within a list",
		{ KNOWN,
			"< 1 4 2 " LIST(
				"004d", "12", "00 01 02 86 9112123456 01 07 0000 0c 3f800000"),
			"< 1 3 3 86 a64e0000d2 4d 1c 0000 01 02 86 9112123456 4e 10 0000 00 01 "
			"0002 09 00 40000000 40400000" },
		"1112-123456 PV=1\n1112-123456 loop current=2\n"
		"1112-123456 percent of range=3\n" },
	{ "asked of everybody: nobody knows who answers",
		{ KNOWN, "< 1 3 2 86 8000000000 01 07 0000 0c 3f800000" }, "" },
	{ "what is written, once it is done",
		{ KNOWN, "< 1 3 2 86 a64e0000d2 4f 0a 2100 02 01 20 3f800000 c0",
			"< 1 3 3 86 a64e0000d2 4f 0a 2200 02 01 20 40000000 c0",
			"< 1 3 4 86 a64e0000d2 4f 0a 0700 02 01 20 40400000 c0" },
		"" },
	{ "and now it is", { KNOWN, "< 1 3 2 86 a64e0000d2 4f 0a 0000 02 01 20 3f800000 c0" },
		"264E-0000D2 variable 2=1!\n" },
};

/* `kept` bytes of the message are in the capture; 0: all. */
static void send_line(struct tap *w, const char *line, size_t kept)
{
	static struct made body, m, packet;
	unsigned from = line[0] == '>' ? HOST : DEVICE, to = 3 - from, type, id, sequence;
	int at = 0;
	assert_int_equal(sscanf(line + 1, "%u %u %u %n", &type, &id, &sequence, &at), 3);
	body.size = m.size = packet.size = 0;
	made_hex(&body, line + 1 + at);
	uint8_t check = 0;
	for (size_t i = 0; i < body.size; i++)
		check ^= body.bytes[i];
	if (id == 3)
		made_bytes(&body, &check, 1);
	made_16(&m, 0x0200 | type);
	made_16(&m, id << 8);
	made_16(&m, sequence);
	made_16(&m, (unsigned)body.size + HEADER);
	made_bytes(&m, body.bytes, body.size);
	made_ether(&packet, from, to, 0x0800);
	made_ip4(&packet, &(struct made_ip4){ from, to, 17, .size = 8 + m.size });
	made_udp(&packet, PORT, PORT, m.size);
	made_bytes(&packet, m.bytes, m.size);
	size_t wire = packet.size;
	if (kept)
		packet.size = BEFORE + kept;
	tap_frame(w, &packet, wire);
}

static void points(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof talks / sizeof talks[0]; n++) {
		static struct tap w;
		tap_open(&w, 0);
		for (size_t i = 0; i < LINES && talks[n].lines[i]; i++)
			send_line(&w, talks[n].lines[i], 0);
		tap_end(&w);
		const char *told = tap_points(&w, false);
		if (strcmp(told, talks[n].points) != 0)
			print_error("%s\n", talks[n].about);
		assert_string_equal(told, talks[n].points);
		tap_close(&w);
	}
}

#define WRITE "> 0 3 2 82 a64e0000d2 23 09 0c 43c80000 00000000"
#define TAG   "> 0 4 2 " LIST("0016", "04", "41424344")

static void cut_short(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		size_t kept;
		bool ours;
	} rows[] = {
		{ WRITE, 0, true },
		{ WRITE, HEADER + 8, true }, /* with its byte count, which fits the length */
		{ WRITE, HEADER + 7, false },
		{ "< 1 3 2 82 a64e0000d2 23 09 0c 43c80000 00000000", HEADER + 8, false },
		{ "> 0 3 2 82 a64e0000d2 23 08 0c 43c80000 00000000", HEADER + 8, false },
		{ TAG, HEADER + 5, true },
		{ TAG, HEADER + 4, false },
		{ "> 0 4 2 " LIST("0016", "05", "41424344"), HEADER + 5, false },
		{ "> 0 4 2 " LIST("ea60", "04", "41424344"), HEADER + 5, false },
		{ "> 0 5 2 0001", HEADER + 1, false },
	};
	for (size_t n = 0; n < sizeof rows / sizeof rows[0]; n++) {
		static struct tap w;
		tap_open(&w, 0);
		send_line(&w, rows[n].line, rows[n].kept);
		tap_end(&w);
		const struct conversation *c = w.plant.conversations;
		bool ours = w.plant.conversation_count && c->protocol && !c->guess &&
			strcmp(c->protocol, "hart-ip") == 0;
		if (ours != rows[n].ours)
			print_error("row %zu: %s\n", n, rows[n].line);
		assert_int_equal(ours, rows[n].ours);
		assert_int_equal(w.facts, !rows[n].kept); /* half a message is no fact */
		tap_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(points), cmocka_unit_test(cut_short) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
