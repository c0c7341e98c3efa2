/* FINS: every command, what it does to the controller, how long it may be, its fixed fields.
 * W342 5-2 and 5-3 (CS/CJ), W227 (CV), W421 7 (27xx, to Ethernet units). */
#include "sense/proto/fins.h"

#include <stdlib.h>

static const struct field parameter_range[] = {
	{ "omron.parameter_area_code", BE16 },
	{ "omron.word", BE16 },
	{ "omron.numwords", BE16 },
	{ 0 },
};
static const struct field link_table[] = {
	{ "omron.fixed", BE16 },
	{ "omron.intelligent_id_no", BE16 },
	{ "omron.first_word", BE16 },
	{ "omron.read_length", BE16 },
	{ 0 },
};
static const struct field protect[] = {
	{ "omron.program_number", BE16 },
	{ "omron.protect_code", U8 },
	{ "omron.word.begin", BE32 },
	{ "omron.word.last", BE32 },
	{ 0 },
};
static const struct field program_range[] = {
	{ "omron.program_number", BE16 },
	{ "omron.word.begin", BE32 },
	{ "omron.numwords", BE16 },
	{ 0 },
};
static const struct field program_clear[] = {
	{ "omron.program_number", BE16 },
	{ "omron.clearcode", U8 },
	{ 0 },
};
static const struct field program[] = { { "omron.program_number", BE16 }, { 0 } };
static const struct field cycle_times[] = {
	{ "omron.avg_cycle_time", BE32 },
	{ "omron.max_cycle_time", BE32 },
	{ "omron.min_cycle_time", BE32 },
	{ 0 },
};
static const struct field parameter[] = { { "omron.parameter", U8 }, { 0 } };
static const struct field receptions[] = { { "omron.num_receptions", BE16 }, { 0 } };
static const struct field error_number[] = { { "omron.error_reset_fals_no", BE16 }, { 0 } };
static const struct field records[] = {
	{ "omron.beginning_record_no", BE16 },
	{ "omron.no_of_records", BE16 },
	{ 0 },
};
static const struct field records_told[] = {
	{ "omron.max_no_of_stored_records", BE16 },
	{ "omron.no_stored_records", BE16 },
	{ "omron.no_of_records", BE16 },
	{ 0 },
};
#define DISK                                                                                       \
	{                                                                                          \
		"omron.disk_no", BE16                                                              \
	}
#define FILENAME                                                                                   \
	{                                                                                          \
		"omron.file_data.filename", TEXT, 0, 12                                            \
	}
