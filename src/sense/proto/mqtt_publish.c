/* MQTT: PUBLISH (5.0, 3.3).  What is published is anybody's: a number, JSON, a text, a picture, or
 * a payload of Sparkplug (sparkplug.c).  Numbers are told with the topic they stand under. */
#include "base/out.h"
#include "sense/proto/sparkplug.h"
#include "sense/secret.h"

/* A topic longer than this names no point; so many numbers of a payload are told. */
enum { TOPIC_MAX = 1024, TOLD_MAX = 1024 };

static const struct field f_type = { "mqtt.msgtype", U8 };
static const struct field f_dup = { "mqtt.dupflag", FLAG };
static const struct field f_qos = { "mqtt.qos", U8 };
static const struct field f_retain = { "mqtt.retain", FLAG };
static const struct field f_topic = { "mqtt.topic", TEXT | NAMING };
static const struct field f_id = { "mqtt.msgid", BE16 | NUMBERING, 1, UINT16_MAX };
static const struct field f_size = { "mqtt.payload_size", BE32 };
static const struct field f_text = { "mqtt.msg_text", TEXT };
static const struct field f_pointer = { "mqtt.json_pointer", TEXT };
static const struct field f_value = { "mqtt.value", REAL };
static const struct field f_flag = { "mqtt.value", FLAG };

/* Each with the row of its acknowledgement behind it. */
static const struct msg row_publish[2] = {
	BOTH(MQTT_PUBLISH, ACT_OTHER, EFFECT_NONE, "publish"),
};
static const struct msg row_command[2] = {
	BOTH(MQTT_PUBLISH, ACT_WRITE, EFFECT_NONE, "publish_command"),
};

struct publish {
	struct mqtt_packet *p;
	struct cur topic, properties, payload;
	size_t payload_size;
	uint16_t id, alias;
	uint8_t qos;
	bool command, points;
	char *name;    /* "topic#", and room for the way to a number */
	unsigned told; /* of these */
};

/* --- texts --- */

bool mqtt_is_name(struct cur c)
{
	if (!text_is_utf8(c))
		return false;
	while (c.left) {
		uint8_t b = cur_u8(&c);
		if (b < ' ' || (b == 0xc2 && cur_peek(&c, 0) < 0xa0)) /* C0 and C1 */
			return false;
	}
	return true;
}

struct cur mqtt_first_of(struct cur c)
{
	struct cur start = cur_upto(&c, MQTT_TEXT_TOLD);
	while (c.left && (cur_peek(&start, start.left - 1) & 0xc0) == 0x80)
		start.left--; /* a character that may be torn, up to its first byte */
	if (c.left && cur_peek(&start, start.left - 1) >= 0xc0)
		start.left--;
	return start;
}

/* The part of a payload that is told where it is a text; empty where it is none. */
static struct cur text_start(struct cur c)
{
	struct cur start = mqtt_first_of(c);
	return text_is_utf8(start) ? start : cur_none();
}

static bool is_word(int b)
{
	return (b >= '0' && b <= '9') || ((b | 32) >= 'a' && (b | 32) <= 'z') || b == '_' ||
		b == '-';
}

/* "rtsp://user:password@camera" */
static bool is_login(struct cur c)
{
	if (!cur_starts(&c, "://"))
		return false;
	cur_skip(&c, 3);
	for (bool colon = false; c.left;) {
		uint8_t b = cur_u8(&c);
		if (b == '@' || b == '/' || b <= ' ' || b == '"')
			return b == '@' && colon;
		colon |= b == ':';
	}
	return false;
}

/* Settings travel as text, too, and passwords in them. */
bool mqtt_mentions_secret(struct cur c)
{
	while (c.left) {
		struct cur word = c;
		size_t size = 0;
		for (int b; is_word(b = cur_peek(&c, size)); size++)
			if (b == '-' && secret_named(c.at, size)) /* "pw-1a2b" */
				return true;
		word = cur_sub(&word, size);
		if (secret_named(word.at, word.left) || (!size && is_login(c)))
			return true;
		cur_skip(&c, size ? size : 1);
	}
	return false;
}

