/* Modbus/TCP: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, 3.1.3 (header) and MODBUS
 * Application Protocol Specification V1.1b3, 6 (functions) and 7 (exceptions). */
#include "sense/proto.h"

#include <stdio.h>

/* 254: unit + 253-byte PDU, guide 4.1.  Schneider's function 90 passes over it on newer CPUs. */
enum { LENGTH_MAX = 254, LENGTH_MAX_UMAS = 1100, FUNCTION_UMAS = 90 };

enum space { COIL, INPUT, HOLDING, INPUT_REGISTER };

static const struct field f_transaction = { "modbus.transaction", BE16, 0, 0 };
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
static const struct field f_mei = { "modbus.mei", U8, 0, 0 };
static const struct field f_read_device_id = { "modbus.read_device_id", U8, 1, 4 };
static const struct field f_object_id = { "modbus.object_id", U8, 0, 0 };
static const struct field f_object_text = { "modbus.object_text", TEXT, 0, 0 };
static const struct field f_object_count = { "modbus.object_count", U8, 0, 0 };
static const struct field f_conformity = { "modbus.conformity", U8, 0, 0 };
static const struct field f_more_follows = { "modbus.more_follows", U8, 0, 0 };
static const struct field f_next_object = { "modbus.next_object", U8, 0, 0 };
static const struct field f_umas = { "modbus.umas.function", U8, 0, 0 };
static const struct field f_file_type = { "modbus.file.type", U8, 6, 6 };
static const struct field f_file_number = { "modbus.file.number", BE16, 1, 0xffff };
static const struct field f_file_record = { "modbus.file.record", BE16, 0, 9999 };
static const struct field f_file_length = { "modbus.file.length", BE16, 0, 0 };

static const struct field read_bits[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 2000 },
	{ 0 },
};
static const struct field read_registers[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 125 },
	{ 0 },
};
static const struct field write_single[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.value", BE16, 0, 0 },
	{ 0 },
};
static const struct field write_bits[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 1968 },
	{ 0 },
};
static const struct field write_registers[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 123 },
	{ 0 },
};
static const struct field mask_write[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.and_mask", BE16, 0, 0 },
	{ "modbus.or_mask", BE16, 0, 0 },
	{ 0 },
};
static const struct field fifo_addr[] = { { "modbus.addr", BE16, 0, 0 }, { 0 } };
static const struct field status_byte[] = { { "modbus.status", U8, 0, 0 }, { 0 } };
static const struct field event_counter[] = {
	{ "modbus.status", BE16, 0, 0 },
	{ "modbus.event_count", BE16, 0, 0 },
	{ 0 },
};
static const struct field event_log[] = {
	{ "modbus.byte_count", U8, 0, 0 },
	{ "modbus.status", BE16, 0, 0 },
	{ "modbus.event_count", BE16, 0, 0 },
	{ "modbus.message_count", BE16, 0, 0 },
	{ "modbus.event", LIST_U8, 0, 0 },
	{ 0 },
};

/* A function in both directions.  The rows of one function stand together. */
#define BOTH(code, act, effect, name, ask, answer)                                                 \
	{ code, DIR_REQUEST, act, effect, name, ask },                                             \
	{                                                                                          \
		code, DIR_RESPONSE, act, effect, name, answer                                      \
	}

