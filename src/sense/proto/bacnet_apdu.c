/* BACnet, the application layer: ASHRAE 135-2020, 5 (pairing) and 20.1 (headers). */
#include <stdio.h>

#include "sense/proto/bacnet.h"

/* 20.1.2: flags of the first octet */
enum { SEGMENTED = 8, NEGATIVE = 2, BY_SERVER = 1 };

/* 21: unconfirmed services by which a device tells of itself */
enum {
	I_AM = 0,
	I_HAVE = 1,
	COV = 2,
	EVENT = 3,
	COV_MULTIPLE = 11,
	WHO_AM_I = 13,
};

enum { PASSWORD_FAILURE = 26 }; /* 21, Error */

static const struct field f_type = { "bacapp.type", U8 };
static const struct field f_flags = { "bacapp.pduflags", U8 };
static const struct field f_segments = { "bacapp.response_segments", U8 };
static const struct field f_apdu = { "bacapp.max_adpu_size", U8 };
static const struct field f_invoke = { "bacapp.invoke_id", U8 | NUMBERING };
static const struct field f_sequence = { "bacapp.sequence_number", U8 | NUMBERING };
static const struct field f_window = { "bacapp.window_size", U8, 1, 127 };
static const struct field f_confirmed = { "bacapp.confirmed_service", U8 };
static const struct field f_unconfirmed = { "bacapp.unconfirmed_service", U8 };
static const struct field f_negative = { "bacapp.NAK", FLAG };
static const struct field f_by_server = { "bacapp.SRV", FLAG };
static const struct field f_reject = { "bacapp.reject_reason", U8 };
static const struct field f_abort = { "bacapp.abort_reason", U8 };
static const struct field f_asked_type = { "bacapp.asked.object_type", BE32 };
static const struct field f_asked_instance = { "bacapp.asked.instance_number", BE32 };
static const struct field f_asked_property = { "bacapp.asked.property_identifier", BE32 };

static const struct msg unknown_type = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "unknown_type",
	NULL };
static const struct msg segment_ack[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "segment_ack"),
};
static const struct msg segment[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "segment"),
};
static const struct msg rejected = { 0, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "reject", NULL };
static const struct msg password_refused = { 0, DIR_RESPONSE, ACT_CONTROL, EFFECT_REFUSED,
	"password_refused", NULL };
static const struct msg aborted[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "abort"),
};

/* --- the header --- */

static bool has_service(uint8_t type)
{
	return type <= BACNET_COMPLEX_ACK || type == BACNET_ERROR;
}

static bool is_segment(const struct bacnet_message *m)
{
	return (m->type == BACNET_CONFIRMED || m->type == BACNET_COMPLEX_ACK) &&
		m->flags & SEGMENTED;
}

/* 20.1.2 to 20.1.9 */
bool bacnet_read_application(struct bacnet_message *m, struct cur *c)
{
	uint8_t first = cur_u8(c);
	m->has_type = true;
	m->type = first >> 4;
	m->flags = first & 15;
	if (m->type == BACNET_CONFIRMED)
		m->limits = cur_u8(c);
	if (m->type != BACNET_UNCONFIRMED)
		m->invoke = cur_u8(c);
	if (is_segment(m) || m->type == BACNET_SEGMENT_ACK) {
		m->sequence = cur_u8(c);
		m->window = cur_u8(c);
	}
	if (has_service(m->type))
		m->service = cur_u8(c);
	return cur_ok(c) && m->type <= BACNET_ABORT;
}

void bacnet_application_values(struct scene *s, const struct bacnet_message *m)
{
	fact_uint(s, &f_type, m->type);
	if (m->type == BACNET_CONFIRMED || m->type == BACNET_COMPLEX_ACK)
		fact_uint(s, &f_flags, m->flags);
	if (m->type == BACNET_CONFIRMED) {
		fact_uint(s, &f_segments, m->limits >> 4 & 7);
		fact_uint(s, &f_apdu, m->limits & 15);
	}
	if (m->type == BACNET_SEGMENT_ACK)
		fact_flag(s, &f_negative, m->flags & NEGATIVE);
	if (m->type == BACNET_SEGMENT_ACK || m->type == BACNET_ABORT)
		fact_flag(s, &f_by_server, m->flags & BY_SERVER);
	if (m->type != BACNET_UNCONFIRMED)
		fact_uint(s, &f_invoke, m->invoke);
	if (is_segment(m) || m->type == BACNET_SEGMENT_ACK) {
		fact_uint(s, &f_sequence, m->sequence);
		fact_uint(s, &f_window, m->window);
	}
	if (has_service(m->type))
		fact_uint(s, m->type == BACNET_UNCONFIRMED ? &f_unconfirmed : &f_confirmed,
			m->service);
}

