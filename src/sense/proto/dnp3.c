/* DNP3, link and transport: IEEE 1815-2012, clauses 9 (data link layer) and 8 (transport function).
 *
 * A link frame is a header of eight bytes with its CRC, then user data in blocks of sixteen bytes,
 * each with a CRC of its own.  The first byte of user data belongs to the transport function,
 * which puts application fragments together.  Nothing behind a wrong CRC is ever used. */
#include "sense/proto/dnp3.h"

enum {
	HEADER_SIZE = 10, /* with CRC, 9.2.4 */
	LENGTH_MIN = 5,   /* control and two addresses */
	BLOCK_SIZE = 16,  /* user data under one CRC, 9.2.4.3 */
	USER_MAX = 250,   /* 255 less LENGTH_MIN */
	/* 4.2.2.2.4: 2048 without an agreement of both sides, and with one as many as they like. */
	FRAGMENT_MAX = MESSAGE_MAX
};

enum { CONTROL_DIR = 0x80, CONTROL_PRM = 0x40, CONTROL_FCB = 0x20, CONTROL_FCV = 0x10 };
enum { TRANSPORT_FIN = 0x80, TRANSPORT_FIR = 0x40, TRANSPORT_SEQUENCE = 0x3f };
enum { CONFIRMED_USER_DATA = 3, UNCONFIRMED_USER_DATA = 4 };

/* One direction of a conversation. */
struct side {
	bool lost; /* the last bytes were no link frame: one malformed message, however many bytes
		    */
	bool open; /* a fragment is being put together */
	uint8_t sequence; /* of the segment that comes next */
	uint16_t src, dst;
	struct dnp3_more more;
};

struct state {
	struct parts parts[2]; /* of fragments */
	struct side sides[2];
};

static const struct field f_length = { "dnp3.len", U8 };
static const struct field f_dir = { "dnp3.ctl.dir", FLAG };
static const struct field f_prm = { "dnp3.ctl.prm", FLAG };
static const struct field f_fcb = { "dnp3.ctl.fcb", FLAG | NUMBERING };
static const struct field f_fcv = { "dnp3.ctl.fcv", FLAG };
static const struct field f_dfc = { "dnp3.ctl.dfc", FLAG };
static const struct field f_primary = { "dnp3.ctl.prifunc", U8 };
static const struct field f_secondary = { "dnp3.ctl.secfunc", U8 };
static const struct field f_dst = { "dnp3.dst", LE16 };
static const struct field f_src = { "dnp3.src", LE16 };
static const struct field f_fin = { "dnp3.tr.fin", FLAG };
static const struct field f_fir = { "dnp3.tr.fir", FLAG };
static const struct field f_sequence = { "dnp3.tr.seq", U8 | NUMBERING };

/* Frames of the link layer itself, 9.2.4.1.3.5: the PRM bit, then the function code. */
static const struct msg link_rows[] = {
	{ 0x40, DIR_OTHER, ACT_OTHER, 0, "link_reset" },
	{ 0x41, DIR_OTHER, ACT_OTHER, 0, "link_reset_user" },
	{ 0x42, DIR_OTHER, ACT_OTHER, 0, "link_test" },
	{ 0x43, DIR_OTHER, ACT_OTHER, 0, "link_confirmed_data" },
	{ 0x44, DIR_OTHER, ACT_OTHER, 0, "link_unconfirmed_data" },
	{ 0x49, DIR_OTHER, ACT_OTHER, 0, "link_request_status" },
	{ 0x00, DIR_OTHER, ACT_OTHER, 0, "link_ack" },
	{ 0x01, DIR_OTHER, ACT_OTHER, 0, "link_nack" },
	{ 0x0b, DIR_OTHER, ACT_OTHER, 0, "link_status" },
	{ 0x0e, DIR_OTHER, ACT_OTHER, 0, "link_not_functioning" },
	{ 0x0f, DIR_OTHER, ACT_OTHER, 0, "link_not_supported" },
	{ 0 },
};
static const struct msg link_unknown = { 0xff, DIR_OTHER, ACT_OTHER, 0, "link_unknown" };
static const struct msg link_corrupt = { 0xfe, DIR_OTHER, ACT_OTHER, 0, "link_corrupt" };

/* CRC-16 of annex E.1 (polynomial 0x3d65, reflected), four bits at a time. */
static uint16_t crc(struct cur c)
{
	static const uint16_t quarter[16] = {
		0x0000,
		0xb26b,
		0x29af,
		0x9bc4,
		0x535e,
		0xe135,
		0x7af1,
		0xc89a,
		0xa6bc,
		0x14d7,
		0x8f13,
		0x3d78,
		0xf5e2,
		0x4789,
		0xdc4d,
		0x6e26,
	};
	uint16_t sum = 0;
	while (c.left > 0) {
		sum = (uint16_t)(sum ^ cur_u8(&c));
		sum = (uint16_t)(sum >> 4 ^ quarter[sum & 15]);
		sum = (uint16_t)(sum >> 4 ^ quarter[sum & 15]);
	}
	return (uint16_t)~sum;
}

