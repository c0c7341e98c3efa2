/* OPC UA over TCP: whose it is, where its messages end, and the connection they begin with
 * (OPC 10000-6, 7.1).  What is said in secure channels: opcua_channel.c. */
#include <stdio.h>

#include "sense/proto/opcua.h"

enum { PROBE_SIZE_MAX = 16 * 1024 * 1024, TEXT_MAX = 4096 };
enum { ACK_SIZE = 28, HEL_MIN = 32, ERR_MIN = 16 };

static const struct field f_version = { "opcua.transport.ver", LE32, 0, 0 };
static const struct field f_receive = { "opcua.transport.rbs", LE32, 0, 0 };
static const struct field f_send = { "opcua.transport.sbs", LE32, 0, 0 };
static const struct field f_message_max = { "opcua.transport.mms", LE32, 0, 0 };
static const struct field f_chunk_max = { "opcua.transport.mcc", LE32, 0, 0 };
static const struct field f_endpoint = { "opcua.transport.endpoint", TEXT, 0, 0 };
static const struct field f_server_uri = { "opcua.transport.suri", TEXT, 0, 0 };

static const struct msg row_hello = { 1, DIR_REQUEST, ACT_OTHER, 0, "hello", NULL };
static const struct msg row_acknowledge = { 1, DIR_RESPONSE, ACT_OTHER, 0, "hello", NULL };
static const struct msg row_reverse = { 2, DIR_OTHER, ACT_OTHER, 0, "reverse_hello", NULL };
static const struct msg row_error = { 3, DIR_RESPONSE, ACT_OTHER, 0, "connection_error", NULL };

/* --- is it ours? --- */

/* The text at the end of what is `rest` bytes long. */
static enum probe ends_with_text(struct cur c, uint32_t rest)
{
	if (c.left < 4)
		return PROBE_MORE;
	uint32_t size = cur_le32(&c);
	size = size == UINT32_MAX ? 0 : size;
	return size <= TEXT_MAX && size + 4 == rest ? PROBE_YES : PROBE_NO;
}

static enum probe probe_reverse(struct cur c, uint32_t rest)
{
	if (c.left < 4)
		return PROBE_MORE;
	uint32_t size = cur_le32(&c);
	if (size > TEXT_MAX || size + 8 > rest)
		return PROBE_NO;
	if (c.left < size)
		return PROBE_MORE;
	cur_skip(&c, size);
	return ends_with_text(c, rest - 4 - size);
}

static enum probe probe_open(struct cur c, uint32_t rest)
{
	cur_skip(&c, 4);
	if (!cur_ok(&c) || c.left < 4)
		return PROBE_MORE;
	uint32_t size = cur_le32(&c);
	if (size > UINT8_MAX || size + 8 > rest) /* 6.7.2.3: a policy of 255 bytes at most */
		return PROBE_NO;
	if (c.left < size)
		return PROBE_MORE;
	return opcua_is_policy(cur_sub(&c, size)) ? PROBE_YES : PROBE_NO;
}

/* Encrypted, or the middle of a message: nothing more is known than that channels are never 0. */
static enum probe probe_message(struct cur c)
{
	uint32_t channel = cur_le32(&c);
	cur_skip(&c, 4);
	if (!cur_ok(&c))
		return PROBE_MORE;
	return channel ? PROBE_YES : PROBE_NO;
}

/* Seven letters' worth of header is little for the world's traffic: the size must agree with what
 * the type of message holds. */
static enum probe probe_body(struct cur c, const struct opcua_head *h)
{
	uint32_t rest = h->size - OPCUA_HEADER, before;
	switch ((enum opcua_message)h->kind) {
	case OPCUA_ACK:
		return h->size == ACK_SIZE ? PROBE_YES : PROBE_NO;
	case OPCUA_RHE:
		return probe_reverse(c, rest);
	case OPCUA_OPN:
		return probe_open(c, rest);
	case OPCUA_MSG:
	case OPCUA_CLO:
		return probe_message(c);
	default:
		before = h->kind == OPCUA_HEL ? 20 : 4;
		if (c.left < before)
			return PROBE_MORE;
		cur_skip(&c, before);
		return ends_with_text(c, rest - before);
	}
}

static bool may_begin(const struct cur *c)
{
	size_t size = c->left < 3 ? c->left : 3;
	for (size_t i = 0; i < OPCUA_MESSAGES; i++)
		if (size == 0 || memcmp(c->at, opcua_kinds[i], size) == 0)
			return true;
	return false;
}

static enum probe probe(struct cur c, const struct scene *s)
{
	(void)s;
	struct opcua_head h;
	if (!may_begin(&c))
		return PROBE_NO;
	if (c.left < OPCUA_HEADER)
		return PROBE_MORE;
	if (!opcua_head_read(&c, &h) || h.size > PROBE_SIZE_MAX ||
		(h.kind == OPCUA_HEL && h.size < HEL_MIN) ||
		((h.kind == OPCUA_ERR || h.kind == OPCUA_RHE) && h.size < ERR_MIN))
		return PROBE_NO;
	return probe_body(c, &h);
}

/* A message is all its chunks.  One too long to be kept is handed over in parts, and so is one of
 * very many chunks, since each segment has them counted anew: of the smallest that a buffer may be
 * made for (1,024 bytes, 7.1.2.3) as many fill MESSAGE_MAX. */