bool mqtt_tell_text(struct scene *s, const struct field *f, struct cur topic, struct cur payload)
{
	struct cur text = text_start(payload);
	if (!text.left)
		return false;
	if (secret_on_the_way(topic.at, topic.left) || mqtt_mentions_secret(text))
		fact_secret(s, f, text.at, text.left);
	else
		text_tell(s, f, text);
	return true;
}

/* --- values --- */

/* The place of a character's first byte, at or behind one. */
static size_t character_at(struct cur c, size_t at)
{
	while (at < c.left && (cur_peek(&c, at) & 0xc0) == 0x80)
		at++;
	return at;
}

/* A name too long for a point loses its middle, with a sum in its place that tells it from others
 * (FNV-1a): what is told of it has to be the same tomorrow. */
void mqtt_point_name(const struct point_at *at, char name[POINT_NAME])
{
	enum { FRONT = 40, BACK = 70 };
	struct out o = out_mem(name, POINT_NAME);
	struct cur all = at->symbol ? cur_of(at->symbol, at->symbol_size) : cur_none();
	if (all.left < POINT_NAME) {
		out_bytes(&o, all.at, all.left);
	} else {
		struct cur front = all, back = all;
		front = cur_upto(&front, character_at(all, FRONT));
		cur_skip(&back, character_at(all, all.left - BACK));
		uint32_t sum = 0x811c9dc5;
		while (all.left)
			sum = (sum ^ cur_u8(&all)) * 0x01000193;
		out_bytes(&o, front.at, front.left);
		out_fmt(&o, "~%08x~", sum);
		out_bytes(&o, back.at, back.left);
	}
	out_text(&o);
}

/* Values live where they were heard of: with the device that publishes, or with the broker, whose
 * topics they are.  A command is for somebody behind the broker. */
static void tell_point(const struct publish *is, struct cur name, double v)
{
	const struct point_at at = {
		.space = MQTT_SPACE_TOPIC, .symbol = name.at, .symbol_size = (uint16_t)name.left
	};
	if (!is->points || !cur_ok(&name))
		return;
	if (is->command)
		point_server(is->p->s, &at, v, true);
	else
		point_sender(is->p->s, &at, v, false);
}

/* When something was measured is no measurement. */
static bool is_time(struct cur pointer)
{
	for (long slash; (slash = cur_find(&pointer, '/')) >= 0;)
		cur_skip(&pointer, (size_t)slash + 1);
	return text_is(&pointer, "ts") || text_is(&pointer, "time") ||
		text_is(&pointer, "timestamp");
}

/* A topic cannot have '#' in it: what follows is the way into the payload. */
static void tell_member(void *self, struct cur pointer, double v, bool is_flag)
{
	struct publish *is = self;
	struct scene *s = is->p->s;
	if (secret_on_the_way(pointer.at, pointer.left))
		return;
	char *kept = is->told++ < TOLD_MAX ? scene_scratch(s, pointer.left) : NULL;
	if (!kept) {
		value_refused(s);
		return;
	}
	memcpy(kept, pointer.at, pointer.left);
	fact_text(s, &f_pointer, kept, pointer.left);
	if (is_flag)
		fact_flag(s, &f_flag, v != 0);
	else
		fact_real(s, &f_value, v);
	if (!is->name || !mqtt_is_name(pointer) || is_time(pointer))
		return;
	memcpy(&is->name[is->topic.left + 1], pointer.at, pointer.left);
	tell_point(is, cur_of(is->name, is->topic.left + 1 + pointer.left), v);
}

static void tell_members(struct publish *is)
{
	size_t size = is->topic.left + 1;
	if (is->points && size <= TOPIC_MAX)
		is->name = scene_scratch(is->p->s, size + MQTT_POINTER_MAX);
	if (is->name) {
		memcpy(is->name, is->topic.at, is->topic.left);
		is->name[is->topic.left] = '#';
	}
	mqtt_json(is->payload, tell_member, is);
}

