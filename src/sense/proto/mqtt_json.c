/* MQTT: numbers in JSON payloads (RFC 8259), each with the way to it (RFC 6901).
 *
 * The whole text is read once to see that it is JSON, and a second time to tell its numbers: half
 * of something else tells nothing.  And where a string says that it is about a secret, no number is
 * told, as it may be that: {"name":"wifi_password","value":12345678}. */
#include <math.h>
#include <stdlib.h>

#include "sense/proto/mqtt.h"

enum { DEPTH_MAX = 8, DIGITS_MAX = 48 };

struct json_reader {
	struct cur c;
	char pointer[MQTT_POINTER_MAX];
	size_t size;
	bool lost;              /* the way to here is longer than a pointer may be */
	bool secret;            /* a string is about one: flags are told, and no numbers */
	mqtt_json_number *tell; /* NULL: only look */
	void *self;
};

static void skip_space(struct cur *c)
{
	int b = cur_peek(c, 0);
	while (b == ' ' || b == '\t' || b == '\n' || b == '\r') {
		cur_skip(c, 1);
		b = cur_peek(c, 0);
	}
}

static bool eat(struct cur *c, int byte)
{
	if (cur_peek(c, 0) != byte)
		return false;
	cur_skip(c, 1);
	return true;
}

static bool is_digit(int b)
{
	return b >= '0' && b <= '9';
}

static bool skip_digits(struct cur *c)
{
	bool any = is_digit(cur_peek(c, 0));
	while (is_digit(cur_peek(c, 0)))
		cur_skip(c, 1);
	return any;
}

static bool read_number(struct cur *c, double *v)
{
	char text[DIGITS_MAX];
	struct cur start = *c;
	eat(c, '-');
	bool fine = eat(c, '0') || skip_digits(c);
	if (fine && eat(c, '.'))
		fine = skip_digits(c);
	if (fine && (eat(c, 'e') || eat(c, 'E'))) {
		if (!eat(c, '-'))
			eat(c, '+');
		fine = skip_digits(c);
	}
	size_t size = start.left - c->left;
	if (!fine || size >= sizeof text)
		return false;
	memcpy(text, start.at, size);
	text[size] = '\0';
	*v = strtod(text, NULL);
	return true;
}

bool mqtt_number(struct cur c, double *v)
{
	skip_space(&c);
	if (!read_number(&c, v))
		return false;
	skip_space(&c);
	return !c.left && isfinite(*v);
}

/* What stands between the quotes, as it is spelled. */
static bool read_string(struct cur *c, struct cur *text)
{
	if (!eat(c, '"'))
		return false;
	*text = *c;
	while (c->left) {
		uint8_t b = cur_u8(c);
		if (b == '"') {
			*text = cur_upto(text, text->left - c->left - 1);
			return true;
		}
		if (b < ' ')
			return false;
		if (b == '\\')
			cur_skip(c, 1);
	}
	return false;
}

static void put(struct json_reader *j, char byte)
{
	if (j->size < sizeof j->pointer)
		j->pointer[j->size++] = byte;
	else
		j->lost = true;
}

static void step_into(struct json_reader *j, struct cur key)
{
	put(j, '/');
	while (key.left) {
		char b = (char)cur_u8(&key);
		if (b == '~' || b == '/') {
			put(j, '~');
			put(j, b == '~' ? '0' : '1');
		} else {
			put(j, b);
		}
	}
}

static void step_to(struct json_reader *j, unsigned index)
{
	char digits[12];
	size_t n = sizeof digits;
	do
		digits[--n] = (char)('0' + index % 10);
	while (index /= 10);
	step_into(j, cur_of(digits + n, sizeof digits - n));
}

/* JSON may have numbers that are beyond a double, 1e999: those are told as text only. */
static void found(struct json_reader *j, double v, bool is_flag)
{
	if (j->tell && !j->lost && (is_flag || (isfinite(v) && !j->secret)))
		j->tell(j->self, cur_of(j->pointer, j->size), v, is_flag);
}

static bool read_value(struct json_reader *j, unsigned depth);

/* Members of an object or an array up to its end. */
static bool read_members(struct json_reader *j, unsigned depth, bool object)
{
	int end = object ? '}' : ']';
	skip_space(&j->c);
	if (eat(&j->c, end))
		return true;
	for (unsigned index = 0;; index++) {
		size_t size = j->size;
		bool lost = j->lost;
		struct cur key;
		skip_space(&j->c);
		if (!object) {
			step_to(j, index);
		} else {
			if (!read_string(&j->c, &key))
				return false;
			skip_space(&j->c);
			if (!eat(&j->c, ':'))
				return false;
			step_into(j, key);
		}
		if (!read_value(j, depth + 1))
			return false;
		j->size = size;
		j->lost = lost;
		skip_space(&j->c);
		if (eat(&j->c, end))
			return true;
		if (!eat(&j->c, ','))
			return false;
	}
}

static bool read_word(struct json_reader *j, const char *word)
{
	if (!cur_starts(&j->c, word))
		return false;
	cur_skip(&j->c, strlen(word));
	return true;
}

static bool read_value(struct json_reader *j, unsigned depth)
{
	double v;
	struct cur text;
	skip_space(&j->c);
	int b = cur_peek(&j->c, 0);
	if (depth > DEPTH_MAX)
		return false;
	if (eat(&j->c, '{'))
		return read_members(j, depth, true);
	if (eat(&j->c, '['))
		return read_members(j, depth, false);
	if (b == '"') {
		bool whole = read_string(&j->c, &text);
		j->secret |= whole && !j->tell && mqtt_mentions_secret(text);
		return whole;
	}
	if (b == 'n')
		return read_word(j, "null");
	if (b == 't' || b == 'f') {
		if (!read_word(j, b == 't' ? "true" : "false"))
			return false;
		found(j, b == 't', true);
		return true;
	}
	if (!read_number(&j->c, &v))
		return false;
	found(j, v, false);
	return true;
}

bool mqtt_json(struct cur c, mqtt_json_number *tell, void *self)
{
	struct json_reader look = { .c = c };
	skip_space(&look.c);
	int first = cur_peek(&look.c, 0);
	if (first != '{' && first != '[')
		return false;
	if (!read_value(&look, 0))
		return false;
	skip_space(&look.c);
	if (look.c.left)
		return false;
	struct json_reader again = { .c = c, .secret = look.secret, .tell = tell, .self = self };
	return read_value(&again, 0);
}
