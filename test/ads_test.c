/* ADS through the whole sensor: whose a point is, and that only what was done is one.
 *
 * A case is a conversation of two machines, 10.0.0.1 and 10.0.0.2, by one connection.  Each line is
 * a message: '>' from the first, '<' from the second; '?' asks and '!' answers; who sends and who
 * receives, as net id and port; command, invoke id and error in hex; the body.  Net ids: 1 and 2
 * are those of the machines, 3 is a device behind the second, 4 one with a net id of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "talk.h"

enum { LINE = 512, LINES = 24 };

struct ads_talk {
	const char *about;
	const char *lines[LINES];
	const char *points; /* each "host address=value", with "!" where it was written */
};

static const struct ads_talk talks[] = {
	{ "the same numbers of two clients and two devices",
		{ ">? 1:32905 2:851 2 7 0 20400000 00000000 02000000",
			">? 1:32905 3:851 2 7 0 20400000 64000000 02000000",
			">? 4:32905 2:851 2 7 0 20400000 c8000000 02000000",
			"<! 2:851 1:32905 2 7 0 00000000 02000000 0b00",
			"<! 3:851 1:32905 2 7 0 00000000 02000000 1600",
			"<! 2:851 4:32905 2 7 0 00000000 02000000 2100" },
		"2 %MB0-1=11\n2 %MB200-201=33\n2 10.0.0.2.2.1 %MB100-101=22\n" },
	{ "both ask, and each has its own points",
		{ ">? 1:32905 2:851 2 7 0 20400000 00000000 02000000",
			"<! 2:851 1:32905 2 7 0 00000000 02000000 0b00",
			"<? 2:32905 1:851 2 7 0 20400000 00000000 02000000",
			">! 1:851 2:32905 2 7 0 00000000 02000000 1600",
			"<? 2:32905 1:851 3 8 0 20400000 02000000 02000000 2100",
			">! 1:851 2:32905 3 8 0 00000000" },
		"1 %MB0-1=22\n1 %MB2-3=33!\n2 %MB0-1=11\n" },
	{ "a write is a point once it is confirmed",
		{ ">? 1:32905 2:851 3 1 0 20400000 12000000 02000000 2a00",
			"<! 2:851 1:32905 3 1 0 00000000",
			">? 1:32905 2:851 3 2 0 20400000 14000000 02000000 2a00",
			"<! 2:851 1:32905 3 2 0 04070000",
			">? 1:32905 2:851 3 3 0 20400000 16000000 02000000 2a00" },
		"2 %MB18-19=42!\n" },
	{ "of a sum each by itself",
		{ ">? 1:32905 2:851 9 1 0 81f00000 02000000 08000000 1c000000 20400000 "
		  "14000000 02000000 20400000 16000000 02000000 0500 0600",
			"<! 2:851 1:32905 9 1 0 00000000 08000000 04070000 00000000" },
		"2 %MB22-23=6!\n" },
	{ "an error in the header, and a body behind it all the same",
		{ ">? 1:32905 2:851 2 1 0 20400000 1e000000 02000000",
			"<! 2:851 1:32905 2 1 7 00000000 02000000 6300" },
		"" },
	{ "a service is no process, nor is a size, a state or an axis' function",
		{ ">? 1:32905 2:200 2 1 0 01000000 06000000 02000000",
			"<! 2:200 1:32905 2 1 0 00000000 02000000 0500",
			">? 1:32905 2:851 2 2 0 25400000 00000000 04000000",
			"<! 2:851 1:32905 2 2 0 00000000 04000000 00000100",
			">? 1:32905 2:851 2 3 0 00f10000 00000000 02000000",
			"<! 2:851 1:32905 2 3 0 00000000 02000000 0500",
			">? 1:32905 2:501 3 4 0 01420000 01000000 02000000 0100",
			"<! 2:501 1:32905 3 4 0 00000000" },
		"" },
	{ "a method's parameter and what it returns are no values of the symbol",
		{ ">? 1:32905 2:851 9 1 0 03f00000 00000000 04000000 02000000 6100",
			"<! 2:851 1:32905 9 1 0 00000000 04000000 01000000",
			">? 1:32905 2:851 9 2 0 05f00000 01000000 02000000 02000000 0100",
			"<! 2:851 1:32905 9 2 0 00000000 02000000 0500" },
		"" },
	{ "a handle given back, and given for something else",
		{ ">? 1:32905 2:851 9 1 0 03f00000 00000000 04000000 02000000 6100",
			"<! 2:851 1:32905 9 1 0 00000000 04000000 01000000",
			">? 1:32905 2:851 3 2 0 06f00000 00000000 04000000 01000000",
			"<! 2:851 1:32905 3 2 0 00000000",
			">? 1:32905 2:851 2 3 0 05f00000 01000000 02000000",
			"<! 2:851 1:32905 2 3 0 00000000 02000000 0500",
			">? 1:32905 2:851 9 4 0 03f00000 00000000 04000000 02000000 6200",
			"<! 2:851 1:32905 9 4 0 00000000 04000000 01000000",
			">? 1:32905 2:851 2 5 0 05f00000 01000000 02000000",
			"<! 2:851 1:32905 2 5 0 00000000 02000000 0600" },
		"2 b=6\n" },
	{ "what nobody said the type of stays what it looked like",
		{ ">? 1:32905 2:851 2 1 0 20400000 00000000 04000000",
			"<! 2:851 1:32905 2 1 0 00000000 04000000 ffffff2f",
			">? 1:32905 2:851 2 2 0 20400000 00000000 04000000",
			"<! 2:851 1:32905 2 2 0 00000000 04000000 00000050" },
		"2 %MB0-3=1.34218e+09\n" },
	{ "as wide as it was read",
		{ ">? 1:32905 2:851 2 1 0 20400000 00000000 01000000",
			"<! 2:851 1:32905 2 1 0 00000000 01000000 07",
			">? 1:32905 2:851 2 2 0 20400000 00000000 02000000",
			"<! 2:851 1:32905 2 2 0 00000000 02000000 0701" },
		"2 %MB0-1=263\n2 %MB0=7\n" },
};

