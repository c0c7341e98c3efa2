/* BACnet, what tags mean: ASHRAE 135-2020, clauses 13 to 17 for the parameters of services, 12 for
 * values of properties that are more than primitive, and 21 for both. */
#include "sense/proto/bacnet.h"

static const struct field f_process = { "bacapp.processId", BE32 };
static const struct field f_confirmed = { "bacapp.issue_confirmed", FLAG };
static const struct field f_lifetime = { "bacapp.lifetime", BE32 };
static const struct field f_remaining = { "bacapp.time_remaining", BE32 };
static const struct field f_increment = { "bacapp.cov_increment", FBE32 };
static const struct field f_timestamped = { "bacapp.timestamped", FLAG };
static const struct field f_delay = { "bacapp.max_notification_delay", BE32 };
static const struct field f_priority = { "bacapp.priority", U8 };
static const struct field f_sequence = { "bacapp.event_sequence", BE32 };
static const struct field f_class = { "bacapp.notification_class", BE32 };
static const struct field f_event_type = { "bacapp.event_type", BE32 };
static const struct field f_message = { "bacapp.message_text", TEXT };
static const struct field f_notify = { "bacapp.notify_type", U8 };
static const struct field f_ack_required = { "bacapp.ack_required", FLAG };
static const struct field f_from = { "bacapp.from_state", BE32 };
static const struct field f_to = { "bacapp.to_state", BE32 };
static const struct field f_state = { "bacapp.event_state", BE32 };
static const struct field f_source = { "bacapp.source", TEXT };
static const struct field f_acked = { "bacapp.acked_transitions", FLAG };
static const struct field f_enabled = { "bacapp.event_enable", FLAG };
static const struct field f_more_events = { "bacapp.more_events", FLAG };
static const struct field f_filter = { "bacapp.filter", BE32 };
static const struct field f_low = { "bacapp.who_is.low_limit", BE32, 0, 4194303 };
static const struct field f_high = { "bacapp.who_is.high_limit", BE32, 0, 4194303 };
static const struct field f_apdu = { "bacapp.max_apdu_length", BE32 };
static const struct field f_segmentation = { "bacapp.segmentation_supported", U8, 0, 3 };
static const struct field f_error_class = { "bacapp.error_class", BE32 };
static const struct field f_error_code = { "bacapp.error_code", BE32 };
static const struct field f_first_failed = { "bacapp.first_failed_element", BE32 };
static const struct field f_whose = { "bacapp.vendor_identifier", BE16 };
static const struct field f_service_number = { "bacapp.service_number", BE32 };
static const struct field f_private = { "bacapp.private_data", BYTES };
static const struct field f_at = { "bacapp.range.reference", BE32 };
static const struct field f_count = { "bacapp.range.count", SBE32 };
static const struct field f_first = { "bacapp.range.first_sequence", BE32 };
static const struct field f_items = { "bacapp.item_count", BE32 };
static const struct field f_result_flag = { "bacapp.result_flag", FLAG };
static const struct field f_start = { "bacapp.file_start", SBE32 };
static const struct field f_file_count = { "bacapp.file_count", BE32 };
static const struct field f_file_data = { "bacapp.file_data", BYTES };
static const struct field f_end_of_file = { "bacapp.end_of_file", FLAG };
static const struct field f_object_type = { "bacapp.objectType", BE32 };
static const struct field f_minutes = { "bacapp.time_duration", BE16 };
static const struct field f_enable = { "bacapp.enable_disable", U8, 0, 2 };
static const struct field f_reinitialize = { "bacapp.reinitialized_state", U8, 0, 7 };
static const struct field f_class_number = { "bacapp.message_class", BE32 };
static const struct field f_class_text = { "bacapp.message_class_text", TEXT };
static const struct field f_operation = { "bacapp.life_safety_request", BE32 };
static const struct field f_group = { "bacapp.group_number", BE32 };
static const struct field f_channel = { "bacapp.channel", BE16 };
static const struct field f_inhibit = { "bacapp.inhibit_delay", FLAG };
static const struct field f_session = { "bacapp.vt_session", U8 };
static const struct field f_terminal = { "bacapp.vt_class", BE32 };
static const struct field f_vt_flag = { "bacapp.vt_data_flag", U8 };
static const struct field f_challenge = { "bacapp.random_number", TEXT };
static const struct field f_expected = { "bacapp.expected_invoke_id", U8 };
static const struct field f_operator = { "bacapp.operator_name", TEXT };
static const struct field f_enciphered = { "bacapp.start_enciphered_session", FLAG };
static const struct field f_network = { "bacapp.network_number", BE16 };
static const struct field f_typed = { "bacapp.vt_data", TEXT };
static const struct field f_accepted = { "bacapp.vt_accepted", FLAG };
static const struct field f_model = { "bacapp.model_name", TEXT };
static const struct field f_serial = { "bacapp.serial_number", TEXT };
static const struct field f_mac = { "bacapp.mac_address", BYTES };
static const struct field f_real = { "bacapp.value.real", FBE32 };
static const struct field f_double = { "bacapp.value.double", FBE64 };
static const struct field f_uint = { "bacapp.value.uint", BE64 };
static const struct field f_int = { "bacapp.value.int", SBE64 };
static const struct field f_code = { "bacapp.value.enum_index", BE32 };
static const struct field f_flag = { "bacapp.value.boolean", FLAG };
static const struct field f_null = { "bacapp.value.null", TEXT };
static const struct field f_log_status = { "bacapp.log_status", FLAG };
static const struct field f_time_change = { "bacapp.time_change", FBE32 };
static const struct field f_text = { "bacapp.value.char_string", TEXT };