static const struct field file_names[] = {
	DISK,
	{ "omron.beginning_file_position", BE16 },
	{ "omron.no_of_files", BE16 },
	{ 0 },
};
static const struct field file_read[] = {
	DISK,
	FILENAME,
	{ "omron.file_position", BE32 },
	{ "omron.data_length", BE16 },
	{ 0 },
};
static const struct field file_read_told[] = {
	{ "omron.file_data.file_capacity", BE32 },
	{ "omron.file_position", BE32 },
	{ "omron.data_length", BE16 },
	{ 0 },
};
static const struct field file_write[] = {
	DISK,
	{ "omron.file_parameter_code", BE16 },
	FILENAME,
	{ "omron.file_position", BE32 },
	{ "omron.data_length", BE16 },
	{ 0 },
};
static const struct field disk[] = { DISK, { 0 } };
static const struct field file_delete[] = { DISK, { "omron.disk_data.no_files", BE16 }, { 0 } };
static const struct field files_done[] = { { "omron.disk_data.no_files", BE16 }, { 0 } };
static const struct field volume[] = {
	DISK,
	{ "omron.volume_parameter_code", BE16 },
	{ "omron.disk_data.volume_label", TEXT, 0, 12 },
	{ 0 },
};
static const struct field file_copy[] = { DISK, FILENAME, DISK, FILENAME, { 0 } };
static const struct field file_rename[] = { DISK, FILENAME, FILENAME, { 0 } };
static const struct field file_check[] = { DISK, FILENAME, { 0 } };
static const struct field directory[] = {
	DISK,
	{ "omron.directory_parameter_code", BE16 },
	{ "omron.directory", TEXT, 0, 12 },
	{ 0 },
};
static const struct field parameter_file[] = {
	{ "omron.transfer_parameter_code", BE16 },
	{ "omron.parameter_area_code", BE16 },
	{ "omron.memory.address", BE16 },
	{ "omron.numwords", BE16 },
	DISK,
	FILENAME,
	{ 0 },
};
static const struct field program_file[] = {
	{ "omron.transfer_parameter_code", BE16 },
	{ "omron.program_number", BE16 },
	{ "omron.word.begin", BE32 },
	{ "omron.number_of_bytes", BE32 },
	DISK,
	FILENAME,
	{ 0 },
};
static const struct field items_done[] = { { "omron.memory.numitems", BE16 }, { 0 } };
static const struct field words_done[] = { { "omron.numwords", BE16 }, { 0 } };
static const struct field bytes_done[] = { { "omron.number_of_bytes", BE32 }, { 0 } };
static const struct field block_index[] = {
	{ "omron.beginning_block_num", BE16 },
	{ "omron.num_blocks", U8 },
	{ 0 },
};
static const struct field block_index_told[] = {
	{ "omron.num_blocks_remaining", BE16 },
	{ "omron.total_num_blocks", BE16 },
	{ "omron.type", U8 },
	{ 0 },
};
static const struct field block[] = { { "omron.block_num", BE16 }, { 0 } };
static const struct field block_told[] = {
	{ "omron.data_type", U8 },
	{ "omron.control_data", U8 },
	{ 0 },
};
static const struct field block_write[] = {
	{ "omron.data_type", U8 },
	{ "omron.control_data", U8 },
	{ "omron.block_num", BE16 },
	{ 0 },
};
static const struct field name[] = { { "omron.name_data", TEXT }, { 0 } };
static const struct field link_status[] = {
	{ "omron.status_flags", U8 },
	{ "omron.master_node_number", U8 },
	{ 0 },
};

enum { VARIANT = 0x10000, UNASKED = 0xffff };

