/* PROFINET right on Ethernet: IEC 61158-6-10, clauses 4.2 (frame identifiers), 4.5 (DCP, read in
 * pn_dcp.c), 4.7 (cyclic data) and 4.8 (alarms).
 *
 * Cyclic frames come a thousand times a second and say the same: a fact is told for the first one
 * of a stream, for every change of its state, and once a minute with how many there were. */
#include "base/hash.h"
#include "sense/proto/pn_rt.h"

enum {
	ALARM_HIGH = 0xfc01,
	ALARM_LOW = 0xfe01,
	RTC3_FIRST = 0x0100,
	RTC3_LAST = 0x7fff,
	RTC_LAST = 0xfbff,
	FRAGMENT_FIRST = 0xff80,
	FRAGMENT_LAST = 0xff8f,
	PTCP_FIRST_LAST = 0x00ff, /* time: sync */
	PTCP_FIRST = 0xff00,      /* time: announce, follow up, delay */
	PTCP_LAST = 0xff7f,
};

static const struct field frame_id_field = { "pn_rt.frame_id", BE16 };
static const struct field class_field = { "pn_rt.class", U8 };
static const struct field cycle_field = { "pn_rt.cycle_counter", BE16 | NUMBERING };
static const struct field data_status_field = { "pn_rt.ds", U8 };
static const struct field data_valid_field = { "pn_rt.ds_valid", U8 };
static const struct field provider_run_field = { "pn_rt.ds_operate", U8 };
static const struct field no_problem_field = { "pn_rt.ds_ok", U8 };
static const struct field primary_field = { "pn_rt.ds_primary", U8 };
static const struct field transfer_status_field = { "pn_rt.transfer_status", U8 };
static const struct field size_field = { "pn_rt.size", BE16 };
static const struct field frames_field = { "pn_rt.frames", BE64 };

static const struct field endpoints[] = {
	{ "pn_io.alarm_dst_endpoint", BE16 },
	{ "pn_io.alarm_src_endpoint", BE16 },
	{ 0 },
};
static const struct field pdu_type_field = { "pn_io.pdu_type.type", U8, 1, 5 };
static const struct field pdu_version_field = { "pn_io.pdu_type.version", U8, 1, 2 };
static const struct field window_field = { "pn_io.window_size", U8 };
static const struct field at_once_field = { "pn_io.tack", U8, 0, 1 };
static const struct field sequence[] = {
	{ "pn_io.send_seq_num", BE16 | NUMBERING },
	{ "pn_io.ack_seq_num", BE16 | NUMBERING },
	{ "pn_io.var_part_len", BE16 },
	{ 0 },
};
static const struct field block_head[] = {
	{ "pn_io.block_type", BE16 },
	{ "pn_io.block_length", BE16 },
	{ "pn_io.block_version_high", U8 },
	{ "pn_io.block_version_low", U8 },
	{ 0 },
};
static const struct field alarm_place[] = {
	{ "pn_io.alarm_type", BE16 },
	{ "pn_io.api", BE32 },
	{ "pn_io.slot_nr", BE16 },
	{ "pn_io.subslot_nr", BE16 },
	{ 0 },
};
static const struct field alarm_modules[] = {
	{ "pn_io.module_ident_number", BE32 },
	{ "pn_io.submodule_ident_number", BE32 },
	{ 0 },
};
static const struct field specifier_sequence = { "pn_io.alarm_specifier.sequence", BE16 };
static const struct field specifier_channel = { "pn_io.alarm_specifier.channel", BE16 };
static const struct field specifier_maker = { "pn_io.alarm_specifier.manufacturer", BE16 };
static const struct field specifier_submodule = { "pn_io.alarm_specifier.submodule", BE16 };
static const struct field specifier_relation = { "pn_io.alarm_specifier.ardiagnosis", BE16 };
static const struct field structure_field = { "pn_io.user_structure_identifier", BE16 };
static const struct field alarm_data_field = { "pn_io.alarm_data", BYTES };

static const struct field status_code = { "pn_io.error_code", U8 };
static const struct field status_decode = { "pn_io.error_decode", U8 };
static const struct field status_code1 = { "pn_io.error_code1", U8 };
static const struct field status_code2 = { "pn_io.error_code2", U8 };

