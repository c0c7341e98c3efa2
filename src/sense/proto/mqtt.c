/* MQTT: OASIS standards 5.0 (2019) and 3.1.1 (2014), and 3.1 of IBM and Eurotech (2010), which
 * calls itself MQIsdp.  The clauses named here are those of 5.0.
 *
 * Clients connect to a broker, subscribe to topics and publish to them; the broker hands on.  So a
 * PUBLISH goes either way, and everything else tells by itself who is client and who is broker.
 * MQTT over WebSocket is a web conversation, and not read here. */
#include "sense/proto/mqtt.h"

enum { HEAD_MAX = 5 };

static const struct field f_type = { "mqtt.msgtype", U8 };
static const struct field f_id = { "mqtt.msgid", BE16 | NUMBERING, 1, UINT16_MAX };
static const struct field f_filter = { "mqtt.topic", TEXT };
static const struct field f_qos_3 = { "mqtt.sub.qos", U8, 0, 2 };
static const struct field f_options_qos = { "mqtt.subscription_options_qos", U8, 0, 2 };
static const struct field f_no_local = { "mqtt.subscription_options_nl", FLAG };
static const struct field f_as_published = { "mqtt.subscription_options_rap", FLAG };
static const struct field f_retain_handling = { "mqtt.subscription_options_retain", U8, 0, 2 };
static const struct field f_granted = { "mqtt.suback.qos", U8 };

/* Reason codes have a field each: what tshark calls them. */
static const struct field f_reason[] = {
	[MQTT_PUBACK] = { "mqtt.puback.reason_code", U8 },
	[MQTT_PUBREC] = { "mqtt.pubrec.reason_code", U8 },
	[MQTT_PUBREL] = { "mqtt.pubrel.reason_code", U8 },
	[MQTT_PUBCOMP] = { "mqtt.pubcomp.reason_code", U8 },
	[MQTT_SUBACK] = { "mqtt.suback.reason_code", U8 },
	[MQTT_UNSUBACK] = { "mqtt.unsuback.reason_code", U8 },
	[MQTT_DISCONNECT] = { "mqtt.disconnect.reason_code", U8 },
	[MQTT_AUTH] = { "mqtt.auth.reason_code", U8 },
};

static const struct msg rows[] = {
	{ MQTT_PUBACK, DIR_RESPONSE, ACT_OTHER, 0, "publish" },
	{ MQTT_PUBREC, DIR_RESPONSE, ACT_OTHER, 0, "publish" },
	{ MQTT_PUBREL, DIR_REQUEST, ACT_OTHER, 0, "publish_release" },
	{ MQTT_PUBCOMP, DIR_RESPONSE, ACT_OTHER, 0, "publish_release" },
	{ MQTT_SUBSCRIBE, DIR_REQUEST, ACT_READ, 0, "subscribe" },
	{ MQTT_SUBACK, DIR_RESPONSE, ACT_READ, 0, "subscribe" },
	{ MQTT_UNSUBSCRIBE, DIR_REQUEST, ACT_OTHER, 0, "unsubscribe" },
	{ MQTT_UNSUBACK, DIR_RESPONSE, ACT_OTHER, 0, "unsubscribe" },
	{ MQTT_PINGREQ, DIR_REQUEST, ACT_OTHER, 0, "ping" },
	{ MQTT_PINGRESP, DIR_RESPONSE, ACT_OTHER, 0, "ping" },
	{ MQTT_DISCONNECT, DIR_OTHER, ACT_OTHER, 0, "disconnect" },
	BOTH(MQTT_AUTH, ACT_OTHER, EFFECT_LOGIN, "authenticate"),
	{ 0 },
};

static const struct msg *row_of(uint32_t code, enum dir dir)
{
	return msg_find(rows, code, dir);
}

uint32_t mqtt_varint(struct cur *c)
{
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 28; shift += 7) {
		uint8_t byte = cur_u8(c);
		v |= (uint32_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return v;
	}
	cur_fail(c);
	return 0;
}

struct cur mqtt_text(struct cur *c)
{
	uint16_t size = cur_be16(c);
	return cur_sub(c, size);
}

/* Identifiers are counted by each side for itself. */
uint32_t mqtt_key(unsigned side, enum mqtt_type asks, uint16_t id)
{
	return (uint32_t)side << 24 | (uint32_t)asks << 16 | id;
}

void mqtt_guess(struct mqtt_packet *p, enum mqtt_version version)
{
	if (p->state->version != MQTT_UNKNOWN || version == MQTT_UNKNOWN)
		return;
	p->state->version = (uint8_t)version;
	p->state->guessed = true;
}

