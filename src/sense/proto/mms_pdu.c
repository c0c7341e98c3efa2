/* The units of ISO 9506-2, 7: calls and their answers, errors, reports, and the association's own.
 */
#include "sense/proto/ber.h"
#include "sense/proto/mms.h"

static const struct field f_invoke = { "mms.invokeID", BE32 | NUMBERING };
static const struct field f_request = { "mms.confirmedServiceRequest", U8 };
static const struct field f_response = { "mms.confirmedServiceResponse", U8 };
static const struct field f_unconfirmed = { "mms.unconfirmedService", U8 };
static const struct field f_original = { "mms.originalInvokeID", BE32 | NUMBERING };
static const struct field f_reject = { "mms.rejectReason", U8 };
static const struct field f_reject_code = { "mms.reject_code", U8 };
static const struct field f_error_class = { "mms.errorClass", U8, 0, 12 };
static const struct field f_error_code = { "mms.error_code", U8 };
static const struct field f_additional_code = { "mms.additionalCode", SBE32 };
static const struct field f_description = { "mms.additionalDescription", TEXT };
static const struct field f_logical = { "mms.vmdLogicalStatus", U8 };
static const struct field f_physical = { "mms.vmdPhysicalStatus", U8 };

/* What both sides may do, once asked for and once agreed. */
static const struct field detail[2][5] = {
	{ { "mms.localDetailCalling", SBE32 }, { "mms.proposedMaxServOutstandingCalling", SBE16 },
		{ "mms.proposedMaxServOutstandingCalled", SBE16 },
		{ "mms.proposedDataStructureNestingLevel", U8 } },
	{ { "mms.localDetailCalled", SBE32 }, { "mms.negociatedMaxServOutstandingCalling", SBE16 },
		{ "mms.negociatedMaxServOutstandingCalled", SBE16 },
		{ "mms.negociatedDataStructureNestingLevel", U8 } },
};
static const struct field f_version[2] = { { "mms.proposedVersionNumber", BE16 },
	{ "mms.negociatedVersionNumber", BE16 } };
static const struct field f_parameters[2] = { { "mms.proposedParameterCBB", BYTES },
	{ "mms.negociatedParameterCBB", BYTES } };
static const struct field f_services[2] = { { "mms.servicesSupportedCalling", BYTES },
	{ "mms.servicesSupportedCalled", BYTES } };

/* Both sides may ask: the asking side is part of the key. */
static uint32_t key_of(const struct scene *s, uint64_t invoke, bool asking)
{
	uint32_t side = asking ? s->side : 1u - s->side;
	return (uint32_t)invoke << 1 | side;
}

void mms_asks(struct scene *s, uint32_t what)
{
	ask_put(s, key_of(s, what, true));
}

void mms_answers(struct scene *s, uint32_t what)
{
	ask_take(s, key_of(s, what, false));
}

static void say_roles(struct scene *s, bool asks)
{
	struct mms_state *state = s->state;
	if (state->roles)
		return;
	state->roles = true;
	if (asks)
		scene_client(s);
	else
		scene_server(s);
}

/* --- calls --- */

static enum parsed read_request(struct scene *s, struct cur c, const struct mms_association *a)
{
	struct element e;
	uint64_t invoke;
	if (!ber_number(ber_expect(&c, BER_INTEGER), false, &invoke))
		return PARSED_BAD;
	if (cur_peek(&c, 0) == 0x30 && !element_read(&c, &e)) /* modifiers: what to wait for */
		return PARSED_BAD;
	if (!element_read(&c, &e) || e.class != BER_CONTEXT)
		return PARSED_BAD;
	say_roles(s, true);
	bool known = e.number <= MMS_SERVICE_LAST;
	unsigned service = known ? (unsigned)e.number : MMS_ROW_UNKNOWN;
	uint32_t row = mms_row_of(service, e.content);
	mms_begin(s, row, DIR_REQUEST, a);
	fact_uint(s, &f_invoke, invoke);
	fact_uint(s, &f_request, e.number);
	struct mms_asked unkept = { 0 };
	struct mms_asked *asked = ask_put(s, key_of(s, invoke, true));
	if (!asked)
		asked = &unkept;
	asked->row = (uint16_t)row;
	asked->service = (uint8_t)service;
	bool good = !known ? true
		: service == MMS_READ || service == MMS_WRITE || service == MMS_DEFINE_LIST ||
			service == MMS_DEFINE_TYPE
		? mms_read_request(s, service, e.content, asked)
		: mms_read_body(s, service, DIR_REQUEST, &e);
	return good ? PARSED_WHOLE : PARSED_BAD;
}

