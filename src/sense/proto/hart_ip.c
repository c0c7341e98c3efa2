/* HART-IP, versions 1 and 2: the messages (TS20085), and the HART frames that they carry (TS20081).
 *
 * A message is eight bytes of header and its body.  A token-passing PDU is a HART frame as it
 * stands on the loop, without preambles: delimiter, address, command, byte count, data, check byte;
 * in answers two bytes of status are the first data.  A direct PDU (version 2) is a list of
 * commands. */
#include "sense/proto/hart_ip.h"

enum { HEADER_SIZE = 8, LENGTH_MAX = 4096, STATUS_MAX = 64, AUDIT_HEAD = 22 };
enum { REQUEST = 0, RESPONSE = 1, PUBLISH = 2, ERROR_3 = 3, NAK = 15 };
enum { SESSION_INITIATE, SESSION_CLOSE, KEEP_ALIVE, TOKEN_PASSING, DIRECT, AUDIT_LOG, MESSAGES };

/* Delimiters: unique address, number of expansion bytes, frame type. */
enum { UNIQUE = 0x80, EXPANSION = 0x60, PHYSICAL = 0x18, BURST = 1, STX = 2, ACK = 6 };
enum { COMMUNICATION_ERROR = 0x80 };

static const struct field f_version = { "hart_ip.version", U8 };
static const struct field f_type = { "hart_ip.message_type", U8 };
static const struct field f_id = { "hart_ip.message_id", U8 };
static const struct field f_status = { "hart_ip.status", U8 };
static const struct field f_sequence = { "hart_ip.transaction_id", BE16 | NUMBERING };
static const struct field f_length = { "hart_ip.msg_length", BE16 };
static const struct field f_data = { "hart_ip.data", BYTES };
static const struct field f_master = { "hart_ip.session_init.master_type", U8 };
static const struct field f_timer = { "hart_ip.session_init.inactivity_close_timer", BE32 };
static const struct field f_error = { "hart_ip.error.error_code", U8 };
static const struct field f_delimiter = { "hart_ip.pt.delimiter", U8 };
static const struct field f_short = { "hart_ip.pt.short_addr", U8 };
static const struct field f_long = { "hart_ip.pt.long_address", BYTES };
static const struct field f_expansion = { "hart_ip.pt.expansion", BYTES };
static const struct field f_command = { "hart_ip.pt.command", U8 };
static const struct field f_count = { "hart_ip.pt.length", U8 };
static const struct field f_response = { "hart_ip.pt.response_code", U8 };
static const struct field f_response_name = { "hart_ip.pt.response_name", TEXT };
static const struct field f_device_status = { "hart_ip.pt.device_status", U8 };
static const struct field f_check = { "hart_ip.pt.checksum", U8 };
static const struct field f_extended = { "hart_ip.pt.rsp.command_number", BE16 };
static const struct field f_size = { "hart_ip.pt.rsp.command_byte_count", U8 };
static const struct field f_commands = { "hart_ip.pt.rsp.number_of_commands", U8 };
static const struct field f_extended_status = { "hart_ip.pt.rsp.ext_device_status", U8 };
static const struct field f_card = { "hart_ip.pt.rsp.io_card", U8 };
static const struct field f_channel = { "hart_ip.pt.rsp.channel", U8 };
static const struct field f_preambles = { "hart_ip.pt.rsp.tx_preamble_count", U8 };
static const struct field f_inner_delimiter = { "hart_ip.pt.rsp.embedded_command_delimiter", U8 };
static const struct field f_inner_short = { "hart_ip.pt.rsp.poll_address", U8 };
static const struct field f_inner_long = { "hart_ip.pt.rsp.unique_id", BYTES };
static const struct field f_inner_command = { "hart_ip.pt.rsp.embedded_command", U8 };
static const struct field f_inner_count = { "hart_ip.embedded_length", U8 };
static const struct field f_inner_response = { "hart_ip.embedded_response_code", U8 };
static const struct field f_inner_status = { "hart_ip.embedded_device_status", U8 };
static const struct field audit[] = {
	{ "hart_ip.audit.start_record", U8 },
	{ "hart_ip.audit.records", U8 },
	{ 0 },
};
static const struct field audit_told[] = {
	{ "hart_ip.audit.power_up_time", BE64 },
	{ "hart_ip.audit.last_security_change", BE64 },
	{ "hart_ip.audit.server_status", BE16 },
	{ "hart_ip.audit.record_size", BE16 },
	{ 0 },
};

