/* HART frames (TS20081), and the commands in them, in one another and in lists (TS20085, TS20151).
 *
 * Command 31 is one with a number of two bytes, 77 passes a frame on to a device behind this one,
 * 78 and direct PDUs are lists.  What is said is the command that is meant, and for whom it is. */
#include <stdio.h>

#include "sense/proto/hart_ip.h"

/* Delimiters: unique address, number of expansion bytes, frame type. */
enum { UNIQUE = 0x80, EXPANSION = 0x60, PHYSICAL = 0x18, BURST = 1, STX = 2, ACK = 6 };
enum { COMMUNICATION_ERROR = 0x80 };

static const struct field f_delimiter = { "hart_ip.pt.delimiter", U8 };
static const struct field f_short = { "hart_ip.pt.short_addr", U8 };
static const struct field f_long = { "hart_ip.pt.long_address", BYTES };
static const struct field f_expansion = { "hart_ip.pt.expansion", BYTES };
static const struct field f_command = { "hart_ip.pt.command", U8 };
static const struct field f_count = { "hart_ip.pt.length", U8 };
static const struct field f_response = { "hart_ip.pt.response_code", U8 };
static const struct field f_response_name = { "hart_ip.pt.response_name", TEXT };
static const struct field f_device_status = { "hart_ip.pt.device_status", U8 };
static const struct field f_check = { "hart_ip.pt.checksum", U8 };
static const struct field f_extended = { "hart_ip.pt.rsp.command_number", BE16 };
static const struct field f_size = { "hart_ip.pt.rsp.command_byte_count", U8 };
static const struct field f_commands = { "hart_ip.pt.rsp.number_of_commands", U8 };
/* Of a direct PDU; commands may have one of their own, as tshark calls it. */
static const struct field f_direct_status = { "hart_ip.ext_device_status", U8 };
static const struct field f_extended_status = { "hart_ip.pt.rsp.ext_device_status", U8 };
static const struct field f_card = { "hart_ip.pt.rsp.io_card", U8 };
static const struct field f_channel = { "hart_ip.pt.rsp.channel", U8 };
static const struct field f_preambles = { "hart_ip.pt.rsp.tx_preamble_count", U8 };
static const struct field f_inner_delimiter = { "hart_ip.pt.rsp.embedded_command_delimiter", U8 };
static const struct field f_inner_short = { "hart_ip.pt.rsp.poll_address", U8 };
static const struct field f_inner_long = { "hart_ip.pt.rsp.unique_id", BYTES };
static const struct field f_inner_command = { "hart_ip.pt.rsp.embedded_command", U8 };
static const struct field f_inner_extended = { "hart_ip.embedded_command_number", BE16 };
static const struct field f_inner_count = { "hart_ip.embedded_length", U8 };
static const struct field f_inner_response = { "hart_ip.embedded_response_code", U8 };
static const struct field f_inner_status = { "hart_ip.embedded_device_status", U8 };

/* A HART frame; `data` is behind the byte count, and in an answer behind the two status bytes. */
struct frame {
	uint8_t delimiter, command, count, response, status, check;
	struct cur address, expansion, data;
	bool answer;
};

/* --- frames --- */

static bool read_head(struct cur *c, struct frame *f)
{
	*f = (struct frame){ .delimiter = cur_u8(c) };
	f->address = cur_sub(c, f->delimiter & UNIQUE ? HART_UNIQUE : 1);
	f->expansion = cur_sub(c, (size_t)(f->delimiter & EXPANSION) >> 5);
	f->command = cur_u8(c);
	f->count = cur_u8(c);
	uint8_t type = f->delimiter & 7;
	f->answer = type != STX;
	return cur_ok(c) && !(f->delimiter & PHYSICAL & 0x10) &&
		(type == STX || type == ACK || type == BURST);
}

static bool read_frame(struct cur *c, struct frame *f)
{
	bool fits = read_head(c, f);
	f->data = cur_sub(c, f->count);
	if (f->answer) {
		f->response = cur_u8(&f->data);
		f->status = cur_u8(&f->data);
	}
	return fits && cur_ok(&f->data);
}

/* Preambles may stand in front, though nobody has use for them here. */
static struct cur without_preambles(struct cur c)
{
	while (cur_peek(&c, 0) == 0xff)
		cur_skip(&c, 1);
	return c;
}

