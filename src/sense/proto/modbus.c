/* Modbus/TCP: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (header) and MODBUS
 * Application Protocol Specification V1.1b3, 6 (functions) and 7 (exceptions). */
#include "sense/proto/modbus.h"

#include <stdio.h>

/* 254: unit + 253-byte PDU, guide 4.1.  Schneider's function 90 passes over it on newer CPUs. */
enum { LENGTH_MAX = 254, LENGTH_MAX_UMAS = 1100 };

enum { COIL_ON = 0xff00 }; /* specification 6.5: this or zero */

enum space { COIL, INPUT, HOLDING, INPUT_REGISTER };

static const struct field f_transaction = { "modbus.transaction", BE16 | NUMBERING };
static const struct field f_length = { "modbus.length", BE16, 0, 0 };
static const struct field f_unit = { "modbus.unit", U8, 0, 0 };
static const struct field f_function = { "modbus.function", U8, 0, 0 };
static const struct field f_exception = { "modbus.exception", U8, 1, 11 };
static const struct field f_register = { "modbus.register", BE16, 0, 0 };
static const struct field f_value = { "modbus.value", BE16, 0, 0 };
static const struct field f_bit = { "modbus.bit", BE16, 0, 0 };
static const struct field f_state = { "modbus.state", FLAG, 0, 0 };
static const struct field f_data = { "modbus.data", BYTES, 0, 0 };
static const struct field f_byte_count = { "modbus.byte_count", U8, 0, 0 };
static const struct field f_read_addr = { "modbus.read_addr", BE16, 0, 0 };
static const struct field f_read_count = { "modbus.read_count", BE16, 1, 125 };
static const struct field f_write_addr = { "modbus.write_addr", BE16, 0, 0 };
static const struct field f_write_count = { "modbus.write_count", BE16, 1, 121 };
static const struct field f_diagnostic = { "modbus.diagnostic", BE16, 0, 0 };
static const struct field f_fifo_bytes = { "modbus.fifo.byte_count", BE16, 2, 64 };
static const struct field f_fifo_count = { "modbus.fifo.count", BE16, 0, 31 };
static const struct field f_mei = { "modbus.mei", U8, 0, 0 };
static const struct field f_file_type = { "modbus.file.type", U8, 6, 6 };
static const struct field f_file_number = { "modbus.file.number", BE16, 1, 0xffff };
static const struct field f_file_record = { "modbus.file.record", BE16, 0, 9999 };
static const struct field f_file_length = { "modbus.file.length", BE16, 0, 0 };

/* Which side asks, where no handshake told.  A body that fits only one direction is certain. */
struct side_known {
	bool started, told, certain;
	uint8_t client;
};

struct state {
	struct side_known known;
	struct modbus_units units;
};

/* What a request leaves for its answer. */
struct asked {
	uint16_t addr, count;
	const struct msg *table; /* the one of the tables above that its row came from */
	uint8_t side;
};

/* --- is it ours? --- */

static size_t length_max(int function)
{
	return (function & 0x7f) == MODBUS_UMAS ? LENGTH_MAX_UMAS : LENGTH_MAX;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < 8)
		return FRAME_MORE;
	cur_skip(&c, 2);
	uint16_t protocol = cur_be16(&c);
	uint16_t length = cur_be16(&c);
	if (protocol != 0 || length < 2 || length > length_max(cur_peek(&c, 1)))
		return FRAME_LOST;
	return 6 + length;
}

/* Whether a PDU of this function can have this size; both directions count. */
static bool plausible(struct cur pdu)
{
	int function = cur_peek(&pdu, 0);
	size_t size = pdu.left;
	size_t counted = (size_t)cur_peek(&pdu, 1) + 2; /* where a byte count stands first */
	if (function & 0x80) { /* some devices send one byte too many: a zero */
		int code = cur_peek(&pdu, 1);
		return code >= 1 && code <= 11 &&
			(size == 2 || (size == 3 && cur_peek(&pdu, 2) == 0));
	}
	switch (function) {
	case 1:
	case 2:
	case 3:
	case 4:
		return size == 5 || size == counted;
	case 5:
	case 6:
		return size == 5;
	case 7:
		return size == 1 || size == 2;
	case 8:
		return size >= 5 && size % 2 == 1 && cur_peek(&pdu, 1) == 0 &&
			cur_peek(&pdu, 2) <= 20;
	case 11:
		return size == 1 || size == 5;
	case 12:
	case 17:
		return size == 1 || size == counted;
	case 15:
	case 16:
		return size == 5 || (size > 6 && size == (size_t)cur_peek(&pdu, 5) + 6);
	case 20:
	case 21:
		return size == counted;
	case 22:
		return size == 7;
	case 23:
		return size == counted || (size > 10 && size == (size_t)cur_peek(&pdu, 9) + 10);
	case 24:
		return size == 3 || (size >= 5 && size == (size_t)cur_peek(&pdu, 2) + 3);
	case 43:
		return size >= 2 && (cur_peek(&pdu, 1) != 14 || size >= 4);
	case MODBUS_UMAS:
		return size != 2; /* nothing, or a session key and what for */
	default: /* whoever tries all functions one by one leaves their body empty */
		cur_skip(&pdu, 1);
		return size == 5 && cur_be32(&pdu) == 0;
	}
}

