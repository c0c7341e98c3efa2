/* OPC UA secure channels: OPC 10000-6, 6.7.  A message is cut into chunks, each with a header of
 * its own and, where a channel signs, a signature behind it.  What they hold together is one
 * request or one answer.  Without security, and where a channel only signs, it is read; where it
 * encrypts, that is told and no more. */
#include "base/attr.h"
#include "sense/proto/opcua.h"
#include "sense/proto/tls.h"

enum { CHUNK_HEADER = 24, CHANNEL_AT = 8, REQUEST_AT = 20 }; /* between them token, sequence */
enum { CHUNK_MAX = 64 * 1024 * 1024 };
enum { SERVICE_FAULT = 397, OPEN = 446, INVOKE = 15903, INVOKED = 21001 };

const char opcua_kinds[OPCUA_MESSAGES][4] = { "HEL", "ACK", "ERR", "RHE", "OPN", "MSG", "CLO" };

static const struct field f_type = { "opcua.transport.type", TEXT, 0, 0 };
static const struct field f_chunk = { "opcua.transport.chunk", TEXT, 0, 0 };
static const struct field f_size = { "opcua.transport.size", LE32, 0, 0 };
static const struct field f_channel = { "opcua.transport.scid", LE32, 0, 0 };
static const struct field f_error = { "opcua.transport.error", LE32, 0, 0 };
static const struct field f_reason = { "opcua.transport.reason", TEXT, 0, 0 };
static const struct field f_error_name = { "opcua.status", TEXT, 0, 0 };
static const struct field f_policy = { "opcua.security.spu", TEXT, 0, 0 };
static const struct field f_thumbprint = { "opcua.security.rcthumb", BYTES, 0, 0 };
static const struct field f_token = { "opcua.security.tokenid", LE32, 0, 0 };
static const struct field f_sequence = { "opcua.security.seq", LE32 | NUMBERING, 0, 0 };
static const struct field f_request = { "opcua.security.rqid", LE32 | NUMBERING, 0, 0 };
static const struct field f_service = { "opcua.servicenodeid.numeric", LE32, 0, 0 };

static const struct msg row_abort = { 4, DIR_OTHER, ACT_OTHER, 0, "abort", NULL };
static const struct msg row_encrypted = { 5, DIR_OTHER, ACT_OTHER, 0, "encrypted_message", NULL };
static const struct msg row_open_ask = { OPEN, DIR_REQUEST, ACT_OTHER, 0, "open_secure_channel",
	NULL };
static const struct msg row_open_answer = { 449, DIR_RESPONSE, ACT_OTHER, 0, "open_secure_channel",
	NULL };
static const struct msg row_fault = { SERVICE_FAULT, DIR_RESPONSE, ACT_OTHER, 0, "service_fault",
	NULL };
static const struct msg row_unknown = { 0, DIR_OTHER, ACT_OTHER, 0, unknown_function, NULL };

/* --- headers --- */

bool opcua_head_read(struct cur *c, struct opcua_head *h)
{
	const uint8_t *type = cur_take(c, 3);
	h->chunk = (char)cur_u8(c);
	h->size = cur_le32(c);
	if (!cur_ok(c))
		return false;
	for (h->kind = 0; h->kind < OPCUA_MESSAGES; h->kind++)
		if (memcmp(type, opcua_kinds[h->kind], 3) == 0)
			break;
	bool channel = h->kind == OPCUA_MSG || h->kind == OPCUA_CLO || h->kind == OPCUA_OPN;
	return h->kind < OPCUA_MESSAGES && h->size <= CHUNK_MAX &&
		(h->chunk == 'F' || (channel && (h->chunk == 'C' || h->chunk == 'A'))) &&
		h->size >= (channel ? CHUNK_HEADER : OPCUA_HEADER);
}

void opcua_head_tell(struct scene *s, const struct opcua_head *h)
{
	fact_text(s, &f_type, opcua_kinds[h->kind], 3);
	fact_text(s, &f_chunk, h->chunk == 'F' ? "F" : h->chunk == 'C' ? "C" : "A", 1);
	fact_uint(s, &f_size, h->size);
}

struct cur opcua_string(struct cur *c)
{
	uint32_t size = cur_le32(c);
	if (!cur_ok(c) || size == UINT32_MAX)
		return cur_none();
	return cur_sub(c, size);
}

