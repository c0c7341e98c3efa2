/* EtherCAT mailboxes: IEC 61158-6-12, 5.6 to 5.9 (CANopen and servo drive profiles, files,
 * Ethernet). */
#include "sense/proto/ethercat.h"

enum { BOX_ERROR, BOX_ADS, BOX_ETHERNET, BOX_CANOPEN, BOX_FILE, BOX_DRIVE, BOX_VENDOR = 15 };
enum {
	CAN_EMERGENCY = 1,
	CAN_REQUEST,
	CAN_RESPONSE,
	CAN_OBJECTS = 4, /* process data objects, and asking for them: 4 to 7 */
	CAN_INFORMATION = 8,
};
enum { SDO_SEGMENT_TO, SDO_TO, SDO_FROM, SDO_SEGMENT_FROM, SDO_ABORT }; /* as clients say it */
enum { FILE_READ = 1, FILE_WRITE, FILE_DATA, FILE_ACK, FILE_ERROR, FILE_BUSY };
enum {
	DRIVE_READ = 1,
	DRIVE_READ_ANSWER,
	DRIVE_WRITE,
	DRIVE_WRITE_ANSWER,
	DRIVE_NOTICE,
	DRIVE_EMERGENCY
};
enum {
	OBJECT_STORE = 0x1010,
	OBJECT_RESTORE,
	OBJECT_PROGRAM = 0x1f50,
	OBJECT_PROGRAM_LAST = 0x1f57
};

static const struct field head[] = {
	{ "ecat_mailbox.length", LE16 },
	{ "ecat_mailbox.address", LE16 },
	{ 0 },
};
static const struct field priority_field = { "ecat_mailbox.priority", U8 };
static const struct field type_field = { "ecat_mailbox.type", U8 };
static const struct field counter_field = { "ecat_mailbox.counter", U8 | NUMBERING };
static const struct field can_number = { "ecat_mailbox.coe.number", U8 };
static const struct field can_type = { "ecat_mailbox.coe.type", U8 };
static const struct field sdo_request = { "ecat_mailbox.coe.sdoreq", U8 };
static const struct field sdo_response = { "ecat_mailbox.coe.sdores", U8 };
static const struct field object[] = {
	{ "ecat_mailbox.coe.sdoidx", LE16 },
	{ "ecat_mailbox.coe.sdosub", U8 },
	{ 0 },
};
static const struct field sdo_value[] = { { "ecat_mailbox.coe.sdodata", LE32 }, { 0 } };
static const struct field sdo_length[] = { { "ecat_mailbox.coe.sdolength", LE32 }, { 0 } };
static const struct field sdo_bytes = { "ecat_mailbox.coe.dsoldata", BYTES };
static const struct field abort_code[] = { { "ecat_mailbox.coe.abortcode", LE32 }, { 0 } };
static const struct field information[] = { { "ecat_mailbox.coe.sdoinfoopcode", U8 }, { 0 } };
static const struct field file_kind = { "ecat_mailbox.foe_opmode", U8 };
static const struct field file_password = { "ethercat.foe_password", LE32 };
static const struct field file_name = { "ecat_mailbox.foe_filename", TEXT };
static const struct field file_packet[] = { { "ecat_mailbox.foe_packetno", LE16 }, { 0 } };
static const struct field file_size = { "ethercat.foe_size", LE16 };
static const struct field file_error[] = { { "ecat_mailbox.foe_errcode", LE32 }, { 0 } };
static const struct field file_text = { "ecat_mailbox.foe_errtext", TEXT };
static const struct field drive_kind = { "ecat_mailbox.soe_opcode", U8 };
static const struct field drive_number = { "ecat_mailbox.soe_header_driveno", U8 };
static const struct field drive_parameter[] = { { "ecat_mailbox.soe_idn", LE16 }, { 0 } };
static const struct field drive_fault[] = { { "ecat_mailbox.soe_error", LE16 }, { 0 } };
static const struct field drive_bytes = { "ecat_mailbox.soe_data", BYTES };
static const struct field error_field[] = {
	{ "ethercat.mailbox_error_type", LE16 },
	{ "ethercat.mailbox_error", LE16 },
	{ 0 },
};
static const struct field size_field = { "ethercat.mailbox_size", LE16 };

