/* S7comm, the protocol of SIMATIC S7-300/400 and of the compatible side of S7-1200/1500, inside
 * the ISO transport.  There is no public standard; what stands here follows the bytes on the wire
 * and the block and list descriptions in Siemens' "System Software for S7-300/400" reference.
 *
 * A PDU is a header, a parameter part and a data part.  Jobs are answered by number (PDU
 * reference); userdata carries its own little protocol of function groups (s7comm_userdata.c). */
#include "sense/proto/s7comm.h"

enum { PROTOCOL_ID = 0x32, HEAD = 10, HEAD_ANSWER = 12 };

static const struct field field_rosctr = { "s7comm.rosctr", U8, 0, 0 };
static const struct field field_pduref = { "s7comm.pduref", BE16 | NUMBERING };
static const struct field field_parameter_length = { "s7comm.parameter_length", BE16, 0, 0 };
static const struct field field_data_length = { "s7comm.data_length", BE16, 0, 0 };
static const struct field field_error_class = { "s7comm.error_class", U8, 0, 0 };
static const struct field field_error_code = { "s7comm.error_code", U8, 0, 0 };
static const struct field field_function = { "s7comm.func", U8, 0, 0 };
static const struct field field_item_count = { "s7comm.item_count", U8, 0, 0 };
static const struct field field_parameter_error = { "s7comm.parameter_error", BE16, 0, 0 };

static const struct field setup[] = {
	{ "s7comm.setup.reserved", U8, 0, 0 },
	{ "s7comm.setup.max_calling", BE16, 0, 0 }, /* jobs open at a time */
	{ "s7comm.setup.max_called", BE16, 0, 0 },
	{ "s7comm.setup.pdu_length", BE16, 0, 0 },
	{ 0 },
};

static const struct field field_group = { "s7comm.userdata.group", U8, 0, 0 };
static const struct field field_type = { "s7comm.userdata.type", U8, 0, 0 };
static const struct field field_subfunction = { "s7comm.userdata.subfunc", U8, 0, 0 };
static const struct field field_mode = { "s7comm.mode_transition.mode", U8, 0, 0 };
static const struct field field_sequence = { "s7comm.userdata.sequence", U8 | NUMBERING };
static const struct field field_reference = { "s7comm.userdata.data_unit", U8, 0, 0 };
static const struct field field_more = { "s7comm.userdata.more", U8, 0, 0 };

struct head {
	uint8_t rosctr;
	uint8_t error_class, error_code;
	uint16_t pduref, parameter_size, data_size;
	bool answer;
};

static bool read_head(struct cur *c, struct head *h)
{
	if (cur_u8(c) != PROTOCOL_ID)
		return false;
	h->rosctr = cur_u8(c);
	cur_skip(c, 2); /* redundancy identification, always zero */
	h->pduref = cur_be16(c);
	h->parameter_size = cur_be16(c);
	h->data_size = cur_be16(c);
	h->answer = h->rosctr == S7_ACK || h->rosctr == S7_ACK_DATA;
	if (h->answer) {
		h->error_class = cur_u8(c);
		h->error_code = cur_u8(c);
	}
	return cur_ok(c) && (h->rosctr == S7_JOB || h->rosctr == S7_USERDATA || h->answer);
}

/* A transport unit holds exactly one PDU, and the PDU says its size. */
static enum probe probe(struct cur c, const struct scene *s)
{
	struct head h = { 0 };
	if (!read_head(&c, &h))
		return PROBE_NO;
	size_t body = (size_t)h.parameter_size + h.data_size;
	return c.left == body || (s->cut && c.left < body) ? PROBE_YES : PROBE_NO;
}

/* Both sides may ask: the asking side is part of the key. */
uint32_t s7_ask_key(const struct scene *s, uint16_t pduref, bool userdata, bool asking)
{
	uint32_t side = asking ? s->side : 1u - s->side;
	return pduref | (userdata ? 0x10000u : 0) | side << 17;
}