void mqtt_either(struct scene *s)
{
	if (s->client < 0)
		fact_dir(s, DIR_OTHER);
}

enum parsed mqtt_too_short(const struct mqtt_packet *p)
{
	return p->missing ? PARSED_CUT : PARSED_BAD;
}

void mqtt_begin(struct mqtt_packet *p, const struct msg *row)
{
	fact_begin(p->s, row);
	fact_uint(p->s, &f_type, p->type);
	bool fixed =
		p->type == MQTT_PUBREL || p->type == MQTT_SUBSCRIBE || p->type == MQTT_UNSUBSCRIBE;
	/* 2.1.3; 3.1 has the flags of a PUBLISH everywhere, and does not ask what they are. */
	if (p->flags != (fixed ? MQTT_FLAGS_FIXED : 0) && p->state->version != MQTT_3_1)
		fact_violation(p->s);
}

/* --- acknowledgements of PUBLISH, 3.4 to 3.7 --- */

/* What stands behind an identifier in version 5, and may be left out: a reason, properties. */
static bool tell_reason(struct mqtt_packet *p, struct cur *c, uint8_t *reason)
{
	struct mqtt_properties found;
	*reason = 0;
	if (!c->left)
		return cur_ok(c);
	mqtt_guess(p, MQTT_5);
	if (p->state->version != MQTT_5)
		return false;
	*reason = cur_u8(c);
	fact_uint(p->s, &f_reason[p->type], *reason);
	/* PUBREL and DISCONNECT are no answers: they give a reason, and refuse nobody. */
	if (*reason >= MQTT_REFUSED && p->type != MQTT_PUBREL && p->type != MQTT_DISCONNECT)
		fact_failed(p->s);
	return !c->left || (mqtt_properties(p->s, c, p->type, &found) && !c->left);
}

/* Nothing stands there before version 5: parse() guesses anew, while the question is still kept. */
static bool shows_wrong_guess(const struct mqtt_packet *p, struct cur c)
{
	return c.left && p->state->guessed && p->state->version != MQTT_5;
}

static enum parsed acknowledge(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct cur c = p->c;
	uint16_t id = cur_be16(&c);
	uint8_t reason;
	if (!cur_ok(&c))
		return mqtt_too_short(p);
	if (shows_wrong_guess(p, c))
		return PARSED_BAD;
	bool releases = p->type == MQTT_PUBREL;
	enum mqtt_type asked = p->type == MQTT_PUBCOMP ? MQTT_PUBREL : MQTT_PUBLISH;
	const struct mqtt_asked *question = NULL;
	if (releases)
		ask_put(s, mqtt_key(s->side, MQTT_PUBREL, id));
	else
		question = ask_take(s, mqtt_key(!s->side, asked, id));
	bool known = question && question->answer; /* the answer has its question's word */
	mqtt_begin(p,
		known ? question->answer : row_of(p->type, releases ? DIR_REQUEST : DIR_RESPONSE));
	mqtt_either(s);
	if (known && question->answer->act != ACT_OTHER)
		fact_actor(s, ACTOR_RECEIVER);
	fact_uint(s, &f_id, id);
	return tell_reason(p, &c, &reason) ? PARSED_WHOLE : mqtt_too_short(p);
}

/* --- subscriptions, 3.8 to 3.11 --- */

static bool are_filters(struct cur c, bool options)
{
	while (c.left) {
		struct cur filter = mqtt_text(&c);
		if (!filter.left || (options && (cur_u8(&c) & 3) == 3) || !text_is_utf8(filter))
			return false;
	}
	return cur_ok(&c);
}

static void guess_version(struct mqtt_packet *p, struct cur c)
{
	if (p->state->version == MQTT_UNKNOWN)
		mqtt_guess(p, are_filters(c, p->type == MQTT_SUBSCRIBE) ? MQTT_3_1_1 : MQTT_5);
}

static void tell_options(struct scene *s, uint8_t version, uint8_t options)
{
	if (version != MQTT_5) {
		fact_uint(s, &f_qos_3, options);
		return;
	}
	fact_uint(s, &f_options_qos, options & 3u);
	fact_flag(s, &f_no_local, options & 4);
	fact_flag(s, &f_as_published, options & 8);
	fact_uint(s, &f_retain_handling, options >> 4 & 3u);
	if (options & 0xc0)
		fact_violation(s);
}

