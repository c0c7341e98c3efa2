/* ADS: operations by command and index group: TwinCAT ADS specification (Beckhoff Information
 * System, TE1000 ADS), "Index Group/Offset", "TwinCAT System Service", "EtherCAT: FoE". */
#include "sense/proto/ads.h"

#define ROWS(code, act, effect, name)                                                              \
	{                                                                                          \
		BOTH(code, act, effect, name)                                                      \
	}

static const struct msg commands[][2] = {
	[ADS_READ_DEVICE_INFO] =
		ROWS(ADS_READ_DEVICE_INFO, ACT_IDENTIFY, EFFECT_NONE, "read_device_info"),
	[ADS_READ] = ROWS(ADS_READ, ACT_READ, EFFECT_NONE, "read"),
	[ADS_WRITE] = ROWS(ADS_WRITE, ACT_WRITE, EFFECT_NONE, "write"),
	[ADS_READ_STATE] = ROWS(ADS_READ_STATE, ACT_READ, EFFECT_NONE, "read_state"),
	[ADS_WRITE_CONTROL] = ROWS(ADS_WRITE_CONTROL, ACT_CONTROL, EFFECT_NONE, "write_control"),
	[ADS_ADD_NOTIFICATION] =
		ROWS(ADS_ADD_NOTIFICATION, ACT_READ, EFFECT_NONE, "add_notification"),
	[ADS_DELETE_NOTIFICATION] =
		ROWS(ADS_DELETE_NOTIFICATION, ACT_OTHER, EFFECT_NONE, "delete_notification"),
	[ADS_NOTIFICATION] = { { ADS_NOTIFICATION, DIR_OTHER, ACT_READ, EFFECT_NONE, "notification",
				       NULL },
		{ ADS_NOTIFICATION, DIR_RESPONSE, ACT_READ, EFFECT_NONE, "notification", NULL } },
	[ADS_READ_WRITE] = ROWS(ADS_READ_WRITE, ACT_WRITE, EFFECT_NONE, "read_write"),
};

/* Where the index group changes what a command is: by group, then command; of the system service or
 * of everybody else. */
struct special {
	uint32_t group;
	uint8_t command;
	struct msg rows[2];
};
#define AT(group, command, act, effect, name)                                                      \
	{                                                                                          \
		group, command, ROWS(command, act, effect, name)                                   \
	}

