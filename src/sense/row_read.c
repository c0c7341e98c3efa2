#include "sense/row_read.h"

#include <string.h>

enum { LABEL_MAX = 128 };

void row_wrong(struct taking *t, const char *why)
{
	if (!t->why)
		t->why = why;
	cur_fail(&t->c);
}

void row_need(struct taking *t, bool fine, const char *why)
{
	if (!fine)
		row_wrong(t, why);
}

bool row_flag(struct taking *t)
{
	uint8_t byte = cur_u8(&t->c);
	row_need(t, byte < 2, "a flag that is neither");
	return byte;
}

uint8_t row_word(struct taking *t, unsigned end)
{
	uint8_t byte = cur_u8(&t->c);
	row_need(t, byte < end, "a word that there is not");
	return byte < end ? byte : 0;
}

int64_t row_ns(struct taking *t)
{
	uint64_t ns = cur_be64(&t->c);
	row_need(t, ns <= INT64_MAX, "a time before 1970");
	return (int64_t)ns;
}

void row_bytes(struct taking *t, void *to, size_t size)
{
	const uint8_t *bytes = cur_take(&t->c, size);
	if (bytes)
		memcpy(to, bytes, size);
}

double row_double(struct taking *t)
{
	return cur_double_of(cur_be64(&t->c));
}

struct cur row_text(struct taking *t, size_t max)
{
	size_t size = cur_be16(&t->c);
	row_need(t, size <= max, "a text that is too long");
	struct cur text = cur_sub(&t->c, size);
	row_need(t, !size || !text.left || !memchr(text.at, 0, text.left),
		"a text with a NUL in it");
	return text;
}

const char *row_label(struct taking *t)
{
	struct cur text = row_text(t, LABEL_MAX);
	for (size_t i = 0; i < text.left; i++)
		row_need(t, text.at[i] >= 0x20 && text.at[i] < 0x7f, "a label that is no label");
	if (!cur_ok(&t->c) || !text.left)
		return NULL;
	uint32_t n = inventory_string(t->v, text.at, text.left);
	return n ? string_at(t->v, n) : NULL;
}

struct told *row_told(struct taking *t, enum row_kind kind)
{
	return &t->w->told[t->teller][kind];
}

uint32_t row_ours(struct taking *t, enum row_kind kind, uint32_t theirs)
{
	const struct told *r = row_told(t, kind);
	if (!theirs)
		return 0;
	if (theirs >= r->end || !r->ours[theirs]) {
		row_wrong(t, "it refers to a row that was not told");
		return 0;
	}
	return r->ours[theirs];
}

uint32_t row_owner(struct taking *t)
{
	uint32_t theirs = cur_be32(&t->c);
	if (!(theirs & OF_MAC))
		return row_ours(t, ROW_HOST, theirs);
	uint32_t mac = row_ours(t, ROW_MAC, theirs & ~(uint32_t)OF_MAC);
	return row_is_known(mac) ? OF_MAC | mac : mac;
}

struct party row_party(struct taking *t)
{
	uint32_t number = cur_be32(&t->c), place = cur_be32(&t->c);
	struct party p = { .link = row_flag(t) };
	p.number = row_ours(t, p.link ? ROW_MAC : ROW_HOST, number);
	p.place = row_ours(t, ROW_MODULE, place);
	if (p.place == WHOLE_REFUSED)
		p.place = 0;
	return p;
}

bool row_is_mine(struct taking *t, uint32_t mine)
{
	uint32_t *known = &row_told(t, t->kind)->ours[t->number];
	if (!*known)
		*known = mine ? mine : WHOLE_REFUSED;
	if (mine && row_is_known(*known))
		row_need(t, *known == mine, "it is about somebody else than it was");
	return mine && row_is_known(*known) && !t->why;
}

uint64_t row_more(struct taking *t, unsigned k, uint64_t count)
{
	struct told *r = row_told(t, t->kind);
	uint64_t *before = &r->counts[(size_t)t->number * r->width + k];
	uint64_t since = count - *before;
	*before = count;
	return since;
}

bool row_is_whole(struct taking *t)
{
	if (!t->why && !cur_ok(&t->c))
		row_wrong(t, "it ends too early");
	if (!t->why && t->c.left)
		row_wrong(t, "it goes on too long");
	return !t->why;
}