/* --- pairing --- */

static uint32_t mix(uint32_t h, const struct bacnet_address *a)
{
	h = (h ^ a->net) * 16777619u;
	struct cur c = cur_of(a->mac, a->mac ? a->size : 0);
	while (c.left)
		h = (h ^ cur_u8(&c)) * 16777619u;
	return h;
}

static uint32_t mix_mac(uint32_t h, const uint8_t mac[6])
{
	const struct bacnet_address a = { .size = 6, .mac = mac };
	return mix(h, &a);
}

/* Right on Ethernet there are no sides, but MACs; of a cooked capture only one is known, and the
 * number has to do. */
uint32_t bacnet_key(const struct bacnet_message *m, bool asks)
{
	static const uint8_t unknown[6];
	const struct bacnet_talk *t = &m->talk;
	const struct scene *s = t->s;
	uint32_t h = mix(2166136261u, asks ? &t->dst : &t->src);
	h = mix(h, asks ? &t->src : &t->dst);
	unsigned side = asks ? s->side : !s->side;
	if (s->transport == 0) {
		side = 0;
		if (memcmp(s->dst_mac, unknown, sizeof unknown) != 0) {
			h = mix_mac(h, asks ? s->src_mac : s->dst_mac);
			h = mix_mac(h, asks ? s->dst_mac : s->src_mac);
		}
	}
	return (h >> 9 ^ h) << 9 | side << 8 | m->invoke;
}

/* What the question at hand needs to be told of; NULL when it was not seen, or was another's. */
static struct bacnet_asked *asked_of(const struct bacnet_message *m, struct bacnet_asked *asked)
{
	if (asked && (!has_service(m->type) || (asked->code & 0xff) == m->service))
		return asked;
	fact_asked(m->talk.s, 0, 0);
	return NULL;
}

static struct bacnet_asked *take_asked(const struct bacnet_message *m)
{
	return asked_of(m, ask_take(m->talk.s, bacnet_key(m, false)));
}

/* 13: notifications are the device's, although it is the one that asks to be heard. */
static bool tells(uint8_t service)
{
	return service == BACNET_COV_NOTIFICATION || service == BACNET_EVENT_NOTIFICATION ||
		service == BACNET_COV_MULTIPLE;
}

static void sender_asks(const struct bacnet_message *m)
{
	if (tells(m->service))
		scene_server(m->talk.s);
	else
		scene_client(m->talk.s);
}

static void sender_answers(const struct bacnet_message *m, const struct bacnet_asked *asked)
{
	if (has_service(m->type) ? tells(m->service) : asked && tells(asked->code & 0xff))
		scene_client(m->talk.s);
	else
		scene_server(m->talk.s);
}

/* --- the application layer --- */

enum parsed bacnet_ended(const struct scene *s, bool ok)
{
	return ok ? PARSED_WHOLE : s->cut ? PARSED_CUT : PARSED_BAD;
}

/* The same, of a fact and of what it means. */
static enum parsed ended(struct bacnet_talk *t, bool ok)
{
	enum parsed how = bacnet_ended(t->s, ok);
	if (how != PARSED_BAD)
		bacnet_tell(t);
	return how;
}

