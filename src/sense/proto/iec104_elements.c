/* IEC 60870-5-104: information objects.  60870-5-101:2003, 7.2.5 (addresses) and 7.2.6 (elements),
 * 60870-5-4, 6.8 (binary time). */
#include <stdio.h>

#include "sense/proto/iec104.h"

static const struct field f_object = { "iec60870_asdu.ioa", LE24 };

/* Values, in the order of their elements. */
static const struct field f_single = { "iec60870_asdu.siq.spi", FLAG };
static const struct field f_double = { "iec60870_asdu.diq.dpi", U8 };
static const struct field f_step = { "iec60870_asdu.vti.v", S8 };
static const struct field f_transient = { "iec60870_asdu.vti.t", FLAG };
static const struct field f_bits = { "iec60870_asdu.bitstring", BE32 };
static const struct field f_normalized = { "iec60870_asdu.normval", REAL };
static const struct field f_scaled = { "iec60870_asdu.scalval", SLE16 };
static const struct field f_float = { "iec60870_asdu.float", FLE32 };
static const struct field f_total = { "iec60870_asdu.bcr.count", SLE32 };
static const struct field f_total_sequence = { "iec60870_asdu.bcr.sq", U8 };
static const struct field f_total_carry = { "iec60870_asdu.bcr.cy", FLAG };
static const struct field f_total_adjusted = { "iec60870_asdu.bcr.ca", FLAG };
static const struct field f_total_invalid = { "iec60870_asdu.bcr.iv", FLAG };
static const struct field f_event = { "iec104.event_state", U8 };
static const struct field f_starts = { "iec104.start_events", U8 };
static const struct field f_outputs = { "iec104.output_circuits", U8 };
static const struct field f_elapsed = { "iec104.elapsed_ms", LE16, 0, 59999 };
static const struct field f_status = { "iec104.status_bits", LE16 };
static const struct field f_changes = { "iec104.status_changes", LE16 };
static const struct field f_single_command = { "iec60870_asdu.sco.on", FLAG };
static const struct field f_double_command = { "iec60870_asdu.dco.on", U8, 1, 2 };
static const struct field f_step_command = { "iec60870_asdu.rco.up", U8, 1, 2 };
static const struct field f_initialized = { "iec60870_asdu.coi_r", U8 };
static const struct field f_changed = { "iec60870_asdu.coi_i", FLAG };
static const struct field f_interrogation = { "iec60870_asdu.qoi", U8 };
static const struct field f_counters = { "iec60870_asdu.rqt", U8 };
static const struct field f_freeze = { "iec60870_asdu.frz", U8 };
static const struct field f_pattern = { "iec104.test_pattern", LE16, 0x55aa, 0x55aa };
static const struct field f_reset = { "iec60870_asdu.qrp", U8 };
static const struct field f_delay = { "iec104.delay_ms", LE16, 0, 59999 };
static const struct field f_test_count = { "iec104.test_count", LE16 };
static const struct field f_parameter = { "iec60870_asdu.qpm.kpa", U8 };
static const struct field f_parameter_local = { "iec60870_asdu.qpm.lpc", U8 };
static const struct field f_parameter_off = { "iec60870_asdu.qpm.pop", U8 };
static const struct field f_activation = { "iec104.activation", U8 };

/* Files, 7.2.6.27 to 7.2.6.38. */
static const struct field f_file = { "iec104.file", LE16 };
static const struct field f_section = { "iec104.section", U8 };
static const struct field f_length = { "iec104.file_length", LE24 };
static const struct field f_file_unready = { "iec104.file_not_ready", FLAG };
static const struct field f_section_unready = { "iec104.section_not_ready", FLAG };
static const struct field f_call = { "iec104.call", U8 };
static const struct field f_last = { "iec104.last", U8 };
static const struct field f_checksum = { "iec104.checksum", U8 };
static const struct field f_acknowledge = { "iec104.acknowledge", U8 };
static const struct field f_segment = { "iec104.segment", BYTES };
static const struct field f_file_status = { "iec104.file_status", U8 };
static const struct field f_from = { "iec104.query_from", LE64 };
static const struct field f_to = { "iec104.query_to", LE64 };
static const struct field f_size = { "iec104.security_size", U8 };

