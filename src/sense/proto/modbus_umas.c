/* UMAS, what Schneider Electric's programming tool says to Modicon controllers inside function 90.
 * There is no public standard; what stands here follows the bytes on the wire.
 *
 * A question is a session key, a function and what that function wants; an answer is the key, FE
 * or FD (done or not) and what was asked for.  Numbers are little-endian. */
#include "sense/proto/modbus.h"

#include <stdio.h>

enum { READ_ID = 0x02, TAKE_RESERVATION = 0x10, DONE = 0xfe, REFUSED = 0xfd };

static const struct field f_function = { "modbus.umas.function", U8, 0, 0 };
static const struct field f_status = { "modbus.umas.status", U8, 0, 0 };
static const struct field f_station = { "modbus.umas.station", TEXT, 0, 0 };
static const struct field f_data = { "modbus.umas.data", BYTES, 0, 0 };

#define ROW(function, act, effect, name)                                                           \
	{                                                                                          \
		function,                                                                          \
		{                                                                                  \
			BOTH(MODBUS_UMAS, ACT_##act, EFFECT_##effect, name),                       \
			{                                                                          \
				0                                                                  \
			}                                                                          \
		}                                                                                  \
	}

/* The tool's "upload" is our download: names here say where the program goes. */
static const struct row {
	uint8_t function;
	struct msg both[3];
} rows[] = {
	ROW(0x01, OTHER, NONE, "umas_init"),
	ROW(READ_ID, IDENTIFY, NONE, "umas_read_id"),
	ROW(0x03, IDENTIFY, NONE, "umas_read_project_info"),
	ROW(0x04, IDENTIFY, NONE, "umas_read_controller_info"),
	ROW(0x06, IDENTIFY, NONE, "umas_read_card_info"),
	ROW(0x0a, OTHER, NONE, "umas_repeat"),
	ROW(TAKE_RESERVATION, OTHER, NONE, "umas_take_reservation"),
	ROW(0x11, OTHER, NONE, "umas_release_reservation"),
	ROW(0x12, OTHER, NONE, "umas_keep_alive"),
	ROW(0x20, READ, NONE, "umas_read_memory"),
	ROW(0x21, WRITE, NONE, "umas_write_memory"),
	ROW(0x22, READ, NONE, "umas_read_variables"),
	ROW(0x23, WRITE, NONE, "umas_write_variables"),
	ROW(0x24, READ, NONE, "umas_read_registers"),
	ROW(0x25, WRITE, NONE, "umas_write_registers"),
	ROW(0x30, PROGRAM, DOWNLOAD, "umas_start_download"),
	ROW(0x31, PROGRAM, DOWNLOAD, "umas_download_block"),
	ROW(0x32, PROGRAM, DOWNLOAD, "umas_end_download"),
	ROW(0x33, PROGRAM, UPLOAD, "umas_start_upload"),
	ROW(0x34, PROGRAM, UPLOAD, "umas_upload_block"),
	ROW(0x35, PROGRAM, UPLOAD, "umas_end_upload"),
	ROW(0x39, READ, NONE, "umas_read_ethernet_master"),
	ROW(0x40, CONTROL, START, "umas_start"),
	ROW(0x41, CONTROL, STOP, "umas_stop"),
	ROW(0x50, READ, NONE, "umas_monitor"),
	ROW(0x58, READ, NONE, "umas_check"),
	ROW(0x70, READ, NONE, "umas_read_io"),
	ROW(0x71, WRITE, NONE, "umas_write_io"),
	ROW(0x73, READ, NONE, "umas_read_module_status"),
};
static const struct msg other[] = {
	BOTH(MODBUS_UMAS, ACT_OTHER, EFFECT_NONE, "umas"),
	{ 0 },
};

static const struct msg *row_of(int function)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].function == function)
			return rows[i].both;
	return other;
}

const struct msg *modbus_umas_row(struct cur c)
{
	return row_of(cur_peek(&c, 1)); /* behind the session key */
}

static void rest(struct scene *s, struct cur *c)
{
	size_t size = c->left;
	if (size)
		fact_bytes(s, &f_data, cur_take(c, size), size);
}

static bool is_text(const uint8_t *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return size > 0;
}

/* Whoever takes the reservation leaves the name of its computer: a number, a size, the text. */
static void tell_station(struct scene *s, struct cur c)
{
	cur_skip(&c, 4);
	uint8_t size = cur_u8(&c);
	const uint8_t *name = cur_take(&c, size);
	if (!name || !is_text(name, size))
		return;
	fact_text(s, &f_station, name, size);
	who_sender(s, ID_NAME, name, size);
}

/* Version at byte 8 (digits as they are printed, the second half first), order name at 22. */
static void tell_id(struct scene *s, struct cur c)
{
	cur_skip(&c, 8);
	uint16_t version = cur_le16(&c);
	cur_skip(&c, 12);
	uint8_t size = cur_u8(&c);
	const uint8_t *name = cur_take(&c, size);
	if (!name || !is_text(name, size))
		return;
	char text[16];
	int n = snprintf(text, sizeof text, "V%x.%02x", version >> 8, version & 0xffu);
	who_sender(s, ID_VENDOR_NUMBER, "Schneider Electric", 18);
	who_sender(s, ID_MODEL, name, size);
	who_sender(s, ID_FIRMWARE, text, (size_t)n);
	who_sender_is(s, TYPE_PLC, "answers UMAS as a Modicon controller");
}

void modbus_umas_request(struct scene *s, struct cur *c)
{
	if (c->left >= 2) {
		cur_skip(c, 1); /* session key */
		uint8_t function = cur_u8(c);
		fact_uint(s, &f_function, function);
		if (function == TAKE_RESERVATION)
			tell_station(s, *c);
	}
	rest(s, c);
}

void modbus_umas_answer(struct scene *s, const struct msg *both, struct cur *c)
{
	if (c->left >= 2) {
		cur_skip(c, 1);
		uint8_t status = cur_u8(c);
		fact_uint(s, &f_status, status);
		if (status == REFUSED)
			fact_failed(s);
		else if (status == DONE && both == row_of(READ_ID))
			tell_id(s, *c);
	}
	rest(s, c);
}
