/* MQTT: CONNECT and CONNACK (5.0, 3.1 and 3.2): who logs in, and what the broker says to it. */
#include "base/attr.h"
#include "sense/proto/mqtt.h"

enum { BRIDGE = 0x80 };

/* CONNECT flags, 3.1.2.3 */
enum {
	RESERVED = 0x01,
	CLEAN = 0x02,
	WILL = 0x04,
	WILL_QOS = 0x18,
	WILL_RETAIN = 0x20,
	PASSWORD = 0x40,
	USER_NAME = 0x80
};

/* Reasons of a refusal that are about who somebody is: 3.1.1 and 5.0. */
enum {
	BAD_PASSWORD_3 = 4,
	NOT_AUTHORIZED_3 = 5,
	BAD_PASSWORD = 0x86,
	NOT_AUTHORIZED = 0x87,
	BAD_METHOD = 0x8c
};
/* Brokers that know version 5 alone say it in that version's words to older clients (3.1.2.2). */
enum { BAD_VERSION = 0x84 };

static const struct field f_protocol = { "mqtt.protoname", TEXT };
static const struct field f_version = { "mqtt.ver", U8 };
static const struct field f_has_user = { "mqtt.conflag.uname", FLAG };
static const struct field f_has_password = { "mqtt.conflag.passwd", FLAG };
static const struct field f_has_will = { "mqtt.conflag.willflag", FLAG };
static const struct field f_will_qos = { "mqtt.conflag.qos", U8, 0, 2 };
static const struct field f_will_retain = { "mqtt.conflag.retain", FLAG };
static const struct field f_clean = { "mqtt.conflag.cleansess", FLAG };
static const struct field f_keep_alive = { "mqtt.kalive", BE16 };
static const struct field f_client = { "mqtt.clientid", TEXT };
static const struct field f_will_topic = { "mqtt.willtopic", TEXT };
static const struct field f_will_size = { "mqtt.willmsg_len", BE16 };
static const struct field f_will_text = { "mqtt.willmsg_text", TEXT };
static const struct field f_user = { "mqtt.username", TEXT };
static const struct field f_password = { "mqtt.passwd", TEXT };
static const struct field f_session_present = { "mqtt.conack.flags.sp", FLAG };
static const struct field f_return_code = { "mqtt.conack.val", U8, 0, 5 };
static const struct field f_reason = { "mqtt.connack.reason_code", U8 };

enum { ROW_ANONYMOUS = 0x20, ROW_REFUSED = 0x40 };

/* Who logs in without a name and a password shows by the word. */
static const struct msg rows[] = {
	{ MQTT_CONNECT, DIR_REQUEST, ACT_OTHER, EFFECT_LOGIN, "connect" },
	{ MQTT_CONNACK, DIR_RESPONSE, ACT_OTHER, EFFECT_LOGIN, "connect" },
	{ MQTT_CONNACK | ROW_REFUSED, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED, "connect" },
	{ MQTT_CONNECT | ROW_ANONYMOUS, DIR_REQUEST, ACT_OTHER, 0, "connect_anonymous" },
	{ MQTT_CONNACK | ROW_ANONYMOUS, DIR_RESPONSE, ACT_OTHER, 0, "connect_anonymous" },
	{ MQTT_CONNACK | ROW_ANONYMOUS | ROW_REFUSED, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED,
		"connect_anonymous" },
	{ 0 },
};

struct connect {
	struct cur protocol, client, user;
	uint8_t level, version, flags;
	uint16_t keep_alive;
	bool anonymous, user_told;
};

/* Identifiers that a library made up say nothing: "mosq-8Jk2...", "auto-1B6E...", "paho482913". */
static bool is_made_up(struct cur c)
{
	static const char *const words[] = { "mosq", "auto-", "paho", "mqttjs", "ID:" };
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (cur_starts(&c, words[i]))
			return true;
	unsigned run = 0, digits = 0;
	while (c.left) {
		uint8_t b = cur_u8(&c);
		bool digit = b >= '0' && b <= '9', hex = (b | 32) >= 'a' && (b | 32) <= 'f';
		run = digit || hex ? run + 1 : 0;
		digits = digit ? digits + 1 : run ? digits : 0;
		if (run >= 6 && digits >= 2)
			return true;
	}
	return false;
}

static void tell_will(struct mqtt_packet *p, struct cur *c)
{
	struct scene *s = p->s;
	struct mqtt_properties found;
	if (p->state->version == MQTT_5 && !mqtt_properties(s, c, MQTT_WILL, &found))
		return;
	struct cur topic = mqtt_text(c), message = mqtt_text(c);
	if (!cur_ok(c))
		return;
	text_tell(s, &f_will_topic, topic);
	fact_uint(s, &f_will_size, message.left);
	mqtt_tell_text(s, &f_will_text, topic, message);
}

/* 3.1 lets a client promise a name or a password and leave it out (3.1 of its specification). */
static bool follows(const struct mqtt_packet *p, const struct cur *c, bool promised)
{
	return promised && (c->left || p->state->version != MQTT_3_1);
}

/* A name alone opens the door: clouds have their access tokens there. */
static void tell_user(struct scene *s, struct connect *is)
{
	is->user_told = is->flags & PASSWORD && !mqtt_mentions_secret(is->user);
	if (is->user_told)
		text_tell(s, &f_user, is->user);
	else
		fact_secret(s, &f_user, is->user.at, is->user.left);
}