enum row {
	ROW_CYCLIC,
	ROW_FRAGMENT,
	ROW_OTHER,
	ROW_SYNC,
	ROW_ANNOUNCE,
	ROW_FOLLOW_UP,
	ROW_DELAY,
	ROW_ALARM = 16,
	ROW_ALARM_ACK,
	ROW_RTA_ACK,
	ROW_RTA_NACK,
	ROW_RTA_ERROR,
	ROW_RTA_OTHER,
};

static const struct msg rows[] = {
	{ ROW_CYCLIC, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "cyclic_data" },
	{ ROW_FRAGMENT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "fragment" },
	{ ROW_OTHER, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "other" },
	{ ROW_SYNC, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "sync" },
	{ ROW_ANNOUNCE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "announce" },
	{ ROW_FOLLOW_UP, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "follow_up" },
	{ ROW_DELAY, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "delay" },
	{ ROW_ALARM, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "alarm" },
	{ ROW_ALARM_ACK, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "alarm" },
	{ ROW_RTA_ACK, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "alarm_transport_ack" },
	{ ROW_RTA_NACK, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "alarm_transport_nack" },
	{ ROW_RTA_ERROR, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "connection_abort" },
	{ ROW_RTA_OTHER, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "alarm_transport_other" },
	{ 0 },
};

static const struct msg *row(uint32_t code)
{
	for (const struct msg *m = rows; m->name; m++)
		if (m->code == code)
			return m;
	return &rows[ROW_OTHER];
}

/* --- streams: who sends which frame identifier, and how it went since the last fact --- */

enum { STREAMS = 512, STREAM_PROBES = 8 };

#define SUMMARY_NS (60 * INT64_C(1000000000))

struct stream {
	uint8_t mac[6];
	uint16_t frame_id;
	uint8_t data_status, transfer_status;
	uint16_t size;
	uint64_t frames; /* all of them; 0: a free place */
	int64_t told_ns, last_ns;
};

struct streams {
	struct stream of[STREAMS];
};

static struct stream *stream_of(struct streams *all, const struct scene *s, uint16_t frame_id)
{
	const uint8_t *m = s->src_mac;
	uint32_t hash = (uint32_t)m[2] << 24 | (uint32_t)m[3] << 16 | (uint32_t)m[4] << 8 | m[5];
	hash = (hash ^ (uint32_t)frame_id << 7) * 2654435761u;
	struct stream *quiet = NULL;
	for (uint32_t i = 0; i < STREAM_PROBES; i++) {
		struct stream *t = &all->of[((hash >> 16) + i) % STREAMS];
		if (t->frames && t->frame_id == frame_id && memcmp(t->mac, m, 6) == 0)
			return t;
		if (!quiet || (quiet->frames && (!t->frames || t->last_ns < quiet->last_ns)))
			quiet = t;
	}
	*quiet = (struct stream){ .frame_id = frame_id };
	memcpy(quiet->mac, m, 6);
	return quiet;
}

/* Counts the frame; true when it is worth a fact. */
static bool worth_telling(struct stream *t, const struct scene *s, uint16_t size,
	uint8_t data_status, uint8_t transfer_status)
{
	bool news = t->frames == 0 || t->data_status != data_status ||
		t->transfer_status != transfer_status || t->size != size ||
		s->at_ns - t->told_ns >= SUMMARY_NS;
	t->frames++;
	t->last_ns = s->at_ns;
	t->data_status = data_status;
	t->transfer_status = transfer_status;
	t->size = size;
	if (news)
		t->told_ns = s->at_ns;
	return news;
}

/* The state of the provider stands in the last four bytes (4.7.2, APDU-Status). */
static enum parsed read_cyclic(struct cur c, struct scene *s, uint16_t frame_id)
{
	enum { APDU_STATUS = 4 };
	if (s->cut)
		return PARSED_CUT;
	if (c.left < APDU_STATUS)
		return PARSED_BAD;
	uint16_t size = (uint16_t)(c.left - APDU_STATUS);
	cur_skip(&c, size);
	uint16_t cycle = cur_be16(&c);
	uint8_t data_status = cur_u8(&c);
	uint8_t transfer_status = cur_u8(&c);
	struct streams *all = s->state;
	if (!all)
		return PARSED_WHOLE;
	struct stream *t = stream_of(all, s, frame_id);
	if (!worth_telling(t, s, size, data_status, transfer_status))
		return PARSED_WHOLE;
	fact_begin(s, row(ROW_CYCLIC));
	fact_uint(s, &frame_id_field, frame_id);
	fact_uint(s, &class_field, frame_id <= RTC3_LAST ? 3 : 1);
	fact_uint(s, &size_field, size);
	fact_uint(s, &cycle_field, cycle);
	fact_uint(s, &data_status_field, data_status);
	fact_uint(s, &data_valid_field, data_status >> 2 & 1);
	fact_uint(s, &provider_run_field, data_status >> 4 & 1);
	fact_uint(s, &no_problem_field, data_status >> 5 & 1);
	fact_uint(s, &primary_field, data_status & 1);
	fact_uint(s, &transfer_status_field, transfer_status);
	fact_uint(s, &frames_field, t->frames);
	fact_end(s);
	return PARSED_WHOLE;
}

