/* BACnet, what services do: ASHRAE 135-2020, clauses 13 to 17.
 *
 * A row names a service in both directions; where it matters what is asked for, there is a row for
 * that. */
#include "sense/proto/bacnet.h"

/* Codes: the service; above it what it is asked to do, where that makes the difference. */
enum { DOES = 8 };
#define ASKS(service, what) ((uint32_t)(service) | ((uint32_t)(what) + 1) << DOES)
/* 12.22.5, and ours for a write to the Device object: 12.11 */
enum { LOAD = 1, RUN = 2, HALT = 3, RESTART = 4, UNLOAD = 5, DEVICE = 100 };

/* Writes that are more than a value.  BACnetProgramRequest, 12.22.5: ready, load, run, halt,
 * restart, unload. */
#define WRITES(service)                                                                            \
	BOTH(ASKS(service, DEVICE), ACT_WRITE, EFFECT_CONFIG, "write_device_property"),            \
		BOTH(ASKS(service, LOAD), ACT_PROGRAM, EFFECT_DOWNLOAD, "program_load"),           \
		BOTH(ASKS(service, RUN), ACT_CONTROL, EFFECT_START, "program_run"),                \
		BOTH(ASKS(service, HALT), ACT_CONTROL, EFFECT_STOP, "program_halt"),               \
		BOTH(ASKS(service, RESTART), ACT_CONTROL, EFFECT_START, "program_restart"),        \
		BOTH(ASKS(service, UNLOAD), ACT_CONTROL, EFFECT_STOP, "program_unload")

