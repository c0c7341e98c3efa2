/* Remote procedure calls on a connection: The Open Group C706, 12.6 (PDUs), 14.3 (NDR), with the
 * additions of [MS-RPCE] 2.2.2.  dcerpc_table.c names interfaces and what they can be asked. */
#include "sense/proto/dcerpc.h"

#include "base/hash.h"
#include "sense/proto/ntlm.h"
#include "sense/proto/uuid.h"

enum { VERSION = 5, HEAD = 16, PDUS_MAX = 64, CONTEXTS_MAX = 16, SYNTAXES_MAX = 8 };
enum pdu {
	PDU_REQUEST,
	PDU_RESPONSE = 2,
	PDU_FAULT,
	PDU_BIND = 11,
	PDU_BIND_ACK,
	PDU_BIND_NAK,
	PDU_ALTER,
	PDU_ALTER_ANSWER,
	PDU_AUTH3,
	PDU_SHUTDOWN,
	PDU_CANCEL,
	PDU_ORPHANED,
};
enum { FLAG_FIRST = 0x01, FLAG_LAST = 0x02, FLAG_OBJECT = 0x80 };
enum { AUTH_HEAD = 8, LEVEL_PRIVACY = 6 }; /* [MS-RPCE] 2.2.1.1.8 */
enum { HANDLE = 20, TEXT_MAX = 512 };

static const struct field f_type = { "dcerpc.pkt_type", U8 };
static const struct field f_call = { "dcerpc.cn_call_id", LE32 | NUMBERING };
static const struct field f_context = { "dcerpc.cn_ctx_id", LE16 };
static const struct field f_interface = { "dcerpc.interface", TEXT };
static const struct field f_uuid = { "dcerpc.cn_bind_to_uuid", TEXT };
static const struct field f_version = { "dcerpc.cn_bind_if_ver", LE16 };
static const struct field f_result = { "dcerpc.cn_ack_result", LE16 };
static const struct field f_reject = { "dcerpc.cn_reject_reason", LE16 };
static const struct field f_address = { "dcerpc.cn_sec_addr", TEXT };
static const struct field f_operation = { "dcerpc.opnum", LE16 };
static const struct field f_status = { "dcerpc.cn_status", LE32 };
static const struct field f_level = { "dcerpc.auth_level", U8 };
static const struct field f_name = { "dcerpc.name", TEXT };
static const struct field f_program = { "dcerpc.program", TEXT };
static const struct field f_zeros = { "dcerpc.credential_of_zeros", FLAG };
static const struct field f_returned = { "dcerpc.return_code", LE32 };

#define ASKED(code, effect, name)                                                                  \
	{                                                                                          \
		code, DIR_REQUEST, ACT_OTHER, effect, name                                         \
	}
#define TOLD(code, name)                                                                           \
	{                                                                                          \
		code, DIR_RESPONSE, ACT_OTHER, EFFECT_NONE, name                                   \
	}
static const struct msg rows[] = {
	ASKED(PDU_REQUEST, EFFECT_NONE, "call"),
	TOLD(PDU_RESPONSE, "call"),
	TOLD(PDU_FAULT, "call"),
	ASKED(PDU_BIND, EFFECT_NONE, "bind"),
	TOLD(PDU_BIND_ACK, "bind"),
	TOLD(PDU_BIND_NAK, "bind"),
	ASKED(PDU_ALTER, EFFECT_NONE, "alter_context"),
	TOLD(PDU_ALTER_ANSWER, "alter_context"),
	ASKED(PDU_AUTH3, EFFECT_NONE, "auth3"),
	TOLD(PDU_SHUTDOWN, "shutdown"),
	ASKED(PDU_CANCEL, EFFECT_NONE, "cancel"),
	ASKED(PDU_ORPHANED, EFFECT_NONE, "orphaned"),
	{ 0 },
};
/* Credentials go with it. */
static const struct msg logins[] = {
	ASKED(PDU_BIND, EFFECT_LOGIN, "bind"),
	ASKED(PDU_ALTER, EFFECT_LOGIN, "alter_context"),
	ASKED(PDU_AUTH3, EFFECT_LOGIN, "auth3"),
	{ 0 },
};

