/* The document of all routes: OpenAPI 3.1, out of their rows. */
#include <string.h>

#include "api/route.h"

static void kv(struct json *j, const char *key, const char *value)
{
	json_key(j, key);
	json_str(j, value);
}

static void kv_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	json_bool(j, value);
}

static void open_at(struct json *j, const char *key, char bracket)
{
	json_key(j, key);
	json_open(j, bracket);
}

/* --- inputs --- */

static void bounds(
	struct json *j, const char *least, const char *most, const struct bind *b, uint64_t usual)
{
	if (b->min)
		json_kv_uint(j, least, b->min);
	if (b->max || usual)
		json_kv_uint(j, most, b->max && (!usual || b->max < usual) ? b->max : usual);
}

static void input_schema(struct json *j, const struct bind *b)
{
	json_open(j, '{');
	switch (b->type) {
	case T_TEXT:
		kv(j, "type", "string");
		bounds(j, "minLength", "maxLength", b, b->size - 1);
		break;
	case T_UINT:
		kv(j, "type", "integer");
		bounds(j, "minimum", "maximum", b, 0);
		if (!b->min)
			json_kv_uint(j, "minimum", 0);
		break;
	case T_BOOL:
		kv(j, "type", "boolean");
		break;
	case T_WORD:
		kv(j, "type", "string");
		open_at(j, "enum", '[');
		for (size_t i = 0; b->words[i]; i++)
			json_str(j, b->words[i]);
		json_close(j, ']');
		break;
	case T_TIME:
		kv(j, "type", "string");
		kv(j, "format", "date-time");
		break;
	case T_TEXTS:
		kv(j, "type", "array");
		bounds(j, "minItems", "maxItems", b, TEXTS_MAX);
		open_at(j, "items", '{');
		kv(j, "type", "string");
		json_kv_uint(j, "minLength", 1);
		json_kv_uint(j, "maxLength", TEXTS_SIZE - 1);
		json_close(j, '}');
	}
	if (b->secret)
		kv_bool(j, "writeOnly", true);
	json_close(j, '}');
}

static bool has(const struct route *r, enum bind_from from)
{
	for (const struct bind *b = r->in; b && b->name; b++)
		if (b->from == from)
			return true;
	return false;
}

