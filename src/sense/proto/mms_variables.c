/* Variables of ISO 9506-2, 14: reads, writes and reports of them, and the points they are. */
#include <stdio.h>

#include "sense/proto/ber.h"
#include "sense/proto/mms.h"
#include "sense/secret.h"

enum { FAILURE = 0 };

static const struct field f_failure = { "mms.failure", U8, 0, 11 };
static const struct field f_variable = { "mms.variable", TEXT };
static const struct field f_with_result = { "mms.specificationWithResult", FLAG };

const struct data_names mms_data_names = {
	.array = { "mms.array", BE32 },
	.structure = { "mms.structure", BE32 },
	.boolean = { "mms.boolean", FLAG },
	.bits = { "mms.data_bit-string", BYTES },
	.integer = { "mms.integer", SBE64 },
	.natural = { "mms.unsigned", BE64 },
	.real = { "mms.floating_point", REAL },
	.octets = { "mms.data.octet-string", BYTES },
	.text = { "mms.data.visible-string", TEXT },
	.binary_time = { "mms.data.binary-time", BYTES },
	.bcd = { "mms.bcd", SBE32 },
	.booleans = { "mms.booleanArray", BYTES },
	.object = { "mms.objId", TEXT },
	.unicode = { "mms.mMSString", TEXT },
	.time = { "mms.utc_time", SBE64 },
};

/* --- values --- */

struct values {
	struct mms_asked *asked;
	struct cur name;   /* of the variable, or of the list */
	unsigned entry;    /* of the list, or of the request; from 1 */
	bool list, writes; /* writes: kept until the answer says that it is done */
	bool block;        /* the name is a control block's or a command's: no value of the plant */
};

static struct point_at place_of(const struct values *v, uint32_t path)
{
	return (struct point_at){ .index = v->list ? v->entry : 0,
		.area = path,
		.symbol = v->name.at,
		.symbol_size = (uint16_t)v->name.left };
}

/* Name plates: IEC 61850-7-3, 7.8: what a device and its logical nodes say of themselves. */
static void say_plate(struct scene *s, const struct values *v, const struct leaf *leaf)
{
	static const struct {
		const char *end;
		enum identity_key key;
	} plates[] = {
		{ "$PhyNam$vendor", ID_VENDOR },
		{ "$PhyNam$model", ID_MODEL },
		{ "$PhyNam$hwRev", ID_HARDWARE },
		{ "$PhyNam$swRev", ID_FIRMWARE },
		{ "$PhyNam$serNum", ID_SERIAL },
		{ "$PhyNam$location", ID_LOCATION },
		{ "LLN0$DC$NamPlt$vendor", ID_VENDOR },
		{ "LLN0$DC$NamPlt$swRev", ID_FIRMWARE },
	};
	if (leaf->is_number || leaf->is_time || leaf->path || v->list)
		return;
	for (size_t i = 0; i < sizeof plates / sizeof plates[0]; i++)
		if (mms_name_ends(&v->name, plates[i].end))
			who_sender(s, plates[i].key, leaf->text.at, leaf->text.left);
}

/* Of a command only its value, once it is carried out: IEC 61850-8-1, 20.2: "ctlVal" stands first,
 * who commands and when stand behind it. */
static bool is_written(const struct mms_asked *a, const struct leaf *leaf)
{
	switch (a->row) {
	case MMS_ROW_OPERATE:
		return leaf->path <= 1;
	case MMS_ROW_SELECT_WITH_VALUE:
	case MMS_ROW_CANCEL_OPERATION:
	case MMS_ROW_SUBSCRIBE:
	case MMS_ROW_PUBLISHER:
		return false;
	default:
		return true;
	}
}

static void take_leaf(struct data_reader *r, const struct leaf *leaf)
{
	struct values *v = r->self;
	struct mms_asked *a = v->asked;
	if (v->writes) {
		if (leaf->is_number && a && is_written(a, leaf) &&
			a->written_count < MMS_WRITTEN_MAX && v->entry <= UINT8_MAX &&
			leaf->path != UINT32_MAX) {
			a->written[a->written_count].entry = (uint8_t)v->entry;
			a->written[a->written_count].path = leaf->path;
			a->written[a->written_count++].value = leaf->number;
		}
		return;
	}
	if (!cur_ok(&v->name) || v->name.left == 0)
		return;
	if (leaf->is_number && leaf->path != UINT32_MAX && !v->block) {
		const struct point_at at = place_of(v, leaf->path);
		point_sender(r->s, &at, leaf->number, false);
	}
	say_plate(r->s, v, leaf);
}

static bool is_secret(struct cur name)
{
	return secret_on_the_way(name.at, name.left);
}

static void set_entry(struct values *v, unsigned entry)
{
	v->entry = entry;
	if (v->asked)
		v->name = mms_name_at(v->asked, v->list ? 0 : entry - 1);
	v->block = mms_is_block(&v->name);
}

