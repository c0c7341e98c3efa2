/* OMRON FINS over UDP and TCP.
 *
 * A FINS frame is ten bytes of header, a command of two bytes, and in an answer an end code (W342
 * 5-1).  A datagram is one frame; on TCP each stands behind a header of its own, which also hands
 * out node addresses (W421 7-4). */
#include "sense/proto/fins.h"

enum {
	ICF_GATEWAY = 0x80,
	ICF_ANSWER = 0x40,
	ICF_SILENT = 0x01, /* no answer is wanted */
	ICF_RESERVED = 0x3e,
	HEADER_SIZE = 12, /* with the command */
	TCP_HEADER_SIZE = 16,
	TCP_LENGTH_MIN = 8,
	TCP_LENGTH_MAX = 8 + 4096, /* frames have 2,012 bytes at most, W421 */
	GATEWAYS_MAX = 7,
	NETWORK_MAX = 127,
	BROADCAST = 0xff,
};

/* An end code is main and sub code, with three bits that are none of it. */
enum { END_RELAY = 0x8000, END_FATAL = 0x0080, END_NON_FATAL = 0x0040, END_CODE = 0x7f3f };

enum { WRONG_PASSWORD = 0x2602 };

enum { TCP_CLIENT_NODE, TCP_SERVER_NODE, TCP_FRAME, TCP_ERROR, TCP_CONFIRM = 6 };

static const struct field f_tcp_length = { "omron.tcp.length", BE32 };
static const struct field f_tcp_command = { "omron.tcp.command", BE32 };
static const struct field f_tcp_error = { "omron.tcp.error_code", BE32 };
static const struct field f_tcp_error_name = { "omron.tcp.error_name", TEXT };
static const struct field f_client_node = { "omron.tcp.client_node_address", BE32 };
static const struct field f_server_node = { "omron.tcp.server_node_address", BE32 };
static const struct field f_tcp_data = { "omron.tcp.data", BYTES };
static const struct field f_icf = { "omron.icf", U8 };
static const struct field f_gct = { "omron.gct", U8 };
static const struct field f_dna = { "omron.dna", U8 };
static const struct field f_da1 = { "omron.da1", U8 };
static const struct field f_da2 = { "omron.da2", U8 };
static const struct field f_sna = { "omron.sna", U8 };
static const struct field f_sa1 = { "omron.sa1", U8 };
static const struct field f_sa2 = { "omron.sa2", U8 };
static const struct field f_sid = { "omron.sid", U8 | NUMBERING };
static const struct field f_command = { "omron.command", BE16 };
static const struct field f_end = { "omron.response.code", BE16 };
static const struct field f_end_name = { "omron.response.name", TEXT };
static const struct field relay[] = {
	{ "omron.relay.network", U8 },
	{ "omron.relay.node", U8 },
	{ 0 },
};

static const struct msg row_client_node = { 0, DIR_REQUEST, ACT_OTHER, 0, "node_address" };
static const struct msg row_server_node = { 1, DIR_RESPONSE, ACT_OTHER, 0, "node_address" };
static const struct msg row_tcp_error = { 3, DIR_OTHER, ACT_OTHER, 0, "frame_error" };
static const struct msg row_confirm = { 6, DIR_OTHER, ACT_OTHER, 0, "connection_confirmation" };

/* Who guesses a password shows in these. */
static const struct msg refused[] = {
	{ FINS_PROTECT, DIR_RESPONSE, ACT_PROGRAM, EFFECT_REFUSED, "program_area_protect" },
	{ FINS_PROTECT_CLEAR, DIR_RESPONSE, ACT_PROGRAM, EFFECT_REFUSED,
		"program_area_protect_clear" },
	{ 0 },
};

enum { KEY_NODE_ADDRESS = 0xffffffff };

/* What a conversation knows: the server's node address, once it was told, and the number of each
 * side's own network, once it was seen (0: not yet). */
struct state {
	bool told;
	uint8_t server_node;
	uint8_t network[2];
	uint8_t node[2]; /* of the first that answered within the network it was asked in */
};

/* --- whose is it? --- */

/* W342 5-1: the CPU, computers, units by their number (10 to 1F hex on the CPU bus, 20 to 7F
 * special ones), CV's and expansions of theirs, inner boards, the unit connected to the network. */
static bool unit_fits(uint8_t unit)
{
	return unit <= 1 || (unit >= 0x10 && unit <= 0xbf) || unit == 0xe1 || unit == 0xe4 ||
		unit == 0xe5 || unit >= 0xfa;
}