struct pdu_at_hand {
	struct scene *s;
	struct dcerpc_state *state;
	struct cur body, blob; /* what is said; who says it, in a security blob */
	uint32_t channel, call;
	size_t stub_size; /* what a call names, from its first byte on: values are aligned in it */
	uint16_t size, auth_size;
	uint8_t type, flags, level;
	bool little;
	bool whole, open; /* all of it is here; nobody sealed what is said */
};

static uint16_t number16(const struct pdu_at_hand *p, struct cur *c)
{
	return p->little ? cur_le16(c) : cur_be16(c);
}

static uint32_t number32(const struct pdu_at_hand *p, struct cur *c)
{
	return p->little ? cur_le32(c) : cur_be32(c);
}

/* --- the head -----------------------------------------------------------------------------------
 */

static bool is_type(int type)
{
	return type == PDU_REQUEST || type == PDU_RESPONSE || type == PDU_FAULT ||
		(type >= PDU_BIND && type <= PDU_ORPHANED);
}

/* What stands in the first bytes, each as far as it is here: version, kind, representation. */
static bool may_begin(const struct cur *c)
{
	int minor = cur_peek(c, 1), type = cur_peek(c, 2);
	int letters = cur_peek(c, 4), reals = cur_peek(c, 5);
	return cur_peek(c, 0) == VERSION && minor <= 1 && (type < 0 || is_type(type)) &&
		(letters <= 0 || letters == 0x10) && reals <= 3 && cur_peek(c, 6) <= 0 &&
		cur_peek(c, 7) <= 0;
}

/* Also the sizes agree: C706, 12.6.3.1. */
static bool read_head(struct cur *c, struct pdu_at_hand *p)
{
	if (c->left < HEAD || !may_begin(c))
		return false;
	cur_skip(c, 2);
	p->type = cur_u8(c);
	p->flags = cur_u8(c);
	p->little = cur_u8(c) >> 4;
	cur_skip(c, 3);
	p->size = number16(p, c);
	p->auth_size = number16(p, c);
	p->call = number32(p, c);
	size_t auth = p->auth_size ? (size_t)p->auth_size + AUTH_HEAD : 0;
	return p->size >= HEAD + auth;
}

bool dcerpc_begins(struct cur c)
{
	struct pdu_at_hand p = { .s = NULL };
	return read_head(&c, &p);
}

/* The security trailer stands at the end, C706, 13.2.6: who speaks is asked only where it says so.
 */
static void split(struct pdu_at_hand *p, struct cur c)
{
	p->body = c;
	p->blob = cur_none();
	size_t auth = p->auth_size ? (size_t)p->auth_size + AUTH_HEAD : 0;
	p->whole = c.left == (size_t)p->size - HEAD;
	p->open = !auth;
	if (!auth || !p->whole)
		return;
	size_t said = (size_t)p->size - HEAD - auth;
	p->body = cur_sub(&c, said);
	cur_skip(&c, 1);
	p->level = cur_u8(&c);
	uint8_t padding = cur_u8(&c);
	cur_skip(&c, 5);
	p->open = p->level != LEVEL_PRIVACY;
	p->blob = cur_upto(&c, p->auth_size);
	if (padding <= p->body.left)
		p->body.left -= padding;
}

/* --- what calls may name ------------------------------------------------------------------------
 */

static struct dcerpc_context *context_of(const struct pdu_at_hand *p, uint16_t id)
{
	for (unsigned i = 0; i < DCERPC_CONTEXTS; i++) {
		struct dcerpc_context *x = &p->state->contexts[i];
		if (x->used && x->channel == p->channel && x->id == id)
			return x;
	}
	return NULL;
}