static enum parsed read_response(struct scene *s, struct cur c, const struct mms_association *a)
{
	struct element e;
	uint64_t invoke;
	if (!ber_number(ber_expect(&c, BER_INTEGER), false, &invoke) || !element_read(&c, &e) ||
		e.class != BER_CONTEXT)
		return PARSED_BAD;
	say_roles(s, false);
	struct mms_asked *asked = ask_take(s, key_of(s, invoke, false));
	if (asked && asked->service != e.number)
		asked = NULL; /* an answer to something else: its names are not this one's */
	bool known = e.number <= MMS_SERVICE_LAST;
	unsigned service = known ? (unsigned)e.number : MMS_ROW_UNKNOWN;
	mms_begin(s, asked ? asked->row : service, DIR_RESPONSE, a);
	fact_uint(s, &f_invoke, invoke);
	fact_uint(s, &f_response, e.number);
	bool good = !known ? true
		: service == MMS_READ || service == MMS_WRITE
		? mms_read_answer(s, service, e.content, asked)
		: mms_read_body(s, service, DIR_RESPONSE, &e);
	return good ? PARSED_WHOLE : PARSED_BAD;
}

/* --- errors --- */

/* ISO 9506-2, 7.4.3: ServiceError: a class, and a code that the class explains. */
static bool add_error(struct scene *s, struct cur c)
{
	struct element e, kind;
	uint64_t code;
	while (c.left) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT)
			return false;
		struct cur in = e.content;
		if (e.number == 0) {
			if (!element_read(&in, &kind) || !ber_number(kind.content, false, &code))
				return false;
			fact_uint(s, &f_error_class, kind.number);
			fact_uint(s, &f_error_code, code);
		} else if (e.number == 1) {
			if (!ber_number(in, true, &code))
				return false;
			fact_int(s, &f_additional_code, (int64_t)code);
		} else if (e.number == 2) {
			fact_text(s, &f_description, in.at, in.left);
		}
	}
	return true;
}

static enum parsed read_error(struct scene *s, struct cur c, const struct mms_association *a)
{
	struct cur id, error = { 0 };
	struct element e;
	uint64_t invoke;
	if (!element_expect(&c, 0, &id) || !ber_number(id, false, &invoke))
		return PARSED_BAD;
	while (c.left) {
		if (!element_read(&c, &e))
			return PARSED_BAD;
		if (e.class == BER_CONTEXT && e.number == 2)
			error = e.content;
	}
	say_roles(s, false);
	const struct mms_asked *asked = ask_take(s, key_of(s, invoke, false));
	mms_begin(s, asked ? asked->row : MMS_ROW_UNKNOWN, DIR_RESPONSE, a);
	fact_failed(s);
	fact_uint(s, &f_invoke, invoke);
	return add_error(s, error) ? PARSED_WHOLE : PARSED_BAD;
}

/* What was sent was no message: the kind of it, and what was wrong. */
static enum parsed read_reject(struct scene *s, struct cur c, const struct mms_association *a)
{
	struct element e;
	uint64_t invoke = 0, code = 0;
	bool has_invoke = cur_peek(&c, 0) == (BER_CONTEXT << 6 | 0);
	if (has_invoke && (!element_read(&c, &e) || !ber_number(e.content, false, &invoke)))
		return PARSED_BAD;
	if (!element_read(&c, &e) || e.class != BER_CONTEXT || !ber_number(e.content, true, &code))
		return PARSED_BAD;
	if (has_invoke)
		ask_take(s, key_of(s, invoke, false));
	mms_begin(s, MMS_ROW_REJECT, DIR_RESPONSE, a);
	fact_failed(s);
	if (has_invoke)
		fact_uint(s, &f_original, invoke);
	fact_uint(s, &f_reject, e.number);
	fact_uint(s, &f_reject_code, code);
	return PARSED_WHOLE;
}

/* --- unasked --- */

static bool add_status(struct scene *s, struct cur c)
{
	struct element e;
	uint64_t v;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (e.number <= 1) {
			if (!ber_number(e.content, false, &v))
				return false;
			fact_uint(s, e.number == 0 ? &f_logical : &f_physical, v);
		}
	}
	return true;
}

/* Whose event it is: the enrollment, and the condition that came true. */
static bool add_event(struct scene *s, struct cur c)
{
	struct element e;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (e.class == BER_CONTEXT && e.number <= 1 && !mms_add_name(s, &e.content, NULL))
			return false;
	}
	return true;
}

static enum parsed read_unconfirmed(struct scene *s, struct cur c, const struct mms_association *a)
{
	struct element e;
	if (!element_read(&c, &e) || e.class != BER_CONTEXT)
		return PARSED_BAD;
	say_roles(s, false);
	mms_begin(s,
		e.number <= 2 ? MMS_ROW_UNCONFIRMED + e.number
			      : (uint32_t)MMS_ROW_UNCONFIRMED_UNKNOWN,
		DIR_OTHER, a);
	fact_uint(s, &f_unconfirmed, e.number);
	bool good = e.number == 0 ? mms_read_report(s, e.content)
		: e.number == 1   ? add_status(s, e.content)
		: e.number == 2   ? add_event(s, e.content)
				  : true;
	return good ? PARSED_WHOLE : PARSED_BAD;
}

/* --- the association --- */

static void add_bits(struct scene *s, const struct field *f, struct cur c)
{
	cur_skip(&c, 1); /* how many of the last bits say nothing */
	if (cur_ok(&c))
		fact_bytes(s, f, c.at, c.left);
}

