/* TLS: RFC 8446 (1.3), RFC 5246 (1.2) and what came before: who offers what, and who presents
 * which certificate.
 *
 * Only the clear beginning of a conversation is read.  A handshake message may be spread over
 * records; frame() then asks for all of them at once, so nothing has to be kept between calls. */
#include "sense/proto/tls.h"

enum content {
	CHANGE_CIPHER_SPEC = 20,
	ALERT = 21,
	HANDSHAKE = 22,
	APPLICATION = 23,
	HEARTBEAT = 24
};
enum handshake { CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11 };

enum {
	RECORD_HEAD = 5,
	RECORD_MAX = 16384 + 2048,          /* RFC 5246, 6.2.3 */
	MESSAGE_HEAD = 4,                   /* type and 24 bits of length */
	HANDSHAKE_MAX = MESSAGE_MAX - 4096, /* what frame() may ask for in one piece */
	CHAIN_MAX = 10,                     /* certificates looked at in one message */
	HEARTBEAT_PADDING = 16,             /* RFC 6520, 4 */
};

struct state {
	bool done[2]; /* encrypted from here, this side */
	bool begun[2];
	bool retry; /* the server asked for another hello, RFC 8446, 4.1.4 */
};

const struct field tls_field_type = { "tls.handshake.type", U8 };
static const struct field f_level = { "tls.alert_message.level", U8, 1, 2 };
static const struct field f_description = { "tls.alert_message.desc", U8 };
static const struct field f_beat = { "tls.heartbeat_message.type", U8, 1, 2 };
static const struct field f_beat_size = { "tls.heartbeat_message.payload_length", BE16 };

static const struct msg row_certificate = { CERTIFICATE, DIR_OTHER, ACT_IDENTIFY, 0,
	"certificate" };
static const struct msg row_handshake = { 0, DIR_OTHER, ACT_OTHER, 0, "handshake" };
static const struct msg row_alert = { 100 + ALERT, DIR_OTHER, ACT_OTHER, 0, "alert" };
static const struct msg row_heartbeat = { 100 + HEARTBEAT, DIR_OTHER, ACT_OTHER, 0, "heartbeat" };

struct record {
	uint8_t type;
	uint16_t version, size;
};

/* Head of a record; false where it is not all there or is none. */
static bool record_head(struct cur *c, struct record *r)
{
	*r = (struct record){ .type = cur_u8(c) };
	r->version = cur_be16(c);
	r->size = cur_be16(c);
	return cur_ok(c) && r->type >= CHANGE_CIPHER_SPEC && r->type <= HEARTBEAT &&
		r->version >> 8 == 3 && (r->version & 0xff) <= 4 && r->size <= RECORD_MAX;
}

/* ClientHello in the record of SSL 2.0, RFC 5246, E.2: two bytes of length, the first bit set. */
static bool is_old_hello(const struct cur *c)
{
	struct cur in = *c;
	uint16_t size = cur_be16(&in);
	uint8_t type = cur_u8(&in);
	uint8_t major = cur_u8(&in);
	uint8_t minor = cur_u8(&in);
	unsigned ciphers = cur_be16(&in), session = cur_be16(&in), challenge = cur_be16(&in);
	return cur_ok(&in) && size >> 15 && type == CLIENT_HELLO && major == 3 && minor <= 3 &&
		ciphers > 0 && ciphers % 3 == 0 && (session == 0 || session == 16) &&
		challenge >= 16 && challenge <= 32 &&
		(size & 0x7fffu) == 9 + ciphers + session + challenge;
}

/* A hello whose lengths agree; or, where the capture began later, application data up to a place
 * where the next record begins or the segment ends. */