/* SUBSCRIBE, and UNSUBSCRIBE, which has no options. */
static enum parsed subscribe(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct cur c = p->c;
	uint16_t id = cur_be16(&c);
	struct mqtt_properties found;
	if (!cur_ok(&c))
		return mqtt_too_short(p);
	guess_version(p, c);
	scene_client(s);
	ask_put(s, mqtt_key(0, p->type, id));
	mqtt_begin(p, row_of(p->type, DIR_REQUEST));
	fact_uint(s, &f_id, id);
	if (p->state->version == MQTT_5 && !mqtt_properties(s, &c, p->type, &found))
		return mqtt_too_short(p);
	if (!c.left)
		fact_violation(s);
	while (c.left) {
		struct cur filter = mqtt_text(&c);
		uint8_t options = p->type == MQTT_SUBSCRIBE ? cur_u8(&c) : 0;
		if (!cur_ok(&c))
			return mqtt_too_short(p);
		text_tell(s, &f_filter, filter);
		if (!filter.left || !text_is_utf8(filter))
			fact_violation(s);
		if (p->type == MQTT_SUBSCRIBE)
			tell_options(s, p->state->version, options);
	}
	return PARSED_WHOLE;
}

/* SUBACK has a code for each filter; UNSUBACK in version 5 only. */
static enum parsed subscribed(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct cur c = p->c;
	uint16_t id = cur_be16(&c);
	struct mqtt_properties found;
	bool grants = p->type == MQTT_SUBACK;
	if (!cur_ok(&c))
		return mqtt_too_short(p);
	if (!grants && shows_wrong_guess(p, c))
		return PARSED_BAD;
	if (!grants && c.left)
		mqtt_guess(p, MQTT_5);
	scene_server(s);
	ask_take(s, mqtt_key(0, grants ? MQTT_SUBSCRIBE : MQTT_UNSUBSCRIBE, id));
	mqtt_begin(p, row_of(p->type, DIR_RESPONSE));
	fact_uint(s, &f_id, id);
	uint8_t version = p->state->version;
	if (version == MQTT_UNKNOWN) /* codes, or the length of properties? */
		return PARSED_WHOLE;
	if (version == MQTT_5 && !mqtt_properties(s, &c, p->type, &found))
		return mqtt_too_short(p);
	if (version != MQTT_5 && !grants)
		return c.left ? PARSED_BAD : PARSED_WHOLE;
	if (!c.left)
		fact_violation(s);
	while (c.left) {
		uint8_t code = cur_u8(&c);
		fact_uint(s, version == MQTT_5 ? &f_reason[p->type] : &f_granted, code);
		if (code >= MQTT_REFUSED)
			fact_failed(s);
		else if (grants ? code > 2 : code != 0 && code != 0x11)
			fact_violation(s);
	}
	return PARSED_WHOLE;
}

/* --- the others --- */

static enum parsed ping(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	bool asks = p->type == MQTT_PINGREQ;
	if (p->c.left)
		return PARSED_BAD;
	if (asks) {
		scene_client(s);
		ask_put(s, mqtt_key(0, MQTT_PINGREQ, 0));
	} else {
		scene_server(s);
		ask_take(s, mqtt_key(0, MQTT_PINGREQ, 0));
	}
	mqtt_begin(p, row_of(p->type, asks ? DIR_REQUEST : DIR_RESPONSE));
	return PARSED_WHOLE;
}

/* DISCONNECT and AUTH, 3.14 and 3.15: a reason and properties, or nothing. */
static enum parsed reason_only(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct cur c = p->c;
	uint8_t reason;
	enum dir dir = s->client == s->side ? DIR_REQUEST : DIR_RESPONSE;
	mqtt_begin(p, row_of(p->type, p->type == MQTT_AUTH ? dir : DIR_OTHER));
	mqtt_either(s);
	return tell_reason(p, &c, &reason) ? PARSED_WHOLE : mqtt_too_short(p);
}