enum { M = BACNET_MUST, A = APPLICATION };
enum { A_BOOLEAN = A | 1, A_UINT = A | 2, A_INT = A | 3, A_OCTETS = A | 6, A_TEXT = A | 7 };
enum { A_BITS = A | 8, A_ENUM = A | 9, A_DATE = A | 10, A_TIME = A | 11, A_OBJECT = A | 12 };

#define TABLE static const struct bacnet_param
#define OBJ(tag)                                                                                   \
	{                                                                                          \
		tag, IS_OBJECT, M, NULL, NULL                                                      \
	}
#define PROP(tag)                                                                                  \
	{ tag, IS_PROPERTY, M, NULL, NULL },                                                       \
	{                                                                                          \
		(tag) + 1, IS_INDEX, 0, NULL, NULL                                                 \
	}
#define VALUE(tag)                                                                                 \
	{                                                                                          \
		tag, IS_VALUE, M, NULL, NULL                                                       \
	}
#define GROUP(tag, rows)                                                                           \
	{                                                                                          \
		tag, IS_GROUP, 0, NULL, rows                                                       \
	}
#define LIST(tag, rows)                                                                            \
	{                                                                                          \
		tag, IS_LIST, 0, NULL, rows                                                        \
	}
#define UINT(tag, f)                                                                               \
	{                                                                                          \
		tag, IS_UINT, 0, &(f), NULL                                                        \
	}
#define MUST(tag, f)                                                                               \
	{                                                                                          \
		tag, IS_UINT, M, &(f), NULL                                                        \
	}
#define ONE(tag, kind, f)                                                                          \
	{                                                                                          \
		tag, kind, 0, &(f), NULL                                                           \
	}
#define BARE(tag, kind)                                                                            \
	{                                                                                          \
		tag, kind, 0, NULL, NULL                                                           \
	}
#define END                                                                                        \
	{                                                                                          \
		0, IS_UINT, 0, NULL, NULL                                                          \
	}

TABLE nothing[] = { END };
TABLE date_time[] = { BARE(A_DATE, IS_DATE), BARE(A_TIME, IS_TIME), END };
TABLE stamp[] = { BARE(0, IS_TIME), UINT(1, f_sequence), GROUP(2, date_time), END };
TABLE reference[] = { PROP(0), END };
/* BACnetDeviceObjectPropertyReference and BACnetObjectPropertyReference */
TABLE far_reference[] = { OBJ(0), PROP(1), BARE(3, IS_OTHER), END };
TABLE error[] = { { A_ENUM, IS_UINT, M, &f_error_class, NULL },
	{ A_ENUM, IS_UINT, M, &f_error_code, NULL }, END };

