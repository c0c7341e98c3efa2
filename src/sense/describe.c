#include "sense/describe.h"

#include "base/attr.h"

/* The text up to a separator, which is passed over; all of it where there is none. */
static struct cur part(struct cur *c, const char *separator)
{
	size_t size = strlen(separator);
	for (struct cur look = *c;;) {
		long at = cur_find(&look, (uint8_t)separator[0]);
		if (at < 0)
			return cur_sub(c, c->left);
		cur_skip(&look, (size_t)at);
		if (cur_starts(&look, separator)) {
			struct cur found = cur_sub(c, c->left - look.left);
			cur_skip(c, size);
			return found;
		}
		cur_skip(&look, 1);
	}
}

static bool has(struct cur c, const char *word)
{
	size_t all = c.left;
	struct cur before = part(&c, word);
	return before.left < all;
}

/* Passes over a word that the text starts with. */
static bool eat(struct cur *c, const char *word)
{
	if (!cur_starts(c, word))
		return false;
	cur_skip(c, strlen(word));
	return true;
}

static void eat_spaces(struct cur *c)
{
	while (cur_peek(c, 0) == ' ')
		cur_skip(c, 1);
}

static void note(struct scene *s, enum identity_key key, struct cur value)
{
	who_sender(s, key, value.at, value.left);
}

static bool is_upper(int c)
{
	return c >= 'A' && c <= 'Z';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* 6ES7 215-1AG40-0XB0, 6GK5 208-0BA00-2AB2, 6AV2 123-2GB03-0AX0 */
static bool is_siemens_order(const struct cur *c)
{
	return c->left >= 12 && is_digit(cur_peek(c, 0)) && is_upper(cur_peek(c, 1)) &&
		is_upper(cur_peek(c, 2)) && is_digit(cur_peek(c, 3)) && has(*c, "-");
}

/* "Version 3", "Version V04.01.00", "V.4.3.1", "V4.02", "10": the same version has one spelling. */
static void note_version(struct scene *s, enum identity_key key, struct cur c)
{
	eat_spaces(&c);
	if (eat(&c, "Version "))
		eat_spaces(&c);
	if (!cur_starts(&c, "V.")) {
		note(s, key, c);
		return;
	}
	cur_skip(&c, 2);
	uint8_t *text = scene_scratch(s, c.left + 1);
	if (!text)
		return;
	text[0] = 'V';
	memcpy(text + 1, c.at, c.left);
	who_sender(s, key, text, c.left + 1);
}

/* What a Siemens family is, by the name it sells under. */
static const struct family {
	const char *word;
	enum asset_type type;
} families[] = {
	{ "SCALANCE S", TYPE_FIREWALL },
	{ "SCALANCE M", TYPE_ROUTER },
	{ "SCALANCE W", TYPE_WIRELESS },
	{ "SCALANCE X", TYPE_SWITCH },
	{ "RUGGEDCOM", TYPE_SWITCH },
	{ "SIMATIC HMI", TYPE_HMI },
	{ "SIMATIC S7, CP", TYPE_PLC }, /* CPU-1200, and communication modules of a controller */
	{ "SIMATIC S7-", TYPE_PLC },
	{ "ET200", TYPE_IO },
	{ "ET 200", TYPE_IO },
	{ "SINAMICS", TYPE_DRIVE },
};

/* "Siemens, SIMATIC S7, CPU-1200, 6ES7 215-1AG40-0XB0, HW: 10, FW: V.4.3.1, S V-L8BT7803": maker,
 * family, product, then what the product has of it.  Older ones are words without commas. */
static bool siemens(struct scene *s, struct cur c)
{
	who_sender(s, ID_VENDOR, "Siemens", 7);
	struct cur all = c;
	part(&c, ", ");
	if (c.left) {
		struct cur family = part(&c, ", ");
		struct cur product = part(&c, ", ");
		if (!is_siemens_order(&product))
			note(s, ID_MODEL, product);
		else
			note(s, ID_ORDER_NUMBER, product);
		(void)family;
	}
	while (c.left) {
		struct cur word = part(&c, ", ");
		if (is_siemens_order(&word))
			note(s, ID_ORDER_NUMBER, word);
		else if (eat(&word, "HW:"))
			note_version(s, ID_HARDWARE, word);
		else if (eat(&word, "FW:"))
			note_version(s, ID_FIRMWARE, word);
		else if (eat(&word, "SW:") || eat(&word, "SW.V"))
			note_version(s, ID_FIRMWARE, word);
		else if (cur_peek(&word, 0) == 'S' && word.left >= 8 &&
			(cur_peek(&word, 1) == ' ' || is_upper(cur_peek(&word, 1))))
			note(s, ID_SERIAL, word);
	}
	for (size_t i = 0; i < COUNT_OF(families); i++)
		if (has(all, families[i].word)) {
			who_sender_is(s, families[i].type, "describes itself so");
			return true;
		}
	return false;
}

/* "Hirschmann MAR - SW: L2P-09.0.00" */
static bool hirschmann(struct scene *s, struct cur c)
{
	who_sender(s, ID_VENDOR, "Hirschmann", 10);
	eat(&c, "Hirschmann ");
	struct cur model = part(&c, " - SW: ");
	if (c.left) {
		note(s, ID_MODEL, model);
		note(s, ID_FIRMWARE, c);
	}
	return false; /* firewalls of the same maker describe themselves the same way */
}

/* "Cisco IOS Software, CE500 Software (CE500-LANBASE-M), Version 12.2(25)SEG4, RELEASE ..." */
static bool cisco(struct scene *s, struct cur c)
{
	who_sender(s, ID_VENDOR, "Cisco", 5);
	part(&c, "(");
	if (c.left) {
		struct cur image = part(&c, ")");
		if (c.left)
			note(s, ID_SOFTWARE, image);
	}
	part(&c, " Version ");
	if (c.left)
		note(s, ID_FIRMWARE, part(&c, ","));
	return false; /* routers and switches alike: capabilities tell them apart */
}

/* "Aruba JL259A 2930F-24G-4SFP Switch, revision WC.16.07.0003, ROM WC.16.01.0005 (...)" */
static bool procurve(struct scene *s, struct cur c)
{
	struct cur model = part(&c, ", revision ");
	note(s, ID_MODEL, model);
	note(s, ID_FIRMWARE, part(&c, ","));
	if (!has(model, "Switch"))
		return false;
	who_sender_is(s, TYPE_SWITCH, "describes itself so");
	return true;
}

bool describe_sender(struct scene *s, struct cur text)
{
	note(s, ID_DESCRIPTION, text);
	if (cur_starts(&text, "Siemens"))
		return siemens(s, text);
	if (cur_starts(&text, "Hirschmann"))
		return hirschmann(s, text);
	if (cur_starts(&text, "Cisco IOS") || cur_starts(&text, "Cisco Internetwork"))
		return cisco(s, text);
	if (has(text, ", revision ") && has(text, ", ROM "))
		return procurve(s, text);
	return false;
}
