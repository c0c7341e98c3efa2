/* The blocks of PROFINET IO context management: IEC 61158-6-10, 5.2. */
#include "sense/proto/pn_io.h"
#include "sense/proto/pn_rt.h"
#include "sense/proto/uuid.h"

enum {
	BLOCK_WRITE = 0x0008,
	BLOCK_READ = 0x0009,
	BLOCK_AR = 0x0101,
	BLOCK_IOCR,
	BLOCK_ALARM_CR,
	BLOCK_EXPECTED,
	BLOCK_AR_SERVER = 0x0106,
	BLOCK_PRM_END = 0x0110,
	BLOCK_PRM_END_PLUG,
	BLOCK_READY,
	BLOCK_READY_PLUG,
	BLOCK_RELEASE,
	BLOCK_COMPANION = 0x0116,
	BLOCK_RT3,
	BLOCK_PRM_BEGIN,
	BLOCK_ANSWER = 0x8000,
};
enum { INDEX_MULTIPLE = 0xe040 };

const struct field pn_io_type = { "pn_io.block_type", BE16 };
const struct field pn_io_relation = { "pn_io.ar_uuid", TEXT };
const struct field pn_io_api = { "pn_io.api", BE32 };
const struct field pn_io_slot = { "pn_io.slot_nr", BE16 };
const struct field pn_io_subslot = { "pn_io.subslot_nr", BE16 };
const struct field pn_io_module = { "pn_io.module_ident_number", BE32 };
const struct field pn_io_submodule = { "pn_io.submodule_ident_number", BE32 };

static const struct field initiator_field = { "pn_io.cminitiator_uuid", TEXT };
static const struct field ar_type = { "pn_io.ar_type", BE16 };
static const struct field session = { "pn_io.session_key", BE16 };
static const struct field station_name = { "pn_io.cminitiator_station_name", TEXT };
static const struct field initiator_mac[] = { { "pn_io.cminitiator_mac_add", MAC }, { 0 } };
static const struct field ar_rest[] = {
	{ "pn_io.ar_properties", BE32 },
	{ "pn_io.cminitiator_activitytimeoutfactor", BE16 },
	{ "pn_io.cminitiator_udprtport", BE16 },
	{ 0 },
};
static const struct field ar_answer[] = {
	{ "pn_io.cmresponder_macadd", MAC },
	{ "pn_io.cmresponder_udprtport", BE16 },
	{ 0 },
};
static const struct field iocr[] = {
	{ "pn_io.iocr_type", BE16 },
	{ "pn_io.iocr_reference", BE16 },
	{ "pn_io.lt", BE16 },
	{ "pn_io.iocr_properties", BE32 },
	{ "pn_io.data_length", BE16 },
	{ "pn_io.frame_id", BE16 },
	{ "pn_io.send_clock_factor", BE16 },
	{ "pn_io.reduction_ratio", BE16 },
	{ "pn_io.phase", BE16 },
	{ "pn_io.sequence", BE16 },
	{ "pn_io.frame_send_offset", BE32 },
	{ "pn_io.watchdog_factor", BE16 },
	{ "pn_io.data_hold_factor", BE16 },
	{ "pn_io.iocr_tag_header", BE16 },
	{ "pn_io.iocr_multicast_mac_add", MAC },
	{ 0 },
};
static const struct field iocr_answer[] = {
	{ "pn_io.iocr_type", BE16 },
	{ "pn_io.iocr_reference", BE16 },
	{ "pn_io.frame_id", BE16 },
	{ 0 },
};
static const struct field data_object[] = {
	{ "pn_io.slot_nr", BE16 },
	{ "pn_io.subslot_nr", BE16 },
	{ "pn_io.io_data_object.frame_offset", BE16 },
	{ 0 },
};
static const struct field consumer_state[] = {
	{ "pn_io.slot_nr", BE16 },
	{ "pn_io.subslot_nr", BE16 },
	{ "pn_io.iocs_frame_offset", BE16 },
	{ 0 },
};
static const struct field alarm_cr[] = {
	{ "pn_io.alarmcr_type", BE16 },
	{ "pn_io.lt", BE16 },
	{ "pn_io.alarmcr_properties", BE32 },
	{ "pn_io.rta_timeoutfactor", BE16 },
	{ "pn_io.rta_retries", BE16 },
	{ "pn_io.localalarmref", BE16 },
	{ "pn_io.maxalarmdatalength", BE16 },
	{ "pn_io.alarmcr_tagheaderhigh", BE16 },
	{ "pn_io.alarmcr_tagheaderlow", BE16 },
	{ 0 },
};
static const struct field alarm_cr_answer[] = {
	{ "pn_io.alarmcr_type", BE16 },
	{ "pn_io.localalarmref", BE16 },
	{ "pn_io.maxalarmdatalength", BE16 },
	{ 0 },
};
static const struct field module_properties = { "pn_io.module_properties", BE16 };
static const struct field module_state = { "pn_io.module_state", BE16 };
static const struct field submodule_properties = { "pn_io.submodule_properties", BE16 };
static const struct field submodule_state = { "pn_io.submodule_state", BE16 };
static const struct field description[] = {
	{ "pn_io.data_description", BE16 },
	{ "pn_io.submodule_data_length", BE16 },
	{ "pn_io.length_iocs", U8 },
	{ "pn_io.length_iops", U8 },
	{ 0 },
};
static const struct field command_field = { "pn_io.control_command", BE16 };
static const struct field command_properties = { "pn_io.control_block_properties", BE16 };
enum { ROW_IM = 0x100, ROW_COMMAND = 0x200, ROW_UNKNOWN = 0x300, ROW_MULTIPLE };

