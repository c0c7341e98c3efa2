/* PCCC, the language of PLC-5, SLC 500 and MicroLogix, as the PCCC object carries it: DF1 protocol
 * and command set reference, 1770-6.5.16, chapters 6 to 13. */
#include "sense/proto/cip.h"

#include "base/out.h"

enum {
	COMMAND_DIAGNOSTIC = 0x06,
	COMMAND_CONTROL = 0x07,
	COMMAND_TYPED = 0x0f,
	REPLY = 0x40,
	FUNCTION_NONE = 0xff,
	SET_CPU_MODE = 0x3a,
	CHANGE_MODE = 0x80,
	READ_TWO = 0xa1,
	READ_THREE = 0xa2,
	WRITE_TWO = 0xa9,
	WRITE_THREE = 0xaa,
	MASKED_WRITE = 0xab,
	STATUS_EXTENDED = 0xf0,
	DIAGNOSTIC_STATUS = 0x03,
};

#define OP(cmd, fnc, act, effect, name)                                                            \
	BOTH((cmd) << 8 | (fnc), ACT_##act, EFFECT_##effect, "pccc_" name)

/* Command and function, as one number. */
static const struct msg ops[] = {
	OP(0x00, 0xff, WRITE, NONE, "protected_write"),
	OP(0x01, 0xff, READ, NONE, "unprotected_read"),
	OP(0x02, 0xff, WRITE, NONE, "protected_bit_write"),
	OP(0x05, 0xff, WRITE, NONE, "unprotected_bit_write"),
	OP(0x08, 0xff, WRITE, NONE, "unprotected_write"),
	OP(0x06, 0x00, OTHER, NONE, "echo"),
	OP(0x06, 0x01, READ, NONE, "read_diagnostic_counters"),
	OP(0x06, 0x02, WRITE, CONFIG, "set_variables"),
	OP(0x06, 0x03, IDENTIFY, NONE, "diagnostic_status"),
	OP(0x06, 0x04, WRITE, CONFIG, "set_timeout"),
	OP(0x06, 0x05, WRITE, CONFIG, "set_naks"),
	OP(0x06, 0x06, WRITE, CONFIG, "set_enqs"),
	OP(0x06, 0x07, WRITE, NONE, "reset_diagnostic_counters"),
	OP(0x06, 0x08, WRITE, CONFIG, "set_data_table_size"),
	OP(0x06, 0x09, READ, NONE, "read_link_parameters"),
	OP(0x06, 0x0a, WRITE, CONFIG, "set_link_parameters"),
	OP(0x07, 0x00, CONTROL, STOP, "disable_outputs"),
	OP(0x07, 0x01, CONTROL, START, "enable_outputs"),
	OP(0x07, 0x03, CONTROL, START, "enable_scanning"),
	OP(0x07, 0x04, PROGRAM, DOWNLOAD, "enter_download_mode"),
	OP(0x07, 0x05, PROGRAM, NONE, "exit_download_upload_mode"),
	OP(0x07, 0x06, PROGRAM, UPLOAD, "enter_upload_mode"),
	OP(0x0f, 0x00, WRITE, NONE, "word_range_write"),
	OP(0x0f, 0x01, READ, NONE, "word_range_read"),
	OP(0x0f, 0x02, WRITE, NONE, "bit_write"),
	OP(0x0f, 0x03, WRITE, NONE, "file_write"),
	OP(0x0f, 0x04, READ, NONE, "file_read"),
	OP(0x0f, 0x05, PROGRAM, DOWNLOAD, "download_request"),
	OP(0x0f, 0x06, PROGRAM, UPLOAD, "upload"),
	OP(0x0f, 0x07, CONTROL, STOP, "shutdown"),
	OP(0x0f, 0x08, PROGRAM, DOWNLOAD, "physical_write"),
	OP(0x0f, 0x09, READ, UPLOAD, "physical_read"),
	OP(0x0f, 0x0a, CONTROL, RESTART, "restart_request"),
	OP(0x0f, 0x11, PROGRAM, NONE, "get_edit_resource"),
	OP(0x0f, 0x12, PROGRAM, NONE, "return_edit_resource"),
	OP(0x0f, 0x17, READ, UPLOAD, "read_bytes_physical"),
	OP(0x0f, 0x18, PROGRAM, DOWNLOAD, "write_bytes_physical"),
	OP(0x0f, 0x26, WRITE, NONE, "read_modify_write"),
	OP(0x0f, 0x29, READ, NONE, "read_section_size"),
	OP(0x0f, 0x3a, CONTROL, MODE, "set_cpu_mode"),
	OP(0x0f, 0x41, CONTROL, NONE, "disable_forces"),
	OP(0x0f, 0x50, PROGRAM, DOWNLOAD, "download_all_request"),
	OP(0x0f, 0x52, PROGRAM, DOWNLOAD, "download_completed"),
	OP(0x0f, 0x53, PROGRAM, UPLOAD, "upload_all_request"),
	OP(0x0f, 0x55, PROGRAM, UPLOAD, "upload_completed"),
	OP(0x0f, 0x57, PROGRAM, DOWNLOAD, "initialize_memory"),
	OP(0x0f, 0x5e, PROGRAM, CONFIG, "modify_plc2_file"),
	OP(0x0f, 0x67, WRITE, NONE, "typed_write"),
	OP(0x0f, 0x68, READ, NONE, "typed_read"),
	OP(0x0f, 0x79, WRITE, NONE, "read_modify_write_n"),
	OP(0x0f, 0x80, CONTROL, MODE, "change_mode"),
	OP(0x0f, 0x81, OTHER, NONE, "open_file"),
	OP(0x0f, 0x82, OTHER, NONE, "close_file"),
	OP(0x0f, 0x88, OTHER, NONE, "execute_multiple_commands"),
	OP(0x0f, 0x8f, PROGRAM, CONFIG, "apply_port_configuration"),
	OP(0x0f, 0xa1, READ, NONE, "protected_typed_logical_read_2"),
	OP(0x0f, 0xa2, READ, NONE, "protected_typed_logical_read_3"),
	OP(0x0f, 0xa7, READ, UPLOAD, "protected_typed_file_read"),
	OP(0x0f, 0xa9, WRITE, NONE, "protected_typed_logical_write_2"),
	OP(0x0f, 0xaa, WRITE, NONE, "protected_typed_logical_write_3"),
	OP(0x0f, 0xab, WRITE, NONE, "protected_typed_logical_masked_write_3"),
	OP(0x0f, 0xaf, PROGRAM, DOWNLOAD, "protected_typed_file_write"),
	{ 0 },
};

/* The mode asked for decides what becomes of the program. */
static const struct msg to_program[] = { OP(0x0f, 0x80, CONTROL, STOP, "change_mode_program") };
static const struct msg to_run[] = { OP(0x0f, 0x80, CONTROL, START, "change_mode_run") };
static const struct msg to_test[] = { OP(0x0f, 0x80, CONTROL, MODE, "change_mode_test") };
static const struct msg unknown[] = { OP(0xff, 0xff, OTHER, NONE, "command") };

static const struct field requestor_length = { "cip.pccc.req.id.len", U8 };
static const struct field requestor_vendor = { "cip.pccc.cip.vend.id", LE16 };
static const struct field requestor_serial = { "cip.pccc.cip.serial.num", LE32 };
static const struct field command_field = { "cip.pccc.cmd.code", U8 };
static const struct field status_field = { "cip.pccc.gs.status", U8 };
static const struct field extended_field = { "cip.pccc.es.status", U8 };
static const struct field transaction = { "cip.pccc.tns.code", LE16 };
static const struct field function_06 = { "cip.pccc.fnc.code_06", U8 };
static const struct field function_07 = { "cip.pccc.fnc.code_07", U8 };
static const struct field function_0f = { "cip.pccc.fnc.code_0f", U8 };
static const struct field mode_80 = { "cip.pccc.cpu.mode_80", U8 };
static const struct field mode_3a = { "cip.pccc.cpu.mode_3a", U8 };
static const struct field byte_size = { "cip.pccc.byte.size", U8 };
static const struct field file_number = { "cip.pccc.file.num", LE16 };
static const struct field file_type = { "cip.pccc.file.type", U8 };
static const struct field element_number = { "cip.pccc.element.num", LE16 };
static const struct field subelement_number = { "cip.pccc.subelement.num", LE16 };
static const struct field value_int = { "cip.pccc.value", SLE16 };
static const struct field value_real = { "cip.pccc.value", FLE32 };
static const struct field mask_field = { "cip.pccc.mask", LE16 };

/* What stands in front of every command: who asks, then the command itself. */
struct command {
	uint8_t requestor_size, command, status, function;
	uint16_t vendor, transaction;
	uint32_t serial;
};

static bool read_command(struct cur *c, struct command *k, bool request)
{
	*k = (struct command){ .function = FUNCTION_NONE };
	k->requestor_size = cur_u8(c);
	if (k->requestor_size < 7)
		return false;
	k->vendor = cur_le16(c);
	k->serial = cur_le32(c);
	cur_skip(c, k->requestor_size - 7u);
	k->command = cur_u8(c);
	k->status = cur_u8(c);
	k->transaction = cur_le16(c);
	uint8_t plain = k->command & 0x0f;
	if (request &&
		(plain == COMMAND_DIAGNOSTIC || plain == COMMAND_CONTROL || plain == COMMAND_TYPED))
		k->function = cur_u8(c);
	return cur_ok(c);
}

/* Modes of 1770-6.5.16, "change mode": 1 program, 6 run, 7 to 9 tests.  "Set CPU mode": 1 and 2. */
static const struct msg *mode_op(uint8_t function, uint8_t mode)
{
	if (mode == 1)
		return to_program;
	if (mode == (function == SET_CPU_MODE ? 2 : 6))
		return to_run;
	return to_test;
}

const struct msg *pccc_op(struct cur c, enum dir dir, const struct record *r)
{
	struct command k;
	bool response = dir == DIR_RESPONSE;
	if (r) /* an answer does not say which function: the request did */
		c = r->data;
	if (!read_command(&c, &k, true))
		return &unknown[response];
	bool mode = k.command == COMMAND_TYPED &&
		(k.function == CHANGE_MODE || k.function == SET_CPU_MODE);
	if (mode && c.left)
		return &mode_op(k.function, cur_u8(&c))[response];
	const struct msg *m = msg_find(ops, (uint32_t)(k.command & 0x0f) << 8 | k.function, dir);
	return m ? m : &unknown[response];
}

/* --- logical addresses ---------------------------------------------------------------------------
 */

struct logical {
	uint8_t size, type;
	uint16_t file, element, subelement;
};

/* A number below 255 in one byte, else 255 and two bytes. */
static uint16_t take_number(struct cur *c)
{
	uint8_t first = cur_u8(c);
	return first == 0xff ? cur_le16(c) : first;
}

static bool read_logical(struct cur *c, uint8_t function, struct logical *l)
{
	*l = (struct logical){ .size = cur_u8(c) };
	l->file = take_number(c);
	l->type = cur_u8(c);
	l->element = take_number(c);
	if (function != READ_TWO && function != WRITE_TWO)
		l->subelement = take_number(c);
	return cur_ok(c);
}

static void tell_logical(struct scene *s, uint8_t function, const struct logical *l)
{
	fact_uint(s, &byte_size, l->size);
	fact_uint(s, &file_number, l->file);
	fact_uint(s, &file_type, l->type);
	fact_uint(s, &element_number, l->element);
	if (function != READ_TWO && function != WRITE_TWO)
		fact_uint(s, &subelement_number, l->subelement);
}

enum { FILE_FLOAT = 0x8a, FILE_TIMER = 0x86, FILE_CONTROL = 0x88 };

/* Letters people know the files by. */
static const char *file_letter(uint8_t type)
{
	static const char *const letters[] = { "O", "I", "S", "B", "T", "C", "R", "N", "F", "O",
		"I" };
	return type >= 0x82 && type <= 0x8c ? letters[type - 0x82] : NULL;
}

/* Floats of four bytes; words of two; timers, counters and control blocks have three words each. */
static void read_values(struct scene *s, const struct logical *l, struct cur *c, bool written)
{
	uint8_t size = l->type == FILE_FLOAT ? 4 : 2;
	bool blocks = l->type >= FILE_TIMER && l->type <= FILE_CONTROL;
	if (!file_letter(l->type) || c->left % size)
		return;
	struct point_at at = { .space = SPACE_PCCC, .bit = l->type, .area = l->file };
	for (uint32_t i = 0; c->left; i++) {
		double v;
		if (size == 4) {
			v = cur_float_of(cur_le32(c));
			fact_real(s, &value_real, v);
		} else {
			v = (int16_t)cur_le16(c);
			fact_int(s, &value_int, (int64_t)v);
		}
		uint32_t word = l->subelement + i;
		at.index = blocks ? l->element + word / 3 : l->element + word;
		at.unit = (uint16_t)(blocks ? word % 3 : 0);
		point_server(s, &at, v, written);
	}
}

void pccc_point_name(const struct point_at *at, char name[POINT_NAME])
{
	static const char *const counts[] = { "", ".PRE", ".ACC" };
	static const char *const lengths[] = { "", ".LEN", ".POS" };
	const char *const *words = at->bit == FILE_CONTROL ? lengths : counts;
	struct out o = out_mem(name, POINT_NAME);
	const char *letter = file_letter(at->bit);
	out_fmt(&o, "%s%u:%u%s", letter ? letter : "file ", at->area, at->index,
		words[at->unit % 3]);
	out_text(&o);
}

/* --- messages ------------------------------------------------------------------------------------
 */

static void tell_command(struct scene *s, const struct command *k)
{
	fact_uint(s, &requestor_length, k->requestor_size);
	fact_uint(s, &requestor_vendor, k->vendor);
	fact_uint(s, &requestor_serial, k->serial);
	fact_uint(s, &command_field, k->command);
	fact_uint(s, &status_field, k->status);
	fact_uint(s, &transaction, k->transaction);
}

bool pccc_request(struct talk *t, struct cur *c)
{
	struct scene *s = t->s;
	struct command k;
	struct logical l;
	if (!read_command(c, &k, true))
		return false;
	tell_command(s, &k);
	if (k.command == COMMAND_DIAGNOSTIC)
		fact_uint(s, &function_06, k.function);
	else if (k.command == COMMAND_CONTROL)
		fact_uint(s, &function_07, k.function);
	else if (k.command == COMMAND_TYPED)
		fact_uint(s, &function_0f, k.function);
	if (k.command != COMMAND_TYPED)
		return true;

	switch (k.function) {
	case CHANGE_MODE:
	case SET_CPU_MODE:
		fact_uint(s, k.function == CHANGE_MODE ? &mode_80 : &mode_3a, cur_u8(c));
		break;
	case READ_TWO:
	case READ_THREE:
		if (read_logical(c, k.function, &l))
			tell_logical(s, k.function, &l);
		break;
	case WRITE_TWO:
	case WRITE_THREE:
	case MASKED_WRITE:
		if (!read_logical(c, k.function, &l))
			return false;
		tell_logical(s, k.function, &l);
		if (k.function == MASKED_WRITE)
			fact_uint(s, &mask_field, cur_le16(c));
		else
			read_values(s, &l, c, true);
		break;
	default:
		break;
	}
	return cur_ok(c);
}

/* Diagnostic status, SLC and MicroLogix: eleven characters of name at byte 5 (1770-6.5.16, chapter
 * 10). */
static void tell_diagnostic(struct talk *t, struct cur c)
{
	cur_skip(&c, 5);
	const uint8_t *name = cur_take(&c, 11);
	for (size_t i = 0; name && i < 11; i++)
		if (name[i] < ' ' || name[i] > '~')
			return;
	if (name)
		cip_who(t, ID_MODEL, name, 11);
}

bool pccc_response(struct talk *t, const struct record *r, struct cur *c)
{
	struct scene *s = t->s;
	struct command k, asked;
	struct logical l;
	if (!read_command(c, &k, false) || !(k.command & REPLY))
		return false;
	tell_command(s, &k);
	if (k.status) {
		fact_failed(s);
		if (k.status == STATUS_EXTENDED)
			fact_uint(s, &extended_field, cur_u8(c));
		return cur_ok(c);
	}
	struct cur request = r->data;
	if (!read_command(&request, &asked, true))
		return true;
	if (asked.command == COMMAND_DIAGNOSTIC && asked.function == DIAGNOSTIC_STATUS)
		tell_diagnostic(t, *c);
	if (asked.command == COMMAND_TYPED &&
		(asked.function == READ_TWO || asked.function == READ_THREE) &&
		read_logical(&request, asked.function, &l))
		read_values(s, &l, c, false);
	return cur_ok(c);
}