static const struct msg msgs[] = {
	BOTH(1, ACT_READ, EFFECT_NONE, "read_coils", read_bits, NULL),
	BOTH(2, ACT_READ, EFFECT_NONE, "read_discrete_inputs", read_bits, NULL),
	BOTH(3, ACT_READ, EFFECT_NONE, "read_holding_registers", read_registers, NULL),
	BOTH(4, ACT_READ, EFFECT_NONE, "read_input_registers", read_registers, NULL),
	BOTH(5, ACT_WRITE, EFFECT_NONE, "write_coil", write_single, write_single),
	BOTH(6, ACT_WRITE, EFFECT_NONE, "write_register", write_single, write_single),
	BOTH(7, ACT_READ, EFFECT_NONE, "read_exception_status", NULL, status_byte),
	BOTH(8, ACT_OTHER, EFFECT_NONE, "diagnostics", NULL, NULL),
	BOTH(11, ACT_READ, EFFECT_NONE, "get_event_counter", NULL, event_counter),
	BOTH(12, ACT_READ, EFFECT_NONE, "get_event_log", NULL, event_log),
	BOTH(15, ACT_WRITE, EFFECT_NONE, "write_coils", write_bits, write_bits),
	BOTH(16, ACT_WRITE, EFFECT_NONE, "write_registers", write_registers, write_registers),
	BOTH(17, ACT_IDENTIFY, EFFECT_NONE, "report_server_id", NULL, NULL),
	BOTH(20, ACT_READ, EFFECT_NONE, "read_file_record", NULL, NULL),
	BOTH(21, ACT_WRITE, EFFECT_NONE, "write_file_record", NULL, NULL),
	BOTH(22, ACT_WRITE, EFFECT_NONE, "mask_write_register", mask_write, mask_write),
	BOTH(23, ACT_WRITE, EFFECT_NONE, "read_write_registers", NULL, NULL),
	BOTH(24, ACT_READ, EFFECT_NONE, "read_fifo_queue", fifo_addr, NULL),
	BOTH(43, ACT_OTHER, EFFECT_NONE, "encapsulated_transport", NULL, NULL),
	BOTH(90, ACT_OTHER, EFFECT_NONE, "umas", NULL, NULL),
	{ 0 },
};
/* Diagnostics (function 8) that do something to the device, and reading its identity (43/14). */
static const struct msg restart[] = {
	BOTH(8, ACT_CONTROL, EFFECT_RESTART, "restart_communications", NULL, NULL), { 0 }
};
static const struct msg listen_only[] = {
	BOTH(8, ACT_CONTROL, EFFECT_MODE, "force_listen_only", NULL, NULL), { 0 }
};
static const struct msg clear_counters[] = {
	BOTH(8, ACT_CONTROL, EFFECT_NONE, "clear_counters", NULL, NULL), { 0 }
};
static const struct msg device_id[] = {
	BOTH(43, ACT_IDENTIFY, EFFECT_NONE, "read_device_identification", NULL, NULL), { 0 }
};
/* Functions the standard does not know: reserved, user defined or nonsense, the code tells. */
static const struct msg unknown[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "unknown_function", NULL, NULL), { 0 }
};

/* What a request leaves for its answer. */
struct asked {
	uint16_t addr, count;
	const struct msg *table; /* the one of the tables above that its row came from */
	uint16_t diagnostic;
	uint8_t read_device_id;
};

/* --- is it ours?
 * --------------------------------------------------------------------------------*/

