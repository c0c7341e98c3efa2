/* MELSOFT: what GX Works and GOTs speak with MELSEC controllers, port 5560 to 5562.  Mitsubishi has
 * not published it; what is read here follows from the bytes.  Commands are those of SLMP
 * (Reference Manual SH-080956ENG, 5.1), those of files 0040 higher where names are in UTF-16. */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "sense/proto.h"
#include "sense/proto/ntlm.h"
#include "sense/proto/text.h"

enum {
	HEAD = 21, /* up to and with the length, which counts what is behind it */
	LENGTH_AT = 19,
	LENGTH_MAX = 0x2000, /* about a thousand bytes at most were seen */
	FIND = 0x5a,
	FOUND = 0xda,
	ASK = 0x57,
	ANSWER = 0xd7,
	FIND_SIZE = 4,
	FOUND_SIZE = 14,
	FOUND_MODEL_SIZE = 28,
	FIND_MODEL = 0xff,
	WRITING = 0x100, /* mode of open_file */
};

static const struct field f_find = { "melsoft.find", U8, 0, 0 };
static const struct field f_result = { "melsoft.find.result", LE16, 0, 0 };
static const struct field f_client = { "melsoft.find.client", IP4, 0, 0 };
static const struct field f_ip = { "melsoft.find.ip", IP4, 0, 0 };
static const struct field f_cpu_code = { "melsoft.cpu_code", LE16, 0, 0 };
static const struct field f_model = { "melsoft.cpu_model", TEXT, 0, 0 };
static const struct field f_length = { "melsoft.length", LE16, 0, 0 };
static const struct field f_command = { "melsoft.command", BE16, 0, 0 };
static const struct field f_sequence = { "melsoft.sequence", LE16 | NUMBERING, 0, 0 };
static const struct field f_route = { "melsoft.route", BYTES, 0, 0 };
static const struct field f_area = { "melsoft.area", LE16, 0, 0 };
static const struct field f_address = { "melsoft.address", LE32, 0, 0 };
static const struct field f_points = { "melsoft.points", LE16, 0, 0 };
static const struct field f_mode = { "melsoft.mode", LE16, 0, 0 };
static const struct field f_drive = { "melsoft.file.drive", LE16, 0, 0 };
static const struct field f_first = { "melsoft.file.first", LE16, 0, 0 };
static const struct field f_name = { "melsoft.file.name", TEXT, 0, 0 };
static const struct field f_open_mode = { "melsoft.file.mode", LE16, 0, 0 };
static const struct field f_size = { "melsoft.file.size", LE32, 0, 0 };
static const struct field f_file = { "melsoft.file.pointer", LE16, 0, 0 };
static const struct field f_offset = { "melsoft.file.offset", LE32, 0, 0 };
static const struct field f_count = { "melsoft.file.count", LE16, 0, 0 };

/* Rows without a code of their own. */
enum { ROW_FIND = 1, ROW_UNKNOWN };

