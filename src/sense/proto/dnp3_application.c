/* DNP3, application layer: IEEE 1815-2012, clause 4: functions, indications, object headers. */
#include "sense/proto/dnp3.h"

enum { CONTROL_FIR = 0x80, CONTROL_FIN = 0x40, CONTROL_CON = 0x20, CONTROL_UNS = 0x10 };

enum function {
	CONFIRM = 0,
	READ = 1,
	WRITE = 2,
	SELECT = 3,
	OPERATE = 4,
	DIRECT_OPERATE_NO_ACK = 6,
	FREEZE_FIRST = 7,
	FREEZE_AT_TIME = 11,
	FREEZE_AT_TIME_NO_ACK = 12,
	ENABLE_UNSOLICITED = 20,
	ASSIGN_CLASS = 22,
	AUTHENTICATE_NO_ACK = 33,
	RESPONSE = 129,
	UNSOLICITED_RESPONSE = 130,
	AUTHENTICATION_RESPONSE = 131,
};

enum {
	GROUP_ATTRIBUTES = 0,
	GROUP_TIME = 50,
	GROUP_FILE = 70,
	GROUP_INDICATIONS = 80,
	GROUP_AUTHENTICATION = 120,
};

/* IIN2.0, 2.1, 2.2: no such function, no such object, bad parameter (4.2.2.3.3). */
enum { INDICATIONS_REFUSED = 0x0007 };
enum { BROADCAST_FIRST = 0xfffd }; /* 9.2.3.1.4 */

static const struct field f_fir = { "dnp3.al.fir", FLAG };
static const struct field f_fin = { "dnp3.al.fin", FLAG };
static const struct field f_con = { "dnp3.al.con", FLAG };
static const struct field f_uns = { "dnp3.al.uns", FLAG };
static const struct field f_sequence = { "dnp3.al.seq", U8 | NUMBERING };
static const struct field f_function = { "dnp3.al.func", U8 };
static const struct field f_indications = { "dnp3.al.iin", BE16 };
static const struct field f_object = { "dnp3.al.obj", BE16 };
static const struct field f_prefix = { "dnp3.al.objq.prefix", U8 };
static const struct field f_range = { "dnp3.al.objq.range", U8 };
static const struct field f_start = { "dnp3.al.range.start", U8 };
static const struct field f_stop = { "dnp3.al.range.stop", U8 };
static const struct field f_address = { "dnp3.al.range.abs", U8 };
static const struct field f_quantity = { "dnp3.al.range.quantity", U8 };

/* Function codes, 4.2.2.5 and table 4-2.  An answer bears the name of its request, so the rows
 * stand in pairs; reads and writes are told apart by their first object. */
static const struct msg rows[] = {
	BOTH(1, ACT_READ, 0, "read"),
	BOTH(1, ACT_IDENTIFY, 0, "read_attributes"),
	BOTH(2, ACT_WRITE, 0, "write"),
	BOTH(2, ACT_WRITE, EFFECT_TIME, "write_time"),
	BOTH(2, ACT_WRITE, EFFECT_FILE, "write_file"),
	BOTH(2, ACT_WRITE, 0, "write_indications"),
	BOTH(3, ACT_OTHER, EFFECT_SELECT, "select"),
	BOTH(4, ACT_CONTROL, 0, "operate"),
	BOTH(5, ACT_CONTROL, 0, "direct_operate"),
	BOTH(6, ACT_CONTROL, 0, "direct_operate_no_ack"),
	BOTH(7, ACT_WRITE, 0, "freeze"),
	BOTH(8, ACT_WRITE, 0, "freeze_no_ack"),
	BOTH(9, ACT_WRITE, 0, "freeze_clear"),
	BOTH(10, ACT_WRITE, 0, "freeze_clear_no_ack"),
	BOTH(11, ACT_WRITE, 0, "freeze_at_time"),
	BOTH(12, ACT_WRITE, 0, "freeze_at_time_no_ack"),
	BOTH(13, ACT_CONTROL, EFFECT_RESTART, "cold_restart"),
	BOTH(14, ACT_CONTROL, EFFECT_RESTART, "warm_restart"),
	BOTH(15, ACT_WRITE, EFFECT_CONFIG, "initialize_data"),
	BOTH(16, ACT_CONTROL, EFFECT_RESTART, "initialize_application"),
	BOTH(17, ACT_CONTROL, EFFECT_START, "start_application"),
	BOTH(18, ACT_CONTROL, EFFECT_STOP, "stop_application"),
	BOTH(19, ACT_PROGRAM, EFFECT_CONFIG, "save_configuration"),
	BOTH(20, ACT_WRITE, 0, "enable_unsolicited"),
	BOTH(21, ACT_WRITE, 0, "disable_unsolicited"),
	BOTH(22, ACT_WRITE, EFFECT_CONFIG, "assign_class"),
	BOTH(23, ACT_OTHER, 0, "delay_measurement"),
	BOTH(24, ACT_OTHER, 0, "record_current_time"),
	BOTH(25, ACT_OTHER, EFFECT_FILE, "open_file"),
	BOTH(26, ACT_OTHER, 0, "close_file"),
	BOTH(27, ACT_WRITE, EFFECT_FILE, "delete_file"),
	BOTH(28, ACT_READ, 0, "get_file_info"),
	BOTH(29, ACT_OTHER, EFFECT_LOGIN, "authenticate_file"),
	BOTH(30, ACT_OTHER, 0, "abort_file"),
	BOTH(31, ACT_PROGRAM, EFFECT_CONFIG, "activate_configuration"),
	BOTH(32, ACT_OTHER, EFFECT_LOGIN, "authenticate"),
	BOTH(33, ACT_OTHER, EFFECT_LOGIN, "authenticate_no_ack"),
	{ 0 },
};
static const struct msg row_confirm = { 0, DIR_OTHER, ACT_OTHER, 0, "confirm" };
static const struct msg row_response = { 129, DIR_RESPONSE, ACT_OTHER, 0, "response" };
static const struct msg row_unsolicited = { 130, DIR_OTHER, ACT_READ, 0, "unsolicited_response" };
static const struct msg row_challenge = { 131, DIR_RESPONSE, ACT_OTHER, 0,
	"authentication_response" };
