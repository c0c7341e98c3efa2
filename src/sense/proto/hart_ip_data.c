/* HART: what stands in commands: variables with their units, packed texts, identities; points.
 * TS20127, TS20151. */
#include "sense/proto/hart_ip.h"

#include <math.h>
#include <stdio.h>

enum { PACKED_MAX = 24, SLOT_9 = 8, SLOT_33 = 6, FIXED_VALUE = 1 };

static const struct field f_payload = { "hart_ip.pt.payload", BYTES };
static const struct field f_loop_current = { "hart_ip.pt.rsp.pv_loop_current", FBE32 };
static const struct field f_percent = { "hart_ip.pt.rsp.pv_percent_range", FBE32 };
static const struct field f_pv_units[] = {
	{ "hart_ip.pt.rsp.pv_units", U8 },
	{ "hart_ip.pt.rsp.sv_units", U8 },
	{ "hart_ip.pt.rsp.tv_units", U8 },
	{ "hart_ip.pt.rsp.qv_units", U8 },
};
static const struct field f_pv[] = {
	{ "hart_ip.pt.rsp.pv", FBE32 },
	{ "hart_ip.pt.rsp.sv", FBE32 },
	{ "hart_ip.pt.rsp.tv", FBE32 },
	{ "hart_ip.pt.rsp.qv", FBE32 },
};
static const struct field f_status = { "hart_ip.pt.rsp.ext_device_status", U8 };
static const struct field f_variable = { "hart_ip.device_var", U8 };
static const struct field f_asked = { "hart_ip.device_var_asked", U8 };
static const struct field f_class = { "hart_ip.classification", U8 };
static const struct field f_units = { "hart_ip.units", U8 };
static const struct field f_value = { "hart_ip.value", FBE32 };
static const struct field f_value_status = { "hart_ip.value_status", U8 };
static const struct field f_timestamp = { "hart_ip.pt.rsp.slot0_data_timestamp", BYTES };
static const struct field f_channel = { "hart_ip.channel_number", U8 };
static const struct field f_level = { "hart_ip.channel_level", FBE32 };
static const struct field f_write_code = { "hart_ip.write_code", U8 };

static const struct field sub_device[] = {
	{ "hart_ip.sub_device_index", BE16 },
	{ "hart_ip.pt.rsp.io_card", U8 },
	{ "hart_ip.pt.rsp.channel", U8 },
	{ "hart_ip.pt.rsp.manufacturer_Id", BE16 },
	{ "hart_ip.pt.rsp.expanded_device_type", BE16 },
	{ "hart_ip.pt.rsp.device_id", BYTES, 0, 3 },
	{ "hart_ip.pt.rsp.hart_univ_rev", U8 },
	{ "hart_ip.long_tag", TEXT, 0, 32 },
	{ "hart_ip.pt.rsp.device_rev", U8 },
	{ "hart_ip.pt.rsp.device_profile", U8 },
	{ "hart_ip.pt.rsp.private_label", BE16 },
	{ 0 },
};

/* --- fixed fields: older revisions of a command end earlier --- */

static size_t size_of(const struct field *f)
{
	switch ((enum wire)f->wire) {
	case U8:
		return 1;
	case BE16:
		return 2;
	case BE32:
	case FBE32:
		return 4;
	case BYTES:
	case TEXT:
		return (size_t)f->max;
	default:
		return 0;
	}
}

static struct cur trimmed(struct cur c)
{
	size_t n = c.left;
	while (n && (cur_peek(&c, n - 1) == 0 || cur_peek(&c, n - 1) == ' '))
		n--;
	return cur_sub(&c, n);
}

/* Six bits a character, of the 64 from @ to _ and from space to ?. */
static struct cur unpacked(struct hart *h, struct cur c)
{
	char *text = scene_scratch(h->s, PACKED_MAX / 3 * 4);
	size_t n = 0;
	if (!text)
		return cur_none();
	while (c.left >= 3 && n + 4 <= PACKED_MAX / 3 * 4) {
		uint32_t four = cur_be24(&c);
		for (int shift = 18; shift >= 0; shift -= 6) {
			uint8_t six = four >> shift & 0x3f;
			text[n++] = (char)(six & 0x20 ? six : six | 0x40);
		}
	}
	return cur_of(text, n);
}