#define BOTH(code, act, name)                                                                      \
	{ code, DIR_REQUEST, act, 0, name },                                                       \
	{                                                                                          \
		code, DIR_RESPONSE, act, 0, name                                                   \
	}
static const struct msg rows[] = {
	BOTH(SESSION_INITIATE, ACT_OTHER, "session_initiate"),
	BOTH(SESSION_CLOSE, ACT_OTHER, "session_close"),
	BOTH(KEEP_ALIVE, ACT_OTHER, "keep_alive"),
	BOTH(TOKEN_PASSING, ACT_OTHER, "token_passing"),
	BOTH(DIRECT, ACT_OTHER, "direct"),
	BOTH(AUDIT_LOG, ACT_READ, "read_audit_log"),
	BOTH(MESSAGES, ACT_OTHER, "unknown_message"),
	{ 0 },
};

struct header {
	uint8_t version, type, id, status;
	uint16_t sequence, length;
};

/* A HART frame; `data` is behind the byte count, and in an answer behind the two status bytes. */
struct frame {
	uint8_t delimiter, command, count, response, status, check;
	struct cur address, expansion, data;
	bool answer;
};

static struct header header_of(struct cur *c)
{
	struct header h = { .version = cur_u8(c) };
	h.type = cur_u8(c);
	h.id = cur_u8(c);
	h.status = cur_u8(c);
	h.sequence = cur_be16(c);
	h.length = cur_be16(c);
	return h;
}

/* --- HART frames --- */

static bool read_frame(struct cur *c, struct frame *f)
{
	*f = (struct frame){ .delimiter = cur_u8(c) };
	f->address = cur_sub(c, f->delimiter & UNIQUE ? 5 : 1);
	f->expansion = cur_sub(c, (size_t)(f->delimiter & EXPANSION) >> 5);
	f->command = cur_u8(c);
	f->count = cur_u8(c);
	f->data = cur_sub(c, f->count);
	uint8_t type = f->delimiter & 7;
	f->answer = type != STX;
	if (f->answer) {
		f->response = cur_u8(&f->data);
		f->status = cur_u8(&f->data);
	}
	return cur_ok(c) && cur_ok(&f->data) && !(f->delimiter & PHYSICAL & 0x10) &&
		(type == STX || type == ACK || type == BURST);
}

/* Preambles may stand in front, though nobody has use for them here. */
static struct cur without_preambles(struct cur c)
{
	while (cur_peek(&c, 0) == 0xff)
		cur_skip(&c, 1);
	return c;
}

/* Longitudinal parity over everything from the delimiter on. */
static bool check_fits(struct cur c)
{
	uint8_t sum = 0;
	while (c.left)
		sum ^= cur_u8(&c);
	return sum == 0;
}

static bool whole_frame(struct cur c, struct frame *f)
{
	c = without_preambles(c);
	struct cur all = c;
	if (!read_frame(&c, f))
		return false;
	f->check = cur_u8(&c);
	return cur_ok(&c) && c.left == 0 && check_fits(all);
}

/* Commands one after the other: number, byte count, data that begins with a response code where it
 * is an answer. */
static bool list_fits(struct cur c, bool answer)
{
	while (c.left && cur_ok(&c)) {
		cur_skip(&c, 2);
		uint8_t size = cur_u8(&c);
		cur_skip(&c, size);
		cur_need(&c, size || !answer);
	}
	return cur_ok(&c);
}

/* --- whose is it? --- */

/* Requests have no status, answers one of the response codes of messages. */
static bool header_fits(const struct header *h)
{
	return (h->version == 1 || h->version == 2) && h->type <= PUBLISH && h->id < MESSAGES &&
		h->status <= (h->type == RESPONSE ? STATUS_MAX : 0) && h->length >= HEADER_SIZE &&
		h->length <= LENGTH_MAX;
}

static bool direct_fits(struct cur c, bool answer)
{
	cur_skip(&c, 2); /* status */
	struct cur first = c;
	uint16_t command = cur_be16(&first);
	return cur_ok(&first) && hart_is_named(command) && list_fits(c, answer);
}

