/* Frames of MELSEC communication: 3E and 4E (SLMP Reference Manual SH-080956ENG, 4), 1E (SH-080008,
 * 4.3), each in binary and in ASCII code.  Frame 1E does not say how long it is: a request is as
 * long as its command wants it, an answer as its request said. */
#include "sense/proto/melsec.h"

enum { LENGTH_MAX = 0x4000 }; /* manual 4.2: a few thousand at most, labels included */
enum { REQUEST = 0x5000, REQUEST_SERIAL = 0x5400, ANSWER = 0xd000, ANSWER_SERIAL = 0xd400 };

static bool is_text(const struct cur *c)
{
	int first = cur_peek(c, 0);
	return first == 'D' || (first >= '0' && first <= '9');
}

/* Numbers of a head; subheaders stand with their first byte first in both codes. */
static uint32_t number(struct cur *c, bool text, unsigned bytes)
{
	struct melsec m = { .c = *c, .form = { .text = text } };
	uint32_t n = melsec_number(&m, bytes);
	*c = m.c;
	return n;
}

static uint16_t subheader(struct cur *c, bool text)
{
	return text ? (uint16_t)number(c, true, 2) : cur_be16(c);
}

/* --- frame 1E --- */

static bool is_old(const struct cur *c)
{
	int first = cur_peek(c, 0);
	if (is_text(c)) /* "00" to "3C", "80" to "BC"; not "50", "54", "D0", "D4" */
		return first != 'D' && first != '5';
	return (first & 0x7f) <= 0x3c;
}

enum { OLD_HEAD = 4, OLD_ANSWER_HEAD = 2, OLD_ABNORMAL = 0x5b };

/* Size of a request, whose body this is, in units of the code; FRAME_MORE, FRAME_LOST. */
static long old_request_size(struct cur body, uint8_t function, bool text)
{
	const struct melsec_command *command = melsec_old_command(function);
	struct cur look = body;
	uint32_t n;
	if (!command)
		return FRAME_LOST;
	switch (command->body) {
	case BODY_BATCH:
		(void)number(&look, text, 4);
		(void)number(&look, text, 2);
		n = number(&look, text, 1);
		if (!cur_ok(&look))
			return FRAME_MORE;
		n = n ? n : 256;
		return OLD_HEAD + 8 +
			(!command->writes ? 0 : (long)(function == 2 ? (n + 1) / 2 : n * 2));
	case BODY_OLD_TEST:
	case BODY_OLD_REGISTER:
		n = number(&look, text, 1);
		if (!cur_ok(&look))
			return FRAME_MORE;
		n = n ? n : 256;
		return OLD_HEAD + 2 +
			(long)n *
			(command->body == BODY_OLD_REGISTER ? 6
					: function == 4     ? 7
							    : 8);
	case BODY_OLD_PROGRAM:
		(void)number(&look, text, 2);
		n = number(&look, text, 1);
		if (!cur_ok(&look))
			return FRAME_MORE;
		return OLD_HEAD + 4 + (command->writes ? (long)(n ? n : 256) * 2 : 0);
	case BODY_OLD_MODULE:
		(void)number(&look, text, 3);
		n = number(&look, text, 1);
		if (!cur_ok(&look))
			return FRAME_MORE;
		return OLD_HEAD + 6 + (command->writes ? (long)(n ? n : 256) : 0);
	case BODY_OLD_MONITOR:
	case BODY_NONE:
	case BODY_OLD_MODEL:
		return OLD_HEAD;
	default:
		return FRAME_LOST;
	}
}

static long old_loopback_size(struct cur body, bool text)
{
	uint32_t n = number(&body, text, 1);
	if (!cur_ok(&body))
		return FRAME_MORE;
	return text ? 10 + (long)n : 5 + (long)n;
}

/* What the oldest request of this command that waits for its answer said. */
static long old_answer_size(struct cur c, const struct scene *s, uint8_t function, bool text)
{
	const struct melsec_due *due = melsec_old_due(s, function);
	if (!due)
		return FRAME_LOST;
	uint32_t end = number(&c, text, 1);
	if (!cur_ok(&c))
		return FRAME_MORE;
	long unit = text ? 2 : 1;
	if (end)
		return (OLD_ANSWER_HEAD + (end == OLD_ABNORMAL ? 2 : 0)) * unit;
	return due->size == MELSEC_ANY_SIZE ? FRAME_LOST : OLD_ANSWER_HEAD * unit + (long)due->size;
}