static const struct msg row_refused = { 131, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED,
	"authentication_error" };
static const struct msg row_unknown = { 255, DIR_OTHER, ACT_OTHER, 0, unknown_function };

/* The request row of a function; the group of the first object tells reads and writes apart. */
static const struct msg *request_row(uint8_t function, int group)
{
	const char *name = NULL;
	if (function == READ)
		name = group == GROUP_ATTRIBUTES ? "read_attributes" : "read";
	else if (function == WRITE)
		name = group == GROUP_TIME           ? "write_time"
			: group == GROUP_FILE        ? "write_file"
			: group == GROUP_INDICATIONS ? "write_indications"
						     : "write";
	for (const struct msg *m = rows; m->name; m++) {
		if (m->code == function && m->dir == DIR_REQUEST &&
			(!name || strcmp(m->name, name) == 0))
			return m;
	}
	return NULL;
}

/* A master's open request: both stations and the sequence number tell it from the others of a line.
 */
static uint32_t request_key(uint16_t master, uint16_t outstation, uint8_t sequence)
{
	return (uint32_t)outstation << 16 | (uint32_t)(master & 0xfff) << 4 | sequence;
}

static bool is_answered(uint8_t function, uint16_t dst)
{
	bool quiet = function == CONFIRM || function == DIRECT_OPERATE_NO_ACK || function == 8 ||
		function == 10 || function == FREEZE_AT_TIME_NO_ACK ||
		function == AUTHENTICATE_NO_ACK;
	return !quiet && dst < BROADCAST_FIRST;
}

/* The row of an answer: its request's, the one of the fragment before it, or a row of its own. */
static const struct msg *response_row(struct scene *s, const struct dnp3_link *link,
	struct dnp3_more *more, uint8_t control, uint8_t function)
{
	uint8_t sequence = control & 15;
	const uint8_t *asked = ask_take(s, request_key(link->dst, link->src, sequence));
	const struct msg *row = NULL;

	if (asked)
		row = &rows[*asked + 1]; /* the answer's row stands behind the request's */
	else if (more->open && more->sequence == sequence && !(control & CONTROL_FIR))
		row = &rows[more->row];
	more->open = row && !(control & CONTROL_FIN);
	if (more->open) {
		more->row = (uint8_t)(row - rows);
		more->sequence = (uint8_t)((sequence + 1) & 15);
	}
	if (function == AUTHENTICATION_RESPONSE)
		return row && row->code >= 32 ? row : &row_challenge;
	return row ? row : &row_response;
}

/* Whether the objects of a request are named only, with no data behind their headers. */
static bool is_bare(uint8_t function)
{
	return function == READ ||
		(function >= FREEZE_FIRST && function <= FREEZE_AT_TIME_NO_ACK) ||
		(function >= ENABLE_UNSOLICITED && function <= ASSIGN_CLASS);
}

/* Range field of an object header, 4.2.2.7.3.3; false where it is reserved or does not fit. */
static bool read_range(struct scene *s, uint8_t code, struct dnp3_header *h, struct cur *c)
{
	unsigned form = code < 6 ? code % 3u : code == 11 ? 0 : (code - 7u) % 3;
	bool pair = code < 3;
	if (code == 6)
		return true;
	if (code > 9 && code != 11)
		return false;
	uint32_t first = form == 0 ? cur_u8(c) : form == 1 ? cur_le16(c) : cur_le32(c);
	uint32_t last = !pair ? 0 : form == 0 ? cur_u8(c) : form == 1 ? cur_le16(c) : cur_le32(c);
	if (!cur_ok(c))
		return false;
	h->has_count = true;
	h->count = 1;
	if (pair) {
		fact_uint(s, &f_start, first);
		fact_uint(s, &f_stop, last);
		h->first = first;
		if (last < first)
			return false;
		h->count = (uint64_t)last - first + 1;
	} else if (code < 6) {
		fact_uint(s, &f_address, first);
		h->first = first;
	} else {
		fact_uint(s, &f_quantity, first);
		h->count = first;
	}
	return true;
}