static bool end_fits(uint16_t end)
{
	return fins_end_name(end & END_CODE);
}

/* Lengths that a request tells of what follows must agree with it. */
static bool body_fits(uint16_t code, uint8_t unit, struct cur c)
{
	size_t size = c.left;
	if (code >> 8 == 1)
		return size == 0 || fins_area_known((uint8_t)cur_peek(&c, 0));
	switch (code) {
	case FINS_PARAMETER_WRITE: {
		cur_skip(&c, 4);
		size_t count = cur_be16(&c) & 0x7fffu;
		return c.left == count * 2 || (unit && c.left == count);
	}
	case FINS_PROGRAM_WRITE:
		cur_skip(&c, 6);
		return (cur_be16(&c) & 0x7fff) == c.left;
	default:
		return true;
	}
}

static bool request_fits(uint16_t code, uint8_t unit, struct cur c, bool cut)
{
	const struct fins_command *row = fins_command(code, unit, c);
	if (!row || (fins_for_units(code) && !unit))
		return false;
	if (cut)
		return c.left <= row->ask_max;
	return fins_length_fits(row, false, c.left) && body_fits(code, unit, c);
}

static bool answer_fits(uint16_t code, uint8_t unit, struct cur c, bool cut)
{
	uint16_t end = cur_be16(&c);
	const struct fins_command *row = fins_command_unasked(code, unit, c.left);
	if (!row || (fins_for_units(code) && !unit))
		return false;
	if (!cur_ok(&c) || !end_fits(end))
		return cut && !cur_ok(&c);
	if (cut || end & (END_CODE | END_RELAY))
		return c.left <= 32 || fins_length_fits(row, true, c.left);
	if (code == FINS_PROGRAM_READ) {
		struct cur body = c;
		cur_skip(&body, 6);
		return c.left >= 8 && (cur_be16(&body) & 0x7fff) == body.left;
	}
	return fins_length_fits(row, true, c.left);
}

/* A header as the manuals fix it, a command they know, and a body as long as that one may be.  All
 * zero stands at the beginning of other protocols too (SRT, UDT): somebody has an address here. */
static bool plausible(struct cur c, bool cut)
{
	uint8_t icf = cur_u8(&c), rsv = cur_u8(&c), gct = cur_u8(&c), dna = cur_u8(&c);
	uint8_t da1 = cur_u8(&c), da2 = cur_u8(&c), sna = cur_u8(&c), sa1 = cur_u8(&c);
	uint8_t sa2 = cur_u8(&c);
	cur_skip(&c, 1);
	uint16_t code = cur_be16(&c);
	if (!cur_ok(&c) || icf & ICF_RESERVED || !(icf & ICF_GATEWAY) || rsv ||
		gct > GATEWAYS_MAX || dna > NETWORK_MAX || sna > NETWORK_MAX || !unit_fits(da2) ||
		!unit_fits(sa2) || !(gct | dna | da1 | sna | sa1))
		return false;
	return icf & ICF_ANSWER ? answer_fits(code, sa2, c, cut) : request_fits(code, da2, c, cut);
}

static enum probe probe_stream(struct cur c)
{
	static const char magic[] = "FINS";
	for (size_t i = 0; i < 4; i++) {
		int byte = cur_peek(&c, i);
		if (byte < 0)
			return PROBE_MORE;
		if (byte != magic[i])
			return PROBE_NO;
	}
	if (c.left < TCP_HEADER_SIZE)
		return PROBE_MORE;
	cur_skip(&c, 4);
	uint32_t length = cur_be32(&c), command = cur_be32(&c);
	return length >= TCP_LENGTH_MIN && length <= TCP_LENGTH_MAX && command <= TCP_CONFIRM
		? PROBE_YES
		: PROBE_NO;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	if (s->stream)
		return probe_stream(c);
	return plausible(c, s->cut) ? PROBE_YES : PROBE_NO;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < 8)
		return FRAME_MORE;
	uint32_t magic = cur_be32(&c), length = cur_be32(&c);
	if (magic != 0x46494e53 || length < TCP_LENGTH_MIN || length > TCP_LENGTH_MAX)
		return FRAME_LOST;
	return 8 + (long)length;
}

/* --- who asked what --- */

static struct fins_id id_of(const struct scene *s, const struct fins_pdu *p)
{
	bool answer = p->answer;
	return (struct fins_id){ .command = p->command,
		.sid = p->sid,
		.side = answer ? !s->side : s->side, /* that asks */
		.network = answer ? p->sna : p->dna,
		.unit = answer ? p->sa2 : p->da2,
		.client = answer ? p->da1 : p->sa1,
		.server = answer ? p->sa1 : p->da1 };
}

