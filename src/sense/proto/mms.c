/* MMS: ISO 9506, as IEC 61850-8-1 and TASE.2 (ICCP, IEC 60870-6) use it.
 *
 * Below it on the ISO transport: the session (ISO 8327-1), the presentation (ISO 8823-1) and the
 * association (ISO 8650-1), each of which says something once, when the association begins, and
 * then only wraps.  What they say is told with the MMS unit they carry.  Some devices leave them
 * out and send MMS right on the transport. */
#include "sense/proto/ber.h"
#include "sense/proto/mms.h"

/* ISO 8327-1, 8.3: SPDU identifiers; data is the pair "give tokens" and "data transfer". */
enum spdu {
	SPDU_DATA = 1,
	SPDU_FINISH = 9,
	SPDU_DISCONNECT = 10,
	SPDU_REFUSE = 12,
	SPDU_CONNECT = 13,
	SPDU_ACCEPT = 14,
	SPDU_ABORT = 25,
	SPDU_ABORT_ACCEPT = 26,
};

/* ISO 8327-1, annex C: parameters */
enum {
	PARAMETER_REASON = 50, /* of a refusal: why, and then what the layer above says */
	PARAMETER_CALLING = 51,
	PARAMETER_CALLED = 52,
	PARAMETER_USER_DATA = 193,
	PARAMETER_EXTENDED = 194,
};

/* ISO 8650-1, 9: APDUs, application class */
enum { AARQ = 0, AARE = 1, RLRQ = 2, RLRE = 3, ABRT = 4 };

/* ISO 8650-1, Associate-source-diagnostic: 11 to 14 are about authentication. */
enum { DIAGNOSTIC_AUTHENTICATION = 11, DIAGNOSTIC_AUTHENTICATION_LAST = 14 };

enum { CONTAINER = 0x30, USER_DATA = 1, PDV_MAX = 16, MMS_LAST = MMS_CONCLUDE_ERROR };

/* 1.0.9506: everything ISO 9506 registers begins so. */
static const uint8_t iso_9506[] = { 0x28, 0xca, 0x22 };

static const struct field f_spdu = { "ses.type", U8 };
static const struct field f_calling_session = { "ses.calling_session_selector", BYTES };
static const struct field f_called_session = { "ses.called_session_selector", BYTES };
static const struct field f_calling_presentation = { "pres.calling_presentation_selector", BYTES };
static const struct field f_called_presentation = { "pres.called_presentation_selector", BYTES };
static const struct field f_responding_presentation = { "pres.responding_presentation_selector",
	BYTES };
static const struct field f_context = { "acse.aSO_context_name", TEXT };
static const struct field f_called_title = { "acse.called_AP_title", TEXT };
static const struct field f_called_qualifier = { "acse.called_AE_qualifier", SBE32 };
static const struct field f_calling_title = { "acse.calling_AP_title", TEXT };
static const struct field f_calling_qualifier = { "acse.calling_AE_qualifier", SBE32 };
static const struct field f_responding_title = { "acse.responding_AP_title", TEXT };
static const struct field f_responding_qualifier = { "acse.responding_AE_qualifier", SBE32 };
static const struct field f_result = { "acse.result", U8 };
static const struct field f_diagnostic = { "acse.diagnostic", U8 };
static const struct field f_password = { "acse.password", TEXT };

/* --- the association's values --- */

static void add_bytes(struct scene *s, const struct field *f, const struct cur *c)
{
	if (c->left)
		fact_bytes(s, f, c->at, c->left);
}

/* Form 2 of titles is an object identifier, of qualifiers a number; form 1 is a directory name. */
static void add_title(struct scene *s, const struct field *f, struct cur c)
{
	char text[BER_OBJECT];
	struct element e;
	if (!c.left || !element_read(&c, &e) || e.class != BER_UNIVERSAL || e.number != 6)
		return;
	size_t size = ber_object(e.content, text);
	char *kept = size ? scene_scratch(s, size) : NULL;
	if (kept)
		fact_text(s, f, memcpy(kept, text, size), size);
}

