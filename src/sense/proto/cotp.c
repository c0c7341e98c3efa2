/* ISO transport on TCP: TPKT packets (RFC 1006, 6) that carry the connection-oriented transport
 * protocol (ISO/IEC 8073 = ITU-T X.224), class 0 as everybody uses it and the heads of the others.
 *
 * A data TPDU carries its kind in front of whatever upper protocol reads it, so that each TPDU is
 * told exactly once; one that nobody above reads, or that is only a part, is a fact of its own. */
#include "sense/proto.h"

/* X.224, 13.1: the upper half of the code byte. */
enum tpdu {
	TPDU_ED = 0x1, /* expedited data */
	TPDU_EA = 0x2, /* expedited data acknowledgement */
	TPDU_RJ = 0x5,
	TPDU_AK = 0x6,
	TPDU_ER = 0x7,
	TPDU_DR = 0x8, /* disconnect request */
	TPDU_DC = 0xc,
	TPDU_CC = 0xd,
	TPDU_CR = 0xe,
	TPDU_DT = 0xf,
};

/* X.224, 13.3.4: parameters of CR and CC. */
enum parameter {
	PARAMETER_SIZE = 0xc0,
	PARAMETER_CALLING = 0xc1,
	PARAMETER_CALLED = 0xc2,
};

enum {
	TPKT_HEAD = 4,
	TPKT_MIN = 7,     /* RFC 1006, 6: head and the smallest TPDU */
	UNIT_MAX = 65536, /* an S7 PDU is at most 960 bytes, one of MMS what both agreed on */
	DT_HEAD = 2,      /* length indicator of a class 0 or 1 data TPDU, X.224 13.7 */
	LAST_UNIT = 0x80,
};

struct state {
	struct parts parts[2]; /* of a unit that takes several TPDUs */
	bool over[2];          /* they outgrew UNIT_MAX, or the memory: the unit passes unread */
	bool fast;             /* remote desktop: fast-path PDUs may stand between TPKTs */
};

static const struct field field_type = { "cotp.type", U8, 0, 0 };
static const struct field field_eot = { "cotp.eot", FLAG, 0, 0 };
static const struct field field_dst_ref = { "cotp.dst_ref", BE16, 0, 0 };
static const struct field field_src_ref = { "cotp.src_ref", BE16, 0, 0 };
static const struct field field_class = { "cotp.class", U8, 0, 4 };
static const struct field field_cause = { "cotp.cause", U8, 0, 0 };
static const struct field field_reject_cause = { "cotp.reject_cause", U8, 0, 0 };
static const struct field field_parameter = { "cotp.parameter", U8, 0, 0 };
static const struct field field_tpdu_size = { "cotp.tpdu_size", U8, 128, 8192 };
static const struct field field_src_tsap = { "cotp.src_tsap", TEXT, 0, 0 };
static const struct field field_dst_tsap = { "cotp.dst_tsap", TEXT, 0, 0 };

static const struct msg msgs[] = {
	BOTH(TPDU_CR, ACT_OTHER, EFFECT_NONE, "connect"),
	BOTH(TPDU_DR, ACT_OTHER, EFFECT_NONE, "disconnect"),
	{ TPDU_DT, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "data", NULL },
	{ TPDU_ED, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "expedited_data", NULL },
	{ TPDU_AK, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "acknowledge", NULL },
	{ TPDU_EA, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "expedited_acknowledge", NULL },
	{ TPDU_RJ, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "reject", NULL },
	{ TPDU_ER, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "error", NULL },
	{ 0 },
};

/* Confirmations are the answer rows of what they confirm. */
static const struct msg *row_of(uint8_t type)
{
	switch (type) {
	case TPDU_CR:
	case TPDU_DR:
		return msg_find(msgs, type, DIR_REQUEST);
	case TPDU_CC:
		return msg_find(msgs, TPDU_CR, DIR_RESPONSE);
	case TPDU_DC:
		return msg_find(msgs, TPDU_DR, DIR_RESPONSE);
	default:
		return msg_find(msgs, type, DIR_OTHER);
	}
}

/* Shortest header of a TPDU, without the length indicator; 0: no such TPDU. */
static uint8_t head_min(uint8_t type)
{
	switch (type) {
	case TPDU_CR:
	case TPDU_CC:
	case TPDU_DR:
		return 6;
	case TPDU_DC:
		return 5;
	case TPDU_DT:
		return DT_HEAD;
	case TPDU_ER:
	case TPDU_ED:
	case TPDU_EA:
	case TPDU_RJ:
	case TPDU_AK:
		return 4;
	default:
		return 0;
	}
}