static void parameters(struct json *j, const struct route *r)
{
	if (!has(r, FROM_PATH) && !has(r, FROM_QUERY))
		return;
	open_at(j, "parameters", '[');
	for (const struct bind *b = r->in; b && b->name; b++) {
		if (b->from == FROM_BODY)
			continue;
		json_open(j, '{');
		kv(j, "name", b->name);
		kv(j, "in", b->from == FROM_PATH ? "path" : "query");
		json_kv_str(j, "description", b->what);
		kv_bool(j, "required", b->from == FROM_PATH || b->required);
		json_key(j, "schema");
		input_schema(j, b);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void body(struct json *j, const struct route *r)
{
	if (!has(r, FROM_BODY))
		return;
	open_at(j, "requestBody", '{');
	kv_bool(j, "required", true);
	open_at(j, "content", '{');
	open_at(j, "application/json", '{');
	open_at(j, "schema", '{');
	kv(j, "type", "object");
	kv_bool(j, "additionalProperties", false);
	open_at(j, "required", '[');
	for (const struct bind *b = r->in; b->name; b++)
		if (b->from == FROM_BODY && b->required)
			json_str(j, b->name);
	json_close(j, ']');
	open_at(j, "properties", '{');
	for (const struct bind *b = r->in; b->name; b++) {
		if (b->from != FROM_BODY)
			continue;
		json_key(j, b->name);
		input_schema(j, b);
	}
	for (int i = 0; i < 5; i++)
		json_close(j, '}');
}

/* --- answers --- */

enum { DEPTH = 4 };

static void object_schema(struct json *j, const struct shape *s, unsigned depth);

static void shape_schema(struct json *j, const struct shape *s, unsigned depth)
{
	static const char *const types[] = { [S_TEXT] = "string",
		[S_UINT] = "integer",
		[S_BOOL] = "boolean",
		[S_TIME] = "string",
		[S_OBJECT] = "object",
		[S_LIST] = "array",
		[S_TEXTS] = "array" };
	if (s->type == S_OBJECT && s->of && depth < DEPTH) {
		object_schema(j, s->of, depth + 1);
		return;
	}
	json_open(j, '{');
	kv(j, "type", types[s->type]);
	json_kv_str(j, "description", s->what);
	if (s->type == S_TIME)
		kv(j, "format", "date-time");
	if (s->type == S_TEXTS) {
		open_at(j, "items", '{');
		kv(j, "type", "string");
		json_close(j, '}');
	}
	if (s->type == S_LIST && s->of && depth < DEPTH) {
		json_key(j, "items");
		object_schema(j, s->of, depth + 1);
	}
	json_close(j, '}');
}

static void object_schema(struct json *j, const struct shape *s, unsigned depth)
{
	json_open(j, '{');
	kv(j, "type", "object");
	open_at(j, "properties", '{');
	for (; s->name; s++) {
		json_key(j, s->name);
		shape_schema(j, s, depth);
	}
	json_close(j, '}');
	json_close(j, '}');
}

static void answers(struct json *j, const struct route *r)
{
	char status[4] = { 0 };
	unsigned n = r->status ? r->status : 200;
	for (int i = 2; i >= 0; i--, n /= 10)
		status[i] = (char)('0' + n % 10);
	open_at(j, "responses", '{');
	open_at(j, status, '{');
	kv(j, "description", r->what);
	if (r->out) {
		open_at(j, "content", '{');
		open_at(j, "application/json", '{');
		json_key(j, "schema");
		object_schema(j, r->out, 0);
		json_close(j, '}');
		json_close(j, '}');
	}
	json_close(j, '}');
	open_at(j, "default", '{');
	kv(j, "$ref", "#/components/responses/problem");
	json_close(j, '}');
	json_close(j, '}');
}

/* --- the whole --- */

static void operation(struct json *j, const struct route *r)
{
	char method[8] = { 0 };
	for (size_t i = 0; r->method[i] && i < sizeof method - 1; i++)
		method[i] = (char)(r->method[i] | 0x20);
	open_at(j, method, '{');
	kv(j, "operationId", r->id);
	kv(j, "summary", r->what);
	bool anybody = strcmp(r->may, MAY_ANYBODY) == 0;
	if (!anybody)
		kv(j, "x-weir-action", r->may);
	open_at(j, "security", '[');
	if (!anybody) {
		static const char *const ways[] = { "token", "session" };
		for (size_t i = 0; i < COUNT_OF(ways); i++) {
			json_open(j, '{');
			open_at(j, ways[i], '[');
			json_close(j, ']');
			json_close(j, '}');
		}
	}
	json_close(j, ']');
	parameters(j, r);
	body(j, r);
	answers(j, r);
	json_close(j, '}');
}

/* All methods of a path, at the first of its rows. */
static void path(
	struct json *j, const struct route *const *more, const struct route *first, size_t step)
{
	const struct route *r;
	for (size_t before = 0; before + 1 < step;)
		if (strcmp(routes_next(more, &before)->path, first->path) == 0)
			return;
	open_at(j, first->path, '{');
	for (step--; (r = routes_next(more, &step));)
		if (strcmp(r->path, first->path) == 0)
			operation(j, r);
	json_close(j, '}');
}

static void components(struct json *j)
{
	static const struct shape row[] = {
		{ "at", S_TEXT, NULL, "the place: path.id, query.limit, body.name" },
		{ "detail", S_TEXT, NULL, "what is wanted there" },
		{ 0 },
	};
	static const struct shape problem[] = {
		{ "title", S_TEXT, NULL, "what kind of thing went wrong" },
		{ "status", S_UINT, NULL, "as in the answer's first line" },
		{ "detail", S_TEXT, NULL, "what went wrong" },
		{ "code", S_TEXT, NULL, "the kind, for programs" },
		{ "try", S_TEXT, NULL, "what to do" },
		{ "errors", S_LIST, row, "each thing that is wrong with the inputs" },
		{ "more_errors", S_UINT, NULL, "how many there are beyond these" },
		{ 0 },
	};
	open_at(j, "components", '{');
	open_at(j, "securitySchemes", '{');
	open_at(j, "token", '{');
	kv(j, "type", "http");
	kv(j, "scheme", "bearer");
	json_close(j, '}');
	open_at(j, "session", '{');
	kv(j, "type", "apiKey");
	kv(j, "in", "cookie");
	kv(j, "name", "__Host-weir");
	json_close(j, '}');
	json_close(j, '}');
	open_at(j, "responses", '{');
	open_at(j, "problem", '{');
	kv(j, "description", "What went wrong, and what to do (RFC 9457)");
	open_at(j, "content", '{');
	open_at(j, PROBLEM_TYPE, '{');
	json_key(j, "schema");
	object_schema(j, problem, 0);
	for (int i = 0; i < 5; i++)
		json_close(j, '}');
}

void api_document(struct out *o, const struct route *const *more)
{
	struct json j = json_on(o);
	const struct route *r;
	json_open(&j, '{');
	kv(&j, "openapi", "3.1.0");
	open_at(&j, "info", '{');
	kv(&j, "title", "weir");
	kv(&j, "version", "1");
	kv(&j, "description",
		"What can be asked of a site.  Changes leave an entry in its ledger before they are "
		"made; in a session they carry X-Weir-CSRF.");
	json_close(&j, '}');
	open_at(&j, "paths", '{');
	for (size_t step = 0; (r = routes_next(more, &step));)
		path(&j, more, r, step);
	json_close(&j, '}');
	components(&j);
	json_close(&j, '}');
}