static const struct msg rows[] = {
	BOTH(ROW_FIND, ACT_IDENTIFY, EFFECT_NONE, "find_controller"),
	BOTH(ROW_UNKNOWN, ACT_OTHER, EFFECT_NONE, unknown_function),
	BOTH(0x0101, ACT_IDENTIFY, EFFECT_NONE, "read_cpu_model"),
	BOTH(0x0121, ACT_IDENTIFY, EFFECT_NONE, "read_cpu_model"),
	BOTH(0x0410, ACT_READ, EFFECT_NONE, "read_memory"),
	BOTH(0x1001, ACT_CONTROL, EFFECT_START, "remote_run"),
	BOTH(0x1002, ACT_CONTROL, EFFECT_STOP, "remote_stop"),
	BOTH(0x1003, ACT_CONTROL, EFFECT_MODE, "remote_pause"),
	BOTH(0x1005, ACT_CONTROL, EFFECT_NONE, "remote_latch_clear"),
	BOTH(0x1006, ACT_CONTROL, EFFECT_RESTART, "remote_reset"),
	BOTH(0x1401, ACT_WRITE, EFFECT_NONE, "batch_write"),
	BOTH(0x1402, ACT_WRITE, EFFECT_NONE, "random_write"),
	BOTH(0x1406, ACT_WRITE, EFFECT_NONE, "block_write"),
	BOTH(0x1410, ACT_WRITE, EFFECT_NONE, "write_memory"),
	BOTH(0x1613, ACT_WRITE, EFFECT_NONE, "write_buffer"),
	BOTH(0x1630, ACT_OTHER, EFFECT_LOGIN, "unlock"),
	BOTH(0x1820, ACT_WRITE, EFFECT_FILE, "new_file"),
	BOTH(0x1822, ACT_WRITE, EFFECT_FILE, "delete_file"),
	BOTH(0x1824, ACT_WRITE, EFFECT_FILE, "copy_file"),
	BOTH(0x1827, ACT_OTHER, EFFECT_NONE, "open_file"),
	BOTH(0x1828, ACT_PROGRAM, EFFECT_UPLOAD, "read_file"),
	BOTH(0x1829, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_file"),
	BOTH(0x182a, ACT_OTHER, EFFECT_NONE, "close_file"),
	BOTH(0x1859, ACT_READ, EFFECT_NONE, "read_directory"),
	BOTH(0x185f, ACT_READ, EFFECT_NONE, "search_file"),
	BOTH(0x1860, ACT_WRITE, EFFECT_FILE, "new_file"),
	BOTH(0x1862, ACT_WRITE, EFFECT_FILE, "delete_file"),
	BOTH(0x1864, ACT_WRITE, EFFECT_FILE, "copy_file"),
	BOTH(0x1867, ACT_OTHER, EFFECT_NONE, "open_file"),
	BOTH(0x1868, ACT_PROGRAM, EFFECT_UPLOAD, "read_file"),
	BOTH(0x1869, ACT_PROGRAM, EFFECT_DOWNLOAD, "write_file"),
	BOTH(0x186a, ACT_OTHER, EFFECT_NONE, "close_file"),
	{ 0 },
};

/* The answer goes to everybody where the question did, at the asker's port: then nobody's address
 * (all zero) is kept. */
struct asked {
	struct ip client;
	uint16_t command, port, sequence;
};

/* --- is it ours? --- */

static size_t found_size(int what)
{
	return what == FIND_MODEL ? FOUND_MODEL_SIZE : FOUND_SIZE;
}

static bool finds(int what)
{
	return what == 0x01 || what == 0x11 || what == 0x22 || what == FIND_MODEL;
}

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	int first = cur_peek(&c, 0), what = cur_peek(&c, 3);
	if (first == FIND || first == FOUND) {
		if (what < 0)
			return FRAME_MORE;
		if (!finds(what))
			return FRAME_LOST;
		return first == FIND ? FIND_SIZE : (long)found_size(what);
	}
	if (first != ASK && first != ANSWER)
		return FRAME_LOST;
	cur_skip(&c, LENGTH_AT);
	uint16_t length = cur_le16(&c);
	if (!cur_ok(&c))
		return FRAME_MORE;
	return length >= 8 && length <= LENGTH_MAX ? HEAD + length : FRAME_LOST;
}

/* Three zeros and what is searched, and no byte more; or a head with its marks: 11 11, a length
 * that holds, and the kind of body behind it. */
static enum probe probe(struct cur c, const struct scene *s)
{
	enum probe more = s->stream ? PROBE_MORE : PROBE_NO;
	struct cur whole = c;
	int first = cur_peek(&c, 0);
	bool search = first == FIND || first == FOUND;
	if (!search && first != ASK && first != ANSWER)
		return PROBE_NO;
	for (size_t i = search ? 1 : 2; i < (search ? 3 : 5); i++) {
		if (cur_peek(&c, i) > 0)
			return PROBE_NO;
		if (cur_peek(&c, i) < 0)
			return more;
	}
	if (search) {
		int what = cur_peek(&c, 3);
		if (what < 0)
			return more;
		size_t size = first == FIND ? FIND_SIZE : found_size(what);
		if (!finds(what) || c.left > size)
			return PROBE_NO;
		return c.left < size ? more : PROBE_YES;
	}
	if (c.left < HEAD + 2)
		return c.left < 7 || (cur_peek(&c, 5) == 0x11 && cur_peek(&c, 6) == 0x11)
			? more
			: PROBE_NO;
	long size = frame(whole, NULL);
	cur_skip(&c, 5);
	uint16_t mark = cur_be16(&c);
	cur_skip(&c, HEAD - 7);
	int kind = cur_u8(&c), form = cur_u8(&c);
	if (mark != 0x1111 || size < 0 || kind != (first == ASK ? 0x1c : 0x9c) ||
		(form != 0x08 && form != 0x0a))
		return PROBE_NO;
	return s->stream || s->cut || whole.left == (size_t)size ? PROBE_YES : PROBE_NO;
}

