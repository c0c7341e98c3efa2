/* MQTT 5.0, 2.2.2: properties, each an identifier and a value of a kind that goes with it. */
#include "sense/proto/mqtt.h"
#include "sense/secret.h"

enum kind { BYTE = 1, TWO, FOUR, VARIABLE, BINARY, STRING, PAIR, SECRET };

enum { USER_PROPERTY = 0x26, SUBSCRIPTION = 0x0b, TOPIC_ALIAS = 0x23, METHOD = 0x15, LAST = 0x2a };

#define IN(type) (1u << (type))

/* Table 2-4: where each may stand. */
enum {
	PUBLISHED = IN(MQTT_PUBLISH) | IN(MQTT_WILL),
	LOGIN = IN(MQTT_CONNECT) | IN(MQTT_CONNACK) | IN(MQTT_AUTH),
	BOTH_ENDS = IN(MQTT_CONNECT) | IN(MQTT_CONNACK),
	ANSWERS = IN(MQTT_CONNACK) | IN(MQTT_PUBACK) | IN(MQTT_PUBREC) | IN(MQTT_PUBREL) |
		IN(MQTT_PUBCOMP) | IN(MQTT_SUBACK) | IN(MQTT_UNSUBACK) | IN(MQTT_DISCONNECT) |
		IN(MQTT_AUTH),
	ANYWHERE = 0x1ffff,
};

static const struct property {
	struct field field;
	uint32_t where;
	uint8_t kind;
} properties[LAST + 1] = {
	[0x01] = { { "mqtt.property.payload_format", U8, 0, 1 }, PUBLISHED, BYTE },
	[0x02] = { { "mqtt.property.message_expiry", BE32 }, PUBLISHED, FOUR },
	[0x03] = { { "mqtt.property.content_type", TEXT }, PUBLISHED, STRING },
	[0x08] = { { "mqtt.property.response_topic", TEXT }, PUBLISHED, STRING },
	[0x09] = { { "mqtt.property.correlation_data", BYTES }, PUBLISHED, BINARY },
	[SUBSCRIPTION] = { { "mqtt.property.subscription_id", BE32, 1, 0xfffffff },
		IN(MQTT_PUBLISH) | IN(MQTT_SUBSCRIBE), VARIABLE },
	[0x11] = { { "mqtt.property.session_expiry", BE32 }, BOTH_ENDS | IN(MQTT_DISCONNECT),
		FOUR },
	[0x12] = { { "mqtt.property.assigned_client_id", TEXT }, IN(MQTT_CONNACK), STRING },
	[0x13] = { { "mqtt.property.server_keep_alive", BE16 }, IN(MQTT_CONNACK), TWO },
	[METHOD] = { { "mqtt.property.authentication_method", TEXT }, LOGIN, STRING },
	[0x16] = { { "mqtt.property.authentication_data", BYTES }, LOGIN, SECRET },
	[0x17] = { { "mqtt.property.request_problem_information", U8, 0, 1 }, IN(MQTT_CONNECT),
		BYTE },
	[0x18] = { { "mqtt.property.will_delay", BE32 }, IN(MQTT_WILL), FOUR },
	[0x19] = { { "mqtt.property.request_response_information", U8, 0, 1 }, IN(MQTT_CONNECT),
		BYTE },
	[0x1a] = { { "mqtt.property.response_information", TEXT }, IN(MQTT_CONNACK), STRING },
	[0x1c] = { { "mqtt.property.server_reference", TEXT },
		IN(MQTT_CONNACK) | IN(MQTT_DISCONNECT), STRING },
	[0x1f] = { { "mqtt.property.reason", TEXT }, ANSWERS, STRING },
	[0x21] = { { "mqtt.property.receive_maximum", BE16, 1, UINT16_MAX }, BOTH_ENDS, TWO },
	[0x22] = { { "mqtt.property.topic_alias_maximum", BE16 }, BOTH_ENDS, TWO },
	[TOPIC_ALIAS] = { { "mqtt.property.topic_alias", BE16, 1, UINT16_MAX }, IN(MQTT_PUBLISH),
		TWO },
	[0x24] = { { "mqtt.property.max_qos", U8, 0, 1 }, IN(MQTT_CONNACK), BYTE },
	[0x25] = { { "mqtt.property.retain_available", U8, 0, 1 }, IN(MQTT_CONNACK), BYTE },
	[USER_PROPERTY] = { { "mqtt.property.user_key", TEXT }, ANYWHERE, PAIR },
	[0x27] = { { "mqtt.property.maximum_packet_size", BE32, 1, UINT32_MAX }, BOTH_ENDS, FOUR },
	[0x28] = { { "mqtt.property.wildcard_subscriptions", U8, 0, 1 }, IN(MQTT_CONNACK), BYTE },
	[0x29] = { { "mqtt.property.subscription_ids", U8, 0, 1 }, IN(MQTT_CONNACK), BYTE },
	[0x2a] = { { "mqtt.property.shared_subscriptions", U8, 0, 1 }, IN(MQTT_CONNACK), BYTE },
};
static const struct field f_user_value = { "mqtt.property.user_value", TEXT };