/* Qualities: a bit, its mask and its name. */
struct bit {
	uint8_t mask;
	struct field field;
};
static const struct bit single_quality[] = {
	{ 0x10, { "iec60870_asdu.siq.bl", FLAG } },
	{ 0x20, { "iec60870_asdu.siq.sb", FLAG } },
	{ 0x40, { "iec60870_asdu.siq.nt", FLAG } },
	{ 0x80, { "iec60870_asdu.siq.iv", FLAG } },
	{ 0 },
};
static const struct bit double_quality[] = {
	{ 0x10, { "iec60870_asdu.diq.bl", FLAG } },
	{ 0x20, { "iec60870_asdu.diq.sb", FLAG } },
	{ 0x40, { "iec60870_asdu.diq.nt", FLAG } },
	{ 0x80, { "iec60870_asdu.diq.iv", FLAG } },
	{ 0 },
};
static const struct bit measured_quality[] = {
	{ 0x01, { "iec60870_asdu.qds.ov", FLAG } },
	{ 0x10, { "iec60870_asdu.qds.bl", FLAG } },
	{ 0x20, { "iec60870_asdu.qds.sb", FLAG } },
	{ 0x40, { "iec60870_asdu.qds.nt", FLAG } },
	{ 0x80, { "iec60870_asdu.qds.iv", FLAG } },
	{ 0 },
};
static const struct bit protection_quality[] = {
	{ 0x08, { "iec104.protection.ei", FLAG } },
	{ 0x10, { "iec104.protection.bl", FLAG } },
	{ 0x20, { "iec104.protection.sb", FLAG } },
	{ 0x40, { "iec104.protection.nt", FLAG } },
	{ 0x80, { "iec104.protection.iv", FLAG } },
	{ 0 },
};
enum { INVALID = 0x80, SUMMER = 0x80, NEGATIVE = 0x80 };

/* Qualifier of a command: what kind of pulse, and whether it only selects (7.2.6.26). */
struct command {
	struct field kind, select;
};
static const struct command single_qualifier = { { "iec60870_asdu.sco.qu", U8 },
	{ "iec60870_asdu.sco.se", FLAG } };
static const struct command double_qualifier = { { "iec60870_asdu.dco.qu", U8 },
	{ "iec60870_asdu.dco.se", FLAG } };
static const struct command step_qualifier = { { "iec60870_asdu.rco.qu", U8 },
	{ "iec60870_asdu.rco.se", FLAG } };
static const struct command set_qualifier = { { "iec60870_asdu.qos.ql", U8 },
	{ "iec60870_asdu.qos.se", FLAG } };

static const struct field f_short_ms = { "iec60870_asdu.cp24time.ms", LE16, 0, 59999 };
static const struct field f_short_minute = { "iec60870_asdu.cp24time.min", U8, 0, 59 };
static const struct field f_short_invalid = { "iec60870_asdu.cp24time.iv", FLAG };
static const struct field f_time = { "iec60870_asdu.cp56time", LE64 };
static const struct field f_time_invalid = { "iec60870_asdu.cp56time.iv", FLAG };
static const struct field f_time_summer = { "iec60870_asdu.cp56time.su", FLAG };

/* What a point is, behind its address; types with and without a time tag share theirs. */
static const char *const kinds[E_COUNT] = {
	[E_SINGLE] = "single point",
	[E_DOUBLE] = "double point",
	[E_STEP] = "step position",
	[E_BITS] = "bitstring",
	[E_NORMALIZED] = "normalized",
	[E_SCALED] = "scaled",
	[E_FLOAT] = "float",
	[E_TOTAL] = "total",
	[E_EVENT] = "protection event",
	[E_STARTS] = "protection starts",
	[E_OUTPUTS] = "protection outputs",
	[E_PACKED] = "single point",
	[E_SINGLE_COMMAND] = "single command",
	[E_DOUBLE_COMMAND] = "double command",
	[E_STEP_COMMAND] = "step command",
	[E_SET_NORMALIZED] = "normalized setpoint",
	[E_SET_SCALED] = "scaled setpoint",
	[E_SET_FLOAT] = "float setpoint",
	[E_SET_BITS] = "bitstring command",
	[E_PARAMETER_NORMALIZED] = "normalized parameter",
	[E_PARAMETER_SCALED] = "scaled parameter",
	[E_PARAMETER_FLOAT] = "float parameter",
};

void iec104_point_name(const struct point_at *at, char name[POINT_NAME])
{
	const char *kind = at->space < E_COUNT && kinds[at->space] ? kinds[at->space] : "";
	if (at->space == E_PACKED)
		snprintf(name, POINT_NAME, "ca %u ioa %u bit %u %s", at->unit, at->index, at->bit,
			kind);
	else
		snprintf(name, POINT_NAME, "ca %u ioa %u %s", at->unit, at->index, kind);
}