void opcua_string_tell(struct scene *s, const struct field *f, struct cur *c)
{
	struct cur text = opcua_string(c);
	if (text.left)
		fact_text(s, f, text.at, text.left);
}

void opcua_error_tell(struct scene *s, struct cur *c)
{
	uint32_t error = cur_le32(c);
	const char *name = opcua_status_name(error);
	fact_failed(s);
	fact_uint(s, &f_error, error);
	fact_text(s, &f_error_name, name, strlen(name));
	opcua_string_tell(s, &f_reason, c);
}

bool opcua_is_policy(struct cur uri)
{
	return cur_starts(&uri, "http://opcfoundation.org/UA/SecurityPolicy#");
}

/* --- a message put together --- */

/* Its chunks as they came, and what they hold. */
struct message {
	struct opcua_head head; /* of the first chunk */
	struct cur chunks, body;
	struct cur policy;         /* OPN */
	uint32_t channel, request; /* of the first chunk */
	unsigned count;
	bool cut;
	bool hidden; /* encrypted */
};

/* The header of one chunk, up to what may be encrypted. */
static void read_channel(struct cur *c, const struct opcua_head *h, struct message *m)
{
	uint32_t channel = cur_le32(c);
	if (!m->count)
		m->channel = channel;
	if (h->kind == OPCUA_OPN) {
		m->policy = opcua_string(c);
		(void)opcua_string(c); /* a certificate, and whose key opens it */
		(void)opcua_string(c);
	} else
		cur_skip(c, 4);
}

static void tell_security(struct scene *s, struct cur *c)
{
	opcua_string_tell(s, &f_policy, c);
	struct cur certificate = opcua_string(c), thumbprint = opcua_string(c);
	if (cur_ok(c) && thumbprint.left)
		fact_bytes(s, &f_thumbprint, thumbprint.at, thumbprint.left);
	if (cur_ok(c) && certificate.left)
		(void)tls_certificate(s, certificate, true);
}

static void tell_chunks(struct scene *s, const struct message *m)
{
	struct cur c = m->chunks;
	struct opcua_head h;
	while (c.left && opcua_head_read(&c, &h)) {
		struct cur in = cur_upto(&c, h.size - OPCUA_HEADER);
		opcua_head_tell(s, &h);
		fact_uint(s, &f_channel, cur_le32(&in));
		if (h.kind == OPCUA_OPN)
			tell_security(s, &in);
		else
			fact_uint(s, &f_token, cur_le32(&in));
		if (m->hidden)
			continue;
		uint32_t sequence = cur_le32(&in), request = cur_le32(&in);
		if (cur_ok(&in)) {
			fact_uint(s, &f_sequence, sequence);
			fact_uint(s, &f_request, request);
		}
	}
}

/* Who asks and who answers; a server that connects to its client (a reverse hello) is none the
 * less a server. */
static enum dir dir_of(const struct scene *s)
{
	const struct opcua_state *state = s->state;
	int client = state->client ? state->client - 1 : s->client;
	return client < 0 ? DIR_OTHER : client == s->side ? DIR_REQUEST : DIR_RESPONSE;
}

/* --- services --- */

/* Where nobody saw the channel open, what stands between two chunks may be a signature. */
static bool is_guess(const struct opcua_state *state, const struct message *m)
{
	return state->policy == OPCUA_UNSEEN && m->count > 1;
}

static enum parsed broken(const struct opcua_state *state, const struct message *m)
{
	return m->cut || is_guess(state, m) ? PARSED_CUT : PARSED_BAD;
}

/* What stands behind the header; a fault has nothing there. */
static const struct opcua_part *body_of(const struct opcua *o, const struct opcua_service *service)
{
	return !service ? NULL : o->answering ? service->answers : service->asks;
}

static bool walk_body(struct opcua *o, struct cur *c, const struct opcua_service *service)
{
	const struct opcua_part *parts = body_of(o, service);
	if (!opcua_walk(o, c, o->answering ? opcua_response_header : opcua_request_header))
		return false;
	o->secret = o->asked ? o->asked->secret : OPCUA_OPEN;
	return !parts || opcua_walk(o, c, parts);
}

/* Looks through it before anything is told, so that half a message leaves nothing behind. */
static bool look_ahead(struct opcua *o, struct cur c, const struct opcua_service *service)
{
	struct opcua quiet = *o;
	quiet.quiet = true;
	bool whole = walk_body(&quiet, &c, service);
	if (!o->answering)
		o->kind = quiet.kind;
	return whole;
}