static enum parsed packet(struct mqtt_packet *p)
{
	switch ((enum mqtt_type)p->type) {
	case MQTT_CONNECT:
		return mqtt_connect(p);
	case MQTT_CONNACK:
		return mqtt_connack(p);
	case MQTT_PUBLISH:
		return mqtt_publish(p);
	case MQTT_PUBACK:
	case MQTT_PUBREC:
	case MQTT_PUBREL:
	case MQTT_PUBCOMP:
		return acknowledge(p);
	case MQTT_SUBSCRIBE:
	case MQTT_UNSUBSCRIBE:
		return subscribe(p);
	case MQTT_SUBACK:
	case MQTT_UNSUBACK:
		return subscribed(p);
	case MQTT_PINGREQ:
	case MQTT_PINGRESP:
		return ping(p);
	case MQTT_AUTH:
		if (p->state->version != MQTT_UNKNOWN && p->state->version != MQTT_5)
			return PARSED_BAD;
		return reason_only(p);
	case MQTT_DISCONNECT:
		return reason_only(p);
	case MQTT_WILL:
		break;
	}
	return PARSED_BAD;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct mqtt_packet p = { .s = s, .state = s->state };
	uint8_t first = cur_u8(&c);
	size_t size = mqtt_varint(&c);
	p.type = first >> 4;
	p.flags = first & 15;
	p.c = c;
	p.missing = s->cut && size > c.left ? size - c.left : 0;
	enum parsed how = cur_ok(&c) ? packet(&p) : PARSED_BAD;
	if (how == PARSED_BAD && p.state->guessed && !p.in_step) { /* guessed wrong? */
		fact_drop(s);
		p.state->version = MQTT_UNKNOWN;
		p.state->guessed = false;
		how = packet(&p);
	}
	p.state->lost[s->side & 1] = how == PARSED_BAD && !p.in_step;
	return how;
}

/* --- whose stream, and how long --- */

/* What comes once in a conversation, at its beginning or end, begins none that is under way. */
static bool comes_once(enum mqtt_type type)
{
	return type == MQTT_CONNACK || type == MQTT_DISCONNECT || type == MQTT_AUTH;
}

/* A CONNECT says its name, and who opened the connection begins with it.  In the middle of a
 * conversation a packet with a text in it that fits to the byte will do; those of a few bytes do
 * not before several came. */
static enum probe probe(struct cur c, const struct scene *s)
{
	enum { SEVERAL = 4 };
	unsigned seen = 0, once = 0;
	if (s->client == s->side && cur_peek(&c, 0) != MQTT_CONNECT << 4)
		return PROBE_NO;
	for (bool sure = false; c.left;) {
		size_t size = 0;
		enum mqtt_type type = (enum mqtt_type)(cur_peek(&c, 0) >> 4);
		enum mqtt_fit fit = mqtt_fits(c, MQTT_UNKNOWN, &size);
		if (fit == MQTT_FITS && type == MQTT_CONNECT)
			return PROBE_YES;
		if (fit == MQTT_FITS_NOT)
			return PROBE_NO;
		if (fit == MQTT_FITS_SO_FAR)
			return sure ? PROBE_YES : PROBE_MORE;
		if (comes_once(type) && once++)
			return PROBE_NO;
		sure |= fit == MQTT_FITS || ++seen == SEVERAL;
		(void)cur_upto(&c, size);
		if (sure && !c.left)
			return PROBE_YES;
	}
	return PROBE_MORE;
}

static long frame(struct cur c, struct scene *s)
{
	const struct mqtt_state *state = s->state;
	if (state->lost[s->side & 1]) {
		size_t size = 0;
		enum mqtt_fit fit = mqtt_fits(c, state->version, &size);
		return fit == MQTT_FITS_NOT       ? FRAME_LOST
			: fit == MQTT_FITS_SO_FAR ? FRAME_MORE
						  : (long)size;
	}
	size_t here = c.left;
	cur_skip(&c, 1);
	size_t size = mqtt_varint(&c);
	if (cur_ok(&c))
		return (long)(here - c.left + size);
	return here < HEAD_MAX ? FRAME_MORE : FRAME_LOST;
}

static void gap(struct scene *s)
{
	struct mqtt_state *state = s->state;
	state->lost[s->side & 1] = true;
	kept_drop(s, &state->known[s->side & 1]);
}

const struct proto proto_mqtt = {
	.name = "mqtt",
	.title = "MQTT with Sparkplug B",
	.standard = "OASIS MQTT 5.0 and 3.1.1, MQTT 3.1; Eclipse Sparkplug 3.0.0 and 2.2",
	.reads =
		"all packets and properties, logins, subscriptions, wills; numbers in plain and JSON payloads; Sparkplug B births, data, commands with every kind of metric; points",
	.seen = "14 captures: mosquitto with its clients in versions 3.1, 3.1.1 and 5, a public broker, a gateway's values in JSON, a generator; Sparkplug not yet",
	.over = OVER_TCP,
	.begins = "10 20 30-35 3a-3d 40 50 62 82 90 a2 b0 c0 d0 e0 f0",
	/* Not .ot: a broker is no controller, nor is who asks it one who operates a plant. */
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.keeps = 2,
	.state_size = sizeof(struct mqtt_state),
	.asks = 24, /* brokers and clients have 20 messages under way where nobody says otherwise */
	.ask_size = sizeof(struct mqtt_asked),
	.point_name = mqtt_point_name,
};
