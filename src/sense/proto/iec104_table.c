/* IEC 60870-5-104: the types of data units.  60870-5-101:2003 7.3, 60870-5-104 clause 8 for those
 * with a long time tag, 60870-5-7:2013 for the ones of secure authentication. */
#include "sense/proto/iec104.h"

/* What stands at each address, in bytes. */
static const uint8_t sizes[E_COUNT] = {
	[E_SINGLE] = 1,
	[E_DOUBLE] = 1,
	[E_STEP] = 2,
	[E_BITS] = 5,
	[E_NORMALIZED] = 3,
	[E_SCALED] = 3,
	[E_FLOAT] = 5,
	[E_TOTAL] = 5,
	[E_EVENT] = 3,
	[E_STARTS] = 4,
	[E_OUTPUTS] = 4,
	[E_PACKED] = 5,
	[E_NORMALIZED_BARE] = 2,
	[E_SINGLE_COMMAND] = 1,
	[E_DOUBLE_COMMAND] = 1,
	[E_STEP_COMMAND] = 1,
	[E_SET_NORMALIZED] = 3,
	[E_SET_SCALED] = 3,
	[E_SET_FLOAT] = 5,
	[E_SET_BITS] = 4,
	[E_INITIALIZED] = 1,
	[E_INTERROGATION] = 1,
	[E_COUNTERS] = 1,
	[E_TEST] = 2,
	[E_RESET] = 1,
	[E_DELAY] = 2,
	[E_TEST_COUNT] = 2,
	[E_PARAMETER_NORMALIZED] = 3,
	[E_PARAMETER_SCALED] = 3,
	[E_PARAMETER_FLOAT] = 5,
	[E_ACTIVATION] = 1,
	[E_FILE_READY] = 6,
	[E_SECTION_READY] = 7,
	[E_CALL] = 4,
	[E_LAST] = 5,
	[E_ACKNOWLEDGE] = 4,
	[E_SEGMENT] = 4, /* and what its length byte says */
	[E_DIRECTORY] = 6,
	[E_QUERY] = 16,
};
static const uint8_t time_sizes[] = { [TIME_NONE] = 0, [TIME_CP24] = 3, [TIME_CP56] = 7 };

#define TYPE(code, class, act, effect, name, element, time)                                        \
	{                                                                                          \
		{ code, DIR_OTHER, act, effect, name }, { 0 }, { 0 }, element, time, class         \
	}
#define TELLS(code, name, element, time) TYPE(code, MONITOR, ACT_READ, 0, name, element, time)
#define COMMANDS(code, act, name, element, time)                                                   \
	{                                                                                          \
		{ code, DIR_REQUEST, act, 0, name },                                               \
			{ code, DIR_REQUEST, ACT_OTHER, EFFECT_SELECT, name "_select" },           \
			{ code, DIR_REQUEST, act, 0, name "_cancel" }, element, time, COMMAND      \
	}