static const char *net(unsigned n)
{
	static const char *const nets[] = { "0a0000010101", "0a0000020101", "0a0000020201",
		"050e8c090101" };
	assert_in_range(n, 1, 4);
	return nets[n - 1];
}

static void add_16(struct out *hex, unsigned v)
{
	out_fmt(hex, "%02x%02x", v & 0xff, v >> 8 & 0xff);
}

static void add_32(struct out *hex, unsigned v)
{
	add_16(hex, v);
	out_str(hex, "0000");
}

static void send_line(struct talk *t, const char *line)
{
	unsigned from, from_port, to, to_port, command, invoke, error;
	int at = 0;
	assert_int_equal(sscanf(line + 2, "%u:%u %u:%u %x %x %x %n", &from, &from_port, &to,
				 &to_port, &command, &invoke, &error, &at),
		7);
	const char *body = line + 2 + at;
	unsigned digits = 0;
	for (const char *c = body; *c; c++)
		digits += *c != ' ';
	char room[2 * LINE];
	struct out hex = out_mem(room, sizeof room);
	out_str(&hex, "0000");
	add_32(&hex, 32 + digits / 2);
	out_str(&hex, net(to));
	add_16(&hex, to_port);
	out_str(&hex, net(from));
	add_16(&hex, from_port);
	add_16(&hex, command);
	add_16(&hex, line[1] == '!' ? 5 : 4);
	add_32(&hex, digits / 2);
	add_32(&hex, error);
	add_32(&hex, invoke);
	out_str(&hex, body);
	talk_says(t, line[0] == '>' ? TALK_CLIENT : TALK_SERVER, out_text(&hex));
}

static void expect_points(struct tap *w, const char *about, const char *points)
{
	tap_end(w);
	const char *told = tap_points(w, true);
	if (strcmp(told, points) != 0)
		print_error("%s\n", about);
	assert_string_equal(told, points);
	tap_close(w);
}

static void test_points(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof talks / sizeof talks[0]; n++) {
		static struct tap w;
		struct talk t;
		tap_open(&w, 0);
		talk_open(&t, &w, 48898);
		for (size_t i = 0; i < LINES && talks[n].lines[i]; i++)
			send_line(&t, talks[n].lines[i]);
		expect_points(&w, talks[n].about, talks[n].points);
	}
}

static void give_handle(struct talk *t, unsigned handle, const char *name)
{
	char line[LINE];
	snprintf(line, sizeof line,
		">? 1:32905 2:851 9 %x 0 03f00000 00000000 04000000 %02x000000 %s", handle & 0xfff,
		(unsigned)strlen(name) / 2, name);
	send_line(t, line);
	snprintf(line, sizeof line, "<! 2:851 1:32905 9 %x 0 00000000 04000000 %02x%02x0000",
		handle & 0xfff, handle & 0xff, handle >> 8 & 0xff);
	send_line(t, line);
}

