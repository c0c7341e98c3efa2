/* Routes as rows: which hold together, how inputs are bound, and what the document says of them. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "api/inside.h"
#include "base/clock.h"

/* --- rows --- */

static int run_nothing(struct api_call *c, void *in)
{
	(void)c, (void)in;
	return 200;
}

struct in {
	uint64_t id, n;
	char name[16];
	bool yes;
	unsigned word;
	int64_t at;
	struct texts texts;
};
static const char *const words[] = { "one", "two", NULL };
static const struct bind all_in[] = {
	{ "id", T_UINT, offsetof(struct in, id), .from = FROM_PATH, .max = 99 },
	{ "n", T_UINT, offsetof(struct in, n), .from = FROM_QUERY, .min = 5, .max = 50 },
	{ "yes", T_BOOL, offsetof(struct in, yes), .from = FROM_QUERY },
	{ "word", T_WORD, offsetof(struct in, word), .from = FROM_QUERY, .words = words },
	{ "name", T_TEXT, offsetof(struct in, name), .from = FROM_BODY, .size = 16, .min = 1,
		.required = true },
	{ "at", T_TIME, offsetof(struct in, at), .from = FROM_BODY },
	{ "texts", T_TEXTS, offsetof(struct in, texts), .from = FROM_BODY, .max = 3 },
	{ "count", T_UINT, offsetof(struct in, n), .from = FROM_BODY },
	{ "flag", T_BOOL, offsetof(struct in, yes), .from = FROM_BODY },
	{ 0 },
};
static const struct route good = {
	.id = "good",
	.method = "POST",
	.path = "/v1/things/{id}/name",
	.may = "thing.name",
	.what = "A thing's name",
	.in = all_in,
	.in_size = sizeof(struct in),
	.run = run_nothing,
};

static void rows_that_do_not_hold_together_do_not_start(void **unused)
{
	(void)unused;
	static const struct bind no_room[] = { { "name", T_TEXT, 0, .from = FROM_BODY }, { 0 } };
	static const struct bind outside[] = { { "n", T_UINT, 4096, .from = FROM_QUERY }, { 0 } };
	struct route rows[9];
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		rows[i] = good;
	rows[0].may = NULL;
	rows[1].may = "";
	rows[2].run = NULL;
	rows[3].path = "/v2/things/{id}/name";
	rows[4].path = "/v1/things/{number}/name";
	rows[5].path = "/v1/things/name";
	rows[6].method = "GET";
	rows[7].in = no_room;
	rows[8].in = outside;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		const struct route *const more[] = { &rows[i], NULL };
		const struct api_options o = { .more = more };
		struct api *a = NULL;
		struct err e = { 0 };
		assert_int_equal(api_open(&a, &o, &e), -EINVAL);
		assert_non_null(strstr(e.text, "good"));
	}
	const struct route *const twice[] = { &good, &good, NULL }, *const once[] = { &good, NULL };
	struct err e;
	assert_int_equal(routes_check(twice, &e), -EINVAL);
	assert_int_equal(routes_check(once, &e), 0);
	assert_int_equal(routes_check(NULL, &e), 0);
}

static void a_route_is_found_by_its_segments(void **unused)
{
	(void)unused;
	static struct url u;
	static const struct route *const more[] = { &good, NULL };
	static const struct {
		const char *method, *target, *id, *allow;
	} rows[] = {
		{ "POST", "/v1/things/7/name", "good", "" },
		{ "POST", "/v1/things/%37/name", "good", "" },
		{ "GET", "/v1/things/7/name", NULL, "POST" },
		{ "POST", "/v1/things/7/name/x", NULL, "" },
		{ "POST", "/v1/things/7", NULL, "" },
		{ "POST", "/v1/thing/7/name", NULL, "" },
		{ "GET", "/v1/health", "health", "" },
		{ "HEAD", "/v1/health", "health", "" },
		{ "PUT", "/v1/session", NULL, "GET, POST, DELETE" },
		{ "GET", "/", NULL, "" },
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct err e;
		char allow[64];
		const char *t = rows[i].target;
		assert_int_equal(url_read(cur_of(t, strlen(t)), &u, &e), 0);
		const struct route *r = routes_find(more, rows[i].method, &u, allow);
		assert_string_equal(r ? r->id : "none", rows[i].id ? rows[i].id : "none");
		if (!r)
			assert_string_equal(allow, rows[i].allow);
	}
}

