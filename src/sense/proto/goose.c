/* GOOSE: IEC 61850-8-1, 18 and annex A (the PDU), annex C (its header on Ethernet).
 *
 * A publisher sends the values of a data set right on Ethernet, often after a change and then in a
 * slow rhythm; nobody answers.  stNum counts changes, sqNum the repetitions since the last one.
 * The management messages of the same standard travel beside it. */
#include <stdio.h>

#include "sense/proto/ber.h"
#include "sense/proto/mms_data.h"

enum { HEAD = 8, SIMULATED = 0x8000, MANAGEMENT = 0, PUBLISH = 1 };

/* IEC 61850-8-1, annex A: IECGoosePdu */
enum part {
	CONTROL_BLOCK = 0,
	TIME_TO_LIVE = 1,
	DATA_SET = 2,
	GO_ID = 3,
	TIME = 4,
	STATE_NUMBER = 5,
	SEQUENCE_NUMBER = 6,
	SIMULATION = 7, /* "test" in the first edition */
	REVISION = 8,
	NEEDS_COMMISSIONING = 9,
	ENTRY_COUNT = 10,
	ALL_DATA = 11,
	SECURITY = 12,
};

/* All but goID, which a publisher may leave out. */
enum { REQUIRED = (1 << (ALL_DATA + 1)) - 1 - (1 << GO_ID) };

static const struct field f_appid = { "goose.appid", BE16 };
static const struct field f_length = { "goose.length", BE16, HEAD, 1500 };
static const struct field f_reserve1 = { "goose.reserve1", BE16 };
static const struct field f_reserve2 = { "goose.reserve2", BE16 };
static const struct field f_control_block = { "goose.gocbRef", TEXT };
static const struct field f_time_to_live = { "goose.timeAllowedtoLive", BE32 };
static const struct field f_data_set = { "goose.datSet", TEXT };
static const struct field f_go_id = { "goose.goID", TEXT };
static const struct field f_time = { "goose.t", SBE64 };
static const struct field f_time_quality = { "goose.t.quality", U8 };
static const struct field f_state_number = { "goose.stNum", BE32 };
static const struct field f_sequence_number = { "goose.sqNum", BE32 | NUMBERING };
static const struct field f_simulation = { "goose.simulation", FLAG };
static const struct field f_revision = { "goose.confRev", BE32 };
static const struct field f_needs_commissioning = { "goose.ndsCom", FLAG };
static const struct field f_entry_count = { "goose.numDatSetEntries", BE32 };
static const struct field f_all_data = { "goose.allData", BE32 };
static const struct field f_security = { "goose.security", BYTES };
static const struct field f_state_id = { "goose.stateID", SBE32 };
static const struct field f_reference = { "goose.ident", TEXT };
static const struct field f_offset = { "goose.offset", SBE32 };
static const struct field f_member = { "goose.reference", TEXT };
static const struct field f_result = { "goose.result", BE32 };

static const struct data_names names = {
	.array = { "goose.array", BE32 },
	.structure = { "goose.structure", BE32 },
	.boolean = { "goose.boolean", FLAG },
	.bits = { "goose.bit_string", BYTES },
	.integer = { "goose.integer", SBE64 },
	.natural = { "goose.unsigned", BE64 },
	.real = { "goose.floating_point", REAL },
	.octets = { "goose.octet_string", BYTES },
	.text = { "goose.visible_string", TEXT },
	.binary_time = { "goose.binary_time", BYTES },
	.bcd = { "goose.bcd", SBE32 },
	.booleans = { "goose.booleanArray", BYTES },
	.object = { "goose.objId", TEXT },
	.unicode = { "goose.mMSString", TEXT },
	.time = { "goose.utc_time", SBE64 },
};

/* Management services of annex A: 1 to 4, requests and responses under one number. */
enum { ROW_PUBLISH = 0x100, ROW_OTHER = 0xff };
static const struct msg msgs[] = {
	{ ROW_PUBLISH, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "publish", NULL },
	BOTH(1, ACT_READ, EFFECT_NONE, "get_go_reference"),
	BOTH(2, ACT_READ, EFFECT_NONE, "get_goose_element_number"),
	BOTH(3, ACT_READ, EFFECT_NONE, "get_gs_reference"),
	BOTH(4, ACT_READ, EFFECT_NONE, "get_gsse_data_offset"),
	BOTH(ROW_OTHER, ACT_OTHER, EFFECT_NONE, "unknown_service"),
	{ 0 },
};

struct head {
	uint16_t appid, length, reserve1, reserve2;
};

