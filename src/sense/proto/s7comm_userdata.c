/* S7comm userdata: the function groups of programming devices and panels. */
#include <stdio.h>

#include "sense/proto/s7comm.h"

enum group {
	GROUP_MODE = 0,
	GROUP_PROGRAMMER = 1,
	GROUP_CYCLIC = 2,
	GROUP_BLOCK = 3,
	GROUP_CPU = 4,
	GROUP_SECURITY = 5,
	GROUP_SEND = 6,
	GROUP_TIME = 7,
	GROUP_RECORD = 8,
	GROUP_NC = 15,
};

/* --- group 0: mode --- */

static void tell_mode(struct scene *s, uint8_t mode)
{
	static const char *const modes[] = {
		[0] = "stop",
		[1] = "warm restart",
		[2] = "run",
		[3] = "hot restart",
		[4] = "hold",
		[6] = "cold restart",
		[9] = "run (redundant)",
		[11] = "link-up",
		[12] = "update",
	};
	const char *word = mode < sizeof modes / sizeof modes[0] ? modes[mode] : NULL;
	if (word)
		who_sender(s, ID_MODE, word, strlen(word));
}

/* --- group 1: test and commissioning --- */

static const struct field field_tis_parameter_size = { "s7comm.tis.parameter_size", BE16, 0, 0 };
static const struct field field_tis_data_size = { "s7comm.tis.data_size", BE16, 0, 0 };
static const struct field field_tis_answer_size = { "s7comm.tis.answer_size", BE16, 0, 0 };
static const struct field field_tis_trigger = { "s7comm.tis.trigger_event", BE16, 0, 0 };
static const struct field field_tis_count = { "s7comm.tis.item_count", BE16, 0, 0 };
static const struct field field_tis_area = { "s7comm.tis.area", U8, 0, 0 };
static const struct field field_tis_repetition = { "s7comm.tis.repetition", U8, 0, 0 };
static const struct field field_tis_bit = { "s7comm.tis.bit", U8, 0, 0 };
static const struct field field_tis_db = { "s7comm.tis.db", BE16, 0, 0 };
static const struct field field_tis_start = { "s7comm.tis.start", BE16, 0, 0 };
static const struct field tis_job[] = {
	{ "s7comm.tis.job.function", U8, 0, 0 },
	{ "s7comm.tis.job.reference", U8, 0, 0 },
	{ 0 },
};

enum {
	TIS_BLOCK_STATUS = 0x01,
	TIS_VARIABLE_STATUS = 0x02,
	TIS_MODIFY = 0x08,
	TIS_FORCE = 0x09,
	TIS_DISABLE = 0x0d,
	TIS_JOB_LIST = 0x10,
	TIS_REPLACE = 0x12,
};

/* The upper half of a table's area byte is the area, the lower the width (0 bit, 1 byte, 2 word,
 * 3 double word); timers and counters stand alone. */
static struct s7_item tis_item(
	uint8_t area, uint16_t db, uint16_t start, uint8_t bit, uint16_t count)
{
	static const uint8_t areas[] = { S7_AREA_FLAG, S7_AREA_INPUT, S7_AREA_OUTPUT,
		S7_AREA_PERIPHERAL };
	static const uint8_t sizes[] = { S7_SIZE_BIT, S7_SIZE_BYTE, S7_SIZE_WORD, S7_SIZE_DWORD };
	struct s7_item item = { .count = count, .db = db };
	uint8_t high = area >> 4, low = area & 0xf;
	if (area == 0x54 || area == 0x64) {
		item.area = area == 0x54 ? S7_AREA_TIMER : S7_AREA_COUNTER;
		item.size = area == 0x54 ? S7_SIZE_TIMER : S7_SIZE_COUNTER;
		item.address = start;
		return item;
	}
	if (high == 7)
		item.area = S7_AREA_DB;
	else if (high < sizeof areas)
		item.area = areas[high];
	if (low >= sizeof sizes) {
		item.area = 0;
		return item;
	}
	item.size = sizes[low];
	item.address = (uint32_t)start << 3 | (low == 0 ? bit & 7u : 0);
	return item;
}