static uint32_t ask_key(const struct fins_id *id)
{
	uint32_t who = (uint32_t)id->sid << 24 | (uint32_t)id->client << 16 |
		(uint32_t)id->server << 8 | id->unit;
	uint32_t what = (uint32_t)id->command << 16 | (uint32_t)id->network << 8 | id->side;
	return who ^ what * 0x9e3779b1u;
}

static struct fins_asked *find(struct scene *s, const struct fins_id *id)
{
	struct fins_asked *asked = ask_peek(s, ask_key(id));
	return asked && memcmp(&asked->id, id, sizeof *id) == 0 ? asked : NULL;
}

/* A question may say 0 for the node it comes from and the one it goes to: the answer says which
 * ones these are. */
static struct fins_asked *asked_before(struct scene *s, const struct fins_pdu *p)
{
	struct fins_id id = id_of(s, p), from_any = id, to_any = id, any = id;
	from_any.client = any.client = 0;
	to_any.server = any.server = 0;
	struct fins_asked *asked = find(s, &id);
	if (!asked)
		asked = find(s, &to_any);
	if (!asked)
		asked = find(s, &from_any);
	return asked ? asked : find(s, &any);
}

static bool asks_the_same(const struct fins_asked *a, const struct fins_asked *b)
{
	return a->command == b->command && a->count == b->count && a->part == b->part &&
		a->size == b->size && a->on == b->on && a->clear == b->clear &&
		memcmp(a->at, b->at, sizeof a->at) == 0;
}

/* A client that does not count its service ids, and asks for something else before it was
 * answered: whose the next answer is nobody can tell, until there were as many as questions, or
 * one seems to be lost. */
static void remember(struct scene *s, const struct fins_asked *asked)
{
	static const int64_t patience_ns = 5000000000;
	const struct fins_asked *before = find(s, &asked->id);
	uint8_t open = 1;
	int64_t since_ns = s->at_ns;
	if (before && s->at_ns - before->since_ns <= patience_ns) {
		since_ns = before->since_ns;
		open = before->open;
		if (!asks_the_same(before, asked) && open < UINT8_MAX)
			open++;
	}
	struct fins_asked *kept = ask_put(s, ask_key(&asked->id));
	if (!kept)
		return;
	*kept = *asked;
	kept->open = open;
	kept->since_ns = since_ns;
}

/* Answered: forgotten, unless others wait under the same id. */
static void answered(struct scene *s, struct fins_pdu *p)
{
	if (p->question && p->question->open > 1)
		p->question->open--;
	else if (p->question)
		ask_take(s, ask_key(&p->question->id));
}

/* The server's own network is 0, or has a number, which is seen where a client of the same network
 * asks; then its node address is the last byte of its IP address, unless it was set by hand, or
 * told when the connection began. */
static struct fins_node node_of(struct scene *s, const struct fins_pdu *p)
{
	struct state *state = s->state;
	const struct ip *ip = p->answer ? &s->src : &s->dst;
	uint8_t *own = &state->network[p->answer ? s->side : !s->side];
	struct fins_node n = {
		.network = p->answer ? p->sna : p->dna,
		.node = p->answer ? p->sa1 : p->da1,
		.unit = p->answer ? p->sa2 : p->da2,
	};
	bool its_node =
		state->told ? state->server_node == n.node : ip_is_4(ip) && ip->b[15] == n.node;
	/* Within one network nobody hands on: who answers first is the one that has the address. */
	uint8_t *node = &state->node[p->answer ? s->side : !s->side];
	bool near = p->answer && n.network && p->sna == p->dna;
	if (near && !*node && !state->told)
		*node = n.node;
	its_node = its_node || (*node && *node == n.node);
	if (near && its_node)
		*own = n.network;
	n.here = !n.network || (its_node && *own == n.network);
	return n;
}

/* --- facts --- */

static const struct msg *row_of(const struct fins_pdu *p)
{
	if (!p->answer)
		return &p->row->ask;
	bool guessed = p->end == WRONG_PASSWORD;
	const struct msg *row = guessed ? msg_find(refused, p->command, DIR_RESPONSE) : NULL;
	return row ? row : &p->row->answer;
}

