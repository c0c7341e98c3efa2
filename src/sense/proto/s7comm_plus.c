/* S7comm-plus, the protocol of SIMATIC S7-1200 and S7-1500 and of their tools, inside the ISO
 * transport.  There is no public standard: see s7comm_plus.h.
 *
 * A PDU is a header (72, version, length), since version 3 a digest, a piece of a message, and
 * behind the last piece a trailer.  A message is a request, its answer, or a notification. */
#include "sense/proto/s7comm_plus.h"

enum { PROTOCOL_ID = 0x72, HEADER = 4, VERSION_MAX = 3, VERSION_SYSTEM = 0xfe };

static const struct field f_version = { "s7comm_plus.version", U8 };
static const struct field f_opcode = { "s7comm_plus.opcode", U8 };
static const struct field f_size = { "s7comm_plus.size", BE32 };
static const struct field f_return = { "s7comm_plus.return_value", LE64 };
static const struct field f_object = { "s7comm_plus.object", BE32 };
static const struct field f_item = { "s7comm_plus.item", BE32 };
static const struct field f_item_error = { "s7comm_plus.item_error", LE64 };
static const struct field f_subscription = { "s7comm_plus.subscription", BE32 };
static const struct field f_credit = { "s7comm_plus.credit", U8 };
static const struct field f_number = { "s7comm_plus.notification_number", BE32 };
static const struct field f_event = { "s7comm_plus.event", TEXT };

static const struct msg row_part = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "part", NULL };
static const struct msg row_system = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "keep_alive", NULL };
static const struct msg row_logout = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "log_out", NULL };
static const struct msg row_notify = { 0, DIR_OTHER, ACT_READ, EFFECT_NONE, "notify", NULL };
static const struct msg row_alarm = { 0, DIR_OTHER, ACT_READ, EFFECT_NONE, "alarm", NULL };

/* --- PDUs --- */

/* The opcode is known, and what is reserved is zero. */
static bool begins_message(struct cur c)
{
	uint8_t opcode = cur_u8(&c);
	if (opcode == S7P_NOTIFICATION)
		return c.left >= 10;
	uint16_t reserved = cur_be16(&c);
	cur_skip(&c, 2); /* function */
	uint16_t second = cur_be16(&c);
	return cur_ok(&c) && reserved == 0 && second == 0 &&
		(opcode == S7P_REQUEST || opcode == S7P_ANSWER || opcode == S7P_ANSWER_SHORT);
}

/* What a PDU carries, without header, digest and trailer; false when it is none. */
static bool take_pdu(struct cur *c, uint8_t *version, struct cur *body, bool *last)
{
	uint8_t id = cur_u8(c);
	*version = cur_u8(c);
	uint16_t size = cur_be16(c);
	if (!cur_ok(c) || id != PROTOCOL_ID || *version == 0)
		return false;
	*last = true;
	if (*version == VERSION_SYSTEM) { /* neither digest nor trailer */
		*body = cur_sub(c, c->left);
		return size == body->left;
	}
	if (*version > VERSION_MAX)
		return false;
	*body = cur_sub(c, size);
	if (*version == 3)
		cur_skip(body, cur_u8(body));
	if (!cur_ok(c) || !cur_ok(body))
		return false;
	if (c->left == 0)
		*last = false;
	else
		return c->left == S7P_TRAILER && cur_u8(c) == PROTOCOL_ID &&
			cur_u8(c) == *version && cur_be16(c) == 0;
	return true;
}

/* A whole PDU whose trailer repeats its header; a piece of a message only with its digest. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct cur digest = c, body;
	uint8_t version;
	bool last;
	if (!take_pdu(&c, &version, &body, &last))
		return PROBE_NO;
	if (version == VERSION_SYSTEM)
		return cur_be32(&body) == 0 && body.left >= 8 ? PROBE_YES : PROBE_NO;
	if (begins_message(body)) {
		bool notification = cur_u8(&body) == S7P_NOTIFICATION;
		cur_skip(&body, 2);
		return notification || s7p_kind_of_function(cur_be16(&body)) ? PROBE_YES : PROBE_NO;
	}
	cur_skip(&digest, HEADER);
	return version == 3 && cur_u8(&digest) == S7P_DIGEST ? PROBE_YES : PROBE_NO;
}

/* --- answers --- */