/* Addresses of a variable table: area, repetitions (or the bit), data block, byte. */
static void read_table_addresses(struct scene *s, struct cur *c, unsigned count, struct s7_ask *ask)
{
	for (unsigned i = 0; i < count && c->left >= 6; i++) {
		uint8_t area = cur_u8(c);
		uint8_t factor = cur_u8(c);
		uint16_t db = cur_be16(c);
		uint16_t start = cur_be16(c);
		bool bit = (area & 0xf) == 0;
		fact_uint(s, &field_tis_area, area);
		fact_uint(s, bit ? &field_tis_bit : &field_tis_repetition, factor);
		fact_uint(s, &field_tis_db, db);
		fact_uint(s, &field_tis_start, start);
		if (i < S7_ITEMS_MAX) {
			ask->items[i] = tis_item(area, db, start, factor, bit ? 1 : factor);
			ask->count = (uint8_t)(i + 1);
		}
	}
}

/* A table is set up under a sequence number that the answer names; values come as pushes under
 * that number, until the job is deleted. */
static uint32_t job_key(const struct scene *s, uint8_t group, uint8_t sequence, bool asking)
{
	return 0x80000000u | (uint32_t)group << 8 | sequence | s7_ask_key(s, 0, true, asking);
}

static void keep_job(struct scene *s, const struct s7_userdata *u)
{
	const struct s7_ask *asked = ask_peek(s, s7_ask_key(s, u->pduref, true, false));
	if (!asked || asked->count == 0 || u->sequence == 0)
		return;
	struct s7_ask copy = *asked;
	struct s7_ask *kept = ask_put(s, job_key(s, u->group, u->sequence, false));
	if (kept)
		*kept = copy;
}

static void read_programmer(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	if (c->left < 4)
		return;
	uint16_t parameter_size = cur_be16(c);
	uint16_t data_size = cur_be16(c);
	fact_uint(s, &field_tis_parameter_size, parameter_size);
	fact_uint(s, &field_tis_data_size, data_size);
	struct cur parameter = cur_upto(c, parameter_size);
	struct cur data = cur_upto(c, data_size);
	if (u->type == S7_REQUEST && parameter_size >= 20) {
		cur_skip(&parameter, 6);
		fact_uint(s, &field_tis_answer_size, cur_be16(&parameter));
		cur_skip(&parameter, 10);
		fact_uint(s, &field_tis_trigger, cur_be16(&parameter));
	}
	bool table = u->function == TIS_VARIABLE_STATUS || u->function == TIS_MODIFY ||
		u->function == TIS_FORCE;
	if (table && data.left >= 2) {
		uint16_t count = cur_be16(&data);
		fact_uint(s, &field_tis_count, count);
		if (u->type == S7_REQUEST) {
			struct s7_ask unkept = { 0 };
			struct s7_ask *ask = ask_peek(s, s7_ask_key(s, u->pduref, true, true));
			if (!ask)
				ask = &unkept;
			read_table_addresses(s, &data, count, ask);
			if (u->function != TIS_VARIABLE_STATUS)
				s7_read_values(s, &data, count, ask, true);
		} else if (u->function == TIS_VARIABLE_STATUS) {
			bool push = u->type == S7_PUSH;
			uint32_t key = push ? job_key(s, u->group, u->sequence, false)
					    : s7_ask_key(s, u->pduref, true, false);
			s7_read_values(s, &data, count, ask_peek(s, key), false);
		} else {
			s7_read_codes(s, &data, count);
		}
	} else if (u->type == S7_REQUEST && u->function >= TIS_DISABLE &&
		u->function != TIS_JOB_LIST && u->function <= TIS_REPLACE && data.left >= 2) {
		if (data.left >= 4)
			cur_skip(&data, 2); /* 00 01 in front of a job that is to be deleted */
		walk(s, &data, tis_job);
	} else if (u->type != S7_REQUEST && u->function == TIS_JOB_LIST) {
		while (data.left >= 4 && walk(s, &data, tis_job))
			cur_skip(&data, 2);
	}
}

/* --- group 2: cyclic data --- */

enum { CYCLIC_MEMORY = 1, CYCLIC_UNSUBSCRIBE = 4, CYCLIC_CHANGE = 5 };

static const struct field field_cyclic_count = { "s7comm.cyclic.item_count", BE16, 0, 0 };
static const struct field field_timebase = { "s7comm.cyclic.timebase", U8, 0, 0 };
static const struct field field_interval = { "s7comm.cyclic.time", U8, 0, 0 };
static const struct field unsubscribe[] = {
	{ "s7comm.cyclic.function", U8, 0, 0 },
	{ "s7comm.cyclic.job", U8, 0, 0 },
	{ 0 },
};