static void begin(struct scene *s, const struct fins_pdu *p)
{
	struct asset_place at;
	fact_begin(s, row_of(p));
	if (fins_node_place(&p->node, &at))
		fact_place(s, p->answer, &at);
	if (p->certain) /* the question's frame, also where the fact is begun once more */
		ask_peek(s, ask_key(&p->question->id));
	fact_uint(s, &f_icf, p->icf);
	fact_uint(s, &f_gct, p->gct);
	fact_uint(s, &f_dna, p->dna);
	fact_uint(s, &f_da1, p->da1);
	fact_uint(s, &f_da2, p->da2);
	fact_uint(s, &f_sna, p->sna);
	fact_uint(s, &f_sa1, p->sa1);
	fact_uint(s, &f_sa2, p->sa2);
	fact_uint(s, &f_sid, p->sid);
	fact_uint(s, &f_command, p->command);
}

/* A body that is not what its command says: who asked whom for what still stands in the header. */
static enum parsed malformed_request(struct scene *s, struct fins_pdu *p, struct cur body)
{
	fact_drop(s);
	begin(s, p);
	fact_violation(s);
	fins_body(s, p, body);
	fact_end(s);
	return PARSED_BAD;
}

static bool is_memory(uint16_t command)
{
	return command >= FINS_MEMORY_READ && command <= FINS_MEMORY_TRANSFER;
}

/* Reads the body and ends the fact; of a request that the capture cut, the header still says who
 * wants what. */
