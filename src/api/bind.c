/* Foreign inputs into a struct: from path, query and JSON.  What is wrong is all told, each with
 * its place; what was bound is either right or zero. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"
#include "base/clock.h"
#include "base/utf8.h"

enum { DIGITS = 16 };
static const uint64_t exact_most = UINT64_C(1) << 53; /* RFC 7493, 2.2 */

/* Where one input goes and where it came from. */
struct place {
	struct problem *problem;
	const struct bind *bind;
	void *to;
	char at[80];
};

static bool complain(const struct place *at, const char *wants)
{
	problem_at(at->problem, at->at, "%s", wants);
	return false;
}

static bool is_line(const char *s, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)s[i] < ' ' || s[i] == 0x7f)
			return false;
	return utf8_whole(s, size);
}

static bool put_text(const struct place *at, const char *s, size_t size)
{
	const struct bind *b = at->bind;
	size_t most = b->size - 1;
	if (b->max && b->max < most)
		most = b->max;
	if (size < b->min || size > most) {
		problem_at(at->problem, at->at, "a text of %llu to %zu bytes; this one has %zu",
			(unsigned long long)b->min, most, size);
		return false;
	}
	if (!is_line(s, size))
		return complain(at, "a text in one line, without control characters");
	memcpy(at->to, s, size);
	((char *)at->to)[size] = 0;
	return true;
}

static bool put_uint(const struct place *at, uint64_t n)
{
	const struct bind *b = at->bind;
	uint64_t most = b->max ? b->max : exact_most;
	if (n < b->min || n > most) {
		problem_at(at->problem, at->at, "a number from %llu to %llu",
			(unsigned long long)b->min, (unsigned long long)most);
		return false;
	}
	memcpy(at->to, &n, sizeof n);
	return true;
}

static bool put_word(const struct place *at, const char *s)
{
	char all[128];
	size_t used = 0;
	for (unsigned i = 0; at->bind->words[i]; i++) {
		if (strcmp(at->bind->words[i], s) == 0) {
			memcpy(at->to, &i, sizeof i);
			return true;
		}
		if (used < sizeof all - 1)
			used += (size_t)snprintf(all + used, sizeof all - used, "%s%s",
				used ? ", " : "", at->bind->words[i]);
	}
	problem_at(at->problem, at->at, "one of: %s", all);
	return false;
}

static bool put_time(const struct place *at, const char *s)
{
	int64_t ns;
	if (!clock_read(s, &ns))
		return complain(at, "a time in UTC, as in 2026-11-22T20:40:11Z");
	memcpy(at->to, &ns, sizeof ns);
	return true;
}

static bool put_bool(const struct place *at, bool b)
{
	memcpy(at->to, &b, sizeof b);
	return true;
}

/* --- from path and query: all is text --- */

static bool put_digits(const struct place *at, const char *s)
{
	size_t digits = strspn(s, "0123456789");
	if (!digits || s[digits] || digits > DIGITS || (*s == '0' && digits > 1))
		return complain(at, "a number in decimal digits");
	return put_uint(at, strtoull(s, NULL, 10));
}

static bool put_spelled(const struct place *at, const char *s)
{
	switch (at->bind->type) {
	case T_TEXT:
		return put_text(at, s, strlen(s));
	case T_UINT:
		return put_digits(at, s);
	case T_BOOL:
		if (strcmp(s, "true") != 0 && strcmp(s, "false") != 0)
			return complain(at, "true or false");
		return put_bool(at, *s == 't');
	case T_WORD:
		return put_word(at, s);
	case T_TIME:
		return put_time(at, s);
	case T_TEXTS:
		break;
	}
	return complain(at, "a list, which only a body can have");
}

static struct place place_of(
	const char *from, const struct bind *b, void *in, struct problem *problem)
{
	struct place at = { .problem = problem, .bind = b, .to = (char *)in + b->at };
	snprintf(at.at, sizeof at.at, "%s.%s", from, b->name);
	return at;
}

static const struct bind *find(const struct route *r, enum bind_from from, const char *name)
{
	for (const struct bind *b = r->in; b && b->name; b++)
		if (b->from == from && strcmp(b->name, name) == 0)
			return b;
	return NULL;
}

static void bind_url(const struct route *r, const struct url *u, void *in, struct problem *p)
{
	char at[80];
	for (const struct bind *b = r->in; b && b->name; b++) {
		struct place one = place_of("path", b, in, p);
		const char *part = b->from == FROM_PATH ? path_part(r, u, b->name) : NULL;
		if (part)
			put_spelled(&one, part);
	}
	for (size_t i = 0; i < u->pair_count; i++) {
		const struct bind *b = find(r, FROM_QUERY, u->pairs[i].name);
		if (b) {
			struct place one = place_of("query", b, in, p);
			put_spelled(&one, u->pairs[i].value);
			continue;
		}
		snprintf(at, sizeof at, "query.%.60s", u->pairs[i].name);
		problem_at(p, at, "there is no such input");
	}
}

/* --- from a body --- */