/* alarms and events, clause 13 */
TABLE acknowledge[] = { MUST(0, f_process), OBJ(1), MUST(2, f_state), GROUP(3, stamp),
	ONE(4, IS_TEXT, f_source), GROUP(5, stamp), END };
TABLE cov_values[] = { PROP(0), VALUE(2), UINT(3, f_priority), END };
TABLE cov[] = { MUST(0, f_process), OBJ(1), OBJ(2), UINT(3, f_remaining), LIST(4, cov_values),
	END };
TABLE cov_item[] = { PROP(0), VALUE(2), BARE(3, IS_TIME), END };
TABLE cov_list[] = { OBJ(0), LIST(1, cov_item), END };
TABLE cov_multiple[] = { MUST(0, f_process), OBJ(1), UINT(2, f_remaining), GROUP(3, date_time),
	LIST(4, cov_list), END };
TABLE subscribe[] = { MUST(0, f_process), OBJ(1), ONE(2, IS_FLAG, f_confirmed), UINT(3, f_lifetime),
	END };
TABLE subscribe_property[] = { MUST(0, f_process), OBJ(1), ONE(2, IS_FLAG, f_confirmed),
	UINT(3, f_lifetime), GROUP(4, reference), ONE(5, IS_REAL, f_increment), END };
TABLE subscribe_reference[] = { GROUP(0, reference), ONE(1, IS_REAL, f_increment),
	ONE(2, IS_FLAG, f_timestamped), END };
TABLE subscribe_list[] = { OBJ(0), LIST(1, subscribe_reference), END };
TABLE subscribe_multiple[] = { MUST(0, f_process), ONE(1, IS_FLAG, f_confirmed),
	UINT(2, f_lifetime), UINT(3, f_delay), LIST(4, subscribe_list), END };

/* BACnetNotificationParameters, 13.3 and 21 */
TABLE change_of_bits[] = { BARE(0, IS_BITS), BARE(1, IS_BITS), END };
TABLE property_state[] = { ONE(0, IS_FLAG, f_flag), UINT(1, f_code), UINT(2, f_code),
	UINT(3, f_code), UINT(4, f_code), UINT(5, f_code), UINT(6, f_code), UINT(7, f_code),
	UINT(8, f_code), UINT(9, f_code), UINT(10, f_code), UINT(11, f_uint), UINT(12, f_code),
	UINT(13, f_code), UINT(14, f_code), UINT(15, f_code), UINT(16, f_code), END };
TABLE change_of_state[] = { GROUP(0, property_state), BARE(1, IS_BITS), END };
TABLE changed_value[] = { BARE(0, IS_BITS), ONE(1, IS_REAL, f_real), END };
TABLE change_of_value[] = { GROUP(0, changed_value), BARE(1, IS_BITS), END };
TABLE command_failure[] = { BARE(1, IS_BITS), END };
TABLE floating_limit[] = { ONE(0, IS_REAL, f_real), BARE(1, IS_BITS), ONE(2, IS_REAL, f_real),
	ONE(3, IS_REAL, f_real), END };
TABLE life_safety[] = { UINT(0, f_code), UINT(1, f_code), BARE(2, IS_BITS), UINT(3, f_code), END };
TABLE buffer_ready[] = { GROUP(0, far_reference), UINT(1, f_uint), UINT(2, f_uint), END };
TABLE unsigned_range[] = { UINT(0, f_uint), BARE(1, IS_BITS), UINT(2, f_uint), END };
TABLE double_range[] = { ONE(0, IS_DOUBLE, f_double), BARE(1, IS_BITS), ONE(2, IS_DOUBLE, f_double),
	ONE(3, IS_DOUBLE, f_double), END };
TABLE signed_range[] = { ONE(0, IS_INT, f_int), BARE(1, IS_BITS), UINT(2, f_uint),
	ONE(3, IS_INT, f_int), END };