static const struct msg confirmed_rows[] = {
	BOTH(0, ACT_CONTROL, EFFECT_NONE, "acknowledge_alarm"),
	BOTH(1, ACT_OTHER, EFFECT_NONE, "cov_notification"),
	BOTH(2, ACT_OTHER, EFFECT_NONE, "event_notification"),
	BOTH(3, ACT_READ, EFFECT_NONE, "get_alarm_summary"),
	BOTH(4, ACT_READ, EFFECT_NONE, "get_enrollment_summary"),
	BOTH(5, ACT_READ, EFFECT_NONE, "subscribe_cov"),
	BOTH(6, ACT_READ, EFFECT_FILE, "atomic_read_file"),
	BOTH(7, ACT_WRITE, EFFECT_FILE, "atomic_write_file"),
	BOTH(8, ACT_WRITE, EFFECT_NONE, "add_list_element"),
	BOTH(9, ACT_WRITE, EFFECT_NONE, "remove_list_element"),
	BOTH(10, ACT_PROGRAM, EFFECT_CONFIG, "create_object"),
	BOTH(11, ACT_PROGRAM, EFFECT_CONFIG, "delete_object"),
	BOTH(12, ACT_READ, EFFECT_NONE, "read_property"),
	BOTH(13, ACT_READ, EFFECT_NONE, "read_property_conditional"),
	BOTH(14, ACT_READ, EFFECT_NONE, "read_property_multiple"),
	BOTH(15, ACT_WRITE, EFFECT_NONE, "write_property"),
	WRITES(15),
	BOTH(16, ACT_WRITE, EFFECT_NONE, "write_property_multiple"),
	WRITES(16),
	/* 16.1.1.1.2: a device that is told to be silent is lost to its operators */
	BOTH(17, ACT_CONTROL, EFFECT_MODE, "communication_control"),
	BOTH(ASKS(17, 0), ACT_CONTROL, EFFECT_MODE, "communication_enable"),
	BOTH(ASKS(17, 1), ACT_CONTROL, EFFECT_MODE, "communication_disable"),
	BOTH(ASKS(17, 2), ACT_CONTROL, EFFECT_MODE, "communication_disable_initiation"),
	BOTH(18, ACT_OTHER, EFFECT_NONE, "private_transfer"),
	BOTH(19, ACT_OTHER, EFFECT_NONE, "text_message"),
	/* 16.4.1.1.1 */
	BOTH(20, ACT_CONTROL, EFFECT_NONE, "reinitialize_device"),
	BOTH(ASKS(20, 0), ACT_CONTROL, EFFECT_RESTART, "reinitialize_cold_start"),
	BOTH(ASKS(20, 1), ACT_CONTROL, EFFECT_RESTART, "reinitialize_warm_start"),
	BOTH(ASKS(20, 2), ACT_CONTROL, EFFECT_MODE, "reinitialize_start_backup"),
	BOTH(ASKS(20, 3), ACT_CONTROL, EFFECT_MODE, "reinitialize_end_backup"),
	BOTH(ASKS(20, 4), ACT_PROGRAM, EFFECT_DOWNLOAD, "reinitialize_start_restore"),
	BOTH(ASKS(20, 5), ACT_PROGRAM, EFFECT_DOWNLOAD, "reinitialize_end_restore"),
	BOTH(ASKS(20, 6), ACT_PROGRAM, EFFECT_NONE, "reinitialize_abort_restore"),
	BOTH(ASKS(20, 7), ACT_PROGRAM, EFFECT_CONFIG, "reinitialize_activate_changes"),
	BOTH(21, ACT_CONTROL, EFFECT_NONE, "vt_open"),
	BOTH(22, ACT_OTHER, EFFECT_NONE, "vt_close"),
	BOTH(23, ACT_CONTROL, EFFECT_NONE, "vt_data"),
	BOTH(24, ACT_OTHER, EFFECT_LOGIN, "authenticate"),
	BOTH(25, ACT_OTHER, EFFECT_NONE, "request_key"),
	BOTH(26, ACT_READ, EFFECT_NONE, "read_range"),
	BOTH(27, ACT_CONTROL, EFFECT_NONE, "life_safety_operation"),
	BOTH(28, ACT_READ, EFFECT_NONE, "subscribe_cov_property"),
	BOTH(29, ACT_READ, EFFECT_NONE, "get_event_information"),
	BOTH(30, ACT_READ, EFFECT_NONE, "subscribe_cov_property_multiple"),
	BOTH(31, ACT_OTHER, EFFECT_NONE, "cov_notification_multiple"),
	BOTH(32, ACT_OTHER, EFFECT_NONE, "audit_notification"),
	BOTH(33, ACT_READ, EFFECT_NONE, "audit_log_query"),
	{ 0 },
};
/* What the standard does not know is told with its number. */
static const struct msg unknown_rows[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "unknown_service"),
	{ 0 },
};

static const struct msg unconfirmed_rows[] = {
	{ 0, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "i_am", NULL },
	{ 1, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "i_have", NULL },
	{ 2, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "cov_notification", NULL },
	{ 3, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "event_notification", NULL },
	{ 4, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "private_transfer", NULL },
	{ 5, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "text_message", NULL },
	{ 6, DIR_REQUEST, ACT_CONTROL, EFFECT_TIME, "time_synchronization", NULL },
	{ 7, DIR_REQUEST, ACT_IDENTIFY, EFFECT_NONE, "who_has", NULL },
	{ 8, DIR_REQUEST, ACT_IDENTIFY, EFFECT_NONE, "who_is", NULL },
	{ 9, DIR_REQUEST, ACT_CONTROL, EFFECT_TIME, "utc_time_synchronization", NULL },
	{ 10, DIR_REQUEST, ACT_WRITE, EFFECT_NONE, "write_group", NULL },
	{ 11, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "cov_notification_multiple", NULL },
	{ 12, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "audit_notification", NULL },
	{ 13, DIR_OTHER, ACT_IDENTIFY, EFFECT_NONE, "who_am_i", NULL },
	{ 14, DIR_REQUEST, ACT_PROGRAM, EFFECT_CONFIG, "you_are", NULL },
	{ 0 },
};
static const struct msg unknown_unconfirmed = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE,
	"unknown_service", NULL };

/* --- which of them a message is --- */