static bool add_details(struct scene *s, struct cur c, unsigned answer)
{
	struct element e;
	uint64_t v;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (e.number == 0 && ber_number(e.content, false, &v))
			fact_uint(s, &f_version[answer], v);
		else if (e.number == 1)
			add_bits(s, &f_parameters[answer], e.content);
		else if (e.number == 2)
			add_bits(s, &f_services[answer], e.content);
	}
	return true;
}

static enum parsed read_initiate(
	struct scene *s, struct cur c, const struct mms_association *a, bool answer)
{
	struct element e;
	uint64_t v;
	say_roles(s, !answer);
	if (answer)
		mms_answers(s, MMS_ASKED_INITIATE);
	bool login = a->has_password && !answer;
	mms_begin(s, login ? MMS_ROW_LOGIN : MMS_ROW_INITIATE, answer ? DIR_RESPONSE : DIR_REQUEST,
		a);
	if (!answer)
		mms_asks(s, MMS_ASKED_INITIATE);
	while (c.left) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT)
			return PARSED_BAD;
		if (e.number == 4) {
			if (!add_details(s, e.content, answer))
				return PARSED_BAD;
		} else if (e.number < 4) {
			if (!ber_number(e.content, true, &v))
				return PARSED_BAD;
			fact_int(s, &detail[answer][e.number], (int64_t)v);
		}
	}
	return PARSED_WHOLE;
}

static enum parsed read_ending(
	struct scene *s, const struct element *e, const struct mms_association *a)
{
	static const struct {
		uint16_t row;
		uint8_t dir;
		bool error;
		uint32_t asked;
	} endings[] = {
		[MMS_CANCEL] = { MMS_ROW_CANCEL, DIR_REQUEST, false, 0 },
		[MMS_CANCEL_RESPONSE] = { MMS_ROW_CANCEL, DIR_RESPONSE, false, 0 },
		[MMS_CANCEL_ERROR] = { MMS_ROW_CANCEL, DIR_RESPONSE, true, 0 },
		[MMS_INITIATE_ERROR] = { MMS_ROW_INITIATE, DIR_RESPONSE, true, MMS_ASKED_INITIATE },
		[MMS_CONCLUDE] = { MMS_ROW_CONCLUDE, DIR_REQUEST, false, MMS_ASKED_CONCLUDE },
		[MMS_CONCLUDE_RESPONSE] = { MMS_ROW_CONCLUDE, DIR_RESPONSE, false,
			MMS_ASKED_CONCLUDE },
		[MMS_CONCLUDE_ERROR] = { MMS_ROW_CONCLUDE, DIR_RESPONSE, true, MMS_ASKED_CONCLUDE },
	};
	bool asks = endings[e->number].dir == DIR_REQUEST;
	uint32_t asked = endings[e->number].asked;
	struct element in;
	struct cur c = e->content;
	uint64_t invoke = 0;
	mms_begin(s, endings[e->number].row, endings[e->number].dir, a);
	if (endings[e->number].error)
		fact_failed(s);
	if (e->number == MMS_CANCEL || e->number == MMS_CANCEL_RESPONSE) {
		if (!ber_number(c, false, &invoke))
			return PARSED_BAD;
		fact_uint(s, &f_original, invoke);
	} else if (e->number == MMS_CANCEL_ERROR) {
		struct cur id;
		if (!element_expect(&c, 0, &id) || !ber_number(id, false, &invoke) ||
			!element_read(&c, &in) || !add_error(s, in.content))
			return PARSED_BAD;
		fact_uint(s, &f_original, invoke);
	} else if (endings[e->number].error && !add_error(s, c)) {
		return PARSED_BAD;
	}
	if (!asked)
		asked = MMS_ASKED_CANCEL | (uint32_t)invoke;
	if (asks)
		mms_asks(s, asked);
	else
		mms_answers(s, asked);
	return PARSED_WHOLE;
}

enum parsed mms_read_pdu(struct scene *s, struct cur c, const struct mms_association *a)
{
	struct element e;
	if (!element_read(&c, &e) || e.class != BER_CONTEXT)
		return PARSED_BAD;
	enum parsed how = PARSED_BAD;
	switch (e.number) {
	case MMS_REQUEST:
		how = read_request(s, e.content, a);
		break;
	case MMS_RESPONSE:
		how = read_response(s, e.content, a);
		break;
	case MMS_ERROR:
		how = read_error(s, e.content, a);
		break;
	case MMS_UNCONFIRMED:
		how = read_unconfirmed(s, e.content, a);
		break;
	case MMS_REJECT:
		how = read_reject(s, e.content, a);
		break;
	case MMS_INITIATE:
	case MMS_INITIATE_RESPONSE:
		how = read_initiate(s, e.content, a, e.number == MMS_INITIATE_RESPONSE);
		break;
	default:
		if (e.number <= MMS_CONCLUDE_ERROR)
			how = read_ending(s, &e, a);
		break;
	}
	if (how == PARSED_WHOLE)
		fact_end(s);
	return how;
}
