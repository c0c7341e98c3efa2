/* S7comm-plus: addresses, subscriptions and points.
 *
 * A variable is an area (a data block, inputs, outputs, flags) and a path of member numbers, with a
 * checksum over its symbol; or, without symbols, member 3: a byte, how many, and a bit. */
#include <stdio.h>

#include "sense/proto/s7comm_plus.h"

enum { ABSOLUTE = 3, BLOCK_DB = 0x8a0e };

static const struct field f_address = { "s7comm_plus.address", TEXT };

void s7p_path(struct cur *c, uint32_t count, struct s7p_address *at)
{
	for (; count && cur_ok(c); count--) {
		uint32_t id = s7p_uint(c);
		at->secret |= s7p_is_secret(id);
		at->deeper = at->count == S7P_IDS;
		if (!at->deeper)
			at->ids[at->count++] = id;
	}
}

struct s7p_address s7p_address(struct cur *c)
{
	s7p_uint(c); /* checksum of the symbol */
	struct s7p_address at = { .area = s7p_uint(c) };
	s7p_path(c, s7p_uint(c), &at);
	return at;
}

static bool in_data_block(const struct s7p_address *at)
{
	return at->area >> 16 == BLOCK_DB && at->count > 1 && at->ids[0] == S7P_DB_VALUES;
}

static bool in_area(const struct s7p_address *at)
{
	return at->area >= S7P_INPUTS && at->area <= S7P_TIMERS && at->count > 1 &&
		at->ids[0] == S7P_AREA_VALUES;
}

bool s7p_is_point(const struct s7p_address *at)
{
	return in_data_block(at) || in_area(at);
}

enum { ADDRESS_TEXT = 96 };

/* "M32.0", "MW10", "DB1.DBD8" as in a program; "DB6 member 18.11" where only symbols are. */
static size_t spell(const struct s7p_address *at, char text[ADDRESS_TEXT])
{
	static const char letters[] = "IQMCT";
	const char area[2] = { in_area(at) ? letters[at->area - S7P_INPUTS] : 0 };
	char place[24];
	int n;
	if (in_data_block(at))
		snprintf(place, sizeof place, "DB%u", at->area & 0xffff);
	else if (in_area(at))
		snprintf(place, sizeof place, "%s", area);
	else
		snprintf(place, sizeof place, "object %u", at->area);
	bool plain = s7p_is_point(at) && at->ids[1] == ABSOLUTE && at->count >= 4 && !at->deeper;
	bool db = plain && in_data_block(at);
	if (plain && at->count >= 5) {
		n = snprintf(text, ADDRESS_TEXT, "%s%s%u.%u", db ? place : "", db ? ".DBX" : area,
			at->ids[2], at->ids[4]);
	} else if (plain) {
		uint32_t size = at->ids[3];
		const char *letter = size == 1 ? "B" : size == 2 ? "W" : size == 4 ? "D" : "B";
		n = snprintf(text, ADDRESS_TEXT, "%s%s%s%u", db ? place : "", db ? ".DB" : area,
			letter, at->ids[2]);
		if (size != 1 && size != 2 && size != 4)
			n += snprintf(text + n, ADDRESS_TEXT - (size_t)n, " size %u", size);
	} else {
		bool point = s7p_is_point(at);
		n = snprintf(text, ADDRESS_TEXT, "%s %s ", place, point ? "member" : "attribute");
		for (unsigned i = point; i < at->count; i++)
			n += snprintf(text + n, ADDRESS_TEXT - (size_t)n, "%s%u",
				i > point ? "." : "", at->ids[i]);
		if (at->deeper)
			n += snprintf(text + n, ADDRESS_TEXT - (size_t)n, "...");
	}
	return (size_t)n;
}

void s7p_tell_address(struct scene *s, const struct s7p_address *at)
{
	char text[ADDRESS_TEXT];
	size_t size = spell(at, text);
	char *kept = scene_scratch(s, size);
	if (!kept)
		return;
	memcpy(kept, text, size);
	fact_text(s, &f_address, kept, size);
}

void s7p_point_name(const struct point_at *at, char name[POINT_NAME])
{
	snprintf(name, POINT_NAME, "%.*s", (int)at->symbol_size,
		at->symbol ? (const char *)at->symbol : "");
}

/* Values are of the controller: it is the server of every conversation. */
void s7p_point_number(struct scene *s, const struct s7p_address *at, double v, bool written)
{
	char text[ADDRESS_TEXT];
	if (at->deeper)
		return;
	size_t size = spell(at, text);
	const struct point_at place = {
		.area = at->area, .symbol = (const uint8_t *)text, .symbol_size = (uint16_t)size
	};
	point_server(s, &place, v, written);
}

void s7p_point(
	struct scene *s, const struct s7p_address *at, const struct s7p_value *v, bool written)
{
	if (s7p_is_point(at) && v->kind != S7P_NO_NUMBER && !v->many)
		s7p_point_number(s, at, v->number, written);
}

/* --- subscriptions --- */

/* The list a client subscribes to: an array of numbers.  A head of three, then for each item how
 * many members its path has (low half), its number, the session, area, checksum and the path. */
void s7p_watch(struct s7p_message *m, struct cur c)
{
	struct s7p_state *state = m->state;
	cur_skip(&c, 2); /* an array of unsigned numbers: told by who called */
	s7p_uint(&c);    /* how many numbers */
	s7p_uint(&c);
	s7p_uint(&c);
	uint32_t count = s7p_uint(&c);
	for (uint32_t i = 0; i < count && cur_ok(&c); i++) {
		struct s7p_watch w = { .asked = m->sequence, .waiting = true };
		uint32_t members = s7p_uint(&c) & 0xffff;
		w.reference = s7p_uint(&c);
		s7p_uint(&c);
		w.at.area = s7p_uint(&c);
		s7p_uint(&c);
		s7p_path(&c, members, &w.at);
		if (!cur_ok(&c))
			return;
		s7p_tell_address(m->s, &w.at);
		state->watched[state->watched_next] = w;
		state->watched_next = (uint16_t)((state->watched_next + 1) % S7P_WATCHED);
	}
}

void s7p_unwatch(struct s7p_message *m, uint32_t subscription)
{
	for (size_t i = 0; i < S7P_WATCHED; i++) {
		struct s7p_watch *w = &m->state->watched[i];
		if (!w->waiting && w->subscription == subscription)
			w->at.count = 0;
	}
}

/* Numbers are given anew: whoever had this one before is gone. */
void s7p_watch_answered(struct s7p_message *m, uint32_t subscription, bool granted)
{
	if (granted)
		s7p_unwatch(m, subscription);
	for (size_t i = 0; i < S7P_WATCHED; i++) {
		struct s7p_watch *w = &m->state->watched[i];
		if (!w->waiting || w->asked != m->sequence)
			continue;
		w->waiting = false;
		w->subscription = subscription;
		if (!granted)
			w->at.count = 0;
	}
}

const struct s7p_address *s7p_watched(
	const struct s7p_message *m, uint32_t subscription, uint32_t reference)
{
	for (size_t i = 0; i < S7P_WATCHED; i++) {
		const struct s7p_watch *w = &m->state->watched[i];
		if (!w->waiting && w->subscription == subscription && w->reference == reference &&
			w->at.count > 0)
			return &w->at;
	}
	return NULL;
}
