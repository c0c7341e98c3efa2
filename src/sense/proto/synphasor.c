/* IEEE C37.118.2-2011 (and C37.118-2005): synchrophasor data transfer.
 *
 * Every frame begins with a sync word that holds its type, its size, the stream's number and a
 * time, and ends with a CRC (6.2).  A client asks with command frames; a PMU or a concentrator
 * answers with configuration, and sends data whose make-up only its configuration tells. */
#include <math.h>
#include <stdio.h>

#include "sense/proto/synphasor.h"

enum { SYNC = 0xaa, HEADER_SIZE = 14, FRAME_MIN = 16, VERSION_MAX = 3 };
enum frame_type { DATA, HEADER, CONFIG_1, CONFIG_2, COMMAND, CONFIG_3, FRAME_TYPES };
/* 6.6, table 15. */
enum { DATA_OFF = 1, DATA_ON = 2, SEND_HEADER = 3, EXTENDED = 8, USER_FIRST = 0x100 };
enum { USER_LAST = 0xfff };

static const struct field f_type = { "synphasor.frtype", U8 };
static const struct field f_version = { "synphasor.version", U8 };
static const struct field f_size = { "synphasor.frsize", BE16 };
static const struct field f_stream = { "synphasor.idcode_stream_source", BE16 };
static const struct field f_soc = { "synphasor.soc", BE32 };
static const struct field f_fraction = { "synphasor.fracsec_raw", BE24 };
static const struct field f_time_quality = { "synphasor.timeqal.timequalindic", U8 };
static const struct field f_leap_pending = { "synphasor.timeqal.lspend", FLAG };
static const struct field f_leap_occurred = { "synphasor.timeqal.lsocc", FLAG };
static const struct field f_leap_delete = { "synphasor.timeqal.lsdir", FLAG };
static const struct field f_command = { "synphasor.command", BE16 };
static const struct field f_extended = { "synphasor.extended_frame_data", BYTES };
static const struct field f_header = { "synphasor.header", TEXT };
static const struct field f_part = { "synphasor.conf.contindx", BE16 };

/* STAT, 6.3 table 7. */
static const struct field f_error = { "synphasor.data.status", U8 };
static const struct field f_unsynchronized = { "synphasor.data.sync", FLAG };
static const struct field f_sorting = { "synphasor.data.sorting", FLAG };
static const struct field f_trigger = { "synphasor.data.trigger", FLAG };
static const struct field f_changed = { "synphasor.data.CFGchange", FLAG };
static const struct field f_modified = { "synphasor.data.data_modified", FLAG };
static const struct field f_quality = { "synphasor.data.pmu_tq", U8 };
static const struct field f_unlocked = { "synphasor.data.t_unlock", U8 };
static const struct field f_reason = { "synphasor.data.trigger_reason", U8 };

static const struct field f_phasor = { "synphasor.phasor", TEXT };
static const struct field f_magnitude = { "synphasor.phasor_magnitude", REAL };
static const struct field f_angle = { "synphasor.phasor_angle", REAL };
static const struct field f_deviation = { "synphasor.frequency_deviation_from_nominal", SBE16 };
static const struct field f_frequency = { "synphasor.actual_frequency_value", FBE32 };
static const struct field f_change = { "synphasor.rate_change_frequency", REAL };
static const struct field f_analog = { "synphasor.analog_value", TEXT };
static const struct field f_analog_scaled = { "synphasor.analog_scaled", REAL };
static const struct field f_digital = { "synphasor.digital_status_word", BE16 };

/* Switching the stream on or off changes nothing at the PMU but what it sends; a configuration is
 * only ever read.  What the user defines may do anything. */
