/* The endpoint mapper of PROFINET devices (C706, appendix O): tools ask it who is there, and its
 * annotation says what the device is (IEC 61158-6-10, 4.10.3.2). */
#include "sense/proto/pn_io.h"
#include "sense/proto/text.h"

enum { LOOKUP = 2, MAP, LOOKUP_FREE, HANDLE = 20, NO_MORE = 0x16c9a0d6 };

static const struct msg rows[] = {
	BOTH(LOOKUP, ACT_IDENTIFY, EFFECT_NONE, "lookup"),
	BOTH(MAP, ACT_OTHER, EFFECT_NONE, "map"),
	BOTH(LOOKUP_FREE, ACT_OTHER, EFFECT_NONE, "free_lookup"),
	BOTH(0, ACT_OTHER, EFFECT_NONE, "unknown_lookup"),
	{ 0 },
};

static const struct field inquiry_field = { "epm.inq_type", BE32 };
static const struct field most_field = { "epm.max_ents", BE32 };
static const struct field count_field = { "epm.num_ents", BE32 };
static const struct field object_field = { "epm.object", TEXT };
static const struct field interface_field = { "epm.if_id", TEXT };
static const struct field annotation_field = { "epm.annotation", TEXT };
static const struct field tower_field = { "epm.tower.len", BE32 };
static const struct field code_field = { "epm.rc", BE32 };

/* Whoever asks for an interface of PROFINET IO, or has it, names its node. */
bool pn_io_mapper_probe(struct cur c)
{
	long at;
	while ((at = cur_find(&c, pn_io_node[0])) >= 0) {
		cur_skip(&c, (size_t)at);
		struct cur look = c;
		const uint8_t *here = cur_take(&look, sizeof pn_io_node);
		if (here && memcmp(here, pn_io_node, sizeof pn_io_node) == 0)
			return true;
		cur_skip(&c, 1);
	}
	return false;
}

const struct msg *pn_io_mapper_row(uint16_t operation, bool answer)
{
	enum dir dir = answer ? DIR_RESPONSE : DIR_REQUEST;
	const struct msg *row = msg_find(rows, operation, dir);
	return row ? row : msg_find(rows, 0, dir);
}

static void read_question(struct scene *s, struct cur *c, bool little)
{
	fact_uint(s, &inquiry_field, pn_io_number32(c, little));
	if (pn_io_number32(c, little)) /* a pointer that points */
		pn_io_uuid(s, &object_field, cur_take(c, 16), little);
	if (pn_io_number32(c, little)) {
		pn_io_uuid(s, &interface_field, cur_take(c, 16), little);
		cur_skip(c, 4); /* its version */
	}
	cur_skip(c, 4 + HANDLE); /* which versions will do */
	fact_uint(s, &most_field, pn_io_number32(c, little));
}

/* Three numbers of three places behind a letter: "V  4  2  1" is V4.2.1. */
static void say_firmware(struct scene *s, struct cur c)
{
	char text[16];
	size_t n = 0;
	text[n++] = (char)cur_u8(&c);
	for (unsigned i = 0; i < 9 && c.left; i++) {
		uint8_t digit = cur_u8(&c);
		if (i % 3 == 0 && i)
			text[n++] = '.';
		if (digit >= '0' && digit <= '9')
			text[n++] = (char)digit;
	}
	who_sender(s, ID_FIRMWARE, text, n);
}

/* Type, order number, hardware and firmware in columns. */
static void say_annotation(struct scene *s, struct cur c)
{
	enum { TYPE = 25, ORDER = 20, HARDWARE = 5, FIRMWARE = 10, ALL = 64 };
	if (c.left != ALL)
		return;
	who_sender(s, ID_MODEL, cur_take(&c, TYPE), TYPE);
	cur_skip(&c, 1);
	who_sender(s, ID_ORDER_NUMBER, cur_take(&c, ORDER), ORDER);
	cur_skip(&c, 1);
	struct cur hardware = cur_sub(&c, HARDWARE);
	while (cur_peek(&hardware, 0) == ' ')
		cur_skip(&hardware, 1);
	size_t size = hardware.left;
	if (size)
		who_sender(s, ID_HARDWARE, cur_take(&hardware, size), size);
	cur_skip(&c, 1);
	say_firmware(s, cur_sub(&c, FIRMWARE));
}

static void fill(struct cur *c, size_t size)
{
	cur_skip(c, (4 - size % 4) % 4);
}

static void read_answer(struct scene *s, struct cur *c, bool little)
{
	cur_skip(c, HANDLE);
	fact_uint(s, &count_field, pn_io_number32(c, little));
	cur_skip(c, 8);
	uint32_t count = pn_io_number32(c, little);
	for (uint32_t i = 0; i < count && cur_ok(c); i++) {
		pn_io_uuid(s, &object_field, cur_take(c, 16), little);
		cur_skip(c, 4 + 4); /* where its tower is, where the annotation begins */
		uint32_t size = pn_io_number32(c, little);
		struct cur text = cur_sub(c, size);
		fill(c, size);
		if (!cur_ok(&text) || size == 0)
			continue;
		say_annotation(s, text);
		text_tell(s, &annotation_field, text_to_nul(text));
	}
	for (uint32_t i = 0; i < count && cur_ok(c); i++) {
		cur_skip(c, 4);
		uint32_t size = pn_io_number32(c, little);
		fact_uint(s, &tower_field, size);
		cur_skip(c, size);
		fill(c, size);
	}
	uint32_t code = pn_io_number32(c, little);
	if (!cur_ok(c))
		return;
	fact_uint(s, &code_field, code);
	if (code && code != NO_MORE)
		fact_failed(s);
}

bool pn_io_mapper(struct scene *s, uint16_t operation, bool answer, bool little, struct cur *c)
{
	if (operation == LOOKUP && answer)
		read_answer(s, c, little);
	else if (operation == LOOKUP)
		read_question(s, c, little);
	return cur_ok(c);
}