static enum parsed ended(const struct scene *s, const struct cur *c)
{
	return cur_ok(c) ? PARSED_WHOLE : s->cut ? PARSED_CUT : PARSED_BAD;
}

/* --- who is there? --- */

static enum parsed read_find(struct scene *s, struct cur *c, bool answer)
{
	cur_skip(c, 3);
	uint8_t what = cur_u8(c);
	fact_begin(s, msg_find(rows, ROW_FIND, answer ? DIR_RESPONSE : DIR_REQUEST));
	fact_uint(s, &f_find, what);
	if (!answer)
		return ended(s, c);
	if (what == FIND_MODEL) {
		uint16_t code = cur_le16(c);
		if (cur_ok(c))
			fact_uint(s, &f_cpu_code, code);
		cur_skip(c, 22);
	} else {
		uint16_t result = cur_le16(c);
		const uint8_t *asker = cur_take(c, 4), *address = cur_take(c, 4);
		if (asker && address) {
			fact_uint(s, &f_result, result);
			fact_ip(s, &f_client, asker, 4);
			fact_ip(s, &f_ip, address, 4);
		}
	}
	return ended(s, c);
}

/* --- bodies --- */

/* A size in bytes, then UTF-16 with a zero behind it. */
static void tell_name(struct scene *s, struct cur *c)
{
	uint16_t size = cur_le16(c);
	struct cur name = cur_sub(c, size);
	if (!cur_ok(c))
		return;
	struct utf8 text = utf8_of_utf16(s, name);
	if (text.at)
		fact_text(s, &f_name, text.at, text.size);
}

/* File passwords, or what stands for them, are passed over. */
static void read_request(struct scene *s, struct cur *c, uint16_t command)
{
	switch (command) {
	case 0x0410:
	case 0x1410:
		cur_skip(c, 10);
		walk_le(s, c, &f_area);
		walk_le(s, c, &f_address);
		cur_skip(c, 4);
		walk_le(s, c, &f_points);
		break;
	case 0x1001:
	case 0x1002:
	case 0x1003:
	case 0x1005:
	case 0x1006:
		walk_le(s, c, &f_mode);
		break;
	case 0x1859:
		cur_skip(c, 4);
		walk_le(s, c, &f_drive);
		walk_le(s, c, &f_first);
		cur_skip(c, 2);
		cur_skip(c, 2);
		tell_name(s, c);
		break;
	case 0x185f:
		cur_skip(c, 4);
		walk_le(s, c, &f_drive);
		tell_name(s, c);
		break;
	case 0x1867:
		cur_skip(c, 4);
		walk_le(s, c, &f_open_mode);
		walk_le(s, c, &f_drive);
		walk_le(s, c, &f_size);
		tell_name(s, c);
		break;
	case 0x1828:
	case 0x1868:
	case 0x1829:
	case 0x1869:
		walk_le(s, c, &f_file);
		walk_le(s, c, &f_offset);
		walk_le(s, c, &f_count);
		break;
	case 0x182a:
	case 0x186a:
		walk_le(s, c, &f_file);
		break;
	default:
		break;
	}
}

static void read_answer(struct scene *s, struct cur *c, uint16_t command, bool routed)
{
	switch (command) {
	case 0x0101:
	case 0x0121: {
		struct cur name = text_to_nul(cur_sub(c, 16));
		uint16_t code = cur_le16(c);
		if (!cur_ok(c))
			return;
		fact_text(s, &f_model, name.at, name.left);
		fact_uint(s, &f_cpu_code, code);
		if (routed) /* of another, behind this one */
			return;
		who_sender(s, ID_MODEL, name.at, name.left);
		who_sender_is(s, TYPE_PLC, "tells the model of its CPU over MELSOFT");
		break;
	}
	case 0x1827:
	case 0x1867:
		walk_le(s, c, &f_file);
		break;
	case 0x1828:
	case 0x1868:
	case 0x1829:
	case 0x1869:
		walk_le(s, c, &f_count);
		break;
	default:
		break;
	}
}