static void text_field(struct hart *h, const struct field *f, struct cur c)
{
	c = trimmed(f->min == HART_PACKED ? unpacked(h, c) : c);
	fact_text(h->s, f, c.at, c.left);
}

static void fixed(struct hart *h, struct cur *c, const struct field *f)
{
	for (; f && f->name && c->left && c->left >= size_of(f); f++) {
		switch ((enum wire)f->wire) {
		case U8:
			fact_uint(h->s, f, cur_u8(c));
			break;
		case BE16:
			fact_uint(h->s, f, cur_be16(c));
			break;
		case BE32:
			fact_uint(h->s, f, cur_be32(c));
			break;
		case FBE32:
			fact_real(h->s, f, cur_float_of(cur_be32(c)));
			break;
		case BYTES:
			fact_bytes(h->s, f, cur_take(c, size_of(f)), size_of(f));
			break;
		case TEXT:
			text_field(h, f, cur_sub(c, size_of(f)));
			break;
		case LIST_U8:
			while (c->left)
				fact_uint(h->s, f, cur_u8(c));
			break;
		case LIST_BE16:
			while (c->left >= 2)
				fact_uint(h->s, f, cur_be16(c));
			break;
		default:
			return;
		}
	}
}

static void rest(struct hart *h, struct cur *c)
{
	size_t size = c->left;
	if (size)
		fact_bytes(h->s, &f_payload, cur_take(c, size), size);
}

/* --- values and points --- */

enum kind { PV, SV, TV, QV, LOOP_CURRENT, PERCENT, BATTERY, VARIABLE, CHANNEL, KINDS };

/* TS20151: the variables every device has, by the codes they have in commands. */
static enum kind kind_of(uint8_t variable)
{
	switch (variable) {
	case 243:
		return BATTERY;
	case 244:
		return PERCENT;
	case 245:
		return LOOP_CURRENT;
	case 246:
	case 247:
	case 248:
	case 249:
		return (enum kind)(PV + variable - 246);
	default:
		return VARIABLE;
	}
}

enum place { SHORT, UNIQUE, BEHIND };

/* By the unique address, where it is known, so that a variable has one name however it was asked
 * for.  A short one says nothing beyond its channel. */
static void place(struct hart *h, struct point_at *at)
{
	const struct hart_state *state = h->s->state;
	bool own = h->own && state->known;
	if (h->addressed || own) {
		at->unit = own ? state->type : h->type;
		at->area = own ? state->id : h->id;
		at->index = UNIQUE;
	} else {
		at->unit = (uint16_t)(h->where.card << 8 | h->where.channel);
		at->area = h->polling;
		at->index = h->inner ? BEHIND : SHORT;
	}
}

static void point(
	struct hart *h, enum kind kind, uint8_t number, const char *unit, double v, bool written)
{
	struct point_at at = { .space = (uint8_t)kind, .bit = number, .measure = unit };
	place(h, &at);
	bool everybody = h->addressed && !h->type && !h->id; /* and nobody knows who answers */
	if (isfinite(v) && !everybody) /* 7FA00000 hex, a NaN: there is no such variable */
		point_sender(h->s, &at, v, written);
}

void hart_point_name(const struct point_at *at, char name[POINT_NAME])
{
	static const char *const kinds[KINDS] = { "PV", "SV", "TV", "QV", "loop current",
		"percent of range", "battery life", "variable", "channel" };
	int size = 0;
	if (at->index == BEHIND)
		size = snprintf(name, POINT_NAME, "card %u channel %u poll %u ", at->unit >> 8,
			at->unit & 0xff, at->area);
	else if (at->index == UNIQUE)
		size = snprintf(name, POINT_NAME, "%04X-%06X ", at->unit, at->area);
	else if (at->area)
		size = snprintf(name, POINT_NAME, "poll %u ", at->area);
	const char *kind = at->space < KINDS ? kinds[at->space] : "?";
	if (at->space == VARIABLE || at->space == CHANNEL)
		snprintf(name + size, POINT_NAME - (size_t)size, "%s %u", kind, at->bit);
	else
		snprintf(name + size, POINT_NAME - (size_t)size, "%s", kind);
}