static enum parsed parse_request(struct bacnet_message *m, struct cur body)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	sender_asks(m);
	const struct msg *row = bacnet_request(m->service, body, &t->asked);
	fact_begin(s, row);
	bacnet_header(m);
	t->tells = tells(m->service);
	t->sets = m->service == BACNET_WRITE_PROPERTY || m->service == BACNET_WRITE_MULTIPLE ||
		m->service == BACNET_CREATE;
	bool ok = bacnet_params(t, &body, bacnet_rows(BACNET_CONFIRMED, m->service));
	struct bacnet_asked *asked = ok ? ask_put(s, bacnet_key(m, true)) : NULL;
	if (asked) {
		if (!t->tells) /* what is told needs no answer but that it came */
			*asked = t->asked;
		bool known = (row->code & 0xff) == m->service;
		asked->code = known ? row->code : m->service;
		asked->frame = s->frame;
	}
	return ended(t, ok);
}

static bool tells_of_itself(uint8_t service)
{
	return service == I_AM || service == I_HAVE || service == COV || service == EVENT ||
		service == COV_MULTIPLE || service == WHO_AM_I;
}

static enum parsed parse_unconfirmed(struct bacnet_message *m, struct cur body)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	const struct msg *row = bacnet_unconfirmed(m->service);
	if (row->dir == DIR_REQUEST)
		scene_client(s);
	else if (tells_of_itself(m->service))
		scene_server(s);
	fact_begin(s, row);
	bacnet_header(m);
	t->tells = row->dir != DIR_REQUEST;
	bool ok = bacnet_params(t, &body, bacnet_rows(BACNET_UNCONFIRMED, m->service));
	char text[48];
	if (ok && m->service == I_AM && t->at.object >> 22 == BACNET_OBJECT_DEVICE) {
		int size = snprintf(
			text, sizeof text, "BACnet device %u", (unsigned)(t->at.object & 0x3fffff));
		bacnet_mean_text(t, bacnet_behind_router(t) ? ID_MODULE : ID_DEVICE_TYPE, text,
			(size_t)size);
	}
	return ended(t, ok);
}

/* What was written or refused stands in the request alone. */
static void asked_values(struct scene *s, const struct bacnet_asked *asked)
{
	if (!asked)
		return;
	if (asked->has_object) {
		fact_uint(s, &f_asked_type, asked->object >> 22);
		fact_uint(s, &f_asked_instance, asked->object & 0x3fffff);
	}
	if (asked->has_property)
		fact_uint(s, &f_asked_property, asked->property);
}

static enum parsed parse_done(struct bacnet_message *m)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	struct bacnet_asked *asked = take_asked(m);
	sender_answers(m, asked);
	fact_begin(s, bacnet_answer(m->service, asked ? asked->code : m->service));
	bacnet_header(m);
	asked_values(s, asked);
	for (size_t i = 0; asked && i < asked->write_count; i++)
		bacnet_point(t, asked->writes[i].object, asked->writes[i].value, true);
	return PARSED_WHOLE;
}

static enum parsed parse_answer(struct bacnet_message *m, struct cur body)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	struct bacnet_asked *asked = take_asked(m);
	sender_answers(m, asked);
	fact_begin(s, bacnet_answer(m->service, asked ? asked->code : m->service));
	bacnet_header(m);
	t->tells = true;
	return ended(t, bacnet_params(t, &body, bacnet_rows(BACNET_COMPLEX_ACK, m->service)));
}

/* Clause 18: a password that was wrong, 16.1 and 16.4; guessing shows in these. */
static bool is_password_failure(const struct bacnet_message *m, struct cur body)
{
	struct bacnet_tag class, code;
	return m->type == BACNET_ERROR && bacnet_tag(&body, &class) && bacnet_tag(&body, &code) &&
		bacnet_unsigned(code.content) == PASSWORD_FAILURE;
}

static const struct msg *refusal_row(
	const struct bacnet_message *m, struct cur body, const struct bacnet_asked *asked)
{
	if (is_password_failure(m, body))
		return &password_refused;
	if (asked)
		return bacnet_answer((uint8_t)asked->code, asked->code);
	if (m->type == BACNET_ERROR)
		return bacnet_answer(m->service, m->service);
	return m->type == BACNET_REJECT ? &rejected : &aborted[1];
}

