/* Sparkplug B: Eclipse Sparkplug specification 3.0.0, chapter 4 (topics), 5 (what happens when) and
 * 6 (payloads, Protocol Buffers); 2.2 where STATE is concerned. */
#include "base/attr.h"
#include "base/hash.h"
#include "sense/proto/sparkplug.h"

/* Whatever a message of 64 KiB holds, looking at it takes less than a millisecond. */
enum { KEY_MAX = 1024, TOLD_MAX = 2048 };

static const struct field f_space = { "sparkplugb.namespace", TEXT };
static const struct field f_group = { "sparkplugb.groupid", TEXT | NAMING };
static const struct field f_type = { "sparkplugb.messagetype", TEXT | NAMING };
static const struct field f_node = { "sparkplugb.edgenodeid", TEXT | NAMING };
static const struct field f_device = { "sparkplugb.deviceid", TEXT | NAMING };
static const struct field f_host = { "sparkplugb.host", TEXT | NAMING };
static const struct field f_online = { "sparkplugb.online", FLAG };
static const struct field f_timestamp = { "sparkplugb.timestamp", BE64 | NUMBERING };
static const struct field f_sequence = { "sparkplugb.seq", U8 | NUMBERING, 0, UINT8_MAX };
static const struct field f_uuid = { "sparkplugb.uuid", TEXT };
static const struct field f_body_size = { "sparkplugb.body_size", BE32 };

/* What a command does, worst last; on top of its kind.  Rebirth asks for what is there already. */
enum { IS_REBIRTH = 0x10, IS_CONTROL = 0x20, IS_WRITE = 0, IS_REBOOT = 0x40 };

/* Each with the row of its acknowledgement behind it. */
static const struct msg rows[] = {
	BOTH(SPARKPLUG_NBIRTH, ACT_OTHER, 0, "sparkplug_node_birth"),
	BOTH(SPARKPLUG_NDEATH, ACT_OTHER, 0, "sparkplug_node_death"),
	BOTH(SPARKPLUG_NDATA, ACT_OTHER, 0, "sparkplug_node_data"),
	BOTH(SPARKPLUG_DBIRTH, ACT_OTHER, 0, "sparkplug_device_birth"),
	BOTH(SPARKPLUG_DDEATH, ACT_OTHER, 0, "sparkplug_device_death"),
	BOTH(SPARKPLUG_DDATA, ACT_OTHER, 0, "sparkplug_device_data"),
	BOTH(SPARKPLUG_STATE, ACT_OTHER, 0, "sparkplug_state"),
	BOTH(SPARKPLUG_NCMD | IS_WRITE, ACT_WRITE, 0, "sparkplug_node_command"),
	BOTH(SPARKPLUG_NCMD | IS_REBIRTH, ACT_READ, 0, "sparkplug_node_rebirth"),
	BOTH(SPARKPLUG_NCMD | IS_CONTROL, ACT_CONTROL, 0, "sparkplug_node_control"),
	BOTH(SPARKPLUG_NCMD | IS_REBOOT, ACT_CONTROL, EFFECT_RESTART, "sparkplug_node_reboot"),
	BOTH(SPARKPLUG_DCMD | IS_WRITE, ACT_WRITE, 0, "sparkplug_device_command"),
	BOTH(SPARKPLUG_DCMD | IS_REBIRTH, ACT_READ, 0, "sparkplug_device_rebirth"),
	BOTH(SPARKPLUG_DCMD | IS_CONTROL, ACT_CONTROL, 0, "sparkplug_device_control"),
	BOTH(SPARKPLUG_DCMD | IS_REBOOT, ACT_CONTROL, EFFECT_RESTART, "sparkplug_device_reboot"),
	{ 0 },
};

/* --- topics, 4.1 --- */

static enum sparkplug_kind kind_of(struct cur type)
{
	static const char *const names[] = { [SPARKPLUG_NBIRTH] = "NBIRTH",
		[SPARKPLUG_NDEATH] = "NDEATH",
		[SPARKPLUG_NDATA] = "NDATA",
		[SPARKPLUG_NCMD] = "NCMD",
		[SPARKPLUG_DBIRTH] = "DBIRTH",
		[SPARKPLUG_DDEATH] = "DDEATH",
		[SPARKPLUG_DDATA] = "DDATA",
		[SPARKPLUG_DCMD] = "DCMD" };
	for (size_t i = SPARKPLUG_NBIRTH; i < COUNT_OF(names); i++)
		if (mqtt_is(type, names[i]))
			return (enum sparkplug_kind)i;
	return SPARKPLUG_NONE;
}