/* Where the value at hand belongs. */
struct place {
	struct scene *s;
	const struct iec104_asdu *asdu;
	uint32_t object;
	bool invalid;
};

/* Values of a station that commands are its own: both its reports and its confirmations are sent by
 * it.  An invalid value is no value of the process. */
static void point(const struct place *p, double v)
{
	enum iec104_element e = p->asdu->type->element;
	if (!p->asdu->tell || p->invalid)
		return;
	if (e == E_NORMALIZED_BARE)
		e = E_NORMALIZED;
	const struct point_at at = {
		.space = (uint8_t)e, .unit = p->asdu->station, .index = p->object
	};
	point_sender(p->s, &at, v, p->asdu->written);
}

static void quality(struct place *p, uint8_t byte, const struct bit *bits)
{
	for (; bits->mask; bits++)
		fact_flag(p->s, &bits->field, byte & bits->mask);
	p->invalid = byte & INVALID;
}

static void command(struct scene *s, uint8_t byte, const struct command *q, unsigned shift)
{
	fact_uint(s, &q->kind, (byte & 0x7fu) >> shift);
	fact_flag(s, &q->select, byte & 0x80);
}

/* Days since 1970-01-01 of a date of the Gregorian calendar. */
static int64_t days_of(int64_t year, unsigned month, unsigned day)
{
	static const uint16_t before[] = { 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334 };
	int64_t past = year - 1970, days = past * 365 + (past + 1) / 4; /* none before 2100 */
	bool leap = year % 4 == 0 && month > 2;
	return days + before[month - 1] + leap + day - 1;
}

/* Seven-octet binary time, 60870-5-4, 6.8: milliseconds since 1970 by the station's own clock in
 * standard time, or -1 where it says no date.  Years are of the century around 2000; 100 and more
 * are what stations send that count from 1900. */
static int64_t long_time(struct cur *c, uint8_t *minute, uint8_t *hour)
{
	unsigned ms = cur_le16(c);
	*minute = cur_u8(c);
	*hour = cur_u8(c);
	unsigned day = cur_u8(c) & 31, month = cur_u8(c) & 15;
	int64_t year = cur_u8(c) & 0x7f;
	if (ms > 59999 || (*minute & 63) > 59 || (*hour & 31) > 23 || !day || !month || month > 12)
		return -1;
	int64_t hours = days_of(year < 70 ? 2000 + year : 1900 + year, month, day) * 24;
	hours += (*hour & 31) - (*hour & SUMMER ? 1 : 0);
	return (hours * 60 + (*minute & 63)) * 60000 + ms;
}

static void time_tag(struct scene *s, enum iec104_time kind, struct cur *c)
{
	uint8_t minute, hour;
	if (kind == TIME_CP24) {
		unsigned ms = cur_le16(c);
		minute = cur_u8(c);
		fact_uint(s, &f_short_ms, ms);
		fact_uint(s, &f_short_minute, minute & 63);
		fact_flag(s, &f_short_invalid, minute & INVALID);
	} else if (kind == TIME_CP56) {
		int64_t at = long_time(c, &minute, &hour);
		if (at >= 0)
			fact_uint(s, &f_time, (uint64_t)at);
		else
			fact_violation(s);
		fact_flag(s, &f_time_invalid, minute & INVALID);
		fact_flag(s, &f_time_summer, hour & SUMMER);
	}
}

/* The quality stands behind the value: it is read first, so that an invalid one is no point. */
static void measured(struct place *p, struct cur *c, const struct field *f)
{
	struct cur head = cur_sub(c, iec104_element_size(p->asdu->type->element) - 1);
	double v;
	if (f->wire == FLE32)
		v = cur_float_of(cur_le32(&head));
	else
		v = (int16_t)cur_le16(&head);
	uint8_t last = cur_u8(c);
	if (f == &f_normalized)
		v /= 32768;
	if (f == &f_scaled)
		fact_int(p->s, f, (int64_t)v);
	else
		fact_real(p->s, f, v);
	switch ((enum iec104_element)p->asdu->type->element) {
	case E_SET_NORMALIZED:
	case E_SET_SCALED:
	case E_SET_FLOAT:
		command(p->s, last, &set_qualifier, 0);
		break;
	case E_PARAMETER_NORMALIZED:
	case E_PARAMETER_SCALED:
	case E_PARAMETER_FLOAT:
		fact_uint(p->s, &f_parameter, last & 63);
		fact_uint(p->s, &f_parameter_local, last >> 6 & 1);
		fact_uint(p->s, &f_parameter_off, last >> 7);
		break;
	default:
		quality(p, last, measured_quality);
		break;
	}
	point(p, v);
}