static bool header_is_whole(struct cur c)
{
	struct cur header = cur_sub(&c, HEADER_SIZE - 2);
	uint16_t sum = cur_le16(&c);
	return cur_ok(&c) && crc(header) == sum;
}

static bool starts(const struct cur *c)
{
	return cur_peek(c, 0) == 0x05 && cur_peek(c, 1) == 0x64;
}

static size_t frame_size(uint8_t length)
{
	size_t user = (size_t)length - LENGTH_MIN;
	return HEADER_SIZE + user + (user + BLOCK_SIZE - 1) / BLOCK_SIZE * 2;
}

/* Start bytes and the CRC over the header: four bytes that have to be right. */
static enum probe probe(struct cur c, const struct scene *s)
{
	if (c.left < HEADER_SIZE) {
		bool fits = c.left == 0 || (cur_peek(&c, 0) == 0x05 && (c.left == 1 || starts(&c)));
		return fits && s->stream ? PROBE_MORE : PROBE_NO;
	}
	return starts(&c) && cur_peek(&c, 2) >= LENGTH_MIN && header_is_whole(c) ? PROBE_YES
										 : PROBE_NO;
}

/* A receiver that lost its place looks for the next start bytes (9.2.4.1): what is before them is
 * one message of ours too, a malformed one.  A header with a wrong CRC has no length to believe. */
static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (starts(&c)) {
		if (c.left < HEADER_SIZE)
			return FRAME_MORE;
		if (!header_is_whole(c) || cur_peek(&c, 2) < LENGTH_MIN)
			return HEADER_SIZE;
		return (long)frame_size((uint8_t)cur_peek(&c, 2));
	}
	if (c.left == 0 || (c.left == 1 && cur_peek(&c, 0) == 0x05))
		return FRAME_MORE;
	struct cur rest = c;
	cur_skip(&rest, 1);
	for (;;) {
		long next = cur_find(&rest, 0x05);
		if (next < 0)
			return (long)c.left;
		cur_skip(&rest, (size_t)next);
		if (rest.left == 1 || starts(&rest))
			return (long)(c.left - rest.left);
		cur_skip(&rest, 1);
	}
}

void dnp3_link_values(struct scene *s, const struct dnp3_link *link)
{
	bool primary = link->control & CONTROL_PRM;
	fact_uint(s, &f_length, link->length);
	fact_flag(s, &f_dir, link->control & CONTROL_DIR);
	fact_flag(s, &f_prm, primary);
	if (primary) {
		fact_flag(s, &f_fcb, link->control & CONTROL_FCB);
		fact_flag(s, &f_fcv, link->control & CONTROL_FCV);
	} else {
		fact_flag(s, &f_dfc, link->control & CONTROL_FCV);
	}
	fact_uint(s, primary ? &f_primary : &f_secondary, link->control & 15);
	fact_uint(s, &f_dst, link->dst);
	fact_uint(s, &f_src, link->src);
	if (link->has_transport) {
		fact_flag(s, &f_fin, link->transport & TRANSPORT_FIN);
		fact_flag(s, &f_fir, link->transport & TRANSPORT_FIR);
		fact_uint(s, &f_sequence, link->transport & TRANSPORT_SEQUENCE);
	}
}

/* A frame that is no whole application fragment: link service, or a segment of one. */
static void link_fact(
	struct scene *s, const struct dnp3_link *link, const struct msg *row, bool odd)
{
	fact_begin(s, row);
	if (odd)
		fact_violation(s);
	dnp3_link_values(s, link);
	fact_end(s);
}

/* What was put together of a fragment is of no use. */
static void give_up(struct scene *s, struct side *side)
{
	if (side->open)
		parts_drop(s);
	side->open = false;
}

static enum parsed segment(struct scene *s, struct side *side, const struct dnp3_link *link,
	const struct msg *row, struct cur c)
{
	bool first = link->transport & TRANSPORT_FIR, final = link->transport & TRANSPORT_FIN;
	uint8_t sequence = link->transport & TRANSPORT_SEQUENCE;

	if (first)
		give_up(s, side);
	if (first && final)
		return dnp3_application(s, link, &side->more, c);
	if (first) {
		side->open = true;
		side->src = link->src;
		side->dst = link->dst;
	} else if (!side->open || side->sequence != sequence || side->src != link->src ||
		side->dst != link->dst) {
		/* The beginning is missing, or somebody's segments got mixed: 8.2.1.3 drops both.
		 */
		give_up(s, side);
		link_fact(s, link, row, false);
		return PARSED_WHOLE;
	}
	side->sequence = (uint8_t)((sequence + 1) & TRANSPORT_SEQUENCE);
	bool fits = parts_whole(s).left + c.left <= FRAGMENT_MAX;
	if (!parts_add(s, c, FRAGMENT_MAX)) {
		side->open = false;
		link_fact(s, link, row, !fits);
		return fits ? PARSED_CUT : PARSED_BAD; /* no memory: nobody's fault */
	}
	if (!final) {
		link_fact(s, link, row, false);
		return PARSED_WHOLE;
	}
	enum parsed how = dnp3_application(s, link, &side->more, parts_whole(s));
	give_up(s, side);
	return how;
}