static bool tell_payload(struct mqtt_packet *p, struct connect *is, struct cur *c)
{
	struct scene *s = p->s;
	is->client = mqtt_text(c);
	if (cur_ok(c))
		text_tell(s, &f_client, is->client);
	if (is->flags & WILL)
		tell_will(p, c);
	is->user = cur_none();
	if (follows(p, c, is->flags & USER_NAME)) {
		is->user = mqtt_text(c);
		if (cur_ok(c))
			tell_user(s, is);
	}
	if (follows(p, c, is->flags & PASSWORD)) {
		struct cur password = mqtt_text(c);
		if (cur_ok(c))
			fact_secret(s, &f_password, password.at, password.left);
	}
	return cur_ok(c) && !c->left;
}

static void tell_flags(struct scene *s, const struct connect *is)
{
	unsigned flags = is->flags;
	fact_flag(s, &f_has_user, flags & USER_NAME);
	fact_flag(s, &f_has_password, flags & PASSWORD);
	fact_flag(s, &f_will_retain, flags & WILL_RETAIN);
	fact_uint(s, &f_will_qos, (flags & WILL_QOS) >> 3);
	fact_flag(s, &f_has_will, flags & WILL);
	fact_flag(s, &f_clean, flags & CLEAN);
	bool will_odd = !(flags & WILL) && flags & (WILL_QOS | WILL_RETAIN);
	bool password_odd = is->version < MQTT_5 && (flags & PASSWORD) && !(flags & USER_NAME);
	if ((flags & RESERVED) || will_odd || password_odd)
		fact_violation(s);
}

static bool read_connect(struct cur *c, struct connect *is)
{
	is->protocol = mqtt_text(c);
	is->level = cur_u8(c);
	is->flags = cur_u8(c);
	is->keep_alive = cur_be16(c);
	if (!cur_ok(c))
		return false;
	bool old = is->protocol.left == 6 && cur_starts(&is->protocol, "MQIsdp");
	if (!old && !(is->protocol.left == 4 && cur_starts(&is->protocol, "MQTT")))
		return false;
	is->version = is->level & (uint8_t)~BRIDGE; /* one broker to another */
	struct mqtt_properties found = { 0 };
	struct cur look = *c;
	if (is->version == MQTT_5 && !mqtt_properties(NULL, &look, MQTT_CONNECT, &found))
		return false;
	is->anonymous = !(is->flags & (USER_NAME | PASSWORD)) && !found.method;
	return true;
}

enum parsed mqtt_connect(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct cur c = p->c;
	struct connect is = { .user_told = false };
	struct mqtt_properties found;
	if (!read_connect(&c, &is))
		return mqtt_too_short(p);
	bool known = is.version >= MQTT_3_1 && is.version <= MQTT_5;
	for (unsigned side = 0; side < 2; side++) { /* of a connection before, 3.3.2.3.4 */
		kept_drop(s, &p->state->known[side]);
		p->state->lost[side] = false;
	}
	p->state->version = known ? is.version : MQTT_UNKNOWN;
	p->state->guessed = false;
	p->state->bridge = is.level & BRIDGE;
	p->state->node = 0;
	scene_client(s);
	struct mqtt_asked *asked = ask_put(s, mqtt_key(0, MQTT_CONNECT, 0));
	if (asked)
		asked->anonymous = is.anonymous;
	mqtt_begin(
		p, msg_find(rows, MQTT_CONNECT | (is.anonymous ? ROW_ANONYMOUS : 0u), DIR_REQUEST));
	text_tell(s, &f_protocol, is.protocol);
	fact_uint(s, &f_version, is.level);
	tell_flags(s, &is);
	fact_uint(s, &f_keep_alive, is.keep_alive);
	if (!known) { /* nobody knows what follows */
		fact_violation(s);
		return PARSED_WHOLE;
	}
	if (is.version == MQTT_5)
		mqtt_properties(s, &c, MQTT_CONNECT, &found);
	if (!tell_payload(p, &is, &c))
		return mqtt_too_short(p);
	fact_end(s);
	if (!is_made_up(is.client) && text_is_utf8(is.client))
		who_sender(s, ID_NAME, is.client.at, is.client.left);
	if (is.user_told)
		who_sender(s, ID_USER, is.user.at, is.user.left);
	return PARSED_WHOLE;
}

static bool is_about_login(uint8_t code)
{
	return code == BAD_PASSWORD_3 || code == NOT_AUTHORIZED_3 || code == BAD_PASSWORD ||
		code == NOT_AUTHORIZED || code == BAD_METHOD;
}

/* 3.1 and 3.1.1 have two bytes, 5 has its properties behind them. */
enum parsed mqtt_connack(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct cur c = p->c;
	uint8_t flags = cur_u8(&c), code = cur_u8(&c);
	if (!cur_ok(&c))
		return mqtt_too_short(p);
	/* A broker that does not know version 5 answers as 3.1.1 asks (3.1.2.2). */
	bool five = c.left || code == BAD_VERSION;
	mqtt_guess(p, five ? MQTT_5 : MQTT_3_1_1);
	if (five && p->state->version != MQTT_5 && code != BAD_VERSION)
		return PARSED_BAD;
	const struct mqtt_asked *asked = ask_take(s, mqtt_key(0, MQTT_CONNECT, 0));
	uint32_t row = MQTT_CONNACK | (asked && asked->anonymous ? ROW_ANONYMOUS : 0u) |
		(is_about_login(code) ? ROW_REFUSED : 0u);
	scene_server(s);
	mqtt_begin(p, msg_find(rows, row, DIR_RESPONSE));
	if (code)
		fact_failed(s);
	if (p->state->version != MQTT_3_1) /* where the byte is reserved */
		fact_flag(s, &f_session_present, flags & 1);
	if (flags & 0xfe)
		fact_violation(s);
	fact_uint(s, five ? &f_reason : &f_return_code, code);
	struct mqtt_properties found;
	if (c.left && !mqtt_properties(s, &c, MQTT_CONNACK, &found))
		return mqtt_too_short(p);
	return c.left ? PARSED_BAD : PARSED_WHOLE;
}
