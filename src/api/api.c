/* The way of a request: see api.h.  A call that has to wait is kept with its inputs, and goes on
 * where it stopped; the request it belongs to may be gone by then. */
#include "api/api.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/inside.h"
#include "base/clock.h"
#include "crypt/random.h"

const char *const api_roles[] = { "viewer", "owner", NULL };

int call_refuse(
	struct api_call *c, unsigned status, const char *code, const char *title, const char *try)
{
	c->problem = problem_of(status, code, title);
	problem_try(&c->problem, "%s", try ? try : "");
	return -1;
}

const struct api_counts *api_counts(const struct api *a)
{
	return &a->counts;
}

/* --- entries --- */

static void begin_entry(struct json *j, const char *kind, const char *actor, const char *subject)
{
	json_open(j, '{');
	json_kv_str(j, "kind", kind);
	json_key(j, "actor");
	json_str(j, actor);
	json_key(j, "subject");
	json_str(j, subject);
	json_key(j, "data");
	json_open(j, '{');
}

static void end_entry(struct json *j)
{
	json_close(j, '}');
	json_close(j, '}');
}

void api_tell(struct api *a, const char *kind, const char *actor, const char *subject,
	void (*data)(const void *of, struct json *j), const void *of)
{
	char text[ENTRY_ROOM];
	struct out o = out_mem(text, sizeof text);
	struct json j = json_on(&o);
	struct err e;
	begin_entry(&j, kind, actor, subject);
	data(of, &j);
	end_entry(&j);
	if (o.failed || a->site.record(a->site.self, 0, text, o.used, &e) < 0)
		a->counts.not_recorded++;
}

/* What it is about: the path behind its version. */
static void say_subject(struct api_call *c)
{
	const struct url *u = serve_url(c->q);
	struct out o = out_mem(c->subject, sizeof c->subject);
	for (size_t i = 1; i < u->segment_count; i++)
		out_fmt(&o, "%s%s", i > 1 ? "/" : "", u->segments[i]);
	out_text(&o);
}

static void write_entry(const struct api_call *c, struct out *o)
{
	struct json j = json_on(o);
	char actor[API_NAME + 32];
	const struct api_who *w = &c->who;
	snprintf(actor, sizeof actor, "user:%s%s%s", w->name, w->token ? " token:" : "",
		w->token ? w->token->id : "");
	begin_entry(&j, c->route->kind ? c->route->kind : "change", actor, c->subject);
	json_kv_str(&j, "act", c->route->id);
	json_kv_str(&j, "from", serve_peer(c->q));
	bind_note(c->route, c->in, &j);
	if (c->route->note)
		c->route->note(c, c->in, &j);
	end_entry(&j);
}

/* --- stages --- */

static void fail(struct api_call *c)
{
	c->api->counts.refused++;
	c->problem.authenticate = c->problem.status == 401;
	serve_problem(c->q, &c->problem);
}

/* Where the request has gone, what was recorded is done all the same, and nobody is answered. */
static void run(struct api_call *c)
{
	struct api *a = c->api;
	struct out o = out_mem(a->answer, ANSWER_ROOM);
	c->json = json_on(&o);
	int status = c->route->run(c, c->in);
	if (status == RUN_ANSWERED || !c->q)
		return;
	if (status < 0) {
		fail(c);
		return;
	}
	if (o.failed) {
		call_refuse(c, 500, "answer-large", "the answer is too large", "a smaller limit");
		fail(c);
		return;
	}
	if (o.used)
		json_line(&c->json);
	serve_answer(c->q,
		&(struct serve_answer){ .status = (unsigned)status,
			.type = o.used ? "application/json" : NULL,
			.body = a->answer,
			.size = o.used,
			.set_cookie = c->set_cookie,
			.location = c->location });
}

static bool changes(const struct route *r)
{
	return strcmp(r->method, "GET") != 0;
}

static int wait_full(struct api_call *c)
{
	c->api->counts.full++;
	call_refuse(c, 503, "full", "too many requests wait at a time", "again in a moment");
	c->problem.retry_after = 1;
	return -1;
}