/* The station itself or one of up to 64; units of 250 ms. */
static bool old_head_holds(uint32_t pc, uint32_t timer)
{
	return (pc == 0xff || (pc >= 1 && pc <= 0x40)) && timer <= 0x1000;
}

static bool old_device_holds(struct melsec *m)
{
	struct melsec_device d = melsec_device(m);
	return cur_ok(&m->c) && d.code && d.number <= 0xffff;
}

/* What is the same in every body of a command: zeros, and devices that exist. */
static bool old_body_holds(struct cur body, const struct melsec_command *command, bool text)
{
	struct melsec m = { .c = body, .form = { .text = text, .old = true } };
	switch (command->body) {
	case BODY_BATCH: {
		bool fine = old_device_holds(&m);
		(void)melsec_number(&m, 1);
		return fine && melsec_number(&m, 1) == 0 && cur_ok(&m.c);
	}
	case BODY_OLD_TEST:
	case BODY_OLD_REGISTER:
		(void)melsec_number(&m, 1);
		return melsec_number(&m, 1) == 0 && old_device_holds(&m);
	case BODY_OLD_PROGRAM:
		(void)melsec_number(&m, 2);
		(void)melsec_number(&m, 1);
		return melsec_number(&m, 1) == 0 && cur_ok(&m.c);
	case BODY_OLD_MODULE:
		(void)melsec_number(&m, 3);
		(void)melsec_number(&m, 2);
		return melsec_number(&m, 1) == 0 && cur_ok(&m.c);
	default:
		return true;
	}
}

static long old_request_frame(struct cur c, struct cur look, uint8_t function, bool text)
{
	uint32_t pc = number(&look, text, 1), timer = number(&look, text, 2);
	if (!cur_ok(&look))
		return c.left < (text ? 8 : 4) ? FRAME_MORE : FRAME_LOST;
	const struct melsec_command *command = melsec_old_command(function);
	if (!command || !old_head_holds(pc, timer))
		return FRAME_LOST;
	long size = command->body == BODY_OLD_LOOPBACK
		? old_loopback_size(look, text)
		: old_request_size(look, function, text) * (text ? 2 : 1);
	if (size <= 0)
		return size == FRAME_MORE && look.left < 16 ? FRAME_MORE : FRAME_LOST;
	return c.left < (size_t)size || old_body_holds(look, command, text) ? size : FRAME_LOST;
}

static long old_frame(struct cur c, const struct scene *s)
{
	bool text = is_text(&c);
	struct cur look = c;
	uint32_t first = number(&look, text, 1);
	if (!cur_ok(&look))
		return c.left < 2 ? FRAME_MORE : FRAME_LOST;
	uint8_t function = first & 0x7f;
	return first & 0x80 ? old_answer_size(look, s, function, text)
			    : old_request_frame(c, look, function, text);
}

/* --- frames 3E and 4E --- */

static bool places(uint32_t io, uint32_t station)
{
	bool cpu = io == 0x3ff || (io >= 0x3d0 && io <= 0x3d3) || (io >= 0x3e0 && io <= 0x3e3);
	return (cpu || io < 0x200) && station <= 0x1f;
}

/* 4.2: station FF is the one that is asked, 7D and 7E are masters. */
static bool routes(const struct melsec_route *r)
{
	bool pc = r->pc == 0xff || (r->pc >= 1 && r->pc <= 0x78) || r->pc == 0x7d || r->pc == 0x7e;
	return (r->network <= 0xef || r->network == 0xfe) && pc && places(r->io, r->station);
}

/* Exactly as the manual has it, for messages that say little else. */
static bool routes_well(const struct melsec_route *r)
{
	return routes(r) && (r->network == 0) == (r->pc == 0xff);
}

/* Head up to and with the length; false where it is none, or not all there. */
static bool new_head(struct cur *c, struct melsec_head *h)
{
	h->text = is_text(c);
	h->subheader = subheader(c, h->text);
	h->serial_there = h->subheader == REQUEST_SERIAL || h->subheader == ANSWER_SERIAL;
	h->answer = h->subheader & 0x8000;
	if (h->serial_there) {
		h->serial = (uint16_t)number(c, h->text, 2);
		(void)number(c, h->text, 2);
	}
	h->route.network = (uint8_t)number(c, h->text, 1);
	h->route.pc = (uint8_t)number(c, h->text, 1);
	h->route.io = (uint16_t)number(c, h->text, 2);
	h->route.station = (uint8_t)number(c, h->text, 1);
	h->length = (uint16_t)number(c, h->text, 2);
	return cur_ok(c) && (h->serial_there || h->subheader == REQUEST || h->subheader == ANSWER);
}