/* Three zero bits of evidence are little: the header must hold, the length must hold the first
 * message, and the body must fit its function. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	for (size_t i = 2; i < 4; i++)
		if (cur_peek(&c, i) > 0)
			return PROBE_NO;
	if (c.left < 8)
		return PROBE_MORE;
	/* LDAP looks the same where its sizes have four bytes: a sequence, then an integer. */
	bool is_ldap = cur_peek(&c, 0) == 0x30 && cur_peek(&c, 1) == 0x84 && cur_peek(&c, 6) == 2;
	cur_skip(&c, 4);
	uint16_t length = cur_be16(&c);
	if (length < 2 || length > length_max(cur_peek(&c, 1)) || is_ldap)
		return PROBE_NO;
	if (c.left < length)
		return PROBE_MORE;
	struct cur pdu = cur_sub(&c, length);
	cur_skip(&pdu, 1); /* unit */
	if (plausible(pdu))
		return PROBE_YES;
	/* A function the standard does not know, or one with a wrong body: only a second header
	 * behind it proves that its length is one. */
	if (c.left < 6)
		return PROBE_MORE;
	cur_skip(&c, 2);
	uint16_t protocol = cur_be16(&c);
	length = cur_be16(&c);
	return protocol == 0 && length >= 2 && length <= LENGTH_MAX ? PROBE_YES : PROBE_NO;
}

/* --- values --- */

static void set_point(
	struct scene *s, enum space space, uint8_t unit, uint32_t index, double v, bool written)
{
	point_server(s, &(struct point_at){ .space = (uint8_t)space, .unit = unit, .index = index },
		v, written);
}

static void read_bit_values(struct scene *s, struct cur *c, uint32_t first, uint32_t count,
	enum space space, uint8_t unit, bool written)
{
	for (uint32_t i = 0; i < count; i++) {
		int byte = cur_peek(c, i / 8);
		if (byte < 0)
			break;
		bool on = byte >> i % 8 & 1;
		fact_uint(s, &f_bit, first + i);
		fact_flag(s, &f_state, on);
		set_point(s, space, unit, first + i, on, written);
	}
}

static void read_register_values(struct scene *s, struct cur *c, uint32_t first, enum space space,
	uint8_t unit, bool written)
{
	for (uint32_t i = 0; c->left >= 2; i++) {
		uint16_t v = cur_be16(c);
		fact_uint(s, &f_register, first + i);
		fact_uint(s, &f_value, v);
		set_point(s, space, unit, first + i, v, written);
	}
}

/* --- messages --- */

struct pdu {
	struct cur c; /* behind the function code */
	uint8_t unit, function;
	uint16_t transaction;
	bool asks;
};

static uint32_t ask_key(const struct pdu *p)
{
	return (uint32_t)p->transaction << 16 | (uint32_t)p->unit << 8 | (p->function & 0x7f);
}

static enum space space_of(uint8_t function)
{
	switch (function) {
	case 1:
	case 5:
	case 15:
		return COIL;
	case 2:
		return INPUT;
	case 4:
		return INPUT_REGISTER;
	default:
		return HOLDING;
	}
}

enum { CANNOT_TELL, ASKS, ANSWERS };