static void begin(struct scene *s, uint32_t code, enum dir dir, const struct head *h)
{
	const struct msg *m = msg_find(s7_msgs, code, dir);
	fact_begin(s, m ? m : msg_find(s7_msgs, S7_ROW_NONE, dir));
	fact_uint(s, &field_rosctr, h->rosctr);
	fact_uint(s, &field_pduref, h->pduref);
	fact_uint(s, &field_parameter_length, h->parameter_size);
	fact_uint(s, &field_data_length, h->data_size);
	if (h->answer) {
		fact_uint(s, &field_error_class, h->error_class);
		fact_uint(s, &field_error_code, h->error_code);
		if (h->error_class != 0 || h->error_code != 0)
			fact_failed(s);
	}
}

static void read_job(struct scene *s, const struct head *h, struct cur c, struct cur data)
{
	uint8_t function = cur_u8(&c);
	uint16_t pi = s7_pi_find(c, function);
	bool is_pi = function == S7_PI_SERVICE;
	/* Whoever sets up, reads, writes or steers is the client; block transfer turns around, the
	 * controller asks for each part of a download. */
	if (function == S7_SETUP || function == S7_READ || function == S7_WRITE ||
		function == S7_PLC_STOP || function == S7_PI_SERVICE)
		scene_client(s);
	begin(s, is_pi ? S7_ROW_PI + pi : function, DIR_REQUEST, h);
	struct s7_ask *ask = ask_put(s, s7_ask_key(s, h->pduref, false, true));
	struct s7_ask unkept = { 0 };
	if (!ask)
		ask = &unkept;
	ask->function = function;
	ask->pi = pi;

	fact_uint(s, &field_function, function);
	switch (function) {
	case S7_SETUP:
		walk(s, &c, setup);
		break;
	case S7_READ:
	case S7_WRITE: {
		uint8_t count = cur_u8(&c);
		fact_uint(s, &field_item_count, count);
		s7_read_addresses(s, &c, count, ask);
		if (function == S7_WRITE)
			s7_read_values(s, &data, count, ask, true);
		break;
	}
	default:
		s7_read_block_message(s, function, h->rosctr, &c, &data);
		break;
	}
}

static void read_answer(struct scene *s, const struct head *h, struct cur c, struct cur data)
{
	const struct s7_ask *ask = ask_take(s, s7_ask_key(s, h->pduref, false, false));
	bool named = c.left > 0;
	uint8_t function = named ? cur_u8(&c) : ask ? ask->function : 0;
	uint32_t code = function;
	if (function == S7_PI_SERVICE)
		code = S7_ROW_PI + (ask ? ask->pi : 0u);
	else if (!named && !ask)
		code = S7_ROW_NONE;
	begin(s, code, DIR_RESPONSE, h);
	if (!named)
		return;
	fact_uint(s, &field_function, function);
	switch (function) {
	case S7_SETUP:
		walk(s, &c, setup);
		break;
	case S7_READ:
	case S7_WRITE: {
		/* Some servers leave the count out: then the data part alone says how many. */
		bool counted = c.left > 0;
		uint8_t count = counted ? cur_u8(&c) : 255;
		if (counted)
			fact_uint(s, &field_item_count, count);
		if (function == S7_READ)
			s7_read_values(s, &data, count, ask, false);
		else
			s7_read_codes(s, &data, count);
		break;
	}
	default:
		s7_read_block_message(s, function, h->rosctr, &c, &data);
		break;
	}
}

/* Joins the parts of a long answer; true when `data` holds something whole to read. */
static bool join(struct scene *s, const struct s7_userdata *u, struct cur *data)
{
	struct s7_state *state = s->state;
	if (!u->answer || u->reference == 0) {
		state->torn = state->torn && state->reference != 0;
		return true;
	}
	bool first = state->reference != u->reference || state->side != s->side;
	if (first && !u->more)
		return false; /* the beginning was not seen */
	if (first)
		*state = (struct s7_state){ .reference = u->reference, .side = s->side };
	size_t size = data->left;
	if (state->over || size > sizeof state->bytes - state->size) {
		state->over = true;
	} else {
		const uint8_t *part = cur_take(data, size);
		if (part)
			memcpy(state->bytes + state->size, part, size);
		state->size = (uint16_t)(state->size + size);
	}
	if (u->more)
		return false;
	*data = cur_of(state->bytes, state->size);
	state->reference = 0;
	return true;
}