static void add_qualifier(struct scene *s, const struct field *f, struct cur c)
{
	uint64_t v;
	if (c.left && ber_number(ber_expect(&c, BER_INTEGER), true, &v))
		fact_int(s, f, (int64_t)v);
}

void mms_begin(struct scene *s, uint32_t row, enum dir dir, const struct mms_association *a)
{
	const struct msg *m = msg_find(mms_rows, row, dir);
	fact_begin(s, m ? m : msg_find(mms_rows, MMS_ROW_UNKNOWN, dir));
	if (a->spdu == 0 || a->spdu == SPDU_DATA)
		return;
	fact_uint(s, &f_spdu, a->spdu);
	add_bytes(s, &f_calling_session, &a->calling_session);
	add_bytes(s, &f_called_session, &a->called_session);
	add_bytes(s, &f_calling_presentation, &a->calling_presentation);
	add_bytes(s, &f_called_presentation, &a->called_presentation);
	add_bytes(s, &f_responding_presentation, &a->responding_presentation);
	add_title(s, &f_context, a->context);
	add_title(s, &f_called_title, a->called_title);
	add_qualifier(s, &f_called_qualifier, a->called_qualifier);
	add_title(s, &f_calling_title, a->calling_title);
	add_qualifier(s, &f_calling_qualifier, a->calling_qualifier);
	add_title(s, &f_responding_title, a->responding_title);
	add_qualifier(s, &f_responding_qualifier, a->responding_qualifier);
	if (a->has_result) {
		fact_uint(s, &f_result, a->result);
		if (a->result != 0)
			fact_failed(s);
	}
	if (a->has_diagnostic)
		fact_uint(s, &f_diagnostic, a->diagnostic);
	if (a->has_password)
		fact_secret(s, &f_password, a->password.at, a->password.left);
}

/* --- association (ISO 8650-1) --- */

/* user-information: EXTERNALs, whose single type is the MMS unit. */
static struct cur find_user_information(struct cur c)
{
	struct element e, in;
	while (c.left && element_read(&c, &e)) {
		struct cur parts = e.content;
		while (parts.left && element_read(&parts, &in))
			if (in.class == BER_CONTEXT && in.number == 0)
				return in.content;
	}
	return cur_bad();
}

static void read_number_of(struct cur c, bool *has, uint64_t *v)
{
	struct element e;
	/* A choice of two sources, or the number itself. */
	if (!element_read(&c, &e))
		return;
	struct cur in = e.content;
	*has = ber_number(e.made ? ber_expect(&in, BER_INTEGER) : e.content, false, v);
}

/* Tags of AARQ and AARE that have one meaning in one and another in the other. */
static void read_association_part(
	const struct element *e, bool asks, struct mms_association *a, struct cur *mms)
{
	struct cur c = e->content;
	struct element value;
	switch (e->number) {
	case 1:
		a->context = c;
		break;
	case 2:
		if (asks)
			a->called_title = c;
		else
			read_number_of(c, &a->has_result, &a->result);
		break;
	case 3:
		if (asks)
			a->called_qualifier = c;
		else
			read_number_of(c, &a->has_diagnostic, &a->diagnostic);
		break;
	case 4:
		if (!asks)
			a->responding_title = c;
		break;
	case 5:
		if (!asks)
			a->responding_qualifier = c;
		break;
	case 6:
		if (asks)
			a->calling_title = c;
		break;
	case 7:
		if (asks)
			a->calling_qualifier = c;
		break;
	case 10:
	case 12:
		/* authentication-value: of the one who answers, and of the one who asks */
		if (e->made && element_read(&c, &value)) {
			a->has_password = true;
			a->password = value.content;
		}
		break;
	case 30:
		*mms = find_user_information(c);
		break;
	default:
		break;
	}
}