static size_t new_head_size(const struct cur *c)
{
	bool text = is_text(c);
	bool serial = text ? cur_peek(c, 1) == '4' : (cur_peek(c, 0) & 0x7f) == 0x54;
	return (serial ? 13 : 9) * (text ? 2U : 1U);
}

/* Behind a hole a segment may begin anywhere: 1E, which has no mark, is not looked for where 3E is
 * spoken. */
static bool same_frames(const struct cur *c, const struct scene *s)
{
	const struct melsec_state *state = s->state;
	return state->frames == FRAMES_UNKNOWN || (state->frames == FRAMES_OLD) == is_old(c);
}

long melsec_frame(struct cur c, struct scene *s)
{
	if (!same_frames(&c, s))
		return FRAME_LOST;
	if (is_old(&c))
		return old_frame(c, s);
	size_t size = new_head_size(&c);
	if (c.left < size)
		return FRAME_MORE;
	struct melsec_head h = { 0 };
	if (!new_head(&c, &h) || !routes(&h.route) || h.length > LENGTH_MAX ||
		h.length < (h.answer ? 2 : 6) * (h.text ? 2 : 1))
		return FRAME_LOST;
	return (long)size + h.length;
}

bool melsec_expects(struct cur c, const struct scene *s)
{
	if (!same_frames(&c, s))
		return false;
	if (!is_old(&c) || s->cut)
		return true;
	bool text = is_text(&c);
	struct cur look = c;
	uint32_t first = number(&look, text, 1), pc = number(&look, text, 1);
	uint32_t timer = number(&look, text, 2);
	const struct melsec_command *command = melsec_old_command(first & 0x7f);
	if (first & 0x80 || (command && command->body == BODY_OTHER))
		return command && (first & 0x80 || (cur_ok(&look) && old_head_holds(pc, timer)));
	return old_frame(c, s) == (long)c.left;
}

bool melsec_head(struct cur *c, struct melsec_head *h)
{
	h->old = is_old(c);
	if (!h->old) {
		if (!new_head(c, h))
			return false;
		*c = cur_sub(c, h->length);
		if (h->answer)
			h->end = (uint16_t)number(c, h->text, 2);
		else
			h->timer = (uint16_t)number(c, h->text, 2);
		return cur_ok(c);
	}
	h->text = is_text(c);
	h->subheader = (uint16_t)number(c, h->text, 1);
	h->function = h->subheader & 0x7f;
	h->answer = h->subheader & 0x80;
	h->route = (struct melsec_route){ .io = 0x3ff, .pc = 0xff };
	if (h->answer) {
		h->end = (uint16_t)number(c, h->text, 1);
	} else {
		h->route.pc = (uint8_t)number(c, h->text, 1);
		h->timer = (uint16_t)number(c, h->text, 2);
	}
	return cur_ok(c);
}

/* --- is it ours? --- */

/* As far as it is there. */
static bool begins_old(struct cur c)
{
	bool text = is_text(&c);
	size_t left = c.left;
	uint32_t function = number(&c, text, 1), pc = number(&c, text, 1),
		 timer = number(&c, text, 2);
	if (left < (text ? 8 : 4))
		return true;
	return cur_ok(&c) && melsec_old_command((uint8_t)function) && old_head_holds(pc, timer);
}

/* Frame 1E has no mark at all: only requests are recognised, and only where the whole message
 * holds: a device code of two known characters, the zero behind the number of points, as long as it
 * has to be, and what follows begins like another.  Those without devices ask for station FF and a
 * sensible timer; those of four bytes only are believed by what follows them. */