static const struct msg msgs[] = {
	{ DATA_OFF, DIR_REQUEST, ACT_OTHER, 0, "data_off" },
	{ DATA_ON, DIR_REQUEST, ACT_READ, 0, "data_on" },
	BOTH(SEND_HEADER, ACT_IDENTIFY, EFFECT_NONE, "header"),
	BOTH(4, ACT_IDENTIFY, EFFECT_NONE, "config_1"),
	BOTH(5, ACT_IDENTIFY, EFFECT_NONE, "config_2"),
	BOTH(6, ACT_IDENTIFY, EFFECT_NONE, "config_3"),
	{ EXTENDED, DIR_REQUEST, ACT_CONTROL, 0, "extended_frame" },
	{ 0 },
};
static const struct msg row_data = { 0, DIR_OTHER, ACT_READ, 0, "data" };
static const struct msg row_user = { USER_FIRST, DIR_REQUEST, ACT_CONTROL, 0, "user_command" };
static const struct msg row_unknown = { 0xffff, DIR_REQUEST, ACT_OTHER, 0, "unknown_command" };

/* Which command each answer belongs to. */
static const uint8_t command_of[FRAME_TYPES] = {
	[HEADER] = SEND_HEADER, [CONFIG_1] = 4, [CONFIG_2] = 5, [CONFIG_3] = 6
};

enum space { VOLTAGE, CURRENT, ANGLE, FREQUENCY, CHANGE, ANALOG, DIGITAL };

static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	static const char *const kinds[] = { "", "", " angle", " frequency", " frequency change" };
	const char *kind = at->space < COUNT_OF(kinds) ? kinds[at->space] : "";
	int size = at->symbol_size < 96 ? at->symbol_size : 96;
	snprintf(
		name, POINT_NAME, "%.*s%s", size, at->symbol ? (const char *)at->symbol : "", kind);
}

/* The rest that t x^16 leaves, divided by the polynomial x^16 + x^12 + x^5 + 1.  With s a shift to
 * the right, the quotient is t / (1 + A) where A is s^4 + s^11 + s^16, and without carries that is
 * t (1 + A)(1 + A^2)(1 + A^4)(1 + A^8): beyond it nothing of 64 bits is left. */
static uint16_t remainder_of(uint64_t t)
{
	t ^= t >> 4 ^ t >> 11 ^ t >> 16;
	t ^= t >> 8 ^ t >> 22 ^ t >> 32;
	t ^= t >> 16 ^ t >> 44;
	t ^= t >> 32;
	return (uint16_t)(t << 12 ^ t << 5 ^ t);
}

/* CRC-CCITT of annex B, begun with ones; eight bytes at a time. */
static uint16_t crc(struct cur c)
{
	uint16_t sum = 0xffff;
	while (c.left >= sizeof(uint64_t))
		sum = remainder_of((uint64_t)sum << 48 ^ cur_be64(&c));
	while (c.left > 0)
		sum = (uint16_t)(sum << 8 ^ remainder_of(sum >> 8 ^ cur_u8(&c)));
	return sum;
}

/* Sync byte, type and version, size: as far as they are here. */
static bool starts(const struct cur *c)
{
	int second = cur_peek(c, 1), high = cur_peek(c, 2), low = cur_peek(c, 3);
	if (cur_peek(c, 0) != SYNC)
		return false;
	if (second >= 0 &&
		(second >> 4 >= FRAME_TYPES || !(second & 15) || (second & 15) > VERSION_MAX))
		return false;
	return low < 0 || (high << 8 | low) >= FRAME_MIN;
}

static size_t size_of(const struct cur *c)
{
	return (size_t)cur_peek(c, 2) << 8 | (size_t)cur_peek(c, 3);
}

static bool is_whole(struct cur c, size_t size)
{
	struct cur summed = cur_sub(&c, size - 2);
	uint16_t sum = cur_be16(&c);
	return cur_ok(&c) && crc(summed) == sum;
}

/* The sync word, a size that is there, and the CRC over all of it. */
static enum probe probe(struct cur c, const struct scene *s)
{
	if (!starts(&c))
		return c.left ? PROBE_NO : PROBE_MORE;
	if (c.left < 4 || c.left < size_of(&c))
		return s->stream ? PROBE_MORE : PROBE_NO;
	if (!s->stream && c.left > size_of(&c)) {
		struct cur rest = c;
		cur_skip(&rest, size_of(&c));
		if (!starts(&rest))
			return PROBE_NO;
	}
	return is_whole(c, size_of(&c)) ? PROBE_YES : PROBE_NO;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (!starts(&c))
		return FRAME_LOST;
	return c.left < 4 ? FRAME_MORE : (long)size_of(&c);
}

