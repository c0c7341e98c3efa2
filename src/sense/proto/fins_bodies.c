/* FINS: bodies with lists, texts and clocks in them.  W342 5-3, W227 5 for those of CV alone. */
#include "sense/proto/fins.h"

#include <stdio.h>

enum { NAME_SIZE = 20, FILE_NAME_SIZE = 12, CLOCK_TEXT = 24, LENGTH = 0x7fff };

static const struct field f_command_data = { "omron.command.data", BYTES };
static const struct field f_response_data = { "omron.response.data", BYTES };
static const struct field f_password = { "omron.password", TEXT };
static const struct field f_program = { "omron.program_number", BE16 };
static const struct field f_mode = { "omron.mode_code", U8 };
static const struct field f_unit = { "omron.unit_address", U8 };
static const struct field f_units = { "omron.unit_nums", U8 };
static const struct field f_model = { "omron.controller.model", TEXT };
static const struct field f_version = { "omron.controller.version", TEXT };
static const struct field f_system = { "omron.system.use", BYTES };
static const struct field f_model_number = { "omron.model_number", TEXT };
static const struct field f_clock = { "omron.clock", TEXT };
static const struct field f_day = { "omron.day", U8 };
static const struct field f_data = { "omron.data", BYTES };
static const struct field f_fals = { "omron.fals", BE16 };
static const struct field f_message = { "omron.message", BE16 };
static const struct field f_message_text = { "omron.read_message", TEXT };
static const struct field f_error_text = { "omron.error_message", TEXT };
static const struct field f_path = { "omron.path", TEXT };
static const struct field f_file = { "omron.file_data.filename", TEXT };
static const struct field f_file_time = { "omron.file_data.time", TEXT };
static const struct field f_file_size = { "omron.file_data.file_capacity", BE32 };
static const struct field f_file_bytes = { "omron.file_data.bytes", BYTES };
static const struct field f_label = { "omron.disk_data.volume_label", TEXT };
static const struct field f_label_time = { "omron.disk_data.time", TEXT };
static const struct field f_total = { "omron.disk_data.total_capacity", BE32 };
static const struct field f_unused = { "omron.disk_data.unused_capacity", BE32 };
static const struct field f_total_files = { "omron.disk_data.total_no_files", BE16 };
static const struct field f_files = { "omron.disk_data.no_files", BE16 };
static const struct field f_link_nodes = { "omron.no_of_link_nodes", U8 };
static const struct field f_log_code = { "omron.error_reset_fals_no", BE16 };
static const struct field f_log_detail = { "omron.error_detail", BE16 };
static const struct field f_block_type = { "omron.data_type", U8 };
static const struct field f_block_control = { "omron.control_data", U8 };
static const struct field f_transfer = { "omron.transfer_parameter_code", BE16 };
static const struct field f_count = { "omron.memory.numitems", BE16 };
static const struct field f_disk = { "omron.disk_no", BE16 };
static const struct field f_place = { "omron.transfer_beginning_address", BE24 };
static const struct field f_bus_unit = { "omron.cpubus_unit", BE16 };
static const struct field f_masters_2 = { "omron.remote_io_date.sysmac_1", U8 };
static const struct field f_masters = { "omron.remote_io_date.sysmac_2", U8 };
static const struct field f_pc_status = { "omron.pc_status", U8 };
static const struct field f_forced_units = { "omron.num_unit_uint16", BE16 };