/* Longitudinal parity over everything from the delimiter on. */
static bool check_fits(struct cur c)
{
	uint8_t sum = 0;
	while (c.left)
		sum ^= cur_u8(&c);
	return sum == 0;
}

static bool whole_frame(struct cur c, struct frame *f)
{
	c = without_preambles(c);
	struct cur all = c;
	if (!read_frame(&c, f))
		return false;
	f->check = cur_u8(&c);
	return cur_ok(&c) && c.left == 0 && check_fits(all);
}

bool hart_frame_fits(struct cur body, bool answer)
{
	struct frame f;
	return whole_frame(body, &f) && f.answer == answer;
}

bool hart_frame_begins(struct cur body, size_t size, bool answer)
{
	struct frame f;
	struct cur c = without_preambles(body);
	return read_head(&c, &f) && f.answer == answer && body.left - c.left + f.count + 1 == size;
}

/* Commands one after the other: number, byte count, data that begins with a response code where it
 * is an answer. */
bool hart_list_fits(struct cur c, bool answer)
{
	while (c.left && cur_ok(&c)) {
		cur_skip(&c, 2);
		uint8_t size = cur_u8(&c);
		cur_skip(&c, size);
		cur_need(&c, size || !answer);
	}
	return cur_ok(&c);
}

/* --- commands --- */

static bool named(struct asset_place *at, const char *text, int size)
{
	*at = (struct asset_place){
		.kind = PLACE_NAMED, .address = text, .address_size = (size_t)size
	};
	return true;
}

enum { WHERE_SIZE = sizeof "card 255 channel 255 address 63" };

bool hart_device(struct scene *s, uint16_t type, uint32_t id, struct asset_place *at)
{
	char *text = scene_scratch(s, WHERE_SIZE);
	return text && named(at, text, snprintf(text, WHERE_SIZE, "device %04X-%u", type, id));
}

bool hart_place(const struct hart *h, struct asset_place *at)
{
	const struct hart_state *state = h->s->state;
	const struct hart_where *w = &h->where;
	if (h->own || (!h->inner && h->addressed && !state->known))
		return false;
	if (h->addressed)
		return hart_device(h->s, h->type, h->id, at);
	if (!h->inner && !h->polling)
		return false;
	char *text = scene_scratch(h->s, WHERE_SIZE);
	if (!text)
		return false;
	if (!h->inner)
		return named(at, text, snprintf(text, WHERE_SIZE, "address %u", h->polling));
	return named(at, text,
		snprintf(text, WHERE_SIZE, "card %u channel %u address %u", w->card, w->channel,
			h->polling));
}

void hart_begin(struct hart *h, const struct msg *row)
{
	struct asset_place at;
	if (h->answer && !h->published)
		ask_peek(h->s, h->key);
	fact_begin(h->s, row);
	if (hart_place(h, &at))
		fact_place(h->s, h->answer, &at);
	h->row = row;
	if (h->published)
		fact_dir(h->s, DIR_OTHER);
	if (h->reserved)
		fact_violation(h->s);
}

static struct hart_address address_in(struct cur c)
{
	struct hart_address a = { .size = (uint8_t)c.left };
	memcpy(a.bytes, c.at, c.left);
	return a;
}

/* Which device it is: TS20081, 38 bits, the two topmost are of the master and of burst mode. */
static void address_of(struct hart *h, struct cur address)
{
	*(h->inner ? &h->where.behind : &h->where.at) = address_in(address);
	h->addressed = address.left == HART_UNIQUE;
	if (h->addressed) {
		h->type = cur_be16(&address) & HART_TYPE;
		h->id = cur_be24(&address);
	} else {
		h->polling = cur_u8(&address) & HART_POLLING;
	}
	const struct hart_state *state = h->s->state;
	bool known = state->known && state->type == h->type && state->id == h->id;
	h->own = !h->inner && (h->addressed ? known : h->polling == 0); /* others may hang there */
}

static bool is_done(uint8_t response)
{
	return !hart_is_error(response) && !hart_is_delayed(response);
}

static void refusal(struct hart *h, uint8_t response)
{
	const char *name =
		response & COMMUNICATION_ERROR ? "communication error" : hart_response(response);
	h->done = is_done(response);
	if (response && name)
		fact_text(h->s, &f_response_name, name, strlen(name));
	if (hart_is_error(response))
		fact_failed(h->s);
}