static void tell_payload(struct publish *is)
{
	struct scene *s = is->p->s;
	struct cur payload = is->payload;
	double v;
	fact_uint(s, &f_size, is->payload_size);
	/* A value is told with its topic, or not at all. */
	if (!is->topic.left || !mqtt_tell_text(s, &f_text, is->topic, payload))
		return;
	if (is->p->missing || secret_on_the_way(is->topic.at, is->topic.left))
		return;
	if (mqtt_number(payload, &v)) {
		fact_real(s, &f_value, v);
		if (is->topic.left <= TOPIC_MAX)
			tell_point(is, is->topic, v);
	} else {
		tell_members(is);
	}
}

/* --- the packet --- */

/* Who saw no CONNECT has to tell the versions apart by what stands behind the topic: properties, or
 * the payload right away.  A payload in text or of Sparkplug does not begin with a zero. */
static uint8_t version_of(struct cur c, const struct sparkplug *sp)
{
	struct mqtt_properties found;
	if (!c.left || !mqtt_properties(NULL, &c, MQTT_PUBLISH, &found) || found.odd)
		return MQTT_3_1_1;
	if (found.count || (c.left && (sp->kind || text_start(c).left)))
		return MQTT_5;
	return MQTT_UNKNOWN;
}

/* False where the packet is not what it should be. */
static bool read_publish(struct publish *is, struct sparkplug *sp)
{
	struct mqtt_packet *p = is->p;
	struct cur c = p->c;
	struct mqtt_properties found = { 0 };
	is->topic = mqtt_text(&c);
	is->id = is->qos ? cur_be16(&c) : 0;
	if (!cur_ok(&c))
		return false;
	sparkplug_topic(is->topic, sp);
	if (p->state->version == MQTT_UNKNOWN)
		mqtt_guess(p, version_of(c, sp));
	is->properties = c;
	if (p->state->version == MQTT_5 && !mqtt_properties(NULL, &c, MQTT_PUBLISH, &found))
		return false;
	is->payload = c;
	is->payload_size = c.left + p->missing;
	is->alias = found.topic_alias;
	return true;
}

/* The topic that the sender declares for this number, or declared. */
static void find_topic(struct publish *is, struct sparkplug *sp)
{
	const uint8_t number[] = { (uint8_t)(is->alias >> 8), (uint8_t)is->alias };
	const struct cur key = cur_of(number, sizeof number);
	struct mqtt_known known;
	struct mqtt_room room;
	struct scene *s = is->p->s;
	if (is->alias && is->topic.left &&
		mqtt_know(s, MQTT_KNOWN_TOPIC, key, 0, is->topic.left, &room))
		memcpy(room.body, is->topic.at, is->topic.left);
	if (!is->alias || is->topic.left ||
		!mqtt_known(is->p->state, s->side, MQTT_KNOWN_TOPIC, key, &known))
		return;
	is->topic = known.body;
	sparkplug_topic(is->topic, sp);
}

/* Topics that ask somebody to do something, by the words that conventions give them: the last level
 * of Homie and zigbee2mqtt, "set"; the first one of Tasmota, "cmnd"; "cmd" and "command". */
static bool is_command(struct cur topic)
{
	struct cur first = topic, last = topic;
	long slash = cur_find(&topic, '/');
	if (slash < 0)
		return false;
	first = cur_upto(&first, (size_t)slash);
	while ((slash = cur_find(&last, '/')) >= 0)
		cur_skip(&last, (size_t)slash + 1);
	return mqtt_is(first, "cmnd") || mqtt_is(last, "set") || mqtt_is(last, "cmd") ||
		mqtt_is(last, "command");
}