/* --- data frames --- */

/* One PMU's part of a data frame, and where its channels stand in the configuration. */
struct part {
	struct scene *s;
	const struct synphasor_config *config;
	const struct synphasor_pmu *pmu;
	uint16_t number; /* of the PMU in its stream */
	bool tell;       /* the PMU stands behind these values */
};

static void point(const struct part *p, enum space space, unsigned index, unsigned bit,
	struct synphasor_name name, double v)
{
	static const char *const measures[] = { "V", "A", "deg", "Hz", "Hz/s" };
	if (!p->tell || !isfinite(v))
		return;
	const struct point_at at = { .space = (uint8_t)space,
		.bit = (uint8_t)bit,
		.unit = p->config->stream,
		.area = p->number,
		.index = index,
		.symbol = p->config->names + name.at,
		.symbol_size = name.size,
		.measure = space < COUNT_OF(measures) ? measures[space] : NULL };
	point_sender(p->s, &at, v, false);
}

static void name_value(const struct part *p, const struct field *f, struct synphasor_name name)
{
	fact_text(p->s, f, p->config->names + name.at + (name.size - name.own), name.own);
}

/* 6.3: polar or rectangular, in integers that the configuration scales, or in floats that need no
 * scale.  The most negative integer stands where there is no value (table 6). */
static void phasor(const struct part *p, unsigned index, struct cur *c)
{
	const struct synphasor_channel *channel = &p->config->channels[index];
	double first, second, degree = 45 / atan(1);
	bool polar = p->pmu->format & FORMAT_POLAR, absent = false;
	if (p->pmu->format & FORMAT_PHASOR_FLOAT) {
		first = cur_float_of(cur_be32(c));
		second = cur_float_of(cur_be32(c));
	} else {
		uint16_t one = cur_be16(c), two = cur_be16(c);
		absent = (one == 0x8000 && !polar) || two == 0x8000;
		first = polar ? one : (int16_t)one;
		second = (int16_t)two;
		if (polar)
			second /= 10000;
		else
			second *= (double)channel->scale;
		first *= (double)channel->scale;
	}
	double magnitude = polar ? first : hypot(first, second);
	double angle = polar ? second : atan2(second, first);
	if (!(p->pmu->format & FORMAT_PHASOR_FLOAT))
		angle -= (double)channel->offset;
	name_value(p, &f_phasor, channel->name);
	if (absent)
		return;
	fact_real(p->s, &f_magnitude, magnitude);
	fact_real(p->s, &f_angle, angle * degree);
	point(p, channel->current ? CURRENT : VOLTAGE, index, 0, channel->name, magnitude);
	point(p, ANGLE, index, 0, channel->name, angle * degree);
}

static void frequency(const struct part *p, struct cur *c)
{
	double hertz, change;
	if (p->pmu->format & FORMAT_FREQUENCY_FLOAT) {
		hertz = cur_float_of(cur_be32(c));
		change = cur_float_of(cur_be32(c));
		fact_real(p->s, &f_frequency, hertz);
	} else {
		int16_t deviation = (int16_t)cur_be16(c);
		fact_int(p->s, &f_deviation, deviation);
		hertz = deviation == INT16_MIN ? (double)NAN
					       : p->pmu->nominal_hz + deviation / 1000.0;
		int16_t hundredths = (int16_t)cur_be16(c);
		change = hundredths == INT16_MIN ? (double)NAN : hundredths / 100.0;
	}
	if (!isnan(change))
		fact_real(p->s, &f_change, change);
	point(p, FREQUENCY, 0, 0, p->pmu->name, hertz);
	point(p, CHANGE, 0, 0, p->pmu->name, change);
}