/* What the body alone says. */
static int asks_or_answers(const struct pdu *p)
{
	size_t left = p->c.left;
	bool counted = left == (size_t)cur_peek(&p->c, 0) + 1;
	switch (p->function) {
	case 1:
	case 2:
	case 3:
	case 4:
		return counted == (left == 4) ? CANNOT_TELL : counted ? ANSWERS : ASKS;
	case 7:
	case 11:
	case 12:
	case 17:
		return left ? ANSWERS : ASKS;
	case 15:
	case 16:
		return left == 4 ? ANSWERS : ASKS;
	case 23:
		return counted ? ANSWERS : ASKS;
	case 24:
		return left == 2 ? ASKS : ANSWERS;
	case MODBUS_UMAS: /* an answer says FE or FD, good or bad */
		return cur_peek(&p->c, 1) >= 0xfd ? ANSWERS : left >= 2 ? ASKS : CANNOT_TELL;
	default:
		return p->function & 0x80 && left <= 2 ? ANSWERS : CANNOT_TELL;
	}
}

/* Who speaks: the handshake tells; else a body that fits one direction only, once for the whole
 * conversation; else the answer to a request of the other side is one. */
static bool is_request(struct scene *s, const struct pdu *p)
{
	struct side_known *known = &((struct state *)s->state)->known;
	if (!known->started) {
		known->started = true;
		known->told = s->client >= 0;
	}
	if (known->told)
		return s->client == s->side;
	int says = known->certain ? CANNOT_TELL : asks_or_answers(p);
	if (says != CANNOT_TELL) {
		known->certain = true;
		known->client = (uint8_t)(says == ASKS ? s->side : !s->side);
		if (says == ASKS)
			scene_client(s);
		else
			scene_server(s);
	}
	if (known->certain)
		return known->client == s->side;
	const struct asked *asked = ask_peek(s, ask_key(p));
	return !asked || asked->side == s->side;
}

static const struct msg *table_of(const struct pdu *p, uint16_t diagnostic)
{
	if (p->asks && p->function & 0x80) /* no such request */
		return modbus_exception;
	if (p->function == 8)
		return diagnostic == 1     ? modbus_restart
			: diagnostic == 3  ? modbus_change_delimiter
			: diagnostic == 4  ? modbus_listen_only
			: diagnostic == 10 ? modbus_clear_counters
			: diagnostic == 20 ? modbus_clear_counters
					   : modbus_functions;
	if (p->function == MODBUS_UMAS) /* an answer does not name its function: its request did */
		return modbus_umas_row(p->asks ? p->c : cur_none());
	if (p->function == 43 && cur_peek(&p->c, 0) == 14)
		return modbus_device_id;
	return msg_find(modbus_functions, p->function & 0x7f, DIR_REQUEST) ? modbus_functions
									   : modbus_unknown;
}

static const struct msg *row_of(const struct msg *table, const struct pdu *p)
{
	uint32_t code = table[0].code == 0 ? 0 : p->function & 0x7f;
	return msg_find(table, code, p->asks ? DIR_REQUEST : DIR_RESPONSE);
}

static void begin(struct scene *s, const struct pdu *p, const struct msg *table)
{
	fact_begin(s, row_of(table, p));
	fact_uint(s, &f_transaction, p->transaction);
	fact_uint(s, &f_length, p->c.left + 2);
	fact_uint(s, &f_unit, p->unit);
	fact_uint(s, &f_function, p->function & 0x7f);
	if (p->asks && (p->function & 0x80 || !p->function)) /* specification 4.1: 1 to 127 */
		fact_violation(s);
}

static void rest_as_data(struct scene *s, struct cur *c)
{
	if (c->left) {
		size_t size = c->left;
		fact_bytes(s, &f_data, cur_take(c, size), size);
	}
}

static void diagnostic_value(struct scene *s, struct cur *c, bool asked)
{
	uint16_t number = cur_be16(c);
	fact_uint(s, &f_diagnostic, number);
	for (const struct modbus_diagnostic *d = modbus_diagnostics; d->field.name; d++) {
		const struct field *f = &d->field;
		if (d->number != number || !(asked ? d->asked : d->answered) || !c->left)
			continue;
		if (f->wire == BYTES) {
			size_t size = c->left;
			fact_bytes(s, f, cur_take(c, size), size);
		} else {
			uint16_t v = cur_be16(c);
			fact_uint(s, f, f->wire == U8 ? v >> 8 : v);
		}
	}
	rest_as_data(s, c);
}