static bool audit_fits(struct cur c, bool answer)
{
	size_t size = c.left;
	if (!answer)
		return size == 2;
	cur_skip(&c, 1);
	uint8_t count = cur_u8(&c);
	cur_skip(&c, 18);
	return size == AUDIT_HEAD + (size_t)count * cur_be16(&c);
}

static bool body_fits(const struct header *h, struct cur body)
{
	struct frame f;
	bool answer = h->type != REQUEST;
	if (h->type == RESPONSE && h->status && !body.left)
		return true;
	switch (h->id) {
	case TOKEN_PASSING:
		return whole_frame(body, &f) && f.answer == answer;
	case DIRECT:
		return direct_fits(body, answer);
	case SESSION_INITIATE:
		return body.left == 5 && cur_peek(&body, 0) <= 1 && h->type != PUBLISH;
	case AUDIT_LOG:
		return audit_fits(body, answer) && h->type != PUBLISH;
	default:
		return body.left == 0 && h->type != PUBLISH;
	}
}

static enum probe probe(struct cur c, const struct scene *s)
{
	int version = cur_peek(&c, 0), type = cur_peek(&c, 1), id = cur_peek(&c, 2);
	if ((version != 1 && version != 2 && version >= 0) || type > PUBLISH || id >= MESSAGES)
		return PROBE_NO;
	if (c.left < HEADER_SIZE)
		return s->stream ? PROBE_MORE : PROBE_NO;
	struct header h = header_of(&c);
	if (!header_fits(&h) || (!s->stream && h.length != c.left + HEADER_SIZE))
		return PROBE_NO;
	if (h.length > c.left + HEADER_SIZE)
		return h.length > PROBE_MAX ? PROBE_NO : PROBE_MORE;
	return body_fits(&h, cur_sub(&c, (size_t)h.length - HEADER_SIZE)) ? PROBE_YES : PROBE_NO;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < HEADER_SIZE)
		return FRAME_MORE;
	struct header h = header_of(&c);
	bool version = h.version == 1 || h.version == 2;
	return version && h.length >= HEADER_SIZE && h.length <= LENGTH_MAX ? h.length : FRAME_LOST;
}

/* --- commands --- */

/* A message may be several facts: each is told its question. */
static void begin(struct hart *h, const struct msg *row)
{
	if (h->answer && !h->published)
		ask_peek(h->s, h->key);
	fact_begin(h->s, row);
	if (h->published)
		fact_dir(h->s, DIR_OTHER);
}

/* Which device it is: TS20081, 38 bits, the two topmost are of the master and of burst mode. */
static void address_of(struct hart *h, struct cur address, bool unique)
{
	h->addressed = unique;
	if (unique) {
		h->type = cur_be16(&address) & 0x3fff;
		h->id = cur_be24(&address);
	} else {
		h->polling = cur_u8(&address) & 0x3f;
	}
	const struct hart_state *state = h->s->state;
	bool known = state->known && state->type == h->type && state->id == h->id;
	h->own = !h->inner && (unique ? known : h->polling == 0); /* others may hang on its loop */
}

static void refusal(struct hart *h, uint8_t response)
{
	const char *name =
		response & COMMUNICATION_ERROR ? "communication error" : hart_response(response);
	h->refused = hart_is_error(response);
	if (response && name)
		fact_text(h->s, &f_response_name, name, strlen(name));
	if (h->refused)
		fact_failed(h->s);
}

static void address_fact(struct scene *s, const struct frame *f, const struct field *unique,
	const struct field *polling)
{
	if (f->delimiter & UNIQUE)
		fact_bytes(s, unique, f->address.at, f->address.left);
	else
		fact_uint(s, polling, (unsigned)cur_peek(&f->address, 0) & 0x3f);
}

static void frame_values(struct hart *h, const struct frame *f)
{
	fact_uint(h->s, &f_delimiter, f->delimiter);
	address_fact(h->s, f, &f_long, &f_short);
	if (f->expansion.left)
		fact_bytes(h->s, &f_expansion, f->expansion.at, f->expansion.left);
	fact_uint(h->s, &f_command, f->command);
	fact_uint(h->s, &f_count, f->count);
	if (!f->answer)
		return;
	fact_uint(h->s, &f_response, f->response);
	fact_uint(h->s, &f_device_status, f->status);
}