TABLE unsigned_out[] = { UINT(0, f_uint), BARE(1, IS_BITS), UINT(2, f_uint), UINT(3, f_uint), END };
TABLE change_of_text[] = { ONE(0, IS_TEXT, f_text), BARE(1, IS_BITS), ONE(2, IS_TEXT, f_text),
	END };
TABLE change_of_status[] = { BARE(1, IS_BITS), END };
TABLE reliability[] = { UINT(0, f_code), BARE(1, IS_BITS), END };
TABLE event_values[] = { GROUP(0, change_of_bits), GROUP(1, change_of_state),
	GROUP(2, change_of_value), GROUP(3, command_failure), GROUP(4, floating_limit),
	GROUP(5, floating_limit), GROUP(8, life_safety), GROUP(10, buffer_ready),
	GROUP(11, unsigned_range), GROUP(14, double_range), GROUP(15, signed_range),
	GROUP(16, unsigned_out), GROUP(17, change_of_text), GROUP(18, change_of_status),
	GROUP(19, reliability), END };
TABLE event[] = { MUST(0, f_process), OBJ(1), OBJ(2), GROUP(3, stamp), MUST(4, f_class),
	MUST(5, f_priority), MUST(6, f_event_type), ONE(7, IS_TEXT, f_message), MUST(8, f_notify),
	ONE(9, IS_FLAG, f_ack_required), UINT(10, f_from), MUST(11, f_to), GROUP(12, event_values),
	END };
TABLE alarm_summary[] = { BARE(A_OBJECT, IS_OBJECT), UINT(A_ENUM, f_state),
	ONE(A_BITS, IS_BITS, f_acked), END };
TABLE enrollment_priority[] = { UINT(0, f_priority), UINT(1, f_priority), END };
TABLE enrollment_ask[] = { MUST(0, f_filter), UINT(2, f_state), UINT(3, f_event_type),
	GROUP(4, enrollment_priority), UINT(5, f_class), END };
TABLE enrollment[] = { BARE(A_OBJECT, IS_OBJECT), UINT(A_ENUM, f_event_type), UINT(A_ENUM, f_state),
	UINT(A_UINT, f_priority), UINT(A_UINT, f_class), END };
TABLE event_ask[] = { BARE(0, IS_OBJECT), END };
TABLE event_priorities[] = { UINT(A_UINT, f_priority), END };
TABLE event_stamps[] = { BARE(0, IS_TIME), UINT(1, f_sequence), GROUP(2, date_time), END };
TABLE event_summary[] = { BARE(0, IS_OBJECT), UINT(1, f_state), ONE(2, IS_BITS, f_acked),
	GROUP(3, event_stamps), UINT(4, f_notify), ONE(5, IS_BITS, f_enabled),
	GROUP(6, event_priorities), END };
TABLE event_information[] = { LIST(0, event_summary), ONE(1, IS_FLAG, f_more_events), END };
TABLE operation[] = { MUST(0, f_process), ONE(1, IS_TEXT, f_source), MUST(2, f_operation),
	BARE(3, IS_OBJECT), END };

/* files, clause 14 */
TABLE read_stream[] = { ONE(A_INT, IS_INT, f_start), UINT(A_UINT, f_file_count), END };
TABLE read_file[] = { OBJ(A_OBJECT), GROUP(0, read_stream), GROUP(1, read_stream), END };
TABLE file_bytes[] = { ONE(A_INT, IS_INT, f_start), UINT(A_UINT, f_file_count),
	ONE(A_OCTETS, IS_BYTES, f_file_data), END };
TABLE file_read[] = { ONE(A_BOOLEAN, IS_FLAG, f_end_of_file), GROUP(0, file_bytes),
	GROUP(1, file_bytes), END };
TABLE write_file[] = { OBJ(A_OBJECT), GROUP(0, file_bytes), GROUP(1, file_bytes), END };
TABLE file_written[] = { ONE(0, IS_INT, f_start), ONE(1, IS_INT, f_start), END };