static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	if (is_old_hello(&c))
		return PROBE_YES;
	struct cur in = c;
	struct record r;
	if (!record_head(&in, &r)) {
		bool fits = cur_peek(&c, 0) == HANDSHAKE && (c.left < 2 || cur_peek(&c, 1) == 3);
		return c.left < RECORD_HEAD && fits ? PROBE_MORE : PROBE_NO;
	}
	if (r.type == HANDSHAKE) {
		if (in.left < MESSAGE_HEAD + 2)
			return PROBE_MORE;
		uint8_t type = cur_u8(&in);
		uint32_t size = cur_be24(&in);
		uint8_t major = cur_u8(&in);
		bool hello = type == CLIENT_HELLO || type == SERVER_HELLO;
		return hello && major == 3 && size >= 38 && size < HANDSHAKE_MAX ? PROBE_YES
										 : PROBE_NO;
	}
	if (r.type != APPLICATION || r.version == 0x0300 || r.version == 0x0304 || r.size < 17)
		return PROBE_NO;
	if (in.left == r.size)
		return PROBE_YES;
	struct record next;
	cur_skip(&in, r.size);
	return record_head(&in, &next) && next.version == r.version && next.size > 0 ? PROBE_YES
										     : PROBE_NO;
}

/* How much of a handshake message is still to come, while records go by. */
struct pieces {
	uint8_t head[MESSAGE_HEAD];
	size_t head_size;
	uint32_t left;
};

static void pieces_add(struct pieces *p, struct cur c)
{
	while (c.left > 0) {
		if (p->left > 0) {
			size_t n = p->left < c.left ? p->left : c.left;
			cur_skip(&c, n);
			p->left -= (uint32_t)n;
			continue;
		}
		p->head[p->head_size++] = cur_u8(&c);
		if (p->head_size == MESSAGE_HEAD) {
			p->left =
				(uint32_t)p->head[1] << 16 | (uint32_t)p->head[2] << 8 | p->head[3];
			p->head_size = 0;
		}
	}
}

/* All records up to the one that ends a handshake message. */
static long handshake_size(struct cur c)
{
	struct pieces pieces = { 0 };
	size_t size = 0;
	do {
		struct cur in = c;
		struct record r;
		if (in.left < RECORD_HEAD)
			return FRAME_MORE;
		if (!record_head(&in, &r) || r.type != HANDSHAKE)
			return (long)size; /* the message ends in the middle: parse() says so */
		if (in.left < r.size)
			return size + RECORD_HEAD + r.size > HANDSHAKE_MAX && size > 0 ? (long)size
										       : FRAME_MORE;
		pieces_add(&pieces, cur_sub(&in, r.size));
		size += (size_t)RECORD_HEAD + r.size;
		if (pieces.left > HANDSHAKE_MAX)
			return (long)size;
		c = in;
	} while ((pieces.left > 0 || pieces.head_size > 0) && size < HANDSHAKE_MAX);
	return (long)size;
}

static long frame(struct cur c, struct scene *s)
{
	const struct state *state = s->state;
	struct cur in = c;
	struct record r;
	if (!state->begun[s->side & 1] && is_old_hello(&c))
		return (cur_be16(&c) & 0x7fff) + 2;
	if (c.left < RECORD_HEAD)
		return FRAME_MORE;
	if (!record_head(&in, &r))
		return FRAME_LOST;
	return r.type == HANDSHAKE ? handshake_size(c) : (long)RECORD_HEAD + r.size;
}

/* Nothing clear comes from this side any more. */
static void done(struct scene *s)
{
	struct state *state = s->state;
	state->done[s->side & 1] = true;
	if (state->done[!(s->side & 1)])
		scene_enough(s);
	else
		scene_skip(s, UINT64_MAX);
}

/* Certificate of TLS 1.2 and before, RFC 5246, 7.4.2; that of 1.3 is encrypted. */
static bool certificates(struct scene *s, struct cur c)
{
	struct cur list = cur_sub(&c, cur_be24(&c));
	if (!cur_ok(&list) || c.left > 0)
		return false;
	for (unsigned i = 0; list.left > 0 && i < CHAIN_MAX; i++) {
		struct cur one = cur_sub(&list, cur_be24(&list));
		if (!cur_ok(&one))
			return false;
		if (!tls_certificate(s, one, i == 0))
			fact_violation(s);
	}
	return true;
}

/* A message that a reader has no use for, beyond that it was there. */
static bool other_message(struct scene *s, uint8_t type)
{
	static const uint8_t known[] = { 0, 3, 4, 5, 6, 8, 12, 13, 14, 15, 16, 20, 21, 22, 23, 24 };
	if (!memchr(known, type, sizeof known))
		return false;
	fact_begin(s, &row_handshake);
	fact_uint(s, &tls_field_type, type);
	return true;
}