enum row {
	ROW_ERROR = 0x40,
	ROW_ADS,
	ROW_ETHERNET,
	ROW_VENDOR,
	ROW_OTHER,
	ROW_EMERGENCY,
	ROW_PROCESS,
	ROW_INFORMATION,
	ROW_ABORT,
	ROW_UPLOAD,
	ROW_DOWNLOAD,
	ROW_STORE,
	ROW_PROGRAM,
	ROW_FILE_READ,
	ROW_FILE_WRITE,
	ROW_FILE_DATA,
	ROW_FILE_ACK,
	ROW_FILE_ERROR,
	ROW_FILE_BUSY,
	ROW_DRIVE_READ,
	ROW_DRIVE_WRITE,
	ROW_DRIVE_NOTICE,
};

static const struct msg rows[] = {
	BOTH(ROW_ERROR, ACT_OTHER, EFFECT_NONE, "mailbox_error"),
	BOTH(ROW_ADS, ACT_OTHER, EFFECT_NONE, "ads"),
	BOTH(ROW_ETHERNET, ACT_OTHER, EFFECT_NONE, "ethernet"),
	BOTH(ROW_VENDOR, ACT_OTHER, EFFECT_NONE, "vendor_specific"),
	BOTH(ROW_OTHER, ACT_OTHER, EFFECT_NONE, "mailbox_other"),
	BOTH(ROW_EMERGENCY, ACT_OTHER, EFFECT_NONE, "emergency"),
	BOTH(ROW_PROCESS, ACT_OTHER, EFFECT_NONE, "process_object"),
	BOTH(ROW_INFORMATION, ACT_IDENTIFY, EFFECT_NONE, "object_information"),
	BOTH(ROW_ABORT, ACT_OTHER, EFFECT_NONE, "abort_object"),
	BOTH(ROW_UPLOAD, ACT_READ, EFFECT_NONE, "read_object"),
	BOTH(ROW_DOWNLOAD, ACT_WRITE, EFFECT_NONE, "write_object"),
	BOTH(ROW_STORE, ACT_WRITE, EFFECT_CONFIG, "store_parameters"),
	BOTH(ROW_PROGRAM, ACT_PROGRAM, EFFECT_FIRMWARE, "write_program"),
	BOTH(ROW_FILE_READ, ACT_READ, EFFECT_FILE, "read_file"),
	BOTH(ROW_FILE_WRITE, ACT_PROGRAM, EFFECT_FIRMWARE, "write_file"),
	BOTH(ROW_FILE_DATA, ACT_OTHER, EFFECT_NONE, "file_data"),
	BOTH(ROW_FILE_ACK, ACT_OTHER, EFFECT_NONE, "file_ack"),
	BOTH(ROW_FILE_ERROR, ACT_OTHER, EFFECT_NONE, "file_error"),
	BOTH(ROW_FILE_BUSY, ACT_OTHER, EFFECT_NONE, "file_busy"),
	BOTH(ROW_DRIVE_READ, ACT_READ, EFFECT_NONE, "read_parameter"),
	BOTH(ROW_DRIVE_WRITE, ACT_WRITE, EFFECT_NONE, "write_parameter"),
	BOTH(ROW_DRIVE_NOTICE, ACT_OTHER, EFFECT_NONE, "drive_notice"),
	{ 0 },
};

struct message {
	uint16_t length;
	uint8_t type, counter, priority;
	uint8_t kind;           /* CoE service, FoE or SoE operation */
	uint8_t command, flags; /* of an SDO; head of a drive's message */
	uint16_t object;
	struct cur body;
};

static bool read_head(struct cur c, struct message *m)
{
	*m = (struct message){ .length = cur_le16(&c) };
	cur_skip(&c, 2);
	uint8_t channel = cur_u8(&c), type = cur_u8(&c);
	m->priority = channel >> 6;
	m->type = type & 0xf;
	m->counter = type >> 4 & 7;
	m->body = cur_sub(&c, m->length);
	struct cur look = m->body;
	if (m->type == BOX_CANOPEN) {
		uint16_t number = cur_le16(&look);
		m->kind = (uint8_t)(number >> 12);
		m->flags = cur_u8(&look);
		m->command = m->flags >> 5;
		m->object = cur_le16(&look);
		return cur_ok(&m->body) && m->length >= 2 && !(number & 0x0e00) && type < 0x80;
	}
	uint8_t first = cur_u8(&look);
	m->kind = m->type == BOX_DRIVE ? first & 7 : first;
	m->flags = first;
	return cur_ok(&m->body) && m->length && type < 0x80 && !(channel & 0x3f);
}

