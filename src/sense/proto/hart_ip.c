/* HART-IP, versions 1 and 2: the messages (TS20085).
 *
 * A message is eight bytes of header and its body.  A token-passing PDU is a HART frame as it
 * stands on the loop, a direct PDU (version 2) a list of commands. */
#include "sense/proto/hart_ip.h"

enum { HEADER_SIZE = 8, LENGTH_MAX = 4096, STATUS_MAX = 64, AUDIT_HEAD = 22 };
/* Four bits; those above them are reserved, and devices do not look at them. */
enum { REQUEST = 0, RESPONSE = 1, PUBLISH = 2, ERROR_3 = 3, NAK = 15, TYPE = 0x0f };
enum { SESSION_INITIATE, SESSION_CLOSE, KEEP_ALIVE, TOKEN_PASSING, DIRECT, AUDIT_LOG, MESSAGES };
enum { DISCOVERY = 128 };

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

static const struct msg rows[] = {
	BOTH(SESSION_INITIATE, ACT_OTHER, EFFECT_NONE, "session_initiate"),
	BOTH(SESSION_CLOSE, ACT_OTHER, EFFECT_NONE, "session_close"),
	BOTH(KEEP_ALIVE, ACT_OTHER, EFFECT_NONE, "keep_alive"),
	BOTH(TOKEN_PASSING, ACT_OTHER, EFFECT_NONE, "token_passing"),
	BOTH(DIRECT, ACT_OTHER, EFFECT_NONE, "direct"),
	BOTH(AUDIT_LOG, ACT_READ, EFFECT_NONE, "read_audit_log"),
	BOTH(MESSAGES, ACT_OTHER, EFFECT_NONE, "unknown_message"),
	BOTH(DISCOVERY, ACT_IDENTIFY, EFFECT_NONE, "discovery"),
	{ 0 },
};

