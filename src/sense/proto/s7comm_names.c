/* The message rows of S7comm: what each operation is called, what it does, and what becomes of
 * the controller when it succeeds. */
#include "sense/proto/s7comm.h"

const struct field s7_return_code = { "s7comm.data.return_code", U8, 0, 0 };
const struct field s7_transport_size = { "s7comm.data.transport_size", U8, 0, 0 };
const struct field s7_length = { "s7comm.data.length", BE16, 0, 0 };
const struct field s7_value = { "s7comm.data.value", BYTES, 0, 0 };
const struct field s7_item_specification = { "s7comm.item.specification", U8, 0, 0 };
const struct field s7_item_specification_length = { "s7comm.item.specification_length", U8, 0, 0 };
const struct field s7_item_syntax = { "s7comm.item.syntax", U8, 0, 0 };

/* One entry of the diagnosis buffer, told at once or read later; the time follows. */
const struct field s7_diagnostic[] = {
	{ "s7comm.diagnostic.event", BE16, 0, 0 },
	{ "s7comm.diagnostic.priority", U8, 0, 0 },
	{ "s7comm.diagnostic.ob", U8, 0, 0 },
	{ "s7comm.diagnostic.data", BE16, 0, 0 },
	{ "s7comm.diagnostic.info1", BE16, 0, 0 },
	{ "s7comm.diagnostic.info2", BE32, 0, 0 },
	{ 0 },
};

/* Userdata: a controller also tells without being asked. */
#define USER(group, function, act, effect, name)                                                   \
	BOTH(S7_ROW_USERDATA | (group) << 8 | (function), act, effect, name),                      \
	{                                                                                          \
		S7_ROW_USERDATA | (group) << 8 | (function), DIR_OTHER, act, effect, name, NULL    \
	}
#define REST 0xff /* a function of the group that has no row */