static const struct field link_block[] = {
	{ "omron.block_record.node_num", U8 },
	{ "omron.block_record.cio_area", BE16 },
	{ "omron.block_record.kind_of_dm", U8 },
	{ "omron.block_record.dm_area_first_word", BE16 },
	{ "omron.block_record.no_of_total_words", BE16 },
	{ 0 },
};
static const struct field area_data[] = {
	{ "omron.area_data.program_area_size", BE16 },
	{ "omron.area_data.iom_size", U8 },
	{ "omron.area_data.dm_words", BE16 },
	{ "omron.area_data.timer_size", U8 },
	{ "omron.area_data.dm_size", U8 },
	{ "omron.area_data.num_steps", BE16 },
	{ "omron.area_data.memory_card", U8 },
	{ "omron.area_data.memory_card.size", BE16 },
	{ 0 },
};
static const struct field status[] = {
	{ "omron.status", U8 },
	{ "omron.mode_code", U8 },
	{ "omron.fatal_error_data", BE16 },
	{ "omron.non_fatal_error_data", BE16 },
	{ "omron.message", BE16 },
	{ "omron.error_code", BE16 },
	{ "omron.error_message", TEXT, 0, 16 },
	{ 0 },
};
static const struct field devicenet[] = {
	{ "omron.devicenet.node", U8 },
	{ "omron.devicenet.service", U8 },
	{ "omron.devicenet.class", BE16 },
	{ "omron.devicenet.instance", BE16 },
	{ 0 },
};
/* As digits: node and subaddress, a service id, then a command of two and two. */
static const struct field compoway[] = {
	{ "omron.compoway.node", TEXT, 0, 2 },
	{ "omron.compoway.subaddress", TEXT, 0, 2 },
	{ "omron.compoway.sid", TEXT, 0, 1 },
	{ "omron.compoway.command", TEXT, 0, 4 },
	{ 0 },
};
static const struct field modbus[] = {
	{ "omron.modbus.unit", U8 },
	{ "omron.modbus.function", U8 },
	{ 0 },
};
static const struct field access_held[] = {
	{ "omron.unit_address", U8 },
	{ "omron.node_number", U8 },
	{ "omron.network_address", U8 },
	{ 0 },
};

static void bytes(struct scene *s, const struct field *f, struct cur c)
{
	if (c.left)
		fact_bytes(s, f, c.at, c.left);
}

void fins_refusal_rest(struct scene *s, struct fins_pdu *p)
{
	enum { HELD = 0x3001 };
	if (p->command == FINS_ACCESS_ACQUIRE && p->end == HELD && p->c.left == 3)
		walk(s, &p->c, access_held);
	fins_data(s, p, &p->c);
}

/* What stands behind the fixed fields of a request to protect or to open, or in its answer: perhaps
 * a password. */
static bool may_be_secret(const struct fins_pdu *p)
{
	return p->command == FINS_PROTECT || p->command == FINS_PROTECT_CLEAR;
}

void fins_data(struct scene *s, const struct fins_pdu *p, struct cur *c)
{
	size_t size = c->left;
	const uint8_t *at = cur_take(c, size);
	if (size && may_be_secret(p))
		fact_secret(s, &f_password, at, size);
	else if (size)
		fact_bytes(s, p->answer ? &f_response_data : &f_command_data, at, size);
}

void fins_body(struct scene *s, const struct fins_pdu *p, struct cur body)
{
	enum { NO_SECRET = 11 }; /* program, protect code, first and last word */
	if (may_be_secret(p) && !p->answer) {
		struct cur head = cur_upto(&body, NO_SECRET);
		bytes(s, &f_command_data, head);
	}
	fins_data(s, p, &body);
}

/* A text of fixed size, which ends at its first zero. */
static struct cur text(struct cur *c, size_t size)
{
	struct cur t = cur_sub(c, size);
	long end = cur_find(&t, 0);
	return end < 0 ? t : cur_sub(&t, (size_t)end);
}

static void told(struct scene *s, const struct field *f, struct cur t)
{
	if (cur_ok(&t))
		fact_text(s, f, t.at, t.left);
}

/* --- clocks --- */

static int bcd(uint8_t b)
{
	return b >> 4 > 9 || (b & 15) > 9 ? -1 : (b >> 4) * 10 + (b & 15);
}