static bool read_head(struct cur *c, struct head *h)
{
	h->appid = cur_be16(c);
	h->length = cur_be16(c);
	h->reserve1 = cur_be16(c);
	h->reserve2 = cur_be16(c);
	return cur_ok(c) && h->length >= HEAD;
}

/* The ethertype is GOOSE's alone; the engine asks no further. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct head h;
	return read_head(&c, &h) ? PROBE_YES : PROBE_NO;
}

static void add_head(struct scene *s, const struct head *h, bool fits)
{
	fact_uint(s, &f_appid, h->appid);
	fact_uint(s, &f_length, h->length);
	fact_uint(s, &f_reserve1, h->reserve1);
	fact_uint(s, &f_reserve2, h->reserve2);
	if (!fits)
		fact_violation(s);
}

/* --- the data set --- */

struct publication {
	struct cur control_block, data_set;
	unsigned seen; /* a bit for each part */
	uint64_t entries_said;
	unsigned entries;
	bool simulated;
};

static void add_point(struct data_reader *r, const struct leaf *leaf)
{
	const struct publication *p = r->self;
	/* Simulated values are a test set's, not the plant's. */
	if (!leaf->is_number || leaf->path == UINT32_MAX || p->data_set.left == 0 || p->simulated)
		return;
	const struct point_at at = { .index = p->entries,
		.area = leaf->path,
		.symbol = p->data_set.at,
		.symbol_size = (uint16_t)p->data_set.left };
	point_sender(r->s, &at, leaf->number, false);
}

static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	/* The entry is the outermost component of the data set; it stands in front, where a narrow
	 * table shows it. */
	char path[POINT_NAME] = "";
	const struct point_at inner = { .area = at->area, .symbol = (const uint8_t *)"" };
	data_point_name(&inner, path);
	snprintf(name, POINT_NAME, "entry %u%s of %.*s", at->index, path, (int)at->symbol_size,
		(const char *)at->symbol);
}

static bool add_all_data(struct scene *s, struct cur c, struct publication *p)
{
	struct data_reader r = { .s = s, .names = &names, .leaf = add_point, .self = p };
	struct element e;
	struct cur count = c;
	unsigned total = 0;
	while (count.left && element_read(&count, &e))
		total++;
	fact_uint(s, &f_all_data, total);
	while (c.left) {
		p->entries++;
		if (!element_read(&c, &e) || !data_read(&r, &e))
			return false;
	}
	return true;
}

/* --- the publication --- */

static bool add_number(struct scene *s, const struct field *f, struct cur c, uint64_t *out)
{
	if (!ber_number(c, false, out))
		return false;
	fact_uint(s, f, *out);
	return true;
}

static bool add_flag(struct scene *s, const struct field *f, struct cur c, bool *out)
{
	*out = cur_u8(&c) != 0;
	if (!cur_ok(&c) || c.left)
		return false;
	fact_flag(s, f, *out);
	return true;
}

static bool add_time(struct scene *s, struct cur c)
{
	int64_t ms;
	int quality = cur_peek(&c, 7);
	if (!data_time(c, &ms))
		return false;
	fact_int(s, &f_time, ms);
	fact_uint(s, &f_time_quality, (uint64_t)quality);
	return true;
}

static bool add_part(struct scene *s, const struct element *e, struct publication *p)
{
	struct cur c = e->content;
	uint64_t number;
	bool flag;
	switch (e->number) {
	case CONTROL_BLOCK:
		p->control_block = c;
		fact_text(s, &f_control_block, c.at, c.left);
		return true;
	case TIME_TO_LIVE:
		return add_number(s, &f_time_to_live, c, &number);
	case DATA_SET:
		p->data_set = c;
		fact_text(s, &f_data_set, c.at, c.left);
		return true;
	case GO_ID:
		fact_text(s, &f_go_id, c.at, c.left);
		return true;
	case TIME:
		return add_time(s, c);
	case STATE_NUMBER:
		return add_number(s, &f_state_number, c, &number);
	case SEQUENCE_NUMBER:
		return add_number(s, &f_sequence_number, c, &number);
	case SIMULATION:
		return add_flag(s, &f_simulation, c, &flag) && (p->simulated |= flag, true);
	case REVISION:
		return add_number(s, &f_revision, c, &number);
	case NEEDS_COMMISSIONING:
		return add_flag(s, &f_needs_commissioning, c, &flag);
	case ENTRY_COUNT:
		return add_number(s, &f_entry_count, c, &p->entries_said);
	case ALL_DATA:
		return add_all_data(s, c, p);
	case SECURITY:
		fact_bytes(s, &f_security, c.at, c.left);
		return true;
	default:
		fact_violation(s); /* a part that the standard does not know, read over */
		return true;
	}
}