static void file_requests(struct scene *s, struct cur *c, bool with_data)
{
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_byte_count, count);
	struct cur in = cur_sub(c, count);
	while (in.left && cur_ok(&in)) {
		uint8_t type = cur_u8(&in);
		uint16_t number = cur_be16(&in);
		uint16_t record = cur_be16(&in);
		uint16_t length = cur_be16(&in);
		const uint8_t *data = with_data ? cur_take(&in, (size_t)length * 2) : NULL;
		if (!cur_ok(&in))
			break;
		fact_uint(s, &f_file_type, type);
		fact_uint(s, &f_file_number, number);
		fact_uint(s, &f_file_record, record);
		fact_uint(s, &f_file_length, length);
		if (data)
			fact_bytes(s, &f_data, data, (size_t)length * 2);
	}
	cur_need(c, cur_ok(&in));
}

/* Specification 6.14: each group is its length, the reference type and the registers. */
static void file_answers(struct scene *s, struct cur *c)
{
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_byte_count, count);
	struct cur in = cur_sub(c, count);
	while (in.left && cur_ok(&in)) {
		uint8_t size = cur_u8(&in);
		struct cur group = cur_sub(&in, size);
		uint8_t type = cur_u8(&group);
		cur_need(&in, cur_ok(&group));
		if (!cur_ok(&group))
			break;
		fact_uint(s, &f_byte_count, size);
		fact_uint(s, &f_file_type, type);
		fact_bytes(s, &f_data, group.at, group.left);
	}
	cur_need(c, cur_ok(&in));
}

/* Specification 6.18: a byte count, a count of registers, the registers. */
static void fifo_answer(struct scene *s, struct cur *c)
{
	uint16_t size = cur_be16(c);
	fact_uint(s, &f_fifo_bytes, size);
	struct cur in = cur_sub(c, size);
	uint16_t count = cur_be16(&in);
	fact_uint(s, &f_fifo_count, count);
	for (uint16_t i = 0; i < count && in.left >= 2; i++)
		fact_uint(s, &f_value, cur_be16(&in));
	cur_need(c, cur_ok(&in));
}

static uint16_t diagnostic_of(const struct pdu *p)
{
	struct cur look = p->c;
	return p->function == 8 ? cur_be16(&look) : 0;
}

static enum parsed request(struct scene *s, struct pdu *p)
{
	struct cur *c = &p->c;
	struct asked asked = { .side = s->side };
	asked.table = table_of(p, diagnostic_of(p));
	begin(s, p, asked.table);
	struct asked *kept = asked.table == modbus_exception ? NULL : ask_put(s, ask_key(p));
	const struct msg *row = row_of(asked.table, p);
	if (row->fields) {
		struct cur look = *c;
		asked.addr = cur_be16(&look);
		asked.count = cur_be16(&look);
		walk(s, c, row->fields);
	}
	uint8_t count;
	switch (p->function) {
	case 5:
		if (asked.count != 0 && asked.count != COIL_ON)
			fact_violation(s);
		if (cur_ok(c))
			set_point(s, COIL, p->unit, asked.addr, asked.count != 0, true);
		break;
	case 6:
		if (cur_ok(c))
			set_point(s, HOLDING, p->unit, asked.addr, asked.count, true);
		break;
	case 8:
		diagnostic_value(s, c, true);
		break;
	case 15:
	case 16:
		count = cur_u8(c);
		fact_uint(s, &f_byte_count, count);
		struct cur values = cur_sub(c, count);
		if (p->function == 15)
			read_bit_values(s, &values, asked.addr, asked.count, COIL, p->unit, true);
		else
			read_register_values(s, &values, asked.addr, HOLDING, p->unit, true);
		break;
	case 20:
	case 21:
		file_requests(s, c, p->function == 21);
		break;
	case 23:
		asked.addr = cur_be16(c);
		asked.count = cur_be16(c);
		uint16_t write_addr = cur_be16(c);
		fact_uint(s, &f_read_addr, asked.addr);
		fact_uint(s, &f_read_count, asked.count);
		fact_uint(s, &f_write_addr, write_addr);
		fact_uint(s, &f_write_count, cur_be16(c));
		count = cur_u8(c);
		fact_uint(s, &f_byte_count, count);
		struct cur written = cur_sub(c, count);
		read_register_values(s, &written, write_addr, HOLDING, p->unit, true);
		break;
	case 43:
		fact_uint(s, &f_mei, cur_u8(c));
		if (asked.table == modbus_device_id)
			modbus_identity_request(s, c);
		rest_as_data(s, c);
		break;
	case MODBUS_UMAS:
		modbus_umas_request(s, c);
		break;
	default:
		if (asked.table == modbus_exception)
			fact_uint(s, &f_exception, cur_u8(c));
		else
			rest_as_data(s, c);
	}
	if (kept)
		*kept = asked;
	return cur_ok(c) ? PARSED_WHOLE : PARSED_BAD;
}