static void address_fact(struct scene *s, struct cur address, const struct field *unique,
	const struct field *polling)
{
	if (address.left == HART_UNIQUE)
		fact_bytes(s, unique, address.at, address.left);
	else if (address.left)
		fact_uint(s, polling, cur_u8(&address) & HART_POLLING);
}

static void frame_values(struct hart *h, const struct frame *f)
{
	fact_uint(h->s, &f_delimiter, f->delimiter);
	address_fact(h->s, f->address, &f_long, &f_short);
	if (f->expansion.left)
		fact_bytes(h->s, &f_expansion, f->expansion.at, f->expansion.left);
	fact_uint(h->s, &f_command, f->command);
	fact_uint(h->s, &f_count, f->count);
	if (!f->answer)
		return;
	fact_uint(h->s, &f_response, f->response);
	fact_uint(h->s, &f_device_status, f->status);
}

/* The command it is about: numbers beyond a byte stand in front of the data of 31. */
static uint16_t number_of(uint16_t command, struct cur *data)
{
	return command == HART_EXTENDED && data->left >= 2 ? cur_be16(data) : command;
}

/* TS20151, command 77: a frame without its check byte, to a device on a channel behind this one. */
struct passed {
	uint8_t card, channel, preambles;
	struct frame frame;
};

static bool read_passed(struct cur c, bool answer, struct passed *p)
{
	p->card = cur_u8(&c);
	p->channel = cur_u8(&c);
	p->preambles = answer ? 0 : cur_u8(&c);
	return read_frame(&c, &p->frame) && p->frame.answer == answer;
}

/* From here on it is about the frame within, where there is one. */
static bool passes_on(struct hart *h, struct cur *data, struct passed *p)
{
	if (h->command != HART_SEND_TO_SUB_DEVICE || !read_passed(*data, h->answer, p))
		return false;
	*data = p->frame.data;
	h->command = number_of(p->frame.command, data);
	h->inner = h->where.passed = true;
	h->where.card = p->card;
	h->where.channel = p->channel;
	address_of(h, p->frame.address);
	return true;
}

static void passed_values(struct hart *h, const struct passed *p)
{
	fact_uint(h->s, &f_card, p->card);
	fact_uint(h->s, &f_channel, p->channel);
	if (!h->answer)
		fact_uint(h->s, &f_preambles, p->preambles);
	fact_uint(h->s, &f_inner_delimiter, p->frame.delimiter);
	address_fact(h->s, p->frame.address, &f_inner_long, &f_inner_short);
	fact_uint(h->s, &f_inner_command, p->frame.command);
	fact_uint(h->s, &f_inner_count, p->frame.count);
	if (p->frame.command == HART_EXTENDED && h->command != HART_EXTENDED)
		fact_uint(h->s, &f_inner_extended, h->command);
	if (!h->answer)
		return;
	fact_uint(h->s, &f_inner_response, p->frame.response);
	fact_uint(h->s, &f_inner_status, p->frame.status);
}

static void behind_values(const struct hart *h)
{
	const struct hart_address *a = &h->where.behind;
	fact_uint(h->s, &f_card, h->where.card);
	fact_uint(h->s, &f_channel, h->where.channel);
	address_fact(h->s, cur_of(a->bytes, a->size), &f_inner_long, &f_inner_short);
}

void hart_where_values(const struct hart *h)
{
	const struct hart_address *a = &h->where.at;
	address_fact(h->s, cur_of(a->bytes, a->size), &f_long, &f_short);
	if (h->where.passed)
		behind_values(h);
}

/* Of several commands the first is kept: who refuses them all names none. */
static void keep(struct hart *h, uint16_t via)
{
	if (!h->asked || !h->first)
		return;
	h->where.told = true;
	h->where.via = via;
	h->where.command = h->command;
	*h->asked = h->where;
}

/* Who refuses what is within another command says nothing of it: it stood in the question. */
static bool as_asked(struct hart *h, uint16_t via, uint8_t response)
{
	bool within = h->command == HART_EXTENDED || h->command == HART_SEND_TO_SUB_DEVICE;
	if (!within || !response || h->published || !h->first)
		return false;
	const struct hart_where *q = ask_peek(h->s, h->key);
	if (!q || !q->told || q->via != via)
		return false;
	h->command = q->command;
	h->where.passed = q->passed;
	h->where.card = q->card;
	h->where.channel = q->channel;
	h->where.behind = q->behind;
	return q->passed;
}