/* Years have two digits: 98 and 99 are of the century before (W342 5-3-19). */
static void clock_fact(struct scene *s, const uint8_t d[6], unsigned parts)
{
	int n[6] = { 0 };
	for (unsigned i = 0; i < parts; i++) {
		n[i] = bcd(d[i]);
		if (n[i] < 0) {
			fact_violation(s);
			return;
		}
	}
	char *t = scene_scratch(s, CLOCK_TEXT);
	if (!t)
		return;
	int size = snprintf(t, CLOCK_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d",
		n[0] + (n[0] < 98 ? 2000 : 1900), n[1], n[2], n[3], n[4], n[5]);
	if (size > 0)
		fact_text(s, &f_clock, t, (size_t)size);
}

static bool clock_read(struct scene *s, struct cur *c)
{
	uint8_t d[6] = { 0 };
	unsigned parts = 0;
	for (; parts < 6 && c->left; parts++)
		d[parts] = cur_u8(c);
	clock_fact(s, d, parts);
	if (c->left)
		fact_uint(s, &f_day, cur_u8(c));
	return cur_ok(c);
}

/* Two words of MS-DOS: date, then time. */
static void file_time(struct scene *s, const struct field *f, uint32_t v)
{
	char *t = v ? scene_scratch(s, CLOCK_TEXT) : NULL;
	if (!t)
		return;
	unsigned date = v >> 16, time = v & 0xffff;
	int size = snprintf(t, CLOCK_TEXT, "%04u-%02u-%02uT%02u:%02u:%02u", 1980 + (date >> 9),
		date >> 5 & 15, date & 31, time >> 11, time >> 5 & 63, (time & 31) * 2);
	if (size > 0)
		fact_text(s, f, t, (size_t)size);
}

/* --- requests --- */

/* Directories behind a file's name: a length and a path, for each of the files. */
static bool paths(struct scene *s, struct cur *c)
{
	while (c->left) {
		uint16_t size = cur_be16(c);
		struct cur path = cur_sub(c, size);
		if (!cur_ok(c) || !cur_ok(&path))
			return false;
		if (size)
			told(s, &f_path, path);
	}
	return cur_ok(c);
}

static bool run(struct scene *s, struct cur *c)
{
	if (c->left == 1)
		return false;
	if (c->left)
		fact_uint(s, &f_program, cur_be16(c));
	if (c->left)
		fact_uint(s, &f_mode, cur_u8(c));
	return cur_ok(c);
}

/* A table from its beginning; of one in several parts the others begin anywhere, and are bytes. */
static void link_table(struct scene *s, const struct fins_pdu *p, struct cur *c, uint16_t first)
{
	enum { BLOCK = 8 };
	if (first == 0 && c->left)
		fact_uint(s, &f_link_nodes, cur_u8(c) & 0x7f);
	while (first == 0 && c->left >= BLOCK)
		walk(s, c, link_block);
	fins_data(s, p, c);
}

static bool file_write(struct scene *s, struct cur *c, uint16_t size)
{
	struct cur data = cur_sub(c, size);
	if (!cur_ok(&data))
		return false;
	bytes(s, &f_file_bytes, data);
	return paths(s, c);
}

static bool file_delete(struct scene *s, struct cur *c, uint16_t count)
{
	for (unsigned i = 0; i < count && cur_ok(c); i++)
		told(s, &f_file, text(c, FILE_NAME_SIZE));
	return cur_ok(c) && paths(s, c);
}

static bool memory_file(struct scene *s, struct cur *c)
{
	fact_uint(s, &f_transfer, cur_be16(c));
	struct fins_place at = fins_place(c);
	fins_place_fact(s, &f_place, &at);
	fact_uint(s, &f_count, cur_be16(c));
	fact_uint(s, &f_disk, cur_be16(c));
	told(s, &f_file, text(c, FILE_NAME_SIZE));
	return cur_ok(c) && paths(s, c);
}

static bool forced_status(struct scene *s, struct cur *c, bool answer)
{
	struct fins_place at = fins_place(c);
	fins_place_fact(s, &f_place, &at);
	fact_uint(s, &f_forced_units, cur_be16(c));
	if (answer)
		bytes(s, &f_data, *c);
	return cur_ok(c);
}