static bool read_apdu(const struct element *apdu, struct mms_association *a, struct cur *mms)
{
	struct cur c = apdu->content;
	struct element e;
	bool associates = apdu->number == AARQ || apdu->number == AARE;
	while (c.left) {
		if (!element_read(&c, &e))
			return false;
		if (associates && e.class == BER_CONTEXT)
			read_association_part(&e, apdu->number == AARQ, a, mms);
	}
	return true;
}

/* --- presentation (ISO 8823-1) --- */

/* The values of fully-encoded-data; each is an association's unit or one of MMS. */
static struct cur next_value(struct cur *list)
{
	struct cur in = ber_expect(list, CONTAINER);
	struct element e;
	while (in.left && element_read(&in, &e))
		if (e.class == BER_CONTEXT)
			return e.content;
	return cur_bad();
}

/* Connect and its answers: mode, parameters, and the user data at their end. */
static struct cur read_connect(struct cur c, struct mms_association *a)
{
	struct element e, part;
	struct cur none = cur_bad();
	if (!element_read(&c, &e) || e.class != BER_UNIVERSAL)
		return none;
	/* Parameters of the normal mode stand in element 2; a refusal has them right here. */
	struct cur in = e.content, parts = e.content;
	while (in.left && element_read(&in, &part))
		if (part.class == BER_CONTEXT && part.number == 2 && part.made)
			parts = part.content;
	while (parts.left && element_read(&parts, &part)) {
		if (part.class == BER_APPLICATION && part.number == USER_DATA)
			return part.content;
		if (part.class != BER_CONTEXT || part.made)
			continue;
		if (part.number == 1)
			a->calling_presentation = part.content;
		else if (part.number == 2)
			a->called_presentation = part.content;
		else if (part.number == 3)
			a->responding_presentation = part.content;
	}
	return none;
}

/* --- session (ISO 8327-1) --- */

static size_t read_length(struct cur *c)
{
	uint8_t size = cur_u8(c);
	return size == 0xff ? cur_be16(c) : size;
}

/* Parameters, one in another where they are groups; gives the user data. */
static struct cur read_parameters(struct cur c, struct mms_association *a)
{
	struct cur user = cur_bad();
	while (c.left) {
		uint8_t code = cur_u8(&c);
		struct cur value = cur_sub(&c, read_length(&c));
		if (!cur_ok(&c))
			break;
		if (code == PARAMETER_CALLING)
			a->calling_session = value;
		else if (code == PARAMETER_CALLED)
			a->called_session = value;
		else if (code == PARAMETER_USER_DATA || code == PARAMETER_EXTENDED)
			user = value;
		else if (code == PARAMETER_REASON && a->spdu == SPDU_REFUSE && value.left > 1) {
			cur_skip(&value, 1);
			user = value;
		}
	}
	return user;
}

static bool is_data(struct cur *c)
{
	/* "Give tokens" without parameters, then "data transfer" with few or none. */
	if (cur_u8(c) != SPDU_DATA || cur_u8(c) != 0 || cur_u8(c) != SPDU_DATA)
		return false;
	cur_skip(c, read_length(c));
	return cur_ok(c);
}

/* --- whose is it? --- */

static bool mentions_9506(struct cur c)
{
	for (; c.left >= sizeof iso_9506; cur_skip(&c, 1)) {
		size_t i = 0;
		while (i < sizeof iso_9506 && cur_peek(&c, i) == iso_9506[i])
			i++;
		if (i == sizeof iso_9506)
			return true;
	}
	return false;
}

/* Invocation number, then a service that exists, and nothing behind it but what may stand there. */
static bool is_confirmed(struct cur c)
{
	struct element e;
	uint64_t number;
	if (!ber_number(ber_expect(&c, BER_INTEGER), false, &number) || number > UINT32_MAX)
		return false;
	if (cur_peek(&c, 0) == CONTAINER && !element_read(&c, &e)) /* modifiers */
		return false;
	return element_read(&c, &e) && e.class == BER_CONTEXT && e.number <= MMS_SERVICE_LAST &&
		c.left == 0;
}