static enum parsed request_body(struct scene *s, struct fins_pdu *p, struct fins_asked *asked)
{
	struct cur body = p->c;
	if (s->cut) {
		fact_end(s);
		return PARSED_CUT;
	}
	asked->clear = fins_length_fits(p->row, false, body.left);
	if (asked->clear && is_memory(p->command))
		asked->clear = fins_memory_request(s, p, asked);
	else if (asked->clear)
		asked->clear = fins_request_rest(s, p, asked);
	if (!asked->clear)
		return malformed_request(s, p, body);
	if (p->icf & ICF_SILENT && p->da1 != BROADCAST)
		fins_written(s, asked, false);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed request(struct scene *s, struct fins_pdu *p)
{
	p->row = fins_command(p->command, p->da2, p->c);
	if (!p->row)
		p->row = &fins_unknown;
	scene_client(s);
	struct fins_asked asked = { .command = p->row, .id = id_of(s, p), .node = p->node };
	begin(s, p);
	enum parsed parsed = request_body(s, p, &asked);
	if (!(p->icf & ICF_SILENT) && p->da1 != BROADCAST)
		remember(s, &asked); /* after the fact's end: it looks for others */
	return parsed;
}

static void begin_answer(struct scene *s, struct fins_pdu *p, uint16_t end)
{
	begin(s, p);
	fact_uint(s, &f_end, end);
	const char *name = fins_end_name(end & END_CODE);
	if (end & END_CODE && name)
		fact_text(s, &f_end_name, name, strlen(name));
	if (p->failed)
		fact_failed(s);
}

/* Whoever reads and writes memory, runs and stops for others is a controller. */
static bool is_controllers(uint16_t command)
{
	return command < 0x0500 || command == FINS_CONTROLLER_STATUS;
}

/* A refusal may carry the answer as far as it goes, or say who held on to what, or nothing. */
static bool refusal(struct scene *s, struct fins_pdu *p, uint16_t end)
{
	struct cur body = p->c;
	if (!(end & END_RELAY) && body.left && fins_length_fits(p->row, true, body.left)) {
		if (fins_answer_rest(s, p))
			return true;
		fact_drop(s);
		begin_answer(s, p, end);
		p->c = body;
	}
	if (end & END_RELAY)
		walk(s, &p->c, relay);
	fins_refusal_rest(s, p);
	return cur_ok(&p->c);
}

static bool success(struct scene *s, struct fins_pdu *p)
{
	if (!fins_length_fits(p->row, true, p->c.left) || !fins_answer_rest(s, p))
		return false;
	if (p->asked)
		fins_written(s, p->asked, true);
	if (p->node.here && !p->node.unit && is_controllers(p->command))
		who_sender_is(s, TYPE_PLC, "answers FINS as a controller");
	return true;
}

static enum parsed response(struct scene *s, struct fins_pdu *p)
{
	uint16_t end = cur_be16(&p->c);
	if (!cur_ok(&p->c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	p->end = end & END_CODE;
	p->failed = end & (END_CODE | END_RELAY);
	scene_server(s);
	p->question = asked_before(s, p);
	p->certain = p->question && p->question->open == 1;
	if (p->certain && p->question->clear)
		p->asked = p->question;
	p->row = p->certain ? p->question->command
			    : fins_command_unasked(p->command, p->sa2, p->c.left);
	if (!p->row)
		p->row = &fins_unknown;
	if (!p->certain) /* who looks for a question has found it for the next fact */
		fact_asked(s, 0, 0);
	struct cur body = p->c;
	begin_answer(s, p, end);
	bool fits = s->cut || (p->failed ? refusal(s, p, end) : success(s, p));
	if (!fits) {
		fact_drop(s);
		begin_answer(s, p, end);
		fact_violation(s);
		fins_body(s, p, body);
	}
	answered(s, p);
	fact_end(s);
	return s->cut ? PARSED_CUT : fits ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed fins_frame(struct scene *s, struct cur c)
{
	struct fins_pdu p = { .icf = cur_u8(&c) };
	cur_skip(&c, 1); /* reserved */
	p.gct = cur_u8(&c);
	p.dna = cur_u8(&c);
	p.da1 = cur_u8(&c);
	p.da2 = cur_u8(&c);
	p.sna = cur_u8(&c);
	p.sa1 = cur_u8(&c);
	p.sa2 = cur_u8(&c);
	p.sid = cur_u8(&c);
	p.command = cur_be16(&c);
	p.answer = p.icf & ICF_ANSWER;
	p.c = c;
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	p.node = node_of(s, &p);
	return p.answer ? response(s, &p) : request(s, &p);
}

/* --- the header on TCP --- */

static void tcp_values(struct scene *s, uint32_t length, uint32_t command, uint32_t error)
{
	fact_uint(s, &f_tcp_length, length);
	fact_uint(s, &f_tcp_command, command);
	fact_uint(s, &f_tcp_error, error);
	const char *name = fins_tcp_error_name(error);
	if (error && name)
		fact_text(s, &f_tcp_error_name, name, strlen(name));
}

static void node_addresses(struct scene *s, uint32_t command, struct cur *c)
{
	struct state *state = s->state;
	fact_uint(s, &f_client_node, cur_be32(c));
	if (command != TCP_SERVER_NODE)
		return;
	uint32_t node = cur_be32(c);
	fact_uint(s, &f_server_node, node);
	state->told = cur_ok(c);
	state->server_node = (uint8_t)node;
}

static enum parsed tcp_message(
	struct scene *s, uint32_t length, uint32_t command, uint32_t error, struct cur c)
{
	static const struct msg *const rows[] = { &row_client_node, &row_server_node, NULL,
		&row_tcp_error, NULL, NULL, &row_confirm };
	const struct msg *row = command <= TCP_CONFIRM ? rows[command] : NULL;
	if (command == TCP_CLIENT_NODE) {
		scene_client(s);
		ask_put(s, KEY_NODE_ADDRESS);
	} else if (command == TCP_SERVER_NODE) {
		scene_server(s);
		ask_take(s, KEY_NODE_ADDRESS);
	}
	fact_begin(s, row ? row : &fins_unknown.ask);
	if (!row)
		fact_dir(s, DIR_OTHER);
	tcp_values(s, length, command, error);
	if (error && command == TCP_SERVER_NODE)
		fact_failed(s);
	if (command <= TCP_SERVER_NODE && c.left) /* a refusal may leave the addresses out */
		node_addresses(s, command, &c);
	if (cur_ok(&c) && c.left)
		fact_bytes(s, &f_tcp_data, c.at, c.left);
	if (!cur_ok(&c))
		return PARSED_BAD;
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	if (!s->stream)
		return fins_frame(s, c);
	cur_skip(&c, 4);
	uint32_t length = cur_be32(&c), command = cur_be32(&c), error = cur_be32(&c);
	if (!cur_ok(&c) || length - TCP_LENGTH_MIN > c.left)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (command != TCP_FRAME)
		return tcp_message(s, length, command, error, c);
	carry_uint(s, &f_tcp_length, length);
	carry_uint(s, &f_tcp_command, command);
	carry_uint(s, &f_tcp_error, error);
	return fins_frame(s, c);
}

const struct proto proto_fins = {
	.name = "fins",
	.title = "OMRON FINS",
	.standard = "OMRON W342 (commands of CS/CJ/CP), W227 (CV), W421 (FINS/TCP and FINS/UDP)",
	.reads =
		"all commands with their answers and end codes, memory areas of CS/CJ and CV with values, identity, program transfers, run and stop, forced bits, files; points",
	.seen = "2 captures: a CP1L that is asked who it is, every command once from a generator",
	.over = OVER_TCP | OVER_UDP,
	.begins = "46 80-81 c0-c1",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct state),
	.asks = 8, /* clients wait for one answer, or count up their SIDs */
	.ask_size = sizeof(struct fins_asked),
	.point_name = fins_point_name,
};