/* objects, clause 15 */
TABLE list_element[] = { OBJ(0), PROP(1), VALUE(3), END };
TABLE create_what[] = { UINT(0, f_object_type), BARE(1, IS_OBJECT), END };
TABLE create_values[] = { PROP(0), VALUE(2), UINT(3, f_priority), END };
TABLE create[] = { GROUP(0, create_what), LIST(1, create_values), END };
TABLE one_object[] = { OBJ(A_OBJECT), END };
TABLE read_property[] = { OBJ(0), PROP(1), END };
TABLE property_read[] = { OBJ(0), PROP(1), VALUE(3), END };
TABLE read_multiple[] = { OBJ(0), LIST(1, reference), END };
TABLE result[] = { PROP(2), BARE(4, IS_VALUE), GROUP(5, error), END };
TABLE multiple_read[] = { OBJ(0), LIST(1, result), END };
TABLE by_number[] = { UINT(A_UINT, f_at), ONE(A_INT, IS_INT, f_count), END };
TABLE by_time[] = { BARE(A_DATE, IS_DATE), BARE(A_TIME, IS_TIME), ONE(A_INT, IS_INT, f_count),
	END };
TABLE read_range[] = { OBJ(0), PROP(1), GROUP(3, by_number), GROUP(6, by_number), GROUP(7, by_time),
	END };
TABLE range_read[] = { OBJ(0), PROP(1), ONE(3, IS_BITS, f_result_flag), MUST(4, f_items),
	BARE(5, IS_VALUE), UINT(6, f_first), END };
TABLE write_property[] = { OBJ(0), PROP(1), VALUE(3), UINT(4, f_priority), END };
TABLE write_list[] = { PROP(0), VALUE(2), UINT(3, f_priority), END };
TABLE write_multiple[] = { OBJ(0), LIST(1, write_list), END };
TABLE group_values[] = { UINT(0, f_channel), UINT(1, f_priority), END };
TABLE write_group[] = { MUST(0, f_group), MUST(1, f_priority), LIST(2, group_values),
	ONE(3, IS_FLAG, f_inhibit), END };

/* remote device management, clause 16 */
TABLE communication[] = { UINT(0, f_minutes), MUST(1, f_enable), BARE(2, IS_SECRET), END };
TABLE reinitialize[] = { MUST(0, f_reinitialize), BARE(1, IS_SECRET), END };
/* The vendor is whose service it is, and not who sends it. */
TABLE private_transfer[] = { MUST(0, f_whose), MUST(1, f_service_number),
	ONE(2, IS_OPAQUE, f_private), END };
TABLE text_class[] = { UINT(0, f_class_number), ONE(1, IS_TEXT, f_class_text), END };
TABLE text_message[] = { OBJ(0), GROUP(1, text_class), UINT(2, f_priority),
	ONE(3, IS_TEXT, f_message), END };
TABLE time_set[] = { { A_DATE, IS_DATE, M, NULL, NULL }, { A_TIME, IS_TIME, M, NULL, NULL }, END };
TABLE who_is[] = { UINT(0, f_low), UINT(1, f_high), END };
TABLE i_am[] = { OBJ(A_OBJECT), MUST(A_UINT, f_apdu), MUST(A_ENUM, f_segmentation),
	{ A_UINT, IS_VENDOR, M, NULL, NULL }, END };
TABLE who_has[] = { UINT(0, f_low), UINT(1, f_high), BARE(2, IS_OBJECT), BARE(3, IS_NAME), END };
TABLE i_have[] = { OBJ(A_OBJECT), OBJ(A_OBJECT), { A_TEXT, IS_NAME, M, NULL, NULL }, END };
TABLE who_am_i[] = { { A_UINT, IS_VENDOR, M, NULL, NULL }, ONE(A_TEXT, IS_TEXT, f_model),
	ONE(A_TEXT, IS_TEXT, f_serial), END };
TABLE you_are[] = { MUST(A_UINT, f_whose), ONE(A_TEXT, IS_TEXT, f_model),
	ONE(A_TEXT, IS_TEXT, f_serial), BARE(A_OBJECT, IS_OBJECT), ONE(A_OCTETS, IS_BYTES, f_mac),
	END };