/* The last of the fixed fields, which says how much follows. */
static uint16_t word_at(struct cur body, size_t at)
{
	cur_skip(&body, at);
	return cur_be16(&body);
}

/* Words of a CPU's parameters; units beside it have bytes. */
static bool parameters_fit(const struct fins_pdu *p, size_t count)
{
	return p->c.left == count * 2 || (p->node.unit && p->c.left == count);
}

/* What a message through a unit to devices behind it says in its first bytes. */
static void devices(struct scene *s, const struct fins_pdu *p, struct cur *c)
{
	enum { NODE_SERVICE_OBJECT = 6, UNIT_FUNCTION = 2, COMPOWAY_HEAD = 9 };
	if (p->command == FINS_DEVICENET && c->left >= NODE_SERVICE_OBJECT)
		walk(s, c, devicenet);
	else if (p->command == FINS_COMPOWAY && c->left >= COMPOWAY_HEAD)
		walk(s, c, compoway);
	else if (p->command != FINS_DEVICENET && p->command != FINS_COMPOWAY &&
		c->left >= UNIT_FUNCTION)
		walk(s, c, modbus);
	fins_data(s, p, c);
}

/* Which messages, or the number of a FAL or FALS. */
static void message_number(struct scene *s, struct cur *c, bool fal)
{
	uint16_t v = cur_be16(c);
	fact_uint(s, fal ? &f_fals : &f_message, fal ? v & 0x3fff : v);
}

bool fins_request_rest(struct scene *s, struct fins_pdu *p, struct fins_asked *asked)
{
	struct cur *c = &p->c;
	struct cur body = *c;
	bool fits;
	if (!walk(s, c, p->row->ask.fields))
		return false;
	switch (p->command) {
	case FINS_PARAMETER_WRITE:
		fits = parameters_fit(p, word_at(body, 4) & LENGTH);
		fins_data(s, p, c);
		return fits;
	case FINS_PROGRAM_WRITE:
		fits = c->left == (word_at(body, 6) & LENGTH);
		fins_data(s, p, c);
		return fits;
	case FINS_LINK_TABLE_WRITE:
		link_table(s, p, c, word_at(body, 4));
		return true;
	case FINS_LINK_TABLE_READ:
		asked->part = word_at(body, 4);
		return true;
	case FINS_PROTECT:
	case FINS_PROTECT_CLEAR:
		fact_secret(s, &f_password, c->at, c->left);
		return true;
	case FINS_RUN:
	case FINS_STOP:
		return run(s, c);
	case FINS_CONNECTION_DATA:
		fact_uint(s, &f_unit, cur_u8(c));
		if (c->left)
			fact_uint(s, &f_units, cur_u8(c));
		return cur_ok(c);
	case FINS_CLOCK_WRITE:
		return clock_read(s, c);
	case FINS_MESSAGE:
		message_number(s, c, cur_peek(c, 0) & 0x80);
		return true;
	case 0x0801:
	case 0x0803:
	case 0x2211:
		bytes(s, &f_data, *c);
		return true;
	case FINS_FILE_NAMES:
	case FINS_FILE_READ:
	case FINS_PARAMETER_FILE:
	case FINS_PROGRAM_FILE:
	case 0x2207:
	case 0x2208:
	case 0x2209:
	case 0x2215:
		return paths(s, c);
	case FINS_FILE_WRITE:
		cur_skip(&body, 20);
		return file_write(s, c, cur_be16(&body));
	case FINS_FILE_DELETE:
		cur_skip(&body, 2);
		return file_delete(s, c, cur_be16(&body));
	case FINS_MEMORY_FILE:
		return memory_file(s, c);
	case FINS_FORCE:
		return fins_force(s, p, asked);
	case FINS_FORCED_STATUS:
		return forced_status(s, c, false);
	case FINS_DEVICENET:
	case FINS_COMPOWAY:
	case FINS_MODBUS_RTU:
	case FINS_MODBUS_ASCII:
		devices(s, p, c);
		return true;
	default:
		fins_data(s, p, c);
		return cur_ok(c);
	}
}