/* The user data of a frame without its CRCs; their number of bytes, or -1 where one is wrong. */
static long user_data(struct cur c, size_t size, uint8_t out[USER_MAX])
{
	size_t have = 0;
	while (have < size) {
		size_t n = size - have < BLOCK_SIZE ? size - have : BLOCK_SIZE;
		struct cur block = cur_sub(&c, n), summed = block;
		uint16_t sum = cur_le16(&c);
		const uint8_t *bytes = cur_take(&block, n);
		if (!cur_ok(&c) || !bytes || crc(summed) != sum)
			return -1;
		memcpy(out + have, bytes, n);
		have += n;
	}
	return (long)have;
}

/* One link frame: exactly the bytes that frame() measured, or fewer where the capture was short. */
static enum parsed link_frame(struct scene *s, struct side *side, struct cur c)
{
	if (!starts(&c)) {
		bool again = side->lost;
		side->lost = true;
		give_up(s, side);
		return again ? PARSED_WHOLE : PARSED_BAD;
	}
	if (c.left < HEADER_SIZE)
		return s->cut ? PARSED_CUT : PARSED_BAD;

	struct cur head = cur_sub(&c, HEADER_SIZE), checked = head;
	cur_skip(&head, 2);
	struct dnp3_link link = { .length = cur_u8(&head) };
	link.control = cur_u8(&head);
	link.dst = cur_le16(&head);
	link.src = cur_le16(&head);
	if (!header_is_whole(checked) || link.length < LENGTH_MIN) {
		side->lost = true; /* the bytes behind it belong to nothing */
		give_up(s, side);
		return PARSED_BAD;
	}
	side->lost = false;

	size_t size = (size_t)link.length - LENGTH_MIN;
	uint8_t user[USER_MAX];
	const struct msg *row = msg_find(link_rows, link.control & (CONTROL_PRM | 15), DIR_OTHER);
	if (!row)
		row = &link_unknown;
	if (c.left < frame_size(link.length) - HEADER_SIZE) {
		give_up(s, side);
		link_fact(s, &link, row, !s->cut);
		return s->cut ? PARSED_CUT : PARSED_BAD;
	}
	if (user_data(c, size, user) < 0) {
		give_up(s, side);
		link_fact(s, &link, &link_corrupt, true);
		return PARSED_BAD;
	}
	bool data = row->code == (CONTROL_PRM | CONFIRMED_USER_DATA) ||
		row->code == (CONTROL_PRM | UNCONFIRMED_USER_DATA);
	if (!data || size == 0) {
		/* 9.2.4.1.2: user data has some, all others have none. */
		link_fact(s, &link, row, data || size > 0 || row == &link_unknown);
		return data || size > 0 ? PARSED_BAD : PARSED_WHOLE;
	}
	struct cur body = cur_of(user, size);
	link.has_transport = true;
	link.transport = cur_u8(&body);
	return segment(s, side, &link, row, body);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct state *state = s->state;
	struct side *side = &state->sides[s->side & 1];
	enum parsed worst = PARSED_WHOLE;

	/* A stream hands over one frame; a datagram may hold several. */
	do {
		long size = frame(c, s);
		struct cur one = cur_upto(&c, size > 0 ? (size_t)size : c.left);
		enum parsed p = link_frame(s, side, one);
		if (p > worst)
			worst = p;
	} while (c.left > 0);
	return worst;
}

static void gap(struct scene *s)
{
	struct state *state = s->state;
	struct side *side = &state->sides[s->side & 1];
	side->open = side->more.open = side->lost = false;
}

const struct proto proto_dnp3 = {
	.name = "dnp3",
	.title = "DNP3",
	.standard = "IEEE 1815-2012",
	.reads =
		"link, transport, application; every object group, values with their points, IIN, faults, identity",
	.seen = "40 captures: conformance runs, substation and laboratory outstations, attacks",
	.over = OVER_TCP | OVER_UDP,
	.begins = "05",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.in_parts = true,
	.state_size = sizeof(struct state),
	.asks = 8, /* a master has one request open at each outstation, 4.4.3; lines carry a few */
	.ask_size = 1,
	.point_name = dnp3_point_name,
};
