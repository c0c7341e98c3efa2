#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "net/serve_inside.h"

/* What a page may do that an answer of ours pretends to be: nothing. */
static const char strict_policy[] =
	"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* On every answer.  No Strict-Transport-Security: browsers heed it only behind a certificate that
 * they trust, never for an address, and on a plant's network the name may be shared with what has
 * no TLS; nothing of ours listens without it. */
static const struct {
	const char *name, *value;
} always[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "X-Frame-Options", "DENY" },
	{ "Referrer-Policy", "no-referrer" },
	{ "Cross-Origin-Resource-Policy", "same-origin" },
	{ "Cross-Origin-Opener-Policy", "same-origin" },
	{ "Cache-Control", "no-store" },
};

/* In front of the bytes of a body, for when they go. */
struct body {
	struct serve *serve;
	size_t size;
	uint8_t bytes[];
};

static void free_body(void *self)
{
	struct body *b = self;
	budget_free(&b->serve->bytes, b, sizeof *b + b->size);
}

static struct body *new_body(struct serve *s, const void *bytes, size_t size)
{
	struct body *b = budget_room(&s->bytes, sizeof *b + size);
	if (!b)
		return NULL;
	b->serve = s;
	b->size = size;
	if (size)
		memcpy(b->bytes, bytes, size);
	return b;
}

static bool add(struct MHD_Response *r, const char *name, const char *value)
{
	return !value || MHD_add_response_header(r, name, value) == MHD_YES;
}

static bool add_headers(struct MHD_Response *r, const struct serve_answer *a)
{
	char number[16];
	bool added = add(r, "Content-Type", a->type) && add(r, "Set-Cookie", a->set_cookie) &&
		add(r, "Location", a->location) && add(r, "Allow", a->allow) &&
		add(r, "WWW-Authenticate", a->authenticate ? "Bearer realm=\"weir\"" : NULL) &&
		add(r, "Content-Security-Policy", a->policy ? a->policy : strict_policy);
	snprintf(number, sizeof number, "%u", a->retry_after);
	added = added && add(r, "Retry-After", a->retry_after ? number : NULL);
	for (size_t i = 0; i < COUNT_OF(always); i++)
		added = added && add(r, always[i].name, always[i].value);
	return added;
}

static void no_free(void *unused)
{
	(void)unused;
}

static struct MHD_Response *respond(struct serve *s, const struct serve_answer *a)
{
	struct body *b = new_body(s, a->body, a->size);
	struct MHD_Response *r = b ? MHD_create_response_from_buffer_with_free_callback_cls(
					     a->size, b->bytes, free_body, b)
				   : NULL;
	if (b && !r)
		free_body(b);
	return r;
}

/* Without memory of the budget: a text that is there already. */
static struct MHD_Response *respond_bare(void)
{
	static char text[] = "{\"title\":\"too much at a time\",\"status\":503,"
			     "\"code\":\"memory\",\"try\":\"again in a moment\"}\n";
	return MHD_create_response_from_buffer_with_free_callback_cls(
		sizeof text - 1, text, no_free, NULL);
}

static void keep(struct serve_request *q, const struct serve_answer *a, struct MHD_Response *r)
{
	if (r && !add_headers(r, a)) {
		MHD_destroy_response(r);
		r = NULL;
	}
	if (!r) {
		guest_cut(q->guest, CAUSE_MEMORY);
		return;
	}
	q->status = a->status;
	q->response = r;
	q->put_off = false;
	answer_wake(q);
}

void answer_keep(struct serve_request *q, unsigned status, struct MHD_Response *r, const char *type)
{
	keep(q, &(struct serve_answer){ .status = status, .type = type }, r);
}

void serve_answer(struct serve_request *q, const struct serve_answer *a)
{
	static const struct serve_answer bare = {
		.status = 503, .type = PROBLEM_TYPE, .retry_after = 1
	};
	assert(!q->response);
	struct MHD_Response *r = respond(q->serve, a);
	if (!r) {
		q->serve->causes[CAUSE_MEMORY]++;
		r = respond_bare();
		a = &bare;
	}
	keep(q, a, r);
}

void serve_problem(struct serve_request *q, const struct problem *p)
{
	char text[PROBLEM_SIZE];
	struct out o = out_mem(text, sizeof text);
	problem_write(p, &o);
	serve_answer(q,
		&(struct serve_answer){ .status = p->status,
			.type = PROBLEM_TYPE,
			.body = text,
			.size = o.failed ? 0 : o.used,
			.retry_after = p->retry_after,
			.allow = p->allow,
			.authenticate = p->authenticate });
}

void serve_refuse(struct serve_request *q, enum cause why, const char *detail)
{
	const struct cause_row *row = &serve_causes[why];
	struct problem p = problem_of(row->status, row->name, row->title);
	q->serve->causes[why]++;
	if (detail)
		problem_say(&p, "%s", detail);
	if (row->try)
		problem_try(&p, "%s", row->try);
	p.retry_after = row->status == 503 || row->status == 429;
	p.allow = why == CAUSE_METHOD ? "GET, HEAD, POST, PUT, PATCH, DELETE" : NULL;
	serve_problem(q, &p);
}

int answer_queue(struct serve_request *q)
{
	struct MHD_Response *r = q->response;
	q->response = NULL;
	q->done = true;
	q->serve->totals[TOTAL_ANSWERS]++;
	guest_state(q->guest, q->stream ? GUEST_LISTENS : GUEST_TAKES);
	int taken = MHD_queue_response(q->guest->connection, q->status, r) == MHD_YES;
	MHD_destroy_response(r);
	return taken;
}

void answer_wake(struct serve_request *q)
{
	if (!q->suspended)
		return;
	q->suspended = false;
	MHD_resume_connection(q->guest->connection);
	serve_soon(q->serve);
}

/* --- later --- */

uint64_t serve_later(struct serve_request *q)
{
	q->put_off = true;
	return (uint64_t)q->serial << 32 | pool_number(&q->serve->requests, q);
}

struct serve_request *serve_find(struct serve *s, uint64_t ticket)
{
	uint32_t number = (uint32_t)ticket;
	if (!number || number >= s->requests.used)
		return NULL;
	struct serve_request *q = pool_at(&s->requests, number);
	return q->serve && q->serial == ticket >> 32 && q->put_off ? q : NULL;
}