/* The call with all it has; NULL: there is no place for one more. */
static struct waiting *keep(struct api_call *c, enum stage stage)
{
	uint32_t n = pool_new(&c->api->waiting);
	struct waiting *w = n ? pool_at(&c->api->waiting, n) : NULL;
	if (!w)
		return NULL;
	w->live = WAITING_LIVE;
	w->stage = stage;
	if (c->who.token) {
		w->token = *c->who.token;
		c->who.token = &w->token;
	}
	memcpy(w->in, c->in, c->route->in_size);
	c->in = w->in;
	w->call = *c;
	return w;
}

static void let_go(struct api *a, struct waiting *w)
{
	explicit_bzero(w->in, sizeof w->in);
	w->live = 0;
	pool_free(&a->waiting, pool_number(&a->waiting, w));
}

static struct waiting *find(struct api *a, uint64_t ticket, enum stage stage)
{
	for (uint32_t n = 1; n < a->waiting.used; n++) {
		struct waiting *w = pool_at(&a->waiting, n);
		if (w->live == WAITING_LIVE && w->call.ticket == ticket && w->stage == stage)
			return w;
	}
	return NULL;
}

static void not_recorded(struct api_call *c, const struct err *e)
{
	c->api->counts.not_recorded++;
	call_refuse(c, 503, "not-recorded",
		"what is not recorded is not done, and it could not be recorded", e->try);
	problem_say(&c->problem, "%s", e->text);
	c->problem.retry_after = 1;
	fail(c);
}

/* Gives whether the call is kept. */
static bool record(struct api_call *c, struct waiting *w)
{
	char text[ENTRY_ROOM];
	struct out o = out_mem(text, sizeof text);
	struct err e = { 0 };
	struct api *a = c->api;
	write_entry(c, &o);
	if (!w && !(w = keep(c, STAGE_RECORD))) {
		wait_full(c);
		fail(c);
		return false;
	}
	c = &w->call;
	w->stage = STAGE_RECORD;
	int r = o.failed ? err_set(&e, -EMSGSIZE, "an entry that is too large")
			 : a->site.record(a->site.self, c->ticket, text, o.used, &e);
	if (r > 0)
		return true;
	if (r < 0) {
		not_recorded(c, &e);
	} else {
		a->counts.recorded++;
		run(c);
	}
	let_go(a, w);
	return false;
}

void api_recorded(struct api *a, uint64_t ticket, int r, const struct err *e)
{
	struct waiting *w = find(a, ticket, STAGE_RECORD);
	if (!w)
		return;
	w->call.q = serve_find(a->serve, ticket);
	w->call.now_ns = a->site.now_ns(a->site.self);
	a->counts.recorded += r >= 0;
	if (r >= 0)
		run(&w->call);
	else if (w->call.q)
		not_recorded(&w->call, e);
	let_go(a, w);
}

void api_checked(struct api *a, uint64_t ticket, bool holds)
{
	struct waiting *w = find(a, ticket, STAGE_PREPARE);
	if (!w)
		return;
	struct api_call *c = &w->call;
	c->q = serve_find(a->serve, ticket);
	c->now_ns = a->site.now_ns(a->site.self);
	if (!c->q) {
		let_go(a, w);
		return;
	}
	if (session_checked(c, c->in, holds) < 0) {
		fail(c);
		let_go(a, w);
	} else {
		record(c, w);
	}
}

/* --- from the beginning --- */

static int find_route(struct api_call *c)
{
	char allow[64];
	c->route = routes_find(c->api->more, serve_method(c->q), serve_url(c->q), allow);
	if (c->route)
		return 0;
	c->api->counts.no_route++;
	if (!allow[0])
		return call_refuse(c, 404, "no-route", "there is nothing of that name",
			"GET /v1/openapi.json has all there is");
	call_refuse(c, 405, "no-such-method", "that cannot be done with it", NULL);
	problem_try(&c->problem, "%s", allow);
	memcpy(c->allow, allow, sizeof allow);
	c->problem.allow = c->allow;
	return -1;
}