static const struct msg rows[] = {
	BOTH(OP_CONNECT, ACT_OTHER, EFFECT_NONE, "connect"),
	/* Outputs of a device whose connection ends fall to their safe values. */
	BOTH(OP_RELEASE, ACT_CONTROL, EFFECT_NONE, "release"),
	BOTH(OP_READ, ACT_READ, EFFECT_NONE, "read_record"),
	BOTH(OP_WRITE, ACT_WRITE, EFFECT_NONE, "write_record"),
	/* The envelope only: the records in it are operations of their own. */
	BOTH(ROW_MULTIPLE, ACT_OTHER, EFFECT_NONE, "write_multiple"),
	BOTH(OP_CONTROL, ACT_OTHER, EFFECT_NONE, "control"),
	BOTH(OP_READ_IMPLICIT, ACT_READ, EFFECT_NONE, "read_implicit"),
	BOTH(ROW_IM + OP_READ, ACT_IDENTIFY, EFFECT_NONE, "read_identification"),
	BOTH(ROW_IM + OP_READ_IMPLICIT, ACT_IDENTIFY, EFFECT_NONE, "read_identification"),
	BOTH(ROW_IM + OP_WRITE, ACT_WRITE, EFFECT_CONFIG, "write_identification"),
	BOTH(ROW_COMMAND + BLOCK_PRM_END, ACT_OTHER, EFFECT_NONE, "parameters_end"),
	BOTH(ROW_COMMAND + BLOCK_PRM_END_PLUG, ACT_OTHER, EFFECT_NONE, "parameters_end"),
	BOTH(ROW_COMMAND + BLOCK_READY, ACT_OTHER, EFFECT_NONE, "application_ready"),
	BOTH(ROW_COMMAND + BLOCK_READY_PLUG, ACT_OTHER, EFFECT_NONE, "application_ready"),
	BOTH(ROW_COMMAND + BLOCK_COMPANION, ACT_OTHER, EFFECT_NONE, "ready_for_companion"),
	BOTH(ROW_COMMAND + BLOCK_RT3, ACT_OTHER, EFFECT_NONE, "ready_for_rt_class_3"),
	BOTH(ROW_COMMAND + BLOCK_PRM_BEGIN, ACT_OTHER, EFFECT_NONE, "parameters_begin"),
	BOTH(ROW_UNKNOWN, ACT_OTHER, EFFECT_NONE, "unknown_operation"),
	{ 0 },
};

static const struct msg *row_of(uint32_t code, bool answer)
{
	enum dir dir = answer ? DIR_RESPONSE : DIR_REQUEST;
	const struct msg *m = msg_find(rows, code, dir);
	return m ? m : msg_find(rows, ROW_UNKNOWN, dir);
}

static uint32_t record_code(uint32_t operation, uint16_t index)
{
	if (index == INDEX_MULTIPLE && operation == OP_WRITE)
		return ROW_MULTIPLE;
	return pn_io_is_identification(index) ? ROW_IM + operation : operation;
}

