/* FINS: memory areas (W342 5-2-2, W227 5-3), how their places are spelled, and what is read and
 * written there. */
#include "sense/proto/fins.h"

#include <stdio.h>

static const struct field f_area = { "omron.memory.area.read", U8 };
static const struct field f_address = { "omron.memory.address", BE16 };
static const struct field f_bits = { "omron.memory.address.bits", U8 };
static const struct field f_count = { "omron.memory.numitems", BE16 };
static const struct field f_item = { "omron.item", TEXT };
static const struct field f_value = { "omron.value", BE32 };
static const struct field f_fill = { "omron.fill", BE16 }; /* of no word area: no value */
static const struct field f_forced = { "omron.forced", FLAG };
static const struct field f_forced_bits = { "omron.forced_bits", BE16 };
static const struct field f_force_count = { "omron.number_of_bits_flags", BE16 };
static const struct field f_bit_flag = { "omron.bit_flag", BE24 };
static const struct field f_force = { "omron.set_reset_specification", BE16 };

enum {
	ITEM = 16, /* the longest spelling of a place, "TK status 65535", and its end */
	ITEMS_MAX =
		3500, /* more than a frame of 2,012 bytes holds; their spellings fit in scratch */
	FILL_POINTS = 999, /* a fill writes as many words as one may be read at once */
};

/* What stands in an area.  CIO of a CV holds CPU bus link and auxiliary area too. */
enum kind {
	NONE,
	CIO,
	CIO_CV,
	WORK,
	HOLDING,
	AUXILIARY,
	LINK,
	TIMER_CS, /* counters behind timers, from 8000 hex */
	TIMER_CV, /* from 0800 hex */
	TIMER,
	COUNTER,
	DM,
	EM_CURRENT,
	REGISTER,
	INDEX_REGISTER,
	DATA_REGISTER,
	BANK_NUMBER,
	TASK,
	TASK_STATUS,
	CONDITION,
	TRANSITION,
	STEP,
	STEP_TIMER,
	FORCED,
	ACTION,
	INTERRUPT,
	EM, /* banks 00 to 18 hex from here */
	EM_LAST = EM + 0x18,
	KINDS
};
static const char *const prefixes[KINDS] = {
	[CIO] = "CIO",
	[WORK] = "W",
	[HOLDING] = "H",
	[AUXILIARY] = "A",
	[LINK] = "G",
	[TIMER] = "T",
	[COUNTER] = "C",
	[DM] = "D",
	[EM_CURRENT] = "EM",
	[REGISTER] = "R",
	[INDEX_REGISTER] = "IR",
	[DATA_REGISTER] = "DR",
	[BANK_NUMBER] = "EM bank",
	[TASK] = "TK",
	[TASK_STATUS] = "TK status ",
	[CONDITION] = "CF",
	[TRANSITION] = "TN",
	[STEP] = "ST",
	[STEP_TIMER] = "ST timer ",
	[FORCED] = "forced ",
	[ACTION] = "AC",
	[INTERRUPT] = "interval ",
};

/* How an item of an area stands on the wire. */
enum shape { BIT, FLAG_BYTE, WORD, DOUBLE, BIT_FORCED, FLAG_FORCED, WORD_FORCED };
static const uint8_t sizes[] = { 1, 1, 2, 4, 1, 1, 4 };

struct area {
	uint8_t kind, shape;
};

/* Banks 00 to 0F hex, then 10 to 18. */
#define BANKS_8(code, bank, shape)                                                                 \
	[code] = { EM + (bank), shape }, [(code) + 1] = { EM + (bank) + 1, shape },                \
	[(code) + 2] = { EM + (bank) + 2, shape }, [(code) + 3] = { EM + (bank) + 3, shape },      \
	[(code) + 4] = { EM + (bank) + 4, shape }, [(code) + 5] = { EM + (bank) + 5, shape },      \
	[(code) + 6] = { EM + (bank) + 6, shape }, [(code) + 7] = { EM + (bank) + 7, shape }
#define BANKS_9(code, bank, shape)                                                                 \
	BANKS_8(code, bank, shape), [(code) + 8] = { EM + (bank) + 8, shape }
#define BANKS_16(code, shape) BANKS_8(code, 0, shape), BANKS_8((code) + 8, 8, shape)