#define ROW(code, act, effect, name, asked, told, ask_min, ask_max, answer_min, answer_max)        \
	{                                                                                          \
		BOTH_OF(code, ACT_##act, EFFECT_##effect, name, asked, told), ask_min, ask_max,    \
			answer_min, answer_max                                                     \
	}
/* Answered by the end code alone. */
#define DONE(code, act, effect, name, asked, ask_min, ask_max)                                     \
	ROW(code, act, effect, name, asked, NULL, ask_min, ask_max, 0, 0)
/* To an Ethernet unit itself: told by name. */
#define UNIT(code, act, effect, name)                                                              \
	ROW(code, act, effect, name, NULL, NULL, 0, FINS_ANY, 0, FINS_ANY)
/* One of several things, and nobody knows which: no act, no effect. */
#define OPEN(code, name, asked, told, ask_min, ask_max, answer_min, answer_max)                    \
	ROW(code, OTHER, NONE, name, asked, told, ask_min, ask_max, answer_min, answer_max)
/* To devices behind a unit: what it is stands in the message to them. */
#define DEVICES(code, name)                                                                        \
	UNIT(code, READ, NONE, name), UNIT((code) | VARIANT, WRITE, NONE, name),                   \
		UNIT((code) | 2 * VARIANT, CONTROL, NONE, name),                                   \
		UNIT((code) | 3 * VARIANT, OTHER, NONE, name)

/* In order of their codes; where a request chooses among several, and it is not known, the last one
 * of a code stands for all (of run, stop and reset the unit chooses). */
static const struct fins_command commands[] = {
	ROW(0x0101, READ, NONE, "memory_area_read", NULL, NULL, 6, 6, 0, FINS_ANY),
	DONE(0x0102, WRITE, NONE, "memory_area_write", NULL, 7, FINS_ANY),
	DONE(0x0103, WRITE, NONE, "memory_area_fill", NULL, 8, 8),
	ROW(0x0104, READ, NONE, "multiple_memory_area_read", NULL, NULL, 4, FINS_ANY, 0, FINS_ANY),
	DONE(0x0105, WRITE, NONE, "memory_area_transfer", NULL, 10, 10),
	UNIT(0x0110, READ, NONE, "composite_registration_read"),
	UNIT(0x0111, OTHER, NONE, "composite_read_register"),
	ROW(0x0201, READ, NONE, "parameter_area_read", parameter_range, parameter_range, 6, 6, 6,
		FINS_ANY),
	DONE(0x0202, PROGRAM, CONFIG, "parameter_area_write", parameter_range, 6, FINS_ANY),
	DONE(0x0203, PROGRAM, CONFIG, "parameter_area_clear", parameter_range, 8, 8),
	ROW(0x0220, READ, NONE, "data_link_table_read", link_table, NULL, 8, 8, 1, FINS_ANY),
	DONE(0x0221, PROGRAM, CONFIG, "data_link_table_write", link_table, 9, FINS_ANY),
	DONE(0x0304, PROGRAM, CONFIG, "program_area_protect", protect, 15, 15),
	DONE(0x0305, PROGRAM, CONFIG, "program_area_protect_clear", protect, 15, 15),
	ROW(0x0306, PROGRAM, UPLOAD, "program_area_read", program_range, program_range, 8, 8, 8,
		FINS_ANY),
	ROW(0x0307, PROGRAM, DOWNLOAD, "program_area_write", program_range, program_range, 8,
		FINS_ANY, 8, 8),
	DONE(0x0308, PROGRAM, DOWNLOAD, "program_area_clear", program_clear, 3, 3),
	DONE(0x0401, CONTROL, START, "run", NULL, 0, 3),
	DONE(0x0401 | VARIANT, CONTROL, NONE, "unit_run", NULL, 0, 3),
	DONE(0x0402, CONTROL, STOP, "stop", NULL, 0, 2),
	DONE(0x0402 | VARIANT, CONTROL, NONE, "unit_stop", NULL, 0, 2),
	DONE(0x0403, CONTROL, RESTART, "reset", NULL, 0, 0),
	DONE(0x0403 | VARIANT, CONTROL, NONE, "unit_reset", NULL, 0, FINS_ANY),
	ROW(0x0501, IDENTIFY, NONE, "controller_data_read", NULL, NULL, 0, 1, 1, FINS_ANY),
	ROW(0x0502, IDENTIFY, NONE, "connection_data_read", NULL, NULL, 1, 2, 1, FINS_ANY),
	ROW(0x0601, READ, NONE, "controller_status_read", NULL, NULL, 0, 0, 2, FINS_ANY),
	ROW(0x0602, READ, NONE, "network_status_read", NULL, NULL, 0, 0, 1, FINS_ANY),
	ROW(0x0603, READ, NONE, "data_link_status_read", NULL, link_status, 0, 0, 2, FINS_ANY),
	ROW(0x0620, READ, NONE, "cycle_time_read", parameter, cycle_times, 1, 1, 12, 12),
	DONE(0x0620 | VARIANT, CONTROL, NONE, "cycle_time_initialize", parameter, 1, 1),
	OPEN(0x0620 | 2 * VARIANT, "cycle_time", parameter, NULL, 1, 1, 0, 0),
	ROW(0x0701, READ, NONE, "clock_read", NULL, NULL, 0, 0, 7, 7),
	DONE(0x0702, WRITE, TIME, "clock_write", NULL, 5, 7),
	ROW(0x0801, OTHER, NONE, "internode_echo_test", NULL, NULL, 0, FINS_ANY, 0, FINS_ANY),
	ROW(0x0802, READ, NONE, "broadcast_test_results_read", NULL, receptions, 0, 0, 2, 2),
	ROW(0x0803, OTHER, NONE, "broadcast_test_data_send", NULL, NULL, 0, FINS_ANY, 0, 0),
	ROW(0x0920, READ, NONE, "message_read", NULL, NULL, 2, 2, 0, FINS_ANY),
	DONE(0x0920 | VARIANT, WRITE, NONE, "message_clear", NULL, 2, 2),
	ROW(0x0920 | 2 * VARIANT, READ, NONE, "fal_read", NULL, NULL, 2, 2, 0, FINS_ANY),
	OPEN(0x0920 | 3 * VARIANT, "message", NULL, NULL, 2, 2, 0, FINS_ANY),
	ROW(0x0c01, OTHER, NONE, "access_right_acquire", program, NULL, 2, 2, 0, 3),
	DONE(0x0c02, OTHER, NONE, "access_right_forced_acquire", program, 2, 2),
	DONE(0x0c03, OTHER, NONE, "access_right_release", program, 2, 2),
	DONE(0x2101, CONTROL, NONE, "error_clear", error_number, 2, 2),
	ROW(0x2102, READ, NONE, "error_log_read", records, records_told, 4, 4, 6, FINS_ANY),
	DONE(0x2103, WRITE, NONE, "error_log_clear", NULL, 0, 0),
	ROW(0x2140, READ, NONE, "write_access_log_read", records, records_told, 4, 4, 6, FINS_ANY),
	DONE(0x2141, WRITE, NONE, "write_access_log_clear", NULL, 0, 0),
	ROW(0x2201, READ, NONE, "file_name_read", file_names, NULL, 6, FINS_ANY, 28, FINS_ANY),
	ROW(0x2202, READ, FILE, "file_read", file_read, file_read_told, 20, FINS_ANY, 10, FINS_ANY),
	DONE(0x2203, WRITE, FILE, "file_write", file_write, 22, FINS_ANY),
	DONE(0x2204, WRITE, FILE, "file_memory_format", disk, 2, 2),
	ROW(0x2205, WRITE, FILE, "file_delete", file_delete, files_done, 4, FINS_ANY, 2, 2),
	DONE(0x2206, WRITE, FILE, "volume_label_write", volume, 16, 16),
	DONE(0x2207, WRITE, FILE, "file_copy", file_copy, 28, FINS_ANY),
	DONE(0x2208, WRITE, FILE, "file_rename", file_rename, 26, FINS_ANY),
	DONE(0x2209, READ, NONE, "file_data_check", file_check, 14, FINS_ANY),
	ROW(0x220a, WRITE, FILE, "memory_to_file", NULL, items_done, 22, FINS_ANY, 2, 2),
	ROW(0x220a | VARIANT, WRITE, FILE, "file_to_memory", NULL, items_done, 22, FINS_ANY, 2, 2),
	ROW(0x220a | 2 * VARIANT, READ, NONE, "memory_file_compare", NULL, items_done, 22, FINS_ANY,
		2, 2),
	OPEN(0x220a | 3 * VARIANT, "memory_file_transfer", NULL, items_done, 22, FINS_ANY, 2, 2),
	ROW(0x220b, WRITE, FILE, "parameters_to_file", parameter_file, words_done, 22, FINS_ANY, 2,
		2),
	ROW(0x220b | VARIANT, PROGRAM, CONFIG, "file_to_parameters", parameter_file, words_done, 22,
		FINS_ANY, 2, 2),
	ROW(0x220b | 2 * VARIANT, READ, NONE, "parameters_file_compare", parameter_file, words_done,
		22, FINS_ANY, 2, 2),
	OPEN(0x220b | 3 * VARIANT, "parameters_file_transfer", parameter_file, words_done, 22,
		FINS_ANY, 2, 2),
	ROW(0x220c, WRITE, FILE, "program_to_file", program_file, bytes_done, 26, FINS_ANY, 4, 4),
	ROW(0x220c | VARIANT, PROGRAM, DOWNLOAD, "file_to_program", program_file, bytes_done, 26,
		FINS_ANY, 4, 4),
	ROW(0x220c | 2 * VARIANT, READ, NONE, "program_file_compare", program_file, bytes_done, 26,
		FINS_ANY, 4, 4),
	OPEN(0x220c | 3 * VARIANT, "program_file_transfer", program_file, bytes_done, 26, FINS_ANY,
		4, 4),
	ROW(0x220f, READ, NONE, "file_memory_index_read", block_index, block_index_told, 3, 3, 5,
		FINS_ANY),
	ROW(0x2210, READ, FILE, "file_memory_read", block, block_told, 2, 2, 2, FINS_ANY),
	DONE(0x2211, WRITE, FILE, "file_memory_write", block_write, 4, FINS_ANY),
	DONE(0x2215, WRITE, FILE, "directory_create_delete", directory, 16, FINS_ANY),
	UNIT(0x2220, WRITE, FILE, "memory_cassette_transfer"),
	DONE(0x2301, WRITE, NONE, "forced_set_reset", NULL, 2, FINS_ANY),
	DONE(0x2302, WRITE, NONE, "forced_set_reset_cancel", NULL, 0, 0),
	ROW(0x230a, READ, NONE, "multiple_forced_status_read", NULL, NULL, 6, 6, 6, FINS_ANY),
	DONE(0x2601, WRITE, CONFIG, "name_set", name, 1, FINS_ANY),
	DONE(0x2602, WRITE, CONFIG, "name_delete", NULL, 0, 0),
	ROW(0x2603, IDENTIFY, NONE, "name_read", NULL, name, 0, 0, 0, FINS_ANY),
	UNIT(0x2701, OTHER, NONE, "udp_open"),
	UNIT(0x2702, OTHER, NONE, "udp_receive"),
	UNIT(0x2703, OTHER, NONE, "udp_send"),
	UNIT(0x2704, OTHER, NONE, "udp_close"),
	UNIT(0x2710, OTHER, NONE, "tcp_open_passive"),
	UNIT(0x2711, OTHER, NONE, "tcp_open_active"),
	UNIT(0x2712, OTHER, NONE, "tcp_receive"),
	UNIT(0x2713, OTHER, NONE, "tcp_send"),
	UNIT(0x2714, OTHER, NONE, "tcp_close"),
	UNIT(0x2720, OTHER, NONE, "ping"),
	UNIT(0x2730, WRITE, CONFIG, "connection_remote_node_change"),
	UNIT(0x2731, READ, NONE, "connection_status_read"),
	UNIT(0x2750, WRITE, CONFIG, "ip_address_table_write"),
	UNIT(0x2751, WRITE, CONFIG, "ip_router_table_write"),
	UNIT(0x2757, WRITE, CONFIG, "ip_address_write"),
	UNIT(0x2760, READ, NONE, "ip_address_table_read"),
	UNIT(0x2761, READ, NONE, "ip_router_table_read"),
	UNIT(0x2762, READ, NONE, "protocol_status_read"),
	UNIT(0x2763, READ, NONE, "memory_status_read"),
	UNIT(0x2764, READ, NONE, "socket_status_read"),
	UNIT(0x2765, READ, NONE, "address_information_read"),
	UNIT(0x2767, READ, NONE, "ip_address_read"),
	DEVICES(0x2801, "devicenet_explicit"),
	DEVICES(0x2803, "compoway"),
	DEVICES(0x2804, "modbus_rtu"),
	DEVICES(0x2805, "modbus_ascii"),
};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

const struct fins_command fins_unknown = UNIT(0, OTHER, NONE, unknown_function);

static int by_code(const void *code, const void *row)
{
	return *(const uint16_t *)code -
		(int)(((const struct fins_command *)row)->ask.code & 0xffff);
}

enum { DEVICES_READ, DEVICES_WRITE, DEVICES_CONTROL };

/* MODBUS Application Protocol V1.1b3, 6. */
static uint32_t modbus_variant(uint8_t function)
{
	switch (function) {
	case 1:
	case 2:
	case 3:
	case 4:
		return DEVICES_READ;
	case 5:
	case 6:
	case 15:
	case 16:
	case 22:
	case 23:
		return DEVICES_WRITE;
	default:
		return DEVICES_CONTROL;
	}
}

/* CIP Vol 1, A-3: services that every object may have. */
static uint32_t devicenet_variant(uint8_t service)
{
	enum { GET_ALL = 0x01, SET_ALL = 0x02, GET_ONE = 0x0e, SET_ONE = 0x10 };
	if (service == GET_ALL || service == GET_ONE)
		return DEVICES_READ;
	return service == SET_ALL || service == SET_ONE ? DEVICES_WRITE : DEVICES_CONTROL;
}

/* CompoWay/F: FINS commands as digits.  Values, who and how a device is, an echo; or values set. */
static uint32_t compoway_variant(const uint8_t digits[4])
{
	static const char reads[][5] = { "0101", "0104", "0110", "0503", "0601", "0801" };
	for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++)
		if (memcmp(digits, reads[i], 4) == 0)
			return DEVICES_READ;
	bool write = memcmp(digits, "0102", 4) == 0 || memcmp(digits, "0113", 4) == 0;
	return write ? DEVICES_WRITE : DEVICES_CONTROL;
}