static struct dcerpc_context *context_new(const struct pdu_at_hand *p, uint16_t id)
{
	struct dcerpc_context *x = context_of(p, id);
	if (!x) {
		x = &p->state->contexts[p->state->next % DCERPC_CONTEXTS];
		p->state->next = (uint8_t)((p->state->next + 1) % DCERPC_CONTEXTS);
	}
	*x = (struct dcerpc_context){ .used = true, .channel = p->channel, .id = id };
	return x;
}

/* [MS-RPCE] 2.2.4.12: an interface of this name is no interface, but what the client can do. */
static bool is_feature_list(const uint8_t uuid[16])
{
	static const uint8_t start[8] = { 0x2c, 0x1c, 0xb7, 0x6c, 0x12, 0x98, 0x40, 0x45 };
	return memcmp(uuid, start, sizeof start) == 0;
}

static bool is_wide(const uint8_t uuid[16])
{
	static const uint8_t ndr64[16] = { 0x33, 0x05, 0x71, 0x71, 0xba, 0xbe, 0x37, 0x49, 0x83,
		0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36 };
	return memcmp(uuid, ndr64, sizeof ndr64) == 0;
}

static void tell_uuid(struct scene *s, const uint8_t uuid[16], bool little)
{
	char *text = scene_scratch(s, UUID_TEXT);
	if (!text)
		return;
	uuid_text(uuid, little, text);
	fact_text(s, &f_uuid, text, UUID_TEXT - 1);
}

/* C706, 12.6.3.1, p_cont_elem_t: an interface, and the forms its values may travel in. */
static void tell_context(const struct pdu_at_hand *p, struct cur *c)
{
	uint16_t id = number16(p, c);
	uint8_t syntaxes = cur_u8(c);
	cur_skip(c, 1);
	const uint8_t *uuid = cur_take(c, 16);
	uint16_t version = number16(p, c);
	cur_skip(c, 2);
	bool wide = false, features = false;
	for (unsigned i = 0; i < syntaxes && i < SYNTAXES_MAX; i++) {
		const uint8_t *syntax = cur_take(c, 16);
		cur_skip(c, 4);
		wide = syntax && is_wide(syntax);
		features = syntax && is_feature_list(syntax);
	}
	if (!cur_ok(c))
		return;
	fact_uint(p->s, &f_context, id);
	tell_uuid(p->s, uuid, p->little);
	fact_uint(p->s, &f_version, version);
	if (features)
		return;
	struct dcerpc_context *x = context_new(p, id);
	memcpy(x->uuid, uuid, sizeof x->uuid);
	x->interface = p->little ? dcerpc_interface(uuid) : NULL;
	x->wide = wide;
	if (x->interface)
		fact_text(p->s, &f_interface, x->interface->name, strlen(x->interface->name));
}

static bool bind_request(const struct pdu_at_hand *p)
{
	struct cur c = p->body;
	cur_skip(&c, 8); /* sizes of fragments, group */
	uint8_t count = cur_u8(&c);
	cur_skip(&c, 3);
	for (unsigned i = 0; i < count && i < CONTEXTS_MAX && cur_ok(&c); i++)
		tell_context(p, &c);
	return cur_ok(&c);
}

static bool bind_answer(const struct pdu_at_hand *p)
{
	struct cur c = p->body;
	cur_skip(&c, 8);
	uint16_t size = number16(p, &c);
	struct cur address = cur_upto(&c, size);
	if (address.left > 1 && cur_ok(&c))
		fact_text(p->s, &f_address, address.at, address.left - 1);
	(void)cur_upto(&c, 3u & (0u - (size + 2u))); /* the list stands on four bytes */
	uint8_t count = cur_u8(&c);
	cur_skip(&c, 3);
	for (unsigned i = 0; i < count && i < CONTEXTS_MAX && cur_ok(&c); i++) {
		fact_uint(p->s, &f_result, number16(p, &c));
		cur_skip(&c, 22);
	}
	return cur_ok(&c);
}

