/* NAME: say here which standard, edition and clauses this file follows.
 *
 * What stands below is a protocol that does not exist: a header of two fixed bytes, a function, a
 * transaction and a length; reads and writes of one value at an address; refusals.  Put the real
 * one in its place, row by row; doc/adding-a-protocol.md goes through it. */
#include <stdio.h>

#include "sense/proto.h"

enum { MAGIC = 0xcafe, HEADER = 8, BODY_MAX = 256 };
enum { FUNCTION_READ = 1, FUNCTION_WRITE = 2, REFUSED = 0x80 };

/* What an answer needs to know of its request. */
struct asked {
	uint16_t address;
	uint8_t function;
};

static const struct field f_transaction = { "NAME.transaction", BE16 };
static const struct field f_address = { "NAME.address", BE16 };
static const struct field f_value = { "NAME.value", BE16 };
static const struct field f_reason = { "NAME.reason", U8 };

/* Each operation is two rows: its request and its answer, under one word. */
static const struct msg msgs[] = {
	BOTH(FUNCTION_READ, ACT_READ, EFFECT_NONE, "read"),
	BOTH(FUNCTION_WRITE, ACT_WRITE, EFFECT_NONE, "write"),
	{ 0 },
};
static const struct msg unknown_rows[] = {
	BOTH(0, ACT_OTHER, EFFECT_NONE, "unknown_function"),
	{ 0 },
};

/* How long the body of this operation is: the standard fixes it, as most do. */
static size_t body_size(bool is_answer, uint8_t function)
{
	if (is_answer)
		return function & REFUSED ? 1 : 2;
	return function == FUNCTION_WRITE ? 4 : 2;
}

/* Is this ours?  As much as the standard promises of the first bytes, and never a port: two fixed
 * bytes are in too much of the world's traffic, so flag, function and length have to fit, too. */
static enum probe probe(struct cur c, const struct scene *s)
{
	if (c.left < HEADER)
		return s->stream && cur_peek(&c, 0) == MAGIC >> 8 ? PROBE_MORE : PROBE_NO;
	uint16_t magic = cur_be16(&c);
	uint8_t is_answer = cur_u8(&c);
	uint8_t function = cur_u8(&c);
	cur_skip(&c, 2);
	uint16_t size = cur_be16(&c);
	unsigned plain = is_answer ? function & ~(unsigned)REFUSED : function;
	bool fits = magic == MAGIC && is_answer <= 1 &&
		(plain == FUNCTION_READ || plain == FUNCTION_WRITE) &&
		size == body_size(is_answer, function);
	return fits ? PROBE_YES : PROBE_NO;
}

/* How long is the message that begins here?  Needed for streams only. */
static long frame(struct cur c, struct scene *s)
{
	(void)s;
	if (c.left < HEADER)
		return FRAME_MORE;
	uint16_t magic = cur_be16(&c);
	cur_skip(&c, 4);
	uint16_t size = cur_be16(&c);
	return magic == MAGIC && size <= BODY_MAX ? HEADER + size : FRAME_LOST;
}

static void point(struct scene *s, uint16_t address, uint16_t value, bool written)
{
	const struct point_at at = { .index = address };
	point_server(s, &at, value, written);
}

static enum parsed request(struct scene *s, uint8_t function, uint16_t transaction, struct cur c)
{
	uint16_t address = cur_be16(&c);
	uint16_t value = function == FUNCTION_WRITE ? cur_be16(&c) : 0;
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	struct asked *asked = ask_put(s, transaction);
	if (asked)
		*asked = (struct asked){ .address = address, .function = function };
	const struct msg *row = msg_find(msgs, function, DIR_REQUEST);
	fact_begin(s, row ? row : msg_find(unknown_rows, 0, DIR_REQUEST));
	fact_uint(s, &f_transaction, transaction);
	fact_uint(s, &f_address, address);
	if (function == FUNCTION_WRITE)
		fact_uint(s, &f_value, value);
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed answer(struct scene *s, uint8_t function, uint16_t transaction, struct cur c)
{
	bool refused = function & REFUSED;
	uint8_t reason = refused ? cur_u8(&c) : 0;
	uint16_t value = refused ? 0 : cur_be16(&c);
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	const struct asked *asked = ask_take(s, transaction);
	const struct msg *row = msg_find(msgs, function & ~(unsigned)REFUSED, DIR_RESPONSE);
	fact_begin(s, row ? row : msg_find(unknown_rows, 0, DIR_RESPONSE));
	fact_uint(s, &f_transaction, transaction);
	if (refused) {
		fact_failed(s);
		fact_uint(s, &f_reason, reason);
	} else {
		/* The address stands in the request: a value is told with it or not at all. */
		if (asked) {
			fact_uint(s, &f_address, asked->address);
			point(s, asked->address, value, asked->function == FUNCTION_WRITE);
		}
		fact_uint(s, &f_value, value);
	}
	fact_end(s);
	return PARSED_WHOLE;
}

static enum parsed parse(struct cur c, struct scene *s)
{
	cur_skip(&c, 2);
	bool is_answer = cur_u8(&c);
	uint8_t function = cur_u8(&c);
	uint16_t transaction = cur_be16(&c);
	cur_skip(&c, 2);
	if (!cur_ok(&c))
		return s->cut ? PARSED_CUT : PARSED_BAD;
	/* Who asks is the client, whoever opened the connection. */
	if (is_answer)
		scene_server(s);
	else
		scene_client(s);
	return is_answer ? answer(s, function, transaction, c)
			 : request(s, function, transaction, c);
}

static void point_name(const struct point_at *at, char name[POINT_NAME])
{
	snprintf(name, POINT_NAME, "address %u", at->index);
}

const struct proto proto_NAME = {
	.name = "NAME",
	.title = "NAME",
	.standard = "the standard and its edition",
	.reads = "reads and writes with their values, refusals",
	.seen = NULL, /* until it was tried on real traffic: then say on whose */
	.over = OVER_TCP,
	.begins = "ca",
	.ot = true,
	.probe = probe,
	.frame = frame,
	.parse = parse,
	.asks = 8,
	.ask_size = sizeof(struct asked),
	.point_name = point_name,
};
