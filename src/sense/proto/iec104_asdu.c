/* IEC 60870-5-104: one data unit.  60870-5-101:2003, 7.2.1 to 7.2.5 (identifier, cause, addresses),
 * and 60870-5-5 for which unit answers which. */
#include "sense/proto/iec104.h"

enum { SEQUENCE = 0x80, NEGATIVE = 0x40, TEST = 0x80, BROADCAST = 0xffff };

static const struct field f_typeid = { "iec60870_asdu.typeid", U8 };
static const struct field f_sequence = { "iec60870_asdu.sq", FLAG };
static const struct field f_count = { "iec60870_asdu.numix", U8 };
static const struct field f_cause = { "iec60870_asdu.causetx", U8 };
static const struct field f_negative = { "iec60870_asdu.nega", FLAG };
static const struct field f_test = { "iec60870_asdu.test", FLAG };
static const struct field f_originator = { "iec60870_asdu.oa", U8 };
static const struct field f_station = { "iec60870_asdu.addr", LE16 };
static const struct field f_rawdata = { "iec60870_asdu.rawdata", BYTES };

/* What a type does when a qualifier in it says so. */
static const struct msg row_freeze = { 101, DIR_REQUEST, ACT_WRITE, 0, "counter_freeze" };
static const struct msg row_clear_events = { 105, DIR_REQUEST, ACT_WRITE, 0, "reset_event_buffer" };
static const struct msg row_parameter = { 110, DIR_RESPONSE, ACT_READ, 0, "parameter_value" };
static const struct msg row_unknown = { 0, DIR_OTHER, ACT_OTHER, 0, "unknown_type" };

/* Select and call, 7.2.6.30: the low four bits. */
static const struct msg calls[] = {
	{ 1, DIR_REQUEST, ACT_READ, EFFECT_FILE, "file_select" },
	{ 2, DIR_REQUEST, ACT_READ, EFFECT_FILE, "file_request" },
	{ 3, DIR_REQUEST, ACT_OTHER, 0, "file_deactivate" },
	{ 4, DIR_REQUEST, ACT_WRITE, EFFECT_FILE, "file_delete" },
	{ 5, DIR_REQUEST, ACT_READ, 0, "section_select" },
	{ 6, DIR_REQUEST, ACT_READ, 0, "section_request" },
	{ 7, DIR_REQUEST, ACT_OTHER, 0, "section_deactivate" },
	{ 0 },
};
static const struct msg row_directory_call = { 122, DIR_REQUEST, ACT_READ, 0, "directory" };

/* The same types in control direction: a file goes into the station. */
static const struct msg file_writes[] = {
	{ 120, DIR_REQUEST, ACT_WRITE, EFFECT_FILE, "file_write_ready" },
	{ 121, DIR_REQUEST, ACT_WRITE, EFFECT_FILE, "section_write_ready" },
	{ 123, DIR_REQUEST, ACT_WRITE, EFFECT_FILE, "last_segment_write" },
	{ 125, DIR_REQUEST, ACT_WRITE, EFFECT_FILE, "file_segment_write" },
	{ 0 },
};

struct iec104_asdu iec104_identifier(struct cur *c)
{
	struct iec104_asdu a = { .code = cur_u8(c) };
	uint8_t structure = cur_u8(c), cause = cur_u8(c);
	a.type = iec104_type(a.code);
	a.sequence = structure & SEQUENCE;
	a.count = structure & 0x7f;
	a.negative = cause & NEGATIVE;
	a.test = cause & TEST;
	a.cause = cause & 0x3f;
	a.originator = cur_u8(c);
	a.station = cur_le16(c);
	return a;
}

/* The byte behind the first address that decides what the unit is; 0 where there is none. */
static uint8_t qualifier(const struct iec104_asdu *a, struct cur objects)
{
	static const uint8_t at[E_COUNT] = {
		[E_SET_NORMALIZED] = 2, [E_SET_SCALED] = 2, [E_SET_FLOAT] = 4, [E_CALL] = 3
	};
	int byte = cur_peek(&objects, IEC104_ADDRESS + (size_t)at[a->type->element]);
	return byte < 0 || a->type->element == E_SET_BITS ? 0 : (uint8_t)byte;
}

static bool is_select(const struct iec104_asdu *a, uint8_t q)
{
	return a->type->class == COMMAND && (q & 0x80);
}

