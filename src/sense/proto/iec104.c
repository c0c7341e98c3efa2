/* IEC 60870-5-104:2006 with Amendment 1:2016: APCI (clause 5), its three formats and the two sides.
 *
 * An APDU is the start byte 0x68, a length, four bytes of control, and in an I frame one data unit
 * of 60870-5-101 with the field sizes that 104 fixes: two bytes of cause, two of common address,
 * three of object address. */
#include "sense/proto/iec104.h"

enum {
	START = 0x68,
	HEADER_SIZE = 6,
	LENGTH_MIN = 4,
	LENGTH_MAX = 253 /* 5.1 */
};
enum { FORMAT_I = 0, FORMAT_S = 1, FORMAT_U = 3 };

static const struct field f_type = { "iec60870_104.type", U8 };
static const struct field f_utype = { "iec60870_104.utype", U8 };
static const struct field f_tx = { "iec60870_104.tx", U8 | NUMBERING };
static const struct field f_rx = { "iec60870_104.rx", U8 | NUMBERING };

/* The one set bit of a U frame, 5.1 figure 7. */
enum {
	STARTDT_ACT = 0x01,
	STARTDT_CON = 0x02,
	STOPDT_ACT = 0x04,
	STOPDT_CON = 0x08,
	TESTFR_ACT = 0x10,
	TESTFR_CON = 0x20
};
static const struct msg u_rows[] = {
	{ STARTDT_ACT, DIR_REQUEST, ACT_OTHER, 0, "start_transfer" },
	{ STARTDT_CON, DIR_RESPONSE, ACT_OTHER, 0, "start_transfer" },
	{ STOPDT_ACT, DIR_REQUEST, ACT_OTHER, 0, "stop_transfer" },
	{ STOPDT_CON, DIR_RESPONSE, ACT_OTHER, 0, "stop_transfer" },
	{ TESTFR_ACT, DIR_REQUEST, ACT_OTHER, 0, "test_link" },
	{ TESTFR_CON, DIR_RESPONSE, ACT_OTHER, 0, "test_link" },
	{ 0 },
};
static const struct msg row_supervisory = { 1, DIR_OTHER, ACT_OTHER, 0, "supervisory" };
/* Both ends may test the link at once: whose test it was is part of the key. */
enum { KEY_U = 0xff000000 };

static const struct msg *u_row(uint8_t bits)
{
	const struct msg *row = msg_find(u_rows, bits, DIR_REQUEST);
	return row ? row : msg_find(u_rows, bits, DIR_RESPONSE);
}

/* The control bytes are one of the three formats, as far as they are here. */
static bool control_fits(struct cur c)
{
	int first = cur_peek(&c, 2), second = cur_peek(&c, 3), third = cur_peek(&c, 4);
	int fourth = cur_peek(&c, 5), length = cur_peek(&c, 1);
	if (first < 0)
		return true;
	if (!(first & 1))
		return length >= LENGTH_MIN + IEC104_IDENTIFIER && (third < 0 || !(third & 1));
	if (length != LENGTH_MIN)
		return false;
	if ((first & 3) == FORMAT_S)
		return first == FORMAT_S && second <= 0 && (third < 0 || !(third & 1));
	return u_row((uint8_t)(first >> 2)) && second <= 0 && third <= 0 && fourth <= 0;
}

static bool starts(struct cur c)
{
	int length = cur_peek(&c, 1);
	return cur_peek(&c, 0) == START &&
		(length < 0 || (length >= LENGTH_MIN && length <= LENGTH_MAX)) && control_fits(c);
}

/* An S or U frame is fixed but for a counter.  In an I frame the type must be known, its cause one
 * that the type may have, and the objects exactly as long as their number says. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	if (!starts(c))
		return c.left ? PROBE_NO : PROBE_MORE;
	if (c.left < HEADER_SIZE)
		return PROBE_MORE;
	cur_skip(&c, 1);
	size_t length = cur_u8(&c);
	if (c.left < length)
		return PROBE_MORE;
	struct cur body = cur_sub(&c, length);
	bool data = !(cur_peek(&body, 0) & 1);
	cur_skip(&body, LENGTH_MIN);
	if (data) {
		struct iec104_asdu a = iec104_identifier(&body);
		if (!a.type || a.type->class == SECURITY || !a.count || !a.station ||
			!iec104_cause_fits(a.type, a.cause) || !iec104_fits(&a, body))
			return PROBE_NO;
	}
	return c.left == 0 || starts(c) ? PROBE_YES : PROBE_NO;
}

/* A receiver that lost its place looks for the next start byte with a length behind it that can be;
 * what is before that is one malformed message. */