static const struct area areas[256] = {
	/* CV, and what both have */
	[0x00] = { CIO_CV, BIT },
	[0x40] = { CIO_CV, BIT_FORCED },
	[0x80] = { CIO_CV, WORD },
	[0xc0] = { CIO_CV, WORD_FORCED },
	[0x01] = { TIMER_CV, FLAG_BYTE },
	[0x41] = { TIMER_CV, FLAG_FORCED },
	[0x81] = { TIMER_CV, WORD },
	[0x02] = { DM, BIT },
	[0x82] = { DM, WORD },
	[0x03] = { TRANSITION, FLAG_BYTE },
	[0x43] = { TRANSITION, FLAG_FORCED },
	[0x04] = { STEP, FLAG_BYTE },
	[0x44] = { STEP, FLAG_BYTE },
	[0x84] = { STEP_TIMER, WORD },
	[0x05] = { FORCED, BIT },
	[0x85] = { FORCED, WORD },
	[0x1b] = { ACTION, FLAG_BYTE },
	BANKS_8(0x90, 0, WORD),
	[0x0a] = { EM_CURRENT, BIT },
	[0x98] = { EM_CURRENT, WORD },
	[0x9c] = { REGISTER, WORD },
	[0xdd] = { INTERRUPT, WORD },
	/* CS and CJ */
	[0x30] = { CIO, BIT },
	[0x70] = { CIO, BIT_FORCED },
	[0xb0] = { CIO, WORD },
	[0xf0] = { CIO, WORD_FORCED },
	[0x31] = { WORK, BIT },
	[0x71] = { WORK, BIT_FORCED },
	[0xb1] = { WORK, WORD },
	[0xf1] = { WORK, WORD_FORCED },
	[0x32] = { HOLDING, BIT },
	[0x72] = { HOLDING, BIT_FORCED },
	[0xb2] = { HOLDING, WORD },
	[0xf2] = { HOLDING, WORD_FORCED },
	[0x33] = { AUXILIARY, BIT },
	[0xb3] = { AUXILIARY, WORD },
	[0x09] = { TIMER_CS, FLAG_BYTE },
	[0x49] = { TIMER_CS, FLAG_FORCED },
	[0x89] = { TIMER_CS, WORD },
	[0x06] = { TASK, FLAG_BYTE },
	[0x46] = { TASK_STATUS, FLAG_BYTE },
	[0x07] = { CONDITION, FLAG_BYTE },
	[0xbc] = { REGISTER, WORD },
	[0xdc] = { INDEX_REGISTER, DOUBLE },
	BANKS_16(0x20, BIT),
	BANKS_16(0xa0, WORD),
	BANKS_9(0xe0, 0x10, BIT),
	BANKS_9(0x60, 0x10, WORD),
};

bool fins_area_known(uint8_t area)
{
	return areas[area].kind;
}

static bool is_bit(uint8_t shape)
{
	return shape == BIT || shape == BIT_FORCED;
}

static bool is_flag(uint8_t shape)
{
	return shape == FLAG_BYTE || shape == FLAG_FORCED;
}

/* A place as people know it: areas that hold several are told apart by their addresses. */
struct spot {
	uint8_t kind, shape, bit;
	uint16_t number;
};

static struct spot spot_of(const struct fins_place *at)
{
	struct area a = areas[at->area];
	struct spot p = { a.kind, a.shape, at->bit, at->word };
	switch (a.kind) {
	case TIMER_CS:
		p.kind = at->word & 0x8000 ? COUNTER : TIMER;
		p.number = at->word & 0x7fff;
		break;
	case TIMER_CV:
		p.kind = at->word >= 0x0800 ? COUNTER : TIMER;
		p.number = at->word >= 0x0800 ? at->word - 0x0800 : at->word;
		break;
	case CIO_CV:
		p.kind = at->word < 0x0a00 ? CIO : at->word < 0x0b00 ? LINK : AUXILIARY;
		p.number = at->word < 0x0a00 ? at->word
			: at->word < 0x0b00  ? at->word - 0x0a00
					     : at->word - 0x0b00;
		break;
	case INDEX_REGISTER:
		p.number = at->word & 0xff;
		break;
	case REGISTER: /* data registers from 0200 hex, the number of the current bank at 0F00 */
		p.kind = at->word == 0x0f00     ? BANK_NUMBER
			: at->word >> 8 == 0x02 ? DATA_REGISTER
						: REGISTER;
		p.number = at->word & 0xff;
		break;
	default:
		break;
	}
	return p;
}

/* --- spelling: D100, CIO0.05, E1A... for every value, so without printf --- */

struct spelling {
	char text[ITEM];
	uint8_t size;
};

static void put(struct spelling *t, const char *text)
{
	while (*text && t->size < ITEM - 1)
		t->text[t->size++] = *text++;
}

