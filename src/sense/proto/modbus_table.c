/* What Modbus can do: MODBUS Application Protocol Specification V1.1b3, 6. */
#include "sense/proto/modbus.h"

static const struct field read_bits[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 2000 },
	{ 0 },
};
static const struct field read_registers[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 125 },
	{ 0 },
};
static const struct field write_single[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.value", BE16, 0, 0 },
	{ 0 },
};
static const struct field write_bits[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 1968 },
	{ 0 },
};
static const struct field write_registers[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.count", BE16, 1, 123 },
	{ 0 },
};
static const struct field mask_write[] = {
	{ "modbus.addr", BE16, 0, 0 },
	{ "modbus.and_mask", BE16, 0, 0 },
	{ "modbus.or_mask", BE16, 0, 0 },
	{ 0 },
};
static const struct field fifo_addr[] = { { "modbus.addr", BE16, 0, 0 }, { 0 } };
static const struct field status_byte[] = { { "modbus.status", U8, 0, 0 }, { 0 } };
static const struct field event_counter[] = {
	{ "modbus.status", BE16, 0, 0 },
	{ "modbus.event_count", BE16, 0, 0 },
	{ 0 },
};
static const struct field event_log[] = {
	{ "modbus.byte_count", U8, 0, 0 },
	{ "modbus.status", BE16, 0, 0 },
	{ "modbus.event_count", BE16, 0, 0 },
	{ "modbus.message_count", BE16, 0, 0 },
	{ "modbus.event", LIST_U8, 0, 0 },
	{ 0 },
};

/* The rows of one function stand together. */
const struct msg modbus_functions[] = {
	BOTH_OF(1, ACT_READ, EFFECT_NONE, "read_coils", read_bits, NULL),
	BOTH_OF(2, ACT_READ, EFFECT_NONE, "read_discrete_inputs", read_bits, NULL),
	BOTH_OF(3, ACT_READ, EFFECT_NONE, "read_holding_registers", read_registers, NULL),
	BOTH_OF(4, ACT_READ, EFFECT_NONE, "read_input_registers", read_registers, NULL),
	BOTH_OF(5, ACT_WRITE, EFFECT_NONE, "write_coil", write_single, write_single),
	BOTH_OF(6, ACT_WRITE, EFFECT_NONE, "write_register", write_single, write_single),
	BOTH_OF(7, ACT_READ, EFFECT_NONE, "read_exception_status", NULL, status_byte),
	BOTH(8, ACT_OTHER, EFFECT_NONE, "diagnostics"),
	BOTH_OF(11, ACT_READ, EFFECT_NONE, "get_event_counter", NULL, event_counter),
	BOTH_OF(12, ACT_READ, EFFECT_NONE, "get_event_log", NULL, event_log),
	BOTH_OF(15, ACT_WRITE, EFFECT_NONE, "write_coils", write_bits, write_bits),
	BOTH_OF(16, ACT_WRITE, EFFECT_NONE, "write_registers", write_registers, write_registers),
	BOTH(17, ACT_IDENTIFY, EFFECT_NONE, "report_server_id"),
	BOTH(20, ACT_READ, EFFECT_NONE, "read_file_record"),
	BOTH(21, ACT_WRITE, EFFECT_NONE, "write_file_record"),
	BOTH_OF(22, ACT_WRITE, EFFECT_NONE, "mask_write_register", mask_write, mask_write),
	BOTH(23, ACT_WRITE, EFFECT_NONE, "read_write_registers"),
	BOTH_OF(24, ACT_READ, EFFECT_NONE, "read_fifo_queue", fifo_addr, NULL),
	BOTH(43, ACT_OTHER, EFFECT_NONE, "encapsulated_transport"),
	{ 0 },
};
/* Diagnostics (function 8) that do something to the device, and reading its identity (43/14). */
const struct msg modbus_restart[] = {
	BOTH(8, ACT_CONTROL, EFFECT_RESTART, "restart_communications"),
	{ 0 },
};
const struct msg modbus_listen_only[] = {
	BOTH(8, ACT_CONTROL, EFFECT_MODE, "force_listen_only"),
	{ 0 },
};
const struct msg modbus_clear_counters[] = {
	BOTH(8, ACT_CONTROL, EFFECT_NONE, "clear_counters"),
	{ 0 },
};
const struct msg modbus_change_delimiter[] = {
	BOTH(8, ACT_WRITE, EFFECT_CONFIG, "change_ascii_delimiter"),
	{ 0 },
};
const struct msg modbus_device_id[] = {
	BOTH(43, ACT_IDENTIFY, EFFECT_NONE, "read_device_identification"),
	{ 0 },
};
/* An exception from the side that asks. */
const struct msg modbus_exception[] = {
	{ 0, DIR_REQUEST, ACT_OTHER, EFFECT_NONE, "exception_from_client", NULL }, { 0 }
};
/* Functions the standard does not know: reserved, user defined or nonsense, the code tells. */
const struct msg modbus_unknown[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, unknown_function),
	{ 0 },
};

const struct modbus_diagnostic modbus_diagnostics[] = {
	{ 0, true, true, { "modbus.diagnostic.query_data", BYTES, 0, 0 } },
	{ 1, true, true, { "modbus.diagnostic.restart_option", BE16, 0, 0 } },
	{ 2, false, true, { "modbus.diagnostic.register", BE16, 0, 0 } },
	{ 3, true, true, { "modbus.diagnostic.ascii_delimiter", U8, 0, 0 } },
	{ 10, false, true, { "modbus.diagnostic.clear_echo", BE16, 0, 0 } },
	{ 11, false, true, { "modbus.diagnostic.bus_messages", BE16, 0, 0 } },
	{ 12, false, true, { "modbus.diagnostic.bus_errors", BE16, 0, 0 } },
	{ 13, false, true, { "modbus.diagnostic.bus_exceptions", BE16, 0, 0 } },
	{ 14, false, true, { "modbus.diagnostic.server_messages", BE16, 0, 0 } },
	{ 15, false, true, { "modbus.diagnostic.server_no_response", BE16, 0, 0 } },
	{ 16, false, true, { "modbus.diagnostic.server_naks", BE16, 0, 0 } },
	{ 17, false, true, { "modbus.diagnostic.server_busy", BE16, 0, 0 } },
	{ 18, false, true, { "modbus.diagnostic.bus_overruns", BE16, 0, 0 } },
	{ 0 },
};