/* --- answers --- */

bool fins_node_place(const struct fins_node *node, struct asset_place *at)
{
	*at = node->here ? (struct asset_place){ .kind = PLACE_SLOT, .number = node->unit }
			 : (struct asset_place){
				   .kind = PLACE_NODE, .area = node->network, .number = node->node
			   };
	return !node->here || node->unit;
}

/* What a CPU is, or a unit beside it (rack 0: CPU bus units are 10 to 1F hex, inner boards E1, FE
 * the unit at the network), or the CPU of a node behind it: its network and node address.  Units
 * beside that one have no name of their own here. */
static void who(struct scene *s, const struct fins_pdu *p, enum identity_key key, struct cur t)
{
	const struct fins_node *node = &p->node;
	struct asset_place at;
	if (!cur_ok(&t) || !t.left || p->failed || (!node->here && node->unit))
		return;
	if (fins_node_place(node, &at))
		who_place(s, &at, key, t.at, t.left);
	else
		who_sender(s, key, t.at, t.left);
}

/* CPU bus units 0 to 15, as many bytes of nothing, masters of remote I/O (a CV has those of SYSMAC
 * BUS/2 in front), the CPU's own status. */
static bool bus_units(struct scene *s, struct cur *c)
{
	for (unsigned i = 0; i < 16; i++)
		fact_uint(s, &f_bus_unit, cur_be16(c));
	cur_skip(c, 32);
	if (c->left > 2)
		fact_uint(s, &f_masters_2, cur_u8(c));
	fact_uint(s, &f_masters, cur_u8(c));
	fact_uint(s, &f_pc_status, cur_u8(c));
	return cur_ok(c);
}

static bool are_bus_units(const struct cur *c)
{
	return c->left == 66 || c->left == 67;
}

static bool controller_data(struct scene *s, struct fins_pdu *p)
{
	enum { AREAS = 12, SYSTEM = 40, WHO = 2 * NAME_SIZE };
	struct cur *c = &p->c;
	if (!p->node.unit && are_bus_units(c)) /* asked for them alone */
		return bus_units(s, c);
	if (c->left < WHO)
		return false;
	struct cur model = text(c, NAME_SIZE), version = text(c, NAME_SIZE);
	told(s, &f_model, model);
	told(s, &f_version, version);
	who(s, p, ID_MODEL, model);
	who(s, p, ID_FIRMWARE, version);
	if (model.left)
		who(s, p, ID_VENDOR, cur_of("OMRON", 5));
	if (!p->node.unit && c->left >= SYSTEM + AREAS) {
		bytes(s, &f_system, cur_sub(c, SYSTEM));
		walk(s, c, area_data);
	}
	if (!p->node.unit && are_bus_units(c))
		return bus_units(s, c);
	fins_data(s, p, c);
	return cur_ok(c);
}

static bool connection_data(struct scene *s, struct fins_pdu *p)
{
	enum { RECORD = 1 + NAME_SIZE };
	struct cur *c = &p->c;
	uint8_t count = cur_u8(c);
	if (c->left % RECORD != 0)
		return false;
	fact_uint(s, &f_units, count);
	while (c->left) {
		uint8_t unit = cur_u8(c);
		struct cur model = text(c, NAME_SIZE);
		fact_uint(s, &f_unit, unit);
		told(s, &f_model_number, model);
		if (p->node.here && !p->failed && model.left)
			who_module(s, 0, unit, ID_MODEL, model.at, model.left);
	}
	return cur_ok(c);
}

/* Units beside the CPU have a status of their own. */
static bool controller_status(struct scene *s, struct fins_pdu *p)
{
	static const char *const modes[] = { "PROGRAM", "DEBUG", "MONITOR", NULL, "RUN" };
	if (p->node.unit || p->c.left != 26) {
		fins_data(s, p, &p->c);
		return p->node.unit;
	}
	int mode = cur_peek(&p->c, 1);
	if (mode >= 0 && mode <= 4 && modes[mode])
		who(s, p, ID_MODE, cur_of(modes[mode], strlen(modes[mode])));
	return walk(s, &p->c, status);
}