static void total(struct place *p, struct cur *c)
{
	int32_t v = (int32_t)cur_le32(c);
	uint8_t sequence = cur_u8(c);
	fact_int(p->s, &f_total, v);
	fact_uint(p->s, &f_total_sequence, sequence & 31);
	fact_flag(p->s, &f_total_carry, sequence & 0x20);
	fact_flag(p->s, &f_total_adjusted, sequence & 0x40);
	fact_flag(p->s, &f_total_invalid, sequence & INVALID);
	p->invalid = sequence & INVALID;
	point(p, v);
}

/* Sixteen single points and which of them changed, 7.2.6.40. */
static void packed(struct place *p, struct cur *c)
{
	unsigned status = cur_le16(c), changes = cur_le16(c);
	fact_uint(p->s, &f_status, status);
	fact_uint(p->s, &f_changes, changes);
	quality(p, cur_u8(c), measured_quality);
	for (unsigned bit = 0; bit < 16 && p->asdu->tell && !p->invalid; bit++) {
		const struct point_at at = { .space = E_PACKED,
			.bit = (uint8_t)bit,
			.unit = p->asdu->station,
			.index = p->object };
		point_sender(p->s, &at, status >> bit & 1, false);
	}
}

static void protection(struct place *p, struct cur *c)
{
	enum iec104_element e = p->asdu->type->element;
	uint8_t v = cur_u8(c), last = e == E_EVENT ? v : cur_u8(c);
	if (e == E_EVENT)
		v &= 3;
	fact_uint(p->s, e == E_EVENT ? &f_event : e == E_STARTS ? &f_starts : &f_outputs, v);
	quality(p, last, protection_quality);
	fact_uint(p->s, &f_elapsed, cur_le16(c));
	point(p, v);
}

static void file(struct place *p, struct cur *c)
{
	struct scene *s = p->s;
	enum iec104_element e = p->asdu->type->element;
	fact_uint(s, &f_file, cur_le16(c));
	if (e != E_FILE_READY && e != E_DIRECTORY && e != E_QUERY)
		fact_uint(s, &f_section, cur_u8(c));
	if (e == E_FILE_READY || e == E_SECTION_READY || e == E_DIRECTORY)
		fact_uint(s, &f_length, cur_le24(c));
	uint8_t last = e == E_QUERY ? 0 : cur_u8(c), minute, hour;
	switch (e) {
	case E_FILE_READY:
		fact_flag(s, &f_file_unready, last & NEGATIVE);
		if (last & NEGATIVE)
			fact_failed(s);
		break;
	case E_SECTION_READY:
		fact_flag(s, &f_section_unready, last & NEGATIVE);
		if (last & NEGATIVE)
			fact_failed(s);
		break;
	case E_CALL:
		fact_uint(s, &f_call, last);
		break;
	case E_LAST:
		fact_uint(s, &f_last, last);
		fact_uint(s, &f_checksum, cur_u8(c));
		break;
	case E_ACKNOWLEDGE:
		fact_uint(s, &f_acknowledge, last);
		if ((last & 15) == 2 || (last & 15) == 4) /* negative, of file or section */
			fact_failed(s);
		break;
	case E_SEGMENT:
		fact_bytes(s, &f_segment, cur_take(c, last), last);
		break;
	case E_DIRECTORY:
		fact_uint(s, &f_file_status, last);
		break;
	default: {
		int64_t from = long_time(c, &minute, &hour), to = long_time(c, &minute, &hour);
		if (from >= 0)
			fact_uint(s, &f_from, (uint64_t)from);
		if (to >= 0)
			fact_uint(s, &f_to, (uint64_t)to);
	}
	}
}

static void single(struct place *p, uint8_t byte)
{
	fact_flag(p->s, &f_single, byte & 1);
	quality(p, byte, single_quality);
	point(p, byte & 1);
}

static void two_bits(struct place *p, uint8_t byte)
{
	enum iec104_element e = p->asdu->type->element;
	uint8_t v = e == E_SINGLE_COMMAND ? byte & 1 : byte & 3;
	if (e == E_DOUBLE) {
		fact_uint(p->s, &f_double, v);
		quality(p, byte, double_quality);
	} else if (e == E_SINGLE_COMMAND) {
		fact_flag(p->s, &f_single_command, v);
		command(p->s, byte, &single_qualifier, 2);
	} else {
		bool doubled = e == E_DOUBLE_COMMAND;
		fact_uint(p->s, doubled ? &f_double_command : &f_step_command, v);
		command(p->s, byte, doubled ? &double_qualifier : &step_qualifier, 2);
	}
	point(p, v);
}