static bool put_texts(const struct place *at, const json_t *v)
{
	const struct bind *b = at->bind;
	struct texts *t = at->to;
	size_t count = json_array_size(v), most = b->max && b->max < TEXTS_MAX ? b->max : TEXTS_MAX;
	if (!json_is_array(v) || count < b->min || count > most) {
		problem_at(at->problem, at->at, "a list of %llu to %zu texts",
			(unsigned long long)b->min, most);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const json_t *item = json_array_get(v, i);
		const char *s = json_string_value(item);
		if (!s || !*s || json_string_length(item) >= TEXTS_SIZE ||
			!is_line(s, json_string_length(item))) {
			t->count = 0;
			problem_at(at->problem, at->at, "[%zu]: a text of 1 to %d bytes", i,
				TEXTS_SIZE - 1);
			return false;
		}
		memcpy(t->list[i], s, json_string_length(item) + 1);
	}
	t->count = count;
	return true;
}

static bool put_value(const struct place *at, const json_t *v)
{
	const char *s = json_string_value(v);
	switch (at->bind->type) {
	case T_TEXT:
		return s ? put_text(at, s, json_string_length(v)) : complain(at, "a text");
	case T_UINT:
		if (!json_is_integer(v) || json_integer_value(v) < 0)
			return complain(at, "a number without a sign, a point or quotes");
		return put_uint(at, (uint64_t)json_integer_value(v));
	case T_BOOL:
		return json_is_boolean(v) ? put_bool(at, json_is_true(v))
					  : complain(at, "true or false");
	case T_WORD:
		return s ? put_word(at, s) : complain(at, "a text, one of a list");
	case T_TIME:
		return s ? put_time(at, s) : complain(at, "a text with a time");
	case T_TEXTS:
		return put_texts(at, v);
	}
	return false;
}

static void bind_members(const struct route *r, json_t *object, void *in, struct problem *p)
{
	const char *name;
	json_t *v;
	char at[80];
	json_object_foreach(object, name, v)
	{
		const struct bind *b = find(r, FROM_BODY, name);
		if (b) {
			struct place one = place_of("body", b, in, p);
			put_value(&one, v);
			continue;
		}
		snprintf(at, sizeof at, "body.%.60s", name);
		problem_at(p, at, "there is no such input");
	}
	for (const struct bind *b = r->in; b && b->name; b++)
		if (b->from == FROM_BODY && b->required && !json_object_get(object, b->name)) {
			snprintf(at, sizeof at, "body.%s", b->name);
			problem_at(p, at, "it is needed");
		}
}

static bool wants_body(const struct route *r)
{
	for (const struct bind *b = r->in; b && b->name; b++)
		if (b->from == FROM_BODY)
			return true;
	return false;
}

static void bind_body(const struct route *r, struct cur body, void *in, struct problem *p)
{
	json_error_t why;
	if (!wants_body(r)) {
		if (body.left)
			problem_at(p, "body", "none is wanted here");
		return;
	}
	json_t *object = json_loadb((const char *)body.at, body.left, JSON_REJECT_DUPLICATES, &why);
	if (!object)
		problem_at(p, "body", "no JSON: %.120s, at byte %d", why.text, why.position);
	else if (!json_is_object(object))
		problem_at(p, "body", "a JSON object");
	else
		bind_members(r, object, in, p);
	json_decref(object);
}

int bind_inputs(
	const struct route *r, const struct url *u, struct cur body, void *in, struct problem *p)
{
	char at[80];
	memset(in, 0, r->in_size);
	*p = problem_of(400, "inputs", "what was asked cannot be read");
	problem_try(p, "GET /v1/openapi.json says what %s takes", r->id);
	bind_url(r, u, in, p);
	for (const struct bind *b = r->in; b && b->name; b++)
		if (b->from == FROM_QUERY && b->required && !url_query(u, b->name)) {
			snprintf(at, sizeof at, "query.%s", b->name);
			problem_at(p, at, "it is needed");
		}
	bind_body(r, body, in, p);
	return p->count ? -1 : 0;
}

/* --- back again --- */

static void note_value(const struct bind *b, const void *from, struct json *j)
{
	uint64_t n = 0;
	int64_t ns = 0;
	unsigned word = 0;
	bool yes = false;
	char text[CLOCK_TEXT];
	const struct texts *t = from;
	switch (b->type) {
	case T_TEXT:
		json_str(j, from);
		break;
	case T_UINT:
		memcpy(&n, from, sizeof n);
		json_uint(j, n);
		break;
	case T_BOOL:
		memcpy(&yes, from, sizeof yes);
		json_bool(j, yes);
		break;
	case T_WORD:
		memcpy(&word, from, sizeof word);
		json_str(j, b->words[word]);
		break;
	case T_TIME:
		memcpy(&ns, from, sizeof ns);
		json_str(j, clock_text(ns, text));
		break;
	case T_TEXTS:
		json_open(j, '[');
		for (size_t i = 0; i < t->count; i++)
			json_str(j, t->list[i]);
		json_close(j, ']');
		break;
	}
}

void bind_note(const struct route *r, const void *in, struct json *j)
{
	for (const struct bind *b = r->in; b && b->name; b++) {
		if (b->secret)
			continue;
		json_key(j, b->name);
		note_value(b, (const char *)in + b->at, j);
	}
}
