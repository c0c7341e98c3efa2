/* Inputs of routes: what is bound is within its bounds, what is wrong has a place, and what is
 * noted of it for the ledger is JSON without what is secret.
 *
 * An input is a target, a line end, a body; it is given to every route. */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/route.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int run_nothing(struct api_call *c, void *in)
{
	(void)c, (void)in;
	return 200;
}

struct in {
	struct page_in page;
	uint64_t id, n;
	char name[16], secret[16];
	bool yes;
	unsigned word;
	int64_t at;
	struct texts texts;
};
static const char *const words[] = { "one", "two", NULL };
static const struct bind all_in[] = {
	PAGE_BINDS,
	{ "id", T_UINT, offsetof(struct in, id), .from = FROM_PATH, .max = 99 },
	{ "yes", T_BOOL, offsetof(struct in, yes) },
	{ "word", T_WORD, offsetof(struct in, word), .words = words },
	{ "name", T_TEXT, offsetof(struct in, name), .from = FROM_BODY, .size = 16 },
	{ "secret", T_TEXT, offsetof(struct in, secret), .from = FROM_BODY, .size = 16,
		.secret = true },
	{ "at", T_TIME, offsetof(struct in, at), .from = FROM_BODY },
	{ "n", T_UINT, offsetof(struct in, n), .from = FROM_BODY, .min = 5, .max = 50 },
	{ "texts", T_TEXTS, offsetof(struct in, texts), .from = FROM_BODY },
	{ 0 },
};
static const struct route one = {
	.id = "one",
	.method = "POST",
	.path = "/v1/things/{id}",
	.may = "one",
	.what = "one",
	.in = all_in,
	.in_size = sizeof(struct in),
	.run = run_nothing,
};
static const struct route *const more[] = { &one, NULL };

static void check_value(const struct bind *b, const uint8_t *from)
{
	uint64_t n = 0;
	unsigned word = 0;
	const struct texts *t = (const void *)from;
	switch (b->type) {
	case T_TEXT:
		assert(memchr(from, 0, b->size) && utf8_whole(from, strlen((const char *)from)));
		break;
	case T_UINT:
		memcpy(&n, from, sizeof n);
		assert(n == 0 || (n >= b->min && (!b->max || n <= b->max)));
		break;
	case T_BOOL:
		assert(*from <= 1);
		break;
	case T_WORD:
		memcpy(&word, from, sizeof word);
		assert(b->words[0] && word < 2);
		break;
	case T_TIME:
		break;
	case T_TEXTS:
		assert(t->count <= TEXTS_MAX);
		for (size_t i = 0; i < t->count; i++)
			assert(t->list[i][0] && memchr(t->list[i], 0, TEXTS_SIZE));
	}
}

static void check_note(const struct route *r, const void *in)
{
	static char text[64 * 1024];
	struct out o = out_mem(text, sizeof text);
	struct json j = json_on(&o);
	json_error_t why;
	json_open(&j, '{');
	bind_note(r, in, &j);
	json_close(&j, '}');
	assert(!o.failed);
	json_t *v = json_loadb(text, o.used, JSON_REJECT_DUPLICATES, &why);
	assert(v);
	for (const struct bind *b = r->in; b && b->name; b++)
		assert(!json_object_get(v, b->name) == b->secret);
	json_decref(v);
}

static void give(const struct route *r, const struct url *u, struct cur body)
{
	static _Alignas(16) uint8_t in[ROUTE_IN];
	static struct problem p;
	char text[PROBLEM_SIZE];
	struct out o = out_mem(text, sizeof text);
	int wrong = bind_inputs(r, u, body, in, &p);
	for (const struct bind *b = r->in; b && b->name; b++)
		check_value(b, in + b->at);
	if (wrong == 0) {
		check_note(r, in);
		return;
	}
	assert(p.count && p.status == 400);
	for (size_t i = 0; i < p.count; i++)
		assert(p.rows[i].at[0] && p.rows[i].detail[0]);
	problem_write(&p, &o);
	json_error_t why;
	json_t *v = o.failed ? NULL : json_loadb(text, o.used, 0, &why);
	assert(v);
	json_decref(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct url u;
	struct err e;
	const struct route *r;
	struct cur c = cur_of(data, size);
	long end = cur_find(&c, '\n');
	struct cur target = cur_sub(&c, end < 0 ? c.left : (size_t)end);
	cur_skip(&c, c.left > 0);
	if (!cur_ok(&target) || url_read(target, &u, &e) < 0)
		return 0;
	char allow[64];
	for (size_t step = 0; (r = routes_next(more, &step));)
		give(r, &u, c);
	r = routes_find(more, "POST", &u, allow);
	assert(!r || strcmp(r->method, "POST") == 0);
	return 0;
}
