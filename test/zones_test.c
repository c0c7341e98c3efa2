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
		{ "zones:\n"
		  "- {name: a, level: 1, addresses: [10.0.0.1]}\n"
		  "- {name: b, level: 1, addresses: [10.0.0.2]}\n"
		  "- {name: a, level: 2, addresses: [10.0.0.3]}\n",
			"site/zones.yaml:4:10: zones[2].name: found 'a' again, expected a name of its "
			"own: that of line 2 is the same" },
		{ ONE("10.0.0.1\", \"10.0.0.1"),
			"site/zones.yaml:2:47: zones[0].addresses[1]: found '10.0.0.1' again, expected "
			"it in one zone only: it is in 'a' (line 2)" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_null(read_zones(rows[i].text));
		assert_int_equal(wrong.count, 1);
		assert_string_equal(wrong.rows[0].text, rows[i].expected);
		assert_int_equal(error.code, -EINVAL);
	}
}

/* Whoever mends a file sees everything there is to mend, from its top to its end. */
static void all_mistakes_are_told_at_once(void **state)
{
	(void)state;
	assert_null(read_zones("zones:\n"
			       "  - name: a\n"
			       "    level: 9\n"
			       "    addresses: [10.1.2.3/24]\n"
			       "  - name: b\n"
			       "    level: 1\n"
			       "    addresses: [10.2.0.0/16, plc.local, [10.3.0.1]]\n"
			       "  - level: 1\n"
			       "    addresses: [10.2.0.0/16]\n"
			       "  - name: a\n"
			       "    level: 1\n"
			       "    addresses: []\n"));
	static const char *const begins[] = {
		"site/zones.yaml:3:12: zones[0].level: found '9'",
		"site/zones.yaml:4:17: zones[0].addresses[0]: found '10.1.2.3/24'",
		"site/zones.yaml:7:30: zones[1].addresses[1]: found 'plc.local'",
		"site/zones.yaml:7:41: zones[1].addresses[2]: found a list",
		"site/zones.yaml:8:5: zones[2]: found no key 'name'",
		"site/zones.yaml:9:17: zones[2].addresses[0]: found '10.2.0.0/16' again",
		"site/zones.yaml:10:11: zones[3].name: found 'a' again",
		"site/zones.yaml:12:16: zones[3].addresses: found 0 items",
	};
	assert_int_equal(wrong.count, sizeof begins / sizeof begins[0]);
	assert_int_equal(wrong.more, 0);
	for (size_t i = 0; i < wrong.count; i++)
		assert_memory_equal(wrong.rows[i].text, begins[i], strlen(begins[i]));
	assert_string_equal(error.text, wrong.rows[0].text);
}

/* A zone counts as seen by any address in any of its ranges, also where a smaller zone has it. */
static void zones_without_an_asset_are_told(void **state)
{
	(void)state;
	struct zones *z =
		read_zones("zones:\n"
			   "- {name: site, level: 4, addresses: [10.0.0.0/8]}\n"
			   "- {name: moved, level: 1, addresses: [10.9.0.0/16, 172.16.0.1]}\n"
			   "- {name: cell, level: 1, addresses: [10.7.0.0/16, 10.1.2.3]}\n"
			   "- {name: edge, level: 1, addresses: [10.1.2.4-10.1.2.9]}\n"
			   "- {name: six, level: 1, addresses: [\"fd00::/64\"]}\n");
	assert_non_null(z);
	struct ip ips[3];
	const uint8_t one[] = { 192, 168, 0, 1 }, two[] = { 10, 1, 2, 3 },
		      three[] = { 10, 1, 2, 10 };
	ips[0] = ip_of_4(one);
	ips[1] = ip_of_4(two);
	ips[2] = ip_of_4(three);
	const struct asset assets[] = { { .ips = { 0, 2 } }, { .ips = { 2, 1 } } };
	struct plant p = { .assets = assets, .asset_count = 2, .ips = ips };
	assert_int_equal(zones_plant(z, &p, &error), 0);
	assert_int_equal(p.empty_zone_count, 3);
	assert_string_equal(p.empty_zones[0], "moved");
	assert_string_equal(p.empty_zones[1], "edge");
	assert_string_equal(p.empty_zones[2], "six");
	p = (struct plant){ 0 };
	assert_int_equal(zones_plant(z, &p, &error), 0);
	assert_int_equal(p.empty_zone_count, 5);
	zones_free(z);
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
		cmocka_unit_test(all_mistakes_are_told_at_once),
		cmocka_unit_test(zones_without_an_asset_are_told),
		cmocka_unit_test(no_zone_is_a_plan_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