/* A request is known by its number within its channel (which its opening only names), and by the
 * side that asks. */
static uint32_t ask_key(const struct opcua_state *state, const struct message *m, unsigned side)
{
	uint32_t channel = m->head.kind == OPCUA_OPN ? 0 : m->channel;
	return m->request ^ channel * 0x9e3779b1 ^ state->age * 0x85ebca6b ^ (uint32_t)side << 31;
}

static void read_body(struct scene *s, struct opcua *o, const struct message *m, struct cur c,
	const struct opcua_service *service)
{
	const struct opcua_state *state = s->state;
	const struct opcua_part *parts = body_of(o, service);
	if (walk_body(o, &c, service) && c.left && state->policy == OPCUA_PLAIN && parts &&
		parts->kind && !m->cut)
		fact_violation(s);
}

/* What kind of message it is; and what stands around a service without a session. */
static void tell_type(struct scene *s, struct opcua *o)
{
	struct cur c = o->wrapper;
	fact_uint(s, &f_service, o->type);
	if (c.left)
		opcua_walk(o, &c, o->answering ? opcua_invoked : opcua_invoke);
}

static enum parsed request(
	struct scene *s, struct opcua *o, const struct message *m, unsigned number, struct cur c)
{
	const struct opcua_service *service = &opcua_services[number - 1];
	o->request = service->ask.code;
	bool whole = look_ahead(o, c, service);
	if (!whole && !m->cut)
		return broken(s->state, m);
	scene_client(s);
	o->state->client = 1 + s->side;
	fact_begin(s, opcua_row(service, o->kind, false, false));
	tell_chunks(s, m);
	tell_type(s, o);
	o->ask = ask_put(s, ask_key(o->state, m, s->side));
	if (o->ask)
		*o->ask = (struct opcua_ask){ .service = (uint16_t)number,
			.channel = m->channel,
			.side = s->side,
			.kind = o->kind };
	read_body(s, o, m, c, service);
	return whole ? PARSED_WHOLE : PARSED_CUT;
}

/* What the request this answers has left, if it asked for such an answer. */
static struct opcua_ask *asked_by(struct scene *s, const struct message *m, unsigned number)
{
	struct opcua_ask *ask = ask_take(s, ask_key(s->state, m, !s->side));
	bool opens = m->head.kind == OPCUA_OPN;
	if (!ask ||
		(ask->service && (!number || ask->service == number) &&
			(opens || ask->channel == m->channel)))
		return ask;
	opcua_answered(s, ask);
	fact_asked(s, 0, 0);
	return NULL;
}

/* Whether the server said no, before its fact begins. */
static bool says_no(struct cur body)
{
	cur_skip(&body, 8 + 4); /* time and handle */
	return cur_le32(&body) >> 31;
}

static enum parsed response(
	struct scene *s, struct opcua *o, const struct message *m, unsigned number, struct cur c)
{
	struct opcua_ask *asked = asked_by(s, m, number);
	const struct opcua_service *answer = number ? &opcua_services[number - 1] : NULL;
	const struct opcua_service *service = asked ? &opcua_services[asked->service - 1] : answer;
	o->answering = true;
	o->asked = asked;
	if (asked) {
		o->asked_rest = opcua_asked(s->state, asked);
		o->subscription = asked->subscription;
		o->kind = asked->kind;
	}
	o->request = service ? service->ask.code : 0;
	bool whole = look_ahead(o, c, answer);
	if (!whole)
		opcua_lose_track(o);
	if (!whole && !m->cut) {
		if (asked)
			opcua_answered(s, asked);
		return broken(s->state, m);
	}
	scene_server(s);
	o->state->client = 2 - s->side;
	fact_begin(s, service ? opcua_row(service, o->kind, true, says_no(c)) : &row_fault);
	tell_chunks(s, m);
	tell_type(s, o);
	read_body(s, o, m, c, answer);
	opcua_finish(o);
	fact_end(s); /* before what its values point at goes */
	if (asked)
		opcua_answered(s, asked);
	return whole ? PARSED_WHOLE : PARSED_CUT;
}

static enum parsed unknown(struct scene *s, const struct message *m, uint32_t type)
{
	fact_begin(s, &row_unknown);
	fact_dir(s, dir_of(s));
	tell_chunks(s, m);
	fact_uint(s, &f_service, type);
	return PARSED_WHOLE;
}