/* Which messages stand, then 32 characters each; of FAL and FALS the number, then 16. */
static bool messages(struct scene *s, struct cur *c)
{
	if (c->left == 0)
		return true;
	bool fal = c->left == 18;
	message_number(s, c, fal);
	if (fal)
		told(s, &f_error_text, text(c, 16));
	while (c->left && cur_ok(c))
		told(s, &f_message_text, text(c, 32));
	return cur_ok(c);
}

/* Records of ten bytes: code, detail, and a clock whose words are minute and second, day and hour,
 * year and month. */
static bool error_log(struct scene *s, struct cur *c)
{
	while (c->left && cur_ok(c)) {
		fact_uint(s, &f_log_code, cur_be16(c));
		fact_uint(s, &f_log_detail, cur_be16(c));
		uint8_t minute = cur_u8(c), second = cur_u8(c), day = cur_u8(c), hour = cur_u8(c);
		uint8_t year = cur_u8(c), month = cur_u8(c);
		if (cur_ok(c))
			clock_fact(s, (uint8_t[]){ year, month, day, hour, minute, second }, 6);
	}
	return cur_ok(c);
}

static bool file_names(struct scene *s, struct cur *c)
{
	told(s, &f_label, text(c, FILE_NAME_SIZE));
	file_time(s, &f_label_time, cur_be32(c));
	fact_uint(s, &f_total, cur_be32(c));
	fact_uint(s, &f_unused, cur_be32(c));
	fact_uint(s, &f_total_files, cur_be16(c));
	fact_uint(s, &f_files, cur_be16(c));
	while (c->left && cur_ok(c)) {
		struct cur file = text(c, FILE_NAME_SIZE);
		told(s, &f_file, file);
		file_time(s, &f_file_time, cur_be32(c));
		fact_uint(s, &f_file_size, cur_be32(c));
	}
	return cur_ok(c);
}

static bool block_index(struct scene *s, struct cur *c)
{
	while (c->left && cur_ok(c)) {
		fact_uint(s, &f_block_type, cur_u8(c));
		fact_uint(s, &f_block_control, cur_u8(c));
	}
	return cur_ok(c);
}

bool fins_answer_rest(struct scene *s, struct fins_pdu *p)
{
	struct cur *c = &p->c;
	struct cur body = *c;
	if (!walk(s, c, p->row->answer.fields))
		return false;
	switch (p->command) {
	case FINS_MEMORY_READ:
	case FINS_MULTIPLE_READ:
		fins_memory_answer(s, p);
		return true;
	case FINS_LINK_TABLE_READ:
		link_table(s, p, c, p->asked ? p->asked->part : 0);
		return true;
	case FINS_CONTROLLER_DATA:
		return controller_data(s, p);
	case FINS_CONNECTION_DATA:
		return connection_data(s, p);
	case FINS_CONTROLLER_STATUS:
		return controller_status(s, p);
	case FINS_CLOCK_READ:
		return clock_read(s, c);
	case FINS_MESSAGE:
		return messages(s, c);
	case FINS_ACCESS_ACQUIRE:
		return !c->left || walk(s, c, access_held);
	case FINS_ERROR_LOG:
		return error_log(s, c);
	case FINS_FILE_NAMES:
		return file_names(s, c);
	case FINS_FILE_READ:
		cur_skip(&body, 8);
		if (c->left != cur_be16(&body))
			return false;
		bytes(s, &f_file_bytes, *c);
		return true;
	case FINS_BLOCK_INDEX:
		return block_index(s, c);
	case FINS_FORCED_STATUS:
		return forced_status(s, c, true);
	case 0x0801:
	case 0x2210:
		bytes(s, &f_data, *c);
		return true;
	default:
		fins_data(s, p, c);
		return cur_ok(c);
	}
}