struct header {
	uint8_t version, type, id, status;
	uint16_t sequence, length;
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

/* --- whose is it? --- */

static bool is_message(int id)
{
	return id < MESSAGES || id == DISCOVERY;
}

/* Requests have no status, answers one of the response codes of messages. */
static bool header_fits(const struct header *h)
{
	return (h->version == 1 || h->version == 2) && h->type <= PUBLISH && is_message(h->id) &&
		h->status <= (h->type == RESPONSE ? STATUS_MAX : 0) && h->length >= HEADER_SIZE &&
		h->length <= LENGTH_MAX;
}

static bool direct_fits(struct cur c, bool answer)
{
	cur_skip(&c, 2); /* status */
	struct cur first = c;
	uint16_t command = cur_be16(&first);
	return cur_ok(&first) && hart_is_named(command) && hart_list_fits(c, answer);
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
	bool answer = h->type != REQUEST;
	if (h->type == RESPONSE && h->status && !body.left)
		return true;
	switch (h->id) {
	case TOKEN_PASSING:
		return hart_frame_fits(body, answer);
	case DIRECT:
		return direct_fits(body, answer);
	case SESSION_INITIATE:
		return body.left == 5 && cur_peek(&body, 0) <= 1 && h->type != PUBLISH;
	case AUDIT_LOG:
		return audit_fits(body, answer) && h->type != PUBLISH;
	case DISCOVERY:
		return body.left == 0;
	default:
		return body.left == 0 && h->type != PUBLISH;
	}
}

/* A datagram that the capture cut short: its frame must be as long as the header says, its first
 * command one that there is. */
static bool beginning_fits(const struct header *h, struct cur body, size_t size)
{
	if (h->id == TOKEN_PASSING)
		return hart_frame_begins(body, size, h->type != REQUEST);
	cur_skip(&body, 2);
	uint16_t command = cur_be16(&body);
	uint8_t first = cur_u8(&body);
	return h->id == DIRECT && cur_ok(&body) && hart_is_named(command) && 5u + first <= size;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	int version = cur_peek(&c, 0), type = cur_peek(&c, 1), id = cur_peek(&c, 2);
	if ((version != 1 && version != 2 && version >= 0) || type > PUBLISH || !is_message(id))
		return PROBE_NO;
	if (c.left < HEADER_SIZE)
		return s->stream ? PROBE_MORE : PROBE_NO;
	struct header h = header_of(&c);
	if (!header_fits(&h))
		return PROBE_NO;
	size_t size = (size_t)h.length - HEADER_SIZE;
	if (s->stream && size > c.left)
		return h.length > PROBE_MAX ? PROBE_NO : PROBE_MORE;
	if (size > c.left)
		return s->cut && beginning_fits(&h, c, size) ? PROBE_YES : PROBE_NO;
	if (!s->stream && size < c.left)
		return PROBE_NO;
	return body_fits(&h, cur_sub(&c, size)) ? PROBE_YES : PROBE_NO;
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

/* The word of what was asked for, where this says no to a command. */
static const struct msg *plain_row(struct hart *h)
{
	bool commands = h->message == TOKEN_PASSING || h->message == DIRECT;
	const struct hart_where *q = commands && h->answer ? ask_peek(h->s, h->key) : NULL;
	if (q && q->told) {
		h->where = *q;
		return hart_row(q->command, true);
	}
	uint8_t id = is_message(h->message) ? h->message : MESSAGES;
	return msg_find(rows, id, h->kind == REQUEST ? DIR_REQUEST : DIR_RESPONSE);
}

static void error_values(struct hart *h, struct cur c)
{
	if (h->answer) {
		fact_failed(h->s);
		if (c.left)
			fact_uint(h->s, &f_error, cur_u8(&c));
	} else { /* there is no such type */
		fact_dir(h->s, DIR_OTHER);
		fact_violation(h->s);
	}
}

/* What is no command: sessions, keep alive, errors, the audit log.  The body of an error is not
 * told, because a command, and a key in it, may come back there. */
static enum parsed plain(struct hart *h, uint8_t status, struct cur c)
{
	struct scene *s = h->s;
	hart_begin(h, plain_row(h));
	hart_where_values(h);
	if (h->answer && hart_is_error(status))
		fact_failed(s);
	if (h->kind > PUBLISH) {
		error_values(h, c);
		c = cur_none();
	} else if (h->message == SESSION_INITIATE && c.left) {
		fact_uint(s, &f_master, cur_u8(&c));
		fact_uint(s, &f_timer, cur_be32(&c));
	} else if (h->message == AUDIT_LOG && c.left) {
		walk(s, &c, audit);
		if (h->answer)
			walk(s, &c, audit_told);
	}
	if (!cur_ok(&c))
		return PARSED_BAD;
	if (c.left)
		fact_bytes(s, &f_data, c.at, c.left);
	fact_end(s);
	return PARSED_WHOLE;
}

/* A frame that is none: what the message says of it still stands in its header.  Its bytes are not
 * told, because a key may be among them. */
static enum parsed malformed(struct hart *h)
{
	fact_drop(h->s);
	if (h->s->cut)
		return PARSED_CUT;
	hart_begin(h, msg_find(rows, h->message, h->answer ? DIR_RESPONSE : DIR_REQUEST));
	fact_violation(h->s);
	fact_end(h->s);
	return PARSED_BAD;
}

static enum parsed body(struct hart *h, uint8_t status, struct cur c)
{
	bool refused = h->kind == RESPONSE && status && !c.left;
	bool frame = h->message == TOKEN_PASSING;
	if (h->kind > PUBLISH || refused || (!frame && h->message != DIRECT))
		return plain(h, status, c);
	return (frame ? hart_token_passing : hart_direct)(h, c) ? PARSED_WHOLE : malformed(h);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct header h = header_of(&c);
	if (!cur_ok(&c) || h.length < HEADER_SIZE || h.length > c.left + HEADER_SIZE)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	c = cur_sub(&c, (size_t)h.length - HEADER_SIZE);
	uint8_t kind = h.type & TYPE;
	struct hart hart = { .s = s,
		.key = (uint32_t)h.id << 16 | h.sequence,
		.message = h.id,
		.kind = kind,
		.reserved = kind != h.type,
		.answer = kind == RESPONSE || kind == PUBLISH || kind == ERROR_3 || kind == NAK,
		.published = kind == PUBLISH,
		.done = true,
		.first = true };
	if (kind == REQUEST) {
		scene_client(s);
		hart.asked = ask_put(s, hart.key);
	} else if (hart.answer) {
		scene_server(s);
	}
	carry(s, &h);
	enum parsed said = body(&hart, h.status, c);
	if (hart.answer && !hart.published)
		ask_take(s, hart.key);
	return said;
}

const struct proto proto_hart_ip = {
	.name = "hart-ip",
	.title = "HART-IP",
	.standard =
		"FieldComm Group TS20085 (HART-IP), TS20081 (frames), TS20127 and TS20151 (commands), TS20183 (tables)",
	.reads =
		"sessions, token-passing and direct PDUs, universal and common practice commands with their values and units, wireless ones by name, identity, devices behind gateways, burst; points",
	.seen = "3 captures: a wireless gateway asked by a tester (one recording twice), a flowmeter with bursts and an audit log",
	.over = OVER_TCP | OVER_UDP,
	.begins = "01-02",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct hart_state),
	.asks = 32, /* a gateway's host asks many devices at once, and each answers when it can */
	.ask_size = sizeof(struct hart_where),
	.point_name = hart_point_name,
};