static void read_cyclic(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	if (u->function == CYCLIC_UNSUBSCRIBE && u->type == S7_REQUEST) {
		walk(s, c, unsubscribe);
		return;
	}
	if ((u->function != CYCLIC_MEMORY && u->function != CYCLIC_CHANGE) || c->left < 2)
		return;
	uint16_t count = cur_be16(c);
	fact_uint(s, &field_cyclic_count, count);
	if (u->type == S7_REQUEST) {
		fact_uint(s, &field_timebase, cur_u8(c));
		fact_uint(s, &field_interval, cur_u8(c));
		struct s7_ask unkept = { 0 };
		struct s7_ask *ask = ask_peek(s, s7_ask_key(s, u->pduref, true, true));
		s7_read_addresses(s, c, count, ask ? ask : &unkept);
		return;
	}
	uint32_t key = u->type == S7_PUSH ? job_key(s, u->group, u->sequence, false)
					  : s7_ask_key(s, u->pduref, true, false);
	s7_read_values(s, c, count, ask_peek(s, key), false);
}

/* --- group 3: blocks --- */

static const struct field field_block_type = { "s7comm.blockinfo.type", TEXT, 0, 0 };
static const struct field field_block_count = { "s7comm.blockinfo.count", BE16, 0, 0 };
static const struct field field_block_number = { "s7comm.blockinfo.number_text", TEXT, 0, 0 };
static const struct field field_filesystem = { "s7comm.blockinfo.filesystem", TEXT, 0, 0 };
static const struct field block_of_type[] = {
	{ "s7comm.blockinfo.number", BE16, 0, 0 },
	{ "s7comm.blockinfo.flags", U8, 0, 0 },
	{ "s7comm.blockinfo.language", U8, 0, 0 },
	{ 0 },
};
static const struct field block_info[] = {
	{ "s7comm.blockinfo.info_length", BE16, 0, 0 },
	{ "s7comm.blockinfo.unknown", BE16, 0, 0 },
	{ "s7comm.blockinfo.mark", TEXT, 0, 2 }, /* "pp" */
	{ "", SKIP, 1, 0 },
	{ "s7comm.blockinfo.attributes", U8, 0, 0 },
	{ "s7comm.blockinfo.language", U8, 0, 0 },
	{ "s7comm.blockinfo.subtype", U8, 0, 0 },
	{ "s7comm.blockinfo.number", BE16, 0, 0 },
	{ "s7comm.blockinfo.load_memory", BE32, 0, 0 },
	{ "s7comm.blockinfo.security", BE32, 0, 0 },
	{ 0 },
};
static const struct field field_code_time = { "s7comm.blockinfo.code_time", TEXT, 0, 0 };
static const struct field field_interface_time = { "s7comm.blockinfo.interface_time", TEXT, 0, 0 };
static const struct field block_rest[] = {
	{ "s7comm.blockinfo.ssb_length", BE16, 0, 0 },
	{ "s7comm.blockinfo.add_length", BE16, 0, 0 },
	{ "s7comm.blockinfo.local_data", BE16, 0, 0 },
	{ "s7comm.blockinfo.code_length", BE16, 0, 0 },
	{ "s7comm.blockinfo.author", TEXT, 0, 8 },
	{ "s7comm.blockinfo.family", TEXT, 0, 8 },
	{ "s7comm.blockinfo.header_name", TEXT, 0, 8 },
	{ 0 },
};
static const struct field field_version = { "s7comm.blockinfo.header_version", TEXT, 0, 0 };
static const struct field field_checksum = { "s7comm.blockinfo.checksum", BE16, 0, 0 };
static const struct field block_reserved[] = {
	{ "s7comm.blockinfo.reserved1", BE32, 0, 0 },
	{ "s7comm.blockinfo.reserved2", BE32, 0, 0 },
	{ 0 },
};

static void add_text(struct scene *s, const struct field *f, struct cur *c, size_t size)
{
	const uint8_t *text = cur_take(c, size);
	if (text)
		fact_text(s, f, text, size);
}