static bool is_device(enum sparkplug_kind kind)
{
	return kind >= SPARKPLUG_DBIRTH && kind <= SPARKPLUG_DCMD;
}

static bool is_birth(enum sparkplug_kind kind)
{
	return kind == SPARKPLUG_NBIRTH || kind == SPARKPLUG_DBIRTH;
}

static bool is_command(enum sparkplug_kind kind)
{
	return kind == SPARKPLUG_NCMD || kind == SPARKPLUG_DCMD;
}

/* "spBv1.0/STATE/host" as of 3.0, "STATE/host" before. */
static bool is_state_topic(struct cur c, struct sparkplug *sp)
{
	sp->type = text_until(&c, '/');
	sp->node = c;
	if (!mqtt_is(sp->type, "STATE") || !c.left || cur_find(&c, '/') >= 0)
		return false;
	sp->kind = SPARKPLUG_STATE;
	return true;
}

bool sparkplug_topic(struct cur topic, struct sparkplug *sp)
{
	struct cur c = topic;
	sp->kind = SPARKPLUG_NONE;
	sp->space = text_until(&c, '/');
	if (mqtt_is(sp->space, "STATE")) {
		sp->space = cur_none();
		return is_state_topic(topic, sp);
	}
	if (!mqtt_is(sp->space, "spBv1.0"))
		return false;
	if (is_state_topic(c, sp))
		return true;
	sp->group = text_until(&c, '/');
	sp->type = text_until(&c, '/');
	sp->node = text_until(&c, '/');
	sp->device = text_until(&c, '/');
	enum sparkplug_kind kind = kind_of(sp->type);
	bool fits = !c.left && sp->group.left && sp->node.left &&
		(sp->device.left != 0) == is_device(kind);
	if (fits)
		sp->kind = (uint8_t)kind;
	return sp->kind;
}

/* --- STATE, 6.4.27: the host application says whether it is there --- */

struct state {
	int online; /* -1: does not say */
	double timestamp;
};

static void read_state(void *self, struct cur pointer, double v, bool is_flag)
{
	struct state *state = self;
	if (is_flag && mqtt_is(pointer, "/online"))
		state->online = v != 0;
	else if (!is_flag && mqtt_is(pointer, "/timestamp"))
		state->timestamp = v;
}

static struct state state_of(struct cur payload)
{
	struct state state = { .online = -1 };
	if (mqtt_is(payload, "ONLINE"))
		state.online = 1;
	else if (mqtt_is(payload, "OFFLINE"))
		state.online = 0;
	else
		mqtt_json(payload, read_state, &state);
	return state;
}

bool sparkplug_is_state(const struct sparkplug *sp)
{
	return state_of(sp->payload).online >= 0;
}

static void tell_state(struct scene *s, const struct sparkplug *sp)
{
	struct state state = state_of(sp->payload);
	const struct mqtt_state *of = s->state;
	if (sp->space.left)
		text_tell(s, &f_space, sp->space);
	text_tell(s, &f_type, sp->type);
	text_tell(s, &f_host, sp->node);
	fact_flag(s, &f_online, state.online);
	if (state.timestamp > 0 && state.timestamp < 1e18)
		fact_uint(s, &f_timestamp, (uint64_t)state.timestamp);
	/* Other things than hosts say "ONLINE" under STATE, too. */
	if (state.online && sp->space.left && s->client == s->side && !of->bridge)
		who_sender_is(s, TYPE_SCADA, "says it is a Sparkplug host application");
}

/* --- is it a message? --- */

enum shape {
	NO_MESSAGE,
	PAYLOAD,
	METRIC,
	METADATA,
	SET,
	PROPERTY,
	SETS,
	TABLE,
	ROW,
	CELL,
	TEMPLATE,
	PARAMETER
};