/* Only a TPKT whose TPDU head stands fully inside it and holds together is ours: other protocols
 * (Q.931 of H.323) use TPKT too. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	static const uint8_t version[2] = { 3, 0 }; /* RFC 1006, 6: version 3, reserved 0 */
	for (size_t i = 0; i < 2; i++)
		if (cur_peek(&c, i) >= 0 && cur_peek(&c, i) != version[i])
			return PROBE_NO;
	if (c.left < TPKT_MIN)
		return PROBE_MORE;
	cur_skip(&c, 2);
	uint16_t size = cur_be16(&c);
	uint8_t head = cur_u8(&c);
	uint8_t code = cur_u8(&c);
	uint8_t type = code >> 4, low = code & 0xf;
	if (size < TPKT_MIN || head + TPKT_HEAD + 1 > size || head_min(type) == 0 ||
		head < head_min(type))
		return PROBE_NO;
	/* The low half is a credit in CR, CC, AK and RJ, which class 0 leaves zero. */
	if (low != 0)
		return PROBE_NO;
	if (type == TPDU_DT)
		return head == DT_HEAD ? PROBE_YES : PROBE_NO;
	if (type == TPDU_CR || type == TPDU_CC) {
		uint16_t dst = cur_be16(&c);
		cur_skip(&c, 2);
		uint8_t class = cur_u8(&c);
		if (!cur_ok(&c))
			return PROBE_MORE;
		return class >> 4 <= 4 && (type == TPDU_CC || dst == 0) ? PROBE_YES : PROBE_NO;
	}
	return head + TPKT_HEAD + 1 == size ? PROBE_YES : PROBE_NO;
}

/* MS-RDPBCGR 2.2.9.1.2: a fast-path PDU stands in the stream in place of a TPKT; its two low bits
 * are 0 and its length is one byte, or two with the top bit set. */
static long fast_path(const struct cur *c)
{
	int head = cur_peek(c, 0), high = cur_peek(c, 1), low = cur_peek(c, 2);
	if ((head & 3) != 0)
		return FRAME_LOST;
	if (high < 0 || (high & 0x80 && low < 0))
		return FRAME_MORE;
	long size = high & 0x80 ? (high & 0x7f) << 8 | low : high;
	return size < 3 ? FRAME_LOST : size;
}

static long frame(struct cur c, struct scene *s)
{
	const struct state *state = s->state;
	int version = cur_peek(&c, 0);
	if (version >= 0 && version != 3)
		return state->fast ? fast_path(&c) : FRAME_LOST;
	if (c.left < TPKT_HEAD)
		return FRAME_MORE;
	cur_skip(&c, 1);
	uint8_t reserved = cur_u8(&c);
	uint16_t size = cur_be16(&c);
	return reserved != 0 || size < TPKT_MIN ? FRAME_LOST : size;
}

static void gap(struct scene *s)
{
	struct state *state = s->state;
	state->over[s->side & 1] = false;
}

/* Printable as it stands, otherwise 0x and hex: selectors are names on one system and numbers
 * on the next. */
static void add_tsap(struct scene *s, const struct field *f, struct cur c)
{
	size_t size = c.left;
	const uint8_t *bytes = cur_take(&c, size);
	bool printable = size > 0;
	for (size_t i = 0; i < size; i++)
		if (bytes[i] < 0x20 || bytes[i] > 0x7e)
			printable = false;
	if (printable) {
		fact_text(s, f, bytes, size);
		return;
	}
	char *text = scene_scratch(s, 2 + 2 * size);
	if (!text)
		return;
	static const char digits[] = "0123456789abcdef";
	text[0] = '0';
	text[1] = 'x';
	for (size_t i = 0; i < size; i++) {
		text[2 + 2 * i] = digits[bytes[i] >> 4];
		text[3 + 2 * i] = digits[bytes[i] & 0xf];
	}
	fact_text(s, f, text, 2 + 2 * size);
}

/* Remote desktop puts a cookie line and a negotiation block where parameters would stand
 * (MS-RDPBCGR 2.2.1.1 and 2.2.1.2). */
static bool is_rdp(const struct cur *c)
{
	if (cur_starts(c, "Cookie: "))
		return true;
	int type = cur_peek(c, 0);
	return c->left == 8 && type >= 1 && type <= 3 && cur_peek(c, 2) == 8 && cur_peek(c, 3) == 0;
}

static void add_parameters(struct scene *s, struct cur *c, bool confirm)
{
	while (c->left > 0) {
		uint8_t code = cur_u8(c);
		fact_uint(s, &field_parameter, code);
		struct cur value = cur_sub(c, cur_u8(c));
		if (!cur_ok(c)) {
			fact_violation(s); /* the connection is asked for all the same */
			break;
		}
		int first = cur_peek(&value, 0);
		if (code == PARAMETER_SIZE && first >= 0 && first < 32)
			fact_uint(s, &field_tpdu_size, 1ull << first);
		else if (code == PARAMETER_CALLING)
			add_tsap(s, &field_src_tsap, value);
		else if (code == PARAMETER_CALLED)
			add_tsap(s, &field_dst_tsap, value);
		/* The selector of SIMATIC's object protocol: only such a controller accepts it. */
		if (code == PARAMETER_CALLED && confirm && cur_starts(&value, "SIMATIC-ROOT")) {
			who_sender(s, ID_VENDOR, "Siemens", 7);
			who_sender_is(s, TYPE_PLC, "accepts a SIMATIC connection");
		}
	}
}

