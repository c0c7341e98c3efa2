/* Entries that stand in their one form already, told without taking them apart: most come from
 * programs that write them so.  Only what is certain passes: text is ASCII without escapes, numbers
 * are whole and small.  Everything else is not wrong, it is read the long way. */
#include "event/entry_plain.h"

#include <string.h>

#include "base/cur.h"

enum { DEEPEST = 8, DIGITS = 15 }; /* below 2^53 */

static bool is_plain(uint8_t c)
{
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* The inside of a text; bad where it is not plain. */
static struct cur take_text(struct cur *c)
{
	size_t size = 0;
	if (cur_u8(c) != '"')
		return cur_fail(c), cur_bad();
	while (size < c->left && is_plain(c->at[size]))
		size++;
	struct cur text = cur_sub(c, size);
	cur_need(c, cur_u8(c) == '"');
	return text;
}

static void take_word(struct cur *c, const char *word)
{
	cur_need(c, cur_starts(c, word));
	cur_skip(c, strlen(word));
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

static void take_number(struct cur *c)
{
	size_t size = 0;
	if (cur_peek(c, 0) == '-')
		cur_skip(c, 1), cur_need(c, cur_peek(c, 0) != '0');
	while (is_digit(cur_peek(c, size)))
		size++;
	cur_need(c, size > 0 && size <= DIGITS && (size == 1 || c->at[0] != '0'));
	cur_skip(c, size);
	int after = cur_peek(c, 0);
	cur_need(c, after == ',' || after == ']' || after == '}');
}

/* Members rise byte by byte, which for ASCII is the order of RFC 8785, 3.2.3. */
static bool rises(struct cur before, struct cur name)
{
	size_t size = before.left < name.left ? before.left : name.left;
	int order = size ? memcmp(before.at, name.at, size) : 0;
	return order < 0 || (order == 0 && before.left < name.left);
}

static void take_value(struct cur *c, unsigned depth);

static void take_object(struct cur *c, unsigned depth)
{
	struct cur before = cur_bad();
	take_word(c, "{");
	if (cur_peek(c, 0) == '}') {
		cur_skip(c, 1);
		return;
	}
	for (uint8_t end = ','; end == ',' && cur_ok(c);) {
		struct cur name = take_text(c);
		cur_need(c, !cur_ok(&before) || rises(before, name));
		before = name;
		take_word(c, ":");
		take_value(c, depth + 1);
		end = cur_u8(c);
		cur_need(c, end == ',' || end == '}');
	}
}

static void take_array(struct cur *c, unsigned depth)
{
	take_word(c, "[");
	if (cur_peek(c, 0) == ']') {
		cur_skip(c, 1);
		return;
	}
	for (uint8_t end = ','; end == ',' && cur_ok(c);) {
		take_value(c, depth + 1);
		end = cur_u8(c);
		cur_need(c, end == ',' || end == ']');
	}
}

static void take_value(struct cur *c, unsigned depth)
{
	cur_need(c, depth < DEEPEST);
	switch (cur_peek(c, 0)) {
	case '"':
		take_text(c);
		break;
	case '{':
		take_object(c, depth);
		break;
	case '[':
		take_array(c, depth);
		break;
	case 't':
		take_word(c, "true");
		break;
	case 'f':
		take_word(c, "false");
		break;
	case 'n':
		take_word(c, "null");
		break;
	default:
		take_number(c);
	}
}

bool entry_plain(struct cur json, struct entry_plain *out)
{
	struct cur c = json;
	take_word(&c, "{\"actor\":");
	take_text(&c);
	take_word(&c, ",\"at\":");
	out->at = take_text(&c);
	take_word(&c, ",\"data\":");
	take_object(&c, 1);
	take_word(&c, ",\"kind\":");
	out->kind = take_text(&c);
	take_word(&c, ",\"site\":");
	take_text(&c);
	take_word(&c, ",\"subject\":");
	take_text(&c);
	take_word(&c, "}");
	return cur_ok(&c) && c.left == 0;
}