/* Which fields of a message are messages again, by their numbers. */
enum { NUMBERS = 19 };
static const uint8_t inner[][NUMBERS] = {
	[PAYLOAD] = { [2] = METRIC },
	[METRIC] = { [8] = METADATA, [9] = SET, [17] = TABLE, [18] = TEMPLATE },
	[SET] = { [2] = PROPERTY },
	[PROPERTY] = { [9] = SET, [10] = SETS },
	[SETS] = { [1] = SET },
	[TABLE] = { [4] = ROW },
	[ROW] = { [1] = CELL },
	[TEMPLATE] = { [2] = METRIC, [3] = PARAMETER },
	[PARAMETER] = { 0 },
};

static enum shape shape_of(enum shape outer, uint32_t key)
{
	uint32_t number = key >> 3;
	return (key & 7) == PROTOBUF_BYTES && number < NUMBERS ? inner[outer][number] : NO_MESSAGE;
}

static bool is_message(struct cur c, enum shape shape, unsigned depth, bool cut)
{
	enum { DEPTH_MAX = 16 }; /* nobody tells what lies deeper */
	struct protobuf_field f;
	while (protobuf_read(&c, &f)) {
		enum shape in = shape_of(shape, f.key);
		if (in && depth < DEPTH_MAX && !is_message(f.bytes, in, depth + 1, false))
			return false;
	}
	return cur_ok(&c) || cut;
}

bool sparkplug_reads(const struct sparkplug *sp)
{
	return sp->kind == SPARKPLUG_STATE || is_message(sp->payload, PAYLOAD, 0, sp->cut);
}

/* --- whose metrics, and what a command does --- */

/* "group/node" or "group/node/device": what births are kept under, and points are named by. */
static void make_key(struct scene *s, struct sparkplug *sp)
{
	const struct cur levels[] = { sp->group, sp->node, sp->device };
	size_t size = sp->group.left + sp->node.left + sp->device.left + COUNT_OF(levels);
	sp->name = size <= KEY_MAX ? scene_scratch(s, size + SPARKPLUG_NAME_MAX) : NULL;
	sp->name_key = 0;
	for (size_t i = 0; sp->name && i < COUNT_OF(levels) && levels[i].left; i++) {
		memcpy(sp->name + sp->name_key, levels[i].at, levels[i].left);
		sp->name_key += levels[i].left;
		sp->name[sp->name_key++] = '/';
	}
	sp->name_key -= sp->name_key > 0; /* without the last stroke */
}

/* Births come from where data come from, and commands go there; who listens to all hears both from
 * the broker. */
static void find_birth(struct scene *s, struct sparkplug *sp)
{
	unsigned side = is_command(sp->kind) ? !s->side : s->side;
	sp->birth = (struct mqtt_known){ 0 };
	if (!sp->name || is_birth(sp->kind))
		return;
	struct cur key = cur_of(sp->name, sp->name_key);
	if (!mqtt_known(s->state, side, MQTT_KNOWN_BIRTH, key, &sp->birth) && is_command(sp->kind))
		mqtt_known(s->state, !side, MQTT_KNOWN_BIRTH, key, &sp->birth);
}

/* Metrics of the name "Node Control/..." are there to be commanded (4.2 and 6.4.23). */
static unsigned what_it_does(const struct sparkplug *sp, struct sparkplug_metric *m)
{
	struct sparkplug_declared as;
	struct cur name = m->name;
	if (!name.left && sparkplug_declared(&sp->birth, m, &as))
		name = as.name;
	struct cur group = text_until(&name, '/');
	if (!mqtt_is(group, "Node Control") && !mqtt_is(group, "Device Control"))
		return IS_WRITE;
	if (mqtt_is(name, "Rebirth"))
		return IS_REBIRTH;
	if (mqtt_is(name, "Reboot"))
		return m->null || !m->value.number ? IS_CONTROL : IS_REBOOT;
	return text_is(&name, "Scan Rate") ? IS_WRITE : IS_CONTROL;
}

static unsigned worst_of(const struct sparkplug *sp)
{
	struct cur c = sp->payload;
	struct protobuf_field f;
	bool writes = false;
	unsigned worst = 0;
	while (protobuf_read(&c, &f)) {
		if (f.key != PROTOBUF_KEY(2, PROTOBUF_BYTES))
			continue;
		struct sparkplug_metric m = sparkplug_metric(f.bytes);
		unsigned does = what_it_does(sp, &m);
		writes |= does == IS_WRITE;
		worst = does > worst ? does : worst;
	}
	return writes && worst < IS_REBOOT ? IS_WRITE : worst;
}