/* A list of AccessResult: data, or why there is none. */
static bool add_results(struct scene *s, struct cur c, struct values *v)
{
	struct data_reader r = { .s = s, .names = &mms_data_names, .leaf = take_leaf, .self = v };
	struct element e;
	uint64_t why;
	for (unsigned n = 1; c.left; n++) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT)
			return false;
		set_entry(v, n);
		if (e.number == FAILURE) {
			if (!ber_number(e.content, false, &why))
				return false;
			fact_uint(s, &f_failure, why);
			fact_failed(s);
			continue;
		}
		r.hides = is_secret(v->name);
		if (!data_read(&r, &e)) {
			return false;
		} else {
			mms_say_kind(s, &v->name);
		}
	}
	return true;
}

static bool add_written(struct scene *s, struct cur c, struct mms_asked *asked)
{
	struct values v = { .asked = asked, .writes = true };
	struct data_reader r = { .s = s, .names = &mms_data_names, .leaf = take_leaf, .self = &v };
	struct element e;
	while (c.left) {
		v.entry++;
		r.hides = asked && is_secret(mms_name_at(asked, asked->list ? 0 : v.entry - 1));
		if (!element_read(&c, &e) || !data_read(&r, &e))
			return false;
	}
	return true;
}

bool mms_read_request(struct scene *s, unsigned service, struct cur c, struct mms_asked *asked)
{
	struct element e;
	if (service == MMS_DEFINE_LIST || service == MMS_DEFINE_TYPE) {
		if (!mms_add_name(s, &c, NULL))
			return false;
		return service == MMS_DEFINE_TYPE ||
			(element_read(&c, &e) && mms_add_variables(s, &e.content, NULL));
	}
	if (!element_read(&c, &e))
		return false;
	if (service == MMS_WRITE)
		return mms_add_specification(s, &e, asked) && element_read(&c, &e) &&
			add_written(s, e.content, asked);
	if (e.class == BER_CONTEXT && e.number == 0) {
		fact_flag(s, &f_with_result, cur_u8(&e.content));
		if (!element_read(&c, &e))
			return false;
	}
	struct cur in = e.content;
	return e.number == 1 && element_read(&in, &e) && mms_add_specification(s, &e, asked);
}

static void add_asked_names(struct scene *s, const struct mms_asked *asked)
{
	for (unsigned n = 0; asked && n < asked->name_count; n++) {
		struct cur name = mms_name_at(asked, n);
		/* The request's bytes are forgotten before this fact is told. */
		char *kept = name.left ? scene_scratch(s, name.left) : NULL;
		if (kept)
			fact_text(s, &f_variable, memcpy(kept, name.at, name.left), name.left);
	}
}

static bool read_written(struct scene *s, struct cur c, const struct mms_asked *asked)
{
	struct element e;
	uint64_t why;
	for (unsigned n = 1; c.left; n++) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT || e.number > 1)
			return false;
		if (e.number == FAILURE) {
			if (!ber_number(e.content, false, &why))
				return false;
			fact_uint(s, &f_failure, why);
			fact_failed(s);
			continue;
		}
		struct values v = { .list = asked && asked->list, .entry = n };
		v.name = asked ? mms_name_at(asked, v.list ? 0 : n - 1) : cur_bad();
		for (unsigned i = 0; cur_ok(&v.name) && i < asked->written_count; i++)
			if (asked->written[i].entry == n) {
				const struct point_at at = place_of(&v, asked->written[i].path);
				point_sender(s, &at, asked->written[i].value, true);
			}
	}
	return true;
}

bool mms_read_answer(struct scene *s, unsigned service, struct cur c, struct mms_asked *asked)
{
	struct element e;
	add_asked_names(s, asked);
	if (service == MMS_WRITE)
		return read_written(s, c, asked);
	if (!element_read(&c, &e))
		return false;
	struct mms_asked said = { 0 };
	if (e.class == BER_CONTEXT && e.number == 0) { /* the specification comes back */
		struct cur in = e.content;
		struct element what;
		if (!element_read(&in, &what) || !mms_add_specification(s, &what, &said) ||
			!element_read(&c, &e))
			return false;
		asked = &said;
	}
	struct values v = { .asked = asked, .list = asked && asked->list, .name = cur_bad() };
	return e.class == BER_CONTEXT && e.number == 1 && add_results(s, e.content, &v);
}

/* --- reports --- */

/* IEC 61850-8-1, 17.1: a report comes under the name "RPT", and says itself what stands in it:
 * bits of its second value, from the left. */
enum optional {
	HAS_SEQUENCE = 0x4000,
	HAS_TIME = 0x2000,
	HAS_REASONS = 0x1000,
	HAS_DATA_SET = 0x0800,
	HAS_REFERENCES = 0x0400,
	HAS_OVERFLOW = 0x0200,
	HAS_ENTRY = 0x0100,
	HAS_REVISION = 0x0080,
	HAS_SEGMENTS = 0x0040,
};