/* --- what is asked ------------------------------------------------------------------------------
 */

/* Numbers of four bytes stand on multiples of four. */
static void align(const struct pdu_at_hand *p, struct cur *c)
{
	size_t at = p->stub_size - c->left;
	cur_skip(c, 3u & (0u - at));
}

/* A conformant and varying string, C706, 14.3.4.2: three counts, then characters of two bytes. */
static struct utf8 string_of(const struct pdu_at_hand *p, struct cur *c)
{
	align(p, c);
	cur_skip(c, 8); /* most that it may have; where it begins */
	uint32_t count = number32(p, c);
	cur_need(c, count <= TEXT_MAX);
	struct cur text = cur_upto(c, (size_t)count * 2);
	return cur_ok(c) ? utf8_of_utf16(p->s, text) : (struct utf8){ 0 };
}

static void tell_string(const struct pdu_at_hand *p, const struct field *f, struct cur *c)
{
	struct utf8 text = string_of(p, c);
	if (text.size)
		fact_text(p->s, f, text.at, text.size);
}

/* A pointer that may be null, and what it points at where nothing stands between. */
static struct utf8 unique_of(const struct pdu_at_hand *p, struct cur *c)
{
	align(p, c);
	return number32(p, c) ? string_of(p, c) : (struct utf8){ 0 };
}

static void service_of(const struct pdu_at_hand *p, struct cur c)
{
	cur_skip(&c, HANDLE);
	tell_string(p, &f_name, &c);
	(void)unique_of(p, &c); /* as people read it */
	align(p, &c);
	cur_skip(&c, 16); /* access, type, start, what an error means */
	tell_string(p, &f_program, &c);
}

static void key_of(const struct pdu_at_hand *p, struct cur c)
{
	cur_skip(&c, HANDLE + 4); /* sizes */
	if (number32(p, &c))
		tell_string(p, &f_name, &c);
}

static void command_of(const struct pdu_at_hand *p, struct cur c)
{
	(void)unique_of(p, &c);
	align(p, &c);
	cur_skip(&c, 12); /* when */
	if (number32(p, &c))
		tell_string(p, &f_program, &c);
}

/* Proofs are computed from a secret: one of zeros is right once in 256 times if who asks sends
 * zeros only (CVE-2020-1472).  It is not told; that it is zeros is. */
static void credential_of(const struct pdu_at_hand *p, struct cur c, bool set)
{
	(void)unique_of(p, &c);
	tell_string(p, &f_name, &c);
	cur_skip(&c, 2); /* what kind of account */
	(void)string_of(p, &c);
	struct cur proof = cur_sub(&c, 8);
	if (!cur_ok(&c) || set)
		return;
	bool zeros = true;
	for (size_t i = 0; i < 8; i++)
		zeros &= cur_peek(&proof, i) == 0;
	fact_flag(p->s, &f_zeros, zeros);
}

static void tell_body(const struct pdu_at_hand *p, enum dcerpc_body body, struct cur c)
{
	switch (body) {
	case BODY_OTHER:
		break;
	case BODY_NAME:
		cur_skip(&c, HANDLE);
		tell_string(p, &f_name, &c);
		break;
	case BODY_SERVICE:
		service_of(p, c);
		break;
	case BODY_KEY:
		key_of(p, c);
		break;
	case BODY_UNIQUE:
		if (number32(p, &c))
			tell_string(p, &f_name, &c);
		break;
	case BODY_COMMAND:
		command_of(p, c);
		break;
	case BODY_CREDENTIAL:
	case BODY_PASSWORD_SET:
		credential_of(p, c, body == BODY_PASSWORD_SET);
		break;
	}
}