static void begin(struct scene *s, uint8_t type)
{
	fact_begin(s, row_of(type));
	if (type == TPDU_CR)
		ask_put(s, 0);
	else if (type == TPDU_CC || type == TPDU_DC)
		ask_take(s, 0);
}

static enum parsed read_connect(struct scene *s, struct cur *c, uint8_t type)
{
	struct state *state = s->state;
	uint16_t dst = cur_be16(c);
	uint16_t src = cur_be16(c);
	uint8_t class = cur_u8(c);
	if (!cur_ok(c))
		return PARSED_BAD;
	if (type == TPDU_CR)
		scene_client(s);
	else
		scene_server(s);
	gap(s);
	state->fast = state->fast || is_rdp(c);
	if (is_rdp(c)) {
		carry_uint(s, &field_dst_ref, dst);
		carry_uint(s, &field_src_ref, src);
		carry_uint(s, &field_class, class >> 4);
		enum parsed upper = scene_upper(s, OVER_COTP, *c);
		if (scene_has_upper(s) && upper != PARSED_BAD)
			return upper;
		carry_clear(s);
		carry_uint(s, &field_type, type);
	}
	begin(s, type);
	fact_uint(s, &field_dst_ref, dst);
	fact_uint(s, &field_src_ref, src);
	fact_uint(s, &field_class, class >> 4);
	if (!is_rdp(c))
		add_parameters(s, c, type == TPDU_CC);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed read_rest(struct scene *s, struct cur *c, uint8_t type)
{
	begin(s, type);
	fact_uint(s, &field_dst_ref, cur_be16(c));
	if (type == TPDU_DR || type == TPDU_DC)
		fact_uint(s, &field_src_ref, cur_be16(c));
	if (type == TPDU_DR)
		fact_uint(s, &field_cause, cur_u8(c));
	if (type == TPDU_ER)
		fact_uint(s, &field_reject_cause, cur_u8(c));
	if (!cur_ok(c)) {
		fact_drop(s);
		return PARSED_BAD;
	}
	fact_end(s);
	if (type == TPDU_DR || type == TPDU_DC || type == TPDU_ER) {
		parts_drop(s);
		gap(s);
	}
	return PARSED_WHOLE;
}

/* A part of a larger unit waits for the last one.  Empty parts, which some controllers send as a
 * sign of life, claim nothing. */
static void keep_part(struct scene *s, struct cur c)
{
	struct state *state = s->state;
	bool *over = &state->over[s->side & 1];
	if (c.left > 0 && !*over)
		*over = !parts_add(s, c, UNIT_MAX);
}

static enum parsed read_data(struct scene *s, struct cur *head, struct cur body)
{
	struct state *state = s->state;
	if (head->left > 1)
		cur_skip(head, 2); /* classes 2 to 4 name the destination first, X.224 13.7.3 */
	bool last = cur_u8(head) & LAST_UNIT;
	if (!cur_ok(head))
		return PARSED_BAD;
	carry_uint(s, &field_eot, last);

	enum parsed upper = PARSED_WHOLE;
	bool told = false;
	bool *over = &state->over[s->side & 1];
	bool in_parts = *over || parts_whole(s).left > 0;
	if (!last || in_parts)
		keep_part(s, body);
	if (last) {
		/* The first TPDU of remote desktop without a cookie: MCS connect-initial, 7f 65. */
		if (cur_peek(&body, 0) == 0x7f && cur_peek(&body, 1) == 0x65)
			state->fast = true;
		struct cur whole = in_parts ? parts_whole(s) : body;
		if (whole.left > 0 && !*over) {
			upper = scene_upper(s, OVER_COTP, whole);
			told = scene_has_upper(s) && upper != PARSED_BAD;
		}
		parts_drop(s);
		*over = false;
	}
	if (!told) {
		fact_begin(s, row_of(TPDU_DT));
		fact_end(s);
	}
	return upper;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	if (cur_peek(&c, 0) != 3)
		return PARSED_WHOLE; /* fast-path input and output of a remote desktop */
	cur_skip(&c, TPKT_HEAD);
	struct cur head = cur_sub(&c, cur_u8(&c));
	uint8_t type = cur_u8(&head) >> 4;
	if (!cur_ok(&head))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (head_min(type) == 0)
		return PARSED_BAD;
	carry_uint(s, &field_type, type);
	if (type == TPDU_CR || type == TPDU_CC)
		return read_connect(s, &head, type);
	if (type == TPDU_DT)
		return read_data(s, &head, c);
	return read_rest(s, &head, type);
}

const struct proto proto_cotp = {
	.name = "cotp",
	.title = "ISO transport on TCP",
	.standard = "RFC 1006, ISO/IEC 8073",
	.reads =
		"connections with their TSAPs, data, disconnects; what travels in it is read above",
	.seen = "39 captures: S7-300, ET 200S, remote desktops, malformed connections",
	.over = OVER_TCP,
	.begins = "03",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.in_parts = true,
	.state_size = sizeof(struct state),
	.asks = 1,
	.ask_size = 1,
};
