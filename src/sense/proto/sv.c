/* Sampled values: IEC 61850-9-2, 8.5 (the PDU) and 5.3.3 (its header on Ethernet); the data set of
 * the UCA's implementation guideline, "9-2LE": four currents and four voltages, each a 32 bit value
 * and its quality.
 *
 * A merging unit sends thousands of these in a second.  One fact for each message, whatever number
 * of samples (ASDU) it carries. */
#include <stdio.h>

#include "sense/proto/ber.h"
#include "sense/proto/mms_data.h"

enum { HEAD = 8, SIMULATED = 0x8000, CHANNELS = 8, CHANNEL_SIZE = 8 };

/* IEC 61850-9-2, table 14: SavPdu and ASDU */
enum part { ASDU_COUNT = 0, SECURITY = 1, ASDUS = 2 };
enum asdu_part {
	SV_ID = 0,
	DATA_SET = 1,
	SAMPLE_COUNT = 2,
	REVISION = 3,
	REFRESH_TIME = 4,
	SYNCHRONISED = 5,
	SAMPLE_RATE = 6,
	SAMPLES = 7,
	SAMPLE_MODE = 8,
	GRANDMASTER = 9,
};
enum {
	ASDU_REQUIRED =
		1 << SV_ID | 1 << SAMPLE_COUNT | 1 << REVISION | 1 << SYNCHRONISED | 1 << SAMPLES
};

/* 9-2LE, quality: validity in the two lowest bits, test in bit 11. */
enum { QUALITY_VALIDITY = 3, QUALITY_TEST = 1 << 11 };

static const struct field f_appid = { "sv.appid", BE16 };
static const struct field f_length = { "sv.length", BE16, HEAD, 1500 };
static const struct field f_reserve1 = { "sv.reserve1", BE16 };
static const struct field f_reserve2 = { "sv.reserve2", BE16 };
static const struct field f_asdu_count = { "sv.noASDU", BE16 };
static const struct field f_security = { "sv.security", BYTES };
static const struct field f_id = { "sv.svID", TEXT };
static const struct field f_data_set = { "sv.datSet", TEXT };
static const struct field f_sample_count = { "sv.smpCnt", BE16 | NUMBERING };
static const struct field f_revision = { "sv.confRev", BE32 };
static const struct field f_refresh_time = { "sv.refrTm", SBE64 };
static const struct field f_synchronised = { "sv.smpSynch", U8 };
static const struct field f_sample_rate = { "sv.smpRate", BE16 };
static const struct field f_value = { "sv.meas_value", SBE32 };
static const struct field f_quality = { "sv.meas_quality", BE32 };
static const struct field f_samples = { "sv.seqData", BYTES };
static const struct field f_sample_mode = { "sv.smpMod", U8 };
static const struct field f_grandmaster = { "sv.gmidentity", BYTES };

static const struct msg publish = { 0, DIR_OTHER, ACT_OTHER, EFFECT_NONE, "publish", NULL };

struct asdu {
	struct cur id;
	unsigned seen;
	bool simulated;
};

/* The ethertype is theirs alone; the engine asks no further. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	cur_skip(&c, 2);
	uint16_t length = cur_be16(&c);
	return cur_ok(&c) && length >= HEAD ? PROBE_YES : PROBE_NO;
}

/* 9-2LE, table 4: milliamperes and hundredths of a volt, whatever the transformer's ratio. */
static void add_point(struct scene *s, const struct asdu *a, unsigned channel, int32_t value)
{
	static const double scale[2] = { 0.001, 0.01 };
	if (a->simulated || a->id.left == 0)
		return;
	const struct point_at at = {
		.index = channel,
		.symbol = a->id.at,
		.symbol_size = (uint16_t)a->id.left,
		.measure = channel < 4 ? "A" : "V",
	};
	point_sender(s, &at, value * scale[channel / 4], false);
}

static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	static const char *const channels[CHANNELS] = { "Ia", "Ib", "Ic", "In", "Va", "Vb", "Vc",
		"Vn" };
	snprintf(name, POINT_NAME, "%.*s %s", (int)at->symbol_size, (const char *)at->symbol,
		channels[at->index % CHANNELS]);
}

static void add_samples(struct scene *s, struct cur c, const struct asdu *a)
{
	if (c.left != (size_t)CHANNELS * CHANNEL_SIZE) {
		fact_bytes(s, &f_samples, c.at, c.left); /* a data set that its SCL file explains */
		return;
	}
	for (unsigned n = 0; n < CHANNELS; n++) {
		int32_t value = (int32_t)cur_be32(&c);
		uint32_t quality = cur_be32(&c);
		fact_int(s, &f_value, value);
		fact_uint(s, &f_quality, quality);
		if ((quality & QUALITY_VALIDITY) == 0 && !(quality & QUALITY_TEST))
			add_point(s, a, n, value);
	}
}