const struct msg *pn_io_row(const struct pn_call *call, struct cur c)
{
	uint16_t type = cur_be16(&c);
	uint32_t code = call->operation;
	if (call->operation == OP_CONTROL) {
		uint32_t command = ROW_COMMAND + (type & ~(unsigned)BLOCK_ANSWER);
		if (cur_ok(&c) && msg_find(rows, command, DIR_REQUEST))
			code = command;
	} else if (call->operation == OP_READ || call->operation == OP_WRITE ||
		call->operation == OP_READ_IMPLICIT) {
		cur_skip(&c, 4 + 2 + 16 + 4 + 2 + 2 + 2);
		code = record_code(code, cur_be16(&c));
	}
	return row_of(code, call->answer);
}

void pn_io_uuid(struct scene *s, const struct field *f, const uint8_t *bytes, bool little)
{
	char *text = bytes ? scene_scratch(s, UUID_TEXT) : NULL;
	if (!text)
		return;
	uuid_text(bytes, little, text);
	fact_text(s, f, text, UUID_TEXT - 1);
}

static void read_name(struct scene *s, struct cur *c)
{
	uint16_t size = cur_be16(c);
	const uint8_t *name = cur_take(c, size);
	if (!name)
		return;
	fact_text(s, &station_name, name, size);
	who_sender(s, ID_NAME, name, size);
}

/* --- connect --- */

/* The last two bytes of an object's number name who made it. */
static void say_initiator(struct scene *s, const uint8_t *object)
{
	struct cur c = cur_of(object, 16);
	bool of_profinet = cur_be32(&c) == 0xdea00000;
	cur_skip(&c, 10);
	const char *vendor = of_profinet ? profinet_vendor(cur_be16(&c)) : NULL;
	if (vendor)
		who_sender(s, ID_VENDOR_NUMBER, vendor, strlen(vendor));
}

static void read_relation(struct scene *s, struct cur *c, bool answer)
{
	enum { AR_SUPERVISOR = 6 };
	uint16_t type = cur_be16(c);
	fact_uint(s, &ar_type, type);
	pn_io_uuid(s, &pn_io_relation, cur_take(c, 16), false);
	fact_uint(s, &session, cur_be16(c));
	if (answer) {
		walk(s, c, ar_answer);
		return;
	}
	walk(s, c, initiator_mac);
	const uint8_t *object = cur_take(c, 16);
	pn_io_uuid(s, &initiator_field, object, false);
	walk(s, c, ar_rest);
	read_name(s, c);
	if (!cur_ok(c) || !object)
		return;
	say_initiator(s, object);
	if (type == AR_SUPERVISOR)
		who_sender_is(s, TYPE_ENGINEERING, "connects as a PROFINET IO supervisor");
	else
		who_sender_is(s, TYPE_PLC, "connects as a PROFINET IO controller");
}

static void read_places(struct scene *s, struct cur *c, const struct field *fields)
{
	uint16_t count = cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++)
		walk(s, c, fields);
}

static void read_iocr(struct scene *s, struct cur *c, bool answer)
{
	walk(s, c, answer ? iocr_answer : iocr);
	uint16_t count = answer ? 0 : cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		fact_uint(s, &pn_io_api, cur_be32(c));
		read_places(s, c, data_object);
		read_places(s, c, consumer_state);
	}
}

static void read_expected_submodules(struct scene *s, struct cur *c)
{
	enum { INPUT_AND_OUTPUT = 3 };
	uint16_t count = cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		fact_uint(s, &pn_io_subslot, cur_be16(c));
		fact_uint(s, &pn_io_submodule, cur_be32(c));
		uint16_t properties = cur_be16(c);
		fact_uint(s, &submodule_properties, properties);
		walk(s, c, description);
		if ((properties & 3) == INPUT_AND_OUTPUT)
			walk(s, c, description);
	}
}

static void read_expected(struct scene *s, struct cur *c)
{
	uint16_t count = cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		fact_uint(s, &pn_io_api, cur_be32(c));
		fact_uint(s, &pn_io_slot, cur_be16(c));
		fact_uint(s, &pn_io_module, cur_be32(c));
		fact_uint(s, &module_properties, cur_be16(c));
		read_expected_submodules(s, c);
	}
}

static void read_other_modules(struct scene *s, struct cur *c)
{
	uint16_t count = cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		fact_uint(s, &pn_io_slot, cur_be16(c));
		fact_uint(s, &pn_io_module, cur_be32(c));
		fact_uint(s, &module_state, cur_be16(c));
		uint16_t inner = cur_be16(c);
		for (unsigned k = 0; k < inner && cur_ok(c); k++) {
			fact_uint(s, &pn_io_subslot, cur_be16(c));
			fact_uint(s, &pn_io_submodule, cur_be32(c));
			fact_uint(s, &submodule_state, cur_be16(c));
		}
	}
}

