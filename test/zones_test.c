/* Zones: ranges as people write them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "sense/zones.h"

static struct conf_wrong wrong;
static struct err error;

static struct zones *read_zones(const char *text)
{
	return zones_of("site/zones.yaml", text, strlen(text), &wrong, &error);
}

static void assert_zone(const struct sense_zone *z, const char *name, unsigned level,
	const char *from, const char *to, const char *source)
{
	char text[IP_TEXT];
	assert_string_equal(z->name, name);
	assert_int_equal(z->level, level);
	assert_string_equal(ip_text(&z->from, text), from);
	assert_string_equal(ip_text(&z->to, text), to);
	assert_string_equal(z->source, source);
}

static void ranges_come_smallest_first(void **state)
{
	(void)state;
	struct zones *z = read_zones("zones:\n"
				     "  - name: site\n"
				     "    level: 4\n"
				     "    addresses: [10.0.0.0/8, \"2001:db8::/32\"]\n"
				     "    note: everything\n"
				     "  - name: cell\n"
				     "    level: 1\n"
				     "    addresses:\n"
				     "      - 10.1.2.3\n"
				     "      - 10.1.0.5 - 10.1.0.9\n"
				     "      - 10.1.0.0/16\n"
				     "  - {name: dmz, level: 3.5, addresses: [0.0.0.0/0]}\n");
	assert_non_null(z);
	size_t count;
	const struct sense_zone *list = zones_list(z, &count);
	assert_int_equal(count, 6);
	assert_zone(&list[0], "cell", 10, "10.1.2.3", "10.1.2.3", "from zones.yaml:6");
	assert_zone(&list[1], "cell", 10, "10.1.0.5", "10.1.0.9", "from zones.yaml:6");
	assert_zone(&list[2], "cell", 10, "10.1.0.0", "10.1.255.255", "from zones.yaml:6");
	assert_zone(&list[3], "site", 40, "10.0.0.0", "10.255.255.255", "from zones.yaml:2");
	assert_zone(&list[4], "dmz", 35, "0.0.0.0", "255.255.255.255", "from zones.yaml:12");
	assert_zone(&list[5], "site", 40, "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
		"from zones.yaml:2");
	zones_free(z);
}

#define ONE(address) "zones:\n- {name: a, level: 1, addresses: [\"" address "\"]}\n"
#define PLACE        "site/zones.yaml:2:35: zones[0].addresses[0]: found '"

static void each_mistake_has_its_sentence(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{ ONE("10.1.2.3/24"),
			PLACE
			"10.1.2.3/24', expected the network's first address, 10.1.2.0/24 (or the "
			"address alone, without /)" },
		{ ONE("fd00::1/64"),
			PLACE
			"fd00::1/64', expected the network's first address, fd00::/64 (or the "
			"address alone, without /)" },
		{ ONE("10.1.2.0/33"), PLACE "10.1.2.0/33', expected 0 to 32 after the /" },
		{ ONE("10.1.2.0/024"), PLACE "10.1.2.0/024', expected 0 to 32 after the /" },
		{ ONE("fd00::/129"), PLACE "fd00::/129', expected 0 to 128 after the /" },
		{ ONE("10.1.2/24"), PLACE "10.1.2/24', expected an address before the /" },
		{ ONE("10.1.2.9-10.1.2.3"),
			PLACE "10.1.2.9-10.1.2.3', expected the smaller address first" },
		{ ONE("10.1.2.9-20"), PLACE "10.1.2.9-20', expected two addresses around the -" },
		{ ONE("10.1.2.9-fd00::"),
			PLACE "10.1.2.9-fd00::', expected two addresses of one kind around the -" },
		{ ONE("plc.local"),
			PLACE
			"plc.local', expected an address (10.1.2.3), a network (10.1.0.0/16) or "
			"a range (10.1.0.5-10.1.0.9)" },
		{ "zones:\n- {name: a, level: 6, addresses: [10.0.0.1]}\n",
			"site/zones.yaml:2:20: zones[0].level: found '6', expected one of: 0, 1, 2, 3, "
			"3.5, 4, 5" },
		{ "zones:\n- {name: a, level: 1, adresses: [10.0.0.1], addresses: [10.0.0.1]}\n",
			"site/zones.yaml:2:23: zones[0]: found unknown key 'adresses', expected one "
			"of: name, level, addresses, note; did you mean 'addresses'?" },
		{ "zones:\n- {name: a, level: 1, addresses: []}\n",
			"site/zones.yaml:2:34: zones[0].addresses: found 0 items, expected 1 to "
			"20000" },
		{ "zones:\n"
		  "- {name: a, level: 1, addresses: [10.0.0.0/24]}\n"
		  "- {name: b, level: 1, addresses: [10.0.0.0-10.0.0.255]}\n",
			"site/zones.yaml:3:35: zones[1].addresses[0]: found '10.0.0.0-10.0.0.255' "
			"again, expected it in one zone only: it is in 'a' (line 2)" },
		{ "zones:\n"
		  "- {name: a, level: 1, addresses: [10.0.0.0/24]}\n"
		  "- {name: b, level: 1, addresses: [10.0.0.9-10.0.1.9]}\n",
			"site/zones.yaml:3:35: zones[1].addresses[0]: found '10.0.0.9-10.0.1.9' partly "
			"inside '10.0.0.0/24' of 'a' (line 2), expected one within the other, or "
			"apart" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(read_zones(rows[i].text));
		assert_int_equal(wrong.count, 1);
		assert_string_equal(wrong.rows[0].text, rows[i].expected);
		assert_int_equal(error.code, -EINVAL);
	}
}

static void no_zone_is_a_plan_too(void **state)
{
	(void)state;
	struct zones *z = read_zones("zones: []\n");
	size_t count = 1;
	assert_non_null(z);
	zones_list(z, &count);
	assert_int_equal(count, 0);
	zones_free(z);
	assert_null(zones_open("/nonexistent/zones.yaml", &wrong, &error));
	assert_int_equal(error.code, -ENOENT);
	assert_int_equal(wrong.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges_come_smallest_first),
		cmocka_unit_test(each_mistake_has_its_sentence),
		cmocka_unit_test(no_zone_is_a_plan_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