/* --- inputs --- */

/* What is wrong, as "at: detail" lines; "" where nothing is. */
static const char *bound(const char *target, const char *body, struct in *in)
{
	static struct url u;
	static char text[4096];
	struct problem p;
	struct err e;
	struct out o = out_mem(text, sizeof text);
	assert_int_equal(url_read(cur_of(target, strlen(target)), &u, &e), 0);
	int r = bind_inputs(&good, &u, cur_of(body, strlen(body)), in, &p);
	assert_int_equal(r == 0, p.count == 0);
	for (size_t i = 0; i < p.count; i++)
		out_fmt(&o, "%s: %s\n", p.rows[i].at, p.rows[i].detail);
	return out_text(&o);
}

static void inputs_come_where_they_belong(void **unused)
{
	(void)unused;
	struct in in;
	assert_string_equal(bound("/v1/things/7/name?n=50&yes=true&word=two",
				    "{\"name\":\"b\xc3\xa4r\",\"at\":\"2026-11-22T20:40:11Z\","
				    "\"texts\":[\"a\",\"b\"]}",
				    &in),
		"");
	assert_int_equal(in.id, 7);
	assert_int_equal(in.n, 50);
	assert_true(in.yes);
	assert_int_equal(in.word, 1);
	assert_string_equal(in.name, "b\xc3\xa4r");
	assert_int_equal(in.at, INT64_C(1795380011) * CLOCK_SECOND);
	assert_int_equal(in.texts.count, 2);
	assert_string_equal(in.texts.list[1], "b");
}

static const struct {
	const char *target, *body, *at;
} wrong[] = {
	{ "/v1/things/x/name", "{\"name\":\"a\"}", "path.id: a number in decimal" },
	{ "/v1/things/100/name", "{\"name\":\"a\"}", "path.id: a number from 0 to 99" },
	{ "/v1/things/007/name", "{\"name\":\"a\"}", "path.id: a number in decimal" },
	{ "/v1/things/-1/name", "{\"name\":\"a\"}", "path.id: a number in decimal" },
	{ "/v1/things/99999999999999999999/name", "{\"name\":\"a\"}", "path.id: a number in" },
	{ "/v1/things/7/name?n=4", "{\"name\":\"a\"}", "query.n: a number from 5 to 50" },
	{ "/v1/things/7/name?n=", "{\"name\":\"a\"}", "query.n: a number in" },
	{ "/v1/things/7/name?yes=1", "{\"name\":\"a\"}", "query.yes: true or false" },
	{ "/v1/things/7/name?word=three", "{\"name\":\"a\"}", "query.word: one of: one, two" },
	{ "/v1/things/7/name?N=7", "{\"name\":\"a\"}", "query.N: there is no such input" },
	{ "/v1/things/7/name?name=x", "{\"name\":\"a\"}", "query.name: there is no such input" },
	{ "/v1/things/7/name", "", "body: no JSON" },
	{ "/v1/things/7/name", "{", "body: no JSON" },
	{ "/v1/things/7/name", "[]", "body: a JSON object" },
	{ "/v1/things/7/name", "null", "body: no JSON" },
	{ "/v1/things/7/name", "{\"name\":\"a\"} x", "body: no JSON" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"name\":\"b\"}", "body: no JSON: duplicate" },
	{ "/v1/things/7/name", "{\"name\":\"a\",}", "body: no JSON" },
	{ "/v1/things/7/name", "{'name':'a'}", "body: no JSON" },
	{ "/v1/things/7/name", "{\"name\":\"\xff\"}", "body: no JSON" },
	{ "/v1/things/7/name", "{\"name\":\"a\\u0000b\"}", "body: no JSON" },
	{ "/v1/things/7/name", "{}", "body.name: it is needed" },
	{ "/v1/things/7/name", "{\"name\":7}", "body.name: a text" },
	{ "/v1/things/7/name", "{\"name\":null}", "body.name: a text" },
	{ "/v1/things/7/name", "{\"name\":\"\"}", "body.name: a text of 1 to 15 bytes" },
	{ "/v1/things/7/name", "{\"name\":\"0123456789abcdef\"}", "body.name: a text of 1 to 15" },
	{ "/v1/things/7/name", "{\"name\":\"a\\nb\"}", "body.name: a text in one line" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"other\":1}", "body.other: there is no such" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"id\":1}", "body.id: there is no such input" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"count\":1.0}", "body.count: a number without" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"count\":-1}", "body.count: a number without" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"count\":\"1\"}", "body.count: a number without" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"count\":9007199254740993}", "body.count: a num" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"count\":1e400}", "body: no JSON" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"flag\":\"true\"}", "body.flag: true or false" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"at\":\"yesterday\"}", "body.at: a time" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"at\":5}", "body.at: a text with a time" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"texts\":\"a\"}", "body.texts: a list of 0 to 3" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"texts\":[1]}", "body.texts: [0]: a text of" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"texts\":[\"\"]}", "body.texts: [0]: a text of" },
	{ "/v1/things/7/name", "{\"name\":\"a\",\"texts\":[\"a\",\"a\",\"a\",\"a\"]}",
		"body.texts: a list of 0 to 3 texts" },
};