/* TS20151, command 77: a frame without its check byte, to a device on a channel behind this one. */
struct passed {
	uint8_t card, channel, preambles;
	struct frame frame;
};

static bool read_passed(struct cur c, bool answer, struct passed *p)
{
	p->card = cur_u8(&c);
	p->channel = cur_u8(&c);
	p->preambles = answer ? 0 : cur_u8(&c);
	return read_frame(&c, &p->frame) && p->frame.answer == answer;
}

static void passed_values(struct hart *h, const struct passed *p)
{
	fact_uint(h->s, &f_card, p->card);
	fact_uint(h->s, &f_channel, p->channel);
	if (!h->answer)
		fact_uint(h->s, &f_preambles, p->preambles);
	fact_uint(h->s, &f_inner_delimiter, p->frame.delimiter);
	address_fact(h->s, &p->frame, &f_inner_long, &f_inner_short);
	fact_uint(h->s, &f_inner_command, p->frame.command);
	fact_uint(h->s, &f_inner_count, p->frame.count);
	if (!h->answer)
		return;
	fact_uint(h->s, &f_inner_response, p->frame.response);
	fact_uint(h->s, &f_inner_status, p->frame.status);
}

/* The command a frame is about: numbers beyond a byte stand in front of the data of 31. */
static uint16_t number_of(const struct frame *f, struct cur *data)
{
	if (f->command != HART_EXTENDED || data->left < 2)
		return f->command;
	return cur_be16(data);
}

/* Each is a fact of its own. */
static void command_list(const struct hart *like, struct cur c)
{
	while (c.left) {
		struct hart h = *like;
		h.command = cur_be16(&c);
		uint8_t size = cur_u8(&c);
		struct cur data = cur_sub(&c, size);
		begin(&h, hart_row(h.command, h.answer));
		fact_uint(h.s, &f_extended, h.command);
		fact_uint(h.s, &f_size, size);
		if (h.answer) {
			uint8_t response = cur_u8(&data);
			fact_uint(h.s, &f_response, response);
			refusal(&h, response);
		}
		hart_data(&h, &data);
		fact_end(h.s);
	}
}

/* Command 78: how many there are, in an answer behind the device's status, then the list. */
static bool aggregated(struct hart *h, const struct frame *f, struct cur data)
{
	if (h->answer)
		fact_uint(h->s, &f_extended_status, cur_u8(&data));
	fact_uint(h->s, &f_commands, cur_u8(&data));
	if (!cur_ok(&data) || !list_fits(data, h->answer))
		return false;
	fact_uint(h->s, &f_check, f->check);
	fact_end(h->s);
	command_list(h, data);
	return true;
}

/* A frame that is none: what the message says of it still stands in its header.  Its bytes are not
 * told, because a key may be among them. */
static enum parsed malformed(struct hart *h)
{
	fact_drop(h->s);
	if (h->s->cut)
		return PARSED_CUT;
	begin(h, msg_find(rows, h->message, h->answer ? DIR_RESPONSE : DIR_REQUEST));
	fact_violation(h->s);
	fact_end(h->s);
	return PARSED_BAD;
}

static enum parsed token_passing(struct hart *h, struct cur body)
{
	struct frame f;
	if (!whole_frame(body, &f) || f.answer != h->answer)
		return malformed(h);
	struct cur data = f.data;
	struct passed p = { 0 };
	h->command = number_of(&f, &data);
	address_of(h, f.address, f.delimiter & UNIQUE);
	bool passes = h->command == HART_SEND_TO_SUB_DEVICE && read_passed(data, h->answer, &p);
	if (passes) {
		data = p.frame.data;
		h->command = number_of(&p.frame, &data);
		h->inner = true;
		address_of(h, p.frame.address, p.frame.delimiter & UNIQUE);
	}
	begin(h, hart_row(h->command, h->answer));
	frame_values(h, &f);
	if (passes)
		passed_values(h, &p);
	if ((passes ? p.frame.command : f.command) == HART_EXTENDED)
		fact_uint(h->s, &f_extended, h->command);
	if (h->answer) {
		bool outer = !passes || hart_is_error(f.response);
		refusal(h, outer ? f.response : p.frame.response);
	}
	if (h->command == HART_AGGREGATED && !h->refused)
		return aggregated(h, &f, data) ? PARSED_WHOLE : malformed(h);
	hart_data(h, &data);
	fact_uint(h->s, &f_check, f.check);
	fact_end(h->s);
	return PARSED_WHOLE;
}