/* What a command comes to: itself, or the one within it. */
struct meant {
	bool passes, asked; /* it stands within; it stood in the question */
	struct passed passed;
};

static struct meant meant(struct hart *h, uint16_t via, uint8_t response, struct cur *data)
{
	struct meant m = { 0 };
	h->command = number_of(via, data);
	m.passes = passes_on(h, data, &m.passed);
	m.asked = !m.passes && !data->left && as_asked(h, via, response);
	keep(h, via);
	return m;
}

static void meant_values(struct hart *h, const struct meant *m, uint8_t response)
{
	if (m->passes)
		passed_values(h, &m->passed);
	if (m->asked)
		behind_values(h);
	if (h->answer && m->passes && is_done(response))
		refusal(h, m->passed.frame.response);
	else if (h->answer)
		refusal(h, response);
}

/* Command 78: how many there are, in an answer behind the device's status, then the list. */
static bool aggregated(struct hart *h, struct cur *list)
{
	struct cur c = *list;
	uint8_t status = h->answer ? cur_u8(&c) : 0, count = cur_u8(&c);
	if (!cur_ok(&c) || !hart_list_fits(c, h->answer))
		return false;
	if (h->answer)
		fact_uint(h->s, &f_extended_status, status);
	fact_uint(h->s, &f_commands, count);
	*list = c;
	return true;
}

static void command_list(struct hart *like, struct cur c, unsigned lists);

/* One of a list, and a fact of its own; `lists` deep there may be others in it. */
static void listed(const struct hart *like, uint16_t via, struct cur data, unsigned lists)
{
	struct hart h = *like;
	size_t size = data.left;
	uint8_t response = h.answer ? cur_u8(&data) : 0;
	struct meant m = meant(&h, via, response, &data);
	hart_begin(&h, hart_row(h.command, h.answer));
	hart_where_values(like);
	fact_uint(h.s, &f_extended, m.passes || m.asked ? via : h.command);
	fact_uint(h.s, &f_size, size);
	if (h.answer)
		fact_uint(h.s, &f_response, response);
	meant_values(&h, &m, response);
	bool list = lists && h.command == HART_AGGREGATED && h.done && aggregated(&h, &data);
	if (!list)
		hart_data(&h, &data);
	fact_end(h.s);
	h.first = false;
	if (list)
		command_list(&h, data, lists - 1);
}

static void command_list(struct hart *like, struct cur c, unsigned lists)
{
	for (; c.left; like->first = false) {
		uint16_t via = cur_be16(&c);
		uint8_t size = cur_u8(&c);
		listed(like, via, cur_sub(&c, size), lists);
	}
}

bool hart_token_passing(struct hart *h, struct cur body)
{
	struct frame f;
	if (!whole_frame(body, &f) || f.answer != h->answer)
		return false;
	struct cur data = f.data;
	address_of(h, f.address);
	struct meant m = meant(h, f.command, f.response, &data);
	hart_begin(h, hart_row(h->command, h->answer));
	frame_values(h, &f);
	uint16_t number = m.passes ? HART_SEND_TO_SUB_DEVICE : h->command;
	if (f.command == HART_EXTENDED && number != HART_EXTENDED && !m.asked)
		fact_uint(h->s, &f_extended, number);
	meant_values(h, &m, f.response);
	bool list = h->command == HART_AGGREGATED && h->done;
	if (list && !aggregated(h, &data))
		return false;
	if (!list)
		hart_data(h, &data);
	fact_uint(h->s, &f_check, f.check);
	fact_end(h->s);
	h->first = false;
	if (list)
		command_list(h, data, 0);
	return true;
}

bool hart_direct(struct hart *h, struct cur c)
{
	uint8_t status = cur_u8(&c), extended = cur_u8(&c);
	h->own = true;
	carry_uint(h->s, &f_device_status, status);
	carry_uint(h->s, &f_direct_status, extended);
	if (!cur_ok(&c) || !c.left || !hart_list_fits(c, h->answer))
		return false;
	command_list(h, c, 1);
	return true;
}