/* Whether the sender is the controlling station, as far as the unit alone says; -1: it does not. */
static int from_controlling(const struct iec104_asdu *a)
{
	switch ((enum iec104_class)a->type->class) {
	case MONITOR:
		return 0;
	case COMMAND:
	case SYSTEM:
	case PARAMETER:
		if (a->cause == CAUSE_ACTIVATION || a->cause == CAUSE_DEACTIVATION)
			return 1;
		if (a->cause == CAUSE_REQUESTED)
			return a->code == TYPE_READ;
		return a->cause == 3 ? -1 : 0;
	case FILES:
		return a->code == TYPE_DIRECTORY ? 0 : -1;
	case SECURITY:
		return -1;
	}
	return -1;
}

static const struct msg *row_of(const struct iec104_asdu *a, uint8_t q, bool controlling)
{
	const struct iec104_type *t = a->type;
	const struct msg *row = NULL;
	switch ((enum iec104_class)t->class) {
	case COMMAND:
		if (a->cause == CAUSE_DEACTIVATION || a->cause == CAUSE_DEACTIVATION_CONFIRMED)
			return &t->cancel;
		return is_select(a, q) ? &t->select : &t->row;
	case PARAMETER:
		return a->cause >= CAUSE_INTERROGATED && a->cause <= CAUSE_COUNTERS_LAST
			? &row_parameter
			: &t->row;
	case FILES:
		if (a->code == TYPE_CALL)
			row = a->cause == CAUSE_REQUESTED ? &row_directory_call
							  : msg_find(calls, q & 15, DIR_REQUEST);
		else if (controlling)
			row = msg_find(file_writes, a->code, DIR_REQUEST);
		return row ? row : &t->row;
	case SYSTEM:
		if (a->code == TYPE_COUNTERS && q >> 6)
			return &row_freeze;
		return a->code == TYPE_RESET && q == 2 ? &row_clear_events : &t->row;
	case MONITOR:
	case SECURITY:
		break;
	}
	return &t->row;
}

static enum dir file_dir(const struct iec104_asdu *a, bool controlling)
{
	if (a->cause == 3)
		return DIR_OTHER;
	if (a->code == TYPE_ACKNOWLEDGE)
		return controlling ? DIR_OTHER : DIR_RESPONSE;
	return controlling ? DIR_REQUEST : DIR_RESPONSE;
}

static enum dir dir_of(const struct iec104_asdu *a, bool controlling)
{
	bool asked = a->cause == CAUSE_REQUESTED ||
		(a->cause >= CAUSE_INTERROGATED && a->cause <= CAUSE_COUNTERS_LAST);
	switch ((enum iec104_class)a->type->class) {
	case MONITOR:
		return asked ? DIR_RESPONSE : DIR_OTHER;
	case COMMAND:
	case SYSTEM:
	case PARAMETER:
		if (a->cause == 3)
			return DIR_OTHER;
		return from_controlling(a) == 1 ? DIR_REQUEST : DIR_RESPONSE;
	case FILES:
		return file_dir(a, controlling);
	case SECURITY:
		break;
	}
	return DIR_OTHER;
}

/* Requests are known by type, station and object; a general one is sent to object 0. */
static uint32_t key_of(uint8_t code, uint16_t station, uint32_t object)
{
	return ((uint32_t)code << 24 | object) ^ station * 0x9e3779b1u;
}

static void take_or_keep(struct scene *s, uint32_t key, bool last)
{
	if (last)
		ask_take(s, key);
	else
		ask_peek(s, key);
}

/* An activation is confirmed, and terminated later; a selection, a refusal and an answer to "read"
 * end it at once.  Interrogated values belong to the interrogation; a station may be asked by the
 * address of all of them (7.2.4). */