static uint32_t number_of(enum kind kind, struct cur *c)
{
	return kind == BYTE    ? cur_u8(c)
		: kind == TWO  ? cur_be16(c)
		: kind == FOUR ? cur_be32(c)
			       : mqtt_varint(c);
}

static void read_text(struct scene *s, const struct property *p, struct cur *c)
{
	struct cur value = mqtt_text(c);
	if (!s || !cur_ok(c))
		return;
	if (p->kind == SECRET)
		fact_secret(s, &p->field, value.at, value.left);
	else if (p->kind == BINARY)
		fact_bytes(s, &p->field, value.at, value.left);
	else
		text_tell(s, &p->field, value);
}

/* What applications add: a password may be among it. */
static void read_pair(struct scene *s, const struct property *p, struct cur *c)
{
	struct cur key = mqtt_text(c), value = mqtt_text(c);
	if (!s || !cur_ok(c))
		return;
	text_tell(s, &p->field, key);
	if (secret_named(key.at, key.left) || mqtt_mentions_secret(value))
		fact_secret(s, &f_user_value, value.at, value.left);
	else
		text_tell(s, &f_user_value, value);
}

static void read_value(
	struct scene *s, const struct property *p, struct cur *c, struct mqtt_properties *found)
{
	if (p->kind == PAIR) {
		read_pair(s, p, c);
	} else if (p->kind >= BINARY) {
		read_text(s, p, c);
	} else {
		uint32_t v = number_of(p->kind, c);
		if (p == &properties[TOPIC_ALIAS])
			found->topic_alias = (uint16_t)v;
		if (s && cur_ok(c))
			fact_uint(s, &p->field, v);
	}
}

bool mqtt_properties(
	struct scene *s, struct cur *c, enum mqtt_type where, struct mqtt_properties *found)
{
	*found = (struct mqtt_properties){ 0 };
	uint32_t size = mqtt_varint(c);
	struct cur in = cur_sub(c, size);
	uint64_t seen = 0;
	while (in.left) {
		uint32_t id = mqtt_varint(&in);
		/* What a number says that the standard does not know, nobody can pass over. */
		if (id > LAST || !properties[id].kind) {
			cur_fail(c);
			return false;
		}
		const struct property *p = &properties[id];
		bool repeats = id == USER_PROPERTY || (id == SUBSCRIPTION && where == MQTT_PUBLISH);
		found->odd |= !(p->where & IN(where)) || (seen >> id & 1 && !repeats);
		found->method |= id == METHOD;
		found->count++;
		seen |= UINT64_C(1) << id;
		read_value(s, p, &in, found);
	}
	cur_need(c, cur_ok(&in));
	if (s && found->odd)
		fact_violation(s);
	return cur_ok(c);
}