static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (cur_peek(&c, 0) == START) {
		int length = cur_peek(&c, 1);
		if (length < 0)
			return FRAME_MORE;
		if (length >= LENGTH_MIN && length <= LENGTH_MAX)
			return 2 + length;
	}
	struct cur rest = c;
	cur_skip(&rest, 1);
	long next = cur_find(&rest, START);
	return next < 0 ? (long)c.left : next + 1;
}

/* Who commands is told by what it sends, whoever opened the connection. */
void iec104_controls(struct scene *s, bool sender)
{
	struct iec104_state *state = s->state;
	state->controlling = (uint8_t)((sender ? s->side : !s->side) + 1);
	if (sender)
		scene_client(s);
	else
		scene_server(s);
}

void iec104_apci_values(struct scene *s, uint16_t tx, uint16_t rx)
{
	fact_uint(s, &f_type, FORMAT_I);
	fact_uint(s, &f_tx, tx);
	fact_uint(s, &f_rx, rx);
}

static enum parsed unnumbered(struct scene *s, uint8_t bits)
{
	const struct msg *row = u_row(bits);
	if (!row)
		return PARSED_BAD;
	bool asks = row->dir == DIR_REQUEST, test = bits & (TESTFR_ACT | TESTFR_CON);
	uint32_t asking = asks ? s->side : s->side ^ 1u;
	if (!test)
		iec104_controls(s, asks);
	unsigned asked = asks ? bits : bits >> 1u; /* a confirmation is the bit above its act */
	uint32_t key = KEY_U | asking << 8 | asked;
	if (asks)
		ask_put(s, key);
	else
		ask_take(s, key);
	fact_begin(s, row);
	/* Either end may test: that alone does not say who is client and who is server. */
	struct iec104_state *state = s->state;
	if (test && !state->controlling && s->client < 0)
		fact_dir(s, DIR_OTHER);
	fact_uint(s, &f_type, FORMAT_U);
	fact_uint(s, &f_utype, bits);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed malformed(struct scene *s)
{
	struct iec104_state *state = s->state;
	bool again = state->lost[s->side & 1];
	state->lost[s->side & 1] = true;
	return again ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct iec104_state *state = s->state;
	if (!starts(c))
		return malformed(s);
	if (c.left < HEADER_SIZE || (size_t)cur_peek(&c, 1) > c.left - 2)
		return s->cut ? PARSED_CUT : PARSED_BAD;
	state->lost[s->side & 1] = false;
	cur_skip(&c, 2);
	uint16_t first = cur_le16(&c), second = cur_le16(&c);
	if (!(first & 1))
		return iec104_asdu(s, c, first >> 1, second >> 1);
	if ((first & 3) == FORMAT_U)
		return unnumbered(s, (uint8_t)(first >> 2));
	fact_begin(s, &row_supervisory);
	fact_uint(s, &f_type, FORMAT_S);
	fact_uint(s, &f_rx, second >> 1);
	fact_end(s);
	return PARSED_WHOLE;
}

static void gap(struct scene *s)
{
	struct iec104_state *state = s->state;
	state->lost[s->side & 1] = false;
}

const struct proto proto_iec104 = {
	.name = "iec104",
	.title = "IEC 60870-5-104",
	.standard =
		"IEC 60870-5-104:2006 with Amendment 1:2016; data units of IEC 60870-5-101:2003",
	.reads =
		"I, S and U frames; every type with values, quality and time tags, commands with their answers, parameters, files; points",
	.seen = "4 captures: telecontrol with selected commands, measured values with time tags, file transfers of a simulator, a tester's malformed frames",
	.over = OVER_TCP,
	.begins = "68",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct iec104_state),
	.asks = 24, /* a station may have a command open at many objects; tables of clients are
		       small */
	.ask_size = 1,
	.point_name = iec104_point_name,
};