/* Frames of which only the beginning of a stream is told. */
static enum parsed read_known(struct cur c, struct scene *s, uint16_t frame_id, enum row kind)
{
	struct streams *all = s->state;
	struct stream *t = all ? stream_of(all, s, frame_id) : NULL;
	if (!t || !worth_telling(t, s, 0, 0, 0))
		return PARSED_WHOLE;
	fact_begin(s, row(kind));
	fact_uint(s, &frame_id_field, frame_id);
	fact_uint(s, &size_field, c.left);
	fact_uint(s, &frames_field, t->frames);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed read_time(struct cur c, struct scene *s, uint16_t frame_id)
{
	enum { ANNOUNCE_LAST = 0xff1f, FOLLOW_UP_LAST = 0xff3f };
	scene_label(s, "pn_ptcp");
	return read_known(c, s, frame_id,
		frame_id < PTCP_FIRST                ? ROW_SYNC
			: frame_id <= ANNOUNCE_LAST  ? ROW_ANNOUNCE
			: frame_id <= FOLLOW_UP_LAST ? ROW_FOLLOW_UP
						     : ROW_DELAY);
}

/* --- alarms --- */

enum { RTA_DATA = 1, RTA_NACK, RTA_ACK, RTA_ERROR };
enum { BLOCK_ACK = 0x8000 }; /* of the type of an alarm's block: 0x0001, 0x0002 */

void profinet_status(struct scene *s, struct cur *c)
{
	uint8_t code = cur_u8(c), decode = cur_u8(c), code1 = cur_u8(c), code2 = cur_u8(c);
	if (!cur_ok(c))
		return;
	fact_uint(s, &status_code, code);
	fact_uint(s, &status_decode, decode);
	fact_uint(s, &status_code1, code1);
	fact_uint(s, &status_code2, code2);
	if (code || decode || code1 || code2)
		fact_failed(s);
}

static void read_specifier(struct scene *s, struct cur *c)
{
	uint16_t specifier = cur_be16(c);
	if (!cur_ok(c))
		return;
	fact_uint(s, &specifier_sequence, specifier & 0x7ff);
	fact_uint(s, &specifier_channel, specifier >> 11 & 1);
	fact_uint(s, &specifier_maker, specifier >> 12 & 1);
	fact_uint(s, &specifier_submodule, specifier >> 13 & 1);
	fact_uint(s, &specifier_relation, specifier >> 15 & 1);
}

/* `block` is the type of the first block; zero where there is none. */
static uint32_t alarm_row(uint8_t type, uint16_t block)
{
	switch (type) {
	case RTA_DATA:
		return block & BLOCK_ACK ? ROW_ALARM_ACK : ROW_ALARM;
	case RTA_NACK:
		return ROW_RTA_NACK;
	case RTA_ACK:
		return ROW_RTA_ACK;
	case RTA_ERROR:
		return ROW_RTA_ERROR;
	default:
		return ROW_RTA_OTHER;
	}
}

const uint8_t *profinet_peer(const struct scene *s, bool sender)
{
	static const uint8_t unknown[6];
	bool both = memcmp(s->dst_mac, unknown, sizeof unknown) != 0;
	return !both ? unknown : sender ? s->src_mac : s->dst_mac;
}

/* Alarm and acknowledgement name the same place; the order number is the specifier's. */
static uint32_t alarm_key(const struct scene *s, struct cur block, bool answer)
{
	const uint8_t *device = profinet_peer(s, !answer);
	cur_skip(&block, 2 + 4); /* alarm type, API */
	uint32_t slot = cur_be16(&block), subslot = cur_be16(&block);
	cur_skip(&block, answer ? 0 : 8); /* module and submodule */
	uint32_t number = cur_be16(&block) & 0x7ffu;
	uint64_t what = (uint64_t)slot << 32 | subslot << 16 | number;
	return (uint32_t)hash_mix(hash_bytes(device, 6), what);
}

static enum parsed read_notice(struct scene *s, struct cur *part)
{
	struct cur look = *part;
	bool answer = cur_be16(&look) & BLOCK_ACK;
	uint16_t length = cur_be16(&look);
	if (length < 2 || !walk(s, part, block_head))
		return PARSED_BAD;
	struct cur block = cur_sub(part, length - 2u);
	if (!cur_ok(&block))
		return PARSED_BAD;
	uint32_t key = alarm_key(s, block, answer);
	if (answer)
		ask_take(s, key);
	else
		ask_put(s, key);
	walk(s, &block, alarm_place);
	if (!answer)
		walk(s, &block, alarm_modules);
	read_specifier(s, &block);
	if (answer)
		profinet_status(s, &block);
	if (!cur_ok(&block))
		return PARSED_BAD;
	if (!answer && block.left >= 2) {
		uint16_t structure = cur_be16(&block);
		fact_uint(s, &structure_field, structure);
		size_t size = block.left;
		if (!profinet_channels(s, &block, structure))
			fact_bytes(s, &alarm_data_field, cur_take(&block, size), size);
	}
	return PARSED_WHOLE;
}

static enum parsed read_alarm(struct cur c, struct scene *s, uint16_t frame_id)
{
	struct cur look = c;
	cur_skip(&look, 4);
	uint8_t kind = cur_u8(&look) & 0xf;
	cur_skip(&look, 7);
	fact_begin(s, row(alarm_row(kind, cur_be16(&look))));
	fact_uint(s, &frame_id_field, frame_id);
	walk(s, &c, endpoints);
	uint8_t type = cur_u8(&c), flags = cur_u8(&c);
	fact_uint(s, &pdu_type_field, kind);
	fact_uint(s, &pdu_version_field, type >> 4);
	fact_uint(s, &window_field, flags & 0xf);
	fact_uint(s, &at_once_field, flags >> 4);
	look = c;
	cur_skip(&look, 4);
	uint16_t size = cur_be16(&look);
	if (!walk(s, &c, sequence))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	struct cur part = cur_sub(&c, size);
	if (!cur_ok(&part))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	enum parsed how = PARSED_WHOLE;
	if (kind == RTA_DATA)
		how = read_notice(s, &part);
	else if (kind == RTA_ERROR && size)
		profinet_status(s, &part);
	if (!cur_ok(&part))
		how = PARSED_BAD;
	if (how == PARSED_WHOLE)
		fact_end(s);
	return how;
}

/* --- the frame --- */

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	return c.left >= 2 ? PROBE_YES : PROBE_NO; /* the Ethertype is PROFINET's alone */
}