/* An edge node has a connection of its own: who publishes births of two is a bridge. */
static void see_bridge(const struct scene *s, const struct sparkplug *sp)
{
	struct mqtt_state *state = s->state;
	if (sp->kind != SPARKPLUG_NBIRTH || !sp->name || s->client != s->side)
		return;
	uint32_t node = (uint32_t)hash_bytes(sp->name, sp->name_key) | 1;
	state->bridge |= state->node && state->node != node;
	state->node = node;
}

const struct msg *sparkplug_row(struct scene *s, struct sparkplug *sp)
{
	make_key(s, sp);
	find_birth(s, sp);
	see_bridge(s, sp);
	unsigned does = is_command(sp->kind) ? worst_of(sp) : 0;
	return msg_find(rows, sp->kind | does, DIR_REQUEST);
}

/* --- telling --- */

static void tell_levels(struct scene *s, const struct sparkplug *sp)
{
	text_tell(s, &f_space, sp->space);
	text_tell(s, &f_group, sp->group);
	text_tell(s, &f_type, sp->type);
	text_tell(s, &f_node, sp->node);
	if (sp->device.left)
		text_tell(s, &f_device, sp->device);
}

static void tell_payload(struct sparkplug_teller *t, struct cur c)
{
	struct scene *s = t->s;
	struct protobuf_field f;
	unsigned told = 0;
	while (protobuf_read(&c, &f)) {
		switch (f.key) {
		case PROTOBUF_KEY(1, PROTOBUF_VARINT):
			fact_uint(s, &f_timestamp, f.number);
			break;
		case PROTOBUF_KEY(2, PROTOBUF_BYTES):
			if (told++ < TOLD_MAX)
				sparkplug_tell_metric(t, cur_none(), f.bytes, 0);
			else
				value_refused(s);
			break;
		case PROTOBUF_KEY(3, PROTOBUF_VARINT):
			fact_uint(s, &f_sequence, f.number);
			break;
		case PROTOBUF_KEY(4, PROTOBUF_BYTES):
			text_tell(s, &f_uuid, f.bytes);
			break;
		case PROTOBUF_KEY(5, PROTOBUF_BYTES):
			fact_uint(s, &f_body_size, f.bytes.left);
			break;
		default:
			break;
		}
	}
}

/* A birth that comes straight from its edge node, and not from a broker. */
bool sparkplug_is_own_birth(const struct scene *s, const struct sparkplug *sp)
{
	const struct mqtt_state *state = s->state;
	return sp->kind == SPARKPLUG_NBIRTH && s->client == s->side && !state->bridge;
}

static void say_who(struct scene *s, const struct sparkplug *sp)
{
	if (!sparkplug_is_own_birth(s, sp))
		return;
	who_sender(s, ID_NAME, sp->node.at, sp->node.left);
	who_sender_is(s, TYPE_GATEWAY, "publishes as a Sparkplug edge node");
}

void sparkplug_tell(struct scene *s, struct sparkplug *sp)
{
	if (sp->kind == SPARKPLUG_STATE) {
		tell_state(s, sp);
		return;
	}
	struct sparkplug_teller t = {
		.s = s, .sp = sp, .points = sp->points, .written = is_command(sp->kind)
	};
	tell_levels(s, sp);
	tell_payload(&t, sp->payload);
	say_who(s, sp);
}

/* A birth takes the place of the one before; that of a node ends what its devices declared (5.4).
 */
void sparkplug_keep(struct scene *s, const struct sparkplug *sp)
{
	struct mqtt_state *state = s->state;
	struct parts *known = &state->known[s->side & 1];
	if (!is_birth(sp->kind) || !sp->name)
		return;
	struct cur key = cur_of(sp->name, sp->name_key);
	mqtt_forget(known, MQTT_KNOWN_BIRTH, key, false);
	if (sp->kind == SPARKPLUG_NBIRTH)
		mqtt_forget(known, MQTT_KNOWN_BIRTH, cur_of(sp->name, sp->name_key + 1), true);
	sparkplug_declare(s, key, sp->payload);
}