static void put_number(struct spelling *t, unsigned n, unsigned least)
{
	char digits[12];
	unsigned i = sizeof digits - 1;
	digits[i] = 0;
	do {
		digits[--i] = (char)('0' + n % 10);
		n /= 10;
	} while (n || sizeof digits - 1 - i < least);
	put(t, digits + i);
}

static void spell(struct spelling *t, const struct spot *p)
{
	static const char hex[] = "0123456789ABCDEF";
	t->size = 0;
	if (p->kind >= EM) {
		unsigned bank = p->kind - EM;
		const char digits[] = { 'E', bank >> 4 ? hex[bank >> 4] : hex[bank],
			bank >> 4 ? hex[bank & 15] : '_', bank >> 4 ? '_' : 0, 0 };
		put(t, digits);
	} else {
		put(t, prefixes[p->kind] ? prefixes[p->kind] : "?");
	}
	if (p->kind != BANK_NUMBER)
		put_number(t, p->number, 1);
	if (is_bit(p->shape)) {
		put(t, ".");
		put_number(t, p->bit, 2);
	}
	t->text[t->size] = 0;
}

/* The next item's place: 16 bits a word, else one number after the other. */
static void step(struct fins_place *at)
{
	if (is_bit(areas[at->area].shape) && at->bit < 15) {
		at->bit++;
	} else {
		at->word++;
		at->bit = 0;
	}
}

/* --- facts --- */

struct fins_place fins_place(struct cur *c)
{
	struct fins_place at = { .area = cur_u8(c) };
	at.word = cur_be16(c);
	at.bit = cur_u8(c);
	return at;
}

static bool place_fits(const struct fins_place *at)
{
	return fins_area_known(at->area) && at->bit <= (is_bit(areas[at->area].shape) ? 15 : 0);
}

static void item_fact(struct scene *s, const struct fins_place *at)
{
	struct spelling *t = scene_scratch(s, sizeof *t);
	if (!t || !place_fits(at))
		return;
	struct spot p = spot_of(at);
	spell(t, &p);
	fact_text(s, &f_item, t->text, t->size);
}

static void place_numbers(struct scene *s, const struct field *both, const struct fins_place *at)
{
	fact_uint(s, &f_area, at->area);
	if (both) {
		fact_uint(s, both, (uint32_t)at->word << 8 | at->bit);
	} else {
		fact_uint(s, &f_address, at->word);
		fact_uint(s, &f_bits, at->bit);
	}
}

void fins_place_fact(struct scene *s, const struct field *both, const struct fins_place *at)
{
	place_numbers(s, both, at);
	item_fact(s, at);
}

/* --- values and points --- */

/* Whose memory it is: the sender's of an answer.  Of a request that nobody answers it is the
 * receiver's, which is known where it is the server of the conversation. */
static void point(struct scene *s, const struct fins_node *whose, const struct spot *p, double v,
	bool answer, bool written)
{
	struct point_at at = { .space = p->kind, .index = p->number, .unit = whose->unit };
	if (is_bit(p->shape))
		at.bit = p->bit + 1;
	else if (is_flag(p->shape) && (p->kind == TIMER || p->kind == COUNTER))
		at.bit = 0xff;
	if (!whose->here)
		at.area = 0x10000u | (uint32_t)whose->network << 8 | whose->node;
	if (answer)
		point_sender(s, &at, v, written);
	else if (s->client == (int8_t)s->side)
		point_server(s, &at, v, written);
}

struct item {
	struct spot spot;
	uint32_t value;
	bool forced;
	uint16_t forced_bits;
};

/* W342 5-2-2: a forced bit stands above the bit, or in a word behind the word. */
static struct item item_at(const struct fins_place *at, struct cur *c)
{
	struct item i = { .spot = spot_of(at) };
	uint8_t shape = i.spot.shape;
	bool one = is_bit(shape) || (is_flag(shape) && i.spot.kind != TASK_STATUS);
	uint32_t raw = sizes[shape] == 1 ? cur_u8(c) : shape == DOUBLE ? cur_be32(c) : cur_be16(c);
	i.value = one ? raw & 1 : raw;
	i.forced = raw & 2;
	if (shape == WORD_FORCED)
		i.forced_bits = cur_be16(c);
	return i;
}

static void item_value(struct scene *s, const struct item *item, struct spelling *t)
{
	uint8_t shape = item->spot.shape;
	spell(t, &item->spot);
	fact_text(s, &f_item, t->text, t->size);
	fact_uint(s, &f_value, item->value);
	if (shape == BIT_FORCED || shape == FLAG_FORCED)
		fact_flag(s, &f_forced, item->forced);
	if (shape == WORD_FORCED)
		fact_uint(s, &f_forced_bits, item->forced_bits);
}