/* Milliseconds of the day and days since 1984-01-01, S7's calendar; written as people read it. */
static void add_block_time(struct scene *s, const struct field *f, struct cur *c)
{
	uint32_t ms = cur_be32(c);
	uint32_t days = cur_be16(c);
	enum { TEXT_SIZE = 40 };
	char *text = scene_scratch(s, TEXT_SIZE);
	if (!cur_ok(c) || !text)
		return;
	/* Civil date from a day count, by 400-year eras that begin on 1 March: 1984-01-01 is day
	 * 724580 since 0000-03-01. */
	uint32_t day = days + 724580;
	uint32_t era = day / 146097, of_era = day % 146097;
	uint32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	uint32_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	uint32_t month = (5 * of_year + 2) / 153;
	uint32_t of_month = of_year - (153 * month + 2) / 5 + 1;
	month = month < 10 ? month + 3 : month - 9;
	uint32_t year = year_of_era + era * 400 + (month <= 2);
	snprintf(text, TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02u.%03u", year, month, of_month,
		ms / 3600000 % 100, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	fact_text(s, f, text, strlen(text));
}

static void read_block_info(struct scene *s, struct cur *c)
{
	cur_skip(c, 2); /* 01 00 */
	if (!walk(s, c, block_info))
		return;
	add_block_time(s, &field_code_time, c);
	add_block_time(s, &field_interface_time, c);
	if (!walk(s, c, block_rest))
		return;
	uint8_t version = cur_u8(c);
	char *text = scene_scratch(s, 8);
	if (text && cur_ok(c)) {
		snprintf(text, 8, "%u.%u", version >> 4, version & 0xf);
		fact_text(s, &field_version, text, strlen(text));
	}
	cur_skip(c, 1);
	fact_uint(s, &field_checksum, cur_be16(c));
	walk(s, c, block_reserved);
}

static void read_blocks(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	bool answer = u->type == S7_RESPONSE;
	switch (u->function) {
	case 1:
		while (answer && c->left >= 4) {
			add_text(s, &field_block_type, c, 2);
			fact_uint(s, &field_block_count, cur_be16(c));
		}
		break;
	case 2:
		if (!answer && c->left >= 2)
			add_text(s, &field_block_type, c, 2);
		while (answer && c->left >= 4)
			walk(s, c, block_of_type);
		break;
	case 3:
		if (!answer && c->left >= 8) {
			add_text(s, &field_block_type, c, 2);
			add_text(s, &field_block_number, c, 5);
			add_text(s, &field_filesystem, c, 1);
		} else if (answer && c->left > 0) {
			read_block_info(s, c);
		}
		break;
	default:
		break;
	}
}

/* --- group 4: CPU --- */

static const struct field message_request[] = {
	{ "s7comm.message.events", U8, 0, 0 },
	{ "", SKIP, 1, 0 },
	{ "s7comm.message.user", TEXT, 0, 8 },
	{ 0 },
};
static const struct field field_alarm_type = { "s7comm.message.alarm_type", U8, 0, 0 };
static const struct field field_result = { "s7comm.message.result", U8, 0, 0 };
static const struct field field_clock = { "s7comm.time", TEXT, 0, 0 };

/* BCD date and time: year, month, day, hour, minute, second, milliseconds with the weekday in the
 * last half byte.  Two-digit years below 90 are in this century, as STEP 7 reads them. */
void s7_add_clock(struct scene *s, struct cur *c)
{
	unsigned d[6];
	for (unsigned i = 0; i < 6; i++) {
		uint8_t bcd = cur_u8(c);
		d[i] = (bcd >> 4) * 10u + (bcd & 0xfu);
	}
	uint16_t tail = cur_be16(c);
	unsigned ms = (tail >> 12) * 100u + (tail >> 8 & 0xfu) * 10u + (tail >> 4 & 0xfu);
	enum { TEXT_SIZE = 64 };
	char *text = scene_scratch(s, TEXT_SIZE);
	if (!cur_ok(c) || !text)
		return;
	snprintf(text, TEXT_SIZE, "%u-%02u-%02uT%02u:%02u:%02u.%03u",
		d[0] + (d[0] < 90 ? 2000u : 1900u), d[1], d[2], d[3], d[4], d[5], ms);
	fact_text(s, &field_clock, text, strlen(text));
}

static void read_message_service(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	if (u->type == S7_REQUEST) {
		if (c->left >= 10)
			walk(s, c, message_request);
		if (c->left >= 1)
			fact_uint(s, &field_alarm_type, cur_u8(c));
		return;
	}
	if (c->left < 2)
		return;
	fact_uint(s, &field_result, cur_u8(c));
	cur_skip(c, 1);
	if (c->left >= 1)
		fact_uint(s, &field_alarm_type, cur_u8(c));
}

static void read_cpu(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	switch (u->function) {
	case S7_CPU_READ_SZL:
		s7_read_szl(s, c, u->type == S7_RESPONSE);
		break;
	case S7_CPU_MESSAGES:
		read_message_service(s, u, c);
		break;
	case S7_CPU_DIAGNOSTIC:
		if (c->left >= 20 && walk(s, c, s7_diagnostic))
			s7_add_clock(s, c);
		break;
	case S7_CPU_QUERY:
		s7_read_alarm_query(s, u, c);
		break;
	case S7_CPU_ALARM_8:
	case S7_CPU_NOTIFY:
	case S7_CPU_LOCK:
	case S7_CPU_UNLOCK:
	case S7_CPU_SCAN:
	case S7_CPU_ACKNOWLEDGE:
	case S7_CPU_ACKNOWLEDGED:
	case S7_CPU_LOCKED:
	case S7_CPU_UNLOCKED:
	case S7_CPU_ALARM_SQ:
	case S7_CPU_ALARM_S:
	case S7_CPU_NOTIFY_8:
		s7_read_alarm(s, u, c);
		break;
	default:
		break;
	}
}

/* --- groups 5 to 8 and 15 --- */

static const struct field field_password = { "s7comm.password_encoded", TEXT, 0, 0 };
static const struct field field_send_id = { "s7comm.send.r_id", BE32, 0, 0 };
static const struct field field_nc_path = { "s7comm.nc.path", TEXT, 0, 0 };
static const struct field field_nc_size = { "s7comm.nc.size", TEXT, 0, 0 };
static const struct field field_nc_time = { "s7comm.nc.time", TEXT, 0, 0 };

/* The time stands behind a reserved byte and the century. */
static void read_time(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	bool reads = u->function == 1 || u->function == 3;
	if (c->left < 10 || reads != (u->type == S7_RESPONSE))
		return;
	cur_skip(c, 2);
	s7_add_clock(s, c);
}

/* A BSEND: address-like head, the R_ID both programs agreed on, the length in front of the data. */
static void read_send(struct scene *s, struct cur *c)
{
	if (c->left < 8)
		return;
	fact_uint(s, &s7_item_specification, cur_u8(c));
	fact_uint(s, &s7_item_specification_length, cur_u8(c));
	fact_uint(s, &s7_item_syntax, cur_u8(c));
	cur_skip(c, 1);
	fact_uint(s, &field_send_id, cur_be32(c));
}

enum { NC_REQUEST_DOWNLOAD = 1, NC_START_UPLOAD = 6, NC_LENGTH = 8, NC_STAMP = 16 };

/* A numerical control's file: length, time and path as text. */
static void read_nc(struct scene *s, const struct s7_userdata *u, struct cur *c)
{
	if (u->function == NC_REQUEST_DOWNLOAD && c->left > NC_LENGTH + NC_STAMP) {
		add_text(s, &field_nc_size, c, NC_LENGTH);
		add_text(s, &field_nc_time, c, NC_STAMP);
		fact_text(s, &field_nc_path, c->at, c->left);
	} else if (u->function == NC_START_UPLOAD && c->left > 0) {
		fact_text(s, &field_nc_path, c->at, c->left);
	}
}

void s7_read_userdata(struct scene *s, const struct s7_userdata *u, struct cur *data)
{
	bool keeps = u->group == GROUP_PROGRAMMER || u->group == GROUP_CYCLIC;
	switch (u->group) {
	case GROUP_MODE:
		if (u->type == S7_PUSH)
			tell_mode(s, u->function);
		break;
	case GROUP_PROGRAMMER:
		read_programmer(s, u, data);
		break;
	case GROUP_CYCLIC:
		read_cyclic(s, u, data);
		break;
	case GROUP_BLOCK:
		read_blocks(s, u, data);
		break;
	case GROUP_CPU:
		read_cpu(s, u, data);
		break;
	case GROUP_SECURITY:
		if (u->function == 1 && u->type == S7_REQUEST && data->left > 0)
			fact_secret(s, &field_password, data->at, data->left);
		break;
	case GROUP_SEND:
		read_send(s, data);
		break;
	case GROUP_TIME:
		read_time(s, u, data);
		break;
	case GROUP_NC:
		read_nc(s, u, data);
		break;
	default:
		break;
	}
	if (keeps && u->type == S7_RESPONSE)
		keep_job(s, u);
}
