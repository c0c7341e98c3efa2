/* Who a Modbus server says it is: MODBUS Application Protocol V1.1b3, 6.13 (function 17) and 6.21
 * (function 43, type 14).
 *
 * Unit 0 and 255 are the server itself (Messaging Implementation Guide V1.0b, 4.4.2), and so is
 * what no slave may be called (Serial Line V1.02, 2.2: 1 to 247).  Whether another is a device
 * behind it or the server, which may not look at units at all, shows when all have spoken. */
#include "sense/proto/modbus.h"
#include "sense/proto/text.h"

static const struct field f_read_device_id = { "modbus.read_device_id", U8, 1, 4 };
static const struct field f_object_id = { "modbus.object_id", U8, 0, 0 };
static const struct field f_object_size = { "modbus.object_length", U8, 0, 0 };
static const struct field f_object_text = { "modbus.object_text", TEXT, 0, 0 };
static const struct field f_object_count = { "modbus.object_count", U8, 0, 0 };
static const struct field f_conformity = { "modbus.conformity", U8, 0, 0 };
static const struct field f_more_follows = { "modbus.more_follows", U8, 0, 0 };
static const struct field f_next_object = { "modbus.next_object", U8, 0, 0 };

static bool is_slave(uint8_t unit)
{
	return unit >= 1 && unit <= 247;
}

static void say(struct scene *s, uint8_t unit, enum identity_key key, struct cur text)
{
	const struct asset_place at = { .kind = PLACE_UNIT, .number = unit };
	if (is_slave(unit))
		who_place(s, &at, key, text.at, text.left);
	else
		who_sender(s, key, text.at, text.left);
}

void modbus_identity_request(struct scene *s, struct cur *c)
{
	fact_uint(s, &f_read_device_id, cur_u8(c));
	fact_uint(s, &f_object_id, cur_u8(c));
}

/* Objects that name the device: 0 vendor, 1 product code, 2 revision, 3 URL, 4 product name, 5
 * model name, 6 user's application name. */
static void say_object(struct scene *s, uint8_t unit, uint8_t id, struct cur text)
{
	static const uint8_t keys[] = { ID_VENDOR, ID_ORDER_NUMBER, ID_FIRMWARE, 0, ID_MODEL,
		ID_MODEL, ID_NAME };
	if (id < sizeof keys && keys[id])
		say(s, unit, keys[id], text);
}

void modbus_identity(struct scene *s, uint8_t unit, struct cur *c)
{
	fact_uint(s, &f_read_device_id, cur_u8(c));
	fact_uint(s, &f_conformity, cur_u8(c));
	fact_uint(s, &f_more_follows, cur_u8(c));
	fact_uint(s, &f_next_object, cur_u8(c));
	uint8_t count = cur_u8(c);
	fact_uint(s, &f_object_count, count);
	for (unsigned i = 0; i < count && cur_ok(c); i++) {
		uint8_t id = cur_u8(c);
		struct cur text = cur_sub(c, cur_u8(c));
		if (!cur_ok(&text)) {
			cur_fail(c);
			break;
		}
		fact_uint(s, &f_object_id, id);
		fact_uint(s, &f_object_size, text.left);
		fact_text(s, &f_object_text, text.at, text.left);
		say_object(s, unit, id, text);
	}
}

/* One byte of id, then 00 or FF for stopped and running, then what the vendor likes: often text. */
void modbus_server_id(struct scene *s, uint8_t unit, struct cur id)
{
	cur_skip(&id, 2);
	while (id.left > 0 && cur_peek(&id, id.left - 1) == 0) /* the end of a C string, and more */
		id.left--;
	if (cur_ok(&id) && id.left >= 4 && text_is_utf8(id))
		say(s, unit, ID_DESCRIPTION, id);
}

/* Exceptions 0A and 0B are a gateway's: it has no way to this unit, or the unit did not answer
 * (chapter 7).  Others say nothing of who is there. */
void modbus_see_unit(struct scene *s, struct modbus_units *units, uint8_t unit, int exception)
{
	enum { NO_WAY = 0x0a, NO_ANSWER = 0x0b };
	bool missed = exception == NO_WAY || exception == NO_ANSWER;
	uint8_t *seen = (missed ? units->missed : units->reached) + unit / 8;
	uint8_t bit = (uint8_t)(1u << unit % 8);
	if (*seen & bit || (exception && !missed) || !is_slave(unit))
		return;
	*seen |= bit;
	who_unit(s, unit, !missed);
}