static void read_values(struct s7p_message *m, const struct s7p_ask *ask, struct cur *c)
{
	while (cur_ok(c)) {
		uint32_t number = s7p_uint(c);
		if (number == 0 || !cur_ok(c))
			return;
		const struct s7p_item *item =
			ask && number <= ask->count ? &ask->items[number - 1] : NULL;
		fact_uint(m->s, &f_item, number);
		if (!item) {
			s7p_value(m, c, S7P_QUIET);
			continue;
		}
		s7p_tell_address(m->s, &item->at);
		if (s7p_is_point(&item->at)) {
			struct s7p_value v = s7p_value(m, c, S7P_TELL);
			if (cur_ok(c))
				s7p_point(m->s, &item->at, &v, false);
		} else {
			s7p_attribute(m, &item->at, c, true);
		}
	}
}

/* Items that could not be had or set, as a set of bits. */
static uint64_t item_errors(struct scene *s, struct cur *c)
{
	uint64_t failed = 0;
	while (cur_ok(c)) {
		uint32_t number = s7p_uint(c);
		if (number == 0 || !cur_ok(c))
			break;
		fact_uint(s, &f_item, number);
		fact_uint(s, &f_item_error, s7p_uint64(c));
		if (number <= S7P_ITEMS)
			failed |= 1ull << (number - 1);
	}
	return failed;
}

/* Only a confirmed value was written. */
static void written(struct s7p_message *m, const struct s7p_ask *ask, bool failed, struct cur *c)
{
	uint64_t errors = item_errors(m->s, c);
	if (!ask || !cur_ok(c) || (failed && !errors))
		return;
	for (unsigned i = 0; i < ask->count; i++)
		if (ask->items[i].has_number && !(errors >> i & 1))
			s7p_point_number(m->s, &ask->items[i].at, ask->items[i].number, true);
}

static void created(struct s7p_message *m, const struct s7p_ask *ask, bool failed, struct cur *c)
{
	unsigned count = cur_u8(c);
	uint32_t first = 0;
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		uint32_t number = s7p_uint(c);
		first = i == 0 ? number : first;
		fact_uint(m->s, &f_object, number);
	}
	if (!cur_ok(c))
		return;
	s7p_watch_answered(m, first, !failed && first != 0);
	if (ask && ask->kind == KIND_CREATE_SESSION)
		who_sender_is(m->s, TYPE_PLC, "answers S7comm-plus");
	s7p_objects(m, c);
}

static void deleted(struct s7p_message *m, bool failed, struct cur *c)
{
	uint32_t object = cur_be32(c);
	fact_uint(m->s, &f_object, object);
	if (!failed && cur_ok(c))
		s7p_unwatch(m, object);
}

static void got(struct s7p_message *m, const struct s7p_ask *ask, struct cur *c)
{
	const struct s7p_item *item = ask && ask->count ? &ask->items[0] : NULL;
	if (item)
		s7p_tell_ids(m->s, &item->at);
	if (m->function == S7P_GET_STREAMED)
		cur_skip(c, 1);
	if (item)
		s7p_attribute(m, &item->at, c, true);
	else
		s7p_value(m, c, S7P_QUIET);
}

static void answer(struct s7p_message *m, struct cur *c)
{
	struct scene *s = m->s;
	scene_server(s);
	const struct s7p_ask *ask = ask_take(s, s7p_ask_key(m));
	enum s7p_kind kind = ask ? (enum s7p_kind)ask->kind : s7p_kind_of_function(m->function);
	uint64_t value = s7p_uint64(c);
	/* The low half is the code: below zero it is an error. */
	bool failed = (value & 0x8000) || m->function == S7P_ERROR;
	if (kind == KIND_LOG_IN && failed)
		kind = KIND_REFUSED;
	fact_begin(s, s7p_row(kind, DIR_RESPONSE));
	s7p_head_values(m);
	fact_uint(s, &f_return, value);
	if (failed)
		fact_failed(s);
	switch ((enum s7p_function)m->function) {
	case S7P_CREATE:
		created(m, ask, failed, c);
		break;
	case S7P_GET_MANY:
		read_values(m, ask, c);
		item_errors(s, c);
		break;
	case S7P_SET_MANY:
		written(m, ask, failed, c);
		break;
	case S7P_GET:
	case S7P_GET_STREAMED:
		if (!failed)
			got(m, ask, c);
		break;
	case S7P_DELETE:
		deleted(m, failed, c);
		break;
	case S7P_EXPLORE:
		fact_uint(s, &f_object, cur_be32(c));
		if (cur_peek(c, 0) != 0xa1)
			s7p_uint(c);
		s7p_objects(m, c);
		break;
	default:
		break;
	}
}