static bool is_initiate(struct cur c)
{
	struct element e;
	unsigned seen = 0;
	while (c.left) {
		if (!element_read(&c, &e) || e.class != BER_CONTEXT || e.number > 4 ||
			e.made != (e.number == 4))
			return false;
		seen |= 1u << e.number;
	}
	return (seen & 0x16) == 0x16; /* both numbers of open calls, and the details */
}

static bool is_error(struct cur c)
{
	struct element e;
	uint64_t number;
	struct cur id;
	if (!element_expect(&c, 0, &id) || !ber_number(id, false, &number))
		return false;
	while (c.left)
		if (!element_read(&c, &e) || e.class != BER_CONTEXT || e.number < 1 || e.number > 2)
			return false;
	return true;
}

static bool is_report(struct cur c)
{
	struct element e, first, second;
	if (!element_read(&c, &e) || c.left || e.class != BER_CONTEXT || !e.made || e.number != 0)
		return false;
	struct cur in = e.content;
	return element_read(&in, &first) && element_read(&in, &second) && in.left == 0 &&
		first.class == BER_CONTEXT && first.made && first.number <= 1 &&
		second.class == BER_CONTEXT && second.made && second.number == 0;
}

/* One unit of MMS from its first byte to its last, by what the standard promises of it. */
static bool is_mms(struct cur c)
{
	struct element e;
	if (!element_read(&c, &e) || c.left || e.class != BER_CONTEXT || !e.made)
		return false;
	switch (e.number) {
	case MMS_REQUEST:
	case MMS_RESPONSE:
		return is_confirmed(e.content);
	case MMS_ERROR:
		return is_error(e.content);
	case MMS_UNCONFIRMED:
		return is_report(e.content);
	case MMS_INITIATE:
	case MMS_INITIATE_RESPONSE:
		return is_initiate(e.content);
	default:
		return false;
	}
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct mms_association a = { 0 };
	int first = cur_peek(&c, 0);
	if (first == SPDU_CONNECT || first == SPDU_ACCEPT) {
		cur_skip(&c, 1);
		struct cur in = cur_sub(&c, read_length(&c));
		if (!cur_ok(&in) || c.left)
			return PROBE_NO;
		struct cur user = read_parameters(in, &a);
		return cur_ok(&user) && mentions_9506(user) ? PROBE_YES : PROBE_NO;
	}
	if (first != SPDU_DATA)
		return is_mms(c) ? PROBE_YES : PROBE_NO;
	struct element e;
	if (!is_data(&c) || !element_read(&c, &e) || c.left || e.class != BER_APPLICATION ||
		e.number != USER_DATA)
		return PROBE_NO;
	struct cur value = next_value(&e.content);
	return cur_ok(&value) && is_mms(value) ? PROBE_YES : PROBE_NO;
}

/* --- parse --- */

/* A unit without MMS in it: the session ends, or was never granted. */
static void tell_session(struct scene *s, const struct mms_association *a)
{
	switch (a->spdu) {
	case SPDU_CONNECT:
		mms_begin(s, MMS_ROW_INITIATE, DIR_REQUEST, a);
		mms_asks(s, MMS_ASKED_INITIATE);
		break;
	case SPDU_ACCEPT:
	case SPDU_REFUSE:
		mms_begin(s,
			a->has_diagnostic && a->diagnostic >= DIAGNOSTIC_AUTHENTICATION &&
					a->diagnostic <= DIAGNOSTIC_AUTHENTICATION_LAST
				? MMS_ROW_LOGIN
				: MMS_ROW_INITIATE,
			DIR_RESPONSE, a);
		mms_answers(s, MMS_ASKED_INITIATE);
		if (a->spdu == SPDU_REFUSE)
			fact_failed(s);
		break;
	case SPDU_FINISH:
		mms_begin(s, MMS_ROW_RELEASE, DIR_REQUEST, a);
		mms_asks(s, MMS_ASKED_RELEASE);
		break;
	case SPDU_DISCONNECT:
		mms_begin(s, MMS_ROW_RELEASE, DIR_RESPONSE, a);
		mms_answers(s, MMS_ASKED_RELEASE);
		break;
	case SPDU_ABORT:
	case SPDU_ABORT_ACCEPT:
		mms_begin(s, MMS_ROW_ABORT, DIR_OTHER, a);
		break;
	default:
		mms_begin(s, MMS_ROW_SESSION, DIR_OTHER, a);
		break;
	}
	fact_end(s);
}