static const struct iec104_type types[] = {
	TELLS(1, "single_point", E_SINGLE, TIME_NONE),
	TELLS(2, "single_point_cp24", E_SINGLE, TIME_CP24),
	TELLS(3, "double_point", E_DOUBLE, TIME_NONE),
	TELLS(4, "double_point_cp24", E_DOUBLE, TIME_CP24),
	TELLS(5, "step_position", E_STEP, TIME_NONE),
	TELLS(6, "step_position_cp24", E_STEP, TIME_CP24),
	TELLS(7, "bitstring", E_BITS, TIME_NONE),
	TELLS(8, "bitstring_cp24", E_BITS, TIME_CP24),
	TELLS(9, "measured_normalized", E_NORMALIZED, TIME_NONE),
	TELLS(10, "measured_normalized_cp24", E_NORMALIZED, TIME_CP24),
	TELLS(11, "measured_scaled", E_SCALED, TIME_NONE),
	TELLS(12, "measured_scaled_cp24", E_SCALED, TIME_CP24),
	TELLS(13, "measured_float", E_FLOAT, TIME_NONE),
	TELLS(14, "measured_float_cp24", E_FLOAT, TIME_CP24),
	TELLS(15, "integrated_totals", E_TOTAL, TIME_NONE),
	TELLS(16, "integrated_totals_cp24", E_TOTAL, TIME_CP24),
	TELLS(17, "protection_event_cp24", E_EVENT, TIME_CP24),
	TELLS(18, "protection_starts_cp24", E_STARTS, TIME_CP24),
	TELLS(19, "protection_outputs_cp24", E_OUTPUTS, TIME_CP24),
	TELLS(20, "packed_single_points", E_PACKED, TIME_NONE),
	TELLS(21, "measured_normalized_bare", E_NORMALIZED_BARE, TIME_NONE),
	TELLS(30, "single_point_cp56", E_SINGLE, TIME_CP56),
	TELLS(31, "double_point_cp56", E_DOUBLE, TIME_CP56),
	TELLS(32, "step_position_cp56", E_STEP, TIME_CP56),
	TELLS(33, "bitstring_cp56", E_BITS, TIME_CP56),
	TELLS(34, "measured_normalized_cp56", E_NORMALIZED, TIME_CP56),
	TELLS(35, "measured_scaled_cp56", E_SCALED, TIME_CP56),
	TELLS(36, "measured_float_cp56", E_FLOAT, TIME_CP56),
	TELLS(37, "integrated_totals_cp56", E_TOTAL, TIME_CP56),
	TELLS(38, "protection_event_cp56", E_EVENT, TIME_CP56),
	TELLS(39, "protection_starts_cp56", E_STARTS, TIME_CP56),
	TELLS(40, "protection_outputs_cp56", E_OUTPUTS, TIME_CP56),
	TELLS(41, "security_statistics_cp56", E_TOTAL, TIME_CP56),
	COMMANDS(45, ACT_CONTROL, "single_command", E_SINGLE_COMMAND, TIME_NONE),
	COMMANDS(46, ACT_CONTROL, "double_command", E_DOUBLE_COMMAND, TIME_NONE),
	COMMANDS(47, ACT_CONTROL, "step_command", E_STEP_COMMAND, TIME_NONE),
	COMMANDS(48, ACT_WRITE, "setpoint_normalized", E_SET_NORMALIZED, TIME_NONE),
	COMMANDS(49, ACT_WRITE, "setpoint_scaled", E_SET_SCALED, TIME_NONE),
	COMMANDS(50, ACT_WRITE, "setpoint_float", E_SET_FLOAT, TIME_NONE),
	COMMANDS(51, ACT_WRITE, "bitstring_command", E_SET_BITS, TIME_NONE),
	COMMANDS(58, ACT_CONTROL, "single_command_cp56", E_SINGLE_COMMAND, TIME_CP56),
	COMMANDS(59, ACT_CONTROL, "double_command_cp56", E_DOUBLE_COMMAND, TIME_CP56),
	COMMANDS(60, ACT_CONTROL, "step_command_cp56", E_STEP_COMMAND, TIME_CP56),
	COMMANDS(61, ACT_WRITE, "setpoint_normalized_cp56", E_SET_NORMALIZED, TIME_CP56),
	COMMANDS(62, ACT_WRITE, "setpoint_scaled_cp56", E_SET_SCALED, TIME_CP56),
	COMMANDS(63, ACT_WRITE, "setpoint_float_cp56", E_SET_FLOAT, TIME_CP56),
	COMMANDS(64, ACT_WRITE, "bitstring_command_cp56", E_SET_BITS, TIME_CP56),
	TYPE(70, MONITOR, ACT_OTHER, 0, "end_of_initialization", E_INITIALIZED, TIME_NONE),
	TYPE(81, SECURITY, ACT_OTHER, 0, "security_challenge", E_SECURITY, TIME_NONE),
	TYPE(82, SECURITY, ACT_OTHER, EFFECT_LOGIN, "security_reply", E_SECURITY, TIME_NONE),
	TYPE(83, SECURITY, ACT_OTHER, EFFECT_LOGIN, "security_aggressive", E_SECURITY, TIME_NONE),
	TYPE(84, SECURITY, ACT_OTHER, 0, "security_key_status_request", E_SECURITY, TIME_NONE),
	TYPE(85, SECURITY, ACT_OTHER, 0, "security_key_status", E_SECURITY, TIME_NONE),
	TYPE(86, SECURITY, ACT_OTHER, 0, "security_key_change", E_SECURITY, TIME_NONE),
	TYPE(87, SECURITY, ACT_OTHER, EFFECT_REFUSED, "security_error", E_SECURITY, TIME_NONE),
	TYPE(90, SECURITY, ACT_WRITE, EFFECT_CONFIG, "security_user_change", E_SECURITY, TIME_NONE),
	TYPE(91, SECURITY, ACT_OTHER, 0, "security_update_key_request", E_SECURITY, TIME_NONE),
	TYPE(92, SECURITY, ACT_OTHER, 0, "security_update_key_reply", E_SECURITY, TIME_NONE),
	TYPE(93, SECURITY, ACT_WRITE, EFFECT_CONFIG, "security_update_key", E_SECURITY, TIME_NONE),
	TYPE(94, SECURITY, ACT_WRITE, EFFECT_CONFIG, "security_update_key", E_SECURITY, TIME_NONE),
	TYPE(95, SECURITY, ACT_OTHER, 0, "security_update_key_confirm", E_SECURITY, TIME_NONE),
	TYPE(100, SYSTEM, ACT_READ, 0, "interrogation", E_INTERROGATION, TIME_NONE),
	TYPE(101, SYSTEM, ACT_READ, 0, "counter_interrogation", E_COUNTERS, TIME_NONE),
	TYPE(102, SYSTEM, ACT_READ, 0, "read", E_NONE, TIME_NONE),
	TYPE(103, SYSTEM, ACT_WRITE, EFFECT_TIME, "clock_synchronization", E_NONE, TIME_CP56),
	TYPE(104, SYSTEM, ACT_OTHER, 0, "test_command", E_TEST, TIME_NONE),
	TYPE(105, SYSTEM, ACT_CONTROL, EFFECT_RESTART, "reset_process", E_RESET, TIME_NONE),
	TYPE(106, SYSTEM, ACT_OTHER, 0, "delay_acquisition", E_DELAY, TIME_NONE),
	TYPE(107, SYSTEM, ACT_OTHER, 0, "test_command_cp56", E_TEST_COUNT, TIME_CP56),
	TYPE(110, PARAMETER, ACT_WRITE, EFFECT_CONFIG, "parameter_normalized",
		E_PARAMETER_NORMALIZED, TIME_NONE),
	TYPE(111, PARAMETER, ACT_WRITE, EFFECT_CONFIG, "parameter_scaled", E_PARAMETER_SCALED,
		TIME_NONE),
	TYPE(112, PARAMETER, ACT_WRITE, EFFECT_CONFIG, "parameter_float", E_PARAMETER_FLOAT,
		TIME_NONE),
	TYPE(113, PARAMETER, ACT_WRITE, EFFECT_CONFIG, "parameter_activation", E_ACTIVATION,
		TIME_NONE),
	TYPE(120, FILES, ACT_READ, EFFECT_FILE, "file_ready", E_FILE_READY, TIME_NONE),
	TYPE(121, FILES, ACT_READ, EFFECT_FILE, "section_ready", E_SECTION_READY, TIME_NONE),
	TYPE(122, FILES, ACT_READ, EFFECT_FILE, "file_call", E_CALL, TIME_NONE),
	TYPE(123, FILES, ACT_READ, EFFECT_FILE, "last_segment", E_LAST, TIME_NONE),
	TYPE(124, FILES, ACT_OTHER, 0, "file_acknowledge", E_ACKNOWLEDGE, TIME_NONE),
	TYPE(125, FILES, ACT_READ, EFFECT_FILE, "file_segment", E_SEGMENT, TIME_NONE),
	TYPE(126, FILES, ACT_READ, 0, "directory", E_DIRECTORY, TIME_CP56),
	TYPE(127, FILES, ACT_READ, EFFECT_FILE, "query_log", E_QUERY, TIME_NONE),
};

