/* Vendor lists: both forms of the registry, longest block first, and what is no list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/vendors.h"

static char folder[] = "/tmp/vendors_testXXXXXX";

static const char csv[] = "Registry,Assignment,Organization Name,Organization Address\r\n"
			  "MA-L,001122,\"Pumps, \"\"Valves\"\" and Co\",\"Main St, 1\"\r\n"
			  "MA-L,70B3D5,IEEE Registration Authority,here\r\n"
			  "MA-L,AA0004,Old Network Corp,x\r\n"
			  "MA-L,001124,Private,\r\n"
			  "MA-L,0011,too short,\r\n"
			  "not a line of the list\r\n";
static const char text[] = "OUI/MA-S\t\tOrganization\n\n"
			   "70-B3-D5   (hex)\t\tSmall Meters\n"
			   "F2F000-F2FFFF     (base 16)\t\tSmall Meters\n"
			   "\t\t\t\tSomewhere\n\n"
			   "70-B3-D5   (hex)\t\tMiddle\n"
			   "E00000-EFFFFF     (base 16)\t\tMiddle Sensors\n"
			   "00-11-23   (hex)\t\tLast\n"
			   "001123     (base 16)\t\tLast One";

static void put(const char *name, const char *bytes)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, strlen(bytes)), (ssize_t)strlen(bytes));
	/* 2020-02-02 */
	struct timespec times[2] = { { .tv_sec = 1580601600 }, { .tv_sec = 1580601600 } };
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

static void drop(const char *name)
{
	char path[128];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	assert_int_equal(unlink(path), 0);
}

static const char *who(const struct vendors *v, unsigned long long mac)
{
	uint8_t bytes[6];
	for (size_t i = 6; i-- > 0; mac >>= 8)
		bytes[i] = (uint8_t)mac;
	return vendors_find(v, bytes);
}

static void longest_block_wins(void **state)
{
	(void)state;
	struct err e;
	put("oui.csv", csv);
	put("oui.txt", "00-11-22   (hex)\t\tX\n001122     (base 16)\t\tnot read beside csv\n");
	put("oui36.txt", text);
	struct vendors *v = vendors_open(folder, &e);
	assert_non_null(v);
	assert_string_equal(who(v, 0x001122334455), "Pumps, \"Valves\" and Co");
	assert_string_equal(who(v, 0x001123ffffff), "Last One");
	assert_string_equal(who(v, 0x70b3d5f2f123), "Small Meters");
	assert_null(who(v, 0x70b3d5f2e123)); /* the registry itself made no card */
	assert_string_equal(who(v, 0x70b3d5efffff), "Middle Sensors");
	assert_null(who(v, 0x001124000000));
	assert_null(who(v, 0x001125000000));
	assert_string_equal(who(v, 0xaa0004000001), "Old Network Corp");
	assert_string_equal(who(v, 0x020000000001), "locally administered");
	assert_null(who(v, 0x01005e000001));
	assert_null(who(v, 0xffffffffffff));
	assert_string_equal(vendors_date(v), "2020-02-02");
	vendors_free(v);

	put(".lastupdate", "1661630937\n");
	v = vendors_open(folder, &e);
	assert_non_null(v);
	assert_string_equal(vendors_date(v), "2022-08-27");
	vendors_free(v);
	drop(".lastupdate");
	drop("oui.csv");
	drop("oui.txt");
	drop("oui36.txt");
}

static void one_file_is_enough(void **state)
{
	(void)state;
	struct err e;
	char path[128];
	put("mine.txt", "# vendors of our plant, 2025-03-04\nMA-L,001122,Ours,\n");
	snprintf(path, sizeof path, "%s/mine.txt", folder);
	struct vendors *v = vendors_open(path, &e);
	assert_non_null(v);
	assert_string_equal(who(v, 0x001122000000), "Ours");
	assert_string_equal(vendors_date(v), "2025-03-04");
	vendors_free(v);

	char *large = malloc(200 * 1024 + 1);
	assert_non_null(large);
	memset(large, 'A', 200 * 1024);
	large[200 * 1024] = '\0';
	put("mine.txt", large);
	free(large);
	assert_null(vendors_open(path, &e));
	assert_int_equal(e.code, -EINVAL);
	drop("mine.txt");
	assert_null(vendors_open(path, &e));
	assert_int_equal(e.code, -ENOENT);
	assert_null(vendors_open(folder, &e));
	assert_int_equal(e.code, -ENOENT);
	assert_non_null(strstr(e.text, "expected oui.csv or oui.txt"));
}

static void debian_has_it(void **state)
{
	(void)state;
	struct err e;
	if (access(VENDORS_PATH "/oui.csv", R_OK) < 0 && access(VENDORS_PATH "/oui.txt", R_OK) < 0)
		skip();
	struct vendors *v = vendors_open(VENDORS_PATH, &e);
	assert_non_null(v);
	assert_string_equal(who(v, 0x001b1b000000), "Siemens AG");
	assert_string_equal(who(v, 0x0000bc000000), "Rockwell Automation");
	assert_int_equal(strlen(vendors_date(v)), 10);
	vendors_free(v);
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	(void)state;
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(longest_block_wins),
		cmocka_unit_test(one_file_is_enough),
		cmocka_unit_test(debian_has_it),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
