#include "event/entry_view.h"

#include <string.h>

#include "base/clock.h"
#include "event/entry.h"

int entry_kind_row(const char *name, size_t size)
{
	/* The first letter says no to nearly all: this is asked of every entry of a ledger. */
	for (int i = 0; size && entry_kinds[i].name; i++)
		if (entry_kinds[i].name[0] == name[0] &&
			strncmp(entry_kinds[i].name, name, size) == 0 && !entry_kinds[i].name[size])
			return i;
	return -1;
}

/* --- times --- */

/* -1: something else than digits. */
static inline int number(const uint8_t *at, unsigned count)
{
	int n = 0;
	for (unsigned i = 0; i < count; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		n = n * 10 + at[i] - '0';
	}
	return n;
}

/* Days since 1970 of a date in the Gregorian calendar, years from March on. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = (month <= 2 ? year - 1 : year) + 400; /* whose days are told again below */
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	return y * 365 + y / 4 - y / 100 + y / 400 + day_of_year - 719468 - 146097;
}

static bool day_seconds(struct cur *c, int64_t *out)
{
	const uint8_t *at = cur_take(c, 8);
	if (!at || at[2] != ':' || at[5] != ':')
		return false;
	int hour = number(at, 2), minute = number(at + 3, 2), second = number(at + 6, 2);
	if (cur_peek(c, 0) == '.')
		do
			cur_skip(c, 1);
		while (cur_peek(c, 0) >= '0' && cur_peek(c, 0) <= '9');
	*out = hour * 3600 + minute * 60 + second;
	return hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 &&
		second <= 60 && cur_u8(c) == 'Z' && !c->left;
}

bool entry_seconds(struct cur c, int64_t *out)
{
	int64_t in_day = 0;
	const uint8_t *at = cur_take(&c, 10);
	if (!at || at[4] != '-' || at[7] != '-')
		return false;
	int year = number(at, 4), month = number(at + 5, 2), day = number(at + 8, 2);
	if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	if (c.left && (cur_u8(&c) != 'T' || !day_seconds(&c, &in_day)))
		return false;
	*out = days_of(year, month, day) * 86400 + in_day;
	return true;
}

/* --- entries --- */

/* Up to the quote that ends a text; that one is taken too.  The first quote ends it, but where it
 * has a backslash in front. */
static bool take_text(struct cur *c, struct cur *out)
{
	const uint8_t *at = c->at, *end = c->left ? memchr(at, '"', c->left) : NULL;
	size_t n = end ? (size_t)(end - at) : c->left;
	if (n && end && at[n - 1] == '\\') /* seldom: step by step */
		for (n = 0; n < c->left && at[n] != '"'; n++)
			n += at[n] == '\\';
	if (n >= c->left)
		return false;
	*out = cur_sub(c, n);
	cur_skip(c, 1);
	return true;
}

static inline bool take_word(struct cur *c, const char *word, size_t size)
{
	const uint8_t *at = cur_take(c, size);
	return at && memcmp(at, word, size) == 0;
}

#define TAKE(c, word) take_word(c, word, sizeof(word) - 1)

/* The last place where `},"kind":"` stands.  Behind it come two texts, within which a quote has a
 * backslash in front: so the last one is the entry's own, whatever data has. */
static bool find_tail(struct cur c, struct cur *tail)
{
	static const char word[] = "},\"kind\":\"";
	const size_t size = sizeof word - 1;
	size_t left = c.left ? c.left - 1 : 0;
	for (const uint8_t *at; left > size && (at = memrchr(c.at + size, ':', left - size));) {
		left = (size_t)(at - c.at);
		if (memcmp(at - 8, word, size) != 0)
			continue;
		*tail = cur_of(at + 2, c.left - left - 2);
		return true;
	}
	return false;
}

bool entry_view(struct cur bytes, struct entry_view *out)
{
	struct cur front = bytes, tail, text;
	if (!bytes.at || !find_tail(bytes, &tail) || !TAKE(&front, "{\"actor\":\"") ||
		!take_text(&front, &text) || !TAKE(&front, ",\"at\":\"") ||
		!take_text(&front, &text) || !TAKE(&front, ",\"data\":{") || front.at > tail.at ||
		!memchr(text.at, 'T', text.left) || !entry_seconds(text, &out->at_s))
		return false;
	if (!take_text(&tail, &text))
		return false;
	int row = entry_kind_row((const char *)text.at, text.left);
	if (row < 0 || !TAKE(&tail, ",\"site\":\"") || !take_text(&tail, &text) ||
		!TAKE(&tail, ",\"subject\":\"") || !take_text(&tail, &out->subject) ||
		cur_u8(&tail) != '}' || tail.left)
		return false;
	out->kind = (unsigned)row;
	return true;
}
