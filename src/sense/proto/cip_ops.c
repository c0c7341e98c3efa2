/* What the services of CIP are called and do.  Common services: volume 1, appendix A.  Services of
 * an object from 0x4b on: its chapter in volume 1 or 2; those of Logix controllers as Rockwell
 * documents them (1756-PM020) and as its tools use them on the wire. */
#include "sense/proto/cip.h"

#include <stdlib.h>

#define OP(class, code, act, effect, name)                                                         \
	{                                                                                          \
		class, BOTH(code, ACT_##act, EFFECT_##effect, name)                                \
	}

/* The object decides: looked through first.  In the order of classes and services. */
static const struct cip_op of_class[] = {
	OP(0x01, 0x01, IDENTIFY, NONE, "get_attributes_all"),
	OP(0x01, 0x03, IDENTIFY, NONE, "get_attribute_list"),
	OP(0x01, 0x05, CONTROL, RESTART, "reset"),
	OP(0x01, 0x0e, IDENTIFY, NONE, "get_attribute_single"),
	OP(0x01, 0x4b, CONTROL, NONE, "flash_led"),

	OP(0x06, 0x4e, OTHER, NONE, "forward_close"),
	OP(0x06, 0x52, OTHER, NONE, "unconnected_send"),
	OP(0x06, 0x54, OTHER, NONE, "forward_open"),
	OP(0x06, 0x56, READ, NONE, "get_connection_data"),
	OP(0x06, 0x57, READ, NONE, "search_connection_data"),
	OP(0x06, 0x5a, READ, NONE, "get_connection_owner"),
	OP(0x06, 0x5b, OTHER, NONE, "large_forward_open"),

	OP(0x29, 0x02, CONTROL, NONE,
		"set_attributes_all"), /* control supervisor: run and stop bits */
	OP(0x29, 0x05, CONTROL, RESTART, "reset"),
	OP(0x29, 0x10, CONTROL, NONE, "set_attribute_single"),

	OP(0x37, 0x4b, READ, FILE, "initiate_upload"),
	OP(0x37, 0x4c, WRITE, FILE, "initiate_download"),
	OP(0x37, 0x4d, READ, FILE, "initiate_partial_read"),
	OP(0x37, 0x4e, WRITE, FILE, "initiate_partial_write"),
	OP(0x37, 0x4f, READ, FILE, "upload_transfer"),
	OP(0x37, 0x50, WRITE, FILE, "download_transfer"),
	OP(0x37, 0x51, WRITE, FILE, "clear_file"),

	OP(0x39, 0x4b, PROGRAM, CONFIG, "configure_request"), /* safety supervisor */
	OP(0x39, 0x4c, OTHER, NONE, "validate_configuration"),
	OP(0x39, 0x4d, WRITE, CONFIG, "set_password"),
	OP(0x39, 0x4e, WRITE, CONFIG, "configuration_lock"),
	OP(0x39, 0x4f, CONTROL, MODE, "mode_change"),
	OP(0x39, 0x54, CONTROL, RESTART, "safety_reset"),
	OP(0x39, 0x55, WRITE, CONFIG, "reset_password"),
	OP(0x39, 0x56, WRITE, CONFIG, "propose_tunid"),
	OP(0x39, 0x57, WRITE, CONFIG, "apply_tunid"),

	OP(0x43, 0x04, WRITE, TIME, "set_attribute_list"), /* time sync */
	OP(0x43, 0x10, WRITE, TIME, "set_attribute_single"),

	OP(0x44, 0x4b, READ, NONE, "modbus_read_discrete_inputs"),
	OP(0x44, 0x4c, READ, NONE, "modbus_read_coils"),
	OP(0x44, 0x4d, READ, NONE, "modbus_read_input_registers"),
	OP(0x44, 0x4e, READ, NONE, "modbus_read_holding_registers"),
	OP(0x44, 0x4f, WRITE, NONE, "modbus_write_coils"),
	OP(0x44, 0x50, WRITE, NONE, "modbus_write_holding_registers"),
	OP(0x44, 0x51, OTHER, NONE, "modbus_passthrough"),

	/* Port, quality of service, ring, security: how the device is reached. */
	OP(0x47, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0x48, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0x5d, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0x5e, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0x5f, 0x10, PROGRAM, CONFIG, "set_attribute_single"),

	/* Logix controllers.  Program, module, data table, symbol, template, routine, task: the
	 * project is made of them; its code and data are moved in pieces. */
	OP(0x64, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x67, 0x4b, OTHER, NONE, "execute_pccc"),
	OP(0x67, 0x4c, OTHER, NONE, "execute_dh_plus"),
	OP(0x67, 0x4d, OTHER, NONE, "execute_local_pccc"),
	OP(0x68, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x68, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x68, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x68, 0x4b, READ, NONE, "list_instances"),
	OP(0x69, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x69, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x69, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x69, 0x4b, READ, NONE, "list_instances"),
	OP(0x6a, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x6a, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x6a, 0x4b, READ, NONE, "list_instances"),
	OP(0x6a, 0x4f, READ, NONE, "read_data_table"),
	OP(0x6a, 0x50, WRITE, NONE, "write_data_table"),
	OP(0x6b, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x6b, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x6b, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x6b, 0x4b, READ, NONE, "list_instances"),
	OP(0x6b, 0x4c, READ, NONE, "read_tag"),
	OP(0x6b, 0x4d, WRITE, NONE, "write_tag"),
	OP(0x6b, 0x4e, WRITE, NONE, "read_modify_write_tag"),
	OP(0x6b, 0x52, READ, NONE, "read_tag_fragmented"),
	OP(0x6b, 0x53, WRITE, NONE, "write_tag_fragmented"),
	OP(0x6b, 0x55, READ, NONE, "get_instance_attribute_list"),
	OP(0x6c, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x6c, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x6c, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x6c, 0x4b, READ, NONE, "list_instances"),
	OP(0x6c, 0x4c, READ, NONE, "read_template"),
	OP(0x6d, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x6d, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x6d, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x6d, 0x4b, READ, NONE, "list_instances"),
	OP(0x6d, 0x4c, READ, UPLOAD, "read_routine"),
	OP(0x70, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x70, 0x08, PROGRAM, DOWNLOAD, "create"),
	OP(0x70, 0x09, PROGRAM, DOWNLOAD, "delete"),
	OP(0x70, 0x4b, READ, NONE, "list_instances"),
	OP(0x72, 0x05, PROGRAM, DOWNLOAD, "clear_memory"),
	OP(0x72, 0x08, PROGRAM, DOWNLOAD, "allocate_memory"),
	OP(0x72, 0x4b, PROGRAM, DOWNLOAD, "write_memory"),
	OP(0x72, 0x4c, READ, NONE, "read_memory"),
	OP(0x8b, 0x04, WRITE, TIME, "set_attribute_list"), /* Logix wall clock */
	OP(0x8b, 0x10, WRITE, TIME, "set_attribute_single"),
	OP(0x8e, 0x04, PROGRAM, NONE, "set_attribute_list"),
	OP(0x8e, 0x06, CONTROL, START, "start"),
	OP(0x8e, 0x07, CONTROL, STOP, "stop"),
	OP(0xa1, 0x4b, PROGRAM, FIRMWARE, "nvs_update"),
	OP(0xa1, 0x4c, PROGRAM, FIRMWARE, "nvs_update_status"),
	OP(0xa1, 0x4d, PROGRAM, FIRMWARE, "nvs_transfer"),
	OP(0xac, 0x4b, READ, NONE, "read_changes"),

	OP(0xf3, 0x4b, OTHER, NONE, "kick_timer"), /* connection configuration */
	OP(0xf3, 0x4c, CONTROL, NONE, "open_connection"),
	OP(0xf3, 0x4d, CONTROL, NONE, "close_connection"),
	OP(0xf3, 0x4e, CONTROL, NONE, "stop_connection"),
	OP(0xf3, 0x4f, PROGRAM, CONFIG, "change_start"),
	OP(0xf3, 0x50, READ, NONE, "get_status"),
	OP(0xf3, 0x51, PROGRAM, CONFIG, "change_complete"),
	OP(0xf3, 0x52, READ, NONE, "audit_changes"),
	/* TCP/IP interface, Ethernet link. */
	OP(0xf4, 0x02, PROGRAM, CONFIG, "set_attributes_all"),
	OP(0xf4, 0x04, PROGRAM, CONFIG, "set_attribute_list"),
	OP(0xf4, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0xf5, 0x02, PROGRAM, CONFIG, "set_attributes_all"),
	OP(0xf5, 0x04, PROGRAM, CONFIG, "set_attribute_list"),
	OP(0xf5, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0xf6, 0x02, PROGRAM, CONFIG, "set_attributes_all"),
	OP(0xf6, 0x04, PROGRAM, CONFIG, "set_attribute_list"),
	OP(0xf6, 0x10, PROGRAM, CONFIG, "set_attribute_single"),
	OP(0xf6, 0x4c, READ, NONE, "get_and_clear"),

	OP(TAG, 0x4c, READ, NONE, "read_tag"),
	OP(TAG, 0x4d, WRITE, NONE, "write_tag"),
	OP(TAG, 0x4e, WRITE, NONE, "read_modify_write_tag"),
	OP(TAG, 0x52, READ, NONE, "read_tag_fragmented"),
	OP(TAG, 0x53, WRITE, NONE, "write_tag_fragmented"),
	OP(TAG, 0x55, READ, NONE, "get_instance_attribute_list"),
};

#define COMMON(code, act, name) [code] = OP(ANY_CLASS, code, act, NONE, name)
#define ONE(code)               [0x##code] = OP(ANY_CLASS, 0x##code, OTHER, NONE, "service_" #code)
#define EIGHT(high, a, b, c, d, e, f, g, h)                                                        \
	ONE(high##a), ONE(high##b), ONE(high##c), ONE(high##d), ONE(high##e), ONE(high##f),        \
		ONE(high##g), ONE(high##h)
#define SIXTEEN(high) EIGHT(high, 0, 1, 2, 3, 4, 5, 6, 7), EIGHT(high, 8, 9, a, b, c, d, e, f)

/* Table; from 0x32 on a number means what its object says, and stays a number here. */
static const struct cip_op common[128] = {
	ONE(00),
	COMMON(0x01, READ, "get_attributes_all"),
	COMMON(0x02, WRITE, "set_attributes_all"),
	COMMON(0x03, READ, "get_attribute_list"),
	COMMON(0x04, WRITE, "set_attribute_list"),
	COMMON(0x05, CONTROL, "reset"),
	COMMON(0x06, CONTROL, "start"),
	COMMON(0x07, CONTROL, "stop"),
	COMMON(0x08, WRITE, "create"),
	COMMON(0x09, WRITE, "delete"),
	COMMON(0x0a, OTHER, "multiple_service_packet"),
	ONE(0b),
	ONE(0c),
	COMMON(0x0d, WRITE, "apply_attributes"),
	COMMON(0x0e, READ, "get_attribute_single"),
	ONE(0f),
	COMMON(0x10, WRITE, "set_attribute_single"),
	COMMON(0x11, READ, "find_next_object_instance"),
	ONE(12),
	ONE(13),
	COMMON(0x14, OTHER, "error_response"),
	COMMON(0x15, WRITE, "restore"),
	COMMON(0x16, WRITE, "save"),
	COMMON(0x17, OTHER, "no_operation"),
	COMMON(0x18, READ, "get_member"),
	COMMON(0x19, WRITE, "set_member"),
	COMMON(0x1a, WRITE, "insert_member"),
	COMMON(0x1b, WRITE, "remove_member"),
	COMMON(0x1c, READ, "group_sync"),
	COMMON(0x1d, READ, "get_connection_point_member_list"),
	ONE(1e),
	ONE(1f),
	SIXTEEN(2),
	SIXTEEN(3),
	SIXTEEN(4),
	SIXTEEN(5),
	SIXTEEN(6),
	SIXTEEN(7),
};

const size_t cip_op_rows = COUNT_OF(of_class);

static int by_class(const void *a, const void *b)
{
	const struct cip_op *x = a, *y = b;
	if (x->class != y->class)
		return x->class < y->class ? -1 : 1;
	return (int)x->request.code - (int)y->request.code;
}

const struct cip_op *cip_op(uint8_t service, const struct cip_path *p)
{
	uint32_t class = p->has & HAS_CLASS ? p->class : p->has & HAS_SYMBOL ? TAG : ANY_CLASS;
	const struct cip_op key = { .class = (uint16_t) class, .request.code = service };
	const struct cip_op *op = class > UINT16_MAX
		? NULL
		: bsearch(&key, of_class, COUNT_OF(of_class), sizeof key, by_class);
	return op ? op : &common[service & 0x7f];
}