void pn_io_module_diff(struct scene *s, struct cur *c)
{
	uint16_t count = cur_be16(c);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		fact_uint(s, &pn_io_api, cur_be32(c));
		read_other_modules(s, c);
	}
}

static void read_command(struct scene *s, struct cur *c)
{
	cur_skip(c, 2);
	pn_io_uuid(s, &pn_io_relation, cur_take(c, 16), false);
	fact_uint(s, &session, cur_be16(c));
	cur_skip(c, 2);
	fact_uint(s, &command_field, cur_be16(c));
	fact_uint(s, &command_properties, cur_be16(c));
}

/* --- a block, and all of them --- */

static void read_block(struct scene *s, const struct pn_call *call, uint16_t type, struct cur *c)
{
	bool answer = type & BLOCK_ANSWER;
	switch (type & ~(unsigned)BLOCK_ANSWER) {
	case BLOCK_AR:
		read_relation(s, c, answer);
		return;
	case BLOCK_IOCR:
		read_iocr(s, c, answer);
		return;
	case BLOCK_ALARM_CR:
		walk(s, c, answer ? alarm_cr_answer : alarm_cr);
		return;
	case BLOCK_EXPECTED:
		if (answer)
			pn_io_module_diff(s, c);
		else
			read_expected(s, c);
		return;
	case BLOCK_AR_SERVER:
		if (answer && call->device)
			read_name(s, c);
		return;
	case BLOCK_PRM_END:
	case BLOCK_PRM_END_PLUG:
	case BLOCK_READY:
	case BLOCK_READY_PLUG:
	case BLOCK_RELEASE:
	case BLOCK_COMPANION:
	case BLOCK_RT3:
	case BLOCK_PRM_BEGIN:
		read_command(s, c);
		return;
	default:
		return; /* named by its number */
	}
}

static bool is_record(uint16_t type)
{
	type &= (uint16_t) ~(unsigned)BLOCK_ANSWER;
	return type == BLOCK_WRITE || type == BLOCK_READ;
}

/* Each record of a multiple write is an operation of its own. */
static void begin_record(struct scene *s, const struct pn_call *call, struct cur block)
{
	cur_skip(&block, 2 + 16 + 4 + 2 + 2 + 2);
	uint32_t code = record_code(call->operation, cur_be16(&block));
	fact_end(s);
	if (call->paired)
		ask_peek(s, call->key);
	fact_begin(s, row_of(code, call->answer));
}

/* The head of a record, and the data behind it where this call brings any. */
static bool read_record(struct scene *s, const struct pn_call *call, uint16_t type,
	struct cur *block, struct cur *c)
{
	bool write = (type & ~(unsigned)BLOCK_ANSWER) == BLOCK_WRITE;
	struct pn_record r = pn_io_record_head(s, call, block, write);
	if (!cur_ok(block))
		return false;
	if (r.index == INDEX_MULTIPLE) {
		if (!call->answer)
			who_sender_is(
				s, TYPE_PLC, "sets up a device as its PROFINET IO controller");
		return true; /* its records follow */
	}
	if (write == call->answer)
		return true; /* the length is that of what was written, or may be read */
	struct cur data = cur_sub(c, r.size);
	if (!cur_ok(&data))
		return false;
	pn_io_record(s, call, &r, data);
	size_t fill = (4 - r.size % 4) % 4;
	cur_skip(c, fill < c->left ? fill : c->left);
	return true;
}

bool pn_io_blocks(struct scene *s, const struct pn_call *call, struct cur *c)
{
	for (bool first = true; c->left >= 6; first = false) {
		uint16_t type = cur_be16(c), length = cur_be16(c);
		cur_skip(c, 2);
		if (length < 2)
			return false;
		struct cur block = cur_sub(c, length - 2u);
		if (!cur_ok(&block))
			return false;
		if (is_record(type) && !first)
			begin_record(s, call, block);
		fact_uint(s, &pn_io_type, type);
		if (is_record(type) && !read_record(s, call, type, &block, c))
			return false;
		if (!is_record(type))
			read_block(s, call, type, &block);
		if (!cur_ok(&block))
			return false;
	}
	return true;
}