/* virtual terminals, clause 17: what is typed may be a password, and is left out */
TABLE vt_open[] = { MUST(A_ENUM, f_terminal), MUST(A_UINT, f_session), END };
TABLE vt_session[] = { MUST(A_UINT, f_session), END };
TABLE vt_data[] = { MUST(A_UINT, f_session), ONE(A_OCTETS, IS_SECRET, f_typed),
	MUST(A_UINT, f_vt_flag), END };
TABLE vt_taken[] = { ONE(0, IS_FLAG, f_accepted), UINT(1, f_file_count), END };
/* Clause 24 of editions up to 2004.  The numbers that are enciphered with the key, and checked, are
 * what it could be found out from. */
TABLE authenticate[] = { ONE(0, IS_SECRET, f_challenge), UINT(1, f_expected),
	ONE(2, IS_TEXT, f_operator), BARE(3, IS_SECRET), ONE(4, IS_FLAG, f_enciphered), END };
TABLE authenticated[] = { ONE(A_UINT, IS_SECRET, f_challenge), END };
TABLE request_key[] = { BARE(A_OBJECT, IS_OBJECT), UINT(A_UINT, f_network),
	ONE(A_OCTETS, IS_BYTES, f_mac), END };

/* errors, 21: class and code; some services say which part failed */
TABLE change_error[] = { GROUP(0, error), UINT(1, f_first_failed), END };
TABLE write_error[] = { GROUP(0, error), GROUP(1, far_reference), END };
TABLE private_error[] = { GROUP(0, error), UINT(1, f_whose), UINT(2, f_service_number),
	ONE(3, IS_OPAQUE, f_private), END };
TABLE vt_error[] = { GROUP(0, error), LIST(1, vt_session), END };
TABLE subscribe_failed[] = { OBJ(0), GROUP(1, reference), GROUP(2, error), END };
TABLE subscribe_error[] = { GROUP(0, error), GROUP(1, subscribe_failed), END };

static const struct shape {
	const struct bacnet_param *request, *answer;
} confirmed_shapes[] = {
	[0] = { acknowledge, NULL },
	[1] = { cov, NULL },
	[2] = { event, NULL },
	[3] = { nothing, alarm_summary },
	[4] = { enrollment_ask, enrollment },
	[5] = { subscribe, NULL },
	[6] = { read_file, file_read },
	[7] = { write_file, file_written },
	[8] = { list_element, NULL },
	[9] = { list_element, NULL },
	[10] = { create, one_object },
	[11] = { one_object, NULL },
	[12] = { read_property, property_read },
	[14] = { read_multiple, multiple_read },
	[15] = { write_property, NULL },
	[16] = { write_multiple, NULL },
	[17] = { communication, NULL },
	[18] = { private_transfer, private_transfer },
	[19] = { text_message, NULL },
	[20] = { reinitialize, NULL },
	[21] = { vt_open, vt_session },
	[22] = { vt_session, NULL },
	[23] = { vt_data, vt_taken },
	[24] = { authenticate, authenticated },
	[25] = { request_key, NULL },
	[26] = { read_range, range_read },
	[27] = { operation, NULL },
	[28] = { subscribe_property, NULL },
	[29] = { event_ask, event_information },
	[30] = { subscribe_multiple, NULL },
	[31] = { cov_multiple, NULL },
};
static const struct bacnet_param *const unconfirmed_shapes[] = {
	[0] = i_am,
	[1] = i_have,
	[2] = cov,
	[3] = event,
	[4] = private_transfer,
	[5] = text_message,
	[6] = time_set,
	[7] = who_has,
	[8] = who_is,
	[9] = time_set,
	[10] = write_group,
	[11] = cov_multiple,
	[13] = who_am_i,
	[14] = you_are,
};