static size_t length_max(int function)
{
	return (function & 0x7f) == FUNCTION_UMAS ? LENGTH_MAX_UMAS : LENGTH_MAX;
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

/* Whether a PDU of this function can have this size; both directions are tried, any function
 * counts. */
static bool plausible(struct cur pdu)
{
	int function = cur_peek(&pdu, 0);
	size_t size = pdu.left;
	if (function & 0x80)
		return size == 2;
	switch (function) {
	case 1:
	case 2:
	case 3:
	case 4:
		return size == 5 || size == (size_t)cur_peek(&pdu, 1) + 2;
	case 5:
	case 6:
		return size == 5;
	case 15:
	case 16:
		return size == 5 || (size > 6 && size == (size_t)cur_peek(&pdu, 5) + 6);
	case 22:
		return size == 7;
	default:
		return true;
	}
}

/* Three zero bits of evidence are little: the header must hold, the length must hold the first
 * message, and the body must fit its function. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct cur head = c;
	cur_skip(&head, 2);
	for (size_t i = 2; i < 4 && i < c.left; i++)
		if (c.at[i] != 0)
			return PROBE_NO;
	if (c.left < 8)
		return PROBE_MORE;
	cur_skip(&head, 2);
	uint16_t length = cur_be16(&head);
	if (length < 2 || length > length_max(cur_peek(&head, 1)))
		return PROBE_NO;
	if (head.left < length)
		return PROBE_MORE;
	cur_skip(&head, 1);
	struct cur pdu = cur_sub(&head, length - 1u);
	return plausible(pdu) ? PROBE_YES : PROBE_NO;
}

/* --- values
 * -------------------------------------------------------------------------------------*/

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

/* --- messages
 * -----------------------------------------------------------------------------------*/

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

/* Who speaks: the handshake tells; else the answer to a known request is one, and a body that can
 * only be an answer. */
static bool is_request(struct scene *s, const struct pdu *p)
{
	if (s->client >= 0)
		return s->client == s->side;
	if (p->function & 0x80 || ask_peek(s, ask_key(p)))
		return false;
	bool counted = p->c.left && p->c.left == (size_t)p->c.at[0] + 1;
	switch (p->function) {
	case 1:
	case 2:
	case 3:
	case 4:
		return !(counted && p->c.left != 4);
	case 15:
	case 16:
		return p->c.left != 4;
	case 17:
	case 11:
	case 12:
	case 7:
		return p->c.left == 0;
	default:
		return true;
	}
}

static const struct msg *table_of(const struct pdu *p, uint16_t diagnostic)
{
	if (p->asks && p->function & 0x80) /* an exception asked for: no such request */
		return unknown;
	if (p->function == 8)
		return diagnostic == 1     ? restart
			: diagnostic == 4  ? listen_only
			: diagnostic == 10 ? clear_counters
					   : msgs;
	if (p->function == 43 && cur_peek(&p->c, 0) == 14)
		return device_id;
	return msg_find(msgs, p->function & 0x7f, DIR_REQUEST) ? msgs : unknown;
}

static void begin(struct scene *s, const struct pdu *p, const struct msg *table)
{
	uint32_t code = table == unknown ? 0 : p->function & 0x7f;
	fact_begin(s, msg_find(table, code, p->asks ? DIR_REQUEST : DIR_RESPONSE));
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

static void file_requests(struct scene *s, struct cur *c, bool with_data)
{
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_byte_count, count);
	struct cur in = cur_sub(c, count);
	c->bad |= in.bad;
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
	c->bad |= in.bad;
}

static enum parsed request(struct scene *s, struct pdu *p)
{
	struct cur *c = &p->c;
	struct asked asked = { 0 };
	if (p->function == 8)
		asked.diagnostic =
			(uint16_t)((cur_peek(c, 0) & 0xff) << 8 | (cur_peek(c, 1) & 0xff));
	asked.table = table_of(p, asked.diagnostic);
	begin(s, p, asked.table);
	const struct msg *row =
		msg_find(asked.table, asked.table == unknown ? 0 : p->function, DIR_REQUEST);
	if (row->fields) {
		struct cur look = *c;
		asked.addr = cur_be16(&look);
		asked.count = cur_be16(&look);
		walk(s, c, row->fields);
	}
	uint8_t count;
	switch (p->function) {
	case 5:
		set_point(s, COIL, p->unit, asked.addr, asked.count != 0, true);
		break;
	case 6:
		set_point(s, HOLDING, p->unit, asked.addr, asked.count, true);
		break;
	case 8:
		fact_uint(s, &f_diagnostic, cur_be16(c));
		rest_as_data(s, c);
		break;
	case 15:
	case 16:
		count = cur_u8(c);
		fact_uint(s, &f_byte_count, count);
		struct cur values = cur_sub(c, count);
		c->bad |= values.bad;
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
		c->bad |= written.bad;
		read_register_values(s, &written, write_addr, HOLDING, p->unit, true);
		break;
	case 43:
		fact_uint(s, &f_mei, cur_u8(c));
		if (asked.table == device_id) {
			asked.read_device_id = cur_u8(c);
			fact_uint(s, &f_read_device_id, asked.read_device_id);
			fact_uint(s, &f_object_id, cur_u8(c));
		}
		rest_as_data(s, c);
		break;
	case FUNCTION_UMAS:
		cur_skip(c, 1); /* session key */
		fact_uint(s, &f_umas, cur_u8(c));
		rest_as_data(s, c);
		break;
	default:
		rest_as_data(s, c);
	}
	struct asked *kept = ask_put(s, ask_key(p));
	if (kept)
		*kept = asked;
	return cur_ok(c) ? PARSED_WHOLE : PARSED_BAD;
}

/* Objects of 43/14 that name the device (specification 6.21): 0 vendor, 1 product code, 2 revision,
 * 3 URL, 4 product name, 5 model name, 6 user's application name. */
static void say_object(struct scene *s, uint8_t id, const uint8_t *text, size_t size)
{
	static const uint8_t keys[] = { ID_VENDOR, ID_ORDER_NUMBER, ID_FIRMWARE, 0, ID_MODEL,
		ID_MODEL, ID_NAME };
	if (id < sizeof keys && keys[id])
		who_sender(s, keys[id], text, size);
}

static void device_objects(struct scene *s, struct cur *c)
{
	fact_uint(s, &f_read_device_id, cur_u8(c));
	fact_uint(s, &f_conformity, cur_u8(c));
	fact_uint(s, &f_more_follows, cur_u8(c));
	fact_uint(s, &f_next_object, cur_u8(c));
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_object_count, count);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		uint8_t id = cur_u8(c);
		uint8_t size = cur_u8(c);
		const uint8_t *text = cur_take(c, size);
		if (!text)
			break;
		fact_uint(s, &f_object_id, id);
		fact_text(s, &f_object_text, text, size);
		say_object(s, id, text, size);
	}
}