static void add_userdata_head(struct scene *s, const struct s7_userdata *u)
{
	fact_uint(s, &field_type, u->type);
	fact_uint(s, &field_group, u->group);
	fact_uint(s, u->group == 0 ? &field_mode : &field_subfunction, u->function);
	fact_uint(s, &field_sequence, u->sequence);
	if (!u->answer)
		return;
	fact_uint(s, &field_reference, u->reference);
	fact_uint(s, &field_more, u->more);
	fact_uint(s, &field_parameter_error, u->error);
	if (u->error != 0)
		fact_failed(s);
}

static void read_userdata(struct scene *s, const struct head *h, struct cur c, struct cur data)
{
	cur_skip(&c, 3); /* 00 01 12, or 01 00 10 before a mode transition */
	uint8_t size = cur_u8(&c);
	cur_skip(&c, 1); /* 0x11 without, 0x12 with the answer's part below */
	struct s7_userdata u = { .pduref = h->pduref };
	uint8_t kind = cur_u8(&c);
	u.type = kind >> 4;
	u.group = kind & 0xf;
	u.function = cur_u8(&c);
	u.sequence = cur_u8(&c);
	u.answer = size >= 8 && c.left >= 4;
	if (u.answer) {
		u.reference = cur_u8(&c);
		u.more = cur_u8(&c);
		u.error = cur_be16(&c);
	}
	enum dir dir = u.type == 4 || u.type == 7 ? DIR_REQUEST
		: u.type == 8 || u.type == 11     ? DIR_RESPONSE
						  : DIR_OTHER;
	uint32_t code = S7_ROW_USERDATA | (uint32_t)u.group << 8 | u.function;
	if (dir == DIR_RESPONSE)
		ask_peek(s, s7_ask_key(s, h->pduref, true, false));
	if (!msg_find(s7_msgs, code, dir))
		code = S7_ROW_USERDATA | (uint32_t)u.group << 8 | 0xff;
	begin(s, code, dir, h);
	if (dir == DIR_REQUEST)
		ask_put(s, s7_ask_key(s, h->pduref, true, true));
	add_userdata_head(s, &u);
	if (!cur_ok(&c)) {
		fact_violation(s);
		return;
	}
	if (data.left < 4) {
		s7_read_userdata(s, &u, &data);
		return;
	}
	/* "Object does not exist", without data, is how an answer with nothing to say looks: only
	 * the parameter's error counts. */
	fact_uint(s, &s7_return_code, cur_u8(&data));
	fact_uint(s, &s7_transport_size, cur_u8(&data));
	uint16_t length = cur_be16(&data);
	fact_uint(s, &s7_length, length);
	struct cur body = cur_upto(&data, length);
	if (join(s, &u, &body))
		s7_read_userdata(s, &u, &body);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct head h = { 0 };
	if (!read_head(&c, &h))
		return s->cut && !cur_ok(&c) ? PARSED_CUT : PARSED_BAD;
	struct cur parameter = cur_upto(&c, h.parameter_size);
	struct cur data = cur_upto(&c, h.data_size);
	bool whole = parameter.left == h.parameter_size && data.left == h.data_size;
	if (!whole && !s->cut)
		return PARSED_BAD;
	if (h.rosctr == S7_USERDATA)
		read_userdata(s, &h, parameter, data);
	else if (h.rosctr == S7_JOB)
		read_job(s, &h, parameter, data);
	else
		read_answer(s, &h, parameter, data);
	fact_end(s);
	return whole ? PARSED_WHOLE : PARSED_CUT;
}

/* Parts may be missing from now on; the length a list gives tells whether one is. */
static void gap(struct scene *s)
{
	struct s7_state *state = s->state;
	state->torn = state->reference != 0;
}

const struct proto proto_s7comm = {
	.name = "s7comm",
	.title = "S7comm",
	.standard = "Siemens, System Software for S7-300/400, as seen on the wire",
	.reads =
		"jobs and userdata: variables, blocks up and down, start, stop, clock, SZL identity, faults",
	.seen = "19 captures: CPU 315-2 PN/DP, IM151-8, S7-300 with STEP 7 and TIA Portal, attacks",
	.over = OVER_COTP,
	.begins = "32",
	.ot = true,
	.probe = probe,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct s7_state),
	.asks = 16, /* jobs a controller accepts at a time are 1 to 8, each way */
	.ask_size = sizeof(struct s7_ask),
	.point_name = s7_point_name,
};