static enum probe probe_old(struct cur c, const struct scene *s)
{
	enum { ALIKE = 4 }; /* so many of four bytes in a row are no accident */
	enum probe more = s->stream && c.left < PROBE_MAX ? PROBE_MORE : PROBE_NO;
	for (unsigned i = 0; i < ALIKE; i++) {
		bool text = is_text(&c);
		struct cur look = c;
		uint32_t function = number(&look, text, 1), pc = number(&look, text, 1);
		if (!is_old(&c) || (c.left >= (text ? 4 : 2) && !cur_ok(&look)))
			return PROBE_NO;
		const struct melsec_command *command = melsec_old_command((uint8_t)function);
		if (c.left >= (text ? 4 : 2) &&
			(!command || function > 0x16 || !old_head_holds(pc, 0)))
			return PROBE_NO;
		uint32_t timer = number(&look, text, 2);
		if (!cur_ok(&look))
			return c.left < (text ? 8 : 4) ? more : PROBE_NO;
		long size = old_frame(c, s);
		if (size == FRAME_LOST)
			return PROBE_NO;
		if (size == FRAME_MORE || c.left < (size_t)size)
			return more;
		cur_skip(&c, (size_t)size);
		bool alike = command->body != BODY_BATCH && command->body != BODY_OLD_TEST &&
			command->body != BODY_OLD_REGISTER;
		if ((c.left && !s->stream) || !begins_old(c) ||
			(alike && (pc != 0xff || timer < 1 || timer > 0xf0)))
			return PROBE_NO;
		if (size > (text ? 8 : 4))
			return PROBE_YES;
		if (!c.left)
			return i + 1 < ALIKE ? more : PROBE_YES;
	}
	return PROBE_YES;
}

/* An error says who found it and which command it was: 4.2, error information. */
static bool tells_error(struct cur c, const struct melsec_head *h)
{
	if (h->length != (h->text ? 22 : 11))
		return false;
	(void)number(&c, h->text, 2); /* network, station */
	uint32_t io = number(&c, h->text, 2), station = number(&c, h->text, 1);
	uint32_t command = number(&c, h->text, 2);
	return cur_ok(&c) && places(io, station) && melsec_command((uint16_t)command);
}

/* As far as it is there. */
static bool begins_new(const struct cur *c)
{
	bool text = is_text(c);
	int first = cur_peek(c, 0), second = cur_peek(c, 1);
	bool fine = text ? first == '5' || first == 'D'
			 : (first & 0x7f) == 0x50 || (first & 0x7f) == 0x54;
	return fine && (second < 0 || (text ? second == '0' || second == '4' : second == 0));
}

static enum probe probe_new(struct cur c, const struct scene *s)
{
	bool text = is_text(&c);
	if (!begins_new(&c))
		return PROBE_NO;
	size_t head = new_head_size(&c), want = head + (text ? 4 : 2), left = c.left;
	struct melsec_head h = { 0 };
	if (left < want)
		return s->stream ? PROBE_MORE : PROBE_NO;
	if (!new_head(&c, &h) || !routes(&h.route) || h.length > LENGTH_MAX)
		return PROBE_NO;
	if (!s->stream && !s->cut && left != head + h.length)
		return PROBE_NO;
	struct cur rest = c;
	cur_skip(&rest, h.length);
	if (left > head + h.length && !begins_new(&rest))
		return PROBE_NO;
	bool whole = left >= head + h.length;
	uint32_t first = number(&c, text, 2); /* timer or end code */
	if (!cur_ok(&c))
		return PROBE_NO;
	if (h.answer) {
		if (h.length < (text ? 4 : 2))
			return PROBE_NO;
		if (first == 0)
			return routes_well(&h.route) ? PROBE_YES : PROBE_NO;
		if (!whole)
			return s->stream ? PROBE_MORE : PROBE_NO;
		return tells_error(c, &h) ? PROBE_YES : PROBE_NO;
	}
	if (h.length < (text ? 12 : 6))
		return PROBE_NO;
	if (left < head + (text ? 12 : 6))
		return s->stream ? PROBE_MORE : PROBE_NO;
	uint32_t command = number(&c, text, 2);
	if (!cur_ok(&c))
		return PROBE_NO;
	if (melsec_command((uint16_t)command))
		return PROBE_YES;
	if (!melsec_own(&h.route)) /* a command that nobody described wants everything else right */
		return PROBE_NO;
	return whole ? PROBE_YES : s->stream && left < PROBE_MAX ? PROBE_MORE : PROBE_NO;
}

enum probe melsec_probe(struct cur c, const struct scene *s)
{
	return is_old(&c) ? probe_old(c, s) : probe_new(c, s);
}