static void read_handle(struct talk *t, unsigned handle)
{
	char line[LINE];
	snprintf(line, sizeof line, ">? 1:32905 2:851 2 fff 0 05f00000 %02x%02x0000 02000000",
		handle & 0xff, handle >> 8 & 0xff);
	send_line(t, line);
	send_line(t, "<! 2:851 1:32905 2 fff 0 00000000 02000000 0700");
}

static void give_back(struct talk *t, unsigned handle)
{
	char line[LINE];
	snprintf(line, sizeof line,
		">? 1:32905 2:851 3 ffe 0 06f00000 00000000 04000000 %02x%02x0000", handle & 0xff,
		handle >> 8 & 0xff);
	send_line(t, line);
	send_line(t, "<! 2:851 1:32905 3 ffe 0 00000000");
}

/* A program that takes a handle for each reading does not push out the handle of another. */
static void test_handles_given_back_make_room(void **state)
{
	(void)state;
	static struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, 48898);
	give_handle(&t, 1, "6b65707400");
	for (unsigned i = 0; i < 12000; i++) {
		give_handle(&t, 2 + i % 1000, "616761696e00");
		give_back(&t, 2 + i % 1000);
	}
	read_handle(&t, 1);
	expect_points(&w, "kept", "2 kept=7\n");
}

/* Where there are more than there is room for, those that come have names. */
static void test_too_many_handles(void **state)
{
	(void)state;
	static struct tap w;
	struct talk t;
	tap_open(&w, 0);
	talk_open(&t, &w, 48898);
	for (unsigned i = 0; i < 9000; i++)
		give_handle(&t, i, "6d616e7900");
	give_handle(&t, 9001, "6c61737400");
	read_handle(&t, 1);
	read_handle(&t, 9001);
	expect_points(&w, "last", "2 last=7\n");
}

/* A hole may hide that a handle was given back; where none ever was, names outlast it. */
static void test_hole(void **state)
{
	(void)state;
	for (unsigned given_back = 0; given_back < 2; given_back++) {
		static struct tap w;
		struct talk t;
		tap_open(&w, 0);
		talk_open(&t, &w, 48898);
		give_handle(&t, 1, "6b65707400");
		give_handle(&t, 2, "6f7468657200");
		if (given_back)
			give_back(&t, 2);
		t.next[TALK_CLIENT] += 100;
		for (unsigned i = 0; i < 600; i++)
			read_handle(&t, 1);
		expect_points(&w, "hole", given_back ? "" : "2 kept=7\n");
	}
}

/* Nor is what lies behind a file's number known after a hole. */
static void test_hole_and_file(void **state)
{
	(void)state;
	for (unsigned hole = 0; hole < 2; hole++) {
		static struct tap w;
		struct talk t;
		tap_open(&w, 0);
		talk_open(&t, &w, 48898);
		send_line(&t, ">? 1:32905 2:10000 9 1 0 78000000 12000400 04000000 02000000 6100");
		send_line(&t, "<! 2:10000 1:32905 9 1 0 00000000 04000000 09000000");
		t.next[TALK_CLIENT] += hole ? 100 : 0;
		for (unsigned i = 0; i < 600; i++)
			read_handle(&t, 1);
		w.out = out_mem(w.text, sizeof w.text);
		send_line(&t, ">? 1:32905 2:10000 9 2 0 7b000000 09000000 00000000 01000000 ff");
		tap_end(&w);
		bool told = strstr(out_text(&w.out), "write_program_file");
		assert_int_equal(told, !hole);
		tap_close(&w);
	}
}

/* A route is asked for with a password: the one every machine comes with, or one of its own. */
static void test_known_password(void **state)
{
	(void)state;
	static const char *const passwords[] = { "02000200 3100", "02000200 3700" };
	for (unsigned n = 0; n < 2; n++) {
		static struct tap w;
		char hex[LINE];
		tap_open(&w, 0);
		snprintf(hex, sizeof hex,
			"03661471 01000000 06000000 0a0000010101 1027 01000000 %s", passwords[n]);
		tap_udp(&w, &(struct udp_row){ 1, 2, 48899, 48899, .hex = hex });
		tap_end(&w);
		assert_int_equal(tap_found(&w, "default-credentials"), n == 0);
		assert_true(tap_found(&w, "config-change"));
		tap_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_points),
		cmocka_unit_test(test_handles_given_back_make_room),
		cmocka_unit_test(test_too_many_handles), cmocka_unit_test(test_hole),
		cmocka_unit_test(test_hole_and_file), cmocka_unit_test(test_known_password) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