static void each_mistake_is_told_with_its_place(void **unused)
{
	(void)unused;
	struct in in;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		const char *said = bound(wrong[i].target, wrong[i].body, &in);
		if (strncmp(said, wrong[i].at, strlen(wrong[i].at)) != 0)
			fail_msg("%s %s: '%s' and not '%s'", wrong[i].target, wrong[i].body, said,
				wrong[i].at);
	}
	const char *said = bound("/v1/things/x/name?n=1&other=2", "{\"name\":7,\"more\":1}", &in);
	assert_string_equal(said,
		"path.id: a number in decimal digits\n"
		"query.n: a number from 5 to 50\n"
		"query.other: there is no such input\n"
		"body.name: a text\n"
		"body.more: there is no such input\n");
}

static void a_deep_body_is_refused(void **unused)
{
	(void)unused;
	static char deep[200000];
	struct in in;
	memset(deep, '[', sizeof deep - 1);
	assert_memory_equal(bound("/v1/things/7/name", deep, &in), "body: no JSON", 13);
}

/* --- the document --- */

static json_t *document(const struct route *const *more)
{
	static char text[256 * 1024];
	struct out o = out_mem(text, sizeof text);
	json_error_t why;
	api_document(&o, more);
	json_t *d = json_loads(out_text(&o), JSON_REJECT_DUPLICATES, &why);
	if (!d)
		fail_msg("%s at %d", why.text, why.position);
	return d;
}

static void check_operation(const json_t *operation, const struct route *r)
{
	const char *id = json_string_value(json_object_get(operation, "operationId"));
	assert_string_equal(id, r->id);
	assert_true(json_is_array(json_object_get(operation, "security")));
	size_t body = 0, other = 0;
	for (const struct bind *b = r->in; b && b->name; b++) {
		body += b->from == FROM_BODY;
		other += b->from != FROM_BODY;
	}
	json_t *parameters = json_object_get(operation, "parameters"), *p;
	assert_int_equal(json_array_size(parameters), other);
	size_t i;
	json_array_foreach(parameters, i, p)
	{
		const char *in = json_string_value(json_object_get(p, "in"));
		assert_non_null(json_string_value(json_object_get(p, "name")));
		assert_non_null(json_object_get(json_object_get(p, "schema"), "type"));
		assert_true(
			strcmp(in, "query") == 0 || json_is_true(json_object_get(p, "required")));
	}
	json_t *schema = json_object_get(
		json_object_get(
			json_object_get(json_object_get(operation, "requestBody"), "content"),
			"application/json"),
		"schema");
	assert_int_equal(json_object_size(json_object_get(schema, "properties")), body);
	assert_true(!body || json_is_false(json_object_get(schema, "additionalProperties")));
	json_t *answers = json_object_get(operation, "responses");
	char status[16];
	snprintf(status, sizeof status, "%u", r->status ? r->status : 200);
	assert_non_null(json_string_value(
		json_object_get(json_object_get(answers, status), "description")));
	assert_string_equal(
		json_string_value(json_object_get(json_object_get(answers, "default"), "$ref")),
		"#/components/responses/problem");
}