/* Calls of one pipe are numbered by themselves. */
static uint32_t key_of_call(const struct pdu_at_hand *p)
{
	uint64_t both = (uint64_t)p->channel << 32 | p->call;
	return (uint32_t)hash_mix(both, 5) | 0x80000000;
}

static void tell_interface(const struct pdu_at_hand *p, const struct dcerpc_context *x)
{
	if (x && x->interface)
		fact_text(p->s, &f_interface, x->interface->name, strlen(x->interface->name));
	else if (x)
		tell_uuid(p->s, x->uuid, p->little);
}

static void tell_level(const struct pdu_at_hand *p)
{
	if (p->auth_size && p->whole)
		fact_uint(p->s, &f_level, p->level);
}

static bool call_request(struct pdu_at_hand *p)
{
	struct cur c = p->body;
	cur_skip(&c, 4);
	uint16_t id = number16(p, &c), number = number16(p, &c);
	if (p->flags & FLAG_OBJECT)
		cur_skip(&c, 16);
	if (!cur_ok(&c))
		return false;
	if (!(p->flags & FLAG_FIRST))
		return true; /* told with its first part */
	p->stub_size = c.left;
	const struct dcerpc_context *x = context_of(p, id);
	const struct dcerpc_operation *o =
		x && x->interface ? dcerpc_operation(x->interface, number) : NULL;
	scene_client(p->s);
	fact_begin(p->s, o ? &o->asked : msg_find(rows, PDU_REQUEST, DIR_REQUEST));
	fact_uint(p->s, &f_type, p->type);
	fact_uint(p->s, &f_call, p->call);
	fact_uint(p->s, &f_context, id);
	fact_uint(p->s, &f_operation, number);
	tell_interface(p, x);
	tell_level(p);
	if (o && p->open && !x->wide)
		tell_body(p, (enum dcerpc_body)o->body, c);
	struct dcerpc_asked *kept = ask_put(p->s, key_of_call(p));
	if (kept)
		kept->operation = o;
	return true;
}

/* What most of Windows' operations return stands at the end: a code of its own kind each, of which
 * these say no. */
static void tell_returned(const struct pdu_at_hand *p, struct cur c)
{
	enum { ACCESS_DENIED = 5 };
	if (c.left < 4 || !p->whole || !p->open || !(p->flags & FLAG_LAST))
		return;
	cur_skip(&c, c.left - 4);
	uint32_t code = number32(p, &c);
	fact_uint(p->s, &f_returned, code);
	if (code == ACCESS_DENIED || code >> 30 == 3 || code >> 16 == 0x8007)
		fact_failed(p->s);
}

static bool call_answer(const struct pdu_at_hand *p)
{
	struct cur c = p->body;
	cur_skip(&c, 4);
	uint16_t id = number16(p, &c);
	cur_skip(&c, 2);
	uint32_t status = p->type == PDU_FAULT ? number32(p, &c) : 0;
	if (!cur_ok(&c))
		return false;
	if (!(p->flags & FLAG_FIRST))
		return true;
	const struct dcerpc_asked *asked = ask_take(p->s, key_of_call(p));
	const struct dcerpc_operation *o = asked ? asked->operation : NULL;
	fact_begin(p->s, o ? &o->told : msg_find(rows, p->type, DIR_RESPONSE));
	fact_uint(p->s, &f_type, p->type);
	fact_uint(p->s, &f_call, p->call);
	fact_uint(p->s, &f_context, id);
	tell_level(p);
	if (p->type == PDU_FAULT) {
		fact_uint(p->s, &f_status, status);
		fact_failed(p->s);
	} else if (o && c.left) {
		tell_returned(p, c);
	}
	return true;
}

/* --- one PDU ------------------------------------------------------------------------------------
 */

static const struct msg *row_of(const struct pdu_at_hand *p)
{
	enum token token = p->blob.left ? ntlm_token(p->blob) : TOKEN_OTHER;
	bool login = token == TOKEN_AUTHENTICATE || token == TOKEN_KERBEROS;
	const struct msg *row = login ? msg_find(logins, p->type, DIR_REQUEST) : NULL;
	for (const struct msg *r = rows; !row && r->name; r++)
		if (r->code == p->type)
			row = r;
	return row;
}