static const struct special general[] = {
	AT(ADS_SYMBOL_HANDLE, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "get_symbol_handle"),
	AT(ADS_SYMBOL_NAME, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_symbol"),
	AT(ADS_SYMBOL_VALUE, ADS_READ, ACT_READ, EFFECT_NONE, "read_symbol"),
	AT(ADS_SYMBOL_VALUE, ADS_WRITE, ACT_WRITE, EFFECT_NONE, "write_symbol"),
	AT(ADS_SYMBOL_VALUE, ADS_READ_WRITE, ACT_WRITE, EFFECT_NONE, "call_method"),
	AT(ADS_SYMBOL_RELEASE, ADS_WRITE, ACT_OTHER, EFFECT_NONE, "release_symbol_handle"),
	AT(ADS_SYMBOL_INFO, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_symbol_info"),
	AT(0xf008, ADS_READ, ACT_READ, EFFECT_NONE, "read_symbol_version"),
	AT(ADS_SYMBOL_INFO_EX, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_symbol_info"),
	AT(0xf00a, ADS_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "download_symbols"),
	AT(ADS_SYMBOL_UPLOAD, ADS_READ, ACT_READ, EFFECT_NONE, "upload_symbols"),
	AT(0xf00c, ADS_READ, ACT_READ, EFFECT_NONE, "read_symbol_counts"),
	AT(0xf00d, ADS_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "download_symbols"),
	AT(ADS_TYPE_UPLOAD, ADS_READ, ACT_READ, EFFECT_NONE, "upload_types"),
	AT(ADS_SYMBOL_COUNTS, ADS_READ, ACT_READ, EFFECT_NONE, "read_symbol_counts"),
	AT(ADS_TYPE_INFO, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_type_info"),
	AT(0xf01c, ADS_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "download_symbols"),
	AT(0xf040, ADS_WRITE, ACT_WRITE, EFFECT_NONE, "clear_inputs"),
	AT(0xf050, ADS_WRITE, ACT_WRITE, EFFECT_NONE, "clear_outputs"),
	AT(0xf071, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_document"),
	AT(0xf074, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_document_size"),
	AT(ADS_SUM_READ, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "sum_read"),
	AT(ADS_SUM_WRITE, ADS_READ_WRITE, ACT_WRITE, EFFECT_NONE, "sum_write"),
	AT(ADS_SUM_READ_WRITE, ADS_READ_WRITE, ACT_WRITE, EFFECT_NONE, "sum_read_write"),
	AT(ADS_SUM_READ_EX, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "sum_read"),
	AT(ADS_SUM_READ_EX2, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "sum_read"),
	AT(ADS_SUM_ADD_NOTIFICATION, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "sum_add_notification"),
	AT(ADS_SUM_DELETE_NOTIFICATION, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE,
		"sum_delete_notification"),
	AT(0xf304, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "sum_read_objects"),
	AT(0xf3fc, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_object_info"),
	AT(0xf3fd, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_object_info"),
	AT(0xf3fe, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_object_info"),
	AT(ADS_SLAVE_OPEN_READ, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "open_slave_file"),
	AT(ADS_SLAVE_OPEN_WRITE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_FIRMWARE, "open_slave_file"),
	AT(0xf403, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "close_slave_file"),
	AT(0xf404, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "read_slave_file"),
	AT(0xf405, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_FIRMWARE, "write_slave_file"),
	AT(0xf406, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_slave_progress"),
};

static const struct special system_service[] = {
	AT(ADS_OLD_CREATE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "open_file"),
	AT(ADS_OLD_OPEN_READ, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "open_file"),
	AT(ADS_OLD_OPEN_WRITE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "open_file"),
	AT(110, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "open_file"),
	AT(112, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "flush_file"),
	AT(113, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_device_names"),
	AT(114, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "truncate_file"),
	AT(115, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_file_checksum"),
	AT(ADS_OPEN_FILE, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "open_file"),
	AT(ADS_CLOSE_FILE, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "close_file"),
	AT(ADS_READ_FILE, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "read_file"),
	AT(ADS_WRITE_FILE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "write_file"),
	AT(124, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "seek_file"),
	AT(125, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "tell_file"),
	AT(ADS_READ_LINE, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "read_file_line"),
	AT(ADS_WRITE_LINE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "write_file_line"),
	AT(128, ADS_READ_WRITE, ACT_READ, EFFECT_FILE, "read_file_line"),
	AT(129, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "write_file_line"),
	AT(130, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "end_of_file"),
	AT(ADS_DELETE_FILE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "delete_file"),
	AT(ADS_RENAME_FILE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "rename_file"),
	AT(ADS_FIND_FILE, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "find_file"),
	AT(134, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_file_status"),
	AT(135, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_file_size"),
	AT(ADS_COPY_FILE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "copy_file"),
	AT(137, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_file_checksum"),
	AT(ADS_MAKE_DIRECTORY, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "make_directory"),
	AT(ADS_REMOVE_DIRECTORY, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "remove_directory"),
	AT(141, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "search_devices"),
	AT(142, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "search_devices"),
	AT(170, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "add_start_command"),
	AT(170, ADS_READ_WRITE, ACT_WRITE, EFFECT_CONFIG, "add_start_command"),
	AT(171, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "delete_start_command"),
	AT(172, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "delete_start_commands"),
	AT(180, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_boot_data"),
	AT(ADS_REGISTRY, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_registry"),
	AT(ADS_REGISTRY, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_registry"),
	AT(201, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_registry"),
	AT(201, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_registry"),
	AT(202, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_registry"),
	AT(202, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_registry"),
	AT(220, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_system_control"),
	AT(220, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "system_control"),
	AT(300, ADS_WRITE, ACT_OTHER, EFFECT_NONE, "send_mail"),
	AT(400, ADS_READ, ACT_READ, EFFECT_NONE, "read_time"),
	AT(400, ADS_WRITE, ACT_WRITE, EFFECT_TIME, "write_time"),
	AT(ADS_START_PROCESS, ADS_WRITE, ACT_PROGRAM, EFFECT_CONFIG, "start_process"),
	AT(600, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "change_net_id"),
	AT(ADS_TARGET_DESCRIPTION, ADS_READ, ACT_IDENTIFY, EFFECT_NONE, "read_target_description"),
	AT(ADS_NETWORK, ADS_READ, ACT_READ, EFFECT_NONE, "read_network"),
	AT(ADS_NETWORK, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "change_network"),
	AT(ADS_NETWORK, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_network"),
	AT(ADS_HOST_NAME, ADS_READ, ACT_IDENTIFY, EFFECT_NONE, "read_host_name"),
	AT(801, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "add_route"),
	AT(802, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "delete_route"),
	AT(803, ADS_READ, ACT_READ, EFFECT_NONE, "list_routes"),
	AT(804, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "test_connection"),
	AT(805, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "change_routes"),
	AT(821, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "remove_driver"),
	AT(1200, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "set_processors"),
	AT(1300, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "find_adapter"),
	AT(1400, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "read_environment"),
	AT(1510, ADS_WRITE, ACT_WRITE, EFFECT_CONFIG, "set_logon_password"),
};

/* Where more than the group says what it is: items of a sum that are names and handles only; a file
 * opened to be written; what is done to a file that the runtime starts with; addresses changed. */
static const struct special special_general[] = {
	AT(ADS_SUM_WRITE, ADS_READ_WRITE, ACT_OTHER, EFFECT_NONE, "sum_release_handles"),
	AT(ADS_SUM_READ_WRITE, ADS_READ_WRITE, ACT_READ, EFFECT_NONE, "sum_read_symbols"),
};

static const struct special special_system[] = {
	AT(ADS_OPEN_FILE, ADS_READ_WRITE, ACT_WRITE, EFFECT_FILE, "open_file"),
	AT(ADS_READ_FILE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_UPLOAD, "read_program_file"),
	AT(ADS_WRITE_FILE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_program_file"),
	AT(ADS_READ_LINE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_UPLOAD, "read_program_file"),
	AT(ADS_WRITE_LINE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_program_file"),
	AT(ADS_DELETE_FILE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "delete_program_file"),
	AT(ADS_RENAME_FILE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "rename_program_file"),
	AT(ADS_COPY_FILE, ADS_READ_WRITE, ACT_PROGRAM, EFFECT_DOWNLOAD, "copy_program_file"),
	AT(ADS_NETWORK, ADS_READ_WRITE, ACT_WRITE, EFFECT_CONFIG, "change_network"),
};

static const struct msg *special_row(
	const struct special *table, size_t count, uint32_t group, uint16_t command, bool answer)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct special *at = &table[middle];
		if (at->group == group && at->command == command)
			return &at->rows[answer];
		if (at->group < group || (at->group == group && at->command < command))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

enum ads_state_number {
	RESET = 2,
	START = 4,
	RUN,
	STOP,
	SAVE,
	LOAD,
	SHUTDOWN = 12,
	SUSPEND,
	RESUME
};
enum { CONFIG = 15, RECONFIG };

/* States that WriteControl asks for. */
static const struct msg controls[][2] = {
	[RESET] = ROWS(RESET, ACT_CONTROL, EFFECT_RESTART, "control_reset"),
	[START] = ROWS(START, ACT_CONTROL, EFFECT_START, "control_start"),
	[RUN] = ROWS(RUN, ACT_CONTROL, EFFECT_START, "control_run"),
	[STOP] = ROWS(STOP, ACT_CONTROL, EFFECT_STOP, "control_stop"),
	[SAVE] = ROWS(SAVE, ACT_WRITE, EFFECT_CONFIG, "control_save_configuration"),
	[LOAD] = ROWS(LOAD, ACT_PROGRAM, EFFECT_CONFIG, "control_load_configuration"),
	[SHUTDOWN] = ROWS(SHUTDOWN, ACT_CONTROL, EFFECT_STOP, "control_shutdown"),
	[SUSPEND] = ROWS(SUSPEND, ACT_CONTROL, EFFECT_STOP, "control_suspend"),
	[RESUME] = ROWS(RESUME, ACT_CONTROL, EFFECT_START, "control_resume"),
	[CONFIG] = ROWS(CONFIG, ACT_CONTROL, EFFECT_MODE, "control_config_mode"),
	[RECONFIG] = ROWS(RECONFIG, ACT_CONTROL, EFFECT_MODE, "control_config_mode"),
};

/* The PLC's reset leaves it stopped; the machine's starts it in run mode. */
static const struct msg reset_runtime[] = ROWS(RESET, ACT_CONTROL, EFFECT_STOP, "control_reset");
static const struct msg reboot[] = ROWS(SHUTDOWN, ACT_CONTROL, EFFECT_RESTART, "control_reboot");
static const struct msg nc_function[] = ROWS(0, ACT_CONTROL, EFFECT_NONE, "nc_function");

/* Of the machine a shutdown with device state 1 is a reboot. */
static const struct msg *control_row(
	uint32_t state, uint32_t device_state, bool system, bool answer)
{
	if (state == RESET && !system)
		return &reset_runtime[answer];
	if (state == SHUTDOWN && system && device_state == 1)
		return &reboot[answer];
	const struct msg *row = state < COUNT_OF(controls) ? &controls[state][answer] : NULL;
	return row && row->name ? row : &commands[ADS_WRITE_CONTROL][answer];
}

#define FIND(table, group, command, answer)                                                        \
	special_row(table, COUNT_OF(table), group, command, answer)

static const struct msg *system_row(const struct ads_head *h, const struct ads_ask *ask)
{
	const struct msg *row = NULL;
	uint32_t group = ads_file_group(ask->group, ask->offset, h->command);
	uint16_t command = group == ask->group ? h->command : ADS_READ_WRITE;
	if (ask->special)
		row = FIND(special_system, group, command, h->answer);
	return row ? row : FIND(system_service, group, command, h->answer);
}

/* NC: axes, channels and so on are started, stopped and reset by functions (Beckhoff Information
 * System, "Specification Index group for NC"). */
bool ads_is_nc_function(uint16_t port, uint32_t group)
{
	return (port == 500 || port == 501) && group >= 0x1000 && group <= 0xafff &&
		(group & 0xf00) == 0x200;
}

static const struct msg *general_row(const struct ads_head *h, const struct ads_ask *ask)
{
	const struct msg *row = NULL;
	if (ads_is_nc_function(ask->pair.server_port, ask->group) &&
		(h->command == ADS_WRITE || h->command == ADS_READ_WRITE))
		return &nc_function[h->answer];
	if (ask->group < ADS_SYMBOL_HANDLE)
		return NULL;
	if (ask->special)
		row = FIND(special_general, ask->group, h->command, h->answer);
	return row ? row : FIND(general, ask->group, h->command, h->answer);
}

const struct msg *ads_row(const struct ads_head *h, const struct ads_ask *ask)
{
	bool system = ask->pair.server_port == ADS_PORT_SYSTEM;
	if (h->command == ADS_WRITE_CONTROL)
		return control_row(ask->group, ask->offset, system, h->answer);
	const struct msg *row = system ? system_row(h, ask) : general_row(h, ask);
	return row ? row : &commands[h->command][h->answer];
}

/* A notification, or an answer of which nobody saw what was asked: reading or writing, or both. */
const struct msg *ads_unasked_row(uint16_t command)
{
	static const struct msg read_write = { ADS_READ_WRITE, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE,
		"read_write", NULL };
	if (command == ADS_READ_WRITE)
		return &read_write;
	return &commands[command][command != ADS_NOTIFICATION];
}

const struct msg ads_find_rows[2] = ROWS(1, ACT_IDENTIFY, EFFECT_NONE, "find_device");
const struct msg ads_route_rows[2] = ROWS(6, ACT_WRITE, EFFECT_CONFIG, "add_route");
const struct msg ads_route_refused = { 6, DIR_RESPONSE, ACT_WRITE, EFFECT_REFUSED, "add_route",
	NULL };
const struct msg ads_datagram_rows[2] = ROWS(0, ACT_OTHER, EFFECT_NONE, "unknown_service");
const struct msg ads_foreign_rows[2] = ROWS(0, ACT_OTHER, EFFECT_NONE, unknown_function);
const struct msg ads_router_row = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "router_message", NULL };