static double real(struct hart *h, const struct field *f, struct cur *c)
{
	double v = cur_float_of(cur_be32(c));
	fact_real(h->s, f, v);
	return v;
}

static void dynamic(struct hart *h, struct cur *c)
{
	for (unsigned i = 0; i < 4 && c->left >= 5; i++) {
		uint8_t unit = cur_u8(c);
		fact_uint(h->s, &f_pv_units[i], unit);
		point(h, (enum kind)(PV + i), 0, hart_unit(unit), real(h, &f_pv[i], c), false);
	}
}

static void loop(struct hart *h, struct cur *c, bool percent)
{
	if (c->left >= 4)
		point(h, LOOP_CURRENT, 0, "mA", real(h, &f_loop_current, c), false);
	if (percent && c->left >= 4)
		point(h, PERCENT, 0, "%", real(h, &f_percent, c), false);
}

/* Process data status, the two topmost bits: 0 is bad. */
static bool is_bad(uint8_t status)
{
	return status >> 6 == 0;
}

static void slot(struct hart *h, struct cur *c, bool with_status)
{
	uint8_t number = cur_u8(c), status = 0xc0;
	fact_uint(h->s, &f_variable, number);
	if (with_status)
		fact_uint(h->s, &f_class, cur_u8(c));
	uint8_t unit = cur_u8(c);
	fact_uint(h->s, &f_units, unit);
	double v = real(h, &f_value, c);
	if (with_status) {
		status = cur_u8(c);
		fact_uint(h->s, &f_value_status, status);
	}
	enum kind kind = kind_of(number);
	if (!is_bad(status))
		point(h, kind, kind == VARIABLE ? number : 0, hart_unit(unit), v, false);
}

/* Slots of eight bytes behind the device's status, then the time of the first. */
static void variables_with_status(struct hart *h, struct cur *c)
{
	fact_uint(h->s, &f_status, cur_u8(c));
	while (c->left >= SLOT_9)
		slot(h, c, true);
	if (c->left == 4)
		fact_bytes(h->s, &f_timestamp, cur_take(c, 4), 4);
}

static void variables(struct hart *h, struct cur *c)
{
	while (c->left >= SLOT_33)
		slot(h, c, false);
}

/* Channel 0 is the loop. */
static void channel(struct hart *h, struct cur *c, bool numbered, bool percent)
{
	if (c->left < 5u + numbered)
		return;
	uint8_t number = numbered ? cur_u8(c) : 0;
	if (numbered)
		fact_uint(h->s, &f_channel, number);
	uint8_t unit = cur_u8(c);
	fact_uint(h->s, &f_units, unit);
	point(h, number ? CHANNEL : LOOP_CURRENT, number, hart_unit(unit), real(h, &f_level, c),
		false);
	if (percent && c->left >= 4)
		real(h, &f_percent, c);
}

/* Command 79: simulated from now on where its code is 1, measured again where it is 0. */
static void write_variable(struct hart *h, struct cur *c)
{
	if (c->left < 7)
		return;
	uint8_t number = cur_u8(c), code = cur_u8(c), unit = cur_u8(c);
	fact_uint(h->s, &f_variable, number);
	fact_uint(h->s, &f_write_code, code);
	fact_uint(h->s, &f_units, unit);
	double v = real(h, &f_value, c);
	if (c->left)
		fact_uint(h->s, &f_value_status, cur_u8(c));
	enum kind kind = kind_of(number);
	if (h->answer && code == FIXED_VALUE)
		point(h, kind, kind == VARIABLE ? number : 0, hart_unit(unit), v, true);
}