static bool object(struct dnp3_talk *t, struct cur *c)
{
	struct scene *s = t->s;
	struct dnp3_header h = { .group = cur_u8(c) };
	h.variation = cur_u8(c);
	uint8_t qualifier = cur_u8(c);
	if (!cur_ok(c))
		return false;
	h.prefix = qualifier >> 4 & 7;
	fact_uint(s, &f_object, (uint32_t)h.group << 8 | h.variation);
	fact_uint(s, &f_prefix, h.prefix);
	fact_uint(s, &f_range, qualifier & 15);
	if (qualifier & 0x80 || h.prefix > DNP3_PREFIX_SIZE4)
		return false;
	if (!read_range(s, qualifier & 15, &h, c))
		return false;

	/* Bare functions still carry data in a few objects: the time to freeze at, and what
	 * authenticates the whole message. */
	bool bare = t->bare;
	t->bare = bare && h.group != GROUP_AUTHENTICATION &&
		!(h.group == GROUP_TIME &&
			(t->function == FREEZE_AT_TIME || t->function == FREEZE_AT_TIME_NO_ACK));
	bool fits = dnp3_objects(t, &h, c);
	t->bare = bare;
	return fits;
}

/* The first object of group 120 in an authentication response says whether it is a refusal. */
static bool is_refusal(const struct cur *c)
{
	return cur_peek(c, 0) == GROUP_AUTHENTICATION && cur_peek(c, 1) == 7;
}

enum parsed dnp3_application(
	struct scene *s, const struct dnp3_link *link, struct dnp3_more *more, struct cur c)
{
	uint8_t control = cur_u8(&c), function = cur_u8(&c);
	bool response = function >= RESPONSE && function <= AUTHENTICATION_RESPONSE;
	uint16_t indications = response ? cur_be16(&c) : 0;
	const struct msg *row;

	if (!cur_ok(&c)) {
		fact_begin(s, &row_unknown);
		fact_violation(s);
		dnp3_link_values(s, link);
		fact_end(s);
		return PARSED_BAD;
	}
	if (function == CONFIRM) {
		row = &row_confirm;
	} else if (function == UNSOLICITED_RESPONSE) {
		row = &row_unsolicited;
	} else if (response) {
		row = response_row(s, link, more, control, function);
		if (row == &row_challenge && is_refusal(&c))
			row = &row_refused;
	} else {
		row = request_row(function, cur_peek(&c, 0));
	}
	if (row && row->dir == DIR_REQUEST && is_answered(function, link->dst)) {
		uint8_t *asked = ask_put(s, request_key(link->src, link->dst, control & 15));
		if (asked)
			*asked = (uint8_t)(row - rows);
	}
	if (row && function != CONFIRM) {
		if (response)
			scene_server(s);
		else
			scene_client(s);
	}

	fact_begin(s, row ? row : &row_unknown);
	if (!row)
		fact_violation(s);
	dnp3_link_values(s, link);
	fact_flag(s, &f_fir, control & CONTROL_FIR);
	fact_flag(s, &f_fin, control & CONTROL_FIN);
	fact_flag(s, &f_con, control & CONTROL_CON);
	fact_flag(s, &f_uns, control & CONTROL_UNS);
	fact_uint(s, &f_sequence, control & 15);
	fact_uint(s, &f_function, function);
	if (response) {
		fact_uint(s, &f_indications, indications);
		if (indications & INDICATIONS_REFUSED || row == &row_refused)
			fact_failed(s);
		who_sender_is(s, TYPE_RTU, "answers DNP3 requests");
	}

	bool echo = response && row->code >= SELECT && row->code <= DIRECT_OPERATE_NO_ACK;
	struct dnp3_talk talk = {
		.s = s,
		.outstation = response ? link->src : link->dst,
		.function = function,
		.response = response,
		.bare = is_bare(function),
		.written = function == WRITE ||
			(function >= OPERATE && function <= DIRECT_OPERATE_NO_ACK),
		.silent = function == SELECT || echo,
	};
	bool fits = true;
	while (fits && row && c.left > 0)
		fits = object(&talk, &c);
	if (talk.refused && response)
		fact_failed(s);
	if (!fits)
		fact_violation(s);
	/* What was read is whole and passed its checks; the rest is one malformed message. */
	fact_end(s);
	return fits ? PARSED_WHOLE : PARSED_BAD;
}