const struct msg s7_msgs[] = {
	BOTH(S7_READ, ACT_READ, EFFECT_NONE, "read_var"),
	BOTH(S7_WRITE, ACT_WRITE, EFFECT_NONE, "write_var"),
	BOTH(S7_SETUP, ACT_OTHER, EFFECT_NONE, "setup_communication"),
	BOTH(S7_CPU_SERVICES, ACT_OTHER, EFFECT_NONE, "cpu_services"),
	BOTH(S7_REQUEST_DOWNLOAD, ACT_PROGRAM, EFFECT_DOWNLOAD, "request_download"),
	BOTH(S7_DOWNLOAD_BLOCK, ACT_PROGRAM, EFFECT_DOWNLOAD, "download_block"),
	BOTH(S7_DOWNLOAD_ENDED, ACT_PROGRAM, EFFECT_DOWNLOAD, "download_ended"),
	BOTH(S7_START_UPLOAD, ACT_PROGRAM, EFFECT_UPLOAD, "start_upload"),
	BOTH(S7_UPLOAD, ACT_PROGRAM, EFFECT_UPLOAD, "upload"),
	BOTH(S7_END_UPLOAD, ACT_PROGRAM, EFFECT_UPLOAD, "end_upload"),
	BOTH(S7_PLC_STOP, ACT_CONTROL, EFFECT_STOP, "plc_stop"),

	/* PI services; the numbers are those of s7comm_blocks.c */
	BOTH(S7_ROW_PI + 0, ACT_CONTROL, EFFECT_NONE, "pi_service"),
	BOTH(S7_ROW_PI + 1, ACT_CONTROL, EFFECT_START, "plc_start"),
	BOTH(S7_ROW_PI + 2, ACT_PROGRAM, EFFECT_DOWNLOAD, "insert_block"),
	BOTH(S7_ROW_PI + 3, ACT_PROGRAM, EFFECT_DOWNLOAD, "delete_block"),
	BOTH(S7_ROW_PI + 4, ACT_PROGRAM, EFFECT_CONFIG, "copy_ram_to_rom"),
	BOTH(S7_ROW_PI + 5, ACT_CONTROL, EFFECT_NONE, "compress_memory"),
	BOTH(S7_ROW_PI + 6, ACT_OTHER, EFFECT_LOGIN, "nc_login"),
	BOTH(S7_ROW_PI + 7, ACT_OTHER, EFFECT_NONE, "nc_logout"),
	BOTH(S7_ROW_PI + 8, ACT_PROGRAM, EFFECT_NONE, "nc_select_program"),
	BOTH(S7_ROW_PI + 9, ACT_PROGRAM, EFFECT_FILE, "nc_file"),
	BOTH(S7_ROW_PI + 10, ACT_PROGRAM, EFFECT_CONFIG, "nc_configure"),
	BOTH(S7_ROW_PI + 11, ACT_CONTROL, EFFECT_START, "plc_cold_start"),

	/* group 0: the controller tells its mode, the function is the mode */
	USER(0, REST, ACT_OTHER, EFFECT_NONE, "mode_transition"),

	/* group 1: test and commissioning */
	USER(1, 0x01, ACT_READ, EFFECT_NONE, "block_status"),
	USER(1, 0x02, ACT_READ, EFFECT_NONE, "variable_status"),
	USER(1, 0x03, ACT_READ, EFFECT_NONE, "interrupt_stack"),
	USER(1, 0x04, ACT_READ, EFFECT_NONE, "block_stack"),
	USER(1, 0x05, ACT_READ, EFFECT_NONE, "local_stack"),
	USER(1, 0x06, ACT_READ, EFFECT_NONE, "time_measurement"),
	USER(1, 0x07, ACT_WRITE, EFFECT_NONE, "force_selection"),
	USER(1, 0x08, ACT_WRITE, EFFECT_NONE, "modify_variable"),
	USER(1, 0x09, ACT_WRITE, EFFECT_NONE, "force"),
	USER(1, 0x0a, ACT_CONTROL, EFFECT_MODE, "breakpoint"),
	USER(1, 0x0b, ACT_CONTROL, EFFECT_MODE, "exit_hold"),
	USER(1, 0x0c, ACT_PROGRAM, EFFECT_CONFIG, "memory_reset"),
	USER(1, 0x0d, ACT_OTHER, EFFECT_NONE, "disable_job"),
	USER(1, 0x0e, ACT_OTHER, EFFECT_NONE, "enable_job"),
	USER(1, 0x0f, ACT_OTHER, EFFECT_NONE, "delete_job"),
	USER(1, 0x10, ACT_READ, EFFECT_NONE, "read_job_list"),
	USER(1, 0x11, ACT_READ, EFFECT_NONE, "read_job"),
	USER(1, 0x12, ACT_WRITE, EFFECT_NONE, "replace_job"),
	USER(1, 0x13, ACT_READ, EFFECT_NONE, "block_status_2"),
	USER(1, 0x16, ACT_CONTROL, EFFECT_NONE, "flash_led"),
	USER(1, REST, ACT_OTHER, EFFECT_NONE, "programmer_command"),

	USER(2, 0x01, ACT_READ, EFFECT_NONE, "cyclic_data"),
	USER(2, 0x04, ACT_OTHER, EFFECT_NONE, "cyclic_unsubscribe"),
	USER(2, 0x05, ACT_READ, EFFECT_NONE, "cyclic_data_on_change"),
	USER(2, REST, ACT_OTHER, EFFECT_NONE, "cyclic"),

	USER(3, 0x01, ACT_IDENTIFY, EFFECT_NONE, "list_blocks"),
	USER(3, 0x02, ACT_IDENTIFY, EFFECT_NONE, "list_blocks_of_type"),
	USER(3, 0x03, ACT_IDENTIFY, EFFECT_NONE, "get_block_info"),
	USER(3, REST, ACT_OTHER, EFFECT_NONE, "block_function"),

	USER(4, 0x01, ACT_IDENTIFY, EFFECT_NONE, "read_szl"),
	USER(4, 0x02, ACT_OTHER, EFFECT_NONE, "message_service"),
	USER(4, 0x03, ACT_OTHER, EFFECT_NONE, "diagnostic_message"),
	USER(4, 0x05, ACT_OTHER, EFFECT_NONE, "alarm_8_indication"),
	USER(4, 0x06, ACT_OTHER, EFFECT_NONE, "notify_indication"),
	USER(4, 0x07, ACT_CONTROL, EFFECT_NONE, "alarm_8_lock"),
	USER(4, 0x08, ACT_CONTROL, EFFECT_NONE, "alarm_8_unlock"),
	USER(4, 0x09, ACT_OTHER, EFFECT_NONE, "scan_indication"),
	USER(4, 0x0b, ACT_CONTROL, EFFECT_NONE, "alarm_acknowledge"),
	USER(4, 0x0c, ACT_OTHER, EFFECT_NONE, "alarm_acknowledge_indication"),
	USER(4, 0x0d, ACT_OTHER, EFFECT_NONE, "alarm_8_lock_indication"),
	USER(4, 0x0e, ACT_OTHER, EFFECT_NONE, "alarm_8_unlock_indication"),
	USER(4, 0x11, ACT_OTHER, EFFECT_NONE, "alarm_sq_indication"),
	USER(4, 0x12, ACT_OTHER, EFFECT_NONE, "alarm_s_indication"),
	USER(4, 0x13, ACT_READ, EFFECT_NONE, "alarm_query"),
	USER(4, 0x16, ACT_OTHER, EFFECT_NONE, "notify_8_indication"),
	USER(4, REST, ACT_OTHER, EFFECT_NONE, "cpu_function"),

	USER(5, 0x01, ACT_OTHER, EFFECT_LOGIN, "password"),
	USER(5, REST, ACT_OTHER, EFFECT_NONE, "security"),

	USER(6, REST, ACT_WRITE, EFFECT_NONE, "block_send"),

	USER(7, 0x01, ACT_READ, EFFECT_NONE, "read_clock"),
	USER(7, 0x02, ACT_WRITE, EFFECT_TIME, "set_clock"),
	USER(7, 0x03, ACT_READ, EFFECT_NONE, "read_clock_following"),
	USER(7, 0x04, ACT_WRITE, EFFECT_TIME, "set_clock_2"),
	USER(7, REST, ACT_OTHER, EFFECT_NONE, "time"),

	USER(8, 0x01, ACT_READ, EFFECT_NONE, "read_record"),
	USER(8, 0x02, ACT_WRITE, EFFECT_CONFIG, "write_record"),
	USER(8, REST, ACT_OTHER, EFFECT_NONE, "record"),

	USER(15, 0x01, ACT_PROGRAM, EFFECT_DOWNLOAD, "nc_request_download"),
	USER(15, 0x02, ACT_PROGRAM, EFFECT_DOWNLOAD, "nc_download_block"),
	USER(15, 0x03, ACT_PROGRAM, EFFECT_DOWNLOAD, "nc_continue_download"),
	USER(15, 0x04, ACT_PROGRAM, EFFECT_DOWNLOAD, "nc_download_ended"),
	USER(15, 0x06, ACT_PROGRAM, EFFECT_UPLOAD, "nc_start_upload"),
	USER(15, 0x07, ACT_PROGRAM, EFFECT_UPLOAD, "nc_upload"),
	USER(15, 0x08, ACT_PROGRAM, EFFECT_UPLOAD, "nc_continue_upload"),
	USER(15, REST, ACT_OTHER, EFFECT_NONE, "nc_programming"),

	BOTH(S7_ROW_NONE, ACT_OTHER, EFFECT_NONE, "unknown"),
	{ S7_ROW_NONE, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "unknown", NULL },
	{ 0 },
};