/* --- who it is --- */

enum { REVISION_7 = 7, BRIDGE = 0x04, TEXT_SIZE = 40 };

/* Of a device behind the one at the other end; of that one itself where `at` is NULL. */
static void say(struct hart *h, const struct asset_place *at, enum identity_key key,
	const void *text, size_t size)
{
	if (at)
		who_place(h->s, at, key, text, size);
	else
		who_sender(h->s, key, text, size);
}

static void say_number(struct hart *h, const struct asset_place *at, enum identity_key key,
	const char *format, unsigned a, unsigned b)
{
	char text[TEXT_SIZE];
	int size = snprintf(text, sizeof text, format, a, b);
	if (size > 0)
		say(h, at, key, text, (size_t)size);
}

static bool is_gateway(uint8_t flags, int profile)
{
	return flags & BRIDGE || profile == 4 || profile == 68 || profile == 132 || profile == 140;
}

/* Whether an identity is that of the device at the other end.  What is polled at address 0 is that
 * device; 11, 21 and 73 are answered by whoever bears the tag or was armed. */
static bool is_own(struct hart *h, uint16_t type, uint32_t id)
{
	struct hart_state *state = h->s->state;
	if (!h->own)
		return false;
	if (h->command == HART_IDENTITY && !h->addressed && (type || id))
		*state = (struct hart_state){ true, type, id };
	return state->known && state->type == type && state->id == id;
}

/* Not that of the device at the other end: within another command, or it is known and another. */
static bool is_behind(const struct hart *h)
{
	const struct hart_state *state = h->s->state;
	return h->inner || state->known;
}

/* The block of commands 0, 11, 21, 73: twelve bytes in every revision, ten more in 7, where the
 * type no longer begins with the manufacturer. */
static void identity(struct hart *h, struct cur c)
{
	cur_skip(&c, 1);
	uint16_t type = cur_be16(&c);
	cur_skip(&c, 1);
	uint8_t universal = cur_u8(&c), revision = cur_u8(&c), software = cur_u8(&c);
	uint8_t hardware = cur_u8(&c), flags = cur_u8(&c);
	uint32_t id = cur_be24(&c);
	struct asset_place behind, *at = NULL;
	if (!cur_ok(&c))
		return;
	if (!is_own(h, type & HART_TYPE, id)) {
		if (!is_behind(h) || !hart_device(h->s, type & HART_TYPE, id, &behind))
			return;
		at = &behind;
	}
	bool seven = universal >= REVISION_7;
	int profile = seven ? cur_peek(&c, 9) : -1;
	cur_skip(&c, seven ? 5 : 0);
	const char *vendor = hart_manufacturer(seven ? cur_be16(&c) : type >> 8);
	if (vendor)
		say(h, at, ID_VENDOR, vendor, strlen(vendor));
	say_number(h, at, ID_DEVICE_TYPE, "HART device type %04X, revision %u", type, revision);
	say_number(h, at, ID_FIRMWARE, "%u", software, 0);
	say_number(h, at, ID_HARDWARE, "%u", hardware >> 3, 0);
	say_number(h, at, ID_SERIAL, "%u", id, 0);
	if (at)
		return;
	if (is_gateway(flags, profile))
		who_sender_is(h->s, TYPE_GATEWAY, "answers HART commands for devices behind it");
	else
		who_sender_is(h->s, TYPE_IO, "answers HART commands as a field device");
}

/* Command 84: index 0 is the I/O system itself. */
static void sub_device_identity(struct hart *h, struct cur c)
{
	uint16_t index = cur_be16(&c);
	uint8_t card = cur_u8(&c);
	cur_skip(&c, 1);
	uint16_t manufacturer = cur_be16(&c), type = cur_be16(&c);
	uint32_t id = cur_be24(&c);
	cur_skip(&c, 1);
	struct cur tag = trimmed(cur_sub(&c, 32));
	if (!cur_ok(&c) || !index || !h->own)
		return;
	struct asset_place at;
	if (!hart_device(h->s, type & HART_TYPE, id, &at))
		return;
	const char *vendor = hart_manufacturer(manufacturer);
	if (vendor)
		say(h, &at, ID_VENDOR, vendor, strlen(vendor));
	if (tag.left)
		say(h, &at, ID_NAME, tag.at, tag.left);
	say_number(h, &at, ID_DEVICE_TYPE, "HART device type %04X", type, 0);
	say_number(h, &at, ID_SERIAL, "%u", id, 0);
	say_number(h, &at, ID_MODULE, "sub-device %u on card %u", index, card);
}

