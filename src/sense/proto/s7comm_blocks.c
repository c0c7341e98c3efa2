/* S7comm block transfer, program invocation services and stop.
 *
 * A download goes: the client asks (0x1a), then the controller fetches part after part (0x1b) and
 * ends it (0x1c), and the client inserts the block with the service _INSE.  An upload is three
 * questions of the client (0x1d, 0x1e, 0x1f). */
#include <stdio.h>

#include "sense/proto/s7comm.h"

static const struct field field_status = { "s7comm.block.status", U8, 0, 0 };
static const struct field field_error = { "s7comm.block.error", BE16, 0, 0 };
static const struct field field_upload = { "s7comm.block.upload_id", BE32, 0, 0 };
static const struct field field_filename = { "s7comm.block.filename", TEXT, 0, 0 };
static const struct field field_length_text = { "s7comm.block.length", TEXT, 0, 0 };
static const struct field field_load_memory = { "s7comm.block.load_memory", TEXT, 0, 0 };
static const struct field field_code_length = { "s7comm.block.code_length", TEXT, 0, 0 };
static const struct field field_identifier = { "s7comm.block.identifier", TEXT, 0, 0 };
static const struct field field_type = { "s7comm.block.type", TEXT, 0, 0 };
static const struct field field_number = { "s7comm.block.number", TEXT, 0, 0 };
static const struct field field_destination = { "s7comm.block.destination", TEXT, 0, 0 };
static const struct field field_name = { "s7comm.block.name", TEXT, 0, 0 };
static const struct field field_service = { "s7comm.pi.service", TEXT, 0, 0 };
static const struct field field_argument = { "s7comm.pi.argument", TEXT, 0, 0 };
static const struct field field_block_count = { "s7comm.pi.block_count", U8, 0, 0 };

enum { FILENAME_SIZE = 9, BLOCK_SIZE = 8, PI_UNKNOWN = 7, STOP_UNKNOWN = 5 };

/* The services of which something is known; the place in the list is the row (S7_ROW_PI + n),
 * 0 and the last being "some other service". */
static const struct service {
	const char *name;
	uint16_t row;
} services[] = {
	{ "_INSE", 2 },
	{ "_INS2", 2 },
	{ "_DELE", 3 },
	{ "_MODU", 4 },
	{ "_GARB", 5 },
	{ "_N_LOGIN_", 6 },
	{ "_N_LOGOUT", 7 },
	{ "_N_SELECT", 8 },
	{ "_N_F_DELE", 9 },
	{ "_N_F_COPY", 9 },
	{ "_N_F_RENA", 9 },
	{ "_N_F_XFER", 9 },
	{ "_N_CONFIG", 10 },
	{ "_N_NCKMOD", 10 },
};

enum { PI_OTHER = 0, PI_START = 1, PI_COLD_START = 11 };

static struct cur service_name(struct cur c, uint8_t function, struct cur *argument)
{
	*argument = cur_none();
	if (function == S7_PI_SERVICE) {
		cur_skip(&c, PI_UNKNOWN);
		*argument = cur_sub(&c, cur_be16(&c));
	} else {
		cur_skip(&c, STOP_UNKNOWN);
	}
	return cur_sub(&c, cur_u8(&c));
}

static bool is_word(const struct cur *c, const char *word)
{
	return c->left == strlen(word) && cur_starts(c, word);
}

uint16_t s7_pi_find(struct cur c, uint8_t function)
{
	if (function != S7_PI_SERVICE)
		return PI_OTHER;
	struct cur argument;
	struct cur name = service_name(c, function, &argument);
	if (is_word(&name, "P_PROGRAM"))
		return cur_starts(&argument, "C") ? PI_COLD_START : PI_START;
	for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
		if (is_word(&name, services[i].name))
			return services[i].row;
	return PI_OTHER;
}

static void add_text(struct scene *s, const struct field *f, struct cur *c, size_t size)
{
	const uint8_t *text = cur_take(c, size);
	if (text)
		fact_text(s, f, text, size);
}

/* What people call a block type; on the wire it is two hexadecimal digits. */
static const char *block_letters(const uint8_t *digits)
{
	if (digits[0] != '0')
		return NULL;
	switch (digits[1]) {
	case '0':
		return "UDT";
	case '8':
		return "OB";
	case '9':
		return "CMod";
	case 'A':
		return "DB";
	case 'B':
		return "SDB";
	case 'C':
		return "FC";
	case 'D':
		return "SFC";
	case 'E':
		return "FB";
	case 'F':
		return "SFB";
	default:
		return NULL;
	}
}

/* "_0A00001P": identifier, type, number, where it goes; without the identifier in the arguments
 * of a service. */