static enum parsed handshake(struct scene *s, struct cur c)
{
	while (c.left > 0) {
		uint8_t type = cur_u8(&c);
		struct cur body = cur_sub(&c, cur_be24(&c));
		bool good = cur_ok(&body);
		if (!good) {
			/* Encrypted without a change of ciphers before it, or a broken sender. */
			done(s);
			return PARSED_BAD;
		}
		switch (type) {
		case CLIENT_HELLO:
			good = tls_client_hello(s, body);
			break;
		case SERVER_HELLO:
			((struct state *)s->state)->retry = tls_asks_again(body);
			good = tls_server_hello(s, body);
			break;
		case CERTIFICATE:
			fact_begin(s, &row_certificate);
			fact_uint(s, &tls_field_type, type);
			good = certificates(s, body);
			break;
		default:
			good = other_message(s, type);
		}
		if (!good)
			return PARSED_BAD;
		fact_end(s);
	}
	return PARSED_WHOLE;
}

/* The payloads of several records as one: copied, because heads stand between them. */
static enum parsed handshake_records(struct scene *s, struct cur c)
{
	struct cur in = c;
	struct record r;
	if (!record_head(&in, &r))
		return PARSED_BAD;
	if (in.left == r.size)
		return handshake(s, in);
	uint8_t *whole = scene_scratch(s, c.left);
	size_t size = 0;
	if (!whole)
		return PARSED_CUT;
	while (record_head(&c, &r)) {
		const uint8_t *bytes = cur_take(&c, r.size);
		if (!bytes)
			break;
		memcpy(whole + size, bytes, r.size);
		size += r.size;
	}
	return handshake(s, cur_of(whole, size));
}

static enum parsed alert(struct scene *s, struct cur c)
{
	if (c.left != 2)
		return PARSED_WHOLE; /* encrypted */
	uint8_t level = cur_u8(&c);
	fact_begin(s, &row_alert);
	fact_uint(s, &f_level, level);
	fact_uint(s, &f_description, cur_u8(&c));
	fact_end(s);
	return PARSED_WHOLE;
}

/* A clear heartbeat that asks for more than it brought reads the other side's memory. */
static enum parsed heartbeat(struct scene *s, struct cur c)
{
	uint8_t type = cur_u8(&c);
	uint16_t size = cur_be16(&c);
	if (!cur_ok(&c) || type == 0 || type > 2)
		return PARSED_WHOLE;
	fact_begin(s, &row_heartbeat);
	fact_uint(s, &f_beat, type);
	fact_uint(s, &f_beat_size, size);
	if ((size_t)size + HEARTBEAT_PADDING > c.left)
		fact_violation(s);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct state *state = s->state;
	struct cur in = c;
	struct record r;

	if (!state->begun[s->side & 1] && is_old_hello(&c)) {
		state->begun[s->side & 1] = true;
		bool good = tls_old_client_hello(s, c);
		fact_end(s);
		return good ? PARSED_WHOLE : PARSED_BAD;
	}
	state->begun[s->side & 1] = true;
	if (!record_head(&in, &r))
		return PARSED_BAD;
	if (state->done[s->side & 1])
		return PARSED_WHOLE;
	switch (r.type) {
	case HANDSHAKE:
		return handshake_records(s, c);
	case ALERT:
		return alert(s, in);
	case HEARTBEAT:
		return heartbeat(s, in);
	case CHANGE_CIPHER_SPEC:
		/* Sent for middleboxes; the second hellos are still clear, RFC 8446, D.4. */
		if (!state->retry)
			done(s);
		return PARSED_WHOLE;
	default:
		done(s);
		return PARSED_WHOLE;
	}
}

/* Behind a hole nobody can tell clear from encrypted. */
static void gap(struct scene *s)
{
	struct state *state = s->state;
	state->done[s->side & 1] = true;
}

const struct proto proto_tls = {
	.name = "tls",
	.title = "TLS",
	.standard = "RFC 8446, RFC 5246",
	.reads = "hellos with JA3, JA4 and names, certificates, alerts",
	.seen = "16 captures: cloud agents, browsers, malformed hellos",
	.over = OVER_TCP,
	.begins = "16-17 80-ff",
	.follows = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.state_size = sizeof(struct state),
};