static bool tell_control(const struct pdu_at_hand *p)
{
	const struct msg *row = row_of(p);
	if (row->dir == DIR_REQUEST)
		scene_client(p->s);
	else
		scene_server(p->s);
	fact_begin(p->s, row);
	fact_uint(p->s, &f_type, p->type);
	fact_uint(p->s, &f_call, p->call);
	tell_level(p);
	bool fine = true;
	struct cur c = p->body;
	if (p->type == PDU_BIND || p->type == PDU_ALTER)
		fine = bind_request(p);
	else if (p->type == PDU_BIND_ACK || p->type == PDU_ALTER_ANSWER)
		fine = bind_answer(p);
	else if (p->type == PDU_BIND_NAK) {
		fact_uint(p->s, &f_reject, number16(p, &c));
		fact_failed(p->s);
		fine = cur_ok(&c);
	}
	if (p->blob.left)
		ntlm_tell(p->s, p->blob, true);
	return fine;
}

static enum parsed one_pdu(struct pdu_at_hand *p)
{
	bool fine;
	switch (p->type) {
	case PDU_REQUEST:
		fine = call_request(p);
		break;
	case PDU_RESPONSE:
	case PDU_FAULT:
		fine = call_answer(p);
		break;
	default:
		fine = tell_control(p);
		break;
	}
	if (!fine)
		return PARSED_BAD;
	fact_end(p->s);
	return PARSED_WHOLE;
}

enum parsed dcerpc_pdus(struct cur c, struct scene *s, struct dcerpc_state *state, uint32_t channel)
{
	for (unsigned i = 0; i < PDUS_MAX && c.left; i++) {
		struct pdu_at_hand p = { .s = s, .state = state, .channel = channel };
		if (!read_head(&c, &p))
			return i ? PARSED_WHOLE : PARSED_BAD; /* the rest of an earlier one */
		split(&p, cur_upto(&c, (size_t)p.size - HEAD));
		enum parsed how = one_pdu(&p);
		if (how != PARSED_WHOLE)
			return how;
	}
	return PARSED_WHOLE;
}

/* --- by themselves, over TCP --------------------------------------------------------------------
 */

static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (!may_begin(&c))
		return FRAME_LOST;
	struct pdu_at_hand p = { .s = NULL };
	if (c.left < HEAD)
		return FRAME_MORE;
	return read_head(&c, &p) ? p.size : FRAME_LOST;
}

/* Two or three fixed bytes are little: the reserved ones have to be zero, the sizes to agree. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	if (!may_begin(&c))
		return PROBE_NO;
	if (c.left < HEAD)
		return PROBE_MORE;
	struct pdu_at_hand p = { .s = NULL };
	bool call = cur_peek(&c, 2) <= PDU_FAULT;
	if (!read_head(&c, &p) || (call && p.size < HEAD + 8))
		return PROBE_NO;
	return PROBE_YES;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	enum parsed how = dcerpc_pdus(c, s, s->state, 0);
	return how == PARSED_BAD && s->cut ? PARSED_CUT : how;
}

const struct proto proto_dcerpc = {
	.name = "dcerpc",
	.title = "DCE/RPC",
	.standard = "C706 12.6, MS-RPCE",
	.reads =
		"interfaces by name, operations of Windows' administration (services, tasks, registry, "
		"accounts, replication, WMI), logins; also in SMB's pipes",
	.seen = "7 captures: Windows domain controllers, Zerologon, a printer's driver",
	.over = OVER_TCP,
	.begins = "05",
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.state_size = sizeof(struct dcerpc_state),
	.asks = 6,
	.ask_size = sizeof(struct dcerpc_asked),
};