/* --- notifications --- */

/* What stands before each item of a notification. */
enum {
	ITEMS_END = 0x00,
	ITEM_GONE = 0x03,
	ITEM_ERROR = 0x13,
	ITEM_REFUSED = 0x83,
	ITEM_VALUE = 0x92,
	ITEM_VALUE_SHORT = 0x9b,
};

static bool is_item(uint8_t code)
{
	return code == ITEMS_END || code == ITEM_GONE || code == ITEM_ERROR ||
		code == ITEM_REFUSED || code == ITEM_VALUE || code == ITEM_VALUE_SHORT;
}

/* Controllers since V4 number their notifications beside the credit.  Older ones have the first
 * item where the others count how often the subscription was changed. */
static bool has_number(const struct cur *c)
{
	int third = cur_peek(c, 2);
	return third != ITEM_VALUE && third != ITEM_VALUE_SHORT && third != ITEM_ERROR &&
		third != ITEM_REFUSED;
}

static void notified(struct s7p_message *m, uint32_t subscription, struct cur *c)
{
	while (cur_ok(c)) {
		uint8_t code = cur_u8(c);
		if (code == ITEMS_END || !cur_ok(c))
			return;
		if (!is_item(code)) {
			m->partial = true;
			cur_fail(c);
			return;
		}
		uint32_t item = code == ITEM_VALUE_SHORT ? s7p_uint(c) : cur_be32(c);
		fact_uint(m->s, &f_item, item);
		const struct s7p_address *at = s7p_watched(m, subscription, item);
		if (at)
			s7p_tell_address(m->s, at);
		if (code != ITEM_VALUE && code != ITEM_VALUE_SHORT) {
			fact_uint(m->s, &f_item_error, code);
			continue;
		}
		struct s7p_value v = s7p_value(m, c, at ? S7P_TELL : S7P_QUIET);
		if (at && cur_ok(c))
			s7p_point(m->s, at, &v, false);
	}
}

/* Alarms come as objects behind the items. */
static void notification(struct s7p_message *m, struct cur *c)
{
	enum { ALARM_AHEAD = 9 };
	struct scene *s = m->s;
	scene_server(s);
	uint32_t subscription = cur_be32(c);
	cur_skip(c, 6);
	bool numbered = has_number(c);
	uint8_t credit = cur_u8(c);
	uint32_t number = numbered ? s7p_uint(c) : 0;
	cur_skip(c, 1);
	bool alarm = cur_peek(c, 0) == ITEMS_END && cur_peek(c, 1 + ALARM_AHEAD) == 0xa1;
	fact_begin(s, alarm ? &row_alarm : &row_notify);
	fact_uint(s, &f_version, m->version);
	fact_uint(s, &f_opcode, m->opcode);
	fact_uint(s, &f_subscription, subscription);
	fact_uint(s, &f_credit, credit);
	if (numbered)
		fact_uint(s, &f_number, number);
	notified(m, subscription, c);
	if (alarm) {
		cur_skip(c, ALARM_AHEAD);
		s7p_objects(m, c);
	}
}

/* --- messages --- */

