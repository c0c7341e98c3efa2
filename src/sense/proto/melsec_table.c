/* What MELSEC controllers can be asked: SLMP Reference Manual (SH-080956ENG), 5.1 (commands), 5.2
 * (devices), 8 (end codes); CC-Link Partner Association BAP-C2006ENG-003 (network commands);
 * frame 1E: MELSEC Communication Protocol Reference Manual (SH-080008), 18. */
#include <string.h>

#include "sense/proto/melsec.h"
#include "sense/proto/named.h"

#define ROWS(code, act, effect, name)                                                              \
	{                                                                                          \
		BOTH(code, act, effect, name)                                                      \
	}
#define ASKS(code, body, act, effect, name)                                                        \
	{                                                                                          \
		code, body, false, ROWS(code, act, effect, name)                                   \
	}
#define BRINGS(code, body, act, effect, name)                                                      \
	{                                                                                          \
		code, body, true, ROWS(code, act, effect, name)                                    \
	}
#define PLAIN(code, act, name) ASKS(code, BODY_OTHER, act, EFFECT_NONE, name)

/* By code. */
static const struct melsec_command commands[] = {
	ASKS(0x0101, BODY_MODEL, ACT_IDENTIFY, EFFECT_NONE, "read_cpu_model"),
	ASKS(0x0201, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_file_list"),
	ASKS(0x0202, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_file_details"),
	ASKS(0x0203, BODY_OTHER, ACT_READ, EFFECT_NONE, "search_file"),
	ASKS(0x0204, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_file_usage"),
	ASKS(0x0205, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_drive_usage"),
	ASKS(0x0206, BODY_OLD_FILE, ACT_READ, EFFECT_FILE, "read_file"),
	ASKS(0x0401, BODY_BATCH, ACT_READ, EFFECT_NONE, "batch_read"),
	ASKS(0x0403, BODY_RANDOM, ACT_READ, EFFECT_NONE, "random_read"),
	ASKS(0x0406, BODY_BLOCK, ACT_READ, EFFECT_NONE, "block_read"),
	ASKS(0x041a, BODY_ARRAY_LABELS, ACT_READ, EFFECT_NONE, "read_array_labels"),
	ASKS(0x041c, BODY_LABELS, ACT_READ, EFFECT_NONE, "read_labels"),
	ASKS(0x0601, BODY_MODULE, ACT_READ, EFFECT_NONE, "read_module_buffer"),
	PLAIN(0x0610, ACT_READ, "read_user_frame"),
	ASKS(0x0613, BODY_MEMORY, ACT_READ, EFFECT_NONE, "read_buffer"),
	ASKS(0x0619, BODY_LOOPBACK, ACT_OTHER, EFFECT_NONE, "loopback"),
	PLAIN(0x0630, ACT_OTHER, "register_cpu_monitor"),
	PLAIN(0x0631, ACT_OTHER, "cancel_cpu_monitor"),
	ASKS(0x0801, BODY_RANDOM, ACT_READ, EFFECT_NONE, "register_monitor"),
	ASKS(0x0802, BODY_MONITOR, ACT_READ, EFFECT_NONE, "monitor"),
	ASKS(0x0808, BODY_OTHER, ACT_OTHER, EFFECT_NONE, "lock_file"),
	PLAIN(0x0e28, ACT_IDENTIFY, "read_device_identification"),
	PLAIN(0x0e29, ACT_READ, "monitor_node"),
	ASKS(0x0e30, BODY_NODE_SEARCH, ACT_IDENTIFY, EFFECT_NONE, "node_search"),
	BRINGS(0x0e31, BODY_SET_ADDRESS, ACT_WRITE, EFFECT_CONFIG, "set_ip_address"),
	PLAIN(0x0e32, ACT_READ, "compare_device_information"),
	PLAIN(0x0e33, ACT_READ, "read_parameter"),
	BRINGS(0x0e34, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "write_parameter"),
	BRINGS(0x0e35, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "begin_parameters"),
	BRINGS(0x0e36, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "end_parameters"),
	PLAIN(0x0e3a, ACT_OTHER, "cancel_parameters"),
	PLAIN(0x0e44, ACT_READ, "read_status"),
	PLAIN(0x0e45, ACT_READ, "read_communication_settings"),
	PLAIN(0x0e53, ACT_READ, "read_statuses"),
	PLAIN(0x0e70, ACT_OTHER, "cyclic_data"),
	BRINGS(0x0e90, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "configure_network"),
	BRINGS(0x0e91, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "configure_master"),
	BRINGS(0x0e92, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "configure_slave"),
	BRINGS(0x0e93, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "configure_cyclic"),
	PLAIN(0x0e94, ACT_OTHER, "notify"),
	PLAIN(0x0eb0, ACT_READ, "read_backup_settings"),
	PLAIN(0x0eb1, ACT_READ, "read_backup_list"),
	PLAIN(0x0eb2, ACT_READ, "read_backup_device"),
	ASKS(0x0eb3, BODY_OTHER, ACT_READ, EFFECT_FILE, "begin_backup"),
	PLAIN(0x0eb4, ACT_OTHER, "end_backup"),
	PLAIN(0x0eb5, ACT_OTHER, "request_backup"),
	ASKS(0x0eb6, BODY_OTHER, ACT_READ, EFFECT_FILE, "read_backup"),
	PLAIN(0x0eb7, ACT_OTHER, "check_restore"),
	BRINGS(0x0eb8, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "begin_restore"),
	BRINGS(0x0eb9, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "end_restore"),
	BRINGS(0x0eba, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "write_backup"),
	PLAIN(0x0ebe, ACT_OTHER, "check_parameters"),
	BRINGS(0x1001, BODY_RUN, ACT_CONTROL, EFFECT_START, "remote_run"),
	BRINGS(0x1002, BODY_MODE, ACT_CONTROL, EFFECT_STOP, "remote_stop"),
	BRINGS(0x1003, BODY_MODE, ACT_CONTROL, EFFECT_MODE, "remote_pause"),
	BRINGS(0x1005, BODY_MODE, ACT_CONTROL, EFFECT_NONE, "remote_latch_clear"),
	BRINGS(0x1006, BODY_MODE, ACT_CONTROL, EFFECT_RESTART, "remote_reset"),
	BRINGS(0x1202, BODY_OTHER, ACT_WRITE, EFFECT_FILE, "create_file"),
	BRINGS(0x1203, BODY_OLD_FILE, ACT_WRITE, EFFECT_FILE, "write_file"),
	BRINGS(0x1204, BODY_OTHER, ACT_WRITE, EFFECT_FILE, "change_file"),
	BRINGS(0x1205, BODY_OLD_FILE, ACT_WRITE, EFFECT_FILE, "delete_file"),
	BRINGS(0x1206, BODY_OTHER, ACT_WRITE, EFFECT_FILE, "copy_file"),
	BRINGS(0x1207, BODY_OTHER, ACT_WRITE, EFFECT_FILE, "defragment_drive"),
	BRINGS(0x1401, BODY_BATCH, ACT_WRITE, EFFECT_NONE, "batch_write"),
	BRINGS(0x1402, BODY_RANDOM, ACT_WRITE, EFFECT_NONE, "random_write"),
	BRINGS(0x1406, BODY_BLOCK, ACT_WRITE, EFFECT_NONE, "block_write"),
	BRINGS(0x141a, BODY_ARRAY_LABELS, ACT_WRITE, EFFECT_NONE, "write_array_labels"),
	BRINGS(0x141b, BODY_LABELS, ACT_WRITE, EFFECT_NONE, "write_labels"),
	BRINGS(0x1601, BODY_MODULE, ACT_WRITE, EFFECT_NONE, "write_module_buffer"),
	BRINGS(0x1610, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "write_user_frame"),
	BRINGS(0x1612, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "switch_transmission"),
	BRINGS(0x1613, BODY_MEMORY, ACT_WRITE, EFFECT_NONE, "write_buffer"),
	BRINGS(0x1615, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "reset_transmission"),
	BRINGS(0x1617, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "clear_error"),
	BRINGS(0x1618, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "global_signal"),
	BRINGS(0x1619, BODY_NONE, ACT_CONTROL, EFFECT_NONE, "clear_error_history"),
	BRINGS(0x161a, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "clear_event_history"),
	BRINGS(0x1630, BODY_PASSWORD, ACT_OTHER, EFFECT_LOGIN, "unlock"),
	BRINGS(0x1631, BODY_PASSWORD, ACT_OTHER, EFFECT_NONE, "lock"),
	ASKS(0x1810, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_directory"),
	ASKS(0x1811, BODY_NAMED_FILE, ACT_READ, EFFECT_NONE, "search_directory"),
	BRINGS(0x1820, BODY_NAMED_FILE, ACT_WRITE, EFFECT_FILE, "new_file"),
	BRINGS(0x1822, BODY_NAMED_FILE, ACT_WRITE, EFFECT_FILE, "delete_named_file"),
	BRINGS(0x1824, BODY_OTHER, ACT_WRITE, EFFECT_FILE, "copy_named_file"),
	BRINGS(0x1825, BODY_NAMED_FILE, ACT_WRITE, EFFECT_FILE, "change_file_attributes"),
	BRINGS(0x1826, BODY_NAMED_FILE, ACT_WRITE, EFFECT_FILE, "change_file_date"),
	ASKS(0x1827, BODY_OPEN, ACT_OTHER, EFFECT_FILE, "open_file"),
	ASKS(0x1828, BODY_FILE_DATA, ACT_READ, EFFECT_FILE, "read_open_file"),
	BRINGS(0x1829, BODY_FILE_DATA, ACT_WRITE, EFFECT_FILE, "write_open_file"),
	ASKS(0x182a, BODY_CLOSE, ACT_OTHER, EFFECT_NONE, "close_file"),
	BRINGS(0x2101, BODY_OTHER, ACT_OTHER, EFFECT_NONE, "on_demand"),
	PLAIN(0x3040, ACT_OTHER, "test_communication"),
	PLAIN(0x3050, ACT_OTHER, "test_cable"),
	PLAIN(0x3060, ACT_READ, "count_events"),
	PLAIN(0x3061, ACT_READ, "read_events"),
	BRINGS(0x3062, BODY_OTHER, ACT_WRITE, EFFECT_TIME, "set_clock_offset"),
	BRINGS(0x3070, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "indicate_node"),
	BRINGS(0x3072, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "set_speed"),
	PLAIN(0x3119, ACT_READ, "read_node_information"),
	BRINGS(0x3206, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "stop_own_cyclic"),
	BRINGS(0x3207, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "start_own_cyclic"),
	BRINGS(0x3208, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "stop_other_cyclic"),
	BRINGS(0x3209, BODY_OTHER, ACT_CONTROL, EFFECT_NONE, "start_other_cyclic"),
	BRINGS(0x320a, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "write_link_parameters"),
};

const struct melsec_command *melsec_command(uint16_t code)
{
	size_t low = 0, high = COUNT_OF(commands);
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (commands[middle].code == code)
			return &commands[middle];
		if (commands[middle].code < code)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Frame 1E.  Where the manual at hand does not say how long a body is, there is no reader; such a
 * message is told over UDP only. */
static const struct melsec_command old[0x3d] = {
#define OLD(code, ...) [code] = __VA_ARGS__
	OLD(0x00, ASKS(0x00, BODY_BATCH, ACT_READ, EFFECT_NONE, "read_bits")),
	OLD(0x01, ASKS(0x01, BODY_BATCH, ACT_READ, EFFECT_NONE, "read_words")),
	OLD(0x02, BRINGS(0x02, BODY_BATCH, ACT_WRITE, EFFECT_NONE, "write_bits")),
	OLD(0x03, BRINGS(0x03, BODY_BATCH, ACT_WRITE, EFFECT_NONE, "write_words")),
	OLD(0x04, BRINGS(0x04, BODY_OLD_TEST, ACT_WRITE, EFFECT_NONE, "test_bits")),
	OLD(0x05, BRINGS(0x05, BODY_OLD_TEST, ACT_WRITE, EFFECT_NONE, "test_words")),
	OLD(0x06, ASKS(0x06, BODY_OLD_REGISTER, ACT_READ, EFFECT_NONE, "register_bit_monitor")),
	OLD(0x07, ASKS(0x07, BODY_OLD_REGISTER, ACT_READ, EFFECT_NONE, "register_word_monitor")),
	OLD(0x08, ASKS(0x08, BODY_OLD_MONITOR, ACT_READ, EFFECT_NONE, "monitor_bits")),
	OLD(0x09, ASKS(0x09, BODY_OLD_MONITOR, ACT_READ, EFFECT_NONE, "monitor_words")),
	OLD(0x0a, ASKS(0x0a, BODY_OLD_PROGRAM, ACT_PROGRAM, EFFECT_UPLOAD, "read_program")),
	OLD(0x0b, ASKS(0x0b, BODY_OLD_PROGRAM, ACT_PROGRAM, EFFECT_UPLOAD, "read_subprogram")),
	OLD(0x0c, BRINGS(0x0c, BODY_OLD_PROGRAM, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_program")),
	OLD(0x0d, BRINGS(0x0d, BODY_OLD_PROGRAM, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_subprogram")),
	OLD(0x0e, ASKS(0x0e, BODY_OLD_MODULE, ACT_READ, EFFECT_NONE, "read_module_buffer")),
	OLD(0x0f, BRINGS(0x0f, BODY_OLD_MODULE, ACT_WRITE, EFFECT_NONE, "write_module_buffer")),
	OLD(0x10, ASKS(0x10, BODY_OTHER, ACT_PROGRAM, EFFECT_UPLOAD, "read_parameters")),
	OLD(0x11, BRINGS(0x11, BODY_OTHER, ACT_PROGRAM, EFFECT_CONFIG, "write_parameters")),
	OLD(0x12, BRINGS(0x12, BODY_OTHER, ACT_PROGRAM, EFFECT_CONFIG, "analyse_parameters")),
	OLD(0x13, BRINGS(0x13, BODY_NONE, ACT_CONTROL, EFFECT_START, "remote_run")),
	OLD(0x14, BRINGS(0x14, BODY_NONE, ACT_CONTROL, EFFECT_STOP, "remote_stop")),
	OLD(0x15, ASKS(0x15, BODY_OLD_MODEL, ACT_IDENTIFY, EFFECT_NONE, "read_cpu_model")),
	OLD(0x16, ASKS(0x16, BODY_OLD_LOOPBACK, ACT_OTHER, EFFECT_NONE, "loopback")),
	OLD(0x17, ASKS(0x17, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_file_registers")),
	OLD(0x18, BRINGS(0x18, BODY_OTHER, ACT_WRITE, EFFECT_NONE, "write_file_registers")),
	OLD(0x19, BRINGS(0x19, BODY_OTHER, ACT_WRITE, EFFECT_NONE, "test_file_registers")),
	OLD(0x1a, ASKS(0x1a, BODY_OTHER, ACT_READ, EFFECT_NONE, "register_file_monitor")),
	OLD(0x1b, ASKS(0x1b, BODY_OTHER, ACT_READ, EFFECT_NONE, "monitor_file_registers")),
	OLD(0x1c, ASKS(0x1c, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_comments")),
	OLD(0x1d, BRINGS(0x1d, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "write_comments")),
	OLD(0x1e, ASKS(0x1e, BODY_OTHER, ACT_PROGRAM, EFFECT_UPLOAD, "read_microprogram")),
	OLD(0x1f, ASKS(0x1f, BODY_OTHER, ACT_PROGRAM, EFFECT_UPLOAD, "read_sub_microprogram")),
	OLD(0x20, BRINGS(0x20, BODY_OTHER, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_microprogram")),
	OLD(0x21, BRINGS(0x21, BODY_OTHER, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_sub_microprogram")),
	OLD(0x39, ASKS(0x39, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_more_comments")),
	OLD(0x3a, BRINGS(0x3a, BODY_OTHER, ACT_WRITE, EFFECT_CONFIG, "write_more_comments")),
	OLD(0x3b, ASKS(0x3b, BODY_OTHER, ACT_READ, EFFECT_NONE, "read_all_file_registers")),
	OLD(0x3c, BRINGS(0x3c, BODY_OTHER, ACT_WRITE, EFFECT_NONE, "write_all_file_registers")),
};

const struct melsec_command *melsec_old_command(uint8_t code)
{
	return code < COUNT_OF(old) && old[code].rows[0].name ? &old[code] : NULL;
}

const struct melsec_command melsec_unknown =
	ASKS(0, BODY_OTHER, ACT_OTHER, EFFECT_NONE, unknown_function);
/* Nobody saw the question. */
const struct msg melsec_answer = { 1, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, "answer", NULL };
const struct msg melsec_unlock_refused = { 0x1630, DIR_RESPONSE, ACT_OTHER, EFFECT_REFUSED,
	"unlock", NULL };
const struct msg melsec_write_program[2] =
	ROWS(0x1829, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_program_file");
const struct msg melsec_read_program[2] =
	ROWS(0x1828, ACT_PROGRAM, EFFECT_UPLOAD, "read_program_file");

/* --- devices --- */

const struct melsec_kind melsec_kinds[256] = {
	[SPACE_BUFFER] = { "buffer ", 10, 16, 1 },
	[0x2c] = { "RD", 10, 16, 1 },
	[0x2e] = { "HG", 10, 16, 1 },
	[0x50] = { "LTC", 10, 1, 1 },
	[0x51] = { "LTS", 10, 1, 1 },
	[0x52] = { "LTN", 10, 32, 4 },
	[0x54] = { "LCC", 10, 1, 1 },
	[0x55] = { "LCS", 10, 1, 1 },
	[0x56] = { "LCN", 10, 32, 2 },
	[0x58] = { "LSTC", 10, 1, 1 },
	[0x59] = { "LSTS", 10, 1, 1 },
	[0x5a] = { "LSTN", 10, 32, 4 },
	[0x62] = { "LZ", 10, 32, 2 },
	[0x90] = { "M", 10, 1, 1 },
	[0x91] = { "SM", 10, 1, 1 },
	[0x92] = { "L", 10, 1, 1 },
	[0x93] = { "F", 10, 1, 1 },
	[0x94] = { "V", 10, 1, 1 },
	[0x98] = { "S", 10, 1, 1 },
	[0x9c] = { "X", 16, 1, 1 },
	[0x9d] = { "Y", 16, 1, 1 },
	[0xa0] = { "B", 16, 1, 1 },
	[0xa1] = { "SB", 16, 1, 1 },
	[0xa2] = { "DX", 16, 1, 1 },
	[0xa3] = { "DY", 16, 1, 1 },
	[0xa8] = { "D", 10, 16, 1 },
	[0xa9] = { "SD", 10, 16, 1 },
	[0xab] = { "G", 10, 16, 1 },
	[0xaf] = { "R", 10, 16, 1 },
	[0xb0] = { "ZR", 10, 16, 1 },
	[0xb4] = { "W", 16, 16, 1 },
	[0xb5] = { "SW", 16, 16, 1 },
	[0xc0] = { "TC", 10, 1, 1 },
	[0xc1] = { "TS", 10, 1, 1 },
	[0xc2] = { "TN", 10, 16, 1 },
	[0xc3] = { "CC", 10, 1, 1 },
	[0xc4] = { "CS", 10, 1, 1 },
	[0xc5] = { "CN", 10, 16, 1 },
	[0xc6] = { "STC", 10, 1, 1 },
	[0xc7] = { "STS", 10, 1, 1 },
	[0xc8] = { "STN", 10, 16, 1 },
	[0xcc] = { "Z", 10, 16, 1 },
};

/* In ASCII code a name is filled up with asterisks or spaces; three devices are spelled SS, SC, SN
 * where two characters must do. */
uint8_t melsec_code_of(const uint8_t *name, size_t size)
{
	static const struct {
		const char *name;
		uint8_t code;
	} short_names[] = { { "SS", 0xc7 }, { "SC", 0xc6 }, { "SN", 0xc8 } };
	while (size && (name[size - 1] == '*' || name[size - 1] == ' '))
		size--;
	for (unsigned code = SPACE_BUFFER + 1; size && code < COUNT_OF(melsec_kinds); code++) {
		const char *known = melsec_kinds[code].name;
		if (known && strlen(known) == size && memcmp(known, name, size) == 0)
			return (uint8_t)code;
	}
	for (size_t i = 0; i < COUNT_OF(short_names); i++)
		if (size == 2 && memcmp(short_names[i].name, name, size) == 0)
			return short_names[i].code;
	return 0;
}

/* --- end codes --- */

static const struct named end_codes[] = {
	{ 0x0050, "subheader not known" },
	{ 0x0051, "address out of range" },
	{ 0x0052, "address and size out of range" },
	{ 0x0054, "no binary for ASCII data" },
	{ 0x0055, "writing in RUN is disabled" },
	{ 0x0056, "device not known" },
	{ 0x0057, "number of points out of range" },
	{ 0x0058, "device number out of range" },
	{ 0x0059, "file registers cannot be reached" },
	{ 0x005b, "no communication with the CPU" },
	{ 0x0060, "no answer from the CPU in time" },
	{ 0x4000, "serial communication checksum" },
	{ 0x4001, "request not supported" },
	{ 0x4002, "request not supported" },
	{ 0x4003, "command without global request" },
	{ 0x4004, "system protected against writing" },
	{ 0x4005, "too much data for the request" },
	{ 0x4006, "serial communication not initialized" },
	{ 0x4008, "CPU busy" },
	{ 0x4010, "not while the CPU runs" },
	{ 0x4013, "only while the CPU is stopped" },
	{ 0x4021, "drive does not exist" },
	{ 0x4022, "file does not exist" },
	{ 0x4030, "device not known" },
	{ 0x4031, "device number out of range" },
	{ 0x4032, "device modification not possible" },
	{ 0x4034, "writing to this device is not possible" },
	{ 0x4040, "module does not support the request" },
	{ 0x4041, "module address out of range" },
	{ 0x4042, "module cannot be reached" },
	{ 0x4043, "no such module" },
	{ 0x40c0, "no such label, or not open to others" },
	{ 0xc050, "no binary for ASCII data" },
	{ 0xc051, "number of points out of range" },
	{ 0xc052, "number of points out of range" },
	{ 0xc053, "number of points out of range" },
	{ 0xc054, "number of points out of range" },
	{ 0xc056, "address out of range" },
	{ 0xc058, "data length does not match" },
	{ 0xc059, "command not known" },
	{ 0xc05b, "device cannot be read or written" },
	{ 0xc05c, "request data wrong" },
	{ 0xc05d, "no monitor registered" },
	{ 0xc05f, "request not possible for this CPU" },
	{ 0xc060, "bit data wrong" },
	{ 0xc061, "data length does not match" },
	{ 0xc06f, "ASCII asked where binary is set, or the other way" },
	{ 0xc070, "device memory cannot be extended for this station" },
	{ 0xc0b5, "data the CPU cannot handle" },
	{ 0xc200, "remote password wrong" },
	{ 0xc201, "locked by the remote password" },
	{ 0xc202, "locked by the remote password on the way" },
	{ 0xc203, "remote password check failed" },
	{ 0xc204, "another device unlocked it" },
	{ 0xc207, "name of the file is wrong" },
	{ 0xc61c, "data length does not match" },
	{ 0xc810, "remote password wrong" },
	{ 0xc811, "remote password wrong" },
	{ 0xc812, "remote password wrong" },
	{ 0xc813, "remote password wrong" },
	{ 0xc814, "remote password wrong" },
	{ 0xc815, "remote password wrong" },
	{ 0xc816, "locked: the remote password was wrong too often" },
	{ 0xcee0, "busy with another request" },
	{ 0xcee1, "request too long" },
	{ 0xcee2, "answer too long" },
	{ 0xcf10, "server information does not exist" },
	{ 0xcf20, "cannot be set" },
	{ 0xcf30, "no such parameter" },
	{ 0xcf31, "parameters cannot be written now" },
	{ 0xcf70, "relay on the way failed" },
	{ 0xcf71, "no answer in time" },
	{ 0xcfe0, "another master is there" },
	{ 0xcfe1, "number of occupied stations wrong" },
	{ 0xcff0, "error of the slave" },
	{ 0xcfff, "slave asks to be let go" },
};

/* An unlock fails for other reasons, too: a CPU that is busy tries no password. */
bool melsec_password_wrong(uint16_t end)
{
	return end == 0xc200 || end == 0xc203 || (end >= 0xc810 && end <= 0xc816);
}

const char *melsec_end_name(uint16_t code)
{
	return named_find(end_codes, COUNT_OF(end_codes), code);
}
