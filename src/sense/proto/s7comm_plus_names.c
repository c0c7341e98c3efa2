/* S7comm-plus: what its operations do.  A function alone says little ("set a variable"): the
 * object and the attribute it is about say whether it stops the controller. */
#include "sense/proto/s7comm_plus.h"

#define ROWS(kind, act, effect, name) [2 * (kind)] = BOTH(kind, act, effect, name)

static const struct msg rows[2 * KIND_COUNT] = {
	ROWS(KIND_UNKNOWN, ACT_OTHER, EFFECT_NONE, unknown_function),
	ROWS(KIND_CREATE_SESSION, ACT_OTHER, EFFECT_NONE, "create_session"),
	ROWS(KIND_SUBSCRIBE, ACT_READ, EFFECT_NONE, "subscribe"),
	ROWS(KIND_CREATE_OBJECT, ACT_WRITE, EFFECT_NONE, "create_object"),
	ROWS(KIND_DOWNLOAD, ACT_PROGRAM, EFFECT_DOWNLOAD, "download"),
	ROWS(KIND_DOWNLOAD_HARDWARE, ACT_PROGRAM, EFFECT_CONFIG, "download_hardware"),
	ROWS(KIND_CREATE_JOB, ACT_OTHER, EFFECT_NONE, "create_test_job"),
	ROWS(KIND_CLOSE_SESSION, ACT_OTHER, EFFECT_NONE, "close_session"),
	ROWS(KIND_UNSUBSCRIBE, ACT_OTHER, EFFECT_NONE, "unsubscribe"),
	ROWS(KIND_DELETE_OBJECT, ACT_WRITE, EFFECT_NONE, "delete_object"),
	ROWS(KIND_DELETE_BLOCK, ACT_PROGRAM, EFFECT_DOWNLOAD, "delete_block"),
	ROWS(KIND_READ_ATTRIBUTE, ACT_READ, EFFECT_NONE, "read_attribute"),
	ROWS(KIND_READ, ACT_READ, EFFECT_NONE, "read"),
	ROWS(KIND_SESSION_SETUP, ACT_OTHER, EFFECT_NONE, "session_setup"),
	ROWS(KIND_SUBSCRIPTION_SETUP, ACT_OTHER, EFFECT_NONE, "subscription_setup"),
	ROWS(KIND_LOG_IN, ACT_OTHER, EFFECT_LOGIN, "log_in"),
	ROWS(KIND_WRITE, ACT_WRITE, EFFECT_NONE, "write"),
	ROWS(KIND_WRITE_ATTRIBUTE, ACT_WRITE, EFFECT_CONFIG, "write_attribute"),
	ROWS(KIND_WRITE_HARDWARE, ACT_PROGRAM, EFFECT_CONFIG, "write_hardware"),
	ROWS(KIND_WRITE_PROGRAM, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_program"),
	ROWS(KIND_CHANGE_STATE, ACT_CONTROL, EFFECT_MODE, "change_state"),
	ROWS(KIND_START, ACT_CONTROL, EFFECT_START, "start"),
	ROWS(KIND_RESET, ACT_CONTROL, EFFECT_RESTART, "reset"),
	ROWS(KIND_STOP, ACT_CONTROL, EFFECT_STOP, "stop"),
	ROWS(KIND_REFUSED, ACT_OTHER, EFFECT_REFUSED, "log_in"),
	ROWS(KIND_EXPLORE, ACT_READ, EFFECT_NONE, "explore"),
	ROWS(KIND_UPLOAD, ACT_PROGRAM, EFFECT_UPLOAD, "upload"),
	ROWS(KIND_GET_LINK, ACT_READ, EFFECT_NONE, "get_link"),
	ROWS(KIND_CHANGE_LINK, ACT_WRITE, EFFECT_CONFIG, "change_link"),
	ROWS(KIND_INVOKE, ACT_CONTROL, EFFECT_NONE, "invoke"),
	ROWS(KIND_SEQUENCE, ACT_OTHER, EFFECT_NONE, "sequence"),
	ROWS(KIND_ERROR, ACT_OTHER, EFFECT_NONE, "error"),
};

const struct msg *s7p_row(enum s7p_kind kind, enum dir dir)
{
	return &rows[2 * (kind < KIND_COUNT ? kind : KIND_UNKNOWN) + (dir == DIR_RESPONSE)];
}

/* A class within these makes the object what the kind says. */
static const struct {
	uint16_t from, to;
	uint8_t kind;
} classes[] = {
	{ 287, 287, KIND_CREATE_SESSION }, { 1001, 1001, KIND_SUBSCRIBE },
	{ 2137, 2137, KIND_DOWNLOAD_HARDWARE }, /* I/O system */
	{ 2193, 2193, KIND_DOWNLOAD_HARDWARE }, /* device */
	{ 2378, 2379, KIND_DOWNLOAD },          /* which release of the firmware it is made for */
	{ 2388, 2399, KIND_DOWNLOAD_HARDWARE }, /* racks, system data, submodules */
	{ 2445, 2445, KIND_DOWNLOAD },          /* document beside the program */
	{ 2496, 2496, KIND_DOWNLOAD_HARDWARE }, /* hardware configuration */
	{ 2520, 2520, KIND_DOWNLOAD },          /* program */
	{ 2538, 2538, KIND_DOWNLOAD },          /* block */
	{ 2554, 2554, KIND_DOWNLOAD },          /* data type */
	{ 2574, 2610, KIND_DOWNLOAD },          /* DB, FB, FC, OB */
	{ 2637, 2658, KIND_DOWNLOAD },          /* OBs by what starts them */
	{ 2700, 2712, KIND_CREATE_JOB },        /* test and commissioning */
	{ 3002, 3002, KIND_DOWNLOAD },          /* function with a data block */
};

enum s7p_kind s7p_kind_of_class(uint32_t class)
{
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (class >= classes[i].from && class <= classes[i].to)
			return classes[i].kind;
	return KIND_CREATE_OBJECT;
}

/* Numbers that the controller gives: blocks have theirs for ever, guests only while they stay. */
static bool is_block(uint32_t object)
{
	return object >> 24 == 0x8a;
}

static bool is_guest(uint32_t object)
{
	return object >> 24 == 0x70 || object >> 24 == 0x10;
}

static bool is_session(const struct s7p_message *m, uint32_t object)
{
	return object == m->session && object != 0;
}

bool s7p_is_secret(uint32_t attribute)
{
	return attribute == S7P_CHALLENGE || attribute == S7P_CHALLENGE_RESPONSE ||
		attribute == S7P_SECURITY_KEY || attribute == S7P_LEGITIMATE ||
		attribute == S7P_PROGRAM_PASSWORD || attribute == S7P_PASSWORD ||
		attribute == S7P_FAILSAFE_PASSWORD || attribute == S7P_LEGITIMATION_PASSWORD;
}

/* Of another state of the execution unit only the value says which one. */
enum s7p_kind s7p_kind_of_write(const struct s7p_message *m, const struct s7p_address *at)
{
	if (s7p_is_point(at))
		return KIND_WRITE;
	for (unsigned i = 0; i < at->count; i++)
		if (at->ids[i] == S7P_LEGITIMATE || at->ids[i] == S7P_CHALLENGE_RESPONSE)
			return KIND_LOG_IN;
	if (at->area == S7P_THE_EXECUTION_UNIT && s7p_last(at) == S7P_OPERATING_STATE_REQUEST)
		return KIND_CHANGE_STATE;
	if (is_session(m, at->area))
		return KIND_SESSION_SETUP;
	if (is_guest(at->area))
		return KIND_SUBSCRIPTION_SETUP;
	if (is_block(at->area) || at->area == S7P_THE_PROGRAM)
		return KIND_WRITE_PROGRAM;
	return at->area == S7P_THE_HARDWARE ? KIND_WRITE_HARDWARE : KIND_WRITE_ATTRIBUTE;
}

enum s7p_kind s7p_kind_of_delete(const struct s7p_message *m, uint32_t object)
{
	if (is_session(m, object))
		return KIND_CLOSE_SESSION;
	if (is_guest(object))
		return KIND_UNSUBSCRIBE;
	return is_block(object) ? KIND_DELETE_BLOCK : KIND_DELETE_OBJECT;
}

/* What a function is where its objects are not known. */
enum s7p_kind s7p_kind_of_function(uint16_t function)
{
	switch ((enum s7p_function)function) {
	case S7P_CREATE:
		return KIND_CREATE_OBJECT;
	case S7P_DELETE:
		return KIND_DELETE_OBJECT;
	case S7P_SET:
	case S7P_SET_STREAMED:
		return KIND_WRITE_ATTRIBUTE;
	case S7P_GET:
	case S7P_GET_STREAMED:
		return KIND_READ_ATTRIBUTE;
	case S7P_SET_MANY:
		return KIND_WRITE;
	case S7P_GET_MANY:
		return KIND_READ;
	case S7P_EXPLORE:
		return KIND_EXPLORE;
	case S7P_GET_LINK:
		return KIND_GET_LINK;
	case S7P_ADD_LINK:
	case S7P_REMOVE_LINK:
		return KIND_CHANGE_LINK;
	case S7P_INVOKE:
		return KIND_INVOKE;
	case S7P_BEGIN_SEQUENCE:
	case S7P_END_SEQUENCE:
		return KIND_SEQUENCE;
	case S7P_ERROR:
		return KIND_ERROR;
	}
	return KIND_UNKNOWN;
}