static void step(struct place *p, struct cur *c)
{
	uint8_t byte = cur_u8(c);
	int value = (int8_t)(uint8_t)(byte << 1) / 2; /* seven bits, two's complement */
	fact_int(p->s, &f_step, value);
	fact_flag(p->s, &f_transient, byte & 0x80);
	quality(p, cur_u8(c), measured_quality);
	point(p, value);
}

static void bits(struct place *p, struct cur *c)
{
	uint32_t v = cur_be32(c);
	fact_uint(p->s, &f_bits, v);
	if (p->asdu->type->element == E_BITS)
		quality(p, cur_u8(c), measured_quality);
	point(p, v);
}

static void bare(struct place *p, struct cur *c)
{
	double v = (int16_t)cur_le16(c) / 32768.0;
	fact_real(p->s, &f_normalized, v);
	point(p, v);
}

/* Orders to the station itself. */
static void order(struct scene *s, enum iec104_element e, struct cur *c)
{
	uint16_t two = iec104_element_size(e) == 2 ? cur_le16(c) : cur_u8(c);
	uint8_t one = (uint8_t)two;
	switch (e) {
	case E_INITIALIZED:
		fact_uint(s, &f_initialized, one & 0x7f);
		fact_flag(s, &f_changed, one & 0x80);
		break;
	case E_INTERROGATION:
		fact_uint(s, &f_interrogation, one);
		break;
	case E_COUNTERS:
		fact_uint(s, &f_counters, one & 63);
		fact_uint(s, &f_freeze, one >> 6);
		break;
	case E_RESET:
		fact_uint(s, &f_reset, one);
		break;
	case E_ACTIVATION:
		fact_uint(s, &f_activation, one);
		break;
	case E_TEST:
		fact_uint(s, &f_pattern, two);
		break;
	case E_DELAY:
		fact_uint(s, &f_delay, two);
		break;
	default:
		fact_uint(s, &f_test_count, two);
		break;
	}
}

static void element(struct place *p, struct cur *c)
{
	enum iec104_element e = p->asdu->type->element;
	switch (e) {
	case E_NONE:
		break;
	case E_SINGLE:
		single(p, cur_u8(c));
		break;
	case E_DOUBLE:
	case E_SINGLE_COMMAND:
	case E_DOUBLE_COMMAND:
	case E_STEP_COMMAND:
		two_bits(p, cur_u8(c));
		break;
	case E_STEP:
		step(p, c);
		break;
	case E_BITS:
	case E_SET_BITS:
		bits(p, c);
		break;
	case E_NORMALIZED:
	case E_SET_NORMALIZED:
	case E_PARAMETER_NORMALIZED:
		measured(p, c, &f_normalized);
		break;
	case E_SCALED:
	case E_SET_SCALED:
	case E_PARAMETER_SCALED:
		measured(p, c, &f_scaled);
		break;
	case E_FLOAT:
	case E_SET_FLOAT:
	case E_PARAMETER_FLOAT:
		measured(p, c, &f_float);
		break;
	case E_NORMALIZED_BARE:
		bare(p, c);
		break;
	case E_TOTAL:
		total(p, c);
		break;
	case E_EVENT:
	case E_STARTS:
	case E_OUTPUTS:
		protection(p, c);
		break;
	case E_PACKED:
		packed(p, c);
		break;
	case E_FILE_READY:
	case E_SECTION_READY:
	case E_CALL:
	case E_LAST:
	case E_ACKNOWLEDGE:
	case E_SEGMENT:
	case E_DIRECTORY:
	case E_QUERY:
		file(p, c);
		break;
	default:
		order(p->s, e, c);
		break;
	}
}

/* SQ says whether each object has its address, or the first one has and the others follow. */
bool iec104_objects(struct scene *s, const struct iec104_asdu *a, struct cur c)
{
	struct place p = { .s = s, .asdu = a };
	if (a->type->element == E_SECURITY) {
		fact_uint(s, &f_size, c.left);
		return true;
	}
	for (unsigned i = 0; i < a->count; i++) {
		p.object = i == 0 || !a->sequence ? cur_le24(&c) : p.object + 1;
		fact_uint(s, &f_object, p.object);
		p.invalid = false;
		element(&p, &c);
		time_tag(s, a->type->time, &c);
	}
	return cur_ok(&c);
}