static void tell_head(struct publish *is, const struct msg *row)
{
	struct scene *s = is->p->s;
	struct mqtt_properties found;
	fact_begin(s, row);
	mqtt_either(s);
	if (row->act != ACT_OTHER)
		fact_actor(s, ACTOR_SENDER);
	fact_uint(s, &f_type, MQTT_PUBLISH);
	fact_flag(s, &f_dup, is->p->flags & MQTT_DUP);
	fact_uint(s, &f_qos, is->qos);
	fact_flag(s, &f_retain, is->p->flags & MQTT_RETAIN);
	if (is->topic.left)
		text_tell(s, &f_topic, is->topic);
	bool named = is->topic.left || is->alias;
	bool wild = cur_find(&is->topic, '#') >= 0 || cur_find(&is->topic, '+') >= 0;
	if (!named || wild || !text_is_utf8(is->topic) || (!is->qos && is->p->flags & MQTT_DUP))
		fact_violation(s);
	if (is->qos)
		fact_uint(s, &f_id, is->id);
	if (is->p->state->version == MQTT_5)
		mqtt_properties(s, &is->properties, MQTT_PUBLISH, &found);
}

/* What brokers say of themselves. */
static void say_who(const struct publish *is)
{
	struct scene *s = is->p->s;
	if (s->client == !s->side && mqtt_is(is->topic, "$SYS/broker/version") &&
		is->payload.left <= MQTT_TEXT_TOLD && text_is_utf8(is->payload))
		who_sender(s, ID_SOFTWARE, is->payload.at, is->payload.left);
}

static const struct msg *row_of(struct publish *is, struct sparkplug *sp)
{
	if (sp->kind)
		return sparkplug_row(is->p->s, sp);
	is->command = is_command(is->topic);
	return is->command ? row_command : row_publish;
}

/* True for what was sent before, and waits for its answer still. */
static bool ask(const struct publish *is, const struct msg *row)
{
	struct scene *s = is->p->s;
	uint32_t key = mqtt_key(s->side, MQTT_PUBLISH, is->id);
	if (!is->qos)
		return false;
	bool again = is->p->flags & MQTT_DUP && ask_waits(s, key);
	struct mqtt_asked *asked = ask_put(s, key);
	if (asked)
		asked->answer = row + 1;
	return again;
}

/* A broker hands out what it kept: somebody said so once, nobody knows when.  And a command is for
 * the other side of the broker, which has to be known, and must not refuse it as version 5 can. */
static bool is_sample(const struct publish *is, const struct msg *row)
{
	const struct scene *s = is->p->s;
	bool stored = is->p->flags & MQTT_RETAIN && s->client != s->side;
	bool refusable = is->qos && is->p->state->version == MQTT_5;
	bool fine = row->act == ACT_OTHER || (s->client >= 0 && !refusable);
	return is->topic.left && !stored && fine;
}

enum parsed mqtt_publish(struct mqtt_packet *p)
{
	struct scene *s = p->s;
	struct publish is = { .p = p, .qos = p->flags >> 1 & 3 };
	struct sparkplug sp = { .kind = SPARKPLUG_NONE };
	if (is.qos > 2 || !read_publish(&is, &sp))
		return p->missing && is.qos <= 2 ? PARSED_CUT : PARSED_BAD;
	find_topic(&is, &sp);
	sp.payload = is.payload;
	sp.cut = p->missing;
	bool told = p->state->version != MQTT_UNKNOWN;
	if (!told || (sp.kind == SPARKPLUG_STATE && !sparkplug_is_state(&sp)))
		sp.kind = SPARKPLUG_NONE;
	if (sp.kind && !sparkplug_reads(&sp)) {
		p->in_step = true;
		return PARSED_BAD;
	}
	const struct msg *row = row_of(&is, &sp);
	bool again = ask(&is, row);
	is.points = !again && is_sample(&is, row) && mqtt_is_name(is.topic);
	sp.points = is.points;
	tell_head(&is, row);
	if (sp.kind)
		sparkplug_tell(s, &sp);
	else if (told)
		tell_payload(&is);
	fact_end(s);
	say_who(&is);
	if (sp.kind)
		sparkplug_keep(s, &sp);
	return PARSED_WHOLE;
}