bool mailbox_probe(struct cur c)
{
	struct message m;
	if (!read_head(c, &m))
		return false;
	switch (m.type) {
	case BOX_ERROR:
		return m.length == 4;
	case BOX_ADS:
		return m.length >= 32;
	case BOX_ETHERNET:
		return m.length >= 4;
	case BOX_CANOPEN:
		return m.kind >= CAN_EMERGENCY && m.kind <= CAN_INFORMATION;
	case BOX_FILE:
		return m.length >= 6 && m.kind >= FILE_READ && m.kind <= FILE_BUSY;
	case BOX_DRIVE:
		return m.length >= 4 && m.kind >= DRIVE_READ && m.kind <= DRIVE_EMERGENCY;
	case BOX_VENDOR:
		return m.length >= 6;
	default:
		return false;
	}
}

/* What begins a transfer to the slave: 1 as a question, 3 as an answer. */
static bool begins_download(const struct message *m)
{
	return m->command == (m->kind == CAN_RESPONSE ? SDO_SEGMENT_FROM : SDO_TO);
}

static uint32_t object_row(const struct message *m)
{
	uint8_t segment = m->kind == CAN_RESPONSE ? SDO_SEGMENT_TO : SDO_SEGMENT_FROM;
	if (m->command == SDO_ABORT)
		return ROW_ABORT;
	if (m->command == SDO_FROM || m->command == segment)
		return ROW_UPLOAD;
	if (!begins_download(m)) /* segments carry no object */
		return ROW_DOWNLOAD;
	if (m->object >= OBJECT_PROGRAM && m->object <= OBJECT_PROGRAM_LAST)
		return ROW_PROGRAM;
	return m->object == OBJECT_STORE || m->object == OBJECT_RESTORE ? ROW_STORE : ROW_DOWNLOAD;
}

static uint32_t row_code(const struct message *m)
{
	switch (m->type) {
	case BOX_ERROR:
		return ROW_ERROR;
	case BOX_ADS:
		return ROW_ADS;
	case BOX_ETHERNET:
		return ROW_ETHERNET;
	case BOX_VENDOR:
		return ROW_VENDOR;
	case BOX_FILE:
		return ROW_FILE_READ + m->kind - FILE_READ;
	case BOX_DRIVE:
		return m->kind <= DRIVE_READ_ANSWER     ? ROW_DRIVE_READ
			: m->kind <= DRIVE_WRITE_ANSWER ? ROW_DRIVE_WRITE
							: ROW_DRIVE_NOTICE;
	case BOX_CANOPEN:
		break;
	default:
		return ROW_OTHER;
	}
	if (m->kind == CAN_EMERGENCY)
		return ROW_EMERGENCY;
	if (m->kind == CAN_INFORMATION)
		return ROW_INFORMATION;
	return m->kind >= CAN_OBJECTS ? ROW_PROCESS : object_row(m);
}

const struct msg *mailbox_row(struct cur c, bool from_slave)
{
	struct message m;
	read_head(c, &m);
	return msg_find(rows, row_code(&m), from_slave ? DIR_RESPONSE : DIR_REQUEST);
}

void mailbox_pair(struct scene *s, struct cur c, uint32_t slave, bool from_slave)
{
	struct message m;
	read_head(c, &m);
	bool told = m.type == BOX_ETHERNET || m.type == BOX_ADS || m.type == BOX_VENDOR ||
		(m.type == BOX_CANOPEN && (m.kind == CAN_EMERGENCY || m.kind == CAN_OBJECTS)) ||
		(m.type == BOX_DRIVE && m.kind >= DRIVE_NOTICE);
	if (told)
		return; /* nobody asked for it */
	uint32_t key = slave ^ (uint32_t)m.type << 28 ^ 0x5a5a;
	if (from_slave)
		ask_take(s, key);
	else
		ask_put(s, key);
}

