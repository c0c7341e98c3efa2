/* FINS through the whole sensor: whose a point is, and that only what was done is one.
 *
 * A case is a conversation of two controllers, 10.0.0.1 and 10.0.0.2, one datagram a line in hex:
 * '>' from the first, '<' from the second.  Of the header only ICF, the network and unit that ask
 * or are asked, and SID are written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tap.h"

enum { LINE = 512, LINES = 10 };

struct talk {
	const char *about;
	const char *lines[LINES];
	const char *points; /* each "host address=value", with "!" where it was written */
};

static const struct talk talks[] = {
	{ "both ask, and each has its own points",
		{ "> 80 00 00 01 0101 82 0064 00 0001", "< c0 00 00 01 0101 0000 006f",
			"< 80 00 00 01 0101 82 0064 00 0001", "> c0 00 00 01 0101 0000 00de",
			"< 80 00 00 02 0102 82 00c8 00 0001 0005", "> c0 00 00 02 0102 0000" },
		"1 D100=222\n1 D200=5!\n2 D100=111\n" },
	{ "a write is a point once it is confirmed",
		{ "> 80 00 00 01 0102 82 0064 00 0002 0007 0008", "< c0 00 00 01 0102 0000" },
		"2 D100=7!\n2 D101=8!\n" },
	{ "what is refused or stays without an answer is none",
		{ "> 80 00 00 01 0102 82 0064 00 0001 0007", "< c0 00 00 01 0102 2102",
			"> 80 00 00 02 0103 82 0064 00 0002 0007", "< c0 00 00 02 0103 2102",
			"> 80 00 00 03 2301 0001 0001 30 0001 05", "< c0 00 00 03 2301 2102",
			"> 80 00 00 04 0102 82 0064 00 0001 0007" },
		"" },
	{ "a fill and forced bits, once they are confirmed",
		{ "> 80 00 00 01 0103 82 0064 00 0002 0007", "< c0 00 00 01 0103 0000",
			"> 80 00 00 02 2301 0002 0001 30 0001 05 8000 30 0001 06",
			"< c0 00 00 02 2301 0040" },
		"2 CIO1.05=1!\n2 CIO1.06=0!\n2 D100=7!\n2 D101=7!\n" },
	{ "words are not forced",
		{ "> 80 00 00 01 2301 0001 0001 82 0190 00", "< c0 00 00 01 2301 0000" }, "" },
	{ "nobody will answer: written at once", { "> 81 00 00 01 0102 82 0064 00 0001 0007" },
		"2 D100=7!\n" },
	{ "a network with the same node behind it, and a unit",
		{ "> 80 02 00 00 0101 82 0064 00 0001", "< c0 02 00 00 0101 0000 0002",
			"> 80 00 12 00 0101 82 0064 00 0001", "< c0 00 12 00 0101 0000 0003" },
		"2 net 2 node 2 D100=2\n2 unit 18 D100=3\n" },
	{ "a service id used again before the answer: whose it is, nobody knows",
		{ "> 80 00 00 00 0101 82 0064 00 0001", "> 80 00 00 00 0101 82 00c8 00 0001",
			"< c0 00 00 00 0101 0000 0001" },
		"" },
	{ "an answer that carries values and says no",
		{ "> 80 00 00 01 0101 82 0064 00 0001", "< c0 00 00 01 0101 1104 006f" }, "" },
};

static void send_line(struct tap *w, const char *line)
{
	unsigned from = line[0] == '>' ? 1 : 2, to = 3 - from, icf, network, unit, sid;
	int at = 0;
	assert_int_equal(sscanf(line + 1, "%x %x %x %x %n", &icf, &network, &unit, &sid, &at), 4);
	unsigned answer = icf & 0x40;
	char hex[LINE];
	snprintf(hex, sizeof hex, "%02x 00 02 %02x %02x %02x %02x %02x %02x %02x %s", icf,
		answer ? 0 : network, to, answer ? 0 : unit, answer ? network : 0, from,
		answer ? unit : 0, sid, line + 1 + at);
	tap_udp(w, &(struct udp_row){ from, to, 9600, 9600, .hex = hex });
}

static void test_points(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof talks / sizeof talks[0]; n++) {
		static struct tap w;
		tap_open(&w, 0);
		for (size_t i = 0; i < LINES && talks[n].lines[i]; i++)
			send_line(&w, talks[n].lines[i]);
		tap_end(&w);
		const char *told = tap_points(&w, true);
		if (strcmp(told, talks[n].points) != 0)
			print_error("%s\n", talks[n].about);
		assert_string_equal(told, talks[n].points);
		tap_close(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_points) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