/* `count` items from a place on, which are all of `c`; false: they are not.  Those that were read
 * are points of `whose`; NULL for those that are to be written. */
static bool items(struct scene *s, const struct fins_node *whose, struct fins_place at,
	unsigned count, struct cur *c)
{
	uint32_t first = is_bit(areas[at.area].shape) ? at.word * 16u + at.bit : at.word;
	uint32_t end = is_bit(areas[at.area].shape) ? 0x100000 : 0x10000;
	if (!place_fits(&at) || count > ITEMS_MAX || first + count > end ||
		(size_t)count * sizes[areas[at.area].shape] != c->left)
		return false;
	struct spelling *t = count ? scene_scratch(s, count * sizeof *t) : NULL;
	if (!t)
		return count == 0;
	for (unsigned i = 0; i < count; i++, step(&at)) {
		struct item item = item_at(&at, c);
		item_value(s, &item, t + i);
		if (whose)
			point(s, whose, &item.spot, item.value, true, false);
	}
	return true;
}

/* --- requests --- */

static void keep_values(struct fins_asked *asked, struct cur c)
{
	size_t size = c.left < FINS_WRITTEN ? c.left : FINS_WRITTEN;
	const uint8_t *from = cur_take(&c, size);
	if (from)
		memcpy(asked->written.values, from, size);
	asked->size = (uint16_t)size;
}

static void keep_place(struct fins_asked *asked, const struct fins_place *at, bool on)
{
	if (asked->count < FINS_PLACES) {
		asked->at[asked->count] = *at;
		asked->on |= (uint32_t)on << asked->count;
	}
	asked->count++;
}

/* Words only; of another area the controller says what it thinks of it. */
static bool fill(struct scene *s, struct cur *c, const struct fins_place *at)
{
	uint16_t v = cur_be16(c);
	if (areas[at->area].shape == WORD)
		fact_uint(s, &f_value, v);
	else
		fact_uint(s, &f_fill, v);
	return cur_ok(c);
}

static bool multiple(struct scene *s, struct fins_pdu *p, struct fins_asked *asked)
{
	while (p->c.left && cur_ok(&p->c)) {
		struct fins_place at = fins_place(&p->c);
		if (!cur_ok(&p->c))
			return false;
		fins_place_fact(s, NULL, &at);
		keep_place(asked, &at, false);
	}
	return cur_ok(&p->c);
}

bool fins_memory_request(struct scene *s, struct fins_pdu *p, struct fins_asked *asked)
{
	if (p->command == FINS_MULTIPLE_READ)
		return multiple(s, p, asked);
	struct fins_place at = fins_place(&p->c);
	bool fits = place_fits(&at), write = p->command == FINS_MEMORY_WRITE;
	place_numbers(s, NULL, &at);
	if (!write)
		item_fact(s, &at);
	if (p->command == FINS_MEMORY_TRANSFER) {
		struct fins_place to = fins_place(&p->c);
		fins_place_fact(s, NULL, &to);
	}
	uint16_t count = cur_be16(&p->c);
	fact_uint(s, &f_count, count);
	asked->at[0] = at;
	asked->count = count;
	if (!cur_ok(&p->c))
		return false;
	/* An area nobody knows is refused by the controller; how long its items are, none can say.
	 */
	if (!fits) {
		fact_violation(s);
		fins_data(s, p, &p->c);
		return true;
	}
	if (write || p->command == FINS_MEMORY_FILL)
		keep_values(asked, p->c);
	if (write)
		return items(s, NULL, at, count, &p->c);
	return p->command != FINS_MEMORY_FILL || fill(s, &p->c, &at);
}

/* --- answers --- */

/* All values of an answer to MULTIPLE_READ: each behind its area code. */
static bool multiple_fits(struct cur c, const struct fins_asked *asked)
{
	unsigned n = 0;
	for (; c.left && cur_ok(&c); n++) {
		uint8_t area = cur_u8(&c);
		if (!fins_area_known(area) ||
			(n < FINS_PLACES &&
				(area != asked->at[n].area || !place_fits(&asked->at[n]))))
			return false;
		cur_skip(&c, sizes[areas[area].shape]);
	}
	return cur_ok(&c) && n == asked->count;
}