static int decide(struct api_call *c)
{
	struct api *a = c->api;
	struct err why = { 0 };
	const char *action = c->route->may;
	if (strcmp(action, MAY_ANYBODY) == 0)
		return 0;
	if (c->who.by == API_NOBODY) {
		a->counts.not_known++;
		return call_refuse(c, 401, "not-signed-in", "nobody has signed in",
			"POST /v1/session, or a token: Authorization: Bearer TOKEN");
	}
	bool covered = !c->who.token;
	for (size_t i = 0; !covered && i < c->who.token->scope_count; i++)
		covered = scope_covers(c->who.token->scopes[i], action);
	if (!covered) {
		a->counts.not_allowed++;
		call_refuse(c, 403, "scope", "the token is not meant for this",
			"a token with this scope, from whoever may do it");
		problem_say(&c->problem, "it has no scope that covers %s", action);
		return -1;
	}
	if (a->site.decide(a->site.self, &c->who, action, c->subject, &why) >= 0)
		return 0;
	a->counts.not_allowed++;
	call_refuse(c, 403, "not-allowed", "this is not allowed", why.try);
	problem_say(&c->problem, "%s", why.text);
	return -1;
}

/* Forms that a page elsewhere sends cannot say so. */
static int look_at_type(struct api_call *c)
{
	static const char json[] = "application/json";
	const char *type = serve_header(c->q, HEADER_CONTENT_TYPE);
	struct cur body = serve_body(c->q);
	if (!body.left ||
		(type && strncasecmp(type, json, sizeof json - 1) == 0 &&
			(!type[sizeof json - 1] || strchr("; ", type[sizeof json - 1]))))
		return 0;
	return call_refuse(c, 415, "not-json", "the body is not JSON, by its own word",
		"Content-Type: application/json");
}

static int read_inputs(struct api_call *c)
{
	struct problem wrong;
	if (bind_inputs(c->route, serve_url(c->q), serve_body(c->q), c->in, &wrong) == 0)
		return 0;
	c->api->counts.not_bound++;
	c->problem = wrong;
	return -1;
}

static int begin(struct api_call *c)
{
	if (find_route(c) < 0)
		return -1;
	say_subject(c);
	if (who_asks(c) < 0 || (changes(c->route) && who_comes_from_here(c) < 0) || decide(c) < 0 ||
		look_at_type(c) < 0)
		return -1;
	return read_inputs(c);
}

void api_handle(void *api, struct serve_request *q)
{
	struct api *a = api;
	union {
		max_align_t aligned;
		uint8_t bytes[ROUTE_IN];
	} in;
	struct api_call c = { .api = a, .q = q, .in = in.bytes };
	int r = -1;
	a->counts.calls++;
	c.now_ns = a->site.now_ns(a->site.self);
	c.ticket = serve_later(q); /* taken back by whoever answers at once */
	if (begin(&c) == 0)
		r = c.route->prepare ? c.route->prepare(&c, c.in) : RUN_ON;
	if (r == RUN_LATER && !keep(&c, STAGE_PREPARE))
		r = wait_full(&c);
	if (r < 0)
		fail(&c);
	else if (r == RUN_ON && changes(c.route))
		record(&c, NULL);
	else if (r == RUN_ON)
		run(&c);
	explicit_bzero(in.bytes, sizeof in.bytes);
}

/* --- life --- */

int api_event(struct api *a, const char *event, struct cur data, struct err *e)
{
	return a->stream ? serve_stream_send(a->stream, event, data, e) : 0;
}

int api_serve(struct api *a, struct serve *s, struct err *e)
{
	a->serve = s;
	a->stream = serve_stream_new(s, a->event_bytes, a->event_readers, e);
	return a->stream ? 0 : e->code;
}

int api_open(struct api **out, const struct api_options *o, struct err *e)
{
	size_t seed = 0;
	if (routes_check(o->more, e) < 0)
		return e->code;
	struct api *a = calloc(1, sizeof *a);
	char *answer = malloc(ANSWER_ROOM);
	if (!a || !answer) {
		free(a);
		free(answer);
		return err_set(e, -ENOMEM, "no memory for the API");
	}
	a->site = o->site;
	a->more = o->more;
	a->answer = answer;
	a->event_bytes = o->event_bytes ? o->event_bytes : 1 << 20;
	a->event_readers = o->event_readers ? o->event_readers : 128;
	if (pool_init(&a->waiting, sizeof(struct waiting), API_CALLS, e) < 0) {
		api_close(a);
		return e->code;
	}
	/* By itself it would open a file when it first reads, and the process is locked by then. */
	random_fill(&seed, sizeof seed);
	json_object_seed(seed | 1);
	*out = a;
	return 0;
}

void api_close(struct api *a)
{
	if (!a)
		return;
	pool_done(&a->waiting);
	explicit_bzero(a->sessions, sizeof a->sessions);
	free(a->answer);
	free(a);
}