/* The first primitive with this context tag at the top level; false when there is none. */
static bool find_context(struct cur c, uint8_t number, uint64_t *v)
{
	struct bacnet_tag tag;
	while (c.left && bacnet_tag(&c, &tag) && !tag.opens) {
		if (tag.context && tag.number == number) {
			*v = bacnet_unsigned(tag.content);
			return true;
		}
	}
	return false;
}

/* What a write is for, gravest last: of several in one request the gravest names it. */
static const uint8_t gravest[] = { DEVICE, RUN, RESTART, LOAD, UNLOAD, HALT };

/* What a write does by itself; 0: it sets a value. */
static uint64_t does(uint64_t object, uint64_t property, struct cur value)
{
	struct bacnet_tag tag;
	if (object >> 22 == BACNET_OBJECT_DEVICE)
		return DEVICE;
	if (object >> 22 != BACNET_OBJECT_PROGRAM || property != BACNET_PROGRAM_CHANGE ||
		!bacnet_tag(&value, &tag) || tag.context)
		return 0;
	uint64_t change = bacnet_unsigned(tag.content);
	return change <= UNLOAD ? change : 0;
}

static size_t gravity(uint64_t what)
{
	size_t n = COUNT_OF(gravest);
	while (n > 0 && gravest[n - 1] != what)
		n--;
	return n;
}

/* 15.9 and 15.10: object [0], property [1], value [3]; of several writes objects [0] with a list
 * [1] of property [0] and value [2].  What names the request is what its answer is about. */
static uint32_t code_of_write(uint8_t service, struct cur c, struct bacnet_asked *asked)
{
	bool many = service == BACNET_WRITE_MULTIPLE;
	unsigned level = many ? 1 : 0, depth = 0;
	uint8_t property_tag = many ? 0 : 1, value_tag = many ? 2 : 3;
	uint64_t object = 0, property = 0;
	size_t most = 0;
	struct bacnet_tag tag;
	while (c.left && bacnet_tag(&c, &tag)) {
		if (tag.closes) {
			if (depth-- == 0)
				break;
		} else if (tag.opens) {
			if (depth++ != level || tag.number != value_tag)
				continue;
			size_t g = gravity(does(object, property, c));
			if (g <= most)
				continue;
			most = g;
			asked->object = (uint32_t)object;
			asked->property = (uint32_t)property;
			asked->has_object = asked->has_property = true;
		} else if (tag.context && depth == 0 && tag.number == 0) {
			object = bacnet_unsigned(tag.content);
		} else if (tag.context && depth == level && tag.number == property_tag) {
			property = bacnet_unsigned(tag.content);
		}
	}
	return most ? ASKS(service, gravest[most - 1]) : service;
}

const struct msg *bacnet_answer(uint8_t service, uint32_t code)
{
	const struct msg *row = msg_find(confirmed_rows, code, DIR_RESPONSE);
	if (!row || (code & 0xff) != service)
		row = msg_find(confirmed_rows, service, DIR_RESPONSE);
	return row ? row : msg_find(unknown_rows, 0, DIR_RESPONSE);
}

const struct msg *bacnet_unconfirmed(uint8_t service)
{
	for (const struct msg *row = unconfirmed_rows; row->name; row++)
		if (row->code == service)
			return row;
	return &unknown_unconfirmed;
}

const struct msg *bacnet_request(uint8_t service, struct cur body, struct bacnet_asked *asked)
{
	uint64_t what = 0;
	uint32_t code = service;
	if (service == BACNET_WRITE_PROPERTY || service == BACNET_WRITE_MULTIPLE)
		code = code_of_write(service, body, asked);
	else if (service == BACNET_COMMUNICATION_CONTROL && find_context(body, 1, &what) &&
		what <= 2)
		code = ASKS(service, what);
	else if (service == BACNET_REINITIALIZE && find_context(body, 0, &what) && what <= 7)
		code = ASKS(service, what);
	const struct msg *row = msg_find(confirmed_rows, code, DIR_REQUEST);
	return row ? row : msg_find(unknown_rows, 0, DIR_REQUEST);
}