/* Where each was read stands in the question, of which the first ones are kept. */
static bool multiple_answer(struct scene *s, struct fins_pdu *p)
{
	const struct fins_asked *asked = p->asked;
	unsigned n = asked->count < FINS_PLACES ? asked->count : FINS_PLACES;
	struct spelling *t = multiple_fits(p->c, asked) ? scene_scratch(s, n * sizeof *t) : NULL;
	if (!t)
		return false;
	for (unsigned i = 0; i < n; i++) {
		fact_uint(s, &f_area, cur_u8(&p->c));
		struct item item = item_at(&asked->at[i], &p->c);
		item_value(s, &item, t + i);
		if (!p->failed)
			point(s, &asked->node, &item.spot, item.value, true, false);
	}
	fins_data(s, p, &p->c);
	return true;
}

/* Where the question is unknown, or another one than it seems, bytes are all that can be told. */
void fins_memory_answer(struct scene *s, struct fins_pdu *p)
{
	const struct fins_asked *asked = p->asked;
	bool told = asked &&
		(p->command == FINS_MULTIPLE_READ ? multiple_answer(s, p)
						  : items(s, p->failed ? NULL : &asked->node,
							    asked->at[0], asked->count, &p->c));
	if (!told)
		fins_data(s, p, &p->c);
}

/* W342 5-3-38: so many bits or flags, each with what becomes of it; FFFF only lets go. */
bool fins_force(struct scene *s, struct fins_pdu *p, struct fins_asked *asked)
{
	enum { SET = 1, SPECIFICATION = 0x7ffe, RELEASED = 0xffff };
	struct cur *c = &p->c;
	uint16_t count = cur_be16(c);
	fact_uint(s, &f_force_count, count);
	if ((size_t)count * 6 != c->left)
		return false;
	for (unsigned i = 0; i < count; i++) {
		uint16_t what = cur_be16(c);
		struct fins_place at = fins_place(c);
		fact_uint(s, &f_force, what);
		fins_place_fact(s, &f_bit_flag, &at);
		uint8_t shape = areas[at.area].shape;
		if (!place_fits(&at) || !(is_bit(shape) || is_flag(shape)) ||
			(what & SPECIFICATION && what != RELEASED))
			fact_violation(s);
		else if (what != RELEASED)
			keep_place(asked, &at, what & SET);
	}
	return cur_ok(c);
}

static void filled(struct scene *s, const struct fins_asked *asked, bool answer)
{
	struct fins_place at = asked->at[0];
	struct cur c = cur_of(asked->written.values, asked->size);
	uint16_t v = cur_be16(&c);
	if (areas[at.area].shape != WORD)
		return;
	uint32_t end = (uint32_t)at.word + asked->count;
	for (unsigned i = 0; i < asked->count && i < FILL_POINTS && end <= 0x10000;
		i++, step(&at)) {
		struct spot spot = spot_of(&at);
		point(s, &asked->node, &spot, v, answer, true);
	}
}

void fins_written(struct scene *s, const struct fins_asked *asked, bool answer)
{
	struct fins_place at = asked->at[0];
	struct cur c = cur_of(asked->written.values, asked->size);
	if (asked->command == &fins_unknown)
		return;
	switch (asked->id.command) {
	case FINS_MEMORY_WRITE:
		for (; place_fits(&at) && c.left >= sizes[areas[at.area].shape]; step(&at)) {
			struct item item = item_at(&at, &c);
			point(s, &asked->node, &item.spot, item.value, answer, true);
		}
		break;
	case FINS_MEMORY_FILL:
		if (place_fits(&at))
			filled(s, asked, answer);
		break;
	case FINS_FORCE:
		for (unsigned i = 0; i < asked->count && i < FINS_PLACES; i++) {
			struct spot spot = spot_of(&asked->at[i]);
			point(s, &asked->node, &spot, asked->on >> i & 1, answer, true);
		}
		break;
	default:
		break;
	}
}

void fins_point_name(const struct point_at *at, char name[POINT_NAME])
{
	struct spot p = { .kind = at->space < KINDS ? at->space : NONE,
		.number = (uint16_t)at->index,
		.shape = at->bit && at->bit != 0xff ? BIT : WORD };
	p.bit = p.shape == BIT ? at->bit - 1 : 0;
	struct spelling t;
	spell(&t, &p);
	int size = 0;
	if (at->area)
		size = snprintf(
			name, POINT_NAME, "net %u node %u ", at->area >> 8 & 0xff, at->area & 0xff);
	if (at->unit)
		size += snprintf(
			name + size, POINT_NAME - (size_t)size, "unit %u ", (unsigned)at->unit);
	snprintf(name + size, POINT_NAME - (size_t)size, "%s%s", t.text,
		at->bit == 0xff ? " flag" : "");
}