static uint32_t file_variant(uint16_t where) /* to the file, from it, or compared */
{
	return where <= 2 ? where : UNASKED;
}

/* Which of the things a command does its parameter chooses, counted from 0; `body` must have it. */
static uint32_t choice(uint16_t code, struct cur *body)
{
	uint8_t high;
	const uint8_t *digits;
	switch (code) {
	case FINS_CYCLE_TIME: /* 00: initialize, 01: read */
		return cur_u8(body) == 0;
	case FINS_MESSAGE: /* the two topmost bits: 10 is FAL/FALS, 01 clears */
		high = cur_u8(body);
		return high & 0x80 ? 2 : high >> 6 & 1;
	case FINS_MEMORY_FILE:
	case FINS_PARAMETER_FILE:
	case FINS_PROGRAM_FILE:
		return file_variant(cur_be16(body));
	case FINS_DEVICENET:
		cur_skip(body, 1);
		return devicenet_variant(cur_u8(body));
	case FINS_COMPOWAY:
		cur_skip(body, 5);
		digits = cur_take(body, 4);
		return digits ? compoway_variant(digits) : UNASKED;
	case FINS_MODBUS_RTU:
	case FINS_MODBUS_ASCII:
		cur_skip(body, 1);
		return modbus_variant(cur_u8(body));
	default:
		return 0;
	}
}

static bool by_unit(uint16_t code)
{
	return code == FINS_RUN || code == FINS_STOP || code == FINS_RESET;
}

static bool is_of(const struct fins_command *row, uint16_t code)
{
	return (row->ask.code & 0xffff) == code;
}

static const struct fins_command *first_of(uint16_t code)
{
	const struct fins_command *row = bsearch(&code, commands, COMMANDS, sizeof *row, by_code);
	while (row && row > commands && is_of(row - 1, code))
		row--;
	return row;
}

const struct fins_command *fins_command_unasked(uint16_t code, uint8_t unit, size_t size)
{
	const struct fins_command *row = first_of(code);
	bool times = code == FINS_CYCLE_TIME && size > 0;
	if (!row || times || (by_unit(code) && !unit))
		return row;
	while (row + 1 < commands + COMMANDS && is_of(row + 1, code))
		row++;
	return row;
}

const struct fins_command *fins_command(uint16_t code, uint8_t unit, struct cur body)
{
	const struct fins_command *row = first_of(code);
	if (!row || by_unit(code))
		return fins_command_unasked(code, unit, 0);
	uint32_t which = choice(code, &body);
	return cur_ok(&body) && which != UNASKED ? row + which
						 : fins_command_unasked(code, unit, 0);
}