static enum parsed parse(struct cur c, struct scene *s)
{
	uint16_t id = cur_be16(&c);
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (id >= FRAME_DCP_HELLO && id <= FRAME_DCP_IDENTIFIED) {
		scene_label(s, "pn_dcp");
		return dcp_parse(c, s, id);
	}
	if (id == ALARM_HIGH || id == ALARM_LOW)
		return read_alarm(c, s, id);
	if (id >= RTC3_FIRST && id <= RTC_LAST)
		return read_cyclic(c, s, id);
	if (id <= PTCP_FIRST_LAST || (id >= PTCP_FIRST && id <= PTCP_LAST))
		return read_time(c, s, id);
	bool fragment = id >= FRAGMENT_FIRST && id <= FRAGMENT_LAST;
	return read_known(c, s, id, fragment ? ROW_FRAGMENT : ROW_OTHER);
}

const struct proto proto_pn_rt = {
	.name = "pn_rt",
	.also = { "pn_dcp", "pn_ptcp" },
	.title = "PROFINET on Ethernet (RT, DCP, alarms)",
	.standard = "IEC 61158-6-10",
	.reads =
		"DCP: all services and blocks, identity; alarms; cyclic data: state and counts, no values; "
		"PTCP: that it is there",
	.seen = "5 captures: S7-1500 with SCALANCE XB-200, Festo and PROFINET devices of other makers",
	.over = OVER_ETHER,
	.shared = true,
	.ot = true,
	.ethertypes = { 0x8892 },
	.probe = probe,
	.parse = parse,
	.state_size = sizeof(struct streams),
	.asks = 64,
	.ask_size = sizeof(struct dcp_ask),
};