static long frame(struct cur c, struct scene *s)
{
	const struct cur first = c;
	size_t total = 0;
	for (unsigned count = 1;; count++) {
		struct opcua_head h;
		struct cur look = c;
		if (c.left < OPCUA_HEADER)
			return FRAME_MORE;
		if (!opcua_head_read(&look, &h))
			return total ? (long)total : FRAME_LOST;
		if (total && c.left < h.size && c.left < OPCUA_CHUNK_LOOK)
			return FRAME_MORE;
		look = c;
		if (total && !opcua_goes_on(s->state, first, cur_upto(&look, h.size)))
			return (long)total;
		total += h.size;
		if (h.chunk != 'C' || count == OPCUA_CHUNKS_MAX ||
			total >= MESSAGE_MAX - OPCUA_CHUNK_LOOK)
			return (long)total;
		if (h.size > c.left)
			return FRAME_MORE;
		cur_skip(&c, h.size);
	}
}

/* --- the connection --- */

static void tell_sizes(struct scene *s, struct cur *c)
{
	static const struct field *const sizes[] = { &f_version, &f_receive, &f_send,
		&f_message_max, &f_chunk_max };
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		fact_uint(s, sizes[i], cur_le32(c));
}

/* Requests and items of a connection are nothing to the next one; nor, behind a hole, does anybody
 * know which there are. */
static void forget(struct scene *s)
{
	struct opcua_state *state = s->state;
	opcua_asked_forget(s);
	state->age++;
	state->hello_frame = 0;
	state->clear = false;
}

static void begin_anew(struct scene *s)
{
	struct opcua_state *state = s->state;
	struct opcua o = { .s = s, .state = state };
	forget(s);
	opcua_forget(&o);
	state->nameless = false;
	state->policy = OPCUA_UNSEEN;
	state->signature = 0;
	state->split[0] = state->split[1] = OPCUA_TOGETHER;
}

static void hello(struct scene *s, const struct opcua_head *h, struct cur *c)
{
	struct opcua_state *state = s->state;
	bool asks = h->kind == OPCUA_HEL;
	if (asks) {
		scene_client(s);
		begin_anew(s);
	} else {
		scene_server(s);
		fact_asked(s, state->hello_frame, state->hello_ns);
	}
	state->hello_frame = asks ? s->frame : 0;
	state->hello_ns = s->at_ns;
	state->client = asks ? 1 + s->side : 2 - s->side;
	fact_begin(s, asks ? &row_hello : &row_acknowledge);
	opcua_head_tell(s, h);
	tell_sizes(s, c);
	if (asks)
		opcua_string_tell(s, &f_endpoint, c);
}

/* A server behind a firewall connects to its client, and is the one who answers all the same. */
static void reverse_hello(struct scene *s, const struct opcua_head *h, struct cur *c)
{
	struct opcua_state *state = s->state;
	state->client = 2 - s->side;
	fact_begin(s, &row_reverse);
	opcua_head_tell(s, h);
	opcua_string_tell(s, &f_server_uri, c);
	opcua_string_tell(s, &f_endpoint, c);
}

static enum parsed parse(struct cur c, struct scene *s)
{
	struct opcua_head h;
	struct cur whole = c;
	if (!opcua_head_read(&c, &h))
		return PARSED_BAD;
	if (h.kind == OPCUA_OPN || h.kind == OPCUA_MSG || h.kind == OPCUA_CLO)
		return opcua_channel(s, whole);
	if (h.kind == OPCUA_HEL || h.kind == OPCUA_ACK)
		hello(s, &h, &c);
	else if (h.kind == OPCUA_RHE)
		reverse_hello(s, &h, &c);
	else {
		fact_begin(s, &row_error);
		opcua_head_tell(s, &h);
		opcua_error_tell(s, &c);
	}
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	if (c.left)
		fact_violation(s);
	return PARSED_WHOLE;
}

static void gap(struct scene *s)
{
	struct opcua_state *state = s->state;
	struct opcua o = { .s = s, .state = state };
	forget(s);
	opcua_items_forget(&o);
	opcua_aliases_doubt(&o);
	state->split[0] = state->split[1] = OPCUA_TORN;
}

/* An address of 255 bytes is longer than the name of a point: what differs stands at its end. */
static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	enum { ELEMENT = 14, ROOM = POINT_NAME - ELEMENT, HEAD = 24 }; /* "[4294967295]" */
	const char *symbol = (const char *)at->symbol;
	int size = at->symbol_size, n;
	if (size < ROOM)
		n = snprintf(name, POINT_NAME, "%.*s", size, symbol);
	else
		n = snprintf(name, POINT_NAME, "%.*s...%.*s", HEAD, symbol, ROOM - HEAD - 3,
			symbol + size - (ROOM - HEAD - 3));
	if (at->bit)
		snprintf(name + n, (size_t)(POINT_NAME - n), "[%u]", at->index);
}

const struct proto proto_opcua = {
	.name = "opcua",
	.title = "OPC UA",
	.standard = "OPC 10000-4 and 10000-6 (1.05), UA TCP with the binary encoding",
	.reads =
		"connections, channels, all services with their values, subscriptions tied to their "
		"nodes, identity; encrypted channels only as such",
	.seen = "14 captures: open62541, python-opcua, channels with lost packets",
	.over = OVER_TCP,
	.begins = "41 43 45 48 4d 4f 52",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.gap = gap,
	.in_parts = true,
	.keeps = 4,
	.state_size = sizeof(struct opcua_state),
	.asks = 32, /* a client leaves a request to publish or two for each subscription */
	.ask_size = sizeof(struct opcua_ask),
	.point_name = point_name,
};