const struct bacnet_param *bacnet_rows(enum bacnet_type type, uint8_t service)
{
	const struct bacnet_param *rows = NULL;
	size_t confirmed = COUNT_OF(confirmed_shapes), unconfirmed = COUNT_OF(unconfirmed_shapes);
	if (type == BACNET_ERROR)
		switch (service) {
		case BACNET_ADD_LIST:
		case BACNET_REMOVE_LIST:
		case BACNET_CREATE:
			return change_error;
		case BACNET_WRITE_MULTIPLE:
			return write_error;
		case BACNET_PRIVATE_TRANSFER:
			return private_error;
		case BACNET_VT_CLOSE:
			return vt_error;
		case BACNET_SUBSCRIBE_MULTIPLE:
			return subscribe_error;
		default:
			return error;
		}
	if (type == BACNET_UNCONFIRMED)
		rows = service < unconfirmed ? unconfirmed_shapes[service] : NULL;
	else if (service < confirmed)
		rows = type == BACNET_CONFIRMED ? confirmed_shapes[service].request
						: confirmed_shapes[service].answer;
	return rows ? rows : nothing;
}

/* 16.1.1.1.3, 16.4.1.1.2 and clause 24 of older editions: who may do this knows a password. */
bool bacnet_has_secrets(uint8_t service)
{
	return service == BACNET_COMMUNICATION_CONTROL || service == BACNET_REINITIALIZE ||
		service == BACNET_AUTHENTICATE || service == BACNET_REQUEST_KEY;
}

/* --- values of properties that are more than application values: nothing in them must be --- */

TABLE setpoint_reference[] = { GROUP(0, far_reference), END };
TABLE address[] = { UINT(A_UINT, f_network), ONE(A_OCTETS, IS_BYTES, f_mac), END };
TABLE recipient[] = { BARE(0, IS_OTHER), GROUP(1, address), END };
TABLE recipient_process[] = { GROUP(0, recipient), UINT(1, f_process), END };
TABLE subscription[] = { GROUP(0, recipient_process), GROUP(1, far_reference),
	ONE(2, IS_FLAG, f_confirmed), UINT(3, f_remaining), ONE(4, IS_REAL, f_increment), END };
TABLE log_datum[] = { ONE(0, IS_BITS, f_log_status), ONE(1, IS_FLAG, f_flag),
	ONE(2, IS_REAL, f_real), UINT(3, f_code), UINT(4, f_uint), ONE(5, IS_INT, f_int),
	BARE(6, IS_BITS), ONE(7, IS_NULL, f_null), GROUP(8, error), ONE(9, IS_REAL, f_time_change),
	END };
TABLE log_record[] = { GROUP(0, date_time), GROUP(1, log_datum), BARE(2, IS_BITS), END };
/* BACnetPropertyAccessResult */
TABLE access_result[] = { OBJ(0), PROP(1), BARE(3, IS_OTHER), BARE(4, IS_FAR), GROUP(5, error),
	END };

enum { ANY = 0xffff };
static const struct {
	uint16_t object, property;
	const struct bacnet_param *rows;
} value_shapes[] = {
	{ ANY, 19, far_reference }, /* controlled variable reference */
	{ ANY, 54, far_reference }, /* list of object property references */
	{ ANY, 60, far_reference }, /* manipulated variable reference */
	{ ANY, 78, far_reference }, /* object property reference */
	/* 12.14: members of a group are objects of its own device; 12.50: here of any */
	{ BACNET_OBJECT_GROUP, BACNET_PRESENT_VALUE, multiple_read },
	{ BACNET_OBJECT_GLOBAL_GROUP, BACNET_PRESENT_VALUE, access_result },
	{ ANY, 109, setpoint_reference }, { ANY, 130, stamp }, /* event time stamps */
	{ BACNET_OBJECT_TREND_LOG, 131, log_record },
	{ ANY, 132, far_reference }, /* log device object property */
	{ ANY, 152, subscription },  /* active COV subscriptions */
};

const struct bacnet_param *bacnet_value_rows(uint32_t object_type, uint32_t property)
{
	for (size_t i = 0; i < COUNT_OF(value_shapes); i++)
		if (value_shapes[i].property == property &&
			(value_shapes[i].object == ANY || value_shapes[i].object == object_type))
			return value_shapes[i].rows;
	return NULL;
}