/* Of the device that the command is for. */
static void say_name(struct hart *h, enum identity_key key, struct cur name)
{
	struct asset_place at;
	if (h->own)
		say(h, NULL, key, name.at, name.left);
	else if (hart_place(h, &at))
		say(h, &at, key, name.at, name.left);
}

/* Memory that nobody wrote is all zero, which unpacks to @. */
static void packed_name(struct hart *h, enum identity_key key, struct cur c)
{
	size_t zeros = 0;
	while (cur_peek(&c, zeros) == 0)
		zeros++;
	struct cur name = trimmed(unpacked(h, c));
	if (zeros < c.left)
		say_name(h, key, name);
}

static void tags(struct hart *h, struct cur c)
{
	packed_name(h, ID_NAME, cur_sub(&c, 6));
	packed_name(h, ID_DESCRIPTION, cur_sub(&c, 12));
}

static void long_tag(struct hart *h, struct cur c)
{
	struct cur tag = trimmed(cur_upto(&c, 32));
	say_name(h, ID_NAME, tag);
}

/* --- by command --- */

static void request(struct hart *h, struct cur *c)
{
	switch (h->command) {
	case HART_DEVICE_VARIABLES:
	case HART_VARIABLES:
		while (c->left)
			fact_uint(h->s, &f_asked, cur_u8(c));
		break;
	case HART_ANALOG_CHANNELS:
		while (c->left)
			fact_uint(h->s, &f_channel, cur_u8(c));
		break;
	case HART_WRITE_VARIABLE:
		write_variable(h, c);
		break;
	default:
		break;
	}
}

static void answer(struct hart *h, struct cur *c)
{
	switch (h->command) {
	case HART_PV:
	case HART_ALL_DYNAMIC:
		dynamic(h, c);
		break;
	case HART_LOOP:
		loop(h, c, true);
		break;
	case HART_DYNAMIC:
		loop(h, c, false);
		dynamic(h, c);
		break;
	case HART_DEVICE_VARIABLES:
		if (c->left)
			variables_with_status(h, c);
		break;
	case HART_VARIABLES:
		variables(h, c);
		break;
	case HART_ANALOG_CHANNEL:
		channel(h, c, true, true);
		break;
	case HART_DYNAMIC_CHANNEL:
		channel(h, c, false, false);
		dynamic(h, c);
		break;
	case HART_ANALOG_CHANNELS:
		while (c->left >= SLOT_33)
			channel(h, c, true, false);
		break;
	case HART_WRITE_VARIABLE:
		write_variable(h, c);
		break;
	case HART_SUB_DEVICE:
		sub_device_identity(h, *c);
		fixed(h, c, sub_device);
		break;
	case HART_IDENTITY:
	case HART_IDENTITY_BY_TAG:
	case HART_IDENTITY_BY_LONG_TAG:
	case HART_FIND:
		identity(h, *c);
		break;
	case HART_TAG:
		tags(h, *c);
		break;
	case HART_LONG_TAG:
		long_tag(h, *c);
		break;
	default:
		break;
	}
}

void hart_data(struct hart *h, struct cur *c)
{
	if (h->row->fields == hart_hidden) {
		if (c->left)
			fact_secret(h->s, hart_hidden, c->at, c->left);
		return;
	}
	if (!h->done) {
		rest(h, c);
		return;
	}
	if (h->answer)
		answer(h, c);
	else
		request(h, c);
	fixed(h, c, h->row->fields);
	rest(h, c);
}