static enum parsed parse_values(struct scene *s, struct cur list, struct mms_association *a)
{
	bool told = false;
	for (unsigned n = 0; list.left && n < PDV_MAX; n++) {
		struct cur value = next_value(&list), mms = value;
		struct element e;
		if (!cur_ok(&value) || !element_read(&value, &e))
			return PARSED_BAD;
		if (e.class == BER_APPLICATION) {
			mms = cur_bad();
			if (e.number > ABRT || !read_apdu(&e, a, &mms))
				return PARSED_BAD;
		}
		if (!cur_ok(&mms) || mms.left == 0)
			continue;
		enum parsed how = mms_read_pdu(s, mms, a);
		if (how != PARSED_WHOLE)
			return how;
		told = true;
	}
	if (!told)
		tell_session(s, a);
	return PARSED_WHOLE;
}

static enum parsed parse_session(struct scene *s, struct cur c)
{
	struct mms_association a = { .spdu = cur_u8(&c) };
	struct cur in = cur_sub(&c, read_length(&c));
	if (!cur_ok(&in))
		return PARSED_BAD;
	struct cur user = read_parameters(in, &a);
	struct cur list = cur_bad();
	struct element e;
	if (a.spdu == SPDU_CONNECT)
		scene_client(s);
	else if (a.spdu == SPDU_ACCEPT || a.spdu == SPDU_REFUSE)
		scene_server(s);
	if (cur_ok(&user) && user.left) {
		struct cur look = user;
		if (a.spdu == SPDU_CONNECT || a.spdu == SPDU_ACCEPT || a.spdu == SPDU_REFUSE)
			list = read_connect(user, &a);
		else if (element_read(&look, &e) && e.class == BER_APPLICATION &&
			e.number == USER_DATA)
			list = e.content;
	}
	if (cur_ok(&list) && list.left)
		return parse_values(s, list, &a);
	tell_session(s, &a);
	return PARSED_WHOLE;
}

static enum parsed parse_data(struct scene *s, struct cur c)
{
	struct mms_association a = { .spdu = SPDU_DATA };
	struct element e;
	if (!is_data(&c))
		return PARSED_BAD;
	if (c.left == 0)
		return PARSED_WHOLE;
	if (!element_read(&c, &e) || e.class != BER_APPLICATION || e.number != USER_DATA)
		return PARSED_BAD;
	return parse_values(s, e.content, &a);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	static const struct mms_association none;
	int first = cur_peek(&c, 0);
	enum parsed how = first < 0         ? PARSED_BAD
		: first >> 6 == BER_CONTEXT ? mms_read_pdu(s, c, &none)
		: first == SPDU_DATA        ? parse_data(s, c)
					    : parse_session(s, c);
	return how == PARSED_BAD && s->cut ? PARSED_CUT : how;
}

const struct proto proto_mms = {
	.name = "mms",
	.title = "MMS (IEC 61850, ICCP)",
	.standard = "ISO 9506, ISO 8650-1, IEC 61850-8-1",
	.reads =
		"associations, all services with names, values, refusals; controls, reports, files, programs, identity",
	.seen = "12 captures: AREVA e-terracomm (ICCP), an S61850 server, requests to a trap",
	.over = OVER_COTP,
	.begins = "01 0d 0e a0-a4 a8 a9",
	.ot = true,
	.probe = probe,
	.parse = parse,
	.state_size = sizeof(struct mms_state),
	.asks = 16, /* calls open at a time: peers agree on 1 to 20 */
	.ask_size = sizeof(struct mms_asked),
	.point_name = mms_point_name,
};