/* "IED1LD0/LLN0$GO$gcb1": the logical device in front of the stroke names who publishes. */
static void say_who(struct scene *s, const struct publication *p)
{
	struct cur name = p->control_block;
	long end = cur_find(&name, '/');
	if (end > 0)
		who_sender(s, ID_NAME, name.at, (size_t)end);
	who_sender_is(s, TYPE_IED, "publishes GOOSE");
}

static enum parsed parse_publication(struct scene *s, struct cur c, const struct head *h, bool fits)
{
	struct publication p = { .simulated = h->reserve1 & SIMULATED };
	fact_begin(s, msg_find(msgs, ROW_PUBLISH, DIR_OTHER));
	add_head(s, h, fits);
	struct element e;
	int before = -1;
	while (c.left) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT || !add_part(s, &e, &p))
			return PARSED_BAD;
		if ((int)e.number <= before)
			fact_violation(s);
		before = (int)(e.number & 0xff);
		if (e.number <= SECURITY)
			p.seen |= 1u << e.number;
	}
	bool complete = (p.seen & REQUIRED) == REQUIRED;
	if (!complete || p.entries != p.entries_said)
		fact_violation(s);
	fact_end(s);
	say_who(s, &p);
	return PARSED_WHOLE;
}

/* --- management --- */

/* References and offsets in their order, however the service groups them. */
static bool add_management(struct scene *s, struct cur c, unsigned depth)
{
	struct element e;
	uint64_t number;
	while (c.left) {
		if (depth > DATA_DEPTH || !element_read(&c, &e))
			return false;
		if (e.made) {
			if (!add_management(s, e.content, depth + 1))
				return false;
		} else if (e.class == BER_UNIVERSAL && e.number == BER_INTEGER) {
			if (!ber_number(e.content, true, &number))
				return false;
			fact_int(s, &f_offset, (int64_t)number);
		} else if (e.class == BER_UNIVERSAL) {
			fact_text(s, &f_member, e.content.at, e.content.left);
		} else if (e.number == 0) {
			fact_text(s, &f_reference, e.content.at, e.content.left);
		} else if (ber_number(e.content, false, &number)) {
			fact_uint(s, &f_result, number);
		}
	}
	return true;
}

static enum parsed parse_management(struct scene *s, struct cur c, const struct head *h, bool fits)
{
	struct element e;
	struct cur id;
	uint64_t state;
	if (!element_expect(&c, 0, &id) || !ber_number(id, true, &state) || !element_read(&c, &e))
		return PARSED_BAD;
	if (e.class == BER_CONTEXT && e.number == 3 && !element_read(&c, &e)) /* security */
		return PARSED_BAD;
	enum dir dir = e.number == 1 ? DIR_REQUEST : DIR_RESPONSE;
	struct cur body = e.content;
	struct element service;
	if (e.class != BER_CONTEXT || (e.number != 1 && e.number != 2) ||
		!element_read(&body, &service) || service.class != BER_CONTEXT)
		return PARSED_BAD;
	const struct msg *row = msg_find(msgs, service.number, dir);
	bool known = row && service.number <= 4;
	fact_begin(s, known ? row : msg_find(msgs, ROW_OTHER, dir));
	add_head(s, h, fits);
	fact_int(s, &f_state_id, (int64_t)state);
	if (dir == DIR_RESPONSE && !known)
		fact_failed(s); /* "not supported" has the number 0 */
	return !service.made || add_management(s, service.content, 0) ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct head h;
	struct element pdu;
	if (!read_head(&c, &h))
		return s->cut && !cur_ok(&c) ? PARSED_CUT : PARSED_BAD;
	/* Short frames are padded; a length that reaches over the frame's end is a violation. */
	bool fits = (size_t)h.length - HEAD <= c.left || s->cut;
	struct cur body = cur_upto(&c, (size_t)h.length - HEAD);
	if (!element_read(&body, &pdu))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (pdu.class != BER_APPLICATION || !pdu.made)
		return PARSED_BAD;
	if (pdu.number == PUBLISH)
		return parse_publication(s, pdu.content, &h, fits);
	return pdu.number == MANAGEMENT ? parse_management(s, pdu.content, &h, fits) : PARSED_BAD;
}

const struct proto proto_goose = {
	.name = "goose",
	.title = "GOOSE",
	.standard = "IEC 61850-8-1, edition 2",
	.reads = "publications with every value, numbers, test and commissioning flags; management",
	.seen = "6 captures: GE F650, three bay devices that interlock, malformed messages",
	.over = OVER_ETHER,
	.ethertypes = { 0x88b8, 0x88b9 },
	.ot = true,
	.probe = probe,
	.parse = parse,
	.point_name = point_name,
};