static enum parsed parse_refusal(struct bacnet_message *m, struct cur body)
{
	struct bacnet_talk *t = &m->talk;
	struct scene *s = t->s;
	bool of_client = m->type == BACNET_ABORT && !(m->flags & BY_SERVER);
	struct bacnet_asked *asked = NULL;
	if (of_client) {
		scene_client(s);
		fact_begin(s, &aborted[0]);
	} else {
		asked = take_asked(m);
		sender_answers(m, asked);
		fact_begin(s, refusal_row(m, body, asked));
	}
	bacnet_header(m);
	fact_failed(s);
	asked_values(s, asked);
	if (m->type == BACNET_ERROR)
		return bacnet_ended(
			s, bacnet_params(t, &body, bacnet_rows(BACNET_ERROR, m->service)));
	uint8_t reason = cur_u8(&body);
	if (cur_ok(&body))
		fact_uint(s, m->type == BACNET_REJECT ? &f_reject : &f_abort, reason);
	return bacnet_ended(s, cur_ok(&body) && !body.left);
}

static enum parsed parse_segment_ack(struct bacnet_message *m, struct cur body)
{
	struct scene *s = m->talk.s;
	bool by_server = m->flags & BY_SERVER;
	fact_begin(s, &segment_ack[by_server]);
	bacnet_header(m);
	return bacnet_ended(s, !body.left);
}

/* --- segments --- */

static enum parsed parse_segment(struct bacnet_message *m)
{
	bool asks = m->type == BACNET_CONFIRMED;
	if (asks)
		sender_asks(m);
	else
		sender_answers(m, NULL);
	fact_begin(m->talk.s, &segment[!asks]);
	bacnet_header(m);
	return PARSED_WHOLE;
}

static enum parsed parse_message(struct bacnet_message *m, struct cur c)
{
	switch ((enum bacnet_type)m->type) {
	case BACNET_CONFIRMED:
		return parse_request(m, c);
	case BACNET_UNCONFIRMED:
		return parse_unconfirmed(m, c);
	case BACNET_SIMPLE_ACK:
		return c.left ? bacnet_ended(m->talk.s, false) : parse_done(m);
	case BACNET_COMPLEX_ACK:
		return parse_answer(m, c);
	case BACNET_SEGMENT_ACK:
		return parse_segment_ack(m, c);
	case BACNET_ERROR:
	case BACNET_REJECT:
	case BACNET_ABORT:
		return parse_refusal(m, c);
	}
	return PARSED_BAD;
}

static enum parsed parse_segmented(struct bacnet_message *m, struct cur c)
{
	struct scene *s = m->talk.s;
	const struct bacnet_asked *asked = NULL;
	if (m->type == BACNET_COMPLEX_ACK)
		asked = asked_of(m, ask_peek(s, bacnet_key(m, false)));
	if (!bacnet_join(m, asked ? asked->frame : 0, &c))
		return parse_segment(m);
	enum parsed how = parse_message(m, c);
	if (how != PARSED_BAD)
		fact_end(s); /* its texts are in what was put together */
	bacnet_parted(m);
	return how;
}

/* A new question, and every answer in one piece, ends what was under way in segments. */
static void end_segments(struct bacnet_message *m)
{
	bool of_client =
		m->type == BACNET_CONFIRMED || (m->type == BACNET_ABORT && !(m->flags & BY_SERVER));
	if (m->type != BACNET_UNCONFIRMED && m->type != BACNET_SEGMENT_ACK)
		bacnet_no_more_segments(m, of_client);
}

enum parsed bacnet_application(struct bacnet_message *m, struct cur c)
{
	struct scene *s = m->talk.s;
	if (!bacnet_read_application(m, &c)) {
		if (!cur_ok(&c) || !m->has_type)
			return bacnet_ended(s, false);
		fact_begin(s, &unknown_type); /* 20.1.1: types from 8 on are reserved */
		m->has_type = false;
		bacnet_header(m);
		fact_uint(s, &f_type, m->type);
		fact_violation(s);
		return PARSED_WHOLE;
	}
	m->talk.hides = has_service(m->type) && bacnet_has_secrets(m->service);
	if (is_segment(m))
		return parse_segmented(m, c);
	end_segments(m);
	return parse_message(m, c);
}