static bool add_number(struct scene *s, const struct field *f, struct cur c)
{
	uint64_t v;
	if (!ber_number(c, false, &v))
		return false;
	fact_uint(s, f, v);
	return true;
}

static bool add_asdu_part(struct scene *s, const struct element *e, struct asdu *a)
{
	struct cur c = e->content;
	int64_t ms;
	switch (e->number) {
	case SV_ID:
		a->id = c;
		fact_text(s, &f_id, c.at, c.left);
		return true;
	case DATA_SET:
		fact_text(s, &f_data_set, c.at, c.left);
		return true;
	case SAMPLE_COUNT:
		return add_number(s, &f_sample_count, c);
	case REVISION:
		return add_number(s, &f_revision, c);
	case REFRESH_TIME:
		if (!data_time(c, &ms))
			return false;
		fact_int(s, &f_refresh_time, ms);
		return true;
	case SYNCHRONISED:
		return add_number(s, &f_synchronised, c);
	case SAMPLE_RATE:
		return add_number(s, &f_sample_rate, c);
	case SAMPLES:
		add_samples(s, c, a);
		return true;
	case SAMPLE_MODE:
		return add_number(s, &f_sample_mode, c);
	case GRANDMASTER:
		fact_bytes(s, &f_grandmaster, c.at, c.left);
		return c.left == 8;
	default:
		fact_violation(s); /* a part that the standard does not know, read over */
		return true;
	}
}

static bool add_asdu(struct scene *s, struct cur c, bool simulated)
{
	struct asdu a = { .simulated = simulated };
	struct element e;
	while (c.left) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT || !add_asdu_part(s, &e, &a))
			return false;
		if (e.number <= GRANDMASTER)
			a.seen |= 1u << e.number;
	}
	if ((a.seen & ASDU_REQUIRED) != ASDU_REQUIRED)
		fact_violation(s);
	return true;
}

static enum parsed parse_pdu(struct scene *s, struct cur c, bool simulated)
{
	struct cur number, asdus = { 0 };
	struct element e = { 0 };
	uint64_t said;
	if (!element_expect(&c, ASDU_COUNT, &number) || !ber_number(number, false, &said))
		return PARSED_BAD;
	fact_uint(s, &f_asdu_count, said);
	if (cur_peek(&c, 0) != (BER_CONTEXT << 6 | 0x20 | ASDUS)) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT || e.number != SECURITY)
			return PARSED_BAD;
		fact_bytes(s, &f_security, e.content.at, e.content.left);
	}
	if (!element_expect(&c, ASDUS, &asdus))
		return PARSED_BAD;
	uint64_t count = 0;
	for (; asdus.left; count++) {
		struct cur asdu = ber_expect(&asdus, 0x30);
		if (!cur_ok(&asdus) || !add_asdu(s, asdu, simulated))
			return PARSED_BAD;
	}
	if (count != said || c.left)
		fact_violation(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	uint16_t appid = cur_be16(&c), length = cur_be16(&c);
	uint16_t reserve1 = cur_be16(&c), reserve2 = cur_be16(&c);
	if (!cur_ok(&c) || length < HEAD)
		return s->cut && !cur_ok(&c) ? PARSED_CUT : PARSED_BAD;
	bool fits = (size_t)length - HEAD <= c.left;
	struct cur body = cur_upto(&c, (size_t)length - HEAD);
	struct element pdu;
	if (!element_read(&body, &pdu))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (pdu.class != BER_APPLICATION || !pdu.made || pdu.number != 0)
		return PARSED_BAD;
	fact_begin(s, &publish);
	fact_uint(s, &f_appid, appid);
	fact_uint(s, &f_length, length);
	fact_uint(s, &f_reserve1, reserve1);
	fact_uint(s, &f_reserve2, reserve2);
	if (!fits && !s->cut)
		fact_violation(s);
	enum parsed how = parse_pdu(s, pdu.content, reserve1 & SIMULATED);
	if (how == PARSED_WHOLE)
		who_sender_is(s, TYPE_IED, "publishes sampled values");
	return how;
}

const struct proto proto_sv = {
	.name = "sv",
	.title = "Sampled values",
	.standard = "IEC 61850-9-2, UCA 9-2LE",
	.reads = "every sample's number, clock and quality; currents and voltages of 9-2LE",
	.seen = "1 capture: a merging unit of 9-2LE at 80 samples a cycle",
	.over = OVER_ETHER,
	.ethertypes = { 0x88ba },
	.ot = true,
	.probe = probe,
	.parse = parse,
	.point_name = point_name,
};