static void answer_values(struct scene *s, struct pdu *p, const struct asked *asked)
{
	struct cur *c = &p->c;
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_byte_count, count);
	struct cur values = cur_sub(c, count);
	if (!asked && p->function <= 2) { /* nobody saw the question: which bits, how many? */
		rest_as_data(s, &values);
	} else if (!asked) { /* values without an address */
		while (values.left >= 2)
			fact_uint(s, &f_value, cur_be16(&values));
	} else if (p->function <= 2)
		read_bit_values(s, &values, asked->addr, asked->count, space_of(p->function),
			p->unit, false);
	else
		read_register_values(
			s, &values, asked->addr, space_of(p->function), p->unit, false);
}

static enum parsed response(struct scene *s, struct pdu *p)
{
	struct cur *c = &p->c;
	const struct asked *asked = ask_take(s, ask_key(p));
	struct pdu plain = *p;
	plain.function &= 0x7f;
	const struct msg *table =
		asked && asked->table ? asked->table : table_of(&plain, diagnostic_of(p));
	begin(s, p, table);
	if (p->function & 0x80) {
		fact_failed(s);
		fact_uint(s, &f_exception, cur_u8(c));
		return cur_ok(c) ? PARSED_WHOLE : PARSED_BAD;
	}
	const struct msg *row = row_of(table, p);
	if (row->fields)
		walk(s, c, row->fields);
	switch (p->function) {
	case 1:
	case 2:
	case 3:
	case 4:
	case 23:
		answer_values(s, p, asked);
		break;
	case 8:
		diagnostic_value(s, c, false);
		break;
	case 17: {
		uint8_t count = cur_u8(c);
		struct cur id = cur_upto(c, count);
		fact_uint(s, &f_byte_count, count);
		fact_bytes(s, &f_data, id.at, id.left);
		modbus_server_id(s, p->unit, id);
		break;
	}
	case 20:
		file_answers(s, c);
		break;
	case 21:
		file_requests(s, c, true);
		break;
	case 24:
		fifo_answer(s, c);
		break;
	case 43:
		fact_uint(s, &f_mei, cur_u8(c));
		if (table == modbus_device_id)
			modbus_identity(s, p->unit, c);
		else
			rest_as_data(s, c);
		break;
	case MODBUS_UMAS:
		modbus_umas_answer(s, table, c);
		break;
	default:
		rest_as_data(s, c);
	}
	return cur_ok(c) ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct pdu p = { .transaction = cur_be16(&c) };
	cur_skip(&c, 4);
	p.unit = cur_u8(&c);
	p.function = cur_u8(&c);
	p.c = c;
	if (!cur_ok(&c))
		return PARSED_BAD;
	p.asks = is_request(s, &p);
	struct pdu again = p;
	if ((p.asks ? request(s, &p) : response(s, &p)) == PARSED_WHOLE) {
		if (!p.asks)
			modbus_see_unit(s, &((struct state *)s->state)->units, again.unit,
				again.function & 0x80 ? cur_peek(&again.c, 0) : 0);
		return PARSED_WHOLE;
	}
	/* A body that does not fit its function: who asked for what still stands in the header. */
	fact_drop(s);
	begin(s, &again, table_of(&again, diagnostic_of(&again)));
	fact_violation(s);
	rest_as_data(s, &again.c);
	fact_end(s);
	return PARSED_BAD;
}

static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	static const char *const spaces[] = { "coil", "input", "holding", "input register" };
	snprintf(name, POINT_NAME, "unit %u %s %u", at->unit, spaces[at->space & 3], at->index);
}

const struct proto proto_modbus = {
	.name = "modbus",
	.title = "Modbus/TCP",
	.standard = "MODBUS Messaging on TCP/IP Implementation Guide V1.0b",
	.reads =
		"all public functions, registers with their values, exceptions, identity, UMAS by name",
	.seen = "16 captures: Schneider, ELAU, SCALANCE, RuggedCom, serial gateways, attacks and fuzzing",
	.over = OVER_TCP,
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct state),
	.asks = 16, /* guide 4.4.1.3: a client has up to sixteen under way */
	.ask_size = sizeof(struct asked),
	.point_name = point_name,
};