/* --- values --- */

static void read_object(struct scene *s, const struct message *m, struct cur *c)
{
	enum { EXPEDITED = 2 };
	bool answer = m->kind == CAN_RESPONSE;
	bool value = m->command == (answer ? SDO_FROM : SDO_TO);
	cur_skip(c, 1);
	fact_uint(s, answer ? &sdo_response : &sdo_request, m->command);
	size_t size = c->left;
	if (m->command != SDO_ABORT && m->command != SDO_FROM && !begins_download(m)) {
		if (size) /* a segment */
			fact_bytes(s, &sdo_bytes, cur_take(c, size), size);
		return;
	}
	walk(s, c, object);
	if (m->command == SDO_ABORT) {
		fact_failed(s);
		walk(s, c, abort_code);
	} else if (value && m->flags & EXPEDITED) {
		walk(s, c, sdo_value);
	} else if (value) {
		walk(s, c, sdo_length);
		size = c->left;
		if (size)
			fact_bytes(s, &sdo_bytes, cur_take(c, size), size);
	}
}

static void read_canopen(struct scene *s, const struct message *m, struct cur *c)
{
	uint16_t number = cur_le16(c);
	fact_uint(s, &can_number, number & 0x1ff);
	fact_uint(s, &can_type, m->kind);
	if (m->kind == CAN_REQUEST || m->kind == CAN_RESPONSE)
		read_object(s, m, c);
	else if (m->kind == CAN_INFORMATION)
		walk(s, c, information);
}

static void read_text(struct scene *s, const struct field *f, struct cur *c)
{
	size_t size = c->left;
	const uint8_t *text = cur_take(c, size);
	if (text && size)
		fact_text(s, f, text, size);
}

static void read_file(struct scene *s, const struct message *m, struct cur *c)
{
	cur_skip(c, 2);
	fact_uint(s, &file_kind, m->kind);
	struct cur look = *c;
	switch (m->kind) {
	case FILE_READ:
	case FILE_WRITE:
		if (cur_le32(&look)) /* a password; zero is none */
			fact_secret(s, &file_password, cur_take(c, 4), 4);
		*c = look;
		read_text(s, &file_name, c);
		return;
	case FILE_ERROR:
		fact_failed(s);
		walk(s, c, file_error);
		read_text(s, &file_text, c);
		return;
	case FILE_BUSY:
		return;
	default:
		walk(s, c, file_packet);
		cur_skip(c, 2);
		if (m->kind == FILE_DATA)
			fact_uint(s, &file_size, c->left);
		return;
	}
}

static void read_drive(struct scene *s, const struct message *m, struct cur *c)
{
	enum { FAULT = 0x10 };
	cur_skip(c, 1);
	cur_skip(c, 1); /* which of its elements: value, name, unit ... */
	fact_uint(s, &drive_kind, m->kind);
	fact_uint(s, &drive_number, m->flags >> 5);
	walk(s, c, drive_parameter);
	size_t size = c->left;
	if (m->flags & FAULT) {
		fact_failed(s);
		cur_skip(c, size >= 2 ? size - 2 : 0);
		if (c->left)
			walk(s, c, drive_fault);
	} else if (size) {
		fact_bytes(s, &drive_bytes, cur_take(c, size), size);
	}
}

bool mailbox_read(struct scene *s, struct cur c)
{
	struct message m;
	read_head(c, &m);
	walk(s, &c, head);
	fact_uint(s, &priority_field, m.priority);
	fact_uint(s, &type_field, m.type);
	fact_uint(s, &counter_field, m.counter);
	struct cur body = m.body;
	switch (m.type) {
	case BOX_CANOPEN:
		read_canopen(s, &m, &body);
		break;
	case BOX_FILE:
		read_file(s, &m, &body);
		break;
	case BOX_DRIVE:
		read_drive(s, &m, &body);
		break;
	case BOX_ERROR:
		fact_failed(s);
		walk(s, &body, error_field);
		break;
	default:
		fact_uint(s, &size_field, m.length);
		break;
	}
	return cur_ok(&body);
}