const struct iec104_type *iec104_type(uint8_t code)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (types[i].row.code == code)
			return &types[i];
	return NULL;
}

bool iec104_cause_fits(const struct iec104_type *type, uint8_t cause)
{
	bool answers = cause >= CAUSE_UNKNOWN_TYPE && cause <= CAUSE_UNKNOWN_OBJECT;
	bool asked = cause >= CAUSE_INTERROGATED && cause <= CAUSE_COUNTERS_LAST;
	bool acts = cause >= CAUSE_ACTIVATION && cause <= CAUSE_TERMINATION;
	switch ((enum iec104_class)type->class) {
	case MONITOR:
		return (cause >= 1 && cause <= CAUSE_REQUESTED) || cause == 11 || cause == 12 ||
			asked;
	case COMMAND:
		return acts || answers;
	case SYSTEM:
		return cause == 3 || cause == CAUSE_REQUESTED || acts || answers;
	case PARAMETER:
		return acts || asked || answers || cause == CAUSE_REQUESTED;
	case FILES:
		return cause == 3 || cause == CAUSE_REQUESTED || cause == CAUSE_FILE || answers;
	case SECURITY:
		return cause >= 14 && cause <= 16;
	}
	return false;
}

size_t iec104_element_size(enum iec104_element e)
{
	return sizes[e];
}

bool iec104_fits(const struct iec104_asdu *a, struct cur objects)
{
	const struct iec104_type *t = a->type;
	if (t->element == E_SECURITY)
		return true;
	size_t one = (size_t)sizes[t->element] + time_sizes[t->time];
	if (t->element == E_SEGMENT) {
		int more = cur_peek(&objects, IEC104_ADDRESS + 3);
		return a->count == 1 && more >= 0 &&
			objects.left == IEC104_ADDRESS + one + (size_t)more;
	}
	size_t addresses = a->sequence ? a->count > 0 : a->count;
	return objects.left == addresses * IEC104_ADDRESS + a->count * one;
}
