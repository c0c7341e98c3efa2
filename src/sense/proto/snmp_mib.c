/* Who an agent is, by its variables: SNMPv2-MIB (RFC 3418), ENTITY-MIB (RFC 6933), Printer-MIB
 * (RFC 3805).
 *
 * ENTITY-MIB has a row for each part of the machine.  A chassis is the device itself; modules, and
 * the other chassis of a stack, are assets within it, by their index.  Managers ask in any order
 * and from any port, so each row is told of as a place, and its class beside it. */
#include "sense/proto/snmp.h"

#include <stdlib.h>

#include "base/attr.h"
#include "sense/describe.h"
#include "sense/proto/text.h"

/* IANA-ENTITY-MIB, IANAPhysicalClass */
enum { CLASS_CHASSIS = 3, CLASS_MODULE = 9 };

/* entPhysicalEntry, RFC 6933, 3 */
enum {
	ENTITY_DESCRIPTION = 2,
	ENTITY_CLASS = 5,
	ENTITY_NAME = 7,
	ENTITY_HARDWARE,
	ENTITY_FIRMWARE,
	ENTITY_SOFTWARE,
	ENTITY_SERIAL,
	ENTITY_MAKER,
	ENTITY_MODEL,
};

static const char entities[] = "1.3.6.1.2.1.47.1.1.1.1.";
static const char system_object[] = "1.3.6.1.2.1.1.2.0";
static const char system_description[] = "1.3.6.1.2.1.1.1.0";

static const struct known_object {
	const char *name;
	enum identity_key key;
} known_objects[] = {
	/* SNMPv2-MIB, system (RFC 3418, 2) */
	{ "1.3.6.1.2.1.1.4.0", ID_CONTACT },
	{ "1.3.6.1.2.1.1.5.0", ID_NAME },
	{ "1.3.6.1.2.1.1.6.0", ID_LOCATION },
	/* prtGeneralPrinterName and prtGeneralSerialNumber (RFC 3805) of the first printer */
	{ "1.3.6.1.2.1.43.5.1.1.16.1", ID_NAME },
	{ "1.3.6.1.2.1.43.5.1.1.17.1", ID_SERIAL },
};

/* What a column says of a part. */
static const enum identity_key columns[] = {
	[ENTITY_DESCRIPTION] = ID_MODULE,
	[ENTITY_NAME] = ID_NAME,
	[ENTITY_HARDWARE] = ID_HARDWARE,
	[ENTITY_FIRMWARE] = ID_FIRMWARE,
	[ENTITY_SOFTWARE] = ID_SOFTWARE,
	[ENTITY_SERIAL] = ID_SERIAL,
	[ENTITY_MAKER] = ID_VENDOR,
	[ENTITY_MODEL] = ID_MODEL,
};

/* sysObjectID begins with its maker's number (IANA, private enterprise numbers). */
static const char enterprises[] = "1.3.6.1.4.1.";

static const struct enterprise {
	uint32_t number;
	const char *vendor;
} vendors[] = {
	{ 9, "Cisco" },
	{ 11, "Hewlett-Packard" },
	{ 248, "Hirschmann" },
	{ 311, "Microsoft" },
	{ 318, "APC" },
	{ 674, "Dell" },
	{ 1916, "Extreme Networks" },
	{ 2011, "Huawei" },
	{ 2636, "Juniper Networks" },
	{ 4196, "Siemens" },
	{ 4329, "Siemens" },
	{ 4346, "Phoenix Contact" },
	{ 8691, "Moxa" },
	{ 12356, "Fortinet" },
	{ 13576, "WAGO" },
	{ 15004, "RuggedCom" },
	{ 16177, "Westermo" },
	{ 25506, "H3C" },
};

bool snmp_is_text(const struct cur *c)
{
	for (size_t i = 0; i < c->left; i++) {
		int b = cur_peek(c, i);
		if ((b < 0x20 && b != '\t' && b != '\r' && b != '\n') || b >= 0x7f)
			return i > 0 && i + 1 == c->left && b == 0; /* a C string with its end */
	}
	return true;
}

static bool begins(const char *object, const char *prefix)
{
	return strncmp(object, prefix, strlen(prefix)) == 0;
}

/* A part of an object identifier that fits 32 bits; moves behind it and the dot. */
static bool next_part(const char **object, uint32_t *part)
{
	char *end;
	unsigned long long n = strtoull(*object, &end, 10);
	bool fits = end != *object && n <= UINT32_MAX;
	*part = (uint32_t)n;
	*object = *end == '.' ? end + 1 : end;
	return fits;
}

/* --- the parts of the machine --- */

/* Column and row; false for what is no cell of the table. */
static bool cell_of(const char *object, uint32_t *column, uint32_t *row)
{
	if (!begins(object, entities))
		return false;
	object += sizeof entities - 1;
	return next_part(&object, column) && next_part(&object, row) && !*object && *row > 0;
}

/* Ports, fans and sensors have names and descriptions, hundreds of them, and little more. */
static void say_cell(struct scene *s, uint32_t column, uint32_t row, struct cur value)
{
	const struct asset_place at = { .kind = PLACE_ENTITY,
		.number = row,
		.faint = column == ENTITY_DESCRIPTION || column == ENTITY_NAME };
	if (column < COUNT_OF(columns) && columns[column])
		who_place(s, &at, columns[column], value.at, value.left);
}

void snmp_say_number(struct scene *s, const char *object, int64_t value)
{
	uint32_t column, row;
	if (!cell_of(object, &column, &row) || column != ENTITY_CLASS)
		return;
	enum place_class class = value == CLASS_CHASSIS ? PLACE_SELF
		: value == CLASS_MODULE                 ? PLACE_PART
							: PLACE_NOBODY;
	const struct asset_place at = {
		.kind = PLACE_ENTITY, .number = row, .faint = class == PLACE_NOBODY
	};
	who_place_is(s, &at, class);
}

/* --- the machine --- */

void snmp_say_text(struct scene *s, const char *object, struct cur value)
{
	uint32_t column, row;
	if (value.left == 0 || !(snmp_is_text(&value) || text_is_utf8(value)))
		return;
	if (cell_of(object, &column, &row))
		say_cell(s, column, row, value);
	else if (strcmp(object, system_description) == 0)
		describe_sender(s, value);
	for (size_t i = 0; i < COUNT_OF(known_objects); i++)
		if (strcmp(object, known_objects[i].name) == 0)
			who_sender(s, known_objects[i].key, value.at, value.left);
}

void snmp_say_object(struct scene *s, const char *object, const char *value)
{
	uint32_t number;
	if (strcmp(object, system_object) != 0 || !begins(value, enterprises))
		return;
	value += sizeof enterprises - 1;
	if (!next_part(&value, &number))
		return;
	for (size_t i = 0; i < COUNT_OF(vendors); i++)
		if (vendors[i].number == number)
			who_sender(
				s, ID_VENDOR_NUMBER, vendors[i].vendor, strlen(vendors[i].vendor));
}