static void pair(
	struct scene *s, const struct iec104_asdu *a, enum dir dir, uint32_t object, uint8_t q)
{
	uint8_t code = a->code;
	bool last = false;
	if (a->type->class == FILES) {
		code = TYPE_CALL;
		object = a->code == TYPE_DIRECTORY ? 0 : object;
	} else if (a->cause >= CAUSE_COUNTERS_REQUESTED && a->cause <= CAUSE_COUNTERS_LAST) {
		code = TYPE_COUNTERS;
		object = 0;
	} else if (a->cause >= CAUSE_INTERROGATED && a->cause < CAUSE_COUNTERS_REQUESTED) {
		code = TYPE_INTERROGATION;
		object = 0;
	} else if (a->cause == CAUSE_REQUESTED) {
		code = TYPE_READ;
		last = true;
	} else {
		last = a->cause != CAUSE_ACTIVATION_CONFIRMED || a->negative || is_select(a, q) ||
			a->type->class == PARAMETER;
		/* Its confirmation is all there is to these, 60870-5-5, 6.7 and 6.8. */
		last |= a->type->class == SYSTEM && code != TYPE_INTERROGATION &&
			code != TYPE_COUNTERS;
	}
	if (dir == DIR_REQUEST) {
		ask_put(s, key_of(code, a->station, object));
	} else if (dir == DIR_RESPONSE) {
		uint32_t key = key_of(code, a->station, object);
		uint32_t all = key_of(code, BROADCAST, object);
		take_or_keep(s, ask_peek(s, key) ? key : all, last && ask_peek(s, key));
	}
}

static void identifier_values(struct scene *s, const struct iec104_asdu *a)
{
	fact_uint(s, &f_typeid, a->code);
	fact_flag(s, &f_sequence, a->sequence);
	fact_uint(s, &f_count, a->count);
	fact_uint(s, &f_cause, a->cause);
	fact_flag(s, &f_negative, a->negative);
	fact_flag(s, &f_test, a->test);
	fact_uint(s, &f_originator, a->originator);
	fact_uint(s, &f_station, a->station);
}

/* A type the standard keeps for others: vendors' own, or somebody who tries them all. */
static enum parsed unknown_type(
	struct scene *s, const struct iec104_asdu *a, struct cur c, uint16_t tx, uint16_t rx)
{
	fact_begin(s, &row_unknown);
	iec104_apci_values(s, tx, rx);
	identifier_values(s, a);
	bool acts = a->cause == CAUSE_ACTIVATION || a->cause == CAUSE_DEACTIVATION;
	if (acts)
		fact_dir(s, DIR_REQUEST);
	if (a->cause >= CAUSE_UNKNOWN_TYPE && a->cause <= CAUSE_UNKNOWN_OBJECT) {
		fact_dir(s, DIR_RESPONSE);
		fact_failed(s);
	}
	size_t size = c.left;
	const uint8_t *bytes = cur_take(&c, size);
	if (bytes)
		fact_bytes(s, &f_rawdata, bytes, size);
	fact_violation(s);
	fact_end(s);
	return PARSED_WHOLE;
}

enum parsed iec104_asdu(struct scene *s, struct cur c, uint16_t tx, uint16_t rx)
{
	struct iec104_state *state = s->state;
	struct iec104_asdu a = iec104_identifier(&c);
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (!a.type)
		return unknown_type(s, &a, c, tx, rx);
	if (!iec104_fits(&a, c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	int sender = from_controlling(&a);
	if (sender >= 0)
		iec104_controls(s, sender);
	bool controlling = state->controlling ? state->controlling == s->side + 1u
					      : s->client == (int8_t)s->side;
	if (sender == 0)
		who_sender_is(s, TYPE_RTU, "answers as an IEC 60870-5-104 controlled station");

	struct cur first = c;
	uint32_t object = cur_le24(&first);
	uint8_t q = qualifier(&a, c);
	enum dir dir = dir_of(&a, controlling);
	pair(s, &a, dir, object, q);
	bool unknown = a.cause >= CAUSE_UNKNOWN_TYPE && a.cause <= CAUSE_UNKNOWN_OBJECT;
	bool refused = a.negative || unknown;
	/* A test says that nothing shall come of it (7.2.3); values of a refused command came of
	 * nothing. */
	a.written = a.type->class == COMMAND || a.type->class == PARAMETER;
	a.tell = !a.test && !refused &&
		(a.type->class == MONITOR ||
			(a.written && a.cause == CAUSE_ACTIVATION_CONFIRMED && !is_select(&a, q)));
	fact_begin(s, row_of(&a, q, controlling));
	fact_dir(s, dir);
	if (refused && dir == DIR_RESPONSE)
		fact_failed(s);
	if (!iec104_cause_fits(a.type, a.cause) || !a.station || !a.count)
		fact_violation(s);
	iec104_apci_values(s, tx, rx);
	identifier_values(s, &a);
	if (!iec104_objects(s, &a, c))
		return PARSED_BAD;
	fact_end(s);
	return PARSED_WHOLE;
}