static void analog(const struct part *p, unsigned index, struct cur *c)
{
	const struct synphasor_channel *channel = &p->config->channels[index];
	double v;
	name_value(p, &f_analog, channel->name);
	if (p->pmu->format & FORMAT_ANALOG_FLOAT) {
		v = cur_float_of(cur_be32(c));
	} else {
		int16_t wire = (int16_t)cur_be16(c);
		if (wire == INT16_MIN)
			return;
		v = wire * (double)channel->scale + (double)channel->offset;
	}
	fact_real(p->s, &f_analog_scaled, v);
	point(p, ANALOG, index, 0, channel->name, v);
}

static void digital(const struct part *p, unsigned index, struct cur *c)
{
	const struct synphasor_digital *d = &p->config->digitals[index];
	unsigned word = cur_be16(c);
	fact_uint(p->s, &f_digital, word);
	for (unsigned bit = 0; bit < 16; bit++)
		if (d->valid >> bit & 1)
			point(p, DIGITAL, index, bit, d->name[bit], word >> bit & 1);
}

static void status(struct part *p, uint16_t stat)
{
	struct scene *s = p->s;
	fact_text(s, &synphasor_station, p->config->names + p->pmu->name.at, p->pmu->name.size);
	fact_uint(s, &f_error, stat >> 14);
	fact_flag(s, &f_unsynchronized, stat & 0x2000);
	fact_flag(s, &f_sorting, stat & 0x1000);
	fact_flag(s, &f_trigger, stat & 0x0800);
	fact_flag(s, &f_changed, stat & 0x0400);
	fact_flag(s, &f_modified, stat & 0x0200);
	fact_uint(s, &f_quality, stat >> 6 & 7);
	fact_uint(s, &f_unlocked, stat >> 4 & 3);
	fact_uint(s, &f_reason, stat & 15);
	p->tell = stat >> 14 == 0;
}

static size_t data_size(const struct synphasor_config *config)
{
	size_t size = 0;
	for (unsigned i = 0; i < config->pmu_count; i++) {
		const struct synphasor_pmu *pmu = &config->pmus[i];
		size += 2 + (pmu->format & FORMAT_FREQUENCY_FLOAT ? 8u : 4u) +
			pmu->phasors * (pmu->format & FORMAT_PHASOR_FLOAT ? 8u : 4u) +
			pmu->analogs * (pmu->format & FORMAT_ANALOG_FLOAT ? 4u : 2u) +
			pmu->digitals * 2u;
	}
	return size;
}

/* Values are told only where the configuration is known and the frame is exactly as long as it
 * says: an older one would give every number a wrong name. */
static void data(struct scene *s, uint16_t stream, struct cur c)
{
	const struct synphasor_config *config = s->state;
	if (!config->valid || config->stream != stream || data_size(config) != c.left)
		return;
	unsigned channel = 0, word = 0;
	for (unsigned i = 0; i < config->pmu_count; i++) {
		const struct synphasor_pmu *pmu = &config->pmus[i];
		struct part p = { .s = s, .config = config, .pmu = pmu, .number = (uint16_t)i };
		status(&p, cur_be16(&c));
		for (unsigned n = 0; n < pmu->phasors; n++)
			phasor(&p, channel++, &c);
		frequency(&p, &c);
		for (unsigned n = 0; n < pmu->analogs; n++)
			analog(&p, channel++, &c);
		for (unsigned n = 0; n < pmu->digitals; n++)
			digital(&p, word++, &c);
	}
}

/* --- the others --- */

static const struct msg *command_row(uint16_t command)
{
	if (command >= USER_FIRST && command <= USER_LAST)
		return &row_user;
	const struct msg *row = msg_find(msgs, command, DIR_REQUEST);
	return row ? row : &row_unknown;
}

static void command(struct scene *s, uint16_t code, struct cur c)
{
	size_t size = c.left;
	fact_uint(s, &f_command, code);
	if (size > 0)
		fact_bytes(s, &f_extended, cur_take(&c, size), size);
}

/* Configuration 3 may come in parts, 6.5: parts are told as such, and do not make up values. */
static bool config(struct scene *s, enum frame_type type, uint16_t stream, struct cur c)
{
	struct synphasor_config *config = s->state;
	if (type == CONFIG_3) {
		uint16_t index = cur_be16(&c);
		fact_uint(s, &f_part, index);
		if (index != 0)
			return cur_ok(&c);
	}
	return synphasor_read_config(
		s, type == CONFIG_1 ? NULL : config, stream, type == CONFIG_3, c);
}