static enum parsed message(struct scene *s, uint8_t version, struct cur c, bool partial)
{
	struct s7p_message m = {
		.s = s, .state = s->state, .version = version, .partial = partial
	};
	m.opcode = cur_u8(&c);
	if (m.opcode == S7P_NOTIFICATION) {
		notification(&m, &c);
	} else {
		cur_skip(&c, 2);
		m.function = cur_be16(&c);
		cur_skip(&c, 2);
		m.sequence = cur_be16(&c);
		if (m.opcode == S7P_REQUEST)
			m.session = cur_be32(&c);
		m.flags = cur_u8(&c);
		if (m.opcode == S7P_REQUEST)
			s7p_request(&m, &c);
		else
			answer(&m, &c);
	}
	if (!cur_ok(&c) && !m.partial)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	return PARSED_WHOLE;
}

static void part(struct scene *s, uint8_t version, size_t size)
{
	fact_begin(s, &row_part);
	fact_uint(s, &f_version, version);
	fact_uint(s, &f_size, size);
	fact_end(s);
}

static void system_event(struct scene *s, struct cur c)
{
	enum { NUMBERS = 16 };
	cur_skip(&c, NUMBERS);
	size_t size = cur_ok(&c) ? c.left : 0;
	const uint8_t *text = cur_take(&c, size);
	bool logout = size > 0;
	fact_begin(s, logout ? &row_logout : &row_system);
	fact_uint(s, &f_version, VERSION_SYSTEM);
	if (logout)
		fact_text(s, &f_event, text, size);
	fact_end(s);
}

/* What is behind the limit, or has no room, is counted and not read. */
static void keep(struct scene *s, struct cur body)
{
	struct s7p_state *state = s->state;
	size_t size = body.left, kept = parts_whole(s).left;
	if (kept == state->size[s->side & 1])
		parts_add(s, cur_upto(&body, S7P_KEPT - kept), S7P_KEPT);
	state->size[s->side & 1] += (uint32_t)size;
}

/* Nothing is kept where there was no room or a hole came in between. */
static enum parsed last_part(struct scene *s, uint8_t version, size_t size)
{
	struct s7p_state *state = s->state;
	struct cur kept = parts_whole(s);
	enum parsed how = PARSED_WHOLE;
	if (kept.left > 0)
		how = message(s, version, kept, state->size[s->side & 1] > kept.left);
	else
		part(s, version, size);
	parts_drop(s);
	state->size[s->side & 1] = 0;
	return how;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct s7p_state *state = s->state;
	uint32_t *under_way = &state->size[s->side & 1];
	bool *torn = &state->torn[s->side & 1];
	struct cur body;
	uint8_t version;
	bool last;
	if (!take_pdu(&c, &version, &body, &last))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (version == VERSION_SYSTEM) {
		system_event(s, body);
		return PARSED_WHOLE;
	}
	bool begins = *under_way == 0 && !*torn && begins_message(body);
	if (begins && last)
		return message(s, version, body, false);
	size_t size = body.left;
	if (*under_way == 0 && !begins) {
		/* The end of one that began before the capture, or before a hole. */
		*torn = !last;
	} else {
		keep(s, body);
		if (last)
			return last_part(s, version, size);
	}
	part(s, version, size);
	return PARSED_WHOLE;
}

static void gap(struct scene *s)
{
	struct s7p_state *state = s->state;
	state->size[s->side & 1] = 0;
	state->torn[s->side & 1] = false;
	/* A subscription may have ended there, and its number gone to another. */
	memset(state->watched, 0, sizeof state->watched);
}

const struct proto proto_s7comm_plus = {
	.name = "s7comm-plus",
	.title = "S7comm-plus",
	.standard = "none published; the protocol of SIMATIC S7-1200 and S7-1500",
	.reads =
		"sessions, variables by address with their values, subscriptions, attributes, explored and created objects, alarms' numbers, stop and start, downloads (named, not opened), identity; not what is inside TLS, nor jobs of test and commissioning",
	.seen = "13 captures: S7-1200 V2 and V4, S7-1511 V1, with TIA Portal, HMI panels and OPC servers: stop and start, program and hardware downloads",
	.over = OVER_COTP,
	.begins = "72",
	.ot = true,
	.probe = probe,
	.parse = parse,
	.gap = gap,
	.in_parts = true,
	.state_size = sizeof(struct s7p_state),
	.asks = 8,
	.ask_size = sizeof(struct s7p_ask),
	.point_name = s7p_point_name,
};