static const struct field f_report = { "mms.report.id", TEXT };
static const struct field f_data_set = { "mms.report.data_set", TEXT };
static const struct field f_sequence = { "mms.report.sequence", BE32 | NUMBERING };
static const struct field f_revision = { "mms.report.revision", BE32 };
static const struct field f_included = { "mms.report.entry", BE16 };

static bool next_number(struct cur *c, const struct field *f, struct scene *s)
{
	struct element e;
	uint64_t v;
	if (!element_read(c, &e) || !ber_number(e.content, false, &v))
		return false;
	if (f)
		fact_uint(s, f, v);
	return true;
}

static bool next_text(struct cur *c, const struct field *f, struct scene *s, struct cur *text)
{
	struct element e;
	if (!element_read(c, &e))
		return false;
	*text = e.content;
	fact_text(s, f, text->at, text->left);
	return true;
}

static bool skip_elements(struct cur *c, unsigned count)
{
	struct element e;
	for (; count && element_read(c, &e); count--)
		;
	return count == 0;
}

/* What of the report is data: everything else is told by add_results already. */
static bool read_report_head(
	struct scene *s, struct cur *c, struct cur *data_set, struct cur *included)
{
	struct cur id;
	struct element e;
	if (!next_text(c, &f_report, s, &id) || !element_read(c, &e))
		return false;
	cur_skip(&e.content, 1);
	unsigned options = cur_be16(&e.content);
	if (!cur_ok(&e.content) || (options & HAS_SEQUENCE && !next_number(c, &f_sequence, s)) ||
		!skip_elements(c, options & HAS_TIME ? 1 : 0))
		return false;
	*data_set = id; /* without a name of the data set, the report's own stands for it */
	if (options & HAS_DATA_SET && !next_text(c, &f_data_set, s, data_set))
		return false;
	if (!skip_elements(c, (options & HAS_OVERFLOW ? 1 : 0) + (options & HAS_ENTRY ? 1 : 0)) ||
		(options & HAS_REVISION && !next_number(c, &f_revision, s)) ||
		!skip_elements(c, options & HAS_SEGMENTS ? 2 : 0) || !element_read(c, &e))
		return false;
	*included = e.content;
	unsigned count = 0;
	struct cur bits = e.content;
	cur_skip(&bits, 1);
	while (bits.left)
		count += (unsigned)__builtin_popcount(cur_u8(&bits));
	return skip_elements(c, options & HAS_REFERENCES ? count : 0);
}

/* The members of the data set that are in this report, by the bits of its inclusion. */
static bool read_report_data(struct scene *s, struct cur c, struct cur name, struct cur included)
{
	struct values v = { .name = name, .list = true };
	struct data_reader r = { .s = s, .names = &mms_data_names, .leaf = take_leaf, .self = &v };
	struct element e;
	cur_skip(&included, 1);
	for (unsigned n = 1; included.left;) {
		uint8_t bits = cur_u8(&included);
		for (unsigned bit = 0; bit < 8; bit++, n++) {
			if (!(bits & 0x80u >> bit))
				continue;
			fact_uint(s, &f_included, n);
			v.entry = n;
			if (!element_read(&c, &e) || e.number == FAILURE || !data_read(&r, &e))
				return false;
		}
	}
	struct values reasons = { .name = cur_bad() };
	return add_results(s, c, &reasons);
}

static bool read_61850_report(struct scene *s, struct cur c)
{
	struct values v = { .name = cur_bad() };
	struct cur data_set, included, head = c;
	if (!read_report_head(s, &head, &data_set, &included))
		return add_results(s, c, &v);
	/* What stands in front of the data, then the data with its places. */
	struct cur front = cur_upto(&c, c.left - head.left);
	if (!add_results(s, front, &v))
		return false;
	return read_report_data(s, head, data_set, included);
}

bool mms_read_report(struct scene *s, struct cur c)
{
	struct element e;
	struct mms_asked said = { 0 };
	if (!element_read(&c, &e) || !mms_add_specification(s, &e, &said) ||
		!element_read(&c, &e) || e.class != BER_CONTEXT || e.number != 0)
		return false;
	struct cur name = mms_name_at(&said, 0);
	if (said.list && name.left == 3 && cur_starts(&name, "RPT"))
		return read_61850_report(s, e.content);
	struct values v = { .asked = &said, .list = said.list, .name = cur_bad() };
	return add_results(s, e.content, &v);
}

/* --- points --- */

void mms_point_name(const struct point_at *at, char name[POINT_NAME])
{
	char path[POINT_NAME] = "";
	const struct point_at inner = { .area = at->area, .symbol = (const uint8_t *)"" };
	data_point_name(&inner, path);
	if (at->index)
		snprintf(name, POINT_NAME, "entry %u%s of %.*s", at->index, path,
			(int)at->symbol_size, (const char *)at->symbol);
	else
		snprintf(name, POINT_NAME, "%.*s%s", (int)at->symbol_size, (const char *)at->symbol,
			path);
}