static bool body(
	struct scene *s, enum frame_type type, uint16_t stream, uint16_t code, struct cur c)
{
	const uint8_t *text = c.at;
	size_t size = c.left;
	switch (type) {
	case DATA:
		data(s, stream, c);
		return true;
	case HEADER:
		fact_text(s, &f_header, text, size);
		who_sender(s, ID_DESCRIPTION, text, size);
		return true;
	case COMMAND:
		command(s, code, c);
		return true;
	default:
		return config(s, type, stream, c);
	}
}

static void header_values(
	struct scene *s, uint8_t kind, uint16_t size, uint16_t stream, struct cur c)
{
	fact_uint(s, &f_type, kind >> 4);
	fact_uint(s, &f_version, kind & 15);
	fact_uint(s, &f_size, size);
	fact_uint(s, &f_stream, stream);
	fact_uint(s, &f_soc, cur_be32(&c));
	uint8_t quality = cur_u8(&c);
	fact_flag(s, &f_leap_delete, quality & 0x40);
	fact_flag(s, &f_leap_occurred, quality & 0x20);
	fact_flag(s, &f_leap_pending, quality & 0x10);
	fact_uint(s, &f_time_quality, quality & 15);
	fact_uint(s, &f_fraction, cur_be24(&c));
}

/* Exactly the bytes of one frame, its CRC right. */
static enum parsed one(struct scene *s, struct cur c)
{
	cur_skip(&c, 1);
	uint8_t kind = cur_u8(&c);
	enum frame_type type = (enum frame_type)(kind >> 4);
	uint16_t size = cur_be16(&c), stream = cur_be16(&c);
	struct cur time = cur_sub(&c, 8);
	uint16_t code = type == COMMAND ? cur_be16(&c) : command_of[type];
	if (!cur_ok(&c) || c.left < 2)
		return PARSED_BAD;
	struct cur inside = cur_sub(&c, c.left - 2);
	uint32_t key = (uint32_t)stream << 16 | code;
	const struct msg *row;
	if (type == COMMAND) {
		scene_client(s);
		row = command_row(code);
		if (row != &row_unknown && row != &row_user && code != DATA_OFF && code != DATA_ON)
			ask_put(s, key);
	} else {
		scene_server(s);
		row = type == DATA ? &row_data : msg_find(msgs, code, DIR_RESPONSE);
		if (type != DATA)
			ask_take(s, key);
	}
	fact_begin(s, row);
	if (row == &row_unknown)
		fact_violation(s);
	header_values(s, kind, size, stream, time);
	if (!body(s, type, stream, code, inside))
		return PARSED_BAD;
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	/* A stream hands over one frame; a datagram may hold several. */
	do {
		if (!starts(&c))
			return PARSED_BAD;
		if (c.left < 4 || c.left < size_of(&c))
			return s->cut ? PARSED_CUT : PARSED_BAD;
		size_t size = size_of(&c);
		if (!is_whole(c, size))
			return PARSED_BAD;
		enum parsed p = one(s, cur_sub(&c, size));
		if (p != PARSED_WHOLE)
			return p;
	} while (c.left > 0);
	return PARSED_WHOLE;
}

const struct proto proto_synphasor = {
	.name = "synphasor",
	.title = "IEEE C37.118 synchrophasors",
	.standard = "IEEE C37.118.2-2011, C37.118-2005",
	.reads =
		"data, header, configuration 1 to 3 (3 where it comes in one frame) and command frames; phasors, frequency, analog and digital channels scaled and named by the configuration of the same conversation",
	.seen = "7 captures: relays and PMUs of three makers over TCP and UDP, in a laboratory and under attack, a generator",
	.over = OVER_TCP | OVER_UDP,
	.begins = "aa",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct synphasor_config),
	.asks = 4,
	.ask_size = 1,
	.point_name = point_name,
};