void s7_read_block_name(struct scene *s, struct cur c, bool identified)
{
	if (c.left != (identified ? FILENAME_SIZE : BLOCK_SIZE))
		return;
	if (identified)
		add_text(s, &field_identifier, &c, 1);
	const uint8_t *type = cur_take(&c, 2);
	const uint8_t *number = cur_take(&c, 5);
	if (!type || !number)
		return;
	fact_text(s, &field_type, type, 2);
	fact_text(s, &field_number, number, 5);
	add_text(s, &field_destination, &c, 1);

	const char *letters = block_letters(type);
	enum { NAME = 16 };
	char *name = letters ? scene_scratch(s, NAME) : NULL;
	unsigned n = 0;
	for (unsigned i = 0; i < 5; i++) {
		if (number[i] < '0' || number[i] > '9')
			return;
		n = n * 10 + (unsigned)(number[i] - '0');
	}
	if (!name)
		return;
	snprintf(name, NAME, "%s%u", letters, n);
	fact_text(s, &field_name, name, strlen(name));
}

static void read_filename(struct scene *s, struct cur *c)
{
	struct cur name = cur_sub(c, cur_u8(c));
	if (!cur_ok(c))
		return;
	fact_text(s, &field_filename, name.at, name.left);
	s7_read_block_name(s, name, true);
}

/* Sizes as decimal text: '1', six digits of load memory, six of code. */
static void read_sizes(struct scene *s, struct cur *c)
{
	if (c->left == 0)
		return;
	struct cur sizes = cur_sub(c, cur_u8(c));
	cur_skip(&sizes, 1);
	add_text(s, &field_load_memory, &sizes, 6);
	add_text(s, &field_code_length, &sizes, 6);
}

static void read_transfer_job(struct scene *s, uint8_t function, struct cur *c)
{
	bool upload =
		function == S7_START_UPLOAD || function == S7_UPLOAD || function == S7_END_UPLOAD;
	fact_uint(s, &field_status, cur_u8(c));
	uint16_t error = cur_be16(c);
	if (function == S7_DOWNLOAD_ENDED || function == S7_END_UPLOAD)
		fact_uint(s, &field_error, error);
	uint32_t id = cur_be32(c);
	if (upload)
		fact_uint(s, &field_upload, id);
	if (function == S7_UPLOAD || function == S7_END_UPLOAD)
		return;
	read_filename(s, c);
	if (function == S7_REQUEST_DOWNLOAD)
		read_sizes(s, c);
}

static void read_transfer_answer(struct scene *s, uint8_t function, struct cur *c, struct cur *data)
{
	if (c->left > 0)
		fact_uint(s, &field_status, cur_u8(c));
	if (function == S7_START_UPLOAD && c->left > 0) {
		cur_skip(c, 2);
		fact_uint(s, &field_upload, cur_be32(c));
		struct cur length = cur_sub(c, cur_u8(c));
		if (cur_ok(c))
			fact_text(s, &field_length_text, length.at, length.left);
		return;
	}
	if (data->left < 4)
		return;
	uint16_t length = cur_be16(data);
	fact_uint(s, &s7_length, length);
	cur_skip(data, 2); /* 00 fb */
	struct cur block = cur_upto(data, length);
	if (block.left > 0)
		fact_bytes(s, &s7_value, block.at, block.left);
}

/* _INSE and _DELE name blocks; the others bring text, or texts each behind its length. */
static void read_argument(struct scene *s, uint16_t row, struct cur argument)
{
	if (argument.left == 0)
		return;
	if (row == 2 || row == 3) {
		uint8_t count = cur_u8(&argument);
		fact_uint(s, &field_block_count, count);
		cur_skip(&argument, 1);
		for (unsigned i = 0; i < count && argument.left >= BLOCK_SIZE; i++) {
			struct cur name = cur_sub(&argument, BLOCK_SIZE);
			fact_text(s, &field_filename, name.at, name.left);
			s7_read_block_name(s, name, false);
		}
		return;
	}
	fact_text(s, &field_argument, argument.at, argument.left);
}

void s7_read_block_message(
	struct scene *s, uint8_t function, uint8_t rosctr, struct cur *c, struct cur *data)
{
	bool job = rosctr == S7_JOB;
	switch (function) {
	case S7_REQUEST_DOWNLOAD:
	case S7_DOWNLOAD_BLOCK:
	case S7_DOWNLOAD_ENDED:
	case S7_START_UPLOAD:
	case S7_UPLOAD:
	case S7_END_UPLOAD:
		if (job)
			read_transfer_job(s, function, c);
		else
			read_transfer_answer(s, function, c, data);
		break;
	case S7_PI_SERVICE:
	case S7_PLC_STOP:
		if (job) {
			struct cur argument;
			struct cur name = service_name(*c, function, &argument);
			fact_text(s, &field_service, name.at, name.left);
			read_argument(s, s7_pi_find(*c, function), argument);
			if (!cur_ok(&name))
				fact_violation(s);
		} else if (c->left > 0) {
			fact_uint(s, &field_status, cur_u8(c));
		}
		break;
	default:
		break;
	}
}