/* The service at hand; 0: a fault, or none that is known. */
static unsigned number_of(uint32_t type, bool *answer, bool *known)
{
	*answer = true;
	unsigned number = opcua_service_find(type, answer);
	*known = number || type == SERVICE_FAULT;
	return number;
}

/* A service without a session stands in a structure that calls it by its data type, the number two
 * before that of its binary encoding (OPC 10000-4, 6.3.2); who calls it by that one may be
 * understood too. */
static bool unwrap(struct opcua *o, struct cur *c, uint32_t *type)
{
	struct cur whole = *c;
	*type = 0;
	if (!opcua_walk(o, c, o->type == INVOKED ? opcua_invoked : opcua_invoke))
		return false;
	bool answer, known;
	o->wrapper = whole;
	*type = (uint32_t)o->number + 2;
	(void)number_of(*type, &answer, &known);
	*type -= known ? 0 : 2;
	return true;
}

static enum parsed service(struct scene *s, const struct message *m)
{
	struct opcua o = { .s = s, .state = s->state, .quiet = true };
	struct cur c = m->body;
	struct opcua_node node;
	bool answer, known;
	if (!opcua_node_read(&o, &c, true, &node)) /* its chunks do not hold even that */
		return s->cut || is_guess(s->state, m) ? PARSED_CUT : PARSED_BAD;
	uint32_t type = o.type = node.numeric;
	bool wrapped = type == INVOKE || type == INVOKED;
	if (wrapped && !unwrap(&o, &c, &type))
		return broken(s->state, m);
	o.quiet = false;
	unsigned number = number_of(type, &answer, &known);
	if (!known || (wrapped && answer != (o.type == INVOKED)))
		return unknown(s, m, o.type);
	return answer ? response(s, &o, m, number, c) : request(s, &o, m, number, c);
}

/* --- chunks --- */

/* A type that services have, in one of the two ways a number of this size is written. */
static bool is_service(struct cur body)
{
	bool answer;
	uint8_t form = cur_u8(&body);
	uint32_t space = form == 1 ? cur_u8(&body) : cur_le16(&body);
	uint32_t type = form == 1 ? cur_le16(&body) : cur_le32(&body);
	return cur_ok(&body) && (form == 1 || form == 2) && space == 0 &&
		(type == SERVICE_FAULT || type == INVOKE || type == INVOKED ||
			opcua_service_find(type, &answer));
}

static uint32_t number_at(struct cur chunk, size_t at)
{
	cur_skip(&chunk, at);
	return cur_le32(&chunk);
}

/* The chunks of a message follow each other (6.7.3): a chunk with another request's number begins
 * another message, which nobody is to hide behind the beginning of one.  Where that number may be
 * encrypted, another message is what begins like one. */
bool opcua_goes_on(const struct opcua_state *state, struct cur first, struct cur next)
{
	if (memcmp(first.at, next.at, 3) != 0 ||
		number_at(first, CHANNEL_AT) != number_at(next, CHANNEL_AT))
		return false;
	bool same = number_at(first, REQUEST_AT) == number_at(next, REQUEST_AT);
	cur_skip(&next, CHUNK_HEADER);
	return same || !(state->clear || is_service(next));
}

/* What stands at the end of each chunk, by the name of the policy: OPC 10000-7.  A code of SHA-1
 * for the oldest two, of SHA-384 for the larger curves, a tag where it is encrypted and signed in
 * one; else a code of SHA-256. */
static uint8_t signature_size(struct cur name)
{
	static const struct {
		const char *begins;
		uint8_t size;
	} sizes[] = {
		{ "None", 0 },
		{ "Basic128Rsa15", 20 },
		{ "Basic256Sha256", 32 },
		{ "Basic256", 20 },
		{ "ECC_nistP384_", 16 },
		{ "ECC_brainpoolP384r1_", 16 },
		{ "ECC_nistP384", 48 },
		{ "ECC_brainpoolP384r1", 48 },
		{ "ECC_nistP256_", 16 },
		{ "ECC_brainpoolP256r1_", 16 },
		{ "ECC_curve", 16 },
		{ "RSA_DH_", 16 },
	};
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		if (cur_starts(&name, sizes[i].begins))
			return sizes[i].size;
	return 32;
}