/* --- messages --- */

static struct asked asked_of(
	const struct scene *s, bool answer, uint16_t command, uint16_t sequence)
{
	struct asked a = { .command = command, .sequence = sequence };
	a.port = answer ? s->dst_port : s->src_port;
	if (!ip_is_multicast(&s->dst))
		a.client = answer ? s->dst : s->src;
	return a;
}

static_assert(sizeof(struct asked) == 22, "all of it is compared: no holes");

static uint32_t ask_key(const struct asked *a)
{
	return (uint32_t)hash_bytes(a, sizeof *a);
}

/* The frame of the question goes into the fact begun next; where keys are alike by accident, into
 * one that is dropped. */
static void pair(struct scene *s, const struct asked *a)
{
	const struct asked *kept = ask_take(s, ask_key(a));
	if (!kept || memcmp(kept, a, sizeof *a) == 0)
		return;
	fact_begin(s, &rows[0]);
	fact_drop(s);
}

/* Behind the length: kind, form, the size of what stands in front of the command (with its own two
 * bytes), and the command with its sequence number. */
static enum parsed read_command(struct scene *s, struct cur *c, bool answer, uint16_t length)
{
	cur_skip(c, 2);
	uint8_t front = cur_u8(c);
	cur_skip(c, 1);
	cur_need(c, front >= 2);
	struct cur route = cur_sub(c, front >= 2 ? front - 2U : 0);
	uint16_t command = cur_be16(c), sequence = cur_le16(c);
	if (!cur_ok(c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (answer)
		scene_server(s);
	else
		scene_client(s);
	struct asked asked = asked_of(s, answer, command, sequence);
	if (answer)
		pair(s, &asked);
	const struct msg *row = msg_find(rows, command, answer ? DIR_RESPONSE : DIR_REQUEST);
	if (!row)
		row = msg_find(rows, ROW_UNKNOWN, answer ? DIR_RESPONSE : DIR_REQUEST);
	fact_begin(s, row);
	fact_uint(s, &f_length, length);
	bool routed = false;
	for (size_t i = 0; i < route.left; i++)
		routed |= cur_peek(&route, i) != 0;
	if (routed)
		fact_bytes(s, &f_route, route.at, route.left);
	fact_uint(s, &f_command, command);
	fact_uint(s, &f_sequence, sequence);
	cur_skip(c, 2);
	if (answer)
		read_answer(s, c, command, routed);
	else
		read_request(s, c, command);
	if (!cur_ok(c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	fact_end(s);
	struct asked *kept = answer ? NULL : ask_put(s, ask_key(&asked));
	if (kept)
		*kept = asked;
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	int first = cur_peek(&c, 0);
	if (first == FIND || first == FOUND)
		return read_find(s, &c, first == FOUND);
	cur_skip(&c, LENGTH_AT);
	uint16_t length = cur_le16(&c);
	if (!cur_ok(&c) && s->cut)
		return PARSED_CUT;
	if ((first != ASK && first != ANSWER) || (length > c.left && !s->cut))
		return PARSED_BAD;
	struct cur body = cur_upto(&c, length);
	return read_command(s, &body, first == ANSWER, length);
}

const struct proto proto_melsoft = {
	.name = "melsoft",
	.title = "MELSOFT (MELSEC programming tools)",
	.standard = "not published; read from its bytes",
	.reads =
		"search for controllers, CPU model, remote operation, files by name, memory areas; "
		"other commands by number, no values",
	.seen = "2 captures: GX Works3 with an FX5U, program and parameters in and out",
	.over = OVER_TCP | OVER_UDP,
	.begins = "57 5a d7 da",
	.ot = true,
	.shared = true, /* who searches, asks and is answered by broadcast: port by port */
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.asks = 32,
	.ask_size = sizeof(struct asked),
};