/* Version 2: the device's status, then a list of commands. */
static enum parsed direct(struct hart *h, struct cur c)
{
	uint8_t status = cur_u8(&c), extended = cur_u8(&c);
	h->own = true;
	carry_uint(h->s, &f_device_status, status);
	carry_uint(h->s, &f_extended_status, extended);
	if (!cur_ok(&c) || !c.left || !list_fits(c, h->answer))
		return malformed(h);
	command_list(h, c);
	return PARSED_WHOLE;
}

/* --- messages --- */

static void carry(struct scene *s, const struct header *h)
{
	carry_uint(s, &f_version, h->version);
	carry_uint(s, &f_type, h->type);
	carry_uint(s, &f_id, h->id);
	carry_uint(s, &f_status, h->status);
	carry_uint(s, &f_sequence, h->sequence);
	carry_uint(s, &f_length, h->length);
}

/* What is no command: sessions, keep alive, errors, the audit log. */
static enum parsed plain(struct hart *hart, const struct header *h, struct cur c)
{
	struct scene *s = hart->s;
	uint8_t id = h->id < MESSAGES ? h->id : MESSAGES;
	bool answers = h->type != REQUEST, error = h->type == ERROR_3 || h->type == NAK;
	begin(hart, msg_find(rows, id, answers ? DIR_RESPONSE : DIR_REQUEST));
	if (answers && (error || hart_is_error(h->status)))
		fact_failed(s);
	if (error && c.left) {
		fact_uint(s, &f_error, cur_u8(&c));
	} else if (h->id == SESSION_INITIATE && c.left) {
		fact_uint(s, &f_master, cur_u8(&c));
		fact_uint(s, &f_timer, cur_be32(&c));
	} else if (h->id == AUDIT_LOG && c.left) {
		walk(s, &c, audit);
		if (answers)
			walk(s, &c, audit_told);
	}
	if (!cur_ok(&c))
		return PARSED_BAD;
	if (c.left)
		fact_bytes(s, &f_data, c.at, c.left);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed body(struct hart *hart, const struct header *h, struct cur c)
{
	bool refused = h->type == RESPONSE && h->status && !c.left;
	if (h->type > PUBLISH || refused)
		return plain(hart, h, c);
	if (h->id == TOKEN_PASSING)
		return token_passing(hart, c);
	if (h->id == DIRECT)
		return direct(hart, c);
	return plain(hart, h, c);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct header h = header_of(&c);
	if (!cur_ok(&c) || h.length < HEADER_SIZE || h.length > c.left + HEADER_SIZE)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	c = cur_sub(&c, (size_t)h.length - HEADER_SIZE);
	struct hart hart = { .s = s,
		.key = (uint32_t)h.id << 16 | h.sequence,
		.message = h.id,
		.answer = h.type != REQUEST,
		.published = h.type == PUBLISH };
	if (h.type == REQUEST) {
		scene_client(s);
		ask_put(s, hart.key);
	} else {
		scene_server(s);
	}
	carry(s, &h);
	enum parsed said = body(&hart, &h, c);
	if (h.type != REQUEST && h.type != PUBLISH)
		ask_take(s, hart.key);
	return said;
}

const struct proto proto_hart_ip = {
	.name = "hart-ip",
	.title = "HART-IP",
	.standard =
		"FieldComm Group TS20085 (HART-IP), TS20081 (frames), TS20127 and TS20151 (commands), TS20183 (tables)",
	.reads =
		"sessions, token-passing and direct PDUs, universal and common practice commands with their values and units, identity, devices behind gateways, burst; points",
	.seen = "2 captures: a wireless gateway asked by a tester, a flowmeter with bursts and an audit log",
	.over = OVER_TCP | OVER_UDP,
	.begins = "01-02",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct hart_state),
	.asks = 8, /* hosts send some requests at once, gateways answer as devices do */
	.ask_size = 1,
	.point_name = hart_point_name,
};