static void learn_policy(struct opcua_state *state, struct cur policy)
{
	if (!opcua_is_policy(policy))
		return;
	cur_skip(&policy, (size_t)cur_find(&policy, '#') + 1);
	state->signature = signature_size(policy);
	state->policy = state->signature ? OPCUA_SECURED : OPCUA_PLAIN;
	state->clear = !state->signature;
}

/* The body of the chunk at hand, behind its header and before its signature. */
static struct cur chunk_body(const struct opcua_state *state, struct cur *c,
	const struct opcua_head *h, struct message *m, uint32_t *request)
{
	size_t size = h->size - OPCUA_HEADER;
	bool cut = size > c->left;
	struct cur in = cur_upto(c, size);
	read_channel(&in, h, m);
	cur_skip(&in, 4); /* sequence */
	*request = cur_le32(&in);
	m->cut |= cut;
	size_t tail = h->kind == OPCUA_OPN || cut ? 0 : state->signature;
	return tail <= in.left ? cur_sub(&in, in.left - tail) : in;
}

/* Puts the bodies of several chunks together.  Without room for them the first one is all. */
static void gather(struct scene *s, struct message *m)
{
	struct cur c = m->chunks;
	struct opcua_head h;
	uint32_t request;
	while (c.left && opcua_head_read(&c, &h)) {
		struct cur body = chunk_body(s->state, &c, &h, m, &request);
		if (!cur_ok(&body) || request != m->request) {
			m->cut = true;
			break;
		}
		if (!parts_add(s, body, MESSAGE_MAX)) {
			m->cut = true;
			return;
		}
	}
	m->body = parts_whole(s);
}

static enum parsed aborted(struct scene *s, const struct message *m, struct cur last)
{
	fact_begin(s, &row_abort);
	fact_dir(s, dir_of(s));
	tell_chunks(s, m);
	opcua_error_tell(s, &last);
	return cur_ok(&last) ? PARSED_WHOLE : m->cut ? PARSED_CUT : PARSED_BAD;
}

/* Nobody without the keys reads more of it. */
static enum parsed encrypted(struct scene *s, const struct message *m)
{
	enum dir dir = dir_of(s);
	if (m->head.kind == OPCUA_OPN)
		fact_begin(s, dir == DIR_RESPONSE ? &row_open_answer : &row_open_ask);
	else
		fact_begin(s, &row_encrypted);
	fact_dir(s, dir);
	tell_chunks(s, m);
	return PARSED_WHOLE;
}

/* The rest of a message that was told already, or whose beginning was lost. */
static bool is_rest(const struct opcua_state *state, unsigned side, const struct message *m)
{
	if (state->split[side] == OPCUA_SPLIT)
		return m->hidden || state->split_id[side] == m->request;
	return state->policy == OPCUA_PLAIN && (!state->clear || state->split[side] == OPCUA_TORN);
}

enum parsed opcua_channel(struct scene *s, struct cur chunks)
{
	struct opcua_state *state = s->state;
	struct message m = { .chunks = chunks, .cut = s->cut };
	struct cur c = chunks, body = cur_bad();
	struct opcua_head h = { 0 };
	uint32_t number;
	while (c.left && opcua_head_read(&c, &h)) {
		body = chunk_body(state, &c, &h, &m, &number);
		if (m.count++ == 0) {
			m.head = h;
			m.body = body;
			m.request = number;
		}
	}
	if (!m.count)
		return PARSED_BAD;
	if (m.head.kind == OPCUA_OPN)
		learn_policy(state, m.policy);
	bool readable = is_service(m.body), ends_early = h.chunk == 'C';
	m.hidden = !readable && !state->clear && state->policy != OPCUA_PLAIN;
	bool rest = !readable && is_rest(state, s->side, &m);
	state->split[s->side] = ends_early ? OPCUA_SPLIT : OPCUA_TOGETHER;
	state->split_id[s->side] = m.request;
	m.cut |= ends_early;
	if (!m.hidden && h.chunk == 'A')
		return aborted(s, &m, body);
	if (rest)
		return PARSED_WHOLE;
	if (m.hidden)
		return encrypted(s, &m);
	if (m.count > 1)
		gather(s, &m);
	enum parsed how = service(s, &m);
	state->clear |= readable && how == PARSED_WHOLE;
	if (m.count > 1) {
		if (how != PARSED_BAD)
			fact_end(s);
		parts_drop(s);
	}
	return how;
}