static void the_document_has_every_route(void **unused)
{
	(void)unused;
	static const struct route *const more[] = { &good, NULL };
	json_t *d = document(more), *paths = json_object_get(d, "paths"), *operation, *path;
	const struct route *r;
	const char *key;
	size_t count = 0, there = 0;
	assert_string_equal(json_string_value(json_object_get(d, "openapi")), "3.1.0");
	assert_non_null(json_object_get(json_object_get(d, "info"), "version"));
	for (size_t step = 0; (r = routes_next(more, &step)); count++) {
		char method[8] = { 0 };
		for (size_t i = 0; r->method[i]; i++)
			method[i] = (char)(r->method[i] | 0x20);
		operation = json_object_get(json_object_get(paths, r->path), method);
		if (!operation)
			fail_msg("%s %s is not there", r->method, r->path);
		check_operation(operation, r);
	}
	json_object_foreach(paths, key, path) there += json_object_size(path);
	assert_int_equal(there, count);
	json_t *components = json_object_get(d, "components");
	assert_non_null(json_object_get(json_object_get(components, "responses"), "problem"));
	assert_int_equal(json_object_size(json_object_get(components, "securitySchemes")), 2);
	json_decref(d);
}

/* --- what may be done --- */

static void scopes_cover_what_they_say(void **unused)
{
	(void)unused;
	assert_true(scope_covers("all", "token.make"));
	assert_true(scope_covers("read", "token.read"));
	assert_false(scope_covers("read", "token.make"));
	assert_false(scope_covers("read", ".read"));
	assert_false(scope_covers("read", "spread"));
	assert_true(scope_covers("token.make", "token.make"));
	assert_false(scope_covers("token.make", "token.makes"));
	assert_false(scope_covers("token", "token.make"));
	assert_false(scope_covers("", "token.make"));
}

static void the_fixed_decision(void **unused)
{
	(void)unused;
	const struct api_who owner = { .role = API_OWNER, .name = "o" };
	const struct api_who viewer = { .role = API_VIEWER, .name = "v" };
	struct err why;
	assert_int_equal(api_decide_fixed(NULL, &owner, "token.make", "", &why), 0);
	assert_int_equal(api_decide_fixed(NULL, &viewer, "asset.read", "", &why), 0);
	assert_int_equal(api_decide_fixed(NULL, &viewer, "session.end", "", &why), 0);
	assert_int_equal(api_decide_fixed(NULL, &viewer, "asset.rename", "", &why), -EPERM);
	assert_non_null(strstr(why.try, "owner"));
}

static void passwords_hold_and_nothing_else_does(void **unused)
{
	(void)unused;
	char hash[PASSWORD_HASH], other[PASSWORD_HASH];
	struct err e;
	assert_int_equal(password_hash("tr0ub4dor", &password_cost_least, hash, &e), 0);
	assert_int_equal(password_hash("tr0ub4dor", &password_cost_least, other, &e), 0);
	assert_string_not_equal(hash, other);
	assert_true(password_holds(hash, "tr0ub4dor"));
	assert_false(password_holds(hash, "tr0ub4do"));
	assert_false(password_holds(hash, ""));
	assert_false(password_holds("", "tr0ub4dor"));
	assert_false(password_holds("plain", "plain"));
	assert_false(password_holds(
		"$argon2id$v=19$m=999999999,t=3,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "x"));
	assert_false(password_holds(password_nobody(), ""));
	assert_false(password_holds(password_nobody(), "nobody"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_that_do_not_hold_together_do_not_start),
		cmocka_unit_test(a_route_is_found_by_its_segments),
		cmocka_unit_test(inputs_come_where_they_belong),
		cmocka_unit_test(each_mistake_is_told_with_its_place),
		cmocka_unit_test(a_deep_body_is_refused),
		cmocka_unit_test(the_document_has_every_route),
		cmocka_unit_test(scopes_cover_what_they_say),
		cmocka_unit_test(the_fixed_decision),
		cmocka_unit_test(passwords_hold_and_nothing_else_does),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