static void answer_values(struct scene *s, struct pdu *p, const struct asked *asked)
{
	struct cur *c = &p->c;
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_byte_count, count);
	struct cur values = cur_sub(c, count);
	c->bad |= values.bad;
	if (!asked) { /* nobody saw the question: values without an address are bytes */
		rest_as_data(s, &values);
		return;
	}
	if (p->function <= 2)
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
	const struct msg *table = asked && asked->table ? asked->table : table_of(&plain, 0xffff);
	begin(s, p, table);
	if (p->function & 0x80) {
		fact_failed(s);
		fact_uint(s, &f_exception, cur_u8(c));
		return cur_ok(c) ? PARSED_WHOLE : PARSED_BAD;
	}
	const struct msg *row = msg_find(table, table == unknown ? 0 : p->function, DIR_RESPONSE);
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
		fact_uint(s, &f_diagnostic, cur_be16(c));
		rest_as_data(s, c);
		break;
	case 17: {
		uint8_t count = cur_u8(c);
		struct cur id = cur_upto(c, count);
		fact_uint(s, &f_byte_count, count);
		fact_bytes(s, &f_data, id.at, id.left);
		/* One byte of id, then 00 or FF for stopped and running, then what the vendor
		 * likes. */
		struct cur text = id;
		cur_skip(&text, 2);
		if (cur_ok(&text) && text.left >= 4)
			who_sender(s, ID_DESCRIPTION, text.at, text.left);
		break;
	}
	case 20:
	case 21:
		rest_as_data(s, c);
		break;
	case 43:
		fact_uint(s, &f_mei, cur_u8(c));
		if (table == device_id)
			device_objects(s, c);
		else
			rest_as_data(s, c);
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
	return p.asks ? request(s, &p) : response(s, &p);
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
	.over = OVER_TCP,
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.asks = 8,
	.ask_size = sizeof(struct asked),
	.point_name = point_name,
};
